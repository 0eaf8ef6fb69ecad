"""Messages as bytes: signed, on request sealed, and read back only if nothing about them is wrong.

A message is its model as JSON in a compact JWS: ``{"alg": "Ed25519", "typ": "fiscald-order+jwt", "kid": ...}``, signed
by the central or the shop's device; ``kid`` is the RFC 7638 thumbprint of the public key. Sealed, the whole JWS is the
content of a JWE (``fiscald.fleet.sealing``).
"""

from __future__ import annotations

import hashlib
from typing import Any, NamedTuple, TypeVar

from pydantic import ValidationError

from fiscald.fleet.keys import SealKey, Signer, Verifiers
from fiscald.fleet.messages import MAX_MESSAGE, Message
from fiscald.fleet.sealing import is_sealed, seal, unseal
from fiscald.model.strict import Mistakes
from fiscald.signed import Fault, TokenRefused, check_purpose, check_signature, content, parts, unb64

M = TypeVar("M", bound=Message)
#: Bad fields of one message that are listed.
_MISTAKES = 20


class TooLarge(ValueError):
    """A message that no reader would accept."""


class Signed(NamedTuple):
    """What a message with a right signature says."""

    claims: Any
    """The JSON, not yet a model."""
    digest: str
    """SHA-256 of the JSON's bytes in hex: how an acknowledgement names an outcome."""


def payload_of(message: Message) -> bytes:
    """The JSON that is signed."""
    return message.model_dump_json(exclude_none=True, by_alias=True).encode()


def digest_of(payload: bytes) -> str:
    """The digest of a message by its JSON: the same at each repetition, sealed or not."""
    return hashlib.sha256(payload).hexdigest()


def write(kind: type[Message], payload: bytes, signer: Signer, sealed_for: str | None = None) -> bytes:
    """The message of ``payload_of`` for the broker; ``sealed_for``: the reader's encryption key.

    Raises ``TooLarge``.
    """
    text = signer.sign(payload, kind.kind)
    if sealed_for is not None:
        text = seal(text, sealed_for)
    if len(text) > MAX_MESSAGE:
        raise TooLarge(f"the message has {len(text)} bytes; at most {MAX_MESSAGE} are possible")
    return text.encode("ascii")


def read(raw: bytes, kind: type[Message], keys: Verifiers, opener: SealKey | None = None) -> Signed:
    """The JSON of a message of this kind, signed by one of ``keys``. Raises ``TokenRefused``.

    ``opener`` opens sealed messages; without it they are refused.
    """
    if len(raw) > MAX_MESSAGE:
        raise TokenRefused(Fault.FORMAT, f"larger than {MAX_MESSAGE} bytes")
    try:
        text = raw.decode("ascii")
    except UnicodeDecodeError:
        raise TokenRefused(Fault.FORMAT, "not a signed text, or not a whole one") from None
    if is_sealed(text):
        if opener is None:
            raise TokenRefused(Fault.FORMAT, "sealed, and there is no key to open it")
        text = unseal(text, opener)
    header, payload = parts(text, MAX_MESSAGE, MAX_MESSAGE)
    if set(header) != {"alg", "typ", "kid"} or not all(type(value) is str for value in header.values()):
        raise TokenRefused(Fault.HEADER, "the header must contain exactly alg, typ and kid")
    check_purpose(header, kind.kind)
    x = keys.x(header["kid"])
    if x is None:
        raise TokenRefused(Fault.KEY_UNKNOWN, "signed with an unknown key")
    check_signature(text, x)
    claims = content(payload)
    return Signed(claims, digest_of(unb64(payload)))


def parse(model: type[M], claims: Any) -> M:
    """The model of a signed message's JSON. Raises ``TokenRefused``."""
    try:
        return model.model_validate(claims, context=Mistakes(_MISTAKES))
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        where = "/".join(str(part) for part in first["loc"])
        raise TokenRefused(Fault.CLAIMS, f"{where or 'the message'}: {first['msg']}") from None


def read_message(raw: bytes, model: type[M], keys: Verifiers, opener: SealKey | None = None) -> tuple[M, str]:
    """The message and its digest. Raises ``TokenRefused``."""
    claims, digest = read(raw, model, keys, opener)
    return parse(model, claims), digest
