"""The routes: thin translations between HTTP and the engine's public face.

``ROUTES`` is the table that both the server and the OpenAPI description are made from.
"""

from __future__ import annotations

import logging
import os
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from typing import Any, BinaryIO, Protocol

import anyio
import anyio.to_thread
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route as StarletteRoute
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from fiscald import __version__
from fiscald.api import metrics, openapi
from fiscald.api.events import event_stream
from fiscald.api.licence import ROUTES as LICENCE_ROUTES
from fiscald.api.licence import Handlers
from fiscald.api.openapi import Query, Route
from fiscald.api.problems import problem_error, problem_response, validated
from fiscald.api.rights import DOCUMENT_RIGHTS, DOCUMENTS, Peer, Right, Rights
from fiscald.api.wire import Adoption, Hello, JobAnswer, JobList, PreviewBody, PrinterList
from fiscald.engine import Engine
from fiscald.licence import Registration
from fiscald.model.documents import Submission
from fiscald.model.jobs import Job, JobState, JournalConfirmation, Notice, Resolution
from fiscald.model.preview import Preview
from fiscald.model.printers import PrinterStatus
from fiscald.model.problems import Fate, ProblemError, problem
from fiscald.model.raw import RawAnswer, RawCommand
from fiscald.model.strict import nearest, parse_json

log = logging.getLogger(__name__)

MAX_BODY = 256 * 1024
BODY_SECONDS = 10.0
MAX_WAIT = 600.0
PCAPNG = "application/x-pcapng"
SQLITE = "application/vnd.sqlite3"
#: Bytes of a file that are sent at once.
FILE_PART = 256 * 1024
_KEY = re.compile(r"[A-Za-z0-9._:/-]{1,128}", re.ASCII)


class Health(Protocol):
    """What the daemon knows of its own place."""

    disk_free: int | None
    """Bytes; ``None`` where that cannot be measured."""

    def notices(self) -> tuple[Notice, ...]:
        """What a person should know."""


class Api(Handlers):
    """What the handlers need, and the handlers."""

    def __init__(self, engine: Engine, registration: Registration, rights: Rights, health: Health) -> None:
        self.engine = engine
        self.health = health
        self.rights = rights
        self.registration = registration
        self.licence = registration.gate

    # -- helpers --------------------------------------------------------------------------------------

    async def body(self, request: Request) -> Any:
        """The JSON body. Raises ``ProblemError``: too large, too slow, not JSON."""
        chunks = bytearray()
        try:
            with anyio.fail_after(BODY_SECONDS):
                async for chunk in request.stream():
                    chunks += chunk
                    if len(chunks) > MAX_BODY:
                        raise ProblemError(problem("request.too_large", limit=MAX_BODY))
        except TimeoutError:
            raise ProblemError(problem("request.slow", seconds=int(BODY_SECONDS))) from None
        try:
            return parse_json(bytes(chunks))
        except ValueError as error:
            raise ProblemError(problem("request.json", reason=error)) from None

    async def demand(self, request: Request, *rights: Right) -> None:
        """Raises ``ProblemError`` if whoever asks has none of these rights."""
        peer = _peer(request)
        if any(self.rights.allows(peer, right) for right in rights):
            return
        fate = Fate.NOT_PRINTED
        if "key" in request.path_params:
            # Nothing was done for this request; but the key may be that of a printed document.
            try:
                await self.engine.job(self._key(request))
                fate = Fate.UNKNOWN
            except ProblemError as error:
                fate = error.problem.document
        raise ProblemError(self.rights.denial(peer, rights, fate))

    def _key(self, request: Request) -> str:
        key: str = request.path_params["key"]
        if _KEY.fullmatch(key) is None:
            raise ProblemError(problem("request.key", key=key[:150]))
        return key

    def _number(self, request: Request, name: str, most: float, default: float = 0.0, least: float = 0.0) -> float:
        text = request.query_params.get(name)
        if text is None:
            return default
        if re.fullmatch(r"\d{1,15}(\.\d+)?", text, re.ASCII) is None or float(text) < least:
            raise ProblemError(problem("request.query", reason=f"{name} is a number from {least:g} to {most:g}"))
        return min(float(text), most)

    def _job(self, job: Job, status: int = 200) -> Response:
        return JSONResponse(self._job_json(job), status)

    def _job_json(self, job: Job) -> dict[str, Any]:
        answer = job.model_dump(mode="json", by_alias=True)
        notice = self.licence.notice()
        return answer if notice is None else answer | {"licence": notice}

    # -- handlers -------------------------------------------------------------------------------------

    async def hello(self, request: Request) -> Response:
        """``GET /v1``."""
        hello = Hello(
            version=__version__,
            printers=tuple(status.name for status in self.engine.printers()),
            licence={"state": self.licence.describe()["state"]},
            test_keys=self.licence.test_keys,
            warnings=self.health.notices(),
            rights=self.rights.of(_peer(request)),
        )
        return JSONResponse(hello.model_dump(mode="json"))

    async def submit(self, request: Request) -> Response:
        """``PUT /v1/jobs/{key}``."""
        key = self._key(request)
        seconds = self._number(request, "wait", MAX_WAIT)
        submission = validated(Submission, await self.body(request))
        await self.demand(request, DOCUMENTS[submission.document.type])
        job, new = await self.engine.submit(key, submission, _uid(request))
        if new:
            log.info("job %s accepted: %s on %s", key, submission.document.type, submission.printer)
        if seconds and not job.state.final:
            job = await self.engine.wait(key, seconds)
        return self._job(job, 201 if new and not job.state.final else 200)

    async def job(self, request: Request) -> Response:
        """``GET /v1/jobs/{key}``."""
        key = self._key(request)
        seconds = self._number(request, "wait", MAX_WAIT)
        return self._job(await (self.engine.wait(key, seconds) if seconds else self.engine.job(key)))

    async def jobs(self, request: Request) -> Response:
        """``GET /v1/jobs``."""
        query = request.query_params
        state = query.get("state")
        if state is not None and state not in set(JobState):
            raise ProblemError(problem("request.query", reason=f"state is one of {', '.join(JobState)}"))
        limit = int(self._number(request, "limit", 1000, 100, least=1))
        found = await self.engine.jobs(
            printer=query.get("printer"),
            state=JobState(state) if state else None,
            after=int(self._number(request, "after", 2**53)),
            limit=limit + 1,  # one more, to know whether there is more
        )
        page = found[:limit]
        following = str(page[-1][0]) if len(found) > limit else None
        return JSONResponse({"jobs": [self._job_json(job) for _, job in page], "next": following})

    async def withdraw(self, request: Request) -> Response:
        """``DELETE /v1/jobs/{key}``."""
        key = self._key(request)
        # A damaged document has no type any more: who may decide it may also try this.
        await self.demand(request, DOCUMENTS.get((await self.engine.job(key)).document.type, Right.RESOLVE))
        return self._job(await self.engine.withdraw(key))

    async def resolve(self, request: Request) -> Response:
        """``POST /v1/jobs/{key}/resolution``."""
        resolution = validated(Resolution, await self.body(request))
        return self._job(await self.engine.resolve(self._key(request), resolution))

    async def printers(self, _: Request) -> Response:
        """``GET /v1/printers``."""
        return JSONResponse({"printers": [status.model_dump(mode="json") for status in self.engine.printers()]})

    async def printer(self, request: Request) -> Response:
        """``GET /v1/printers/{name}``."""
        return JSONResponse(self.engine.printer(request.path_params["name"]).model_dump(mode="json"))

    async def capture(self, request: Request) -> Response:
        """``GET /v1/printers/{name}/capture``."""
        name = request.path_params["name"]
        follow = request.query_params.get("follow", "false")
        if follow not in ("true", "false"):
            raise ProblemError(problem("request.query", reason="follow is true or false"))
        if follow == "false":
            return Response(await self.engine.capture(name), media_type=PCAPNG)
        self.engine.printer(name)  # an unknown one is refused before the answer begins
        return StreamingResponse(self.engine.follow(name), media_type=PCAPNG, headers={"Cache-Control": "no-store"})

    async def adopt(self, request: Request) -> Response:
        """``POST /v1/printers/{name}/adoption``."""
        adoption = validated(Adoption, await self.body(request))
        status = await self.engine.adopt(request.path_params["name"], adoption.printer_id)
        return JSONResponse(status.model_dump(mode="json"))

    async def confirm_journal(self, request: Request) -> Response:
        """``POST /v1/printers/{name}/journal-confirmation``."""
        said = validated(JournalConfirmation, await self.body(request))
        status = await self.engine.confirm_journal(request.path_params["name"], said, _uid(request))
        return JSONResponse(status.model_dump(mode="json"))

    async def backup(self, request: Request) -> Response:
        """``GET /v1/backup``."""
        with anyio.CancelScope(shield=True):  # or nobody would close it
            copy = await self.engine.copy_journal()
        size = os.fstat(copy.fileno()).st_size
        log.info("a copy of the journal was made (%d bytes), asked by user %s", size, _uid(request))
        return _FileResponse(copy, size, SQLITE)

    async def raw(self, request: Request) -> Response:
        """``POST /v1/printers/{name}/raw``."""
        command = validated(RawCommand, await self.body(request))
        answer = await self.engine.raw(request.path_params["name"], command, _uid(request))
        return JSONResponse(answer.model_dump(mode="json"))

    async def preview(self, request: Request) -> Response:
        """``POST /v1/printers/{name}/preview``."""
        asked = validated(PreviewBody, await self.body(request))
        await self.demand(request, DOCUMENTS[asked.document.type])
        preview = self.engine.preview(request.path_params["name"], asked.document)
        return JSONResponse(preview.model_dump(mode="json", by_alias=True))

    async def events(self, request: Request) -> Response:
        """``GET /v1/events``."""
        cursor = request.headers.get("last-event-id") or request.query_params.get("after")
        if cursor is not None and re.fullmatch(r"\d{1,15}", cursor, re.ASCII) is None:
            raise ProblemError(problem("request.query", reason="the cursor is the id of an earlier event"))
        after = None if cursor is None else int(cursor)
        if after is None:
            with suppress(ProblemError):
                after = await self.engine.last_event()
        return event_stream(self.engine, self.licence, after, self._job_json)

    async def description(self, _: Request) -> Response:
        """``GET /v1/openapi.json``."""
        return JSONResponse(openapi.describe(ROUTES))

    async def metrics(self, _: Request) -> Response:
        """``GET /metrics``."""
        text = metrics.render(self.engine.printers(), await self.engine.counts(), self.health.disk_free)
        return Response(text, media_type="text/plain; version=0.0.4; charset=utf-8")


_WAIT = Query("wait", {"type": "number", "minimum": 0, "maximum": MAX_WAIT}, "seconds to wait for a final state")
_CURSOR = Query("after", {"type": "string"}, "cursor of an earlier answer")

#: The contract.
ROUTES = (
    Route("GET", "/v1", Api.hello, "Who answers, and what it can do", {200: (Hello, "hello")}),
    Route(
        "PUT",
        "/v1/jobs/{key}",
        Api.submit,
        "Submit a document; the same key and content always get the same job",
        {200: (JobAnswer, "known, or final already"), 201: (JobAnswer, "accepted, not final yet")},
        body=Submission,
        query=(_WAIT,),
        problems=(400, 403, 404, 408, 409, 413, 503),
        rights=DOCUMENT_RIGHTS,
    ),
    Route(
        "GET",
        "/v1/jobs/{key}",
        Api.job,
        "The answer of that job, any time",
        {200: (JobAnswer, "the job")},
        query=(_WAIT,),
        problems=(400, 404, 503),
    ),
    Route(
        "DELETE",
        "/v1/jobs/{key}",
        Api.withdraw,
        "Withdraw a job that has not started",
        {200: (JobAnswer, "withdrawn: failed, not printed")},
        problems=(400, 404, 409, 503),
        rights=DOCUMENT_RIGHTS,
    ),
    Route(
        "POST",
        "/v1/jobs/{key}/resolution",
        Api.resolve,
        "A person decides an undecided job",
        {200: (JobAnswer, "decided")},
        body=Resolution,
        problems=(400, 404, 409, 503),
        rights=(Right.RESOLVE,),
    ),
    Route(
        "GET",
        "/v1/jobs",
        Api.jobs,
        "Jobs, newest last",
        {200: (JobList, "a page of jobs")},
        query=(
            Query("printer", {"type": "string"}, "only of that printer"),
            Query("state", {"type": "string", "enum": [*JobState]}, "only in that state"),
            _CURSOR,
            Query("limit", {"type": "integer", "minimum": 1, "maximum": 1000, "default": 100}, "at most so many"),
        ),
        problems=(503,),
    ),
    Route("GET", "/v1/printers", Api.printers, "All printers, from memory", {200: (PrinterList, "printers")}),
    Route(
        "GET",
        "/v1/printers/{name}",
        Api.printer,
        "One printer, from memory; never blocked by printing",
        {200: (PrinterStatus, "the printer")},
        problems=(404,),
    ),
    Route(
        "GET",
        "/v1/printers/{name}/capture",
        Api.capture,
        "The flight recorder: the latest bytes between fiscald and the printer, as a pcapng file",
        {200: (None, "a pcapng file; docs/recordings.md describes its packets")},
        query=(
            Query("follow", {"type": "boolean", "default": False}, "a file that goes on: from now on, as it passes"),
        ),
        problems=(404,),
        media_type=PCAPNG,
    ),
    Route(
        "POST",
        "/v1/printers/{name}/adoption",
        Api.adopt,
        "A person confirms that another physical printer took this one's place",
        {200: (PrinterStatus, "the printer")},
        body=Adoption,
        problems=(404, 409, 503),
        rights=(Right.CONFIGURE,),
    ),
    Route(
        "POST",
        "/v1/printers/{name}/journal-confirmation",
        Api.confirm_journal,
        "A person has compared the journal with the printer's paper: new documents need not wait any more",
        {200: (PrinterStatus, "the printer")},
        body=JournalConfirmation,
        problems=(404, 409, 503),
        rights=(Right.RESOLVE,),
    ),
    Route(
        "POST",
        "/v1/printers/{name}/preview",
        Api.preview,
        "What a document would come to; every refusal that submitting it would meet. Nothing is sent",
        {200: (Preview, "it would be accepted")},
        body=PreviewBody,
        problems=(400, 403, 404, 408, 413, 503),
        rights=DOCUMENT_RIGHTS,
    ),
    Route(
        "POST",
        "/v1/printers/{name}/raw",
        Api.raw,
        "Send one command in the printer's own protocol, between two jobs; not safe to repeat",
        {200: (RawAnswer, "the printer's answer, which may be a refusal")},
        body=RawCommand,
        problems=(400, 403, 404, 408, 409, 413, 503),
        rights=(Right.RAW,),
    ),
    *LICENCE_ROUTES,
    Route(
        "GET",
        "/v1/backup",
        Api.backup,
        "A consistent copy of the whole journal, while documents go on: an SQLite file",
        {200: (None, "the journal; docs/backup.md says how it is put back")},
        problems=(503,),
        rights=(Right.CONFIGURE,),
        media_type=SQLITE,
    ),
    Route(
        "GET",
        "/v1/events",
        Api.events,
        "Server-sent events: `printer` (its state, when it changes) and `job` (every change, with a cursor)",
        {200: (None, "a stream of events")},
        query=(_CURSOR,),
        media_type="text/event-stream",
    ),
    Route("GET", "/v1/openapi.json", Api.description, "This description", {200: (None, "OpenAPI 3.1")}),
    Route(
        "GET",
        "/metrics",
        Api.metrics,
        "Prometheus metrics",
        {200: (None, "metrics")},
        media_type="text/plain",
    ),
)


def create_app(engine: Engine, registration: Registration, rights: Rights, health: Health) -> ASGIApp:
    """The ASGI application."""
    api = Api(engine, registration, rights, health)

    def endpoint(route: Route) -> Callable[[Request], Awaitable[Response]]:
        known = [query.name for query in route.query]

        async def answer(request: Request) -> Response:
            for name in request.query_params:
                if name not in known:
                    guess = nearest(name, known)
                    hint = f"did you mean {guess!r}?" if guess else f"known here: {', '.join(known) or 'none'}"
                    raise ProblemError(problem("request.query", reason=f"unknown query parameter {name!r}; {hint}"))
            if route.rights:
                await api.demand(request, *route.rights)
            return await route.handler(api, request)

        return answer

    app = Starlette(
        routes=[
            StarletteRoute(route.path.replace("{key}", "{key:path}"), endpoint(route), methods=[route.method])
            for route in sorted(ROUTES, key=lambda route: "resolution" not in route.path)
        ],
        exception_handlers={
            ProblemError: problem_error,
            HTTPException: _no_route,
            ClientDisconnect: _gone,
            Exception: _internal,
        },
    )
    return _Branded(app) if api.licence.test_keys else app


class _FileResponse(StreamingResponse):
    """An open file, which is closed in the end, also where nobody reads it that far."""

    def __init__(self, file: BinaryIO, size: int, media_type: str) -> None:
        self._file = file
        headers = {"Content-Length": str(size), "Cache-Control": "no-store"}
        super().__init__(self._parts(), media_type=media_type, headers=headers)

    async def _parts(self) -> AsyncIterator[bytes]:
        while part := await anyio.to_thread.run_sync(self._file.read, FILE_PART):
            yield part

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._file.close()


def _peer(request: Request) -> Peer | None:
    peer: Peer | None = getattr(request.state, "peer", None)
    return peer


def _uid(request: Request) -> int | None:
    peer = _peer(request)
    return None if peer is None else peer.uid


async def _no_route(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    why = problem("request.route", method=request.method, path=request.url.path)
    response = problem_response(why, error.status_code)
    response.headers.update(error.headers or {})
    return response


async def _gone(_: Request, __: Exception) -> Response:
    return Response(status_code=499)  # nobody reads it


async def _internal(request: Request, error: Exception) -> Response:
    log.error("%s %s failed", request.method, request.url.path, exc_info=error)
    return problem_response(problem("daemon.internal", reason=f"{type(error).__name__}; see the daemon's log"))


class _Branded:
    """Says on every answer that the licence is a test licence."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def branded(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], (b"fiscald-test-keys", b"true")]
            await send(message)

        await self._app(scope, receive, branded)
