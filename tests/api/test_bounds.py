"""Whatever a client sends has a bound: every list, text, number and object of every body, by the API's own schema."""

from __future__ import annotations

import time
import unicodedata
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from pydantic import BaseModel

from fiscald.api.problems import validated
from fiscald.api.routes import ROUTES
from fiscald.model.documents import Submission
from fiscald.model.problems import ProblemError

BODIES = {route.body.__name__: route.body for route in ROUTES if route.body is not None}
#: What bounds a value of each JSON type; one of them is enough.
BOUNDS = {
    "array": ("maxItems",),
    "string": ("maxLength", "enum", "const"),
    "integer": ("maximum", "enum", "const"),
    "number": ("maximum", "enum", "const"),
}


def unbounded(schema: Mapping[str, Any]) -> Iterator[str]:
    """The places of a schema where a value may be as large as it likes."""
    definitions = schema.get("$defs", {})
    seen: set[str] = set()

    def walk(node: Mapping[str, Any], place: str) -> Iterator[str]:
        if "$ref" in node:
            name = node["$ref"].rpartition("/")[2]
            if name not in seen:
                seen.add(name)
                yield from walk(definitions[name], name)
            return
        kind = node.get("type")
        if kind in BOUNDS and not any(bound in node for bound in BOUNDS[kind]):
            yield f"{place}: a {kind}"
        if kind == "object" and node.get("additionalProperties", True) is not False:
            yield f"{place}: an object with members of any name"
        if kind is None and not node.keys() & {"anyOf", "oneOf", "allOf", "const", "enum"}:
            yield f"{place}: anything"
        for name, child in node.get("properties", {}).items():
            yield from walk(child, f"{place}.{name}")
        for word in ("anyOf", "oneOf", "allOf", "prefixItems"):
            for child in node.get(word, ()):
                yield from walk(child, place)
        if isinstance(node.get("items"), Mapping):
            yield from walk(node["items"], f"{place}[]")

    yield from walk(schema, schema["title"])


@pytest.mark.parametrize("name", sorted(BODIES))
def test_every_value_of_a_body_has_a_bound(name: str) -> None:
    assert list(unbounded(BODIES[name].model_json_schema(mode="validation"))) == []


def test_the_walk_finds_what_has_no_bound() -> None:
    class Inner(BaseModel):
        text: str
        numbers: list[int]

    class Outer(BaseModel):
        inner: Inner | None
        anything: dict[str, str]

    assert list(unbounded(Outer.model_json_schema())) == [
        "Outer: an object with members of any name",
        "Inner: an object with members of any name",
        "Inner.text: a string",
        "Inner.numbers: a array",
        "Inner.numbers[]: a integer",
        "Outer.anything: an object with members of any name",
    ]


TEXT = "\u0105\u0301 " * 80_000
LINE = {"name": "Kawa", "price": "10.00", "vat": "A"}


@pytest.mark.parametrize("document", [
    {"lines": [LINE | {"name": TEXT}]}, {"lines": [LINE | {"unit": TEXT}]}, {"lines": [LINE | {"vat": TEXT}]},
    {"lines": [LINE | {"price": "1" * 240_000}]}, {"lines": [LINE | {"quantity": "1" * 240_000}]},
    {"lines": [LINE | {"discount": {"percent": "1" * 240_000}}]}, {"lines": [LINE], "footer": [TEXT]},
    {"lines": [LINE], "cashier": TEXT}, {"lines": [LINE], "buyer": {"nip": "1" * 240_000}}, {"lines": [LINE], "barcode": TEXT},
    {"lines": [LINE], "qr": {"text": TEXT}}, {"type": "printout", "lines": [TEXT]}, {"type": "printout", "lines": ["x"], "title": TEXT},
])  # fmt: skip
def test_a_text_without_end_is_refused_before_it_is_looked_at(document: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    looked_at: list[int] = []
    normalize = unicodedata.normalize

    def watched(form: Any, text: str) -> str:
        looked_at.append(len(text))
        return normalize(form, text)

    monkeypatch.setattr(unicodedata, "normalize", watched)
    began = time.thread_time()
    with pytest.raises(ProblemError) as caught:
        validated(Submission, {"printer": "till1", "document": {"type": "receipt"} | document})
    assert time.thread_time() - began < 0.05
    assert max(looked_at, default=0) <= 4000
    assert len(caught.value.problem.detail) < 2000


def test_a_time_without_end_is_refused() -> None:
    with pytest.raises(ProblemError, match="a time is a string like"):
        validated(Submission, {"printer": "till1", "document": {"type": "drawer"}, "deadline": "2026-" + "1" * 90_000})
