"""The handlers that check, carry out and recover each type of document, and why there is none for the others."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from fiscald.protocols.families import Handler
from fiscald.protocols.noviapi import capabilities, direct, printout, programming, sale
from fiscald.protocols.noviapi.queries import ready
from fiscald.protocols.proof import verdicts

_DIRECT = Handler(direct.carry_out, direct.recover, ready=ready)

HANDLERS: Mapping[str, Handler] = {
    "receipt": Handler(sale.carry_out, sale.recover, sale.check, ready=ready, capability=capabilities.receipt),
    "invoice": Handler(sale.carry_out, sale.recover, sale.check, ready=ready, capability=capabilities.invoice),
    "daily_report": Handler(printout.carry_out_report, printout.recover_report, ready=ready),
    "monthly_report": _DIRECT,
    "periodic_report": _DIRECT,
    "cash_in": _DIRECT,
    "cash_out": _DIRECT,
    "printout": Handler(
        printout.carry_out_printout, printout.recover_printout, printout.check_printout, ready=ready,
        capability=capabilities.printout,
    ),
    "drawer": Handler(direct.open_drawer, verdicts.recover_drawer),
    "set_clock": Handler(
        programming.carry_out, programming.recover, programming.check, ready=ready,
        capability=programming.clock_capability,
    ),
    "set_vat_rates": Handler(
        programming.carry_out, programming.recover, programming.check, ready=ready,
        capability=programming.rates_capability,
    ),
}  # fmt: skip

#: Why a type of document has no handler.
WHY_NOT = MappingProxyType(
    {
        "packaging": "NoviAPI knows packaging only on a receipt; whether a receipt of packaging alone is printed, and "
        "how it could be proven, no source says",
        "goods_return": "no request and no command for it is known",
        "shift_report": "the printer's shift report prints only what a program sends, and fiscald must not make it up",
        "set_header": "the printer takes its header as fields of a form (name, street, town), not as lines of text; "
        "use its menu or its service",
        "set_display": "what the customer's display shows cannot be read back, and no source says how long it stays",
    }
)
