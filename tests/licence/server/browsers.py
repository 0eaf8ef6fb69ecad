"""A browser for the pages: it keeps cookies, fills in forms, and holds every page to the rules."""

from __future__ import annotations

from http.cookies import SimpleCookie

import httpx
from starlette.types import ASGIApp

from fiscald.licence.server.headers import POLICY
from tests.licence.server.desks import CODE, TOKEN, FakeDesk
from tests.licence.server.html_check import Page, faults

HTML = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8", "Accept-Language": "en"}
EMAIL = "anna@zurek.pl"


class Browser:
    """A browser that keeps cookies and fills in forms."""

    def __init__(self, app: ASGIApp, url: str = "https://vendor.example") -> None:
        self.http = httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url=url, headers=HTML)
        self.page = Page("<body></body>")

    async def get(self, path: str) -> httpx.Response:
        return self._seen(await self.http.get(path))

    async def send(self, action: str, /, hidden: dict[str, str] | None = None, **typed: str) -> httpx.Response:
        """Send the form of the page that leads there, and follow its answer as browsers do."""
        form = self.page.form(action, **(hidden or {}))
        response = await self.http.post(action, data=form.fields | typed)
        if response.status_code == 303:
            response = await self.http.get(response.headers["location"])
        return self._seen(response)

    async def sign_in(self) -> None:
        await self.get("/account")
        await self.send("/account/code", email=EMAIL)
        await self.send("/account/confirm", code=CODE)
        assert "Your licences" in self.page.text

    async def enter(self) -> None:
        await self.get("/vendor")
        await self.send("/vendor/sign-in", token=TOKEN)
        assert "Licences" in self.page.text

    def _seen(self, response: httpx.Response) -> httpx.Response:
        self.page = Page(response.text)
        assert faults(self.page, "en") == []
        assert response.headers["content-security-policy"] == POLICY
        assert response.headers["cache-control"] == "no-store"
        return response


def calls(desk: FakeDesk, name: str) -> list[tuple[object, ...]]:
    return [call[1:] for call in desk.calls if call[0] == name]


def cookies(response: httpx.Response) -> dict[str, dict[str, str]]:
    kept: dict[str, dict[str, str]] = {}
    for header in response.headers.get_list("set-cookie"):
        for name, morsel in SimpleCookie(header).items():
            kept[name] = {"value": morsel.value, **{key: str(value) for key, value in morsel.items()}}
    return kept
