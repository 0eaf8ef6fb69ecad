"""``fiscald-vendor``: runs the licence server and administers it."""

from __future__ import annotations

import os
from pathlib import Path

import click

from fiscald.licence.server import cli_access, cli_audit, cli_licences, cli_selling
from fiscald.licence.server.cli_backup import backup
from fiscald.licence.server.cli_doctor import doctor
from fiscald.licence.server.cli_keys import keys
from fiscald.licence.server.cli_serve import serve
from fiscald.licence.server.config import DEFAULT_PATH
from fiscald.licence.server.session import Session
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


for command in (
    *cli_selling.COMMANDS, *cli_licences.COMMANDS, *cli_audit.COMMANDS, cli_access.token, backup, doctor, keys, serve,
):  # fmt: skip
    main.add_command(command)


if __name__ == "__main__":
    main()
