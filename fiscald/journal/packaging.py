"""Finds the documents with returnable packaging of one printer and span of time, by an index."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from pydantic import TypeAdapter

from fiscald.journal.rows import UNREADABLE
from fiscald.model.jobs import Phase
from fiscald.model.packaging import Packaging
from fiscald.model.packaging_balance import Counted

#: The same expressions as in the index of schema 10.
HAS_PACKAGING = (
    "CASE WHEN json_valid(document) THEN json_extract(document, '$.type') = 'packaging'"
    " OR json_array_length(document, '$.packaging') > 0 END"
)
PRINTED_AT = "CASE WHEN json_valid(result) THEN json_extract(result, '$.printed_at') END"
MOMENT = f"CAST(strftime('%s', coalesce({PRINTED_AT}, updated_at)) AS INTEGER)"
#: Finds a page of jobs: after the one with that time and id, before the end.
PAGE = (
    f"SELECT {MOMENT}, id, phase, {PRINTED_AT}, coalesce(json_extract(document, '$.packaging'),"
    f" json_extract(document, '$.items')) FROM job WHERE {HAS_PACKAGING} AND printer = ? AND {MOMENT} >= ?"
    f" AND {MOMENT} < ? AND ({MOMENT}, id) > (?, ?) AND +phase IN ('done', 'undecided') ORDER BY {MOMENT}, id LIMIT ?"
)
_ITEMS = TypeAdapter(tuple[Packaging, ...])
Row = tuple[int, int, str, str | None, str | None]


class Span(NamedTuple):
    """A span of time."""

    since: datetime
    until: datetime
    """The first moment after it."""


class PackagingPage(NamedTuple):
    """Documents with packaging, not parsed yet: any thread may do that."""

    rows: Sequence[Row]
    next: tuple[int, int] | None
    """Where the next page begins; ``None``: there is none."""

    def documents(self) -> list[Counted]:
        """Parse the documents. One that is unreadable has no packaging."""
        return [_counted(*row[2:]) for row in self.rows]


def _counted(phase: str, printed_at: str | None, items: str | None) -> Counted:
    done = phase == Phase.DONE
    try:
        packaging = _ITEMS.validate_json(items or "[]")
    except UNREADABLE:
        packaging = ()
    return Counted(packaging, done, printed_at is not None)


def values(printer: str, span: Span, after: tuple[int, int] | None, limit: int) -> list[Any]:
    """The values of ``PAGE``."""
    place = after or (int(span.since.timestamp()), 0)
    return [printer, place[0], int(span.until.timestamp()), *place, limit]
