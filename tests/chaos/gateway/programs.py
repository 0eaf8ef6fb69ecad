"""Old programs: what they send, how long they wait, and what they do when no answer comes."""

from __future__ import annotations

import asyncio
import random
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from fiscald.transport import LinkLost
from tests.chaos.gateway.line import End
from tests.chaos.gateway.plan import Kind, Program, Sale
from tests.chaos.gateway.posnet import PosnetTalk
from tests.chaos.gateway.talk import NoAnswer, Refused, Talk
from tests.chaos.gateway.thermal import SilentThermalTalk, ThermalTalk

if TYPE_CHECKING:
    from tests.chaos.gateway.world import GatewayWorld

#: Tries of one sale that no schedule needs.
MOST_TRIES = 400
#: Seconds until a program tries again.
PAUSES = (0.1, 1.0, 7.0)


#: By face.
TALKS: dict[str, tuple[type[Talk], ...]] = {"posnet": (PosnetTalk,), "thermal": (ThermalTalk, SilentThermalTalk)}


@dataclass
class Told:
    """What a program knows of one sale of a kind of goods."""

    number: int
    peer: str
    good: bool = False
    """The answer was good."""
    closed: bool = False
    """The closing command was sent at least once."""
    dropped: bool = False
    given_up: bool = False
    seen: int | None = None
    """The number of the last receipt, asked for after the answer."""
    at: float = 0.0
    """When the answer came."""
    sure_at: float | None = None
    """When the next command was answered on the same undisturbed line, if the answer came in time."""
    refused: list[float] = field(default_factory=list)
    """When the answer to the closing command said that nothing was printed."""
    tries: int = 0


@dataclass
class OldProgram:
    """One program. It survives the daemon."""

    world: GatewayWorld
    plan: Program
    told: list[Told] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.rng = random.Random(f"program {self.world.schedule.seed} {self.plan.peer}")
        # Answers of one byte do not say to what: such a program needs a new connection after one that did not come.
        clear = self.world.plan.front == "tcp" and self.plan.kind is not Kind.SAME_LINE
        self._speaks = self.rng.choice(TALKS[self.world.plan.face][: None if clear else 1])
        self._talk: Talk | None = None
        self._line: End | None = None
        self._unsure: tuple[Told, End, int] | None = None

    async def run(self) -> None:
        """Sell everything."""
        await asyncio.sleep(self.plan.starts)
        for sale in self.plan.sales:
            await asyncio.sleep(sale.pause)
            for _ in range(sale.times):
                await self._sale(sale)
        await self._hang_up()

    async def _sale(self, sale: Sale) -> None:
        told = Told(sale.number, self.plan.peer)
        self.told.append(told)
        before: int | None = None
        while True:
            told.tries += 1
            if told.tries > MOST_TRIES:
                raise RuntimeError(f"going in circles: sale {sale.number} gets no answer")
            try:
                talk = await self._connect()
                if self.plan.kind is Kind.COMPARES:
                    now = await talk.last_receipt()
                    if before is not None and told.closed and now != before:
                        told.good = True
                        return
                    before = now if before is None else before
                if self._crashes():
                    continue
                await talk.cancel()
                self._know()
                await talk.sell(sale.number, at_once=self.plan.kind is Kind.PIPELINES)
                self._know()
                if self._crashes():
                    continue
                if sale.dropped and not told.closed:
                    told.dropped = True
                    return
                line, life, began = self._line, self.world.lives, self.world.now()
                told.closed = True
                await talk.close(sale.number)
                told.good, told.at = True, self.world.now()
                self.world.log(f"program {self.plan.peer}: sale {sale.number} is printed")
                if self.world.now() - began < self.world.answer_seconds and line is not None:
                    self._unsure = (told, line, life)
                if self.rng.random() < 0.4:
                    told.seen = await self._ask(talk)
                    self._know()
                if self.rng.random() < 0.3:
                    await self._hang_up()
                return
            except (NoAnswer, LinkLost) as error:
                self.world.log(f"program {self.plan.peer}: sale {sale.number}: {error!r}")
                if isinstance(error, Refused):
                    told.refused.append(self.world.now())
                if told.closed and self.plan.kind is Kind.GIVES_UP:
                    told.given_up = True
                    await self._hang_up()
                    return
                if isinstance(error, LinkLost) or self.plan.kind is not Kind.SAME_LINE or told.tries % 5 == 0:
                    await self._hang_up()
                await asyncio.sleep(self.rng.choice(PAUSES))

    async def _ask(self, talk: Talk) -> int | None:
        try:
            return await talk.last_receipt()
        except (NoAnswer, LinkLost):
            await self._hang_up()
            return None

    def _know(self) -> None:
        """A command was answered: the program lives on after the last sale's answer, on the same line."""
        if self._unsure is None:
            return
        (told, line, life), self._unsure = self._unsure, None
        if line is self._line and self.world.lives == life and not self.world.disturbed(line):
            told.sure_at = self.world.now()

    def _crashes(self) -> bool:
        """The process dies here, and starts again."""
        if self.plan.kind is not Kind.CRASHES or self.rng.random() > 0.15:
            return False
        self.world.log(f"program {self.plan.peer} crashes")
        if self._line is not None:
            self.world.drop(self._line)
        self._line = self._talk = None
        return True

    async def _connect(self) -> Talk:
        if self._talk is None:
            self._line = await self.world.connect(self.plan.peer)
            self._talk = self._speaks(self._line, self.plan.patience)
        return self._talk

    async def _hang_up(self) -> None:
        """Close the connection in order."""
        line, self._line, self._talk = self._line, None, None
        self._unsure = None
        if line is not None:
            await line.aclose()
