"""The elements of the Novitus XML language and their bytes: written by escaping, read by expat.

Bytes are windows-1250 (chapter 4.1). There is no XML declaration, so a parser never gets bytes here. A document type,
an entity and a processing instruction are refused: no printer sends one, and they are what makes XML dangerous.

Source: Novitus reference, sections 3.4, 3.5 and 4.1.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable
from typing import NamedTuple
from xml.parsers import expat

#: The most elements in one packet, and how deep they may stand in each other. The longest known packet has a line per
#: element (5000 bytes, 3.1); replies with a list of sold lines have two levels more (5.11).
MAX_ELEMENTS, MAX_DEPTH = 4096, 8


def _code_page() -> str:
    """windows-1250. The five bytes without a character are the control characters of the same number, as browsers do
    it, so that bytes survive reading and writing.
    """
    return "".join(
        bytes((byte,)).decode("cp1250") if byte not in (0x81, 0x83, 0x88, 0x90, 0x98) else chr(byte)
        for byte in range(256)
    )


_DECODING = _code_page()
_ENCODING = codecs.charmap_build(_DECODING)

_MARKUP = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}
#: An attribute's end, and what a parser would read as a space.
_IN_ATTRIBUTES = _MARKUP | {'"': "&quot;", "\t": "&#x9;", "\n": "&#xA;", "\r": "&#xD;", "\x7f": "&#x7F;"}
_IN_TEXT = _MARKUP | {"\r": "&#xD;", "\x7f": "&#x7F;"}
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]").search
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*").fullmatch
_SPACES = re.compile("(?<= ) ")


class Element(NamedTuple):
    """One element. It has a text or children; space between children says nothing."""

    name: str
    attributes: tuple[tuple[str, str], ...] = ()
    children: tuple[Element, ...] = ()
    text: str = ""

    def get(self, name: str, default: str | None = None) -> str | None:
        """The value of an attribute."""
        return next((value for each, value in self.attributes if each == name), default)

    def all(self, name: str) -> tuple[Element, ...]:
        """The children with that name."""
        return tuple(child for child in self.children if child.name == name)


class NotElements(ValueError):
    """Bytes that are not a sequence of elements; ``str`` says why."""


def element(tag: str, /, *children: Element, text: str = "", **attributes: str | None) -> Element:
    """An element with those attributes, in that order, without those that are ``None``."""
    given = tuple((name, value) for name, value in attributes.items() if value is not None)
    return Element(tag, given, children, text)


# -- writing --------------------------------------------------------------------------------------------


def write_elements(elements: Iterable[Element]) -> bytes:
    """Elements as a request has them: one line, nothing between them.

    Raises ``ValueError`` for a name that is none, a control character, and a character that windows-1250 lacks.
    """
    return _encoded("".join(map(_request, elements)))


def write_reply(elements: Iterable[Element]) -> bytes:
    """Elements as the printer writes them: a space before ``/>``, each child on its own line, and LF behind (3.4)."""
    return _encoded("".join(f"{_reply(each, '')}\n" for each in elements))


def _encoded(text: str) -> bytes:
    if found := _CONTROL(text):
        raise ValueError(f"the character {found[0]!r} cannot stand in XML")
    try:
        return codecs.charmap_encode(text, "strict", _ENCODING)[0]
    except UnicodeEncodeError as error:
        raise ValueError(f"windows-1250 has no {error.object[error.start]!r}") from None


def _opening(one: Element) -> str:
    if not all(map(_NAME, (one.name, *(name for name, _ in one.attributes)))):
        raise ValueError(f"not a name of an element or attribute in {one.name!r}")
    return f"<{one.name}" + "".join(f' {name}="{_escaped(value, _IN_ATTRIBUTES)}"' for name, value in one.attributes)


def _escaped(value: str, table: dict[str, str]) -> str:
    return "".join(table.get(char, char) for char in value)


def _text(one: Element) -> str:
    """The text. The printer prints several spaces as one, unless all but the first are written as numbers (3.5)."""
    return _SPACES.sub("&#32;", _escaped(one.text, _IN_TEXT))


def _request(one: Element) -> str:
    inside = "".join(map(_request, one.children)) or _text(one)
    return f"{_opening(one)}>{inside}</{one.name}>" if inside else f"{_opening(one)}/>"


def _reply(one: Element, indent: str) -> str:
    if one.children:
        lines = "".join(f"{_reply(child, indent + ' ')}\n" for child in one.children)
        return f"{indent}{_opening(one)}>\n{lines}{indent}</{one.name}>"
    text = _text(one)
    return f"{indent}{_opening(one)}" + (f">{text}</{one.name}>" if text else " />")


# -- reading --------------------------------------------------------------------------------------------


def decode_text(data: bytes) -> str:
    """The text of ``data`` in windows-1250. Every byte has a character."""
    return codecs.charmap_decode(data, "strict", _DECODING)[0]


def read_elements(body: bytes) -> tuple[Element, ...]:
    """The elements in the body of a packet. Raises ``NotElements``."""
    return _Reader().read(decode_text(body))


class _Reader:
    """Collects elements while expat reads."""

    def __init__(self) -> None:
        self._stack: list[tuple[str, tuple[tuple[str, str], ...], list[Element], list[str]]] = []
        self._root: tuple[Element, ...] = ()
        self._count = 0

    def read(self, text: str) -> tuple[Element, ...]:
        parser = expat.ParserCreate()
        parser.ordered_attributes = True
        parser.buffer_text = True
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._data
        parser.StartDoctypeDeclHandler = self._refuse
        parser.EntityDeclHandler = self._refuse
        parser.ProcessingInstructionHandler = self._refuse
        try:
            parser.Parse(f"<packet>{text}</packet>", True)
        except expat.ExpatError as error:
            raise NotElements(f"not XML: {expat.ErrorString(error.code)}, column {error.offset}") from None
        return self._root

    def _start(self, name: str, attributes: list[str]) -> None:
        self._count += 1
        if len(self._stack) > MAX_DEPTH:
            raise NotElements(f"more than {MAX_DEPTH} elements in each other")
        if self._count > MAX_ELEMENTS + 1:
            raise NotElements(f"more than {MAX_ELEMENTS} elements")
        self._stack.append((name, tuple(zip(attributes[::2], attributes[1::2], strict=True)), [], []))

    def _end(self, _name: str) -> None:
        name, attributes, children, texts = self._stack.pop()
        text = "".join(texts)
        if not self._stack:
            if text.strip():
                raise NotElements(f"text between the elements: {text.strip()[:20]!r}")
            self._root = tuple(children)
            return
        if children and text.strip():
            raise NotElements(f"text and elements in one {name!r}")
        self._stack[-1][2].append(Element(name, attributes, tuple(children), "" if children else text))

    def _data(self, text: str) -> None:
        self._stack[-1][3].append(text)

    def _refuse(self, *_: object) -> None:
        raise NotElements("a document type, an entity or an instruction is no part of this language")
