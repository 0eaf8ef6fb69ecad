"""A daemon with an emulated printer, and a TCP port for clients that cannot open a Unix socket."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import anyio
from anyio.abc import ByteReceiveStream, ByteSendStream, SocketAttribute, SocketStream
from anyio.from_thread import start_blocking_portal

from fiscald import daemon
from fiscald.api.client import Client
from fiscald.config import Config, LicenceConfig, PrinterConfig
from fiscald.emulator.running import EmulatedPrinter
from fiscald.licence.testing import make_certificate
from tests.waiting import until


@dataclass(frozen=True, slots=True)
class Wanted:
    """The options."""

    cases: int
    seed: int


@dataclass(frozen=True, slots=True)
class Shop:
    """What the programs of a test talk to."""

    socket: Path
    url: str
    """The bridge: every connection to it is one to the socket."""
    printer: EmulatedPrinter


@contextmanager
def shop(folder: Path) -> Iterator[Shop]:
    """A licensed daemon with the printer ``till1``, ready to print."""
    socket = folder / "fiscald.sock"
    with EmulatedPrinter() as printer, start_blocking_portal() as portal:
        config = Config(
            socket=socket,
            state_dir=folder / "state",
            licence=LicenceConfig(test_keys=True),
            printers={"till1": PrinterConfig(family="posnet", address=printer.address)},
        )
        running, _ = portal.start_task(daemon.run, config)
        with portal.wrap_async_context_manager(bridge(socket)) as port:
            try:
                with Client(socket) as client:
                    client.install_licence(make_certificate())
                    until(client, "ready")
                yield Shop(socket, f"http://127.0.0.1:{port}", printer)
            finally:
                running.cancel()


@asynccontextmanager
async def bridge(socket: Path) -> AsyncIterator[int]:
    """A TCP port whose connections go to ``socket``, for as long as the block lasts."""

    async def serve(client: SocketStream) -> None:
        async with client, await anyio.connect_unix(socket) as server, anyio.create_task_group() as tasks:
            tasks.start_soon(_carry, client, server, tasks.cancel_scope)
            tasks.start_soon(_carry, server, client, tasks.cancel_scope)

    async with await anyio.create_tcp_listener(local_host="127.0.0.1") as listener, anyio.create_task_group() as tasks:
        tasks.start_soon(listener.serve, serve)
        yield listener.extra(SocketAttribute.local_port)
        tasks.cancel_scope.cancel()


async def _carry(source: ByteReceiveStream, target: ByteSendStream, ends: anyio.CancelScope) -> None:
    """Until one end closes, which closes the other."""
    try:
        async for data in source:
            await target.send(data)
    except (anyio.BrokenResourceError, anyio.ClosedResourceError):
        pass
    ends.cancel()
