"""Ctrl-Z in the vendor's own commands: a stopped one that holds the database once stopped the server."""

from __future__ import annotations

import random
import signal
import subprocess
import time
from collections.abc import Iterator
from typing import ClassVar

from tests.hostile_licence.office import Office
from tests.hostile_licence.scene import Attack

COMMANDS = 8


class StoppedCommands(Attack):
    """Stop commands at any moment, and leave them so."""

    tries = f"Ctrl-Z in {COMMANDS} of the vendor's commands that write to the database"
    most: ClassVar[dict[str, int]] = {"requests that were not answered for it": 0}
    processes = True

    def go(self, scene: Office, part: int) -> Iterator[None]:
        dice, stopped = random.Random(1), list[subprocess.Popen[bytes]]()
        try:
            for number in range(COMMANDS):
                many = ("issue", "X", "--count", "1000") if number % 2 else ("restored", "--yes")
                command = scene.command_in_background(*many)
                stopped.append(command)
                before = self._rows(scene)
                end = time.monotonic() + 5
                while command.poll() is None and self._rows(scene) == before and time.monotonic() < end:
                    time.sleep(dice.uniform(0, 0.02))
                command.send_signal(signal.SIGTSTP)
                self.attempt()
                yield
            time.sleep(11)  # longer than a transaction waits for its turn
            yield
        finally:
            for each in stopped:
                each.kill()
                each.wait()

    def _rows(self, scene: Office) -> int:
        return int(scene.rows("SELECT max(id) FROM audit")[0][0])

    def count(self, scene: Office) -> None:
        self.got["requests that were not answered for it"] = scene.log.count("NOTHING IS SIGNED")
