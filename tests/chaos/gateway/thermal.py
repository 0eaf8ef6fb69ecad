"""How an old program speaks Thermal."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from fiscald.protocols.thermal.frames import AnswerDeframer
from tests.chaos.gateway.line import End
from tests.chaos.gateway.talk import NoAnswer, Refused
from tests.emulator.thermal.talking import ENQ, readable, sequence

#: In the answer to ENQ: the last command is done, and a receipt was finished.
_COMMAND_DONE, _FINISHED = 0x04, 0x01
#: Which field of ``23#s`` counts the receipts of the day.
_RECEIPTS = 8


class ThermalTalk:
    """See ``Talk``. It wants an answer to every command (error mode 3)."""

    def __init__(self, line: End, patience: float) -> None:
        self._line = line
        self._patience = patience
        self._deframer = AnswerDeframer()
        self._answers: list[str] = []

    async def cancel(self) -> None:
        """See ``Talk.cancel``."""
        await self._say("0$e")  # an error means that nothing was open

    async def sell(self, number: int, *, at_once: bool) -> None:
        """See ``Talk.sell``."""
        amount = f"{10 + number / 100:.2f}"
        commands = ("0$h", f"1$lTowar {number}|1.|A/{amount}/{amount}/")
        if at_once:
            for command in commands:
                await self._send(command)
        for command in commands:
            if not await (self._wait(command) if at_once else self._say(command)):
                raise NoAnswer(command)

    async def close(self, number: int) -> None:
        """See ``Talk.close``."""
        amount = f"{10 + number / 100:.2f}"
        if not await self._say(f"1;0$e000|{amount}/{amount}/"):
            raise Refused("an error")

    async def last_receipt(self) -> int:
        """See ``Talk.last_receipt``: how many there are today."""
        await self._send("23#s")
        fields = (await self._answer(lambda answer: "#X" in answer or answer.count("/") > _RECEIPTS)).split("/")
        return int(fields[_RECEIPTS])

    async def _send(self, command: str) -> None:
        await self._line.send(sequence("3#e") + sequence(command))  # the face may have started again, and forgotten it

    async def _say(self, command: str) -> bool:
        await self._send(command)
        return await self._wait(command)

    async def _wait(self, command: str) -> bool:
        name = command.lstrip("0123456789;")[:2]
        answer = await self._answer(lambda answer: answer.endswith(f"#Z{name}"))
        return answer.partition("#Z")[0] == "0"

    async def _answer(self, is_it: Callable[[str], bool]) -> str:
        """The first one that is asked for; others are those to what the program gave up."""
        try:
            async with asyncio.timeout(self._patience):
                while True:
                    while not self._answers:
                        found = self._deframer.feed(await self._line.receive())
                        self._answers += [readable(item) for item in found]
                    answer = self._answers.pop(0)
                    if is_it(answer):
                        return answer
        except TimeoutError:
            raise NoAnswer("no answer") from None


class SilentThermalTalk(ThermalTalk):
    """Most commands have no answer (error mode 1): the program asks with ENQ whether the last one was carried out."""

    async def _send(self, command: str) -> None:
        await self._line.send(sequence("1#e") + sequence(command))

    async def _wait(self, command: str) -> bool:
        await self._line.send(ENQ)
        bits = int(await self._answer(lambda answer: len(answer) == 2), 16)
        return bool(bits & _COMMAND_DONE) and (bool(bits & _FINISHED) or not command.startswith("1;0$e"))
