"""JSON from a printer: bounded, strict, never an exception."""

from __future__ import annotations

import json
from typing import Any

#: How deep objects and arrays may stand in each other; the printer's own answers have six levels.
MAX_DEPTH = 16


def read_object(data: bytes) -> dict[str, Any] | None:
    """The JSON object in ``data``; ``None``: it is none, or says one name twice, or is too deep."""
    try:
        found = json.loads(data.decode(), object_pairs_hook=_object, parse_constant=_refuse, parse_float=str)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) and _depth(found) <= MAX_DEPTH else None


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name twice")
    return found


def _refuse(word: str) -> Any:
    raise ValueError(word)


def _depth(value: Any) -> int:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else None
    return 0 if inner is None else 1 + max(map(_depth, inner), default=0)
