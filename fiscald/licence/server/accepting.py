"""Accepts the connections of a listening socket: counted before their TLS handshake, not after it."""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import Callable
from functools import partial

from fiscald.licence.server.connections import Connections
from fiscald.licence.server.protocol import HttpConnection, Seconds
from fiscald.licence.server.tls import ServerCertificate
from fiscald.logs import RateLimitedLog

log = logging.getLogger(__name__)

#: Connections that may wait to be accepted.
BACKLOG = 1024
#: Connections accepted in one turn of the loop.
_BATCH = 16
#: Seconds until the next try when the system has no descriptor or memory left.
_PAUSE = 0.5
_GONE = (BlockingIOError, InterruptedError, ConnectionAbortedError)


class Acceptor:
    """Accepts the connections of one listening socket. uvicorn closes it like an asyncio server."""

    def __init__(
        self,
        listener: socket.socket,
        admitted: Connections,
        connection: Callable[[str, socket.socket], HttpConnection],
        tls: ServerCertificate | None,
        seconds: Seconds,
    ) -> None:
        self._listener = listener
        self._admitted = admitted
        self._connection = connection
        self._tls = tls
        self._seconds = seconds
        self._log = RateLimitedLog(log)
        self._loop = asyncio.get_running_loop()
        self._starting: set[asyncio.Task[object]] = set()
        self._retry: asyncio.TimerHandle | None = None
        self._is_closed = False
        listener.listen(BACKLOG)
        self._listen()

    def close(self) -> None:
        """Stop accepting, and close all connections that have not begun a request."""
        if self._is_closed:
            return
        self._is_closed = True
        if self._retry is not None:
            self._retry.cancel()
        self._loop.remove_reader(self._listener)
        for task in self._starting:
            task.cancel()

    async def wait_closed(self) -> None:
        """Returns at once."""

    def _listen(self) -> None:
        if not self._is_closed:
            self._loop.add_reader(self._listener, self._accept)

    def _accept(self) -> None:
        for _ in range(_BATCH):
            try:
                link, peer = self._listener.accept()
            except _GONE:
                return
            except OSError as error:
                self._log.warning("connections cannot be accepted: %s; see LimitNOFILE", error.strerror)
                self._loop.remove_reader(self._listener)
                self._retry = self._loop.call_later(_PAUSE, self._listen)
                return
            self._begin(link, str(peer[0]))

    def _begin(self, link: socket.socket, address: str) -> None:
        if not self._admitted.admit(address, self._loop.time()):
            self._log.warning("a connection was refused: its address has too many")
            link.close()
            return
        connection = self._connection(address, link)
        self._admitted.add(connection)
        task = self._loop.create_task(self._start(connection, link))
        self._starting.add(task)
        task.add_done_callback(partial(self._has_started, connection, link))

    async def _start(self, connection: HttpConnection, link: socket.socket) -> None:
        if self._tls is None:
            await self._loop.connect_accepted_socket(lambda: connection, link)
            return
        await self._loop.connect_accepted_socket(
            lambda: connection,
            link,
            ssl=self._tls.context,
            # The connection's own limit comes first; this one is for what that cannot see.
            ssl_handshake_timeout=self._seconds.handshake + self._seconds.close,
            ssl_shutdown_timeout=self._seconds.close,
        )

    def _has_started(self, connection: HttpConnection, link: socket.socket, task: asyncio.Task[object]) -> None:
        self._starting.discard(task)
        if task.cancelled() or task.exception() is not None:
            connection.forget()
            link.close()
