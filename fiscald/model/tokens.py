"""Tokens: what a program shows to the daemon where no kernel says who it is."""

from __future__ import annotations

import re
from typing import Annotated, Any

from pydantic import AwareDatetime, Field, field_validator

from fiscald.model.rights import Right
from fiscald.model.strict import Deferred, mistake
from fiscald.model.times import Time

#: The name of a token in the list.
TOKEN_NAME = r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}"
#: A token: its number in the journal, and 256 random bits.
TOKEN = re.compile(r"fiscald_(?P<number>[1-9][0-9]{0,9})_(?P<secret>[0-9a-f]{64})", re.ASCII)
_PrinterName = Annotated[str, Field(min_length=1, max_length=32)]
TokenName = Annotated[str, Field(pattern=f"^{TOKEN_NAME}$", min_length=1, max_length=64, examples=["erp"])]


class NewToken(Deferred):
    """A token to make."""

    name: TokenName
    rights: Annotated[tuple[Right, ...], Field(max_length=20)] = Field(description="beyond reading; may be empty")
    printers: Annotated[tuple[_PrinterName, ...], Field(max_length=100)] | None = Field(
        default=None, description="only these printers and their documents; null: all of them"
    )
    expires: Time | None = Field(default=None, description="null: it is valid until it is revoked")

    @field_validator("printers")
    @classmethod
    def _is_limit(cls, value: Any) -> Any:
        if value == ():
            raise mistake(
                "token.printers", "name one printer at least, or leave it out for all printers",
                "Podaj co najmniej jedną drukarkę albo pomiń to pole.",
            )  # fmt: skip
        return value


class Token(Deferred):
    """A token in the list; never the token itself."""

    name: TokenName
    rights: tuple[Right, ...]
    printers: tuple[str, ...] | None
    created_at: AwareDatetime
    created_by: int | None = Field(description="the user who made it")
    expires: AwareDatetime | None
    revoked_at: AwareDatetime | None
    used_at: AwareDatetime | None = Field(description="the last use, to the minute; null: never")
    used_from: str | None = Field(description="the network address of the last use")


class TokenList(Deferred):
    """All tokens, the newest first."""

    tokens: tuple[Token, ...]


class MadeToken(Token):
    """A new token. This is the only answer that contains it."""

    token: str = Field(description="for the header `Authorization: Bearer ...`")
