"""``fiscald-vendor``: runs the licence server and administers it. There is no administration over the network."""

from __future__ import annotations

import datetime
import json
import os
import sys
from pathlib import Path

import click

from fiscald.licence import number_reading
from fiscald.licence.number import APP, BANK, FISCAL, SUPPORT, Kind, Number
from fiscald.licence.number_reading import NumberRefused
from fiscald.licence.server import admin
from fiscald.licence.server.cli_backup import backup
from fiscald.licence.server.cli_doctor import doctor
from fiscald.licence.server.cli_keys import keys
from fiscald.licence.server.cli_serve import serve
from fiscald.licence.server.config import DEFAULT_PATH
from fiscald.licence.server.session import Session, confirm, fail
from fiscald.terminal import VisibleGroup


@click.group(cls=VisibleGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--config", "path", type=click.Path(path_type=Path, dir_okay=False), default=DEFAULT_PATH, show_default=True,
    help="Configuration file (TOML).",
)  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="Answer in JSON, for scripts.")
@click.pass_context
def main(context: click.Context, path: Path, *, as_json: bool) -> None:
    """The vendor's licence server and its administration."""
    # Database, lock and copies hold customers: for the server's user only, whatever the caller's umask is.
    former = os.umask(0o077)
    context.call_on_close(lambda: os.umask(former))
    context.obj = Session(path, as_json=as_json)


# -- numbers and licences --------------------------------------------------------------------------------


@main.command()
@click.argument("field", type=click.Choice(["X", "Y"], case_sensitive=False))
@click.option("--bank", is_flag=True, help="X: with the bank module.")
@click.option("--fiscal", is_flag=True, help="X: with the fiscal module.")
@click.option("--support", is_flag=True, help="X: with the first year of updates and support.")
@click.option("--count", type=click.IntRange(1, 1000), default=1, show_default=True, help="How many.")
@click.pass_obj
def issue(session: Session, field: str, *, bank: bool, fiscal: bool, support: bool, count: int) -> None:
    """Make numbers: X is a licence, Y a year of updates and support. They are shown once and cannot be shown again."""
    if field.upper() == "Y":
        if bank or fiscal or support:
            raise click.UsageError("a number Y is a year of updates and support; it takes no module")
        kind, flags = Kind.UPDATES, SUPPORT
    else:
        kind, flags = Kind.LICENCE, APP | BANK * bank | FISCAL * fiscal | SUPPORT * support
    today = datetime.datetime.now(datetime.UTC).date()
    with session.transaction() as t:
        keys = session.keys()
        made = [admin.issue_number(t, keys, kind, flags, today, session.config.keys.mac) for _ in range(count)]
    session.show([{"number": number.text, "hint": number.hint} for number in made], "\n".join(n.text for n in made))


@main.command()
@click.argument("licence", required=False)
@click.option("--number", is_flag=True, help="Revoke a number instead; prompted for, or read from stdin.")
@click.option("--say", help="Text for the customer.")
@click.option("--yes", is_flag=True, help="Do not ask on a terminal.")
@click.pass_obj
def revoke(session: Session, licence: str | None, *, number: bool, say: str | None, yes: bool) -> None:
    """Revoke LICENCE, or a number and its licence. This is irreversible."""
    if number == (licence is not None):
        raise click.UsageError("name a licence, or use --number")
    confirm(f"{licence or 'The number and its licence'} will open no more documents. Continue?", yes=yes)
    # Never an argument: those stand in the shell's history and in the list of processes.
    typed = _typed_number() if number else None
    with session.transaction() as t:
        if typed is not None:
            admin.revoke_number(t, session.keys(), typed, say or None)
        else:
            admin.revoke_licence(t, licence or "", say or None)
    about = licence if typed is None else typed.hint
    session.show({"revoked": about}, f"{about} is revoked")


def _typed_number() -> Number:
    typed = click.prompt("Number", hide_input=True) if sys.stdin.isatty() else sys.stdin.read(200)
    try:
        return number_reading.read(typed)
    except NumberRefused as refused:
        fail(refused.detail)


@main.command()
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
        changed = admin.rename(t, company, new_name=name, post=post, cc=cc, tin=tin, email=email)
    session.show(
        {"company": changed.id, **changed.company._asdict()},
        f"{changed.id}: {', '.join(part for part in changed.company if part)}",
    )


@main.command()
@click.argument("licence")
@click.pass_obj
def unbind(session: Session, licence: str) -> None:
    """Free LICENCE from a computer that is lost, for a company without an address."""
    with session.transaction() as t:
        admin.unbind(t, licence)
    session.show({"released": licence}, f"{licence} is free; its number works on the next computer")


@main.command()
@click.argument("email")
@click.confirmation_option(prompt="This erases its companies and ends all signatures for its licences. Continue?")
@click.pass_obj
def forget(session: Session, email: str) -> None:
    """Erase the account with this address; only hashes of numbers and licence ids stay."""
    with session.transaction() as t:
        account = admin.forget(t, email)
    session.show({"forgotten": account}, f"{account} is erased")


@main.command()
@click.argument("search", required=False)
@click.pass_obj
def licences(session: Session, search: str | None) -> None:
    """List licences: all, or those of a company, tax number, e-mail address or number's hint."""
    with session.transaction(any_clock=True) as t:
        rows = list(admin.licence_rows(t, search))
    lines = [
        f"{row['licence']}  {row['kind']:<5}  {row['state']:<10}  upd {row['upd']}  "
        f"{row['company']['tin'] or row['company']['post']}  {row['company']['name']}"
        for row in rows
    ]
    session.show(rows, "\n".join(lines) or "none")


@main.command()
@click.argument("licence")
@click.pass_obj
def show(session: Session, licence: str) -> None:
    """Everything about LICENCE."""
    with session.transaction(any_clock=True) as t:
        row = admin.licence_row(t, licence)
    session.show(row, json.dumps(row, ensure_ascii=False, indent=2))


@main.command()
@click.option("--ref", help="Only rows about this licence, company, key, or number's hint.")
@click.option("--last", type=click.IntRange(1), default=100, show_default=True, help="How many rows.")
@click.option("--accept-clock", is_flag=True, help="The clock was ahead and is right now: resume signing.")
@click.pass_obj
def audit(session: Session, *, ref: str | None, last: int, accept_clock: bool) -> None:
    """Show decisions and who made them."""
    with session.transaction(any_clock=True) as t:
        if accept_clock:
            t.audit("clock.accepted")
        rows = admin.audit_rows(t, ref, last)
    lines = [
        f"{row['at']}  {row['actor']}  {row['what']}  {row['ref'] or ''}  "
        f"{json.dumps(row['detail'], ensure_ascii=False) if row['detail'] else ''}".rstrip()
        for row in rows
    ]
    session.show(rows, "\n".join(lines) or "nothing yet")


@main.command()
@click.argument("version")
@click.argument("series", type=click.DateTime(["%Y-%m-%d"]))
@click.option("--url", help="Download page; shown to people, never opened. Default: product_url.")
@click.pass_obj
def release(session: Session, version: str, series: datetime.datetime, *, url: str | None) -> None:
    """VERSION is the newest of the series whose x.y.0 was released on SERIES (YYYY-MM-DD)."""
    where = url or session.config.product_url
    if where is None:
        raise click.UsageError("give --url, or product_url in the configuration")
    with session.transaction() as t:
        admin.set_release(t, version, series.date(), where)
    session.show({"latest": version, "series": series.date().isoformat(), "url": where}, f"{version} is announced")


for each in (backup, doctor, keys, serve):
    main.add_command(each)


if __name__ == "__main__":
    main()
