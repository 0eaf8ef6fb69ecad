"""Middleware: the turns of requests, and the header for a test licence."""

from __future__ import annotations

import anyio
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from fiscald.api.protocol import HttpConnection
from fiscald.api.turns import StartLimiter


class InTurn:
    """Starts requests in turns; drops a request whose client disconnected before its turn."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._starts = StartLimiter()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See ``ASGIApp``."""
        connection: HttpConnection = scope["state"]["connection"]
        with anyio.CancelScope() as waiting:
            connection.begins = waiting
            await self._starts.wait(connection.who)
        connection.begins = None
        if not waiting.cancel_called:
            await self._app(scope, receive, send)


class TestKeyHeaderMiddleware:
    """Adds a header to every answer: the licence is a test licence."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See ``ASGIApp``."""

        async def with_header(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], (b"fiscald-test-keys", b"true")]
            await send(message)

        await self._app(scope, receive, with_header)
