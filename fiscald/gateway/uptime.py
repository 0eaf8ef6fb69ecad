"""How long this computer has been running: setting the clock does not change it."""

from __future__ import annotations

import time
from pathlib import Path
from typing import NamedTuple

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
_BOOT_ID_LENGTH = 36


class Uptime(NamedTuple):
    """A moment. Two of the same ``boot`` can be compared."""

    boot: str
    """Which start of the computer; empty where the system does not tell."""
    seconds: float


def uptime() -> Uptime:
    """The moment now. Sleep of the computer counts."""
    try:
        boot = _BOOT_ID.read_text("ascii")[:_BOOT_ID_LENGTH]
    except (OSError, UnicodeDecodeError):
        return Uptime("", time.monotonic())
    return Uptime(boot, time.clock_gettime(time.CLOCK_BOOTTIME))
