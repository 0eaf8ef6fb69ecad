"""The handlers of the routes: thin translations between HTTP and the engine's public methods."""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from functools import partial
from typing import Protocol, TypeVar

import anyio
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse

from fiscald import __version__
from fiscald.api import answers, metrics, packaging, timeline
from fiscald.api.events import Feed, Listener
from fiscald.api.fleet import FleetHandlers, demand_free_key
from fiscald.api.licence import Handlers
from fiscald.api.limits import caller_of, demand_printer, printers_of
from fiscald.api.listing import asked_for
from fiscald.api.paper import Copies, Draw
from fiscald.api.reading import Bodies, asker, connection_of
from fiscald.api.rights import Peer, Rights, asker_of
from fiscald.api.rights import said as said_caller
from fiscald.api.tokens import Tokens
from fiscald.api.turns import Worker
from fiscald.api.webhooks import WebhookHandlers
from fiscald.api.wire import (
    Adoption,
    ConsoleLink,
    Hello,
    LicenceName,
    PreviewBody,
)
from fiscald.engine import Engine
from fiscald.fleet.shop import Fleet
from fiscald.licence import Registration
from fiscald.model.about import BaseDocument
from fiscald.model.documents import Document, Submission
from fiscald.model.jobs import Job, JournalConfirmation, Notice, Resolution
from fiscald.model.problems import ProblemError, problem
from fiscald.model.raw_command import RawCommand
from fiscald.model.rights import Asker, Right
from fiscald.webhooks import Webhooks

log = logging.getLogger(__name__)

MAX_BODY = 256 * 1024
BODY_SECONDS = 10.0
MAX_WAIT = 600.0
MAX_JOBS = 1000
PCAPNG = "application/x-pcapng"
SQLITE = "application/vnd.sqlite3"
M = TypeVar("M", bound=BaseModel)
_KEY = re.compile(r"[A-Za-z0-9._:/-]{1,128}", re.ASCII)


class Health(metrics.Host, Protocol):
    """The same, and what people should know of it."""

    def notices(self) -> tuple[Notice, ...]:
        """Warnings about the computer."""


class Api(Handlers, WebhookHandlers, FleetHandlers):
    """The handlers, and the objects that they need."""

    def __init__(
        self,
        engine: Engine,
        registration: Registration,
        rights: Rights,
        health: Health,
        draw: Draw,
        tokens: Tokens,
        webhooks: Webhooks,
        fleet: Fleet,
    ) -> None:
        """``draw`` draws a copy of a document's paper, in any thread."""
        self.engine = engine
        self.webhooks = webhooks
        self.fleet = fleet
        self._copies = Copies(engine, draw)
        self.health = health
        self.rights = rights
        self.tokens = tokens
        self.registration = registration
        self.licence = registration.gate
        self.worker = Worker()
        self.feed = Feed(engine, self.licence, self.worker, self.licence.notice, webhooks.summaries())
        self._bodies = Bodies(self.worker)
        #: Makes a link to the web console for a user; ``None``: there is no console.
        self.console: Callable[[Peer], ConsoleLink] | None = None
        self.described: bytes | None = None
        """The description of the API, after the first request for it."""

    # -- helpers --------------------------------------------------------------------------------------

    def read(self, model: type[M], request: Request) -> AbstractAsyncContextManager[M]:
        """The body as a ``model``. Raises ``ProblemError``: too large, too slow, not JSON, bad fields."""
        return self._bodies.read(model, request, seconds=BODY_SECONDS, most=MAX_BODY)

    async def demand(self, request: Request, *rights: Right) -> None:
        """Raises ``ProblemError`` if the caller has none of these rights."""
        caller = caller_of(request)
        if not any(self.rights.allows(caller, right) for right in rights):
            raise ProblemError(self.rights.denial(caller, rights))

    def _key(self, request: Request) -> str:
        key: str = request.path_params["key"]
        if _KEY.fullmatch(key) is None:
            raise ProblemError(problem("request.key", key=key[:150]))
        return key

    def _number(self, request: Request, name: str, most: float, default: float = 0.0, least: float = 0.0) -> float:
        """A query parameter. A value over the limit of the description is refused, not reduced."""
        text = request.query_params.get(name)
        if text is None:
            return default
        if re.fullmatch(r"\d{1,15}(\.\d+)?", text, re.ASCII) is None or not least <= float(text) <= most:
            raise ProblemError(problem("request.query", reason=f"{name} is a number from {least:g} to {most:g}"))
        return float(text)

    def _integer(self, request: Request, name: str, most: int, default: int = 0, least: int = 0) -> int:
        text = request.query_params.get(name)
        if text is None:
            return default
        if re.fullmatch(r"\d{1,15}", text, re.ASCII) is None or not least <= int(text) <= most:
            raise ProblemError(
                problem("request.query", reason=f"{name} is a number from {least} to {most}, without decimals")
            )
        return int(text)

    async def _answer(self, request: Request, job: Job, status: int = 200) -> Response:
        return await answers.job_answer(self.worker, asker(request), job, self.licence.notice(), status)

    # -- handlers -------------------------------------------------------------------------------------

    async def hello(self, request: Request) -> Response:
        """``GET /v1``."""
        hello = Hello(
            version=__version__,
            printers=tuple(answers.visible(self.engine, printers_of(request))),
            licence=LicenceName(state=self.licence.describe()["state"]),
            test_keys=self.licence.test_keys,
            warnings=self.health.notices(),
            rights=self.rights.of(caller_of(request)),
        )
        return JSONResponse(hello.model_dump(mode="json"))

    async def submit(self, request: Request) -> Response:
        """``PUT /v1/jobs/{key}``."""
        key = self._key(request)
        demand_free_key(key)
        seconds = self._number(request, "wait", MAX_WAIT)
        async with self.read(Submission, request) as submission:
            await self.demand(request, submission.document.about.right)
            demand_printer(request, submission.printer)
            job, new = await self.engine.submit(key, submission, _asker(request))
            if new:
                log.info("job %s accepted: %s on %s", key, submission.document.type, submission.printer)
            del submission  # many requests wait, and a long document takes a megabyte
        if seconds and not job.state.final:
            del job
            job = await answers.job_when_final(self.engine, request, key, seconds)
        return await self._answer(request, job, 201 if new and not job.state.final else 200)

    async def job(self, request: Request) -> Response:
        """``GET /v1/jobs/{key}``."""
        key = self._key(request)
        seconds = self._number(request, "wait", MAX_WAIT)
        job = await self.engine.job(key)
        if seconds and not job.state.final:
            del job
            job = await answers.job_when_final(self.engine, request, key, seconds)
        return await self._answer(request, await self.engine.sendings.of(job))

    async def paper(self, request: Request) -> Response:
        """``GET /v1/jobs/{key}/paper``."""
        return await self._copies.answer(request, self._key(request))

    async def job_events(self, request: Request) -> Response:
        """``GET /v1/jobs/{key}/events``."""
        after = self._integer(request, "after", 10**15 - 1)
        limit = self._integer(request, "limit", timeline.MAX_EVENTS, 100, least=1)
        return await timeline.job_events(self.engine, self.worker, asker(request), self._key(request), after, limit)

    async def jobs(self, request: Request) -> Response:
        """``GET /v1/jobs``."""
        asked = asked_for(request.query_params)
        if asked.after and asked.after > (newest := await self.engine.last_job()):
            raise ProblemError(problem("request.cursor", cursor=asked.after, newest=newest))
        pieces = answers.job_list(self.engine, self.worker, asker(request), self.licence.notice(), asked)
        return await answers.in_pieces(pieces, answers.JSON, connection_of(request).cut)

    async def withdraw(self, request: Request) -> Response:
        """``DELETE /v1/jobs/{key}``."""
        key = self._key(request)
        document = (await self.engine.job(key)).document
        # A damaged document has no type: it takes the right to decide it.
        await self.demand(request, document.about.right if isinstance(document, BaseDocument) else Right.RESOLVE)
        return await self._answer(request, await self.engine.withdraw(key))

    async def resolve(self, request: Request) -> Response:
        """``POST /v1/jobs/{key}/resolution``."""
        async with self.read(Resolution, request) as resolution:
            job = await self.engine.resolve(self._key(request), resolution)
        return await self._answer(request, job)

    async def printers(self, request: Request) -> Response:
        """``GET /v1/printers``."""
        return await answers.printer_list(self.engine, printers_of(request))

    async def printer(self, request: Request) -> Response:
        """``GET /v1/printers/{name}``."""
        return JSONResponse(self.engine.details(request.path_params["name"]).model_dump(mode="json"))

    async def capture(self, request: Request) -> Response:
        """``GET /v1/printers/{name}/capture``."""
        name = request.path_params["name"]
        follow = request.query_params.get("follow", "false")
        if follow not in ("true", "false"):
            raise ProblemError(problem("request.query", reason="follow is true or false"))
        self.engine.printer(name)  # refuse an unknown printer before the answer begins
        if follow == "false":
            return StreamingResponse(self.engine.capture(name), media_type=PCAPNG)
        if request.method == "HEAD":
            return Response(media_type=PCAPNG)
        self._listen(request)
        return StreamingResponse(self.engine.follow(name), media_type=PCAPNG, headers={"Cache-Control": "no-store"})

    async def packaging(self, request: Request) -> Response:
        """``GET /v1/printers/{name}/packaging``."""
        day = packaging.parse_day(request.query_params.get("day"), self.engine.clock())
        name = request.path_params["name"]
        found = await packaging.balance(self.engine, self.worker, asker(request), name, day)
        return Response(await self.worker.run(asker(request), found.model_dump_json), media_type=answers.JSON)

    async def header(self, request: Request) -> Response:
        """``GET /v1/printers/{name}/header``."""
        found = await self.engine.header(request.path_params["name"])
        return JSONResponse(found.model_dump(mode="json"))

    async def adopt(self, request: Request) -> Response:
        """``POST /v1/printers/{name}/adoption``."""
        async with self.read(Adoption, request) as adoption:
            status = await self.engine.adopt(request.path_params["name"], adoption.printer_id)
        return JSONResponse(status.model_dump(mode="json"))

    async def confirm_journal(self, request: Request) -> Response:
        """``POST /v1/printers/{name}/journal-confirmation``."""
        async with self.read(JournalConfirmation, request) as said:
            status = await self.engine.confirm_journal(request.path_params["name"], said, _asker(request))
        return JSONResponse(status.model_dump(mode="json"))

    async def backup(self, request: Request) -> Response:
        """``GET /v1/backup``."""
        with anyio.CancelScope(shield=True):  # otherwise the file would stay open
            copy = await self.engine.copy_journal()
        size = os.fstat(copy.fileno()).st_size
        log.info("a copy of the journal was made (%d bytes), asked by %s", size, said_caller(caller_of(request)))
        return answers.FileAnswer(copy, size, SQLITE)

    async def console_link(self, request: Request) -> Response:
        """``POST /v1/console/link``."""
        peer = caller_of(request)
        if self.console is None:
            raise ProblemError(problem("console.off"))
        if not isinstance(peer, Peer):
            raise ProblemError(problem("console.unknown_user"))
        link = self.console(peer)
        log.info("user %d asked for a link to the console", peer.uid)
        return JSONResponse(link.model_dump(mode="json"))

    async def raw(self, request: Request) -> Response:
        """``POST /v1/printers/{name}/raw``."""
        async with self.read(RawCommand, request) as command:
            answer = await self.engine.raw(request.path_params["name"], command, _asker(request))
        return JSONResponse(answer.model_dump(mode="json"))

    async def preview(self, request: Request) -> Response:
        """``POST /v1/printers/{name}/preview``."""
        async with self.read(PreviewBody, request) as asked:
            await self.demand(request, asked.document.about.right)
            make = partial(self._preview, request.path_params["name"], asked.document)
            long = asked.document.long
            return Response(await self.worker.run(asker(request), make) if long else make(), media_type=answers.JSON)

    def _preview(self, name: str, document: Document) -> bytes:
        return self.engine.preview(name, document).model_dump_json(by_alias=True).encode()

    async def events(self, request: Request) -> Response:
        """``GET /v1/events``."""
        cursor = request.headers.get("last-event-id") or request.query_params.get("after")
        if cursor is not None and re.fullmatch(r"\d{1,15}", cursor, re.ASCII) is None:
            raise ProblemError(
                problem("request.query", reason="after (or Last-Event-ID): the cursor is the id of an earlier event")
            )
        self._listen(request)
        after = None if cursor is None else int(cursor)
        return Listener(self.feed, connection_of(request), after, printers_of(request))

    def _listen(self, request: Request) -> None:
        """Mark the request as a long one. Raises ``ProblemError`` if the user has too many."""
        if not connection_of(request).wait_long():
            raise ProblemError(problem("daemon.busy"))

    async def metrics(self, request: Request) -> Response:
        """``GET /metrics``."""
        async with self.worker.turn(asker(request)):
            printers, figures = await answers.statuses(self.engine), await self.engine.figures()
            hooks, licence, now = await self.webhooks.tallies(), self.licence.describe(), self.engine.clock()
            fleet = await self.fleet.status()
            failures = dict(self.engine.failures)
            text = await self.worker.compute(
                lambda: metrics.render(printers, figures, failures, self.health, licence, hooks, now, fleet)
            )
        return Response(text, media_type="text/plain; version=0.0.4; charset=utf-8")


def _asker(request: Request) -> Asker:
    return asker_of(caller_of(request))
