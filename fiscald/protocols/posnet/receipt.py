"""A receipt on a POSNET printer: how fiscald carries it out and recovers it.

The proof is always the printer's counters, read before the first change and after the last step. An error answer to a
closing step proves nothing. If noise corrupts a line, it is sent once more; a closing step never is.

Theory. A printer holds at most one document. When it has confirmed ``trinit``, our receipt is open, and no other one
can end before it. So the first receipt that the counters show after that moment, completed or cancelled, is ours. Every
later look is compared with the look at that moment (``Stage.OPENED``).

Source: POSNET reference, sections 5 (commands), 7 (counters) and 9 (recovery).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from fiscald.model.jobs import Notice
from fiscald.model.problems import problem
from fiscald.model.receipt import Receipt
from fiscald.model.times import POLISH_TIME
from fiscald.protocols.base import (
    Checkpoint,
    Dialogue,
    DialogueAborted,
    NotPrinted,
    Pause,
    Printed,
    Settings,
    Stage,
    Unknown,
    Verdict,
    Wait,
)
from fiscald.protocols.posnet.commit import commit, corrupted, refused
from fiscald.protocols.posnet.endings import close_footer, finish_footer, send_cancel
from fiscald.protocols.posnet.evidence import PosnetLook
from fiscald.protocols.posnet.options import PosnetOptions
from fiscald.protocols.posnet.plan import Plan, plan_receipt
from fiscald.protocols.posnet.profiles import PROFILES, Profile
from fiscald.protocols.posnet.proof import CounterDelta
from fiscald.protocols.posnet.queries import (
    Clock,
    PosnetBaseline,
    ask,
    find_profile,
    is_corrupted,
    prepare_plan,
    read_clock,
    read_copy,
    read_counters,
    read_last_document,
    read_paper,
    read_stable_counters,
    read_totals,
    result_of,
    send,
    to_counters,
)
from fiscald.protocols.proof import verdicts
from fiscald.protocols.proof.counters import STILL_SECONDS, incomparable
from fiscald.protocols.proof.verdicts import CommitReply, Ending
from fiscald.protocols.rates import parse_rates, plain_rates

#: ``scomm ts`` of a receipt, printed at once or in block mode.
_RECEIPT_TYPES = (16, 17)
#: Refusals of ``trend`` because of a sum. The planner has checked the sums, so a line arrived twice or not at all.
_SUMS_DIFFER = range(2805, 2810)


def carry_out(receipt: Receipt, settings: Settings, printer_id: str | None) -> Dialogue[Verdict]:
    """Print it on the printer with that unique number."""
    prepared = yield from prepare_plan(receipt.type, settings, printer_id)
    if isinstance(prepared, Wait):
        return prepared
    return (yield from _print(receipt, settings, *prepared))


def carry_on(receipt: Receipt, settings: Settings, found: PosnetBaseline) -> Dialogue[Verdict]:
    """Print it soon after another receipt that left ``found``. The look at the open receipt shows whether ``found`` was
    still true; if not, the rates are read again before anything is sold.
    """
    profile = yield from find_profile(settings)
    return (yield from _print(receipt, settings, profile, found))


def _print(receipt: Receipt, settings: Settings, profile: Profile, found: PosnetBaseline) -> Dialogue[Verdict]:
    plan = plan_receipt(receipt, profile, PosnetOptions.of(settings).code_page, found.rates)
    if plan.errors:
        return verdicts.refused_before(plan.errors, found.look)
    before = found.look.model_copy(update={"profile": profile.name, "rates": plain_rates(found.rates)})
    yield Checkpoint(Stage.STARTED, before, counters=found.counters)

    opening, *lines = plan.items
    reply = yield from send(opening.request)
    if is_corrupted(reply):
        # Our receipt may be open. A second opening command would be refused as if another program's receipt were
        # open, so recovery checks first.
        raise corrupted(reply, opening.pointer)
    if not reply.good:
        return verdicts.refusal_verdict(refused(reply, opening.pointer, receipt), was_open=False)
    opened = yield from _look_when_opened(before, found)
    if isinstance(opened, NotPrinted):
        return opened
    yield Checkpoint(Stage.OPENED, before, opened)

    for item in lines:
        reply = yield from send(item.request)
        if is_corrupted(reply):
            reply = yield from send(item.request)
        if not reply.good:
            return (yield from _give_up(refused(reply, item.pointer, receipt), opened))

    yield Checkpoint(Stage.COMMITTING, before, opened)
    assert plan.close is not None
    committed = yield from commit(plan.close, receipt, _SUMS_DIFFER)
    notices: tuple[Notice, ...] = ()
    if committed.refusal is None and plan.footer:
        notices = yield from finish_footer(plan.footer)
    return (yield from ReceiptProof(opened, plan, settings, notices, found).verdict(committed))


def _look_when_opened(before: PosnetLook, found: PosnetBaseline) -> Dialogue[PosnetLook | NotPrinted]:
    """The counters while our receipt is open: nothing else can move them before our receipt ends.

    ``NotPrinted``: a person has cancelled our receipt already, or it was planned with a VAT table that has changed.
    """
    opened = yield from read_counters()
    if opened.nu != before.nu:
        raise DialogueAborted(problem("printer.busy", reason="another printer answers now"))
    # Another program printed between our last look and our opening, or our receipt was cancelled since.
    changed = CounterDelta(before, opened).any_change
    # While the day has no sale, a person can program the VAT table, and no counter moves.
    if changed or not found.counters.receipts:
        day, rates_now = yield from read_totals()
        opened = opened.model_copy(update={"day": day})
        if changed and not (yield from ask("scomm", "ts"))["ts"]:
            return NotPrinted(problem("printer.cancelled"))
        if rates_now != found.rates:
            now = yield from send_cancel(opened)
            return verdicts.interrupted("the VAT table was changed before the receipt was opened", now)
    return before.updated(opened)


def _give_up(reply: CommitReply, opened: PosnetLook) -> Dialogue[Verdict]:
    """End our receipt after a definite refusal, before its closing step was sent."""
    scomm = yield from ask("scomm", "ts")
    now = yield from read_stable_counters()
    if not scomm["ts"] or CounterDelta(opened, now).any_change:
        # If a receipt is open now, it is not ours: a person or another program has ended our receipt.
        return NotPrinted(problem("printer.cancelled"), evidence={"after": now})
    now = yield from send_cancel(opened)
    return verdicts.refusal_verdict(reply, now=now)


@dataclass(frozen=True, slots=True)
class ReceiptProof:
    """Decides whether our receipt was registered after its closing step was sent (section 9.3)."""

    opened: PosnetLook
    """The look while it was open."""
    plan: Plan
    settings: Settings
    notices: tuple[Notice, ...] = ()
    found: PosnetBaseline | None = None
    """What was known before the receipt; ``None``: this is a recovery."""

    def verdict(self, reply: CommitReply | None) -> Dialogue[Verdict]:
        """``reply``: the answer to the closing step; ``None``: it is not known."""
        confirmed = reply is not None and reply.refusal is None
        now = yield from read_counters()
        delta = CounterDelta(self.opened, now)
        if not delta.comparable:
            return incomparable(delta, self.settings)
        if confirmed and (delta.reports or delta.one_completed or delta.uncounted):
            # The answer confirms it, and the counters do not contradict it. (After a report they show nothing.)
            return (yield from self.printed(now, confirmed=True, just_now=True))
        if delta.reports:
            return verdicts.report_between(now)
        scomm = yield from ask("scomm", "ts")
        last = yield from read_last_document()
        if last.footer_open and not scomm["ts"]:
            yield from close_footer()
        now = yield from read_stable_counters()
        if CounterDelta(delta.now, now).any_change:
            raise DialogueAborted(problem("printer.busy", reason="another program is printing"))
        delta = CounterDelta(self.opened, now)
        like_ours = (last.total, last.paid, last.change) == (self.plan.total, self.plan.paid, self.plan.change)
        alone = delta.completed == 1 and delta.printouts == 1 and not scomm["ts"]
        ending = verdicts.ending(
            delta, self.plan.total, reply, is_open=bool(scomm["ts"]), other_content=alone and not like_ours
        )
        if ending is Ending.NONE:
            now = yield from send_cancel(self.opened)
            return verdicts.not_executed(reply, "the receipt was still open; it was cancelled", now)
        if ending is not Ending.COMPLETED:
            return ending
        if not delta.cancelled:
            return (yield from self.printed(now, confirmed=confirmed))
        # The printer counts every cancelled receipt, so only here can ours be another one than the first.
        last_is_ours = verdicts.last_is_ours(delta, self.plan.total, like_ours=like_ours, confirmed=confirmed)
        if isinstance(last_is_ours, Unknown):
            return last_is_ours
        return (yield from self.printed(now, confirmed=confirmed, last=last_is_ours))

    def printed(
        self, now: PosnetLook, *, confirmed: bool = False, last: bool = False, just_now: bool = False
    ) -> Dialogue[Printed]:
        """The answer. Ours was the first receipt to end after ``opened``; or (``last``) it is the last document.

        ``confirmed``: it was printed a moment ago. ``just_now``: and nothing has happened since.
        """
        number = now.last_number if last else self.opened.last_number + 1
        delta = CounterDelta(self.opened, now)
        paper = yield from read_paper(self.settings)
        just_now = just_now and delta.one_completed and self.found is not None
        clock = Clock(None, exact=True)
        if delta.sold_at is not None:
            sold = datetime.fromisoformat(delta.sold_at)
            clock = Clock(sold if sold.tzinfo else sold.replace(tzinfo=POLISH_TIME), exact=False)
        elif confirmed and (not just_now or self.found is None or not self.found.exact_clock):
            clock = yield from read_clock()  # later it would not be the time of the sale
        offset = self.found.copy_offset if just_now and self.found is not None else None
        copy = (yield from read_copy()) if offset is None else now.hn + offset
        report, total = self.opened.rd + 1, self.plan.total
        result = result_of(now, number, report, total, clock.moment, fiscal=delta.fiscal, copy=copy, due=self.plan.due)
        return Printed(
            result, paper, tuple(self.plan.notices) + self.notices, {"after": now}, to_counters(now),
            self._baseline(now, clock, copy) if just_now else None, just_now=just_now,
        )  # fmt: skip

    def _baseline(self, now: PosnetLook, clock: Clock, copy: int | None) -> PosnetBaseline | None:
        """What the printer would report now. ``None``: our receipt is not all that has happened."""
        day, total = self.opened.day, self.plan.total
        if self.found is None or not self.found.fiscal or day is None or CounterDelta(self.opened, now).printouts != 1:
            return None
        if now.day is None:
            counted = None if day.pn is None else day.pn + 1
            sales = None if day.sales is None else day.sales + total
            now = now.model_copy(
                update={"day": day.model_copy(update={"pn": counted, "sales": sales, "last_sale": None})}
            )
        look = self.opened.updated(now)
        return replace(
            self.found, look=look, counters=to_counters(look), transaction_open=False, day_open=True,
            exact_clock=clock.exact, copy_offset=None if copy is None else copy - now.hn,
        )  # fmt: skip


def recover(receipt: Receipt, settings: Settings, checkpoint: Checkpoint) -> Dialogue[Verdict]:
    """After silence, a lost link or a killed daemon: read the printer, cancel our open receipt, decide."""
    before: PosnetLook = checkpoint.before
    scomm = yield from ask("scomm", "ts", "nu")
    if scomm["nu"] != before.nu:
        return verdicts.swapped(settings, scomm["nu"], before.nu)
    if checkpoint.never_opened:
        return (yield from recover_opening(before))
    opened: PosnetLook = checkpoint.opened
    if checkpoint.stage is Stage.COMMITTING:
        plan = planned_before(receipt, settings, before)
        return (yield from ReceiptProof(opened, plan, settings).verdict(None))
    now = yield from read_stable_counters()
    if scomm["ts"] and not CounterDelta(opened, now).any_change:
        now = yield from send_cancel(opened)
        return verdicts.interrupted("the receipt was open; it was cancelled", now)
    # Our closing step was never sent, so our receipt was cancelled. If a receipt is open now, it is not ours.
    return verdicts.interrupted("interrupted before the closing step was sent", now)


def planned_before(receipt: Receipt, settings: Settings, before: PosnetLook) -> Plan:
    """The commands as planned then. Raises ``ValueError`` if the profile or the VAT table of the plan is lost."""
    if before.profile is None or before.rates is None:
        raise ValueError("the profile and the VAT table of its plan are lost")
    return plan_receipt(
        receipt, PROFILES[before.profile], PosnetOptions.of(settings).code_page, parse_rates(before.rates)
    )


def recover_opening(before: PosnetLook) -> Dialogue[Verdict]:
    """``trinit`` may have been sent but was not confirmed: our receipt can be open only if it is empty."""
    if (yield from _empty_and_alone(before)):
        yield Pause(STILL_SECONDS)
        if (yield from _empty_and_alone(before)):
            now = yield from send_cancel(before)
            return verdicts.interrupted("the receipt was open; it was cancelled", now)
    now = yield from read_counters()
    return verdicts.interrupted("interrupted before the receipt was opened", now)


def _empty_and_alone(before: PosnetLook) -> Dialogue[bool]:
    """Whether an empty receipt is open, and nothing has ended since."""
    scomm = yield from ask("scomm", "ts")
    last = yield from read_last_document()
    now = yield from read_stable_counters()
    empty = scomm["ts"] in _RECEIPT_TYPES and (last.total, last.paid) == (0, 0)
    return empty and not CounterDelta(before, now).any_change
