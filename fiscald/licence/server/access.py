"""Access tokens: who may order numbers (a web shop) or work at the vendor's desk. Only a keyed hash is stored."""

from __future__ import annotations

from typing import Any, NamedTuple

from fiscald.licence.server.admin import AdminError, check_text
from fiscald.licence.server.keyring import Keyring
from fiscald.licence.server.terms import day
from fiscald.licence.server.transaction import Transaction, random_name

#: What a token begins with, so that a scanner of source code or logs recognises one that was leaked.
PREFIX = "fvt_"
#: Symbols after it: 200 bits.
SYMBOLS = 40
#: ``issue``: the issuing API. ``desk``: the vendor's page.
RIGHTS = ("issue", "desk")
#: Tokens that are not revoked: a person must be able to look through them.
MAX_TOKENS = 100


class Access(NamedTuple):
    """A token that is in force."""

    id: str
    name: str
    rights: str

    @property
    def actor(self) -> str:
        """How it is written in the audit."""
        return f"token:{self.id}"


def create_token(t: Transaction, keyring: Keyring, name: str, rights: str) -> tuple[str, str]:
    """A new token: its id, and the token, which is shown this once. Raises ``AdminError``."""
    check_text("token's name", name, 64)
    if rights not in RIGHTS:
        raise AdminError(f"there is no right {rights}; known here: {', '.join(RIGHTS)}")
    (count,) = t.one("SELECT count(*) FROM access_token WHERE revoked IS NULL")
    if count >= MAX_TOKENS:
        raise AdminError(f"there are {count} tokens; revoke those that are not used")
    id_, token = random_name("tok_"), random_name(PREFIX, SYMBOLS)
    t.do(
        "INSERT INTO access_token (id, h, name, rights, created) VALUES (?, ?, ?, ?, ?)",
        id_, _seal(keyring, token), name, rights, t.now,
    )  # fmt: skip
    t.audit("token.created", id_, rights=rights)
    return id_, token


def revoke_token(t: Transaction, id_: str) -> bool:
    """Revoke a token and end its browsers' sessions; whether it was in force. Raises ``AdminError``."""
    row = t.one("SELECT revoked FROM access_token WHERE id = ?", id_)
    if row is None:
        raise AdminError(f"there is no token {id_}; see: fiscald-vendor token list")
    t.do("DELETE FROM web_session WHERE token_id = ?", id_)
    if row[0] is not None:
        return False
    t.do("UPDATE access_token SET revoked = ? WHERE id = ?", t.now, id_)
    t.audit("token.revoked", id_)
    return True


def tokens(t: Transaction) -> list[dict[str, Any]]:
    """All tokens, also revoked ones, the oldest first: what is known of them, which is not the token."""
    rows = t.all("SELECT id, name, rights, created, used, revoked FROM access_token ORDER BY created, rowid")
    return [
        {
            "id": id_, "name": name, "rights": rights, "created": day(created).isoformat(), "used": used,
            "revoked": None if revoked is None else day(revoked).isoformat(),
        }
        for id_, name, rights, created, used, revoked in rows
    ]  # fmt: skip


def authenticate(t: Transaction, keyring: Keyring, shown: str) -> Access | None:
    """Whose token it is, if it is in force; notes the day."""
    if not shown.startswith(PREFIX) or len(shown) != len(PREFIX) + SYMBOLS:
        return None
    row = t.one(
        "SELECT id, name, rights, used FROM access_token WHERE h = ? AND revoked IS NULL", _seal(keyring, shown)
    )
    if row is None:
        return None
    today = day(t.now).isoformat()
    if row[3] != today:
        t.do("UPDATE access_token SET used = ? WHERE id = ?", today, row[0])
    return Access(*row[:3])


def _seal(keyring: Keyring, token: str) -> bytes:
    return keyring.seal("access", token)
