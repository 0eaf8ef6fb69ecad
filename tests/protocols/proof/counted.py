"""What the printer of a family that does not exist says about itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from fiscald.model.problems import Problem, problem
from fiscald.protocols.base import FamilyOptions, Look, Settings

SETTINGS = Settings("till1", FamilyOptions())
REFUSAL = problem("printer.refused", reason="no", reason_pl="nie", device_code="7", extra={"pointer": "/document"})
BUSY = problem("printer.busy", reason="it works")
DUE = problem("printer.report_due", reason="a report")


class Counted(Look):
    n: int
    id: str = "ABC1"

    @property
    def printer_id(self) -> str:
        return self.id


BEFORE, AFTER = Counted(n=1), Counted(n=2)


@dataclass
class Baseline:
    look: Counted = BEFORE
    printer_id: str = "ABC1"
    fiscal: bool = True
    transaction_open: bool = False
    standing: Problem | None = None


@dataclass
class CounterDelta:
    now: Counted = AFTER
    reports: int = 0
    completed: int = 0
    cancelled: int = 0
    sales: int | None = 0
    cancelled_value: int | None = 0
    uncounted: bool = False
    then: Counted = BEFORE
    comparable: bool = True

    LOWER: ClassVar[str] = "lower"
