"""Sends mail later than the answer: the time of an answer does not reveal whether a mail was sent.

The queue is a table, so a restart loses nothing. A mail server that does not answer is retried with growing delays.
A mail gets its code when it is sent, and a new one with every attempt; the last one is valid.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from email.message import EmailMessage
from typing import NamedTuple, Protocol

import anyio
from anyio import to_thread

from fiscald.licence.server.mail import BadAddress, MailTemplate, compose
from fiscald.licence.server.mailing import MAIL_SECONDS
from fiscald.licence.server.refusals import Unable
from fiscald.licence.server.rules import Rules
from fiscald.licence.server.store import Store

log = logging.getLogger(__name__)

#: Seconds until the next attempt, by how many there were; the last one repeats.
RETRY = (60, 300, 900, 3600)
#: Seconds between looks at the queue: another process may have put something in.
POLL_INTERVAL = 60.0


class MailRefused(Exception):
    """The mail server will never take this mail."""


class Transport(Protocol):
    """Takes mails away."""

    async def send(self, message: EmailMessage) -> None:
        """Raises ``OSError`` where it is worth trying again, ``MailRefused`` where it is not."""


class _Due(NamedTuple):
    id: int
    tries: int
    message: EmailMessage


class Outbox:
    """Sends the queued mails."""

    def __init__(self, store: Store, rules: Rules, transport: Transport, sender: str, clock: Callable[[], int]) -> None:
        self._store = store
        self._rules = rules
        self._transport = transport
        self._sender = sender
        self._clock = clock
        self._wake = anyio.Event()

    def wake(self) -> None:
        """Something may have been put into the queue."""
        self._wake.set()

    async def run(self) -> None:
        """Send until cancelled."""
        while True:
            self._wake = anyio.Event()
            try:
                while await self.send_one():
                    pass
            except Unable as error:
                log.error("mail waits: %s", error)
            with anyio.move_on_after(POLL_INTERVAL):
                await self._wake.wait()

    async def send_one(self) -> bool:
        """Try the first mail that is due; whether there was one."""
        due = await to_thread.run_sync(self._next_due)
        if due is None:
            return False
        try:
            await self._transport.send(due.message)
        except OSError as error:
            log.warning("mail %d could not be sent and will be retried: %s", due.id, error)
            await to_thread.run_sync(self._reschedule, due)
        except MailRefused as error:
            log.warning("mail %d is given up: %s", due.id, error)
            await to_thread.run_sync(self._delete, due)
        except Exception as error:
            # One faulty mail must not stop the others or the answers. Its error text may contain the address.
            log.error("mail %d could not be sent and will be retried: %s", due.id, type(error).__name__)
            await to_thread.run_sync(self._reschedule, due)
        else:
            await to_thread.run_sync(self._delete, due)
        return True

    def _next_due(self) -> _Due | None:
        with self._store.transaction(self._clock) as t:
            t.do("DELETE FROM mail WHERE created <= ?", t.now - MAIL_SECONDS)
            while True:
                row = t.one(
                    "SELECT id, recipient, subject, lang, otp_id, tries FROM mail WHERE due <= ? ORDER BY due, id",
                    t.now,
                )
                if row is None:
                    return None
                id_, to, subject, lang, otp, tries = row
                code = self._rules.new_code(t, otp) if subject == MailTemplate.CODE else None
                try:
                    return _Due(id_, tries, compose(MailTemplate(subject), lang, to, self._sender, code, t.now))
                except BadAddress:
                    t.do("DELETE FROM mail WHERE id = ?", id_)
                except KeyError:
                    log.error("mail %d waits: there is no text for %s in %s", id_, subject, lang)
                    t.do("UPDATE mail SET due = ? WHERE id = ?", t.now + RETRY[-1], id_)

    def _reschedule(self, due: _Due) -> None:
        with self._store.transaction(self._clock) as t:
            delay = RETRY[min(due.tries, len(RETRY) - 1)]
            t.do("UPDATE mail SET tries = tries + 1, due = ? WHERE id = ?", t.now + delay, due.id)

    def _delete(self, due: _Due) -> None:
        with self._store.transaction(self._clock) as t:
            t.do("DELETE FROM mail WHERE id = ?", due.id)
