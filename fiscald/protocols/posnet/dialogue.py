"""How documents are carried out on a POSNET printer, and how their fate is found out.

The proof is always the printer's counters, read before the first change and after the last step. An error
answer to a closing step is not believed either way. A receipt's line is_corrupted by noise is sent once more, a closing
step never on a doubt.

Theory of a receipt. A printer holds at most one document. Once it has confirmed ``trinit``, ours is the open
one, and no other can end before it: the first receipt that the counters show after that moment, completed or
cancelled, is ours. The look at that moment (``Opened``) is what every later look is compared with.

Theory of a printout. No query tells whether a form is open, and whether a cancelled one counts as a printout is
not published. So the counters are asked only once its closing step may have been sent: a printout since ``Opened``
is ours; without one the closing step was not executed, and recovery sends it, like the end of an open footer. A
cancelling there, interrupted itself, would be taken for the printout.

Source: POSNET reference, sections 5 (commands), 7 (counters) and 9 (recovery).
"""

from __future__ import annotations

from collections.abc import Callable, Container
from dataclasses import replace
from typing import Any

from fiscald.model.documents import CashIn, CashOut, DailyReport, Document, Drawer, GoodsReturn, Printout, Receipt
from fiscald.model.jobs import Notice
from fiscald.model.money import grosze
from fiscald.model.problems import problem
from fiscald.protocols import conditions, judging
from fiscald.protocols.base import (
    Committing,
    Dialogue,
    DialogueAborted,
    Held,
    NotPrinted,
    Opened,
    Pause,
    Printed,
    Settings,
    Started,
    Trail,
    Unknown,
    Verdict,
    Wait,
)
from fiscald.protocols.judging import CommitReply, swapped
from fiscald.protocols.planning import Item
from fiscald.protocols.posnet import codes
from fiscald.protocols.posnet.commands import Reply, Request, request
from fiscald.protocols.posnet.conditions import CONDITIONS
from fiscald.protocols.posnet.grammar import NO_FORM
from fiscald.protocols.posnet.plan import EMPTY_LINE, FORM, Plan, plan_printout, plan_receipt
from fiscald.protocols.posnet.profiles import PROFILES
from fiscald.protocols.posnet.queries import (
    Baseline,
    CounterDelta,
    ask,
    condition_of,
    counters_moved,
    describe,
    find_profile,
    is_corrupted,
    poll,
    read_all,
    read_counters,
    read_day,
    read_facts,
    read_last_document,
    read_result,
    send,
    to_counters,
)
from fiscald.protocols.queries import RATE_LOCKED, RATE_LOCKED_PL, goods_at, read_paper, refusal
from fiscald.protocols.rates import parse_rates, plain_rates

#: ``scomm ts`` of a receipt, printed at once or in block mode.
_RECEIPT_TYPES = (16, 17)
#: Refusals that pass: noise, and somebody else's document (opened since we looked).
_MOMENT = (codes.Reaction.NOISE, codes.Reaction.STATE)
#: Refusals of ``trend`` whose sums differ from the plan's, which were checked before: a line came twice or not at all.
_SUMS_DIFFER = range(2805, 2810)
#: The date of a report differs from the printer's. It was read from the printer, so midnight has come in between.
_MIDNIGHT = 2022
#: The control of rates blocks the goods of a line.
_RATE_LOCKED = 2106


def carry_out(document: Document, settings: Settings, printer_id: str | None) -> Dialogue[Verdict]:
    """Carry ``document`` out. See ``fiscald.protocols.base.Family.carry_out``."""
    match document:
        case Receipt():
            return (yield from _receipt(document, settings, printer_id))
        case DailyReport():
            return (yield from _one_step(document, _daily_report, _judge_report, settings, printer_id))
        case CashIn() | CashOut() | GoodsReturn():
            return (yield from _one_step(document, _slip(document), _judge_slip(document), settings, printer_id))
        case Printout():
            return (yield from _printout(document, settings, printer_id))
        case Drawer():
            return (yield from _drawer(document, settings, printer_id))


def recover(document: Document, settings: Settings, trail: Trail) -> Dialogue[Verdict]:
    """Find out what became of ``document``. See ``fiscald.protocols.base.Family.recover``."""
    if isinstance(document, Drawer):
        return judging.drawer_interrupted()
    condition = yield from poll(settings)
    if condition.problem is not None:
        # A command may still wait in the printer (no paper); it is not settled before that is over (9.1).
        return Wait(condition.problem)
    match document:
        case Receipt():
            return (yield from _recover_receipt(document, settings, trail))
        case DailyReport():
            return (yield from _look(_judge_report, settings, trail.before))
        case CashIn() | CashOut() | GoodsReturn():
            return (yield from _look(_judge_slip(document), settings, trail.before))
        case Printout():
            return (yield from _recover_printout(document, settings, trail))


def _prepare(document: Document, settings: Settings, printer_id: str | None) -> Dialogue[Baseline | Wait]:
    """The facts before a document; or why it has to wait. Changes nothing."""

    def stops(code: str) -> bool:
        return CONDITIONS.waits(code, document.type)

    return judging.prepare(settings, printer_id, poll(settings), read_facts(), stops)


def _close(command: Request, document: Document, passing: Container[int] = ()) -> Dialogue[CommitReply]:
    """The step that decides, sent once. ``passing``: errors that are about the moment when it answers with them."""
    return _closing((yield from send(command)), "/document", document, passing)


def _closing(reply: Reply, pointer: str, document: Document, passing: Container[int] = ()) -> CommitReply:
    """What the printer's answer says: it is done; or it is refused, for what."""
    if reply.good:
        return CommitReply()
    text, text_pl, number = describe(reply)
    row = condition_of(reply)
    if row is not None and reply.error not in passing:
        why = conditions.told(row.name, text, text_pl, device_code=number)
        return CommitReply(why, waits=True)
    code = codes.lookup(codes.Kind.FRAME if reply.frame_error else codes.Kind.EXEC, reply.error or 0)
    if code.reaction is codes.Reaction.CANCELLED:
        return CommitReply(problem("printer.cancelled", device_code=number))
    if reply.error == _RATE_LOCKED and not reply.frame_error:
        text, text_pl = f"{RATE_LOCKED} ({number})", RATE_LOCKED_PL
    why = refusal(pointer, text, text_pl, number, goods=goods_at(document, pointer))
    passes = reply.error in passing or reply.error == _MIDNIGHT or code.reaction in _MOMENT
    return CommitReply(why, again=passes or is_corrupted(reply))


def _since(then: dict[str, Any], now: dict[str, Any], settings: Settings) -> CounterDelta | Wait | Unknown:
    """What happened between two looks; or why they cannot be compared."""
    if now["nu"] != then["nu"]:
        return swapped(settings, now["nu"], then["nu"])
    moved = CounterDelta(then, now)
    if moved.went_backwards:
        # The memory was replaced or restored, and proves nothing any more.
        return judging.unproven("counters_restored", "the printer's counters are lower than before", now)
    return moved


# -- receipt --------------------------------------------------------------------------------------------


def _receipt(document: Receipt, settings: Settings, printer_id: str | None) -> Dialogue[Verdict]:
    profile = yield from find_profile(settings)
    facts = yield from _prepare(document, settings, printer_id)
    if isinstance(facts, Wait):
        return facts
    plan = plan_receipt(document, profile, settings.code_page, facts.rates)
    if plan.errors:
        return judging.refused_before(plan.errors, facts)
    before = facts.evidence | {"profile": profile.name, "rates": plain_rates(facts.rates)}
    yield Started(before, to_counters(before))
    opened: dict[str, Any] | None = None
    for item in plan.items:
        reply = yield from send(item.request)
        opening = item.request.row.mnemonic == "trinit"
        if is_corrupted(reply) and opening:
            # Sent again it might meet our own receipt and call it another program's; recovery looks first.
            raise _spoiled(reply, item.pointer)
        if is_corrupted(reply):
            reply = yield from send(item.request)
        if not reply.good:
            closing = _closing(reply, item.pointer, document)
            if opened is not None:
                return (yield from _abandon(closing, opened))
            return judging.declined(closing, begun=False)
        if opening:
            opened = yield from _look_when_opened(before)
            if opened is None:
                return NotPrinted(problem("printer.cancelled"))
            yield Opened(opened)
    assert plan.close is not None
    assert opened is not None
    yield Committing()
    closing = yield from _close(plan.close, document, _SUMS_DIFFER)
    notices: tuple[Notice, ...] = ()
    if closing.refusal is None:
        notices = yield from _finish_footer(plan.footer)
    return (yield from _judge_receipt(plan, settings, opened, closing, notices))


def _look_when_opened(before: dict[str, Any]) -> Dialogue[dict[str, Any] | None]:
    """The counters while our receipt is open: nothing else can move them before it ends.

    ``None``: a person has cancelled it already.
    """
    opened = yield from read_counters()
    if CounterDelta(before, opened).any_change:
        # Another program printed between our first look and our opening; or ours was cancelled since.
        opened |= yield from read_day()
        scomm = yield from ask("scomm", "ts")
        if not scomm["ts"]:
            return None
    return before | opened


def _spoiled(reply: Reply, pointer: str) -> DialogueAborted:
    """The line is_corrupted our command, and only a look can tell what is open now."""
    return DialogueAborted(refusal(pointer, *describe(reply)))


def _abandon(closing: CommitReply, opened: dict[str, Any]) -> Dialogue[Verdict]:
    """End our receipt after a definite refusal, before its closing step was sent."""
    scomm = yield from ask("scomm", "ts")
    now = yield from read_all()
    if not scomm["ts"] or CounterDelta(opened, now).any_change:
        # What is open now, if anything, is not ours: a person or another program has ended our receipt.
        return NotPrinted(problem("printer.cancelled"), evidence={"after": now})
    now = yield from _cancel(opened)
    return judging.declined(closing, now=now)


def _cancel(since: dict[str, Any]) -> Dialogue[dict[str, Any]]:
    """Cancel our own open receipt and see that it is gone; the counters after that."""
    yield from send(request("prncancel"))
    scomm = yield from ask("scomm", "ts")
    now = yield from read_all()
    if scomm["ts"] or CounterDelta(since, now).completed:
        raise DialogueAborted(problem("printer.busy", reason="our open receipt could not be cancelled yet"))
    return now


def _finish_footer(footer: list[Item[Request]]) -> Dialogue[tuple[Notice, ...]]:
    """The lines under a receipt that is already registered: a refused one is a notice, never a failure."""
    notices = []
    for item in footer:
        reply = yield from send(item.request)
        if not reply.good:
            notices.append(
                Notice(
                    code="footer.refused",
                    pointer=item.pointer,
                    detail=f"not printed: {describe(reply)[0]}",
                    detail_pl="Nie wydrukowano wiersza stopki.",
                )
            )
    if footer:
        yield from _close_footer()
    return tuple(notices)


def _close_footer() -> Dialogue[None]:
    """``trftrend``: without it the sheet does not come out, and the printer takes no other document."""
    for _ in range(judging.LOOKS):
        reply = yield from send(request("trftrend"))
        last = yield from read_last_document()
        if not last.footer_open:
            return
        if not is_corrupted(reply):
            break
    raise DialogueAborted(
        problem("printer.busy", reason="the footer of the registered receipt could not be finished yet")
    )


def _judge_receipt(
    plan: Plan,
    settings: Settings,
    opened: dict[str, Any],
    closing: CommitReply | None,
    notices: tuple[Notice, ...] = (),
) -> Dialogue[Verdict]:
    """Was it registered, now that its closing step was sent? The table of section 9.3.

    ``opened``: the look while it was open. ``closing``: the answer to that step; ``None``: it is not known.
    """
    confirmed = closing is not None and closing.refusal is None
    now = yield from read_counters()
    moved = _since(opened, now, settings)
    if isinstance(moved, Wait | Unknown):
        return moved
    if confirmed and (moved.reports or (moved.completed == 1 and not moved.cancelled) or moved.uncounted):
        # The answer says so, and the counters do not contradict it. (After a report they say nothing any more.)
        return (yield from _printed(plan, settings, opened, now, notices))
    if moved.reports:
        return judging.report_between(now)
    scomm = yield from ask("scomm", "ts")
    last = yield from read_last_document()
    if last.footer_open and not scomm["ts"]:
        yield from _close_footer()
    whole = yield from read_all()
    if CounterDelta(now, whole).any_change:
        raise DialogueAborted(problem("printer.busy", reason="another program is printing"))
    now = whole
    moved = CounterDelta(opened, now)
    ours = last.total == plan.total and last.paid == plan.paid and last.change == plan.change
    match bool(moved.completed), bool(moved.cancelled):
        case False, False if scomm["ts"]:
            # Nothing has ended, so what is open is ours, and its closing step was not executed.
            now = yield from _cancel(opened)
            return judging.not_executed(closing, "the receipt was still open; it was cancelled", now)
        case False, False:
            return judging.unproven("vanished", "the receipt is no longer open, and no counter moved", now)
        case False, True:
            return judging.ended_by_others(closing, "the receipt was cancelled before it was registered", now)
        case True, False:
            alone = moved.completed == 1 and moved.printouts == 1 and not scomm["ts"]
            if not judging.may_hold(moved.completed, moved.sales, plan.total) or (alone and not ours):
                return judging.unproven("changed", "the receipt was registered with other content than ours", now)
            return (yield from _printed(plan, settings, opened, now, notices))
    if (other := judging.two_endings(moved, plan.total, closing)) is not None:
        return other
    # Every cancelled receipt counts, so that ours can be another one than the first only here.
    last_is_ours = judging.last_is_ours(moved, plan.total, like_ours=ours, confirmed=confirmed)
    if isinstance(last_is_ours, Unknown):
        return last_is_ours
    return (yield from _printed(plan, settings, opened, now, notices, last=last_is_ours))


def _printed(
    plan: Plan,
    settings: Settings,
    opened: dict[str, Any],
    now: dict[str, Any],
    notices: tuple[Notice, ...],
    *,
    last: bool = False,
) -> Dialogue[Printed]:
    """Ours was the first to end after ``opened``; or (``last``) it is the last document of all."""
    number = now.get("bt", now["bn"]) if last else opened.get("bt", opened["bn"]) + 1
    paper = yield from read_paper(poll(settings))
    # Found out later: the last sale of the day was ours if no other followed.
    alone = CounterDelta(opened, now).completed == 1
    when = now["day"].get("last_sale") if alone and "day" in now else None
    fiscal = CounterDelta(opened, now).fiscal
    result = yield from read_result(now, number, opened["rd"] + 1, plan.total, when, fiscal=fiscal)
    return Printed(result, paper, tuple(plan.notices) + notices, {"after": now}, to_counters(now))


def _recover_receipt(document: Receipt, settings: Settings, trail: Trail) -> Dialogue[Verdict]:
    """After silence, a lost link or a killed daemon: look, clean up what is ours, decide."""
    before, opened = trail.before, trail.opened
    scomm = yield from ask("scomm", "ts", "nu")
    if scomm["nu"] != before["nu"]:
        return swapped(settings, scomm["nu"], before["nu"])
    if trail.never_opened:
        return (yield from _recover_opening(before))
    assert opened is not None
    if trail.committing:
        plan = plan_receipt(document, PROFILES[before["profile"]], settings.code_page, parse_rates(before["rates"]))
        return (yield from _judge_receipt(plan, settings, opened, None))
    now = yield from read_all()
    if scomm["ts"] and not CounterDelta(opened, now).any_change:
        now = yield from _cancel(opened)
        return judging.interrupted("the receipt was open; it was cancelled", now)
    # Its closing step was never sent, so it was cancelled; what is open now, if anything, is not ours.
    return judging.interrupted("interrupted before the closing step was sent", now)


def _recover_opening(before: dict[str, Any]) -> Dialogue[Verdict]:
    """``trinit`` may have been sent, and was not confirmed: ours can be open only if it is empty."""

    def empty_and_alone() -> Dialogue[bool]:
        scomm = yield from ask("scomm", "ts")
        last = yield from read_last_document()
        now = yield from read_all()
        empty = scomm["ts"] in _RECEIPT_TYPES and (last.total, last.paid) == (0, 0)
        return empty and not CounterDelta(before, now).any_change

    if (yield from empty_and_alone()):
        yield Pause(judging.STILL_SECONDS)
        if (yield from empty_and_alone()):
            now = yield from _cancel(before)
            return judging.interrupted("the receipt was open; it was cancelled", now)
    now = yield from read_counters()
    return judging.interrupted("interrupted before the receipt was opened", now)


# -- documents of one step ------------------------------------------------------------------------------

Judge = judging.Judge[CounterDelta]


def _one_step(
    document: Document,
    command: Callable[[Settings], Dialogue[Request]],
    judge: Judge,
    settings: Settings,
    printer_id: str | None,
) -> Dialogue[Verdict]:
    """A document that is a single irreversible command, judged by the counters."""
    facts = yield from _prepare(document, settings, printer_id)
    if isinstance(facts, Wait):
        return facts
    wanted = yield from command(settings)
    if (yield from counters_moved(facts.counters)):
        return Wait(problem("printer.busy", reason="another program is printing"))
    yield Started(facts.evidence, to_counters(facts.evidence))
    yield Committing()
    closing = yield from _close(wanted, document)
    return (yield from _look(judge, settings, facts.evidence, closing))


def _look(
    judge: Judge, settings: Settings, before: dict[str, Any], closing: CommitReply | None = None
) -> Dialogue[Verdict]:
    """Judge after the step, or (without ``closing``) after an interruption."""
    return judging.look(judge, settings, before, closing, read=read_all, since=_since)


def _daily_report(settings: Settings) -> Dialogue[Request]:
    """``dailyrep`` with the printer's own date: then no question is asked on the keyboard (5.10)."""
    profile = yield from find_profile(settings)
    if not profile.dated_report:
        return request("dailyrep")
    clock = yield from ask("rtcget", "da")
    return request("dailyrep", da=clock["da"].date().isoformat())


def _report_printed(moved: CounterDelta, _: bool, settings: Settings) -> Dialogue[Printed]:
    number = moved.now["rd"]
    paper = yield from read_paper(poll(settings))
    result = yield from read_result(moved.now, number, number, None, fiscal=moved.fiscal)
    return Printed(result, paper, evidence={"after": moved.now}, counters=to_counters(moved.now))


_judge_report = judging.report_judge(_report_printed)


def _slip(document: CashIn | CashOut | GoodsReturn) -> Callable[[Settings], Dialogue[Request]]:
    def command(_: Settings) -> Dialogue[Request]:
        if isinstance(document, GoodsReturn):
            return request("stocash", kw=grosze(document.amount))
        return request("cash", kw=grosze(document.amount), wp=isinstance(document, CashIn))
        yield  # a dialogue of no steps

    return command


def _judge_slip(document: CashIn | CashOut | GoodsReturn | Printout, notices: tuple[Notice, ...] = ()) -> Judge:
    """A slip is proven by one more non-fiscal printout; where those are not counted, by one more printout."""
    amount = None if isinstance(document, Printout) else grosze(document.amount)

    def judge(moved: CounterDelta, confirmed: bool | None, settings: Settings) -> Dialogue[Verdict | None]:
        slips = moved.slips
        # Whether ``cash`` or a form moves a counter is told by no source (section 7, choice); its good answer must do.
        uncounted = slips == 0 and not isinstance(document, GoodsReturn)
        if (slips == 1 and not moved.reports) or (confirmed and (slips or uncounted or moved.uncounted)):
            paper = yield from read_paper(poll(settings))
            result = yield from read_result(moved.now, None, moved.now["rd"] + 1, amount, fiscal=moved.fiscal)
            doubled = (judging.DOUBLED,) if slips > 1 and not moved.reports else ()
            return Printed(result, paper, notices + doubled, {"after": moved.now}, to_counters(moved.now))
        if slips == 0:
            return None
        if moved.reports:
            return judging.report_between(moved.now)
        return judging.unproven("many_slips", f"{slips} slips were printed since the start", moved.now)

    return judge


# -- printout -------------------------------------------------------------------------------------------


def _printout(document: Printout, settings: Settings, printer_id: str | None) -> Dialogue[Verdict]:
    profile = yield from find_profile(settings)
    facts = yield from _prepare(document, settings, printer_id)
    if isinstance(facts, Wait):
        return facts
    plan = plan_printout(document, profile, settings.code_page)
    if plan.errors:
        return judging.refused_before(plan.errors, facts)
    before = facts.evidence | {"profile": profile.name}
    yield Started(before, to_counters(before))
    opened: dict[str, Any] | None = None
    for item in plan.items:
        reply = yield from send(item.request)
        if opened is not None and not reply.good:
            # Not sent again after noise, as a receipt's line is: no sum would tell that it was printed twice.
            if not (yield from _give_up_form()):
                return NotPrinted(problem("printer.cancelled"))
            return judging.declined(_closing(reply, item.pointer, document))
        if is_corrupted(reply):
            # Ours may be open, and sent again it would be called another program's; recovery looks first.
            raise _spoiled(reply, item.pointer)
        if not reply.good:
            return judging.declined(_closing(reply, item.pointer, document), begun=False)
        if opened is None:
            opened = before | (yield from read_all())
            yield Opened(opened)
    assert opened is not None
    yield Committing()
    return (yield from _end_form(document, _judge_slip(document, tuple(plan.notices)), settings, opened))


def _end_form(
    document: Printout, judge: Judge, settings: Settings, opened: dict[str, Any], *, recovering: bool = False
) -> Dialogue[Verdict]:
    """Send the closing step and judge by the counters. It ends a form or does nothing: no receipt can suffer (6.2)."""
    reply = yield from send(request("formend", fn=FORM))
    if reply.error == NO_FORM and not reply.frame_error:
        now = yield from read_all()
        if not recovering and not CounterDelta(opened, now).slips:
            return NotPrinted(problem("printer.cancelled"), evidence={"after": now})
        # Ended by a closing step whose answer was lost (the cable may double one), or cancelled by a person: which of
        # the two is counted is not published.
        return judging.unproven("vanished", "the printout is no longer open, and the counters do not tell why", now)
    closing = _closing(reply, "/document", document)
    verdict = yield from _look(judge, settings, opened, closing)
    if closing.refusal is None or not isinstance(verdict, NotPrinted | Held):
        return verdict
    if reply.frame_error:
        # It was not executed, so ours is still open; recovery ends it.
        raise DialogueAborted(closing.refusal)
    yield from _give_up_form()
    return replace(verdict, begun=True) if isinstance(verdict, Held) else verdict


def _give_up_form() -> Dialogue[bool]:
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
        raise _spoiled(reply, "/document")
    return reply.good


def _recover_printout(document: Printout, settings: Settings, trail: Trail) -> Dialogue[Verdict]:
    """After silence, a lost link or a killed daemon: cancel what is not finished, finish what is complete."""
    before, opened = trail.before, trail.opened
    facts = yield from read_facts()
    if facts.printer_id != before["nu"]:
        return swapped(settings, facts.printer_id, before["nu"])
    if trail.never_opened or not trail.committing:
        # In a receipt or an open footer there is no form, and nothing of ours to cancel.
        if not facts.transaction_open:
            yield from _give_up_form()
        now = yield from read_counters()
        return judging.interrupted("interrupted before the closing step was sent", now)
    assert opened is not None
    plan = plan_printout(document, PROFILES[before["profile"]], settings.code_page)
    judge = _judge_slip(document, tuple(plan.notices))
    verdict = yield from _look(judge, settings, opened)
    if not isinstance(verdict, NotPrinted):
        return verdict
    # No printout since ours was open: it still is, all its lines are in it, and its closing step was not executed.
    return (yield from _end_form(document, judge, settings, opened, recovering=True))


# -- drawer ---------------------------------------------------------------------------------------------


def _drawer(document: Drawer, settings: Settings, printer_id: str | None) -> Dialogue[Verdict]:
    facts = yield from _prepare(document, settings, printer_id)
    if isinstance(facts, Wait):
        return facts
    opening = _close(request("opendrwr"), document)
    return (yield from judging.drawer(facts, to_counters(facts.evidence), opening))
