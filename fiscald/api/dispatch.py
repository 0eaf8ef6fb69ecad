"""Finds the route of a request by path and method; adds to every refusal what is known about the key."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Match
from starlette.routing import Route as StarletteRoute
from starlette.types import Receive, Scope, Send

from fiscald.api.known import tell_of_key
from fiscald.api.openapi import Route
from fiscald.api.problems import problem_response
from fiscald.engine import Engine
from fiscald.model.problems import Problem, ProblemError, problem
from fiscald.model.strict import nearest

#: Answers a request.
Answer = Callable[[Request], Awaitable[Response]]


def paths(table: Iterable[Route], engine: Engine, handle: Callable[[Route, Request], Awaitable[Response]]) -> list[Any]:
    """The routes of the application; ``handle`` answers requests with a known route and known parameters."""
    by_path: dict[str, dict[str, Route]] = {}
    # Paths with a suffix after the key come first, because a key can contain anything.
    for route in sorted(table, key=lambda route: len(route.path), reverse=True):
        by_path.setdefault(route.path, {})[route.method] = route

    def endpoint(methods: dict[str, Route]) -> Answer:
        async def answer(request: Request) -> Response:
            try:
                return await handle(_route(request, methods), request)
            except ProblemError as error:
                key = request.path_params.get("key")
                if key is None:
                    raise
                raise ProblemError(await tell_of_key(engine, key, error.problem)) from error

        return answer

    return [
        _Path(path.replace("{key}", "{key:path}"), _AnyMethod(endpoint(methods))) for path, methods in by_path.items()
    ]


def _route(request: Request, methods: dict[str, Route]) -> Route:
    """The route of a request; checks the query parameters. Raises ``ProblemError``."""
    route = methods.get("GET" if request.method == "HEAD" else request.method)
    if route is None:
        raise ProblemError(_no_method(request, methods))
    known = [query.name for query in route.query if query.where == "query"]
    for name in request.query_params:
        if len(request.query_params.getlist(name)) > 1:
            raise ProblemError(problem("request.query", reason=f"{name[:50]} appears twice"))
        if name not in known:
            guess = nearest(name, known)
            hint = f"did you mean {guess!r}?" if guess else f"known here: {', '.join(known) or 'none'}"
            raise ProblemError(problem("request.query", reason=f"unknown query parameter {name[:50]!r}; {hint}"))
    return route


class _Path(StarletteRoute):
    """A path of the API. The suffix after a key must appear literally, because a key can contain encoded slashes."""

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        suffix = self.path.partition("{key:path}")[2].encode()
        raw: bytes = scope.get("raw_path") or scope["path"].encode()
        return super().matches(scope) if raw.endswith(suffix) else (Match.NONE, {})


class _AnyMethod:
    """An endpoint for every method, which checks the method itself."""

    def __init__(self, endpoint: Answer) -> None:
        self._endpoint = endpoint

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        response = await self._endpoint(Request(scope, receive, send))
        await response(scope, receive, send)


def _no_method(request: Request, methods: Mapping[str, Route]) -> Problem:
    path = next(iter(methods.values())).path
    return problem(
        "request.method",
        extra={"allow": [*methods, "HEAD"] if "GET" in methods else [*methods]},
        path=path,
        method=request.method[:20],
        methods=" or ".join(methods),
        hint="; a document is submitted with PUT /v1/jobs/{key}" if path == "/v1/jobs" else "",
    )


async def no_route(request: Request, error: Exception) -> Response:
    """The answer for a path without a route."""
    assert isinstance(error, HTTPException)
    return problem_response(problem("request.route", method=request.method[:20], path=request.url.path[:200]))
