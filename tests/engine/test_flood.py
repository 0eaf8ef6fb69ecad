"""A printer that sends without end: it is given up, and the other printers do not notice. Real sockets and terminals."""

from __future__ import annotations

import logging
import os
import pty
import socket
import threading
import time
import tty
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import anyio
import pytest

from fiscald.emulator.running import EmulatedPrinter
from fiscald.engine import Engine, Printer
from fiscald.engine.noise import LOG_EVERY, Noise
from fiscald.journal import ThreadedJournal
from fiscald.model.documents import Submission
from fiscald.model.jobs import JobState
from fiscald.model.printers import PrinterState
from fiscald.model.times import POLISH_TIME
from fiscald.protocols import family
from fiscald.protocols.base import Settings
from fiscald.recording.recorder import FlightRecorder
from fiscald.transport import Address, parse_address
from tests import virtual
from tests.engine.shop import RECEIPT, OpenGate
from tests.protocols.posnet.scripted import frame

SCNT = frame("scnt\trd4\thn56\tbn1\tfn0\tnuZBF 2101002392\tbc0\tbt1\tfc0\t")
#: What is sent without end, by family.
FLOODS = [
    ("posnet", b"\x02" + b"A" * 4095, b"A" * 4096),
    ("posnet", b"", SCNT * 40),
    ("posnet", b"", b"\x02\x03" * 2000),
    ("posnet", b"", bytes(range(256)) * 16),
    ("thermal", b"", b"t" * 4096),
    ("thermal", b"\x1bP", b"A" * 4096),
    ("thermal", b"", b"\x1bP0#Z#e\x1b\\" * 400),
]


def pour(write: Callable[[bytes], object], first: bytes, rest: bytes) -> None:
    """Write endlessly, until the other end stops reading."""
    try:
        write(first)
        while True:
            write(rest)
    except OSError:
        pass


@contextmanager
def flooding_host(first: bytes, rest: bytes) -> Iterator[tuple[str, list[int]]]:
    """The address of a network printer that sends without end; and its connections, counted."""
    connections = [0]
    server = socket.create_server(("127.0.0.1", 0))
    pouring: list[threading.Thread] = []

    def talk(caller: socket.socket) -> None:
        with caller:
            pour(caller.sendall, first, rest)

    def serve() -> None:
        while True:
            try:
                caller, _ = server.accept()
            except OSError:
                return
            connections[0] += 1
            pouring.append(threading.Thread(target=talk, args=(caller,), daemon=True))
            pouring[-1].start()

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield f"tcp://127.0.0.1:{server.getsockname()[1]}", connections
    finally:
        server.shutdown(socket.SHUT_RDWR)
        server.close()
        for each in (thread, *pouring):
            each.join()


@contextmanager
def flooding_line(first: bytes, rest: bytes) -> Iterator[str]:
    """The address of a serial printer that sends without end."""
    master, slave = pty.openpty()
    tty.setraw(slave)
    thread = threading.Thread(target=pour, args=(lambda data: os.write(master, data), first, rest), daemon=True)
    thread.start()
    try:
        yield f"serial://{os.ttyname(slave)}"
    finally:
        os.close(slave)
        # Wakes the writer, whose output is not read.
        os.set_blocking(master, False)
        while True:
            try:
                os.read(master, 65536)
            except OSError:
                break
        os.close(master)
        thread.join(5)


async def watch_turns(turns: list[float]) -> None:
    """Seconds of processor time that passed between two turns of this task, which wants one all the time.

    Of this thread: how busy the computer is otherwise does not count.
    """
    while True:
        began = time.thread_time()
        await anyio.lowlevel.checkpoint()
        turns.append(time.thread_time() - began)
        await anyio.sleep(0.002)


def printer(name: str, family_name: str, address: Address | str) -> Printer:
    chosen = family(family_name)
    recorder = FlightRecorder(name, family_name, str(address), datetime_now, keep=64 * 1024)
    address = parse_address(address) if isinstance(address, str) else address
    return Printer(name, chosen, address, Settings(name, chosen.options()), recorder.wrap, recorder.kept)


def datetime_now() -> datetime:
    return datetime.now(POLISH_TIME)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("family_name", "first", "rest", "link"),
    [*((*flood, "tcp") for flood in FLOODS), *((*FLOODS[place], "serial") for place in (0, 5))],
)
async def test_an_endlessly_sending_printer_stops_no_other(
    tmp_path: Path, family_name: str, first: bytes, rest: bytes, link: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    connections = [0]
    journal = ThreadedJournal(tmp_path, datetime_now)
    with EmulatedPrinter() as good:
        flood = flooding_host(first, rest) if link == "tcp" else flooding_line(first, rest)
        with flood as found:
            address = found if isinstance(found, str) else found[0]
            connections = [0] if isinstance(found, str) else found[1]
            printers = [printer("bad", family_name, address), printer("good", "posnet", good.address)]
            engine = Engine(printers, journal, OpenGate())
            turns: list[float] = []
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(engine.run)
                tasks.start_soon(watch_turns, turns)
                with anyio.fail_after(20):
                    while True:
                        why = engine.printer("bad").problem
                        if why is not None and why.code == "link.garbage":
                            break
                        await anyio.sleep(0.01)
                    assert engine.printer("bad").state is PrinterState.OFFLINE
                    assert "no answer to the command is among them" in why.detail
                    for number in range(5):
                        submission = Submission.model_validate({"printer": "good", "document": RECEIPT})
                        await engine.submit(f"FV/{number}", submission)
                        assert (await engine.wait(f"FV/{number}", 10)).state is JobState.DONE
                await anyio.sleep(2)
                tasks.cancel_scope.cancel()
            assert sorted(turns)[int(len(turns) * 0.99)] < 0.020, "nothing holds the loop longer"
            about_it = [record for record in caplog.records if "bad" in record.getMessage()]
            assert len(about_it) <= 4, [record.getMessage() for record in about_it]
            assert connections[0] <= 12, "the pauses between two connections grow"
            if rest.startswith(SCNT):
                assert engine.printer("bad").strays > 100
    journal.close()


def test_noise_is_counted_and_logged_once_a_minute(caplog: pytest.LogCaptureFixture) -> None:
    async def main() -> None:
        noise = Noise("till1")
        for _ in range(3):
            for number in range(1000):
                noise.stray(f"answer {number}")
                noise.damage("damaged")
            await anyio.sleep(LOG_EVERY)
        assert (noise.strays, noise.damaged) == (3000, 3000)

    virtual.run(main())
    messages = [record.getMessage() for record in caplog.records]
    assert messages[:2] == ["till1: answer 0", "till1: damaged"]
    assert messages[2] == "till1: 1000 unexpected answers since the last such line; the latest: answer 0"
    assert len(messages) == 6
