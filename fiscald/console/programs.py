"""``fiscalctl`` as a program: what examines the whole computer runs beside the daemon, not in it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import anyio

#: Seconds that a program may take.
SECONDS = 120.0


class ProgramFailed(Exception):
    """A program gave no answer; ``str`` is what it said last."""


class Programs:
    """Runs ``fiscalctl``, one at a time, as the daemon's user."""

    def __init__(self, socket: Path) -> None:
        """``socket``: the daemon's."""
        self._socket = socket
        self._turn = anyio.Lock()

    async def run(self, *arguments: str) -> bytes:
        """What it prints. Raises ``ProgramFailed``."""
        environment = {name: value for name, value in os.environ.items() if name not in ("NOTIFY_SOCKET", "LISTEN_FDS")}
        command = [
            sys.executable,
            "-c",
            "from fiscald.cli.fiscalctl import main; main()",
            "--socket",
            str(self._socket),
        ]
        async with self._turn:
            try:
                with anyio.fail_after(SECONDS):
                    done = await anyio.run_process(
                        [*command, *arguments], check=False, env=environment, stdin=subprocess.DEVNULL
                    )
            except TimeoutError:
                raise ProgramFailed(f"no answer after {SECONDS:.0f} s") from None
            except OSError as error:
                raise ProgramFailed(str(error.strerror or error)) from None
        if not done.stdout:
            raise ProgramFailed(done.stderr.decode("utf-8", "replace").strip()[-500:] or f"exit code {done.returncode}")
        return done.stdout

    async def answer(self, *arguments: str) -> dict[str, Any]:
        """What it prints with ``--json``. Raises ``ProgramFailed``."""
        try:
            found = json.loads(await self.run("--json", *arguments))
        except ValueError:
            found = None
        if not isinstance(found, dict):
            raise ProgramFailed("its answer cannot be read")
        return found
