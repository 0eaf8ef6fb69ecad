"""Sends mail later than the answer: the time of an answer does not reveal whether a mail was sent.

The queue is a table, so a restart loses nothing. A mail server that does not answer is retried with growing delays.
A row has what its text needs, but no secret: numbers and codes are put in when the mail leaves. A code is made for
every attempt; the last one is valid.
"""

from __future__ import annotations

import json
import logging
import sqlite3
from collections.abc import Callable, Mapping
from email.message import EmailMessage
from typing import Any, NamedTuple, Protocol

import anyio
from anyio import to_thread

from fiscald.licence.server.contact import Contact
from fiscald.licence.server.mail import ABOUT_A_CODE, BadAddress, BadMail, MailTemplate, compose
from fiscald.licence.server.mailing import MAIL_SECONDS
from fiscald.licence.server.refusals import Unable
from fiscald.licence.server.store import Store
from fiscald.licence.server.transaction import DAY, Transaction

log = logging.getLogger(__name__)

#: Seconds until the next attempt, by how many there were; the last one repeats.
RETRY = (60, 300, 900, 3600)
#: Seconds between looks at the queue: another process may have put something in.
POLL_INTERVAL = 60.0
#: How long a mail without a code may wait for a mail server that does not answer.
KEEP_SECONDS = 7 * DAY


#: Mails that are on their way at once: a slow mail server, or a flood of requests, holds up few codes.
SENDERS = 8


class MailRefused(Exception):
    """The mail server will never take this mail."""


class Transport(Protocol):
    """Takes mails away."""

    async def send(self, message: EmailMessage) -> None:
        """Raises ``OSError`` where it is worth trying again, ``MailRefused`` where it is not."""


class MailRow(NamedTuple):
    """A row of ``mail`` that is due."""

    id: int
    recipient: str
    template: str
    lang: str
    otp_id: str | None
    detail: Mapping[str, object]
    """What the text needs, without secrets."""
    created: int
    tries: int


#: The values of a mail that are not in its row: numbers and codes. ``None``: the mail has no reason any more.
SecretsFor = Callable[[Transaction, MailRow], Mapping[str, object] | None]


class CodeMaker(Protocol):
    """Makes the codes."""

    def new_code(self, t: Transaction, code_id: str) -> str:
        """A code for a mail that leaves now."""


def code_secrets(rules: CodeMaker) -> SecretsFor:
    """The secrets of mails about codes: what the code is for, and the code."""

    def secrets_for(t: Transaction, row: MailRow) -> Mapping[str, object] | None:
        if row.template not in ABOUT_A_CODE:
            return {}
        found = t.one("SELECT purpose FROM otp WHERE id = ?", row.otp_id)
        if found is None:
            return None
        if row.template != MailTemplate.CODE or row.otp_id is None:
            return {"purpose": found[0]}
        return {"purpose": found[0], "code": rules.new_code(t, row.otp_id)}

    return secrets_for


class _Due(NamedTuple):
    id: int
    tries: int
    message: EmailMessage


class Outbox:
    """Sends the queued mails."""

    def __init__(
        self, store: Store, secrets_for: SecretsFor, transport: Transport, sender: Contact, clock: Callable[[], int]
    ) -> None:
        self._store = store
        self._secrets_for = secrets_for
        self._transport = transport
        self.sender = sender
        self._clock = clock
        self._wake = anyio.Event()
        self._sending: set[int] = set()
        """Mails that are on their way."""

    def wake(self) -> None:
        """Something may have been put into the queue."""
        self._wake.set()
        self._wake = anyio.Event()

    async def run(self) -> None:
        """Send until cancelled. One task looks for mails that are due; some are on their way at once."""
        free = anyio.Semaphore(SENDERS)
        async with anyio.create_task_group() as tasks:
            while True:
                wake = self._wake  # of now: what comes while the queue is read is not missed
                try:
                    while (due := await self._take(free)) is not None:
                        tasks.start_soon(self._send_and_free, due, free)
                except Unable as error:
                    log.error("mail waits: %s", error)
                with anyio.move_on_after(POLL_INTERVAL):
                    await wake.wait()

    async def _take(self, free: anyio.Semaphore) -> _Due | None:
        """The next mail that is due, and a sender for it; ``None``: there is none. Raises ``Unable``."""
        await free.acquire()
        due = None
        try:
            due = await to_thread.run_sync(self._next_due)
        finally:
            if due is None:
                free.release()
        return due

    async def _send_and_free(self, due: _Due, free: anyio.Semaphore) -> None:
        try:
            await self._send(due)
        except Unable as error:
            log.error("mail waits: %s", error)
        finally:
            free.release()

    async def send_one(self) -> bool:
        """Try the first mail that is due and not on its way; whether there was one."""
        due = await to_thread.run_sync(self._next_due)
        if due is not None:
            await self._send(due)
        return due is not None

    async def _send(self, due: _Due) -> None:
        try:
            await self._try(due)
        finally:
            self._sending.discard(due.id)

    async def _try(self, due: _Due) -> None:
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

    def _next_due(self) -> _Due | None:
        with self._store.transaction(self._clock) as t:
            self._give_up_old(t)
            while True:
                found = self._first(t, "otp_id IS NOT NULL AND ") or self._first(t)  # a person waits for a code
                if found is None:
                    return None
                id_, tries = found[0], found[-1]
                try:
                    message = self._message(t, found)
                except (sqlite3.Error, OSError):
                    raise
                except Exception as error:
                    # As in ``send_one``. The texts of BadMail and Unable contain no address.
                    said = str(error) if isinstance(error, BadMail | Unable) else type(error).__name__
                    log.error("mail %d cannot be made and will be retried: %s", id_, said)
                    self._retry_later(t, id_, tries)
                    continue
                if message is not None:
                    self._sending.add(id_)
                    return _Due(id_, tries, message)
                t.do("DELETE FROM mail WHERE id = ?", id_)

    def _first(self, t: Transaction, which: str = "") -> Any:
        """The first row that is due and not on its way."""
        return t.one(
            "SELECT id, recipient, subject, lang, otp_id, detail, created, tries FROM mail"
            f" WHERE {which}due <= ? AND id NOT IN (SELECT value FROM json_each(?)) ORDER BY due, id LIMIT 1",
            t.now, json.dumps([*self._sending]),
        )  # fmt: skip

    def _give_up_old(self, t: Transaction) -> None:
        old = t.do(
            "DELETE FROM mail WHERE created <= ? OR (otp_id IS NOT NULL AND created <= ?)",
            t.now - KEEP_SECONDS, t.now - MAIL_SECONDS,
        )  # fmt: skip
        if old:
            log.error("%d mails are given up: the mail server did not take them in time", old)

    def _message(self, t: Transaction, found: tuple[Any, ...]) -> EmailMessage | None:
        """The mail of a row; ``None`` where it need not or cannot be sent at all."""
        id_, recipient, template, lang, otp_id, detail, created, tries = found
        row = MailRow(id_, recipient, template, lang, otp_id, json.loads(detail or "{}"), created, tries)
        secret = self._secrets_for(t, row)
        if secret is None:
            return None
        values = {**row.detail, **secret}
        try:
            return compose(MailTemplate(row.template), row.lang, row.recipient, self.sender, values, t.now)
        except BadAddress:
            return None

    def _reschedule(self, due: _Due) -> None:
        with self._store.transaction(self._clock) as t:
            self._retry_later(t, due.id, due.tries)

    def _retry_later(self, t: Transaction, id_: int, tries: int) -> None:
        delay = RETRY[min(tries, len(RETRY) - 1)]
        t.do("UPDATE mail SET tries = tries + 1, due = ? WHERE id = ?", t.now + delay, id_)

    def _delete(self, due: _Due) -> None:
        with self._store.transaction(self._clock) as t:
            t.do("DELETE FROM mail WHERE id = ?", due.id)
