"""What one emulated printer is to USB: descriptors, endpoints, what happens to its packets."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Literal, NamedTuple

Direction = Literal["out", "in"]

_STRINGS = {1: "EMULATOR", 2: "Fiscal printer"}
SERIAL_STRING = 3


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


class UsbFaultKind(StrEnum):
    """What can happen to a transfer."""

    UNPLUG = "unplug"
    STALL = "stall"
    NAK = "nak"
    """The printer takes or gives nothing during so many transfers."""


@dataclass
class UsbFault:
    """One planned fault: it befalls the packet in which the byte ``at`` travels."""

    kind: UsbFaultKind
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

    def plan(self, kind: UsbFaultKind, direction: Direction, at: int = 0, **how: Any) -> None:
        """Let it happen at the ``at``-th byte from now on; ``how`` as in ``UsbFault``."""
        self.faults.append(UsbFault(kind, direction, self.passed[direction] + at, **how))

    def next_fault(self, direction: Direction, length: int) -> UsbFault | None:
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
        return self.serial if index == SERIAL_STRING else _STRINGS.get(index)
