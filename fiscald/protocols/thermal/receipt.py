"""A receipt on a Thermal printer: how fiscald carries it out and recovers it.

The proof is always what the printer reports about itself, read before the first change and after the last step. Answers
to commands have no check byte, so neither a good answer nor an error proves anything about money. If noise corrupts a
line, it is sent once more (its number makes a double line an error); a closing step never is.

Theory. A printer holds at most one receipt. When it has confirmed ``$h`` and reports an open receipt, our receipt is
open, and no other one can end before it. So the first receipt that the counters show after that moment, completed or
cancelled, is ours. Every later look is compared with the look at that moment (``Stage.OPENED``). But a receipt that is
cancelled before its first line leaves no trace (5.5). So before fiscald cancels an open receipt, its content must be
what we sent.

Source: Thermal reference, sections 5 (commands), 7 (counters) and 9 (recovery).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from fiscald.model.jobs import VatTotal
from fiscald.model.problems import problem
from fiscald.model.receipt import Receipt
from fiscald.protocols import vat_totals
from fiscald.protocols.base import (
    Baseline,
    Checkpoint,
    Dialogue,
    DialogueAborted,
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
from fiscald.protocols.proof import verdicts
from fiscald.protocols.proof.counters import DOUBTFUL_LOOKS, STILL_SECONDS, incomparable
from fiscald.protocols.proof.verdicts import CommitReply, Ending
from fiscald.protocols.rates import Rates, parse_rates, plain_rates
from fiscald.protocols.thermal.commands import Reply, request
from fiscald.protocols.thermal.commit import commit, refused
from fiscald.protocols.thermal.evidence import ThermalLook
from fiscald.protocols.thermal.options import ThermalOptions
from fiscald.protocols.thermal.plan import plan_receipt
from fiscald.protocols.thermal.planner import Plan
from fiscald.protocols.thermal.profiles import PROFILES, Profile
from fiscald.protocols.thermal.proof import RECEIPT_NUMBERS, CounterDelta
from fiscald.protocols.thermal.queries import (
    find_profile,
    is_corrupted,
    prepare_plan,
    read_after,
    read_counters,
    read_last,
    read_look,
    read_open,
    read_result,
    read_stable_counters,
    send,
    to_counters,
)

#: Refusals of a closing command because of a sum. The planner has checked the sums, so a line, a deposit or an amount
#: arrived twice, damaged, or not at all.
SUMS_DIFFER = (23, 26, 27)
#: A line whose number is not the next one: the printer has it already, or this answers a copy of the line before.
OUT_OF_STEP = 4


def carry_out(receipt: Receipt, settings: Settings, printer_id: str | None) -> Dialogue[Verdict]:
    """Print it on the printer with that unique number."""
    prepared = yield from prepare_plan(receipt.type, settings, printer_id)
    if isinstance(prepared, Wait):
        return prepared
    profile, found = prepared
    return (yield from _print(receipt, settings, profile, found, carried_on=False))


def carry_on(receipt: Receipt, settings: Settings, found: Baseline[ThermalLook]) -> Dialogue[Verdict]:
    """Print it soon after another receipt that left ``found``. The look at the open receipt shows whether ``found`` was
    still true; if not, everything is read again before anything is sold.
    """
    profile = yield from find_profile(settings)
    return (yield from _print(receipt, settings, profile, found, carried_on=True))


def _print(
    receipt: Receipt, settings: Settings, profile: Profile, found: Baseline[ThermalLook], *, carried_on: bool
) -> Dialogue[Verdict]:
    plan = plan_receipt(receipt, profile, ThermalOptions.of(settings).code_page, found.rates, found.printer_id)
    if plan.errors:
        return verdicts.refused_before(plan.errors, found.look)
    before = found.look.model_copy(update={"profile": profile.name, "rates": plain_rates(found.rates)})
    yield Checkpoint(Stage.STARTED, before, counters=found.counters)

    opening, *lines = plan.items
    reply = yield from send(opening.request)
    if not reply.good:
        return (yield from _opening_refused(reply, opening.pointer, receipt))
    opened = (yield from _still_as_before(before)) if carried_on else None
    if opened is None:
        opened, other_rates = yield from _look_when_opened(before, found.rates)
        if CounterDelta(before, opened).any_change and not (yield from _stays_empty(opened)):
            return verdicts.taken_over("receipt", opened)
        if other_rates:
            return (yield from ReceiptProof(opened, plan, settings).rates_changed(opened))
    yield Checkpoint(Stage.OPENED, before, opened)

    proof = ReceiptProof(opened, plan, settings, found)
    for item in lines:
        reply = yield from send(item.request)
        if is_corrupted(reply):
            reply = yield from send(item.request)
        if not reply.good:
            line_reply = yield from refused(reply, item.pointer, receipt, (OUT_OF_STEP,))
            return (yield from proof.give_up(line_reply))

    yield Checkpoint(Stage.COMMITTING, before, opened)
    assert plan.close is not None
    committed = yield from commit(plan.close, receipt, SUMS_DIFFER)
    return (yield from proof.verdict(committed))


def _opening_refused(reply: Reply, pointer: str, receipt: Receipt) -> Dialogue[NotPrinted | Held]:
    """The printer refused ``$h``. If no receipt is open, there is nothing to cancel."""
    opening_reply = yield from refused(reply, pointer, receipt)
    now = yield from read_counters()
    if is_corrupted(reply) or now.Pt:
        # Noise, in our command or in its answer; or another program was faster. Recovery finds out which.
        assert opening_reply.refusal is not None
        raise DialogueAborted(opening_reply.refusal)
    return verdicts.refusal_verdict(opening_reply, was_open=False)


def _still_as_before(before: ThermalLook) -> Dialogue[ThermalLook | None]:
    """The look at our open receipt; ``None``: the number of the last document shows that ``before`` is out of date."""
    open_one, last = yield from read_last()
    return before.model_copy(update={"Pt": 1, "Px": 0}) if open_one and last == before.numer else None


def _look_when_opened(before: ThermalLook, rates: Rates) -> Dialogue[tuple[ThermalLook, bool]]:
    """The counters while our receipt is open: nothing else can move them before our receipt ends. And whether the VAT
    table is another one than ``rates``.
    """
    opened, rates_now = yield from read_look()
    if rates_now != rates:
        _, rates_now = yield from read_look()
    if not CounterDelta(before, opened).nothing_moved:
        # Another program printed between our last look and our opening, or one of the two looks is damaged.
        opened = yield from read_stable_counters(opened)
    if not opened.Pt or opened.nr_unikatowy != before.nr_unikatowy:
        raise DialogueAborted(problem("printer.busy", reason="it confirmed our opening, but shows no open receipt"))
    return before.updated(opened), rates_now != rates


def _stays_empty(opened: ThermalLook) -> Dialogue[bool]:
    """Whether no one touches the open receipt. If something ended between our last look and our opening, ours may have
    been cancelled too (without a trace, 5.5), and the open one may be another program's.
    """
    for _ in range(DOUBTFUL_LOOKS):
        yield Pause(STILL_SECONDS)
        if (yield from _empty_and_alone(opened)) is None:
            return False
    return True


def send_cancel(since: ThermalLook) -> Dialogue[ThermalLook]:
    """Cancel our own open receipt and check that it is gone. Returns the counters after that."""
    yield from send(request("$e 0"))
    now = yield from read_stable_counters()
    if now.Pt or CounterDelta(since, now).completed:
        raise DialogueAborted(problem("printer.busy", reason="our open receipt could not be cancelled yet"))
    return now


@dataclass(frozen=True, slots=True)
class ReceiptProof:
    """Decides from the counters what became of a receipt that was open (section 9.3)."""

    opened: ThermalLook
    """The look while it was open."""
    plan: Plan
    settings: Settings
    found: Baseline[ThermalLook] | None = None
    """What was known before the receipt; ``None``: this is a recovery."""

    def verdict(self, reply: CommitReply | None) -> Dialogue[Verdict]:
        """Decide after the closing step was sent. ``reply``: the answer to that step; ``None``: it is not known."""
        confirmed = reply is not None and reply.refusal is None
        if confirmed:
            after = yield from read_after(self.opened)
            if after is not None and self._as_planned(CounterDelta(self.opened, after)):
                # The answer confirms it, the counters agree, and nothing else was printed.
                printed = yield from self.printed(after, just_now=True)
                return replace(printed, baseline=self._baseline(after))
        now = yield from read_stable_counters()
        delta = CounterDelta(self.opened, now)
        if not delta.comparable:
            return incomparable(delta, self.settings)
        if confirmed and (delta.reports or delta.uncounted or self._as_planned(delta)):
            # After a report the counters show nothing.
            return (yield from self.printed(now, just_now=True))
        if delta.reports:
            return verdicts.report_between(now)
        # Opening clears the flag of the last closing, and only a closing sets it (3.3).
        ending = verdicts.ending(delta, self.plan.total, reply, is_open=bool(now.Pt), closed=bool(now.Px))
        if ending is Ending.NONE:
            return (yield from self._not_closed(reply, now))
        if ending is not Ending.COMPLETED:
            return ending
        if delta.completed == 1:
            return (yield from self.printed(now, just_now=confirmed))
        # The printer does not count a cancelled receipt without lines, so ours need not be the first one.
        receipt = yield from read_open()
        like_ours = not receipt.open and self.plan.ends_with(receipt.totals)
        last_is_ours = verdicts.last_is_ours(delta, self.plan.total, like_ours=like_ours, confirmed=confirmed)
        if isinstance(last_is_ours, Unknown):
            return last_is_ours
        return (yield from self.printed(now, just_now=confirmed, last=last_is_ours))

    def _as_planned(self, delta: CounterDelta) -> bool:
        """Whether exactly one receipt ended since, and has our total."""
        return delta.comparable and delta.one_completed and delta.sales == self.plan.total

    def _baseline(self, now: ThermalLook) -> Baseline[ThermalLook] | None:
        """What the printer would report now. ``None``: too little was read for that."""
        if self.found is None or not self.found.fiscal:
            return None
        return replace(self.found, look=now, counters=to_counters(now), transaction_open=bool(now.Pt))

    def rates_changed(self, now: ThermalLook) -> Dialogue[Verdict]:
        """The VAT table is another one than the plan's: cancel our empty receipt, and carry it out again."""
        reason = "the VAT table was changed before the receipt was opened"
        if (yield from self.still_ours(now)):
            now = yield from send_cancel(self.opened)
        return verdicts.interrupted(reason, now)

    def _not_closed(self, reply: CommitReply | None, now: ThermalLook) -> Dialogue[Verdict]:
        """A receipt is open and none has ended: the printer did not execute our closing step."""
        if not (yield from self.still_ours(now)):
            given_up = "the receipt was cancelled before it was registered; the open one is not ours"
            return verdicts.interrupted(given_up, now)
        now = yield from send_cancel(self.opened)
        return verdicts.not_executed(reply, "the receipt was still open; it was cancelled", now)

    def printed(self, now: ThermalLook, *, just_now: bool, last: bool = False) -> Dialogue[Printed]:
        """The answer. Ours was the first receipt to end after ``opened``; or (``last``) it is the last receipt."""
        number = now.par_num if last else (self.opened.par_num + 1) % RECEIPT_NUMBERS
        result, paper = yield from read_result(
            self.settings,
            now,
            number,
            self.opened.n_dobowych + 1,
            self.plan.total,
            just_now=just_now,
            due=self.plan.due,
            totals=self._totals(),
        )
        return Printed(result, paper, tuple(self.plan.notices), {"after": now}, to_counters(now))

    def _totals(self) -> tuple[VatTotal, ...] | None:
        """The total by rate. What the printer reports is before a discount on the whole receipt (5.9)."""
        rates = self.opened.rates
        return None if rates is None else vat_totals.of_lines(self.plan.lines, self.plan.total, parse_rates(rates))

    def give_up(self, reply: CommitReply) -> Dialogue[Verdict]:
        """End our receipt after a refusal, before its closing step was sent."""
        now = yield from read_stable_counters()
        if not (yield from self.still_ours(now)):
            # If a receipt is open now, it is not ours: a person or another program has ended our receipt.
            return verdicts.ended_by_others(reply, "our receipt was ended before its closing step was sent", now)
        now = yield from send_cancel(self.opened)
        return verdicts.not_executed(reply, "a line was refused", now)

    def still_ours(self, now: ThermalLook) -> Dialogue[bool]:
        """Whether the open receipt is ours: none has ended since ours was opened, and it has the content that we sent.

        An empty one may be ours, or another one opened after ours was cancelled without a trace. So it must not change
        for some seconds: a program that works on its receipt does not pause for so long.
        """
        if not now.Pt or CounterDelta(self.opened, now).any_change:
            return False
        receipt = yield from read_open()
        if not receipt.open or not self.plan.holds(receipt.totals):
            return False
        if any(receipt.totals):
            return True
        yield Pause(STILL_SECONDS)
        receipt = yield from read_open()
        later = yield from read_stable_counters()
        empty = receipt.open and not any(receipt.totals) and bool(later.Pt)
        return empty and not CounterDelta(self.opened, later).any_change


def recover(receipt: Receipt, settings: Settings, checkpoint: Checkpoint) -> Dialogue[Verdict]:
    """After silence, a lost link or a killed daemon: read the printer, cancel our open receipt, decide."""
    before: ThermalLook = checkpoint.before
    now = yield from read_stable_counters()
    if now.nr_unikatowy != before.nr_unikatowy:
        return verdicts.swapped(settings, now.nr_unikatowy, before.nr_unikatowy)
    if checkpoint.never_opened:
        return (yield from _recover_opening(before))
    proof = ReceiptProof(checkpoint.opened, planned_before(receipt, settings, before), settings)
    if checkpoint.stage is Stage.COMMITTING:
        return (yield from proof.verdict(None))
    if (yield from proof.still_ours(now)):
        now = yield from send_cancel(proof.opened)
        return verdicts.interrupted("the receipt was open; it was cancelled", now)
    # Our closing step was never sent, so our receipt was cancelled. If a receipt is open now, it is not ours.
    return verdicts.interrupted("interrupted before the closing step was sent", now)


def planned_before(receipt: Receipt, settings: Settings, before: ThermalLook) -> Plan:
    """The commands as planned then. Raises ``ValueError`` if the profile or the VAT table of the plan is lost."""
    if before.profile is None or before.rates is None:
        raise ValueError("the profile and the VAT table of its plan are lost")
    rates = parse_rates(before.rates)
    return plan_receipt(
        receipt, PROFILES[before.profile], ThermalOptions.of(settings).code_page, rates, before.nr_unikatowy
    )


def _recover_opening(before: ThermalLook) -> Dialogue[Verdict]:
    """``$h`` may have been sent but was not confirmed: our receipt can be open only if it is empty."""
    if (yield from _empty_and_alone(before)) is not None:
        yield Pause(STILL_SECONDS)
        still = yield from _empty_and_alone(before)
        if still is not None:
            now = yield from send_cancel(still)
            return verdicts.interrupted("the receipt was open; it was cancelled", now)
    now = yield from read_counters()
    return verdicts.interrupted("interrupted before the receipt was opened", now)


def _empty_and_alone(before: ThermalLook) -> Dialogue[ThermalLook | None]:
    """The look at an empty open receipt, if none has ended since; otherwise ``None``."""
    receipt = yield from read_open()
    now = yield from read_stable_counters()
    alone = not CounterDelta(before, now).any_change
    return now if receipt.open and not any(receipt.totals) and now.Pt and alone else None
