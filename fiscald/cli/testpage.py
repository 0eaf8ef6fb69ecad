"""``fiscalctl test-page``: a page that is not fiscal; it shows the printer's identity and code page."""

from __future__ import annotations

import sys
import uuid
from contextlib import suppress

import click

from fiscald import __version__
from fiscald.api.client import Client, Refused
from fiscald.cli.context import BY_STATE, FAILED, UNKNOWN, Context, pass_context
from fiscald.cli.documents import only_printer
from fiscald.cli.progress import progress
from fiscald.cli.texts import job_text
from fiscald.model.capabilities import PrinterDetails
from fiscald.model.printers import PrinterStatus
from fiscald.model.testpage import PAGES, page
from fiscald.protocols import family


@click.command("test-page")
@click.argument("printer", required=False)
@click.option("--key", help="Key of the job (default: a new key, shown before the job is sent).")
@click.option(
    "--wait", type=click.FloatRange(0, 600), default=60.0, show_default=True, help="Seconds to wait for a final state."
)
@pass_context
def test_page(context: Context, printer: str | None, *, key: str | None, wait: float) -> None:
    """Print a test page on PRINTER: its identity, a ruler, the Polish letters in every code page, and a QR code.

    The readable line of letters names the code page that is set in the printer's menu. The page is not fiscal. It is an
    ordinary job of the type printout, with a key. A printer that prints no QR code, or shorter lines, gets a page
    without the code, or with shorter lines. Where the protocol has no code page, the letters stand once.

    Exit codes: those of print.
    """
    with context.client() as client:
        name = printer or only_printer(context, client, "with the argument PRINTER")
        status = client.printer(name)
        if "printout" not in status.documents:
            context.fail(FAILED, _cannot(status))
        width, qr, code_page = _possible(client, status)
        if code_page not in family(status.family).choices("code_page"):
            code_page = None
        if key is None:
            key = f"fiscalctl/{uuid.uuid4()}"
            click.echo(f"key {key}", err=True)
        with (
            context.submitting(key),
            progress(f"waiting for {name} and job {key}", end="Ctrl-C stops waiting; the job continues"),
        ):
            job = client.submit(key, name, page(status, __version__, code_page, width, qr=qr), wait=wait)
    content = job.model_dump(mode="json", by_alias=True) | {"code_page": code_page}
    advice = _FIXED if code_page is None else _advice(name, code_page)
    context.show(content, lambda: f"{job_text(job)}\n{advice}" if job.state == "done" else job_text(job))
    sys.exit(BY_STATE.get(job.state, UNKNOWN))


#: What to look at where the protocol itself says how letters are sent.
_FIXED = "The protocol of this printer has one encoding of letters: the Polish ones on the paper must be readable"


def _possible(client: Client, status: PrinterStatus) -> tuple[int, bool, str | None]:
    """The page that the printer takes, and its code page. Raises ``Refused`` if it takes none."""
    for width, qr in PAGES[:-1]:
        with suppress(Refused):
            return width, qr, client.preview(status.name, page(status, __version__, None, width, qr=qr)).code_page
    width, qr = PAGES[-1]
    return width, qr, client.preview(status.name, page(status, __version__, None, width, qr=qr)).code_page


def _cannot(details: PrinterDetails) -> str:
    return (
        f"{details.name} cannot print a test page: {details.capabilities['printout'].why}. The printer's menu has a "
        "test print and the code page; compare the letters of a receipt with: fiscalctl preview FILE"
    )


def _advice(name: str, code_page: str) -> str:
    return (
        "On the paper, the readable line of Polish letters begins with the printer's code page. Configured is "
        f'{code_page}; if they differ, write the first under [printers.{name}] (code_page = "...") and restart the '
        "daemon: sudo systemctl restart fiscald.service"
    )
