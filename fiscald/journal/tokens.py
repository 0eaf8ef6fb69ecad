"""Tokens in the journal: what each may do, and a hash by which it is known."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any, NamedTuple

from fiscald.journal.errors import WrongPhase
from fiscald.journal.file import JournalFile
from fiscald.journal.rows import moment
from fiscald.model.rights import Asker, Right
from fiscald.model.tokens import NewToken, Token

#: Tokens that the journal keeps, with the revoked ones. The oldest revoked ones go first.
MOST_TOKENS = 1000
_COLUMNS = "id, hash, name, rights, printers, created_at, created_by, expires, revoked_at, used_at, used_from"


class KnownToken(NamedTuple):
    """A token, and how it is known."""

    number: int
    hash: bytes
    token: Token


class TokenUse(NamedTuple):
    """The last use of a token."""

    number: int
    at: datetime
    address: str | None


class TokenKeeper(JournalFile):
    """The part of the journal that keeps tokens."""

    def tokens(self) -> list[KnownToken]:
        """All tokens, the newest first. A starting daemon does not wait for them."""
        with self._reading(checked=False) as db:
            rows = db.execute(f"SELECT {_COLUMNS} FROM token ORDER BY id DESC").fetchall()
        return [known for row in rows if (known := _known(row)) is not None]

    def next_token(self) -> int:
        """The number of the next token that ``add_token`` makes."""
        with self._reading() as db:
            row = db.execute("SELECT seq FROM sqlite_sequence WHERE name = 'token'").fetchone()
        return 1 if row is None else int(row[0]) + 1

    def add_token(self, number: int, digest: bytes, new: NewToken, created_by: int | None) -> KnownToken:
        """Keep a new token.

        Raises ``WrongPhase`` if a valid one has that name, if there are too many, or if another token has got that
        ``number`` meanwhile.
        """
        with self._transaction() as db:
            if db.execute("SELECT 1 FROM token WHERE name = ? AND revoked_at IS NULL", (new.name,)).fetchone():
                raise WrongPhase(f"there is a token {new.name!r}")
            if db.execute("SELECT 1 FROM token WHERE id >= ?", (number,)).fetchone():
                raise WrongPhase(f"there is a token with the number {number}")
            (count,) = db.execute("SELECT count(*) FROM token").fetchone()
            db.execute(
                "DELETE FROM token WHERE id IN (SELECT id FROM token WHERE revoked_at IS NOT NULL ORDER BY id LIMIT ?)",
                (max(0, count - MOST_TOKENS + 1),),
            )
            (count,) = db.execute("SELECT count(*) FROM token").fetchone()
            if count >= MOST_TOKENS:
                raise WrongPhase(f"there are {count} valid tokens")
            row = db.execute(
                "INSERT INTO token (id, name, hash, rights, printers, created_at, created_by, expires)"
                f" VALUES (?, ?, ?, ?, ?, ?, ?, ?) RETURNING {_COLUMNS}",
                (
                    number,
                    new.name,
                    digest,
                    json.dumps(new.rights),
                    None if new.printers is None else json.dumps(new.printers),
                    self._now(),
                    created_by,
                    None if new.expires is None else new.expires.isoformat(),
                ),
            ).fetchall()[0]
        known = _known(row)
        assert known is not None
        return known

    def revoke_token(self, name: str) -> KnownToken | None:
        """Revoke the valid token with that name; ``None`` if there is none. One that has expired is valid here."""
        with self._transaction() as db:
            rows = db.execute(
                f"UPDATE token SET revoked_at = ? WHERE name = ? AND revoked_at IS NULL RETURNING {_COLUMNS}",
                (self._now(), name),
            ).fetchall()
        return _known(rows[0]) if rows else None

    def note_token_uses(self, uses: list[TokenUse]) -> None:
        """Keep when and from where tokens were used last."""
        with self._transaction() as db:
            db.executemany(
                "UPDATE token SET used_at = ?, used_from = ? WHERE id = ?",
                [(use.at.isoformat(), use.address, use.number) for use in uses],
            )


def _known(row: tuple[Any, ...]) -> KnownToken | None:
    """A row as a token. One that is unreadable counts as none."""
    number, digest, name, rights, printers, created_at, created_by, expires, revoked_at, used_at, used_from = row
    ends = [None if text is None else moment(text) for text in (expires, revoked_at)]
    made = moment(created_at)
    try:
        given = tuple(Right(each) for each in json.loads(rights))
        limit = None if printers is None else tuple(str(each) for each in json.loads(printers))
    except (ValueError, TypeError):
        return None
    if made is None or not isinstance(digest, bytes) or (expires is not None and ends[0] is None):
        return None
    return KnownToken(
        int(number),
        digest,
        Token(
            name=name, rights=given, printers=limit, created_at=made, created_by=created_by, expires=ends[0],
            revoked_at=made if revoked_at is not None and ends[1] is None else ends[1],
            used_at=None if used_at is None else moment(used_at), used_from=used_from,
        ),
    )  # fmt: skip


def asker(asked_by: Asker) -> tuple[int | None, str | None]:
    """The columns ``asked_by`` and ``asked_token``."""
    return (None, asked_by) if isinstance(asked_by, str) else (asked_by, None)
