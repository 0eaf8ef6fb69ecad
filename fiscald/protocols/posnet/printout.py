"""A printout on a POSNET printer (a form of lines): how fiscald carries it out and recovers it.

Theory. No query shows whether a form is open, and no source says whether a cancelled form counts as a printout. So the
counters decide only when the closing step may have been sent. A printout since ``Stage.OPENED`` is ours. Without one,
the printer did not execute the closing step, and recovery sends it, like the end of an open footer. Recovery does not
cancel there: if that cancellation were interrupted too, it could look like the printout.

Source: POSNET reference, sections 6.1, 6.2 and 9.
"""

from __future__ import annotations

from dataclasses import replace

from fiscald.model.printout import Printout
from fiscald.model.problems import problem
from fiscald.protocols.base import (
    Checkpoint,
    Dialogue,
    DialogueAborted,
    Held,
    NotPrinted,
    Settings,
    Stage,
    Verdict,
)
from fiscald.protocols.posnet.commands import request
from fiscald.protocols.posnet.commit import corrupted, refused
from fiscald.protocols.posnet.course import Course
from fiscald.protocols.posnet.evidence import PosnetLook
from fiscald.protocols.posnet.grammar import NO_FORM
from fiscald.protocols.posnet.plan import Plan
from fiscald.protocols.posnet.plan_printout import EMPTY_LINE, FORM, plan_printout
from fiscald.protocols.posnet.profiles import Profile
from fiscald.protocols.posnet.proof import PosnetProof, slip_of
from fiscald.protocols.posnet.queries import (
    PosnetBaseline,
    read_baseline,
    read_counters,
    read_stable_counters,
    send,
)
from fiscald.protocols.proof import verdicts
from fiscald.protocols.proof.verdicts import CommitReply
from fiscald.protocols.rates import Rates


class PrintoutCourse(Course[Printout]):
    """See ``Course``. Its recovery is a different one, because no query shows whether a form is open."""

    word = "printout"
    repeats_lines = False  # no sum would show that a line was printed twice

    def plan(self, profile: Profile, code_page: str, rates: Rates) -> Plan:
        """The commands of the printout."""
        return plan_printout(self.document, profile, code_page)

    def give_up(self, reply: CommitReply, opened: PosnetLook) -> Dialogue[Verdict]:
        """End our form after a refusal."""
        if not (yield from give_up_form()):
            return NotPrinted(problem("printer.cancelled"))
        return verdicts.refusal_verdict(reply)

    def close(self, plan: Plan, opened: PosnetLook, found: PosnetBaseline) -> Dialogue[Verdict]:
        """Send the closing step, then decide by the counters."""
        return _end_form(self.document, self._proof(opened, plan))

    def verdict(self, opened: PosnetLook, plan: Plan, reply: CommitReply | None) -> Dialogue[Verdict]:
        """What became of it, in a recovery."""
        proof = self._proof(opened, plan)
        verdict = yield from proof.verdict(reply)
        if not isinstance(verdict, NotPrinted):
            return verdict
        # No printout since ours was open: it is still open with all its lines, and the closing step was not executed.
        return (yield from _end_form(self.document, proof, recovering=True))

    def _proof(self, opened: PosnetLook, plan: Plan) -> PosnetProof:
        return PosnetProof(opened, slip_of(self.document, tuple(plan.notices)), self.settings)

    def recover(self, checkpoint: Checkpoint) -> Dialogue[Verdict]:
        """After silence, a lost link or a killed daemon: cancel an incomplete form, end a complete one."""
        before: PosnetLook = checkpoint.before
        found = yield from read_baseline()
        if found.printer_id != before.nu:
            return verdicts.swapped(self.settings, found.printer_id, before.nu)
        if checkpoint.never_opened or checkpoint.stage is not Stage.COMMITTING:
            # While a receipt or a footer is open, no form can be open, so there is nothing of ours to cancel.
            if not found.transaction_open:
                yield from give_up_form()
            now = yield from read_counters()
            return verdicts.interrupted("interrupted before the closing step was sent", now)
        return (yield from self.verdict(checkpoint.opened, self.planned_before(before), None))


def carry_out(printout: Printout, settings: Settings, printer_id: str | None) -> Dialogue[Verdict]:
    """Print it on the printer with that unique number."""
    return PrintoutCourse(printout, settings).carry_out(printer_id)


def recover(printout: Printout, settings: Settings, checkpoint: Checkpoint) -> Dialogue[Verdict]:
    """After silence, a lost link or a killed daemon: cancel an incomplete form, end a complete one."""
    return PrintoutCourse(printout, settings).recover(checkpoint)


def _end_form(printout: Printout, proof: PosnetProof, *, recovering: bool = False) -> Dialogue[Verdict]:
    """Send the closing step, then decide by the counters. The step cannot harm a receipt: it only ends a form (6.2)."""
    reply = yield from send(request("formend", fn=FORM))
    if reply.error == NO_FORM and not reply.frame_error:
        now = yield from read_stable_counters()
        if not recovering and not proof.delta(now).slips:
            return NotPrinted(problem("printer.cancelled"), evidence={"after": now})
        # Either a closing step with a lost answer ended it (the cable may double one), or a person cancelled it. No
        # source says which of the two the printer counts.
        return verdicts.unproven("vanished", "the printout is no longer open, and the counters do not show why", now)
    committed = CommitReply() if reply.good else refused(reply, "/document", printout)
    verdict = yield from proof.verdict(committed)
    if committed.refusal is None or not isinstance(verdict, NotPrinted | Held):
        return verdict
    if reply.frame_error:
        # The printer did not execute it, so our form is still open. Recovery ends it.
        raise DialogueAborted(committed.refusal)
    yield from give_up_form()
    return replace(verdict, was_open=True) if isinstance(verdict, Held) else verdict


def give_up_form() -> Dialogue[bool]:
    """Cancel our open form. Returns false if no form is open any more.

    No query shows an open form (6.1). One more line does: the printer refuses it if no form is open (6.2), also inside
    another program's receipt, which the cancel command would cancel.
    """
    if not (yield from _form_open()):
        return False
    yield from send(request("prncancel"))
    if (yield from _form_open()):
        raise DialogueAborted(problem("printer.busy", reason="our open printout could not be cancelled yet"))
    return True


def _form_open() -> Dialogue[bool]:
    reply = yield from send(request("formcmd", fn=FORM, cm=EMPTY_LINE))
    if reply.frame_error:
        raise corrupted(reply, "/document")
    return reply.good
