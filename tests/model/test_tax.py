"""VAT rates and tax numbers: one form for each, and a refusal that names the right one."""

from __future__ import annotations

import functools
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError
from pydantic_core import ErrorDetails

from fiscald.model.tax import Nip, Vat, VatId, check_digit_fits

VAT: TypeAdapter[str] = TypeAdapter(Vat)
NIP: TypeAdapter[str] = TypeAdapter(Nip)
VAT_ID: TypeAdapter[str] = TypeAdapter(VatId)


def error_of(adapter: TypeAdapter[Any], value: object) -> ErrorDetails:
    with pytest.raises(ValidationError) as caught:
        adapter.validate_python(value)
    (error,) = caught.value.errors()
    assert error["ctx"]["detail_pl"].endswith((".", "?"))
    return error


@pytest.mark.parametrize(
    ("vat", "kept"),
    [("23%", "23%"), ("5.0%", "5%"), ("5,50%", "5.5%"), ("05%", "5%"), ("0%", "0%"), ("exempt", "exempt"), ("G", "G")],
)
def test_rates_have_one_form(vat: str, kept: str) -> None:
    assert VAT.validate_python(vat) == kept


@pytest.mark.parametrize(
    ("vat", "right"),
    [
        ("zw", "exempt"), ("ZW", "exempt"), ("zw.", "exempt"), ("Zwolniona", "exempt"), ("EXEMPT", "exempt"),
        ("23", "23%"), (23, "23%"), ("8", "8%"), (5, "5%"), (0, "0%"), ("23 %", "23%"), ("5.5", "5.5%"), ("5,5", "5.5%"),
        (23.0, None), (0.23, "23%"), (0.05, "5%"), ("a", "A"), ("g", "G"),
    ],
)  # fmt: skip
def test_a_wrong_rate_names_the_right_form(vat: object, right: str | None) -> None:
    error = error_of(VAT, vat)
    assert error["type"] == "vat.format"
    if right is not None:
        assert error["msg"].endswith(f'write "{right}"')
        assert VAT.validate_python(right) == right
        polish = error["ctx"]["detail_pl"]
        assert ("„zwolniona”" if right == "exempt" else f"„{right}”") in polish
        assert "exempt" not in polish


@pytest.mark.parametrize("vat", ["np", "NP", "np.", "oo", "nie podlega"])
def test_goods_outside_vat_need_a_letter(vat: str) -> None:
    error = error_of(VAT, vat)
    assert "letter" in error["msg"]
    assert "literę" in error["ctx"]["detail_pl"]


@pytest.mark.parametrize(
    "vat", ["", "AA", "100%", "23%%", "-5%", True, None, [], {}, "5.555%", "%", "Ą", 1e300, 10**25]
)
def test_invalid_rates_are_refused(vat: object) -> None:
    assert error_of(VAT, vat)["type"] == "vat.format"


@pytest.mark.parametrize("nip", ["5260250274", "526-025-02-74", "PL5260250274", " 526 025 02 74 ", "pl 526-02-50-274"])
def test_a_nip_is_kept_as_its_digits(nip: str) -> None:
    assert NIP.validate_python(nip) == "5260250274"


@pytest.mark.parametrize(
    ("nip", "english", "polish"),
    [
        ("5260250275", "check digit", "cyfra kontrolna"),
        ("526-025-02-75", "check digit", "cyfra kontrolna"),
        ("526", "this has 3 digits", "a podano 3"),
        ("52602502741", "this has 11 digits", "a podano 11"),
        ("", "this has 0 digits", "a podano 0"),
        ("5260250274x", "other characters too", "inne znaki"),
        ("DE136695976", "as vat_id", "VAT UE"),
        ("ATU57477126", "as vat_id", "VAT UE"),
        (5260250274, 'write "5260250274"', "jako tekst"),
        (None, "a string of ten digits", "jako tekst"),
        (True, "a string of ten digits", "jako tekst"),
        ("5" * 5000, "digits", "cyfr"),
    ],
)
def test_a_wrong_nip_says_what_is_wrong(nip: object, english: str, polish: str) -> None:
    error = error_of(NIP, nip)
    assert error["type"] == "buyer.nip"
    assert english in error["msg"]
    assert polish in error["ctx"]["detail_pl"]


@pytest.mark.parametrize(
    ("number", "kept", "fits"),
    [
        ("DE136695976", "DE136695976", True),
        ("de 136 695 976", "DE136695976", True),
        ("DE123456789", "DE123456789", False),
        ("ATU57477126", "ATU57477126", True),
        ("FR 40 303 265 045", "FR40303265045", True),
        ("EL094259216", "EL094259216", True),
        ("XI980780684", "XI980780684", True),
        ("NL004495445B01", "NL004495445B01", True),
        ("CZ-25123891", "CZ25123891", True),
    ],
)
def test_numbers_of_other_countries(number: str, kept: str, fits: bool) -> None:
    assert VAT_ID.validate_python(number) == kept
    assert check_digit_fits(kept) is fits


@pytest.mark.parametrize(
    ("number", "english"),
    [
        ("PL5260250274", "sent as nip"),
        ("5260250274", "begins with the letters of no country"),
        ("GB980780684", "begins with the letters of no country"),
        ("UA123456789", "begins with the letters of no country"),
        ("DE12345", "another form"),
        ("DEABCDEFGHI", "another form"),
        ("DE" + "1" * 5000, "another form"),
        ("", "no country"),
        (136695976, "this is not a string"),
        (None, "this is not a string"),
    ],
)
def test_invalid_numbers_of_other_countries_are_refused(number: object, english: str) -> None:
    error = error_of(VAT_ID, number)
    assert error["type"] == "buyer.vat_id"
    assert english in error["msg"]


@functools.cache
def schema_of(adapter: TypeAdapter[str]) -> dict[str, Any]:
    return adapter.json_schema()


def schema_says(adapter: TypeAdapter[str], value: str) -> bool:
    schema = schema_of(adapter)
    return bool(re.search(schema["pattern"], value)) and len(value) <= schema["maxLength"]


@given(st.text(alphabet="0123456789PLpl -.DEATU%,abzw", max_size=34) | st.from_regex(r"\A(PL)?[0-9 -]{9,14}\Z"))
def test_accepted_values_match_the_schema(value: str) -> None:
    for adapter in (VAT, NIP, VAT_ID):
        try:
            adapter.validate_python(value)
        except ValidationError:
            continue
        assert schema_says(adapter, value)
