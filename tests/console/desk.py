"""A daemon with its console on a loopback port, and a browser's half of the conversation."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from html import unescape
from pathlib import Path
from typing import Any

import httpx

from fiscald.api.client import AsyncClient
from fiscald.config_listen import ListenConfig
from tests.daemons import Running, running
from tests.networked import free_port


class Desk:
    """A person at the console."""

    def __init__(self, it: Running, http: httpx.AsyncClient) -> None:
        self.it = it
        self.http = http
        self.client: AsyncClient = it.client

    async def sign_in(self) -> None:
        link = await self.client.console_link()
        shown = await self.http.get(link.url)
        assert shown.status_code == 200, shown.text
        entered = await self.http.post("/console/sign-in", data={"link": link.url.partition("link=")[2]})
        assert entered.status_code == 303, entered.text

    async def get(self, path: str, **query: Any) -> httpx.Response:
        return await self.http.get(f"/console/{path}", params=query)

    async def post(self, path: str, fields: dict[str, Any], *, page: str | None = None) -> httpx.Response:
        """Send a form; its token is that of ``page``, by default the page with the form's own address."""
        shown = await self.http.get(f"/console/{page or ''}")
        found = re.search(r'name="csrf" value="([^"]+)"', shown.text)
        assert found is not None, shown.text
        return await self.http.post(f"/console/{path}", data={"csrf": found[1], **fields})


def text_of(answer: httpx.Response) -> str:
    """What a person reads of a page."""
    body = re.sub(r"<(script|style|title)\b.*?</\1>", "", answer.text, flags=re.DOTALL)
    return unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", body)))


@asynccontextmanager
async def desk(directory: Path, *, language: str = "en", signed_in: bool = True, **options: Any) -> AsyncIterator[Desk]:
    """A daemon with a console, and a person who is signed in."""
    listen = ListenConfig(address=f"127.0.0.1:{free_port()}")
    async with (
        running(directory, listen=listen, **options) as it,
        httpx.AsyncClient(base_url=listen.url, headers={"Accept-Language": language}, timeout=20) as http,
    ):
        at = Desk(it, http)
        if signed_in:
            await at.sign_in()
        yield at
