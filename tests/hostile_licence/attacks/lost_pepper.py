"""A pepper that is lost or replaced: every number would be unknown."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from typing import ClassVar

from fiscald.licence.server import keyring
from tests.hostile_licence.office import Office
from tests.hostile_licence.scene import Attack


class LostPepper(Attack):
    """Make new keys after the pepper's file was lost, and start with another pepper."""

    tries = "the pepper's file is lost: new keys, a start without it, a start with another one"
    most: ClassVar[dict[str, int]] = {"peppers that were replaced": 0, "starts that should not be": 0}
    processes = True
    meanwhile = False

    def go(self, scene: Office, part: int) -> Iterator[None]:
        scene.stop()
        path = scene.folder / "keys" / "pepper.key"
        kept = path.read_bytes()
        path.unlink()
        for words in (("keys", "new", "2027a"), ("keys", "new", "--mac", "2")):
            self.attempt()
            scene.command(*words)
            self.gain("peppers that were replaced", path.exists())
            yield
        self._start(scene)
        yield
        path.unlink(missing_ok=True)
        keyring.write_new(path, secrets.token_hex(32).encode())
        self._start(scene)
        path.unlink()
        keyring.write_new(path, kept)
        scene.start()

    def _start(self, scene: Office) -> None:
        self.attempt()
        try:
            scene.start()
        except RuntimeError:
            return
        self.gain("starts that should not be", 1)
        scene.stop()
