"""What follows from what a printer says about itself before and after a document. Pure: no reading, no waiting.

What a printer says, and how often it must say it to be believed, is its family's knowledge.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum
from typing import NamedTuple, Protocol

from fiscald.model.jobs import Notice, Paper, Result
from fiscald.model.problems import FieldProblem, Problem, problem
from fiscald.protocols.base import Held, Look, NotPrinted, Printed, Settings, Unknown, Wait, summarize
from fiscald.protocols.conditions import Conditions

DOUBLED = Notice(
    code="slip.doubled",
    detail="the printer printed more than one slip meanwhile; look at the paper",
    detail_pl="Drukarka wydrukowała w tym czasie więcej niż jeden dokument niefiskalny. Sprawdź wydruk.",
)


class CommitReply(NamedTuple):
    """The printer's answer to the step that decides, or its refusal of a step before."""

    refusal: Problem | None = None
    """``None``: it says that it is done."""
    again: bool = False
    """Whether the refusal is about the moment, not about the document."""
    waits: bool = False
    """Whether the refusal is about the printer: a condition of it, for whose end the document waits."""
    timed_out: bool = False
    """Whether the printer cancelled the document itself, because no command came for too long."""


class Endings(Protocol):
    """How many receipts ended between two looks."""

    @property
    def now(self) -> Look:
        """The second look."""

    @property
    def completed(self) -> int:
        """Completed receipts of the same day."""

    @property
    def cancelled(self) -> int:
        """Cancelled receipts of the same day."""

    @property
    def sales(self) -> int | None:
        """Value of completed receipts of the same day, in grosze; ``None`` where the device does not say it."""

    @property
    def cancelled_value(self) -> int | None:
        """Value of cancelled receipts of the same day, in grosze; ``None`` where the device does not say it."""


class Before(Protocol):
    """What a printer says about itself before a document."""

    @property
    def look(self) -> Look:
        """What later looks are compared with."""

    @property
    def printer_id(self) -> str:
        """The unique number."""

    @property
    def fiscal(self) -> bool:
        """Whether the device is fiscalised."""

    @property
    def transaction_open(self) -> bool:
        """Whether a document of any program is open."""

    @property
    def standing(self) -> Problem | None:
        """The condition that keeps some documents waiting, where one shows in what the printer says."""


# -- before ---------------------------------------------------------------------------------------------


def reason_to_wait(
    found: Before, document_type: str, conditions: Conditions, settings: Settings, printer_id: str | None
) -> Wait | None:
    """Why a document has to wait for its printer; ``None``: it can be carried out now."""
    if printer_id is not None and found.printer_id != printer_id:
        return swapped(settings, found.printer_id, printer_id)
    if found.transaction_open:
        return Wait(problem("printer.foreign_transaction", printer=settings.name))
    if found.standing is not None and conditions.waits(found.standing.code, document_type):
        return Wait(found.standing)
    return None


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


def others_print() -> Wait:
    """Something changed between the look before and the first command."""
    return Wait(problem("printer.busy", reason="another program is printing"))


def refused_before(errors: Sequence[FieldProblem], before: Look) -> NotPrinted:
    """What the printer would refuse is not sent."""
    reason, reason_pl = summarize(errors)
    return NotPrinted(
        problem("document.refused", reason=reason, reason_pl=reason_pl, errors=errors), evidence={"before": before}
    )


# -- after ----------------------------------------------------------------------------------------------


def unproven(cause: str, reason: str, now: Look) -> Unknown:
    """The printer cannot tell; every ``cause`` is explained in docs/recovery.md."""
    return Unknown(problem("printer.unproven", reason=reason, extra={"cause": cause}), {"after": now})


def report_between(now: Look) -> Unknown:
    """The counters that would tell were reset."""
    return unproven("report_between", "a daily report came in between and reset the counters", now)


def interrupted(reason: str, now: Look) -> NotPrinted:
    """The printer proves that it holds nothing of this document, which may be carried out again."""
    return NotPrinted(problem("printer.interrupted", reason=reason), again=True, evidence={"after": now})


def declined(reply: CommitReply, *, was_open: bool = True, now: Look | None = None) -> NotPrinted | Held:
    """The printer said no: to the document; to the moment, for which the document is not to be blamed; or for a
    condition of its own, for whose end the document waits. ``was_open``: ours was open on it.
    """
    refusal = reply.refusal
    assert refusal is not None
    evidence = {} if now is None else {"after": now}
    if reply.waits:
        return Held(refusal, was_open, evidence)
    if reply.again:
        reason = f"the printer did not take it as it came: {refusal.detail}; the same document may be sent again"
        refusal = problem(
            "printer.interrupted", reason=reason, device_code=refusal.device_code, extra=refusal.model_extra
        )
    return NotPrinted(refusal, again=reply.again, evidence=evidence)


def ended_by_others(reply: CommitReply | None, reason: str, now: Look) -> NotPrinted:
    """Our open document was cancelled, and its closing step was not what did it.

    Where that step was answered with a refusal the line is good, and the person who cancelled it has decided. Otherwise
    that is not certain: a power cut cancels too on some printers, and so it is carried out again.
    """
    if reply is None or reply.refusal is None:
        return interrupted(reason, now)
    if reply.timed_out:
        return interrupted("the printer cancelled the receipt: nothing was sent for too long", now)
    return NotPrinted(problem("printer.cancelled"), evidence={"after": now})


def not_executed(reply: CommitReply | None, reason: str, now: Look, *, was_open: bool = True) -> NotPrinted | Held:
    """The deciding step did nothing: for the printer's own reason where it gave one."""
    if reply is None or reply.refusal is None:
        return interrupted(reason, now)
    return declined(reply, was_open=was_open, now=now)


def may_hold(count: int, value: int | None, total: int) -> bool:
    """Whether one of ``count`` documents, worth ``value`` together (``None``: not known), can be one of ``total``."""
    if value is None:
        return True
    return value == total if count == 1 else value >= total


# -- a receipt ------------------------------------------------------------------------------------------


class Ending(Enum):
    """What became of our receipt, where it is not a verdict yet."""

    NONE = "no receipt has ended, and one is open: ours, its closing step was not executed"
    COMPLETED = "ours was completed"


def ending(
    delta: Endings,
    total: int,
    reply: CommitReply | None,
    *,
    is_open: bool,
    closed: bool | None = None,
    other_content: bool = False,
) -> Ending | NotPrinted | Unknown:
    """What became of our receipt of ``total`` since it was open, when no report came in between.

    ``closed``: whether the printer says that a receipt was closed since; ``None``: this printer does not say it.
    ``other_content``: whether the last receipt is not like ours, and is the only document since.
    """
    now = delta.now
    match bool(delta.completed), bool(delta.cancelled), is_open, closed:
        case False, False, True, _:
            return Ending.NONE
        case False, False, False, False:
            return interrupted("the receipt is no longer open, and no receipt was closed", now)
        case False, False, False, True:
            closed_uncounted = "the last receipt was closed, the printer says, and no counter moved"
            return unproven("vanished", closed_uncounted, now)
        case False, False, False, None:
            return unproven("vanished", "the receipt is no longer open, and no counter moved", now)
        case False, True, _, _:
            return ended_by_others(reply, "the receipt was cancelled before it was registered", now)
        case True, False, _, _ if other_content or not may_hold(delta.completed, delta.sales, total):
            return unproven("changed", "the receipt was registered with other content than ours", now)
        case True, False, _, _:
            return Ending.COMPLETED
        case _:
            return two_endings(delta, total, reply) or Ending.COMPLETED


def two_endings(delta: Endings, total: int, reply: CommitReply | None = None) -> NotPrinted | Unknown | None:
    """Two receipts ended at least, and one of them is ours: the day's totals tell which. ``None``: a completed one."""
    completed = may_hold(delta.completed, delta.sales, total)
    cancelled = may_hold(delta.cancelled, delta.cancelled_value, total)
    if completed and not cancelled:
        return None
    if cancelled and not completed:
        return ended_by_others(reply, "the receipt was cancelled, another one was registered", delta.now)
    return _twins(delta)


def _twins(delta: Endings) -> Unknown:
    return unproven(
        "twins",
        f"since the start {delta.completed} receipts were completed and {delta.cancelled} cancelled, "
        "and their values do not tell which one is ours",
        delta.now,
    )


def last_is_ours(delta: Endings, total: int, *, like_ours: bool, confirmed: bool) -> bool | Unknown:
    """Whether ours, which was completed, is the last of several receipts, and not the first.

    It is where ours was cancelled before its first line, and our lines were sold on a receipt that another program
    had opened after that. ``like_ours``: the last one has our content. Another one may have it too: either way it
    was printed in the moment before we looked, if ours was confirmed, and the number is not certain; else it was
    printed long after ours.
    """
    if not like_ours or delta.completed == 1:
        return like_ours
    others = None if delta.sales is None else delta.sales - total
    if not may_hold(delta.completed - 1, others, total):
        return True
    return _twins(delta) if confirmed else False


# -- the drawer -----------------------------------------------------------------------------------------


def drawer(before: Before, reply: CommitReply) -> Printed | NotPrinted | Held:
    """Opening the drawer leaves no trace on the printer: never done again on doubt, and never undecided."""
    if reply.refusal is None:
        return Printed(Result(printer_id=before.printer_id, fiscal=before.fiscal), Paper.NONE)
    verdict = declined(reply, was_open=False)
    return verdict if isinstance(verdict, Held) else NotPrinted(verdict.problem)


def drawer_interrupted() -> NotPrinted:
    """The printer cannot be asked whether it opened."""
    return NotPrinted(
        problem(
            "printer.interrupted",
            reason="the printer did not confirm that it opened the drawer; look at it, and ask again with a new key",
        )
    )
