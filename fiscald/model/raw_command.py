"""A command that was sent by hand, and its answer."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from fiscald.model.strict import Strict


class RawCommand(Strict):
    """What a technician asks for."""

    command: Annotated[str, Field(min_length=1, max_length=8192)] = Field(
        description="in the text form of the printer's family (docs/api.md)"
    )
    force: Annotated[bool, Field(strict=True)] = Field(
        default=False, description="send even if a document is unresolved (may affect it)"
    )


class RawAnswer(Strict):
    """What the printer said."""

    id: int = Field(description="of the record in the journal")
    printer: str
    command: str = Field(description="as it was written")
    effect: str = Field(description="query, reversible, irreversible (also: not known)")
    sent: str = Field(description="the bytes, in hexadecimal digits")
    answer: str = Field(description="in the text form of the printer's family")
    refusal: str | None = Field(description="what the printer's error says; null: it was carried out")
