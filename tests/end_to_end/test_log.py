"""What the daemon logs: at debug every change, decision and reconnection; at no level goods, buyers or cashiers."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from fiscald.api.client import Client, Refused
from fiscald.emulator.running import EmulatedPrinter
from fiscald.licence.testing import make_certificate
from fiscald.model.jobs import Resolution

pytestmark = pytest.mark.slow
BIN = Path(sys.executable).parent
#: Whatever a document says of people and goods.
PRIVATE = {
    "Kawa ziarnista", "5260250274", "526-025-02-74", "Anna Nowak", "Jan Kowalski", "anna@example.pl", "Proszę nie dzwonić",
    "SYS-4711",
}  # fmt: skip
RECEIPT: dict[str, Any] = {
    "type": "receipt",
    "lines": [{"name": "Kawa ziarnista", "price": "10.00", "vat": "A"}],
    "buyer": {"nip": "526-025-02-74"},
    "cashier": "Anna Nowak",
    "footer": ["Jan Kowalski", "anna@example.pl"],
    "system_number": "SYS-4711",
}


class Log:
    """The daemon's log as it comes."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self.lines: list[str] = []

    def until(self, pattern: str) -> str:
        assert self.process.stderr is not None
        while not (self.lines and re.search(pattern, self.lines[-1])):
            line = self.process.stderr.readline()
            assert line, f"the daemon has ended; no {pattern!r} in\n{''.join(self.lines)}"
            self.lines.append(line)
        return self.lines[-1]

    def seen(self, pattern: str) -> None:
        """Wait for a line that may have come already."""
        if not any(re.search(pattern, line) for line in self.lines):
            self.until(pattern)

    def rest(self) -> str:
        self.process.terminate()
        assert self.process.stderr is not None
        self.lines += self.process.stderr.readlines()
        return "".join(self.lines)


@contextmanager
def daemon(folder: Path, text: str, level: str = "debug") -> Iterator[Log]:
    path = folder / "fiscald.toml"
    path.write_text(f'socket = "s"\nstate_dir = "state"\nlog_level = "{level}"\n[licence]\ntest_keys = true\n{text}')
    command = [str(BIN / "fiscald"), "run", "--config", str(path)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        try:
            yield Log(process)
        finally:
            process.kill()


def till(printer: EmulatedPrinter) -> str:
    return f'[printers.till1]\nfamily = "posnet"\naddress = "{printer.address}"\n'


def test_the_first_lines_of_a_fresh_daemon(tmp_path: Path) -> None:
    with daemon(tmp_path, "", "info") as log:
        log.until("the licence does not allow printing")
        log.rest()
    levels = {
        line.split(" ", 3)[3].strip(): line.split()[2]
        for line in log.lines
        if "is ready" in line or "no " in line or "not " in line
    }
    said = {text: level for text, level in levels.items() if not text.startswith("there is no group")}
    version = next(text.split()[1] for text in said if "is ready" in text)
    assert said == {
        "no printer is configured, so fiscald prints nothing; find printers with: fiscalctl scan --probe": "WARNING",
        f"fiscald {version} is ready at {tmp_path}/s, licence unregistered": "INFO",
        "the licence does not allow printing (licence.unregistered); see: fiscalctl licence status": "WARNING",
    }


def test_a_day_in_the_debug_log_without_personal_data(tmp_path: Path) -> None:
    with EmulatedPrinter() as printer, daemon(tmp_path, till(printer)) as log, Client(tmp_path / "s") as client:
        log.until("the licence does not allow printing")
        client.install_licence(make_certificate())
        log.until("licence active")
        log.seen("till1: ready")
        # A daily report on the keypad at the one moment at which it takes the proof away.
        printer.fault("bad_crc", "trend")
        printer.fault("keypad_report", "scomm", nth=2)
        short = {name: value for name, value in RECEIPT.items() if name != "footer"}
        assert client.submit("FV/3", "till1", short, wait=30).state == "undecided"
        by = Resolution(verdict="printed", number=1, by="Anna Nowak", note="Proszę nie dzwonić")
        assert client.resolve("FV/3", by).state == "done"
        assert client.submit("FV/1", "till1", RECEIPT).state == "done"
        assert client.submit("FV/1", "till1", RECEIPT).state == "done"
        # A conflict, a refused document, one that is withdrawn; above, one that a person decided.
        with pytest.raises(Refused):
            client.submit("FV/1", "till1", RECEIPT | {"cashier": "Jan Kowalski"})
        with pytest.raises(Refused):
            client.submit("FV/2", "till1", RECEIPT | {"total": "1.00"})
        printer.switch("cover")
        log.until("till1: cover_open")
        client.submit("FV/4", "till1", RECEIPT, wait=0)
        client.withdraw("FV/4")
        printer.switch("cover", on=False)
        log.until("till1: ready")
        printer.power(on=False)
        log.until("till1: offline")
        log.until("till1: not connected; the next attempt is in")
        printer.power(on=True)
        log.until("till1: connected")
        told = log.rest()
    for pattern in (
        rf"DEBUG   till1: posnet at {printer.address}, code page cp1250",
        rf"DEBUG   till1: connecting to {printer.address}",
        rf"INFO    till1: connected at {printer.address}",
        r"DEBUG   user \d+: PUT /v1/jobs/FV%2F1: 201, 0\.\d\d\d s|DEBUG   user \d+: PUT /v1/jobs/FV%2F1: 200, 0\.\d\d\d s",
        r"DEBUG   user \d+: PUT /v1/jobs/FV%2F1: 409,",
        r"DEBUG   user \d+: PUT /v1/jobs/FV%2F2: 422,",
        *(rf"DEBUG   job FV/1: {phase}, receipt for till1" for phase in ("accepted", "started", "committing", "done")),
        r"DEBUG   job FV/3: undecided, receipt for till1",
        r"DEBUG   job FV/4: failed, receipt for till1",
        r"INFO    stopped",
    ):
        assert re.search(pattern, told), pattern
    for private in PRIVATE:
        assert private not in told, private
        assert json.dumps(private)[1:-1] not in told, private


def test_a_request_cannot_write_lines_into_the_log(tmp_path: Path) -> None:
    with daemon(tmp_path, "") as log, Client(tmp_path / "s") as client:
        log.until("the licence does not allow printing")
        with pytest.raises(Refused):
            client.job("A\n2026-01-01 CRITICAL all is lost")
        line = log.until("GET /v1/jobs/")
        assert "/v1/jobs/A%0A2026-01-01%20CRITICAL" in line
        assert not any(each.startswith("2026-01-01 CRITICAL") for each in log.rest().splitlines())


def test_at_info_level_each_change_is_one_line(tmp_path: Path) -> None:
    with EmulatedPrinter() as printer, daemon(tmp_path, till(printer), "info") as log, Client(tmp_path / "s") as client:
        log.until("the licence does not allow printing")
        client.install_licence(make_certificate())
        log.seen("till1: ready")
        client.submit("FV/1", "till1", RECEIPT)
        told = log.rest()
    assert "DEBUG" not in told
    assert "job FV/1 is done: receipt, number 1" in told
    assert "PUT" not in told
