"""Invoices on a Novitus ONLINE: its list of documents proves them, and everything unclear is for a person."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from fiscald.emulator.thermal.device import ThermalPrinter
from fiscald.model.invoice import Invoice
from fiscald.protocols.base import NotPrinted, Printed, Verdict, Wait
from fiscald.protocols.thermal.commands import LAST_DOCUMENT, PROTECTED, STORED
from fiscald.protocols.thermal.fields import Brand, Dialect
from fiscald.protocols.thermal.frames import AnswerDeframer, Frame, encode
from fiscald.protocols.thermal.layouts import Layout
from tests.conformance.bench import Bench, Sent, cause
from tests.conformance.families import INVOICE

OURS = Invoice.model_validate(INVOICE)
CLOSING, OPENING = "$e 1 invoice", "$h invoice"
DIALECT = Dialect("mazovia", Brand.NOVITUS)
#: How another program begins an invoice, and ends it.
FOREIGN_OPENING: dict[str, Any] = {
    "Pl": 0, "Pn": 1, "typ": 1, "kopia": 2, "margines": 0, "P6": 0, "kopie": 255, "P8": 0, "P9": 0, "podpisy": 1, "PL": 0,
    "numer": "F/1", "nabywca": ["Inny"], "nip": " ", "termin": "", "forma": "", "odbiorca": "", "wystawiajacy": "",
    "numer_systemowy": "", "nazwa": "Inny",
}  # fmt: skip
FOREIGN_END: dict[str, Any] = {
    "Pr": 0, "Pn": 0, "Pc": 0, "Px": 0, "Py": 1, "linia": 0, "opcje_kup": 2, "opcje_sprz": 2, "kasjer": "", "linie": [],
    "zaplacono": "", "kupujacy": "", "sprzedajacy": "", "wplata": 0, "rabat": 0,
}  # fmt: skip
Answer = Callable[[Sent, bytes], bytes]


@pytest.fixture
def bench() -> Bench:
    return novitus()


def novitus(*, compatible: bool = False) -> Bench:
    made = Bench("thermal", "novitus")
    assert isinstance(made.device, ThermalPrinter)
    made.device.memory.compatible = compatible
    return made


def others_open(bench: Bench, *prices: int) -> None:
    assert bench.device.foreign_command(OPENING, FOREIGN_OPENING)
    for price in prices:
        bench.others_sell(price)


def others_close(bench: Bench, total: int) -> None:
    assert bench.device.foreign_command(CLOSING, FOREIGN_END | {"total": total})


def others_invoice(bench: Bench, price: int) -> None:
    """Another program prints an invoice."""
    others_open(bench, price)
    others_close(bench, price)


def sheets(bench: Bench) -> list[str]:
    return [sheet.kind for sheet in bench.device.register.printouts if "FV/10/2026" in sheet.text]


def again(verdict: Verdict) -> bool:
    return isinstance(verdict, NotPrinted) and verdict.again


def changed(bench: Bench, layout: Layout, name: str, change: Callable[[dict[str, Any]], dict[str, Any]]) -> Answer:
    """The printer's answers to that question with other values, and a fitting check byte."""

    def answer(sent: Sent, data: bytes) -> bytes:
        found = bench.answer(data)
        if sent.name != name:
            return found
        (frame,) = (each for each in AnswerDeframer().feed(found) if isinstance(each, Frame))
        return encode(layout.write(change(layout.read(frame, DIALECT)), DIALECT))

    return answer


def behind(values: dict[str, Any], documents: int) -> dict[str, Any]:
    """``210#s`` before so many documents more were written."""
    last, _, rest = values["stan"].partition(";")
    return values | {"stan": f"{int(last) - documents};{rest}"}


# -- printed ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("compatible", [False, True])
def test_invoices_are_counted_apart_from_receipts(compatible: bool) -> None:
    bench = novitus(compatible=compatible)
    bench.others_receipt(777)
    for number in (1, 2):
        verdict = bench.carry_out(OURS)
        assert isinstance(verdict, Printed)
        assert (verdict.result.number, verdict.result.daily_report) == (number, 1)
        assert verdict.result.total == verdict.result.due == Decimal("11.50")
        assert verdict.counters is not None
        assert (verdict.counters.receipts, verdict.counters.invoices) == (1, number)
    assert sheets(bench) == ["invoice", "invoice"]


def test_the_paper_names_number_buyer_and_dates(bench: Bench) -> None:
    more = {"due_date": "2026-12-14", "payment_form": "przelew", "copies": 2, "sale_date": "2026-11-20"}
    more |= {"system_number": "ZAM-7", "cashier": "Anna"}
    assert isinstance(bench.carry_out(Invoice.model_validate(INVOICE | more)), Printed)
    assert sheets(bench) == ["invoice", "invoice_copy", "invoice_copy"]
    for word in (
        "Firma Przykładowa", "ul. Testowa 1", "00-001 Warszawa", "NIP 5260250274", "2026-12-14", "przelew", "2026-11-20",
        "ZAM-7", "Anna",
    ):  # fmt: skip
        assert word in bench.device.register.printouts[0].text, word


def test_a_receipt_just_after_ours_changes_neither_verdict_nor_number(bench: Bench) -> None:
    bench.before("@PMI", lambda: bench.others_receipt(300))
    verdict = bench.settle(OURS, lambda: bench.carry_out(OURS))
    assert isinstance(verdict, Printed)
    assert verdict.result.number == 1


# -- interrupted ------------------------------------------------------------------------------------------


def outcome(bench: Bench, verdict: Verdict) -> Verdict:
    """What an application gets in the end: fiscald carries out again what may be, once."""
    if isinstance(verdict, Wait) or not again(verdict):
        return verdict
    if bench.open:
        bench.others_cancel()
    return bench.settle(OURS, lambda: bench.carry_out(OURS))


@pytest.mark.parametrize("executed", [True, False])
@pytest.mark.parametrize(
    "act", [pytest.param("nothing", marks=pytest.mark.daily), "others_cancel", "receipt", "give_up"]
)
@pytest.mark.slow
def test_a_line_lost_at_any_step_never_doubles_it(act: str, executed: bool) -> None:
    """With somebody else at the printer before fiscald is back."""
    at = 0
    while True:
        bench, at = novitus(), at + 1
        try:
            bench.break_off_at(OURS, at, executed=executed)
        except pytest.fail.Exception:
            break  # the dialogue has no more steps
        if act != "nothing" and bench.open:
            bench.others_cancel()
        if act == "receipt":
            bench.others_receipt(1150)
        elif act == "give_up":
            bench.others_give_up(300)
        verdict = outcome(bench, bench.settle(OURS, lambda bench=bench: bench.recover(OURS)))  # type: ignore[misc]
        assert isinstance(verdict, Printed), (at, verdict)
        assert verdict.result.number == 1
        assert sheets(bench).count("invoice") == 1, at
        assert not bench.open
    assert at > 20


@pytest.mark.parametrize("value", [300, 1150])
@pytest.mark.parametrize("executed", [True, False])
def test_another_invoice_since_leaves_it_to_a_person(bench: Bench, executed: bool, value: int) -> None:
    bench.break_off(OURS, CLOSING, executed=executed)
    if not executed:
        bench.others_cancel()
    others_invoice(bench, value)
    assert cause(bench.recover(OURS)) == "twins"


def test_another_invoice_leaves_it_to_a_person_even_if_ours_was_confirmed(bench: Bench) -> None:
    """Ours may have been cancelled empty, so that our lines were sold on the other one: the number is not certain."""

    def answer(name: str, data: bytes) -> bytes:
        found = bench.answer(data)
        if name == CLOSING:
            others_invoice(bench, 1150)
        return found

    assert cause(bench.carry_out(OURS, answer=answer)) == "twins"


def test_a_receipt_in_the_place_of_ours_is_not_ours(bench: Bench) -> None:
    """Ours was cancelled before its first line, which leaves no document."""
    bench.break_off(OURS, "$l", executed=False)
    bench.others_cancel()
    bench.others_receipt(1150)
    assert again(bench.recover(OURS))
    assert sheets(bench) == []


def test_what_others_sold_on_it_waits_until_it_ends(bench: Bench) -> None:
    bench.break_off(OURS, CLOSING, executed=False)
    bench.others_sell(100)
    verdict = bench.recover(OURS)
    assert isinstance(verdict, Wait)
    assert verdict.problem.code == "printer.foreign_transaction"
    assert bench.open
    bench.others_cancel()
    assert again(bench.recover(OURS))


def test_an_invoice_that_others_changed_is_for_a_person(bench: Bench) -> None:
    bench.break_off(OURS, CLOSING, executed=False)
    bench.others_sell(100)
    others_close(bench, 1250)
    assert cause(bench.recover(OURS)) == "changed"


def test_an_open_invoice_of_others_is_not_cancelled(bench: Bench) -> None:
    bench.break_off(OURS, "$l", executed=True)
    bench.others_cancel()
    others_open(bench, 500)
    assert again(bench.recover(OURS))
    assert bench.open
    assert bench.sent.count("$e 0") == 0


def test_an_empty_invoice_that_moves_is_not_ours(bench: Bench) -> None:
    bench.break_off(OURS, OPENING, executed=False)
    others_open(bench)
    assert again(bench.recover(OURS, paused=lambda: bench.others_sell(500)))
    assert bench.open


@pytest.mark.parametrize("executed", [True, False])
def test_a_daily_report_after_an_unanswered_closing_hides_nothing(bench: Bench, executed: bool) -> None:
    bench.break_off(OURS, CLOSING, executed=executed)
    if not executed:
        bench.others_cancel()
        bench.others_receipt(300)
    bench.others_report()
    verdict = bench.recover(OURS)
    if executed:
        assert isinstance(verdict, Printed)
        assert (verdict.result.number, verdict.result.daily_report) == (1, 1)
    else:
        assert again(verdict)


@pytest.mark.parametrize("confirmed", [True, False])
def test_a_daily_report_that_sets_the_numbers_back_needs_the_answer(bench: Bench, confirmed: bool) -> None:
    bench.device.register.state.day.last_invoice = 7

    def restart() -> None:
        bench.others_report()
        bench.device.register.state.day.last_invoice = 0

    if confirmed:
        bench.before("@PMI", restart)
        verdict = bench.carry_out(OURS)
        assert isinstance(verdict, Printed)
        assert (verdict.result.number, verdict.result.daily_report) == (8, 1)
    else:
        bench.break_off(OURS, CLOSING, executed=True)
        restart()
        assert cause(bench.recover(OURS)) == "report_between"


def test_a_person_who_cancels_while_the_line_works_has_decided(bench: Bench) -> None:
    bench.before(CLOSING, bench.others_cancel)
    verdict = bench.carry_out(OURS)
    assert isinstance(verdict, NotPrinted)
    assert verdict.problem.code == "printer.cancelled"
    assert sheets(bench) == []


@pytest.mark.parametrize("name", ["$e 1 invoice", "$l"])
def test_a_power_cut_cancels_it_and_it_comes_again(bench: Bench, name: str) -> None:
    bench.break_off(OURS, name, executed=False)
    bench.device.power(on=False)
    bench.device.power(on=True)
    verdict = outcome(bench, bench.settle(OURS, lambda: bench.recover(OURS)))
    assert isinstance(verdict, Printed)
    assert sheets(bench).count("invoice") == 1


def test_rates_that_changed_before_the_opening_bring_it_again(bench: Bench) -> None:
    def change() -> None:
        a, b, *rest = bench.device.register.state.rates
        bench.device.register.ledger.set_rates([b, a, *rest])

    bench.before(OPENING, change)
    assert again(bench.carry_out(OURS))
    assert not bench.open


# -- a printer that reports other things than the description says ----------------------------------------------


def test_a_list_that_is_written_late_is_waited_for(bench: Bench) -> None:
    bench.break_off(OURS, CLOSING, executed=True)
    pauses: list[None] = []
    late = changed(bench, PROTECTED, "#s 210", lambda values: values if pauses else behind(values, 1))
    verdict = bench.recover(OURS, paused=lambda: pauses.append(None), answer=late)
    assert isinstance(verdict, Printed)
    assert verdict.result.number == 1


@pytest.mark.parametrize("confirmed", [True, False])
def test_a_list_that_is_not_written_is_no_proof_of_anything(bench: Bench, confirmed: bool) -> None:
    """The invoice is printed. A missing document in the list is no proof: without this rule it is printed twice."""
    last = lambda values: values | {"stan": "0;0;1024;1024;"}  # noqa: E731
    if confirmed:
        verdict = bench.carry_out(OURS, answer_step=changed(bench, PROTECTED, "#s 210", last))
        assert cause(verdict) == "contradiction"
    else:
        bench.break_off(OURS, CLOSING, executed=True)
        verdict = bench.recover(OURS, answer=changed(bench, PROTECTED, "#s 210", last))
        assert cause(verdict) == "vanished"
    assert sheets(bench) == ["invoice"]


@pytest.mark.parametrize("confirmed", [True, False])
def test_a_number_of_invoices_that_stands_still_is_no_proof(bench: Bench, confirmed: bool) -> None:
    still = lambda values: values | {"dalsze": [0, 0, 0, 0, 0]}  # noqa: E731
    if confirmed:
        verdict = bench.carry_out(OURS, answer_step=changed(bench, LAST_DOCUMENT, "#s 50", still))
        assert cause(verdict) == "contradiction"
    else:
        bench.break_off(OURS, CLOSING, executed=True)
        assert cause(bench.recover(OURS, answer=changed(bench, LAST_DOCUMENT, "#s 50", still))) == "vanished"


def test_a_cancelled_kind_beside_a_number_that_moved_is_no_proof(bench: Bench) -> None:
    bench.break_off(OURS, CLOSING, executed=True)
    cancelled = changed(bench, STORED, "@PMI", lambda values: values | {"typ": 16})
    assert cause(bench.recover(OURS, answer=cancelled)) == "vanished"


@pytest.mark.parametrize("values", [{"status": 2}, {"status": 9}, {"jpkid": 7}, {"typ": 0}])
def test_a_document_that_is_not_returned_leaves_it_to_a_person(bench: Bench, values: dict[str, Any]) -> None:
    bench.break_off(OURS, CLOSING, executed=True)
    other = changed(bench, STORED, "@PMI", lambda found: found | values)
    assert cause(bench.recover(OURS, answer=other)) == "unreadable_list"


def test_too_many_documents_since_leave_it_to_a_person(bench: Bench) -> None:
    bench.break_off(OURS, CLOSING, executed=True)
    for _ in range(16):
        bench.others_receipt(300)
    assert cause(bench.recover(OURS)) == "unreadable_list"


def test_another_protected_memory_leaves_it_to_a_person(bench: Bench) -> None:
    bench.break_off(OURS, CLOSING, executed=True)
    label = changed(bench, PROTECTED, "#s 210", lambda values: values | {"etykieta": "EMU0000000001.0002"})
    assert cause(bench.recover(OURS, answer=label)) == "counters_restored"


def test_a_cancelled_invoice_without_a_document_is_no_proof(bench: Bench) -> None:
    bench.break_off(OURS, CLOSING, executed=False)
    none = changed(bench, PROTECTED, "#s 210", lambda values: values | {"stan": "0;0;1024;1024;"})
    assert cause(bench.recover(OURS, answer=none)) == "vanished"


@pytest.mark.parametrize(("name", "answer"), [("#s 210", b"\x1bP1022#Z#s\x1b\\"), ("#s 210", b"\x1bP4#Z#s\x1b\\")])
def test_a_printer_without_such_a_list_is_refused_before_anything_is_sent(
    bench: Bench, name: str, answer: bytes
) -> None:
    verdict = bench.carry_out(OURS, answer=lambda sent, data: answer if sent == name else bench.answer(data))
    assert isinstance(verdict, NotPrinted)
    assert verdict.problem.code == "document.refused"
    assert "210#s" in verdict.problem.detail
    assert not verdict.again
    assert bench.changes() == []


def test_fiscald_never_changes_what_other_programs_read(bench: Bench) -> None:
    assert isinstance(bench.carry_out(OURS), Printed)
    bench.break_off(OURS, CLOSING, executed=True)
    bench.recover(OURS)
    assert "$r" not in bench.sent


def test_totals_that_another_program_switched_are_for_a_person(bench: Bench) -> None:
    """``243;1$r``: ``22#s`` has the sums of all invoices then."""
    assert isinstance(bench.carry_out(OURS), Printed)
    assert bench.device.foreign_command("$r", {"Pr": 243, "P2": 1})
    bench.break_off(OURS, CLOSING, executed=True)
    assert cause(bench.recover(OURS)) == "changed"
    assert isinstance(bench.carry_out(OURS), Printed), "a confirmed one does not need them"
