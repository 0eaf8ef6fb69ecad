"""More requests than anybody needs: about licences that do not exist, rubbish, and texts that are too long."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from fiscald.licence import wire
from tests.hostile_licence.scene import NOTHING, Ask, Attack, Scene, volley
from tests.hostile_licence.shops import Person, networks

NETWORKS, EACH = 20, 60
RUBBISH = (b"{" * 4000, b"\xff\x00" * 50, b"a.b.c", b"A" * 8000)


class Floods(Attack):
    """Keep the server busy, or fill its database."""

    tries = f"{NETWORKS * EACH} checks of unknown licences, and {NETWORKS * len(RUBBISH)} texts that are none, from {NETWORKS} networks"
    most: ClassVar[dict[str, int]] = {"rows in the audit": 0}
    strangers = 4

    def go(self, scene: Scene, part: int) -> Iterator[None]:
        for address in self.some(networks(620, NETWORKS))[part :: self.strangers]:
            flooder = Person(scene.clock, address)
            asks = [Ask(flooder, wire.Check, {"lic": f"lic_{n}", "crt": "crt_X"}) for n in range(EACH)]
            self.attempt(sum(1 for _ in volley(scene, asks)))
            for body in RUBBISH:
                self.attempt()
                try:
                    scene.send(address, wire.Check.path, body)
                except NOTHING:
                    continue
            yield

    def count(self, scene: Scene) -> None:
        ((self.got["rows in the audit"],),) = scene.rows(
            "SELECT count(*) FROM audit WHERE ref LIKE 'lic_%' AND length(ref) < 8"
        )
