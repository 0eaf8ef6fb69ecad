"""Well-formed numbers that were never sold, from many networks: 1005 of them once stopped all activations."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from typing import ClassVar

from fiscald.licence import wire
from fiscald.licence.number import APP, FISCAL, Kind, issue
from fiscald.licence.server.terms import day
from tests.hostile_licence.scene import Ask, Attack, Scene, volley
from tests.hostile_licence.shops import Person, networks
from tests.licence.server.running import BAKERY

NETWORKS, EACH = 101, 10


class WrongNumbers(Attack):
    """Guess numbers, and use up what all customers together may ask for."""

    tries = f"{NETWORKS * EACH} wrong numbers from {NETWORKS} networks"
    most: ClassVar[dict[str, int]] = {"numbers that were taken": 0}
    strangers = 4

    def go(self, scene: Scene, part: int) -> Iterator[None]:
        for address in self.some(networks(0, NETWORKS))[part :: self.strangers]:
            guesser = Person(scene.clock, address)
            guesses = [
                Ask(guesser, wire.Activate, {"number": self._guess(scene), "company": BAKERY}) for _ in range(EACH)
            ]
            for said in volley(scene, guesses):
                self.attempt()
                self.gain("numbers that were taken", said is not None and said.status == 200)
            yield

    def _guess(self, scene: Scene) -> str:
        """As the vendor makes them, but for the key."""
        number = issue(
            kind=Kind.LICENCE, flags=APP | FISCAL, issued=day(int(scene.clock())), serial=secrets.randbits(35), mac_key=1,
            key=secrets.token_bytes(32),
        )  # fmt: skip
        return number.text
