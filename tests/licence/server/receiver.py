"""A web shop's receiver of events: real HTTP on a socket, and every way to receive badly."""

from __future__ import annotations

import json
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Literal

import anyio
from anyio.abc import SocketStream
from anyio.streams.tls import TLSListener

Mood = Literal["takes", "fails", "hangs", "drips", "floods", "redirects", "closes", "talks nonsense"]


@dataclass
class Receiver:
    """Answers as its mood says; keeps what it has taken."""

    mood: Mood = "takes"
    status: int = 204
    port: int = 0
    events: list[dict[str, Any]] = field(default_factory=list)
    """Those that were taken."""
    requests: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)
    """First lines, headers and bodies of all requests."""

    async def serve(self, stream: Any) -> None:
        async with stream:
            try:
                line, headers, body = await _request(stream)
                self.requests.append((line, headers, body))
                await self._answer(stream, body)
            except (anyio.EndOfStream, anyio.BrokenResourceError, ssl.SSLError):
                pass

    async def _answer(self, stream: SocketStream, body: bytes) -> None:
        match self.mood:
            case "takes":
                self.events.append(json.loads(body))
                await stream.send(f"HTTP/1.1 {self.status} x\r\nContent-Length: 0\r\n\r\n".encode())
            case "fails":
                await stream.send(f"HTTP/1.1 {self.status} x\r\nContent-Length: 4\r\n\r\noops".encode())
            case "hangs":
                await stream.receive()  # until the other end gives up
            case "drips":
                while True:
                    await stream.send(b"HTTP/1.1 100 Continue\r\n\r\n")
                    await anyio.lowlevel.checkpoint()
            case "floods":
                self.events.append(json.loads(body))
                await stream.send(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n")
                while True:
                    await stream.send(bytes(65536))
            case "redirects":
                await stream.send(b"HTTP/1.1 307 x\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n")
            case "talks nonsense":
                await stream.send(b"220 mail.example ESMTP\r\n")
            case "closes":
                pass


async def _request(stream: Any) -> tuple[str, dict[str, str], bytes]:
    got = b""
    while b"\r\n\r\n" not in got:
        got += await stream.receive()
    head, _, body = got.partition(b"\r\n\r\n")
    line, *lines = head.decode().split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (each.partition(":") for each in lines)}
    while len(body) < int(headers.get("content-length", "0")):
        body += await stream.receive()
    return line, headers, body


@asynccontextmanager
async def receiving(tls: ssl.SSLContext | None = None) -> AsyncIterator[Receiver]:
    """A receiver on 127.0.0.1."""
    receiver = Receiver()
    async with await anyio.create_tcp_listener(local_host="127.0.0.1") as listener:
        receiver.port = listener.extra(anyio.abc.SocketAttribute.local_port)
        async with anyio.create_task_group() as tasks:
            if tls is None:
                tasks.start_soon(listener.serve, receiver.serve)
            else:
                tasks.start_soon(TLSListener(listener, tls, standard_compatible=False).serve, receiver.serve)
            yield receiver
            tasks.cancel_scope.cancel()
