"""The verbs of ``fiscalctl`` for recordings; all but ``capture`` work without a daemon."""

from __future__ import annotations

import json
import os
import re
import stat
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import click

from fiscald.cli.context import USAGE, Context, forget_output, pass_context
from fiscald.cli.frames import frame_lines
from fiscald.model.times import POLISH_TIME
from fiscald.protocols import FAMILIES
from fiscald.protocols import family as find_family
from fiscald.protocols.decoding import DecodedFrame, Direction
from fiscald.recording.packets import Event, Recording, Side, read, write
from fiscald.recording.pcapng import MAGIC, RecordingError
from fiscald.recording.reading import Entry, decoder, entries, redact
from fiscald.recording.regression import regression as make_regression
from fiscald.terminal import shown

#: A pause of at least this long is shown.
_PAUSE = timedelta(seconds=1)
_WORDS = {Event.OPEN: "opened", Event.CLOSED: "closed", Event.LOST: "link lost", Event.GAP: "gap"}
_OF_PROGRAMS = {Event.OPEN: "connected", Event.CLOSED: "closed", Event.LOST: "left", Event.GAP: "gap"}

output_option = click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, allow_dash=True),
    required=True,
    help="File to write (- for standard output).",
)
force_option = click.option("--force", is_flag=True, help="Replace an existing file.")
_code_page = click.option("--code-page", metavar="NAME", help="Code page that is set in the printer's menu.")


def write_file(context: Context, path: Path, content: bytes, *, force: bool) -> None:
    """Write a file that only its owner can read, because it contains sales and buyers."""
    if str(path) == "-":
        _write_out(context, content)
        return
    try:
        flags = os.O_WRONLY | os.O_CREAT | getattr(os, "O_NOCTTY", 0) | (0 if force else os.O_EXCL)
        descriptor = os.open(path, flags, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            if stat.S_ISREG(os.fstat(descriptor).st_mode):
                if hasattr(os, "fchmod"):
                    os.fchmod(descriptor, 0o600)  # the replaced file may have had another mode
                file.truncate()
            file.write(content)
    except FileExistsError:
        context.fail(USAGE, f"{path} exists already; choose another file, or replace it with --force")
    except OSError as error:
        context.fail(USAGE, f"{path}: {error.strerror}")


def _write_out(context: Context, content: bytes) -> None:
    try:
        sys.stdout.buffer.write(content)
        sys.stdout.buffer.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        forget_output()
        context.fail(USAGE, f"standard output: {error.strerror}")


def load(context: Context, path: Path) -> Recording:
    """The recording in a file (- for standard input); ends the program if it is not a recording."""
    return _recording(context, str(path), _content(context, path))


def _content(context: Context, path: Path) -> bytes:
    try:
        return sys.stdin.buffer.read() if str(path) == "-" else path.read_bytes()
    except OSError as error:
        context.fail(USAGE, f"{path}: {error.strerror}")


def _recording(context: Context, name: str, content: bytes) -> Recording:
    try:
        found = read(content)
    except RecordingError as error:
        context.fail(USAGE, f"{name}: {error}")
    for warning in found.warnings:
        click.echo(f"{shown(name)}: {shown(warning)}", err=True)
    return found


# -- capture ---------------------------------------------------------------------------------------------


@click.command()
@click.argument("printer")
@output_option
@force_option
@click.option("--redact", "masked", is_flag=True, help="Mask personal data: NIPs, buyers, cashiers.")
@pass_context
def capture(context: Context, printer: str, *, output: Path, force: bool, masked: bool) -> None:
    """Save the latest conversation with PRINTER from the daemon's flight recorder (pcapng)."""
    with context.client() as client:
        content = client.capture(printer)
    if masked:
        try:
            content = write(redact(_recording(context, printer, content).packets), "personal data masked")
        except RecordingError as error:
            context.fail(USAGE, f"{error}; so fiscalctl cannot mask personal data in it")
    write_file(context, output, content, force=force)


# -- decode ----------------------------------------------------------------------------------------------


@click.command()
@click.argument("what", metavar="FILE|HEX", nargs=-1, required=True)
@click.option("--family", type=click.Choice(FAMILIES), help="Protocol family of bare bytes (default: the best match).")
@click.option("--from-printer", is_flag=True, help="The bare bytes came from a printer (default: went to a printer).")
@_code_page
@pass_context
def decode(
    context: Context, what: tuple[str, ...], *, family: str | None, from_printer: bool, code_page: str | None
) -> None:
    """Show every frame, field and error of a recording, or of bare bytes (02 73 ..., 0x02, ...; - for stdin)."""
    text = " ".join(what)
    content = _content(context, Path(text)) if text == "-" or _exists(text) else text.encode()
    try:
        if content.startswith(MAGIC):
            recording = _recording(context, text, content)
            found = list(entries(recording.packets, code_page))
            _show(context, found, recording.warnings)
        else:
            data = _bytes(context, text, content)
            direction = Direction.RECEIVED if from_printer else Direction.SENT
            frames = _bare(data, direction, family, code_page)
            listed = [_frame_json(frame) for frame in frames]
            context.show(
                {"frames": listed}, lambda: "\n".join(line for each in shown(frames) for line in frame_lines("", each))
            )
    except RecordingError as error:
        context.fail(USAGE, f"{text}: {error}")


def _exists(name: str) -> bool:
    try:
        return bool(name) and Path(name).exists()
    except PermissionError:
        return True  # reading it gives the reason
    except (OSError, ValueError):
        return False  # too long for a file name


def _bytes(context: Context, name: str, content: bytes) -> bytes:
    """Bytes written in hexadecimal, with or without spaces, commas, colons and ``0x``."""
    try:
        data = bytes.fromhex(re.sub(r"0[xX]|[\s,:;]", "", content.decode("ascii")))
    except ValueError:
        data = b""
    if not data:
        shown = name if len(name) < 100 else name[:100] + "..."
        context.fail(USAGE, f"{shown} is neither a file, nor a recording, nor bytes in hexadecimal")
    return data


def _bare(data: bytes, direction: Direction, family: str | None, code_page: str | None) -> list[DecodedFrame]:
    """The frames of the given family, or of the family that decodes most of the bytes."""

    def read_as(name: str) -> list[DecodedFrame]:
        names = decoder(name, code_page)
        return [*names.feed(direction, data), *names.end(direction)]

    def understood(frames: list[DecodedFrame]) -> tuple[int, int]:
        # Frames of a single byte appear by chance in the text of every other family.
        intact = sum(len(frame.raw) for frame in frames if frame.damage is None and len(frame.raw) > 1)
        return intact, -sum(frame.damage is not None for frame in frames)

    able = [name for name in FAMILIES if find_family(name).decoding is not None]
    return max(map(read_as, (family,) if family else able), key=understood)


def _show(context: Context, found: list[Entry], warnings: list[str]) -> None:
    several = len({entry.printer for entry in found}) > 1
    programs = {entry.printer: entry.family for entry in found if entry.side is Side.PROGRAM}
    printers = {entry.printer: entry.family for entry in found if entry.side is Side.PRINTER}

    def text() -> Iterator[str]:
        day, last = None, None
        for entry in shown(found):
            at = entry.at.astimezone(POLISH_TIME)
            if at.date() != day:
                day = at.date()
                families = [printers[entry.printer]] if entry.printer in printers else []
                families += [f"programs {programs[entry.printer]}"] if entry.printer in programs else []
                yield f"{day}, {entry.printer} ({', '.join(families)})"
            if last is not None and entry.at - last >= _PAUSE:
                yield f"{'':15}   ... {(entry.at - last).total_seconds():.3f} s"
            last = entry.at
            mark = f"{at:%H:%M:%S.%f} {f'{entry.printer} ' if several else ''}"
            mark += f"{entry.side:7} " if programs else ""
            if entry.frame is None:
                words = _WORDS if entry.side is Side.PRINTER else _OF_PROGRAMS
                yield f"{mark}- {words[entry.event]}{f': {entry.note}' if entry.note else ''}"
            else:
                yield from frame_lines(f"{mark}{entry.direction} ", entry.frame)

    content = {"warnings": warnings, "entries": [_entry_json(entry) for entry in found]}
    context.show(content, lambda: "\n".join(text()) or "(empty recording)")


def _entry_json(entry: Entry) -> dict[str, Any]:
    content = {
        "at": entry.at.isoformat(),
        "printer": entry.printer,
        "family": entry.family,
        "side": entry.side,
        "event": entry.event.name.lower(),
        "direction": entry.direction,
    }
    return content | ({"note": entry.note} if entry.frame is None else _frame_json(entry.frame))


def _frame_json(frame: DecodedFrame) -> dict[str, Any]:
    return {
        "name": frame.name,
        "meaning": frame.meaning,
        "fields": [field._asdict() for field in frame.fields],
        "error": frame.error and frame.error._asdict(),
        "damage": frame.damage,
        "hex": frame.raw.hex(),
    }


# -- regression ------------------------------------------------------------------------------------------


@click.command()
@click.argument("file", type=click.Path(path_type=Path, allow_dash=True))
@output_option
@force_option
@click.option("--model", required=True, help="Model of the printer, from its type plate.")
@click.option("--firmware", required=True, help="Firmware of the printer.")
@click.option("--provenance", required=True, help="Who recorded it, where, and who may use it.")
@_code_page
@pass_context
def regression(
    context: Context,
    file: Path,
    *,
    output: Path,
    force: bool,
    model: str,
    firmware: str,
    provenance: str,
    code_page: str | None,
) -> None:
    """Make a regression test from the recording in FILE: JSON for tests/recordings, with personal data masked."""
    packets = load(context, file).packets
    try:
        content = make_regression(packets, model=model, firmware=firmware, provenance=provenance, code_page=code_page)
    except RecordingError as error:
        context.fail(USAGE, f"{file}: {error}")
    text = json.dumps(content, ensure_ascii=False, indent=1) + "\n"
    write_file(context, output, text.encode(), force=force)
