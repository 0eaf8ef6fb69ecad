"""The server: uvicorn on a socket that was bound before, beside the outbox."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import anyio
import uvicorn
from anyio.abc import TaskStatus
from starlette.types import ASGIApp

from fiscald.licence.server.outbox import Outbox


class Tls(NamedTuple):
    """Files with the server's certificate chain and its key."""

    certificate: Path
    key: Path


class ListenError(Exception):
    """The address cannot be listened on; ``str`` says why."""


def bind(host: str, port: int) -> socket.socket:
    """A listening TCP socket. Raises ``ListenError``."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(128)
    except OSError as error:
        listener.close()
        raise ListenError(f"{host}:{port}: {error.strerror or error}") from None
    listener.setblocking(False)
    return listener


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, task_status: TaskStatus[None]) -> None:
        super().__init__(config)
        self._task_status = task_status

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._task_status.started()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Signals are the caller's."""
        yield


async def serve(
    app: ASGIApp,
    outbox: Outbox,
    listener: socket.socket,
    *,
    tls: Tls | None = None,
    trusted_proxies: tuple[str, ...] = (),
    task_status: TaskStatus[None] = anyio.TASK_STATUS_IGNORED,
) -> None:
    """Answer and send mail until cancelled."""
    config = uvicorn.Config(
        app,
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=bool(trusted_proxies),
        forwarded_allow_ips=list(trusted_proxies),
        ssl_certfile=None if tls is None else str(tls.certificate),
        ssl_keyfile=None if tls is None else str(tls.key),
        limit_concurrency=200,
        timeout_keep_alive=5,
        timeout_graceful_shutdown=5,
        h11_max_incomplete_event_size=16 * 1024,
    )
    server = _Server(config, task_status)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(outbox.run)
        try:
            await server.serve(sockets=[listener])
        finally:
            # Also when cancelled: a listener that stays with the loop would answer for the next caller.
            for one in getattr(server, "servers", ()):
                one.close()
            for connection in list(server.server_state.connections):
                if connection.transport is not None:
                    connection.transport.close()
            tasks.cancel_scope.cancel()
