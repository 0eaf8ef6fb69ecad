"""The page of ``docs/browser.md`` prints from a site on the internet, in Chromium: Local Network Access included."""

from __future__ import annotations

import re
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import anyio
import anyio.abc
import pytest
from anyio.streams.tls import TLSListener

from fiscald import certificates
from tests.browser.chromium import CHROMIUM, Browser, Page, chromium
from tests.networked import Networked, certificate, networked

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium here (apt-get install chromium)"),
]
DOCS = Path(__file__).parents[2] / "docs" / "browser.md"
HOST = "pos.example.pl"


def the_page() -> str:
    found = re.search(r"```html\n(.*?)```", DOCS.read_text("utf-8"), re.DOTALL)
    assert found is not None
    return found[1]


@asynccontextmanager
async def site(folder: Path) -> AsyncIterator[tuple[str, bytes]]:
    """A web site on the internet: its origin, and its certificate."""
    pem, key = certificates.make([HOST])
    (folder / "site.pem").write_bytes(pem + key)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(folder / "site.pem")
    content = the_page().encode()

    async def serve(link: anyio.abc.ByteStream) -> None:
        try:
            async with link:
                await link.receive()
                head = f"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: {len(content)}\r\nConnection: close\r\n\r\n"
                await link.send(head.encode() + content)
        except (anyio.BrokenResourceError, anyio.EndOfStream):
            pass

    async with await anyio.create_tcp_listener(local_host="127.0.0.1") as listener, anyio.create_task_group() as tasks:
        port = listener.extra(anyio.abc.SocketAttribute.local_port)
        tasks.start_soon(TLSListener(listener, context, standard_compatible=False).serve, serve)
        yield f"https://{HOST}:{port}", pem
        tasks.cancel_scope.cancel()


@asynccontextmanager
async def browsing(folder: Path, origin: str, pem: bytes) -> AsyncIterator[Browser]:
    """A browser for which the site is on the internet, and the daemon on its own computer."""
    port = origin.rpartition(":")[2]
    options = (
        f"--host-resolver-rules=MAP {HOST} 127.0.0.1", f"--ip-address-space-overrides=127.0.0.1:{port}=public",
    )  # fmt: skip
    async with chromium(folder, [pem, certificate()[0]], *options) as browser:
        yield browser


async def print_on(page: Page, door: Networked, token: str) -> str:
    """What the page says in the end."""
    await page.run(f"form.url.value = {door.listen.url!r}; form.token.value = {token!r}; form.requestSubmit(); true")
    said: str = await page.until("answer.value")
    return said


@pytest.mark.parametrize("tls", [True, False], ids=["tls", "plain"])
async def test_the_page_prints(tmp_path: Path, *, tls: bool) -> None:
    async with site(tmp_path) as (origin, pem), networked(tmp_path, tls=tls, origins=(origin,)) as door:
        token = await door.token("browser", ["print"], printers=["till1"])
        async with browsing(tmp_path, origin, pem) as browser:
            await browser.call("Browser.grantPermissions", origin=origin, permissions=["loopbackNetwork"])
            page = await browser.open(origin)
            assert await print_on(page, door, token) == "done 1", browser.console
            await page.run("answer.value = ''; true")
            assert await print_on(page, door, token) == "done 2", "another sale has another key"
            assert await page.run("localStorage.getItem('token')") == token
        assert (await door.it.client.printer("till1")).counters is not None


async def test_without_permission_the_page_says_what_to_do(tmp_path: Path) -> None:
    async with site(tmp_path) as (origin, pem), networked(tmp_path, origins=(origin,)) as door:
        token = await door.token("browser", ["print"])
        async with browsing(tmp_path, origin, pem) as browser:
            denied = {"name": "loopback-network"}
            await browser.call("Browser.setPermission", permission=denied, setting="denied", origin=origin)
            page = await browser.open(origin)
            assert "may this page use the local network?" in await print_on(page, door, token)
            assert any("address space" in line for line in browser.console), browser.console
        assert (await door.it.client.jobs()).jobs == ()


async def test_a_site_that_is_not_configured_cannot_call(tmp_path: Path) -> None:
    async with site(tmp_path) as (origin, pem), networked(tmp_path, origins=("https://other.example.pl",)) as door:
        token = await door.token("browser", ["print"])
        async with browsing(tmp_path, origin, pem) as browser:
            await browser.call("Browser.grantPermissions", origin=origin, permissions=["loopbackNetwork"])
            page = await browser.open(origin)
            assert "no answer" in await print_on(page, door, token)
            assert any("Access-Control-Allow-Origin" in line for line in browser.console), browser.console
        assert (await door.it.client.jobs()).jobs == ()


async def test_the_page_can_read_a_refusal(tmp_path: Path) -> None:
    async with (
        site(tmp_path) as (origin, pem),
        networked(tmp_path, origins=(origin,), licensed=False, ready=False) as door,
        browsing(tmp_path, origin, pem) as browser,
    ):
        await browser.call("Browser.grantPermissions", origin=origin, permissions=["loopbackNetwork"])
        page = await browser.open(origin)
        assert await print_on(page, door, "wrong") == "Token dostępu jest nieprawidłowy. Zgłoś administratorowi."


def test_the_page_is_short() -> None:
    assert len(the_page().splitlines()) <= 35
