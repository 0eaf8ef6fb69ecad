"""An emulated or scripted printer that answers at once, and can be made to fail at a chosen command."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import pytest

from fiscald.model.cash import CashIn, CashOut, GoodsReturn
from fiscald.model.documents import Document
from fiscald.model.receipt import Receipt
from fiscald.protocols.base import Settings, Unknown, Verdict
from fiscald.protocols.thermal.family import FAMILY
from tests.protocols.driving import Journal
from tests.protocols.thermal.scripted import SETTINGS, Till, command_of, drive

RECEIPT = Receipt.model_validate(
    {
        "lines": [{"name": "Kawa", "price": "10.00", "vat": "A"}, {"name": "Bułka", "price": "1.50", "vat": "5%"}],
        "footer": ["Dzięki"],
    }
)
SLIPS: list[Document] = [
    CashIn(amount=Decimal("5.00")),
    CashOut(amount=Decimal("1.00")),
    GoodsReturn(amount=Decimal("1.00")),
]
STEPS = {"daily_report": "#r", "cash_in": "#i", "cash_out": "#d", "goods_return": "#z"}


class LineLost(Exception):
    """The line broke."""


class Bench:
    """A printer that answers at once, and can be made to fail at a chosen command."""

    def __init__(self, till: Till | None = None, settings: Settings = SETTINGS) -> None:
        self.till = till or Till()
        self.settings = settings
        self.asked: list[str] = []
        self.journal = Journal()

    def answer(self, data: bytes) -> bytes:
        self.asked.append(command_of(data))
        return self.till.answer(data)

    def carry_out(
        self,
        document: Document,
        *,
        printer_id: str | None = None,
        answer: Callable[[str, bytes], bytes] | None = None,
        paused: Callable[[], None] = lambda: None,
    ) -> Verdict:
        """``answer``: what comes between us and the printer, told the name of every command."""
        self.journal = Journal()
        between = self.answer if answer is None else lambda data: answer(command_of(data), data)
        steps = FAMILY.carry_out(document, self.settings, printer_id)
        return drive(steps, between, journal=self.journal, paused=paused)

    def break_off(self, document: Document, stop: str, *, executed: bool, nth: int = 1) -> bool:
        """Carry out until the n-th such command after the evidence, and lose the line there. Whether committing."""
        left = nth

        def answer(name: str, data: bytes) -> bytes:
            nonlocal left
            left -= self.journal.last is not None and name == stop
            if not left:
                if executed:
                    self.answer(data)
                raise LineLost
            return self.answer(data)

        with pytest.raises(LineLost):
            self.carry_out(document, answer=answer)
        return self.journal.committing

    def recover(self, document: Document, *, paused: Callable[[], None] = lambda: None) -> Verdict:
        steps = FAMILY.recover(document, self.settings, self.journal.checkpoint)
        return drive(steps, self.answer, journal=self.journal, paused=paused)

    @property
    def names(self) -> list[str]:
        """Identifiers of what was sent, questions apart."""
        return [payload.lstrip(b"0123456789;")[:2].decode() for payload in self.till.sent]


def cause(verdict: Verdict) -> str:
    assert isinstance(verdict, Unknown), verdict
    return str((verdict.problem.model_extra or {})["cause"])
