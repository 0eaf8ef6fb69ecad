"""What is put around the application: the turns of requests, and the mark of a test licence."""

from __future__ import annotations

import anyio
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from fiscald.api.protocol import HttpConnection
from fiscald.api.turns import StartLimiter


class InTurn:
    """Lets requests begin by turns; one whose client is gone before that is dropped."""

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
    """Says on every answer that the licence is a test licence."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See ``ASGIApp``."""

        async def branded(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], (b"fiscald-test-keys", b"true")]
            await send(message)

        await self._app(scope, receive, branded)
