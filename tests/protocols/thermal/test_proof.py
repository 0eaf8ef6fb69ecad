"""What two looks at a Thermal printer prove about a slip: the cash that it moved."""

from __future__ import annotations

import pytest

from fiscald.protocols.base import Unknown
from fiscald.protocols.proof.counters import Proven
from fiscald.protocols.thermal.evidence import ThermalEvidence, ThermalLook
from fiscald.protocols.thermal.proof import CounterDelta, Slip

THEN = ThermalLook(
    nr_unikatowy="X", Pm=1, Pt=0, Px=0, Pz=0, par_num=4, cash=1000, anul=0, tot=900, n_dobowych=3, numer=9
)


def moved(slips: int = 0, cash: int = 0, *, sales: int = 0, reports: int = 0, training: bool = False) -> CounterDelta:
    """So many slips, so much cash, so many receipts of 1.00 and reports since."""
    then = THEN.model_copy(update={"Pm": 0}) if training else THEN
    return CounterDelta(
        then,
        then.model_copy(
            update={
                "cash": then.cash + cash,
                "numer": then.numer + slips + sales + reports,
                "par_num": then.par_num + sales,
                "tot": then.tot + 100 * sales,
                "n_dobowych": then.n_dobowych + reports,
            }
        ),
    )


def said(found: Proven | Unknown | None) -> str:
    match found:
        case None:
            return "nothing"
        case Proven(notices=notices):
            return "doubled" if notices else "proven"
        case Unknown(problem=why):
            return str((why.model_extra or {})["cause"])


@pytest.mark.parametrize(
    ("delta", "confirmed", "refused", "unknown"),
    [
        (moved(), "nothing", "nothing", "nothing"),
        (moved(1, 500), "proven", "proven", "proven"),
        (moved(2, 1000), "doubled", "many_slips", "many_slips"),
        (moved(1, 300), "changed", "changed", "changed"),
        (moved(training=True), "proven", "nothing", "nothing"),
        # Sales moved the cash too: one more printout.
        (moved(0, 100, sales=1), "nothing", "nothing", "nothing"),
        (moved(1, 600, sales=1), "proven", "proven", "proven"),
        (moved(2, 1100, sales=1), "doubled", "many_slips", "many_slips"),
        # A report came in between.
        (moved(0, -1000, reports=1), "nothing", "nothing", "nothing"),
        (moved(1, -500, reports=1), "proven", "report_between", "report_between"),
    ],
)
def test_cash_in(delta: CounterDelta, confirmed: str, refused: str, unknown: str) -> None:
    found = [said(Slip(500).judge(delta, answer)) for answer in (True, False, None)]
    assert found == [confirmed, refused, unknown]


@pytest.mark.parametrize(
    ("delta", "confirmed", "refused", "unknown"),
    [
        (moved(1, -500), "proven", "proven", "proven"),
        # Refused for want of cash, the printer forgets how much there was: that it is gone proves nothing.
        (moved(0, -1000), "doubled", "nothing", "many_slips"),
        (moved(1, -1000), "doubled", "many_slips", "many_slips"),
    ],
)
def test_cash_out(delta: CounterDelta, confirmed: str, refused: str, unknown: str) -> None:
    found = [said(Slip(-500).judge(delta, answer)) for answer in (True, False, None)]
    assert found == [confirmed, refused, unknown]


def test_a_doubled_cash_out_that_emptied_the_drawer_by_its_refusal() -> None:
    """The second one is refused for want of cash, which is then forgotten: 7.00 out of 10.00."""
    assert said(Slip(-700).judge(moved(1, -1000), True)) == "proven"
    assert said(Slip(-700).judge(moved(1, -1000), None)) == "changed"


def test_a_reset_memory_cannot_be_compared() -> None:
    assert moved(1, 500).comparable
    assert not CounterDelta(THEN, THEN.model_copy(update={"Pz": 1})).comparable
    assert not CounterDelta(THEN, THEN.model_copy(update={"nr_unikatowy": "Y"})).comparable


def test_evidence_survives_the_journal_and_says_its_version() -> None:
    evidence = ThermalEvidence(before=THEN, after=THEN)
    stored = evidence.model_dump(mode="json", exclude_none=True)
    assert (stored["family"], stored["version"], "opened" in stored) == ("thermal", 2, False)
    assert ThermalEvidence.model_validate(stored) == evidence
