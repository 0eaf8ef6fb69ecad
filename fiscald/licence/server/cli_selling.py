"""``fiscald-vendor issue``, ``orders``, ``send``, ``cancel``, ``remind``, ``adopt``: numbers and their orders."""

from __future__ import annotations

import datetime
import json
import sys
from collections.abc import Iterator
from typing import Any

import click

from fiscald.licence import number_reading
from fiscald.licence.number import SUPPORT, Kind, Number
from fiscald.licence.number_reading import NumberRefused
from fiscald.licence.server import listing, selling, spreadsheet
from fiscald.licence.server.reminders import Reminders
from fiscald.licence.server.selling import Item, Order
from fiscald.licence.server.session import Session, confirm, fail, now

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
    if as_csv:
        spreadsheet.echo_rows([_HEADER])
        for page in _pages(session, search):
            spreadsheet.echo_rows(cells for row in page for cells in _cells(row))
        return
    rows: list[dict[str, Any]] = []
    for page in _pages(session, search):
        if session.as_json:
            rows += page
            continue
        for row in page:
            click.echo(_line(row))
        rows = page
    if session.as_json:
        click.echo(json.dumps(rows, ensure_ascii=False))
    elif not rows:
        click.echo("none")


def _pages(session: Session, search: str | None) -> Iterator[list[dict[str, Any]]]:
    """All orders, page by page: however many there are, a page of them is in memory, and no page delays the server."""
    after = 0
    while True:
        with session.reading() as t:
            page = listing.orders(t, search, after=after)
        if not page:
            return
        yield page
        after = page[-1]["row"]


def _line(row: dict[str, Any]) -> str:
    numbers = " ".join(f"{number['field']}:{number['hint']}:{number['state']}" for number in row["numbers"])
    state = "cancelled  " if row["cancelled"] else ""
    return f"{row['order']}  {row['bought']}  {row['invoice'] or '-'}  {row['email'] or '-'}  {state}{numbers}"


_HEADER = ("order", "bought", "invoice", "buyer", "email", "field", "number", "state")


def _cells(row: dict[str, Any]) -> Iterator[tuple[str | None, ...]]:
    """One line for each number of an order."""
    for number in row["numbers"]:
        yield (
            row["order"], row["bought"], row["invoice"], row["buyer"], row["email"], number["field"], number["hint"],
            number["state"],
        )  # fmt: skip


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
@click.argument("order")
@click.option("--revoke-used", is_flag=True, help="Also revoke numbers that are used, and take updates back.")
@click.option("--say", help="Text for the customer.")
@click.option("--yes", is_flag=True, help="Do not ask on a terminal.")
@click.pass_obj
def cancel(session: Session, order: str, *, revoke_used: bool, say: str | None, yes: bool) -> None:
    """Revoke the numbers of ORDER. One with a used number is refused, unless --revoke-used."""
    confirm(f"The numbers of {order} will not work any more. Continue?", yes=yes)
    with session.transaction() as t:
        selling.cancel_order(t, order, revoke_used=revoke_used, said=say or None)
    session.show({"cancelled": order}, f"{order} is cancelled; its numbers are revoked")


@click.command()
@click.option("--dry-run", is_flag=True, help="Only show which mails are due.")
@click.pass_obj
def remind(session: Session, *, dry_run: bool) -> None:
    """Mail the reminders that are due. The server does it once a day; again, each is sent once."""
    with session.store() as store:
        reminders = Reminders(store, session.rules(), session.config.reminders.days, now)
        batches = reminders.due() if dry_run else reminders.send()
        found = [reminder for batch in batches for reminder in batch]
    rows = [
        {"licence": each.licence, "mail": each.template, "ends": each.ends.isoformat(), "days": each.days,
         "seats": len(each.seats), "email": each.email}
        for each in found
    ]  # fmt: skip
    lines = [f"{each.licence}  {each.template}  ends {each.ends}  {each.email}" for each in found]
    session.show(rows, "\n".join(lines) or "none is due")


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


COMMANDS = (issue, orders, send, cancel, remind, adopt)
