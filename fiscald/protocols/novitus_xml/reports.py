"""Reports of the fiscal memory on a Novitus printer: the element, and its proof.

Every printed document has a number, so one more number without a sale, a daily report or a change of the cash proves
the report. It changes nothing, so it may be printed again when a daily report came in between.

There is no shift report: the printer prints only what the caller has counted (5.14), and fiscald counts no shifts.

Source: Novitus reference, sections 5.14 and 7.
"""

from __future__ import annotations

import datetime
from dataclasses import dataclass, field

from fiscald.model.printers import Snapshot
from fiscald.model.reports import MonthlyReport, PeriodicReport
from fiscald.protocols.base import Check, Checkpoint, Dialogue, Settings, Stage, Verdict, Wait
from fiscald.protocols.novitus_elements import Element, element
from fiscald.protocols.novitus_xml.commit import commit
from fiscald.protocols.novitus_xml.fields import date_text
from fiscald.protocols.novitus_xml.proof import NovitusXmlProof, Sheet
from fiscald.protocols.novitus_xml.queries import read_clock, read_look
from fiscald.protocols.novitus_xml.status import prepare
from fiscald.protocols.planning import PlanBuilder
from fiscald.protocols.proof import verdicts
from fiscald.protocols.proof.verdicts import CommitReply
from fiscald.protocols.queries import refusal
from fiscald.protocols.reports import MemoryReport, check_memory, check_period

NO_SHIFT = "the printer counts no shifts: it prints only sums that the caller has counted"
#: ``kind``: full, and the sums alone. The document spells the full monthly one ``monthllyfull``; a client that printed
#: it spells it so [client].
_PERIOD, _MONTH = ("full", "salesummary"), ("monthlyfull", "monthlysummary")
_EMPTY_RANGE = "1025"


@dataclass(slots=True)
class Plan(PlanBuilder):
    """A report, ready to send; or the errors (``errors``)."""

    command: Element | None = field(default=None)


def plan_report(document: MemoryReport, now: datetime.datetime | None) -> Plan:
    """The element of ``document``. ``now``: by the printer's clock; ``None``: the period is not checked."""
    plan = Plan()
    check_period(document, plan, now)
    if isinstance(document, MonthlyReport):
        first, last = map(date_text, document.days)
        kind = _MONTH[document.summary]
    else:
        first, last = _end(document.start), _end(document.end)
        kind = _PERIOD[document.summary]
    plan.command = element("report", **{"type": "periodical", "from": first, "to": last, "kind": kind})
    return plan


def _end(value: datetime.date | int) -> str:
    return str(value) if isinstance(value, int) else date_text(value)


def check(document: MemoryReport, _settings: Settings, snapshot: Snapshot | None) -> Check:
    """The refusals that the planner predicts."""
    plan = plan_report(document, snapshot.clock if snapshot else None)
    return Check(tuple(plan.errors), tuple(plan.notices))


def carry_out(document: MemoryReport, settings: Settings, printer_id: str | None) -> Dialogue[Verdict]:
    """Send the single command. The number of the last document shows what became of it if its answer does not come."""
    found = yield from prepare(document.type, settings, printer_id)
    if isinstance(found, Wait):
        return found
    plan = plan_report(document, (yield from read_clock()))
    check_memory(document, plan, found.look.reportscount)
    if plan.errors:
        return verdicts.refused_before(plan.errors, found.look)
    if found.look != (yield from read_look()):
        return verdicts.others_print()
    yield Checkpoint(Stage.STARTED, found.look, counters=found.counters)
    yield Checkpoint(Stage.COMMITTING, found.look)
    assert plan.command is not None
    reply = yield from commit(plan.command, document)
    return (yield from NovitusXmlProof(found.look, _EXPECTED, settings).verdict(_none_found(reply)))


def _none_found(reply: CommitReply) -> CommitReply:
    """The planner has checked all but what the memory holds."""
    if reply.refusal is None or reply.refusal.device_code != _EMPTY_RANGE:
        return reply
    text, text_pl = "its fiscal memory has no daily report of that time", "brak raportów dobowych z tego okresu"
    return CommitReply(refusal("/document", text, text_pl, _EMPTY_RANGE))


def recover(_document: MonthlyReport | PeriodicReport, settings: Settings, checkpoint: Checkpoint) -> Dialogue[Verdict]:
    """Find out from the counters what became of it."""
    return NovitusXmlProof(checkpoint.before, _EXPECTED, settings).verdict(None)


_EXPECTED = Sheet(repeatable=True)
