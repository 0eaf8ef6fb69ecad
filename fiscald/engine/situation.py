"""What is known of one printer, each part with its age, and the one word that follows from it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, TypedDict

import anyio

from fiscald.model.jobs import Notice, Result
from fiscald.model.notices import PAPER_LOW, TRAINING, TYPICAL_RECORDS, clock_off, memory_low
from fiscald.model.printers import Ages, Condition, Counters, Identity, PrinterState, Snapshot
from fiscald.model.problems import Problem, problem
from fiscald.protocols.conditions import Conditions, state_of

_STATES = {
    "printer.foreign_transaction": PrinterState.BUSY,
    "printer.swapped": PrinterState.SWAPPED,
    "printer.undecided": PrinterState.UNDECIDED,
    "journal.behind": PrinterState.BEHIND,
    "daemon.journal": PrinterState.OUT_OF_ORDER,
}


class Parts(TypedDict):
    """Of a ``PrinterStatus``, those that the printer tells."""

    identity: Identity | None
    counters: Counters | None
    vat: dict[str, str | None] | None
    clock: datetime | None
    paper_low: bool | None
    day_open: bool | None
    warnings: tuple[Notice, ...]
    ages: Ages


class Situation:
    """One printer as it was last seen."""

    def __init__(
        self,
        printer: str,
        conditions: Conditions,
        stands_still: Callable[[], Problem | None],
        clock: Callable[[], datetime],
    ) -> None:
        """``stands_still``: why nothing may be printed on what is connected. ``clock``: this computer's, aware."""
        self._printer = printer
        self._conditions = conditions
        self._stands_still = stands_still
        self._clock = clock
        self.snapshot: Snapshot | None = None
        self.down: tuple[PrinterState, Problem] | None = None
        """Why there is no connection, or none of use."""
        self.working = False
        """A document of ours is being carried out."""
        self.waiting: Problem | None = None
        """Why the document in hand cannot go on."""
        self.blocked: Problem | None = None
        """Why the next document is not begun."""
        self.foreign = False
        """Another program's document is open."""
        self.standing: Problem | None = None
        """A condition that only a full look shows."""
        self._device: Condition | None = None
        self._clock_off: timedelta | None = None
        self._at: dict[str, float] = {}

    # -- what is seen ---------------------------------------------------------------------------------

    def heard(self) -> None:
        """The printer has answered something."""
        self._now("heard")

    def looked(self, snapshot: Snapshot, *, foreign: bool) -> None:
        """A full look; ``foreign``: what is open is not ours."""
        self.snapshot, self.standing, self.foreign, self.down = snapshot, snapshot.standing, foreign, None
        self._clock_off = None if snapshot.clock is None else snapshot.clock - self._clock()
        self._now("identity", "counters", "vat", "day_open")
        if snapshot.clock is not None:
            self._now("clock")
        self.noticed(snapshot.condition)

    def glanced(self, condition: Condition, *, foreign: bool) -> None:
        """A short look. That a document is not open any more only a full look shows: there are several kinds."""
        self.foreign = self.foreign or foreign
        self.noticed(condition)

    def noticed(self, condition: Condition) -> None:
        """What the printer says of itself at any time."""
        self._device = condition
        if condition.problem is not None:
            # It may keep the first look waiting for long.
            self.down = None
        self._now("state")
        if condition.paper_low is not None:
            self._now("paper_low")

    def begun(self, document_type: str) -> None:
        """A document of ours is begun: what would have kept it waiting is over."""
        self.foreign, self.waiting = False, None
        if self.standing is not None and self._conditions.waits(self.standing.code, document_type):
            self.standing = None
        self._now("state")

    def ended(self) -> None:
        """A document of ours has ended: its commands were answered, so what the printer said while they were not is
        over."""
        self.working, self.waiting = False, None
        if self.unready and self._device is not None:
            self._device = self._device.model_copy(update={"state": PrinterState.READY, "problem": None})

    def counted(self, counters: Counters) -> None:
        """The counters after a document of ours."""
        if self.snapshot is not None:
            self.snapshot = self.snapshot.model_copy(update={"counters": counters})
        self._now("counters", "state")

    def _now(self, *parts: str) -> None:
        self._at |= dict.fromkeys(parts, anyio.current_time())

    # -- what follows ---------------------------------------------------------------------------------

    @property
    def unready(self) -> bool:
        """Whether the printer itself said, at the last look of any kind, that it cannot print."""
        return self._device is not None and self._device.problem is not None

    def word(self, held: Problem | None) -> tuple[PrinterState, Problem | None]:
        """The printer's state and why; ``held``: a condition for which documents wait."""
        if self.down is not None:
            return self.down
        device = self._device
        if device is None or (self.snapshot is None and device.problem is None):
            return PrinterState.STARTING, None
        foreign = problem("printer.foreign_transaction", printer=self._printer) if self.foreign else None
        ours = self.working and device.state in (PrinterState.READY, PrinterState.BUSY)
        if ours and self._stands_still() is None:
            return PrinterState.PRINTING, None
        causes = (self._stands_still(), None if self.working else self.waiting or self.blocked)
        why = next((why for why in (*causes, device.problem, foreign, self.standing, held) if why is not None), None)
        if why is None:
            return device.state, None
        return _STATES.get(why.code) or state_of(why) or PrinterState.READY, why

    def notices(self, result: Result, accepted: datetime) -> tuple[Notice, ...]:
        """What a person should know who gets this document, which was ``accepted`` at that time."""
        training = None if result.fiscal else TRAINING
        clock = None if self._clock_off is None else clock_off(self._clock_off)
        if result.printed_at is not None:
            # The clock may have changed since the last look; and what is found out late was printed some time ago.
            possible = min(max(result.printed_at, accepted), self._clock())
            clock = clock_off(result.printed_at - possible) or clock
        return tuple(notice for notice in (training, clock) if notice is not None)

    def parts(self) -> Parts:
        """For the status."""
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
    def warned(self) -> tuple[str, ...]:
        """The codes of the warnings: how far off a clock is changes with every look, and is no news."""
        return tuple(notice.code for notice in self._warnings())

    def age(self, part: str) -> int | None:
        """Milliseconds since the printer last told that part; ``None``: never."""
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
