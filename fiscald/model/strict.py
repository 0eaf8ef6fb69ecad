"""What crosses a border is read strictly: unknown fields, doubled names and NaN are refused."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterable
from typing import Any, LiteralString

from pydantic import BaseModel, ConfigDict
from pydantic_core import PydanticCustomError


class Strict(BaseModel):
    """A frozen value; an unknown field is an error, so a misspelt one is never silently ignored."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_enum_values=False)


def mistake(code: str, detail: LiteralString, detail_pl: str, **facts: object) -> PydanticCustomError:
    """A bad field, in English for the developer and in Polish for the cashier: templates filled from ``facts``."""
    return PydanticCustomError(code, detail, facts | {"detail_pl": detail_pl.format(**facts)})


def parse_json(text: bytes) -> Any:
    """JSON in UTF-8, without doubled names or NaN. Raises ``ValueError`` with a sentence."""
    try:
        return json.loads(text.decode("utf-8"), object_pairs_hook=_no_duplicates, parse_constant=_no_constant)
    except UnicodeDecodeError:
        raise ValueError("it is not UTF-8") from None
    except RecursionError:
        raise ValueError("it is nested too deeply") from None


def _no_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            raise ValueError(f"the name {name!r} stands twice in one object")
        found[name] = value
    return found


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known word that ``word`` is most likely a misspelling of, or ``None``."""
    matches = difflib.get_close_matches(word.casefold(), list(known), n=1, cutoff=0.6)
    return matches[0] if matches else None
