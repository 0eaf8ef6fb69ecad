"""What is shown to a person: control characters made visible, in any encoding that a terminal has.

Names of goods, answers of printers, descriptors of USB devices and names of files come from elsewhere. With control
characters in them they could move the cursor, hide a line or turn the reading direction. They are shown as JSON
writes them (``\\u001b``, ``\\n``), so that text stays text and JSON stays the same JSON.
"""

from __future__ import annotations

import codecs
import dataclasses
import logging
import sys
import unicodedata
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from enum import Enum
from functools import cache
from typing import Any, TextIO, TypeVar, cast

import click
from pydantic import BaseModel

from fiscald.extras import missing_extra
from fiscald.model.text import CodePage

T = TypeVar("T")

_SHORT = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}
#: Invisible by their category: control, format (bidirectional marks, joiners), half surrogates (bytes of a file name
#: that are no UTF-8), private use, unassigned, line and paragraph separators.
_INVISIBLE = ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")


def visible(text: str, keep: str = "") -> str:
    """``text`` with every control and format character but ``keep`` (one character) written out."""
    if text.isprintable():
        return text
    if keep:
        return keep.join(map(visible, text.split(keep)))
    return "".join(char if char.isprintable() else _escaped(char) for char in text)


def _escaped(char: str) -> str:
    if unicodedata.category(char) not in _INVISIBLE:
        return char  # a space of another width
    if char in _SHORT:
        return _SHORT[char]
    units = char.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[place]:02x}{units[place + 1]:02x}" for place in range(0, len(units), 2))


def shown(value: T) -> T:
    """The same value with every text in it made visible, line breaks too: models, named tuples, dicts, lists."""
    return cast("T", _shown(value))


def _shown(value: Any) -> Any:
    match value:
        case Enum():
            return value
        case str():
            return visible(value)
        case BaseModel():
            fields = {name: getattr(value, name) for name in (*type(value).model_fields, *(value.model_extra or {}))}
            return value.model_copy(update={name: _shown(part) for name, part in fields.items()})
        case dict():
            return {_shown(name): _shown(part) for name, part in value.items()}
        case tuple() if hasattr(value, "_fields"):
            return type(value)(*map(_shown, value))
        case list() | tuple():
            return type(value)(map(_shown, value))
        case _ if dataclasses.is_dataclass(value) and not isinstance(value, type):
            parts = {
                field.name: _shown(getattr(value, field.name)) for field in dataclasses.fields(value) if field.init
            }
            return dataclasses.replace(value, **parts)
        case _:
            return value


# -- streams ---------------------------------------------------------------------------------------------------------


@cache
def _ascii() -> CodePage:
    return CodePage("ascii")


def _plainly(error: UnicodeError) -> tuple[str, int]:
    """For an encoding that lacks a character: its plain form, or its code."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    chars = error.object[error.start : error.end]
    return "".join(_ascii().plain(char) or _code(char) for char in chars), error.end


def _code(char: str) -> str:
    return f"\\u{ord(char):04x}" if ord(char) < 0x10000 else f"\\U{ord(char):08x}"


codecs.register_error("fiscald.plainly", _plainly)


def encodes_everything(stream: TextIO) -> bool:
    """Whether the stream takes every character as it is."""
    return codecs.lookup(getattr(stream, "terminal_encoding", None) or stream.encoding or "ascii").name.startswith(
        "utf"
    )


class VisibleStream:
    """A text stream that shows control characters instead of sending them, and never fails for its encoding."""

    #: For click and ``input``: the stream itself takes care of its encoding.
    encoding = "utf-8"
    errors = "strict"

    def __init__(self, stream: TextIO) -> None:
        self.stream = stream
        self.terminal_encoding = stream.encoding or "ascii"
        #: Where rich writes its own control sequences.
        self.rich_proxied_file = stream

    def __getattr__(self, name: str) -> Any:
        return getattr(self.stream, name)

    def write(self, text: str) -> int:
        """Write text; only line breaks are sent as they are."""
        self.control(visible(text, keep="\n"))
        return len(text)

    def writelines(self, lines: Iterable[str]) -> None:
        """Write several texts."""
        for line in lines:
            self.write(line)

    def control(self, text: str) -> None:
        """Write our own control sequences, and text that was made visible before."""
        encoding = self.terminal_encoding
        self.stream.write(text.encode(encoding, "fiscald.plainly").decode(encoding))


@contextmanager
def visible_output() -> Iterator[None]:
    """Within it, standard output and error show control characters."""
    before = sys.stdout, sys.stderr
    sys.stdout, sys.stderr = (None if each is None else cast("TextIO", VisibleStream(each)) for each in before)
    try:
        yield
    finally:
        sys.stdout, sys.stderr = before


def control(text: str) -> None:
    """Send our own control sequences to the terminal."""
    stream: Any = sys.stdout
    (stream.control if isinstance(stream, VisibleStream) else stream.write)(text)
    stream.flush()


class NotInstalled(click.ClickException):
    """The command needs packages that this installation lacks."""

    exit_code = 2


class VisibleGroup(click.Group):
    """A command whose output shows control characters in every verb."""

    def main(self, *args: Any, **kwargs: Any) -> Any:
        """Run it."""
        with visible_output():
            return super().main(*args, **kwargs)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the verb; if the extra ``daemon`` is missing, say so."""
        try:
            return super().invoke(ctx)
        except ModuleNotFoundError as error:
            why = missing_extra(error)
            if why is None:
                raise
            raise NotInstalled(why) from None

    def make_context(self, *args: Any, **kwargs: Any) -> click.Context:
        """The context; click would take what looks like a colour out of a text, in silence."""
        context = super().make_context(*args, **kwargs)
        context.color = True
        return context


class VisibleFormatter(logging.Formatter):
    """Log lines: what comes from elsewhere neither ends a line nor reaches the terminal as a control character."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - logging's name
        """The line without its traceback."""
        record.message = visible(record.message)
        return super().formatMessage(record)

    def formatException(self, ei: Any) -> str:  # noqa: N802 - logging's name
        """The traceback."""
        return visible(super().formatException(ei), keep="\n")
