"""A document of one step, proven by the counters of a family that does not exist."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from fiscald.model.jobs import Result
from fiscald.protocols.base import Dialogue, Pause, Printed, Unknown, Verdict, Wait
from fiscald.protocols.driving import drive_sync
from fiscald.protocols.proof import verdicts
from fiscald.protocols.proof.counters import LOOKS, STILL_SECONDS, CounterProof, Proven, Report
from fiscald.protocols.proof.verdicts import DOUBLED, CommitReply
from tests.protocols.proof.counted import AFTER, BEFORE, REFUSAL, SETTINGS, Counted, CounterDelta

PRINTED = Printed(Result(printer_id="ABC1"), notices=(DOUBLED,), evidence={"after": AFTER})


@dataclass
class Told:
    """Says of each look what it is told to."""

    found: Iterator[Proven | Unknown | None]
    confirmed: list[bool | None] = field(default_factory=list)

    def judge(self, delta: CounterDelta, confirmed: bool | None) -> Proven | Unknown | None:
        self.confirmed.append(confirmed)
        return next(self.found)


class Proof(CounterProof[Counted, CounterDelta]):
    difference = CounterDelta()

    def read(self) -> Dialogue[Counted]:
        return AFTER
        yield

    def delta(self, now: Counted) -> CounterDelta:
        assert (self.before, now) == (BEFORE, AFTER)
        return self.difference

    def printed(self, delta: CounterDelta, proven: Proven, *, confirmed: bool) -> Dialogue[Printed]:
        return Printed(Result(printer_id="ABC1"), notices=proven.notices, evidence={"after": delta.now})
        yield


def proven(
    found: list[Proven | Unknown | None], reply: CommitReply | None, delta: CounterDelta | None = None
) -> tuple[list[Any], Verdict]:
    """What is yielded, and the verdict."""
    told = Told(iter(found))
    proof = Proof(BEFORE, told, SETTINGS)
    proof.__dict__["difference"] = delta or CounterDelta()
    yielded = list[Any]()
    verdict = drive_sync(proof.verdict(reply), yielded.append, yielded.append)
    assert next(told.found, "all were asked for") == "all were asked for"
    assert told.confirmed == [None if reply is None else reply.refusal is None] * len(found)
    return yielded, verdict


@pytest.mark.parametrize("reply", [None, CommitReply(), CommitReply(REFUSAL)])
def test_what_the_counters_prove_is_the_verdict(reply: CommitReply | None) -> None:
    assert proven([Proven((DOUBLED,))], reply) == ([], PRINTED)
    unknown = verdicts.unproven("many_slips", "two", AFTER)
    assert proven([unknown], reply) == ([], unknown)


@pytest.mark.parametrize("reply", [None, CommitReply(REFUSAL, again=True)])
def test_counters_that_stand_still_are_read_once_without_a_confirmation(reply: CommitReply | None) -> None:
    expected = verdicts.not_executed(reply, "the counters prove that nothing was printed", AFTER)
    assert proven([None], reply) == ([], expected)


def test_a_confirmed_document_gets_time_to_show_in_the_counters() -> None:
    assert proven([None, None, Proven((DOUBLED,))], CommitReply()) == ([Pause(STILL_SECONDS)] * 2, PRINTED)


def test_a_confirmation_that_no_counter_bears_out_is_for_a_person() -> None:
    yielded, verdict = proven([None] * LOOKS, CommitReply())
    assert len(yielded) == LOOKS - 1
    assert isinstance(verdict, Unknown)
    assert verdict.problem.model_extra == {"cause": "contradiction"}


def test_looks_at_two_printers_are_not_compared() -> None:
    other = Counted(n=2, id="XYZ9")
    yielded, verdict = proven([], CommitReply(), CounterDelta(now=other, comparable=False))
    assert isinstance(verdict, Wait)
    assert (yielded, verdict.problem.code) == ([], "printer.swapped")


def test_lower_counters_are_not_compared() -> None:
    yielded, verdict = proven([], CommitReply(), CounterDelta(comparable=False))
    assert (yielded, verdict) == ([], verdicts.unproven("counters_restored", "lower", AFTER))


@pytest.mark.parametrize(
    ("delta", "confirmed", "found"),
    [
        (CounterDelta(reports=1), False, Proven()),
        (CounterDelta(uncounted=True), True, Proven()),
        (CounterDelta(uncounted=True), False, None),
        (CounterDelta(), True, None),
        (
            CounterDelta(reports=2),
            True,
            verdicts.unproven("many_reports", "2 daily reports were made since the start", AFTER),
        ),
    ],
)
def test_a_report_is_proven_by_its_counter(
    delta: CounterDelta, confirmed: bool, found: Proven | Unknown | None
) -> None:
    assert Report().judge(delta, confirmed) == found
