"""Sealed messages: a signed message, encrypted for one reader (JWE in compact form, X25519, AES-256-GCM).

The signature is inside, so the reader checks who wrote it as without encryption. The broker sees only the topic, the
size and the time.
"""

from __future__ import annotations

from typing import Any

from joserfc import jwe
from joserfc.errors import JoseError
from joserfc.jwe import JWERegistry
from joserfc.jwk import OKPKey

from fiscald.fleet.keys import SealKey
from fiscald.signed import Fault, TokenRefused, b64, content, unb64

_ALGORITHM, _CIPHER = "ECDH-ES", "A256GCM"
_LONGEST_HEADER = 700
_REGISTRY = JWERegistry(algorithms=[_ALGORITHM, _CIPHER])
#: joserfc's own limit is smaller than a message; the limit that counts is checked before.
_REGISTRY.max_ciphertext_length = 1024 * 1024


def seal(text: str, key: str) -> str:
    """``text`` for the owner of ``key`` (``x25519:...``) alone. Never twice the same text."""
    public = OKPKey.import_key({"kty": "OKP", "crv": "X25519", "x": key.partition(":")[2]})
    header = {"alg": _ALGORITHM, "enc": _CIPHER, "cty": "JWT"}
    return jwe.encrypt_compact(header, text.encode("ascii"), public, registry=_REGISTRY)


def is_sealed(text: str) -> bool:
    """Whether ``text`` has the five parts of a sealed message."""
    return text.count(".") == 4


def unseal(text: str, key: SealKey) -> str:
    """The signed message in ``text``. Raises ``TokenRefused``."""
    header_part, encrypted_key, *others = text.split(".")
    if len(header_part) > _LONGEST_HEADER or encrypted_key:
        raise TokenRefused(Fault.FORMAT, "not a sealed message")
    try:
        for part in (header_part, *others):
            unb64(part)
    except ValueError:
        raise TokenRefused(Fault.FORMAT, "not a sealed message, or not a whole one") from None
    header = content(header_part, Fault.HEADER)
    if type(header) is not dict or set(header) != {"alg", "enc", "cty", "epk"}:
        raise TokenRefused(Fault.HEADER, "the header must contain exactly alg, enc, cty and epk")
    if (header["alg"], header["enc"], header["cty"]) != (_ALGORITHM, _CIPHER, "JWT"):
        raise TokenRefused(Fault.ALG, f"only {_ALGORITHM} with {_CIPHER} counts")
    _check_sender(header["epk"])
    private = OKPKey.import_key({"kty": "OKP", "crv": "X25519", "x": key.public.partition(":")[2], "d": b64(key.raw)})
    try:
        found = jwe.decrypt_compact(text, private, registry=_REGISTRY).plaintext
        return (found or b"").decode("ascii")
    except (JoseError, ValueError, TypeError):
        raise TokenRefused(Fault.SIGNATURE, "sealed for another reader, or changed on the way") from None


def _check_sender(key: Any) -> None:
    """Checked here, because joserfc ends with other errors for other keys."""
    right = type(key) is dict and set(key) == {"crv", "kty", "x"} and (key["crv"], key["kty"]) == ("X25519", "OKP")
    try:
        if not right or type(key["x"]) is not str or len(unb64(key["x"])) != 32:
            raise TokenRefused(Fault.HEADER, "epk must contain exactly crv, kty and x of an X25519 key")
    except ValueError:
        raise TokenRefused(Fault.HEADER, "epk.x is not a public key") from None
