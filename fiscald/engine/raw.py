"""Commands that a technician sends: one at a time, between jobs, on the same line as the jobs.

fiscald writes each command into the journal before it sends it, and again when the answer comes. It never sends a
command twice. If no answer comes, fiscald cannot find out what the command did: it has no counters to compare.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from fiscald.engine.asking import Asked, busy
from fiscald.engine.line import Line, NotSent, Silence
from fiscald.journal import Entry, Journal, JournalError, Phase, Store
from fiscald.model.problems import Problem, ProblemError, problem
from fiscald.model.raw_command import RawAnswer, RawCommand
from fiscald.model.rights import Asker
from fiscald.protocols.base import DialogueAborted, Effect, Ends, Kept, RawReply, Settings, Step
from fiscald.protocols.families import Family
from fiscald.transport import LinkError

#: The phases of a document whose outcome is not known yet.
_UNSETTLED = (Phase.STARTED, Phase.COMMITTING, Phase.UNDECIDED)


@dataclass(eq=False, slots=True)
class RawRequest(Asked[RawAnswer]):
    """One technician's command."""

    text: str
    step: Step
    forced: bool
    asked_by: Asker

    @property
    def changes(self) -> bool:
        """Whether the command may change the printer."""
        return self.step.effect is not Effect.QUERY


def parse(
    command: RawCommand, family: Family, settings: Settings, refused: Problem | None, printer: str, asked_by: Asker
) -> RawRequest:
    """The request for a command. ``refused``: why the licence does not allow it.

    Raises ``ProblemError``: not a command; the licence, except for queries and for commands that end an open document.
    """
    if family.raw is None:
        reason = f"{printer} is a {family.name} printer, and fiscald sends those no commands by hand"
        raise ProblemError(problem("request.raw", reason=reason))
    try:
        step = family.raw.parse(command.command, settings)
    except ValueError as error:
        raise ProblemError(problem("request.raw", reason=error)) from None
    if refused is not None and step.effect is not Effect.QUERY and step.ends is None:
        # A command that ends a document is checked when its turn comes.
        raise ProblemError(refused)
    return RawRequest(command.command, step, forced=command.force, asked_by=asked_by)


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


async def may_be_sent(
    request: RawRequest, line: Line, settings: Settings, next_job: Entry | None, unlicensed: Problem | None
) -> bool:
    """Whether the command may be sent now; otherwise it is refused. Raises as ``allowed_without_licence`` does.

    ``unlicensed``: why the licence allows no commands.
    """
    why = None if request.forced else unsettled_job_problem(next_job)
    if why is None and unlicensed is not None and not await allowed_without_licence(request, line, settings):
        why = unlicensed
    if why is not None:
        request.refuse(why)
    return why is None


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
    # For the record: without what the family keeps, which may be a secret (a token).
    sent = family.session(replace(settings, kept=Kept())).send(request.step.command)
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
