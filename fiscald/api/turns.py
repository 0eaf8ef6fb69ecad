"""Taking turns: what a few may do at a time, and that nobody keeps the others waiting by asking more often."""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import TypeVar

import anyio

from fiscald.api.connections import Who

T = TypeVar("T")
#: By user and process, those who wait; whoever is next comes first.
_Waiting = dict[int | None, dict[int | None, deque[anyio.Event]]]


class Turns:
    """Lets at most ``limit`` in at a time: ``per_user`` of one user and ``each`` of one process.

    The users that wait take turns, and so do the processes of one user.
    """

    def __init__(self, limit: int, per_user: int, each: int) -> None:
        self._limit = limit
        self._per_user = per_user
        self._each = each
        self._inside: Counter[Who | int | None] = Counter()
        self._count = 0
        self._waiting: _Waiting = {}

    @asynccontextmanager
    async def turn(self, who: Who) -> AsyncIterator[None]:
        """Entered when it is the turn of ``who``."""
        await self.enter(who)
        try:
            yield
        finally:
            self.leave(who)

    async def enter(self, who: Who) -> None:
        """Returns when it is the turn of ``who``, who has to ``leave`` then."""
        if self._may_enter(who):
            self._enter(who)
        else:
            await self._wait(who)

    async def _wait(self, who: Who) -> None:
        event = anyio.Event()
        self._waiting.setdefault(who.uid, {}).setdefault(who.pid, deque()).append(event)
        try:
            await event.wait()
        except BaseException:
            if event.is_set():
                self.leave(who)  # it was let in at the moment at which it gave up
            else:
                self._forget(who, event)
            raise

    def _may_enter(self, who: Who) -> bool:
        return self._count < self._limit and self._inside[who.uid] < self._per_user and self._inside[who] < self._each

    def _enter(self, who: Who) -> None:
        self._count += 1
        self._inside[who.uid] += 1
        self._inside[who] += 1

    def leave(self, who: Who) -> None:
        """The turn of ``who`` is over."""
        self._count -= 1
        self._inside -= Counter((who.uid, who))
        while (following := self._next()) is not None:
            event = self._waiting[following.uid][following.pid][0]
            self._forget(following, event)
            self._move_back(following)
            self._enter(following)
            event.set()

    def _next(self) -> Who | None:
        each = (Who(uid, pid) for uid, processes in self._waiting.items() for pid in processes)
        return next(filter(self._may_enter, each), None)

    def _move_back(self, who: Who) -> None:
        """Behind the other processes of its user, and the user behind the other users."""
        if (processes := self._waiting.pop(who.uid, None)) is not None:
            if (events := processes.pop(who.pid, None)) is not None:
                processes[who.pid] = events
            self._waiting[who.uid] = processes

    def _forget(self, who: Who, event: anyio.Event) -> None:
        processes = self._waiting[who.uid]
        processes[who.pid].remove(event)
        if not processes[who.pid]:
            del processes[who.pid]
        if not processes:
            del self._waiting[who.uid]


class Starts:
    """Lets a few requests begin in each turn of the event loop, so that a crowd of them does not make it long."""

    def __init__(self) -> None:
        self._turns = Turns(8, 6, 4)

    async def wait(self, who: Who) -> None:
        """Returns when a request of ``who`` may begin."""
        await self._turns.enter(who)
        asyncio.get_running_loop().call_soon(self._turns.leave, who)


class Worker:
    """Computes what would hold the event loop too long: in a thread, one thing at a time.

    More at a time would not be faster, for the interpreter runs one thread only; and the loop would wait for all.
    """

    def __init__(self) -> None:
        self._turns = Turns(1, 1, 1)
        self._thread: anyio.CapacityLimiter | None = None

    def turn(self, who: Who) -> AbstractAsyncContextManager[None]:
        """Entered when nothing is computed for anybody else, so that ``compute`` may be called."""
        return self._turns.turn(who)

    async def compute(self, what: Callable[[], T]) -> T:
        """What ``what`` returns or raises; to be called in one's ``turn``."""
        self._thread = self._thread or anyio.CapacityLimiter(1)
        return await anyio.to_thread.run_sync(what, limiter=self._thread)

    async def run(self, who: Who, what: Callable[[], T]) -> T:
        """The same, in a turn of its own. Cancelled while it waits for that, it is not computed."""
        async with self.turn(who):
            return await self.compute(what)
