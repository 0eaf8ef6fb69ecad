"""Holds answers to what the description of the API says: the route has that status, that media type and that shape."""

from __future__ import annotations

import json
import re
from functools import cache
from typing import Any

import httpx
from jsonschema import Draft202012Validator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

from fiscald.api.openapi import describe
from fiscald.api.routes import ROUTES

DESCRIPTION = json.loads(json.dumps(describe(ROUTES)))
_URI = "urn:fiscald:description"
_REGISTRY: Registry[Any] = Registry().with_resource(
    _URI, Resource.from_contents(DESCRIPTION, default_specification=DRAFT202012)
)


def absolute(schema: Any) -> Any:
    """The same with references that can be followed from anywhere."""
    match schema:
        case dict():
            return {name: absolute(value) for name, value in schema.items()}
        case list():
            return [absolute(value) for value in schema]
        case str() if schema.startswith("#/components/"):
            return _URI + schema
    return schema


@cache
def _validator(schema: str) -> Draft202012Validator:
    return Draft202012Validator(absolute(json.loads(schema)), registry=_REGISTRY)


def mistakes(schema: dict[str, Any], value: Any) -> list[str]:
    """What is wrong with a value by a schema of the description."""
    errors = _validator(json.dumps(schema, sort_keys=True)).iter_errors(value)
    return [f"/{'/'.join(map(str, error.absolute_path))}: {error.message}" for error in errors]


def component(name: str) -> dict[str, Any]:
    """A reference to a named schema."""
    return {"$ref": f"#/components/schemas/{name}"}


def operation(method: str, path: str) -> dict[str, Any] | None:
    """What the description says of a request; ``None``: there is no such route."""
    method = "get" if method == "HEAD" else method.lower()
    raw, _, _ = path.partition("?")
    # The longer ones first: of a key only what is percent-encoded may look like the end of another route.
    for template in sorted(DESCRIPTION["paths"], key=len, reverse=True):
        pattern = re.escape(template).replace(r"\{key\}", "(.*)")
        for part in ("name", "token", "webhook"):
            pattern = pattern.replace(rf"\{{{part}\}}", "([^/]*)")
        if re.fullmatch(pattern, raw):
            found: dict[str, Any] | None = DESCRIPTION["paths"][template].get(method)
            return found
    return None


async def hold(response: httpx.Response) -> None:
    """For the hooks of a client: raises ``AssertionError`` where the description says otherwise."""
    request = response.request
    path = request.url.raw_path.decode()
    described = operation(request.method, path)
    if described is None:
        assert response.status_code in (404, 405), f"{request.method} {path} is not described"
        return
    where = f"{request.method} {path} {response.status_code}"
    assert str(response.status_code) in described["responses"], f"{where}: this status is not described"
    content = described["responses"][str(response.status_code)]["content"]
    kind = response.headers["content-type"].partition(";")[0]
    assert kind in content, f"{where}: {kind} is not described"
    if kind.endswith("json") and request.method != "HEAD":
        await response.aread()
        wrong = mistakes(content[kind]["schema"], response.json())
        assert not wrong, f"{where}: {wrong}"
