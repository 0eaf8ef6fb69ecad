"""Documents of one step on a Novitus printer: the daily report, cash in and out, the printout, the drawer.

The element of a printout is whole: there is no open or closed state (5.16). So all of these are one packet with one
executing element, and the counters before and after it decide.

Source: Novitus reference, sections 5.13 to 5.16 and 9.2.
"""

from __future__ import annotations

from fiscald.model.cash import CashIn, CashOut, Drawer
from fiscald.model.money import format_grosze, grosze
from fiscald.model.printers import Snapshot
from fiscald.model.printout import Printout
from fiscald.model.problems import FieldProblem
from fiscald.model.reports import DailyReport
from fiscald.protocols.base import Check, Checkpoint, Dialogue, DialogueAborted, Settings, Stage, Verdict, Wait
from fiscald.protocols.novitus_elements import Element, element
from fiscald.protocols.novitus_xml import proof
from fiscald.protocols.novitus_xml.commit import commit
from fiscald.protocols.novitus_xml.evidence import NovitusXmlLook
from fiscald.protocols.novitus_xml.fields import MAX_AMOUNT, amount, date_text
from fiscald.protocols.novitus_xml.options import NovitusXmlOptions
from fiscald.protocols.novitus_xml.plan_printout import plan_printout
from fiscald.protocols.novitus_xml.proof import NovitusXmlProof, slip_of
from fiscald.protocols.novitus_xml.queries import read_clock, read_look, unreadable
from fiscald.protocols.novitus_xml.status import prepare
from fiscald.protocols.planning import zloty
from fiscald.protocols.proof import verdicts
from fiscald.protocols.proof.counters import Report
from fiscald.protocols.proof.verdicts import CommitReply

Slip = CashIn | CashOut
#: A report with a date that differs from the printer's: midnight passed between the question and the command.
_OTHER_DATE = 7
#: The printer had less cash than was taken out, and has counted zero since (8.1).
_NEGATIVE_CASH = "32"


def carry_out(document: DailyReport | Slip | Printout, settings: Settings, printer_id: str | None) -> Dialogue[Verdict]:
    """Send the single irreversible command. The counters decide what became of it."""
    found = yield from prepare(document.type, settings, printer_id)
    if isinstance(found, Wait):
        return found
    planned = yield from _command(document, settings, found.look)
    if isinstance(planned, list):
        return verdicts.refused_before(planned, found.look)
    if found.look != (yield from read_look()):
        return verdicts.others_print()
    yield Checkpoint(Stage.STARTED, found.look, counters=found.counters)
    yield Checkpoint(Stage.COMMITTING, found.look)
    reply = yield from commit(planned, document, (_OTHER_DATE,) if isinstance(document, DailyReport) else ())
    return (
        yield from NovitusXmlProof(found.look, _expected(document, settings), settings).verdict(_carried_out(reply))
    )


def recover(document: DailyReport | Slip | Printout, settings: Settings, checkpoint: Checkpoint) -> Dialogue[Verdict]:
    """Find out from the counters what became of it."""
    return NovitusXmlProof(checkpoint.before, _expected(document, settings), settings).verdict(None)


def _expected(document: DailyReport | Slip | Printout, settings: Settings) -> Report | proof.Slip | proof.Sheet:
    if isinstance(document, DailyReport):
        return Report()
    if isinstance(document, Printout):
        plan = plan_printout(document, NovitusXmlOptions.of(settings))
        return proof.Sheet(repeatable=False, notices=tuple(plan.notices))
    return slip_of(document)


def _carried_out(reply: CommitReply) -> CommitReply:
    """Error 32 is a warning: the slip was printed, and the cash is zero now (8.1)."""
    warned = reply.refusal is not None and reply.refusal.device_code == _NEGATIVE_CASH
    return CommitReply() if warned else reply


def _command(
    document: DailyReport | Slip | Printout, settings: Settings, look: NovitusXmlLook
) -> Dialogue[Element | list[FieldProblem]]:
    """The element; or why it is not sent."""
    if isinstance(document, DailyReport):
        return (yield from _daily_report())
    if isinstance(document, Printout):
        plan = plan_printout(document, NovitusXmlOptions.of(settings))
        return plan.errors if plan.command is None or plan.errors else plan.command
    errors = _cash_errors(document, look.cash)
    action = "payin" if isinstance(document, CashIn) else "payout"
    return errors or element("cash", action=action, value=amount(grosze(document.amount)))


def _daily_report() -> Dialogue[Element]:
    """With the printer's own date: then it asks nothing on its keyboard (5.14)."""
    clock = yield from read_clock()
    if clock is None:
        raise DialogueAborted(unreadable("info date").problem)
    return element("report", type="daily", date=date_text(clock.date()))


def _cash_errors(document: Slip, have: int) -> list[FieldProblem]:
    """What the printer would refuse, or answer by forgetting its cash (error 32)."""
    value = grosze(document.amount)
    if isinstance(document, CashIn):
        return check_cash(document)
    if value > have:
        return [
            FieldProblem(
                pointer="/document/amount",
                code="cash.too_little",
                detail=f"the drawer holds {format_grosze(have)} by the printer's count; pay at most that out, or "
                "pay cash in first",
                detail_pl=f"w kasie jest tylko {zloty(have)}.",
            )
        ]
    return check_cash(document)


def check_cash(document: Slip) -> list[FieldProblem]:
    """What no printer of the family takes."""
    if grosze(document.amount) <= MAX_AMOUNT:
        return []
    return [
        FieldProblem(
            pointer="/document/amount",
            code="amount.too_large",
            detail=f"this printer takes at most {format_grosze(MAX_AMOUNT)}; use several documents",
            detail_pl=f"kwota jest za duża (najwyżej {zloty(MAX_AMOUNT)}).",
        )
    ]


def check_slip(document: Slip, _settings: Settings, _snapshot: Snapshot | None) -> Check:
    """The refusals that the planner predicts. How much cash there is shows when the document's turn comes."""
    return Check(tuple(check_cash(document)))


def check_printout(document: Printout, settings: Settings, _snapshot: Snapshot | None) -> Check:
    """The refusals that the planner predicts."""
    plan = plan_printout(document, NovitusXmlOptions.of(settings))
    return Check(tuple(plan.errors), tuple(plan.notices))


def open_drawer(document: Drawer, settings: Settings, printer_id: str | None) -> Dialogue[Verdict]:
    """Open the drawer. The printer's answer is the only proof."""
    found = yield from prepare(document.type, settings, printer_id)
    if isinstance(found, Wait):
        return found
    yield Checkpoint(Stage.STARTED, found.look, counters=found.counters)
    reply = yield from commit(element("control", action="drawer"), document)
    return verdicts.drawer(found, reply)
