"""Our receipt, when people and other programs do one thing at the printer meanwhile. More of them: ``test_others``."""

from __future__ import annotations

from decimal import Decimal

import pytest

from fiscald.model.reports import DailyReport
from fiscald.protocols.base import NotPrinted, Printed, Stage
from tests.conformance.bench import Bench, cause
from tests.conformance.families import RECEIPTS
from tests.conformance.test_others import RECEIPT
from tests.found import found

pytestmark = pytest.mark.parametrize("family", RECEIPTS)


def test_a_receipt_has_the_number_and_total_of_the_register(family: str) -> None:
    for profile in found(Bench(family).device.profiles):
        bench = Bench(family, profile)
        bench.device.auto_confirm = True  # an older printer asks a person before a report
        for number in (1, 2):
            verdict = bench.carry_out(RECEIPT)
            assert isinstance(verdict, Printed)
            assert (verdict.result.number, verdict.result.daily_report) == (number, 1)
            assert verdict.result.total == Decimal("11.50")
            assert verdict.result.printed_at is not None
        report = bench.carry_out(DailyReport())
        assert isinstance(report, Printed)
        assert (report.result.number, report.result.daily_report) == (1, 1)
        verdict = bench.carry_out(RECEIPT)
        assert isinstance(verdict, Printed)
        assert (verdict.result.number, verdict.result.daily_report) == (bench.sold[-1].number, 2)


@pytest.mark.parametrize("executed", [False, True])
def test_receipts_of_others_before_ours_was_open_change_nothing(family: str, executed: bool) -> None:
    """Between the first look and our opening: the number is still exact."""
    bench = Bench(family)
    bench.before(bench.names.opening, lambda: bench.others_receipt(777))
    bench.break_off(RECEIPT, bench.names.closing, executed=executed)
    verdict = bench.recover(RECEIPT)
    if executed:
        assert isinstance(verdict, Printed)
        assert verdict.result.number == 2
    else:
        assert isinstance(verdict, NotPrinted)
        assert verdict.again
        assert len(bench.sold) == 1


@pytest.mark.parametrize("executed", [False, True])
def test_a_daily_report_after_an_unanswered_closing_leaves_it_unproven(family: str, executed: bool) -> None:
    bench = Bench(family)
    bench.break_off(RECEIPT, bench.names.closing, executed=executed)
    if not executed:
        bench.others_cancel()
        bench.others_receipt(300)
    bench.others_report()
    verdict = bench.recover(RECEIPT)
    if executed and bench.case.shows_last:
        assert isinstance(verdict, Printed)
        assert (verdict.result.number, verdict.result.daily_report) == (1, 1)
    else:
        assert cause(verdict) == "report_between"


def test_a_confirmed_receipt_is_done_whatever_follows(family: str) -> None:
    """The closing command was answered; then a person made the daily report, before we could look."""
    bench = Bench(family)

    def answer(name: str, data: bytes) -> bytes:
        told = bench.answer(data)
        if name == bench.names.closing:
            bench.others_report()
        return told

    verdict = bench.carry_out(RECEIPT, answer=answer)
    assert isinstance(verdict, Printed)
    assert (verdict.result.number, verdict.result.daily_report) == (1, 1)


def test_a_receipt_that_a_person_cancelled_after_a_silence_comes_again(family: str) -> None:
    """A power cut cancels too on some printers, so that this is no decision against it."""
    bench = Bench(family)
    bench.break_off(RECEIPT, bench.names.closing, executed=False)
    bench.others_cancel()
    verdict = bench.recover(RECEIPT)
    assert isinstance(verdict, NotPrinted)
    assert verdict.again


def test_an_empty_receipt_that_moves_is_another_programs(family: str) -> None:
    """Our opening command was lost, and another program has opened a receipt: it is at work."""
    bench = Bench(family)
    bench.break_off(RECEIPT, bench.names.opening, executed=False)
    bench.others_open()
    verdict = bench.recover(RECEIPT, paused=lambda: bench.others_sell(5))
    assert isinstance(verdict, NotPrinted)
    assert verdict.again
    assert bench.open
    assert bench.names.cancel not in bench.sent


def lines_come_one_by_one(family: str) -> bool:
    """Whether each line is a step; in some families lines share one."""
    bench = Bench(family)
    bench.carry_out(RECEIPT)
    return bench.sent.count(bench.names.line) == len(RECEIPT.lines)


@pytest.mark.parametrize(("stop", "nth"), [("opening", 1), ("line", 1), ("line", 2), ("closing", 1)])
def test_what_others_have_sold_on_an_open_receipt_is_never_cancelled(family: str, stop: str, nth: int) -> None:
    """Ours was cancelled, and another program sells on its own: it holds what we never sent."""
    bench = Bench(family)
    if nth == 2 and not lines_come_one_by_one(family):
        return
    bench.break_off(RECEIPT, getattr(bench.names, stop), executed=False, nth=nth)
    bench.others_cancel()
    bench.others_open(123)
    verdict = bench.recover(RECEIPT)
    assert isinstance(verdict, NotPrinted)
    assert verdict.again
    assert bench.open
    assert bench.names.cancel not in bench.sent


def test_a_receipt_cancelled_after_its_opening_is_not_taken_for_open(family: str) -> None:
    """What another program opens after that is its own, and its receipt is left alone."""
    bench = Bench(family)

    def answer(name: str, data: bytes) -> bytes:
        told = bench.answer(data)
        if name == bench.names.opening:
            bench.others_cancel()
        return told

    verdict = bench.settle(RECEIPT, lambda: bench.carry_out(RECEIPT, answer=answer))
    assert isinstance(verdict, NotPrinted)
    assert bench.journal.checkpoint.stage is Stage.STARTED
    assert bench.names.line not in bench.sent
    assert bench.names.cancel not in bench.sent


def test_an_opening_that_was_not_answered_after_something_else(family: str) -> None:
    """A receipt of others came between our first look and our opening: no program cancels the open receipt."""
    bench = Bench(family)
    bench.before(bench.names.opening, lambda: bench.others_receipt(777))
    bench.break_off(RECEIPT, bench.names.opening, executed=True)
    verdict = bench.recover(RECEIPT)
    assert isinstance(verdict, NotPrinted)
    assert verdict.again
    assert bench.open
    assert bench.names.cancel not in bench.sent


def test_two_reports_are_unproven_without_an_answer(family: str) -> None:
    bench = Bench(family)
    bench.others_receipt(777)
    bench.break_off_deciding(DailyReport(), executed=True)
    bench.others_receipt(200)
    bench.others_report()
    assert cause(bench.recover(DailyReport())) == "many_reports"


def test_an_undisturbed_receipt_does_not_wait(family: str) -> None:
    bench = Bench(family)
    pauses: list[None] = []
    assert isinstance(bench.carry_out(RECEIPT, paused=lambda: pauses.append(None)), Printed)
    assert not pauses
