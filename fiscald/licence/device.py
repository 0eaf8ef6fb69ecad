"""This computer's key: created once, never leaves it, signs every request to the vendor.

A certificate names the key it was issued to, so that a copied certificate cannot be renewed elsewhere.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from fiscald.licence.tokens import jwk_of, sign, thumbprint


class DeviceKey:
    """An Ed25519 key pair."""

    def __init__(self, private: Ed25519PrivateKey) -> None:
        self._private = private

    @classmethod
    def make(cls) -> DeviceKey:
        """A new one."""
        return cls(Ed25519PrivateKey.generate())

    @classmethod
    def parse(cls, pem: bytes) -> DeviceKey:
        """The key in a PKCS#8 file. Raises ``ValueError`` where there is none."""
        try:
            private = load_pem_private_key(pem, password=None)
        except (ValueError, TypeError, UnsupportedAlgorithm):
            raise ValueError("not a private key") from None
        if not isinstance(private, Ed25519PrivateKey):
            raise ValueError("not an Ed25519 key")
        return cls(private)

    @property
    def pem(self) -> str:
        """The form for a file."""
        return self._private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode("ascii")

    @property
    def private(self) -> Ed25519PrivateKey:
        """The key itself, for signatures of another kind in this process: the fleet's outcomes."""
        return self._private

    @property
    def thumbprint(self) -> str:
        """Its name, as in a certificate's ``cnf.jkt`` (RFC 7638)."""
        return thumbprint(jwk_of(self._private))

    def sign(self, payload: Mapping[str, Any], kind: str) -> str:
        """A signed text that carries the public half."""
        return sign(payload, kind, self._private, jwk=jwk_of(self._private))
