"""The journal on disk: SQLite, one connection, every state change one synced transaction.

A function here is a whole transaction. When it has returned, its effect survives a power cut; when it has
raised ``JournalError``, nothing happened. Several can be carried out ``together``, with one sync for all. Nothing
else writes the file: a lock on the state directory keeps a second daemon out.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import IO, Any, NamedTuple
from urllib.parse import quote

from pydantic import TypeAdapter

from fiscald.model.documents import Document, IfInterrupted, Submission
from fiscald.model.jobs import Job, JobEvent, JobState, Notice, Paper, Resolution, Result
from fiscald.model.problems import Problem

SCHEMA_VERSION = 4
#: So many of the newest jobs are kept whatever their age: a host clock that jumped years ahead deletes nothing recent.
KEEP_NEWEST = 10_000
#: Jobs deleted, and free pages given back, in one transaction of ``prune``.
PRUNE_STEP = 500
#: Documents kept as they were last read: each is read at every change of its job.
READ_DOCUMENTS = 128
_DOCUMENT: TypeAdapter[Document] = TypeAdapter(Document)
_NOTICES = TypeAdapter(tuple[Notice, ...])


class JournalError(Exception):
    """The journal cannot be read or written; ``str`` says what to do."""


class JournalDamaged(JournalError):
    """The file is not readable as a journal; the daemon can say so, and cannot print."""


class WrongPhase(Exception):
    """The job is not, or no longer, where this change begins; nothing was changed."""


class Phase(StrEnum):
    """Where a job stands, finer than the public state."""

    ACCEPTED = "accepted"
    STARTED = "started"
    """Evidence is stored; something reversible may have been sent."""
    COMMITTING = "committing"
    """The irreversible step may have been sent."""
    DONE = "done"
    FAILED = "failed"
    UNDECIDED = "undecided"

    @property
    def state(self) -> JobState:
        """The public state."""
        return JobState.RUNNING if self in (Phase.STARTED, Phase.COMMITTING) else JobState(self.value)


class Entry(NamedTuple):
    """A job as the journal keeps it."""

    id: int
    phase: Phase
    job: Job


class Accepted(NamedTuple):
    """Answer to ``accept``: the entry, and whether it is new or has other content than asked."""

    entry: Entry
    new: bool
    conflict: bool


class Store:
    """The journal file. Not thread-safe: one thread uses it."""

    def __init__(self, directory: Path, clock: Callable[[], datetime]) -> None:
        """Open or create the journal in ``directory``. Raises ``JournalError`` saying what to do.

        ``clock`` gives aware time.
        """
        self._clock = clock
        self._lock = lock_directory(directory)
        self._path = directory / "journal.db"
        with contextlib.ExitStack() as undo:
            undo.callback(self._lock.close)
            try:
                self._db = sqlite3.connect(self._path, isolation_level=None, check_same_thread=False)
                undo.callback(self._db.close)
                self._prepare()
            except sqlite3.OperationalError as error:
                raise JournalError(f"{self._path}: {error}; {_remedy(error)}") from None
            except sqlite3.Error as error:
                raise JournalDamaged(f"{self._path}: {error}; {_remedy(error)}") from None
            undo.pop_all()

    @staticmethod
    def older(directory: Path) -> bool:
        """Whether there is a journal in ``directory`` that opening would migrate; nothing is touched."""
        path = directory / "journal.db"
        try:
            with contextlib.closing(sqlite3.connect(f"file:{quote(str(path))}?mode=ro", uri=True)) as db:
                (version,) = db.execute("PRAGMA user_version").fetchone()
        except sqlite3.Error:
            return False
        return bool(0 < version < SCHEMA_VERSION)

    def _prepare(self) -> None:
        # Only where the file is new: lets ``prune`` give space back.
        self._db.execute("PRAGMA auto_vacuum = INCREMENTAL")
        # Some SQLite versions in use can lose WAL commits with two connections; a rollback journal cannot.
        self._db.execute("PRAGMA journal_mode = DELETE")
        self._db.execute("PRAGMA synchronous = EXTRA")
        self._db.execute("PRAGMA foreign_keys = ON")
        (version,) = self._db.execute("PRAGMA user_version").fetchone()
        if version > SCHEMA_VERSION:
            raise JournalError(
                f"{self._path} was written by a newer fiscald (schema {version}, this one knows {SCHEMA_VERSION}); "
                "install that version again"
            )
        (health,) = self._db.execute("PRAGMA quick_check(1)").fetchone()
        if health != "ok":
            raise JournalDamaged(f"{self._path} is damaged ({health}); {_DAMAGED}")
        for number in range(version + 1, SCHEMA_VERSION + 1):
            schema = files(__package__).joinpath(f"schema_v{number}.sql").read_text("utf-8")
            self._db.executescript(f"BEGIN; {schema} PRAGMA user_version = {number}; COMMIT;")

    def close(self) -> None:
        """Close the file and let the next daemon in."""
        self._db.close()
        self._lock.close()

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
        shared = self._db.in_transaction
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
            raise JournalError(f"{self._path}: {error}; {_remedy(error)}") from error

    @contextlib.contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection]:
        try:
            yield self._db
        except sqlite3.Error as error:
            raise JournalError(f"{self._path}: {error}; {_remedy(error)}") from error

    # -- writing --------------------------------------------------------------------------------------

    def accept(self, key: str, submission: Submission, notices: tuple[Notice, ...], asked_by: int | None) -> Accepted:
        """Store a new job, or find the one that has this key."""
        digest = submission.digest()
        with self._transaction() as db:
            row = db.execute(f"SELECT {_COLUMNS}, digest FROM job WHERE key = ?", (key,)).fetchone()
            if row is not None:
                return Accepted(_entry(row[:-1]), new=False, conflict=row[-1] != digest)
            now = self._now()
            db.execute(
                "INSERT INTO job (key, printer, digest, document, phase, warnings, asked_by, deadline, expect_last,"
                " if_interrupted, created_at, updated_at) VALUES (?, ?, ?, ?, 'accepted', ?, ?, ?, ?, ?, ?, ?)",
                (
                    key,
                    submission.printer,
                    digest,
                    submission.document.model_dump_json(by_alias=True, exclude_none=True),
                    _NOTICES.dump_json(notices).decode(),
                    asked_by,
                    submission.deadline.isoformat() if submission.deadline else None,
                    submission.expect_last,
                    submission.if_interrupted,
                    now,
                    now,
                ),
            )
            return Accepted(self._published(db, key), new=True, conflict=False)

    def start(self, key: str, evidence: dict[str, Any], *, event: bool = True) -> Entry:
        """``accepted`` -> ``started``, with what the printer said before. No ``event``: it will hardly stay so."""
        return self._move(
            key,
            (Phase.ACCEPTED,),
            Phase.STARTED,
            evidence={"before": evidence},
            afresh=True,
            attempts="attempts + 1",
            event=event,
        )

    def opened(self, key: str, evidence: dict[str, Any]) -> Entry:
        """Still ``started``: the printer holds our open document, and ``evidence`` was read then."""
        return self._move(key, (Phase.STARTED,), Phase.STARTED, evidence={"opened": evidence}, event=False)

    def commit(self, key: str) -> Entry:
        """``started`` -> ``committing``: the irreversible step is about to be sent."""
        return self._move(key, (Phase.STARTED,), Phase.COMMITTING, event=False)

    def requeue(self, key: str, evidence: dict[str, Any]) -> Entry:
        """A started job that the printer proves not to hold goes back to ``accepted``."""
        return self._move(key, (Phase.STARTED, Phase.COMMITTING), Phase.ACCEPTED, evidence=evidence)

    def hold(self, key: str, evidence: dict[str, Any], *, begun: bool, event: bool = True) -> Entry:
        """A started job goes back to ``accepted``: the printer refuses it for a condition, for whose end it waits.

        That is no attempt; but where it was ``begun`` on the printer, it stays known that there was one.
        """
        left = "min(attempts, 1)" if begun else "attempts - 1"
        return self._move(
            key, (Phase.STARTED, Phase.COMMITTING), Phase.ACCEPTED, evidence=evidence, attempts=left, event=event
        )

    def finish(
        self,
        key: str,
        phase: Phase,
        *,
        evidence: dict[str, Any] | None = None,
        result: Result | None = None,
        paper: Paper | None = None,
        notices: tuple[Notice, ...] | None = None,
        error: Problem | None = None,
    ) -> Entry:
        """An open job ends as ``done``, ``failed`` or ``undecided``. Raises ``WrongPhase`` if it is not open."""
        changes: dict[str, Any] = {"error": error}
        optional = {"result": result, "paper": paper, "warnings": notices}
        changes |= {name: value for name, value in optional.items() if value is not None}
        return self._move(
            key, (Phase.ACCEPTED, Phase.STARTED, Phase.COMMITTING), phase, evidence=evidence or None, **changes
        )

    def resolve(
        self,
        key: str,
        resolution: Resolution,
        phase: Phase,
        *,
        paper: Paper,
        result: Result | None = None,
        error: Problem | None = None,
    ) -> Entry:
        """An undecided job ends as a person says. Raises ``WrongPhase`` if it is not undecided."""
        return self._move(
            key, (Phase.UNDECIDED,), phase, resolution=resolution, result=result, paper=paper, error=error
        )

    def withdraw(self, key: str, error: Problem) -> Entry:
        """``accepted`` -> ``failed``. Raises ``WrongPhase`` if it has started."""
        return self._move(key, (Phase.ACCEPTED,), Phase.FAILED, error=error)

    def know_printer(self, name: str, printer_id: str) -> None:
        """Remember which physical printer stands behind a name."""
        with self._transaction() as db:
            db.execute(
                "INSERT INTO printer VALUES (?, ?, ?) ON CONFLICT (name) DO UPDATE"
                " SET printer_id = excluded.printer_id, known_at = excluded.known_at",
                (name, printer_id, self._now()),
            )

    def begin_raw(
        self, printer: str, command: str, sent: bytes, effect: str, *, asked_by: int | None, forced: bool
    ) -> int:
        """A command that a person sends by hand is about to be sent; the number of its record."""
        with self._transaction() as db:
            done = db.execute(
                "INSERT INTO raw (printer, asked_by, forced, command, effect, sent, sent_at)"
                " VALUES (?, ?, ?, ?, ?, ?, ?)",
                (printer, asked_by, forced, command, effect, sent, self._now()),
            )
            assert done.lastrowid is not None
            return done.lastrowid

    def end_raw(self, number: int, answer: str | None, error: Problem | None) -> None:
        """It was answered, or never will be."""
        with self._transaction() as db:
            db.execute(
                "UPDATE raw SET answer = ?, problem = ?, ended_at = ? WHERE id = ?",
                (answer, _plain(error), self._now(), number),
            )

    def expire(self, error: Callable[[Job], Problem]) -> tuple[list[Entry], float | None]:
        """Fail what has not begun before its deadline; also: seconds until the next deadline, if there is one."""
        now = self._clock()
        expired = []
        with self._transaction() as db:
            rows = db.execute(
                "SELECT key, deadline FROM job WHERE phase = 'accepted' AND deadline IS NOT NULL"
            ).fetchall()
            left = {key: (datetime.fromisoformat(deadline) - now).total_seconds() for key, deadline in rows}
            for key in [key for key, seconds in left.items() if seconds <= 0]:
                job = self.job(key)
                assert job is not None
                expired.append(self._move(key, (Phase.ACCEPTED,), Phase.FAILED, error=error(job.job)))
        return expired, min((seconds for seconds in left.values() if seconds > 0), default=None)

    def prune(self, days: int) -> int:
        """Delete some of the final jobs that are older than ``days``; how many. 0: nothing is left to do.

        What a person must still decide stays, and so do the ``KEEP_NEWEST`` newest.
        """
        cutoff = self._clock() - timedelta(days=days)
        with self._transaction() as db:
            (newest,) = db.execute("SELECT coalesce(max(id), 0) FROM job").fetchone()
            old = db.execute(
                # "+": from the oldest on until there are enough, not all of them sorted.
                "SELECT id, updated_at FROM job WHERE +phase IN ('done', 'failed') AND id <= ? ORDER BY id LIMIT ?",
                (newest - KEEP_NEWEST, PRUNE_STEP),
            ).fetchall()
            doomed = [(number,) for number, at in old if datetime.fromisoformat(at) < cutoff]
            db.executemany("DELETE FROM event WHERE job = ?", doomed)
            db.executemany("DELETE FROM job WHERE id = ?", doomed)
            for _ in range(PRUNE_STEP if doomed else 0):
                # However many are asked for: a statement without an answer takes one step, which is one page.
                db.execute("PRAGMA incremental_vacuum(1)")
        return len(doomed)

    def _move(
        self,
        key: str,
        before: tuple[Phase, ...],
        after: Phase,
        *,
        attempts: str = "attempts",
        evidence: dict[str, Any] | None = None,
        afresh: bool = False,
        event: bool = True,
        **changes: Any,
    ) -> Entry:
        """Change a job that is in one of the phases ``before``.

        Evidence is added to, or (``afresh``) replaced. No ``event`` where the public state stays the same.
        """
        marks = ", ".join("?" * len(before))
        with self._transaction() as db:
            if evidence is not None:
                row = None if afresh else db.execute("SELECT evidence FROM job WHERE key = ?", (key,)).fetchone()
                changes["evidence"] = (json.loads(row[0]) if row and row[0] else {}) | evidence
            names = [f"{name} = ?" for name in changes]
            done = db.execute(
                f"UPDATE job SET {', '.join(['phase = ?', 'updated_at = ?', f'attempts = {attempts}', *names])}"
                f" WHERE key = ? AND phase IN ({marks})",
                (after, self._now(), *(_plain(value) for value in changes.values()), key, *before),
            )
            if done.rowcount != 1:
                raise WrongPhase(f"job {key!r} is not {' or '.join(before)}")
            return self._published(db, key, event=event)

    def _published(self, db: sqlite3.Connection, key: str, *, event: bool = True) -> Entry:
        """The job as it is now, also stored as an event."""
        entry = _entry(db.execute(f"SELECT {_COLUMNS} FROM job WHERE key = ?", (key,)).fetchone())
        if event:
            db.execute(
                "INSERT INTO event (job, at, phase) VALUES (?, ?, ?)",
                (entry.id, entry.job.updated_at.isoformat(), entry.phase),
            )
        return entry

    def _now(self) -> str:
        return self._clock().isoformat()

    # -- reading --------------------------------------------------------------------------------------

    def job(self, key: str) -> Entry | None:
        """The job with that key."""
        with self._reading() as db:
            row = db.execute(f"SELECT {_COLUMNS} FROM job WHERE key = ?", (key,)).fetchone()
        return None if row is None else _entry(row)

    def jobs(
        self, *, printer: str | None = None, state: JobState | None = None, after: int = 0, limit: int = 100
    ) -> list[Entry]:
        """Jobs in order of acceptance, those with an id above ``after``."""
        where: list[str] = ["id > ?"]
        values: list[Any] = [after]
        if printer is not None:
            # "+": without a state, in order of id until the page is full, not all of the printer's sorted.
            where.append("+printer = ?" if state is None else "printer = ?")
            values.append(printer)
        if state is not None:
            phases = [phase for phase in Phase if phase.state is state]
            where.append(f"phase IN ({', '.join('?' * len(phases))})")
            values.extend(phases)
        with self._reading() as db:
            rows = db.execute(
                f"SELECT {_COLUMNS} FROM job WHERE {' AND '.join(where)} ORDER BY id LIMIT ?",
                (*values, limit),
            ).fetchall()
        return [_entry(row) for row in rows]

    def next_job(self, printer: str) -> Entry | None:
        """The job to carry on with: an unsettled one comes before any that has not been started."""
        with self._reading() as db:
            for phases in ("'started', 'committing', 'undecided'", "'accepted'"):
                row = db.execute(
                    f"SELECT {_COLUMNS} FROM job WHERE printer = ? AND phase IN ({phases}) ORDER BY id LIMIT 1",
                    (printer,),
                ).fetchone()
                if row is not None:
                    return _entry(row)
        return None

    def next_accepted(self, printer: str, types: Sequence[str], but: Sequence[str] = ()) -> Entry | None:
        """The oldest accepted job that is one of these types of documents, and has none of the keys in ``but``."""
        marks, keys = (", ".join("?" * len(values)) for values in (types, but))
        with self._reading() as db:
            row = db.execute(
                f"SELECT {_COLUMNS} FROM job WHERE printer = ? AND phase = 'accepted'"
                f" AND json_extract(document, '$.type') IN ({marks}) AND key NOT IN ({keys}) ORDER BY id LIMIT 1",
                (printer, *types, *but),
            ).fetchone()
        return None if row is None else _entry(row)

    def waiting(self) -> list[tuple[str, str]]:
        """Printer and key of every accepted job."""
        with self._reading() as db:
            return db.execute("SELECT printer, key FROM job WHERE phase = 'accepted'").fetchall()

    def counts(self) -> dict[tuple[str, str], int]:
        """How many jobs each printer has in each state."""
        with self._reading() as db:
            rows = db.execute("SELECT printer, phase, count(*) FROM job GROUP BY printer, phase").fetchall()
        counts: dict[tuple[str, str], int] = {}
        for printer, phase, number in rows:
            where = (printer, Phase(phase).state.value)
            counts[where] = counts.get(where, 0) + number
        return counts

    def events(self, after: int, limit: int = 100) -> list[JobEvent]:
        """Changes with an id above ``after``, oldest first."""
        with self._reading() as db:
            rows = db.execute(
                f"SELECT event.id, event.at, event.phase, {_JOB_COLUMNS} FROM event JOIN job ON job.id = event.job"
                " WHERE event.id > ? ORDER BY event.id LIMIT ?",
                (after, limit),
            ).fetchall()
        return [JobEvent(id=row[0], at=row[1], state=Phase(row[2]).state, job=_entry(row[3:]).job) for row in rows]

    def last_event(self) -> int:
        """Id of the newest change, 0 if there is none."""
        with self._reading() as db:
            (last,) = db.execute("SELECT coalesce(max(id), 0) FROM event").fetchone()
        return int(last)

    def printer_id(self, name: str) -> str | None:
        """The unique number of the physical printer behind a name."""
        with self._reading() as db:
            row = db.execute("SELECT printer_id FROM printer WHERE name = ?", (name,)).fetchone()
        return None if row is None else str(row[0])


_NAMES = (
    "id", "key", "printer", "document", "deadline", "expect_last", "if_interrupted", "phase", "attempts", "evidence",
    "result", "paper", "warnings", "error", "resolution", "created_at", "updated_at",
)  # fmt: skip
_COLUMNS = ", ".join(_NAMES)
_JOB_COLUMNS = ", ".join(f"job.{name}" for name in _NAMES)


@lru_cache(READ_DOCUMENTS)
def _document(text: str) -> Document:
    return _DOCUMENT.validate_json(text)


def _outcome(transaction: Callable[[], Any], *, sharing: bool = False) -> Any:
    try:
        return transaction()
    except Exception as error:
        if sharing and isinstance(error, JournalError):
            raise
        return error


def _entry(row: tuple[Any, ...]) -> Entry:
    (
        number, key, printer, document, deadline, expect_last, if_interrupted, phase, attempts, evidence, result, paper,
        warnings, error, resolution, created_at, updated_at,
    ) = row  # fmt: skip
    job = Job(
        key=key,
        printer=printer,
        state=Phase(phase).state,
        document=_document(document),
        deadline=None if deadline is None else datetime.fromisoformat(deadline),
        expect_last=expect_last,
        if_interrupted=IfInterrupted(if_interrupted),
        result=None if result is None else Result.model_validate_json(result),
        paper=Paper(paper),
        warnings=_NOTICES.validate_json(warnings),
        error=None if error is None else Problem.model_validate_json(error),
        evidence=None if evidence is None else json.loads(evidence),
        resolution=None if resolution is None else Resolution.model_validate_json(resolution),
        attempts=attempts,
        created_at=datetime.fromisoformat(created_at),
        updated_at=datetime.fromisoformat(updated_at),
    )
    return Entry(number, Phase(phase), job)


def _plain(value: Any) -> Any:
    if value is None or isinstance(value, str | int):
        return value
    if isinstance(value, tuple):
        return _NOTICES.dump_json(value).decode()
    if isinstance(value, dict):
        return json.dumps(value, ensure_ascii=False, default=str)
    return value.model_dump_json()


_DAMAGED = (
    "nothing is printed until that is mended: stop fiscald, keep a copy of the file, restore a backup or move the "
    "file away, and compare the last documents with the printer's paper before you start again"
)


def _remedy(error: sqlite3.Error) -> str:
    """What to do about what SQLite reports."""
    name = getattr(error, "sqlite_errorname", "")
    if name.startswith(("SQLITE_FULL", "SQLITE_IOERR")):
        return "free disk space and check the disk; fiscald goes on by itself"
    if name.startswith(("SQLITE_READONLY", "SQLITE_CANTOPEN", "SQLITE_PERM")):
        return "make the directory writable for the daemon's user; fiscald goes on by itself"
    if name.startswith(("SQLITE_CORRUPT", "SQLITE_NOTADB")):
        return _DAMAGED
    if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
        return "another program holds the file open; close it"
    return "see the daemon's log"


def lock_directory(directory: Path) -> IO[str]:
    """An exclusive lock on the state directory, held until the file is closed."""
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = (directory / "lock").open("a")
    except OSError as error:
        raise JournalError(f"{directory}: {error.strerror}; make it a directory that this user may write") from None
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        lock.close()
        raise JournalError(f"{directory} is in use by another fiscald; stop that one first") from None
    os.set_inheritable(lock.fileno(), False)
    return lock
