"""The engine as the API uses it: it accepts jobs, answers questions about them, and reports printers from memory.

It raises every refusal as ``ProblemError``.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable
from datetime import datetime
from functools import partial
from typing import Any, BinaryIO

import anyio

from fiscald.engine import confirmations, raw
from fiscald.engine.actor import Actor
from fiscald.engine.admission import Admission
from fiscald.engine.asking import Question
from fiscald.engine.changes import Changes
from fiscald.engine.deadlines import Deadlines
from fiscald.engine.endings import Endings
from fiscald.engine.gate import Gate
from fiscald.engine.originals import original
from fiscald.engine.printer import Printer
from fiscald.engine.records import Records, prune
from fiscald.engine.sendings import Sendings
from fiscald.engine.waiting import with_waiting_problem
from fiscald.journal import (
    Change,
    Entry,
    Figures,
    Journal,
    JournalError,
    PackagingPage,
    Phase,
    Span,
    Store,
    Unread,
    UnreadEvent,
    Wanted,
    WrongPhase,
)
from fiscald.model.capabilities import PrinterDetails
from fiscald.model.copies import Original
from fiscald.model.documents import Document, Submission
from fiscald.model.header import Header
from fiscald.model.jobs import Job, JournalConfirmation, Paper, Resolution, Result
from fiscald.model.preview import Preview
from fiscald.model.printers import PrinterStatus
from fiscald.model.problems import Fate, ProblemError, Retry, problem
from fiscald.model.programs import PrinterGateway, Program
from fiscald.model.raw_command import RawAnswer, RawCommand
from fiscald.model.rights import Asker
from fiscald.model.times import POLISH_TIME
from fiscald.protocols.base import Check

log = logging.getLogger(__name__)

#: Seconds before the next attempt to load the waiting jobs from a journal that could not be read.
JOURNAL_RETRY = 5.0


class Engine:
    """All printers of a shop."""

    def __init__(
        self,
        printers: Iterable[Printer],
        journal: Journal,
        gate: Gate,
        *,
        keep_days: int = 400,
        plugged_in: Callable[[], AsyncIterator[None]] | None = None,
        clock: Callable[[], datetime] = lambda: datetime.now(POLISH_TIME),
    ) -> None:
        """``keep_days``: how long the journal keeps the answers to final jobs. ``plugged_in`` yields when a device was
        plugged in, so that an absent printer may be back. ``clock`` is this computer's; the printers' are compared with
        it.
        """
        self.clock = clock
        self._journal = journal
        self._keep_days = keep_days
        self._records = Records(journal)
        self.sendings = Sendings(self._records)
        self._gate = gate
        self._admission = Admission(gate)
        self._plugged_in = plugged_in
        self._actors = {
            printer.name: Actor(printer, journal, gate, partial(self._changed, printer.name), clock)
            for printer in printers
        }
        self.changes = Changes(self._actors)
        self._endings = Endings()
        self.failures: Counter[tuple[str, str]] = Counter()
        """Jobs that have failed since the start, by printer and code of the error."""
        self.gateways: dict[str, Callable[[], PrinterGateway]] = {}
        """What the gateways of printers have done, by the name of the printer."""
        self._deadlines = Deadlines(journal, self._held, self._settled)
        self._journal_read = anyio.Event()
        """Set when the engine knows the journal's doubts."""
        self._stopping = False

    async def run(self) -> None:
        """Serve all printers; returns after ``stop``."""
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self._load_waiting)
            tasks.start_soon(self._deadlines.run)
            tasks.start_soon(prune, self._journal, self._keep_days)
            if self._plugged_in is not None:
                tasks.start_soon(self._retry, self._plugged_in())
            async with anyio.create_task_group() as actors:
                for actor in self._actors.values():
                    actors.start_soon(actor.run, name=f"printer {actor.printer.name}")
            tasks.cancel_scope.cancel()

    async def _load_waiting(self) -> None:
        """Load the jobs that waited before the start. ``_changed`` counts all later ones."""
        waiting = None
        while waiting is None:
            try:
                waiting = await self._journal.run(Store.waiting)
            except JournalError:
                await anyio.sleep(JOURNAL_RETRY)
        for printer, key in waiting.jobs:
            if printer in self._actors:
                self._actors[printer].count(key, Phase.ACCEPTED)
        for name, actor in self._actors.items():
            actor.past.set_doubt(waiting.doubts.get(name))
            actor.deliveries.load(name, waiting.e_receipts)
            self.changes.count(name)
        self._journal_read.set()

    async def _retry(self, hints: AsyncIterator[None]) -> None:
        """When a device is plugged in, let the absent printers connect at once."""
        async for _ in hints:
            log.debug("a device was plugged in: trying to connect the absent printers")
            for actor in self._actors.values():
                actor.retry()

    def _held(self) -> frozenset[str]:
        """The printers whose waiting documents may be printed already."""
        pasts = {name: actor.past for name, actor in self._actors.items()}
        return frozenset(name for name, past in pasts.items() if past.problem is not None and past.doubtful)

    async def stop(self, seconds: float) -> None:
        """Accept no more jobs; give running documents ``seconds`` to finish."""
        self._stopping = True
        self.changes.wake()
        self._endings.stop()
        with anyio.move_on_after(seconds):
            async with anyio.create_task_group() as tasks:
                for actor in self._actors.values():
                    tasks.start_soon(actor.stop)

    def _changed(self, printer: str, entry: Entry | None) -> None:
        self.changes.count(printer, None if entry is None else entry.phase)
        if entry is not None:
            # Every change of a job passes here. The log must not contain what the document says.
            log.debug("job %s: %s, %s for %s", entry.job.key, entry.phase, entry.job.document.type, entry.job.printer)
        if entry is not None and entry.job.printer in self._actors:
            self._actors[entry.job.printer].count(entry.job.key, entry.phase)
        if entry is not None and entry.phase is Phase.FAILED and entry.job.error is not None:
            self.failures[entry.job.printer, entry.job.error.code] += 1
        if entry is not None and entry.phase.state.final:
            self._endings.ended(entry)

    # -- jobs -----------------------------------------------------------------------------------------

    async def submit(
        self, key: str, submission: Submission, asked_by: Asker = None, program: Program | None = None
    ) -> tuple[Job, bool]:
        """Accept a document: returns the job of that key and whether it is new. The job is on disk when this returns.

        ``program``: who sent it to a gateway, and what it said.

        Raises ``ProblemError``: unknown printer, refused document, licence, other content, journal.
        """
        try:
            check = await self._admission.check(self._accepting(submission.printer), submission.document)
        except ProblemError:
            # The refusal is for new jobs only: the caller may always ask for a known job again.
            if await self._records.run(Store.job, key) is None:
                raise
            check = Check()
        accepted = await self._records.run(Store.accept, key, submission, check.notices, asked_by, program)
        if accepted.conflict:
            raise ProblemError(problem("job.conflict", key=key, created_at=accepted.entry.job.created_at.isoformat()))
        if accepted.new:
            self._changed(submission.printer, accepted.entry)
            self._actors[submission.printer].new_document(submission.document.type)
            if submission.deadline is not None:
                self._deadlines.check_again()
        return self._with_waiting_problem(accepted.entry), accepted.new

    def preview(self, name: str, document: Document) -> Preview:
        """What the printer would make of a document, as far as fiscald can predict it. Accepts and sends nothing.

        Raises ``ProblemError`` as ``submit`` would.
        """
        return self._admission.preview(self._accepting(name), document)

    async def job(self, key: str) -> Job:
        """The job of that key. Raises ``ProblemError`` if there is no such job."""
        return self._with_waiting_problem(await self._entry(key))

    async def original(self, key: str) -> Original:
        """The printed document of that key, for a copy. Raises ``ProblemError`` if it is not printed, or unknown."""
        job = await self.job(key)
        return original(job, self._actors.get(job.printer))

    async def wait(self, key: str, seconds: float) -> Job:
        """The job of that key. Returns when the job is final, or after ``seconds``."""
        with anyio.move_on_after(seconds):
            ending = self._endings.of(key)
            job = (await self._entry(key)).job
            if job.state.final:
                return job
            del job  # many callers may wait, and a long document takes a megabyte
            entry = await ending.wait()
            if entry is not None:
                return entry.job
        return await self.job(key)

    async def jobs(self, wanted: Wanted, *, newest_first: bool, after: int, limit: int) -> list[tuple[int, Job]]:
        """The jobs after the cursor ``after`` (0: from the beginning), in order, each with its cursor."""
        entries = await self._records.run(
            Store.jobs, wanted=wanted, newest_first=newest_first, after=after, limit=limit
        )
        return [(entry.id, self._with_waiting_problem(entry)) for entry in entries]

    async def unread_jobs(self, wanted: Wanted, *, newest_first: bool, after: int, limit: int) -> list[Unread]:
        """The same jobs, not parsed yet: ``read`` does that later, in any thread. Fewer than ``limit`` if large."""
        return await self._records.run(Store.unread, wanted=wanted, newest_first=newest_first, after=after, limit=limit)

    async def job_events(self, key: str, after: int, limit: int) -> list[UnreadEvent]:
        """What happened to the job of that key, after the event ``after``, oldest first. ``event`` parses one, in any
        thread. Raises ``ProblemError`` if there is no such job.
        """
        return await self._records.run(Store.job_events, (await self._entry(key)).id, after, limit)

    async def last_job(self) -> int:
        """The cursor of the newest job."""
        return await self._records.run(Store.last_job)

    def read(self, unread: Unread) -> Job:
        """Parse the job, in any thread."""
        return self._with_waiting_problem(unread.entry())

    async def packaging(self, name: str, span: Span, after: tuple[int, int] | None) -> PackagingPage:
        """Documents of one printer with returnable packaging, see ``Store.packaging``. Raises ``ProblemError``."""
        self._actor(name)
        return await self._records.run(Store.packaging, name, span, after)

    async def withdraw(self, key: str) -> Job:
        """End an accepted job before fiscald sends anything of it. Raises ``ProblemError`` if it has started."""
        entry = await self._entry(key)
        await self._journal_read.wait()
        actor = self._actors.get(entry.job.printer)
        if actor is not None and actor.past.doubtful and not entry.phase.state.final:
            # The lost part of the journal may have printed it, so we cannot say that nothing was sent.
            raise ProblemError(actor.past.problem or problem("job.started", key=key, state=entry.job.state))
        try:
            entry = await self._records.run(Store.withdraw, key, problem("job.withdrawn"))
        except WrongPhase:
            entry = await self._entry(key)
            if entry.job.error is not None and entry.job.error.code == "job.withdrawn":
                return entry.job  # the caller repeats the request because it lost the first answer
            raise ProblemError(problem("job.started", key=key, state=entry.job.state)) from None
        self._settled(entry)
        return entry.job

    async def resolve(self, key: str, resolution: Resolution) -> Job:
        """Store a person's decision on an undecided job.

        Raises ``ProblemError`` if the job is not undecided, or was decided differently.
        """
        entry = await self._entry(key)
        outcome: dict[str, Any]
        if resolution.verdict == "printed":
            printer_id = await self._records.run(Store.printer_id, entry.job.printer)
            result = Result(number=resolution.number, printer_id=printer_id or "")
            outcome = {"phase": Phase.DONE, "result": result, "paper": Paper.PRINTED}
        else:
            why = problem("job.resolved_not_printed", by=resolution.by, note=resolution.note or "no note")
            outcome = {"phase": Phase.FAILED, "paper": Paper.NONE, "error": why}
        try:
            entry = await self._records.run(Store.resolve, key, resolution, **outcome)
        except WrongPhase:
            entry = await self._entry(key)
            if entry.job.resolution == resolution:
                return entry.job  # the caller repeats the request because it lost the first answer
            raise ProblemError(problem("job.not_undecided", key=key, state=entry.job.state)) from None
        self._settled(entry)
        return entry.job

    def _settled(self, entry: Entry) -> None:
        self._changed(entry.job.printer, entry)
        if entry.job.printer in self._actors:
            self._actors[entry.job.printer].wake()

    async def _entry(self, key: str) -> Entry:
        entry = await self._records.run(Store.job, key)
        if entry is None:
            await self._journal_read.wait()
            unknown = problem("job.unknown", key=key)
            if any(actor.past.doubtful for actor in self._actors.values()):
                # A lost part of the journal may have known this key: under a new key it could be printed again.
                unknown = unknown.model_copy(update={"document": Fate.UNKNOWN, "retry": Retry.SAME_KEY})
            raise ProblemError(unknown)
        return entry

    def _with_waiting_problem(self, entry: Entry) -> Job:
        return with_waiting_problem(entry, self._actors.get(entry.job.printer))

    # -- printers -------------------------------------------------------------------------------------

    def names(self) -> list[str]:
        """The names of all printers."""
        return list(self._actors)

    def printer(self, name: str) -> PrinterStatus:
        """One printer, from memory. Raises ``ProblemError`` for an unknown name."""
        return self._status(self._actor(name))

    def details(self, name: str) -> PrinterDetails:
        """One printer and what it can do, from memory. Raises ``ProblemError`` for an unknown name."""
        actor = self._actor(name)
        return PrinterDetails.of(self._status(actor), actor.printer.family.capabilities(actor.settings, actor.snapshot))

    def _status(self, actor: Actor) -> PrinterStatus:
        """The status. Until the journal was read, which takes seconds after a power cut, that is its problem."""
        status = actor.status()
        gateway = self.gateways.get(status.name)
        if gateway is not None:
            status = status.model_copy(update={"gateway": gateway()})
        reading = None if self._journal_read.is_set() else problem("journal.reading", printer=status.name)
        return status if status.problem or not reading else status.model_copy(update={"problem": reading})

    async def capture(self, name: str) -> AsyncIterator[bytes]:
        """The latest exchange with one printer, as pieces of a pcapng file.

        Raises ``ProblemError`` for an unknown name.
        """
        capture = self._actor(name).printer.capture
        if capture is not None:
            async for data in capture():
                yield data

    async def follow(self, name: str) -> AsyncIterator[bytes]:
        """The flight recorder's packets from now on, until the daemon stops.

        Raises ``ProblemError`` for an unknown name.
        """
        follow = self._actor(name).printer.follow
        if follow is None:
            return
        async for data in follow():
            if self._stopping:
                return
            if data:
                yield data

    async def adopt(self, name: str, printer_id: str) -> PrinterStatus:
        """A person confirms that the printer with this unique number took the place of the known one.

        Raises ``ProblemError``: unknown printer, another number, jobs of the old printer are not settled.
        """
        actor = self._actor(name)
        await confirmations.adopt(actor, self._records, printer_id)
        return actor.status()

    async def confirm_journal(self, name: str, said: JournalConfirmation, asked_by: Asker = None) -> PrinterStatus:
        """A person confirms that the journal and the printer agree again.

        If the journal may be an older copy, waiting documents become undecided or are printed (``said.waiting``), and
        started ones become undecided. Raises ``ProblemError``: unknown printer, nothing to confirm, not connected.
        """
        actor = self._actor(name)
        for entry in await confirmations.confirm_journal(actor, self._records, said, asked_by):
            self._settled(entry)
        self._deadlines.check_again()
        return actor.status()

    async def copy_journal(self) -> BinaryIO:
        """A consistent copy of the journal as it is when this returns: an open file without a name."""
        return await self._records.run(Store.copy)

    async def raw(self, name: str, command: RawCommand, asked_by: Asker = None) -> RawAnswer:
        """Send a command in the printer's own protocol, between two jobs.

        Raises ``ProblemError``: unknown printer, not a command, licence (except for queries and for commands that end
        an open document), a document is not settled (except with ``force``), not connected, journal, no answer.
        """
        actor = self._accepting(name)
        refused = self._gate.refuses("raw", actor.identity)
        request = raw.parse(command, actor.printer.family, actor.settings, refused, name, asked_by)
        return await actor.ask(request, forced=request.forced)

    async def header(self, name: str) -> Header:
        """The printer's header, asked between two jobs.

        Raises ``ProblemError``: unknown printer, not connected, no turn in time, no answer.
        """
        actor = self._accepting(name)
        return await actor.ask(Question(actor.printer.family.read_header))

    def _accepting(self, name: str) -> Actor:
        """The printer, for a new document or command. Raises ``ProblemError`` if the daemon stops."""
        if self._stopping:
            raise ProblemError(problem("daemon.stopping"))
        return self._actor(name)

    def _actor(self, name: str) -> Actor:
        try:
            return self._actors[name]
        except KeyError:
            known = ", ".join(self._actors) or "none"
            raise ProblemError(problem("printer.unknown", printer=name, printers=known)) from None

    # -- changes --------------------------------------------------------------------------------------

    async def events(self, after: int, limit: int = 100) -> list[Change]:
        """Changes of jobs after that cursor, oldest first. May be empty."""
        return await self._records.run(Store.events, after, limit)

    async def last_event(self) -> int:
        """The cursor of the newest change."""
        return await self._records.run(Store.last_event)

    def licence_changed(self) -> None:
        """The licence has changed: wake the actors and everyone who waits for changes."""
        self.changes.count("")
        for actor in self._actors.values():
            actor.wake()

    @property
    def stopping(self) -> bool:
        """Whether the daemon is stopping."""
        return self._stopping

    async def figures(self) -> Figures:
        """How many jobs there are, for the metrics."""
        return await self._records.run(Store.figures)
