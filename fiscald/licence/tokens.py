"""Signed texts: JWS in compact form, Ed25519 only, read strictly and in a fixed order.

The vendor signs certificates, answers and key lists; a computer signs its questions with its own key.
Libraries differ in what they let pass, so the shape, the header and the JSON are checked here, before and after
joserfc has checked the signature. The first fault wins.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import re
from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import OKPKey
from joserfc.jws import JWSRegistry

from fiscald.licence.keys import SigningKey, Use
from fiscald.model.strict import parse_json

#: The largest text that is looked at.
MAX_BYTES = 16 * 1024
_SHAPE = re.compile(r"[A-Za-z0-9_-]{20,700}\.[A-Za-z0-9_-]{20,12000}\.[A-Za-z0-9_-]{86}", re.ASCII)
_ALGORITHM = "Ed25519"
_REGISTRY = JWSRegistry(algorithms=[_ALGORITHM])


class Fault(StrEnum):
    """Why a signed text is refused."""

    FORMAT = "FORMAT"
    HEADER = "HEADER"
    ALG = "ALG"
    TYPE = "TYPE"
    KEY_UNKNOWN = "KEY_UNKNOWN"
    KEY_USE = "KEY_USE"
    KEY_RETIRED = "KEY_RETIRED"
    SIGNATURE = "SIGNATURE"
    CLAIMS = "CLAIMS"


class TokenRefused(Exception):
    """A signed text that does not count."""

    def __init__(self, fault: Fault, detail: str) -> None:
        self.fault = fault
        self.detail = detail
        super().__init__(f"{fault}: {detail}")


def read_vendors(
    token: str, kind: str, keys: Mapping[str, SigningKey], use: Use, *, now: int | None = None
) -> tuple[SigningKey, Any]:
    """The vendor's key that signed ``token`` and the JSON in it. Raises ``TokenRefused``.

    ``kind`` is the ``typ`` it must have, without ``+jwt``; ``now`` tells which withdrawn keys still count.
    """
    header, payload = _parts(token)
    if set(header) != {"alg", "typ", "kid"} or not all(type(value) is str for value in header.values()):
        raise TokenRefused(Fault.HEADER, "the header must hold exactly alg, typ and kid")
    _check_purpose(header, kind)
    key = keys.get(header["kid"])
    if key is None:
        raise TokenRefused(Fault.KEY_UNKNOWN, "signed with a key that this program does not know")
    if use not in key.uses:
        raise TokenRefused(Fault.KEY_USE, f"signed with a key that may not sign a {use}")
    if key.retired(now):
        raise TokenRefused(Fault.KEY_RETIRED, "signed with a key that was withdrawn")
    _check_signature(token, key.x)
    return key, _json(payload, Fault.CLAIMS)


def read_computers(token: str, kind: str) -> tuple[dict[str, str], Any]:
    """The public key (a JWK) that ``token`` carries and was signed with, and the JSON in it.

    Raises ``TokenRefused``. It proves that the sender has the key, not who the sender is.
    """
    header, payload = _parts(token)
    if set(header) != {"alg", "typ", "jwk"}:
        raise TokenRefused(Fault.HEADER, "the header must hold exactly alg, typ and jwk")
    _check_purpose(header, kind)
    jwk = header["jwk"]
    if type(jwk) is not dict or set(jwk) != {"crv", "kty", "x"} or (jwk["crv"], jwk["kty"]) != (_ALGORITHM, "OKP"):
        raise TokenRefused(Fault.HEADER, "jwk must hold exactly crv, kty and x of an Ed25519 key")
    if type(jwk["x"]) is not str or re.fullmatch(r"[A-Za-z0-9_-]{43}", jwk["x"], re.ASCII) is None:
        raise TokenRefused(Fault.HEADER, "jwk.x is not a public key")
    _check_signature(token, jwk["x"])
    return jwk, _json(payload, Fault.CLAIMS)


def sign(payload: Mapping[str, Any], kind: str, key: Ed25519PrivateKey, **named: Any) -> str:
    """``payload`` signed for one purpose; ``named`` is ``kid="..."`` or ``jwk={...}``. Same input, same text."""
    x = public_x(key)
    private = OKPKey.import_key({"kty": "OKP", "crv": _ALGORITHM, "x": x, "d": b64(key.private_bytes_raw())})
    header = {"alg": _ALGORITHM, "typ": f"{kind}+jwt", **named}
    text = json.dumps(payload, ensure_ascii=False, separators=(",", ":")).encode()
    return jws.serialize_compact(header, text, private, registry=_REGISTRY)


def public_x(key: Ed25519PrivateKey) -> str:
    """The public half, base64url without padding."""
    return b64(key.public_key().public_bytes_raw())


def jwk_of(key: Ed25519PrivateKey) -> dict[str, str]:
    """The public half as a JWK."""
    return {"crv": _ALGORITHM, "kty": "OKP", "x": public_x(key)}


def thumbprint(jwk: Mapping[str, str]) -> str:
    """The name of a public key: RFC 7638."""
    canonical = json.dumps({name: jwk[name] for name in ("crv", "kty", "x")}, separators=(",", ":"))
    return b64(hashlib.sha256(canonical.encode()).digest())


def fingerprint(token: str) -> str:
    """How an answer names the question it belongs to (``req``): base64url of the text's SHA-256."""
    return b64(hashlib.sha256(token.encode("ascii")).digest())


def b64(data: bytes) -> str:
    """Base64url without padding."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def _parts(token: str) -> tuple[dict[str, Any], str]:
    if len(token) > MAX_BYTES or _SHAPE.fullmatch(token) is None:
        raise TokenRefused(Fault.FORMAT, "not a signed text, or not a whole one")
    header_part, payload_part, _ = token.split(".")
    header = _json(header_part, Fault.HEADER)
    if type(header) is not dict:
        raise TokenRefused(Fault.HEADER, "the header is not an object")
    return header, payload_part


def _json(part: str, fault: Fault) -> Any:
    try:
        return parse_json(base64.b64decode(part + "=" * (-len(part) % 4), altchars=b"-_", validate=True))
    except (binascii.Error, ValueError) as error:
        raise TokenRefused(fault, f"cannot be read: {error}") from None


def _check_purpose(header: Mapping[str, Any], kind: str) -> None:
    if header["alg"] != _ALGORITHM:
        raise TokenRefused(Fault.ALG, f"only {_ALGORITHM} counts")
    if header["typ"] != f"{kind}+jwt":
        raise TokenRefused(Fault.TYPE, "signed for another purpose")


def _check_signature(token: str, x: str) -> None:
    signature = token.rpartition(".")[2]
    raw = base64.b64decode(signature + "==", altchars=b"-_", validate=True)
    if b64(raw) != signature:
        raise TokenRefused(Fault.SIGNATURE, "the signature does not fit")
    try:
        jws.deserialize_compact(token, OKPKey.import_key({"kty": "OKP", "crv": _ALGORITHM, "x": x}), registry=_REGISTRY)
    except (JoseError, ValueError):
        raise TokenRefused(Fault.SIGNATURE, "the signature does not fit") from None
