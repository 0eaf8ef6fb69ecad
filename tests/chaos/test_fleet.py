"""Random schedules with a central, its shops and a courier that cannot be trusted; ``make chaos`` carries out many more."""

from __future__ import annotations

import pytest

from fiscald.protocols import FAMILIES
from tests.chaos.campaign import campaign, run
from tests.chaos.fleet.plan import Act, draw_fleet
from tests.chaos.fleet.world import carry_out


@pytest.mark.parametrize("seed", range(3))
def test_every_order_has_one_end_that_the_fiscal_memory_confirms(seed: int) -> None:
    report = run(draw_fleet(seed, FAMILIES[seed % len(FAMILIES)]))
    assert not report.violations, report.violations[0]
    assert report.orders.total() > 0
    assert not report.orders["open"]


def test_a_shop_that_forges_before_the_order_comes_is_only_an_alarm() -> None:
    assert not run(draw_fleet(2108)).violations


def test_a_number_that_a_journal_put_back_cannot_know_is_said_to_be_unknown() -> None:
    assert not run(draw_fleet(3066, "noviapi")).violations


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_random_schedules_with_a_fleet_pass() -> None:
    schedules = [draw_fleet(seed, FAMILIES[seed % len(FAMILIES)]) for seed in range(300)]
    report = campaign(schedules)
    assert not report.violations, report.violations[0]
    assert report.orders["done"] > 600


def test_every_trouble_between_shops_and_central_is_drawn() -> None:
    schedules = [draw_fleet(seed) for seed in range(300)]
    assert {trouble.act for schedule in schedules for trouble in schedule.troubles} == set(Act)
    assert {len(schedule.shops) for schedule in schedules} == {1, 2, 3}
    assert any(shop.restored for schedule in schedules for shop in schedule.shops)
    assert max(schedule.closed_days for schedule in schedules) > 14
    assert (
        {schedule.seals for schedule in schedules} == {schedule.reconnects for schedule in schedules} == {True, False}
    )


def test_the_same_fleet_gives_the_same_log() -> None:
    schedule = next(each for each in map(draw_fleet, range(100)) if not each.seals and each.wild and each.troubles)
    assert carry_out(schedule).log == carry_out(schedule).log
