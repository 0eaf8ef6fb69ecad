"""Decodes a NoviAPI line for people: every message, member and error, whole or damaged.

One message is one frame. An answer without a length ends with the stream, or with the next request. Source: the
contract.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, NamedTuple

from fiscald.protocols.base import Effect
from fiscald.protocols.decoding import CommandDoc, DecodedError, DecodedField, DecodedFrame, Direction, ProtocolDoc
from fiscald.protocols.noviapi.codes import HTTP_CODES, of_exception
from fiscald.protocols.noviapi.commands import BASE, ENDPOINTS
from fiscald.protocols.noviapi.lua import LUA
from fiscald.protocols.noviapi.masking import masked_body, masked_head
from fiscald.protocols.noviapi.payload import read_object
from fiscald.protocols.novitus_elements import decode_text
from fiscald.protocols.novitus_errors import CODES, lookup

#: The longest head and the longest body of a message that are waited for, and the most members that are shown.
MAX_HEAD, MAX_BODY, MAX_FIELDS = 16_384, 1 << 20, 400
_START = re.compile(rb"(?:GET|POST|PUT|PATCH|DELETE) /[^ \r\n]* HTTP/1\.[01]|HTTP/1\.[01] \d{3}")
_MAY_START = (b"GET ", b"POST ", b"PUT ", b"PATCH ", b"DELETE ", b"HTTP/1.")
_LENGTH = re.compile(rb"(?i)\r\ncontent-length[ \t]*:[ \t]*(\d{1,9})[ \t]*(?=\r\n)")
_CHUNKED = re.compile(rb"(?i)\r\ntransfer-encoding[ \t]*:[^\r\n]*\bchunked\b")
_CHUNK = re.compile(rb"([0-9A-Fa-f]{1,7})[^\r\n]{0,200}\r\n")
_NO_BODY = re.compile(rb"HTTP/1\.[01] (?:1\d\d|204|304)")
#: Members whose values depend on the printer and the moment.
_VOLATILE = frozenset(
    (
        "token", "expiration_date", "allowed_refresh_date", "id", "jpkid", "last_jpkid", "unique_number", "tax_id",
        "label", "size", "free", "daily_reports_count", "last_daily_report_date", "start_fiscal_date", "version",
        "name",
        "receipt", "invoice", "requests_in_queue", "daily_report_id",
    )
)  # fmt: skip
_MEANINGS = {
    "token": "access token", "nip": "buyer's NIP", "ptu": "VAT rate", "jpkid": "number in the protected memory",
    "pay_in": "payments", "masked": "asterisks in the electronic copy", "requests_in_queue": "jobs not done yet",
    "print_send_mode": "what to do if it cannot be sent at once", "xml_cmd": "packet of the XML protocol",
}  # fmt: skip
_METHODS = {
    "GET": "ask for the state", "POST": "store", "PUT": "confirm: carry it out", "DELETE": "remove", "PATCH": "renew",
}  # fmt: skip
_PATHS = {
    "": ("GET", "is somebody there"), "token": ("GET PATCH", "access token"),
    "queue": ("GET DELETE", "what is not done yet; removing it"),
}  # fmt: skip


class _Piece(NamedTuple):
    """Bytes that belong together."""

    raw: bytes
    head: int
    """Length of the head with its empty line; 0: no head."""
    damage: str | None = None


@dataclass(slots=True)
class _Side:
    """One direction: what is not complete yet."""

    rest: bytes = b""
    messages: int = 0
    """How many messages are complete, or have begun."""
    begun_after: int = 0
    """How many requests had begun when the unfinished answer began."""


@dataclass(slots=True)
class _Asked:
    """The requests whose answers have not come, by name; old ones are forgotten."""

    names: list[str] = field(default_factory=list)

    def add(self, name: str) -> None:
        self.names = [*self.names[-9:], name]

    def take(self) -> str:
        return self.names.pop(0) if self.names else ""


class NoviApiDecoder:
    """See ``fiscald.protocols.decoding.Decoder``."""

    def __init__(self) -> None:
        self._sides = {direction: _Side() for direction in Direction}
        self._asked = _Asked()

    def feed(self, direction: Direction, data: bytes) -> Sequence[DecodedFrame]:
        """The frames that ``data`` completes."""
        side, found = self._sides[direction], list[DecodedFrame]()
        if direction is Direction.RECEIVED and side.rest and side.begun_after < self._sides[Direction.SENT].messages:
            found += self.end(direction)  # the next request has begun since
        if not side.rest:
            side.begun_after = self._sides[Direction.SENT].messages
        side.rest += data
        while side.rest:
            piece = _cut(side.rest)
            if piece is None:
                break
            side.rest = side.rest[len(piece.raw) :]
            found.append(self._named(direction, piece))
        return found

    def end(self, direction: Direction) -> Sequence[DecodedFrame]:
        """The unfinished frame: an answer without a length is whole now, anything else is damaged."""
        side = self._sides[direction]
        rest, side.rest = side.rest, b""
        if not rest:
            return []
        head = rest.find(b"\r\n\r\n") + 4
        open_end = (
            head > 3 and rest.startswith(b"HTTP/") and not (_LENGTH.search(rest[:head]) or _CHUNKED.search(rest[:head]))
        )
        return [
            self._named(direction, _Piece(rest, max(head, 4) if head > 3 else 0, None if open_end else "it has no end"))
        ]

    def _named(self, direction: Direction, piece: _Piece) -> DecodedFrame:
        raw, head = piece.raw, piece.raw[: piece.head]
        if not piece.head:
            return DecodedFrame(raw, masked_head(masked_body(raw)), damage=piece.damage or "bytes outside of a message")
        body, places = _body(raw, piece.head)
        masked = bytearray(masked_head(head) + raw[piece.head :])
        hidden = masked_body(body)
        at = 0
        for start, length in places:
            masked[start : start + length] = hidden[at : at + length]
            at += length
        first = head.split(b"\r\n", 1)[0].decode("ascii", "replace")
        if first.startswith("HTTP/"):
            name, status = self._asked.take(), int(first.split(" ")[1][:3])
            content = read_object(body)
            fields = (DecodedField("status", str(status), str(status), "HTTP status"), *_fields(content))
            error, effect, meaning = _error(status, content), None, "answer"
        else:
            method, path = first.split(" ")[:2]
            name, meaning, effect = _request(method, path)
            self._sides[Direction.SENT].messages += 1
            self._asked.add(name)
            fields, error = tuple(_fields(read_object(body))), None
        text = f"{first.removesuffix(' HTTP/1.1')} {body.decode('utf-8', 'replace')}".strip()
        return DecodedFrame(
            raw, bytes(masked), name, meaning, fields, error, piece.damage, "" if piece.damage else text, effect
        )


def _cut(data: bytes) -> _Piece | None:
    """The first piece of ``data``; ``None``: more must come."""
    if _START.match(data) is None:
        starts = [found.start() for found in _START.finditer(data, 1)]
        if starts:
            return _Piece(data[: starts[0]], 0, "bytes outside of a message")
        if _may_start(data) and len(data) < MAX_HEAD:
            return None
        # The last bytes may be the beginning of the next message.
        tail = next((size for size in range(min(len(data), 8), 0, -1) if _may_start(data[-size:])), 0)
        return _Piece(data[: len(data) - tail], 0, "bytes outside of a message") if len(data) > tail else None
    head = data.find(b"\r\n\r\n") + 4
    if head < 4:
        return _Piece(data[:MAX_HEAD], 0, "its head has no end") if len(data) > MAX_HEAD else None
    if _CHUNKED.search(data[:head]) is not None:
        return _chunked(data, head)
    length = _LENGTH.search(data[: head - 2])
    if length is None and data.startswith(b"HTTP/") and not _NO_BODY.match(data):
        return _Piece(data[: head + MAX_BODY], head, "it is too long") if len(data) > head + MAX_BODY else None
    size = 0 if length is None or _NO_BODY.match(data) else int(length[1])
    if size > MAX_BODY:
        return _Piece(data[:head], head, "its body is too long")
    return _Piece(data[: head + size], head) if len(data) >= head + size else None


def _may_start(data: bytes) -> bool:
    """Whether ``data`` is the beginning of a first line, or of one that is cut."""
    return data.startswith(_MAY_START) or any(each.startswith(data) for each in _MAY_START)


def _chunked(data: bytes, head: int) -> _Piece | None:
    at = head
    while True:
        found = _CHUNK.match(data, at)
        if found is None:
            bad = len(data) - at > 256 or len(data) > MAX_BODY
            return _Piece(data, head, "its chunks are damaged") if bad else None
        size = int(found[1], 16)
        at = found.end() + size + 2
        if size > MAX_BODY:
            return _Piece(data, head, "its chunks are too long")
        if len(data) < at:
            return None
        if size == 0:
            return _Piece(data[:at], head)


def _body(raw: bytes, head: int) -> tuple[bytes, list[tuple[int, int]]]:
    """The body without the marks of its chunks, and where its parts are: place and length."""
    if _CHUNKED.search(raw[:head]) is None:
        return raw[head:], [(head, len(raw) - head)]
    places, at = [], head
    while (found := _CHUNK.match(raw, at)) is not None and int(found[1], 16):
        size = min(int(found[1], 16), len(raw) - found.end())
        places.append((found.end(), size))
        at = found.end() + size + 2
    return b"".join(raw[start : start + length] for start, length in places), places


def _request(method: str, path: str) -> tuple[str, str, Effect | None]:
    """Name, meaning and effect of a request."""
    place = path.removeprefix(BASE).partition("?")[0].strip("/").split("/")[0]
    endpoint = ENDPOINTS.get(place)
    name = f"{method} {place}".strip()
    if endpoint is None:
        _, meaning = _PATHS.get(place, ("", ""))
        effect = Effect.QUERY if method in ("GET", "PATCH") else Effect.REVERSIBLE if place in _PATHS else None
        return name, meaning, effect
    effects = {"GET": Effect.QUERY, "PUT": endpoint.effect}
    return name, f"{endpoint.meaning}: {_METHODS.get(method, '')}", effects.get(method, Effect.REVERSIBLE)


def _fields(content: dict[str, Any] | None) -> Iterator[DecodedField]:
    """Every value of the body, under its path."""
    for path, value in islice(_leaves((), content or {}), MAX_FIELDS):
        name = path[-1] if path else ""
        text = value if isinstance(value, str) else json.dumps(value)
        shown = _packet(text) if name in ("base64", "value") and "packet" in "".join(path) + "xml_cmd packet" else None
        yield DecodedField("/".join(path), text, shown or text, _meaning(path), name in _VOLATILE)


def _meaning(path: tuple[str, ...]) -> str:
    """What a member is. Most say it themselves; those of a list are called like the list."""
    name = next((each for each in reversed(path) if not each.isdigit()), "")
    return _MEANINGS.get(name) or name.replace("_", " ")


def _leaves(path: tuple[str, ...], value: Any) -> Iterator[tuple[tuple[str, ...], Any]]:
    if isinstance(value, dict):
        for name, each in value.items():
            yield from _leaves((*path, name), each)
    elif isinstance(value, list):
        for place, each in enumerate(value):
            yield from _leaves((*path, str(place)), each)
    else:
        yield path, value


def _packet(text: str) -> str | None:
    """The XML that a text in base 64 carries."""
    try:
        data = base64.b64decode(text, validate=True)
    except ValueError:
        return None
    return decode_text(data) if data.startswith((b"<packet", b"<pakiet")) else None


def _error(status: int, content: dict[str, Any] | None) -> DecodedError | None:
    """What the printer refuses: the request, the document, or everything because of itself."""
    content = content or {}
    exception = content.get("exception")
    if status >= 400 or isinstance(exception, dict):
        number = exception.get("code") if isinstance(exception, dict) else None
        code = of_exception(number if isinstance(number, int) else None, status)
        return DecodedError(f"{status}/{code.number}", code.text, code.text_pl)
    for place in ("request", "device"):
        part = content.get(place)
        error = part.get("error") if isinstance(part, dict) else None
        found = error.get("code") if isinstance(error, dict) else None
        if isinstance(found, int):
            known = lookup(found)
            return DecodedError(str(found), known.text, known.text_pl)
    return None


def protocol_doc() -> ProtocolDoc:
    """The tables, for the dissector."""
    commands = [
        CommandDoc(f"{method} {endpoint.name}", f"{endpoint.meaning}: {_METHODS[method]}", ())
        for endpoint in ENDPOINTS.values()
        for method in ("POST", "PUT", "GET", "DELETE")
    ]
    commands += [
        CommandDoc(f"{method} {place}".strip(), meaning, ())
        for place, (methods, meaning) in _PATHS.items()
        for method in methods.split()
    ]
    errors = {
        f"exception {code.number}": DecodedError(str(code.number), code.text, code.text_pl)
        for code in HTTP_CODES.values()
    }
    errors |= {str(code.number): DecodedError(str(code.number), code.text, code.text_pl) for code in CODES.values()}
    return ProtocolDoc((*commands,), tuple(_MEANINGS.items()), errors, LUA)
