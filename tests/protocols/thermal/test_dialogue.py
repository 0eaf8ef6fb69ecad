"""Dialogues over a scripted printer, step by step: good ways, refusals, and what recovery finds out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

import pytest

from fiscald.model.documents import (
    Buyer,
    CashIn,
    CashOut,
    DailyReport,
    Document,
    Drawer,
    GoodsReturn,
    Packaging,
    Receipt,
)
from fiscald.model.jobs import Paper
from fiscald.model.printers import PrinterState
from fiscald.model.problems import Fate
from fiscald.protocols.base import DialogueAborted, Held, NotPrinted, Printed, Settings, Stage, Unknown, Verdict, Wait
from fiscald.protocols.thermal import queries
from fiscald.protocols.thermal.evidence import ThermalLook
from fiscald.protocols.thermal.family import FAMILY
from fiscald.protocols.thermal.frames import Dle, Frame, encode
from fiscald.protocols.thermal.grammar import State
from fiscald.protocols.thermal.profiles import PROFILES
from fiscald.protocols.thermal.proof import CounterDelta
from tests.protocols import settings as settings_of
from tests.protocols.driving import Journal
from tests.protocols.thermal.scripted import NU, SETTINGS, Till, command_of, drive, result

RECEIPT = Receipt.model_validate(
    {
        "lines": [{"name": "Kawa", "price": "10.00", "vat": "A"}, {"name": "Bułka", "price": "1.50", "vat": "5%"}],
        "footer": ["Dzięki"],
    }
)
SLIPS: list[Document] = [
    CashIn(amount=Decimal("5.00")),
    CashOut(amount=Decimal("1.00")),
    GoodsReturn(amount=Decimal("1.00")),
]
STEPS = {"daily_report": "#r", "cash_in": "#i", "cash_out": "#d", "goods_return": "#z"}


class LineLost(Exception):
    """The line broke."""


class Bench:
    """A printer that answers at once, and can be made to fail at a chosen command."""

    def __init__(self, till: Till | None = None, settings: Settings = SETTINGS) -> None:
        self.till = till or Till()
        self.settings = settings
        self.asked: list[str] = []
        self.journal = Journal()

    def answer(self, data: bytes) -> bytes:
        self.asked.append(command_of(data))
        return self.till.answer(data)

    def carry_out(
        self,
        document: Document,
        *,
        printer_id: str | None = None,
        answer: Callable[[str, bytes], bytes] | None = None,
        paused: Callable[[], None] = lambda: None,
    ) -> Verdict:
        """``answer``: what comes between us and the printer, told the name of every command."""
        self.journal = Journal()
        between = self.answer if answer is None else lambda data: answer(command_of(data), data)
        steps = FAMILY.carry_out(document, self.settings, printer_id)
        return drive(steps, between, journal=self.journal, paused=paused)

    def break_off(self, document: Document, stop: str, *, executed: bool, nth: int = 1) -> bool:
        """Carry out until the n-th such command after the evidence, and lose the line there. Whether committing."""
        left = nth

        def answer(name: str, data: bytes) -> bytes:
            nonlocal left
            left -= self.journal.last is not None and name == stop
            if not left:
                if executed:
                    self.answer(data)
                raise LineLost
            return self.answer(data)

        with pytest.raises(LineLost):
            self.carry_out(document, answer=answer)
        return self.journal.committing

    def recover(self, document: Document, *, paused: Callable[[], None] = lambda: None) -> Verdict:
        steps = FAMILY.recover(document, self.settings, self.journal.checkpoint)
        return drive(steps, self.answer, journal=self.journal, paused=paused)

    @property
    def names(self) -> list[str]:
        """Identifiers of what was sent, questions apart."""
        return [payload.lstrip(b"0123456789;")[:2].decode() for payload in self.till.sent]


def cause(verdict: Verdict) -> str:
    assert isinstance(verdict, Unknown), verdict
    return str((verdict.problem.model_extra or {})["cause"])


# -- good ways -------------------------------------------------------------------------------------------


def test_a_receipt() -> None:
    bench = Bench()
    verdict = bench.carry_out(RECEIPT)
    assert isinstance(verdict, Printed)
    printed = verdict.result
    assert (printed.number, printed.daily_report, printed.total, printed.printer_id) == (1, 1, Decimal("11.50"), NU)
    assert printed.printed_at is not None
    assert printed.printed_at.isoformat() == "2026-07-15T10:42:00+02:00"
    assert printed.device == {"numer": 1, "par_num": 1, "n_dobowych": 0}
    assert verdict.paper is Paper.PRINTED
    assert bench.till.closings[0]["linie"] == ["Dzięki"]
    assert bench.names == ["$h", "$l", "$l", "$y"]


def test_nothing_but_questions_before_the_evidence() -> None:
    bench = Bench()
    bench.carry_out(RECEIPT)
    first_change = bench.asked.index("$h")
    assert bench.asked[:first_change] == ["DLE", "ENQ", "#e", "#s 23", "#s 28", "#s 24", "#s 50"]
    assert bench.till.mode == 3


def test_an_undisturbed_receipt_takes_three_looks() -> None:
    bench = Bench()
    bench.carry_out(RECEIPT)
    assert bench.asked.count("#s 23") == 3
    assert len(bench.asked) == 3 + 3 * 4 + 4 + 3


@pytest.mark.parametrize("document", SLIPS, ids=lambda d: d.type)
def test_slips(document: Document) -> None:
    bench = Bench(Till(cash=1000))
    verdict = bench.carry_out(document)
    assert isinstance(verdict, Printed)
    assert verdict.result.number is None
    assert verdict.result.device["numer"] == 1
    assert bench.names == [STEPS[document.type]]


def test_a_daily_report_carries_the_printers_own_date() -> None:
    bench = Bench()
    bench.carry_out(RECEIPT)
    verdict = bench.carry_out(DailyReport())
    assert isinstance(verdict, Printed)
    assert (verdict.result.number, verdict.result.daily_report) == (1, 1)
    assert bench.till.sent[-1] == b"1;26;7;15#r"


def test_the_drawer() -> None:
    bench = Bench()
    verdict = bench.carry_out(Drawer())
    assert isinstance(verdict, Printed)
    assert verdict.paper is Paper.NONE
    assert bench.till.drawer == 1


@pytest.mark.parametrize("document", [RECEIPT, DailyReport(), *SLIPS], ids=lambda d: d.type)
def test_a_training_printer_whose_counters_stand_still_is_believed(document: Document) -> None:
    """Whether counters move before fiscalisation is not documented."""
    bench = Bench(Till(fiscal=False, cash=1000, totals=[100] * 7))
    still = Till(fiscal=False, cash=1000, totals=[100] * 7, mode=3)

    def answer(name: str, data: bytes) -> bytes:
        found = bench.answer(data)
        if name.startswith("#s") and name != "#s 100":
            still.state = bench.till.state
            return still.answer(data)
        return found

    assert isinstance(bench.carry_out(document, answer=answer), Printed)


@pytest.mark.parametrize(
    ("before", "after", "printouts", "reports", "completed"),
    [
        (9998, 9999, 1, 0, 1), (9999, 0, 1, 0, 1), (9990, 5, 15, 0, 15),
        (5001, 0, 1, 0, 4999), (5000, 0, 1, 0, -5000), (4, 0, 1, 0, -4),
        (9999, 0, 0, 0, -9999), (9999, 0, 1, 1, -9999),
    ],
)  # fmt: skip
def test_numbers_of_receipts_begin_again_after_9999(
    before: int, after: int, printouts: int, reports: int, completed: int
) -> None:
    """Without a report and with something printed; a smaller step back is another memory, or a new day."""
    then = ThermalLook(nr_unikatowy=NU, Pm=1, Pt=0, Px=1, Pz=0, cash=0, par_num=before, n_dobowych=3, numer=70, tot=100)
    now = then.model_copy(update={"par_num": after, "n_dobowych": 3 + reports, "numer": 70 + printouts, "tot": 200})
    assert CounterDelta(then, now).completed == completed
    assert CounterDelta(then, now.model_copy(update={"tot": 99})).completed == after - before


def test_a_training_report_is_told_by_the_numbers_that_begin_anew() -> None:
    then = ThermalLook(nr_unikatowy="X", Pm=0, Pt=0, Px=0, Pz=0, par_num=5, cash=0, tot=0, n_dobowych=0, numer=9)
    assert CounterDelta(then, then.model_copy(update={"par_num": 0, "numer": 10})).reports == 1
    fiscal = then.model_copy(update={"Pm": 1})
    assert CounterDelta(fiscal, fiscal.model_copy(update={"par_num": 0})).reports == 0


@pytest.mark.parametrize("profile", PROFILES)
def test_every_profile(profile: str) -> None:
    bench = Bench(Till(PROFILES[profile]), settings_of.thermal(profile=profile))
    for number in (1, 2):
        verdict = bench.carry_out(RECEIPT)
        assert isinstance(verdict, Printed)
        assert (verdict.result.number, verdict.result.total) == (number, Decimal("11.50"))
    assert isinstance(bench.carry_out(DailyReport()), Printed)
    verdict = bench.carry_out(RECEIPT)
    assert isinstance(verdict, Printed)
    assert (verdict.result.number, verdict.result.daily_report) == (3 if profile == "novitus" else 1, 2)


def test_the_model_tells_the_profile() -> None:
    till = Till(PROFILES["novitus"], model="NOVITUS HD ONLINE")
    bench = Bench(till, settings_of.thermal())
    assert isinstance(bench.carry_out(RECEIPT.model_copy(update={"buyer": Buyer(nip="5260250274")})), Printed)
    assert till.sent[0] == b"0;0;0;1;1$h5260250274\r"


# -- waiting ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("dle", "code"),
    [
        (Dle(online=True, no_paper=True, fault=False), "printer.battery"),
        (Dle(online=False, no_paper=True, fault=False), "printer.paper_out"),
        (Dle(online=False, no_paper=False, fault=False), "printer.attention"),
        (Dle(online=True, no_paper=False, fault=True), "printer.out_of_order"),
    ],
)
@pytest.mark.parametrize(
    "document", [RECEIPT, DailyReport(), CashIn(amount=Decimal("0.01")), Drawer()], ids=lambda d: d.type
)
def test_a_printer_that_is_not_ready_is_waited_for(document: Document, dle: Dle, code: str) -> None:
    bench = Bench(Till(dle=dle))
    verdict = bench.carry_out(document)
    assert isinstance(verdict, Wait)
    assert verdict.problem.code == code
    assert verdict.problem.document is Fate.NOT_PRINTED
    assert bench.asked == ["DLE"], "nothing else is answered then"


def test_another_programs_receipt_is_never_touched() -> None:
    bench = Bench()
    bench.till.others_begin()
    verdict = bench.carry_out(RECEIPT)
    assert isinstance(verdict, Wait)
    assert verdict.problem.code == "printer.foreign_transaction"
    assert bench.names == []


def test_another_printer_is_noticed_before_anything_is_sent() -> None:
    bench = Bench()
    verdict = bench.carry_out(RECEIPT, printer_id="ABC00000000")
    assert isinstance(verdict, Wait)
    assert verdict.problem.code == "printer.swapped"
    assert NU in verdict.problem.detail
    assert "ABC00000000" in verdict.problem.detail
    assert bench.names == []


def test_something_that_happens_between_two_looks_makes_a_slip_wait() -> None:
    bench = Bench()
    looks = []

    def answer(name: str, data: bytes) -> bytes:
        looks.append(name)
        if looks.count("#s 23") == 2 and name == "#s 23":
            bench.till.others_receipt()
        return bench.answer(data)

    verdict = bench.carry_out(CashIn(amount=Decimal("5.00")), answer=answer)
    assert isinstance(verdict, Wait)
    assert bench.names == []


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
    assert bench.names == []


@pytest.mark.parametrize(
    ("document", "cash", "code"),
    [
        (CashOut(amount=Decimal("1.00")), 99, "cash.too_little"),
        (GoodsReturn(amount=Decimal("1.00")), 0, "cash.too_little"),
        (CashIn(amount=Decimal("1.00")), 9_999_999_900, "cash.too_much"),
    ],
    ids=lambda value: getattr(value, "type", str(value)),
)
def test_a_slip_that_would_make_the_printer_forget_its_cash_is_not_sent(
    document: Document, cash: int, code: str
) -> None:
    bench = Bench(Till(cash=cash))
    verdict = bench.carry_out(document)
    assert isinstance(verdict, NotPrinted)
    assert [error.code for error in verdict.problem.errors] == [code]
    assert (bench.names, bench.till.cash) == ([], cash)


def test_a_refused_line_cancels_our_receipt_and_names_the_line() -> None:
    bench = Bench()

    def answer(name: str, data: bytes) -> bytes:
        if b"Bu\x92ka" not in data:
            return bench.answer(data)
        bench.till.error = 18
        return result("$l", 18)

    verdict = bench.carry_out(RECEIPT, answer=answer)
    assert isinstance(verdict, NotPrinted)
    assert verdict.problem.code == "printer.refused"
    assert verdict.problem.device_code == "18"
    assert verdict.problem.detail.startswith("/document/lines/1: ")
    assert "stawk" in verdict.problem.detail_pl
    assert bench.till.state is State.IDLE
    assert bench.till.cancelled == 1
    assert not verdict.again


def test_a_refusal_that_the_printer_knows_nothing_of_is_noise() -> None:
    """The number of an error has no check byte: one damaged digit makes it out of "done"."""
    bench = Bench()

    def answer(name: str, data: bytes) -> bytes:
        done = bench.answer(data)
        return result("$l", 18) if b"Bu\x92ka" in data else done

    verdict = bench.carry_out(RECEIPT, answer=answer)
    assert isinstance(verdict, NotPrinted)
    assert (verdict.problem.code, verdict.again) == ("printer.interrupted", True)
    assert bench.till.cancelled == 1


def test_a_refused_opening_cancels_nothing() -> None:
    bench = Bench(Till(refuses={"$h": 40}))
    verdict = bench.carry_out(RECEIPT)
    assert isinstance(verdict, Held)
    assert (verdict.problem.code, verdict.problem.device_code) == ("printer.no_header", "40")
    assert not verdict.was_open
    assert bench.names == ["$h"]


@pytest.mark.parametrize("number", [2, 3, 40])
def test_an_opening_whose_answer_noise_made_an_error_is_cleaned_up(number: int) -> None:
    """The answer has no check byte: the printer may have opened the receipt nevertheless."""
    bench = Bench()

    def answer(name: str, data: bytes) -> bytes:
        found = bench.answer(data)
        return result("$h", number) if name == "$h" else found

    with pytest.raises(DialogueAborted):
        bench.carry_out(RECEIPT, answer=answer)
    verdict = bench.recover(RECEIPT)
    assert isinstance(verdict, NotPrinted)
    assert verdict.again
    assert bench.till.state is State.IDLE


def test_a_confirmed_opening_that_opened_nothing_is_not_believed() -> None:
    bench = Bench()
    with pytest.raises(DialogueAborted):
        bench.carry_out(RECEIPT, answer=lambda name, data: result("$h") if name == "$h" else bench.answer(data))
    assert bench.journal.checkpoint.stage is Stage.STARTED
    verdict = bench.recover(RECEIPT)
    assert isinstance(verdict, NotPrinted)
    assert verdict.again


def test_a_zero_report_is_refused_by_the_printer() -> None:
    verdict = Bench().carry_out(DailyReport())
    assert isinstance(verdict, NotPrinted)
    assert verdict.problem.device_code == "35"
    assert not verdict.again


def test_midnight_between_the_date_and_the_report_is_about_the_moment() -> None:
    bench = Bench()
    bench.carry_out(RECEIPT)

    def answer(name: str, data: bytes) -> bytes:
        bench.till.day += name == "#r"
        return bench.answer(data)

    verdict = bench.carry_out(DailyReport(), answer=answer)
    assert isinstance(verdict, NotPrinted)
    assert verdict.problem.device_code == "7"
    assert verdict.again


@pytest.mark.parametrize("executed", [False, True])
def test_a_line_spoiled_by_noise_is_sent_once_more(executed: bool) -> None:
    """If only the answer was spoiled, the second one is refused for its number, and the document comes anew."""
    bench = Bench()
    noise = [True]

    def noisy(name: str, data: bytes) -> bytes:
        if name == "$l" and noise and noise.pop():
            if executed:
                bench.answer(data)
            return result("$l", 2)
        return bench.answer(data)

    verdict = bench.carry_out(RECEIPT, answer=noisy)
    if executed:
        assert isinstance(verdict, NotPrinted)
        assert verdict.again
        assert (bench.till.par_num, bench.till.cancelled, bench.till.state) == (0, 1, State.IDLE)
    else:
        assert isinstance(verdict, Printed)
        assert bench.till.totals[0] == 1000


def test_a_late_answer_to_a_doubled_line_is_no_reason_to_fail() -> None:
    """The cable doubled the first line; the refusal of its copy comes when the second one waits."""
    bench = Bench()
    late = b""

    def answer(name: str, data: bytes) -> bytes:
        nonlocal late
        found = bench.answer(data)
        if name == "$l" and not late:
            late = bench.answer(data)
            return found
        return late if name == "$l" else found

    verdict = bench.carry_out(RECEIPT, answer=answer)
    assert late == result("$l", 4)
    assert isinstance(verdict, NotPrinted)
    assert verdict.again
    assert (bench.till.par_num, bench.till.cancelled, bench.till.state) == (0, 1, State.IDLE)


def test_a_deposit_that_noise_doubled_is_caught_by_the_closing() -> None:
    """Packaging has no number: sent again it is there twice, and ``$y`` is refused."""
    bench = Bench()
    document = RECEIPT.model_copy(update={"packaging": (Packaging(number="1", price=Decimal("0.50")),)})
    noise = [True]

    def noisy(name: str, data: bytes) -> bytes:
        found = bench.answer(data)
        return result("$d", 2) if name == "$d 6" and noise and noise.pop() else found

    verdict = bench.carry_out(document, answer=noisy)
    assert isinstance(verdict, NotPrinted)
    assert verdict.problem.device_code == "26"
    assert verdict.again, "the document is good; the deposit was doubled"
    assert (bench.till.par_num, bench.till.state) == (0, State.IDLE)


def test_a_question_spoiled_by_noise_is_asked_once_more() -> None:
    bench = Bench()
    noise = [True]

    def noisy(name: str, data: bytes) -> bytes:
        return result("#s", 2) if name == "#s 24" and noise and noise.pop() else bench.answer(data)

    assert isinstance(bench.carry_out(RECEIPT, answer=noisy), Printed)


@pytest.mark.parametrize("document", [RECEIPT, CashIn(amount=Decimal("0.05"))], ids=lambda d: d.type)
def test_a_closing_step_spoiled_by_noise_is_never_sent_again(document: Document) -> None:
    bench = Bench()
    closing = {"receipt": "$y"}.get(document.type, "#i")

    def noisy(name: str, data: bytes) -> bytes:
        return result(closing, 2) if name == closing else bench.answer(data)

    verdict = bench.carry_out(document, answer=noisy)
    assert isinstance(verdict, NotPrinted)
    assert verdict.again
    assert closing not in bench.names
    assert (bench.till.par_num, bench.till.cash, bench.till.state) == (0, 0, State.IDLE)


@pytest.mark.parametrize("document", [RECEIPT, CashIn(amount=Decimal("0.05"))], ids=lambda d: d.type)
def test_an_error_after_registration_is_not_believed(document: Document) -> None:
    """The printer registered it and its answer came out as an error: the counters decide."""
    bench = Bench()
    closing = {"receipt": "$y"}.get(document.type, "#i")

    def liar(name: str, data: bytes) -> bytes:
        found = bench.answer(data)
        return result(closing, 6) if name == closing else found

    assert isinstance(bench.carry_out(document, answer=liar), Printed)


def test_a_good_answer_to_a_closing_that_was_not_executed_is_not_believed() -> None:
    bench = Bench()
    verdict = bench.carry_out(RECEIPT, answer=lambda name, data: result("$y") if name == "$y" else bench.answer(data))
    assert isinstance(verdict, NotPrinted)
    assert verdict.again
    assert (bench.till.par_num, bench.till.cancelled, bench.till.state) == (0, 1, State.IDLE)


def test_an_answer_that_makes_no_sense_interrupts() -> None:
    bench = Bench()

    odd = encode(Frame((50,), "#X", b"x/").checked)
    with pytest.raises(DialogueAborted, match="#s 50"):
        bench.carry_out(RECEIPT, answer=lambda name, data: odd if name == "#s 50" else bench.answer(data))


# -- recovery --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("executed", [False, True])
@pytest.mark.parametrize(("stop", "nth"), [("$h", 1), ("$l", 1), ("$l", 2), ("#s 23", 1), ("#s 50", 1)])
def test_interrupted_before_the_closing_step(stop: str, nth: int, executed: bool) -> None:
    bench = Bench()
    committing = bench.break_off(RECEIPT, stop, executed=executed, nth=nth)
    assert not committing
    verdict = bench.recover(RECEIPT)
    assert isinstance(verdict, NotPrinted)
    assert verdict.again
    assert bench.till.state is State.IDLE, "our own open receipt was cancelled"
    assert bench.till.par_num == 0
    again = bench.carry_out(RECEIPT)
    assert isinstance(again, Printed)


def test_the_closing_step_never_arrived() -> None:
    bench = Bench()
    assert bench.break_off(RECEIPT, "$y", executed=False)
    verdict = bench.recover(RECEIPT)
    assert isinstance(verdict, NotPrinted)
    assert verdict.again
    assert bench.till.cancelled == 1


@pytest.mark.parametrize("profile", PROFILES)
def test_the_receipt_was_registered(profile: str) -> None:
    bench = Bench(Till(PROFILES[profile]), settings_of.thermal(profile=profile))
    assert bench.break_off(RECEIPT, PROFILES[profile].closing, executed=True)
    verdict = bench.recover(RECEIPT)
    assert isinstance(verdict, Printed)
    assert verdict.result.number == 1
    assert verdict.result.printed_at is None, "nothing tells when it was"
    assert bench.till.par_num == 1


def test_recovery_waits_until_the_printer_is_ready() -> None:
    """A command may still wait in a printer without paper: nothing is decided before that is over."""
    bench = Bench()
    bench.break_off(RECEIPT, "$l", executed=True)
    bench.till.dle = Dle(online=False, no_paper=True, fault=False)
    verdict = bench.recover(RECEIPT)
    assert isinstance(verdict, Wait)
    assert verdict.problem.code == "printer.paper_out"


def test_a_printer_that_was_switched_off_is_told_again_to_answer() -> None:
    """The error mode is forgotten then; without answers nothing could be found out."""
    bench = Bench()
    bench.break_off(RECEIPT, "$l", executed=True)
    bench.till.mode = 0
    assert isinstance(bench.recover(RECEIPT), NotPrinted)
    assert bench.till.mode == 3


def test_somebody_else_printed_in_between() -> None:
    bench = Bench()
    bench.break_off(RECEIPT, "$y", executed=True)
    bench.till.others_receipt()
    verdict = bench.recover(RECEIPT)
    assert isinstance(verdict, Printed)
    assert verdict.result.number == 1, "ours was open, so it was the first to end"


@pytest.mark.parametrize("executed", [False, True])
def test_receipts_of_others_before_ours_was_open_change_nothing(executed: bool) -> None:
    """Between the first look and our opening: the number is still exact."""
    bench = Bench()
    real = bench.till.answer

    def answer(data: bytes) -> bytes:
        if command_of(data) == "$h":
            bench.till.others_receipt()
        return real(data)

    bench.till.answer = answer  # type: ignore[method-assign]
    bench.break_off(RECEIPT, "$y", executed=executed)
    verdict = bench.recover(RECEIPT)
    if executed:
        assert isinstance(verdict, Printed)
        assert verdict.result.number == 2
    else:
        assert isinstance(verdict, NotPrinted)
        assert bench.till.par_num == 1


@pytest.mark.parametrize("printed", [False, True])
def test_two_endings_are_told_apart_by_the_days_totals(printed: bool) -> None:
    """Ours and another one: one was completed, one cancelled."""
    bench = Bench()
    bench.break_off(RECEIPT, "$y", executed=printed)
    if printed:
        bench.till.others_begin()
        bench.till.others_sell(300)
        bench.till.cancel()
    else:
        bench.till.cancel()
        bench.till.others_receipt()
    verdict = bench.recover(RECEIPT)
    if printed:
        assert isinstance(verdict, Printed)
        assert verdict.result.number == 1
        assert verdict.result.total == Decimal("11.50")
    else:
        assert isinstance(verdict, NotPrinted)
        assert verdict.again


def test_twins_are_for_a_person() -> None:
    bench = Bench()
    bench.break_off(RECEIPT, "$y", executed=True)
    bench.till.others_begin()
    bench.till.others_sell(1150)
    bench.till.cancel()
    assert cause(bench.recover(RECEIPT)) == "twins"


def test_a_receipt_that_others_changed_and_closed_is_for_a_person() -> None:
    bench = Bench()
    bench.break_off(RECEIPT, "$y", executed=False)
    bench.till.others_sell(100)
    bench.till.others_end()
    assert cause(bench.recover(RECEIPT)) == "changed"


@pytest.mark.parametrize(
    "change", [{"par_num": 1}, {"totals": [0] * 7}, {"reports": -1}, {"resets": 1}, {"printed": 0}]
)
def test_counters_that_went_back_prove_nothing(change: dict[str, object]) -> None:
    bench = Bench()
    for _ in range(3):
        bench.carry_out(RECEIPT)
    bench.break_off(RECEIPT, "$y", executed=True)
    bench.till.reports = 5
    assert bench.journal.last is not None
    assert bench.journal.last.opened is not None
    opened = bench.journal.last.opened.model_copy(update={"n_dobowych": 5})
    bench.journal.last = replace(bench.journal.last, opened=opened)
    for name, value in change.items():
        setattr(bench.till, name, 4 if value == -1 else value)
    assert cause(bench.recover(RECEIPT)) == "counters_restored"


def test_a_daily_report_in_between_leaves_it_unproven() -> None:
    bench = Bench()
    bench.break_off(RECEIPT, "$y", executed=True)
    bench.till.report()
    assert cause(bench.recover(RECEIPT)) == "report_between"


def test_a_confirmed_receipt_is_done_whatever_follows() -> None:
    """The closing command was answered; then a person made the daily report, before we could look."""
    bench = Bench()

    def answer(name: str, data: bytes) -> bytes:
        found = bench.answer(data)
        if name == "$y":
            bench.till.report()
        return found

    verdict = bench.carry_out(RECEIPT, answer=answer)
    assert isinstance(verdict, Printed)
    assert (verdict.result.number, verdict.result.daily_report) == (1, 1)


def test_the_operator_cancelled_our_receipt() -> None:
    bench = Bench()
    bench.break_off(RECEIPT, "$y", executed=False)
    bench.till.cancel()
    verdict = bench.recover(RECEIPT)
    assert isinstance(verdict, NotPrinted)
    assert verdict.again


def test_a_receipt_that_vanished_with_its_flag_down_was_not_registered() -> None:
    """Nothing is open, nothing was counted; opening cleared the flag of the last closing, and it is still clear."""
    bench = Bench()
    bench.break_off(RECEIPT, "$y", executed=False)
    bench.till.state = State.IDLE
    verdict = bench.recover(RECEIPT)
    assert isinstance(verdict, NotPrinted)
    assert verdict.again


def test_a_receipt_that_the_flag_calls_closed_and_no_counter_knows_is_for_a_person() -> None:
    bench = Bench()
    bench.break_off(RECEIPT, "$y", executed=False)
    bench.till.state, bench.till.finished = State.IDLE, True
    assert cause(bench.recover(RECEIPT)) == "vanished"


@pytest.mark.parametrize(("stop", "nth"), [("$h", 1), ("$l", 2), ("$y", 1)])
def test_what_others_have_sold_on_an_open_receipt_is_never_cancelled(stop: str, nth: int) -> None:
    """Ours was given up without a trace, and another program has opened its own: it holds what we never sent."""
    bench = Bench()
    bench.break_off(RECEIPT, stop, executed=False, nth=nth)
    bench.till.state = State.IDLE
    bench.till.others_begin()
    bench.till.others_sell(123)
    verdict = bench.recover(RECEIPT)
    assert isinstance(verdict, NotPrinted)
    assert verdict.again
    assert bench.till.state is State.LINES
    assert "$e" not in bench.names


@pytest.mark.parametrize("stop", ["$h", "$l"])
def test_an_empty_receipt_that_moves_is_somebody_elses(stop: str) -> None:
    bench = Bench()
    bench.break_off(RECEIPT, stop, executed=False)
    bench.till.cancel()
    bench.till.others_begin()
    verdict = bench.recover(RECEIPT, paused=lambda: bench.till.others_sell(5))
    assert isinstance(verdict, NotPrinted)
    assert bench.till.state is State.LINES
    assert "$e" not in bench.names


@pytest.mark.parametrize("profile", ["posnet", "novitus"])
@pytest.mark.parametrize("others", ["report", "others_receipt"])
def test_an_unconfirmed_opening_after_something_else_happened(profile: str, others: str) -> None:
    """It came between our first look and our opening: the empty receipt may be theirs, and is left alone."""
    bench = Bench(Till(PROFILES[profile], totals=[100] * 7, par_num=3), settings_of.thermal(profile=profile))
    real = bench.till.answer

    def answer(data: bytes) -> bytes:
        if command_of(data) == "$h":
            getattr(bench.till, others)()
        return real(data)

    bench.till.answer = answer  # type: ignore[method-assign]
    bench.break_off(RECEIPT, "$h", executed=True)
    verdict = bench.recover(RECEIPT)
    assert isinstance(verdict, NotPrinted)
    assert verdict.again
    assert bench.till.state is State.LINES


def test_a_line_refused_in_somebody_elses_receipt_cancels_nothing() -> None:
    """A person cancelled ours, another program opened its own, and our next line ended up there."""
    bench = Bench()

    def answer(name: str, data: bytes) -> bytes:
        if b"Bu\x92ka" in data:
            bench.till.cancel()
            bench.till.others_begin()
        return bench.answer(data)

    verdict = bench.carry_out(RECEIPT, answer=answer)
    assert isinstance(verdict, NotPrinted)
    assert verdict.problem.code == "printer.cancelled"
    assert not verdict.again
    assert bench.till.state is State.LINES
    assert "$e" not in bench.names


def test_our_receipt_that_cannot_be_cancelled_yet_is_tried_again() -> None:
    bench = Bench()
    bench.break_off(RECEIPT, "$y", executed=False)
    bench.till.refuses = {"$e 0": 1034}
    with pytest.raises(DialogueAborted, match="cancelled"):
        bench.recover(RECEIPT)
    bench.till.refuses = {}
    assert isinstance(bench.recover(RECEIPT), NotPrinted)
    assert bench.till.state is State.IDLE


def test_recovery_on_another_printer_waits_for_the_right_one() -> None:
    bench = Bench()
    bench.break_off(RECEIPT, "$y", executed=True)
    bench.till.unique = "ABC00000000"
    verdict = bench.recover(RECEIPT)
    assert isinstance(verdict, Wait)
    assert verdict.problem.code == "printer.swapped"


def test_a_look_that_lost_two_equal_bytes_is_not_believed() -> None:
    """The check byte does not notice; the next look differs, and one more decides."""
    bench = Bench(Till(totals=[110_000, 0, 0, 0, 0, 0, 0]))
    bench.break_off(RECEIPT, "$y", executed=True)
    damaged = [False] * 4 + [True]
    real = bench.till.answer

    def answer(data: bytes) -> bytes:
        found = real(data)
        return found.replace(b"/1110.00/", b"/10.00/") if command_of(data) == "#s 23" and damaged.pop() else found

    bench.till.answer = answer  # type: ignore[method-assign]
    verdict = bench.recover(RECEIPT)
    assert isinstance(verdict, Printed)
    assert verdict.result.number == 1
    assert not damaged, "two that agree after the damaged one, and two before the verdict"


def test_a_printer_that_never_stands_still_is_busy() -> None:
    bench = Bench()
    bench.break_off(RECEIPT, "$y", executed=True)

    real = bench.till.answer

    def answer(data: bytes) -> bytes:
        if command_of(data) == "#s 50":
            bench.till.others_receipt()
        return real(data)

    bench.till.answer = answer  # type: ignore[method-assign]
    with pytest.raises(DialogueAborted, match="stand still"):
        bench.recover(RECEIPT)


# -- documents of one step -------------------------------------------------------------------------------


@pytest.mark.parametrize("executed", [False, True])
@pytest.mark.parametrize("document", [DailyReport(), *SLIPS], ids=lambda d: d.type)
def test_a_one_step_document_is_decided_by_its_counter(document: Document, executed: bool) -> None:
    bench = Bench(Till(cash=1000))
    bench.carry_out(RECEIPT)
    sheets = bench.till.printed
    assert bench.break_off(document, STEPS[document.type], executed=executed)
    verdict = bench.recover(document)
    assert isinstance(verdict, Printed if executed else NotPrinted)
    assert bench.till.printed == sheets + executed
    if isinstance(verdict, NotPrinted):
        assert verdict.again


@pytest.mark.parametrize("executed", [False, True])
@pytest.mark.parametrize("document", SLIPS, ids=lambda d: d.type)
def test_where_sales_moved_the_cash_too_the_printouts_decide(document: Document, executed: bool) -> None:
    bench = Bench(Till(cash=1000))
    bench.break_off(document, STEPS[document.type], executed=executed)
    bench.till.others_receipt()
    assert isinstance(bench.recover(document), Printed if executed else NotPrinted)


def test_another_amount_in_the_drawer_is_for_a_person() -> None:
    """Ours was lost and another program paid in; or noise that the check byte does not notice changed our amount."""
    bench = Bench()
    bench.break_off(CashIn(amount=Decimal("1000.00")), "#i", executed=False)
    bench.till.say(b"0#i10.00/")
    assert cause(bench.recover(CashIn(amount=Decimal("1000.00")))) == "changed"


def test_a_doubled_slip_is_done_and_told() -> None:
    bench = Bench(Till(cash=1000))

    def doubling(name: str, data: bytes) -> bytes:
        if name == "#i":
            bench.answer(data)
        return bench.answer(data)

    verdict = bench.carry_out(CashIn(amount=Decimal("5.00")), answer=doubling)
    assert isinstance(verdict, Printed)
    assert [notice.code for notice in verdict.notices] == ["slip.doubled"]


def test_a_doubled_slip_without_an_answer_is_for_a_person() -> None:
    bench = Bench()
    bench.break_off(CashIn(amount=Decimal("5.00")), "#i", executed=True)
    bench.till.say(b"0#i5.00/")
    assert cause(bench.recover(CashIn(amount=Decimal("5.00")))) == "many_slips"


def test_a_doubled_slip_that_emptied_the_drawer_is_done() -> None:
    """The second one was refused for want of cash, and the printer has forgotten the rest."""
    bench = Bench(Till(cash=150))

    def doubling(name: str, data: bytes) -> bytes:
        found = bench.answer(data)
        if name == "#d":
            bench.answer(data)
        return found

    verdict = bench.carry_out(CashOut(amount=Decimal("1.00")), answer=doubling)
    assert isinstance(verdict, Printed)
    assert bench.till.cash == 0


@pytest.mark.parametrize(
    "document", [CashOut(amount=Decimal("5.00")), GoodsReturn(amount=Decimal("5.00"))], ids=lambda each: each.type
)
@pytest.mark.parametrize("cash", [500, 600])
def test_a_refused_slip_is_not_proven_by_cash_that_the_printer_forgot(document: Document, cash: int) -> None:
    """Another program pays out before ours, which is refused for want of cash: the drawer counts as empty (5.7)."""
    bench = Bench(Till(cash=cash))

    def answer(name: str, data: bytes) -> bytes:
        if name == STEPS[document.type]:
            bench.till.say(b"0#d3.00/")
        return bench.answer(data)

    assert cause(bench.carry_out(document, answer=answer)) == "many_slips"


def test_a_refused_slip_without_any_other_was_not_printed() -> None:
    bench = Bench(Till(cash=500))

    def answer(name: str, data: bytes) -> bytes:
        if name == "#d":
            bench.till.cash = 0
        return bench.answer(data)

    verdict = bench.carry_out(CashOut(amount=Decimal("5.00")), answer=answer)
    assert isinstance(verdict, NotPrinted)
    assert verdict.problem.device_code == "32"


@pytest.mark.parametrize("executed", [True, False])
@pytest.mark.parametrize("fiscal", [True, False])
def test_the_number_of_receipts_begins_anew_after_9999(executed: bool, fiscal: bool) -> None:
    """Novitus counts on over the daily reports (5.9)."""
    bench = Bench(
        Till(PROFILES["novitus"], fiscal=fiscal, par_num=9999, totals=[100] * 7),
        settings_of.thermal(profile="novitus"),
    )
    real = bench.till.answer

    def rolling(data: bytes) -> bytes:
        found = real(data)
        bench.till.par_num %= 10_000
        return found

    bench.till.answer = rolling  # type: ignore[method-assign]
    bench.break_off(RECEIPT, "$y", executed=executed)
    verdict = bench.recover(RECEIPT)
    if executed:
        assert isinstance(verdict, Printed)
        assert verdict.result.number == 0
    else:
        assert isinstance(verdict, NotPrinted)
        assert verdict.again


def test_a_confirmed_slip_that_moved_no_counter_is_contradictory() -> None:
    bench = Bench(Till(cash=1000))
    paused: list[int] = []

    def answer(name: str, data: bytes) -> bytes:
        return result("#z") if name == "#z" else bench.answer(data)

    verdict = bench.carry_out(GoodsReturn(amount=Decimal("1.00")), answer=answer, paused=lambda: paused.append(1))
    assert cause(verdict) == "contradiction"
    assert len(paused) == 2, "it was looked at again before"


def test_a_report_among_slips_is_unproven() -> None:
    bench = Bench()
    bench.carry_out(RECEIPT)
    bench.break_off(CashIn(amount=Decimal("0.05")), "#i", executed=True)
    bench.till.report()
    assert cause(bench.recover(CashIn(amount=Decimal("0.05")))) == "report_between"


def test_two_reports_are_unproven() -> None:
    bench = Bench()
    bench.carry_out(RECEIPT)
    bench.break_off(DailyReport(), "#r", executed=True)
    bench.till.report()
    assert cause(bench.recover(DailyReport())) == "many_reports"


def test_the_drawer_is_never_undecided() -> None:
    bench = Bench()
    bench.break_off(Drawer(), "$d 1", executed=True)
    verdict = bench.recover(Drawer())
    assert isinstance(verdict, NotPrinted)
    assert not verdict.again, "opening it twice on a guess would be wrong too"


# -- looking ---------------------------------------------------------------------------------------------


def test_a_look_at_the_printer() -> None:
    bench = Bench()
    bench.carry_out(RECEIPT)
    snapshot = drive(queries.read_status(settings_of.thermal()), bench.answer)
    assert snapshot.identity.printer_id == NU
    assert snapshot.identity.model == "POSNET Thermal"
    assert snapshot.identity.firmware == "2.02"
    assert snapshot.identity.profile == "posnet"
    assert snapshot.rates == {"A": "23%", "B": "8%", "C": "5%", "D": "0%", "E": None, "F": None, "G": "exempt"}
    assert (snapshot.counters.receipts, snapshot.counters.last_receipt, snapshot.counters.daily_report) == (1, 1, 1)
    assert snapshot.condition.state is PrinterState.READY
    assert snapshot.condition.idle, "ENQ is answered when nothing is left to do"
    assert snapshot.day_open
    assert not snapshot.transaction_open


def test_the_probe_asks_single_bytes_only() -> None:
    bench = Bench()
    drive(queries.poll(SETTINGS), bench.answer)
    assert bench.asked == ["DLE", "ENQ"]


def test_a_device_without_a_clock_is_looked_at_too() -> None:
    bench = Bench(Till(refuses={"#c": 1, "#v": 1}))
    snapshot = drive(queries.read_status(SETTINGS), bench.answer)
    assert snapshot.clock is None
    assert snapshot.identity.model is None


def test_the_check_uses_the_printers_own_table_once_it_is_known() -> None:
    document = RECEIPT.model_copy(
        update={
            "lines": (RECEIPT.lines[0].model_copy(update={"vat": "E"}),),
            "buyer": Buyer(nip="5260250274"),
        }
    )
    assert FAMILY.check(document, SETTINGS, None).errors == ()
    snapshot = drive(queries.read_status(SETTINGS), Bench().answer)
    found = [error.code for error in FAMILY.check(document, SETTINGS, snapshot).errors]
    assert found == ["buyer.unsupported", "vat.inactive"]
    assert FAMILY.check(DailyReport(), SETTINGS, snapshot).errors == ()


@pytest.mark.parametrize("question", [queries.identify, queries.read_status], ids=["identify", "observe"])
def test_a_status_with_the_rates_in_use_only_is_not_guessed_at(question: Callable[[Settings], object]) -> None:
    """Whose rates they are, and whose totals, cannot be told: the printer is not taken for one that was understood."""
    till = Till()
    short = b"\x1bP1#X0;1;0;1;1;0;26;7;14/23.00/8.00/17/1.00/2.00/7.00/2310.15/ABC12345678\x1b\\"

    def answer(data: bytes) -> bytes:
        return short if command_of(data) == "#s 23" else till.answer(data)

    with pytest.raises(DialogueAborted) as interrupted:
        drive(question(SETTINGS), answer)  # type: ignore[arg-type]
    assert "lacks ptu" in interrupted.value.problem.detail
