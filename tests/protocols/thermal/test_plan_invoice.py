"""From an invoice to the commands of a Novitus; and what is refused before the first byte."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from fiscald.model.invoice import Invoice
from fiscald.protocols.thermal.commands import find
from fiscald.protocols.thermal.fields import Brand, Dialect
from fiscald.protocols.thermal.plan_invoice import plan_invoice
from fiscald.protocols.thermal.planner import Plan
from tests.protocols.thermal.plans import LINE, NOVITUS, commands, written
from tests.protocols.thermal.scripted import RATES

BUYER = {"name": "Firma Przykładowa sp. z o.o.", "nip": "526-025-02-74"}


def planned(rates: Any = RATES, **more: Any) -> Plan:
    content = {"number": "FV/10/2026", "buyer": BUYER, "lines": [LINE]} | more
    return plan_invoice(Invoice.model_validate(content), NOVITUS, "mazovia", rates)


def refused(plan: Plan) -> list[tuple[str, str]]:
    return [(error.pointer, error.code) for error in plan.errors]


def test_the_fields_of_the_description() -> None:
    """3.16.1 and 3.16.3, in its order: one line of address at least, the original alone, no signatures."""
    plan = planned(lines=[{"name": "Usługa serwisowa", "price": "123.00", "vat": "23%"}])
    assert commands(plan) == [
        "0;1;1;2;0;0;255;0;0;1;0$hFV/10/2026| |5260250274||||||Firma Przykładowa sp. z o.o.|",
        "1$lUsługa serwisowa|1.|A/123.00/123.00/",
        "1;0;0;0;0;1;0;2;2$e| | | |0/123.00/0/",
    ]
    assert plan.totals is not None
    assert (plan.totals.total, plan.totals.due, plan.totals.paid) == (Decimal(123), Decimal(123), Decimal(0))


def test_everything_that_it_takes() -> None:
    """The options repeat what the opening says."""
    plan = planned(
        buyer=BUYER | {"address": ["ul. Testowa 1", "00-001 Warszawa"]},
        lines=[LINE | {"discount": {"amount": "2.00"}, "description": "ziarnista"}],
        sale_date="2026-10-01",
        due_date="2026-10-31",
        payment_form="przelew",
        copies=3,
        cashier="ANNA",
        system_number="ZAM-7",
    )
    assert commands(plan) == [
        (
            "0;2;1;2;0;0;2;0;0;1;0$hFV/10/2026|ul. Testowa 1|00-001 Warszawa|5260250274|2026-10-31|przelew|||ZAM-7|"
            "Firma Przykładowa sp. z o.o.|"
        ),
        "2;2;2;0;26;10;1;0;0;0;0;0@c2026-10-31|przelew||||ZAM-7||Firma Przykładowa sp. z o.o.|",
        "1;1;0;1$lKawa|1.|A/10.00/10.00/2.00/|ziarnista|",
        "1;0;0;0;0;1;0;2;2$eANNA| | | |0/8.00/0/",
    ]


def test_the_number_of_copies() -> None:
    """255 is the original alone, 0 the original and one copy."""
    assert [commands(planned(copies=copies))[0].split(";")[6] for copies in (0, 1, 2, 9)] == ["255", "0", "1", "8"]


def test_a_consumer_has_a_blank_for_the_number() -> None:
    """HD II Online refuses an empty one (3.16.1)."""
    assert "| |||||" in commands(planned(buyer={"name": "Anna Nowak"}))[0]


def test_every_command_is_one_of_an_invoice() -> None:
    plan = planned(sale_date="2026-10-01")
    assert plan.close is not None
    dialect = Dialect("mazovia", Brand.NOVITUS)
    found = [find(request.frame(dialect), Brand.NOVITUS) for request in (*(i.request for i in plan.items), plan.close)]
    assert [row and row.name for row in found] == ["$h invoice", "@c", "$l", "$e 1 invoice"]
    assert written(plan.close).startswith("1;0;0;0;0;1;0;2;2$e")


@pytest.mark.parametrize(
    ("more", "pointer", "code"),
    [
        ({"number": "x" * 57}, "number", "text.too_long"),
        ({"number": "FV/\U0001f355"}, "number", "text.code_page"),
        ({"buyer": {"name": "x" * 257}}, "buyer/name", "text.too_long"),
        ({"buyer": {"name": "x", "address": ["y", "z" * 43]}}, "buyer/address/1", "text.too_long"),
        ({"buyer": {"name": "x", "vat_id": "DE136695976"}}, "buyer/vat_id", "buyer.vat_id_unsupported"),
        ({"payment_form": "x" * 21}, "payment_form", "text.too_long"),
        ({"payment_form": "inna"}, "payment_form", "invoice.payment_form"),
        ({"payments": [{"type": "cash", "amount": "10.00"}]}, "payments", "invoice.payments"),
        ({"change": "1.00"}, "change", "receipt.change"),
        ({"discount": {"amount": "1.00"}}, "discount", "invoice.adjustment"),
        ({"surcharge": {"percent": "10"}}, "surcharge", "invoice.adjustment"),
        ({"system_number": "#1"}, "system_number", "system_number.letters"),
        ({"system_number": "x" * 31}, "system_number", "text.too_long"),
        ({"total": "9.99"}, "total", "invoice.total"),
        ({"lines": [LINE, LINE | {"storno": True}]}, "lines", "invoice.zero"),
        ({"lines": [LINE | {"vat": "E"}]}, "lines/0/vat", "vat.inactive"),
    ],
)
def test_what_is_refused(more: dict[str, Any], pointer: str, code: str) -> None:
    assert (f"/document/{pointer}", code) in refused(planned(**more))


def test_the_till_has_no_place_on_it() -> None:
    notices = planned(register="2").notices
    assert [(notice.pointer, notice.code) for notice in notices] == [("/document/register", "text.left_out")]
