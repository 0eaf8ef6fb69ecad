"""``python -m benchmarks``: measure the rows of docs/performance.md, print the table, keep the figures."""

from __future__ import annotations

import os
import platform
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

import click

from benchmarks.figures import Conditions, Outcome, Row, lines, save, select
from benchmarks.rows import ROWS
from benchmarks.running import ROOT

RESULTS = ROOT / "benchmarks" / "results"


def machine() -> dict[str, str | int]:
    """Where the figures come from: they mean little without it."""
    found = subprocess.run(
        ["git", "describe", "--always", "--dirty"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    return {
        "processors": os.cpu_count() or 0,
        "python": platform.python_version(),
        "sqlite": sqlite3.sqlite_version,
        "commit": found.stdout.strip(),
        "at": datetime.now(UTC).date().isoformat(),
    }


def measured(row: Row, folder: Path, *, full: bool) -> Outcome:
    """What came of a row; one that fails does not end the run."""
    place = folder / row.name
    place.mkdir()
    began = time.perf_counter()
    try:
        outcome = row.measure(Conditions(place, full))
    except Exception as error:  # the other rows are worth having
        outcome = Outcome(missing=f"{type(error).__name__}: {error}")
    outcome.seconds = round(time.perf_counter() - began, 1)
    return outcome


@click.command()
@click.argument("names", metavar="[ROW]...", nargs=-1)
@click.option("--full", is_flag=True, help="Also the long parts: a million jobs, a thousand printers.")
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    default=RESULTS / "latest.json",
    show_default=True,
    help="File for the figures; its other rows stay if they are of the same commit.",
)
@click.option("--list", "listed", is_flag=True, help="Show the names of the rows.")
@click.option("--keep", is_flag=True, help="Keep the working directory, with the logs.")
def main(names: tuple[str, ...], out: Path, *, full: bool, listed: bool, keep: bool) -> None:
    """Measure every ROW, or all of them."""
    try:
        rows = select(ROWS, names)
    except ValueError as error:
        raise click.UsageError(str(error)) from None
    if listed:
        for row in rows:
            click.echo(f"{row.name:<14} {row.title}")
        return
    about = machine()
    click.echo(", ".join(f"{name} {value}" for name, value in about.items()))
    # The journal's syncs must reach a real disk, not a file system in memory.
    folder = Path(tempfile.mkdtemp(prefix=".bench-", dir=Path.cwd()))
    began = time.perf_counter()
    outcomes: dict[str, Outcome] = {}
    try:
        for row in rows:
            outcomes[row.name] = measured(row, folder, full=full)
            for text in lines(row, outcomes[row.name]):
                click.echo(text)
            sys.stdout.flush()
            save(out, about, outcomes)
    finally:
        if not keep:
            shutil.rmtree(folder, ignore_errors=True)
    click.echo(f"{time.perf_counter() - began:.0f} s; the figures are in {out}")


if __name__ == "__main__":
    main(prog_name="python -m benchmarks")
