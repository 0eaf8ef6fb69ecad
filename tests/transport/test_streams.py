"""The promise of ``ByteStream``, held to every implementation: real pty, real TCP, USB, memory, and the wrappers."""

from __future__ import annotations

import os
import pty
import socket
import tty
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import anyio
import anyio.lowlevel
import pytest

from fiscald.transport import (
    ByteStream,
    LinkLost,
    Recorder,
    SerialLine,
    TcpHost,
    Throttle,
    UsbDevice,
    memory_line,
)
from fiscald.transport.memory import MemoryStream
from tests.emulated_usb.bus import EmulatedBus
from tests.emulated_usb.gadget import Gadget, cdc_acm, plain_bulk
from tests.transport.streams import End, over_memory


@asynccontextmanager
async def over_pty() -> AsyncIterator[tuple[ByteStream, End]]:
    master, slave = pty.openpty()
    tty.setraw(slave)
    stream = await SerialLine(os.ttyname(slave), 115200).open()
    os.close(slave)
    pulled = False

    def pull() -> None:
        nonlocal pulled
        if not pulled:
            os.close(master)
        pulled = True

    async with stream:
        yield stream, End(lambda data: void(os.write(master, data)), lambda: os.read(master, 4096), pull)
    pull()


def void(_: object) -> None:
    """Drops a result."""


@asynccontextmanager
async def over_tcp() -> AsyncIterator[tuple[ByteStream, End]]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        stream = await TcpHost("127.0.0.1", listener.getsockname()[1]).open()
        far, _ = listener.accept()
        async with stream:
            yield stream, End(far.sendall, lambda: far.recv(4096), far.close)
        far.close()


def over_usb(gadget: Callable[[], Gadget]) -> Callable[[], object]:
    @asynccontextmanager
    async def plugged() -> AsyncIterator[tuple[ByteStream, End]]:
        with EmulatedBus().in_use() as bus, bus.plug(printer := gadget()) as far:
            stream = await UsbDevice(printer.vendor, printer.product).open()
            async with stream:
                yield stream, End(far.sendall, lambda: far.recv(4096), lambda: bus.unplug(printer))

    return plugged


over_cdc = over_usb(lambda: Gadget(interfaces=cdc_acm(512)))


over_bulk = over_usb(lambda: Gadget(interfaces=plain_bulk()))


def wrapped(make: Callable[[], object], wrap: Callable[[ByteStream], ByteStream]) -> Callable[[], object]:
    @asynccontextmanager
    async def inside() -> AsyncIterator[tuple[ByteStream, End]]:
        async with make() as (stream, end):  # type: ignore[attr-defined]
            yield wrap(stream), end

    return inside


KINDS = {
    "pty": over_pty,
    "tcp": over_tcp,
    "usb-cdc": over_cdc,
    "usb-bulk": over_bulk,
    "memory": over_memory,
    "recorder": wrapped(over_memory, lambda stream: Recorder(stream, lambda _direction, _data: None)),
    "throttle": wrapped(over_memory, lambda stream: Throttle(stream, 4_000_000)),
}


every_kind = pytest.mark.parametrize("make", KINDS.values(), ids=KINDS)


@every_kind
async def test_bytes_go_both_ways(make: Callable[[], object]) -> None:
    async with make() as (stream, end):  # type: ignore[attr-defined]
        await stream.send(b"\x02scomm\t\x11\x13\x00\xff\x03")
        assert end.read() == b"\x02scomm\t\x11\x13\x00\xff\x03"
        end.write(b"\x02\r\n\x03")
        with anyio.fail_after(2):
            assert await stream.receive() == b"\x02\r\n\x03"


@every_kind
async def test_what_is_not_sent_at_once_can_be_sent_after_it(make: Callable[[], object]) -> None:
    async with make() as (stream, end):  # type: ignore[attr-defined]
        for data in (b"first", b"second"):
            if rest := stream.send_nowait(data):
                await stream.send(rest)
        received = b""
        while len(received) < len(b"firstsecond"):
            received += end.read()
        assert received == b"firstsecond"
        await stream.aclose()
        if type(stream).send_nowait is not ByteStream.send_nowait:  # that one takes nothing, so it notices nothing
            with pytest.raises(LinkLost):
                stream.send_nowait(b"third")


@pytest.mark.parametrize("make", [over_pty, over_tcp], ids=["pty", "tcp"])
async def test_a_full_port_gives_the_rest_back(make: Callable[[], object]) -> None:
    async with make() as (stream, end):  # type: ignore[attr-defined]
        data = bytes(range(256)) * 40_000
        before, rest = data, stream.send_nowait(data)
        while rest != before:  # the system may make room a few times more
            before, rest = rest, stream.send_nowait(rest)
        assert 0 < len(rest) < len(data)
        assert data.endswith(rest)
        received = bytearray()
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(stream.send, rest)
            while len(received) < len(data):
                await anyio.lowlevel.checkpoint()
                received += await anyio.to_thread.run_sync(end.read)
        assert received == data


@pytest.mark.parametrize("taken", [0, 3, 8])
async def test_the_record_has_each_byte_once_and_before_it_is_sent(taken: int) -> None:
    record = bytearray()

    class Slow(MemoryStream):
        def send_nowait(self, data: bytes) -> bytes:
            assert record == data
            super().send_nowait(data[:taken])
            return data[taken:]

        async def send(self, data: bytes) -> None:
            assert record.endswith(data)
            super().send_nowait(data)

    near, far = Slow(), MemoryStream()
    near._peer, far._peer = far, near
    stream = Recorder(near, lambda _direction, data: record.extend(data))
    if rest := stream.send_nowait(b"a\tframe\x03"):
        await stream.send(rest)
    assert record == b"a\tframe\x03" == far.receive_nowait()
    await stream.send(b"next")
    assert record == b"a\tframe\x03next"


async def test_the_record_shows_that_a_port_ended_while_we_sent() -> None:
    near, _ = memory_line()
    reasons: list[str | None] = []
    stream = Recorder(near, lambda _direction, _data: None, ended=reasons.append)
    near.cut()
    with pytest.raises(LinkLost):
        stream.send_nowait(b"late")
    assert reasons == ["the memory line is closed"]


@every_kind
async def test_reading_does_not_block_the_loop(make: Callable[[], object]) -> None:
    """Also while there is always something to read: a device that sends without end must not stop everything else."""
    turns = 0

    async def others() -> None:
        nonlocal turns
        while True:
            turns += 1
            await anyio.lowlevel.checkpoint()

    async with make() as (stream, end):  # type: ignore[attr-defined]
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(others)
            end.write(b"x" * 3500)
            got, reads = 0, 0
            with anyio.fail_after(5):
                while got < 3500:
                    before = turns
                    got += len(await stream.receive())
                    reads += 1
                    assert turns > before
            tasks.cancel_scope.cancel()
        assert reads >= 1


async def test_a_read_returns_a_bounded_amount(monkeypatch: pytest.MonkeyPatch) -> None:
    """Processing a piece must not delay other tasks either."""
    async with over_tcp() as (stream, end):
        end.write(b"x" * 20_000)
        await anyio.sleep(0.05)
        pieces = [len(await stream.receive()) for _ in range(5)]
        assert max(pieces) <= 1024
        assert len(stream.receive_nowait()) <= 1024


@every_kind
async def test_received_bytes_are_read_without_waiting(make: Callable[[], object]) -> None:
    async with make() as (stream, end):  # type: ignore[attr-defined]
        assert stream.receive_nowait() == b""
        end.write(b"abc")
        with anyio.fail_after(2):
            while not (data := stream.receive_nowait()):
                await anyio.sleep(0.001)
        assert data == b"abc"


@every_kind
async def test_a_cancelled_receive_loses_nothing(make: Callable[[], object]) -> None:
    async with make() as (stream, end):  # type: ignore[attr-defined]
        with anyio.move_on_after(0.01):
            await stream.receive()
        end.write(b"abc")
        with anyio.fail_after(2):
            assert await stream.receive() == b"abc"


@every_kind
async def test_a_closed_line_stays_a_lost_link(make: Callable[[], object]) -> None:
    async with make() as (stream, end):  # type: ignore[attr-defined]
        end.close()
        for _ in range(2):
            with pytest.raises(LinkLost), anyio.fail_after(2):
                await stream.receive()
        with pytest.raises(LinkLost), anyio.fail_after(2):
            await send_for_long(stream)


async def send_for_long(stream: ByteStream) -> None:
    """A system notices a closed far end only when it sends."""
    for _ in range(1000):
        await stream.send(b"x" * 1000)


@every_kind
async def test_a_waiting_receive_notices_the_end(make: Callable[[], object]) -> None:
    async with make() as (stream, end):  # type: ignore[attr-defined]

        async def pull() -> None:
            await anyio.sleep(0.01)
            end.close()

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(pull)
            with pytest.raises(LinkLost), anyio.fail_after(2):
                await stream.receive()


@every_kind
async def test_a_waiting_receive_notices_that_we_close(make: Callable[[], object]) -> None:
    async with make() as (stream, _):  # type: ignore[attr-defined]

        async def close() -> None:
            await anyio.sleep(0.01)
            await stream.aclose()

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(close)
            with pytest.raises(LinkLost), anyio.fail_after(2):
                await stream.receive()


@every_kind
async def test_a_cancelled_task_neither_sends_nor_reads(make: Callable[[], object]) -> None:
    """Though both could be done at once."""
    async with make() as (stream, end):  # type: ignore[attr-defined]
        end.write(b"abc")
        with anyio.fail_after(2):
            while not (first := stream.receive_nowait()):
                await anyio.sleep(0.001)
        end.write(b"def")
        await anyio.sleep(0.01)
        with anyio.CancelScope() as scope:
            scope.cancel()
            await stream.send(b"late")
        assert scope.cancelled_caught
        taken = []
        with anyio.CancelScope() as scope:
            scope.cancel()
            taken.append(await stream.receive())
        assert taken == []
        with anyio.fail_after(2):
            assert first + await stream.receive() == b"abcdef"
        await stream.send(b"now")
        assert end.read() == b"now"


@every_kind
async def test_a_stream_can_be_closed_twice_and_is_then_a_lost_link(make: Callable[[], object]) -> None:
    async with make() as (stream, _):  # type: ignore[attr-defined]
        await stream.aclose()
        await stream.aclose()
        with pytest.raises(LinkLost):
            await stream.send(b"x")
        with pytest.raises(LinkLost):
            await stream.receive()


@every_kind
async def test_closing_does_not_block_the_loop(make: Callable[[], object]) -> None:
    turns = 0

    async def others() -> None:
        nonlocal turns
        while True:
            turns += 1
            await anyio.lowlevel.checkpoint()

    async with make() as (stream, _), anyio.create_task_group() as tasks:  # type: ignore[attr-defined]
        tasks.start_soon(others)
        await anyio.lowlevel.checkpoint()
        for _ in range(2):
            before = turns
            await stream.aclose()
            assert turns > before
        tasks.cancel_scope.cancel()


@pytest.mark.parametrize("make", [over_pty, over_tcp, over_cdc], ids=["pty", "tcp", "usb-cdc"])
async def test_large_writes_are_sent_completely(make: Callable[[], object]) -> None:
    async with make() as (stream, end):  # type: ignore[attr-defined]
        received = bytearray()
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(stream.send, b"x" * 1_000_000)
            while len(received) < 1_000_000:
                await anyio.lowlevel.checkpoint()
                received += await anyio.to_thread.run_sync(end.read)
        assert set(received) == {ord("x")}


async def test_a_line_in_memory_does_not_block_the_loop() -> None:
    near, far = memory_line()
    turns = 0

    async def other() -> None:
        nonlocal turns
        while True:
            await anyio.lowlevel.checkpoint()
            turns += 1

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(other)
        for expected in range(1, 20):
            near.deliver(b"x")
            await near.receive()
            assert turns >= expected - 1
        before = turns
        await far.aclose()
        await near.aclose()
        assert turns > before
        tasks.cancel_scope.cancel()


def test_an_empty_line_in_memory_waits_without_polling() -> None:
    from tests import virtual

    turns = 0

    def turn() -> None:
        nonlocal turns
        turns += 1
        assert turns < 100, "virtual time stands still while somebody is busy"

    async def main() -> None:
        near, _ = memory_line()
        near.deliver(b"x")
        assert await near.receive() == b"x"
        with anyio.move_on_after(10) as waited:
            await near.receive()
        assert waited.cancelled_caught

    virtual.run(main(), turn=turn)
