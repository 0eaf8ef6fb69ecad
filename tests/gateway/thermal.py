"""A Thermal program at the gateway: commands without ``ESC P``, check byte and ``ESC \\``; ``|`` is CR."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import anyio

from fiscald.protocols.thermal.frames import AnswerDeframer
from fiscald.transport import MemoryStream
from tests import virtual
from tests.emulator.thermal.talking import ENQ, readable, sequence
from tests.engine.shop import Till
from tests.gateway.counter import SOON, Counter, Disk, counter

#: What ENQ shows: fiscal, and done, a receipt open, the last one finished.
DONE, OPEN, FINISHED = 0x6C, 0x6E, 0x6D
FAILED = 0x68
LINE, END = "1$lBilet|1.|A/5/5/", "1;0$e000|0/5/"


class Program:
    """An old program, in error mode 3 unless it chooses another."""

    def __init__(self, counter: Counter) -> None:
        self.line: MemoryStream = counter.gateway.connect(counter.tasks)
        self._deframer = AnswerDeframer()
        self._answers: list[str] = []

    async def raw(self, data: bytes) -> None:
        await self.line.send(data)

    async def send(self, command: str) -> None:
        await self.line.send(sequence(command))

    async def answer(self, seconds: float = SOON) -> str | None:
        """The next answer; ``None`` if none comes."""
        with anyio.move_on_after(seconds):
            while not self._answers:
                self._answers += [readable(item) for item in self._deframer.feed(await self.line.receive())]
        return self._answers.pop(0) if self._answers else None

    async def say(self, command: str) -> str:
        """The reply; the automatic ``0#Z`` after an answer is left out."""
        await self.send(command)
        answer = await self.answer()
        assert answer is not None, f"no answer to {command}"
        if "#Z" not in answer and self._answers and "#Z" in self._answers[0]:
            self._answers.pop(0)
        return answer

    async def error(self, command: str) -> int:
        """The number in ``#Z``."""
        answer = await self.say(command)
        number, mark, _ = answer.partition("#Z")
        assert mark, f"{command}: {answer}"
        return int(number)

    async def follow(self, *commands: str) -> None:
        for command in commands:
            assert await self.error(command) == 0, command

    async def sell(self, *lines: str, end: str) -> int:
        """A receipt; the number in the answer to its closing command."""
        await self.follow("0$h", *lines)
        return await self.error(end)

    async def enq(self, seconds: float = SOON) -> int | None:
        await self.raw(ENQ)
        answer = await self.answer(seconds)
        return None if answer is None else int(answer, 16)

    async def counters(self) -> list[str]:
        """The fields of ``23#s``: the flags, seven rates, the number, seven totals, cash, unique number."""
        return (await self.say("23#s")).split("/")

    async def close(self) -> None:
        await self.line.aclose()
        await anyio.sleep(0.01)


async def program(it: Counter, mode: int | None = 3) -> Program:
    made = Program(it)
    if mode is not None:
        await made.send(f"{mode}#e")
        if mode >= 2:
            assert await made.answer() == "0#Z#e"
    return made


@asynccontextmanager
async def thermal_counter(
    directory: Path, till: Till | None = None, *, disk: Disk | None = None, ready: bool = True, **settings: Any
) -> AsyncIterator[Counter]:
    """See ``counter``."""
    async with counter(directory, till, disk=disk, ready=ready, family="thermal", **settings) as it:
        yield it


def at_the_counter(
    directory: Path, story: Callable[[Counter], Awaitable[None]], till: Till | None = None, **settings: Any
) -> None:
    async def main() -> None:
        async with thermal_counter(directory, till, **settings) as it:
            await story(it)

    virtual.run(main())
