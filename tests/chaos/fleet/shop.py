"""One shop of a fleet: the shop of ``tests.chaos.world``, and in its daemon the fleet's end."""

from __future__ import annotations

import asyncio
import random
import sqlite3
from collections.abc import Callable, Coroutine
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from fiscald.fleet.central import orders, shops
from fiscald.fleet.keys import SealKey, Signer
from fiscald.fleet.messages import ShopCard
from fiscald.fleet.shop import Facts, FleetStore, Shop, ShopSettings
from fiscald.model.jobs import Job
from fiscald.signed import b64
from tests.chaos.fleet.courier import Port
from tests.chaos.fleet.plan import CALM
from tests.chaos.life import Life
from tests.chaos.people import Person
from tests.chaos.schedule import Restored, Schedule
from tests.chaos.truth import Sale
from tests.chaos.world import World

if TYPE_CHECKING:
    from tests.chaos.fleet.world import FleetWorld

T = TypeVar("T")
#: Keys of orders in a shop's journal.
PREFIX = "fleet/erp/"
#: Hours after the courier has become calm within which everything must have its end.
HOURS = 12


class FleetPerson(Person):
    """A person who also knows which orders the central will send again."""

    world: ShopWorld

    async def _confirm(self) -> None:
        life = self.world.life
        if life is not None and not any(self.world.is_asked_again(key) for key in self.world.forgotten):
            await super()._confirm()


class FleetLife(Life):
    """A daemon in a fleet."""

    def __init__(self, world: ShopWorld) -> None:
        super().__init__(world)
        self._shop_world = world
        self.store = FleetStore(world.directory)
        self.port = Port(world.fleet.courier, world.name)
        world.session = b64(world.session_rng.randbytes(16))
        may = world.lives > world.lives_without_rights
        settings = ShopSettings(
            world.name, "erp", (world.fleet.signer.public,),
            encryption_key=world.fleet.opener.public if world.fleet.plan.seals else None,
            printers=None if may else frozenset(["other"]),
        )  # fmt: skip
        self.shop = Shop(
            self.engine, settings, self.store, world.signer, world.opener, world.host_time, self._in_thread,
            lambda: Facts("1.0", "active"), world.session,
        )  # fmt: skip
        self._spawn(self.shop.run(self.port))
        world.fleet.courier.comes(world.name)

    async def _in_thread(self, work: Callable[[], T]) -> T:
        world = self._shop_world
        await asyncio.sleep(world.later.uniform(0, 0.002))
        self.journal._live()
        if world.disk_full:
            raise sqlite3.OperationalError("database or disk is full")
        world.writes += 1
        world.write_happens(before=True)
        self.journal._live()
        found = work()
        world.fleet.check_acknowledged(world.name, self.store)
        world.write_happens(before=False)
        self.journal._live()
        await asyncio.sleep(0)
        self.journal._live()
        return found

    def die(self) -> None:
        """See ``Life.die``."""
        if not self.port.dead:
            self.port.dead = True
            self._shop_world.fleet.courier.goes(self._shop_world.name)
            super().die()
            self.store.close()


class ShopWorld(World):
    """See ``World``."""

    most_turns = 3_000_000

    def __init__(self, fleet: FleetWorld, schedule: Schedule, directory: Path, place: int) -> None:
        self.fleet = fleet
        self.name = f"shop-{place}"
        super().__init__(schedule, directory)
        self.patience = CALM + fleet.plan.closed_days * 86_400 + HOURS * 3600
        self.session_rng = random.Random(f"session {schedule.seed}")
        self.session = "A" * 22
        self.lives = 0
        self.lives_without_rights = (*fleet.plan.without_rights, 0, 0, 0)[place]
        self.forgotten: set[str] = set()
        """Keys of orders that the journal had before an older one was put back."""
        self._copy: bytes | None = None
        self._closed = False
        self.make_keys()

    def make_keys(self) -> None:
        """Those of a new computer."""
        self.signer = Signer(Ed25519PrivateKey.from_private_bytes(self.session_rng.randbytes(32)))
        self.opener = SealKey.parse(self.session_rng.randbytes(32))

    def enrol(self) -> None:
        """The central learns the keys."""
        card = ShopCard(shop=self.name, device_key=self.signer.public, encryption_key=self.opener.public)
        shops.enrol(self.fleet.central.office, card, self.fleet.time().timestamp(), replace=True)

    def log(self, line: str) -> None:
        self.fleet.log(f"{self.name} {line}")

    def make_person(self) -> Person:
        """See ``World.make_person``."""
        return FleetPerson(self)

    def clients(self) -> list[Coroutine[Any, Any, Any]]:
        """See ``World.clients``."""
        return [*super().clients(), self.fleet.finished.wait()]

    def sale_of(self, job: Job) -> Sale | None:
        """See ``World.sale_of``."""
        name = named(job)
        return next((sale for sale in self.truth.sales if sale.job == name), None)

    # -- lives ----------------------------------------------------------------------------------------

    def _start(self) -> None:
        if self._closed or (self.life is not None and not self.life.journal.dead):
            return
        self.log("daemon starts")
        self.lives += 1
        self.life = FleetLife(self)
        self.up.set()

    def stop(self) -> None:
        """The daemon is killed."""
        life, self.life = self.life, None
        self.up.clear()
        if life is not None:
            life.die()

    def restart(self, seconds: float) -> None:
        """The daemon is killed and started again."""
        self.log("the shop's computer is switched off")
        self.stop()
        asyncio.get_running_loop().call_later(max(seconds, 0.1), self._start)

    def move(self, seconds: float) -> None:
        """To another computer, with everything but the keys."""
        self.log("the shop moves to another computer")
        self.make_keys()
        self.restart(2.0)
        asyncio.get_running_loop().call_later(seconds, self.enrol)

    def close_shop(self) -> None:
        """No one is connected."""
        self.log("the shop is closed")
        self._closed = True
        self.stop()
        self._background[0].cancel()

    def open_shop(self) -> None:
        """Everybody is back."""
        self._closed = False
        self._background[0] = asyncio.ensure_future(self.make_person().run())
        self._start()

    async def withdraw(self) -> None:
        """A person withdraws orders that have not started."""
        life = self.life
        if life is None:
            return
        for entry in life.journal.store.jobs(limit=1000):
            if entry.job.key.startswith(PREFIX) and entry.phase.value == "accepted":
                await self.fleet.quietly(life, life.engine.withdraw(entry.job.key))

    # -- the directory --------------------------------------------------------------------------------

    def _timed(self, fault: Any) -> None:
        if fault.what.value == "journal_copy":
            path = self.directory / "fleet.db"
            if path.exists():
                with closing(sqlite3.connect(path)) as source, closing(sqlite3.connect(":memory:")) as target:
                    source.backup(target)
                    self._copy = target.serialize()
        super()._timed(fault)

    def _put_back(self, what: Restored, copy: dict[str, bytes]) -> None:
        if self.life is not None:
            keys = {entry.job.key for entry in self.life.journal.store.jobs(limit=1000)}
            self.forgotten |= {key for key in keys if key.startswith(PREFIX)}
        super()._put_back(what, copy)
        for path in self.directory.glob("fleet.db*"):
            path.unlink()
        if self._copy is not None:
            (self.directory / "fleet.db").write_bytes(self._copy)

    def is_asked_again(self, key: str) -> bool:
        """Whether the central will send that order again, and has not yet."""
        row = orders.find(self.fleet.central.office, key.removeprefix(PREFIX))
        assert self.life is not None
        return row is not None and not row.final and self.life.journal.store.job(key) is None


def named(job: Job) -> str:
    """What the truth calls the sale of a job."""
    if not job.key.startswith(PREFIX) or job.document.type != "receipt":
        return job.key
    return f"job/{job.document.lines[0].name.split()[1]}"
