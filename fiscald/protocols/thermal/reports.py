"""Reports of the fiscal memory and of a shift on a Thermal printer: the command, and its proof.

Every printed document has a number (``50#s``), so one more number without a receipt, a daily report or a change of the
cash proves the report. A report of the memory changes nothing, so it may be printed again when a daily report came in
between. A shift report that begins a new shift may not: the second one would print zeros.

Source: Thermal reference, sections 5.7, 5.8 and 7.2.
"""

from __future__ import annotations

import datetime
from dataclasses import dataclass, field

from fiscald.model.capabilities import Capability
from fiscald.model.printers import Snapshot
from fiscald.model.reports import MonthlyReport, PeriodicReport, ShiftReport
from fiscald.protocols.base import Check, Checkpoint, Dialogue, Settings, Stage, Verdict, Wait
from fiscald.protocols.capabilities import cannot, text
from fiscald.protocols.planning import PlanBuilder, TextKind
from fiscald.protocols.proof import verdicts
from fiscald.protocols.proof.counters import OtherSheet
from fiscald.protocols.proof.verdicts import CommitReply
from fiscald.protocols.queries import refusal
from fiscald.protocols.reports import PrintedReport, check_memory, check_period
from fiscald.protocols.thermal.commands import Request, request, text_limit
from fiscald.protocols.thermal.commit import brand_of, commit
from fiscald.protocols.thermal.fields import Brand
from fiscald.protocols.thermal.options import code_page, profile_of
from fiscald.protocols.thermal.profiles import Profile
from fiscald.protocols.thermal.proof import ThermalProof
from fiscald.protocols.thermal.queries import find_profile, prepare, read_clock, read_counters

#: ``Pt`` of ``#o``: full, and the sums alone.
_BY_DAYS, _BY_MONTH, _BY_NUMBERS = (0, 1), (6, 7), ("#o 16", "#o 17")
_EMPTY_RANGE = "4"
#: ``Ps`` of ``#k`` that only reads.
_READING = 23
#: What the printer itself prints while no cashier is logged in (5.7).
_CASHIER = "KIEROWNIK"
#: The same for every brand.
_SHIFT, _NAME = text_limit(Brand.POSNET, "#k", "zmiana"), text_limit(Brand.POSNET, "#k", "kasjer")


@dataclass(slots=True)
class Plan(PlanBuilder):
    """A report, ready to send; or the errors (``errors``)."""

    command: Request | None = field(default=None)


def plan_report(document: PrintedReport, profile: Profile, code_page: str, now: datetime.datetime | None) -> Plan:
    """The command of ``document``. ``now``: by the printer's clock; ``None``: the period is not checked."""
    plan = Plan()
    if not profile.documented:
        plan.error(
            "/document",
            "report.unsupported",
            f"{profile.undocumented}; print the report on its keypad",
            "raport można wydrukować tylko z klawiatury drukarki.",
        )
        return plan
    match document:
        case ShiftReport():
            name = plan.text(document.shift, "/document/shift", code_page, _SHIFT, TextKind.NUMBER)
            cashier = document.cashier and plan.text(document.cashier, "/document/cashier", code_page, _NAME)
            plan.command = request("#k", Ps=0 if document.reset else _READING, zmiana=name, kasjer=cashier or _CASHIER)
        case MonthlyReport():
            check_period(document, plan, now)
            plan.command = _by_days(*document.days, _BY_MONTH[document.summary])
        case PeriodicReport(start=datetime.date() as first, end=datetime.date() as last):
            check_period(document, plan, now)
            plan.command = _by_days(first, last, _BY_DAYS[document.summary])
        case _:
            plan.command = request(_BY_NUMBERS[document.summary], Od=document.start, Do=document.end)
    return plan


def _by_days(first: datetime.date, last: datetime.date, kind: int) -> Request:
    return request(
        "#o", Py1=first.year % 100, Pm1=first.month, Pd1=first.day, Py2=last.year % 100, Pm2=last.month, Pd2=last.day,
        Pt=kind,
    )  # fmt: skip


def check(document: PrintedReport, settings: Settings, snapshot: Snapshot | None) -> Check:
    """The refusals that the planner predicts."""
    now = snapshot.clock if snapshot else None
    plan = plan_report(document, profile_of(settings, snapshot), code_page(settings), now)
    return Check(tuple(plan.errors), tuple(plan.notices))


def capability(settings: Settings, snapshot: Snapshot | None) -> Capability:
    """A report of the memory."""
    profile = profile_of(settings, snapshot)
    return Capability() if profile.documented else cannot(profile.undocumented)


def shift_capability(settings: Settings, snapshot: Snapshot | None) -> Capability:
    """A shift report."""
    found = capability(settings, snapshot)
    fields = {"shift": text(_SHIFT, TextKind.NUMBER), "cashier": text(_NAME)}
    return found.model_copy(update={"fields": fields}) if found.supported else found


def carry_out(document: PrintedReport, settings: Settings, printer_id: str | None) -> Dialogue[Verdict]:
    """Send the single command. The number of the last document shows what became of it if its answer does not come."""
    profile = yield from find_profile(settings)
    found = yield from prepare(document.type, settings, printer_id)
    if isinstance(found, Wait):
        return found
    plan = plan_report(document, profile, code_page(settings), (yield from read_clock()))
    check_memory(document, plan, found.counters.daily_report - 1)
    if plan.errors:
        return verdicts.refused_before(plan.errors, found.look)
    if found.look != (yield from read_counters()):
        return verdicts.others_print()
    yield Checkpoint(Stage.STARTED, found.look, counters=found.counters)
    yield Checkpoint(Stage.COMMITTING, found.look)
    assert plan.command is not None
    reply = yield from commit(plan.command, document, brand=brand_of(settings))
    return (yield from ThermalProof(found.look, _expected(document, plan), settings).verdict(_none_found(reply)))


def _none_found(reply: CommitReply) -> CommitReply:
    """``#o`` has one error for every wrong range; the planner has checked all but what the memory holds (5.8)."""
    if reply.refusal is None or reply.refusal.device_code != _EMPTY_RANGE:
        return reply
    text, text_pl = "its fiscal memory has no daily report of that time", "brak raportów dobowych z tego okresu"
    return CommitReply(refusal("/document", text, text_pl, _EMPTY_RANGE))


def recover(document: PrintedReport, settings: Settings, checkpoint: Checkpoint) -> Dialogue[Verdict]:
    """Find out from the counters what became of it."""
    plan = plan_report(document, profile_of(settings, None), code_page(settings), None)
    return ThermalProof(checkpoint.before, _expected(document, plan), settings).verdict(None)


def _expected(document: PrintedReport, plan: Plan) -> OtherSheet:
    resets = isinstance(document, ShiftReport) and document.reset
    return OtherSheet(repeatable=not resets, notices=tuple(plan.notices))
