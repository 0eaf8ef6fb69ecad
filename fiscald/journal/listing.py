"""The SQL conditions and the order of a list of jobs, written so that SQLite finds them by an index.

Without times, jobs come in the order of acceptance. With ``since`` or ``until`` they come in the order of their time of
acceptance. Both differ only if the host's clock went back.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from fiscald.journal.buyers import HASH
from fiscald.model.jobs import JobState
from fiscald.model.money import format_money

#: The same expressions as in the indexes of schemas 6 and 9. A damaged value has none of them.
ACCEPTED = "CAST(strftime('%s', created_at) AS INTEGER)"
NUMBER = "CASE WHEN json_valid(result) THEN json_extract(result, '$.number') END"
TOTAL = "CASE WHEN json_valid(result) THEN json_extract(result, '$.total') END"


@dataclass(frozen=True, slots=True)
class Wanted:
    """The filter of a list of jobs."""

    printer: str | None = None
    state: JobState | None = None
    since: datetime | None = None
    """Accepted at that time or later (``until``: or earlier), in whole seconds."""
    until: datetime | None = None
    number: int | None = None
    """The number that the printer gave to the document."""
    total: Decimal | None = None
    """The total that the printer registered."""
    nip: str | None = None
    """The buyer's NIP, ten digits."""

    @property
    def by_time(self) -> bool:
        """Whether the jobs come in the order of time."""
        return self.since is not None or self.until is not None


def conditions(wanted: Wanted, phases: Sequence[str]) -> tuple[list[str], list[Any]]:
    """The conditions after ``WHERE``. ``phases``: the phases of the state.

    "+" keeps SQLite from an index that finds more rows than the others and needs a sort.
    """
    where: list[str] = []
    values: list[Any] = []

    def add(condition: str, *found: Any) -> None:
        where.append(condition)
        values.extend(found)

    by_buyer = wanted.nip is not None and wanted.number is None
    by_result = wanted.number is not None or (wanted.total is not None and not by_buyer)
    if by_result:
        where.append("result IS NOT NULL")
    if wanted.number is not None:
        add(f"{NUMBER} = ?", wanted.number)
    if wanted.total is not None:
        add(f"{'+' if by_buyer else ''}{TOTAL} = ?", format_money(wanted.total))
    if wanted.nip is not None:
        add(f"{'' if by_buyer else '+'}buyer = {HASH}", wanted.nip)
    time = f"+{ACCEPTED}" if by_result else ACCEPTED
    if wanted.since is not None:
        add(f"{time} >= ?", int(wanted.since.timestamp()))
    if wanted.until is not None:
        add(f"{time} <= ?", int(wanted.until.timestamp()))
    narrowed = by_result or by_buyer or wanted.by_time
    if wanted.printer is not None:
        # Without a state: read in order of id until the page is full, instead of sorting all jobs of the printer.
        add("+printer = ?" if narrowed or wanted.state is None else "printer = ?", wanted.printer)
    if wanted.state is not None:
        add(f"{'+' if narrowed else ''}phase IN ({', '.join('?' * len(phases))})", *phases)
    return where, values


def order(wanted: Wanted, *, newest_first: bool) -> str:
    """The order after ``ORDER BY``."""
    way = "DESC" if newest_first else "ASC"
    return f"{ACCEPTED} {way}, id {way}" if wanted.by_time else f"id {way}"


def beyond(wanted: Wanted, cursor: int, accepted: int | None, *, newest_first: bool) -> tuple[list[str], list[Any]]:
    """The condition for jobs after the one with that id, accepted at that second (``None``: it is deleted)."""
    sign = "<" if newest_first else ">"
    if not wanted.by_time:
        return [f"id {sign} ?"], [cursor]
    if accepted is None:
        return ["0"], []  # it was deleted because of its age, and so are the jobs after it
    return [f"{ACCEPTED} {sign}= ?", f"({ACCEPTED} {sign} ? OR id {sign} ?)"], [accepted, accepted, cursor]
