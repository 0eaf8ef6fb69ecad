"""Printouts and the daily report on a NoviAPI printer: their content, and their answer."""

from __future__ import annotations

import datetime
from dataclasses import dataclass

from fiscald.model.jobs import Notice, Paper, Result
from fiscald.model.printers import Snapshot
from fiscald.model.printout import Printout
from fiscald.model.problems import problem
from fiscald.model.reports import DailyReport
from fiscald.protocols.base import (
    Check,
    Checkpoint,
    Dialogue,
    DialogueAborted,
    NotPrinted,
    Printed,
    Settings,
    Unknown,
    Verdict,
)
from fiscald.protocols.noviapi.access import HOUR, LOST, WAITS, call, host_time, moment
from fiscald.protocols.noviapi.commands import CLEAR_QUEUE, DAILY_REPORT, PRINTOUT, Reply
from fiscald.protocols.noviapi.course import Course
from fiscald.protocols.noviapi.evidence import NoviApiLook
from fiscald.protocols.noviapi.fields import date
from fiscald.protocols.noviapi.jobs import removed, stored_requests
from fiscald.protocols.noviapi.options import NoviApiOptions, profile_of
from fiscald.protocols.noviapi.plan import Plan
from fiscald.protocols.noviapi.plan_printout import plan_printout
from fiscald.protocols.noviapi.profiles import Profile
from fiscald.protocols.noviapi.queries import NoviApiBaseline, to_counters
from fiscald.protocols.noviapi.sale import device_values, number_unknown
from fiscald.protocols.rates import Rates

#: The exception "stored requests in queue".
_STORED_REQUESTS = 10
#: How long other documents may be stored before fiscald takes them for left behind.
LEFT_BEHIND = datetime.timedelta(minutes=10)
QUEUE_CLEARED = Notice(
    code="queue.cleared",
    detail="the printer refused the report because documents were stored in it and not confirmed, one of them perhaps "
    "of fiscald; fiscald removed them all. A program that misses its document sends it again",
    detail_pl="Przed raportem usunięto z drukarki dokumenty, których żaden program nie potwierdził.",
)


@dataclass
class PrintoutCourse(Course[Printout]):
    """A printout that is not fiscal."""

    endpoint = PRINTOUT

    def make_plan(self, profile: Profile, rates: Rates) -> Plan:
        """See ``Course``."""
        return plan_printout(self.document, profile, NoviApiOptions.of(self.settings))

    def counted_since(self, now: NoviApiLook) -> int | None:
        """See ``Course``: the sheets that are neither a receipt nor an invoice; unknown after a report."""
        before = self.before
        if not now.fiscal or now.reports != before.reports:
            return None
        sales = now.lastreceipt - before.lastreceipt + now.lastinvoice - before.lastinvoice
        return max(0, now.lastprintout - before.lastprintout - sales)

    def printed(self, reply: Reply, now: NoviApiLook) -> Printed:
        """See ``Course``."""
        result = Result(
            printer_id=now.unique_number, fiscal=now.fiscal, device=device_values(reply, self.own_id),
            daily_report=self.before.reports + 1 if now.reports == self.before.reports else None,
        )  # fmt: skip
        notices = tuple(self.plan.notices) + self.notices
        return Printed(result, Paper.PRINTED, notices, {"after": now}, to_counters(now))


@dataclass
class ReportCourse(Course[DailyReport]):
    """The daily report. The counter of reports also proves it: it does not matter who made it, the day is closed."""

    endpoint = DAILY_REPORT

    def make_plan(self, profile: Profile, rates: Rates) -> Plan:
        """Without the date, which only carrying out needs."""
        return Plan()

    def counted_since(self, now: NoviApiLook) -> int | None:
        """See ``Course``: the daily reports in the fiscal memory."""
        return now.reports - self.before.reports if now.fiscal else None

    def planned(self, profile: Profile, found: NoviApiBaseline) -> Dialogue[Plan]:
        """With the printer's own date it asks no question on its keypad (Novitus reference, 5.14)."""
        yield from ()
        if found.date is None:
            reason = "it does not tell its date, which a daily report needs"
            raise DialogueAborted(problem("printer.out_of_order", reason=reason, reason_pl="niezrozumiała odpowiedź"))
        return Plan(content={"date": date(found.date, "/")})

    def stored_again(self, reply: Reply) -> Dialogue[bool]:
        """Clear the queue, if a document of ours may be stored there under an unknown id."""
        kept = self.settings.kept
        if reply.exception != _STORED_REQUESTS or not (kept[LOST] or (yield from self._left_behind())):
            return False
        cleared = yield from call(CLEAR_QUEUE, self.settings)
        if not removed(cleared):
            return False
        kept[LOST] = kept[WAITS] = ""
        self.notices = (QUEUE_CLEARED,)
        return True

    def _left_behind(self) -> Dialogue[bool]:
        """Whether the same number of documents has been stored for so long that no program is about to confirm them.

        What fiscald keeps may be lost with the computer's power, and then fiscald does not know that they are its own.
        """
        kept = self.settings.kept
        now = yield from host_time()
        stored = yield from stored_requests(self.settings)
        text, _, number = kept[WAITS].partition(" ")
        since = moment(text)
        if since is None or number != str(stored) or not since <= now < since + HOUR:
            kept[WAITS] = f"{now.isoformat(timespec='seconds')} {stored}"
            return False
        return now >= since + LEFT_BEHIND

    def printed(self, reply: Reply, now: NoviApiLook) -> Printed:
        """See ``Course``."""
        number = now.reports if now.reports == self.before.reports + 1 else None
        result = Result(
            number=number, daily_report=number, printer_id=now.unique_number, fiscal=now.fiscal,
            device=device_values(reply, self.own_id),
        )  # fmt: skip
        notices = self.notices
        if number is None and now.fiscal:
            notices += (number_unknown(reply.number("request", "jpkid")),)
        return Printed(result, Paper.PRINTED, notices, {"after": now}, to_counters(now))

    def otherwise(self, verdict: Verdict, now: NoviApiLook) -> Verdict:
        """The day was closed, by whomever."""
        if now.reports == self.before.reports + 1 and isinstance(verdict, NotPrinted | Unknown):
            return self.printed(Reply(200, {}), now)
        return verdict


def carry_out_printout(document: Printout, settings: Settings, printer_id: str | None) -> Dialogue[Verdict]:
    """Print it."""
    return PrintoutCourse(document, settings).carry_out(printer_id)


def recover_printout(document: Printout, settings: Settings, checkpoint: Checkpoint) -> Dialogue[Verdict]:
    """Find out what became of it."""
    return PrintoutCourse(document, settings).recover(checkpoint)


def check_printout(document: Printout, settings: Settings, snapshot: Snapshot | None) -> Check:
    """What the printer would refuse."""
    plan = plan_printout(document, profile_of(settings, snapshot), NoviApiOptions.of(settings))
    return Check(tuple(plan.errors), tuple(plan.notices), plan.totals)


def carry_out_report(document: DailyReport, settings: Settings, printer_id: str | None) -> Dialogue[Verdict]:
    """Make the daily report."""
    return ReportCourse(document, settings).carry_out(printer_id)


def recover_report(document: DailyReport, settings: Settings, checkpoint: Checkpoint) -> Dialogue[Verdict]:
    """Find out whether it was made."""
    return ReportCourse(document, settings).recover(checkpoint)
