"""Signed texts: JWS in compact form, Ed25519 only, read strictly and in a fixed order.

Libraries differ in what they let pass, so the shape, the header and the JSON are checked here, before and after
joserfc has checked the signature. The first fault wins. Who may sign what is for those who use this: the licence
(``fiscald.licence.tokens``) and the fleet (``fiscald.fleet.envelope``).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import re
from collections.abc import Mapping
from enum import StrEnum
from functools import cache
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import OKPKey
from joserfc.jws import JWSRegistry

from fiscald.model.strict import parse_json

ALGORITHM = "Ed25519"
#: Bytes of a header, in base64url. The payload's limit is the reader's.
_LONGEST_HEADER = 700
_REGISTRY = JWSRegistry(algorithms=[ALGORITHM])
#: joserfc's own limit is smaller than a message of the fleet; the limits that count are checked before.
_REGISTRY.max_payload_length = 1024 * 1024


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
    """An invalid signed text."""

    def __init__(self, fault: Fault, detail: str) -> None:
        self.fault = fault
        self.detail = detail
        super().__init__(f"{fault}: {detail}")


def sign(payload: Mapping[str, Any], kind: str, key: Ed25519PrivateKey, **named: Any) -> str:
    """``payload`` signed for one purpose; ``named`` is ``kid="..."`` or ``jwk={...}``. Same input, same text."""
    return sign_bytes(json.dumps(payload, ensure_ascii=False, separators=(",", ":")).encode(), kind, key, **named)


def sign_bytes(payload: bytes, kind: str, key: Ed25519PrivateKey, **named: Any) -> str:
    """The same for JSON that is written already."""
    x = public_x(key)
    private = OKPKey.import_key({"kty": "OKP", "crv": ALGORITHM, "x": x, "d": b64(key.private_bytes_raw())})
    header = {"alg": ALGORITHM, "typ": f"{kind}+jwt", **named}
    return jws.serialize_compact(header, payload, private, registry=_REGISTRY)


def public_x(key: Ed25519PrivateKey) -> str:
    """The public half, base64url without padding."""
    return b64(key.public_key().public_bytes_raw())


def jwk_of(key: Ed25519PrivateKey) -> dict[str, str]:
    """The public half as a JWK."""
    return jwk(public_x(key))


def jwk(x: str) -> dict[str, str]:
    """A public key, base64url without padding, as a JWK."""
    return {"crv": ALGORITHM, "kty": "OKP", "x": x}


def thumbprint(jwk: Mapping[str, str]) -> str:
    """The name of a public key: RFC 7638."""
    canonical = json.dumps({name: jwk[name] for name in ("crv", "kty", "x")}, separators=(",", ":"))
    return b64(hashlib.sha256(canonical.encode()).digest())


def b64(data: bytes) -> str:
    """Base64url without padding."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def unb64(part: str) -> bytes:
    """What ``b64`` made. Raises ``ValueError`` for any other text: for each content there is one text."""
    data = base64.b64decode(part + "=" * (-len(part) % 4), altchars=b"-_", validate=True)
    if b64(data) != part:
        raise ValueError("not base64url without padding")
    return data


def parts(token: str, most: int, longest: int) -> tuple[dict[str, Any], str]:
    """The header and the payload, which is still base64url, of a text that has the shape of a signed one.

    ``most`` characters in all, ``longest`` of the payload. Raises ``TokenRefused``.
    """
    if len(token) > most or _shape(longest).fullmatch(token) is None:
        raise TokenRefused(Fault.FORMAT, "not a signed text, or not a whole one")
    header_part, payload_part, _ = token.split(".")
    header = content(header_part, Fault.HEADER)
    if type(header) is not dict:
        raise TokenRefused(Fault.HEADER, "the header is not an object")
    return header, payload_part


def content(part: str, fault: Fault = Fault.CLAIMS) -> Any:
    """The JSON in a part. Raises ``TokenRefused`` with ``fault``."""
    try:
        return parse_json(base64.b64decode(part + "=" * (-len(part) % 4), altchars=b"-_", validate=True))
    except (binascii.Error, ValueError) as error:
        raise TokenRefused(fault, f"cannot be read: {error}") from None


def check_purpose(header: Mapping[str, Any], kind: str) -> None:
    """Raises ``TokenRefused`` for another algorithm, or a text that was signed for another purpose."""
    if header["alg"] != ALGORITHM:
        raise TokenRefused(Fault.ALG, f"only {ALGORITHM} counts")
    if header["typ"] != f"{kind}+jwt":
        raise TokenRefused(Fault.TYPE, "signed for another purpose")


def check_signature(token: str, x: str) -> None:
    """Raises ``TokenRefused`` if the key ``x`` did not sign ``token``, which has the right shape."""
    signature = token.rpartition(".")[2]
    raw = base64.b64decode(signature + "==", altchars=b"-_", validate=True)
    if b64(raw) != signature:
        raise TokenRefused(Fault.SIGNATURE, "the signature does not fit")
    try:
        jws.deserialize_compact(token, OKPKey.import_key(dict(jwk(x))), registry=_REGISTRY)
    except (JoseError, ValueError):
        raise TokenRefused(Fault.SIGNATURE, "the signature does not fit") from None


@cache
def _shape(longest: int) -> re.Pattern[str]:
    return re.compile(
        rf"[A-Za-z0-9_-]{{20,{_LONGEST_HEADER}}}\.[A-Za-z0-9_-]{{20,{longest}}}\.[A-Za-z0-9_-]{{86}}", re.ASCII
    )
