"""The central and the real shop core, joined by a courier that loses, doubles and delays; under virtual time."""

from __future__ import annotations

import random
from pathlib import Path

import anyio
import pytest
from anyio.abc import TaskGroup

from fiscald.fleet.central import Database, Dispatcher, alarms, orders, shops
from fiscald.fleet.messages import ShopCard
from fiscald.fleet.shop import Shop
from tests import virtual
from tests.engine.shop import Till
from tests.fleet.central.desk import CENTRAL_SEAL, SHOP, at_once, submission
from tests.fleet.post import CENTRAL, DEVICE, SEAL, Post, fleet


class Wild(Post):
    """Carries between both ends, with a fate for each message."""

    def __init__(self, seed: int, tasks: TaskGroup) -> None:
        super().__init__()
        self.rng = random.Random(seed)
        self.tasks = tasks
        self.central: Dispatcher | None = None

    async def publish(self, topic: str, payload: bytes, *, retain: bool = False, life: float | None = None) -> None:
        await anyio.lowlevel.checkpoint()
        to_central = topic.endswith(("/outcomes", "/status"))
        for _ in range(self.rng.choice((0, 1, 1, 2))):
            self.tasks.start_soon(self._carry, topic, payload, to_central)

    async def _carry(self, topic: str, payload: bytes, to_central: bool) -> None:
        await anyio.sleep(self.rng.choice((0.01, 1, 40, 5000)) * self.rng.random())
        target = self.central if to_central else self.shop
        if target is not None:
            target.received(topic, payload)


@pytest.mark.parametrize("seed", range(4))
def test_every_order_is_printed_once_whatever_the_courier_does(tmp_path: Path, sqlite_db: Database, seed: int) -> None:
    async def main() -> None:
        till = Till("till1")
        shops.enrol(sqlite_db, ShopCard(shop=SHOP, device_key=DEVICE.public, encryption_key=SEAL.public), 0)
        keys = [f"sale/{number}" for number in range(5)]
        async with anyio.create_task_group() as tasks:
            post = Wild(seed, tasks)
            for life in range(2):  # the shop's daemon and the dispatcher are killed once
                async with fleet(tmp_path, till, post) as (opened, shop):
                    assert isinstance(shop, Shop)
                    post.central = Dispatcher(
                        sqlite_db, "erp", CENTRAL, CENTRAL_SEAL, opened.host_time, at_once, poll=60.0
                    )
                    async with anyio.create_task_group() as work:
                        work.start_soon(post.central.run, post)
                        post.central.connected()
                        for key in keys if life == 0 else []:
                            orders.submit(sqlite_db, key, SHOP, submission(), opened.host_time().timestamp())
                        if life == 0:
                            await anyio.sleep(30)
                        else:
                            with anyio.fail_after(30 * 86_400):
                                while orders.listed(sqlite_db, is_open=True):
                                    await anyio.sleep(60)
                                while (await shop.state()).outcomes_waiting:
                                    await anyio.sleep(600)
                        work.cancel_scope.cancel()
            tasks.cancel_scope.cancel()
        assert {row.state for row in orders.listed(sqlite_db)} == {"done"}
        assert till.receipts == len(keys)
        assert alarms.count(sqlite_db) == 0

    virtual.run(main())
