"""A central with a courier and shops in miniature, for tests under virtual time and on both databases."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import anyio
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from fiscald.fleet.central import Database, Dispatcher, orders, shops
from fiscald.fleet.central.rows import OrderRow
from fiscald.fleet.courier import CourierAway
from fiscald.fleet.envelope import digest_of, payload_of, read_message, write
from fiscald.fleet.keys import SealKey, Signer, Verifiers
from fiscald.fleet.messages import Acknowledgement, Channel, Message, Order, Outcome, ShopCard, Status, topic
from fiscald.model.documents import Submission

T = TypeVar("T")
CENTRAL = Signer(Ed25519PrivateKey.from_private_bytes(bytes(range(32))))
CENTRAL_SEAL = SealKey.parse(bytes(range(3, 35)))
DEVICE = Signer(Ed25519PrivateKey.from_private_bytes(bytes(range(7, 39))))
SEAL = SealKey.parse(bytes(range(9, 41)))
START = datetime(2026, 12, 1, 8, tzinfo=UTC)
RECEIPT: dict[str, Any] = {"type": "receipt", "lines": [{"name": "Kawa", "price": "12.00", "vat": "A"}]}
TEA: dict[str, Any] = {"type": "receipt", "lines": [{"name": "Herbata", "price": "7.00", "vat": "A"}]}
SHOP = "shop-0042"
CARD = ShopCard(shop=SHOP, device_key=DEVICE.public, encryption_key=SEAL.public)
SESSION, NEXT_SESSION = "s" * 22, "t" * 22


async def at_once(work: Callable[[], T]) -> T:
    """Work with the database, without a thread."""
    await anyio.lowlevel.checkpoint()
    return work()


def submission(document: dict[str, Any] = RECEIPT, printer: str = "till1", **more: Any) -> Submission:
    return Submission.model_validate({"printer": printer, "document": document, **more})


def job(state: str = "done", number: int = 1, **more: Any) -> dict[str, Any]:
    """What a shop says of a job."""
    at = START.isoformat()
    result = {"number": number, "daily_report": 1, "printer_id": "EMU 1", "total": "12.00"} if state == "done" else None
    return {
        "key": "fleet/erp/a", "printer": "till1", "state": state, "result": result, "created_at": at, "updated_at": at,
        "paper": "printed" if state == "done" else "none",
    } | more  # fmt: skip


class Desk:
    """Plays the courier, and all shops behind it, by hand."""

    def __init__(self, db: Database, clock: Callable[[], datetime], **more: Any) -> None:
        self.db = db
        self.clock = clock
        self.dispatcher = Dispatcher(db, "erp", CENTRAL, CENTRAL_SEAL, clock, at_once, seals=False, **more)
        self.orders: list[tuple[float, Order]] = []
        self.acknowledged: list[str] = []
        self.away = False

    async def publish(self, where: str, payload: bytes, *, life: float | None = None) -> None:
        """See ``Courier``."""
        await anyio.lowlevel.checkpoint()
        if self.away:
            raise CourierAway
        keys = Verifiers(CENTRAL.public)
        if where.endswith("/orders"):
            self.orders.append((self.clock().timestamp(), read_message(payload, Order, keys)[0]))
        else:
            self.acknowledged += read_message(payload, Acknowledgement, keys)[0].outcomes

    def submit(self, key: str = "a", document: dict[str, Any] = RECEIPT, shop: str = SHOP) -> OrderRow:
        row, _ = orders.submit(self.db, key, shop, submission(document), self.clock().timestamp())
        self.dispatcher.wake()
        return row

    def status(self, session: str = SESSION, **change: Any) -> Status:
        now = self.clock()
        said = {"shop": SHOP, "session": session, "online": True, "connected": now, "issued": now, "version": "1.0"}
        return Status.model_validate(said | change)

    def outcome(
        self, state: str = "done", key: str = "a", document: dict[str, Any] = RECEIPT, **change: Any
    ) -> Outcome:
        final = state in ("done", "failed", "withdrawn")
        said = {
            "shop": SHOP, "central": "erp", "session": SESSION, "key": key, "issued": self.clock(), "state": state,
            "digest": submission(document).digest().hex(), "final": final,
        }  # fmt: skip
        if state != "refused":
            said["job"] = job(state)
        return Outcome.model_validate(said | change)

    def hand(self, message: Message, signer: Signer = DEVICE, *, shop: str = SHOP, sealed: bool = False) -> str:
        """Hand the central a message of a shop; returns its digest."""
        payload = payload_of(message)
        data = write(type(message), payload, signer, CENTRAL_SEAL.public if sealed else None)
        self.dispatcher.received(topic(shop, message.channel), data)
        return digest_of(payload)

    def hand_bytes(self, data: bytes, channel: Channel = Channel.OUTCOMES, shop: str = SHOP) -> None:
        self.dispatcher.received(topic(shop, channel), data)

    def order(self, key: str = "a") -> OrderRow:
        found = orders.find(self.db, key)
        assert found is not None
        return found

    async def until(self, wanted: Callable[[], Any], seconds: float = 60) -> None:
        with anyio.fail_after(seconds):
            while not wanted():
                await anyio.sleep(0.05)


@asynccontextmanager
async def desk(db: Database, *, enrolled: bool = True, online: bool = True, **more: Any) -> AsyncIterator[Desk]:
    """A central at work, in virtual time; one shop is enrolled and online. Leaving it is like killing the dispatcher."""
    zero = anyio.current_time()
    started: datetime = more.pop("start", START)

    def clock() -> datetime:
        return started + timedelta(seconds=anyio.current_time() - zero)

    made = Desk(db, clock, **({"poll": 3600.0} | more))
    if enrolled:
        shops.enrol(db, CARD, clock().timestamp())
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(made.dispatcher.run, made)
        made.dispatcher.connected()
        if online and enrolled:
            made.hand(made.status())
            await anyio.sleep(0.1)
        yield made
        tasks.cancel_scope.cancel()
