"""The line between a program and the gateway, in virtual time: every byte counted, every fault at its byte."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from typing import Literal

from fiscald.transport import ByteStream, LinkLost, StreamEnded
from tests.chaos.schedule import Fault, What

#: "out": from the program to the gateway.
Direction = Literal["out", "in"]
#: Seconds a chunk travels.
LATENCY = (0.0, 0.003)
#: Seconds by which a fault delays a command.
LONGEST_OUT = 0.1
#: Seconds for which a merged chunk waits for the next one.
MERGE_SECONDS = 0.05


class End(ByteStream):
    """One end of a line."""

    def __init__(self, line: Line, direction: Direction) -> None:
        self.line = line
        self._direction = direction
        self._inbox = bytearray()
        self._arrived = asyncio.Event()
        self.ended: Literal["closed", "lost"] | None = None
        """How the line ended, as far as this end knows."""

    @property
    def has_unread(self) -> bool:
        return bool(self._inbox)

    async def send(self, data: bytes) -> None:
        """See ``ByteStream.send``."""
        await asyncio.sleep(0)
        self.send_nowait(data)

    def send_nowait(self, data: bytes) -> bytes:
        """See ``ByteStream.send_nowait``. It takes everything."""
        if self.ended is not None:
            raise LinkLost("the line is gone")
        self.line.carry(self._direction, data)
        return b""

    async def receive(self) -> bytes:
        """See ``ByteStream.receive``."""
        while not self._inbox and self.ended is None:
            self._arrived = asyncio.Event()
            await self._arrived.wait()
        return self.receive_nowait()

    def receive_nowait(self) -> bytes:
        """See ``ByteStream.receive_nowait``."""
        if not self._inbox and self.ended == "closed":
            raise StreamEnded("the other end closed the line")
        if not self._inbox and self.ended == "lost":
            raise LinkLost("the line is gone")
        data = bytes(self._inbox)
        self._inbox.clear()
        return data

    async def aclose(self) -> None:
        """See ``ByteStream.aclose``."""
        self.line.close(self)

    def flush(self) -> None:
        """Throw away what has arrived, as programs do that open a serial port."""
        self._inbox.clear()

    def deliver(self, data: bytes) -> None:
        self._inbox += data
        self._arrived.set()

    def end(self, how: Literal["closed", "lost"]) -> None:
        self.ended = self.ended or how
        self._arrived.set()


class Line:
    """A TCP connection, or a serial line, which a program can leave and take again."""

    def __init__(self, front: Front) -> None:
        self._front = front
        self._loop = asyncio.get_running_loop()
        self.program, self.face = End(self, "out"), End(self, "in")
        self._free_at: dict[Direction, float] = {"out": 0.0, "in": 0.0}
        self._travelling: dict[Direction, dict[asyncio.TimerHandle, bytes]] = {"out": {}, "in": {}}
        self._muted = False
        self._closing: End | None = None

    def unacknowledged(self) -> int:
        """Bytes of the gateway that have not arrived; a serial line does not tell."""
        return 0 if self._front.kind == "serial" else sum(map(len, self._travelling["in"].values()))

    @property
    def disturbed(self) -> bool:
        """Whether this line is no more what it was when it began."""
        return self._muted or self.program.ended is not None or self.face.ended is not None

    def carry(self, direction: Direction, data: bytes) -> None:
        """Put bytes on the line; faults whose byte is among them happen."""
        front = self._front
        front.log(f"front {direction} {data!r}")
        start = front.passed[direction]
        front.passed[direction] += len(data)
        hits = [
            each for each in front.faults if start <= each.at < front.passed[direction] and each.direction == direction
        ]
        pause = 0.0
        for fault in sorted(hits, key=lambda fault: -fault.at):
            front.happens(fault)
            place = fault.at - start
            match fault.what:
                case What.DROP:
                    data = data[:place] + data[place + fault.amount :]
                case What.FLIP:
                    flipped = data[place : place + 1]
                    data = data[:place] + bytes(byte ^ 1 << fault.amount % 8 for byte in flipped) + data[place + 1 :]
                case What.DELAY:
                    pause += fault.seconds
                case What.MERGE:
                    pause += MERGE_SECONDS
                case What.SPLIT:
                    self._travel(direction, data[:place], pause)
                    data = data[place:]
                    pause += fault.seconds / 20
                case What.MUTE:
                    self._travel(direction, data[:place], pause)
                    data = data[place:] if front.kind == "tcp" else b""
                    self._mute(fault.seconds)
                case What.CUT:
                    self._travel(direction, data[:place], pause)
                    self.lose()
                    return
                case What.KILL_TURN:
                    self._travel(direction, data, pause)
                    front.kill(fault)
                    return
        self._travel(direction, data, pause)

    def _travel(self, direction: Direction, data: bytes, pause: float) -> None:
        if not data or (self._muted and self._front.kind == "serial"):
            return
        if direction == "out":
            # Patience begins when a program sends, and ``answer_seconds`` when the command arrives: no longer pauses.
            pause = min(pause, LONGEST_OUT)
        at = max(self._free_at[direction], self._loop.time() + self._front.rng.uniform(*LATENCY)) + pause
        self._free_at[direction] = at
        handle: asyncio.TimerHandle

        def arrive() -> None:
            if self._muted:
                return  # a TCP connection goes on sending it until it is reset
            del self._travelling[direction][handle]
            (self.face if direction == "out" else self.program).deliver(data)
            self._settle()

        handle = self._loop.call_at(at, arrive)
        self._travelling[direction][handle] = data

    def _mute(self, seconds: float) -> None:
        """No byte passes. A TCP connection is reset after that, and a serial line goes on."""
        self._muted = True
        self._loop.call_later(seconds, self.lose if self._front.kind == "tcp" else self._unmute)

    def _unmute(self) -> None:
        self._muted = False
        for chunks in self._travelling.values():
            chunks.clear()

    def lose(self) -> None:
        """Both ends are reset; what travels is lost, or has just arrived."""
        if self.program.ended is not None and self.face.ended is not None:
            return
        self._front.log("front line lost")
        arrives = self._front.rng.random() < 0.5
        for data in self._travelling["out"].values() if arrives and not self._muted else ():
            self.face.deliver(data)
        self.program.end("lost")
        self.face.end("lost")
        self._stop()

    def _stop(self) -> None:
        for chunks in self._travelling.values():
            for handle in chunks:
                handle.cancel()
            chunks.clear()

    def close(self, end: End) -> None:
        """One side closes a TCP connection. With unread bytes that is a reset."""
        if self._front.kind == "serial" and end is self.program:
            return
        if end is self.program and (end.has_unread or self._travelling["in"]):
            self.lose()
            return
        end.end("lost")
        self._closing = end
        self._settle()

    def _settle(self) -> None:
        """The other end notices that the line was closed when everything before has arrived."""
        if self._closing is None:
            return
        outgoing: Direction = "out" if self._closing is self.program else "in"
        if not self._travelling[outgoing]:
            (self.face if self._closing is self.program else self.program).end("closed")


class Front:
    """All lines of a run, and what goes wrong on them."""

    def __init__(
        self,
        kind: Literal["tcp", "serial"],
        faults: tuple[Fault, ...],
        rng: random.Random,
        log: Callable[[str], None],
        happened: Callable[[What], None],
        kill: Callable[[Fault], None],
    ) -> None:
        self.kind = kind
        self.faults = list(faults)
        self.rng = rng
        self.log = log
        self.kill = kill
        self._happened = happened
        self.passed: dict[Direction, int] = {"out": 0, "in": 0}

    def happens(self, fault: Fault) -> None:
        """A fault comes now, and never again."""
        self.faults.remove(fault)
        self._happened(fault.what)
        self.log(f"front fault {fault.what} at byte {fault.at}")
