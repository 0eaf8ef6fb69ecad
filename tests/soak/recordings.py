"""Watches what the daemon sends to a printer, in the recording that it keeps: whether a trouble met its command."""

from __future__ import annotations

import json
from pathlib import Path

import anyio


class Watch:
    """What is sent to some printers from now on, but for immediate commands (the looks of a waiting daemon)."""

    def __init__(self, folder: Path, *printers: str) -> None:
        self._folder = folder
        self._printers = printers
        self._read = {path: path.stat().st_size for path in self._files()}
        self._rest: dict[Path, bytes] = {}
        self._sent: list[str] = []

    def sent(self) -> list[str]:
        """Mnemonics, in order for each printer."""
        for path in self._files():
            with path.open("rb") as file:
                file.seek(self._read.get(path, 0))
                new = file.read()
            self._read[path] = self._read.get(path, 0) + len(new)
            # A killed daemon may leave half a line.
            *lines, self._rest[path] = (self._rest.get(path, b"") + new).split(b"\n")
            self._sent += [command for line in lines if (command := _command(line)) is not None]
        return self._sent

    async def until_sent(self, command: str, *, nth: int = 1, seconds: float, every: float = 0.02) -> bool:
        """Whether the ``nth`` such command is sent within ``seconds``; returns as soon as it is."""
        with anyio.move_on_after(seconds):
            while self.sent().count(command) < nth:
                await anyio.sleep(every)
            return True
        return False

    async def until_anything(self, *, seconds: float) -> None:
        """Wait for any command, at most so long."""
        with anyio.move_on_after(seconds):
            while not self.sent():
                await anyio.sleep(0.05)

    def _files(self) -> list[Path]:
        # A new file begins every day.
        return sorted(path for printer in self._printers for path in self._folder.glob(f"{printer}-*.jsonl"))


def _command(line: bytes) -> str | None:
    try:
        entry = json.loads(line)
    except ValueError:
        return None
    if entry.get("dir") != ">":
        return None
    mnemonic = bytes.fromhex(entry["hex"]).lstrip(b"\x02").partition(b"\t")[0].decode("ascii", "replace")
    return None if mnemonic.startswith("!") else mnemonic
