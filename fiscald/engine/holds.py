"""Documents that wait because the printer refused one for a condition, and when fiscald tries one again.

A hold is one condition and the documents that wait for its end. The printer does not report most of these conditions:
only a new try shows that, for example, the service jumper is back in place. A try that the printer refuses at once
costs nothing, so fiscald repeats it within a minute. A try that opens a receipt first costs the paper of a cancelled
receipt, so the pauses between these tries grow. A sign that the condition may be over (a daily report, a person at
the printer's menu, a new connection, a technician's command) brings the next try forward.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from fiscald.model.about import Fiscal
from fiscald.model.conditions import Heals
from fiscald.model.documents import DOCUMENTS
from fiscald.model.printers import Snapshot
from fiscald.model.problems import Problem
from fiscald.protocols.conditions import Conditions

#: The first and the longest pause before the next try, in seconds: for a condition that passes by itself, for a try
#: that costs nothing, and for a try that costs paper.
TRANSIENT, FREE_TRY, PAPER_TRY = (1.0, 10.0), (4.0, 60.0), (20.0, 3600.0)
#: The shortest pause between two tries, in seconds, whatever happens at the printer.
MIN_PAUSE = 1.5
#: Types of documents that end the fiscal day.
DAY_ENDS = frozenset(name for name, document in DOCUMENTS.items() if document.about.fiscal is Fiscal.DAY_END)
#: At most this many documents wait one by one. With more, all documents of their type wait.
MAX_KEYS = 100


@dataclass
class _Hold:
    """One condition, and the documents that wait for its end."""

    problem: Problem
    pause: float
    longest: float
    tried: float
    """When fiscald last tried a document."""
    due: float
    """When fiscald tries a document again."""
    types: set[str] = field(default_factory=set)
    keys: dict[str, str] = field(default_factory=dict)
    """Single documents that wait, with their types."""

    @property
    def soonest(self) -> float:
        """The earliest time of the next try, whatever happens at the printer."""
        return self.tried + (PAPER_TRY[0] if self.longest == PAPER_TRY[1] else MIN_PAUSE)

    def concerns(self, key: str, document_type: str) -> bool:
        """Whether this document waits for the end of the condition."""
        return document_type in self.types or key in self.keys


class Holds:
    """The holds of one printer."""

    def __init__(self, conditions: Conditions) -> None:
        self._conditions = conditions
        self._holds: dict[str, _Hold] = {}

    @property
    def problem(self) -> Problem | None:
        """The condition that the last try showed; ``None`` if no document waits. An earlier one may be over."""
        return max(self._holds.values(), key=lambda hold: hold.tried).problem if self._holds else None

    def problem_for(self, key: str, document_type: str) -> Problem | None:
        """The condition that this document waits for, whether or not its next try is due: see ``problem``."""
        concerned = [hold for hold in self._holds.values() if hold.concerns(key, document_type)]
        return max(concerned, key=lambda hold: hold.tried).problem if concerned else None

    def is_blocked(self, key: str, document_type: str, now: float) -> bool:
        """Whether fiscald must not try this document now."""
        return any(hold.concerns(key, document_type) and hold.due > now for hold in self._holds.values())

    def blocked_types(self, now: float) -> set[str]:
        """The types of documents that fiscald must not try now."""
        return set().union(*(hold.types for hold in self._blocking(now)))

    def blocked_keys(self, now: float) -> list[str]:
        """The keys of single documents that fiscald must not try now, although it may try others of their type."""
        return [key for hold in self._blocking(now) for key in hold.keys]

    def _blocking(self, now: float) -> Iterator[_Hold]:
        return (hold for hold in self._holds.values() if hold.due > now)

    def record_refusal(self, key: str, document_type: str, why: Problem, now: float, *, was_open: bool) -> None:
        """The printer refused this document for that condition. ``was_open``: after the document was open."""
        row = self._conditions.by_code.get(why.code)
        alone = row is not None and not row.waits
        if row is not None and row.heals is Heals.ITSELF:
            pause, longest = TRANSIENT
        else:
            pause, longest = PAPER_TRY if was_open else FREE_TRY
        hold = self._holds.get(why.code)
        if hold is None:
            hold = self._holds[why.code] = _Hold(why, pause, longest, now, now + pause)
        elif hold.due <= now:
            # This was a new try: the condition is not over.
            hold.pause = min(hold.pause * 2, hold.longest)
            hold.problem, hold.tried, hold.due = why, now, now + hold.pause
        if alone and len(hold.keys) < MAX_KEYS:
            hold.keys[key] = document_type
        else:
            hold.types |= {document_type} | (row.waits if row is not None else set())

    def record_condition(self, why: Problem, document_type: str, now: float) -> None:
        """A status read before a document showed that condition. The next read comes soon, because it costs nothing."""
        hold = self._holds.setdefault(why.code, _Hold(why, MIN_PAUSE, MIN_PAUSE, now, now))
        hold.problem, hold.tried, hold.due = why, now, now + hold.pause
        row = self._conditions.by_code.get(why.code)
        hold.types |= {document_type} | (row.waits if row is not None else set())

    def record_success(self, key: str, document_type: str) -> None:
        """The printer printed this document, so the conditions that it waited for are over."""
        for code, hold in list(self._holds.items()):
            if hold.concerns(key, document_type):
                del self._holds[code]
        if document_type in DAY_ENDS:
            self.record_daily_report()

    def record_daily_report(self) -> None:
        """The printer made a daily report (for fiscald or not), so the conditions that a report ends are over."""
        for code, hold in list(self._holds.items()):
            row = self._conditions.by_code.get(code)
            if (row is not None and row.heals is Heals.REPORT) or not hold.types.isdisjoint(DAY_ENDS):
                del self._holds[code]

    def compare_snapshots(self, before: Snapshot | None, now: Snapshot, moment: float) -> None:
        """Compare two status reads. A change may mean that a condition is over that the printer does not report."""
        if before is not None and before.counters.daily_report != now.counters.daily_report:
            self.record_daily_report()
        if before is None or _visible_state(before) != _visible_state(now):
            self.retry_soon(moment)

    def forget(self, key: str) -> None:
        """This document no longer waits, for whatever reason."""
        for code, hold in list(self._holds.items()):
            if hold.keys.pop(key, None) is not None and not (hold.keys or hold.types):
                del self._holds[code]

    def retry_soon(self, now: float) -> None:
        """Something happened that may have ended a condition: bring the next try forward."""
        for hold in self._holds.values():
            hold.due = min(hold.due, max(now, hold.soonest))

    def new_document(self, document_type: str, now: float) -> None:
        """The engine accepted a document. If a try costs nothing, try now."""
        for hold in self._holds.values():
            if hold.longest < PAPER_TRY[1] and document_type in hold.types:
                hold.due = min(hold.due, max(now, hold.soonest))


def _visible_state(snapshot: Snapshot) -> tuple[object, ...]:
    """What changes only if a person has done something at the printer."""
    return snapshot.identity, snapshot.rates, snapshot.standing
