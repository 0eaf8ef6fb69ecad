"""An emulated or scripted printer that answers at once, and can be made to fail at a chosen command."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import pytest

from fiscald.model.cash import CashIn, CashOut, GoodsReturn
from fiscald.model.documents import Document
from fiscald.model.printout import Printout
from fiscald.model.receipt import Receipt
from fiscald.protocols.base import Settings, Verdict
from fiscald.protocols.posnet.family import FAMILY
from tests.emulator.posnet.talking import Talk
from tests.protocols import settings as settings_of
from tests.protocols.driving import Journal
from tests.protocols.posnet.scripted import drive, payload

SETTINGS = settings_of.posnet(profile="online")
RECEIPT = Receipt.model_validate(
    {
        "lines": [{"name": "Kawa", "price": "10.00", "vat": "A"}, {"name": "Bułka", "price": "1.50", "vat": "5%"}],
        "footer": ["Dzięki"],
    }
)
PLAIN = RECEIPT.model_copy(update={"footer": ()})
PRINTOUT = Printout.model_validate(
    {"title": "Zamówienie 17", "lines": ["Żurek x 2", "", {"rule": True}, "stolik 4"], "barcode": "Z17"}
)
SLIPS: list[Document] = [
    CashIn(amount=Decimal("5.00")),
    CashOut(amount=Decimal("1.00")),
    GoodsReturn(amount=Decimal("1.00")),
]
NU = "EMU 0000000001"


class Bench:
    """A printer that answers at once, and can be made to fail at a chosen command."""

    def __init__(self, talk: Talk | None = None) -> None:
        self.talk = talk or Talk()
        self.sent: list[str] = []
        self.journal = Journal()

    def answer(self, data: bytes) -> bytes:
        self.sent.append(payload(data).replace("\t", "|"))
        self.talk.printer.receive(data, 0.0)
        return self.talk.printer.poll(0.0)

    def carry_out(self, document: Document, *, printer_id: str | None = None, settings: Settings = SETTINGS) -> Verdict:
        self.journal = Journal()
        return drive(FAMILY.carry_out(document, settings, printer_id), self.answer, journal=self.journal)

    def break_off(
        self, document: Document, stop: Callable[[str], bool], *, executed: bool, settings: Settings = SETTINGS
    ) -> bool:
        """Carry out until a command for which ``stop`` is true, and lose the line around it. Whether committing."""
        self.journal = Journal()

        def answer(data: bytes) -> bytes:
            if self.journal.last and stop(payload(data).split("\t")[0]):
                if executed:
                    self.answer(data)
                raise LineLost
            return self.answer(data)

        with pytest.raises(LineLost):
            drive(FAMILY.carry_out(document, settings, None), answer, journal=self.journal)
        return self.journal.committing

    def recover(
        self, document: Document, *, settings: Settings = SETTINGS, paused: Callable[[], None] = lambda: None
    ) -> Verdict:
        steps = FAMILY.recover(document, settings, self.journal.checkpoint)
        return drive(steps, self.answer, journal=self.journal, paused=paused)


def _ignore(_: object) -> None:
    """For lambdas."""


class LineLost(Exception):
    """The line broke."""
