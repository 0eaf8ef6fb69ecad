"""What a worker of the campaign can spare itself in HTTP: a whole, plain message is read and written without h11.

h11 stays in charge of everything else: messages in parts, damaged, with a header that means something else. Its state
machine is brought to the same place first. ``test_fast_http`` compares both.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http.client import responses
from typing import Any

import h11

from fiscald.emulator.noviapi import http as server
from fiscald.emulator.noviapi.http import Answer, Failure, Request, ServerConnection
from fiscald.protocols.base import Event
from fiscald.protocols.noviapi.access import token_of
from fiscald.protocols.noviapi.commands import Request as Asked
from fiscald.protocols.noviapi.session import LONGEST_BODY, NoviApiSession

_HEADERS = rb"((?:[A-Za-z-]+: (?:[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?)?\r\n)+)\r\n"
_REQUEST = re.compile(rb"(GET|POST|PUT|PATCH|DELETE) ([\x21-\x7e]+) HTTP/1\.1\r\n" + _HEADERS)
_ANSWER = re.compile(rb"HTTP/1\.1 ((?!204|304)[2-5]\d\d) [A-Za-z -]*\r\n" + _HEADERS)
#: Headers that say how a message ends, or what comes after it.
_SPECIAL = re.compile(rb"(?im)^(?:connection|expect|keep-alive|transfer-encoding|upgrade):")
MOST = 1_000_000

_real_feed, _real_next, _real_respond = ServerConnection.feed, ServerConnection.next_request, ServerConnection.respond
_real_send, _real_take = NoviApiSession.send, NoviApiSession._take


@functools.lru_cache(2048)
def _read(head: bytes) -> tuple[tuple[tuple[str, str], ...], int] | None:
    """Headers in lower case and the length of the body; ``None``: not that simple."""
    if _SPECIAL.search(head) is not None:
        return None
    lines = head.decode("ascii").split("\r\n")[:-1]
    headers = tuple((name.lower(), value) for name, value in (line.split(": ", 1) for line in lines))
    lengths = [value for name, value in headers if name == "content-length"]
    if len(lengths) > 1 or not all(re.fullmatch("[0-9]{1,7}", value) for value in lengths):
        return None
    return headers, int(lengths[0]) if lengths else 0


# -- the printer's end ----------------------------------------------------------------------------------


class _Server(ServerConnection):
    """The state that a patched connection has beside its own."""

    slow = False
    """h11 has seen bytes of this connection."""
    raw = b""
    """A request that h11 has not seen: it waits, or is being answered."""
    waits: Request | None = None


def _whole(data: bytes) -> Request | None:
    found = _REQUEST.match(data)
    told = None if found is None else _read(found[3])
    if found is None or told is None or len(data) - found.end() != told[1] or told[1] > MOST:
        return None
    headers = dict(told[0])
    if sum(name == "host" for name, _ in told[0]) != 1:
        return None
    path, _, query = found[2].decode("ascii").partition("?")
    return Request(found[1].decode("ascii"), path, query, headers, data[found.end() :])


def _slow_down(self: Any) -> None:
    if not self.slow:
        self.slow = True
        raw, self.raw, waits, self.waits = self.raw, b"", self.waits, None
        if raw:
            _real_feed(self, raw)
            if waits is None:
                _real_next(self)  # it is being answered


def _feed(self: Any, data: bytes) -> None:
    if not (self.slow or self.raw or self._failed or self.ends):
        self.waits = _whole(data)
        if self.waits is not None:
            self.raw = data
            return
    _slow_down(self)
    _real_feed(self, data)


def _next_request(self: Any) -> Request | Failure | None:
    if self.slow:
        return _real_next(self)
    waits: Request | None = self.waits
    self.waits = None
    return waits


def _respond(self: Any, answer: Answer) -> tuple[bytes, bytes]:
    if self.slow or not self.raw or answer.status in (204, 304):
        _slow_down(self)
        return _real_respond(self, answer)
    self.raw = b""
    body = answer.body
    head = f"HTTP/1.1 {answer.status} {responses.get(answer.status, '')}\r\nContent-Length: {len(body)}\r\n".encode()
    if body:
        head += b"Content-Type: " + (server._JSON if answer.page is None else server._HTML) + b"\r\n"
    if answer.allow is not None:
        head += f"Allow: {answer.allow}\r\n".encode()
    return head + b"\r\n", body


# -- the driver's end -----------------------------------------------------------------------------------


class _Done:
    """h11's connection after a whole answer on a stream that stays."""

    our_state = their_state = h11.DONE
    trailing_data = (b"", False)

    def start_next_cycle(self) -> None:
        """Nothing is left to do."""


def _send(self: Any, command: Asked) -> bytes:
    if self._over:
        self._http, self._over, self.slow = self._new(), False, False
    assert self._waiting is None, "one request at a time"
    self._waiting, self._answer = command, None
    self._body.clear()
    head = f"{command.method} {command.path} HTTP/1.1\r\nHost: printer\r\nUser-Agent: NoviApi\r\nAccept: application/json\r\n"
    if command.authorised and (token := token_of(self._kept)):
        head += f"Authorization: Bearer {token}\r\n"
    if command.body:
        head += f"Content-Type: {command.kind}\r\n"
    if command.body or command.method != "GET":
        head += f"Content-Length: {len(command.body)}\r\n"
    self.sent = head.encode() + b"\r\n" + command.body
    return bytes(self.sent)


def _take(self: Any, data: bytes) -> Sequence[Event]:
    if not self.slow:
        found = _ANSWER.match(data)
        told = None if found is None else _read(found[2])
        if found is not None and told is not None and len(data) - found.end() == told[1] <= LONGEST_BODY and (
            "content-length" in dict(told[0])
        ):  # fmt: skip
            self._answer = h11_answer(int(found[1]), told[0])
            self._body += data[found.end() :]
            ours, self._http = self._http, _Done()
            events: Sequence[Event] = self._complete()
            self._http = ours
            return events
        waiting, self._waiting = self._waiting, None
        assert _real_send(self, waiting) == self.sent
        self.slow = True
    events = _real_take(self, data)
    if self._waiting is None and not self._over:
        self.slow = False  # the next cycle begins
    return events


@functools.lru_cache(2048)
def h11_answer(status: int, headers: tuple[tuple[str, str], ...]) -> h11.Response:
    """The same as h11 would make of it."""
    return h11.Response(status_code=status, headers=[(name.encode(), value.encode()) for name, value in headers])


_PATCHES: tuple[tuple[type, str, Any], ...] = (
    (ServerConnection, "feed", _feed), (ServerConnection, "next_request", _next_request),
    (ServerConnection, "respond", _respond), (NoviApiSession, "send", _send), (NoviApiSession, "_take", _take),
)  # fmt: skip


def install() -> None:
    """Let plain messages pass by h11, for good."""
    for name in ("slow", "raw", "waits"):
        setattr(ServerConnection, name, getattr(_Server, name))
    NoviApiSession.slow = False  # type: ignore[attr-defined]
    for owner, name, new in _PATCHES:
        setattr(owner, name, new)


@contextmanager
def spared() -> Iterator[None]:
    """Within it, plain messages pass by h11."""
    before = [(owner, name, getattr(owner, name)) for owner, name, _ in _PATCHES]
    install()
    try:
        yield
    finally:
        for owner, name, old in before:
            setattr(owner, name, old)
