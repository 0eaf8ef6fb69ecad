"""One HTTP connection: who is at its other end, what goes on in it, and how long that may take.

A client may be slow, or stop in the middle of anything: of a head, a body, an answer that it does not read. Each is
bounded in time and in memory. One look a second over all connections finds those that are over.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable

import anyio
import h11
from uvicorn.config import Config
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.server import ServerState

from fiscald.api import rights
from fiscald.api.connections import Connections, Rank, Who
from fiscald.logs import Seldom

#: What uvicorn says of a connection. It warns of every request that is no HTTP, which any client can send without end.
_UVICORN = logging.getLogger(f"{__name__}.uvicorn")
_UVICORN.setLevel(logging.ERROR)
#: Seconds in which a whole request must have arrived. The routes that read a body allow less and say so in an answer.
REQUEST_SECONDS = 15.0
#: Bytes of one request that are read at all; those over the routes' own bound are thrown away.
MOST_SENT = 1024 * 1024
#: Seconds in which a client must take what there is for it, or three quarters of ``_WRITE_AHEAD``.
TAKE_SECONDS = 10.0
#: Bytes that may wait for a client that is sent what happens; and for all clients together.
MOST_WAITING, MOST_WAITING_IN_ALL = 256 * 1024, 16 * 1024 * 1024
#: Bytes taken from the socket at once. A body in chunks of one byte is 6 times as long and costs 10 us a byte.
_READ = 8 * 1024
#: Bytes of a body that are read ahead of the route that wants them.
_READ_AHEAD = 8 * 1024
#: Bytes of an answer that are made ahead of the client that reads them.
_WRITE_AHEAD = 32 * 1024
#: Of a request that comes in more pieces than a few, smaller than this, one is read every so many seconds.
_FEW, _SMALL_PIECE, _PIECE_EVERY = 8, 1024, 0.25


class HttpConnection(H11Protocol):
    """HTTP/1.1 that knows its peer and does not wait for ever."""

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        books: Connections,
        who: Who,
        seldom: Seldom,
        slow: Callable[[HttpConnection], None],
    ) -> None:
        """``slow`` is told when the client does not take what there is for it."""
        super().__init__(config, server_state, {})
        self.logger = _UVICORN
        self.who = who
        self.rank = Rank.NEW
        self._books = books
        self._seldom = seldom
        self._slow = slow
        self._is_cut = False
        self.begins: anyio.CancelScope | None = None
        """Around a request that waits for its turn to begin."""
        self._since = self._taken = self.loop.time()
        self._received = self._pieces = 0

    # -- what uvicorn calls ---------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """See ``asyncio.Protocol``."""
        if self._is_cut:
            transport.abort()
            return
        if hasattr(transport, "max_size"):  # of the selector event loop; 256 KiB otherwise
            transport.max_size = _READ
        transport.set_write_buffer_limits(high=_WRITE_AHEAD)
        super().connection_made(transport)
        self.app_state = {"peer": rights.peer_of(transport.get_extra_info("socket")), "connection": self}

    def connection_lost(self, exc: Exception | None) -> None:
        """See ``asyncio.Protocol``."""
        self._books.remove(self)
        if self.begins is not None:
            self.begins.cancel()
        if self._is_open:
            super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """See ``asyncio.Protocol``."""
        if self.rank is Rank.KEPT and not self.conn.trailing_data[0]:
            self._since = self.loop.time()
        self._received += len(data)
        super().data_received(data)
        if self._received > MOST_SENT and self.conn.their_state is h11.SEND_BODY:
            self.cut()
        elif self.rank > Rank.KEPT and len(self.cycle.body) > _READ_AHEAD and not self.cycle.response_complete:
            self.flow.pause_reading()
        elif len(data) < _SMALL_PIECE and self._is_incomplete and not self.transport.is_closing():
            self._pieces += 1
            if self._pieces > _FEW:
                self.transport.pause_reading()
                self.loop.call_later(_PIECE_EVERY, self._read_on)

    @property
    def _is_incomplete(self) -> bool:
        """Whether a request has begun to arrive, and is not whole."""
        return self.rank <= Rank.KEPT or self.conn.their_state is h11.SEND_BODY

    def _read_on(self) -> None:
        if not self.transport.is_closing() and not self.flow.read_paused:
            self.transport.resume_reading()

    def handle_events(self) -> None:
        """Take what has arrived."""
        former = self.cycle
        try:
            super().handle_events()
        except h11.LocalProtocolError:  # rubbish in the middle of an answer: there is no room for another one
            self.transport.abort()
            return
        if self.cycle is not former:
            self._since = self.loop.time()
            self._received = self._pieces = 0
            self._books.move(self, Rank.BUSY)
        elif self.rank > Rank.KEPT and self.conn.our_state is h11.IDLE:
            # The rest of a body has arrived that the answer did not wait for.
            self._since = self.loop.time()
            self._books.move(self, Rank.KEPT)

    def send_400_response(self, msg: str) -> None:
        """Refuse what is not HTTP."""
        self._seldom.warning("a client of user %s sent something that is not HTTP", self.who.uid)
        super().send_400_response(msg)

    def on_response_complete(self) -> None:
        """The answer is on its way."""
        former = self.cycle
        super().on_response_complete()
        if self.cycle is former and self.conn.our_state is h11.IDLE:
            self._since = self.loop.time()
            self._books.move(self, Rank.KEPT)

    def pause_writing(self) -> None:
        """More waits for the client than it should."""
        super().pause_writing()
        self._slow(self)

    def resume_writing(self) -> None:
        """The client has taken a good part of what waited for it."""
        self._taken = self.loop.time()
        super().resume_writing()

    def _should_upgrade(self) -> bool:
        return False  # the request is answered as if it had not asked for another protocol, as RFC 9110 allows

    # -- what the routes use --------------------------------------------------------------------------

    def wait_long(self) -> bool:
        """From now on the request waits or listens; false if its user has too many that do."""
        if not self._books.may_be_long(self.who):
            return False
        self._books.move(self, Rank.LONG)
        return True

    def answer(self) -> None:
        """It has waited long enough, and is answered."""
        self._books.move(self, Rank.BUSY)

    def push(self, data: bytes) -> None:
        """A piece of an answer that has begun. A client that leaves too much of it unread is cut off."""
        if self.transport.is_closing():
            return
        if self.transport.get_write_buffer_size() > MOST_WAITING:
            self._seldom.warning("a client of user %s did not read its events, and was cut off", self.who.uid)
            self.cut()
            return
        with contextlib.suppress(h11.LocalProtocolError):
            self.transport.write(self.conn.send(h11.Data(data=data)) or b"")

    # -- bounds ---------------------------------------------------------------------------------------

    def give_way(self) -> None:
        """See ``Connection``."""
        self._seldom.warning("user %s has too many connections: one of them was closed", self.who.uid)
        self.cut()

    def cut(self) -> None:
        """See ``Connection``."""
        self._is_cut = True
        self._books.remove(self)
        if self._is_open:
            self.transport.abort()

    @property
    def waiting_bytes(self) -> int:
        """Bytes that the client has not taken."""
        return self.transport.get_write_buffer_size() if self._is_open else 0

    @property
    def taken(self) -> float:
        """When the client last took what there was for it, by the loop's clock."""
        return self._taken

    def look(self, now: float, head_seconds: float) -> None:
        """See ``Connection``."""
        if not self._is_open:
            return
        if not self.waiting_bytes:
            self._taken = now
        elif now - self._taken > TAKE_SECONDS:
            self._seldom.warning("a client of user %s did not read its answer, and was cut off", self.who.uid)
            self.cut()
            return
        if self.rank <= Rank.KEPT and now - self._since > head_seconds:
            self.transport.close()
        elif self.rank > Rank.KEPT and self.conn.their_state is h11.SEND_BODY and now - self._since > REQUEST_SECONDS:
            self.cut()

    @property
    def _is_open(self) -> bool:
        transport: asyncio.Transport | None = self.transport
        return transport is not None
