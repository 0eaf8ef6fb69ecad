"""``fiscalctl raw``: one command in the printer's own protocol, between two jobs."""

from __future__ import annotations

import sys

import click

from fiscald.cli.context import DONE, FAILED, Context, everything, pass_context
from fiscald.cli.documents import only_printer, printer_option
from fiscald.cli.progress import progress
from fiscald.terminal import shown


@click.command()
@click.argument("command")
@printer_option
@click.option("--force", is_flag=True, help="Send even if a document is unresolved (may affect it).")
@pass_context
def raw(context: Context, command: str, *, printer: str | None, force: bool) -> None:
    """Send COMMAND to the printer and show its answer.

    POSNET: the mnemonic, then the parameters: each is its two-letter name and its value, separated by | (or TAB, as on
    the wire): 'trline|naKawa|vt0|pr1000'. Novitus XML: one element, '<info action="version"/>'. NoviAPI: the method,
    the path and the body: 'GET queue', 'POST status {"status":{"type":"device"}}'. The journal keeps the command. The
    caller needs the right raw, and a licence for everything but queries.

    Exit codes: 0 carried out, 1 the printer refused. After 4 or 6 the printer may have carried out the command.
    """
    with context.client() as client:
        name = printer or only_printer(context, client)
        with progress(f"waiting for {name}", end="Ctrl-C stops waiting; the command continues"):
            answer = client.raw(name, command, force=force)
    context.show(
        everything(answer),
        lambda: shown(answer.answer) + ("" if answer.refusal is None else f"\nrefused: {shown(answer.refusal)}"),
    )
    sys.exit(DONE if answer.refusal is None else FAILED)
