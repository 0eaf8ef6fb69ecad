"""One run with a gateway: the shop of ``tests.chaos.world``, and old programs in front of it."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Coroutine
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

import anyio

from fiscald.gateway import GatewaySettings
from fiscald.gateway.delivery import Watch
from fiscald.gateway.gateway import Gateway
from fiscald.gateway.repeats import Memory
from fiscald.gateway.uptime import Uptime
from fiscald.model.jobs import Job
from tests.chaos.gateway.line import End, Front, Line
from tests.chaos.gateway.plan import GatewaySchedule
from tests.chaos.gateway.programs import OldProgram, Told
from tests.chaos.life import Life
from tests.chaos.living import live
from tests.chaos.outcome import Outcome
from tests.chaos.schedule import Fault
from tests.chaos.truth import Sale
from tests.chaos.what import What
from tests.chaos.world import World

#: States of jobs that have their end.
CLOSED = ("done", "failed")
#: Seconds until a program that found no listener tries again.
LATER = 1.0


class GatewayLife(Life):
    """A daemon with a gateway."""

    def __init__(self, world: GatewayWorld) -> None:
        super().__init__(world)
        plan = world.plan
        settings = GatewaySettings(
            "till1",
            plan.face,
            link=Path("link"),
            repeat_seconds=plan.repeat_seconds,
            answer_seconds=plan.answer_seconds,
        )
        memory = Memory.model_validate_json(world.disk)
        self.gateway = Gateway(self.engine, settings, world.host_time, memory, self._save, world.uptime)
        self.lines: list[Line] = []
        self._world = world
        self._spawn(self._run())

    async def _run(self) -> None:
        try:
            async with anyio.create_task_group() as tasks:
                await self.gateway.start(tasks)
                if self._world.plan.front == "serial":
                    tasks.start_soon(self._serve_serial)
                await asyncio.Event().wait()
        except* Exception as errors:
            self._world.violations.append(f"internal error: {errors.exceptions[0]!r}")

    async def _serve_serial(self) -> None:
        port = self.gateway._server.port
        while True:
            if not port.powered:
                await asyncio.sleep(0.1)
                port.refresh()
                continue
            line = self._world.serial = Line(self._world.front)
            self.lines.append(line)
            await self.gateway._server.serve(line.face)
            self._world.serial = None
            line.lose()

    def accept(self, peer: str) -> Line:
        """A program connects."""
        line = Line(self._world.front)
        self.lines.append(line)
        self._spawn(self._serve(line, peer))
        return line

    async def _serve(self, line: Line, peer: str) -> None:
        server = self.gateway._server
        server.port.refresh()
        async with Watch(line.face, peer, line.unacknowledged, lambda _: None) as stream:
            if not server.port.powered or not await server._wait_for_turn():
                return
            try:
                await server.serve(stream)
            finally:
                server._turn.release()

    async def _save(self, data: bytes) -> None:
        world = self._world
        await asyncio.sleep(world.front.rng.uniform(0, 0.002))
        self.journal._live()
        if world.disk_full:
            raise OSError(28, "No space left on device")
        world.disk = data
        world.log("gateway notes")
        await asyncio.sleep(0)

    def die(self) -> None:
        """See ``Life.die``."""
        self._world.deaths.append(self._world.now())
        for line in self.lines:
            line.lose()
        self._world.serial = None
        super().die()


@dataclass
class GatewayOutcome(Outcome):
    """What came of a run."""

    told: list[Told] = field(default_factory=list)
    """What each program knows of each of its sales."""
    deaths: list[float] = field(default_factory=list)
    """When the daemon was killed."""
    front_faults: tuple[Fault, ...] = ()


class GatewayWorld(World):
    """See ``World``."""

    def __init__(self, schedule: GatewaySchedule, directory: Path) -> None:
        self.plan = schedule
        super().__init__(schedule, directory)
        self.disk = b"{}"
        """What the gateway has on its disk."""
        self.lives = 0
        self.deaths: list[float] = []
        self.serial: Line | None = None
        front = random.Random(f"front {schedule.seed}")
        self.front = Front(schedule.front, schedule.front_faults, front, self.log, self._front_fault, self._kill)
        self.front_hits: list[What] = []
        self.programs = [OldProgram(self, program) for program in schedule.programs]

    @property
    def answer_seconds(self) -> float:
        """How late an answer may come to count as one in time."""
        return self.plan.answer_seconds

    def uptime(self) -> Uptime:
        """Of the daemon's computer, which has lost its power once for each ``HOST_POWER``."""
        return Uptime(str(sum(what is What.HOST_POWER for what, _, _ in self.hits)), self.now())

    def _front_fault(self, what: What) -> None:
        self.front_hits.append(what)
        self.happens(what)

    def _start(self) -> None:
        self.log("daemon starts")
        self.lives += 1
        self.life = GatewayLife(self)
        self.up.set()

    def clients(self) -> list[Coroutine[Any, Any, None]]:
        """See ``World.clients``."""
        return [*super().clients(), self._all_programs()]

    async def _all_programs(self) -> None:
        """Until they have sold everything, and the documents that they have given up have an end too."""
        await asyncio.gather(*(program.run() for program in self.programs))
        while self.life is None or any(state not in CLOSED for _, state in self.life.journal.store.counts()):
            await asyncio.sleep(1)

    async def main(self) -> GatewayOutcome:
        """See ``World.main``."""
        outcome = await super().main()
        told = [told for program in self.programs for told in program.told]
        known = {each.name: getattr(outcome, each.name) for each in fields(outcome)}
        return GatewayOutcome(**known, told=told, deaths=self.deaths, front_faults=self.plan.front_faults)

    async def connect(self, peer: str) -> End:
        """A program connects, or opens its serial port."""
        while True:
            await self.up.wait()
            life = self.life
            if isinstance(life, GatewayLife):
                if self.plan.front == "tcp":
                    return life.accept(peer).program
                if self.serial is not None:
                    end = self.serial.program
                    end.flush()
                    return end
            await asyncio.sleep(LATER)

    def disturbed(self, end: End) -> bool:
        """Whether anything happened to the line of that end, or could have been lost on it."""
        return end.line.disturbed

    def drop(self, end: End) -> None:
        """The program at that end is gone without a word."""
        if self.plan.front == "tcp":
            end.line.lose()

    def sale_of(self, job: Job) -> Sale | None:
        """See ``World.sale_of``: of the same goods, and not that of another job."""
        if not job.key.startswith("gateway/"):
            return super().sale_of(job)
        assert self.life is not None
        entries = self.life.journal.store.jobs(limit=1000)
        numbers = {
            entry.job.result.number
            for entry in entries
            if entry.job.result is not None and entry.job.document == job.document and entry.job.key != job.key
        }
        name = f"job/{goods(job)}"
        return next((sale for sale in self.truth.sales if sale.job == name and sale.number not in numbers), None)


def goods(job: Job) -> int:
    """The number of the sale that this job is."""
    return int(job.document.lines[0].name.split()[1])  # type: ignore[union-attr]


def carry_out(schedule: GatewaySchedule) -> GatewayOutcome:
    """See ``tests.chaos.world.carry_out``."""
    return live(lambda directory: GatewayWorld(schedule, directory), GatewayWorld.main, schedule.seed)
