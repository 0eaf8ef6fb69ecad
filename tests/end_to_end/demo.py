"""``fiscald demo --keep`` as a process, and its terminal."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager


class Terminal:
    """The terminal in which the demonstration runs."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def read(self, pattern: str) -> str:
        """The first line that is like this; ends with the process."""
        assert self._process.stdout is not None
        for line in self._process.stdout:
            if (found := re.search(pattern, line)) is not None:
                return found[0]
        raise AssertionError(f"it ended without {pattern}")

    def type(self, line: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(f"{line}\n")
        self._process.stdin.flush()


@contextmanager
def demo() -> Iterator[tuple[Terminal, subprocess.Popen[str]]]:
    process = subprocess.Popen(
        [sys.executable, "-m", "fiscald", "demo", "--keep"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        text=True, bufsize=1, env=os.environ | {"PYTHONUNBUFFERED": "1"},
    )  # fmt: skip
    with process:
        try:
            yield Terminal(process), process
        finally:
            process.kill()
