"""Fair limits on concurrent work: users, and processes of one user, take turns, however many requests each sends."""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import TypeVar

import anyio

from fiscald.api.connections import Who

T = TypeVar("T")
#: Who waits, by user and process; the next one comes first.
_Waiting = dict[int | str | None, dict[int | None, deque[anyio.Event]]]


class FairLimiter:
    """Admits at most ``limit`` at a time: ``per_user`` of one user and ``each`` of one process.

    Waiting users take turns, and so do the waiting processes of one user.
    """

    def __init__(self, limit: int, per_user: int, each: int) -> None:
        self._limit = limit
        self._per_user = per_user
        self._each = each
        self._inside: Counter[Who | int | str | None] = Counter()
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
        """Wait for the turn of ``who``. The caller must call ``leave`` afterwards."""
        if self._may_enter(who):
            self._enter(who)
        else:
            await self._wait(who)

    async def _wait(self, who: Who) -> None:
        event = anyio.Event()
        self._waiting.setdefault(who.user, {}).setdefault(who.pid, deque()).append(event)
        try:
            await event.wait()
        except BaseException:
            if event.is_set():
                self.leave(who)  # admitted and cancelled at the same moment
            else:
                self._forget(who, event)
            raise

    def _may_enter(self, who: Who) -> bool:
        return self._count < self._limit and self._inside[who.user] < self._per_user and self._inside[who] < self._each

    def _enter(self, who: Who) -> None:
        self._count += 1
        self._inside[who.user] += 1
        self._inside[who] += 1

    def leave(self, who: Who) -> None:
        """The turn of ``who`` is over."""
        self._count -= 1
        self._inside -= Counter((who.user, who))
        while (following := self._next()) is not None:
            event = self._waiting[following.user][following.pid][0]
            self._forget(following, event)
            self._move_back(following)
            self._enter(following)
            event.set()

    def _next(self) -> Who | None:
        each = (Who(user, pid) for user, processes in self._waiting.items() for pid in processes)
        return next(filter(self._may_enter, each), None)

    def _move_back(self, who: Who) -> None:
        """Behind the other processes of its user, and the user behind the other users."""
        if (processes := self._waiting.pop(who.user, None)) is not None:
            if (events := processes.pop(who.pid, None)) is not None:
                processes[who.pid] = events
            self._waiting[who.user] = processes

    def _forget(self, who: Who, event: anyio.Event) -> None:
        processes = self._waiting[who.user]
        processes[who.pid].remove(event)
        if not processes[who.pid]:
            del processes[who.pid]
        if not processes:
            del self._waiting[who.user]


class StartLimiter:
    """Starts a few requests in each turn of the event loop, so that many requests do not make one turn long."""

    def __init__(self) -> None:
        self._turns = FairLimiter(8, 6, 4)

    async def wait(self, who: Who) -> None:
        """Returns when a request of ``who`` may start."""
        await self._turns.enter(who)
        asyncio.get_running_loop().call_soon(self._turns.leave, who)


class Worker:
    """Runs computations that would block the event loop in a thread, one at a time.

    More threads would not be faster, because the interpreter runs one at a time, and the loop would wait for all.
    """

    def __init__(self) -> None:
        self._turns = FairLimiter(1, 1, 1)
        self._thread: anyio.CapacityLimiter | None = None

    def turn(self, who: Who) -> AbstractAsyncContextManager[None]:
        """Entered when no other computation runs; ``compute`` may be called inside."""
        return self._turns.turn(who)

    async def compute(self, what: Callable[[], T]) -> T:
        """Run ``what`` in the thread; call this inside ``turn``."""
        self._thread = self._thread or anyio.CapacityLimiter(1)
        return await anyio.to_thread.run_sync(what, limiter=self._thread)

    async def run(self, who: Who, what: Callable[[], T]) -> T:
        """Wait for the turn of ``who`` and run ``what``. If cancelled while it waits, ``what`` is not run."""
        async with self.turn(who):
            return await self.compute(what)
