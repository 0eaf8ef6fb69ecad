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
from typing import Any

import anyio

from fiscald.engine import raw
from fiscald.engine.gate import Gate
from fiscald.engine.line import Line, Silence
from fiscald.engine.past import Past
from fiscald.journal import Entry, Journal, JournalError, Phase, Store, Unexplained, WrongPhase
from fiscald.model.documents import IfInterrupted
from fiscald.model.jobs import DamagedDocument, Job
from fiscald.model.printers import Condition, Counters, Identity, PrinterState, PrinterStatus, Snapshot
from fiscald.model.problems import Fate, Problem, ProblemError, problem
from fiscald.model.raw import RawAnswer
from fiscald.protocols.base import (
    Committing,
    Dialogue,
    Effect,
    Family,
    Interrupted,
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
from fiscald.transport import Address, ByteStream, LinkError

log = logging.getLogger(__name__)

#: Seconds between two looks at an idle printer, and at one that is not ready.
LOOK_EVERY = 2.0
LOOK_AGAIN = 0.5
#: Seconds between two full looks (counters, rates, clock) at an idle printer.
OBSERVE_EVERY = 30.0
#: Seconds without an answer after which the status says "stale".
STALE_AFTER = 10.0
#: Seconds before the first and the longest wait between two attempts to connect.
RECONNECT = (0.2, 5.0)
#: How often a job that the printer proves not to hold is carried out anew before it fails.
ATTEMPTS = 3

_STATES = {
    "printer.paper_out": PrinterState.PAPER_OUT,
    "printer.cover_open": PrinterState.COVER_OPEN,
    "printer.attention": PrinterState.ATTENTION,
    "printer.out_of_order": PrinterState.OUT_OF_ORDER,
    "printer.busy": PrinterState.BUSY,
    "printer.foreign_transaction": PrinterState.BUSY,
    "printer.swapped": PrinterState.SWAPPED,
    "printer.undecided": PrinterState.UNDECIDED,
    "journal.behind": PrinterState.BEHIND,
    "daemon.journal": PrinterState.OUT_OF_ORDER,
}


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
    ) -> None:
        """``changed`` is told of every change: of a job, or (``None``) of the printer."""
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
        self._heard_at: float | None = None
        self._problem: Problem | None = None
        self._state = PrinterState.STARTING
        self._snapshot: Snapshot | None = None
        self._paper_low: bool | None = None
        self._job: str | None = None
        self._accepted: set[str] = set()
        self._blocked: Problem | None = None
        self._orders: list[raw.Order] = []
        self._stopping = False
        self._stopped = anyio.Event()

    # -- the public face ------------------------------------------------------------------------------

    @property
    def snapshot(self) -> Snapshot | None:
        """What the printer last said about itself; ``None`` until it was asked."""
        return self._snapshot

    @property
    def identity(self) -> Identity | None:
        """Who the printer says it is; ``None`` until it was asked."""
        return self._snapshot.identity if self._snapshot else None

    @property
    def settings(self) -> Settings:
        """The configured settings, with the profile filled in once the printer has told its model."""
        return self._settings

    @property
    def problem(self) -> Problem | None:
        """What keeps jobs waiting right now."""
        return self._problem

    @property
    def document_open(self) -> bool:
        """Whether a document was open on the printer when it was last asked."""
        foreign = self._problem is not None and self._problem.code == "printer.foreign_transaction"
        return foreign or (self._snapshot is not None and self._snapshot.transaction_open)

    def kick(self) -> None:
        """Something has changed in the journal: look at it now."""
        self._wake.set()

    def retry(self) -> None:
        """Something was plugged in: do not wait any longer with the next attempt to connect."""
        if not self._connected:
            self._hinted = True
            self.kick()

    def adopt(self, printer_id: str) -> None:
        """A person confirmed that this is the printer from now on; the journal knows already."""
        self._known_id = printer_id
        self.kick()

    def journal_confirmed(self) -> None:
        """A person confirmed that the journal is this printer's past; the journal knows already."""
        self.past.confirmed()
        if self._problem is not None and self._problem.code == "journal.behind":
            self._note(PrinterState.READY, None)
        self.kick()

    def count(self, key: str, phase: Phase) -> None:
        """A job of this printer has come to that phase: it waits, or does not any more."""
        if phase is Phase.ACCEPTED:
            self._accepted.add(key)
        else:
            self._accepted.discard(key)

    def status(self) -> PrinterStatus:
        """From memory; never waits."""
        age = None if self._heard_at is None else anyio.current_time() - self._heard_at
        snapshot = self._snapshot
        return PrinterStatus(
            name=self.printer.name,
            family=self.printer.family.name,
            address=str(self.printer.address),
            state=self._state,
            problem=self._problem,
            age_ms=None if age is None else int(age * 1000),
            stale=not self._connected or age is None or age > STALE_AFTER,
            identity=snapshot.identity if snapshot else None,
            counters=snapshot.counters if snapshot else None,
            vat=snapshot.rates if snapshot else None,
            clock=snapshot.clock if snapshot else None,
            paper_low=self._paper_low,
            day_open=snapshot.day_open if snapshot else None,
            documents=self.printer.family.documents,
            job=self._job,
            queue=len(self._accepted),
        )

    async def by_hand(self, order: raw.Order) -> RawAnswer:
        """Send a command between two jobs. Raises ``ProblemError``: not connected, refused, no turn, no answer."""
        if not self._connected:
            why = self._problem or raw.busy("it is not connected yet")
            raise ProblemError(why.model_copy(update={"document": Fate.NOT_PRINTED}))
        if self._job is not None and not order.forced:
            raise ProblemError(raw.busy(f"job {self._job!r} is being carried out"))
        self._orders.append(order)
        self.kick()
        return await order.wait()

    async def stop(self) -> None:
        """Finish the document in hand and take no other; returns when that is so."""
        self._stopping = True
        self.kick()
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
            except LinkError as error:
                self._note(PrinterState.OFFLINE, self._link_problem(error.code, error))
            except Silence as error:
                self._note(PrinterState.OFFLINE, self._link_problem("link.silent", error))
            except Interrupted as error:
                self._note(PrinterState.OUT_OF_ORDER, error.problem)
            except Exception as error:
                # A fault of ours must not take the other printers with it.
                log.exception("%s: internal error", self.printer.name)
                self._note(PrinterState.OUT_OF_ORDER, problem("daemon.internal", reason=repr(error)))
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

    def _link_problem(self, code: str, reason: Exception) -> Problem:
        address = str(self.printer.address)
        return problem(code, address=address, reason=str(reason).removeprefix(f"{address}: "))

    async def _connect_and_serve(self) -> None:
        stream = self.printer.wrap(await self.printer.address.open())
        async with stream:
            line = Line(stream, self.printer.family, self._settings, heard=self._hear, noticed=self._slow)
            await self._observe(line)
            log.info("%s: connected at %s", self.printer.name, self.printer.address)
            await self._serve(line)

    async def _observe(self, line: Line, *, to_the_end: bool = False) -> None:
        """A full look; given up for a job that arrives, once the printer is known, but for ``to_the_end``."""
        snapshot = await line.drive(
            self.printer.family.observe(self._settings),
            give_way=lambda: self._connected and self._kicked and not to_the_end,
        )
        if snapshot is None:
            return
        self._connected = True
        moved = self._snapshot is not None and self._snapshot.counters != snapshot.counters
        self._snapshot = snapshot
        if moved:
            self._changed(None)
        self._gate.witness(snapshot.identity, snapshot.clock)
        if self.printer.settings.profile is None:
            # The model tells the profile; from now on every dialogue uses it without asking again.
            self._settings = replace(self.printer.settings, profile=snapshot.identity.profile)
            line.use(self._settings)
        with suppress(JournalError):
            # No job is taken before it was compared; that the journal is down is told when the next one is looked for.
            await self._compare(snapshot)
        if snapshot.transaction_open and snapshot.condition.problem is None and not await self._has_unsettled():
            foreign = problem("printer.foreign_transaction", printer=self.printer.name)
            self._see(Condition(state=PrinterState.BUSY, problem=foreign, paper_low=snapshot.condition.paper_low))
        else:
            self._see(snapshot.condition)

    async def _has_unsettled(self) -> bool:
        """Whether a document of ours may be the one that is open."""
        try:
            entry = await self._journal.run(Store.next_job, self.printer.name)
        except JournalError:
            return True
        return entry is not None and entry.phase in (Phase.STARTED, Phase.COMMITTING)

    async def _compare(self, snapshot: Snapshot) -> None:
        """The first printer seen under this name is remembered; another one stops everything, and so does one that has
        printed what the journal does not know."""
        name, found = self.printer.name, snapshot.identity.printer_id
        known = await self._journal.run(Store.known, name)
        if known.printer_id is None:
            await self._journal.run(Store.know_printer, name, found, snapshot.counters)
            known = known._replace(printer_id=found, counters=snapshot.counters)
        self._known_id = known.printer_id
        if known.printer_id == found and self.past.look(known, snapshot.counters):
            await self._journal.run(Store.remember, name, snapshot.counters)

    @property
    def _swapped(self) -> Problem | None:
        if self._snapshot is None or self._known_id in (None, self._snapshot.identity.printer_id):
            return None
        found = self._snapshot.identity.printer_id
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
                    waiting = await self._take(line, entry)
                except JournalError as error:
                    waiting = problem("daemon.journal", reason=error)
                looked, worked = anyio.current_time(), True
                if waiting is not None:
                    self._wait_for(waiting)
                    await self._pause(LOOK_AGAIN)
                continue
            if self._blocked is not None:
                self._wait_for(self._blocked)
            now = anyio.current_time()
            if (worked and now - looked >= LOOK_AGAIN) or now - observed >= OBSERVE_EVERY or self._stands_still:
                await self._observe(line)
                looked = observed = now
                worked = False
            elif now - looked >= LOOK_EVERY:
                condition = await line.drive(self.printer.family.probe(self._settings), give_way=lambda: self._kicked)
                if condition is not None:
                    self._see(condition)
                looked = now
            await self._pause(LOOK_AGAIN if worked else LOOK_EVERY)

    async def _carry_out_raw(self, line: Line, order: raw.Order, entry: Entry | None) -> None:
        """A command sent by hand; what it may have changed is looked at before anything else is done."""
        why = None if order.forced else raw.stands_against(entry)
        if order.given_up:
            return
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
            await self._observe(line, to_the_end=True)

    async def _next_job(self) -> Entry | None:
        """The job to carry on with; also finds out what stands against it."""
        try:
            if self._known_id is None and self.identity is not None:
                assert self._snapshot is not None
                await self._compare(self._snapshot)
            entry = await self._journal.run(Store.next_job, self.printer.name)
            self._blocked = self._find_block(entry)
            if entry is not None and entry.phase is Phase.ACCEPTED and self._blocked and not self._stands_still:
                # The licence refuses it. What needs none, the daily report above all, does not wait behind it.
                free = [each for each in self.printer.family.documents if not self._gate.refuses(each, self.identity)]
                other = await self._journal.run(Store.next_accepted, self.printer.name, free)
                if other is not None:
                    entry, self._blocked = other, None
        except JournalError as error:
            self._blocked = problem("daemon.journal", reason=error)
            return None
        return entry

    @property
    def _kicked(self) -> bool:
        return self._wake.is_set()

    async def _pause(self, seconds: float) -> None:
        with anyio.move_on_after(seconds):
            await self._wake.wait()
        if self._wake.is_set():
            self._wake = anyio.Event()

    def _find_block(self, entry: Entry | None) -> Problem | None:
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

    async def _take(self, line: Line, entry: Entry) -> Problem | None:
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
            self.past.wait_for(error.problem, error.counters)  # looked at again before anything else
            return error.problem
        finally:
            self._job = None

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
        key = entry.job.key
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
                        phase = await self._journaled(Store.start, key, evidence, counters, self.past.rule, again)
                        self._note(PrinterState.PRINTING, None)
                    case Opened(evidence):
                        phase = await self._journaled(Store.opened, key, evidence)
                    case Committing():
                        phase = await self._journaled(Store.commit, key)
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
        finally:
            dialogue.close()

    async def _settle(self, entry: Entry, verdict: Verdict) -> Problem | None:
        """Write down what the dialogue proved."""
        key = entry.job.key
        match verdict:
            case Wait(why):
                return why
            case Printed(result, paper, notices, evidence, counters):
                if counters is not None and self._snapshot is not None:
                    self._snapshot = self._snapshot.model_copy(update={"counters": counters})
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
        self._note(PrinterState.READY, None)
        return None

    async def _journaled(self, transaction: Callable[..., Entry], *args: Any, **kwargs: Any) -> Phase:
        entry = await self._journal.run(transaction, *args, **kwargs)
        self._changed(entry)
        return entry.phase

    # -- the status -----------------------------------------------------------------------------------

    def _hear(self) -> None:
        self._heard_at = anyio.current_time()

    def _see(self, condition: Condition) -> None:
        self._paper_low = condition.paper_low
        why = self._stands_still or self._blocked
        if why is not None:
            self._wait_for(why)
        else:
            self._note(condition.state, condition.problem)

    def _slow(self, condition: Condition) -> None:
        """What the printer says while one of our commands waits in it."""
        self._paper_low = condition.paper_low
        if self._job is not None and condition.state in (PrinterState.READY, PrinterState.BUSY):
            self._note(PrinterState.PRINTING, None)
        else:
            self._note(condition.state, condition.problem)

    def _wait_for(self, why: Problem) -> None:
        self._note(_STATES.get(why.code, PrinterState.READY), why)

    def _note(self, state: PrinterState, why: Problem | None) -> None:
        """Remember the printer's state; one message per change, not per look."""
        if (state, why and why.code) != (self._state, self._problem and self._problem.code):
            level = logging.INFO if why is None else logging.WARNING
            log.log(level, "%s: %s%s", self.printer.name, state, f" ({why.detail})" if why else "")
            self._state, self._problem = state, why
            self._changed(None)
        else:
            self._problem = why


def _unexpected(entry: Entry, counters: Counters) -> Problem | None:
    """The optimistic lock: another last receipt than the application expects (its own first attempts apart)."""
    expected = entry.job.expect_last
    if expected is None or entry.job.attempts or expected == counters.last_receipt:
        return None
    found = counters.last_receipt
    return problem("job.unexpected_last", expected=expected, found=found, extra={"expected": expected, "found": found})
