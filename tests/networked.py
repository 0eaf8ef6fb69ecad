"""A daemon that also listens on TCP: with TLS or without, and clients that speak to it there."""

from __future__ import annotations

import socket
import ssl
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import httpx

from fiscald import certificates
from fiscald.config_listen import ListenConfig
from tests.daemons import Running, running

NAMES = ("localhost", "127.0.0.1", "till.example.pl", "*.shop.example.pl")
ORIGIN = "https://pos.example.pl"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@cache
def certificate() -> tuple[bytes, bytes]:
    """One certificate and key for all tests."""
    return certificates.make(NAMES)


def write_certificate(folder: Path, pair: tuple[bytes, bytes] | None = None) -> tuple[Path, Path]:
    paths = folder / "fiscald.pem", folder / "fiscald.key"
    for path, content in zip(paths, pair or certificate(), strict=True):
        path.write_bytes(content)
    return paths


def listen_config(folder: Path, *, tls: bool = True, origins: Iterable[str] = (ORIGIN,), **more: Any) -> ListenConfig:
    files: dict[str, Any] = {}
    if tls:
        files = dict(zip(("certificate", "key"), write_certificate(folder), strict=True))
    return ListenConfig(address=f"127.0.0.1:{free_port()}", origins=tuple(origins), **files, **more)


def trusting(folder: Path) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=folder / "fiscald.pem")


@dataclass
class Networked:
    """A daemon, and its door to the network."""

    it: Running
    folder: Path
    listen: ListenConfig
    context: ssl.SSLContext | bool = field(default=True)

    @property
    def port(self) -> int:
        return self.listen.port

    async def token(self, name: str = "erp", rights: Iterable[str] = ("print", "report"), **more: Any) -> str:
        """Make a token on the socket."""
        response = await self.it.http.post("/v1/tokens", json={"name": name, "rights": [*rights], **more})
        assert response.status_code == 201, response.text
        made: str = response.json()["token"]
        return made

    async def ask(
        self,
        method: str,
        path: str,
        token: str | None = None,
        *,
        headers: dict[str, str] | None = None,
        body: Any = None,
    ) -> httpx.Response:
        """One request on a separate connection; of a stream, only its beginning."""
        given = {} if token is None else {"Authorization": f"Bearer {token}"}
        async with (
            httpx.AsyncClient(base_url=self.listen.url, verify=self.context, timeout=20, trust_env=False) as http,
            http.stream(method, path, json=body, headers=given | (headers or {})) as response,
        ):
            if response.headers.get("content-type") != "text/event-stream; charset=utf-8":
                await response.aread()
            return response


@asynccontextmanager
async def networked(
    folder: Path,
    *,
    tls: bool = True,
    origins: Iterable[str] = (ORIGIN,),
    more: dict[str, Any] | None = None,
    **options: Any,
) -> AsyncIterator[Networked]:
    """Start a daemon with one emulated printer that listens on TCP."""
    listen = listen_config(folder, tls=tls, origins=origins, **more or {})
    async with running(folder, listen=listen, **options) as it:
        yield Networked(it, folder, listen, trusting(folder) if tls else True)
