"""The cable between a daemon and one emulated printer: every byte counted, every fault at its byte.

What a cable promises even when it fails: bytes stay in order in each direction, and nothing that was sent on
an earlier connection arrives after something sent on a later one.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from typing import Literal

from fiscald.emulator.device import Device
from fiscald.transport import ByteStream, DeviceAbsent, LinkLost, StreamEnded
from tests.chaos.schedule import Fault, What

Direction = Literal["out", "in"]
#: Seconds a chunk travels.
LATENCY = (0.0, 0.003)
#: Seconds for which a merged chunk waits for the next one.
MERGE_SECONDS = 0.05


class SimStream(ByteStream):
    """The daemon's end of one connection."""

    def __init__(self, cable: Cable) -> None:
        self._cable = cable
        self._inbox = bytearray()
        self._arrived = asyncio.Event()
        self.ended = False
        self._hung_up = False

    async def send(self, data: bytes) -> None:
        """See ``ByteStream.send``."""
        await asyncio.sleep(0)
        self.send_nowait(data)

    def send_nowait(self, data: bytes) -> bytes:
        """See ``ByteStream.send_nowait``. It takes everything."""
        if self.ended:
            raise LinkLost("the cable is out")
        self._cable.carry("out", data)
        return b""

    async def receive(self) -> bytes:
        """See ``ByteStream.receive``."""
        while not self._inbox and not self.ended:
            self._arrived = asyncio.Event()
            await self._arrived.wait()
        return self.receive_nowait()

    def receive_nowait(self) -> bytes:
        """See ``ByteStream.receive_nowait``."""
        if not self._inbox and self.ended:
            if self._hung_up:
                raise StreamEnded("the printer closed the connection")
            raise LinkLost("the cable is out")
        data = bytes(self._inbox)
        self._inbox.clear()
        return data

    async def aclose(self) -> None:
        """See ``ByteStream.aclose``."""
        self._cable.closed(self)

    def deliver(self, data: bytes) -> None:
        self._inbox += data
        self._arrived.set()

    def end(self, *, hung_up: bool = False) -> None:
        self.ended, self._hung_up = True, hung_up
        self._arrived.set()


class Cable:
    """An address to the engine, a plug to the device."""

    def __init__(
        self,
        device: Device,
        kind: Literal["tcp", "serial"],
        rng: random.Random,
        log: Callable[[str], None],
        happened: Callable[[What], None],
        kill: Callable[[Fault], None],
    ) -> None:
        self.device = device
        self.kind = kind
        self.rng = rng
        self.log = log
        self.happened = happened
        self.kill = kill
        self.faults: list[Fault] = []
        self.plugged = True
        self.muted_until = 0.0
        self.stream: SimStream | None = None
        self.passed: dict[Direction, int] = {"out": 0, "in": 0}
        self._free_at: dict[Direction, float] = {"out": 0.0, "in": 0.0}
        self._travelling: dict[Direction, dict[asyncio.TimerHandle, bytes]] = {"out": {}, "in": {}}
        self._wakeup: asyncio.TimerHandle | None = None
        self._loop = asyncio.get_running_loop()

    def __str__(self) -> str:
        return f"memory://{self.kind}"

    # -- the daemon's side ----------------------------------------------------------------------------

    async def open(self) -> ByteStream:
        """See ``transport.Address``."""
        await asyncio.sleep(self.rng.uniform(*LATENCY))
        if not self.plugged or not self.device.powered:
            raise DeviceAbsent(f"{self}: nothing there")
        self.log("connect")
        self.stream = SimStream(self)
        if self.kind == "tcp":
            self.device.connected(self._loop.time())
        return self.stream

    def closed(self, stream: SimStream) -> None:
        """The daemon closed it, or died."""
        stream.end()
        if self.stream is stream:
            self.stream = None
            if self.kind == "tcp":
                # What was sent arrives; replies find no reader.
                self._lose(arrives=True)

    # -- bytes ----------------------------------------------------------------------------------------

    def carry(self, direction: Direction, data: bytes) -> None:
        """Put bytes on the cable; faults whose byte is among them happen."""
        self.log(f"{direction} {data!r}")
        start = self.passed[direction]
        self.passed[direction] += len(data)
        end = self.passed[direction]
        hits = [fault for fault in self.faults if start <= fault.at < end and fault.direction == direction]
        pause = 0.0
        for fault in sorted(hits, key=lambda fault: -fault.at):
            self.faults.remove(fault)
            self.happened(fault.what)
            self.log(f"fault {fault.what} at byte {fault.at}")
            position = fault.at - start
            match fault.what:
                case What.DROP:
                    data = data[:position] + data[position + fault.amount :]
                case What.TRUNCATE:
                    data = data[:position]
                case What.FLIP:
                    flipped = data[position : position + 1]
                    data = (
                        data[:position] + bytes(byte ^ 1 << fault.amount % 8 for byte in flipped) + data[position + 1 :]
                    )
                case What.DUPLICATE:
                    data += data
                case What.DELAY:
                    pause += fault.seconds
                case What.MERGE:
                    pause += MERGE_SECONDS
                case What.SPLIT:
                    self._travel(direction, data[:position], pause)
                    data = data[position:]
                    pause += fault.seconds / 20
                case What.MUTE:
                    self._travel(direction, data[:position], pause)
                    data = b""
                    self.muted_until = self._loop.time() + fault.seconds
                case What.CUT | What.CUT_AND_KILL:
                    self._travel(direction, data[:position], pause)
                    self.pull(fault.seconds)
                    if fault.what is What.CUT_AND_KILL:
                        self.kill(fault)
                    return
        self._travel(direction, data, pause)

    def _travel(self, direction: Direction, data: bytes, pause: float) -> None:
        if not data:
            return
        now = self._loop.time()
        at = max(self._free_at[direction], now + self.rng.uniform(*LATENCY)) + pause
        self._free_at[direction] = at
        handle: asyncio.TimerHandle

        def arrive() -> None:
            del self._travelling[direction][handle]
            (self._at_printer if direction == "out" else self._at_daemon)(data)

        handle = self._loop.call_at(at, arrive)
        self._travelling[direction][handle] = data

    def _at_printer(self, data: bytes) -> None:
        if self._loop.time() >= self.muted_until and self.device.powered:
            self.device.receive(data, self._loop.time())
            self.pump()

    def _at_daemon(self, data: bytes) -> None:
        if self._loop.time() >= self.muted_until and self.stream is not None:
            self.stream.deliver(data)

    def pump(self) -> None:
        """Let the printer do what is due, and look again when it says."""
        now = self._loop.time()
        data = self.device.poll(now)
        if data and self.stream is not None:
            self.carry("in", data)
        if not self.device.powered and self.stream is not None:
            self._lose()
        elif self.device.hangs_up and self.stream is not None:
            self._hang_up()
        if self._wakeup is not None:
            self._wakeup.cancel()
        due = self.device.wakeup()
        self._wakeup = None if due is None else self._loop.call_at(max(due, now), self.pump)

    def _hang_up(self) -> None:
        """The printer closed the connection; what it sent before still arrives."""
        stream, self.stream = self.stream, None
        assert stream is not None
        for data in self._travelling["in"].values():
            stream.deliver(data)
        stream.end(hung_up=True)
        for handle in self._travelling["in"]:
            handle.cancel()
        self._travelling["in"].clear()
        self.device.disconnected()

    # -- the cable itself -----------------------------------------------------------------------------

    def pull(self, seconds: float) -> None:
        """Out, and back in after so long. What travels is lost or has just arrived."""
        self.log("cable out")
        self.plugged = False
        self._lose()
        self._loop.call_later(seconds, self._put_back)

    def _put_back(self) -> None:
        self.log("cable in")
        self.plugged = True

    def _lose(self, *, arrives: bool | None = None) -> None:
        """The connection is over. What travels to the printer arrives now, or never."""
        stream, self.stream = self.stream, None
        if stream is not None:
            stream.end()
        last = [*self._travelling["out"].values()]
        for chunks in self._travelling.values():
            for handle in chunks:
                handle.cancel()
            chunks.clear()
        self._free_at = {"out": 0.0, "in": 0.0}
        if arrives if arrives is not None else self.rng.random() < 0.5:
            for data in last:
                self._at_printer(data)
        if self.kind == "tcp":
            self.device.disconnected()

    def swap(self, device: Device) -> None:
        """Plug the other end into another printer."""
        self._lose()
        self.device = device
