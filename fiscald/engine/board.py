"""What one printer's state is, in a word, and what keeps which document waiting: all of it from memory."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime

from fiscald.engine.holds import Holds
from fiscald.engine.noise import Noise
from fiscald.engine.printer import Printer
from fiscald.engine.situation import Situation
from fiscald.journal import Entry, Phase
from fiscald.model.printers import Condition, PrinterState, PrinterStatus
from fiscald.model.problems import Problem

log = logging.getLogger(__name__)

#: Seconds without an answer after which the status says "stale".
STALE_AFTER = 10.0


class StatusBoard:
    """Keeps what is known of one printer, and tells of every change."""

    def __init__(
        self,
        printer: Printer,
        stop_reason: Callable[[], Problem | None],
        changed: Callable[[Entry | None], None],
        clock: Callable[[], datetime],
    ) -> None:
        """``stop_reason`` says why no document at all may be printed. ``changed`` is told of every change."""
        self._printer = printer
        self._stop_reason = stop_reason
        self._changed = changed
        self.situation = Situation(printer.name, printer.family.conditions, stop_reason, clock)
        self.holds = Holds(printer.family.conditions)
        self.noise = Noise(printer.name)
        self.problem: Problem | None = None
        """What keeps jobs waiting right now."""
        self.state = PrinterState.STARTING
        self.blocked: Problem | None = None
        """What stands against the next job."""
        self.job: str | None = None
        """The key of the job that is being carried out."""
        self._warning_codes: tuple[str, ...] = ()
        self._accepted: set[str] = set()

    def waiting_problem(self, key: str, document_type: str) -> Problem | None:
        """What keeps this document waiting right now."""
        held = None if self._stop_reason() else self.holds.problem_for(key, document_type)
        if held is not None or self.problem is None:
            return held
        row = self._printer.family.conditions.by_code.get(self.problem.code)
        return None if row is not None and document_type not in row.waits else self.problem

    def count(self, key: str, phase: Phase) -> None:
        """A job of this printer has come to that phase: it waits, or does not any more."""
        if phase is Phase.ACCEPTED:
            self._accepted.add(key)
        else:
            self._accepted.discard(key)
        if phase.state.final:
            self.holds.forget(key)

    def status(self, *, connected: bool) -> PrinterStatus:
        """From memory; never waits."""
        age = self.situation.age("heard")
        return PrinterStatus(
            name=self._printer.name,
            family=self._printer.family.name,
            address=str(self._printer.address),
            state=self.state,
            problem=self.problem,
            age_ms=age,
            stale=not connected or age is None or age > STALE_AFTER * 1000,
            documents=self._printer.family.documents,
            job=self.job,
            queue=len(self._accepted),
            strays=self.noise.strays,
            damaged=self.noise.damaged,
            **self.situation.parts(),
        )

    def on_condition(self, condition: Condition) -> None:
        """What the printer says while one of our commands waits in it."""
        self.situation.update_condition(condition)
        self.publish()

    def set_waiting(self, why: Problem) -> None:
        """The job in hand cannot go on."""
        self.situation.waiting = why
        self.publish()

    def set_down(self, state: PrinterState, why: Problem) -> None:
        """There is no connection, or none of use."""
        self.situation.down = (state, why)
        self.publish()

    def publish(self) -> None:
        """Derive the printer's state from what is known; one message per change, not per look."""
        self.situation.blocked = self.blocked
        state, why = self.situation.state_and_problem(self.holds.problem)
        if (state, why and why.code) != (self.state, self.problem and self.problem.code):
            level = logging.INFO if why is None else logging.WARNING
            log.log(level, "%s: %s%s", self._printer.name, state, f" ({why.detail})" if why else "")
            self.state, self.problem = state, why
            self._changed(None)
        elif self._warning_codes != self.situation.warning_codes:
            self._changed(None)
        self.problem, self._warning_codes = why, self.situation.warning_codes
