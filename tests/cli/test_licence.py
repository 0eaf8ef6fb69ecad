"""``fiscalctl licence`` where it reads numbers and writes files that hold them."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from anyio.from_thread import start_blocking_portal
from click.testing import CliRunner, Result

from fiscald import daemon
from fiscald.cli.fiscalctl import main
from fiscald.config import CompanyConfig, Config, LicenceConfig

X, Y = "410F4-0BV4H-MASW9-148AR-7BS7D-8TA1", "51084-0BV2N-WVVR1-EHXGC-29MFX-P826"


@pytest.fixture
def socket(tmp_path: Path) -> Iterator[Path]:
    """Of a daemon without a printer, on a computer that has a name."""
    config = Config(
        socket=tmp_path / "fiscald.sock",
        state_dir=tmp_path / "state",
        licence=LicenceConfig(test_keys=True),
        company=CompanyConfig(name="Piekarnia", postcode="00-950", nip="1234563218"),
        printers={},
    )
    with start_blocking_portal() as portal:
        future, _ = portal.start_task(partial(daemon.run, config, machine=lambda: "m1"))
        try:
            yield config.socket
        finally:
            future.cancel()


def run(socket: Path, *arguments: str, text: str | None = None) -> Result:
    return CliRunner().invoke(main, ["--socket", str(socket), "licence", *arguments], input=text)


def content(wanted: str) -> Any:
    part = wanted.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))


def test_both_numbers_are_read_from_standard_input(socket: Path) -> None:
    made = run(socket, "request", "-", "--support", "-", text=f"{X}\n{Y}\n")
    assert made.exit_code == 0, made.output
    asked = content(made.stdout)
    assert (asked["number"], asked["support"]) == (X, Y)
    mistyped = run(socket, "register", "--support", "-", text=X + "\n")
    assert mistyped.exit_code == 20, "it was read, and is a number X"


def test_files_that_hold_a_number_are_for_their_owner(socket: Path, tmp_path: Path) -> None:
    order, picture = tmp_path / "order.txt", tmp_path / "order.png"
    made = run(socket, "request", "-", "-o", str(order), "--qr", str(picture), text=X + "\n")
    assert made.exit_code == 0, made.output
    assert content(order.read_text())["number"] == X
    assert picture.read_bytes().startswith(b"\x89PNG")
    for file in (order, picture):
        assert file.stat().st_mode & 0o777 == 0o600
