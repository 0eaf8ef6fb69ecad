"""Rows about synced writes: how many a receipt makes, and how long it takes on a disk whose syncs are slow."""

from __future__ import annotations

import mmap
import shutil
import statistics
import struct
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.figures import Conditions, Figure, Outcome
from benchmarks.line import seconds_of
from benchmarks.receipt import FAMILIES, receipt
from benchmarks.running import Daemon, daemon, printers

#: Milliseconds that a sync takes more: an SSD, an SD card, a 7200 rpm disk, a cheap SD card.
DELAYS = (0, 2, 8, 25)
#: Receipts of each delay in each turn, and turns through all delays.
RECEIPTS, TURNS = 4, 3
NO_COMPILER = "there is no C compiler (cc) for the library that counts syncs"


class Syncs:
    """The syncs of a process that has the library."""

    def __init__(self, shared: mmap.mmap) -> None:
        self._shared = shared

    @property
    def count(self) -> int:
        """How many there were."""
        (found,) = struct.unpack_from("=Q", self._shared, 0)
        return int(found)

    def delay(self, milliseconds: float) -> None:
        """Make every sync take so much longer from now on."""
        struct.pack_into("=Q", self._shared, 8, int(milliseconds * 1000))


@contextmanager
def counting(folder: Path) -> Iterator[tuple[dict[str, str], Syncs]]:
    """The environment of a process whose syncs are counted, and its syncs."""
    library, numbers = folder / "syncs.so", folder / "syncs"
    source = Path(__file__).with_name("syncs.c")
    subprocess.run(["cc", "-O2", "-shared", "-fPIC", "-o", library, source, "-ldl"], check=True)
    numbers.write_bytes(bytes(16))
    with numbers.open("r+b") as file, mmap.mmap(file.fileno(), 16) as shared:
        yield {"LD_PRELOAD": str(library), "BENCH_SYNCS": str(numbers)}, Syncs(shared)


@contextmanager
def counted_daemon(folder: Path) -> Iterator[tuple[Daemon, Syncs]]:
    """A daemon with one POSNET printer that answers at once, and its syncs."""
    with (
        counting(folder) as (environment, syncs),
        printers(folder, FAMILIES[0]) as one,
        daemon(folder / "daemon", one, **environment) as it,
    ):
        yield it, syncs


def synced_writes(conditions: Conditions) -> Outcome:
    """``fsync`` and ``fdatasync`` of one receipt."""
    if shutil.which("cc") is None:
        return Outcome(missing=NO_COMPILER)
    with counted_daemon(conditions.folder) as (it, syncs):
        document = receipt()
        it.print("first", document)
        counts = []
        for number in range(10):
            before = syncs.count
            it.print(f"count/{number}", document)
            counts.append(syncs.count - before)
    note = f"{min(counts)} to {max(counts)} of {len(counts)} receipts"
    return Outcome([Figure("", statistics.median(counts), note)])


def slow_disk(conditions: Conditions) -> Outcome:
    """A receipt while every sync takes longer; the printer answers at once."""
    if shutil.which("cc") is None:
        return Outcome(missing=NO_COMPILER)
    times: dict[int, list[float]] = {delay: [] for delay in DELAYS}
    with counted_daemon(conditions.folder) as (it, syncs):
        document = receipt()
        it.print("first", document)
        for turn in range(TURNS):
            for delay, found in times.items():
                syncs.delay(delay)
                for number in range(RECEIPTS):
                    key = f"slow/{turn}/{delay}/{number}"
                    found.append(seconds_of(lambda key=key: it.print(key, document)) * 1000)  # type: ignore[misc]
        syncs.delay(0)
    medians = {delay: statistics.median(found) for delay, found in times.items()}
    note = ", ".join(f"+{delay} ms: {found:.0f}" for delay, found in medians.items())
    return Outcome([Figure("", medians[25], note)], {"medians": {str(k): v for k, v in medians.items()}})
