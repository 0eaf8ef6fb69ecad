"""A printout on a Thermal printer (a non-fiscal form): how fiscald carries it out and recovers it.

Theory. While a form is open, nothing else can end, and no source has a command that cancels it. No query shows whether
one is open; one more line does, because the printer refuses a line if no form is open. So recovery sends a line that
says that the printout was broken off. If the printer takes it, recovery ends the form: on paper the sheet is no
finished printout. After the closing step may have been sent, nothing of the kind is sent: every printed document has a
number (7.2), so a new one shows that the form has ended. Without one, the printer did not execute the closing step, and
recovery sends it again.

The answer to every command of a form is the same, and a cable can double a command: then the second answer would hide
that the next line is lost. So before every line fiscald asks for the state (ENQ), which the printer answers after all
earlier commands.

Source: Thermal reference, sections 5.10, 6.1, 7.2 and 9.3.
"""

from __future__ import annotations

from dataclasses import dataclass

from fiscald.model.printers import Snapshot
from fiscald.model.printout import Printout
from fiscald.model.problems import Problem, problem
from fiscald.protocols.base import (
    Check,
    Checkpoint,
    Deadline,
    Dialogue,
    DialogueAborted,
    Effect,
    NotPrinted,
    Settings,
    Stage,
    Step,
    Unknown,
    Verdict,
    Wait,
)
from fiscald.protocols.proof import verdicts
from fiscald.protocols.proof.counters import Proven
from fiscald.protocols.proof.verdicts import CommitReply
from fiscald.protocols.thermal import codes
from fiscald.protocols.thermal.commands import Poll, Reply
from fiscald.protocols.thermal.commit import refused
from fiscald.protocols.thermal.evidence import ThermalLook
from fiscald.protocols.thermal.frames import Control
from fiscald.protocols.thermal.options import profile_of
from fiscald.protocols.thermal.plan_printout import BROKEN_OFF, Form, form_of, plan_printout
from fiscald.protocols.thermal.planner import Plan
from fiscald.protocols.thermal.profiles import PROFILES
from fiscald.protocols.thermal.proof import CounterDelta, Slip, ThermalProof
from fiscald.protocols.thermal.queries import (
    describe,
    prepare_plan,
    query_optional,
    read_counters,
    read_stable_counters,
    send,
)


def check(printout: Printout, settings: Settings, snapshot: Snapshot | None) -> Check:
    """The refusals that the planner predicts."""
    plan = plan_printout(printout, profile_of(settings, snapshot))
    return Check(tuple(plan.errors), tuple(plan.notices), plan.totals)


@dataclass(frozen=True, slots=True)
class _Sheet(Slip):
    """One more printout that is neither a receipt nor a report, since ours was open."""

    def judge(self, delta: CounterDelta, confirmed: bool | None) -> Proven | Unknown | None:
        """See ``Expected``."""
        return Proven() if confirmed and delta.uncounted else self._by_printouts(delta, confirmed)

    @property
    def total(self) -> int | None:
        """See ``Slip.total``: a printout has none."""
        return None


def carry_out(printout: Printout, settings: Settings, printer_id: str | None) -> Dialogue[Verdict]:
    """Print it on the printer with that unique number."""
    prepared = yield from prepare_plan(printout.type, settings, printer_id)
    if isinstance(prepared, Wait):
        return prepared
    profile, found = prepared
    plan, form = plan_printout(printout, profile), form_of(profile)
    if plan.errors or form is None:
        return verdicts.refused_before(plan.errors, found.look)
    before = found.look.model_copy(update={"profile": profile.name})
    yield Checkpoint(Stage.STARTED, before, counters=found.counters)

    opening, *lines = plan.items
    reply = yield from send(opening.request)
    if not reply.good:
        return (yield from _opening_refused(reply, opening.pointer, printout))
    opened = before.updated((yield from read_stable_counters()))
    if opened.nr_unikatowy != before.nr_unikatowy:
        raise DialogueAborted(_busy("another printer answered"))
    yield Checkpoint(Stage.OPENED, before, opened)

    for item in lines:
        yield from _hear_earlier_answers()
        reply = yield from send(item.request)
        if not reply.good:
            # Unlike a receipt's line, it is not sent again after noise: no sum would show that it was printed twice.
            line_reply = yield from refused(reply, item.pointer, printout)
            if not (yield from give_up(form)):
                return NotPrinted(problem("printer.cancelled"))
            return verdicts.refusal_verdict(line_reply)

    yield from _hear_earlier_answers()
    yield Checkpoint(Stage.COMMITTING, before, opened)
    proof = _proof(opened, plan, settings)
    return (yield from _end(form, proof, before))


def _proof(opened: ThermalLook, plan: Plan, settings: Settings) -> ThermalProof:
    return ThermalProof(opened, _Sheet(0, notices=tuple(plan.notices)), settings)


def _busy(why: str) -> Problem:
    return problem("printer.busy", reason=why)


def _hear_earlier_answers() -> Dialogue[None]:
    """The printer answers ENQ after all earlier commands (3.3), so no answer to one of those is still on its way."""
    yield Step(Poll(Control.ENQ), Effect.QUERY, Deadline.QUERY)


def _reaction(reply: Reply) -> codes.Reaction:
    return codes.lookup(reply.error or 0, reply.brand).reaction


def _opening_refused(reply: Reply, pointer: str, printout: Printout) -> Dialogue[Verdict]:
    """If the printer is in another state, ours is not open: recovery must not look, because the open form is not ours.

    If the refusal is not certain, our form may be open. A second opening command would be refused as if another
    program's form were open, so recovery looks first.
    """
    opening_reply = yield from refused(reply, pointer, printout)
    if opening_reply.again and _reaction(reply) is not codes.Reaction.STATE:
        assert opening_reply.refusal is not None
        raise DialogueAborted(opening_reply.refusal)
    return verdicts.refusal_verdict(opening_reply, was_open=False)


def _end(form: Form, proof: ThermalProof, before: ThermalLook, *, recovering: bool = False) -> Dialogue[Verdict]:
    """Send the closing step, then decide by the counters. The step cannot harm a receipt: it only ends a form."""
    reply = yield from send(form.ending())
    if reply.good:
        return (yield from proof.verdict(CommitReply()))
    if _reaction(reply) is not codes.Reaction.STATE:
        # The step says nothing of the document, so the document is not to blame. Our form may still be open: recovery
        # sends the step until the printer takes it.
        raise DialogueAborted(_busy(f"our open printout could not be ended yet: {describe(reply)[0]}"))
    now = yield from read_stable_counters()
    delta = proof.delta(now)
    # A printer that counted ours when it was opened does not count it when it ends.
    if delta.printouts or proof.before.numer != before.numer:
        # Either a closing step with a lost answer ended it (the cable may double one), or a person cancelled it.
        return verdicts.unproven("vanished", "the printout is no longer open, and the counters do not show why", now)
    if recovering:
        return verdicts.interrupted("the printout is no longer open, and nothing was printed", now)
    return NotPrinted(problem("printer.cancelled"), evidence={"after": now})


def give_up(form: Form) -> Dialogue[bool]:
    """End our open form, after a line that says that it was broken off. Returns false if no form is open."""
    yield from _hear_earlier_answers()
    reply = yield from send(form.text(BROKEN_OFF))
    if not (reply.good or (yield from _surely_refused(reply))):
        raise DialogueAborted(_busy("it does not say yet whether our printout is open"))
    if not reply.good:
        return False
    # Here it ends a sheet that is no document of ours any more, so it may be sent again.
    ending = form.ending()
    reply = yield Step(ending, Effect.REVERSIBLE, ending.row.deadline)
    if not (reply.good or _reaction(reply) is codes.Reaction.STATE):
        raise DialogueAborted(_busy("our open printout could not be ended yet"))
    return True


def _surely_refused(reply: Reply) -> Dialogue[bool]:
    """Whether a refusal shows that no form of ours is open: its number has no check byte, and some errors pass."""
    last = yield from query_optional("#n")
    passes = _reaction(reply) in (codes.Reaction.NOISE, codes.Reaction.LATER)
    return not passes and last.get("Pe", reply.error) == reply.error


def recover(printout: Printout, settings: Settings, checkpoint: Checkpoint) -> Dialogue[Verdict]:
    """After silence, a lost link or a killed daemon: end an incomplete form as broken off, end a complete one."""
    before: ThermalLook = checkpoint.before
    form = form_of(before.profile)
    if form is None or before.profile is None:
        raise ValueError("printers of its profile have no form")
    now = yield from read_stable_counters()
    if now.nr_unikatowy != before.nr_unikatowy:
        return verdicts.swapped(settings, now.nr_unikatowy, before.nr_unikatowy)
    if checkpoint.never_opened or checkpoint.stage is not Stage.COMMITTING:
        # Nothing of ours is open while a receipt is, or if anything was printed since ours was open.
        ended = not checkpoint.never_opened and not CounterDelta(checkpoint.opened, now).nothing_moved
        if not now.Pt and not ended:
            yield from give_up(form)
        now = yield from read_counters()
        return verdicts.interrupted("interrupted before the closing step was sent", now)
    plan = plan_printout(printout, PROFILES[before.profile])
    proof = _proof(checkpoint.opened, plan, settings)
    verdict = yield from proof.verdict(None)
    if not isinstance(verdict, NotPrinted) or proof.delta(now).any_change:
        return verdict
    # Nothing was printed since ours was open: it is still open with all its lines.
    yield from _hear_earlier_answers()
    return (yield from _end(form, proof, before, recovering=True))
