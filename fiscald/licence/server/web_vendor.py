"""The vendor's page: searching licences, and what an administrator decides about one."""

from __future__ import annotations

import re

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from fiscald.licence.server.desk import SignedOut, VendorDesk
from fiscald.licence.server.pages.rendering import say
from fiscald.licence.server.pages.views import VendorSignIn
from fiscald.licence.server.refusals import Refused
from fiscald.licence.server.web import VENDOR, Web, address_of, field, language_of, see_other, session_of

MAX_TOKEN = 200
MAX_SEARCH = 200
MAX_ID = 200
MAX_SENTENCE = 300
ROWS = 50
AUDIT_ROWS = 100
TWIN_ROWS = 200
_LICENCE = re.compile(r"[A-Za-z0-9_-]{1,64}", re.ASCII)


def vendor_routes(web: Web, desk: VendorDesk) -> list[Route]:
    """The routes below ``/vendor``."""

    async def search(request: Request) -> Response:
        session = session_of(request, VENDOR)
        if not session:
            return await web.page(request, VendorSignIn())
        text, after = request.query_params.get("q", "").strip(), request.query_params.get("after")
        if len(text) > MAX_SEARCH or (after is not None and len(after) > MAX_ID):
            raise HTTPException(400)
        view = await web.run(desk.vendor_search, session, text, after, ROWS)
        return await web.page(request, view, area=VENDOR, session=session)

    async def enter(request: Request) -> Response:
        fields = await web.form(request)
        try:
            session = await web.run(desk.vendor_enter, field(fields, "token", MAX_TOKEN), address_of(request))
        except Refused:
            return await web.page(request, VendorSignIn(say(language_of(request), "fault.token")), 403)
        response = see_other(VENDOR.path)
        web.keep(request, response, VENDOR, session)
        return response

    async def licence(request: Request) -> Response:
        session = _signed_in(request)
        view = await web.run(desk.vendor_licence, session, _licence(request.path_params["licence"]), AUDIT_ROWS)
        return await web.page(request, view, area=VENDOR, session=session)

    async def twins(request: Request) -> Response:
        session = _signed_in(request)
        view = await web.run(desk.vendor_twins, session, TWIN_ROWS)
        return await web.page(request, view, area=VENDOR, session=session)

    async def unbind(request: Request) -> Response:
        session = session_of(request, VENDOR)
        fields = await web.form(request, session)
        licence = _licence(field(fields, "licence", MAX_ID))
        await web.run(desk.vendor_unbind, session, licence, field(fields, "seat", MAX_ID))
        web.wake()
        return see_other(f"/vendor/licences/{licence}", "unbound")

    async def resend(request: Request) -> Response:
        session = session_of(request, VENDOR)
        fields = await web.form(request, session)
        licence = _licence(field(fields, "licence", MAX_ID))
        await web.run(desk.vendor_resend, session, licence, field(fields, "order", MAX_ID))
        web.wake()
        return see_other(f"/vendor/licences/{licence}", "resent")

    async def suspend(request: Request) -> Response:
        session = session_of(request, VENDOR)
        fields = await web.form(request, session)
        licence, sentence = _licence(field(fields, "licence", MAX_ID)), field(fields, "sentence", MAX_SENTENCE)
        if not sentence:
            raise HTTPException(400)
        await web.run(desk.vendor_suspend, session, licence, sentence)
        web.wake()
        return see_other(f"/vendor/licences/{licence}", "suspended")

    async def reinstate(request: Request) -> Response:
        session = session_of(request, VENDOR)
        fields = await web.form(request, session)
        licence, sentence = _licence(field(fields, "licence", MAX_ID)), field(fields, "sentence", MAX_SENTENCE)
        await web.run(desk.vendor_reinstate, session, licence, sentence)
        web.wake()
        return see_other(f"/vendor/licences/{licence}", "reinstated")

    async def leave(request: Request) -> Response:
        session = session_of(request, VENDOR)
        await web.form(request, session)
        await web.run(desk.vendor_leave, session)
        response = see_other(VENDOR.path)
        web.forget(request, response, VENDOR)
        return response

    return [
        Route("/vendor", search, methods=["GET"]),
        Route("/vendor/sign-in", enter, methods=["POST"]),
        Route("/vendor/licences/{licence}", licence, methods=["GET"]),
        Route("/vendor/twins", twins, methods=["GET"]),
        Route("/vendor/unbind", unbind, methods=["POST"]),
        Route("/vendor/resend", resend, methods=["POST"]),
        Route("/vendor/suspend", suspend, methods=["POST"]),
        Route("/vendor/reinstate", reinstate, methods=["POST"]),
        Route("/vendor/sign-out", leave, methods=["POST"]),
    ]


def _signed_in(request: Request) -> str:
    session = session_of(request, VENDOR)
    if not session:
        raise SignedOut
    return session


def _licence(text: str) -> str:
    """The id of a licence, safe in a path."""
    if not _LICENCE.fullmatch(text):
        raise HTTPException(404)
    return text
