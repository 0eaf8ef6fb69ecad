"""Certificates of the published test key: for development, CI and the demonstration.

The private half is published (RFC 8032, test 1), so such a certificate proves nothing; a daemon accepts it
only when its configuration says ``test_keys = true``, and then prints on emulated printers only.
"""

from __future__ import annotations

import datetime
import time
from collections.abc import Mapping
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from fiscald.licence import tokens
from fiscald.licence.certificate import KIND
from fiscald.licence.keys import TEST_KEY

#: The private halves of the published keys (RFC 8032, tests 1 and 3).
TEST_PRIVATE = Ed25519PrivateKey.from_private_bytes(
    bytes.fromhex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60")
)
TEST_ROOT_PRIVATE = Ed25519PrivateKey.from_private_bytes(
    bytes.fromhex("c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7")
)


def sign(claims: Mapping[str, Any], kind: str = KIND) -> str:
    """A text of the test vendor with exactly these claims."""
    return tokens.sign(claims, kind, TEST_PRIVATE, kid=TEST_KEY.kid)


def make_certificate(*, now: float | None = None, days: int = 3650, **changes: Any) -> str:
    """A certificate of the test vendor for any computer, with all modules, for ``days``."""
    iat = int(time.time() if now is None else now)
    until = datetime.datetime.fromtimestamp(iat, datetime.UTC).date() + datetime.timedelta(days=days)
    claims: dict[str, Any] = {
        "iss": TEST_KEY.issuer,
        "aud": "fiscald",
        "sub": "lic_TESTTEST",
        "jti": f"crt_TESTTEST_{iat}",
        "seq": iat,
        "iat": iat,
        "nbf": iat - 3600,
        "exp": iat + days * 86400,
        "num": {"h": "test", "hint": "TEST-TEST"},
        "co": {"name": "TEST", "post": "00-000", "cc": "PL", "tin": "1234563218"},
        "kind": "paid",
        "mod": ["app", "bank", "fiscal"],
        "end": None,
        "upd": until.isoformat(),
        "chk": {"every": None, "lapse": "warn"},
        "mid": "*",
        "cnf": {"jkt": "test"},
    }
    return sign(claims | changes)
