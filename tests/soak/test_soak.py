"""A short campaign with real processes: every kind of trouble once, and the witnesses agree."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest

from tests.soak.campaign import Campaign, Settings
from tests.soak.compare import Kind
from tests.soak.report import render
from tests.soak.schedule import Trouble

pytestmark = pytest.mark.slow


@pytest.mark.timeout(120)
async def test_nothing_is_lost_and_nothing_is_doubled(tmp_path: Path) -> None:
    settings = Settings(seed=1, seconds=40, receipts=5000, clients=2, settling=40, hasty=True)
    with tempfile.TemporaryDirectory(prefix="soak-") as sockets:
        outcome = await Campaign(settings, tmp_path, Path(sockets)).run()
    found, report = outcome.comparison, render(outcome)
    assert (found.count(Kind.LOST), found.count(Kind.DOUBLED), found.count(Kind.WRONG)) == (0, 0, 0), report
    assert found.agreed, report
    # A campaign in which nothing happened proves nothing.
    assert [trouble for trouble in Trouble if not outcome.tally.happened[trouble]] == [], report
    assert outcome.tally.killed_while.total() > 0, report
    assert sum(job.phase == "done" for job in outcome.jobs) > 5, report
