"""Row: how fast the proof is, in random schedules a second (``tests.chaos``)."""

from __future__ import annotations

import resource
import subprocess
import sys
import time

from benchmarks.figures import Conditions, Figure, Outcome
from benchmarks.running import ROOT

#: Schedules of a short and of a long run. The difference leaves out the start of the processes.
FEW, MANY, TURNS, WORKERS = 100, 700, 2, 2


def a_second(_: Conditions) -> Outcome:
    """Random POSNET schedules, on two processors."""
    rates, costs = [], []
    for _turn in range(TURNS):
        few, many = _run(FEW), _run(MANY)
        rates.append((MANY - FEW) / (many[0] - few[0]))
        costs.append((many[1] - few[1]) / (MANY - FEW) * 1000)
    note = f"{min(rates):.0f} to {max(rates):.0f}; processor of a schedule {min(costs):.0f} ms; {WORKERS} processes"
    return Outcome([Figure("", max(rates), note)])


def _run(count: int) -> tuple[float, float]:
    """Seconds on the clock and of the processors for so many schedules."""
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    command = (sys.executable, "-m", "tests.chaos", "--seeds", f"0-{count}", "--workers", str(WORKERS))
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(done.stdout[-500:] + done.stderr[-500:])
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return time.perf_counter() - began, spent
