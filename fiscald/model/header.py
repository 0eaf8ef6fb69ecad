"""The header that a printer prints above its documents."""

from __future__ import annotations

from pydantic import Field

from fiscald.model.strict import Strict


class Header(Strict):
    """The header as the printer shows it."""

    lines: tuple[str, ...] | None = Field(
        description="without marks for bold or centred text; null: the printer does not show its header"
    )
