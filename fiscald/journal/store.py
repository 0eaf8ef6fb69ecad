"""How jobs change in the journal. A function here is a whole transaction.

When it has returned, its effect survives a power cut; when it has raised ``JournalError``, nothing happened. Several
can be carried out ``together``, with one sync for all.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Container
from datetime import timedelta
from typing import Any

from fiscald.journal.errors import WrongPhase
from fiscald.journal.jobs import JobReader
from fiscald.journal.printers import Rule, Unexplained
from fiscald.journal.rows import (
    COLUMNS,
    NOTICES,
    OPEN,
    UNREADABLE,
    Accepted,
    Entry,
    Phase,
    damaged,
    moment,
    plain,
)
from fiscald.journal.rows import entry as read_entry
from fiscald.model.documents import Submission
from fiscald.model.jobs import Job, JournalConfirmation, Notice, Paper, Resolution, Result
from fiscald.model.printers import Counters, Snapshot
from fiscald.model.problems import Problem

#: So many of the newest jobs are kept whatever their age: a host clock that jumped years ahead deletes nothing recent.
KEEP_NEWEST = 10_000
#: Jobs deleted, and free pages given back, in one transaction of ``prune``.
PRUNE_STEP = 500


class Store(JobReader):
    """The journal. Not thread-safe: one thread uses it."""

    def accept(self, key: str, submission: Submission, notices: tuple[Notice, ...], asked_by: int | None) -> Accepted:
        """Store a new job, or find the one that has this key."""
        digest = submission.digest()
        with self._transaction() as db:
            row = db.execute(f"SELECT {COLUMNS}, digest FROM job WHERE key = ?", (key,)).fetchone()
            if row is not None:
                return Accepted(read_entry(row[:-1]), new=False, conflict=row[-1] != digest)
            now = self._now()
            db.execute(
                "INSERT INTO job (key, printer, digest, document, phase, warnings, asked_by, deadline, expect_last,"
                " if_interrupted, created_at, updated_at) VALUES (?, ?, ?, ?, 'accepted', ?, ?, ?, ?, ?, ?, ?)",
                (
                    key,
                    submission.printer,
                    digest,
                    submission.document.model_dump_json(by_alias=True, exclude_none=True),
                    NOTICES.dump_json(notices).decode(),
                    asked_by,
                    submission.deadline.isoformat() if submission.deadline else None,
                    submission.expect_last,
                    submission.if_interrupted,
                    now,
                    now,
                ),
            )
            return Accepted(self._published(db, key), new=True, conflict=False)

    def start(
        self,
        key: str,
        evidence: dict[str, Any],
        counters: Counters | None = None,
        rule: Rule | None = None,
        remember: bool = False,
        *,
        event: bool = True,
    ) -> Entry:
        """``accepted`` -> ``started``, with ``evidence`` of what the printer said before.

        No ``event``: it will hardly stay so.
        Raises ``Unexplained`` where the ``rule`` finds something in its ``counters`` that this journal does not know.
        ``remember``: they were read the same before, and are what later looks are compared with.
        """
        with self._transaction() as db:
            entry = self._move(
                key, (Phase.ACCEPTED,), Phase.STARTED, evidence=evidence, afresh=True,
                attempts="attempts + 1", event=event,
            )  # fmt: skip
            if counters is not None and rule is not None:
                why = rule(self._known(db, entry.job.printer), counters)
                if why is not None:
                    raise Unexplained(why, counters)
                if remember:
                    self._remember(db, entry.job.printer, counters)
            return entry

    def opened(self, key: str, evidence: dict[str, Any]) -> Entry:
        """Still ``started``: the printer holds our open document, and ``evidence`` was read then."""
        return self._move(key, (Phase.STARTED,), Phase.STARTED, evidence=evidence, event=False)

    def commit(self, key: str) -> Entry:
        """``started`` -> ``committing``: the irreversible step is about to be sent."""
        with self._transaction() as db:
            entry = self._move(key, (Phase.STARTED,), Phase.COMMITTING, event=False)
            self._may_print(db, entry.job.printer, entry.job.document.type)
            return entry

    def requeue(self, key: str, evidence: dict[str, Any]) -> Entry:
        """A started job that the printer proves not to hold goes back to ``accepted``."""
        with self._transaction() as db:
            before = self._phase(db, key)
            entry = self._move(key, (Phase.STARTED, Phase.COMMITTING), Phase.ACCEPTED, evidence=evidence)
            self._not_printed(db, entry.job.printer, before)
            return entry

    def hold(self, key: str, evidence: dict[str, Any], *, begun: bool, event: bool = True) -> Entry:
        """A started job goes back to ``accepted``: the printer refuses it for a condition, for whose end it waits.

        That is no attempt; but where it was ``begun`` on the printer, it stays known that there was one.
        """
        left = "min(attempts, 1)" if begun else "attempts - 1"
        with self._transaction() as db:
            before = self._phase(db, key)
            entry = self._move(
                key, (Phase.STARTED, Phase.COMMITTING), Phase.ACCEPTED, evidence=evidence, attempts=left, event=event
            )
            if begun or before is Phase.COMMITTING:
                self._not_printed(db, entry.job.printer, before)
            return entry

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
        counters: Counters | None = None,
        rule: Rule | None = None,
    ) -> Entry:
        """An open job ends as ``done``, ``failed`` or ``undecided``. Raises ``WrongPhase`` if it is not open.

        ``counters``: what the printer has counted with it; remembered where the ``rule`` finds nothing unexplained.
        """
        changes: dict[str, Any] = {"error": error}
        optional = {"result": result, "paper": paper, "warnings": notices}
        changes |= {name: value for name, value in optional.items() if value is not None}
        with self._transaction() as db:
            before = self._phase(db, key)
            entry = self._move(key, OPEN, phase, evidence=evidence or None, **changes)
            if phase is Phase.FAILED and before is not Phase.ACCEPTED:
                self._not_printed(db, entry.job.printer, before)
            self._remember_if(db, entry.job.printer, counters, rule)
            return entry

    def give_up_damaged(self, key: str) -> Entry:
        """An open job that cannot be read any more becomes undecided. Raises ``WrongPhase`` if it is not open."""
        with self._transaction() as db:
            before = self._phase(db, key)
            entry = self.job(key)
            assert entry is not None
            why = damaged(before, entry.damage)
            return self._move(key, OPEN, Phase.UNDECIDED, error=why, harmless=int(before is Phase.ACCEPTED))

    def confirm_journal(
        self,
        name: str,
        seen: Snapshot,
        said: JournalConfirmation,
        asked_by: int | None,
        doubtful: tuple[Phase, ...],
        why: Problem,
    ) -> list[Entry]:
        """A person says that journal and printer are one past, from what was ``seen`` of it on.

        Jobs in the phases ``doubtful`` become undecided because of ``why``; they are returned. Raises ``WrongPhase``
        if the journal knows another printer under that name.
        """
        with self._transaction() as db:
            self._confirm(db, name, seen, said, asked_by)
            marks = ", ".join("?" * len(doubtful))
            rows = db.execute(
                f"SELECT key, phase FROM job WHERE printer = ? AND phase IN ({marks}) ORDER BY id", (name, *doubtful)
            ).fetchall()
            return [
                self._move(key, (Phase(phase),), Phase.UNDECIDED, error=why, harmless=int(phase == Phase.ACCEPTED))
                for key, phase in rows
            ]

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
        with self._transaction():
            found = self.job(key)
            # One that cannot be read says that it is undecided, though nobody may have written that down yet.
            before = OPEN if found is not None and found.damage else ()
            return self._move(
                key, (Phase.UNDECIDED, *before), phase, resolution=resolution, result=result, paper=paper, error=error
            )

    def withdraw(self, key: str, error: Problem) -> Entry:
        """``accepted`` -> ``failed``. Raises ``WrongPhase`` if it has started, or cannot be read any more."""
        with self._transaction():
            found = self.job(key)
            if found is not None and found.damage:
                raise WrongPhase(f"job {key!r} is damaged")
            return self._move(key, (Phase.ACCEPTED,), Phase.FAILED, error=error)

    def expire(self, error: Callable[[Job], Problem], held: Container[str] = ()) -> tuple[list[Entry], float | None]:
        """Fail what has not begun before its deadline; also: seconds until the next deadline, if there is one.

        Jobs of printers that are in doubt, or ``held`` for another reason, stay: they may have been printed.
        """
        now = self._clock()
        expired = []
        with self._transaction() as db:
            rows = db.execute(
                "SELECT key, deadline, printer FROM job WHERE phase = 'accepted' AND deadline IS NOT NULL"
                " AND printer NOT IN (SELECT printer FROM doubt)"
            ).fetchall()
            ends = {key: moment(deadline) for key, deadline, printer in rows if printer not in held}
            left = {key: (end - now).total_seconds() for key, end in ends.items() if end is not None}
            for key in [key for key, seconds in left.items() if seconds <= 0]:
                job = self.job(key)
                assert job is not None
                if not job.damage:
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
            doomed = [(number,) for number, at in old if (ended := moment(at)) is not None and ended < cutoff]
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
                changes["evidence"] = _gathered(row[0] if row else None) | evidence
            names = [f"{name} = ?" for name in changes]
            done = db.execute(
                f"UPDATE job SET {', '.join(['phase = ?', 'updated_at = ?', f'attempts = {attempts}', *names])}"
                f" WHERE key = ? AND phase IN ({marks})",
                (after, self._now(), *(plain(value) for value in changes.values()), key, *before),
            )
            if done.rowcount != 1:
                raise WrongPhase(f"job {key!r} is not {' or '.join(before)}")
            return self._published(db, key, event=event)

    def _published(self, db: sqlite3.Connection, key: str, *, event: bool = True) -> Entry:
        """The job as it is now, also stored as an event."""
        entry = read_entry(db.execute(f"SELECT {COLUMNS} FROM job WHERE key = ?", (key,)).fetchone())
        if event:
            made = db.execute(
                "INSERT INTO event (job, at, phase) VALUES (?, ?, ?)",
                (entry.id, entry.job.updated_at.isoformat(), entry.phase),
            )
            assert made.lastrowid is not None
            self._event = made.lastrowid
        return entry

    def _phase(self, db: sqlite3.Connection, key: str) -> Phase:
        """Raises ``WrongPhase`` if there is no such job."""
        row = db.execute("SELECT phase FROM job WHERE key = ?", (key,)).fetchone()
        if row is None:
            raise WrongPhase(f"there is no job {key!r}")
        return Phase(row[0])


def _gathered(text: str | None) -> dict[str, Any]:
    """Evidence so far; none where it cannot be read any more."""
    try:
        found = json.loads(text) if text else {}
    except UNREADABLE:
        found = {}
    return found if isinstance(found, dict) else {}
