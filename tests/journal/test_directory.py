"""The state directory: for one user alone, one daemon at a time; and a missing journal."""

from __future__ import annotations

import contextlib
import os
import shutil
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from fiscald import private
from fiscald.journal import (
    DirectoryRefused,
    JournalError,
    JournalMissing,
    JournalThere,
    UnusableJournal,
    prepare,
)
from fiscald.journal.errors import JournalDamaged
from tests.journal.stores import accept, opened, used

ROOT = Path(__file__).parents[2]


@pytest.fixture(params=[0o000, 0o022, 0o077, 0o777], ids=oct)
def umask(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[int]:
    """After ``tmp_path``, whose folder gets its mode from it, too."""
    former = os.umask(request.param)
    yield request.param
    os.umask(former)


def modes(folder: Path) -> dict[str, int]:
    return {str(path.relative_to(folder)): stat.S_IMODE(path.stat().st_mode) for path in folder.rglob("*")}


# -- for one user alone ----------------------------------------------------------------------------------


@pytest.mark.usefixtures("umask")
def test_files_are_private_with_any_umask(tmp_path: Path) -> None:
    state = tmp_path / "missing" / "state"
    store = opened(state)
    accept(store, "A")
    assert set(modes(state)) == {"lock", "journal.db", "journal.db-wal"}
    assert set(modes(state).values()) == {0o600}
    with store.copy() as copy:
        assert stat.S_IMODE(os.fstat(copy.fileno()).st_mode) == 0o600
    store.close()
    assert modes(tmp_path)["missing"] == modes(tmp_path)["missing/state"] == 0o700


def test_the_write_ahead_log_of_sqlite_is_private_too(tmp_path: Path) -> None:
    """SQLite gives its files the mode of the journal, so it is enough to make that right."""
    former = os.umask(0)
    try:
        used(tmp_path, "A")
        with contextlib.closing(sqlite3.connect(tmp_path / "journal.db")) as db:
            db.execute("PRAGMA journal_mode = WAL")
            db.execute("UPDATE job SET attempts = 1")
            db.commit()
            assert set(modes(tmp_path).values()) == {0o600}
            assert "journal.db-wal" in modes(tmp_path)
    finally:
        os.umask(former)


def test_files_readable_by_others_become_private(tmp_path: Path) -> None:
    used(tmp_path, "A")
    for name in ("lock", "journal.db"):
        (tmp_path / name).chmod(0o644)
    opened(tmp_path).close()
    assert set(modes(tmp_path).values()) == {0o600}


@pytest.mark.parametrize("mode", [0o770, 0o707, 0o720, 0o702, 0o777, 0o1777])
def test_a_directory_that_others_may_write_to_is_refused(tmp_path: Path, mode: int) -> None:
    used(tmp_path / "state", "A")
    (tmp_path / "state").chmod(mode)
    for use in (opened, prepare, lambda path: UnusableJournal(path, JournalDamaged("?"))):
        with pytest.raises(DirectoryRefused, match="chmod 700"):
            use(tmp_path / "state")
    (tmp_path / "state").chmod(0o700)
    opened(tmp_path / "state").close()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a directory away")
def test_a_directory_of_another_user_is_refused(tmp_path: Path) -> None:
    """The owner may write to it in every mode."""
    state = tmp_path / "state"
    used(state, "A")
    os.chown(state, 65534, 65534)
    with pytest.raises(DirectoryRefused, match=rf"chown 0 {state} && chmod 700 {state}"):
        opened(state)
    os.chown(state, 0, 0)
    opened(state).close()


@pytest.mark.parametrize(("mode", "readable"), [(0o700, False), (0o750, True), (0o705, True), (0o711, True)])
def test_a_directory_that_others_may_read_is_reported(tmp_path: Path, mode: int, *, readable: bool) -> None:
    tmp_path.chmod(mode)
    assert prepare(tmp_path) == private.Openness(read=readable, write=False)
    opened(tmp_path).close()


def test_an_existing_directory_keeps_its_mode(tmp_path: Path) -> None:
    tmp_path.chmod(0o750)
    prepare(tmp_path)
    assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o750


_IMPORTS = """
import os, sys
from datetime import datetime, UTC
from pathlib import Path
from fiscald.journal import JournalError, Store
from fiscald.model.documents import Submission
from tests.journal.stores import CASH, NOW, accept, clock, doubt_of, opened, used
"""
#: After the imports: that user need not be able to read Python's own files.
_AS_NOBODY = """
os.setgroups([])
os.setgid(65534)
os.setuid(65534)
"""
_OPEN = """
try:
    store = Store(Path(sys.argv[1]), lambda: datetime.now(UTC))
except JournalError as error:
    print("refused:", error)
    sys.exit()
print("open", store.job("A") is not None)
drawer = Submission.model_validate({"printer": "t", "document": {"type": "drawer"}})
try:
    store.accept("B", drawer, (), None)
except JournalError as error:
    print("not accepted:", error)
Path(sys.argv[1]).chmod(0o700)
print("accepted", store.accept("B", drawer, (), None).new)
"""


def as_user(directory: Path) -> str:
    """What an ordinary user's process sees there."""
    script = _IMPORTS + (_AS_NOBODY if os.geteuid() == 0 else "") + _OPEN
    command = [sys.executable, "-c", script, str(directory)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert not done.stderr, done.stderr
    return done.stdout


@pytest.fixture
def state(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A used state directory of an ordinary user, where that user can find it."""
    folder = Path("/tmp") / f"fiscald-state-{os.getpid()}"
    used(folder / "state", "A")
    folder.chmod(0o755)
    if os.geteuid() == 0:
        for path in (folder / "state", *(folder / "state").iterdir()):
            os.chown(path, 65_534, 65_534)
    yield folder / "state"
    (folder / "state").chmod(0o700)
    shutil.rmtree(folder)


def test_a_read_only_directory_at_the_start(state: Path) -> None:
    """Its content can be read and answered; no job is accepted until it can be stored."""
    state.chmod(0o500)
    told = as_user(state)
    assert told.startswith("open True\nnot accepted: ")
    assert "goes on by itself" in told
    assert told.endswith("accepted True\n"), "and it does"


def test_a_read_only_directory_at_the_very_first_start(state: Path) -> None:
    for path in state.iterdir():
        path.unlink()
    state.chmod(0o500)
    told = as_user(state)
    assert told.startswith("refused: ")
    assert "make it a directory that this user may write" in told


def test_files_that_this_user_may_not_open(state: Path) -> None:
    (state / "lock").chmod(0o000)
    if os.geteuid() == 0:
        os.chown(state / "lock", 0, 0)
    assert as_user(state).startswith("refused: ")


# -- a missing journal -----------------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["missing", "empty"])
def test_a_missing_journal_is_not_replaced_silently(tmp_path: Path, how: str) -> None:
    used(tmp_path, "A")
    (tmp_path / "licence").mkdir()
    (tmp_path / "journal.db").unlink()
    if how == "empty":
        (tmp_path / "journal.db").touch()
    for _ in range(2):
        with pytest.raises(JournalMissing, match=r"fiscald run --new-journal") as refused:
            opened(tmp_path)
    assert "docs/backup.md" in str(refused.value)
    store = opened(tmp_path, new=True)
    assert store.job("A") is None
    assert store.doubt is None, "a person said that it is new"
    accept(store, "B")
    store.close()
    store = opened(tmp_path)
    assert store.doubt is None
    assert store.job("B") is not None
    store.close()


def test_a_lock_file_proves_that_there_was_a_journal(tmp_path: Path) -> None:
    (tmp_path / "lock").touch()
    with pytest.raises(JournalMissing):
        opened(tmp_path)


@pytest.mark.parametrize("kept", ["licence/state.json", "recordings/till1/2026-11-22.pcapng"])
@pytest.mark.parametrize("how", ["missing", "empty"])
def test_any_file_of_a_daemon_proves_that_there_was_a_journal(tmp_path: Path, how: str, kept: str) -> None:
    """Everything else was deleted with the journal: also the lock, by a person who cleaned up."""
    (tmp_path / kept).parent.mkdir(parents=True)
    (tmp_path / kept).touch()
    if how == "empty":
        (tmp_path / "journal.db").touch()
    for _ in range(2):
        with pytest.raises(JournalMissing, match="fiscald run --new-journal"):
            opened(tmp_path)
    opened(tmp_path, new=True).close()
    opened(tmp_path).close()


def test_a_new_journal_is_refused_where_one_exists(tmp_path: Path) -> None:
    used(tmp_path, "A")
    with pytest.raises(JournalThere, match="journal is lost"):
        opened(tmp_path, new=True)
    store = opened(tmp_path)
    assert store.job("A") is not None
    store.close()


@pytest.mark.parametrize("new", [False, True])
def test_a_first_start(tmp_path: Path, *, new: bool) -> None:
    """With any other files: a licence may have been installed before."""
    (tmp_path / "licence").mkdir()
    store = opened(tmp_path, new=new)
    assert store.doubt is None
    store.close()


def test_a_failed_first_start_is_not_a_lost_journal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(path: Path, flags: int) -> int:
        if path.name == "journal.db":
            raise OSError(28, "No space left on device")
        return real(path, flags)

    real = private.open_file
    monkeypatch.setattr(private, "open_file", full)
    with pytest.raises(JournalError, match="No space left"):
        opened(tmp_path)
    monkeypatch.undo()
    opened(tmp_path).close()


def test_a_first_start_that_was_killed_half_way(tmp_path: Path) -> None:
    """The file exists and is empty; there is no mark."""
    (tmp_path / "lock").touch()
    (tmp_path / "journal.db").touch()
    opened(tmp_path).close()


def test_leftovers_of_copies_are_taken_away(tmp_path: Path) -> None:
    """A daemon was killed while it made one."""
    used(tmp_path, "A")
    (tmp_path / ".copy-abc").write_bytes(b"half")
    opened(tmp_path).close()
    assert set(modes(tmp_path)) == {"lock", "journal.db"}
