"""One dispatcher: publishes open orders, stores verified outcomes, and acknowledges what is stored.

Several may work on one PostgreSQL database. One that dies loses nothing: its orders are due again after a lease, and
the shops repeat what was not acknowledged.
"""

from __future__ import annotations

import logging
from collections import Counter, deque
from collections.abc import Awaitable, Callable, Iterable
from datetime import datetime
from functools import partial
from typing import Protocol, TypeVar

import anyio
from sqlalchemy.exc import SQLAlchemyError

from fiscald.fleet.central import orders, shops
from fiscald.fleet.central.courier import Courier
from fiscald.fleet.central.database import Database
from fiscald.fleet.central.recording import Recorded, Verified, is_consistent, record
from fiscald.fleet.central.rows import Claimed, ShopRow
from fiscald.fleet.courier import CourierAway
from fiscald.fleet.envelope import TooLarge, parse, payload_of, read, read_message, write
from fiscald.fleet.keys import SealKey, Signer, Verifiers
from fiscald.fleet.messages import (
    MAX_ACKNOWLEDGED,
    MAX_MESSAGE,
    Acknowledgement,
    Channel,
    Order,
    Outcome,
    Status,
    read_topic,
    topic,
)
from fiscald.fleet.sealing import is_sealed, unseal
from fiscald.model.documents import Submission
from fiscald.signed import Fault, TokenRefused

log = logging.getLogger(__name__)
T = TypeVar("T")

#: Messages that wait for their turn, and their bytes together. What is more is dropped: the shops send it again.
MAX_WAITING, MAX_WAITING_BYTES = 20_000, 64 << 20
#: Messages that are looked at together, and stored in one transaction.
BATCH = 50
#: Orders that are claimed together.
CLAIM = 100
#: Seconds before an order without an outcome is published again.
PAUSES = (10.0, 30.0, 120.0, 600.0, 3600.0, 4 * 3600.0)
#: Orders that one shop gets within so many seconds: it works on one after the other, and drops what is too much.
BURST, BURST_SECONDS = 20, 2.0
#: Seconds between two looks for orders that another process has submitted.
POLL = 1.0
#: Seconds before the next try after trouble with the database or the courier.
TROUBLE = 5.0
#: Seconds for which a courier should keep an acknowledgement. The shop repeats its outcome anyway.
ACKNOWLEDGEMENT_LIFE = 24 * 3600.0


class InThread(Protocol):
    """Runs short work with the database away from the event loop; a simulation runs it at once."""

    def __call__(self, work: Callable[[], T], /) -> Awaitable[T]:
        """What ``work`` returns."""


class _Doubted(Exception):
    """A message that is not from a shop of this central; ``str`` is the word under which it is counted."""


class Dispatcher:
    """The central's work between its database and a courier."""

    def __init__(
        self,
        db: Database,
        central: str,
        signer: Signer,
        opener: SealKey,
        clock: Callable[[], datetime],
        in_thread: InThread,
        *,
        seals: bool = True,
        poll: float = POLL,
        hooks: Iterable[str] = (),
    ) -> None:
        """``signer`` signs orders, ``opener`` opens sealed outcomes, ``clock`` is this computer's; ``seals``: orders
        are encrypted for the shop.
        """
        self.central = central
        self.counted: Counter[str] = Counter()
        """What was done and what was not believed, by a fixed set of words."""
        self.on_change: Callable[[list[str]], None] = lambda _: None
        """Called with the keys of orders whose answer is another one now."""
        self._db = db
        self._signer = signer
        self._opener = opener
        self._clock = clock
        self._in_thread = in_thread
        self._seals = seals
        self._poll = poll
        self._hooks = tuple(hooks)
        self._waiting: deque[tuple[str, bytes]] = deque()
        self._waiting_bytes = 0
        self._came = anyio.Event()
        self._due = anyio.Event()
        self._line = anyio.Event()
        self._bursts: dict[str, tuple[float, int]] = {}
        self.is_connected = False
        self.reason: str | None = None

    # -- what the courier and the HTTP face call ------------------------------------------------------

    def will(self) -> None:
        """A dispatcher has no last will: others go on."""

    def farewell(self) -> None:
        """Nor does it say goodbye."""

    def topics(self) -> tuple[str, ...]:
        """What to subscribe to. Each outcome goes to one dispatcher; brokers keep retained messages from shared
        subscriptions, so every dispatcher hears every status.
        """
        return f"$share/{self.central}/{topic('+', Channel.OUTCOMES)}", topic("+", Channel.STATUS)

    def connected(self) -> None:
        """There is a connection, and the topics are subscribed to."""
        self.is_connected, self.reason = True, None
        self._line.set()

    def disconnected(self, reason: str) -> None:
        """The connection is lost, or could not be made."""
        self.is_connected, self.reason = False, reason
        if self._line.is_set():  # else it has been lost before, and who waits for it goes on waiting
            self._line = anyio.Event()

    def received(self, where: str, payload: bytes) -> None:
        """A message came. Never blocks and never raises."""
        if len(self._waiting) >= MAX_WAITING or self._waiting_bytes + len(payload) > MAX_WAITING_BYTES:
            self.counted["dropped"] += 1
            return
        self._waiting.append((where, payload))
        self._waiting_bytes += len(payload)
        self._came.set()

    def wake(self) -> None:
        """An order was submitted."""
        self._due.set()

    # -- the work -------------------------------------------------------------------------------------

    async def run(self, courier: Courier) -> None:
        """Work until cancelled."""
        async with anyio.create_task_group() as tasks:
            for work in (self._hear, self._publish):
                tasks.start_soon(self._keep_on, work, courier)

    async def _keep_on(self, work: Callable[[Courier], Awaitable[None]], courier: Courier) -> None:
        while True:
            try:
                await work(courier)
            except SQLAlchemyError as error:
                self.counted["database_trouble"] += 1
                log.error("the database cannot be used, next try in %d s: %s", TROUBLE, error)
            except CourierAway:
                self.counted["courier_away"] += 1
            except Exception:
                self.counted["internal"] += 1
                log.exception("an internal error of the dispatcher; it continues")
            await anyio.sleep(TROUBLE)

    async def _hear(self, courier: Courier) -> None:
        while True:
            while not self._waiting:
                self._came = anyio.Event()
                await self._came.wait()
            batch = [self._waiting.popleft() for _ in range(min(BATCH, len(self._waiting)))]
            self._waiting_bytes -= sum(len(payload) for _, payload in batch)
            stored, hurried = await self._in_thread(partial(self._store, batch))
            if hurried:
                self.wake()
            for sentence in stored.alarms:
                log.error("ALARM: %s", sentence)
            if stored.changed:
                self.on_change(stored.changed)
            await self._acknowledge(stored.acknowledged, courier)

    def _store(self, batch: list[tuple[str, bytes]]) -> tuple[Recorded, bool]:
        """Look at messages, and store what can be believed. Nothing of it is acknowledged before.

        Returns what was stored, and whether orders are due at once.
        """
        known: dict[str, ShopRow | None] = {}
        outcomes: dict[tuple[str, str], Verified] = {}
        hurried = False
        now = self._clock()
        for where, payload in batch:
            try:
                found = self._read(where, payload, known)
            except _Doubted as doubted:
                self.counted[f"refused_{doubted}"] += 1
                continue
            except TokenRefused as error:
                self.counted[f"refused_{error.fault.value.lower()}"] += 1
                continue
            if isinstance(found, Status):
                shop = known[found.shop]
                assert shop is not None
                hurried |= shops.hear(self._db, found, shop.device_key, now)
            else:
                outcomes[found.outcome.shop, found.digest] = found
        stored = record(self._db, list(outcomes.values()), now, self._hooks)
        return stored, hurried or stored.hurried

    def _read(self, where: str, payload: bytes, known: dict[str, ShopRow | None]) -> Verified | Status:
        """One message, if the shop's device signed it for this central. Raises ``TokenRefused`` and ``_Doubted``."""
        place = read_topic(where)
        if place is None or place[1] not in (Channel.OUTCOMES, Channel.STATUS):
            raise _Doubted("topic")
        name, channel = place
        if name not in known:
            known[name] = shops.find(self._db, name)
        shop = known[name]
        if shop is None or shop.revoked is not None:
            raise _Doubted("unknown_shop" if shop is None else "revoked_shop")
        keys = Verifiers(shop.device_key)
        if channel is Channel.STATUS:
            status, _ = read_message(payload, Status, keys, self._opener)
            self.counted["statuses"] += 1
            if status.shop != name:
                raise _Doubted("other_shop")
            return status
        message = self._opened(payload)
        signed = read(message.encode("ascii"), Outcome, keys)
        outcome = parse(Outcome, signed.claims)
        if outcome.shop != name:
            raise _Doubted("other_shop")
        if outcome.central != self.central:
            raise _Doubted("other_central")
        if not is_consistent(outcome):
            raise _Doubted("claims")
        self.counted["outcomes"] += 1
        return Verified(outcome, signed.digest, message)

    def _opened(self, payload: bytes) -> str:
        """The signed text: what is kept as evidence can be checked without the central's key."""
        try:
            text = payload.decode("ascii")
        except UnicodeDecodeError:
            raise TokenRefused(Fault.FORMAT, "not a signed text, or not a whole one") from None
        if len(text) > MAX_MESSAGE:
            raise TokenRefused(Fault.FORMAT, f"larger than {MAX_MESSAGE} bytes")
        return unseal(text, self._opener) if is_sealed(text) else text

    async def _acknowledge(self, stored: list[Verified], courier: Courier) -> None:
        by_shop: dict[str, list[str]] = {}
        for each in stored:
            by_shop.setdefault(each.outcome.shop, []).append(each.digest)
        for shop, digests in by_shop.items():
            for start in range(0, len(digests), MAX_ACKNOWLEDGED):
                said = Acknowledgement(
                    shop=shop, issued=self._clock(), central=self.central,
                    outcomes=tuple(digests[start : start + MAX_ACKNOWLEDGED]),
                )  # fmt: skip
                data = write(Acknowledgement, payload_of(said), self._signer)
                await courier.publish(topic(shop, Channel.ACKNOWLEDGEMENTS), data, life=ACKNOWLEDGEMENT_LIFE)
                self.counted["acknowledged"] += len(said.outcomes)

    # -- orders ---------------------------------------------------------------------------------------

    async def _publish(self, courier: Courier) -> None:
        while True:
            if not self.is_connected:
                await self._line.wait()
                continue
            self._due = anyio.Event()
            due = self._due
            now = self._clock().timestamp()
            claimed = await self._in_thread(lambda now=now: orders.claim(self._db, now, CLAIM))  # type: ignore[misc]
            if claimed:
                await self._publish_all(claimed, courier)
                continue
            with anyio.move_on_after(await self._pause()):
                await due.wait()

    async def _pause(self) -> float:
        """Seconds until something may be due."""
        next_due = await self._in_thread(partial(orders.next_due, self._db))
        if next_due is None:
            return self._poll
        return min(self._poll, max(0.001, next_due - self._clock().timestamp()))

    async def _publish_all(self, claimed: list[Claimed], courier: Courier) -> None:
        published: dict[str, float] = {}
        put_off: dict[str, float] = {}
        many: Counter[str] = Counter()
        try:
            for order in claimed:
                now = self._clock().timestamp()
                if not self._may_go(order.shop, now):
                    put_off[order.key] = now + BURST_SECONDS * (1 + many[order.shop] // BURST)
                    many[order.shop] += 1
                    continue
                pause = PAUSES[min(order.tries, len(PAUSES) - 1)]
                data = await self._in_thread(partial(self._written, order))
                if data is not None:
                    await courier.publish(topic(order.shop, Channel.ORDERS), data, life=2 * pause)
                    self.counted["published"] += 1
                published[order.key] = self._clock().timestamp() + pause
        finally:
            with anyio.CancelScope(shield=True):
                await self._in_thread(lambda: orders.sent(self._db, published, put_off))

    def _written(self, order: Claimed) -> bytes | None:
        """An order as the shop gets it; ``None``: it cannot be written, which ``is_too_large`` should have told."""
        submission = Submission.model_validate_json(order.submission)
        message = Order.of(
            submission, central=self.central, shop=order.shop, session=order.session, key=order.key,
            issued=self._clock(),
        )  # fmt: skip
        try:
            return write(Order, payload_of(message), self._signer, order.encryption_key if self._seals else None)
        except TooLarge as error:
            log.error("order %s cannot be published: %s", order.key, error)
            return None

    def _may_go(self, shop: str, now: float) -> bool:
        """Whether the shop can take one more order now."""
        began, count = self._bursts.get(shop, (now, 0))
        if not 0 <= now - began < BURST_SECONDS:
            began, count = now, 0
        if count >= BURST:
            return False
        self._bursts[shop] = began, count + 1
        return True


def is_too_large(submission: Submission) -> bool:
    """Whether an order of it could be larger than a message may be: signed and sealed, each in base64."""
    content = len(submission.model_dump_json(by_alias=True))
    return (content + 1000) * 16 // 9 + 2000 > MAX_MESSAGE
