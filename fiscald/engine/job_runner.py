"""Runs one job: drives its dialogue, writes the journal before every step, and stores the verdict.

The order of journal and printer. Each journal entry is on disk before the step after it:

1. ``started`` with the evidence, before the first command that changes something;
2. ``opened``, when the printer has confirmed that our document is open;
3. ``committing``, before the irreversible command;
4. the verdict, before any application gets it.

After ``started`` every failure (silence, a lost link, a killed daemon, a full disk) has the same end: fiscald connects
again, reads the printer's counters, and decides by them.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import anyio

from fiscald.engine.baseline import KeptBaseline
from fiscald.engine.board import StatusBoard
from fiscald.engine.line import Line, NotSent, Silence, link_problem
from fiscald.engine.past import Past
from fiscald.engine.printer import Printer
from fiscald.journal import Entry, Journal, JournalError, Phase, Store, Unexplained, WrongPhase
from fiscald.model.documents import IfInterrupted
from fiscald.model.jobs import DamagedDocument, Job, Notice, Paper, Result
from fiscald.model.notices import not_in_ksef
from fiscald.model.printers import Counters
from fiscald.model.problems import Problem, Retry, problem
from fiscald.protocols.base import (
    Baseline,
    Checkpoint,
    Dialogue,
    DialogueAborted,
    Effect,
    Held,
    HostTime,
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
from fiscald.transport import LinkError

log = logging.getLogger(__name__)

#: A job fails after this many attempts that the printer proves it did not print.
ATTEMPTS = 3


class JobRunner:
    """Runs the jobs of one printer, each as far as it gets on this line."""

    def __init__(
        self,
        printer: Printer,
        journal: Journal,
        board: StatusBoard,
        past: Past,
        changed: Callable[[Entry | None], None],
        printed: Callable[[Entry], None],
    ) -> None:
        """The runner calls ``changed`` with every job that changes, and ``printed`` with every job that is done."""
        self._printer = printer
        self._journal = journal
        self._board = board
        self._past = past
        self._changed = changed
        self._note_printed = printed
        self.baseline = KeptBaseline()

    async def run(self, line: Line, entry: Entry, settings: Settings, printer_id: str | None) -> Problem | None:
        """Start or recover one job on the printer with that unique number.

        Returns why the job has to wait, or ``None`` if it need not.
        """
        job = entry.job
        family = self._printer.family
        if entry.damage:
            await self._journaled(Store.give_up_damaged, job.key)
            log.error("job %s is undecided: the journal's record of it is unreadable", job.key)
            return None
        assert not isinstance(job.document, DamagedDocument)
        baseline = self._usable_baseline(job) if entry.phase is Phase.ACCEPTED else None
        self.baseline.forget()
        if entry.phase is Phase.ACCEPTED:
            dialogue = family.carry_out(job.document, settings, printer_id, baseline)
        else:
            dialogue = self._recovery(job, entry.phase, settings)
        self._board.job = job.key
        try:
            verdict = await self._drive_noting(line, dialogue, entry)
            if isinstance(verdict, Printed) and verdict.paper is Paper.PRINTED:
                self.baseline.keep(verdict.baseline, anyio.current_time(), read_again=baseline is None)
            return await self._settle(entry, verdict)
        except WrongPhase:
            return None  # withdrawn in the meantime
        except Unexplained as error:
            if self._past.needs_second_reading(error.problem):
                return problem("printer.busy", reason="it printed something while fiscald read its counters")
            self._past.set_problem(error.problem, error.counters)  # the actor reads the printer again before other jobs
            return error.problem
        finally:
            self._board.job = None
            self._board.situation.working = False

    async def check_baseline(self, line: Line, give_way: Callable[[], bool]) -> None:
        """Ask an idle printer whether it is as the last receipt left it, so that the next one need not ask.

        Raises what ``Line.drive`` raises.
        """
        unchanged, baseline = self._printer.family.unchanged, self.baseline.kept(anyio.current_time())
        if baseline is None or unchanged is None:
            return
        still = await line.drive(unchanged(baseline), give_way=give_way)
        if still:
            self.baseline.still_holds(anyio.current_time())
        elif still is False:
            self.baseline.forget()

    def _usable_baseline(self, job: Job) -> Baseline[Any] | None:
        """What another receipt left, if no other program can have printed since. ``None``: read everything again."""
        if self._printer.shared or job.expect_last is not None or self._board.situation.unready:
            return None
        return self.baseline.usable(anyio.current_time())

    def _recovery(self, job: Job, phase: Phase, settings: Settings) -> Dialogue[Verdict]:
        """Find out what became of a started job. If its evidence is unusable, the job is undecided."""
        assert not isinstance(job.document, DamagedDocument)
        evidence = job.evidence or {}
        try:
            known = self._printer.family.evidence.model_validate(evidence)
            if known.before is None:
                raise ValueError("the look before the document is missing")
            committing = phase is Phase.COMMITTING
            stage = Stage.COMMITTING if committing else Stage.STARTED if known.opened is None else Stage.OPENED
            checkpoint = Checkpoint(stage, known.before, known.opened)
            return (yield from self._printer.family.recover(job.document, settings, checkpoint))
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            # Another version stored it, or it is damaged. To retry for ever would keep all other jobs waiting.
            log.exception("%s: the evidence of job %s is unusable", self._printer.name, job.key)
            why = problem(
                "journal.damaged", reason=f"its evidence is unusable ({error!r}); it may have been printed",
                extra={"cause": "damaged", "stored": {"evidence": evidence}},
            )  # fmt: skip
            return Unknown(why, {})

    async def _drive_noting(self, line: Line, dialogue: Dialogue[Verdict], entry: Entry) -> Verdict:
        """The same as ``_drive``. If a started document is interrupted, the journal notes why, for people."""
        try:
            return await self._drive(line, dialogue, entry)
        except (LinkError, Silence) as error:
            await self._note_interruption(entry, link_problem(self._printer.address, error, line))
            raise
        except DialogueAborted as error:
            await self._note_interruption(entry, error.problem)
            raise

    async def _note_interruption(self, entry: Entry, why: Problem) -> None:
        if entry.phase is Phase.ACCEPTED:  # a recovery may be interrupted every second
            with suppress(WrongPhase, JournalError):  # it has not started, or the file does not work
                await self._journaled(Store.interrupt, entry.job.key, why)

    async def _drive(self, line: Line, dialogue: Dialogue[Verdict], entry: Entry) -> Verdict:
        """Drive a job's dialogue. Write the journal before every step that changes something."""
        phase = entry.phase
        key, kind = entry.job.key, entry.job.document.type
        # The printer will probably refuse this try again, so neither the status nor the events show it.
        trying = self._board.holds.problem_for(key, kind) is not None
        untouched = phase is Phase.ACCEPTED

        async def exchange(step: Step) -> Any:
            nonlocal untouched
            if step.effect is Effect.QUERY:
                return await line.ask(step)
            assert phase is not Phase.ACCEPTED, "a command would change something before the evidence is stored"
            if step.effect is Effect.IRREVERSIBLE:
                assert phase is Phase.COMMITTING, "an irreversible step without its checkpoint"
            first, untouched = untouched, False
            try:
                return await line.ask(step)
            except NotSent as error:
                if not first:
                    raise  # the printer already has an earlier step
                why = problem("printer.interrupted", reason=f"nothing of it was sent: {error}")
                raise _NotStarted(why, again=True) from None

        async def on_event(item: Checkpoint | Pause | HostTime) -> Any:
            nonlocal phase
            match item:
                case Checkpoint(Stage.STARTED, before, _, counters):
                    assert counters is not None, "the counters are part of what was read before"
                    refused = _unexpected_receipt(entry, counters)
                    if refused is not None:
                        raise _NotStarted(refused)
                    again = self._past.is_stable(counters)
                    evidence = self._stored(before=before)
                    phase = await self._journaled(
                        Store.start, key, evidence, counters, self._past.check, again, event=not trying, quiet=trying
                    )
                    self._mark_started(kind, quiet=trying)
                case Checkpoint(Stage.OPENED, _, opened):
                    assert opened is not None, "the look while it was open"
                    phase = await self._journaled(Store.opened, key, self._stored(opened=opened), quiet=trying)
                case Checkpoint():
                    phase = await self._journaled(Store.commit, key, quiet=trying)
                case Pause(seconds):
                    await anyio.sleep(seconds)
                case HostTime():
                    return self._board.situation.host_time()
            return None

        try:
            return await drive(dialogue, exchange, on_event)
        except _NotStarted as stopped:
            return NotPrinted(stopped.problem, again=stopped.again)
        except DialogueAborted as error:
            why = error.problem
            known = why.code in self._printer.family.conditions.by_code and why.code != "printer.out_of_order"
            if phase is Phase.ACCEPTED and known:
                # The printer understood a question and refused it for a condition. The line works.
                return Wait(why)
            raise

    def _stored(self, **looks: Look) -> dict[str, Any]:
        """Evidence as the journal stores it: JSON with the family and its version. Empty if there are no looks."""
        if not looks:
            return {}
        return self._printer.family.evidence.model_validate(looks).model_dump(mode="json", exclude_none=True)

    def _mark_started(self, document_type: str, *, quiet: bool) -> None:
        """Our document has started, so the problems seen before no longer keep it waiting."""
        self._board.situation.document_started(document_type)
        self._board.situation.working = not quiet
        self._board.publish()

    async def _settle(self, entry: Entry, verdict: Verdict) -> Problem | None:
        """Store what the dialogue proved."""
        key, kind = entry.job.key, entry.job.document.type
        match verdict:
            case Wait(why):
                if entry.phase is Phase.ACCEPTED and self._printer.family.conditions.some_pass(why.code):
                    self._board.holds.record_condition(why, kind, anyio.current_time())
                    return None
                return why
            case Held(why, was_open, evidence):
                if not (was_open and entry.job.if_interrupted is IfInterrupted.FAIL):
                    trying = self._board.holds.problem_for(key, kind) is not None
                    self._board.holds.record_refusal(key, kind, why, anyio.current_time(), was_open=was_open)
                    await self._journaled(
                        Store.hold,
                        key,
                        self._stored(**evidence),
                        why,
                        was_open=was_open,
                        event=not trying,
                        quiet=trying,
                    )
                    log.log(logging.DEBUG if trying else logging.INFO, "job %s waits: %s", key, why.detail)
                else:
                    why = why.model_copy(update={"retry": Retry.SAFE})
                    await self._journaled(Store.finish, key, Phase.FAILED, error=why, evidence=self._stored(**evidence))
                    log.warning("job %s has failed: %s", key, why.detail)
            case Printed(result, paper, notices, evidence, counters):
                if verdict.just_now and result.printed_at is None:
                    result = result.model_copy(update={"printed_at": self._board.situation.printer_time})
                interrupted = None if entry.phase is Phase.ACCEPTED else entry.job.updated_at
                result = self._board.situation.settle(result, interrupted)
                self._board.holds.record_success(key, kind)
                if counters is not None:
                    self._board.situation.update_counters(counters)
                self._board.situation.update_settings(verdict.rates, verdict.clock)
                if verdict.rates is not None:
                    self._board.holds.retry_soon(anyio.current_time())
                notices += self._board.situation.notices(result, entry.job.created_at)
                notices += self._ksef_notices(entry.job, result)
                done = await self._journal.run(
                    Store.finish, key, Phase.DONE, result=result, paper=paper, notices=notices,
                    evidence=self._stored(**evidence), counters=counters, rule=self._past.check,
                )  # fmt: skip
                self._note_printed(done)
                self._changed(done)
                number = "" if result.number is None else f", number {result.number}"
                log.info("job %s is done: %s%s", key, entry.job.document.type, number)
            case NotPrinted(why, again, evidence):
                current = await self._journal.run(Store.job, key)
                started = current is not None and current.phase is not Phase.ACCEPTED
                again = again and entry.job.if_interrupted is IfInterrupted.REPEAT
                if again and started and current is not None and current.job.attempts < ATTEMPTS:
                    await self._journaled(Store.requeue, key, self._stored(**evidence), why)
                    log.warning("job %s was not printed (%s), trying again", key, why.detail)
                else:
                    await self._journaled(Store.finish, key, Phase.FAILED, error=why, evidence=self._stored(**evidence))
                    log.warning("job %s has failed: %s", key, why.detail)
            case Unknown(why, evidence):
                await self._journaled(Store.finish, key, Phase.UNDECIDED, error=why, evidence=self._stored(**evidence))
                log.error("job %s is undecided: %s", key, why.detail)
        self._board.situation.document_ended()
        self._board.publish()
        return None

    def _ksef_notices(self, job: Job, result: Result) -> tuple[Notice, ...]:
        """The warning about KSeF that a printed document gets, if any. Training receipts get none."""
        if not self._printer.ksef_warnings or not result.fiscal or isinstance(job.document, DamagedDocument):
            return ()
        day = self._board.situation.printed_on(result, job.created_at)
        found = not_in_ksef(job.document, result.total, day)
        return () if found is None else (found,)

    async def _journaled(
        self, transaction: Callable[..., Entry], *args: Any, quiet: bool = False, **kwargs: Any
    ) -> Phase:
        """Run a transaction and report the change. ``quiet``: do not report it."""
        entry = await self._journal.run(transaction, *args, **kwargs)
        if not quiet:
            self._changed(entry)
        return entry.phase


class _NotStarted(Exception):
    """The document was not started; ``problem`` says why. ``again``: fiscald may start it later."""

    def __init__(self, problem: Problem, *, again: bool = False) -> None:
        self.problem = problem
        self.again = again
        super().__init__(problem.detail)


def _unexpected_receipt(entry: Entry, counters: Counters) -> Problem | None:
    """The optimistic lock: the problem if the last receipt is not the one that the application expects.

    After a first attempt the last receipt may be our own cancelled one, so the check is for the first attempt only.
    """
    expected = entry.job.expect_last
    if expected is None or entry.job.attempts or expected == counters.last_receipt:
        return None
    found = counters.last_receipt
    return problem("job.unexpected_last", expected=expected, found=found, extra={"expected": expected, "found": found})
