"""Rows about many printers: all of them at once, against one of them alone while the others rest."""

from __future__ import annotations

import itertools
import statistics
import time
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.clients import ask_together, put
from benchmarks.figures import Conditions, Figure, Outcome
from benchmarks.receipt import receipt
from benchmarks.running import daemon, printers, processor_seconds

BAUD = 9600
COUNTS, FULL_COUNTS = (1, 10, 100, 300), (1, 10, 100, 300, 600, 1000)
#: Receipts of one printer alone before each burst.
ALONE = 2


@dataclass
class Times:
    """Seconds that a receipt took, and processor seconds of a receipt in a burst."""

    alone: list[float] = field(default_factory=list)
    together: list[float] = field(default_factory=list)
    daemon: float = 0.0
    emulator: float = 0.0
    again: int = 0
    """Requests that were sent again after the daemon had closed their connection."""

    @property
    def p99(self) -> float:
        """All but the slowest hundredth were as fast."""
        ordered = sorted(self.together)
        return ordered[max(0, int(len(ordered) * 0.99) - 1)]

    @property
    def ratio(self) -> float:
        """That against the median of one printer alone."""
        return self.p99 / statistics.median(self.alone)

    @property
    def note(self) -> str:
        """What stands behind the ratio."""
        alone, middle = statistics.median(self.alone), statistics.median(self.together)
        return (
            f"p99 {self.p99:.2f} s, median {middle:.2f} s, alone {alone:.2f} s; processor of a receipt: daemon "
            f"{self.daemon * 1000:.1f} ms, emulator {self.emulator * 1000:.2f} ms"
        )


def measure(folder: Path, count: int, rounds: int) -> Times:
    """The same receipt on one printer alone and on all of them at once, in turns."""
    folder.mkdir()
    document = receipt()
    times = Times()
    with (
        printers(folder, "posnet", count, baud=BAUD, light=True) as many,
        daemon(folder / "daemon", many) as it,
    ):
        ask_together(it.socket, [put(f"first/{number}", number, document) for number in range(count)])
        for turn in range(rounds):
            # Resting printers are looked at every two seconds: not at the same point of that in every turn.
            time.sleep(1.2 + 0.2 * turn)
            for number in range(ALONE):
                times.alone += ask_together(
                    it.socket, [put(f"alone/{turn}/{number}", number % count, document)]
                ).seconds
            time.sleep(1.2 + 0.2 * turn)
            requests = [put(f"together/{turn}/{number}", number, document) for number in range(count)]
            before = processor_seconds(it.pid), processor_seconds(many.pid)
            answers = ask_together(it.socket, requests)
            times.together += answers.seconds
            times.again += answers.again
            times.daemon += processor_seconds(it.pid) - before[0]
            times.emulator += processor_seconds(many.pid) - before[1]
    times.daemon /= len(times.together)
    times.emulator /= len(times.together)
    return times


def hundred(conditions: Conditions) -> Outcome:
    """A hundred printers of one daemon at once."""
    times = measure(conditions.folder / "100", 100, 4)
    return Outcome([Figure("", times.ratio, times.note)])


def doubled(conditions: Conditions) -> Outcome:
    """The number of printers at which the slowest receipts of a burst take twice as long as one alone."""
    counts = FULL_COUNTS if conditions.full else COUNTS
    points: dict[int, Times] = {}
    missing = "" if conditions.full else f"more than {counts[-1]} need FULL=1"
    for count in counts:
        try:
            points[count] = measure(conditions.folder / str(count), count, 2)
        except RuntimeError as error:  # what more printers than that would take is not known
            missing = f"{count} printers: {error}"
            break
    if not points:
        return Outcome(missing=missing)
    # The others cost something also when they rest, so what counts is one printer whose daemon has no other.
    single = statistics.median(points[1].alone)
    ratios = {count: times.p99 / single for count, times in points.items()}
    found = crossing(list(ratios.items()), 2.0)
    note = "; ".join(f"{count}: {ratio:.2f}" for count, ratio in ratios.items())
    again = sum(times.again for times in points.values())
    note += f"; {again} requests were sent again" if again else ""
    if found is None:
        note = f"at least: {missing or 'more were not tried'}; {note}"
    figure = Figure("", found or max(points), note)
    table = [
        {"printers": count, "p99": times.p99, "ratio": ratios[count], "alone": statistics.median(times.alone)}
        | {"daemon_ms": times.daemon * 1000, "emulator_ms": times.emulator * 1000}
        for count, times in points.items()
    ]
    return Outcome([figure], {"counts": table}, "" if found else missing)


def crossing(points: list[tuple[int, float]], limit: float) -> float | None:
    """Where a line through the points reaches the limit first; ``None``: nowhere."""
    for (count, ratio), (after, more) in itertools.pairwise(points):
        if ratio < limit <= more:
            return round(count + (after - count) * (limit - ratio) / (more - ratio))
    return None
