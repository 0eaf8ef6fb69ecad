"""How late the event loop wakes the tasks that wait: what holds it up, holds up every printer and every program."""

from __future__ import annotations

from collections.abc import Iterator

import anyio

#: Seconds between two measurements.
INTERVAL = 0.5
#: The upper bounds of the classes that are counted, in seconds. Nothing may hold the loop for more than 0.02.
BOUNDS = (0.005, 0.02, 0.05, 0.1, 0.25, 1.0, 5.0)


class Lateness:
    """Wakes up twice a second, and counts by how much it was late."""

    def __init__(self) -> None:
        self._counts = [0] * (len(BOUNDS) + 1)
        self.seconds = 0.0
        """The sum of all."""

    def add(self, late: float) -> None:
        """Count one measurement, in seconds."""
        late = max(0.0, late)
        self.seconds += late
        self._counts[next((place for place, bound in enumerate(BOUNDS) if late <= bound), len(BOUNDS))] += 1

    async def run(self) -> None:
        """Measure for ever."""
        while True:
            due = anyio.current_time() + INTERVAL
            await anyio.sleep_until(due)
            self.add(anyio.current_time() - due)

    def buckets(self) -> Iterator[tuple[str, float]]:
        """The classes of a Prometheus histogram: upper bound, and how many measurements were not above it."""
        total = 0
        for bound, count in zip((*map(str, BOUNDS), "+Inf"), self._counts, strict=True):
            total += count
            yield bound, float(total)
