"""How the fate of a document is judged, whatever the printer speaks: by what it says about itself before and after.

What a printer says, and how much it takes to believe it, is its family's knowledge; here is what follows from it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, Protocol, TypeVar

from fiscald.model.jobs import Notice, Paper, Result
from fiscald.model.printers import Condition, Counters
from fiscald.model.problems import FieldProblem, Problem, problem
from fiscald.protocols.base import (
    Dialogue,
    Held,
    NotPrinted,
    Pause,
    Printed,
    Settings,
    Started,
    Unknown,
    Verdict,
    Wait,
    summarize,
)

#: Seconds for which an empty receipt must stand still before it is taken for the one whose opening was not
#: answered: a program that works on its own receipt does not stop for so long.
STILL_SECONDS = 5.0
#: How often is looked before the printer's own confirmation counts as contradicted.
LOOKS = 3
DOUBLED = Notice(
    code="slip.doubled",
    detail="the printer printed more than one slip meanwhile; look at the paper",
    detail_pl="Drukarka wydrukowała w tym czasie więcej niż jeden dokument niefiskalny. Sprawdź wydruk.",
)


class Baseline(Protocol):
    """What a printer says about itself before a document."""

    @property
    def printer_id(self) -> str:
        """The unique number."""

    @property
    def transaction_open(self) -> bool:
        """Whether a document of anybody is open."""

    @property
    def fiscal(self) -> bool:
        """Whether the device is fiscalised."""

    @property
    def evidence(self) -> dict[str, Any]:
        """What is kept, to be compared with later looks."""

    @property
    def standing(self) -> Problem | None:
        """The condition that keeps some documents waiting, where one shows in what the printer says."""


class CounterDelta(Protocol):
    """What happened on the printer between two looks."""

    @property
    def now(self) -> dict[str, Any]:
        """The second look."""

    @property
    def reports(self) -> int:
        """Daily reports."""

    @property
    def completed(self) -> int:
        """Completed receipts of the same day."""

    @property
    def cancelled(self) -> int:
        """Cancelled receipts of the same day."""

    @property
    def sales(self) -> int | None:
        """Value of completed receipts of the same day, in grosze; ``None`` where the device does not tell it."""

    @property
    def cancelled_value(self) -> int | None:
        """Value of cancelled receipts of the same day, in grosze; ``None`` where the device does not tell it."""

    @property
    def uncounted(self) -> bool:
        """A training device, whose counters need not move, and did not."""


class CommitReply(NamedTuple):
    """The printer's answer to the step that decides, or its refusal of a step before."""

    refusal: Problem | None = None
    """``None``: it says that it is done."""
    again: bool = False
    """Whether the refusal is about the moment, not about the document."""
    waits: bool = False
    """Whether the refusal is about the printer: a condition of it, for whose end the document waits."""


F = TypeVar("F", bound=Baseline)
M = TypeVar("M", bound=CounterDelta)
#: ``(moved, answer, settings)`` -> the verdict, or ``None``: nothing was printed. ``answer``: whether the step was
#: confirmed; ``None``: it is not known.
Judge = Callable[[M, bool | None, Settings], Dialogue[Verdict | None]]


# -- before ---------------------------------------------------------------------------------------------


def prepare(
    settings: Settings,
    printer_id: str | None,
    poll: Dialogue[Condition],
    read_facts: Dialogue[F],
    stops: Callable[[str], bool] = lambda _: True,
) -> Dialogue[F | Wait]:
    """The facts before a document; or why it has to wait. Changes nothing.

    ``stops``: whether the document waits for the end of the condition with that code.
    """
    condition = yield from poll
    if condition.problem is not None:
        return Wait(condition.problem)
    facts = yield from read_facts
    if printer_id is not None and facts.printer_id != printer_id:
        return swapped(settings, facts.printer_id, printer_id)
    if facts.transaction_open:
        return Wait(problem("printer.foreign_transaction", printer=settings.name))
    standing = facts.standing
    if standing is not None and stops(standing.code):
        return Wait(standing)
    return facts


def swapped(settings: Settings, found: str, expected: str) -> Wait:
    """Another printer than the journal knows: ours may come back."""
    return Wait(
        problem(
            "printer.swapped",
            printer=settings.name,
            found=found,
            expected=expected,
            found_quoted=f"'{found}'",
            extra={"found": found, "expected": expected},
        )
    )


def refused_before(errors: Sequence[FieldProblem], facts: Baseline) -> NotPrinted:
    """What the printer would refuse is not sent."""
    reason, reason_pl = summarize(errors)
    return NotPrinted(
        problem("document.refused", reason=reason, reason_pl=reason_pl, errors=errors),
        evidence={"before": facts.evidence},
    )


# -- after ----------------------------------------------------------------------------------------------


def unproven(cause: str, reason: str, now: dict[str, Any]) -> Unknown:
    """The printer cannot tell; every ``cause`` is explained in docs/recovery.md."""
    return Unknown(problem("printer.unproven", reason=reason, extra={"cause": cause}), {"after": now})


def report_between(now: dict[str, Any]) -> Unknown:
    """The counters that would tell were begun anew."""
    return unproven("report_between", "a daily report came in between and reset the counters", now)


def interrupted(reason: str, now: dict[str, Any]) -> NotPrinted:
    """The printer proves that it holds nothing of this document, which may be carried out anew."""
    return NotPrinted(problem("printer.interrupted", reason=reason), again=True, evidence={"after": now})


def declined(closing: CommitReply, *, begun: bool = True, now: dict[str, Any] | None = None) -> NotPrinted | Held:
    """The printer said no: to the document; to the moment, for which the document is not to be blamed; or for a
    condition of its own, for whose end the document waits. ``begun``: ours was open on it.
    """
    refusal = closing.refusal
    assert refusal is not None
    evidence = {} if now is None else {"after": now}
    if closing.waits:
        return Held(refusal, begun, evidence)
    if closing.again:
        reason = f"the printer did not take it as it came: {refusal.detail}; the same document may be sent again"
        refusal = problem(
            "printer.interrupted", reason=reason, device_code=refusal.device_code, extra=refusal.model_extra
        )
    return NotPrinted(refusal, again=closing.again, evidence=evidence)


def ended_by_others(closing: CommitReply | None, reason: str, now: dict[str, Any]) -> NotPrinted:
    """Our open document was cancelled, and its closing step was not what did it.

    Where that step was answered with a refusal the line is good, and whoever cancelled it has decided. Otherwise
    nobody may have: a power cut cancels too on some printers, and so it is carried out again.
    """
    if closing is None or closing.refusal is None:
        return interrupted(reason, now)
    return NotPrinted(problem("printer.cancelled"), evidence={"after": now})


def not_executed(
    closing: CommitReply | None, reason: str, now: dict[str, Any], *, begun: bool = True
) -> NotPrinted | Held:
    """The deciding step did nothing: for the printer's own reason where it gave one."""
    if closing is None or closing.refusal is None:
        return interrupted(reason, now)
    return declined(closing, begun=begun, now=now)


def may_hold(count: int, value: int | None, total: int) -> bool:
    """Whether one of ``count`` receipts, worth ``value`` together (``None``: not known), can be one of ``total``."""
    if value is None:
        return True
    return value == total if count == 1 else value >= total


def two_endings(moved: CounterDelta, total: int, closing: CommitReply | None = None) -> NotPrinted | Unknown | None:
    """Two receipts ended at least, and one of them is ours: the day's totals tell which. ``None``: a completed one."""
    completed = may_hold(moved.completed, moved.sales, total)
    cancelled = may_hold(moved.cancelled, moved.cancelled_value, total)
    if completed and not cancelled:
        return None
    if cancelled and not completed:
        return ended_by_others(closing, "the receipt was cancelled, another one was registered", moved.now)
    return _twins(moved)


def _twins(moved: CounterDelta) -> Unknown:
    return unproven(
        "twins",
        f"since the start {moved.completed} receipts were completed and {moved.cancelled} cancelled, "
        "and their values do not tell which one is ours",
        moved.now,
    )


def last_is_ours(moved: CounterDelta, total: int, *, like_ours: bool, confirmed: bool) -> bool | Unknown:
    """Whether ours, which was completed, is the last of several receipts, and not the first.

    It is where ours was cancelled before its first line, and our lines were sold on a receipt that another program
    had opened after that. ``like_ours``: the last one has our content. Another one may have it too: either way it
    was printed in the moment before we looked, if ours was confirmed, and the number is not certain; else it was
    printed long after ours.
    """
    if not like_ours or moved.completed == 1:
        return like_ours
    others = None if moved.sales is None else moved.sales - total
    if not may_hold(moved.completed - 1, others, total):
        return True
    return _twins(moved) if confirmed else False


def look(
    judge: Judge[M],
    settings: Settings,
    before: dict[str, Any],
    closing: CommitReply | None,
    *,
    read: Callable[[], Dialogue[dict[str, Any]]],
    since: Callable[[dict[str, Any], dict[str, Any], Settings], M | Wait | Unknown],
) -> Dialogue[Verdict]:
    """Judge a document after its only step, or (``closing`` is ``None``) after an interruption.

    ``read``: a look. ``since``: what happened between two; or why they cannot be compared.
    """
    confirmed = None if closing is None else closing.refusal is None
    for attempt in range(LOOKS):
        if attempt:
            # The printer confirmed it, yet nothing moved: an answer from before may have come late.
            yield Pause(STILL_SECONDS)
        now = yield from read()
        moved = since(before, now, settings)
        if isinstance(moved, Wait | Unknown):
            return moved
        verdict = yield from judge(moved, confirmed, settings)
        if verdict is not None:
            return verdict
        if not confirmed:
            return not_executed(closing, "the counters prove that nothing was printed", now, begun=False)
    return unproven("contradiction", "the printer confirmed the document, and none of its counters moved", now)


def report_judge(printed: Callable[[M, bool, Settings], Dialogue[Printed]]) -> Judge[M]:
    """A daily report is proven by its own counter: whoever made it, the day is closed."""

    def judge(moved: M, confirmed: bool | None, settings: Settings) -> Dialogue[Verdict | None]:
        if moved.reports == 1 or (confirmed and moved.uncounted):
            return (yield from printed(moved, bool(confirmed), settings))
        if moved.reports == 0:
            return None
        return unproven("many_reports", f"{moved.reports} daily reports were made since the start", moved.now)

    return judge


# -- the drawer -----------------------------------------------------------------------------------------


def drawer(facts: Baseline, counters: Counters, opening: Dialogue[CommitReply]) -> Dialogue[Verdict]:
    """Opening the drawer leaves no trace on the printer: never done again on doubt, and never undecided."""
    yield Started(facts.evidence, counters)
    closing = yield from opening
    if closing.refusal is not None:
        verdict = declined(closing, begun=False)
        return verdict if isinstance(verdict, Held) else NotPrinted(verdict.problem)
    return Printed(Result(printer_id=facts.printer_id, fiscal=facts.fiscal), Paper.NONE)


def drawer_interrupted() -> NotPrinted:
    """What became of it nobody can ask the printer."""
    return NotPrinted(
        problem(
            "printer.interrupted",
            reason="the printer did not confirm that it opened the drawer; look at it, and ask again with a new key",
        )
    )
