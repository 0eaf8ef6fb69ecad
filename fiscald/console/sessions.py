"""Who is signed in: one-time links, and the sessions that they open. Both are kept in memory only.

A restart of the daemon ends every session; ``fiscalctl console`` makes a new link.
"""

from __future__ import annotations

import hashlib
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

#: Seconds in which a link must be used.
LINK_SECONDS = 600.0
#: Seconds after which a session ends: without a request, and in any case.
IDLE_SECONDS, SESSION_SECONDS = 2 * 3600.0, 12 * 3600.0
#: Links and sessions that are kept; the oldest goes first.
MOST = 64


class Person(NamedTuple):
    """A person who may sign in."""

    name: str
    """Of the user on the daemon's computer."""
    peer: Any
    """What the API's rights table looks at: the console hands it on and never looks inside."""


@dataclass
class Session:
    """A person who is signed in."""

    person: Person
    began: float
    used: float
    csrf: str = field(default_factory=lambda: secrets.token_urlsafe(24))
    """Every form carries it: another site cannot know it."""
    language: str | None = None
    """Chosen by the person; ``None``: the browser's."""
    without_licence: bool = False
    """The person has closed the registration window that opens by itself."""
    companies: list[dict[str, Any]] = field(default_factory=list)
    """Of the account whose code was confirmed: one of their licences may be moved here."""
    scan: Any = None
    """The result of the last scan."""


class Sessions:
    """All links and sessions. Only hashes of their secrets are kept."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """``clock``: seconds that never go back."""
        self._clock = clock
        self._links: dict[bytes, tuple[float, Person]] = {}
        self._sessions: dict[bytes, Session] = {}

    def link(self, person: Person) -> str:
        """The secret of a new link for ``person``: it signs in once, within ``LINK_SECONDS``."""
        secret = secrets.token_urlsafe(32)
        self._links[_hash(secret)] = (self._clock() + LINK_SECONDS, person)
        _shorten(self._links)
        return secret

    def is_link(self, secret: str) -> bool:
        """Whether ``enter`` would open a session."""
        until, _ = self._links.get(_hash(secret), (0.0, None))
        return self._clock() < until

    def enter(self, secret: str) -> str | None:
        """Use a link up. Returns the secret of the session that it opens; ``None``: no such link, or it is too old."""
        until, person = self._links.pop(_hash(secret), (0.0, None))
        now = self._clock()
        if person is None or now >= until:
            return None
        cookie = secrets.token_urlsafe(32)
        self._sessions[_hash(cookie)] = Session(person, now, now)
        _shorten(self._sessions)
        return cookie

    def find(self, cookie: str | None) -> Session | None:
        """The session with that secret, if it has not ended."""
        key = _hash(cookie or "")
        session, now = self._sessions.get(key), self._clock()
        if session is None:
            return None
        if now - session.used > IDLE_SECONDS or now - session.began > SESSION_SECONDS:
            del self._sessions[key]
            return None
        session.used = now
        return session

    def leave(self, cookie: str | None) -> None:
        """End the session with that secret."""
        self._sessions.pop(_hash(cookie or ""), None)


def _hash(secret: str) -> bytes:
    """Looking up a hash takes no time that depends on how much of a guess is right."""
    return hashlib.sha256(secret.encode("utf-8", "replace")).digest()


def _shorten(kept: dict[bytes, Any]) -> None:
    while len(kept) > MOST:
        del kept[next(iter(kept))]
