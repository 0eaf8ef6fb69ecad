"""The status of one printer, and the problem that keeps each document waiting. All of it comes from memory."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime

from fiscald.engine.holds import Holds
from fiscald.engine.noise import Noise
from fiscald.engine.printer import Printer
from fiscald.engine.situation import Situation
from fiscald.journal import Entry, Phase
from fiscald.model.printers import Condition, Identity, PrinterState, PrinterStatus
from fiscald.model.problems import Problem

log = logging.getLogger(__name__)

#: Seconds without an answer after which the status says "stale".
STALE_AFTER = 10.0


class StatusBoard:
    """Holds the status of one printer and reports every change of it."""

    def __init__(
        self,
        printer: Printer,
        stop_reason: Callable[[], Problem | None],
        changed: Callable[[Entry | None], None],
        clock: Callable[[], datetime],
    ) -> None:
        """``stop_reason`` returns why the printer must not print anything. The board calls ``changed`` on a change."""
        self._printer = printer
        self._stop_reason = stop_reason
        self._changed = changed
        self.situation = Situation(printer.name, printer.family.conditions, stop_reason, clock)
        self.holds = Holds(printer.family.conditions)
        self.noise = Noise(printer.name)
        self.problem: Problem | None = None
        """The problem that keeps jobs waiting now."""
        self.state = PrinterState.STARTING
        self.blocked: Problem | None = None
        """The problem that keeps the next job waiting."""
        self.job: str | None = None
        """The key of the job that runs now."""
        self._warning_codes: tuple[str, ...] = ()
        self._accepted: set[str] = set()
        self._documents: tuple[Identity | None, tuple[str, ...]] | None = None

    def waiting_problem(self, key: str, document_type: str) -> Problem | None:
        """The problem that keeps this document waiting now."""
        held = None if self._stop_reason() else self.holds.problem_for(key, document_type)
        if held is not None:
            return held
        if self.problem is None:
            return self.situation.still_printing if key == self.job else None
        row = self._printer.family.conditions.by_code.get(self.problem.code)
        return None if row is not None and document_type not in row.waits else self.problem

    def count(self, key: str, phase: Phase) -> None:
        """Note the new phase of a job of this printer, to count the jobs that wait."""
        if phase is Phase.ACCEPTED:
            self._accepted.add(key)
        else:
            self._accepted.discard(key)
        if phase.state.final:
            self.holds.forget(key)

    def status(self, *, connected: bool) -> PrinterStatus:
        """The status, from memory. Never waits for the printer."""
        age = self.situation.age("heard")
        return PrinterStatus(
            name=self._printer.name,
            family=self._printer.family.name,
            address=str(self._printer.address),
            state=self.state,
            problem=self.problem,
            age_ms=age,
            stale=not connected or age is None or age > STALE_AFTER * 1000,
            documents=self._supported(),
            job=self.job,
            queue=len(self._accepted),
            strays=self.noise.strays,
            damaged=self.noise.damaged,
            **self.situation.parts(),
        )

    def _supported(self) -> tuple[str, ...]:
        """The documents that the printer supports: by its family, and by its model once that is known."""
        snapshot = self.situation.snapshot
        identity = None if snapshot is None else snapshot.identity
        found = self._documents
        if found is None or found[0] != identity:
            found = self._documents = identity, self._printer.family.supported(self._printer.settings, snapshot)
        return found[1]

    def on_condition(self, condition: Condition) -> None:
        """The condition that the printer reports while one of our commands waits in it."""
        self.situation.update_condition(condition)
        self.publish()

    def set_waiting(self, why: Problem) -> None:
        """The running job cannot continue because of ``why``."""
        self.situation.waiting = why
        self.publish()

    def set_down(self, state: PrinterState, why: Problem) -> None:
        """There is no connection, or the connection does not work."""
        self.situation.down = (state, why)
        self.publish()

    def publish(self) -> None:
        """Work out the printer's state. Log and report it only when it has changed."""
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
