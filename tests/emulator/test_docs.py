"""``docs/emulator.md`` and ``docs/pytest.md`` describe everything that exists, and nothing else."""

from __future__ import annotations

import json
import re
from pathlib import Path

import click
import pytest

from fiscald.cli.emulate import emulate
from fiscald.emulator.control import _COMMANDS, NOT_SEEDED, Control
from fiscald.emulator.faults import FaultKind, Switch
from fiscald.emulator.running import EmulatedPrinter, build
from fiscald.testing import LocalDaemon

DOCS = Path(__file__).parents[2] / "docs"
TEXT = (DOCS / "emulator.md").read_text("utf-8")
FIXTURES = (DOCS / "pytest.md").read_text("utf-8")


def table(header: str, text: str = TEXT) -> dict[str, str]:
    """The table under that header row: first column, second column."""
    _, _, rest = text.partition(f"\n{header}\n| --- | --- |\n")
    assert rest, header
    rows = {}
    for line in rest.split("\n\n")[0].splitlines():
        cells = re.split(r"(?<!\\)\|", line.strip("|"))
        rows[cells[0].strip()] = cells[1].strip()
    return rows


def names(cell: str) -> list[str]:
    return re.findall(r"`(\w+)", cell)


def every(rows: dict[str, str]) -> list[str]:
    return [name for cell in rows for name in names(cell)]


def test_every_option_is_described() -> None:
    described = [match for cell in table("| option | |") for match in re.findall(r"--[\w-]+", cell)]
    options = [name for param in emulate.params if isinstance(param, click.Option) for name in param.opts]
    assert sorted(described) == sorted(options)


def test_every_condition_and_fault_is_described() -> None:
    assert sorted(every(table("| condition (`switch`) | |"))) == sorted(Switch)
    assert sorted(every(table("| happens once (`fault`) | |"))) == sorted(FaultKind)


@pytest.mark.parametrize(
    ("header", "kind"), [("| `fiscal_printer.` | |", EmulatedPrinter), ("| `fiscald.` | |", LocalDaemon)]
)
def test_every_attribute_of_a_fixture_is_described(header: str, kind: type) -> None:
    with EmulatedPrinter() as printer:
        it = printer if kind is EmulatedPrinter else LocalDaemon({"till1": printer})
        public = {name for name in (*dir(kind), *vars(it)) if not name.startswith("_")}
    # The family is what the test asked for; the printers are those that it gave.
    assert set(every(table(header, FIXTURES))) == public - {"family", "printers"}


def test_every_control_command_is_documented_correctly() -> None:
    device, _ = build("posnet")
    it = Control(device, lambda: None)
    shown = [json.loads(line) for line in TEXT.splitlines() if line.startswith('{"do": ')]
    assert {order["do"] for order in shown} == _COMMANDS.keys()
    for order in shown:
        if order["do"] == "foreign_receipt":
            device.power(on=True)
        if order["do"] == "press":
            device.faults.switches.add(Switch.WAIT_KEY)
        answer = json.loads(it.execute_line(json.dumps(order).encode()))
        assert answer["ok"], (order, answer)
        for name in answer.keys() - {"ok"}:
            assert f"`{name}`" in table("| answer to | |")[f"`{order['do']}`"]
    for name in NOT_SEEDED:
        assert f"`{name}`" in TEXT


def test_every_profile_and_code_page_is_named() -> None:
    for family in ("posnet", "thermal"):
        device, _ = build(family)
        for name in (*device.profiles, *device.code_pages):
            assert name in TEXT
