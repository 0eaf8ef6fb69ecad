"""Row: from the start of the daemon to READY, by the number of jobs in its journal."""

from __future__ import annotations

import resource
import statistics
import time
from pathlib import Path

from benchmarks.figures import Conditions, Figure, Outcome
from benchmarks.fill_journal import fill
from benchmarks.running import FISCALD, PATIENCE, configure, process

JOBS, FULL_JOBS, TURNS = (0, 100_000), (0, 100_000, 1_000_000), 3


def by_jobs(conditions: Conditions) -> Outcome:
    """Start it with each journal, in turns. The files are in the memory of the system: a cold disk is not measured."""
    sizes = FULL_JOBS if conditions.full else JOBS
    for jobs in sizes:
        folder = conditions.folder / str(jobs)
        folder.mkdir()
        if jobs:
            fill(folder / "state", jobs)
    times: dict[int, list[tuple[float, float]]] = {jobs: [] for jobs in sizes}
    for turn in range(-1, TURNS):
        for jobs, found in times.items():
            pair = _start(conditions.folder / str(jobs))
            # The first start makes what a new state directory needs.
            if turn >= 0:
                found.append(pair)
    medians = {jobs: statistics.median(wall for wall, _ in found) for jobs, found in times.items()}
    figures = []
    for jobs, found in times.items():
        cpu = statistics.median(spent for _, spent in found)
        note = f"{min(found)[0]:.2f} to {max(found)[0]:.2f} s; processor {cpu:.2f} s"
        figures.append(Figure(f"{jobs:,} jobs", medians[jobs], note))
    missing = "" if conditions.full else "1,000,000 jobs need FULL=1"
    return Outcome(figures, {"medians": {str(jobs): seconds for jobs, seconds in medians.items()}}, missing)


def _start(folder: Path) -> tuple[float, float]:
    """Seconds until the daemon says that it is ready, and its processor seconds until it has ended again."""
    path = configure(folder, [])
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    log_path = folder / "fiscald.log"
    with log_path.open("w") as log:
        began = time.perf_counter()
        with process(log, *FISCALD, "run", "--config", str(path)) as started:
            while "is ready" not in log_path.read_text("utf-8", "replace"):
                if started.poll() is not None or time.perf_counter() - began > PATIENCE:
                    raise RuntimeError(f"the daemon did not start: {log_path.read_text('utf-8', 'replace')[-500:]}")
                time.sleep(0.002)
            seconds = time.perf_counter() - began
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return seconds, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
