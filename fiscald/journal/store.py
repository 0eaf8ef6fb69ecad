"""Changes jobs in the journal. Each function here is a whole transaction.

When it returns, its effect survives a power cut. When it raises ``JournalError``, nothing has changed. ``together``
runs several of them with one sync.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Container, Iterable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from fiscald.journal import copying
from fiscald.journal.buyers import HASH, nip_of
from fiscald.journal.errors import WrongPhase
from fiscald.journal.jobs import JobReader
from fiscald.journal.printers import Rule, Unexplained
from fiscald.journal.rows import (
    COLUMNS,
    NAMES,
    NOTICES,
    OPEN,
    PAPER,
    UNREADABLE,
    Accepted,
    Entry,
    damaged,
    moment,
    plain,
)
from fiscald.journal.rows import entry as read_entry
from fiscald.journal.sendings import SendingKeeper, described
from fiscald.journal.tokens import TokenKeeper, asker
from fiscald.journal.webhooks import Outbox, Subscription
from fiscald.model.documents import Submission
from fiscald.model.jobs import Job, JournalConfirmation, Notice, Paper, Phase, Resolution, Result
from fiscald.model.printers import Counters, Snapshot
from fiscald.model.problems import Problem
from fiscald.model.programs import Program
from fiscald.model.rights import Asker

#: The newest jobs stay, whatever their age: if the host's clock jumps years ahead, nothing recent is deleted.
KEEP_NEWEST = 10_000
#: How many jobs one transaction of ``prune`` deletes, and how many free pages it gives back.
PRUNE_STEP = 500


class Store(JobReader, TokenKeeper, SendingKeeper, Outbox):
    """The journal. Not thread-safe: one thread uses it."""

    def __init__(
        self,
        directory: Path,
        clock: Callable[[], datetime],
        *,
        printers: Iterable[str] = (),
        webhooks: Iterable[Subscription] = (),
        new: bool = False,
    ) -> None:
        """Open or create the journal in ``directory``, see ``JournalFile``. ``webhooks``: for which of them messages
        about changes of jobs are written. Raises ``JournalError``.
        """
        super().__init__(directory, clock, printers=printers, new=new)
        self.subscriptions = tuple(webhooks)

    def accept(
        self,
        key: str,
        submission: Submission,
        notices: tuple[Notice, ...],
        asked_by: Asker,
        program: Program | None = None,
    ) -> Accepted:
        """Store a new job, or find the one with this key. ``program``: who sent it to a gateway, and this time how."""
        digest = submission.digest()
        with self._transaction() as db:
            row = db.execute(f"SELECT {COLUMNS}, digest FROM job WHERE key = ?", (key,)).fetchone()
            if row is not None:
                if program is not None and row[-1] == digest:
                    place = NAMES.index("program")
                    row = (*row[:place], self._sent_again(db, row[0], row[place], program), *row[place + 1 :])
                return Accepted(read_entry(row[:-1]), new=False, conflict=row[-1] != digest)
            now = self._now()
            made = db.execute(
                "INSERT INTO job (key, printer, digest, document, phase, warnings, asked_by, asked_token, deadline,"
                " expect_last, if_interrupted, program, created_at, updated_at, buyer)"
                f" VALUES (?, ?, ?, ?, 'accepted', ?, ?, ?, ?, ?, ?, ?, ?, ?, {HASH})"
                f" RETURNING {COLUMNS}",
                (
                    key,
                    submission.printer,
                    digest,
                    submission.document.model_dump_json(by_alias=True, exclude_none=True),
                    NOTICES.dump_json(notices).decode(),
                    *asker(asked_by),
                    submission.deadline.isoformat() if submission.deadline else None,
                    submission.expect_last,
                    submission.if_interrupted,
                    None if program is None else described(program),
                    now,
                    now,
                    nip_of(submission.document),
                ),
            ).fetchall()
            for sending in (program and program.sent) or ():
                self._keep_sending(db, made[0][0], sending)
            return Accepted(self._published(db, read_entry(made[0])), new=True, conflict=False)

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
        """``accepted`` -> ``started``, with the ``evidence`` from before.

        ``event``: whether to publish the change; not for a try that the printer will probably refuse again.
        Raises ``Unexplained`` if the ``rule`` finds something in ``counters`` that this journal does not know.
        ``remember``: two reads gave these counters, so compare later ones with them.
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
        """Still ``started``: our document is open on the printer, and ``evidence`` was read then."""
        with self._transaction():
            return self._move(key, (Phase.STARTED,), Phase.STARTED, evidence=evidence, event=False)

    def commit(self, key: str) -> Entry:
        """``started`` -> ``committing``: the irreversible step is about to be sent."""
        with self._transaction() as db:
            entry = self._move(key, (Phase.STARTED,), Phase.COMMITTING, event=False)
            self._may_print(db, entry.job.printer, entry.job.document.type)
            return entry

    def interrupt(self, key: str, why: Problem) -> Entry:
        """A started job was interrupted, so fiscald has to find out what the printer has of it. Only noted as an event.

        Raises ``WrongPhase`` if it is not started.
        """
        with self._transaction() as db:
            entry = self.job(key)
            if entry is None or entry.phase not in (Phase.STARTED, Phase.COMMITTING):
                raise WrongPhase(f"job {key!r} is not started")
            self._note_event(db, entry.id, self._now(), entry.phase, problem=why)
            return entry

    def requeue(self, key: str, evidence: dict[str, Any], why: Problem) -> Entry:
        """A started job goes back to ``accepted``: the printer proves that ``why`` kept it from printing it."""
        with self._transaction() as db:
            before = self._phase(db, key)
            entry = self._move(key, (Phase.STARTED, Phase.COMMITTING), Phase.ACCEPTED, evidence=evidence, why=why)
            self._not_printed(db, entry.job.printer, before, entry.job.document.type)
            return entry

    def hold(self, key: str, evidence: dict[str, Any], why: Problem, *, was_open: bool, event: bool) -> Entry:
        """A started job goes back to ``accepted``: it waits for the end of the condition ``why``.

        This does not count as an attempt. But if the document ``was_open``, one attempt stays recorded.
        """
        left = "min(attempts, 1)" if was_open else "attempts - 1"
        with self._transaction() as db:
            before = self._phase(db, key)
            entry = self._move(
                key, (Phase.STARTED, Phase.COMMITTING), Phase.ACCEPTED, evidence=evidence, attempts=left, event=event,
                why=why,
            )  # fmt: skip
            if was_open or before is Phase.COMMITTING:
                self._not_printed(db, entry.job.printer, before, entry.job.document.type)
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

        ``counters``: those after the document, which are remembered if the ``rule`` finds nothing unexplained.
        """
        changes: dict[str, Any] = {"error": error}
        optional = {"result": result, "paper": paper, "warnings": notices}
        changes |= {name: value for name, value in optional.items() if value is not None}
        with self._transaction() as db:
            before = self._phase(db, key)
            entry = self._move(key, OPEN, phase, evidence=evidence or None, **changes)
            if phase is Phase.FAILED and before is not Phase.ACCEPTED:
                self._not_printed(db, entry.job.printer, before, entry.job.document.type)
            self._remember_if(db, entry.job.printer, counters, rule)
            return entry

    def note_delivery(self, key: str, result: Result) -> Entry:
        """The ``result`` of a done job tells more about its e-receipt. Raises ``WrongPhase`` if it is not done."""
        with self._transaction():
            return self._move(key, (Phase.DONE,), Phase.DONE, result=result)

    def give_up_damaged(self, key: str) -> Entry:
        """An open job that is unreadable becomes undecided. Raises ``WrongPhase`` if it is not open."""
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
        asked_by: Asker,
        doubtful: tuple[Phase, ...],
        why: Problem,
    ) -> list[Entry]:
        """Store a person's confirmation that the journal and the printer agree from ``seen`` on.

        Jobs in the phases ``doubtful`` become undecided because of ``why``, and are returned. Raises ``WrongPhase``
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
        """End an undecided job as a person decided. Raises ``WrongPhase`` if it is not undecided."""
        with self._transaction():
            found = self.job(key)
            # An unreadable job shows as undecided, even before the journal has stored that.
            before = OPEN if found is not None and found.damage else ()
            return self._move(
                key, (Phase.UNDECIDED, *before), phase, resolution=resolution, result=result, paper=paper, error=error
            )

    def withdraw(self, key: str, error: Problem) -> Entry:
        """``accepted`` -> ``failed``. Raises ``WrongPhase`` if it has started or is unreadable."""
        with self._transaction():
            found = self.job(key)
            if found is not None and found.damage:
                raise WrongPhase(f"job {key!r} is damaged")
            return self._move(key, (Phase.ACCEPTED,), Phase.FAILED, error=error)

    def expire(self, error: Callable[[Job], Problem], held: Container[str] = ()) -> tuple[list[Entry], float | None]:
        """Fail the jobs that have not started before their deadline. Returns them, and seconds to the next deadline.

        Jobs of printers in doubt, or ``held`` for another reason, stay, because they may be printed already.
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
        """Delete some of the final jobs that are older than ``days``. Returns how many; 0: nothing is left to delete.

        Undecided jobs stay, and so do the ``KEEP_NEWEST`` newest. With nothing left, kept copies of the journal
        that are older are deleted.
        """
        cutoff = self._clock() - timedelta(days=days)
        with self._transaction() as db:
            (newest,) = db.execute("SELECT coalesce(max(id), 0) FROM job").fetchone()
            old = db.execute(
                # "+": read from the oldest until there are enough, instead of sorting all.
                "SELECT id, updated_at FROM job WHERE +phase IN ('done', 'failed') AND id <= ? ORDER BY id LIMIT ?",
                (newest - KEEP_NEWEST, PRUNE_STEP),
            ).fetchall()
            doomed = [(number,) for number, at in old if (ended := moment(at)) is not None and ended < cutoff]
            db.executemany("DELETE FROM webhook_message WHERE job = ?", doomed)
            db.executemany("DELETE FROM event WHERE job = ?", doomed)
            db.executemany("DELETE FROM sending WHERE job = ?", doomed)
            db.executemany("DELETE FROM job WHERE id = ?", doomed)
            for _ in range(PRUNE_STEP if doomed else 0):
                # One page per statement: a statement without result rows runs one step only.
                db.execute("PRAGMA incremental_vacuum(1)")
        if not doomed:
            copying.forget(self._directory.path, cutoff)
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
        why: Problem | None = None,
        **changes: Any,
    ) -> Entry:
        """Change a job that is in one of the phases ``before``, as part of a transaction.

        Adds to the evidence, or replaces it (``afresh``). ``event``: whether to publish the change; ``why``: its
        reason, if that is not the job's error.
        """
        db = self._db
        if after in PAPER:
            changes.setdefault("paper", PAPER[after])
        if evidence is not None:
            row = None if afresh else db.execute("SELECT evidence FROM job WHERE key = ?", (key,)).fetchone()
            changes["evidence"] = _gathered(row[0] if row else None) | evidence
        names = [f"{name} = ?" for name in changes]
        moved = db.execute(
            f"UPDATE job SET {', '.join(['phase = ?', 'updated_at = ?', f'attempts = {attempts}', *names])}"
            f" WHERE key = ? AND phase IN ({', '.join('?' * len(before))}) RETURNING {COLUMNS}",
            (after, self._now(), *(plain(value) for value in changes.values()), key, *before),
        ).fetchall()
        if not moved:
            raise WrongPhase(f"job {key!r} is not {' or '.join(before)}")
        entry = read_entry(moved[0])
        return self._published(db, entry, why or changes.get("error"), changes.get("resolution")) if event else entry

    def _phase(self, db: sqlite3.Connection, key: str) -> Phase:
        """The phase of a job. Raises ``WrongPhase`` if there is no such job."""
        row = db.execute("SELECT phase FROM job WHERE key = ?", (key,)).fetchone()
        if row is None:
            raise WrongPhase(f"there is no job {key!r}")
        return Phase(row[0])

    def _published(
        self, db: sqlite3.Connection, entry: Entry, why: Problem | None = None, decided: Resolution | None = None
    ) -> Entry:
        """The changed job, also stored as an event, and as messages to webhooks."""
        event = self._note_event(db, entry.id, entry.job.updated_at.isoformat(), entry.phase, why, decided)
        self._write_messages(db, entry, event)
        return entry

    def _note_event(
        self,
        db: sqlite3.Connection,
        job: int,
        at: str,
        phase: Phase,
        problem: Problem | None = None,
        resolution: Resolution | None = None,
    ) -> int:
        """Store an event; its id."""
        (event,) = db.execute(
            "INSERT INTO event (job, at, phase, problem, resolution) VALUES (?, ?, ?, ?, ?) RETURNING id",
            (job, at, phase, plain(problem), plain(resolution)),
        ).fetchone()
        return int(event)


def _gathered(text: str | None) -> dict[str, Any]:
    """The evidence so far; empty if it is unreadable."""
    try:
        found = json.loads(text) if text else {}
    except UNREADABLE:
        found = {}
    return found if isinstance(found, dict) else {}
