"""The daemon of a run: its journal with one thread, and one life of it, from its start to its death."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, TypeVar

from fiscald.engine import Engine, Printer
from fiscald.journal import JournalError, Store
from fiscald.model.printers import Identity
from fiscald.model.problems import Problem
from fiscald.protocols.kept import Kept
from tests.protocols import settings as settings_of

if TYPE_CHECKING:
    from tests.chaos.world import World

P = ParamSpec("P")
T = TypeVar("T")

READS = ("job", "jobs", "next_job", "next_accepted", "waiting", "counts", "events", "last_event", "known", "printer_id")
#: Transactions that came later than the schedules: they take their time from another stream of random numbers, and
#: are not among the numbered writes.
LATER = ("remember", "confirm_journal", "newest_confirmation", "give_up_damaged")


class Dead(Exception):
    """The daemon is not there (any more)."""


class _NoGate:
    def refuses(self, document_type: str, identity: Identity | None) -> Problem | None:
        return None

    def observe_clock(self, identity: Identity, clock: datetime | None) -> None:
        pass


class SimJournal:
    """The journal with its one thread, as seen from the loop: first come, first served, and each takes a while."""

    def __init__(self, world: World, directory: Path) -> None:
        self.world = world
        self.store = Store(directory, world.host_time)
        self.dead = False
        self.changes = 0
        """How many transactions wrote."""
        self._turn = asyncio.Lock()

    async def run(self, transaction: Callable[Concatenate[Store, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """See ``Journal.run``."""
        return await asyncio.shield(self._run(transaction, *args, **kwargs))

    async def _run(self, transaction: Callable[Concatenate[Store, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        world = self.world
        writes = transaction.__name__ not in READS
        async with self._turn:
            later = transaction.__name__ in LATER
            await asyncio.sleep((world.later if later else world.rng).uniform(0, 0.002))
            self._live()
            if writes:
                if world.disk_full:
                    raise JournalError("no space left on device")
                world.writes += not later
                world.write_happens(before=True)
            self._live()
            result = transaction(self.store, *args, **kwargs)
            if writes:
                self.changes += 1
                named = args[0] if args and isinstance(args[0], str) else ""
                world.log(f"journal {transaction.__name__} {named}")
                if transaction.__name__ == "opened":
                    world.know_id(args[1])
                if transaction.__name__ == "start":
                    world.begun[str(named)] = world.now()
                world.write_happens(before=False)
            self._live()
        await asyncio.sleep(0)
        return result

    def _live(self) -> None:
        if self.dead:
            raise asyncio.CancelledError


class Life:
    """One life of the daemon, from its start to its death."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.journal = SimJournal(world, world.directory)
        settings = settings_of.of(world.schedule.family, world.schedule.profile)
        settings = replace(settings, kept=Kept(world.kept[-1], self._keep))
        printer = Printer("till1", world.family, world.cable, settings, shared=world.schedule.shared)
        self.engine = Engine([printer], self.journal, _NoGate(), clock=world.host_time)
        self.tasks: dict[asyncio.Task[Any], None] = {}
        self.stream_of = world.cable
        self._spawn(self.engine.run())

    def _keep(self, texts: Mapping[str, str]) -> None:
        if not self.journal.dead:
            self.world.kept.append(dict(texts))

    def _spawn(self, coroutine: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        task = asyncio.get_running_loop().create_task(coroutine)
        self.tasks[task] = None
        return task

    async def call(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """A client's request. Raises ``Dead`` if the daemon dies over it."""
        task = self._spawn(coroutine)
        await asyncio.wait([task])
        del self.tasks[task]
        if task.cancelled() or self.journal.dead:
            raise Dead
        return task.result()

    def die(self) -> None:
        """From now on nothing more happens in here."""
        self.journal.dead = True
        stream = self.world.cable.stream
        if stream is not None:
            self.world.cable.closed(stream)
        for task in list(self.tasks):
            task.cancel()
        self.journal.store.close()
