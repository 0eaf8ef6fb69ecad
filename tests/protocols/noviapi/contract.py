"""The vendor's contract, reduced to its schemas: what holds both ends of a conversation to it."""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path
from typing import Any

import jsonschema

PATH = Path(__file__).parents[2] / "data" / "noviapi-schemas.json"


@lru_cache(1)
def contract() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(PATH.read_text("utf-8"))
    return found


@lru_cache
def _validator(kind: str, name: str) -> jsonschema.Draft4Validator | None:
    schema = contract()[kind].get(name)
    if schema is None:
        return None
    return jsonschema.Draft4Validator(schema | {"$defs": contract()["$defs"]})


def mistakes_in_request(method: str, endpoint: str, content: object) -> list[str]:
    """What the contract has against a body."""
    return list(_mistakes("requests", f"{method} {endpoint}", json.dumps(content)))


def mistakes_in_answer(method: str, endpoint: str, status: int, content: object) -> list[str]:
    """The same for an answer."""
    return list(_mistakes("answers", f"{method} {endpoint} {status}", json.dumps(content)))


@lru_cache(4096)
def _mistakes(kind: str, name: str, content: str) -> tuple[str, ...]:
    validator = _validator(kind, name)
    if validator is None:
        return (f"the contract has no {name}",)
    found = validator.iter_errors(json.loads(content))
    return tuple(f"{'/'.join(map(str, each.path))}: {each.message[:200]}" for each in found)
