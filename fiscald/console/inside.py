"""The API, called inside the process: the same application, handlers and rights as over its socket."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, TypeVar
from urllib.parse import quote, unquote, urlencode

import anyio
import anyio.to_thread
import httpx
from anyio.streams.memory import MemoryObjectReceiveStream
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from fiscald.api.calling import Async, Call, content
from fiscald.api.calls import Calls

T = TypeVar("T")
#: Parts of an answer that wait for a slow reader.
_PARTS = 8
#: Bytes of an answer that is read at once; reading a larger one would hold up the others.
SMALL = 8 * 1024


class Inside(Calls, Async):
    """The API's client for one request to the console: every call has the rights of the person who is signed in."""

    def __init__(self, app: ASGIApp, state: dict[str, Any]) -> None:
        """``state``: of the request to the console, with the ``peer`` of its session."""
        self._app = app
        self._state = state

    async def _send(self, asked: Call[T]) -> T:
        body = b"" if asked.body is None else json.dumps(asked.body).encode()
        async with self.stream(asked.method, asked.path, asked.params, asked.headers, body) as (response, parts):
            whole = b"".join([part async for part in parts])
        answer = httpx.Response(response.status_code, headers=response.headers, content=whole)
        if len(whole) <= SMALL:
            return asked.read(content(answer))
        return await anyio.to_thread.run_sync(lambda: asked.read(content(answer)))

    async def events(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request to the console with the API's events. They are written to its own connection."""
        await self._app(_scope({**scope, "state": self._state}, "GET", "/v1/events", None, None, 0), receive, send)

    @asynccontextmanager
    async def stream(
        self,
        method: str,
        path: str,
        params: dict[str, Any] | None = None,
        headers: dict[str, str] | None = None,
        body: bytes = b"",
    ) -> AsyncIterator[tuple[httpx.Response, AsyncIterator[bytes]]]:
        """An answer without its content, and the parts of its content as they come; leaving the block ends it."""
        send_part, parts = anyio.create_memory_object_stream[bytes](_PARTS)
        begun = anyio.Event()
        head: list[httpx.Response] = []
        asked = [body]

        async def receive() -> Message:
            if not asked:
                await anyio.sleep_forever()
            return {"type": "http.request", "body": asked.pop(), "more_body": False}

        async def send(message: Message) -> None:
            if message["type"] == "http.response.start":
                head.append(httpx.Response(message["status"], headers=message["headers"]))
                begun.set()
            elif message.get("body"):
                await send_part.send(message["body"])

        async def answer() -> None:
            scope = _scope({"state": self._state}, method, path, params, headers, len(body))
            async with send_part:
                try:
                    await self._app(scope, receive, send)
                finally:
                    begun.set()

        async with anyio.create_task_group() as tasks, parts:
            tasks.start_soon(answer)
            await begun.wait()
            if head:
                yield head[0], _each(parts)
            tasks.cancel_scope.cancel()


async def _each(parts: MemoryObjectReceiveStream[bytes]) -> AsyncIterator[bytes]:
    async for part in parts:
        yield part


def _scope(
    base: Scope, method: str, path: str, params: dict[str, Any] | None, headers: dict[str, str] | None, size: int
) -> Scope:
    """``path`` is percent-encoded."""
    given = {"content-type": "application/json", "content-length": str(size)} if size else {}
    given |= {name.lower(): value for name, value in (headers or {}).items()}
    return {
        **base,
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": unquote(path),
        "raw_path": path.encode(),
        "root_path": "",
        "query_string": urlencode(params or {}, quote_via=quote).encode(),
        "headers": [(b"host", b"fiscald"), *((name.encode(), value.encode()) for name, value in given.items())],
        "client": None,
        "server": None,
    }
