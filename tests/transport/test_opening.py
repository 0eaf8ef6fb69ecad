"""Opening an address: refusals and their problems; wrappers, and addresses as text."""

from __future__ import annotations

import contextlib
import errno
import grp
import os
import pty
import pwd
import socket
import termios
import tty
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import anyio
import anyio.lowlevel
import pytest
import serial
from hypothesis import given
from hypothesis import strategies as st

from fiscald.transport import (
    AccessDenied,
    AddressError,
    DeviceAbsent,
    LinkError,
    PortHeld,
    Recorder,
    SerialLine,
    TcpHost,
    Throttle,
    Unreachable,
    UsbDevice,
    parse_address,
)
from tests.transport.streams import over_memory
from tests.uids import Who, needs_root, users


async def test_a_port_that_does_not_exist() -> None:
    with pytest.raises(DeviceAbsent, match="plugged in"):
        await SerialLine("/dev/ttyNOSUCH0").open()


async def test_a_regular_file_is_not_a_port(tmp_path: os.PathLike[str]) -> None:
    path = os.path.join(tmp_path, "file")  # noqa: PTH118
    with open(path, "w"):  # noqa: PTH123, ASYNC230
        pass
    with pytest.raises(LinkError):
        await SerialLine(path).open()


async def test_an_unsupported_speed_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    master, slave = pty.openpty()
    monkeypatch.setattr("serial.serialposix.TCGETS2", 0x5400)  # a question that no driver answers
    with pytest.raises(LinkError, match="custom baud rate"):
        await SerialLine(os.ttyname(slave), 12345).open()
    os.close(master)
    os.close(slave)


@pytest.mark.parametrize(
    ("number", "kind", "words"),
    [
        (errno.ENOENT, DeviceAbsent, "fiscalctl scan lists the ports"),
        (errno.ENODEV, DeviceAbsent, "switched on and plugged in"),
        (errno.ENXIO, DeviceAbsent, "switched on and plugged in"),
        (errno.EIO, DeviceAbsent, "switched on and plugged in"),
        (errno.EACCES, AccessDenied, "this user may not open /dev/ttyUSB0; its group is root's"),
        (errno.EPERM, AccessDenied, "this user may not open /dev/ttyUSB0"),
        (errno.EBUSY, PortHeld, "sudo fuser -v /dev/ttyUSB0"),
        (errno.EAGAIN, PortHeld, "another program holds /dev/ttyUSB0"),
        (errno.EINVAL, LinkError, "cannot be opened"),
        (None, LinkError, "cannot be opened"),
    ],
)
async def test_every_failure_to_open_a_port_names_the_next_step(
    monkeypatch: pytest.MonkeyPatch, number: int | None, kind: type[LinkError], words: str
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise serial.SerialException(*([] if number is None else [number]), "what the system says")

    monkeypatch.setattr(serial, "Serial", fail)
    with pytest.raises(LinkError) as told:
        await SerialLine("/dev/ttyUSB0").open()
    assert type(told.value) is kind
    assert words in str(told.value)


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (OSError(errno.EMFILE, "Too many open files"), "too many files are open"),
        (OSError(errno.ENFILE, "Too many open files in system"), "too many files are open"),
        (OSError(errno.EINVAL, "Invalid argument"), "is not a serial port: .*Invalid argument.*scan lists the ports"),
        (termios.error(errno.ENOTTY, "Inappropriate ioctl"), "is not a serial port: .*Inappropriate ioctl"),
    ],
)
async def test_a_port_that_fails_while_it_is_set_up(
    monkeypatch: pytest.MonkeyPatch, error: Exception, words: str
) -> None:
    """pyserial lets these pass as they are."""

    def fail(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(serial, "Serial", fail)
    with pytest.raises(LinkError, match=words):
        await SerialLine("/dev/ttyUSB0").open()


@pytest.mark.parametrize(
    ("flow", "expected"), [("none", (False, False)), ("xonxoff", (True, False)), ("rtscts", (False, True))]
)
async def test_the_flow_control_of_the_address_is_that_of_the_port(flow: str, expected: tuple[bool, bool]) -> None:
    master, slave = pty.openpty()
    async with await SerialLine(os.ttyname(slave), 9600, flow).open():
        incoming, _, control, _, speed, _, _ = termios.tcgetattr(slave)
        assert (bool(incoming & termios.IXON), bool(control & termios.CRTSCTS)) == expected
        assert speed == termios.B9600
    os.close(master)
    os.close(slave)


async def test_a_port_belongs_to_one_program() -> None:
    master, slave = pty.openpty()
    path = os.ttyname(slave)
    first = await SerialLine(path).open()
    with pytest.raises(PortHeld, match="another program"):
        await SerialLine(path).open()
    await first.aclose()
    second = await SerialLine(path).open()
    await second.aclose()
    os.close(master)
    os.close(slave)


async def test_old_input_is_discarded_on_opening() -> None:
    master, slave = pty.openpty()
    tty.setraw(slave)
    os.write(master, b"old")
    async with await SerialLine(os.ttyname(slave)).open() as stream:
        os.write(master, b"new")
        with anyio.fail_after(2):
            assert await stream.receive() == b"new"
    os.close(master)
    os.close(slave)


@contextmanager
def swallowing() -> Iterator[tuple[str, int]]:
    """A host that does not answer the first packet of a connection, as behind a firewall: its queue is full."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        with contextlib.ExitStack() as stack:
            for _ in range(2):  # what fits into the queue
                caller = stack.enter_context(socket.socket())
                caller.setblocking(False)
                caller.connect_ex(listener.getsockname())
            yield listener.getsockname()


async def test_a_host_that_drops_packets_times_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither an answer nor a refusal: given up after the seconds that are promised, with the next step."""
    monkeypatch.setattr("fiscald.transport.tcp.CONNECT_SECONDS", 0.3)
    with swallowing() as (host, port), anyio.fail_after(5):
        began = anyio.current_time()
        with pytest.raises(Unreachable) as told:
            await TcpHost(host, port).open()
    assert 0.3 <= anyio.current_time() - began < 2
    assert str(told.value).startswith(f"tcp://127.0.0.1:{port} does not answer within 0.3 s; is it switched on")
    assert "ping 127.0.0.1" in str(told.value)


async def test_a_host_that_drops_packets_delays_no_other() -> None:
    """The loop keeps running, and a cancelled caller stops waiting."""
    with swallowing() as (host, port):
        began = anyio.current_time()
        turns = 0
        with anyio.move_on_after(0.2):
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(TcpHost(host, port).open)
                while True:
                    turns += 1
                    await anyio.sleep(0.01)
        assert turns > 5
        assert anyio.current_time() - began < 2


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (
            OSError(errno.ECONNREFUSED, "Connection refused"),
            "is the printer switched on and has it started, and is this its address and port (see the printer's menu)? If so, ",
        ),
        (OSError(errno.EHOSTUNREACH, "No route to host"), "in the same network as this computer? ping till.example"),
        (OSError(errno.ENETUNREACH, "Network is unreachable"), "ping till.example"),
        (OSError(errno.EACCES, "Permission denied"), "a firewall of this computer"),
        (socket.gaierror(socket.EAI_NONAME, "Name or service not known"), "write the number"),
    ],
)
async def test_every_failure_to_connect_names_the_next_step(
    monkeypatch: pytest.MonkeyPatch, error: OSError, words: str
) -> None:
    async def fail(_: object) -> None:
        raise error

    monkeypatch.setattr(TcpHost, "_connect", fail)
    with pytest.raises(Unreachable) as told:
        await TcpHost("till.example", 6666).open()
    assert str(told.value).startswith(f"tcp://till.example:6666: {error.strerror}; ")
    assert words in str(told.value)


@pytest.mark.slow
@needs_root
def test_a_port_without_permission_names_its_group() -> None:
    master, slave = pty.openpty()
    path, group = os.ttyname(slave), grp.getgrnam("daemon")
    os.chown(path, 0, group.gr_gid)
    Path(path).chmod(0o660)
    with users() as others:
        command = (
            "fiscalctl",
            "--socket",
            "/nonexistent/s",
            "scan",
            "--probe",
            "--port",
            path,
            "--config",
            "/nonexistent/c",
        )
        nobody = pwd.getpwnam("nobody")
        (done,) = others.run(Who(nobody.pw_uid, nobody.pw_gid), command)
    assert (
        f"this user may not open {path}; it belongs to the group daemon: sudo usermod -aG daemon nobody" in done.stdout
    )
    os.close(master)
    os.close(slave)


async def test_no_program_listens() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(Unreachable, match="refused"):
        await TcpHost("127.0.0.1", port).open()


async def test_a_name_that_does_not_exist() -> None:
    with pytest.raises(Unreachable):
        await TcpHost("no.such.host.invalid", 6666).open()


async def test_a_cancelled_connect_leaves_no_resources() -> None:
    """Cancelled or refused, wherever this test runs: no socket stays open (that would be a ResourceWarning)."""
    with anyio.move_on_after(0.01), contextlib.suppress(Unreachable):
        await TcpHost("192.0.2.1", 6666).open()


async def test_a_recorder_sees_both_directions_in_order() -> None:
    seen: list[tuple[str, bytes]] = []
    ended: list[str | None] = []
    async with over_memory() as (stream, end):
        recorder = Recorder(stream, lambda direction, data: seen.append((direction, data)), ended=ended.append)
        await recorder.send(b"question")
        end.write(b"answer")
        await recorder.receive()
        end.write(b"more")
        recorder.receive_nowait()
        recorder.receive_nowait()
        await recorder.aclose()
    assert seen == [(">", b"question"), ("<", b"answer"), ("<", b"more")]
    assert ended == [None]


def test_a_throttle_paces_like_a_line() -> None:
    from tests import virtual

    async def main() -> None:
        async with over_memory() as (stream, end):
            line = Throttle(stream, 9600)
            await line.send(b"x" * 960)
            assert anyio.current_time() == pytest.approx(1.0)
            end.write(b"y" * 96)
            assert line.receive_nowait() == b"", "its last bit has not arrived yet"
            assert await line.receive() == b"y" * 96
            assert anyio.current_time() == pytest.approx(1.1)
            await line.send(b"x" * 96)
            assert anyio.current_time() == pytest.approx(1.2), "an idle line has no debt and no credit"

    virtual.run(main())


def test_a_throttle_hands_on_pieces_of_ten_milliseconds() -> None:
    """A line and not a burst; and the loop is not woken for every byte."""
    from tests import virtual

    async def main(baud: int, length: int) -> list[int]:
        pieces: list[int] = []
        async with over_memory() as (stream, end):
            line = Throttle(Recorder(stream, lambda _, data: pieces.append(len(data))), baud)
            await line.send(b"x" * length)
            assert end.read() == b"x" * length
        return pieces

    assert virtual.run(main(9600, 20)) == [9, 9, 2]
    assert virtual.run(main(115_200, 200)) == [115, 85]
    assert virtual.run(main(300, 3)) == [1, 1, 1], "slower than a byte in that time"


def test_a_throttle_hands_on_bytes_with_their_last_bit() -> None:
    from tests import virtual

    async def main() -> None:
        async with over_memory() as (stream, end):
            line = Throttle(stream, 10 * 1024)
            end.write(b"y" * 64)
            assert line.receive_nowait() == b""
            await anyio.sleep_until(1 / 32)
            assert line.receive_nowait() == b""
            await anyio.sleep_until(1 / 16)
            assert line.receive_nowait() == b"y" * 64, "at that moment, not after it"

    virtual.run(main())


def test_a_cancelled_throttle_keeps_what_it_holds() -> None:
    from tests import virtual

    async def main() -> None:
        async with over_memory() as (stream, end):
            line = Throttle(stream, 9600)
            end.write(b"y" * 960)
            with anyio.move_on_after(0.5):
                await line.receive()
            assert len(await line.receive()) == 960
            assert anyio.current_time() == pytest.approx(1.0)

    virtual.run(main())


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("serial:///dev/ttyACM0?baud=115200", SerialLine("/dev/ttyACM0", 115200)),
        ("serial:///dev/ttyUSB0", SerialLine("/dev/ttyUSB0", 9600)),
        ("serial:///dev/ttyS0?flow=rtscts", SerialLine("/dev/ttyS0", 9600, "rtscts")),
        ("tcp://192.168.1.50:6666", TcpHost("192.168.1.50", 6666)),
        ("tcp://[::1]:6666", TcpHost("::1", 6666)),
        ("usb://1424:10B0", UsbDevice(0x1424, 0x10B0)),
        ("usb://c1ca:ba70?serial=A%2F1&interface=2&baud=9600", UsbDevice(0xC1CA, 0xBA70, "A/1", None, 2, 9600)),
        ("usb://1424:10b0?path=1-2.4&detach=yes", UsbDevice(0x1424, 0x10B0, path="1-2.4", detach=True)),
        ("usb://1424:10b0?interface=0&detach=no", UsbDevice(0x1424, 0x10B0, interface=0)),
        ("usb://1424:10b0?interface=255", UsbDevice(0x1424, 0x10B0, interface=255)),
        ("serial:///dev/ttyS0?baud=300", SerialLine("/dev/ttyS0", 300)),
        ("serial:///dev/ttyS0?baud=4000000", SerialLine("/dev/ttyS0", 4_000_000)),
        ("serial:///dev/ttyS0?baud=000009600", SerialLine("/dev/ttyS0", 9600)),
        ("tcp://printer:1", TcpHost("printer", 1)),
        ("tcp://printer:65535/", TcpHost("printer", 65535)),
    ],
)
def test_addresses(text: str, address: object) -> None:
    assert parse_address(text) == address


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("tcp://printer", "tcp://HOST:PORT"), ("tcp://printer:99999", "from 1 to 65535"), ("tcp://printer:0", "HOST:PORT"), ("tcp://a@printer:1", "HOST:PORT"), ("tcp://:6666", "HOST:PORT"),
        ("serial://ttyUSB0", "three slashes"), ("serial:///dev/ttyUSB0?speed=9600", "unknown option speed"),
        ("serial:///dev/ttyUSB0?baud=fast", "baud is a number"), ("serial:///dev/ttyUSB0?flow=maybe", "flow is one of"),
        ("/dev/ttyUSB0", "write serial:///dev/ttyUSB0$"), ("ftp://x", "starts with serial"),
        ("serial://ttyUSB0", "serial:///dev/ttyUSB0$"), ("", "starts with serial"),
        ("usb://printer", "as lsusb shows"), ("usb://1424:10b0/1", "as lsusb shows"), ("usb:///dev/ttyACM0", "as lsusb shows"),
        ("usb://1424:10b0?speed=9600", "unknown option speed"), ("usb://1424:10b0?baud=x", "baud is a number"),
        ("usb://1424:10b0?serial=", "serial is"), ("usb://1424:10b0?path=3", "path is"), ("usb://1424:10b0?path=1-2.", "path is"),
        ("usb://1424:10b0?interface=256", "interface is"), ("usb://1424:10b0?interface=²", "interface is"),
        ("usb://1424:10b0?detach=maybe", "detach is"), ("usb://0403:6001", "serial:///dev/ttyUSB0"),
        ("serial:///dev/ttyUSB0?baud=²", "baud is a number"), ("tcp://[::1", "not an address"),
        ("serial:///dev/ttyUSB0?baud=299", "baud is a number"), ("serial:///dev/ttyUSB0?baud=4000001", "baud is a number"),
        ("serial:///dev/ttyUSB0?baud=0000009600", "baud is a number"), ("usb://1424:10b0?interface=-1", "interface is"),
        ("usb://0x0519:0x2015", "usb://0519:2015$"), ("usb://printer", "usb://1424:10b0$"),
        ("serial://till 1", r"serial:///dev/ttyUSB0\?baud=9600$"), ("tcp://printer:65536", "from 1 to 65535"),
    ],
)  # fmt: skip
def test_impossible_addresses_are_refused(text: str, hint: str) -> None:
    with pytest.raises(AddressError, match=hint):
        parse_address(text)


@pytest.mark.parametrize(
    "address",
    [SerialLine("/dev/ttyACM0", 115200), SerialLine("/dev/ttyS0", 9600, "rtscts"), TcpHost("::1", 6666)],
)
def test_an_address_written_is_an_address_read(address: object) -> None:
    assert parse_address(str(address)) == address


@given(
    st.builds(
        UsbDevice,
        st.integers(0, 0xFFFF).filter(lambda vendor: vendor != 0x0403),
        st.integers(0, 0xFFFF),
        st.none() | st.text(st.characters(codec="utf-8"), min_size=1, max_size=9),
        st.none() | st.sampled_from(("1-2", "3-10.4", "11-1.2.3.4.5.6.7")),
        st.none() | st.integers(0, 255),
        st.integers(300, 4_000_000),
        st.booleans(),
    )
)
def test_a_usb_address_written_is_an_address_read(address: UsbDevice) -> None:
    assert parse_address(str(address)) == address


@given(st.text() | st.text(st.sampled_from("usbtcpserial:/?=&%12a.-[]²")).map("usb://".__add__))
def test_any_text_is_an_address_or_refused_with_a_reason(text: str) -> None:
    with contextlib.suppress(AddressError):
        assert str(parse_address(text))
