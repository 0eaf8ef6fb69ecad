"""Rows about the daemon's processor time: of a receipt, and of a consumer of events."""

from __future__ import annotations

import statistics

from benchmarks.clients import Listeners
from benchmarks.figures import Conditions, Figure, Outcome
from benchmarks.line import seconds_of
from benchmarks.receipt import FAMILIES, TITLES, receipt
from benchmarks.running import daemon, printers, processor_seconds

#: Receipts of each family in a turn, and turns.
RECEIPTS, TURNS = 30, 5
#: Consumers of events that listen at once; and receipts of each number of consumers in a turn.
CONSUMERS = (0, 1, 50, 200)
LISTENED, LISTENING_TURNS = 10, 5


def of_a_receipt(conditions: Conditions) -> Outcome:
    """All threads of the daemon, receipts one after the other, printers that answer at once; families in turns."""
    document = receipt()
    spent: dict[str, list[float]] = {family: [] for family in FAMILIES}
    wall: dict[str, list[float]] = {family: [] for family in FAMILIES}
    with (
        printers(conditions.folder, FAMILIES[0]) as first,
        printers(conditions.folder, FAMILIES[1]) as second,
        daemon(conditions.folder / "daemon", first, second) as it,
    ):
        for turn in range(-1, TURNS):
            for till, family in enumerate(FAMILIES):

                def print_some(turn: int = turn, till: int = till) -> None:
                    for number in range(RECEIPTS):
                        it.print(f"{turn}/{till}/{number}", document, till=till)

                before = processor_seconds(it.pid)
                seconds = seconds_of(print_some)
                # The first turn warms up the caches.
                if turn >= 0:
                    spent[family].append((processor_seconds(it.pid) - before) / RECEIPTS * 1000)
                    wall[family].append(seconds / RECEIPTS * 1000)
    return Outcome(
        [
            Figure(
                TITLES[family],
                statistics.median(found),
                f"{min(found):.1f} to {max(found):.1f} ms; on the clock {statistics.median(wall[family]):.1f} ms",
            )
            for family, found in spent.items()
        ]
    )


def of_a_consumer(conditions: Conditions) -> Outcome:
    """What every consumer of events adds to the processor time of a receipt."""
    document = receipt()
    spent: dict[int, list[float]] = {count: [] for count in CONSUMERS}
    with printers(conditions.folder, FAMILIES[0]) as one, daemon(conditions.folder / "daemon", one) as it:
        for number in range(20):
            it.print(f"first/{number}", document)
        for turn in range(LISTENING_TURNS):
            for count in CONSUMERS:
                listeners = Listeners(it.socket, count)
                listeners.read_for(0.3)
                received = listeners.bytes
                before = processor_seconds(it.pid)
                for number in range(LISTENED):
                    it.print(f"{turn}/{count}/{number}", document)
                    listeners.read_for(0.02)
                listeners.read_for(0.3)
                spent[count].append((processor_seconds(it.pid) - before) / LISTENED * 1000)
                if count and listeners.bytes == received:
                    raise RuntimeError("the consumers received no events")
                listeners.close()
    medians = {count: statistics.median(found) for count, found in spent.items()}
    figures = [
        Figure(
            f"{count} consumer{'s' * (count > 1)}",
            (medians[count] - medians[0]) / count,
            f"a receipt {medians[count]:.1f} ms, without consumers {medians[0]:.1f} ms",
        )
        for count in CONSUMERS[1:]
    ]
    return Outcome(figures, {"medians": {str(count): found for count, found in medians.items()}})
