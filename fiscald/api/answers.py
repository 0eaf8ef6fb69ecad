"""Long answers: rendered in a thread, and sent in parts as the client reads them."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable, Sequence
from functools import partial
from typing import Any, BinaryIO

import anyio
import anyio.to_thread
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from fiscald.api.connections import Who
from fiscald.api.listing import Asked
from fiscald.api.reading import connection_of
from fiscald.api.turns import Worker
from fiscald.engine import Engine, Unread
from fiscald.model.about import BaseDocument
from fiscald.model.jobs import Job
from fiscald.model.printers import PrinterStatus
from fiscald.model.problems import ProblemError

JSON = "application/json"
#: Bytes of a file that are sent at once.
FILE_PART = 64 * 1024
#: Jobs that are fetched and rendered together (about 5 ms).
PAGE = 25
#: Printers whose status is rendered before other tasks get a turn (about 1 ms).
_PRINTERS = 50
Licence = dict[str, Any] | None
"""What an application should know about the licence; ``None``: nothing."""


def job_text(job: Job, licence: Licence) -> bytes:
    """A job as JSON."""
    text = job.model_dump_json(by_alias=True).encode()
    return text if licence is None else b'%b,"licence":%b}' % (text[:-1], as_json(licence))


async def job_answer(worker: Worker, who: Who, job: Job, licence: Licence, status: int) -> Response:
    """The answer about one job."""
    make = partial(job_text, job, licence)
    content = await worker.run(who, make) if isinstance(job.document, BaseDocument) and job.document.long else make()
    return Response(content, status, media_type=JSON)


async def job_when_final(engine: Engine, request: Request, key: str, seconds: float) -> Job:
    """The job when it is final, or after ``seconds``. Raises ``ClientDisconnect`` as soon as the client is gone."""
    connection = connection_of(request)
    if not connection.wait_long():
        return await engine.job(key)  # the user has too many waiting requests; this client may ask again
    found: list[Job | ProblemError] = []

    async def wait() -> None:
        try:
            found.append(await engine.wait(key, seconds))
        except ProblemError as error:
            found.append(error)
        tasks.cancel_scope.cancel()

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(wait)
        while (await request.receive())["type"] != "http.disconnect":
            pass
        tasks.cancel_scope.cancel()
    if not found:
        raise ClientDisconnect
    connection.answer()
    outcome = found.pop()
    if isinstance(outcome, ProblemError):
        raise outcome
    return outcome


async def job_list(engine: Engine, worker: Worker, who: Who, licence: Licence, asked: Asked) -> AsyncIterator[bytes]:
    """A list of jobs, page by page. Raises ``ProblemError``, on the first page or on a later one.

    A page is read from the journal only after the client has read the page before. Of all lists, one page is read at a
    time, so that the changes of jobs, which use the same thread, do not wait behind readers.
    """
    piece, comma = b'{"jobs":[', b""
    after, limit, first = asked.after, asked.limit, None
    while True:
        async with worker.turn(who):
            page = await engine.unread_jobs(
                asked.wanted, newest_first=asked.newest_first, after=after, limit=min(PAGE, limit + 1)
            )
            jobs, beyond = page[:limit], page[limit:]
            if jobs:
                piece += comma + await worker.compute(partial(_texts, engine, jobs, licence))
                first = first or str(jobs[0].id)
                after, comma = jobs[-1].id, b","
                limit -= len(jobs)
        if not page or beyond:
            yield piece + b'],"next":%b,"previous":%b}' % (as_json(str(after) if beyond else None), as_json(first))
            return
        del page, jobs, beyond  # not kept in memory while a slow client reads
        yield piece
        piece = b""


def _texts(engine: Engine, jobs: Sequence[Unread], licence: Licence) -> bytes:
    return b",".join(job_text(engine.read(job), licence) for job in jobs)


async def in_pieces(pieces: AsyncIterator[bytes], media_type: str, broken: Callable[[], None]) -> Response:
    """An answer that is sent while it is rendered. Raises the error of the first part.

    If a later part cannot be rendered, the answer cannot say so any more, and ``broken`` is called.
    """
    first = await anext(pieces, b"")

    async def all_of_them() -> AsyncIterator[bytes]:
        nonlocal first
        yield first
        first = b""
        try:
            async for piece in pieces:
                yield piece
        except ProblemError:
            broken()

    return StreamingResponse(all_of_them(), media_type=media_type)


async def statuses(engine: Engine) -> list[PrinterStatus]:
    """The status of every printer; other tasks get turns in between."""
    found = []
    for number, name in enumerate(engine.names(), start=1):
        found.append(engine.printer(name))
        if number % _PRINTERS == 0:
            await anyio.lowlevel.checkpoint()
    return found


def visible(engine: Engine, printers: frozenset[str] | None) -> list[str]:
    """The names of the printers that a caller may see; ``printers``: the only ones, ``None``: all."""
    return [name for name in engine.names() if printers is None or name in printers]


async def printer_list(engine: Engine, printers: frozenset[str] | None) -> Response:
    """The answer about all printers that the caller may see."""
    texts = []
    for number, name in enumerate(visible(engine, printers), start=1):
        texts.append(engine.printer(name).model_dump_json().encode())
        if number % _PRINTERS == 0:
            await anyio.lowlevel.checkpoint()
    return Response(b'{"printers":[%b]}' % b",".join(texts), media_type=JSON)


def as_json(value: Any) -> bytes:
    """Compact JSON."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


class FileAnswer(StreamingResponse):
    """The content of an open file, which is closed afterwards, also if the client does not read all of it."""

    def __init__(self, file: BinaryIO, size: int, media_type: str) -> None:
        self._file = file
        headers = {"Content-Length": str(size), "Cache-Control": "no-store"}
        super().__init__(self._parts(), media_type=media_type, headers=headers)

    async def _parts(self) -> AsyncIterator[bytes]:
        while part := await anyio.to_thread.run_sync(self._file.read, FILE_PART):
            yield part

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See ``Response``."""
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._file.close()
