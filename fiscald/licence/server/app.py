"""The HTTP routes: bytes in, bytes out. The request handler decides their meaning.

The client is neither logged nor stored here; its address is used for the limits only.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from typing import TypeVar

from anyio import CapacityLimiter, to_thread
from starlette.applications import Starlette
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import Message

from fiscald.licence.certificate import armour
from fiscald.licence.server import page
from fiscald.licence.server.incoming import address_of, read_body
from fiscald.licence.server.issuing import Issuing, issuing_routes
from fiscald.licence.server.outbox import Outbox
from fiscald.licence.server.refusals import Malformed, TooMany, Unable
from fiscald.licence.server.request_handler import MODELS, FileReply, RequestHandler, SignedReply

log = logging.getLogger(__name__)
T = TypeVar("T")

MAX_BODY = 8 * 1024
MAX_FILE = 16 * 1024
JOSE = "application/jose"
#: The same for every request for a mail.
MAIL_SENT = {
    "detail": "If this is possible, a mail is on its way to the address; it explains the next step.",
    "detail_pl": "Jeśli to możliwe, na podany adres wysłano wiadomość. Jest w niej dalszy ciąg.",
}
_WORDS = {
    400: ("This is not a request to this server.", "To nie jest zapytanie do tego serwera."),
    404: ("There is nothing here.", "Tu nic nie ma."),
    405: ("This method is not allowed.", "Nie tą metodą."),
    408: ("The request did not arrive in time.", "Zapytanie nie dotarło na czas."),
    413: ("The request is too long.", "Zapytanie jest za długie."),
    429: ("Too many requests; try again later.", "Zbyt wiele zapytań. Spróbuj później."),
    503: ("The server cannot answer now; try again later.", "Serwer nie może teraz odpowiedzieć. Spróbuj później."),
}


def create_app(
    handler: RequestHandler, outbox: Outbox, product_url: str | None = None, issuing: Issuing | None = None
) -> Starlette:
    """The application. ``issuing``: the API of web shops."""
    # One thread: the database takes one transaction at a time anyway.
    turn = CapacityLimiter(1)

    async def run_in_thread(work: Callable[..., T], *args: object) -> T:
        return await to_thread.run_sync(work, *args, limiter=turn)

    def question(path: str) -> Callable[[Request], Awaitable[Response]]:
        async def handle(request: Request) -> Response:
            said: SignedReply = await run_in_thread(
                handler.answer, path, await read_body(request, MAX_BODY), address_of(request)
            )
            outbox.wake()
            if said.text is None:
                return JSONResponse(MAIL_SENT, said.status)
            return Response(said.text, said.status, media_type=JOSE)

        return handle

    async def offline(request: Request) -> Response:
        reply: FileReply = await run_in_thread(handler.answer_file, await _file(request), address_of(request))
        outbox.wake()
        if "text/html" in request.headers.get("accept", ""):
            return HTMLResponse(_offline_page(reply), reply.said.status)
        if reply.certificate is not None:
            return PlainTextResponse(armour(reply.certificate))
        return Response(reply.said.text, reply.said.status, media_type=JOSE)

    async def offline_form(_: Request) -> Response:
        return HTMLResponse(page.form(product_url))

    async def keys(_: Request) -> Response:
        return _cached(await run_in_thread(handler.keys))

    async def latest(_: Request) -> Response:
        return _cached(await run_in_thread(handler.latest))

    async def healthz(_: Request) -> Response:
        await run_in_thread(handler.healthy)
        return Response(status_code=204)

    return Starlette(
        routes=[
            *(Route(path, question(path), methods=["POST"]) for path in MODELS),
            Route("/v1/offline", offline, methods=["POST"]),
            Route("/v1/offline", offline_form, methods=["GET"]),
            Route("/v1/keys", keys, methods=["GET"]),
            Route("/v1/latest", latest, methods=["GET"]),
            Route("/healthz", healthz, methods=["GET"]),
            *([] if issuing is None else issuing_routes(issuing, run_in_thread, outbox.wake)),
        ],
        exception_handlers={
            HTTPException: _http_error,
            Malformed: _malformed,
            TooMany: _too_many,
            Unable: _unable,
        },
    )


def _offline_page(reply: FileReply) -> str:
    if reply.refused is not None:
        return page.refusal(reply.refused.refusal)
    return page.certificate(reply.certificate or "")


def _cached(token: str | None) -> Response:
    if token is None:
        return _plain(404)
    return Response(token, media_type=JOSE, headers={"Cache-Control": "public, max-age=3600"})


async def _file(request: Request) -> bytes:
    """The request file: the body itself, or sent by the form."""
    body = await read_body(request, MAX_FILE)
    if not request.headers.get("content-type", "").startswith("multipart/form-data"):
        return body

    async def again() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    async with Request(request.scope, again).form(max_files=1, max_fields=2, max_part_size=MAX_FILE) as fields:
        file, text = fields.get("file"), fields.get("text")
        if isinstance(file, UploadFile) and file.size:
            return await file.read()
        return text.encode() if isinstance(text, str) else b""


def _plain(status: int, headers: dict[str, str] | None = None) -> Response:
    detail, detail_pl = _WORDS.get(status, _WORDS[400])
    return JSONResponse({"detail": detail, "detail_pl": detail_pl}, status, headers)


async def _http_error(_: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return _plain(error.status_code, dict(error.headers or {}))


async def _malformed(_: Request, error: Exception) -> Response:
    log.info("%s", error)
    return _plain(400)


async def _too_many(_: Request, error: Exception) -> Response:
    assert isinstance(error, TooMany)
    return _plain(429, {"Retry-After": str(error.retry_after)})


async def _unable(_: Request, error: Exception) -> Response:
    log.critical("NOTHING IS SIGNED: %s", error)
    return _plain(503)
