"""The base of every value that crosses a border: frozen, and unknown fields are refused."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

from pydantic import BaseModel, ConfigDict


class Strict(BaseModel):
    """A frozen value; an unknown field is an error, so a misspelt one is never silently ignored."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_enum_values=False)


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known word that ``word`` is most likely a misspelling of, or ``None``."""
    matches = difflib.get_close_matches(word.casefold(), list(known), n=1, cutoff=0.6)
    return matches[0] if matches else None
