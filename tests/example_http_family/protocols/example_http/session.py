"""HTTP without I/O: requests to bytes, bytes to answers; over as many streams as the printer wants."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import h11

from fiscald.protocols.base import Answer, Damaged, Deadline, Effect, Event, Session, Step, Stray
from fiscald.protocols.example_http import LONGEST

EFFECTS = {"GET": Effect.QUERY, "POST": Effect.REVERSIBLE, "DELETE": Effect.REVERSIBLE, "PUT": Effect.IRREVERSIBLE}
DEADLINES = {Effect.QUERY: Deadline.QUERY, Effect.REVERSIBLE: Deadline.LINE, Effect.IRREVERSIBLE: Deadline.CLOSE}


@dataclass(frozen=True, eq=False)
class Request:
    """A command on its way."""

    method: str
    path: str
    body: dict[str, Any] = field(default_factory=dict)

    @property
    def step(self) -> Step:
        # A token changes nothing on the printer.
        effect = Effect.QUERY if self.path == "/token" else EFFECTS[self.method]
        return Step(self, effect, DEADLINES[effect])


class Reply(NamedTuple):
    """What the printer answered."""

    status: int
    body: dict[str, Any]


class HttpSession(Session):
    def __init__(self) -> None:
        self._http = h11.Connection(h11.CLIENT)
        self._over = False
        self._token = ""
        self._number = 0
        self._waiting: Request | None = None
        self._answer: h11.Response | None = None
        self._body = b""

    def send(self, command: Request) -> bytes:
        assert self._waiting is None, "one request at a time"
        if self._over:
            self._http, self._over = h11.Connection(h11.CLIENT), False
        self._waiting, self._answer, self._body = command, None, b""
        self._number += 1
        body = json.dumps(command.body).encode()
        headers = {"Host": "printer", "Request": self._number, "Token": self._token, "Content-Length": len(body)}
        request = h11.Request(
            method=command.method, target=command.path, headers=[(name, str(value)) for name, value in headers.items()]
        )
        return b"".join(self._http.send(part) or b"" for part in (request, h11.Data(data=body), h11.EndOfMessage()))

    def receive(self, data: bytes) -> Sequence[Event]:
        if not data:
            return ()
        if self._waiting is None or self._over:
            return [self._stray()]
        return self._take(data)

    def forget(self) -> None:
        # What still comes on this stream would be taken for the next answer.
        self._over = self._over or self._waiting is not None
        self._waiting = None

    def end(self) -> Sequence[Event]:
        waits, self._over = self._waiting is not None and not self._over, True
        return self._take(b"") if waits else ()

    @property
    def needs_new_connection(self) -> bool:
        return self._over

    def _take(self, data: bytes) -> list[Event]:
        """What ``data`` completes; none: the stream has ended."""
        try:
            self._http.receive_data(data)
            while True:
                match self._http.next_event():
                    case h11.Response() as answer:
                        self._answer = answer
                    case h11.Data(data=part):
                        self._body += part
                        if len(self._body) > LONGEST:
                            return [self._damaged("the answer has no end")]
                    case h11.EndOfMessage():
                        return self._complete()
                    case h11.NEED_DATA:
                        return []
                    case _:
                        return [self._damaged("the stream ended before the answer")]
        except h11.RemoteProtocolError as error:
            return [self._damaged(str(error))]

    def _complete(self) -> list[Event]:
        command, answer = self._waiting, self._answer
        assert command is not None
        assert answer is not None
        self._waiting = None
        more = [self._stray()] if self._http.trailing_data[0] else []
        if self._http.our_state is self._http.their_state is h11.DONE and not self._over:
            self._http.start_next_cycle()
        else:
            self._over = True
        if dict(answer.headers).get(b"request") != b"%d" % self._number:
            return [self._damaged("the answer to another request"), *more]
        try:
            body = json.loads(self._body)
        except (ValueError, RecursionError):
            body = None
        if not isinstance(body, dict):
            return [self._damaged("an answer that is no JSON object"), *more]
        if command.path == "/token":
            self._token = str(body.get("token"))
        return [Answer(command, Reply(answer.status_code, body)), *more]

    def _damaged(self, detail: str) -> Event:
        self._over, self._waiting = True, None
        return Damaged(detail)

    def _stray(self) -> Event:
        self._over = True
        return Stray("an answer that nothing waits for")
