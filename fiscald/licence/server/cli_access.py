"""``fiscald-vendor token``: access for a web shop and for the vendor's people."""

from __future__ import annotations

import click

from fiscald.licence.server import access
from fiscald.licence.server.session import Session


@click.group()
def token() -> None:
    """Access tokens of programs and people."""


@token.command()
@click.argument("name")
@click.option(
    "--rights", type=click.Choice(access.RIGHTS), required=True,
    help="issue: order numbers over the network. desk: the vendor's page.",
)  # fmt: skip
@click.pass_obj
def create(session: Session, name: str, *, rights: str) -> None:
    """Make a token for NAME, and print it: this once."""
    with session.transaction() as t:
        id_, made = access.create_token(t, session.keys(), name, rights)
    if not session.as_json:
        click.echo(f"{id_}: keep it in a file that only its user can read; it cannot be shown again", err=True)
    session.show({"id": id_, "token": made}, made)


@token.command("list")
@click.pass_obj
def list_(session: Session) -> None:
    """List tokens, with the day of their last use."""
    with session.reading() as t:
        rows = access.tokens(t)
    lines = [
        f"{row['id']}  {row['rights']:<5}  created {row['created']}  used {row['used'] or 'never'}  "
        f"{'revoked ' + row['revoked'] if row['revoked'] else 'in force'}  {row['name']}"
        for row in rows
    ]
    session.show(rows, "\n".join(lines) or "none")


@token.command()
@click.argument("id_", metavar="ID")
@click.pass_obj
def revoke(session: Session, id_: str) -> None:
    """Revoke the token ID at once."""
    with session.transaction() as t:
        was = access.revoke_token(t, id_)
    session.show({"revoked": id_}, f"{id_} is revoked" if was else f"{id_} was revoked before")
