"""``fiscald-vendor audit``, ``restored`` and ``release``."""

from __future__ import annotations

import datetime
import json
import re

import click

from fiscald.licence.server import admin, key_admin, listing
from fiscald.licence.server.session import Session


@click.command()
@click.option("--ref", help="Only rows about this licence, company, key, order or number's hint.")
@click.option("--last", type=click.IntRange(1), default=100, show_default=True, help="How many rows.")
@click.option("--accept-clock", is_flag=True, help="The clock was ahead and is right now: resume signing.")
@click.option("--verify", is_flag=True, help="Check that no row was changed or deleted; print the newest.")
@click.option("--since", metavar="ROW:HASH", help="With --verify: what an earlier --verify printed must be there.")
@click.pass_obj
def audit(session: Session, *, ref: str | None, last: int, accept_clock: bool, verify: bool, since: str | None) -> None:
    """Show decisions and who made them."""
    if verify:
        _verify(session, since)
        return
    if since is not None:
        raise click.UsageError("--since belongs to --verify")
    if accept_clock:
        with session.transaction(any_clock=True) as t:
            t.audit("clock.accepted")
    with session.reading() as t:
        rows = listing.audit_rows(t, ref, last)
    lines = [
        f"{row['at']}  {row['actor']}  {row['what']}  {row['ref'] or ''}  "
        f"{json.dumps(row['detail'], ensure_ascii=False) if row['detail'] else ''}".rstrip()
        for row in rows
    ]
    session.show(rows, "\n".join(lines) or "nothing yet")


def _verify(session: Session, since: str | None) -> None:
    known = None
    if since is not None:
        match = re.fullmatch(r"([0-9]{1,15}):([0-9a-f]{64})", since.strip())
        if match is None:
            raise click.UsageError("write --since ROW:HASH, as --verify printed it")
        known = int(match[1]), match[2]
    with session.reading() as t:
        row, h = listing.verify_audit(t, known)
    session.show({"row": row, "hash": h}, f"{row}:{h}")


@click.command()
@click.confirmation_option(prompt="Only after an older copy of the database was put back. Continue?")
@click.pass_obj
def restored(session: Session) -> None:
    """Say that the database is a restored backup: certificates get higher numbers than those signed since."""
    with session.transaction(any_clock=True) as t:
        changed = admin.restored(t)
    session.show({"licences": changed}, f"{changed} licences go on above what was signed since; now adopt numbers")


@click.command()
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
        key_admin.set_release(t, version, series.date(), where)
    session.show({"latest": version, "series": series.date().isoformat(), "url": where}, f"{version} is announced")


COMMANDS = (audit, restored, release)
