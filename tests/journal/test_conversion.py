"""Before a newer fiscald converts a journal, it keeps a copy that the older one can read."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from pathlib import Path
from unittest.mock import patch

import pytest

from fiscald.journal import JournalError, Store, buyers
from fiscald.journal.copying import KEPT
from fiscald.journal.file import SCHEMA_VERSION
from tests.daemons import running
from tests.journal.stores import accept, opened, used

OLD = 12


@contextmanager
def old_journal(directory: Path, *, version: int = OLD, mode: str = "DELETE") -> Iterator[sqlite3.Connection]:
    """A journal that an older fiscald has open, with one job."""
    folder = files("fiscald.journal")
    schema = "".join(folder.joinpath(f"schema_v{number}.sql").read_text("utf-8") for number in range(1, version + 1))
    directory.mkdir(exist_ok=True)
    with closing(sqlite3.connect(directory / "journal.db", isolation_level=None)) as db:
        db.execute(f"PRAGMA journal_mode = {mode}")
        buyers.add_hash(db)
        db.executescript(f"BEGIN; {schema} PRAGMA user_version = {version}; COMMIT;")
        add_job(db, "A")
        yield db


def add_job(db: sqlite3.Connection, key: str) -> None:
    db.execute(
        "INSERT INTO job (key, printer, digest, document, phase, created_at, updated_at) VALUES"
        " (?, 'till1', zeroblob(32), '{\"type\": \"drawer\"}', 'accepted', ?, ?)",
        (key, "2026-01-01T10:00:00+01:00", "2026-01-01T10:00:00+01:00"),
    )


def keys_and_version(path: Path) -> tuple[list[str], int]:
    """What is in a copy that stands alone."""
    with closing(sqlite3.connect(f"file:{path}?mode=ro&immutable=1", uri=True)) as db:
        (version,) = db.execute("PRAGMA user_version").fetchone()
        return [key for (key,) in db.execute("SELECT key FROM job ORDER BY id")], version


def copies(directory: Path) -> list[str]:
    return sorted(path.name for path in directory.iterdir() if path.name.startswith((KEPT, ".copy-")))


@pytest.mark.parametrize("version", [1, 6, SCHEMA_VERSION - 1])
def test_the_journal_is_kept_as_it_was(tmp_path: Path, version: int) -> None:
    with old_journal(tmp_path, version=version):
        pass
    with closing(opened(tmp_path)) as store:
        assert store.kept == tmp_path / f"journal-schema-{version}.db"
        accept(store, "B")
        assert keys_and_version(store.kept) == (["A"], version)
        assert store.kept.stat().st_mode & 0o777 == 0o600
    assert copies(tmp_path) == [store.kept.name]


def test_changes_that_are_in_the_log_are_in_the_copy(tmp_path: Path) -> None:
    with old_journal(tmp_path / "running", mode="WAL") as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        add_job(db, "B")
        shutil.copytree(tmp_path / "running", tmp_path / "killed")
    with closing(opened(tmp_path / "killed")) as store:
        assert store.kept is not None
        assert keys_and_version(store.kept) == (["A", "B"], OLD)


def test_the_copy_is_a_journal_for_the_older_version(tmp_path: Path) -> None:
    """Put in the place of the converted one, it opens again, and is an older copy like every other."""
    with old_journal(tmp_path):
        pass
    opened(tmp_path).close()
    (tmp_path / f"journal-schema-{OLD}.db").replace(tmp_path / "journal.db")
    with closing(opened(tmp_path)) as store:
        assert store.kept is not None
        assert keys_and_version(store.kept) == (["A"], OLD)


def test_without_a_conversion_there_is_no_copy(tmp_path: Path) -> None:
    used(tmp_path, "A")
    with closing(opened(tmp_path)) as store:
        assert store.kept is None
    assert copies(tmp_path) == []


def test_without_room_for_the_copy_nothing_is_converted(tmp_path: Path) -> None:
    with old_journal(tmp_path):
        pass
    with patch("fiscald.journal.copying.COPY_SPARE", 1 << 60), pytest.raises(JournalError, match="less free space"):
        opened(tmp_path)
    assert keys_and_version(tmp_path / "journal.db") == (["A"], OLD)
    assert copies(tmp_path) == []


def test_a_conversion_that_failed_is_done_again(tmp_path: Path) -> None:
    with old_journal(tmp_path):
        pass
    with patch("fiscald.journal.file._schema", lambda _: "CREATE TABLE job (x);"), pytest.raises(JournalError):
        opened(tmp_path)
    assert keys_and_version(tmp_path / "journal.db") == (["A"], OLD)
    with closing(opened(tmp_path)) as store:
        assert [entry.job.key for entry in store.jobs()] == ["A"]
    assert copies(tmp_path) == [f"journal-schema-{OLD}.db"]


@pytest.mark.parametrize(("days", "left"), [(29, 1), (31, 0)])
def test_the_copy_is_kept_as_long_as_answers(tmp_path: Path, days: int, left: int) -> None:
    with old_journal(tmp_path):
        pass
    moment = [datetime.now(UTC)]
    with closing(Store(tmp_path, lambda: moment[0])) as store:
        moment[0] += timedelta(days=days)
        assert store.prune(30) == 0
    assert len(copies(tmp_path)) == left


async def test_the_daemon_logs_where_the_copy_is(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with old_journal(tmp_path / "state"):
        pass
    async with running(tmp_path, ready=False):
        assert f"{tmp_path}/state/journal-schema-{OLD}.db is a copy from before" in caplog.text
