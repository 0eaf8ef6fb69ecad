"""Plays a page of the documentation: types its commands into a shell, and compares what they print with the page.

A ``console`` block has commands behind ``$`` (and ``>`` for their further lines) and what they print; a last line
``exit code 5`` stands for the command's exit code if it is not 0. A line ``...`` on the page stands for any lines. Comments before a block
are stage directions:

``<!-- file NAME -->``          the block is the content of a file
``<!-- terminal 2 -->``         the command keeps running in another terminal; the block has what it prints until it waits
``<!-- terminal 2 shows -->``   the block is what that terminal has printed since
``<!-- shop FAMILY ... -->``    a daemon runs, with an emulated printer ``till1``, ``till2``, ... of each family
``<!-- till1 switch paper_out -->``  something happens to a printer: a method of ``EmulatedPrinter`` with its words,
                                and ``on`` or ``off``
``<!-- till1 then METHOD ... -->``  the same, as soon as all its planned faults have happened
``<!-- until till1 offline -->``  wait until the daemon shows the printer in that state
``<!-- typed COMMAND -->``      a command that the page does not show
``<!-- unplugged -->``          nothing answers at the address of ``till1``; ``<!-- plugged -->`` ends it
``<!-- restart -->``            the daemon is restarted
``<!-- restart without a licence -->``  the same, and its licence is gone
``<!-- stop -->``               the daemon is stopped
``<!-- installed -->``          paths are those of an installed fiscald
``<!-- not played -->``         the block is only shown

``python -m tests.pages PAGE ...`` plays pages and writes what was printed into them.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Self

from fiscald.api.client import Client
from fiscald.emulator.running import EmulatedPrinter
from fiscald.licence.testing import make_certificate
from fiscald.testing import READY_SECONDS
from tests.pages.nc import NC

BIN = Path(sys.executable).parent
#: The port of the printer, and the reader's folder, as the pages write them.
PORT, HOME = "6666", "/home/anna/fiscal"
#: The reader's files, where fiscald is installed as a service.
INSTALLED = {
    f"{HOME}/fiscald.toml": "/etc/fiscald/fiscald.toml",
    f"{HOME}/fiscald.sock": "/run/fiscald/fiscald.sock",
    f"{HOME}/state": "/var/lib/fiscald",
}
#: What the doctor finds, depending on the computer that plays a page.
_LOCAL = ("doctor.group_missing", "doctor.disk_low", "doctor.disk_full", "doctor.udev_rule", "doctor.state_")
#: Seconds until a command must have printed what stands on the page.
PATIENCE = 60.0
_STEP = re.compile(
    r"^<!-- (?P<stage>(?:file|terminal|shop|till|until|typed|unplugged|plugged|restart|stop|installed|not played)[^\n]*?) -->$"
    r"|^```(?P<language>[\w-]*)\n(?P<block>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)
#: What differs from one play to the next, and what a page has in its place.
_CHANGING = (
    (re.compile(r"\b\d{4}-\d\d-\d\d(?=[ T]\d\d:\d\d:\d\d)"), "2026-11-22"),
    (re.compile(r"(?<![\d:])\d\d:\d\d:\d\d([.,]\d+)?([+-]\d\d:\d\d)?"), "10:15:00"),
    (re.compile(r"^2\d{3}-\d\d-\d\d(?= {5})", re.MULTILINE), "2026-11-22"),
    (re.compile(r"(?<=[\d ] {10})\d\d:\d\d$", re.MULTILINE), "10:15"),
    (re.compile(r"(?<=_until: )\S+|(?<=_by: )\S+|(?<=_at: )\S+"), "2036-11-19"),
    (re.compile(r"\b[0-9a-f]{32}\b"), "544da4f4fe49da5d9d35d78cfea6e118"),
    (re.compile(r"(?<=, read )\d+ s(?= ago)"), "2 s"),
    (re.compile(r"(?<=number \d), \d+ s ago$", re.MULTILINE), ""),
    (re.compile(r"(?<=answered )\d+\.\d s(?= ago)"), "0.1 s"),
    (re.compile(r"(?<=fiscalctl/)[0-9a-f-]{36}"), "5b8f0c5e-7d1c-4f3a-9d2b-0c6a4e1f7a90"),
    (re.compile(r"(?<=fiscald )\d+\.\d+\.\d+"), "0.2.0"),
)


_FISCALCTL = """#!/bin/sh
case $1 in scan|doctor|bugreport) set -- "$@" --config "{folder}/fiscald.toml" --root "{folder}/.root";; esac
exec "{bin}/fiscalctl" "$@"
"""


class Terminal:
    """A command that keeps running, and what it has printed."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self._printed = ""
        self._shown = 0
        self._more = threading.Condition()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def close(self) -> None:
        """End the command."""
        self.process.send_signal(signal.SIGTERM)
        self.process.wait()
        self._reader.join()
        assert self.process.stdout is not None
        self.process.stdout.close()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            with self._more:
                self._printed += line
                self._more.notify_all()

    def shows(self, player: Player, expected: str) -> str:
        """What it has printed since the last time, as soon as that is what the page has, or after ``PATIENCE``."""
        until = time.monotonic() + PATIENCE
        with self._more:
            while not same(player.as_there(self._printed[self._shown :]), expected):
                if not self._more.wait(until - time.monotonic()):
                    break
            printed, self._shown = self._printed[self._shown :], len(self._printed)
        return player.as_there(printed)


class Player:
    """A reader's computer: a folder, terminals, and perhaps a shop."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.faults: list[str] = []
        """Blocks that print something else than the page has."""
        self._stack = ExitStack()
        self._terminals: dict[str, Terminal] = {}
        self._printers: dict[str, EmulatedPrinter] = {}
        self._daemon: subprocess.Popen[bytes] | None = None
        self._port = str(_free_port())
        self._there: dict[str, str] = {}
        tools = folder / ".bin"
        tools.mkdir()
        if shutil.which("nc") is None:
            (tools / "nc").write_text(NC.format(python=sys.executable))
            (tools / "nc").chmod(0o755)
        (folder / ".root").mkdir()
        (tools / "fiscalctl").write_text(_FISCALCTL.format(bin=BIN, folder=folder))
        (tools / "fiscalctl").chmod(0o755)
        (folder / ".environment").write_text("")
        self._environment = os.environ | {
            "PATH": f"{tools}{os.pathsep}{BIN}{os.pathsep}{os.environ['PATH']}", "COLUMNS": "100", "PYTHONUNBUFFERED": "1",
        }  # fmt: skip
        self._environment.pop("FISCALD_SOCKET", None)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for terminal in self._terminals.values():
            terminal.close()
        self._stop_daemon()
        self._stack.close()

    # -- the page -------------------------------------------------------------------------------------

    def play(self, page: str) -> str:
        """The page with what its commands print. What differs from the page is in ``faults`` then."""
        directions: list[str] = []

        def step(found: re.Match[str]) -> str:
            if found["stage"] is not None:
                self._happens(found["stage"], directions)
                return found[0]
            given, directions[:] = list(directions), []
            return f"```{found['language']}\n{self._block(found['language'], found['block'], given)}```"

        return _STEP.sub(step, page)

    def _happens(self, stage: str, directions: list[str]) -> None:
        word, _, rest = stage.partition(" ")
        if word == "shop":
            self._open_shop(rest.split())
        elif word.startswith("till"):
            self._printer_happens(self._printers[word], rest)
        elif word == "until":
            self._wait(*rest.split())
        elif word == "typed":
            self._type(rest)
        elif word == "restart":
            self._stop_daemon()
            if rest:
                shutil.rmtree(self.folder / "state" / "licence")
            self._start_daemon(licensed=not rest)
        elif word in ("unplugged", "plugged"):
            self._plug(there=word == "plugged")
        elif word == "stop":
            self._stop_daemon()
        elif word == "installed":
            self._there |= INSTALLED
        else:
            directions.append(stage)

    def _printer_happens(self, printer: EmulatedPrinter, words: str) -> None:
        method, _, rest = words.partition(" ")
        if method == "then":
            threading.Thread(target=self._later, args=(printer, rest), daemon=True).start()
            return
        options: dict[str, Any] = json.loads(rest) if rest.startswith("{") else {}
        arguments = [] if options else rest.split()
        if arguments and arguments[-1] in ("on", "off"):
            options["on"] = arguments.pop() == "on"
        getattr(printer, method)(*arguments, **options)

    def _later(self, printer: EmulatedPrinter, words: str) -> None:
        until = time.monotonic() + PATIENCE
        while printer.planned and time.monotonic() < until:
            time.sleep(0.005)
        self._printer_happens(printer, words)

    def _block(self, language: str, text: str, directions: list[str]) -> str:
        for direction in directions:
            word, _, rest = direction.partition(" ")
            if direction == "not played":
                return text
            if word == "file":
                (self.folder / rest).write_text(self._as_here(text))
                return text
            if word == "terminal" and rest.endswith(" shows"):
                return self._compared(text, self._terminals[rest.split()[0]].shows(self, text))
            if word == "terminal":
                command, expected = _commands(text)[0]
                self._terminals[rest] = Terminal(self._started(command))
                return self._compared(text, f"$ {command}\n{self._terminals[rest].shows(self, expected)}")
        if language != "console":
            return text
        printed = ["$ " + command.replace("\n", "\n> ") + "\n" + self._type(command) for command, _ in _commands(text)]
        return self._compared(text, "".join(printed))

    def _compared(self, expected: str, printed: str) -> str:
        if same(printed, expected):
            return expected
        self.faults.append(f"the page has:\n{expected}\nbut it prints:\n{printed}")
        return settled(printed)

    # -- the shop -------------------------------------------------------------------------------------

    def _open_shop(self, families: list[str]) -> None:
        sections = []
        for number, family in enumerate(families, 1):
            printer = self._stack.enter_context(EmulatedPrinter(family))
            self._printers[f"till{number}"] = printer
            sections.append(f'[printers.till{number}]\nfamily = "{family}"\naddress = "{printer.address}"\n')
        head = 'socket = "fiscald.sock"\nstate_dir = "state"\n\n[licence]\ntest_keys = true\n\n'
        (self.folder / "fiscald.toml").write_text(head + "\n".join(sections))
        self._environment["FISCALD_SOCKET"] = str(self.folder / "fiscald.sock")
        self._start_daemon()

    def _start_daemon(self, *, licensed: bool = True) -> None:
        self._stop_daemon()
        log = self._stack.enter_context((self.folder / ".log").open("ab"))
        self._daemon = subprocess.Popen(
            [BIN / "fiscald", "run", "--config", "fiscald.toml"], cwd=self.folder, env=self._environment, stderr=log
        )
        until = time.monotonic() + READY_SECONDS
        while not (self.folder / "fiscald.sock").exists():
            assert time.monotonic() < until, (self.folder / ".log").read_text()
            time.sleep(0.02)
        with Client(self.folder / "fiscald.sock") as client:
            if licensed:
                client.install_licence(make_certificate())
            while any(printer.state == "starting" for printer in client.printers()):
                assert time.monotonic() < until
                time.sleep(0.02)

    def _plug(self, *, there: bool) -> None:
        printer = self._printers["till1"].address
        nothing = f"tcp://127.0.0.1:{self._port}"
        self._stop_daemon()
        config = self.folder / "fiscald.toml"
        config.write_text(config.read_text().replace(*((nothing, printer) if there else (printer, nothing))))
        self._start_daemon()
        self._wait("till1", "ready" if there else "offline")

    def _wait(self, name: str, state: str) -> None:
        """Until the daemon shows the printer in that state."""
        until = time.monotonic() + READY_SECONDS
        with Client(self.folder / "fiscald.sock") as client:
            while (found := client.printer(name).state) != state:
                assert time.monotonic() < until, f"{name} is {found} and not {state}"
                time.sleep(0.02)

    def _stop_daemon(self) -> None:
        if self._daemon is not None:
            self._daemon.send_signal(signal.SIGTERM)
            self._daemon.wait()
            self._daemon = None

    # -- what is typed --------------------------------------------------------------------------------

    def _started(self, command: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            ["bash", "-c", f". ./.environment; exec {self._as_here(command)}"],
            cwd=self.folder, env=self._environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip

    def _type(self, command: str) -> str:
        """What a command prints, and its exit code if it is not 0. Its variables stay for the next command."""
        keep = "code=$?; export -p > .environment; exit $code"
        script = f". ./.environment\n{self._as_here(command)}\n{keep}"
        done = subprocess.run(
            ["bash", "-c", script],
            cwd=self.folder, env=self._environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            timeout=PATIENCE, check=False,
        )  # fmt: skip
        code = f"exit code {done.returncode}\n" if done.returncode else ""
        printed = done.stdout if not done.stdout or done.stdout.endswith("\n") else f"{done.stdout}\n"
        return self.as_there(printed) + code

    def _as_here(self, text: str) -> str:
        return text.replace(f"127.0.0.1:{PORT}", f"127.0.0.1:{self._port}").replace(HOME, str(self.folder))

    def as_there(self, text: str) -> str:
        """What was printed, as it would be on the reader's computer."""
        text = text.replace(str(self.folder), HOME)
        if not self._printers:
            text = text.replace(f"127.0.0.1:{self._port}", f"127.0.0.1:{PORT}")
        for host in ("//", "ping -c 3 "):  # of a printer that is unplugged
            text = text.replace(f"{host}127.0.0.1:{self._port}", f"{host}192.168.1.50:{PORT}")
        for number, printer in enumerate(self._printers.values()):
            host, _, port = printer.address.rpartition("//")[2].partition(":")
            text = text.replace(f"//{host}:{port}", f"//192.168.1.{50 + number}:{PORT}")
            text = text.replace(f"ping -c 3 {host} ", f"ping -c 3 192.168.1.{50 + number} ")
        for here, there in self._there.items():
            text = text.replace(here, there)
        parts = [part for part in text.split("\n\n") if not any(word in part for word in _LOCAL)]
        return "\n\n".join(parts).rstrip("\n") + "\n" if len(parts) < text.count("\n\n") + 1 else text


def _commands(text: str) -> list[tuple[str, str]]:
    """The commands of a block, each with what the page has below it."""
    commands: list[tuple[str, str]] = []
    for line in text.splitlines(keepends=True):
        if line.startswith("$ "):
            commands.append((line[2:].rstrip("\n"), ""))
        elif line.startswith("> ") and commands and not commands[-1][1]:
            commands[-1] = (f"{commands[-1][0]}\n{line[2:].rstrip()}", "")
        elif commands:
            commands[-1] = (commands[-1][0], commands[-1][1] + line)
    return commands


def settled(text: str) -> str:
    """Without what differs from one play to the next."""
    for pattern, instead in _CHANGING:
        text = pattern.sub(instead, text)
    return text


def same(printed: str, expected: str) -> bool:
    """Whether the page has what was printed; a line ``...`` of the page stands for any lines."""
    if "\n...\n" not in f"\n{expected}":
        return settled(printed).rstrip() == settled(expected).rstrip()
    parts = [re.escape(part) for part in re.split(r"(?:^|(?<=\n))\.\.\.\n", settled(expected).rstrip() + "\n")]
    return re.fullmatch(r"(?:.*\n)*?".join(parts), settled(printed).rstrip() + "\n") is not None


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])
