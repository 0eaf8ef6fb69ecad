"""The host's power goes at every single write, sync and deletion of the journal: reported changes survive."""

from __future__ import annotations

import contextlib
import random
import shutil
from collections.abc import Callable
from datetime import datetime
from functools import partial
from pathlib import Path

import pytest

from fiscald.journal import JournalError, Phase, Store
from fiscald.model.documents import Submission
from fiscald.model.problems import problem
from fiscald.model.times import POLISH_TIME
from tests.journal.powercut import Disk, available

pytestmark = pytest.mark.skipif(not available, reason="this Python's sqlite3 does not use the shared library")

NOW = datetime(2026, 11, 22, 10, tzinfo=POLISH_TIME)
CASH = Submission.model_validate({"printer": "till1", "document": {"type": "cash_in", "amount": "1.00"}})
#: A job's way, one transaction each, and a second job.
WAY: list[Callable[[Store], object]] = [
    lambda store: store.accept("A", CASH, (), None),
    lambda store: store.start("A", {"before": {"bn": 1}}),
    lambda store: store.opened("A", {"bn": 1}),
    lambda store: store.commit("A"),
    lambda store: store.requeue("A", {"after": {"bn": 1}}),
    lambda store: store.accept("B", CASH, (), None),
    lambda store: store.start("A", {"before": {"bn": 2}}),
    lambda store: store.finish("A", Phase.UNDECIDED, error=problem("printer.unproven", reason="?")),
    lambda store: store.know_printer("till1", "EMU 1"),
    lambda store: store.withdraw("B", problem("job.withdrawn")),
]
#: The same, each transaction by itself, and several with one sync.
APART = [[step] for step in WAY]
TOGETHER = [WAY[:1], WAY[1:4], WAY[4:6], WAY[6:]]
Ways = list[list[Callable[[Store], object]]]


def carry_out(store: Store, steps: list[Callable[[Store], object]]) -> None:
    """As the journal's thread does. Raises ``JournalError``."""
    for outcome in store.together([partial(step, store) for step in steps]):
        if isinstance(outcome, Exception):
            raise outcome


def picture(store: Store) -> object:
    """The whole content of the journal."""
    jobs = [(e.job.key, e.phase, e.job.evidence, e.job.attempts) for e in store.jobs()]
    return jobs, [event.state for event in store.events(0)], store.printer_id("till1")


def pictures(directory: Path, way: Ways) -> list[object]:
    """What it says after each of them; the first is of a journal without any."""
    store = Store(directory, lambda: NOW)
    found = [picture(store)]
    for steps in way:
        carry_out(store, steps)
        found.append(picture(store))
    store.close()
    return found


def cut(directory: Path, way: Ways, at: int, seed: int, lose: float, pragma: str | None) -> tuple[int, object, bool]:
    """The power goes at change ``at``: how many had returned, what is there afterwards, and if it went."""
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir(mode=0o700)
    with Disk() as disk:
        store = Store(directory, lambda: NOW)
        # The journal is on the other disk; the lock, with its mark, is on this one and loses nothing.
        (directory / "journal.db").write_text("see the module tests.journal.powercut")
        if pragma:
            store._db.execute(pragma)
        disk.dies_at = disk.changes + at
        returned = 0
        with contextlib.suppress(JournalError):
            for steps in way:
                carry_out(store, steps)
                returned += 1
        died = disk.dead
        store._directory.close()
        with contextlib.suppress(Exception):
            store._db.close()
        disk.reboot(random.Random(seed), lose=lose)
        again = Store(directory, lambda: NOW)
        with contextlib.closing(again):
            if again.doubt is not None:
                raise JournalError("the mark is ahead of what is on the platter")
            found = picture(again)
        return returned, found, died


def broken_promises(tmp_path: Path, way: Ways, pragma: str | None = None) -> tuple[int, list[str]]:
    """Power cuts tried, and what was lost or half done after them; with ``pragma``: until the first."""
    expected = pictures(tmp_path / "whole", way)
    broken: list[str] = []
    tried = at = 0
    while not (pragma and broken):
        at += 1
        for seed, lose in ((0, 1.0), (1, 0.0), (2, 0.5), (3, 0.5), (4, 0.5)):
            try:
                returned, found, died = cut(tmp_path / "cut", way, at, seed, lose, pragma)
            except JournalError as error:
                broken.append(f"change {at}: {error}")
                continue
            if not died:
                return tried, broken
            tried += 1
            if found not in expected[returned : returned + 2]:
                broken.append(f"change {at}: {returned} transactions had returned")
    return tried, broken


@pytest.mark.parametrize(("way", "least"), [(APART, 300), (TOGETHER, 100)])
def test_a_power_cut_keeps_finished_changes_and_no_half_ones(tmp_path: Path, way: Ways, least: int) -> None:
    tried, broken = broken_promises(tmp_path, way)
    assert not broken
    assert tried > least


@pytest.mark.parametrize("pragma", ["PRAGMA synchronous = FULL", "PRAGMA synchronous = OFF"])
def test_the_check_notices_a_dropped_sync(tmp_path: Path, pragma: str) -> None:
    """One sync less (FULL does not sync the directory), or none: this disk loses what was promised."""
    _, broken = broken_promises(tmp_path, APART, pragma)
    assert broken
