"""The keys whose signatures count. They are part of the program, never of the configuration."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Use = Literal["licence", "status"]


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A vendor's public Ed25519 key. Times are seconds since 1970, ``None`` for open ends."""

    kid: str
    x: str
    """Public key, base64url without padding."""
    issuer: str
    uses: frozenset[Use]
    valid_from: int | None = None
    valid_to: int | None = None
    revoked: bool = False
    test: bool = False
    """The published test key: its certificates print on emulated printers only."""


#: The published test key (RFC 8032, test 1). Anybody can sign with it; see ``fiscald.licence.testing``.
TEST_KEY = SigningKey(
    kid="test-2026a",
    x="11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
    issuer="urn:fiscald:vendor:test",
    uses=frozenset(("licence", "status")),
    test=True,
)

#: The vendor's own keys, pinned at release.
VENDOR_KEYS: tuple[SigningKey, ...] = ()


def trusted(*, test_keys: bool) -> dict[str, SigningKey]:
    """The keys to accept, by ``kid``."""
    keys = (*VENDOR_KEYS, TEST_KEY) if test_keys else VENDOR_KEYS
    return {key.kid: key for key in keys}
