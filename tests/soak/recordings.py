"""Watches what the daemon sends to a printer, in the recording that it keeps: whether a trouble met its command."""

from __future__ import annotations

from pathlib import Path

import anyio

from fiscald.protocols.decoding import Decoder, Direction
from fiscald.recording.packets import Packet, decode
from fiscald.recording.pcapng import Reader
from fiscald.recording.reading import decoder


class Watch:
    """What is sent to some printers from now on, but for immediate commands (the looks of a waiting daemon)."""

    def __init__(self, folder: Path, *printers: str) -> None:
        self._folder = folder
        self._printers = printers
        self._files: dict[Path, _File] = {}
        self._sent: list[str] = []
        self._read()

    def sent(self) -> list[str]:
        """Mnemonics, in order for each printer."""
        self._sent += self._read()
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

    def _read(self) -> list[str]:
        found = []
        # A new file begins every day.
        for path in sorted(path for printer in self._printers for path in self._folder.glob(f"{printer}-*.pcapng")):
            found += self._files.setdefault(path, _File(path)).new()
        return found


class _File:
    """A recording that grows."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._read = 0
        self._reader = Reader()
        self._decoder: Decoder | None = None

    def new(self) -> list[str]:
        """Commands since the last time."""
        with self._path.open("rb") as file:
            file.seek(self._read)
            data = file.read()
        self._read += len(data)
        return [command for captured in self._reader.feed(data) for command in self._commands(decode(captured))]

    def _commands(self, packet: Packet) -> list[str]:
        if packet.direction is not Direction.SENT:
            self._decoder = None  # an answer, or another connection: a command before it is whole
            return []
        self._decoder = self._decoder or decoder(packet.family)
        frames = self._decoder.feed(packet.direction, packet.data)
        return [frame.name for frame in frames if frame.name and not frame.text.startswith("!")]
