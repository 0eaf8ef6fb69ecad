"""A virtual serial port: pyserial's own RFC 2217 client, and whatever else may come in there."""

from __future__ import annotations

import os
import random
import select
import socket
import struct
import tty
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Thread

import anyio
import pytest
import serial

from fiscald.config import PrinterConfig
from fiscald.config_gateway import GatewayConfig
from fiscald.emulator.running import EmulatedPrinter
from fiscald.gateway.comport import FASTEST, LONGEST, ComPortStream
from fiscald.protocols.posnet.frames import Deframer, Frame
from fiscald.transport import LinkLost
from fiscald.transport.tcp import SocketStream
from tests.emulator.posnet.talking import frame, readable
from tests.gateway.test_tcp import RECEIPT, SECONDS, Running, free_port, running, until

START = b"\xff\xfd\x2c\xff\xfb\x2c"
"""DO and WILL for the serial port option."""


def option(*content: int) -> bytes:
    return b"\xff\xfa\x2c" + bytes(content).replace(b"\xff", b"\xff\xff") + b"\xff\xf0"


@pytest.fixture(scope="module")
def port() -> int:
    return free_port()


@pytest.fixture(scope="module")
def printer() -> Iterator[EmulatedPrinter]:
    with EmulatedPrinter("posnet") as made:
        yield made


@pytest.fixture(scope="module")
def shop(printer: EmulatedPrinter, port: int) -> Iterator[Running]:
    gateway = GatewayConfig(listen=f"rfc2217://127.0.0.1:{port}", family="posnet")
    with running(PrinterConfig(family="posnet", address=printer.address, gateway=gateway)) as made:
        yield made


class Plain:
    """Both ends of a connection: ours has the stream."""

    def __init__(self) -> None:
        ours, self.theirs = _pair()
        ours.setblocking(False)
        ours.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
        self.theirs.settimeout(SECONDS)
        self.stream = ComPortStream(SocketStream(ours, "caller"))


def _pair() -> tuple[socket.socket, socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        theirs = socket.create_connection(listener.getsockname())
        return listener.accept()[0], theirs


async def collect(stream: ComPortStream, length: int) -> bytes:
    data = b""
    while len(data) < length:
        data += await stream.receive()
    return data


# pyserial's client names its thread a daemon in a way that Python has given up.
@pytest.mark.filterwarnings("ignore:set(Daemon|Name):DeprecationWarning")
def test_a_receipt_through_a_com_port_of_pyserial(shop: Running, printer: EmulatedPrinter, port: int) -> None:
    with serial.serial_for_url(
        f"rfc2217://127.0.0.1:{port}", baudrate=19200, parity=serial.PARITY_EVEN, rtscts=True, timeout=SECONDS
    ) as line:
        assert (line.cts, line.dsr, line.cd, line.ri) == (True, True, True, False)
        line.dtr = False
        line.rts = False
        line.break_condition = True
        line.break_condition = False
        line.reset_input_buffer()
        line.reset_output_buffer()
        before = printer.register.day.receipt_count
        deframer, chance = Deframer(), random.Random(1)
        for command in ("prncancel|", "trinit|bm0|", "trline|naKawa|vt0|pr500|", "trend|to500|"):
            sent = frame(command)
            while sent:  # in random pieces
                size = chance.randint(1, 5)
                line.write(sent[:size])
                sent = sent[size:]
            answers: list[str] = []
            while not answers:
                answers = [readable(each) for each in deframer.feed(line.read(1)) if isinstance(each, Frame)]
            assert "?" not in answers[0]
        assert printer.register.day.receipt_count == before + 1
    status = shop.gateway
    assert (status.family, status.speaks) == ("posnet", "posnet")
    until(lambda: shop.gateway.program is None)


@contextmanager
def com_port(port: int) -> Iterator[str]:
    """The path of a serial port on this computer that pyserial's client carries to the gateway, as Windows tools do."""
    master, slave = os.openpty()
    tty.setraw(slave)
    over = Event()
    with serial.serial_for_url(f"rfc2217://127.0.0.1:{port}", timeout=0.05) as line:

        def there() -> None:
            while not over.is_set():
                if select.select([master], [], [], 0.05)[0]:
                    line.write(os.read(master, 7))

        def back() -> None:
            while not over.is_set():
                os.write(master, line.read(3))

        carriers = [Thread(target=there), Thread(target=back)]
        for carrier in carriers:
            carrier.start()
        try:
            yield os.ttyname(slave)
        finally:
            over.set()
            for carrier in carriers:
                carrier.join()
            os.close(slave)
            os.close(master)


@pytest.mark.filterwarnings("ignore:set(Daemon|Name):DeprecationWarning")
def test_our_own_driver_prints_through_a_com_port(shop: Running, printer: EmulatedPrinter, port: int) -> None:
    before = printer.register.day.receipt_count
    with (
        com_port(port) as path,
        running(PrinterConfig(family="posnet", address=f"serial://{path}?baud=9600")) as program,
    ):
        assert program.client.submit("A/1", "till1", RECEIPT, wait=SECONDS).state == "done"
    assert printer.register.day.receipt_count == before + 1


def test_every_byte_passes_both_ways_in_any_pieces() -> None:
    every, chance = bytes(range(256)) * 8, random.Random(2)

    async def main() -> None:
        line = Plain()
        doubled = every.replace(b"\xff", b"\xff\xff")
        async with anyio.create_task_group() as tasks:

            async def write() -> None:
                rest = doubled
                while rest:
                    size = chance.randint(1, 7)
                    await anyio.to_thread.run_sync(line.theirs.sendall, rest[:size])
                    rest = rest[size:]

            tasks.start_soon(write)
            assert await collect(line.stream, len(every)) == every
        greeting = line.theirs.recv(4096)
        await line.stream.send(every)
        got = greeting
        while not got.endswith(doubled):
            got += line.theirs.recv(4096)
        await line.stream.aclose()
        line.theirs.close()

    anyio.run(main)


@pytest.mark.parametrize(
    ("sent", "answer"),
    [
        (option(1, *struct.pack("!I", 19200)), (101, *struct.pack("!I", 19200))),
        (option(1, *struct.pack("!I", 0)), (101, *struct.pack("!I", 9600))),
        (option(1, *struct.pack("!I", 0x00FFFFFF)), (101, *struct.pack("!I", 9600))),
        (option(1, *struct.pack("!I", FASTEST)), (101, *struct.pack("!I", FASTEST))),
        (option(2, 7), (102, 7)),
        (option(2, 5), (102, 8)),
        (option(3, 3), (103, 3)),
        (option(4, 2), (104, 2)),
        (option(5, 1), (105, 1)),
        (option(5, 2), (105, 2)),
        (option(5, 3), (105, 3)),
        (option(5, 4), (105, 6)),
        (option(5, 5), (105, 5)),
        (option(5, 7), (105, 8)),
        (option(5, 9) + option(5, 7), (105, 9)),
        (option(5, 10), (105, 11)),
        (option(5, 12) + option(5, 10), (105, 12)),
        (option(6), (106, 0)),
        (option(7), (107, 0xB0)),
        (option(12, 1), (112, 1)),
        (option(12, 3), (112, 3)),
    ],
)
def test_a_setting_is_taken_and_answered(sent: bytes, answer: tuple[int, ...]) -> None:
    async def main() -> None:
        line = Plain()
        line.theirs.sendall(START + sent + b"X")
        assert await line.stream.receive() == b"X"
        received = line.theirs.recv(4096)
        assert option(*answer) in received
        await line.stream.aclose()
        line.theirs.close()

    anyio.run(main)


def test_an_unknown_option_is_declined() -> None:
    async def main() -> None:
        line = Plain()
        line.theirs.sendall(b"\xff\xfb\x18\xff\xfd\x18\xff\xf1A")
        assert await line.stream.receive() == b"A"
        received = line.theirs.recv(4096)
        assert b"\xff\xfe\x18" in received
        assert b"\xff\xfc\x18" in received
        await line.stream.aclose()
        line.theirs.close()

    anyio.run(main)


@pytest.mark.parametrize(
    "sent",
    [
        b"\xff\xf0",  # the end of none
        option(1, 0, 0),
        option(3, 99),
        option(4, 99),
        option(11),
        b"\xff\xfa\x2c" + b"\x01" * (LONGEST + 1),
    ],
)
def test_a_subnegotiation_without_sense_or_end_closes(sent: bytes) -> None:
    async def main() -> None:
        line = Plain()
        line.theirs.sendall(START + sent)
        with pytest.raises(LinkLost, match="RFC 2217"):
            await line.stream.receive()
        await line.stream.aclose()
        line.theirs.close()

    anyio.run(main)


def test_a_program_that_reads_no_answers_is_closed() -> None:
    async def main() -> None:
        line = Plain()
        line.theirs.setblocking(False)
        async with anyio.create_task_group() as tasks:

            async def ask() -> None:
                while True:
                    await anyio.wait_writable(line.theirs)
                    line.theirs.send(START + option(7) * 500)

            tasks.start_soon(ask)
            with pytest.raises(LinkLost, match="does not read"):
                await line.stream.receive()
            tasks.cancel_scope.cancel()
        await line.stream.aclose()
        line.theirs.close()

    anyio.run(main)


@pytest.mark.parametrize("seed", range(6))
def test_noise_in_telnet_ends_or_passes_and_is_bounded(seed: int) -> None:
    chance = random.Random(seed)
    pieces = [START, option(7), b"\xff", b"\xfa", b"\xf0", b"\xfb", b"\x2c", b"\xff\xff", b"A"]

    async def main() -> None:
        line = Plain()
        for _ in range(30):
            noise = b"".join(chance.choice(pieces) for _ in range(40)) + chance.randbytes(40)
            line.theirs.sendall(noise)
            try:
                with anyio.move_on_after(0.02):
                    while True:
                        await line.stream.receive()
            except LinkLost:
                break
        await line.stream.aclose()
        line.theirs.close()

    anyio.run(main)


def test_a_program_of_another_protocol_is_named(shop: Running, port: int) -> None:
    with socket.create_connection(("127.0.0.1", port)) as program:
        program.sendall(b"\x1bP1#n\x1b\\")
        until(lambda: shop.gateway.speaks == "thermal")
