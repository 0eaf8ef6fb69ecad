"""Accepts the connections of a listening socket: counted before TLS, which begins with their first data.

A TLS handshake takes about a millisecond of the event loop, a silent connection next to nothing. So only a few
handshakes begin in one turn of the loop.
"""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import Callable
from functools import partial

from fiscald.licence.server.connections import Connections, Rank
from fiscald.licence.server.networks import origin_of
from fiscald.licence.server.protocol import HttpConnection, Seconds
from fiscald.licence.server.tls import ServerCertificate
from fiscald.logs import RateLimitedLog

log = logging.getLogger(__name__)

#: Connections that may wait to be accepted: the most that the system allows.
BACKLOG = 4096
#: Connections accepted in one turn of the loop, and connections that begin TLS in one.
_BATCH, _BEGUN = 32, 8
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
        self._silent: dict[Silent, None] = {}
        self._ready: dict[Silent, None] = {}
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
        for silent in list(self._silent):
            silent.cut()
        for task in self._starting:
            task.cancel()

    async def wait_closed(self) -> None:
        """Returns at once."""

    def after_silence(self, late: Callable[[], None]) -> asyncio.TimerHandle:
        """Call ``late`` when a connection has been silent for too long."""
        return self._loop.call_later(self._seconds.silence, late)

    def count_late(self) -> None:
        """A connection was silent for too long."""
        self._admitted.counts["late"] += 1

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
            self._keep(link, str(peer[0]))

    def _keep(self, link: socket.socket, address: str) -> None:
        if not self._admitted.admit(address, self._loop.time()):
            self._log.warning("a connection was refused: its address has too many")
            link.close()
            return
        link.setblocking(False)
        silent = Silent(link, address, self)
        self._silent[silent] = None
        self._admitted.add(silent)
        self._loop.add_reader(link, self._has_data, silent)

    # -- from silence to HTTP -------------------------------------------------------------------------

    def _has_data(self, silent: Silent) -> None:
        """Data has arrived, or the client is gone."""
        self._loop.remove_reader(silent.link)
        if not self._ready:
            self._loop.call_soon(self._begin_some)
        self._ready[silent] = None

    def _begin_some(self) -> None:
        """Begin TLS on a few connections, those of origins with few connections first."""
        for silent in sorted(self._ready, key=lambda each: self._admitted.count_of(each.origin))[:_BEGUN]:
            self.forget(silent)
            self._begin(silent.link, silent.address)
        if self._ready and not self._is_closed:
            self._loop.call_soon(self._begin_some)

    def _begin(self, link: socket.socket, address: str) -> None:
        if not _sends(link):
            link.close()
            return
        connection = self._connection(address, link)
        self._admitted.add(connection)
        task = self._loop.create_task(self._start(connection, link))
        self._starting.add(task)
        task.add_done_callback(partial(self._has_started, connection, link))

    def forget(self, silent: Silent) -> None:
        """It is not silent any more, or about to be closed."""
        silent.timer.cancel()
        self._loop.remove_reader(silent.link)
        self._silent.pop(silent, None)
        self._ready.pop(silent, None)
        self._admitted.remove(silent)

    async def _start(self, connection: HttpConnection, link: socket.socket) -> None:
        if self._tls is None:
            await self._loop.connect_accepted_socket(lambda: connection, link)
            return
        await self._loop.connect_accepted_socket(
            lambda: connection,
            link,
            ssl=self._tls.context,
            ssl_handshake_timeout=self._seconds.handshake,
            ssl_shutdown_timeout=self._seconds.close,
        )

    def _has_started(self, connection: HttpConnection, link: socket.socket, task: asyncio.Task[object]) -> None:
        self._starting.discard(task)
        if task.cancelled() or (error := task.exception()) is not None:
            if not task.cancelled() and isinstance(error, ConnectionAbortedError):  # so asyncio names a late handshake
                self.count_late()
            connection.forget()
            link.close()


class Silent:
    """A connection on which no data has arrived yet. It costs a descriptor, and no TLS."""

    rank = Rank.NEW
    __slots__ = ("_acceptor", "address", "link", "origin", "timer")

    def __init__(self, link: socket.socket, address: str, acceptor: Acceptor) -> None:
        self.link = link
        self.address = address
        self.origin = origin_of(address)
        self._acceptor = acceptor
        self.timer = acceptor.after_silence(self._is_late)

    def cut(self) -> None:
        """See ``connections.Connection``."""
        self._acceptor.forget(self)
        self.link.close()

    def _is_late(self) -> None:
        self._acceptor.count_late()
        self.cut()


def _sends(link: socket.socket) -> bool:
    """Whether data has arrived, and not only the end."""
    try:
        return bool(link.recv(1, socket.MSG_PEEK))
    except OSError:
        return False
