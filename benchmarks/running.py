"""Processes of a measurement: emulated printers, the daemon, and what a process costs."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from fiscald.api.client import Client
from fiscald.licence.testing import make_certificate

ROOT = Path(__file__).parents[1]
FISCALD = (str(Path(sys.executable).parent / "fiscald"),)
#: Seconds that a process gets for anything that it has to do.
PATIENCE = 100.0
#: Open files that the processes may have: a thousand printers need more than the usual 1024.
DESCRIPTORS = 16_384


@contextmanager
def process(log: IO[str], *command: str, **environment: str) -> Iterator[subprocess.Popen[str]]:
    """A process whose messages go to a file: an unread pipe would block it."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    limit = DESCRIPTORS if most == resource.RLIM_INFINITY else min(DESCRIPTORS, most)
    started = subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=log,
        text=True,
        cwd=ROOT,
        env=os.environ | environment,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (limit, most)),
    )
    try:
        yield started
    finally:
        started.terminate()
        try:
            started.communicate(timeout=PATIENCE)
        except subprocess.TimeoutExpired:
            started.kill()
            started.communicate()


@dataclass(frozen=True)
class Printers:
    """Emulated printers in one process."""

    family: str
    addresses: list[str]
    pid: int


@contextmanager
def printers(
    folder: Path, family: str, count: int = 1, *, baud: int = 0, command: float = 0.0, light: bool = False
) -> Iterator[Printers]:
    """So many printers behind lines of that speed (0: no line at all).

    ``command``: seconds that every command takes. ``light``: printers that remember the answers (``benchmarks.light``).
    """
    module = "benchmarks.light" if light else "benchmarks.printers"
    arguments = (sys.executable, "-m", module, family, str(count), str(baud), str(command))
    with (folder / f"{family}.log").open("a") as log, process(log, *arguments) as started:
        assert started.stdout is not None
        line = started.stdout.readline()
        if not line:
            raise RuntimeError(f"the emulated printers did not start; see {log.name}")
        yield Printers(family, json.loads(line), started.pid)


@dataclass(frozen=True)
class Daemon:
    """A running daemon whose printers, ``till0`` and so on, are ready."""

    folder: Path
    pid: int
    client: Client

    @property
    def socket(self) -> Path:
        """Where it listens."""
        return self.folder / "fiscald.sock"

    @property
    def memory(self) -> float:
        """Its memory now, in MB (resident)."""
        lines = Path(f"/proc/{self.pid}/status").read_text().splitlines()
        return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmRSS"))

    def print(self, key: str, document: Mapping[str, Any], *, till: int = 0) -> None:
        """Print a document and wait until it is done. Raises ``RuntimeError`` if it is not."""
        deadline = time.monotonic() + PATIENCE
        job = self.client.submit(key, f"till{till}", document, wait=PATIENCE)
        while job.state in ("accepted", "running") and time.monotonic() < deadline:
            job = self.client.job(key, wait=PATIENCE)
        if job.state != "done":
            raise RuntimeError(f"{key} is {job.state}: {job.error}")


def configure(folder: Path, groups: Sequence[Printers]) -> Path:
    """Write the configuration of a daemon with all these printers; its path."""
    folder.mkdir(exist_ok=True)
    lines = ['socket = "fiscald.sock"', 'state_dir = "state"', "[licence]", "test_keys = true"]
    pairs = [(group.family, address) for group in groups for address in group.addresses]
    for number, (family, address) in enumerate(pairs):
        lines += [f"[printers.till{number}]", f'family = "{family}"', f'address = "{address}"']
    path = folder / "fiscald.toml"
    path.write_text("\n".join(lines) + "\n")
    return path


@contextmanager
def daemon(folder: Path, *groups: Printers, command: Sequence[str] = FISCALD, **environment: str) -> Iterator[Daemon]:
    """A licensed daemon for these printers. ``command``: what to start in place of ``fiscald``."""
    path = configure(folder, groups)
    count = sum(len(group.addresses) for group in groups)
    with (
        (folder / "fiscald.log").open("w") as log,
        process(log, *command, "run", "--config", str(path), **environment) as it,
    ):
        _wait_for_start(it, folder)
        with Client(folder / "fiscald.sock", timeout=PATIENCE) as client:
            client.install_licence(make_certificate())
            deadline = time.monotonic() + PATIENCE
            while sum(printer.state == "ready" for printer in client.printers()) < count:
                _check(it, folder, deadline)
                time.sleep(0.02 + 0.0005 * count)
            yield Daemon(folder, it.pid, client)


def _wait_for_start(it: subprocess.Popen[str], folder: Path) -> None:
    deadline = time.monotonic() + PATIENCE
    while "is ready" not in (folder / "fiscald.log").read_text("utf-8", "replace"):
        _check(it, folder, deadline)
        time.sleep(0.02)


def _check(it: subprocess.Popen[str], folder: Path, deadline: float) -> None:
    if it.poll() is not None or time.monotonic() > deadline:
        said = (folder / "fiscald.log").read_text("utf-8", "replace").splitlines()[-10:]
        raise RuntimeError("the daemon did not become ready:\n" + "\n".join(said))


def processor_seconds(pid: int) -> float:
    """Processor time of a process so far, all its threads, in seconds, to the nanosecond.

    Linux gives every process a clock; its number is made of the process id (``clock_getcpuclockid``).
    """
    return time.clock_gettime((~pid << 3) | 2)
