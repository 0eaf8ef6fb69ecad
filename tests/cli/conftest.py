"""What every test of a verb begins with."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import anyio
import pytest
from anyio.from_thread import start_blocking_portal
from click.testing import CliRunner

from fiscald import daemon
from fiscald.api.client import Client
from fiscald.cli.fiscalctl import main
from fiscald.config import Config, LicenceConfig, PrinterConfig
from fiscald.emulator.running import EmulatedPrinter
from tests.cli.counters import Counter


@pytest.fixture
def counter(tmp_path: Path) -> Iterator[Counter]:
    with EmulatedPrinter() as printer, start_blocking_portal() as portal:
        config = Config(
            socket=tmp_path / "fiscald.sock",
            state_dir=tmp_path / "state",
            licence=LicenceConfig(test_keys=True),
            printers={"till1": PrinterConfig(family="posnet", address=printer.address)},
        )
        future, _ = portal.start_task(daemon.run, config)
        try:
            it = Counter(config.socket, printer, tmp_path)
            certificate = CliRunner().invoke(main, ["licence", "test-certificate"]).stdout
            assert it.run("licence", "import", "-", text=certificate).exit_code == 0
            with Client(config.socket) as client:
                while client.printer("till1").state != "ready":
                    portal.call(anyio.sleep, 0.01)
            yield it
        finally:
            future.cancel()
