"""A document from a file, and the printer it is for: what printing and looking at it beforehand have in common."""

from __future__ import annotations

from typing import Any

import click

from fiscald.api.client import Client
from fiscald.cli.context import USAGE, Context
from fiscald.model.strict import parse_json

printer_option = click.option("--printer", help="Which printer; needed where there are several.")
document_argument = click.argument("file", type=click.File("rb"))


def read_document(context: Context, file: Any, printer: str | None) -> tuple[str | None, Any]:
    """The printer that ``--printer`` or the file names, if one does, and the document in the file."""
    try:
        content = parse_json(file.read())
    except ValueError as error:
        context.fail(USAGE, f"{file.name} is not JSON: {error}")
    if not isinstance(content, dict):
        context.fail(USAGE, f"{file.name} holds no JSON object")
    if "document" in content:
        return printer or content.get("printer"), content["document"]
    return printer, content


def only_printer(context: Context, client: Client) -> str:
    """The one that is meant when none is named."""
    names = [printer.name for printer in client.printers()]
    if len(names) != 1:
        context.fail(USAGE, f"say which printer with --printer: {', '.join(names) or 'none is configured'}")
    return names[0]
