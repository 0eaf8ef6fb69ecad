"""The engine's public face: jobs in, answers out, printers from memory.

Refusals are raised as ``ProblemError``; everything else that can be asked has an answer.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from datetime import datetime
from functools import partial
from typing import Any, BinaryIO, Concatenate, ParamSpec, TypeVar
from weakref import WeakValueDictionary

import anyio

from fiscald.engine.actor import Actor
from fiscald.engine.gate import Gate
from fiscald.engine.printer import Printer
from fiscald.engine.raw import RawRequest
from fiscald.journal import Change, Entry, Journal, JournalError, Phase, Store, Unread, Wanted, WrongPhase
from fiscald.model.documents import Document, Submission
from fiscald.model.jobs import Job, JobState, JournalConfirmation, Paper, Resolution, Result
from fiscald.model.preview import Preview
from fiscald.model.printers import PrinterStatus, Snapshot
from fiscald.model.problems import Fate, Problem, ProblemError, Retry, of_document, problem
from fiscald.model.raw_command import RawAnswer, RawCommand
from fiscald.model.times import POLISH_TIME
from fiscald.protocols.base import Check, Effect, summarize

log = logging.getLogger(__name__)
P = ParamSpec("P")
T = TypeVar("T")

#: Seconds after which deadlines are looked at again, for the host's clock may jump.
DEADLINE_CHECK = 60.0
#: Seconds after which a journal that could not be read is asked again for what waits.
COUNT_AGAIN = 5.0
#: Seconds between two deletions of old jobs, and between two steps of one.
PRUNE_EVERY, PRUNE_PAUSE = 86_400.0, 1.0


class _Ending:
    """The end of one job, for those who wait for it; or the end of the daemon, without an entry."""

    def __init__(self) -> None:
        self.event = anyio.Event()
        self.entry: Entry | None = None


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
        """``keep_days``: how long the answers to final jobs are kept. ``plugged_in`` yields when it may be worth
        looking again for a printer that is not there. ``clock`` is this computer's, with which printers' are compared.
        """
        self._journal = journal
        self._keep_days = keep_days
        self._gate = gate
        self._plugged_in = plugged_in
        self._actors = {
            printer.name: Actor(printer, journal, gate, partial(self._changed, printer.name), clock)
            for printer in printers
        }
        #: How often each printer has changed since the start, and the licence, whose name is empty.
        self.changes = dict.fromkeys(("", *self._actors), 0)
        # An ending lives as long as somebody waits for it.
        self._endings: WeakValueDictionary[str, _Ending] = WeakValueDictionary()
        self._any_event = anyio.Event()
        self._new_deadline = anyio.Event()
        self._journal_read = anyio.Event()
        """It is known what the journal is in doubt about."""
        self._stopping = False
        self._journal_trouble = ""
        self._checker: anyio.CapacityLimiter | None = None

    async def run(self) -> None:
        """Serve all printers; returns after ``stop``."""
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self._count_waiting)
            tasks.start_soon(self._expire)
            tasks.start_soon(self._prune)
            if self._plugged_in is not None:
                tasks.start_soon(self._retry, self._plugged_in())
            async with anyio.create_task_group() as actors:
                for actor in self._actors.values():
                    actors.start_soon(actor.run, name=f"printer {actor.printer.name}")
            tasks.cancel_scope.cancel()

    async def _count_waiting(self) -> None:
        """What has been waiting since before the start; every later change is told."""
        waiting = None
        while waiting is None:
            try:
                waiting = await self._journal.run(Store.waiting)
            except JournalError:
                await anyio.sleep(COUNT_AGAIN)
        for printer, key in waiting.jobs:
            if printer in self._actors:
                self._actors[printer].count(key, Phase.ACCEPTED)
        for name, actor in self._actors.items():
            actor.past.start_with(waiting.doubts.get(name))
        self._journal_read.set()
        self._wake_all()

    async def _retry(self, hints: AsyncIterator[None]) -> None:
        """Look for absent printers at once when something is plugged in."""
        async for _ in hints:
            log.debug("something was plugged in: absent printers are looked for")
            for actor in self._actors.values():
                actor.retry()

    async def _expire(self) -> None:
        """Fail jobs whose deadline passes before they begin, whatever their printer is doing."""
        while True:
            self._new_deadline = anyio.Event()
            try:
                pasts = {name: actor.past for name, actor in self._actors.items()}
                held = frozenset(name for name, past in pasts.items() if past.problem is not None and past.doubtful)
                expired, left = await self._journal.run(Store.expire, _expired, held)
            except JournalError:
                expired, left = [], DEADLINE_CHECK
            for entry in expired:
                log.warning("job %s has failed: its deadline passed", entry.job.key)
                self._settled(entry)
            with anyio.move_on_after(float("inf") if left is None else min(left, DEADLINE_CHECK)):
                await self._new_deadline.wait()

    async def _prune(self) -> None:
        """Delete answers that are older than they are kept, a few at a time."""
        while True:
            deleted = 0
            try:
                deleted = await self._journal.run(Store.prune, self._keep_days)
            except JournalError as error:
                log.warning("old jobs cannot be deleted: %s", error)
            await anyio.sleep(PRUNE_PAUSE if deleted else PRUNE_EVERY)

    async def stop(self, seconds: float) -> None:
        """Accept no more; give documents in hand ``seconds`` to be finished."""
        self._stopping = True
        self._wake_all()
        for ending in list(self._endings.values()):
            ending.event.set()
        with anyio.move_on_after(seconds):
            async with anyio.create_task_group() as tasks:
                for actor in self._actors.values():
                    tasks.start_soon(actor.stop)

    def _changed(self, printer: str, entry: Entry | None) -> None:
        if printer in self._actors:
            self.changes[printer] += 1
        if entry is not None:
            # Every decision about a document passes here; never what is in it.
            log.debug("job %s: %s, %s for %s", entry.job.key, entry.phase, entry.job.document.type, entry.job.printer)
        if entry is not None and entry.job.printer in self._actors:
            self._actors[entry.job.printer].count(entry.job.key, entry.phase)
        ending = self._endings.get(entry.job.key) if entry is not None and entry.phase.state.final else None
        if ending is not None:
            ending.entry = entry
            ending.event.set()
        self._wake_all()

    def _wake_all(self) -> None:
        self._any_event.set()
        self._any_event = anyio.Event()

    # -- jobs -----------------------------------------------------------------------------------------

    async def submit(self, key: str, submission: Submission, asked_by: int | None = None) -> tuple[Job, bool]:
        """The job of that key and whether it is new. Durable when this returns.

        Raises ``ProblemError``: unknown printer, refused document, licence, other content, journal.
        """
        try:
            foretold = await self._checked(submission.printer, submission.document)
        except ProblemError:
            # What stands against a new job does not stand against asking for a known one again.
            if await self._journal_run(Store.job, key) is None:
                raise
            foretold = Check()
        accepted = await self._journal_run(Store.accept, key, submission, foretold.notices, asked_by)
        if accepted.conflict:
            raise ProblemError(problem("job.conflict", key=key, created_at=accepted.entry.job.created_at.isoformat()))
        if accepted.new:
            self._changed(submission.printer, accepted.entry)
            self._actors[submission.printer].new_document(submission.document.type)
            if submission.deadline is not None:
                self._new_deadline.set()
        return self._overlaid(accepted.entry), accepted.new

    def preview(self, name: str, document: Document) -> Preview:
        """What would become of a document, as far as it can be foretold. Nothing is accepted and nothing is sent.

        Raises ``ProblemError`` as ``submit`` would.
        """
        foretold = self._check(name, document)
        actor = self._actor(name)
        snapshot, options = actor.snapshot, actor.settings.options.model_dump()
        return Preview(
            printer=name,
            family=actor.printer.family.name,
            profile=options.get("profile"),
            code_page=options.get("code_page"),
            vat=snapshot.rates if snapshot else None,
            document=document,
            totals=foretold.totals,
            warnings=foretold.notices,
        )

    async def _checked(self, name: str, document: Document) -> Check:
        """``_check``, in a thread where the document is long: everything else would wait for it."""
        if not document.long:
            return self._check(name, document)
        self._checker = self._checker or anyio.CapacityLimiter(1)
        return await anyio.to_thread.run_sync(self._check, name, document, limiter=self._checker)

    def _check(self, name: str, document: Document) -> Check:
        """What is foretold of a new document; raises for everything that stands against accepting it."""
        if self._stopping:
            raise ProblemError(problem("daemon.stopping"))
        actor = self._actor(name)
        family = actor.printer.family
        if document.type not in family.documents:
            raise ProblemError(
                problem(
                    "document.unsupported",
                    printer=name,
                    family=family.name,
                    document=document.type,
                    documents=", ".join(family.documents),
                )
            )
        refused = self._gate.refuses(document.type, actor.identity)
        if refused is not None:
            raise ProblemError(refused)
        foretold = family.check(document, actor.settings, actor.snapshot)
        if foretold.errors:
            reason, reason_pl = summarize(foretold.errors)
            raise ProblemError(problem("document.refused", reason=reason, reason_pl=reason_pl, errors=foretold.errors))
        return foretold

    async def job(self, key: str) -> Job:
        """The job of that key. Raises ``ProblemError`` if there is none."""
        return self._overlaid(await self._entry(key))

    async def wait(self, key: str, seconds: float) -> Job:
        """The job of that key, as soon as it is final or when ``seconds`` are over."""
        with anyio.move_on_after(seconds):
            ending = self._endings.setdefault(key, _Ending())
            job = (await self._entry(key)).job
            if job.state.final:
                return job
            del job  # many wait, and a long document takes a megabyte
            if not self._stopping:
                await ending.event.wait()
            if ending.entry is not None:
                return ending.entry.job
        return await self.job(key)

    async def jobs(self, wanted: Wanted, *, newest_first: bool, after: int, limit: int) -> list[tuple[int, Job]]:
        """Jobs in order with their cursors, those that follow the cursor ``after`` (0: from the beginning)."""
        entries = await self._journal_run(
            Store.jobs, wanted=wanted, newest_first=newest_first, after=after, limit=limit
        )
        return [(entry.id, self._overlaid(entry)) for entry in entries]

    async def unread_jobs(self, wanted: Wanted, *, newest_first: bool, after: int, limit: int) -> list[Unread]:
        """The same, to be read where and when there is time; fewer than ``limit`` where they are large."""
        return await self._journal_run(Store.unread, wanted=wanted, newest_first=newest_first, after=after, limit=limit)

    async def last_job(self) -> int:
        """The cursor of the newest job."""
        return await self._journal_run(Store.last_job)

    def read(self, unread: Unread) -> Job:
        """The job, as it is now; in any thread."""
        return self._overlaid(unread.entry())

    async def withdraw(self, key: str) -> Job:
        """End an accepted job before anything was sent. Raises ``ProblemError`` if it has started."""
        entry = await self._entry(key)
        await self._journal_read.wait()
        actor = self._actors.get(entry.job.printer)
        if actor is not None and actor.past.doubtful and not entry.phase.state.final:
            # "Withdrawn before anything was sent" is more than is known.
            raise ProblemError(actor.past.problem or problem("job.started", key=key, state=entry.job.state))
        try:
            entry = await self._journal_run(Store.withdraw, key, problem("job.withdrawn"))
        except WrongPhase:
            entry = await self._entry(key)
            if entry.job.error is not None and entry.job.error.code == "job.withdrawn":
                return entry.job  # asked again, because the first answer was lost
            raise ProblemError(problem("job.started", key=key, state=entry.job.state)) from None
        self._settled(entry)
        return entry.job

    async def resolve(self, key: str, resolution: Resolution) -> Job:
        """A person decides an undecided job. Raises ``ProblemError`` if it is not undecided, or decided otherwise."""
        entry = await self._entry(key)
        outcome: dict[str, Any]
        if resolution.verdict == "printed":
            printer_id = await self._journal_run(Store.printer_id, entry.job.printer)
            result = Result(number=resolution.number, printer_id=printer_id or "")
            outcome = {"phase": Phase.DONE, "result": result, "paper": Paper.PRINTED}
        else:
            why = problem("job.resolved_not_printed", by=resolution.by, note=resolution.note or "no note")
            outcome = {"phase": Phase.FAILED, "paper": Paper.NONE, "error": why}
        try:
            entry = await self._journal_run(Store.resolve, key, resolution, **outcome)
        except WrongPhase:
            entry = await self._entry(key)
            if entry.job.resolution == resolution:
                return entry.job  # asked again, because the first answer was lost
            raise ProblemError(problem("job.not_undecided", key=key, state=entry.job.state)) from None
        self._settled(entry)
        return entry.job

    def _settled(self, entry: Entry) -> None:
        self._changed(entry.job.printer, entry)
        if entry.job.printer in self._actors:
            self._actors[entry.job.printer].wake()

    async def _entry(self, key: str) -> Entry:
        entry = await self._journal_run(Store.job, key)
        if entry is None:
            await self._journal_read.wait()
            unknown = problem("job.unknown", key=key)
            if any(actor.past.doubtful for actor in self._actors.values()):
                # A lost part of the journal may have known it: a new key could print it again.
                unknown = unknown.model_copy(update={"document": Fate.UNKNOWN, "retry": Retry.SAME_KEY})
            raise ProblemError(unknown)
        return entry

    def _overlaid(self, entry: Entry) -> Job:
        """The job with what keeps it waiting, which is known only in memory."""
        job = entry.job
        actor = self._actors.get(job.printer)
        why = None if actor is None or job.state.final else actor.waits_for(job.key, job.document.type)
        if why is None:
            return job
        started, doubtful = entry.phase is not Phase.ACCEPTED, actor is not None and actor.past.doubtful
        told = of_document(why, started=started, doubtful=doubtful)
        return job.model_copy(update={"waiting": told})

    # -- printers -------------------------------------------------------------------------------------

    def printers(self) -> list[PrinterStatus]:
        """Every printer, from memory."""
        return [actor.status() for actor in self._actors.values()]

    def names(self) -> list[str]:
        """The names of all printers."""
        return list(self._actors)

    def printer(self, name: str) -> PrinterStatus:
        """One printer, from memory. Raises ``ProblemError`` for an unknown name."""
        return self._actor(name).status()

    async def capture(self, name: str) -> AsyncIterator[bytes]:
        """The latest conversation with one printer, as pieces of a pcapng file.

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
        """A person confirms that the printer with this unique number took the place of the known one."""
        actor = self._actor(name)
        found = actor.identity.printer_id if actor.identity else None
        open_jobs = [
            entry.job.key
            for state in (JobState.RUNNING, JobState.UNDECIDED)
            for entry in await self._journal_run(Store.jobs, printer=name, state=state, limit=10)
        ]
        if printer_id != found:
            reason = f"the connected printer has the unique number {found!r}"
        elif open_jobs:
            reason = f"the fate of {', '.join(open_jobs)} can only be found out on the old printer, or resolved first"
        else:
            assert actor.snapshot is not None
            await self._journal_run(Store.know_printer, name, printer_id, actor.snapshot.counters)
            actor.adopt(printer_id)
            return actor.status()
        raise ProblemError(problem("printer.not_waiting", printer=name, printer_id=printer_id, reason=reason))

    async def confirm_journal(self, name: str, said: JournalConfirmation, asked_by: int | None = None) -> PrinterStatus:
        """A person confirms that journal and printer are one past again.

        Where the journal may be an older copy, documents that wait become undecided, or are printed (``said.waiting``);
        begun ones become undecided. Raises ``ProblemError``: unknown printer, nothing to confirm, not connected.
        """
        actor = self._actor(name)
        if actor.past.problem is None:
            if await self._journal_run(Store.newest_confirmation, name) == said.model_copy(
                update={"waiting": "undecided"}
            ):
                return actor.status()  # asked again, because the first answer was lost
            reason = "its journal and its counters agree"
        elif actor.status().stale or actor.snapshot is None or actor.past.found is None:
            reason = "it is not connected, so that its counters cannot be read"
        else:
            try:
                seen = actor.snapshot.model_copy(update={"counters": actor.past.found})
                await self._confirm_journal(actor, seen, said, asked_by)
                return actor.status()
            except WrongPhase as error:
                reason = str(error)
        raise ProblemError(problem("journal.nothing_to_confirm", printer=name, reason=reason))

    async def _confirm_journal(
        self, actor: Actor, seen: Snapshot, said: JournalConfirmation, asked_by: int | None
    ) -> None:
        doubtful: tuple[Phase, ...] = ()
        if actor.past.doubtful:
            doubtful = (Phase.STARTED,) if said.waiting == "print" else (Phase.STARTED, Phase.ACCEPTED)
        reason = "the journal may not have known everything that was printed when this document waited"
        why = problem("printer.unproven", reason=reason, extra={"cause": "journal_behind"})
        name = actor.printer.name
        changed = await self._journal_run(Store.confirm_journal, name, seen, said, asked_by, doubtful=doubtful, why=why)
        actor.journal_confirmed()
        self._new_deadline.set()
        log.warning("%s: the journal was confirmed by %s (user %s)", name, said.by, asked_by)
        for entry in changed:
            log.error("job %s is undecided: %s", entry.job.key, reason)
            self._settled(entry)

    async def copy_journal(self) -> BinaryIO:
        """A consistent copy of the journal as it is when this returns: an open file without a name."""
        return await self._journal_run(Store.copy)

    async def raw(self, name: str, command: RawCommand, asked_by: int | None = None) -> RawAnswer:
        """Send a command in the printer's own protocol, between two jobs.

        Raises ``ProblemError``: unknown printer, not a command, licence (but for queries, and for what ends or cancels
        a document that is open), the fate of a document is open (but with ``force``), not connected, journal, not
        answered.
        """
        if self._stopping:
            raise ProblemError(problem("daemon.stopping"))
        actor = self._actor(name)
        family = actor.printer.family
        if family.raw is None:
            reason = f"{name} is a {family.name} printer, and fiscald sends those no commands by hand"
            raise ProblemError(problem("request.raw", reason=reason))
        try:
            step = family.raw.parse(command.command, actor.settings)
        except ValueError as error:
            raise ProblemError(problem("request.raw", reason=error)) from None
        refused = self._gate.refuses("raw", actor.identity)
        if refused is not None and step.effect is not Effect.QUERY and step.ends is None:
            # What ends a document is asked about when it is its turn.
            raise ProblemError(refused)
        return await actor.by_hand(RawRequest(command.command, step, forced=command.force, asked_by=asked_by))

    def _actor(self, name: str) -> Actor:
        try:
            return self._actors[name]
        except KeyError:
            known = ", ".join(self._actors) or "none"
            raise ProblemError(problem("printer.unknown", printer=name, printers=known)) from None

    # -- changes --------------------------------------------------------------------------------------

    async def events(self, after: int, limit: int = 100) -> list[Change]:
        """Changes of jobs after that cursor, oldest first; possibly none."""
        return await self._journal_run(Store.events, after, limit)

    async def last_event(self) -> int:
        """The cursor of the newest change."""
        return await self._journal_run(Store.last_event)

    def next_change(self) -> Callable[[float], Awaitable[bool]]:
        """Waits for the next change after this call, at most so many seconds; whether there was one."""
        event = self._any_event

        async def wait(seconds: float) -> bool:
            with anyio.move_on_after(seconds):
                await event.wait()
            return event.is_set()

        return wait

    def licence_changed(self) -> None:
        """Jobs that waited for a licence may go on, and whoever listens hears of it."""
        self.changes[""] += 1
        self._wake_all()
        for actor in self._actors.values():
            actor.wake()

    @property
    def stopping(self) -> bool:
        """Whether the daemon is going down."""
        return self._stopping

    async def counts(self) -> dict[tuple[str, str], int]:
        """Jobs by printer and state."""
        return await self._journal_run(Store.counts)

    async def _journal_run(
        self, transaction: Callable[Concatenate[Store, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        try:
            answer = await self._journal.run(transaction, *args, **kwargs)
        except JournalError as error:
            if str(error) != self._journal_trouble:
                self._journal_trouble = str(error)
                log.error("the journal: %s", error, exc_info=error.__cause__)
            raise ProblemError(problem("daemon.journal", reason=error)) from None
        self._journal_trouble = ""
        return answer


def _expired(job: Job) -> Problem:
    assert job.deadline is not None
    return problem("job.expired", deadline=job.deadline.isoformat())
