"""Dialogues over the emulated printer: what only POSNET printers do. What every family does: ``tests.conformance``."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from fiscald.emulator.memory import RegisterState
from fiscald.model.cash import CashIn, CashOut, GoodsReturn
from fiscald.model.jobs import Paper
from fiscald.model.receipt import Buyer
from fiscald.model.reports import DailyReport
from fiscald.protocols.base import DialogueAborted, Held, NotPrinted, Printed, Unknown, Wait
from fiscald.protocols.posnet.family import FAMILY
from fiscald.protocols.posnet.grammar import State
from tests.emulator.posnet.talking import Talk
from tests.protocols import settings as settings_of
from tests.protocols.posnet.bench import NU, PLAIN, RECEIPT, SETTINGS, Bench
from tests.protocols.posnet.scripted import drive, frame, payload

# -- good ways -------------------------------------------------------------------------------------------


def test_a_receipt() -> None:
    bench = Bench()
    verdict = bench.carry_out(RECEIPT)
    assert isinstance(verdict, Printed)
    result = verdict.result
    assert (result.number, result.daily_report, result.total, result.printer_id) == (1, 1, Decimal("11.50"), NU)
    assert result.printed_at is not None
    assert result.printed_at.isoformat() == "2026-10-09T11:44:00+02:00"
    assert result.device == {"hn": 1, "bn": 1, "bt": 1, "rd": 0, "di": 6}
    assert verdict.paper is Paper.PRINTED
    assert "Dzięki" in bench.talk.paper


def test_a_daily_report() -> None:
    bench = Bench()
    bench.carry_out(RECEIPT)
    verdict = bench.carry_out(DailyReport())
    assert isinstance(verdict, Printed)
    assert (verdict.result.number, verdict.result.daily_report) == (1, 1)
    assert "dailyrep|da2026-10-09|" in bench.sent


def test_a_printer_that_is_not_fiscalised_prints_too() -> None:
    verdict = Bench(Talk(state=RegisterState(fiscal=False))).carry_out(RECEIPT)
    assert isinstance(verdict, Printed)


def test_a_training_printer_whose_counters_stand_still_is_believed() -> None:
    """Whether counters move before fiscalisation is not documented."""
    bench = Bench(Talk(state=RegisterState(fiscal=False)))
    real = bench.answer

    def standing_still(data: bytes) -> bytes:
        if payload(data) == "scnt\t":
            return frame(f"scnt\trd0\thn0\tbn0\tfn0\tnu{NU}\tbc0\tbt0\tfc0\t")
        return real(data)

    verdict = drive(FAMILY.carry_out(RECEIPT, SETTINGS, None), standing_still)
    assert isinstance(verdict, Printed)


def test_an_older_printer() -> None:
    settings = settings_of.posnet()
    bench = Bench(Talk(profile="old"))
    verdict = bench.carry_out(RECEIPT, settings=settings)
    assert isinstance(verdict, Printed)
    assert verdict.result.number == 1
    assert bench.sent[0] == "sid|", "the model tells which dialect to speak"
    bench.talk.printer.faults.clear()
    refused = bench.carry_out(RECEIPT.model_copy(update={"buyer": Buyer(nip="5260250274")}), settings=settings)
    assert isinstance(refused, NotPrinted)
    assert refused.problem.code == "document.refused"


# -- refusals --------------------------------------------------------------------------------------------


def test_a_refused_line_cancels_our_receipt_and_names_the_line() -> None:
    bench = Bench()
    for rate in (1, 2):  # sold at 8 %, then at 5 %: raising it again is refused
        bench.talk.sell([f"trline|naBułka|vt{rate}|pr100|"], "trend|to100|")
    document = RECEIPT.model_copy(
        update={"lines": (RECEIPT.lines[0], RECEIPT.lines[1].model_copy(update={"vat": "8%"}))}
    )
    verdict = bench.carry_out(document)
    assert isinstance(verdict, NotPrinted)
    assert verdict.problem.code == "printer.refused"
    assert verdict.problem.device_code == "2106 ERR_DF_DB_LOCKED"
    assert verdict.problem.detail.startswith("/document/lines/1: ")
    assert "stawką PTU" in verdict.problem.detail_pl
    assert bench.talk.register.state.transaction is None
    assert bench.talk.register.state.day.cancelled_count == 1
    assert not verdict.again


def test_a_zero_report_is_refused_by_the_printer() -> None:
    bench = Bench()
    bench.carry_out(RECEIPT)
    bench.carry_out(DailyReport())
    verdict = bench.carry_out(DailyReport())
    assert isinstance(verdict, NotPrinted)
    assert verdict.problem.device_code == "382 ERR_RD_ZERO"


def test_a_report_that_midnight_overtakes_is_made_with_the_new_date() -> None:
    """The date was asked on the old day, and refused on the new one."""
    bench = Bench()
    bench.carry_out(RECEIPT)
    real = bench.answer

    def answer(data: bytes) -> bytes:
        if payload(data).startswith("dailyrep"):
            bench.talk.moment += timedelta(days=1)
        return real(data)

    verdict = drive(FAMILY.carry_out(DailyReport(), SETTINGS, None), answer)
    assert isinstance(verdict, NotPrinted)
    assert verdict.again
    assert isinstance(bench.carry_out(DailyReport()), Printed)


def test_too_much_cash_out_is_decided_by_the_counters() -> None:
    """Error 503 does not say whether the slip was booked; the counters do."""
    verdict = Bench().carry_out(CashOut(amount=Decimal("1.00")))
    assert isinstance(verdict, NotPrinted)
    assert verdict.problem.device_code == "503 ERR_CASH_OUT_BELOW_0"


def test_a_document_waits_for_room_in_the_queue() -> None:
    bench = Bench()
    real = bench.answer
    full = [True]

    def sometimes_full(data: bytes) -> bytes:
        if payload(data).startswith("cash") and full.pop():
            return frame("ERR\t?14\tcmcash\t")
        return real(data)

    verdict = drive(FAMILY.carry_out(CashIn(amount=Decimal("0.05")), SETTINGS, None), sometimes_full)
    assert isinstance(verdict, Held)
    assert (verdict.problem.code, verdict.was_open) == ("printer.busy", False)


def test_a_line_spoiled_by_noise_is_sent_once_more() -> None:
    bench = Bench()
    real = bench.answer
    noise = [True]

    def noisy(data: bytes) -> bytes:
        if payload(data).startswith("trline") and noise and noise.pop():
            return frame("ERR\t?5\t")
        return real(data)

    verdict = drive(FAMILY.carry_out(RECEIPT, SETTINGS, None), noisy)
    assert isinstance(verdict, Printed)
    assert bench.talk.register.state.day.receipts[0] == 1000


def test_a_line_that_noise_doubled_is_caught_by_the_total() -> None:
    """The printer executed the line, yet an error frame came: sent again it is sold twice, and trend is refused."""
    bench = Bench()
    real = bench.answer
    noise = [True]

    def noisy(data: bytes) -> bytes:
        answer = real(data)
        if payload(data).startswith("trline") and noise and noise.pop():
            return frame("ERR\t?5\t")
        return answer

    verdict = drive(FAMILY.carry_out(RECEIPT, SETTINGS, None), noisy)
    assert isinstance(verdict, NotPrinted)
    assert verdict.again, "the document is good; the line was bad"
    assert bench.talk.register.state.day.receipt_count == 0
    assert bench.talk.register.state.day.cancelled_count == 1


def test_a_closing_step_spoiled_by_noise_is_never_sent_again() -> None:
    bench = Bench()
    real = bench.answer

    def noisy(data: bytes) -> bytes:
        return frame("ERR\t?5\t") if payload(data).startswith("cash") else real(data)

    verdict = drive(FAMILY.carry_out(CashIn(amount=Decimal("0.05")), SETTINGS, None), noisy)
    assert isinstance(verdict, NotPrinted)
    assert verdict.again
    assert bench.talk.register.state.printout_count == 0


def test_a_refused_footer_line_is_a_note_and_no_failure() -> None:
    bench = Bench()
    real = bench.answer

    def refusing(data: bytes) -> bytes:
        return frame("trftrln\t?2702\t") if payload(data).startswith("trftrln") else real(data)

    verdict = drive(FAMILY.carry_out(RECEIPT, SETTINGS, None), refusing)
    assert isinstance(verdict, Printed)
    assert [notice.pointer for notice in verdict.notices] == ["/document/footer/0"]


def test_a_spoiled_end_of_the_footer_is_sent_again() -> None:
    """Without it the sheet never comes out, and the printer takes nothing else."""
    bench = Bench()
    real = bench.answer
    noise = [True]

    def noisy(data: bytes) -> bytes:
        if payload(data).startswith("trftrend") and noise and noise.pop():
            return frame("ERR\t?5\t")
        return real(data)

    verdict = drive(FAMILY.carry_out(RECEIPT, SETTINGS, None), noisy)
    assert isinstance(verdict, Printed)
    assert [sheet.kind for sheet in bench.talk.register.printouts] == ["receipt"]
    assert isinstance(bench.carry_out(RECEIPT), Printed)


def test_a_footer_that_cannot_be_finished_is_not_called_done() -> None:
    bench = Bench()
    real = bench.answer

    def refusing(data: bytes) -> bytes:
        return frame("trftrend\t?2062\t") if payload(data).startswith("trftrend") else real(data)

    with pytest.raises(DialogueAborted, match="footer"):
        drive(FAMILY.carry_out(RECEIPT, SETTINGS, None), refusing, journal=bench.journal)
    verdict = bench.recover(RECEIPT)
    assert isinstance(verdict, Printed), "on the next look it is finished"
    assert verdict.result.number == 1


def test_another_programs_open_footer_is_waited_for() -> None:
    bench = Bench()
    bench.talk.sell(["trline|naWoda|vt0|pr200|"], "trend|to200|fe0|")
    verdict = bench.carry_out(RECEIPT)
    assert isinstance(verdict, Wait)
    assert verdict.problem.code == "printer.foreign_transaction"


def test_the_foot_of_a_receipt_that_was_given_up_is_printed_nowhere() -> None:
    bench = Bench()
    named = PLAIN.model_copy(update={"system_number": "FV-1"})
    for stop in ("trinit", "ftrcfg", "trline"):
        bench.break_off(named, lambda mnemonic, stop=stop: mnemonic == stop, executed=True)  # type: ignore[misc]
        assert isinstance(bench.recover(named), NotPrinted)
        bench.carry_out(CashIn(amount=Decimal("0.05")))
        bench.carry_out(PLAIN)
    good = [sheet for sheet in bench.talk.register.printouts if not sheet.kind.startswith("cancelled")]
    assert len(good) == 6
    assert not any("FV-1" in sheet.text for sheet in good)


def test_an_answer_that_makes_no_sense_interrupts() -> None:
    bench = Bench()
    real = bench.answer

    def odd(data: bytes) -> bytes:
        return frame("scnt\trdx\t") if payload(data) == "scnt\t" else real(data)

    with pytest.raises(DialogueAborted, match="scnt"):
        drive(FAMILY.carry_out(RECEIPT, SETTINGS, None), odd)


# -- recovery --------------------------------------------------------------------------------------------

STEPS = ["trinit", "trline", "trpayment"]


def test_counters_that_went_back_prove_nothing() -> None:
    bench = Bench()
    for _ in range(3):
        bench.carry_out(PLAIN)
    bench.break_off(PLAIN, lambda mnemonic: mnemonic == "trend", executed=True)
    bench.talk.register.state.day.receipt_count = 1
    verdict = bench.recover(PLAIN)
    assert isinstance(verdict, Unknown)
    assert verdict.problem.model_extra == {"cause": "counters_restored"}


def test_a_line_refused_in_somebody_elses_receipt_cancels_nothing() -> None:
    """A person cancelled ours, another program opened its own, and our next line ended up there."""
    bench = Bench()
    for rate in (1, 2):
        bench.talk.sell([f"trline|naBułka|vt{rate}|pr100|"], "trend|to100|")
    document = PLAIN.model_copy(update={"lines": (PLAIN.lines[0], PLAIN.lines[1].model_copy(update={"vat": "8%"}))})
    real = bench.answer

    def answer(data: bytes) -> bytes:
        if "Bułka" in payload(data):
            bench.talk.printer.keypad_cancel()
            assert bench.talk.printer.foreign_begin()
        return real(data)

    verdict = drive(FAMILY.carry_out(document, SETTINGS, None), answer)
    assert isinstance(verdict, NotPrinted)
    assert verdict.problem.code == "printer.cancelled"
    assert not verdict.again
    assert bench.talk.register.state.transaction is not None
    assert "prncancel|" not in bench.sent


def test_a_receipt_cancelled_before_it_was_looked_at_is_not_taken_for_open() -> None:
    """Cancelled on the keypad right after its opening: what is opened next is somebody else's, whatever comes."""
    bench = Bench()
    real = bench.answer

    def answer(data: bytes) -> bytes:
        found = real(data)
        if payload(data).startswith("trinit"):
            bench.talk.printer.keypad_cancel()
        return found

    verdict = drive(FAMILY.carry_out(PLAIN, SETTINGS, None), answer)
    assert isinstance(verdict, NotPrinted)
    assert verdict.problem.code == "printer.cancelled"
    assert not any(mnemonic.startswith(("trline", "prncancel")) for mnemonic in bench.sent)


def test_what_was_found_out_later_has_the_time_of_the_sale() -> None:
    bench = Bench()
    bench.break_off(PLAIN, lambda mnemonic: mnemonic == "trend", executed=True)
    sold = bench.talk.register.clock.now()
    bench.talk.register.state.clock_offset += 3600
    verdict = bench.recover(PLAIN)
    assert isinstance(verdict, Printed)
    assert verdict.result.printed_at == sold


def test_a_confirmed_slip_that_moved_no_counter_is_contradictory() -> None:
    bench = Bench()
    bench.talk.register.state.cash = 1000
    real = bench.answer
    paused = []

    def answer(data: bytes) -> bytes:
        return frame("stocash\t") if payload(data).startswith("stocash") else real(data)

    verdict = drive(
        FAMILY.carry_out(GoodsReturn(amount=Decimal("1.00")), SETTINGS, None), answer, paused=lambda: paused.append(1)
    )
    assert isinstance(verdict, Unknown)
    assert verdict.problem.model_extra == {"cause": "contradiction"}
    assert len(paused) == 2, "it was looked at again before"


def test_a_receipt_that_vanished_without_a_trace_is_for_a_person() -> None:
    """It was open, the closing step was sent; now nothing is open, and no counter has moved (9.3)."""
    bench = Bench()
    assert bench.break_off(RECEIPT, lambda mnemonic: mnemonic == "trend", executed=False)
    bench.talk.register.state.transaction = None
    bench.talk.printer.memory.state = State.IDLE
    verdict = bench.recover(RECEIPT)
    assert isinstance(verdict, Unknown)
    assert verdict.problem.model_extra == {"cause": "vanished"}


def test_a_slip_among_other_documents_is_unproven() -> None:
    bench = Bench()
    bench.break_off(CashIn(amount=Decimal("0.05")), lambda mnemonic: mnemonic == "cash", executed=True)
    bench.talk.say("cash|kw1|wp1|")
    assert isinstance(bench.recover(CashIn(amount=Decimal("0.05"))), Unknown)


def test_old_counters_that_arrive_late_give_no_wrong_number() -> None:
    """A serial line delivers an answer of ten seconds ago to the question about our open receipt."""
    bench = Bench()
    old = bench.answer(frame("scnt\t"))
    bench.carry_out(RECEIPT)
    late: list[bytes] = []

    def answer(data: bytes) -> bytes:
        answered = bench.answer(data)
        if payload(data).startswith("trinit"):
            late.append(old)
        return late.pop() if late and payload(data).startswith("scnt") else answered

    verdict = drive(FAMILY.carry_out(PLAIN, SETTINGS, None), answer)
    assert isinstance(verdict, Printed)
    assert verdict.result.number == 2


def test_totals_that_are_newer_than_the_counters_give_no_wrong_number() -> None:
    """Between the counters of our open receipt and the day's totals, another program cancels it, sells, and opens one."""
    bench = Bench(Talk(profile="old"))  # it counts cancelled receipts in the totals only
    others = ["prncancel\t", "trinit\tbm0\t", "trline\tnaObcy\tvt0\tpr33\t", "trend\tto33\t", "trinit\tbm0\t"]
    asked: list[str] = []

    def answer(data: bytes) -> bytes:
        command = payload(data).partition("\t")[0]
        was_counted = asked[-2:] in (["trinit", "scnt"], ["stot", "scnt"]) and "trinit" in asked
        if command == "stot" and was_counted and others:
            for other in others:
                assert b"?" not in bench.answer(frame(other))
            others.clear()
        asked.append(command)
        return bench.answer(data)

    verdict = drive(FAMILY.carry_out(PLAIN, SETTINGS, None), answer)
    assert not others
    assert isinstance(verdict, Printed)
    assert verdict.result.number == 2
