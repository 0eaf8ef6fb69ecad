"""What a printer refuses, what is refused before anything is sent, and when nothing is sent at all."""

from __future__ import annotations

from functools import partial

import pytest

from fiscald.emulator.faults import Switch
from fiscald.model.documents import Document
from fiscald.model.problems import Fate
from fiscald.protocols.base import DialogueAborted, Effect, Held, NotPrinted, Printed, Verdict, Wait
from tests.conformance.bench import Bench, Sent
from tests.conformance.families import CASES, RECEIPTS
from tests.conformance.test_recovery import DOCUMENTS, TRACELESS, agrees, every_document, prepared
from tests.families import EVERY
from tests.found import found

every_family = pytest.mark.parametrize("family", EVERY)


#: That the drawer was opened is shown by the printer's answer alone.
LIES = [
    (*each, executed) for each in DOCUMENTS for executed in (False, True) if each[1] not in TRACELESS or not executed
]


@pytest.mark.parametrize(("family", "kind", "executed"), LIES)
def test_a_refused_step_is_answered_as_what_it_did(family: str, kind: str, executed: bool) -> None:
    """The opening, a line, the step that decides: the printer's memory decides, and nothing is left open."""
    document = CASES[family].documents[kind]
    bench = prepared(family)
    bench.carry_out(document)
    changes = [sent.step.effect for sent in bench.steps if sent.step.effect is not Effect.QUERY]
    # That an opening or a line was refused may be believed; what the step that decides is said to have done may not.
    for nth in found(at for at, effect in enumerate(changes, 1) if not executed or effect is Effect.IRREVERSIBLE):
        bench = prepared(family)
        before, left = bench.sheets, nth
        opened = bench.device.register.state.drawer_openings

        def answer(sent: Sent, data: bytes, bench: Bench = bench) -> bytes:
            nonlocal left
            left -= sent.step.effect is not Effect.QUERY
            if left or sent.step.effect is Effect.QUERY:
                return bench.answer(data)
            if executed:
                bench.answer(data)
            left = -1
            return bench.case.refusal(sent.name, data)

        verdict = bench.settle(document, partial(bench.carry_out, document, answer_step=answer))
        assert left < 0, "a step was refused"
        assert not bench.open, (nth, verdict)
        if kind in TRACELESS:
            # A refusal that is not believed: the printer shows that it has not opened the drawer, so it is asked again.
            assert agrees(verdict, bench.device.register.state.drawer_openings - opened)
            continue
        assert agrees(verdict, bench.sheets - before), (nth, verdict)
        if not bench.sheets - before:
            assert isinstance(bench.carry_out(document), Printed), nth


def waited_for(bench: Bench, document: Document) -> Verdict:
    """The verdict; where a question is not answered for a known condition, what the engine makes of that: it waits."""
    try:
        return bench.carry_out(document)
    except DialogueAborted as error:
        if error.problem.code not in bench.family.conditions.by_code:
            raise
        return Wait(error.problem)


@every_document
@pytest.mark.parametrize("switch", [Switch.PAPER_OUT, Switch.MENU])
def test_a_printer_that_is_not_ready_is_waited_for(family: str, kind: str, switch: Switch) -> None:
    bench = prepared(family)
    bench.device.faults.switches.add(switch)
    verdict = waited_for(bench, CASES[family].documents[kind])
    assert isinstance(verdict, Wait)
    assert verdict.problem.code == {Switch.PAPER_OUT: "printer.paper_out"}.get(switch, verdict.problem.code)
    assert verdict.problem.document is Fate.NOT_PRINTED
    assert bench.changes() == []
    assert bench.journal.last is None


@every_document
def test_another_printer_is_noticed_before_anything_is_changed(family: str, kind: str) -> None:
    bench = prepared(family)
    verdict = bench.carry_out(CASES[family].documents[kind], printer_id="EMU 0000000002")
    assert isinstance(verdict, Wait)
    assert verdict.problem.code == "printer.swapped"
    assert bench.device.register.state.unique_number in verdict.problem.detail
    assert "EMU 0000000002" in verdict.problem.detail
    assert bench.changes() == []
    assert bench.journal.last is None


@pytest.mark.parametrize("family", RECEIPTS)
def test_another_programs_open_receipt_is_never_touched(family: str) -> None:
    for document in CASES[family].documents.values():
        bench = prepared(family)
        bench.others_open(100)
        verdict = bench.carry_out(document)
        assert isinstance(verdict, Wait), document.type
        assert verdict.problem.code == "printer.foreign_transaction"
        assert bench.changes() == []
        assert bench.open


# -- before anything is sent -------------------------------------------------------------------------------

BAD = [(family, pointer) for family in EVERY for pointer in CASES[family].bad_documents]


@pytest.mark.parametrize(("family", "pointer"), BAD)
def test_what_check_refuses_is_not_sent_and_names_its_field(family: str, pointer: str) -> None:
    bench, document = prepared(family), CASES[family].bad_documents[pointer]
    snapshot = bench.drive(bench.family.read_status(bench.settings))
    errors = bench.family.check(document, bench.settings, snapshot).errors
    assert [error.pointer for error in errors] == [pointer]
    assert all(error.detail and error.detail_pl for error in errors)
    before = bench.sheets
    verdict = bench.carry_out(document)
    assert isinstance(verdict, NotPrinted)
    assert not verdict.again
    assert verdict.problem.code == "document.refused"
    assert verdict.problem.errors == errors
    assert bench.changes() == []
    assert (bench.journal.last, bench.sheets) == (None, before)


@every_document
def test_what_check_does_not_refuse_is_printed(family: str, kind: str) -> None:
    bench, document = prepared(family), CASES[family].documents[kind]
    snapshot = bench.drive(bench.family.read_status(bench.settings))
    checked = bench.family.check(document, bench.settings, snapshot)
    assert checked.errors == ()
    verdict = bench.carry_out(document)
    assert isinstance(verdict, Printed)
    if checked.totals is not None:
        assert (verdict.result.total or 0, verdict.result.due) == (checked.totals.total, checked.totals.due)


@every_family
def test_a_refusal_for_a_condition_keeps_the_document_waiting(family: str) -> None:
    """A report that is due is not the document's fault: it waits, and is printed when the condition is over."""
    bench, document = prepared(family), CASES[family].main
    if bench.case.condition is None:
        assert family == "example", "it refuses nothing for a separate reason"
        return
    switch, code = bench.case.condition
    bench.device.faults.switches.add(switch)
    verdict = bench.settle(document, lambda: bench.carry_out(document))
    assert isinstance(verdict, Held)
    assert (verdict.problem.code, verdict.was_open) == (code, False)
    assert not bench.open
    assert bench.case.receipt is None or bench.changes() == [bench.names.opening], "nothing is cancelled"
    bench.device.faults.switches.clear()
    assert isinstance(bench.carry_out(document), Printed)
