"""Random schedules with old programs at a gateway; ``make chaos`` carries out many more."""

from __future__ import annotations

import pytest

from fiscald.protocols import FAMILIES
from tests.chaos.campaign import campaign
from tests.chaos.gateway.plan import FACES, Kind, draw_gateway
from tests.chaos.schedule import What


@pytest.mark.parametrize("family", FAMILIES)
def test_no_sale_is_printed_twice_and_none_that_was_answered_is_lost(family: str) -> None:
    report = campaign(range(8), family=family, drawn=draw_gateway, workers=1)
    assert not report.violations, report.violations[0]


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("family", FAMILIES)
def test_random_schedules_with_old_programs_pass(family: str) -> None:
    report = campaign(range(600), family=family, drawn=draw_gateway)
    assert not report.violations, report.violations[0]
    assert report.verdicts["done"] > 2000


def test_every_kind_of_program_and_trouble_is_drawn() -> None:
    schedules = [draw_gateway(seed) for seed in range(300)]
    assert {program.kind for schedule in schedules for program in schedule.programs} == set(Kind)
    assert {schedule.face for schedule in schedules} == set(FACES)
    front = {fault.what for schedule in schedules for fault in schedule.front_faults}
    assert front >= {What.CUT, What.MUTE, What.DELAY, What.KILL_TURN, What.DROP, What.FLIP}
    assert all(schedule.answer_seconds < program.patience for schedule in schedules for program in schedule.programs)
