"""``python -m benchmarks.page``: keep the figures of the last run, and show them in docs/performance.md."""

from __future__ import annotations

import re
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

import click

from benchmarks.figures import Outcome, cells, read
from benchmarks.rows import ROWS
from benchmarks.running import ROOT

RESULTS = ROOT / "benchmarks" / "results"
#: What the page shows; kept with the sources.
RELEASE = RESULTS / "release.json"
PAGE = ROOT / "docs" / "performance.md"
PICTURES = PAGE.parent / "performance"
BEGIN, END = "<!-- begin: written by make bench-plots -->", "<!-- end -->"
_PART = re.compile(f"(?<={re.escape(BEGIN)}\n).*?(?={re.escape(END)})", re.DOTALL)


def table(machine: Mapping[str, object], outcomes: Mapping[str, Outcome]) -> str:
    """All rows and goals; a figure that was not measured is a dash."""
    about = ", ".join(f"{name} {value}" for name, value in machine.items())
    lines = [f"Measured with: {about}." if about else "No figures have been kept yet.", ""]
    lines += ["| row | what | measured | goal | | behind it |", "| --- | --- | --- | --- | --- | --- |"]
    for row in ROWS:
        name = f"[{row.name}](#{row.name})"
        for each in cells(row, outcomes.get(row.name)):
            lines.append("| " + " | ".join((name, *each)) + " |")
            name = ""
    return "\n".join(lines) + "\n"


def kept() -> tuple[dict[str, object], dict[str, Outcome]]:
    """The figures that the page shows; none before the first release."""
    return read(RELEASE) if RELEASE.exists() else ({}, {})


def generated(pictures: Sequence[tuple[Path, str]]) -> str:
    """The part of the page that is written here."""
    shown = [f"![{about}]({path.relative_to(PAGE.parent).as_posix()})" for path, about in pictures]
    return "\n".join([table(*kept()), *shown, ""]) if shown else table(*kept())


def found() -> str:
    """That part, as it is in the page."""
    match = _PART.search(PAGE.read_text("utf-8"))
    if match is None:
        raise click.ClickException(f"{PAGE} has no place for the figures: {BEGIN}")
    return match[0]


@click.command()
@click.option(
    "--from", "source", type=click.Path(path_type=Path, exists=True), help="Keep these figures first (a file of a run)."
)
def main(source: Path | None) -> None:
    """Write table and plots into the page."""
    from benchmarks.plots import draw  # only here: the page's test needs no matplotlib

    if source is not None:
        RELEASE.parent.mkdir(exist_ok=True)
        shutil.copy(source, RELEASE)
    found()
    pictures = draw(kept()[1], PICTURES)
    text = generated(pictures)
    PAGE.write_text(_PART.sub(lambda _: text, PAGE.read_text("utf-8")), "utf-8")
    click.echo(f"{PAGE.relative_to(ROOT)}, {len(pictures)} pictures")


if __name__ == "__main__":
    main(prog_name="python -m benchmarks.page")
