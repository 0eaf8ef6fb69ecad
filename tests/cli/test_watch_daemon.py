"""``fiscalctl watch`` against a daemon, and over a restart of it."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import pty
import signal
import struct
import subprocess
import sys
import termios
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from anyio.from_thread import start_blocking_portal

from fiscald import daemon
from fiscald.api.client import Client, JobChange
from fiscald.cli import watch
from fiscald.cli.context import Context
from fiscald.cli.watch import follow
from fiscald.config import Config, LicenceConfig, PrinterConfig
from fiscald.emulator.running import EmulatedPrinter
from fiscald.engine import actor
from fiscald.model.jobs import JobState
from fiscald.model.printers import PrinterStatus
from tests.cli.conftest import Counter
from tests.cli.watching import READY


@contextlib.contextmanager
def served(config: Config) -> Iterator[None]:
    with start_blocking_portal() as portal:
        future, _ = portal.start_task(daemon.run, config)
        try:
            yield
        finally:
            future.cancel()
            with contextlib.suppress(BaseException):
                future.result()


@pytest.mark.slow
def test_it_goes_on_over_a_restart_of_the_daemon(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watch, "RETRY_SECONDS", 0.05)
    with EmulatedPrinter() as printer:
        config = Config(
            socket=tmp_path / "s",
            state_dir=tmp_path / "state",
            licence=LicenceConfig(test_keys=True),
            printers={"till1": PrinterConfig(family="posnet", address=printer.address)},
        )
        changes = follow(Context(config.socket, as_json=False), "till1")

        def until(wanted: str, key: str) -> list[JobState]:
            seen: list[JobState] = []
            while not seen or seen[-1] != wanted:
                found = next(changes)
                if isinstance(found, JobChange) and found.job.key == key:
                    seen.append(found.state)
            return seen

        with served(config):
            assert isinstance(next(changes), PrinterStatus), "what is, before what changes"
            with Client(config.socket) as client:
                assert client.submit("A", "till1", {"type": "daily_report"}, wait=30).state == "done"
            assert until("done", "A") == ["accepted", "running", "done"]
        while next(changes) is not None:
            pass
        with served(config):
            with Client(config.socket) as client:
                assert client.submit("B", "till1", {"type": "daily_report"}, wait=30).state == "failed", "it is zero"
            assert until("failed", "B")[0] == "accepted", "none of them is missed"
        changes.close()  # type: ignore[attr-defined]


@pytest.mark.slow
@pytest.mark.parametrize("counter", ["shared"], indirect=True)
@pytest.mark.timeout(30)
def test_changes_of_the_counters_are_told(counter: Counter, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also of a receipt that another program printed, when the printer is next looked at; nothing else happens."""
    monkeypatch.setattr(actor, "POLL_INTERVAL", 0.1)
    monkeypatch.setattr(actor, "STATUS_INTERVAL", 0.2)
    seen: list[int] = []
    with Client(counter.socket) as client:
        for event in client.events():
            assert isinstance(event, PrinterStatus)
            assert event.counters is not None
            if seen[-1:] == [event.counters.receipts]:
                continue  # another change than that of the counters
            seen.append(event.counters.receipts)
            if seen == [0]:
                counter.printer.foreign_receipt()
                printed = time.monotonic()
            elif len(seen) == 2:
                break
    assert seen == [0, 1]
    assert time.monotonic() - printed < 5, "told when it is seen, not when something else is told"


def test_a_printer_that_does_not_exist_is_reported_at_once(counter: Counter) -> None:
    assert counter.run("watch", "till9").exit_code == 2


def watching(socket: Path, *arguments: str, **options: Any) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "fiscald.cli.fiscalctl", "--socket", str(socket), *arguments]
    return subprocess.Popen(command, text=True, **options)


@pytest.mark.slow
@pytest.mark.parametrize("frames", [False, True])
def test_a_daemon_that_is_started_later_is_waited_for(tmp_path: Path, frames: bool) -> None:
    with EmulatedPrinter() as printer:
        config = Config(
            socket=tmp_path / "s",
            state_dir=tmp_path / "state",
            licence=LicenceConfig(test_keys=True),
            printers={"till1": PrinterConfig(family="posnet", address=printer.address)},
        )
        shown = watching(config.socket, "watch", *["--frames"] * frames, stdout=subprocess.PIPE)
        assert shown.stdout is not None
        assert watch.LOST in shown.stdout.readline()
        with served(config):
            while "till1: ready" not in shown.stdout.readline():
                assert shown.poll() is None
            while frames and "> !sdev|" not in shown.stdout.readline():
                assert shown.poll() is None
        shown.send_signal(signal.SIGINT)
        assert shown.wait(20) == 0
        shown.stdout.close()


@pytest.mark.slow
def test_frames_as_they_pass(counter: Counter) -> None:
    command = [sys.executable, "-m", "fiscald.cli.fiscalctl", "--socket", str(counter.socket), "watch", "--frames"]
    watching = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert watching.stdout is not None
    assert "till1: ready" in watching.stdout.readline()
    while "> !sdev|" not in watching.stdout.readline():
        pass  # the look at an idle printer: frames are followed now
    counter.run("cash", "in", "5.00")
    wanted = {"> cash|kw500|wp1|\n", "< cash|\n", "done       cash_in"}
    while wanted:
        line = watching.stdout.readline()
        wanted -= {words for words in wanted if words in line}
    watching.send_signal(signal.SIGINT)
    assert watching.wait(20) == 0
    watching.stdout.close()


@pytest.mark.slow
def test_a_printer_that_has_another_name_after_a_restart(tmp_path: Path) -> None:
    """Its frames cannot be followed any more: a sentence, as at the beginning."""
    with EmulatedPrinter() as printer:
        config = Config(
            socket=tmp_path / "s",
            state_dir=tmp_path / "state",
            licence=LicenceConfig(test_keys=True),
            printers={"till1": PrinterConfig(family="posnet", address=printer.address)},
        )
        command = [sys.executable, "-m", "fiscald.cli.fiscalctl", "--socket", str(config.socket), "watch", "--frames"]
        with served(config):
            watching = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
            assert watching.stdout is not None
            while "> !sdev|" not in watching.stdout.readline():
                pass
        with served(config.model_copy(update={"printers": {"till2": config.printers["till1"]}})):
            _, told = watching.communicate(timeout=60)
    assert watching.returncode == 2
    assert told.startswith("printer.unknown: ")
    assert "Traceback" not in told


def test_a_recording_that_cannot_be_read(counter: Counter, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watch, "follow", lambda *_: iter(()))
    monkeypatch.setattr(Client, "follow_capture", lambda *_: iter([b"not a recording at all, and long"]))
    result = counter.run("watch", "--frames")
    assert result.exit_code == 6
    assert result.stderr.startswith("the daemon's recording cannot be read: ")


def test_what_is_not_shown_yet_waits_where_it_comes_from(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watch, "WAITING", 10)
    told = 0

    def source() -> Iterator[PrinterStatus]:
        nonlocal told
        for told in range(1, 5000):  # noqa: B007
            yield READY

    changes = watch._together(source())
    for shown in range(1, 5000):
        assert next(changes) == READY
        assert told <= shown + 12, "ten that wait, and one at either end"


@pytest.mark.slow
@pytest.mark.parametrize("json_lines", [False, True])
def test_as_lines_until_ctrl_c(counter: Counter, json_lines: bool) -> None:
    command = [sys.executable, "-m", "fiscald.cli.fiscalctl", "--socket", str(counter.socket)]
    watching = subprocess.Popen([*command, *["--json"] * json_lines, "watch"], stdout=subprocess.PIPE, text=True)
    assert watching.stdout is not None
    first = watching.stdout.readline()
    counter.run("cash", "in", "5.00", "--key", "C1")
    for line in watching.stdout:
        if "C1" in line and "done" in line:
            break
    if json_lines:
        assert json.loads(first)["printer"]["name"] == "till1"
        assert json.loads(line)["job"]["key"] == "C1"
    else:
        assert "till1: ready" in first
        assert line.endswith("C1\n")
    watching.send_signal(signal.SIGINT)
    assert watching.wait(20) == 0
    watching.stdout.close()


@pytest.mark.slow
def test_on_a_terminal_until_ctrl_c(counter: Counter) -> None:
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "fiscald.cli.fiscalctl", "--socket", str(counter.socket), "watch"]
    environment = os.environ | {"TERM": "xterm", "COLUMNS": "100", "LINES": "30"}
    watching = subprocess.Popen(command, stdin=theirs, stdout=theirs, env=environment)
    os.close(theirs)
    shown = bytearray()

    def read(until: bytes) -> None:
        while until not in shown:
            shown.extend(os.read(ours, 65536))

    read(b"till1  ready")
    threading.Thread(target=counter.run, args=("cash", "in", "5.00", "--key", "C1")).start()
    read(b"done       cash_in       C1")
    assert watch.HIDE_CURSOR.encode() in shown
    watching.send_signal(signal.SIGINT)
    read(watch.SHOW_CURSOR.encode())
    assert watching.wait(20) == 0
    os.close(ours)


def resize(terminal: int, columns: int, lines: int) -> None:
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))


@pytest.mark.slow
def test_a_resized_terminal_is_drawn_again(counter: Counter) -> None:
    """Nothing changes but the size: wiped off, and as wide as the terminal is now."""
    counter.run("cash", "in", "5.00", "--key", "A-KEY-THAT-IS-LONG/2026/11/0017")
    ours, theirs = pty.openpty()
    resize(ours, 100, 30)
    environment = {name: text for name, text in os.environ.items() if name not in ("COLUMNS", "LINES")} | {
        "TERM": "xterm"
    }
    process = watching(counter.socket, "watch", stdin=theirs, stdout=theirs, env=environment)
    os.close(theirs)
    shown = bytearray()

    def read(until: bytes) -> bytes:
        while until not in shown:
            shown.extend(os.read(ours, 65536))
        end = shown.index(until) + len(until)
        before = bytes(shown[:end])
        del shown[:end]
        return before

    read(b"till1  ready")
    counter.run("cash", "in", "5.00", "--key", "ANOTHER-KEY-THAT-IS-LONG/2026/11/0018")
    read(b"done       cash_in       ANOTHER-KEY-THAT-IS-LONG/2026/11/0018")
    resize(ours, 50, 30)
    read(watch.CLEAR.encode())
    drawn = read(b"0018" + watch.TO_LINE_END.encode())
    assert b"done       cash_in       ANOTHER-KEY" not in drawn, "it does not fit into one line any more"
    assert all(
        len(line) <= 50 for line in drawn.decode().replace(watch.TO_LINE_END, "").replace(watch.HOME, "").splitlines()
    )
    process.send_signal(signal.SIGINT)
    read(watch.SHOW_CURSOR.encode())
    assert process.wait(20) == 0
    os.close(ours)
