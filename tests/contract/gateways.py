"""Clients of others for printers, unchanged, at gateways with emulated printers of every kind behind."""

from __future__ import annotations

import contextlib
import json
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from anyio.from_thread import start_blocking_portal

from fiscald import daemon
from fiscald.api.client import Client
from fiscald.config import Config, LicenceConfig, PrinterConfig
from fiscald.config_gateway import GatewayConfig
from fiscald.emulator.running import EmulatedPrinter
from fiscald.licence.testing import make_certificate
from tests.contract.running import Shop, Wanted
from tests.contract.tools import HERE, Failed, node, python, run
from tests.waiting import until

PROGRAMS = HERE / "programs"
#: The printers behind.
BEHIND = ("posnet", "thermal", "novitus-xml", "noviapi")


@contextlib.contextmanager
def gateway(printer: EmulatedPrinter, **speaks: Any) -> Iterator[str]:
    """The path of a serial port: a gateway with the printer behind it."""
    with tempfile.TemporaryDirectory() as directory, start_blocking_portal() as portal:
        folder = Path(directory)
        link = folder / "till1"
        settings = GatewayConfig(listen=f"pty:{link}", **speaks)
        config = Config(
            socket=folder / "s",
            state_dir=folder / "state",
            licence=LicenceConfig(test_keys=True),
            printers={"till1": PrinterConfig(family=printer.family, address=printer.address, gateway=settings)},
        )
        running, _ = portal.start_task(daemon.run, config)
        try:
            with Client(config.socket) as client:
                client.install_licence(make_certificate())
                until(client, "ready")
            yield str(link)
        finally:
            running.cancel()


def _at_every_printer(program: Callable[[str], str], expected: Callable[[str], Any], **speaks: str) -> str:
    """What the program must be told, and two lines of one receipt in the printer. Raises ``Failed``."""
    for family in BEHIND:
        with EmulatedPrinter(family) as printer, gateway(printer, **speaks) as link:
            told = json.loads(program(link).splitlines()[-1])
            kinds = [sheet.kind for sheet in printer.printouts]
            found = [told, printer.register.day.receipt_count, sum(printer.register.day.receipts)]
            if found != expected(family):
                raise Failed(f"at {family} it was told {told}, and the printer has {found[1:]}, printed {kinds}")
    return f"a receipt at each of {', '.join(BEHIND)}"


def posnetjs_gateway(_shop: Shop, _description: Path, _wanted: Wanted) -> str:
    """A client for POSNET printers, from npm."""

    def program(link: str) -> str:
        return run("node", PROGRAMS / "posnetjs_gateway.cjs", link, NODE_PATH=str(node()))

    told = {"refused": 2805, "open": ["0", "0"]}
    return _at_every_printer(program, lambda _: [told, 1, 26000], family="posnet", profile="old")


def litex_novitus_gateway(_shop: Shop, _description: Path, _wanted: Wanted) -> str:
    """A client for Novitus printers in the Thermal protocol, from PyPI."""

    def program(link: str) -> str:
        return run(python() / "python", PROGRAMS / "litex_novitus_gateway.py", link)

    rates = {"A": "23.00%", "B": "8.00%", "C": "5.00%", "D": ".00%", "E": "unused", "F": "unused", "G": "free"}
    told = {"error": 95, "finished": "yes", "open": "no", "rates": rates, "totals": ["12.16", "1"]}
    return _at_every_printer(
        program, lambda _: [told, 1, 1216], family="thermal", profile="novitus", code_page="cp1250"
    )
