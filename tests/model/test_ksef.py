"""KSeF: the check of its numbers, and the receipts that need an invoice in it."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from pydantic import ValidationError

from fiscald.model.ksef import InvoiceReference
from fiscald.model.notices import not_in_ksef
from fiscald.model.receipt import Receipt

#: The example in the ministry's description of the number.
NUMBER = "5265877635-20250826-0100001AF629-AF"
LINE = {"name": "Kawa", "price": "10.00", "vat": "A"}
NEW_YEAR = date(2027, 1, 1)


def test_the_number_of_the_ministry_is_taken_as_it_is() -> None:
    reference = InvoiceReference(ksef_number=NUMBER)
    assert reference.line == f"KSeF {NUMBER}"
    assert reference.code.text == NUMBER


def test_the_code_holds_the_link_if_there_is_one() -> None:
    assert InvoiceReference(ksef_number=NUMBER, url="https://qr.example/1").code.text == "https://qr.example/1"


@pytest.mark.parametrize("place", [place for place, char in enumerate(NUMBER) if char != "-"])
def test_one_wrong_character_is_noticed(place: int) -> None:
    wrong = NUMBER[:place] + ("1" if NUMBER[place] == "0" else "0") + NUMBER[place + 1 :]
    with pytest.raises(ValidationError, match="one of its characters is wrong"):
        InvoiceReference(ksef_number=wrong)


def test_a_number_with_right_check_digits_and_no_nip_is_refused() -> None:
    with pytest.raises(ValidationError, match="one of its characters is wrong"):
        InvoiceReference(ksef_number="5265877636-20250826-0100001AF629-B1")


@pytest.mark.parametrize("number", ["", NUMBER[:-1], f"{NUMBER}\n", NUMBER.lower(), NUMBER.replace("-", "_"), 5, None])
def test_another_form_is_refused(number: Any) -> None:
    with pytest.raises(ValidationError, match="has 35 characters"):
        InvoiceReference(ksef_number=number)


@pytest.mark.parametrize("url", ["http://qr.example/1", "https://", "https://a b", "https://ż", f"https://{'a' * 293}"])
def test_a_link_is_https_in_ascii_of_at_most_300_characters(url: str) -> None:
    with pytest.raises(ValidationError, match="url"):
        InvoiceReference(ksef_number=NUMBER, url=url)


@pytest.mark.parametrize(
    ("fields", "total", "day", "warned"),
    [
        ({"buyer": {"nip": "5260250274"}}, "450.00", NEW_YEAR, True),
        ({"buyer": {"nip": "5260250274"}}, "450.01", NEW_YEAR, False),
        ({"buyer": {"nip": "5260250274"}}, "450.00", date(2026, 12, 31), False),
        ({"buyer": {"vat_id": "DE136695976"}}, "10.00", NEW_YEAR, False),
        ({}, "10.00", NEW_YEAR, False),
        (
            {"buyer": {"nip": "5260250274"}, "invoice_reference": {"ksef_number": NUMBER}},
            "10.00",
            NEW_YEAR,
            False,
        ),
    ],
)
def test_which_receipts_are_warned_about(fields: dict[str, Any], total: str, day: date, warned: bool) -> None:
    found = not_in_ksef(Receipt.model_validate({"lines": [LINE]} | fields), Decimal(total), day)
    assert (found is not None) == warned
    if found is not None:
        assert found.code == "receipt.not_in_ksef"
        assert "fakturę w KSeF" in found.detail_pl
