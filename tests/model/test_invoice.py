"""An invoice: its fields, and what no printer takes."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from pydantic import ValidationError

from fiscald.journal.buyers import nip_of
from fiscald.model.invoice import Invoice

CONTENT: dict[str, Any] = {
    "number": "FV/10/2026",
    "buyer": {"name": "Firma", "nip": "526-025-02-74"},
    "lines": [{"name": "Kawa", "price": "10.00", "vat": "A"}],
}


def test_what_is_left_out_is_absent() -> None:
    invoice = Invoice.model_validate(CONTENT)
    assert (invoice.buyer.address, invoice.payments, invoice.copies) == ((), (), 0)
    assert (invoice.sale_date, invoice.due_date, invoice.payment_form) == (None, None, None)


def test_days_are_days() -> None:
    assert Invoice.model_validate(CONTENT | {"due_date": "2026-12-14"}).due_date == date(2026, 12, 14)
    assert Invoice.model_validate(CONTENT | {"due_date": date(2026, 12, 14)}).due_date == date(2026, 12, 14)


@pytest.mark.parametrize("day", ["2026-02-30", "14.12.2026", "2026-12-14T10:00:00Z", 20261214, "", "2026-12-14 "])
def test_no_other_form_of_a_day_is_taken(day: Any) -> None:
    with pytest.raises(ValidationError, match="2026-11-22"):
        Invoice.model_validate(CONTENT | {"due_date": day})


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"number": " "}, "text.empty"),
        ({"buyer": {"name": "Firma", "nip": "5260250274", "vat_id": "DE136695976"}}, "buyer.one"),
        ({"buyer": {"name": "Firma", "nip": "5260250275"}}, "buyer.nip"),
        ({"buyer": {"name": "Firma", "address": ["x"] * 9}}, "too_long"),
        ({"copies": 10}, "less_than_equal"),
        ({"copies": True}, "int_type"),
        ({"lines": []}, "too_short"),
        ({"discount": {"percent": "5"}, "surcharge": {"percent": "5"}}, "adjustment.both"),
    ],
)
def test_what_no_printer_takes_is_refused(fields: dict[str, Any], code: str) -> None:
    with pytest.raises(ValidationError) as refused:
        Invoice.model_validate(CONTENT | fields)
    assert [error["type"] for error in refused.value.errors()] == [code]


def test_the_index_of_jobs_finds_the_buyer() -> None:
    assert nip_of(Invoice.model_validate(CONTENT)) == "5260250274"
