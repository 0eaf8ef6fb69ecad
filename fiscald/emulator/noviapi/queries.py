"""What the printer answers about itself: its status, its settings, its payment terminal.

Facts: the contract's examples and the Novitus reference, N5. Sizes of memories are those of the examples.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from fiscald.emulator.noviapi.documents import grosze
from fiscald.emulator.novitus.core import Core
from fiscald.emulator.novitus.memory import MAX_REPORTS
from fiscald.emulator.novitus.refusals import BAD_PARAMETER, NovitusError
from fiscald.model.times import POLISH_TIME

if TYPE_CHECKING:
    from fiscald.emulator.noviapi.work import Model

FISCAL_BYTES, PROTECTED_SIZE, PROTECTED_FREE = 130_023_424, 1024, 15_618
#: Settings that ``read_all`` has: those that the reference names (5.15).
KNOWN_OPTIONS = (0, 1, 2, 3, 5, 6, 7, 8, 9, 10, 11, 12, 31, 34, 35, 36, 37, 63, 64, 66, 70, 108, 116, 117)
#: The highest number of a setting.
MAX_OPTION = 200
#: The terminal's answer to a payment, as in the contract's example.
_AGENT, _ACCEPTED = "COMP NOVITUS", 140


def _moment(moment: datetime) -> str:
    return f"{moment.astimezone(POLISH_TIME):%Y-%m-%d %H:%M:%S}"


def _amount(value: int) -> str:
    return f"{value // 100}.{value % 100:02}"


def _fiscal_memory(core: Core, _: Model) -> dict[str, Any]:
    state = core.register.state
    reports, began = state.fiscal_memory, f"{core.memory.fiscalised} 08:00:00"
    return {
        "unique_number": core.unique_number,
        "tax_id": core.memory.nip,
        "size": FISCAL_BYTES,
        "max_daily_reports": MAX_REPORTS,
        "daily_reports_count": state.reports,
        # Before the first one a client reads a date here, too (our assumption).
        "last_daily_report_date": _moment(reports[-1].at) if reports else began,
        "start_fiscal_date": began,
    }


def _protected_memory(core: Core, _: Model) -> dict[str, Any]:
    return {
        "number": 1,
        "label": core.memory_label,
        "last_jpkid": str(core.memory.jpkid),
        "size": PROTECTED_SIZE,
        "free": PROTECTED_FREE,
    }


def _device(core: Core, model: Model) -> dict[str, Any]:
    receipts, invoices = core.totals(), core.totals(invoices=True)
    letters = [letter for letter, _ in core.rates]
    totals = [
        {"tax_rate": letter, "receipt": _amount(receipts[place]), "invoice": _amount(invoices[place])}
        for letter, place in ((letter, "ABCDEFG".index(letter)) for letter in letters)
    ]
    rates = [
        {"name": letter, "value": f"{rate:.2f}" if isinstance(rate, Decimal) else "ZW"} for letter, rate in core.rates
    ]
    return {
        "name": model.name,
        "version": model.version,
        "characters_per_line": core.width,
        "tax_rates": rates,
        "totals": totals,
    }


STATUS: dict[str, Callable[[Core, Model], dict[str, Any]]] = {
    "fiscal_memory": _fiscal_memory,
    "protected_memory": _protected_memory,
    "device": _device,
}


def configuration(core: Core, content: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Settings by their number. Raises ``NovitusError`` for one that does not exist."""
    known = sorted({*KNOWN_OPTIONS, *(int(key) for key in core.memory.options)})
    wanted: list[int] = known
    if content["operation"] == "read_array":
        wanted = [int(key) for key in dict.fromkeys(content["to_read"])]
    elif content["operation"] == "read_range":
        lowest, highest = content["range"].get("from", 0), content["range"].get("to", MAX_OPTION)
        wanted = [key for key in known if lowest <= key <= highest]
    if any(not 0 <= key <= MAX_OPTION for key in wanted):
        raise NovitusError(BAD_PARAMETER)
    return [{"key": key, "value": core.service.option(key)} for key in wanted]


def terminal(content: Mapping[str, Any], number: int) -> dict[str, Any]:
    """The terminal accepts a payment, or answers a test."""
    payment = content["operation"] == "transaction"
    return {
        "agent": _AGENT,
        "amount": _amount(grosze(content.get("brutto", ""))),
        "card_token": "",
        "cashback": _amount(grosze(content.get("cashback", ""))),
        "code": _ACCEPTED if payment else 0,
        "eft_id": "",
        "error_code": 0,
        "message": "",
        "transaction_id": f"{1_500_100_900 + number}" if payment else "",
    }
