"""Schedules that found something wrong with the NoviAPI family, and two that nothing may go wrong in."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.chaos.campaign import run
from tests.chaos.schedule import HTTP, Fault, Schedule, What, draw, single
from tests.chaos.world import carry_out
from tests.found import found

FOUND = {
    name: Schedule.model_validate(content)
    for name, content in json.loads(Path(__file__).with_name("found_noviapi.json").read_text("utf-8")).items()
}


@pytest.mark.parametrize("name", found(FOUND))
def test_what_was_found_stays_mended(name: str) -> None:
    assert [text for _, text in run(FOUND[name]).violations] == []


@pytest.mark.slow
@pytest.mark.parametrize("at", range(35, 54))
def test_a_report_with_a_lost_answer_keeps_no_one_out(at: int) -> None:
    """A stored daily report whose id is lost refuses every other request, until it is removed."""
    schedule = single("daily_report", "noviapi", Fault(what=What.HANG_UP_AFTER, at=at))
    assert [text for _, text in run(schedule).violations] == []


def test_a_daemon_that_starts_thirty_times_in_an_hour_asks_for_one_token() -> None:
    faults = tuple(Fault(what=What.KILL_TURN, at=60 * n, seconds=5.0) for n in range(1, 31))
    order = single("receipt", "noviapi").orders[0].model_copy(update={"at": 400.0})
    outcome = carry_out(Schedule(seed=0, family="noviapi", orders=(order,), faults=faults))
    assert sum(line.endswith("daemon starts") for line in outcome.log) > 30
    assert sum("out b'GET /api/v1/token" in line for line in outcome.log) == 1
    assert outcome.jobs["job/0"].state == "done"


def test_faults_of_http_are_drawn_for_printers_that_speak_it() -> None:
    drawn = {
        family: {fault.what for seed in range(300) for fault in draw(seed, family).faults}
        for family in ("noviapi", "posnet", "thermal")
    }
    assert drawn["noviapi"] >= set(HTTP)
    assert not (drawn["posnet"] | drawn["thermal"]) & set(HTTP)
