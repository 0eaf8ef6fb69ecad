"""The vendor in a test, handler and rules without HTTP, and customers' computers.

The whole server, with HTTPS, is ``tests.licence.server.https``.
"""

from __future__ import annotations

import base64
import datetime
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from fiscald.licence import wire
from fiscald.licence.certificate import Certificate, verify
from fiscald.licence.device import DeviceKey
from fiscald.licence.keys import TEST_KEY, trusted
from fiscald.licence.number import Kind, Number
from fiscald.licence.number_reading import read
from fiscald.licence.server.contact import Contact
from fiscald.licence.server.keyring import Keyring
from fiscald.licence.server.mail_values import mail_secrets
from fiscald.licence.server.outbox import Outbox, Transport
from fiscald.licence.server.request_handler import RequestHandler, SignedReply
from fiscald.licence.server.rules import Rules
from fiscald.licence.server.selling import Item, add_number, issue_numbers
from fiscald.licence.server.store import Store
from fiscald.licence.server.transaction import Transaction
from fiscald.licence.tokens import b64, fingerprint, read_vendor_token
from tests.licence.server.https import ALL, Mailbox, code_in, published_keyring

KEYS = trusted(test_keys=True)
#: 2026-01-16T09:00Z, the day after N1 was issued.
T0 = 1768554000
DAY = 86_400
N1, N2, N4 = (
    "410F4-0BV4H-MASW9-148AR-7BS7D-8TA1", "41054-0BV4H-MASW9-JG62N-QKT0B-SC7J", "51084-0BV2N-WVVR1-EHXGC-29MFX-P826"
)  # fmt: skip
F1 = "41054-0BV4H-MASW9-GND1M-Z04GS-WKBV"
BAKERY = {"name": "PIEKARNIA ŻUREK SP. Z O.O.", "post": "00-950", "cc": "PL", "tin": "1234563218"}
DAIRY = {"name": "Mleczarnia", "post": "30-001", "cc": "PL", "tin": "5260001246"}
FLORIST = {"name": "De Bloem", "post": "1011 AB", "cc": "NL"}


class Clock:
    """A clock that the test sets."""

    def __init__(self, now: int = T0) -> None:
        self.now = now

    def __call__(self) -> int:
        return self.now

    def go(self, seconds: int = 0, *, days: int = 0) -> None:
        self.now += seconds + days * DAY


class Computer:
    """A customer's computer: a key, a machine pseudonym, and nonces of its own."""

    def __init__(self, clock: Clock, number: int = 1, address: str | None = None) -> None:
        self.clock = clock
        self.key = DeviceKey(Ed25519PrivateKey.from_private_bytes(bytes([number]) * 32))
        self.mid = f"machine-{number}"
        self.address = address or f"192.0.2.{number}"
        self._nonces = 0

    def sign(self, model: type[wire.VendorRequest], **fields: Any) -> str:
        """A question, fresh unless ``fields`` say otherwise."""
        self._nonces += 1
        head = {"aud": TEST_KEY.issuer, "iat": self.clock(), "nonce": b64(self._nonces.to_bytes(16, "big"))}
        if "mid" in model.model_fields:
            head["mid"] = self.mid
        if "ver" in model.model_fields:
            head["ver"] = "1.0.3"
        return self.key.sign(head | fields, model.kind)


@dataclass
class Answered:
    """An answer that was verified as the daemon does it."""

    status: int
    reply: wire.Answer | wire.Status | None
    certificate: Certificate | None = None

    @property
    def answer(self) -> wire.Answer:
        assert isinstance(self.reply, wire.Answer)
        return self.reply

    @property
    def verdict(self) -> wire.Status:
        assert isinstance(self.reply, wire.Status)
        return self.reply

    @property
    def refused(self) -> str:
        assert self.answer.refused is not None
        return self.answer.refused.code

    @property
    def crt(self) -> Certificate:
        assert self.certificate is not None
        return self.certificate


def opened(status: int, text: str | None, question: str, now: int) -> Answered:
    """The answer in ``text``, which must fit the question."""
    if text is None:
        return Answered(status, None)
    model: type[wire.Answer | wire.Status] = (
        wire.Status if "fiscald-check" in header_of(question) and status == 200 else wire.Answer
    )
    _, payload = read_vendor_token(text, model.kind, KEYS, "status", now=now)
    reply = wire.parse(model, payload)
    assert reply.req == fingerprint(question)
    crt = None if reply.crt is None else verify(reply.crt.encode(), KEYS, now)
    return Answered(status, reply, crt)


def header_of(token: str) -> str:

    part = token.partition(".")[0]
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)).decode()


@dataclass
class Vendor:
    """RequestHandler, rules and outbox on a database, without HTTP. ``mailbox`` is a list."""

    path: Path
    clock: Clock = field(default_factory=Clock)
    keyring: Keyring = field(default_factory=published_keyring)
    mailbox: Mailbox = field(default_factory=Mailbox)
    transport: Transport | None = None

    def __post_init__(self) -> None:
        self.open()

    def open(self) -> None:
        self.store = Store(self.path)
        self.rules = Rules(self.keyring, TEST_KEY.issuer)
        self.handler = RequestHandler(self.store, self.rules, self.clock)
        self.outbox = Outbox(
            self.store,
            mail_secrets(self.rules),
            self.transport or self.mailbox,
            Contact("licence@vendor.example"),
            self.clock,
        )

    def restart(self) -> None:
        """Stop, and start again."""
        self.store.close()
        self.open()

    def ask(self, computer: Computer, model: type[wire.VendorRequest], **fields: Any) -> Answered:
        """Ask as ``computer``; raises what the handler raises."""
        token = computer.sign(model, **fields)
        said: SignedReply = self.handler.answer(model.path, token.encode(), computer.address)
        return opened(said.status, said.text, token, self.clock())

    async def code(self) -> str:
        """Send what is in the queue; the code in it."""
        before = len(self.mailbox.mails)
        while await self.outbox.send_one():
            pass
        return code_in(self.mailbox.answer(before))

    async def trial(
        self, computer: Computer, company: dict[str, str] = BAKERY, email: str = "a@bakery.pl"
    ) -> Certificate:
        """A new company's trial."""
        assert self.ask(computer, wire.Enrol, email=email, company=company).status == 202
        return self.ask(computer, wire.EnrolConfirm, email=email, code=await self.code()).crt

    async def session(self, computer: Computer, email: str = "a@bakery.pl") -> str:
        """A confirmed address."""
        assert self.ask(computer, wire.Recover, email=email).status == 202
        session = self.ask(computer, wire.RecoverConfirm, email=email, code=await self.code()).answer.session
        assert session is not None
        return session

    def activate(self, computer: Computer, number: str, company: dict[str, str] = BAKERY, **fields: Any) -> Answered:
        return self.ask(computer, wire.Activate, number=number, company=company, **fields)

    def check(self, computer: Computer, certificate: Certificate) -> wire.Status:
        return self.ask(computer, wire.Check, lic=certificate.sub, crt=certificate.jti).verdict

    def publish(self, *numbers: str) -> None:
        """Put published numbers into the table."""
        with self.do() as t:
            for text in numbers:
                number = read(text)
                add_number(t, self.keyring, number, Item(number.kind, number.flags), number.issued)

    def number(
        self, flags: int = ALL, *, kind: Kind = Kind.LICENCE, on: str = "2026-01-15", months: int | None = None
    ) -> Number:
        """A new number."""
        with self.do() as t:
            return issue_numbers(t, self.keyring, Item(kind, flags, months), datetime.date.fromisoformat(on), 1)[0]

    def do(self) -> Any:
        return self.store.transaction(self.clock(), "test")

    def rows(self, query: str, *values: Any) -> list[Any]:
        with self.do() as t:
            transaction: Transaction = t
            return transaction.db.execute(query, values).fetchall()

    def audit(self) -> list[str]:
        return [what for (what,) in self.rows("SELECT what FROM audit ORDER BY id")]
