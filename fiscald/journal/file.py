"""The journal's file: SQLite with one connection. Every change is one synced transaction in the write-ahead log.

No other program opens the file while the daemon runs: SQLite's exclusive mode keeps readers out, and the lock on the
state directory keeps a second daemon out.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from enum import StrEnum
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Any, BinaryIO

from fiscald import private
from fiscald.journal import buyers, copying, log
from fiscald.journal.directory import COPY, JOURNAL, StateDirectory
from fiscald.journal.errors import (
    DAMAGED,
    JournalDamaged,
    JournalError,
    JournalMissing,
    JournalThere,
    remedy,
)

SCHEMA_VERSION = 15
#: Bytes of the write-ahead log to keep when SQLite begins it again. A large transaction may make it longer for a while.
LOG_BYTES = 4 << 20
#: Seconds to wait at the start for another program that has the file open.
BUSY_SECONDS = 5.0


class Doubt(StrEnum):
    """Why a journal may not know everything that was printed."""

    OLDER = "older"
    """It is not the newest journal that ran here: changes are missing."""
    MOVED = "moved"
    """Someone put the journal or the whole directory here, so it may be an older copy."""
    DAMAGED = "damaged"
    """Its record of the printer is unreadable."""


class JournalFile:
    """The open file. Not thread-safe: one thread uses it."""

    def __init__(
        self, directory: Path, clock: Callable[[], datetime], *, printers: Iterable[str] = (), new: bool = False
    ) -> None:
        """Open or create the journal in ``directory``. Raises ``JournalError``, which says what to do.

        ``clock`` gives aware time. ``printers``: the configured printers, which share a doubt about the journal.
        ``new``: make a new journal in place of a lost one.
        """
        self._clock = clock
        self._directory = StateDirectory(directory)
        self._path = directory / JOURNAL
        self.take_turns: Callable[[], object] = lambda: None
        """Called between two steps of a copy, to run the waiting transactions."""
        with contextlib.ExitStack() as undo:
            undo.callback(self._directory.close)
            try:
                fresh = self._make(new=new)
                beside = self._beside()
                self._db = sqlite3.connect(
                    self._path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False
                )
                undo.callback(self._db.close)
                # Text that is no UTF-8 is no JSON either: it damages its own job and no other.
                self._db.text_factory = lambda stored: str(stored, "utf-8", "backslashreplace")
                buyers.add_hash(self._db)
                self._prepare()
                self._id, change = self._db.execute("SELECT id, change FROM journal").fetchone()
                self._change = self._marked = self._moved = int(change)
                self.doubt = None if fresh else self._doubt(beside)
                self.unchecked = self.unchecked or self.doubt is not None
                self._begin(printers)
            except sqlite3.OperationalError as error:
                raise JournalError(f"{self._path}: {error}; {remedy(error)}") from None
            except sqlite3.Error as error:
                raise JournalDamaged(f"{self._path}: {error}; {remedy(error)}") from None
            undo.pop_all()

    @staticmethod
    def older(directory: Path) -> bool:
        """Whether ``directory`` has a journal that opening would migrate. Touches nothing."""
        try:
            return 0 < log.schema_version(directory / JOURNAL) < SCHEMA_VERSION
        except OSError:
            return False

    # -- opening --------------------------------------------------------------------------------------

    def _make(self, *, new: bool) -> bool:
        """Make sure that the file exists and only our user has access. Returns whether it is new."""
        directory, path = self._directory, self._path
        size = path.stat().st_size if path.exists() else None
        if size and new:
            raise JournalThere(f"there is a journal at {path}; --new-journal is for a directory whose journal is lost")
        lost = directory.used and (size is None or directory.first or directory.read_mark() is not None)
        if not size and not new and lost:
            if directory.first:
                directory.forget()
            raise JournalMissing(
                f"{path} is {'missing' if size is None else 'empty'}, and fiscald has printed from here before: with a "
                "new journal every document that an application asks for again is printed again. Restore a backup "
                "(docs/backup.md); if there is none, settle in the applications what was printed, then run once: "
                "fiscald run --new-journal"
            )
        try:
            private.make_file(path)
        except OSError as error:
            if directory.first and size is None:
                directory.forget()
            if size is None:
                raise JournalError(
                    f"{path}: {error.strerror}; make the directory writable for the daemon's user"
                ) from None
            # The file exists but is not writable now: SQLite will report what is possible.
        for unfinished in self._directory.path.glob(f"{COPY}*"):
            unfinished.unlink(missing_ok=True)
        return not size

    def _beside(self) -> log.Log:
        """What is beside the file, before SQLite sees it. Raises ``JournalDamaged``."""
        try:
            found = log.examine(self._path)
            self.unchecked = found is not log.Log.NOT_NEEDED or self._path.with_name(f"{JOURNAL}-journal").exists()
            if found is log.Log.NOT_NEEDED:
                log.log_of(self._path).unlink(missing_ok=True)
        except OSError as error:
            raise JournalError(f"{self._path}: {error.strerror}; make it readable for the daemon's user") from None
        if found is log.Log.FOREIGN:
            if self._directory.first:
                self._directory.forget()
            raise JournalDamaged(
                f"{log.log_of(self._path)} does not belong to the {JOURNAL} beside it: one of them is from another "
                "time or another computer. Nothing was changed, and fiscald prints nothing. Stop fiscald and put back "
                "the two files that belong together; after restoring a backup move the log away (docs/backup.md)"
            )
        return found

    def _prepare(self) -> None:
        # With one connection that is alone, the log needs no shared memory, and no second connection can spoil it:
        # some SQLite versions in use can lose changes when two connections write or move the log (the WAL-reset bug).
        self._db.execute("PRAGMA locking_mode = EXCLUSIVE")
        self._db.execute("PRAGMA synchronous = EXTRA")
        self._db.execute("PRAGMA foreign_keys = ON")
        (version,) = self._db.execute("PRAGMA user_version").fetchone()
        if version > SCHEMA_VERSION:
            raise JournalError(
                f"{self._path} was written by a newer fiscald (schema {version}, this one knows {SCHEMA_VERSION}); "
                "install that version again"
            )
        if version < SCHEMA_VERSION:
            self._migrate(version)
        if self._db.execute("PRAGMA journal_mode").fetchone() != ("wal",):
            self._directory.set_whole(whole=True)
        try:
            (self._mode,) = self._db.execute("PRAGMA journal_mode = WAL").fetchone()
        except sqlite3.OperationalError:
            # The directory is read-only, or another program reads the file. What is there can be read, and once it is
            # possible, every change is synced without a log, until the next start.
            self._mode = "delete"
        if self._mode == "wal":
            # Each commit is one synced write. EXTRA would sync no more here.
            self._db.execute("PRAGMA synchronous = FULL")
            self._db.execute(f"PRAGMA journal_size_limit = {LOG_BYTES}")

    def _migrate(self, version: int) -> None:
        """Bring an older schema up to date, or make the tables of a new journal."""
        if version == 0:
            # Lets ``prune`` give space back. Only for a new file, because this statement always writes.
            self._db.execute("PRAGMA auto_vacuum = INCREMENTAL")
        else:
            # An older version does not say in the file whether it was stopped cleanly.
            self._check()
            self.kept = copying.keep(self._db, self._directory.path, version)
            self._db.execute("PRAGMA journal_mode = DELETE")
        self._db.executescript(f"BEGIN; {_schema(version)} PRAGMA user_version = {SCHEMA_VERSION}; COMMIT;")

    def _check(self) -> None:
        (health,) = self._db.execute("PRAGMA quick_check(1)").fetchone()
        if health != "ok":
            raise JournalDamaged(f"{self._path} is damaged ({health}); {DAMAGED}")
        self.unchecked = False

    def _doubt(self, beside: log.Log) -> Doubt | None:
        """The doubt, if this is not the journal that ran here last, as it was then."""
        mark = self._directory.read_mark()
        if beside is log.Log.MISSING and not self._directory.whole:
            return Doubt.OLDER
        if mark is None:
            return Doubt.MOVED if self._directory.first else None
        if mark.journal != self._id or mark.change > self._change:
            self.missing_changes = mark.change - self._change if mark.journal == self._id else None
            return Doubt.OLDER
        return Doubt.MOVED if mark.inode != self._directory.inode else None

    #: The copy that was made before this start converted the journal.
    kept: Path | None = None
    #: How many changes an older copy lacks, if that is known.
    missing_changes: int | None = None
    #: Whether the file must be checked before the first transaction: it was not closed cleanly.
    unchecked = False
    _damage: JournalDamaged | None = None
    _mode = ""
    _log_marked = False

    def _begin(self, printers: Iterable[str]) -> None:
        """Store the doubt, and only then replace the mark of the journal that ran here before."""
        if self.doubt is not None:
            with self._transaction(checked=False) as db:
                known = [name for (name,) in db.execute("SELECT name FROM printer").fetchall()]
                for name in dict.fromkeys((*printers, *known)):
                    # A journal known to be older stays in doubt, wherever someone puts it.
                    db.execute(
                        "INSERT INTO doubt VALUES (?, ?, ?) ON CONFLICT (printer) DO UPDATE SET why = excluded.why"
                        " WHERE doubt.why = 'moved'",
                        (name, self.doubt, self._now()),
                    )
        self._directory.write_mark(self._id, self._change)

    @property
    def changes_in_log(self) -> int:
        """How many changes there were since ``checkpoint``."""
        return self._change - self._moved if self._mode == "wal" else 0

    def checkpoint(self) -> bool:
        """Move all changes from the log into ``journal.db``. Returns whether that was possible."""
        try:
            busy, pages, moved = self._db.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
        except sqlite3.Error:
            return False  # a full disk: the changes stay in the log
        finally:
            self._moved = self._change
        return not busy and pages == moved

    def close(self) -> None:
        """Close the file and release the directory for the next daemon.

        If the file is known to be intact, it then says that it is complete and was closed cleanly.
        """
        with contextlib.suppress(sqlite3.Error):
            if self._mode == "wal" and self.checkpoint():
                # Before SQLite deletes the log.
                self._directory.set_whole(whole=True)
                if not self.unchecked:
                    self._db.execute("PRAGMA journal_mode = DELETE")
            # Deletes the rollback journal, which exclusive mode keeps.
            self._db.execute("PRAGMA locking_mode = NORMAL")
            self._db.execute("PRAGMA user_version").fetchone()
        try:
            self._db.close()
        finally:
            self._directory.close()

    # -- transactions ---------------------------------------------------------------------------------

    def together(self, transactions: Sequence[Callable[[], Any]]) -> list[Any]:
        """Run the transactions with one sync. Returns for each its result, or the exception that it raised.

        If the file fails, all are undone, and each runs again alone and gets its own answer.
        """
        if len(transactions) > 1:
            with contextlib.suppress(JournalError), self._transaction():
                return [_outcome(transaction, sharing=True) for transaction in transactions]
        return [_outcome(transaction) for transaction in transactions]

    @contextlib.contextmanager
    def _transaction(self, *, checked: bool = True) -> Iterator[sqlite3.Connection]:
        """A transaction, or a part of the one that runs. ``checked``: only in a file that is known to be intact."""
        if checked and self.unchecked:
            self.check()
        db, change = self._db, self._change
        shared = db.in_transaction
        try:
            db.execute("SAVEPOINT one" if shared else "BEGIN IMMEDIATE")
            before = db.total_changes
            try:
                yield db
                if not shared and db.total_changes != before:
                    self._change += 1
                    db.execute("UPDATE journal SET change = ?", (f"{self._change:016}",))
            except BaseException:
                if db.in_transaction:
                    for undo in ("ROLLBACK TO one", "RELEASE one") if shared else ("ROLLBACK",):
                        db.execute(undo)
                raise
            db.execute("RELEASE one" if shared else "COMMIT")
        except sqlite3.Error as error:
            self._change = change
            with contextlib.suppress(sqlite3.Error):
                if db.in_transaction:
                    db.execute("ROLLBACK")
                if not shared and self._mode == "wal":
                    # If only its sync failed, it is complete in the log. Write over it, or it counts after a crash.
                    db.execute("UPDATE journal SET change = ?", (f"{change + 1:016}",))
                    self._change = change + 1
            raise JournalError(f"{self._path}: {error}; {remedy(error)}") from error
        except BaseException:
            self._change = change
            raise
        if not shared and self._change > self._marked:
            self._marked = self._change
            self._directory.write_mark(self._id, self._change)
            if not self._log_marked:
                self._directory.set_whole(whole=self._mode != "wal")
                self._log_marked = True

    @contextlib.contextmanager
    def _reading(self, *, checked: bool = True) -> Iterator[sqlite3.Connection]:
        if checked and self.unchecked:
            self.check()
        try:
            yield self._db
        except sqlite3.Error as error:
            raise JournalError(f"{self._path}: {error}; {remedy(error)}") from error

    def check(self) -> None:
        """Look for damage; seconds for a large file. The first transaction does it, if the file was not closed cleanly.

        Raises ``JournalDamaged``, and ``JournalError`` if the file cannot be read.
        """
        if self._damage is not None:
            raise self._damage
        try:
            self._check()
        except JournalDamaged as error:
            self._damage = error
            raise
        except sqlite3.OperationalError as error:
            raise JournalError(f"{self._path}: {error}; {remedy(error)}") from error
        except sqlite3.Error as error:
            self._damage = JournalDamaged(f"{self._path}: {error}; {remedy(error)}")
            raise self._damage from None

    def _now(self) -> str:
        return self._clock().isoformat()

    # -- a copy ---------------------------------------------------------------------------------------

    def copy(self) -> BinaryIO:
        """A consistent copy of the whole journal as it is when this returns: an open file without a name.

        Waiting transactions run in between (``take_turns``) and are in the copy. Raises ``JournalError``.
        """
        name, descriptor = copying.write(self._db, self._directory.path, lambda: self.take_turns())
        name.unlink(missing_ok=True)
        return os.fdopen(descriptor, "rb")


@lru_cache
def _schema(version: int) -> str:
    """What makes the newest schema of that version, 0: of an empty file."""
    names = [f"schema_v{number}.sql" for number in range(version + 1, SCHEMA_VERSION + 1)]
    return "\n".join(files(__package__).joinpath(name).read_text("utf-8") for name in names)


def _outcome(transaction: Callable[[], Any], *, sharing: bool = False) -> Any:
    try:
        return transaction()
    except Exception as error:
        if sharing and isinstance(error, JournalError):
            raise
        return error
