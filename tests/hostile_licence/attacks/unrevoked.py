"""A revoked till whose owner deletes what it has learned."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from tests.hostile_licence.office import Office
from tests.hostile_licence.scene import Attack
from tests.hostile_licence.till import Till, sells, step


class Unrevoked(Attack):
    """Delete the files in which the till remembers the vendor's verdict."""

    tries = "a revoked till: status deleted, state.json deleted, the server's address taken away"
    most: ClassVar[dict[str, int]] = {"receipts after the revocation": 0}
    processes = True

    def go(self, scene: Office, part: int) -> Iterator[None]:
        till = Till(scene.folder / "till", scene)
        with till.on() as client:
            assert step(client, "registration", number=scene.number()) == "active"
            licence = client.licence()["licence"]
            scene.json("revoke", licence, "--yes", "--say", "The payment was charged back.")
            assert step(client, "check") == "revoked"
            assert sells(client) == "licence.revoked"
        for names in (("status",), ("state.json",), ("status", "state.json")):
            for name in names:
                (till.state / "licence" / name).unlink(missing_ok=True)
            with till.on() as client:
                self.tried += 1
                self.got["receipts after the revocation"] += sells(client) == "done"
            yield
        scene.json("reinstate", licence)
        with till.on() as client:
            assert step(client, "check") == "active", "an honest customer whose payment came through goes on"
            assert sells(client) == "done"
