"""A till's disk, copied: two computers with one key, one machine and one licence."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from tests.hostile_licence.office import Office
from tests.hostile_licence.scene import Attack
from tests.hostile_licence.till import Till, sells, step

#: The third check shows it: until then each certificate may be the answer to a request whose answer got lost.
DAYS = 3


class Twins(Attack):
    """Run a second till from a copy of the first one's directory."""

    tries = "a till's state directory on a second computer with the same machine id; both check for three days"
    most: ClassVar[dict[str, int]] = {"twins that the vendor does not see": 0}
    processes = True

    def go(self, scene: Office, part: int) -> Iterator[None]:
        first = Till(scene.folder / "first", scene)
        with first.on() as client:
            assert step(client, "registration", number=scene.number()) == "active"
            licence = client.licence()["licence"]
        second = first.copy(scene.folder / "second")
        scene.json("rename", licence, "--post", "00-951")  # the next check brings another certificate
        with first.on() as one, second.on() as two:
            for client in (one, two) * DAYS:
                self.attempt()
                assert step(client, "check") == "active"
                yield
            assert (sells(one), sells(two)) == ("done", "done"), "the server locks no computer for it"
        seen = [row for row in scene.json("twins") if row["licence"] == licence]
        self.got["twins that the vendor does not see"] = 1 - len(seen)
