"""What will happen in one run with a fleet. Drawn from one number."""

from __future__ import annotations

import random
from enum import StrEnum
from typing import Any

from pydantic import BaseModel, ConfigDict

from fiscald.protocols import FAMILIES
from tests.chaos.gateway.plan import GatewaySchedule
from tests.chaos.schedule import Fault, Order, Restored, Schedule, What, draw_fault, drawn, make_schedule, receipt

#: The goods of an order with key ``job/N`` are numbered N + GOODS: programs of the shops use the same keys for others.
GOODS = 100
#: The same for another content under the key of an order, and for what only a forger orders.
OTHER_CONTENT, FORGED = 200, 900
#: Until this second the courier does what it wants; then it carries everything, and all clocks are right.
CALM = 150.0


class Act(StrEnum):
    """What happens beside the faults of the single shops."""

    CENTRAL_KILLED = "central_killed"
    """At its n-th transaction: before it (``amount`` 0) or after it, before anything else is done."""
    CENTRAL_LINE = "central_line"
    CENTRAL_CLOCK = "central_clock"
    SHOP_LINE = "shop_line"
    SHOP_KILLED = "shop_killed"
    MOVED = "moved"
    """The shop's directory is brought to another computer with another device key; enrolled again ``seconds`` later."""
    WITHDRAWN = "withdrawn"
    """A person in the shop withdraws the orders that have not started."""
    REPLAYED = "replayed"
    """The courier carries ``amount`` old messages once more."""
    FORGED = "forged"
    """The courier invents a message; ``amount`` chooses which."""
    OTHER_CONTENT = "other_content"
    """The central signs another document under the key of an order: its database was lost, and the key used again."""


class Ordered(BaseModel):
    """One order that is given to the central."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    number: int
    shop: int
    at: float
    document: dict[str, Any]
    printer: str = "till1"

    @property
    def key(self) -> str:
        """The central's key."""
        return f"job/{self.number}"


class Trouble(BaseModel):
    """One thing that happens: at which second, or transaction of the central."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    act: Act
    at: float
    shop: int = 0
    seconds: float = 1.0
    amount: int = 0


class FleetSchedule(Schedule):
    """One run. Every shop has its schedule: its programs, and the faults at its printer and computer."""

    orders: tuple[Order, ...] = ()
    shops: tuple[Schedule, ...]
    ordered: tuple[Ordered, ...]
    troubles: tuple[Trouble, ...] = ()
    without_rights: tuple[int, ...] = ()
    """For each shop, in how many lives of its daemon the central may use no printer."""
    wild: float = 0.0
    """How often the courier does harm to a message, from 0 to 1."""
    seals: bool = False
    reconnects: bool = True
    """Whether all connections are made again when the courier becomes calm."""
    closed_at: float = 0.0
    closed_days: float = 0.0
    """All shops are closed for so long, with their daemons; the courier may keep messages for longer."""


def draw_fleet(seed: int, family: str = "posnet") -> FleetSchedule:
    """The schedule of that number; the first shop's printer is of the ``family``."""
    rng = random.Random(f"fleet {seed}")
    count = rng.choice((1, 1, 2, 2, 3))
    numbers = range(rng.randrange(1, 4 + count))
    ordered = tuple(
        Ordered(
            number=number,
            shop=rng.randrange(count),
            at=round(rng.choice((rng.uniform(0, 5), rng.uniform(0, 60))), 3),
            document={"type": "daily_report"} if rng.random() < 0.05 else receipt(number + GOODS, rng),
            printer="till9" if rng.random() < 0.04 else "till1",
        )
        for number in numbers
    )
    families = (family, *rng.sample(FAMILIES, count - 1))
    closed = rng.random() < 0.25
    return FleetSchedule(
        seed=seed,
        family=family,
        shops=tuple(_shop(rng, seed, place, families[place], len(numbers)) for place in range(count)),
        ordered=ordered,
        troubles=tuple(_trouble(rng, count) for _ in range(rng.choice((0, 1, 2, 3, 4, 6, 8)))),
        without_rights=tuple(rng.choice((0, 0, 0, 1)) for _ in range(count)),
        wild=rng.choice((0.0, 0.2, 0.5, 0.9)),
        seals=rng.random() < 0.3,
        reconnects=rng.random() < 0.7,
        closed_at=round(rng.uniform(5, 100), 3) if closed else 0.0,
        closed_days=round(rng.choice((0.1, 1.5, rng.uniform(6, 9), rng.uniform(9, 40))), 3) if closed else 0.0,
    )


def _shop(rng: random.Random, seed: int, place: int, family: str, keys: int) -> Schedule:
    local = tuple(
        Order(key=f"job/{number}", at=round(rng.uniform(0, 40), 3), document=receipt(number, rng))
        for number in sorted(rng.sample(range(keys), rng.randrange(min(keys, 2) + 1)))
    )
    kinds = tuple(what for what in drawn(family) if what is not What.SWAP)
    near = rng.choice((None, rng.randrange(1, 70)))
    faults = [draw_fault(rng, near, kinds) for _ in range(rng.choice((0, 0, 1, 1, 2, 3)))]
    if rng.random() < 0.2:
        faults.append(
            Fault(
                what=What.JOURNAL_COPY,
                at=rng.randrange(0, 30),
                seconds=round(rng.choice((2.0, rng.uniform(0, 20), rng.uniform(5, 100))), 3),
                amount=rng.choice(list(Restored)),
            )
        )
    return make_schedule(rng, seed * 3 + place, family, local, tuple(faults))


def _trouble(rng: random.Random, shops: int) -> Trouble:
    act = rng.choice((*Act, Act.CENTRAL_KILLED, Act.FORGED, Act.FORGED, Act.REPLAYED, Act.SHOP_KILLED))
    at = rng.randrange(1, 60) if act is Act.CENTRAL_KILLED else round(rng.uniform(1, CALM - 20), 3)
    amounts = {
        Act.CENTRAL_KILLED: (0, 1), Act.FORGED: range(9), Act.REPLAYED: (1, 3, 10, 30),
        Act.CENTRAL_CLOCK: (-600, -200, 200, 600),
    }  # fmt: skip
    return Trouble(
        act=act, at=at, shop=rng.randrange(shops), amount=rng.choice(amounts.get(act, (0,))),
        seconds=round(rng.choice((0.1, rng.uniform(0, 5), rng.uniform(5, 60))), 3),
    )  # fmt: skip


def read_schedule(content: dict[str, Any]) -> Schedule:
    """The schedule that was kept, of any kind."""
    kinds: dict[str, type[Schedule]] = {"programs": GatewaySchedule, "shops": FleetSchedule}
    return next((kind for name, kind in kinds.items() if name in content), Schedule).model_validate(content)
