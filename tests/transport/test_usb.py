"""USB printers: found, claimed, told their line, spoken to in packets, stalled, pulled out and found again."""

from __future__ import annotations

import contextlib
import errno
import os
import random
import socket
import threading
from array import array
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from types import SimpleNamespace
from typing import Any

import anyio
import anyio.from_thread
import pytest
import usb.core
from hypothesis import given
from hypothesis import strategies as st
from usb.backend import libusb1
from usb.core import USBError, USBTimeoutError

from fiscald.transport import (
    AccessDenied,
    ByteStream,
    DeviceAbsent,
    LinkError,
    LinkLost,
    PortHeld,
    parse_address,
)
from fiscald.transport.known_usb import KNOWN_USB, known_usb
from fiscald.transport.usb import _data_interface
from tests.emulated_usb import wire
from tests.emulated_usb.bus import EmulatedBus
from tests.emulated_usb.gadget import Direction, Endpoint, Gadget, UsbFaultKind, UsbInterface, cdc_acm, plain_bulk

ANY = "usb://1424:10b0"


@pytest.fixture
def bus() -> EmulatedBus:
    """An emulated bus; the tests put it to use themselves, for a fixture runs in another context."""
    return EmulatedBus()


@asynccontextmanager
async def opened(
    bus: EmulatedBus, gadget: Gadget, address: str = ANY
) -> AsyncIterator[tuple[ByteStream, socket.socket]]:
    """The printer, plugged in and opened; and its own end of the cable."""
    with bus.in_use(), bus.plug(gadget) as far:
        far.settimeout(5)
        async with await parse_address(address).open() as stream:
            yield stream, far


async def received(stream: ByteStream, length: int) -> bytes:
    data = b""
    with anyio.fail_after(5):
        while len(data) < length:
            data += await stream.receive()
    return data


async def until_lost(stream: ByteStream, came: bytearray) -> None:
    """Collects what comes until ``LinkLost`` is raised."""
    with anyio.fail_after(5):
        while True:
            came += await stream.receive()


def arrived(far: socket.socket, length: int) -> bytes:
    """What came to the printer, waited for."""
    data = b""
    while len(data) < length and (more := far.recv(length - len(data))):
        data += more
    return data


# -- finding ---------------------------------------------------------------------------------------------


async def refused(bus: EmulatedBus, address: str, *gadgets: tuple[Gadget, str]) -> LinkError:
    """Why it cannot be opened; nothing stays claimed."""
    with bus.in_use(), contextlib.ExitStack() as far_ends:
        for gadget, path in gadgets:
            far_ends.enter_context(bus.plug(gadget, path))
        with pytest.raises(LinkError) as caught:
            await parse_address(address).open()
        assert not any(bus.claimed(gadget) for gadget, _ in gadgets)
    return caught.value


async def test_nothing_is_plugged_in(bus: EmulatedBus) -> None:
    told = await refused(bus, ANY, (Gadget(product=0x100B), "1-1"))
    assert type(told) is DeviceAbsent
    assert (
        str(told)
        == "usb://1424:10b0 does not exist; is the printer switched on and plugged in? fiscalctl scan lists what is there"
    )


async def test_another_serial_number_is_another_printer_and_those_that_are_there_are_named(bus: EmulatedBus) -> None:
    told = await refused(bus, f"{ANY}?serial=A", (Gadget("B"), "1-2"), (Gadget(None), "2-1.4"))
    assert type(told) is DeviceAbsent
    assert str(told).endswith("there are path=1-2 (serial=B), path=2-1.4 (no serial number)")


async def test_two_that_fit_are_listed(bus: EmulatedBus) -> None:
    told = await refused(bus, ANY, (Gadget("A"), "1-2"), (Gadget("B"), "2-1.4"))
    assert "2 devices fit" in str(told)
    assert "path=1-2 (serial=A), path=2-1.4 (serial=B)" in str(told)
    told = await refused(EmulatedBus(), f"{ANY}?serial=A", (Gadget("A"), "1-2"), (Gadget("A"), "1-3"))
    assert "path=1-2 (serial=A), path=1-3 (serial=A)" in str(told), "clones with one number"


@pytest.mark.parametrize("option", ["serial=B", "path=2-1.4", "serial=B&path=2-1.4"])
async def test_the_right_one_of_two(bus: EmulatedBus, option: str) -> None:
    wrong, right = Gadget("A"), Gadget("B")
    with bus.in_use(), bus.plug(wrong, "1-2"), bus.plug(right, "2-1.4") as far:
        async with await parse_address(f"{ANY}?{option}").open() as stream:
            await stream.send(b"hello")
            assert arrived(far, 5) == b"hello"
            assert bus.is_open(right)
            assert not bus.is_open(wrong)
        assert not bus.is_open(right)


async def test_a_serial_number_is_found_again_wherever_it_is_plugged_in(bus: EmulatedBus) -> None:
    printer, neighbour = Gadget("A"), Gadget("B")
    address = parse_address(f"{ANY}?serial=A")
    with bus.in_use(), bus.plug(printer, "1-2"):
        async with await address.open():
            pass
        bus.unplug(printer)
        with bus.plug(neighbour, "1-2"):
            with pytest.raises(DeviceAbsent):
                await address.open()
            with bus.plug(printer, "3-7") as far:
                async with await address.open() as stream:
                    await stream.send(b"x")
                    assert arrived(far, 1) == b"x"
                assert not bus.claimed(neighbour)


async def test_a_neighbour_whose_serial_number_cannot_be_read_stands_in_nobodys_way(bus: EmulatedBus) -> None:
    class Mute(Gadget):
        def string(self, index: int) -> str | None:
            return None

    with bus.in_use(), bus.plug(Mute("A"), "1-1"), bus.plug(Gadget("A"), "1-2"):
        await (await parse_address(f"{ANY}?serial=A").open()).aclose()


@pytest.mark.parametrize("address", [ANY, f"{ANY}?serial=A"])
async def test_no_rights(bus: EmulatedBus, address: str) -> None:
    told = await refused(bus, address, (Gadget("A", denied=True), "1-2"))
    assert type(told) is AccessDenied
    assert "udev rules" in str(told)


async def test_no_rights_for_one_of_two_that_fit(bus: EmulatedBus) -> None:
    told = await refused(bus, ANY, (Gadget("A", denied=True), "1-2"), (Gadget("B"), "1-3"))
    assert "path=1-2 (serial number not readable: Permission denied), path=1-3 (serial=B)" in str(told)


@pytest.mark.parametrize(
    ("code", "number", "kind"),
    [
        (libusb1.LIBUSB_ERROR_NO_DEVICE, errno.ENODEV, DeviceAbsent),
        (libusb1.LIBUSB_ERROR_TIMEOUT, errno.ETIMEDOUT, LinkError),
    ],
)
async def test_a_device_that_fails_while_it_is_told_its_line(code: int, number: int, kind: type[LinkError]) -> None:
    class Failing(EmulatedBus):
        def ctrl_transfer(self, *_: Any) -> int:
            raise USBError("what a pity", code, number)

    told = await refused(Failing(), ANY, (Gadget(), "1-2"))
    assert type(told) is kind


async def test_another_program_has_it(bus: EmulatedBus) -> None:
    told = await refused(bus, ANY, (Gadget(held=True), "1-2"))
    assert type(told) is PortHeld
    assert str(told).startswith("another program holds usb://1424:10b0; stop it: sudo fuser")


async def test_a_device_belongs_to_one_connection_until_that_is_closed(bus: EmulatedBus) -> None:
    printer = Gadget()
    async with opened(bus, printer) as (first, _):
        with pytest.raises(PortHeld):
            await parse_address(ANY).open()
        await first.aclose()
        assert not bus.claimed(printer)
        await (await parse_address(ANY).open()).aclose()


async def test_the_kernels_driver_has_it(bus: EmulatedBus) -> None:
    printer = Gadget(kernel_driver=True)
    told = await refused(bus, ANY, (printer, "1-2"))
    assert type(told) is PortHeld
    assert "serial:///dev/serial/by-id" in str(told)
    assert "detach=yes" in str(told)


async def test_the_kernels_driver_is_sent_away_when_asked_and_let_in_again(bus: EmulatedBus) -> None:
    printer = Gadget(kernel_driver=True)
    async with opened(bus, printer, f"{ANY}?detach=yes") as (stream, _):
        assert bus.driven(printer) == set()
        await stream.aclose()
        assert bus.driven(printer) == {0, 1}


async def test_the_kernels_driver_is_let_in_again_when_opening_fails(bus: EmulatedBus) -> None:
    printer = Gadget(kernel_driver=True, held=True)
    with bus.in_use(), bus.plug(printer):
        with pytest.raises(PortHeld):
            await parse_address(f"{ANY}?detach=yes").open()
        assert bus.driven(printer) == {0, 1}


async def test_no_libusb(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(**_: object) -> None:
        raise usb.libloader.LibraryNotFoundException("not here")

    monkeypatch.setattr(libusb1, "_lib_object", None)
    monkeypatch.setattr(libusb1, "_load_library", missing)
    with pytest.raises(LinkError, match=r"libusb-1\.0-0"):
        await parse_address(ANY).open()


# -- interfaces ------------------------------------------------------------------------------------------


async def test_a_virtual_serial_port_is_told_its_line_and_hung_up(bus: EmulatedBus) -> None:
    printer = Gadget()
    async with opened(bus, printer, f"{ANY}?baud=9600") as (stream, _):
        assert bus.claimed(printer) == {0, 1}
        assert printer.line == (9600, 0, 0, 8)
        assert (printer.dtr, printer.rts) == (True, True)
        await stream.aclose()
        assert (printer.dtr, printer.rts) == (False, False)


async def test_a_device_that_knows_no_line_is_spoken_to_all_the_same(bus: EmulatedBus) -> None:
    printer = Gadget(knows_requests=False, silent_without_dtr=False)
    async with opened(bus, printer) as (stream, far):
        assert printer.line is None
        far.send(b"hello")
        assert await received(stream, 5) == b"hello"


@pytest.mark.parametrize("usb_class", [0xFF, 0x07], ids=["maker's own", "printer"])
async def test_plain_bulk(bus: EmulatedBus, usb_class: int) -> None:
    printer = Gadget(interfaces=plain_bulk(usb_class=usb_class))
    async with opened(bus, printer) as (stream, far):
        assert bus.claimed(printer) == {0}
        await stream.send(b"question")
        assert arrived(far, 8) == b"question"
        far.send(b"answer")
        assert await received(stream, 6) == b"answer"
        assert printer.line is None


TWO_PORTS = cdc_acm(first=0) + cdc_acm(first=2)


@pytest.mark.parametrize(
    ("interfaces", "option", "claimed"),
    [
        (plain_bulk(usb_class=0x08) + cdc_acm(first=1), "", {1, 2}),
        (cdc_acm(protocol=0xFF) + cdc_acm(first=2), "", {2, 3}),
        (TWO_PORTS, "?interface=3", {2, 3}),
        (TWO_PORTS, "?interface=2", {2, 3}),
        (TWO_PORTS, "?interface=1", {0, 1}),
    ],
    ids=["beside a memory stick", "beside a network", "by its data", "by its control", "the other one"],
)
async def test_one_interface_of_several(
    bus: EmulatedBus, interfaces: tuple[UsbInterface, ...], option: str, claimed: set[int]
) -> None:
    printer = Gadget(interfaces=interfaces)
    async with opened(bus, printer, ANY + option):
        assert bus.claimed(printer) == claimed


@pytest.mark.parametrize(
    ("interfaces", "option", "hint"),
    [
        (TWO_PORTS, "", "several interfaces: 1, 3; write interface="),
        (TWO_PORTS, "?interface=7", "no such interface .*; it has 1, 3"),
        (plain_bulk(usb_class=0x08), "", "it has none"),
        ((UsbInterface(0, 0xFF, 0, 0, (Endpoint(0x81, 2, 64),)),), "", "it has none"),
        ((UsbInterface(0, 0xFF, 0, 0, (Endpoint(0x81, 3, 8), Endpoint(0x01, 3, 8))),), "", "it has none"),
    ],
    ids=["undecided", "no such number", "a memory stick", "one way only", "interrupts only"],
)
async def test_no_usable_interface(
    bus: EmulatedBus, interfaces: tuple[UsbInterface, ...], option: str, hint: str
) -> None:
    with pytest.raises(LinkError, match=hint):
        raise await refused(bus, ANY + option, (Gadget(interfaces=interfaces), "1-2"))


async def test_a_device_that_nobody_has_configured(bus: EmulatedBus) -> None:
    printer = Gadget(configured=False)
    async with opened(bus, printer):
        assert printer.configured


@pytest.mark.parametrize(
    ("extra", "number"),
    [
        ("0524001001 05240106 03 04240202 0524060005".replace(" ", ""), 5),
        ("0524060005 0524001001".replace(" ", ""), 5), ("02240524060005", 5), ("0224", 1),
        ("010524060005", 1), ("05240600", 1), ("0424060005", 1), ("0024060005", 1), ("", 1), ("ff", 1),
    ],
)  # fmt: skip
def test_the_data_interface_is_the_one_of_the_union_descriptor(extra: str, number: int) -> None:
    control = SimpleNamespace(bInterfaceNumber=0, extra_descriptors=list(bytes.fromhex(extra)))
    assert _data_interface(control) == number


@given(st.binary(max_size=40))
def test_garbage_among_the_descriptors(extra: bytes) -> None:
    assert 0 <= _data_interface(SimpleNamespace(bInterfaceNumber=0, extra_descriptors=list(extra))) <= 255


def test_known_ids_are_known_once_and_adapters_are_told_apart() -> None:
    assert len({(known.vendor, known.product) for known in KNOWN_USB}) == len(KNOWN_USB)
    posnet = known_usb(0x1424, 0x10B0)
    assert posnet is not None
    assert posnet.maker == "POSNET"
    assert known_usb(0x1424, 0xFFFF) is None


# -- bytes -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [8, 64, 512])
async def test_packets_are_as_long_as_the_endpoint_says_and_a_full_last_one_is_followed_by_an_empty_one(
    bus: EmulatedBus, size: int
) -> None:
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


async def test_what_nobody_takes_makes_the_printer_wait_and_is_not_lost(bus: EmulatedBus) -> None:
    async with opened(bus, Gadget(interfaces=cdc_acm(512))) as (stream, far):
        flood = random.Random(3).randbytes(1_000_000)
        sender = threading.Thread(target=far.sendall, args=(flood,))
        sender.start()
        await anyio.sleep(0.1)
        assert sender.is_alive(), "it would be a printer with endless memory"
        assert await received(stream, len(flood)) == flood
        await anyio.to_thread.run_sync(sender.join)


async def test_a_command_is_sent_though_nobody_takes_the_answers(bus: EmulatedBus) -> None:
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


# -- closing ---------------------------------------------------------------------------------------------


async def test_what_was_sent_before_closing_arrives(bus: EmulatedBus) -> None:
    async with opened(bus, Gadget()) as (stream, far):
        await stream.send(b"x" * 1000)
        await stream.aclose()
        assert arrived(far, 1000) == b"x" * 1000


async def test_closing_while_nobody_takes_the_answers(bus: EmulatedBus) -> None:
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


# -- the emulated bus ------------------------------------------------------------------------------------


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
