"""What follows from what a printer says about itself, of a family that does not exist."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, TypeVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fiscald.model.jobs import Paper, Result
from fiscald.model.printers import Condition, Counters, PrinterState
from fiscald.model.problems import FieldProblem, Problem, problem
from fiscald.protocols import judging
from fiscald.protocols.base import Dialogue, Held, NotPrinted, Pause, Printed, Settings, Started, Unknown, Verdict, Wait
from fiscald.protocols.judging import CommitReply

T = TypeVar("T")
SETTINGS = Settings("till1", "cp1250")
COUNTERS = Counters(daily_report=1, last_receipt=1, receipts=1, cancelled=0, printouts=1)
REFUSAL = problem("printer.refused", reason="no", reason_pl="nie", device_code="7", extra={"pointer": "/document"})
BUSY = problem("printer.busy", reason="it works")
DUE = problem("printer.report_due", reason="a report")
READY = Condition(state=PrinterState.READY)


@dataclass
class Baseline:
    printer_id: str = "ABC1"
    transaction_open: bool = False
    fiscal: bool = True
    evidence: dict[str, Any] = field(default_factory=lambda: {"n": 1})
    standing: Problem | None = None


@dataclass
class CounterDelta:
    now: dict[str, Any] = field(default_factory=lambda: {"n": 2})
    reports: int = 0
    completed: int = 0
    cancelled: int = 0
    sales: int | None = 0
    cancelled_value: int | None = 0
    uncounted: bool = False


def at_once(value: T) -> Dialogue[T]:
    return value
    yield


def drive(dialogue: Dialogue[T]) -> tuple[list[Any], T]:
    """What it yields, and what it returns."""
    yielded = []
    while True:
        try:
            yielded.append(next(dialogue))
        except StopIteration as end:
            return yielded, end.value


# -- before ---------------------------------------------------------------------------------------------


def prepared(condition: Condition, facts: Baseline, printer_id: str | None = None) -> Baseline | Wait:
    return drive(judging.prepare(SETTINGS, printer_id, at_once(condition), at_once(facts)))[1]


def test_a_printer_that_is_ready_and_ours() -> None:
    facts = Baseline()
    assert prepared(READY, facts) is facts
    assert prepared(READY, facts, "ABC1") is facts


@pytest.mark.parametrize(
    ("condition", "facts", "code"),
    [
        (Condition(state=PrinterState.BUSY, problem=BUSY), Baseline(transaction_open=True), "printer.busy"),
        (READY, Baseline(printer_id="XYZ9", transaction_open=True), "printer.swapped"),
        (READY, Baseline(transaction_open=True), "printer.foreign_transaction"),
    ],
)
def test_a_document_waits_for_its_printer(condition: Condition, facts: Baseline, code: str) -> None:
    waits = prepared(condition, facts, "ABC1")
    assert isinstance(waits, Wait)
    assert waits.problem.code == code


@pytest.mark.parametrize("stops", [True, False])
def test_a_document_waits_for_a_condition_that_concerns_it(stops: bool) -> None:
    asked = []

    def concerned(code: str) -> bool:
        asked.append(code)
        return stops

    facts = Baseline(standing=DUE)
    found = drive(judging.prepare(SETTINGS, None, at_once(READY), at_once(facts), concerned))[1]
    assert found == (Wait(DUE) if stops else facts)
    assert asked == ["printer.report_due"]


def test_what_is_refused_before_says_so_with_the_look() -> None:
    errors = [FieldProblem(pointer=f"/{n}", code="x", detail="bad", detail_pl="źle") for n in "ab"]
    verdict = judging.refused_before(errors, Baseline())
    assert (verdict.problem.code, verdict.again) == ("document.refused", False)
    assert "/a: bad (and 1 more)" in verdict.problem.detail
    assert verdict.evidence == {"before": {"n": 1}}


# -- after ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("closing", [None, CommitReply()])
def test_what_did_nothing_without_a_reason_is_carried_out_anew(closing: CommitReply | None) -> None:
    verdict = judging.not_executed(closing, "it was still open", {"n": 2})
    assert isinstance(verdict, NotPrinted)
    assert (verdict.problem.code, verdict.again, verdict.evidence) == ("printer.interrupted", True, {"after": {"n": 2}})


def test_the_printers_own_reason_goes_first() -> None:
    verdict = judging.not_executed(CommitReply(REFUSAL), "it was still open", {"n": 2})
    assert isinstance(verdict, NotPrinted)
    assert (verdict.problem, verdict.again, verdict.evidence) == (REFUSAL, False, {"after": {"n": 2}})


def test_a_refusal_that_passes_does_not_blame_the_document() -> None:
    verdict = judging.not_executed(CommitReply(REFUSAL, again=True), "it was still open", {"n": 2})
    assert isinstance(verdict, NotPrinted)
    assert (verdict.problem.code, verdict.problem.retry, verdict.again) == ("printer.interrupted", "safe", True)
    assert REFUSAL.detail in verdict.problem.detail
    assert (verdict.problem.device_code, verdict.problem.model_extra) == (REFUSAL.device_code, REFUSAL.model_extra)


@pytest.mark.parametrize("begun", [True, False])
def test_a_condition_of_the_printer_makes_the_document_wait(begun: bool) -> None:
    verdict = judging.not_executed(CommitReply(DUE, waits=True), "it was still open", {"n": 2}, begun=begun)
    assert verdict == Held(DUE, begun, {"after": {"n": 2}})


@pytest.mark.parametrize(
    ("closing", "code", "again"),
    [
        (None, "printer.interrupted", True),
        (CommitReply(), "printer.interrupted", True),
        (CommitReply(REFUSAL), "printer.cancelled", False),
        (CommitReply(REFUSAL, again=True), "printer.cancelled", False),
    ],
)
def test_whoever_cancels_while_the_line_is_good_has_decided(
    closing: CommitReply | None, code: str, again: bool
) -> None:
    """What was refused in the end was answered; after silence or a lost link the printer may have done it itself."""
    verdict = judging.ended_by_others(closing, "it was cancelled", {"n": 2})
    assert (verdict.problem.code, verdict.again, verdict.evidence) == (code, again, {"after": {"n": 2}})
    both = judging.two_endings(CounterDelta(completed=1, cancelled=1, sales=500, cancelled_value=1000), 1000, closing)
    assert isinstance(both, NotPrinted)
    assert (both.problem.code, both.again) == (code, again)


#: Which of two receipts at least is ours, of 10.00. Rows: one or two that were completed, worth less than ours together,
#: the same, or more; columns: cancelled. C ours was completed, X it was cancelled, ? the values do not tell.
WORTH = {"<": 500, "=": 1000, ">": 1500, "?": None}
ENDINGS = """
        1<  1=  1>  1?  2<  2=  2>  2?
    1<  ?   X   ?   X   ?   X   X   X
    1=  C   ?   C   ?   C   ?   ?   ?
    1>  ?   X   ?   X   ?   X   X   X
    1?  C   ?   C   ?   C   ?   ?   ?
    2<  ?   X   ?   X   ?   X   X   X
    2=  C   ?   C   ?   C   ?   ?   ?
    2>  C   ?   C   ?   C   ?   ?   ?
    2?  C   ?   C   ?   C   ?   ?   ?
"""
COLUMNS, *ROWS = (line.split() for line in ENDINGS.strip().splitlines())


@pytest.mark.parametrize(
    ("completed", "cancelled", "told"),
    [(row[0], column, told) for row in ROWS for column, told in zip(COLUMNS, row[1:], strict=True)],
)
def test_which_of_two_receipts_is_ours(completed: str, cancelled: str, told: str) -> None:
    moved = CounterDelta(
        completed=int(completed[0]),
        sales=WORTH[completed[1]],
        cancelled=int(cancelled[0]),
        cancelled_value=WORTH[cancelled[1]],
    )
    match judging.two_endings(moved, 1000):
        case None:
            assert told == "C"
        case NotPrinted(again=again):
            assert (told, again) == ("X", True)
        case Unknown(problem=why, evidence=evidence):
            assert (told, why.model_extra, evidence) == ("?", {"cause": "twins"}, {"after": moved.now})


@given(st.lists(st.tuples(st.booleans(), st.integers(1, 5)), min_size=1, max_size=4), st.booleans(), st.integers(1, 5))
def test_a_receipt_among_others_is_never_taken_for_its_opposite(
    others: list[tuple[bool, int]], completed: bool, total: int
) -> None:
    """``others``: whether each was completed, and its value."""
    sold = [value for done, value in [*others, (completed, total)] if done]
    given_up = [value for done, value in [*others, (completed, total)] if not done]
    moved = CounterDelta({}, 0, len(sold), len(given_up), sum(sold), sum(given_up))
    verdict = judging.two_endings(moved, total)
    assert not isinstance(verdict, NotPrinted if completed else type(None))


PRINTED = Printed(Result(printer_id="ABC1"))


def looked(
    verdicts: list[Verdict | None], closing: CommitReply | None, moved: CounterDelta | Wait | Unknown | None = None
) -> tuple[list[Any], Verdict]:
    told = iter(verdicts)

    def judge(_: CounterDelta, confirmed: bool | None, __: Settings) -> Dialogue[Verdict | None]:
        assert confirmed is (None if closing is None else closing.refusal is None)
        return at_once(next(told))

    def since(then: dict[str, Any], now: dict[str, Any], _: Settings) -> CounterDelta | Wait | Unknown:
        assert (then, now) == ({"n": 1}, {"n": 2})
        return moved or CounterDelta(now)

    seen = drive(judging.look(judge, SETTINGS, {"n": 1}, closing, read=lambda: at_once({"n": 2}), since=since))
    assert next(told, "all were asked for") == "all were asked for"
    return seen


@pytest.mark.parametrize("closing", [None, CommitReply(), CommitReply(REFUSAL)])
def test_what_the_counters_prove_is_the_verdict(closing: CommitReply | None) -> None:
    assert looked([PRINTED], closing) == ([], PRINTED)


@pytest.mark.parametrize("closing", [None, CommitReply(REFUSAL, again=True)])
def test_counters_that_stand_still_are_looked_at_once_where_nothing_was_confirmed(closing: CommitReply | None) -> None:
    yielded, verdict = looked([None], closing)
    assert not yielded
    assert verdict == judging.not_executed(closing, "the counters prove that nothing was printed", {"n": 2})


def test_a_confirmed_document_gets_time_to_show_in_the_counters() -> None:
    assert looked([None, None, PRINTED], CommitReply()) == ([Pause(judging.STILL_SECONDS)] * 2, PRINTED)


def test_a_confirmation_that_no_counter_bears_out_is_for_a_person() -> None:
    yielded, verdict = looked([None] * judging.LOOKS, CommitReply())
    assert len(yielded) == judging.LOOKS - 1
    assert isinstance(verdict, Unknown)
    assert verdict.problem.model_extra == {"cause": "contradiction"}


@pytest.mark.parametrize("why", [Wait(BUSY), judging.unproven("counters_restored", "lower", {})])
def test_looks_that_cannot_be_compared_are_not_judged(why: Wait | Unknown) -> None:
    assert looked([], CommitReply(), why) == ([], why)


@pytest.mark.parametrize(
    ("moved", "confirmed", "verdict"),
    [
        (CounterDelta(reports=1), False, PRINTED),
        (CounterDelta(uncounted=True), True, PRINTED),
        (CounterDelta(uncounted=True), False, None),
        (CounterDelta(), True, None),
        (
            CounterDelta(reports=2),
            True,
            judging.unproven("many_reports", "2 daily reports were made since the start", {"n": 2}),
        ),
    ],
)
def test_a_report_is_proven_by_its_counter(moved: CounterDelta, confirmed: bool, verdict: Verdict | None) -> None:
    judge = judging.report_judge(lambda *_: at_once(PRINTED))
    assert drive(judge(moved, confirmed, SETTINGS)) == ([], verdict)


# -- the drawer -----------------------------------------------------------------------------------------


def test_the_drawer_is_open_when_the_printer_says_so_and_never_undecided() -> None:
    started = [Started({"n": 1}, COUNTERS)]
    yielded, verdict = drive(judging.drawer(Baseline(), COUNTERS, at_once(CommitReply())))
    assert (yielded, verdict) == (started, Printed(Result(printer_id="ABC1"), Paper.NONE))
    assert drive(judging.drawer(Baseline(), COUNTERS, at_once(CommitReply(REFUSAL)))) == (started, NotPrinted(REFUSAL))
    _, verdict = drive(judging.drawer(Baseline(), COUNTERS, at_once(CommitReply(REFUSAL, again=True))))
    assert isinstance(verdict, NotPrinted)
    assert (verdict.problem.code, verdict.again) == ("printer.interrupted", False), "noise is not the order's fault"
    assert not judging.drawer_interrupted().again
    _, verdict = drive(judging.drawer(Baseline(), COUNTERS, at_once(CommitReply(DUE, waits=True))))
    assert verdict == Held(DUE), "a drawer that was not opened may be opened later"
