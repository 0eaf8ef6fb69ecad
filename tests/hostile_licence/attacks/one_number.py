"""One number for the whole street: register, give back, register on the next."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from fiscald.licence import wire
from fiscald.licence.server import limits
from tests.hostile_licence.scene import NOTHING, Attack, Scene
from tests.hostile_licence.shops import Person, networks, tax_number
from tests.licence.server.running import BAKERY

COMPUTERS = 8


class OneNumber(Attack):
    """Take a number from computer to computer, and keep each one's certificate."""

    tries = f"one number round {COMPUTERS} computers: register, give back, register on the next"
    most: ClassVar[dict[str, int]] = {
        # Its first computer, and as many moves as an honest company may need in a month.
        "computers with a certificate": 1 + limits.MOVES.most,
        "computers that the vendor confirms": 1,
    }

    def go(self, scene: Scene, part: int) -> Iterator[None]:
        number, company = scene.number(), BAKERY | {"tin": tax_number(910)}
        held = []
        for address in networks(540, COMPUTERS):
            computer = Person(scene.clock, address)
            self.attempt()
            try:
                said = scene.ask(computer, wire.Activate, number=number, company=company)
            except NOTHING:
                continue
            if said.certificate is not None:
                held.append((computer, said.certificate))
                scene.ask(computer, wire.Deactivate, lic=said.certificate.sub)
            yield
        self.got["computers with a certificate"] = len(held)
        for computer, certificate in held:
            verdict = scene.ask(computer, wire.Check, lic=certificate.sub, crt=certificate.jti).verdict.verdict
            self.gain("computers that the vendor confirms", verdict in ("ok", "renewed"))
