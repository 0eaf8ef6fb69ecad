"""JSON schemas of bodies and answers, from the models.

The schema of a body is as strict as its validation. The schema of an answer is open: a newer daemon may add fields, so
a generated client must accept unknown fields. Every field that is always present is required.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaMode, JsonSchemaValue, models_json_schema
from pydantic_core import core_schema

_REF = "#/components/schemas/{model}"
#: Prefix of a model's name, if its schema in answers differs from that in bodies.
STORED = "Stored"


class _Body(GenerateJsonSchema):
    """Without titles, which repeat names. Without defaults, because generators treat a field with a default as
    required; the description contains the default instead.
    """

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:
        found = super().default_schema(schema)
        default = found.pop("default", None)
        if default not in (None, []) and self.mode == "validation" and "const" not in found:
            found["description"] = "; ".join([*filter(None, [found.get("description")]), f"default: {default}"])
        return found

    def field_is_required(self, field: Any, total: bool) -> bool:
        """The field with the type of the object is always present."""
        inner = field.get("schema", field)
        while inner.get("type") == "default":
            inner = inner["schema"]
        constant = inner.get("type") == "literal" and len(inner["expected"]) == 1
        return constant or super().field_is_required(field, total)


class _Answer(_Body):
    def field_is_required(self, field: Any, total: bool) -> bool:
        return True


class Schemas:
    """The schemas of a set of models, under ``components``."""

    def __init__(self, bodies: Iterable[type[BaseModel]], answers: Iterable[type[BaseModel]]) -> None:
        self._bodies, given = _definitions(bodies, "validation", _Body)
        self._answers, answered = _definitions(answers, "serialization", _Answer)
        answered = {name: _open(schema) for name, schema in answered.items()}
        renamed = {name: f"{STORED}{name}" for name in answered if name in given and answered[name] != given[name]}
        while True:  # also rename what refers to a renamed model
            further = {
                name: f"{STORED}{name}"
                for name in answered.keys() & given.keys() - renamed.keys()
                if any(_REF.format(model=other) in json.dumps(answered[name]) for other in renamed)
            }
            if not further:
                break
            renamed |= further
        self._renamed = renamed
        self.components = given | {renamed.get(name, name): self._rename(schema) for name, schema in answered.items()}

    def body(self, model: type[BaseModel]) -> dict[str, Any]:
        """A reference to the schema of a body."""
        return self._bodies[model]

    def answer(self, model: type[BaseModel]) -> dict[str, Any]:
        """A reference to the schema of an answer."""
        renamed: dict[str, Any] = self._rename(self._answers[model])
        return renamed

    def _rename(self, schema: Any) -> Any:
        match schema:
            case dict():
                return {name: self._rename(value) for name, value in schema.items()}
            case list():
                return [self._rename(value) for value in schema]
            case str() if schema.startswith(_REF.format(model="")):
                name = schema.rpartition("/")[2]
                return _REF.format(model=self._renamed.get(name, name))
        return schema


def _definitions(
    models: Iterable[type[BaseModel]], mode: JsonSchemaMode, generator: type[GenerateJsonSchema]
) -> tuple[dict[type[BaseModel], dict[str, Any]], dict[str, Any]]:
    wanted = list(dict.fromkeys(models))
    refs, schema = models_json_schema(
        [(model, mode) for model in wanted], ref_template=_REF, schema_generator=generator
    )
    # The title only repeats the name, and would be wrong for a renamed definition.
    found = {name: _without(each, "title") for name, each in schema["$defs"].items()}
    return {model: refs[model, mode] for model in wanted}, found


def _open(schema: dict[str, Any]) -> dict[str, Any]:
    """An object that may have more members; fields that exclude each other were checked in the request."""
    schema = _without(schema, "not")
    return _without(schema, "additionalProperties") if schema.get("additionalProperties") is False else schema


def _without(schema: dict[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in schema.items() if key != name}
