"""Codes that strangers ask for, and wrong codes, so that the owner's own code does not count."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from fiscald.licence import wire
from tests.hostile_licence.scene import NOTHING, Ask, Attack, Scene, volley
from tests.hostile_licence.shops import Person, networks

NETWORKS = 60


class LockOut(Attack):
    """Ask for codes to the owner's address, and guess codes, until the owner may ask no more."""

    tries = f"codes to each owner's address and wrong codes from {NETWORKS} networks"
    most: ClassVar[dict[str, int]] = {"sessions of strangers": 0}
    strangers = 2

    def go(self, scene: Scene, part: int) -> Iterator[None]:
        for number, address in enumerate(self.some(networks(300, NETWORKS))[part :: self.strangers]):
            stranger = Person(scene.clock, address)
            shop = scene.shops[number % len(scene.shops)]
            email = shop.boss if number % 2 else f"new@{shop.domain}"
            self.attempt()
            try:
                scene.ask(stranger, wire.Recover, email=email)
            except NOTHING:
                continue
            guesses = [Ask(stranger, wire.RecoverConfirm, {"email": email, "code": f"AAAAA-{n:05}"}) for n in range(6)]
            for said in volley(scene, guesses):
                self.attempt()
                self.gain("sessions of strangers", said is not None and said.status == 200)
            yield
