"""A raw command in the printer's own protocol, and its answer."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from fiscald.model.strict import Strict


class RawCommand(Strict):
    """The command that a technician sends."""

    command: Annotated[str, Field(min_length=1, max_length=8192)] = Field(
        description="in the text form of the printer's family (docs/api.md)"
    )
    force: Annotated[bool, Field(strict=True)] = Field(
        default=False, description="send even if a document is unresolved (may affect it)"
    )


class RawAnswer(Strict):
    """The printer's answer."""

    id: int = Field(description="id of the record in the journal")
    printer: str
    command: str = Field(description="as the caller wrote it")
    effect: str = Field(description="query, reversible, irreversible (also: unknown command)")
    sent: str = Field(description="the bytes, in hexadecimal digits")
    answer: str = Field(description="in the text form of the printer's family")
    refusal: str | None = Field(description="meaning of the printer's error; null: the printer carried the command out")
