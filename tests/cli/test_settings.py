"""The verbs for reports and for what a technician sets, on a running daemon."""

from __future__ import annotations

import pytest

from tests.cli.conftest import Counter


def test_reports_with_their_options(counter: Counter) -> None:
    counter.run("print", counter.file({"type": "receipt", "lines": [{"name": "Kawa", "price": "1.00", "vat": "A"}]}))
    for words in (["shift", "I", "--no-reset"], ["shift", "I"], ["daily"]):
        assert counter.run("report", *words).exit_code == 0, words
    today = counter.printer.paper[0].split("nr wydr")[0].split()[-1]
    assert counter.run("report", "periodic", today, today, "--summary").exit_code == 0
    assert [sheet.kind for sheet in counter.printer.printouts[-4:]] == [
        "shift_report", "shift_report", "daily_report", "periodic_report"
    ]  # fmt: skip
    assert "ŁĄCZNY" in counter.printer.paper[-1].replace(" ", "")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["monthly", "2999-01"], "has not begun"),
        (["monthly", "January"], "a month is a string"),
        (["periodic", "3", "7"], "by numbers"),
        (["periodic", "2026-10-02", "2026-10-01"], "later than to"),
    ],
)
def test_a_wrong_period_is_refused_with_a_reason(counter: Counter, words: list[str], said: str) -> None:
    result = counter.run("report", *words)
    assert (result.exit_code, said in result.output) == (1, True), result.output


def test_what_the_printer_shows_can_be_set_again(counter: Counter) -> None:
    table = counter.run("rates", "show").stdout.partition(": ")[2].split()
    assert table == ["A=23%", "B=8%", "C=5%", "D=0%", "E=", "F=", "G=exempt"]
    table[4] = "E=12%"
    assert counter.run("rates", "set", *table).exit_code == 0
    assert counter.printer.register.rates[4] == 12
    again = counter.run("rates", "set", *table)
    assert (again.exit_code, "shows it already" in again.output) == (0, True)
    assert counter.json("rates", "show")["vat"].keys() == set("ABCDEFG")


def test_a_table_without_a_letter_is_refused(counter: Counter) -> None:
    result = counter.run("rates", "set", "A=23%")
    assert result.exit_code == 1
    assert "rates/B" in result.output


def test_header_display_and_clock(counter: Counter) -> None:
    assert counter.run("header", "set", "SKLEP ANNA", "NIP 123-456-32-18").exit_code == 0
    assert counter.printer.register.header == "SKLEP ANNA\nNIP 123-456-32-18"
    assert counter.run("header", "show").stdout == "SKLEP ANNA\nNIP 123-456-32-18\n"
    assert counter.json("header", "show") == {"lines": ["SKLEP ANNA", "NIP 123-456-32-18"]}
    assert counter.run("display", "set", "Witamy").exit_code == 0
    assert counter.run("clock", "set").exit_code == 0
    assert counter.run("clock", "show").stdout.startswith("till1: 20")
    assert "T" in counter.json("clock", "show")["clock"]


@pytest.mark.parametrize(
    ("rows", "said"), [(["A=23%", "A=22%"], "A stands twice"), (["A", "B=8%"], "'A': write a letter")]
)
def test_a_table_with_a_doubtful_row_is_wrong_usage(counter: Counter, rows: list[str], said: str) -> None:
    """The last of two values would win, and a letter alone would go out of use: a printer takes few changes."""
    before = counter.printer.register.rates
    result = counter.run("rates", "set", *rows, "C=5%", "D=0%", "E=", "F=", "G=exempt")
    assert (result.exit_code, said in result.output) == (2, True), result.output
    assert counter.printer.register.rates == before


def test_a_note_without_a_place_begins_with_its_text(counter: Counter) -> None:
    assert "note: nothing was sent" in counter.run("clock", "set").stdout
