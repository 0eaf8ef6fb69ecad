"""What a request from the network must show before it is answered: TLS, a known host, a known origin, a token.

On the Unix socket none of this is asked: the kernel says who the caller is.

A page of any web site can make a browser send requests here. It does not know a token; but a host name that first
leads to the site and then to this computer (DNS rebinding) would make this daemon part of the site. So
unknown names are refused, and only pages of configured sites get an answer.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from fiscald.api.network import Link
from fiscald.api.problems import problem_response
from fiscald.api.protocol import HttpConnection
from fiscald.api.tokens import LONGEST_DELAY, Tokens
from fiscald.model.problems import Problem, ProblemError, problem

#: Names of every computer for itself.
_LOCAL = ("localhost", "localhost.localdomain")
#: What pages of allowed sites may send, and for how many seconds a browser remembers that.
_METHODS = "GET, HEAD, PUT, POST, DELETE"
_HEADERS = "authorization, content-type, accept, last-event-id"
_EXPOSED = "fiscald-test-keys, retry-after"
_REMEMBERED = "600"
CONSOLE = "/console"


class Hosts:
    """The names under which this daemon may be called."""

    def __init__(self, names: Iterable[str]) -> None:
        """``names``: of the certificate and the configuration; ``*.example.pl`` is one level."""
        self._names = frozenset(name.lower().rstrip(".") for name in (*names, *_LOCAL))

    def __contains__(self, header: object) -> bool:
        """Whether a header ``Host`` names this daemon. An address always does: no other site has it."""
        if not isinstance(header, str):
            return False
        name, _, port = header.rpartition(":") if not header.endswith("]") else (header, "", "")
        if not name or (port and not port.isdigit()):
            name = header
        try:
            ipaddress.ip_address(name[1:-1] if name.startswith("[") and name.endswith("]") else name)
        except ValueError:
            name = name.lower().rstrip(".")
            return name in self._names or f"*.{name.partition('.')[2]}" in self._names
        return True


class Door:
    """Lets requests in, or refuses them."""

    def __init__(
        self,
        app: ASGIApp,
        tokens: Tokens,
        hosts: Hosts,
        origins: Iterable[str] = (),
        console: ASGIApp | None = None,
    ) -> None:
        """``origins``: sites whose pages may call. ``console`` answers below ``CONSOLE``; it has its own sessions."""
        self._app = app
        self._tokens = tokens
        self._hosts = hosts
        self._origins = frozenset(origins)
        self._console = console

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See ``ASGIApp``."""
        connection: HttpConnection = scope["state"]["connection"]
        if connection.link is Link.SOCKET:
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        why = self._refusal(connection, headers, scope)
        if why is not None:
            await _refused(why)(scope, receive, send)
            return
        path: str = scope["path"]
        if self._console is not None and (path in ("/", CONSOLE) or path.startswith(f"{CONSOLE}/")):
            await self._console(scope, receive, send)
            return
        if headers.get("origin") in self._origins:
            if scope["method"] == "OPTIONS" and "access-control-request-method" in headers:
                await _preflight(headers)(scope, receive, send)
                return
            send = _with_origin(send, headers["origin"])
        given = headers.getlist("authorization")
        try:
            number, caller = await self._tokens.bearer(given[0] if len(given) == 1 else None, connection.who)
        except ProblemError as error:
            await _refused(error.problem)(scope, receive, send)
            return
        scope["state"]["peer"] = caller
        with self._tokens.during(number, connection):
            await self._app(scope, receive, send)

    def _refusal(self, connection: HttpConnection, headers: Headers, scope: Scope) -> Problem | None:
        if connection.link is Link.NOT_TLS:
            return problem("request.no_tls")
        host = headers.get("host", "")
        if host not in self._hosts:
            return problem("request.host", host=host[:100])
        origin = headers.get("origin")
        own = f"{scope['scheme']}://{host}"
        of_console = self._console is not None and scope["path"].startswith(CONSOLE)
        if origin not in (None, own) and (of_console or origin not in self._origins):
            return problem("request.origin", origin=str(origin)[:100])
        return None


def _refused(why: Problem) -> Response:
    response = problem_response(why)
    if why.code in ("request.no_tls", "token.slowed"):
        response.headers["Connection"] = "close"
    if why.code == "token.slowed":
        response.headers["Retry-After"] = str(int(LONGEST_DELAY))
    return response


def _preflight(headers: Headers) -> Response:
    """The answer to a browser that asks whether a page may call."""
    allowed = {
        "Access-Control-Allow-Origin": headers["origin"],
        "Access-Control-Allow-Methods": _METHODS,
        "Access-Control-Allow-Headers": _HEADERS,
        "Access-Control-Max-Age": _REMEMBERED,
        "Vary": "Origin",
    }
    if headers.get("access-control-request-private-network") == "true":
        # Chromium before 142, and what is built on it. Later ones ask the person instead.
        allowed["Access-Control-Allow-Private-Network"] = "true"
    return Response(status_code=204, headers=allowed)


def _with_origin(send: Send, origin: str) -> Send:
    """``send``, with the headers by which a browser lets the page read the answer."""

    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            message = {**message, "headers": [*message["headers"]]}
            headers = MutableHeaders(raw=message["headers"])
            headers["Access-Control-Allow-Origin"] = origin
            headers["Access-Control-Expose-Headers"] = _EXPOSED
            headers.add_vary_header("Origin")
        await send(message)

    return sending
