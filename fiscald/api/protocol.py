"""One HTTP connection: its peer, its state, and its limits of time and memory.

A client may be slow, or stop in the middle of a head, of a body, or of an answer that it does not read. The server
checks the time limits of all connections once a second.
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
from fiscald.api.network import Link, bound
from fiscald.logs import RateLimitedLog

#: For uvicorn's messages about a connection. It would log a warning for every invalid request.
_UVICORN = logging.getLogger(f"{__name__}.uvicorn")
_UVICORN.setLevel(logging.ERROR)
#: Seconds until a whole request must have arrived. Routes that read a body have a shorter limit, with an answer.
REQUEST_SECONDS = 15.0
#: Bytes of one request that are read before the connection is closed; a body over the limit of the routes is discarded.
MAX_SENT = 1024 * 1024
#: Seconds in which a client must read all that is ready for it, or at least three quarters of ``_WRITE_AHEAD``.
TAKE_SECONDS = 10.0
#: Bytes of events that may wait for one client; bytes that may wait for all clients together.
MAX_WAITING, MOST_WAITING_IN_ALL = 256 * 1024, 16 * 1024 * 1024
#: Bytes read from the socket at once: parsing a body in chunks of one byte takes 10 us per chunk of 6 bytes.
_READ = 8 * 1024
#: Bytes of a body that are read before a route asks for them.
_READ_AHEAD = 8 * 1024
#: Bytes of an answer that are produced before the client has read them.
_WRITE_AHEAD = 32 * 1024
#: If a request arrives in more than a few pieces that are small, one piece is read every so many seconds.
_FEW, _SMALL_PIECE, _PIECE_EVERY = 8, 1024, 0.25


class HttpConnection(H11Protocol):
    """HTTP/1.1 with a known peer and time limits."""

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        admitted: Connections,
        who: Who,
        limited_log: RateLimitedLog,
        slow: Callable[[HttpConnection], None],
        link: Link = Link.SOCKET,
    ) -> None:
        """``slow`` is called when the client does not read its answers."""
        super().__init__(config, server_state, {})
        self.logger = _UVICORN
        self.who = who
        self.link = link
        self.rank = Rank.NEW
        self._wire: asyncio.Transport | None = None
        """What carries the encrypted bytes, with TLS."""
        self._admitted = admitted
        self._log = limited_log
        self._slow = slow
        self._is_cut = False
        self.begins: anyio.CancelScope | None = None
        """Around a request that waits to be started."""
        self._since = self._taken = self.loop.time()
        self._received = self._pieces = 0

    # -- called by asyncio and uvicorn ----------------------------------------------------------------

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """See ``asyncio.Protocol``."""
        if self._is_cut:
            transport.abort()
            return
        if self._wire is not None:
            bound(transport)
        if hasattr(transport, "max_size"):  # of the selector event loop; 256 KiB otherwise
            transport.max_size = _READ
        transport.set_write_buffer_limits(high=_WRITE_AHEAD)
        super().connection_made(transport)
        self.app_state = {"peer": rights.peer_of(transport.get_extra_info("socket")), "connection": self}

    def on_wire(self, wire: asyncio.Transport) -> bool:
        """The TLS handshake begins. Returns whether it may: the connection was not cut meanwhile."""
        self._wire = wire
        if self._is_cut:
            wire.abort()
        return not self._is_cut

    def off_wire(self) -> None:
        """The connection below TLS is gone, perhaps during the handshake."""
        self._admitted.remove(self)

    def connection_lost(self, exc: Exception | None) -> None:
        """See ``asyncio.Protocol``."""
        self._admitted.remove(self)
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
        if self._received > MAX_SENT and self.conn.their_state is h11.SEND_BODY:
            self.cut()
        elif self.rank > Rank.KEPT and len(self.cycle.body) > _READ_AHEAD and not self.cycle.response_complete:
            self.flow.pause_reading()
        elif len(data) < _SMALL_PIECE and self._is_incomplete:
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
        """Process the data that has arrived."""
        former = self.cycle
        try:
            super().handle_events()
        except h11.LocalProtocolError:  # invalid data during an answer: there cannot be another answer
            self.transport.abort()
            return
        if self.cycle is not former:
            self._since = self.loop.time()
            self._received = self._pieces = 0
            self._admitted.move(self, Rank.BUSY)
        elif self.rank > Rank.KEPT and self.conn.our_state is h11.IDLE:
            # The rest of a body that was not read before the answer.
            self._since = self.loop.time()
            self._admitted.move(self, Rank.KEPT)

    def send_400_response(self, msg: str) -> None:
        """Refuse data that is not HTTP."""
        self._log.warning("a client of %s sent something that is not HTTP", self.who.name)
        super().send_400_response(msg)

    def on_response_complete(self) -> None:
        """The whole answer was handed to the transport."""
        former = self.cycle
        super().on_response_complete()
        if self.cycle is former and self.conn.our_state is h11.IDLE:
            self._since = self.loop.time()
            self._admitted.move(self, Rank.KEPT)

    def pause_writing(self) -> None:
        """The client reads more slowly than the answer is produced."""
        super().pause_writing()
        self._slow(self)

    def resume_writing(self) -> None:
        """The client has read most of what was waiting for it."""
        self._taken = self.loop.time()
        super().resume_writing()

    def _should_upgrade(self) -> bool:
        return False  # upgrades are ignored, as RFC 9110 allows

    # -- called by routes -----------------------------------------------------------------------------

    def wait_long(self) -> bool:
        """The request waits or listens from now on; false if its user has too many such requests."""
        if not self._admitted.may_be_long(self.who):
            return False
        self._admitted.move(self, Rank.LONG)
        return True

    def answer(self) -> None:
        """The request does not wait any more."""
        self._admitted.move(self, Rank.BUSY)

    def push(self, data: bytes) -> None:
        """Write a part of an answer that has begun. A client that leaves too much unread is disconnected."""
        if self.transport.is_closing():
            return
        if self.waiting_bytes > MAX_WAITING:
            self._log.warning("a client of %s did not read its events, and was disconnected", self.who.name)
            self.cut()
            return
        with contextlib.suppress(h11.LocalProtocolError):
            self.transport.write(self.conn.send(h11.Data(data=data)) or b"")

    # -- limits ---------------------------------------------------------------------------------------

    def give_way(self) -> None:
        """See ``Connection``."""
        self._log.warning("%s has too many connections: one of them was closed", self.who.name)
        self.cut()

    def cut(self) -> None:
        """See ``Connection``."""
        self._is_cut = True
        self._admitted.remove(self)
        if self._is_open:
            self.transport.abort()
        elif self._wire is not None:
            self._wire.abort()

    @property
    def waiting_bytes(self) -> int:
        """Bytes that the client has not read."""
        if not self._is_open:
            return 0
        encrypted = 0 if self._wire is None else self._wire.get_write_buffer_size()
        return self.transport.get_write_buffer_size() + encrypted

    @property
    def taken(self) -> float:
        """When the client last read what was ready for it, by the loop's clock."""
        return self._taken

    def look(self, now: float, head_seconds: float) -> None:
        """See ``Connection``."""
        if not self._is_open:
            if now - self._since > head_seconds:  # the handshake
                self.cut()
            return
        if not self.waiting_bytes:
            self._taken = now
        elif now - self._taken > TAKE_SECONDS:
            self._log.warning("a client of %s did not read its answer, and was disconnected", self.who.name)
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
