"""Connections to an emulated printer that start while another one ends, and printers that cannot be started."""

from __future__ import annotations

import contextlib
import pty
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from fiscald.emulator.device import Device
from fiscald.emulator.running import CannotStart, EmulatedPrinter
from tests.emulator.posnet.talking import frame
from tests.emulator.processes import ROOT
from tests.found import found

QUESTION = frame("scnt|")


def connect(printer: EmulatedPrinter) -> socket.socket:
    return socket.create_connection((printer.host, printer.port), timeout=20)


def ask(link: socket.socket) -> bytes:
    link.sendall(QUESTION)
    return answer(link)


def answer(link: socket.socket) -> bytes:
    data = b""
    while not data.endswith(b"\x03"):
        part = link.recv(4096)
        assert part, f"the connection was closed after {data!r}"
        data += part
    return data


def test_a_second_connection_while_the_first_closes_is_served() -> None:
    """Connected before the first one closed: it waits its turn, and what it sent meanwhile is answered."""
    with EmulatedPrinter() as printer:
        first = connect(printer)
        ask(first)
        with connect(printer) as second:
            second.sendall(QUESTION)
            first.close()
            assert answer(second).startswith(b"\x02scnt\t")
            assert ask(second).startswith(b"\x02scnt\t")


@pytest.mark.parametrize("half", [False, True], ids=["closed", "half closed"])
def test_a_program_that_closes_and_comes_back_at_once_is_served(half: bool) -> None:
    with EmulatedPrinter() as printer:
        for _ in range(50):
            link = connect(printer)
            ask(link)
            if half:
                link.shutdown(socket.SHUT_WR)
                with connect(printer) as again:
                    assert ask(again)
                link.close()
            else:
                link.close()


def test_several_wait_their_turn_in_order() -> None:
    with EmulatedPrinter() as printer:
        links = [connect(printer) for _ in range(4)]
        for link in links:
            link.sendall(QUESTION)
        for link in found(links):
            assert answer(link)
            link.close()


@pytest.mark.slow
def test_a_second_connection_while_a_slow_line_is_busy_is_served() -> None:
    """The first one is closed; at 300 bit/s the printer keeps sending for longer than a second caller waits."""
    with EmulatedPrinter(baud=300) as printer:
        first = connect(printer)
        began = time.monotonic()
        first.sendall(frame("sfsk|"))
        assert first.recv(1)
        first.close()
        with connect(printer) as second:
            second.sendall(QUESTION)
            assert answer(second).startswith(b"\x02scnt\t")
        assert time.monotonic() - began > 2 * Device.second_caller_seconds, "or this test shows nothing"


def test_only_one_connection_is_served_at_a_time() -> None:
    """The second one is accepted, gets no answer, and is closed; the first one does not notice."""
    with EmulatedPrinter() as printer, connect(printer) as first:
        ask(first)
        with connect(printer) as second:
            second.sendall(QUESTION)
            with contextlib.suppress(ConnectionResetError):
                assert second.recv(100) == b""
        assert ask(first)
        with connect(printer) as third:
            first.close()
            assert ask(third)


def test_a_flood_of_callers_does_not_end_the_printer() -> None:
    with EmulatedPrinter() as printer, connect(printer) as first:
        links = [connect(printer) for _ in range(60)]
        assert ask(first)
        for link in links:
            link.close()
        first.close()
        with connect(printer) as last:
            assert ask(last)


def test_a_printer_without_power_closes_every_connection() -> None:
    with EmulatedPrinter() as printer:
        with connect(printer) as first:
            ask(first)
            printer.power(on=False)
            assert first.recv(10) == b""
        with connect(printer) as second:
            assert second.recv(10) == b""
        printer.power(on=True)
        with connect(printer) as third:
            assert ask(third)


# -- printers that cannot be started -------------------------------------------------------------------


@pytest.fixture
def no_pty(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    def none_left() -> tuple[int, int]:
        raise OSError("out of pty devices")

    monkeypatch.setattr(pty, "openpty", none_left)
    before = threading.active_count()
    yield
    assert threading.active_count() == before, "nothing is left running"


@pytest.mark.usefixtures("no_pty")
def test_a_printer_that_cannot_be_started_says_why_and_leaves_nothing(tmp_path: Path) -> None:
    with (
        pytest.raises(CannotStart, match=r"no pseudo-terminal can be opened here \(out of pty devices\); use TCP"),
        EmulatedPrinter(link="pty", storage=tmp_path / "state"),
    ):
        raise AssertionError("it cannot be entered")
    with EmulatedPrinter(storage=tmp_path / "state") as printer, connect(printer) as link:
        assert ask(link), "its memory was closed, and can be used again"


def test_a_process_whose_printer_cannot_be_started_ends() -> None:
    """It is an error like any other, and no thread keeps the process alive."""
    script = (
        "import pty\n"
        "def none_left(): raise OSError('out of pty devices')\n"
        "pty.openpty = none_left\n"
        "from fiscald.emulator.running import EmulatedPrinter\n"
        "with EmulatedPrinter(link='pty'): pass\n"
    )
    result = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, timeout=30)
    assert result.returncode == 1
    assert result.stderr.rstrip().endswith("no pseudo-terminal can be opened here (out of pty devices); use TCP")


def test_an_option_that_does_not_exist_is_refused_with_the_nearest_one() -> None:
    for options, hint in (
        ({"familly": "thermal"}, "did you mean family?"), ({"family": "termal"}, "did you mean thermal?"), ({"profile": "newest"}, "online, old"),
        ({"code_page": "utf8"}, "cp1250"), ({"link": "usb"}, "tcp or pty"), ({"sed": 1}, "did you mean seed?"),
    ):  # fmt: skip
        with pytest.raises(ValueError) as told:
            EmulatedPrinter(**options)
        assert hint in str(told.value)
