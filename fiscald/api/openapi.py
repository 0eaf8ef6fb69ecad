"""The type ``Route``, and the OpenAPI 3.1 description generated from routes and models."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from pydantic import BaseModel
from starlette.responses import Response

from fiscald import __version__
from fiscald.api import webhook_messages as webhooks
from fiscald.api.examples import BODIES
from fiscald.api.problems import MEDIA_TYPE
from fiscald.api.schemas import Schemas
from fiscald.api.wire import ProblemAnswer
from fiscald.model.problems import CATALOGUE
from fiscald.model.rights import Right
from fiscald.model.tokens import TOKEN_NAME
from fiscald.model.webhooks import WebhookMessage, WebhookTestMessage

#: Refusals of requests from the network, on every route.
NETWORK = (400, 401, 403, 421, 429)
JSON, EVENTS = "application/json", "text/event-stream"
#: A name in the configuration: of a printer or a webhook.
PRINTER_NAME = {"type": "string", "pattern": "^[A-Za-z0-9][A-Za-z0-9_-]{0,31}$", "minLength": 1, "maxLength": 32}
_PARAMETERS: dict[str, dict[str, Any]] = {
    "{key}": {
        "name": "key",
        "in": "path",
        "required": True,
        "description": "the application's own name of the sale, created once and used for every retry; "
        "slashes in it are percent-encoded",
        "schema": {"type": "string", "pattern": "^[A-Za-z0-9._:/-]{1,128}$", "minLength": 1, "maxLength": 128},
        "example": "FV/2026/11/0017",
    },
    "{token}": {
        "name": "token",
        "in": "path",
        "required": True,
        "description": "the token's name",
        "schema": {"type": "string", "pattern": f"^{TOKEN_NAME}$", "minLength": 1, "maxLength": 64},
        "example": "erp",
    },
    "{name}": {
        "name": "name",
        "in": "path",
        "required": True,
        "description": "the printer's name in the configuration",
        "schema": PRINTER_NAME,
        "example": "till1",
    },
    "{webhook}": {
        "name": "webhook",
        "in": "path",
        "required": True,
        "description": "the webhook's name in the configuration",
        "schema": PRINTER_NAME,
        "example": "erp",
    },
}
_TAGS = {
    "jobs": "Submitting documents, and the answers. The same key always gets the same job.",
    "printers": "The configured printers, from memory: never blocked by printing.",
    "licence": "The licence of this computer: its state, and the steps to register, renew and move it.",
    "tokens": "Tokens for programs on the network.",
    "webhooks": "Changes of jobs, sent to the URLs of the configuration: see `webhooks` of this description.",
    "daemon": "The daemon itself: its version and features, its events and metrics, and this description.",
}
_DESCRIPTION = """\
Fiscal printers behind one local socket, and on the network if that is configured.

Money is a string of złoty (`"12.30"`); a JSON number is refused for money. Quantities and percentages are strings or
whole numbers. Times carry their offset. Unknown fields of a request are refused; an answer may have more fields than
are described here, and the list of problem codes may grow.

Create the key of a job with the sale, store it with the sale and use it for every retry: the same key and content
always get the same answer, and nothing is printed twice."""


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
    """By status: the model (``None``: not JSON) and a description."""
    body: type[BaseModel] | None = None
    query: tuple[Query, ...] = ()
    problems: tuple[int, ...] = ()
    media_type: str = JSON
    other_media_types: tuple[str, ...] = ()
    """Further formats of a good answer; the request's ``Accept`` chooses."""
    examples: Mapping[str, Any] = field(default_factory=dict)
    """An example of a good answer, by media type."""
    rights: tuple[Right, ...] = ()
    """The required right; if there are several, the document decides. Empty: every user of the socket, every token."""
    events: tuple[type[BaseModel], ...] = ()
    """The models of the data of its server-sent events."""
    everything: bool = False
    """About all printers together: not for a token of some printers."""

    @property
    def refusals(self) -> tuple[int, ...]:
        """Every status of its problem answers."""
        # Every route refuses unknown query parameters, and can have an internal error. Over the network it can be
        # refused for the connection, the token, the site of the page, or the name of the host.
        body = (400, 408, 413) if self.body is not None else ()
        return tuple(sorted({*self.problems, *body, *NETWORK, 422, 500, 503}))


def describe(routes: Iterable[Route]) -> dict[str, Any]:
    """The description of the API."""
    table = tuple(routes)
    answers = [model for route in table for model, _ in route.answers.values() if model is not None]
    events = [model for route in table for model in route.events]
    messages = (WebhookMessage, WebhookTestMessage)
    schemas = Schemas((route.body for route in table if route.body), (*answers, *events, *messages, ProblemAnswer))
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
        "servers": [
            {"url": "http://fiscald", "description": "any host name, over the Unix socket of the daemon"},
            {
                "url": "https://{host}:{port}",
                "description": "over the network, with a token; only if the configuration has [listen]",
                "variables": {"host": {"default": "127.0.0.1"}, "port": {"default": "8443"}},
            },
        ],
        # On the socket the kernel says who the caller is.
        "security": [{}, {"token": []}],
        "tags": [{"name": name, "description": text} for name, text in _TAGS.items()],
        "paths": paths,
        "webhooks": webhooks.described(schemas),
        "components": {
            "schemas": dict(sorted(components.items())),
            "securitySchemes": {
                "token": {"type": "http", "scheme": "bearer", "description": "made by `fiscalctl token create`"}
            },
        },
    }


def _operation(route: Route, schemas: Schemas) -> dict[str, Any]:
    responses = {
        str(status): {
            "description": text,
            "content": {
                kind: _content(route, kind, model, schemas) for kind in (route.media_type, *route.other_media_types)
            },
        }
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


def _content(route: Route, kind: str, model: type[BaseModel] | None, schemas: Schemas) -> dict[str, Any]:
    example = {"example": route.examples[kind]} if kind in route.examples else {}
    return {"schema": _schema(route, kind, model, schemas)} | example


def _schema(route: Route, kind: str, model: type[BaseModel] | None, schemas: Schemas) -> dict[str, Any]:
    if route.events:
        return {"anyOf": [schemas.answer(each) for each in route.events], "description": _EVENTS}
    if model is not None:
        return schemas.answer(model)
    if kind == JSON:
        return {"type": "object", "additionalProperties": True}
    text = kind.startswith("text/") or kind.endswith("+xml")
    return {"type": "string"} if text else {"type": "string", "format": "binary"}


_EVENTS = (
    "The `data` of one event; `event` says which kind it is (`job`, `printer`, `licence`, `webhook`), and `id` of a "
    "job event is the cursor to go on from"
)


def _tag(path: str) -> str:
    """The second part of the path, where that is a tag."""
    second = (*path.split("/"), "", "")[2]
    return second if second in _TAGS else "daemon"
