"""Between a face and the engine: a document of the program becomes a job, and the job's end an answer."""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from typing import Protocol

import anyio
import anyio.to_thread
from anyio.abc import TaskGroup
from pydantic import ValidationError

from fiscald.engine import Engine
from fiscald.gateway.day import Day
from fiscald.gateway.repeats import Repeats
from fiscald.gateway.seldom import Seldom
from fiscald.gateway.tally import Tally
from fiscald.gateway.tape import Tape
from fiscald.model.about import LONG
from fiscald.model.documents import DOCUMENTS, Document, Submission
from fiscald.model.jobs import Job, JobState
from fiscald.model.printers import PrinterStatus
from fiscald.model.problems import Problem, ProblemError, problem
from fiscald.model.programs import Program

log = logging.getLogger(__name__)

#: Seconds between two looks at a job that has no answer yet, if nothing wakes the clerk earlier.
LOOK_AGAIN = 5.0
#: Seconds before a document is tried again that the journal could not take.
JOURNAL_PAUSE = 5.0
#: Seconds in which the answer to a document that has ended is sent; some documents have none.
ANSWER_SECONDS = 1.0
#: Who the program is at a pseudo-terminal.
SERIAL = "serial"


class Orderer(Protocol):
    """Who puts documents in order with ``Clerk.order``: the face that programs see."""

    def settled(self, outcome: Job | Problem, now: float) -> None:
        """The job of the ordered document is done or failed; or the document was refused."""


class Clerk:
    """Submits the documents of one gateway. One document at a time: the face waits for each."""

    def __init__(
        self,
        engine: Engine,
        printer: str,
        repeats: Repeats,
        host_time: Callable[[], datetime],
        day: Day | None = None,
        *,
        speaks: Program | None = None,
        tally: Tally | None = None,
        documents: frozenset[str] = frozenset(DOCUMENTS),
    ) -> None:
        """``day``: kept up to date with each document, for a face that shows it.

        ``speaks``: what its programs speak; the peer does not matter. ``tally`` counts the documents. ``documents``:
        the types that the programs of this gateway may print.
        """
        self._engine = engine
        self._printer = printer
        self._repeats = repeats
        self._host_time = host_time
        self._day = day
        self._documents = documents
        self._denied = Seldom()
        self._speaks = speaks or Program(peer=SERIAL, family="posnet")
        self.tally = tally or Tally(host_time)
        self.tape = self.new_tape()
        """What the program and the face say to each other now."""
        self._tasks: TaskGroup | None = None
        self.peer = SERIAL
        """Who is connected now, or was last."""
        self.undecided = False
        """Whether the document that is in order needs a person's decision."""
        self.on_settled: Callable[[], None] = lambda: None
        """Called after a document was settled."""

    def new_tape(self) -> Tape:
        """An empty tape."""
        return Tape(self._host_time)

    def work_in(self, tasks: TaskGroup) -> None:
        """Carry documents out in these tasks from now on."""
        self._tasks = tasks

    def status(self) -> PrinterStatus:
        """The printer, from the engine's memory."""
        return self._engine.printer(self._printer)

    def check(self, document: Document) -> Problem | None:
        """Why the engine would not take this document for the printer; ``None``: it would. It must be a short one."""
        denial = self._denial(document)
        if denial is not None:
            self.tally.refuse(denial)
            return denial
        try:
            self._engine.preview(self._printer, document)
        except ProblemError as error:
            self.tally.refuse(error.problem)
            return error.problem
        return None

    def order(self, face: Orderer, make: Callable[[], Document], size: int) -> None:
        """Have a document printed; ``face.settled`` tells how it ended. Must be called inside ``work_in``.

        ``make`` makes it, or raises ``ValidationError``; it has ``size`` lines. A long one is made in a thread,
        because everything else would have to wait.
        """
        assert self._tasks is not None, "the gateway runs"
        self.tape.order()
        self._tasks.start_soon(self._carry_out, face, make, size, self.peer, self.tape)

    async def _carry_out(self, face: Orderer, make: Callable[[], Document], size: int, peer: str, tape: Tape) -> None:
        def made() -> tuple[Submission, str]:
            submission = Submission(printer=self._printer, document=make())
            return submission, submission.digest().hex()

        outcome: Job | Problem | None
        try:
            submission, digest = await anyio.to_thread.run_sync(made) if size > LONG else made()
        except ValidationError:
            reason, reason_pl = "no document can hold what the program sent", "dokument programu jest niepoprawny."
            outcome = problem("document.refused", reason=reason, reason_pl=reason_pl)
        else:
            outcome = self._denial(submission.document) or await self._outcome(submission, digest, peer, tape)
        if outcome is None:
            return
        self.tally.settle(outcome)
        tape.expect_answer()
        face.settled(outcome, anyio.current_time())
        self.on_settled()
        await tape.answered(ANSWER_SECONDS)
        if isinstance(outcome, Job):
            with suppress(ProblemError):  # what the program said is kept already
                await self._engine.sendings.note(outcome.key, tape.sending())

    def _denial(self, document: Document) -> Problem | None:
        """The problem of a program that may not print this; ``None``: it may."""
        if document.type in self._documents:
            return None
        more = self._denied.happens()
        if more is not None:
            log.warning(
                "%s: the gateway refused a document %s of %s%s: documents in the configuration does not name it",
                self._printer, document.type, self.peer, more,
            )  # fmt: skip
        reason = f"the gateway of {self._printer} may not print {document.type}"
        return problem("document.refused", reason=reason, reason_pl="program nie ma prawa do tego dokumentu.")

    async def _outcome(self, submission: Submission, digest: str, peer: str, tape: Tape) -> Job | Problem | None:
        """How the document ended; ``None``: the daemon stops before the end is known."""
        program = self._speaks.model_copy(update={"peer": peer, "sent": (tape.sending(),)})
        while not self._engine.stopping:
            try:
                self.tally.document = key = await self._key(digest, peer)
                await self._engine.submit(key, submission, asked_by=f"gateway {self._printer}", program=program)
                return await self._ended(await self._end(key))
            except OSError as error:
                log.error("%s: the gateway cannot note a document on disk: %s", self._printer, error.strerror)
            except ProblemError as error:
                if error.problem.code != "daemon.journal":
                    return error.problem
                # The journal may hold the document, so there is no answer yet. The same key is tried again.
            await anyio.sleep(JOURNAL_PAUSE)
        return None

    async def _key(self, digest: str, peer: str) -> str:
        """The key of the document with this content. Raises ``OSError`` and ``ProblemError``."""
        now = self._host_time()
        first = self._repeats.first(peer, digest, now)
        if first is None or await self._failed(first):
            return await self._repeats.begin(peer, digest, now)
        self.tally.repeated += first != self.tally.document  # the same one, where the journal was in trouble
        log.info("%s: %s sent a document again; it gets the answer of %s", self._printer, peer, first)
        return first

    async def _failed(self, key: str) -> bool:
        try:
            return (await self._engine.job(key)).state is JobState.FAILED
        except ProblemError as error:
            if error.problem.code == "job.unknown":
                return False  # the daemon was killed before the journal had it
            raise

    async def _end(self, key: str) -> Job | None:
        """The job when it is done or failed; an undecided one waits for a person."""
        while not self._engine.stopping:
            change = self._engine.changes.next()
            job = await self._engine.wait(key, LOOK_AGAIN)
            self.undecided = job.state is JobState.UNDECIDED
            if job.state in (JobState.DONE, JobState.FAILED):
                return job
            if self.undecided:
                await change(LOOK_AGAIN)
        return None

    async def _ended(self, job: Job | None) -> Job | None:
        """The job, once the day holds it. Raises ``ProblemError``."""
        if job is not None and self._day is not None:
            await self._day.refresh(self.status(), job if job.state is JobState.DONE else None)
        return job

    def delivered(self, job: Job, peer: str) -> None:
        """The program got the answer to this job."""
        if self._tasks is not None:
            self._tasks.start_soon(self._repeats.delivered, peer, job.key)
