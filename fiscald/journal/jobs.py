"""Reads jobs from the journal: one job, a page of jobs, the next job, and the changes."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Any, NamedTuple

from fiscald.journal import listing, packaging
from fiscald.journal.file import Doubt
from fiscald.journal.listing import Wanted
from fiscald.journal.packaging import PackagingPage, Span
from fiscald.journal.printers import PrinterMemory
from fiscald.journal.rows import (
    COLUMNS,
    JOB_COLUMNS,
    Change,
    Entry,
    Unread,
    UnreadEvent,
    change,
)
from fiscald.journal.rows import entry as read_entry
from fiscald.model.jobs import JobState, Phase

#: How many of the newest jobs a starting daemon looks through for e-receipts.
NEWEST = 1000
#: Characters of jobs to fetch together.
PAGE_BYTES = 64 * 1024
#: Documents with packaging to fetch together (about 5 ms).
PAGE_PACKAGING = 200


class Waiting(NamedTuple):
    """What a starting daemon reads from the journal."""

    jobs: list[tuple[str, str]]
    """Printer and key of every accepted job."""
    doubts: dict[str, Doubt]
    """Printers about which the journal may not know everything."""
    e_receipts: list[Entry]
    """The newest done jobs with an e-receipt, oldest first."""


class Figures(NamedTuple):
    """How many jobs there are, for the metrics."""

    states: dict[tuple[str, str], int]
    """By printer and state."""
    oldest: dict[str, str]
    """By printer, when its oldest waiting job was accepted: ISO 8601 with offset."""


class JobReader(PrinterMemory):
    """The part of the journal that reads jobs."""

    def job(self, key: str) -> Entry | None:
        """The job with that key."""
        with self._reading() as db:
            row = db.execute(f"SELECT {COLUMNS} FROM job WHERE key = ?", (key,)).fetchone()
        return None if row is None else read_entry(row)

    def jobs(
        self,
        *,
        printer: str | None = None,
        state: JobState | None = None,
        wanted: Wanted | None = None,
        newest_first: bool = False,
        after: int = 0,
        limit: int = 100,
    ) -> list[Entry]:
        """The jobs after the one with the id ``after`` (0: from the beginning), in order.

        ``wanted``: a filter, instead of ``printer`` and ``state``.
        """
        wanted = wanted or Wanted(printer=printer, state=state)
        found = self.unread(wanted, newest_first=newest_first, after=after, limit=limit, most_bytes=2**63)
        return [each.entry() for each in found]

    def unread(
        self, wanted: Wanted, *, newest_first: bool, after: int = 0, limit: int = 100, most_bytes: int = PAGE_BYTES
    ) -> list[Unread]:
        """The same, not parsed yet. Fewer than ``limit`` if they reach ``most_bytes`` before that, but at least one."""
        phases = [phase for phase in Phase if phase.state is wanted.state]
        where, values = listing.conditions(wanted, phases)
        with self._reading() as db:
            if after:
                row = db.execute(f"SELECT {listing.ACCEPTED} FROM job WHERE id = ?", (after,)).fetchone()
                more, further = listing.beyond(wanted, after, row and row[0], newest_first=newest_first)
                where, values = where + more, values + further
            cursor = db.execute(
                f"SELECT {COLUMNS} FROM job WHERE {' AND '.join(where) or '1'}"
                f" ORDER BY {listing.order(wanted, newest_first=newest_first)} LIMIT ?",
                (*values, limit),
            )
            return [Unread(row[0], row) for row in _fetched(cursor, most_bytes)]

    def packaging(
        self, printer: str, span: Span, after: tuple[int, int] | None, limit: int = PAGE_PACKAGING
    ) -> PackagingPage:
        """Printed and undecided documents of that printer with returnable packaging, in a span of time; ``after`` the
        end of another page (``None``: from the beginning).

        The time is the printer's. Without it, and for undecided documents, it is that of the last change.
        """
        values = packaging.values(printer, span, after, limit)
        with self._reading() as db:
            rows = db.execute(packaging.PAGE, values).fetchall()
        return PackagingPage(rows, rows[-1][:2] if len(rows) == limit else None)

    def next_job(self, printer: str) -> Entry | None:
        """The job to run next. An unsettled job comes before all that have not started."""
        with self._reading() as db:
            for phases in ("'started', 'committing', 'undecided'", "'accepted'"):
                row = db.execute(
                    f"SELECT {COLUMNS} FROM job WHERE printer = ? AND phase IN ({phases}) AND NOT harmless"
                    " ORDER BY id LIMIT 1",
                    (printer,),
                ).fetchone()
                if row is not None:
                    return read_entry(row)
        return None

    def next_accepted(self, printer: str, types: Sequence[str], but: Sequence[str] = ()) -> Entry | None:
        """The oldest accepted job with a document of these ``types`` and none of the keys in ``but``."""
        marks, keys = (", ".join("?" * len(values)) for values in (types, but))
        with self._reading() as db:
            row = db.execute(
                f"SELECT {COLUMNS} FROM job WHERE printer = ? AND phase = 'accepted'"
                f" AND CASE WHEN json_valid(document) THEN json_extract(document, '$.type') END IN ({marks})"
                f" AND key NOT IN ({keys}) ORDER BY id LIMIT 1",
                (printer, *types, *but),
            ).fetchone()
        return None if row is None else read_entry(row)

    def waiting(self) -> Waiting:
        """What a starting daemon must know."""
        with self._reading() as db:
            jobs = db.execute("SELECT printer, key FROM job WHERE phase = 'accepted'").fetchall()
            doubts = db.execute("SELECT printer, why FROM doubt").fetchall()
            e_receipts = db.execute(
                f"SELECT {COLUMNS} FROM job WHERE id > (SELECT coalesce(max(id), 0) FROM job) - ? AND phase = 'done'"
                " AND CASE WHEN json_valid(result) THEN json_extract(result, '$.e_receipt.id') END IS NOT NULL"
                " ORDER BY id",
                (NEWEST,),
            ).fetchall()
        return Waiting(jobs, {printer: Doubt(why) for printer, why in doubts}, [read_entry(row) for row in e_receipts])

    def counts(self) -> dict[tuple[str, str], int]:
        """How many jobs each printer has in each state."""
        with self._reading() as db:
            rows = db.execute("SELECT printer, phase, jobs FROM tally WHERE jobs > 0").fetchall()
        counts: dict[tuple[str, str], int] = {}
        for printer, phase, number in rows:
            where = (printer, Phase(phase).state.value)
            counts[where] = counts.get(where, 0) + number
        return counts

    def figures(self) -> Figures:
        """How many jobs there are, and since when jobs wait."""
        with self._reading() as db:
            oldest = db.execute(
                "SELECT printer, created_at, min(id) FROM job WHERE phase = 'accepted' GROUP BY printer"
            ).fetchall()
        return Figures(self.counts(), {printer: created_at for printer, created_at, _ in oldest})

    def events(self, after: int, limit: int = 100) -> list[Change]:
        """Changes with an id above ``after``, oldest first; fewer than ``limit`` if they are large."""
        with self._reading() as db:
            cursor = db.execute(
                f"SELECT event.id, event.at, event.phase, {JOB_COLUMNS} FROM event JOIN job ON job.id = event.job"
                " WHERE event.id > ? ORDER BY event.id LIMIT ?",
                (after, limit),
            )
            return [change(*row) for row in _fetched(cursor, PAGE_BYTES)]

    def job_events(self, job: int, after: int, limit: int) -> list[UnreadEvent]:
        """What happened to the job with that id, after the event ``after``, oldest first; not parsed yet."""
        with self._reading() as db:
            rows = db.execute(
                "SELECT id, at, phase, problem, resolution FROM event WHERE job = ? AND id > ? ORDER BY id LIMIT ?",
                (job, after, limit),
            )
            return [UnreadEvent(*row) for row in rows]

    def last_event(self) -> int:
        """Id of the newest change, 0 if there is none."""
        with self._reading() as db:
            (last,) = db.execute("SELECT coalesce(max(id), 0) FROM event").fetchone()
        return int(last)

    def last_job(self) -> int:
        """Id of the newest job, 0 if there is none."""
        with self._reading() as db:
            (last,) = db.execute("SELECT coalesce(max(id), 0) FROM job").fetchone()
        return int(last)


def _fetched(cursor: sqlite3.Cursor, most_bytes: int) -> list[tuple[Any, ...]]:
    """The rows until they reach ``most_bytes``; at least one, if there is one."""
    rows = []
    for row in cursor:
        rows.append(row)
        most_bytes -= sum(len(value) for value in row if isinstance(value, str))
        if most_bytes <= 0:
            break
    return rows
