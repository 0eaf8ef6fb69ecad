"""One request to the console: who asks, in which language, and how pages and forms are made for that person."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode

import anyio
import anyio.to_thread
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import ClientDisconnect, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from fiscald import __version__
from fiscald.api.calling import Refused
from fiscald.console.inside import Inside
from fiscald.console.languages import LANGUAGES, Words, preferred
from fiscald.console.programs import Programs
from fiscald.console.sessions import Session
from fiscald.model.rights import Right

FOLDER = Path(__file__).parent
#: Bytes and fields of a form, and seconds in which it must arrive.
MAX_FORM, MAX_FIELDS, FORM_SECONDS = 128 * 1024, 400, 10.0
#: Of requests by htmx, which replace a part of a page.
PART = "hx-request"

_templates = Environment(
    loader=FileSystemLoader(FOLDER / "templates"),
    autoescape=True,
    auto_reload=False,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_templates.globals["version"] = __version__
_templates.globals["languages"] = LANGUAGES
for _name in _templates.list_templates(["html"]):
    _templates.get_template(_name)  # compiled when the console is loaded, not while a person waits


class Unfit(Exception):
    """A request that no page of the console makes; ``status`` is its HTTP status."""

    def __init__(self, status: int) -> None:
        self.status = status
        super().__init__(f"HTTP {status}")


class Blanks(dict[str, str]):
    """Texts by field; a field without one has the empty text."""

    def __missing__(self, _: str) -> str:
        return ""


class Form:
    """The fields of a form, as they were typed, without blanks around them."""

    def __init__(self, fields: list[tuple[str, str]]) -> None:
        self._fields = fields

    def __getitem__(self, name: str) -> str:
        """The field, or the empty text."""
        return next((value.strip() for field, value in self._fields if field == name), "")

    def all(self, name: str) -> list[str]:
        """Every field with this name, in order."""
        return [value.strip() for field, value in self._fields if field == name]

    def typed(self) -> dict[str, str]:
        """All fields by name, to show them again."""
        return {name: value for name, value in reversed(self._fields) if name != "csrf"}


class Visit:
    """A request, and everything that answers it."""

    def __init__(self, request: Request, session: Session | None, api: Inside, programs: Programs) -> None:
        self.request = request
        self.api = api
        self.programs = programs
        self.form = Form([])
        self._session = session
        chosen = None if session is None else session.language
        # Without a session only: what a page loads later would not know it.
        asked = request.query_params.get("lang", "") if session is None else ""
        self.t = Words(
            chosen or (asked if asked in LANGUAGES else preferred(request.headers.get("accept-language", "")))
        )

    @property
    def session(self) -> Session:
        """The session; pages without one do not ask."""
        assert self._session is not None
        return self._session

    @property
    def query(self) -> Mapping[str, str]:
        """The parameters of the address."""
        return self.request.query_params

    @property
    def is_part(self) -> bool:
        """Whether htmx asks, for a part of a page."""
        return PART in self.request.headers

    # -- reading --------------------------------------------------------------------------------------

    async def read_form(self, *, of_session: bool) -> None:
        """Read the form of a POST; ``of_session``: it must carry the session's token.

        Raises ``Unfit``: too large, too slow, no form, or sent by another site.
        """
        if self.request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
            raise Unfit(403)
        body = bytearray()
        try:
            with anyio.fail_after(FORM_SECONDS):
                async for chunk in self.request.stream():
                    body += chunk
                    if len(body) > MAX_FORM:
                        raise Unfit(413)
        except TimeoutError:
            raise Unfit(408) from None
        except ClientDisconnect:
            raise Unfit(400) from None
        if self.request.headers.get("content-type", "").partition(";")[0].strip() != (
            "application/x-www-form-urlencoded"
        ):
            raise Unfit(400)
        try:
            fields = parse_qsl(
                body.decode("ascii"), keep_blank_values=True, max_num_fields=MAX_FIELDS, errors="replace"
            )
        except ValueError:
            raise Unfit(400) from None
        self.form = Form(fields)
        if of_session and not hmac.compare_digest(
            self.session.csrf.encode(), self.form["csrf"].encode("utf-8", "replace")
        ):
            raise Unfit(403)

    # -- answering ------------------------------------------------------------------------------------

    async def page(self, template: str, status: int = 200, /, **facts: Any) -> Response:
        """A page with everything around it: navigation, licence, language."""
        hello, licence = await self.api.hello(), await self.api.licence()
        rights = {Right(each) for each in hello["rights"] if each in list(Right)}
        path = self.request.url.path
        # For a person who can do something about it; the others see a line.
        opens = not licence["may_print"] and not self.session.without_licence and Right.LICENCE in rights
        return await self.plain(
            template,
            status,
            hello=hello,
            licence=licence,
            rights=rights,
            csrf=self.session.csrf,
            person=self.session.person.name,
            opens_registration=opens and not path.startswith(("/console/licence", "/console/about")),
            here=self.here,
            path=path,
            **{name: Blanks(fact) if name in ("typed", "mistakes", "wrong") else fact for name, fact in facts.items()},
        )

    async def plain(self, template: str, status: int = 200, /, **facts: Any) -> Response:
        """A page for a reader who need not be signed in."""
        # In a thread: a long list takes longer than the others may wait.
        render = partial(_templates.get_template(template).render, t=self.t, url=url, **facts)
        return HTMLResponse(await anyio.to_thread.run_sync(render), status)

    @property
    def here(self) -> str:
        """The address of this page, for links that come back to it."""
        query = self.request.url.query
        return f"{self.request.url.path}?{query}" if query and self.request.method == "GET" else self.request.url.path

    def go(self, path: str, **query: Any) -> Response:
        """Show another page: after a form that did something."""
        return RedirectResponse(url(path, **query), 303)

    def to(self, address: str) -> Response:
        """Show the page at an address of the console."""
        return RedirectResponse(address, 303)

    async def refused(self, refused: Refused) -> Response:
        """A page with what the API says against the request."""
        problem = refused.problem
        return await self.page("problem.html", refused.status, problem=problem, title=None)


def url(path: str, **query: Any) -> str:
    """An address of the console with its parameters."""
    given = {name: value for name, value in query.items() if value not in (None, "")}
    return f"/console/{path}" + (f"?{urlencode(given, quote_via=quote, safe='/')}" if given else "")
