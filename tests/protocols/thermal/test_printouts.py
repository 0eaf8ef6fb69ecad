"""Printouts over the emulated printer, step by step."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from fiscald.emulator.faults import Switch
from fiscald.model.jobs import Paper
from fiscald.model.printout import Printout
from fiscald.protocols.base import DialogueAborted, Held, NotPrinted, Printed, Stage, Wait
from fiscald.protocols.thermal.plan_printout import BROKEN_OFF
from tests.conformance.bench import Bench, Sent, cause
from tests.protocols.thermal.scripted import result

PRINTOUT = Printout.model_validate({"title": "Zamówienie 17", "lines": ["Żurek x 2", "", {"rule": True}, "stolik 4"]})
PROFILES = pytest.mark.parametrize("profile", ["posnet", "novitus"])
OPENING, LINE, ENDING = "$w 0", "$w", "$w 1"
Answer = Callable[[Sent, bytes], bytes]


def kinds(bench: Bench) -> list[str]:
    return [sheet.kind for sheet in bench.device.register.printouts]


def papers(bench: Bench) -> list[str]:
    return [sheet.text for sheet in bench.device.register.printouts]


def instead(bench: Bench, name: str, number: int, *, executed: bool, nth: int = 1) -> Answer:
    """The n-th such command is answered with that error."""
    left = nth

    def answer(sent: Sent, data: bytes) -> bytes:
        nonlocal left
        left -= sent.name == name and sent.stage is not None
        if left or sent.name != name:
            return bench.answer(data)
        left = -1
        if executed:
            bench.answer(data)
        return result("$w", number)

    return answer


@PROFILES
def test_a_printout(profile: str) -> None:
    bench = Bench("thermal", profile)
    verdict = bench.carry_out(PRINTOUT)
    assert isinstance(verdict, Printed)
    said = verdict.result
    assert (said.number, said.daily_report, said.total, said.due) == (None, 1, None, None)
    assert said.printer_id == bench.device.register.state.unique_number
    assert said.device["numer"] == 1
    assert verdict.paper is Paper.PRINTED
    assert kinds(bench) == ["form"]
    assert bench.changes() == [OPENING, LINE, LINE, LINE, LINE, LINE, ENDING]
    assert [sent.stage for sent in bench.steps if sent.name == LINE] == [Stage.OPENED] * 5
    assert ("Pokwitowanie" in papers(bench)[0]) is (profile == "posnet")


def test_an_innova_is_asked_nothing_that_changes_it() -> None:
    bench = Bench("thermal", "innova")
    verdict = bench.carry_out(PRINTOUT)
    assert isinstance(verdict, NotPrinted)
    assert [error.code for error in verdict.problem.errors or ()] == ["printout.unsupported"]
    assert bench.changes() == []


def test_a_notice_is_reported_after_recovery_too() -> None:
    bench = Bench("thermal", "novitus")
    document = Printout(lines=("Uwaga!",))
    bench.break_off(document, ENDING, executed=True)
    verdict = bench.recover(document)
    assert isinstance(verdict, Printed)
    assert [notice.code for notice in verdict.notices] == ["text.replaced"]


def test_a_printout_in_training_is_believed_without_counters() -> None:
    bench = Bench("thermal", "posnet", fiscal=False)
    bench.device.register.ledger.slip = lambda: None  # type: ignore[method-assign]
    assert isinstance(bench.carry_out(PRINTOUT), Printed)


@pytest.mark.parametrize("stop", [OPENING, LINE])
@PROFILES
def test_a_printout_left_open_is_ended_as_broken_off(profile: str, stop: str) -> None:
    """The sheet says that it was broken off, so that a cook does not prepare from it."""
    bench = Bench("thermal", profile)
    bench.break_off(PRINTOUT, stop, executed=True)
    assert bench.open
    verdict = bench.recover(PRINTOUT)
    assert isinstance(verdict, NotPrinted)
    assert verdict.again
    assert not bench.open
    (paper,) = papers(bench)
    assert BROKEN_OFF in paper
    assert isinstance(bench.carry_out(PRINTOUT), Printed)
    assert BROKEN_OFF not in papers(bench)[1]


@pytest.mark.parametrize("executed", [False, True])
@pytest.mark.parametrize(("number", "again"), [(2, True), (4, True)])
def test_a_refused_line_ends_the_printout(number: int, again: bool, executed: bool) -> None:
    """A number without a check byte, which the printer does not repeat, may be noise. The line is not sent again."""
    bench = Bench("thermal", "posnet")
    verdict = bench.carry_out(PRINTOUT, answer_step=instead(bench, LINE, number, executed=executed, nth=4))
    assert isinstance(verdict, NotPrinted)
    assert verdict.again is again
    (paper,) = papers(bench)
    assert BROKEN_OFF in paper
    assert not bench.open


def test_a_line_that_the_printer_really_refuses_is_named() -> None:
    bench = Bench("thermal", "novitus")
    real = bench.answer

    def answer(sent: Sent, data: bytes) -> bytes:
        return real(data.replace(b"200;0;0;0;0;0;0$w", b"200;9;0;0;0;0;0$w")) if b"stolik" in data else real(data)

    verdict = bench.carry_out(PRINTOUT, answer_step=answer)
    assert isinstance(verdict, NotPrinted)  # the check byte does not fit any more
    assert verdict.again


def test_a_spoiled_opening_is_looked_at_before_anything_else() -> None:
    """A second opening command would be refused as if another program's form were open."""
    for executed in (False, True):
        bench = Bench("thermal", "posnet")
        with pytest.raises(DialogueAborted):
            bench.carry_out(PRINTOUT, answer_step=instead(bench, OPENING, 2, executed=executed))
        verdict = bench.recover(PRINTOUT)
        assert isinstance(verdict, NotPrinted)
        assert verdict.again
        assert kinds(bench) == ["form"] * executed
        assert not bench.open


@pytest.mark.parametrize("executed", [False, True])
@pytest.mark.parametrize("number", [2, 4, 6])
def test_an_end_that_is_said_to_be_refused_is_found_out_by_recovery(number: int, executed: bool) -> None:
    bench = Bench("thermal", "posnet")
    with pytest.raises(DialogueAborted) as stopped:
        bench.carry_out(PRINTOUT, answer_step=instead(bench, ENDING, number, executed=executed))
    assert stopped.value.problem.code == "printer.busy"
    assert isinstance(bench.recover(PRINTOUT), Printed)
    (paper,) = papers(bench)
    assert BROKEN_OFF not in paper


def test_an_end_without_an_answer_is_sent_again_only_if_nothing_was_printed() -> None:
    for executed in (False, True):
        bench = Bench("thermal", "posnet")
        bench.break_off(PRINTOUT, ENDING, executed=executed)
        before = bench.sent.count(ENDING)
        assert isinstance(bench.recover(PRINTOUT), Printed)
        assert kinds(bench) == ["form"]
        assert bench.sent.count(ENDING) - before == (not executed)


@pytest.mark.parametrize("switch", [Switch.QUEUE_FULL, Switch.COPY_BLOCKED])
def test_an_opening_refused_for_a_condition_keeps_the_printout_waiting(switch: Switch) -> None:
    bench = Bench("thermal", "posnet")
    bench.device.faults.switches.add(switch)
    verdict = bench.carry_out(PRINTOUT)
    assert isinstance(verdict, Held)
    assert not verdict.was_open
    assert bench.changes() == [OPENING]


# -- other people at the printer ------------------------------------------------------------------------


def test_another_programs_form_is_left_alone() -> None:
    """It opens its form between our last look and our opening: we do not look into it, and try again later."""
    bench = Bench("thermal", "posnet")
    bench.before(OPENING, lambda: bench.device.foreign_command("$w 0", {"formularz": 22}))
    verdict = bench.carry_out(PRINTOUT)
    assert isinstance(verdict, NotPrinted)
    assert verdict.again
    assert bench.open
    assert bench.changes() == [OPENING]


@pytest.mark.parametrize("at", [LINE, ENDING])
def test_a_person_who_cancels_our_printout_has_decided(at: str) -> None:
    """And what another program opened after that is left alone."""
    bench = Bench("thermal", "posnet")
    if at == ENDING:
        bench.device.register.ledger.slip = lambda: None  # type: ignore[method-assign]

    def others() -> None:
        bench.others_cancel()
        assert bench.device.foreign_begin()

    bench.before(at, others)
    verdict = bench.carry_out(PRINTOUT)
    assert isinstance(verdict, NotPrinted)
    assert (verdict.problem.code, verdict.again) == ("printer.cancelled", False)
    assert bench.device.register.state.transaction is not None
    assert "$e 0" not in bench.sent


@pytest.mark.parametrize("by", ["a person", "a doubled command"])
def test_a_printout_that_ended_before_its_end_is_for_a_person(by: str) -> None:
    """The printer says that none is open, and one was counted: printed, or cancelled on the keypad."""
    bench = Bench("thermal", "posnet")

    def answer(sent: Sent, data: bytes) -> bytes:
        if sent.name != ENDING:
            return bench.answer(data)
        if by == "a person":
            bench.others_cancel()
            return bench.answer(data)
        bench.answer(data)  # this answer is lost on the line
        return bench.answer(data)

    verdict = bench.carry_out(PRINTOUT, answer_step=answer)
    assert cause(verdict) == "vanished"
    assert kinds(bench) == ["cancelled_form" if by == "a person" else "form"]


@pytest.mark.parametrize("executed", [False, True])
def test_recovery_never_cancels_another_programs_receipt(executed: bool) -> None:
    """Not even one that is opened between the look and the line that recovery sends."""
    bench = Bench("thermal", "posnet")
    bench.break_off(PRINTOUT, OPENING, executed=executed)
    begun: list[bool] = []
    bench.before(LINE, lambda: begun.append(bench.device.foreign_begin()))
    bench.before(ENDING, lambda: begun.append(bench.device.foreign_begin()))
    verdict = bench.recover(PRINTOUT)
    assert isinstance(verdict, NotPrinted)
    assert begun[0] is (not executed), "while ours is open, no other can be opened"
    assert bench.device.register.state.day.cancelled_count == 0
    assert "$e 0" not in bench.sent


def test_an_open_receipt_of_others_means_that_our_printout_is_not_open() -> None:
    bench = Bench("thermal", "posnet")
    bench.break_off(PRINTOUT, OPENING, executed=False)
    bench.others_open(100)
    sent = len(bench.steps)
    assert isinstance(bench.recover(PRINTOUT), NotPrinted)
    assert bench.changes(sent) == []
    assert bench.open


def test_a_form_that_was_opened_after_ours_ended_is_left_alone() -> None:
    """Something was printed since ours was open, so what is open now is not ours."""
    bench = Bench("thermal", "posnet")
    bench.break_off(PRINTOUT, LINE, executed=True)
    bench.others_cancel()
    assert bench.device.foreign_command("$w 0", {"formularz": 22})
    sent = len(bench.steps)
    verdict = bench.recover(PRINTOUT)
    assert isinstance(verdict, NotPrinted)
    assert verdict.again
    assert bench.changes(sent) == []
    assert bench.open


def test_a_printout_that_lost_its_power_is_printed_again() -> None:
    """Every printed document has a number, so one that has none was not printed."""
    bench = Bench("thermal", "posnet")
    bench.break_off(PRINTOUT, ENDING, executed=False)
    bench.device.power(on=False)
    bench.device.power(on=True)
    bench.line.receive()
    verdict = bench.settle(PRINTOUT, lambda: bench.recover(PRINTOUT))
    assert isinstance(verdict, NotPrinted)
    assert verdict.again
    assert bench.sheets == 0


def test_a_printout_that_lost_its_power_before_a_foreign_receipt() -> None:
    bench = Bench("thermal", "posnet")
    bench.break_off(PRINTOUT, ENDING, executed=False)
    bench.device.power(on=False)
    bench.device.power(on=True)
    bench.others_receipt(777)
    sent = len(bench.steps)
    verdict = bench.recover(PRINTOUT)
    assert isinstance(verdict, NotPrinted)
    assert verdict.again
    assert bench.changes(sent) == [], "ours is not open any more"


def test_a_printer_that_counts_at_the_opening_proves_nothing_at_the_end() -> None:
    """The reference does not say when a form gets its number."""
    bench = Bench("thermal", "posnet")
    bench.before(OPENING, bench.device.register.ledger.count_printout)
    bench.break_off(PRINTOUT, ENDING, executed=False)
    bench.device.power(on=False)
    bench.device.power(on=True)
    assert cause(bench.settle(PRINTOUT, lambda: bench.recover(PRINTOUT))) == "vanished"


def test_a_slip_of_others_after_our_printout_is_unproven() -> None:
    bench = Bench("thermal", "posnet")
    bench.break_off(PRINTOUT, ENDING, executed=True)
    bench.others_pay_in()
    assert cause(bench.recover(PRINTOUT)) == "many_slips"


def test_a_daily_report_after_our_printout_leaves_it_unproven() -> None:
    bench = Bench("thermal", "posnet")
    bench.others_receipt(777)
    bench.break_off(PRINTOUT, ENDING, executed=True)
    bench.others_report()
    assert cause(bench.recover(PRINTOUT)) == "report_between"


def test_a_confirmed_printout_is_done_whatever_follows() -> None:
    bench = Bench("thermal", "posnet")
    bench.others_receipt(777)

    def answer(sent: Sent, data: bytes) -> bytes:
        found = bench.answer(data)
        if sent.name == ENDING:
            bench.others_report()
        return found

    assert isinstance(bench.carry_out(PRINTOUT, answer_step=answer), Printed)


@pytest.mark.parametrize("number", [2, 112])
def test_recovery_waits_if_the_printer_does_not_say_whether_ours_is_open(number: int) -> None:
    bench = Bench("thermal", "posnet")
    bench.break_off(PRINTOUT, OPENING, executed=True)
    with pytest.raises(DialogueAborted):
        bench.recover(PRINTOUT, answer=instead(bench, LINE, number, executed=False))
    with pytest.raises(DialogueAborted):
        bench.recover(PRINTOUT, answer=instead(bench, ENDING, number, executed=False))
    assert isinstance(bench.recover(PRINTOUT), NotPrinted)
    assert not bench.open


def test_another_printer_that_answers_our_opening_is_noticed() -> None:
    bench, other = Bench("thermal", "posnet"), Bench("thermal", "posnet", unique_number="EMU 0000000002")

    def answer(sent: Sent, data: bytes) -> bytes:
        return bench.answer(data) if sent.stage is None or sent.name == OPENING else other.answer(data)

    with pytest.raises(DialogueAborted):
        bench.carry_out(PRINTOUT, answer_step=answer)
    assert isinstance(other.drive(other.family.recover(PRINTOUT, other.settings, bench.journal.checkpoint)), Wait)
    assert isinstance(bench.recover(PRINTOUT), NotPrinted)


def test_evidence_without_a_profile_is_unusable() -> None:
    bench = Bench("thermal", "posnet")
    bench.break_off(PRINTOUT, OPENING, executed=True)
    checkpoint = bench.journal.checkpoint
    lost: Any = checkpoint.before.model_copy(update={"profile": None})
    with pytest.raises(ValueError, match="lost"):
        bench.drive(bench.family.recover(PRINTOUT, bench.settings, type(checkpoint)(Stage.STARTED, lost)))
