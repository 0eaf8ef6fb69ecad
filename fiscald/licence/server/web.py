"""What all pages for people share: the language, cookies, tokens in forms, and errors as pages.

A browser has a random name in a cookie. Every form has a token made from this name and the session; other pages of
the web know neither, so they cannot send a form in a person's name.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections.abc import Awaitable, Callable, Mapping
from typing import Literal, NamedTuple, Protocol, TypeVar

from anyio import to_thread
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from fiscald.licence.server.contact import Contact
from fiscald.licence.server.desk import CUSTOMER_SECONDS, VENDOR_SECONDS, SignedOut
from fiscald.licence.server.forms import read_form
from fiscald.licence.server.languages import LANGUAGES, preferred
from fiscald.licence.server.pages import rendering
from fiscald.licence.server.pages.rendering import Frame, has_words, refusal_sentence, say
from fiscald.licence.server.pages.views import AskCode, Problem, VendorSignIn, View
from fiscald.licence.server.refusals import Malformed, Refused, TooMany

T = TypeVar("T")
ErrorHandler = Callable[[Request, Exception], Awaitable[Response]]

_RANDOM = re.compile(r"[A-Za-z0-9_-]{43}", re.ASCII)
_LOOPBACK = ("localhost", "127.0.0.1", "::1")
_YEAR = 365 * 86_400


class Run(Protocol):
    """Runs work in the database's thread."""

    async def __call__(self, work: Callable[..., T], *args: object) -> T:
        """Its result."""


class Area(NamedTuple):
    """Pages for which a person signs in."""

    name: str
    """Of its cookie, too."""
    path: str
    seconds: int
    first: Callable[[str | None], View]
    """The page that asks who it is, and why it does again."""


ACCOUNT = Area("account", "/account", CUSTOMER_SECONDS, lambda fault: AskCode(fault=fault))
VENDOR = Area("vendor", "/vendor", VENDOR_SECONDS, VendorSignIn)
AREAS = (ACCOUNT, VENDOR)


class FormTooOld(Exception):
    """A form without the right token."""


class Web:
    """Makes pages. ``run`` runs work in a thread; ``wake`` is called when a mail may have been queued."""

    def __init__(self, contact: Contact, run: Run, wake: Callable[[], None]) -> None:
        self.contact = contact
        self.run = run
        self.wake = wake
        # Of this process: after a restart, open forms are too old.
        self._secret = secrets.token_bytes(32)
        rendering.prepare()

    async def page(
        self, request: Request, view: View, status: int = 200, *, area: Area | None = None, session: str = ""
    ) -> Response:
        """A view as a page. ``area`` and ``session`` for a person who is signed in."""
        browser = browser_of(request)
        opened = request.method in ("GET", "HEAD") and status == 200
        done = request.query_params.get("done") if session else None
        frame = Frame(
            lang=language_of(request),
            contact=self.contact,
            csrf=self.token(browser, session),
            switch=request.url.path if opened else None,
            area=area.name if area is not None and session else "",
            done=done if done is not None and has_words("en", f"done.{done}") else None,
        )
        # In a thread: a page of a hundred licences takes longer than the others may wait.
        response = HTMLResponse(await to_thread.run_sync(rendering.render, view, frame), status)
        _set_cookie(request, response, "browser", browser)
        if request.query_params.get("lang") in LANGUAGES:
            _set_cookie(request, response, "lang", frame.lang, seconds=_YEAR)
        if area is ACCOUNT and session:  # fifteen minutes from now
            self.keep(request, response, area, session)
        return response

    def keep(self, request: Request, response: Response, area: Area, session: str) -> None:
        """Let the browser keep a session."""
        _set_cookie(request, response, area.name, session, seconds=area.seconds, path=area.path)

    def forget(self, request: Request, response: Response, area: Area) -> None:
        """Let the browser forget its session."""
        _set_cookie(request, response, area.name, "", seconds=0, path=area.path)

    async def form(self, request: Request, session: str = "") -> dict[str, str]:
        """The fields of a form that this server has made for this browser and session.

        Raises ``FormTooOld`` and ``HTTPException``.
        """
        fields = await read_form(request)
        right = self.token(request.cookies.get("browser", ""), session)
        if not hmac.compare_digest(right.encode(), fields.get("csrf", "").encode()):
            raise FormTooOld
        return fields

    def token(self, browser: str, session: str) -> str:
        """The token for the forms of a browser and its session."""
        return self.seal("form", browser, session)

    def seal(self, *parts: str) -> str:
        """Proves that this process has made something."""
        text = "\0".join(f"{len(part)}:{part}" for part in parts)
        return hmac.new(self._secret, text.encode(), hashlib.sha256).hexdigest()

    # -- errors ---------------------------------------------------------------------------------------

    def or_page(self, handle: ErrorHandler) -> ErrorHandler:
        """``handle`` for programs; the same as a page for browsers."""

        async def handle_both(request: Request, error: Exception) -> Response:
            response = await handle(request, error)
            if not wants_page(request):
                return response
            page = await self._problem(
                request, response.status_code, malformed=isinstance(error, Malformed), error=error
            )
            for name in ("Retry-After", "Allow"):
                if name in response.headers:
                    page.headers[name] = response.headers[name]
            return page

        return handle_both

    async def refused(self, request: Request, error: Exception) -> Response:
        """A page with the rules' sentence."""
        assert isinstance(error, Refused)
        return await self.refusal(request, error)

    async def refusal(self, request: Request, refused: Refused) -> Response:
        """The same, for a refusal that was caught."""
        sentence = refusal_sentence(language_of(request), refused.refusal)
        view = Problem("problem.refused", sentence, _back(request), refused.refusal.code)
        return await self.page(request, view, refused.status)

    async def form_too_old(self, request: Request, _: Exception) -> Response:
        """A page that says how to go on."""
        view = Problem("problem.form", say(language_of(request), "problem.form_text"), _back(request))
        return await self.page(request, view, 403)

    async def signed_out(self, request: Request, _: Exception) -> Response:
        """The page that asks who it is; the browser forgets the session."""
        area = next(area for area in AREAS if request.url.path.startswith(area.path))
        response = await self.page(request, area.first(say(language_of(request), "fault.ended")), 403)
        self.forget(request, response, area)
        return response

    async def _problem(self, request: Request, status: int, *, malformed: bool, error: Exception) -> Response:
        lang = language_of(request)
        key = "problem.malformed" if malformed else f"problem.status_{status}"
        if not has_words(lang, key):
            key = "problem.status_400"
        minutes = -(-error.retry_after // 60) if isinstance(error, TooMany) else 1
        view = Problem(key, say(lang, f"{key}_text", minutes=minutes), None if status == 404 else _back(request))
        return await self.page(request, view, status)

    @property
    def error_handlers(self) -> Mapping[type[Exception], ErrorHandler]:
        """Of what only pages raise."""
        return {Refused: self.refused, FormTooOld: self.form_too_old, SignedOut: self.signed_out}


def style_route() -> Route:
    """The pages' style. Its path changes with it, so a browser keeps it."""

    async def style(_: Request) -> Response:
        kept = {"Cache-Control": f"public, max-age={_YEAR}, immutable"}
        return Response(rendering.STYLE, media_type="text/css", headers=kept)

    return Route(rendering.STYLE_PATH, style, methods=["GET"])


def wants_page(request: Request) -> bool:
    """Whether a browser asks."""
    return "text/html" in request.headers.get("accept", "")


def language_of(request: Request) -> str:
    """What was chosen by a link, now or before; else what the browser prefers."""
    for chosen in (request.query_params.get("lang"), request.cookies.get("lang")):
        if chosen in LANGUAGES:
            return chosen
    return preferred(request.headers.get("accept-language", ""))


def browser_of(request: Request) -> str:
    """The browser's name; a new one where it has none."""
    name = request.cookies.get("browser", "")
    return name if _RANDOM.fullmatch(name) else secrets.token_urlsafe(32)


def session_of(request: Request, area: Area) -> str:
    """The session of an area; empty if there is none."""
    session = request.cookies.get(area.name, "")
    return session if len(session) <= 100 and session.isascii() else ""


def address_of(request: Request) -> str:
    """The client's address, for the limits."""
    return request.client.host if request.client else "unknown"


def field(fields: Mapping[str, str], name: str, most: int) -> str:
    """A field without spaces around it. Raises ``HTTPException`` where it is missing, or longer than ``most``."""
    text = fields.get(name, "").strip()
    if name not in fields or len(text) > most:
        raise HTTPException(400)
    return text


def see_other(path: str, done: str | None = None) -> Response:
    """Go on with another page, which says what has been done."""
    return RedirectResponse(path if done is None else f"{path}?done={done}", 303)


def _back(request: Request) -> str | None:
    for path in (*(area.path for area in AREAS), "/v1/offline"):
        if request.url.path.startswith(path):
            return path
    return None


def _set_cookie(
    request: Request, response: Response, name: str, value: str, *, seconds: int | None = None, path: str = "/"
) -> None:
    # Without TLS a cookie is kept only on this computer: elsewhere a proxy has to speak TLS, or nothing is kept.
    local = request.url.scheme == "http" and request.url.hostname in _LOOPBACK
    # A link from elsewhere brings no session. It does bring the browser's name: with a new one, its code is worthless.
    samesite: Literal["strict", "lax"] = "lax" if path == "/" else "strict"
    response.set_cookie(name, value, max_age=seconds, path=path, secure=not local, httponly=True, samesite=samesite)
