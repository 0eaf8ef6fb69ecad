"""The network between the daemon and a printer: passes bytes, cuts them off, delays them and breaks them up."""

from __future__ import annotations

import contextlib
import random
import socket
import struct
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

import anyio
from anyio.abc import SocketAttribute, SocketStream, TaskStatus

#: Linger for no time: closing sends a reset.
_RESET = struct.pack("ii", 1, 0)
_BROKEN = (anyio.EndOfStream, anyio.BrokenResourceError, anyio.ClosedResourceError)


class Way(StrEnum):
    """Where bytes go."""

    TO_PRINTER = "to the printer"
    FROM_PRINTER = "from the printer"


@dataclass(slots=True)
class _Cut:
    way: Way
    left: int
    abrupt: bool
    done: anyio.Event


class Proxy:
    """A TCP port that leads to the printer's, wherever that is at the moment."""

    def __init__(self, printer: Callable[[], int | None], seed: int) -> None:
        """``printer`` tells the printer's present port; ``None``: it is off."""
        self._printer = printer
        self._chance = random.Random(f"{seed}/proxy")
        self._cut: _Cut | None = None
        self._chopping = False
        self.chopped = 0
        """Chunks that were delayed and broken up."""

    async def serve(self, *, task_status: TaskStatus[int] = anyio.TASK_STATUS_IGNORED) -> None:
        """Serve until cancelled; reports the port."""
        async with await anyio.create_tcp_listener(local_host="127.0.0.1") as listener:
            task_status.started(listener.extra(SocketAttribute.local_port))
            await listener.serve(self._connect)

    # -- trouble --------------------------------------------------------------------------------------

    def cut(self, way: Way, after: int, *, abrupt: bool) -> anyio.Event:
        """Cut the connection when ``after`` more bytes have passed that way; those after them are lost.

        The event is set when it has happened.
        """
        self._cut = _Cut(way, after, abrupt, anyio.Event())
        return self._cut.done

    def chop(self, *, on: bool) -> None:
        """Delay what passes, and pass it in pieces."""
        self._chopping = on

    def calm(self) -> None:
        """No more trouble."""
        self._cut = None
        self._chopping = False

    # -- bytes ----------------------------------------------------------------------------------------

    async def _connect(self, caller: SocketStream) -> None:
        async with caller:
            port = self._printer()
            if port is None:
                return
            with contextlib.suppress(OSError):
                async with await anyio.connect_tcp("127.0.0.1", port) as printer:
                    _no_delay(caller, printer)
                    async with anyio.create_task_group() as tasks:
                        tasks.start_soon(self._pass, Way.TO_PRINTER, caller, printer, tasks.cancel_scope)
                        tasks.start_soon(self._pass, Way.FROM_PRINTER, printer, caller, tasks.cancel_scope)

    async def _pass(self, way: Way, source: SocketStream, sink: SocketStream, both: anyio.CancelScope) -> None:
        with contextlib.suppress(*_BROKEN):
            while True:
                chunk = await source.receive()
                cut = self._cut
                if cut is None or cut.way is not way:
                    await self._forward(sink, chunk)
                    continue
                passing, cut.left = chunk[: cut.left], cut.left - len(chunk)
                if passing:
                    await self._forward(sink, passing)
                if cut.left < 0:
                    self._cut = None
                    if cut.abrupt:
                        _reset(source)
                        _reset(sink)
                    cut.done.set()
                    break
        both.cancel()

    async def _forward(self, sink: SocketStream, chunk: bytes) -> None:
        if not self._chopping:
            await sink.send(chunk)
            return
        self.chopped += 1
        await anyio.sleep(self._chance.uniform(0.0, 0.1))
        while chunk:
            size = self._chance.randint(1, 12)
            await sink.send(chunk[:size])
            chunk = chunk[size:]
            await anyio.sleep(self._chance.uniform(0.0, 0.004))


def _no_delay(*streams: SocketStream) -> None:
    for stream in streams:
        stream.extra(SocketAttribute.raw_socket).setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


def _reset(stream: SocketStream) -> None:
    with contextlib.suppress(OSError):
        stream.extra(SocketAttribute.raw_socket).setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
