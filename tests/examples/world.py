"""A daemon as a process, an emulated printer, a door between them and the shop, and the shop as a process."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from fiscald import certificates
from fiscald.api.client import Client
from fiscald.emulator.running import EmulatedPrinter
from fiscald.licence.testing import make_certificate
from tests.examples.door import Door
from tests.examples.languages import Language, Way
from tests.networked import certificate, free_port, write_certificate
from tests.waiting import start_daemon, until

#: Seconds until a shop must have ended. It takes five; more only on a machine that is very busy.
SHOP_SECONDS = 120


class Ended(NamedTuple):
    """A shop that has ended."""

    code: int
    said: str
    """To the cashier."""
    complained: str
    """To the developer."""


@dataclass
class World:
    """Everything around one shop."""

    folder: Path
    language: Language
    built: Path
    printer: EmulatedPrinter
    port: int
    door: Door
    client: Client
    process: subprocess.Popen[bytes]
    token: str = ""
    shops: list[subprocess.Popen[str]] = field(default_factory=list)

    # -- the daemon ---------------------------------------------------------------------------------------------

    def kill_daemon(self) -> None:
        """End the daemon at once: SIGKILL."""
        self.process.kill()
        self.process.wait()

    def start_daemon(self) -> None:
        """Start it again with its journal; it is ready to answer then."""
        self.process = _started(self.folder)

    # -- the shop -----------------------------------------------------------------------------------------------

    def start(self, *words: str, timeout: float = 20) -> subprocess.Popen[str]:
        """Start the shop. ``timeout``: seconds without an answer until it asks again."""
        environment = os.environ | {"SHOP_SALES": str(self.folder / "sales.jsonl"), "SHOP_TIMEOUT": f"{timeout}"}
        if self.language.way is Way.SOCKET:
            environment["FISCALD_SOCKET"] = str(self.door.address)
        else:
            environment["FISCALD_URL"] = f"{self.language.way}://127.0.0.1:{self.door.address[1]}"
            environment["FISCALD_TOKEN"] = self.token
            environment["FISCALD_FINGERPRINT"] = certificates.parse(certificate()[0]).fingerprint
        shop = subprocess.Popen(
            [*self.language.command(self.built), *words],
            env=environment, cwd=self.folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8",
            start_new_session=True,
        )  # fmt: skip
        self.shops.append(shop)
        return shop

    def run(self, *words: str, timeout: float = 20) -> Ended:
        """Run the shop to its end."""
        return ended(self.start(*words, timeout=timeout))

    # -- what there is in the end -------------------------------------------------------------------------------

    @property
    def receipts(self) -> list[str]:
        """The receipts on paper."""
        return [sheet.text for sheet in self.printer.printouts if sheet.kind == "receipt"]

    @property
    def sales(self) -> list[dict[str, Any]]:
        """The complete records of the shop's file."""
        found = []
        for line in (self.folder / "sales.jsonl").read_text("utf-8").splitlines():
            with suppress(ValueError):
                found.append(json.loads(line))
        return found


def ended(shop: subprocess.Popen[str]) -> Ended:
    """The result of a shop that was started."""
    said, complained = shop.communicate(timeout=SHOP_SECONDS)
    return Ended(shop.returncode, said, complained)


def kill(shop: subprocess.Popen[str]) -> None:
    """Kill the shop with all that it started (a shell starts curl)."""
    if shop.poll() is None:
        os.killpg(shop.pid, signal.SIGKILL)
        shop.communicate()


@contextmanager
def world(folder: Path, language: Language, built: Path) -> Iterator[World]:
    """A licensed daemon whose printer is ready."""
    port = free_port()
    with EmulatedPrinter() as printer:
        _configure(folder, printer, port, language.way)
        process = _started(folder)
        target = str(folder / "fiscald.sock") if language.way is Way.SOCKET else ("127.0.0.1", port)
        with Door(target, folder) as door, Client(folder / "fiscald.sock") as client:
            it = World(folder, language, built, printer, port, door, client, process)
            try:
                client.install_licence(make_certificate())
                it.token = client.make_token("shop", rights=("print", "resolve")).token
                until(client, "ready")
                yield it
            finally:
                for shop in it.shops:
                    kill(shop)
                it.kill_daemon()


def _configure(folder: Path, printer: EmulatedPrinter, port: int, way: Way) -> None:
    listen = "" if way is Way.SOCKET else f'[listen]\naddress = "127.0.0.1:{port}"'
    if way is Way.HTTPS:
        write_certificate(folder)
        listen += '\ncertificate = "fiscald.pem"\nkey = "fiscald.key"'
    (folder / "fiscald.toml").write_text(
        f"""
socket = "fiscald.sock"
state_dir = "state"
[licence]
test_keys = true
{listen}
[printers.till1]
family = "{printer.family}"
address = "{printer.address}"
"""
    )


def _started(folder: Path) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "fiscald", "run", "--config", str(folder / "fiscald.toml")]
    return start_daemon(command, folder, stderr=subprocess.DEVNULL)
