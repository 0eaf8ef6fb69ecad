"""``fiscalctl watch``: shows printers and jobs as they change, until Ctrl-C.

On a terminal it updates one screen; otherwise it prints one line per change.
"""

from __future__ import annotations

import contextlib
import os
import queue
import shutil
import sys
import textwrap
import threading
import time
from collections import deque
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

import click

from fiscald.api.client import CursorReset, JobChange, NotReachable, everything
from fiscald.cli.context import DONE, UNKNOWN, Context, pass_context, problem_text, to_json
from fiscald.model.printers import PrinterStatus
from fiscald.model.times import POLISH_TIME
from fiscald.recording.packets import Packet, Side, decode
from fiscald.recording.pcapng import Reader, RecordingError
from fiscald.recording.reading import Entry, entries
from fiscald.terminal import control, shown, visible

#: Seconds between two attempts to reach a daemon that restarts.
RETRY_SECONDS = 1.0
#: Number of changes kept for the screen.
KEPT = 200
#: Number of changes that can wait to be shown.
WAITING = 1000
#: Seconds between two checks of the terminal's size.
SIZE_SECONDS = 0.25
CLEAR = "\x1b[2J\x1b[1;1H"
HIDE_CURSOR, SHOW_CURSOR, HOME, TO_LINE_END, TO_SCREEN_END = "\x1b[?25l", "\x1b[?25h", "\x1b[H", "\x1b[K", "\x1b[J"
#: A change of a job or a printer, a frame, or ``None``: the connection to the daemon is lost.
Change = JobChange | PrinterStatus | Entry | None
LOST = "the daemon cannot be reached; waiting for it"


@click.command()
@click.argument("printer", required=False)
@click.option(
    "--frames", is_flag=True, help="Also show every frame between daemon and printers, and of programs at gateways."
)
@pass_context
def watch(context: Context, printer: str | None, *, frames: bool) -> None:
    """Follow all printers (or one) and their jobs until Ctrl-C.

    On a terminal it shows a live view; otherwise it prints one line per change, with --json one line of JSON.
    The daemon may start later or restart in between.
    """
    context.check_rights()
    try:
        with context.reported():
            _show(context, changes(context, printer, frames=frames))
    except KeyboardInterrupt:
        sys.exit(DONE)
    except RecordingError as error:
        context.fail(UNKNOWN, f"the daemon's recording cannot be read: {error}")


def changes(context: Context, printer: str | None, *, frames: bool) -> Iterator[Change]:
    """Every change, and with ``frames`` every frame. Waits for a daemon that is not running yet (yields ``None``).

    Raises ``Refused`` for a printer that does not exist.
    """
    reported = False
    while True:
        try:
            with context.connect() as client:
                found = client.printers() if printer is None else (client.printer(printer),)
            break
        except NotReachable:
            context.check_rights()
            if not reported:
                reported = True
                yield None
            time.sleep(RETRY_SECONDS)
    sources = [follow(context, printer)]
    if frames:
        sources += [follow_frames(context, each.name) for each in found]
    yield from sources[0] if len(sources) == 1 else _together(*sources)


def _show(context: Context, found: Iterator[Change]) -> None:
    if context.as_json:
        for change in found:
            click.echo(to_json(as_json(change)))
    elif sys.stdout.isatty():
        _live(context, found)
    else:
        for change in found:
            click.echo(one_line(change))


def follow(context: Context, printer: str | None) -> Iterator[Change]:
    """Every change, without end; ``None`` when the connection to the daemon is lost."""
    cursor: int | None = None
    there = True
    while True:
        try:
            with context.connect() as client:
                for change in client.events(cursor):
                    there = True
                    if isinstance(change, CursorReset):
                        cursor = change.cursor
                        continue
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


def follow_frames(context: Context, printer: str) -> Iterator[Entry]:
    """Every frame and event of a printer's line, without end; reconnects to the daemon silently."""

    def packets() -> Iterator[Packet]:
        reader = Reader()
        with context.connect() as client:
            for data in client.follow_capture(printer):
                yield from map(decode, reader.feed(data))

    while True:
        with contextlib.suppress(NotReachable):
            yield from entries(packets())
        time.sleep(RETRY_SECONDS)


def _together(*sources: Iterator[Change]) -> Iterator[Change]:
    """The items of all sources, in order of arrival."""
    found = _read(*sources)
    while True:
        change = found.get()
        if isinstance(change, Exception):
            raise change
        yield change


def _read(*sources: Iterator[Change]) -> queue.Queue[Change | Exception]:
    """The items of all sources, read by threads that end with the program.

    The threads wait for a slow terminal: the daemon keeps the changes, and reports a gap in the frames.
    """
    found: queue.Queue[Change | Exception] = queue.Queue(WAITING)

    def read(source: Iterator[Change]) -> None:
        try:
            for change in source:
                found.put(change)
        except Exception as error:
            found.put(error)

    for source in sources:
        threading.Thread(target=read, args=(source,), daemon=True).start()
    return found


def as_json(change: Change) -> dict[str, Any]:
    """A change in the form of the event stream."""
    match change:
        case Entry(at=at, event=event, direction=direction, frame=frame, note=note):
            content: dict[str, Any] = {"event": "frame", "at": at.isoformat(), "printer": change.printer}
            content |= {"side": change.side, "family": change.family}
            if frame is None:
                return content | {"event": "line", "what": event.name.lower(), "note": note}
            content |= {"direction": direction, "name": frame.name, "text": frame.text}
            return content | {"damage": frame.damage, "hex": frame.raw.hex()}
        case JobChange():
            return {"event": "job"} | everything(change)
        case PrinterStatus():
            return {"event": "printer", "printer": everything(change)}
        case None:
            return {"event": "lost"}


def one_line(change: Change) -> str:
    """A change on one line, with the time of the change or frame, or the current time."""
    change = shown(change)
    match change:
        case Entry():
            return f"{change.at.astimezone(POLISH_TIME):%H:%M:%S}  {change.printer}  {_line_text(change)}"
        case JobChange():
            job = change.job
            number = job.result.number if job.result and change.state == job.state else None
            outcome = f"number {number}" if number is not None else ""
            if job.error is not None and change.state == job.state:
                outcome = job.error.code
            line = (
                f"{(change.at or job.updated_at).astimezone(POLISH_TIME):%H:%M:%S}  {job.printer}  {change.state:9}  "
            )
            line = f"{line}{job.document.type:12}  {job.key}  {outcome}".rstrip()
            return line if job.program is None else f"{line}  from {job.program.peer}"
        case PrinterStatus():
            return f"{datetime.now(POLISH_TIME):%H:%M:%S}  {change.name}: {'; '.join(printer_facts(change))}"
        case _:
            return f"{datetime.now(POLISH_TIME):%H:%M:%S}  {LOST}"


def _line_text(entry: Entry) -> str:
    """A frame or event of a printer's line, or of a program's at its gateway."""
    frame = entry.frame
    side = "program " if entry.side is Side.PROGRAM else ""
    if frame is None:
        return f"{side}- {entry.event.name.lower()} {entry.note}".rstrip()
    text = frame.text.replace("\\t", "|") or f"{frame.raw.hex(' ')} ({frame.damage})"
    return f"{side}{entry.direction} {text}{f' ({frame.error.text})' if frame.error else ''}"


def printer_facts(printer: PrinterStatus) -> list[str]:
    """What a printer is doing, as short phrases."""
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
    if printer.gateway is not None and printer.gateway.program is not None:
        facts.append(f"the program at {printer.gateway.program} is connected")
    facts += [warning.detail for warning in printer.warnings]
    return facts


class View:
    """The content of the screen."""

    def __init__(self, title: str) -> None:
        self.title = title
        self.printers: dict[str, PrinterStatus] = {}
        self.changes: deque[str] = deque(maxlen=KEPT)
        self.frames: deque[str] = deque(maxlen=KEPT)
        self.lost = False

    def take(self, change: Change) -> None:
        """Add a change."""
        if isinstance(change, Entry):
            self.frames.append(one_line(change))
            return
        self.lost = change is None
        if isinstance(change, PrinterStatus):
            self.printers[change.name] = change
        elif change is not None:
            self.changes.append(one_line(change))

    def lines(self, width: int, height: int) -> list[str]:
        """The screen: printers at the top, then as many of the newest changes of jobs as fit; frames below, in half of
        that room. Text that is wider than the screen continues on the next line.
        """
        top = [f"{self.title}   Ctrl-C stops", *([LOST] if self.lost else []), ""]
        for printer in self.printers.values():
            state, *facts = printer_facts(printer)
            top.append(f"{printer.name}  {state}")
            top += [f"  {fact}" for fact in facts]
            if printer.problem is not None:
                top += [f"  {line}" for line in problem_text(printer.problem).splitlines()]
        top = wrapped([*top, ""], width)
        room = max(height - len(top), 0)
        below = _newest(self.frames, room // 2, width) if self.frames and room > 1 else []
        room -= len(below) + bool(below)
        screen = [*top, *_newest(self.changes, room, width), *([""] if below else []), *below]
        return screen[:height]


def _newest(lines: deque[str], room: int, width: int) -> list[str]:
    """The latest of ``lines`` that fit completely."""
    found: list[str] = []
    for line in reversed(lines):
        parts = wrapped([line], width)
        if len(found) + len(parts) > room:
            break
        found = parts + found
    return found


def wrapped(lines: Iterable[str], width: int) -> list[str]:
    """``lines`` wrapped to ``width`` columns, between words if possible; control characters are escaped."""
    found = []
    for line in lines:
        text = visible(line)
        indent = "    "[: max(width // 4, 0)]
        found += textwrap.wrap(
            text, max(width, 1), subsequent_indent=indent, drop_whitespace=True, break_on_hyphens=False
        ) if len(text) > width else [text]  # fmt: skip
    return found


def _live(context: Context, found: Iterator[Change]) -> None:
    view = View(f"fiscald at {context.where}")
    coming = _read(found)
    size: os.terminal_size | None = None
    control(CLEAR + HIDE_CURSOR)
    try:
        while True:
            changed = False
            with contextlib.suppress(queue.Empty):
                change = coming.get(timeout=SIZE_SECONDS)
                if isinstance(change, Exception):
                    raise change
                view.take(change)
                changed = True
            now = terminal_size()
            # Another width: the terminal has wrapped the old text, so clear it.
            wipe = CLEAR if size not in (None, now) else ""
            if changed or wipe:
                # One line less: a line break in the last line would scroll.
                lines = view.lines(now.columns, now.lines - 1)
                control(wipe + HOME + "".join(f"{line}{TO_LINE_END}\n" for line in lines) + TO_SCREEN_END)
            size = now
    finally:
        control(SHOW_CURSOR)


def terminal_size() -> os.terminal_size:
    """The current size of the terminal; if it is unknown, the size that the shell exported."""
    try:
        found = os.get_terminal_size(sys.stdout.fileno())
    except (OSError, ValueError):
        found = os.terminal_size((0, 0))
    return found if found.columns > 0 and found.lines > 0 else shutil.get_terminal_size()
