"""The handlers that check, carry out and recover each type of document on a Thermal printer."""

from __future__ import annotations

from collections.abc import Mapping

from fiscald.model.printers import Snapshot
from fiscald.model.receipt import Receipt
from fiscald.protocols.base import Check, Dialogue, Settings, Wait
from fiscald.protocols.families import Handler
from fiscald.protocols.proof import verdicts
from fiscald.protocols.rates import parse_rates
from fiscald.protocols.thermal import (
    capabilities,
    invoice,
    one_step,
    packaging,
    printout,
    programming,
    receipt,
    reports,
)
from fiscald.protocols.thermal.options import code_page, profile_of
from fiscald.protocols.thermal.plan import plan_receipt
from fiscald.protocols.thermal.queries import poll, use_error_mode


def _check_receipt(document: Receipt, settings: Settings, snapshot: Snapshot | None) -> Check:
    """Checks rates and NIP only if the printer's table and number are known."""
    rates = parse_rates(snapshot.rates) if snapshot and any(snapshot.rates.values()) else None
    printer_id = snapshot.identity.printer_id if snapshot else None
    plan = plan_receipt(document, profile_of(settings, snapshot), code_page(settings), rates, printer_id)
    return Check(tuple(plan.errors), tuple(plan.notices), plan.totals)


def _ready(settings: Settings) -> Dialogue[Wait | None]:
    """Without paper, a command may still wait in the printer (9.3)."""
    condition = yield from poll(settings)
    if condition.problem is not None:
        return Wait(condition.problem)
    yield from use_error_mode()
    return None


_ONE_STEP = Handler(one_step.carry_out, one_step.recover, ready=_ready)

_MEMORY_REPORT = Handler(reports.carry_out, reports.recover, reports.check, ready=_ready, capability=reports.capability)

HANDLERS: Mapping[str, Handler] = {
    "receipt": Handler(
        receipt.carry_out, receipt.recover, _check_receipt, receipt.carry_on, _ready, capabilities.receipt
    ),
    "invoice": Handler(
        invoice.carry_out, invoice.recover, invoice.check, ready=_ready, capability=capabilities.invoice
    ),
    "daily_report": _ONE_STEP,
    "shift_report": Handler(
        reports.carry_out, reports.recover, reports.check, ready=_ready, capability=reports.shift_capability
    ),
    "monthly_report": _MEMORY_REPORT,
    "periodic_report": _MEMORY_REPORT,
    "cash_in": _ONE_STEP,
    "cash_out": _ONE_STEP,
    "goods_return": _ONE_STEP,
    "packaging": Handler(
        packaging.carry_out, packaging.recover, packaging.check, ready=_ready, capability=capabilities.packaging
    ),
    "printout": Handler(
        printout.carry_out, printout.recover, printout.check, ready=_ready, capability=capabilities.printout
    ),
    "drawer": Handler(one_step.open_drawer, verdicts.recover_drawer),
    "set_clock": Handler(
        programming.carry_out,
        programming.recover,
        programming.check,
        ready=_ready,
        capability=programming.clock_capability,
    ),
    "set_vat_rates": Handler(
        programming.carry_out,
        programming.recover,
        programming.check,
        ready=_ready,
        capability=programming.rates_capability,
    ),
    "set_header": Handler(
        programming.carry_out,
        programming.recover,
        programming.check,
        ready=_ready,
        capability=programming.header_capability,
    ),
    "set_display": Handler(
        programming.show, programming.recover_display, programming.check, capability=programming.display_capability
    ),
}
