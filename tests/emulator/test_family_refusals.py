"""What each family answers where its register refuses (tests of the rules: ``test_refusals``)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from fiscald.emulator.faults import Switch
from fiscald.emulator.memory import Day, Goods, RegisterState
from fiscald.emulator.refusal import Refusal
from fiscald.model.money import MAX_GROSZE
from tests.emulator.posnet.talking import Talk
from tests.emulator.test_refusals import CASES, NO_RATES, NOON, SOLD, lowered
from tests.emulator.thermal.talking import Talk as ThermalTalk


def posnet(*before: str, **state: Any) -> Talk:
    talk = Talk(state=RegisterState(**state), at="2026-10-09T12:00:00+02:00")
    for command in before:
        assert "?" not in talk.say(command), command
    return talk


def thermal(*before: str, **state: Any) -> ThermalTalk:
    talk = ThermalTalk(state=RegisterState(**state))
    talk.follow(*before)
    return talk


LINE = "trline|naKawa|vt0|pr1000|"
#: What a command of the family makes of each rule; the register is asked through it.
POSNET: dict[Refusal, tuple[Callable[[], Talk], str, int]] = {
    Refusal.RATE: (lambda: posnet("trinit|"), "trline|naX|vt4|pr100|", 2000), Refusal.PRICE: (lambda: posnet("trinit|"), "trline|naX|vt0|pr0|", 2006),
    Refusal.QUANTITY: (lambda: posnet("trinit|"), "trline|naX|vt0|pr100|il0|", 2007),
    Refusal.LINE_VALUE: (lambda: posnet("trinit|"), "trline|naX|vt0|pr100|wa101|", 2802),
    Refusal.LINE_ZERO: (lambda: posnet("trinit|"), "trline|naX|vt0|pr1|il0.4|", 2009),
    Refusal.DISCOUNT: (lambda: posnet("trinit|"), "trline|naX|vt0|pr100|rw101|", 2801),
    Refusal.DISCOUNT_ALL: (lambda: posnet("trinit|"), "trline|naX|vt0|pr100|rw100|", 1985),
    Refusal.DISCOUNT_ZERO: (lambda: posnet("trinit|"), "trline|naX|vt0|pr100|rw0|", 1984),
    Refusal.DISCOUNT_BASE: (lambda: posnet("trinit|", LINE), "trdiscntvat|vt1|rw1|", 1983),
    Refusal.NO_LINE: (lambda: posnet("trinit|"), "trdiscntsubtot|rw1|", 2060),
    Refusal.STORNO_VALUE: (lambda: posnet("trinit|"), "trline|naX|vt0|pr100|st1|", 2852),
    Refusal.STORNO_QUANTITY: (lambda: posnet("trinit|", LINE), "trline|naKawa|vt0|pr1000|il2|st1|", 2851),
    Refusal.GOODS_LOCKED: (lambda: posnet("trinit|", goods=lowered()), LINE, 2106),
    Refusal.GOODS_FULL: (lambda: posnet("trinit|", goods_capacity=0), LINE, 2101),
    Refusal.TOTAL_RANGE: (lambda: posnet("trinit|", LINE), "trline|naX|vt0|pr9999999999|", 1957),
    Refusal.DAY_RANGE: (lambda: posnet("trinit|", LINE, day=Day(receipts=[MAX_GROSZE, 0, 0, 0, 0, 0, 0])), "trend|to1000|", 2010),
    Refusal.PAYMENT_ZERO: (lambda: posnet("trinit|", LINE), "trpayment|ty0|wa0|", 1962),
    Refusal.PAYMENT_RANGE: (lambda: posnet("trinit|", LINE, "trpayment|ty0|wa1|"), "trpayment|ty0|wa9999999999|", 1952),
    Refusal.PAYMENT_COVERED: (lambda: posnet("trinit|", LINE, "trpayment|ty2|wa1000|"), "trpayment|ty2|wa1|", 1953),
    Refusal.CHANGE_LARGE: (lambda: posnet("trinit|", LINE, "trpayment|ty2|wa1000|"), "trpayment|ty0|wa1001|re1|", 1961),
    Refusal.PACKAGING_RANGE: (lambda: posnet("trinit|", "trpack|na1|pr1|il1|"), "trpack|na1|pr9999999999|il1|", 1958),
    Refusal.PACKAGING_VALUE: (lambda: posnet("trinit|"), "trpack|na1|pr50|il2|wa99|", 2803),
    Refusal.TOTAL_ZERO: (lambda: posnet("trinit|"), "trend|to1|", 2041), Refusal.TOTAL: (lambda: posnet("trinit|", LINE), "trend|to999|", 2805),
    Refusal.PACKAGING_GIVEN: (lambda: posnet("trinit|", LINE), "trend|to1000|op1|", 2806),
    Refusal.PACKAGING_TAKEN: (lambda: posnet("trinit|", LINE), "trend|to1000|om1|", 2807),
    Refusal.PAID: (lambda: posnet("trinit|", LINE, "trpayment|ty2|wa1000|"), "trend|to1000|fp999|", 2808),
    Refusal.CHANGE: (lambda: posnet("trinit|", LINE, "trpayment|ty2|wa1200|"), "trend|to1000|fp1200|re1|", 2809),
    Refusal.NOT_COVERED: (lambda: posnet("trinit|", LINE, "trpayment|ty2|wa999|"), "trend|to1000|fp999|", 2054),
    Refusal.CASH_NEGATIVE: (posnet, "cash|kw1|wp0|", 503), Refusal.CASH_RANGE: (lambda: posnet(cash=MAX_GROSZE), "cash|kw1|wp1|", 502),
    Refusal.REPORT_ZERO: (lambda: posnet(report_offset=1), "dailyrep|da2026-10-09|", 382),
    Refusal.NO_RECORD: (posnet, "periodicrepbydates|fd2026-10-01|td2026-10-02|su0|", 384),
    Refusal.NO_HEADER: (lambda: posnet(header=""), "trinit|", 2002), Refusal.NO_RATES: (lambda: posnet(rates=NO_RATES), "trinit|", 2004),
    Refusal.RATES_SAME: (posnet, "vatset|va23,00|vb8,00|vc5,00|vd0,00|vg100,00|da2026-10-09|", 2028),
    Refusal.RATES_INACTIVE: (posnet, "vatset|da2026-10-09|", 2030),
    Refusal.TOTALS_NOT_ZERO: (lambda: posnet(day=SOLD), "vatset|va22,00|da2026-10-09|", 2035),
    Refusal.CLOCK_SET: (lambda: posnet(clock_set=NOON.date()), "rtcset|da2026-10-09;12:01|", 2021),
    Refusal.CLOCK_RANGE: (lambda: posnet(fiscal=False), "rtcset|da2200-01-01;12:01|", 2024),
    Refusal.CLOCK_DIFFERENCE: (posnet, "rtcset|da2026-10-09;14:01|", 2023),
    Refusal.CLOCK_BEFORE_RECORD: (lambda: posnet(last_record=NOON), "rtcset|da2026-10-09;11:59|", 2025),
}  # fmt: skip
WATER = "1$lWoda|1.|A/10/10/"
THERMAL: dict[Refusal, tuple[Callable[[], ThermalTalk], str, int]] = {
    Refusal.RATE: (lambda: thermal("0$h"), "1$lX|1.|E/1/1/", 18), Refusal.PRICE: (lambda: thermal("0$h"), "1$lX|1.|A/0/0/", 19),
    Refusal.QUANTITY: (lambda: thermal("0$h"), "1$lX|0.|A/1/0/", 17), Refusal.LINE_VALUE: (lambda: thermal("0$h"), "1$lX|1.|A/1/2/", 20),
    Refusal.LINE_ZERO: (lambda: thermal("0$h"), "1$lX|0.4|A/0.01/0/", 20), Refusal.DISCOUNT: (lambda: thermal("0$h"), "1;1$lX|1.|A/1/1/1.01/", 20),
    Refusal.DISCOUNT_ALL: (lambda: thermal("0$h"), "1;1$lX|1.|A/1/1/1/", 20), Refusal.DISCOUNT_ZERO: (lambda: thermal("0$h"), "1;1$lX|1.|A/1/1/0/", 20),
    Refusal.DISCOUNT_BASE: (lambda: thermal("0$h", WATER), "1;3$L0/1/", 26), Refusal.NO_LINE: (lambda: thermal("0$h"), "1;0$e000|0/1/", 23),
    Refusal.STORNO_VALUE: (lambda: thermal("0$h", WATER), "0$lWoda|2.|A/10/20/", 22),
    Refusal.GOODS_LOCKED: (lambda: thermal("0$h", goods={"WODA": Goods(rate=1, lowered=True)}), WATER, 18),
    Refusal.GOODS_FULL: (lambda: thermal("0$h", goods_capacity=0), WATER, 92),
    Refusal.TOTAL_RANGE: (lambda: _much_sold(), "101$lX|1.|A/999999.99/999999.99/", 94),
    Refusal.DAY_RANGE: (lambda: thermal("0$h", WATER, day=Day(receipts=[MAX_GROSZE, 0, 0, 0, 0, 0, 0])), "1;0$e000|0/10/", 28),
    Refusal.PAYMENT_ZERO: (lambda: thermal("0$h", WATER), "1;1$b0/|", 26), Refusal.NO_PAYMENT: (lambda: thermal("0$h", WATER), "2;1$b10/|", 93),
    Refusal.TOTAL_ZERO: (lambda: thermal("0$h", WATER, "0$lWoda|1.|A/10/10/"), "1;0$e000|0/0/", 23),
    Refusal.TOTAL: (lambda: thermal("0$h", WATER), "1;0$e000|0/9.99/", 27),
    Refusal.PACKAGING_GIVEN: (lambda: thermal("0$h", WATER, "6$d1/"), "0;0;0;0;0;1;0;0;0;0;0;0$y1|J||1|1.|10/0/0/0/0/2/", 26),
    Refusal.PACKAGING_TAKEN: (lambda: thermal("0$h", WATER, "10$d1/"), "0;0;0;0;0;0;1;0;0;0;0;0$y1|J||1|1.|10/0/0/0/0/2/", 26),
    Refusal.CASH_NEGATIVE: (thermal, "0#d1/", 32), Refusal.CASH_RANGE: (lambda: thermal(cash=MAX_GROSZE), "0#i1/", 31),
    Refusal.REPORT_ZERO: (lambda: thermal(report_offset=1, last_record=datetime(2026, 7, 15, 8, tzinfo=UTC)), "1;26;7;15#r", 36),
    Refusal.NO_RECORD: (thermal, "26;7;1;26;7;31;0#o", 4), Refusal.NO_HEADER: (lambda: thermal(header=""), "0$h", 40),
    Refusal.NO_RATES: (lambda: thermal(rates=NO_RATES), "0$h", 18), Refusal.RATES_INACTIVE: (thermal, "7;26;7;15$p101/101/101/101/101/101/101/", 11),
    Refusal.TOTALS_NOT_ZERO: (lambda: thermal(day=SOLD), "7;26;7;15$p22/7/5/0/100/101/101/", 8),
    Refusal.CLOCK_DIFFERENCE: (thermal, "26;7;15;12;42;0$c", 10),
    Refusal.CLOCK_BEFORE_RECORD: (lambda: thermal(last_record=datetime(2026, 7, 15, 8, 42, tzinfo=UTC)), "26;7;15;10;41;0$c", 7),
}  # fmt: skip
#: Rules that no command of the family comes up against: it pays in other ways, checks before it asks the register, has
#: other limits.
NOT_ON_POSNET = {Refusal.NO_PAYMENT}
NOT_ON_THERMAL = {
    Refusal.STORNO_QUANTITY, Refusal.PAYMENT_COVERED, Refusal.PAYMENT_RANGE, Refusal.CHANGE_LARGE, Refusal.PACKAGING_RANGE,
    Refusal.PACKAGING_VALUE, Refusal.PAID, Refusal.CHANGE, Refusal.NOT_COVERED, Refusal.RATES_SAME, Refusal.CLOCK_SET, Refusal.CLOCK_RANGE,
}  # fmt: skip


def _much_sold() -> ThermalTalk:
    talk = thermal("0$h")
    for number in range(1, 101):
        talk.follow(f"{number}$lX|1.|A/999999.99/999999.99/")
    return talk


def test_every_rule_has_its_number_in_every_family() -> None:
    assert POSNET.keys() == CASES.keys() - NOT_ON_POSNET
    assert THERMAL.keys() == CASES.keys() - NOT_ON_THERMAL


@pytest.mark.parametrize("refusal", POSNET)
def test_the_number_on_a_posnet_printer(refusal: Refusal) -> None:
    """The printer continues: the open document stays open, and nothing is printed."""
    made, command, number = POSNET[refusal]
    talk = made()
    opened = talk.register.state.transaction is not None
    assert talk.say(command) == f"{command.partition('|')[0]}|?{number}|"
    assert (talk.register.state.transaction is not None) == opened
    assert talk.register.printouts == []
    assert talk.say("scomm|").startswith("scomm|fs")


@pytest.mark.parametrize("refusal", THERMAL)
def test_the_number_on_a_thermal_printer(refusal: Refusal) -> None:
    made, command, number = THERMAL[refusal]
    talk = made()
    opened = talk.register.state.transaction is not None
    assert talk.error(command) == number
    assert (talk.register.state.transaction is not None) == opened
    assert talk.register.printouts == []
    assert talk.say("#n") == f"1#E{number}"


@pytest.mark.parametrize(
    ("condition", "command", "number"),
    [
        (Switch.NO_HEADER, "trinit|", 2002), (Switch.NO_RATES, "trinit|", 2004), (Switch.REPORT_REQUIRED, "trinit|", 383),
        (Switch.UNAUTHORISED, "trinit|", 484), (Switch.NO_HEADER, "trpackinit|", 2002), (Switch.REPORT_REQUIRED, "trfvinit|", 383),
    ],
)  # fmt: skip
def test_a_condition_refuses_every_opening(condition: Switch, command: str, number: int) -> None:
    talk = posnet()
    talk.printer.faults.switches.add(condition)
    assert talk.say(command) == f"{command.partition('|')[0]}|?{number}|"
    assert talk.register.state.transaction is None
    talk.printer.faults.clear()
    assert "?" not in talk.say(command)


@pytest.mark.parametrize(
    ("condition", "posnet_number", "novitus_number"),
    [
        (Switch.NO_HEADER, 40, 40), (Switch.MEMORY_FULL, 40, 40), (Switch.BATTERY, 97, 97), (Switch.JUMPER, 98, 94), (Switch.NO_RATES, 18, 18),
        (Switch.NO_CLOCK, 1, 1), (Switch.REPORT_REQUIRED, 0, 1116),
    ],
)  # fmt: skip
def test_a_condition_refuses_an_opening_on_a_thermal_printer(
    condition: Switch, posnet_number: int, novitus_number: int
) -> None:
    for profile, number in (("posnet", posnet_number), ("novitus", novitus_number)):
        talk = ThermalTalk(profile=profile)
        talk.printer.faults.switches.add(condition)
        assert talk.error("0$h") == number
        assert (talk.register.state.transaction is None) == bool(number)
