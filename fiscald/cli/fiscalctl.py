"""``fiscalctl``: the command line for people who use fiscald.

Exit codes: 0 done, 1 failed (not printed), 2 wrong usage, 3 undecided, 4 daemon not reachable, 5 refused
(licence or rights), 6 not final yet, or not known. Code 1 means that the document was certainly not printed. An error
of this program itself, or Ctrl-C, says nothing about the document and ends with 6.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

import click
from click.core import ParameterSource
from pydantic import ValidationError

from fiscald import __version__
from fiscald.api.client import DEFAULT_SOCKET, everything
from fiscald.cli import recordings
from fiscald.cli.console import console
from fiscald.cli.context import BY_STATE, UNKNOWN, USAGE, Context, Verbs, pass_context
from fiscald.cli.fleet import fleet
from fiscald.cli.jobs import jobs
from fiscald.cli.journal import backup, journal
from fiscald.cli.licence import licence
from fiscald.cli.listen import listen
from fiscald.cli.local_verbs import LOCAL_VERBS
from fiscald.cli.packaging import packaging
from fiscald.cli.paper import paper
from fiscald.cli.printing import GOES_ON, add_verbs, all_events, show_job
from fiscald.cli.progress import progress
from fiscald.cli.raw import raw
from fiscald.cli.settings import show_clock, show_header, show_rates
from fiscald.cli.testpage import test_page
from fiscald.cli.texts import printer_text
from fiscald.cli.tokens import token as token_group
from fiscald.cli.watch import watch
from fiscald.cli.webhook import webhook
from fiscald.model.jobs import Resolution, Verdict
from fiscald.terminal import shown

_NO_PRINTERS = "no printer is configured; find printers with: fiscalctl scan --probe"


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
@click.option("--url", envvar="FISCALD_URL", show_envvar=True, help="The daemon's address on the network, https://...")
@click.option("--token", envvar="FISCALD_TOKEN", show_envvar=True, help="The token for --url; better in a file.")
@click.option("--token-file", type=click.Path(path_type=Path, dir_okay=False), help="File with the token for --url.")
@click.option("--fingerprint", help="Trust only the certificate with this fingerprint, sha256:...")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_context
def main(
    context: click.Context,
    *,
    socket: Path,
    url: str | None,
    token: str | None,
    token_file: Path | None,
    fingerprint: str | None,
    as_json: bool,
) -> None:
    """Talk to the fiscal printer daemon.

    Exit codes: 0 done, 1 failed (not printed), 2 wrong usage, 3 undecided, 4 daemon not reachable, 5 refused
    (licence or rights), 6 not final yet or not known: retry with the same key.
    """
    if re.match(r"\w+:/", str(socket)):
        raise click.UsageError(f"--socket {socket}: write the path of the daemon's Unix socket, like {DEFAULT_SOCKET}")
    if url is not None and context.get_parameter_source("socket") is ParameterSource.COMMANDLINE:
        if context.get_parameter_source("url") is ParameterSource.COMMANDLINE:
            raise click.UsageError("give --socket or --url, not both")
        url = None  # of the environment
    if url is None and (token_file or fingerprint):
        raise click.UsageError("--token-file and --fingerprint belong to --url")
    if token_file is not None:
        token = _token(token_file)
    context.obj = Context(socket, as_json, url, token, fingerprint)
    if url is not None:
        try:
            context.obj.connect().close()
        except ValueError as error:
            raise click.UsageError(f"--url: {error}") from None


def _token(path: Path) -> str:
    try:
        with path.open(encoding="ascii") as file:
            return file.read(1000).strip()
    except (OSError, UnicodeDecodeError) as error:
        raise click.UsageError(
            f"--token-file {path}: {getattr(error, 'strerror', None) or 'no token is in it'}"
        ) from None


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
    content = {"printers": [everything(each) for each in found], "licence": licence, "warnings": warnings}
    lines = [printer_text(each) for each in found] or [_NO_PRINTERS]
    lines.append(f"licence: {shown(licence['state'])}")
    lines += [f"warning: {shown(each['detail'])}" for each in warnings]
    context.show(content, lambda: "\n".join(lines))


@main.command()
@click.argument("printer")
@click.argument("printer_id")
@pass_context
def adopt(context: Context, printer: str, printer_id: str) -> None:
    """Confirm that PRINTER is now the printer with the unique number PRINTER_ID."""
    with context.client() as client:
        found = client.adopt(printer, printer_id)
    context.show(everything(found), lambda: printer_text(found))


# -- jobs ------------------------------------------------------------------------------------------------


@main.command()
@click.argument("key")
@click.option("--wait", type=click.FloatRange(0, 600), default=0.0, help="Seconds to wait for a final state.")
@click.option("--events", is_flag=True, help="Show also what happened to it, step by step.")
@click.option("--frames", is_flag=True, help="Show also what the program said to the gateway, frame by frame.")
@pass_context
def job(context: Context, key: str, *, wait: float, events: bool, frames: bool) -> None:
    """Show the job with KEY. The exit code gives its state."""
    with context.client() as client:
        with progress(f"waiting for job {key}", end=GOES_ON):
            found = client.job(key, wait=wait)
        happened = all_events(client, key) if events else None
    show_job(context, found, happened, frames=frames)
    sys.exit(BY_STATE.get(found.state, UNKNOWN))


@main.command()
@click.argument("key")
@pass_context
def withdraw(context: Context, key: str) -> None:
    """Withdraw the job with KEY, if it has not started."""
    with context.client() as client:
        found = client.withdraw(key)
    show_job(context, found)


@main.command()
@click.argument("key")
@click.argument("verdict", type=click.Choice(["printed", "not_printed"]))
@click.option("--number", type=click.IntRange(1), help="The number on the paper.")
@click.option("--by", required=True, help="Name of the person who decides.")
@click.option("--note", default="", help="Reason for the decision.")
@pass_context
def resolve(context: Context, key: str, verdict: Verdict, *, number: int | None, by: str, note: str) -> None:
    """Decide the undecided job with KEY. Check the paper and the printer first."""
    try:
        resolution = Resolution(verdict=verdict, number=number, by=by, note=note)
    except ValidationError:
        context.fail(USAGE, "--by takes 1 to 100 characters, --note at most 1000")
    with context.client() as client:
        found = client.resolve(key, resolution)
    show_job(context, found)


# -- verbs in other modules --------------------------------------------------------------------------------

for _verb in (
    jobs, paper, console, packaging, licence, test_page, raw, watch, journal, backup, listen, token_group, webhook,
    fleet,
    *LOCAL_VERBS,
    recordings.capture, recordings.decode, recordings.regression,
):  # fmt: skip
    main.add_command(_verb)
add_verbs(main)
for _group, _verb in (("clock", show_clock), ("header", show_header), ("rates", show_rates)):
    _found = main.commands[_group]
    assert isinstance(_found, click.Group)
    _found.add_command(_verb)


if __name__ == "__main__":
    main()
