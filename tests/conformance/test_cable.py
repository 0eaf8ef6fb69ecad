"""One fault at every byte, turn, write and command: nothing lost, nothing doubled.

The families of the package have their matrices in ``tests.chaos``; whole matrices of these: ``python -m tests.conformance``.
"""

from __future__ import annotations

import pytest

from tests.chaos.campaign import campaign, measure
from tests.chaos.schedule import WRITES, What, matrix
from tests.families import EXAMPLES, joined

#: Of the faults at a byte, or a command one in so many is carried out here; all at a write and at a turn.
SLICE = {"example": 5, "example_http": 23}


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize("family", EXAMPLES)
def test_one_fault_anywhere_loses_nothing_and_doubles_nothing(family: str) -> None:
    with joined():
        schedules = matrix(family, "cash_in", measure(family, "cash_in"))
        some = [
            each
            for place, each in enumerate(schedules)
            if each.faults[0].what in (*WRITES, What.KILL_TURN) or not place % SLICE[family]
        ]
        report = campaign(some)
    assert not report.violations, report.violations[0]
    assert report.runs > 120
    assert report.verdicts["done"] > report.runs * 0.98
    met = {(what, phase) for what, phase, _ in report.hits}
    over_http = family == "example_http"
    for phase in ("accepted", "committing", *(("started",) if over_http else ())):
        assert {(What.CUT, phase), (What.CUT_AND_KILL, phase), (What.KILL_TURN, phase)} <= met
    assert ((What.KILL_AFTER_WRITE, "opened") in met) is over_http
