"""The verbs of ``fiscalctl`` that print: ``print FILE``, and the verbs that document types define."""

from __future__ import annotations

import sys
import uuid
from collections.abc import Callable, Iterable
from datetime import datetime
from decimal import Decimal
from typing import Any, TypeVar, get_args, get_origin

import click
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from fiscald.api.client import Client, everything
from fiscald.cli.context import BY_STATE, UNKNOWN, Context, pass_context
from fiscald.cli.documents import document_argument, only_printer, printer_option, read_document
from fiscald.cli.progress import progress
from fiscald.cli.texts import event_text, job_text
from fiscald.model.about import BaseDocument, Verb
from fiscald.model.documents import DOCUMENTS
from fiscald.model.jobs import Job, JobEvent

_Command = TypeVar("_Command", bound=Callable[..., Any])
#: What Ctrl-C does while ``fiscalctl`` waits for a job.
GOES_ON = "Ctrl-C stops waiting; the job continues"
#: Help texts of groups of verbs.
_GROUPS = {
    "report": "Print a report.",
    "cash": "Put cash into the drawer or take it out.",
    "clock": "The printer's clock.",
    "rates": "The printer's VAT table.",
    "header": "The header on top of every document.",
    "display": "The customer's display.",
}
_KEY = click.option("--key", help="Key of the job (default: a new key, shown before the job is sent).")


def _wait(seconds: float) -> Callable[[_Command], _Command]:
    return click.option(
        "--wait",
        type=click.FloatRange(0, 600),
        default=seconds,
        show_default=True,
        help="Seconds to wait for a final state.",
    )


def submit(context: Context, printer: str | None, document: dict[str, Any], key: str | None, wait: float) -> None:
    """Submit the document, show its job and end with the exit code of its state."""
    if key is None:
        key = f"fiscalctl/{uuid.uuid4()}"
        # Shown before the job is sent: the user can ask for the answer with it, even after a crash.
        click.echo(f"key {key}", err=True)
    with context.client() as client:
        name = printer or only_printer(context, client)
        with context.submitting(key), progress(f"waiting for {name} and job {key}", end=GOES_ON):
            job = client.submit(key, name, document, wait=wait)
    show_job(context, job)
    sys.exit(BY_STATE.get(job.state, UNKNOWN))


def show_job(context: Context, found: Job, events: list[JobEvent] | None = None, *, frames: bool = False) -> None:
    """A job, as text or JSON; with its ``events``, if they are given, and what the program of a gateway said."""
    content = everything(found)
    if events is not None:
        content["events"] = [everything(each) for each in events]
    context.show(content, lambda: "\n".join([job_text(found, frames=frames), *map(event_text, events or ())]))


def all_events(client: Client, key: str) -> list[JobEvent]:
    """Everything that happened to a job, oldest first."""
    found: list[JobEvent] = []
    after: int | None = 0
    while after is not None:
        page = client.job_events(key, after=after)
        found += page.events
        after = page.next
    return found


@click.command("print")
@document_argument
@printer_option
@_KEY
@_wait(60.0)
@pass_context
def print_(context: Context, file: Any, *, printer: str | None, key: str | None, wait: float) -> None:
    """Print the document in FILE (JSON; - for standard input).

    FILE contains a document, or {"printer": ..., "document": ...}.
    """
    printer, document = read_document(context, file, printer)
    submit(context, printer, document, key, wait)


def add_verbs(main: click.Group) -> None:
    """Give ``main`` every verb that prints."""
    main.add_command(print_)
    for name, document in DOCUMENTS.items():
        if document.about.verb is not None:
            _add(main, name, document, document.about.verb)


def _add(group: click.Group, name: str, document: type[BaseDocument], verb: Verb) -> None:
    """The verb of one document; its required fields are the verb's arguments."""
    *outer, last = verb.words
    for word in outer:
        inner = group.commands.get(word)
        if inner is None:
            group.add_command(inner := click.Group(word, help=_GROUPS.get(word, f"Print a {word}.")))
        assert isinstance(inner, click.Group), f"{' '.join(verb.words)}: {word} is a verb already"
        group = inner

    @pass_context
    def run(context: Context, /, *, printer: str | None, key: str | None, wait: float, **content: Any) -> None:
        given = {field: _sent(document, field, value) for field, value in content.items() if value is not None}
        submit(context, printer, {"type": name} | given, key, wait)

    for option in (_wait(verb.wait), _KEY, printer_option):
        run = option(run)
    for field, info in reversed(document.model_fields.items()):
        run = _parameter(field, info)(run)
    group.add_command(click.command(last, help=verb.help)(run))


def _parameter(name: str, field: FieldInfo) -> Callable[[_Command], _Command]:
    """A required field as an argument, a list or table as many; an optional yes or no, or text, as an option; nothing
    for other fields."""
    called = field.alias or name
    if field.is_required() and (get_origin(field.annotation) is tuple or _is_table(field)):
        return click.argument(called, metavar=f"{called.upper()}...", nargs=-1, required=True)
    if field.is_required():
        whole = field.annotation is int
        return click.argument(called, metavar=called.upper(), type=int if whole else str)
    if field.annotation is bool:
        flag = f"--{'no-' if field.default else ''}{called.replace('_', '-')}"
        meaning = (field.description or "").rpartition(f"{not field.default}: ".lower())[2].partition("; ")[0]
        return click.option(flag, called, flag_value=not field.default, default=None, help=f"{meaning.capitalize()}.")
    if {str, datetime} & {getattr(part, "__origin__", part) for part in get_args(field.annotation)}:
        return click.option(f"--{called}", called, help=field.description)
    return lambda command: command


def _is_table(field: FieldInfo) -> bool:
    return isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel)


def _table(rows: Iterable[str]) -> dict[str, str | None]:
    """The rows ``A=23%`` and ``E=`` of a table. A row that is no such pair, or stands twice, is wrong usage."""
    table: dict[str, str | None] = {}
    for row in rows:
        key, equals, text = row.partition("=")
        if not equals:
            raise click.UsageError(f"{row!r}: write a letter, = and its value, like A=23%, or E= for one not in use")
        if key in table:
            raise click.UsageError(f"{key} stands twice; write each letter once")
        table[key] = text or None
    return table


def _sent(document: type[BaseDocument], called: str, value: Any) -> Any:
    """``value`` as the API takes it: digits are a number where the field takes one; ``A=23%`` is a row of a table.
    An amount may have a comma."""
    field = next(it for name, it in document.model_fields.items() if (it.alias or name) == called)
    if _is_table(field):
        return _table(value)
    if field.annotation is Decimal and isinstance(value, str):
        return value.replace(",", ".")  # as a Polish keyboard has it
    numbered = int in get_args(field.annotation)
    return int(value) if numbered and isinstance(value, str) and value.isascii() and value.isdigit() else value
