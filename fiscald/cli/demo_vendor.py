"""The licence vendor of ``fiscald demo --keep``: the vendor's real server, with the published test keys.

It listens on this computer only, and forgets everything when the demonstration ends. No mail leaves the computer:
each is given to a function, which shows it.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path
from typing import NamedTuple

import anyio
from anyio.abc import TaskStatus

from fiscald import certificates
from fiscald.licence.keys import TEST_KEY
from fiscald.licence.number import APP, BANK, FISCAL, SUPPORT, Kind
from fiscald.licence.server.app import create_app
from fiscald.licence.server.contact import Contact
from fiscald.licence.server.issuing import Issuing
from fiscald.licence.server.keyring import Keyring
from fiscald.licence.server.mail_values import mail_secrets
from fiscald.licence.server.outbox import Outbox
from fiscald.licence.server.request_handler import RequestHandler
from fiscald.licence.server.rules import Rules
from fiscald.licence.server.selling import Item, issue_numbers
from fiscald.licence.server.serving import Door, bind, serve
from fiscald.licence.server.store import Store
from fiscald.licence.server.tls import ServerCertificate, Tls
from fiscald.licence.testing import TEST_PRIVATE

#: The key of the published numbers: it proves nothing.
_MAC = bytes(range(32))


class DemoVendor(NamedTuple):
    """A running vendor."""

    url: str
    ca_file: Path
    number: str
    """X: a licence number for everything, not used yet."""


class _Shown:
    """A mail server that shows each mail."""

    def __init__(self, show: Callable[[EmailMessage], None]) -> None:
        self._show = show

    async def send(self, message: EmailMessage) -> None:
        """See ``outbox.Transport``."""
        self._show(message)


@asynccontextmanager
async def demo_vendor(folder: Path, mailed: Callable[[EmailMessage], None]) -> AsyncIterator[DemoVendor]:
    """Run the vendor, with its files in ``folder``; ``mailed`` is called with every mail."""

    def clock() -> int:
        return int(time.time())

    tls = Tls(folder / "vendor.pem", folder / "vendor.key")
    tls.certificate.write_bytes((made := certificates.make(["localhost"], days=2))[0])
    tls.key.touch(0o600)
    tls.key.write_bytes(made[1])
    store = Store(folder / "vendor.db")
    try:
        keyring = Keyring(TEST_KEY.kid, TEST_PRIVATE, {1: _MAC}, secrets.token_bytes(32))
        rules = Rules(keyring, TEST_KEY.issuer)
        outbox = Outbox(store, mail_secrets(rules), _Shown(mailed), Contact("licence@vendor.example"), clock)
        app = create_app(RequestHandler(store, rules, clock), outbox, issuing=Issuing(store, rules, 1, clock))
        listener = bind("127.0.0.1", 0)
        door = Door(app, listener, tls=ServerCertificate(tls))

        async def run(*, task_status: TaskStatus[None]) -> None:
            await serve([door], outbox, task_status=task_status)

        url = f"https://localhost:{listener.getsockname()[1]}"
        with store.transaction(clock(), "demo") as t:
            today = datetime.fromtimestamp(clock(), UTC).date()
            item = Item(Kind.LICENCE, APP | BANK | FISCAL | SUPPORT)
            (number,) = issue_numbers(t, keyring, item, today, 1)
        async with anyio.create_task_group() as tasks:
            await tasks.start(run)
            yield DemoVendor(url, tls.certificate, number.text)
            tasks.cancel_scope.cancel()
    finally:
        store.close()
