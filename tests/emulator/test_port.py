"""One interface for every port: printers that speak HTTP, keep silent or greet are served like those built in."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import anyio
import httpx
import pytest

from fiscald.emulator import running
from fiscald.emulator.port import LocalLine
from fiscald.emulator.register import Register
from fiscald.emulator.running import EmulatedPrinter
from fiscald.emulator.server import PortServer
from tests.emulator.other_faces import GreetingPrinter, HttpPrinter, Mirror, SilentPrinter

FAMILIES = {"http": HttpPrinter, "silent": SilentPrinter, "greeting": GreetingPrinter}


@pytest.fixture(autouse=True)
def _families(monkeypatch: pytest.MonkeyPatch) -> None:
    """The families above, known to the emulator like the others."""
    monkeypatch.setattr(running, "FAMILIES", tuple(FAMILIES))
    monkeypatch.setattr(running, "emulator_factory", FAMILIES.__getitem__)


@pytest.fixture
def printer(request: pytest.FixtureRequest) -> Iterator[EmulatedPrinter]:
    with EmulatedPrinter(request.param) as running_printer:
        yield running_printer


def url(printer: EmulatedPrinter) -> str:
    return f"http://{printer.host}:{printer.port}/cash-in"


def connect(printer: EmulatedPrinter) -> socket.socket:
    return socket.create_connection((printer.host, printer.port), timeout=10)


def read_line(link: socket.socket) -> bytes:
    line = b""
    while not line.endswith(b"\n"):
        part = link.recv(1)
        if not part:
            break
        line += part
    return line


# -- over HTTP -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("printer", ["http"], indirect=True)
def test_a_printer_over_http_prints_on_one_connection(printer: EmulatedPrinter) -> None:
    with httpx.Client() as client:
        answers = [client.post(url(printer), json={"amount": 500}) for _ in range(3)]
        assert client.post(url(printer), json={"amount": "a lot"}).status_code == 422
    assert [answer.json()["number"] for answer in answers] == [6, 7, 8]
    assert printer.register.cash == 1500


@pytest.mark.parametrize("printer", ["http"], indirect=True)
def test_a_printer_over_http_closes_the_connection_when_asked(printer: EmulatedPrinter) -> None:
    with connect(printer) as link:
        body = b'{"amount": 5}'
        link.sendall(b"POST /cash-in HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 13\r\n\r\n" + body)
        answer = b""
        while part := link.recv(4096):
            answer += part
    assert answer.startswith(b"HTTP/1.1 200")
    assert answer.endswith(b'{"number": 6}')


@pytest.mark.parametrize("printer", ["http"], indirect=True)
def test_a_second_program_over_http_waits_for_an_idle_first_one(printer: EmulatedPrinter) -> None:
    with httpx.Client() as first, httpx.Client(timeout=20) as second:
        assert first.post(url(printer), json={"amount": 1}).status_code == 200
        assert second.post(url(printer), json={"amount": 1}).status_code == 200, "the first one is still connected"
        assert first.post(url(printer), json={"amount": 1}).status_code == 200, "on a new connection"
    assert printer.register.cash == 3


@pytest.mark.parametrize("printer", ["http"], indirect=True)
@pytest.mark.parametrize(("kind", "registered"), [("drop_before", 0), ("drop_after", 5), ("power_cut_before", 0)])
def test_faults_happen_to_a_request_over_http(printer: EmulatedPrinter, kind: str, registered: int) -> None:
    printer.fault(kind, "POST /cash-in")
    with pytest.raises(httpx.HTTPError):
        httpx.post(url(printer), json={"amount": 5}, timeout=0.2)
    assert printer.register.cash == registered
    assert [fault.act for fault, _ in printer.fired] == [kind]


def test_a_printer_over_http_has_no_serial_line() -> None:
    with pytest.raises(ValueError, match="link of a http printer is one of tcp, not 'pty'"):
        EmulatedPrinter("http", link="pty")


def test_a_family_without_code_pages_offers_no_choice() -> None:
    with pytest.raises(ValueError, match="there is no choice of code_page of a silent printer"):
        EmulatedPrinter("silent", code_page="cp1250")


# -- silence, and a word before anything -----------------------------------------------------------------------------


@pytest.mark.parametrize("printer", ["silent"], indirect=True)
def test_a_printer_that_says_nothing_after_a_command_is_served(printer: EmulatedPrinter) -> None:
    with connect(printer) as link:
        link.sendall(b"IN 5\nIN 7\n?\n")
        assert read_line(link) == b"2\n", "nothing came before"
    assert printer.register.cash == 12


@pytest.mark.parametrize("printer", ["greeting"], indirect=True)
def test_a_printer_speaks_first_and_refuses_a_wrong_password(printer: EmulatedPrinter) -> None:
    with connect(printer) as link:
        assert read_line(link) == b"PASSWORD\n"
        link.sendall(b"1234\n")
        assert read_line(link) == b"NO\n"
        assert read_line(link) == b"", "it closed the connection"
    with connect(printer) as link:
        assert read_line(link) == b"PASSWORD\n"
        link.sendall(b"0000\n")
        assert read_line(link) == b"OK\n"
        link.sendall(b"IN 5\n?\n")
        assert read_line(link) == b"1\n"


# -- the same without a register, and without I/O --------------------------------------------------------------------


async def test_a_port_without_a_register_is_served() -> None:
    mirror = Mirror()
    async with anyio.create_task_group() as tasks:
        for count in (1, 2):
            line = PortServer(mirror).connect(tasks)
            await line.send(b"hello")
            assert await line.receive() == b"HELLO"
            assert mirror.programs == count
            await line.aclose()
        tasks.cancel_scope.cancel()


def test_a_local_line_passes_bytes_and_time() -> None:
    printer = GreetingPrinter(Register())
    line = LocalLine(printer)
    assert line.receive() == b"PASSWORD\n"
    line.send(b"wrong\n")
    assert (line.receive(), line.closed) == (b"NO\n", True)
    line.send(b"0000\n")
    assert (line.receive(), line.closed) == (b"PASSWORD\nOK\n", False), "another connection"
    line.send(b"IN 5\n")
    assert line.receive() == b""
    assert not line.wait(2.0), "it has nothing to say"
    printer.answer(b"later\n", 3.0)
    assert not line.wait(2.0), "not so soon"
    assert line.wait(5.0)
    assert (line.now, line.receive()) == (3.0, b"later\n")


def test_a_local_line_to_a_printer_over_http() -> None:
    line = LocalLine(HttpPrinter(Register()))
    body = b'{"amount": 5}'
    request = b"POST /cash-in HTTP/1.1\r\nHost: x\r\nContent-Length: 13\r\n\r\n" + body
    for number in (6, 7):
        line.send(request)
        assert line.receive().endswith(b'{"number": %d}' % number)
        assert not line.closed
    assert line.wait(1.0)
    assert (line.receive(), line.closed) == (b"", True), "it was idle for too long"
    line.send(request)
    assert line.receive().endswith(b'{"number": 8}')
