"""The console as an ASGI application: its pages, who may see them, and the headers of every answer."""

from __future__ import annotations

import logging
import mimetypes
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import NamedTuple

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from fiscald import __version__
from fiscald.api.calling import ClientError, Refused
from fiscald.console.inside import Inside
from fiscald.console.languages import LANGUAGES
from fiscald.console.programs import Programs
from fiscald.console.sessions import Session, Sessions
from fiscald.console.visit import FOLDER, Unfit, Visit

log = logging.getLogger(__name__)

COOKIE = "fiscald_session"
#: Nothing from another host, no script or style inside a page, no page of another site around it.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)
_HEADERS = {
    "Content-Security-Policy": POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), usb=(), serial=()",
    # Not "no-referrer": browsers would then send "Origin: null" with the console's own forms.
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
Handler = Callable[[Visit], Awaitable[Response]]


class Page(NamedTuple):
    """What one path does."""

    path: str
    """After ``/console/``."""
    get: Handler | None = None
    post: Handler | None = None
    signed_in: bool = True
    """Whether only a person who is signed in may use it."""


class Console:
    """Answers every request below ``/console/``, and leads browsers there."""

    def __init__(self, api: ASGIApp, sessions: Sessions, pages: tuple[Page, ...], programs: Programs) -> None:
        self._api = api
        self._programs = programs
        self._sessions = sessions
        self._pages = {page.path: page for page in (*pages, *self._own())}
        self._files = {
            each.name: (each.read_bytes(), mimetypes.guess_type(each.name)[0] or "text/plain")
            for each in sorted((FOLDER / "static").iterdir())
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See ``ASGIApp``."""

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers[name] = value
                headers.setdefault("Cache-Control", "no-store")
            await send(message)

        if not scope["path"].startswith("/console/"):
            await RedirectResponse("/console/")(scope, receive, with_headers)
            return
        request = Request(scope, receive)
        cookie = request.cookies.get(COOKIE)
        session = self._sessions.find(cookie)
        name = scope["path"].removeprefix("/console/")
        if name == "events" and session is not None and request.method == "GET":
            await self._inside(request, session).events(scope, receive, with_headers)
            return
        response = await self._answer(name, request, session)
        await response(scope, receive, with_headers)

    def _inside(self, request: Request, session: Session | None) -> Inside:
        state = dict(request.scope.get("state") or {})
        return Inside(self._api, state | {"peer": None if session is None else session.person.peer})

    async def _answer(self, name: str, request: Request, session: Session | None) -> Response:
        if name.startswith("static/"):
            return self._file(name.removeprefix("static/"), request)
        visit = Visit(request, session, self._inside(request, session), self._programs)
        page = self._pages.get(name)
        try:
            if session is None and (page is None or page.signed_in):
                return _to_sign_in(visit)
            if page is None:
                raise Unfit(404)
            handler = {"GET": page.get, "HEAD": page.get, "POST": page.post}.get(request.method)
            if handler is None:
                raise Unfit(405)
            if request.method == "POST":
                await visit.read_form(of_session=page.signed_in)
            return await handler(visit)
        except Unfit as error:
            return await _problem(visit, session, error.status)
        except Refused as refused:
            return await visit.refused(refused)
        except ClientError:
            log.exception("the console cannot read an answer of the API")
            return await _problem(visit, session, 500)
        except Exception:
            log.exception("a page of the console failed: %s %s", request.method, request.url.path)
            return await _problem(visit, None, 500)

    def _file(self, name: str, request: Request) -> Response:
        found = self._files.get(name)
        if found is None or request.method not in ("GET", "HEAD"):
            return Response(status_code=404)
        current = request.query_params.get("v") == __version__
        cache = "public, max-age=31536000, immutable" if current else "no-cache"
        return Response(found[0], media_type=found[1], headers={"Cache-Control": cache})

    # -- signing in -----------------------------------------------------------------------------------

    def _own(self) -> tuple[Page, ...]:
        return (
            Page("sign-in", self._show_sign_in, self._sign_in, signed_in=False),
            Page("sign-out", post=self._sign_out),
            Page("language", post=_choose_language),
        )

    async def _show_sign_in(self, visit: Visit) -> Response:
        secret = visit.query.get("link", "")
        state = "none" if not secret else "good" if self._sessions.is_link(secret) else "old"
        return await visit.plain("sign_in.html", link=secret, state=state)

    async def _sign_in(self, visit: Visit) -> Response:
        cookie = self._sessions.enter(visit.form["link"])
        if cookie is None:
            return await visit.plain("sign_in.html", 403, link="", state="old")
        response = visit.go("")
        secure = visit.request.url.scheme == "https"
        response.set_cookie(COOKIE, cookie, path="/console", httponly=True, samesite="strict", secure=secure)
        return response

    async def _sign_out(self, visit: Visit) -> Response:
        self._sessions.leave(visit.request.cookies.get(COOKIE))
        response = visit.go("sign-in")
        response.delete_cookie(COOKIE, path="/console", httponly=True, samesite="strict")
        return response


def console_application(api: ASGIApp, sessions: Sessions, socket: Path) -> ASGIApp:
    """The console over the API's application; mounted where a browser reaches it, under ``/console/``.

    ``api`` is called inside the process, with the rights of the person whose session it is. ``socket``: the
    daemon's, where its diagnostic programs ask it.
    """
    from fiscald.console.pages import PAGES

    return Console(api, sessions, PAGES, Programs(socket))


async def _choose_language(visit: Visit) -> Response:
    if visit.form["language"] in LANGUAGES:
        visit.session.language = visit.form["language"]
    back = visit.form["back"]
    # Only to a page of the console.
    return RedirectResponse(back if back.startswith("/console/") and "\\" not in back else "/console/", 303)


def _to_sign_in(visit: Visit) -> Response:
    if visit.is_part:  # htmx would put the page for signing in into the middle of another one
        return Response(status_code=401, headers={"HX-Redirect": "/console/sign-in"})
    return visit.go("sign-in")


async def _problem(visit: Visit, session: Session | None, status: int) -> Response:
    """A page for a request that cannot be answered."""
    if session is None:
        return await visit.plain("trouble.html", status, status=status)
    return await visit.page("trouble_inside.html", status, status=status)
