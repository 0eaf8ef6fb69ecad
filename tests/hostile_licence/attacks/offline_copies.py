"""Certificates that are never checked: request files for many computers, and online requests where files are taken."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from fiscald.licence import wire
from fiscald.licence.server import limits
from tests.hostile_licence.scene import NOTHING, Attack, Scene
from tests.hostile_licence.shops import Person, networks, tax_number
from tests.licence.server.running import BAKERY

COMPUTERS = 6


class OfflineCopies(Attack):
    """Have one number's certificate made for many computers that never ask again."""

    tries = f"request files of {COMPUTERS} computers for one number, each given back, and an online request as a file"
    most: ClassVar[dict[str, int]] = {
        "certificates that are never checked": limits.OFFLINE_COPIES.most,
        "online requests taken as a file": 0,
    }

    def go(self, scene: Scene, part: int) -> Iterator[None]:
        number, company = scene.number(), BAKERY | {"tin": tax_number(920)}
        for address in networks(560, COMPUTERS):
            computer = Person(scene.clock, address)
            # Signed a moment ahead: a file from before the seat was given back does not count.
            file = computer.sign(wire.RequestFile, iat=int(scene.clock()) + 30, number=number, company=company)
            self.attempt()
            try:
                said = scene.post(computer, wire.RequestFile.path, file)
            except NOTHING:
                continue
            if said.certificate is not None:
                self.gain("certificates that are never checked", said.certificate.check_every is None)
                scene.ask(computer, wire.Deactivate, lic=said.certificate.sub)
            yield
        online = Person(scene.clock, "127.0.2.3")
        question = online.sign(wire.Activate, iat=int(scene.clock()), number=scene.number(), company=company)
        self.attempt()
        try:
            said = scene.post(online, wire.RequestFile.path, question)
        except NOTHING:
            return
        self.gain("online requests taken as a file", said.certificate is not None)
