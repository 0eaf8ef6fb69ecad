"""Keeps every printed sheet in a folder, as text and as a picture: ``0001-receipt.txt``, ``0001-receipt.png``."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from fiscald.emulator.paper import Printout

_NUMBERED = re.compile(r"(\d{4,})-.*\.(txt|png)", re.ASCII)


class PaperFolder:
    """A folder of sheets, numbered in the order in which they left the printer; numbers continue where others ended."""

    def __init__(self, path: Path, *, warn: Callable[[str], None]) -> None:
        """Make the folder if it is missing; ``warn`` is called with what could not be kept. Raises ``OSError``."""
        path.mkdir(parents=True, exist_ok=True)
        numbers = [int(found[1]) for each in path.iterdir() if (found := _NUMBERED.fullmatch(each.name))]
        self._path = path
        self._warn = warn
        self._last = max(numbers, default=0)
        self._pictures = True

    def keep(self, printout: Printout) -> None:
        """Write one sheet. It exists before the printer answers the command that printed it. E-documents have none."""
        if not printout.on_paper:
            return
        self._last += 1
        name = f"{self._last:04d}-{printout.kind}"
        try:
            self._write(f"{name}.txt", printout.text.encode())
            picture = self._picture(printout)
            if picture is not None:
                self._write(f"{name}.png", picture)
        except OSError as error:
            self._warn(f"{self._path / name} was not kept: {error.strerror or error}")

    def _picture(self, printout: Printout) -> bytes | None:
        if not self._pictures:
            return None
        try:
            from fiscald.emulator.png import picture
        except ImportError:
            self._pictures = False
            self._warn("sheets are kept as text only; pictures need: pip install 'fiscald[png]'")
            return None
        return picture([printout])

    def _write(self, name: str, content: bytes) -> None:
        """Atomically: a test that waits for the file must not read half of it."""
        unfinished = self._path / f".{name}.part"
        unfinished.write_bytes(content)
        unfinished.replace(self._path / name)
