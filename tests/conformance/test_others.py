"""What is concluded about our document while other programs and people use the same printer; in every family.

The values are written out: which of two receipts ours is must not be read from the rule that decides it.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import pytest

from fiscald.emulator.memory import Transaction
from fiscald.model.cash import CashIn
from fiscald.model.receipt import Receipt
from fiscald.model.reports import DailyReport
from fiscald.protocols.base import NotPrinted, Printed, Unknown, Verdict
from tests.conformance.bench import Bench, Sold, cause
from tests.conformance.families import RECEIPTS
from tests.found import found

pytestmark = pytest.mark.parametrize("family", RECEIPTS)

RECEIPT = Receipt.model_validate(
    {
        "lines": [{"name": "Kawa", "price": "10.00", "vat": "A"}, {"name": "Bułka", "price": "1.50", "vat": "5%"}],
        "payments": [{"type": "cash", "amount": "11.50"}],
    }
)
TOTAL = 1150
OURS = ["Kawa", "Bułka"]


def ours(bench: Bench) -> Sold | None:
    return next((sold for sold in bench.sold if sold.names == OURS), None)


# -- a closing step that was refused ---------------------------------------------------------------------


def test_a_refused_closing_proves_nothing_after_a_daily_report(family: str) -> None:
    """A person cancels ours; another program sells, and the day is closed: its counters say nothing of ours."""
    bench = Bench(family)

    def others() -> None:
        bench.others_cancel()
        bench.others_receipt(777)
        bench.others_report()

    bench.before(bench.names.closing, others)
    assert cause(bench.carry_out(RECEIPT)) == "report_between"
    assert ours(bench) is None


@pytest.mark.parametrize("footer", [(), ("Dziękujemy",)], ids=["plain", "footer"])
def test_a_refused_closing_of_a_receipt_that_was_cancelled(family: str, footer: tuple[str, ...]) -> None:
    bench = Bench(family)
    bench.before(bench.names.closing, bench.others_cancel)
    verdict = bench.carry_out(RECEIPT.model_copy(update={"footer": footer}))
    assert isinstance(verdict, NotPrinted)
    assert (verdict.problem.code, verdict.again) == ("printer.cancelled", False), "a person decided"
    assert "trftrln" not in bench.sent, "no line of the footer is sent for a receipt that was not registered"
    assert (bench.sold, bench.open) == ([], False)


def test_a_refused_closing_is_not_believed_of_a_printer_in_training(family: str) -> None:
    """Its counters need not move; that they stand still proves nothing without the printer's confirmation."""
    bench = Bench(family, fiscal=False)
    register = bench.device.register

    def cancel_without_a_trace() -> Transaction:
        transaction = register.sale.transaction
        register.sale.discard()
        return transaction

    register.sale.cancel = cancel_without_a_trace  # type: ignore[method-assign]
    bench.before(bench.names.closing, bench.others_cancel)
    assert not isinstance(bench.carry_out(RECEIPT), Printed)
    assert bench.sold == []


# -- a receipt of other content than ours ----------------------------------------------------------------


def closed_by_others(bench: Bench, price: int) -> None:
    """Another program sells on our receipt, before its payment; our closing step is lost, and it closes the receipt."""

    def sell() -> None:
        assert bench.device.foreign_sell("Obcy", price)

    if bench.names.payment is None:
        bench.break_off(RECEIPT, bench.names.closing, executed=False)
        sell()
    else:
        bench.before(bench.names.payment, sell)
        bench.break_off(RECEIPT, bench.names.closing, executed=False)
    bench.others_close(TOTAL + price, paid=TOTAL)
    assert bench.sold == [Sold(1, [*OURS, "Obcy"], TOTAL + price)]


AFTERWARDS: dict[str, Callable[[Bench], object]] = {
    "nothing": lambda _: None,
    "a slip": Bench.others_pay_in,
    "an open receipt": lambda bench: bench.others_open(50),
    "an open receipt of our value": lambda bench: bench.others_open(TOTAL),
}


@pytest.mark.parametrize("afterwards", AFTERWARDS)
def test_a_receipt_that_others_changed_is_for_a_person(family: str, afterwards: str) -> None:
    bench = Bench(family)
    closed_by_others(bench, 100)
    AFTERWARDS[afterwards](bench)
    assert cause(bench.recover(RECEIPT)) == "changed"


@pytest.mark.parametrize("afterwards", AFTERWARDS)
def test_our_own_receipt_is_done_whatever_came_afterwards(family: str, afterwards: str) -> None:
    bench = Bench(family)
    bench.break_off(RECEIPT, bench.names.closing, executed=True)
    AFTERWARDS[afterwards](bench)
    verdict = bench.recover(RECEIPT)
    assert isinstance(verdict, Printed)
    assert (verdict.result.number, verdict.result.total) == (1, Decimal("11.50"))


def test_two_receipts_that_are_worth_less_than_ours_hold_not_ours(family: str) -> None:
    """Ours is lost without a trace, and another program prints two. It cannot be known what was on the first of them."""
    bench = Bench(family)
    bench.break_off(RECEIPT, bench.names.closing, executed=False)
    state = bench.device.register.state
    printouts = state.printout_count
    bench.device.keypad_cancel()
    state.day.cancelled_count = state.day.cancelled_value = state.day.last_receipt = 0
    state.printout_count = printouts
    bench.others_receipt(300)
    bench.others_receipt(400)
    assert cause(bench.recover(RECEIPT)) == "changed"


# -- ours and others: which was it -----------------------------------------------------------------------

#: Values of receipts of others: less than ours, the same, more.
VALUES = (300, TOTAL, 2000)
ONE = [[(act, value)] for act in ("completed", "cancelled") for value in VALUES]
TWO = [first + second for first in ONE for second in ONE]


@pytest.mark.parametrize("others", [*ONE, *TWO], ids=lambda others: " ".join(f"{act} {value}" for act, value in others))
@pytest.mark.parametrize("executed", [True, False], ids=["ours completed", "ours cancelled"])
def test_ours_is_never_taken_for_another_one(family: str, executed: bool, others: list[tuple[str, int]]) -> None:
    """Ours ended first, as what was open must; then others. If in doubt, a person decides."""
    for profile in found(Bench(family).device.profiles):
        bench = Bench(family, profile)
        bench.break_off(RECEIPT, bench.names.closing, executed=executed)
        if not executed:
            bench.others_cancel()
        for act, value in others:
            (bench.others_receipt if act == "completed" else bench.others_give_up)(value)
        verdict = bench.recover(RECEIPT)
        if {act for act, _ in others} == {"completed" if executed else "cancelled"}:
            assert not isinstance(verdict, Unknown), "no other ending is like ours"
        if isinstance(verdict, Unknown):
            assert cause(verdict) == "twins"
        elif executed:
            assert isinstance(verdict, Printed)
            assert (verdict.result.number, verdict.result.total) == (1, Decimal("11.50"))
        else:
            assert isinstance(verdict, NotPrinted)
            assert verdict.again


@pytest.mark.parametrize(
    ("executed", "others", "decided"),
    [
        (True, [("cancelled", 300)], True),
        (True, [("cancelled", TOTAL)], False),
        (True, [("cancelled", 2000)], True),
        (True, [("cancelled", 300), ("cancelled", 300)], True),
        (True, [("cancelled", 300), ("cancelled", 2000)], False),
        (True, [("cancelled", 300), ("completed", 2000)], True),
        (True, [("completed", 300), ("cancelled", 300)], True),
        (True, [("completed", TOTAL), ("cancelled", TOTAL)], False),
        (False, [("completed", 300)], True),
        (False, [("completed", TOTAL)], False),
        (False, [("completed", 2000)], True),
        (False, [("completed", 300), ("completed", 300)], True),
        (False, [("completed", 300), ("completed", 2000)], False),
        (False, [("completed", 300), ("cancelled", 300)], True),
        (False, [("cancelled", 300), ("completed", 2000)], True),
    ],
)
def test_the_values_of_the_day_decide_where_they_can(
    family: str, executed: bool, others: list[tuple[str, int]], decided: bool
) -> None:
    bench = Bench(family)
    bench.break_off(RECEIPT, bench.names.closing, executed=executed)
    if not executed:
        bench.others_cancel()
    for act, value in others:
        (bench.others_receipt if act == "completed" else bench.others_give_up)(value)
    # If ours may be the cancelled one, only the value of those can tell.
    decided = decided and (bench.case.cancelled_value or not executed)
    assert isinstance(bench.recover(RECEIPT), (Printed if executed else NotPrinted) if decided else Unknown)


@pytest.mark.parametrize("confirmed", [True, False])
def test_the_number_is_right_when_ours_is_the_last_of_several(family: str, confirmed: bool) -> None:
    """Before its first line ours is cancelled; another program prints, and opens the next: our lines are sold on it."""
    bench = Bench(family)

    def others() -> None:
        bench.others_cancel()
        bench.others_receipt(300)
        bench.others_receipt(700)
        bench.others_open()

    bench.before(bench.names.line, others)
    if confirmed:
        verdict = bench.carry_out(RECEIPT)
    else:
        bench.break_off(RECEIPT, bench.names.closing, executed=True)
        verdict = bench.recover(RECEIPT)
    assert isinstance(verdict, Printed)
    assert [verdict.result.number] == [sold.number for sold in bench.sold if sold.names == OURS]
    assert (verdict.result.printed_at is not None) or not confirmed


def test_a_later_receipt_that_is_like_ours_does_not_give_ours_its_number(family: str) -> None:
    """Of the same value, and paid like it: ours was open, so it was the first to end."""
    bench = Bench(family)
    bench.break_off(RECEIPT, bench.names.closing, executed=True)
    bench.others_give_up(300)
    bench.others_open(TOTAL)
    bench.others_close(TOTAL, paid=0)
    verdict = bench.recover(RECEIPT)
    if not bench.case.cancelled_value:
        assert cause(verdict) == "twins", "ours may be the cancelled one"
        return
    assert isinstance(verdict, Printed)
    assert verdict.result.number == 1


@pytest.mark.parametrize("ours_first", [True, False])
def test_a_confirmed_receipt_has_no_number_while_another_one_is_like_it(family: str, ours_first: bool) -> None:
    """Another program prints one of our value and payment in the moments before we look: before ours, or after it."""
    bench = Bench(family)

    def like_ours() -> None:
        bench.others_open(TOTAL)
        bench.others_close(TOTAL, paid=0)

    def before() -> None:
        bench.others_cancel()
        like_ours()
        bench.others_open()

    def answer(name: str, data: bytes) -> bytes:
        found = bench.answer(data)
        if name == bench.names.closing and ours_first:
            bench.others_give_up(300)
            like_ours()
        return found

    if not ours_first:
        bench.before(bench.names.line, before)
    assert cause(bench.carry_out(RECEIPT, answer=answer)) == "twins"
    assert ours(bench) is not None


@pytest.mark.parametrize("confirmed", [True, False])
def test_the_number_is_right_when_another_receipt_was_cancelled_before(family: str, confirmed: bool) -> None:
    """A person cancels our empty receipt; another program opens one and leaves it: our lines are sold on that."""
    bench = Bench(family)

    def others() -> None:
        bench.others_cancel()
        bench.others_open()

    bench.before(bench.names.line, others)
    if confirmed:
        verdict = bench.carry_out(RECEIPT)
    else:
        bench.break_off(RECEIPT, bench.names.closing, executed=True)
        verdict = bench.recover(RECEIPT)
    assert isinstance(verdict, Printed)
    assert [verdict.result.number] == [sold.number for sold in bench.sold if sold.names == OURS]


# -- an empty receipt ------------------------------------------------------------------------------------


@pytest.mark.parametrize("afterwards", ["sold", "given up", "report"])
@pytest.mark.parametrize("executed", [False, True])
@pytest.mark.parametrize("stop", ["opening", "line"])
def test_an_empty_receipt_is_not_ours_once_something_ended(
    family: str, stop: str, executed: bool, afterwards: str
) -> None:
    """While we wait whether it stands still, ours is cancelled, another program works, and opens the next one."""
    bench = Bench(family)
    bench.others_receipt(500)
    bench.break_off(RECEIPT, getattr(bench.names, stop), executed=executed and stop == "opening")
    if not bench.open:
        bench.others_open()

    def others() -> None:
        bench.others_cancel()
        if afterwards == "sold":
            bench.others_receipt(777)
        elif afterwards == "given up":
            bench.others_give_up(777)
        else:
            bench.others_report()
        bench.others_open()

    waits = []

    def paused() -> None:
        waits.append("once more")
        others()

    verdict = bench.recover(RECEIPT, paused=paused)
    if not waits:
        # A family whose counters tell also of an empty receipt that was cancelled need not wait.
        assert (family, stop) == ("posnet", "line")
        return
    assert isinstance(verdict, NotPrinted)
    assert bench.open, "it is theirs"
    assert bench.names.cancel not in bench.sent


# -- slips and reports -----------------------------------------------------------------------------------

SLIP = CashIn(amount=Decimal("5.00"))


@pytest.mark.parametrize("executed", [True, False])
def test_a_slip_that_was_not_answered_is_unproven_after_a_daily_report(family: str, executed: bool) -> None:
    """After it the counters of slips have begun again: one printout beside the report may be anything."""
    bench = Bench(family)
    bench.others_receipt(777)
    bench.break_off(SLIP, bench.names.cash_in, executed=executed)
    if not executed:
        bench.others_receipt(500)
    bench.others_report()
    assert cause(bench.recover(SLIP)) == "report_between"


def test_a_slip_that_was_confirmed_is_done_after_a_daily_report(family: str) -> None:
    bench = Bench(family)
    bench.others_receipt(777)

    def answer(name: str, data: bytes) -> bytes:
        found = bench.answer(data)
        if name == bench.names.cash_in:
            bench.others_report()
        return found

    verdict = bench.carry_out(SLIP, answer=answer)
    assert isinstance(verdict, Printed)
    assert verdict.notices == ()


def test_a_refused_slip_is_unproven_after_a_daily_report(family: str) -> None:
    """Another program's receipt is open when ours comes; it is closed, and then the day, before we look."""
    bench = Bench(family)
    bench.before(bench.names.cash_in, lambda: bench.others_open(300))

    def answer(name: str, data: bytes) -> bytes:
        found = bench.answer(data)
        if name == bench.names.cash_in:
            assert bench.device.foreign_end(300)
            bench.others_report()
        return found

    assert cause(bench.carry_out(SLIP, answer=answer)) == "report_between"


def test_a_report_that_another_person_made_first_is_the_one_that_was_wanted(family: str) -> None:
    bench = Bench(family)
    bench.others_receipt(777)
    bench.before(bench.names.report, bench.others_report)
    verdict = bench.carry_out(DailyReport())
    assert isinstance(verdict, Printed)
    assert verdict.result.number == 1


# -- another program is faster than our look at our open receipt --------------------------------------------


def carry_out_while(
    bench: Bench, taken_over: Callable[[], object], paused: Callable[[], None] = lambda: None
) -> Verdict:
    """Print our receipt; as soon as it is open, other people do that."""

    def answer(name: str, data: bytes) -> bytes:
        reply = bench.answer(data)
        if name == bench.names.opening and bench.sent.count(name) == 1:
            taken_over()
        return reply

    return bench.settle(RECEIPT, lambda: bench.carry_out(RECEIPT, answer=answer, paused=paused))


def next_customer(bench: Bench) -> None:
    """Another program cancels ours while it is empty, completes a receipt, and opens the next one."""
    bench.others_cancel()
    bench.others_receipt(777)
    bench.others_open()


def test_nothing_is_sold_on_a_receipt_that_another_program_has_opened(family: str) -> None:
    bench = Bench(family)
    pauses = 0

    def sell_at_the_fifth_pause() -> None:
        nonlocal pauses
        pauses += 1
        if pauses == 5:
            bench.others_sell(300)

    verdict = carry_out_while(bench, lambda: next_customer(bench), sell_at_the_fifth_pause)
    assert isinstance(verdict, NotPrinted)
    assert (verdict.again, pauses) == (True, 5)
    transaction = bench.device.register.state.transaction
    assert transaction is not None, "it is still open"
    assert [line.name for line in transaction.lines] == ["Obcy"]


def test_a_receipt_that_another_program_gives_up_is_not_taken_for_ours(family: str) -> None:
    bench = Bench(family)
    verdict = carry_out_while(bench, lambda: next_customer(bench), bench.others_cancel)
    assert isinstance(verdict, NotPrinted)
    assert verdict.again
    assert ours(bench) is None


def test_our_receipt_is_printed_though_another_one_ended_before_its_opening(family: str) -> None:
    """The printer's counters are the same as after the next customer: fiscald waits, and no one touches ours."""
    bench = Bench(family)
    bench.before(bench.names.opening, lambda: bench.others_receipt(777))
    pauses: list[None] = []
    verdict = bench.carry_out(RECEIPT, paused=lambda: pauses.append(None))
    assert isinstance(verdict, Printed)
    assert (verdict.result.number, len(pauses)) == (2, 6)
    assert ours(bench) == Sold(2, OURS, TOTAL)
