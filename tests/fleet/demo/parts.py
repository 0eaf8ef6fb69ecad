"""The parts of the demonstration: each one a process that can be killed and started again."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx

from fiscald.api.client import Client, ClientError, NotReachable
from fiscald.emulator.storage import Storage
from fiscald.licence.testing import make_certificate
from fiscald.model.fleet import CentralCard
from tests.networked import free_port

#: Seconds for a part to be ready; generous, because machines are slow when they are busy.
PATIENCE = 60.0


class Part:
    """A process; what it says goes to a log."""

    def __init__(self, name: str, command: list[str], log: Path) -> None:
        self.name = name
        self.kills = 0
        self._command = command
        self._log = log
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it, unless it runs."""
        if self._process is not None and self._process.poll() is None:
            return
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                self._command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
            )

    def kill(self) -> None:
        """SIGKILL: it learns nothing of it."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self.kills += 1

    def stop(self) -> None:
        """Tell it to end, and wait."""
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
            try:
                self._process.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()


def until(done: Callable[[], Any], what: str) -> Any:
    """Wait for a true value. Raises ``RuntimeError`` if none comes."""
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            if found := done():
                return found
        except (httpx.TransportError, NotReachable, ClientError, OSError) as error:
            if time.monotonic() > deadline:
                raise RuntimeError(f"{what}: {error}") from None
        if time.monotonic() > deadline:
            raise RuntimeError(what)
        time.sleep(0.05)


class Broker(Part):
    """mosquitto on loopback, with its queues on disk."""

    def __init__(self, folder: Path, program: str) -> None:
        self.port = free_port()
        config = folder / "mosquitto.conf"
        config.write_text(
            f"listener {self.port} 127.0.0.1\nallow_anonymous true\npersistence true\npersistence_location {folder}/\n"
            "autosave_interval 1\nautosave_on_changes true\n" + ("user root\n" if os.geteuid() == 0 else ""), "utf-8",
        )  # fmt: skip
        super().__init__("broker", [program, "-c", str(config)], folder / "broker.log")


class Central(Part):
    """``fiscald-fleet serve``."""

    def __init__(self, folder: Path, broker: Broker) -> None:
        self.port = free_port()
        self._config = folder / "fleet.toml"
        self._config.write_text(
            f'central = "erp"\nstate_dir = "central"\nlisten = "127.0.0.1:{self.port}"\n'
            f'[broker]\nurl = "mqtt://127.0.0.1:{broker.port}"\n', "utf-8",
        )  # fmt: skip
        self._command = [sys.executable, "-m", "fiscald.cli.central", "--config", str(self._config)]
        super().__init__("central", [*self._command, "serve"], folder / "central.log")
        self.card = CentralCard.model_validate_json(self.run("keys", "make"))

    def run(self, *arguments: str, stdin: str = "") -> str:
        """What ``fiscald-fleet`` prints. Raises ``RuntimeError`` if it fails."""
        command = [sys.executable, "-m", "fiscald.cli.central", "--config", str(self._config), *arguments]
        done = subprocess.run(command, input=stdin, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise RuntimeError(f"fiscald-fleet {' '.join(arguments)}: {done.stdout}{done.stderr}")
        return done.stdout

    def client(self) -> httpx.Client:
        """For its HTTP face, as an ERP."""
        token = self.run("token", "create", "erp", "--order").strip()
        return httpx.Client(
            base_url=f"http://127.0.0.1:{self.port}", headers={"Authorization": f"Bearer {token}"}, timeout=10
        )


class Shop:
    """One shop: an emulated printer and a daemon, two processes."""

    def __init__(
        self, name: str, family: str, options: list[str], folder: Path, broker: Broker, central: Central
    ) -> None:
        folder.mkdir()
        port = free_port()
        self.name = name
        self.family = family
        self._memory = folder / "printer.json"
        self._socket = folder / "s"
        address = f"{'http' if family == 'noviapi' else 'tcp'}://127.0.0.1:{port}"
        fleet = {
            "broker": f"mqtt://127.0.0.1:{broker.port}", "shop": name, "central": "erp",
            "orders_key": central.card.orders_key, "encryption_key": central.card.encryption_key,
        }  # fmt: skip
        config = folder / "fiscald.toml"
        config.write_text(
            f'socket = "s"\nstate_dir = "state"\n[licence]\ntest_keys = true\n'
            f'[printers.till1]\nfamily = "{family}"\naddress = "{address}"\n[fleet]\n'
            + "".join(f"{key} = {json.dumps(value)}\n" for key, value in fleet.items()), "utf-8",
        )  # fmt: skip
        emulate = [sys.executable, "-m", "fiscald", "emulate", family, "--tcp", f"127.0.0.1:{port}", "--state",
                   str(self._memory), "--quiet", "--auto-confirm", *options]  # fmt: skip
        self.printer = Part(f"printer of {name}", emulate, folder / "printer.log")
        run = [sys.executable, "-m", "fiscald", "run", "--config", str(config)]
        self.daemon = Part(f"daemon of {name}", run, folder / "daemon.log")

    def open(self, central: Central) -> None:
        """Start both, license the daemon, enrol the shop at the central."""
        self.printer.start()
        self.daemon.start()
        with Client(self._socket) as client:
            until(lambda: client.licence(), f"{self.name}: the daemon does not start")
            client.install_licence(make_certificate())
            until(lambda: client.printer("till1").state == "ready", f"{self.name}: the printer is not ready")
            line = client.enrolment(self.name).model_dump_json()
        central.run("enrol", "-", stdin=line)

    def printed(self) -> Counter[str]:
        """How often the memory of the stopped printer has a receipt with each order's goods."""
        with closing(Storage(self._memory, self.family)) as storage:
            receipts = [sheet.text for sheet in storage.printouts if sheet.kind == "receipt"]
        return Counter(goods for text in receipts for goods in re.findall(r"^Order \d+", text, re.MULTILINE))
