"""HTTP/1.1 without I/O: requests to bytes, bytes to answers; one request in flight, over as many streams as needed.

No source says whether the printer keeps a connection open. So both ways work: h11 says after each answer whether the
stream can be used again. An answer ends by its length, by chunks, or with the stream.
"""

from __future__ import annotations

from collections.abc import Sequence

import h11

from fiscald.protocols.base import Answer, Damaged, Event, Session, Settings, Stray
from fiscald.protocols.noviapi.access import lost_an_id, token_of
from fiscald.protocols.noviapi.commands import ALIVE, Reply, Request
from fiscald.protocols.noviapi.payload import read_object

#: The longest head and the longest body of an answer, in bytes. The line gives up after 65 536 without an answer.
LONGEST_HEAD, LONGEST_BODY = 16_384, 57_344


class NoviApiSession(Session):
    """See ``fiscald.protocols.base.Session``. The token that it sends is the kept one."""

    def __init__(self, settings: Settings) -> None:
        self._kept = settings.kept
        self._http = self._new()
        self._over = False
        self._waiting: Request | None = None
        self._answer: h11.Response | None = None
        self._body = bytearray()

    @staticmethod
    def _new() -> h11.Connection:
        return h11.Connection(h11.CLIENT, max_incomplete_event_size=LONGEST_HEAD)

    def send(self, command: Request) -> bytes:
        """The bytes of ``command``. From now on the command waits for its answer."""
        assert self._waiting is None, "one request at a time"
        if self._over:
            self._http, self._over = self._new(), False
        self._waiting, self._answer = command, None
        self._body.clear()
        # The samples of the contract have this name of a program.
        headers = [("Host", "printer"), ("User-Agent", "NoviApi"), ("Accept", "application/json")]
        if command.authorised and (token := token_of(self._kept)):
            headers.append(("Authorization", f"Bearer {token}"))
        if command.body:
            headers.append(("Content-Type", command.kind))
        if command.body or command.method != "GET":
            headers.append(("Content-Length", str(len(command.body))))
        request = h11.Request(method=command.method, target=command.path, headers=headers)
        parts = (request, h11.Data(data=command.body), h11.EndOfMessage())
        return b"".join(self._http.send(part) or b"" for part in parts)

    def receive(self, data: bytes) -> Sequence[Event]:
        """Events in ``data``; never raises."""
        if not data:
            return ()
        if self._waiting is None or self._over:
            return [self._stray()]
        return self._take(data)

    def forget(self) -> None:
        """No request waits for an answer any more. What still comes on this stream would be taken for the next one."""
        if self._waiting is not None:
            self._give_up()

    def end(self) -> Sequence[Event]:
        """The printer closed the stream: an answer without a length ends there."""
        waits = self._waiting is not None and not self._over
        events = self._take(b"") if waits else ()
        self._over = True
        return events

    @property
    def needs_new_connection(self) -> bool:
        """Whether this stream is used up."""
        return self._over

    def _take(self, data: bytes) -> list[Event]:
        """What ``data`` completes; none: the stream has ended."""
        try:
            self._http.receive_data(data)
            while True:
                match self._http.next_event():
                    case h11.InformationalResponse():
                        pass
                    case h11.Response() as answer:
                        self._answer = answer
                    case h11.Data(data=part):
                        self._body += part
                        if len(self._body) > LONGEST_BODY:
                            return [self._damaged("the answer is too long")]
                    case h11.EndOfMessage():
                        return self._complete()
                    case h11.NEED_DATA:
                        return []
                    case _:
                        return [self._damaged("the stream ended before the answer")]
        except h11.RemoteProtocolError as error:
            return [self._damaged(f"no answer in HTTP: {error}")]

    def _complete(self) -> list[Event]:
        command, answer = self._waiting, self._answer
        assert command is not None
        assert answer is not None
        self._waiting = None
        more: list[Event] = [self._stray()] if self._http.trailing_data[0] else []
        if self._http.our_state is self._http.their_state is h11.DONE and not self._over:
            self._http.start_next_cycle()
        else:
            self._over = True
        headers = {bytes(name).lower(): bytes(value) for name, value in answer.headers}
        kind = headers.get(b"content-type", b"").partition(b";")[0].strip().lower().decode("ascii", "replace")[:60]
        if command is ALIVE and (answer.status_code != 200 or "html" in kind or self._body.lstrip()[:1] == b"<"):
            return [Damaged(f"no NoviAPI printer: HTTP {answer.status_code}, {kind or 'no body'}"), *more]
        return [Answer(command, Reply(answer.status_code, read_object(bytes(self._body)), kind)), *more]

    def _damaged(self, detail: str) -> Event:
        self._give_up()
        return Damaged(detail)

    def _give_up(self) -> None:
        if self._waiting is not None and self._waiting.method in ("POST", "PUT"):
            lost_an_id(self._kept)
        self._over, self._waiting = True, None

    def _stray(self) -> Event:
        self._over = True
        return Stray("an answer that nothing waits for")
