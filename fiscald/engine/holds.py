"""Documents that wait because the printer refused one for a condition of its own, and when one is tried again.

Most such conditions no question shows: that the service jumper is out is found out by trying a document. A try that is
refused at once costs nothing, and is made again within a minute. One that opens a receipt first costs the paper of a
cancelled receipt, and is made again after ever longer pauses. Whatever hints at the end of the condition - a daily
report, somebody at the printer's menu, a new connection, a command by hand - makes the next try come at once.
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

#: Seconds until the next try and the longest such pause, for what passes by itself; for what costs nothing; for what
#: costs paper.
BY_ITSELF, FOR_NOTHING, ON_PAPER = (1.0, 10.0), (4.0, 60.0), (20.0, 3600.0)
#: Seconds between two tries at least, whatever hints that the condition is over.
SOONEST = 1.5
#: Types of documents that end the fiscal day.
DAY_ENDS = frozenset(name for name, document in DOCUMENTS.items() if document.about.fiscal is Fiscal.DAY_END)
#: Documents that are remembered one by one; with more of them, all of their type wait.
MAX_KEYS = 100


@dataclass
class _Hold:
    """One condition, and what waits for its end."""

    problem: Problem
    pause: float
    longest: float
    tried: float
    """When a document was tried last."""
    due: float
    """When one is tried again."""
    types: set[str] = field(default_factory=set)
    keys: dict[str, str] = field(default_factory=dict)
    """Documents that alone wait, with their types."""

    @property
    def soonest(self) -> float:
        """When the next try may be made, whatever hints at the end of the condition."""
        return self.tried + (ON_PAPER[0] if self.longest == ON_PAPER[1] else SOONEST)

    def concerns(self, key: str, document_type: str) -> bool:
        """Whether this document waits for it."""
        return document_type in self.types or key in self.keys


class Holds:
    """The holds of one printer."""

    def __init__(self, conditions: Conditions) -> None:
        self._conditions = conditions
        self._holds: dict[str, _Hold] = {}

    @property
    def problem(self) -> Problem | None:
        """The first condition that documents wait for; ``None`` where none does."""
        return next((hold.problem for hold in self._holds.values()), None)

    def against(self, key: str, document_type: str) -> Problem | None:
        """What a document waits for, whether or not its next try is due."""
        concerned = (hold for hold in self._holds.values() if hold.concerns(key, document_type))
        return next((hold.problem for hold in concerned), None)

    def stops(self, key: str, document_type: str, now: float) -> bool:
        """Whether a document must not be tried now."""
        return any(hold.concerns(key, document_type) and hold.due > now for hold in self._holds.values())

    def stopped_types(self, now: float) -> set[str]:
        """Types of which no document is to be tried now."""
        return set().union(*(hold.types for hold in self._standing(now)))

    def stopped_keys(self, now: float) -> list[str]:
        """Keys of documents that are not to be tried now, though others of their type are."""
        return [key for hold in self._standing(now) for key in hold.keys]

    def _standing(self, now: float) -> Iterator[_Hold]:
        return (hold for hold in self._holds.values() if hold.due > now)

    def refused(self, key: str, document_type: str, why: Problem, now: float, *, begun: bool) -> None:
        """The printer refused this document for that condition."""
        row = self._conditions.by_code.get(why.code)
        alone = row is not None and not row.waits
        if row is not None and row.heals is Heals.ITSELF:
            pause, longest = BY_ITSELF
        else:
            pause, longest = ON_PAPER if begun else FOR_NOTHING
        hold = self._holds.get(why.code)
        if hold is None:
            hold = self._holds[why.code] = _Hold(why, pause, longest, now, now + pause)
        elif hold.due <= now:
            # It was a try that told that the condition is not over.
            hold.pause = min(hold.pause * 2, hold.longest)
            hold.problem, hold.tried, hold.due = why, now, now + hold.pause
        if alone and len(hold.keys) < MAX_KEYS:
            hold.keys[key] = document_type
        else:
            hold.types |= {document_type} | (row.waits if row is not None else set())

    def seen(self, why: Problem, document_type: str, now: float) -> None:
        """A look before a document showed that condition; it is looked at again soon, which costs nothing."""
        hold = self._holds.setdefault(why.code, _Hold(why, SOONEST, SOONEST, now, now))
        hold.problem, hold.tried, hold.due = why, now, now + hold.pause
        row = self._conditions.by_code.get(why.code)
        hold.types |= {document_type} | (row.waits if row is not None else set())

    def taken(self, key: str, document_type: str) -> None:
        """The printer took this document: what it was refused for is over, and so is what the end of a day ends."""
        for code, hold in list(self._holds.items()):
            if hold.concerns(key, document_type):
                del self._holds[code]
        if document_type in DAY_ENDS:
            self.reported()

    def reported(self) -> None:
        """A daily report was made, by fiscald or without it: what the end of a day ends is over."""
        for code, hold in list(self._holds.items()):
            row = self._conditions.by_code.get(code)
            if (row is not None and row.heals is Heals.REPORT) or not hold.types.isdisjoint(DAY_ENDS):
                del self._holds[code]

    def looked(self, before: Snapshot | None, now: Snapshot, moment: float) -> None:
        """A full look; what it shows may mean that a condition is over which no look shows."""
        if before is not None and before.counters.daily_report != now.counters.daily_report:
            self.reported()
        if before is None or _told(before) != _told(now):
            self.hint(moment)

    def settled(self, key: str) -> None:
        """This document waits no more, for whatever reason."""
        for code, hold in list(self._holds.items()):
            if hold.keys.pop(key, None) is not None and not (hold.keys or hold.types):
                del self._holds[code]

    def hint(self, now: float) -> None:
        """Something happened that may have ended a condition: the next try comes at once."""
        for hold in self._holds.values():
            hold.due = min(hold.due, max(now, hold.soonest))

    def new_document(self, document_type: str, now: float) -> None:
        """A document was accepted. Where a try costs nothing it is a reason to try."""
        for hold in self._holds.values():
            if hold.longest < ON_PAPER[1] and document_type in hold.types:
                hold.due = min(hold.due, max(now, hold.soonest))


def _told(snapshot: Snapshot) -> tuple[object, ...]:
    """What changes only when somebody has done something to the printer."""
    return snapshot.identity, snapshot.rates, snapshot.standing
