"""The handlers that check, carry out and recover each type of document on a POSNET printer."""

from __future__ import annotations

from collections.abc import Mapping

from fiscald.model.printers import Snapshot
from fiscald.model.printout import Printout
from fiscald.model.receipt import Receipt
from fiscald.protocols.base import Check, Dialogue, Settings, Wait
from fiscald.protocols.families import Handler
from fiscald.protocols.posnet import invoice, one_step, packaging, printout, receipt
from fiscald.protocols.posnet.options import code_page, profile_of
from fiscald.protocols.posnet.plan import plan_receipt
from fiscald.protocols.posnet.plan_printout import plan_printout
from fiscald.protocols.posnet.queries import poll
from fiscald.protocols.proof import verdicts
from fiscald.protocols.rates import parse_rates


def _check_receipt(document: Receipt, settings: Settings, snapshot: Snapshot | None) -> Check:
    """Checks the rates only if the printer's table is known."""
    rates = parse_rates(snapshot.rates) if snapshot and any(snapshot.rates.values()) else None
    plan = plan_receipt(document, profile_of(settings, snapshot), code_page(settings), rates)
    return Check(tuple(plan.errors), tuple(plan.notices), plan.totals)


def _check_printout(document: Printout, settings: Settings, snapshot: Snapshot | None) -> Check:
    plan = plan_printout(document, profile_of(settings, snapshot), code_page(settings))
    return Check(tuple(plan.errors), tuple(plan.notices), plan.totals)


def _ready(settings: Settings) -> Dialogue[Wait | None]:
    """Without paper, a command may still wait in the printer (9.1)."""
    condition = yield from poll(settings)
    if condition.problem is not None:
        return Wait(condition.problem)
    return None


_ONE_STEP = Handler(one_step.carry_out, one_step.recover, ready=_ready)

HANDLERS: Mapping[str, Handler] = {
    "receipt": Handler(receipt.carry_out, receipt.recover, _check_receipt, receipt.carry_on, _ready),
    "invoice": Handler(invoice.carry_out, invoice.recover, invoice.check, ready=_ready),
    "daily_report": _ONE_STEP,
    "cash_in": _ONE_STEP,
    "cash_out": _ONE_STEP,
    "goods_return": _ONE_STEP,
    "packaging": Handler(packaging.carry_out, packaging.recover, packaging.check, ready=_ready),
    "printout": Handler(printout.carry_out, printout.recover, _check_printout, ready=_ready),
    "drawer": Handler(one_step.open_drawer, verdicts.recover_drawer),
}
