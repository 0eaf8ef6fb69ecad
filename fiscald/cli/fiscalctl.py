"""``fiscalctl``: everything a person does with fiscald.

Exit codes: 0 done, 1 failed (not printed), 2 wrong usage, 3 undecided, 4 daemon not reachable, 5 refused
(licence or rights), 6 not final yet, or not known. Code 1 is kept for what is known: whatever goes wrong in
this program, Ctrl-C too, says nothing of the document and ends with 6.
"""

from __future__ import annotations

import re
import sys
import uuid
from pathlib import Path
from typing import Any

import click
from pydantic import ValidationError

from fiscald import __version__
from fiscald.api.client import DEFAULT_SOCKET
from fiscald.cli import recordings, replay
from fiscald.cli.bugreport import bugreport
from fiscald.cli.context import BY_STATE, UNKNOWN, USAGE, Context, Verbs, pass_context
from fiscald.cli.doctor import doctor
from fiscald.cli.documents import document_argument, only_printer, printer_option, read_document
from fiscald.cli.journal import backup, journal
from fiscald.cli.licence import licence
from fiscald.cli.preview import preview
from fiscald.cli.progress import progress
from fiscald.cli.raw import raw
from fiscald.cli.scan import scan
from fiscald.cli.testpage import test_page
from fiscald.cli.texts import job_line, job_text, printer_text
from fiscald.cli.watch import watch
from fiscald.model.jobs import Job, JobState, Resolution
from fiscald.terminal import shown

#: What Ctrl-C does while a job is waited for.
_GOES_ON = "Ctrl-C ends the waiting, not the job"


@click.group(cls=Verbs, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="fiscalctl")
@click.option(
    "--socket",
    type=click.Path(path_type=Path, readable=False),
    default=DEFAULT_SOCKET,
    envvar="FISCALD_SOCKET",
    show_default=True,
    show_envvar=True,
    help="The daemon's socket.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_context
def main(context: click.Context, *, socket: Path, as_json: bool) -> None:
    """Talk to the fiscal printer daemon.

    Exit codes: 0 done, 1 failed (not printed), 2 wrong usage, 3 undecided, 4 daemon not reachable, 5 refused
    (licence or rights), 6 not final yet or not known: ask again with the same key.
    """
    if re.match(r"\w+:/", str(socket)):
        raise click.UsageError(f"--socket {socket}: write the path of the daemon's Unix socket, like {DEFAULT_SOCKET}")
    context.obj = Context(socket, as_json)


# -- printers --------------------------------------------------------------------------------------------


@main.command()
@click.argument("printer", required=False)
@pass_context
def status(context: Context, printer: str | None) -> None:
    """Show printers (or one) as the daemon knows them."""
    with context.client() as client:
        found = client.printers() if printer is None else (client.printer(printer),)
        licence = client.licence()
        warnings = client.hello().get("warnings", [])
    content = {"printers": [each.model_dump(mode="json") for each in found], "licence": licence, "warnings": warnings}
    lines = [*(printer_text(each) for each in found), f"licence: {shown(licence['state'])}"]
    lines += [f"warning: {shown(each['detail'])}" for each in warnings]
    context.show(content, lambda: "\n".join(lines))


@main.command()
@click.argument("printer")
@click.argument("printer_id")
@pass_context
def adopt(context: Context, printer: str, printer_id: str) -> None:
    """Confirm that the printer with unique number PRINTER_ID is PRINTER from now on."""
    with context.client() as client:
        found = client.adopt(printer, printer_id)
    context.show(found.model_dump(mode="json"), lambda: printer_text(found))


# -- documents -------------------------------------------------------------------------------------------

_key = click.option("--key", help="The job's key; a new one is minted and shown if absent.")
_wait = click.option("--wait", type=click.FloatRange(0, 600), default=60.0, show_default=True, help="Seconds to wait.")


def _submit(context: Context, printer: str | None, document: dict[str, Any], key: str | None, wait: float) -> None:
    if key is None:
        key = f"fiscalctl/{uuid.uuid4()}"
        # Shown before anything is sent: with it the answer can be had again, whatever happens now.
        click.echo(f"key {key}", err=True)
    with context.client() as client:
        name = printer or only_printer(context, client)
        with progress(f"waiting for {name} and job {key}", end=_GOES_ON):
            job = client.submit(key, name, document, wait=wait)
    _show_job(context, job)
    sys.exit(BY_STATE.get(job.state, UNKNOWN))


@main.command("print")
@document_argument
@printer_option
@_key
@_wait
@pass_context
def print_(context: Context, file: Any, *, printer: str | None, key: str | None, wait: float) -> None:
    """Print the document in FILE (JSON; - for standard input): a document, or {"printer": ..., "document": ...}."""
    printer, document = read_document(context, file, printer)
    _submit(context, printer, document, key, wait)


@main.group()
def report() -> None:
    """Print a report."""


@report.command()
@printer_option
@_key
@click.option("--wait", type=click.FloatRange(0, 600), default=180.0, show_default=True, help="Seconds to wait.")
@pass_context
def daily(context: Context, *, printer: str | None, key: str | None, wait: float) -> None:
    """Print the fiscal daily report."""
    _submit(context, printer, {"type": "daily_report"}, key, wait)


@main.command()
@click.argument("direction", type=click.Choice(["in", "out"]))
@click.argument("amount")
@printer_option
@_key
@_wait
@pass_context
def cash(context: Context, direction: str, amount: str, *, printer: str | None, key: str | None, wait: float) -> None:
    """Put AMOUNT (like 50.00) into the drawer or take it out, with a slip."""
    _submit(context, printer, {"type": f"cash_{direction}", "amount": amount}, key, wait)


@main.command("return")
@click.argument("amount")
@printer_option
@_key
@_wait
@pass_context
def return_(context: Context, amount: str, *, printer: str | None, key: str | None, wait: float) -> None:
    """Print a slip for AMOUNT paid back for returned goods."""
    _submit(context, printer, {"type": "goods_return", "amount": amount}, key, wait)


@main.command()
@printer_option
@_key
@_wait
@pass_context
def drawer(context: Context, *, printer: str | None, key: str | None, wait: float) -> None:
    """Open the cash drawer."""
    _submit(context, printer, {"type": "drawer"}, key, wait)


# -- jobs ------------------------------------------------------------------------------------------------


@main.command()
@click.argument("key")
@click.option("--wait", type=click.FloatRange(0, 600), default=0.0, help="Seconds to wait for a final state.")
@pass_context
def job(context: Context, key: str, *, wait: float) -> None:
    """Show the job of KEY; the exit code tells its state."""
    with context.client() as client, progress(f"waiting for job {key}", end=_GOES_ON):
        found = client.job(key, wait=wait)
    _show_job(context, found)
    sys.exit(BY_STATE.get(found.state, UNKNOWN))


@main.command()
@printer_option
@click.option("--state", type=click.Choice([state.value for state in JobState]), help="Only jobs in that state.")
@click.option("--after", help="The cursor of an earlier page.")
@click.option("--limit", type=click.IntRange(1, 1000), default=50, show_default=True, help="At most so many.")
@pass_context
def jobs(context: Context, *, printer: str | None, state: str | None, after: str | None, limit: int) -> None:
    """List jobs, newest last."""
    with context.client() as client:
        page = client.jobs(printer=printer, state=state, after=after, limit=limit)
    lines = [job_line(each) for each in page.jobs]
    if page.next is not None:
        lines.append(f"(more with --after {shown(page.next)})")
    context.show(page.model_dump(mode="json", by_alias=True), lambda: "\n".join(lines) or "no jobs")


@main.command()
@click.argument("key")
@pass_context
def withdraw(context: Context, key: str) -> None:
    """Withdraw a job that has not started."""
    with context.client() as client:
        found = client.withdraw(key)
    _show_job(context, found)


@main.command()
@click.argument("key")
@click.argument("verdict", type=click.Choice(["printed", "not_printed"]))
@click.option("--number", type=click.IntRange(1), help="The number on the paper.")
@click.option("--by", required=True, help="Who decides.")
@click.option("--note", default="", help="Why.")
@pass_context
def resolve(context: Context, key: str, verdict: str, *, number: int | None, by: str, note: str) -> None:
    """Decide an undecided job after looking at the paper and the printer."""
    try:
        resolution = Resolution(verdict=verdict, number=number, by=by, note=note)
    except ValidationError:
        context.fail(USAGE, "--by takes 1 to 100 characters, --note at most 1000")
    with context.client() as client:
        found = client.resolve(key, resolution)
    _show_job(context, found)


def _show_job(context: Context, found: Job) -> None:
    context.show(found.model_dump(mode="json", by_alias=True), lambda: job_text(found))


# -- verbs with modules of their own ----------------------------------------------------------------------

for _verb in (
    licence, scan, doctor, bugreport, test_page, preview, raw, watch, journal, backup, recordings.capture,
    recordings.decode,
    replay.replay, recordings.regression,
):  # fmt: skip
    main.add_command(_verb)


if __name__ == "__main__":
    main()
