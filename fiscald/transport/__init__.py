"""Addresses to byte streams: serial lines, USB, TCP and TLS."""

from __future__ import annotations

from fiscald.transport.address import Address, parse_address, parse_scanned
from fiscald.transport.base import (
    TAKEN,
    AccessDenied,
    AddressError,
    ByteStream,
    DeviceAbsent,
    HostRefused,
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
from fiscald.transport.web import HttpHost, HttpsHost, UnknownHttps, WrongCertificate
from fiscald.transport.wrappers import Recorder, Throttle

__all__ = [
    "TAKEN",
    "AccessDenied",
    "Address",
    "AddressError",
    "ByteStream",
    "DeviceAbsent",
    "HostRefused",
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
    "UnknownHttps",
    "Unreachable",
    "UsbDevice",
    "WrongCertificate",
    "memory_line",
    "parse_address",
    "parse_scanned",
    "plugged_in",
]
