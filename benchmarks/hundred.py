"""A hundred printers at once on one daemon, against one of them alone: a row of ``make bench``.

One process emulates all printers, so that what shares the machine with the daemon is small and its processor
time can be separated. Emulated printers answer at once; only the line takes time, with the emulator's own
throttle: pieces of 10 ms, about what a serial port hands on. That this does not spoil the figure is measured
in the same run: the same frames from bare sockets, without a daemon, are the floor that the bench itself has.

The clients are one thread. Every request is ready before the clock starts, every receipt has a connection of
its own, and answers are read apart after the clock has stopped. All times of a burst count from one moment:
before the first request is sent.
"""

from __future__ import annotations

import asyncio
import gc
import json
import os
import selectors
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any
from urllib.parse import quote, urlsplit

import anyio

from fiscald.api.client import Client
from fiscald.emulator.running import build
from fiscald.emulator.server import PortServer
from fiscald.licence.testing import make_certificate

PRINTERS = 100
BAUD = 9600
#: Bursts that are measured, and receipts of one printer alone before each of them.
ROUNDS, ALONE = 5, 2
#: Seconds to wait for one answer, and for the daemon to be ready.
PATIENCE = 60.0


@dataclass
class Times:
    """Seconds that a receipt took, on one printer while the others rest and on all at once."""

    alone: list[float] = field(default_factory=list)
    together: list[float] = field(default_factory=list)

    @property
    def p99(self) -> float:
        """All but the slowest hundredth were as fast."""
        return sorted(self.together)[int(len(self.together) * 0.99) - 1]

    @property
    def ratio(self) -> float:
        """That against the median of one printer alone."""
        return self.p99 / statistics.median(self.alone)


@dataclass
class Outcome:
    """What was measured."""

    daemon: Times
    bare: Times
    """The same without a daemon: what the bench itself costs."""
    daemon_cpu: float
    """Processor seconds of the daemon for one receipt of a burst."""
    emulator_cpu: float


# -- the emulated printers --------------------------------------------------------------------------------


async def emulate(count: int, baud: int) -> None:
    """Run ``count`` printers on separate ports in this process; print their addresses as JSON."""
    gc.disable()  # its pauses would count as the daemon's
    async with anyio.create_task_group() as tasks:
        ports = []
        for number in range(count):
            device, _ = build("posnet", seed=number)
            ports.append(await tasks.start(PortServer(device, baud=baud).serve_tcp, "127.0.0.1", 0))
        print(json.dumps([f"tcp://127.0.0.1:{port}" for port in ports]), flush=True)


# -- processes --------------------------------------------------------------------------------------------


@contextmanager
def running(log: IO[str], *command: str) -> Iterator[subprocess.Popen[str]]:
    """A process whose messages go to a file: an unread pipe would block it."""
    started = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True)
    try:
        yield started
    finally:
        started.terminate()
        started.communicate()


@contextmanager
def printers(folder: Path) -> Iterator[tuple[list[str], int]]:
    """All printers: their addresses, and the process that emulates them."""
    command = (sys.executable, __file__, str(PRINTERS), str(BAUD))
    with (folder / "emulator.log").open("w") as log, running(log, *command) as emulator:
        assert emulator.stdout is not None
        yield json.loads(emulator.stdout.readline()), emulator.pid


@contextmanager
def daemon(folder: Path, addresses: list[str]) -> Iterator[tuple[Path, int]]:
    """A licensed daemon connected to all its printers: its socket and its process id."""
    lines = ['socket = "fiscald.sock"', 'state_dir = "state"', "[licence]", "test_keys = true"]
    for number, address in enumerate(addresses):
        lines += [f"[printers.till{number}]", 'family = "posnet"', f'address = "{address}"']
    (folder / "fiscald.toml").write_text("\n".join(lines) + "\n")
    command = (str(Path(sys.executable).parent / "fiscald"), "run", "--config", str(folder / "fiscald.toml"))
    with (folder / "fiscald.log").open("w") as log, running(log, *command) as started:
        path = folder / "fiscald.sock"
        deadline = time.monotonic() + PATIENCE
        while not path.exists():
            _check(started, deadline)
            time.sleep(0.05)
        with Client(path) as client:
            client.install_licence(make_certificate())
            while any(printer.state != "ready" for printer in client.printers()):
                _check(started, deadline)
                time.sleep(0.2)
        yield path, started.pid


def _check(started: subprocess.Popen[str], deadline: float) -> None:
    if started.poll() is not None or time.monotonic() > deadline:
        raise RuntimeError("the daemon did not become ready")


def cpu(pid: int) -> float:
    """Processor seconds of a process so far, user and system."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


# -- clients ----------------------------------------------------------------------------------------------


def request(key: str, printer: int, document: Mapping[str, Any]) -> bytes:
    """A whole request: print that, and answer when it is done."""
    body = json.dumps({"printer": f"till{printer}", "document": document}).encode()
    head = (
        f"PUT /v1/jobs/{quote(key, safe='')}?wait={PATIENCE:g} HTTP/1.1\r\nHost: fiscald\r\nConnection: close\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def ask(path: Path, requests: list[bytes]) -> list[float]:
    """Send all requests at once; the seconds until each was answered. All must be done."""
    answers: dict[socket.socket, bytearray] = {}
    seconds: list[float] = []
    with ExitStack() as stack:
        selector = stack.enter_context(selectors.DefaultSelector())
        for _ in requests:
            link = stack.enter_context(socket.socket(socket.AF_UNIX, socket.SOCK_STREAM))
            selector.register(link, selectors.EVENT_READ, link)
            answers[link] = bytearray()
        began = time.perf_counter()
        for link, data in zip(answers, requests, strict=True):
            link.connect(str(path))
            link.sendall(data)
        while len(seconds) < len(requests):
            ready = selector.select(PATIENCE)
            if not ready:
                raise RuntimeError(f"{len(requests) - len(seconds)} receipts without an answer")
            for key, _ in ready:
                received = key.data.recv(65536)
                answers[key.data] += received
                if not received:
                    seconds.append(time.perf_counter() - began)
                    selector.unregister(key.data)
    for answer in answers.values():
        job = json.loads(answer.partition(b"\r\n\r\n")[2])
        if job.get("state") != "done":
            raise RuntimeError(f"not done: {job}")
    return seconds


async def bare(addresses: list[str], conversation: list[tuple[bytes, bytes]]) -> Times:
    """The same frames from bare sockets: no daemon, no journal, no client."""
    links = [await asyncio.open_connection("127.0.0.1", urlsplit(address).port) for address in addresses]

    async def one(number: int, began: float) -> float:
        reader, writer = links[number]
        for data, _answer in conversation:
            writer.write(data)
            await reader.readuntil(b"\x03")
        return time.perf_counter() - began

    times = Times()
    for _ in range(2):
        times.alone += [await one(number, time.perf_counter()) for number in range(ALONE)]
        began = time.perf_counter()
        times.together += await asyncio.gather(*(one(number, began) for number in range(len(links))))
    for _, writer in links:
        writer.close()
        await writer.wait_closed()
    return times


# -- the measurement --------------------------------------------------------------------------------------


def measure(folder: Path, document: Mapping[str, Any], conversation: list[tuple[bytes, bytes]]) -> Outcome:
    """The same receipt on one printer alone and on all of them at once, in turns.

    ``conversation``: the frames of that receipt with their answers.
    """
    folder.mkdir()
    with printers(folder) as (addresses, emulator_pid):
        without = asyncio.run(bare(addresses, conversation))
        with daemon(folder, addresses) as (path, daemon_pid):
            times = Times()
            spent = [0.0, 0.0]
            ask(path, [request(f"first/{number}", number, document) for number in range(PRINTERS)])
            for turn in range(ROUNDS):
                # Resting printers are looked at every two seconds: not at the same point of that in every turn.
                pause = 1.2 + 0.2 * turn
                time.sleep(pause)
                for number in range(ALONE):
                    times.alone += ask(path, [request(f"alone/{turn}/{number}", number, document)])
                time.sleep(pause)
                requests = [request(f"together/{turn}/{number}", number, document) for number in range(PRINTERS)]
                before = cpu(daemon_pid), cpu(emulator_pid)
                times.together += ask(path, requests)
                spent[0] += cpu(daemon_pid) - before[0]
                spent[1] += cpu(emulator_pid) - before[1]
    return Outcome(times, without, *(seconds / len(times.together) for seconds in spent))


if __name__ == "__main__":
    anyio.run(emulate, int(sys.argv[1]), int(sys.argv[2]))
