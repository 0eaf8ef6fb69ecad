"""Requests that somebody has recorded, sent again: from the same network, from another one, and to another path."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from fiscald.licence import wire
from tests.hostile_licence.scene import NOTHING, Attack, Scene
from tests.hostile_licence.shops import Person, networks, tax_number
from tests.licence.server.running import BAKERY

TIMES = 20


class Replays(Attack):
    """Send a customer's recorded requests again, to give its licence back or to get its certificate."""

    tries = f"a registration, a check and a giving-back that were recorded, each {TIMES} times from {TIMES} networks"
    most: ClassVar[dict[str, int]] = {"recorded requests that counted": 0, "seats that strangers freed": 0}

    def go(self, scene: Scene, part: int) -> Iterator[None]:
        owner, company = Person(scene.clock, "127.0.2.4"), BAKERY | {"tin": tax_number(930)}
        now, number = int(scene.clock()), scene.number()
        register = owner.sign(wire.Activate, iat=now, number=number, company=company)
        first = scene.post(owner, wire.Activate.path, register)
        assert first.certificate is not None
        licence, jti = first.certificate.sub, first.certificate.jti
        check = owner.sign(wire.Check, iat=now, lic=licence, crt=jti)
        scene.post(owner, wire.Check.path, check)
        back = owner.sign(wire.Deactivate, iat=now, lic=licence)
        scene.post(owner, wire.Deactivate.path, back)
        again = scene.ask(owner, wire.Activate, number=number, company=company)
        assert again.certificate is not None
        for address in self.some(networks(580, TIMES)):
            thief = Person(scene.clock, address)
            for path, token in (
                (wire.Activate.path, register), (wire.Check.path, check), (wire.Deactivate.path, back),
                (wire.Check.path, register), (wire.RequestFile.path, register),
            ):  # fmt: skip
                self.attempt()
                try:
                    said = scene.post(thief, path, token)
                except NOTHING:
                    continue
                self.gain("recorded requests that counted", said.status == 200)
            yield
        verdict = scene.ask(owner, wire.Check, lic=licence, crt=again.certificate.jti).verdict.verdict
        self.gain("seats that strangers freed", verdict not in ("ok", "renewed"))
