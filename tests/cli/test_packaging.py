"""``fiscalctl packaging``: the balance of a day as a person reads it."""

from __future__ import annotations

from click.testing import CliRunner

from fiscald.cli.fiscalctl import main as fiscalctl
from fiscald.cli.packaging import _lines
from fiscald.emulator.running import EmulatedPrinter
from fiscald.model.money import from_grosze
from fiscald.model.packaging_balance import KindBalance, PackagingBalance, Turnover
from fiscald.testing import LocalDaemon
from tests.cli.conftest import RECEIPT, Counter


def test_a_balance(counter: Counter) -> None:
    items = [{"name": "Butelka", "number": "7", "price": "1.00", "quantity": 6}, {"number": "12", "price": "0.50"}]
    counter.run("print", counter.file(RECEIPT | {"packaging": items}), "--key", "A")
    result = counter.run("packaging", "till1")
    assert result.exit_code == 0, result.output
    first, *lines = result.stdout.splitlines()
    assert first.endswith(": 1 document with packaging")
    assert lines == [
        "  number 12: given out 1 (0.50), taken back 0 (0.00), balance 0.50",
        "  Butelka (number 7): given out 6 (6.00), taken back 0 (0.00), balance 6.00",
        "sum: given out 7 (6.50), taken back 0 (0.00), balance 6.50",
    ]
    before = counter.run("packaging", "--day", "2026-01-02")
    assert before.stdout.splitlines()[0] == "till1 on 2026-01-02: 0 documents with packaging"
    assert counter.json("packaging")["balance"] == "6.50"
    assert counter.run("packaging", "--day", "tomorrow").exit_code == 2
    assert counter.run("packaging", "till9").exit_code == 2


def test_a_balance_says_what_is_not_counted() -> None:
    none = Turnover(quantity="0", value=from_grosze(0))
    kind = KindBalance(name="Puszka", number=None, given=none, taken=none, balance=from_grosze(0))
    found = PackagingBalance.model_validate(
        {"printer": "till1", "day": "2026-11-22", "items": [kind], "left_out": 3, "given": none, "taken": none,
         "balance": "0.00", "documents": 4, "undated": 2, "undecided": 1}
    )  # fmt: skip
    assert [line for line in _lines(found) if "sum" not in line][1:] == [
        "  Puszka: given out 0 (0.00), taken back 0 (0.00), balance 0.00",
        "  and 3 other kinds",
        "note: the printer gave no time to 2 of them; the day is when fiscald learned of them",
        "note: 1 more undecided that day, not counted; see: fiscalctl jobs --state undecided",
    ]


def test_of_two_printers_the_argument_names_one() -> None:
    with EmulatedPrinter() as one, EmulatedPrinter(seed=1) as two, LocalDaemon({"till1": one, "till2": two}) as daemon:
        result = CliRunner().invoke(fiscalctl, ["--socket", str(daemon.socket), "packaging"])
    assert result.exit_code == 2
    assert "choose a printer with the argument PRINTER: till1, till2" in result.output
