"""A route as a value, and the OpenAPI 3.1 description made from routes and models."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema
from starlette.responses import Response

from fiscald import __version__
from fiscald.api.problems import MEDIA_TYPE
from fiscald.api.rights import Right
from fiscald.model.problems import Problem

_PARAMETERS = {
    "{key}": {
        "name": "key",
        "in": "path",
        "required": True,
        "description": "the application's own name of the sale, minted once and reused by every retry",
        "schema": {"type": "string", "pattern": "^[A-Za-z0-9._:/-]{1,128}$"},
    },
    "{name}": {"name": "name", "in": "path", "required": True, "schema": {"type": "string"}},
}


@dataclass(frozen=True, slots=True)
class Query:
    """A query parameter."""

    name: str
    schema: dict[str, Any]
    description: str


@dataclass(frozen=True, slots=True)
class Route:
    """One route of the contract."""

    method: str
    path: str
    handler: Callable[..., Awaitable[Response]]
    summary: str
    answers: dict[int, tuple[type[BaseModel] | None, str]]
    body: type[BaseModel] | None = None
    query: tuple[Query, ...] = ()
    problems: tuple[int, ...] = ()
    media_type: str = "application/json"
    rights: tuple[Right, ...] = ()
    """What it takes; where there are several, the document decides which. Nothing: whoever may open the socket."""


def describe(routes: Iterable[Route]) -> dict[str, Any]:
    """The whole description."""
    table = tuple(routes)
    bodies = [(route.body, "validation") for route in table if route.body is not None]
    answers = [(model, "serialization") for route in table for model, _ in route.answers.values() if model is not None]
    models: list[Any] = [*bodies, *answers, (Problem, "serialization")]
    refs, definitions = models_json_schema(models, ref_template="#/components/schemas/{model}")

    def ref(model: type[BaseModel], mode: str) -> dict[str, Any]:
        return refs[(model, mode)]  # type: ignore[index]

    paths: dict[str, dict[str, Any]] = {}
    for route in table:
        operation: dict[str, Any] = {
            "summary": route.summary,
            "operationId": route.handler.__name__,
            "parameters": [parameter for mark, parameter in _PARAMETERS.items() if mark in route.path]
            + [
                {"name": query.name, "in": "query", "description": query.description, "schema": query.schema}
                for query in route.query
            ],
            "responses": {
                str(status): {
                    "description": text,
                    "content": {route.media_type: {"schema": ref(model, "serialization") if model else {}}},
                }
                for status, (model, text) in route.answers.items()
            },
        }
        # A query parameter that a route does not know is refused by every one.
        for status in sorted({*route.problems, 422, *((403,) if route.rights else ())}):
            operation["responses"][str(status)] = {
                "description": HTTPStatus(status).phrase,
                "content": {MEDIA_TYPE: {"schema": ref(Problem, "serialization")}},
            }
        if route.rights:
            operation["x-fiscald-rights"] = [*route.rights]
        if route.body is not None:
            operation["requestBody"] = {
                "required": True,
                "content": {"application/json": {"schema": ref(route.body, "validation")}},
            }
        paths.setdefault(route.path, {})[route.method.lower()] = operation
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "fiscald",
            "version": __version__,
            "description": "Fiscal printers behind one local socket. Money is a string of złoty.",
        },
        "servers": [{"url": "http://localhost", "description": "over the Unix socket /run/fiscald/fiscald.sock"}],
        "paths": paths,
        "components": {"schemas": definitions.get("$defs", {})},
    }
