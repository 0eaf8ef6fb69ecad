"""``fiscald-vendor licences`` and what is done with one: revoke, suspend, reinstate, unbind, rename, forget."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from typing import Any

import click

from fiscald.licence import number_reading
from fiscald.licence.number import Number
from fiscald.licence.number_reading import NumberRefused
from fiscald.licence.server import admin, listing, spreadsheet
from fiscald.licence.server.session import Session, confirm, fail, now


@click.command()
@click.argument("search", required=False)
@click.option("--csv", "as_csv", is_flag=True, help="Print CSV, one line for each seat.")
@click.pass_obj
def licences(session: Session, search: str | None, *, as_csv: bool) -> None:
    """List licences: all, or those of a company, tax number, e-mail address, order or number's hint."""
    listed = 0
    if as_csv:
        spreadsheet.echo_rows([_HEADER])
    for page in _pages(session, search):
        if session.as_json:
            click.echo("".join(_json_part(row, listed + n) for n, row in enumerate(page.rows)), nl=False)
        elif as_csv:
            spreadsheet.echo_rows(cells for row in page.rows for cells in _cells(row))
        else:
            for row in page.rows:
                click.echo(_line(row))
        listed += len(page.rows)
    if session.as_json:
        click.echo("]" if listed else "[]")
    elif not listed and not as_csv:
        click.echo("none")


def _pages(session: Session, search: str | None) -> Iterator[listing.Page]:
    """Page by page: a list whose reader has stopped keeps no state of the database, and takes the memory of a page."""
    after: str | None = None
    with session.store() as store:
        while True:
            with store.reading(now) as t:
                page = listing.licences(t, search, after=after)
            yield page
            after = page.after
            if after is None:
                return


def _json_part(row: dict[str, Any], before: int) -> str:
    return f"{', ' if before else '['}{json.dumps(row, ensure_ascii=False)}"


def _line(row: dict[str, Any]) -> str:
    seats = row["seats"]
    updates = max((seat["upd"] for seat in seats), default="-")
    return (
        f"{row['licence']}  {row['kind']:<5}  {row['state']:<10}  upd {updates}  seats {len(seats)}  "
        f"{row['company']['tin'] or row['company']['post']}  {row['company']['name']}"
    )


_HEADER = ("licence", "kind", "state", "company", "tin", "email", "seat", "upd", "ends", "number", "day")


def _cells(row: dict[str, Any]) -> Iterator[tuple[str | None, ...]]:
    company = row["company"]
    for seat in row["seats"]:
        number = seat["numbers"][0]["hint"] if seat["numbers"] else None
        day = next((each["last_day"] for each in seat["computers"] if each["state"] == "bound"), None)
        yield (
            row["licence"], row["kind"], row["state"], company["name"], company["tin"], row["email"], seat["seat"],
            seat["upd"], seat["ends"], number, day,
        )  # fmt: skip


@click.command()
@click.argument("licence")
@click.pass_obj
def show(session: Session, licence: str) -> None:
    """Everything about LICENCE (its id, or a seat's)."""
    with session.reading() as t:
        row = listing.licence_row(t, licence)
    session.show(row, json.dumps(row, ensure_ascii=False, indent=2))


@click.command()
@click.pass_obj
def twins(session: Session) -> None:
    """List computers that have shown an older certificate than before: copies, or restored backups."""
    with session.reading() as t:
        rows = listing.twins(t)
    lines = [f"{row['computer']}  {row['licence']}  {row['times']} times, last {row['last_day']}" for row in rows]
    session.show(rows, "\n".join(lines) or "none")


@click.command()
@click.pass_obj
def differing(session: Session) -> None:
    """List seats that were registered with another name or postcode than their company has; rename merges them."""
    with session.reading() as t:
        rows = listing.differing(t)
    lines = [
        f"{row['licence']}  {row['seat']}  {row['name']}, {row['post']}: "
        f"registered as {row['registered_name']}, {row['registered_post']}"
        for row in rows
    ]
    session.show(rows, "\n".join(lines) or "none")


@click.command()
@click.argument("licence", required=False)
@click.option("--number", is_flag=True, help="Revoke a number instead; prompted for, or read from stdin.")
@click.option("--say", help="Text for the customer.")
@click.option("--yes", is_flag=True, help="Do not ask on a terminal.")
@click.pass_obj
def revoke(session: Session, licence: str | None, *, number: bool, say: str | None, yes: bool) -> None:
    """Revoke LICENCE or one SEAT of it, or a number and its seat."""
    if number == (licence is not None):
        raise click.UsageError("name a licence, or use --number")
    confirm(f"{licence or 'The number and its seat'} will open no more documents. Continue?", yes=yes)
    # Never an argument: those stand in the shell's history and in the list of processes.
    typed = _typed_number() if number else None
    with session.transaction() as t:
        if typed is not None:
            admin.revoke_number(t, session.keys(), typed, say or None)
        else:
            admin.revoke(t, session.rules(), licence or "", say or None)
    about = licence if typed is None else typed.hint
    session.show({"revoked": about}, f"{about} is revoked")


def _typed_number() -> Number:
    typed = click.prompt("Number", hide_input=True) if sys.stdin.isatty() else sys.stdin.read(200)
    try:
        return number_reading.read(typed)
    except NumberRefused as refused:
        fail(refused.detail)


@click.command()
@click.argument("licence")
@click.option("--say", help="Text for the customer.")
@click.pass_obj
def suspend(session: Session, licence: str, *, say: str | None) -> None:
    """Suspend LICENCE until it is reinstated: its computers learn it at their next check."""
    with session.transaction() as t:
        admin.suspend(t, session.rules(), licence, say or None)
    session.show({"suspended": licence}, f"{licence} is suspended")


@click.command()
@click.argument("licence")
@click.pass_obj
def reinstate(session: Session, licence: str) -> None:
    """Put a suspended or revoked LICENCE or SEAT in force again."""
    with session.transaction() as t:
        admin.reinstate(t, session.rules(), licence)
    session.show({"reinstated": licence}, f"{licence} is in force again")


@click.command()
@click.argument("company")
@click.option("--name", help="Its new name.")
@click.option("--post", help="Its new postcode.")
@click.option("--cc", help="Its new country.")
@click.option("--tin", help="Its new tax number.")
@click.option("--email", help="The address that may move its licence; it counts as confirmed.")
@click.pass_obj
def rename(
    session: Session, company: str, *, name: str | None, post: str | None, cc: str | None, tin: str | None,
    email: str | None,
) -> None:  # fmt: skip
    """Change COMPANY (its id, or a licence's) after a legal change, when you have seen the papers."""
    if not any((name, post, cc, tin, email)):
        raise click.UsageError("give at least one of --name, --post, --cc, --tin, --email")
    with session.transaction() as t:
        keys = session.keys()
        changed = admin.rename(t, keys, company, new_name=name, post=post, cc=cc, tin=tin, email=email)
    session.show(
        {"company": changed.id, **changed.company._asdict()},
        f"{changed.id}: {', '.join(part for part in changed.company if part)}",
    )


@click.command()
@click.argument("licence")
@click.pass_obj
def unbind(session: Session, licence: str) -> None:
    """Free LICENCE, or one SEAT of it, from a computer that is lost; the next one is not counted as a move."""
    with session.transaction() as t:
        admin.unbind(t, session.rules(), licence)
    session.show({"released": licence}, f"{licence} is free; its number works on the next computer")


@click.command()
@click.argument("who")
@click.confirmation_option(prompt="This erases its companies and ends all signatures for its licences. Continue?")
@click.pass_obj
def forget(session: Session, who: str) -> None:
    """Erase WHO: an account by its e-mail address, or a company by its id or a licence's. Hashes and ids stay."""
    with session.transaction() as t:
        about = admin.forget(t, who)
    session.show({"forgotten": about}, f"{about} is erased")


COMMANDS = (licences, show, twins, differing, revoke, suspend, reinstate, rename, unbind, forget)
