"""The real server: HTTPS on the loopback interface, an SMTP server that mails are read from, every answer it has."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx

from fiscald.licence import wire
from fiscald.licence.vendor.running import RunningVendor, vendor_server
from tests.licence.vendor.running import BAKERY, Answered, Clock, Computer, opened

JOSE = {"Content-Type": "application/jose"}


class Running:
    """The server, and a client that believes in its throw-away CA."""

    def __init__(self, it: RunningVendor, clock: Clock, http: httpx.AsyncClient) -> None:
        self.it = it
        self.clock = clock
        self.http = http

    async def ask(self, computer: Computer, model: type[wire.Question], **fields: Any) -> Answered:
        token = computer.sign(model, **fields)
        response = await self.http.post(model.path, content=token, headers=JOSE)
        if response.status_code == 202:
            return Answered(202, None)
        assert response.headers["content-type"] == "application/jose"
        return opened(response.status_code, response.text, token, self.clock())


@asynccontextmanager
async def serving(directory: Path, **options: Any) -> AsyncIterator[Running]:
    clock = Clock()
    async with vendor_server(directory, clock=clock, **options) as it:
        context = ssl.create_default_context(cafile=it.ca_file)
        async with httpx.AsyncClient(base_url=it.url, verify=context) as http:
            yield Running(it, clock, http)


async def test_a_trial_and_a_number_over_https(tmp_path: Path) -> None:
    async with serving(tmp_path) as server:
        till = Computer(server.clock)
        assert (await server.ask(till, wire.Enrol, email="a@bakery.pl", company=BAKERY)).status == 202
        code = await server.it.mailbox.code()
        assert (await server.ask(till, wire.EnrolConfirm, email="a@bakery.pl", code=code)).crt.kind == "trial"
        paid = (await server.ask(till, wire.Activate, number=server.it.number(), company=BAKERY)).crt
        assert paid.kind == "paid"
        assert (await server.ask(till, wire.Check, lic=paid.sub, crt=paid.jti)).verdict.verdict == "ok"
