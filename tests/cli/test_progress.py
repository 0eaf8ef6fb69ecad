"""The progress of a slow verb: on a terminal, within a second; no output anywhere else."""

from __future__ import annotations

import contextlib
import os
import pty
import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from fiscald.cli.progress import progress
from tests.cli.conftest import RECEIPT, Counter
from tests.diagnostics.test_probing import line

FISCALCTL = [sys.executable, "-m", "fiscald.cli.fiscalctl"]


class Terminal:
    """A terminal for standard error, and everything that was shown on it."""

    def __init__(self) -> None:
        self.shown = b""
        self._ours, self.theirs = pty.openpty()

    def run(self, *arguments: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [*FISCALCTL, *arguments], stdout=subprocess.PIPE, stderr=self.theirs, text=True,
            env=os.environ | {"TERM": "xterm", "COLUMNS": "120"},
        )  # fmt: skip
        os.close(self.theirs)
        return process

    def read(self, until: str) -> str:
        while until.encode() not in self.shown:
            self.shown += os.read(self._ours, 65536)
        return self.shown.decode()

    def close(self) -> str:
        with contextlib.suppress(OSError):
            while self._ours >= 0 and (data := os.read(self._ours, 65536)):
                self.shown += data
        if self._ours >= 0:
            os.close(self._ours)
            self._ours = -1
        return self.shown.decode()


@pytest.fixture
def terminal() -> Iterator[Terminal]:
    it = Terminal()
    yield it
    it.close()


@pytest.mark.slow
def test_a_scan_of_a_silent_port_shows_its_progress(terminal: Terminal, tmp_path: Path) -> None:
    began = time.monotonic()
    with line(lambda _: b"") as port:
        options = ["--config", str(tmp_path / "none.toml"), "--root", "/"]
        process = terminal.run("--socket", str(tmp_path / "s"), "scan", "--probe", "--port", port, *options)
        terminal.read(f"probing {port} as posnet at 9600 (1 of at most 16)")
        assert time.monotonic() - began < 8, "at once; the rest is the interpreter's start"
        terminal.read("(3 of at most 16)")
        process.send_signal(2)
        process.wait(20)
        assert process.stdout is not None
        process.stdout.close()
    shown = terminal.close()
    assert "(Ctrl-C stops)" in shown
    assert shown.endswith("stopped\r\n")
    assert "\r\x1b[K" in shown, "the line is written over and taken away"


@pytest.mark.slow
def test_a_waiting_document_shows_that_it_waits(counter: Counter, terminal: Terminal) -> None:
    counter.printer.switch("cover")
    process = terminal.run(
        "--socket", str(counter.socket), "print", counter.file(RECEIPT), "--key", "W1", "--wait", "2.5"
    )
    assert process.stdout is not None
    told = process.stdout.read()
    process.wait(20)
    process.stdout.close()
    shown = terminal.close()
    assert "W1: accepted" in told
    assert re.search(r"waiting for till1 and job W1, \d s \(Ctrl-C stops waiting; the job continues\)", shown)


def test_without_a_terminal_no_progress_is_shown(capfd: pytest.CaptureFixture[str]) -> None:
    before = threading.active_count()
    with progress("looking", after=0) as say:
        say("still looking")
        assert threading.active_count() == before
    assert capfd.readouterr().err == ""


def test_a_quick_command_shows_no_progress(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    with progress("looking"):
        pass
    assert capfd.readouterr().err == ""


def test_the_progress_line_ends_with_its_task(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    before = threading.active_count()
    with pytest.raises(ValueError, match="x"), progress("looking", after=0):
        raise ValueError("x")
    assert threading.active_count() == before
