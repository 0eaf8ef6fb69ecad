"""The vendor's contract as a judge: what it accepts, and documents that are nearly what it describes.

``tests/data/noviapi-answers.json`` has its constraints (no text of it), and is the only source here: the emulator's own
rules are written independently.
"""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy
from jsonschema import Draft7Validator, ValidationError
from jsonschema.validators import extend

FACTS: dict[str, Any] = json.loads((Path(__file__).parents[2] / "data" / "noviapi-answers.json").read_text("utf-8"))
#: Texts at the borders of the contract's patterns.
_EDGES = (
    "", ".", "0", "1", "12.50", "1.", ".5", "123456789", "1234567890", "1.005", "1.0000001", "-1", "1,5", "1 ", "1\n",
    "١", "29/05/2023", "x29.05.2023", "29/05/23", "29/05/2023 ", "29:05-2023\n", "A", "AB", "PLN", "QUJD", "QUI=", "QQ==",
    "QQ=", "QQ==\n", "receipt", "żółć", "\ud7ff", "🙂",
)  # fmt: skip


def _pattern(_: object, pattern: str, value: object, __: object) -> Iterator[ValidationError]:
    """As ECMA reads a pattern: digits are 0 to 9, and ``$`` is the end and not a line feed before it."""
    if isinstance(value, str) and not re.search(pattern.replace("$", r"\Z"), value, re.ASCII):
        yield ValidationError("pattern")


_Validator = extend(Draft7Validator, {"pattern": _pattern})


@functools.cache
def _validator(name: str) -> Any:
    return _Validator({"$ref": f"#/schemas/{name}", "schemas": FACTS["schemas"]})


def accepts(request: str, body: object) -> bool:
    """Whether a body is one that the contract has for ``POST /receipt``."""
    return bool(_validator(FACTS["requests"][request]).is_valid(body))


def complaints(request: str, status: int, body: object) -> list[str]:
    """What the contract has against an answer to ``GET /receipt/{id}``; an answer that it does not have is one, too."""
    answers = FACTS["answers"][request]
    if str(status) not in answers:
        return [f"{request} has no answer {status}"]
    name = answers[str(status)]
    return [] if name is None else [error.message for error in _validator(name).iter_errors(body)]


def nearly(request: str, wrong: float) -> SearchStrategy[Any]:
    """Bodies that are nearly what the contract has for a request; ``wrong``: how likely each value is another one."""
    return _nearly(request, int(wrong * 1000))


@st.composite
def _nearly(draw: DrawFn, request: str, wrong: int) -> Any:
    return _draw(draw, {"$ref": f"#/schemas/{FACTS['requests'][request]}"}, wrong)


_OTHERS = st.one_of(
    st.none(), st.booleans(), st.integers(-2, 10_000), st.sampled_from([0.0, 1.0, 1.5, 2.0, 1e300]),
    st.sampled_from(_EDGES), st.text(max_size=3), st.just([]), st.just({}), st.just([{}]), st.just({"operation": "reset"}),
)  # fmt: skip


def _draw(draw: DrawFn, schema: dict[str, Any], wrong: int) -> Any:
    if draw(st.integers(1, 1000)) <= wrong:
        return draw(_OTHERS)
    if "$ref" in schema:
        return _draw(draw, FACTS["schemas"][schema["$ref"].rpartition("/")[2]], wrong)
    if "anyOf" in schema:
        return _draw(draw, draw(st.sampled_from(schema["anyOf"])), wrong)
    if "enum" in schema:
        return draw(st.sampled_from(schema["enum"]))
    match schema.get("type"):
        case "object":
            return _object(draw, schema, wrong)
        case "array":
            fewest = schema.get("minItems", 0)
            count = draw(st.integers(max(0, fewest - (wrong > 0)), fewest + 2))
            return [_draw(draw, schema["items"], wrong) for _ in range(count)]
        case "string":
            return _text(draw, schema, wrong)
        case "integer":
            lowest, highest = schema.get("minimum", 0), schema.get("maximum", 10_000)
            margin = int(wrong > 0)
            return draw(st.integers(lowest - margin, highest + margin) | st.sampled_from([lowest, highest]))
        case "boolean":
            return draw(st.booleans())
    return draw(_OTHERS)


def _object(draw: DrawFn, schema: dict[str, Any], wrong: int) -> dict[str, Any]:
    required = set(schema.get("required", ()))
    value = {}
    for name, each in schema.get("properties", {}).items():
        if isinstance(each, dict) and (draw(st.booleans()) if name not in required else not _once(draw, wrong)):
            value[name] = _draw(draw, each, wrong)
    if _once(draw, wrong):
        value[draw(st.sampled_from(["more", "operation", "items", ""]))] = draw(_OTHERS)
    return value


def _text(draw: DrawFn, schema: dict[str, Any], wrong: int) -> str:
    if "pattern" in schema:
        usual = "29/05/2023" if "4" in schema["pattern"] and "{2}" in schema["pattern"][:12] else "12.50"
        usual = "QUJD" if "A-Z" in schema["pattern"] else usual
        return str(draw(st.sampled_from(_EDGES))) if _once(draw, 3 * wrong) else usual
    shortest, longest = schema.get("minLength", 0), schema.get("maxLength", 8)
    if _once(draw, 3 * wrong):
        length = draw(st.sampled_from([shortest - 1, shortest, longest, longest + 1]))
        return str(draw(st.sampled_from("aż🙂"))) * int(max(length, 0))
    return str(draw(st.text(min_size=shortest, max_size=min(longest, shortest + 8))))


def _once(draw: DrawFn, chance: int) -> bool:
    return draw(st.integers(1, 1000)) <= chance


# -- every border -----------------------------------------------------------------------------------------------------


def borders(request: str) -> Iterator[Any]:
    """A body for each border of each value that the contract has for a request, on either side of it."""
    yield from _variants({"$ref": f"#/schemas/{FACTS['requests'][request]}"})


def _resolved(schema: dict[str, Any]) -> dict[str, Any]:
    while "$ref" in schema:
        schema = FACTS["schemas"][schema["$ref"].rpartition("/")[2]]
    return schema


def _plain(schema: dict[str, Any]) -> Any:
    """A value that is all right."""
    schema = _resolved(schema)
    if "anyOf" in schema:
        name, each = next(iter(schema["anyOf"][0]["properties"].items()))
        return {name: _plain(each)}
    if "enum" in schema:
        return schema["enum"][0]
    match schema.get("type"):
        case "object":
            # Where values depend on each other all are there.
            names = schema["properties"] if "allOf" in schema else schema.get("required", ())
            return {name: _plain(schema["properties"][name]) for name in names}
        case "array":
            return [_plain(schema["items"])] * schema.get("minItems", 0)
        case "string":
            usual = [text for text in ("29/05/2023", "QUJD", "12.50") if _fits(schema, text)]
            return usual[0] if "pattern" in schema else "a" * schema.get("minLength", 0)
        case "boolean":
            return False
    return schema.get("minimum", 0)


def _fits(schema: dict[str, Any], text: str) -> bool:
    return not list(_pattern(None, schema.get("pattern", ""), text, None))


def _variants(schema: dict[str, Any]) -> Iterator[Any]:
    schema = _resolved(schema)
    yield from (None, True, 1, 1.5, "", [], {}, _plain(schema))
    if "anyOf" in schema:
        for option in schema["anyOf"]:
            yield from _variants(option)
        yield {name: _plain(each) for option in schema["anyOf"][:2] for name, each in option["properties"].items()}
        return
    yield from schema.get("enum", ())
    match schema.get("type"):
        case "object":
            yield from _object_variants(schema)
        case "array":
            fewest, most = schema.get("minItems", 0), schema.get("maxItems", 3)
            item = _plain(schema["items"])
            yield from ([item] * count for count in (fewest, most, most + 1))
            yield from ([each] for each in _variants(schema["items"]))
        case "string":
            lengths = [schema.get("minLength", 1) - 1, schema.get("minLength", 0), schema.get("maxLength", 3)]
            yield from ("a" * length for length in (*lengths, lengths[2] + 1))
            yield from ("QUJD" * ((lengths[2] + more) // 4) for more in (0, 4))
            yield from _EDGES
        case "integer":
            limits = (schema.get("minimum", 0), schema.get("maximum", 9))
            yield from (limit + more for limit in limits for more in (-1, 0, 1, 0.0, 0.5))


def _object_variants(schema: dict[str, Any]) -> Iterator[dict[str, Any]]:
    plain, properties = _plain(schema), schema.get("properties", {})
    yield {name: _plain(each) for name, each in properties.items()}
    yield plain | {"more": 1}
    for name in plain:
        yield {key: value for key, value in plain.items() if key != name}
    for name, each in properties.items():
        for value in _variants(each):
            yield plain | {name: value}
    for word in properties.get("operation", {}).get("enum", ()):
        yield from (
            {key: value for key, value in (plain | {"operation": word}).items() if key != name} for name in plain
        )
