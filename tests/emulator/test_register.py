"""The register's arithmetic, against rules of the reference and against itself."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fiscald.emulator.goods import goods_key
from fiscald.emulator.memory import Adjustment, RegisterState
from fiscald.emulator.refusal import Refusal, RegisterError
from fiscald.emulator.register import Register, tax
from fiscald.model.money import MAX_GROSZE
from fiscald.model.times import POLISH_TIME


def opened() -> Register:
    register = Register(clock=lambda: datetime(2026, 10, 9, 12, 0, tzinfo=POLISH_TIME))
    register.sale.open("receipt")
    return register


def refused(refusal: Refusal) -> pytest.RaisesExc[RegisterError]:
    return pytest.raises(RegisterError, match=f"^{refusal.value}$")


@pytest.mark.parametrize(
    ("price", "quantity", "value"),
    [
        (800, "2.000", 1600),
        (333, "0.5", 167),
        (1, "0.5", 1),
        (3190, "0.755", 2408),
        (101, "0.015", 2),
        (333, "1.5", 500),
    ],
)
def test_a_line_is_rounded_half_up(price: int, quantity: str, value: int) -> None:
    register = opened()
    register.sale.sell("Woda", 0, price, Decimal(quantity))
    assert register.sale.transaction.total == value


def test_the_spread_of_a_discount_over_rates() -> None:
    """The vector of section 6.8."""
    register = opened()
    for rate, price in ((0, 2000), (1, 1299), (2, 3150)):
        register.sale.sell(f"Towar {rate}", rate, price, Decimal(1))
    register.sale.adjust_subtotal(lambda _: Adjustment(amount=-500, name="Rabat"))
    assert register.sale.transaction.totals[:3] == [1845, 1198, 2906]


@given(st.lists(st.integers(0, 10**6), min_size=4, max_size=4).filter(any), st.data())
def test_the_shares_of_a_spread_add_up_to_the_amount(prices: list[int], data: st.DataObject) -> None:
    register = opened()
    for rate, price in enumerate(prices):
        if price:
            register.sale.sell(f"Towar {rate}", rate, price, Decimal(1))
    whole = register.sale.transaction.total
    discount = data.draw(st.integers(1, max(whole - 1, 1)))
    if discount >= whole:
        return
    before = list(register.sale.transaction.totals)
    register.sale.adjust_subtotal(lambda _: Adjustment(amount=-discount, name="Rabat"))
    totals = register.sale.transaction.totals
    assert sum(totals) == whole - discount
    for had, has in zip(before, totals, strict=True):
        exact = Decimal(had) * discount / whole
        assert abs((had - has) - exact) < 1


def test_a_storno_takes_back_what_was_sold() -> None:
    register = opened()
    register.sale.sell("Kawa", 1, 1000, Decimal(3))
    register.sale.sell("Kawa", 1, 1000, Decimal(1), storno=True)
    with refused(Refusal.STORNO_QUANTITY):
        register.sale.sell("Kawa", 1, 1000, Decimal(3), storno=True)
    register.sale.sell("Kawa", 1, 1000, Decimal(2), storno=True)
    assert register.sale.transaction.total == 0
    with refused(Refusal.STORNO_VALUE):
        register.sale.sell("Kawa", 1, 1000, Decimal(1), storno=True)


@pytest.mark.parametrize(("name", "rate", "price"), [("Kakao", 1, 1000), ("Kawa", 0, 1000), ("Kawa", 1, 999)])
def test_a_storno_repeats_name_rate_and_price(name: str, rate: int, price: int) -> None:
    register = opened()
    register.sale.sell("Kawa", 1, 1000, Decimal(1))
    with refused(Refusal.STORNO_VALUE):
        register.sale.sell(name, rate, price, Decimal(1), storno=True)


def test_a_storno_of_a_discounted_line_takes_back_the_discounted_value() -> None:
    def discount(_: int) -> Adjustment:
        return Adjustment(amount=-200, name="Rabat")

    register = opened()
    register.sale.sell("Kawa", 1, 1000, Decimal(1), adjustment=discount)
    with refused(Refusal.STORNO_VALUE):
        register.sale.sell("Kawa", 1, 1000, Decimal(1), storno=True)
    register.sale.sell("Kawa", 1, 1000, Decimal(1), storno=True, value=1000, adjustment=discount)
    assert register.sale.transaction.total == 0


@pytest.mark.parametrize(
    ("arguments", "refusal"),
    [
        ({"rate": 4}, Refusal.RATE),
        ({"rate": 7}, Refusal.RATE),
        ({"price": 0}, Refusal.PRICE),
        ({"quantity": Decimal(0)}, Refusal.QUANTITY),
        ({"value": 201}, Refusal.LINE_VALUE),
        ({"quantity": Decimal("0.001")}, Refusal.LINE_ZERO),
        ({"adjustment": lambda _: Adjustment(amount=-201, name="")}, Refusal.DISCOUNT),
        ({"adjustment": lambda _: Adjustment(amount=-200, name="")}, Refusal.DISCOUNT_ALL),
        ({"adjustment": lambda _: Adjustment(amount=0, name="")}, Refusal.DISCOUNT_ZERO),
        ({"price": MAX_GROSZE, "quantity": Decimal(2)}, Refusal.TOTAL_RANGE),
    ],
)
def test_a_refused_line_changes_nothing(arguments: dict[str, object], refusal: Refusal) -> None:
    register = opened()
    register.sale.sell("Woda", 0, 100, Decimal(1))
    before = register.state.model_copy(deep=True)
    line: dict[str, object] = {"name": "Woda", "rate": 0, "price": 200, "quantity": Decimal(1)} | arguments
    with refused(refusal):
        register.sale.sell(**line)  # type: ignore[arg-type]
    assert register.state == before


@pytest.mark.parametrize(
    ("declared", "refusal"),
    [
        ({"total": 0}, Refusal.LINE_ZERO),
        ({"total": 1001}, Refusal.TOTAL),
        ({"total": 1000, "packaging_given": 1}, Refusal.PACKAGING_GIVEN),
        ({"total": 1000, "packaging_taken": 1}, Refusal.PACKAGING_TAKEN),
        ({"total": 1000, "paid": 1500}, Refusal.PAID),
        ({"total": 1000, "paid": 2000, "change": 999}, Refusal.CHANGE),
    ],
)
def test_a_refused_end_leaves_the_receipt_open(declared: dict[str, int], refusal: Refusal) -> None:
    register = opened()
    register.sale.sell("Woda", 0, 1000, Decimal(1))
    register.sale.pay(2, 2000, "Karta")
    register.sale.pay(0, 1000, "Reszta", change=True)
    with refused(refusal):
        register.sale.check_close(**declared)
    assert register.state.transaction is not None
    assert register.sale.check_close(total=1000, paid=2000, change=1000) == 1000


def test_payments_must_cover_what_is_due_and_change_must_fit() -> None:
    register = opened()
    register.sale.sell("Woda", 0, 1000, Decimal(1))
    register.sale.pay(0, 900, "Gotówka", cash=True)
    with refused(Refusal.NOT_COVERED):
        register.sale.check_close(total=1000, paid=900)
    with refused(Refusal.PAYMENT_ZERO):
        register.sale.pay(0, 0, "Gotówka")
    register.sale.pay(2, 200, "Karta")
    with refused(Refusal.PAYMENT_COVERED):
        register.sale.pay(2, 1, "Karta")
    with refused(Refusal.CHANGE_LARGE):
        register.sale.pay(0, 1101, "Reszta", change=True)
    assert register.sale.check_close(total=1000, paid=1100) == 100, "change that was not declared is computed"
    with refused(Refusal.CHANGE):
        register.sale.check_close(total=1000, paid=1100, change=99)


def test_the_day_has_a_limit() -> None:
    state = RegisterState()
    state.day.receipts[0] = MAX_GROSZE - 10
    register = Register(state)
    register.sale.open("receipt")
    register.sale.sell("Woda", 0, 11, Decimal(1))
    with refused(Refusal.DAY_RANGE):
        register.sale.check_close(total=11)


@given(st.integers(0, MAX_GROSZE), st.sampled_from([3, 5, 7, 8, 22, 23]))
def test_both_ways_to_the_tax_agree(gross: int, rate: int) -> None:
    """Section 6.9: for the Polish rates tax and gross-minus-net never differ."""
    net = (Decimal(100 * gross) / (100 + rate)).quantize(Decimal(1), rounding="ROUND_HALF_UP")
    assert tax(gross, Decimal(rate)) == gross - int(net)
    assert tax(gross, "exempt") == 0


def test_goods_names_are_compared_on_letters_and_digits() -> None:
    assert goods_key("Woda mineralna 0,5l") == goods_key("WODA-MINERALNA 05L.") != goods_key("Woda mineralna 1,5l")


def test_a_full_drawer_stops_counting() -> None:
    register = Register(RegisterState(cash=MAX_GROSZE))
    register.sale.open("receipt")
    register.sale.sell("Woda", 0, 1000, Decimal(1))
    register.sale.close(register.sale.check_close(total=1000))
    assert register.state.cash == MAX_GROSZE


def test_a_daily_report_writes_the_fiscal_memory_and_clears_the_day() -> None:
    register = opened()
    register.sale.sell("Woda", 0, 1000, Decimal(1))
    register.sale.close(register.sale.check_close(total=1000))
    assert not register.state.day.totals_zero
    record = register.ledger.daily_report()
    assert (record.number, record.day.receipts[0], record.day.receipt_count) == (1, 1000, 1)
    assert register.state.day.totals_zero
    assert register.state.goods, "the goods base survives the report"
    with refused(Refusal.REPORT_ZERO):
        register.ledger.daily_report()


def test_the_clock_is_guarded_in_fiscal_mode() -> None:
    register = Register(clock=lambda: datetime(2026, 10, 9, 12, 0, tzinfo=POLISH_TIME))
    with refused(Refusal.CLOCK_DIFFERENCE):
        register.clock.set(register.clock.now() + timedelta(hours=3), hours=2)
    register.clock.set(register.clock.now() + timedelta(hours=1), hours=2)
    assert register.clock.now().hour == 13
    with refused(Refusal.CLOCK_SET):
        register.clock.set(register.clock.now(), hours=2)


def test_a_unique_number_of_the_emulator_cannot_look_real() -> None:
    with pytest.raises(ValueError, match="EMU"):
        Register(RegisterState(unique_number="ZBF 2101002392"))


def test_what_is_committed_is_saved_once_per_command() -> None:
    saved: list[tuple[int, int]] = []
    register = Register(saved=lambda state, new: saved.append((state.cash, len(new))))
    register.ledger.cash_in(100)
    assert saved == []
    register.commit()
    assert saved == [(100, 0)]


def test_stornos_of_one_line_return_no_more_than_it_brought() -> None:
    """A line of 3.00 with half the price off brought 1.50; the first storno of 1.00 leaves 0.50."""
    register = opened()
    register.sale.sell(
        "Woda", 0, 100, Decimal(3), adjustment=lambda value: Adjustment(amount=-value // 2, name="Rabat")
    )
    register.sale.sell("Kawa", 0, 1000, Decimal(1))
    register.sale.sell("Woda", 0, 100, Decimal(1), storno=True)
    with refused(Refusal.STORNO_VALUE):
        register.sale.sell("Woda", 0, 100, Decimal(1), storno=True)
    assert register.sale.transaction.total == 1050


def test_a_receipt_is_printed_line_by_line_unless_the_command_says_otherwise() -> None:
    register = opened()
    register.sale.sell("Woda", 0, 100, Decimal(1))
    assert register.state.last_document.kind == "receipt"
