"""Ctrl-Z in the vendor's own commands: a stopped one that holds the database once stopped the server."""

from __future__ import annotations

import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

from fiscald.licence.server.store import LOCK_TIMEOUT
from tests.hostile_licence.office import Office
from tests.hostile_licence.scene import Attack

COMMANDS = 8


class StoppedCommands(Attack):
    """Stop commands at any moment, and leave them so."""

    tries = f"Ctrl-Z in {COMMANDS} of the vendor's commands that write to the database"
    most: ClassVar[dict[str, int]] = {"requests that were not answered for it": 0}
    processes = True

    def go(self, scene: Office, part: int) -> Iterator[None]:
        stopped = list[subprocess.Popen[bytes]]()
        try:
            for number in range(COMMANDS):
                many = ("issue", "X", "--count", "1000") if number % 2 else ("restored", "--yes")
                command = scene.command_in_background(*many)
                stopped.append(command)
                while command.poll() is None and not has_lock(command.pid):
                    time.sleep(0.001)
                command.send_signal(signal.SIGTSTP)
                self.attempt()
                yield
            time.sleep(LOCK_TIMEOUT + 1)
            yield
        finally:
            for each in stopped:
                each.kill()
                each.wait()

    def count(self, scene: Office) -> None:
        self.got["requests that were not answered for it"] = scene.log.count("NOTHING IS SIGNED")


def has_lock(pid: int) -> bool:
    """Whether a process has locked a file: it has its turn in the database."""
    return any(line.split()[4] == str(pid) for line in Path("/proc/locks").read_text().splitlines() if "->" not in line)
