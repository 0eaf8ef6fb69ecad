"""What recovery finds out on a Thermal printer, and its documents of one step."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from fiscald.model.cash import CashIn, CashOut, GoodsReturn
from fiscald.model.documents import Document
from fiscald.protocols.base import DialogueAborted, NotPrinted, Printed
from fiscald.protocols.thermal.grammar import State
from fiscald.protocols.thermal.profiles import PROFILES
from tests.protocols import settings as settings_of
from tests.protocols.thermal.bench import RECEIPT, SLIPS, STEPS, Bench, cause
from tests.protocols.thermal.scripted import Till, command_of, result

# -- recovery --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("profile", PROFILES)
def test_the_receipt_was_registered(profile: str) -> None:
    bench = Bench(Till(PROFILES[profile]), settings_of.thermal(profile=profile))
    assert bench.break_off(RECEIPT, PROFILES[profile].closing, executed=True)
    verdict = bench.recover(RECEIPT)
    assert isinstance(verdict, Printed)
    assert verdict.result.number == 1
    assert verdict.result.printed_at is None, "nothing tells when it was"
    assert bench.till.par_num == 1


def test_a_printer_that_was_switched_off_gets_its_mode_again() -> None:
    """The error mode is forgotten then; without answers nothing could be found out."""
    bench = Bench()
    bench.break_off(RECEIPT, "$l", executed=True)
    bench.till.mode = 0
    assert isinstance(bench.recover(RECEIPT), NotPrinted)
    assert bench.till.mode == 3


@pytest.mark.parametrize(
    "change", [{"par_num": 1}, {"totals": [0] * 7}, {"reports": -1}, {"resets": 1}, {"printed": 0}]
)
def test_counters_that_went_back_prove_nothing(change: dict[str, object]) -> None:
    bench = Bench()
    for _ in range(3):
        bench.carry_out(RECEIPT)
    bench.break_off(RECEIPT, "$y", executed=True)
    bench.till.reports = 5
    assert bench.journal.last is not None
    assert bench.journal.last.opened is not None
    opened = bench.journal.last.opened.model_copy(update={"n_dobowych": 5})
    bench.journal.last = replace(bench.journal.last, opened=opened)
    for name, value in change.items():
        setattr(bench.till, name, 4 if value == -1 else value)
    assert cause(bench.recover(RECEIPT)) == "counters_restored"


def test_a_receipt_that_vanished_with_its_flag_down_was_not_registered() -> None:
    """Nothing is open, nothing was counted; opening cleared the flag of the last closing, and it is still clear."""
    bench = Bench()
    bench.break_off(RECEIPT, "$y", executed=False)
    bench.till.state = State.IDLE
    verdict = bench.recover(RECEIPT)
    assert isinstance(verdict, NotPrinted)
    assert verdict.again


def test_a_receipt_that_only_the_flag_calls_closed_is_undecided() -> None:
    bench = Bench()
    bench.break_off(RECEIPT, "$y", executed=False)
    bench.till.state, bench.till.finished = State.IDLE, True
    assert cause(bench.recover(RECEIPT)) == "vanished"


@pytest.mark.parametrize(("stop", "nth"), [("$h", 1), ("$l", 2), ("$y", 1)])
def test_what_others_have_sold_on_an_open_receipt_is_never_cancelled(stop: str, nth: int) -> None:
    """Ours was given up without a trace, and another program has opened its own: it holds what we never sent."""
    bench = Bench()
    bench.break_off(RECEIPT, stop, executed=False, nth=nth)
    bench.till.state = State.IDLE
    bench.till.others_begin()
    bench.till.others_sell(123)
    verdict = bench.recover(RECEIPT)
    assert isinstance(verdict, NotPrinted)
    assert verdict.again
    assert bench.till.state is State.LINES
    assert "$e" not in bench.names


@pytest.mark.parametrize("stop", ["$h", "$l"])
def test_an_empty_receipt_that_moves_is_somebody_elses(stop: str) -> None:
    bench = Bench()
    bench.break_off(RECEIPT, stop, executed=False)
    bench.till.cancel()
    bench.till.others_begin()
    verdict = bench.recover(RECEIPT, paused=lambda: bench.till.others_sell(5))
    assert isinstance(verdict, NotPrinted)
    assert bench.till.state is State.LINES
    assert "$e" not in bench.names


@pytest.mark.parametrize("profile", ["posnet", "novitus"])
@pytest.mark.parametrize("others", ["report", "others_receipt"])
def test_an_unconfirmed_opening_after_something_else_happened(profile: str, others: str) -> None:
    """It came between our first look and our opening: the empty receipt may be theirs, and is left alone."""
    bench = Bench(Till(PROFILES[profile], totals=[100] * 7, par_num=3), settings_of.thermal(profile=profile))
    real = bench.till.answer

    def answer(data: bytes) -> bytes:
        if command_of(data) == "$h":
            getattr(bench.till, others)()
        return real(data)

    bench.till.answer = answer  # type: ignore[method-assign]
    bench.break_off(RECEIPT, "$h", executed=True)
    verdict = bench.recover(RECEIPT)
    assert isinstance(verdict, NotPrinted)
    assert verdict.again
    assert bench.till.state is State.LINES


def test_a_line_refused_in_somebody_elses_receipt_cancels_nothing() -> None:
    """A person cancelled ours, another program opened its own, and our next line ended up there."""
    bench = Bench()

    def answer(name: str, data: bytes) -> bytes:
        if b"Bu\x92ka" in data:
            bench.till.cancel()
            bench.till.others_begin()
        return bench.answer(data)

    verdict = bench.carry_out(RECEIPT, answer=answer)
    assert isinstance(verdict, NotPrinted)
    assert verdict.problem.code == "printer.cancelled"
    assert not verdict.again
    assert bench.till.state is State.LINES
    assert "$e" not in bench.names


def test_our_receipt_that_cannot_be_cancelled_yet_is_tried_again() -> None:
    bench = Bench()
    bench.break_off(RECEIPT, "$y", executed=False)
    bench.till.refuses = {"$e 0": 1034}
    with pytest.raises(DialogueAborted, match="cancelled"):
        bench.recover(RECEIPT)
    bench.till.refuses = {}
    assert isinstance(bench.recover(RECEIPT), NotPrinted)
    assert bench.till.state is State.IDLE


def test_a_look_that_lost_two_equal_bytes_is_not_believed() -> None:
    """The check byte does not notice; the next look differs, and one more decides."""
    bench = Bench(Till(totals=[110_000, 0, 0, 0, 0, 0, 0]))
    bench.break_off(RECEIPT, "$y", executed=True)
    damaged = [False] * 4 + [True]
    real = bench.till.answer

    def answer(data: bytes) -> bytes:
        found = real(data)
        return found.replace(b"/1110.00/", b"/10.00/") if command_of(data) == "#s 23" and damaged.pop() else found

    bench.till.answer = answer  # type: ignore[method-assign]
    verdict = bench.recover(RECEIPT)
    assert isinstance(verdict, Printed)
    assert verdict.result.number == 1
    assert not damaged, "two that agree after the damaged one, and two before the verdict"


def test_a_printer_that_never_stands_still_is_busy() -> None:
    bench = Bench()
    bench.break_off(RECEIPT, "$y", executed=True)

    real = bench.till.answer

    def answer(data: bytes) -> bytes:
        if command_of(data) == "#s 50":
            bench.till.others_receipt()
        return real(data)

    bench.till.answer = answer  # type: ignore[method-assign]
    with pytest.raises(DialogueAborted, match="keep changing"):
        bench.recover(RECEIPT)


# -- documents of one step -------------------------------------------------------------------------------


@pytest.mark.parametrize("executed", [False, True])
@pytest.mark.parametrize("document", SLIPS, ids=lambda d: d.type)
def test_where_sales_moved_the_cash_too_the_printouts_decide(document: Document, executed: bool) -> None:
    bench = Bench(Till(cash=1000))
    bench.break_off(document, STEPS[document.type], executed=executed)
    bench.till.others_receipt()
    assert isinstance(bench.recover(document), Printed if executed else NotPrinted)


def test_another_amount_in_the_drawer_is_for_a_person() -> None:
    """Ours was lost and another program paid in; or noise that the check byte does not notice changed our amount."""
    bench = Bench()
    bench.break_off(CashIn(amount=Decimal("1000.00")), "#i", executed=False)
    bench.till.say(b"0#i10.00/")
    assert cause(bench.recover(CashIn(amount=Decimal("1000.00")))) == "changed"


def test_a_doubled_slip_is_done_and_told() -> None:
    bench = Bench(Till(cash=1000))

    def doubling(name: str, data: bytes) -> bytes:
        if name == "#i":
            bench.answer(data)
        return bench.answer(data)

    verdict = bench.carry_out(CashIn(amount=Decimal("5.00")), answer=doubling)
    assert isinstance(verdict, Printed)
    assert [notice.code for notice in verdict.notices] == ["slip.doubled"]


def test_a_doubled_slip_without_an_answer_is_for_a_person() -> None:
    bench = Bench()
    bench.break_off(CashIn(amount=Decimal("5.00")), "#i", executed=True)
    bench.till.say(b"0#i5.00/")
    assert cause(bench.recover(CashIn(amount=Decimal("5.00")))) == "many_slips"


def test_a_doubled_slip_that_emptied_the_drawer_is_done() -> None:
    """The second one was refused for want of cash, and the printer has forgotten the rest."""
    bench = Bench(Till(cash=150))

    def doubling(name: str, data: bytes) -> bytes:
        found = bench.answer(data)
        if name == "#d":
            bench.answer(data)
        return found

    verdict = bench.carry_out(CashOut(amount=Decimal("1.00")), answer=doubling)
    assert isinstance(verdict, Printed)
    assert bench.till.cash == 0


@pytest.mark.parametrize(
    "document", [CashOut(amount=Decimal("5.00")), GoodsReturn(amount=Decimal("5.00"))], ids=lambda each: each.type
)
@pytest.mark.parametrize("cash", [500, 600])
def test_a_refused_slip_is_not_proven_by_cash_that_the_printer_forgot(document: Document, cash: int) -> None:
    """Another program pays out before ours, which is refused for want of cash: the drawer counts as empty (5.7)."""
    bench = Bench(Till(cash=cash))

    def answer(name: str, data: bytes) -> bytes:
        if name == STEPS[document.type]:
            bench.till.say(b"0#d3.00/")
        return bench.answer(data)

    assert cause(bench.carry_out(document, answer=answer)) == "many_slips"


def test_a_refused_slip_without_any_other_was_not_printed() -> None:
    bench = Bench(Till(cash=500))

    def answer(name: str, data: bytes) -> bytes:
        if name == "#d":
            bench.till.cash = 0
        return bench.answer(data)

    verdict = bench.carry_out(CashOut(amount=Decimal("5.00")), answer=answer)
    assert isinstance(verdict, NotPrinted)
    assert verdict.problem.device_code == "32"


@pytest.mark.parametrize("executed", [True, False])
@pytest.mark.parametrize("fiscal", [True, False])
def test_the_number_of_receipts_starts_again_after_9999(executed: bool, fiscal: bool) -> None:
    """Novitus counts on over the daily reports (5.9)."""
    bench = Bench(
        Till(PROFILES["novitus"], fiscal=fiscal, par_num=9999, totals=[100] * 7),
        settings_of.thermal(profile="novitus"),
    )
    real = bench.till.answer

    def rolling(data: bytes) -> bytes:
        found = real(data)
        bench.till.par_num %= 10_000
        return found

    bench.till.answer = rolling  # type: ignore[method-assign]
    bench.break_off(RECEIPT, "$y", executed=executed)
    verdict = bench.recover(RECEIPT)
    if executed:
        assert isinstance(verdict, Printed)
        assert verdict.result.number == 0
    else:
        assert isinstance(verdict, NotPrinted)
        assert verdict.again


def test_a_confirmed_slip_that_moved_no_counter_is_contradictory() -> None:
    bench = Bench(Till(cash=1000))
    paused: list[int] = []

    def answer(name: str, data: bytes) -> bytes:
        return result("#z") if name == "#z" else bench.answer(data)

    verdict = bench.carry_out(GoodsReturn(amount=Decimal("1.00")), answer=answer, paused=lambda: paused.append(1))
    assert cause(verdict) == "contradiction"
    assert len(paused) == 2, "it was looked at again before"


def test_a_report_among_slips_is_unproven() -> None:
    bench = Bench()
    bench.carry_out(RECEIPT)
    bench.break_off(CashIn(amount=Decimal("0.05")), "#i", executed=True)
    bench.till.report()
    assert cause(bench.recover(CashIn(amount=Decimal("0.05")))) == "report_between"
