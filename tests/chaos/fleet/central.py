"""The central of a run: its database in one file, and lives of a dispatcher that end between two transactions."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeVar

from sqlalchemy import Connection

from fiscald.fleet.central import Database, Dispatcher, orders, sqlite_url
from fiscald.fleet.central.recording import _meaning, _stored
from tests.chaos.fleet.courier import CENTRAL, Port
from tests.chaos.fleet.plan import Act, Trouble

if TYPE_CHECKING:
    from tests.chaos.fleet.world import FleetWorld

T = TypeVar("T")
#: Seconds between two looks of the dispatcher for orders of other processes.
POLL = 3600.0


class SimDatabase(Database):
    """A database of a process that may be killed before and after every transaction."""

    def __init__(self, url: str, happens: Callable[[bool], None]) -> None:
        self._happens: Callable[[bool], None] = lambda _: None
        super().__init__(url)
        self._happens = happens

    @contextmanager
    def change(self) -> Iterator[Connection]:
        """See ``Database.change``."""
        self._happens(True)
        with super().change() as connection:
            yield connection
        self._happens(False)


class Central:
    """The central."""

    def __init__(self, world: FleetWorld) -> None:
        self.world = world
        self.url = sqlite_url(world.directory / "central" / "fleet.db")
        self.office = Database(self.url)
        """The database as other processes have it: the HTTP face, the command, and the checks."""
        self.transactions = 0
        self.dispatcher: Dispatcher | None = None
        self.finals: dict[str, tuple[object, ...]] = {}
        self._kills = [each for each in world.plan.troubles if each.act is Act.CENTRAL_KILLED]
        self._db: SimDatabase | None = None
        self._port: Port | None = None
        self._task: asyncio.Task[None] | None = None
        self.ended: list[asyncio.Task[None]] = []

    def start(self) -> None:
        """A new life."""
        world = self.world
        world.log("central starts")
        port = self._port = Port(world.courier, CENTRAL)

        def happens(before: bool) -> None:
            if port.dead:
                raise asyncio.CancelledError
            self.transactions += before
            kill = next((each for each in self._kills if self._is_now(each, before=before)), None)
            if kill is not None:
                self._kills.remove(kill)
                self.die()
                asyncio.get_running_loop().call_later(kill.seconds, self.start)
                raise asyncio.CancelledError

        async def at_once(work: Callable[[], T]) -> T:
            await asyncio.sleep(world.courier.rng.uniform(0, 0.005))
            if port.dead:
                raise asyncio.CancelledError
            found = work()
            await asyncio.sleep(0)
            if port.dead:
                raise asyncio.CancelledError
            return found

        self._db = SimDatabase(self.url, happens)
        self.dispatcher = Dispatcher(
            self._db, "erp", world.signer, world.opener, world.central_time, at_once, seals=world.plan.seals, poll=POLL
        )
        self.dispatcher.on_change = self._changed
        self._task = asyncio.get_running_loop().create_task(self.dispatcher.run(port))
        world.courier.comes(CENTRAL)

    def _is_now(self, kill: Trouble, *, before: bool) -> bool:
        return self.transactions == kill.at and before == (kill.amount == 0)

    def die(self) -> None:
        """From now on nothing more happens in here."""
        if self._port is None or self._port.dead:
            return
        self.world.log("central dies")
        self._port.dead = True
        self.dispatcher = None
        self.world.courier.goes(CENTRAL)
        assert self._task is not None
        self._task.cancel()
        self.ended.append(self._task)

    def close(self) -> None:
        """The end of the run."""
        self.office.close()

    def _changed(self, keys: list[str]) -> None:
        for key in keys:
            row = orders.find(self.office, key)
            assert row is not None
            meaning = _meaning(_stored(row))
            if row.final:
                self.world.log(f"central: {key} {row.state}")
            if key in self.finals and (not row.final or self.finals[key] != meaning):
                self.world.violations.append(f"changed: {key} was {self.finals[key]}, and is {meaning}")
            if row.final:
                self.finals.setdefault(key, meaning)
