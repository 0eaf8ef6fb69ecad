"""Invoices on a POSNET printer: what proves one beside receipts and invoices of others, and what stands on paper."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from fiscald.model.invoice import Invoice
from fiscald.protocols.base import Held, NotPrinted, Printed
from tests.conformance.bench import Bench, cause
from tests.conformance.families import INVOICE

pytestmark = pytest.mark.parametrize("profile", ["online", "old"])

OURS = Invoice.model_validate(INVOICE)
#: How another program begins an invoice.
FOREIGN: dict[str, dict[str, Any]] = {"online": {}, "old": {"nb": "1/2026", "na": "Inny"}}


@pytest.fixture
def bench(profile: str) -> Bench:
    made = Bench("posnet", profile)
    made.device.auto_confirm = True  # an older printer asks a person before an invoice
    return made


def others_invoice(bench: Bench, profile: str, price: int, *, cancelled: bool = False) -> None:
    """Another program prints an invoice, or gives one up."""
    machine = bench.device
    assert machine.foreign_command("trfvinit", FOREIGN[profile])
    assert machine.foreign_sell("Obcy", price)
    if cancelled:
        bench.others_cancel()
        return
    register = machine.register
    register.sale.close(register.sale.check_close(total=price))
    register.state.face.state = "idle"  # type: ignore[attr-defined]


def test_invoices_are_counted_apart_from_receipts(bench: Bench, profile: str) -> None:
    bench.others_receipt(777)
    for number in (1, 2):
        verdict = bench.carry_out(OURS)
        assert isinstance(verdict, Printed)
        assert (verdict.result.number, verdict.result.daily_report) == (number, 1)
        assert verdict.result.total == verdict.result.due == Decimal("11.50")
        assert verdict.counters is not None
        assert (verdict.counters.receipts, verdict.counters.invoices) == (1, number)
    day = bench.device.register.state.day
    assert (sum(day.receipts), sum(day.invoices)) == (777, 2300)


def test_the_paper_names_number_buyer_and_dates(bench: Bench, profile: str) -> None:
    more: dict[str, Any] = {"due_date": "2026-12-14", "payment_form": "przelew", "copies": 1}
    if profile == "online":
        more["sale_date"] = "2026-11-20"
    assert isinstance(bench.carry_out(Invoice.model_validate(INVOICE | more)), Printed)
    original, copy = bench.device.register.printouts[-2:]
    assert (original.kind, copy.kind) == ("invoice", "invoice_copy")
    for word in ("FV/10/2026", "Firma Przykładowa", "ul. Testowa 1", "NIP 526-025-02-74", "2026-12-14", "przelew"):
        assert word in original.text
    assert ("2026-11-20" in original.text) == (profile == "online")
    assert "ORYGINAŁ" in original.text
    assert "KOPIA 1" in copy.text


@pytest.mark.parametrize("executed", [True, False])
def test_receipts_of_others_prove_nothing_of_an_invoice(bench: Bench, profile: str, executed: bool) -> None:
    bench.break_off(OURS, "trend", executed=executed)
    if not executed:
        bench.others_cancel()
    bench.others_receipt(1150)
    bench.others_give_up(300)
    verdict = bench.recover(OURS)
    if executed:
        assert isinstance(verdict, Printed)
        assert verdict.result.number == 1
    else:
        assert isinstance(verdict, NotPrinted)
        assert verdict.again


@pytest.mark.parametrize("value", [300, 1150, 2000])
@pytest.mark.parametrize("executed", [True, False])
def test_an_invoice_of_others_is_not_taken_for_ours(bench: Bench, profile: str, executed: bool, value: int) -> None:
    """Ours ended first. If it was cancelled, only the value of the completed ones can tell."""
    bench.break_off(OURS, "trend", executed=executed)
    if not executed:
        bench.others_cancel()
    others_invoice(bench, profile, value)
    verdict = bench.recover(OURS)
    if executed:
        assert isinstance(verdict, Printed)
        assert verdict.result.number == 1
    elif value == 1150:
        assert cause(verdict) == "twins"
    else:
        assert isinstance(verdict, NotPrinted)
        assert verdict.again


def test_a_cancelled_invoice_of_others_after_ours_leaves_it_open(bench: Bench, profile: str) -> None:
    bench.break_off(OURS, "trend", executed=True)
    others_invoice(bench, profile, 300, cancelled=True)
    assert cause(bench.recover(OURS)) == "twins"


def test_an_invoice_that_others_changed_is_for_a_person(bench: Bench, profile: str) -> None:
    bench.break_off(OURS, "trend", executed=False)
    assert bench.device.foreign_sell("Obcy", 100)
    register = bench.device.register
    register.sale.close(register.sale.check_close(total=1250))
    register.state.face.state = "idle"  # type: ignore[attr-defined]
    assert cause(bench.recover(OURS)) == "changed"


def test_an_open_invoice_is_cancelled_and_comes_again(bench: Bench, profile: str) -> None:
    bench.break_off(OURS, "trline", executed=True)
    verdict = bench.recover(OURS)
    assert isinstance(verdict, NotPrinted)
    assert verdict.again
    assert not bench.open
    assert bench.device.register.state.day.cancelled_invoices == 1


def test_an_open_receipt_of_others_is_not_cancelled(bench: Bench, profile: str) -> None:
    """A person cancelled our invoice, and another program has a receipt open."""
    bench.break_off(OURS, "trline", executed=True)
    bench.others_cancel()
    bench.others_open(500)
    verdict = bench.recover(OURS)
    assert isinstance(verdict, NotPrinted)
    assert bench.open
    assert "prncancel" not in bench.sent


@pytest.mark.parametrize("executed", [True, False])
def test_a_daily_report_after_an_unanswered_closing_leaves_it_unproven(
    bench: Bench, profile: str, executed: bool
) -> None:
    bench.break_off(OURS, "trend", executed=executed)
    if not executed:
        bench.others_cancel()
        bench.others_receipt(300)
    bench.others_report()
    assert cause(bench.recover(OURS)) == "report_between"


def test_a_person_who_says_no_at_the_printer_has_decided(bench: Bench, profile: str) -> None:
    bench.device.auto_confirm = False

    def press(name: str, data: bytes) -> bytes:
        found = bench.answer(data)
        if name == "trend" and bench.device.awaits_key:
            bench.device.press(confirm=False)
            bench.line.send(b"")
            found = bench.line.receive()
        return found

    verdict = bench.carry_out(OURS, answer=press)
    if profile == "online":
        assert isinstance(verdict, Printed), "it does not ask"
        return
    assert isinstance(verdict, NotPrinted)
    assert verdict.problem.code == "printer.cancelled"
    assert not isinstance(verdict, Held)
    assert not bench.open
