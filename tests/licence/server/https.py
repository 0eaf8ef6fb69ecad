"""The whole server inside another program, with the published test keys: for tests and demonstrations.

Real HTTPS on the loopback interface, a real database; the clock is given, and mails go into a list.
"""

from __future__ import annotations

import datetime
import ipaddress
import re
import secrets
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import anyio
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from fiscald.licence.keys import TEST_KEY
from fiscald.licence.number import APP, BANK, FISCAL, SUPPORT, Kind, Number
from fiscald.licence.server.app import create_app
from fiscald.licence.server.connections import Bounds, Connections, Proxies
from fiscald.licence.server.contact import Contact
from fiscald.licence.server.issuing import Issuing
from fiscald.licence.server.keyring import Keyring
from fiscald.licence.server.mail_values import mail_secrets
from fiscald.licence.server.metrics import Metrics
from fiscald.licence.server.outbox import Outbox, Transport
from fiscald.licence.server.request_handler import RequestHandler
from fiscald.licence.server.rules import Rules
from fiscald.licence.server.selling import Item, add_number, issue_numbers
from fiscald.licence.server.serving import Door, bind, serve
from fiscald.licence.server.store import Store
from fiscald.licence.server.tls import ServerCertificate, Tls
from fiscald.licence.testing import TEST_PRIVATE

#: The MAC key of the published numbers: it proves nothing.
TEST_MAC = bytes(range(32))
ALL = APP | BANK | FISCAL | SUPPORT
_CODE = re.compile(r"^(?:Kod|Code): ([0-9A-Z]{5}-[0-9A-Z]{5})\r?$", re.MULTILINE)


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
        """The code in the newest answer to a request for one, once so many mails have come."""
        await self.wait(count)
        return code_in(self.answer())

    def answer(self, since: int = 0) -> EmailMessage:
        """The newest mail that answers a request for a code; the newest of all if there is none. Codes leave first."""
        mails = self.mails[since:] or self.mails
        return ([mail for mail in mails if "X-Padding" in mail] or mails)[-1]


def code_in(mail: EmailMessage) -> str:
    """The code in a mail. Raises ``ValueError`` where there is none."""
    match = _CODE.search(mail.get_content())
    if match is None:
        raise ValueError("there is no code in this mail")
    return match[1]


@dataclass
class RunningVendor:
    """A running server, and its parts."""

    url: str
    ca_file: Path
    store: Store
    rules: Rules
    handler: RequestHandler
    outbox: Outbox
    mailbox: Mailbox
    clock: Callable[[], int]
    certificate: ServerCertificate
    connections: Connections

    def number(self, flags: int = ALL, *, on: datetime.date | None = None) -> str:
        """A new licence number (X), in clear."""
        return self._number(Kind.LICENCE, flags, on)

    def update_number(self, *, on: datetime.date | None = None) -> str:
        """A new number for a year of updates (Y), in clear."""
        return self._number(Kind.UPDATES, SUPPORT, on)

    def add_number(self, number: Number) -> None:
        """Take a number that was made elsewhere, like the published ones, into the table."""
        with self.store.transaction(self.clock(), "test") as t:
            add_number(t, self.rules.keyring, number, Item(number.kind, number.flags), number.issued)

    def _number(self, kind: Kind, flags: int, on: datetime.date | None) -> str:
        now = self.clock()
        issued = on or datetime.datetime.fromtimestamp(now, datetime.UTC).date()
        with self.store.transaction(now, "test") as t:
            (made,) = issue_numbers(t, self.rules.keyring, Item(kind, flags), issued, 1)
        return made.text


def published_keyring() -> Keyring:
    """The published keys, and a pepper of this process."""
    return Keyring(TEST_KEY.kid, TEST_PRIVATE, {1: TEST_MAC}, secrets.token_bytes(32))


def throwaway_tls(directory: Path) -> tuple[Tls, Path]:
    """A certificate for ``localhost`` and 127.0.0.1 for a day, and the file of the authority that signed it."""
    authority, authority_key = _certified("throw-away authority", None, None)
    server, server_key = _certified("localhost", authority, authority_key)
    tls, ca_file = Tls(directory / "tls.pem", directory / "tls.key"), directory / "ca.pem"
    tls.certificate.write_bytes(server.public_bytes(Encoding.PEM))
    tls.key.write_bytes(server_key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    ca_file.write_bytes(authority.public_bytes(Encoding.PEM))
    return tls, ca_file


def _certified(
    name: str, issuer: x509.Certificate | None, issuer_key: ec.EllipticCurvePrivateKey | None
) -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey]:
    """A certificate and its key; without an issuer it is a separate authority."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    signer = issuer_key or key
    now = datetime.datetime.now(datetime.UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject if issuer is None else issuer.subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=issuer is None, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False)
        .add_extension(
            x509.KeyUsage(
                digital_signature=issuer is not None, key_cert_sign=issuer is None, crl_sign=issuer is None,
                content_commitment=False, key_encipherment=False, data_encipherment=False, key_agreement=False,
                encipher_only=False, decipher_only=False,
            ),
            critical=True,
        )
    )  # fmt: skip
    if issuer is not None:
        loopback = ipaddress.IPv4Address("127.0.0.1")
        builder = builder.add_extension(
            x509.SubjectAlternativeName([x509.DNSName(name), x509.IPAddress(loopback)]), critical=False
        )
    return builder.sign(signer, hashes.SHA256()), key


@asynccontextmanager
async def vendor_server(
    directory: Path,
    *,
    clock: Callable[[], int] | None = None,
    keyring: Keyring | None = None,
    transport: Transport | None = None,
    trusted_proxies: tuple[str, ...] = (),
    port: int = 0,
    is_plain: bool = False,
    metrics: Metrics | None = None,
    connections: Connections | None = None,
    **limits: Any,
) -> AsyncIterator[RunningVendor]:
    """Start the server on ``https://localhost``, with its files in ``directory``; stop it at the end.

    ``is_plain``: on http, for a proxy. A client must be given ``ca_file``. Without ``transport`` mails go into ``mailbox``. ``limits`` are those of a ``Door``.
    """
    clock = clock or (lambda: int(time.time()))
    tls, ca_file = throwaway_tls(directory)
    certificate = ServerCertificate(tls)
    book = Connections(Bounds(1000), Proxies(trusted_proxies)) if connections is None else connections
    store = Store(directory / "vendor.db")
    try:
        rules = Rules(keyring or published_keyring(), TEST_KEY.issuer)
        mailbox = Mailbox()
        outbox = Outbox(store, mail_secrets(rules), transport or mailbox, Contact("licence@vendor.example"), clock)
        handler = RequestHandler(store, rules, clock)
        listener = bind("127.0.0.1", port)
        url = f"{'http' if is_plain else 'https'}://localhost:{listener.getsockname()[1]}"

        async def run(*, task_status: anyio.abc.TaskStatus[None]) -> None:
            app = create_app(handler, outbox, issuing=Issuing(store, rules, 1, clock), metrics=metrics)
            used = None if is_plain else certificate
            door = Door(app, listener, tls=used, trusted_proxies=trusted_proxies, connections=book, **limits)
            await serve([door], outbox, task_status=task_status)

        async with anyio.create_task_group() as tasks:
            await tasks.start(run)
            yield RunningVendor(url, ca_file, store, rules, handler, outbox, mailbox, clock, certificate, book)
            tasks.cancel_scope.cancel()
    finally:
        store.close()
