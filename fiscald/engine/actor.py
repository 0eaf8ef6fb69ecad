"""The actor of one printer: it alone speaks to the printer, and takes its jobs one after the other.

What a job does on the line, and what the journal is told before, is in ``job_runner``; what the status says of all
that, in ``board``.

A journal that cannot be read or written stops the printing, never the status.
"""

from __future__ import annotations

import logging
import random
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import datetime

import anyio

from fiscald.engine import raw
from fiscald.engine.board import StatusBoard
from fiscald.engine.gate import Gate
from fiscald.engine.job_runner import JobRunner
from fiscald.engine.line import Line, Silence, link_problem
from fiscald.engine.past import Past
from fiscald.engine.printer import Printer
from fiscald.journal import Entry, Journal, JournalError, Phase, Store
from fiscald.model.printers import Identity, PrinterState, PrinterStatus, Snapshot
from fiscald.model.problems import Fate, Problem, ProblemError, problem
from fiscald.model.raw_command import RawAnswer
from fiscald.protocols.base import (
    DialogueAborted,
    Settings,
)
from fiscald.protocols.conditions import state_of
from fiscald.transport import ByteStream, LinkError

log = logging.getLogger(__name__)

#: Seconds between two looks at an idle printer (what happens on it is to be seen within two), and at one that is not
#: ready.
POLL_INTERVAL = 1.5
SHORT_POLL_INTERVAL = 0.5
#: Seconds between two full looks (counters, rates, clock) at an idle printer, and at one with a condition that only a
#: full look shows.
STATUS_INTERVAL, SHORT_STATUS_INTERVAL = 30.0, 3.0
#: Seconds before the first and the longest wait between two attempts to connect.
RECONNECT = (0.2, 5.0)


class Actor:
    """Owns one printer: keeps it connected, looks at it, and decides what is sent next."""

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
        self._board = StatusBoard(printer, lambda: self._stands_still, changed, clock)
        self._runner = JobRunner(printer, journal, self._board, self.past, changed)
        self._line: Line | None = None
        self._orders: list[raw.RawRequest] = []
        self._stopping = False
        self._stopped = anyio.Event()

    # -- the public face ------------------------------------------------------------------------------

    @property
    def snapshot(self) -> Snapshot | None:
        """What the printer last said about itself; ``None`` until it was asked."""
        return self._board.situation.snapshot

    @property
    def identity(self) -> Identity | None:
        """Who the printer says it is; ``None`` until it was asked."""
        return self.snapshot.identity if self.snapshot else None

    @property
    def settings(self) -> Settings:
        """The configured settings, with the profile filled in once the printer has told its model."""
        return self._settings

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
        self._board.blocked = None
        self._board.show()
        self.wake()

    def journal_confirmed(self) -> None:
        """A person confirmed that the journal is this printer's past; the journal knows already."""
        self.past.confirmed()
        self._board.blocked = None
        self._board.show()
        self.wake()

    def new_document(self, document_type: str) -> None:
        """A document was accepted: look for it now."""
        self._board.holds.new_document(document_type, anyio.current_time())
        self.wake()

    async def by_hand(self, order: raw.RawRequest) -> RawAnswer:
        """Send a command between two jobs. Raises ``ProblemError``: not connected, refused, no turn, no answer."""
        if not self._connected:
            why = self._board.problem or raw.busy("it is not connected yet")
            raise ProblemError(why.model_copy(update={"document": Fate.NOT_PRINTED}))
        if self._board.job is not None and not order.forced:
            raise ProblemError(raw.busy(f"job {self._board.job!r} is being carried out"))
        self._orders.append(order)
        self.wake()
        return await order.wait()

    async def stop(self) -> None:
        """Finish the document in hand and take no other; returns when that is so."""
        self._stopping = True
        self.wake()
        await self._stopped.wait()

    @property
    def problem(self) -> Problem | None:
        """What keeps jobs waiting right now."""
        return self._board.problem

    def waits_for(self, key: str, document_type: str) -> Problem | None:
        """What keeps this document waiting right now."""
        return self._board.waits_for(key, document_type)

    def count(self, key: str, phase: Phase) -> None:
        """A job of this printer has come to that phase: it waits, or does not any more."""
        self._board.count(key, phase)

    def status(self) -> PrinterStatus:
        """From memory; never waits."""
        return self._board.status(connected=self._connected)

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
                self._board.down(PrinterState.OFFLINE, link_problem(self.printer.address, error, self._line))
            except DialogueAborted as error:
                self._board.down(state_of(error.problem) or PrinterState.OUT_OF_ORDER, error.problem)
            except Exception as error:
                # A fault of ours must not take the other printers with it.
                log.exception("%s: internal error", self.printer.name)
                self._board.down(PrinterState.OUT_OF_ORDER, problem("daemon.internal", reason=repr(error)))
            self._connected = False
            self._refuse_orders(self._board.problem or raw.busy("the connection has ended"))
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
        line = Line(
            await self._open(), self.printer.family, self._settings, heard=self._board.situation.heard,
            noticed=self._board.on_condition, noise=self._board.noise, reopen=self._open,
        )  # fmt: skip
        async with line:
            self._line = line
            await line.greet()
            await self._read_status(line)
            log.info("%s: connected at %s", self.printer.name, self.printer.address)
            await self._serve(line)

    async def _open(self) -> ByteStream:
        """A new stream to the printer, recorded. Raises ``LinkError``."""
        return self.printer.wrap(await self.printer.address.open())

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
        self._board.situation.looked(snapshot, foreign=snapshot.transaction_open and not await self._has_unsettled())
        if before is not None and before.counters != snapshot.counters:
            self._changed(None)
        self._gate.observe_clock(snapshot.identity, snapshot.clock)
        # The model tells the profile; from now on every dialogue uses it without asking again.
        configured = self.printer.settings
        self._settings = replace(configured, options=configured.options.learn(snapshot.identity))
        await line.use(self._settings)
        self._board.holds.looked(before, snapshot, anyio.current_time())
        with suppress(JournalError):
            # No job is taken before it was compared; that the journal is down is told when the next one is looked for.
            if not await self._compare(snapshot):
                await self._read_status(line, to_the_end=True)
        self._board.show()

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
            if self._stopping and (self._board.blocked or entry is None or entry.phase is Phase.ACCEPTED):
                return
            if self._orders:
                await self._carry_out_raw(line, self._orders.pop(0), entry)
                continue
            if entry is not None and self._board.blocked is None:
                try:
                    waiting = await self._runner.run(line, entry, self._settings, self._known_id)
                except JournalError as error:
                    waiting = problem("daemon.journal", reason=error)
                looked, worked = anyio.current_time(), True
                if waiting is not None:
                    self._board.wait_for(waiting)
                    await self._pause(SHORT_POLL_INTERVAL)
                continue
            now = anyio.current_time()
            waited, self._board.situation.waiting = self._board.situation.waiting is not None, None
            if not waited:
                self._board.show()
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
        if self._board.situation.foreign or self._stands_still:
            return POLL_INTERVAL
        if self._board.situation.standing is not None or self._board.holds.problem is not None:
            return SHORT_STATUS_INTERVAL
        return STATUS_INTERVAL

    async def _read_condition(self, line: Line) -> None:
        """A short look at an idle printer; given up for a job that arrives."""
        condition = await line.drive(self.printer.family.read_condition(self._settings), give_way=lambda: self._woken)
        if condition is None:
            return
        if self._board.situation.unready and condition.problem is None:
            # Somebody was at the printer.
            self._board.holds.hint(anyio.current_time())
        self._board.situation.glanced(
            condition, foreign=bool(condition.document_open) and not await self._has_unsettled()
        )
        self._board.show()

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
            self._board.holds.hint(anyio.current_time())

    async def _next_job(self) -> Entry | None:
        """The job to carry on with; also finds out what stands against it."""
        try:
            if self._known_id is None and self.identity is not None:
                assert self.snapshot is not None
                await self._compare(self.snapshot)
            entry = await self._journal.run(Store.next_job, self.printer.name)
            self._board.blocked = self._blocking_problem(entry)
            if entry is not None and entry.phase is Phase.ACCEPTED and not self._stands_still:
                entry = await self._next_accepted(entry)
        except JournalError as error:
            self._board.blocked = problem("daemon.journal", reason=error)
            return None
        return entry

    async def _next_accepted(self, entry: Entry) -> Entry | None:
        """That job, or where something stands against it one that does not wait behind it: a daily report above all.

        What stands against it is the licence, or a condition of the printer.
        """
        now = anyio.current_time()
        if self._board.blocked is None and not self._board.holds.stops(entry.job.key, entry.job.document.type, now):
            return entry
        stopped = self._board.holds.stopped_types(now)
        free = [
            each
            for each in self.printer.family.documents
            if each not in stopped and not self._gate.refuses(each, self.identity)
        ]
        keys = self._board.holds.stopped_keys(now)
        other = await self._journal.run(Store.next_accepted, self.printer.name, free, keys)
        if other is not None:
            self._board.blocked = None
            return other
        return None if self._board.blocked is None else entry

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
