"""``fiscalctl test-page``: on printers that are set to each code page, and where it cannot be printed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from anyio.from_thread import start_blocking_portal

from fiscald import daemon
from fiscald.api.client import Client
from fiscald.config import Config, LicenceConfig, PrinterConfig
from fiscald.emulator.running import EmulatedPrinter
from fiscald.licence.testing import make_certificate
from fiscald.model.testpage import LETTERS
from fiscald.model.text import CODE_PAGES
from fiscald.protocols.thermal.family import Thermal
from fiscald.protocols.thermal.handlers import HANDLERS
from tests.cli.conftest import Counter
from tests.waiting import until


@contextmanager
def shop(
    folder: Path, family: str, *, real: str | None, configured: str | None, profile: str | None = None
) -> Iterator[Counter]:
    """A printer whose menu is set to ``real``, and a daemon that believes in ``configured``."""
    with EmulatedPrinter(family, code_page=real, profile=profile) as printer, start_blocking_portal() as portal:
        section = {"family": family, "address": printer.address}
        if configured is not None:
            section["code_page"] = configured
        config = Config(
            socket=folder / "fiscald.sock",
            state_dir=folder / "state",
            licence=LicenceConfig(test_keys=True),
            printers={"till1": PrinterConfig.model_validate(section)},
        )
        future, _ = portal.start_task(daemon.run, config)
        with Client(config.socket) as client:
            client.install_licence(make_certificate())
            until(client, "ready")
        yield Counter(config.socket, printer, folder)
        future.cancel()


#: Family, profile, code page of the printer, of the configuration; the page that is printed.
PRINTERS = [("posnet", "online", real, configured, 38, True) for real in CODE_PAGES for configured in CODE_PAGES] + [
    ("thermal", profile, real, configured, width, qr)
    for profile, width, qr in (("posnet", 31, False), ("novitus", 38, True))
    for real, configured in (("mazovia", "mazovia"), ("cp1250", "mazovia"), ("latin2", "cp1250"))
]


@pytest.mark.parametrize(("family", "profile", "real", "configured", "width", "qr"), PRINTERS)
def test_the_readable_line_names_the_code_page_of_the_printer(
    tmp_path: Path, family: str, profile: str, real: str, configured: str, width: int, qr: bool
) -> None:
    with shop(tmp_path, family, real=real, configured=configured, profile=profile) as counter:
        done = counter.run("test-page", "till1", "--key", "T1")
        assert done.exit_code == 0, done.output
        assert "T1: done, paper printed" in done.stdout
        assert f"Configured is {configured}" in done.stdout
        (paper,) = counter.printer.paper
    readable = [line.split()[0] for line in paper.splitlines() if LETTERS in line]
    assert readable == [real]
    for words in (
        "STRONA TESTOWA",
        "drukarka till1",
        "nr EMU",
        f"w konfiguracji fiscald: {configured}",
    ):
        assert words in paper, "and all of this is readable whatever the code page"
    ruler = [line for line in map(str.strip, paper.splitlines()) if line.startswith("1234567890")]
    assert ruler == ["".join(str(column % 10) for column in range(1, width + 1))]
    assert ("[QR FISCALD" in paper) is qr
    assert "NIEFISKALNY" in paper.replace(" ", "")
    assert "TC:" not in paper


@pytest.mark.parametrize("family", ["novitus-xml", "noviapi"])
def test_a_protocol_without_code_pages_gets_the_letters_once(tmp_path: Path, family: str) -> None:
    with shop(tmp_path, family, real=None, configured=None) as counter:
        done = counter.run("test-page", "till1", "--key", "T1")
        assert done.exit_code == 0, done.output
        assert "one encoding of letters" in done.stdout
        assert counter.json("job", "T1")["state"] == "done"
        (paper,) = counter.printer.paper
    assert paper.count(LETTERS) == 1
    assert "[QR FISCALD" in paper


def test_a_test_page_is_a_job_and_not_a_receipt(counter: Counter) -> None:
    done = counter.json("test-page", "--key", "T1")
    assert (done["state"], done["document"]["type"], done["code_page"]) == ("done", "printout", "cp1250")
    assert counter.run("job", "T1").exit_code == 0
    assert counter.run("test-page", "--key", "T1").exit_code == 0, "the same page"
    assert len(counter.printer.paper) == 1
    assert counter.printer.register.day.receipt_count == 0
    assert counter.run("test-page", "till9").exit_code == 2


def test_a_printer_that_takes_no_printout(tmp_path: Path) -> None:
    with shop(tmp_path, "thermal", real="mazovia", configured=None, profile="innova") as counter:
        done = counter.run("test-page", "till1")
        assert done.exit_code == 1
        assert "fiscald knows no command for printouts" in done.stderr
        assert counter.run("jobs").stdout == "no jobs\n", "nothing was submitted"


def test_a_family_that_cannot_print_a_test_page_refuses_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Thermal, "handlers", {name: each for name, each in HANDLERS.items() if name != "printout"})
    with shop(tmp_path, "thermal", real="mazovia", configured=None) as counter:
        done = counter.run("test-page", "till1")
        assert done.exit_code == 1
        assert "cannot print a test page: no command for it is known on a thermal printer" in done.stderr
        assert "fiscalctl preview" in done.stderr
        assert counter.run("jobs").stdout == "no jobs\n", "nothing was submitted"
        assert counter.printer.paper == []
