"""Messages to webhooks. A message is written in the transaction of the change that it reports, and stays until its
receiver has it.
"""

from __future__ import annotations

import secrets
import sqlite3
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from fiscald.journal.file import JournalFile
from fiscald.journal.rows import Entry
from fiscald.model.jobs import JobState
from fiscald.model.webhooks import WebhookEvent, event_of, message_body

#: The newest dead letters of each webhook stay.
KEEP_DEAD = 10_000
#: How many messages one transaction gives up, sends again or deletes.
STEP = 500
_GONE = "the receiver answered 410 Gone before"
#: A message waits for the earlier ones about its job.
_HEAD = (
    "SELECT id, message_id, body, tries, since FROM webhook_message AS one WHERE webhook = ? AND dead_at IS NULL"
    " AND {when} AND NOT EXISTS (SELECT 1 FROM webhook_message AS earlier WHERE earlier.job = one.job"
    " AND earlier.webhook = one.webhook AND earlier.id < one.id AND earlier.dead_at IS NULL)"
    " ORDER BY due, id LIMIT ?"
)


class Subscription(NamedTuple):
    """What is sent to one webhook."""

    name: str
    events: frozenset[WebhookEvent]
    printers: frozenset[str] | None
    """``None``: all."""
    address: bytes
    """Hash of its URL."""

    def wants(self, state: JobState, printer: str) -> bool:
        """Whether a change of a job of that printer to that state is sent."""
        return event_of(state) in self.events and (self.printers is None or printer in self.printers)


class Message(NamedTuple):
    """A message that is due."""

    id: int
    message_id: str
    body: str
    tries: int
    since: float


class Due(NamedTuple):
    """The messages that may be sent now, and when the next one may be."""

    messages: Sequence[Message]
    next: float | None


class Known(NamedTuple):
    """What the journal knows about a receiver."""

    gone_at: float | None = None
    failing_since: float | None = None
    failures: int = 0
    error: str | None = None
    delivered_at: float | None = None


class Counted(NamedTuple):
    """The messages of a webhook."""

    waiting: int
    oldest: float | None
    dead: int


class Dead(NamedTuple):
    """A message that was given up."""

    id: int
    message_id: str
    key: str
    type: str
    since: float
    dead_at: float
    tries: int
    error: str | None


class Outbox(JournalFile):
    """The part of the journal that keeps messages to webhooks. Times are seconds since 1970."""

    #: The webhooks for which messages are written.
    subscriptions: tuple[Subscription, ...] = ()

    def _seconds(self) -> float:
        return self._clock().timestamp()

    def _write_messages(self, db: sqlite3.Connection, entry: Entry, event: int) -> None:
        """Write the messages about a changed job, as part of its transaction. ``event``: id of the change."""
        body = ""
        for each in self.subscriptions:
            if each.wants(entry.phase.state, entry.job.printer):
                body = body or message_body(entry.job, event)
                db.execute(
                    "INSERT INTO webhook_message (webhook, job, message_id, type, body, since, error, dead_at)"
                    " SELECT ?1, ?2, ?3, ?4, ?5, ?6, iif(gone IS NULL, NULL, ?7), iif(gone IS NULL, NULL, ?6) FROM"
                    " (SELECT (SELECT gone_at FROM webhook WHERE name = ?1 AND address = ?8) AS gone)",
                    (
                        each.name, entry.id, f"msg_{secrets.token_hex(16)}", event_of(entry.phase.state), body,
                        self._seconds(), _GONE, each.address,
                    ),
                )  # fmt: skip

    def know_webhooks(self) -> dict[str, Known]:
        """Every webhook by name. Another URL is another receiver, of which nothing is known yet."""
        with self._transaction() as db:
            for each in self.subscriptions:
                db.execute(
                    "INSERT INTO webhook (name, address) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET"
                    " address = excluded.address, gone_at = NULL, failing_since = NULL, failures = 0, error = NULL,"
                    " delivered_at = NULL WHERE address != excluded.address",
                    (each.name, each.address),
                )
            rows = db.execute(
                "SELECT name, gone_at, failing_since, failures, error, delivered_at FROM webhook"
            ).fetchall()
        return {name: Known(*row) for name, *row in rows}

    def webhook_counts(self) -> dict[str, Counted]:
        """The messages of every webhook that has some."""
        with self._reading() as db:
            rows = db.execute(
                "SELECT webhook, count(*), min(since), 0 FROM webhook_message WHERE dead_at IS NULL GROUP BY webhook"
                " UNION ALL SELECT webhook, 0, NULL, count(*) FROM webhook_message WHERE dead_at IS NOT NULL"
                " GROUP BY webhook"
            ).fetchall()
        counts: dict[str, Counted] = {}
        for name, waiting, oldest, dead in rows:
            before = counts.get(name, Counted(0, None, 0))
            counts[name] = Counted(before.waiting + waiting, before.oldest or oldest, before.dead + dead)
        return counts

    def due_messages(self, name: str, limit: int, longest: float) -> Due:
        """The messages that may be sent now: of each job only the oldest.

        ``longest``: the longest wait in seconds. One that seems to wait longer is due: the clock went back.
        """
        now = self._seconds()
        with self._reading() as db:
            found = db.execute(_HEAD.format(when="due <= ?"), (name, now, limit)).fetchall()
            if len(found) < limit:
                values = (name, now + longest, limit - len(found))
                found += db.execute(_HEAD.format(when="due > ?"), values).fetchall()
            (following,) = db.execute(
                "SELECT min(due) FROM webhook_message WHERE webhook = ? AND dead_at IS NULL AND due > ?", (name, now)
            ).fetchone()
        return Due([Message(*row) for row in found], following)

    # -- outcomes -------------------------------------------------------------------------------------

    def message_delivered(self, name: str, number: int, *, back: bool = False) -> None:
        """The receiver has the message. ``back``: it was away, so what failed meanwhile is due now."""
        with self._transaction() as db:
            db.execute("DELETE FROM webhook_message WHERE id = ?", (number,))
            self._answered(db, name)
            if back:
                self._all_due(db, name)

    def message_failed(self, name: str, number: int, due: float, why: str, *, dead: bool) -> None:
        """A try failed: the message is due again at ``due``, or is given up (``dead``)."""
        now = self._seconds()
        with self._transaction() as db:
            db.execute(
                "UPDATE webhook_message SET tries = tries + 1, due = ?, error = ?, dead_at = ? WHERE id = ?",
                (due, why, now if dead else None, number),
            )
            # Those behind it would only be found and passed over.
            db.execute(
                "UPDATE webhook_message SET due = max(due, ?1) WHERE webhook = ?3 AND id > ?2 AND dead_at IS NULL"
                " AND job = (SELECT job FROM webhook_message WHERE id = ?2)",
                (0 if dead else due, number, name),
            )
            db.execute(
                "UPDATE webhook SET failures = failures + 1, failing_since = coalesce(failing_since, ?), error = ?"
                " WHERE name = ?",
                (now, why, name),
            )

    def webhook_answered(self, name: str) -> None:
        """A test was answered well: the receiver is there, also if it was gone. What waits is due now."""
        with self._transaction() as db:
            self._answered(db, name)
            self._all_due(db, name)

    def _all_due(self, db: sqlite3.Connection, name: str) -> None:
        db.execute("UPDATE webhook_message SET due = 0 WHERE webhook = ? AND dead_at IS NULL AND due > 0", (name,))

    def _answered(self, db: sqlite3.Connection, name: str) -> None:
        db.execute(
            "UPDATE webhook SET gone_at = NULL, failing_since = NULL, failures = 0, error = NULL, delivered_at = ?"
            " WHERE name = ?",
            (self._seconds(), name),
        )

    def webhook_gone(self, name: str, why: str) -> None:
        """The receiver answered 410 Gone. ``give_up`` then gives up what waits."""
        with self._transaction() as db:
            db.execute("UPDATE webhook SET gone_at = ?, error = ? WHERE name = ?", (self._seconds(), why, name))

    def give_up(self, name: str, before: float, why: str) -> int:
        """Give up some of the waiting messages from before that time. Returns how many; 0: nothing is left."""
        with self._transaction() as db:
            return db.execute(
                "UPDATE webhook_message SET dead_at = ?, error = coalesce(error, ?) WHERE id IN (SELECT id FROM"
                " webhook_message WHERE webhook = ? AND dead_at IS NULL AND since < ? LIMIT ?)",
                (self._seconds(), why, name, before, STEP),
            ).rowcount

    # -- dead letters ---------------------------------------------------------------------------------

    def dead_messages(self, name: str, after: int, limit: int) -> list[Dead]:
        """The dead letters of a webhook after that id, oldest first."""
        with self._reading() as db:
            rows = db.execute(
                "SELECT one.id, message_id, job.key, type, since, dead_at, tries, one.error FROM webhook_message AS one"
                " JOIN job ON job.id = one.job WHERE webhook = ? AND dead_at IS NOT NULL AND one.id > ?"
                " ORDER BY one.id LIMIT ?",
                (name, after, limit),
            ).fetchall()
        return [Dead(*row) for row in rows]

    def resend(self, name: str, numbers: Iterable[int]) -> int:
        """Dead letters wait again, with all their tries before them. Returns how many."""
        with self._transaction() as db:
            return sum(
                db.execute(
                    "UPDATE webhook_message SET dead_at = NULL, tries = 0, due = 0, since = ?, error = NULL"
                    " WHERE id = ? AND webhook = ? AND dead_at IS NOT NULL",
                    (self._seconds(), number, name),
                ).rowcount
                for number in numbers
            )

    def forget_dead(self, name: str) -> int:
        """Delete some of the oldest dead letters beyond ``KEEP_DEAD``. Returns how many; 0: nothing is left."""
        with self._transaction() as db:
            return db.execute(
                "DELETE FROM webhook_message WHERE id IN (SELECT id FROM webhook_message WHERE webhook = ?"
                " AND dead_at IS NOT NULL ORDER BY id DESC LIMIT ? OFFSET ?)",
                (name, STEP, KEEP_DEAD),
            ).rowcount
