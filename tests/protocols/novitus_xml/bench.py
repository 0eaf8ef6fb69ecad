"""Carrying out a document on the small printer, as the engine does it: with recovery, and again where that is safe."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from pydantic import TypeAdapter

from fiscald.model.documents import Document
from fiscald.protocols.base import (
    Baseline,
    DialogueAborted,
    Held,
    NotPrinted,
    Printed,
    Settings,
    Step,
    Unknown,
    Verdict,
    Wait,
)
from fiscald.protocols.novitus_xml.commands import Request
from fiscald.protocols.novitus_xml.family import FAMILY
from fiscald.protocols.novitus_xml.options import NovitusXmlOptions
from tests.protocols.driving import Journal, NotAnswered, drive
from tests.protocols.novitus_xml.printer import Printer

ADAPTER: TypeAdapter[Document] = TypeAdapter(Document)
#: What the line may do to a step: its bytes, and the printer's answer to them.
Act = Callable[[Step, bytes], bytes]


def document(**content: Any) -> Document:
    return ADAPTER.validate_python(content)


def settings(**options: Any) -> Settings:
    return Settings("till1", NovitusXmlOptions.model_validate(options))


RECEIPT = document(
    type="receipt",
    lines=[
        {"name": "Bułka żytnia", "price": "4.00", "vat": "A", "quantity": "2", "unit": "szt"},
        {"name": "Masło", "price": "8.00", "vat": "5%"},
    ],
    payments=[{"type": "card", "amount": "10.00", "name": "VISA"}, {"type": "cash", "amount": "10.00"}],
    system_number="F/2026/1",
    cashier="Anna",
)


@dataclass
class Bench:
    """One printer and what the engine remembers."""

    printer: Printer = field(default_factory=Printer)
    options: dict[str, Any] = field(default_factory=dict)
    steps: list[Step] = field(default_factory=list)
    paused: Callable[[], None] = lambda: None

    @property
    def settings(self) -> Settings:
        return settings(**self.options)

    def answer(self, step: Step, data: bytes) -> bytes:
        self.steps.append(step)
        return self.printer.answer(data)

    @property
    def executed(self) -> list[str]:
        return self.printer.executed

    def carry_out(
        self,
        doc: Document,
        act: Act | None = None,
        journal: Journal | None = None,
        baseline: Baseline[Any] | None = None,
        printer_id: str | None = None,
    ) -> Verdict:
        """Once. Raises ``NotAnswered`` after silence."""
        dialogue = FAMILY.carry_out(doc, self.settings, printer_id, baseline)
        return drive(
            dialogue, FAMILY.session(self.settings), self.printer.answer, journal=journal,
            between=act or self.answer, paused=self.paused,
        )  # fmt: skip

    def recover(self, doc: Document, journal: Journal, act: Act | None = None) -> Verdict:
        """Once, on a new connection."""
        dialogue = FAMILY.recover(doc, self.settings, journal.checkpoint)
        return drive(
            dialogue, FAMILY.session(self.settings), self.printer.answer, journal=Journal(journal.last),
            between=act or self.answer, paused=self.paused,
        )  # fmt: skip

    def settle(self, doc: Document, act: Act | None = None) -> Verdict:
        """Until there is a verdict that the engine would keep."""
        for _ in range(3):
            journal = Journal()
            verdict: Verdict | None = None
            for attempt in range(4):
                try:
                    if attempt == 0 or journal.last is None:
                        verdict = self.carry_out(doc, act, journal)
                    else:
                        verdict = self.recover(doc, journal, act)
                except (NotAnswered, DialogueAborted):
                    continue
                break
            assert verdict is not None, "it never came to an end"
            settled = verdict
            if not (isinstance(verdict, NotPrinted) and verdict.again) and not isinstance(verdict, Wait | Held):
                return verdict
        return settled


class Lost:
    """The n-th step is lost: its packet (``executed`` false) or the answer to it."""

    def __init__(self, bench: Bench, nth: int, *, executed: bool) -> None:
        self.bench, self.nth, self.executed = bench, nth, executed
        self.seen = 0
        self.step: Step | None = None

    def __call__(self, step: Step, data: bytes) -> bytes:
        self.seen += 1
        if self.seen != self.nth:
            return self.bench.answer(step, data)
        self.step = step
        if self.executed:
            self.bench.answer(step, data)
        raise NotAnswered(step)


def names(steps: list[Step]) -> list[tuple[str, ...]]:
    """The commands of each packet."""
    return [step.command.names for step in steps if isinstance(step.command, Request)]


def count_steps(doc: Document, **options: Any) -> int:
    """How many packets it takes without a fault."""
    bench = Bench(options=options)
    verdict = bench.carry_out(doc)
    assert isinstance(verdict, Printed), verdict
    return len(bench.steps)


def agrees(verdict: Verdict, sheets: int) -> bool:
    """Whether a verdict says the truth about so many printed documents."""
    match verdict:
        case Printed():
            return sheets == 1
        case NotPrinted() | Wait() | Held():
            return sheets == 0
        case Unknown():
            return sheets <= 1
    return False
