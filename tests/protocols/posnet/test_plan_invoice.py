"""From an invoice to its commands, on both generations; and what is refused before the first byte."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from fiscald.model.invoice import Invoice
from fiscald.protocols.posnet.plan import Plan
from fiscald.protocols.posnet.plan_invoice import plan_invoice
from tests.protocols.posnet.plans import LINE, OLD, ONLINE, RATES, commands

BUYER = {"name": "Firma Przykładowa sp. z o.o.", "nip": "526-025-02-74"}


def planned(profile: Any = ONLINE, rates: Any = RATES, **more: Any) -> Plan:
    content = {"number": "FV/10/2026", "buyer": BUYER, "lines": [LINE]} | more
    return plan_invoice(Invoice.model_validate(content), profile, "cp1250", rates)


def refused(plan: Plan) -> list[tuple[str, str]]:
    return [(error.pointer, error.code) for error in plan.errors]


def test_the_invoice_of_the_reference() -> None:
    """Section 5.8, ONLINE."""
    plan = planned(lines=[{"name": "Usługa serwisowa", "price": "123.00", "vat": "23%"}])
    assert commands(plan) == [
        "trfvinit|",
        "trfvbuyer|naFirma Przykładowa sp. z o.o.|ni5260250274|sc0|",
        "trfvnumber|nbFV/10/2026|sc0|",
        "trline|naUsługa serwisowa|vt0|pr12300|",
        "trend|to12300|",
    ]
    assert plan.totals is not None
    assert (plan.totals.total, plan.totals.due, plan.totals.paid) == (Decimal(123), Decimal(123), Decimal(0))


def test_the_older_invoice_of_the_reference() -> None:
    """Section 5.8, older devices: everything with the opening command."""
    plan = planned(
        OLD,
        number="251/FA/2024",
        buyer={"name": "Nabywca SA", "address": ["ul. Kwiatowa 1"], "nip": "5222628262"},
        lines=[{"name": "Pepsi 2L", "price": "10.00", "vat": "A", "quantity": 2}],
        due_date="2024-12-31",
        payment_form="przelew",
    )
    assert commands(plan) == [
        "trfvinit|nb251/FA/2024|ni5222628262|naNabywca SA<LF>ul. Kwiatowa 1|pd2024-12-31|ptprzelew|",
        "trline|naPepsi 2L|vt0|pr1000|il2.000|wa2000|",
        "trend|to2000|",
    ]


def test_everything_that_an_online_printer_takes() -> None:
    plan = planned(
        buyer=BUYER | {"address": ["ul. Testowa 1", "00-001 Warszawa"]},
        discount={"amount": "1.00"},
        payments=[{"type": "cash", "amount": "10.00"}],
        sale_date="2026-10-01",
        due_date="2026-10-31",
        payment_form="przelew",
        copies=2,
        cashier="ANNA",
    )
    assert commands(plan) == [
        "trfvinit|cc2|",
        "trfvbuyer|naFirma Przykładowa sp. z o.o.|ni5260250274|adul. Testowa 1<LF>00-001 Warszawa|sc0|",
        "trfvnumber|nbFV/10/2026|sc0|",
        "trfvfreedata|txData sprzedaży: 2026-10-01|sc1|",
        "trfvfreedata|txTermin płatności: 2026-10-31|sc2|",
        "trfvfreedata|txForma płatności: przelew|sc2|",
        "ftrcfg|ccANNA|",
        "trline|naKawa|vt0|pr1000|",
        "trdiscntsubtot|naRabat|rd1|rw100|",
        "trpayment|ty0|wa1000|naGotówka|re0|",
        "trpayment|ty0|wa100|naReszta|re1|",
        "trend|to900|re100|fp1000|",
    ]


def test_a_number_of_another_country_stands_in_the_place_of_the_nip() -> None:
    plan = planned(buyer={"name": "GmbH", "vat_id": "DE136695976"})
    assert "trfvbuyer|naGmbH|niDE136695976|sc0|" in commands(plan)


def test_a_consumer_has_no_number() -> None:
    assert "trfvbuyer|naAnna Nowak|sc0|" in commands(planned(buyer={"name": "Anna Nowak"}))


@pytest.mark.parametrize(
    ("profile", "more", "pointer", "code"),
    [
        (ONLINE, {"number": "x" * 41}, "number", "text.too_long"),
        (OLD, {"number": "x" * 16}, "number", "text.too_long"),
        (ONLINE, {"number": "FV/\U0001f355"}, "number", "text.code_page"),
        (ONLINE, {"buyer": {"name": "x" * 257}}, "buyer/name", "text.too_long"),
        (OLD, {"buyer": {"name": "x" * 41}}, "buyer/name", "text.too_long"),
        (ONLINE, {"buyer": {"name": "\U0001f355"}}, "buyer/name", "text.code_page"),
        (ONLINE, {"buyer": {"name": "x", "address": ["y"] * 7}}, "buyer/address", "invoice.address"),
        (OLD, {"buyer": {"name": "x", "address": ["y"] * 3}}, "buyer/address", "invoice.address"),
        (ONLINE, {"buyer": {"name": "x", "address": ["y", "z" * 41]}}, "buyer/address/1", "text.too_long"),
        (ONLINE, {"payment_form": "x" * 24}, "payment_form", "text.too_long"),
        (OLD, {"payment_form": "x" * 21}, "payment_form", "text.too_long"),
        (OLD, {"sale_date": "2026-10-01"}, "sale_date", "invoice.sale_date"),
        (OLD, {"payments": [{"type": "cash", "amount": "10.00"}]}, "payments", "invoice.payments"),
        (ONLINE, {"payments": [{"type": "cash", "amount": "9.00"}]}, "payments", "payments.short"),
        (ONLINE, {"change": "1.00"}, "change", "receipt.change"),
        (ONLINE, {"total": "9.99"}, "total", "invoice.total"),
        (ONLINE, {"lines": [LINE, LINE | {"storno": True}]}, "lines", "invoice.zero"),
        (ONLINE, {"lines": [LINE | {"vat": "E"}]}, "lines/0/vat", "vat.inactive"),
    ],
)
def test_what_is_refused(profile: Any, more: dict[str, Any], pointer: str, code: str) -> None:
    found = refused(planned(profile, **more))
    assert (f"/document/{pointer}", code) in found


def test_a_wrong_check_digit_is_a_notice() -> None:
    plan = planned(buyer={"name": "GmbH", "vat_id": "DE136695977"})
    assert [notice.code for notice in plan.notices] == ["buyer.vat_id_check_digit"]
