"""What people are shown of a conversation: every frame, field and error by its name.

``fiscald.protocols.families.Decoding`` is what a family brings that can name what passes.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import NamedTuple, Protocol

from fiscald.protocols.base import Effect


class Direction(StrEnum):
    """Which way bytes went."""

    SENT = ">"
    """To the printer."""
    RECEIVED = "<"
    """From the printer."""


class DecodedField(NamedTuple):
    """One field of a frame."""

    name: str
    """As the family's reference calls it."""
    text: str
    """As it stands on the wire."""
    value: str
    """For people: ``2.00``, ``23%``, ``yes``; the text where it cannot be read."""
    meaning: str = ""
    """English; empty where the tables know none."""
    volatile: bool = False
    """Belongs to this very printer at this very moment (its number, clock, counters, totals): another printer
    answers with another value and is right."""


class DecodedError(NamedTuple):
    """An error that a printer answered."""

    name: str
    """Number, and the vendor's symbol where there is one."""
    text: str
    """English, for developers and technicians."""
    text_pl: str
    """Polish, for the cashier."""


class DecodedFrame(NamedTuple):
    """What passed in one direction: a frame, or bytes that are none."""

    raw: bytes
    masked: bytes
    """``raw`` with personal data masked, just as long. The check is made anew where it was right before."""
    name: str = ""
    """Of the command; empty where the bytes belong to no frame."""
    meaning: str = ""
    fields: tuple[DecodedField, ...] = ()
    error: DecodedError | None = None
    damage: str | None = None
    """What is wrong with it, in a sentence; ``None`` for an intact frame."""
    text: str = ""
    """The frame as recordings of its family write it; empty for a damaged one."""
    effect: Effect | None = None
    """Of an intact command; ``None`` for answers and for unknown commands."""
    silent: bool = False
    """Of a command that a printer need not answer."""


class Decoder(Protocol):
    """Names what passes over one connection; is fed with both directions in order."""

    def feed(self, direction: Direction, data: bytes) -> Sequence[DecodedFrame]:
        """What ``data`` completes. An unfinished frame is kept for the next call. Never raises.

        The raw bytes of one direction, joined, are what was fed; how it was cut up changes no frame.
        """

    def end(self, direction: Direction) -> Sequence[DecodedFrame]:
        """What is unfinished, as damaged: nothing more comes in that direction."""


class CommandDoc(NamedTuple):
    """A command and the fields of it and of its answer, for programs in other languages."""

    name: str
    meaning: str
    fields: tuple[tuple[str, str], ...]
    """Name and meaning of each."""


class ProtocolDoc(NamedTuple):
    """A family's tables, from which the Wireshark dissector is made."""

    commands: tuple[CommandDoc, ...]
    common: tuple[tuple[str, str], ...]
    """Fields that any frame may have: name and meaning."""
    errors: dict[str, DecodedError]
    """By the key that ``lua`` makes of a frame."""
    lua: str
    """Its frames in Lua; ``fiscald.protocols.dissector`` says what it must define."""
