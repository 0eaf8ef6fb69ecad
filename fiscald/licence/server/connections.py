"""How many connections the server accepts, and which one is closed when there are too many.

Connections are counted by their origin: an IPv4 address, or the /56 of an IPv6 address. Over its share an origin loses
its oldest connection that is not being answered. Over the total the origin with the most loses one, so that a customer
with one connection gets in whatever others do. An origin that keeps replacing its connections gets ``EXCHANGES`` a
second; more are closed at once, because that is cheaper.

This is bookkeeping only: nothing here touches a socket.
"""

from __future__ import annotations

import ipaddress
import logging
import resource
from collections import Counter
from collections.abc import Iterable, Iterator
from enum import IntEnum
from typing import NamedTuple, Protocol

from fiscald.licence.server.networks import origin_of
from fiscald.logs import RateLimitedLog

log = logging.getLogger(__name__)

#: Connections in total, if there are descriptors for twice as many.
MOST = 1000
#: Connections of one origin.
SHARE = 32
#: New connections of one origin, per second, that replace older ones of the same origin.
EXCHANGES = 20

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class Rank(IntEnum):
    """How little is lost when a connection is closed."""

    NEW = 0
    """No whole request head has arrived yet."""
    KEPT = 1
    """The last request was answered, the next one has not begun."""
    BUSY = 2
    """A request is being read or answered."""


class Connection(Protocol):
    """A connection in this bookkeeping."""

    origin: str
    rank: Rank

    def cut(self) -> None:
        """Close it at once."""


class Bounds(NamedTuple):
    """How many connections there may be."""

    total: int
    share: int = SHARE


def bounds() -> Bounds:
    """Bounds that leave half of this process's descriptors free, for database, mail and commands."""
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    return Bounds(MOST if limit == resource.RLIM_INFINITY else max(8, min(MOST, limit // 2)))


class Proxies:
    """The addresses and networks of trusted reverse proxies."""

    def __init__(self, proxies: Iterable[str]) -> None:
        """Raises ``ValueError`` if one is neither an address nor a network."""
        self._networks: list[Network] = [ipaddress.ip_network(each) for each in proxies]

    def __contains__(self, address: str) -> bool:
        try:
            parsed = ipaddress.ip_address(address)
        except ValueError:
            return False
        return any(parsed in network for network in self._networks)


def is_private(address: str) -> bool:
    """Whether it is an address inside a private network or of this computer."""
    try:
        return ipaddress.ip_address(address.partition("%")[0]).is_private
    except ValueError:
        return False


class _Origin:
    """The connections of one origin: by rank, the oldest first."""

    def __init__(self) -> None:
        self.ranks: tuple[dict[Connection, None], ...] = tuple({} for _ in Rank)
        self._exchanges = float(EXCHANGES)
        self._counted_at = 0.0

    @property
    def count(self) -> int:
        return sum(map(len, self.ranks))

    def may_exchange(self, now: float) -> bool:
        """Whether a new connection may replace an older one of this origin."""
        left = min(float(EXCHANGES), self._exchanges + (now - self._counted_at) * EXCHANGES)
        self._counted_at = now
        self._exchanges = left - (left >= 1)
        return left >= 1

    def expendable(self) -> Connection | None:
        """The oldest connection that is not being answered; new ones first."""
        return next((each for rank in (Rank.NEW, Rank.KEPT) for each in self.ranks[rank]), None)


class Connections:
    """All connections of one listener."""

    def __init__(self, bounds: Bounds, proxies: Proxies | None = None) -> None:
        """An address in ``proxies`` has no share: it speaks for many customers."""
        self.bounds = bounds
        self.proxies = Proxies(()) if proxies is None else proxies
        self.counts: Counter[str] = Counter()
        """Since the start: ``accepted``, ``refused``, ``replaced``, ``late`` (over a time limit), ``unnamed_proxy``."""
        self._log = RateLimitedLog(log)
        self._origins: dict[str, _Origin] = {}
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[Connection]:
        for origin in list(self._origins.values()):
            for connections in origin.ranks:
                yield from list(connections)

    def admit(self, address: str, now: float) -> bool:
        """Whether a new connection from ``address`` is accepted at ``now`` (seconds). May close another one for it."""
        mine = self._origins.get(origin_of(address))
        is_admitted = True
        if mine is not None and mine.count >= self.bounds.share and address not in self.proxies:
            is_admitted = mine.may_exchange(now) and self._replace(mine)
        elif self._count >= self.bounds.total:
            is_admitted = self._relieve(mine)
        self.counts["accepted" if is_admitted else "refused"] += 1
        return is_admitted

    def add(self, connection: Connection) -> None:
        """Count a connection that was admitted."""
        origin = self._origins.setdefault(connection.origin, _Origin())
        origin.ranks[connection.rank][connection] = None
        self._count += 1

    def remove(self, connection: Connection) -> None:
        """A connection is closed. May be called more than once."""
        origin = self._origins.get(connection.origin)
        if origin is None or connection not in origin.ranks[connection.rank]:
            return
        del origin.ranks[connection.rank][connection]
        self._count -= 1
        if not origin.count:
            del self._origins[connection.origin]

    def move(self, connection: Connection, rank: Rank) -> None:
        """Change the rank of a connection."""
        origin = self._origins.get(connection.origin)
        if origin is not None and connection in origin.ranks[connection.rank]:
            del origin.ranks[connection.rank][connection]
            origin.ranks[rank][connection] = None
        connection.rank = rank

    def count_of(self, origin: str) -> int:
        """The number of connections of an origin."""
        found = self._origins.get(origin)
        return 0 if found is None else found.count

    def count_unnamed_proxy(self) -> None:
        """A request came through a proxy that ``trusted_proxies`` does not name."""
        self.counts["unnamed_proxy"] += 1
        self._log.warning(
            "requests with X-Forwarded-For come from a private address that trusted_proxies does not name: "
            "all customers behind it share one limit"
        )

    def _relieve(self, mine: _Origin | None) -> bool:
        """Close a connection of the origin with the most; of one with fewer than ours only if ours has none to lose."""
        by_size = sorted(self._origins.values(), key=lambda each: each.count, reverse=True)
        return any(self._replace(each) for each in by_size if mine is None or each.count >= mine.count)

    def _replace(self, origin: _Origin) -> bool:
        victim = origin.expendable()
        if victim is None:
            return False
        self.remove(victim)
        self.counts["replaced"] += 1
        victim.cut()
        return True
