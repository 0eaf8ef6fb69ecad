"""Signed texts of the licence: what the vendor signs, and what a computer signs.

The vendor signs certificates, answers and key lists; a computer signs its requests with its own key.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from typing import Any

from fiscald.licence.keys import SigningKey, Use
from fiscald.signed import (
    ALGORITHM,
    Fault,
    TokenRefused,
    b64,
    check_purpose,
    check_signature,
    content,
    jwk_of,
    parts,
    public_x,
    sign,
    thumbprint,
)

__all__ = [
    "MAX_BYTES", "Fault", "TokenRefused", "b64", "fingerprint", "jwk_of", "public_x", "read_device_token",
    "read_vendor_token", "sign", "thumbprint",
]  # fmt: skip

#: The largest text that is looked at, and its payload in base64url.
MAX_BYTES, _LONGEST_PAYLOAD = 16 * 1024, 12_000


def read_vendor_token(
    token: str, kind: str, keys: Mapping[str, SigningKey], use: Use, *, now: int | None = None
) -> tuple[SigningKey, Any]:
    """The vendor's key that signed ``token`` and the JSON in it. Raises ``TokenRefused``.

    ``kind`` is the ``typ`` it must have, without ``+jwt``; ``now`` tells which withdrawn keys still count.
    """
    header, payload = parts(token, MAX_BYTES, _LONGEST_PAYLOAD)
    if set(header) != {"alg", "typ", "kid"} or not all(type(value) is str for value in header.values()):
        raise TokenRefused(Fault.HEADER, "the header must contain exactly alg, typ and kid")
    check_purpose(header, kind)
    key = keys.get(header["kid"])
    if key is None:
        raise TokenRefused(Fault.KEY_UNKNOWN, "signed with a key that this program does not know")
    if use not in key.uses:
        raise TokenRefused(Fault.KEY_USE, f"signed with a key that may not sign a {use}")
    if key.retired(now):
        raise TokenRefused(Fault.KEY_RETIRED, "signed with a key that was withdrawn")
    check_signature(token, key.x)
    return key, content(payload)


def read_device_token(token: str, kind: str) -> tuple[dict[str, str], Any]:
    """The public key (a JWK) that ``token`` carries and was signed with, and the JSON in it.

    Raises ``TokenRefused``. It proves that the sender has the key, not who the sender is.
    """
    header, payload = parts(token, MAX_BYTES, _LONGEST_PAYLOAD)
    if set(header) != {"alg", "typ", "jwk"}:
        raise TokenRefused(Fault.HEADER, "the header must contain exactly alg, typ and jwk")
    check_purpose(header, kind)
    jwk = header["jwk"]
    if type(jwk) is not dict or set(jwk) != {"crv", "kty", "x"} or (jwk["crv"], jwk["kty"]) != (ALGORITHM, "OKP"):
        raise TokenRefused(Fault.HEADER, "jwk must contain exactly crv, kty and x of an Ed25519 key")
    if type(jwk["x"]) is not str or re.fullmatch(r"[A-Za-z0-9_-]{43}", jwk["x"], re.ASCII) is None:
        raise TokenRefused(Fault.HEADER, "jwk.x is not a public key")
    check_signature(token, jwk["x"])
    return jwk, content(payload)


def fingerprint(token: str) -> str:
    """How an answer names the request it belongs to (``req``): base64url of the text's SHA-256."""
    return b64(hashlib.sha256(token.encode("ascii")).digest())
