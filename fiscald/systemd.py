"""What systemd wants to hear from a service: the notification protocol, in a few lines."""

from __future__ import annotations

import contextlib
import os
import socket


def notify(message: str) -> None:
    """Tell systemd ``READY=1``, ``STATUS=...``, ``WATCHDOG=1``; without effect when it did not start us."""
    address = os.environ.get("NOTIFY_SOCKET")
    if not address:
        return
    if address.startswith("@"):
        address = "\0" + address[1:]
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as link, contextlib.suppress(OSError):
        link.sendto(message.encode(), address)


def watchdog_seconds() -> float | None:
    """How often the watchdog wants to be fed: half of its patience; ``None`` where there is none."""
    microseconds = os.environ.get("WATCHDOG_USEC", "")
    if not microseconds.isdigit() or os.environ.get("WATCHDOG_PID", str(os.getpid())) != str(os.getpid()):
        return None
    return int(microseconds) / 2_000_000
