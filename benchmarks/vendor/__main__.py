"""``python -m benchmarks.vendor``: the vendor's licence server with many licences."""

from __future__ import annotations

import time
from pathlib import Path

import click

from benchmarks.vendor.making import make


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


if __name__ == "__main__":
    main(prog_name="python -m benchmarks.vendor")
