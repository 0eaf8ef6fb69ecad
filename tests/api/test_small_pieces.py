"""A request that arrives in many small pieces is read slowly, so that it costs the others little."""

from __future__ import annotations

import fcntl
import json
import socket
import struct
import termios
from pathlib import Path

import pytest

from tests.api.test_bad_company import connected, send, until
from tests.daemons import RECEIPT, Running, running

#: The daemon reads so many small pieces at once, the head among them, and the next ones with a pause between them.
FEW = 8


def unread(link: socket.socket) -> int:
    """Bytes that the daemon has not read yet."""
    return int(struct.unpack("i", fcntl.ioctl(link, termios.TIOCOUTQ, bytes(4)))[0])


async def submit(it: Running, link: socket.socket, key: str, pieces: int, *, padding: int = 0) -> None:
    """Send a job so that the daemon reads that many pieces of its body before the last one.

    ``padding``: bytes more in each.
    """
    body = json.dumps({"printer": "till1", "document": RECEIPT}).encode() + b" " * padding * pieces
    await send(link, f"PUT /v1/jobs/{key} HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n\r\n".encode())
    for _ in range(pieces):
        await until(lambda: not unread(link))
        await send(link, body[: padding + 1])
        body = body[padding + 1 :]
    await until(lambda: not unread(link))
    await send(link, body)


@pytest.mark.parametrize(("pieces", "padding", "at_once"), [(FEW - 1, 0, True), (FEW, 0, False), (FEW, 1100, True)])
async def test_only_many_small_pieces_are_read_slowly(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pieces: int, padding: int, *, at_once: bool
) -> None:
    monkeypatch.setattr("fiscald.api.protocol._PIECE_EVERY", 1000.0)
    async with running(tmp_path) as it:
        with connected(it) as (link,):
            await submit(it, link, "A", pieces, padding=padding)
            if at_once:
                await until(lambda: not unread(link))
            # Whatever the daemon reads, it has read before it answers a later request.
            for _ in range(3):
                assert (await it.http.get("/v1")).status_code == 200
            assert bool(unread(link)) != at_once


async def test_a_request_in_small_pieces_is_answered_in_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fiscald.api.protocol._PIECE_EVERY", 0.01)
    async with running(tmp_path) as it:
        with connected(it) as (link,):
            await submit(it, link, "A", 3 * FEW)
            await until(lambda: not unread(link))
            await it.http.get("/v1/jobs/A", params={"wait": 10})
            assert b"HTTP/1.1 20" in link.recv(65536)
