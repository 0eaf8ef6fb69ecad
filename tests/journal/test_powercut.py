"""The host's power goes at every single write, sync and deletion of the journal, from its start to its stop."""

from __future__ import annotations

import contextlib
import random
import shutil
import sqlite3
from collections.abc import Callable
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import NamedTuple

import pytest

from fiscald.journal import Doubt, JournalError, Phase, Store
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
    lambda store: store.requeue("A", {"after": {"bn": 1}}, problem("link.lost", address="x", reason="y")),
    lambda store: store.accept("B", CASH, (), None),
    lambda store: store.start("A", {"before": {"bn": 2}}),
    lambda store: store.finish("A", Phase.UNDECIDED, error=problem("printer.unproven", reason="?")),
    lambda store: store.know_printer("till1", "EMU 1"),
    lambda store: store.withdraw("B", problem("job.withdrawn")),
]


def empty_log(store: Store) -> None:
    """As the journal's thread does when it has nothing else to do."""
    store.checkpoint()


#: The same, each transaction by itself, several with one sync, and with a log that is emptied between them.
APART = [[step] for step in WAY]
TOGETHER = [WAY[:1], WAY[1:4], WAY[4:6], WAY[6:]]
EMPTIED = [[step] for each in APART for step in (*each, empty_log)]
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


class Cut(NamedTuple):
    """What a power cut left."""

    returned: int
    """How many of the way's transactions had returned."""
    found: object
    doubt: Doubt | None
    died: bool
    """Whether the power went at all."""


def cut(directory: Path, way: Ways, at: int, seed: int, lose: float, change: Change) -> Cut:
    """A daemon starts, carries out the way and stops; the power goes at change ``at``."""
    directory.joinpath("journal.db-wal").unlink(missing_ok=True)
    directory.joinpath("journal.db-journal").unlink(missing_ok=True)
    directory.joinpath("lock").write_bytes(directory.joinpath("kept lock").read_bytes())
    with Disk() as disk, disk.watch(directory / "lock"):
        disk.put(directory / "journal.db", directory.joinpath("kept journal").read_bytes())
        disk.dies_at = at
        returned = 0
        with contextlib.suppress(JournalError, sqlite3.Error):
            store = Store(directory, lambda: NOW)
            try:
                change(disk, store)
                for steps in way:
                    carry_out(store, steps)
                    returned += not disk.dead
            finally:
                store.close()
        died = disk.dead
        disk.skips = lambda _: False
        disk.reboot(random.Random(seed), lose=lose)
        with contextlib.closing(Store(directory, lambda: NOW)) as again:
            return Cut(returned, picture(again), again.doubt, died)


Change = Callable[[Disk, Store], object]


def broken_promises(
    tmp_path: Path, way: Ways, change: Change = lambda *_: None, *, first: bool = False, every: int = 1
) -> Broken:
    """Power cuts tried, and what was lost or half done after them. ``first``: until something was. ``every``: only at
    each such change of the disk.
    """
    expected = pictures(tmp_path / "whole", way)
    Store(tmp_path / "cut", lambda: NOW).close()
    for name in ("journal.db", "lock"):
        shutil.copy(tmp_path / "cut" / name, tmp_path / "cut" / f"kept {name.removesuffix('.db')}")
    broken: list[str] = []
    tried = at = 0
    while not (first and broken):
        at += every
        for seed, lose in ((0, 1.0), (1, 0.0), (2, 0.5), (3, 0.5), (4, 0.5)):
            try:
                after = cut(tmp_path / "cut", way, at, seed, lose, change)
            except JournalError as error:
                broken.append(f"change {at}, {seed}: {error}")
                continue
            if not after.died:
                return Broken(tried, broken)
            tried += 1
            if after.doubt is not None:
                broken.append(f"change {at}, {seed}: doubt {after.doubt}")
            if after.found not in expected[after.returned : after.returned + 2]:
                broken.append(f"change {at}, {seed}: {after.returned} transactions had returned")
    return Broken(tried, broken)


class Broken(NamedTuple):
    tried: int
    promises: list[str]


@pytest.mark.parametrize(
    ("way", "every", "least"),
    [
        pytest.param(APART, 1, 200, marks=pytest.mark.slow),
        (TOGETHER, 5, 40),
        pytest.param(TOGETHER, 1, 200, marks=pytest.mark.slow),
        pytest.param(EMPTIED, 1, 400, marks=pytest.mark.slow),
    ],
)
def test_a_power_cut_keeps_finished_changes_and_no_half_ones(tmp_path: Path, way: Ways, every: int, least: int) -> None:
    tried, broken = broken_promises(tmp_path, way, every=every)
    assert not broken
    assert tried > least


def without_log(_disk: Disk, store: Store) -> None:
    """As in a directory that was read-only at the start."""
    store._db.execute("PRAGMA journal_mode = DELETE")
    store._db.execute("PRAGMA synchronous = EXTRA")
    store._mode = "delete"


@pytest.mark.slow
def test_a_power_cut_without_a_log(tmp_path: Path) -> None:
    tried, broken = broken_promises(tmp_path, TOGETHER, without_log)
    assert not broken
    assert tried > 300


def skipping(name: str, number: int) -> Change:
    """That sync of that file does not happen."""

    def change(disk: Disk, _store: Store) -> None:
        left = iter([False] * (number - 1) + [True])
        disk.skips = lambda synced: synced == name and next(left, False)

    return change


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "number"),
    [
        ("journal.db-wal", 2),
        pytest.param("journal.db-wal", 5, marks=pytest.mark.slow),
        ("directory", 1),
        ("journal.db", 1),
        pytest.param("journal.db", 4, marks=pytest.mark.slow),
    ],
)
def test_the_check_notices_a_single_sync_less(tmp_path: Path, name: str, number: int) -> None:
    """The second and the fifth of the log are those of the first two changes, after the one of the log's header. The
    third, before the log is emptied, is not needed: each change is synced already.
    """
    assert broken_promises(tmp_path, EMPTIED, skipping(name, number), first=True).promises


@pytest.mark.slow
@pytest.mark.parametrize("level", ["NORMAL", "OFF"])
def test_the_check_notices_weaker_settings(tmp_path: Path, level: str) -> None:
    def change(_disk: Disk, store: Store) -> None:
        store._db.execute(f"PRAGMA synchronous = {level}")

    assert broken_promises(tmp_path, APART, change, first=True).promises


def test_each_change_takes_one_sync(tmp_path: Path) -> None:
    """The first one after the log was emptied takes one more, for the log's header."""
    tmp_path.chmod(0o700)
    with Disk() as disk:
        store = Store(tmp_path, lambda: NOW)
        WAY[0](store)
        for number, step in enumerate(WAY[1:]):
            disk.syncs.clear()
            step(store)
            assert disk.syncs == ["journal.db-wal"] * (2 if number == 5 else 1)
            if number == 4:
                disk.syncs.clear()
                assert store.checkpoint()
                assert disk.syncs == ["journal.db-wal", "journal.db"]
        store.close()


def test_a_change_whose_sync_failed_is_not_there_after_a_crash(tmp_path: Path) -> None:
    """It is complete in the log, and its caller got an error."""
    tmp_path.chmod(0o700)
    with Disk() as disk, disk.watch(tmp_path / "lock"):
        store = Store(tmp_path, lambda: NOW)
        WAY[0](store)
        once = iter([True])
        disk.fails = lambda name: name.endswith("-wal") and next(once, False)
        with pytest.raises(JournalError, match="disk I/O error"):
            WAY[5](store)
        assert next(once, None) is None
        disk.dies_at = disk.changes
        store.close()
        for file in disk.files.values():
            file.platter, file.pending = bytes(file.seen), []  # the process was killed; everything written is there
        disk.reboot(random.Random(1), lose=0.0)
        with contextlib.closing(Store(tmp_path, lambda: NOW)) as again:
            assert [entry.job.key for entry in again.jobs()] == ["A"]
            assert again.doubt is None
