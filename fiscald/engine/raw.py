"""Commands that a technician sends by hand: one at a time, between jobs, on the line that the jobs use.

They are written into the journal before they are sent and when they are answered. A command that is not answered is
never sent again, and nobody finds out what became of it: there are no counters to compare it with.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import anyio

from fiscald.engine.line import Line, NotSent, Silence
from fiscald.journal import Entry, Journal, JournalError, Phase, Store
from fiscald.model.problems import Problem, ProblemError, Retry, problem
from fiscald.model.raw_command import RawAnswer
from fiscald.protocols.base import DialogueAborted, Effect, Ends, RawReply, Settings, Step
from fiscald.protocols.families import Family
from fiscald.transport import LinkError

#: Seconds in which a command must get its turn; then it is not sent any more.
TURN_SECONDS = 30.0
#: Phases in which a document's fate is open.
_UNSETTLED = (Phase.STARTED, Phase.COMMITTING, Phase.UNDECIDED)


@dataclass(eq=False, slots=True)
class RawRequest:
    """One command on its way to the printer, and what became of it."""

    text: str
    step: Step
    forced: bool
    asked_by: int | None
    turn: anyio.Event = field(default_factory=anyio.Event)
    """Its turn has come, or never will."""
    ended: anyio.Event = field(default_factory=anyio.Event)
    given_up: bool = False
    """Nobody waits for its turn any more."""
    answer: RawAnswer | None = None
    problem: Problem | None = None

    @property
    def changes(self) -> bool:
        """Whether the printer may be another one afterwards."""
        return self.step.effect is not Effect.QUERY

    def refuse(self, why: Problem) -> None:
        """End it; ``why`` tells whether anything was sent."""
        self.problem = why
        self.turn.set()
        self.ended.set()

    async def wait(self) -> RawAnswer:
        """Its answer. Raises ``ProblemError``: refused, not its turn in time, not answered."""
        try:
            with anyio.move_on_after(TURN_SECONDS):
                await self.turn.wait()
        finally:
            self.given_up = not self.turn.is_set()
        if self.given_up:
            raise ProblemError(busy(f"it had no time for this command within {TURN_SECONDS:.0f} s"))
        await self.ended.wait()
        if self.answer is None:
            assert self.problem is not None
            raise ProblemError(self.problem)
        return self.answer


def busy(reason: str) -> Problem:
    """A command that is not sent now. It does not wait, as a document would."""
    why = problem("printer.busy", reason=f"{reason}; nothing was sent")
    return why.model_copy(update={"retry": Retry.SAFE, "detail_pl": "Drukarka jest zajęta. Polecenia nie wysłano."})


def unsettled_job_problem(entry: Entry | None) -> Problem | None:
    """Why no command may be sent now without force: the next job, where its fate is open."""
    if entry is None or entry.phase not in _UNSETTLED:
        return None
    key, state = entry.job.key, entry.job.state
    return busy(f"job {key!r} is {state}, and this command might change what it is decided by")


async def passes_unlicensed(order: RawRequest, line: Line, settings: Settings) -> bool:
    """Whether a command may be sent without a licence: a question, or what ends a document that is open now.

    That is asked here, in the command's own turn. Raises ``LinkLost``, ``Silence`` or ``DialogueAborted``.
    """
    if not order.changes or order.step.ends is Ends.UNSEEN:
        return True
    if order.step.ends is None:
        return False
    try:
        condition = await line.drive(line.family.read_condition(settings))
    except (LinkError, Silence, DialogueAborted) as error:
        order.refuse(busy(f"it could not be asked whether a document is open ({error})"))
        raise
    return condition is not None and bool(condition.document_open)


async def carry_out(
    order: RawRequest,
    line: Line,
    family: Family,
    settings: Settings,
    journal: Journal,
    name: str,
    *,
    explains: bool,
) -> None:
    """Journal ``order``, send it, journal its answer. However it ends, whoever asked is told.

    ``explains``: what the printer counts next may be its doing. Raises ``LinkLost`` or ``Silence``: the line is of no
    more use.
    """
    order.turn.set()
    try:
        await _carry_out(order, line, family, settings, journal, name, explains=explains)
    except (LinkError, Silence):
        raise  # and told
    except Exception as error:
        order.refuse(problem("daemon.internal", reason=f"{type(error).__name__}; see the daemon's log"))
        raise
    except BaseException:
        order.refuse(problem("link.unanswered", printer=name, reason="the daemon was stopped"))
        raise


async def _carry_out(
    order: RawRequest, line: Line, family: Family, settings: Settings, journal: Journal, name: str, *, explains: bool
) -> None:
    assert family.raw is not None, "the engine has asked"
    sent = family.session(settings).send(order.step.command)
    try:
        number = await journal.run(
            Store.begin_raw, name, order.text, sent, order.step.effect, asked_by=order.asked_by, forced=order.forced,
            explains=explains,
        )  # fmt: skip
    except JournalError as error:
        order.refuse(problem("daemon.journal", reason=error))
        return
    try:
        shown = family.raw.show(await line.ask(order.step), settings)
    except (LinkError, Silence) as error:
        unsent = isinstance(error, NotSent)
        why = busy(str(error)) if unsent else problem("link.unanswered", printer=name, reason=error)
        await _end(journal, number, None, why)
        order.refuse(why)
        raise
    await _end(journal, number, shown, None)
    order.answer = RawAnswer(
        id=number,
        printer=name,
        command=order.text,
        effect=order.step.effect,
        sent=sent.hex(),
        answer=shown.text,
        refusal=shown.refusal,
    )
    order.ended.set()


async def _end(journal: Journal, number: int, shown: RawReply | None, why: Problem | None) -> None:
    """What became of it; if that cannot be written, whoever asked is told all the same."""
    try:
        await journal.run(Store.end_raw, number, None if shown is None else shown.text, why)
    except JournalError:
        return
