"""``python -m benchmarks.vendor.served REPORT --config FILE serve``: the server, and every stall of its event loop."""

from __future__ import annotations

import sys
from pathlib import Path

from benchmarks.watched import watch
from fiscald.licence.server.cli import main

if __name__ == "__main__":
    watch(Path(sys.argv.pop(1)))
    main(prog_name="fiscald-vendor")
