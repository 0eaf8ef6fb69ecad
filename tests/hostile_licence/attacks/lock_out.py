"""Codes that strangers ask for, and wrong codes, so that the owner's own code does not count."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from fiscald.licence import wire
from tests.hostile_licence.scene import Ask, Attack, Scene, volley
from tests.hostile_licence.shops import Person, networks

NETWORKS = 60
#: To how many shops each network turns, how often to the last one, and guesses for each address.
SHOPS, ASKS, GUESSES = 2, 3, 3


class LockOut(Attack):
    """Ask for codes to the owner's address, and guess codes, until the owner may ask no more."""

    tries = f"codes to each owner's address and wrong codes from {NETWORKS} networks"
    most: ClassVar[dict[str, int]] = {"sessions of strangers": 0}
    strangers = 2

    def go(self, scene: Scene, part: int) -> Iterator[None]:
        for number, address in enumerate(self.some(networks(300, NETWORKS))[part :: self.strangers]):
            stranger = Person(scene.clock, address)
            for _ in range(ASKS):
                self._disturb(scene, stranger, scene.shops[-1].boss)
            for each in range(number * SHOPS, number * SHOPS + SHOPS):
                shop = scene.shops[each % len(scene.shops)]
                for email in (shop.boss, f"new@{shop.domain}"):
                    self._disturb(scene, stranger, email)
            yield

    def _disturb(self, scene: Scene, stranger: Person, email: str) -> None:
        self.attempt(1 + GUESSES)
        asks = [Ask(stranger, wire.Recover, {"email": email})]
        asks += [Ask(stranger, wire.RecoverConfirm, {"email": email, "code": f"AAAAA-{n:05}"}) for n in range(GUESSES)]
        for said in volley(scene, asks):
            self.gain("sessions of strangers", said is not None and said.status == 200)
