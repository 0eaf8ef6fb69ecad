"""What fiscald knows about one printer, each part with its age, and the printer's state that follows from it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any, TypedDict

import anyio

from fiscald.model.jobs import Notice, Result
from fiscald.model.notices import PAPER_LOW, TRAINING, TYPICAL_RECORDS, clock_off, memory_low
from fiscald.model.printers import Ages, Condition, Counters, Identity, PrinterState, Snapshot
from fiscald.model.problems import Problem, problem
from fiscald.model.times import POLISH_TIME, fixed, settle
from fiscald.protocols.conditions import Conditions, state_of
from fiscald.protocols.rates import Rates, plain_rates

_STATES = {
    "printer.foreign_transaction": PrinterState.BUSY,
    "printer.swapped": PrinterState.SWAPPED,
    "printer.undecided": PrinterState.UNDECIDED,
    "journal.behind": PrinterState.BEHIND,
    "daemon.journal": PrinterState.OUT_OF_ORDER,
}


class Parts(TypedDict):
    """The parts of a ``PrinterStatus`` that come from the printer."""

    identity: Identity | None
    counters: Counters | None
    vat: dict[str, str | None] | None
    clock: datetime | None
    paper_low: bool | None
    day_open: bool | None
    warnings: tuple[Notice, ...]
    ages: Ages


class Situation:
    """What the printer last reported, and what its jobs are doing."""

    def __init__(
        self,
        printer: str,
        conditions: Conditions,
        stop_reason: Callable[[], Problem | None],
        clock: Callable[[], datetime],
    ) -> None:
        """``stop_reason`` returns why the printer must not print. ``clock`` is this computer's, aware."""
        self._printer = printer
        self._conditions = conditions
        self._stop_reason = stop_reason
        self.host_time = clock
        self.snapshot: Snapshot | None = None
        self.down: tuple[PrinterState, Problem] | None = None
        """The state and the reason while there is no working connection."""
        self.working = False
        """Whether one of our documents is running."""
        self.waiting: Problem | None = None
        """Why the running document cannot continue."""
        self.blocked: Problem | None = None
        """Why the next document does not start."""
        self.foreign = False
        """Whether another program's document is open."""
        self.standing: Problem | None = None
        """A condition that only a status read shows."""
        self._device: Condition | None = None
        self._started = 0.0
        self._clock_off: timedelta | None = None
        self._at: dict[str, float] = {}

    # -- updates --------------------------------------------------------------------------------------

    def mark_heard(self) -> None:
        """The printer has sent an intact message."""
        self._mark("heard")

    def update_snapshot(self, snapshot: Snapshot, *, foreign: bool) -> Snapshot:
        """Store a full status read, made just now, and return it with the offset of the printer's clock.

        ``foreign``: the open document is not ours.
        """
        self._clock_off = None
        if snapshot.clock is not None:
            now = self.host_time()
            clock = settle(snapshot.clock, now)
            snapshot = snapshot.model_copy(update={"clock": clock})
            self._clock_off = clock - fixed(now)
        self.snapshot, self.standing, self.foreign, self.down = snapshot, snapshot.standing, foreign, None
        self._mark("identity", "counters", "vat", "day_open")
        if snapshot.clock is not None:
            self._mark("clock")
        self.update_condition(snapshot.condition)
        return snapshot

    def update_idle_condition(self, condition: Condition, *, foreign: bool) -> None:
        """Store the condition of an idle printer.

        Only a status read shows that no document is open any more, because there are several kinds of them.
        """
        self.foreign = self.foreign or foreign
        self.update_condition(condition)

    def update_condition(self, condition: Condition) -> None:
        """Store a condition that the printer reported at any time."""
        self._device = condition
        if condition.problem is not None:
            # Such a problem may delay the first status read for a long time.
            self.down = None
        self._mark("state")
        if condition.paper_low is not None:
            self._mark("paper_low")

    def document_started(self, document_type: str) -> None:
        """Our document has started, so the problems that would have kept it waiting are over."""
        self.foreign, self.waiting = False, None
        self._started = anyio.current_time()
        if self.standing is not None and self._conditions.waits(self.standing.code, document_type):
            self.standing = None
        self._mark("state")

    def document_ended(self) -> None:
        """Our document has ended. The printer answered its commands, so the conditions it reported before are over."""
        self.working, self.waiting = False, None
        if self.unready and self._device is not None:
            self._device = self._device.model_copy(update={"state": PrinterState.READY, "problem": None})

    def update_counters(self, counters: Counters) -> None:
        """Store the counters after one of our documents."""
        if self.snapshot is not None:
            self.snapshot = self.snapshot.model_copy(update={"counters": counters})
        self._mark("counters", "state")

    def update_settings(self, rates: Rates | None, clock: datetime | None) -> None:
        """Store the VAT table and the clock that one of our documents has set, as the printer shows them just now."""
        snapshot = self.snapshot
        if snapshot is None:
            return
        if rates is not None:
            snapshot = snapshot.model_copy(update={"rates": plain_rates(rates)})
            self._mark("vat")
        if clock is not None:
            now = self.host_time()
            clock = settle(clock, now)
            snapshot = snapshot.model_copy(update={"clock": clock})
            self._clock_off = clock - fixed(now)
            self._mark("clock")
        self.snapshot = snapshot

    def _mark(self, *parts: str) -> None:
        self._at |= dict.fromkeys(parts, anyio.current_time())

    @property
    def printer_time(self) -> datetime | None:
        """The printer's time now, followed since the last status read; ``None``: it does not report seconds."""
        if self.snapshot is None or self.snapshot.clock is None or not self.snapshot.clock_exact:
            return None
        clock = self.snapshot.clock
        passed = timedelta(seconds=anyio.current_time() - self._at["clock"])
        moment = (clock + passed).replace(microsecond=0)
        # A clock with Polish offset changes to and from summer time by itself.
        polish = clock.astimezone(POLISH_TIME).utcoffset() == clock.utcoffset()
        return fixed(moment.astimezone(POLISH_TIME)) if polish else moment

    def settle(self, result: Result, last_entry: datetime | None) -> Result:
        """The result, its time with the offset that it had.

        ``last_entry``: of a document that was interrupted, when the journal last wrote about it, because it was printed
        soon after that. ``None``: it was printed just now.
        """
        if result.printed_at is None:
            return result
        return result.model_copy(update={"printed_at": settle(result.printed_at, last_entry or self.host_time())})

    # -- results --------------------------------------------------------------------------------------

    @property
    def unready(self) -> bool:
        """Whether the last condition that the printer reported says that it cannot print."""
        return self._device is not None and self._device.problem is not None

    @property
    def still_printing(self) -> Problem | None:
        """Why our running document has no answer yet, if the printer reports that it is still busy with it."""
        if not self.working or self._device is None or self._device.state is not PrinterState.BUSY:
            return None
        seconds = int(anyio.current_time() - self._started)
        return problem(
            "printer.busy",
            reason=f"it has been printing this document for {seconds} seconds; a report of a month takes minutes",
            reason_pl=f"drukuje ten dokument od {seconds} s",
            extra={"seconds": seconds},
        )

    def state_and_problem(self, held: Problem | None) -> tuple[PrinterState, Problem | None]:
        """The printer's state and the problem behind it. ``held``: a condition that documents wait for."""
        if self.down is not None:
            return self.down
        device = self._device
        if device is None or (self.snapshot is None and device.problem is None):
            return PrinterState.STARTING, None
        foreign = problem("printer.foreign_transaction", printer=self._printer) if self.foreign else None
        ours = self.working and device.state in (PrinterState.READY, PrinterState.BUSY)
        if ours and self._stop_reason() is None:
            return PrinterState.PRINTING, None
        causes = (self._stop_reason(), None if self.working else self.waiting or self.blocked)
        why = next((why for why in (*causes, device.problem, foreign, self.standing, held) if why is not None), None)
        if why is None:
            return device.state, None
        return _STATES.get(why.code) or state_of(why) or PrinterState.READY, why

    def notices(self, result: Result, accepted: datetime) -> tuple[Notice, ...]:
        """The notices for a document that was ``accepted`` at that time and printed with this ``result``."""
        training = None if result.fiscal else TRAINING
        clock = None if self._clock_off is None else clock_off(self._clock_off)
        if result.printed_at is not None:
            # The clock may have changed since the last status read, and recovery may find a document long after it
            # was printed.
            possible = min(max(result.printed_at, accepted), self.host_time())
            clock = clock_off(result.printed_at - possible) or clock
        return tuple(notice for notice in (training, clock) if notice is not None)

    def printed_on(self, result: Result, accepted: datetime) -> date:
        """The day by the printer's clock on which a document was printed that was ``accepted`` at that time."""
        if result.printed_at is not None:
            return result.printed_at.date()
        return (accepted + (self._clock_off or timedelta())).astimezone(POLISH_TIME).date()

    def parts(self) -> Parts:
        """The parts of the status that come from the printer."""
        snapshot, device = self.snapshot, self._device
        return Parts(
            identity=snapshot.identity if snapshot else None,
            counters=snapshot.counters if snapshot else None,
            vat=snapshot.rates if snapshot else None,
            clock=snapshot.clock if snapshot else None,
            paper_low=device.paper_low if device else None,
            day_open=snapshot.day_open if snapshot else None,
            warnings=tuple(self._warnings()),
            ages=Ages.model_validate({part: self.age(part) for part in Ages.model_fields}),
        )

    @property
    def warning_codes(self) -> tuple[str, ...]:
        """The codes of the warnings. Their texts do not count as changes: a clock's difference varies all the time."""
        return tuple(notice.code for notice in self._warnings())

    def age(self, part: str) -> int | None:
        """Milliseconds since the printer last reported that part; ``None``: never."""
        at = self._at.get(part)
        return None if at is None else int((anyio.current_time() - at) * 1000)

    def _warnings(self) -> list[Notice]:
        if self.snapshot is None:
            return []
        snapshot = self.snapshot
        left = snapshot.records_free
        if left is None:
            left = TYPICAL_RECORDS - (snapshot.counters.daily_report - 1)
        found: list[Any] = [
            None if snapshot.identity.fiscal else TRAINING,
            None if self._clock_off is None else clock_off(self._clock_off),
            PAPER_LOW if self._device is not None and self._device.paper_low else None,
            memory_low(left),
        ]
        return [notice for notice in found if notice is not None]
