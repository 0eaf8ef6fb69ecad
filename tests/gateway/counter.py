"""A shop whose printer has a gateway, under virtual time, and a program that talks to it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import anyio
import anyio.abc

from fiscald.gateway import GatewaySettings
from fiscald.gateway.gateway import Gateway
from fiscald.gateway.repeats import Memory
from fiscald.gateway.uptime import Uptime
from fiscald.journal import Wanted
from fiscald.model.jobs import Job
from fiscald.model.printers import PrinterState
from fiscald.protocols.posnet.frames import Deframer, Frame
from fiscald.transport import MemoryStream
from tests.emulator.posnet.talking import frame, readable
from tests.engine.shop import Shop, Till, shop

#: Seconds in which every answer comes that needs no person: a receipt of a few lines, in virtual time.
SOON = 20.0


class Program:
    """An old program at the gateway: commands in the reference's notation (``|`` is TAB)."""

    def __init__(self, counter: Counter) -> None:
        self._counter = counter
        self.line: MemoryStream = counter.gateway.connect(counter.tasks)
        self._deframer = Deframer()
        self._answers: list[str] = []

    async def send(self, command: str) -> None:
        await self.line.send(frame(command))

    async def answer(self, seconds: float = SOON) -> str | None:
        """The next answer; ``None`` if none comes."""
        with anyio.move_on_after(seconds):
            while not self._answers:
                found = self._deframer.feed(await self.line.receive())
                self._answers += [readable(item) for item in found if isinstance(item, Frame)]
        return self._answers.pop(0) if self._answers else None

    async def say(self, command: str) -> str:
        await self.send(command)
        answer = await self.answer()
        assert answer is not None, f"no answer to {command}"
        return answer

    async def sell(self, *lines: str, end: str) -> str:
        """A receipt; the answer to its closing command."""
        for command in ("trinit|bm0|", *lines):
            answer = await self.say(command)
            assert "?" not in answer, f"{command} {answer}"
        return await self.say(end)

    async def close(self) -> None:
        await self.line.aclose()
        await anyio.sleep(0.01)


class Counter:
    """The shop, its gateway, and what the gateway has on its disk."""

    def __init__(self, opened: Shop, gateway: Gateway, tasks: anyio.abc.TaskGroup) -> None:
        self.shop = opened
        self.gateway = gateway
        self.tasks = tasks

    def program(self) -> Program:
        return Program(self)

    @property
    def till(self) -> Till:
        return self.shop.till

    @property
    def sheets(self) -> list[Any]:
        """What the real printer printed."""
        return self.till.register.printouts

    async def jobs(self) -> list[Job]:
        entries = self.shop.journal.store.jobs

        found = entries(wanted=Wanted(), newest_first=False, after=0, limit=100)
        return [entry.job for entry in found]


def up() -> Uptime:
    """A computer that was started when the test began."""
    return Uptime("boot", anyio.current_time())


class Disk:
    """What survives a killed daemon."""

    def __init__(self) -> None:
        self.data = b"{}"

    async def save(self, data: bytes) -> None:
        await anyio.lowlevel.checkpoint()
        self.data = data


@asynccontextmanager
async def counter(
    directory: Path,
    till: Till | None = None,
    *,
    disk: Disk | None = None,
    ready: bool = True,
    family: str = "posnet",
    **settings: Any,
) -> AsyncIterator[Counter]:
    """Closing it is like killing the daemon; with the same directory, till and disk it starts again."""
    disk = disk or Disk()
    async with shop(directory, till or Till("till1")) as opened:
        chosen = GatewaySettings("till1", family, link=directory / "link", **settings)
        memory = Memory.model_validate_json(disk.data)
        gateway = Gateway(opened.engine, chosen, opened.host_time, memory, disk.save, up)
        async with anyio.create_task_group() as tasks:
            await gateway.start(tasks)
            if ready:
                await opened.until(PrinterState.READY)
                await anyio.sleep(0.1)
            yield Counter(opened, gateway, tasks)
            tasks.cancel_scope.cancel()
