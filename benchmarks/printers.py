"""``python -m benchmarks.printers FAMILY COUNT BAUD SECONDS``: emulated printers in one process, until a signal.

It prints their addresses as JSON. ``BAUD`` 0 is no line; ``SECONDS`` is what every command takes.
"""

from __future__ import annotations

import gc
import json
import sys

import anyio

from fiscald.emulator.running import build
from fiscald.emulator.server import PortServer


async def serve(family: str, count: int, baud: int, command: float) -> None:
    """Serve ``count`` printers on separate ports."""
    gc.disable()  # its pauses would count as the daemon's
    async with anyio.create_task_group() as tasks:
        ports = []
        for number in range(count):
            device, _ = build(family, seed=number)
            device.command_seconds = command
            ports.append(await tasks.start(PortServer(device, baud=baud or None).serve_tcp, "127.0.0.1", 0))
        print(json.dumps([f"tcp://127.0.0.1:{port}" for port in ports]), flush=True)


if __name__ == "__main__":
    anyio.run(serve, sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4]))
