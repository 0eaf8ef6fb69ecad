"""One job carried on: its dialogue driven, the journal kept before every step, the verdict settled.

The bargain with the journal, in order: ``started`` with the evidence is synced before anything is changed;
``opened`` when the printer holds our open document; ``committing`` before the irreversible step; the verdict
before anybody is told. Whatever goes wrong after ``started`` - silence, a lost link, a killed daemon, a full disk -
goes one way: look at the printer's counters on a fresh line and decide by them.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import anyio

from fiscald.engine.board import StatusBoard
from fiscald.engine.line import Line, NotSent
from fiscald.engine.past import Past
from fiscald.engine.printer import Printer
from fiscald.journal import Entry, Journal, Phase, Store, Unexplained, WrongPhase
from fiscald.model.documents import IfInterrupted
from fiscald.model.jobs import DamagedDocument, Job
from fiscald.model.printers import Counters
from fiscald.model.problems import Problem, Retry, problem
from fiscald.protocols.base import (
    Checkpoint,
    Dialogue,
    DialogueAborted,
    Effect,
    Held,
    Look,
    NotPrinted,
    Pause,
    Printed,
    Settings,
    Stage,
    Step,
    Unknown,
    Verdict,
    Wait,
)
from fiscald.protocols.driving import drive

log = logging.getLogger(__name__)

#: How often a job that the printer proves not to hold is carried out anew before it fails.
ATTEMPTS = 3


class JobRunner:
    """Carries the jobs of one printer on, each as far as it goes on this line."""

    def __init__(
        self,
        printer: Printer,
        journal: Journal,
        board: StatusBoard,
        past: Past,
        changed: Callable[[Entry | None], None],
    ) -> None:
        """``changed`` is told of every change of a job."""
        self._printer = printer
        self._journal = journal
        self._board = board
        self._past = past
        self._changed = changed

    async def run(self, line: Line, entry: Entry, settings: Settings, printer_id: str | None) -> Problem | None:
        """Carry one job on, on the printer with that unique number.

        Returns why it has to wait, or ``None`` when it is settled.
        """
        job = entry.job
        family = self._printer.family
        if entry.damage:
            await self._journaled(Store.give_up_damaged, job.key)
            log.error("job %s is undecided: what the journal stored of it cannot be read", job.key)
            return None
        assert not isinstance(job.document, DamagedDocument)
        if entry.phase is Phase.ACCEPTED:
            dialogue = family.carry_out(job.document, settings, printer_id)
        else:
            dialogue = self._recovery(job, entry.phase, settings)
        self._board.job = job.key
        try:
            verdict = await self._drive(line, dialogue, entry)
            return await self._settle(entry, verdict)
        except WrongPhase:
            return None  # withdrawn in the meantime
        except Unexplained as error:
            if self._past.surprised(error.problem):
                return problem("printer.busy", reason="it printed something while it was asked what it has counted")
            self._past.wait_for(error.problem, error.counters)  # looked at again before anything else
            return error.problem
        finally:
            self._board.job = None
            self._board.situation.working = False

    def _recovery(self, job: Job, phase: Phase, settings: Settings) -> Dialogue[Verdict]:
        """Find out what became of a started job. Evidence that cannot be used is no evidence: a person decides."""
        assert not isinstance(job.document, DamagedDocument)
        evidence = job.evidence or {}
        try:
            known = self._printer.family.evidence.model_validate(evidence)
            if known.before is None:
                raise ValueError("it does not say what the printer said before")
            committing = phase is Phase.COMMITTING
            stage = Stage.COMMITTING if committing else Stage.STARTED if known.opened is None else Stage.OPENED
            checkpoint = Checkpoint(stage, known.before, known.opened)
            return (yield from self._printer.family.recover(job.document, settings, checkpoint))
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            # Stored by another version, or damaged: asked again and again it would keep all others waiting.
            log.exception("%s: the evidence of job %s cannot be used", self._printer.name, job.key)
            why = problem(
                "journal.damaged", reason=f"its evidence cannot be used ({error!r}); it may have been printed",
                extra={"cause": "damaged", "stored": {"evidence": evidence}},
            )  # fmt: skip
            return Unknown(why, {})

    async def _drive(self, line: Line, dialogue: Dialogue[Verdict], entry: Entry) -> Verdict:
        """Drive a job's dialogue, journaling before every step that changes something."""
        phase = entry.phase
        key, kind = entry.job.key, entry.job.document.type
        # A try that will probably be refused again is no news: neither in the status nor among the events.
        trying = self._board.holds.against(key, kind) is not None
        untouched = phase is Phase.ACCEPTED

        async def exchange(step: Step) -> Any:
            nonlocal untouched
            if step.effect is Effect.QUERY:
                return await line.ask(step)
            assert phase is not Phase.ACCEPTED, "a change before the evidence is stored"
            if step.effect is Effect.IRREVERSIBLE:
                assert phase is Phase.COMMITTING, "an irreversible step that is not announced"
            first, untouched = untouched, False
            try:
                return await line.ask(step)
            except NotSent as error:
                if not first:
                    raise  # an earlier step was sent
                why = problem("printer.interrupted", reason=f"nothing of it was sent: {error}")
                raise _NotStarted(why, again=True) from None

        async def on_event(item: Checkpoint | Pause) -> None:
            nonlocal phase
            match item:
                case Checkpoint(Stage.STARTED, before, _, counters):
                    assert counters is not None, "the counters are part of what was read before"
                    refused = _unexpected(entry, counters)
                    if refused is not None:
                        raise _NotStarted(refused)
                    again = self._past.seen_again(counters)
                    evidence = self._stored(before=before)
                    phase = await self._journaled(
                        Store.start, key, evidence, counters, self._past.rule, again, event=not trying, quiet=trying
                    )
                    self._begun(kind, quiet=trying)
                case Checkpoint(Stage.OPENED, _, opened):
                    assert opened is not None, "what was read while it was open"
                    phase = await self._journaled(Store.opened, key, self._stored(opened=opened), quiet=trying)
                case Checkpoint():
                    phase = await self._journaled(Store.commit, key, quiet=trying)
                case Pause(seconds):
                    await anyio.sleep(seconds)

        try:
            return await drive(dialogue, exchange, on_event)
        except _NotStarted as stopped:
            return NotPrinted(stopped.problem, again=stopped.again)
        except DialogueAborted as error:
            why = error.problem
            known = why.code in self._printer.family.conditions.by_code and why.code != "printer.out_of_order"
            if phase is Phase.ACCEPTED and known:
                # A question was understood, and refused for a condition: nothing is wrong with the line.
                return Wait(why)
            raise

    def _stored(self, **looks: Look) -> dict[str, Any]:
        """Evidence as the journal stores it: JSON with the family and its version. Empty where there are no looks."""
        if not looks:
            return {}
        return self._printer.family.evidence.model_validate(looks).model_dump(mode="json", exclude_none=True)

    def _begun(self, document_type: str, *, quiet: bool) -> None:
        """A document of ours is being carried out: what was seen before does not keep it waiting any more."""
        self._board.situation.begun(document_type)
        self._board.situation.working = not quiet
        self._board.show()

    async def _settle(self, entry: Entry, verdict: Verdict) -> Problem | None:
        """Write down what the dialogue proved."""
        key, kind = entry.job.key, entry.job.document.type
        match verdict:
            case Wait(why):
                if entry.phase is Phase.ACCEPTED and self._printer.family.conditions.some_pass(why.code):
                    self._board.holds.seen(why, kind, anyio.current_time())
                    return None
                return why
            case Held(why, begun, evidence):
                if not (begun and entry.job.if_interrupted is IfInterrupted.FAIL):
                    trying = self._board.holds.against(key, kind) is not None
                    self._board.holds.refused(key, kind, why, anyio.current_time(), begun=begun)
                    await self._journaled(
                        Store.hold, key, self._stored(**evidence), begun=begun, event=not trying, quiet=trying
                    )
                    log.log(logging.DEBUG if trying else logging.INFO, "job %s waits: %s", key, why.detail)
                else:
                    why = why.model_copy(update={"retry": Retry.SAFE})
                    await self._journaled(Store.finish, key, Phase.FAILED, error=why, evidence=self._stored(**evidence))
                    log.warning("job %s has failed: %s", key, why.detail)
            case Printed(result, paper, notices, evidence, counters):
                self._board.holds.taken(key, kind)
                if counters is not None:
                    self._board.situation.counted(counters)
                notices += self._board.situation.notices(result, entry.job.created_at)
                await self._journaled(
                    Store.finish, key, Phase.DONE, result=result, paper=paper, notices=notices,
                    evidence=self._stored(**evidence), counters=counters, rule=self._past.rule,
                )  # fmt: skip
                number = "" if result.number is None else f", number {result.number}"
                log.info("job %s is done: %s%s", key, entry.job.document.type, number)
            case NotPrinted(why, again, evidence):
                current = await self._journal.run(Store.job, key)
                started = current is not None and current.phase is not Phase.ACCEPTED
                again = again and entry.job.if_interrupted is IfInterrupted.REPEAT
                if again and started and current is not None and current.job.attempts < ATTEMPTS:
                    await self._journaled(Store.requeue, key, self._stored(**evidence))
                    log.warning("job %s was not printed (%s), carrying it out anew", key, why.detail)
                else:
                    await self._journaled(Store.finish, key, Phase.FAILED, error=why, evidence=self._stored(**evidence))
                    log.warning("job %s has failed: %s", key, why.detail)
            case Unknown(why, evidence):
                await self._journaled(Store.finish, key, Phase.UNDECIDED, error=why, evidence=self._stored(**evidence))
                log.error("job %s is undecided: %s", key, why.detail)
        self._board.situation.ended()
        self._board.show()
        return None

    async def _journaled(
        self, transaction: Callable[..., Entry], *args: Any, quiet: bool = False, **kwargs: Any
    ) -> Phase:
        """Carry out a transaction and tell of the change; ``quiet``: it is none to anybody else."""
        entry = await self._journal.run(transaction, *args, **kwargs)
        if not quiet:
            self._changed(entry)
        return entry.phase


class _NotStarted(Exception):
    """A document is not begun; ``problem`` says why. ``again``: it may be begun later."""

    def __init__(self, problem: Problem, *, again: bool = False) -> None:
        self.problem = problem
        self.again = again
        super().__init__(problem.detail)


def _unexpected(entry: Entry, counters: Counters) -> Problem | None:
    """The optimistic lock: another last receipt than the application expects (its own first attempts apart)."""
    expected = entry.job.expect_last
    if expected is None or entry.job.attempts or expected == counters.last_receipt:
        return None
    found = counters.last_receipt
    return problem("job.unexpected_last", expected=expected, found=found, extra={"expected": expected, "found": found})
