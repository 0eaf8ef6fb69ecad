"""The journal's file: SQLite, one connection, every change one synced transaction, one owner.

Nothing else writes the file: the lock on the state directory keeps a second daemon out.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from enum import StrEnum
from importlib.resources import files
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import quote

from fiscald import private
from fiscald.journal.directory import COPY, JOURNAL, StateDirectory
from fiscald.journal.errors import (
    DAMAGED,
    JournalDamaged,
    JournalError,
    JournalMissing,
    JournalThere,
    remedy,
)

SCHEMA_VERSION = 7
#: Pages of the file that are copied in one go; jobs have their turn in between.
COPY_PAGES = 64
#: Bytes that stay free beside a copy.
COPY_SPARE = 64 << 20


class Doubt(StrEnum):
    """Why a journal may not know everything that was printed."""

    OLDER = "older"
    """It is not the newest one that ran here: changes are missing."""
    MOVED = "moved"
    """It, or the whole directory, was put here by somebody: it may be an older copy."""
    DAMAGED = "damaged"
    """What it remembers of the printer cannot be read."""


class JournalFile:
    """The open file. Not thread-safe: one thread uses it."""

    def __init__(
        self, directory: Path, clock: Callable[[], datetime], *, printers: Iterable[str] = (), new: bool = False
    ) -> None:
        """Open or create the journal in ``directory``. Raises ``JournalError`` saying what to do.

        ``clock`` gives aware time. ``printers``: the configured ones, whose past is in doubt where the journal is.
        ``new``: make a new journal where there was one, which is gone.
        """
        self._clock = clock
        self._directory = StateDirectory(directory)
        self._path = directory / JOURNAL
        self.take_turns: Callable[[], object] = lambda: None
        """Called while the file is copied: what cannot wait is carried out."""
        with contextlib.ExitStack() as undo:
            undo.callback(self._directory.close)
            try:
                fresh = self._make(new=new)
                self._db = sqlite3.connect(self._path, isolation_level=None, check_same_thread=False)
                undo.callback(self._db.close)
                # What is no UTF-8 any more is no JSON either: it damages its own job and no other.
                self._db.text_factory = lambda stored: str(stored, "utf-8", "backslashreplace")
                self._prepare()
                self._event = self._marked = self._last_change()
                self.doubt = None if fresh else self._doubt()
                self._begin(printers)
            except sqlite3.OperationalError as error:
                raise JournalError(f"{self._path}: {error}; {remedy(error)}") from None
            except sqlite3.Error as error:
                raise JournalDamaged(f"{self._path}: {error}; {remedy(error)}") from None
            undo.pop_all()

    @staticmethod
    def older(directory: Path) -> bool:
        """Whether there is a journal in ``directory`` that opening would migrate; nothing is touched."""
        path = directory / JOURNAL
        try:
            with contextlib.closing(sqlite3.connect(f"file:{quote(str(path))}?mode=ro", uri=True)) as db:
                (version,) = db.execute("PRAGMA user_version").fetchone()
        except sqlite3.Error:
            return False
        return bool(0 < version < SCHEMA_VERSION)

    # -- opening --------------------------------------------------------------------------------------

    def _make(self, *, new: bool) -> bool:
        """See that the file is there and ours alone; whether it is a new one."""
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
            os.close(private.open_file(path, os.O_RDWR))
        except OSError as error:
            if directory.first and size is None:
                directory.forget()
            if size is None:
                raise JournalError(
                    f"{path}: {error.strerror}; make the directory writable for the daemon's user"
                ) from None
            # There, and not writable right now: SQLite says what can be done with it.
        for unfinished in self._directory.path.glob(f"{COPY}*"):
            unfinished.unlink(missing_ok=True)
        return not size

    def _prepare(self) -> None:
        (version,) = self._db.execute("PRAGMA user_version").fetchone()
        if version == 0:
            # Lets ``prune`` give space back. Only where the file is new: it writes, also where nothing changes.
            self._db.execute("PRAGMA auto_vacuum = INCREMENTAL")
        # Some SQLite versions in use can lose WAL commits with two connections; a rollback journal cannot.
        self._db.execute("PRAGMA journal_mode = DELETE")
        self._db.execute("PRAGMA synchronous = EXTRA")
        self._db.execute("PRAGMA foreign_keys = ON")
        if version > SCHEMA_VERSION:
            raise JournalError(
                f"{self._path} was written by a newer fiscald (schema {version}, this one knows {SCHEMA_VERSION}); "
                "install that version again"
            )
        (health,) = self._db.execute("PRAGMA quick_check(1)").fetchone()
        if health != "ok":
            raise JournalDamaged(f"{self._path} is damaged ({health}); {DAMAGED}")
        for number in range(version + 1, SCHEMA_VERSION + 1):
            schema = files(__package__).joinpath(f"schema_v{number}.sql").read_text("utf-8")
            self._db.executescript(f"BEGIN; {schema} PRAGMA user_version = {number}; COMMIT;")
        (self._id,) = self._db.execute("SELECT id FROM journal").fetchone()

    def _last_change(self) -> int:
        """The highest id that a change ever had here, whether or not it is still kept."""
        (last,) = self._db.execute("SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE name = 'event'").fetchone()
        return int(last)

    def _doubt(self) -> Doubt | None:
        """Whether this is the journal that ran here last, as it was then."""
        mark = self._directory.read_mark()
        if mark is None:
            return Doubt.MOVED if self._directory.first else None
        if mark.journal != self._id or mark.event > self._event:
            self.missing_changes = mark.event - self._event if mark.journal == self._id else None
            return Doubt.OLDER
        return Doubt.MOVED if mark.inode != self._directory.inode else None

    #: How many changes an older copy lacks, where that is known.
    missing_changes: int | None = None

    def _begin(self, printers: Iterable[str]) -> None:
        """Write down what is in doubt; only then is the mark of the journal that ran here before replaced."""
        if self.doubt is not None:
            with self._transaction() as db:
                known = [name for (name,) in db.execute("SELECT name FROM printer").fetchall()]
                for name in dict.fromkeys((*printers, *known)):
                    # A journal that is known to be older stays so, wherever it is put then.
                    db.execute(
                        "INSERT INTO doubt VALUES (?, ?, ?) ON CONFLICT (printer) DO UPDATE SET why = excluded.why"
                        " WHERE doubt.why = 'moved'",
                        (name, self.doubt, self._now()),
                    )
        self._directory.write_mark(self._id, self._event)

    def close(self) -> None:
        """Close the file and let the next daemon in."""
        self._db.close()
        self._directory.close()

    # -- transactions ---------------------------------------------------------------------------------

    def together(self, transactions: Sequence[Callable[[], Any]]) -> list[Any]:
        """Of each transaction its result, or the exception that it raised; one sync is for all of them.

        If the file fails them, all are undone, and each is carried out by itself: it gets its own answer.
        """
        if len(transactions) > 1:
            with contextlib.suppress(JournalError), self._transaction():
                return [_outcome(transaction, sharing=True) for transaction in transactions]
        return [_outcome(transaction) for transaction in transactions]

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        shared, before = self._db.in_transaction, self._event
        try:
            self._db.execute("SAVEPOINT one" if shared else "BEGIN IMMEDIATE")
            try:
                yield self._db
            except BaseException:
                if self._db.in_transaction:
                    for undo in ("ROLLBACK TO one", "RELEASE one") if shared else ("ROLLBACK",):
                        self._db.execute(undo)
                raise
            self._db.execute("RELEASE one" if shared else "COMMIT")
        except sqlite3.Error as error:
            with contextlib.suppress(sqlite3.Error):
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
            self._event = before
            raise JournalError(f"{self._path}: {error}; {remedy(error)}") from error
        except BaseException:
            self._event = before
            raise
        if not shared and self._event > self._marked:
            self._marked = self._event
            self._directory.write_mark(self._id, self._event)

    @contextlib.contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection]:
        try:
            yield self._db
        except sqlite3.Error as error:
            raise JournalError(f"{self._path}: {error}; {remedy(error)}") from error

    def _now(self) -> str:
        return self._clock().isoformat()

    # -- a copy ---------------------------------------------------------------------------------------

    def copy(self) -> BinaryIO:
        """A consistent copy of the whole journal, as it is when this returns: an open file that has no name any more.

        What cannot wait is carried out in between (``take_turns``), and is in the copy. Raises ``JournalError``.
        """
        folder = self._directory.path
        try:
            size, room = self._path.stat().st_size, os.statvfs(folder)
            if room.f_bavail * room.f_frsize < size + COPY_SPARE:
                raise JournalError(
                    f"{folder}: a copy takes {size >> 20} MiB, and so much is not free beside the journal"
                )
            name = folder / f"{COPY}{secrets.token_hex(8)}"
            descriptor = private.open_file(name, os.O_RDWR | os.O_EXCL)
            try:
                with contextlib.closing(sqlite3.connect(name)) as target:
                    target.execute("PRAGMA synchronous = OFF")
                    self._db.backup(target, pages=COPY_PAGES, progress=lambda *_: self.take_turns())
                return os.fdopen(descriptor, "rb")
            except BaseException:
                os.close(descriptor)
                raise
            finally:
                name.unlink(missing_ok=True)
        except OSError as error:
            raise JournalError(f"{folder}: no copy of the journal: {error.strerror}") from None
        except sqlite3.Error as error:
            raise JournalError(f"{folder}: no copy of the journal: {error}; {remedy(error)}") from None


def _outcome(transaction: Callable[[], Any], *, sharing: bool = False) -> Any:
    try:
        return transaction()
    except Exception as error:
        if sharing and isinstance(error, JournalError):
            raise
        return error
