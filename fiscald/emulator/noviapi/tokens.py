"""The token of one server: given out, renewed, deleted.

Facts: the API's contract (GET and PATCH ``/api/v1/token``). A token is valid for 20 minutes. Ten may be fetched in an
hour; the eleventh request deletes the present one. Renewing is not counted and needs the last token, which may have
expired. After a start there is none. Times are seconds of the port's clock.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections import deque
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

VALID_SECONDS = 20 * 60.0
FETCHES, FETCH_SECONDS = 10, 3600.0
#: Signs the tokens of the emulator; nothing is kept secret by it.
_KEY = b"emulated"


class Token(NamedTuple):
    """A token, and when it expires, as the printer's clock shows it."""

    text: str
    expires: datetime


class Tokens:
    """The present token of a server, and how often one was fetched."""

    def __init__(self, unique_number: str, server: int) -> None:
        """``unique_number``: the printer's, as it stands in the token; ``server``: 1 to 10."""
        self._issuer = unique_number
        self._server = server
        self._made = 0
        self._fetched: deque[float] = deque(maxlen=FETCHES)
        self._text: str | None = None
        self._expires_at = 0.0

    def fetch(self, now: float, clock: datetime) -> Token | None:
        """A new token; ``None``: fetched too often, and the present one is deleted."""
        if self.wait(now) > 0:
            self._text = None
            return None
        self._fetched.append(now)
        return self._make(now, clock)

    def renew(self, shown: str | None, now: float, clock: datetime) -> Token | None:
        """A new token for the last one; ``None``: it is not the last one."""
        return None if self._text is None or shown != self._text else self._make(now, clock)

    def wait(self, now: float) -> float:
        """Seconds until a token may be fetched again; zero or less: now."""
        return self._fetched[0] + FETCH_SECONDS - now if len(self._fetched) == FETCHES else 0.0

    def refusal(self, shown: str | None, now: float) -> str | None:
        """Why that token is refused, in the contract's words; ``None``: it is valid."""
        if self._text is None or shown != self._text:
            return self.lacks
        return "Token expired" if now >= self._expires_at else None

    @property
    def lacks(self) -> str:
        """Why a token that is not the last one is refused."""
        return "Token not found" if self._text is None else "Token incorrect"

    def delete(self) -> None:
        """There is no token any more."""
        self._text = None

    def _make(self, now: float, clock: datetime) -> Token:
        self._made += 1
        expires = clock + timedelta(seconds=VALID_SECONDS)
        number = hashlib.md5(f"{self._issuer} {self._server} {self._made} {now}".encode(), usedforsecurity=False)
        payload = {"iss": self._issuer, "sub": "NoviApi", "exp": zulu(expires), "jti": number.hexdigest()}
        signed = f"{_part({'typ': 'JWT', 'alg': 'HS256'})}.{_part(payload)}"
        signature = _base64(hmac.digest(_KEY, signed.encode(), "sha256"))
        self._text = f"{signed}.{signature}"
        self._expires_at = now + VALID_SECONDS
        return Token(self._text, expires)


def zulu(moment: datetime) -> str:
    """A moment as the API writes it: ``2023-06-06T07:38:17Z``."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _part(content: dict[str, str]) -> str:
    return _base64(json.dumps(content, separators=(",", ":")).encode())


def _base64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
