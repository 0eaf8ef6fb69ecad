"""Signing keys, the key list and releases: what the vendor does on the server itself."""

from __future__ import annotations

import datetime

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from fiscald.licence import tokens, wire
from fiscald.licence.server.admin import AdminError, check_text
from fiscald.licence.server.transaction import Transaction

#: The longest key list that fits into an answer beside a certificate.
MAX_KEY_LIST = 6000


def add_key(t: Transaction, kid: str, x: str) -> None:
    """A new signing key, to be in the next key list. Raises ``sqlite3.IntegrityError`` where the name exists."""
    t.do("INSERT INTO signing_key (kid, x) VALUES (?, ?)", kid, x)
    t.audit("key.added", kid)


def retire_key(t: Transaction, kid: str, *, revoke: bool) -> None:
    """Retire a key; with ``revoke`` its signatures become invalid too. Raises ``AdminError``."""
    changed = t.do(
        "UPDATE signing_key SET valid_to = coalesce(valid_to, ?), revoked = max(revoked, ?) WHERE kid = ?",
        t.now, revoke, kid,
    )  # fmt: skip
    if not changed:
        raise AdminError(f"there is no key {kid}; see: fiscald-vendor keys list")
    t.audit("key.revoked" if revoke else "key.retired", kid)


def sign_key_list(t: Transaction, issuer: str, root: Ed25519PrivateKey, root_kid: str) -> int:
    """All keys in a list signed by the root; daemons get it with their next check. Its version."""
    keys = tuple(
        wire.ListedKey(kid=kid, x=x, uses=("licence", "status"), valid_from=start, valid_to=end, revoked=bool(revoked))
        for kid, x, start, end, revoked in t.db.execute(
            "SELECT kid, x, valid_from, valid_to, revoked FROM signing_key ORDER BY kid"
        )
    )
    if not keys:
        raise AdminError("there is no signing key yet; make one with: fiscald-vendor keys new KID")
    (version,) = t.one("SELECT coalesce(max(ver), 0) + 1 FROM key_list")
    listed = wire.KeyList(iss=issuer, ver=version, iat=t.now, keys=keys)
    token = tokens.sign(wire.claims(listed), wire.KEYS, root, kid=root_kid)
    if len(token) > MAX_KEY_LIST:
        raise AdminError("the key list is too long for an answer; a new release must pin fewer keys")
    t.do("INSERT INTO key_list VALUES (?, ?, ?)", version, t.now, token)
    t.audit("key.list", str(version), kids=[key.kid for key in keys])
    return int(version)


def set_release(t: Transaction, version: str, series: datetime.date, url: str) -> None:
    """The newest version of a series; ``series`` is the release date of its x.y.0. Raises ``AdminError``."""
    check_text("version", version)
    check_text("url", url)
    t.do(
        "INSERT INTO release VALUES (?, ?, ?) ON CONFLICT (series)"
        " DO UPDATE SET version = excluded.version, url = excluded.url",
        series.isoformat(), version, url,
    )  # fmt: skip
    t.audit("release", version, series=series.isoformat())
