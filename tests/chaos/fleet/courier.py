"""The courier between a central and its shops: it loses, doubles, delays, mixes up, replays, cuts and forges messages."""

from __future__ import annotations

import asyncio
import random
from typing import TYPE_CHECKING

from fiscald.fleet.courier import CourierAway
from fiscald.fleet.messages import Channel, read_topic, topic
from tests.chaos.fleet.plan import CALM

if TYPE_CHECKING:
    from tests.chaos.fleet.world import FleetWorld

#: How the courier calls the central; shops have their names.
CENTRAL = "the central"
#: Seconds that a message travels when nothing is wrong.
LATENCY = (0.0, 0.2)
#: Messages that wait for a receiver that is away.
MOST_HELD = 300


class Port:
    """One end's way to the courier, for one life of that end."""

    def __init__(self, courier: Courier, end: str) -> None:
        self._courier = courier
        self._end = end
        self.dead = False

    async def publish(self, topic: str, payload: bytes, *, retain: bool = False, life: float | None = None) -> None:
        """See ``Courier`` of either end."""
        courier = self._courier
        await asyncio.sleep(courier.rng.uniform(0, 0.02))
        if self.dead:
            raise asyncio.CancelledError
        if self._end not in courier.lines:
            raise CourierAway
        courier.takes(topic, payload, retain=retain)
        if courier.is_wild and courier.rng.random() < courier.world.plan.wild / 10:
            raise CourierAway  # although it has the message
        await asyncio.sleep(0)
        if self.dead:
            raise asyncio.CancelledError


class Courier:
    """Carries messages."""

    def __init__(self, world: FleetWorld) -> None:
        self.world = world
        self.rng = random.Random(f"courier {world.plan.seed}")
        self.lines: set[str] = set()
        """Who has a connection."""
        self.cut: dict[str, int] = {}
        """Who cannot have one, and for how many reasons."""
        self.history: list[tuple[str, bytes]] = []
        self.retained: dict[str, bytes] = {}
        self._held: dict[str, list[tuple[str, bytes]]] = {}

    @property
    def is_wild(self) -> bool:
        """Whether it does what it wants."""
        return self.world.now() < CALM + self.world.plan.closed_days * 86_400

    # -- messages -------------------------------------------------------------------------------------

    def takes(self, where: str, payload: bytes, *, retain: bool = False) -> None:
        """A message is handed over."""
        self.world.sees(where, payload)
        self.history.append((where, payload))
        if retain:
            self.retained[where] = payload
        wild = self.world.plan.wild if self.is_wild else 0.0
        if self.rng.random() >= wild:
            self._sends(where, payload, self.rng.uniform(*LATENCY))
            return
        for _ in range(self.rng.choice((0, 0, 1, 1, 2))):
            self._sends(*self._mangled(where, payload), self._delay())

    def _delay(self) -> float:
        closed = self.world.plan.closed_days * 86_400
        if closed and self.rng.random() < 0.2:
            return self.rng.uniform(0.3, 1.3) * closed
        return self.rng.uniform(0, self.rng.choice((0.2, 3.0, 30.0, 300.0)))

    def _mangled(self, where: str, payload: bytes) -> tuple[str, bytes]:
        """The same, or what is left of it."""
        kind = self.rng.random()
        found = read_topic(where)
        assert found is not None
        name, channel = found
        if kind < 0.1:
            return where, payload[: self.rng.randrange(len(payload))]
        if kind < 0.2:
            return topic(self.rng.choice(self.world.shops).name, channel), payload
        if kind < 0.3:
            return topic(name, self.rng.choice(list(Channel))), payload
        return where, payload

    def _sends(self, where: str, payload: bytes, delay: float) -> None:
        asyncio.get_running_loop().call_later(delay, self.delivers, where, payload)

    def delivers(self, where: str, payload: bytes, to: str | None = None) -> None:
        """Bring a message to the reader of that topic; ``to``: to another reader."""
        found = read_topic(where)
        assert found is not None
        name, channel = found
        to = to or (CENTRAL if channel in (Channel.OUTCOMES, Channel.STATUS) else name)
        if to not in self.lines:
            held = self._held.setdefault(to, [])
            if len(held) < MOST_HELD and (not self.is_wild or self.rng.random() < 0.7):
                held.append((where, payload))
            return
        receiver = self.world.receiver(to)
        if receiver is not None:
            receiver.received(where, payload)

    def replays(self, count: int) -> None:
        """Carry so many old messages once more, some to another receiver."""
        for where, payload in self.rng.sample(self.history, min(count, len(self.history))):
            found = read_topic(where)
            assert found is not None
            if found[1] in (Channel.ORDERS, Channel.ACKNOWLEDGEMENTS) and self.rng.random() < 0.2:
                self.delivers(where, payload, self.rng.choice(self.world.shops).name)
            else:
                self._sends(where, payload, self.rng.uniform(0, 5))

    # -- lines ----------------------------------------------------------------------------------------

    def comes(self, end: str) -> None:
        """A receiver has started, and connects soon."""
        asyncio.get_running_loop().call_later(self.rng.uniform(0, 2), self._connects, end)

    def _connects(self, end: str) -> None:
        receiver = self.world.receiver(end)
        if receiver is None or end in self.lines or self.cut.get(end):
            return
        will = receiver.will()
        if will is not None:
            self.world.wills[end] = will
        self.lines.add(end)
        receiver.connected()
        if end == CENTRAL:
            for where, payload in self.retained.items():
                self._sends(where, payload, self.rng.uniform(*LATENCY))
        for where, payload in self._held.pop(end, []):
            self._sends(where, payload, self.rng.uniform(*LATENCY))

    def goes(self, end: str) -> None:
        """A receiver has died: the broker publishes its last will."""
        if end in self.lines:
            self.lines.discard(end)
            will = self.world.wills.pop(end, None)
            if will is not None:
                self.takes(*will, retain=True)

    def drops(self, end: str, seconds: float) -> None:
        """A receiver has no line for so long."""
        self.cut[end] = self.cut.get(end, 0) + 1
        self.goes(end)
        receiver = self.world.receiver(end)
        if receiver is not None:
            receiver.disconnected("the line is out")

        def returns() -> None:
            self.cut[end] -= 1
            self._connects(end)

        asyncio.get_running_loop().call_later(seconds, returns)
