"""How documents are carried out on a POSNET printer, and how their fate is found out.

The proof is always the printer's counters: they are read before the first change and after the last step,
and compared. An error answer to a closing step is not believed either way; the counters are asked. Only
queries are asked again without ado; a line spoiled by noise is sent once more, a closing step never.

Source: POSNET reference, sections 5 (commands), 7 (counters) and 9 (recovery).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from fiscald.model.documents import CashIn, CashOut, DailyReport, Document, Drawer, GoodsReturn, Receipt
from fiscald.model.jobs import Notice, Paper, Result
from fiscald.model.problems import Problem, problem
from fiscald.protocols.base import (
    Dialogue,
    Interrupted,
    NotPrinted,
    Printed,
    Settings,
    Started,
    Unknown,
    Verdict,
    Wait,
    refuse,
)
from fiscald.protocols.posnet import codes
from fiscald.protocols.posnet.commands import RATE_LETTERS, Reply, Request, request
from fiscald.protocols.posnet.plan import Item, Plan, plan_receipt
from fiscald.protocols.posnet.profiles import PROFILES
from fiscald.protocols.posnet.queries import (
    Facts,
    ask,
    describe,
    find_profile,
    neutral,
    parse_rates,
    plain_rates,
    probe,
    read_counters,
    read_facts,
    read_paper,
    read_result,
    read_slips,
    refused,
    send,
    spoiled,
    swapped,
)

#: ``scomm ts`` of a receipt, printed at once or in block mode.
_RECEIPT_TYPES = (16, 17)


@dataclass(frozen=True, slots=True)
class Evidence:
    """The counters before and after; ``confirmed``: the closing step was answered well."""

    before: dict[str, Any]
    after: dict[str, Any]
    confirmed: bool = False

    def moved(self, name: str) -> int:
        """By how much a counter moved; 0 where the device does not tell it."""
        return int(self.after.get(name, 0)) - int(self.before.get(name, 0))

    @property
    def untold(self) -> bool:
        """A training device confirmed, and its counters need not move (5.3, not documented)."""
        return self.confirmed and self.before.get("fiscal") is False

    def plain(self) -> dict[str, Any]:
        """For the journal."""
        return {"before": self.before, "after": self.after}

    def unproven(self, reason: str) -> Unknown:
        """The printer cannot tell."""
        return Unknown(problem("printer.unproven", reason=reason), self.plain())

    def not_printed(self, reason: str) -> NotPrinted:
        """The printer proves that it holds nothing of this document, which may be carried out anew."""
        return NotPrinted(problem("printer.interrupted", reason=reason), again=True, evidence=self.plain())


Judge = Callable[[Evidence], Dialogue[Verdict]]


def carry_out(document: Document, settings: Settings, printer_id: str | None) -> Dialogue[Verdict]:
    """Carry ``document`` out. See ``fiscald.protocols.base.Family.carry_out``."""
    match document:
        case Receipt():
            return (yield from _receipt(document, settings, printer_id))
        case DailyReport():
            return (yield from _one_step(_daily_report, _judge_report(settings), settings, printer_id))
        case CashIn() | CashOut() | GoodsReturn():
            return (yield from _one_step(_slip(document), _judge_slip(settings, document.amount), settings, printer_id))
        case Drawer():
            return (yield from _drawer(settings, printer_id))


def recover(document: Document, settings: Settings, evidence: dict[str, Any], *, committing: bool) -> Dialogue[Verdict]:
    """Find out what became of ``document``. See ``fiscald.protocols.base.Family.recover``."""
    match document:
        case Receipt():
            return (yield from _recover_receipt(document, settings, evidence, committing=committing))
        case DailyReport():
            return (yield from _recover_step(_judge_report(settings), settings, evidence))
        case CashIn() | CashOut() | GoodsReturn():
            return (yield from _recover_step(_judge_slip(settings, document.amount), settings, evidence))
        case Drawer():
            return NotPrinted(
                problem(
                    "printer.interrupted",
                    reason="the printer did not confirm that it opened the drawer; look at it, "
                    "and ask again with a new key",
                ),
                evidence=evidence,
            )


def _prepare(settings: Settings, printer_id: str | None) -> Dialogue[Facts | Wait]:
    """The facts before a document; or why it has to wait. Changes nothing."""
    condition = yield from probe(settings)
    if condition.problem is not None:
        return Wait(condition.problem)
    facts = yield from read_facts()
    if printer_id is not None and facts.printer_id != printer_id:
        return Wait(swapped(settings, facts.printer_id, printer_id))
    if facts.transaction_open:
        return Wait(problem("printer.foreign_transaction", printer=settings.name))
    return facts


def _again(reply: Reply) -> bool:
    """Whether the refusal is about the moment, not about the document."""
    kind = codes.Kind.FRAME if reply.frame_error else codes.Kind.EXEC
    assert reply.error is not None
    return codes.lookup(kind, reply.error).reaction in (codes.Reaction.NOISE, codes.Reaction.FULL)


# -- receipt --------------------------------------------------------------------------------------------


def _receipt(document: Receipt, settings: Settings, printer_id: str | None) -> Dialogue[Verdict]:
    profile = yield from find_profile(settings)
    facts = yield from _prepare(settings, printer_id)
    if isinstance(facts, Wait):
        return facts
    plan = plan_receipt(document, profile, settings.code_page, facts.rates)
    if plan.errors:
        reason, reason_pl = refuse(plan.errors)
        return NotPrinted(
            problem("document.refused", reason=reason, reason_pl=reason_pl, errors=plan.errors),
            evidence={"before": facts.counters},
        )
    before = facts.counters | {
        "fiscal": facts.fiscal,
        "profile": profile.name,
        "rates": plain_rates(facts.rates),
    }
    yield Started(before)
    opened = resent = False
    for item in plan.items:
        reply = yield from send(item.request)
        opening = item.request.row.mnemonic == "trinit"
        if spoiled(reply) and opening:
            # Sent again it might meet our own receipt and call it another program's; recovery looks first.
            raise Interrupted(refused(reply, item.pointer))
        if spoiled(reply):
            resent = True
            reply = yield from send(item.request)
        if not reply.good:
            why = refused(reply, item.pointer)
            if opened:
                return (yield from _abandon(why, before, again=_again(reply)))
            return NotPrinted(why, again=_again(reply), evidence={"before": before})
        opened = opened or opening
    assert plan.close is not None
    reply = yield from send(plan.close)
    if not reply.good:
        after = yield from read_counters()
        if Evidence(before, after).moved("bn") == 0:
            # A line that was sent twice on a noisy link shows up here, as a total that does not agree.
            return (yield from _abandon(refused(reply, "/document"), before, again=resent or _again(reply)))
    notices = yield from _finish_footer(plan.footer)
    return (yield from _judge_receipt(plan, settings, before, notices, confirmed=reply.good))


def _abandon(why: Problem, before: dict[str, Any], *, again: bool) -> Dialogue[Verdict]:
    """Cancel our own receipt after a definite error answer, and see that it is gone."""
    yield from send(request("prncancel"))
    scomm = yield from ask("scomm", "ts")
    if scomm["ts"]:
        raise Interrupted(problem("printer.busy", reason="the refused receipt could not be cancelled yet"))
    evidence = Evidence(before, (yield from read_counters()))
    if evidence.moved("bn") or evidence.moved("rd"):
        return evidence.unproven("the receipt was refused, yet the counters moved")
    return NotPrinted(why, again=again, evidence=evidence.plain())


def _finish_footer(footer: list[Item]) -> Dialogue[tuple[Notice, ...]]:
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
        yield from send(request("trftrend"))
    return tuple(notices)


def _judge_receipt(
    plan: Plan,
    settings: Settings,
    before: dict[str, Any],
    notices: tuple[Notice, ...] = (),
    *,
    confirmed: bool,
) -> Dialogue[Verdict]:
    """Was it registered? The table of section 9.3, on a line where nothing waits any more."""
    counters = yield from read_counters()
    last = yield from ask("strns", "to", "fp")
    evidence = Evidence(before, counters | {"strns": last}, confirmed)
    if counters["nu"] != before["nu"]:
        return Wait(swapped(settings, counters["nu"], before["nu"]))
    if evidence.moved("rd"):
        return evidence.unproven("a daily report came in between and reset the counters")
    ours = _value(last) == plan.total and last["fp"] == plan.paid and last.get("re", 0) == plan.change
    completed, cancelled = evidence.moved("bn"), evidence.moved("bc")
    if ours and ((completed == 1 and cancelled == 0) or (evidence.untold and completed == 0)):
        paper = yield from read_paper(settings)
        number = counters.get("bt", counters["bn"])
        result = yield from read_result(counters, number, counters["rd"] + 1, plan.total)
        return Printed(result, paper, tuple(plan.notices) + notices, evidence.plain(), neutral(counters))
    if completed == 0 and cancelled == 1 and not confirmed:
        return evidence.not_printed("the receipt was cancelled before it was registered")
    return evidence.unproven(
        f"since the start {completed} receipts were completed and {cancelled} cancelled, and the last one "
        f"{'equals' if ours else 'differs from'} this one"
    )


def _value(strns: dict[str, Any]) -> int:
    return sum(int(strns.get("v" + letter, 0)) for letter in RATE_LETTERS)


def _recover_receipt(
    document: Receipt, settings: Settings, before: dict[str, Any], *, committing: bool
) -> Dialogue[Verdict]:
    """After silence, a lost link or a killed daemon: look, clean up what is ours, decide."""
    condition = yield from probe(settings)
    if condition.problem is not None:
        # A command may still wait in the printer (no paper); it is not settled before that is over (9.1).
        return Wait(condition.problem)
    plan = plan_receipt(document, PROFILES[before["profile"]], settings.code_page, parse_rates(before["rates"]))
    scomm = yield from ask("scomm", "ts", "nu")
    if scomm["nu"] != before["nu"]:
        return Wait(swapped(settings, scomm["nu"], before["nu"]))
    last = yield from ask("strns", "to", "fp")
    counters = yield from read_counters()
    evidence = Evidence(before, counters | {"scomm": scomm, "strns": last})
    if scomm["ts"] == 0:
        if last.get("fe"):
            yield from send(request("trftrend"))
        if committing:
            return (yield from _judge_receipt(plan, settings, before, confirmed=False))
        return evidence.not_printed("interrupted before the closing step was sent")
    if committing and any(evidence.moved(name) for name in ("rd", "bn", "bc")):
        return evidence.unproven("another document was printed in between, and a transaction is open")
    reached = (_value(last), last["fp"])
    expected = {(plan.total, plan.paid)} if committing else {(0, 0), *plan.running}
    unmoved = not any(evidence.moved(name) for name in ("rd", "bn", "bc"))
    if scomm["ts"] in _RECEIPT_TYPES and reached in expected and unmoved:
        yield from send(request("prncancel"))
        scomm = yield from ask("scomm", "ts")
        if scomm["ts"]:
            raise Interrupted(problem("printer.busy", reason="our open receipt could not be cancelled yet"))
        return evidence.not_printed("the receipt was still open; it was cancelled")
    if committing:
        return evidence.unproven("a transaction with other content is open where ours should be")
    # The closing step was never sent, and what is open is not ours: it stays untouched.
    return evidence.not_printed("interrupted before the closing step was sent; another program's document is open")


# -- documents of one step ------------------------------------------------------------------------------


def _one_step(
    command: Callable[[Settings], Dialogue[Request]], judge: Judge, settings: Settings, printer_id: str | None
) -> Dialogue[Verdict]:
    """A document that is a single irreversible command, judged by the counters."""
    facts = yield from _prepare(settings, printer_id)
    if isinstance(facts, Wait):
        return facts
    wanted = yield from command(settings)
    before = facts.counters | (yield from read_slips()) | {"fiscal": facts.fiscal}
    yield Started(before)
    reply = yield from send(wanted)
    evidence = yield from _after_step(before, confirmed=reply.good)
    if not reply.good and not evidence.moved("hn") and not evidence.moved("rd"):
        return NotPrinted(refused(reply, "/document"), again=_again(reply), evidence=evidence.plain())
    return (yield from judge(evidence))


def _after_step(before: dict[str, Any], *, confirmed: bool) -> Dialogue[Evidence]:
    counters = yield from read_counters()
    slips = yield from read_slips()
    return Evidence(before, counters | slips, confirmed)


def _recover_step(judge: Judge, settings: Settings, before: dict[str, Any]) -> Dialogue[Verdict]:
    condition = yield from probe(settings)
    if condition.problem is not None:
        return Wait(condition.problem)
    evidence = yield from _after_step(before, confirmed=False)
    if evidence.after["nu"] != before["nu"]:
        return Wait(swapped(settings, evidence.after["nu"], before["nu"]))
    return (yield from judge(evidence))


def _daily_report(settings: Settings) -> Dialogue[Request]:
    """``dailyrep`` with the printer's own date: then no question is asked on the keyboard (5.10)."""
    profile = yield from find_profile(settings)
    if not profile.dated_report:
        return request("dailyrep")
    clock = yield from ask("rtcget", "da")
    return request("dailyrep", da=clock["da"].date().isoformat())


def _judge_report(settings: Settings) -> Judge:
    """A daily report is proven by its own counter."""

    def judge(evidence: Evidence) -> Dialogue[Verdict]:
        reports = evidence.moved("rd")
        if reports == 1 or (reports == 0 and evidence.untold):
            number = evidence.after["rd"]
            paper = yield from read_paper(settings)
            result = yield from read_result(evidence.after, number, number, None)
            return Printed(result, paper, evidence=evidence.plain(), counters=neutral(evidence.after))
        if reports == 0 and not evidence.confirmed:
            return evidence.not_printed("the counter of daily reports did not move")
        return evidence.unproven(f"the counter of daily reports moved by {reports}")

    return judge


def _slip(document: CashIn | CashOut | GoodsReturn) -> Callable[[Settings], Dialogue[Request]]:
    def command(_: Settings) -> Dialogue[Request]:
        if isinstance(document, GoodsReturn):
            return request("stocash", kw=document.amount)
        return request("cash", kw=document.amount, wp=isinstance(document, CashIn))
        yield  # a dialogue of no steps

    return command


def _judge_slip(settings: Settings, amount: int) -> Judge:
    """A slip is proven by exactly one more printout, of the non-fiscal kind where that is counted."""

    def judge(evidence: Evidence) -> Dialogue[Verdict]:
        printouts = evidence.moved("hn")
        slips = evidence.moved("nf") if "nf" in evidence.before and "nf" in evidence.after else printouts
        fiscal = any(evidence.moved(name) for name in ("rd", "bn", "bc", "fn", "fc"))
        if (printouts == slips == 1 and not fiscal) or (printouts == 0 and evidence.untold):
            paper = yield from read_paper(settings)
            result = yield from read_result(evidence.after, None, evidence.after["rd"] + 1, amount)
            return Printed(result, paper, evidence=evidence.plain(), counters=neutral(evidence.after))
        if printouts == 0 and not evidence.moved("rd") and not evidence.confirmed:
            return evidence.not_printed("the counters prove that nothing was printed")
        return evidence.unproven(f"{printouts} documents were printed since the start")

    return judge


def _drawer(settings: Settings, printer_id: str | None) -> Dialogue[Verdict]:
    """``opendrwr`` leaves no trace on the printer: never done again on doubt, and never undecided."""
    facts = yield from _prepare(settings, printer_id)
    if isinstance(facts, Wait):
        return facts
    yield Started(facts.counters)
    reply = yield from send(request("opendrwr"))
    if not reply.good:
        return NotPrinted(refused(reply, "/document"), evidence={"before": facts.counters})
    return Printed(Result(printer_id=facts.printer_id), Paper.NONE, evidence={"before": facts.counters})
