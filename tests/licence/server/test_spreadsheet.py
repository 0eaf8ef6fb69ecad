"""What accounting opens in a spreadsheet: no formula runs, Polish letters stay, and thousands of rows fit."""

from __future__ import annotations

import contextlib
import csv
import io
import os
import sqlite3
import subprocess
import sys
import tracemalloc
from contextlib import closing
from pathlib import Path

import pytest

from fiscald.licence.server.cli import main
from fiscald.licence.server.spreadsheet import cell
from tests.licence.server.running import BAKERY, Computer
from tests.licence.server.test_cli import Office, WallClock, office

__all__ = ["office"]
HOSTILE = ("=1+1", "+48", "-5", "@SUM(A1)", " =1", "＝1", '=HYPERLINK("http://x";"y")', "=cmd|'/c calc'!A1")


@pytest.mark.parametrize("text", [*HOSTILE, "\t=1", "\r=1", "\n=1", "＋1", "－1", "＠x", "\u00a0=1"])
def test_no_cell_is_a_formula(text: str) -> None:
    assert cell(text) == f"'{text}"


@pytest.mark.parametrize("text", ["", "Żurek", "a=b", "FV/12", "410F4-8TA1", "2026-01-15", "a@bakery.pl", "'x"])
def test_plain_cells_stay_as_they_are(text: str) -> None:
    assert cell(text) == text


def rows_of(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_orders_with_hostile_names(office: Office) -> None:
    for number, buyer in enumerate(HOSTILE):
        office.done("issue", "X", "--count", "2", "--order", f"={number}", "--buyer", buyer, "--invoice", f"@{number}")
    rows = rows_of(office.done("orders", "--csv"))
    assert len(rows) == 2 * len(HOSTILE)
    assert [row["buyer"] for row in rows[::2]] == [f"'{buyer}" for buyer in HOSTILE]
    assert all(row["order"].startswith("'=") and row["invoice"].startswith("'@") for row in rows)
    assert {(row["field"], row["state"]) for row in rows} == {("X", "issued")}


def test_licences_with_a_hostile_name(office: Office) -> None:
    for number, name in enumerate(("=1+1 Sp. z o.o.", 'Żółć, "Gęś" & Syn'), 1):
        issued = office.done("issue", "X", "--support")
        tin = BAKERY["tin"] if number == 1 else "5260001246"
        office.activate(Computer(WallClock(), number), issued, company=BAKERY | {"name": name, "tin": tin})
    first, second = sorted(rows_of(office.done("licences", "--csv")), key=lambda row: row["company"])
    assert first["company"] == "'=1+1 Sp. z o.o."
    assert second["company"] == 'Żółć, "Gęś" & Syn'
    assert second["tin"] == "5260001246"


@pytest.mark.slow
def test_the_file_is_utf8_whatever_the_terminal_is(office: Office) -> None:
    office.done("issue", "X", "--order", "1", "--buyer", "Żółć i Syn 漢字")
    environment = {**os.environ, "LC_ALL": "C", "PYTHONIOENCODING": "latin-1"}
    printed = subprocess.run(
        [sys.executable, "-m", "fiscald.licence.server.cli", "--config", str(office.config), "orders", "--csv"],
        env=environment, capture_output=True, check=True,
    ).stdout  # fmt: skip
    assert rows_of(printed.decode("utf-8"))[0]["buyer"] == "Żółć i Syn 漢字"


def fill(office: Office, count: int) -> None:
    """So many orders with a number each, and licences with a seat each, beside what is there."""
    with closing(sqlite3.connect(office.directory / "vendor.db")) as db, db:
        (first,) = db.execute("SELECT count(*) FROM purchase").fetchone()
        for number in range(first, first + count):
            db.execute(
                "INSERT INTO purchase (id, invoice, buyer, email, lang, bought, content, source, created)"
                " VALUES (?, 'FV', ?, 'a@bakery.pl', 'pl', '2026-01-15', '[]', 'test', 1)",
                (str(number), "Firma " * 20),
            )
            db.execute(
                "INSERT INTO company (id, cc, name, name_norm, post, post_norm, created)"
                " VALUES (?, 'PL', ?, ?, '1', '1', 1)",
                (f"com_{number}",) * 3,
            )
            db.execute(
                "INSERT INTO licence (id, company_id, product, kind, state, changed, created)"
                " VALUES (?, ?, 1, 'paid', 'active', 1, 1)",
                (f"lic_{number}", f"com_{number}"),
            )
            db.execute(
                "INSERT INTO seat (id, licence_id, flags, upd, state, changed, created)"
                " VALUES (?, ?, 5, '2027-01-15', 'active', 1, 1)",
                (f"seat_{number}", f"lic_{number}"),
            )
            db.execute(
                "INSERT INTO number (h, kind, product, flags, mk, serial, issued, bought, offline, hint, purchase_id, state,"
                " seat_id) VALUES (?, 0, 1, 5, 1, ?, '2026-01-15', '2026-01-15', 1, 'AAAAA-BBBB', ?, 'used', ?)",
                (number.to_bytes(32, "big"), number, str(number), f"seat_{number}"),
            )


def peak(office: Office, *words: str) -> int:
    """The memory that a command allocates at most, with its output thrown away."""
    with Path(os.devnull).open("w", encoding="utf-8") as sink, contextlib.redirect_stdout(sink):
        tracemalloc.start()
        try:
            main(["--config", str(office.config), *words], standalone_mode=False)
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()


@pytest.mark.parametrize("command", ["orders", "licences"])
def test_thousands_of_rows_take_the_memory_of_a_page(office: Office, command: str) -> None:
    fill(office, 300)
    assert len(rows_of(office.done(command, "--csv"))) == 300
    few = peak(office, command, "--csv")
    fill(office, 1000)
    assert len(rows_of(office.done(command, "--csv"))) == 1300
    assert peak(office, command, "--csv") < 1.3 * few
