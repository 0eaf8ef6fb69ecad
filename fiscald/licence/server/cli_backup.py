"""``fiscald-vendor backup``: a copy of the database while the server runs."""

from __future__ import annotations

import os
from pathlib import Path

import click

from fiscald.licence.server import backups
from fiscald.licence.server.backups import BackupError
from fiscald.licence.server.session import Session, fail, now


@click.command()
@click.argument("to", type=click.Path(path_type=Path))
@click.option("--keep", type=click.IntRange(1), default=14, show_default=True, help="Copies to keep in a directory.")
@click.option("--force", is_flag=True, help="Replace a file that exists.")
@click.pass_obj
def backup(session: Session, to: Path, *, keep: int, force: bool) -> None:
    """Copy the database to TO: a file (its name ends with .db), or a directory that gets one more.

    The server keeps running. The copy is checked before it gets its name. It does not contain the keys.
    """
    database = session.config.database
    if not os.access(database, os.R_OK, effective_ids=True):
        fail(f"{database} does not exist, or this user may not read it; run this as the server's user")
    target = to if backups.is_file(to) else backups.name_in(to, database, now())
    if target == to and to.exists() and not force:
        fail(f"{to} exists; name another file, or use --force")
    try:
        counts = backups.copy(database, target)
        surplus = [] if target == to else backups.prune(to, database, keep, target)
    except BackupError as error:
        fail(str(error))
    with session.transaction(any_clock=True) as t:
        backups.note(t, target.absolute())
    told = f"{target}: {counts['licence']} licences, {counts['number']} numbers, {counts['audit']} rows of audit"
    session.show(
        {"file": str(target), "rows": counts, "deleted": [str(path) for path in surplus]},
        "\n".join([told, *(f"{path} deleted" for path in surplus)]),
    )
