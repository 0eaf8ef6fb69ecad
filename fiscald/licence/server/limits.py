"""How often may be asked: counters in the database, so that a restart resets none.

A counter's name never holds what it counts by - an address, an e-mail - but a seal of it; those of network addresses
are sealed with another key every day, so that even the vendor cannot tell tomorrow who asked today.
"""

from __future__ import annotations

import ipaddress
from typing import NamedTuple

from fiscald.licence.server.keyring import Keyring
from fiscald.licence.server.refusals import TooMany
from fiscald.licence.server.store import DAY, Transaction

HOUR = 3600


class Limit(NamedTuple):
    """At most ``most`` in a window of ``seconds`` that begins with the first."""

    name: str
    most: int
    seconds: int


ACTIVATE_IP = (Limit("activate.ip.hour", 10, HOUR), Limit("activate.ip.day", 30, DAY))
ACTIVATE_DEVICE = Limit("activate.device", 10, DAY)
WRONG_MAC = Limit("wrong-mac.hour", 1000, HOUR)
WRONG_MAC_ALARM = Limit("wrong-mac.day", 20, DAY)
ENROL_IP = Limit("enrol.ip", 5, HOUR)
ENROL_EMAIL = Limit("enrol.email", 3, DAY)
ENROL_COMPANY = Limit("enrol.company", 3, DAY)
RECOVER_IP = Limit("recover.ip", 10, HOUR)
RECOVER_EMAIL = (Limit("recover.email.hour", 3, HOUR), Limit("recover.email.day", 6, DAY))
CODE_IP = Limit("code.ip", 30, HOUR)
CODE_TRIES = Limit("code.tries", 20, DAY)
TRANSFERS = Limit("transfer", 3, 30 * DAY)
CHECKS = Limit("check", 60, DAY)
#: Tries per code; counted with the code itself.
TRIES_PER_CODE = 5


class Limiter:
    """Counters of one transaction."""

    def __init__(self, transaction: Transaction, keyring: Keyring) -> None:
        self._in = transaction
        self._keyring = keyring

    def take(self, *asked: tuple[Limit, str]) -> None:
        """Count one of each (limit, whom it is counted for). Raises ``TooMany``, and then counts none."""
        for limit, whom in asked:
            n, end = self._state(limit, whom)
            if n >= limit.most:
                raise TooMany(end - self._in.now)
        for limit, whom in asked:
            self.count(limit, whom)

    def count(self, limit: Limit, whom: str = "") -> int:
        """Count one, whatever the limit is; how many there are in this window."""
        n, end = self._state(limit, whom)
        self._in.do(
            "INSERT INTO throttle VALUES (?, ?, ?) ON CONFLICT (bucket)"
            " DO UPDATE SET n = excluded.n, window_end = excluded.window_end",
            self._bucket(limit, whom), n + 1, end,
        )  # fmt: skip
        return n + 1

    def seen(self, limit: Limit, whom: str = "") -> int:
        """How many there are in this window."""
        return self._state(limit, whom)[0]

    def _state(self, limit: Limit, whom: str) -> tuple[int, int]:
        row = self._in.one("SELECT n, window_end FROM throttle WHERE bucket = ?", self._bucket(limit, whom))
        if row is None or row[1] <= self._in.now:
            return 0, self._in.now + limit.seconds
        return row[0], row[1]

    def _bucket(self, limit: Limit, whom: str) -> str:
        return f"{limit.name}:{self._keyring.seal('limit', limit.name, whom)[:16].hex()}"


def network(address: str, now: int) -> str:
    """What requests are counted by: an IPv4 address, or the /56 of an IPv6 address; together with the day."""
    day = now // DAY
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return f"{day} {address}"
    if isinstance(parsed, ipaddress.IPv6Address):
        if parsed.ipv4_mapped is not None:
            return f"{day} {parsed.ipv4_mapped}"
        return f"{day} {ipaddress.ip_network((parsed.packed, 56), strict=False)}"
    return f"{day} {parsed}"
