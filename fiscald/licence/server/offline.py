"""The page for a till without internet: a request file in, a certificate out, as a file, as text and as a QR code.

Browsers get pages; programs get what is signed.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from fiscald.licence.certificate import armour
from fiscald.licence.server.forms import read_file, read_form
from fiscald.licence.server.pages.views import OfflineCertificate, OfflineForm
from fiscald.licence.server.request_handler import FileReply, RequestHandler
from fiscald.licence.server.web import FormTooOld, Web, address_of, wants_page

MAX_FILE = 16 * 1024
#: A certificate in a form: every line break is three characters longer.
MAX_CERTIFICATE = 32 * 1024
JOSE = "application/jose"


def offline_routes(
    web: Web, handler: RequestHandler, product_url: str | None, count: Callable[[int, str | None], None]
) -> list[Route]:
    """The routes below ``/v1/offline``. ``count`` gets every answer to a file."""

    async def form(request: Request) -> Response:
        return await web.page(request, OfflineForm(product_url))

    async def exchange(request: Request) -> Response:
        reply: FileReply = await web.run(handler.answer_file, await read_file(request, MAX_FILE), address_of(request))
        web.wake()
        count(reply.said.status, reply.said.text)
        if not wants_page(request):
            if reply.certificate is not None:
                return PlainTextResponse(armour(reply.certificate))
            return Response(reply.said.text, reply.said.status, media_type=JOSE)
        if reply.refused is not None:
            return await web.refusal(request, reply.refused)
        token = reply.certificate or ""
        text = armour(token)
        picture = await web.run(_picture, token)
        return await web.page(request, OfflineCertificate(text, web.seal("certificate", text), picture))

    async def file(request: Request) -> Response:
        """The certificate of the page as a file. The seal proves that it is one: nothing else is given back."""
        fields = await read_form(request, MAX_CERTIFICATE)
        text = fields.get("text", "").strip().replace("\r\n", "\n") + "\n"
        if not hmac.compare_digest(web.seal("certificate", text).encode(), fields.get("seal", "").encode()):
            raise FormTooOld
        return PlainTextResponse(text, headers={"Content-Disposition": 'attachment; filename="certificate.txt"'})

    return [
        Route("/v1/offline", form, methods=["GET"]),
        Route("/v1/offline", exchange, methods=["POST"]),
        Route("/v1/offline/file", file, methods=["POST"]),
    ]


def _picture(token: str) -> str | None:
    """The QR code as a data URL where segno is installed; the text does as well."""
    try:
        import segno
    except ImportError:
        return None
    url: str = segno.make(token, error="l", micro=False).svg_data_uri(scale=4, border=4, light="#fff", omitsize=False)
    return url
