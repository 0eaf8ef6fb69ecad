"""USB printers without a serial port: CDC-ACM and plain bulk interfaces, by pyusb.

A worker thread per device does what blocks. It moves bytes between the endpoints and a socket pair whose other end
is the stream, so that waiting, cancelling and closing are those of every descriptor.

One packet per transfer: a packet has passed or it has not, and a transfer that is given up takes no bytes with it.
"""

from __future__ import annotations

import contextlib
import errno
import select
import socket
import struct
import threading
from collections.abc import Iterable, Iterator
from contextvars import ContextVar
from dataclasses import dataclass
from typing import NamedTuple
from urllib.parse import urlencode

import anyio
import usb.backend.libusb1
import usb.core
import usb.util
from usb.backend import IBackend
from usb.core import Configuration, Device, Interface, USBError, USBTimeoutError

from fiscald.transport.base import AccessDenied, ByteStream, DeviceAbsent, LinkError, LinkLost, PortHeld
from fiscald.transport.descriptor import DescriptorStream

#: pyusb's backend to use in place of libusb, for this task and those it starts: emulated buses are put in here.
BACKEND: ContextVar[IBackend | None] = ContextVar("BACKEND", default=None)

#: Speed told to a CDC device (POSNET reference, section 2: driver defaults). A printer without a line ignores it.
BAUD = 115200

# Milliseconds. To libusb 0 would be "for ever".
_CONTROL_MS = 1000
_WRITE_MS = 50
# A read that waits keeps what is to be sent from going out. So it is short while the line is busy, and doubles while
# nothing passes: a command never waits longer than the line was quiet before it.
_SHORTEST_READ_MS, _LONGEST_READ_MS = 1, 32
# What an earlier connection left in the printer is thrown away until so long nothing comes, at most so many packets.
_DISCARD_MS, _DISCARD_PACKETS = 10, 256
_CHUNK = 65536

# USB class codes, and the requests and descriptors of CDC (USB CDC 1.2, sections 4.2 and 5.2.3; PSTN 1.2, section 6.3).
_CLASS_CDC, _CLASS_PRINTER, _CLASS_CDC_DATA, _CLASS_VENDOR = 0x02, 0x07, 0x0A, 0xFF
_SUBCLASS_ACM = 0x02
_PROTOCOL_RNDIS = 0xFF  # a network in the guise of a modem
_CS_INTERFACE, _UNION = 0x24, 0x06
_TO_INTERFACE = 0x21
_SET_LINE_CODING, _SET_CONTROL_LINE_STATE = 0x20, 0x22
_DTR_RTS = 0x03

_SEE = " fiscalctl scan lists what is there"
_NO_RIGHTS = (errno.EACCES, errno.EPERM)


@dataclass(frozen=True, slots=True)
class UsbDevice:
    """A USB address: ``usb://1424:10b0?serial=ABC123``. The device is looked for again at every opening."""

    vendor: int
    product: int
    serial: str | None = None
    path: str | None = None
    """Where it is plugged in, as the kernel writes it: ``1-2.4`` is bus 1, port 2, port 4 of the hub there."""
    interface: int | None = None
    """The number of the interface, where the device has several that fit."""
    baud: int = BAUD
    detach: bool = False
    """Take the device away from the kernel's driver while it is open."""

    def __str__(self) -> str:
        options = {
            "serial": self.serial,
            "path": self.path,
            "interface": self.interface,
            "baud": None if self.baud == BAUD else self.baud,
            "detach": "yes" if self.detach else None,
        }
        query = urlencode({name: value for name, value in options.items() if value is not None})
        return f"usb://{self.vendor:04x}:{self.product:04x}" + (f"?{query}" if query else "")

    async def open(self) -> ByteStream:
        """Find and claim the device: 8 data bits, no parity, DTR and RTS asserted, input discarded.

        Raises ``DeviceAbsent``, ``AccessDenied``, ``PortHeld`` or ``LinkError``.
        """
        return await anyio.to_thread.run_sync(self._open)

    def _open(self) -> ByteStream:
        try:
            device = self._find(BACKEND.get() or _libusb())
            return _UsbStream(_Port(device, self), str(self))
        except USBError as error:
            raise self._explain(error) from None

    def _find(self, backend: IBackend) -> Device:
        with contextlib.ExitStack() as unused:
            found = list(usb.core.find(find_all=True, backend=backend, idVendor=self.vendor, idProduct=self.product))
            for device in found:
                unused.callback(usb.util.dispose_resources, device)
            fitting = [device for device in found if self.path in (None, _path(device))]
            if self.serial is not None:
                fitting = [device for device in fitting if self.serial == _serial(device)]
            match fitting:
                case [device]:
                    return device
                case []:
                    others = f"; there are {_listed(found)}" if found else ""
                    raise DeviceAbsent(
                        f"{self} does not exist; is the printer switched on and plugged in?{others or _SEE}"
                    )
                case _:
                    several = f"{len(fitting)} devices fit {self}: {_listed(fitting)}"
                    raise LinkError(f"{several}; write serial= or path= of one of them into the address")

    def _explain(self, error: USBError) -> LinkError:
        if error.errno in (errno.ENODEV, errno.ENOENT, errno.ENXIO, errno.EIO):
            return DeviceAbsent(f"{self} was unplugged while it was opened; is its cable loose?")
        if error.errno in _NO_RIGHTS:
            return AccessDenied(f"this user may not open {self}; install fiscald's udev rules (70-fiscald.rules)")
        if error.errno == errno.EBUSY:
            return PortHeld(f"another program holds {self}; stop it: sudo fuser -v /dev/bus/usb/*/* shows which it is")
        return LinkError(f"{self} cannot be opened: {error.strerror}; fiscalctl doctor looks for the reason")


def _libusb() -> IBackend:
    backend = usb.backend.libusb1.get_backend()
    if backend is None:
        raise LinkError(
            "usb:// needs the library libusb 1.0, which is not installed: "
            "apt install libusb-1.0-0 (Debian, Ubuntu), dnf install libusb1 (Fedora)"
        )
    return backend


def _path(device: Device) -> str:
    ports = ".".join(str(port) for port in device.port_numbers or ())
    return f"{device.bus}-{ports or 0}"


def _serial(device: Device) -> str | None:
    """The serial number, if it has a readable one. Raises ``USBError`` if this user may not ask."""
    if not device.iSerialNumber:
        return None
    try:
        language, *_ = usb.util.get_langids(device)  # device.langids would pass over missing rights
        return str(usb.util.get_string(device, device.iSerialNumber, language)).strip("\0 ")
    except USBError as error:
        if error.errno in _NO_RIGHTS:
            raise
        return None  # a neighbour that hangs or goes must not stand in the way of the right one
    except (ValueError, IndexError):  # no languages, not UTF-16, empty
        return None


def _listed(devices: Iterable[Device]) -> str:
    told = []
    for device in devices:
        try:
            serial = _serial(device)
            known = "no serial number" if serial is None else f"serial={serial}"
        except USBError as error:
            known = f"serial number not readable: {error.strerror}"
        told.append(f"path={_path(device)} ({known})")
    return ", ".join(told)


class _Candidate(NamedTuple):
    """Interfaces that can carry bytes both ways."""

    control: Interface | None
    """CDC's other half."""
    data: Interface

    @property
    def numbers(self) -> list[int]:
        return [half.bInterfaceNumber for half in (self.control, self.data) if half is not None]


def _candidates(configuration: Configuration) -> Iterator[_Candidate]:
    interfaces = [interface for interface in configuration if interface.bAlternateSetting == 0]
    by_number = {interface.bInterfaceNumber: interface for interface in interfaces}
    spoken_for = set()
    for interface in interfaces:
        if (interface.bInterfaceClass, interface.bInterfaceSubClass) == (_CLASS_CDC, _SUBCLASS_ACM):
            data = by_number.get(_data_interface(interface))
            if data is not None:
                spoken_for.add(data.bInterfaceNumber)
                if interface.bInterfaceProtocol != _PROTOCOL_RNDIS and _endpoints(data) is not None:
                    yield _Candidate(interface, data)
    for interface in interfaces:
        plain = interface.bInterfaceClass in (_CLASS_VENDOR, _CLASS_PRINTER, _CLASS_CDC_DATA)
        if plain and interface.bInterfaceNumber not in spoken_for and _endpoints(interface) is not None:
            yield _Candidate(None, interface)


def _data_interface(control: Interface) -> int:
    """The number of the data interface: as the union descriptor says, or else the next one."""
    extra = bytes(control.extra_descriptors)
    while len(extra) >= 2 and 2 <= extra[0] <= len(extra):
        one, extra = extra[: extra[0]], extra[extra[0] :]
        if one[1:3] == bytes((_CS_INTERFACE, _UNION)) and len(one) >= 5:
            return one[4]
    return int(control.bInterfaceNumber) + 1


class _Endpoints(NamedTuple):
    out: int
    out_size: int
    into: int
    into_size: int


def _endpoints(interface: Interface) -> _Endpoints | None:
    """The addresses and packet sizes of the first bulk endpoint each way; ``None`` if one is missing."""
    first: dict[int, tuple[int, int]] = {}
    for endpoint in interface:
        if usb.util.endpoint_type(endpoint.bmAttributes) == usb.util.ENDPOINT_TYPE_BULK:
            direction = usb.util.endpoint_direction(endpoint.bEndpointAddress)
            first.setdefault(direction, (endpoint.bEndpointAddress, endpoint.wMaxPacketSize & 0x7FF))
    if len(first) < 2:
        return None
    return _Endpoints(*first[usb.util.ENDPOINT_OUT], *first[usb.util.ENDPOINT_IN])


class _Port:
    """A claimed interface. All methods block; one thread at a time."""

    def __init__(self, device: Device, address: UsbDevice) -> None:
        """Raises ``LinkError`` or ``USBError``, and leaves nothing claimed."""
        self._device = device
        self._claimed: list[int] = []
        self._detached: list[int] = []
        self._control: int | None = None
        try:
            candidate = _choose(_configuration(device), address)
            endpoints = _endpoints(candidate.data)
            assert endpoints is not None
            self._out, self.packet_size, self._into, self._into_size = endpoints
            for number in candidate.numbers:
                self._free(number, address)
                usb.util.claim_interface(device, number)
                self._claimed.append(number)
            if candidate.control is not None:
                self._control = candidate.control.bInterfaceNumber
                self._request(_SET_LINE_CODING, 0, struct.pack("<IBBB", address.baud, 0, 0, 8))
                self._request(_SET_CONTROL_LINE_STATE, _DTR_RTS)
            self._discard()
        except BaseException:
            self.close()
            raise

    def _free(self, number: int, address: UsbDevice) -> None:
        if not self._device.is_kernel_driver_active(number):
            return
        if not address.detach:
            raise PortHeld(
                f"the kernel's driver has {address}; use its serial port, if it has one "
                f"(serial:///dev/serial/by-id/...), or write detach=yes into the address"
            )
        self._device.detach_kernel_driver(number)
        self._detached.append(number)

    def _request(self, request: int, value: int, data: bytes = b"") -> None:
        try:
            self._device.ctrl_transfer(_TO_INTERFACE, request, value, self._control, data, _CONTROL_MS)
        except USBError as error:
            # A stalled request is one that the device does not know; both are optional (PSTN 1.2, section 5.3.2).
            if error.errno != errno.EPIPE:
                raise

    def _discard(self) -> None:
        for _ in range(_DISCARD_PACKETS):
            try:
                self.read(_DISCARD_MS)
            except USBTimeoutError:
                return
            except USBError as error:
                if error.errno != errno.EPIPE:  # a halt of an earlier connection, cleared by now
                    raise

    def write(self, packet: bytes) -> int:
        """Send at most one packet; how much of it went. Raises ``USBTimeoutError`` if the printer takes none now."""
        with self._clearing(self._out):
            return int(self._device.write(self._out, packet, _WRITE_MS))

    def read(self, milliseconds: int) -> bytes:
        """The next packet, which may be empty. Raises ``USBTimeoutError`` if none comes in time."""
        with self._clearing(self._into):
            return bytes(self._device.read(self._into, self._into_size, milliseconds))

    @contextlib.contextmanager
    def _clearing(self, endpoint: int) -> Iterator[None]:
        """A stalled endpoint stays so until it is cleared: the next connection must find it usable."""
        try:
            yield
        except USBError as error:
            if error.errno == errno.EPIPE:
                with contextlib.suppress(USBError):
                    self._device.clear_halt(endpoint)
            raise

    def close(self) -> None:
        """Hang up, and give the device back to the driver that had it. Never raises."""
        if self._control is not None:
            with contextlib.suppress(USBError):
                self._request(_SET_CONTROL_LINE_STATE, 0)
        for number in self._claimed:
            with contextlib.suppress(USBError):
                usb.util.release_interface(self._device, number)
        for number in self._detached:
            with contextlib.suppress(USBError):
                self._device.attach_kernel_driver(number)
        usb.util.dispose_resources(self._device)


def _configuration(device: Device) -> Configuration:
    try:
        return device.get_active_configuration()
    except USBError as error:
        if error.errno is not None:
            raise
    device.set_configuration()  # nobody has configured it yet
    return device.get_active_configuration()


def _choose(configuration: Configuration, address: UsbDevice) -> _Candidate:
    candidates = list(_candidates(configuration))
    wanted = [one for one in candidates if address.interface is None or address.interface in one.numbers]
    numbers = ", ".join(str(one.data.bInterfaceNumber) for one in candidates) or "none"
    match wanted:
        case [candidate]:
            return candidate
        case []:
            raise LinkError(f"{address} has no such interface for bytes both ways (CDC-ACM or bulk); it has {numbers}")
        case _:
            raise LinkError(f"{address} has several interfaces: {numbers}; write interface= of one into the address")


class _UsbStream(DescriptorStream):
    def __init__(self, port: _Port, name: str) -> None:
        near, self._far = socket.socketpair()
        super().__init__(near.detach(), name)
        self._far.setblocking(False)
        self._port = port
        self._outgoing = b""
        self._incoming = b""
        self._unended = False
        self._read_ms = _SHORTEST_READ_MS
        self._reason: str | None = None
        # A daemon thread: a process that has to end does not wait for a printer.
        self._worker = threading.Thread(target=self._work, name=name, daemon=True)
        self._worker.start()

    async def aclose(self) -> None:
        """See ``ByteStream.aclose``. Afterwards the device can be opened again."""
        await super().aclose()
        with anyio.CancelScope(shield=True):
            await anyio.to_thread.run_sync(self._worker.join)

    def _ended(self) -> LinkLost:
        # The worker hangs up for what went wrong on the cable too: that is no end in order.
        return super()._ended() if self._reason is None else self._lost(self._reason)

    def _lost(self, reason: object) -> LinkLost:
        return super()._lost(self._reason or reason)

    # -- in the worker thread -------------------------------------------------------------------------

    def _work(self) -> None:
        try:
            while self._pass_out():
                self._pass_in()
        except USBError as error:
            self._reason = _REASONS.get(error.errno, error.strerror)
        except ConnectionResetError:
            pass  # the stream was closed before everything was read from it
        finally:
            self._far.close()
            self._port.close()

    def _pass_out(self) -> bool:
        """Send what waits, until there is no more or the printer takes no more; whether to go on."""
        while True:
            if not self._outgoing:
                try:
                    self._outgoing = self._far.recv(_CHUNK)
                    if not self._outgoing:
                        return False
                except BlockingIOError:
                    if not self._unended:
                        return True
            # A device that collects packets to a whole looks for a short one as its end. Where the last one was full
            # and nothing more is to be sent, that is an empty one.
            packet = self._outgoing[: self._port.packet_size]
            try:
                sent = self._port.write(packet)
            except USBTimeoutError:
                return self._open
            self._outgoing = self._outgoing[sent:]
            self._unended = sent == self._port.packet_size
            self._read_ms = _SHORTEST_READ_MS

    def _pass_in(self) -> None:
        """Wait shortly for a packet, and hand it on."""
        if self._incoming:
            # Nobody has taken what came before; the printer is made to wait too.
            select.select([], [self._far], [], _LONGEST_READ_MS / 1000)
        else:
            try:
                self._incoming = self._port.read(self._read_ms)
                self._read_ms = _SHORTEST_READ_MS
            except USBTimeoutError:
                self._read_ms = min(2 * self._read_ms, _LONGEST_READ_MS)
        try:
            if self._incoming:
                self._incoming = self._incoming[self._far.send(self._incoming) :]
        except BlockingIOError:
            pass
        except BrokenPipeError:
            self._incoming = b""  # closed, and perhaps there is still something to send


_REASONS = {
    errno.ENODEV: "the printer was unplugged or switched off",
    errno.EIO: "the printer was unplugged or switched off, or the cable is bad",
    errno.EPIPE: "the printer stalled the transfer",
}
