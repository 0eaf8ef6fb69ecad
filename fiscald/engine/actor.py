"""The actor of one printer: it alone speaks to the printer, and takes its jobs one after the other.

The bargain with the journal, in order: ``started`` with the evidence is synced before anything is changed;
``opened`` when the printer holds our open document; ``committing`` before the irreversible step; the verdict
before anybody is told. A step that was not answered is never sent again. Whatever goes wrong after ``started``
- silence, a lost link, a killed daemon, a full disk - goes one way: look at the printer's counters on a fresh
line and decide by them.

A journal that cannot be read or written stops the printing, never the status.
"""

from __future__ import annotations

import logging
import random
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import anyio

from fiscald.engine import raw
from fiscald.engine.gate import Gate
from fiscald.engine.holds import Holds
from fiscald.engine.line import Line, Silence, link_problem
from fiscald.engine.noise import Noise
from fiscald.engine.past import Past
from fiscald.engine.situation import Situation
from fiscald.journal import Entry, Journal, JournalError, Phase, Store, Unexplained, WrongPhase
from fiscald.model.documents import IfInterrupted
from fiscald.model.jobs import DamagedDocument, Job
from fiscald.model.printers import Condition, Counters, Identity, PrinterState, PrinterStatus, Snapshot
from fiscald.model.problems import Fate, Problem, ProblemError, Retry, problem
from fiscald.model.raw import RawAnswer
from fiscald.protocols.base import (
    Committing,
    Dialogue,
    DialogueAborted,
    Effect,
    Family,
    Held,
    NotPrinted,
    Opened,
    Pause,
    Printed,
    Settings,
    Started,
    Trail,
    Unknown,
    Verdict,
    Wait,
)
from fiscald.protocols.conditions import state_of
from fiscald.transport import Address, ByteStream, LinkError

log = logging.getLogger(__name__)

#: Seconds between two looks at an idle printer (what happens on it is to be seen within two), and at one that is not
#: ready.
POLL_INTERVAL = 1.5
SHORT_POLL_INTERVAL = 0.5
#: Seconds between two full looks (counters, rates, clock) at an idle printer, and at one with a condition that only a
#: full look shows.
STATUS_INTERVAL, SHORT_STATUS_INTERVAL = 30.0, 3.0
#: Seconds without an answer after which the status says "stale".
STALE_AFTER = 10.0
#: Seconds before the first and the longest wait between two attempts to connect.
RECONNECT = (0.2, 5.0)
#: How often a job that the printer proves not to hold is carried out anew before it fails.
ATTEMPTS = 3


@dataclass(frozen=True, slots=True)
class Printer:
    """One configured printer."""

    name: str
    family: Family
    address: Address
    settings: Settings
    wrap: Callable[[ByteStream], ByteStream] = lambda stream: stream
    """Put around every new stream (the flight recorder)."""
    capture: Callable[[], AsyncIterator[bytes]] | None = None
    """What the flight recorder holds."""
    follow: Callable[[], AsyncIterator[bytes]] | None = None
    """The same as it goes on."""
    shared: bool = False
    """Another program prints on it too."""


class Actor:
    """Owns one printer."""

    def __init__(
        self,
        printer: Printer,
        journal: Journal,
        gate: Gate,
        changed: Callable[[Entry | None], None],
        clock: Callable[[], datetime],
    ) -> None:
        """``changed`` is told of every change: of a job, or (``None``) of the printer. ``clock``: this computer's."""
        self.printer = printer
        self._journal = journal
        self._gate = gate
        self._changed = changed
        self._wake = anyio.Event()
        self._hinted = False
        self._settings = printer.settings
        self._known_id: str | None = None
        self.past = Past(printer.name, shared=printer.shared)
        self._connected = False
        self._situation = Situation(printer.name, printer.family.conditions, lambda: self._stands_still, clock)
        self._holds = Holds(printer.family.conditions)
        self._noise = Noise(printer.name)
        self._line: Line | None = None
        self._problem: Problem | None = None
        self._state = PrinterState.STARTING
        self._warned: tuple[str, ...] = ()
        self._job: str | None = None
        self._accepted: set[str] = set()
        self._blocked: Problem | None = None
        self._orders: list[raw.RawRequest] = []
        self._stopping = False
        self._stopped = anyio.Event()

    # -- the public face ------------------------------------------------------------------------------

    @property
    def snapshot(self) -> Snapshot | None:
        """What the printer last said about itself; ``None`` until it was asked."""
        return self._situation.snapshot

    @property
    def identity(self) -> Identity | None:
        """Who the printer says it is; ``None`` until it was asked."""
        return self.snapshot.identity if self.snapshot else None

    @property
    def settings(self) -> Settings:
        """The configured settings, with the profile filled in once the printer has told its model."""
        return self._settings

    @property
    def problem(self) -> Problem | None:
        """What keeps jobs waiting right now."""
        return self._problem

    def waits_for(self, key: str, document_type: str) -> Problem | None:
        """What keeps this document waiting right now."""
        held = None if self._stands_still else self._holds.against(key, document_type)
        if held is not None or self._problem is None:
            return held
        row = self.printer.family.conditions.by_code.get(self._problem.code)
        return None if row is not None and document_type not in row.waits else self._problem

    def wake(self) -> None:
        """Something has changed in the journal: look at it now."""
        self._wake.set()

    def retry(self) -> None:
        """Something was plugged in: do not wait any longer with the next attempt to connect."""
        if not self._connected:
            self._hinted = True
            self.wake()

    def adopt(self, printer_id: str) -> None:
        """A person confirmed that this is the printer from now on; the journal knows already."""
        self._known_id = printer_id
        # What else stands against the next job is found out before it is taken.
        self._blocked = None
        self._show()
        self.wake()

    def journal_confirmed(self) -> None:
        """A person confirmed that the journal is this printer's past; the journal knows already."""
        self.past.confirmed()
        self._blocked = None
        self._show()
        self.wake()

    def count(self, key: str, phase: Phase) -> None:
        """A job of this printer has come to that phase: it waits, or does not any more."""
        if phase is Phase.ACCEPTED:
            self._accepted.add(key)
        else:
            self._accepted.discard(key)
        if phase.state.final:
            self._holds.settled(key)

    def new_document(self, document_type: str) -> None:
        """A document was accepted: look for it now."""
        self._holds.new_document(document_type, anyio.current_time())
        self.wake()

    def status(self) -> PrinterStatus:
        """From memory; never waits."""
        age = self._situation.age("heard")
        return PrinterStatus(
            name=self.printer.name,
            family=self.printer.family.name,
            address=str(self.printer.address),
            state=self._state,
            problem=self._problem,
            age_ms=age,
            stale=not self._connected or age is None or age > STALE_AFTER * 1000,
            documents=self.printer.family.documents,
            job=self._job,
            queue=len(self._accepted),
            strays=self._noise.strays,
            damaged=self._noise.damaged,
            **self._situation.parts(),
        )

    async def by_hand(self, order: raw.RawRequest) -> RawAnswer:
        """Send a command between two jobs. Raises ``ProblemError``: not connected, refused, no turn, no answer."""
        if not self._connected:
            why = self._problem or raw.busy("it is not connected yet")
            raise ProblemError(why.model_copy(update={"document": Fate.NOT_PRINTED}))
        if self._job is not None and not order.forced:
            raise ProblemError(raw.busy(f"job {self._job!r} is being carried out"))
        self._orders.append(order)
        self.wake()
        return await order.wait()

    async def stop(self) -> None:
        """Finish the document in hand and take no other; returns when that is so."""
        self._stopping = True
        self.wake()
        await self._stopped.wait()

    # -- connecting -----------------------------------------------------------------------------------

    async def run(self) -> None:
        """Keep the printer connected and its jobs going, for ever; returns after ``stop``."""
        shortest, longest = RECONNECT
        pause = shortest
        while not self._stopping:
            began = anyio.current_time()
            self._hinted = False
            log.debug("%s: connecting to %s", self.printer.name, self.printer.address)
            try:
                await self._connect_and_serve()
            except (LinkError, Silence) as error:
                self._down(PrinterState.OFFLINE, link_problem(self.printer.address, error, self._line))
            except DialogueAborted as error:
                self._down(state_of(error.problem) or PrinterState.OUT_OF_ORDER, error.problem)
            except Exception as error:
                # A fault of ours must not take the other printers with it.
                log.exception("%s: internal error", self.printer.name)
                self._down(PrinterState.OUT_OF_ORDER, problem("daemon.internal", reason=repr(error)))
            self._connected = False
            self._refuse_orders(self._problem or raw.busy("the connection has ended"))
            if anyio.current_time() - began > longest:
                pause = shortest
            seconds = pause * random.uniform(0.8, 1.2)
            log.debug("%s: not connected; the next attempt is in %.1f s", self.printer.name, seconds)
            await self._wait_to_retry(seconds)
            pause = shortest if self._hinted else min(pause * 2, longest)
        self._stopped.set()

    def _refuse_orders(self, why: Problem) -> None:
        """Commands by hand wait for no other connection."""
        why = why.model_copy(update={"document": Fate.NOT_PRINTED})
        orders, self._orders = self._orders, []
        for order in orders:
            order.refuse(problem("daemon.stopping") if self._stopping else why)

    async def _wait_to_retry(self, seconds: float) -> None:
        with anyio.move_on_after(seconds):
            while not (self._stopping or self._hinted):
                await self._wake.wait()
                self._wake = anyio.Event()

    async def _connect_and_serve(self) -> None:
        self._line = None
        stream = self.printer.wrap(await self.printer.address.open())
        async with stream:
            self._line = line = Line(
                stream,
                self.printer.family,
                self._settings,
                heard=self._situation.heard,
                noticed=self._on_condition,
                noise=self._noise,
            )
            await self._read_status(line)
            log.info("%s: connected at %s", self.printer.name, self.printer.address)
            await self._serve(line)

    async def _read_status(self, line: Line, *, to_the_end: bool = False) -> None:
        """A full look; given up for a job that arrives, once the printer is known, but for ``to_the_end``."""
        snapshot = await line.drive(
            self.printer.family.read_status(self._settings),
            give_way=lambda: self._connected and self._woken and not to_the_end,
        )
        if snapshot is None:
            return
        self._connected = True
        before = self.snapshot
        self._situation.looked(snapshot, foreign=snapshot.transaction_open and not await self._has_unsettled())
        if before is not None and before.counters != snapshot.counters:
            self._changed(None)
        self._gate.observe_clock(snapshot.identity, snapshot.clock)
        if self.printer.settings.profile is None:
            # The model tells the profile; from now on every dialogue uses it without asking again.
            self._settings = replace(self.printer.settings, profile=snapshot.identity.profile)
            line.use(self._settings)
        self._holds.looked(before, snapshot, anyio.current_time())
        with suppress(JournalError):
            # No job is taken before it was compared; that the journal is down is told when the next one is looked for.
            if not await self._compare(snapshot):
                await self._read_status(line, to_the_end=True)
        self._show()

    async def _has_unsettled(self) -> bool:
        """Whether a document of ours may be the one that is open."""
        try:
            entry = await self._journal.run(Store.next_job, self.printer.name)
        except JournalError:
            return True
        return entry is not None and entry.phase in (Phase.STARTED, Phase.COMMITTING)

    async def _compare(self, snapshot: Snapshot) -> bool:
        """The first printer seen under this name is remembered; another one stops everything, and so does one that has
        printed what the journal does not know. False: look once more before that is believed."""
        name, found = self.printer.name, snapshot.identity.printer_id
        known = await self._journal.run(Store.known, name)
        if known.printer_id is None:
            await self._journal.run(Store.know_printer, name, found, snapshot.counters)
            known = known._replace(printer_id=found, counters=snapshot.counters)
        self._known_id = known.printer_id
        if known.printer_id != found:
            return True
        if self.past.surprised(self.past.rule(known, snapshot.counters)):
            return False
        if self.past.look(known, snapshot.counters):
            await self._journal.run(Store.remember, name, snapshot.counters)
        return True

    @property
    def _swapped(self) -> Problem | None:
        if self.identity is None or self._known_id in (None, self.identity.printer_id):
            return None
        found = self.identity.printer_id
        return problem(
            "printer.swapped",
            printer=self.printer.name,
            found=found,
            expected=self._known_id,
            found_quoted=f"'{found}'",
            extra={"found": found, "expected": self._known_id},
        )

    @property
    def _stands_still(self) -> Problem | None:
        """Why no new document may be printed on what is connected, whatever the document."""
        return self._swapped or self.past.problem

    # -- taking jobs ----------------------------------------------------------------------------------

    async def _serve(self, line: Line) -> None:
        """Take jobs until the line fails, and look at the printer in between."""
        looked = observed = anyio.current_time()
        worked = False
        while True:
            entry = await self._next_job()
            if self._stopping and (self._blocked or entry is None or entry.phase is Phase.ACCEPTED):
                return
            if self._orders:
                await self._carry_out_raw(line, self._orders.pop(0), entry)
                continue
            if entry is not None and self._blocked is None:
                try:
                    waiting = await self._run_job(line, entry)
                except JournalError as error:
                    waiting = problem("daemon.journal", reason=error)
                looked, worked = anyio.current_time(), True
                if waiting is not None:
                    self._wait_for(waiting)
                    await self._pause(SHORT_POLL_INTERVAL)
                continue
            now = anyio.current_time()
            waited, self._situation.waiting = self._situation.waiting is not None, None
            if not waited:
                self._show()
            if waited or (worked and now - looked >= SHORT_POLL_INTERVAL) or now - observed >= self._status_interval:
                await self._read_status(line)
                looked = observed = now
                worked = False
            elif now - looked >= POLL_INTERVAL:
                await self._read_condition(line)
                looked = now
            await self._pause(SHORT_POLL_INTERVAL if worked else POLL_INTERVAL)

    @property
    def _status_interval(self) -> float:
        """Seconds between two full looks: only they show that something is over which is not told at any time."""
        if self._situation.foreign or self._stands_still:
            return POLL_INTERVAL
        if self._situation.standing is not None or self._holds.problem is not None:
            return SHORT_STATUS_INTERVAL
        return STATUS_INTERVAL

    async def _read_condition(self, line: Line) -> None:
        """A short look at an idle printer; given up for a job that arrives."""
        condition = await line.drive(self.printer.family.read_condition(self._settings), give_way=lambda: self._woken)
        if condition is None:
            return
        if self._situation.unready and condition.problem is None:
            # Somebody was at the printer.
            self._holds.hint(anyio.current_time())
        self._situation.glanced(condition, foreign=bool(condition.document_open) and not await self._has_unsettled())
        self._show()

    async def _carry_out_raw(self, line: Line, order: raw.RawRequest, entry: Entry | None) -> None:
        """A command sent by hand; what it may have changed is looked at before anything else is done."""
        if order.given_up:
            return
        why = None if order.forced else raw.unsettled_job_problem(entry)
        refused = self._gate.refuses("raw", self.identity)
        if why is None and refused is not None and not await raw.passes_unlicensed(order, line, self._settings):
            why = refused
        if why is not None:
            order.refuse(why)
            return
        log.warning(
            "%s: a command by hand (%s), asked by user %s", self.printer.name, order.step.effect, order.asked_by
        )
        await raw.carry_out(
            order, line, self.printer.family, self._settings, self._journal, self.printer.name,
            explains=order.changes and self.past.problem is None,
        )  # fmt: skip
        if order.changes:
            await self._read_status(line, to_the_end=True)
            self._holds.hint(anyio.current_time())

    async def _next_job(self) -> Entry | None:
        """The job to carry on with; also finds out what stands against it."""
        try:
            if self._known_id is None and self.identity is not None:
                assert self.snapshot is not None
                await self._compare(self.snapshot)
            entry = await self._journal.run(Store.next_job, self.printer.name)
            self._blocked = self._blocking_problem(entry)
            if entry is not None and entry.phase is Phase.ACCEPTED and not self._stands_still:
                entry = await self._next_accepted(entry)
        except JournalError as error:
            self._blocked = problem("daemon.journal", reason=error)
            return None
        return entry

    async def _next_accepted(self, entry: Entry) -> Entry | None:
        """That job, or where something stands against it one that does not wait behind it: a daily report above all.

        What stands against it is the licence, or a condition of the printer.
        """
        now = anyio.current_time()
        if self._blocked is None and not self._holds.stops(entry.job.key, entry.job.document.type, now):
            return entry
        stopped = self._holds.stopped_types(now)
        free = [
            each
            for each in self.printer.family.documents
            if each not in stopped and not self._gate.refuses(each, self.identity)
        ]
        keys = self._holds.stopped_keys(now)
        other = await self._journal.run(Store.next_accepted, self.printer.name, free, keys)
        if other is not None:
            self._blocked = None
            return other
        return None if self._blocked is None else entry

    @property
    def _woken(self) -> bool:
        return self._wake.is_set()

    async def _pause(self, seconds: float) -> None:
        with anyio.move_on_after(seconds):
            await self._wake.wait()
        if self._wake.is_set():
            self._wake = anyio.Event()

    def _blocking_problem(self, entry: Entry | None) -> Problem | None:
        """What stands against taking that job."""
        if self._swapped is not None or entry is None:
            return self._stands_still
        if self.past.problem is not None and (
            self.past.doubtful or entry.phase not in (Phase.STARTED, Phase.COMMITTING)
        ):
            return self.past.problem
        if entry.phase is Phase.UNDECIDED:
            return problem("printer.undecided", printer=self.printer.name, key=entry.job.key)
        if entry.phase is Phase.ACCEPTED:
            return self._gate.refuses(entry.job.document.type, self.identity)
        return None

    async def _run_job(self, line: Line, entry: Entry) -> Problem | None:
        """Carry one job on. Returns why it has to wait, or ``None`` when it is settled."""
        job = entry.job
        family = self.printer.family
        if entry.damage:
            await self._journaled(Store.give_up_damaged, job.key)
            log.error("job %s is undecided: what the journal stored of it cannot be read", job.key)
            return None
        assert not isinstance(job.document, DamagedDocument)
        if entry.phase is Phase.ACCEPTED:
            dialogue = family.carry_out(job.document, self._settings, self._known_id)
        else:
            dialogue = self._recovery(job, entry.phase)
        self._job = job.key
        try:
            verdict = await self._drive(line, dialogue, entry)
            return await self._settle(entry, verdict)
        except WrongPhase:
            return None  # withdrawn in the meantime
        except Unexplained as error:
            if self.past.surprised(error.problem):
                return problem("printer.busy", reason="it printed something while it was asked what it has counted")
            self.past.wait_for(error.problem, error.counters)  # looked at again before anything else
            return error.problem
        finally:
            self._job = None
            self._situation.working = False

    def _recovery(self, job: Job, phase: Phase) -> Dialogue[Verdict]:
        """Find out what became of a started job. Evidence that cannot be used is no evidence: a person decides."""
        assert not isinstance(job.document, DamagedDocument)
        evidence = job.evidence or {}
        try:
            trail = Trail(evidence["before"], evidence.get("opened"), committing=phase is Phase.COMMITTING)
            return (yield from self.printer.family.recover(job.document, self._settings, trail))
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            # Stored by another version, or damaged: asked again and again it would keep all others waiting.
            log.exception("%s: the evidence of job %s cannot be used", self.printer.name, job.key)
            why = problem(
                "journal.damaged", reason=f"its evidence cannot be used ({error!r}); it may have been printed",
                extra={"cause": "damaged", "stored": {"evidence": evidence}},
            )  # fmt: skip
            return Unknown(why, {})

    async def _drive(self, line: Line, dialogue: Dialogue[Verdict], entry: Entry) -> Verdict:
        """Drive a job's dialogue, journaling before every step that changes something."""
        phase = entry.phase
        key, kind = entry.job.key, entry.job.document.type
        # A try that will probably be refused again is no news: neither in the status nor among the events.
        trying = self._holds.against(key, kind) is not None
        reply: Any = None
        try:
            while True:
                item = dialogue.send(reply)
                reply = None
                match item:
                    case Started(evidence, counters):
                        refused = _unexpected(entry, counters)
                        if refused is not None:
                            return NotPrinted(refused)
                        again = self.past.seen_again(counters)
                        phase = await self._journaled(
                            Store.start, key, evidence, counters, self.past.rule, again, event=not trying, quiet=trying
                        )
                        self._begun(kind, quiet=trying)
                    case Opened(evidence):
                        phase = await self._journaled(Store.opened, key, evidence, quiet=trying)
                    case Committing():
                        phase = await self._journaled(Store.commit, key, quiet=trying)
                    case Pause(seconds):
                        await anyio.sleep(seconds)
                    case _:
                        if item.effect is not Effect.QUERY:
                            assert phase is not Phase.ACCEPTED, "a change before the evidence is stored"
                        if item.effect is Effect.IRREVERSIBLE:
                            assert phase is Phase.COMMITTING, "an irreversible step that is not announced"
                        reply = await line.ask(item)
        except StopIteration as stop:
            verdict: Verdict = stop.value
            return verdict
        except DialogueAborted as error:
            why = error.problem
            known = why.code in self.printer.family.conditions.by_code and why.code != "printer.out_of_order"
            if phase is Phase.ACCEPTED and known:
                # A question was understood, and refused for a condition: nothing is wrong with the line.
                return Wait(why)
            raise
        finally:
            dialogue.close()

    def _begun(self, document_type: str, *, quiet: bool) -> None:
        """A document of ours is being carried out: what was seen before does not keep it waiting any more."""
        self._situation.begun(document_type)
        self._situation.working = not quiet
        self._show()

    async def _settle(self, entry: Entry, verdict: Verdict) -> Problem | None:
        """Write down what the dialogue proved."""
        key, kind = entry.job.key, entry.job.document.type
        match verdict:
            case Wait(why):
                if entry.phase is Phase.ACCEPTED and self.printer.family.conditions.some_pass(why.code):
                    self._holds.seen(why, kind, anyio.current_time())
                    return None
                return why
            case Held(why, begun, evidence):
                if not (begun and entry.job.if_interrupted is IfInterrupted.FAIL):
                    trying = self._holds.against(key, kind) is not None
                    self._holds.refused(key, kind, why, anyio.current_time(), begun=begun)
                    await self._journaled(Store.hold, key, evidence, begun=begun, event=not trying, quiet=trying)
                    log.log(logging.DEBUG if trying else logging.INFO, "job %s waits: %s", key, why.detail)
                else:
                    why = why.model_copy(update={"retry": Retry.SAFE})
                    await self._journaled(Store.finish, key, Phase.FAILED, error=why, evidence=evidence)
                    log.warning("job %s has failed: %s", key, why.detail)
            case Printed(result, paper, notices, evidence, counters):
                self._holds.taken(key, kind)
                if counters is not None:
                    self._situation.counted(counters)
                notices += self._situation.notices(result, entry.job.created_at)
                await self._journaled(
                    Store.finish, key, Phase.DONE, result=result, paper=paper, notices=notices, evidence=evidence,
                    counters=counters, rule=self.past.rule,
                )  # fmt: skip
                number = "" if result.number is None else f", number {result.number}"
                log.info("job %s is done: %s%s", key, entry.job.document.type, number)
            case NotPrinted(why, again, evidence):
                current = await self._journal.run(Store.job, key)
                started = current is not None and current.phase is not Phase.ACCEPTED
                again = again and entry.job.if_interrupted is IfInterrupted.REPEAT
                if again and started and current is not None and current.job.attempts < ATTEMPTS:
                    await self._journaled(Store.requeue, key, evidence)
                    log.warning("job %s was not printed (%s), carrying it out anew", key, why.detail)
                else:
                    await self._journaled(Store.finish, key, Phase.FAILED, error=why, evidence=evidence)
                    log.warning("job %s has failed: %s", key, why.detail)
            case Unknown(why, evidence):
                await self._journaled(Store.finish, key, Phase.UNDECIDED, error=why, evidence=evidence)
                log.error("job %s is undecided: %s", key, why.detail)
        self._situation.ended()
        self._show()
        return None

    async def _journaled(
        self, transaction: Callable[..., Entry], *args: Any, quiet: bool = False, **kwargs: Any
    ) -> Phase:
        """Carry out a transaction and tell of the change; ``quiet``: it is none to anybody else."""
        entry = await self._journal.run(transaction, *args, **kwargs)
        if not quiet:
            self._changed(entry)
        return entry.phase

    # -- the status -----------------------------------------------------------------------------------

    def _on_condition(self, condition: Condition) -> None:
        """What the printer says while one of our commands waits in it."""
        self._situation.noticed(condition)
        self._show()

    def _wait_for(self, why: Problem) -> None:
        """The job in hand cannot go on."""
        self._situation.waiting = why
        self._show()

    def _down(self, state: PrinterState, why: Problem) -> None:
        """There is no connection, or none of use."""
        self._situation.down = (state, why)
        self._show()

    def _show(self) -> None:
        """Derive the printer's state from what is known; one message per change, not per look."""
        self._situation.blocked = self._blocked
        state, why = self._situation.word(self._holds.problem)
        if (state, why and why.code) != (self._state, self._problem and self._problem.code):
            level = logging.INFO if why is None else logging.WARNING
            log.log(level, "%s: %s%s", self.printer.name, state, f" ({why.detail})" if why else "")
            self._state, self._problem = state, why
            self._changed(None)
        elif self._warned != self._situation.warned:
            self._changed(None)
        self._problem, self._warned = why, self._situation.warned


def _unexpected(entry: Entry, counters: Counters) -> Problem | None:
    """The optimistic lock: another last receipt than the application expects (its own first attempts apart)."""
    expected = entry.job.expect_last
    if expected is None or entry.job.attempts or expected == counters.last_receipt:
        return None
    found = counters.last_receipt
    return problem("job.unexpected_last", expected=expected, found=found, extra={"expected": expected, "found": found})
