"""How many connections the API takes, and whose connection is closed when there are too many.

A descriptor that one client holds is one that the printers, the journal and the other clients lack. So there is a
bound on all connections, and one for each user. Over a bound, the process that has the most connections loses one: of
those in which nothing goes on the oldest, and only then one that is being answered. A connection that waits for a job
or listens to events is never closed for the sake of its own process; there can be only ``long`` of them per user, so
that a short question finds room beside them. Where a process opens connections faster than ``EXCHANGES`` a second and
would lose one itself for each, the new ones are closed at once, which costs less.

Nothing here touches a socket: it is told of every connection, and says which one has to go.
"""

from __future__ import annotations

import resource
from collections.abc import Iterable, Iterator
from enum import IntEnum
from pathlib import Path
from typing import NamedTuple, Protocol

#: Descriptors kept free for threads, files of the licence, and whatever else is opened for a moment.
SPARE = 24
#: No shop needs more connections, apart from two for each printer.
MOST = 1000
#: So many are taken even where the descriptors do not suffice.
LEAST = 8
#: New connections of a process that take the place of its own older ones, in a second.
EXCHANGES = 1000


class Who(NamedTuple):
    """The other end of a connection, by the kernel; ``None``: not known."""

    uid: int | None
    pid: int | None


class Rank(IntEnum):
    """How little is lost when a connection is closed."""

    NEW = 0
    """No whole request has arrived on it yet."""
    KEPT = 1
    """Its last request was answered, the next one has not begun."""
    BUSY = 2
    """A request is being read or answered."""
    LONG = 3
    """It waits for the end of a job, or listens."""


class Connection(Protocol):
    """What is known of a connection."""

    who: Who
    rank: Rank

    def look(self, now: float, head_seconds: float) -> None:
        """Close it if it is over its time; a request head must be whole after ``head_seconds``."""

    def give_way(self) -> None:
        """Close it at once: its place is needed."""

    def cut(self) -> None:
        """Close it at once."""


class Bounds(NamedTuple):
    """How many connections there may be."""

    total: int
    per_user: int
    """The rest is for others, who need not wait until somebody was cut off."""
    long: int
    """Of one user's connections, those that wait or listen."""


def bounds(reserved: int, printers: int = 0) -> Bounds:
    """The bounds that leave ``reserved`` descriptors, beside those that are open now, to everything else.

    ``printers``: how many there are, for each may have its own client that waits and one that listens.
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
    """The connections of one process, those of each rank in the order in which they came to it."""

    def __init__(self) -> None:
        self.ranks: tuple[dict[Connection, None], ...] = tuple({} for _ in Rank)
        self._may_exchange = EXCHANGES / 10
        self._counted_at = 0.0

    @property
    def count(self) -> int:
        return sum(map(len, self.ranks))

    def may_exchange(self, now: float) -> bool:
        """Whether one of its connections may take the place of another."""
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
        self._users: dict[int | None, _User] = {}
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[Connection]:
        for user in list(self._users.values()):
            for process in list(user.processes.values()):
                for connections in process.ranks:
                    yield from list(connections)

    def admit(self, who: Who, now: float) -> bool:
        """Whether another connection of ``who`` may come in at the time ``now``, in seconds.

        Where there is no room, another one may be cut for it.
        """
        user = self._users.get(who.uid)
        mine = 0 if user is None else user.count
        if mine >= self.bounds.per_user:
            return self._make_room(user, who, now)
        if self._count < self.bounds.total:
            return True
        largest = max(self._users.values(), key=lambda each: each.count)
        # Only a user who has more than this one will have then gives something up.
        return self._make_room(largest if largest.count > mine + 1 else user, who, now)

    def add(self, connection: Connection) -> None:
        """It was admitted."""
        user = self._users.setdefault(connection.who.uid, _User())
        process = user.processes.setdefault(connection.who.pid, _Process())
        process.ranks[connection.rank][connection] = None
        user.count += 1
        user.long += connection.rank is Rank.LONG
        self._count += 1

    def remove(self, connection: Connection) -> None:
        """It is gone; may be told more than once."""
        user = self._users.get(connection.who.uid)
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
            del self._users[connection.who.uid]

    def move(self, connection: Connection, rank: Rank) -> None:
        """From now on it is of that rank."""
        user = self._users.get(connection.who.uid)
        process = None if user is None else user.processes.get(connection.who.pid)
        if user is None or process is None or connection not in process.ranks[connection.rank]:
            connection.rank = rank
            return
        del process.ranks[connection.rank][connection]
        user.long += (rank is Rank.LONG) - (connection.rank is Rank.LONG)
        connection.rank = rank
        process.ranks[rank][connection] = None

    def counts(self, who: Who) -> tuple[int, int]:
        """How many connections the user has, and how many the process."""
        user = self._users.get(who.uid)
        process = None if user is None else user.processes.get(who.pid)
        return (0, 0) if user is None or process is None else (user.count, process.count)

    def may_be_long(self, who: Who) -> bool:
        """Whether ``who`` may have one more connection that waits or listens."""
        user = self._users.get(who.uid)
        return user is None or user.long < self.bounds.long

    def relieve(self) -> bool:
        """Cut one of the user who has the most, for want of a descriptor. Whether there was one to cut."""
        largest = max(self._users.values(), key=lambda each: each.count, default=None)
        return self._make_room(largest, Who(None, None), 0.0)

    def _make_room(self, user: _User | None, who: Who, now: float) -> bool:
        """Cut one of ``user``'s connections for one of ``who``. Whether there was one to cut."""
        if user is None:
            return False
        process = max(user.processes.values(), key=lambda each: each.count)
        own = user.processes.get(who.pid) if user is self._users.get(who.uid) else None
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
