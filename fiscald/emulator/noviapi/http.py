"""The server's end of one HTTP connection: bytes in, requests out, answers back. No I/O and no clock.

h11 does the grammar. Heads have at most 16 KiB and bodies 2 MiB, which is more than the longest printout (our
assumption); what is longer, or no HTTP, becomes a ``Failure`` with the status to answer, and the connection ends.
"""

from __future__ import annotations

import json
from http.client import responses
from typing import Any, NamedTuple

import h11

MAX_HEAD = 16 * 1024
MAX_BODY = 2 * 1024 * 1024
_HTML = b"text/html; charset=utf-8"
_JSON = b"application/json"


class Request(NamedTuple):
    """A whole request."""

    method: str
    path: str
    query: str
    headers: dict[str, str]
    """By name in lower case; of several with one name the last."""
    body: bytes

    @property
    def has_body(self) -> bool:
        """Whether it announced a body, which may be empty."""
        return "content-length" in self.headers or "transfer-encoding" in self.headers


class Failure(NamedTuple):
    """What arrived is no request that can be carried out."""

    status: int


class Answer(NamedTuple):
    """The status and the body of an answer; ``None``: an empty body."""

    status: int
    content: dict[str, Any] | None = None
    page: str | None = None
    """Instead of JSON, a page of HTML."""
    allow: str | None = None
    """With status 405, the methods that there are."""

    @property
    def body(self) -> bytes:
        """The body as it is sent."""
        if self.page is not None:
            return self.page.encode()
        return b"" if self.content is None else json.dumps(self.content, ensure_ascii=False).encode()


class ServerConnection:
    """One connection of a client; a request at a time, pipelined ones wait."""

    def __init__(self) -> None:
        self._http = h11.Connection(h11.SERVER, max_incomplete_event_size=MAX_HEAD)
        self._head: h11.Request | None = None
        self._body = bytearray()
        self._failed = False
        self.ends = False
        """Whether the connection is to be closed after what was answered."""

    def feed(self, data: bytes) -> None:
        """Bytes arrived. After the end of the connection they mean nothing."""
        if not self._failed and not self.ends:
            try:
                self._http.receive_data(data)
            except h11.RemoteProtocolError:
                self._failed = True

    def next_request(self) -> Request | Failure | None:
        """The next whole request, if it is there."""
        if self.ends:
            return None
        try:
            return self._next()
        except h11.RemoteProtocolError as error:
            self._failed = True
            return Failure(error.error_status_hint)

    def _next(self) -> Request | Failure | None:
        while not self._failed:
            event = self._http.next_event()
            if isinstance(event, h11.Request):
                self._head = event
                self._body.clear()
            elif isinstance(event, h11.Data):
                self._body += event.data
                if len(self._body) > MAX_BODY:
                    self._failed = True
                    return Failure(413)
            elif isinstance(event, h11.EndOfMessage) and self._head is not None:
                return _request(self._head, bytes(self._body))
            else:
                return None
        return None

    @property
    def interim(self) -> bytes:
        """``100 Continue``, where the client waits for it before it sends the body."""
        if self._failed or self.ends or not self._http.they_are_waiting_for_100_continue:
            return b""
        return self._http.send(h11.InformationalResponse(status_code=100, headers=[])) or b""

    def respond(self, answer: Answer) -> tuple[bytes, bytes]:
        """The head and the body of the answer to the last request; then the next one may come, or ``ends`` is set."""
        body = answer.body
        headers = [(b"Content-Length", str(len(body)).encode())]
        if body:
            headers.append((b"Content-Type", _JSON if answer.page is None else _HTML))
        if answer.allow is not None:
            headers.append((b"Allow", answer.allow.encode()))
        if self._failed:
            headers.append((b"Connection", b"close"))
        http = self._http
        response = h11.Response(
            status_code=answer.status, headers=headers, reason=responses.get(answer.status, "").encode()
        )
        head = http.send(response) or b""
        sent = b"" if not body else http.send(h11.Data(data=body)) or b""
        sent += http.send(h11.EndOfMessage()) or b""
        if http.our_state is h11.DONE and http.their_state is h11.DONE:
            http.start_next_cycle()
        else:
            self.ends = True
        return head, sent


def _request(head: h11.Request, body: bytes) -> Request:
    path, _, query = head.target.decode("latin-1").partition("?")
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in head.headers}
    return Request(head.method.decode("latin-1"), path, query, headers, body)
