"""``fiscald-vendor issue``, ``orders``, ``send`` and ``adopt``: numbers, and the orders that they belong to."""

from __future__ import annotations

import csv
import datetime
import io
import sys
from collections.abc import Iterator
from typing import Any

import click

from fiscald.licence import number_reading
from fiscald.licence.number import SUPPORT, Kind, Number
from fiscald.licence.number_reading import NumberRefused
from fiscald.licence.server import listing, selling
from fiscald.licence.server.selling import Item, Order
from fiscald.licence.server.session import Session, fail

_DAY = click.DateTime(["%Y-%m-%d"])
#: Bytes of numbers that one adopt reads at most.
_MAX_INPUT = 1_000_000


def _modules(command: Any) -> Any:
    for option in (
        click.option("--support", is_flag=True, help="X: with the first year of updates and support."),
        click.option("--fiscal", is_flag=True, help="X: with the fiscal module."),
        click.option("--bank", is_flag=True, help="X: with the bank module."),
    ):
        command = option(command)
    return command


@click.command()
@click.argument("field", type=click.Choice(["X", "Y"], case_sensitive=False))
@_modules
@click.option("--count", type=click.IntRange(1, selling.MAX_ORDER), default=1, show_default=True, help="How many.")
@click.option("--months", type=click.IntRange(1, 120), help="X: a licence for so many months, from its registration.")
@click.option("--offline/--no-offline", default=None, help="Whether it works without internet. Default: [terms].")
@click.option("--bought", type=_DAY, help="The day of purchase, which updates are counted from. Default: today.")
@click.option("--order", help="Your order's id: the same order again gives the same numbers.")
@click.option("--invoice", help="With --order: the invoice.")
@click.option("--buyer", help="With --order: who bought.")
@click.option("--email", help="With --order: where the numbers are mailed to.")
@click.option("--lang", type=click.Choice(["pl", "nl", "en"]), default="pl", show_default=True, help="Of that mail.")
@click.pass_obj
def issue(
    session: Session, field: str, *, bank: bool, fiscal: bool, support: bool, count: int, months: int | None,
    offline: bool | None, bought: datetime.datetime | None, order: str | None, invoice: str | None, buyer: str | None,
    email: str | None, lang: str,
) -> None:  # fmt: skip
    """Make numbers: X is a licence for one computer, Y a year of updates and support.

    Without --order they are shown once and cannot be shown again.
    """
    if field.upper() == "Y":
        if bank or fiscal or support or months is not None or offline is not None:
            raise click.UsageError("a number Y is a year of updates and support; it takes no module and no term")
        kind, flags = Kind.UPDATES, SUPPORT
    else:
        kind, flags = Kind.LICENCE, selling.flags(bank=bank, fiscal=fiscal, support=support)
    if order is None and (invoice or buyer or email):
        raise click.UsageError("--invoice, --buyer and --email belong to an --order")
    item = Item(kind, flags, months, session.config.terms.offline if offline is None else offline, count)
    today = datetime.datetime.now(datetime.UTC).date()
    day = today if bought is None else bought.date()
    if day > today:
        raise click.UsageError("the day of purchase lies in the future")
    with session.transaction() as t:
        rules, mac = session.rules(), session.config.keys.mac
        if order is None:
            made, new = selling.issue_numbers(t, rules.keyring, item, today, mac, bought=day), True
        else:
            ordered = Order(order, (item,), day, invoice, buyer, email, lang)
            made, new = selling.place_order(t, rules, ordered, today, mac, t.actor)
            if new and email is not None:
                selling.send_order(t, rules, order)
    if not new:
        click.echo(f"order {order} was placed before; these are its numbers", err=True)
    session.show([_shown(number) for number in made], "\n".join(number.text for number in made))


def _shown(number: Number) -> dict[str, str]:
    return {"number": number.text, "hint": number.hint}


@click.command()
@click.argument("search", required=False)
@click.option("--numbers", is_flag=True, help="Show the numbers of the order SEARCH in clear.")
@click.option("--csv", "as_csv", is_flag=True, help="Print CSV for a spreadsheet or the accounting.")
@click.pass_obj
def orders(session: Session, search: str | None, *, numbers: bool, as_csv: bool) -> None:
    """List orders: all, or those with this id, invoice or address."""
    if numbers:
        if search is None:
            raise click.UsageError("name the order whose numbers you want")
        with session.transaction() as t:
            clear = selling.numbers_of(t, session.rules(), search)
            t.audit("order.shown", search)
        session.show([_shown(number) for number in clear], "\n".join(number.text for number in clear))
        return
    with session.reading() as t:
        rows = list(_all_orders(t, search))
    if as_csv:
        click.echo(orders_csv(rows), nl=False)
        return
    lines = [
        f"{row['order']}  {row['bought']}  {row['invoice'] or '-'}  {row['email'] or '-'}  "
        + " ".join(f"{number['field']}:{number['hint']}:{number['state']}" for number in row["numbers"])
        for row in rows
    ]
    session.show(rows, "\n".join(lines) or "none")


def _all_orders(t: Any, search: str | None) -> Iterator[dict[str, Any]]:
    after = 0
    while page := listing.orders(t, search, after=after):
        yield from page
        after = page[-1]["row"]


def orders_csv(rows: list[dict[str, Any]]) -> str:
    """One line for each number of each order."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(["order", "bought", "invoice", "buyer", "email", "field", "number", "state"])
    for row in rows:
        for number in row["numbers"]:
            writer.writerow(
                [
                    _plain(row[name] or "")
                    for name in ("order", "bought", "invoice", "buyer", "email")
                ] + [number["field"], number["hint"], number["state"]]
            )  # fmt: skip
    return out.getvalue()


def _plain(text: str) -> str:
    """A cell that no spreadsheet takes for a formula."""
    return f"'{text}" if text[:1] in "=+-@\t\r" else text


@click.command()
@click.argument("order")
@click.option("--email", help="Another address than the order's.")
@click.pass_obj
def send(session: Session, order: str, *, email: str | None) -> None:
    """Mail the numbers of ORDER again."""
    with session.transaction() as t:
        address = selling.send_order(t, session.rules(), order, email)
    session.show({"order": order, "email": address}, f"the numbers of {order} are mailed to {address}")


@click.command()
@click.option("--months", type=click.IntRange(1, 120), help="They are licences for so many months.")
@click.pass_obj
def adopt(session: Session, *, months: int | None) -> None:
    """Take up numbers that were sold after the backup that was restored: one a line on standard input."""
    typed = sys.stdin.read(_MAX_INPUT).split("\n")
    try:
        numbers = [number_reading.read(line) for line in typed if line.strip()]
    except NumberRefused as refused:
        fail(f"nothing was changed: {refused.detail}")
    taken = 0
    with session.transaction() as t:
        keys = session.keys()
        for number in numbers:
            item = Item(number.kind, number.flags, months, session.config.terms.offline)
            taken += selling.adopt(t, keys, number, item)
    session.show(
        {"adopted": taken, "known": len(numbers) - taken}, f"{taken} taken up, {len(numbers) - taken} were known"
    )


COMMANDS = (issue, orders, send, adopt)
