"""``fiscalctl packaging``: the balance of returnable packaging of one printer and day."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

import click

from fiscald.cli.context import Context, everything, pass_context
from fiscald.cli.documents import only_printer
from fiscald.model.money import format_money
from fiscald.model.packaging_balance import KindBalance, PackagingBalance, Turnover
from fiscald.terminal import shown


@click.command()
@click.argument("printer", required=False)
@click.option("--day", type=click.DateTime(["%Y-%m-%d"]), help="The day, of Polish time (default: today).")
@pass_context
def packaging(context: Context, printer: str | None, *, day: datetime | None) -> None:
    """Show what returnable packaging PRINTER gave out and took back on one day, by the printed documents.

    PRINTER may be left out if only one is configured. An undecided document is not counted until a person decides it.
    """
    with context.client() as client:
        name = printer or only_printer(context, client, "with the argument PRINTER")
        found = client.packaging(name, day=None if day is None else day.date())
    context.show(everything(found), lambda: "\n".join(_lines(shown(found))))


def _lines(found: PackagingBalance) -> Iterator[str]:
    documents = "1 document" if found.documents == 1 else f"{found.documents} documents"
    yield f"{found.printer} on {found.day}: {documents} with packaging"
    for item in found.items:
        yield f"  {_name(item)}: {_sums(item.given, item.taken)}, balance {format_money(item.balance)}"
    if found.left_out:
        yield f"  and {found.left_out} other kinds"
    yield f"sum: {_sums(found.given, found.taken)}, balance {format_money(found.balance)}"
    if found.undated:
        yield f"note: the printer gave no time to {found.undated} of them; the day is when fiscald learned of them"
    if found.undecided:
        yield f"note: {found.undecided} more undecided that day, not counted; see: fiscalctl jobs --state undecided"


def _name(item: KindBalance) -> str:
    number = f"number {item.number}" if item.number is not None else ""
    return f"{item.name} ({number})" if item.name and number else item.name or number


def _sums(given: Turnover, taken: Turnover) -> str:
    return (
        f"given out {given.quantity} ({format_money(given.value)}),"
        f" taken back {taken.quantity} ({format_money(taken.value)})"
    )
