"""The whole server inside another program, with the published test keys: for tests and demonstrations.

Real HTTP on the loopback interface, a real database; the clock is given, and mails go into a list.
"""

from __future__ import annotations

import datetime
import re
import secrets
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from pathlib import Path

import anyio

from fiscald.licence.keys import TEST_KEY
from fiscald.licence.number import APP, BANK, FISCAL, SUPPORT, Kind, Number
from fiscald.licence.testing import TEST_PRIVATE
from fiscald.licence.vendor.admin import add_number, issue_number
from fiscald.licence.vendor.app import create_app
from fiscald.licence.vendor.desk import Desk
from fiscald.licence.vendor.keyring import Keyring
from fiscald.licence.vendor.outbox import Outbox, Transport
from fiscald.licence.vendor.rules import Rules
from fiscald.licence.vendor.server import Tls, bind, serve
from fiscald.licence.vendor.store import Store

#: The MAC key of the published numbers: it proves nothing.
TEST_MAC = bytes(range(32))
ALL = APP | BANK | FISCAL | SUPPORT
_CODE = re.compile(r"^(?:Kod|Code): ([0-9A-Z]{5}-[0-9A-Z]{5})$", re.MULTILINE)


class Mailbox:
    """A list as a mail server."""

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []
        self._came = anyio.Event()

    async def send(self, message: EmailMessage) -> None:
        """See ``outbox.Transport``."""
        self.mails.append(message)
        self._came.set()
        self._came = anyio.Event()

    async def wait(self, count: int) -> None:
        """Returns once so many mails have come, all in all."""
        while len(self.mails) < count:
            await self._came.wait()

    async def code(self, count: int = 1) -> str:
        """The code in the newest mail, once so many have come."""
        await self.wait(count)
        return code_in(self.mails[-1])


def code_in(mail: EmailMessage) -> str:
    """The code in a mail. Raises ``ValueError`` where there is none."""
    match = _CODE.search(mail.get_content())
    if match is None:
        raise ValueError("there is no code in this mail")
    return match[1]


@dataclass
class RunningVendor:
    """A running server, and what is behind it."""

    url: str
    store: Store
    rules: Rules
    desk: Desk
    outbox: Outbox
    mailbox: Mailbox
    clock: Callable[[], int]
    ca_file: Path | None = None
    issued: list[str] = field(default_factory=list)

    def number(self, flags: int = ALL, *, on: datetime.date | None = None) -> str:
        """A new licence number (X), in clear."""
        return self._number(Kind.LICENCE, flags, on)

    def update_number(self, *, on: datetime.date | None = None) -> str:
        """A new number for a year of updates (Y), in clear."""
        return self._number(Kind.UPDATES, SUPPORT, on)

    def add_number(self, number: Number) -> None:
        """Take a number that was made elsewhere, like the published ones, into the table."""
        with self.store.transaction(self.clock(), "test") as t:
            add_number(t, self.rules.keyring, number)

    def _number(self, kind: Kind, flags: int, on: datetime.date | None) -> str:
        now = self.clock()
        issued = on or datetime.datetime.fromtimestamp(now, datetime.UTC).date()
        with self.store.transaction(now, "test") as t:
            made = issue_number(t, self.rules.keyring, kind, flags, issued, 1)
        self.issued.append(made.text)
        return made.text


def published_keyring() -> Keyring:
    """The published keys, and a pepper of this process."""
    return Keyring(TEST_KEY.kid, TEST_PRIVATE, {1: TEST_MAC}, secrets.token_bytes(32))


@asynccontextmanager
async def vendor_server(
    database: Path,
    *,
    clock: Callable[[], int] | None = None,
    tls: Tls | None = None,
    ca_file: Path | None = None,
    keyring: Keyring | None = None,
    transport: Transport | None = None,
    port: int = 0,
) -> AsyncIterator[RunningVendor]:
    """Start the server on the loopback interface; stop it at the end.

    Without ``tls`` it speaks plain HTTP. ``ca_file`` is what a client needs to believe in ``tls``; it is handed on.
    """
    clock = clock or (lambda: int(time.time()))
    store = Store(database)
    try:
        rules = Rules(keyring or published_keyring(), TEST_KEY.issuer)
        mailbox = Mailbox()
        outbox = Outbox(store, rules, transport or mailbox, "licence@vendor.example", clock)
        desk = Desk(store, rules, clock)
        listener = bind("127.0.0.1", port)
        scheme, name = ("http", "127.0.0.1") if tls is None else ("https", "localhost")
        url = f"{scheme}://{name}:{listener.getsockname()[1]}"
        async with anyio.create_task_group() as tasks:

            async def run(*, task_status: anyio.abc.TaskStatus[None]) -> None:
                await serve(create_app(desk, outbox), outbox, listener, tls=tls, task_status=task_status)

            await tasks.start(run)
            yield RunningVendor(url, store, rules, desk, outbox, mailbox, clock, ca_file)
            tasks.cancel_scope.cancel()
    finally:
        store.close()
