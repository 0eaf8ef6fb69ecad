"""The vendor's database file: SQLite, every request one transaction, every decision in an audit that only grows.

Several processes may use it at once (the server and the vendor's commands): a transaction waits for its turn first,
and the unique indexes have the last word on who was first. Lists are read without a turn, from a connection of their
own, so that a long list delays no answer.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import signal
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from importlib.resources import files
from pathlib import Path

from fiscald import private
from fiscald.licence.server.refusals import Refused, Unable
from fiscald.licence.server.transaction import Transaction

SCHEMA_VERSION = 1
#: Seconds to wait for another thread's or process's transaction.
LOCK_TIMEOUT = 10.0
#: Seconds between two tries to get the turn: the first, and the longest.
_LOCK_POLL = 0.0005, 0.01
#: Of the file: 64 MiB of it in memory; a log that has grown while somebody read for long is cut to 64 MiB.
_SETTINGS = ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON", "cache_size = -65536",
             "journal_size_limit = 67108864")  # fmt: skip


class StoreError(Exception):
    """The database cannot be used; ``str`` says what to do."""


class Store:
    """The database file."""

    def __init__(self, path: Path) -> None:
        """Open or create it. Raises ``StoreError`` saying what to do."""
        self._path = path
        self._thread_turn = threading.Lock()
        # A turn did not come in time. Until one does, no request waits for it again.
        self._stuck = False
        self._reading = threading.Lock()
        with contextlib.ExitStack() as undo:
            try:
                private.make_directory(path.parent)
                private.make_file(path)
                os.close(private.open_file(_lock_file(path), os.O_RDWR))
                self._lock = undo.enter_context(_lock_file(path).open("a"))
                self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=LOCK_TIMEOUT)
            except (OSError, sqlite3.Error) as error:
                raise StoreError(f"{path}: {error}; make the directory writable for this user") from None
            undo.callback(self._db.close)
            try:
                with self._turn():
                    self._prepare()
                self._reader = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
                undo.callback(self._reader.close)
                self._reader.execute("PRAGMA query_only = ON")
            except (sqlite3.Error, Unable) as error:
                raise StoreError(f"{path}: {error}; check the disk, or restore a backup") from None
            undo.pop_all()

    @contextlib.contextmanager
    def _turn(self) -> Iterator[None]:
        """One thread of one process at a time, checkpoints included. Raises ``Unable`` where the turn does not come.

        Some SQLite versions in use can lose commits when one process writes the log while another gives it back.
        """
        if not self._thread_turn.acquire(timeout=LOCK_TIMEOUT):
            raise Unable(f"{self._path}: another transaction takes longer than {LOCK_TIMEOUT:.0f} s")
        try:
            with _without_stops():
                self._wait_for_file()
                try:
                    yield
                finally:
                    fcntl.flock(self._lock, fcntl.LOCK_UN)
        finally:
            self._thread_turn.release()

    def _wait_for_file(self) -> None:
        end = time.monotonic() + (0 if self._stuck else LOCK_TIMEOUT)
        pause, longest = _LOCK_POLL
        while True:
            try:
                fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if time.monotonic() > end:
                    self._stuck = True
                    raise Unable(
                        f"{self._path}: another process has it for more than {LOCK_TIMEOUT:.0f} s; "
                        f"is a command stopped? see: fuser {_lock_file(self._path)}"
                    ) from None
                time.sleep(pause)
                pause = min(2 * pause, longest)
            else:
                self._stuck = False
                return

    def _prepare(self) -> None:
        for setting in _SETTINGS:
            self._db.execute(f"PRAGMA {setting}")
        self._db.execute("BEGIN IMMEDIATE")
        (version,) = self._db.execute("PRAGMA user_version").fetchone()
        if version > SCHEMA_VERSION:
            raise StoreError(
                f"{self._path} was written by a newer fiscald-vendor (schema {version}, this one knows "
                f"{SCHEMA_VERSION}); install that version again"
            )
        for number in range(version + 1, SCHEMA_VERSION + 1):
            schema = files(__package__).joinpath(f"schema_v{number}.sql").read_text("utf-8")
            for statement in _statements(schema):
                self._db.execute(statement)
            self._db.execute(f"PRAGMA user_version = {number}")
        self._db.execute("COMMIT")

    def close(self) -> None:
        """Close the file."""
        with self._reading:
            self._reader.close()
        with self._turn():
            self._db.close()
        self._lock.close()

    @contextlib.contextmanager
    def transaction(self, time: int | Callable[[], int], actor: str = "server") -> Iterator[Transaction]:
        """One transaction, one at a time. ``time`` is now, or a clock, which is read when it is our turn.

        A refusal is an outcome too: what was written before it stays.

        Anything else that is raised undoes it. Raises ``Unable`` where the file cannot be read or written, or where
        the turn does not come; ``sqlite3.IntegrityError`` is the caller's to translate.
        """
        with self._turn():
            try:
                self._db.execute("BEGIN IMMEDIATE")
                try:
                    yield Transaction(self._db, time if isinstance(time, int) else time(), actor)
                except Refused:
                    self._db.execute("COMMIT")
                    raise
                except BaseException:
                    self._undo()
                    raise
                self._db.execute("COMMIT")
            except sqlite3.IntegrityError:
                self._undo()
                raise
            except sqlite3.Error as error:
                self._undo()
                raise Unable(f"{self._path}: {error}") from error

    @contextlib.contextmanager
    def reading(self, time: int | Callable[[], int]) -> Iterator[Transaction]:
        """Read from one state of the database, while others write. Raises ``Unable``."""
        with self._reading:
            try:
                self._reader.execute("BEGIN")
                try:
                    yield Transaction(self._reader, time if isinstance(time, int) else time(), "reader")
                finally:
                    self._reader.execute("ROLLBACK")
            except sqlite3.Error as error:
                raise Unable(f"{self._path}: {error}") from error

    def _undo(self) -> None:
        with contextlib.suppress(sqlite3.Error):
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")


@contextlib.contextmanager
def _without_stops() -> Iterator[None]:
    """Ctrl-Z has to wait: a command that is stopped with the turn would stop the server."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    former = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTSTP, signal.SIGTTIN, signal.SIGTTOU})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, former)


def _lock_file(path: Path) -> Path:
    return path.with_name(f"{path.name}-lock")


def _statements(script: str) -> Iterator[str]:
    """The statements of an SQL script: ``executescript`` would end the transaction we are in."""
    text = ""
    for line in script.splitlines(keepends=True):
        text += line
        if sqlite3.complete_statement(text):
            yield text
            text = ""
