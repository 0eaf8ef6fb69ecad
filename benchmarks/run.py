"""Ours against a bare client and against wire time, in one run: ``make bench``.

Every figure is a ratio of two things measured in the same run on the same machine, or a latency beside its
goal. Daemon and emulator are separate processes, the daemon's journal is on the real disk.
"""

from __future__ import annotations

import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import hundred

from fiscald.api.client import Client
from fiscald.emulator import emulator_factory
from fiscald.emulator.register import Register
from fiscald.journal import Phase, Store
from fiscald.licence.testing import make_certificate
from fiscald.model.documents import Receipt, Submission
from fiscald.protocols import FAMILIES
from fiscald.protocols import family as find_family
from fiscald.protocols.base import Answer, Settings, Step
from fiscald.protocols.driving import drive_sync

BIN = Path(sys.executable).parent
RECEIPT: dict[str, Any] = {
    "type": "receipt",
    "lines": [
        {"name": f"Towar wzorcowy nr {number}", "quantity": "2", "price": "12.34", "vat": "ABCD"[number % 4]}
        for number in range(10)
    ],
}
Exchange = tuple[bytes, bytes]


def frames(family: str) -> list[Exchange]:
    """What passes the line for one receipt: every frame of the driver, with the printer's answer."""
    printer, known = emulator_factory(family)(Register()), find_family(family)
    settings = Settings("till1", known.options.model_validate({"profile": known.choices("profile")[0]}))
    session = known.session(settings)
    found: list[Exchange] = []

    def exchange(step: Step) -> Any:
        data = session.send(step.command)
        printer.receive(data, 0.0)
        answer = printer.poll(0.0)
        found.append((data, answer))
        return next(event.reply for event in session.receive(answer) if isinstance(event, Answer))

    drive_sync(known.carry_out(Receipt.model_validate(RECEIPT), settings, None), exchange, lambda _: None)
    return found


@contextmanager
def process(*command: str, until: str) -> Iterator[tuple[subprocess.Popen[str], float]]:
    """A process that has written ``until`` to stderr, and how long that took."""
    began = time.perf_counter()
    started = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    try:
        assert started.stderr is not None
        told = ""
        while until not in told:
            told = started.stderr.readline()
            if not told:
                raise RuntimeError(f"{command[0]} ended before it said {until!r}")
        yield started, time.perf_counter() - began
    finally:
        started.terminate()
        started.communicate()


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


@contextmanager
def emulator(family: str, *options: str) -> Iterator[str]:
    """An emulated printer in a separate process; its address."""
    port = free_port()
    command = [
        str(BIN / "fiscald"),
        "emulate",
        family,
        "--tcp",
        f"127.0.0.1:{port}",
        "--slow",
        "0",
        "--quiet",
        *options,
    ]
    with process(*command, until=" at tcp://"):
        yield f"tcp://127.0.0.1:{port}"


@contextmanager
def daemon(folder: Path, family: str, address: str) -> Iterator[tuple[Client, int, float]]:
    """A licensed daemon for that printer: client, process id, seconds from start to ready."""
    folder.mkdir()
    (folder / "fiscald.toml").write_text(
        'socket = "fiscald.sock"\nstate_dir = "state"\n[licence]\ntest_keys = true\n'
        f'[printers.till1]\nfamily = "{family}"\naddress = "{address}"\n'
    )
    command = [str(BIN / "fiscald"), "run", "--config", str(folder / "fiscald.toml")]
    with process(*command, until="is ready") as (running, seconds), Client(folder / "fiscald.sock") as client:
        client.install_licence(make_certificate())
        while client.printer("till1").state != "ready":
            time.sleep(0.01)
        yield client, running.pid, seconds


def timed(action: Callable[[], object]) -> float:
    began = time.perf_counter()
    action()
    return time.perf_counter() - began


def receipts(client: Client, name: str) -> Callable[[], None]:
    """Prints a receipt each time it is called."""
    number = iter(range(10**9))

    def one() -> None:
        job = client.submit(f"{name}/{next(number)}", "till1", RECEIPT, wait=60)
        if job.state != "done":
            raise RuntimeError(f"{job.state}: {job.error}")

    return one


def bare_client(address: str, conversation: list[Exchange]) -> Callable[[], None]:
    """A straightforward script: the same frames, one after the other, no daemon and no journal."""
    host, _, port = address.removeprefix("tcp://").partition(":")
    link = socket.create_connection((host, int(port)))
    link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def one() -> None:
        for data, answer in conversation:
            link.sendall(data)
            # What ends an answer, and how often: two sequences, or a single byte without an end.
            end, received = answer[-2:].lstrip(b"0123456789ABCDEF"), b""
            while not received or (len(answer) > 1 and received.count(end) < answer.count(end)):
                received += link.recv(4096)

    return one


def row(what: str, figure: str, goal: str, *, good: bool) -> None:
    print(f"{what:<62} {figure:>22}   goal {goal:<10} {'ok' if good else 'MISSED'}", flush=True)


def over_a_slow_line(folder: Path, family: str, conversation: list[Exchange]) -> None:
    """Row 1 and row 4: a 9600-baud line, and the status while it is busy."""
    wire = sum(len(data) + len(answer) for data, answer in conversation) * 10 / 9600
    with emulator(family, "--baud", "9600") as address, daemon(folder, family, address) as (client, _, _):
        one = receipts(client, "slow")
        one()
        ratios = [timed(one) / wire for _ in range(5)]
        ratio = statistics.median(ratios)
        what = f"{family}: 10-line receipt, 9600 baud, durable path / wire ({wire:.2f} s)"
        row(what, f"{ratio:.3f} ({min(ratios):.3f}-{max(ratios):.3f})", "<= 1.10", good=ratio <= 1.10)
        keys = [f"status/{number}" for number in range(3)]
        for key in keys:
            client.submit(key, "till1", RECEIPT, wait=0)
        latencies: list[float] = []
        while client.job(keys[-1]).state != "done":
            latencies += [timed(lambda: client.printer("till1")) for _ in range(50)]
        p99 = sorted(latencies)[int(len(latencies) * 0.99)] * 1000
        median = statistics.median(latencies) * 1000
        row(
            f"status while printing, {len(latencies)} answers: p99 (median)",
            f"{p99:.1f} ms ({median:.1f} ms)",
            "<= 10 ms",
            good=p99 <= 10,
        )


def without_latency(folder: Path, family: str, conversation: list[Exchange]) -> None:
    """Row 2: pairs of the same receipt, ours and bare, each on a separate emulator."""
    with ExitStack() as stack:
        client, _, _ = stack.enter_context(daemon(folder, family, stack.enter_context(emulator(family))))
        ours = receipts(client, "fast")
        bare = bare_client(stack.enter_context(emulator(family)), conversation)
        for _ in range(5):
            ours()
            bare()
        pairs = [(timed(ours), timed(bare)) for _ in range(60)]
        ratios = sorted(a / b for a, b in pairs)
        ratio = statistics.median(ratios)
        mine, theirs = (statistics.median(side) * 1000 for side in zip(*pairs, strict=True))
        spread = f"{ratios[3]:.2f}-{ratios[-4]:.2f}"
        what = f"{family}: same, no latency, durable path ({mine:.1f} ms) / bare ({theirs:.1f} ms)"
        row(what, f"{ratio:.2f} ({spread})", "<= 2.0", good=ratio <= 2.0)


def many_at_once(folder: Path, conversation: list[Exchange]) -> None:
    """Row 3: a hundred printers of one daemon, and one of them alone."""
    found = hundred.measure(folder, RECEIPT, conversation)
    times = found.daemon
    alone, middle = statistics.median(times.alone), statistics.median(times.together)
    what = f"{hundred.PRINTERS} printers at once: p99 ({times.p99:.2f} s) / one alone ({alone:.2f} s)"
    row(what, f"{times.ratio:.3f} (median {middle / alone:.3f})", "<= 1.15", good=times.ratio <= 1.15)
    print(f"{'  the same frames from bare sockets, without a daemon':<62} {found.bare.ratio:>22.3f}")
    processors = f"{found.daemon_cpu * 1000:.1f} ms, {found.emulator_cpu * 1000:.1f} ms"
    print(f"{'  processor time of a receipt: daemon, emulator':<62} {processors:>22}", flush=True)


def syncing(folder: Path) -> None:
    """What the journal's four synced changes of one receipt take on this disk."""
    store = Store(folder, lambda: datetime.now(UTC))
    submission = Submission.model_validate({"printer": "till1", "document": RECEIPT})
    number = iter(range(10**9))

    def one() -> None:
        key = f"sync/{next(number)}"
        store.accept(key, submission, (), None)
        store.start(key, {})
        store.commit(key)
        store.finish(key, Phase.DONE)

    seconds = statistics.median(timed(one) for _ in range(50))
    store.close()
    print(f"{'  of which four synced changes in the journal':<62} {seconds * 1000:>19.1f} ms")


def idle(folder: Path) -> None:
    """Row 5: start and memory."""
    with emulator(FAMILIES[0]) as address:
        starts = []
        for number in range(3):
            with daemon(folder / str(number), FAMILIES[0], address) as (client, pid, seconds):
                starts.append(seconds)
                receipts(client, "idle")()
                time.sleep(1)
                status = Path(f"/proc/{pid}/status").read_text()
                memory = int(next(line for line in status.splitlines() if line.startswith("VmRSS")).split()[1]) / 1024
    row("idle after a receipt: memory", f"{memory:.0f} MB", "<= 80 MB", good=memory <= 80)
    start = statistics.median(starts)
    row("start to ready", f"{start:.2f} s", "<= 1 s", good=start <= 1)


def main() -> None:
    """Print the table."""
    print(f"{os.cpu_count()} CPUs, Python {sys.version.split()[0]}")
    # The journal's syncs must reach a real disk: not a memory file system.
    with tempfile.TemporaryDirectory(prefix="fiscald-bench-", dir=Path.cwd()) as name:
        folder = Path(name)
        (folder / "idle").mkdir()
        for family in FAMILIES:
            conversation = frames(family)
            size = sum(len(data) + len(answer) for data, answer in conversation)
            print(f"{family}: a receipt is {len(conversation)} exchanges, {size} bytes")
            over_a_slow_line(folder / f"slow-{family}", family, conversation)
            without_latency(folder / f"fast-{family}", family, conversation)
        many_at_once(folder / "many", frames(FAMILIES[0]))
        syncing(folder / "journal")
        idle(folder / "idle")


if __name__ == "__main__":
    main()
