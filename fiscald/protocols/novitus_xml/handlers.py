"""The handlers that check, carry out and recover each type of document on a Novitus printer."""

from __future__ import annotations

from collections.abc import Mapping

from fiscald.protocols.base import Dialogue, Settings, Wait
from fiscald.protocols.families import Handler
from fiscald.protocols.novitus_xml import capabilities, one_step, packaging, programming, reports, sale
from fiscald.protocols.novitus_xml.queries import poll, use_silent_mode
from fiscald.protocols.proof import verdicts


def _ready(_settings: Settings) -> Dialogue[Wait | None]:
    """Without paper, a packet may still wait in the printer (9.2)."""
    condition = yield from poll()
    if condition.problem is not None:
        return Wait(condition.problem)
    yield from use_silent_mode()
    return None


_SLIP = Handler(one_step.carry_out, one_step.recover, one_step.check_slip, ready=_ready)
_REPORT = Handler(reports.carry_out, reports.recover, reports.check, ready=_ready)
_SETTING = Handler(programming.carry_out, programming.recover, programming.check, ready=_ready)

HANDLERS: Mapping[str, Handler] = {
    "receipt": Handler(sale.carry_out, sale.recover, sale.check, sale.carry_on, _ready, capabilities.receipt),
    "invoice": Handler(
        sale.carry_out_invoice, sale.recover_invoice, sale.check_invoice, ready=_ready, capability=capabilities.invoice
    ),
    "daily_report": Handler(one_step.carry_out, one_step.recover, ready=_ready),
    "monthly_report": _REPORT,
    "periodic_report": _REPORT,
    "cash_in": _SLIP,
    "cash_out": _SLIP,
    "packaging": Handler(
        packaging.carry_out, packaging.recover, packaging.check, ready=_ready, capability=capabilities.packaging
    ),
    "printout": Handler(
        one_step.carry_out, one_step.recover, one_step.check_printout, ready=_ready, capability=capabilities.printout
    ),
    "drawer": Handler(one_step.open_drawer, verdicts.recover_drawer),
    "set_clock": Handler(
        programming.carry_out,
        programming.recover,
        programming.check,
        ready=_ready,
        capability=programming.clock_capability,
    ),
    "set_vat_rates": _SETTING,
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
