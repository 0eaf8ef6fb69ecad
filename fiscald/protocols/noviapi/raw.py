"""A request as a technician writes it: method, path below ``/api/v1``, and the JSON of the body.

``GET queue``, ``POST status {"status":{"type":"device"}}``, ``PUT status/ID``, ``GET status/ID``. The body is sent as
written: the printer checks it. The token is added, and never shown: requests to ``token`` are refused.
"""

from __future__ import annotations

import json
import re

from fiscald.protocols.base import Deadline, Effect, RawReply, Settings, Step
from fiscald.protocols.noviapi.codes import of_exception
from fiscald.protocols.noviapi.commands import BASE, ENDPOINTS, Reply, Request
from fiscald.protocols.noviapi.jobs import said
from fiscald.protocols.noviapi.payload import read_object
from fiscald.protocols.novitus_errors import lookup

HOW = 'write the method, the path and the body: POST status {"status":{"type":"device"}}, or GET queue'
MAX_BODY = 262_144
_FORM = re.compile(
    rf"(GET|POST|PUT|DELETE) +(?:{BASE}/?|/)?([a-z_]*(?:/[0-9A-Za-z]{{1,64}})?(?:\?timeout=[0-9]{{1,6}})?)"
    r"(?: +(\{.*\}))?",
    re.ASCII | re.DOTALL,
)


def parse(text: str, settings: Settings) -> Step:
    """The request in ``text``. Raises ``ValueError`` with a sentence."""
    found = _FORM.fullmatch(text.strip())
    if found is None:
        raise ValueError(f"{text.strip()[:40]!r} is no request; {HOW}")
    method, path, body = found.groups()
    if path.startswith("token"):
        raise ValueError("fiscald gets and renews the token by itself, and never shows it")
    data = (body or "").encode()
    if len(data) > MAX_BODY or (data and read_object(data) is None):
        raise ValueError(f"the body is no JSON object of at most {MAX_BODY} bytes; {HOW}")
    endpoint = ENDPOINTS.get(path.partition("/")[0].partition("?")[0])
    match method:
        case "GET":
            effect = Effect.QUERY
        case "PUT":
            effect = Effect.IRREVERSIBLE if endpoint is None else endpoint.effect
        case _:
            effect = Effect.REVERSIBLE
    deadline = Deadline.CLOSE if "timeout" in path else Deadline.LINE
    request = Request(method, f"{BASE}/{path}".rstrip("/"), data, effect, deadline, once=True)
    return request.step


def show(reply: Reply, _settings: Settings) -> RawReply:
    """The status and the JSON, and what the printer's error means."""
    body = reply.kind if reply.body is None else json.dumps(reply.body, ensure_ascii=False)
    text = f"{reply.status} {body}".strip()
    if reply.status >= 400:
        return RawReply(text, f"{of_exception(reply.exception, reply.status).text} ({said(reply)})")
    number = reply.number("request", "error", "code")
    return RawReply(text, None if number is None else f"{lookup(number).text} ({number})")
