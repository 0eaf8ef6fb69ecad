"""What follows from what a printer says about itself, of a family that does not exist."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fiscald.model.cash import Drawer
from fiscald.model.jobs import Paper, Result
from fiscald.model.problems import FieldProblem
from fiscald.protocols.base import Checkpoint, Held, NotPrinted, Printed, Stage, Unknown
from fiscald.protocols.conditions import Conditions
from fiscald.protocols.driving import drive_sync
from fiscald.protocols.proof import verdicts
from fiscald.protocols.proof.verdicts import CommitReply, Ending
from tests.protocols.proof.counted import AFTER, BEFORE, DUE, REFUSAL, SETTINGS, Baseline, CounterDelta

CONDITIONS = Conditions("report_due | receipt | |", ("receipt", "daily_report"))


# -- before ---------------------------------------------------------------------------------------------


def waits(found: Baseline, document_type: str = "receipt", printer_id: str | None = "ABC1") -> str | None:
    why = verdicts.reason_to_wait(found, document_type, CONDITIONS, SETTINGS, printer_id)
    return None if why is None else why.problem.code


def test_a_printer_that_is_ready_and_ours() -> None:
    assert waits(Baseline()) is None
    assert waits(Baseline(), printer_id=None) is None


@pytest.mark.parametrize(
    ("found", "code"),
    [
        (Baseline(printer_id="XYZ9", transaction_open=True), "printer.swapped"),
        (Baseline(transaction_open=True, standing=DUE), "printer.foreign_transaction"),
        (Baseline(standing=DUE), "printer.report_due"),
    ],
)
def test_a_document_waits_for_its_printer(found: Baseline, code: str) -> None:
    assert waits(found) == code


def test_a_document_waits_only_for_a_condition_that_concerns_it() -> None:
    assert waits(Baseline(standing=DUE), "daily_report") is None


def test_a_refusal_before_the_first_step_has_the_look() -> None:
    errors = [FieldProblem(pointer=f"/{n}", code="x", detail="bad", detail_pl="źle") for n in "ab"]
    verdict = verdicts.refused_before(errors, BEFORE)
    assert (verdict.problem.code, verdict.again) == ("document.refused", False)
    assert "/a: bad (and 1 more)" in verdict.problem.detail
    assert verdict.evidence == {"before": BEFORE}


# -- after ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("closing", [None, CommitReply()])
def test_what_did_nothing_without_a_reason_is_carried_out_again(closing: CommitReply | None) -> None:
    verdict = verdicts.not_executed(closing, "it was still open", AFTER)
    assert isinstance(verdict, NotPrinted)
    assert (verdict.problem.code, verdict.again, verdict.evidence) == ("printer.interrupted", True, {"after": AFTER})


def test_the_printers_own_reason_goes_first() -> None:
    verdict = verdicts.not_executed(CommitReply(REFUSAL), "it was still open", AFTER)
    assert isinstance(verdict, NotPrinted)
    assert (verdict.problem, verdict.again, verdict.evidence) == (REFUSAL, False, {"after": AFTER})


def test_a_refusal_that_passes_does_not_blame_the_document() -> None:
    verdict = verdicts.not_executed(CommitReply(REFUSAL, again=True), "it was still open", AFTER)
    assert isinstance(verdict, NotPrinted)
    assert (verdict.problem.code, verdict.problem.retry, verdict.again) == ("printer.interrupted", "safe", True)
    assert REFUSAL.detail in verdict.problem.detail
    assert (verdict.problem.device_code, verdict.problem.model_extra) == (REFUSAL.device_code, REFUSAL.model_extra)


@pytest.mark.parametrize("was_open", [True, False])
def test_a_condition_of_the_printer_makes_the_document_wait(was_open: bool) -> None:
    verdict = verdicts.not_executed(CommitReply(DUE, waits=True), "it was still open", AFTER, was_open=was_open)
    assert verdict == Held(DUE, was_open, {"after": AFTER})


@pytest.mark.parametrize(
    ("closing", "code", "again"),
    [
        (None, "printer.interrupted", True),
        (CommitReply(), "printer.interrupted", True),
        (CommitReply(REFUSAL), "printer.cancelled", False),
        (CommitReply(REFUSAL, again=True), "printer.cancelled", False),
        (CommitReply(REFUSAL, timed_out=True), "printer.interrupted", True),
    ],
)
def test_a_person_who_cancels_while_the_line_is_good_has_decided(
    closing: CommitReply | None, code: str, again: bool
) -> None:
    """What was refused in the end was answered; after silence or a lost link the printer may have done it itself."""
    verdict = verdicts.ended_by_others(closing, "it was cancelled", AFTER)
    assert (verdict.problem.code, verdict.again, verdict.evidence) == (code, again, {"after": AFTER})
    both = verdicts.two_endings(CounterDelta(completed=1, cancelled=1, sales=500, cancelled_value=1000), 1000, closing)
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
    match verdicts.two_endings(moved, 1000):
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
    moved = CounterDelta(AFTER, 0, len(sold), len(given_up), sum(sold), sum(given_up))
    verdict = verdicts.two_endings(moved, total)
    assert not isinstance(verdict, NotPrinted if completed else type(None))


#: What became of our receipt of 10.00. Rows: open or not, and whether the printer says that one was closed (+, -, or ?
#: where it does not say it); columns: completed and cancelled. See ``said``.
FATES = """
            0/0        1/0        0/1          1/1        2/0
    open?   open       completed  interrupted  completed  completed
    open+   open       completed  interrupted  completed  completed
    shut?   vanished   completed  interrupted  completed  completed
    shut+   vanished   completed  interrupted  completed  completed
    shut-   interrupted completed interrupted  completed  completed
"""
COUNTS, *FATE_ROWS = (line.split() for line in FATES.strip().splitlines())


def said(found: Ending | NotPrinted | Unknown) -> str:
    match found:
        case Ending():
            return {Ending.NONE: "open", Ending.COMPLETED: "completed"}[found]
        case NotPrinted(problem=why):
            return why.code.removeprefix("printer.")
        case Unknown(problem=why):
            return str((why.model_extra or {})["cause"])


@pytest.mark.parametrize(
    ("row", "count", "fate"),
    [(row[0], count, fate) for row in FATE_ROWS for count, fate in zip(COUNTS, row[1:], strict=True)],
)
def test_what_became_of_a_receipt(row: str, count: str, fate: str) -> None:
    completed, cancelled = map(int, count.split("/"))
    delta = CounterDelta(
        completed=completed, cancelled=cancelled, sales=completed * 1000, cancelled_value=cancelled * 500
    )
    closed = {"?": None, "+": True, "-": False}[row[4]]
    assert said(verdicts.ending(delta, 1000, None, is_open=row.startswith("open"), closed=closed)) == fate


@pytest.mark.parametrize(
    ("sales", "other_content", "fate"),
    [(1000, False, "completed"), (None, False, "completed"), (900, False, "changed"), (1000, True, "changed")],
)
def test_a_completed_receipt_that_is_not_ours(sales: int | None, other_content: bool, fate: str) -> None:
    delta = CounterDelta(completed=1, sales=sales)
    assert said(verdicts.ending(delta, 1000, None, is_open=False, other_content=other_content)) == fate


def test_a_cancelled_receipt_whose_closing_was_refused_was_given_up() -> None:
    delta = CounterDelta(cancelled=1, cancelled_value=1000)
    assert said(verdicts.ending(delta, 1000, CommitReply(REFUSAL), is_open=False)) == "cancelled"


@pytest.mark.parametrize(
    ("completed", "sales", "like_ours", "confirmed", "last"),
    [
        (1, 1000, True, True, True),
        (1, 1000, False, True, False),
        (2, 1500, True, True, True),  # the other one is worth 5.00, and was the first
        (2, 500, True, True, True),  # less than ours is worth: the other one took something back
        (2, 2000, True, False, False),  # another one of our value, long after ours
        (2, 2000, True, True, "twins"),
        (2, None, True, True, "twins"),
        (2, 2000, False, True, False),
    ],
)
def test_whether_the_last_receipt_is_ours(
    completed: int, sales: int | None, like_ours: bool, confirmed: bool, last: bool | str
) -> None:
    delta = CounterDelta(completed=completed, sales=sales)
    found = verdicts.last_is_ours(delta, 1000, like_ours=like_ours, confirmed=confirmed)
    assert (said(found) if isinstance(found, Unknown) else found) == last


def no_step(_: object) -> object:
    raise AssertionError("nothing is sent, and nothing is written down")


# -- the drawer -----------------------------------------------------------------------------------------


def test_the_drawer_is_open_when_the_printer_confirms_and_never_undecided() -> None:
    found = Baseline()
    assert verdicts.drawer(found, CommitReply()) == Printed(Result(printer_id="ABC1"), Paper.NONE)
    assert verdicts.drawer(found, CommitReply(REFUSAL)) == NotPrinted(REFUSAL)
    verdict = verdicts.drawer(found, CommitReply(REFUSAL, again=True))
    assert isinstance(verdict, NotPrinted)
    assert (verdict.problem.code, verdict.again) == ("printer.interrupted", False), "noise is not the order's fault"
    interrupted = drive_sync(verdicts.recover_drawer(Drawer(), SETTINGS, Checkpoint(Stage.STARTED, None)), no_step)
    assert isinstance(interrupted, NotPrinted)
    assert not interrupted.again
    assert verdicts.drawer(found, CommitReply(DUE, waits=True)) == Held(DUE), "it may be opened later"
