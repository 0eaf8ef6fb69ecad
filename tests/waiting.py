"""Waiting for a real daemon and its printers: by what they announce, not by asking again and again."""

from __future__ import annotations

import os
import socket
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from fiscald.api.client import Client
from fiscald.model.printers import PrinterStatus


def until(client: Client, *states: str, printer: str = "till1") -> PrinterStatus:
    """The printer's status once it has one of these states."""
    return until_status(client, lambda status: status.state in states, printer)


def until_status(client: Client, wanted: Callable[[PrinterStatus], bool], printer: str = "till1") -> PrinterStatus:
    """The printer's first status that is wanted; the one that it has now comes first."""
    for event in client.events():
        if isinstance(event, PrinterStatus) and event.name == printer and wanted(event):
            return event
    raise AssertionError("the daemon has ended")


def start_daemon(command: Sequence[str | Path], folder: Path, **options: Any) -> subprocess.Popen[bytes]:
    """Start a daemon as systemd does, and wait until it says that it is ready. ``options``: of ``Popen``."""
    path = folder / "notify"
    path.unlink(missing_ok=True)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notices:
        notices.bind(str(path))
        notices.settimeout(30)
        process = subprocess.Popen(command, env=os.environ | {"NOTIFY_SOCKET": str(path)}, **options)
        while not notices.recv(4096).startswith(b"READY=1"):
            pass
    path.unlink()
    return process
