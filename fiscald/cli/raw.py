"""``fiscalctl raw``: one command in the printer's own protocol, between two jobs."""

from __future__ import annotations

import sys

import click

from fiscald.cli.context import DONE, FAILED, Context, pass_context
from fiscald.cli.documents import only_printer, printer_option
from fiscald.cli.progress import progress
from fiscald.terminal import shown


@click.command()
@click.argument("command")
@printer_option
@click.option("--force", is_flag=True, help="Also while the fate of a document is open, which this may then change.")
@pass_context
def raw(context: Context, command: str, *, printer: str | None, force: bool) -> None:
    """Send COMMAND to the printer and show its answer.

    POSNET: the mnemonic, then every parameter with its two-letter name before its value, with | (or TAB, as on the
    wire) in between: 'trline|naKawa|vt0|pr1000'. What is sent is kept in the journal. Needs the right raw, and the
    licence for everything that is no query.

    Exit codes: 0 carried out, 1 the printer refused. After 4 or 6 the command may have been carried out.
    """
    with context.client() as client:
        name = printer or only_printer(context, client)
        with progress(f"waiting for {name}", end="Ctrl-C ends the waiting, not the command"):
            answer = client.raw(name, command, force=force)
    context.show(
        answer.model_dump(mode="json"),
        lambda: shown(answer.answer) + ("" if answer.refusal is None else f"\nrefused: {shown(answer.refusal)}"),
    )
    sys.exit(DONE if answer.refusal is None else FAILED)
