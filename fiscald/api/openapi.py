"""A route as a value, and the OpenAPI 3.1 description made from routes and models."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from pydantic import BaseModel
from starlette.responses import Response

from fiscald import __version__
from fiscald.api.examples import BODIES
from fiscald.api.problems import MEDIA_TYPE
from fiscald.api.schemas import Schemas
from fiscald.api.wire import ProblemAnswer
from fiscald.model.problems import CATALOGUE
from fiscald.model.rights import Right

JSON, EVENTS = "application/json", "text/event-stream"
#: A printer's name in the configuration.
PRINTER_NAME = {"type": "string", "pattern": "^[A-Za-z0-9][A-Za-z0-9_-]{0,31}$", "minLength": 1, "maxLength": 32}
_PARAMETERS: dict[str, dict[str, Any]] = {
    "{key}": {
        "name": "key",
        "in": "path",
        "required": True,
        "description": "the application's own name of the sale, minted once and reused by every retry; "
        "slashes in it are percent-encoded",
        "schema": {"type": "string", "pattern": "^[A-Za-z0-9._:/-]{1,128}$", "minLength": 1, "maxLength": 128},
        "example": "FV/2026/11/0017",
    },
    "{name}": {
        "name": "name",
        "in": "path",
        "required": True,
        "description": "the printer's name in the configuration",
        "schema": PRINTER_NAME,
        "example": "till1",
    },
}
_TAGS = {
    "jobs": "Documents: submitting them, and the answers. The same key always gets the same job.",
    "printers": "The configured printers, from memory: never blocked by printing.",
    "licence": "The licence of this computer: its state, and the flows by which it is registered, renewed and moved.",
    "daemon": "The daemon itself: what it is, what happens in it, its metrics and this description.",
}
_DESCRIPTION = """\
Fiscal printers behind one local socket.

Money is a string of złoty (`"12.30"`); a JSON number is refused for money. Quantities and percentages are strings or
whole numbers. Times carry their offset. Unknown fields of a request are refused; an answer may have more fields than
are described here, and the list of problem codes may grow.

Mint the key of a job when the sale is born, keep it with the sale and use it for every retry: the same key and content
get the same answer for ever, and nothing is printed twice."""


@dataclass(frozen=True, slots=True)
class Query:
    """A query parameter."""

    name: str
    schema: dict[str, Any]
    description: str
    where: str = "query"
    """Or ``header``."""


@dataclass(frozen=True, slots=True)
class Route:
    """One route of the contract."""

    method: str
    path: str
    handler: Callable[..., Awaitable[Response]]
    summary: str
    answers: dict[int, tuple[type[BaseModel] | None, str]]
    """By status: the model (``None``: no JSON) and what it is."""
    body: type[BaseModel] | None = None
    query: tuple[Query, ...] = ()
    problems: tuple[int, ...] = ()
    media_type: str = JSON
    rights: tuple[Right, ...] = ()
    """What it takes; where there are several, the document decides which. Nothing: everyone who may open the socket."""
    events: tuple[type[BaseModel], ...] = ()
    """What the data of its server-sent events can be."""

    @property
    def refusals(self) -> tuple[int, ...]:
        """Every status of a problem that it can answer with."""
        # An unknown query parameter is refused by every route; a fault of ours can be anywhere.
        denied = (403,) if self.rights else ()
        body = (400, 408, 413) if self.body is not None else ()
        return tuple(sorted({*self.problems, *denied, *body, 422, 500}))


def describe(routes: Iterable[Route]) -> dict[str, Any]:
    """The whole description."""
    table = tuple(routes)
    answers = [model for route in table for model, _ in route.answers.values() if model is not None]
    events = [model for route in table for model in route.events]
    schemas = Schemas((route.body for route in table if route.body), (*answers, *events, ProblemAnswer))
    paths: dict[str, dict[str, Any]] = {}
    for route in table:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route, schemas)
    components = schemas.components
    for name in ("Problem", "ProblemAnswer"):
        components[name]["properties"]["code"]["x-extensible-enum"] = [*CATALOGUE]
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "fiscald",
            "version": __version__,
            "summary": "Fiscal printers behind one local socket",
            "description": _DESCRIPTION,
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "servers": [{"url": "http://fiscald", "description": "any host name, over the Unix socket of the daemon"}],
        "security": [],
        "tags": [{"name": name, "description": text} for name, text in _TAGS.items()],
        "paths": paths,
        "components": {"schemas": dict(sorted(components.items()))},
    }


def _operation(route: Route, schemas: Schemas) -> dict[str, Any]:
    responses = {
        str(status): {"description": text, "content": {route.media_type: _content(route, model, schemas)}}
        for status, (model, text) in route.answers.items()
    }
    for status in route.refusals:
        responses[str(status)] = {
            "description": HTTPStatus(status).phrase,
            "content": {MEDIA_TYPE: {"schema": schemas.answer(ProblemAnswer)}},
        }
    operation: dict[str, Any] = {
        "tags": [_tag(route.path)],
        "summary": route.summary,
        "operationId": route.handler.__name__,
        "parameters": [
            *(parameter for mark, parameter in _PARAMETERS.items() if mark in route.path),
            *(
                {"name": query.name, "in": query.where, "description": query.description, "schema": query.schema}
                for query in route.query
            ),
        ],
        "responses": dict(sorted(responses.items())),
    }
    if route.rights:
        operation["x-fiscald-rights"] = [*route.rights]
    if route.body is not None:
        content: dict[str, Any] = {"schema": schemas.body(route.body)}
        if examples := BODIES.get(route.body.__name__):
            content["examples"] = {name: {"value": value} for name, value in examples.items()}
        operation["requestBody"] = {"required": True, "content": {JSON: content}}
    return operation


def _content(route: Route, model: type[BaseModel] | None, schemas: Schemas) -> dict[str, Any]:
    if route.events:
        return {"schema": {"anyOf": [schemas.answer(each) for each in route.events], "description": _EVENTS}}
    if model is not None:
        return {"schema": schemas.answer(model)}
    if route.media_type == JSON:
        return {"schema": {"type": "object", "additionalProperties": True}}
    text = route.media_type.startswith("text/")
    return {"schema": {"type": "string"} if text else {"type": "string", "format": "binary"}}


_EVENTS = (
    "The `data` of one event; `event` says which kind it is (`job`, `printer`, `licence`), and `id` of a job event is "
    "the cursor to go on from"
)


def _tag(path: str) -> str:
    """The second part of the path, where that is a tag."""
    second = (*path.split("/"), "", "")[2]
    return second if second in _TAGS else "daemon"
