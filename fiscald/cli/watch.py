"""``fiscalctl watch``: printers and jobs as they change, until Ctrl-C.

On a terminal one screen that is drawn anew at every change; everywhere else one line per change.
"""

from __future__ import annotations

import json
import shutil
import sys
import time
from collections import deque
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import click

from fiscald.api.client import Client, JobChange, NotReachable
from fiscald.cli.context import DONE, Context, pass_context, problem_text
from fiscald.model.printers import PrinterStatus

#: Seconds between two attempts to reach a daemon that is being started again.
RETRY_SECONDS = 1.0
#: Changes that are kept for the screen.
KEPT = 200
HIDE_CURSOR, SHOW_CURSOR, HOME, TO_LINE_END, TO_SCREEN_END = "\x1b[?25l", "\x1b[?25h", "\x1b[H", "\x1b[K", "\x1b[J"
LOST = "the daemon cannot be reached; trying again"


@click.command()
@click.argument("printer", required=False)
@pass_context
def watch(context: Context, printer: str | None) -> None:
    """Follow all printers (or one) and their jobs until Ctrl-C.

    On a terminal a live view; otherwise a line per change, with --json a line of JSON. The daemon may be started again
    meanwhile.
    """
    with context.client() as client:
        # A daemon that is not there, and a printer that does not exist, are told at once.
        _ = client.printers() if printer is None else client.printer(printer)
    changes = follow(context, printer)
    try:
        if context.as_json:
            for change in changes:
                click.echo(json.dumps(as_json(change), ensure_ascii=False))
        elif sys.stdout.isatty():
            _live(context, changes)
        else:
            for change in changes:
                click.echo(one_line(change))
    except KeyboardInterrupt:
        sys.exit(DONE)


def follow(context: Context, printer: str | None) -> Iterator[JobChange | PrinterStatus | None]:
    """Every change, for ever; ``None`` whenever the daemon went away."""
    cursor: int | None = None
    there = True
    while True:
        try:
            with Client(context.socket) as client:
                for change in client.events(cursor):
                    there = True
                    if isinstance(change, JobChange):
                        cursor = change.id
                    name = change.job.printer if isinstance(change, JobChange) else change.name
                    if printer in (None, name):
                        yield change
        except NotReachable:
            pass
        if there:
            there = False
            yield None
        time.sleep(RETRY_SECONDS)


def as_json(change: JobChange | PrinterStatus | None) -> dict[str, Any]:
    """A change as the event stream tells it."""
    match change:
        case JobChange():
            return {"event": "job"} | change.model_dump(mode="json", by_alias=True)
        case PrinterStatus():
            return {"event": "printer", "printer": change.model_dump(mode="json")}
        case None:
            return {"event": "lost"}


def one_line(change: JobChange | PrinterStatus | None) -> str:
    """A change on one line, with the time of a job's change, or of now."""
    match change:
        case JobChange():
            job = change.job
            number = job.result.number if job.result and change.state == job.state else None
            told = f"number {number}" if number is not None else ""
            if job.error is not None and change.state == job.state:
                told = job.error.code
            line = f"{change.at or job.updated_at:%H:%M:%S}  {job.printer}  {change.state:9}  "
            return f"{line}{job.document.type:12}  {job.key}  {told}".rstrip()
        case PrinterStatus():
            return f"{datetime.now():%H:%M:%S}  {change.name}: {'; '.join(printer_facts(change))}"  # noqa: DTZ005
        case None:
            return f"{datetime.now():%H:%M:%S}  {LOST}"  # noqa: DTZ005


def printer_facts(printer: PrinterStatus) -> list[str]:
    """What a printer is doing, in a few words each."""
    facts = [f"{printer.state}{' (stale)' if printer.stale else ''}"]
    if printer.job is not None:
        facts.append(f"printing {printer.job}")
    if printer.queue:
        facts.append(f"{printer.queue} waiting")
    if printer.counters is not None:
        counters = printer.counters
        cancelled = "" if counters.cancelled is None else f", {counters.cancelled} cancelled"
        facts.append(
            f"day {counters.daily_report}: {counters.receipts} receipts{cancelled}, last number "
            f"{counters.last_receipt}, {counters.printouts} printouts"
        )
    if printer.paper_low:
        facts.append("paper near its end")
    return facts


class View:
    """What the screen shows."""

    def __init__(self, title: str) -> None:
        self.title = title
        self.printers: dict[str, PrinterStatus] = {}
        self.changes: deque[str] = deque(maxlen=KEPT)
        self.lost = False

    def take(self, change: JobChange | PrinterStatus | None) -> None:
        """Something has changed."""
        self.lost = change is None
        if isinstance(change, PrinterStatus):
            self.printers[change.name] = change
        elif change is not None:
            self.changes.append(one_line(change))

    def lines(self, width: int, height: int) -> list[str]:
        """The screen: printers above, then as many of the newest changes of jobs as there is room for."""
        top = [f"{self.title}   Ctrl-C ends", *([LOST] if self.lost else []), ""]
        for printer in self.printers.values():
            state, *facts = printer_facts(printer)
            top.append(f"{printer.name}  {state}")
            top += [f"  {fact}" for fact in facts]
            if printer.problem is not None:
                top += [f"  {line}" for line in problem_text(printer.problem).splitlines()]
        top.append("")
        room = max(height - len(top), 0)
        shown = [*top, *list(self.changes)[len(self.changes) - min(room, len(self.changes)) :]]
        return ["".join(char if char.isprintable() else "?" for char in line)[:width] for line in shown[:height]]


def _live(context: Context, changes: Iterator[JobChange | PrinterStatus | None]) -> None:
    view = View(f"fiscald at {context.socket}")
    click.clear()
    click.echo(HIDE_CURSOR, nl=False)
    try:
        for change in changes:
            view.take(change)
            size = shutil.get_terminal_size()
            # One line less: a line break in the last one would scroll.
            lines = view.lines(size.columns, size.lines - 1)
            click.echo(HOME + "".join(f"{line}{TO_LINE_END}\n" for line in lines) + TO_SCREEN_END, nl=False)
    finally:
        click.echo(SHOW_CURSOR, nl=False)
