"""Taking connections from a listening socket, without ever standing in the way of what else the loop has to do."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import os
import socket
import struct
import time
from collections.abc import Callable
from functools import partial

from fiscald.api.connections import Connections, Who
from fiscald.api.protocol import HttpConnection
from fiscald.logs import Seldom

#: Connections that wait to be taken. A client that asks without waiting is refused when there are more.
BACKLOG = 1024
#: Seconds that connections are taken before something else has its turn.
_AT_ONCE = 0.004
#: Seconds without taking any, where the system has no descriptor or memory left.
_PAUSE = 0.5
_NONE_LEFT = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)
_CREDENTIALS = struct.Struct("iII")


class Listener:
    """Takes the connections of one socket; uvicorn closes it like one of asyncio's servers."""

    def __init__(
        self,
        listener: socket.socket,
        books: Connections,
        connection: Callable[[Who], HttpConnection],
        seldom: Seldom,
    ) -> None:
        self._listener = listener
        self._books = books
        self._connection = connection
        self._seldom = seldom
        self._loop = asyncio.get_running_loop()
        self._beginning: set[asyncio.Task[object]] = set()
        self._retry: asyncio.TimerHandle | None = None
        self._closed = False
        # Given up when no other descriptor is left: a connection that cannot be taken cannot be refused either.
        self._spare: int | None = None
        self._keep_spare()
        listener.listen(BACKLOG)
        self._listen()

    def close(self) -> None:
        """Take no more."""
        if self._closed:
            return
        self._closed = True
        if self._retry is not None:
            self._retry.cancel()
        self._loop.remove_reader(self._listener)
        if self._spare is not None:
            os.close(self._spare)
            self._spare = None

    async def wait_closed(self) -> None:
        """Returns at once."""

    def _listen(self) -> None:
        if not self._closed:
            self._loop.add_reader(self._listener, self._take)

    def _take(self) -> None:
        """Take those that wait, for a moment."""
        until = time.monotonic() + _AT_ONCE
        while time.monotonic() < until:
            try:
                link, _ = self._listener.accept()
            except (BlockingIOError, InterruptedError, ConnectionAbortedError):
                return
            except OSError as error:
                if error.errno in _NONE_LEFT and (self._books.relieve() or self._refuse_one()):
                    self._seldom.warning("a connection was closed at once: no descriptor is left, see LimitNOFILE")
                else:
                    self._seldom.warning("no connection can be taken: %s", error.strerror)
                    self._rest()
                return
            self._begin(link)

    def _refuse_one(self) -> bool:
        """Close a connection for want of a descriptor. False if even that cannot be done."""
        if self._spare is None:
            return False
        os.close(self._spare)
        self._spare = None
        try:
            self._listener.accept()[0].close()
        except OSError:
            return False
        finally:
            self._keep_spare()
        return True

    def _keep_spare(self) -> None:
        with contextlib.suppress(OSError):
            self._spare = os.open(os.devnull, os.O_RDONLY | os.O_CLOEXEC)

    def _rest(self) -> None:
        self._loop.remove_reader(self._listener)
        self._retry = self._loop.call_later(_PAUSE, self._again)

    def _again(self) -> None:
        if self._spare is None:
            self._keep_spare()
        self._listen()

    def _begin(self, link: socket.socket) -> None:
        link.setblocking(False)
        if _is_gone(link):
            link.close()
            return
        who = _who(link)
        if not self._books.admit(who):
            link.close()
            self._seldom.warning("connections of user %s were closed at once: it has too many", who.uid)
            return
        connection = self._connection(who)
        self._books.add(connection)
        beginning = self._loop.create_task(self._loop.connect_accepted_socket(lambda: connection, link))
        self._beginning.add(beginning)
        beginning.add_done_callback(partial(self._begun, connection, link))

    def _begun(self, connection: HttpConnection, link: socket.socket, beginning: asyncio.Task[object]) -> None:
        self._beginning.discard(beginning)
        if beginning.cancelled() or beginning.exception() is not None:
            connection.cut()
            link.close()


def _is_gone(link: socket.socket) -> bool:
    """Whether the client has left already: one that comes and goes as fast as it can costs next to nothing."""
    try:
        return not link.recv(1, socket.MSG_PEEK)
    except BlockingIOError:
        return False
    except OSError:
        return True


def _who(link: socket.socket) -> Who:
    if link.family != socket.AF_UNIX:
        return Who(None, None)
    try:
        pid, uid, _ = _CREDENTIALS.unpack(link.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size))
    except OSError:
        return Who(None, None)
    return Who(uid, pid)
