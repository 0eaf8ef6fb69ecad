"""Reports of the fiscal memory and of a shift on a POSNET printer: the command, and its proof.

One more printed header (``hn`` counts documents of any kind) without a receipt, an invoice, a daily report or a slip
proves the report. A report of the memory changes nothing, so it may be printed again when a daily report came in
between. A shift report that begins a new shift may not: the second one would print zeros.

Source: POSNET reference, sections 5.10 and 7.
"""

from __future__ import annotations

import datetime
from dataclasses import dataclass, field

from fiscald.model.capabilities import Capability
from fiscald.model.printers import Snapshot
from fiscald.model.reports import MonthlyReport, PeriodicReport, ShiftReport
from fiscald.protocols.base import Check, Checkpoint, Dialogue, Settings, Stage, Verdict, Wait
from fiscald.protocols.capabilities import left_out, limited, text
from fiscald.protocols.planning import PlanBuilder, TextKind
from fiscald.protocols.posnet.commands import Request, request, text_limit
from fiscald.protocols.posnet.commit import commit
from fiscald.protocols.posnet.options import code_page
from fiscald.protocols.posnet.profiles import PROFILES
from fiscald.protocols.posnet.proof import PosnetProof
from fiscald.protocols.posnet.queries import counters_moved, prepare, read_clock
from fiscald.protocols.proof import verdicts
from fiscald.protocols.proof.counters import OtherSheet
from fiscald.protocols.reports import PrintedReport, check_memory, check_period

_NO_NUMBERS = "no command for a report by numbers is openly known"
_NO_CASHIER = "its shift report has no place for it"
#: The same on every device.
_SHIFT = text_limit("shiftrep", "sh", PROFILES["online"].generation)


@dataclass(slots=True)
class Plan(PlanBuilder):
    """A report, ready to send; or the errors (``errors``)."""

    command: Request | None = field(default=None)


def plan_report(document: PrintedReport, code_page: str, now: datetime.datetime | None) -> Plan:
    """The command of ``document``. ``now``: by the printer's clock; ``None``: the period is not checked."""
    plan = Plan()
    match document:
        case ShiftReport():
            name = plan.text(document.shift, "/document/shift", code_page, _SHIFT, TextKind.NUMBER)
            if document.cashier:
                plan.left_out("/document/cashier", _NO_CASHIER)
            plan.command = request("shiftrep", sh=name, zr=document.reset)
        case MonthlyReport():
            check_period(document, plan, now)
            plan.command = request("monthlyrep", da=f"{document.month}-01", su=document.summary)
        case PeriodicReport(start=datetime.date() as first, end=last):
            check_period(document, plan, now)
            plan.command = request("periodicrepbydates", fd=f"{first}", td=f"{last}", su=document.summary)
        case _:
            plan.error(
                "/document/from",
                "report.numbers",
                f"{_NO_NUMBERS} for this printer; send two days",
                "ta drukarka drukuje raport okresowy tylko według dat.",
            )
    return plan


def check(document: PrintedReport, settings: Settings, snapshot: Snapshot | None) -> Check:
    """The refusals that the planner predicts."""
    plan = plan_report(document, code_page(settings), snapshot.clock if snapshot else None)
    return Check(tuple(plan.errors), tuple(plan.notices))


def shift_capability(_settings: Settings, _snapshot: Snapshot | None) -> Capability:
    """A shift report."""
    return Capability(fields={"shift": text(_SHIFT, TextKind.NUMBER), "cashier": left_out(_NO_CASHIER)})


def periodic_capability(_settings: Settings, _snapshot: Snapshot | None) -> Capability:
    """A periodic report: by days alone."""
    days = limited(kinds=("date",), why=_NO_NUMBERS)
    return Capability(fields={"from": days, "to": days})


def carry_out(document: PrintedReport, settings: Settings, printer_id: str | None) -> Dialogue[Verdict]:
    """Send the single command. The counters decide what became of it if its answer does not come."""
    found = yield from prepare(document.type, settings, printer_id)
    if isinstance(found, Wait):
        return found
    clock = yield from read_clock()
    plan = plan_report(document, code_page(settings), clock.moment)
    check_memory(document, plan, found.counters.daily_report - 1)
    if plan.errors:
        return verdicts.refused_before(plan.errors, found.look)
    if (yield from counters_moved(found.look)):
        return verdicts.others_print()
    yield Checkpoint(Stage.STARTED, found.look, counters=found.counters)
    yield Checkpoint(Stage.COMMITTING, found.look)
    assert plan.command is not None
    reply = yield from commit(plan.command, document)
    return (yield from PosnetProof(found.look, _expected(document, plan), settings).verdict(reply))


def recover(document: PrintedReport, settings: Settings, checkpoint: Checkpoint) -> Dialogue[Verdict]:
    """Find out from the counters what became of it."""
    plan = plan_report(document, code_page(settings), None)
    return PosnetProof(checkpoint.before, _expected(document, plan), settings).verdict(None)


def _expected(document: PrintedReport, plan: Plan) -> OtherSheet:
    resets = isinstance(document, ShiftReport) and document.reset
    return OtherSheet(repeatable=not resets, notices=tuple(plan.notices))
