"""The fields of a JSON schema as rows of a table."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from website.markdown import code, prose

Schema = dict[str, Any]
_REF = "#/components/schemas/"


class FieldRow(NamedTuple):
    """One field."""

    path: str
    """Its name with the names around it: ``lines[].price``."""
    required: bool
    kind: str
    """What it is and its limits."""
    description: str


def name_of(schema: Schema) -> str | None:
    """The name of the schema that a reference leads to."""
    return str(schema["$ref"]).removeprefix(_REF) if "$ref" in schema else None


def rows(schema: Schema, components: dict[str, Schema], *, prefix: str = "", nested: bool) -> Iterator[FieldRow]:
    """The fields of an object. ``nested``: also those of the objects in it."""
    for name, field in schema.get("properties", {}).items():
        path = f"{prefix}{name}"
        yield FieldRow(path, name in schema.get("required", ()), kind(field), _description(field, components))
        if nested:
            for inner, path_inner in _objects(field, path, components):
                yield from rows(inner, components, prefix=f"{path_inner}.", nested=True)


def _objects(field: Schema, path: str, components: dict[str, Schema]) -> Iterator[tuple[Schema, str]]:
    """The objects that a field holds, each with its path."""
    if (name := name_of(field)) is not None:
        if components[name].get("type") == "object":
            yield components[name], path
    elif "items" in field:
        yield from _objects(field["items"], f"{path}[]", components)
    else:
        for each in (*field.get("anyOf", ()), *field.get("oneOf", ())):
            yield from _objects(each, path, components)


def _description(field: Schema, components: dict[str, Schema]) -> str:
    own = field.get("description")
    inner = [each.get("description") for each in field.get("anyOf", ()) if each.get("type") != "null"]
    name = name_of(field) or next((name_of(each) for each in field.get("anyOf", ()) if name_of(each)), None)
    texts = [own or next(filter(None, inner), None)]
    if name is not None and own is None and components[name].get("type") == "object":
        texts.append(components[name].get("description"))
    return prose(" ".join(filter(None, texts)).replace("default: False", "default: false"))


def kind(field: Schema, link: Callable[[str], str] | None = None) -> str:
    """What a field is and its limits: ``string, at most 40 characters``. ``link`` makes a link of a schema's name."""
    if (name := name_of(field)) is not None:
        return link(name) if link else _plain(name)
    if "const" in field:
        return code(_json(field["const"]))
    if "enum" in field:
        return "one of " + ", ".join(code(_json(value)) for value in field["enum"])
    alternatives = field.get("anyOf") or field.get("oneOf")
    if alternatives:
        words = [kind(each, link) for each in alternatives]
        real = [word for word in dict.fromkeys(words) if word != "null"]
        return " or ".join(real) + (" or null" if "null" in words and link else "")
    if field.get("type") == "array":
        inner = kind(field["items"], link) if "items" in field else "anything"
        return f"list of: {inner}{_count(field)}"
    return _simple(field)


def _plain(name: str) -> str:
    return {"PaymentType": "form of payment"}.get(name, "object")


def _simple(field: Schema) -> str:
    match field.get("type"):
        case "string" if "enum" not in field:
            examples = [code(_json(each)) for each in field.get("examples", ())]
            if examples:
                return "string, like " + ", ".join(examples)
            return f"string, at most {field['maxLength']} characters" if "maxLength" in field else "string"
        case "integer" | "number" as found:
            low, high = field.get("minimum"), field.get("maximum")
            return found if low is None or high is None else f"{found}, {low:g} to {high:g}"
        case "boolean":
            return "true or false"
        case str() as found:
            return found
    return "anything"


def _count(field: Schema) -> str:
    low, high = field.get("minItems", 0), field.get("maxItems")
    if high is None:
        return ""
    return f"; {low} to {high} of them" if low else f"; at most {high}"


def _json(value: Any) -> str:
    return f'"{value}"' if isinstance(value, str) else str(value).lower()
