"""A shop whose printer hangs on USB: pulled out and plugged in elsewhere, stalled, swapped. In real time, with threads."""

from __future__ import annotations

import itertools
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import anyio
import pytest

from fiscald import daemon
from fiscald.api.client import AsyncClient
from fiscald.config import Config, LicenceConfig, PrinterConfig
from fiscald.emulator.running import build
from fiscald.emulator.server import PortServer
from fiscald.engine import actor
from fiscald.licence.testing import make_certificate
from fiscald.model.jobs import JobState
from fiscald.model.printers import PrinterState
from fiscald.transport import ByteStream, SerialLine, TcpHost, UsbDevice
from fiscald.transport.descriptor import DescriptorStream
from tests import virtual
from tests.emulated_usb.bus import EmulatedBus
from tests.emulated_usb.gadget import Direction, Gadget, UsbFaultKind, UsbInterface, cdc_acm, plain_bulk
from tests.engine.shop import RECEIPT, Shop, Till, shop
from tests.engine.test_doubt import REPORT, agrees

#: Shops at once. Most of their time is waiting.
AT_ONCE = 24


class UsbTill(Till):
    """An emulated printer on an emulated bus; whenever it is unplugged it comes back at another place."""

    def __init__(self, name: str, number: int = 1, *, interfaces: tuple[UsbInterface, ...] | None = None) -> None:
        super().__init__(name, number)
        self.gadget = Gadget(f"USB-{number}", interfaces or cdc_acm(16))
        self.bus = EmulatedBus()
        self.address = UsbDevice(self.gadget.vendor, self.gadget.product, self.gadget.serial)

    def __str__(self) -> str:
        return str(self.address)

    async def open(self) -> ByteStream:
        stream = await self.address.open()
        self.connections += 1
        return stream

    async def hang_on_the_bus(self) -> None:
        for port in itertools.count(1):
            far = self.bus.plug(self.gadget, f"1-{port}")
            await self.server.serve(DescriptorStream(far.detach(), "the printer's end"))


@asynccontextmanager
async def usb_shop(directory: Path, till: UsbTill) -> AsyncIterator[Shop]:
    with till.bus.in_use():
        async with anyio.create_task_group() as tasks, shop(directory, till) as it:
            tasks.start_soon(till.hang_on_the_bus)
            yield it
            tasks.cancel_scope.cancel()


#: What can happen to a packet: lost with the plug, the last one before it, refused.
HAPPENINGS = {
    "unplugged before": {"kind": UsbFaultKind.UNPLUG, "arrives": False},
    "unplugged after": {"kind": UsbFaultKind.UNPLUG, "arrives": True},
    "stalled": {"kind": UsbFaultKind.STALL},
}


async def disturbed(directory: Path, document: dict[str, Any], **fault: Any) -> None:
    """Print one document over a bus that fails once: the answer agrees with the register, which holds it once."""
    till = UsbTill("till1")
    async with usb_shop(directory, till) as it:
        await it.until(PrinterState.READY)
        till.gadget.plan(**fault)
        job = await it.print("X", document, seconds=45)
        assert not till.gadget.faults, "it happened"
        assert job.state is JobState.DONE, (fault, job.error, job.waiting)
        kinds = [sheet.kind for sheet in till.register.printouts if not sheet.kind.startswith("cancelled")]
        assert kinds == [document["type"]], fault
        if document is RECEIPT:
            agrees(it, job)


async def bytes_of(directory: Path, document: dict[str, Any], direction: Direction) -> int:
    """How many bytes one undisturbed document is, one way."""
    till = UsbTill("till1")
    async with usb_shop(directory, till) as it:
        await it.until(PrinterState.READY)
        before = till.gadget.passed[direction]
        assert (await it.print("X", document, seconds=45)).state is JobState.DONE
        return till.gadget.passed[direction] - before


async def all_disturbed(
    directory: Path, document: dict[str, Any], direction: Direction, places: int, **how: Any
) -> None:
    """The same fault at so many places, evenly spread, each in a separate shop."""
    length = await bytes_of(directory / "counted", document, direction)
    limiter = anyio.CapacityLimiter(AT_ONCE)

    async def one(at: int) -> None:
        async with limiter:
            await disturbed(directory / str(at), document, direction=direction, at=at, **how)

    async with anyio.create_task_group() as tasks:
        for at in range(0, length, -(-length // places)):
            tasks.start_soon(one, at)


@pytest.mark.slow
@pytest.mark.parametrize("how", HAPPENINGS.values(), ids=HAPPENINGS)
@pytest.mark.parametrize("direction", ["out", "in"])
@pytest.mark.parametrize("document", [RECEIPT, REPORT], ids=lambda document: document["type"])
async def test_disturbed_at_many_bytes(
    tmp_path: Path, document: dict[str, Any], direction: Direction, how: dict[str, Any]
) -> None:
    await all_disturbed(tmp_path, document, direction, 24, **how)


@pytest.mark.parametrize("how", HAPPENINGS.values(), ids=HAPPENINGS)
@pytest.mark.parametrize("direction", ["out", "in"])
async def test_disturbed_at_the_closing_command_and_its_answer(
    tmp_path: Path, direction: Direction, how: dict[str, Any]
) -> None:
    till = UsbTill("till1")
    receive = till.device.receive

    def spy(data: bytes, now: float) -> None:
        # The next packet of that direction: the beginning of the closing command, or of its answer.
        if {"out": b"trpayment", "in": b"trend"}[direction] in data:
            till.gadget.plan(direction=direction, **how)
            till.device.receive = receive
        receive(data, now)

    till.device.receive = spy
    async with usb_shop(tmp_path, till) as it:
        await it.until(PrinterState.READY)
        job = await it.print("X", seconds=45)
        assert job.state is JobState.DONE, job.error
        agrees(it, job)
        assert till.connections >= 2


@pytest.mark.parametrize("interfaces", [cdc_acm(), plain_bulk()], ids=["cdc", "bulk"])
async def test_a_receipt(tmp_path: Path, interfaces: tuple[UsbInterface, ...]) -> None:
    till = UsbTill("till1", interfaces=interfaces)
    async with usb_shop(tmp_path, till) as it:
        job = await it.print("FV/1", seconds=20)
        assert job.state is JobState.DONE
        agrees(it, job)
        assert it.engine.printer("till1").address == "usb://1424:10b0?serial=USB-1"


@pytest.mark.parametrize(
    ("gadget", "code", "hint"),
    [
        (Gadget("USB-1", denied=True), "link.denied", "udev rules"),
        (Gadget("USB-1", held=True), "link.held", "another program"),
        (Gadget("USB-1", kernel_driver=True), "link.held", "detach=yes"),
        (Gadget("USB-2"), "link.absent", "serial=USB-2"),
    ],
    ids=["denied", "held", "kernel", "absent"],
)
async def test_the_reason_why_a_port_cannot_be_opened_is_in_the_status(
    tmp_path: Path, gadget: Gadget, code: str, hint: str
) -> None:
    till = UsbTill("till1")
    till.gadget = gadget
    async with usb_shop(tmp_path, till) as it:
        await it.until(PrinterState.OFFLINE)
        problem = it.engine.printer("till1").problem
        assert problem is not None
        assert (problem.code, hint in problem.detail) == (code, True)


def test_a_new_usb_device_shortens_the_wait(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(actor, "RECONNECT", (600.0, 600.0))

    async def main() -> None:
        plug_in, plugged_in = anyio.create_memory_object_stream[None](1)
        till = Till("till1")
        till.pull()
        with plug_in, plugged_in:
            async with shop(tmp_path, till, plugged_in=lambda: plugged_in) as it:
                await it.until(PrinterState.OFFLINE)
                plug_in.send_nowait(None)
                await anyio.sleep(60)
                assert it.engine.printer("till1").state is PrinterState.OFFLINE, "it was something else"
                till.put_back()
                plug_in.send_nowait(None)
                await it.until(PrinterState.READY, seconds=1)

    virtual.run(main())


# -- who it is -------------------------------------------------------------------------------------------


@pytest.mark.slow
async def test_a_printer_is_found_by_its_usb_serial_number_at_any_plug(tmp_path: Path) -> None:
    till = UsbTill("till1")
    async with usb_shop(tmp_path, till) as it:
        for number in (1, 2, 3):
            assert (await it.print(f"FV/{number}", seconds=20)).state is JobState.DONE
            till.bus.unplug(till.gadget)
            await it.until(PrinterState.OFFLINE)
            await it.until(PrinterState.READY)
        assert till.receipts == 3
        assert till.connections == 4


@pytest.mark.slow
async def test_another_printer_at_the_same_plug_is_refused_and_both_are_named(tmp_path: Path) -> None:
    """Without a serial number in the address USB cannot tell them apart; the unique number does."""
    till, other = UsbTill("till1", 1), UsbTill("till1", 2)
    till.address = UsbDevice(0x1424, 0x10B0, path="1-2")
    with till.bus.in_use():
        async with anyio.create_task_group() as tasks, shop(tmp_path, till) as it:

            def plug_in(printer: UsbTill) -> None:
                far = till.bus.plug(printer.gadget, "1-2")
                tasks.start_soon(printer.server.serve, DescriptorStream(far.detach(), "the printer's end"))

            plug_in(till)
            assert (await it.print("FV/1", seconds=20)).state is JobState.DONE
            till.bus.unplug(till.gadget)
            plug_in(other)
            await it.until(PrinterState.SWAPPED)
            problem = it.engine.printer("till1").problem
            assert problem is not None
            assert "EMU 0000000001" in problem.detail
            assert "EMU 0000000002" in problem.detail
            await it.submit("FV/2")
            till.bus.unplug(other.gadget)
            plug_in(till)
            assert (await it.engine.wait("FV/2", 20)).state is JobState.DONE
            assert (till.receipts, other.receipts) == (2, 0)
            tasks.cancel_scope.cancel()


@pytest.mark.slow
async def test_a_printer_known_by_its_by_id_name_is_followed_to_another_port(tmp_path: Path) -> None:
    """What udev does: the name stays, the port behind it changes."""
    link = tmp_path / "usb-POSNET_USB-1-if00"
    till = Till("till1")
    till.open = SerialLine(str(link), 115200).open  # type: ignore[method-assign]
    async with anyio.create_task_group() as tasks, shop(tmp_path, till) as it:
        await tasks.start(till.server.serve_pty, link)
        assert (await it.print("FV/1", seconds=20)).state is JobState.DONE
        first = link.readlink()
        till.device.power(on=False)
        till.server.wake()
        await it.until(PrinterState.OFFLINE)
        taken = os.openpty()  # the next port has another number
        till.device.power(on=True)
        till.server.wake()
        assert (await it.print("FV/2", seconds=20)).state is JobState.DONE
        assert till.receipts == 2
        assert link.is_symlink()
        assert first != link.readlink()
        for descriptor in taken:
            os.close(descriptor)
        tasks.cancel_scope.cancel()


async def test_a_printer_known_by_its_host_name_is_followed_to_another_address(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A new lease: the name stays, the address behind it changes."""
    lease = "127.0.0.1"
    resolve = anyio.getaddrinfo

    async def leased(host: str, port: int, **options: Any) -> Any:
        assert host == "printer.shop"
        return await resolve(lease, port, **options)

    monkeypatch.setattr(anyio, "getaddrinfo", leased)
    till = Till("till1")
    async with anyio.create_task_group() as tasks, shop(tmp_path, till) as it:
        serving = anyio.CancelScope()
        with serving:
            async with anyio.create_task_group() as first:
                port = await first.start(till.server.serve_tcp, lease, 0)
                till.open = TcpHost("printer.shop", port).open  # type: ignore[method-assign]
                assert (await it.print("FV/1", seconds=20)).state is JobState.DONE
                first.cancel_scope.cancel()
        lease = "127.0.0.2"
        await tasks.start(till.server.serve_tcp, lease, port)
        assert (await it.print("FV/2", seconds=20)).state is JobState.DONE
        assert till.receipts == 2
        tasks.cancel_scope.cancel()


async def test_a_whole_daemon_prints_over_usb(tmp_path: Path) -> None:
    device, _ = build("posnet")
    gadget = Gadget("USB-1")
    config = Config(
        socket=tmp_path / "fiscald.sock",
        state_dir=tmp_path / "state",
        licence=LicenceConfig(test_keys=True),
        printers={"till1": PrinterConfig(family="posnet", address="usb://1424:10b0?serial=USB-1")},
    )
    with EmulatedBus().in_use() as bus:
        async with anyio.create_task_group() as tasks:
            far = bus.plug(gadget)
            tasks.start_soon(PortServer(device).serve, DescriptorStream(far.detach(), "the printer's end"))
            await tasks.start(daemon.run, config)
            async with AsyncClient(config.socket) as client:
                await client.install_licence(make_certificate())
                job = await client.submit("FV/1", "till1", RECEIPT, wait=20)
            assert job.state is JobState.DONE
            assert device.register.state.day.receipt_count == 1
            tasks.cancel_scope.cancel()
    assert not bus.claimed(gadget)
