"""Addresses to byte streams: serial lines, USB, TCP and TLS."""

from __future__ import annotations

from fiscald.transport.address import Address, parse_address
from fiscald.transport.base import (
    TAKEN,
    AccessDenied,
    AddressError,
    ByteStream,
    DeviceAbsent,
    LinkError,
    LinkLost,
    PortHeld,
    StreamEnded,
    Unreachable,
)
from fiscald.transport.memory import MemoryStream, memory_line
from fiscald.transport.plugged import plugged_in
from fiscald.transport.serial import SerialLine
from fiscald.transport.tcp import TcpHost
from fiscald.transport.usb import UsbDevice
from fiscald.transport.web import HttpHost, HttpsHost, WrongCertificate
from fiscald.transport.wrappers import Recorder, Throttle

__all__ = [
    "TAKEN",
    "AccessDenied",
    "Address",
    "AddressError",
    "ByteStream",
    "DeviceAbsent",
    "HttpHost",
    "HttpsHost",
    "LinkError",
    "LinkLost",
    "MemoryStream",
    "PortHeld",
    "Recorder",
    "SerialLine",
    "StreamEnded",
    "TcpHost",
    "Throttle",
    "Unreachable",
    "UsbDevice",
    "WrongCertificate",
    "memory_line",
    "parse_address",
    "plugged_in",
]
