"""Rows about the line to the printer: what the evidence adds to the frames that a naive program sends."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

from benchmarks.clients import Naive, naive_client
from benchmarks.figures import Conditions, Figure, Outcome
from benchmarks.receipt import FAMILIES, TITLES, Exchange, naive, receipt, size
from benchmarks.running import Daemon, daemon, printers, processor_seconds
from fiscald.protocols.decoding import Direction
from fiscald.recording.packets import Packet
from fiscald.recording.packets import read as read_recording

#: Receipts of each side, in turns: ours, naive, ours, naive.
TURNS = 4
#: Receipts that follow each other without a pause.
IN_A_ROW = 4
#: What every command takes on a printer that is quick on the line and slow inside.
COMMAND_SECONDS = 0.030


def seconds_of(action: Callable[[], object]) -> float:
    """How long it takes."""
    began = time.perf_counter()
    action()
    return time.perf_counter() - began


def added_at_9600(conditions: Conditions) -> Outcome:
    """What fiscald adds on a serial line of 9600 baud."""
    return _added(conditions.folder, 9600, 0.0)


def added_at_115200(conditions: Conditions) -> Outcome:
    """What fiscald adds on a fast line, where every command takes the printer 30 ms."""
    return _added(conditions.folder, 115_200, COMMAND_SECONDS)


def back_to_back(conditions: Conditions) -> Outcome:
    """Receipts in a row: fiscald has all of them from the start, the naive program sends one after the other."""
    outcome = Outcome()
    for family in FAMILIES:
        with Pair(conditions.folder / family, family, 9600, 0.0) as pair:
            pairs = []
            for turn in range(2):
                ours = seconds_of(lambda turn=turn: pair.ours_in_a_row(f"row/{turn}"))  # type: ignore[misc]
                theirs = seconds_of(lambda: pair.naive.print(IN_A_ROW))
                pairs.append((ours / IN_A_ROW, theirs / IN_A_ROW))
        ours, theirs = (statistics.median(side) for side in zip(*pairs, strict=True))
        note = f"{ours:.2f} s a receipt, naive {theirs:.2f} s; {IN_A_ROW} receipts in a row"
        outcome.figures.append(Figure(TITLES[family], ours / theirs, note))
    return outcome


class Pair:
    """fiscald and a naive program, each with an emulated printer of the same kind on the same kind of line."""

    naive: Naive
    daemon: Daemon

    def __init__(self, folder: Path, family: str, baud: int, command: float) -> None:
        folder.mkdir()
        self.document = receipt()
        self.exchanges = naive(family, self.document)
        self._made = (folder, family, baud, command)
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        folder, family, baud, command = self._made
        with ExitStack() as stack:
            both = [printers(folder, family, baud=baud, command=command) for _ in range(2)]
            ours, theirs = (stack.enter_context(each) for each in both)
            self.daemon = stack.enter_context(daemon(folder / "daemon", ours))
            self.naive = stack.enter_context(naive_client(family, theirs.addresses[0], self.exchanges))
            for number in range(2):
                self.daemon.print(f"first/{number}", self.document)
                self.naive.print()
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def ours_in_a_row(self, key: str) -> None:
        """Submit receipts without waiting, then wait for the last one."""
        for number in range(IN_A_ROW - 1):
            self.daemon.client.submit(f"{key}/{number}", "till0", self.document, wait=0)
        self.daemon.print(f"{key}/last", self.document)


def _added(folder: Path, baud: int, command: float) -> Outcome:
    outcome = Outcome()
    for family in FAMILIES:
        with Pair(folder / family, family, baud, command) as pair:
            times: list[tuple[float, float]] = []
            spent = 0.0
            for turn in range(TURNS):
                # Resting printers are looked at every two seconds: not at the same point of that in every turn.
                time.sleep(0.3 * turn)
                before = processor_seconds(pair.daemon.pid)
                since = datetime.now(UTC)
                ours = seconds_of(lambda turn=turn: pair.daemon.print(f"turn/{turn}", pair.document))  # type: ignore[misc]
                until = datetime.now(UTC)
                spent += processor_seconds(pair.daemon.pid) - before
                times.append((ours, seconds_of(pair.naive.print)))
            recorded = read_recording(pair.daemon.client.capture("till0")).packets
        ours, theirs = (statistics.median(side) for side in zip(*times, strict=True))
        # The median of the differences: each difference is of two receipts that were printed one after the other.
        added = statistics.median(mine - other for mine, other in times)
        points = stages(recorded, pair.exchanges, since, until)
        frames, amount = sum(each["exchanges"] for each in points), sum(each["bytes"] for each in points)
        note = (
            f"{ours / theirs:.2f} x: {ours:.2f} s, naive {theirs:.2f} s; {frames} exchanges, {amount} bytes, naive "
            f"{len(pair.exchanges)}, {size(pair.exchanges)}; "
            f"processor {spent / TURNS * 1000:.0f} ms"
        )
        outcome.figures.append(Figure(TITLES[family], added, note))
        outcome.points[TITLES[family]] = {"ours": ours, "naive": theirs, "stages": points}
    return outcome


#: The stages of a receipt on the line, in order: those of a naive program, and the questions around them.
STAGES = ("questions before", "opening", "questions when open", "lines", "closing", "questions after")
#: The stage of a question, by the stage of the command before it.
_QUESTIONS = {
    "questions before": "questions before",
    "opening": "questions when open",
    "questions when open": "questions when open",
    "lines": "questions when open",
    "closing": "questions after",
    "questions after": "questions after",
}


def stages(recorded: list[Packet], naive: list[Exchange], since: datetime, until: datetime) -> list[dict[str, Any]]:
    """What the daemon's recording has between two moments, by stages: exchanges, bytes and seconds of each.

    A command whose bytes the naive program sends too belongs to the document; every other one is a question. An
    exchange lasts until the next command is sent. The payment counts as part of the closing.
    """
    document = {exchange.sent: _stage_of(exchange) for exchange in naive[1:]} | {naive[0].sent: "opening"}
    found: dict[str, dict[str, Any]] = {
        stage: {"stage": stage, "exchanges": 0, "bytes": 0, "seconds": 0.0} for stage in STAGES
    }
    stage, before = STAGES[0], None
    for packet in recorded:
        if packet.direction is None or not since <= packet.at <= until:
            continue
        if before is not None:
            found[stage]["seconds"] += (packet.at - before).total_seconds()
        before = packet.at
        if packet.direction is Direction.SENT:
            stage = document.get(packet.data) or _QUESTIONS[stage]
            found[stage]["exchanges"] += 1
        found[stage]["bytes"] += len(packet.data)
    return list(found.values())


def _stage_of(exchange: Exchange) -> str:
    return "lines" if b"Towar" in exchange.sent else "closing"
