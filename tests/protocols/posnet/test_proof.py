"""What two looks at a POSNET printer prove about a document of one step."""

from __future__ import annotations

from typing import Any

import pytest

from fiscald.protocols.base import Unknown
from fiscald.protocols.posnet.evidence import PosnetDay, PosnetEvidence, PosnetLook
from fiscald.protocols.posnet.proof import CounterDelta, Slip
from fiscald.protocols.proof.counters import Proven

THEN = PosnetLook(nu="X", rd=3, hn=10, bn=4, bt=4, bc=1, fn=0, fc=0, day=PosnetDay(nf=2, sales=0), fiscal=True)
TRAINING = THEN.model_copy(update={"fiscal": False})


def after(nf: int = 0, *, then: PosnetLook = THEN, **moved: int) -> CounterDelta:
    """So many slips more, and other counters by so many."""
    assert then.day is not None
    assert then.day.nf is not None
    counters: dict[str, Any] = {name: getattr(then, name) + by for name, by in moved.items()}
    counters["hn"] = counters.get("hn", then.hn + nf)
    return CounterDelta(then, then.model_copy(update={"day": PosnetDay(nf=then.day.nf + nf, sales=0), **counters}))


def said(found: Proven | Unknown | None) -> str:
    match found:
        case None:
            return "nothing"
        case Proven(notices=notices):
            return "doubled" if notices else "proven"
        case Unknown(problem=why):
            return str((why.model_extra or {})["cause"])


NOTHING, ONE, TWO = after(), after(1), after(2)
REPORT, REPORT_AND_SLIP = after(rd=1, hn=1), after(rd=1, hn=2)


@pytest.mark.parametrize(
    ("delta", "confirmed", "refused", "unknown"),
    [
        (NOTHING, "nothing", "nothing", "nothing"),
        (ONE, "proven", "proven", "proven"),
        (TWO, "doubled", "many_slips", "many_slips"),
        (REPORT, "nothing", "nothing", "nothing"),
        (REPORT_AND_SLIP, "proven", "report_between", "report_between"),
        (after(then=TRAINING), "proven", "nothing", "nothing"),
    ],
)
def test_a_slip_that_is_surely_counted(delta: CounterDelta, confirmed: str, refused: str, unknown: str) -> None:
    slip = Slip(500, surely_counted=True)
    found = [said(slip.judge(delta, answer)) for answer in (True, False, None)]
    assert found == [confirmed, refused, unknown]


@pytest.mark.parametrize("delta", [NOTHING, REPORT])
def test_the_good_answer_must_do_where_a_slip_may_not_be_counted(delta: CounterDelta) -> None:
    slip = Slip(500, surely_counted=False)
    assert [said(slip.judge(delta, answer)) for answer in (True, False, None)] == ["proven", "nothing", "nothing"]


@pytest.mark.parametrize(
    ("moved", "comparable"),
    [({}, True), ({"rd": -1}, False), ({"hn": -1}, False), ({"bn": -1}, False), ({"bn": -4, "rd": 1}, True)],
)
def test_counters_that_are_lower_than_they_can_be(moved: dict[str, int], comparable: bool) -> None:
    counters = {name: getattr(THEN, name) + by for name, by in moved.items()}
    assert CounterDelta(THEN, THEN.model_copy(update=counters)).comparable is comparable


def test_looks_at_two_printers_cannot_be_compared() -> None:
    assert not CounterDelta(THEN, THEN.model_copy(update={"nu": "Y"})).comparable


def test_a_later_look_replaces_only_what_it_says() -> None:
    later = PosnetLook(nu="X", rd=3, hn=11, bn=5)
    assert THEN.updated(later) == THEN.model_copy(update={"hn": 11, "bn": 5})


def test_evidence_survives_the_journal_and_says_its_version() -> None:
    evidence = PosnetEvidence(before=THEN)
    stored = evidence.model_dump(mode="json", exclude_none=True)
    assert (stored["family"], stored["version"], "opened" in stored) == ("posnet", 2, False)
    assert PosnetEvidence.model_validate(stored) == evidence
    with pytest.raises(ValueError, match="version"):
        PosnetEvidence.model_validate({**stored, "version": 3})
    with pytest.raises(ValueError, match="family"):
        PosnetEvidence.model_validate({**stored, "family": "thermal"})
