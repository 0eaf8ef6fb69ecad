"""A receipt on a POSNET printer: how fiscald carries it out and recovers it.

The proof is always the printer's counters, read before the first change and after the last step (``course``). The
first receipt that the counters show after ours was open, completed or cancelled, is ours.

Source: POSNET reference, sections 5 (commands), 7 (counters) and 9 (recovery).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import ClassVar

from fiscald.model.jobs import Notice, Paper, VatTotal
from fiscald.model.problems import problem
from fiscald.model.receipt import Receipt
from fiscald.model.times import POLISH_TIME
from fiscald.protocols import vat_totals
from fiscald.protocols.base import (
    Checkpoint,
    Dialogue,
    DialogueAborted,
    Held,
    NotPrinted,
    Printed,
    Settings,
    Unknown,
    Verdict,
)
from fiscald.protocols.posnet.commit import commit, refused
from fiscald.protocols.posnet.course import SUMS_DIFFER, Course
from fiscald.protocols.posnet.e_receipt import bind, maybe_taken, read_delivery, unbind
from fiscald.protocols.posnet.endings import close_footer, finish_footer, send_cancel
from fiscald.protocols.posnet.evidence import PosnetLook
from fiscald.protocols.posnet.plan import Plan, plan_receipt
from fiscald.protocols.posnet.profiles import Profile
from fiscald.protocols.posnet.proof import CounterDelta
from fiscald.protocols.posnet.queries import (
    Clock,
    LastDocument,
    PosnetBaseline,
    ask,
    counters_moved,
    find_profile,
    read_clock,
    read_copy,
    read_counters,
    read_last_document,
    read_paper,
    read_stable_counters,
    read_totals,
    result_of,
    to_counters,
)
from fiscald.protocols.proof import verdicts
from fiscald.protocols.proof.counters import incomparable
from fiscald.protocols.proof.verdicts import CommitReply, Ending
from fiscald.protocols.rates import Rates, parse_rates


class ReceiptCourse(Course[Receipt]):
    """See ``Course``."""

    word = "receipt"
    open_types = (16, 17)
    """Printed at once, or in block mode."""

    _bound = False
    """Whether the binding to a customer may have been sent."""
    _edocument: str | None = None

    def plan(self, profile: Profile, code_page: str, rates: Rates) -> Plan:
        """The commands of the receipt."""
        return plan_receipt(self.document, profile, code_page, rates)

    def still_ours(self, open_type: int, delta: CounterDelta) -> bool:
        """Every receipt that ended is counted, also a cancelled one."""
        return bool(open_type) and not delta.any_change

    def before_opening(self) -> Dialogue[CommitReply | None]:
        """Bind the receipt to the customer (``e_receipt``)."""
        wanted = self.document.e_receipt
        if wanted is None:
            return None
        self._bound = True
        reply = yield from bind(wanted)
        if not reply.good:
            return refused(reply, "/document/e_receipt", self.document)
        self._edocument = reply.values.get("ha")
        if self._edocument is None:
            # Then the binding is worth nothing (5.7). Recovery cancels it.
            raise DialogueAborted(problem("printer.busy", reason="it gave no id for the e-receipt"))
        return None

    def print_on(self, profile: Profile, found: PosnetBaseline) -> Dialogue[Verdict]:
        """Also cancels a binding that is left behind."""
        verdict = yield from super().print_on(profile, found)
        return (yield from self._without_binding(verdict, found.look)) if self._bound else verdict

    def recover(self, checkpoint: Checkpoint) -> Dialogue[Verdict]:
        """Also cancels a binding that is left behind."""
        verdict = yield from super().recover(checkpoint)
        return (yield from self._without_binding(verdict, checkpoint.before))

    def _without_binding(self, verdict: Verdict, before: PosnetLook) -> Dialogue[Verdict]:
        if self.document.e_receipt is not None and isinstance(verdict, NotPrinted | Held):
            yield from unbind(before)
        return verdict

    def look_when_opened(self, before: PosnetLook, found: PosnetBaseline) -> Dialogue[PosnetLook | NotPrinted]:
        """The counters while our receipt is open: nothing else can move them before our receipt ends.

        ``NotPrinted``: a person has cancelled our receipt already, another program's is open in its place, or it was
        planned with a VAT table that has changed.
        """
        opened = yield from read_counters()
        if opened.nu != before.nu:
            raise DialogueAborted(problem("printer.busy", reason="another printer answers now"))
        if CounterDelta(before, opened).any_change:
            # Another program printed between our last look and our opening; or our receipt was cancelled since; or this
            # was a late answer to an earlier question, with counters of that time. Only readings that agree count.
            opened = yield from read_stable_counters()
        changed = CounterDelta(before, opened).any_change
        # While the day has no sale, a person can program the VAT table, and no counter moves.
        if changed or not found.counters.receipts:
            day, rates_now = yield from read_totals()
            # Other totals than before may be of a later moment than the counters: another program has ended ours.
            if day == (opened.day or before.day) or not (yield from counters_moved(opened)):
                opened = opened.model_copy(update={"day": day})
            if changed and not (yield from ask("scomm", "ts"))["ts"]:
                return NotPrinted(problem("printer.cancelled"))
            if changed and not (yield from self.stays_empty(opened)):
                return verdicts.taken_over(self.word, opened)
            if rates_now != found.rates:
                now = yield from send_cancel(opened)
                return verdicts.interrupted("the VAT table was changed before the receipt was opened", now)
        if self._edocument is not None:
            taken = yield from maybe_taken(before, opened)
            opened = opened.model_copy(update={"edocument": "" if taken else self._edocument})
        return before.updated(opened)

    def close(self, plan: Plan, opened: PosnetLook, found: PosnetBaseline) -> Dialogue[Verdict]:
        """Also completes the footer of a registered receipt."""
        assert plan.close is not None
        committed = yield from commit(plan.close, self.document, SUMS_DIFFER)
        notices: tuple[Notice, ...] = ()
        if committed.refusal is None and plan.footer:
            notices = yield from finish_footer(plan.footer)
        return (yield from ReceiptProof(opened, plan, self.settings, notices, found).verdict(committed))

    def verdict(self, opened: PosnetLook, plan: Plan, reply: CommitReply | None) -> Dialogue[Verdict]:
        """What became of it, in a recovery."""
        return ReceiptProof(opened, plan, self.settings).verdict(reply)


def carry_out(receipt: Receipt, settings: Settings, printer_id: str | None) -> Dialogue[Verdict]:
    """Print it on the printer with that unique number."""
    return ReceiptCourse(receipt, settings).carry_out(printer_id)


def carry_on(receipt: Receipt, settings: Settings, found: PosnetBaseline) -> Dialogue[Verdict]:
    """Print it soon after another receipt that left ``found``. The look at the open receipt shows whether ``found`` was
    still true; if not, the rates are read again before anything is sold.
    """
    profile = yield from find_profile(settings)
    return (yield from ReceiptCourse(receipt, settings).print_on(profile, found))


def recover(receipt: Receipt, settings: Settings, checkpoint: Checkpoint) -> Dialogue[Verdict]:
    """After silence, a lost link or a killed daemon: read the printer, cancel our open receipt, decide."""
    return ReceiptCourse(receipt, settings).recover(checkpoint)


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

    word: ClassVar[str] = "receipt"

    def delta(self, now: PosnetLook) -> CounterDelta:
        """What happened since it was open."""
        return CounterDelta(self.opened, now)

    def last_number(self, look: PosnetLook) -> int:
        """The printer's number of the last one."""
        return look.last_number

    def is_open(self, open_type: int) -> bool:
        """Whether such a document is open. ``open_type``: ``ts`` of ``scomm``."""
        return bool(open_type)

    def like_ours(self, last: LastDocument) -> bool:
        """Whether that document has our sums."""
        return (last.total, last.paid, last.change) == (self.plan.total, self.plan.paid, self.plan.change)

    def verdict(self, reply: CommitReply | None) -> Dialogue[Verdict]:
        """``reply``: the answer to the closing step; ``None``: it is not known."""
        confirmed = reply is not None and reply.refusal is None
        now = yield from read_counters()
        delta = self.delta(now)
        if not delta.comparable:
            return incomparable(delta, self.settings)
        if confirmed and (delta.reports or delta.one_completed or delta.uncounted):
            # The answer confirms it, and the counters do not contradict it. (After a report they show nothing.)
            return (yield from self.printed(now, confirmed=True, just_now=True))
        if delta.reports:
            return verdicts.report_between(now)
        scomm = yield from ask("scomm", "ts")
        last = yield from read_last_document()
        if self.plan.footer and last.footer_open and not scomm["ts"]:
            yield from close_footer()
        now = yield from read_stable_counters()
        if CounterDelta(delta.now, now).any_change:
            raise DialogueAborted(problem("printer.busy", reason="another program is printing"))
        delta = self.delta(now)
        like_ours = self.like_ours(last)
        alone = delta.completed == 1 and delta.printouts == 1 and not scomm["ts"]
        ending = verdicts.ending(
            delta, self.plan.total, reply, is_open=self.is_open(scomm["ts"]),
            other_content=alone and not like_ours, word=self.word,
        )  # fmt: skip
        if ending is Ending.NONE:
            now = yield from send_cancel(self.opened)
            return verdicts.not_executed(reply, f"the {self.word} was still open; it was cancelled", now)
        if ending is not Ending.COMPLETED:
            return ending
        if not delta.cancelled:
            return (yield from self.printed(now, confirmed=confirmed))
        # The printer counts every cancelled receipt, so only here can ours be another one than the first.
        last_is_ours = verdicts.last_is_ours(
            delta, self.plan.total, like_ours=like_ours, confirmed=confirmed, word=self.word
        )
        if isinstance(last_is_ours, Unknown):
            return last_is_ours
        return (yield from self.printed(now, confirmed=confirmed, last=last_is_ours))

    def printed(
        self, now: PosnetLook, *, confirmed: bool = False, last: bool = False, just_now: bool = False
    ) -> Dialogue[Printed]:
        """The answer. Ours was the first receipt to end after ``opened``; or (``last``) it is the last document.

        ``confirmed``: it was printed a moment ago. ``just_now``: and nothing has happened since.
        """
        number = self.last_number(now) if last else self.last_number(self.opened) + 1
        delta = self.delta(now)
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
        totals = yield from self._totals(last=last or just_now)
        result = result_of(
            now, number, self.opened.rd + 1, self.plan.total, clock.moment, fiscal=delta.fiscal, copy=copy,
            due=self.plan.due, totals=totals,
        )  # fmt: skip
        if self.opened.edocument is not None:
            e_receipt = yield from read_delivery(self.opened.edocument)
            result = result.model_copy(update={"e_receipt": e_receipt})
            if e_receipt.printed is not True:
                paper = Paper.UNKNOWN if e_receipt.printed is None else Paper.NONE
        return Printed(
            result, paper, tuple(self.plan.notices) + self.notices, {"after": now}, to_counters(now),
            self._baseline(now, clock, copy) if just_now else None, just_now=just_now,
        )  # fmt: skip

    def _totals(self, *, last: bool) -> Dialogue[tuple[VatTotal, ...] | None]:
        """The total by rate. ``last``: ours is the last document, so the printer reports what it spread (6.8)."""
        rates = self.opened.rates
        if rates is None:
            return None
        totals = vat_totals.of_lines(self.plan.lines, self.plan.total, parse_rates(rates))
        if totals is None and last:
            document = yield from read_last_document()
            if document.total == self.plan.total:
                return vat_totals.of_groups(document.by_rate, parse_rates(rates))
        return totals

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
        if look.edocument is not None:
            look = look.model_copy(update={"edocument": None})
        return replace(
            self.found, look=look, counters=to_counters(look), transaction_open=False, day_open=True,
            exact_clock=clock.exact, copy_offset=None if copy is None else copy - now.hn,
        )  # fmt: skip
