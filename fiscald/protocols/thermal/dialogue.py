"""Which dialogue carries a document out on a Thermal printer, and which finds out what became of it."""

from __future__ import annotations

from fiscald.model.documents import CashIn, CashOut, DailyReport, Document, Drawer, GoodsReturn, Printout, Receipt
from fiscald.protocols.base import Checkpoint, Dialogue, Settings, Verdict, Wait
from fiscald.protocols.proof import verdicts
from fiscald.protocols.thermal import one_step, receipt
from fiscald.protocols.thermal.queries import poll, use_error_mode


def carry_out(document: Document, settings: Settings, printer_id: str | None) -> Dialogue[Verdict]:
    """Carry ``document`` out. See ``fiscald.protocols.base.Family.carry_out``."""
    match document:
        case Receipt():
            return receipt.carry_out(document, settings, printer_id)
        case DailyReport() | CashIn() | CashOut() | GoodsReturn():
            return one_step.carry_out(document, settings, printer_id)
        case Drawer():
            return one_step.open_drawer(document, settings, printer_id)
        case Printout():
            raise AssertionError("not in Family.documents")


def recover(document: Document, settings: Settings, checkpoint: Checkpoint) -> Dialogue[Verdict]:
    """Find out what became of ``document``. See ``fiscald.protocols.base.Family.recover``."""
    if isinstance(document, Drawer):
        return verdicts.drawer_interrupted()
    condition = yield from poll(settings)
    if condition.problem is not None:
        # A command may still wait in the printer (no paper); it is not settled before that is over (9.3).
        return Wait(condition.problem)
    yield from use_error_mode()
    match document:
        case Receipt():
            return (yield from receipt.recover(document, settings, checkpoint))
        case DailyReport() | CashIn() | CashOut() | GoodsReturn():
            return (yield from one_step.recover(document, settings, checkpoint))
        case Printout():
            raise AssertionError("not in Family.documents")
