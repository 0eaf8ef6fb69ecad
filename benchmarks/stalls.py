"""Row: how long the daemon's event loop does nothing else, in a daemon that is watched (``benchmarks.watched``)."""

from __future__ import annotations

import json
import socket
import statistics
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from benchmarks.clients import ask_together, get, put
from benchmarks.figures import Conditions, Figure, Outcome
from benchmarks.fill_journal import fill
from benchmarks.receipt import FAMILIES, receipt
from benchmarks.running import Daemon, daemon, printers

PRINTERS, BAUD, JOBS, TURNS = 100, 9600, 2000, 3


def longest(conditions: Conditions) -> Outcome:
    """The longest stall of the loop for each kind of load, in turns."""
    folder, report = conditions.folder, conditions.folder / "stalls"
    (folder / "daemon").mkdir()
    fill(folder / "daemon" / "state", JOBS)
    command = (sys.executable, "-m", "benchmarks.watched", str(report))
    stalls: dict[str, list[dict[str, float]]] = {}
    with (
        printers(folder, FAMILIES[0], PRINTERS, baud=BAUD, light=True) as many,
        printers(folder, FAMILIES[0]) as one,
        daemon(folder / "daemon", many, one, command=command) as it,
    ):
        burst = [put(f"warm/{number}", number, receipt()) for number in range(PRINTERS)]
        ask_together(it.socket, burst)
        for turn in range(TURNS):
            sales = [put(f"burst/{turn}/{number}", number, receipt()) for number in range(PRINTERS)]
            loads: dict[str, Callable[[], object]] = {
                "list of 1000": partial(_ask, it, get("/v1/jobs?limit=1000")),
                "receipt of 1000 lines": partial(it.print, f"long/{turn}", receipt(1000), till=PRINTERS),
                "burst of 100 printers": partial(ask_together, it.socket, sales),
            }
            for name, load in loads.items():
                time.sleep(0.5)
                seen = _size(report)
                load()
                time.sleep(0.2)
                stalls.setdefault(name, []).append(_longest(report, seen))
    figures = []
    for name, found in stalls.items():
        worst = max(found, key=lambda each: each["stall"])
        middle = statistics.median(each["stall"] for each in found)
        note = f"median of {TURNS} turns {middle:.0f} ms; longest callback in it {worst['callback']:.0f} ms"
        figures.append(Figure(name, worst["stall"], note))
    return Outcome(figures)


def _ask(it: Daemon, request: bytes) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as link:
        link.connect(str(it.socket))
        link.sendall(request)
        received = b""
        while data := link.recv(1 << 20):
            received += data
    if b" 200 OK" not in received[:20]:
        raise RuntimeError(f"{request[:60]!r} was answered with {received[:200]!r}")


def _size(report: Path) -> int:
    return report.stat().st_size if report.exists() else 0


def _longest(report: Path, seen: int) -> dict[str, float]:
    """The longest stall since the report had so many bytes; 0: shorter than those in it."""
    lines = report.read_bytes()[seen:].splitlines() if report.exists() else []
    told = [json.loads(line) for line in lines]
    return max(told, key=lambda each: float(each["stall"]), default={"stall": 0.0, "callback": 0.0})
