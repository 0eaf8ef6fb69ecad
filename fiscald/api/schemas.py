"""JSON schemas of bodies and answers, from the models.

A body is described as strictly as it is read. An answer is open: a newer daemon may say more, so a client that is
generated from the description must not refuse what it does not know. Every field that is always there is required.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaMode, JsonSchemaValue, models_json_schema
from pydantic_core import core_schema

_REF = "#/components/schemas/{model}"
#: In front of the name of a model that is described otherwise in answers than in bodies.
STORED = "Stored"


class _Body(GenerateJsonSchema):
    """Without titles, which repeat names. Without defaults: generators take a field that has one for a required one, so
    the description says them.
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
        """The field that says which kind of object it is stands in every object."""
        inner = field.get("schema", field)
        while inner.get("type") == "default":
            inner = inner["schema"]
        return inner.get("type") == "literal" or super().field_is_required(field, total)


class _Answer(_Body):
    def field_is_required(self, field: Any, total: bool) -> bool:
        return True


class Schemas:
    """The schemas of a set of models, under ``components``."""

    def __init__(self, bodies: Iterable[type[BaseModel]], answers: Iterable[type[BaseModel]]) -> None:
        self._bodies, given = _definitions(bodies, "validation", _Body)
        self._answers, told = _definitions(answers, "serialization", _Answer)
        told = {name: _open(schema) for name, schema in told.items()}
        renamed = {name: f"{STORED}{name}" for name in told if name in given and told[name] != given[name]}
        while True:  # what refers to a renamed one is renamed, too
            further = {
                name: f"{STORED}{name}"
                for name in told.keys() & given.keys() - renamed.keys()
                if any(_REF.format(model=other) in json.dumps(told[name]) for other in renamed)
            }
            if not further:
                break
            renamed |= further
        self._renamed = renamed
        self.components = given | {renamed.get(name, name): self._rename(schema) for name, schema in told.items()}

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
    # The name of a definition says all that its title says; a renamed one would have that of another.
    found = {name: _without(each, "title") for name, each in schema["$defs"].items()}
    return {model: refs[model, mode] for model in wanted}, found


def _open(schema: dict[str, Any]) -> dict[str, Any]:
    """An object that may have more members than are described; what excludes what was checked when it came in."""
    schema = _without(schema, "not")
    return _without(schema, "additionalProperties") if schema.get("additionalProperties") is False else schema


def _without(schema: dict[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in schema.items() if key != name}
