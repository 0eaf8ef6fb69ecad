"""How documents are carried out on a Thermal printer, and how their fate is found out.

The proof is always what the printer says about itself, read before the first change and after the last step. Its
answers to commands have no check byte, so neither a good one nor an error is believed where money is concerned. A
line is_corrupted by noise is sent once more (its number makes a second one of the same an error), a closing step never.

Theory of a receipt. A printer holds at most one receipt. Once it has confirmed ``$h`` and shows a receipt open,
ours is the open one, and no other can end before it: the first receipt that the counters show after that moment,
completed or cancelled, is ours. The look at that moment (``Opened``) is what every later look is compared with. A
receipt that is given up before its first line leaves no trace, though (5.5); so before an open receipt is
cancelled, what is on it must be what we sent.

Source: Thermal reference, sections 5 (commands), 7 (counters) and 9 (recovery).
"""

from __future__ import annotations

from collections.abc import Callable, Container
from dataclasses import replace
from typing import Any

from fiscald.model.documents import CashIn, CashOut, DailyReport, Document, Drawer, GoodsReturn, Printout, Receipt
from fiscald.model.money import MAX_GROSZE, format_grosze, grosze
from fiscald.model.problems import FieldProblem, problem
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
from fiscald.protocols.planning import zloty
from fiscald.protocols.queries import RATE_LOCKED, RATE_LOCKED_PL, goods_at, read_paper, refusal
from fiscald.protocols.rates import parse_rates, plain_rates
from fiscald.protocols.thermal import codes
from fiscald.protocols.thermal.commands import Reply, Request, request
from fiscald.protocols.thermal.conditions import CONDITIONS
from fiscald.protocols.thermal.fields import Brand
from fiscald.protocols.thermal.plan import Plan, plan_receipt
from fiscald.protocols.thermal.profiles import PROFILES
from fiscald.protocols.thermal.queries import (
    RECEIPT_NUMBERS,
    Baseline,
    CounterDelta,
    ask,
    condition_of,
    describe,
    find_profile,
    is_corrupted,
    poll,
    query_optional,
    read_counters,
    read_facts,
    read_open,
    read_result,
    read_stable_counters,
    same_counters,
    send,
    to_counters,
    use_error_mode,
)

#: Refusals that pass: noise, and somebody else's document (opened since we looked).
_MOMENT = (codes.Reaction.NOISE, codes.Reaction.STATE)
#: Refusals of a closing command whose sums differ from the plan's, which were checked before: a line, a deposit or
#: an amount came twice, damaged, or not at all.
_SUMS_DIFFER = (23, 26, 27)
#: A line whose number is not the next one: it was taken already, or this answers a copy of the one before.
_OUT_OF_STEP = 4
#: ``#r`` with a date that is not the printer's: midnight came between the question and the command.
_OTHER_DATE = 7
#: No VAT rates; behind a line, whose rate was found in the printer's table, the control of rates.
_RATE = 18
#: No header or a fault; or the fiscal memory is full, if it takes no more records.
_NO_HEADER, _MEMORY_FAULT = 40, 6
#: The printer itself has cancelled the receipt: nothing was sent for too long.
_TIMED_OUT = 96

Slip = CashIn | CashOut | GoodsReturn


def carry_out(document: Document, settings: Settings, printer_id: str | None) -> Dialogue[Verdict]:
    """Carry ``document`` out. See ``fiscald.protocols.base.Family.carry_out``."""
    match document:
        case Receipt():
            return (yield from _receipt(document, settings, printer_id))
        case DailyReport():
            return (yield from _one_step(document, _daily_report, _judge_report, settings, printer_id))
        case CashIn() | CashOut() | GoodsReturn():
            return (yield from _one_step(document, _slip(document), _judge_slip(document), settings, printer_id))
        case Drawer():
            return (yield from _drawer(document, settings, printer_id))
        case Printout():
            raise AssertionError("not in Family.documents")


def recover(document: Document, settings: Settings, trail: Trail) -> Dialogue[Verdict]:
    """Find out what became of ``document``. See ``fiscald.protocols.base.Family.recover``."""
    if isinstance(document, Drawer):
        return judging.drawer_interrupted()
    condition = yield from poll(settings)
    if condition.problem is not None:
        # A command may still wait in the printer (no paper); it is not settled before that is over (9.3).
        return Wait(condition.problem)
    yield from use_error_mode()
    match document:
        case Receipt():
            return (yield from _recover_receipt(document, settings, trail))
        case DailyReport():
            return (yield from _look(_judge_report, settings, trail.before))
        case CashIn() | CashOut() | GoodsReturn():
            return (yield from _look(_judge_slip(document), settings, trail.before))
        case Printout():
            raise AssertionError("not in Family.documents")


def _prepare(document: Document, settings: Settings, printer_id: str | None) -> Dialogue[Baseline | Wait]:
    """The facts before a document; or why it has to wait. Changes nothing but the error mode."""

    def answered_facts() -> Dialogue[Baseline]:
        yield from use_error_mode()
        return (yield from read_facts())

    def stops(code: str) -> bool:
        return CONDITIONS.waits(code, document.type)

    return judging.prepare(settings, printer_id, poll(settings), answered_facts(), stops)


def _close(
    command: Request, document: Document, passing: Container[int] = (), *, brand: Brand | None = None
) -> Dialogue[CommitReply]:
    """The step that decides, sent once. ``passing``: errors that are about the moment when it answers with them.

    ``brand``: whose error numbers it answers with, where the command is the same for all.
    """
    reply = yield from send(command)
    if reply.good:
        return CommitReply()
    reply = replace(reply, brand=brand or reply.brand)
    return (yield from _refusal(reply, "/document", document, passing))


def _brand(settings: Settings) -> Brand:
    return PROFILES[settings.profile].brand if settings.profile else Brand.POSNET


def _refusal(reply: Reply, pointer: str, document: Document, passing: Container[int] = ()) -> Dialogue[CommitReply]:
    """The printer's no. Its number has no check byte, so that it is believed only where both answers agree.

    To be asked for at once: any other command clears the number of the last error (5.9).
    """
    text, text_pl, number = describe(reply)
    goods = goods_at(document, pointer)
    code = codes.lookup(reply.error or 0, reply.brand)
    if goods is not None and reply.error == _RATE:
        text, text_pl = f"{RATE_LOCKED} (error {number})", RATE_LOCKED_PL
    why = refusal(pointer, text, text_pl, number, goods=goods)
    if reply.error in passing or code.reaction in _MOMENT:
        return CommitReply(why, again=True)
    last = yield from query_optional("#n")
    if last.get("Pe", reply.error) != reply.error:
        return CommitReply(why, again=True)
    if code.reaction is codes.Reaction.CANCELLED:
        return CommitReply(problem("printer.cancelled", device_code=number))
    name = yield from _condition(reply, goods)
    if name is None:
        return CommitReply(why)
    return CommitReply(conditions.told(name, text, text_pl, device_code=number), waits=True)


def _condition(reply: Reply, goods: str | None) -> Dialogue[str | None]:
    """The name of the printer's condition for which it refuses, if it is one."""
    if reply.error == _RATE:
        return "no_rates" if goods is None else None
    if reply.error in (_NO_HEADER, _MEMORY_FAULT):
        records = yield from query_optional("#s 24")
        if records.get("n_wolnych") == 0:
            return "memory_full"
    row = condition_of(reply)
    return None if row is None else row.name


def _since(then: dict[str, Any], now: dict[str, Any], settings: Settings) -> CounterDelta | Wait | Unknown:
    """What happened between two looks; or why they cannot be compared."""
    if now["nr_unikatowy"] != then["nr_unikatowy"]:
        return swapped(settings, now["nr_unikatowy"], then["nr_unikatowy"])
    moved = CounterDelta(then, now)
    if moved.went_backwards:
        # The memory was replaced, restored or reset, and proves nothing any more.
        lower = "the printer's counters are lower than before, or it was reset"
        return judging.unproven("counters_restored", lower, now)
    return moved


# -- receipt --------------------------------------------------------------------------------------------


def _receipt(document: Receipt, settings: Settings, printer_id: str | None) -> Dialogue[Verdict]:
    profile = yield from find_profile(settings)
    facts = yield from _prepare(document, settings, printer_id)
    if isinstance(facts, Wait):
        return facts
    plan = plan_receipt(document, profile, settings.code_page, facts.rates, facts.printer_id)
    if plan.errors:
        return judging.refused_before(plan.errors, facts)
    before = facts.evidence | {"profile": profile.name, "rates": plain_rates(facts.rates)}
    yield Started(before, to_counters(before))
    opened: dict[str, Any] | None = None
    for item in plan.items:
        reply = yield from send(item.request)
        if item.request.row.id == "$h":
            if not reply.good:
                return (yield from _opening_refused(reply, item.pointer, document))
            opened = yield from _look_when_opened(before)
            yield Opened(opened)
            continue
        assert opened is not None, "the first command opens the receipt"
        if is_corrupted(reply):
            reply = yield from send(item.request)
        if not reply.good:
            closing = yield from _refusal(reply, item.pointer, document, (_OUT_OF_STEP,))
            return (yield from _abandon(plan, closing, opened))
    assert plan.close is not None
    assert opened is not None
    yield Committing()
    closing = yield from _close(plan.close, document, _SUMS_DIFFER)
    return (yield from _judge_receipt(plan, settings, opened, closing))


def _opening_refused(reply: Reply, pointer: str, document: Receipt) -> Dialogue[NotPrinted | Held]:
    """``$h`` was answered with an error; nothing is to be cleaned up if really none is open."""
    closing = yield from _refusal(reply, pointer, document)
    now = yield from read_counters()
    if is_corrupted(reply) or now["Pt"]:
        # Noise, in our command or in its answer; or another program was faster. Recovery tells them apart.
        assert closing.refusal is not None
        raise DialogueAborted(closing.refusal)
    return judging.declined(closing, begun=False)


def _look_when_opened(before: dict[str, Any]) -> Dialogue[dict[str, Any]]:
    """The counters while our receipt is open: nothing else can move them before it ends."""
    opened = yield from read_counters()
    if not same_counters(before, opened):
        # Another program printed between our first look and our opening; or one of the two looks is damaged.
        opened = yield from read_stable_counters(opened)
    if not opened["Pt"] or opened["nr_unikatowy"] != before["nr_unikatowy"]:
        raise DialogueAborted(problem("printer.busy", reason="it confirmed our opening, and shows no open receipt"))
    return before | opened


def _abandon(plan: Plan, closing: CommitReply, opened: dict[str, Any]) -> Dialogue[Verdict]:
    """End our receipt after a refusal, before its closing step was sent."""
    now = yield from read_stable_counters()
    if not (yield from _still_ours(plan, opened, now)):
        # What is open now, if anything, is not ours: a person or another program has ended our receipt.
        return _ended(closing, "our receipt was ended before its closing step was sent", now)
    now = yield from _cancel(opened)
    return judging.not_executed(closing, "a line was refused", now)


def _still_ours(plan: Plan, opened: dict[str, Any], now: dict[str, Any]) -> Dialogue[bool]:
    """Whether a receipt is open, nothing has ended since ours was opened, and it holds what we sent.

    An empty one may be ours, or one that was opened after ours had been given up without a trace: then it must
    stand still, as a program at work would not let it.
    """
    if not now["Pt"] or CounterDelta(opened, now).any_change:
        return False
    receipt = yield from read_open()
    if not receipt.open or not plan.holds(receipt.totals):
        return False
    if any(receipt.totals):
        return True
    yield Pause(judging.STILL_SECONDS)
    receipt = yield from read_open()
    later = yield from read_stable_counters()
    return receipt.open and not any(receipt.totals) and bool(later["Pt"]) and not CounterDelta(opened, later).any_change


def _ended(closing: CommitReply | None, reason: str, now: dict[str, Any]) -> NotPrinted:
    """Our receipt was cancelled: by somebody, or by the printer, which waits for commands 20 or 30 minutes (5.2)."""
    if closing is not None and closing.refusal is not None and closing.refusal.device_code == str(_TIMED_OUT):
        return judging.interrupted("the printer cancelled the receipt: nothing was sent for too long", now)
    return judging.ended_by_others(closing, reason, now)


def _cancel(since: dict[str, Any]) -> Dialogue[dict[str, Any]]:
    """Cancel our own open receipt and see that it is gone; the counters after that."""
    yield from send(request("$e 0"))
    now = yield from read_stable_counters()
    if now["Pt"] or CounterDelta(since, now).completed:
        raise DialogueAborted(problem("printer.busy", reason="our open receipt could not be cancelled yet"))
    return now


def _judge_receipt(
    plan: Plan, settings: Settings, opened: dict[str, Any], closing: CommitReply | None
) -> Dialogue[Verdict]:
    """Was it registered, now that its closing step was sent? The table of section 9.3.

    ``opened``: the look while it was open. ``closing``: the answer to that step; ``None``: it is not known.
    """
    confirmed = closing is not None and closing.refusal is None
    if confirmed:
        now = yield from read_counters()
        if now["nr_unikatowy"] == opened["nr_unikatowy"] and _as_planned(CounterDelta(opened, now), plan):
            # The answer says so, and everything that the printer counts agrees.
            return (yield from _printed(plan, settings, opened, now, just_now=True))
    now = yield from read_stable_counters()
    moved = _since(opened, now, settings)
    if isinstance(moved, Wait | Unknown):
        return moved
    if confirmed and (moved.reports or moved.uncounted or _as_planned(moved, plan)):
        # After a report the counters say nothing any more.
        return (yield from _printed(plan, settings, opened, now, just_now=True))
    if moved.reports:
        return judging.report_between(now)
    match bool(moved.completed), bool(moved.cancelled):
        case False, False if now["Pt"]:
            return (yield from _not_closed(plan, opened, now, closing))
        case False, False if not now["Px"]:
            # Opening clears the flag of the last closing, and only a closing sets it (3.3).
            return judging.interrupted("the receipt is no longer open, and no receipt was closed", now)
        case False, False:
            closed = "the last receipt was closed, the printer says, and no counter moved"
            return judging.unproven("vanished", closed, now)
        case False, True:
            return _ended(closing, "the receipt was cancelled before it was registered", now)
        case True, False:
            if not judging.may_hold(moved.completed, moved.sales, plan.total):
                return judging.unproven("changed", "the receipt was registered with other content than ours", now)
        case _:
            if (other := judging.two_endings(moved, plan.total, closing)) is not None:
                return other
    last = False
    if moved.completed > 1:
        # A cancelled receipt without lines does not count, so that ours need not be the first one.
        receipt = yield from read_open()
        like_ours = not receipt.open and plan.ends_with(receipt.totals)
        found = judging.last_is_ours(moved, plan.total, like_ours=like_ours, confirmed=confirmed)
        if isinstance(found, Unknown):
            return found
        last = found
    return (yield from _printed(plan, settings, opened, now, just_now=confirmed, last=last))


def _as_planned(moved: CounterDelta, plan: Plan) -> bool:
    """Whether one receipt ended since ours was opened, and it is of our value."""
    if moved.went_backwards:
        return False
    return (moved.reports, moved.completed, moved.cancelled, moved.sales) == (0, 1, 0, plan.total)


def _not_closed(
    plan: Plan, opened: dict[str, Any], now: dict[str, Any], closing: CommitReply | None
) -> Dialogue[Verdict]:
    """A receipt is open and none has ended: our closing step was not executed."""
    if not (yield from _still_ours(plan, opened, now)):
        return judging.interrupted("the receipt was given up before it was registered; what is open is not ours", now)
    now = yield from _cancel(opened)
    return judging.not_executed(closing, "the receipt was still open; it was cancelled", now)


def _printed(
    plan: Plan,
    settings: Settings,
    opened: dict[str, Any],
    now: dict[str, Any],
    *,
    just_now: bool,
    last: bool = False,
) -> Dialogue[Printed]:
    """Ours was the first to end after ``opened``; or (``last``) it is the last receipt of all."""
    number = now["par_num"] if last else (opened["par_num"] + 1) % RECEIPT_NUMBERS
    paper = yield from read_paper(poll(settings))
    result = yield from read_result(now, number, opened["n_dobowych"] + 1, plan.total, just_now=just_now)
    return Printed(result, paper, tuple(plan.notices), {"after": now}, to_counters(now))


def _recover_receipt(document: Receipt, settings: Settings, trail: Trail) -> Dialogue[Verdict]:
    """After silence, a lost link or a killed daemon: look, clean up what is ours, decide."""
    before, opened = trail.before, trail.opened
    now = yield from read_stable_counters()
    if now["nr_unikatowy"] != before["nr_unikatowy"]:
        return swapped(settings, now["nr_unikatowy"], before["nr_unikatowy"])
    if trail.never_opened:
        return (yield from _recover_opening(before))
    assert opened is not None
    plan = plan_receipt(
        document, PROFILES[before["profile"]], settings.code_page, parse_rates(before["rates"]), now["nr_unikatowy"]
    )
    if trail.committing:
        return (yield from _judge_receipt(plan, settings, opened, None))
    if (yield from _still_ours(plan, opened, now)):
        now = yield from _cancel(opened)
        return judging.interrupted("the receipt was open; it was cancelled", now)
    # Its closing step was never sent, so it was cancelled; what is open now, if anything, is not ours.
    return judging.interrupted("interrupted before the closing step was sent", now)


def _recover_opening(before: dict[str, Any]) -> Dialogue[Verdict]:
    """``$h`` may have been sent, and was not confirmed: ours can be open only if it is empty."""

    def empty_and_alone() -> Dialogue[dict[str, Any] | None]:
        receipt = yield from read_open()
        now = yield from read_stable_counters()
        alone = not CounterDelta(before, now).any_change
        return now if receipt.open and not any(receipt.totals) and now["Pt"] and alone else None

    if (yield from empty_and_alone()) is not None:
        yield Pause(judging.STILL_SECONDS)
        still = yield from empty_and_alone()
        if still is not None:
            now = yield from _cancel(still)
            return judging.interrupted("the receipt was open; it was cancelled", now)
    now = yield from read_counters()
    return judging.interrupted("interrupted before the receipt was opened", now)


# -- documents of one step ------------------------------------------------------------------------------

#: The facts -> the command, or why the printer would refuse it.
Command = Callable[[Baseline], Dialogue[Request | FieldProblem]]
Judge = judging.Judge[CounterDelta]


def _one_step(
    document: Document, command: Command, judge: Judge, settings: Settings, printer_id: str | None
) -> Dialogue[Verdict]:
    """A document that is a single irreversible command, judged by the counters."""
    facts = yield from _prepare(document, settings, printer_id)
    if isinstance(facts, Wait):
        return facts
    wanted = yield from command(facts)
    if isinstance(wanted, FieldProblem):
        return judging.refused_before([wanted], facts)
    if facts.evidence != (yield from read_counters()):
        return Wait(problem("printer.busy", reason="another program is printing"))
    yield Started(facts.evidence, to_counters(facts.evidence))
    yield Committing()
    closing = yield from _close(wanted, document, (_OTHER_DATE,), brand=_brand(settings))
    if wanted.row.id == "#r" and closing.refusal is not None and closing.refusal.device_code == str(_OTHER_DATE):
        closing = yield from _dated(closing, wanted)
    return (yield from _look(judge, settings, facts.evidence, closing))


def _look(
    judge: Judge, settings: Settings, before: dict[str, Any], closing: CommitReply | None = None
) -> Dialogue[Verdict]:
    """Judge after the step, or (without ``closing``) after an interruption."""
    return judging.look(judge, settings, before, closing, read=read_stable_counters, since=_since)


def _daily_report(_: Baseline) -> Dialogue[Request]:
    """``#r`` with the printer's own date: then no question is asked on the keyboard (5.8)."""
    clock = yield from ask("#c", "Py", "Pm", "Pd")
    return request("#r", Ps=1, Py=clock["Py"], Pm=clock["Pm"], Pd=clock["Pd"])


def _dated(closing: CommitReply, wanted: Request) -> Dialogue[CommitReply]:
    """A date was refused that the printer itself had told: midnight came between, or it is before its last record."""
    clock = yield from query_optional("#c")
    if any(clock.get(name) != wanted.values[name] for name in ("Py", "Pm", "Pd")):
        return closing
    text, text_pl = "its date is earlier than its last fiscal record", "data wcześniejsza niż ostatni zapis"
    return CommitReply(conditions.told("no_clock", text, text_pl, device_code=str(_OTHER_DATE)), waits=True)


def _report_printed(moved: CounterDelta, confirmed: bool, settings: Settings) -> Dialogue[Printed]:
    number = moved.now["n_dobowych"]
    paper = yield from read_paper(poll(settings))
    result = yield from read_result(moved.now, number, number, None, just_now=confirmed)
    return Printed(result, paper, evidence={"after": moved.now}, counters=to_counters(moved.now))


_judge_report = judging.report_judge(_report_printed)


def _slip(document: Slip) -> Command:
    """Cash in, cash out, goods return.

    Too much or too little cash is told before: such a refusal makes the printer forget how much there was (5.7).
    """

    def command(facts: Baseline) -> Dialogue[Request | FieldProblem]:
        have, amount = facts.evidence["cash"], grosze(document.amount)
        if isinstance(document, CashIn) and have + amount > MAX_GROSZE:
            return FieldProblem(
                pointer="/document/amount",
                code="cash.too_much",
                detail=f"the drawer holds {format_grosze(have)} by the printer's count, and the printer counts up to "
                f"{format_grosze(MAX_GROSZE)}; pay less in",
                detail_pl="za duży stan kasy.",
            )
        if not isinstance(document, CashIn) and amount > have:
            return FieldProblem(
                pointer="/document/amount",
                code="cash.too_little",
                detail=f"the drawer holds {format_grosze(have)} by the printer's count; pay at most that out, or "
                "pay cash in first",
                detail_pl=f"w kasie jest tylko {zloty(have)}.",
            )
        name = {"cash_in": "#i", "cash_out": "#d", "goods_return": "#z"}[document.type]
        return request(name, Ps=0, kwota=amount)
        yield  # a dialogue of no steps

    return command


def _judge_slip(document: Slip) -> Judge:
    """A slip is proven by the cash it moved (9.3); where sales moved it too, by one more printout."""
    moved_by = grosze(document.amount)
    amount = moved_by if isinstance(document, CashIn) else -moved_by

    def judge(moved: CounterDelta, confirmed: bool | None, settings: Settings) -> Dialogue[Verdict | None]:
        slips, quiet = moved.slips, not (moved.reports or moved.completed)
        if confirmed is False and amount < 0 and moved.now["cash"] == 0:
            # Refused, perhaps for want of cash, which is then forgotten (5.7): that it is gone proves nothing.
            if slips == 0:
                return None
            return judging.unproven(
                "many_slips", "the slip was refused, and one was printed since the start", moved.now
            )
        # One that the cable doubled is refused the second time for want of cash, which is then forgotten (5.7).
        emptied = confirmed and slips == 1 and amount < 0 and moved.now["cash"] == 0
        if quiet:
            doubled = moved.cash == 2 * amount
            printed = moved.cash == amount or (confirmed and (doubled or emptied or moved.uncounted))
        else:
            doubled = slips > 1 and not moved.reports
            printed = (slips == 1 and not moved.reports) or (confirmed and slips > 0)
        if printed:
            paper = yield from read_paper(poll(settings))
            after = moved.now
            result = yield from read_result(after, None, after["n_dobowych"] + 1, moved_by, just_now=bool(confirmed))
            notices = (judging.DOUBLED,) if doubled or (slips > 1 and not moved.reports) else ()
            return Printed(result, paper, notices, {"after": after}, to_counters(after))
        if quiet and doubled:
            return judging.unproven("many_slips", "the cash moved by twice the amount", moved.now)
        if quiet and moved.cash != 0:
            return judging.unproven("changed", "the cash moved by another amount than ours", moved.now)
        if quiet or slips == 0:
            return None
        if moved.reports:
            return judging.report_between(moved.now)
        return judging.unproven("many_slips", f"{slips} slips were printed since the start", moved.now)

    return judge


def _drawer(document: Drawer, settings: Settings, printer_id: str | None) -> Dialogue[Verdict]:
    facts = yield from _prepare(document, settings, printer_id)
    if isinstance(facts, Wait):
        return facts
    opening = _close(request("$d 1"), document, brand=_brand(settings))
    return (yield from judging.drawer(facts, to_counters(facts.evidence), opening))
