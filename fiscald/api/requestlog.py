"""One line for every request, for ``log_level = "debug"``: user, route, status, time. Never its content."""

from __future__ import annotations

import logging
import time

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from fiscald.api.rights import said

log = logging.getLogger(__name__)


class RequestLog:
    """Logs the requests of an application."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, and log it when its answer begins."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began = time.monotonic()

        async def logged(message: Message) -> None:
            if message["type"] == "http.response.start":
                # The raw path: one line of ASCII; without the query, which may contain personal data.
                path = scope.get("raw_path", b"").decode("ascii", "replace")
                seconds = time.monotonic() - began
                # Not before: a token is checked meanwhile.
                who = said(scope.get("state", {}).get("peer"))
                log.debug("%s: %s %s: %s, %.3f s", who, scope["method"], path, message["status"], seconds)
            await send(message)

        await self._app(scope, receive, logged)
