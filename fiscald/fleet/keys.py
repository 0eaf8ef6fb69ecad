"""The keys of a fleet, as they are written in configuration files and shown at enrolment.

``ed25519:X`` checks signatures: the central's orders, a shop's outcomes. ``x25519:X`` encrypts: only its owner can read
what was sealed with it. X is the public key, 32 bytes, in base64url without padding.
"""

from __future__ import annotations

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from fiscald.model.fleet import SealingKeyText, SigningKeyText
from fiscald.signed import b64, jwk, public_x, sign_bytes, thumbprint

__all__ = ["SealKey", "SealingKeyText", "Signer", "SigningKeyText", "Verifiers"]

_SIGNING, _SEALING = "ed25519", "x25519"


class Verifiers:
    """The public keys that count: one, or two while a new key replaces an old one."""

    def __init__(self, *keys: str) -> None:
        """``keys`` as ``SigningKeyText``."""
        self._keys = {thumbprint(jwk(x)): x for x in (key.partition(":")[2] for key in keys)}

    def x(self, kid: str) -> str | None:
        """The public key of that name (RFC 7638), base64url; ``None``: not one of these."""
        return self._keys.get(kid)


class Signer:
    """A private key that signs messages."""

    def __init__(self, private: Ed25519PrivateKey) -> None:
        self._private = private
        self.kid = thumbprint(jwk(public_x(private)))
        """The name of its public half (RFC 7638)."""

    @classmethod
    def make(cls) -> Signer:
        """A new one."""
        return cls(Ed25519PrivateKey.generate())

    @property
    def public(self) -> str:
        """The public half, as ``SigningKeyText``."""
        return f"{_SIGNING}:{public_x(self._private)}"

    def sign(self, payload: bytes, kind: str) -> str:
        """A compact JWS of JSON. Same input, same text."""
        return sign_bytes(payload, kind, self._private, kid=self.kid)


class SealKey:
    """A private key that opens what was sealed with its public half."""

    def __init__(self, private: X25519PrivateKey) -> None:
        self._private = private

    @classmethod
    def make(cls) -> SealKey:
        """A new one."""
        return cls(X25519PrivateKey.generate())

    @classmethod
    def parse(cls, raw: bytes) -> SealKey:
        """From the 32 bytes of ``raw``. Raises ``ValueError``."""
        return cls(X25519PrivateKey.from_private_bytes(raw))

    @property
    def raw(self) -> bytes:
        """The private key, 32 bytes, for a file."""
        return self._private.private_bytes_raw()

    @property
    def public(self) -> str:
        """The public half, as ``SealingKeyText``."""
        return f"{_SEALING}:{b64(self._private.public_key().public_bytes_raw())}"
