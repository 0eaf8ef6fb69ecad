"""A licence that was given back, used on: the former certificate imported, and files put back."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

from tests.hostile_licence.office import Office
from tests.hostile_licence.scene import Attack
from tests.hostile_licence.till import Till, sells, step


class PutBack(Attack):
    """Give a licence back, register the number on the next till, and go on with the old certificate."""

    tries = "a till that gave its licence back: certificate.prev imported, its licence folder put back, its whole disk put back"
    most: ClassVar[dict[str, int]] = {"receipts with what was given back": 0, "receipts after the next check": 0}
    processes = True

    def go(self, scene: Office, part: int) -> Iterator[None]:
        first, other = Till(scene.folder / "first", scene), Till(scene.folder / "other", scene)
        number = scene.number()
        with first.on() as client:
            assert step(client, "registration", number=number) == "active"
        copy = scene.folder / "kept"
        shutil.copytree(first.state, copy)
        with first.on() as client:
            assert step(client, "deactivation") == "unregistered"
            for path in sorted((first.state / "licence").glob("certificate*")) + sorted(
                (copy / "licence").glob("certificate*")
            ):
                self.attempt()
                step(client, "certificate", certificate=path.read_text())
                self.gain("receipts with what was given back", sells(client) == "done")
            yield
        with other.on() as client:
            assert step(client, "registration", number=number) == "active"
        self._put_back(copy / "licence", first.state / "licence")
        with first.on() as client:
            self.attempt()
            self.gain("receipts with what was given back", sells(client) == "done")
        yield
        self._put_back(copy, first.state)
        with first.on() as client:
            self.attempt()
            step(client, "check")
            self.gain("receipts after the next check", sells(client) == "done")
        with other.on() as client:
            assert sells(client) == "done", "who has the licence now goes on"

    def _put_back(self, kept: Path, folder: Path) -> None:
        shutil.rmtree(folder)
        shutil.copytree(kept, folder)
