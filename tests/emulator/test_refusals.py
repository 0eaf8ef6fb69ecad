"""Every rule of the emulated register has a command that it refuses, and its number in every family.

A rule that refuses nothing any more would let programs pass that a real printer stops. Sources: POSNET reference, sections
6.2 to 6.8 and 8; Thermal reference, sections 5, 6 and 8.1.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from fiscald.emulator.memory import Adjustment, DailyRecord, Day, Goods, RegisterState
from fiscald.emulator.posnet.machine import ERRORS as POSNET_ERRORS
from fiscald.emulator.refusal import Refusal, RegisterError
from fiscald.emulator.register import Register
from fiscald.emulator.thermal.machine import ERRORS as THERMAL_ERRORS
from fiscald.model.money import MAX_GROSZE
from fiscald.model.times import POLISH_TIME

NOON = datetime(2026, 10, 9, 12, 0, tzinfo=POLISH_TIME)
ONE = Decimal(1)
NO_RATES: list[Decimal | str | None] = [None] * 7
INACTIVE: list[Decimal | str | None] = [Decimal(23), *[None] * 6]
RATES = RegisterState().rates
#: Refused by the condition of that name, not by the register.
BY_CONDITION = {Refusal.REPORT_REQUIRED}


def changes(amount: int) -> Callable[[int], Adjustment | None]:
    return lambda _: Adjustment(amount=amount, name="Rabat")


def sell(register: Register, price: int = 1000, rate: int = 0, name: str = "Kawa", **more: Any) -> None:
    register.sale.sell(name, rate, price, ONE, **more)


def pack(register: Register, price: int, *, returned: bool = False) -> None:
    register.sale.pack("1", price, ONE, value=None, returned=returned)


def one_after_another(*actions: Callable[[Register], object]) -> Callable[[Register], object]:
    def all_of_them(register: Register) -> None:
        for action in actions:
            action(register)

    return all_of_them


def reverse(register: Register) -> None:
    sell(register, storno=True)


def give_change(amount: int) -> Callable[[Register], object]:
    return lambda register: register.sale.pay(0, amount, "", change=True)


#: What was there before, what is done then; ``True``: a receipt is open.
Case = tuple[RegisterState, bool, Callable[[Register], object], Callable[[Register], object]]


def nothing(_: Register) -> None:
    """Nothing more is there before."""


def case(
    then: Callable[[Register], object],
    *,
    before: Callable[[Register], object] = nothing,
    opened: bool = True,
    **state: Any,
) -> Case:
    return RegisterState(**state), opened, before, then


def paid(*amounts: int) -> Callable[[Register], object]:
    def before(register: Register) -> None:
        sell(register)
        for amount in amounts:
            register.sale.pay(2, amount, "Karta")

    return before


def lowered() -> dict[str, Goods]:
    return {"kawa": Goods(rate=1, lowered=True)}


SOLD = Day(receipts=[100, 0, 0, 0, 0, 0, 0], receipt_count=1, last_receipt=1)
CASES: dict[Refusal, list[Case]] = {
    Refusal.RATE: [
        case(lambda r: sell(r, rate=4)), case(lambda r: sell(r, rate=7)), case(lambda r: sell(r, rate=-1)),
        case(lambda r: r.sale.adjust_rate(4, changes(-1)), before=sell), case(lambda r: r.goods.check("Kawa", 4)),
    ],
    Refusal.PRICE: [
        case(lambda r: sell(r, price=0)), case(lambda r: sell(r, price=-1)),
        case(lambda r: r.sale.pack("1", 0, ONE, value=None, returned=False)),
    ],
    Refusal.QUANTITY: [
        case(lambda r: r.sale.sell("Kawa", 0, 100, Decimal(0))), case(lambda r: r.sale.sell("Kawa", 0, 100, Decimal(-1))),
        case(lambda r: r.sale.pack("1", 100, Decimal(0), value=None, returned=False)),
    ],
    Refusal.LINE_VALUE: [case(lambda r: sell(r, value=1001)), case(lambda r: sell(r, value=999)), case(lambda r: sell(r, value=0))],
    Refusal.LINE_ZERO: [
        case(lambda r: r.sale.sell("Kawa", 0, 1, Decimal("0.4"))), case(lambda r: r.sale.check_close(total=0), before=sell),
    ],
    Refusal.DISCOUNT: [
        case(lambda r: sell(r, adjustment=changes(-1001))), case(lambda r: r.sale.adjust_subtotal(changes(-1001)), before=sell),
        case(lambda r: r.sale.adjust_rate(0, changes(-1001)), before=sell),
    ],
    Refusal.DISCOUNT_ALL: [
        case(lambda r: sell(r, adjustment=changes(-1000))), case(lambda r: r.sale.adjust_subtotal(changes(-1000)), before=sell),
    ],
    Refusal.DISCOUNT_ZERO: [
        case(lambda r: sell(r, adjustment=changes(0))), case(lambda r: r.sale.adjust_subtotal(changes(0)), before=sell),
        case(lambda r: r.sale.adjust_subtotal(lambda _: None), before=sell),
    ],
    Refusal.DISCOUNT_BASE: [
        case(lambda r: r.sale.adjust_rate(1, changes(-1)), before=sell),
        case(lambda r: r.sale.adjust_subtotal(changes(10)), before=one_after_another(sell, reverse)),
    ],
    Refusal.NO_LINE: [case(lambda r: r.sale.adjust_subtotal(changes(-1))), case(lambda r: r.sale.adjust_rate(0, changes(-1)))],
    Refusal.STORNO_VALUE: [
        case(lambda r: sell(r, storno=True)), case(lambda r: sell(r, price=999, storno=True), before=sell),
        case(lambda r: sell(r, name="Herbata", storno=True), before=sell),
        case(lambda r: sell(r, storno=True), before=lambda r: sell(r, adjustment=changes(-1))),
        case(
            lambda r: sell(r, storno=True),
            before=one_after_another(lambda r: sell(r, adjustment=changes(-1)), lambda r: sell(r, name="Herbata")),
        ),
        case(lambda r: sell(r, storno=True, matched=False), before=lambda r: sell(r, price=999)),
        case(lambda r: sell(r, rate=1, storno=True, matched=False), before=sell),
        case(lambda r: r.sale.pack("1", 50, ONE, value=None, returned=False, storno=True)),
        case(lambda r: r.sale.pack("1", 50, ONE, value=None, returned=False, storno=True, matched=False)),
        case(
            lambda r: r.sale.pack("1", 51, ONE, value=None, returned=True, storno=True, matched=False),
            before=lambda r: r.sale.pack("1", 50, ONE, value=None, returned=True),
        ),
    ],
    Refusal.STORNO_QUANTITY: [
        case(lambda r: r.sale.sell("Kawa", 0, 1000, Decimal(2), storno=True), before=one_after_another(sell, sell)),
    ],
    Refusal.GOODS_LOCKED: [
        case(sell, goods=lowered()), case(lambda r: r.goods.check("KAWA", 0), goods=lowered()),
        case(lambda r: sell(r, storno=True), goods=lowered()),
    ],
    Refusal.GOODS_FULL: [case(sell, goods={"herbata": Goods(rate=0)}, goods_capacity=1), case(sell, goods_capacity=0)],
    Refusal.TOTAL_RANGE: [
        case(lambda r: sell(r, price=MAX_GROSZE), before=sell), case(lambda r: sell(r, price=MAX_GROSZE, adjustment=changes(1))),
        case(lambda r: r.sale.adjust_subtotal(changes(MAX_GROSZE)), before=sell),
    ],
    Refusal.DAY_RANGE: [
        case(lambda r: r.sale.check_close(total=1000), before=sell, day=Day(receipts=[MAX_GROSZE - 999, 0, 0, 0, 0, 0, 0])),
        case(lambda r: r.ledger.check_day(r.sale.transaction), before=sell, day=Day(receipts=[MAX_GROSZE, 0, 0, 0, 0, 0, 0])),
    ],
    Refusal.PAYMENT_ZERO: [case(lambda r: r.sale.pay(0, 0, "")), case(lambda r: r.sale.pay(0, 0, "", change=True), before=paid(1000))],
    Refusal.PAYMENT_RANGE: [case(lambda r: r.sale.pay(0, MAX_GROSZE, "", cash=True), before=paid(1))],
    Refusal.PAYMENT_COVERED: [case(lambda r: r.sale.pay(2, 1, ""), before=paid(1000)), case(lambda r: r.sale.pay(2, 1, ""), before=paid(1001))],
    Refusal.CHANGE_LARGE: [
        case(lambda r: r.sale.pay(0, 1, "", change=True)), case(lambda r: r.sale.pay(0, 1001, "", change=True), before=paid(1000)),
    ],
    Refusal.NO_PAYMENT: [
        case(lambda r: r.sale.take_back_payment(2, 1000)), case(lambda r: r.sale.take_back_payment(2, 999), before=paid(1000)),
        case(lambda r: r.sale.take_back_payment(0, 1000), before=paid(1000)),
    ],
    Refusal.PACKAGING_RANGE: [
        case(lambda r: pack(r, MAX_GROSZE), before=lambda r: pack(r, 1)),
        case(lambda r: pack(r, MAX_GROSZE, returned=True), before=lambda r: pack(r, 1, returned=True)),
    ],
    Refusal.PACKAGING_VALUE: [case(lambda r: r.sale.pack("1", 50, Decimal(2), value=99, returned=False))],
    Refusal.TOTAL_ZERO: [
        case(lambda r: r.sale.check_close(total=1)),
        case(lambda r: r.sale.check_close(total=1), before=one_after_another(sell, reverse)),
    ],
    Refusal.TOTAL: [case(lambda r: r.sale.check_close(total=999), before=sell), case(lambda r: r.sale.check_close(total=1001), before=sell)],
    Refusal.PACKAGING_GIVEN: [
        case(lambda r: r.sale.check_close(total=1000, packaging_given=1), before=sell),
        case(lambda r: r.sale.check_close(total=1000), before=one_after_another(sell, lambda r: pack(r, 1))),
    ],
    Refusal.PACKAGING_TAKEN: [
        case(lambda r: r.sale.check_close(total=1000, packaging_taken=1), before=sell),
        case(lambda r: r.sale.check_close(total=1000), before=one_after_another(sell, lambda r: pack(r, 1, returned=True))),
    ],
    Refusal.PAID: [
        case(lambda r: r.sale.check_close(total=1000, paid=999), before=paid(1000)), case(lambda r: r.sale.check_close(total=1000), before=paid(1000)),
        case(lambda r: r.sale.check_close(total=1000, paid=1000), before=sell),
    ],
    Refusal.CHANGE: [
        case(lambda r: r.sale.check_close(total=1000, change=1), before=sell),
        case(lambda r: r.sale.check_close(total=1000, paid=1200, change=199), before=paid(1200)),
        case(
            lambda r: r.sale.check_close(total=1000, paid=1200, change=199),
            before=one_after_another(paid(1200), give_change(200)),
        ),
    ],
    Refusal.NOT_COVERED: [
        case(lambda r: r.sale.check_close(total=1000, paid=999), before=paid(999)),
        case(
            lambda r: r.sale.check_close(total=1000, paid=1200, change=100),
            before=one_after_another(paid(1200), give_change(100)),
        ),
    ],
    Refusal.CASH_NEGATIVE: [case(lambda r: r.ledger.cash_out(1), opened=False), case(lambda r: r.ledger.cash_out(101), opened=False, cash=100)],
    Refusal.CASH_RANGE: [case(lambda r: r.ledger.cash_in(1), opened=False, cash=MAX_GROSZE)],
    Refusal.REPORT_ZERO: [case(lambda r: r.ledger.daily_report(), opened=False, report_offset=1)],
    Refusal.NO_RECORD: [
        case(lambda r: r.ledger.records(NOON.date(), NOON.date()), opened=False),
        case(
            lambda r: r.ledger.records(NOON.date(), NOON.date()),
            opened=False,
            fiscal_memory=[DailyRecord(number=1, at=NOON - timedelta(days=1), rates=RATES, day=Day())],
        ),
    ],
    Refusal.NO_HEADER: [case(lambda r: r.sale.open("receipt"), opened=False, header=""), case(lambda r: r.sale.open("invoice"), opened=False, header="")],
    Refusal.NO_RATES: [case(lambda r: r.sale.open("receipt"), opened=False, rates=NO_RATES)],
    Refusal.RATES_SAME: [case(lambda r: r.ledger.set_rates(list(RATES)), opened=False)],
    Refusal.RATES_INACTIVE: [case(lambda r: r.ledger.set_rates(NO_RATES), opened=False)],
    Refusal.TOTALS_NOT_ZERO: [
        case(lambda r: r.ledger.set_rates(INACTIVE), opened=False, day=SOLD), case(lambda r: r.clock.set(NOON, hours=2), opened=False, day=SOLD),
        case(lambda r: r.ledger.set_rates(INACTIVE), opened=False, day=Day(cancelled_count=1)),
        case(lambda r: r.ledger.set_rates(INACTIVE), opened=False, day=Day(invoices=[0, 1, 0, 0, 0, 0, 0])),
    ],
    Refusal.CLOCK_SET: [case(lambda r: r.clock.set(NOON, hours=2), opened=False, clock_set=NOON.date())],
    Refusal.CLOCK_RANGE: [
        case(lambda r: r.clock.set(datetime(2200, 1, 1, tzinfo=UTC), hours=2), opened=False, fiscal=False),
        case(lambda r: r.clock.set(datetime(1900, 1, 1, tzinfo=UTC), hours=2), opened=False, fiscal=False),
    ],
    Refusal.CLOCK_DIFFERENCE: [
        case(lambda r: r.clock.set(NOON + timedelta(hours=2, seconds=1), hours=2), opened=False),
        case(lambda r: r.clock.set(NOON - timedelta(hours=1, seconds=1), hours=1), opened=False),
    ],
    Refusal.CLOCK_BEFORE_RECORD: [case(lambda r: r.clock.set(NOON - timedelta(minutes=2), hours=2), opened=False, last_record=NOON - timedelta(minutes=1))],
}  # fmt: skip


def test_every_rule_is_tested_here() -> None:
    assert CASES.keys() == set(Refusal) - BY_CONDITION
    assert POSNET_ERRORS.keys() >= set(Refusal) - {Refusal.NO_PAYMENT}
    assert THERMAL_ERRORS.keys() == set(Refusal)


@pytest.mark.parametrize(
    ("refusal", "tried"),
    [pytest.param(refusal, each, id=f"{refusal.name}-{n}") for refusal, cases in CASES.items() for n, each in enumerate(cases)],
)  # fmt: skip
def test_the_rule_refuses_and_nothing_changes(refusal: Refusal, tried: Case) -> None:
    state, opened, before, then = tried
    register = Register(state.model_copy(deep=True), clock=lambda: NOON)
    if opened:
        register.sale.open("receipt")
    before(register)
    as_it_was = register.state.model_copy(deep=True)
    with pytest.raises(RegisterError) as told:
        then(register)
    assert told.value.refusal is refusal
    if refusal is Refusal.CASH_NEGATIVE:
        as_it_was.cash = 0
    assert register.state == as_it_was
    assert register.printouts == []


#: The nearest that each rule lets pass: a rule that refuses too much stops programs that a real printer serves.
ALLOWED: list[Case] = [
    case(lambda r: sell(r, rate=6)), case(lambda r: sell(r, price=1)), case(lambda r: r.sale.sell("Kawa", 0, 1, Decimal("0.5"))),
    case(lambda r: sell(r, adjustment=changes(-999))), case(lambda r: r.sale.adjust_subtotal(changes(-999)), before=sell),
    case(lambda r: sell(r, storno=True), before=sell), case(lambda r: sell(r, rate=1), goods=lowered()),
    case(sell, goods={"kawa": Goods(rate=1)}), case(sell, goods={"kawa": Goods(rate=0)}, goods_capacity=1),
    case(lambda r: sell(r, price=MAX_GROSZE)), case(lambda r: r.sale.check_close(total=1000), before=sell, day=Day(receipts=[MAX_GROSZE - 1000, 0, 0, 0, 0, 0, 0])),
    case(lambda r: r.sale.pay(0, 1, "", cash=True), before=paid(1000)), case(lambda r: r.sale.pay(2, 1, ""), before=paid(999)),
    case(lambda r: r.sale.pay(0, 1000, "", change=True), before=paid(1000)), case(lambda r: r.sale.check_close(total=1000), before=sell),
    case(lambda r: r.sale.check_close(total=1000, paid=1200, change=200), before=paid(1200)), case(lambda r: r.sale.check_close(total=1000, paid=1200), before=paid(1200)),
    case(lambda r: r.ledger.cash_out(100), opened=False, cash=100), case(lambda r: r.ledger.cash_in(1), opened=False, cash=MAX_GROSZE - 1),
    case(lambda r: r.ledger.daily_report(), opened=False), case(lambda r: r.ledger.daily_report(), opened=False, report_offset=1, fiscal=False),
    case(lambda r: r.ledger.daily_report(), opened=False, report_offset=1, day=Day(cancelled_count=1)),
    case(lambda r: r.ledger.set_rates(INACTIVE), opened=False), case(lambda r: r.clock.set(NOON + timedelta(hours=2), hours=2), opened=False),
    case(lambda r: r.clock.set(NOON + timedelta(days=9), hours=2), opened=False, fiscal=False, clock_set=NOON.date()),
    case(lambda r: r.sale.open("receipt"), opened=False, rates=INACTIVE), case(lambda r: r.clock.set(NOON, hours=1), opened=False, last_record=NOON),
]  # fmt: skip


@pytest.mark.parametrize("tried", [pytest.param(each, id=str(n)) for n, each in enumerate(ALLOWED)])
def test_the_nearest_valid_value_is_accepted(tried: Case) -> None:
    state, opened, before, then = tried
    register = Register(state.model_copy(deep=True), clock=lambda: NOON)
    if opened:
        register.sale.open("receipt")
    before(register)
    then(register)
