"""What the console costs a daemon: nothing until it is opened, and then little."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from fiscald.api.client import Client
from fiscald.emulator.running import EmulatedPrinter
from fiscald.licence.testing import make_certificate
from tests.console.shop import RECEIPT
from tests.networked import free_port
from tests.waiting import start_daemon, until

pytestmark = pytest.mark.slow
MOST_MIB = 15
PAGES = (
    "", "printer?name=till1", "documents", "document?key=A/1", "document/paper?key=A/1", "sandbox", "sandbox/json", "technician",
    "technician/scan", "technician/conversation?name=till1", "about", "licence", "licence/enrol", "licence/move", "licence/offline",
)  # fmt: skip


def resident(process: subprocess.Popen[bytes]) -> float:
    """MiB of memory that a process has."""
    found = re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{process.pid}/status").read_text())
    assert found is not None
    return int(found[1]) / 1024


def test_a_daemon_starts_without_the_console() -> None:
    code = (
        "import sys, fiscald.daemon;"
        "print(sorted({'jinja2', 'fiscald.console.application', 'fiscald.console.pages'} & {*sys.modules}))"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"


def test_every_page_together_adds_little_memory(tmp_path: Path) -> None:
    port = free_port()
    with EmulatedPrinter() as printer:
        (tmp_path / "c.toml").write_text(
            f'socket = "s"\nstate_dir = "state"\n[licence]\ntest_keys = true\n[listen]\naddress = "127.0.0.1:{port}"\n'
            f'[printers.till1]\nfamily = "posnet"\naddress = "{printer.address}"\n'
        )
        run = [sys.executable, "-m", "fiscald", "run", "--config", str(tmp_path / "c.toml")]
        with start_daemon(run, tmp_path) as process:
            try:
                with Client(tmp_path / "s") as client:
                    client.install_licence(make_certificate())
                    until(client, "ready")
                    client.submit("A/1", "till1", RECEIPT, wait=20)
                    for _ in range(20):  # what any program asks for; the paper loads the emulator
                        client.paper("A/1", form="svg"), client.jobs(), client.capture("till1")
                    before = resident(process)
                    with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=30) as http:
                        secret = client.console_link().url.partition("link=")[2]
                        http.post("/console/sign-in", data={"link": secret})
                        for _ in range(20):
                            for page in PAGES:
                                assert http.get(f"/console/{page}").status_code == 200, page
                    assert resident(process) - before <= MOST_MIB
            finally:
                process.terminate()
