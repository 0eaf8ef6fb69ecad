"""The socket server: uvicorn on a socket that was bound before, inside the daemon's own task group."""

from __future__ import annotations

import asyncio
import contextlib
import grp
import os
import socket
from collections.abc import Iterator
from pathlib import Path

import anyio
import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.h11_impl import H11Protocol

from fiscald.api import rights

#: Seconds in which a connection must have sent a whole request head: the first, and each that it has begun.
HEAD_SECONDS = 15.0
_LISTEN_FDS_START = 3


class SocketError(Exception):
    """The socket cannot be made; ``str`` says what to do."""


def bind(path: Path, *, mode: int = 0o660, group: str = "fiscald") -> socket.socket:
    """A listening Unix socket at ``path``. A dead one's leftover is replaced, a live one's is not.

    Given to ``group`` where that exists and this user may. Raises ``SocketError``.
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
        listener.listen(512)
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


class _Protocol(H11Protocol):
    """HTTP/1.1 that knows its peer and does not wait for ever for a request."""

    _patience: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.app_state = {**self.app_state, "peer": rights.peer_of(transport.get_extra_info("socket"))}
        self._patience = self.loop.call_later(HEAD_SECONDS, transport.close)

    def handle_events(self) -> None:
        super().handle_events()
        if not getattr(self.cycle, "response_complete", True):
            self._calm()  # a request is in hand: its head was whole
        elif self._patience is None and self.conn.trailing_data[0]:
            self._patience = self.loop.call_later(HEAD_SECONDS, self.transport.close)

    def connection_lost(self, exc: Exception | None) -> None:
        self._calm()
        super().connection_lost(exc)

    def _calm(self) -> None:
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, ready: anyio.Event) -> None:
        super().__init__(config)
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._ready.set()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Signals are the daemon's."""
        yield


class ApiServer:
    """Serves an application on sockets."""

    def __init__(self, app: ASGIApp, sockets: list[socket.socket]) -> None:
        config = uvicorn.Config(
            app,
            http=_Protocol,
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            h11_max_incomplete_event_size=32 * 1024,
            timeout_graceful_shutdown=5,
        )
        self._ready = anyio.Event()
        self._stopped = anyio.Event()
        self._server = _Server(config, self._ready)
        self._sockets = sockets

    async def run(self) -> None:
        """Serve until ``stop``."""
        try:
            await self._server.serve(sockets=self._sockets)
        finally:
            # Also when cancelled: a listener that stays with the loop would answer for whoever gets its number next.
            for listener in getattr(self._server, "servers", ()):
                listener.close()
            for connection in list(self._server.server_state.connections):
                if connection.transport is not None:
                    connection.transport.close()
            self._ready.set()
            self._stopped.set()

    async def started(self) -> None:
        """Returns once requests are answered."""
        await self._ready.wait()

    async def stopped(self) -> None:
        """Returns once the last request is answered."""
        await self._stopped.wait()

    def stop(self) -> None:
        """Take no new connection, finish the requests in hand."""
        self._server.should_exit = True
