"""What looks prove: every combination of what ended, was cancelled, was reported, and by whom."""

from __future__ import annotations

import contextlib
from typing import Any

import pytest

from fiscald.model.documents import Document
from fiscald.protocols.base import NotPrinted, Printed, Settings, Stage, Step, Unknown, Verdict, Wait
from fiscald.protocols.novitus_elements import element
from fiscald.protocols.novitus_xml.evidence import NovitusXmlLook
from fiscald.protocols.novitus_xml.family import FAMILY
from fiscald.protocols.novitus_xml.proof import CounterDelta, Slip
from fiscald.protocols.proof.counters import Proven
from tests.protocols.driving import Journal, NotAnswered
from tests.protocols.novitus_xml.bench import RECEIPT, Bench, document, settings
from tests.protocols.novitus_xml.test_dialogue import DOCUMENTS

BEFORE = NovitusXmlLook(
    uniqueno="ZBK1", isfiscal=True, intransaction=False, lasttransactioncorrect=True, resetcount=0, lastreceipt=11,
    lastinvoice=1, lastprintout=47, cash=10000, receipts=500, invoices=0, reportscount=20, maxreportscount=1830,
)  # fmt: skip


def delta(**now: Any) -> CounterDelta:
    return CounterDelta(BEFORE, BEFORE.model_copy(update=now))


def closing_lost(doc: Document, *, executed: bool) -> tuple[Bench, Journal]:
    """Our closing element was sent; its answer, or the element itself, is lost."""
    bench, journal = Bench(), Journal()

    def act(step: Step, data: bytes) -> bytes:
        if step.command.names[0].endswith("close"):
            if executed:
                bench.answer(step, data)
            raise NotAnswered(step)
        return bench.answer(step, data)

    with contextlib.suppress(NotAnswered):
        bench.carry_out(doc, act, journal)
    assert journal.last is not None
    assert journal.last.stage is Stage.COMMITTING
    return bench, journal


def cause(verdict: Verdict) -> str | None:
    if isinstance(verdict, Unknown):
        return str((verdict.problem.model_extra or {}).get("cause"))
    return None


def test_one_receipt_is_counted_with_its_value() -> None:
    found = delta(lastreceipt=12, lastprintout=48, receipts=1500, cash=11000)
    assert (found.completed, found.invoiced, found.cancelled, found.slips, found.sales) == (1, 0, 0, 0, 1000)
    assert found.any_change
    assert not found.nothing_moved


def test_a_number_without_a_value_is_that_of_a_cancelled_receipt() -> None:
    found = delta(lastreceipt=12, lastprintout=48)
    assert (found.completed, found.cancelled) == (0, 1)


def test_a_cancelled_receipt_that_is_seen_is_no_slip() -> None:
    found = delta(lastprintout=48, last_state="canceled", last_printout=48)
    assert (found.slips, found.other_sheets, found.seen_cancelled) == (0, 0, 1)
    assert delta(lastprintout=48, last_state="canceled", last_printout=40).slips == 1


@pytest.mark.parametrize(
    "now",
    [
        {"uniqueno": "ZBK2"},
        {"resetcount": 1},
        {"lastprintout": 46},
        {"reportscount": 19},
        {"receipts": 400},
        {"lastreceipt": 10},
    ],
)
def test_another_memory_cannot_be_compared(now: dict[str, Any]) -> None:
    assert not delta(**now).comparable


def test_a_daily_report_starts_the_totals_again() -> None:
    found = delta(reportscount=21, lastprintout=48, receipts=0)
    assert found.comparable
    assert (found.reports, found.slips) == (1, 0)


@pytest.mark.parametrize(
    ("now", "confirmed", "what"),
    [
        ({"cash": 10500, "lastprintout": 48}, None, Proven),
        ({"cash": 10500, "lastprintout": 48}, False, Proven),
        ({"cash": 11000, "lastprintout": 49}, True, Proven),
        ({"cash": 11000, "lastprintout": 49}, None, Unknown),
        ({"cash": 10300, "lastprintout": 48}, None, Unknown),
        ({}, None, type(None)),
        ({"lastreceipt": 12, "receipts": 600, "cash": 10600, "lastprintout": 49}, None, Proven),
        ({"lastreceipt": 12, "receipts": 600, "cash": 10100, "lastprintout": 48}, None, type(None)),
        ({"lastreceipt": 12, "receipts": 600, "cash": 10100, "lastprintout": 50}, None, Unknown),
        ({"reportscount": 21, "receipts": 0, "lastprintout": 49, "cash": 10500}, None, Unknown),
        ({"reportscount": 21, "receipts": 0, "lastprintout": 48}, None, type(None)),
        ({"cash": 0, "lastprintout": 48}, True, Unknown),
    ],
)
def test_a_slip_is_proved_by_the_cash(now: dict[str, Any], confirmed: bool | None, what: type) -> None:
    assert isinstance(Slip(500).judge(delta(**now), confirmed), what)


# -- a receipt whose closing was not answered ------------------------------------------------------------

SALES = ("receipt", "invoice", "packaging")


@pytest.mark.parametrize("name", SALES)
def test_ours_is_found_behind_a_daily_report(name: str) -> None:
    bench, journal = closing_lost(DOCUMENTS[name], executed=True)
    printed = len(bench.printer.registered)
    bench.printer.close_day()
    verdict = bench.recover(DOCUMENTS[name], journal)
    assert printed == 1
    assert isinstance(verdict, Printed), verdict


@pytest.mark.parametrize("name", SALES)
def test_a_report_and_another_receipt_behind_ours_hide_it(name: str) -> None:
    bench, journal = closing_lost(DOCUMENTS[name], executed=True)
    bench.printer.close_day()
    bench.printer.sell(200)
    assert cause(bench.recover(DOCUMENTS[name], journal)) == "report_between"


@pytest.mark.parametrize("name", SALES)
def test_ours_was_cancelled_and_the_printer_reports_it(name: str) -> None:
    bench, journal = closing_lost(DOCUMENTS[name], executed=False)
    bench.printer.cancel()
    for report in (False, True):
        if report:
            bench.printer.close_day()
        verdict = bench.recover(DOCUMENTS[name], journal)
        assert isinstance(verdict, NotPrinted), (report, verdict)
        assert verdict.again


def test_a_twin_of_ours_sold_after_ours_was_cancelled_is_not_taken_for_ours() -> None:
    bench, journal = closing_lost(RECEIPT, executed=False)
    bench.printer.cancel()
    bench.printer.sell(1600)
    assert cause(bench.recover(RECEIPT, journal)) == "twins"


def test_another_value_sold_after_ours_was_cancelled_is_not_ours() -> None:
    bench, journal = closing_lost(RECEIPT, executed=False)
    bench.printer.cancel()
    bench.printer.sell(100)
    verdict = bench.recover(RECEIPT, journal)
    assert isinstance(verdict, NotPrinted)
    assert verdict.again


def test_ours_closed_with_other_content_is_undecided() -> None:
    bench, journal = closing_lost(RECEIPT, executed=False)
    bench.printer.answer(b'<packet><item name="Obce" ptu="A" price="1.00" total="1.00"/></packet>')
    bench.printer.finish()
    assert cause(bench.recover(RECEIPT, journal)) == "changed"


def test_ours_and_another_receipt_give_our_number() -> None:
    bench, journal = closing_lost(RECEIPT, executed=True)
    bench.printer.sell(300)
    verdict = bench.recover(RECEIPT, journal)
    assert isinstance(verdict, Printed)
    assert verdict.result.number == 12


def test_an_invoice_that_leaves_no_trace_is_undecided() -> None:
    invoice = DOCUMENTS["invoice"]
    bench, journal = closing_lost(invoice, executed=False)
    bench.printer.open = None
    assert cause(bench.recover(invoice, journal)) == "vanished"


def test_a_receipt_that_leaves_no_trace_was_not_closed() -> None:
    bench, journal = closing_lost(RECEIPT, executed=False)
    bench.printer.open = None
    verdict = bench.recover(RECEIPT, journal)
    assert isinstance(verdict, NotPrinted)
    assert verdict.again


def test_a_closed_receipt_that_no_counter_has_is_undecided() -> None:
    bench, journal = closing_lost(RECEIPT, executed=False)
    bench.printer.open, bench.printer.correct = None, True
    assert cause(bench.recover(RECEIPT, journal)) == "vanished"


def test_packaging_among_other_sheets_is_undecided() -> None:
    doc = DOCUMENTS["packaging"]
    bench, journal = closing_lost(doc, executed=True)
    bench.printer.sell(100)
    assert cause(bench.recover(doc, journal)) == "many_slips"


def test_a_receipt_of_another_program_is_no_packaging() -> None:
    doc = DOCUMENTS["packaging"]
    bench, journal = closing_lost(doc, executed=False)
    bench.printer.open = None
    bench.printer.sell(100)
    assert cause(bench.recover(doc, journal)) == "many_slips"


def test_a_printer_in_place_of_ours_is_noticed() -> None:
    for name in SALES:
        bench, journal = closing_lost(DOCUMENTS[name], executed=True)
        bench.printer.unique = "ZBK9"
        assert isinstance(bench.recover(DOCUMENTS[name], journal), Wait)
        bench.printer.unique, bench.printer.resets = "ZBK2301001234", 1
        assert cause(bench.recover(DOCUMENTS[name], journal)) == "counters_restored"


# -- the opening ----------------------------------------------------------------------------------------


def opening_lost(*, executed: bool) -> tuple[Bench, Journal]:
    bench, journal = Bench(), Journal()

    def act(step: Step, data: bytes) -> bytes:
        if step.command.names == ("receipt begin",):
            if executed:
                bench.answer(step, data)
            raise NotAnswered(step)
        return bench.answer(step, data)

    with contextlib.suppress(NotAnswered):
        bench.carry_out(RECEIPT, act, journal)
    return bench, journal


def test_an_empty_receipt_is_ours_only_if_nothing_moves_for_some_seconds() -> None:
    for executed in (True, False):
        bench, journal = opening_lost(executed=executed)
        if not executed:
            bench.printer.answer(b'<packet><receipt action="begin"/></packet>')
            sells = b'<packet><item name="Obce" ptu="A" price="1.00" total="1.00"/></packet>'
            bench.paused = lambda bench=bench, sells=sells: bench.printer.answer(sells)  # type: ignore[misc]
        verdict = bench.recover(RECEIPT, journal)
        assert isinstance(verdict, NotPrinted)
        assert verdict.again
        assert (bench.printer.open is None) == executed


def test_another_printer_in_its_place_is_not_touched() -> None:
    for lost in ("receipt begin", "payment"):
        bench, journal = Bench(), Journal()

        def act(step: Step, data: bytes, lost: str = lost, bench: Bench = bench) -> bytes:
            told = bench.answer(step, data)
            if lost in step.command.names:
                raise NotAnswered(step)
            return told

        with contextlib.suppress(NotAnswered):
            bench.carry_out(RECEIPT, act, journal)
        bench.printer.unique = "ZBK9"
        assert isinstance(bench.recover(RECEIPT, journal), Wait), lost
        assert bench.printer.open is not None


def test_an_empty_receipt_behind_another_document_is_not_ours() -> None:
    bench, journal = opening_lost(executed=False)
    bench.printer.sell(100)
    bench.printer.answer(b'<packet><receipt action="begin"/></packet>')
    bench.recover(RECEIPT, journal)
    assert bench.printer.open is not None


def test_our_empty_receipt_is_watched_before_it_is_cancelled() -> None:
    """A line is refused while ours is empty: in the pause another program sells on it."""
    bench = Bench()
    bench.printer.refuse["item"] = [4, 4]
    sells = b'<packet><item name="Obce" ptu="A" price="1.00" total="1.00"/></packet>'

    def sells_on_it() -> None:
        bench.printer.refuse.clear()
        bench.printer.answer(sells)

    bench.paused = sells_on_it
    verdict = bench.carry_out(RECEIPT)
    assert isinstance(verdict, NotPrinted)
    assert bench.printer.open is not None


# -- others at the printer while we work -----------------------------------------------------------------


def test_a_sheet_between_the_looks_makes_a_slip_wait() -> None:
    bench = Bench()
    seen: list[int] = []

    def act(step: Step, data: bytes) -> bytes:
        if step.command.names == ("info fiscalmemory",):
            seen.append(1)
            if len(seen) == 2:
                bench.printer.slip()
        return bench.answer(step, data)

    # The second look is the last one before the command: it begins with the flags, so it sees what came before.
    first = bench.carry_out(DOCUMENTS["cash_in"], act)
    assert isinstance(first, Printed)
    bench = Bench()
    seen.clear()

    def earlier(step: Step, data: bytes) -> bytes:
        if step.command.names == ("taxrates get",):
            bench.printer.slip()
        return bench.answer(step, data)

    assert isinstance(bench.carry_out(DOCUMENTS["cash_in"], earlier), Wait)


def test_cash_that_the_printer_replaces_by_zero_was_paid_out() -> None:
    """Error 32 is a warning (8.1): another program took cash out between our look and our slip."""
    bench = Bench()
    bench.printer.before["cash payout"] = lambda: setattr(bench.printer, "cash", 300)
    assert isinstance(bench.carry_out(DOCUMENTS["cash_out"]), Printed)
    assert (bench.printer.cash, bench.printer.error) == (0, 32)


def test_every_document_starts_in_the_mode_in_which_errors_stop_nothing() -> None:
    for doc in DOCUMENTS.values():
        bench = Bench()
        bench.carry_out(doc)
        assert bench.executed[0] == "error set"
        assert bench.printer.silent


def test_a_baseline_that_is_out_of_date_reads_the_rates_again() -> None:
    bench = Bench()
    first = bench.carry_out(RECEIPT)
    assert isinstance(first, Printed)
    assert first.baseline is not None
    bench.printer.before["receipt begin"] = lambda: bench.printer.rates.update(A="22.00%")
    bench.printer.slip()
    verdict = bench.carry_out(RECEIPT, baseline=first.baseline)
    assert isinstance(verdict, NotPrinted)
    assert verdict.again
    assert bench.printer.open is None


def test_names_that_differ_in_spaces_are_the_same_goods() -> None:
    doc = document(type="receipt", lines=[{"name": "Sok  jabłkowy", "price": "1.00", "vat": "A"}])
    bench, journal = closing_lost(doc, executed=False)
    assert bench.printer.open is not None
    item = bench.printer.open.items[0]
    bench.printer.open.items[0] = element("item", **{**dict(item.attributes), "name": "Sok Jabłkowy"})
    verdict = bench.recover(doc, journal)
    assert isinstance(verdict, NotPrinted)
    assert bench.printer.open is None


def test_the_settings_of_another_family_are_a_mistake_of_ours() -> None:
    known: Settings = settings()
    assert FAMILY.options.of(known).crc
