"""The shop's end of a fleet, around an engine. It needs a courier to work, and never disturbs the shop without one."""

from __future__ import annotations

import logging
import secrets
import sqlite3
from collections import OrderedDict, deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import NamedTuple

import anyio

from fiscald.engine import Engine
from fiscald.fleet.courier import CourierAway
from fiscald.fleet.envelope import TooLarge, parse, payload_of, read, read_message, write
from fiscald.fleet.keys import SealKey, Signer, Verifiers
from fiscald.fleet.messages import Acknowledgement, Channel, Message, OrderHead, Outcome, Status, read_topic, topic
from fiscald.fleet.shop import counted
from fiscald.fleet.shop.checks import is_late_or_early
from fiscald.fleet.shop.counted import Counted, code_of
from fiscald.fleet.shop.courier import Courier
from fiscald.fleet.shop.orders import InThread, Orders, has_end
from fiscald.fleet.shop.outcomes import of_job, of_refusal
from fiscald.fleet.shop.settings import ShopSettings
from fiscald.fleet.shop.standing import Facts, standing
from fiscald.fleet.shop.store import FleetStore, OrderId
from fiscald.model.jobs import Job, JobState
from fiscald.model.problems import ProblemError
from fiscald.model.times import POLISH_TIME
from fiscald.signed import TokenRefused

log = logging.getLogger(__name__)

#: Messages that wait for their turn, and their bytes together. What is more is dropped: the central sends it again.
MAX_WAITING, MAX_WAITING_BYTES = 200, 4 << 20
#: Seconds before an outcome that was not acknowledged is sent again.
PAUSES = (10.0, 30.0, 120.0, 600.0, 3600.0, 4 * 3600.0)
#: Outcomes that are read from the store at once.
PAGE = 20
#: Seconds after which the central learns of an order that has no end yet.
INTERIM = 5.0
#: Seconds within which the same order is not looked at twice, and orders that are remembered for that.
REPEATED, MOST_REPEATED = 2.0, 1000
#: Seconds before the next try after trouble with the journal or the store.
TROUBLE = 5.0
#: Seconds: changes are collected before the status is sent; it is sent again at least so often.
COLLECT, HEARTBEAT = 1.0, 900.0
#: Seconds between two clean-ups of the store.
CLEAN_EVERY = 6 * 3600.0
#: Events of jobs that are read at once.
EVENTS = 100


class FleetState(NamedTuple):
    """How the shop's end works, for people."""

    connected: bool
    since: datetime | None
    reason: str | None
    session: str
    orders_today: int
    outcomes_waiting: int
    counted: Counted


@dataclass
class _Line:
    """The connection to the courier."""

    up: bool = False
    since: datetime | None = None
    reason: str | None = None
    began: datetime | None = None
    lost: bool = False
    changed: anyio.Event = field(default_factory=anyio.Event)

    def change(self) -> None:
        self.changed.set()
        self.changed = anyio.Event()


class Shop:
    """The shop in the fleet."""

    def __init__(
        self,
        engine: Engine,
        settings: ShopSettings,
        store: FleetStore,
        signer: Signer,
        opener: SealKey,
        clock: Callable[[], datetime],
        in_thread: InThread,
        facts: Callable[[], Facts],
        session: str | None = None,
    ) -> None:
        """``signer`` is the device's key, ``opener`` opens sealed orders, ``clock`` is this computer's; ``session``:
        16 random bytes if absent.
        """
        self.settings = settings
        self.session = session or secrets.token_urlsafe(16)
        self.counted = Counted()
        self._engine = engine
        self._store = store
        self._signer = signer
        self._opener = opener
        self._clock = clock
        self._in_thread = in_thread
        self._facts = facts
        self._orders = Orders(engine, settings, self.session, store, clock, in_thread)
        self._keys = Verifiers(*settings.orders_keys)
        self._line = _Line()
        self._waiting: deque[tuple[str, bytes]] = deque()
        self._waiting_bytes = 0
        self._came = anyio.Event()
        self._to_tell = anyio.Event()
        self._interim: deque[tuple[float, OrderId, str]] = deque()
        self._interim_came = anyio.Event()
        self._seen: OrderedDict[OrderId, float] = OrderedDict()
        self._outcomes_waiting = 0
        self.on_change: Callable[[], None] = lambda: None
        """Called when the connection has changed."""

    # -- what the courier calls -----------------------------------------------------------------------

    def will(self) -> tuple[str, bytes]:
        """The last will for a new connection: topic and message."""
        self._line.began = self._clock()
        return self._topic(Channel.STATUS), self._status_bytes(online=False)

    def farewell(self) -> tuple[str, bytes]:
        """The same for the end of a connection that is closed in order."""
        return self._topic(Channel.STATUS), self._status_bytes(online=False)

    def topics(self) -> tuple[str, str]:
        """What to subscribe to."""
        return self._topic(Channel.ORDERS), self._topic(Channel.ACKNOWLEDGEMENTS)

    def connected(self) -> None:
        """There is a connection, and the topics are subscribed to."""
        line = self._line
        line.up, line.reason, line.since = True, None, self._clock()
        line.began = line.began or line.since
        line.change()
        self.on_change()

    def disconnected(self, reason: str) -> None:
        """The connection is lost, or could not be made."""
        line = self._line
        if line.up or line.since is None:
            line.since = self._clock()
        line.up, line.lost, line.reason = False, line.lost or line.up, reason
        line.change()
        self.on_change()

    def received(self, topic: str, payload: bytes) -> None:
        """A message came. Never blocks and never raises."""
        if len(self._waiting) >= MAX_WAITING or self._waiting_bytes + len(payload) > MAX_WAITING_BYTES:
            self.counted.add(counted.BUSY, "too many messages are waiting", self._clock())
            return
        self._waiting.append((topic, payload))
        self._waiting_bytes += len(payload)
        self._came.set()

    # -- the work -------------------------------------------------------------------------------------

    async def run(self, courier: Courier) -> None:
        """Work until cancelled."""
        async with anyio.create_task_group() as tasks:
            for work in (self._obey, self._follow, self._send, self._tell_interim, self._tell_status, self._clean):
                tasks.start_soon(self._keep_on, work, courier)

    async def _keep_on(self, work: Callable[[Courier], Awaitable[None]], courier: Courier) -> None:
        """Neither a bug here nor trouble with the disk may stop the printers."""
        while True:
            try:
                await work(courier)
            except (ProblemError, sqlite3.Error) as error:
                log.warning("the fleet waits %d s: %s", TROUBLE, error)
            except CourierAway:
                continue
            except Exception:
                log.exception("an internal error in the fleet; it continues")
            await anyio.sleep(TROUBLE)

    async def _obey(self, courier: Courier) -> None:
        while True:
            while not self._waiting:
                self._came = anyio.Event()
                await self._came.wait()
            where, payload = self._waiting.popleft()
            self._waiting_bytes -= len(payload)
            try:
                await self._read(where, payload, courier)
            except TokenRefused as error:
                self.counted.add(code_of(error), error.detail, self._clock())
            except (ProblemError, sqlite3.Error) as error:
                # Nothing was decided: the central sends the order again.
                self.counted.add(counted.INTERNAL, str(error), self._clock())
            except CourierAway:
                pass
            except Exception:
                log.exception("an internal error over a message of the fleet")
                self.counted.add(counted.INTERNAL, "an internal error; see the log", self._clock())

    async def _read(self, where: str, payload: bytes, courier: Courier) -> None:
        """Look at one message. Raises ``TokenRefused`` for one that is not from the central."""
        place = read_topic(where)
        if place == (self.settings.shop, Channel.ORDERS):
            signed = read(payload, OrderHead, self._keys, self._opener)
            head = parse(OrderHead, signed.claims)
            if self._is_ours(head.shop, head.central):
                await self._take(head, signed.claims, courier)
        elif place == (self.settings.shop, Channel.ACKNOWLEDGEMENTS):
            said, _ = read_message(payload, Acknowledgement, self._keys, self._opener)
            if self._is_ours(said.shop, said.central):
                await self._in_thread(lambda: self._store.acknowledge(said.central, said.outcomes))
                await self._count()
        else:
            self.counted.add(counted.TOPIC, "a message on another topic", self._clock())

    def _is_ours(self, shop: str, central: str) -> bool:
        if shop != self.settings.shop:
            self.counted.add(counted.SHOP, f"for the shop {shop}", self._clock())
        elif central != self.settings.central:
            self.counted.add(counted.CENTRAL, f"of the central {central}", self._clock())
        else:
            return True
        return False

    async def _take(self, head: OrderHead, claims: object, courier: Courier) -> None:
        order, now = OrderId(head.central, head.key, head.digest), self._clock()
        why = is_late_or_early(head, self.session, now)
        if why is not None:
            self.counted.add(why.code, why.detail, now)
            await self._publish(of_refusal(order, why, self.settings, self.session, now, final=False), courier)
            return
        if self._is_repeated(order):
            self.counted.add(counted.REPEATED, f"order {head.key}", now)
            return
        found = await self._orders.take(head, claims)
        if found is None:
            await self._count()
        elif isinstance(found, Job):
            if has_end(found):
                await self._end(order, found)
            else:
                self._interim.append((anyio.current_time() + INTERIM, order, found.key))
                self._interim_came.set()
        else:
            self.counted.add(found.code, found.detail, now)
            await self._publish(of_refusal(order, found, self.settings, self.session, now, final=False), courier)

    def _is_repeated(self, order: OrderId) -> bool:
        """Whether the same order was looked at just now: then it has its answer, or soon gets it."""
        now = anyio.current_time()
        before = self._seen.pop(order, None)
        if before is not None and now - before < REPEATED:
            self._seen[order] = before
            return True
        self._seen[order] = now
        if len(self._seen) > MOST_REPEATED:
            self._seen.popitem(last=False)
        return False

    async def _end(self, order: OrderId, job: Job) -> None:
        await self._orders.note_end(order, job)
        await self._count()

    async def _count(self) -> None:
        """Something must be sent, or has arrived."""
        self._outcomes_waiting = await self._in_thread(self._store.waiting)
        self._to_tell.set()
        self._to_tell = anyio.Event()

    # -- outcomes -------------------------------------------------------------------------------------

    async def _follow(self, _: Courier) -> None:
        """Note the outcome of every order when its job ends; first, of those that ended while the daemon was away."""
        changes = self._engine.changes
        cursor = await self._engine.last_event()
        for order, job in await self._orders.open_jobs():
            if has_end(job):
                await self._end(order, job)
        while True:
            seen, change = changes.jobs, changes.next()
            events = await self._engine.events(cursor, EVENTS)
            jobs = {job.key: job for job in (event.job for event in events if event.state in _ENDS)}
            for job in jobs.values():
                ended = await self._orders.of_journal_key(job)
                if ended is not None and has_end(job):
                    await self._end(ended, job)
            if events:
                cursor = events[-1].id
            elif changes.jobs == seen:
                await change(HEARTBEAT)

    async def _send(self, courier: Courier) -> None:
        """Send outcomes until they are acknowledged."""
        await self._count()
        while True:
            line, told = self._line.changed, self._to_tell
            if not self._line.up:
                await line.wait()
                continue
            if self._line.lost:
                self._line.lost = False
                await self._in_thread(self._store.hurry)
            now = anyio.current_time()
            rows = await self._in_thread(partial(self._store.due, now, PAGE))
            for row in rows:
                assert row.outcome is not None
                assert row.outcome_digest is not None
                await self._publish_bytes(Outcome, row.outcome, courier)
                now = anyio.current_time()
                await self._in_thread(partial(self._store.sent, row.order, row.outcome_digest, now, PAUSES))
            if rows:
                continue
            next_due = await self._in_thread(self._store.next_due)
            pause = PAUSES[-1] if next_due is None else max(0.0, next_due - anyio.current_time())
            with anyio.move_on_after(pause):
                await _first_of(told.wait, line.wait)

    async def _tell_interim(self, courier: Courier) -> None:
        """Tell the central once of orders that wait or print for long: that is not repeated."""
        while True:
            while not self._interim:
                self._interim_came = anyio.Event()
                await self._interim_came.wait()
            at, order, key = self._interim.popleft()
            await anyio.sleep(max(0.0, at - anyio.current_time()))
            job = await self._engine.job(key)
            if not has_end(job):
                outcome = of_job(order, job, self.settings, self.session, self._clock())
                await self._publish(outcome, courier)

    async def _publish(self, message: Message, courier: Courier, *, retain: bool = False) -> None:
        await self._publish_bytes(type(message), payload_of(message), courier, retain=retain)

    async def _publish_bytes(
        self, kind: type[Message], payload: bytes, courier: Courier, *, retain: bool = False
    ) -> None:
        try:
            data = write(kind, payload, self._signer, self.settings.encryption_key)
        except TooLarge as error:
            log.error("a message of the fleet cannot be sent: %s", error)
            return
        await courier.publish(self._topic(kind.channel), data, retain=retain)

    def _topic(self, channel: Channel) -> str:
        return topic(self.settings.shop, channel)

    # -- status ---------------------------------------------------------------------------------------

    async def _tell_status(self, courier: Courier) -> None:
        told: tuple[object, ...] | None = None
        told_at = 0.0
        while True:
            line, change = self._line.changed, self._engine.changes.next()
            if not self._line.up:
                told = None
                await line.wait()
                continue
            status = self._status(online=True)
            relevant = (status.connected, status.printers, status.licence, status.undecided)
            if relevant != told or anyio.current_time() - told_at >= HEARTBEAT:
                await self._publish(status, courier, retain=True)
                told, told_at = relevant, anyio.current_time()
            await _first_of(partial(change, HEARTBEAT), line.wait)
            await anyio.sleep(COLLECT)

    def _status_bytes(self, *, online: bool) -> bytes:
        payload = payload_of(self._status(online=online))
        return write(Status, payload, self._signer, self.settings.encryption_key)

    def _status(self, *, online: bool) -> Status:
        now = self._clock()
        began = self._line.began or now
        found = standing(self._engine, self._facts()) if online else None
        base = Status(
            shop=self.settings.shop, session=self.session, online=online, connected=began,
            issued=now if online else began, version=self._facts().version,
        )  # fmt: skip
        if found is None:
            return base
        return base.model_copy(
            update={
                **found,
                "outcomes_waiting": self._outcomes_waiting,
                "refused": dict(self.counted.by_code),
                "recent": tuple(self.counted.last),
            }
        )

    async def _clean(self, _: Courier) -> None:
        while True:
            before = (self._clock() - timedelta(days=self.settings.keep_days)).timestamp()
            await self._in_thread(partial(self._store.purge, before))
            await anyio.sleep(CLEAN_EVERY)

    # -- for people -----------------------------------------------------------------------------------

    async def state(self) -> FleetState:
        """How it works. Raises ``sqlite3.Error``."""
        day = self._clock().astimezone(POLISH_TIME).date().isoformat()
        used = await self._in_thread(lambda: self._store.used(day))
        line = self._line
        return FleetState(
            line.up, line.since, line.reason, self.session, used.orders, self._outcomes_waiting, self.counted
        )

    @property
    def line(self) -> tuple[bool, str | None]:
        """Whether there is a connection, and why not; from memory."""
        return self._line.up, self._line.reason


_ENDS = (JobState.DONE, JobState.FAILED, JobState.UNDECIDED)


async def _first_of(*waits: Callable[[], Awaitable[object]]) -> None:
    """Returns when the first of these returns."""

    async def wait(one: Callable[[], Awaitable[object]]) -> None:
        await one()
        tasks.cancel_scope.cancel()

    async with anyio.create_task_group() as tasks:
        for each in waits:
            tasks.start_soon(wait, each)
