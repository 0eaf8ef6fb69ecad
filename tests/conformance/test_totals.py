"""The total of a receipt by VAT rate is that of the register's memory; where only the printer knows, it is asked."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from fiscald.emulator.register import tax
from fiscald.model.money import grosze
from fiscald.model.receipt import Receipt
from fiscald.protocols.base import Printed
from tests.conformance.bench import Bench
from tests.conformance.families import RECEIPTS

LINES = [
    {"name": "Kawa", "price": "10.00", "vat": "A", "quantity": 3},
    {"name": "Chleb", "price": "4.99", "vat": "5%"},
    {"name": "Gazeta", "price": "8.00", "vat": "8%", "discount": {"percent": "10"}},
    {"name": "Książka", "price": "12.34", "vat": "exempt"},
    {"name": "Kawa", "price": "10.00", "vat": "A", "quantity": 3, "storno": True},
    {"name": "Herbata", "price": "7.77", "vat": "23%"},
]


def printed(family: str, **content: Any) -> tuple[Bench, Printed]:
    bench = Bench(family)
    verdict = bench.carry_out(Receipt.model_validate({"lines": LINES, **content}))
    assert isinstance(verdict, Printed)
    return bench, verdict


def of_register(bench: Bench) -> list[tuple[str, int, int]]:
    state = bench.device.register.state
    values = zip("ABCDEFG", state.last_document.totals, state.rates, strict=True)
    return [(letter, gross, tax(gross, rate)) for letter, gross, rate in values if gross]


def told(verdict: Printed) -> list[tuple[str, int, int]]:
    assert verdict.result.totals is not None
    return [(each.vat, grosze(each.gross), grosze(each.tax)) for each in verdict.result.totals]


@pytest.mark.parametrize("family", RECEIPTS)
@pytest.mark.parametrize("content", [{}, {"lines": LINES[:1], "discount": {"percent": "7"}}], ids=["lines", "one rate"])
def test_the_totals_are_those_of_the_register(family: str, content: dict[str, Any]) -> None:
    bench, verdict = printed(family, **content)
    assert told(verdict) == of_register(bench)
    assert sum(gross for _, gross, _ in told(verdict)) == grosze(verdict.result.total or Decimal())


def test_a_posnet_printer_reports_what_it_spread() -> None:
    bench, verdict = printed("posnet", discount={"amount": "5.00"})
    assert told(verdict) == of_register(bench)


def test_a_thermal_printer_does_not_report_what_it_spread() -> None:
    _, verdict = printed("thermal", discount={"amount": "5.00"})
    assert verdict.result.totals is None


@pytest.mark.parametrize("family", RECEIPTS)
def test_a_receipt_that_recovery_found_has_its_totals_too(family: str) -> None:
    bench = Bench(family)
    document = Receipt.model_validate({"lines": LINES})
    bench.break_off_deciding(document, executed=True)
    verdict = bench.recover(document)
    assert isinstance(verdict, Printed)
    assert told(verdict) == of_register(bench)


def test_cash_in_another_currency() -> None:
    euro = {"type": "cash", "amount": "42.50", "currency": {"code": "EUR", "rate": "4.25", "amount": "10.00"}}
    bench, verdict = printed("posnet", payments=[euro], change="10.20")
    assert "trpaymentcurr" in bench.sent
    assert grosze(verdict.result.total or Decimal()) == 3230
