"""The register's own clock, and the rules for setting it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from fiscald.emulator.memory import MAX_CLOCK_OFFSET, RegisterMemory
from fiscald.emulator.refusal import Refusal, RegisterError
from fiscald.model.times import POLISH_TIME, fixed, settle


class Clock:
    """A clock that runs with the host's, at a distance that the register remembers."""

    def __init__(self, memory: RegisterMemory, host: Callable[[], datetime]) -> None:
        """``host`` gives the host's aware time."""
        self._memory = memory
        self._host = host

    def now(self) -> datetime:
        """The time that the register's clock shows, in Polish time, without microseconds."""
        moment = fixed(self._host()) + timedelta(seconds=self._memory.state.clock_offset)
        return fixed(moment.astimezone(POLISH_TIME)).replace(microsecond=0)

    def set(self, moment: datetime, *, hours: int) -> None:
        """Set the clock; in fiscal mode once a day, by at most ``hours``, only with zero totals.

        Of the two hours that a local time may mean when clocks are put back, the nearer one (our assumption).

        Raises ``RegisterError``.
        """
        state, now = self._memory.state, self.now()
        moment = settle(moment, now)
        difference = (moment - now).total_seconds()
        if not state.day.totals_zero:
            raise RegisterError(Refusal.TOTALS_NOT_ZERO)
        if self._memory.fiscal:
            if state.clock_set == now.date():
                raise RegisterError(Refusal.CLOCK_SET)
            if abs(difference) > 3600 * hours:
                raise RegisterError(Refusal.CLOCK_DIFFERENCE)
            if state.last_record is not None and moment < state.last_record:
                raise RegisterError(Refusal.CLOCK_BEFORE_RECORD)
        if abs(state.clock_offset + difference) > MAX_CLOCK_OFFSET:
            raise RegisterError(Refusal.CLOCK_RANGE)
        state.clock_offset += difference
        state.clock_set = moment.date()
