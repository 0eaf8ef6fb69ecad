"""The journal file: durable, one owner, and refusals that say what to do."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from contextlib import closing
from datetime import UTC, datetime, timedelta
from functools import partial
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from fiscald.journal import Accepted, Entry, JournalError, Phase, Store, ThreadedJournal, WrongPhase, buyers
from fiscald.journal.file import SCHEMA_VERSION
from fiscald.model.jobs import Job, JobState
from fiscald.model.problems import Problem, problem
from tests.journal.stores import NOW, accepted, clock, submission


@pytest.fixture
def store(tmp_path: Path) -> Any:
    opened = Store(tmp_path, clock)
    yield opened
    opened.close()


def test_every_change_is_synced(tmp_path: Path) -> None:
    store = Store(tmp_path, clock)
    assert store._db.execute("PRAGMA synchronous").fetchone() == (2,), "FULL: every commit in the log"
    assert store._db.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    assert store._db.execute("PRAGMA locking_mode").fetchone() == ("exclusive",)
    store.close()


def test_durable_changes_survive_a_killed_process(tmp_path: Path) -> None:
    script = f"""
import os, sys
from datetime import datetime, UTC
from pathlib import Path
from fiscald.journal import Store
from fiscald.model.documents import Submission
store = Store(Path({str(tmp_path)!r}), lambda: datetime.now(UTC))
store.accept("A", Submission.model_validate({{"printer": "t", "document": {{"type": "drawer"}}}}), (), None)
store._db.execute("BEGIN IMMEDIATE"); store._db.execute("UPDATE job SET phase = 'done'")
os.kill(os.getpid(), 9)
"""
    subprocess.run([sys.executable, "-c", script], check=False, cwd=Path(__file__).parents[2])
    store = Store(tmp_path, clock)
    entry = store.job("A")
    assert entry is not None
    assert entry.phase is Phase.ACCEPTED, "the transaction that was not committed is gone"
    store.close()


def test_two_daemons_cannot_share_a_state_directory(tmp_path: Path) -> None:
    store = Store(tmp_path, clock)
    with pytest.raises(JournalError, match="in use by another"):
        Store(tmp_path, clock)
    store.close()
    Store(tmp_path, clock).close()


def test_a_newer_schema_is_refused(tmp_path: Path) -> None:
    Store(tmp_path, clock).close()
    with contextlib.closing(sqlite3.connect(tmp_path / "journal.db")) as db:
        db.execute("PRAGMA user_version = 99")
    with pytest.raises(JournalError, match="newer fiscald"):
        Store(tmp_path, clock)


@pytest.mark.parametrize("damage", ["garbage", "torn"])
def test_a_damaged_file_is_refused_and_not_changed(tmp_path: Path, damage: str) -> None:
    path = tmp_path / "journal.db"
    store = Store(tmp_path, clock)
    for number in range(50):
        accepted(store, f"A{number}")
    store.close()
    content = path.read_bytes()
    path.write_bytes(b"not a database" * 500 if damage == "garbage" else content[: len(content) // 2])
    damaged = path.read_bytes()
    with pytest.raises(JournalError, match="backup"):
        Store(tmp_path, clock)
    assert path.read_bytes() == damaged


def test_a_directory_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    with pytest.raises(JournalError, match="directory"):
        Store(blocked / "state", clock)


def test_a_full_disk_changes_nothing(store: Store) -> None:
    accepted(store)
    store._db.execute("PRAGMA max_page_count = 1")
    limit = store._db.execute("PRAGMA max_page_count").fetchone()[0]
    assert limit >= 1
    big = {"type": "receipt", "lines": [{"name": "x" * 900, "price": "1", "vat": "A"}] * 200}
    with pytest.raises(JournalError, match=r"full.*free disk space"):
        store.accept("B", submission(document=big), (), None)
    assert store.job("B") is None
    assert store.job("A") is not None
    store._db.execute("PRAGMA max_page_count = 100000")
    assert store.accept("B", submission(document=big), (), None).new


def test_a_failed_rollback_is_reported_as_a_journal_error(store: Store) -> None:
    def deny(action: int, argument: str | None, *_: object) -> int:
        undoing = action == sqlite3.SQLITE_TRANSACTION and argument == "ROLLBACK"
        return sqlite3.SQLITE_DENY if undoing else sqlite3.SQLITE_OK

    accepted(store)
    store._db.set_authorizer(deny)
    with pytest.raises(JournalError), store._transaction() as db:
        db.execute("nonsense")
    store._db.set_authorizer(None)
    store._db.execute("ROLLBACK")
    assert store.start("A", {"before": {}}).phase is Phase.STARTED


def test_each_change_of_a_batch_has_its_own_result(store: Store) -> None:
    accepted(store)
    answers = store.together(
        [
            partial(store.start, "A", {"n": 1}),
            partial(store.commit, "nobody"),
            partial(store.accept, "B", submission(), (), None),
            partial(store.commit, "A"),
        ]
    )
    assert [type(answer) for answer in answers] == [Entry, WrongPhase, Accepted, Entry]
    assert answers[3].phase is Phase.COMMITTING
    assert store.job("B") is not None


def test_a_failed_change_of_a_batch_is_rolled_back_alone(store: Store) -> None:
    def half() -> None:
        store.withdraw("A", problem("job.withdrawn"))
        raise WrongPhase("after a change")

    def within() -> None:
        with store._transaction() as db:
            db.execute("UPDATE job SET phase = 'done'")
            half()

    accepted(store)
    first, second = store.together([partial(store.accept, "B", submission(), (), None), within])
    assert isinstance(first, Accepted)
    assert isinstance(second, WrongPhase)
    assert [entry.phase for entry in store.jobs()] == [Phase.ACCEPTED, Phase.ACCEPTED]


def test_an_error_of_one_change_does_not_fail_the_others(store: Store) -> None:
    """All are undone, then each is carried out by itself."""

    def bad() -> None:
        with store._transaction() as db:
            db.execute("nonsense")

    accepted(store)
    answers = store.together([partial(store.start, "A", {}), bad, partial(store.accept, "B", submission(), (), None)])
    assert [type(answer) for answer in answers] == [Entry, JournalError, Accepted]
    assert answers[2].new, "nothing was carried out twice"
    entry = store.job("A")
    assert entry is not None
    assert (entry.phase, entry.job.attempts) == (Phase.STARTED, 1)


class SlowDisk:
    """A disk that is busy until the test frees it, and a list of the batches."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.groups: list[list[str]] = []
        self.busy = threading.Event()
        self.free = threading.Event()
        together = Store.together

        def watched(store: Store, transactions: Sequence[Callable[[], Any]]) -> list[Any]:
            self.groups.append([transaction.func.__name__ for transaction in transactions])  # type: ignore[attr-defined]
            self.busy.set()
            assert self.free.wait(10)
            return together(store, transactions)

        monkeypatch.setattr(Store, "together", watched)


async def test_changes_that_wait_for_the_disk_are_synced_together(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk = SlowDisk(monkeypatch)
    journal = ThreadedJournal(tmp_path, clock)
    first = asyncio.create_task(journal.run(Store.accept, "k/0", submission(), (), None))
    await asyncio.to_thread(disk.busy.wait)
    others = [
        asyncio.create_task(journal.run(Store.accept, f"k/{number}", submission(), (), None))
        for number in range(1, 200)
    ]
    await asyncio.sleep(0)
    disk.free.set()
    answers = await asyncio.gather(first, *others)
    assert [answer.entry.job.key for answer in answers] == [f"k/{number}" for number in range(200)]
    assert [len(group) for group in disk.groups] == [1, 128, 71]
    journal.close()


async def test_a_change_waits_only_for_its_sync(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Long lists, counts and deletions do not delay the callers that wait for a sync."""
    disk = SlowDisk(monkeypatch)
    journal = ThreadedJournal(tmp_path, clock)
    first = asyncio.create_task(journal.run(Store.accept, "A", submission(), (), None))
    await asyncio.to_thread(disk.busy.wait)
    answered: list[str] = []
    asked = {
        "jobs": journal.run(Store.jobs, limit=1000),
        "accept": journal.run(Store.accept, "B", submission(), (), None),
        "prune": journal.run(Store.prune, 400),
        "start": journal.run(Store.start, "A", {}),
        "counts": journal.run(Store.counts),
    }

    async def ask(name: str) -> None:
        await asked[name]
        answered.append(name)

    others = [asyncio.create_task(ask(name)) for name in asked]
    await asyncio.sleep(0)
    disk.free.set()
    await asyncio.gather(first, *others)
    assert disk.groups == [["accept"], ["accept", "start"], ["jobs"], ["prune"], ["counts"]]
    assert answered == ["accept", "start", "jobs", "prune", "counts"]
    journal.close()


async def test_a_closed_journal_raises_its_error(tmp_path: Path) -> None:
    journal = ThreadedJournal(tmp_path, clock)
    journal.close()
    with pytest.raises(JournalError, match="closed"):
        await asyncio.wait_for(journal.run(Store.counts), 5)


def test_what_expires_together_is_one_transaction(store: Store) -> None:
    """An error in the middle leaves no failed job whose waiting client gets no answer."""
    for key in "AB":
        accepted(store, key, deadline="2026-11-22T09:00:00+01:00")

    def slip(job: Job) -> Problem:
        if job.key == "B":
            raise ZeroDivisionError
        return problem("job.withdrawn")

    with pytest.raises(ZeroDivisionError):
        store.expire(slip)
    assert [entry.phase for entry in store.jobs()] == [Phase.ACCEPTED, Phase.ACCEPTED]
    expired, left = store.expire(lambda _: problem("job.withdrawn"))
    assert ([entry.job.key for entry in expired], left) == (["A", "B"], None)


async def test_queued_changes_are_done_before_the_file_is_closed(tmp_path: Path) -> None:
    journal = ThreadedJournal(tmp_path, clock)
    asked = [
        asyncio.ensure_future(journal.run(Store.accept, f"k/{number}", submission(), (), None)) for number in range(3)
    ]
    await asyncio.sleep(0)
    for each in asked:
        each.cancel()
    journal.close()
    await asyncio.gather(*asked, return_exceptions=True)
    store = Store(tmp_path, clock)
    assert len(store.jobs()) == 3
    store.close()


async def test_the_thread_serves_one_after_the_other_and_closes(tmp_path: Path) -> None:
    journal = ThreadedJournal(tmp_path, lambda: NOW + timedelta(seconds=1))
    accepted_ = await journal.run(Store.accept, "A", submission(), (), None)
    assert accepted_.new
    entry = await journal.run(Store.job, "A")
    assert entry is not None
    with pytest.raises(WrongPhase):
        await journal.run(Store.commit, "A")
    journal.close()
    Store(tmp_path, clock).close()


def test_a_journal_that_cannot_open_leaves_no_thread_behind(tmp_path: Path) -> None:
    store = Store(tmp_path, clock)
    before = threading.active_count()
    with pytest.raises(JournalError):
        ThreadedJournal(tmp_path, clock)
    assert threading.active_count() == before
    store.close()


def test_the_lock_is_not_inherited(tmp_path: Path) -> None:
    store = Store(tmp_path, clock)
    assert not os.get_inheritable(store._directory._lock)
    store.close()


def test_old_answers_are_deleted_and_their_space_given_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    moment = [datetime(2025, 1, 1, tzinfo=UTC)]
    store = Store(tmp_path, lambda: moment[0])
    monkeypatch.setattr("fiscald.journal.store.KEEP_NEWEST", 3)
    for number in range(700):
        accepted(store, f"old/{number}")
        store.finish(f"old/{number}", Phase.DONE if number % 2 else Phase.FAILED)
    accepted(store, "waiting")
    accepted(store, "open")
    store.start("open", {"before": {}})
    store.finish("open", Phase.UNDECIDED)
    moment[0] += timedelta(days=399)
    accepted(store, "new")
    assert store.prune(400) == 0, "not old enough"
    moment[0] += timedelta(days=2)

    def bytes_now() -> int:
        assert store.checkpoint()
        return (tmp_path / "journal.db").stat().st_size

    size = bytes_now()
    assert store.prune(400) == 500
    smaller = bytes_now()
    assert smaller < size, "with every step"
    assert store.prune(400) == 200
    least = bytes_now()
    assert least < smaller
    assert least < size / 2
    assert store.prune(400) == 0
    assert bytes_now() == least
    assert [entry.job.key for entry in store.jobs()] == ["waiting", "open", "new"]
    assert {event.job.key for event in store.events(0, 5000)} == {"waiting", "open", "new"}
    store.close()


@pytest.mark.parametrize(("seconds", "deleted"), [(-1, 0), (0, 0), (1, 1)])
def test_an_answer_is_kept_for_whole_days(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seconds: int, deleted: int
) -> None:
    moment = [datetime(2026, 1, 1, tzinfo=UTC)]
    store = Store(tmp_path, lambda: moment[0])
    monkeypatch.setattr("fiscald.journal.store.KEEP_NEWEST", 1)
    for key in "AB":
        accepted(store, key)
        store.finish(key, Phase.DONE)
    moment[0] += timedelta(days=30, seconds=seconds)
    assert store.prune(30) == deleted
    assert [entry.job.key for entry in store.jobs()] == ["A", "B"][deleted:], "the newest stays"
    store.close()


def test_a_clock_that_jumped_ahead_deletes_nothing_recent(tmp_path: Path) -> None:
    moment = [datetime(2026, 1, 1, tzinfo=UTC)]
    store = Store(tmp_path, lambda: moment[0])
    accepted(store)
    store.finish("A", Phase.DONE)
    moment[0] += timedelta(days=40_000)
    assert store.prune(400) == 0
    store.close()


@pytest.mark.parametrize("version", range(1, SCHEMA_VERSION))
def test_a_journal_of_an_older_schema_is_brought_up_to_date(tmp_path: Path, version: int) -> None:
    folder = files("fiscald.journal")
    schema = "".join(folder.joinpath(f"schema_v{number}.sql").read_text("utf-8") for number in range(1, version + 1))
    with closing(sqlite3.connect(tmp_path / "journal.db", isolation_level=None)) as db:
        buyers.add_hash(db)
        db.executescript(f"BEGIN; {schema} PRAGMA user_version = {version}; COMMIT;")
        db.execute(
            "INSERT INTO job (key, printer, digest, document, phase, created_at, updated_at) VALUES"
            " ('A', 'till1', zeroblob(32), '{\"type\": \"drawer\"}', 'accepted', ?, ?)",
            ("2026-01-01T10:00:00+01:00", "2026-01-01T10:00:00+01:00"),
        )
    store = Store(tmp_path, lambda: datetime(2026, 1, 2, tzinfo=UTC))
    entry = store.job("A")
    assert entry is not None
    assert (entry.job.deadline, entry.job.if_interrupted) == (None, "repeat")
    accepted(store, "B")
    assert store.counts() == {("till1", "accepted"): 2}
    assert store.begin_raw("till1", "scomm", b"scomm", "query", asked_by=None, forced=False) == 1
    store.close()


def test_frequent_queries_do_not_slow_down_with_the_journal(tmp_path: Path) -> None:
    """Counted in steps of SQLite's machine: as many, or nearly, over ten times as many old jobs."""
    store = Store(tmp_path, clock)
    work = [0]

    def steps(ask: Callable[[], object]) -> int:
        work[0] = 0
        store._db.set_progress_handler(counted, 1)
        try:
            ask()
        finally:
            store._db.set_progress_handler(None, 0)
        return work[0]

    def counted() -> None:
        work[0] += 1

    asked: dict[str, Callable[[], object]] = {
        "next_job": lambda: store.next_job("till1"),
        "expire": lambda: store.expire(lambda _: problem("job.withdrawn")),
        "running": lambda: store.jobs(state=JobState.RUNNING),
        "undecided": lambda: store.jobs(state=JobState.UNDECIDED, printer="till1"),
        "the first page": lambda: store.jobs(printer="till1", limit=10),
        "a page of those done": lambda: store.jobs(state=JobState.DONE, limit=10),
        "deleting": lambda: store._db.executescript("BEGIN; DELETE FROM event WHERE job = 1; ROLLBACK"),
        "deleting a job": lambda: store._db.executescript(
            "BEGIN; DELETE FROM event WHERE job = 2; DELETE FROM job WHERE id = 2; ROLLBACK"
        ),
    }
    found = []
    for jobs in (100, 900):
        with store._transaction():
            for number in range(jobs):
                key = f"{jobs}/{number}"
                accepted(store, key, printer="till1" if number % 2 else "till2")
                store.finish(key, Phase.DONE)
        found.append({name: steps(ask) for name, ask in asked.items()})
    assert {name: most for name, most in found[1].items() if most > 2 * found[0][name]} == {}
    store.close()


def test_a_raw_command_is_recorded_before_and_after(store: Store) -> None:
    def kept() -> list[Any]:
        return store._db.execute("SELECT sent, answer, problem, ended_at FROM raw ORDER BY id").fetchall()

    first = store.begin_raw("till1", "scomm", b"\x02scomm\t#C42B\x03", "query", asked_by=1000, forced=False)
    assert kept() == [(b"\x02scomm\t#C42B\x03", None, None, None)]
    second = store.begin_raw("till1", "trinit", b"x", "reversible", asked_by=None, forced=True)
    store.end_raw(first, "scomm|fsT|", None)
    store.end_raw(second, None, problem("link.unanswered", printer="till1", reason="no answer in time"))
    (answer, lost) = kept()
    assert answer[1:] == ("scomm|fsT|", None, NOW.isoformat())
    assert (lost[1], lost[3]) == (None, NOW.isoformat())
    assert '"link.unanswered"' in lost[2]
