"""Taking connections from a listening socket, without ever standing in the way of what else the loop has to do.

A connection costs next to nothing until something has arrived on it: it is one descriptor, in an epoll of its own.
Most of those that a program opens without end say nothing, or are gone before they are looked at.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import fcntl
import os
import select
import socket
import struct
import termios
import time
from collections.abc import Callable
from functools import partial

from fiscald.api.connections import Connections, Rank, Who
from fiscald.api.protocol import HttpConnection
from fiscald.logs import Seldom

#: Connections that wait to be taken: as many as the system allows. When there are more, a client that does not want to
#: wait for its connection gets none.
BACKLOG = 4096
#: Seconds that connections are taken before something else has its turn, and how many before they are looked at.
_AT_ONCE, _TOGETHER = 0.004, 16
#: Connections that begin in one turn of the loop, and those of one process: what has arrived on them comes next.
_BEGIN, _BEGIN_EACH = 8, 4
#: Connections that wait to be taken at a time, and are not a flood.
_FLOOD = 16
#: Seconds without taking any, where the system has no descriptor or memory left.
_PAUSE = 0.5
_NONE_LEFT = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)
_CREDENTIALS = struct.Struct("iII")
_GONE = select.POLLHUP | select.POLLERR  # the same bits as epoll's
_NOTHING = bytes(4)


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
        self.seldom = seldom
        self._loop = asyncio.get_running_loop()
        self._beginning: set[asyncio.Task[object]] = set()
        self._retry: asyncio.TimerHandle | None = None
        self._closed = False
        self._silent: dict[int, Silent] = {}
        self._epoll = select.epoll()
        # Given up when no other descriptor is left: a connection that cannot be taken cannot be refused either.
        self._spare: int | None = None
        self._keep_spare()
        listener.listen(BACKLOG)
        self._loop.add_reader(self._epoll, self._look)
        self._listen()

    def close(self) -> None:
        """Take no more, and close those that have said nothing."""
        if self._closed:
            return
        self._closed = True
        if self._retry is not None:
            self._retry.cancel()
        self._loop.remove_reader(self._listener)
        self._loop.remove_reader(self._epoll)
        for silent in list(self._silent.values()):
            silent.cut()
        self._epoll.close()
        if self._spare is not None:
            os.close(self._spare)
            self._spare = None

    async def wait_closed(self) -> None:
        """Returns at once."""

    # -- taking ---------------------------------------------------------------------------------------

    def _listen(self) -> None:
        if not self._closed:
            self._loop.add_reader(self._listener, self._take)

    def _take(self) -> None:
        """Take those that wait, for a moment."""
        until = time.monotonic() + _AT_ONCE
        count = 0
        while time.monotonic() < until and self._take_some(flood=count > _FLOOD):
            count += _TOGETHER

    def _take_some(self, *, flood: bool) -> bool:
        """Take a few, and keep those that are still there. Whether there may be more.

        Who is gone already has perhaps asked for something, and does not wait for the answer; in a flood such a
        request is dropped.
        """
        taken = select.poll()
        count, more = 0, True
        try:
            while count < _TOGETHER:
                # A socket object, which ``accept`` makes, takes as long again as all the rest.
                descriptor, _ = self._listener._accept()  # type: ignore[attr-defined]
                taken.register(descriptor, select.POLLIN | select.POLLOUT)
                count += 1
        except (BlockingIOError, InterruptedError, ConnectionAbortedError):
            more = False
        except OSError as error:
            more = False
            self._without_descriptor(error)
        for descriptor, events in taken.poll(0) if count else ():
            if events & _GONE and (flood or not _unread(descriptor)):
                os.close(descriptor)
            else:
                self._keep(descriptor)
        return more

    def _keep(self, descriptor: int) -> None:
        link = socket.socket(self._listener.family, self._listener.type, self._listener.proto, descriptor)
        who = _who(link)
        if not self._books.admit(who, self._loop.time()):
            link.close()
            self.seldom.warning("connections of user %s were closed at once: it has too many", who.uid)
        else:
            silent = self._silent[descriptor] = Silent(link, who, self._loop.time(), self)
            self._epoll.register(link, select.EPOLLIN | select.EPOLLRDHUP)
            self._books.add(silent)

    def _look(self) -> None:
        """Something has arrived on connections that were silent, or they are gone.

        Those of a user and of a process that have few go first: who has hundreds waits for itself.
        """
        speaking: dict[Who, list[Silent]] = {}
        ready = self._epoll.poll(0)
        for descriptor, events in ready:
            silent = self._silent[descriptor]
            if events & _GONE and (len(ready) > _FLOOD or not _unread(descriptor)):
                silent.cut()
            else:
                speaking.setdefault(silent.who, []).append(silent)
        first = sorted(speaking, key=self._books.counts)
        for silent in [each for who in first for each in speaking[who][:_BEGIN_EACH]][:_BEGIN]:
            self.forget(silent)
            self._begin(silent.link, silent.who)

    def _begin(self, link: socket.socket, who: Who) -> None:
        """It speaks HTTP from now on."""
        link.setblocking(False)
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

    def forget(self, silent: Silent) -> None:
        """It is silent no more, or about to be closed."""
        if self._silent.pop(silent.link.fileno(), None) is not None:
            self._epoll.unregister(silent.link)
            self._books.remove(silent)

    # -- no descriptor is left ------------------------------------------------------------------------

    def _without_descriptor(self, error: OSError) -> None:
        if error.errno in _NONE_LEFT and (self._books.relieve() or self._refuse_one()):
            self.seldom.warning("a connection was closed at once: no descriptor is left, see LimitNOFILE")
        else:
            self.seldom.warning("no connection can be taken: %s", error.strerror)
            self._loop.remove_reader(self._listener)
            self._retry = self._loop.call_later(_PAUSE, self._again)

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

    def _again(self) -> None:
        if self._spare is None:
            self._keep_spare()
        self._listen()


class Silent:
    """A connection on which nothing has arrived yet."""

    rank = Rank.NEW
    __slots__ = ("_listener", "_since", "link", "who")

    def __init__(self, link: socket.socket, who: Who, since: float, listener: Listener) -> None:
        self.link = link
        self.who = who
        self._since = since
        self._listener = listener

    def give_way(self) -> None:
        """See ``Connection``."""
        self._listener.seldom.warning(
            "user %s has too many connections: one that said nothing was closed", self.who.uid
        )
        self.cut()

    def cut(self) -> None:
        """Close it at once."""
        self._listener.forget(self)
        self.link.close()

    def look(self, now: float, head_seconds: float) -> None:
        """Close it if it has been silent for too long."""
        if now - self._since > head_seconds:
            self.cut()


def _unread(descriptor: int) -> bool:
    """Whether something has arrived: who is gone may have asked for something before that."""
    return fcntl.ioctl(descriptor, termios.FIONREAD, _NOTHING) != _NOTHING


def _who(link: socket.socket) -> Who:
    if link.family != socket.AF_UNIX:
        return Who(None, None)
    try:
        pid, uid, _ = _CREDENTIALS.unpack(link.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size))
    except OSError:
        return Who(None, None)
    return Who(uid, pid)
