"""Printers in a separate process, on TCP ports: ``python -m tests.hostile.printers KIND COUNT``.

Emulated ones by the name of their family, and those that no driver expects:

- ``endless``: sends STX and then one letter for ever;
- ``chatty``: sends a valid answer for ever, to a query that was not sent;
- ``rubbish``: sends random bytes for ever;
- ``dripping``: answers with one byte a second.

The addresses are written to standard output as JSON.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import gc
import json
import random
from collections.abc import Awaitable, Callable

import anyio
import click

from fiscald.emulator.running import build
from fiscald.emulator.server import PortServer
from fiscald.protocols import FAMILIES
from fiscald.protocols.posnet.frames import Field, Frame, encode

_PIECE = 64 * 1024


async def endless(writer: asyncio.StreamWriter) -> None:
    """A frame without an end."""
    writer.write(b"\x02")
    while True:
        writer.write(b"A" * _PIECE)
        await writer.drain()


async def chatty(writer: asyncio.StreamWriter) -> None:
    """The same reply endlessly."""
    names = ("rd", "hn", "bn", "fn", "nu")
    answer = encode(Frame("scnt", tuple(Field(name, b"1") for name in names)))
    while True:
        writer.write(answer * (_PIECE // len(answer)))
        await writer.drain()


async def rubbish(writer: asyncio.StreamWriter) -> None:
    """Endless noise."""
    noise = random.Random(1).randbytes(_PIECE)
    while True:
        writer.write(noise)
        await writer.drain()


async def dripping(writer: asyncio.StreamWriter) -> None:
    """A letter a second."""
    while True:
        writer.write(b"A")
        await writer.drain()
        await asyncio.sleep(1)


HOSTILE: dict[str, Callable[[asyncio.StreamWriter], Awaitable[None]]] = {
    "endless": endless,
    "chatty": chatty,
    "rubbish": rubbish,
    "dripping": dripping,
}


async def _be_hostile(kind: str, count: int) -> None:
    async def answer(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError):
            await HOSTILE[kind](writer)

    servers = [await asyncio.start_server(answer, "127.0.0.1", 0) for _ in range(count)]
    _say([server.sockets[0].getsockname()[1] for server in servers])
    await asyncio.sleep(float("inf"))


async def _emulate(family: str, count: int) -> None:
    gc.disable()  # its pauses would count as the daemon's
    async with anyio.create_task_group() as tasks:
        _say([await tasks.start(PortServer(build(family, seed=n)[0]).serve_tcp, "127.0.0.1", 0) for n in range(count)])


def _say(ports: list[int]) -> None:
    click.echo(json.dumps([f"tcp://127.0.0.1:{port}" for port in ports]))


def main() -> None:
    """Be the printers until killed."""
    parser = argparse.ArgumentParser(prog="python -m tests.hostile.printers")
    parser.add_argument("kind", choices=[*FAMILIES, *HOSTILE])
    parser.add_argument("count", type=int)
    options = parser.parse_args()
    run = _emulate if options.kind in FAMILIES else _be_hostile
    anyio.run(run, options.kind, options.count)


if __name__ == "__main__":
    main()
