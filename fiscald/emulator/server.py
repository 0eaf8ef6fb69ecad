"""Plugs an emulated printer into the world: a pseudo-terminal, a TCP port, or a line in memory."""

from __future__ import annotations

import contextlib
import os
import pty
import socket
import tty
from pathlib import Path
from typing import Generic, Protocol, TypeVar

import anyio
from anyio.abc import TaskStatus

from fiscald.emulator.uart import AtOneSpeed
from fiscald.transport import ByteStream, LinkLost, MemoryStream, Throttle, memory_line
from fiscald.transport.descriptor import DescriptorStream
from fiscald.transport.tcp import SocketStream

#: A printer talks to one computer; a second one is let in and shown out again after this many seconds (choice).
SECOND_CALLER_SECONDS = 1.0


class Plugged(Protocol):
    """What a plug needs of a device; see ``fiscald.emulator.device.Device``."""

    powered: bool

    def receive(self, data: bytes, now: float) -> None:
        """Bytes arrived."""

    def poll(self, now: float) -> bytes:
        """The bytes to send by now."""

    def wakeup(self) -> float | None:
        """When something will be due, if nothing arrives before."""

    def disconnected(self) -> None:
        """The link is gone."""


D = TypeVar("D", bound=Plugged)


class Plug(Generic[D]):
    """Carries bytes between streams and one device."""

    def __init__(self, device: D, *, baud: int | None = None) -> None:
        """``baud``: make every stream as slow as a serial line; at a pseudo-terminal, garbage for other speeds."""
        self.device = device
        self.baud = baud
        self._pause: anyio.CancelScope | None = None
        self._taken = False

    def poke(self) -> None:
        """Something was changed from outside (a fault, a key, power): look at the device now."""
        if self._pause is not None:
            self._pause.cancel()

    async def serve(self, stream: ByteStream) -> None:
        """Be the printer at the end of ``stream`` until the link is lost or the device loses power."""
        if self.baud is not None:
            stream = Throttle(stream, self.baud)
        device = self.device
        async with stream:
            with contextlib.suppress(LinkLost):
                while device.powered:
                    data = device.poll(anyio.current_time())
                    if data:
                        await stream.send(data)
                        continue
                    received = b""
                    wakeup = device.wakeup()
                    with anyio.CancelScope(deadline=float("inf") if wakeup is None else wakeup) as self._pause:
                        received = await stream.receive()
                    self._pause = None
                    if received:
                        device.receive(received, anyio.current_time())
            self._pause = None
            device.disconnected()

    def connect(self, tasks: anyio.abc.TaskGroup) -> MemoryStream:
        """A line in memory to the device, served in ``tasks``; the caller's end."""
        ours, theirs = memory_line()
        tasks.start_soon(self.serve, ours)
        return theirs

    async def serve_tcp(
        self, host: str, port: int, *, task_status: TaskStatus[int] = anyio.TASK_STATUS_IGNORED
    ) -> None:
        """Listen; reports the port (which may have been 0). One connection at a time."""
        listener = socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET)
        with listener:
            listener.setblocking(False)
            task_status.started(listener.getsockname()[1])
            async with anyio.create_task_group() as tasks:
                while True:
                    await anyio.wait_readable(listener)
                    with contextlib.suppress(BlockingIOError, ConnectionAbortedError):
                        caller, _ = listener.accept()
                        tasks.start_soon(self._answer, SocketStream(caller, "caller"))

    async def _answer(self, stream: ByteStream) -> None:
        if self._taken or not self.device.powered:
            async with stream:
                await anyio.sleep(SECOND_CALLER_SECONDS if self.device.powered else 0)
            return
        self._taken = True
        try:
            await self.serve(stream)
        finally:
            self._taken = False

    async def serve_pty(self, link: Path | None, *, task_status: TaskStatus[str] = anyio.TASK_STATUS_IGNORED) -> None:
        """Open a pseudo-terminal, ``link`` pointing to it; reports its path. Unplugged while the device is off."""
        started = False
        while True:
            while not self.device.powered:
                with anyio.CancelScope() as self._pause:
                    await anyio.sleep_forever()
            master, slave = pty.openpty()
            tty.setraw(slave)
            path = os.ttyname(slave)
            try:
                if link is not None:
                    link.unlink(missing_ok=True)
                    link.symlink_to(path)
                if not started:
                    started = True
                    task_status.started(path if link is None else str(link))
                # The slave stays open here, so that programs may come and go as on a real port.
                stream: ByteStream = DescriptorStream(master, path)
                await self.serve(stream if self.baud is None else AtOneSpeed(stream, slave, self.baud))
            finally:
                os.close(slave)
                if link is not None:
                    link.unlink(missing_ok=True)
