"""Documents of one step on a POSNET printer: the daily report, cash in and out, the goods return, the drawer.

Source: POSNET reference, sections 5.10 and 9.3.
"""

from __future__ import annotations

from fiscald.model.cash import CashIn, CashOut, Drawer, GoodsReturn
from fiscald.model.money import grosze
from fiscald.model.reports import DailyReport
from fiscald.protocols.base import Checkpoint, Dialogue, Settings, Stage, Verdict, Wait
from fiscald.protocols.posnet import proof
from fiscald.protocols.posnet.commands import Request, request
from fiscald.protocols.posnet.commit import commit
from fiscald.protocols.posnet.proof import PosnetProof, slip_of
from fiscald.protocols.posnet.queries import ask, counters_moved, find_profile, prepare
from fiscald.protocols.proof import verdicts
from fiscald.protocols.proof.counters import Report

Slip = CashIn | CashOut | GoodsReturn


def carry_out(document: DailyReport | Slip, settings: Settings, printer_id: str | None) -> Dialogue[Verdict]:
    """Send the single irreversible command. The counters decide what became of it."""
    found = yield from prepare(document.type, settings, printer_id)
    if isinstance(found, Wait):
        return found
    if isinstance(document, DailyReport):
        command = yield from _daily_report(settings)
    else:
        command = _slip(document)
    if (yield from counters_moved(found.look)):
        return verdicts.others_print()
    yield Checkpoint(Stage.STARTED, found.look, counters=found.counters)
    yield Checkpoint(Stage.COMMITTING, found.look)
    reply = yield from commit(command, document)
    return (yield from PosnetProof(found.look, _expected(document), settings).verdict(reply))


def recover(document: DailyReport | Slip, settings: Settings, checkpoint: Checkpoint) -> Dialogue[Verdict]:
    """Find out from the counters what became of it."""
    return PosnetProof(checkpoint.before, _expected(document), settings).verdict(None)


def _expected(document: DailyReport | Slip) -> Report | proof.Slip:
    return Report() if isinstance(document, DailyReport) else slip_of(document)


def _daily_report(settings: Settings) -> Dialogue[Request]:
    """``dailyrep`` with the printer's own date: then the printer asks no question on its keyboard (5.10)."""
    profile = yield from find_profile(settings)
    if not profile.dated_report:
        return request("dailyrep")
    clock = yield from ask("rtcget", "da")
    return request("dailyrep", da=clock["da"].date().isoformat())


def _slip(document: Slip) -> Request:
    if isinstance(document, GoodsReturn):
        return request("stocash", kw=grosze(document.amount))
    return request("cash", kw=grosze(document.amount), wp=isinstance(document, CashIn))


def open_drawer(document: Drawer, settings: Settings, printer_id: str | None) -> Dialogue[Verdict]:
    """Open the drawer. The printer's answer is the only proof."""
    found = yield from prepare(document.type, settings, printer_id)
    if isinstance(found, Wait):
        return found
    yield Checkpoint(Stage.STARTED, found.look, counters=found.counters)
    reply = yield from commit(request("opendrwr"), document)
    return verdicts.drawer(found, reply)
