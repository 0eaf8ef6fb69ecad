"""Money and quantities: exact in, exact out, floats nowhere."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from fiscald.model.money import (
    MAX_GROSZE,
    Grosze,
    Percent,
    PositiveGrosze,
    Quantity,
    format_grosze,
    half_up,
    line_value,
    percent_of,
    plain,
)

GROSZE: TypeAdapter[int] = TypeAdapter(Grosze)
POSITIVE: TypeAdapter[int] = TypeAdapter(PositiveGrosze)
QUANTITY: TypeAdapter[Decimal] = TypeAdapter(Quantity)
PERCENT: TypeAdapter[Decimal] = TypeAdapter(Percent)


def code_of(adapter: TypeAdapter[Any], value: object) -> str:
    with pytest.raises(ValidationError) as caught:
        adapter.validate_python(value)
    return caught.value.errors()[0]["type"]


@pytest.mark.parametrize(
    ("wire", "grosze"),
    [
        ("12.30", 1230),
        ("12.3", 1230),
        ("12", 1200),
        ("0.01", 1),
        ("0", 0),
        (1230, 1230),
        (0, 0),
        ("99999999.99", MAX_GROSZE),
    ],
)
def test_a_string_is_zloty_and_an_integer_is_grosze(wire: object, grosze: int) -> None:
    assert GROSZE.validate_python(wire) == grosze


@pytest.mark.parametrize(
    ("wire", "code"),
    [
        (12.30, "money.float"), (float("nan"), "money.float"), (True, "money.type"), (None, "money.type"),
        ([], "money.type"), ("12,30", "money.format"), ("12.345", "money.format"), ("-1", "money.format"),
        ("", "money.format"), (" 1", "money.format"), ("1e3", "money.format"), ("١", "money.format"),
        (-1, "money.range"), (MAX_GROSZE + 1, "money.range"), ("100000000.00", "money.range"),
    ],
)  # fmt: skip
def test_what_is_not_money_says_why(wire: object, code: str) -> None:
    assert code_of(GROSZE, wire) == code


def test_zero_is_no_price() -> None:
    assert code_of(POSITIVE, "0.00") == "money.zero"
    assert code_of(POSITIVE, 1.5) == "money.float"
    assert POSITIVE.validate_python(1) == 1


@pytest.mark.parametrize(
    ("wire", "code"),
    [
        (0.5, "money.float"),
        ("0", "quantity.zero"),
        (0, "quantity.zero"),
        ("0,5", "quantity.format"),
        ("-1", "quantity.format"),
    ],
)
def test_what_is_not_a_quantity_says_why(wire: object, code: str) -> None:
    assert code_of(QUANTITY, wire) == code


@pytest.mark.parametrize(
    ("wire", "code"),
    [("0", "percent.range"), ("100", "percent.range"), ("10.555", "percent.format"), (10.5, "money.float")],
)
def test_what_is_not_a_percentage_says_why(wire: object, code: str) -> None:
    assert code_of(PERCENT, wire) == code


@given(st.integers(0, MAX_GROSZE))
def test_money_written_is_money_read(grosze: int) -> None:
    assert GROSZE.validate_python(format_grosze(grosze)) == grosze
    assert GROSZE.dump_python(grosze) == format_grosze(grosze)


@given(st.text(max_size=12) | st.floats() | st.integers() | st.none() | st.booleans())
def test_anything_is_money_or_a_validation_error(wire: object) -> None:
    for adapter in (GROSZE, QUANTITY, PERCENT):
        try:
            value = adapter.validate_python(wire)
        except ValidationError:
            continue
        assert not isinstance(wire, float | bool)
        assert value >= 0


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
