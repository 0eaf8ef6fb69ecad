"""Reads a document from a file and chooses its printer, for ``print`` and ``preview``."""

from __future__ import annotations

from typing import Any

import click

from fiscald.api.client import Client
from fiscald.cli.context import USAGE, Context
from fiscald.model.strict import parse_json

printer_option = click.option("--printer", help="Name of the printer (needed if several are configured).")
document_argument = click.argument("file", type=click.File("rb"))


def read_document(context: Context, file: Any, printer: str | None) -> tuple[str | None, Any]:
    """The printer that ``--printer`` or the file names (or ``None``), and the document in the file."""
    try:
        content = parse_json(file.read())
    except ValueError as error:
        context.fail(USAGE, f"{file.name} is not JSON: {error}")
    if not isinstance(content, dict):
        context.fail(USAGE, f"{file.name} contains no JSON object")
    if "document" in content:
        return printer or content.get("printer"), content["document"]
    return printer, content


def only_printer(context: Context, client: Client, named: str = "with --printer") -> str:
    """The name of the only printer; ends with a message if there are several.

    ``named``: where the verb takes a name.
    """
    names = [printer.name for printer in client.printers()]
    if len(names) != 1:
        context.fail(USAGE, f"choose a printer {named}: {', '.join(names) or 'none is configured'}")
    return names[0]
