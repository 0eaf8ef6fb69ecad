"""CSV for the vendor's accounting: UTF-8, and no cell that a spreadsheet would run."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable

import click

#: What a formula begins with, also in the full-width form that East Asian settings accept, and after spaces.
_FORMULA = tuple("=+-@＝＋－＠")


def echo_rows(rows: Iterable[Iterable[str | None]]) -> None:
    """Print rows, whatever character set the terminal has."""
    out = io.StringIO()
    csv.writer(out).writerows([cell(value or "") for value in row] for row in rows)
    click.echo(out.getvalue().encode(), nl=False)


def cell(text: str) -> str:
    """A cell that no spreadsheet takes for a formula: it gets an apostrophe."""
    is_formula = text.lstrip().startswith(_FORMULA) or text[:1] in ("\t", "\r", "\n")
    return f"'{text}" if is_formula else text
