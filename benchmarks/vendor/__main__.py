"""``python -m benchmarks.vendor``: the vendor's licence server with many licences."""

from __future__ import annotations

import os
import sqlite3
import time
from contextlib import closing
from pathlib import Path

import click

from benchmarks.__main__ import RESULTS, machine
from benchmarks.figures import Conditions, Outcome, Row, lines, save, select
from benchmarks.running import ROOT
from benchmarks.vendor.making import make
from benchmarks.vendor.measures import ROWS
from benchmarks.vendor.table import write


def measured(row: Row, directory: Path) -> Outcome:
    """What came of a row; one that fails does not end the run. How busy the computer was stands beside it."""
    began = time.perf_counter()
    try:
        outcome = row.measure(Conditions(directory, full=True))
    except Exception as error:  # the other rows are worth having
        outcome = Outcome(missing=f"{type(error).__name__}: {error}")
    outcome.seconds = round(time.perf_counter() - began, 1)
    outcome.points["load"] = round(os.getloadavg()[0], 1)
    return outcome


@click.group()
def main() -> None:
    """Make a vendor's database with many licences, and measure the server on it."""


@main.command("make")
@click.argument("directory", type=click.Path(path_type=Path))
@click.option("--licences", type=click.IntRange(1), default=100_000, show_default=True, help="How many companies.")
@click.option("--seed", type=int, default=0, show_default=True, help="Another one gives other names and numbers.")
def make_command(directory: Path, licences: int, seed: int) -> None:
    """Make a vendor's DIRECTORY, which must not exist: configuration, keys, database, computers that can ask."""
    began = time.perf_counter()
    make(directory, licences, seed, int(time.time()))
    size = (directory / "vendor.db").stat().st_size
    click.echo(f"{licences} licences, {size / 1e6:.0f} MB, {time.perf_counter() - began:.0f} s")


@main.command("run")
@click.argument("directory", type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.argument("names", metavar="[ROW]...", nargs=-1)
@click.option(
    "--out", type=click.Path(path_type=Path, dir_okay=False),
    help="File for the figures. Default: benchmarks/results/vendor-LICENCES.json.",
)  # fmt: skip
def run_command(directory: Path, names: tuple[str, ...], out: Path | None) -> None:
    """Measure every ROW, or all of them, on a made DIRECTORY. This asks real questions, so it changes the database."""
    try:
        rows = select(ROWS, names)
    except ValueError as error:
        raise click.UsageError(str(error)) from None
    with closing(sqlite3.connect(directory / "vendor.db")) as db:
        (companies,) = db.execute("SELECT count(*) FROM company").fetchone()
    licences = int(float(f"{companies:.2g}"))  # those that a run has added are not worth telling
    about = machine() | {"licences": licences}
    click.echo(", ".join(f"{name} {value}" for name, value in about.items()))
    outcomes: dict[str, Outcome] = {}
    for row in rows:
        outcomes[row.name] = measured(row, directory)
        for text in lines(row, outcomes[row.name]):
            click.echo(text)
    save(out or RESULTS / f"vendor-{licences}.json", about, outcomes)


@main.command("table")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path, exists=True, dir_okay=False))
def table_command(files: tuple[Path, ...]) -> None:
    """Write the figures of FILES into docs/vendor.md."""
    write(ROOT / "docs" / "vendor.md", list(files))


if __name__ == "__main__":
    main(prog_name="python -m benchmarks.vendor")
