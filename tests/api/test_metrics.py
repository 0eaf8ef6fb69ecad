"""What Prometheus scrapes: each number is the one that the daemon knows."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import anyio
import pytest
from prometheus_client.parser import text_string_to_metric_families

from fiscald.lateness import BOUNDS, INTERVAL, Lateness
from fiscald.model.times import POLISH_TIME
from tests import virtual
from tests.daemons import Running, running


async def scraped(it: Running) -> dict[tuple[str, ...], float]:
    """Every sample: its name and the values of its labels, sorted by the names of the labels."""
    text = (await it.http.get("/metrics")).text
    return {
        (sample.name, *(sample.labels[label] for label in sorted(sample.labels))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


async def test_a_shop_that_sells(tmp_path: Path) -> None:
    async with running(tmp_path) as it:
        await it.put("A")
        with anyio.fail_after(10):
            while (found := await scraped(it))["fiscald_printer_day_open", "till1"] != 1:
                await anyio.sleep(0.05)
        assert found["fiscald_jobs", "till1", "done"] == 1
        assert found["fiscald_printer_state", "till1", "ready"] == 1
        assert abs(found["fiscald_printer_clock_ahead_seconds", "till1"]) < 120
        assert found["fiscald_printer_queue_age_seconds", "till1"] == 0
        assert found["fiscald_journal_bytes",] > 4096
        assert found["fiscald_loop_late_seconds_bucket", "+Inf"] == found["fiscald_loop_late_seconds_count",]


async def test_how_long_a_licence_still_lasts(tmp_path: Path) -> None:
    async with running(tmp_path) as it:
        licence = (await it.http.get("/v1/licence")).json()
        found = await scraped(it)
        now = datetime.now(POLISH_TIME)
        assert found["fiscald_licence_may_print",] == 1
        assert found["fiscald_licence_state", licence["state"]] == 1
        left = (datetime.fromisoformat(licence["confirm_by"]) - now).total_seconds()
        assert found["fiscald_licence_left_seconds", "confirmation"] == pytest.approx(left, abs=60)
        assert found["fiscald_licence_left_seconds", "updates"] > 0
    async with running(tmp_path / "other", licensed=False) as it:
        found = await scraped(it)
        assert found["fiscald_licence_may_print",] == 0
        assert not [each for each in found if each[0] == "fiscald_licence_left_seconds"]


async def test_jobs_that_wait_and_jobs_that_failed(tmp_path: Path) -> None:
    async with running(tmp_path) as it:
        it.printer.switch("paper_out")
        await it.put("A", wait=0)
        await it.http.delete("/v1/jobs/A")
        await it.put("B", wait=0)
        found = await scraped(it)
        assert found["fiscald_jobs_failed_total", "job.withdrawn", "till1"] == 1
        assert found["fiscald_printer_queue_age_seconds", "till1"] > 0


def test_a_loop_that_is_held_up_is_seen() -> None:
    lateness = Lateness()
    for late in (-0.001, 0.0, 0.02, 0.3, 60.0):
        lateness.add(late)
    counted = dict(lateness.buckets())
    assert counted == {"0.005": 2, "0.02": 3, "0.05": 3, "0.1": 3, "0.25": 3, "1.0": 4, "5.0": 4, "+Inf": 5}
    assert lateness.seconds == pytest.approx(60.32)
    assert len(counted) == len(BOUNDS) + 1


def test_the_lateness_is_measured_twice_a_second() -> None:
    lateness = Lateness()

    async def main() -> None:
        with anyio.move_on_after(10 * INTERVAL + 0.1):
            await lateness.run()

    virtual.run(main())
    assert dict(lateness.buckets())["+Inf"] == 10
