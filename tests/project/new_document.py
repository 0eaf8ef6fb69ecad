"""``python -m tests.project.new_document``: a document that the package does not have, printed by a real daemon.

It runs in a copy of the tree to which ``tests.project.test_new_document`` has added the document ``cash_count``: a class
in the model, and what the example family does with it. Importing ``new_family`` joins the family to the package.
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path

from tests.project import new_family  # before all that reads the registry of families

# isort: split

import pytest
from anyio.from_thread import start_blocking_portal
from click.testing import CliRunner

from fiscald import daemon
from fiscald.api import openapi
from fiscald.api.calling import Refused
from fiscald.api.client import Client
from fiscald.api.routes import ROUTES
from fiscald.cli.fiscalctl import main as fiscalctl
from fiscald.config import Config, LicenceConfig, PrinterConfig
from fiscald.emulator.running import EmulatedPrinter
from fiscald.licence.testing import make_certificate

COUNT = {"type": "cash_count", "amount": "12.00"}
assert Path(new_family.__file__).parents[2] in map(Path, sys.path), "the copy of the tree, not the tree"


def a_shop_counts(folder: Path) -> None:
    """By the API and by its own verb; without a licence, which it does not take; on its family alone."""
    with EmulatedPrinter("example") as printer, EmulatedPrinter("posnet") as other, start_blocking_portal() as portal:
        config = Config(
            socket=folder / "fiscald.sock",
            state_dir=folder / "state",
            licence=LicenceConfig(test_keys=True),
            printers={
                "till1": PrinterConfig(family="example", address=printer.address),
                "till2": PrinterConfig(family="posnet", address=other.address),
            },
        )
        future, _ = portal.start_task(daemon.run, config)
        try:
            with Client(config.socket) as client:
                with pytest.raises(Refused, match="licence"):
                    client.submit("A/1", "till1", {"type": "cash_in", "amount": "1.00"})
                job = client.submit("A/2", "till1", COUNT, wait=20)
                assert (job.state, job.document.type) == ("done", "cash_count"), job
                assert [sheet.kind for sheet in printer.printouts] == ["cash_count"]
                with pytest.raises(Refused) as refused:
                    client.submit("A/3", "till2", COUNT)
                assert refused.value.problem.code == "document.unsupported"
                client.install_licence(make_certificate())
                assert client.submit("A/4", "till1", {"type": "cash_in", "amount": "1.00"}, wait=20).state == "done"
                assert client.printer("till1").problem is None, "the journal counted both"
                described = json.dumps(openapi.describe(ROUTES))
                assert "cash_count" in described
                assert "20.26" in described, "its example"
            options = ["--socket", str(config.socket), "cash", "count"]
            result = CliRunner().invoke(fiscalctl, [*options, "7.00", "--printer", "till1"])
            assert result.exit_code == 0, result.output
            assert printer.printouts[-1].facts == {"amount": 700}
            assert "Count the cash" in CliRunner().invoke(fiscalctl, ["cash", "--help"]).output
        finally:
            future.cancel()


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        a_shop_counts(Path(folder))
    sys.stdout.write("the document is at home\n")
