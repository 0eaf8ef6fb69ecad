"""The server behind a reverse proxy: the limits count by the client's address, whatever the client says about it."""

from __future__ import annotations

import os
import re
import shutil
import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import anyio
import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from fiscald.licence import wire
from fiscald.licence.server.serving import Door, bind, serve
from fiscald.licence.server.tls import ServerCertificate
from tests.licence.server.https import RunningVendor, throwaway_tls, vendor_server
from tests.licence.server.running import BAKERY, F1, Clock, Computer
from tests.licence.server.test_app import free_port

DOCS = (Path(__file__).parents[3] / "docs" / "vendor.md").read_text("utf-8")


def block(language: str) -> str:
    (found,) = re.findall(rf"^```{language}\n(.*?)^```", DOCS, re.DOTALL | re.MULTILINE)
    return str(found)


class Silence:
    """An outbox for a server that sends no mail."""

    async def run(self) -> None:
        await anyio.sleep_forever()


@asynccontextmanager
async def own_proxy(directory: Path, upstream: str, *, appends: bool) -> AsyncIterator[tuple[str, Path]]:
    """A small reverse proxy that ends TLS, and appends the client's address to X-Forwarded-For or replaces it."""
    tls, ca_file = throwaway_tls(directory)
    listener = bind("127.0.0.1", 0)
    async with httpx.AsyncClient(base_url=upstream) as http, anyio.create_task_group() as tasks:

        async def forward(request: Request) -> Response:
            assert request.client is not None
            former = request.headers.getlist("x-forwarded-for") if appends else []
            headers = {"X-Forwarded-For": ", ".join([*former, request.client.host])}
            got = await http.request(request.method, request.url.path, content=await request.body(), headers=headers)
            return Response(got.content, got.status_code, media_type=got.headers.get("content-type"))

        app = Starlette(routes=[Route("/{path:path}", forward, methods=["GET", "POST"])])
        door = Door(app, listener, tls=ServerCertificate(tls))
        url = f"https://localhost:{listener.getsockname()[1]}"

        async def run(*, task_status: anyio.abc.TaskStatus[None]) -> None:
            await serve([door], Silence(), task_status=task_status)

        await tasks.start(run)
        yield url, ca_file
        tasks.cancel_scope.cancel()


@asynccontextmanager
async def installed_proxy(
    directory: Path, command: list[str], port: int, ca_file: Path
) -> AsyncIterator[tuple[str, Path]]:
    """A proxy as a process; it listens on ``port``."""
    environment = os.environ | {"HOME": str(directory), "XDG_DATA_HOME": str(directory)}
    with (directory / "proxy.log").open("wb") as log:
        process = await anyio.open_process(command, stdin=None, stdout=log, stderr=log, env=environment)
    try:
        with anyio.fail_after(20):
            while not _listens(port):
                assert process.returncode is None, (directory / "proxy.log").read_text()
                await anyio.sleep(0.05)
        yield f"https://localhost:{port}", ca_file
    finally:
        process.terminate()
        await process.wait()


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def nginx(directory: Path, upstream: str, port: int) -> list[str]:
    """The documented configuration with the names of a test."""
    text = block("nginx").replace("server 127.0.0.1:8080", f"server 127.0.0.1:{upstream.rpartition(':')[2]}")
    text = text.replace("listen 443 ssl", f"listen 127.0.0.1:{port} ssl").replace("    listen [::]:443 ssl;\n", "")
    text = re.sub(r"ssl_certificate /.*;", f"ssl_certificate {directory}/tls.pem;", text)
    text = re.sub(r"ssl_certificate_key /.*;", f"ssl_certificate_key {directory}/tls.key;", text)
    kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    places = "".join(f"{kind}_temp_path {directory}/{kind};\n" for kind in kinds)
    head = f"daemon off;\nmaster_process off;\npid {directory}/pid;\nerror_log stderr;\nevents {{}}\n"
    (directory / "nginx.conf").write_text(f"{head}http {{\naccess_log off;\n{places}{text}}}\n")
    return ["nginx", "-e", "stderr", "-p", str(directory), "-c", str(directory / "nginx.conf")]


def caddy(directory: Path, upstream: str, port: int) -> list[str]:
    """The same."""
    text = block("caddyfile").replace("127.0.0.1:8080", f"127.0.0.1:{upstream.rpartition(':')[2]}")
    site = f"https://localhost:{port} {{\n    tls {directory}/tls.pem {directory}/tls.key\n"
    text = text.replace("licence.vendor.example {\n", site).replace("{\n", "{\n    admin off\n    auto_https off\n", 1)
    (directory / "Caddyfile").write_text(text)
    return ["caddy", "run", "--config", str(directory / "Caddyfile"), "--adapter", "caddyfile"]


@asynccontextmanager
async def proxy(kind: str, directory: Path, upstream: str) -> AsyncIterator[tuple[str, Path]]:
    directory.mkdir()
    if kind in ("appends", "replaces"):
        async with own_proxy(directory, upstream, appends=kind == "appends") as it:
            yield it
        return
    if shutil.which(kind) is None:
        pytest.skip(f"no {kind} here")
    _, ca_file = throwaway_tls(directory)
    port = free_port()
    command = {"nginx": nginx, "caddy": caddy}[kind](directory, upstream, port)
    async with installed_proxy(directory, command, port, ca_file) as it:
        yield it


async def activate(it: RunningVendor, clock: Clock, url: str, ca_file: Path, address: str, number: int) -> int:
    """Try a number from a network address, with an invented X-Forwarded-For; the status."""
    transport = httpx.AsyncHTTPTransport(verify=ssl.create_default_context(cafile=ca_file), local_address=address)
    async with httpx.AsyncClient(base_url=url, transport=transport) as http:
        token = Computer(clock, number).sign(wire.Activate, number=F1, company=BAKERY)
        spoofed = {"X-Forwarded-For": f"198.51.100.{number}, 203.0.113.{number}"}
        return (await http.post("/v1/activate", content=token, headers=spoofed)).status_code


@pytest.mark.daily
@pytest.mark.slow
@pytest.mark.whole
@pytest.mark.parametrize("kind", ["appends", "replaces", "nginx", "caddy"])
async def test_limits_count_by_the_address_that_the_proxy_saw(tmp_path: Path, kind: str) -> None:
    clock = Clock()
    async with (
        vendor_server(tmp_path, clock=clock, is_plain=True, trusted_proxies=("127.0.0.1",)) as it,
        proxy(kind, tmp_path / "proxy", it.url) as (url, ca_file),
    ):
        statuses: list[int] = []
        while 429 not in statuses and len(statuses) < 60:
            statuses.append(await activate(it, clock, url, ca_file, "127.0.0.7", len(statuses)))
        assert 429 in statuses[1:]
        assert await activate(it, clock, url, ca_file, "127.0.0.8", 100) != 429


async def test_a_proxy_that_is_not_named_is_noticed(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    clock = Clock()
    async with vendor_server(tmp_path, clock=clock, trusted_proxies=("127.0.0.9",)) as it:
        await activate(it, clock, it.url, it.ca_file, "127.0.0.9", 0)
        assert it.connections.counts["unnamed_proxy"] == 0
        await activate(it, clock, it.url, it.ca_file, "127.0.0.7", 1)
        assert it.connections.counts["unnamed_proxy"] == 1
        assert "trusted_proxies does not name" in caplog.text
        assert "127.0.0.7" not in caplog.text


async def test_a_client_without_proxy_cannot_invent_its_address(tmp_path: Path) -> None:
    clock = Clock()
    async with vendor_server(tmp_path, clock=clock, trusted_proxies=("127.0.0.1",)) as it:
        statuses = []
        for number in range(60):
            statuses.append(await activate(it, clock, it.url, it.ca_file, "127.0.0.7", number))
            if statuses[-1] == 429:
                break
        assert statuses[-1] == 429
