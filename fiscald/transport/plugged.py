"""New USB devices: a hint that shortens the wait for a printer. No decision depends on it."""

from __future__ import annotations

import socket
import struct
from collections.abc import AsyncIterator

import anyio

# linux/netlink.h; udev tells on the second group, once a device has its names and rights. The kernel's own messages,
# on the first, come before that.
_NETLINK_KOBJECT_UEVENT, _UDEV_GROUP = 15, 2
_LONGEST = 65536
# libudev's header: its name, magic, size, where the properties are and how long (systemd, device-monitor.c).
_HEADER = struct.Struct("=8s4xIII")


async def plugged_in() -> AsyncIterator[None]:
    """Yields whenever udev reports a new USB device or serial port; ends at once without access to udev."""
    try:
        listener = _listen()
    except OSError:
        return
    with listener:
        while True:
            await anyio.wait_readable(listener)
            try:
                message = listener.recv(_LONGEST)
            except OSError:  # too many at once, or another reader was faster
                continue
            if is_new_device(message):
                yield


def is_new_device(message: bytes) -> bool:
    """Whether this message of udev is about a USB device or a serial port that is there from now on."""
    if len(message) < _HEADER.size:
        return False
    name, _size, start, length = _HEADER.unpack_from(message)
    properties = message[start : start + length].split(b"\0")
    return (
        name == b"libudev\0"
        and b"ACTION=add" in properties
        and (b"SUBSYSTEM=usb" in properties or b"SUBSYSTEM=tty" in properties)
    )


def _listen() -> socket.socket:
    listener = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_NONBLOCK, _NETLINK_KOBJECT_UEVENT)
    try:
        listener.bind((0, _UDEV_GROUP))
    except OSError:
        listener.close()
        raise
    return listener
