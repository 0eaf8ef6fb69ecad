"""The daemon's side of the flows, with a server that answers as it is told."""

from __future__ import annotations

import base64
import datetime
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import anyio
import anyio.abc
import anyio.lowlevel
import pytest

from fiscald.licence import LicenceGate, LicenceStore, Registration
from fiscald.licence.company import Company
from fiscald.licence.testing import sign
from fiscald.licence.tokens import fingerprint
from fiscald.model.printers import Identity
from fiscald.model.problems import ProblemError
from tests.licence.server.https import RunningVendor, vendor_server
from tests.licence.test_certificate import T0

MACHINE = "5c94726b-8665-49b5-8d3a-f9c26f0c4042"


BAKERY = ("Piekarnia Żurek sp. z o.o.", "00-950", "PL", "1234563218")


EMULATED = Identity(printer_id="EMU 0000000001", fiscal=True, profile="online")


class Clock:
    def __init__(self, now: float) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


@dataclass
class Till:
    """A computer's licence, without a daemon around it."""

    gate: LicenceGate
    flows: Registration
    changes: list[str]

    @property
    def may_print(self) -> bool:
        return self.gate.refuses("receipt", EMULATED) is None


def till(
    directory: Path, server: str | None, clock: Callable[[], float], *, machine: str = MACHINE, ca_file: Path | None = None,
    seller: Company | None = None,
) -> Till:  # fmt: skip
    store = LicenceStore(directory, LicenceGate.keys(test_keys=True))
    gate = LicenceGate(
        store, test_keys=True, machine=machine, series={"1.0": datetime.date(2026, 1, 10)}, version="1.0.3", seller=seller,
        clock=clock,
    )  # fmt: skip
    changes: list[str] = []
    flows = Registration(
        gate, clock, lambda: changes.append(gate.state().name), server=server, ca_file=None if ca_file is None else str(ca_file)
    )  # fmt: skip
    return Till(gate, flows, changes)


Answering = Callable[[str], tuple[int, str, bytes]]


@asynccontextmanager
async def liar(answer: Answering) -> AsyncIterator[str]:
    """A web server that answers every question with whatever ``answer`` makes of it."""

    async def talk(stream: anyio.abc.SocketStream) -> None:
        async with stream:
            data = b""
            while b"\r\n\r\n" not in data:
                data += await stream.receive()
            head, _, body = data.partition(b"\r\n\r\n")
            length = next(
                int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length")
            )
            while len(body) < length:
                body += await stream.receive()
            status, kind, content = answer(body.decode())
            more = f"Location: /elsewhere\r\n" if status == 302 else ""  # noqa: F541
            await stream.send(
                f"HTTP/1.1 {status} X\r\nContent-Type: {kind}\r\n{more}Content-Length: {len(content)}\r\n\r\n".encode()
                + content
            )

    listener = await anyio.create_tcp_listener(local_host="127.0.0.1")
    port = listener.extra(anyio.abc.SocketAttribute.local_port)
    try:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(listener.serve, talk)
            yield f"http://127.0.0.1:{port}"
            tasks.cancel_scope.cancel()
    finally:
        await listener.aclose()


def status_for(question: str, **changes: Any) -> str:
    """A signed status that fits a question, but for ``changes``."""
    part = question.split(".")[1]
    asked = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    fitting = {
        "iss": "urn:fiscald:vendor:test", "aud": "fiscald", "lic": asked["lic"], "iat": T0, "nonce": asked["nonce"],
        "req": fingerprint(question), "verdict": "revoked",
    }  # fmt: skip
    return sign(fitting | changes, "fiscald-status")


@asynccontextmanager
async def vendor(directory: Path, clock: Clock) -> AsyncIterator[RunningVendor]:
    directory.mkdir(exist_ok=True)
    async with vendor_server(directory, clock=lambda: int(clock.now)) as it:
        yield it


async def refused(asking: Awaitable[Any]) -> dict[str, Any]:
    with pytest.raises(ProblemError) as error:
        await asking
    return error.value.problem.model_dump()
