"""Documents of one step on a Thermal printer: the daily report, cash in and out, the goods return, the drawer.

Source: Thermal reference, sections 5.7, 5.8 and 9.3.
"""

from __future__ import annotations

import datetime

from fiscald.model.cash import CashIn, CashOut, Drawer, GoodsReturn
from fiscald.model.money import MAX_GROSZE, format_grosze, grosze
from fiscald.model.problems import FieldProblem, problem
from fiscald.model.reports import DailyReport
from fiscald.protocols import conditions
from fiscald.protocols.base import Checkpoint, Dialogue, DialogueAborted, Settings, Stage, Verdict, Wait
from fiscald.protocols.planning import zloty
from fiscald.protocols.proof import verdicts
from fiscald.protocols.proof.counters import Report
from fiscald.protocols.proof.verdicts import CommitReply
from fiscald.protocols.thermal import proof
from fiscald.protocols.thermal.commands import Request, request
from fiscald.protocols.thermal.commit import brand_of, commit
from fiscald.protocols.thermal.proof import ThermalProof, slip_of
from fiscald.protocols.thermal.queries import ask, prepare, query_optional, read_counters

Slip = CashIn | CashOut | GoodsReturn

#: ``#r`` with a date that differs from the printer's: midnight passed between the question and the command.
_OTHER_DATE = 7
_SLIPS = {"cash_in": "#i", "cash_out": "#d", "goods_return": "#z"}


def carry_out(document: DailyReport | Slip, settings: Settings, printer_id: str | None) -> Dialogue[Verdict]:
    """Send the single irreversible command. The counters decide what became of it."""
    found = yield from prepare(document.type, settings, printer_id)
    if isinstance(found, Wait):
        return found
    if isinstance(document, DailyReport):
        command = yield from _daily_report()
    else:
        refusal = _cash_refusal(document, found.look.cash)
        if refusal is not None:
            return verdicts.refused_before([refusal], found.look)
        command = request(_SLIPS[document.type], Ps=0, kwota=grosze(document.amount))
    if found.look != (yield from read_counters()):
        return verdicts.others_print()
    yield Checkpoint(Stage.STARTED, found.look, counters=found.counters)
    yield Checkpoint(Stage.COMMITTING, found.look)
    reply = yield from commit(command, document, (_OTHER_DATE,), brand=brand_of(settings))
    if isinstance(document, DailyReport):
        reply = yield from _report_reply(reply, command)
    return (yield from ThermalProof(found.look, _expected(document), settings).verdict(reply))


def recover(document: DailyReport | Slip, settings: Settings, checkpoint: Checkpoint) -> Dialogue[Verdict]:
    """Find out from the counters what became of it."""
    return ThermalProof(checkpoint.before, _expected(document), settings).verdict(None)


def _expected(document: DailyReport | Slip) -> Report | proof.Slip:
    return Report() if isinstance(document, DailyReport) else slip_of(document)


def _daily_report() -> Dialogue[Request]:
    """``#r`` with the printer's own date: then the printer asks no question on its keyboard (5.8)."""
    clock = yield from ask("#c", "Py", "Pm", "Pd")
    try:
        datetime.date(2000 + clock["Py"], clock["Pm"], clock["Pd"])
    except ValueError:
        # This answer has no check byte, so noise may have changed it.
        raise DialogueAborted(problem("printer.busy", reason="its answer about the date was damaged")) from None
    return request("#r", Ps=1, Py=clock["Py"], Pm=clock["Pm"], Pd=clock["Pd"])


def _report_reply(reply: CommitReply, command: Request) -> Dialogue[CommitReply]:
    """The printer refused its own date: midnight passed in between, or the date is before its last record."""
    if reply.refusal is None or reply.refusal.device_code != str(_OTHER_DATE):
        return reply
    clock = yield from query_optional("#c")
    if any(clock.get(name) != command.values[name] for name in ("Py", "Pm", "Pd")):
        return reply
    text, text_pl = "its date is earlier than its last fiscal record", "data wcześniejsza niż ostatni zapis"
    return CommitReply(
        conditions.condition_problem("no_clock", text, text_pl, device_code=str(_OTHER_DATE)), waits=True
    )


def _cash_refusal(document: Slip, have: int) -> FieldProblem | None:
    """Refuse too much or too little cash here: if the printer refuses it, the printer forgets its cash (5.7)."""
    amount = grosze(document.amount)
    if isinstance(document, CashIn) and have + amount > MAX_GROSZE:
        return FieldProblem(
            pointer="/document/amount",
            code="cash.too_much",
            detail=f"the drawer holds {format_grosze(have)} by the printer's count, and the printer counts up to "
            f"{format_grosze(MAX_GROSZE)}; pay less in",
            detail_pl="za duży stan kasy.",
        )
    if not isinstance(document, CashIn) and amount > have:
        return FieldProblem(
            pointer="/document/amount",
            code="cash.too_little",
            detail=f"the drawer holds {format_grosze(have)} by the printer's count; pay at most that out, or "
            "pay cash in first",
            detail_pl=f"w kasie jest tylko {zloty(have)}.",
        )
    return None


def open_drawer(document: Drawer, settings: Settings, printer_id: str | None) -> Dialogue[Verdict]:
    """Open the drawer. The printer's answer is the only proof."""
    found = yield from prepare(document.type, settings, printer_id)
    if isinstance(found, Wait):
        return found
    yield Checkpoint(Stage.STARTED, found.look, counters=found.counters)
    reply = yield from commit(request("$d 1"), document, brand=brand_of(settings))
    return verdicts.drawer(found, reply)
