"""A gadget in a port of the emulated bus: its transfers, packet by packet, until it is unplugged."""

from __future__ import annotations

import array
import contextlib
import errno
import os
import select
import socket
import struct
import threading
from collections.abc import Iterator
from typing import Literal

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

from tests.emulated_usb.gadget import Direction, Endpoint, Gadget, UsbFault, UsbFaultKind

ERRNO = {
    LIBUSB_ERROR_ACCESS: errno.EACCES,
    LIBUSB_ERROR_BUSY: errno.EBUSY,
    LIBUSB_ERROR_NO_DEVICE: errno.ENODEV,
    LIBUSB_ERROR_NOT_FOUND: errno.ENOENT,
    LIBUSB_ERROR_OVERFLOW: errno.EOVERFLOW,
    LIBUSB_ERROR_PIPE: errno.EPIPE,
    LIBUSB_ERROR_TIMEOUT: errno.ETIMEDOUT,
}
_ENGLISH = 0x0409
# Control requests: type, request (USB 2.0, section 9.4.3; PSTN 1.2, section 6.3).
_GET_DESCRIPTOR = (0x80, 0x06)
_SET_LINE_CODING, _GET_LINE_CODING, _SET_CONTROL_LINE_STATE = (0x21, 0x20), (0xA1, 0x21), (0x21, 0x22)


class PluggedGadget:
    """A gadget at an address, until it is unplugged."""

    def __init__(self, gadget: Gadget, path: str, address: int) -> None:
        self.gadget = gadget
        bus, _, ports = path.partition("-")
        self.bus, self.ports, self.address = int(bus), tuple(map(int, ports.split("."))), address
        self.handles: list[Handle] = []
        self.claimed: dict[int, Handle] = {}
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
        """Wakes the waiting transfers; the printer keeps what it has received."""
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

    def endpoint(self, handle: Handle, address: int) -> Endpoint:
        for interface in self.gadget.interfaces:
            for endpoint in interface.endpoints:
                if endpoint.address == address and self.claimed.get(interface.number) is handle:
                    if address in self._halted:
                        raise usb_error(LIBUSB_ERROR_PIPE)
                    return endpoint
        raise usb_error(LIBUSB_ERROR_NOT_FOUND)

    def clear_halt(self, address: int) -> None:
        self._halted.discard(address)

    def write(self, endpoint: Endpoint, data: bytes, seconds: float) -> int:
        """Packets to the printer, as many as it takes; one without content if there is no ``data``."""
        sent = 0
        for start in range(0, max(len(data), 1), endpoint.packet_size):
            packet = data[start : start + endpoint.packet_size]
            if not self._pass_out(endpoint, packet, seconds):
                if not sent:
                    raise usb_error(LIBUSB_ERROR_TIMEOUT)
                break
            sent += len(packet)
        return sent

    def _pass_out(self, endpoint: Endpoint, packet: bytes, seconds: float) -> bool:
        """One packet to the printer; whether it took it."""
        fault = self._next_fault("out", endpoint, packet)
        if fault is not None and fault.kind is UsbFaultKind.NAK:
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
                    raise usb_error(LIBUSB_ERROR_TIMEOUT)
                break
            if len(came) + len(packet) > room:
                raise usb_error(LIBUSB_ERROR_OVERFLOW)
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
        fault = self._next_fault("in", endpoint, packet)
        if fault is not None and fault.kind is UsbFaultKind.NAK:
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

    def _next_fault(self, direction: Direction, endpoint: Endpoint, packet: bytes) -> UsbFault | None:
        """The fault of this packet. Raises ``USBError`` if that is a stall."""
        fault = self.gadget.next_fault(direction, len(packet))
        if fault is not None and fault.kind is UsbFaultKind.STALL:
            self._halted.add(endpoint.address)
            if direction == "in":
                self._owed = packet
            raise usb_error(LIBUSB_ERROR_PIPE)
        return fault

    def _wait(self, seconds: float) -> Literal[False]:
        self.gone.wait(seconds)
        self._check()
        return False

    def _check(self) -> None:
        if self.gone.is_set():
            raise usb_error(LIBUSB_ERROR_NO_DEVICE)

    def control(self, kind: tuple[int, int], value: int, data: array.array[int]) -> int:
        """A control request; fills ``data`` or reads it. Returns how many bytes."""
        gadget = self.gadget
        known = gadget.has_line and gadget.knows_requests
        if kind == _GET_DESCRIPTOR and value >> 8 == 3:
            return fill(data, self._string_descriptor(value & 0xFF))
        if kind == _SET_LINE_CODING and known and len(data) == 7:
            gadget.line = struct.unpack("<IBBB", data.tobytes())
            return len(data)
        if kind == _GET_LINE_CODING and known and gadget.line is not None:
            return fill(data, struct.pack("<IBBB", *gadget.line))
        if kind == _SET_CONTROL_LINE_STATE and known:
            gadget.dtr, gadget.rts = bool(value & 1), bool(value & 2)
            return 0
        raise usb_error(LIBUSB_ERROR_PIPE)

    def _string_descriptor(self, index: int) -> bytes:
        text = self.gadget.string(index)
        if index and text is None:
            raise usb_error(LIBUSB_ERROR_PIPE)
        body = text.encode("utf-16-le") if text is not None else struct.pack("<H", _ENGLISH)
        return bytes((len(body) + 2, 3)) + body


class Handle:
    """An opened device."""

    def __init__(self, plugged: PluggedGadget) -> None:
        self.plugged = plugged


def usb_error(code: int) -> USBError:
    number = ERRNO[code]
    kind = USBTimeoutError if code == LIBUSB_ERROR_TIMEOUT else USBError
    return kind(os.strerror(number), code, number)


def fill(buffer: array.array[int], data: bytes) -> int:
    data = data[: len(buffer)]
    buffer[: len(data)] = array.array("B", data)
    return len(data)
