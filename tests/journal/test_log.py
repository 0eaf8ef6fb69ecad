"""The write-ahead log: what is lost without it, and what is not applied because it belongs elsewhere."""

from __future__ import annotations

import random
import sqlite3
import struct
from collections.abc import Callable
from contextlib import closing
from importlib.resources import files
from itertools import pairwise
from pathlib import Path

import pytest

from fiscald.journal import (
    Doubt,
    JournalDamaged,
    JournalError,
    Phase,
    Store,
    ThreadedJournal,
    WrongPhase,
    buyers,
    inspection,
    log,
)
from fiscald.journal.file import LOG_BYTES
from fiscald.model.problems import problem
from tests.journal.stores import CASH, WHY, Left, accept, clock, killed, left_in, opened, put, used


def doubt_and_keys(directory: Path) -> tuple[Doubt | None, list[str]]:
    with closing(opened(directory)) as store:
        return store.doubt, [entry.job.key for entry in store.jobs()]


def test_after_a_clean_stop_the_journal_is_complete_alone(tmp_path: Path) -> None:
    used(tmp_path, "A")
    assert {path.name for path in tmp_path.iterdir()} == {"journal.db", "lock"}
    assert (tmp_path / "journal.db").read_bytes()[18:20] == b"\x01\x01", "any program can read it"
    with closing(opened(tmp_path)) as store:
        assert not store.unchecked
    assert inspection.damage(tmp_path) is None


def test_a_killed_daemon_loses_nothing(tmp_path: Path) -> None:
    used(tmp_path, "A")
    left = killed(tmp_path, "key 2", "key 3")
    assert b"key 2" not in left["journal.db"], "it is in the log"
    assert inspection.damage(tmp_path) is None
    assert left_in(tmp_path) == left, "a person who looks changes nothing"
    with closing(opened(tmp_path)) as store:
        assert store.unchecked
        assert [entry.job.key for entry in store.jobs()] == ["A", "key 2", "key 3"]
        assert not store.unchecked
        assert store.doubt is None


@pytest.mark.parametrize("beside", [None, b""])
def test_a_daemon_killed_before_its_first_change(tmp_path: Path, beside: bytes | None) -> None:
    """The log may not be there yet."""
    used(tmp_path, "A")
    left = killed(tmp_path)
    left.pop("journal.db-wal", None)
    put(tmp_path, left if beside is None else left | {"journal.db-wal": beside})
    assert doubt_and_keys(tmp_path) == (None, ["A"])


@pytest.mark.parametrize("mark", ["newest", "behind", "none"])
def test_a_lost_log_is_noticed(tmp_path: Path, mark: str) -> None:
    """Also if the mark was not on disk yet when the power went, or there is none."""
    used(tmp_path, "A")
    before = (tmp_path / "lock").read_bytes()
    left = killed(tmp_path, "B")
    del left["journal.db-wal"]
    if mark == "behind":
        left["lock"] = before[:128] + left["lock"][128:]
    elif mark == "none":
        del left["lock"]
    put(tmp_path, left)
    assert doubt_and_keys(tmp_path) == (Doubt.OLDER, ["A"])


@pytest.mark.parametrize(
    "change",
    [
        lambda store: store.start("A", {"before": {}}, event=False),
        lambda store: store.opened("B", {"opened": {}}),
        lambda store: store.commit("B"),
        lambda store: store.know_printer("till1", "EMU 2"),
        lambda store: store.keep_licence_note("pass", "", "pass", 0, 1),
    ],
)
def test_each_change_is_missed_when_the_end_of_the_log_is_lost(
    tmp_path: Path, change: Callable[[Store], object]
) -> None:
    """Also changes that are no event for any application."""
    used(tmp_path, "A", "B")
    with closing(opened(tmp_path)) as store:
        store.start("B", {"before": {}})
        before = left_in(tmp_path)
        change(store)
        after = left_in(tmp_path)
    put(tmp_path, after)
    assert doubt_and_keys(tmp_path)[0] is None
    put(tmp_path, after | {"journal.db-wal": before["journal.db-wal"]})
    assert doubt_and_keys(tmp_path)[0] is Doubt.OLDER


def test_a_journal_copied_from_a_running_daemon_without_its_log(tmp_path: Path) -> None:
    used(tmp_path / "one", "A")
    left = killed(tmp_path / "one", "B")
    (tmp_path / "other").mkdir(mode=0o700)
    (tmp_path / "other" / "journal.db").write_bytes(left["journal.db"])
    assert doubt_and_keys(tmp_path / "other") == (Doubt.OLDER, ["A"])


def refused(directory: Path, left: Left) -> None:
    """Nothing is applied and nothing is changed."""
    put(directory, left)
    for _ in range(2):
        with pytest.raises(JournalDamaged, match=r"journal.db-wal does not belong .*docs/backup.md"):
            opened(directory)
    assert left_in(directory) == left


def backup(directory: Path) -> bytes:
    with closing(opened(directory)) as store, store.copy() as copy:
        return copy.read()


def test_a_restored_backup_beside_the_log_of_the_lost_journal(tmp_path: Path) -> None:
    used(tmp_path, "A")
    copy = backup(tmp_path)
    assert copy[18:20] == b"\x01\x01", "a backup is complete alone"
    left = killed(tmp_path, "B")
    refused(tmp_path, left | {"journal.db": copy})
    del left["journal.db-wal"]
    put(tmp_path, left | {"journal.db": copy})
    assert doubt_and_keys(tmp_path) == (Doubt.OLDER, ["A"])


def test_a_backup_that_has_all_changes_of_the_log(tmp_path: Path) -> None:
    used(tmp_path, "A")
    left = killed(tmp_path, "B")
    copy = backup(tmp_path)
    put(tmp_path, left | {"journal.db": copy})
    assert doubt_and_keys(tmp_path) == (None, ["A", "B"])


def test_the_log_of_another_journal(tmp_path: Path) -> None:
    for name in ("one", "other"):
        used(tmp_path / name, "A")
    one, other = killed(tmp_path / "one", "B"), killed(tmp_path / "other", "B")
    refused(tmp_path / "one", one | {"journal.db-wal": other["journal.db-wal"]})
    clean = tmp_path / "clean"
    used(clean, "A")
    refused(clean, left_in(clean) | {"journal.db-wal": other["journal.db-wal"]})


def test_files_that_were_copied_one_after_the_other(tmp_path: Path) -> None:
    """The log was emptied between the two copies."""
    used(tmp_path, "A")
    found: list[Left] = []
    with closing(opened(tmp_path)) as store:
        for key in "BCD":
            accept(store, key)
            found.append(left_in(tmp_path))
            assert store.checkpoint()
    early, _, late = found
    refused(tmp_path, late | {"journal.db-wal": early["journal.db-wal"]})
    refused(tmp_path, late | {"journal.db": early["journal.db"]})
    put(tmp_path, late)
    assert doubt_and_keys(tmp_path) == (None, ["A", "B", "C", "D"])


@pytest.mark.parametrize("clean", [False, True])
def test_a_journal_that_cannot_be_read_without_its_log(tmp_path: Path, *, clean: bool) -> None:
    """The power went while SQLite moved changes into the file. After a clean stop a log beside such a file is foreign."""
    used(tmp_path, "A")
    left = killed(tmp_path, "B")
    torn = bytearray(left["journal.db"])
    torn[100:4096] = bytes(3996)
    if clean:
        torn[18:20] = b"\x01\x01"
    put(tmp_path, left | {"journal.db": bytes(torn)})
    assert log.examine(tmp_path / "journal.db") is (log.Log.FOREIGN if clean else log.Log.OURS)


def test_a_log_written_by_a_computer_with_the_other_byte_order(tmp_path: Path) -> None:
    """Its checksums are made of words of that order; SQLite reads both."""
    used(tmp_path, "A")
    left = killed(tmp_path, "B", "C")
    written, pages = left["journal.db-wal"], 0
    other = bytearray(written)
    other[3] ^= 1
    size = int.from_bytes(other[8:12])
    sums = log._sums(bytes(other[:24]), (0, 0), swap=True)
    other[24:32] = struct.pack(">2I", *sums)
    for at in range(32, len(other) - 23 - size, 24 + size):
        frame, page = bytes(other[at : at + 8]), bytes(other[at + 24 : at + 24 + size])
        sums = log._sums(page, log._sums(frame, sums, swap=True), swap=True)
        other[at + 16 : at + 24] = struct.pack(">2I", *sums)
        pages += 1
    assert pages > 2
    put(tmp_path, left | {"journal.db-wal": bytes(other)})
    assert doubt_and_keys(tmp_path) == (None, ["A", "B", "C"])
    put(tmp_path, left | {"journal.db-wal": bytes(other)})
    (tmp_path / "journal.db").write_bytes(left["journal.db"])
    assert log.examine(tmp_path / "journal.db") is log.Log.OURS
    assert [bytes(page) for _, page in log._committed(bytes(other))] == [
        bytes(page) for _, page in log._committed(written)
    ]


def test_damage_after_a_kill_is_found_before_the_first_change(tmp_path: Path) -> None:
    used(tmp_path, *(f"A{number}" for number in range(50)))
    left = killed(tmp_path, "B")
    spoiled = bytearray(left["journal.db"])
    spoiled[4096 * 8 : 4096 * 9] = b"\xff" * 4096
    put(tmp_path, left | {"journal.db": bytes(spoiled)})
    for _ in range(2):
        with closing(opened(tmp_path)) as store:
            for use in (store.counts, store.waiting, lambda: store.accept("C", CASH, (), None)):
                with pytest.raises(JournalDamaged, match="backup"):
                    use()


def test_the_log_stays_small(tmp_path: Path) -> None:
    with closing(opened(tmp_path)) as store:
        store._db.execute("PRAGMA synchronous = OFF")
        sizes = []
        for number in range(600):
            accept(store, f"A{number}")
            sizes.append((tmp_path / "journal.db-wal").stat().st_size)
    assert max(sizes) < LOG_BYTES + (1 << 20)
    assert sum(later > sooner for sooner, later in pairwise(sizes)) < 200, "it begins again"


async def test_the_log_is_emptied_when_there_is_nothing_else_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    emptied: list[int] = []
    real = Store.checkpoint
    monkeypatch.setattr("fiscald.journal.threaded._QUIET", 0.0)
    monkeypatch.setattr("fiscald.journal.threaded._CHANGES", 3)

    def watched(store: Store) -> bool:
        emptied.append(store.changes_in_log)
        return real(store)

    monkeypatch.setattr(Store, "checkpoint", watched)
    journal = ThreadedJournal(tmp_path, clock)
    for key in "ABC":
        await journal.run(Store.accept, key, CASH, (), None)
    await journal.run(Store.counts)
    journal.close()
    assert emptied in ([3, 0], [3]), "once, and at the end"


def test_what_cannot_be_emptied_stays_in_the_log(tmp_path: Path) -> None:
    """A full disk. The next start reads it from there."""
    used(tmp_path, "A")
    store = opened(tmp_path)
    accept(store, "B")
    store._db.set_authorizer(lambda action, *_: sqlite3.SQLITE_DENY if action == sqlite3.SQLITE_PRAGMA else 0)
    assert not store.checkpoint()
    store._db.set_authorizer(None)
    left = left_in(tmp_path)
    store.close()
    put(tmp_path, left)
    assert doubt_and_keys(tmp_path) == (None, ["A", "B"])


def test_counts_are_those_of_the_jobs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever happens to jobs, also what is undone."""
    monkeypatch.setattr("fiscald.journal.store.KEEP_NEWEST", 10)
    rng = random.Random(1)
    with closing(opened(tmp_path)) as store:
        store._db.execute("PRAGMA synchronous = OFF")
        moves: list[Callable[[str], object]] = [
            lambda key: store.start(key, {}), store.commit, lambda key: store.requeue(key, {}, WHY),
            lambda key: store.finish(key, rng.choice((Phase.DONE, Phase.FAILED, Phase.UNDECIDED))),
            lambda key: store.withdraw(key, problem("job.withdrawn")),
            lambda key: store.accept(key, CASH.model_copy(update={"printer": f"till{rng.randrange(3)}"}), (), None),
        ]  # fmt: skip
        for step in range(1500):
            key = f"A{rng.randrange(40)}"
            try:
                with store._transaction():
                    rng.choice(moves)(key)
                    if rng.random() < 0.1:
                        raise WrongPhase("undone")
            except WrongPhase:
                pass
            if step % 100 == 0:
                store.prune(-1)
                counted: dict[tuple[str, str], int] = {}
                for printer, phase in store._db.execute("SELECT printer, phase FROM job"):
                    where = printer, Phase(phase).state.value
                    counted[where] = counted.get(where, 0) + 1
                assert store.counts() == counted


def test_no_other_program_reads_or_writes_a_running_journal(tmp_path: Path) -> None:
    """A second connection could spoil the log."""
    with (
        closing(opened(tmp_path)),
        closing(sqlite3.connect(tmp_path / "journal.db", timeout=0)) as other,
        pytest.raises(sqlite3.OperationalError, match="locked"),
    ):
        other.execute("SELECT * FROM job")


def test_a_program_that_holds_the_file_open_at_the_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    used(tmp_path, "A")
    monkeypatch.setattr("fiscald.journal.file.BUSY_SECONDS", 0)
    with closing(sqlite3.connect(tmp_path / "journal.db")) as other:
        other.execute("BEGIN")
        other.execute("SELECT * FROM job").fetchone()
        with closing(opened(tmp_path)) as store:
            with pytest.raises(JournalError, match="another program holds the file open"):
                accept(store, "B")
            other.rollback()
            accept(store, "B")
            assert store._db.execute("PRAGMA synchronous").fetchone() == (3,), "EXTRA, without a log"
    assert doubt_and_keys(tmp_path) == (None, ["A", "B"])


@pytest.mark.parametrize("taken", [(), (5, 9, 7)])
def test_emergency_passes_of_an_older_journal_become_the_newest_note(tmp_path: Path, taken: tuple[int, ...]) -> None:
    folder = files("fiscald.journal")
    schema = "".join(folder.joinpath(f"schema_v{number}.sql").read_text("utf-8") for number in range(1, 11))
    with closing(sqlite3.connect(tmp_path / "journal.db", isolation_level=None)) as db:
        buyers.add_hash(db)
        db.executescript(f"BEGIN; {schema} PRAGMA user_version = 10; COMMIT;")
        db.executemany("INSERT INTO emergency VALUES (?)", [(each,) for each in taken])
    with closing(opened(tmp_path)) as store:
        assert store.licence_notes() == [("pass", "", 0, 9)] * bool(taken)
        store.keep_licence_note("verdict", "lic_A", "revoked", 7, 20)
        store.keep_licence_note("verdict", "lic_A", "confirmed", 7, 30)
        assert store.licence_notes()[-1] == ("confirmed", "lic_A", 7, 30)
        assert len(store.licence_notes()) == 1 + bool(taken)
