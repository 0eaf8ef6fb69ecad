"""``fiscalctl paper``: a copy of the paper of a printed document, on the terminal or in a file."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Literal

import click

from fiscald import private
from fiscald.cli.context import FAILED, USAGE, Context, pass_context
from fiscald.terminal import visible

#: The formats by the extension of the file.
_FORMATS: dict[str, Literal["text", "svg", "png"]] = {".txt": "text", ".svg": "svg", ".png": "png"}


@click.command()
@click.argument("key")
@click.option(
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write the copy to this file: .txt, .svg or .png. An existing file is replaced.",
)
@pass_context
def paper(context: Context, key: str, *, output: Path | None) -> None:
    """Show a copy of the paper of the printed job with KEY. The copy is marked: it is no fiscal document.

    The daemon draws it from the stored document. The printer's header, and the content of its reports, are on the
    original only. The file belongs to the caller, with mode 0600: it may contain the buyer's NIP.

    Exit codes: 0 shown or written, 1 not printed or not written, 2 wrong usage or no such job or no copy of it.
    """
    form = "text" if output is None else _FORMATS.get(output.suffix.lower())
    if form is None:
        context.fail(USAGE, f"{output}: the name ends in {', '.join(_FORMATS)}")
    with context.client() as client:
        copy = client.paper(key, form=form)
    if output is None:
        text = copy.decode()
        context.show({"key": key, "paper": text}, lambda: visible(text, keep="\n").rstrip())
        return
    part = output.with_name(f".{output.name}.{os.getpid()}.part")
    try:
        with os.fdopen(private.open_file(part, os.O_WRONLY | os.O_TRUNC), "wb") as file:
            file.write(copy)
        part.replace(output)
    except OSError as error:
        part.unlink(missing_ok=True)
        context.fail(FAILED, f"{error.filename or output}: {error.strerror}")
    context.show({"key": key, "file": str(output), "bytes": len(copy)}, lambda: f"{output}: {len(copy)} bytes")
