"""Row: how long the daemon's event loop does nothing else, in a daemon that is watched (``benchmarks.watched``)."""

from __future__ import annotations

import json
import socket
import statistics
import sys
import time
from pathlib import Path
from urllib.parse import quote

from benchmarks.clients import ask_together, get, put
from benchmarks.figures import Conditions, Figure, Goal, Outcome
from benchmarks.fill_journal import fill
from benchmarks.receipt import receipt
from benchmarks.running import Daemon, daemon, printers
from fiscald.protocols import FAMILIES

PRINTERS, JOBS, TURNS = 100, 2000, 3


def longest(conditions: Conditions) -> Outcome:
    """The longest pass of the loop for each kind of load, the median of three of each, in turns."""
    folder, report = conditions.folder, conditions.folder / "passes"
    (folder / "daemon").mkdir()
    fill(folder / "daemon" / "state", JOBS)
    command = (sys.executable, "-m", "benchmarks.watched", str(report))
    passes: dict[str, list[dict[str, float]]] = {}
    with (
        printers(folder, FAMILIES[0], PRINTERS + 1, light=True) as many,
        daemon(folder / "daemon", many, command=command) as it,
    ):
        burst = [put(f"warm/{number}", number, receipt()) for number in range(PRINTERS)]
        ask_together(it.socket, burst)
        for turn in range(TURNS):
            loads = {
                "list of 1000": lambda: _ask(it, get("/v1/jobs?limit=1000")),
                "receipt of 1000 lines": lambda turn=turn: it.print(f"long/{turn}", receipt(1000), till=PRINTERS),
                "burst of 100 printers": lambda turn=turn: ask_together(
                    it.socket, [put(f"burst/{turn}/{number}", number, receipt()) for number in range(PRINTERS)]
                ),
            }
            for name, load in loads.items():
                time.sleep(0.5)
                seen = _size(report)
                load()
                time.sleep(0.2)
                passes.setdefault(name, []).append(_longest(report, seen))
    figures = []
    for name, found in passes.items():
        value = statistics.median(each["pass"] for each in found)
        callback = statistics.median(each["callback"] for each in found)
        figures.append(Figure(name, value, f"of which the longest callback {callback:.0f} ms", Goal(20)))
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
    """The longest pass and the longest callback since the report had so many bytes; 0: shorter than what it keeps."""
    lines = report.read_bytes()[seen:].splitlines() if report.exists() else []
    told = [json.loads(line) for line in lines]
    return {kind: max((each[kind] for each in told), default=0.0) for kind in ("pass", "callback")}
