"""The description of the API (``/v1/openapi.json``) as pages: routes by subject, and every schema."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from website.fields import Schema, kind, name_of, rows
from website.markdown import as_json, block, code, prose, table
from website.prepare import Page

_METHODS = ("get", "put", "post", "delete")
#: Schemas of a document as it is stored: the fields of the one without this word, all present.
_STORED = "Stored"


def openapi_pages(description: dict[str, Any]) -> list[Page]:
    """A page with the routes, and one with the schemas."""
    components = description["components"]["schemas"]
    return [
        Page("reference/http.md", "\n".join(_routes(description))),
        Page("reference/schemas.md", "\n".join(_schemas(components))),
    ]


def _routes(description: dict[str, Any]) -> Iterator[str]:
    yield "# HTTP reference\n"
    yield (
        "Every route, as a running daemon describes it at `/v1/openapi.json` (OpenAPI 3.1). [The API](../api.md) "
        "explains how they belong together; [schemas](schemas.md) has the fields; "
        "[openapi.json](openapi.json) is the description itself.\n"
    )
    yield f"{prose(description['info']['description'])}\n"
    operations = [
        (path, method, item[method])
        for path, item in description["paths"].items()
        for method in _METHODS
        if method in item
    ]
    for tag in description["tags"]:
        of_tag = [each for each in operations if tag["name"] in each[2]["tags"]]
        yield f"## {tag['name'].capitalize()}\n"
        yield f"{prose(tag['description'])}\n"
        for path, method, operation in of_tag:
            yield from _operation(f"### `{method.upper()} {path}`\n", operation)
    yield "### Messages of webhooks\n"
    yield "What fiscald sends to a receiver; [webhooks](../webhooks.md) explains the signature and the tries.\n"
    for name, item in description["webhooks"].items():
        yield from _operation(f"#### `{name}`\n", item["post"])


def _operation(heading: str, operation: dict[str, Any]) -> Iterator[str]:
    yield heading
    yield f"{prose(operation['summary'])}.\n"
    rights = [code(right) for right in operation.get("x-fiscald-rights", ())]
    if len(rights) > 1:
        yield f"Right: {', '.join(rights)}; the document decides which one.\n"
    elif rights:
        yield f"Right: {rights[0]}.\n"
    if parameters := operation.get("parameters"):
        cells = (
            (code(each["name"]), each["in"], "yes" if each.get("required") else "", kind(each["schema"]),
             prose(each.get("description", "")))
            for each in parameters
        )  # fmt: skip
        yield table(("parameter", "in", "required", "what it is", "meaning"), cells)
    yield from _body(operation)
    yield table(
        ("status", "", "content"),
        (
            (code(status), prose(answer["description"]), _contents(answer))
            for status, answer in operation["responses"].items()
            if not _is_problem(answer)
        ),
    )
    problems = ", ".join(code(status) for status, answer in operation["responses"].items() if _is_problem(answer))
    if problems:
        yield f"Problems ({_link('ProblemAnswer')}): {problems}.\n"
    for answer in operation["responses"].values():
        for media, content in answer.get("content", {}).items():
            if "example" in content:
                yield f"An example ({code(media)}):\n"
                text = content["example"]
                yield block("text", text) if isinstance(text, str) else block("json", as_json(text))


def _body(operation: dict[str, Any]) -> Iterator[str]:
    body = operation.get("requestBody")
    if body is None:
        return
    for media, content in body["content"].items():
        yield f"Body ({code(media)}): {kind(content['schema'], _link)}\n"
        examples = content.get("examples", {})
        # A submission has an example for every document: those are on their own pages.
        if len(examples) > 4:
            yield "Examples: [every document](../documents/index.md).\n"
        for example in examples.values() if len(examples) <= 4 else ():
            yield block("json", as_json(example["value"]))
        if "example" in content:
            yield block("json", as_json(content["example"]))


def _is_problem(answer: dict[str, Any]) -> bool:
    return "application/problem+json" in answer.get("content", {})


def _contents(answer: dict[str, Any]) -> str:
    return ", ".join(dict.fromkeys(_content(each, media) for media, each in answer.get("content", {}).items()))


def _content(content: dict[str, Any], media: str) -> str:
    name = name_of(content["schema"])
    if name is not None:
        return _link(name)
    alternatives = [_link(found) for each in content["schema"].get("anyOf", ()) if (found := name_of(each))]
    return f"{code(media)}: {' or '.join(alternatives)}" if alternatives else code(media)


def _schemas(components: dict[str, Schema]) -> Iterator[str]:
    yield "# Schemas\n"
    yield (
        "What bodies and answers consist of. Bodies are strict: an unknown field is refused. Answers are open: a newer "
        f"daemon may add fields. A schema whose name begins with `{_STORED}` is a document as an answer has it, with "
        "every field present.\n"
    )
    for name, schema in components.items():
        yield f"## `{name}`\n"
        if text := schema.get("description"):
            yield f"{prose(text)}\n"
        stored_of = name.removeprefix(_STORED)
        if stored_of != name and stored_of in components:
            yield f"The fields of [{code(stored_of)}](#{stored_of.lower()}); every one is present.\n"
        elif "properties" in schema:
            yield table(
                ("field", "required", "what it is", "meaning"),
                (
                    (code(row.path), "yes" if row.required else "", row.kind, row.description)
                    for row in _rows(schema, components)
                ),
            )
        else:
            yield f"{kind(schema, _here)}.\n"


def _rows(schema: Schema, components: dict[str, Schema]) -> Iterator[Any]:
    for row in rows(schema, components, nested=False):
        yield row._replace(kind=kind(schema["properties"][row.path], _here))


def _here(name: str) -> str:
    return f"[{code(name)}](#{name.lower()})"


def _link(name: str) -> str:
    return f"[{code(name)}](schemas.md#{name.lower()})"
