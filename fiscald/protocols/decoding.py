"""Decoded bytes for people: every frame, field and error by its name.

A family that can decode has a ``fiscald.protocols.families.Decoding``.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import NamedTuple, Protocol

from fiscald.protocols.base import Effect


class Direction(StrEnum):
    """The direction of bytes."""

    SENT = ">"
    """To the printer."""
    RECEIVED = "<"
    """From the printer."""


class DecodedField(NamedTuple):
    """One field of a frame."""

    name: str
    """The name in the family's reference."""
    text: str
    """The text on the wire."""
    value: str
    """The value for people: ``2.00``, ``23%``, ``yes``; the text if it is unreadable."""
    meaning: str = ""
    """English; empty if the tables have no meaning."""
    volatile: bool = False
    """Whether the value depends on the printer and the moment (its number, clock, counters, totals), so that another
    printer correctly answers with another value."""


class DecodedError(NamedTuple):
    """An error in a printer's answer."""

    name: str
    """The number, and the vendor's symbol if there is one."""
    text: str
    """English, for developers and technicians."""
    text_pl: str
    """Polish, for the cashier."""


class DecodedFrame(NamedTuple):
    """A frame in one direction, or bytes that are no frame."""

    raw: bytes
    masked: bytes
    """``raw`` with personal data masked, with the same length. A correct check stays correct."""
    name: str = ""
    """The name of the command; empty if the bytes belong to no frame."""
    meaning: str = ""
    fields: tuple[DecodedField, ...] = ()
    error: DecodedError | None = None
    damage: str | None = None
    """What is wrong with the frame, in one sentence; ``None``: it is intact."""
    text: str = ""
    """The frame as recordings of its family write it; empty for a damaged one."""
    effect: Effect | None = None
    """The effect of an intact command; ``None`` for answers and unknown commands."""
    silent: bool = False
    """Whether it is a command that a printer need not answer."""


class Decoder(Protocol):
    """Decodes the bytes of one connection. The caller feeds it both directions in order."""

    def feed(self, direction: Direction, data: bytes) -> Sequence[DecodedFrame]:
        """The frames that ``data`` completes. Keeps an unfinished frame for the next call. Never raises.

        The ``raw`` bytes of one direction, joined, equal the bytes fed. The sizes of the pieces change no frame.
        """

    def end(self, direction: Direction) -> Sequence[DecodedFrame]:
        """No more bytes come in that direction: the unfinished frame, as a damaged one."""


class CommandDoc(NamedTuple):
    """A command, its fields and the fields of its answer, for programs in other languages."""

    name: str
    meaning: str
    fields: tuple[tuple[str, str], ...]
    """The name and the meaning of each."""


class ProtocolDoc(NamedTuple):
    """A family's tables, as the Wireshark dissector needs them."""

    commands: tuple[CommandDoc, ...]
    common: tuple[tuple[str, str], ...]
    """The name and the meaning of each field that any frame may have."""
    errors: dict[str, DecodedError]
    """The errors by the key that ``lua`` makes from a frame."""
    lua: str
    """Lua code that reads the family's frames. ``fiscald.protocols.dissector`` says what it must define."""
