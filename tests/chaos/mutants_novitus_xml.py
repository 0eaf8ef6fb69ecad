"""Mutants of the rules for Novitus printers that speak XML."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from unittest.mock import patch

from fiscald.engine.line import Line, Silence
from fiscald.protocols.base import Baseline, Checkpoint, Dialogue, Stage, Step, Verdict
from fiscald.protocols.novitus_elements import Element
from fiscald.protocols.novitus_xml import commit, course, queries, selling
from fiscald.protocols.novitus_xml.commands import Request, execute
from fiscald.protocols.novitus_xml.course import Course
from fiscald.protocols.novitus_xml.evidence import NovitusXmlLook
from fiscald.protocols.novitus_xml.options import NovitusXmlOptions
from fiscald.protocols.novitus_xml.proof import CounterDelta
from fiscald.protocols.novitus_xml.queries import Confirmed
from fiscald.protocols.novitus_xml.sale import SaleCourse
from fiscald.protocols.proof import verdicts
from fiscald.protocols.proof.verdicts import CommitReply
from fiscald.protocols.rates import plain_rates
from tests.chaos.registry import novitus_xml_mutant


@novitus_xml_mutant
def closing_without_total() -> Iterator[None]:
    """the closing element does not carry the total"""
    real = commit.commit

    def sent(one: Element, *others: Any) -> Dialogue[CommitReply]:
        kept = tuple(each for each in one.attributes if each[0] != "total")
        return (yield from real(one._replace(attributes=kept), *others))

    with patch.object(course, "commit", sent):
        yield


@novitus_xml_mutant
def executing_packet_sent_again() -> Iterator[None]:
    """a packet with executing elements that was not answered is sent again on the same connection"""
    real = Line.ask

    async def ask(self: Line, step: Step) -> Any:
        try:
            return await real(self, step)
        except Silence:
            return await real(self, step)

    with patch.object(Line, "ask", ask):
        yield


@novitus_xml_mutant
def error_number_is_proof() -> Iterator[None]:
    """the number behind the closing element is believed: neither the flags nor the counters are read"""
    real = SaleCourse.verdict

    def send(request: Request) -> Dialogue[Confirmed]:
        reply = yield Step(request, *_class_of(request))
        return Confirmed(reply.number or 0, False, True, False)

    def verdict(self: Any, opened: NovitusXmlLook, plan: Any, reply: Any, sold: Any = None) -> Dialogue[Verdict]:
        if reply is None or reply.refusal is not None:
            found: Verdict = yield from real(self, opened, plan, reply, sold)
            return found
        done: Verdict = yield from self._done(opened, opened, plan, sold, just_now=True)
        return done

    with (
        patch.object(commit, "send", send),
        patch.object(selling, "send", send),
        patch.object(SaleCourse, "verdict", verdict),
    ):
        yield


def _class_of(request: Request) -> Any:
    """Effect and deadline of a packet."""
    step = next(queries.send(request))
    assert isinstance(step, Step)
    return step.effect, step.deadline


@novitus_xml_mutant
def whole_receipt_in_one_packet() -> Iterator[None]:
    """opening, lines, payments and closing share one packet"""

    def print_on(self: Any, profile: str, found: Baseline[NovitusXmlLook], *, carried_on: bool) -> Dialogue[Verdict]:
        self._found = found
        plan = self.plan(NovitusXmlOptions.of(self.settings), found.rates)
        if plan.errors:
            return verdicts.refused_before(plan.errors, found.look)
        before = found.look.model_copy(update={"profile": profile, "rates": plain_rates(found.rates)})
        yield Checkpoint(Stage.STARTED, before, counters=found.counters)
        yield Checkpoint(Stage.OPENED, before, before)
        yield Checkpoint(Stage.COMMITTING, before, before)
        lines = [item.request for item in (*plan.items, *plan.after)]
        confirmed = yield from queries.send(execute(plan.opening, *lines, plan.close))
        reply = CommitReply() if confirmed.good else commit.refused(confirmed, "/document", self.document, (21, 27))
        verdict: Verdict = yield from self.verdict(before, plan, reply)
        return verdict

    with patch.object(Course, "print_on", print_on):
        yield


@novitus_xml_mutant
def list_not_read_before_the_closing() -> Iterator[None]:
    """the printer's list is not read before the closing element, so a payment that was doubled stays"""
    with patch.object(selling, "_has_more", lambda *_: False):
        yield


@novitus_xml_mutant
def open_one_taken_for_ours_novitus_xml() -> Iterator[None]:
    """the open receipt is taken for ours at once, although something ended between our last look and our opening"""

    def always(*_: object) -> Dialogue[bool]:
        yield from ()
        return True

    with patch.object(Course, "_stays_empty", always):
        yield


@novitus_xml_mutant
def last_document_not_read() -> Iterator[None]:
    """what became of the last document is taken from the counters of receipts alone: a sheet more counts as nothing"""
    with patch.object(SaleCourse, "_first_state", lambda *_: None), patch.object(CounterDelta, "cancelled", 0):
        yield
