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
from fiscald.model.problems import problem
from fiscald.protocols.base import (
    Check,
    Checkpoint,
    Dialogue,
    NotPrinted,
    Pause,
    Settings,
    Stage,
    Unknown,
    Verdict,
    Wait,
)
from fiscald.protocols.posnet.commit import commit, corrupted, refused
from fiscald.protocols.posnet.endings import send_cancel
from fiscald.protocols.posnet.evidence import PosnetLook
from fiscald.protocols.posnet.options import PosnetOptions, code_page, profile_of
from fiscald.protocols.posnet.plan import Plan, plan_packaging
from fiscald.protocols.posnet.profiles import PROFILES
from fiscald.protocols.posnet.proof import CounterDelta, PosnetProof, Slip
from fiscald.protocols.posnet.queries import (
    ask,
    is_corrupted,
    prepare_plan,
    read_counters,
    read_last_document,
    read_stable_counters,
    send,
)
from fiscald.protocols.proof import verdicts
from fiscald.protocols.proof.counters import STILL_SECONDS, Proven
from fiscald.protocols.proof.verdicts import CommitReply

#: ``scomm ts`` of a packaging transaction.
_PACKAGING_TYPE = 48
#: Refusals of ``trend`` because of a sum. The planner has checked the sums, so a line arrived twice or not at all.
_SUMS_DIFFER = range(2805, 2810)


def check(document: PackagingDocument, settings: Settings, snapshot: Snapshot | None) -> Check:
    """The refusals that the planner predicts, and the sums."""
    plan = plan_packaging(document, profile_of(settings, snapshot), code_page(settings))
    return Check(tuple(plan.errors), tuple(plan.notices), plan.totals)


def carry_out(document: PackagingDocument, settings: Settings, printer_id: str | None) -> Dialogue[Verdict]:
    """Print it on the printer with that unique number."""
    prepared = yield from prepare_plan(document.type, settings, printer_id)
    if isinstance(prepared, Wait):
        return prepared
    profile, found = prepared
    plan = plan_packaging(document, profile, PosnetOptions.of(settings).code_page)
    if plan.errors:
        return verdicts.refused_before(plan.errors, found.look)
    before = found.look.model_copy(update={"profile": profile.name})
    yield Checkpoint(Stage.STARTED, before, counters=found.counters)

    opening, *packs = plan.items
    reply = yield from send(opening.request)
    if is_corrupted(reply):
        # Ours may be open; recovery finds out.
        raise corrupted(reply, opening.pointer)
    if not reply.good:
        return verdicts.refusal_verdict(refused(reply, opening.pointer, document), was_open=False)
    opened = before.updated((yield from read_stable_counters()))
    yield Checkpoint(Stage.OPENED, before, opened)

    for item in packs:
        reply = yield from send(item.request)
        if is_corrupted(reply):
            reply = yield from send(item.request)  # one that arrived twice is noticed by the sums of ``trend``
        if not reply.good:
            return (yield from _give_up(refused(reply, item.pointer, document), opened))

    yield Checkpoint(Stage.COMMITTING, before, opened)
    assert plan.close is not None
    committed = yield from commit(plan.close, document, _SUMS_DIFFER)
    return (yield from _verdict(opened, plan, settings, committed))


def recover(document: PackagingDocument, settings: Settings, checkpoint: Checkpoint) -> Dialogue[Verdict]:
    """After silence, a lost link or a killed daemon: read the printer, cancel ours if it is open, decide."""
    before: PosnetLook = checkpoint.before
    scomm = yield from ask("scomm", "ts", "nu")
    if scomm["nu"] != before.nu:
        return verdicts.swapped(settings, scomm["nu"], before.nu)
    if checkpoint.never_opened:
        return (yield from _recover_opening(before))
    opened: PosnetLook = checkpoint.opened
    if checkpoint.stage is Stage.COMMITTING:
        if before.profile is None:
            raise ValueError("the profile of its plan is lost")
        plan = plan_packaging(document, PROFILES[before.profile], PosnetOptions.of(settings).code_page)
        return (yield from _verdict(opened, plan, settings, None))
    still_open, now = yield from _still_open(opened)
    if still_open:
        now = yield from send_cancel(opened)
        return verdicts.interrupted("the packaging was open; it was cancelled", now)
    return verdicts.interrupted("interrupted before the closing step was sent", now)


def _verdict(opened: PosnetLook, plan: Plan, settings: Settings, reply: CommitReply | None) -> Dialogue[Verdict]:
    """What became of it after its closing step was sent. ``reply``: the answer; ``None``: it is not known."""
    if reply is None or reply.refusal is not None:
        still_open, now = yield from _still_open(opened)
        if still_open:
            now = yield from send_cancel(opened)
            return verdicts.not_executed(reply, "the packaging was still open; it was cancelled", now)
        delta = CounterDelta(opened, now)
        if delta.comparable and not delta.reports and not delta.slips and delta.printouts:
            return verdicts.ended_by_others(reply, "the packaging was cancelled before it was completed", now)
    expected = _Completed(None, surely_counted=False, notices=tuple(plan.notices), due=plan.due)
    return (yield from PosnetProof(opened, expected, settings).verdict(reply))


@dataclass(frozen=True, slots=True)
class _Completed(Slip):
    """One more non-fiscal printout, and no other sheet that is not fiscal."""

    def judge(self, delta: CounterDelta, confirmed: bool | None) -> Proven | Unknown | None:
        """See ``Expected``."""
        other_sheets = delta.printouts - delta.completed - delta.cancelled
        if not confirmed and not delta.reports and delta.slips == 1 and other_sheets > 1:
            return verdicts.unproven("many_slips", "another sheet came out that is not fiscal", delta.now)
        return Slip.judge(self, delta, confirmed)


def _still_open(opened: PosnetLook) -> Dialogue[tuple[bool, PosnetLook]]:
    """Whether ours is still open, and the counters now."""
    scomm = yield from ask("scomm", "ts")
    now = yield from read_stable_counters()
    delta = CounterDelta(opened, now)
    return scomm["ts"] == _PACKAGING_TYPE and not delta.any_change and not delta.printouts, now


def _give_up(reply: CommitReply, opened: PosnetLook) -> Dialogue[Verdict]:
    """End ours after a definite refusal, before its closing step was sent."""
    still_open, now = yield from _still_open(opened)
    if not still_open:
        # A person or another program has ended it.
        return NotPrinted(problem("printer.cancelled"), evidence={"after": now})
    now = yield from send_cancel(opened)
    return verdicts.refusal_verdict(reply, now=now)


def _recover_opening(before: PosnetLook) -> Dialogue[Verdict]:
    """``trpackinit`` may have been sent but was not confirmed: ours can be open only if it is empty."""
    if (yield from _empty_and_alone(before)):
        yield Pause(STILL_SECONDS)
        if (yield from _empty_and_alone(before)):
            now = yield from send_cancel(before)
            return verdicts.interrupted("the packaging was open; it was cancelled", now)
    now = yield from read_counters()
    return verdicts.interrupted("interrupted before the packaging was opened", now)


def _empty_and_alone(before: PosnetLook) -> Dialogue[bool]:
    """Whether an empty packaging transaction is open, and nothing has ended since."""
    last = yield from read_last_document()
    still_open, _ = yield from _still_open(before)
    return still_open and (last.total, last.paid, last.packaging) == (0, 0, 0)
