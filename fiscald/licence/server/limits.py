"""Request limits: counters in the database, so that a restart resets none.

A counter's name never holds what it counts by - an address, an e-mail - but a seal of it; those of network addresses
are sealed with another key every day, so that even the vendor cannot tell tomorrow who asked today.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from fiscald.licence.server.keyring import Keyring
from fiscald.licence.server.networks import origin_of
from fiscald.licence.server.refusals import TooMany
from fiscald.licence.server.transaction import DAY, Transaction

HOUR = 3600


class Limit(NamedTuple):
    """At most ``most`` in a window of ``seconds`` that begins with the first."""

    name: str
    most: int
    seconds: int


ACTIVATE_IP = (Limit("activate.network.hour", 10, HOUR), Limit("activate.network.day", 30, DAY))
ACTIVATE_DEVICE = Limit("activate.computer.day", 10, DAY)
WRONG_MAC_IP = Limit("wrong-mac.network.day", 30, DAY)
WRONG_MAC_ALARM = Limit("wrong-mac.alarm.day", 20, DAY)
ENROL_IP = Limit("enrol.network.hour", 5, HOUR)
ENROL_EMAIL = Limit("enrol.address.day", 3, DAY)
ENROL_COMPANY = Limit("enrol.company.day", 3, DAY)
RECOVER_IP = Limit("recover.network.hour", 10, HOUR)
RECOVER_EMAIL = (Limit("recover.address.hour", 3, HOUR), Limit("recover.address.day", 6, DAY))
#: Of mails to one mailbox or one domain, from all networks together.
MAILBOX = Limit("mailbox.day", 30, DAY)
DOMAIN = Limit("domain.hour", 60, HOUR)
#: So many that a network asks for on a day are sent, whatever others have asked for.
MAILBOX_OWN = Limit("mailbox.network.day", 3, DAY)
CODE_IP = Limit("code.network.hour", 30, HOUR)
CODE_TRIES = Limit("code.computer.day", 20, DAY)
#: Mails with an order's numbers, from the customer's page.
RESENDS = Limit("resend.order.day", 5, DAY)
SIGN_IN_IP = Limit("sign-in.network.hour", 10, HOUR)
MOVES = Limit("move.seat.30-days", 3, 30 * DAY)
OFFLINE_COPIES = Limit("offline.seat.year", 3, 365 * DAY)
CHECKS = Limit("check.computer.day", 60, DAY)
UNKNOWN_CHECKS = Limit("check.unknown.network.hour", 30, HOUR)
#: Of one access token.
TOKEN_REQUESTS = Limit("token.requests.minute", 300, 60)
TOKEN_ORDERS = Limit("token.orders.day", 1000, DAY)
WRONG_TOKEN_IP = Limit("wrong-token.network.hour", 20, HOUR)
ORDER_MAILS = Limit("order.mails.day", 10, DAY)
#: The same mail about an order within this time is the same request, whose answer got lost.
ORDER_MAILED = Limit("order.mailed", 1, 600)
#: Tries per code; counted with the code itself.
TRIES_PER_CODE = 5
#: Those that the configuration may change (``[limits]``).
BY_NAME = {
    limit.name: limit
    for limit in (
        *ACTIVATE_IP, ACTIVATE_DEVICE, WRONG_MAC_IP, WRONG_MAC_ALARM, ENROL_IP, ENROL_EMAIL, ENROL_COMPANY, RECOVER_IP,
        *RECOVER_EMAIL, MAILBOX, MAILBOX_OWN, DOMAIN, CODE_IP, CODE_TRIES, RESENDS, SIGN_IN_IP, MOVES, OFFLINE_COPIES,
        CHECKS, UNKNOWN_CHECKS, TOKEN_REQUESTS, TOKEN_ORDERS, WRONG_TOKEN_IP, ORDER_MAILS,
    )
}  # fmt: skip


class Limiter:
    """Counters of one transaction."""

    def __init__(self, transaction: Transaction, keyring: Keyring, most: Mapping[str, int]) -> None:
        """``most``: other numbers than the limits' own, by their names."""
        self._in = transaction
        self._keyring = keyring
        self._most = most

    def take(self, *asked: tuple[Limit, str]) -> None:
        """Count one of each (limit, whom it is counted for). Raises ``TooMany``, and then counts none."""
        for limit, whom in asked:
            n, end = self._state(limit, whom)
            if n >= self.most(limit):
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

    def most(self, limit: Limit) -> int:
        """How many are allowed: as configured, or the limit's own."""
        return self._most.get(limit.name, limit.most)

    def forget(self, limit: Limit, whom: str) -> None:
        """Begin to count again."""
        self._in.do("DELETE FROM throttle WHERE bucket = ?", self._bucket(limit, whom))

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
    """What requests are counted by: the origin of an address, together with the day."""
    return f"{now // DAY} {origin_of(address)}"
