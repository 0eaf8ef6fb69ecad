"""The customer's page: a code by e-mail, then licences with their computers, and orders."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from fiscald.licence.server.desk import CustomerDesk
from fiscald.licence.server.pages.rendering import say
from fiscald.licence.server.pages.views import AskCode, EnterCode
from fiscald.licence.server.refusals import Refused
from fiscald.licence.server.web import (
    ACCOUNT,
    Web,
    address_of,
    browser_of,
    field,
    language_of,
    see_other,
    session_of,
)

MAX_EMAIL = 254
MAX_CODE = 20
MAX_ID = 200


def account_routes(web: Web, desk: CustomerDesk) -> list[Route]:
    """The routes below ``/account``."""

    async def show(request: Request) -> Response:
        session = session_of(request, ACCOUNT)
        if not session:
            return await web.page(request, AskCode())
        view = await web.run(desk.account, session)
        return await web.page(request, view, area=ACCOUNT, session=session)

    async def request_code(request: Request) -> Response:
        fields = await web.form(request)
        email, lang = field(fields, "email", MAX_EMAIL), language_of(request)
        try:
            await web.run(desk.request_code, email, lang, browser_of(request), address_of(request))
        except Refused as refused:
            if refused.refusal.code != "email_invalid":
                raise
            return await web.page(request, AskCode(email, say(lang, "fault.email")), 422)
        web.wake()
        return await web.page(request, EnterCode(email))

    async def confirm(request: Request) -> Response:
        fields = await web.form(request)
        email, code = field(fields, "email", MAX_EMAIL), field(fields, "code", MAX_CODE)
        try:
            session = await web.run(desk.confirm, email, code, browser_of(request), address_of(request))
        except Refused as refused:
            if refused.refusal.code != "code_wrong":
                raise
            return await web.page(request, EnterCode(email, say(language_of(request), "fault.code")), 403)
        response = see_other(ACCOUNT.path)
        web.keep(request, response, ACCOUNT, session)
        return response

    async def free_seat(request: Request) -> Response:
        session = session_of(request, ACCOUNT)
        fields = await web.form(request, session)
        await web.run(desk.free_seat, session, field(fields, "seat", MAX_ID))
        web.wake()
        return see_other(ACCOUNT.path, "seat_freed")

    async def resend(request: Request) -> Response:
        session = session_of(request, ACCOUNT)
        fields = await web.form(request, session)
        await web.run(desk.resend, session, field(fields, "order", MAX_ID))
        web.wake()
        return see_other(ACCOUNT.path, "resent")

    async def leave(request: Request) -> Response:
        session = session_of(request, ACCOUNT)
        await web.form(request, session)
        await web.run(desk.leave, session)
        response = see_other(ACCOUNT.path)
        web.forget(request, response, ACCOUNT)
        return response

    return [
        Route("/account", show, methods=["GET"]),
        Route("/account/code", request_code, methods=["POST"]),
        Route("/account/confirm", confirm, methods=["POST"]),
        Route("/account/seats/free", free_seat, methods=["POST"]),
        Route("/account/orders/resend", resend, methods=["POST"]),
        Route("/account/sign-out", leave, methods=["POST"]),
    ]
