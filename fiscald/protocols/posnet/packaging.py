"""Returnable packaging without a sale on a POSNET printer: how fiscald carries it out and recovers it.

Theory. The printer shows an open packaging transaction (``scomm ts`` 48), and nothing else can be printed while it is
open. So if no sheet came out since ours was open and one is still open, it is ours, and its closing step was not
executed. Otherwise the counters decide: a completed one is a non-fiscal printout, a cancelled one only a sheet. Two
sheets that are not fiscal, of which one is a printout, prove nothing: ours may be either.

Source: POSNET reference, sections 5.5, 6.1, 6.7 and 7. No source shows the end of such a transaction; fiscald ends it
like a receipt of 0.00 (choice).
"""

from __future__ import annotations

from dataclasses import dataclass

from fiscald.model.packaging import PackagingDocument
from fiscald.model.printers import Snapshot
from fiscald.protocols.base import (
    Check,
    Checkpoint,
    Dialogue,
    Settings,
    Unknown,
    Verdict,
)
from fiscald.protocols.posnet.course import Course
from fiscald.protocols.posnet.endings import send_cancel
from fiscald.protocols.posnet.evidence import PosnetLook
from fiscald.protocols.posnet.options import code_page, profile_of
from fiscald.protocols.posnet.plan import Plan, plan_packaging
from fiscald.protocols.posnet.profiles import Profile
from fiscald.protocols.posnet.proof import CounterDelta, PosnetProof, Slip
from fiscald.protocols.posnet.queries import (
    ask,
    read_stable_counters,
)
from fiscald.protocols.proof import verdicts
from fiscald.protocols.proof.counters import Proven
from fiscald.protocols.proof.verdicts import CommitReply
from fiscald.protocols.rates import Rates


def check(document: PackagingDocument, settings: Settings, snapshot: Snapshot | None) -> Check:
    """The refusals that the planner predicts, and the sums."""
    plan = plan_packaging(document, profile_of(settings, snapshot), code_page(settings))
    return Check(tuple(plan.errors), tuple(plan.notices), plan.totals)


class PackagingCourse(Course[PackagingDocument]):
    """See ``Course``."""

    word = "packaging"
    open_types = (48,)

    def plan(self, profile: Profile, code_page: str, rates: Rates) -> Plan:
        """The commands of the packaging."""
        return plan_packaging(self.document, profile, code_page)

    def verdict(self, opened: PosnetLook, plan: Plan, reply: CommitReply | None) -> Dialogue[Verdict]:
        """What became of it after its closing step was sent."""
        if reply is None or reply.refusal is not None:
            scomm = yield from ask("scomm", "ts")
            now = yield from read_stable_counters()
            delta = CounterDelta(opened, now)
            if self.still_ours(scomm["ts"], delta):
                now = yield from send_cancel(opened)
                return verdicts.not_executed(reply, "the packaging was still open; it was cancelled", now)
            if delta.comparable and not delta.reports and not delta.slips and delta.printouts:
                return verdicts.ended_by_others(reply, "the packaging was cancelled before it was completed", now)
        expected = _Completed(None, surely_counted=False, notices=tuple(plan.notices), due=plan.due)
        return (yield from PosnetProof(opened, expected, self.settings).verdict(reply))


def carry_out(document: PackagingDocument, settings: Settings, printer_id: str | None) -> Dialogue[Verdict]:
    """Print it on the printer with that unique number."""
    return PackagingCourse(document, settings).carry_out(printer_id)


def recover(document: PackagingDocument, settings: Settings, checkpoint: Checkpoint) -> Dialogue[Verdict]:
    """After silence, a lost link or a killed daemon: read the printer, cancel ours if it is open, decide."""
    return PackagingCourse(document, settings).recover(checkpoint)


@dataclass(frozen=True, slots=True)
class _Completed(Slip):
    """One more non-fiscal printout, and no other sheet that is not fiscal."""

    def judge(self, delta: CounterDelta, confirmed: bool | None) -> Proven | Unknown | None:
        """See ``Expected``."""
        other_sheets = delta.printouts - delta.completed - delta.cancelled
        if not confirmed and not delta.reports and delta.slips == 1 and other_sheets > 1:
            return verdicts.unproven("many_slips", "another sheet came out that is not fiscal", delta.now)
        return Slip.judge(self, delta, confirmed)
