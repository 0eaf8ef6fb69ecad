"""``python -m tests.example_family.check``: join the family to the package, and use it as everybody would.

A process of its own: whoever reads the registry at import finds the line there, as if it stood in the file.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import fiscald.protocols

HERE = Path(__file__).parent
# The two folders, and the registry line.
fiscald.protocols.__path__.append(str(HERE / "protocols"))
fiscald.protocols.FAMILIES = (*fiscald.protocols.FAMILIES, "example")  # type: ignore[assignment]

import fiscald.emulator  # noqa: E402

fiscald.emulator.__path__.append(str(HERE / "emulator"))

from anyio.from_thread import start_blocking_portal  # noqa: E402
from click.testing import CliRunner  # noqa: E402

from fiscald import daemon  # noqa: E402
from fiscald.api.client import Client  # noqa: E402
from fiscald.cli.fiscalctl import main as fiscalctl  # noqa: E402
from fiscald.config import Config, LicenceConfig, PrinterConfig  # noqa: E402
from fiscald.emulator.running import EmulatedPrinter  # noqa: E402
from fiscald.licence.testing import make_certificate  # noqa: E402
from fiscald.protocols import dissector  # noqa: E402
from tests.chaos.campaign import measure, run  # noqa: E402
from tests.chaos.schedule import matrix  # noqa: E402


def a_shop_prints(folder: Path) -> None:
    """The daemon, its socket, the printer on TCP, the technician's verbs."""
    with EmulatedPrinter("example") as printer, start_blocking_portal() as portal:
        config = Config(
            socket=folder / "fiscald.sock",
            state_dir=folder / "state",
            licence=LicenceConfig(test_keys=True),
            printers={"till1": PrinterConfig(family="example", address=printer.address)},
        )
        future, _ = portal.start_task(daemon.run, config)
        try:
            with Client(config.socket) as client:
                client.install_licence(make_certificate())
                job = client.submit("A/1", "till1", {"type": "cash_in", "amount": "12.00"}, wait=20)
                assert job.state == "done", job
                assert printer.printouts[-1].kind == "cash_in"
                assert printer.register.cash == 1200
                refused = client.printer("till1").documents
                assert refused == ("cash_in",)
            capture = folder / "till1.pcapng"
            for arguments in (
                ["--socket", str(config.socket), "status"],
                ["--socket", str(config.socket), "raw", "WHO"],
                ["--socket", str(config.socket), "capture", "till1", "-o", str(capture)],
                ["decode", str(capture)],
            ):
                result = CliRunner().invoke(fiscalctl, arguments)
                assert result.exit_code == 0, (arguments, result.output)
            assert "IN" in result.output
        finally:
            future.cancel()


def the_campaign_takes_it_up() -> None:
    """One fault at every byte, turn, write and command (a part of them): nothing lost, nothing twice."""
    schedules = matrix("example", "cash_in", measure("example", "cash_in"))
    for schedule in schedules[::12]:
        found = run(schedule).violations
        assert not found, found[0]
    assert len(schedules) > 300


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        a_shop_prints(Path(folder))
    the_campaign_takes_it_up()
    assert "WHO" in dissector.generate()
    sys.stdout.write("the family is at home\n")
