"""``python -m tests.pages PAGE ...``: play pages, and write what their commands print into them."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from tests.pages.player import Player


def main(pages: list[str]) -> None:
    """Play the pages."""
    for page in map(Path, pages):
        with tempfile.TemporaryDirectory(prefix="fiscald-") as folder, Player(Path(folder)) as player:
            page.write_text(player.play(page.read_text("utf-8")), "utf-8")
        print(f"{page}: {len(player.faults)} blocks were changed")


if __name__ == "__main__":
    main(sys.argv[1:])
