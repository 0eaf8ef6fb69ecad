"""Dialogues over the emulated printer, step by step: good ways, refusals, and what recovery finds out."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from decimal import Decimal

import pytest

from fiscald.emulator.faults import Switch
from fiscald.emulator.memory import RegisterState
from fiscald.model.documents import (
    Buyer,
    CashIn,
    CashOut,
    DailyReport,
    Document,
    Drawer,
    GoodsReturn,
    Printout,
    Receipt,
)
from fiscald.model.jobs import Paper
from fiscald.model.printers import PrinterState
from fiscald.model.problems import Fate
from fiscald.protocols.base import DialogueAborted, Held, NotPrinted, Printed, Settings, Unknown, Verdict, Wait
from fiscald.protocols.posnet import queries
from fiscald.protocols.posnet.evidence import PosnetLook
from fiscald.protocols.posnet.family import FAMILY
from fiscald.protocols.posnet.grammar import State
from tests.emulator.posnet.talking import Talk
from tests.protocols import settings as settings_of
from tests.protocols.driving import Journal
from tests.protocols.posnet.scripted import drive, frame, payload

SETTINGS = settings_of.posnet(profile="online")
RECEIPT = Receipt.model_validate(
    {
        "lines": [{"name": "Kawa", "price": "10.00", "vat": "A"}, {"name": "Bułka", "price": "1.50", "vat": "5%"}],
        "footer": ["Dzięki"],
    }
)
PLAIN = RECEIPT.model_copy(update={"footer": ()})
PRINTOUT = Printout.model_validate(
    {"title": "Zamówienie 17", "lines": ["Żurek x 2", "", {"rule": True}, "stolik 4"], "barcode": "Z17"}
)
SLIPS: list[Document] = [
    CashIn(amount=Decimal("5.00")),
    CashOut(amount=Decimal("1.00")),
    GoodsReturn(amount=Decimal("1.00")),
]
NU = "EMU 0000000001"


class Bench:
    """A printer that answers at once, and can be made to fail at a chosen command."""

    def __init__(self, talk: Talk | None = None) -> None:
        self.talk = talk or Talk()
        self.sent: list[str] = []
        self.journal = Journal()

    def answer(self, data: bytes) -> bytes:
        self.sent.append(payload(data).replace("\t", "|"))
        self.talk.printer.receive(data, 0.0)
        return self.talk.printer.poll(0.0)

    def carry_out(self, document: Document, *, printer_id: str | None = None, settings: Settings = SETTINGS) -> Verdict:
        self.journal = Journal()
        return drive(FAMILY.carry_out(document, settings, printer_id), self.answer, journal=self.journal)

    def break_off(
        self, document: Document, stop: Callable[[str], bool], *, executed: bool, settings: Settings = SETTINGS
    ) -> bool:
        """Carry out until a command for which ``stop`` is true, and lose the line around it. Whether committing."""
        self.journal = Journal()

        def answer(data: bytes) -> bytes:
            if self.journal.last and stop(payload(data).split("\t")[0]):
                if executed:
                    self.answer(data)
                raise LineLost
            return self.answer(data)

        with pytest.raises(LineLost):
            drive(FAMILY.carry_out(document, settings, None), answer, journal=self.journal)
        return self.journal.committing

    def recover(
        self, document: Document, *, settings: Settings = SETTINGS, paused: Callable[[], None] = lambda: None
    ) -> Verdict:
        steps = FAMILY.recover(document, settings, self.journal.checkpoint)
        return drive(steps, self.answer, journal=self.journal, paused=paused)


def _ignore(_: object) -> None:
    """For lambdas."""


class LineLost(Exception):
    """The line broke."""


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


def test_nothing_is_sent_but_queries_before_the_evidence() -> None:
    bench = Bench()
    bench.carry_out(RECEIPT)
    first_change = next(i for i, text in enumerate(bench.sent) if text.startswith("trinit"))
    assert bench.sent[:first_change] == ["!sdev|", "scomm|", "strns|", "scnt|", "stot|"]


@pytest.mark.parametrize("document", SLIPS, ids=lambda d: d.type)
def test_slips(document: Document) -> None:
    bench = Bench()
    bench.talk.register.state.cash = 1000
    verdict = bench.carry_out(document)
    assert isinstance(verdict, Printed)
    assert verdict.result.number is None
    assert verdict.result.device["hn"] == 1
    assert [sheet.kind for sheet in bench.talk.register.printouts] == [document.type]


def test_a_daily_report() -> None:
    bench = Bench()
    bench.carry_out(RECEIPT)
    verdict = bench.carry_out(DailyReport())
    assert isinstance(verdict, Printed)
    assert (verdict.result.number, verdict.result.daily_report) == (1, 1)
    assert "dailyrep|da2026-10-09|" in bench.sent


def test_the_drawer() -> None:
    bench = Bench()
    verdict = bench.carry_out(Drawer())
    assert isinstance(verdict, Printed)
    assert verdict.paper is Paper.NONE
    assert bench.talk.register.state.drawer_openings == 1


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


# -- waiting ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("switch", "code"),
    [
        (Switch.PAPER_OUT, "printer.paper_out"), (Switch.COVER, "printer.cover_open"), (Switch.LEVER, "printer.cover_open"),
        (Switch.MENU, "printer.attention"), (Switch.WAIT_KEY, "printer.attention"),
    ],
)  # fmt: skip
@pytest.mark.parametrize(
    "document", [RECEIPT, DailyReport(), CashIn(amount=Decimal("0.01")), PRINTOUT, Drawer()], ids=lambda d: d.type
)
def test_a_printer_that_is_not_ready_is_waited_for(document: Document, switch: Switch, code: str) -> None:
    bench = Bench()
    bench.talk.printer.faults.switches.add(switch)
    verdict = bench.carry_out(document)
    assert isinstance(verdict, Wait)
    assert verdict.problem.code == code
    assert verdict.problem.document is Fate.NOT_PRINTED
    assert bench.sent in (["!sdev|", "!sprn|"], ["!sdev|"])


def test_another_programs_receipt_is_never_touched() -> None:
    bench = Bench()
    bench.talk.say("trinit|")
    verdict = bench.carry_out(RECEIPT)
    assert isinstance(verdict, Wait)
    assert verdict.problem.code == "printer.foreign_transaction"
    assert not any(text.startswith(("prncancel", "trcancel")) for text in bench.sent)


def test_another_printer_is_noticed_before_anything_is_sent() -> None:
    verdict = Bench().carry_out(RECEIPT, printer_id="EMU 0000000002")
    assert isinstance(verdict, Wait)
    assert verdict.problem.code == "printer.swapped"
    assert NU in verdict.problem.detail
    assert "EMU 0000000002" in verdict.problem.detail


# -- refusals --------------------------------------------------------------------------------------------


def test_what_the_table_refuses_is_refused_before_the_first_byte() -> None:
    bench = Bench()
    document = RECEIPT.model_copy(update={"lines": (RECEIPT.lines[0].model_copy(update={"vat": "E"}),)})
    verdict = bench.carry_out(document)
    assert isinstance(verdict, NotPrinted)
    assert not verdict.again
    assert verdict.problem.code == "document.refused"
    assert verdict.problem.errors[0].pointer == "/document/lines/0/vat"
    assert bench.journal.last is None
    assert bench.talk.register.state.printout_count == 0


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


def test_a_refused_opening_cancels_nothing() -> None:
    bench = Bench()
    bench.talk.printer.faults.switches.add(Switch.REPORT_REQUIRED)
    verdict = bench.carry_out(RECEIPT)
    assert isinstance(verdict, Held)
    assert (verdict.problem.code, verdict.problem.device_code) == ("printer.report_due", "383 ERR_RD_NOT_PRINTED")
    assert not verdict.was_open
    assert "prncancel|" not in bench.sent


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


def test_an_error_after_registration_is_not_believed() -> None:
    """The printer registered the receipt and then answered with an error: the counters decide."""
    bench = Bench()
    real = bench.answer

    def liar(data: bytes) -> bytes:
        answer = real(data)
        return frame("trend\t?2903\t") if payload(data).startswith("trend") else answer

    verdict = drive(FAMILY.carry_out(RECEIPT, SETTINGS, None), liar)
    assert isinstance(verdict, Printed)
    assert verdict.result.number == 1


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


def test_the_foot_of_a_receipt_that_was_given_up_is_not_printed_under_the_next_document() -> None:
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


@pytest.mark.parametrize("executed", [False, True])
@pytest.mark.parametrize("stop", STEPS)
def test_interrupted_before_the_closing_step(stop: str, executed: bool) -> None:
    bench = Bench()
    committing = bench.break_off(RECEIPT, lambda mnemonic: mnemonic == stop, executed=executed)
    assert not committing
    verdict = bench.recover(RECEIPT)
    assert isinstance(verdict, NotPrinted)
    assert verdict.again
    assert bench.talk.register.state.transaction is None, "our own open receipt was cancelled"
    assert bench.talk.register.state.day.receipt_count == 0
    again = bench.carry_out(RECEIPT)
    assert isinstance(again, Printed)


def test_the_closing_step_never_arrived() -> None:
    bench = Bench()
    assert bench.break_off(RECEIPT, lambda mnemonic: mnemonic == "trend", executed=False)
    verdict = bench.recover(RECEIPT)
    assert isinstance(verdict, NotPrinted)
    assert verdict.again
    assert bench.talk.register.state.day.cancelled_count == 1


@pytest.mark.parametrize(
    ("stop", "executed"),
    [("trend", True), ("trftrln", False), ("trftrln", True), ("trftrend", False), ("trftrend", True)],
)
def test_the_receipt_was_registered(stop: str, executed: bool) -> None:
    bench = Bench()
    bench.break_off(RECEIPT, lambda mnemonic: mnemonic == stop, executed=executed)
    verdict = bench.recover(RECEIPT)
    assert isinstance(verdict, Printed)
    assert verdict.result.number == 1
    assert bench.talk.register.state.day.receipt_count == 1
    assert bench.talk.say("strns|").endswith("feN|"), "an open footer was finished"


def test_recovery_waits_until_the_printer_is_ready() -> None:
    """A command may still wait in a printer without paper: nothing is decided before that is over."""
    bench = Bench()
    bench.break_off(RECEIPT, lambda mnemonic: mnemonic == "trpayment", executed=True)
    bench.talk.printer.faults.switches.add(Switch.PAPER_OUT)
    verdict = bench.recover(RECEIPT)
    assert isinstance(verdict, Wait)
    assert verdict.problem.code == "printer.paper_out"


def test_somebody_else_printed_in_between() -> None:
    bench = Bench()
    bench.break_off(PLAIN, lambda mnemonic: mnemonic == "trend", executed=True)
    bench.talk.printer.foreign_receipt()
    verdict = bench.recover(PLAIN)
    assert isinstance(verdict, Printed)
    assert verdict.result.number == 1, "ours was open, so it was the first to end"
    after = verdict.evidence["after"]
    assert isinstance(after, PosnetLook)
    assert after.bn == 2


@pytest.mark.parametrize("executed", [False, True])
def test_receipts_of_others_before_ours_was_open_change_nothing(executed: bool) -> None:
    """Between the first look and our opening: the number is still exact."""
    bench = Bench()
    real = bench.talk.printer.receive

    def receive(data: bytes, now: float) -> None:
        if payload(data).startswith("trinit"):
            bench.talk.printer.foreign_receipt()
        real(data, now)

    bench.talk.printer.receive = receive  # type: ignore[method-assign]
    bench.break_off(PLAIN, lambda mnemonic: mnemonic == "trend", executed=executed)
    verdict = bench.recover(PLAIN)
    if executed:
        assert isinstance(verdict, Printed)
        assert verdict.result.number == 2
    else:
        assert isinstance(verdict, NotPrinted)
        assert bench.talk.register.state.day.receipt_count == 1


@pytest.mark.parametrize("profile", ["online", "old"])
@pytest.mark.parametrize("printed", [False, True])
def test_two_endings_are_told_apart_by_the_days_totals(profile: str, printed: bool) -> None:
    """Ours and another one: one was completed, one cancelled."""
    settings = settings_of.posnet(profile=profile)
    bench = Bench(Talk(profile=profile))
    bench.break_off(PLAIN, lambda mnemonic: mnemonic == "trend", executed=printed, settings=settings)
    printer = bench.talk.printer
    if printed:
        assert printer.foreign_begin()
        printer.foreign_sell("Obcy", 300)
        printer.keypad_cancel()
    else:
        printer.keypad_cancel()
        printer.foreign_receipt()
    verdict = bench.recover(PLAIN, settings=settings)
    if printed:
        assert isinstance(verdict, Printed)
        assert verdict.result.number == 1
        assert verdict.result.total == Decimal("11.50")
    else:
        assert isinstance(verdict, NotPrinted)
        assert verdict.again


def test_twins_are_for_a_person() -> None:
    bench = Bench()
    bench.break_off(PLAIN, lambda mnemonic: mnemonic == "trend", executed=True)
    assert bench.talk.printer.foreign_begin()
    bench.talk.printer.foreign_sell("Obcy", 1150)
    bench.talk.printer.keypad_cancel()
    verdict = bench.recover(PLAIN)
    assert isinstance(verdict, Unknown)
    assert verdict.problem.model_extra == {"cause": "twins"}


def test_a_receipt_that_others_changed_and_closed_is_for_a_person() -> None:
    bench = Bench()
    bench.break_off(PLAIN, lambda mnemonic: mnemonic == "trend", executed=False)
    bench.talk.say("trline|naObcy|vt0|pr100|")
    bench.talk.say("trend|to1250|fp1150|")
    bench.talk.printer.foreign_end(1250)
    verdict = bench.recover(PLAIN)
    assert isinstance(verdict, Unknown | NotPrinted)
    if isinstance(verdict, Unknown):
        assert verdict.problem.model_extra == {"cause": "changed"}


def test_counters_that_went_back_prove_nothing() -> None:
    bench = Bench()
    for _ in range(3):
        bench.carry_out(PLAIN)
    bench.break_off(PLAIN, lambda mnemonic: mnemonic == "trend", executed=True)
    bench.talk.register.state.day.receipt_count = 1
    verdict = bench.recover(PLAIN)
    assert isinstance(verdict, Unknown)
    assert verdict.problem.model_extra == {"cause": "counters_restored"}


def test_an_empty_receipt_that_moves_is_somebody_elses() -> None:
    """Our opening command was lost, and another program has opened a receipt: it is at work."""
    bench = Bench()
    bench.break_off(PLAIN, lambda mnemonic: mnemonic == "trinit", executed=False)
    assert bench.talk.printer.foreign_begin()
    verdict = bench.recover(PLAIN, paused=lambda: _ignore(bench.talk.printer.foreign_sell("Obcy", 5)))
    assert isinstance(verdict, NotPrinted)
    assert bench.talk.register.state.transaction is not None
    assert "prncancel|" not in bench.sent


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


def test_a_confirmed_receipt_is_done_whatever_follows() -> None:
    """The closing command was answered; then a person made the daily report, before we could look."""
    bench = Bench()
    real = bench.answer

    def answer(data: bytes) -> bytes:
        found = real(data)
        if payload(data).startswith("trend"):
            bench.talk.printer.keypad_report()
        return found

    verdict = drive(FAMILY.carry_out(PLAIN, SETTINGS, None), answer)
    assert isinstance(verdict, Printed)
    assert (verdict.result.number, verdict.result.daily_report) == (1, 1)


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


def test_a_daily_report_in_between_leaves_it_unproven() -> None:
    bench = Bench()
    bench.break_off(PLAIN, lambda mnemonic: mnemonic == "trend", executed=True)
    bench.talk.say("dailyrep|da2026-10-09|")
    assert isinstance(bench.recover(PLAIN), Unknown)


def test_somebody_elses_open_receipt_is_left_alone() -> None:
    bench = Bench()
    bench.break_off(RECEIPT, lambda mnemonic: mnemonic == "trinit", executed=False)
    bench.talk.say("trinit|")
    bench.talk.say("trline|naObcy|vt0|pr123|")
    verdict = bench.recover(RECEIPT)
    assert isinstance(verdict, NotPrinted)
    assert bench.talk.register.state.transaction is not None
    assert "prncancel|" not in bench.sent


def test_the_operator_cancelled_our_receipt() -> None:
    bench = Bench()
    bench.break_off(RECEIPT, lambda mnemonic: mnemonic == "trend", executed=False)
    bench.talk.say("prncancel|")
    verdict = bench.recover(RECEIPT)
    assert isinstance(verdict, NotPrinted)
    assert verdict.again


def test_a_receipt_that_vanished_without_a_trace_is_for_a_person() -> None:
    """It was open, the closing step was sent; now nothing is open, and no counter has moved (9.3)."""
    bench = Bench()
    assert bench.break_off(RECEIPT, lambda mnemonic: mnemonic == "trend", executed=False)
    bench.talk.register.state.transaction = None
    bench.talk.printer.memory.state = State.IDLE
    verdict = bench.recover(RECEIPT)
    assert isinstance(verdict, Unknown)
    assert verdict.problem.model_extra == {"cause": "vanished"}


def test_recovery_on_another_printer_waits_for_the_right_one() -> None:
    bench = Bench()
    bench.break_off(RECEIPT, lambda mnemonic: mnemonic == "trend", executed=True)
    other = Bench(Talk(state=RegisterState(unique_number="EMU 0000000002")))
    other.journal = bench.journal
    verdict = other.recover(RECEIPT)
    assert isinstance(verdict, Wait)
    assert verdict.problem.code == "printer.swapped"


@pytest.mark.parametrize("executed", [False, True])
@pytest.mark.parametrize("document", [DailyReport(), *SLIPS], ids=lambda d: d.type)
def test_a_one_step_document_is_decided_by_its_counter(document: Document, executed: bool) -> None:
    bench = Bench()
    bench.carry_out(RECEIPT)
    bench.talk.register.state.cash = 1000
    sheets = len(bench.talk.register.printouts)
    stop = {"daily_report": "dailyrep", "goods_return": "stocash"}.get(document.type, "cash")
    assert bench.break_off(document, lambda mnemonic: mnemonic == stop, executed=executed)
    verdict = bench.recover(document)
    assert isinstance(verdict, Printed if executed else NotPrinted)
    assert len(bench.talk.register.printouts) == sheets + executed
    if isinstance(verdict, NotPrinted):
        assert verdict.again


def test_a_slip_among_other_documents_is_unproven() -> None:
    bench = Bench()
    bench.break_off(CashIn(amount=Decimal("0.05")), lambda mnemonic: mnemonic == "cash", executed=True)
    bench.talk.say("cash|kw1|wp1|")
    assert isinstance(bench.recover(CashIn(amount=Decimal("0.05"))), Unknown)


def test_two_reports_are_unproven() -> None:
    bench = Bench()
    bench.break_off(DailyReport(), lambda mnemonic: mnemonic == "dailyrep", executed=True)
    bench.talk.sell(["trline|naWoda|vt0|pr200|"], "trend|to200|")
    bench.talk.say("dailyrep|da2026-10-09|")
    assert isinstance(bench.recover(DailyReport()), Unknown)


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


def test_a_printout_that_does_not_fit_is_refused_before_the_first_byte() -> None:
    bench = Bench()
    verdict = bench.carry_out(PRINTOUT.model_copy(update={"lines": ("x" * 39,)}))
    assert isinstance(verdict, NotPrinted)
    assert not verdict.again
    assert [error.pointer for error in verdict.problem.errors] == ["/document/lines/0"]
    assert bench.journal.last is None


def test_a_replaced_character_is_told_also_when_it_is_found_out_later() -> None:
    settings = settings_of.posnet("mazovia", "online")
    document = Printout(lines=("„Żuk”",))
    bench = Bench(Talk(code_page="mazovia"))
    bench.break_off(document, lambda mnemonic: mnemonic == "formend", executed=True, settings=settings)
    verdict = bench.recover(document, settings=settings)
    assert isinstance(verdict, Printed)
    assert [notice.code for notice in verdict.notices] == ["text.replaced"]


def commands_of(document: Printout) -> int:
    """How many commands it takes after the evidence is read."""
    bench = Bench()
    bench.carry_out(document)
    return len(bench.sent) - bench.sent.index("formstart|fn200|fh75|alZamówienie 17|")


@pytest.mark.parametrize("profile", ["online", "old"])
@pytest.mark.parametrize("executed", [False, True])
@pytest.mark.parametrize("nth", range(1, commands_of(PRINTOUT) + 1))
def test_a_printout_interrupted_at_any_command_is_printed_once(nth: int, executed: bool, profile: str) -> None:
    """The answer to every command lost, or the command itself; then recovery, again and again until it is settled."""
    settings = settings_of.posnet(profile=profile)
    bench = Bench(Talk(profile=profile))
    seen = [0]

    def stop(_: str) -> bool:
        seen[0] += 1
        return seen[0] == nth

    bench.break_off(PRINTOUT, stop, executed=executed, settings=settings)
    committing = bench.journal.committing
    verdict = bench.recover(PRINTOUT, settings=settings)
    assert not form_is_open(bench)
    if committing:
        assert isinstance(verdict, Printed), "all its lines were there, so it was finished and not printed anew"
    else:
        assert isinstance(verdict, NotPrinted)
        assert verdict.again
        assert isinstance(bench.carry_out(PRINTOUT, settings=settings), Printed)
    assert kinds(bench).count("form") == 1
    assert bench.talk.register.printouts[-1].text.count("Żurek x 2") == 1


@pytest.mark.parametrize("executed", [False, True])
@pytest.mark.parametrize("stop", ["formline", "formend"])
@pytest.mark.parametrize("lost", range(1, 12))
def test_a_recovery_that_is_interrupted_itself_changes_nothing(stop: str, executed: bool, lost: int) -> None:
    """What the recovery has cancelled is never taken for the printout."""
    bench = Bench()
    bench.break_off(PRINTOUT, lambda mnemonic: mnemonic == stop, executed=executed)
    real, sent = bench.answer, [0]

    def answer(data: bytes) -> bytes:
        sent[0] += 1
        found = real(data)
        if sent[0] == lost:
            raise LineLost
        return found

    with suppress(LineLost):
        drive(FAMILY.recover(PRINTOUT, SETTINGS, bench.journal.checkpoint), answer, journal=bench.journal)
    verdict = bench.recover(PRINTOUT)
    assert isinstance(verdict, Printed if stop == "formend" else NotPrinted)
    assert kinds(bench).count("form") == (stop == "formend")
    assert not form_is_open(bench)


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


def test_a_line_of_a_printout_spoiled_by_noise_begins_it_anew() -> None:
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


def test_restored_counters_prove_nothing_about_a_printout() -> None:
    bench = Bench()
    bench.carry_out(PLAIN)
    bench.break_off(PRINTOUT, lambda mnemonic: mnemonic == "formend", executed=True)
    bench.talk.register.state.printout_count = 0
    verdict = bench.recover(PRINTOUT)
    assert isinstance(verdict, Unknown)
    assert verdict.problem.model_extra == {"cause": "counters_restored"}


def test_a_printout_that_is_gone_without_a_trace_is_for_a_person() -> None:
    """A printer that does not count forms may have printed it; nobody is sent a second one on a guess."""
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


def test_a_printout_waits_for_the_right_printer() -> None:
    bench = Bench()
    bench.break_off(PRINTOUT, lambda mnemonic: mnemonic == "formline", executed=True)
    other = Bench(Talk(state=RegisterState(unique_number="EMU 0000000002")))
    other.journal = bench.journal
    verdict = other.recover(PRINTOUT)
    assert isinstance(verdict, Wait)
    assert verdict.problem.code == "printer.swapped"
    assert not [text for text in other.sent if text.startswith(("form", "prncancel"))]


def test_the_drawer_is_never_undecided() -> None:
    bench = Bench()
    bench.break_off(Drawer(), lambda mnemonic: mnemonic == "opendrwr", executed=True)
    verdict = bench.recover(Drawer())
    assert isinstance(verdict, NotPrinted)
    assert not verdict.again, "opening it twice on a guess would be wrong too"


# -- looking ---------------------------------------------------------------------------------------------


def test_a_look_at_the_printer() -> None:
    bench = Bench()
    bench.carry_out(RECEIPT)
    snapshot = drive(queries.read_status(SETTINGS), bench.answer)
    assert snapshot.identity.printer_id == NU
    assert snapshot.identity.model == "POSNET THERMAL XL2 ONLINE EMU"
    assert snapshot.identity.profile == "online"
    assert snapshot.rates == {"A": "23%", "B": "8%", "C": "5%", "D": "0%", "E": None, "F": None, "G": "exempt"}
    assert (snapshot.counters.receipts, snapshot.counters.last_receipt, snapshot.counters.daily_report) == (1, 1, 1)
    assert snapshot.condition.state is PrinterState.READY
    assert snapshot.day_open
    assert not snapshot.transaction_open


def test_paper_near_its_end_is_seen() -> None:
    bench = Bench()
    bench.talk.printer.faults.switches.add(Switch.PAPER_LOW)
    condition = drive(queries.poll(SETTINGS), bench.answer)
    assert (condition.state, condition.paper_low) == (PrinterState.READY, True)


def test_the_check_uses_the_printers_own_table_once_it_is_known() -> None:
    document = RECEIPT.model_copy(update={"lines": (RECEIPT.lines[0].model_copy(update={"vat": "E"}),)})
    assert FAMILY.check(document, SETTINGS, None).errors == ()
    snapshot = drive(queries.read_status(SETTINGS), Bench().answer)
    assert [error.code for error in FAMILY.check(document, SETTINGS, snapshot).errors] == ["vat.inactive"]
    assert FAMILY.check(DailyReport(), SETTINGS, snapshot).errors == ()


# -- what the printer says of itself ---------------------------------------------------------------------

#: POSNET reference, section 3.4: the answers to sdev and sprn, what they mean, and a word of what a person reads.
SAYS = """
ds1 pr1  | cover_open   | printing lever   | pokryw
ds1 pr2  | out_of_order | not accessible   | dostępu
ds1 pr3  | cover_open   | cover            | pokryw
ds1 pr4  | paper_out    | out of paper     | papier
ds1 pr5  | paper_out    | out of paper     | papier
ds1 pr6  | out_of_order | temperature      | temperatura
ds1 pr7  | out_of_order | loss of power    | zanik
ds1 pr8  | out_of_order | cutter           | obcinacz
ds1 pr9  | out_of_order | supply fault     | zasilacza
ds1 pr10 | cover_open   | cover            | pokryw
ds1 pr0  | attention    | in its menu      | w menu
ds2 pr0  | attention    | waits for a key  | klawisz
ds3 pr0  | attention    | shows a message  | komunikat
ds9 pr0  | attention    | state 9          | nieznany stan
ds1 pr11 | attention    | in its menu      | w menu
"""


@pytest.mark.parametrize("row", SAYS.split("\n")[1:-1])
def test_what_the_printer_says_of_itself(row: str) -> None:
    said, state, words, words_pl = (cell.strip() for cell in row.split("|"))
    device, mechanism = said.split()
    answers = {"sdev": f"sdev\t{device}\tcp1\tqe1\tpe0\t", "sprn": f"sprn\t{mechanism}\t"}

    def answer(data: bytes) -> bytes:
        return frame(answers[payload(data).partition("\t")[0].removeprefix("!")])

    condition = drive(queries.poll(SETTINGS), answer)
    assert condition.problem is not None
    assert (condition.state, condition.problem.code) == (PrinterState(state), f"printer.{state}")
    assert words in condition.problem.detail
    assert words_pl in condition.problem.detail_pl
    assert condition.problem.device_code == said
