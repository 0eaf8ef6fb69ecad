"""Silence after every step of every document, executed or not: what is found out agrees with the printer's memory."""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from functools import partial

import pytest

from fiscald.emulator.faults import Switch
from fiscald.model.documents import Document
from fiscald.model.jobs import Paper
from fiscald.protocols.base import Effect, NotPrinted, Printed, Stage, Unknown, Verdict, Wait
from tests.conformance.bench import RECORDS, Bench, LineLost, Sent, cause
from tests.conformance.families import CASES
from tests.families import EVERY
from tests.found import found

#: Opening the drawer leaves no trace.
TRACELESS = ("drawer",)
DOCUMENTS = [(family, kind) for family in EVERY for kind in CASES[family].documents]
every_document = pytest.mark.parametrize(("family", "kind"), DOCUMENTS)
#: Those that leave a trace by which they are found again.
every_trace = pytest.mark.parametrize(("family", "kind"), [each for each in DOCUMENTS if each[1] not in TRACELESS])
#: Steps of a recovery after which it is interrupted itself.
RECOVERY_STEPS = (1, 2, 3, 5, 8)


def takes(family: str, profile: str, document: Document) -> bool:
    """Whether printers of that profile can print it."""
    bench = Bench(family, profile, **RECORDS)
    return not bench.family.check(document, bench.settings, None).errors


def prepared(family: str, profile: str | None = None) -> Bench:
    """A printer with cash in its drawer, on a day that has something to report."""
    bench = Bench(family, profile, cash=100_000, **RECORDS)
    bench.device.auto_confirm = True  # an older printer asks a person before a report
    if "receipt" in bench.case.documents:
        bench.others_receipt(777)
    return bench


def places(family: str, document: Document, profile: str | None = None) -> Iterator[tuple[int, bool]]:
    """Every step after the evidence, executed or not."""
    bench = prepared(family, profile)
    assert isinstance(bench.carry_out(document), Printed)
    count = sum(sent.stage is not None for sent in bench.steps)
    assert count > 0
    for nth in range(1, count + 1):
        yield nth, False
        yield nth, True


def agrees(verdict: Verdict, sheets: int) -> bool:
    """Whether a verdict says what the printer's memory says."""
    return isinstance(verdict, Printed if sheets else NotPrinted) and sheets <= 1


@every_document
def test_a_document_is_printed_once(family: str, kind: str) -> None:
    bench, document = prepared(family), CASES[family].documents[kind]
    sheets, opened = bench.sheets, bench.device.register.state.drawer_openings
    verdict = bench.carry_out(document)
    assert isinstance(verdict, Printed)
    assert (verdict.paper is Paper.NONE) is (kind in TRACELESS)
    assert verdict.result.printer_id == bench.device.register.state.unique_number
    assert bench.sheets - sheets == (kind not in TRACELESS)
    assert bench.device.register.state.drawer_openings - opened == (kind in TRACELESS)
    assert not bench.open


@pytest.mark.parametrize(
    ("family", "kind", "profile"),
    [
        (family, kind, profile)
        for family, kind in DOCUMENTS
        for profile in Bench(family).device.profiles
        if takes(family, profile, CASES[family].documents[kind])
    ],
)
def test_an_interruption_anywhere_is_recovered_to_what_happened(family: str, kind: str, profile: str) -> None:
    document = CASES[family].documents[kind]
    for nth, executed in found(places(family, document, profile)):
        bench = prepared(family, profile)
        before = bench.sheets
        bench.break_off_at(document, nth, executed=executed)
        verdict = bench.settle(document, partial(bench.recover, document))
        assert not bench.open, (nth, executed)
        if kind in TRACELESS:
            assert isinstance(verdict, NotPrinted)
            assert not verdict.again, "opening it twice on a guess would be wrong too"
            continue
        assert agrees(verdict, bench.sheets - before), (nth, executed, verdict)
        if isinstance(verdict, NotPrinted):
            assert verdict.again, (nth, executed)
            assert isinstance(bench.carry_out(document), Printed), (nth, executed)
        assert bench.sheets - before == 1, (nth, executed)


@pytest.mark.slow
@every_document
def test_a_recovery_that_is_interrupted_itself_changes_nothing(family: str, kind: str) -> None:
    document = CASES[family].documents[kind]
    for nth, executed in found(places(family, document)):
        for lost in RECOVERY_STEPS:
            bench = prepared(family)
            before = bench.sheets
            bench.break_off_at(document, nth, executed=executed)
            left = lost

            def answer(_: Sent, data: bytes, bench: Bench = bench) -> bytes:
                nonlocal left
                told = bench.answer(data)
                left -= 1
                if not left:
                    raise LineLost
                return told

            try:
                bench.recover(document, answer=answer)
                break  # it takes no more steps
            except LineLost:
                verdict = bench.settle(document, partial(bench.recover, document))
            assert not bench.open
            assert kind in TRACELESS or agrees(verdict, bench.sheets - before), (nth, executed, lost, verdict)


@every_trace
def test_recovery_waits_until_the_printer_is_ready(family: str, kind: str) -> None:
    """A command may still wait in a printer without paper: nothing is decided before that is over."""
    bench, document = prepared(family), CASES[family].documents[kind]
    bench.break_off_at(document, 1, executed=False)
    bench.device.faults.switches.add(Switch.PAPER_OUT)
    sent = len(bench.steps)
    verdict = bench.recover(document)
    assert isinstance(verdict, Wait)
    assert verdict.problem.code == "printer.paper_out"
    assert bench.changes(sent) == []


@every_trace
def test_recovery_on_another_printer_waits_for_the_right_one(family: str, kind: str) -> None:
    document = CASES[family].documents[kind]
    for nth, executed in found(places(family, document)):
        bench = prepared(family)
        bench.break_off_at(document, nth, executed=executed)
        other = Bench(family, unique_number="EMU 0000000002")
        other.journal = bench.journal
        verdict = other.recover(document)
        assert isinstance(verdict, Wait), (nth, executed)
        assert verdict.problem.code == "printer.swapped"
        assert other.changes() == []


@every_trace
@pytest.mark.parametrize("executed", [False, True])
def test_a_memory_that_went_back_proves_nothing(family: str, kind: str, executed: bool) -> None:
    bench, document = prepared(family), CASES[family].documents[kind]
    first = next(iter(CASES[family].documents.values()))
    old = deepcopy(bench.device.register.state)
    for _ in range(3):
        assert isinstance(bench.carry_out(first), Printed)
    bench.break_off_deciding(document, executed=executed)
    bench.device.register.state = old
    bench.device.state_replaced()
    verdict = bench.recover(document)
    assert isinstance(verdict, Unknown)
    assert cause(verdict) == "counters_restored"


@every_trace
@pytest.mark.parametrize("executed", [False, True])
def test_another_programs_document_is_never_taken_for_ours(family: str, kind: str, executed: bool) -> None:
    """It pays in 0.05 before we can look: the verdict says what happened, or a person decides if the printer cannot tell."""
    bench, document = prepared(family), CASES[family].documents[kind]
    before = bench.sheets
    bench.break_off_deciding(document, executed=executed)
    # The printer refuses it while ours, or the footer of ours, is open.
    printed = bench.device.foreign_command(*bench.case.paid_in)
    verdict = bench.settle(document, lambda: bench.recover(document))
    if isinstance(verdict, Unknown):
        assert kind in bench.case.others_ambiguous
    elif executed or kind not in bench.case.look_alike:
        assert agrees(verdict, bench.sheets - before - int(printed))
    else:
        assert isinstance(verdict, Printed)


@every_document
def test_another_programs_document_before_our_first_change(family: str, kind: str) -> None:
    document = CASES[family].documents[kind]
    bench = prepared(family)
    before = bench.sheets
    paid: list[str] = []

    def answer(sent: Sent, data: bytes) -> bytes:
        if sent.stage is not None and sent.step.effect is not Effect.QUERY and not paid:
            bench.others_pay_in()
            paid.append(sent.name)
        return bench.answer(data)

    verdict = bench.settle(document, lambda: bench.carry_out(document, answer_step=answer))
    assert paid
    if isinstance(verdict, Unknown):
        assert kind in bench.case.others_ambiguous
    elif kind not in TRACELESS:
        assert agrees(verdict, bench.sheets - before - 1)


@every_document
def test_the_checkpoints_come_in_their_order(family: str, kind: str) -> None:
    """Nothing but questions before the first; the step that decides right after the last, and no other before it."""
    bench, document = prepared(family), CASES[family].documents[kind]
    assert isinstance(bench.carry_out(document), Printed)
    changing = [sent for sent in bench.steps if sent.step.effect is not Effect.QUERY]
    assert changing
    assert all(sent.stage is not None for sent in changing)
    deciding = [sent for sent in bench.steps if sent.step.effect is Effect.IRREVERSIBLE]
    assert all(sent.stage is Stage.COMMITTING for sent in deciding)
    committing = [sent for sent in bench.steps if sent.stage is Stage.COMMITTING]
    assert committing[:1] == deciding[:1], "nothing comes between the checkpoint and the step"
    before = [sent.stage for sent in bench.steps if sent.stage is not None and sent.stage < Stage.COMMITTING]
    assert before == sorted(before)
