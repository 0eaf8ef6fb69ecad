"""Planned documents, as the tests write them."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from fiscald.model.printout import Printout
from fiscald.model.receipt import Receipt
from fiscald.protocols.posnet.commands import Request
from fiscald.protocols.posnet.fields import Dialect
from fiscald.protocols.posnet.plan import Plan, plan_receipt
from fiscald.protocols.posnet.plan_printout import plan_printout
from fiscald.protocols.posnet.profiles import PROFILES
from tests.emulator.posnet.talking import readable

ONLINE, OLD = PROFILES["online"], PROFILES["old"]
RATES: dict[str, Decimal | str | None] = {
    "A": Decimal(23), "B": Decimal(8), "C": Decimal(5), "D": Decimal(0), "E": None, "F": None, "G": "exempt"
}  # fmt: skip
LINE = {"name": "Kawa", "price": "10.00", "vat": "A"}


def planned(profile: Any = ONLINE, code_page: str = "cp1250", rates: Any = RATES, **receipt: Any) -> Plan:
    return plan_receipt(Receipt.model_validate({"lines": [LINE]} | receipt), profile, code_page, rates)


def written(request: Request) -> str:
    return readable(request.frame(Dialect("cp1250")))


def commands(plan: Plan) -> list[str]:
    assert not plan.errors, plan.errors
    assert plan.close is not None
    return [
        written(request)
        for request in (*(item.request for item in plan.items), plan.close, *(f.request for f in plan.footer))
    ]


def discounted(**more: Any) -> dict[str, Any]:
    return LINE | {"discount": {"amount": "2.00"}} | more


def printout(profile: Any = ONLINE, code_page: str = "cp1250", **content: Any) -> Plan:
    return plan_printout(Printout.model_validate({"lines": ["Kawa"]} | content), profile, code_page)
