"""Every sequence of the Thermal reference, as bytes."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple


class Example(NamedTuple):
    to_printer: bool
    text: str
    """Readable: control bytes and letters outside ASCII as ``<CR>``, ``<92>``."""
    data: bytes

    @property
    def sequence(self) -> bool:
        """Whether it is a sequence, not a single byte."""
        return len(self.data) > 1


def examples() -> list[Example]:
    lines = Path(__file__).with_name("frames.txt").read_text("utf-8").splitlines()[1:]
    return [
        Example(text[0] == ">", text[2:], bytes.fromhex(data))
        for text, data in zip(lines[::2], lines[1::2], strict=True)
    ]
