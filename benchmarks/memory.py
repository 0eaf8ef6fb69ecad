"""Row: the daemon's memory when the flight recorder of every printer is full (``benchmarks.recorded``)."""

from __future__ import annotations

import sys
import time

from benchmarks.clients import ask_together, put
from benchmarks.figures import Conditions, Figure, Outcome
from benchmarks.receipt import receipt
from benchmarks.running import daemon, printers

COUNTS = (10, 100)


def full_recorders(conditions: Conditions) -> Outcome:
    """After a receipt on every printer."""
    outcome = Outcome()
    for count in COUNTS:
        found = {}
        for kind, command in {
            "full": (sys.executable, "-m", "benchmarks.recorded"),
            "empty": (sys.executable, "-m", "fiscald"),
        }.items():
            folder = conditions.folder / f"{count}-{kind}"
            folder.mkdir()
            with (
                printers(folder, "posnet", count, light=True) as many,
                daemon(folder / "daemon", many, command=command) as it,
            ):
                ask_together(it.socket, [put(f"one/{number}", number, receipt()) for number in range(count)])
                time.sleep(1)
                found[kind] = it.memory
        each = (found["full"] - found["empty"]) / count
        note = f"with empty recorders {found['empty']:.0f} MB; a full one {each:.1f} MB"
        outcome.figures.append(Figure(f"{count} printers", found["full"], note))
    return outcome
