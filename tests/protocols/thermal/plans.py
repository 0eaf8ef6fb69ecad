"""Planned receipts, as the tests write them."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from fiscald.model.printout import Printout
from fiscald.model.receipt import Receipt
from fiscald.protocols.thermal.commands import Request
from fiscald.protocols.thermal.fields import Dialect
from fiscald.protocols.thermal.plan import plan_receipt
from fiscald.protocols.thermal.plan_printout import plan_printout
from fiscald.protocols.thermal.planner import Plan
from fiscald.protocols.thermal.profiles import PROFILES, Profile
from tests.protocols.thermal.scripted import RATES

POSNET, NOVITUS, INNOVA = PROFILES["posnet"], PROFILES["novitus"], PROFILES["innova"]
#: The manual's own table (11.6) and that of its printouts.
OLD_RATES: dict[str, Decimal | str | None] = {
    "A": Decimal(22), "B": Decimal(7), "C": Decimal(3), "D": Decimal(0), "E": None, "F": None, "G": "exempt"
}  # fmt: skip
LINE = {"name": "Kawa", "price": "10.00", "vat": "A"}


def planned(
    profile: Profile = POSNET, code_page: str = "mazovia", rates: Any = RATES, printer_id: str | None = None, **receipt: Any
) -> Plan:  # fmt: skip
    return plan_receipt(Receipt.model_validate({"lines": [LINE]} | receipt), profile, code_page, rates, printer_id)


def printout(profile: Profile = POSNET, **content: Any) -> Plan:
    return plan_printout(Printout.model_validate({"lines": ["Kawa"]} | content), profile)


def written(request: Request) -> str:
    frame = request.frame(Dialect("mazovia", request.brand))
    return frame.payload.decode("mazovia").replace("\r", "|")


def commands(plan: Plan) -> list[str]:
    assert not plan.errors, plan.errors
    assert plan.close is not None
    return [written(request) for request in (*(item.request for item in plan.items), plan.close)]


def discounted(**more: Any) -> dict[str, Any]:
    return LINE | {"discount": {"amount": "2.00"}} | more
