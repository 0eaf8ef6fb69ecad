"""``fiscalctl console``: prints a link that signs its reader in to the web console."""

from __future__ import annotations

import click

from fiscald.cli.context import Context, everything, pass_context
from fiscald.terminal import shown


@click.command()
@pass_context
def console(context: Context) -> None:
    """Print a link to the web console. It signs in once, within ten minutes, with the rights of this user.

    Exit codes: 0 done, 4 the daemon is not reachable, 5 refused.
    """
    with context.client() as client:
        link = client.console_link()
    context.show(everything(link), lambda: shown(link.url))
