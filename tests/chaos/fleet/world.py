"""One run with a fleet: a central, its shops, the courier between them, and what happens to them."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Coroutine
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import select

from fiscald.fleet.central import alarms, orders
from fiscald.fleet.central.recording import _meaning, _told
from fiscald.fleet.central.rows import AlarmRow, OrderRow
from fiscald.fleet.central.schema import alarms as alarm_table
from fiscald.fleet.central.schema import outcomes as outcome_table
from fiscald.fleet.envelope import payload_of, read_message
from fiscald.fleet.keys import SealKey, Signer, Verifiers
from fiscald.fleet.messages import Acknowledgement, Channel, Order, Outcome, read_topic, topic
from fiscald.fleet.shop import FleetStore
from fiscald.model.documents import Submission
from fiscald.model.problems import ProblemError
from fiscald.model.times import POLISH_TIME
from tests.chaos.fleet.central import Central
from tests.chaos.fleet.courier import CENTRAL, Courier
from tests.chaos.fleet.forger import forge
from tests.chaos.fleet.plan import CALM, OTHER_CONTENT, Act, FleetSchedule, Ordered, Trouble
from tests.chaos.fleet.shop import FleetLife, ShopWorld
from tests.chaos.life import Dead, Life
from tests.chaos.living import live
from tests.chaos.outcome import Outcome as ShopOutcome
from tests.chaos.schedule import receipt

#: Old messages that are carried once more when everything has its end, and seconds after which nothing came of them.
REPLAYED, QUIET = 60, 40.0


@dataclass
class FleetOutcome:
    """What came of a run."""

    schedule: FleetSchedule
    shops: list[ShopOutcome]
    orders: dict[str, OrderRow]
    """As the central has them in the end, by key."""
    alarms: int
    listed: list[AlarmRow]
    """What the central was alarmed about."""
    other_contents: set[str]
    """Keys under which the central signed another document too."""
    seconds: float
    violations: list[str]
    log: list[str] = field(repr=False)


class FleetWorld:
    """The fleet of one run."""

    def __init__(self, plan: FleetSchedule, directory: Path) -> None:
        self.plan = plan
        self.directory = directory
        self.now = asyncio.get_running_loop().time
        self.lines: list[str] = []
        self.violations: list[str] = []
        self.wills: dict[str, tuple[str, bytes]] = {}
        self.told: dict[str, Outcome] = {}
        """Outcomes that shops have sent, by digest."""
        self._ends: dict[tuple[str, str, str], tuple[object, ...]] = {}
        self.acknowledged: set[str] = set()
        """Digests that the central has acknowledged."""
        self.other_contents: set[str] = set()
        self.finished = asyncio.Event()
        self.central_off = 0.0
        self.signer = Signer(Ed25519PrivateKey.from_private_bytes(bytes(range(32))))
        self.opener = SealKey.parse(bytes(range(3, 35)))
        self.rng = random.Random(f"fleet run {plan.seed}")
        self.courier = Courier(self)
        self.central = Central(self)
        self.shops: list[ShopWorld] = []
        for place, schedule in enumerate(plan.shops):
            path = directory / f"shop-{place}"
            path.mkdir(mode=0o700)
            self.shops.append(ShopWorld(self, schedule, path, place))

    # -- what the others ask --------------------------------------------------------------------------

    def log(self, line: str) -> None:
        """Note what happens."""
        self.lines.append(f"{self.now():.6f} {line}")

    def turn(self) -> None:
        """See ``World.turn``."""
        for shop in self.shops:
            shop.turn()

    def time(self) -> datetime:
        """What time it is."""
        return datetime(2026, 11, 22, 10, tzinfo=POLISH_TIME) + timedelta(seconds=self.now())

    def central_time(self) -> datetime:
        """What time the central's clock shows."""
        return self.time() + timedelta(seconds=self.central_off)

    def receiver(self, end: str) -> Any:
        """The end that is connected now, if it is alive."""
        if end == CENTRAL:
            return self.central.dispatcher
        life = next(shop.life for shop in self.shops if shop.name == end)
        return life.shop if isinstance(life, FleetLife) and not life.port.dead else None

    async def quietly(self, life: Life, request: Coroutine[Any, Any, Any]) -> None:
        """What a person asks a daemon for, and does not mind if it is refused."""
        try:
            await life.call(request)
        except (Dead, ProblemError) as error:
            self.log(f"refused: {error!r}")

    # -- what must hold at every moment ---------------------------------------------------------------

    def sees(self, where: str, payload: bytes) -> None:
        """A true message is handed to the courier."""
        found = read_topic(where)
        assert found is not None
        name, channel = found
        if channel is Channel.OUTCOMES:
            shop = next(shop for shop in self.shops if shop.name == name)
            outcome, digest = read_message(payload, Outcome, Verifiers(shop.signer.public), self.opener)
            self.log(f"{name} tells {outcome.key} {outcome.state}{' (final)' * outcome.final}")
            self.told[digest] = outcome
            self._check_end(name, outcome)
        elif channel is Channel.ACKNOWLEDGEMENTS:
            said, _ = read_message(payload, Acknowledgement, Verifiers(self.signer.public))
            for digest in said.outcomes:
                self._check_stored(digest)
                self.acknowledged.add(digest)
        elif channel is Channel.ORDERS:
            self.log(f"central orders at {name}")

    def _check_end(self, name: str, outcome: Outcome) -> None:
        """What a shop has once told as final, it never tells otherwise, unless its disk was set back."""
        meaning = _meaning(_told(outcome))
        before = self._ends.get((name, outcome.key, outcome.digest), meaning)
        if outcome.final:
            self._ends[name, outcome.key, outcome.digest] = meaning
        restored = any(shop.put_back_at is not None for shop in self.shops if shop.name == name)
        if outcome.final and before != meaning and not restored:
            self.violations.append(f"changed: {name} told {outcome.key} as {before}, and now tells {meaning}")

    def _check_stored(self, digest: str) -> None:
        """What the central acknowledges is stored, or ends nothing."""
        told = self.told.get(digest)
        if told is None:
            # A shop's outcome that was signed before the courier was asked for the first time cannot be.
            forged = any(each.digest == digest for each in alarms.listed(self.central.office, seen=True))
            if not forged:
                self.violations.append("acknowledged: an outcome that no shop has sent")
            return
        row = orders.find(self.central.office, told.key)
        if row is not None and (row.final or not (told.final or told.state == "undecided")):
            return
        with self.central.office.reading() as connection:
            for table in (outcome_table, alarm_table):
                if connection.execute(select(table.c.number).where(table.c.digest == digest)).first() is not None:
                    return
        if told.state != "refused":
            self.violations.append(f"acknowledged: {told.key} {told.state} is not stored")

    def check_acknowledged(self, name: str, store: FleetStore) -> None:
        """A shop forgets no outcome before the central has acknowledged it."""
        rows = store._rows("WHERE acknowledged = 1")
        for row in rows:
            if row.outcome_digest is not None and row.outcome_digest not in self.acknowledged:
                self.violations.append(f"cleared: {name} repeats the outcome of {row.order.key} no more")
                self.acknowledged.add(row.outcome_digest)  # said once

    # -- what happens ---------------------------------------------------------------------------------

    async def main(self) -> FleetOutcome:
        """Carry the schedule out."""
        for shop in self.shops:
            shop.enrol()
        self.central.start()
        loop = asyncio.get_running_loop()
        background = [asyncio.ensure_future(self._order(each)) for each in self.plan.ordered]
        background += [asyncio.ensure_future(self._calm()), asyncio.ensure_future(self._finish())]
        for trouble in self.plan.troubles:
            if trouble.act is not Act.CENTRAL_KILLED:
                loop.call_later(trouble.at, self._happens, trouble, background)
        if self.plan.closed_days:
            background.append(asyncio.ensure_future(self._close()))
        found = await asyncio.gather(*(shop.main() for shop in self.shops))
        seconds = self.now()
        self.central.die()
        for task in background:
            task.cancel()
        ended = await asyncio.gather(*background, *self.central.ended, return_exceptions=True)
        self.violations += [f"internal error: {each!r}" for each in ended if isinstance(each, Exception)]
        rows = {row.key: row for row in orders.listed(self.central.office, limit=1000)}
        listed = alarms.listed(self.central.office, seen=True)
        self.central.close()
        return FleetOutcome(
            self.plan, list(found), rows, 0, listed, self.other_contents, seconds, self.violations, self.lines
        )

    async def _order(self, order: Ordered) -> None:
        """An ERP gives the central an order, until it has it."""
        await asyncio.sleep(order.at)
        submission = Submission.model_validate({"printer": order.printer, "document": order.document})
        orders.submit(
            self.central.office, order.key, self.shops[order.shop].name, submission, self.central_time().timestamp()
        )
        if self.central.dispatcher is not None:
            self.central.dispatcher.wake()

    async def _close(self) -> None:
        await asyncio.sleep(self.plan.closed_at)
        for shop in self.shops:
            shop.close_shop()
        await asyncio.sleep(self.plan.closed_days * 86_400)
        for shop in self.shops:
            shop.open_shop()

    async def _calm(self) -> None:
        """The courier becomes honest, and people have set all clocks."""
        await asyncio.sleep(CALM + self.plan.closed_days * 86_400)
        self.log("the courier is calm")
        self.central_off = 0.0
        for shop in self.shops:
            shop.clock_jump = 0.0
        if self.plan.reconnects:
            for end in (CENTRAL, *(shop.name for shop in self.shops)):
                self.courier.drops(end, 1.0)

    async def _finish(self) -> None:
        """Until every order has its end, and no shop has an outcome to tell; also after old messages came again."""
        await asyncio.sleep(CALM + self.plan.closed_days * 86_400 + QUIET)
        await self._until_all_ended()
        self.log("old messages come again")
        self.courier.replays(REPLAYED)
        await asyncio.sleep(QUIET)
        await self._until_all_ended()
        self.finished.set()

    async def _until_all_ended(self) -> None:
        while not self._has_all_ended():
            await asyncio.sleep(20)

    def _has_all_ended(self) -> bool:
        if orders.listed(self.central.office, is_open=True):
            return False
        lives = [shop.life for shop in self.shops]
        return all(isinstance(life, FleetLife) and life.store.waiting() == 0 for life in lives)

    def _happens(self, trouble: Trouble, background: list[asyncio.Task[None]]) -> None:
        self.log(f"trouble {trouble.act} {trouble.amount}")
        shop = self.shops[trouble.shop]
        match trouble.act:
            case Act.CENTRAL_LINE:
                self.courier.drops(CENTRAL, trouble.seconds)
            case Act.SHOP_LINE:
                self.courier.drops(shop.name, trouble.seconds)
            case Act.CENTRAL_CLOCK:
                self.central_off += trouble.amount
            case Act.SHOP_KILLED:
                shop.restart(trouble.seconds)
            case Act.MOVED:
                shop.move(trouble.seconds)
            case Act.WITHDRAWN:
                background.append(asyncio.ensure_future(shop.withdraw()))
            case Act.REPLAYED:
                self.courier.replays(trouble.amount)
            case Act.FORGED:
                where, payload = forge(self, shop, trouble.amount, self.rng)
                self.courier.history.append((where, payload))
                self.courier.delivers(where, payload)
            case Act.OTHER_CONTENT:
                self._sign_other(shop)

    def _sign_other(self, shop: ShopWorld) -> None:
        mine = [each for each in self.plan.ordered if self.shops[each.shop] is shop and each.at < self.now()]
        if not mine:
            return
        order = self.rng.choice(mine)
        document = receipt(order.number + OTHER_CONTENT, self.rng)
        submission = Submission.model_validate({"printer": "till1", "document": document})
        said = Order.of(
            submission, central="erp", shop=shop.name, session=shop.session, key=order.key, issued=self.time()
        )
        self.other_contents.add(order.key)
        data = self.signer.sign(payload_of(said), Order.kind).encode()
        self.courier.delivers(topic(shop.name, Channel.ORDERS), data)


def carry_out(schedule: FleetSchedule) -> FleetOutcome:
    """See ``tests.chaos.world.carry_out``."""
    return live(lambda directory: FleetWorld(schedule, directory), FleetWorld.main, schedule.seed)
