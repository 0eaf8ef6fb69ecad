"""Real processes: printers, the daemon under a limit of descriptors with a watchdog that listens, and what it costs."""

from __future__ import annotations

import json
import os
import resource
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import IO

from fiscald.api.client import Client
from fiscald.licence.testing import make_certificate
from tests.waiting import until

#: Seconds for anything that has to begin.
PATIENCE = 60.0
BIN = Path(sys.executable).parent
ROOT = Path(__file__).parents[2]


@contextmanager
def process(log: IO[str], *command: str, **options: object) -> Iterator[subprocess.Popen[str]]:
    """A process whose messages go to a file: an unread pipe would block it."""
    started = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True, cwd=ROOT, **options)  # type: ignore[call-overload]
    try:
        yield started
    finally:
        started.terminate()
        try:
            started.communicate(timeout=40)
        except subprocess.TimeoutExpired:
            started.kill()
            started.communicate()


@contextmanager
def printers(folder: Path, kind: str, count: int = 1) -> Iterator[list[str]]:
    """Printers of one kind (see ``tests.hostile.printers``): their addresses."""
    command = (sys.executable, "-m", "tests.hostile.printers", kind, str(count))
    with (folder / f"{kind}.log").open("w") as log, process(log, *command) as started:
        assert started.stdout is not None
        yield json.loads(started.stdout.readline())


@dataclass
class Watchdog:
    """A ``NOTIFY_SOCKET``, and when the daemon showed signs of life."""

    path: Path
    beats: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(str(self.path))
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        while True:
            if b"WATCHDOG=1" in self._socket.recv(4096):
                self.beats.append(time.monotonic())

    def longest(self, since: float, until: float) -> float:
        """The longest time without a sign of life, in seconds."""
        beats = [since, *(beat for beat in self.beats if since <= beat <= until), until]
        return max(after - before for before, after in pairwise(beats))


@dataclass
class Daemon:
    """The installed daemon."""

    folder: Path
    started: subprocess.Popen[str]
    watchdog: Watchdog

    @property
    def socket(self) -> Path:
        """Where it listens."""
        return self.folder / "fiscald.sock"

    @property
    def log(self) -> list[str]:
        """What it has logged."""
        return (self.folder / "fiscald.log").read_text("utf-8", "replace").splitlines()

    @property
    def is_running(self) -> bool:
        """Whether it has not ended."""
        return self.started.poll() is None

    @property
    def memory(self) -> float:
        """Its memory now, in MB."""
        return self._status("VmRSS")

    @property
    def peak(self) -> float:
        """The most that it had, in MB, since ``forget_peak``."""
        return self._status("VmHWM")

    def forget_peak(self) -> None:
        """Measure the peak from now on."""
        Path(f"/proc/{self.started.pid}/clear_refs").write_text("5")

    def _status(self, name: str) -> float:
        lines = Path(f"/proc/{self.started.pid}/status").read_text().splitlines()
        return next(int(line.split()[1]) / 1024 for line in lines if line.startswith(name))

    @property
    def descriptors(self) -> int:
        """How many are open."""
        return sum(1 for _ in Path(f"/proc/{self.started.pid}/fd").iterdir())


def configuration(folder: Path, addresses: Sequence[str], families: Sequence[str], more: str = "") -> Path:
    """The daemon's configuration, with the printers ``till0``, ``till1``, ..."""
    lines = ['socket = "fiscald.sock"', 'state_dir = "state"', more, "[licence]", "test_keys = true"]
    for number, (address, family) in enumerate(zip(addresses, families, strict=True)):
        lines += [f"[printers.till{number}]", f'family = "{family}"', f'address = "{address}"']
    path = folder / "fiscald.toml"
    path.write_text("\n".join(lines) + "\n")
    return path


@contextmanager
def daemon(
    folder: Path,
    addresses: Sequence[str],
    families: Sequence[str] = (),
    *,
    descriptors: int = 4096,
    command: Sequence[str] = (str(BIN / "fiscald"),),
    ready: Sequence[str] = ("till0",),
    more: str = "",
) -> Iterator[Daemon]:
    """A licensed daemon that may open so many descriptors and has met the printers ``ready``."""
    path = configuration(folder, addresses, families or ["posnet"] * len(addresses), more)
    watchdog = Watchdog(folder / "notify.sock")
    environment = os.environ | {"NOTIFY_SOCKET": str(watchdog.path), "WATCHDOG_USEC": "10000000"}
    environment |= {"PYTHONUNBUFFERED": "1", "PYTHONFAULTHANDLER": "1"}

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_NOFILE, (descriptors, descriptors))

    with ExitStack() as stack:
        log = stack.enter_context((folder / "fiscald.log").open("w"))
        arguments = (*command, "run", "--config", str(path))
        started = stack.enter_context(process(log, *arguments, env=environment, preexec_fn=limit))
        it = Daemon(folder, started, watchdog)
        deadline = time.monotonic() + PATIENCE
        while not any("is ready" in line for line in it.log):
            _check(it, deadline)
        it.socket.chmod(0o666)  # another user's program is a neighbour too
        with Client(it.socket) as client:
            client.install_licence(make_certificate())
            for name in ready:
                until(client, "ready", printer=name)
        yield it


def _check(it: Daemon, deadline: float) -> None:
    if not it.is_running or time.monotonic() > deadline:
        raise RuntimeError("the daemon did not become ready:\n" + "\n".join(it.log[-20:]))
    time.sleep(0.05)
