"""The course of a document that opens, has lines and closes on a Novitus printer: how fiscald prints and recovers it.

Executing elements are never answered, so the outcome always comes from evidence: the error number and the flags behind
a packet say whether to go on, and the counters before and after decide what became of the document.

Theory. A printer holds at most one document. The opening element has a packet to itself: in one packet with the lines,
a refused opening would sell our lines on the receipt of the program that was faster; and a whole receipt in one packet
would be printed twice if the cable doubled it. When the printer reports no error and an open document, it is ours, and
no other one can end before it. Every later look is compared with the look at that moment (``Stage.OPENED``). The
closing element has a packet to itself too. It carries the total, so the printer does not close a document that lacks a
line or has one twice (27); doubled, it finds nothing to close. Nothing that executes is sent again after silence.

A document that is cancelled before its first line may leave no trace. So before fiscald cancels an open document, its
content must be what we sent.

Source: Novitus reference, sections 3.2, 5.3, 6.1, 6.2, 7 and 9. docs/recovery.md has the argument.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import replace
from typing import ClassVar, Generic, TypeVar

from fiscald.model.documents import Document
from fiscald.model.jobs import VatTotal
from fiscald.model.problems import problem
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
    Verdict,
    Wait,
)
from fiscald.protocols.novitus_elements import Element, element
from fiscald.protocols.novitus_xml.commands import execute
from fiscald.protocols.novitus_xml.commit import commit, refused
from fiscald.protocols.novitus_xml.evidence import NovitusXmlLook
from fiscald.protocols.novitus_xml.options import NovitusXmlOptions
from fiscald.protocols.novitus_xml.planner import Plan
from fiscald.protocols.novitus_xml.proof import CounterDelta
from fiscald.protocols.novitus_xml.queries import (
    Confirmed,
    LastTransaction,
    goods_name,
    read_last,
    read_light,
    read_look,
    read_rates_table,
    read_stable_look,
    read_sums,
    send,
    to_counters,
)
from fiscald.protocols.novitus_xml.selling import send_content
from fiscald.protocols.novitus_xml.status import prepare_plan, read_result
from fiscald.protocols.proof import verdicts
from fiscald.protocols.proof.counters import DOUBTFUL_LOOKS, STILL_SECONDS
from fiscald.protocols.proof.verdicts import CommitReply
from fiscald.protocols.rates import Rates, parse_rates, plain_rates

#: Refusals of a closing element because of a sum, or because nothing was sold. The planner has checked the sums, so an
#: element was lost or doubled.
SUMS_DIFFER = (23, 26, 27, 30, 1092)

D = TypeVar("D", bound=Document)


class Course(ABC, Generic[D]):
    """One document on its way through the printer."""

    word: ClassVar[str]
    """What messages call it."""
    tag: ClassVar[str]
    """Its element."""
    kinds: ClassVar[tuple[str, ...]]
    """What the printer calls it while it is open."""

    def __init__(self, document: D, settings: Settings) -> None:
        self.document = document
        self.settings = settings
        self._found: Baseline[NovitusXmlLook] | None = None
        """What was known before the document; ``None``: this is a recovery."""

    # -- what each type of document says --------------------------------------------------------------

    @abstractmethod
    def plan(self, options: NovitusXmlOptions, rates: Rates) -> Plan:
        """The elements."""

    @abstractmethod
    def verdict(
        self, opened: NovitusXmlLook, plan: Plan, reply: CommitReply | None, sold: tuple[VatTotal, ...] | None = None
    ) -> Dialogue[Verdict]:
        """What became of it after its closing element was sent. ``reply``: the answer; ``None``: it is not known.

        ``sold``: its totals by rate, if they are known.
        """

    @abstractmethod
    def completed(self, delta: CounterDelta) -> int:
        """How many documents of its kind were completed."""

    # -- printing -------------------------------------------------------------------------------------

    def carry_out(self, printer_id: str | None) -> Dialogue[Verdict]:
        """Print it on the printer with that unique number."""
        prepared = yield from prepare_plan(self.document.type, self.settings, printer_id)
        if isinstance(prepared, Wait):
            return prepared
        profile, found = prepared
        return (yield from self.print_on(profile.name, found, carried_on=False))

    def print_on(self, profile: str, found: Baseline[NovitusXmlLook], *, carried_on: bool) -> Dialogue[Verdict]:
        """Print it. ``carried_on``: ``found`` is what another receipt left, and the look at the open document shows
        whether it was still true.
        """
        self._found = found
        plan = self.plan(NovitusXmlOptions.of(self.settings), found.rates)
        if plan.errors:
            return verdicts.refused_before(plan.errors, found.look)
        before = found.look.model_copy(update={"profile": profile, "rates": plain_rates(found.rates)})
        yield Checkpoint(Stage.STARTED, before, counters=found.counters)

        assert plan.opening is not None
        assert plan.close is not None
        opening = yield from send(execute(plan.opening))
        if not opening.good:
            return self._opening_refused(opening)
        opened = (yield from self._still_as_before(before)) if carried_on else None
        if opened is None:
            opened, other_rates = yield from self._look_when_opened(before, found.rates)
            if CounterDelta(before, opened).any_change and not (yield from self._stays_empty(opened)):
                return verdicts.taken_over(self.word, opened)
            if other_rates:
                return (yield from self._rates_changed(opened, plan))
        yield Checkpoint(Stage.OPENED, before, opened)

        refusal = yield from send_content(plan, self.document)
        if refusal is not None:
            return (yield from self._give_up(opened, plan, refusal))
        sold = yield from self._sold(plan, found.rates)
        yield Checkpoint(Stage.COMMITTING, before, opened)
        committed = yield from commit(plan.close, self.document, SUMS_DIFFER)
        return (yield from self.verdict(opened, plan, committed, sold))

    def baseline(self, now: NovitusXmlLook) -> Baseline[NovitusXmlLook] | None:
        """What the next receipt may start from. ``None``: too little was read for that."""
        if self._found is None or not self._found.fiscal:
            return None
        return replace(self._found, look=now, counters=to_counters(now), transaction_open=now.intransaction)

    def _opening_refused(self, opening: Confirmed) -> NotPrinted | Held:
        """The printer refused the opening. If no document is open, there is nothing to cancel."""
        reply = refused(opening, "/document", self.document)
        assert reply.refusal is not None
        if opening.open:
            # Another program was faster, or a packet was doubled. Recovery finds out whose document is open.
            raise DialogueAborted(reply.refusal)
        return verdicts.refusal_verdict(reply, was_open=False)

    def _still_as_before(self, before: NovitusXmlLook) -> Dialogue[NovitusXmlLook | None]:
        """The look at our open document; ``None``: ``before`` is out of date."""
        opened = yield from read_light(before)
        same = opened.uniqueno == before.uniqueno and CounterDelta(before, opened).nothing_moved
        return opened if same and opened.intransaction else None

    def _look_when_opened(self, before: NovitusXmlLook, rates: Rates) -> Dialogue[tuple[NovitusXmlLook, bool]]:
        """The counters while our document is open: nothing else can move them before it ends. And whether the VAT table
        is another one than ``rates``.
        """
        opened = yield from read_look()
        rates_now = yield from read_rates_table()
        if rates_now != rates:
            rates_now = yield from read_rates_table()
        if not CounterDelta(before, opened).nothing_moved:
            # Another program printed between our last look and our opening, or an answer was late.
            opened = yield from read_stable_look(opened)
        if opened.uniqueno != before.uniqueno:
            raise DialogueAborted(problem("printer.busy", reason="another printer answers now"))
        if not opened.intransaction:
            raise DialogueAborted(problem("printer.busy", reason="it confirmed our opening, but shows nothing open"))
        return before.updated(opened), rates_now != rates

    def _stays_empty(self, opened: NovitusXmlLook) -> Dialogue[bool]:
        """Whether no one touches the open document. If something ended between our last look and our opening, ours may
        have been cancelled too, without a trace, and the open one may be another program's.
        """
        for _ in range(DOUBTFUL_LOOKS):
            yield Pause(STILL_SECONDS)
            if (yield from self._empty_and_alone(opened)) is None:
                return False
        return True

    def _rates_changed(self, opened: NovitusXmlLook, plan: Plan) -> Dialogue[Verdict]:
        """The VAT table is another one than the plan's: cancel our empty document, and carry it out again."""
        now = opened
        if (yield from self.still_ours(opened, now, plan)):
            now = yield from self.cancel(opened)
        return verdicts.interrupted(f"the VAT table was changed before the {self.word} was opened", now)

    def _sold(self, plan: Plan, rates: Rates) -> Dialogue[tuple[VatTotal, ...] | None]:
        """The totals by rate. How the printer spreads a discount over several rates only the printer knows (6.2)."""
        known = vat_totals.of_lines(plan.lines, plan.total, rates)
        if known is not None:
            return known
        sums = yield from read_sums()
        if sums.by_rate is None or sum(sums.by_rate.values()) != plan.total or not set(sums.by_rate) <= set(rates):
            return None
        return vat_totals.of_groups(sums.by_rate, rates)

    def _give_up(self, opened: NovitusXmlLook, plan: Plan, reply: CommitReply) -> Dialogue[Verdict]:
        """End our document after a refusal, before its closing element was sent."""
        now = yield from read_stable_look()
        if not (yield from self.still_ours(opened, now, plan)):
            # If one is open now, it is not ours: a person or another program has ended ours.
            return verdicts.ended_by_others(reply, f"our {self.word} was ended before it was closed", now)
        now = yield from self.cancel(opened)
        return verdicts.not_executed(reply, "a line was refused", now)

    # -- what is open ---------------------------------------------------------------------------------

    def cancel(self, since: NovitusXmlLook) -> Dialogue[NovitusXmlLook]:
        """Cancel our own open document and check that it is gone. Returns the counters after that."""
        yield from send(execute(element(self.tag, action="cancel")))
        now = yield from read_stable_look()
        if now.intransaction or self.completed(CounterDelta(since, now)):
            raise DialogueAborted(problem("printer.busy", reason=f"our open {self.word} could not be cancelled yet"))
        return now

    def still_ours(self, opened: NovitusXmlLook, now: NovitusXmlLook, plan: Plan) -> Dialogue[bool]:
        """Whether the open document is ours: nothing has ended since ours was opened, and it has what we sent.

        An empty one may be ours, or another one opened after ours was cancelled without a trace. So it must not change
        for some seconds: a program that works on its document does not pause for so long.
        """
        if not now.intransaction or CounterDelta(opened, now).any_change:
            return False
        empty = yield from self._open_content(plan)
        if empty is None:
            return False
        if not empty:
            return True
        yield Pause(STILL_SECONDS)
        empty = yield from self._open_content(plan)
        later = yield from read_stable_look()
        return bool(empty) and later.intransaction and not CounterDelta(opened, later).any_change

    def _open_content(self, plan: Plan | None) -> Dialogue[bool | None]:
        """Whether the open document is empty; ``None``: it has content that we did not send."""
        sums = yield from read_sums()
        last = yield from read_last()
        if sums.kind not in (*self.kinds, "none") or last.state not in ("open", ""):
            return None
        if not sums.total and not last.items and not last.containers:
            return True
        return False if plan is not None and self._holds(plan, last) else None

    def _holds(self, plan: Plan, last: LastTransaction) -> bool:
        """Whether everything that the printer lists was sent by us."""
        ours = {
            (goods_name(one.get("name") or ""), one.get("ptu"), one.get("price")) for one in _elements(plan, "item")
        }
        packaging = bool(plan.containers_sent)
        if not last.items and not last.containers:
            return False
        return all((item.name, item.ptu, item.price) in ours for item in last.items) and (
            not last.containers or packaging
        )

    # -- recovery -------------------------------------------------------------------------------------

    def recover(self, checkpoint: Checkpoint) -> Dialogue[Verdict]:
        """After silence, a lost link or a killed daemon: read the printer, cancel our open document, decide."""
        before: NovitusXmlLook = checkpoint.before
        now = yield from read_stable_look()
        if now.uniqueno != before.uniqueno:
            return verdicts.swapped(self.settings, now.uniqueno, before.uniqueno)
        if checkpoint.never_opened:
            return (yield from self._recover_opening(before))
        opened: NovitusXmlLook = checkpoint.opened
        plan = self.planned_before(before)
        if checkpoint.stage is Stage.COMMITTING:
            assert before.rates is not None
            sold = vat_totals.of_lines(plan.lines, plan.total, parse_rates(before.rates))
            return (yield from self.verdict(opened, plan, None, sold))
        if (yield from self.still_ours(opened, now, plan)):
            now = yield from self.cancel(opened)
            return verdicts.interrupted(f"the {self.word} was open; it was cancelled", now)
        # Our closing element was never sent, so ours was cancelled. If one is open now, it is not ours.
        return verdicts.interrupted("interrupted before the closing element was sent", now)

    def planned_before(self, before: NovitusXmlLook) -> Plan:
        """The elements as planned then. Raises ``ValueError`` if the VAT table of the plan is lost."""
        if before.rates is None:
            raise ValueError("the VAT table of its plan is lost")
        return self.plan(NovitusXmlOptions.of(self.settings), parse_rates(before.rates))

    def _recover_opening(self, before: NovitusXmlLook) -> Dialogue[Verdict]:
        """The opening may have been sent but was not confirmed: our document can be open only if it is empty."""
        if (yield from self._empty_and_alone(before)) is not None:
            yield Pause(STILL_SECONDS)
            still = yield from self._empty_and_alone(before)
            if still is not None:
                now = yield from self.cancel(still)
                return verdicts.interrupted(f"the {self.word} was open; it was cancelled", now)
        now = yield from read_stable_look()
        return verdicts.interrupted(f"interrupted before the {self.word} was opened", now)

    def _empty_and_alone(self, before: NovitusXmlLook) -> Dialogue[NovitusXmlLook | None]:
        """The look at an empty open document, if nothing has ended since; otherwise ``None``."""
        now = yield from read_stable_look()
        if not now.intransaction or CounterDelta(before, now).any_change:
            return None
        empty = yield from self._open_content(None)
        return now if empty else None

    # -- the answer -----------------------------------------------------------------------------------

    def not_closed(
        self, opened: NovitusXmlLook, plan: Plan, reply: CommitReply | None, now: NovitusXmlLook
    ) -> Dialogue[Verdict]:
        """One is open and none has ended: the printer did not execute our closing element."""
        if not (yield from self.still_ours(opened, now, plan)):
            given_up = f"the {self.word} was cancelled before it was registered; the open one is not ours"
            return verdicts.interrupted(given_up, now)
        now = yield from self.cancel(opened)
        return verdicts.not_executed(reply, f"the {self.word} was still open; it was cancelled", now)

    def printed(
        self,
        now: NovitusXmlLook,
        number: int | None,
        report: int,
        plan: Plan,
        sold: tuple[VatTotal, ...] | None,
        *,
        just_now: bool,
    ) -> Dialogue[Printed]:
        """The answer."""
        result, paper = yield from read_result(
            now, number, report, plan.total or None, just_now=just_now, due=plan.due, totals=sold
        )
        return Printed(result, paper, tuple(plan.notices), {"after": now}, to_counters(now))


def _elements(plan: Plan, name: str) -> list[Element]:
    return [item.request for item in (*plan.items, *plan.after) if item.request.name == name]
