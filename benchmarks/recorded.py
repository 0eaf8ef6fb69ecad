"""``python -m benchmarks.recorded run ...``: the daemon, whose flight recorders are full from the start.

Each has passed a conversation of receipts through itself, as it does with the bytes of a line, until it dropped the
first of it. To print as much would take minutes for every printer.
"""

from __future__ import annotations

import sys
from collections.abc import Coroutine
from typing import Any

from benchmarks.receipt import conversation, receipt
from fiscald import daemon
from fiscald.cli.fiscald import main
from fiscald.recording.recorder import FlightRecorder
from fiscald.transport import ByteStream

#: Bytes that a recording has around the bytes of the line, about.
_AROUND = 50


class Instant(ByteStream):
    """A line whose answer is always there."""

    def __init__(self) -> None:
        self.answer = b""

    async def send(self, data: bytes) -> None:
        """Nothing."""

    async def receive(self) -> bytes:
        """The answer, as a separate object, as from a real line."""
        return bytes(bytearray(self.answer))

    def receive_nowait(self) -> bytes:
        """Nothing."""
        return b""

    async def aclose(self) -> None:
        """Nothing."""


class FullRecorder(FlightRecorder):
    """A flight recorder that is full when it is made."""

    def __init__(self, printer: str, family: str, *arguments: Any, keep: int, **more: Any) -> None:
        super().__init__(printer, family, *arguments, keep=keep, **more)
        line = Instant()
        stream = self.wrap(line)
        exchanges = conversation(family, receipt())
        seen = 0
        while seen < keep:
            for exchange in exchanges:
                line.answer = exchange.answer
                _run(stream.send(bytes(bytearray(exchange.sent))))
                _run(stream.receive())
                seen += len(exchange.sent) + len(exchange.answer) + 2 * _AROUND
        _run(stream.aclose())


def _run(coroutine: Coroutine[Any, Any, Any]) -> None:
    """Run a coroutine that never waits: the loop of the daemon is already running."""
    try:
        coroutine.send(None)
    except StopIteration:
        return
    raise AssertionError("the recorder waits for something")


if __name__ == "__main__":
    setattr(daemon, "FlightRecorder", FullRecorder)  # noqa: B010 - the daemon does not export it
    sys.argv[0] = "fiscald"
    main(prog_name="fiscald")
