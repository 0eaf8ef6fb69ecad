"""Hints about new USB devices: messages of udev, and other input."""

from __future__ import annotations

import contextlib
import socket
import struct

import anyio
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fiscald.transport import plugged, plugged_in
from fiscald.transport.plugged import is_new_device


def udev(*properties: str, header: int = 40) -> bytes:
    """A message as udev multicasts it: libudev's header, filled up with a filter, then the properties."""
    body = b"".join(one.encode() + b"\0" for one in properties)
    start = struct.pack("=8s4sIII", b"libudev\0", b"\xfe\xed\xca\xfe", header, header, len(body))
    return start.ljust(header, b"\xff") + body


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        (udev("ACTION=add", "DEVPATH=/devices/usb1/1-2", "SUBSYSTEM=usb"), True),
        (udev("UDEV_DATABASE_VERSION=1", "ACTION=add", "SUBSYSTEM=tty", header=48), True),
        (udev("ACTION=remove", "SUBSYSTEM=usb"), False),
        (udev("ACTION=add", "SUBSYSTEM=block"), False),
        (udev("XACTION=add", "SUBSYSTEM=usb"), False),
        (udev("ACTION=add", "SUBSYSTEM=usb")[:-2], False),
        (b"add@/devices/usb1/1-2\0ACTION=add\0SUBSYSTEM=usb\0", False),
        (b"libudev\0", False),
        (b"", False),
    ],
)
def test_new_devices(message: bytes, *, expected: bool) -> None:
    assert is_new_device(message) is expected


@given(st.binary(max_size=100) | st.binary(max_size=60).map(b"libudev\0".__add__))
def test_garbage_gives_no_error(message: bytes) -> None:
    assert is_new_device(message) in (True, False)


async def test_only_new_devices_are_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    ours, kernel = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    ours.setblocking(False)
    monkeypatch.setattr(plugged, "_listen", lambda: ours)
    with kernel:
        kernel.send(udev("ACTION=remove", "SUBSYSTEM=usb"))
        kernel.send(udev("ACTION=add", "SUBSYSTEM=usb"))
        async with contextlib.aclosing(plugged_in()) as hints:  # type: ignore[type-var]
            with anyio.fail_after(2):
                await anext(hints)
            with anyio.move_on_after(0.02) as waited:
                await anext(hints)
            assert waited.cancelled_caught


async def test_without_a_source_there_are_no_hints(monkeypatch: pytest.MonkeyPatch) -> None:
    def forbidden() -> socket.socket:
        raise PermissionError

    monkeypatch.setattr(plugged, "_listen", forbidden)
    assert [hint async for hint in plugged_in()] == []


def test_a_real_listener() -> None:
    """Two daemons on one computer hear it both."""
    kobject_uevent = 15
    try:
        socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, kobject_uevent).close()
    except OSError as error:
        pytest.skip(f"no netlink here: {error}")
    with plugged._listen() as listener, plugged._listen() as other:
        for each in (listener, other):
            with pytest.raises(BlockingIOError):
                each.recv(1)


class Overrun(socket.socket):
    """A socket that loses every second message, as netlink does when too many come at once."""

    reads = 0

    def recv(self, size: int, flags: int = 0) -> bytes:
        message = super().recv(size, flags)
        self.reads += 1
        if self.reads % 2 == 0:
            raise OSError(105, "No buffer space available")
        return message


async def test_a_lost_message_is_no_hint(monkeypatch: pytest.MonkeyPatch) -> None:
    ours, kernel = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    ours.setblocking(False)
    listener = Overrun(fileno=ours.detach())
    monkeypatch.setattr(plugged, "_listen", lambda: listener)
    with kernel:
        for _ in range(2):
            kernel.send(udev("ACTION=add", "SUBSYSTEM=usb"))
        async with contextlib.aclosing(plugged_in()) as hints:  # type: ignore[type-var]
            with anyio.fail_after(2):
                await anext(hints)
            with anyio.move_on_after(0.02) as waited:
                await anext(hints)
            assert waited.cancelled_caught
            assert listener.reads == 2
