"""Callers that may use some printers only: tokens with ``printers``."""

from __future__ import annotations

from starlette.requests import Request

from fiscald.api.openapi import Route
from fiscald.api.rights import Bearer, Caller
from fiscald.engine import Engine
from fiscald.model.problems import ProblemError, problem


def caller_of(request: Request) -> Caller:
    """Who sent the request."""
    caller: Caller = getattr(request.state, "peer", None)
    return caller


def printers_of(request: Request) -> frozenset[str] | None:
    """The only printers that the caller may use or see; ``None``: all."""
    caller = caller_of(request)
    return caller.printers if isinstance(caller, Bearer) else None


def demand_printer(request: Request, printer: str | None, hint: str = "") -> None:
    """Raises ``ProblemError`` if the caller may not use that printer (``None``: all printers together)."""
    caller = caller_of(request)
    if isinstance(caller, Bearer) and caller.printers is not None and printer not in caller.printers:
        names = ", ".join(sorted(caller.printers))
        raise ProblemError(problem("token.printer", name=caller.name, printers=names, hint=hint))


async def check_limits(engine: Engine, route: Route, request: Request) -> None:
    """Raises ``ProblemError`` if the request is about a printer that the caller may not use.

    The body of a new job names its printer, which the handler checks.
    """
    if printers_of(request) is None:
        return
    if "{name}" in route.path:
        demand_printer(request, request.path_params["name"])
    elif "{key}" in route.path and route.method != "PUT":
        demand_printer(request, (await engine.job(request.path_params["key"])).printer)
    elif route.path == "/v1/jobs":
        demand_printer(request, request.query_params.get("printer"), "; name one of them with ?printer=")
    elif route.everything:
        demand_printer(request, None)
