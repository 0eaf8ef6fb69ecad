"""Addresses of printers, as they stand in the configuration."""

from __future__ import annotations

from typing import Protocol
from urllib.parse import parse_qs, urlsplit

from fiscald.transport.base import AddressError, ByteStream
from fiscald.transport.serial import FLOWS, SerialLine
from fiscald.transport.tcp import TcpHost


class Address(Protocol):
    """Where a printer is; ``str`` gives it back as it is written."""

    async def open(self) -> ByteStream:
        """Connect. Raises a ``LinkError`` that says what is wrong."""


def parse_address(text: str) -> Address:
    """The address written as ``text``. Raises ``AddressError`` with a sentence that shows a right one."""
    if text.startswith("usb://"):
        raise AddressError(f"{text!r}: usb:// is not available yet; use the printer's serial port (serial://)")
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError as error:
        raise AddressError(f"{text!r} is not an address: {error}") from None
    match parts.scheme:
        case "serial":
            return _serial(text, parts.netloc, parts.path, parts.query)
        case "tcp":
            if not parts.hostname or port is None or parts.path not in ("", "/") or parts.query:
                raise AddressError(f"{text!r}: write tcp://HOST:PORT, for example tcp://192.168.1.50:6666")
            return TcpHost(parts.hostname, port)
        case _:
            raise AddressError(f"{text!r}: an address starts with serial:// or tcp://")


def _serial(text: str, netloc: str, path: str, query: str) -> SerialLine:
    if netloc or not path.startswith("/"):
        raise AddressError(
            f"{text!r}: write three slashes before the path, for example serial:///dev/ttyUSB0?baud=9600"
        )
    options = {name: values[-1] for name, values in parse_qs(query, keep_blank_values=True).items()}
    baud = options.pop("baud", "9600")
    flow = options.pop("flow", "none")
    if options:
        raise AddressError(f"{text!r}: unknown option {', '.join(options)}; there are baud and flow")
    if not baud.isdigit() or int(baud) not in range(300, 4_000_001):
        raise AddressError(f"{text!r}: baud is a number like 9600 or 115200")
    if flow not in FLOWS:
        raise AddressError(f"{text!r}: flow is one of {', '.join(FLOWS)}")
    return SerialLine(path, int(baud), flow)
