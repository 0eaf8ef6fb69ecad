"""A central in miniature and its courier, around a real engine with an emulated printer, under virtual time."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, TypeVar

import anyio
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from fiscald.fleet.courier import CourierAway
from fiscald.fleet.envelope import payload_of, read_message, write
from fiscald.fleet.keys import SealKey, Signer, Verifiers
from fiscald.fleet.messages import Acknowledgement, Channel, Message, Order, Outcome, Status, topic
from fiscald.fleet.shop import FleetStore, Shop, ShopSettings
from fiscald.fleet.shop.standing import Facts
from fiscald.model.documents import Submission
from tests.engine.shop import RECEIPT, Till
from tests.engine.shop import Shop as EngineShop
from tests.engine.shop import shop as open_engine

T = TypeVar("T")
CENTRAL = Signer(Ed25519PrivateKey.from_private_bytes(bytes(range(32))))
DEVICE = Signer(Ed25519PrivateKey.from_private_bytes(bytes(range(7, 39))))
SEAL = SealKey.parse(bytes(range(9, 41)))
SETTINGS: dict[str, Any] = {"shop": "shop-0042", "central": "erp", "orders_keys": (CENTRAL.public,)}


async def at_once(work: Callable[[], T]) -> T:
    """Work with the disk, without a thread."""
    await anyio.lowlevel.checkpoint()
    return work()


class Post:
    """A courier that carries everything, or nothing while it is ``away``, and keeps what the shop sent."""

    def __init__(self) -> None:
        self.away = False
        self.outcomes: list[tuple[Outcome, str]] = []
        self.statuses: list[Status] = []
        self.acknowledges = True
        self.shop: Shop | None = None

    async def publish(self, topic: str, payload: bytes, *, retain: bool = False) -> None:
        """See ``Courier``."""
        await anyio.lowlevel.checkpoint()
        if self.away:
            raise CourierAway
        keys = Verifiers(DEVICE.public)
        if topic.endswith("/status"):
            assert retain
            self.statuses.append(read_message(payload, Status, keys)[0])
            return
        outcome, digest = read_message(payload, Outcome, keys)
        self.outcomes.append((outcome, digest))
        if self.acknowledges:
            self.acknowledge(digest)

    def acknowledge(self, *digests: str, signer: Signer = CENTRAL, **change: Any) -> None:
        assert self.shop is not None
        said: dict[str, Any] = {
            "shop": "shop-0042",
            "central": "erp",
            "issued": self.shop._clock(),
            "outcomes": digests,
        } | change
        self.hand(Acknowledgement.model_validate(said), signer)

    def hand(self, message: Message, signer: Signer = CENTRAL, *, sealed: bool = False) -> None:
        """Hand the shop a message."""
        data = write(type(message), payload_of(message), signer, SEAL.public if sealed else None)
        self.hand_bytes(data, message.channel)

    def hand_bytes(self, data: bytes, channel: Channel = Channel.ORDERS) -> None:
        assert self.shop is not None
        self.shop.received(topic("shop-0042", channel), data)

    def order(self, key: str = "a", document: dict[str, Any] = RECEIPT, printer: str = "till1", **change: Any) -> Order:
        """An order for the shop's session, not handed over yet."""
        assert self.shop is not None
        conditions = {name: change.pop(name) for name in ("deadline",) if name in change}
        submission = Submission.model_validate({"printer": printer, "document": document, **conditions})
        said: dict[str, Any] = {
            "shop": "shop-0042",
            "central": "erp",
            "session": self.shop.session,
            "issued": self.shop._clock(),
        }
        return Order.of(submission, key=key, **(said | change))

    @property
    def states(self) -> list[str]:
        """The states of all outcomes that came, oldest first."""
        return [outcome.state.value for outcome, _ in self.outcomes]

    async def until(self, wanted: Callable[[], Any], seconds: float = 60) -> None:
        with anyio.fail_after(seconds):
            while not wanted():
                await anyio.sleep(0.05)


@asynccontextmanager
async def fleet(
    directory: Path, till: Till, post: Post, *, session: str | None = None, **settings: Any
) -> AsyncIterator[tuple[EngineShop, Shop]]:
    """A shop in a fleet; closing it is like killing the daemon."""
    async with open_engine(directory, till) as opened:
        store = FleetStore(directory)
        shop = Shop(
            opened.engine, ShopSettings(**(SETTINGS | settings)), store, DEVICE, SEAL, opened.host_time, at_once,
            lambda: Facts("1.0", "active"), session,
        )  # fmt: skip
        post.shop = shop
        try:
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(shop.run, post)
                if not post.away:
                    shop.will()
                    shop.connected()
                yield opened, shop
                tasks.cancel_scope.cancel()
        finally:
            store.close()
