"""Certificates of the published test key: for development, CI and the demonstration.

The private half is published (RFC 8032, test 1), so such a certificate proves nothing; a daemon accepts it
only when its configuration says ``test_keys = true``, and then prints on emulated printers only.
"""

from __future__ import annotations

import base64
import datetime
import json
import time
from collections.abc import Mapping
from typing import Any

from joserfc import jws
from joserfc.jwk import OKPKey
from joserfc.jws import JWSRegistry

from fiscald.licence.certificate import TYPE
from fiscald.licence.keys import TEST_KEY

_SEED = bytes.fromhex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60")


def sign(claims: Mapping[str, Any], *, header: Mapping[str, Any] | None = None, seed: bytes = _SEED) -> str:
    """A certificate with exactly these claims, signed with a test key."""
    used = dict(header or {"alg": "Ed25519", "typ": TYPE, "kid": TEST_KEY.kid})
    key = OKPKey.import_key(
        {"kty": "OKP", "crv": "Ed25519", "x": _public(seed), "d": base64.urlsafe_b64encode(seed).rstrip(b"=").decode()}
    )
    payload = json.dumps(claims, ensure_ascii=False, separators=(",", ":")).encode()
    return jws.serialize_compact(used, payload, key, registry=JWSRegistry(algorithms=["Ed25519"]))


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


def _public(seed: bytes) -> str:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    raw = Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
