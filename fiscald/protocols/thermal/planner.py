"""The parts of the planner of a Thermal receipt: the printer's limits, the commands, the errors."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, NamedTuple

from fiscald.model.money import format_grosze
from fiscald.protocols.planning import Item, PlanBuilder, TextKind
from fiscald.protocols.rates import Rates
from fiscald.protocols.thermal.commands import Request, request, text_limit
from fiscald.protocols.thermal.fields import AMOUNT
from fiscald.protocols.thermal.layouts import RATE_LETTERS
from fiscald.protocols.thermal.profiles import Profile


@dataclass(slots=True)
class Plan(PlanBuilder):
    """A receipt, ready to send; or the errors (``errors``). ``total`` is after the discount of the whole receipt."""

    items: list[Item[Request]] = field(default_factory=list)
    """Everything before the closing command, in order."""
    close: Request | None = None
    running: list[list[int]] = field(default_factory=lambda: [[0] * len(RATE_LETTERS)])
    """The printer's totals by rate, in grosze, before the first line and after each line."""
    lines_total: int = 0
    """The sum of the lines, in grosze: ``TOTAL``."""

    def holds(self, totals: list[int]) -> bool:
        """Whether an open receipt with these totals by rate can be this one, with some of its lines."""
        return totals in self.running or sum(totals) == self.total

    def ends_with(self, totals: list[int]) -> bool:
        """Whether a closed receipt with these totals by rate can be this one."""
        return totals == self.running[-1] or sum(totals) == self.total


class Form(NamedTuple):
    """A payment that is not cash: form, amount, name."""

    number: int
    amount: int
    name: str


class Planner:
    """The printer's limits, and the plan so far."""

    def __init__(self, profile: Profile, code_page: str, rates: Rates | None, printer_id: str | None) -> None:
        self.profile = profile
        self.brand = profile.brand
        self.code_page = code_page
        self.rates = rates
        self.printer_id = printer_id
        self.most = AMOUNT.most(profile.brand)
        self.too_much = f"more than {format_grosze(self.most)}, the most this printer takes"
        self.plan = Plan()

    def unsupported(self, pointer: str, code: str, what: str, what_pl: str, instead: str = "leave it out") -> None:
        """Add an error: no printer of this profile can print this."""
        self.plan.error(
            pointer, code, f"this printer prints no {what}; {instead}", f"ta drukarka nie drukuje {what_pl}."
        )

    def text(self, value: str, pointer: str, command: str, part: str, kind: TextKind = TextKind.FREE) -> str:
        """``value`` in the printer's code page, within the limit of the part."""
        return self.plan.text(value, pointer, self.code_page, self.limit(command, part), kind)

    def limit(self, command: str, part: str) -> int:
        """The number of characters that the part takes."""
        return text_limit(self.brand, command, part)

    def add(self, pointer: str, command: str, **values: Any) -> None:
        """Add a command, unless the document has errors already."""
        if self.plan.errors:
            return
        self.plan.items.append(Item(request(command, self.brand, **values), pointer))
