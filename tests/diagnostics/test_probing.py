"""Probing: on real pseudo-terminals and sockets, with printers, loops, noise and silence."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import socket
import struct
import termios
import threading
import tty
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from fiscald.diagnostics import probing
from fiscald.diagnostics.candidates import candidates
from fiscald.diagnostics.host import Host
from fiscald.diagnostics.probing import Heard, Probed, probe
from fiscald.emulator.running import EmulatedPrinter
from fiscald.transport import AccessDenied, DeviceAbsent, PortHeld, Unreachable
from tests.protocols.posnet.scripted import frame


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probing, "FIRST_SECONDS", 0.05)


async def ask(where: str, spoken: tuple[str, ...] = ("posnet",)) -> Probed:
    (candidate,) = [each for each in candidates(Host(), named=[where], spoken=spoken) if each.named]
    return await probe(candidate, Host())


@contextmanager
def line(answer: Callable[[bytes], bytes]) -> Iterator[str]:
    """A line with something else than a printer at its end."""
    master, slave = pty.openpty()
    tty.setraw(slave)

    def serve() -> None:
        try:
            while data := os.read(master, 1000):
                os.write(master, answer(data))
        except OSError:
            pass

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield os.ttyname(slave)
    finally:
        os.close(slave)
        thread.join()
        os.close(master)


async def test_a_printer_on_a_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probing, "FIRST_SECONDS", 2.0)
    with EmulatedPrinter(link="pty") as printer:
        found = await ask(printer.path)
    assert found.answer is not None
    assert found.answer.introduction is not None
    assert found.answer.introduction.identity.printer_id == "EMU 0000000001"
    assert len(found.attempts) == 1


async def test_a_printer_on_the_network(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probing, "FIRST_SECONDS", 2.0)
    with EmulatedPrinter() as printer:
        found = await ask(printer.address)
    assert found.answer is not None
    assert str(found.answer.address) == printer.address


async def test_a_printer_without_paper_still_says_who_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probing, "FIRST_SECONDS", 2.0)
    with EmulatedPrinter() as printer:
        printer.switch("paper_out")
        found = await ask(printer.address)
    assert found.answer is not None
    assert found.answer.introduction is not None
    assert found.answer.introduction.condition.state == "paper_out"


async def test_the_configured_speed_is_tried_first_and_then_every_other(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probing, "FIRST_SECONDS", 0.3)
    with EmulatedPrinter(link="pty", baud=115200) as printer:
        found = await ask(f"serial://{printer.path}?baud=57600")
    speeds = [str(attempt.address).partition("baud=")[2] for attempt in found.attempts]
    assert list(dict.fromkeys(speeds)) == ["57600", "9600", "115200"]
    assert found.answer is not None


async def test_a_silent_port_gives_no_reply() -> None:
    with line(lambda data: b"") as where:
        found = await ask(where)
    assert found.answer is None
    assert {attempt.heard for attempt in found.attempts} == {Heard.NOTHING}
    assert len(found.attempts) == 8, "once at every speed"
    assert found.best is not None
    assert found.best.sent.startswith(b"\x02")


async def test_an_echo_is_no_answer() -> None:
    with line(lambda data: data) as where:
        found = await ask(where)
    assert {attempt.heard for attempt in found.attempts} == {Heard.ECHO}
    with line(lambda data: data[:5]) as where:
        assert (await ask(where)).attempts[0].heard is Heard.ECHO, "a part of it"


async def test_garbage_is_reported_as_garbage() -> None:
    with line(lambda data: b"\xf8\x00\x13") as where:
        found = await ask(where)
    assert {attempt.heard for attempt in found.attempts} == {Heard.GARBAGE}
    assert found.best is not None
    assert set(found.best.received) == set(b"\xf8\x00\x13")


@pytest.mark.parametrize("flood", [b"A" * 4000, b"\x02" + b"A" * 4000, frame("scnt\trd4\t") * 100])
async def test_a_port_that_sends_without_end(monkeypatch: pytest.MonkeyPatch, flood: bytes) -> None:
    """It is given up after so many bytes, not after so many seconds: the answer to nothing else is kept either."""
    monkeypatch.setattr(probing, "FIRST_SECONDS", 60.0)
    master, slave = pty.openpty()
    tty.setraw(slave)
    os.set_blocking(master, False)
    ended = threading.Event()

    def pour() -> None:
        while not ended.is_set():
            try:
                os.write(master, flood)
            except BlockingIOError:
                select.select([], [master], [], 0.1)

    thread = threading.Thread(target=pour)
    thread.start()
    try:
        found = await ask(os.ttyname(slave))
    finally:
        ended.set()
        thread.join()
        os.close(slave)
        os.close(master)
    assert found.answer is None
    for attempt in found.attempts:
        assert attempt.heard is Heard.GARBAGE
        assert len(attempt.received) < 70_000


async def test_a_query_is_repeated_after_a_damaged_reply(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probing, "FIRST_SECONDS", 2.0)
    with EmulatedPrinter() as printer:
        printer.fault("bad_crc", "sid")
        found = await ask(printer.address)
    assert [attempt.heard for attempt in found.attempts] == [Heard.GARBAGE, Heard.ANSWER]
    assert "damaged" in found.attempts[0].detail


async def test_a_nonsensical_reply(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probing, "FIRST_SECONDS", 2.0)
    with line(lambda data: frame("sdev\t?5\t")) as where:
        found = await ask(where)
    assert {attempt.heard for attempt in found.attempts} == {Heard.NAMELESS}
    assert found.best is not None
    assert "does not answer sdev" in found.best.detail


async def test_a_printer_that_disconnects_during_the_probe() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:

        def hang_up() -> None:
            caller, _ = server.accept()
            caller.recv(100)
            caller.close()

        thread = threading.Thread(target=hang_up)
        thread.start()
        found = await ask(f"tcp://127.0.0.1:{server.getsockname()[1]}")
        thread.join()
    assert [attempt.heard for attempt in found.attempts] == [Heard.LOST]


async def test_a_port_locked_for_exclusive_use() -> None:
    """By a program that is not in our /proc (another user's, another container's), and also for the superuser."""
    with line(lambda data: b"") as where:
        port = os.open(where, os.O_RDWR | os.O_NOCTTY)
        fcntl.ioctl(port, termios.TIOCEXCL)
        found = await ask(where)
        fcntl.ioctl(port, termios.TIOCNXCL)
        os.close(port)
    assert isinstance(found.problem, PortHeld)
    assert found.attempts == ()


async def test_the_modem_lines_are_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    """A pseudo-terminal has none; a real port answers one number."""
    with line(lambda data: b"") as where:
        assert {attempt.lines for attempt in (await ask(where)).attempts} == {None}
        real = fcntl.ioctl

        def answer(port: int, question: int, data: bytes = b"") -> bytes | int:
            if question == termios.TIOCMGET:
                return struct.pack("i", termios.TIOCM_DTR | termios.TIOCM_RTS | termios.TIOCM_CD)
            return real(port, question, data)

        monkeypatch.setattr("fiscald.diagnostics.probing.fcntl.ioctl", answer)
        assert {attempt.lines for attempt in (await ask(where)).attempts} == {("RTS", "DTR", "CD")}


async def test_a_port_that_cannot_be_opened() -> None:
    assert isinstance((await ask("/dev/no-such-port")).problem, DeviceAbsent)
    with socket.create_server(("127.0.0.1", 0)) as server:
        free = server.getsockname()[1]
    assert isinstance((await ask(f"tcp://127.0.0.1:{free}")).problem, Unreachable)


@pytest.mark.skipif(os.getuid() == 0, reason="root may open everything")
async def test_a_port_without_rights() -> None:
    with line(lambda data: b"") as where:
        os.chmod(where, 0)  # noqa: PTH101
        assert isinstance((await ask(where)).problem, AccessDenied)


async def test_a_port_without_permission_is_not_probed() -> None:
    with line(lambda data: b"") as where:
        (candidate,) = [each for each in candidates(Host(), named=[where]) if each.named]
        unasked = type(candidate)(candidate.address, "x", candidate.families, candidate.device)
        with pytest.raises(AssertionError):
            await probe(unasked, Host())
