"""The actor of one printer: only the actor talks to the printer, and it runs the jobs one after the other.

``job_runner`` carries out one job and writes the journal before each step. ``board`` makes the status of the printer.

If the journal cannot be read or written, printing stops. The status keeps working.
"""

from __future__ import annotations

import logging
import random
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from typing import Any

import anyio

from fiscald.engine import raw
from fiscald.engine.asking import Asked, Question, T, Waiting, busy
from fiscald.engine.board import StatusBoard
from fiscald.engine.deliveries import Deliveries
from fiscald.engine.gate import Gate
from fiscald.engine.job_runner import JobRunner
from fiscald.engine.line import Line, Silence, link_problem
from fiscald.engine.past import Past
from fiscald.engine.printer import Printer
from fiscald.journal import Entry, Journal, JournalError, Phase, Store
from fiscald.model.printers import Identity, PrinterState, PrinterStatus, Snapshot
from fiscald.model.problems import Fate, Problem, ProblemError, problem
from fiscald.protocols.base import DialogueAborted, Settings
from fiscald.protocols.conditions import state_of
from fiscald.transport import ByteStream, LinkError

log = logging.getLogger(__name__)

#: Seconds between two condition reads of an idle printer (fiscald must see a change within two seconds), and of a
#: printer that is not ready or has just printed.
POLL_INTERVAL = 1.5
SHORT_POLL_INTERVAL = 0.5
#: Seconds between two status reads (counters, rates, clock) of an idle printer, and of a printer with a condition that
#: only a status read shows; and how many times longer they are if a read leaves records on the printer.
STATUS_INTERVAL, SHORT_STATUS_INTERVAL, LEAVES_RECORDS = 30.0, 3.0, 10.0
#: The shortest and the longest pause between two attempts to connect, in seconds.
RECONNECT = (0.2, 5.0)
RANDOM = random.Random()


class Actor:
    """Owns one printer: keeps it connected, reads its status, and decides what to send next."""

    def __init__(
        self,
        printer: Printer,
        journal: Journal,
        gate: Gate,
        changed: Callable[[Entry | None], None],
        clock: Callable[[], datetime],
    ) -> None:
        """The actor calls ``changed`` with each job that changes, and with ``None`` when the printer changes.

        ``clock`` is the clock of this computer.
        """
        self.printer = printer
        self._journal = journal
        self._gate = gate
        self._changed = changed
        self._wake = anyio.Event()
        self._retry_now = False
        self._settings = printer.settings
        self._known_id: str | None = None
        self.past = Past(printer.name, shared=printer.shared)
        self._connected = False
        self._clock = clock
        self._board = StatusBoard(printer, lambda: self._stop_reason, changed, clock)
        self.deliveries = Deliveries(journal, clock, changed)
        self._runner = JobRunner(printer, journal, self._board, self.past, changed, self.deliveries.follow)
        self._line: Line | None = None
        self._waiting = Waiting()
        self._stopping = False
        self._stopped = anyio.Event()

    # -- the public face ------------------------------------------------------------------------------

    @property
    def snapshot(self) -> Snapshot | None:
        """The last full status read; ``None`` before the first one."""
        return self._board.situation.snapshot

    @property
    def identity(self) -> Identity | None:
        """The identity that the printer reports; ``None`` before the first status read."""
        return self.snapshot.identity if self.snapshot else None

    @property
    def settings(self) -> Settings:
        """The configured settings. The profile is filled in when the printer has reported its model."""
        return self._settings

    def wake(self) -> None:
        """Read the journal now: something in it has changed."""
        self._wake.set()

    def retry(self) -> None:
        """Try to connect now: somebody plugged in a device."""
        if not self._connected:
            self._retry_now = True
            self.wake()

    def adopt(self, printer_id: str) -> None:
        """A person accepted the printer with this unique number. The journal has stored that already."""
        self._known_id = printer_id
        # ``_next_job`` checks for other problems before it returns a job.
        self._board.blocked = None
        self._board.publish()
        self.wake()

    def journal_confirmed(self) -> None:
        """A person confirmed that the journal belongs to this printer. The journal has stored that already."""
        self.past.confirm()
        self._board.blocked = None
        self._board.publish()
        self.wake()

    def new_document(self, document_type: str) -> None:
        """Read the journal now: it has a new document."""
        self._board.holds.new_document(document_type, anyio.current_time())
        self.wake()

    async def ask(self, asked: Asked[T], *, forced: bool = False) -> T:
        """Ask the printer between two jobs. ``forced``: wait even for the end of a job that is being carried out.

        Raises ``ProblemError``: not connected, refused, no turn in time, no answer.
        """
        if not self._connected:
            why = self._board.problem or busy("it is not connected yet")
            raise ProblemError(why.model_copy(update={"document": Fate.NOT_PRINTED}))
        if self._board.job is not None and not forced:
            raise ProblemError(busy(f"job {self._board.job!r} is being carried out"))
        self._waiting.add(asked)
        self.wake()
        return await asked.wait()

    async def stop(self) -> None:
        """Finish the running document and start no other. Returns when the actor has stopped."""
        self._stopping = True
        self.wake()
        await self._stopped.wait()

    @property
    def problem(self) -> Problem | None:
        """What keeps jobs waiting right now."""
        return self._board.problem

    def waiting_problem(self, key: str, document_type: str) -> Problem | None:
        """What keeps this document waiting right now."""
        return self._board.waiting_problem(key, document_type)

    def count(self, key: str, phase: Phase) -> None:
        """Note the new phase of a job of this printer, to count the jobs that wait."""
        self._board.count(key, phase)

    def status(self) -> PrinterStatus:
        """The status, from memory. Never waits for the printer."""
        return self._board.status(connected=self._connected)

    # -- connecting -----------------------------------------------------------------------------------

    async def run(self) -> None:
        """Keep the printer connected and run its jobs. Returns after ``stop``."""
        shortest, longest = RECONNECT
        pause = shortest
        while not self._stopping:
            began = anyio.current_time()
            self._retry_now = False
            log.debug("%s: connecting to %s", self.printer.name, self.printer.address)
            try:
                await self._connect_and_serve()
            except (LinkError, Silence) as error:
                self._board.set_down(PrinterState.OFFLINE, link_problem(self.printer.address, error, self._line))
            except DialogueAborted as error:
                self._board.set_down(state_of(error.problem) or PrinterState.OUT_OF_ORDER, error.problem)
            except Exception as error:
                # An error in our code must not stop the other printers.
                log.exception("%s: internal error", self.printer.name)
                self._board.set_down(PrinterState.OUT_OF_ORDER, problem("daemon.internal", reason=repr(error)))
            self._connected = False
            self._waiting.refuse(self._closed_problem)
            if anyio.current_time() - began > longest:
                pause = shortest
            seconds = pause * RANDOM.uniform(0.8, 1.2)
            log.debug("%s: not connected; the next attempt is in %.1f s", self.printer.name, seconds)
            await self._wait_to_retry(seconds)
            pause = shortest if self._retry_now else min(pause * 2, longest)
        self._stopped.set()

    @property
    def _closed_problem(self) -> Problem:
        """Why a request that still waits gets no answer."""
        return problem("daemon.stopping") if self._stopping else self._board.problem or busy("the connection has ended")

    async def _wait_to_retry(self, seconds: float) -> None:
        with anyio.move_on_after(seconds):
            while not (self._stopping or self._retry_now):
                await self._wake.wait()
                self._wake = anyio.Event()

    async def _connect_and_serve(self) -> None:
        self._line = None
        self._runner.baseline.forget()
        line = Line(
            await self._open(), self.printer.family, self._settings, mark_heard=self._board.situation.mark_heard,
            on_condition=self._board.on_condition, noise=self._board.noise, reopen=self._open, host_time=self._clock,
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
        """Read the full status of the printer.

        A job that arrives ends the read early, except before the first complete read and with ``to_the_end``.
        """
        snapshot = await line.drive(
            self.printer.family.read_status(self._settings),
            give_way=lambda: self._connected and self._woken and not to_the_end,
        )
        if snapshot is None:
            return
        self._connected = True
        before = self.snapshot
        snapshot = self._board.situation.update_snapshot(
            snapshot, foreign=snapshot.transaction_open and not await self._has_unsettled()
        )
        self._runner.baseline.compare(snapshot, anyio.current_time())
        if before is not None and before.counters != snapshot.counters:
            self._changed(None)
        self._gate.observe_clock(snapshot.identity, snapshot.clock)
        # The model determines the profile. From now on every dialogue uses it.
        configured = self.printer.settings
        self._settings = replace(configured, options=configured.options.learn(snapshot.identity))
        await line.use(self._settings)
        self._board.holds.compare_snapshots(before, snapshot, anyio.current_time())
        with suppress(JournalError):
            # No job starts before this comparison. ``_next_job`` reports a journal that does not work.
            if not await self._compare(snapshot):
                await self._read_status(line, to_the_end=True)
        self._board.publish()

    async def _has_unsettled(self) -> bool:
        """Whether the open document may be ours."""
        try:
            entry = await self._journal.run(Store.next_job, self.printer.name)
        except JournalError:
            return True
        return entry is not None and entry.phase in (Phase.STARTED, Phase.COMMITTING)

    async def _compare(self, snapshot: Snapshot) -> bool:
        """Compare the printer with the journal. ``False``: read the printer once more before believing the result.

        The journal remembers the first printer that it sees under this name. A different printer stops all jobs, and so
        does a printer that has printed something that the journal does not know.
        """
        name, found = self.printer.name, snapshot.identity.printer_id
        known = await self._journal.run(Store.known, name)
        if known.printer_id is None:
            await self._journal.run(Store.know_printer, name, found, snapshot.counters)
            known = known._replace(printer_id=found, counters=snapshot.counters)
        self._known_id = known.printer_id
        if known.printer_id != found:
            return True
        if self.past.needs_second_reading(self.past.check(known, snapshot.counters)):
            return False
        if self.past.compare(known, snapshot.counters):
            await self._journal.run(Store.remember, name, snapshot.counters)
        return True

    @property
    def _swapped_problem(self) -> Problem | None:
        if self.identity is None or self._known_id in (None, self.identity.printer_id):
            return None
        found = self.identity.printer_id
        return problem(
            "printer.swapped", printer=self.printer.name, found=found, expected=self._known_id,
            found_quoted=f"'{found}'", extra={"found": found, "expected": self._known_id},
        )  # fmt: skip

    @property
    def _stop_reason(self) -> Problem | None:
        """Why the connected printer must not print any new document."""
        return self._swapped_problem or self.past.problem

    # -- taking jobs ----------------------------------------------------------------------------------

    async def _serve(self, line: Line) -> None:
        """Run jobs until the line fails, and read the printer's status between them."""
        polled_at = read_at = anyio.current_time()
        worked = False
        while True:
            entry = await self._next_job()
            if self._stopping and (self._board.blocked or entry is None or entry.phase is Phase.ACCEPTED):
                return
            if self._waiting:
                await self._answer(line, self._waiting.take(), entry)
                continue
            if entry is not None and self._board.blocked is None:
                try:
                    waiting = await self._runner.run(line, entry, self._settings, self._known_id)
                except JournalError as error:
                    waiting = problem("daemon.journal", reason=error)
                polled_at, worked = anyio.current_time(), True
                if waiting is not None:
                    self._board.set_waiting(waiting)
                    await self._pause(SHORT_POLL_INTERVAL)
                continue
            now = anyio.current_time()
            waited, self._board.situation.waiting = self._board.situation.waiting is not None, None
            if not waited:
                self._board.publish()
            if waited or (worked and now - polled_at >= SHORT_POLL_INTERVAL) or now - read_at >= self._status_interval:
                await self._read_status(line)
                polled_at = read_at = now
                worked = False
            elif now - polled_at >= POLL_INTERVAL:
                await self._read_condition(line)
                polled_at = now
            await self._pause(SHORT_POLL_INTERVAL if worked else POLL_INTERVAL)

    @property
    def _status_interval(self) -> float:
        """Seconds between two status reads. Shorter while the printer has a problem that only a status read clears."""
        factor = LEAVES_RECORDS if self.printer.family.status_leaves_records else 1.0
        if self._board.situation.foreign or self._stop_reason:
            return POLL_INTERVAL * factor
        short = self._board.situation.standing is not None or self._board.holds.problem is not None
        return factor * (SHORT_STATUS_INTERVAL if short else STATUS_INTERVAL)

    async def _read_condition(self, line: Line) -> None:
        """Read the condition of an idle printer. A job that arrives ends the read early."""
        condition = await line.drive(self.printer.family.read_condition(self._settings), give_way=lambda: self._woken)
        if condition is None:
            return
        if self._board.situation.unready and condition.problem is None:
            # A person has just put the printer in order, and may have ended a condition that no read shows.
            self._board.holds.retry_soon(anyio.current_time())
        self._board.situation.update_idle_condition(
            condition, foreign=bool(condition.document_open) and not await self._has_unsettled()
        )
        self._board.publish()
        if condition.problem is None and not condition.document_open:
            await self._runner.check_baseline(line, give_way=lambda: self._woken)
            await self.deliveries.ask(line, give_way=lambda: self._woken)
        else:
            self._runner.baseline.forget()

    async def _answer(self, line: Line, asked: Asked[Any], entry: Entry | None) -> None:
        """Put a question to the printer, or send a technician's command."""
        if asked.given_up:
            return
        self._runner.baseline.forget()
        match asked:
            case Question():
                await asked.put(line, self._settings)
            case raw.RawRequest():
                await self._run_raw_request(line, asked, entry)

    async def _run_raw_request(self, line: Line, request: raw.RawRequest, entry: Entry | None) -> None:
        """Send a technician's command. If it may change the printer, read the status again before the next job."""
        unlicensed = self._gate.refuses("raw", self.identity)
        if not await raw.may_be_sent(request, line, self._settings, entry, unlicensed):
            return
        log.warning("%s: a command by hand (%s), asked by %s", self.printer.name, request.step.effect, request.asked_by)
        await raw.carry_out(
            request, line, self.printer.family, self._settings, self._journal, self.printer.name,
            explains=request.changes and self.past.problem is None,
        )  # fmt: skip
        if request.changes:
            await self._read_status(line, to_the_end=True)
            self._board.holds.retry_soon(anyio.current_time())

    async def _next_job(self) -> Entry | None:
        """The job to run next. Sets ``blocked`` on the board: the problem that keeps this job waiting."""
        try:
            if self._known_id is None and self.identity is not None:
                assert self.snapshot is not None
                await self._compare(self.snapshot)
            entry = await self._journal.run(Store.next_job, self.printer.name)
            self._board.blocked = self._blocking_problem(entry)
            if entry is not None and entry.phase is Phase.ACCEPTED and not self._stop_reason:
                entry = await self._next_accepted(entry)
        except JournalError as error:
            self._board.blocked = problem("daemon.journal", reason=error)
            return None
        return entry

    async def _next_accepted(self, entry: Entry) -> Entry | None:
        """``entry``, or another job that may run first if the licence or a condition of the printer blocks ``entry``.

        The most important one is the daily report, because it ends some conditions.
        """
        now = anyio.current_time()
        if self._board.blocked is None and not self._board.holds.is_blocked(
            entry.job.key, entry.job.document.type, now
        ):
            return entry
        stopped = self._board.holds.blocked_types(now)
        free = [
            each
            for each in self.printer.family.documents
            if each not in stopped and not self._gate.refuses(each, self.identity)
        ]
        keys = self._board.holds.blocked_keys(now)
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
        """The problem that keeps this job waiting."""
        if self._swapped_problem is not None or entry is None:
            return self._stop_reason
        if self.past.problem is not None and (
            self.past.doubtful or entry.phase not in (Phase.STARTED, Phase.COMMITTING)
        ):
            return self.past.problem
        if entry.phase is Phase.UNDECIDED:
            return problem("printer.undecided", printer=self.printer.name, key=entry.job.key)
        if entry.phase is Phase.ACCEPTED:
            return self._gate.refuses(entry.job.document.type, self.identity)
        return None
