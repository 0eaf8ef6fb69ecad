"""Accepts connections from a listening socket, a few at a time, so that the event loop can do its other work.

A connection costs one descriptor and an entry in an epoll until data arrives on it; only then it gets an HTTP parser.
A program that floods the socket mostly opens connections that send nothing, or closes them before we see them.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import fcntl
import os
import select
import socket
import ssl
import struct
import termios
import time
from collections.abc import Callable
from functools import partial

from fiscald.api.connections import Connections, Rank, Who
from fiscald.api.network import Handshakes, Link, Tls, other_end, speaks_tls
from fiscald.api.protocol import HttpConnection
from fiscald.logs import RateLimitedLog

#: Connections that may wait to be accepted: the most that the system allows. When the queue is full, a non-blocking
#: client cannot connect.
BACKLOG = 4096
#: Seconds that one turn of the loop may spend on accepting, and how many connections are accepted in one go.
_SECONDS_PER_TURN, _BATCH = 0.004, 16
#: Connections that get an HTTP parser in one turn of the loop: of all processes, and of one process.
_STARTED_PER_TURN, _STARTED_PER_PROCESS = 8, 4
#: The same with TLS: the first step of a handshake takes 1 ms, with a large key 5 ms.
_HANDSHAKES_PER_TURN = 2
#: More waiting connections than this are a flood.
_FLOOD = 16
#: Seconds until the next try when the system has no descriptor or memory left.
_PAUSE = 0.5
_NONE_LEFT = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)
_CREDENTIALS = struct.Struct("iII")
_HUNG_UP = select.POLLHUP | select.POLLERR  # the same bits as epoll's
_NOTHING = bytes(4)


class Acceptor:
    """Accepts the connections of one listening socket. uvicorn closes it like an asyncio server."""

    def __init__(
        self,
        listener: socket.socket,
        admitted: Connections,
        connection: Callable[[Who, Link], HttpConnection],
        limited_log: RateLimitedLog,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._listener = listener
        self._admitted = admitted
        self._connection = connection
        self.log = limited_log
        self._tls = tls
        self._handshakes = Handshakes()
        self._plain = Link.SOCKET if listener.family == socket.AF_UNIX else Link.PLAIN
        self._started_per_turn = _STARTED_PER_TURN if tls is None else _HANDSHAKES_PER_TURN
        self._loop = asyncio.get_running_loop()
        self._starting: set[asyncio.Task[object]] = set()
        self._retry: asyncio.TimerHandle | None = None
        self._closed = False
        self._silent: dict[int, Silent] = {}
        self._epoll = select.epoll()
        # Released when no descriptor is left, because a connection must be accepted before it can be closed.
        self._spare: int | None = None
        self._keep_spare()
        listener.listen(BACKLOG)
        self._loop.add_reader(self._epoll, self._on_data)
        self._listen()

    def close(self) -> None:
        """Stop accepting, and close the connections that have sent nothing."""
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

    # -- accepting ------------------------------------------------------------------------------------

    def _listen(self) -> None:
        if not self._closed:
            self._loop.add_reader(self._listener, self._accept)

    def _accept(self) -> None:
        """Accept waiting connections until the time of this turn is over."""
        until = time.monotonic() + _SECONDS_PER_TURN
        count = 0
        while time.monotonic() < until and self._accept_batch(flood=count > _FLOOD):
            count += _BATCH

    def _accept_batch(self, *, flood: bool) -> bool:
        """Accept a few connections and keep those whose client is still there. Returns whether more may be waiting.

        A client that has sent a request and closed the connection does not wait for the answer. Its request is carried
        out, but not during a flood.
        """
        poll = select.poll()
        accepted: list[int] = []
        more = True
        try:
            while len(accepted) < _BATCH:
                # ``accept`` would also make a socket object, which takes as long as everything else here.
                descriptor, _ = self._listener._accept()  # type: ignore[attr-defined]
                poll.register(descriptor, select.POLLIN)
                accepted.append(descriptor)
        except (BlockingIOError, InterruptedError, ConnectionAbortedError):
            more = False
        except OSError as error:
            more = False
            self._without_descriptor(error)
        states = dict(poll.poll(0)) if accepted else {}
        for descriptor in accepted:
            if states.get(descriptor, 0) & _HUNG_UP and (flood or not _has_data(descriptor)):
                os.close(descriptor)
            else:
                self._keep(descriptor)
        return more

    def _keep(self, descriptor: int) -> None:
        link = socket.socket(self._listener.family, self._listener.type, self._listener.proto, descriptor)
        who = _who(link)
        if not self._admitted.admit(who, self._loop.time()):
            link.close()
            self.log.warning("connections of %s were closed at once: the user has too many", who.name)
        else:
            silent = self._silent[descriptor] = Silent(link, who, self._loop.time(), self)
            self._epoll.register(link, select.EPOLLIN | select.EPOLLRDHUP)
            self._admitted.add(silent)

    def _on_data(self) -> None:
        """Data has arrived on silent connections, or their clients are gone.

        Users and processes with few connections come first, so that a process with hundreds delays only itself.
        """
        with_data: dict[Who, list[Silent]] = {}
        ready = self._epoll.poll(0)
        for descriptor, events in ready:
            silent = self._silent[descriptor]
            if events & _HUNG_UP and (len(ready) > _FLOOD or not _has_data(descriptor)):
                silent.cut()
            else:
                with_data.setdefault(silent.who, []).append(silent)
        order = sorted(with_data, key=self._admitted.counts)
        for silent in [each for who in order for each in with_data[who][:_STARTED_PER_PROCESS]][
            : self._started_per_turn
        ]:
            self.forget(silent)
            self._start(silent.link, silent.who)

    def _start(self, link: socket.socket, who: Who) -> None:
        """Speak HTTP on a connection from now on."""
        link.setblocking(False)
        kind = self._plain
        if self._tls is not None:
            kind = Link.TLS if speaks_tls(link) else Link.NOT_TLS
        if kind is Link.TLS and not self._handshakes.may_begin(who, self._loop.time()):
            self.log.warning("connections of %s were closed at once: too many begin", who.name)
            link.close()
            return
        connection = self._connection(who, kind)
        self._admitted.add(connection)
        protocol: asyncio.BaseProtocol = connection
        if self._tls is not None and kind is Link.TLS:
            protocol = Tls(connection, self._tls)
        task = self._loop.create_task(self._loop.connect_accepted_socket(lambda: protocol, link))
        self._starting.add(task)
        task.add_done_callback(partial(self._started, connection, link))

    def _started(self, connection: HttpConnection, link: socket.socket, task: asyncio.Task[object]) -> None:
        self._starting.discard(task)
        if task.cancelled() or task.exception() is not None:
            connection.cut()
            link.close()

    def forget(self, silent: Silent) -> None:
        """A connection is not silent any more, or is about to be closed."""
        if self._silent.pop(silent.link.fileno(), None) is not None:
            self._epoll.unregister(silent.link)
            self._admitted.remove(silent)

    # -- no descriptor is left ------------------------------------------------------------------------

    def _without_descriptor(self, error: OSError) -> None:
        if error.errno in _NONE_LEFT and (self._admitted.relieve() or self._refuse_one()):
            self.log.warning("a connection was closed: no file descriptor is left, see LimitNOFILE")
        else:
            self.log.warning("connections cannot be accepted: %s", error.strerror)
            self._loop.remove_reader(self._listener)
            self._retry = self._loop.call_later(_PAUSE, self._again)

    def _refuse_one(self) -> bool:
        """Accept one connection with the spare descriptor, and close it. Returns whether that worked."""
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
    """A connection on which no data has arrived yet."""

    rank = Rank.NEW
    __slots__ = ("_acceptor", "_since", "link", "who")

    def __init__(self, link: socket.socket, who: Who, since: float, acceptor: Acceptor) -> None:
        self.link = link
        self.who = who
        self._since = since
        self._acceptor = acceptor

    def give_way(self) -> None:
        """See ``Connection``."""
        self._acceptor.log.warning("%s has too many connections: an unused one was closed", self.who.name)
        self.cut()

    def cut(self) -> None:
        """Close it at once."""
        self._acceptor.forget(self)
        self.link.close()

    def look(self, now: float, head_seconds: float) -> None:
        """Close it if it has been silent for too long."""
        if now - self._since > head_seconds:
            self.cut()


def _has_data(descriptor: int) -> bool:
    """Whether data has arrived: a client that is gone may have sent a request before."""
    return fcntl.ioctl(descriptor, termios.FIONREAD, _NOTHING) != _NOTHING


def _who(link: socket.socket) -> Who:
    if link.family != socket.AF_UNIX:
        return other_end(link)
    try:
        pid, uid, _ = _CREDENTIALS.unpack(link.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size))
    except OSError:
        return Who(None, None)
    return Who(uid, pid)
