"""The notification protocol of systemd."""

from __future__ import annotations

import contextlib
import os
import socket
from functools import cache

#: Seconds between two signs of life, at most: a watchdog that is fed in time twice does not mind a late one.
HEARTBEAT_SECONDS = 2.0


def notify(message: str) -> None:
    """Tell systemd ``READY=1``, ``STATUS=...``, ``WATCHDOG=1``; without effect when it did not start us.

    Never raises. A sign of life does not wait either: if it cannot be given now, the next one can.
    """
    address = os.environ.get("NOTIFY_SOCKET")
    if not address:
        return
    if address.startswith("@"):
        address = "\0" + address[1:]
    with contextlib.suppress(OSError):
        link = _link()
        link.settimeout(0 if message == "WATCHDOG=1" else 1)
        link.sendto(message.encode(), address)


@cache
def _link() -> socket.socket:
    """Opened at the start: the watchdog must be notified even when no descriptor is left. Raises ``OSError``."""
    return socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC)


def watchdog_seconds() -> float | None:
    """Seconds between watchdog messages: at most half its timeout; ``None`` without a watchdog."""
    microseconds = os.environ.get("WATCHDOG_USEC", "")
    if not microseconds.isdigit() or os.environ.get("WATCHDOG_PID", str(os.getpid())) != str(os.getpid()):
        return None
    return min(int(microseconds) / 2_000_000, HEARTBEAT_SECONDS)
