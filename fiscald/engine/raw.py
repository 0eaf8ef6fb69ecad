"""Commands that a technician sends: one at a time, between jobs, on the same line as the jobs.

fiscald writes each command into the journal before it sends it, and again when the answer comes. It never sends a
command twice. If no answer comes, fiscald cannot find out what the command did: it has no counters to compare.
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

#: Seconds in which a command must get its turn. After that fiscald does not send it.
TURN_SECONDS = 30.0
#: The phases of a document whose outcome is not known yet.
_UNSETTLED = (Phase.STARTED, Phase.COMMITTING, Phase.UNDECIDED)


@dataclass(eq=False, slots=True)
class RawRequest:
    """One technician's command: waiting, sent, or finished."""

    text: str
    step: Step
    forced: bool
    asked_by: int | None
    turn: anyio.Event = field(default_factory=anyio.Event)
    """Set when its turn has come, or when fiscald has refused it."""
    ended: anyio.Event = field(default_factory=anyio.Event)
    given_up: bool = False
    """Whether the caller no longer waits for its turn."""
    answer: RawAnswer | None = None
    problem: Problem | None = None

    @property
    def changes(self) -> bool:
        """Whether the command may change the printer."""
        return self.step.effect is not Effect.QUERY

    def refuse(self, why: Problem) -> None:
        """End the command with a problem. ``why`` says whether anything was sent."""
        self.problem = why
        self.turn.set()
        self.ended.set()

    async def wait(self) -> RawAnswer:
        """Wait for the answer. Raises ``ProblemError``: refused, no turn in time, no answer."""
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
    """The problem of a command that cannot be sent now. Unlike a document, a command does not wait."""
    why = problem("printer.busy", reason=f"{reason}; nothing was sent")
    return why.model_copy(update={"retry": Retry.SAFE, "detail_pl": "Drukarka jest zajęta. Polecenia nie wysłano."})


def unsettled_job_problem(entry: Entry | None) -> Problem | None:
    """The problem if the next job is not settled: then fiscald sends no command without ``force``."""
    if entry is None or entry.phase not in _UNSETTLED:
        return None
    key, state = entry.job.key, entry.job.state
    return busy(f"job {key!r} is {state}, and this command might change the counters that decide it")


async def allowed_without_licence(request: RawRequest, line: Line, settings: Settings) -> bool:
    """Whether the command needs no licence: a query, or a command that ends a document that is open now.

    The printer is asked here whether a document is open. Raises ``LinkLost``, ``Silence`` or ``DialogueAborted``.
    """
    if not request.changes or request.step.ends is Ends.UNSEEN:
        return True
    if request.step.ends is None:
        return False
    try:
        condition = await line.drive(line.family.read_condition(settings))
    except (LinkError, Silence, DialogueAborted) as error:
        request.refuse(busy(f"it did not answer whether a document is open ({error})"))
        raise
    return condition is not None and bool(condition.document_open)


async def carry_out(
    request: RawRequest,
    line: Line,
    family: Family,
    settings: Settings,
    journal: Journal,
    name: str,
    *,
    explains: bool,
) -> None:
    """Journal the request, send it, journal the answer. Every outcome reaches the caller.

    ``explains``: the next change of the counters may come from this command. Raises ``LinkLost`` or ``Silence``: then
    the line cannot be used any more.
    """
    request.turn.set()
    try:
        await _carry_out(request, line, family, settings, journal, name, explains=explains)
    except (LinkError, Silence):
        raise  # the caller has the problem already
    except Exception as error:
        request.refuse(problem("daemon.internal", reason=f"{type(error).__name__}; see the daemon's log"))
        raise
    except BaseException:
        request.refuse(problem("link.unanswered", printer=name, reason="the daemon was stopped"))
        raise


async def _carry_out(
    request: RawRequest, line: Line, family: Family, settings: Settings, journal: Journal, name: str, *, explains: bool
) -> None:
    assert family.raw is not None, "the engine has checked"
    sent = family.session(settings).send(request.step.command)
    try:
        number = await journal.run(
            Store.begin_raw, name, request.text, sent, request.step.effect, asked_by=request.asked_by,
            forced=request.forced, explains=explains,
        )  # fmt: skip
    except JournalError as error:
        request.refuse(problem("daemon.journal", reason=error))
        return
    try:
        shown = family.raw.show(await line.ask(request.step), settings)
    except (LinkError, Silence) as error:
        unsent = isinstance(error, NotSent)
        why = busy(str(error)) if unsent else problem("link.unanswered", printer=name, reason=error)
        await _end(journal, number, None, why)
        request.refuse(why)
        raise
    await _end(journal, number, shown, None)
    request.answer = RawAnswer(
        id=number,
        printer=name,
        command=request.text,
        effect=request.step.effect,
        sent=sent.hex(),
        answer=shown.text,
        refusal=shown.refusal,
    )
    request.ended.set()


async def _end(journal: Journal, number: int, shown: RawReply | None, why: Problem | None) -> None:
    """Store the outcome. The caller gets the outcome even if the journal cannot store it."""
    try:
        await journal.run(Store.end_raw, number, None if shown is None else shown.text, why)
    except JournalError:
        return
