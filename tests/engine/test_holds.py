"""When a document that the printer refused is tried again: soon where that costs nothing, seldom where it costs paper."""

from __future__ import annotations

import itertools

import pytest

from fiscald.engine.holds import FREE_TRY, MIN_PAUSE, PAPER_TRY, Holds
from fiscald.model.printers import Condition, Counters, Identity, PrinterState, Snapshot
from fiscald.model.problems import Problem, problem
from fiscald.protocols.posnet.conditions import CONDITIONS


def condition(name: str) -> Problem:
    return problem(f"printer.{name}", reason="why", reason_pl="dlaczego")


JUMPER, DUE, FULL = condition("jumper"), condition("report_due"), condition("goods_full")


def tries(why: Problem, hours: float, *, was_open: bool) -> list[float]:
    """When a document is tried that is refused every time."""
    holds, now, found = Holds(CONDITIONS), 0.0, []
    while now < hours * 3600:
        if not holds.is_blocked("A", "receipt", now):
            found.append(now)
            holds.record_refusal("A", "receipt", why, now, was_open=was_open)
        now += 0.5
    return found


def test_a_retry_without_cost_is_made_every_minute() -> None:
    moments = tries(JUMPER, 8, was_open=False)
    pauses = [b - a for a, b in itertools.pairwise(moments)]
    assert pauses[0] == FREE_TRY[0]
    assert pauses == sorted(pauses)
    assert set(pauses[5:]) == {FREE_TRY[1]}


def test_a_retry_that_costs_paper_backs_off() -> None:
    moments = tries(FULL, 24, was_open=True)
    assert moments[1] == PAPER_TRY[0]
    assert len(moments) < 35
    assert max(b - a for a, b in itertools.pairwise(moments)) == PAPER_TRY[1]


@pytest.mark.parametrize("was_open", [False, True])
def test_a_passing_condition_is_retried_soon_then_every_ten_seconds(was_open: bool) -> None:
    moments = tries(condition("busy"), 0.05, was_open=was_open)
    pauses = [b - a for a, b in itertools.pairwise(moments)]
    assert pauses[:5] == [1.0, 2.0, 4.0, 8.0, 10.0]
    assert set(pauses[5:]) == {10.0}


def test_the_status_has_the_condition_of_the_last_try() -> None:
    """An earlier one may be over: a cashier who waits for its end would never make the report that is due."""
    holds = Holds(CONDITIONS)
    holds.record_refusal("A", "receipt", condition("busy"), 0.0, was_open=False)
    holds.record_refusal("A", "receipt", DUE, 5.0, was_open=False)
    assert holds.problem == holds.problem_for("A", "receipt") == DUE
    holds.record_refusal("A", "receipt", condition("busy"), 70.0, was_open=False)
    assert holds.problem == holds.problem_for("A", "receipt") == condition("busy")


def test_documents_that_a_condition_blocks_and_that_it_does_not() -> None:
    holds = Holds(CONDITIONS)
    holds.record_refusal("A", "receipt", JUMPER, 0.0, was_open=False)
    assert holds.problem == JUMPER
    assert holds.blocked_types(0.0) == {"receipt", "invoice", "daily_report"}
    assert (holds.problem_for("B", "receipt"), holds.problem_for("B", "drawer")) == (JUMPER, None)
    assert not holds.is_blocked("B", "drawer", 0.0)
    # A document of another type is refused for it too.
    holds.record_refusal("C", "cash_in", JUMPER, 1.0, was_open=False)
    assert holds.blocked_types(1.0) == {"receipt", "invoice", "daily_report", "cash_in"}
    holds.record_success("B", "drawer")
    assert holds.problem == JUMPER, "that a drawer opens says nothing of it"
    holds.record_success("A", "receipt")
    assert holds.problem is None


def test_a_condition_from_a_status_blocks_the_document_that_met_it() -> None:
    holds = Holds(CONDITIONS)
    holds.record_condition(JUMPER, "cash_in", 0.0)
    assert holds.blocked_types(0.0) == {"receipt", "invoice", "daily_report", "cash_in"}


def test_blocked_documents_that_do_not_block_their_type() -> None:
    holds = Holds(CONDITIONS)
    holds.record_refusal("A", "receipt", FULL, 0.0, was_open=True)
    assert (holds.blocked_types(0.0), holds.blocked_keys(0.0)) == (set(), ["A"])
    holds.record_success("B", "receipt")
    assert holds.is_blocked("A", "receipt", 1.0), "another receipt had goods that the printer knows"
    holds.record_refusal("C", "receipt", FULL, 1.0, was_open=True)
    assert holds.blocked_keys(1.0) == ["A", "C"]
    holds.forget("A")
    assert holds.blocked_keys(1.0) == ["C"]
    holds.forget("C")
    assert holds.problem is None, "no document waits for it"


def test_very_many_blocked_documents_block_their_type() -> None:
    holds = Holds(CONDITIONS)
    for number in range(100):
        holds.record_refusal(str(number), "receipt", FULL, 0.0, was_open=True)
    assert (len(holds.blocked_keys(0.0)), holds.blocked_types(0.0)) == (100, set())
    holds.record_refusal("one more", "receipt", FULL, 0.0, was_open=True)
    assert (len(holds.blocked_keys(0.0)), holds.blocked_types(0.0)) == (100, {"receipt"})


@pytest.mark.parametrize("own", [True, False])
def test_a_daily_report_ends_the_conditions_that_block_it(own: bool) -> None:
    holds = Holds(CONDITIONS)
    for why in (DUE, JUMPER):
        holds.record_refusal("A", "receipt", why, 0.0, was_open=False)
    if own:
        holds.record_success("Z", "daily_report")
    else:
        holds.record_daily_report()
    # Reports were in the jumper's way too, and one was made: that is over as well.
    assert holds.problem is None


def test_a_hint_brings_the_next_retry_forward_but_saves_paper() -> None:
    holds = Holds(CONDITIONS)
    holds.record_refusal("A", "receipt", JUMPER, 0.0, was_open=False)
    holds.retry_soon(MIN_PAUSE / 2)
    assert holds.is_blocked("A", "receipt", MIN_PAUSE / 2)
    assert not holds.is_blocked("A", "receipt", MIN_PAUSE)
    costly = Holds(CONDITIONS)
    now = 0.0
    for _ in range(6):
        costly.record_refusal("A", "receipt", FULL, now, was_open=True)
        now += 5000.0
    last = now - 5000.0
    costly.retry_soon(last + 1)
    assert costly.is_blocked("A", "receipt", last + 1)
    assert not costly.is_blocked("A", "receipt", last + PAPER_TRY[0]), "and not after the hour that it had come to"


def test_a_new_document_triggers_a_retry_that_costs_nothing() -> None:
    holds = Holds(CONDITIONS)
    holds.record_refusal("A", "receipt", JUMPER, 0.0, was_open=False)
    holds.record_refusal("B", "receipt", FULL, 0.0, was_open=True)
    holds.new_document("cash_in", 3.0)
    assert holds.is_blocked("A", "receipt", 3.0)
    holds.new_document("receipt", 3.0)
    assert not holds.is_blocked("A", "receipt", 3.0)
    assert holds.is_blocked("B", "receipt", 3.0)


def test_a_condition_in_the_status_is_polled_and_retried_soon() -> None:
    holds = Holds(CONDITIONS)
    now = 0.0
    for _ in range(100):
        holds.record_condition(condition("no_header"), "receipt", now)
        assert holds.is_blocked("A", "receipt", now)
        now += MIN_PAUSE
        assert not holds.is_blocked("A", "receipt", now)


SEEN = Snapshot(
    identity=Identity(printer_id="EMU 0000000001", fiscal=True, profile="online"),
    counters=Counters(daily_report=5, last_receipt=10, receipts=10, cancelled=0, printouts=100),
    rates={"A": "23.00"},
    condition=Condition(state=PrinterState.READY),
    transaction_open=False,
    day_open=True,
)
SOLD = SEEN.model_copy(update={"counters": SEEN.counters.model_copy(update={"receipts": 11, "printouts": 101})})
REPORTED = SEEN.model_copy(update={"counters": SEEN.counters.model_copy(update={"daily_report": 6})})
OTHER_RATES = SEEN.model_copy(update={"rates": {"A": "22.00"}})


@pytest.mark.parametrize(
    ("before", "now", "over", "due"),
    [
        (SEEN, SEEN, False, False),
        (SEEN, SOLD, False, False),
        (SEEN, REPORTED, True, True),
        (REPORTED, SEEN, True, True),
        (SEEN, OTHER_RATES, False, True),
        (None, SEEN, False, True),
    ],
    ids=["the same", "receipts", "a report", "another memory", "other rates", "the first look"],
)
def test_a_full_status_shows_whether_a_condition_has_ended(
    before: Snapshot | None, now: Snapshot, over: bool, due: bool
) -> None:
    """A daily report ends the conditions that need one; other changes at the printer trigger a retry."""
    holds = Holds(CONDITIONS)
    holds.record_refusal("A", "receipt", DUE, 0.0, was_open=False)
    holds.compare_snapshots(before, now, MIN_PAUSE)
    assert (holds.problem is None) is over
    assert holds.is_blocked("A", "receipt", MIN_PAUSE) is not due
