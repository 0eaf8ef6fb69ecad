"""The course of a document that opens, has lines and closes on a POSNET printer: how fiscald prints and recovers it.

Theory. A printer holds at most one document. When it has confirmed the opening command, ours is open, and no other one
can end before it. Every later look is compared with the look at that moment (``Stage.OPENED``). An error answer to a
closing step proves nothing. If noise corrupts a line, it is sent once more; opening and closing steps never are.

Each type of document says what its own is: its plan, what shows that it is still ours, what proves its end.

Source: POSNET reference, sections 6.1, 6.2, 7 and 9.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import ClassVar, Generic, TypeVar

from fiscald.model.documents import Document
from fiscald.model.problems import problem
from fiscald.protocols.base import Checkpoint, Dialogue, NotPrinted, Pause, Settings, Stage, Verdict, Wait
from fiscald.protocols.posnet.commit import commit, corrupted, refused
from fiscald.protocols.posnet.endings import send_cancel
from fiscald.protocols.posnet.evidence import PosnetLook
from fiscald.protocols.posnet.options import PosnetOptions
from fiscald.protocols.posnet.plan import Plan
from fiscald.protocols.posnet.profiles import PROFILES, Profile
from fiscald.protocols.posnet.proof import CounterDelta
from fiscald.protocols.posnet.queries import (
    PosnetBaseline,
    ask,
    is_corrupted,
    prepare_plan,
    read_counters,
    read_last_document,
    read_stable_counters,
    send,
)
from fiscald.protocols.proof import verdicts
from fiscald.protocols.proof.counters import DOUBTFUL_LOOKS, STILL_SECONDS
from fiscald.protocols.proof.verdicts import CommitReply
from fiscald.protocols.rates import Rates, parse_rates, plain_rates

#: Refusals of ``trend`` because of a sum. The planner has checked the sums, so a line arrived twice or not at all.
SUMS_DIFFER = range(2805, 2810)

D = TypeVar("D", bound=Document)


class Course(ABC, Generic[D]):
    """One document on its way through the printer."""

    word: ClassVar[str]
    """What messages call it."""
    open_types: ClassVar[tuple[int, ...]] = ()
    """``scomm ts`` while it is open."""
    repeats_lines: ClassVar[bool] = True
    """Whether a line that noise has corrupted is sent again: a sum would show that it arrived twice."""

    def __init__(self, document: D, settings: Settings) -> None:
        self.document = document
        self.settings = settings

    # -- what each type of document says --------------------------------------------------------------

    @abstractmethod
    def plan(self, profile: Profile, code_page: str, rates: Rates) -> Plan:
        """The commands."""

    @abstractmethod
    def verdict(self, opened: PosnetLook, plan: Plan, reply: CommitReply | None) -> Dialogue[Verdict]:
        """What became of it after its closing step was sent. ``reply``: the answer; ``None``: it is not known."""

    def still_ours(self, open_type: int, delta: CounterDelta) -> bool:
        """Whether the open document (its ``ts``) is ours. ``delta``: what happened since ours was open."""
        return open_type in self.open_types and not delta.any_change and not delta.printouts

    def before_opening(self) -> Dialogue[CommitReply | None]:
        """Send what has to come before the opening command. Returns the printer's refusal."""
        yield from ()
        return None

    def look_when_opened(self, before: PosnetLook, found: PosnetBaseline) -> Dialogue[PosnetLook | NotPrinted]:
        """The counters while it is open: nothing else can move them before it ends. ``NotPrinted``: the open one is not
        ours.
        """
        opened = yield from read_stable_counters()
        shown = bool(self.open_types)  # else the status shows neither ours nor another program's
        if shown and CounterDelta(before, opened).any_change and not (yield from self.stays_empty(opened)):
            return verdicts.taken_over(self.word, opened)
        return before.updated(opened)

    def stays_empty(self, opened: PosnetLook) -> Dialogue[bool]:
        """Whether no one touches the open document. If something ended between our last look and our opening, ours may
        have been among it, and the open one may be another program's.
        """
        for _ in range(DOUBTFUL_LOOKS):
            yield Pause(STILL_SECONDS)
            if not (yield from self._empty_and_alone(opened)):
                return False
        return True

    def close(self, plan: Plan, opened: PosnetLook, found: PosnetBaseline) -> Dialogue[Verdict]:
        """Send the closing step once, and decide what became of the document."""
        assert plan.close is not None
        committed = yield from commit(plan.close, self.document, SUMS_DIFFER)
        return (yield from self.verdict(opened, plan, committed))

    # -- printing -------------------------------------------------------------------------------------

    def carry_out(self, printer_id: str | None) -> Dialogue[Verdict]:
        """Print it on the printer with that unique number."""
        prepared = yield from prepare_plan(self.document.type, self.settings, printer_id)
        if isinstance(prepared, Wait):
            return prepared
        return (yield from self.print_on(*prepared))

    def print_on(self, profile: Profile, found: PosnetBaseline) -> Dialogue[Verdict]:
        """Print it on a printer that reported ``found``."""
        plan = self.plan(profile, PosnetOptions.of(self.settings).code_page, found.rates)
        if plan.errors:
            return verdicts.refused_before(plan.errors, found.look)
        before = found.look.model_copy(update={"profile": profile.name, "rates": plain_rates(found.rates)})
        yield Checkpoint(Stage.STARTED, before, counters=found.counters)

        opening, *lines = plan.items
        refusal = yield from self.before_opening()
        if refusal is not None:
            return verdicts.refusal_verdict(refusal, was_open=False)
        reply = yield from send(opening.request)
        if is_corrupted(reply):
            # Ours may be open. A second opening command would be refused as if another program's document were open,
            # so recovery checks first.
            raise corrupted(reply, opening.pointer)
        if not reply.good:
            return verdicts.refusal_verdict(refused(reply, opening.pointer, self.document), was_open=False)
        opened = yield from self.look_when_opened(before, found)
        if isinstance(opened, NotPrinted):
            return opened
        yield Checkpoint(Stage.OPENED, before, opened)

        for item in lines:
            reply = yield from send(item.request)
            if is_corrupted(reply) and self.repeats_lines:
                reply = yield from send(item.request)
            if not reply.good:
                return (yield from self.give_up(refused(reply, item.pointer, self.document), opened))

        yield Checkpoint(Stage.COMMITTING, before, opened)
        return (yield from self.close(plan, opened, found))

    def give_up(self, reply: CommitReply, opened: PosnetLook) -> Dialogue[Verdict]:
        """End ours after a definite refusal, before its closing step was sent."""
        scomm = yield from ask("scomm", "ts")
        now = yield from read_stable_counters()
        if not self.still_ours(scomm["ts"], CounterDelta(opened, now)):
            # If a document is open now, it is not ours: a person or another program has ended ours.
            return NotPrinted(problem("printer.cancelled"), evidence={"after": now})
        now = yield from send_cancel(opened)
        return verdicts.refusal_verdict(reply, now=now)

    # -- recovery -------------------------------------------------------------------------------------

    def recover(self, checkpoint: Checkpoint) -> Dialogue[Verdict]:
        """After silence, a lost link or a killed daemon: read the printer, cancel ours if it is open, decide."""
        before: PosnetLook = checkpoint.before
        scomm = yield from ask("scomm", "ts", "nu")
        if scomm["nu"] != before.nu:
            return verdicts.swapped(self.settings, scomm["nu"], before.nu)
        if checkpoint.never_opened:
            return (yield from self.recover_opening(before))
        opened: PosnetLook = checkpoint.opened
        if checkpoint.stage is Stage.COMMITTING:
            return (yield from self.verdict(opened, self.planned_before(before), None))
        now = yield from read_stable_counters()
        if self.still_ours(scomm["ts"], CounterDelta(opened, now)):
            now = yield from send_cancel(opened)
            return verdicts.interrupted(f"the {self.word} was open; it was cancelled", now)
        # Our closing step was never sent, so ours was cancelled. If a document is open now, it is not ours.
        return verdicts.interrupted("interrupted before the closing step was sent", now)

    def planned_before(self, before: PosnetLook) -> Plan:
        """The commands as planned then. Raises ``ValueError`` if the profile or the VAT table of the plan is lost."""
        if before.profile is None or before.rates is None:
            raise ValueError("the profile and the VAT table of its plan are lost")
        code_page = PosnetOptions.of(self.settings).code_page
        return self.plan(PROFILES[before.profile], code_page, parse_rates(before.rates))

    def recover_opening(self, before: PosnetLook) -> Dialogue[Verdict]:
        """The opening may have been sent but was not confirmed: ours can be open only if it is empty."""
        if (yield from self._empty_and_alone(before)):
            yield Pause(STILL_SECONDS)
            if (yield from self._empty_and_alone(before)):
                now = yield from send_cancel(before)
                return verdicts.interrupted(f"the {self.word} was open; it was cancelled", now)
        now = yield from read_counters()
        return verdicts.interrupted(f"interrupted before the {self.word} was opened", now)

    def _empty_and_alone(self, before: PosnetLook) -> Dialogue[bool]:
        """Whether an empty document of this type is open, and nothing has ended since."""
        scomm = yield from ask("scomm", "ts")
        last = yield from read_last_document()
        now = yield from read_stable_counters()
        empty = scomm["ts"] in self.open_types and (last.total, last.paid, last.packaging) == (0, 0, 0)
        return empty and self.still_ours(scomm["ts"], CounterDelta(before, now))
