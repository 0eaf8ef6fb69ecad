"""What happens to one company at the vendor's, carried out by the rules, and the rows that stay of it.

The rules carry out each story once for each start; ``copying`` makes the other companies from its rows. The tables are
therefore what this version of the rules writes.
"""

from __future__ import annotations

import base64
import datetime
import hashlib
import json
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from fiscald.licence import wire
from fiscald.licence.company import Company, company
from fiscald.licence.device import DeviceKey
from fiscald.licence.number import APP, BANK, EPOCH, FISCAL, SUPPORT, Kind, Number
from fiscald.licence.server import admin, selling, terms
from fiscald.licence.server.certificates import Requester
from fiscald.licence.server.keyring import Keyring
from fiscald.licence.server.limits import network
from fiscald.licence.server.records import Device, Licence
from fiscald.licence.server.rules import Rules
from fiscald.licence.server.selling import Item, Order
from fiscald.licence.server.terms import Terms
from fiscald.licence.server.transaction import DAY, Transaction
from fiscald.licence.tokens import b64, thumbprint

ISSUER = "urn:fiscald:vendor:benchmark"
VERSION = "1.0.3"
#: Days between two checks of a story: a certificate is renewed when half of its 31 days are over.
CHECKED = 16
#: Tables that keep nothing: what has run out of them is deleted within a day.
EPHEMERAL = ("otp", "mail", "session", "web_session", "replay", "throttle", "hook")
#: Tables that no story writes.
OTHERS = ("signing_key", "key_list", "release", "meta", "access_token", "sqlite_sequence")


class Computer:
    """A company's computer. The public half of its key is as good as any: only samples ask anything."""

    def __init__(self, name: str, key: DeviceKey | None = None, x: str | None = None) -> None:
        self.key = key
        self.jwk = {"crv": "Ed25519", "kty": "OKP", "x": x or b64(name.encode().ljust(32, b"\0")[:32])}
        self.mid = f"machine-{name}"

    @property
    def jkt(self) -> str:
        """The name of its key."""
        return thumbprint(self.jwk)


class Recorded(Rules):
    """The rules; they remember what their certificates say."""

    def __init__(self, keyring: Keyring, issuer: str) -> None:
        super().__init__(keyring, issuer, Terms())
        self.said: dict[str, dict[str, Any]] = {}

    def claims(self, t: Transaction, licence: Licence, device: Device) -> dict[str, Any]:
        """See ``Certificates``."""
        said = super().claims(t, licence, device)
        self.said[terms.rights(said, self.keyring.kid)] = said
        return said


class Row(NamedTuple):
    """A row of a table, by columns."""

    table: str
    cells: dict[str, Any]


@dataclass
class Story:
    """What one company did, and what stays of it."""

    name: str
    company: Company
    email: str
    order: str
    invoice: str
    computers: list[Computer]
    numbers: list[Number] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)
    asks: tuple[str, str] | None = None
    """Licence and newest certificate of the first computer, if its next check is answered with "ok"."""

    @cached_property
    def has_trial(self) -> bool:
        """Whether its computers are remembered as having had a trial."""
        return any(row.table == "trial_used" for row in self.rows)

    @cached_property
    def ids(self) -> list[str]:
        """The random names in it, without their prefixes."""
        made = [row.cells["id"] for row in self.rows if row.table not in ("purchase", "audit") and "id" in row.cells]
        return [name.partition("_")[2] for name in made]


class Teller:
    """Tells stories to the rules, in a scratch database."""

    def __init__(self, db: sqlite3.Connection, keyring: Keyring, until: int) -> None:
        self._db = db
        self.rules = Recorded(keyring, ISSUER)
        self._until = until
        self._count = 0
        self._tables = [
            name
            for (name,) in db.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")
            if name not in EPHEMERAL + OTHERS
        ]

    def tell(self, name: str, start: int) -> Story:
        """One story that begins at ``start``."""
        self._count += 1
        mark = f"{self._count:04d}"
        nip = valid_nip(self._count * 7 + 300_000_000)
        story = Story(
            name, company(f"FIRMA-{mark} Sp. z o.o.", f"00-{self._count % 1000:03d}", "PL", nip),
            f"office-{mark}@story.example", f"ORDER-{mark}", f"FV-{mark}",
            [Computer(f"{mark}-{which}") for which in range(4)],
        )  # fmt: skip
        before = {table: self._last(table) for table in self._tables}
        self._db.execute("BEGIN")
        teller = _Telling(self, story, start)
        KINDS[name].tell(teller)
        t = teller.at(self._until)
        for table in EPHEMERAL:
            t.do(f"DELETE FROM {table}")
        self._db.execute("COMMIT")
        for table in self._tables:
            cursor = self._db.execute(f"SELECT * FROM {table} WHERE rowid > ? ORDER BY rowid", (before[table],))
            columns = [about[0] for about in cursor.description]
            story.rows += [Row(table, dict(zip(columns, row, strict=True))) for row in cursor]
        used = {row.cells["jkt"] for row in story.rows if row.table == "device"}
        story.computers = [computer for computer in story.computers if computer.jkt in used]
        return story

    def _last(self, table: str) -> int:
        (last,) = self._db.execute(f"SELECT coalesce(max(rowid), 0) FROM {table}").fetchone()
        return int(last)

    def transaction(self, now: int, actor: str) -> Transaction:
        """The rules' view of the scratch database at a time."""
        return Transaction(self._db, now, actor)

    @property
    def until(self) -> int:
        """When all stories are over."""
        return self._until


class _Telling:
    """The steps of one story."""

    def __init__(self, teller: Teller, story: Story, start: int) -> None:
        self._teller = teller
        self.rules = teller.rules
        self.story = story
        self.start = start
        self._held: dict[int, tuple[str, str]] = {}

    def at(self, now: int, actor: str = "server") -> Transaction:
        return self._teller.transaction(now, actor)

    def day(self, days: int) -> int:
        return self.start + days * DAY

    def _who(self, which: int, now: int) -> Requester:
        return Requester(self.story.computers[which].jwk, network(f"{self.story.name}-{which}-{now}", now))

    def order(self, day: int, *items: Item) -> list[Number]:
        """An order of the web shop; its numbers."""
        now, story = self.day(day), self.story
        bought = terms.day(now)
        order = Order(story.order, items, bought, story.invoice, story.company.name, story.email)
        made, _ = selling.place_order(self.at(now, "tok_shop"), self.rules, order, bought, 1, "tok_shop")
        story.numbers += made
        return made

    def register(self, day: int, which: int, number: Number, *, email: bool = False) -> None:
        """A number on a computer."""
        now, story = self.day(day) + 600 + which, self.story
        request = _request(
            wire.Activate, number=number.text, company=_claims(story.company), mid=story.computers[which].mid,
            ver=VERSION, email=story.email if email else None,
        )  # fmt: skip
        self._hold(which, self.rules.activate(self.at(now), request, self._who(which, now)))

    def update(self, day: int, which: int, number: Number) -> None:
        """A year of updates."""
        now = self.day(day) + 900
        request = _request(wire.Support, number=number.text, lic=self._held[which][0])
        self._hold(which, self.rules.support(self.at(now), request, self._who(which, now)))

    def trial(self, day: int, which: int) -> None:
        """Enrol, and send the code from the mail."""
        now, story = self.day(day) + 300, self.story
        t, who = self.at(now), self._who(which, now)
        self.rules.enrol(
            t, _request(wire.Enrol, email=story.email, company=_claims(story.company), mid=story.computers[which].mid),
            who,
        )  # fmt: skip
        (code_id,) = t.one("SELECT max(otp_id) FROM mail")
        code = self.rules.new_code(t, code_id)
        t.do("DELETE FROM mail")
        self._hold(which, self.rules.enrol_confirm(t, _request(wire.EnrolConfirm, email=story.email, code=code), who))

    def check(self, now: int, which: int) -> str:
        """The daily question; what was said."""
        lic, crt = self._held[which]
        request = _request(wire.Check, lic=lic, crt=crt, ver=VERSION)
        said = self.rules.check(self.at(now), request, self._who(which, now))
        if said["verdict"] == "renewed":
            self._hold(which, said["crt"])
        return str(said["verdict"])

    def checks(self, first: int, last: int | None, *computers: int) -> None:
        """Checks from one day until another, by default until all is over; then the last one is answered "ok"."""
        end = self._teller.until if last is None else self.day(last)
        for now in range(self.day(first), end, CHECKED * DAY):
            for which in computers:
                self.check(now + 1200 + which, which)
        if last is None:
            for which in computers:
                yesterday = self._teller.until
                self.check(yesterday - 60, which)
                if self.check(yesterday, which) == "ok" and which == 0:
                    self.story.asks = self._held[0]

    def _hold(self, which: int, certificate: str) -> None:
        said = _payload(certificate)
        self._held[which] = said["sub"], said["jti"]


def _request(model: type[Any], **fields: Any) -> Any:
    return model.model_validate({"aud": ISSUER, "iat": 1, "nonce": b64(bytes(16)), **fields})


def _claims(of: Company) -> dict[str, str | None]:
    return of._asdict()


def _payload(certificate: str) -> dict[str, Any]:
    part = certificate.split(".")[1]
    said: dict[str, Any] = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    return said


def valid_nip(base: int) -> str:
    """The first tax number (NIP) from nine digits on whose check digit exists."""
    while True:
        found = nip(base)
        if found is not None:
            return found
        base += 1


def nip(base: int) -> str | None:
    """The tax number that begins with nine digits, if there is one."""
    digits = f"{base:09d}"
    check = sum(int(digit) * weight for digit, weight in zip(digits, (6, 5, 7, 2, 3, 4, 5, 6, 7), strict=True)) % 11
    return None if check == 10 else f"{digits}{check}"


# -- the stories ------------------------------------------------------------------------------------------

X = Item(Kind.LICENCE, APP | FISCAL | SUPPORT)


def _bought(it: _Telling) -> None:
    (number,) = it.order(0, X)
    it.register(2, 0, number, email=True)
    it.checks(3, None, 0)


def _plain(it: _Telling) -> None:
    """A number in a box: no address."""
    (number, *_) = it.order(0, X._replace(flags=APP | BANK | FISCAL | SUPPORT, quantity=2))
    it.register(5, 0, number)
    it.checks(6, None, 0)


def _two(it: _Telling) -> None:
    numbers = it.order(0, X._replace(quantity=2))
    for which, number in enumerate(numbers):
        it.register(1, which, number, email=True)
    it.checks(2, None, 0, 1)


def _three(it: _Telling) -> None:
    numbers = it.order(0, X._replace(quantity=3))
    for which, number in enumerate(numbers):
        it.register(1 + which, which, number, email=which == 0)
    it.checks(4, None, 0, 1, 2)


def _moved(it: _Telling) -> None:
    (number,) = it.order(0, X)
    it.register(1, 1, number, email=True)
    it.checks(2, 20, 1)
    it.register(21, 0, number)
    it.checks(22, None, 0)


def _trial(it: _Telling) -> None:
    it.trial(0, 0)
    it.checks(1, 28, 0)


def _trial_bought(it: _Telling) -> None:
    it.trial(0, 0)
    (number,) = it.order(14, X)
    it.register(15, 0, number)
    it.checks(16, None, 0)


def _updated(it: _Telling) -> None:
    number, more = it.order(0, X, Item(Kind.UPDATES, SUPPORT))
    it.register(1, 0, number, email=True)
    it.update(10, 0, more)
    it.checks(11, None, 0)


def _term(it: _Telling) -> None:
    (number,) = it.order(0, X._replace(months=60))
    it.register(1, 0, number, email=True)
    it.checks(2, None, 0)


def _silent(it: _Telling) -> None:
    """A computer that no longer asks."""
    (number,) = it.order(0, X)
    it.register(1, 0, number, email=True)
    it.checks(2, 35, 0)


def _suspended(it: _Telling) -> None:
    (number,) = it.order(0, X)
    it.register(1, 0, number, email=True)
    it.checks(2, 20, 0)
    lic = it._held[0][0]
    admin.suspend(it.at(it.day(21), "cli:office"), it.rules, lic, "The invoice is not paid.")
    it.check(it.day(22), 0)


class Sort(NamedTuple):
    """A sort of customers."""

    share: int
    """Of a hundred."""
    days: int
    """How long its story takes at least."""
    tell: Callable[[_Telling], None]


KINDS = {
    "bought": Sort(45, 20, _bought),
    "in a box": Sort(10, 20, _plain),
    "two tills": Sort(10, 20, _two),
    "three tills": Sort(3, 20, _three),
    "moved": Sort(6, 40, _moved),
    "trial": Sort(9, 30, _trial),
    "trial, bought": Sort(7, 40, _trial_bought),
    "updates": Sort(5, 30, _updated),
    "term": Sort(2, 20, _term),
    "silent": Sort(2, 40, _silent),
    "suspended": Sort(1, 30, _suspended),
}


def starts(until: int, count: int) -> Iterator[int]:
    """When stories begin: evenly over the years, oldest first, each at eight in the morning (UTC)."""
    oldest, newest = first_day(until), until - 45 * DAY
    for step in range(count):
        yield (oldest + (newest - oldest) * step // max(1, count - 1)) // DAY * DAY + 8 * 3600


def first_day(until: int) -> int:
    """When the vendor has begun: three years ago, but not before numbers can be dated."""
    return max(until - 3 * 365 * DAY, (EPOCH - datetime.date(1970, 1, 1)).days * DAY)


def last_morning(now: int) -> int:
    """When stories end: two days ago at eight in the morning, so that copies some hours later are over too."""
    return now // DAY * DAY - DAY + 8 * 3600


def real_key(seed: int, copy: int) -> DeviceKey:
    """The key of a sample's computer."""
    secret = hashlib.sha256(f"{seed}/{copy}".encode()).digest()
    return DeviceKey(Ed25519PrivateKey.from_private_bytes(secret))
