"""The state directory: for one user alone, one daemon at a time; a missing journal, and one that was put back."""

from __future__ import annotations

import contextlib
import os
import shutil
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from fiscald import private
from fiscald.journal import (
    DirectoryRefused,
    Doubt,
    JournalError,
    JournalMissing,
    JournalThere,
    Store,
    UnusableJournal,
    prepare,
)
from fiscald.journal.errors import JournalDamaged
from fiscald.model.documents import Submission
from fiscald.model.problems import problem
from fiscald.model.times import POLISH_TIME

NOW = datetime(2026, 11, 22, 10, 0, tzinfo=POLISH_TIME)
CASH = Submission.model_validate({"printer": "till1", "document": {"type": "cash_in", "amount": "1.00"}})
ROOT = Path(__file__).parents[2]


def opened(directory: Path, **options: Any) -> Store:
    return Store(directory, lambda: NOW, **options)


def accept(store: Store, *keys: str) -> None:
    for key in keys:
        assert store.accept(key, CASH, (), None).new


def used(directory: Path, *keys: str) -> None:
    """A journal that was used, and closed."""
    store = opened(directory)
    if store.printer_id("till1") is None:
        store.know_printer("till1", "EMU 1")
    accept(store, *keys)
    store.close()


@pytest.fixture(params=[0o000, 0o022, 0o077, 0o777], ids=oct)
def umask(request: pytest.FixtureRequest) -> Iterator[int]:
    former = os.umask(request.param)
    yield request.param
    os.umask(former)


def modes(folder: Path) -> dict[str, int]:
    return {str(path.relative_to(folder)): stat.S_IMODE(path.stat().st_mode) for path in folder.rglob("*")}


# -- for one user alone ----------------------------------------------------------------------------------


@pytest.mark.usefixtures("umask")
def test_files_are_for_one_user_whatever_the_umask(tmp_path: Path) -> None:
    state = tmp_path / "missing" / "state"
    store = opened(state)
    with store._transaction() as db:  # its rollback journal is there meanwhile
        db.execute(
            "INSERT INTO raw (printer, forced, command, effect, sent, sent_at) VALUES ('a', 0, '', '', x'00', '')"
        )
        assert set(modes(state)) == {"lock", "journal.db", "journal.db-journal"}
        assert set(modes(state).values()) == {0o600}
    with store.copy() as copy:
        assert stat.S_IMODE(os.fstat(copy.fileno()).st_mode) == 0o600
    store.close()
    assert modes(tmp_path)["missing"] == modes(tmp_path)["missing/state"] == 0o700


def test_the_log_of_an_sqlite_in_wal_mode_is_private_too(tmp_path: Path) -> None:
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


def test_files_that_others_could_read_are_closed_to_them(tmp_path: Path) -> None:
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
    """Who owns it may write to it, whatever its mode."""
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


def test_a_directory_that_is_there_keeps_its_mode(tmp_path: Path) -> None:
    tmp_path.chmod(0o750)
    prepare(tmp_path)
    assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o750


_IMPORTS = """
import os, sys
from datetime import datetime, UTC
from pathlib import Path
from fiscald.journal import JournalError, Store
from fiscald.model.documents import Submission
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
    """What is in it can be read, and answered; nothing is accepted until it can be stored."""
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
def test_a_journal_that_is_gone_is_not_begun_silently(tmp_path: Path, how: str) -> None:
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


def test_a_lock_alone_is_enough_to_know_of_a_journal(tmp_path: Path) -> None:
    (tmp_path / "lock").touch()
    with pytest.raises(JournalMissing):
        opened(tmp_path)


@pytest.mark.parametrize("kept", ["licence/state.json", "recordings/till1/2026-11-22.pcapng"])
@pytest.mark.parametrize("how", ["missing", "empty"])
def test_any_file_of_a_daemon_is_enough_to_know_of_a_journal(tmp_path: Path, how: str, kept: str) -> None:
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


def test_a_journal_put_beside_a_licence_is_compared(tmp_path: Path) -> None:
    """What was put back with everything but the lock came without its mark, as on another computer."""
    used(tmp_path, "A")
    (tmp_path / "licence").mkdir()
    (tmp_path / "licence" / "state.json").touch()
    (tmp_path / "lock").unlink()
    assert doubt_of(tmp_path) is Doubt.MOVED


def test_a_new_journal_is_refused_where_there_is_one(tmp_path: Path) -> None:
    used(tmp_path, "A")
    with pytest.raises(JournalThere, match="journal is lost"):
        opened(tmp_path, new=True)
    store = opened(tmp_path)
    assert store.job("A") is not None
    store.close()


@pytest.mark.parametrize("new", [False, True])
def test_a_first_start(tmp_path: Path, *, new: bool) -> None:
    """Whatever else is there: a licence may have been put there before."""
    (tmp_path / "licence").mkdir()
    store = opened(tmp_path, new=new)
    assert store.doubt is None
    store.close()


def test_a_first_start_that_failed_is_no_lost_journal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
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
    """The file was made, and nothing is in it; no mark either."""
    (tmp_path / "lock").touch()
    (tmp_path / "journal.db").touch()
    opened(tmp_path).close()


# -- one that was put back -------------------------------------------------------------------------------


def doubt_of(directory: Path) -> Doubt | None:
    store = opened(directory, printers=("till9",))
    found = store.doubt
    assert {store.known(name).doubt for name in ("till1", "till9")} == {found}
    store.close()
    return found


def test_an_older_copy_is_known_by_its_mark(tmp_path: Path) -> None:
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
def test_every_change_that_is_lost_counts(tmp_path: Path, change: str) -> None:
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


def test_what_is_undone_leaves_no_mark(tmp_path: Path) -> None:
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
def test_a_mark_that_cannot_be_read_is_none(tmp_path: Path, mark: bytes) -> None:
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


def test_a_mark_is_always_as_long(tmp_path: Path) -> None:
    """So that nothing of a longer one stays behind a shorter one."""
    used(tmp_path, *(f"A{number}" for number in range(12)))
    mark = (tmp_path / "lock").read_bytes()
    assert (len(mark), mark[-1:], mark.split()[1]) == (128, b"\n", b"12")


def test_a_killed_process_leaves_no_doubt(tmp_path: Path) -> None:
    script = f"""
import os
from datetime import datetime, UTC
from pathlib import Path
from fiscald.journal import Store
from fiscald.model.documents import Submission
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


def test_an_older_schema_is_brought_up_to_date_without_a_doubt(tmp_path: Path) -> None:
    """And its printers are remembered from the next look on."""
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


@pytest.mark.parametrize(("version", "older"), [(0, False), (1, True), (5, True), (6, False), (7, False)])
def test_what_opening_would_migrate_is_an_older_journal(tmp_path: Path, version: int, *, older: bool) -> None:
    with contextlib.closing(sqlite3.connect(tmp_path / "journal.db")) as db:
        db.execute("CREATE TABLE something (x)")
        db.execute(f"PRAGMA user_version = {version}")
    assert Store.older(tmp_path) is older


def test_where_there_is_no_journal_there_is_no_older_one(tmp_path: Path) -> None:
    assert not Store.older(tmp_path)
    assert not Store.older(tmp_path / "missing")
    (tmp_path / "journal.db").write_bytes(b"not a database" * 500)
    assert not Store.older(tmp_path)


def test_leftovers_of_copies_are_taken_away(tmp_path: Path) -> None:
    """A daemon was killed while it made one."""
    used(tmp_path, "A")
    (tmp_path / ".copy-abc").write_bytes(b"half")
    opened(tmp_path).close()
    assert set(modes(tmp_path)) == {"lock", "journal.db"}
