"""What planning a receipt for a Thermal printer starts from and collects: the printer's limits, commands, faults."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, NamedTuple

from fiscald.model.money import format_grosze
from fiscald.protocols.planning import Item, PlanBuilder, TextKind
from fiscald.protocols.rates import Rates
from fiscald.protocols.thermal.commands import (
    COMMANDS,
    Request,
    request,
)
from fiscald.protocols.thermal.fields import AMOUNT, Text
from fiscald.protocols.thermal.layouts import RATE_LETTERS
from fiscald.protocols.thermal.profiles import Profile


@dataclass(slots=True)
class Plan(PlanBuilder):
    """A receipt, ready to be carried out; or why not (``errors``). Its ``total`` is after the discount of the whole."""

    items: list[Item[Request]] = field(default_factory=list)
    """Everything before the closing command, in order."""
    close: Request | None = None
    running: list[list[int]] = field(default_factory=lambda: [[0] * len(RATE_LETTERS)])
    """What the printer has by rate, in grosze, before the first line and after each one."""
    lines_total: int = 0
    """What the lines come to, in grosze: ``TOTAL``."""

    def holds(self, totals: list[int]) -> bool:
        """Whether an open receipt with these totals by rate can be this one, somewhere on its way."""
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
    """What is known of the printer, and what was found out about the document so far."""

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
        """Something that no printer of this profile can print."""
        self.plan.error(
            pointer, code, f"this printer prints no {what}; {instead}", f"ta drukarka nie drukuje {what_pl}."
        )

    def text(self, value: str, pointer: str, command: str, part: str, kind: TextKind = TextKind.FREE) -> str:
        """``value`` as the printer can hold it, within what the part takes."""
        return self.plan.text(value, pointer, self.code_page, self.limit(command, part), kind)

    def limit(self, command: str, part: str) -> int:
        """Characters that the part takes."""
        kind = COMMANDS[self.brand][command].part(part).value
        assert isinstance(kind, Text)
        return kind.limit(self.brand)

    def add(self, pointer: str, command: str, **values: Any) -> None:
        """Another command, while nothing stands against the document."""
        if self.plan.errors:
            return
        self.plan.items.append(Item(request(command, self.brand, **values), pointer))
