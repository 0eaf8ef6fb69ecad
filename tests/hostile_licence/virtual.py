"""The vendor in this process, with a clock that jumps: the same scripts, in seconds."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from fiscald.licence import wire
from tests.hostile_licence.shops import Shop, open_shops
from tests.licence.server.running import KEYS, T0, Answered, Clock, Computer, Vendor, opened


class Virtual:
    """A scene without processes: see ``scene.Scene``."""

    def __init__(self, path: Path, customers: int) -> None:
        self.vendor = Vendor(path, Clock(T0))
        self.vendor.store.close()
        # The fixture's clock belongs to the shops: they bought some weeks before now.
        now = Clock(T0 + 40 * 86_400)
        self.vendor.open()
        self.shops: list[Shop] = list(open_shops(self.vendor, now, customers))
        with self.vendor.do() as t:
            t.do("DELETE FROM mail")
        self.vendor.clock.now = now.now
        self.clock = self.vendor.clock
        self.vendor.store._db.execute("PRAGMA synchronous = OFF")  # no power cut happens here
        self.intruder: Iterator[None] = iter(())
        self._intrudes = False
        for shop in self.shops:
            shop.dead.clock = shop.till.clock = self.clock

    def intrude(self) -> bool:
        """One step of the attack, unless this is one already; whether there was one left."""
        if self._intrudes:
            return True
        self._intrudes = True
        try:
            return next(self.intruder, self) is not self
        finally:
            self._intrudes = False

    def ask(self, computer: Computer, model: type[wire.VendorRequest], **fields: Any) -> Answered:
        self.intrude()
        return self.post(computer, model.path, computer.sign(model, iat=self.clock(), **fields))

    def post(self, computer: Computer, path: str, token: str) -> Answered:
        if path != wire.RequestFile.path:
            said = self.vendor.handler.answer(path, token.encode(), computer.address)
            return opened(said.status, said.text, token, self.clock())
        reply = self.vendor.handler.answer_file(token.encode(), computer.address)
        if reply.certificate is None:
            return opened(reply.said.status, reply.said.text, token, self.clock())
        from fiscald.licence.certificate import verify

        return Answered(200, None, verify(reply.certificate.encode(), KEYS, self.clock()))

    def send(self, address: str, path: str, body: bytes) -> None:
        """What is no request at all. Raises ``Malformed``."""
        self.vendor.handler.answer(path, body, address)

    def mails(self) -> list[EmailMessage]:
        self.intrude()
        asyncio.run(self._deliver())
        return list(self.vendor.mailbox.mails)

    async def _deliver(self) -> None:
        while await self.vendor.outbox.send_one():
            pass

    def wait_a_moment(self) -> None:
        self.clock.go(1)

    def number(self) -> str:
        return self.vendor.number().text

    def rows(self, query: str, *values: Any) -> list[Any]:
        return self.vendor.rows(query, *values)

    def close(self) -> None:
        """Close the database."""
        self.vendor.store.close()
