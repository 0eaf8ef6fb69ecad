"""Money and quantities: exact in, exact out, floats nowhere."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError
from pydantic_core import ErrorDetails

from fiscald.model.money import (
    MAX_GROSZE,
    Money,
    Percent,
    PositiveMoney,
    Quantity,
    format_grosze,
    from_grosze,
    grosze,
    half_up,
    line_value,
    percent_of,
    plain,
)

MONEY: TypeAdapter[Decimal] = TypeAdapter(Money)
POSITIVE: TypeAdapter[Decimal] = TypeAdapter(PositiveMoney)
QUANTITY: TypeAdapter[Decimal] = TypeAdapter(Quantity)
PERCENT: TypeAdapter[Decimal] = TypeAdapter(Percent)


def error_of(adapter: TypeAdapter[Any], value: object) -> ErrorDetails:
    with pytest.raises(ValidationError) as caught:
        adapter.validate_python(value)
    (error,) = caught.value.errors()
    assert error["ctx"]["detail_pl"].endswith(".")
    return error


def code_of(adapter: TypeAdapter[Any], value: object) -> str:
    return error_of(adapter, value)["type"]


@pytest.mark.parametrize(
    ("wire", "amount"),
    [
        ("12.30", 1230),
        ("12.3", 1230),
        ("12", 1200),
        ("0.01", 1),
        ("0", 0),
        ("007.50", 750),
        ("99999999.99", MAX_GROSZE),
        (Decimal("12.3"), 1230),
        (Decimal("12.3000"), 1230),
        (Decimal("1E+2"), 10000),
    ],
)
def test_money_is_a_string_of_zloty(wire: object, amount: int) -> None:
    read = MONEY.validate_python(wire)
    assert (grosze(read), read) == (amount, from_grosze(amount))


@pytest.mark.parametrize(
    ("number", "advice"),
    [
        (12, 'write "12.00"'),
        (1, 'write "1.00"'),
        (1230, 'write "1230.00" ("12.30" if this is grosze)'),
        (1.5, 'write "1.50"'),
        (12.0, 'write "12.00"'),
        (0.1 + 0.2, 'write "0.30"'),
        (6.495, "quantity and price"),
        (10**10, 'write it like "12.30"'),
        (1e300, 'write it like "12.30"'),
        (float("nan"), 'write it like "12.30"'),
        (float("inf"), 'write it like "12.30"'),
    ],
)
def test_a_number_is_no_money_and_the_answer_says_what_to_write(number: float, advice: str) -> None:
    for adapter in (MONEY, POSITIVE):
        error = error_of(adapter, number)
        assert error["type"] == "money.number"
        assert advice in error["msg"]
        for written in re.findall(r'"([\d.]+)"', advice):
            adapter.validate_python(written)


@pytest.mark.parametrize("adapter", [MONEY, POSITIVE])
@pytest.mark.parametrize(
    ("wire", "code"),
    [
        (True, "money.type"), (None, "money.type"), ([], "money.type"), ({}, "money.type"), (Decimal("NaN"), "money.type"),
        ("12,30", "money.format"), ("", "money.format"), (" 1", "money.format"), ("1e3", "money.format"),
        ("١", "money.format"), ("1.", "money.format"), ("12.30 zł", "money.format"), ("1 000.00", "money.format"),
        ("12.345", "money.decimals"), ("6.495", "money.decimals"), (Decimal("0.001"), "money.decimals"),
        ("-1", "money.negative"), ("-5.00", "money.negative"), ("-5,00", "money.negative"), (-1, "money.negative"),
        (-0.5, "money.negative"), (Decimal(-1), "money.negative"),
        ("100000000.00", "money.range"), ("100000000", "money.range"), ("9" * 5000, "money.range"), ("0" * 21, "money.range"),
    ],
)  # fmt: skip
def test_what_is_not_money_says_why(adapter: TypeAdapter[Decimal], wire: object, code: str) -> None:
    assert code_of(adapter, wire) == code


def test_the_sentences_say_what_to_do() -> None:
    assert 'write "12.30"' in error_of(MONEY, "12,30")["msg"]
    assert "use a discount" in error_of(MONEY, "-5.00")["msg"]
    assert "storno" in error_of(MONEY, "-5.00")["msg"]
    assert "rabatu albo storna" in error_of(MONEY, -5)["ctx"]["detail_pl"]
    assert "quantity and price" in error_of(MONEY, "6.495")["msg"]


@pytest.mark.parametrize("wire", ["0.00", "0", 0, 0.0, Decimal(0)])
def test_zero_is_no_price(wire: object) -> None:
    assert code_of(POSITIVE, wire) == "money.zero"


@pytest.mark.parametrize(
    ("wire", "code"),
    [
        (0.5, "quantity.type"),
        (True, "quantity.type"),
        (None, "quantity.type"),
        ("0", "quantity.zero"),
        (0, "quantity.zero"),
        ("0.000000", "quantity.zero"),
        ("0,5", "quantity.format"),
        ("-1", "quantity.negative"),
        ("- 0,5", "quantity.negative"),
        (-1, "quantity.negative"),
        (-1.5, "quantity.negative"),
        ("0.0000001", "quantity.format"),
        (10**9, "quantity.format"),
        (10**4000, "quantity.format"),
    ],
)
def test_what_is_not_a_quantity_says_why(wire: object, code: str) -> None:
    assert code_of(QUANTITY, wire) == code


@pytest.mark.parametrize(
    ("wire", "code"),
    [
        ("0", "percent.range"),
        ("100", "percent.range"),
        (150, "percent.range"),
        ("10.555", "percent.format"),
        ("10%", "percent.format"),
        (-10, "percent.negative"),
        ("-10", "percent.negative"),
        (-10.5, "percent.negative"),
        (10.5, "percent.type"),
    ],
)
def test_what_is_not_a_percentage_says_why(wire: object, code: str) -> None:
    assert code_of(PERCENT, wire) == code


@pytest.mark.parametrize(
    ("adapter", "wire", "right"),
    [(QUANTITY, "0,755", "0.755"), (PERCENT, "7,5", "7.5"), (PERCENT, "10%", "10"), (PERCENT, "7,5 %", "7.5")],
)
def test_a_mistake_of_writing_names_what_to_write(adapter: TypeAdapter[Decimal], wire: str, right: str) -> None:
    assert error_of(adapter, wire)["msg"].endswith(f'; write "{right}"')


@pytest.mark.parametrize(("wire", "word"), [("-1", '"storno": true'), (-2, "goods_return")])
def test_a_negative_quantity_is_told_how_goods_are_taken_back(wire: object, word: str) -> None:
    assert word in error_of(QUANTITY, wire)["msg"]


def test_a_float_is_no_quantity_and_the_answer_says_what_to_write() -> None:
    assert 'write "0.5"' in error_of(QUANTITY, 0.5)["msg"]


def test_quantities_and_percentages_may_be_whole_numbers() -> None:
    assert QUANTITY.validate_python(2) == QUANTITY.validate_python("2") == QUANTITY.validate_python(Decimal("2.0"))
    assert PERCENT.validate_python(10) == PERCENT.validate_python("10") == PERCENT.validate_python("10.0")


@given(st.integers(0, MAX_GROSZE))
def test_money_written_is_money_read(amount: int) -> None:
    assert grosze(MONEY.validate_python(format_grosze(amount))) == amount
    assert MONEY.dump_python(from_grosze(amount), mode="json") == format_grosze(amount)


@given(st.text(max_size=12) | st.floats() | st.integers() | st.none() | st.booleans() | st.decimals())
def test_anything_is_money_or_a_validation_error(wire: object) -> None:
    for adapter in (MONEY, POSITIVE, QUANTITY, PERCENT):
        try:
            value = adapter.validate_python(wire)
        except ValidationError:
            continue
        assert not isinstance(wire, float | bool)
        assert not (isinstance(wire, int) and adapter in (MONEY, POSITIVE))
        assert value >= 0


def schema_says(adapter: TypeAdapter[Any], wire: str | int) -> bool:
    schema = adapter.json_schema()
    for option in schema.get("anyOf", [schema]):
        match option["type"], wire:
            case "string", str() if re.search(option["pattern"], wire) and len(wire) <= option["maxLength"]:
                return True
            case "integer", int() if option["minimum"] <= wire <= option["maximum"]:
                return True
    return False


NUMBERS = st.from_regex(r"\A0{0,3}[0-9]{0,9}(\.[0-9]{0,8})?\Z")


@given(
    NUMBERS | st.integers(-1, 10**10) | st.sampled_from(["0.000001", "0.0100", "99.99", "0" * 19 + "1", "0" * 20 + "1"])
)
def test_the_schema_takes_what_the_model_takes(wire: str | int) -> None:
    for adapter in (MONEY, POSITIVE, QUANTITY, PERCENT):
        try:
            adapter.validate_python(wire)
        except ValidationError:
            assert not schema_says(adapter, wire)
        else:
            assert schema_says(adapter, wire)


@pytest.mark.parametrize(("value", "rounded"), [("0.5", 1), ("1.5", 2), ("2.5", 3), ("2.49999", 2), ("-0.5", -1)])
def test_halves_go_up(value: str, rounded: int) -> None:
    assert half_up(Decimal(value)) == rounded


def test_the_complaint_about_rounding() -> None:
    """A neighbouring product's users ask: 25.45 less 10 %, is it 22.90 or 22.91?"""
    assert 2545 - percent_of(2545, Decimal(10)) == 2290


@given(st.integers(1, 10**7), st.decimals("0.001", "999", places=3))
def test_a_line_is_within_half_a_grosz(price: int, quantity: Decimal) -> None:
    assert abs(line_value(price, quantity) - price * quantity) <= Decimal("0.5")


@pytest.mark.parametrize(
    ("value", "text"), [("2", "2"), ("2.000", "2"), ("0.755", "0.755"), ("100", "100"), ("1E+2", "100")]
)
def test_plain_decimals(value: str, text: str) -> None:
    assert plain(Decimal(value)) == text
