"""Serves a printer's port: on a pseudo-terminal, a TCP port, or a line in memory."""

from __future__ import annotations

import contextlib
import errno
import os
import pty
import socket
import tty
from collections import Counter
from pathlib import Path
from typing import Generic, TypeVar

import anyio
import anyio.lowlevel
from anyio.abc import TaskStatus

from fiscald.emulator.port import Port
from fiscald.emulator.uart import SpeedMismatch
from fiscald.transport import ByteStream, LinkLost, MemoryStream, Throttle, memory_line
from fiscald.transport.descriptor import DescriptorStream
from fiscald.transport.tcp import SocketStream

#: Bytes that the printer takes before others have their turn: 64 KiB of short commands take it 50 ms.
_PIECE = 2048
#: Seconds until the next connection is accepted after the process had no file descriptor left for one.
_DESCRIPTOR_PAUSE = 1.0
#: Connections that wait for their turn at one port.
MOST_WAITING = 4
#: Seconds until the next connection is accepted after one for which another one was closed: a crowd that comes back at
#: once must not take the time of others.
_CROWD_PAUSE = 0.02
#: States of a TCP connection that the other end has not closed (``TCP_INFO``, Linux).
_ESTABLISHED = 1


P = TypeVar("P", bound=Port)


class PortServer(Generic[P]):
    """Carries bytes between streams and the port of one printer."""

    def __init__(self, port: P, *, baud: int | None = None) -> None:
        """``baud``: make every stream as slow as a serial line; at a pseudo-terminal, garbage for other speeds."""
        self.port = port
        self.baud = baud
        self._pause: anyio.CancelScope | None = None
        self._turn = anyio.Lock()
        self._caller: socket.socket | None = None
        self._waiting: dict[anyio.CancelScope, str] = {}
        """Connections that wait for their turn, the oldest first, and from which address."""

    def wake(self) -> None:
        """The state was changed from outside (a fault, a key, power): poll the port now."""
        if self._pause is not None:
            self._pause.cancel()

    async def serve(self, stream: ByteStream) -> None:
        """Be the printer at the end of ``stream`` until either side closes it or the printer loses power."""
        if self.baud is not None:
            stream = Throttle(stream, self.baud)
        port = self.port
        port.connected(anyio.current_time())
        async with stream:
            with contextlib.suppress(LinkLost):
                while port.powered:
                    data = port.poll(anyio.current_time())
                    if data:
                        await stream.send(data)
                        continue
                    if port.hangs_up:
                        break
                    received = b""
                    wakeup = port.wakeup()
                    with anyio.CancelScope(deadline=float("inf") if wakeup is None else wakeup) as self._pause:
                        received = await stream.receive()
                    self._pause = None
                    for start in range(0, len(received), _PIECE):
                        port.receive(received[start : start + _PIECE], anyio.current_time())
                        await anyio.lowlevel.checkpoint()
            self._pause = None
            port.disconnected()

    def connect(self, tasks: anyio.abc.TaskGroup) -> MemoryStream:
        """A line in memory to the printer, served in ``tasks``; returns the caller's end."""
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
                    try:
                        caller, address = listener.accept()
                    except (BlockingIOError, ConnectionAbortedError):
                        continue
                    except OSError as error:
                        if error.errno not in (errno.EMFILE, errno.ENFILE):
                            raise
                        await anyio.sleep(_DESCRIPTOR_PAUSE)
                        continue
                    host = str(address[0]).partition("%")[0]
                    if not self.admits(host):
                        caller.close()
                        continue
                    is_full = self._make_room()
                    tasks.start_soon(self._answer, caller, host)
                    if is_full:
                        await anyio.sleep(_CROWD_PAUSE)

    def admits(self, host: str) -> bool:
        """Whether a program on the computer with this IP address may connect."""
        del host
        return True

    def turned_away(self) -> None:
        """A connection was closed because another program has the printer."""

    def stream_of(self, caller: socket.socket) -> ByteStream:
        """The stream over an accepted connection, which it owns."""
        return SocketStream(caller, "caller")

    def _make_room(self) -> bool:
        """Close the oldest connection that waits, of the address with the most, where too many wait.

        Returns whether there were too many.
        """
        if len(self._waiting) < MOST_WAITING:
            return False
        ((most, _),) = Counter(self._waiting.values()).most_common(1)
        oldest = next(scope for scope, host in self._waiting.items() if host == most)
        del self._waiting[oldest]
        oldest.cancel()
        return True

    async def _answer(self, caller: socket.socket, host: str) -> None:
        async with self.stream_of(caller) as stream:
            if not self.port.powered:
                return
            with anyio.CancelScope() as scope:
                self._waiting[scope] = host
                try:
                    has_turn = await self._wait_for_turn()
                finally:
                    self._waiting.pop(scope, None)
            if scope.cancelled_caught or not has_turn:
                self.turned_away()
                return
            self._caller = caller
            try:
                await self.serve(stream)
            finally:
                self._caller = None
                self._turn.release()

    async def _wait_for_turn(self) -> bool:
        """Wait until no other caller has the printer; false if that takes too long.

        Where the other one closed its connection already, the printer only finishes what that one sent: wait on.
        """
        while True:
            with anyio.move_on_after(self.port.second_caller_seconds):
                await self._turn.acquire()
                return True
            if self._caller is not None and _is_connected(self._caller):
                return False

    def prepare(self, path: str) -> None:
        """Say who may open the pseudo-terminal at ``path``. Raises ``OSError``."""

    async def serve_pty(self, link: Path | None, *, task_status: TaskStatus[str] = anyio.TASK_STATUS_IGNORED) -> None:
        """Open a pseudo-terminal, ``link`` pointing to it; reports its path. There is none while the printer is off.

        Raises ``OSError`` where the system has none left, or ``link`` is the name of another file.
        """
        started = False
        while True:
            while not self.port.powered:
                with anyio.CancelScope() as self._pause:
                    await anyio.sleep_forever()
            master, slave = _open_pty()
            try:
                tty.setraw(slave)
                path = os.ttyname(slave)
                stream: ByteStream = DescriptorStream(master, path)
            except BaseException:
                os.close(master)
                os.close(slave)
                raise
            async with stream:
                try:
                    self.prepare(path)
                    if link is not None:
                        _point(link, path)
                    if not started:
                        started = True
                        task_status.started(path if link is None else str(link))
                    # The slave stays open here, so that programs may come and go as on a real port.
                    await self.serve(stream if self.baud is None else SpeedMismatch(stream, slave, self.baud))
                finally:
                    os.close(slave)
                    if link is not None and link.is_symlink() and str(link.readlink()) == path:
                        link.unlink()


def _is_connected(caller: socket.socket) -> bool:
    """Whether the other end of a connection has not closed it."""
    return caller.fileno() >= 0 and caller.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0] == _ESTABLISHED


def _open_pty() -> tuple[int, int]:
    try:
        return pty.openpty()
    except OSError as error:
        reason = f"no pseudo-terminal can be opened here ({error.strerror or error}); use TCP"
        raise OSError(error.errno or errno.ENODEV, reason) from None


def _point(link: Path, path: str) -> None:
    """Make ``link`` point to ``path``. Raises ``OSError`` where it would replace what is no link."""
    if link.is_symlink():
        link.unlink()
    elif link.exists():
        raise OSError(errno.EEXIST, f"{link} is another file; choose another name for the link")
    link.symlink_to(path)
