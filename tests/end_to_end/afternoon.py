"""A technician's afternoon, played back from ``docs/technician.md``.

Every line behind a ``$`` in its ``console`` blocks is typed into a shell; what it prints must be what stands there.
The comments between the blocks are stage directions (``World``). ``python -m tests.end_to_end.afternoon`` plays it and
writes what was printed into the page.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from fiscald.api.client import Client
from fiscald.diagnostics.findings import findings_markdown
from fiscald.emulator.running import EmulatedPrinter
from fiscald.licence.testing import make_certificate
from tests.diagnostics.test_host import holding
from tests.diagnostics.tree import BY_ID, FTDI, Tree
from tests.waiting import start_daemon, until

PAGE = Path(__file__).parents[2] / "docs" / "technician.md"
BIN = Path(sys.executable).parent
CONFIG, SOCKET = "/etc/fiscald/fiscald.toml", "/run/fiscald/fiscald.sock"
_RULE = "usr/lib/udev/rules.d/70-fiscald.rules"
#: What depends on the computer that plays it.
_LOCAL = ("doctor.group_missing", "doctor.disk_low", "doctor.disk_full", "processes of other users")
_STEP = re.compile(r"^<!-- (?P<stage>[\w ]+) -->$|^```console\n(?P<block>.*?)^```$", re.MULTILINE | re.DOTALL)
_TABLE = re.compile(r"(<!-- every finding -->\n\n).*?(\n\n|\n\Z)", re.DOTALL)


class World:
    """A shop: a printer on a serial adapter, a computer, and what happens to both."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        self._folder = folder
        folder.chmod(0o777)  # --user names another daemon's user: it may use the shop's folder
        self._stack = stack
        self._tree = Tree(folder / "root")
        self._tree.uart("ttyS0")
        self._tree.write(_RULE, "")
        self._printer = stack.enter_context(EmulatedPrinter(link="pty", baud=19200))
        self._tree.usb_serial(FTDI, "ttyUSB0", "ftdi_sio", Path(self._printer.path))
        self._tree.alias(Path(self._printer.path))
        self._let_group_in(Path(self._printer.path))
        self._configure(None)
        self._hold: ExitStack | None = None
        (folder / "receipt.json").write_text(
            '{"type": "receipt", "lines": [{"name": "Chleb", "price": "4.50", "vat": "A"}],'
            ' "buyer": {"nip": "5260250274"}}'
        )
        (folder / "bin").mkdir()
        wrapper = folder / "bin" / "fiscalctl"
        options = f'--config "{folder}/fiscald.toml" --root "{folder}/root"'
        wrapper.write_text(
            f'#!/bin/sh\nverb=$1\nshift\ncase $verb in scan|doctor|bugreport) set -- "$@" {options};; esac\n'
            f'exec "{BIN}/fiscalctl" --socket "{folder}/fiscald.sock" "$verb" "$@"\n'
        )
        wrapper.chmod(0o755)

    def _configure(self, baud: int | None) -> None:
        printer = f'[printers.till1]\nfamily = "posnet"\naddress = "serial://{self._printer.path}?baud={baud}"\n'
        (self._folder / "fiscald.toml").write_text(
            'socket = "fiscald.sock"\nstate_dir = "state"\n\n[licence]\ntest_keys = true\n\n'
            '[company]\nname = "Piekarnia"\npostcode = "00-950"\nnip = "1234563218"\n\n'
            + (printer if baud is not None else "")
        )

    @staticmethod
    def _let_group_in(port: Path) -> None:
        """As a serial adapter's port comes: its group may open it. Only root may say that this is dialout."""
        port.chmod(0o660)
        if os.geteuid() == 0:
            shutil.chown(port, group="dialout")

    # -- the stage directions -------------------------------------------------------------------------

    def stage(self, name: str) -> None:
        """Let it happen."""
        happen: dict[str, Callable[[], None]] = {
            "minicom has the port": self._minicom,
            "minicom is closed": self._close_minicom,
            "it is configured as in another shop": lambda: self._configure(9600),
            "the configuration is corrected": lambda: self._configure(19200),
            "the daemon is started": self._start,
            "the paper ends": lambda: self._printer.switch("paper_out"),
            "a new roll": lambda: self._printer.switch("paper_out", on=False),
        }
        happen[name]()

    def _minicom(self) -> None:
        self._hold = ExitStack()
        pid = self._hold.enter_context(holding(self._folder, self._printer.path))
        self._tree.process(pid)

    def _close_minicom(self) -> None:
        assert self._hold is not None
        self._hold.close()

    def _start(self) -> None:
        log = self._stack.enter_context((self._folder / "fiscald.log").open("w"))
        command: list[str | Path] = [BIN / "fiscald", "run", "--config", self._folder / "fiscald.toml"]
        daemon = start_daemon(command, self._folder, stderr=log, cwd=self._folder)
        self._stack.callback(daemon.wait)
        self._stack.callback(daemon.send_signal, signal.SIGTERM)
        with Client(self._folder / "fiscald.sock") as client:
            client.install_licence(make_certificate())
            until(client, "ready")

    # -- what is typed --------------------------------------------------------------------------------

    def type(self, line: str) -> str:
        """What a line prints, as it would be on the technician's computer, and its exit code if it is not 0."""
        done = subprocess.run(
            ["sh", "-c", line],
            cwd=self._folder,
            env=os.environ | {"PATH": f"{self._folder}/bin{os.pathsep}{os.environ['PATH']}", "COLUMNS": "120"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=60,
            check=False,
        )
        code = f"exit code {done.returncode}\n" if done.returncode else ""
        return self._as_there(done.stdout) + code

    def _as_there(self, told: str) -> str:
        told = told.replace(f"{self._folder}/fiscald.toml", CONFIG).replace(f"{self._folder}/fiscald.sock", SOCKET)
        told = told.replace(self._printer.path, BY_ID)
        told = re.sub(r"process \d+(, [\w.@-]+\.service)?", "process 4711", told)
        told = re.sub(r"kill \d+|sudo systemctl stop (?!fiscald)[\w.@-]+", "kill 4711", told)
        told = re.sub(r"belongs to [\w-]+:[\w-]+, mode 0660", "belongs to root:dialout, mode 0660", told)
        told = re.sub(r"usermod -aG [\w-]+ daemon", "usermod -aG dialout daemon", told)
        told = re.sub(r"\d\d\d\d-\d\d-\d\d( |T)\d\d:\d\d:\d\d(\.\d+)?|\b\d\d:\d\d:\d\d\.\d+", "11:11:11", told)
        told = re.sub(r"\b\d+ commands played", "38 commands played", told)
        told = re.sub(
            r"^(fiscald-report/\S+ +) *\d+(?=  )",
            lambda found: f"{found[1].rstrip():39} {1000:8}",
            told,
            flags=re.MULTILINE,
        )
        paragraphs = [part for part in told.split("\n\n") if not any(word in part for word in _LOCAL)]
        lines = "\n\n".join(paragraphs).splitlines(keepends=True)
        return "".join(lines).rstrip("\n") + "\n" if lines else ""


def play(page: str, world: World) -> str:
    """The page with the real output."""

    def step(found: re.Match[str]) -> str:
        if found["stage"] is not None:
            if found["stage"] != "every finding":
                world.stage(found["stage"])
            return found[0]
        typed = [line for line in found["block"].splitlines() if line.startswith("$ ")]
        return "```console\n" + "".join(f"{line}\n{world.type(line[2:])}" for line in typed) + "```"

    page = _STEP.sub(step, page)
    return _TABLE.sub(lambda found: found[1] + findings_markdown().rstrip("\n") + found[2], page)


@contextmanager
def shop() -> Iterator[World]:
    """A shop in a separate folder."""
    with tempfile.TemporaryDirectory(prefix="fiscald-") as folder, ExitStack() as stack:
        yield World(Path(folder), stack)


def main() -> None:
    """Write the output into the page."""
    with shop() as world:
        PAGE.write_text(play(PAGE.read_text("utf-8"), world), "utf-8")


if __name__ == "__main__":
    main()
