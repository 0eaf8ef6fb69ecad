"""One HTTP connection of the server, with a time limit for each of its stages.

A client may be silent, send a byte a second, or not read its answer. A stage ends when the limit is over, however
busy the connection looks: bytes that arrive do not extend it.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
from typing import NamedTuple

import h11
from uvicorn.config import Config
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.server import ServerState

from fiscald.licence.server.connections import Connections, Rank, is_private
from fiscald.licence.server.networks import origin_of

#: For uvicorn's messages about a connection: it would log a warning for every invalid request.
_UVICORN = logging.getLogger(f"{__name__}.uvicorn")
_UVICORN.setLevel(logging.ERROR)


class Seconds(NamedTuple):
    """Time limits of a connection."""

    silence: float = 10.0
    """From the connection to its first data."""
    handshake: float = 10.0
    """For TLS, from the first data on."""
    head: float = 10.0
    """For the head of the first request."""
    request: float = 30.0
    """From the end of a head until the whole answer was written; the body has a shorter limit, with an answer."""
    kept: float = 10.0
    """From one answer to the end of the next request's head."""
    kept_by_proxy: float = 75.0
    """The same for a trusted proxy: longer than the proxies keep theirs, so that they close first."""
    close: float = 5.0
    """For closing politely."""


class HttpConnection(H11Protocol):
    """HTTP/1.1 from a known address, with time limits."""

    def __init__(
        self, config: Config, state: ServerState, admitted: Connections, address: str, link: socket.socket,
        seconds: Seconds,
    ) -> None:  # fmt: skip
        super().__init__(config, state, {})
        self.logger = _UVICORN
        self.origin = origin_of(address)
        self.rank = Rank.NEW
        self._admitted = admitted
        self._link = link
        self._seconds = seconds
        self._kept = seconds.kept_by_proxy if address in admitted.proxies else seconds.kept
        self._is_cut = False
        self._is_near = address not in admitted.proxies and is_private(address)
        self._timer: asyncio.TimerHandle | None = None  # the handshake's limit is asyncio's

    # -- called by asyncio and uvicorn ----------------------------------------------------------------

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """See ``asyncio.Protocol``."""
        if self._is_cut:
            transport.abort()
            return
        super().connection_made(transport)
        self._limit(self._seconds.head)

    def connection_lost(self, exc: Exception | None) -> None:
        """See ``asyncio.Protocol``."""
        self.forget()
        if self._is_open:
            super().connection_lost(exc)

    def handle_events(self) -> None:
        """Process the data that has arrived."""
        former = self.cycle
        try:
            super().handle_events()
        except h11.LocalProtocolError:  # invalid data during an answer: there cannot be another answer
            self.cut()
            return
        if self.cycle is not former and not self.cycle.response_complete:
            self._admitted.move(self, Rank.BUSY)
            self._limit(self._seconds.request)
            if self._is_near and any(name == b"x-forwarded-for" for name, _ in self.headers):
                self._admitted.count_unnamed_proxy()

    def on_response_complete(self) -> None:
        """The whole answer was handed to the transport."""
        former = self.cycle
        super().on_response_complete()
        if self.cycle is former:
            self._admitted.move(self, Rank.KEPT)
            self._limit(self._kept)

    def _should_upgrade(self) -> bool:
        return False  # upgrades are ignored, as RFC 9110 allows

    # -- limits ---------------------------------------------------------------------------------------

    def cut(self) -> None:
        """See ``connections.Connection``."""
        self._is_cut = True
        self.forget()
        if self._is_open:
            self.transport.abort()
        else:
            # In the handshake: its task sees the end of the connection.
            with contextlib.suppress(OSError):
                self._link.shutdown(socket.SHUT_RDWR)

    def forget(self) -> None:
        """It is closed, or about to be."""
        self._stop_timer()
        self._admitted.remove(self)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()

    def _limit(self, seconds: float) -> None:
        self._stop_timer()
        if not self._is_cut:
            self._timer = self.loop.call_later(seconds, self._is_late)

    def _is_late(self) -> None:
        if not self.transport.is_closing():
            self._admitted.counts["late"] += 1
            if self.rank is Rank.KEPT and not self.transport.get_write_buffer_size():
                self.transport.close()
                self._limit(self._seconds.close)
                return
        self.cut()

    @property
    def _is_open(self) -> bool:
        transport: asyncio.Transport | None = self.transport
        return transport is not None
