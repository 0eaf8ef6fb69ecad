"""How many connections the API accepts, and which connection is closed when there are too many.

A descriptor that one client uses is missing for printers, journal and other clients. So the number of connections is
bounded, in total and per user. Over the network, an address counts as a user with one process, and may have fewer. Over
a bound, the process with the most connections loses one: the oldest one that is idle, or else the oldest one with a
request. A connection that waits for a job or listens to events is never closed to make room for its own process; their
number per user is bounded (``long``), so that there is always room for a short request. When a process opens
connections faster than ``EXCHANGES`` per second, so that each would close an older one of the same process, the new
ones are closed at once, because that is cheaper.

This is bookkeeping only: nothing here touches a socket.
"""

from __future__ import annotations

import resource
from collections.abc import Iterable, Iterator
from enum import IntEnum
from pathlib import Path
from typing import NamedTuple, Protocol

#: Descriptors kept free for licence files and everything else that is opened for a short time.
SPARE = 24
#: Enough connections for a shop, in addition to two per printer.
MOST = 1000
#: Connections that are accepted even if there are not enough descriptors.
LEAST = 8
#: New connections of one process, per second, that replace older ones of the same process.
EXCHANGES = 1000


class Who(NamedTuple):
    """The other end of a connection, as the kernel says; ``None``: not known."""

    user: int | str | None
    """A user of this computer by its number, or another computer by its network address."""
    pid: int | None
    """The process, on the socket."""

    @property
    def name(self) -> str:
        """For the log: ``user 1000``, ``address 192.168.1.7``."""
        return f"address {self.user}" if isinstance(self.user, str) else f"user {self.user}"


class Rank(IntEnum):
    """How little is lost when a connection is closed."""

    NEW = 0
    """No whole request has arrived yet."""
    KEPT = 1
    """The last request was answered, the next one has not begun."""
    BUSY = 2
    """A request is being read or answered."""
    LONG = 3
    """The client waits for a job, or listens to a stream."""


class Connection(Protocol):
    """A connection in this bookkeeping."""

    who: Who
    rank: Rank

    def look(self, now: float, head_seconds: float) -> None:
        """Close it if a time limit is over; a request head must be complete after ``head_seconds``."""

    def give_way(self) -> None:
        """Close it at once, to make room for another one."""

    def cut(self) -> None:
        """Close it at once."""


class Bounds(NamedTuple):
    """How many connections there may be."""

    total: int
    per_user: int
    """The rest is for other users, so that they get in without a connection being closed."""
    long: int
    """Connections of one user that wait or listen."""

    def of(self, who: Who) -> tuple[int, int]:
        """How many connections ``who`` may have, and how many of them may wait or listen.

        Over the network two thirds of that: with TLS, each takes twice as much memory.
        """
        share = 2 if isinstance(who.user, str) else 3
        return max(1, self.per_user * share // 3), max(1, self.long * share // 3)


def bounds(reserved: int, printers: int = 0) -> Bounds:
    """Bounds that leave ``reserved`` descriptors free, beside those that are open now.

    ``printers``: their number; each may have one client that waits and one that listens.
    """
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    room = MOST if limit == resource.RLIM_INFINITY else limit - _open_now() - reserved - SPARE
    total = max(LEAST, min(room, MOST + 2 * printers))
    per_user = max(1, total * 3 // 4)
    return Bounds(total, per_user, max(1, per_user * 2 // 3))


def _open_now() -> int:
    try:
        return sum(1 for _ in Path("/proc/self/fd").iterdir())
    except OSError:
        return 32


class _Process:
    """The connections of one process: by rank, the oldest first."""

    def __init__(self) -> None:
        self.ranks: tuple[dict[Connection, None], ...] = tuple({} for _ in Rank)
        self._may_exchange = EXCHANGES / 10
        self._counted_at = 0.0

    @property
    def count(self) -> int:
        return sum(map(len, self.ranks))

    def may_exchange(self, now: float) -> bool:
        """Whether a new connection may replace an older one of this process."""
        left = min(EXCHANGES / 10, self._may_exchange + (now - self._counted_at) * EXCHANGES)
        self._counted_at = now
        self._may_exchange = left - (left >= 1)
        return left >= 1

    def oldest(self, ranks: Iterable[Rank]) -> Connection | None:
        return next((connection for rank in ranks for connection in self.ranks[rank]), None)


class _User:
    """The connections of one user."""

    def __init__(self) -> None:
        self.processes: dict[int | None, _Process] = {}
        self.count = 0
        self.long = 0


class Connections:
    """All connections of the API."""

    def __init__(self, bounds: Bounds) -> None:
        self.bounds = bounds
        self._users: dict[int | str | None, _User] = {}
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[Connection]:
        for user in list(self._users.values()):
            for process in list(user.processes.values()):
                for connections in process.ranks:
                    yield from list(connections)

    def admit(self, who: Who, now: float) -> bool:
        """Whether a new connection of ``who`` is accepted at time ``now`` (seconds). May close another one for it."""
        user = self._users.get(who.user)
        mine = 0 if user is None else user.count
        if mine >= self.bounds.of(who)[0]:
            return self._make_room(user, who, now)
        if self._count < self.bounds.total:
            return True
        largest = max(self._users.values(), key=lambda each: each.count)
        # Another user loses a connection only if that user still has as many as this one afterwards.
        return self._make_room(largest if largest.count > mine + 1 else user, who, now)

    def add(self, connection: Connection) -> None:
        """Count a connection that was admitted."""
        user = self._users.setdefault(connection.who.user, _User())
        process = user.processes.setdefault(connection.who.pid, _Process())
        process.ranks[connection.rank][connection] = None
        user.count += 1
        user.long += connection.rank is Rank.LONG
        self._count += 1

    def remove(self, connection: Connection) -> None:
        """A connection is closed. May be called more than once."""
        user = self._users.get(connection.who.user)
        process = None if user is None else user.processes.get(connection.who.pid)
        if user is None or process is None or connection not in process.ranks[connection.rank]:
            return
        del process.ranks[connection.rank][connection]
        user.count -= 1
        user.long -= connection.rank is Rank.LONG
        self._count -= 1
        if not process.count:
            del user.processes[connection.who.pid]
        if not user.count:
            del self._users[connection.who.user]

    def move(self, connection: Connection, rank: Rank) -> None:
        """Change the rank of a connection."""
        user = self._users.get(connection.who.user)
        process = None if user is None else user.processes.get(connection.who.pid)
        if user is None or process is None or connection not in process.ranks[connection.rank]:
            connection.rank = rank
            return
        del process.ranks[connection.rank][connection]
        user.long += (rank is Rank.LONG) - (connection.rank is Rank.LONG)
        connection.rank = rank
        process.ranks[rank][connection] = None

    def counts(self, who: Who) -> tuple[int, int]:
        """The number of connections of the user, and of the process."""
        user = self._users.get(who.user)
        process = None if user is None else user.processes.get(who.pid)
        return (0, 0) if user is None or process is None else (user.count, process.count)

    def may_be_long(self, who: Who) -> bool:
        """Whether one more connection of ``who`` may wait or listen."""
        user = self._users.get(who.user)
        return user is None or user.long < self.bounds.of(who)[1]

    def relieve(self) -> bool:
        """Close a connection of the user with the most, to free a descriptor. Returns whether there was one."""
        largest = max(self._users.values(), key=lambda each: each.count, default=None)
        return self._make_room(largest, Who(None, None), 0.0)

    def _make_room(self, user: _User | None, who: Who, now: float) -> bool:
        """Close a connection of ``user`` for a new one of ``who``. Returns whether there was one to close."""
        if user is None:
            return False
        process = max(user.processes.values(), key=lambda each: each.count)
        own = user.processes.get(who.pid) if user is self._users.get(who.user) else None
        if own is not None and process.count <= own.count + 1:
            process = own
            if not own.may_exchange(now):
                return False
        short = (Rank.NEW, Rank.KEPT, Rank.BUSY)
        connection = process.oldest(short if process is own else (*short, Rank.LONG))
        if connection is None:
            return False
        self.remove(connection)
        connection.give_way()
        return True
