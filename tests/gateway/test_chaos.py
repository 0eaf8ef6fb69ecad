"""An old program that times out, connects again, cancels and sends again, with faults in front and behind.

Every sale has another amount, so the register shows how often each was printed: once if the program got its answer,
never if it gave up before it sent the closing command, and never twice.
"""

from __future__ import annotations

import random
from collections import Counter as Count
from pathlib import Path
from typing import Any

import anyio
import pytest

from fiscald.emulator.faults import Fault, FaultKind, Switch
from fiscald.transport import LinkLost
from tests import virtual
from tests.engine.shop import Till
from tests.gateway.counter import Counter, Disk, counter
from tests.gateway.thermal import Program as ThermalProgram

SALES = 6
#: More tries than the longest schedule needs. A sale that is printed again and again is always too late.
MOST_TRIES = 300
#: Faults of the cable to the printer and of the printer, each once.
BEHIND = (
    FaultKind.DROP_BEFORE, FaultKind.DROP_AFTER, FaultKind.LATE, FaultKind.BAD_CRC, FaultKind.TRUNCATE,
    FaultKind.CORRUPT_IN, FaultKind.KEYPAD_CANCEL, FaultKind.DUPLICATE,
)  # fmt: skip
COMMANDS = {"posnet": ("trinit", "trline", "trpayment", "trend", "scnt"), "thermal": ("$h", "$l", "$e", "#s")}


class Killed(Exception):
    """The daemon is killed now."""


class OldProgram:
    """Sells until everything is answered, whatever happens. It survives the daemon."""

    def __init__(self, chance: random.Random) -> None:
        self.chance = chance
        self.patience = chance.choice((2.0, 5.0, 9.0))
        self.tries = 0
        self.left = list(range(1, SALES + 1))
        self.closed: set[int] = set()
        """Whose closing command was sent at least once."""
        self.answered: set[int] = set()
        self.dropped: set[int] = set()
        """Given up before the closing command."""

    def connect(self, it: Counter) -> Any:
        return it.program()

    async def work(self, it: Counter) -> None:
        program = self.connect(it)
        while self.left:
            self.tries += 1
            assert self.tries < MOST_TRIES, f"{self.left[0]} gets no answer"
            try:
                await self._sell(program, self.left[0])
                if self.chance.random() < 0.3:
                    await program.close()
                    program = self.connect(it)
            except (LinkLost, TimeoutError):
                if self.chance.random() < 0.7:
                    await program.close()
                    program = self.connect(it)
                await anyio.sleep(self.chance.choice((0.1, 1.0, 7.0)))

    async def _sell(self, program: Any, sale: int) -> None:
        cancel, *lines, end = self.commands(sale)
        await self._say(program, cancel)
        for command in lines:
            if not await self._say(program, command):
                raise TimeoutError  # the program begins again
        if sale not in self.closed and self.chance.random() < 0.1:
            self.dropped.add(self.left.pop(0))
            return
        self.closed.add(sale)
        if await self._say(program, end):
            self.answered.add(self.left.pop(0))

    def commands(self, sale: int) -> tuple[str, ...]:
        amount = 100 + sale
        return (
            "prncancel|", "trinit|bm0|", f"trline|naTowar {sale}|vt0|pr{amount}|", f"trpayment|ty0|wa{amount}|re0|",
            f"trend|to{amount}|fp{amount}|",
        )  # fmt: skip

    async def _say(self, program: Any, command: str) -> bool:
        """Whether the command was good."""
        name = command.partition("|")[0]
        await program.send(command)
        while True:  # answers to what it gave up are not for this command
            answer = await program.answer(self.patience)
            if answer is None:
                raise TimeoutError
            if answer.startswith((f"{name}|", "ERR|")):
                return "?" not in answer


class OldThermalProgram(OldProgram):
    """The same in the Thermal protocol, in error mode 3."""

    def connect(self, it: Counter) -> Any:
        return ThermalProgram(it)

    def commands(self, sale: int) -> tuple[str, ...]:
        amount = f"{1 + sale / 100:.2f}"
        line, end = f"1$lTowar {sale}|1.|A/{amount}/{amount}/", f"1;0$e000|{amount}/{amount}/"
        return "0$e", "0$h", line, end

    async def _say(self, program: Any, command: str) -> bool:
        await program.send("3#e")  # the face may have started again, and forgotten it
        await program.send(command)
        name = command.lstrip("0123456789;")[:2]
        while True:
            answer = await program.answer(self.patience)
            if answer is None:
                raise TimeoutError
            number, _, of = answer.partition("#Z")
            if of == name:
                return bool(number == "0")


async def trouble(it: Counter, chance: random.Random) -> None:
    """Faults on both sides; at the end perhaps the daemon is killed."""
    till, commands = it.till, COMMANDS[it.till.family]
    for _ in range(chance.randrange(1, 6)):
        await anyio.sleep(chance.uniform(0, 12))
        match chance.randrange(5):
            case 0:
                till.device.faults.plan(
                    Fault(act=chance.choice(BEHIND), command=chance.choice(commands), nth=chance.randrange(1, 3))
                )
            case 1:
                till.device.faults.switches.add(Switch.PAPER_OUT)
                await anyio.sleep(chance.uniform(0, 20))
                till.device.faults.switches.discard(Switch.PAPER_OUT)
            case 2:
                till.pull()
                await anyio.sleep(chance.uniform(0, 5))
                till.put_back()
            case 3:
                await it.shop.print(f"API/{chance.random()}", seconds=0.1)
            case 4:
                raise Killed


SPEAKS: dict[str, type[OldProgram]] = {"posnet": OldProgram, "thermal": OldThermalProgram}


async def life(directory: Path, seed: int, family: str, speaks: str) -> tuple[OldProgram, Till]:
    chance = random.Random(seed)
    till, disk, program = Till("till1", family=family), Disk(), SPEAKS[speaks](chance)
    options: dict[str, Any] = {"ready": False, "answer_seconds": program.patience, "family": speaks}
    till.device.slowness = chance.choice((0.3, 1.0, 3.0))
    with anyio.fail_after(4 * 3600):
        for _ in range(chance.randrange(1, 5)):
            async with counter(directory, till, disk=disk, **options) as it:
                with anyio.CancelScope() as scope:
                    async with anyio.create_task_group() as tasks:
                        tasks.start_soon(program.work, it)
                        try:
                            await trouble(it, chance)
                        except Killed:
                            scope.cancel()
            till.put_back()
            till.device.faults.clear()
        async with counter(directory, till, disk=disk, **options) as it:
            await program.work(it)
            while any(not job.state.final for job in await it.jobs()):
                await anyio.sleep(1)
    return program, till


def check(program: OldProgram, till: Till) -> None:
    printed = Count(
        int(str(sheet.facts["total"])) - 100 for sheet in till.register.printouts if sheet.kind == "receipt"
    )
    sold = {sale: printed[sale] for sale in range(1, SALES + 1)}
    assert program.answered | program.dropped == set(sold)
    assert {sale: times for sale, times in sold.items() if sale in program.answered and times != 1} == {}
    assert {sale: times for sale, times in sold.items() if sale in program.dropped and times} == {}


@pytest.mark.slow
@pytest.mark.parametrize("family", ["posnet", "thermal"])
@pytest.mark.parametrize("speaks", ["posnet", "thermal"])
@pytest.mark.parametrize("seed", range(15))
def test_every_answered_sale_is_printed_once(tmp_path: Path, seed: int, family: str, speaks: str) -> None:
    program, till = virtual.run(life(tmp_path, seed, family, speaks))
    check(program, till)
