"""What fails while the daemon or the demonstration starts: a sentence or a traceback, and in any case an end."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from fiscald.emulator.running import EmulatedPrinter

pytestmark = pytest.mark.slow
SECONDS = 60
#: Runs the command with something broken beforehand.
SCRIPT = """
import sys
def broken(*args, **kwargs):
    raise OSError(5, 'Input/output error')
{patch}
from fiscald.cli.fiscald import main
main(sys.argv[1:], prog_name="fiscald")
"""


def start(*arguments: str, patch: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", SCRIPT.format(patch=patch), *arguments]
    return subprocess.run(
        command, capture_output=True, text=True, check=False, timeout=SECONDS, stdin=subprocess.DEVNULL
    )


@pytest.mark.parametrize(
    "patch",
    [
        "import fiscald.listening as listening; listening.bind = broken",
        "import fiscald.daemon as daemon; daemon.create_app = broken",
        "import fiscald.daemon as daemon; daemon.Engine = broken",
        "import fiscald.daemon as daemon; daemon.ThreadedJournal = broken",
        "import fiscald.api.server as server; server._Server.startup = broken",
        "import fiscald.systemd as systemd; systemd.notify = broken",
    ],
)
def test_a_daemon_that_cannot_start_ends(tmp_path: Path, patch: str) -> None:
    with EmulatedPrinter() as printer:
        path = tmp_path / "fiscald.toml"
        path.write_text(
            f'socket = "s"\nstate_dir = "state"\n[printers.till1]\nfamily = "posnet"\naddress = "{printer.address}"\n'
        )
        done = start("run", "--config", str(path), patch=patch)
    assert done.returncode not in (0, 78), done.stderr
    assert done.stderr
    assert not (tmp_path / "s").exists(), "and leaves no socket behind"


def test_the_demonstration_without_pseudo_terminals(tmp_path: Path) -> None:
    """A container whose /dev/pts is not mounted."""
    done = start("demo", "--png", str(tmp_path / "p.png"), patch="import os; os.openpty = broken")
    assert done.returncode == 0, done.stderr
    assert "This computer has no pseudo-terminal (Input/output error): the printer uses a TCP port." in done.stderr
    assert "an emulated POSNET printer is at tcp://127.0.0.1:" in done.stdout
    assert '"state": "done"' in done.stdout


@pytest.mark.parametrize(
    "patch",
    [
        "import fiscald.cli.demo as demo; demo.EmulatedPrinter = broken",
        "import fiscald.listening as listening; listening.bind = broken",
        "import fiscald.api.client as client; client.Client.submit = broken",
    ],
)
def test_a_demonstration_that_cannot_continue_ends(tmp_path: Path, patch: str) -> None:
    done = start("demo", "--png", str(tmp_path / "p.png"), patch=patch)
    assert done.returncode == 1
    assert "Input/output error" in done.stderr
    assert "Traceback" not in done.stderr
