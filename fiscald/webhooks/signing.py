"""The signature of a message, by the symmetric scheme of Standard Webhooks 1.0.0.

A secret is 24 to 64 random bytes, written as ``whsec_`` and base64. The signature covers ``id.timestamp.body``; its
header has one entry ``v1,base64`` for each secret, so that a secret can be replaced without a gap.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets
from collections.abc import Sequence

PREFIX = "whsec_"
#: Bytes of a secret: the bounds of the scheme, and of a new one.
LEAST, MOST, NEW = 24, 64, 32


class SecretError(ValueError):
    """The text is no secret; ``str`` says what a secret is, and does not repeat the text."""


class Secret:
    """A secret. Its bytes never appear in texts."""

    __slots__ = ("_key",)

    def __init__(self, key: bytes) -> None:
        self._key = key

    def __repr__(self) -> str:
        return "Secret(...)"

    def sign(self, message_id: str, timestamp: int, body: bytes) -> str:
        """The signature of a message, as an entry of the header ``webhook-signature``."""
        content = b"%b.%d.%b" % (message_id.encode("ascii"), timestamp, body)
        return f"v1,{base64.b64encode(hmac.digest(self._key, content, hashlib.sha256)).decode()}"


def parse_secret(text: str) -> Secret:
    """The secret that is written as ``text``. Raises ``SecretError``."""
    try:
        key = base64.b64decode(text.removeprefix(PREFIX).encode("ascii"), validate=True)
    except (binascii.Error, UnicodeEncodeError):
        key = b""
    if not text.startswith(PREFIX) or not LEAST <= len(key) <= MOST:
        raise SecretError(f"a secret is {PREFIX} and {LEAST} to {MOST} random bytes in base64")
    return Secret(key)


def new_secret() -> str:
    """A new secret as text."""
    return PREFIX + base64.b64encode(secrets.token_bytes(NEW)).decode()


def headers(keys: Sequence[Secret], message_id: str, timestamp: int, body: bytes) -> dict[str, str]:
    """The headers that sign a message. ``timestamp``: of this try, in seconds since 1970."""
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(key.sign(message_id, timestamp, body) for key in keys),
    }
