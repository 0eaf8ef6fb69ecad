"""The language of the XML face: one element after another, with their flags and replies.

Source: Novitus XML reference, chapters 3, 5 and 6.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

from fiscald.emulator.device import Display
from fiscald.emulator.faults import Faults, Switch
from fiscald.emulator.novitus.core import Core
from fiscald.emulator.novitus.refusals import BAD_PARAMETER, BY_KEY, UNKNOWN, NeedsConfirmation, NovitusError
from fiscald.emulator.novitus_xml import not_emulated
from fiscald.emulator.novitus_xml.polish import from_polish, to_polish
from fiscald.protocols.novitus_elements import Element, NotElements, read_elements, write_reply
from fiscald.protocols.novitus_packets import Dialect, Packet, encode_packet

MODEL, FIRMWARE = "POINT EMU", "1.01"
#: Conditions in which nothing is carried out; ``dle`` alone is answered (5.1, 6.1).
OFFLINE = (Switch.PAPER_OUT, Switch.COVER, Switch.LEVER, Switch.MENU, Switch.MECHANISM)
#: The elements of which an attribute says what they do.
_BY_ATTRIBUTE: dict[str, str] = {
    **dict.fromkeys(
        (
            "receipt", "invoice", "info", "deviceinfo", "error", "taxrates", "config", "cash", "cashier",
            "header_online", "header", "control", "graphic", "paper", "drawercounter", "fiscalmemory", "usb",
            "serweraddr", "updatelog", "processlog", "log", "animation", "dbcheck", "currency", "fiscalization",
            "service", "producer",
        ),
        "action",
    ),
    "report": "type",
}  # fmt: skip
Handler = Callable[["Machine", Element], Element | None]
"""Carries out one element; the reply of a query. Raises ``NovitusError``, ``RegisterError``, ``NeedsConfirmation``."""
#: Elements that leave the flags of the last command as they are (5.1, 5.2).
_KEEP_FLAGS = frozenset(("dle", "enq", "error get"))


@dataclass
class Outcome:
    """What came of one element."""

    reply: Element | None = None
    display: Display | None = None
    """An error is on the display, and everything waits for a key."""


class Machine:
    """A Novitus printer that reads elements, without its port."""

    def __init__(self, core: Core, faults: Faults, handlers: Mapping[str, Handler]) -> None:
        self.core = core
        self.faults = faults
        self._handlers = handlers
        #: Called for every command that is refused as unknown, with what it does on printers that know it.
        self.unknown_command: Callable[[str, str | None], None] = lambda _name, _meaning: None
        #: An error stops nothing. After power-on it is off (our assumption).
        self.silent = False
        #: The next record of the fiscal memory that is read out.
        self.record = 0
        #: A picture that arrives in pieces, and the place of the next piece of one that is read.
        self.graphic: tuple[int, str] = (0, "")
        self.graphic_read: tuple[int, int] = (0, 0)

    def reset(self) -> None:
        """Power was lost."""
        self.silent, self.record, self.graphic, self.graphic_read = False, 0, (0, ""), (0, 0)

    @property
    def commands(self) -> frozenset[str]:
        """The names of the commands that it knows."""
        return frozenset(self._handlers)

    def execute(self, element: Element) -> Outcome:
        """Carry out one element. Raises ``NeedsConfirmation``."""
        name = name_of(element)
        handler = self._handlers.get(name)
        try:
            if handler is None:
                self.core.carry_out(lambda: self._refuse(element, name))
                return Outcome()
            if name in _KEEP_FLAGS:
                return Outcome(handler(self, element))
            return Outcome(self.core.carry_out(lambda: handler(self, element)))
        except NovitusError as error:
            return self.refused(name, error.number)

    def refused(self, name: str, number: int) -> Outcome:
        """What an error does: in the mode ``display`` the printer stops until a key is pressed (5.2)."""
        if self.silent:
            return Outcome()
        return Outcome(display=Display(f"Błąd {number}: {name}", f'error {number} of the command "{name}"; any key'))

    def _refuse(self, element: Element, name: str) -> None:
        meaning = not_emulated.meaning(name)
        self.unknown_command(name, meaning)
        known = element.name in _BY_ATTRIBUTE and meaning is None
        raise NovitusError(BAD_PARAMETER if known else UNKNOWN)

    def not_built(self, name: str, meaning: str) -> NovitusError:
        """A known command in a form that is not emulated; the error to raise."""
        self.unknown_command(name, meaning)
        return NovitusError(BAD_PARAMETER)

    # -- whole packets --------------------------------------------------------------------------------

    @staticmethod
    def elements(packet: Packet) -> tuple[Element, ...]:
        """The elements of a packet in English. Raises ``NotElements``.

        Of several spaces in a text one stays; ``&#32;`` is another one (3.5).
        """
        elements = read_elements(_TEXTS(_one_space, packet.body))
        return elements if packet.dialect is Dialect.ENGLISH else tuple(map(from_polish, elements))

    @staticmethod
    def reply(element: Element, dialect: Dialect) -> bytes:
        """One reply, in the language of the request; always with a checksum."""
        element = _writable(element)
        translated = element if dialect is Dialect.ENGLISH else to_polish(element)
        return encode_packet(write_reply((translated,)), dialect=dialect)

    def carry_out(self, packet: Packet) -> bytes:
        """A packet at once, without a port: the replies behind each other. No error stops the printer.

        For another face that passes packets on. A question at the keyboard counts as refused.
        """
        try:
            elements = self.elements(packet)
        except NotElements:
            self.core.fail(UNREADABLE)
            return b""
        replies = b""
        for element in elements:
            try:
                reply = self.execute(element).reply
            except NeedsConfirmation:
                self.core.fail(BY_KEY)
            else:
                replies += b"" if reply is None else self.reply(reply, packet.dialect)
        return replies


_TEXTS = re.compile(rb">[^<]+<").sub
_SPACES = re.compile(rb" {2,}").sub


def _one_space(found: re.Match[bytes]) -> bytes:
    return _SPACES(b" ", found[0])


#: The error of a packet that is none (our assumption).
UNREADABLE: Literal[1023] = 1023


def name_of(element: Element) -> str:
    """What a fault calls the command: the element, and the word that says what it does."""
    attribute = _BY_ATTRIBUTE.get(element.name)
    word = "" if attribute is None else (element.get(attribute) or "").strip().lower()
    return f"{element.name} {word}".strip()


def element_of(command: str, values: Mapping[str, str]) -> Element:
    """The other way round: an element with these attributes."""
    name, _, word = command.partition(" ")
    first = ((_BY_ATTRIBUTE[name], word),) if word else ()
    return Element(name, (*first, *values.items()))


def _writable(element: Element) -> Element:
    """With a question mark for what the code page lacks; a seeded header may hold it."""
    return Element(
        element.name,
        tuple((name, _in_page(value)) for name, value in element.attributes),
        tuple(map(_writable, element.children)),
        _in_page(element.text),
    )


def _in_page(text: str) -> str:
    text = "".join(char if char in "\t\n\r" or char >= " " else " " for char in text)
    return text.encode("cp1250", "replace").decode("cp1250")
