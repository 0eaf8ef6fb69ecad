"""Compares two addresses: do they lead to the same device, as far as that is known without opening them?"""

from __future__ import annotations

import ipaddress
import os
import stat
from collections.abc import Sequence
from pathlib import Path

from fiscald.diagnostics.host import Host, UsbFacts
from fiscald.transport import Address, SerialLine, TcpHost, UsbDevice


def fits(address: UsbDevice, device: UsbFacts) -> bool:
    """Whether the address matches the device."""
    return (
        (address.vendor, address.product) == (device.vendor, device.product)
        and address.serial in (None, device.serial)
        and address.path in (None, device.path)
    )


def same_port(host: Host, one: str, other: str) -> bool:
    """Whether two names mean one serial port: equal names, a link, or two nodes of one device."""
    here, there = (os.path.realpath(host.path(name)) for name in (one, other))
    return here == there or (_device(here) is not None and _device(here) == _device(there))


def same_host(one: TcpHost, other: TcpHost) -> bool:
    """Whether two network addresses are equal in any spelling. Resolves no names."""
    return (one.port, _plain(one.host)) == (other.port, _plain(other.host))


def same_device(host: Host, one: Address, other: Address) -> bool:
    """Whether two addresses certainly lead to one device, with any options. ``False`` in doubt."""
    match one, other:
        case SerialLine(), SerialLine():
            return same_port(host, one.path, other.path)
        case TcpHost(), TcpHost():
            return same_host(one, other)
        case UsbDevice(), UsbDevice():
            return _same_usb(one, other, host.usb_devices())
        case UsbDevice(), SerialLine():
            port = host.port_at(other.path)
            return port is not None and port.usb is not None and fits(one, port.usb)
        case SerialLine(), UsbDevice():
            return same_device(host, other, one)
    return False


def _same_usb(one: UsbDevice, other: UsbDevice, devices: Sequence[UsbFacts]) -> bool:
    if None not in (one.interface, other.interface) and one.interface != other.interface:
        return False  # two ports of one adapter
    if any(fits(one, device) and fits(other, device) for device in devices):
        return True
    return _within(one, other) or _within(other, one)


def _within(one: UsbDevice, other: UsbDevice) -> bool:
    """Whether ``other`` matches every device that ``one`` matches."""
    return (
        (one.vendor, one.product) == (other.vendor, other.product)
        and other.serial in (None, one.serial)
        and other.path in (None, one.path)
    )


def _device(path: str) -> int | None:
    """The number of a character device."""
    try:
        found = Path(path).stat()
    except OSError:
        return None
    return found.st_rdev if stat.S_ISCHR(found.st_mode) else None


def _plain(host: str) -> str:
    host = host.lower().rstrip(".")
    if host == "localhost":
        return "127.0.0.1"
    try:
        return str(ipaddress.ip_address(host))
    except ValueError:
        return host
