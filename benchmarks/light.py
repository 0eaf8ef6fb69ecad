"""``python -m benchmarks.light FAMILY COUNT BAUD SECONDS``: many printers that cost little, until a signal.

A thousand emulated printers would take more processor time than the daemon. But all printers of a measurement print the
same receipts, so each answer is worked out once, by one emulated printer, and remembered: by the state of the printer
(which commands it has carried out) and the bytes of the command. All printers share what is remembered; each has its
place in it. Answers carry the printer's own unique number.

The line is that of ``fiscald.transport.Throttle``: a command is complete when its last byte has passed, and the answer
comes in pieces of 10 ms. Only POSNET: its frames say where they end.
"""

from __future__ import annotations

import copy
import gc
import heapq
import itertools
import json
import re
import resource
import selectors
import signal
import socket
import sys
import time
from dataclasses import dataclass, field

from benchmarks.receipt import conversation, receipt
from fiscald.emulator.device import Device
from fiscald.emulator.running import build
from fiscald.protocols.base import Effect
from fiscald.protocols.posnet.commands import COMMANDS
from fiscald.protocols.posnet.frames import ETX, MARK, STX, crc16

#: Seconds of line in one piece.
PIECE = 0.010
#: More receipts than a printer prints in any measurement.
LEARNT = 12
_NUMBER = b"EMU 0000000001"
_MNEMONIC = re.compile(rb"\x02!?(\w+)")


@dataclass
class State:
    """A printer that has carried out certain commands, and what it answers to the next one."""

    device: Device
    known: dict[bytes, tuple[bytes, State]] = field(default_factory=dict)

    def answer(self, command: bytes) -> tuple[bytes, State]:
        """The answer, and the state after it."""
        found = self.known.get(command)
        if found is None:
            found = self.known[command] = self._ask(command)
        return found

    def _ask(self, command: bytes) -> tuple[bytes, State]:
        row = COMMANDS.get(match[1].decode() if (match := _MNEMONIC.match(command)) else "")
        after = self if row is None or row.effect is Effect.QUERY else State(copy.deepcopy(self.device))
        after.device.receive(command, 0.0)
        return after.device.poll(0.0), after

    def learn(self, receipts: int) -> None:
        """Work out so many receipts in advance: a copy of a printer takes 10 ms, and other printers would wait."""
        state = self
        for exchange in conversation("posnet", receipt()) * receipts:
            _, state = state.answer(exchange.sent)


@dataclass
class Printer:
    """One printer: its place among the states, and its line."""

    number: bytes
    state: State
    link: socket.socket | None = None
    unread: bytes = b""
    heard_until: float = 0.0
    said_until: float = 0.0

    def own(self, answer: bytes) -> bytes:
        """An answer with this printer's unique number."""
        if _NUMBER not in answer:
            return answer
        content = answer[1:-6].replace(_NUMBER, self.number)
        return STX + content + MARK + crc16(content) + ETX


class Line:
    """All printers behind lines of one speed."""

    def __init__(self, baud: int, command_seconds: float) -> None:
        self._seconds = 10 / baud if baud else 0.0
        self._piece = max(1, int(PIECE / self._seconds)) if baud else 1 << 20
        self._command_seconds = command_seconds
        self._due: list[tuple[float, int, Printer, bytes]] = []
        self._order = itertools.count()

    def receive(self, printer: Printer, data: bytes) -> None:
        """Bytes have been sent to a printer: plan when the pieces of its answer arrive."""
        now = time.monotonic()
        *commands, printer.unread = (printer.unread + data).split(ETX)
        for each in commands:
            command = each + ETX
            printer.heard_until = max(printer.heard_until, now) + len(command) * self._seconds
            answer, printer.state = printer.state.answer(command)
            answer = printer.own(answer)
            at = max(printer.heard_until + self._command_seconds, printer.said_until)
            for start in range(0, len(answer), self._piece):
                piece = answer[start : start + self._piece]
                at += len(piece) * self._seconds
                heapq.heappush(self._due, (at, next(self._order), printer, piece))
            printer.said_until = at

    def deliver(self) -> float | None:
        """Send what has arrived by now; the seconds until the next piece arrives."""
        while self._due:
            wait = self._due[0][0] - time.monotonic()
            if wait > 0:
                return wait
            _, _, printer, piece = heapq.heappop(self._due)
            if printer.link is not None:
                printer.link.send(piece)
        return None


def serve(count: int, line: Line) -> None:
    """Serve so many printers; print their addresses."""
    start = State(build("posnet")[0])
    start.learn(LEARNT)
    selector = selectors.EpollSelector()
    addresses = []
    for number in range(count):
        listener = socket.create_server(("127.0.0.1", 0))
        addresses.append(f"tcp://127.0.0.1:{listener.getsockname()[1]}")
        selector.register(listener, selectors.EVENT_READ, Printer(b"EMU %010d" % (number + 1), start))
    print(json.dumps(addresses), flush=True)
    wait: float | None = None
    while True:
        for key, _ in selector.select(wait):
            printer: Printer = key.data
            assert isinstance(key.fileobj, socket.socket)
            if key.fileobj is not printer.link:
                printer.link, _ = key.fileobj.accept()
                printer.link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                printer.unread = b""
                selector.register(printer.link, selectors.EVENT_READ, printer)
            elif data := printer.link.recv(65536):
                line.receive(printer, data)
            else:
                selector.unregister(printer.link)
                printer.link.close()
                printer.link = None
        wait = line.deliver()


if __name__ == "__main__":
    assert sys.argv[1] == "posnet", "only POSNET printers are light"
    gc.disable()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())
    resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
    serve(int(sys.argv[2]), Line(int(sys.argv[3]), float(sys.argv[4])))
