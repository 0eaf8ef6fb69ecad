"""A shop's counter, for the tests of ``fiscalctl``."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from anyio.from_thread import start_blocking_portal
from click.testing import CliRunner, Result

from fiscald import daemon
from fiscald.api.client import Client
from fiscald.cli.fiscalctl import main
from fiscald.config import Config, LicenceConfig, PrinterConfig
from fiscald.emulator.running import EmulatedPrinter
from tests.waiting import until

RECEIPT = {"type": "receipt", "lines": [{"name": "Kawa", "price": "10.00", "vat": "A"}]}


@dataclass
class Counter:
    """A shop's counter: a daemon, a printer, and a person with a terminal."""

    socket: Path
    printer: EmulatedPrinter
    folder: Path

    def run(self, *arguments: str, text: str | None = None) -> Result:
        return CliRunner().invoke(main, ["--socket", str(self.socket), *arguments], input=text)

    def json(self, *arguments: str, text: str | None = None) -> Any:
        result = CliRunner().invoke(main, ["--socket", str(self.socket), "--json", *arguments], input=text)
        return json.loads(result.stdout)

    def file(self, content: Any) -> str:
        path = self.folder / "document.json"
        path.write_text(content if isinstance(content, str) else json.dumps(content))
        return str(path)


@pytest.fixture
def counter(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Counter]:
    """With the parameter ``"shared"``: another program prints on the printer too."""
    shared = getattr(request, "param", "") == "shared"
    with EmulatedPrinter() as printer, start_blocking_portal() as portal:
        config = Config(
            socket=tmp_path / "fiscald.sock",
            state_dir=tmp_path / "state",
            licence=LicenceConfig(test_keys=True),
            printers={"till1": PrinterConfig(family="posnet", address=printer.address, shared=shared)},
        )
        future, _ = portal.start_task(daemon.run, config)
        try:
            it = Counter(config.socket, printer, tmp_path)
            certificate = CliRunner().invoke(main, ["licence", "test-certificate"]).stdout
            assert it.run("licence", "import", "-", text=certificate).exit_code == 0
            with Client(config.socket) as client:
                until(client, "ready")
            yield it
        finally:
            future.cancel()
