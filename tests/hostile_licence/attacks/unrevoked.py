"""A revoked till whose owner deletes what it has learned."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

from tests.hostile_licence.office import Office
from tests.hostile_licence.scene import Attack
from tests.hostile_licence.till import Till, sells, step


class Unrevoked(Attack):
    """Delete the files in which the till remembers the vendor's verdict."""

    tries = "a revoked till: status deleted, state.json deleted, both, the licence's folder of before put back"
    most: ClassVar[dict[str, int]] = {"receipts after the revocation": 0}
    processes = True

    def go(self, scene: Office, part: int) -> Iterator[None]:
        till = Till(scene.folder / "till", scene)
        with till.on() as client:
            assert step(client, "registration", number=scene.number()) == "active"
            licence = client.licence()["licence"]
            shutil.copytree(till.state / "licence", scene.folder / "kept")
            scene.json("revoke", licence, "--yes", "--say", "The payment was charged back.")
            assert step(client, "check") == "revoked"
            assert sells(client) == "licence.revoked"
        for delete in (("status",), ("state.json",), ("status", "state.json"), None):
            self._forget(till, scene.folder / "kept", delete)
            with till.on() as client:
                self.attempt()
                self.gain("receipts after the revocation", sells(client) == "done")
            yield
        scene.json("reinstate", licence)
        with till.on() as client:
            assert step(client, "check") == "active", "an honest customer whose payment came through goes on"
            assert sells(client) == "done"

    def _forget(self, till: Till, kept: Path, names: tuple[str, ...] | None) -> None:
        """Delete these files, or put all back as they were."""
        folder = till.state / "licence"
        if names is None:
            shutil.rmtree(folder)
            shutil.copytree(kept, folder)
        for name in names or ():
            (folder / name).unlink(missing_ok=True)
