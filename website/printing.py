"""Carries documents out: a real daemon, and a new emulated printer of every family for each document."""

from __future__ import annotations

import logging
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from fiscald.api.client import Refused
from fiscald.emulator.memory import DailyRecord, Day, Rate
from fiscald.emulator.paper import Printout
from fiscald.emulator.running import EmulatedPrinter
from fiscald.model.problems import Problem
from fiscald.testing import LocalDaemon

#: What the printers hold before: cash for every slip, and reports of October.
CASH = 100_000
#: The key under which a page shows every document.
KEY = "FV/2026/11/0017"
_OLD_RATES: list[Rate] = [Decimal(22), Decimal(7), Decimal(5), Decimal(0), None, None, "exempt"]
_WAIT = 60.0


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one printer did with a document."""

    family: str
    job: dict[str, Any] | None
    """The answer; ``None``: it was refused."""
    refusal: Problem | None
    sheets: tuple[Printout, ...]

    @property
    def done(self) -> bool:
        """Whether the printer carried it out."""
        return self.job is not None and self.job["state"] == "done"


def carry_out(documents: list[dict[str, Any]], family: str) -> list[Outcome]:
    """What a printer of the family does with each document, each time a new printer."""
    logging.getLogger("fiscald").setLevel(logging.ERROR)
    with ExitStack() as stack:
        printers = {
            f"till{number}": stack.enter_context(EmulatedPrinter(family, auto_confirm=True))
            for number in range(1, len(documents) + 1)
        }
        for printer, document in zip(printers.values(), documents, strict=True):
            printer.seed(**_memory(document["type"]))
        daemon = stack.enter_context(LocalDaemon(printers))
        return [
            _outcome(daemon, name, printers[name], document) for name, document in zip(printers, documents, strict=True)
        ]


def _outcome(daemon: LocalDaemon, name: str, printer: EmulatedPrinter, document: dict[str, Any]) -> Outcome:
    try:
        job = daemon.client.submit(f"{KEY}/{name}", name, document, wait=_WAIT)
    except Refused as refused:
        return Outcome(printer.family, None, refused.problem, ())
    answer = job.model_dump(mode="json", by_alias=True) | {"key": KEY, "printer": "till1"}
    return Outcome(printer.family, answer, None, tuple(printer.printouts))


def _memory(kind: str) -> dict[str, Any]:
    """What a printer holds before it gets a document of that type, so that there is something to print."""
    memory: dict[str, Any] = {"cash": CASH}
    if kind in ("monthly_report", "periodic_report"):
        memory["fiscal_memory"] = [_record(number) for number in (1, 2, 3)]
    if kind == "set_vat_rates":
        memory["rates"] = [str(rate) if isinstance(rate, Decimal) else rate for rate in _OLD_RATES]
    return memory


def _record(number: int) -> dict[str, Any]:
    """A daily report of October."""
    moment = datetime(2026, 10, number * 3, 18, 30, tzinfo=UTC)
    day = Day(
        receipts=[12300 * number, 10800, 0, 0, 0, 0, 0], receipt_count=7 + number, last_receipt=7 + number,
        first_sale=moment.replace(hour=8), last_sale=moment.replace(hour=17),
    )  # fmt: skip
    rates: list[Rate] = [Decimal(23), Decimal(8), Decimal(5), Decimal(0), None, None, "exempt"]
    return DailyRecord(number=number, at=moment, rates=rates, day=day).model_dump(mode="json")
