"""Printers on an emulated bus."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import anyio
import anyio.from_thread

from fiscald.transport import (
    ByteStream,
    parse_address,
)
from tests.emulated_usb.bus import EmulatedBus
from tests.emulated_usb.gadget import Gadget

ANY = "usb://1424:10b0"


@asynccontextmanager
async def opened(
    bus: EmulatedBus, gadget: Gadget, address: str = ANY
) -> AsyncIterator[tuple[ByteStream, socket.socket]]:
    """The printer, plugged in and opened; and its own end of the cable."""
    with bus.in_use(), bus.plug(gadget) as far:
        far.settimeout(5)
        async with await parse_address(address).open() as stream:
            yield stream, far


async def received(stream: ByteStream, length: int) -> bytes:
    data = b""
    with anyio.fail_after(5):
        while len(data) < length:
            data += await stream.receive()
    return data


def arrived(far: socket.socket, length: int) -> bytes:
    """What came to the printer, waited for."""
    data = b""
    while len(data) < length and (more := far.recv(length - len(data))):
        data += more
    return data
