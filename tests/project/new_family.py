"""``python -m tests.project.new_family``: join the example families to the package, and use them as everybody would.

It runs in a separate process, so that every module that reads the registry at its import finds the line.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import fiscald.protocols

# The registry line; the folders are joined by ``tests.families``.
EXAMPLES = ("example", "example_http")
fiscald.protocols.FAMILIES = (*fiscald.protocols.FAMILIES, *EXAMPLES)  # type: ignore[assignment]

from click.testing import CliRunner  # noqa: E402

import tests.families  # noqa: E402, F401
from fiscald.cli.fiscalctl import main as fiscalctl  # noqa: E402
from fiscald.emulator.running import EmulatedPrinter  # noqa: E402
from fiscald.protocols import dissector, family  # noqa: E402
from fiscald.testing import LocalDaemon  # noqa: E402


def a_shop_prints(name: str, folder: Path) -> None:
    """The daemon, its socket, the printer on TCP, the technician's verbs."""
    with EmulatedPrinter(name) as printer, LocalDaemon({"till1": printer}) as daemon:
        job = daemon.client.submit("A/1", "till1", {"type": "cash_in", "amount": "12.00"}, wait=20)
        assert job.state == "done", job
        assert job.evidence is not None
        assert job.evidence["family"] == name
        assert printer.printouts[-1].kind == "cash_in"
        assert printer.register.cash == 1200
        assert daemon.client.printer("till1").documents == ("cash_in",)
        capture = folder / f"{name}.pcapng"
        socket = ("--socket", str(daemon.socket))
        known = family(name)
        works(*socket, "status")
        works(*socket, "raw", "WHO", able=known.raw is not None, because="no commands by hand")
        works(*socket, "capture", "till1", "-o", str(capture))
        works("decode", str(capture), able=known.decoding is not None, because="cannot decode")


def works(*arguments: str, able: bool = True, because: str = "") -> None:
    """A command of ours does what it says, or says plainly why it cannot."""
    result = CliRunner().invoke(fiscalctl, arguments)
    assert (result.exit_code == 0) is able, (arguments, result.output)
    assert able or because in result.output, (arguments, result.output)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as directory:
        for each in EXAMPLES:
            a_shop_prints(each, Path(directory))
    assert "WHO" in dissector.generate()
    sys.stdout.write("the families are at home\n")
