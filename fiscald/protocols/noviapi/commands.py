"""Every request: its path, its effect, its deadline. Source: the contract; Novitus reference, sections N2 and N3."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any, NamedTuple

from fiscald.protocols.base import Deadline, Effect, Step

BASE = "/api/v1"
#: An id: 32 characters (contract); the examples are hexadecimal digits.
ID = re.compile(r"[0-9A-Za-z]{32}", re.ASCII)
#: Milliseconds for which the printer holds the answer about an id until its state changes: less than the deadline.
LONG_POLL, SHORT_POLL = 20_000, 2_000


class Endpoint(NamedTuple):
    """A kind of job."""

    name: str
    """The last part of its path."""
    root: str
    """The only member of the body."""
    effect: Effect
    """What its confirmation does. ``POST`` never does anything but store."""
    deadline: Deadline
    """Of the question about its state while it is carried out."""
    meaning: str

    @property
    def path(self) -> str:
        """Where it is stored."""
        return f"{BASE}/{self.name}"


#: Direct input and output counts as irreversible: what it does is in its packet.
ENDPOINTS = {
    each.name: each
    for each in (
        Endpoint("receipt", "receipt", Effect.IRREVERSIBLE, Deadline.CLOSE, "receipt"),
        Endpoint("invoice", "invoice", Effect.IRREVERSIBLE, Deadline.CLOSE, "invoice"),
        Endpoint("nf_printout", "printout", Effect.IRREVERSIBLE, Deadline.CLOSE, "printout that is not fiscal"),
        Endpoint("daily_report", "daily_report", Effect.IRREVERSIBLE, Deadline.REPORT, "daily report"),
        Endpoint("eft", "eft", Effect.IRREVERSIBLE, Deadline.REPORT, "payment terminal"),
        Endpoint("graphic", "graphic", Effect.REVERSIBLE, Deadline.CLOSE, "graphics"),
        Endpoint("configuration", "configuration", Effect.REVERSIBLE, Deadline.CLOSE, "settings of the printer"),
        Endpoint("status", "status", Effect.QUERY, Deadline.CLOSE, "status"),
        Endpoint("direct_io", "direct_io", Effect.IRREVERSIBLE, Deadline.CLOSE, "a packet of another protocol"),
        Endpoint("lock", "lock", Effect.REVERSIBLE, Deadline.CLOSE, "lock of the printer"),
    )
}
RECEIPT, INVOICE, PRINTOUT = ENDPOINTS["receipt"], ENDPOINTS["invoice"], ENDPOINTS["nf_printout"]
DAILY_REPORT, STATUS, DIRECT_IO = ENDPOINTS["daily_report"], ENDPOINTS["status"], ENDPOINTS["direct_io"]


@dataclass(frozen=True, eq=False)
class Request:
    """A request on its way."""

    method: str
    path: str
    body: bytes = b""
    effect: Effect = Effect.QUERY
    deadline: Deadline = Deadline.QUERY
    once: bool = False
    authorised: bool = True
    """Whether it carries the token."""
    kind: str = "application/json"
    """The type of the body."""

    @property
    def step(self) -> Step:
        """The step that sends it."""
        return Step(self, self.effect, self.deadline, once=self.once)


class Reply(NamedTuple):
    """What came back, whole."""

    status: int
    body: dict[str, Any] | None
    """The JSON object; ``None``: something else, or nothing."""
    kind: str = ""
    """The type of the body."""

    def get(self, *path: str) -> Any:
        """The member of the body at ``path``; ``None`` where it is missing."""
        found: Any = self.body
        for name in path:
            found = found.get(name) if isinstance(found, dict) else None
        return found

    def text(self, *path: str) -> str:
        """The text at ``path``; empty where there is none."""
        found = self.get(*path)
        return found if isinstance(found, str) else ""

    def number(self, *path: str) -> int | None:
        """The whole number at ``path``, also one that is written as a text; ``None`` where there is none."""
        found = self.get(*path)
        if isinstance(found, str) and found.isascii() and found.isdigit() and len(found) < 16:
            return int(found)
        return found if isinstance(found, int) and not isinstance(found, bool) else None

    @property
    def exception(self) -> int | None:
        """The number of the exception that a refused request is answered with."""
        return self.number("exception", "code")


def written(content: object) -> bytes:
    """JSON as it is sent."""
    return json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()


#: Whether somebody is there. Needs no token, and no token is given out for it.
ALIVE = Request("GET", BASE, authorised=False)
QUEUE = Request("GET", f"{BASE}/queue")
#: Removes what is not confirmed, of every program (docs/recovery.md says when it is sent).
CLEAR_QUEUE = Request("DELETE", f"{BASE}/queue", effect=Effect.REVERSIBLE, deadline=Deadline.LINE)
#: The printer counts these; the next ones do not count. A body must be there; it may be empty (log of 1.0.3).
NEW_TOKEN = Request("GET", f"{BASE}/token", once=True, authorised=False)
RENEW_TOKEN = Request("PATCH", f"{BASE}/token", b"NoviApi", once=True, kind="text/plain")


def store(endpoint: Endpoint, content: object, effect: Effect | None = None) -> Request:
    """Store a job. ``effect``: of its packet, if that is known to be a query."""
    query = (effect or endpoint.effect) is Effect.QUERY
    return Request(
        "POST", endpoint.path, written({endpoint.root: content}),
        Effect.QUERY if query else Effect.REVERSIBLE, Deadline.LINE, once=True,
    )  # fmt: skip


def confirm(endpoint: Endpoint, own_id: str, effect: Effect | None = None) -> Request:
    """Confirm a stored job: it is carried out once."""
    return Request("PUT", f"{endpoint.path}/{own_id}", b"", effect or endpoint.effect, Deadline.LINE, once=True)


def ask(endpoint: Endpoint, own_id: str, timeout: int = 0) -> Request:
    """Ask for the state of a job. ``timeout``: milliseconds for which the printer may hold the answer."""
    query = f"?timeout={timeout}" if timeout else ""
    return Request("GET", f"{endpoint.path}/{own_id}{query}", deadline=Deadline.CLOSE if timeout else Deadline.QUERY)


def drop(endpoint: Endpoint, own_id: str, effect: Effect = Effect.REVERSIBLE) -> Request:
    """Remove a job that is not carried out yet. ``effect``: of a job that only asks, ``QUERY``."""
    return Request("DELETE", f"{endpoint.path}/{own_id}", effect=effect, deadline=Deadline.LINE)
