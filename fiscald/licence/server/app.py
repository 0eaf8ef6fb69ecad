"""The HTTP routes: bytes in, bytes out. The request handler decides their meaning.

The client is neither logged nor stored here; its address is used for the limits only.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from typing import TypeVar

from anyio import CapacityLimiter, to_thread
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from fiscald.licence.server.desk import Desk
from fiscald.licence.server.forms import read_body
from fiscald.licence.server.headers import HeadersMiddleware
from fiscald.licence.server.issuing import Issuing, issuing_routes
from fiscald.licence.server.metrics import CountingMiddleware, Metrics
from fiscald.licence.server.offline import JOSE, offline_routes
from fiscald.licence.server.outbox import Outbox
from fiscald.licence.server.refusals import Malformed, TooMany, Unable
from fiscald.licence.server.request_handler import MODELS, RequestHandler, SignedReply
from fiscald.licence.server.web import Web, address_of, style_route
from fiscald.licence.server.web_account import account_routes
from fiscald.licence.server.web_vendor import vendor_routes

log = logging.getLogger(__name__)
T = TypeVar("T")

MAX_BODY = 8 * 1024
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
    handler: RequestHandler,
    outbox: Outbox,
    product_url: str | None = None,
    desk: Desk | None = None,
    issuing: Issuing | None = None,
    metrics: Metrics | None = None,
) -> Starlette:
    """The application. ``desk`` opens the pages of the customer and the vendor, ``issuing`` the API of web shops."""
    watched = Metrics() if metrics is None else metrics
    # One thread: the database takes one transaction at a time anyway.
    turn = CapacityLimiter(1)

    async def run_in_thread(work: Callable[..., T], *args: object) -> T:
        return await to_thread.run_sync(watched.timed(work), *args, limiter=turn)

    web = Web(outbox.sender, run_in_thread, outbox.wake)
    pages = [] if desk is None else [*account_routes(web, desk), *vendor_routes(web, desk)]

    def question(path: str) -> Callable[[Request], Awaitable[Response]]:
        async def handle(request: Request) -> Response:
            said: SignedReply = await run_in_thread(
                handler.answer, path, await read_body(request, MAX_BODY), address_of(request)
            )
            outbox.wake()
            watched.count_refusal(said.status, said.text)
            if said.text is None:
                return JSONResponse(MAIL_SENT, said.status)
            return Response(said.text, said.status, media_type=JOSE)

        return handle

    async def keys(_: Request) -> Response:
        return _cached(await run_in_thread(handler.keys))

    async def latest(_: Request) -> Response:
        return _cached(await run_in_thread(handler.latest))

    async def healthz(_: Request) -> Response:
        await run_in_thread(handler.healthy)
        return Response(status_code=204)

    async def unable(_: Request, error: Exception) -> Response:
        log.critical("NOTHING IS SIGNED: %s", error)
        watched.unable.inc()
        return _plain(503)

    paths = frozenset((*MODELS, "/v1/offline", "/v1/keys", "/v1/latest", "/healthz", "/account", "/vendor"))
    return Starlette(
        middleware=[Middleware(CountingMiddleware, metrics=watched, paths=paths), Middleware(HeadersMiddleware)],
        routes=[
            *(Route(path, question(path), methods=["POST"]) for path in MODELS),
            *offline_routes(web, handler, product_url, watched.count_refusal),
            *pages,
            style_route(),
            Route("/v1/keys", keys, methods=["GET"]),
            Route("/v1/latest", latest, methods=["GET"]),
            Route("/healthz", healthz, methods=["GET"]),
            *([] if issuing is None else issuing_routes(issuing, run_in_thread, outbox.wake)),
        ],
        exception_handlers={
            HTTPException: web.or_page(_http_error),
            Malformed: web.or_page(_malformed),
            TooMany: web.or_page(_too_many),
            Unable: web.or_page(unable),
            **web.error_handlers,
        },
    )


def _cached(token: str | None) -> Response:
    if token is None:
        return _plain(404)
    return Response(token, media_type=JOSE, headers={"Cache-Control": "public, max-age=3600"})


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
