"""Follows e-receipts after their job is done: whether the printer has a record of each, and whether it was delivered.

What the printer says later never changes the fiscal answer, only ``result.e_receipt`` of the job; a change is an event.
An idle printer is asked with growing pauses, until the e-receipt is delivered or a day has passed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

import anyio

from fiscald.engine.line import Line
from fiscald.journal import Entry, Journal, JournalError, Store, WrongPhase
from fiscald.model.e_receipt import Delivered
from fiscald.model.jobs import Result

#: Seconds until the second question about an e-receipt, and the longest pause between two.
FIRST_PAUSE, LONGEST_PAUSE = 5.0, 600.0
#: How long an e-receipt is followed.
FOLLOWED = timedelta(days=1)
#: How many are followed at once on a printer; older ones are given up first.
MOST = 1000


@dataclass(slots=True)
class _Followed:
    """An e-receipt that is not delivered yet, as far as fiscald knows."""

    result: Result
    asked_at: float
    until: float
    pause: float = FIRST_PAUSE

    @property
    def due_at(self) -> float:
        return min(self.asked_at + self.pause, self.until)


class Deliveries:
    """The e-receipts of one printer that are not delivered yet."""

    def __init__(
        self, journal: Journal, clock: Callable[[], datetime], changed: Callable[[Entry | None], None]
    ) -> None:
        """``changed`` is called with every job of which the printer says more."""
        self._journal = journal
        self._clock = clock
        self._changed = changed
        self._followed: dict[str, _Followed] = {}

    def load(self, printer: str, entries: Iterable[Entry]) -> None:
        """Follow again what was not delivered on that printer before the daemon started."""
        for entry in entries:
            if entry.job.printer == printer:
                self.follow(entry)

    def follow(self, entry: Entry) -> None:
        """Follow the e-receipt of a job, if it is done and has one that is not delivered."""
        job = entry.job
        e_receipt = None if job.result is None else job.result.e_receipt
        if job.result is None or e_receipt is None or e_receipt.id is None or e_receipt.delivered is Delivered.YES:
            self._followed.pop(job.key, None)
            return
        left = (job.created_at + FOLLOWED - self._clock()).total_seconds()
        if left <= 0:
            return
        now = anyio.current_time()
        self._followed[job.key] = _Followed(job.result, now, now + left)
        while len(self._followed) > MOST:
            del self._followed[next(iter(self._followed))]

    async def ask(self, line: Line, *, give_way: Callable[[], bool]) -> None:
        """Ask about the e-receipt that is due longest, if any is. Raises what ``Line.drive`` raises."""
        delivery, now = line.family.delivery, anyio.current_time()
        key = min(self._followed, key=lambda each: self._followed[each].due_at, default=None)
        if key is None or delivery is None or self._followed[key].due_at > now:
            return
        followed = self._followed[key]
        before = followed.result.e_receipt
        assert before is not None, "only those are followed"
        found = await line.drive(delivery(before, line.settings), give_way=give_way)
        if found is None:
            return
        followed.asked_at, followed.pause = now, min(followed.pause * 2, LONGEST_PAUSE)
        if found.delivered is Delivered.YES or now >= followed.until:
            del self._followed[key]
        if found == before:
            return
        result = followed.result.model_copy(update={"e_receipt": found})
        try:
            entry = await self._journal.run(Store.note_delivery, key, result)
        except WrongPhase:
            self._followed.pop(key, None)  # deleted meanwhile
        except JournalError:
            followed.pause = FIRST_PAUSE  # the next question tells it again
        else:
            followed.result = result
            self._changed(entry)
