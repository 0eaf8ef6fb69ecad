"""The receipt of the measurements, and what a naive program sends to print it."""

from __future__ import annotations

from typing import Any, NamedTuple

from fiscald.emulator.device import Device
from fiscald.emulator.running import build
from fiscald.model.receipt import Receipt
from fiscald.protocols import family as find_family
from fiscald.protocols.base import Answer, Effect, Settings, Step
from fiscald.protocols.driving import drive_sync

#: The families that are measured, as the rows call them. The Novitus families have no goals yet.
TITLES = {"posnet": "POSNET", "thermal": "Thermal"}
FAMILIES = tuple(TITLES)

#: ``3 #e``: a Thermal printer answers every command, and shows no error on its display.
_ANSWER_MODE = b"\x1bP3#e"


def receipt(lines: int = 10) -> dict[str, Any]:
    """A receipt with so many lines."""
    return {
        "type": "receipt",
        "lines": [
            {"name": f"Towar wzorcowy nr {number}", "quantity": "2", "price": "12.34", "vat": "ABCD"[number % 4]}
            for number in range(lines)
        ],
    }


class Exchange(NamedTuple):
    """A command and its answer."""

    sent: bytes
    answer: bytes
    is_question: bool
    """Whether it changes nothing on the printer: part of the evidence, not of the document."""


def conversation(family: str, document: dict[str, Any], device: Device | None = None) -> list[Exchange]:
    """Everything that passes the line when fiscald prints a document on a printer that it does not know yet."""
    printer = device or build(family)[0]
    known = find_family(family)
    settings = Settings("till0", known.options())
    session = known.session(settings)
    found: list[Exchange] = []

    def exchange(step: Step) -> Any:
        data = session.send(step.command)
        printer.receive(data, 0.0)
        answer = printer.poll(0.0)
        found.append(Exchange(data, answer, step.effect is Effect.QUERY))
        return next(event.reply for event in session.receive(answer) if isinstance(event, Answer))

    drive_sync(known.carry_out(Receipt.model_validate(document), settings, None), exchange, lambda _: None)
    return found


def naive(family: str, document: dict[str, Any]) -> list[Exchange]:
    """What a program sends that keeps no evidence: the opening, the lines, the payment and the closing."""
    return [exchange for exchange in conversation(family, document) if not exchange.is_question]


def greeting(family: str) -> list[Exchange]:
    """What every program sends once after it has connected: how a Thermal printer shall answer commands."""
    return [exchange for exchange in conversation(family, receipt(1)) if exchange.sent.startswith(_ANSWER_MODE)]


def size(exchanges: list[Exchange]) -> int:
    """Bytes on the line."""
    return sum(len(exchange.sent) + len(exchange.answer) for exchange in exchanges)
