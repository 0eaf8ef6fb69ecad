"""An emulated USB bus: what libusb is to pyusb, with emulated printers on it.

A printer is plugged in as a ``Gadget`` - descriptors, endpoints, control requests - in front of a socket, whose other
end carries the bytes to a ``Device`` (``Plug.serve``). Errors have libusb's numbers and meanings. Faults happen at a
byte, once, and leave what they leave on a real bus: a stalled endpoint stays so until it is cleared, a device that was
unplugged is never there again, only another one at another address.
"""

from __future__ import annotations

import array
import contextlib
import errno
import itertools
import os
import select
import socket
import struct
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from types import SimpleNamespace
from typing import Any, Literal, NamedTuple, Self

from usb.backend import IBackend
from usb.backend.libusb1 import (
    LIBUSB_ERROR_ACCESS,
    LIBUSB_ERROR_BUSY,
    LIBUSB_ERROR_NO_DEVICE,
    LIBUSB_ERROR_NOT_FOUND,
    LIBUSB_ERROR_OVERFLOW,
    LIBUSB_ERROR_PIPE,
    LIBUSB_ERROR_TIMEOUT,
)
from usb.core import USBError, USBTimeoutError

from fiscald.transport.usb import BACKEND

Direction = Literal["out", "in"]

_ERRNO = {
    LIBUSB_ERROR_ACCESS: errno.EACCES,
    LIBUSB_ERROR_BUSY: errno.EBUSY,
    LIBUSB_ERROR_NO_DEVICE: errno.ENODEV,
    LIBUSB_ERROR_NOT_FOUND: errno.ENOENT,
    LIBUSB_ERROR_OVERFLOW: errno.EOVERFLOW,
    LIBUSB_ERROR_PIPE: errno.EPIPE,
    LIBUSB_ERROR_TIMEOUT: errno.ETIMEDOUT,
}
_ENGLISH = 0x0409
_STRINGS = {1: "EMULATOR", 2: "Fiscal printer"}
_SERIAL_STRING = 3
# Control requests: type, request (USB 2.0, section 9.4.3; PSTN 1.2, section 6.3).
_GET_DESCRIPTOR = (0x80, 0x06)
_SET_LINE_CODING, _GET_LINE_CODING, _SET_CONTROL_LINE_STATE = (0x21, 0x20), (0xA1, 0x21), (0x21, 0x22)


class Endpoint(NamedTuple):
    """One endpoint; the highest bit of ``address`` says "in"."""

    address: int
    kind: Literal[2, 3]
    """2 bulk, 3 interrupt."""
    packet_size: int


class UsbInterface(NamedTuple):
    """One interface."""

    number: int
    usb_class: int
    subclass: int
    protocol: int
    endpoints: tuple[Endpoint, ...]
    extra: bytes = b""
    """Class descriptors."""


def cdc_acm(packet_size: int = 64, *, first: int = 0, protocol: int = 1) -> tuple[UsbInterface, UsbInterface]:
    """A virtual serial port: the interface ``first`` for control, the next one for data."""
    # Header, call management, abstract control management (knows the line), union (CDC 1.2, section 5.2.3).
    extra = bytes.fromhex("0524001001 05240100") + bytes((first + 1,)) + bytes.fromhex("04240202")
    extra += bytes((5, 0x24, 0x06, first, first + 1))
    control = UsbInterface(first, 0x02, 0x02, protocol, (Endpoint(0x83 + 3 * first, 3, 16),), extra)
    return control, UsbInterface(first + 1, 0x0A, 0, 0, _bulk_pair(first, packet_size))


def plain_bulk(packet_size: int = 64, *, number: int = 0, usb_class: int = 0xFF) -> tuple[UsbInterface]:
    """One interface of the maker's own class, or of another one, with two bulk endpoints."""
    return (UsbInterface(number, usb_class, 0, 0, _bulk_pair(number, packet_size)),)


def _bulk_pair(number: int, packet_size: int) -> tuple[Endpoint, Endpoint]:
    return Endpoint(0x02 + 3 * number, 2, packet_size), Endpoint(0x81 + 3 * number, 2, packet_size)


class UsbAct(StrEnum):
    """What can happen to a transfer."""

    UNPLUG = "unplug"
    STALL = "stall"
    NAK = "nak"
    """The printer takes or gives nothing during so many transfers."""


@dataclass
class UsbFault:
    """One planned fault: it befalls the packet in which the byte ``at`` travels."""

    act: UsbAct
    direction: Direction
    at: int
    arrives: bool = False
    """Whether that packet still passes before the device is unplugged."""
    transfers: int = 1


@dataclass(eq=False)
class Gadget:
    """What one printer is to USB."""

    serial: str | None = "EMU0000000001"
    interfaces: tuple[UsbInterface, ...] = field(default_factory=cdc_acm)
    vendor: int = 0x1424
    product: int = 0x10B0
    silent_without_dtr: bool = True
    """Holds answers back until DTR is asserted, where it has such a line (POSNET reference, section 2)."""
    gathers: bool = False
    """Takes packets as parts of a whole, which a short one ends."""
    knows_requests: bool = True
    """Otherwise every class request is stalled."""

    # What the host does with it, and who may.
    denied: bool = False
    held: bool = False
    """Another program has claimed all of it."""
    kernel_driver: bool = False
    """The kernel's CDC driver takes it when it is plugged in."""
    configured: bool = True

    # What became of it.
    line: tuple[int, int, int, int] | None = None
    """Speed, stop bits, parity, data bits as told last."""
    dtr: bool = False
    rts: bool = False
    packets: list[bytes] = field(default_factory=list)
    """Every packet that came, as it came."""
    passed: dict[Direction, int] = field(default_factory=lambda: {"out": 0, "in": 0})
    """Bytes so far, each way."""
    faults: list[UsbFault] = field(default_factory=list)

    @property
    def has_line(self) -> bool:
        """Whether it is a virtual serial port."""
        return any(interface.usb_class == 0x02 for interface in self.interfaces)

    def plan(self, act: UsbAct, direction: Direction, at: int = 0, **how: Any) -> None:
        """Let it happen at the ``at``-th byte from now on; ``how`` as in ``UsbFault``."""
        self.faults.append(UsbFault(act, direction, self.passed[direction] + at, **how))

    def meet(self, direction: Direction, length: int) -> UsbFault | None:
        """The fault that befalls the next packet of that length, if there is one."""
        start = self.passed[direction]
        for fault in self.faults:
            if fault.direction == direction and start <= fault.at < start + length:
                fault.transfers -= 1
                if fault.transfers <= 0:
                    self.faults.remove(fault)
                return fault
        return None

    def string(self, index: int) -> str | None:
        """The string descriptor of that index."""
        return self.serial if index == _SERIAL_STRING else _STRINGS.get(index)


class _Plugged:
    """A gadget at an address, until it is unplugged."""

    def __init__(self, gadget: Gadget, path: str, address: int) -> None:
        self.gadget = gadget
        bus, _, ports = path.partition("-")
        self.bus, self.ports, self.address = int(bus), tuple(map(int, ports.split("."))), address
        self.handles: list[_Handle] = []
        self.claimed: dict[int, _Handle] = {}
        self.driven = {one.number for one in gadget.interfaces} if gadget.kernel_driver else set()
        self.gone = threading.Event()
        # One transfer at a time: this host has one thread for a device.
        self._lock = threading.RLock()
        self._halted: set[int] = set()
        self._gathered = b""
        self._owed = b""
        self._unended = False
        self._socket, self.far = socket.socketpair()
        self._socket.setblocking(False)

    def unplug(self) -> None:
        """Whoever is in a transfer is woken; what the printer has received stays received."""
        self.gone.set()
        self.gadget.dtr = self.gadget.rts = False
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        with self._lock:
            self._socket.close()

    @contextlib.contextmanager
    def transfer(self) -> Iterator[None]:
        """Raises ``USBError`` if the device is gone, or goes meanwhile."""
        with self._lock:
            self._check()
            yield

    def endpoint(self, handle: _Handle, address: int) -> Endpoint:
        for interface in self.gadget.interfaces:
            for endpoint in interface.endpoints:
                if endpoint.address == address and self.claimed.get(interface.number) is handle:
                    if address in self._halted:
                        raise _error(LIBUSB_ERROR_PIPE)
                    return endpoint
        raise _error(LIBUSB_ERROR_NOT_FOUND)

    def clear_halt(self, address: int) -> None:
        self._halted.discard(address)

    def write(self, endpoint: Endpoint, data: bytes, seconds: float) -> int:
        """Packets to the printer, as many as it takes; one without content if there is no ``data``."""
        sent = 0
        for start in range(0, max(len(data), 1), endpoint.packet_size):
            packet = data[start : start + endpoint.packet_size]
            if not self._pass_out(endpoint, packet, seconds):
                if not sent:
                    raise _error(LIBUSB_ERROR_TIMEOUT)
                break
            sent += len(packet)
        return sent

    def _pass_out(self, endpoint: Endpoint, packet: bytes, seconds: float) -> bool:
        """One packet to the printer; whether it took it."""
        fault = self._befall("out", endpoint, packet)
        if fault is not None and fault.act is UsbAct.NAK:
            return self._wait(seconds)
        if fault is None or fault.arrives:
            if not select.select([], [self._socket], [], seconds)[1]:
                return self._wait(0)
            self._arrive(endpoint, packet)
        if fault is not None:
            self.unplug()
        self._check()
        return True

    def _arrive(self, endpoint: Endpoint, packet: bytes) -> None:
        gadget = self.gadget
        gadget.packets.append(packet)
        gadget.passed["out"] += len(packet)
        self._gathered += packet
        if not gadget.gathers or len(packet) < endpoint.packet_size:
            whole, self._gathered = self._gathered, b""
            try:
                while whole:
                    whole = whole[self._socket.send(whole) :]
            except (BrokenPipeError, ConnectionResetError):
                self.unplug()  # the printer was switched off

    def read(self, endpoint: Endpoint, room: int, seconds: float) -> bytes:
        """Packets from the printer, until there is a short one or no more room."""
        came = b""
        while len(came) < room:
            packet = self._pass_in(endpoint, 0 if came else seconds)
            if packet is None:
                if not came:
                    raise _error(LIBUSB_ERROR_TIMEOUT)
                break
            if len(came) + len(packet) > room:
                raise _error(LIBUSB_ERROR_OVERFLOW)
            came += packet
            if len(packet) < endpoint.packet_size:
                break
        return came

    def _pass_in(self, endpoint: Endpoint, seconds: float) -> bytes | None:
        """One packet from the printer; ``None`` if it gives none in time."""
        packet = self._next_packet(endpoint.packet_size, seconds)
        if packet is None:
            self._wait(0)
            return None
        fault = self._befall("in", endpoint, packet)
        if fault is not None and fault.act is UsbAct.NAK:
            self._owed = packet
            self._wait(seconds)
            return None
        self.gadget.passed["in"] += len(packet)
        if fault is not None:
            self.unplug()
            if not fault.arrives:
                self._check()
        return packet

    def _next_packet(self, size: int, seconds: float) -> bytes | None:
        if self._owed:
            packet, self._owed = self._owed, b""
            return packet
        if self.gadget.silent_without_dtr and self.gadget.has_line and not self.gadget.dtr:
            self._wait(seconds)
            return None
        if select.select([self._socket], [], [], 0 if self._unended else seconds)[0]:
            with contextlib.suppress(ConnectionResetError):
                packet = self._socket.recv(size)
                if packet:
                    self._unended = len(packet) == size
                    return packet
            self.unplug()  # the printer was switched off
        elif self._unended:
            self._unended = False
            return b""
        return None

    def _befall(self, direction: Direction, endpoint: Endpoint, packet: bytes) -> UsbFault | None:
        """The fault of this packet. Raises ``USBError`` if that is a stall."""
        fault = self.gadget.meet(direction, len(packet))
        if fault is not None and fault.act is UsbAct.STALL:
            self._halted.add(endpoint.address)
            if direction == "in":
                self._owed = packet
            raise _error(LIBUSB_ERROR_PIPE)
        return fault

    def _wait(self, seconds: float) -> Literal[False]:
        self.gone.wait(seconds)
        self._check()
        return False

    def _check(self) -> None:
        if self.gone.is_set():
            raise _error(LIBUSB_ERROR_NO_DEVICE)

    def control(self, kind: tuple[int, int], value: int, data: array.array[int]) -> int:
        """A control request; fills ``data`` or reads it. Returns how many bytes."""
        gadget = self.gadget
        known = gadget.has_line and gadget.knows_requests
        if kind == _GET_DESCRIPTOR and value >> 8 == 3:
            return _fill(data, self._string_descriptor(value & 0xFF))
        if kind == _SET_LINE_CODING and known and len(data) == 7:
            gadget.line = struct.unpack("<IBBB", data.tobytes())
            return len(data)
        if kind == _GET_LINE_CODING and known and gadget.line is not None:
            return _fill(data, struct.pack("<IBBB", *gadget.line))
        if kind == _SET_CONTROL_LINE_STATE and known:
            gadget.dtr, gadget.rts = bool(value & 1), bool(value & 2)
            return 0
        raise _error(LIBUSB_ERROR_PIPE)

    def _string_descriptor(self, index: int) -> bytes:
        text = self.gadget.string(index)
        if index and text is None:
            raise _error(LIBUSB_ERROR_PIPE)
        body = text.encode("utf-16-le") if text is not None else struct.pack("<H", _ENGLISH)
        return bytes((len(body) + 2, 3)) + body


class _Handle:
    """An opened device."""

    def __init__(self, plugged: _Plugged) -> None:
        self.plugged = plugged


class EmulatedBus(IBackend):  # type: ignore[misc]
    """The host's side: gadgets are plugged in and out, pyusb sees what there is."""

    def __init__(self) -> None:
        super().__init__()
        self._plugged: list[_Plugged] = []
        self._addresses = itertools.count(2)

    @contextlib.contextmanager
    def in_use(self) -> Iterator[Self]:
        """Within the block, ``usb://`` means this bus, in this task and in those it starts."""
        token = BACKEND.set(self)
        try:
            yield self
        finally:
            BACKEND.reset(token)
            for plugged in self._plugged:
                plugged.unplug()

    def plug(self, gadget: Gadget, path: str = "1-2") -> socket.socket:
        """Plug it in there (bus and ports); the printer's end of it. It gets an address that was never used."""
        plugged = _Plugged(gadget, path, next(self._addresses))
        self._plugged.append(plugged)
        return plugged.far

    def unplug(self, gadget: Gadget) -> None:
        """Pull its plug, if it is plugged in."""
        for plugged in self._plugged:
            if plugged.gadget is gadget:
                plugged.unplug()

    def is_open(self, gadget: Gadget) -> bool:
        """Whether somebody has it open now."""
        return any(plugged.gadget is gadget and plugged.handles for plugged in self._there())

    def claimed(self, gadget: Gadget) -> set[int]:
        """The numbers of its interfaces that are in use now."""
        return {number for plugged in self._there() if plugged.gadget is gadget for number in plugged.claimed}

    def driven(self, gadget: Gadget) -> set[int]:
        """The numbers of its interfaces that the kernel's driver has now."""
        return {number for plugged in self._there() if plugged.gadget is gadget for number in plugged.driven}

    def _there(self) -> list[_Plugged]:
        return [plugged for plugged in self._plugged if not plugged.gone.is_set()]

    # -- what pyusb asks (usb.backend.IBackend) -----------------------------------------------------------

    def enumerate_devices(self) -> list[_Plugged]:
        """See ``IBackend``."""
        return self._there()

    def get_parent(self, _dev: _Plugged) -> None:
        """See ``IBackend``; hubs are not shown."""

    def get_device_descriptor(self, dev: _Plugged) -> SimpleNamespace:
        """See ``IBackend``."""
        gadget = dev.gadget
        return SimpleNamespace(
            bLength=18, bDescriptorType=1, bcdUSB=0x0200, bDeviceClass=0x02 if gadget.has_line else 0,
            bDeviceSubClass=0, bDeviceProtocol=0, bMaxPacketSize0=64, idVendor=gadget.vendor,
            idProduct=gadget.product, bcdDevice=0x0100, iManufacturer=1, iProduct=2,
            iSerialNumber=0 if gadget.serial is None else _SERIAL_STRING, bNumConfigurations=1,
            address=dev.address, bus=dev.bus, port_number=dev.ports[-1], port_numbers=dev.ports, speed=2,
        )  # fmt: skip

    def get_configuration_descriptor(self, dev: _Plugged, config: int) -> SimpleNamespace:
        """See ``IBackend``."""
        if config:
            raise IndexError(config)
        numbers = {interface.number for interface in dev.gadget.interfaces}
        return SimpleNamespace(
            bLength=9, bDescriptorType=2, wTotalLength=9, bNumInterfaces=len(numbers), bConfigurationValue=1,
            iConfiguration=0, bmAttributes=0xC0, bMaxPower=0, extra_descriptors=[],
        )  # fmt: skip

    def get_interface_descriptor(self, dev: _Plugged, intf: int, alt: int, config: int) -> SimpleNamespace:
        """See ``IBackend``."""
        if config or alt:
            raise IndexError(alt)
        one = dev.gadget.interfaces[intf]
        return SimpleNamespace(
            bLength=9, bDescriptorType=4, bInterfaceNumber=one.number, bAlternateSetting=0,
            bNumEndpoints=len(one.endpoints), bInterfaceClass=one.usb_class, bInterfaceSubClass=one.subclass,
            bInterfaceProtocol=one.protocol, iInterface=0, extra_descriptors=list(one.extra),
        )  # fmt: skip

    def get_endpoint_descriptor(self, dev: _Plugged, ep: int, intf: int, _alt: int, _config: int) -> SimpleNamespace:
        """See ``IBackend``."""
        one = dev.gadget.interfaces[intf].endpoints[ep]
        return SimpleNamespace(
            bLength=7, bDescriptorType=5, bEndpointAddress=one.address, bmAttributes=one.kind,
            wMaxPacketSize=one.packet_size, bInterval=0, bRefresh=0, bSynchAddress=0, extra_descriptors=[],
        )  # fmt: skip

    def open_device(self, dev: _Plugged) -> _Handle:
        """See ``IBackend``."""
        if dev.gone.is_set():
            raise _error(LIBUSB_ERROR_NO_DEVICE)
        if dev.gadget.denied:
            raise _error(LIBUSB_ERROR_ACCESS)
        dev.handles.append(_Handle(dev))
        return dev.handles[-1]

    def close_device(self, dev_handle: _Handle) -> None:
        """See ``IBackend``."""
        dev_handle.plugged.handles.remove(dev_handle)
        claimed = dev_handle.plugged.claimed
        for number in [number for number, holder in claimed.items() if holder is dev_handle]:
            del claimed[number]

    def set_configuration(self, dev_handle: _Handle, _config_value: int) -> None:
        """See ``IBackend``."""
        with dev_handle.plugged.transfer():
            dev_handle.plugged.gadget.configured = True

    def get_configuration(self, dev_handle: _Handle) -> int:
        """See ``IBackend``."""
        with dev_handle.plugged.transfer():
            return int(dev_handle.plugged.gadget.configured)

    def claim_interface(self, dev_handle: _Handle, intf: int) -> None:
        """See ``IBackend``."""
        plugged = dev_handle.plugged
        with plugged.transfer():
            if plugged.gadget.held or intf in plugged.driven or intf in plugged.claimed:
                raise _error(LIBUSB_ERROR_BUSY)
            plugged.claimed[intf] = dev_handle

    def release_interface(self, dev_handle: _Handle, intf: int) -> None:
        """See ``IBackend``."""
        with dev_handle.plugged.transfer():
            if dev_handle.plugged.claimed.get(intf) is not dev_handle:
                raise _error(LIBUSB_ERROR_NOT_FOUND)
            del dev_handle.plugged.claimed[intf]

    def bulk_write(self, dev_handle: _Handle, ep: int, _intf: int, data: array.array[int], timeout: int) -> int:
        """See ``IBackend``."""
        plugged = dev_handle.plugged
        with plugged.transfer():
            return plugged.write(plugged.endpoint(dev_handle, ep), data.tobytes(), timeout / 1000)

    def bulk_read(self, dev_handle: _Handle, ep: int, _intf: int, buff: array.array[int], timeout: int) -> int:
        """See ``IBackend``."""
        plugged = dev_handle.plugged
        with plugged.transfer():
            return _fill(buff, plugged.read(plugged.endpoint(dev_handle, ep), len(buff), timeout / 1000))

    def ctrl_transfer(
        self,
        dev_handle: _Handle,
        kind: int,
        request: int,
        value: int,
        _index: int,
        data: array.array[int],
        _timeout: int,
    ) -> int:
        """See ``IBackend``."""
        with dev_handle.plugged.transfer():
            return dev_handle.plugged.control((kind, request), value, data)

    def clear_halt(self, dev_handle: _Handle, ep: int) -> None:
        """See ``IBackend``."""
        with dev_handle.plugged.transfer():
            dev_handle.plugged.clear_halt(ep)

    def is_kernel_driver_active(self, dev_handle: _Handle, intf: int) -> bool:
        """See ``IBackend``."""
        with dev_handle.plugged.transfer():
            return intf in dev_handle.plugged.driven

    def detach_kernel_driver(self, dev_handle: _Handle, intf: int) -> None:
        """See ``IBackend``. As Linux's cdc_acm does, the driver leaves all its interfaces at once."""
        with dev_handle.plugged.transfer():
            if intf not in dev_handle.plugged.driven:
                raise _error(LIBUSB_ERROR_NOT_FOUND)
            dev_handle.plugged.driven.clear()

    def attach_kernel_driver(self, dev_handle: _Handle, _intf: int) -> None:
        """See ``IBackend``."""
        plugged = dev_handle.plugged
        with plugged.transfer():
            if plugged.claimed:
                raise _error(LIBUSB_ERROR_BUSY)
            plugged.driven = {interface.number for interface in plugged.gadget.interfaces}


def _error(code: int) -> USBError:
    number = _ERRNO[code]
    kind = USBTimeoutError if code == LIBUSB_ERROR_TIMEOUT else USBError
    return kind(os.strerror(number), code, number)


def _fill(buffer: array.array[int], data: bytes) -> int:
    data = data[: len(buffer)]
    buffer[: len(data)] = array.array("B", data)
    return len(data)
