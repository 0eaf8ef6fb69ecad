"""The whole way over TCP and a serial port: fiscald's own Thermal driver as the old program; and a hostile one."""

from __future__ import annotations

import random
import socket
import struct
from pathlib import Path

import anyio
import pytest

from fiscald.config import PrinterConfig
from fiscald.config_gateway import GatewayConfig
from fiscald.emulator.running import EmulatedPrinter
from fiscald.protocols.thermal.commands import COMMANDS
from fiscald.protocols.thermal.fields import Brand
from fiscald.protocols.thermal.frames import AnswerDeframer
from tests import virtual
from tests.emulator.thermal.talking import readable, sequence
from tests.engine.shop import Till
from tests.gateway.test_tcp import RECEIPT, SECONDS, behind, free_port, running, until
from tests.gateway.thermal import DONE, END, LINE, Program, program, thermal_counter


class RealProgram:
    """An old program on a socket, in error mode 3."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), SECONDS)
        self._deframer = AnswerDeframer()
        assert self.say("3#e") == "0#Z#e"

    def send(self, command: str) -> None:
        self.socket.sendall(sequence(command))

    def answer(self) -> str:
        while True:
            data = self.socket.recv(4096)
            assert data, "the gateway closed the connection"
            for item in self._deframer.feed(data):
                return readable(item)

    def say(self, command: str) -> str:
        self.send(command)
        return self.answer()

    def sell(self, end: str | None = END) -> None:
        for command in ("0$e", "0$h", LINE):
            assert self.say(command).startswith("0#Z")
        if end is not None:
            assert self.say(end) == "0#Z$e"

    def reset(self) -> None:
        """As if the computer had lost its power."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()


@pytest.fixture
def port() -> int:
    return free_port()


@pytest.mark.parametrize("family", ["posnet", "thermal", "novitus-xml"])
def test_the_real_driver_prints_through_a_gateway(family: str, port: int) -> None:
    with (
        EmulatedPrinter(family) as printer,
        behind(printer, port, "thermal") as shop,
        running(PrinterConfig(family="thermal", address=f"tcp://127.0.0.1:{port}")) as program,
    ):
        program.client.submit("C/1", "till1", {"type": "cash_in", "amount": "50.00"}, wait=SECONDS)
        for number in (1, 2, 3):
            job = program.client.submit(f"A/{number}", "till1", RECEIPT, wait=SECONDS)
            assert (job.state, job.error) == ("done", None)
            assert job.result is not None
            assert (job.result.number, str(job.result.total)) == (number, "21.50")
            assert job.result.printer_id == printer.register.unique_number
        report = program.client.submit("R/1", "till1", {"type": "daily_report"}, wait=SECONDS)
        assert (report.state, report.result and report.result.number) == ("done", 1)
        jobs = shop.jobs
        assert [job.state for job in jobs] == ["done"] * 5
        assert [str(job.result.total) for job in jobs[1:4] if job.result] == ["21.50"] * 3
        day = printer.register.fiscal_memory[0].day
        assert (day.receipt_count, day.receipts[0], day.receipts[2]) == (3, 5400, 1050)


def test_a_lost_closing_answer_leaves_one_receipt_on_paper(port: int) -> None:
    with EmulatedPrinter("posnet") as printer, behind(printer, port, "thermal") as shop:
        printer.fault("switch", command="trinit", switch="paper_out")  # the paper ends when the real receipt opens
        first = RealProgram(port)
        first.sell(end=None)
        first.send(END)
        until(lambda: shop.jobs != [] and printer.fired != [])
        first.reset()
        printer.switch("paper_out", on=False)
        until(lambda: all(job.state == "done" for job in shop.jobs))
        again = RealProgram(port)
        again.sell()
        assert printer.register.day.receipt_count == 1
        again.sell()
        assert printer.register.day.receipt_count == 2, "this answer was delivered"
        again.socket.close()


def test_a_serial_port_is_a_link(tmp_path: Path) -> None:
    link = tmp_path / "till1"
    gateway = GatewayConfig(listen=f"pty:{link}", family="thermal")
    with (
        EmulatedPrinter("posnet") as printer,
        running(PrinterConfig(family="posnet", address=printer.address, gateway=gateway)),
        running(PrinterConfig(family="thermal", address=f"serial://{link}?baud=9600")) as program,
    ):
        assert program.client.submit("A/1", "till1", RECEIPT, wait=SECONDS).state == "done"
        assert printer.register.day.receipt_count == 1


# -- hostile -------------------------------------------------------------------------------------------

VALUES = (
    "",
    "0",
    "1",
    "-1",
    "5.00",
    "999999.99",
    "9" * 12,
    "1.",
    "A",
    "P",
    "ż" * 41,
    "5260250274",
    "Visa",
    "#1#",
    "\x07",
)


def command(chance: random.Random, brand: Brand) -> bytes:
    """A command with any parameters and fields, mostly with its check byte."""
    row = COMMANDS[brand][chance.choice(sorted(COMMANDS[brand]))]
    numbers = [str(chance.choice((0, 1, 2, 3, 4, 16, 26, 255))) for _ in range(chance.randrange(14))]
    first = [] if row.first is None else [str(row.first)]
    fields = "".join(chance.choice(VALUES) + chance.choice("|/") for _ in range(chance.randrange(9)))
    data = sequence(";".join(first + numbers[: chance.randrange(14)]) + row.id + fields)
    return data if chance.random() < 0.95 else data.replace(b"\x1b\\", b"0\x1b\\")


async def still_sells(talk: Program) -> bool:
    """The receipt or the form that is open ends, and a new one comes."""
    await talk.raw(b"\x18")
    await talk.send("3#e")
    while await talk.answer() != "0#Z#e":
        pass
    for end in ("0$e", "28$z", *(f"1;{form};0;0$w" for form in (1, 2, 3, 4, 16, 22, 26, 200, 255))):
        await talk.error(end)
    return await talk.sell(LINE, end=END) == 0


@pytest.mark.parametrize("profile", ["posnet", "novitus"])
@pytest.mark.parametrize("seed", range(5))
def test_every_command_with_any_value_gets_one_answer(tmp_path: Path, seed: int, profile: str) -> None:
    chance = random.Random(seed)
    brand = Brand.NOVITUS if profile == "novitus" else Brand.POSNET

    async def main() -> None:
        async with thermal_counter(tmp_path, profile=profile) as it:
            talk = await program(it)
            for _ in range(150):
                sent = command(chance, brand)
                await talk.raw(sent)
                assert await talk.answer() is not None, sent
                await talk.send("3#e")  # the fuzz may have chosen another error mode
                while await talk.answer() != "0#Z#e":
                    pass
            assert await still_sells(talk)

    virtual.run(main())


@pytest.mark.parametrize("seed", range(4))
def test_noise_is_no_command(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)

    async def main() -> None:
        async with thermal_counter(tmp_path) as it:
            talk = await program(it)
            for _ in range(50):
                await talk.raw(chance.randbytes(chance.randrange(1, 3000)))
            await anyio.sleep(1)
            await talk.close()
            again = await program(it, None)
            await again.raw(b"\x18")
            assert await still_sells(again)
            assert it.till.receipts == 1

    virtual.run(main())


def test_a_receipt_that_comes_byte_by_byte(tmp_path: Path) -> None:
    async def main() -> None:
        async with thermal_counter(tmp_path, Till("till1")) as it:
            talk = await program(it)
            for byte in b"".join(map(sequence, ("0$h", LINE, END))):
                await talk.raw(bytes((byte,)))
                await anyio.sleep(0.001)
            assert [await talk.answer() for _ in range(3)] == ["0#Z$h", "0#Z$l", "0#Z$e"]
            assert it.till.receipts == 1
            await talk.follow("0$e")
            assert await talk.enq() == DONE + 1

    virtual.run(main())


def test_a_receipt_has_as_many_lines_as_its_numbers(tmp_path: Path) -> None:
    async def main() -> None:
        async with thermal_counter(tmp_path, Till("till1")) as it:
            talk = await program(it)
            await talk.follow("0$h", *(f"{number}$lSok|1.|A/0.01/0.01/" for number in range(1, 256)))
            assert await talk.error("256$lSok|1.|A/0.01/0.01/") == 4
            await talk.send("1;0$e000|0/2.55/")
            assert await talk.answer(3600) == "0#Z$e"
            assert it.till.receipts == 1

    virtual.run(main())
