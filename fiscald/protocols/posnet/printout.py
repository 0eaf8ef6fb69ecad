"""A printout on a POSNET printer: a form of lines, carried out, and its fate found out.

Theory. No query tells whether a form is open, and whether a cancelled one counts as a printout is not published. So
the counters are asked only once its closing step may have been sent: a printout since ``Stage.OPENED`` is ours; without
one the closing step was not executed, and recovery sends it, like the end of an open footer. A cancelling there,
interrupted itself, would be taken for the printout.

Source: POSNET reference, sections 6.1, 6.2 and 9.
"""

from __future__ import annotations

from dataclasses import replace

from fiscald.model.documents import Printout
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
    Wait,
)
from fiscald.protocols.posnet.commands import request
from fiscald.protocols.posnet.commit import corrupted, refused
from fiscald.protocols.posnet.evidence import PosnetLook
from fiscald.protocols.posnet.grammar import NO_FORM
from fiscald.protocols.posnet.options import PosnetOptions
from fiscald.protocols.posnet.plan import EMPTY_LINE, FORM, plan_printout
from fiscald.protocols.posnet.profiles import PROFILES
from fiscald.protocols.posnet.proof import PosnetProof, slip_of
from fiscald.protocols.posnet.queries import (
    is_corrupted,
    prepare_plan,
    read_baseline,
    read_counters,
    read_stable_counters,
    send,
)
from fiscald.protocols.proof import verdicts
from fiscald.protocols.proof.verdicts import CommitReply


def carry_out(printout: Printout, settings: Settings, printer_id: str | None) -> Dialogue[Verdict]:
    """Print it on the printer with that unique number."""
    prepared = yield from prepare_plan(printout.type, settings, printer_id)
    if isinstance(prepared, Wait):
        return prepared
    profile, found = prepared
    plan = plan_printout(printout, profile, PosnetOptions.of(settings).code_page)
    if plan.errors:
        return verdicts.refused_before(plan.errors, found.look)
    before = found.look.model_copy(update={"profile": profile.name})
    yield Checkpoint(Stage.STARTED, before, counters=found.counters)

    opening, *lines = plan.items
    reply = yield from send(opening.request)
    if is_corrupted(reply):
        # Ours may be open, and sent again it would be called another program's; recovery looks first.
        raise corrupted(reply, opening.pointer)
    if not reply.good:
        return verdicts.declined(refused(reply, opening.pointer, printout), begun=False)
    opened = before.updated((yield from read_stable_counters()))
    yield Checkpoint(Stage.OPENED, before, opened)

    for item in lines:
        reply = yield from send(item.request)
        if not reply.good:
            # Not sent again after noise, as a receipt's line is: no sum would tell that it was printed twice.
            if not (yield from give_up_form()):
                return NotPrinted(problem("printer.cancelled"))
            return verdicts.declined(refused(reply, item.pointer, printout))

    yield Checkpoint(Stage.COMMITTING, before, opened)
    proof = PosnetProof(opened, slip_of(printout, tuple(plan.notices)), settings)
    return (yield from _end_form(printout, proof))


def _end_form(printout: Printout, proof: PosnetProof, *, recovering: bool = False) -> Dialogue[Verdict]:
    """Send the closing step and judge by the counters. It ends a form or does nothing: no receipt can suffer (6.2)."""
    reply = yield from send(request("formend", fn=FORM))
    if reply.error == NO_FORM and not reply.frame_error:
        now = yield from read_stable_counters()
        if not recovering and not proof.delta(now).slips:
            return NotPrinted(problem("printer.cancelled"), evidence={"after": now})
        # Ended by a closing step whose answer was lost (the cable may double one), or cancelled by a person: which of
        # the two is counted is not published.
        return verdicts.unproven("vanished", "the printout is no longer open, and the counters do not tell why", now)
    committed = CommitReply() if reply.good else refused(reply, "/document", printout)
    verdict = yield from proof.verdict(committed)
    if committed.refusal is None or not isinstance(verdict, NotPrinted | Held):
        return verdict
    if reply.frame_error:
        # It was not executed, so ours is still open; recovery ends it.
        raise DialogueAborted(committed.refusal)
    yield from give_up_form()
    return replace(verdict, begun=True) if isinstance(verdict, Held) else verdict


def give_up_form() -> Dialogue[bool]:
    """Cancel our open form; false if none is open any more.

    No query tells of an open form (6.1). One more line does: it is refused wherever none is open (6.2), also in
    another program's receipt, which the cancelling would hit.
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


def recover(printout: Printout, settings: Settings, checkpoint: Checkpoint) -> Dialogue[Verdict]:
    """After silence, a lost link or a killed daemon: cancel what is not finished, finish what is complete."""
    before: PosnetLook = checkpoint.before
    found = yield from read_baseline()
    if found.printer_id != before.nu:
        return verdicts.swapped(settings, found.printer_id, before.nu)
    if checkpoint.never_opened or checkpoint.stage is not Stage.COMMITTING:
        # In a receipt or an open footer there is no form, and nothing of ours to cancel.
        if not found.transaction_open:
            yield from give_up_form()
        now = yield from read_counters()
        return verdicts.interrupted("interrupted before the closing step was sent", now)
    if before.profile is None:
        raise ValueError("the profile that it was planned for is lost")
    plan = plan_printout(printout, PROFILES[before.profile], PosnetOptions.of(settings).code_page)
    proof = PosnetProof(checkpoint.opened, slip_of(printout, tuple(plan.notices)), settings)
    verdict = yield from proof.verdict(None)
    if not isinstance(verdict, NotPrinted):
        return verdict
    # No printout since ours was open: it still is, all its lines are in it, and its closing step was not executed.
    return (yield from _end_form(printout, proof, recovering=True))
