"""Addresses of printers, as they stand in the configuration."""

from __future__ import annotations

import re
from typing import Protocol
from urllib.parse import SplitResult, parse_qs, urlsplit

from fiscald.transport.base import AddressError, ByteStream
from fiscald.transport.known_usb import Link, known_usb
from fiscald.transport.serial import FLOWS, SerialLine
from fiscald.transport.spelling import TCP_EXAMPLE, advice, spelled
from fiscald.transport.tcp import TcpHost
from fiscald.transport.usb import BAUD, UsbDevice
from fiscald.transport.web import DEFAULT_PORT, HttpHost, HttpsHost, UnknownHttps, how_to_read

_USB_IDS = re.compile(r"([0-9a-f]{4}):([0-9a-f]{4})", re.ASCII | re.IGNORECASE)
_FINGERPRINT = re.compile(r"sha-?256[:=]((?:[0-9a-f]{2}:?){31}[0-9a-f]{2})", re.ASCII | re.IGNORECASE)
_HTTP_EXAMPLE = f"http://HOST or http://HOST:PORT, for example http://192.168.1.51:{DEFAULT_PORT}"
_USB_PATH = re.compile(r"\d+-\d+(\.\d+)*", re.ASCII)


class Address(Protocol):
    """Where a printer is; ``str`` gives it back as it is written."""

    async def open(self) -> ByteStream:
        """Connect. Raises a ``LinkError`` that says what is wrong."""


def parse_address(text: str) -> Address:
    """The address written as ``text``. Raises ``AddressError`` with a sentence that shows a right one."""
    try:
        parts = urlsplit(text)
    except ValueError:
        raise AddressError(f"{text!r} is not an address: {advice('')}") from None
    match parts.scheme if "://" in text else "":
        case "serial":
            return _serial(text, parts.netloc, parts.path, parts.query)
        case "usb":
            return _usb(text, parts.netloc, parts.path, parts.query)
        case "tcp":
            return _tcp(text, parts)
        case "http":
            host, port = _web(text, parts, _HTTP_EXAMPLE)
            if parts.query:
                raise AddressError(f"{text!r}: http has no options; write {_HTTP_EXAMPLE}")
            return HttpHost(host, port)
        case "https":
            return _https(text, parts)
        case _:
            meant = spelled(text)
            raise AddressError(f"{text!r}: write {meant}" if meant is not None else f"{text!r}: {advice(text)}")


def _tcp(text: str, parts: SplitResult) -> TcpHost:
    try:
        port = parts.port
    except ValueError:
        raise AddressError(f"{text!r}: a port is a number from 1 to 65535: {TCP_EXAMPLE}") from None
    superfluous = parts.path not in ("", "/") or parts.query or parts.fragment or parts.username is not None
    if not parts.hostname or not port or superfluous:
        raise AddressError(f"{text!r}: write {TCP_EXAMPLE}")
    return TcpHost(parts.hostname, port)


def _web(text: str, parts: SplitResult, example: str) -> tuple[str, int]:
    """Host and port of a web address."""
    try:
        port = DEFAULT_PORT if parts.port is None else parts.port
    except ValueError:
        port = 0
    if not port:
        raise AddressError(f"{text!r}: a port is a number from 1 to 65535: {example}")
    if not parts.hostname or parts.path not in ("", "/") or parts.fragment or parts.username is not None:
        raise AddressError(f"{text!r}: write {example}")
    return parts.hostname, port


def _https(text: str, parts: SplitResult) -> HttpsHost:
    """The printer's own certificate identifies it, so the address says which it is."""
    host, port = _web(text, parts, "https://HOST:PORT?fingerprint=sha256:...")
    options = _options(parts.query)
    written = options.pop("fingerprint", None)
    if options:
        raise AddressError(f"{text!r}: unknown option {', '.join(options)}; there is fingerprint")
    found = _FINGERPRINT.fullmatch(written.strip()) if written is not None else None
    if found is None:
        raise AddressError(
            f"{text!r}: {'https needs' if written is None else 'that is not'} the fingerprint of the printer's "
            f"certificate; write https://{parts.netloc}?fingerprint=sha256: and the 64 hexadecimal digits that this "
            f"shows, with or without colons: {how_to_read(host, port)}"
        )
    return HttpsHost(host, port, found[1].replace(":", "").lower())


def parse_scanned(text: str) -> Address:
    """The same for a place that is looked at for the first time: its certificate need not be known."""
    try:
        parts = urlsplit(text)
    except ValueError:
        return parse_address(text)
    if parts.scheme == "https" and not parts.query:
        return UnknownHttps(*_web(text, parts, "https://HOST:PORT"))
    return parse_address(text)


def _serial(text: str, netloc: str, path: str, query: str) -> SerialLine:
    if netloc or not path.startswith("/"):
        example = spelled(text) or "serial:///dev/ttyUSB0?baud=9600"
        raise AddressError(f"{text!r}: write three slashes before the path: {example}")
    options = _options(query)
    baud = _baud(text, options.pop("baud", "9600"))
    flow = options.pop("flow", "none")
    if options:
        raise AddressError(f"{text!r}: unknown option {', '.join(options)}; there are baud and flow")
    if flow not in FLOWS:
        raise AddressError(f"{text!r}: flow is one of {', '.join(FLOWS)}")
    return SerialLine(path, baud, flow)


def _usb(text: str, netloc: str, path: str, query: str) -> UsbDevice:
    ids = _USB_IDS.fullmatch(netloc)
    if ids is None or path not in ("", "/"):
        example = spelled(text) or "usb://1424:10b0"
        raise AddressError(f"{text!r}: write usb://VENDOR:PRODUCT as lsusb shows them, for example {example}")
    vendor, product = (int(digits, 16) for digits in ids.groups())
    options = _options(query)
    serial = options.pop("serial", None)
    place = options.pop("path", None)
    interface = options.pop("interface", None)
    baud = _baud(text, options.pop("baud", str(BAUD)))
    detach = options.pop("detach", "no")
    if options:
        there = "serial, path, interface, baud and detach"
        raise AddressError(f"{text!r}: unknown option {', '.join(options)}; there are {there}")
    if serial == "":
        raise AddressError(f"{text!r}: serial is the device's USB serial number, as lsusb -v shows it")
    if place is not None and _USB_PATH.fullmatch(place) is None:
        raise AddressError(f"{text!r}: path is bus and ports as the kernel writes them, for example 1-2 or 1-2.4")
    if interface is not None and not (_is_number(interface) and int(interface) <= 255):
        raise AddressError(f"{text!r}: interface is a number from 0 to 255")
    if detach not in ("yes", "no"):
        raise AddressError(f"{text!r}: detach is yes or no")
    known = known_usb(vendor, product)
    if known is not None and known.link is Link.ADAPTER:
        raise AddressError(
            f"{text!r} is a serial adapter, which only its driver understands; "
            f"use its serial port, for example serial:///dev/ttyUSB0?baud={baud}"
        )
    return UsbDevice(
        vendor, product, serial, place, None if interface is None else int(interface), baud, detach == "yes"
    )


def _options(query: str) -> dict[str, str]:
    return {name: values[-1] for name, values in parse_qs(query, keep_blank_values=True).items()}


def _baud(text: str, baud: str) -> int:
    if not _is_number(baud) or int(baud) not in range(300, 4_000_001):
        raise AddressError(f"{text!r}: baud is a number like 9600 or 115200")
    return int(baud)


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 9
