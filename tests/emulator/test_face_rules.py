"""What a printer of each family refuses by itself, before or beside the register: one command for every such rule.

Sources: POSNET reference, sections 5 and 6; Thermal reference, sections 5 and 6.6.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from fiscald.emulator.faults import Switch
from fiscald.emulator.memory import DailyRecord, Day, RegisterState
from tests.emulator.posnet.talking import Talk
from tests.emulator.thermal.talking import Talk as ThermalTalk

SALE = ("trinit|", "trline|naKawa|vt0|pr1000|")
FOOT = (*SALE, "trend|to1000|fe0|")
FORM = ("formstart|fn200|fh75|",)
OLD: dict[str, Any] = {"profile": "old"}
TRAINING: dict[str, Any] = {"state": RegisterState(fiscal=False)}
#: What comes before, the command, the answer, the printer, a condition that is on.
PosnetRule = tuple[tuple[str, ...], str, str, dict[str, Any], Switch | None]
POSNET: list[PosnetRule] = [
    (("trinit|",), "trnipset|ni5260250275|", "?2031", {}, None), ((), "trinit|", "?484", {}, Switch.UNAUTHORISED),
    (("trinit|",), SALE[1], "?484", {}, Switch.UNAUTHORISED), (("trinit|",), SALE[1], "?2101", {}, Switch.GOODS_FULL),
    (SALE, "trpayment|ty1|wa100|", "?2705", {}, None), (SALE, "trpayment|ty9|wa100|", "?2705", {}, None),
    (SALE, "trpaymentcurr|wc100|wa430|rax|", "?3055", {}, None), (SALE, "trpaymentcurr|wc100|wa431|ra4.3|", "?2804", {}, None),
    (SALE, "trpack|na12a|pr50|il1|", "ERR ?3 trpack na", {}, None), (FOOT, "trftrln|id100|naX|", "?2702", {}, None),
    ((*FOOT, *["trftrln|id25|naX|"] * 60), "trftrln|id25|naX|", "?2703", {}, None), ((), "prncancel|", "?2064", {}, Switch.CANCEL_REFUSED),
    ((), "qrcode|hx1|tx4a5|", "?2080", {}, None), ((), "qrcode|hx1|txzz|", "?2081", {}, None), ((), "dmcode|tx |hx1|", "?2080", {}, None),
    ((), "qrcode|el4|txA|", "?3209", {}, None), ((), f"qrcode|tx{'ż' * 2001}|", "?3206", {}, None), ((), f"qrcode|px8|tx{'x' * 500}|", "?3201", {}, None), ((), f"azteccode|tx{'x' * 2001}|", "?3206", {}, None),
    ((), "eparagonidznext|idX|", "?2034", TRAINING, None), ((), "eparagonidznext|idX|", "?2034", {}, Switch.NOT_FISCAL),
    ((), "eparagonbufferget|hd1|", "?384", {}, None), ((), "eparagonbufferget|hdx|", "?384", {}, None),
    ((), "trfvinit|cc10|", "?2532", {}, None), ((), "trfvinit|naNabywca|", "?2533", OLD, None), (SALE[:1], "trfvnumber|nb1|", "?2060", {}, None),
    (SALE[:1], "trfvbuyer|naX|", "?2060", {}, None), (SALE[:1], "trfvfreedata|txX|", "?2060", {}, None), (("trfvinit|",), "trfvnumber|nb|", "?2533", {}, None),
    (SALE, "trdiscntsubtot|naX|", "ERR ?2 trdiscntsubtot rw", {}, None), (SALE, "trdiscntvat|vt0|", "ERR ?2 trdiscntvat rw", {}, None),
    ((), "rtcset|datomorrow|", "?2024", {}, None), ((), "fiscalize|ni1234563218|", "?2033", {}, None), ((), "fiscalize|ni1234563218|", "?323", TRAINING, None),
    ((), f"hdrset|tx{'x' * 61}|", "?717", {}, None), ((), "ftrinfoset|txa<LF>b<LF>c<LF>d|", "?2058", {}, None), ((), "ftrcfg|bb1|", "?2059", {}, None),
    ((), "maintenance|da2026-10-08|", "?2070", {}, None), (FORM, "formcmd|fn200|cm2|", "?2507", {}, None), ((), "dailyrep|da2026-10-08|", "?2022", {}, None),
    ((), "monthlyrep|da2026-10-01|", "?2044", {}, None), ((), "monthlyrep|dax|", "?2042", {}, None),
    ((), "periodicrepbydates|fd2026-10-10|td2026-10-11|su0|", "?2045", {}, None), ((), "periodicrepbydates|fd2026-10-09|td2026-10-08|su0|", "?2050", {}, None),
    ((), "periodicrepbydates|fd2026-10-09|tdx|su0|", "?2043", {}, None), ((), "dbchkplu|vt0|naKawa|", "?2107", {}, None),
    ((), "authstateget|", "?480", {}, None), ((), "authstateget|", "?484", {}, Switch.UNAUTHORISED), ((), f"auth|co{'1' * 14}|", "?480", {}, None),
    ((), "auth|co123|", "?485", {}, Switch.UNAUTHORISED),
]  # fmt: skip


@pytest.mark.parametrize("rule", POSNET, ids=lambda rule: f"{rule[1][:32]} {rule[2]}")
def test_a_posnet_printer_refuses(rule: PosnetRule) -> None:
    """Nothing is printed, and the open document stays open."""
    before, command, expected, options, condition = rule
    talk = Talk(**options)
    for each in before:
        assert "?" not in talk.say(each), each
    if condition is not None:
        talk.printer.faults.switches.add(condition)
    sheets, state = len(talk.register.printouts), talk.printer._machine.state
    number, *blamed = expected.removeprefix("ERR ").split(" ")
    answer = f"ERR|{number}|cm{blamed[0]}|fd{blamed[1]}|" if blamed else f"{command.partition('|')[0]}|{number}|"
    assert talk.say(command) == answer
    assert len(talk.register.printouts) == sheets
    assert talk.printer._machine.state is state


def test_a_code_without_a_text_is_refused() -> None:
    """An empty field cannot be sent as one: it is a frame error before it is a code's."""
    assert Talk().say("qrcode|hx1|tx|") == "qrcode|?3200|"


WATER = "1$lWoda|1.|A/10/10/"
OPEN = ("0$h", WATER)
NOVITUS: dict[str, Any] = {"profile": "novitus"}
TAIL = (*OPEN, "1;0$b10/|", "0;3;0;0;0;1;0;0;0;0;0;0$y1|J||||10/0/0/0/0/2/")
FULL: dict[str, Any] = {"state": RegisterState(rate_changes=30)}
SOLD: dict[str, Any] = {
    "state": RegisterState(day=Day(receipts=[100, 0, 0, 0, 0, 0, 0], receipt_count=1, last_receipt=1))
}
NEW_RATES = "7;26;7;15$p22/7/5/0/100/101/101/"
REPORT = DailyRecord(number=1, at=datetime(2026, 7, 14, 12, tzinfo=UTC), rates=RegisterState().rates, day=Day())
REPORTED: dict[str, Any] = {"state": RegisterState(fiscal_memory=[REPORT])}
ThermalRule = tuple[tuple[str, ...], str, int, dict[str, Any], Switch | None]
THERMAL: list[ThermalRule] = [
    # opening and lines
    ((), "81$h", 4, {}, None), ((), "0;0;0;1;0$h5260250274|", 3, {}, None), ((), "0;0;0;1;0$h5260250275|", 1098, NOVITUS, None),
    (OPEN[:1], "1$N5260250275|", 4, {}, None), (OPEN[:1], "100;1$z5260250275|", 1098, NOVITUS, None),
    (("0$h", "6$d1/"), WATER, 90, {}, None), ((*OPEN, "5$nkarta|10/"), "2$lWoda|1.|A/10/10/", 82, {}, None),
    (OPEN[:1], "1$lWoda|0.|E/10/0/", 17, {}, None), (OPEN[:1], "1;1$lWoda|1.|A/10/10/0/", 20, {}, None), (OPEN[:1], "1;2$lWoda|1.|A/10/10/100/", 20, {}, None),
    (OPEN[:1], "2$lWoda|1.|A/10/10/", 4, {}, None), (OPEN, "3$lWoda|1.|A/10/10/", 4, {}, None), (("2$h", WATER), "0$lWoda|1.|A/10/10/", 22, {}, None),
    (OPEN[:1], WATER, 92, {}, Switch.GOODS_FULL), (OPEN[:1], "1$lWoda|1.|Z/10/10/", 18, {"state": RegisterState(rates=["exempt", "exempt", *[None] * 5])}, None),
    # packaging
    (OPEN, "6$d1/x|1.|", 17, {}, None), (OPEN, "6$d1/128|1.|", 17, NOVITUS, None), ((*OPEN, *["6$d1/"] * 40), "6$d1/", 17, {}, None),
    ((*OPEN, *["6$d1/"] * 64), "10$d1/", 17, NOVITUS, None), (OPEN, "5$l1|1.|P/1/1/", 18, {}, None), (OPEN, "6$d1/1|nan|", 17, {}, None),
    (OPEN, "6$d1/1|0|", 17, {}, None), (OPEN, "6$d1/1|1000000|", 17, {}, None), (OPEN, "6$d1/1|12345678901|", 17, {}, None),
    # discounts and payments
    (OPEN, "0;3$L10/0/", 26, {}, None), (OPEN, "0;3$L9/1/", 26, {}, None), (OPEN, "0;3$L10/11/", 26, {}, None), (OPEN, "1;3$L0/1/", 26, {}, None),
    (OPEN, "3$Y10/0/", 26, {}, None), (OPEN, "3$Y9/1/", 26, {}, None), (OPEN[:1], "3$Y0/1/", 26, {}, None), (OPEN, "1$Y10/100/", 26, {}, None),
    ((*OPEN, "1;1$b5/|"), "3$nkarta|1/", 82, {}, None), ((*OPEN, "3$nkarta|1/"), "3$nkarta|1/", 82, NOVITUS, None), (OPEN, "5$nkarta|1/", 4, NOVITUS, None),
    (OPEN, "3$nkarta|0/", 26, {}, None), (OPEN, "1$nkarta|100/", 26, {}, None), (OPEN, "1;9$b1/|", 4, {}, None),
    ((*OPEN, *["1;1$b0.10/|"] * 20), "1;1$b0.10/|", 4, {}, None), ((*OPEN, *["1;1$b0.10/|"] * 16), "1;1$b0.10/|", 26, NOVITUS, None),
    # closing
    (OPEN[:1], "1;0$e000|0/0/", 23, {}, None), (("2$h", WATER), "1;0$e000|0/10/", 23, {}, None), (("0$h", "6$d1/", "7$d1/", "0$e", "0$h"), "1;0$e000|0/0/", 23, {}, None),
    (OPEN, "1;0$e000|0/9/", 27, {}, None), ((*OPEN, "3$nkarta|1/"), "1;0$e000|0/10/", 27, {}, None), ((*OPEN, "3$nkarta|1/"), "1;0;0;0;3;1$e000|0/10/2/", 27, {}, None),
    (OPEN, "1;0;0;0;3;1$e000|0/10/0/", 27, {}, None), (OPEN, "1;0;0;0;1;1$e000|0/10/100/", 27, {}, None), (OPEN, "1;0;0;0;3;1$e000|0/10/10/", 19, {}, None),
    (OPEN, "1;0;0;0;3;1$e000|0/10/11/", 19, {}, None), (OPEN, "1;0$e00|0/10/", 25, {}, None), (OPEN, "1;0$e0000|0/10/", 25, {}, None),
    (OPEN, "1;0;0;0;3;1$eJan|0/10/1/", 4, NOVITUS, None), (OPEN, "0;0;0;0;0;0;0;0;0;0;0$x000|a|b|10/0/0/0/0/0/0/0/0/", 25, {}, None),
    (OPEN, "0;0;0;0;0;0;0;0;0;0;0$x000|l|a|b|c|10/0/0/0/0/0/0/0/0/", 25, {}, None), (OPEN, "0;0;0;3;0;0;0;0;0;0;0$xJan|a|b|c|10/1/0/0/0/0/0/0/0/", 4, NOVITUS, None),
    ((*OPEN, "1;1$b10/VISA|"), "0;0;0;0;0;0;0;0;0;0;0;0$y1|J||10/0/0/0/0/", 91, {}, None),
    ((*OPEN, "1;1$b10/VISA|"), "0;0;0;0;0;0;0;0;1;0;0;1;0$y1|J||VISB|10/0/0/0/10/0/", 91, {}, None),
    ((*OPEN, "1;0$b10/|"), "0;3;0;0;0;0;0;0;0;0;1$y1|J||10/0/0/9/0/", 26, NOVITUS, None),
    ((*OPEN, "6$d1/"), "0;0;0;0;0;1;0;0;0;0;0;0$y1|J||1|1.|10/0/0/0/0/2/", 26, {}, None), ((*OPEN, "10$d1/"), "0;0;0;0;0;0;1;0;0;0;0;0$y1|J||1|1.|10/0/0/0/0/2/", 26, {}, None),
    (OPEN, f"0;0;0;0;0;2;0;0;0;0;0$y1|J||1|2|1.|1.|10/0/0/0/0/{'99999999.99/' * 2}", 26, NOVITUS, None),
    # after a short closing
    (TAIL, "4$z3/", 83, {}, None), ((*TAIL, "4$z2/"), "4$z1/", 83, {}, None), (TAIL, "4$z0/", 83, {}, None), (TAIL, "8$z1/", 83, {}, None),
    (TAIL, "20;35$zX|", 4, {}, None), ((*TAIL, *["20;0$zX|"] * 20), "20;0$zX|", 84, {}, None),
    # programming
    ((), "26;7;15;10;42;0$c", 8, SOLD, None), (("26;7;15;10;42;0$c",), "26;7;15;10;42;0$c", 5, {}, None), ((), "7;26;7$p22/7/5/0/100/101/101/", 3, {}, None),
    ((), NEW_RATES, 12, {}, Switch.NO_HEADER), ((), NEW_RATES, 12, {"state": RegisterState(header="")}, None), ((), NEW_RATES, 6, {}, Switch.MEMORY_FULL),
    ((), NEW_RATES, 6, FULL, None), ((), NEW_RATES, 8, SOLD, None), ((), "7;26;7;15$p23/8/5/0/101/101/100/", 8, SOLD, None), ((), "2$r", 4, {}, None), ((), "3$r", 4, {}, None),
    ((*[f"2$d{number}" for number in range(30)],), "2$dX", 84, {}, None),
    # cashiers and cash
    ((), "#p|1|", 33, {}, None), ((), "#q|1|", 33, {}, None), ((), "0#i0/", 30, {}, None), ((), "0#d0/", 30, {}, None), ((), "0#z0/", 30, {}, None),
    ((), "5#kI|Jan|", 4, {}, None),
    # reports and modes
    ((), "1;26;7#r", 3, {}, None), ((), "1;26;7;14#r", 7, {}, None), ((), "1;26;2;30#r", 4, {}, None), ((), "1;26;7;15#r", 6, {}, Switch.MEMORY_FULL),
    ((), "1;26;7;15#r", 35, {"state": RegisterState(report_offset=1, last_record=datetime(2026, 7, 14, 12, tzinfo=UTC))}, None),
    ((), "1;26;7;15#r", 36, {"state": RegisterState(report_offset=1, last_record=datetime(2026, 7, 15, 6, tzinfo=UTC))}, None),
    ((), "26;7;1;26;7;31;2#o", 4, REPORTED, None), ((), "26;7;31;26;7;1;0#o", 4, {}, None), ((), "26;2;30;26;7;1;0#o", 4, {}, None), ((), "4#e", 4, {}, None),
]  # fmt: skip


@pytest.mark.parametrize("rule", THERMAL, ids=lambda rule: f"{rule[1][:32]} {rule[2]}")
def test_a_thermal_printer_refuses(rule: ThermalRule) -> None:
    """No document is printed, and the open document stays open."""
    before, command, number, options, condition = rule
    talk = ThermalTalk(
        **{**options, **({"state": options["state"].model_copy(deep=True)} if "state" in options else {})}
    )
    talk.follow(*before)
    if condition is not None:
        talk.printer.faults.switches.add(condition)
    sheets, state = len(talk.register.printouts), talk.printer._machine.state
    assert talk.error(command) == number
    assert len(talk.register.printouts) == sheets
    assert talk.printer._machine.state is state


def test_too_many_lines_of_information_are_refused() -> None:
    talk = ThermalTalk()
    talk.follow(*TAIL, *[f"24;1$z{number}|" for number in range(25)])
    assert talk.error("24;1$zX|") == 84
    talk.follow("24;1$z7|", "28;0$z")


def test_a_surcharge_of_more_than_six_digits_is_refused() -> None:
    talk = ThermalTalk()
    talk.follow("0$h", *[f"{number}$lX|1.|A/999999.99/999999.99/" for number in range(1, 101)])
    assert talk.error("0;4$L99999999/2/") == 26
