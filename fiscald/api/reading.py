"""Request bodies: limited in size and time while they arrive, then parsed and validated."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from typing import Any, TypeVar

import anyio
from pydantic import BaseModel, ValidationError
from starlette.requests import Request

from fiscald.api.connections import Who
from fiscald.api.problems import MAX_MISTAKES, validated
from fiscald.api.protocol import HttpConnection
from fiscald.api.turns import FairLimiter, Worker
from fiscald.model.problems import ProblemError, problem
from fiscald.model.strict import Mistakes, parse_json

#: Bytes of a small body: there may be one per connection, and it is validated at once (at most 3 ms).
SMALL = 8 * 1024
#: Larger bodies in memory at the same time: in all, of one user, of one process. Each takes up to 4 MB.
LARGE, LARGE_PER_USER, LARGE_EACH = 8, 6, 2
M = TypeVar("M", bound=BaseModel)


class Bodies:
    """Reads the bodies of requests."""

    def __init__(self, worker: Worker) -> None:
        self._worker = worker
        self._large = FairLimiter(LARGE, LARGE_PER_USER, LARGE_EACH)

    @asynccontextmanager
    async def read(self, model: type[M], request: Request, *, seconds: float, most: int) -> AsyncIterator[M]:
        """The body as a ``model``; a large one counts as being in memory until the block is left.

        Raises ``ProblemError``: larger than ``most`` bytes, not whole after ``seconds``, not JSON, bad fields.
        """
        async with AsyncExitStack() as place:
            try:
                with anyio.fail_after(seconds):
                    data = await self._receive(request, most, place)
            except TimeoutError:
                raise ProblemError(problem("request.slow", seconds=int(seconds))) from None
            yield await self._understand(model, request, data)

    async def _receive(self, request: Request, most: int, place: AsyncExitStack) -> bytes:
        data = bytearray()
        declared = request.headers.get("content-length", "0")
        if declared.isdigit() and int(declared[:20]) > most:
            raise ProblemError(problem("request.too_large", limit=most))
        has_place = False
        async for chunk in request.stream():
            data += chunk
            if len(data) > most:
                raise ProblemError(problem("request.too_large", limit=most))
            if len(data) > SMALL and not has_place:
                await place.enter_async_context(self._large.turn(asker(request)))
                has_place = True
        return bytes(data)

    async def _understand(self, model: type[M], request: Request, data: bytes) -> M:
        if len(data) <= SMALL:
            try:
                return model.model_validate(_parsed(data), context=Mistakes(MAX_MISTAKES))
            except ValidationError:
                pass  # describing the errors takes longer
        return await self._worker.run(asker(request), partial(_read, model, data))


def connection_of(request: Request) -> HttpConnection:
    """The connection that a request came on."""
    connection: HttpConnection = request.state.connection
    return connection


def asker(request: Request) -> Who:
    """The process that sent the request."""
    return connection_of(request).who


def _read(model: type[M], data: bytes) -> M:
    return validated(model, _parsed(data))


def _parsed(data: bytes) -> Any:
    try:
        return parse_json(data)
    except ValueError as error:
        raise ProblemError(problem("request.json", reason=error)) from None
