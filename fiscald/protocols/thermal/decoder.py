"""Decodes a Thermal line for people: every sequence, field, status bit and error, whole or damaged.

The words are in ``meanings``; source of the rest: Thermal reference, sections 3.3, 3.4 and 7.4. Recordings of this
family have all bytes in hexadecimal, because the check byte is a part of the recording: devices differ in which
sequences have one, and in its form.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any, NamedTuple

from fiscald.model.money import format_grosze, plain
from fiscald.model.privacy import mask, mask_nips
from fiscald.model.text import CODE_PAGES
from fiscald.protocols.base import Effect, Settings
from fiscald.protocols.decoding import CommandDoc, DecodedError, DecodedField, DecodedFrame, Direction, ProtocolDoc
from fiscald.protocols.tables import FieldFault
from fiscald.protocols.thermal import fields as f
from fiscald.protocols.thermal.codes import CODES, lookup
from fiscald.protocols.thermal.commands import ANSWERS, DESCRIPTIONS, MODEL, PAYMENT_FORMS, RESULT, find
from fiscald.protocols.thermal.fields import Brand, Dialect, Measured, ValueRefused
from fiscald.protocols.thermal.frames import (
    BEGIN,
    END,
    ESC,
    MAX_FRAME,
    AnswerDeframer,
    BadFrame,
    CommandDeframer,
    Control,
    Dle,
    Enq,
    Frame,
    FrameFault,
    check,
    decode,
)
from fiscald.protocols.thermal.layouts import Check, Layout, Part
from fiscald.protocols.thermal.lua import TELLING, lua
from fiscald.protocols.thermal.meanings import PRIVATE, WORDS, Meaning
from fiscald.protocols.thermal.options import code_page, known_profile
from fiscald.protocols.thermal.profiles import detect
from fiscald.protocols.thermal.rows import Row

#: The fields of an unknown command, or of a command whose fields do not fit.
_COMMON = {"param": "a parameter of no known meaning", "string": "fields of no known layout"}

_OUTSIDE, _ENDLESS = "bytes outside of a sequence", "the sequence has no end"
_FAULTS = {
    FrameFault.SYNTAX: "not built as a sequence",
    FrameFault.TOO_LONG: f"longer than {MAX_FRAME} bytes",
}
_NO_CHECK = "the check byte does not fit"

_HEAD = re.compile(rb"[\x00-\x1f]?([0-9;]*)(@PM[A-Z]|[$#^@!?*][A-Za-z])")
#: Bytes that a printer takes out of a sequence at once, wherever they are (3.1 rule 2).
_ANYWHERE = (Control.DLE, Control.DLE2)
#: Error modes in which the printer answers every command, or every command that has no other answer (3.4).
_ANSWERING = (2, 3, 4)


class _Piece(NamedTuple):
    """A piece of the line, before it is decoded."""

    raw: bytes
    item: Frame | BadFrame | Control | Enq | Dle | None = None
    inside: bool = False
    """Without an item: whether it started as a sequence. For a single byte: whether it lies inside a sequence."""


class _Cutter:
    """Cuts the bytes of one direction into pieces, as the printer or the reader of its answers does."""

    def __init__(self, direction: Direction) -> None:
        self._deframer = CommandDeframer() if direction is Direction.SENT else AnswerDeframer()
        self._rest = bytearray()

    def feed(self, data: bytes) -> Iterator[_Piece]:
        """The pieces that ``data`` completes."""
        for byte in data:
            yield from self._byte(byte)
        if not self._deframer.inside:
            yield from self._told(self._rest.rfind(ESC) if self._deframer.escaped else len(self._rest), inside=False)

    def end(self) -> Iterator[_Piece]:
        """The unfinished piece."""
        yield from self._told(len(self._rest), inside=self._deframer.inside)
        self._deframer.reset()

    def _told(self, until: int, *, inside: bool) -> Iterator[_Piece]:
        raw, self._rest = bytes(self._rest[:until]), self._rest[until:]
        if raw:
            yield _Piece(raw, inside=inside)

    def _byte(self, byte: int) -> Iterator[_Piece]:
        inside, escaped = self._deframer.inside, self._deframer.escaped
        item = next(iter(self._deframer.feed(bytes([byte]))), None)
        if item is not None and not isinstance(item, Frame | BadFrame):
            if item in _ANYWHERE and (inside or escaped):
                self._rest.append(byte)
                yield _Piece(b"", item, inside=True)
            else:
                yield from self._told(len(self._rest), inside=inside)
                yield _Piece(bytes([byte]), item)
            return
        self._rest.append(byte)
        if item is not None:
            raw, self._rest = bytes(self._rest), bytearray()
            yield _Piece(raw, item)
        elif escaped and byte == BEGIN[0]:
            yield from self._told(self._rest.rfind(ESC), inside=inside)


class _Read(NamedTuple):
    """A sequence, read with a layout as far as it fits."""

    layout: Layout | None
    brand: Brand
    params: list[tuple[str, bytes]]
    parts: list[tuple[Part | None, str, bytes]]
    """Without a part: everything behind the identifier, because the layout does not fit."""

    @property
    def fits(self) -> bool:
        """Whether the layout fits the whole sequence."""
        return all(part is not None for part, _, _ in self.parts) and all(name != "param" for name, _ in self.params)


class ThermalDecoder:
    """See ``fiscald.protocols.decoding.Decoder``.

    Without a profile, the brand comes from the printer's model; until the model is known it is POSNET. If a layout does
    not fit, the decoder tries the layout of the other brand.
    """

    def __init__(self, settings: Settings) -> None:
        self._codec = CODE_PAGES[code_page(settings)]
        known = known_profile(settings)
        self._configured = known is not None
        self._brands = tuple(Brand) if known is None else (known.brand,)
        self._mode: int | None = None
        self._cutters = {direction: _Cutter(direction) for direction in Direction}

    def feed(self, direction: Direction, data: bytes) -> Sequence[DecodedFrame]:
        """The frames that ``data`` completes. A DLE inside a sequence is a separate frame, without ``raw``."""
        return [self._named(direction, piece) for piece in self._cutters[direction].feed(data)]

    def end(self, direction: Direction) -> Sequence[DecodedFrame]:
        """The unfinished piece."""
        return [self._named(direction, piece) for piece in self._cutters[direction].end()]

    def _named(self, direction: Direction, piece: _Piece) -> DecodedFrame:
        raw, item, inside = piece
        match item:
            case None:
                masked = _masked_damaged(raw) if inside else mask_nips(raw)
                return DecodedFrame(raw, masked, damage=_ENDLESS if inside else _OUTSIDE)
            case BadFrame():
                return DecodedFrame(raw, _masked_damaged(raw), damage=_FAULTS[item.fault])
            case Frame():
                return self._sequence(direction, raw, item)
            case Control():
                silent = item in (Control.CAN, Control.BEL)
                meaning = WORDS[item.name][0]
                text = f"{item:02X}"
                return DecodedFrame(raw, raw, item.name, meaning, text=text, effect=Effect.QUERY, silent=silent)
        name = "ENQ" if isinstance(item, Enq) else "DLE"
        meaning, meanings = WORDS[name]
        bits = [
            DecodedField(field, str(int(bit)), "yes" if bit else "no", known.text)
            for (field, known), bit in zip(meanings.items(), item, strict=True)
        ]
        return DecodedFrame(raw, raw, name, meaning, tuple(bits), text=f"{item.byte:02X}")

    # -- sequences ------------------------------------------------------------------------------------

    def _sequence(self, direction: Direction, raw: bytes, frame: Frame) -> DecodedFrame:
        clean = _clean(raw) if direction is Direction.SENT else raw
        read = self._read(direction, clean, frame)
        layout = read.layout
        if layout is not None and layout.check is Check.REQUIRED and not frame.digits:
            return DecodedFrame(raw, _masked_damaged(raw), layout.name, damage=_NO_CHECK)
        name = _unknown_name(direction, frame) if layout is None else layout.name
        meaning, meanings = WORDS.get(name, ("", {}))
        fields = tuple(self._fields(read, meanings))
        masked = _rebuilt(raw, clean, frame, layout, _masked_body(frame.name, read, meanings))
        effect = layout.effect if isinstance(layout, Row) else None
        self._learn(layout, fields)
        return DecodedFrame(
            raw,
            masked,
            name,
            meaning,
            fields,
            self._error(layout, fields),
            text=clean.hex().upper(),
            effect=effect,
            silent=direction is Direction.SENT
            and self._mode not in _ANSWERING
            and not (isinstance(layout, Row) and layout.answers),
        )

    def _read(self, direction: Direction, clean: bytes, frame: Frame) -> _Read:
        """Read with the first layout that fits, otherwise with the first known one."""
        match = _HEAD.match(clean, 2)
        assert match is not None
        texts = match[1].split(b";") if match[1] else []
        found: _Read | None = None
        for brand in self._brands:
            layout = find(frame, brand) if direction is Direction.SENT else _answer(frame)
            if layout is None:
                continue
            params, given = _params(layout, frame, texts)
            parts = _parts(layout, frame, given, brand)
            read = _Read(layout, brand, params, parts)
            if read.fits:
                return read
            # With so many parameters it is an invoice's, which one brand knows alone.
            found = read if found is None or layout.variant else found
        whole: list[tuple[Part | None, str, bytes]] = [(None, "string", frame.body)] if frame.body else []
        return found or _Read(None, self._brands[0], [("param", text) for text in texts], whole)

    def _fields(self, read: _Read, meanings: Mapping[str, Meaning]) -> Iterator[DecodedField]:
        for name, raw in read.params:
            text = raw.decode("ascii")
            yield self._field(name, text, _shown_param(name, text), meanings)
        for part, name, raw in read.parts:
            text = raw.decode(self._codec, "replace")
            yield self._field(name, text, self._shown(part, name, raw, text, read.brand), meanings)

    def _field(self, name: str, text: str, value: str, meanings: Mapping[str, Meaning]) -> DecodedField:
        known = meanings.get(name, Meaning(_COMMON.get(name, "")))
        return DecodedField(name, text, value, known.text, known.volatile)

    def _shown(self, part: Part | None, name: str, raw: bytes, text: str, brand: Brand) -> str:
        """A value as a person writes it."""
        if part is None:
            return " / ".join(text.splitlines())
        for each in (brand, *self._brands):
            try:
                value = part.value.decode(raw, Dialect(self._codec, each))
                break
            except ValueRefused as error:
                why = error
        else:
            return f"{text!r}: {why}"
        if name == "Pe" and value:
            return f"{value} ({lookup(value, self._brands[0]).text})"
        match part.value:
            case f.Amount():
                return format_grosze(value)
            case f.Rate():
                return "inactive" if value is None else f"{plain(value)}%" if isinstance(value, Decimal) else str(value)
            case f.Header():
                return " / ".join(value.splitlines())
        if isinstance(value, Measured):
            return f"{plain(value.number)} {value.unit}".rstrip()
        return str(value)

    def _error(self, layout: Layout | None, fields: tuple[DecodedField, ...]) -> DecodedError | None:
        if layout is None or layout.name not in TELLING or not fields or fields[0].name != "Pe":
            return None
        # Text that is no number is no known error.
        digits = fields[0].text.isascii() and fields[0].text.isdigit()
        if not digits or not (number := int(fields[0].text)):
            return None
        code = lookup(number, self._brands[0])
        return DecodedError(code.name, code.text, code.text_pl)

    def _learn(self, layout: Layout | None, fields: tuple[DecodedField, ...]) -> None:
        """Learn the error mode and the brand from the frames."""
        if layout is RESULT and self._mode is None:
            self._mode = _ANSWERING[0]
        elif layout is MODEL and fields[0].name == "typ" and not self._configured:
            brand = detect(fields[0].text).brand
            self._brands = (brand, *(other for other in Brand if other is not brand))
        elif layout is not None and layout.name == "#e" and fields and fields[0].name == "Ps" and fields[0].text:
            self._mode = int(fields[0].text)


def _unknown_name(direction: Direction, frame: Frame) -> str:
    """The identifier; with its number if the known command of the same identifier is a different one."""
    first = frame.params[0] if frame.params else None
    other = direction is Direction.SENT and frame.name in WORDS and first is not None
    return f"{frame.name} {first}" if other else frame.name


def _answer(frame: Frame) -> Layout | None:
    if frame.name == RESULT.id:
        return RESULT
    return ANSWERS.get((frame.name, frame.params[0] if frame.params else None))


def _params(layout: Layout, frame: Frame, texts: list[bytes]) -> tuple[list[tuple[str, bytes]], dict[str, Any]]:
    """The parameters with their names and texts, and their values, which the fields need."""
    given: dict[str, Any] = {}
    found = []
    at = 0 if layout.first is None else 1
    for param in layout.params:
        count = 1 if param.times is None else param.times(given)
        taken = range(at, min(at + count, len(texts)))
        found += [(param.name, texts[place]) for place in taken]
        if taken:
            values = [frame.params[place] for place in taken]
            given[param.name] = values[0] if param.times is None else values
        at += len(taken)
    return found + [("param", text) for text in texts[at:]], given


def _parts(
    layout: Layout, frame: Frame, given: Mapping[str, Any], brand: Brand
) -> list[tuple[Part | None, str, bytes]]:
    """The fields with their names and texts; one field without a layout if the number of fields does not fit."""
    try:
        raw = layout.split(frame, given, brand)
    except FieldFault:
        return [(None, "string", frame.unchecked.body if layout.check is Check.NEVER else frame.body)]
    found: list[tuple[Part | None, str, bytes]] = []
    for part in layout.parts:
        value = raw[part.name]
        values = value if part.many else [] if value is None else [value]
        for index, each in enumerate(values):
            found.append((part, part.name + part.letter(index, len(values)), each))
    return found


def _shown_param(name: str, text: str) -> str:
    number = int(text or 0)
    if name == "Pfx" and number in PAYMENT_FORMS:
        return f"{text} ({PAYMENT_FORMS[number]})"
    if name == "Po" and DESCRIPTIONS.get(number):
        return f"{text} ({DESCRIPTIONS[number]})"
    return text


# -- masking ---------------------------------------------------------------------------------------------


def _clean(raw: bytes) -> bytes:
    """The bytes of a sequence without those that a printer takes out of it at once."""
    return bytes(byte for byte in raw if byte not in _ANYWHERE)


def _masked_body(id_: str, read: _Read, meanings: Mapping[str, Meaning]) -> bytes:
    """The fields with personal data masked, with the same length."""
    out = b""
    for part, name, raw in read.parts:
        private = id_ in PRIVATE if part is None else meanings[name].private
        # A unique number also has ten digits, but identifies the printer and must stay.
        hidden = mask(raw) if private else raw if name == "nr_unikatowy" else mask_nips(raw)
        out += hidden + (b"" if part is None else part.term)
    return out


def _rebuilt(raw: bytes, clean: bytes, frame: Frame, layout: Layout | None, body: bytes) -> bytes:
    """The sequence with another body and a new check byte. Bytes inside the sequence stay where they were."""
    checked = frame.digits and not (layout is not None and layout.check is Check.NEVER)
    end = len(clean) - 1
    while clean[end - 1] == ESC:
        end -= 1
    start = end - len(body) - (2 if checked else 0)
    payload = clean[2:start] + body
    if payload == clean[2 : start + len(body)]:
        return raw
    masked = clean[:2] + payload + (check(payload) if checked else b"") + clean[end:]
    if len(clean) == len(raw):
        return masked
    left = iter(masked)
    return bytes(byte if byte in _ANYWHERE else next(left) for byte in raw)


def _masked_damaged(raw: bytes) -> bytes:
    """Mask a damaged sequence, whose fields are unknown. It stays damaged."""
    match = _HEAD.match(_clean(raw), 2)
    if match is None:
        return mask_nips(raw)
    name = match[2]
    if name.decode("ascii") not in PRIVATE:
        masked = mask_nips(raw)
    else:
        # The identifier itself may contain a DLE.
        at = raw.find(name[1:], 3) + 1
        masked = raw[:at] + mask(raw[at:])
    clean = _clean(masked)
    if masked != raw and clean.endswith(b"%c" % ESC + END):
        again = decode(clean[2:-1].rstrip(b"%c" % ESC))
        if isinstance(again, Frame) and again.digits:
            # By chance the check digits fit now.
            masked = re.sub(rb"[0-9A-Fa-f]([^0-9A-Fa-f]*)[0-9A-Fa-f]([^0-9A-Fa-f]*)\Z", rb"x\1x\2", masked)
    return masked


def protocol_doc() -> ProtocolDoc:
    """The tables, for the dissector."""
    words = tuple(
        CommandDoc(name, text, tuple((field, meaning.text) for field, meaning in meanings.items()))
        for name, (text, meanings) in WORDS.items()
    )
    errors = {
        str(code.number): DecodedError(code.name, code.text, code.text_pl)
        for code in (lookup(number) for number in sorted(CODES[Brand.NOVITUS]))
        if code.number
    }
    return ProtocolDoc(words, tuple(_COMMON.items()), errors, lua())
