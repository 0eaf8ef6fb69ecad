"""Which dialogue carries a document out on a POSNET printer, and which finds out what became of it."""

from __future__ import annotations

from fiscald.model.documents import CashIn, CashOut, DailyReport, Document, Drawer, GoodsReturn, Printout, Receipt
from fiscald.protocols.base import Checkpoint, Dialogue, Settings, Verdict, Wait
from fiscald.protocols.posnet import one_step, printout, receipt
from fiscald.protocols.posnet.queries import poll
from fiscald.protocols.proof import verdicts


def carry_out(document: Document, settings: Settings, printer_id: str | None) -> Dialogue[Verdict]:
    """Carry ``document`` out. See ``fiscald.protocols.base.Family.carry_out``."""
    match document:
        case Receipt():
            return receipt.carry_out(document, settings, printer_id)
        case DailyReport() | CashIn() | CashOut() | GoodsReturn():
            return one_step.carry_out(document, settings, printer_id)
        case Printout():
            return printout.carry_out(document, settings, printer_id)
        case Drawer():
            return one_step.open_drawer(document, settings, printer_id)


def recover(document: Document, settings: Settings, checkpoint: Checkpoint) -> Dialogue[Verdict]:
    """Find out what became of ``document``. See ``fiscald.protocols.base.Family.recover``."""
    if isinstance(document, Drawer):
        return verdicts.drawer_interrupted()
    condition = yield from poll(settings)
    if condition.problem is not None:
        # A command may still wait in the printer (no paper); it is not settled before that is over (9.1).
        return Wait(condition.problem)
    match document:
        case Receipt():
            return (yield from receipt.recover(document, settings, checkpoint))
        case DailyReport() | CashIn() | CashOut() | GoodsReturn():
            return (yield from one_step.recover(document, settings, checkpoint))
        case Printout():
            return (yield from printout.recover(document, settings, checkpoint))
