"""The serial cable: the path that the daemon knows, leading to the pseudo-terminal that a printer has at the moment.

No byte passes through here. It exists because of one difference between a pseudo-terminal and a real port: a real
port forgets its exclusive lock when its owner dies, because it is then closed; the emulator keeps the
other end of its pseudo-terminal open, and the owner's lock outlives a SIGKILL, for everybody but root.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import termios
from pathlib import Path

import anyio


class SerialCable:
    """Plugged in as long as the printer has a port."""

    def __init__(self, printer: Path, port: Path) -> None:
        """``printer``: the emulator's link; ``port``: ours, which appears once we hold the port ourselves."""
        self._printer = printer
        self._port = port
        self._target: str | None = None
        self._descriptor = -1

    async def serve(self) -> None:
        """Follow the printer until cancelled."""
        try:
            while True:
                self._look()
                await anyio.sleep(0.02)
        finally:
            self.unplug()

    def _look(self) -> None:
        try:
            target = str(self._printer.readlink())
        except OSError:
            target = None
        if target == self._target:
            return
        self.unplug()
        if target is None:
            return
        with contextlib.suppress(OSError):
            # Held, so that its number is not given to another terminal while the link still leads there.
            self._descriptor = os.open(target, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
            self._port.symlink_to(target)
            self._target = target

    def unplug(self) -> None:
        """Pull it out."""
        self._port.unlink(missing_ok=True)
        self._target = None
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def free(self) -> None:
        """The owner has died: the port is free for the next one."""
        if self._descriptor >= 0:
            with contextlib.suppress(OSError, termios.error):
                fcntl.ioctl(self._descriptor, termios.TIOCNXCL)
