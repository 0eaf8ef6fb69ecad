"""Documents that NoviAPI has no request for: sent as XML through ``direct_io``.

The state of such an id proves that the printer has executed the packet, not that the command in it has succeeded. So
the counters prove these documents, and the state only whether the packet may be sent again.

Source: Novitus reference, sections 5.13 to 5.15 and N5.
"""

from __future__ import annotations

import datetime
from abc import abstractmethod
from dataclasses import dataclass
from typing import Generic, TypeVar

from fiscald.model.cash import CashIn, CashOut, Drawer
from fiscald.model.documents import Document
from fiscald.model.jobs import Paper, Result
from fiscald.model.money import grosze
from fiscald.model.problems import problem
from fiscald.model.reports import MonthlyReport, PeriodicReport
from fiscald.protocols.base import (
    Checkpoint,
    Dialogue,
    Effect,
    Held,
    NotPrinted,
    Pause,
    Printed,
    Settings,
    Stage,
    Unknown,
    Verdict,
    Wait,
)
from fiscald.protocols.conditions import condition_problem
from fiscald.protocols.noviapi import xml
from fiscald.protocols.noviapi.access import DOCUMENT, call
from fiscald.protocols.noviapi.commands import DIRECT_IO, LONG_POLL, Reply, ask, confirm, store
from fiscald.protocols.noviapi.conditions import CONDITIONS
from fiscald.protocols.noviapi.course import Course
from fiscald.protocols.noviapi.evidence import NoviApiLook
from fiscald.protocols.noviapi.fields import date, money
from fiscald.protocols.noviapi.jobs import BETWEEN, POLLS, new_id, state_of_job
from fiscald.protocols.noviapi.plan import Plan
from fiscald.protocols.noviapi.profiles import Profile
from fiscald.protocols.noviapi.queries import NoviApiBaseline, prepare, read_last_error, to_counters
from fiscald.protocols.noviapi.refusals import refused_document, refused_request
from fiscald.protocols.noviapi.sale import device_values
from fiscald.protocols.novitus_elements import Element, element
from fiscald.protocols.novitus_errors import Reaction, lookup
from fiscald.protocols.proof import verdicts
from fiscald.protocols.proof.own_id import MemoryDelta, Next, OwnIdProof, State
from fiscald.protocols.proof.verdicts import CommitReply
from fiscald.protocols.queries import refusal
from fiscald.protocols.rates import Rates
from fiscald.protocols.reports import check_memory, check_period

D = TypeVar("D", bound=Document)
Slip = CashIn | CashOut
MemoryReport = MonthlyReport | PeriodicReport


def last_error(document: Document, settings: Settings) -> Dialogue[CommitReply]:
    """Why the last command of the XML protocol failed."""
    return _reason((yield from read_last_error(settings)), document)


def _reason(number: int, document: Document) -> CommitReply:
    """What the number of an error means. 0: the printer names no reason."""
    if number == 0:
        reason = "it executed the command, and nothing shows that it succeeded"
        return CommitReply(problem("printer.refused", reason=reason, reason_pl="drukarka nie wykonała polecenia"))
    code = lookup(number)
    if code.condition is not None and CONDITIONS.keeps(code.condition, document.type):
        why = condition_problem(code.condition, f"{code.text} ({number})", code.text_pl, device_code=str(number))
        return CommitReply(why, waits=True)
    if code.reaction is Reaction.CANCELLED:
        return CommitReply(problem("printer.cancelled", device_code=str(number)))
    return CommitReply(refusal("/document", f"{code.text} ({number})", code.text_pl, str(number)))


def execute(command: Element, document: Document, settings: Settings) -> Dialogue[CommitReply]:
    """Have a command executed that registers nothing, and say whether the printer reports an error after it.

    Raises ``DialogueAborted``: it is not known whether it was executed.
    """
    request = store(DIRECT_IO, xml.packed(command))
    reply = yield from call(request, settings)
    if reply.status in (400, 404, 409, 507) and reply.body is not None:
        return refused_request(reply, document)
    own_id = new_id(request, reply)
    settings.kept[DOCUMENT] = f"{DIRECT_IO.name}/{own_id}"
    for poll in range(POLLS):
        if poll:
            yield Pause(BETWEEN)
        question = ask(DIRECT_IO, own_id, LONG_POLL if poll else 0)
        reply = yield from call(question, settings)
        match state_of_job(question, reply):
            case State.STORED:
                yield from call(confirm(DIRECT_IO, own_id, Effect.REVERSIBLE), settings)
            case State.DONE:
                settings.kept[DOCUMENT] = ""
                # Read once: reading clears it (Novitus reference, 5.11).
                number = yield from read_last_error(settings)
                return _reason(number, document) if number else CommitReply()
            case State.REFUSED:
                settings.kept[DOCUMENT] = ""
                return refused_document(reply)
            case State.UNKNOWN:
                settings.kept[DOCUMENT] = ""
                break
    return CommitReply(problem("printer.interrupted", reason="it does not say what became of the command"), again=True)


@dataclass
class _DirectCourse(Course[D], Generic[D]):
    """A document in a packet."""

    endpoint = DIRECT_IO

    @abstractmethod
    def command(self) -> Element:
        """The command."""

    @abstractmethod
    def happened(self, state: State, now: NoviApiLook) -> bool | Unknown:
        """Whether the counters show that it succeeded."""

    def make_plan(self, profile: Profile, rates: Rates) -> Plan:
        """See ``Course``."""
        return Plan(content=xml.packed(self.command()))

    def follows(
        self, proof: OwnIdProof, state: State, reply: Reply, now: NoviApiLook, *, last: bool
    ) -> Dialogue[Next | NotPrinted | Held | Unknown]:
        """The counters decide, once the packet is executed or forgotten."""
        if state in (State.STORED, State.OPEN) or not self.confirming:
            return proof.follows(state, MemoryDelta(0), now)
        before = self.before
        if now.jpkid < before.jpkid or now.lastprintout < before.lastprintout or now.reports < before.reports:
            return verdicts.unproven("counters_restored", "the printer's memory holds less than before", now)
        found = self.happened(state, now)
        if found is True:
            return Next.ANSWER
        if found is not False:
            return found
        match state:
            case State.DONE if not last:
                yield Pause(1.0)
                return Next.ASK_AGAIN
            case State.DONE:
                why = yield from last_error(self.document, self.settings)
                return verdicts.refusal_verdict(why, was_open=False, now=now)
            case State.REFUSED:
                return verdicts.not_executed(refused_document(reply), "the printer refused it", now, was_open=False)
            case _:
                return verdicts.interrupted("the printer forgot the id, and its counters show nothing of it", now)

    def printed(self, reply: Reply, now: NoviApiLook) -> Printed:
        """See ``Course``."""
        result = Result(
            printer_id=now.unique_number, fiscal=now.fiscal, device=device_values(reply, self.own_id),
            daily_report=self.before.reports + 1 if now.reports == self.before.reports else None,
        )  # fmt: skip
        return Printed(result, Paper.PRINTED, (), {"after": now}, to_counters(now))


@dataclass
class CashCourse(_DirectCourse[Slip]):
    """Cash in and out: the cash in the drawer proves it."""

    def command(self) -> Element:
        """See ``_DirectCourse``."""
        action = "payin" if isinstance(self.document, CashIn) else "payout"
        return element("cash", action=action, value=money(grosze(self.document.amount)))

    def happened(self, state: State, now: NoviApiLook) -> bool | Unknown:
        """See ``_DirectCourse``."""
        before, amount = self.before, grosze(self.document.amount)
        if now.reports != before.reports:
            return verdicts.report_between(now)
        if before.cash is None or now.cash is None:
            return verdicts.unproven("contradiction", "the printer does not report the cash in its drawer", now)
        moved = now.cash - before.cash
        if moved == (amount if isinstance(self.document, CashIn) else -amount):
            return True
        if moved:
            return verdicts.unproven("changed", "the cash in the drawer changed by another amount", now)
        return False


@dataclass
class MemoryReportCourse(_DirectCourse[MemoryReport]):
    """A report of the fiscal memory. It changes nothing, so it may be printed again if its outcome is not known."""

    def command(self) -> Element:
        """``kind``: one client sends ``monthlyfull``, the description prints ``monthllyfull`` (5.14)."""
        if isinstance(self.document, MonthlyReport):
            first, last = (date(day) for day in self.document.days)
            kind = "monthlysummary" if self.document.summary else "monthlyfull"
        else:
            first, last = (_end(each) for each in (self.document.start, self.document.end))
            kind = "salesummary" if self.document.summary else "full"
        return element("report", **{"type": "periodical", "from": first, "to": last, "kind": kind})

    def planned(self, profile: Profile, found: NoviApiBaseline) -> Dialogue[Plan]:
        """Refuse what the fiscal memory does not hold."""
        yield from ()
        plan = self.make_plan(profile, found.rates)
        check_memory(self.document, plan, found.look.reports)
        now = None if found.date is None else datetime.datetime.combine(found.date, datetime.time(12))
        check_period(self.document, plan, now)
        return plan

    def happened(self, state: State, now: NoviApiLook) -> bool | Unknown:
        """See ``_DirectCourse``."""
        return state is State.DONE and now.lastprintout > self.before.lastprintout


def _end(value: datetime.date | int) -> str:
    return str(value) if isinstance(value, int) else date(value)


def _course(document: Slip | MemoryReport, settings: Settings) -> CashCourse | MemoryReportCourse:
    if isinstance(document, CashIn | CashOut):
        return CashCourse(document, settings)
    return MemoryReportCourse(document, settings)


def carry_out(document: Slip | MemoryReport, settings: Settings, printer_id: str | None) -> Dialogue[Verdict]:
    """Send the packet. The counters decide what became of it."""
    return _course(document, settings).carry_out(printer_id)


def recover(document: Slip | MemoryReport, settings: Settings, checkpoint: Checkpoint) -> Dialogue[Verdict]:
    """Find out what became of it."""
    return _course(document, settings).recover(checkpoint)


def open_drawer(document: Drawer, settings: Settings, printer_id: str | None) -> Dialogue[Verdict]:
    """Open the drawer. The printer's answer is the only proof."""
    found = yield from prepare(document.type, settings, printer_id)
    if isinstance(found, Wait):
        return found
    yield Checkpoint(Stage.STARTED, found.look, counters=found.counters)
    reply = yield from execute(xml.DRAWER, document, settings)
    return verdicts.drawer(found, reply)
