"""An invoice on a Novitus ONLINE: how fiscald carries it out and recovers it.

Theory. No counter proves an invoice (docs/recovery.md): a number that stands still may mean that it was cancelled, or
that this printer does not count it. The protected memory has every document with its kind. A printer holds at most one
document, so the first one there that ended a transaction after ours was open is ours. Every conclusion rests on such a
document and on the number of the last invoice (``50#s``), which must agree with it; otherwise a person decides.

Source: Novitus's description of the protocol 1.12, 3.1.3, 3.1.13, 3.16, 4.4.8 [doc]; Thermal reference, 5.9 and 9.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from fiscald.model.invoice import Invoice
from fiscald.model.printers import Snapshot
from fiscald.model.problems import FieldProblem, problem
from fiscald.protocols import vat_totals
from fiscald.protocols.base import (
    Baseline,
    Check,
    Checkpoint,
    Dialogue,
    DialogueAborted,
    Pause,
    Printed,
    Settings,
    Stage,
    Verdict,
    Wait,
)
from fiscald.protocols.proof import verdicts
from fiscald.protocols.proof.counters import DOUBTFUL_LOOKS, LOOKS, STILL_SECONDS, incomparable
from fiscald.protocols.proof.verdicts import CommitReply
from fiscald.protocols.rates import parse_rates, plain_rates
from fiscald.protocols.thermal.commands import Reply, request
from fiscald.protocols.thermal.commit import commit, refused
from fiscald.protocols.thermal.evidence import ThermalLook
from fiscald.protocols.thermal.options import ThermalOptions, code_page, profile_of
from fiscald.protocols.thermal.plan_invoice import plan_invoice
from fiscald.protocols.thermal.planner import Plan
from fiscald.protocols.thermal.profiles import PROFILES
from fiscald.protocols.thermal.proof import CounterDelta
from fiscald.protocols.thermal.protected import INVOICES, Kind, read_ended, read_memory
from fiscald.protocols.thermal.queries import LOOKS as AGREEING
from fiscald.protocols.thermal.queries import (
    ask,
    is_corrupted,
    prepare_plan,
    read_counters,
    read_look,
    read_result,
    send,
    to_counters,
)
from fiscald.protocols.thermal.receipt import OUT_OF_STEP, SUMS_DIFFER

#: ``100#s`` while an invoice is open.
_OPEN_INVOICE = 19
NO_LIST = "it does not report its documents by kind (210#s), as ONLINE devices do"


def _unsupported(why: str) -> FieldProblem:
    return FieldProblem(
        pointer="/document",
        code="invoice.unsupported",
        detail=f"fiscald prints no invoices on this printer: {why}; print it on another printer",
        detail_pl="Na tej drukarce nie można drukować faktur.",
    )


def check(document: Invoice, settings: Settings, snapshot: Snapshot | None) -> Check:
    """The refusals that the planner predicts, and the sums. Checks the rates only if the printer's table is known."""
    rates = parse_rates(snapshot.rates) if snapshot and any(snapshot.rates.values()) else None
    profile = profile_of(settings, snapshot)
    if profile.no_invoice is not None:
        return Check((_unsupported(profile.no_invoice),))
    plan = plan_invoice(document, profile, code_page(settings), rates)
    return Check(tuple(plan.errors), tuple(plan.notices), plan.totals)


def carry_out(invoice: Invoice, settings: Settings, printer_id: str | None) -> Dialogue[Verdict]:
    """Print it on the printer with that unique number."""
    prepared = yield from prepare_plan(invoice.type, settings, printer_id)
    if isinstance(prepared, Wait):
        return prepared
    profile, found = prepared
    if profile.no_invoice is not None:
        return verdicts.refused_before([_unsupported(profile.no_invoice)], found.look)
    plan = plan_invoice(invoice, profile, ThermalOptions.of(settings).code_page, found.rates, found.printer_id)
    if plan.errors:
        return verdicts.refused_before(plan.errors, found.look)
    memory = yield from read_memory()
    if memory is None or found.look.faktury is None:
        return verdicts.refused_before([_unsupported(NO_LIST)], found.look)
    before = found.look.model_copy(
        update={
            "profile": profile.name,
            "rates": plain_rates(found.rates),
            "jpkid": memory.last,
            "pamiec": memory.label,
        }
    )
    yield Checkpoint(Stage.STARTED, before, counters=found.counters)
    return (yield from _print(invoice, settings, plan, before, found))


def _print(
    invoice: Invoice, settings: Settings, plan: Plan, before: ThermalLook, found: Baseline[ThermalLook]
) -> Dialogue[Verdict]:
    opening, *lines = plan.items
    reply = yield from send(opening.request)
    if not reply.good:
        return (yield from _opening_refused(reply, opening.pointer, invoice))
    opened = yield from _look_when_opened(before)
    proof = InvoiceProof(opened, plan, settings)
    moved = CounterDelta(before, opened).any_change or (before.jpkid, before.faktury) != (opened.jpkid, opened.faktury)
    if moved and not (yield from proof.stays_empty()):
        return verdicts.taken_over("invoice", opened)
    _, rates = yield from read_look()
    if rates != found.rates:
        # Our invoice is empty, and nothing was sold by the old table.
        return (yield from proof.cancel("the VAT table was changed before the invoice was opened"))
    yield Checkpoint(Stage.OPENED, before, opened)

    for item in lines:
        reply = yield from send(item.request)
        if is_corrupted(reply):
            reply = yield from send(item.request)
        if not reply.good:
            line_reply = yield from refused(reply, item.pointer, invoice, (OUT_OF_STEP,))
            return (yield from proof.cancel("a line was refused", line_reply))

    yield Checkpoint(Stage.COMMITTING, before, opened)
    assert plan.close is not None
    committed = yield from commit(plan.close, invoice, SUMS_DIFFER)
    return (yield from proof.verdict(committed))


def _opening_refused(reply: Reply, pointer: str, invoice: Invoice) -> Dialogue[Verdict]:
    """The printer refused ``$h``. If nothing is open, there is nothing to cancel."""
    opening_reply = yield from refused(reply, pointer, invoice)
    now = yield from read_counters()
    if is_corrupted(reply) or now.Pt:
        # Noise, in our command or in its answer; or another program was faster. Recovery finds out which.
        assert opening_reply.refusal is not None
        raise DialogueAborted(opening_reply.refusal)
    return verdicts.refusal_verdict(opening_reply, was_open=False)


def _look_when_opened(before: ThermalLook) -> Dialogue[ThermalLook]:
    """The look while our invoice is open: nothing else can end before it."""
    opened = yield from read_stable_look()
    content = yield from read_content()
    if content.kind != _OPEN_INVOICE or opened.nr_unikatowy != before.nr_unikatowy or opened.faktury is None:
        raise DialogueAborted(problem("printer.busy", reason="it confirmed our opening, but shows no open invoice"))
    return before.updated(opened)


# -- looking ----------------------------------------------------------------------------------------------


class Content(NamedTuple):
    """What is open, or was open last."""

    kind: int
    """0: nothing is open."""
    totals: list[int]
    """By rate, in grosze."""


def read_content() -> Dialogue[Content]:
    """``100#s``."""
    values = yield from ask("#s 100", "Pt", "v", Pn=0)
    return Content(int(values["Pt"]), values["v"])


def read_stable_look() -> Dialogue[ThermalLook]:
    """Flags, counters and the last document of the protected memory, of one moment: two looks agree."""
    before = yield from _read_whole()
    for _ in range(AGREEING):
        look = yield from _read_whole()
        if look == before:
            return look
        before = look
    raise DialogueAborted(problem("printer.busy", reason="its counters keep changing: another program is printing"))


def _read_whole() -> Dialogue[ThermalLook]:
    look = yield from read_counters()
    memory = yield from read_memory()
    if memory is None:
        raise DialogueAborted(problem("printer.busy", reason="it does not report its protected memory"))
    return look.model_copy(update={"jpkid": memory.last, "pamiec": memory.label})


@dataclass(frozen=True, slots=True)
class Seen:
    """What the printer shows since ours was open."""

    delta: CounterDelta
    ended: list[Kind] | None
    """The documents that ended a transaction, in order; ``None``: the printer does not show them all."""
    content: Content

    @property
    def now(self) -> ThermalLook:
        """The look."""
        return self.delta.now

    @property
    def comparable(self) -> bool:
        """Whether both looks are at one printer with one memory."""
        then, now = self.delta.then, self.delta.now
        older = (now.jpkid or 0) < (then.jpkid or 0) or (self.numbers < 0 and not self.delta.reports)
        return self.delta.comparable and now.pamiec == then.pamiec and not older

    @property
    def numbers(self) -> int:
        """By how much the number of the last invoice moved."""
        return (self.delta.now.faktury or 0) - (self.delta.then.faktury or 0)

    @property
    def invoices(self) -> list[Kind]:
        """Invoices that ended, completed or cancelled."""
        return [kind for kind in self.ended or () if kind in INVOICES]

    @property
    def starts_with_invoice(self) -> bool:
        """Whether a completed invoice ended first."""
        return bool(self.ended) and self.ended is not None and self.ended[0] is Kind.INVOICE

    @property
    def agrees(self) -> bool:
        """Whether the number of the last invoice says the same as the protected memory."""
        return self.numbers == self.invoices.count(Kind.INVOICE)

    @property
    def nothing_ended(self) -> bool:
        """Whether no counter and no document shows that anything has ended."""
        return self.ended == [] and not self.numbers and not self.delta.any_change


# -- the proof --------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class InvoiceProof:
    """Decides from the protected memory what became of an invoice that was open."""

    opened: ThermalLook
    """The look while it was open."""
    plan: Plan
    settings: Settings

    def see(self) -> Dialogue[Seen]:
        """What the printer shows now."""
        for _ in range(AGREEING):
            now = yield from read_stable_look()
            ended = yield from read_ended(self.opened.jpkid or 0, now.jpkid or 0)
            content = yield from read_content()
            if (yield from _read_whole()) == now:
                return Seen(CounterDelta(self.opened, now), ended, content)
        raise DialogueAborted(problem("printer.busy", reason="another program is printing"))

    def verdict(self, reply: CommitReply | None) -> Dialogue[Verdict]:
        """Decide after the closing step was sent. ``reply``: the answer to that step; ``None``: it is not known."""
        confirmed = reply is not None and reply.refusal is None
        for attempt in range(LOOKS):
            if attempt:
                # A printer may write its list late.
                yield Pause(STILL_SECONDS)
            seen = yield from self.see()
            decided = yield from self._decide(seen, reply, confirmed=confirmed)
            if decided is not None:
                return decided
            if (yield from self.still_ours(seen)):
                return (yield from self._not_closed(reply))
            if confirmed and seen.delta.uncounted and not seen.content.kind:
                # In training nothing need be counted.
                return (yield from self.printed(seen.now, None, just_now=True))
        if seen.delta.reports:
            return verdicts.report_between(seen.now)
        if seen.content.kind and seen.nothing_ended:
            # Somebody else has sold on our invoice. When it ends, its document shows what became of it.
            return Wait(problem("printer.foreign_transaction", printer=self.settings.name))
        if confirmed:
            reason = "the printer confirmed the invoice, and its list of documents and its number of invoices do not"
            return verdicts.unproven("contradiction", reason, seen.now)
        return verdicts.unproven("vanished", "no invoice is open, and the printer shows no document of it", seen.now)

    def _decide(self, seen: Seen, reply: CommitReply | None, *, confirmed: bool) -> Dialogue[Verdict | None]:
        """The verdict, if a document that has ended gives one."""
        if not seen.comparable:
            return incomparable(seen.delta, self.settings)
        if seen.ended is None:
            reason = "the printer does not return the documents that it printed since"
            return verdicts.unproven("unreadable_list", reason, seen.now)
        # A daily report may set the numbers back. Then the printer's confirmation has to agree.
        restarted = bool(seen.delta.reports) and confirmed and seen.starts_with_invoice
        if not seen.ended or not (seen.agrees or restarted):
            return None
        return (yield from self._ended(seen, reply, confirmed=confirmed))

    def _ended(self, seen: Seen, reply: CommitReply | None, *, confirmed: bool) -> Dialogue[Verdict]:
        """At least one document ended since, and the first one is ours."""
        assert seen.ended
        invoices = seen.invoices
        if Kind.INVOICE not in invoices:
            return verdicts.ended_by_others(reply, "the invoice was cancelled before it was registered", seen.now)
        if len(invoices) > 1 or not seen.starts_with_invoice:
            # Ours may also be an empty one that was cancelled without a trace, so that our lines were sold on the next.
            return verdicts.unproven(
                "twins", "several documents ended since, and nothing shows which invoice is ours", seen.now
            )
        if not confirmed and len(seen.ended) == 1 and not (yield from self._ends_with_ours(seen)):
            return verdicts.unproven("changed", "the invoice was registered with other content than ours", seen.now)
        assert self.opened.faktury is not None
        return (yield from self.printed(seen.now, self.opened.faktury + 1, just_now=confirmed))

    def _ends_with_ours(self, seen: Seen) -> Dialogue[bool]:
        """Whether the last fiscal document has our totals (``22#s``; while another one is open, they are its own)."""
        if seen.content.kind:
            return True
        values = yield from ask("#s 22", "tot")
        return self.plan.ends_with(values["tot"])

    def printed(self, now: ThermalLook, number: int | None, *, just_now: bool) -> Dialogue[Printed]:
        """The answer."""
        rates = self.opened.rates
        totals = None if rates is None else vat_totals.of_lines(self.plan.lines, self.plan.total, parse_rates(rates))
        result, paper = yield from read_result(
            self.settings, now, number, self.opened.n_dobowych + 1, self.plan.total, just_now=just_now,
            due=self.plan.due, totals=totals,
        )  # fmt: skip
        return Printed(result, paper, tuple(self.plan.notices), {"after": now}, to_counters(now))

    # -- ours is still open ----------------------------------------------------------------------------

    def _holds_ours(self, seen: Seen) -> bool:
        """Whether the open document can be ours: an invoice with the content that we sent, and nothing ended since."""
        return seen.content.kind == _OPEN_INVOICE and seen.nothing_ended and self.plan.holds(seen.content.totals)

    def still_ours(self, seen: Seen) -> Dialogue[bool]:
        """The same. An empty one may be another one, so it must not change for some seconds."""
        if not self._holds_ours(seen) or any(seen.content.totals):
            return self._holds_ours(seen)
        yield Pause(STILL_SECONDS)
        seen = yield from self.see()
        return self._holds_ours(seen) and not any(seen.content.totals)

    def stays_empty(self) -> Dialogue[bool]:
        """Whether no one touches the open invoice. If something ended between our last look and our opening, ours may
        have been among it, and the open one may be another program's.
        """
        for _ in range(DOUBTFUL_LOOKS):
            yield Pause(STILL_SECONDS)
            seen = yield from self.see()
            if not self._holds_ours(seen) or any(seen.content.totals):
                return False
        return True

    def _cancelled(self) -> Dialogue[Seen]:
        """Cancel our open invoice, once, and see what the printer shows then."""
        yield from send(request("$e 0"))
        seen = yield from self.see()
        if seen.content.kind == _OPEN_INVOICE and seen.nothing_ended:
            raise DialogueAborted(problem("printer.busy", reason="our open invoice could not be cancelled yet"))
        return seen

    def _not_closed(self, reply: CommitReply | None) -> Dialogue[Verdict]:
        """The printer did not execute our closing step. Only the document of a cancelled invoice proves that."""
        seen = yield from self._cancelled()
        for attempt in range(LOOKS):
            if attempt:
                yield Pause(STILL_SECONDS)
                seen = yield from self.see()
            if seen.ended == [Kind.CANCELLED_INVOICE] and seen.comparable and not seen.delta.reports and seen.agrees:
                return verdicts.not_executed(reply, "the invoice was still open; it was cancelled", seen.now)
            decided = yield from self._decide(seen, None, confirmed=False)
            if decided is not None:
                return decided
        return verdicts.unproven("vanished", "our open invoice was cancelled, and no document shows that", seen.now)

    def cancel(self, reason: str, reply: CommitReply | None = None) -> Dialogue[Verdict]:
        """End ours before its closing step was sent. ``reply``: the refusal that is the reason for it."""
        seen = yield from self.see()
        if not (yield from self.still_ours(seen)):
            # If a document is open now, it is not ours: a person or another program has ended our invoice.
            why = f"{reason}; the invoice was ended before its closing step was sent"
            return verdicts.ended_by_others(reply, why, seen.now)
        seen = yield from self._cancelled()
        return verdicts.not_executed(reply, reason, seen.now)


# -- recovery ---------------------------------------------------------------------------------------------


def recover(invoice: Invoice, settings: Settings, checkpoint: Checkpoint) -> Dialogue[Verdict]:
    """After silence, a lost link or a killed daemon: read the printer, cancel ours if it is open, decide."""
    before: ThermalLook = checkpoint.before
    now = yield from read_stable_look()
    if now.nr_unikatowy != before.nr_unikatowy:
        return verdicts.swapped(settings, now.nr_unikatowy, before.nr_unikatowy)
    opened = before if checkpoint.never_opened else checkpoint.opened
    proof = InvoiceProof(opened, planned_before(invoice, settings, before), settings)
    if checkpoint.stage is Stage.COMMITTING:
        return (yield from proof.verdict(None))
    if checkpoint.never_opened:
        # The opening may have been sent but was not confirmed: ours can be open only if it is empty.
        content = yield from read_content()
        if any(content.totals) or not content.kind:
            return verdicts.interrupted("interrupted before the invoice was opened", now)
    return (yield from proof.cancel("interrupted before the closing step was sent"))


def planned_before(invoice: Invoice, settings: Settings, before: ThermalLook) -> Plan:
    """The commands as planned then. Raises ``ValueError`` if the profile or the VAT table of the plan is lost."""
    if before.profile is None or before.rates is None:
        raise ValueError("the profile and the VAT table of its plan are lost")
    rates, profile = parse_rates(before.rates), PROFILES[before.profile]
    return plan_invoice(invoice, profile, ThermalOptions.of(settings).code_page, rates, before.nr_unikatowy)
