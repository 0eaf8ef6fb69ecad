"""USB printers: found, claimed, told their line, spoken to in packets, stalled, pulled out and found again."""

from __future__ import annotations

import contextlib
import errno
from types import SimpleNamespace
from typing import Any

import pytest
import usb.core
from hypothesis import given
from hypothesis import strategies as st
from usb.backend import libusb1
from usb.core import USBError

from fiscald.transport import (
    AccessDenied,
    DeviceAbsent,
    LinkError,
    PortHeld,
    parse_address,
)
from fiscald.transport.known_usb import KNOWN_USB, known_usb
from fiscald.transport.usb import _data_interface
from tests.emulated_usb.bus import EmulatedBus
from tests.emulated_usb.gadget import Endpoint, Gadget, UsbInterface, cdc_acm, plain_bulk
from tests.transport.usb_devices import ANY, arrived, opened, received


@pytest.fixture
def bus() -> EmulatedBus:
    """An emulated bus; the tests put it to use themselves, for a fixture runs in another context."""
    return EmulatedBus()


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


async def test_another_serial_number_is_refused_and_present_ones_are_named(bus: EmulatedBus) -> None:
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


async def test_a_neighbour_with_an_unreadable_serial_number_is_skipped(bus: EmulatedBus) -> None:
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
async def test_a_device_that_fails_while_its_line_is_set(code: int, number: int, kind: type[LinkError]) -> None:
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


async def test_a_virtual_serial_port_has_its_line_set_and_is_hung_up(bus: EmulatedBus) -> None:
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


async def test_a_device_that_is_not_configured(bus: EmulatedBus) -> None:
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
