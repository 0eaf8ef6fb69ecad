"""The conclusions from what a printer reports before and after a document. Pure: no reading, no waiting.

The family knows how to read its printers, and how many readings must agree.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum
from typing import NamedTuple, Protocol

from fiscald.model.cash import Drawer
from fiscald.model.jobs import Notice, Paper, Result
from fiscald.model.problems import FieldProblem, Problem, problem
from fiscald.protocols.base import (
    Checkpoint,
    Dialogue,
    Held,
    Look,
    NotPrinted,
    Printed,
    Settings,
    Unknown,
    Verdict,
    Wait,
    summarize,
)
from fiscald.protocols.conditions import Conditions

#: "May": after a daily report the counters do not tell slips from other documents.
DOUBLED = Notice(
    code="slip.doubled",
    detail="the printer may have printed this document twice; check the paper",
    detail_pl="Drukarka mogła wydrukować ten dokument dwa razy. Sprawdź wydruk.",
)


class CommitReply(NamedTuple):
    """The printer's answer to the commit step, or its refusal of an earlier step."""

    refusal: Problem | None = None
    """``None``: the printer reports that the step is done."""
    again: bool = False
    """Whether the refusal is because of the moment, not because of the document."""
    waits: bool = False
    """Whether the refusal is because of a condition of the printer, so that the document waits."""
    timed_out: bool = False
    """Whether the printer cancelled the document by itself, because no command came for too long."""


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
    """What a printer reports about itself before a document."""

    @property
    def look(self) -> Look:
        """The look to compare later looks with."""

    @property
    def printer_id(self) -> str:
        """The unique number."""

    @property
    def fiscal(self) -> bool:
        """Whether the device is fiscalised."""

    @property
    def transaction_open(self) -> bool:
        """Whether a document is open, from any program."""

    @property
    def standing(self) -> Problem | None:
        """The condition that keeps some documents waiting, if the printer reports one."""


# -- before ---------------------------------------------------------------------------------------------


def reason_to_wait(
    found: Before, document_type: str, conditions: Conditions, settings: Settings, printer_id: str | None
) -> Wait | None:
    """Why a document has to wait for its printer; ``None``: it can start now."""
    if printer_id is not None and found.printer_id != printer_id:
        return swapped(settings, found.printer_id, printer_id)
    if found.transaction_open:
        return Wait(problem("printer.foreign_transaction", printer=settings.name))
    if found.standing is not None and conditions.waits(found.standing.code, document_type):
        return Wait(found.standing)
    return None


def swapped(settings: Settings, found: str, expected: str) -> Wait:
    """The document waits: this is not the printer that the journal knows, and ours may come back."""
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
    """The document waits: something changed between the first look and the first command."""
    return Wait(problem("printer.busy", reason="another program is printing"))


def refused_before(errors: Sequence[FieldProblem], before: Look) -> NotPrinted:
    """The verdict on a document that the printer would refuse: fiscald sends nothing."""
    reason, reason_pl = summarize(errors)
    return NotPrinted(
        problem("document.refused", reason=reason, reason_pl=reason_pl, errors=errors), evidence={"before": before}
    )


# -- after ----------------------------------------------------------------------------------------------


def unproven(cause: str, reason: str, now: Look) -> Unknown:
    """Nothing proves what happened. docs/recovery.md explains every ``cause``."""
    return Unknown(problem("printer.unproven", reason=reason, extra={"cause": cause}), {"after": now})


def report_between(now: Look) -> Unknown:
    """A daily report reset the counters that would have shown what happened."""
    return unproven("report_between", "a daily report came in between and reset the counters", now)


def interrupted(reason: str, now: Look) -> NotPrinted:
    """The printer proves that it registered nothing of this document, so fiscald may carry it out again."""
    return NotPrinted(problem("printer.interrupted", reason=reason), again=True, evidence={"after": now})


def taken_over(word: str, now: Look) -> NotPrinted:
    """Something ended between our last look and our opening, and the document that is open does not stay empty."""
    return interrupted(f"the {word} was cancelled while it was empty, and the open document is not ours", now)


def refusal_verdict(reply: CommitReply, *, was_open: bool = True, now: Look | None = None) -> NotPrinted | Held:
    """The verdict after a refusal: because of the document; because of the moment, which the document did not cause; or
    because of a condition of the printer, for whose end the document waits. ``was_open``: our document was open.
    """
    refusal = reply.refusal
    assert refusal is not None
    evidence = {} if now is None else {"after": now}
    if reply.waits:
        return Held(refusal, was_open, evidence)
    if reply.again:
        reason = f"the printer refused it at this moment: {refusal.detail}; the same document may be sent again"
        refusal = problem(
            "printer.interrupted", reason=reason, device_code=refusal.device_code, extra=refusal.model_extra
        )
    return NotPrinted(refusal, again=reply.again, evidence=evidence)


def ended_by_others(reply: CommitReply | None, reason: str, now: Look) -> NotPrinted:
    """Our open document was cancelled, but not by its closing step.

    If the printer refused that step, the line works, so a person cancelled the document and has decided. Otherwise this
    is not certain (on some printers a power cut cancels too), so fiscald carries the document out again.
    """
    if reply is None or reply.refusal is None:
        return interrupted(reason, now)
    if reply.timed_out:
        return interrupted("the printer cancelled the receipt: nothing was sent for too long", now)
    return NotPrinted(problem("printer.cancelled"), evidence={"after": now})


def not_executed(reply: CommitReply | None, reason: str, now: Look, *, was_open: bool = True) -> NotPrinted | Held:
    """The commit step did nothing. If the printer gave a reason, the verdict has it."""
    if reply is None or reply.refusal is None:
        return interrupted(reason, now)
    return refusal_verdict(reply, was_open=was_open, now=now)


def may_hold(count: int, value: int | None, total: int) -> bool:
    """Whether one of ``count`` documents, worth ``value`` together (``None``: unknown), can have our ``total``."""
    if value is None:
        return True
    return value == total if count == 1 else value >= total


# -- a receipt ------------------------------------------------------------------------------------------


class Ending(Enum):
    """What became of our receipt, if that is no verdict yet."""

    NONE = "no receipt has ended, and ours is open: the printer did not execute its closing step"
    COMPLETED = "ours was completed"


def ending(
    delta: Endings,
    total: int,
    reply: CommitReply | None,
    *,
    is_open: bool,
    closed: bool | None = None,
    other_content: bool = False,
    word: str = "receipt",
) -> Ending | NotPrinted | Unknown:
    """What became of our receipt of ``total`` since it was open, if no report came in between.

    ``closed``: whether the printer reports that a receipt was closed since; ``None``: this printer does not report it.
    ``other_content``: whether the last receipt differs from ours and is the only document since. ``word``: the name of
    such a document.
    """
    now = delta.now
    match bool(delta.completed), bool(delta.cancelled), is_open, closed:
        case False, False, True, _:
            return Ending.NONE
        case False, False, False, False:
            return interrupted(f"the {word} is no longer open, and no {word} was closed", now)
        case False, False, False, True:
            closed_uncounted = f"the printer reports that the last {word} was closed, but no counter moved"
            return unproven("vanished", closed_uncounted, now)
        case False, False, False, None:
            return unproven("vanished", f"the {word} is no longer open, and no counter moved", now)
        case False, True, _, _:
            return ended_by_others(reply, f"the {word} was cancelled before it was registered", now)
        case True, False, _, _ if other_content or not may_hold(delta.completed, delta.sales, total):
            return unproven("changed", f"the {word} was registered with other content than ours", now)
        case True, False, _, _:
            return Ending.COMPLETED
        case _:
            return two_endings(delta, total, reply, word) or Ending.COMPLETED


def two_endings(
    delta: Endings, total: int, reply: CommitReply | None = None, word: str = "receipt"
) -> NotPrinted | Unknown | None:
    """At least two receipts ended, and one is ours: the day's totals show which. ``None``: a completed one."""
    completed = may_hold(delta.completed, delta.sales, total)
    cancelled = may_hold(delta.cancelled, delta.cancelled_value, total)
    if completed and not cancelled:
        return None
    if cancelled and not completed:
        return ended_by_others(reply, f"the {word} was cancelled and another one was registered", delta.now)
    return _twins(delta, word)


def _twins(delta: Endings, word: str) -> Unknown:
    return unproven(
        "twins",
        f"since the start {delta.completed} {word}s were completed and {delta.cancelled} cancelled, "
        "and their values do not show which one is ours",
        delta.now,
    )


def last_is_ours(
    delta: Endings, total: int, *, like_ours: bool, confirmed: bool, word: str = "receipt"
) -> bool | Unknown:
    """Whether our completed receipt is the last of several receipts, and not the first.

    It is the last one if another program cancelled ours before its first line and opened a receipt, and our lines were
    sold on that. ``like_ours``: the last receipt has our content; but another program's receipt may have it too. If the
    printer confirmed ours, that receipt was printed just before fiscald looked, and the number is uncertain. If not, it
    was printed long after ours.
    """
    if not like_ours or delta.completed == 1:
        return like_ours
    others = None if delta.sales is None else delta.sales - total
    if not may_hold(delta.completed - 1, others, total):
        return True
    return _twins(delta, word) if confirmed else False


# -- the drawer -----------------------------------------------------------------------------------------


def drawer(before: Before, reply: CommitReply) -> Printed | NotPrinted | Held:
    """Opening the drawer leaves no trace on the printer: fiscald never repeats it, and it is never undecided."""
    if reply.refusal is None:
        return Printed(Result(printer_id=before.printer_id, fiscal=before.fiscal), Paper.NONE)
    verdict = refusal_verdict(reply, was_open=False)
    return verdict if isinstance(verdict, Held) else NotPrinted(verdict.problem)


def recover_drawer(_document: Drawer, _settings: Settings, _checkpoint: Checkpoint) -> Dialogue[Verdict]:
    """The verdict after an interruption, without a step: the printer does not report whether the drawer opened."""
    yield from ()
    return NotPrinted(
        problem(
            "printer.interrupted",
            reason="the printer did not confirm that it opened the drawer; if it is closed, submit with a new key",
        )
    )
