"""``fiscalctl test-page``: a page that is not fiscal. Is it this printer, and which code page is it set to?"""

from __future__ import annotations

import sys
import uuid
from typing import Any

import click

from fiscald import __version__
from fiscald.cli.context import BY_STATE, FAILED, UNKNOWN, USAGE, Context, pass_context
from fiscald.cli.documents import only_printer
from fiscald.cli.progress import progress
from fiscald.cli.texts import job_text
from fiscald.model.printers import PrinterStatus
from fiscald.model.text import CODE_PAGES

LETTERS = "ĄĆĘŁŃÓŚŹŻ ąćęłńóśźż"
#: Characters in a line of the page: what the narrowest form of all families holds.
WIDTH = 38


@click.command("test-page")
@click.argument("printer", required=False)
@click.option("--key", help="The job's key; a new one is made and shown if absent.")
@click.option("--wait", type=click.FloatRange(0, 600), default=60.0, show_default=True, help="Seconds to wait.")
@pass_context
def test_page(context: Context, printer: str | None, *, key: str | None, wait: float) -> None:
    """Print a page that is not fiscal on PRINTER: who it is, a ruler, and the Polish letters in every code page.

    The line of letters that can be read on paper names the code page that the printer's menu is set to. It is an
    ordinary job, with a key, of the type printout.

    Exit codes: those of print.
    """
    with context.client() as client:
        name = printer or only_printer(context, client)
        status = client.printer(name)
        if "printout" not in status.documents:
            context.fail(FAILED, _cannot(status))
        code_page = client.preview(name, page(status, "")).code_page
        if code_page is None:
            context.fail(USAGE, f"{name} is a {status.family} printer, which has no code page to try")
        if key is None:
            key = f"fiscalctl/{uuid.uuid4()}"
            click.echo(f"key {key}", err=True)
        with progress(f"waiting for {name} and job {key}", end="Ctrl-C ends the waiting, not the job"):
            job = client.submit(key, name, page(status, code_page), wait=wait)
    content = job.model_dump(mode="json", by_alias=True) | {"code_page": code_page}
    context.show(
        content, lambda: f"{job_text(job)}\n{_advice(name, code_page)}" if job.state == "done" else job_text(job)
    )
    sys.exit(BY_STATE.get(job.state, UNKNOWN))


def page(status: PrinterStatus, code_page: str) -> dict[str, Any]:
    """The document. Everything but the letters is ASCII, which every code page has."""
    identity = status.identity
    who = ["", ""] if identity is None else [identity.model or "", f"nr {identity.printer_id}"]
    facts = [
        f"drukarka {status.name}",
        f"{status.family} {who[0]}",
        who[1],
        f"fiscald {__version__}",  # and no time, which the printer adds: the same key is the same page
    ]
    letters = [{"text": f"{name:8}{LETTERS}", "code_page": name} for name in CODE_PAGES]
    return {
        "type": "printout",
        "title": "STRONA TESTOWA",
        "lines": [
            *(_ascii(fact) for fact in facts),
            {"rule": True},
            "Polskie litery. Czytelny wiersz",
            "podaje ustawienie drukarki:",
            *letters,
            f"w konfiguracji fiscald: {code_page}",
            {"rule": True},
            "".join(str(column // 10 or " ") if column % 10 == 0 else "." for column in range(1, WIDTH + 1)),
            "".join(str(column % 10) for column in range(1, WIDTH + 1)),
        ],
    }


def _ascii(text: str) -> str:
    return text.encode("ascii", "replace").decode()[:WIDTH].strip()


def _cannot(status: PrinterStatus) -> str:
    return (
        f"{status.name}: this version prints no test page on a {status.family} printer yet. The printer's own test "
        "print is in its menu, and so is its code page; compare the letters of a receipt with: fiscalctl preview FILE"
    )


def _advice(name: str, code_page: str) -> str:
    return (
        "On the paper: the line of Polish letters that can be read begins with the printer's code page. Configured is "
        f'{code_page}; if it is another one, write it under [printers.{name}] (code_page = "...") and restart '
        "the daemon: sudo systemctl restart fiscald.service"
    )
