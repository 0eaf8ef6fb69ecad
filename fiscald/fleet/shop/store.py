"""What the shop remembers of orders beside the journal: ``fleet.db`` in the state directory.

The journal says what became of an order that it has. Here is which orders came, which were refused and why, and which
outcomes the central has not acknowledged. Every change is one synced transaction.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from fiscald import private

FILE = "fleet.db"
_SCHEMA_VERSION = 1
_SCHEMA = """
CREATE TABLE orders (
    central TEXT NOT NULL,
    key TEXT NOT NULL,
    digest TEXT NOT NULL,           -- of printer and document
    first INTEGER NOT NULL,         -- 0: the key had other content before, so this was refused
    received REAL NOT NULL,         -- seconds since 1970
    day TEXT NOT NULL,              -- Polish date, for the daily limits
    total INTEGER NOT NULL,         -- grosze, for the daily limits
    state TEXT NOT NULL,            -- open, ended, refused
    outcome BLOB,                   -- JSON of the newest outcome that must arrive
    outcome_digest TEXT,
    acknowledged INTEGER NOT NULL DEFAULT 0,
    next_try REAL NOT NULL DEFAULT 0,       -- by the clock of one life of the daemon
    tries INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (central, key, digest)
) WITHOUT ROWID;
CREATE INDEX orders_by_day ON orders (day) WHERE first = 1 AND state <> 'refused';
CREATE INDEX orders_to_tell ON orders (next_try) WHERE outcome IS NOT NULL AND acknowledged = 0;
CREATE INDEX orders_open ON orders (state) WHERE state = 'open';
CREATE INDEX orders_by_outcome ON orders (outcome_digest) WHERE outcome_digest IS NOT NULL;
CREATE INDEX orders_by_age ON orders (received) WHERE acknowledged = 1;
"""
OPEN, ENDED, REFUSED = "open", "ended", "refused"
_NAMES = "central, key, digest, first, state, outcome, outcome_digest, acknowledged, received"


class FleetStoreError(Exception):
    """The file cannot be used; ``str`` says why and what to do."""


class OrderId(NamedTuple):
    """One order: the same key with other content is another one."""

    central: str
    key: str
    digest: str


class Row(NamedTuple):
    """An order as it is stored."""

    order: OrderId
    first: bool
    state: str
    outcome: bytes | None
    outcome_digest: str | None
    acknowledged: bool
    received: float


class Used(NamedTuple):
    """What the orders of one day took from the daily limits."""

    orders: int
    total: int
    """Grosze."""


class FleetStore:
    """The open file. One thread at a time uses it."""

    def __init__(self, directory: Path) -> None:
        """Open or create the file in ``directory``. Raises ``FleetStoreError``."""
        self._path = directory / FILE
        try:
            os.close(private.open_file(self._path, os.O_RDWR))
            self._db = sqlite3.connect(self._path, isolation_level=None, check_same_thread=False)
            try:
                self._prepare()
            except BaseException:
                self._db.close()
                raise
        except (OSError, sqlite3.Error) as error:
            raise FleetStoreError(
                f"{self._path}: {error}; without it orders of the fleet are not carried out. If it cannot be read, "
                "move it away: then refusals are forgotten, and the journal still prints no order twice"
            ) from None

    def _prepare(self) -> None:
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=FULL")
        (version,) = self._db.execute("PRAGMA user_version").fetchone()
        if version == 0:
            with self._change():
                for statement in _SCHEMA.split(";"):
                    self._db.execute(statement)
                self._db.execute(f"PRAGMA user_version={_SCHEMA_VERSION}")
        elif version != _SCHEMA_VERSION:
            raise sqlite3.DatabaseError(f"it has schema {version}, this version of fiscald knows {_SCHEMA_VERSION}")
        with self._change():  # the clock of an earlier life means nothing now
            self._db.execute("UPDATE orders SET next_try = 0, tries = 0 WHERE outcome IS NOT NULL AND acknowledged = 0")

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    # -- orders ---------------------------------------------------------------------------------------

    def find(self, central: str, key: str) -> list[Row]:
        """The orders of that key: the first content, and what was refused because it differed."""
        return self._rows("WHERE central = ? AND key = ? ORDER BY first DESC", (central, key))

    def open_orders(self) -> list[OrderId]:
        """The orders without an end."""
        return [row.order for row in self._rows("WHERE state = 'open'")]

    def receive(self, order: OrderId, at: float, day: str, total: int) -> None:
        """Note an order before it is handed to the journal. One that is noted stays as it is."""
        with self._change():
            self._db.execute(
                "INSERT INTO orders (central, key, digest, first, received, day, total, state)"
                " VALUES (?, ?, ?, 1, ?, ?, ?, 'open') ON CONFLICT DO NOTHING",
                (*order, at, day, total),
            )

    def refuse(self, order: OrderId, outcome: bytes, outcome_digest: str, at: float, day: str, *, first: bool) -> None:
        """Note a final refusal with its outcome. It stays: the same order is answered with it for ever."""
        with self._change():
            self._db.execute(
                "INSERT INTO orders (central, key, digest, first, received, day, total, state, outcome, outcome_digest)"
                " VALUES (?, ?, ?, ?, ?, ?, 0, 'refused', ?, ?) ON CONFLICT DO UPDATE SET state = 'refused',"
                " outcome = excluded.outcome, outcome_digest = excluded.outcome_digest, acknowledged = 0, next_try = 0,"
                " tries = 0 WHERE state = 'open'",
                (*order, first, at, day, outcome, outcome_digest),
            )

    def tell(self, order: OrderId, outcome: bytes, outcome_digest: str, *, ended: bool) -> None:
        """Note an outcome of a known order that must arrive. A later one replaces an earlier one."""
        with self._change():
            self._db.execute(
                "UPDATE orders SET outcome = ?, outcome_digest = ?, acknowledged = 0, next_try = 0, tries = 0,"
                " state = ? WHERE central = ? AND key = ? AND digest = ?",
                (outcome, outcome_digest, ENDED if ended else OPEN, *order),
            )

    def used(self, day: str) -> Used:
        """What the orders of ``day`` took from the daily limits."""
        count, total = self._db.execute(
            "SELECT count(*), coalesce(sum(total), 0) FROM orders WHERE day = ? AND first = 1 AND state <> 'refused'",
            (day,),
        ).fetchone()
        return Used(count, total)

    # -- outcomes -------------------------------------------------------------------------------------

    def due(self, now: float, limit: int) -> list[Row]:
        """Outcomes to send now."""
        return self._rows(
            "WHERE outcome IS NOT NULL AND acknowledged = 0 AND next_try <= ? ORDER BY next_try LIMIT ?", (now, limit)
        )

    def next_due(self) -> float | None:
        """When the next outcome is to be sent; ``None``: all are acknowledged."""
        (found,) = self._db.execute(
            "SELECT min(next_try) FROM orders WHERE outcome IS NOT NULL AND acknowledged = 0"
        ).fetchone()
        return None if found is None else float(found)

    def sent(self, order: OrderId, outcome_digest: str, now: float, pauses: tuple[float, ...]) -> None:
        """An outcome was handed over. It is sent again after the next, longer one of ``pauses``."""
        with self._change():
            row = self._db.execute(
                "SELECT tries FROM orders WHERE central = ? AND key = ? AND digest = ? AND outcome_digest = ?",
                (*order, outcome_digest),
            ).fetchone()
            if row is not None:
                pause = pauses[min(row[0], len(pauses) - 1)]
                self._db.execute(
                    "UPDATE orders SET tries = tries + 1, next_try = ? WHERE central = ? AND key = ? AND digest = ?",
                    (now + pause, *order),
                )

    def hurry(self) -> None:
        """Send all outcomes again that are not acknowledged: the line was lost, and they may be lost with it."""
        with self._change():
            self._db.execute("UPDATE orders SET next_try = 0 WHERE outcome IS NOT NULL AND acknowledged = 0")

    def acknowledge(self, central: str, digests: Iterable[str]) -> int:
        """The central has stored these outcomes. Returns how many were waited for.

        The outcome of a refusal is kept for the case that the order comes again; the journal has the others.
        """
        changed = 0
        with self._change():
            for digest in digests:
                changed += self._db.execute(
                    "UPDATE orders SET acknowledged = 1, outcome = CASE state WHEN 'refused' THEN outcome END"
                    " WHERE central = ? AND outcome_digest = ? AND acknowledged = 0",
                    (central, digest),
                ).rowcount
        return changed

    def waiting(self) -> int:
        """Outcomes that are not acknowledged."""
        (count,) = self._db.execute(
            "SELECT count(*) FROM orders WHERE outcome IS NOT NULL AND acknowledged = 0"
        ).fetchone()
        return int(count)

    def again(self, order: OrderId) -> None:
        """Send the stored outcome of an order once more: the central asks for it."""
        with self._change():
            self._db.execute(
                "UPDATE orders SET acknowledged = 0, next_try = 0, tries = 0"
                " WHERE central = ? AND key = ? AND digest = ? AND outcome IS NOT NULL",
                order,
            )

    def purge(self, before: float) -> int:
        """Forget ended and acknowledged orders that came before that time. Returns how many."""
        with self._change():
            return self._db.execute(
                "DELETE FROM orders WHERE acknowledged = 1 AND state <> 'open' AND received < ?", (before,)
            ).rowcount

    # -- the file -------------------------------------------------------------------------------------

    def _rows(self, where: str, values: tuple[object, ...] = ()) -> list[Row]:
        found = self._db.execute(f"SELECT {_NAMES} FROM orders {where}", values)
        return [
            Row(OrderId(*row[:3]), bool(row[3]), row[4], row[5], row[6], bool(row[7]), row[8])
            for row in found.fetchall()
        ]

    @contextlib.contextmanager
    def _change(self) -> Iterator[None]:
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")
