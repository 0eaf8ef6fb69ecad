"""A made vendor's handler, and what it is asked: in this process, and beside another one."""

from __future__ import annotations

import contextlib
import datetime
import itertools
import random
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.figures import Figure
from benchmarks.vendor.asking import Shop
from benchmarks.vendor.copying import Asker
from benchmarks.vendor.making import load_askers, load_keys, public_key
from benchmarks.vendor.stories import ISSUER, X, valid_nip
from fiscald.licence import wire
from fiscald.licence.device import DeviceKey
from fiscald.licence.server.request_handler import RequestHandler
from fiscald.licence.server.rules import Rules
from fiscald.licence.server.selling import issue_numbers
from fiscald.licence.server.store import Store


@dataclass
class Times:
    """Milliseconds on the clock, and of the processor."""

    wall: list[float] = field(default_factory=list)
    processor: list[float] = field(default_factory=list)

    def take(self, work: Callable[[], Any]) -> Any:
        """Do it, and measure it."""
        began, spent = time.perf_counter(), time.thread_time()
        done = work()
        self.wall.append(1000 * (time.perf_counter() - began))
        self.processor.append(1000 * (time.thread_time() - spent))
        return done

    @property
    def longest(self) -> float:
        """The slowest."""
        return max(self.wall)

    @property
    def spent(self) -> float:
        """Processor time, the median."""
        return statistics.median(self.processor)

    def figures(self, label: str = "") -> list[Figure]:
        """What a tenth is faster than, so that other programs on the computer count little; the others behind it."""
        ordered = sorted(self.wall)
        fast, middle, slow = (ordered[int(len(ordered) * part)] for part in (0.1, 0.5, 0.99))
        note = (
            f"processor {self.spent:.2f} ms; median {middle:.1f} ms, 99 of 100 under {slow:.1f} ms, longest "
            f"{ordered[-1]:.1f} ms of {len(ordered)}"
        )
        return [Figure(label, fast, note)]


class Desk:
    """A made vendor in this process."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.keys = load_keys(directory)
        self.rules = Rules(self.keys, ISSUER)
        self.store = Store(directory / "vendor.db")
        self.handler = RequestHandler(self.store, self.rules, clock)
        self._key = public_key(self.keys)
        askers = load_askers(directory)
        random.Random(int(time.time())).shuffle(askers)
        self._shops = itertools.cycle([Shop(asker, clock, self._key) for asker in askers])
        self._strangers = itertools.count(int(time.time()))

    def shop(self) -> Shop:
        """Another one each time."""
        return next(self._shops)

    def check(self, times: Times) -> str:
        """One check of a shop; its verdict."""
        shop = self.shop()
        question = shop.check()
        said = times.take(lambda: self.handler.answer(wire.Check.path, question, "192.0.2.1"))
        return str(shop.read(question, said.text).verdict)

    def activate(self, times: Times) -> None:
        """A new company registers a new number."""
        which = next(self._strangers)
        today = datetime.datetime.now(datetime.UTC).date()
        with self.store.transaction(clock, "benchmark") as t:
            (number,) = issue_numbers(t, self.keys, X, today, 1)
        key, tin = DeviceKey.make(), valid_nip(8 * 10**8 + which % 10**8)
        asker = Asker(key._private.private_bytes_raw().hex(), "", "", f"machine-{which}")
        question = Shop(asker, clock, self._key).sign(
            wire.Activate, number=number.text, mid=asker.mid, ver="1.0.3",
            company={"name": f"Firma {which}", "post": "00-950", "cc": "PL", "tin": tin},
        )  # fmt: skip
        said = times.take(lambda: self.handler.answer(wire.Activate.path, question, f"2001:db8:{which % 65000:x}::1"))
        if said.status != 200:
            raise RuntimeError(f"a new number was answered with {said.status}")

    def beside(self, *command: str) -> tuple[float, float, Times, int]:
        """Checks while another process runs: its seconds, its megabytes, the checks, the log's largest size."""
        times, log, largest, memory = Times(), self.directory / "vendor.db-wal", 0, 0.0
        began = time.perf_counter()
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        while process.poll() is None:
            self.check(times)
            largest = max(largest, log.stat().st_size if log.exists() else 0)
            memory = max(memory, _megabytes(process.pid))
            time.sleep(0.02)
        if process.returncode:
            raise RuntimeError(f"{command[-2:]} has ended with {process.returncode}")
        seconds = time.perf_counter() - began
        return seconds, memory, times, largest

    def vendor(self, *words: str) -> tuple[str, ...]:
        """A command of the vendor's."""
        return (
            sys.executable,
            "-m",
            "fiscald.licence.server.cli",
            "--config",
            str(self.directory / "vendor.toml"),
            *words,
        )


def _megabytes(pid: int) -> float:
    """The most memory that a running process has had; 0 if it has ended."""
    with contextlib.suppress(OSError, StopIteration):
        lines = Path(f"/proc/{pid}/status").read_text("ascii").splitlines()
        return int(next(line for line in lines if line.startswith("VmHWM:")).split()[1]) / 1024
    return 0.0


@contextlib.contextmanager
def desk(directory: Path) -> Iterator[Desk]:
    """A made vendor, opened."""
    it = Desk(directory)
    try:
        yield it
    finally:
        it.store.close()


def clock() -> int:
    """The computer's time: the server has no other."""
    return int(time.time())
