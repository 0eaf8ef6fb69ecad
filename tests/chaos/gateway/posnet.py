"""How an old program speaks POSNET."""

from __future__ import annotations

import asyncio

from fiscald.protocols.posnet.frames import Deframer, Frame
from tests.chaos.gateway.line import End
from tests.chaos.gateway.talk import NoAnswer, Refused
from tests.emulator.posnet.talking import frame, readable


class PosnetTalk:
    """See ``Talk``."""

    def __init__(self, line: End, patience: float) -> None:
        self._line = line
        self._patience = patience
        self._deframer = Deframer()
        self._answers: list[str] = []

    async def cancel(self) -> None:
        """See ``Talk.cancel``."""
        await self._say("prncancel|")

    async def sell(self, number: int, *, at_once: bool) -> None:
        """See ``Talk.sell``."""
        amount = 1000 + number
        commands = ("trinit|bm0|", f"trline|naTowar {number}|vt0|pr{amount}|", f"trpayment|ty0|wa{amount}|re0|")
        if at_once:
            for command in commands:
                await self._line.send(frame(command))
        for command in commands:
            answer = await (self._wait(command) if at_once else self._say(command))
            if "?" in answer:
                raise NoAnswer(answer)

    async def close(self, number: int) -> None:
        """See ``Talk.close``."""
        answer = await self._say(f"trend|to{1000 + number}|fp{1000 + number}|")
        if "?" in answer:
            raise Refused(answer)

    async def last_receipt(self) -> int:
        """See ``Talk.last_receipt``."""
        answer = await self._say("scnt|")
        if "?" in answer:
            raise NoAnswer(answer)
        return int(next(field[2:] for field in answer.split("|") if field.startswith("bt")))

    async def _say(self, command: str) -> str:
        await self._line.send(frame(command))
        return await self._wait(command)

    async def _wait(self, command: str) -> str:
        """Its answer; those to what the program gave up are passed over."""
        name = command.partition("|")[0]
        try:
            async with asyncio.timeout(self._patience):
                while True:
                    while not self._answers:
                        found = self._deframer.feed(await self._line.receive())
                        self._answers += [readable(item) for item in found if isinstance(item, Frame)]
                    answer = self._answers.pop(0)
                    if answer.startswith((f"{name}|", "ERR|")):
                        return answer
        except TimeoutError:
            raise NoAnswer(f"no answer to {name}") from None
