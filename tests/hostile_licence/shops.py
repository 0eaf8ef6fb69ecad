"""The honest customers: their companies, addresses, numbers and computers, all made from a number."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from stdnum.pl import nip

from fiscald.licence.certificate import Certificate
from fiscald.licence.device import DeviceKey
from tests.licence.server.running import BAKERY, Computer, Vendor

#: How many there are: as many as the longest attack lets in.
COUNT = 12
#: How long ago they bought, in seconds: more than half of a lease, so that the next check brings a new certificate.
BOUGHT = 20 * 86_400
_serials = itertools.count(1)


class Person(Computer):
    """A computer with a random key, so that any number of them may exist."""

    def __init__(self, clock: Callable[[], float], address: str) -> None:
        super().__init__(clock, 1, address)  # type: ignore[arg-type]
        self.key = DeviceKey(Ed25519PrivateKey.generate())
        self.mid = f"machine-{next(_serials)}-{self.key.thumbprint[:8]}"


def networks(first: int, count: int) -> list[str]:
    """Addresses of so many networks, all of this computer."""
    return [f"127.0.{each // 250}.{each % 250 + 2}" for each in range(first, first + count)]


def tax_number(number: int) -> str:
    """A valid Polish one."""
    return next(text for text in map(str, itertools.count(1_230_000_000 + 1000 * number)) if nip.is_valid(text))


@dataclass
class Shop:
    """What one honest customer has and wants."""

    name: str
    domain: str
    company: dict[str, str]
    """With a bought licence, which a computer has that died."""
    number: str
    dead: Computer
    certificate: Certificate
    new_company: dict[str, str]
    """Wants a trial."""
    buyer: dict[str, str]
    """Wants to register ``bought``."""
    bought: str
    till: Computer
    """Checks every day."""
    checked: Certificate
    address: str
    """Where it asks from."""

    @property
    def boss(self) -> str:
        """The address that may move the licence."""
        return f"boss@{self.domain}"


def open_shops(vendor: Vendor, clock: Callable[[], float], count: int = COUNT) -> Iterator[Shop]:
    """Customers who bought ``BOUGHT`` seconds before ``clock``. The vendor's clock is set to that time."""
    vendor.clock.now = int(clock()) - BOUGHT
    for number, address in enumerate(networks(1000, count)):
        company, new, buyer, other = (_company(number, what) for what in range(4))
        domain = f"shop{number}.example"
        dead, till = Person(vendor.clock, address), Person(vendor.clock, address)
        mine, theirs, bought = (vendor.number().text for _ in range(3))
        paid = vendor.activate(dead, mine, company, email=f"boss@{domain}").crt
        checked = vendor.activate(till, theirs, other).crt
        for computer in (dead, till):
            computer.clock = clock  # type: ignore[assignment]
        yield Shop(f"shop {number}", domain, company, mine, dead, paid, new, buyer, bought, till, checked, address)
        if number % 4 == 3:
            vendor.clock.go(60)


def _company(number: int, what: int) -> dict[str, str]:
    return BAKERY | {"name": f"Sklep {number}-{what}", "tin": tax_number(4 * number + what)}
