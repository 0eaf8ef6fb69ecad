"""The server: uvicorn on sockets that were bound before, beside the outbox."""

from __future__ import annotations

import contextlib
import logging
import socket
from collections.abc import Iterator, Sequence
from typing import Protocol

import anyio
import uvicorn
from anyio.abc import TaskStatus
from starlette.types import ASGIApp

from fiscald.licence.server.accepting import BACKLOG, Acceptor
from fiscald.licence.server.connections import Connections, Proxies, bounds
from fiscald.licence.server.protocol import HttpConnection, Seconds
from fiscald.licence.server.tls import ServerCertificate

log = logging.getLogger(__name__)

#: Seconds between two looks at the certificate's files. Certificates that renew themselves live for days, not hours.
TLS_INTERVAL = 3600.0


#: The time limits of a connection.
SECONDS = Seconds()


class Beside(Protocol):
    """Work that goes on while the server answers: the outbox."""

    async def run(self) -> None:
        """Work until cancelled."""


class ListenError(Exception):
    """The server cannot listen on the address; ``str`` says why."""


def bind(host: str, port: int) -> socket.socket:
    """A listening TCP socket. Raises ``ListenError``."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(BACKLOG)
    except OSError as error:
        listener.close()
        raise ListenError(f"{host}:{port}: {error.strerror or error}") from None
    listener.setblocking(False)
    return listener


class Door:
    """An application on a listening socket, and the connections to it."""

    def __init__(
        self,
        app: ASGIApp,
        listener: socket.socket,
        *,
        tls: ServerCertificate | None = None,
        trusted_proxies: Sequence[str] = (),
        connections: Connections | None = None,
        seconds: Seconds = SECONDS,
    ) -> None:
        self.listener = listener
        self.tls = tls
        self.seconds = seconds
        self.connections = Connections(bounds(), Proxies(trusted_proxies)) if connections is None else connections
        self.config = uvicorn.Config(
            app,
            http=HttpConnection,
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=bool(trusted_proxies),
            forwarded_allow_ips=list(trusted_proxies),
            timeout_keep_alive=3600,  # the connection has stricter limits
            h11_max_incomplete_event_size=16 * 1024,
        )


class _Server(uvicorn.Server):
    """Uvicorn, with our acceptors."""

    def __init__(self, doors: Sequence[Door], task_status: TaskStatus[None]) -> None:
        super().__init__(doors[0].config)
        self._doors = doors
        self._task_status = task_status

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        self.servers = [self._acceptor(door) for door in self._doors]  # type: ignore[misc]
        self.started = True
        self._task_status.started()

    def _acceptor(self, door: Door) -> Acceptor:
        if not door.config.loaded:
            door.config.load()

        def connection(address: str, link: socket.socket) -> HttpConnection:
            return HttpConnection(door.config, self.server_state, door.connections, address, link, door.seconds)

        return Acceptor(door.listener, door.connections, connection, door.tls, door.seconds)

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """The caller handles signals."""
        yield


async def serve(
    doors: Sequence[Door], outbox: Beside, *, task_status: TaskStatus[None] = anyio.TASK_STATUS_IGNORED
) -> None:
    """Answer and send mail until cancelled."""
    server = _Server(doors, task_status)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(outbox.run)
        for door in doors:
            if door.tls is not None:
                tasks.start_soon(_reload, door.tls)
        try:
            await server.serve()
        finally:
            # Also when cancelled: a listener that stays with the loop would answer for the next caller.
            for acceptor in getattr(server, "servers", ()):
                acceptor.close()
            for door in doors:
                for connection in door.connections:
                    connection.cut()
                door.listener.close()
            tasks.cancel_scope.cancel()


async def _reload(tls: ServerCertificate) -> None:
    """Load a renewed certificate even if no program has sent SIGHUP."""
    while True:
        await anyio.sleep(TLS_INTERVAL)
        tls.reload(only_if_changed=True)
