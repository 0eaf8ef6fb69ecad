"""Printouts over the emulated printer, step by step."""

from __future__ import annotations

import pytest

from fiscald.model.jobs import Paper
from fiscald.model.printout import Printout
from fiscald.protocols.base import DialogueAborted, NotPrinted, Printed, Unknown
from fiscald.protocols.posnet.family import FAMILY
from fiscald.protocols.posnet.grammar import State
from tests.emulator.posnet.talking import Talk
from tests.protocols import settings as settings_of
from tests.protocols.posnet.bench import NU, PLAIN, PRINTOUT, SETTINGS, Bench
from tests.protocols.posnet.scripted import drive, frame, payload

# -- printouts -------------------------------------------------------------------------------------------


def kinds(bench: Bench) -> list[str]:
    return [sheet.kind for sheet in bench.talk.register.printouts]


def form_is_open(bench: Bench) -> bool:
    return bench.talk.printer.memory.state is State.FORM


@pytest.mark.parametrize("profile", ["online", "old"])
def test_a_printout(profile: str) -> None:
    bench = Bench(Talk(profile=profile))
    verdict = bench.carry_out(PRINTOUT, settings=settings_of.posnet(profile=profile))
    assert isinstance(verdict, Printed)
    result = verdict.result
    assert (result.number, result.daily_report, result.total, result.printer_id) == (None, 1, None, NU)
    assert result.device["hn"] == 1
    assert verdict.paper is Paper.PRINTED
    assert kinds(bench) == ["form"]
    changes = [text for text in bench.sent if text.startswith(("form", "prncancel"))]
    assert changes == [
        "formstart|fn200|fh75|alZamówienie 17|",
        "formline|fn200|fl711|s1Żurek x 2|",
        "formcmd|fn200|cm0|",
        "formcmd|fn200|cm1|",
        "formline|fn200|fl711|s1stolik 4|",
        "formbarcode|fn200|bcZ17|",
        "formend|fn200|",
    ]
    assert bench.sent[: bench.sent.index(changes[0])][-5:] == ["!sdev|", "scomm|", "strns|", "scnt|", "stot|"]


def test_a_replaced_character_is_reported_after_recovery_too() -> None:
    settings = settings_of.posnet("mazovia", "online")
    document = Printout(lines=("„Żuk”",))
    bench = Bench(Talk(code_page="mazovia"))
    bench.break_off(document, lambda mnemonic: mnemonic == "formend", executed=True, settings=settings)
    verdict = bench.recover(document, settings=settings)
    assert isinstance(verdict, Printed)
    assert [notice.code for notice in verdict.notices] == ["text.replaced"]


def test_a_refused_line_cancels_our_printout_and_names_the_line() -> None:
    bench = Bench()
    real = bench.answer

    def refusing(data: bytes) -> bytes:
        return frame("formline\t?2502\t") if "stolik" in payload(data) else real(data)

    verdict = drive(FAMILY.carry_out(PRINTOUT, SETTINGS, None), refusing)
    assert isinstance(verdict, NotPrinted)
    assert verdict.problem.detail.startswith("/document/lines/3: ")
    assert verdict.problem.device_code == "2502 ERR_FORM_LINE_NO"
    assert not verdict.again
    assert kinds(bench) == ["cancelled_form"]


def test_a_line_of_a_printout_corrupted_by_noise_restarts_it() -> None:
    """No sum would tell that the line was printed twice, so it is not sent again."""
    bench = Bench()
    real = bench.answer

    def noisy(data: bytes) -> bytes:
        answer = real(data)
        return frame("ERR\t?5\t") if "stolik" in payload(data) else answer

    verdict = drive(FAMILY.carry_out(PRINTOUT, SETTINGS, None), noisy)
    assert isinstance(verdict, NotPrinted)
    assert verdict.again
    assert kinds(bench) == ["cancelled_form"]
    assert sum("stolik" in text for text in bench.sent) == 1


def test_a_spoiled_opening_of_a_printout_is_looked_at_before_anything_else() -> None:
    bench = Bench()
    real = bench.answer

    def noisy(data: bytes) -> bytes:
        answer = real(data)
        return frame("ERR\t?5\t") if payload(data).startswith("formstart") else answer

    with pytest.raises(DialogueAborted):
        drive(FAMILY.carry_out(PRINTOUT, SETTINGS, None), noisy, journal=bench.journal)
    verdict = bench.recover(PRINTOUT)
    assert isinstance(verdict, NotPrinted)
    assert verdict.again
    assert kinds(bench) == ["cancelled_form"]


def test_a_spoiled_end_of_a_printout_is_finished_by_recovery() -> None:
    bench = Bench()
    real = bench.answer

    def noisy(data: bytes) -> bytes:
        return frame("ERR\t?5\t") if payload(data).startswith("formend") else real(data)

    with pytest.raises(DialogueAborted):
        drive(FAMILY.carry_out(PRINTOUT, SETTINGS, None), noisy, journal=bench.journal)
    assert isinstance(bench.recover(PRINTOUT), Printed)
    assert kinds(bench) == ["form"]


def test_a_refused_end_of_a_printout_cancels_it() -> None:
    bench = Bench()
    real = bench.answer

    def refusing(data: bytes) -> bytes:
        return frame("formend\t?2501\t") if payload(data).startswith("formend") else real(data)

    verdict = drive(FAMILY.carry_out(PRINTOUT, SETTINGS, None), refusing)
    assert isinstance(verdict, NotPrinted)
    assert verdict.problem.device_code == "2501 ERR_FORM_ID"
    assert kinds(bench) == ["cancelled_form"]


@pytest.mark.parametrize(("at", "counted"), [("stolik", True), ("formend", False)])
def test_a_person_who_cancels_our_printout_has_decided(at: str, counted: bool) -> None:
    """And what another program opened after that is left alone."""
    bench = Bench()
    real = bench.answer
    if not counted:
        bench.talk.register.ledger.slip = lambda: None  # type: ignore[method-assign]

    def answer(data: bytes) -> bytes:
        if at in payload(data):
            bench.talk.printer.keypad_cancel()
            assert bench.talk.printer.foreign_begin()
        return real(data)

    verdict = drive(FAMILY.carry_out(PRINTOUT, SETTINGS, None), answer)
    assert isinstance(verdict, NotPrinted)
    assert verdict.problem.code == "printer.cancelled"
    assert not verdict.again
    assert bench.talk.register.state.transaction is not None
    assert "prncancel|" not in bench.sent


@pytest.mark.parametrize("by", ["a person", "a doubled command"])
def test_a_printout_that_ended_before_its_end_is_for_a_person(by: str) -> None:
    """The printer says that none is open, and one was counted: printed, or cancelled on the keypad."""
    bench = Bench()
    real = bench.answer

    def answer(data: bytes) -> bytes:
        if not payload(data).startswith("formend"):
            return real(data)
        if by == "a person":
            bench.talk.printer.keypad_cancel()
            return real(data)
        # The first answer loses its beginning on the line, and so does not even count as damaged.
        return real(data)[1:] + real(data)

    verdict = drive(FAMILY.carry_out(PRINTOUT, SETTINGS, None), answer)
    assert isinstance(verdict, Unknown)
    assert verdict.problem.model_extra == {"cause": "vanished"}
    assert kinds(bench) == ["cancelled_form" if by == "a person" else "form"]


@pytest.mark.parametrize("executed", [False, True])
def test_the_recovery_of_a_printout_never_cancels_another_programs_receipt(executed: bool) -> None:
    """Not even one that is opened between the look and the cancelling."""
    bench = Bench()
    bench.break_off(PRINTOUT, lambda mnemonic: mnemonic == "formstart", executed=executed)
    real = bench.answer
    begun = []

    def answer(data: bytes) -> bytes:
        if payload(data).startswith(("formcmd", "prncancel")):
            begun.append(bench.talk.printer.foreign_begin())
        return real(data)

    verdict = drive(FAMILY.recover(PRINTOUT, SETTINGS, bench.journal.checkpoint), answer, journal=bench.journal)
    assert isinstance(verdict, NotPrinted)
    assert begun[0] is (not executed), "while ours is open, no other can be opened"
    assert bench.talk.register.state.day.cancelled_count == 0
    assert ("prncancel|" in bench.sent) is executed


def test_an_open_receipt_of_others_means_that_our_printout_is_not_open() -> None:
    bench = Bench()
    bench.break_off(PRINTOUT, lambda mnemonic: mnemonic == "formstart", executed=False)
    bench.talk.say("trinit|")
    sent = len(bench.sent)
    verdict = bench.recover(PRINTOUT)
    assert isinstance(verdict, NotPrinted)
    assert not [text for text in bench.sent[sent:] if text.startswith(("form", "prncancel"))]


def test_a_slip_of_others_before_our_printout_was_open_is_not_taken_for_it() -> None:
    bench = Bench()
    real = bench.talk.printer.receive

    def receive(data: bytes, now: float) -> None:
        if payload(data).startswith("formstart"):
            bench.talk.register.ledger.slip()
        real(data, now)

    bench.talk.printer.receive = receive  # type: ignore[method-assign]
    bench.break_off(PRINTOUT, lambda mnemonic: mnemonic == "formend", executed=False)
    assert isinstance(bench.recover(PRINTOUT), Printed)
    assert kinds(bench) == ["form"], "it was still open, and was finished"


def test_a_slip_of_others_after_our_printout_is_unproven() -> None:
    bench = Bench()
    bench.break_off(PRINTOUT, lambda mnemonic: mnemonic == "formend", executed=True)
    bench.talk.say("cash|kw1|wp1|")
    verdict = bench.recover(PRINTOUT)
    assert isinstance(verdict, Unknown)
    assert verdict.problem.model_extra == {"cause": "many_slips"}


def test_a_daily_report_after_our_printout_leaves_it_unproven() -> None:
    bench = Bench()
    bench.carry_out(PLAIN)
    bench.break_off(PRINTOUT, lambda mnemonic: mnemonic == "formend", executed=True)
    bench.talk.say("dailyrep|da2026-10-09|")
    verdict = bench.recover(PRINTOUT)
    assert isinstance(verdict, Unknown)
    assert verdict.problem.model_extra == {"cause": "report_between"}


def test_a_confirmed_printout_is_done_whatever_follows() -> None:
    bench = Bench()
    bench.carry_out(PLAIN)
    real = bench.answer

    def answer(data: bytes) -> bytes:
        found = real(data)
        if payload(data).startswith("formend"):
            bench.talk.printer.keypad_report()
        return found

    assert isinstance(drive(FAMILY.carry_out(PRINTOUT, SETTINGS, None), answer), Printed)


def test_a_printout_that_is_gone_without_a_trace_is_for_a_person() -> None:
    """A printer that does not count forms may have printed it; fiscald does not print a second one on a guess."""
    bench = Bench()
    bench.break_off(PRINTOUT, lambda mnemonic: mnemonic == "formend", executed=False)
    bench.talk.printer.memory.state = State.IDLE
    verdict = bench.recover(PRINTOUT)
    assert isinstance(verdict, Unknown)
    assert verdict.problem.model_extra == {"cause": "vanished"}


def test_a_printer_that_does_not_count_printouts_is_believed() -> None:
    bench = Bench()
    bench.talk.register.ledger.slip = lambda: None  # type: ignore[method-assign]
    assert isinstance(bench.carry_out(PRINTOUT), Printed)
