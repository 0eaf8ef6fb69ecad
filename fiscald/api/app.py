"""The API as an ASGI application."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import ASGIApp

from fiscald.api import dispatch
from fiscald.api.door import Door, Hosts
from fiscald.api.handlers import Api
from fiscald.api.limits import check_limits
from fiscald.api.openapi import Route
from fiscald.api.problems import client_gone, internal_error, problem_error
from fiscald.api.routes import ROUTES
from fiscald.api.wrapping import InTurn, TestKeyHeaderMiddleware
from fiscald.model.problems import ProblemError


def create_app(
    api: Api,
    *,
    hosts: Iterable[str] = (),
    origins: Iterable[str] = (),
    console: Callable[[ASGIApp], ASGIApp] | None = None,
) -> ASGIApp:
    """The ASGI application. ``hosts`` and ``origins``: see ``Door``; ``console`` makes the web console over the routes.

    All three are for the network only.
    """

    async def handle(route: Route, request: Request) -> Response:
        if route.rights:
            await api.demand(request, *route.rights)
        await check_limits(api.engine, route, request)
        return await route.handler(api, request)

    app = Starlette(
        routes=dispatch.paths(ROUTES, api.engine, handle),
        exception_handlers={
            ProblemError: problem_error,
            HTTPException: dispatch.no_route,
            ClientDisconnect: client_gone,
            Exception: internal_error,
        },
    )
    app.router.redirect_slashes = False  # an unknown route is refused, not guessed
    answering = TestKeyHeaderMiddleware(app) if api.licence.test_keys else app
    door = Door(answering, api.tokens, Hosts(hosts), origins, None if console is None else console(answering))
    return InTurn(door)
