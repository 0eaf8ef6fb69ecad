"""``fiscalctl journal`` and ``fiscalctl backup``: confirm and copy the daemon's journal."""

from __future__ import annotations

import contextlib
import getpass
import os
import sqlite3
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import click
from pydantic import ValidationError

from fiscald import private
from fiscald.cli.context import FAILED, USAGE, Context, forget_output, pass_context
from fiscald.cli.texts import job_line, printer_text
from fiscald.model.jobs import Job, JobState, JournalConfirmation
from fiscald.model.printers import PrinterState, PrinterStatus


@click.group()
def journal() -> None:
    """Work with the journal, where the daemon keeps every document."""


@journal.command()
@click.argument("printer")
@click.option("--by", help="Name of the person who confirms (default: the user's name).")
@click.option("--note", default="", help="Reason for the confirmation.")
@click.option(
    "--print-waiting",
    is_flag=True,
    help="Print the waiting documents. Without it, those that may have been printed already become undecided.",
)
@click.option("--yes", is_flag=True, help="Do not ask for confirmation.")
@pass_context
def confirm(context: Context, printer: str, *, by: str | None, note: str, print_waiting: bool, yes: bool) -> None:
    """Confirm that a person compared the journal with PRINTER's paper. New documents are then printed again.

    The printer has printed something that the journal does not know: the journal is an older copy, another program
    uses the printer, or the printer's memory was replaced. First check the paper, and settle every sale without an
    answer in the applications: a sale that is submitted again after the confirmation is printed again.
    """
    try:
        said = JournalConfirmation(by=by or _user(), note=note, waiting="print" if print_waiting else "undecided")
    except ValidationError:
        context.fail(USAGE, "--by takes 1 to 100 characters, --note at most 1000")
    with context.client() as client:
        status = client.printer(printer)
        if _on_a_terminal() and not yes and status.state is PrinterState.BEHIND:
            waiting = client.jobs(printer=printer, state=JobState.ACCEPTED, order="oldest").jobs
            click.echo("\n".join(_question(status, waiting, print_waiting=print_waiting)), err=True)
            click.confirm("Confirm?", abort=True, err=True)
        found = client.confirm_journal(printer, said)
        undecided = client.jobs(printer=printer, state=JobState.UNDECIDED, order="oldest").jobs
    content = {"printer": found.model_dump(mode="json"), "undecided": [each.key for each in undecided]}
    lines = [printer_text(found), *(f"needs a decision: {job_line(each)}" for each in undecided)]
    context.show(content, lambda: "\n".join(lines))


def _question(status: PrinterStatus, waiting: tuple[Job, ...], *, print_waiting: bool) -> Iterator[str]:
    yield printer_text(status)
    if waiting:
        yield "waiting documents, which will be printed:" if print_waiting else "waiting documents:"
        yield from (f"  {job_line(each)}" for each in waiting)


def _on_a_terminal() -> bool:
    return sys.stdin.isatty()


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return f"user {os.getuid()}"


@click.command()
@click.argument("file", type=click.Path(path_type=Path, allow_dash=True))
@click.option("--force", is_flag=True, help="Replace an existing file.")
@pass_context
def backup(context: Context, file: Path, *, force: bool) -> None:
    """Write a consistent copy of the journal to FILE (- for standard output) while the daemon runs.

    The file belongs to the caller, with mode 0600: it contains sales and buyers. The command checks the copy before it
    creates FILE. The caller needs the right configure. docs/backup.md explains how to restore the copy.

    Exit codes: 0 written, 1 not written, 2 wrong usage.
    """
    if str(file) == "-":
        _to_stdout(context)
        return
    if file.exists() and not force:
        context.fail(USAGE, f"{file} exists already; choose another file, or replace it with --force")
    part = file.with_name(f".{file.name}.{os.getpid()}.part")
    try:
        with contextlib.closing(_Part(part)) as written, context.client() as client:
            for piece in client.backup():
                written.write(piece)
            written.sync()
        why = _damage(part)
        if why is not None:
            context.fail(FAILED, f"the copy that arrived is damaged ({why}); nothing was written, try again")
        part.replace(file)
        _sync_folder(file)
    except OSError as error:
        context.fail(FAILED, f"{error.filename or file}: {error.strerror}")
    finally:
        with contextlib.suppress(OSError):
            part.unlink(missing_ok=True)
    size = file.stat().st_size
    context.show({"file": str(file), "bytes": size}, lambda: f"{file}: {size} bytes")


class _Part:
    """The unfinished copy; only its owner can read it."""

    def __init__(self, path: Path) -> None:
        """Raises ``OSError``."""
        self._descriptor = private.open_file(path, os.O_WRONLY | os.O_TRUNC)

    def write(self, piece: bytes) -> None:
        while piece:
            piece = piece[os.write(self._descriptor, piece) :]

    def sync(self) -> None:
        os.fsync(self._descriptor)

    def close(self) -> None:
        os.close(self._descriptor)


def _sync_folder(file: Path) -> None:
    if os.name == "nt":
        return  # Windows opens no folder, and keeps names in its own log
    folder = os.open(file.absolute().parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _damage(path: Path) -> str | None:
    """What is wrong with the copy; ``None`` if nothing."""
    try:
        with contextlib.closing(sqlite3.connect(f"file:{quote(str(path))}?mode=ro&immutable=1", uri=True)) as copy:
            (health,) = copy.execute("PRAGMA quick_check(1)").fetchone()
    except sqlite3.Error as error:
        return str(error)
    return None if health == "ok" else str(health)


def _to_stdout(context: Context) -> None:
    with context.client() as client:
        for piece in client.backup():
            try:
                sys.stdout.buffer.write(piece)
            except BrokenPipeError:
                raise
            except OSError as error:
                forget_output()
                context.fail(FAILED, f"standard output: {error.strerror}")
    sys.stdout.buffer.flush()
