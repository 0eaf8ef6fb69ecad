"""The trusted keys. They are part of the program, not of the configuration."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Use = Literal["licence", "status", "keys"]
DAY = 86_400
#: How long certificates of a withdrawn key go on after this computer has learned of it: time to fetch another.
WITHDRAWN_DAYS = 14


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
    withdrawn_at: int | None = None
    """When this computer learned, from a key list, that the key was withdrawn."""

    def retired(self, now: int | None) -> bool:
        """Whether all its signatures are invalid now."""
        if self.revoked:
            return True
        return self.withdrawn_at is not None and (now is None or now >= self.withdrawn_at + WITHDRAWN_DAYS * DAY)


#: The published test key (RFC 8032, test 1). Anybody can sign with it; see ``fiscald.licence.testing``.
TEST_KEY = SigningKey(
    kid="test-2026a",
    x="11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
    issuer="urn:fiscald:vendor:test",
    uses=frozenset(("licence", "status")),
)
#: The published test root (RFC 8032, test 3): signs key lists.
TEST_ROOT = SigningKey(
    kid="test-root",
    x="_FHNjmIYoaONpH7QAjDwWAgW7RO6MwOsXeuRFUiQgCU",
    issuer="urn:fiscald:vendor:test",
    uses=frozenset(("keys",)),
)

#: The vendor's own keys: a release pins a root, the licence key in use and a sleeping one. None was made yet, so that
#: no certificate but those of the test keys counts.
VENDOR_KEYS: tuple[SigningKey, ...] = ()
#: How the vendor names itself in what it signs.
ISSUER = "urn:fiscald:vendor"


def trusted(*, test_keys: bool) -> dict[str, SigningKey]:
    """The keys to accept, by ``kid``."""
    keys = (*VENDOR_KEYS, TEST_KEY, TEST_ROOT) if test_keys else VENDOR_KEYS
    return {key.kid: key for key in keys}
