"""Decodes a line to a Novitus printer for people: every packet, attribute and error by its name.

A frame is a packet, whole or damaged, or the bytes between two packets. Its name is that of its commands; a field is an
attribute of an element, named ``item.name``, or the text of one, named by the element.

Source: Novitus reference, sections 3.1 to 3.4 and 5.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator, Sequence

from fiscald.model.privacy import mask, mask_personal
from fiscald.protocols.base import Effect
from fiscald.protocols.decoding import CommandDoc, DecodedError, DecodedField, DecodedFrame, Direction, ProtocolDoc
from fiscald.protocols.novitus_elements import Element, NotElements, decode_text, read_elements
from fiscald.protocols.novitus_errors import CODES, Code, lookup
from fiscald.protocols.novitus_packets import MAX_BODY, MAX_TAG, BadPacket, Deframer
from fiscald.protocols.novitus_xml.commands import COMMANDS, error_number, find, name_of
from fiscald.protocols.novitus_xml.lua import LUA
from fiscald.protocols.novitus_xml.words import WORDS, Meaning

_OPENS = re.compile(rb"<(?:packet|pakiet)(?=[\s/>])")
_EMPTY = re.compile(rb"<(?:packet|pakiet)(?:\s[^<>]*)?/>")
#: The end of a packet; or the beginning of the next one, which means that the end is lost.
_NEXT = re.compile(rb"(</(?:packet|pakiet)\s{0,4}>)|<(?:packet|pakiet)(?=[\s/>])")
#: After this many bytes without an end, the bytes are no packet.
_LONGEST = MAX_BODY + MAX_TAG
#: What may be the beginning of an opening tag, at the end of the bytes.
_PARTIAL = re.compile(rb"<(?:p(?:a(?:c(?:k(?:e(?:t)?)?)?|k(?:i(?:e(?:t)?)?)?)?)?)?\Z")
_NAMES_SHOWN = 3

_TAG = re.compile(rb"""<([A-Za-z_][\w.-]*)((?:\s+[A-Za-z_][\w.-]*\s*=\s*(?:"[^"]*"|'[^']*'))*)\s*/?>([^<]*)""")
_ATTRIBUTE = re.compile(rb"""([A-Za-z_][\w.-]*)(\s*=\s*["'])([^"']*)""")
_REFERENCE = re.compile(rb"(&[^;&]{1,8};)")
_CRC = re.compile(rb"""(crc\s*=\s*["'])([0-9A-Fa-f]{8})(["'])""")
#: Attributes with ten digits that identify the printer and must stay.
_KEPT = frozenset({"uniqueno"})


class NovitusXmlDecoder:
    """See ``fiscald.protocols.decoding.Decoder``."""

    def __init__(self) -> None:
        self._rest = dict.fromkeys(Direction, b"")

    def feed(self, direction: Direction, data: bytes) -> Sequence[DecodedFrame]:
        """The frames that ``data`` completes."""
        pieces, self._rest[direction] = _cut(self._rest[direction] + data)
        return [_named(direction, piece) for piece in pieces]

    def end(self, direction: Direction) -> Sequence[DecodedFrame]:
        """The unfinished frame, as a damaged one."""
        rest, self._rest[direction] = self._rest[direction], b""
        return [_named(direction, rest)] if rest else []


def _cut(data: bytes) -> tuple[list[bytes], bytes]:
    """The pieces of ``data``, and the unfinished rest."""
    pieces: list[bytes] = []
    at = 0
    while at < len(data):
        opening = _OPENS.search(data, at)
        if opening is None:
            # The beginning of a tag waits for its end.
            partial = _PARTIAL.search(data, at)
            rest = partial.start() if partial else len(data)
            if rest > at:
                pieces.append(data[at:rest])
            return pieces, data[rest:]
        if opening.start() > at:
            pieces.append(data[at : opening.start()])
        at = opening.start()
        stop = _end(data, at)
        if stop is None:
            return pieces, data[at:]
        pieces.append(data[at:stop])
        at = stop
    return pieces, b""


def _end(data: bytes, start: int) -> int | None:
    """Where the packet that begins at ``start`` ends, or the next one begins; ``None``: that is still to come."""
    empty = _EMPTY.match(data, start)
    if empty is not None:
        return empty.end()
    found = _NEXT.search(data, start + 1)
    if found is not None:
        return found.end() if found[1] else found.start()
    return None if len(data) - start <= _LONGEST else len(data)


def _named(direction: Direction, raw: bytes) -> DecodedFrame:
    if _OPENS.match(raw) is None:
        return DecodedFrame(raw, mask_personal(raw), damage="bytes outside of a packet")
    found = list(Deframer().feed(raw))
    if not found:
        return DecodedFrame(raw, _masked(raw), damage="the packet has no end")
    packet = found[0]
    if isinstance(packet, BadPacket):
        return DecodedFrame(raw, _masked(raw), damage=f"a packet, but {packet.fault}")
    masked = _with_checksum(_masked(raw)) if packet.crc is not None else _masked(raw)
    try:
        elements = read_elements(packet.body)
    except NotElements as error:
        return DecodedFrame(raw, masked, damage=str(error))
    # Lines that share a packet have the name of one.
    names = list(dict.fromkeys(name_of(one) for one in _executing(elements)))
    shown = ", ".join(names[:_NAMES_SHOWN])
    more = len(names) - _NAMES_SHOWN
    row = COMMANDS.get(names[0]) if names else None
    return DecodedFrame(
        raw,
        masked,
        f"{shown} and {more} more" if more > 0 else shown or "empty",
        row.meaning if row else "",
        tuple(field for one in elements for field in _fields(one)),
        next(filter(None, map(_error, elements)), None),
        text=decode_text(raw),
        effect=_effect(elements) if direction is Direction.SENT else None,
        silent=direction is Direction.SENT and not any(row.answered for one in elements if (row := find(one))),
    )


def _executing(elements: Sequence[Element]) -> Sequence[Element]:
    """Without the trailing question behind other elements."""
    if len(elements) > 1 and name_of(elements[-1]) == "error get":
        return elements[:-1]
    return elements


def _effect(elements: Sequence[Element]) -> Effect | None:
    """The strongest effect of the elements; ``None`` if one of them is unknown."""
    rows = [find(one) for one in elements]
    effects = [row.effect for row in rows if row is not None]
    return max(effects, key=list(Effect).index) if effects and None not in rows else None


def _error(one: Element) -> DecodedError | None:
    number = error_number(one) if one.name == "error" else None
    return _decoded_error(lookup(number)) if number else None


def _decoded_error(code: Code) -> DecodedError:
    return DecodedError(str(code.number), code.text, code.text_pl)


def _fields(one: Element) -> Iterator[DecodedField]:
    for name, text in one.attributes:
        meaning = _meaning(one.name, name)
        yield DecodedField(f"{one.name}.{name}", text, text, meaning.text, meaning.volatile)
    if one.text.strip():
        meaning = _meaning(one.name, "")
        yield DecodedField(one.name, one.text, one.text, meaning.text, meaning.volatile)
    for child in one.children:
        yield from _fields(child)


def _meaning(tag: str, name: str) -> Meaning:
    return WORDS.get((tag, name), Meaning(""))


# -- personal data --------------------------------------------------------------------------------------


def _masked(raw: bytes) -> bytes:
    """With personal data masked, with the same length. The checksum is not changed."""
    return _TAG.sub(lambda match: _masked_tag(match[0], match[1].decode("ascii"), match[3]), raw)


def _masked_tag(whole: bytes, tag: str, text: bytes) -> bytes:
    opening = whole[: len(whole) - len(text)]

    def attribute(match: re.Match[bytes]) -> bytes:
        name = match[1].decode("ascii")
        return match[1] + match[2] + _masked_value(match[3], _meaning(tag, name), kept=name in _KEPT)

    if tag not in ("packet", "pakiet"):
        opening = _ATTRIBUTE.sub(attribute, opening)
    return opening + _masked_value(text, _meaning(tag, ""), kept=False)


def _masked_value(value: bytes, meaning: Meaning, *, kept: bool) -> bytes:
    """References like ``&amp;`` stay, so that the masked packet is still one."""
    if kept:
        return value
    hide = mask if meaning.private else mask_personal
    return b"".join(part if part.startswith(b"&") else hide(part) for part in _REFERENCE.split(value))


def _with_checksum(raw: bytes) -> bytes:
    """With the checksum of its body."""
    opening = raw.index(b">") + 1
    body = raw[opening : raw.rindex(b"</")] if not raw[:opening].endswith(b"/>") else b""
    tag = _CRC.sub(lambda match: match[1] + b"%08X" % zlib.crc32(body) + match[3], raw[:opening])
    return tag + raw[opening:]


def protocol_doc() -> ProtocolDoc:
    """The tables, for the dissector."""
    common = tuple((f"{tag}.{name}" if name else tag, meaning.text) for (tag, name), meaning in WORDS.items())
    return ProtocolDoc(
        tuple(CommandDoc(row.name, row.meaning, ()) for row in COMMANDS.values()),
        common,
        {str(code.number): _decoded_error(code) for code in CODES.values()},
        LUA,
    )
