"""Dialogues over a scripted printer: what only Thermal printers do. What every family does: ``tests.conformance``."""

from __future__ import annotations

from decimal import Decimal

import pytest

from fiscald.model.cash import CashIn, CashOut, Drawer, GoodsReturn
from fiscald.model.documents import Document
from fiscald.model.jobs import Paper
from fiscald.model.packaging import Packaging
from fiscald.model.problems import Fate
from fiscald.model.receipt import Buyer
from fiscald.model.reports import DailyReport
from fiscald.protocols.base import DialogueAborted, NotPrinted, Printed, Stage, Wait
from fiscald.protocols.thermal.evidence import ThermalLook
from fiscald.protocols.thermal.frames import Dle, Frame, encode
from fiscald.protocols.thermal.grammar import State
from fiscald.protocols.thermal.profiles import PROFILES
from fiscald.protocols.thermal.proof import CounterDelta
from tests.protocols import settings as settings_of
from tests.protocols.thermal.bench import RECEIPT, SLIPS, Bench
from tests.protocols.thermal.scripted import NU, Till, result

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


def test_an_undisturbed_receipt_takes_two_looks_and_half_a_look() -> None:
    """Before it, while it is open, and what can have changed after it."""
    bench = Bench()
    bench.carry_out(RECEIPT)
    assert [bench.asked.count(f"#s {number}") for number in (23, 28, 24, 50)] == [3, 2, 2, 3]
    assert len(bench.asked) == 3 + 2 * 4 + 2 + 4 + 3


def test_a_daily_report_carries_the_printers_own_date() -> None:
    bench = Bench()
    bench.carry_out(RECEIPT)
    verdict = bench.carry_out(DailyReport())
    assert isinstance(verdict, Printed)
    assert (verdict.result.number, verdict.result.daily_report) == (1, 1)
    assert bench.till.sent[-1] == b"1;26;7;15#r"


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


def test_a_training_report_resets_the_numbers() -> None:
    then = ThermalLook(nr_unikatowy="X", Pm=0, Pt=0, Px=0, Pz=0, par_num=5, cash=0, tot=0, n_dobowych=0, numer=9)
    assert CounterDelta(then, then.model_copy(update={"par_num": 0, "numer": 10})).reports == 1
    fiscal = then.model_copy(update={"Pm": 1})
    assert CounterDelta(fiscal, fiscal.model_copy(update={"par_num": 0})).reports == 0


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


def test_a_damaged_date_stops_a_report_before_anything_is_sent() -> None:
    """The answer to ``#c`` has no check byte, so noise can make month 51 of it."""
    bench = Bench()

    asked: list[str] = []

    def answer(name: str, data: bytes) -> bytes:
        asked.append(name)
        got = bench.answer(data)
        return got.replace(b";7;", b";51;") if name == "#c" else got

    with pytest.raises(DialogueAborted, match="date was damaged"):
        bench.carry_out(DailyReport(), answer=answer)
    assert "#r" not in asked
