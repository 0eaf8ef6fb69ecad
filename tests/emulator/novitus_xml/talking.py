"""Talking to an emulated Novitus printer in XML: elements without a packet around them."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from datetime import datetime
from typing import Any
from unittest.mock import patch

import fiscald.protocols
from fiscald.emulator.memory import RegisterState
from fiscald.emulator.novitus_xml import FACTORY
from fiscald.emulator.novitus_xml.device import XmlPrinter
from fiscald.emulator.register import Register
from fiscald.protocols.novitus_elements import Element, read_elements
from fiscald.protocols.novitus_packets import Deframer, Dialect, Packet, encode_packet

AT = "2026-07-15T10:42:00+02:00"
SILENT = '<error action="set" value="silent"/>'
ERROR = '<error action="get" value=""/>'
BEGIN, CLOSE = '<receipt action="begin"/>', '<receipt action="close" total="2.00"/>'
WATER = '<item name="Woda" quantity="1" ptu="A" price="2.00"/>'
SALE = BEGIN + WATER + CLOSE


class Talk:
    """A printer with a frozen clock, in the mode ``silent``; ``time`` is what its port is given."""

    def __init__(
        self, at: str = AT, *, state: RegisterState | None = None, silent: bool = True, **options: Any
    ) -> None:
        self.moment = datetime.fromisoformat(at)
        self.register = Register(state, clock=lambda: self.moment)
        self.printer: XmlPrinter = FACTORY(self.register, **options)
        self.time = 0.0
        if silent:
            self.raw(packet(SILENT))

    def raw(self, data: bytes) -> bytes:
        self.printer.receive(data, self.time)
        return self.printer.poll(self.time)

    def send(self, elements: str) -> bytes:
        return self.raw(packet(elements))

    def replies(self, elements: str) -> list[Element]:
        return read(self.send(elements))

    def ask(self, elements: str) -> Element:
        (reply,) = self.replies(elements)
        return reply

    def error(self, elements: str = "") -> int:
        """The number of the last error, asked in the same packet."""
        return int(self.ask(elements + ERROR).get("value") or "")

    def follow(self, *elements: str) -> None:
        """All of them succeed."""
        for each in elements:
            assert self.error(each) == 0, each

    @property
    def enq(self) -> dict[str, str]:
        return dict(self.ask("<enq/>").attributes)

    @property
    def paper(self) -> str:
        return self.register.printouts[-1].text

    @property
    def kinds(self) -> list[str]:
        return [sheet.kind for sheet in self.register.printouts]


def packet(elements: str, *, crc: bool = True, dialect: Dialect = Dialect.ENGLISH) -> bytes:
    return encode_packet(elements.encode("cp1250"), crc=crc, dialect=dialect)


def read(data: bytes) -> list[Element]:
    found = list(Deframer().feed(data))
    assert all(isinstance(each, Packet) and each.crc is not None for each in found)
    return [element for each in found for element in read_elements(each.body)]


@contextlib.contextmanager
def joined() -> Iterator[None]:
    """For as long, the family is one that emulated printers can be of, whether or not it has its line in ``FAMILIES``."""
    registered = fiscald.protocols.FAMILIES
    every = tuple(dict.fromkeys((*registered, "novitus-xml")))
    with contextlib.ExitStack() as stack:
        for name, module in list(sys.modules.items()):
            if name.startswith("fiscald.") and getattr(module, "FAMILIES", None) == registered:
                stack.enter_context(patch.object(module, "FAMILIES", every))
        yield
