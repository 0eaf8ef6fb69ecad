"""The socket server: uvicorn on a socket that was bound before, inside the daemon's own task group."""

from __future__ import annotations

import asyncio
import contextlib
import grp
import logging
import os
import socket
import ssl
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any

import anyio
import uvicorn
from starlette.types import ASGIApp

from fiscald.api.accepting import BACKLOG, Acceptor
from fiscald.api.connections import Bounds, Connections, Who
from fiscald.api.network import Link
from fiscald.api.protocol import MOST_WAITING_IN_ALL, HttpConnection
from fiscald.logs import RateLimitedLog

log = logging.getLogger(__name__)

#: Seconds for a whole request head, from the connection or from the first byte of a later request.
HEAD_SECONDS = 15.0
#: Seconds between two checks of all connections.
CHECK_INTERVAL = 1.0
_LISTEN_FDS_START = 3


class SocketError(Exception):
    """The socket cannot be created; ``str`` says what to do."""


def bind(path: Path, *, mode: int = 0o660, group: str = "fiscald") -> socket.socket:
    """A listening Unix socket at ``path``. Replaces a stale socket, but not the socket of a running process.

    The socket belongs to ``group`` if that exists and this user can change it. Raises ``SocketError``.
    """
    if path.is_socket():
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
            try:
                probe.connect(str(path))
            except OSError:
                path.unlink(missing_ok=True)
            else:
                raise SocketError(f"{path} is served by another process; stop that one first")
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        former = os.umask(0o777 & ~mode)
        try:
            listener.bind(str(path))
        finally:
            os.umask(former)
        with contextlib.suppress(KeyError, PermissionError):
            os.chown(path, -1, grp.getgrnam(group).gr_gid)
        listener.listen(BACKLOG)
    except OSError as error:
        listener.close()
        raise SocketError(f"{path}: {error.strerror or error}") from None
    listener.setblocking(False)
    return listener


def inherited() -> list[socket.socket]:
    """Sockets that systemd has bound for us (socket activation), or none."""
    if os.environ.get("LISTEN_PID") != str(os.getpid()):
        return []
    count = int(os.environ.get("LISTEN_FDS", "0"))
    sockets = [socket.socket(fileno=number) for number in range(_LISTEN_FDS_START, _LISTEN_FDS_START + count)]
    for listener in sockets:
        listener.setblocking(False)
        os.set_inheritable(listener.fileno(), False)
    return sockets


class _Server(uvicorn.Server):
    """Uvicorn, with our own acceptor."""

    def __init__(self, config: uvicorn.Config, admitted: Connections, tls: ssl.SSLContext | None) -> None:
        super().__init__(config)
        self._admitted = admitted
        self._tls = tls
        self._log = RateLimitedLog(log)
        self._slow: set[HttpConnection] = set()
        self.ready = anyio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await self.lifespan.startup()
        self.servers = [self._acceptor(each) for each in sockets or ()]  # type: ignore[misc]
        self.started = True
        self.ready.set()

    def _acceptor(self, listener: socket.socket) -> Acceptor:
        tls = None if listener.family == socket.AF_UNIX else self._tls
        return Acceptor(listener, self._admitted, self._connection, self._log, tls)

    def _connection(self, who: Who, link: Link) -> HttpConnection:
        return HttpConnection(self.config, self.server_state, self._admitted, who, self._log, self._bound, link)

    async def watch(self) -> None:
        """Close connections that exceed a time limit; runs without end."""
        while True:
            await anyio.sleep(CHECK_INTERVAL)
            now = asyncio.get_running_loop().time()
            for connection in self._admitted:
                try:
                    connection.look(now, HEAD_SECONDS)
                except Exception:  # a bug must not stop the daemon
                    log.exception("a connection could not be checked, and is closed")
                    connection.cut()

    def _bound(self, slow: HttpConnection) -> None:
        """If too many bytes wait for all clients together, disconnect those that have read nothing for longest."""
        self._slow = {each for each in (*self._slow, slow) if each.waiting_bytes}
        over = sum(each.waiting_bytes for each in self._slow) - MOST_WAITING_IN_ALL
        for each in sorted(self._slow, key=lambda each: each.taken) if over > 0 else ():
            self._log.warning("clients do not read their answers; one of %s was disconnected", each.who.name)
            over -= each.waiting_bytes
            each.cut()
            if over <= 0:
                break

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals to the daemon."""
        yield


class ApiServer:
    """Serves an application on sockets."""

    def __init__(
        self,
        app: ASGIApp,
        sockets: list[socket.socket],
        bounds: Bounds,
        beside: Callable[[], Coroutine[Any, Any, None]],
        tls: ssl.SSLContext | None = None,
    ) -> None:
        """``beside`` runs while requests are answered. ``tls``: of the sockets that are not Unix sockets."""
        config = uvicorn.Config(
            app,
            http=HttpConnection,
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            h11_max_incomplete_event_size=16 * 1024,
            timeout_graceful_shutdown=5,
        )
        self._stopped = anyio.Event()
        self._server = _Server(config, Connections(bounds), tls)
        self._sockets = sockets
        self._beside = beside

    async def run(self) -> None:
        """Serve until ``stop``."""
        try:
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(self._server.watch)
                tasks.start_soon(self._beside)
                await self._server.serve(sockets=self._sockets)
                tasks.cancel_scope.cancel()
        finally:
            # Also when cancelled: a listener left in the loop would handle the next file with the same descriptor.
            for listener in getattr(self._server, "servers", ()):
                listener.close()
            for connection in list(self._server.server_state.connections):
                if connection.transport is not None:
                    connection.transport.close()
            self._server.ready.set()
            self._stopped.set()

    async def started(self) -> None:
        """Returns once requests are answered."""
        await self._server.ready.wait()

    async def stopped(self) -> None:
        """Returns once the last request is answered."""
        await self._stopped.wait()

    def stop(self) -> None:
        """Accept no new connections, and finish the running requests."""
        self._server.should_exit = True
