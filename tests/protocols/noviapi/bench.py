"""Drives the family's dialogues over the small printer, as the engine does: with a journal, and what is kept."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, TypeVar

from pydantic import TypeAdapter

from fiscald.model.documents import Document
from fiscald.protocols.base import (
    Dialogue,
    DialogueAborted,
    Kept,
    NotPrinted,
    Printed,
    Settings,
    Step,
    Unknown,
    Verdict,
)
from fiscald.protocols.noviapi.family import FAMILY
from tests.protocols.driving import NOON, Journal, drive
from tests.protocols.noviapi.printer import NoviPrinter

T = TypeVar("T")
RECEIPT = {
    "type": "receipt",
    "lines": [
        {"name": "Chleb razowy", "quantity": "2", "unit": "szt", "price": "3.50", "vat": "5%"},
        {"name": "Kawa", "price": "12.00", "vat": "A", "discount": {"percent": "10"}},
    ],
    "payments": [{"type": "card", "amount": "10.00"}, {"type": "cash", "amount": "10.00"}],
    "buyer": {"nip": "5260250274"},
    "cashier": "Anna",
}
INVOICE = {
    "type": "invoice",
    "number": "FV/10/2026",
    "buyer": {"name": "Firma sp. z o.o.", "address": ["ul. Testowa 1", "00-001 Warszawa"], "nip": "5260250274"},
    "lines": [{"name": "Usługa", "price": "123.00", "vat": "A"}],
}
PRINTOUT = {"type": "printout", "title": "Zamówienie 17", "lines": ["Żurek x 2", "", {"rule": True}, "stolik 4"]}
#: One of every type that the family carries out, with the kind of sheet that it makes.
DOCUMENTS: dict[str, tuple[dict[str, Any], str]] = {
    "receipt": (RECEIPT, "receipt"),
    "invoice": (INVOICE, "invoice"),
    "printout": (PRINTOUT, "printout"),
    "daily_report": ({"type": "daily_report"}, "daily_report"),
    "monthly_report": ({"type": "monthly_report", "month": "2026-10"}, "report"),
    "periodic_report": ({"type": "periodic_report", "from": 1, "to": 7}, "report"),
    "cash_in": ({"type": "cash_in", "amount": "200.00"}, "cash"),
    "cash_out": ({"type": "cash_out", "amount": "20.00"}, "cash"),
}


def document(content: dict[str, Any]) -> Any:
    return TypeAdapter(Document).validate_python(content)


#: What a proxy answers in the printer's place.
PAGE = b"HTTP/1.1 %d Page\r\nContent-Type: text/html\r\nContent-Length: %d\r\n\r\n"
HTML = b"<!DOCTYPE html><html><body>Network</body></html>"


class Cut(Exception):
    """The cable was pulled."""


@dataclass
class Bench:
    """One printer, one daemon that may be killed, and what it keeps."""

    printer: NoviPrinter = field(default_factory=NoviPrinter)
    options: dict[str, Any] = field(default_factory=dict)
    clock: datetime = NOON
    paused: Callable[[], None] = lambda: None
    steps: int = 0
    cut_at: int | None = None
    """The number of the exchange at which the cable is pulled."""
    executed: bool = False
    """Whether the printer still gets that request, or the one that a page answers."""
    page_at: int | None = None
    """The number of the exchange that a proxy answers with a page, of ``page_status``."""
    page_status: int = 200

    def __post_init__(self) -> None:
        self.printer.now = lambda: self.clock
        self.settings = Settings("till1", FAMILY.options.model_validate(self.options), Kept())
        self.journal = Journal()

    def drive(self, dialogue: Dialogue[T]) -> T:
        """On a new connection."""

        def between(step: Step, data: bytes) -> bytes:
            self.steps += 1
            if self.steps == self.cut_at:
                if self.executed:
                    self.printer.answer(data)
                session.forget()
                raise Cut
            if self.steps == self.page_at:
                if self.executed:
                    self.printer.answer(data)
                return PAGE % (self.page_status, len(HTML)) + HTML
            return self.printer.answer(data)

        def pause() -> None:
            self.clock += timedelta(seconds=1)
            self.paused()

        session = FAMILY.session(self.settings)
        return drive(
            dialogue, session, lambda data: b"", journal=self.journal, paused=pause, between=between,
            now=lambda: self.clock,
        )  # fmt: skip

    def carry_out(self, content: dict[str, Any], printer_id: str | None = None) -> Verdict:
        """A new document."""
        self.journal = Journal()
        return self.drive(FAMILY.carry_out(document(content), self.settings, printer_id))

    def recover(self, content: dict[str, Any]) -> Verdict:
        """After an interruption: first the status, as on every connection; then the recovery."""
        self.cut_at = self.page_at = None
        self.drive(FAMILY.read_status(self.settings))
        return self.drive(FAMILY.recover(document(content), self.settings, self.journal.checkpoint))

    def printed(self, content: dict[str, Any]) -> Printed:
        """A document that must come out."""
        verdict = self.carry_out(content)
        assert isinstance(verdict, Printed), verdict
        return verdict

    def sheets(self, kind: str) -> int:
        return sum(each == kind for each, _ in self.printer.paper)


def settle(bench: Bench, content: dict[str, Any]) -> Verdict:
    """Carry it out and recover it as often as the engine would: until something is proven."""
    verdict: Verdict
    try:
        verdict = bench.carry_out(content)
    except (Cut, DialogueAborted):
        verdict = NotPrinted(None, again=True) if bench.journal.last is None else bench.recover(content)  # type: ignore[arg-type]
    for _ in range(3):
        if not (isinstance(verdict, NotPrinted) and verdict.again):
            break
        bench.cut_at = None
        verdict = bench.carry_out(content)
    assert isinstance(verdict, Printed | NotPrinted | Unknown), verdict
    return verdict
