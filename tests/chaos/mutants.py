"""The check of the proof: every safety rule broken on purpose, one at a time; the campaign must notice each.

A mutant changes the product while it is applied. One that no schedule can tell from the original proves that
the rule is not needed, or that the campaign is blind to it.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack
from datetime import datetime
from pathlib import Path
from typing import Any
from unittest.mock import patch

from fiscald.engine import past
from fiscald.engine.actor import Actor
from fiscald.engine.engine import Engine
from fiscald.engine.job_runner import JobRunner
from fiscald.engine.line import Line, Silence
from fiscald.journal import Entry, Known, Phase, Store
from fiscald.model.documents import Submission
from fiscald.model.jobs import Job, JobState
from fiscald.model.printers import Counters
from fiscald.model.problems import problem
from fiscald.model.times import POLISH_TIME
from fiscald.protocols.base import Dialogue, Effect, NotPrinted, Printed, Step, Stray, Unknown, Verdict
from fiscald.protocols.posnet import course, endings, packaging, printout, proof, queries, receipt
from fiscald.protocols.posnet.commands import read_reply, request
from fiscald.protocols.posnet.evidence import PosnetLook
from fiscald.protocols.posnet.family import Posnet
from fiscald.protocols.posnet.fields import Dialect
from fiscald.protocols.posnet.frames import BadFrame, Frame
from fiscald.protocols.posnet.proof import CounterDelta
from fiscald.protocols.posnet.session import PosnetSession
from fiscald.protocols.proof import verdicts
from fiscald.protocols.thermal import receipt as thermal
from fiscald.protocols.thermal.proof import CounterDelta as ThermalMoved
from tests.chaos import mutants_e_receipt as mutants_e_receipt
from tests.chaos import mutants_fleet as mutants_fleet
from tests.chaos import mutants_form as mutants_form
from tests.chaos import mutants_gateway as mutants_gateway
from tests.chaos import mutants_in_a_row as mutants_in_a_row
from tests.chaos import mutants_invoice as mutants_invoice
from tests.chaos import mutants_noviapi as mutants_noviapi
from tests.chaos import mutants_novitus_xml as mutants_novitus_xml
from tests.chaos import mutants_packaging as mutants_packaging
from tests.chaos import mutants_printout as mutants_printout
from tests.chaos import mutants_programming as mutants_programming
from tests.chaos import mutants_reports as mutants_reports
from tests.chaos.fleet.plan import read_schedule
from tests.chaos.registry import FLEET, GATEWAY, MUTANTS, family_of, mutant, thermal_mutant
from tests.chaos.schedule import Schedule

__all__ = ["FLEET", "GATEWAY", "MUTANTS", "applied", "caught_by", "family_of", "keep"]

_CAUGHT_BY = Path(__file__).with_name("caught_by.json")


def caught_by() -> dict[str, Schedule]:
    """A small schedule for each mutant that tells it from the product."""
    content = json.loads(_CAUGHT_BY.read_text("utf-8"))
    return {name: read_schedule(schedule) for name, schedule in content.items()}


def keep(caught: dict[str, Schedule]) -> None:
    """Keep those schedules for the tests."""
    content = {name: schedule.model_dump(mode="json", exclude_defaults=True) for name, schedule in caught.items()}
    _CAUGHT_BY.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", "utf-8")


def applied(name: str) -> AbstractContextManager[Any]:
    """The product with that rule broken."""
    return MUTANTS[name]()


# -- the line -------------------------------------------------------------------------------------------


@mutant
def resend_after_silence() -> Iterator[None]:
    """a command that was not answered is sent again on the same connection"""
    real = Line.ask

    async def ask(self: Line, step: Step) -> Any:
        try:
            return await real(self, step)
        except Silence:
            return await real(self, step)

    with patch.object(Line, "ask", ask):
        yield


@mutant
def trust_stale_answers() -> Iterator[None]:
    """a late answer is taken for the answer to the next such question, and looks need not agree"""
    ask, event = Line.ask, PosnetSession._event
    late: dict[str, Frame] = {}

    def keep(self: PosnetSession, item: Frame | BadFrame) -> Any:
        found = event(self, item)
        if isinstance(found, Stray) and isinstance(item, Frame):
            late[item.mnemonic] = item
        return found

    async def ask_late(self: Line, step: Step) -> Any:
        frame = late.pop(step.command.row.mnemonic, None) if step.effect is Effect.QUERY else None
        if frame is not None:
            return read_reply(step.command.row, frame, Dialect("cp1250"))
        return await ask(self, step)

    with patch.object(PosnetSession, "_event", keep), patch.object(Line, "ask", ask_late), looks_torn():
        yield


# -- the journal ----------------------------------------------------------------------------------------


def _unwritten(name: str, phase: Phase) -> Any:
    """A change of phase that the actor believes and the journal never sees."""

    def change(self: Store, key: str, *_: Any) -> Entry:
        entry = self.job(key)
        assert entry is not None
        return entry._replace(phase=phase)

    change.__name__ = name
    return change


@mutant
def no_write_ahead() -> Iterator[None]:
    """nothing is written before the verdict"""
    with ExitStack() as stack:
        for name, phase in (("start", Phase.STARTED), ("opened", Phase.STARTED), ("commit", Phase.COMMITTING)):
            stack.enter_context(patch.object(Store, name, _unwritten(name, phase)))
        yield


@mutant
def opened_not_written() -> Iterator[None]:
    """the look at our open receipt is not written"""
    with patch.object(Store, "opened", _unwritten("opened", Phase.STARTED)):
        yield


@mutant
def committing_not_written() -> Iterator[None]:
    """the closing step is sent before "committing" is written"""
    with patch.object(Store, "commit", _unwritten("commit", Phase.COMMITTING)):
        yield


@mutant
def accepted_before_written() -> Iterator[None]:
    """a client gets its acceptance before the journal has it"""
    real = Engine.submit

    async def submit(self: Engine, key: str, submission: Submission, asked_by: int | None = None) -> tuple[Job, bool]:
        now = datetime.now(POLISH_TIME)
        job = Job(
            key=key, printer=submission.printer, state=JobState.ACCEPTED, document=submission.document, created_at=now,
            updated_at=now,
        )  # fmt: skip
        task = asyncio.ensure_future(real(self, key, submission, asked_by))
        task.add_done_callback(lambda done: done.cancelled() or done.exception())
        return job, True

    with patch.object(Engine, "submit", submit):
        yield


@mutant
def told_before_written() -> Iterator[None]:
    """a client gets the verdict before the journal has it"""
    real = JobRunner._settle

    async def settle(self: JobRunner, entry: Entry, verdict: Verdict) -> Any:
        if isinstance(verdict, Printed):
            job = entry.job.model_copy(update={"state": JobState.DONE, "result": verdict.result})
            self._changed(Entry(entry.id, Phase.DONE, job))
            await asyncio.sleep(0)
        return await real(self, entry, verdict)

    with patch.object(JobRunner, "_settle", settle):
        yield


# -- what is concluded ----------------------------------------------------------------------------------


def _repeat() -> NotPrinted:
    return NotPrinted(problem("printer.interrupted", reason="a guess"), again=True)


def _no_steps(result: Any) -> Dialogue[Any]:
    return result
    yield


@mutant
def repeat_without_looking() -> Iterator[None]:
    """after an interruption the document is retried without reading the counters"""
    with patch.object(Posnet, "recover", lambda *_: _no_steps(_repeat())):
        yield


@mutant
def done_without_looking() -> Iterator[None]:
    """after an interruption around the closing step the document is taken for printed"""
    real = receipt.ReceiptProof.verdict

    def verdict(self: receipt.ReceiptProof, reply: Any) -> Any:
        return self.printed(self.opened) if reply is None else real(self, reply)

    with patch.object(receipt.ReceiptProof, "verdict", verdict):
        yield


@mutant
def unknown_means_repeat() -> Iterator[None]:
    """a document without a verdict is retried"""
    with patch.object(verdicts, "unproven", lambda *_: _repeat()):
        yield


@mutant
def report_ignored() -> Iterator[None]:
    """a daily report in between is not noticed"""
    with patch.object(CounterDelta, "reports", 0):
        yield


@mutant
def cancelled_ignored() -> Iterator[None]:
    """that a receipt was cancelled is not noticed"""
    with patch.object(CounterDelta, "cancelled", 0):
        yield


@mutant
def number_of_the_last() -> Iterator[None]:
    """the number is that of the printer's last receipt, from any program"""
    real = receipt.ReceiptProof.printed

    def printed(self: receipt.ReceiptProof, now: Any, **_: Any) -> Any:
        return real(self, now, last=True)

    with patch.object(receipt.ReceiptProof, "printed", printed):
        yield


def _refusal_believed(proof: Any) -> Iterator[None]:
    real = proof.verdict

    def verdict(self: Any, reply: Any) -> Any:
        return real(self, reply and verdicts.CommitReply())

    with patch.object(proof, "verdict", verdict):
        yield


@mutant
def refusal_is_confirmation() -> Iterator[None]:
    """a refused closing step is taken for one that was carried out"""
    yield from _refusal_believed(receipt.ReceiptProof)


@thermal_mutant
def refusal_is_confirmation_thermal() -> Iterator[None]:
    """the same on a Thermal printer"""
    yield from _refusal_believed(thermal.ReceiptProof)


def _changed_is_ours(proof: Any, **options: Any) -> Iterator[None]:
    real = proof.verdict

    def verdict(self: Any, reply: Any) -> Dialogue[Verdict]:
        found: Verdict = yield from real(self, reply)
        if isinstance(found, Unknown) and (found.problem.model_extra or {}).get("cause") == "changed":
            printed: Verdict = yield from self.printed(found.evidence["after"], **options)
            return printed
        return found

    with patch.object(proof, "verdict", verdict):
        yield


@mutant
def other_content_is_ours() -> Iterator[None]:
    """a receipt that others changed and closed is reported as printed"""
    yield from _changed_is_ours(receipt.ReceiptProof)


@thermal_mutant
def other_content_is_ours_thermal() -> Iterator[None]:
    """the same on a Thermal printer"""
    yield from _changed_is_ours(thermal.ReceiptProof, just_now=False)


@mutant
def number_of_the_first() -> Iterator[None]:
    """the number is always the next one after our opening"""
    with patch.object(verdicts, "last_is_ours", lambda *_, **__: False):
        yield


@thermal_mutant
def number_of_the_first_thermal() -> Iterator[None]:
    """the same on a Thermal printer"""
    with patch.object(verdicts, "last_is_ours", lambda *_, **__: False):
        yield


@thermal_mutant
def number_of_the_last_thermal() -> Iterator[None]:
    """the number is that of the printer's last receipt, from any program, on a Thermal printer"""
    real = thermal.ReceiptProof.printed

    def printed(self: thermal.ReceiptProof, now: Any, *, just_now: bool, **_: Any) -> Any:
        return real(self, now, just_now=just_now, last=True)

    with patch.object(thermal.ReceiptProof, "printed", printed):
        yield


@mutant
def looks_torn() -> Iterator[None]:
    """counters and totals are taken as one look, though something happened between them"""

    def torn() -> Dialogue[PosnetLook]:
        counters = yield from queries._read_counters()
        return counters.model_copy(update={"day": (yield from queries.read_day())})

    with ExitStack() as stack:
        for module in (queries, receipt, course, packaging, endings, printout, proof):
            stack.enter_context(patch.object(module, "read_stable_counters", torn))
        yield


# -- what is touched ------------------------------------------------------------------------------------


def _cancel_anything() -> Dialogue[Any]:
    yield from queries.send(request("prncancel"))
    return _repeat()


@mutant
def cancel_whatever_is_open() -> Iterator[None]:
    """what is open after an unconfirmed opening is cancelled, whosever it is"""
    with patch.object(receipt.ReceiptCourse, "recover_opening", lambda *_: _cancel_anything()):
        yield


@mutant
def empty_is_ours() -> Iterator[None]:
    """an empty open receipt is cancelled, though another one ended while it was waited for"""
    with patch.object(CounterDelta, "any_change", False):
        yield


@thermal_mutant
def empty_is_ours_thermal() -> Iterator[None]:
    """the same on a Thermal printer"""
    with patch.object(ThermalMoved, "any_change", False):
        yield


@mutant
def never_cancel_a_form() -> Iterator[None]:
    """our own printout is left open after a failure"""
    with patch.object(printout, "give_up_form", lambda: _no_steps(True)):
        yield


@mutant
def never_cancel() -> Iterator[None]:
    """our own receipt is left open after a failure"""

    def cancel(_: Any) -> Dialogue[PosnetLook]:
        return (yield from queries.read_counters())

    with patch.object(receipt, "send_cancel", cancel), patch.object(course, "send_cancel", cancel):
        yield


@mutant
def journal_not_compared() -> Iterator[None]:
    """whether the journal is the printer's true past is not asked: neither by its mark nor by the counters"""
    with patch.object(past, "unexplained", lambda *_, **__: None):
        yield


@mutant
def counters_not_compared() -> Iterator[None]:
    """an older journal is known by the mark in its directory alone"""
    real = past.unexplained

    def unexplained(printer: str, known: Known, now: Counters, **options: Any) -> Any:
        return real(printer, known._replace(counters=None), now, **options)

    with patch.object(past, "unexplained", unexplained):
        yield


@mutant
def any_printer_will_do() -> Iterator[None]:
    """another printer on the port is used like the known one"""
    real = Posnet.carry_out

    def carry_out(self: Posnet, document: Any, settings: Any, *_: Any) -> Any:
        return real(self, document, settings, None)

    with patch.object(Actor, "_swapped_problem", None), patch.object(Posnet, "carry_out", carry_out):
        yield
