"""Tokens of applications, as the daemon's: shown once, kept as a hash."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from typing import NamedTuple

from sqlalchemy import insert, select, update

from fiscald.fleet.central.database import Database
from fiscald.fleet.central.schema import tokens
from fiscald.model.tokens import TOKEN


class TokenError(Exception):
    """The change is not possible; ``str`` says why."""


class TokenRow(NamedTuple):
    """A token, without itself."""

    number: int
    name: str
    may_order: bool
    created: float
    expires: float | None
    revoked: float | None


_COLUMNS = [tokens.c[name] for name in TokenRow._fields]


def make(db: Database, name: str, now: float, *, may_order: bool, expires: float | None = None) -> str:
    """Make a token; returns it, this once. Raises ``TokenError`` if the name is used."""
    secret = secrets.token_hex(32)
    with db.change() as connection:
        if connection.execute(select(tokens.c.number).where(tokens.c.name == name)).first() is not None:
            raise TokenError(f"there is a token {name} already; choose another name")
        values = {"name": name, "hash": _hash(secret), "may_order": may_order, "created": now, "expires": expires}
        number = connection.execute(insert(tokens).values(**values).returning(tokens.c.number)).scalar_one()
    return f"fiscald_{number}_{secret}"


def revoke(db: Database, name: str, now: float) -> None:
    """End a token. Raises ``TokenError``."""
    with db.change() as connection:
        query = update(tokens).where(tokens.c.name == name).values(revoked=now).returning(tokens.c.number)
        if connection.execute(query).first() is None:
            raise TokenError(f"there is no token {name}")


def listed(db: Database) -> list[TokenRow]:
    """All tokens, newest first."""
    with db.reading() as connection:
        rows = connection.execute(select(*_COLUMNS).order_by(tokens.c.number.desc()).limit(1000))
        return [TokenRow(*row) for row in rows]


def find(db: Database, text: str, now: float) -> TokenRow | None:
    """The token that ``text`` is, if it counts now."""
    match = TOKEN.fullmatch(text)
    if match is None:
        return None
    with db.reading() as connection:
        row = connection.execute(
            select(tokens.c.hash, *_COLUMNS).where(tokens.c.number == int(match["number"]))
        ).first()
    known = bytes(32) if row is None else bytes(row[0])
    is_right = hmac.compare_digest(known, _hash(match["secret"]))
    if row is None or not is_right:
        return None
    found = TokenRow(*row[1:])
    is_over = found.revoked is not None or (found.expires is not None and found.expires <= now)
    return None if is_over else found


def _hash(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()
