"""A shop's computer: the daemon as a process with another machine id, and an emulated printer.

``python -m tests.hostile_licence.till FILE MACHINE`` is the daemon.
"""

from __future__ import annotations

import itertools
import json
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import anyio

from fiscald import daemon
from fiscald.api.calling import Refused
from fiscald.api.client import Client
from fiscald.config import load
from fiscald.emulator.running import EmulatedPrinter
from tests.daemons import RECEIPT
from tests.hostile_licence.office import Office
from tests.licence.server.running import BAKERY
from tests.waiting import start_daemon, until

_machines, _keys = itertools.count(1), itertools.count(1)


class Till:
    """A computer of a shop. Its folder holds ``state``, which a cheat may copy, change and put back."""

    def __init__(self, folder: Path, office: Office, *, url: str | None = None, machine: str | None = None) -> None:
        """``url``: another server than the office's; ``machine``: this pseudonym instead of a new one."""
        self.folder = folder
        self.machine = machine or f"00000000-0000-4000-8000-{next(_machines):012d}"
        self._office = office
        self._url = url or office.url
        folder.mkdir()

    @property
    def state(self) -> Path:
        """The daemon's directory."""
        return self.folder / "state"

    @contextmanager
    def on(self) -> Iterator[Client]:
        """The computer is on."""
        with EmulatedPrinter(storage=self.folder / "printer") as printer:
            self._configure(printer.address)
            command = (
                sys.executable,
                "-m",
                "tests.hostile_licence.till",
                str(self.folder / "fiscald.toml"),
                self.machine,
            )
            with (self.folder / "fiscald.log").open("a") as log:
                self.process = start_daemon(command, self.folder, stderr=log)
            try:
                with Client(self.folder / "fiscald.sock") as client:
                    until(client, "ready")
                    yield client
            finally:
                self.process.terminate()
                self.process.wait(timeout=40)

    def _configure(self, printer: str) -> None:
        (self.folder / "fiscald.toml").write_text(
            f'socket = "fiscald.sock"\nstate_dir = "state"\n[licence]\ntest_keys = true\ncheck = "never"\n'
            f"server = {json.dumps(self._url)}\nca_file = {json.dumps(str(self._office.ca_file))}\n"
            f'[company]\nname = "{BAKERY["name"]}"\npostcode = "{BAKERY["post"]}"\nnip = "{BAKERY["tin"]}"\n'
            f'[printers.till1]\nfamily = "posnet"\naddress = "{printer}"\n'
        )

    def copy(self, folder: Path) -> Till:
        """A second computer made from this one's disk."""
        other = Till(folder, self._office, url=self._url, machine=self.machine)
        shutil.copytree(self.state, other.state)
        return other


def sells(client: Client) -> str:
    """``done``, or the problem why not."""
    try:
        return client.submit(f"hostile/{next(_keys)}", "till1", RECEIPT, wait=30).state
    except Refused as refused:
        return refused.problem.code


def step(client: Client, name: str, **fields: Any) -> str:
    """A step of the licence: the state that it ends in, or the problem."""
    try:
        return str(client.licence_step(name, **fields).get("state", ""))
    except Refused as refused:
        return refused.problem.code


def main() -> None:
    """Be the daemon until a signal comes."""
    path, machine = Path(sys.argv[1]), sys.argv[2]
    anyio.run(partial(daemon.run, load(path), machine=partial(str, machine)))


if __name__ == "__main__":
    main()
