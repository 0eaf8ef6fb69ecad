"""A journal that was put back is known by its mark, which stands beside it; and a journal of an older schema."""

from __future__ import annotations

import contextlib
import os
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from fiscald.journal import (
    Doubt,
    Store,
)
from fiscald.model.problems import problem
from tests.journal.stores import accept, doubt_of, opened, used

ROOT = Path(__file__).parents[2]


def test_an_older_copy_is_detected_by_the_mark(tmp_path: Path) -> None:
    used(tmp_path, "A")
    copy = (tmp_path / "journal.db").read_bytes()
    used(tmp_path, "B")
    (tmp_path / "journal.db").write_bytes(copy)
    store = opened(tmp_path)
    assert (store.doubt, store.missing_changes) == (Doubt.OLDER, 1)
    store.close()
    assert opened_again(tmp_path) is Doubt.OLDER, "until a person confirms"


def opened_again(directory: Path) -> Doubt | None:
    store = opened(directory)
    found = store.known("till1").doubt
    store.close()
    return found


@pytest.mark.parametrize("change", ["accept", "withdraw", "expire"])
def test_every_lost_change_is_detected(tmp_path: Path, change: str) -> None:
    used(tmp_path, "A")
    copy = (tmp_path / "journal.db").read_bytes()
    store = opened(tmp_path)
    if change == "accept":
        accept(store, "B")
    elif change == "withdraw":
        store.withdraw("A", problem("job.withdrawn"))
    else:
        store._db.execute("UPDATE job SET deadline = '2020-01-01T00:00:00+00:00'")
        assert store.expire(lambda _: problem("job.withdrawn"))[0]
    store.close()
    (tmp_path / "journal.db").write_bytes(copy)
    assert doubt_of(tmp_path) is Doubt.OLDER


def test_another_journal_than_ran_here(tmp_path: Path) -> None:
    used(tmp_path / "one", "A")
    used(tmp_path / "other", "A", "B", "C")
    shutil.copy(tmp_path / "other" / "journal.db", tmp_path / "one" / "journal.db")
    assert doubt_of(tmp_path / "one") is Doubt.OLDER


@pytest.mark.parametrize("with_lock", [False, True])
def test_a_directory_that_was_copied(tmp_path: Path, *, with_lock: bool) -> None:
    used(tmp_path / "one", "A")
    shutil.copytree(tmp_path / "one", tmp_path / "other")
    if not with_lock:
        (tmp_path / "other" / "lock").unlink()
    assert doubt_of(tmp_path / "other") is Doubt.MOVED
    assert doubt_of(tmp_path / "one") is None
    assert opened_again(tmp_path / "other") is Doubt.MOVED, "until the printer was seen"


def test_a_rolled_back_change_leaves_no_mark(tmp_path: Path) -> None:
    """Or the journal would be taken for an older copy of itself."""
    used(tmp_path, "A")
    store = opened(tmp_path)

    def fails() -> None:
        with store._transaction():
            accept(store, "B")
            raise ValueError("half way")

    assert isinstance(store.together([fails, lambda: store.job("A")])[0], ValueError)
    with pytest.raises(ValueError, match="half way"):
        fails()
    store.close()
    assert doubt_of(tmp_path) is None


@pytest.mark.parametrize("mark", [b"", b"\x00" * 128, b"nonsense", b"a b c", b"\xff" * 200])
def test_an_unreadable_mark_is_ignored(tmp_path: Path, mark: bytes) -> None:
    """After a power cut it may be anything."""
    used(tmp_path, "A")
    (tmp_path / "lock").write_bytes(mark)
    assert doubt_of(tmp_path) is None


def test_a_mark_that_cannot_be_written_stops_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It stays behind the journal, never ahead of it."""

    def full(*_: object) -> int:
        raise OSError(28, "No space left on device")

    used(tmp_path, "A")
    mark = (tmp_path / "lock").read_bytes()
    store = opened(tmp_path)
    monkeypatch.setattr(os, "pwrite", full)
    accept(store, "B")
    store.close()
    monkeypatch.undo()
    assert (tmp_path / "lock").read_bytes() == mark
    assert doubt_of(tmp_path) is None
    assert (tmp_path / "lock").read_bytes() != mark, "written again at the next start"


def test_a_mark_always_has_the_same_length(tmp_path: Path) -> None:
    """A shorter mark must not leave the end of a longer one."""
    used(tmp_path, *(f"A{number}" for number in range(12)))
    mark = (tmp_path / "lock").read_bytes()
    assert (len(mark), mark[127:128], mark.split()[1], mark[128:]) == (134, b"\n", b"13", b"whole\n")


def test_a_killed_process_is_not_taken_for_an_older_copy(tmp_path: Path) -> None:
    script = f"""
import os
from datetime import datetime, UTC
from pathlib import Path
from fiscald.journal import Store
from fiscald.model.documents import Submission
from tests.journal.stores import CASH, NOW, accept, clock, doubt_of, opened, used
store = Store(Path({str(tmp_path)!r}), lambda: datetime.now(UTC))
cash = Submission.model_validate({{"printer": "till1", "document": {{"type": "drawer"}}}})
for number in range(50):
    store.accept(f"A{{number}}", cash, (), None)
store._db.execute("BEGIN IMMEDIATE")
store.accept("B", cash, (), None)
os.kill(os.getpid(), 9)
"""
    subprocess.run([sys.executable, "-c", script], check=False, cwd=ROOT)
    store = opened(tmp_path)
    assert store.doubt is None
    assert store.job("A49") is not None
    assert store.job("B") is None
    store.close()


def test_a_migration_is_not_taken_for_an_older_copy(tmp_path: Path) -> None:
    """And its printers are stored from the next poll on."""
    from importlib.resources import files

    with contextlib.closing(sqlite3.connect(tmp_path / "journal.db")) as db:
        for number in range(1, 5):
            schema = files("fiscald.journal").joinpath(f"schema_v{number}.sql").read_text("utf-8")
            db.executescript(f"{schema} PRAGMA user_version = {number};")
        db.execute("INSERT INTO printer VALUES ('till1', 'EMU 1', '2026-11-22T10:00:00+01:00')")
        db.commit()
    (tmp_path / "lock").touch()
    assert Store.older(tmp_path)
    store = opened(tmp_path)
    known = store.known("till1")
    assert (store.doubt, known.printer_id, known.counters) == (None, "EMU 1", None)
    store.close()


def test_without_a_journal_there_is_no_older_one(tmp_path: Path) -> None:
    assert not Store.older(tmp_path)
    assert not Store.older(tmp_path / "missing")
    (tmp_path / "journal.db").write_bytes(b"not a database" * 500)
    assert not Store.older(tmp_path)


def test_a_journal_put_beside_a_licence_is_compared(tmp_path: Path) -> None:
    """A restored directory without the lock has no mark, as on another computer."""
    used(tmp_path, "A")
    (tmp_path / "licence").mkdir()
    (tmp_path / "licence" / "state.json").touch()
    (tmp_path / "lock").unlink()
    assert doubt_of(tmp_path) is Doubt.MOVED
