"""Bytes over USB: packets, stalls, a device that is pulled out, closing."""

from __future__ import annotations

import contextlib
import errno
import os
import random
import socket
import threading
from array import array
from typing import Any

import anyio
import anyio.from_thread
import pytest
import usb.core
from usb.backend import libusb1
from usb.core import USBError, USBTimeoutError

from fiscald.transport import (
    ByteStream,
    DeviceAbsent,
    LinkLost,
    parse_address,
)
from tests.emulated_usb import wire
from tests.emulated_usb.bus import EmulatedBus
from tests.emulated_usb.gadget import Direction, Gadget, UsbFaultKind, cdc_acm, plain_bulk
from tests.transport.usb_devices import ANY, arrived, opened, received


@pytest.fixture
def bus() -> EmulatedBus:
    """An emulated bus; the tests put it to use themselves, for a fixture runs in another context."""
    return EmulatedBus()


async def until_lost(stream: ByteStream, came: bytearray) -> None:
    """Collects what comes until ``LinkLost`` is raised."""
    with anyio.fail_after(5):
        while True:
            came += await stream.receive()


@pytest.mark.parametrize("size", [8, 64, 512])
async def test_packets_have_the_endpoints_size_and_a_full_last_one_ends_empty(bus: EmulatedBus, size: int) -> None:
    printer = Gadget(interfaces=cdc_acm(size))
    async with opened(bus, printer) as (stream, far):
        for length in (1, size - 1, size, size + 1, 3 * size):
            printer.packets.clear()
            data = os.urandom(length)
            await stream.send(data)
            assert arrived(far, length) == data
            expected = [size] * (length // size) + [length % size]
            with anyio.fail_after(5):
                while [len(packet) for packet in printer.packets] != expected:
                    await anyio.sleep(0.001)


@pytest.mark.parametrize("length", [63, 64, 128])
async def test_a_printer_that_takes_packets_as_parts_of_a_whole(bus: EmulatedBus, length: int) -> None:
    async with opened(bus, Gadget(gathers=True)) as (stream, far):
        await stream.send(b"x" * length)
        assert arrived(far, length) == b"x" * length


async def test_an_empty_packet_is_not_an_answer(bus: EmulatedBus) -> None:
    async with opened(bus, Gadget()) as (stream, far):
        for _ in range(3):
            far.send(b"x" * 128)
            assert await received(stream, 128) == b"x" * 128
        with anyio.move_on_after(0.02) as waited:
            await stream.receive()
        assert waited.cancelled_caught


async def test_a_printer_that_takes_nothing_is_still_listened_to(bus: EmulatedBus) -> None:
    printer = Gadget()
    async with opened(bus, printer) as (stream, far):
        printer.plan(UsbFaultKind.NAK, "out", 3, transfers=2)
        await stream.send(b"question")
        far.send(b"wait")
        assert await received(stream, 4) == b"wait"
        assert not printer.packets
        assert arrived(far, 8) == b"question", "later, whole and once"
        assert printer.packets == [b"question"]


async def test_a_printer_that_gives_nothing_for_a_while(bus: EmulatedBus) -> None:
    printer = Gadget()
    async with opened(bus, printer) as (stream, far):
        printer.plan(UsbFaultKind.NAK, "in", 2, transfers=3)
        far.send(b"answer")
        assert await received(stream, 6) == b"answer"


async def test_a_flood_both_ways_at_once_over_a_disturbed_cable(bus: EmulatedBus) -> None:
    printer = Gadget()
    there, back = random.Random(1).randbytes(50_000), random.Random(2).randbytes(50_000)
    async with opened(bus, printer) as (stream, far):
        for at in range(0, 50_000, 9_999):
            printer.plan(UsbFaultKind.NAK, "out", at)
            printer.plan(UsbFaultKind.NAK, "in", at, transfers=2)
        came: list[bytes] = []
        threads = [
            threading.Thread(target=far.sendall, args=(back,)),
            threading.Thread(target=lambda: came.append(arrived(far, 50_000))),
        ]
        for thread in threads:
            thread.start()
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(stream.send, there)
            assert await received(stream, 50_000) == back
        for thread in threads:
            await anyio.to_thread.run_sync(thread.join)
        assert came == [there]


async def test_unread_bytes_make_the_printer_wait_and_are_not_lost(bus: EmulatedBus) -> None:
    async with opened(bus, Gadget(interfaces=cdc_acm(512))) as (stream, far):
        flood = random.Random(3).randbytes(1_000_000)
        sender = threading.Thread(target=far.sendall, args=(flood,))
        sender.start()
        await anyio.sleep(0.1)
        assert sender.is_alive(), "it would be a printer with endless memory"
        assert await received(stream, len(flood)) == flood
        await anyio.to_thread.run_sync(sender.join)


async def test_a_command_is_sent_though_the_answers_are_not_read(bus: EmulatedBus) -> None:
    async with opened(bus, Gadget(interfaces=cdc_acm(512))) as (stream, far):
        flood = random.Random(3).randbytes(1_000_000)
        sender = threading.Thread(target=far.sendall, args=(flood,))
        sender.start()
        await anyio.sleep(0.1)
        await stream.send(b"status")
        far.settimeout(3)
        assert await anyio.to_thread.run_sync(far.recv, 100) == b"status"
        assert await received(stream, len(flood)) == flood
        await anyio.to_thread.run_sync(sender.join)


async def test_old_input_is_discarded_on_opening(bus: EmulatedBus) -> None:
    with bus.in_use(), bus.plug(Gadget()) as far:
        far.send(b"an answer to an earlier connection")
        async with await parse_address(ANY).open() as stream:
            far.send(b"new")
            assert await received(stream, 3) == b"new"


@pytest.mark.parametrize("direction", ["out", "in"])
async def test_a_stall_is_a_lost_link_and_the_next_connection_finds_it_cleared(
    bus: EmulatedBus, direction: Direction
) -> None:
    printer = Gadget()
    async with opened(bus, printer) as (stream, far):
        printer.plan(UsbFaultKind.STALL, direction)
        await stream.send(b"x")
        far.send(b"y")
        with pytest.raises(LinkLost, match="stalled"):
            await until_lost(stream, bytearray())
        with pytest.raises(LinkLost, match="stalled"):
            await stream.send(b"x")
        await stream.aclose()
        async with await parse_address(ANY).open() as again:
            far.settimeout(0)
            with contextlib.suppress(BlockingIOError):
                far.recv(10)
            far.settimeout(5)
            await again.send(b"hello")
            assert arrived(far, 5) == b"hello"
            far.send(b"back")
            assert await received(again, 4) == b"back"


async def test_a_stall_that_cannot_be_cleared_is_still_told_as_one() -> None:
    class Stubborn(EmulatedBus):
        def clear_halt(self, *_: Any) -> None:
            raise USBError("Entity not found", libusb1.LIBUSB_ERROR_NOT_FOUND, errno.ENOENT)

    printer = Gadget()
    async with opened(Stubborn(), printer) as (stream, _):
        printer.plan(UsbFaultKind.STALL, "out")
        await stream.send(b"x")
        with pytest.raises(LinkLost, match="stalled"):
            await until_lost(stream, bytearray())


async def test_a_halt_that_a_killed_program_left_is_cleared_on_opening(bus: EmulatedBus) -> None:
    printer = Gadget()
    with bus.in_use(), bus.plug(printer) as far:
        printer.plan(UsbFaultKind.STALL, "in")
        far.send(b"old")
        async with await parse_address(ANY).open() as stream:
            far.send(b"new")
            assert await received(stream, 3) == b"new"


@pytest.mark.parametrize("arrives", [False, True])
@pytest.mark.parametrize("at", range(0, 200, 40))
async def test_unplugged_while_it_is_sent_to(bus: EmulatedBus, at: int, *, arrives: bool) -> None:
    printer = Gadget()
    async with opened(bus, printer) as (stream, far):
        printer.plan(UsbFaultKind.UNPLUG, "out", at, arrives=arrives)
        await stream.send(bytes(range(200)))
        with pytest.raises(LinkLost, match="unplugged"), anyio.fail_after(5):
            await stream.receive()
        whole_packets = (at // 64 + arrives) * 64
        assert arrived(far, 200) == bytes(range(200))[:whole_packets], "packets pass whole or not at all"


@pytest.mark.parametrize("arrives", [False, True])
@pytest.mark.parametrize("at", range(0, 200, 40))
async def test_unplugged_while_it_answers(bus: EmulatedBus, at: int, *, arrives: bool) -> None:
    printer = Gadget()
    async with opened(bus, printer) as (stream, far):
        printer.plan(UsbFaultKind.UNPLUG, "in", at, arrives=arrives)
        far.send(bytes(range(200)))
        came = bytearray()
        with pytest.raises(LinkLost, match="unplugged"):
            await until_lost(stream, came)
        assert came == bytes(range(200))[: (at // 64 + arrives) * 64], "what has come can be read"


async def test_a_bad_cable(bus: EmulatedBus) -> None:
    class Noisy(EmulatedBus):
        def bulk_write(self, *_: Any) -> int:
            raise USBError("Input/Output Error", libusb1.LIBUSB_ERROR_IO, errno.EIO)

    async with opened(Noisy(), Gadget()) as (stream, _):
        await stream.send(b"x")
        with pytest.raises(LinkLost, match="cable is bad"), anyio.fail_after(5):
            await stream.receive()


async def test_switched_off(bus: EmulatedBus) -> None:
    async with opened(bus, Gadget()) as (stream, far):
        far.close()
        with pytest.raises(LinkLost, match="switched off"), anyio.fail_after(5):
            await stream.receive()


async def test_unplugged_while_it_is_opened(bus: EmulatedBus) -> None:
    printer = Gadget()
    with bus.in_use(), bus.plug(printer) as far:
        printer.plan(UsbFaultKind.UNPLUG, "in")
        far.send(b"old")
        with pytest.raises(DeviceAbsent, match="while it was opened"):
            await parse_address(ANY).open()


async def test_what_was_sent_before_closing_arrives(bus: EmulatedBus) -> None:
    async with opened(bus, Gadget()) as (stream, far):
        await stream.send(b"x" * 1000)
        await stream.aclose()
        assert arrived(far, 1000) == b"x" * 1000


async def test_closing_while_the_answers_are_not_read(bus: EmulatedBus) -> None:
    printer = Gadget(interfaces=cdc_acm(512))
    async with opened(bus, printer) as (stream, far):
        sender = threading.Thread(target=lambda: flood(far, 1_000_000))
        sender.start()
        await anyio.sleep(0.1)
        await stream.send(b"last words")
        await stream.aclose()
        assert arrived(far, 10) == b"last words"
        bus.unplug(printer)
        await anyio.to_thread.run_sync(sender.join)


def flood(far: socket.socket, length: int) -> None:
    """Sends so much, or what the other end lets it."""
    with contextlib.suppress(OSError):
        far.sendall(b"x" * length)


async def test_closing_does_not_wait_for_a_printer_that_takes_nothing(bus: EmulatedBus) -> None:
    printer = Gadget()
    async with opened(bus, printer) as (stream, _):
        printer.plan(UsbFaultKind.NAK, "out", transfers=40)
        await stream.send(b"x" * 1000)
        with anyio.fail_after(1):
            await stream.aclose()
        assert not bus.claimed(printer)
        assert not printer.packets


async def test_closing_in_a_cancelled_task_gives_the_device_back(bus: EmulatedBus) -> None:
    printer = Gadget()
    with bus.in_use(), bus.plug(printer), anyio.CancelScope() as scope:
        async with await parse_address(ANY).open() as stream:
            scope.cancel()
            await stream.receive()
    assert scope.cancelled_caught
    assert not bus.claimed(printer)


async def test_opening_that_is_given_up_leaves_nothing_claimed() -> None:
    class SlowBus(EmulatedBus):
        def enumerate_devices(self) -> list[Any]:
            anyio.from_thread.run_sync(scope.cancel)
            return super().enumerate_devices()

    printer = Gadget()
    with SlowBus().in_use() as bus, bus.plug(printer):
        with anyio.CancelScope() as scope:
            async with await parse_address(ANY).open():
                assert bus.claimed(printer), "what a thread has begun cannot be stopped"
                await anyio.sleep_forever()
        assert scope.cancelled_caught
        assert not bus.claimed(printer)


async def test_a_quiet_line_is_asked_seldom() -> None:
    class Counting(EmulatedBus):
        reads = 0

        def bulk_read(self, *arguments: Any) -> int:
            self.reads += 1
            return super().bulk_read(*arguments)

    bus = Counting()
    async with opened(bus, Gadget()):
        await anyio.sleep(0.5)
        assert bus.reads <= 1 + 5 + 0.5 / 0.032 + 1


async def test_no_thread_stays_behind(bus: EmulatedBus) -> None:
    async with opened(bus, Gadget()) as (stream, _):
        assert any(thread.name == ANY for thread in threading.enumerate())
        await stream.aclose()
        assert not any(thread.name == ANY for thread in threading.enumerate())


@pytest.mark.parametrize("code", wire.ERRNO)
def test_errors_have_the_numbers_of_pyusbs_own_backend(code: int) -> None:
    error = wire.usb_error(code)
    assert (error.backend_error_code, error.errno) == (code, libusb1._libusb_errno[code])
    assert isinstance(error, USBTimeoutError) == (code == libusb1.LIBUSB_ERROR_TIMEOUT)


def test_a_long_read_ends_with_a_short_packet_or_in_time(bus: EmulatedBus) -> None:
    printer = Gadget(interfaces=plain_bulk())
    with bus.in_use(), bus.plug(printer) as far:
        device = usb.core.find(backend=bus)
        with pytest.raises(USBTimeoutError):
            device.read(0x81, 512, 1)
        far.send(b"x" * 100)
        assert len(device.read(0x81, 512, 1000)) == 100
        far.send(b"x" * 128)
        assert len(device.read(0x81, 128, 1000)) == 128
        assert len(device.read(0x81, 64, 1000)) == 0, "the empty packet after a full one"
        far.send(b"x" * 10)
        with pytest.raises(USBError) as caught:
            device.read(0x81, 5, 1000)
        assert caught.value.errno == errno.EOVERFLOW
        usb.util.dispose_resources(device)


def test_a_long_write_tells_how_much_was_taken(bus: EmulatedBus) -> None:
    printer = Gadget(interfaces=plain_bulk())
    with bus.in_use(), bus.plug(printer):
        device = usb.core.find(backend=bus)
        printer.plan(UsbFaultKind.NAK, "out", 130, transfers=2)
        assert device.write(0x02, b"x" * 200, 1) == 128
        with pytest.raises(USBTimeoutError):
            device.write(0x02, b"x" * 72, 1)
        assert device.write(0x02, b"x" * 72, 1) == 72
        usb.util.dispose_resources(device)


def test_strings_and_the_line_can_be_read_back(bus: EmulatedBus) -> None:
    with bus.in_use(), bus.plug(Gadget("Ł-1")):
        device = usb.core.find(backend=bus)
        assert (device.manufacturer, device.serial_number) == ("EMULATOR", "Ł-1")
        coding = bytes.fromhex("80250000000008")
        device.ctrl_transfer(0x21, 0x20, 0, 0, coding)
        assert device.ctrl_transfer(0xA1, 0x21, 0, 0, 7) == array("B", coding)
        with pytest.raises(USBError) as caught:
            device.ctrl_transfer(0x21, 0x77)
        assert caught.value.errno == errno.EPIPE
        assert "CDC" in str(device)
        usb.util.dispose_resources(device)


def test_nothing_passes_without_a_claim_or_after_the_plug_is_pulled(bus: EmulatedBus) -> None:
    printer = Gadget(interfaces=plain_bulk())
    with bus.in_use(), bus.plug(printer):
        device = usb.core.find(backend=bus)
        handle = bus.open_device(device._ctx.dev)
        with pytest.raises(USBError) as caught:
            bus.bulk_write(handle, 0x02, 0, array("B", b"x"), 10)
        assert caught.value.errno == errno.ENOENT
        bus.claim_interface(handle, 0)
        assert bus.bulk_write(handle, 0x02, 0, array("B", b"x"), 10) == 1
        bus.unplug(printer)
        with bus.plug(printer, "1-3"):
            for call in (
                lambda: bus.bulk_write(handle, 0x02, 0, array("B", b"x"), 10),
                lambda: bus.open_device(device._ctx.dev),
            ):
                with pytest.raises(USBError) as caught:
                    call()
                assert caught.value.errno == errno.ENODEV, "the same printer at another address is another device"
