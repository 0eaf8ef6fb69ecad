"""``fiscald emulate`` as a process that never outlives the test, whatever signals the test run itself ignores."""

from __future__ import annotations

import contextlib
import json
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]


class Emulator:
    """A running emulated printer."""

    def __init__(self, process: subprocess.Popen[str], ready: str) -> None:
        self.process = process
        self.ready = ready
        """Its first line: model, unique number, address."""
        self.out = self.err = ""
        """What it wrote, once it has ended; ``err`` without the first line."""

    @property
    def port(self) -> int:
        return int(re.findall(r":(\d+)\n", self.ready)[0])

    def end(self, number: int = signal.SIGTERM) -> int:
        """End it by a signal; its exit code."""
        self.process.send_signal(number)
        self.out, self.err = self.process.communicate(timeout=20)
        return self.process.returncode


@contextlib.contextmanager
def emulator(*arguments: str | Path, ignoring: tuple[signal.Signals, ...] = ()) -> Iterator[Emulator]:
    """``ignoring``: signals that are ignored when it starts, as for a program in the background of a script."""

    def ignore() -> None:
        for number in ignoring:
            signal.signal(number, signal.SIG_IGN)

    command = [sys.executable, "-m", "fiscald", "emulate", *map(str, arguments), "--slow", "0"]
    process = subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, preexec_fn=ignore
    )
    try:
        assert process.stderr is not None
        yield Emulator(process, process.stderr.readline())
    finally:
        process.kill()
        process.communicate()


def order(path: Path, **content: Any) -> Any:
    """One order over a control socket; its answer."""
    with socket.socket(socket.AF_UNIX) as link:
        link.settimeout(10)
        link.connect(str(path))
        link.sendall(json.dumps(content).encode() + b"\n")
        with link.makefile() as answers:
            return json.loads(answers.readline())
