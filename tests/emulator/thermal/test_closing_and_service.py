"""What the emulated Thermal printer does after a short closing, and in programming, cash and reports (5 to 8)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from fiscald.emulator.faults import Switch
from fiscald.emulator.memory import RegisterState
from fiscald.emulator.thermal.machine import ERRORS
from fiscald.protocols.thermal.codes import CODES
from fiscald.protocols.thermal.fields import Brand
from tests.emulator.thermal.talking import ENQ, WATER, Talk, framed, opened

# -- the short closing (5.6) -----------------------------------------------------------------------------------------

SHORT = "0;3;0;0;0;{given};0;0;0;0;1;0$y001|Jan||{packs}2/0/0/{paid}/0/{sum}"


def test_the_tail_of_a_short_closing() -> None:
    talk = opened(WATER, "1;0$b12/|", SHORT.format(given=1, packs="||", paid="12", sum="10/"))
    assert talk.enq == 0x6D
    assert talk.register.state.day.receipt_count == 1
    assert talk.register.printouts == []
    for command in ("0$h", WATER, "1;1$b1/VISA|", "0$e", "1;26;7;15#r", "0#i1/"):
        assert talk.error(command) == 82, command
    assert talk.error("4$z1|3.|4.00/") == 83, "more than was declared"
    talk.follow("4$z1|2.|4.00/", "12$z")
    assert talk.error("4$z1|1.|2.01/") == 83
    assert talk.error("8$z1|1.|1/") == 83
    talk.follow(*("20;30$zA1|",) * 20)
    assert talk.error("20;30$zA1|") == 84
    assert talk.error("20;35$zA1|") == 4
    talk.follow("24;1$zpa|", "28;0$z")
    assert talk.kinds == ["receipt"]
    assert "Opakowanie zwr.1       2x4,00      8,00" in talk.paper
    assert "Opakowanie zwr.       1x2,00       2,00" in talk.paper
    talk.follow("0$h")
    assert talk.error("28;0$z") == 82
    talk.follow("0$e")
    assert talk.error("28;0$z") == 21


def test_a_novitus_wants_the_sum_of_what_was_paid() -> None:
    talk = opened(WATER, "1;0$b12/|", profile="novitus")
    assert talk.error(SHORT.format(given=0, packs="", paid="11", sum="")) == 26
    talk.follow(SHORT.format(given=0, packs="", paid="12", sum=""), "28;0$z")


def test_lines_of_text_have_a_limit_between_two_reports() -> None:
    talk = Talk()
    for number in range(9):
        lines = f"a{number}|b{number}|c{number}|"
        talk.follow("0$h", WATER, f"1;0;3;0$e000|{lines}0/2/")
    assert "a7" in talk.register.printouts[7].text
    assert "b8" not in talk.paper, "what is too much is left out, the receipt is printed"
    talk.follow("0$h", WATER, "1;0$b2/|", SHORT.format(given=0, packs="", paid="2", sum=""))
    assert talk.error("24;1$znowy|") == 84
    talk.follow("28;0$z", "1;26;7;15#r", "0$h", WATER, "1;0;1;0$e000|nowy|0/2/")
    assert talk.paper.rstrip().endswith("nowy")


# -- the buyer (5.6) -------------------------------------------------------------------------------------------------


def test_the_buyers_nip() -> None:
    talk = opened("1$N1234563218|", WATER, "1;0$e000|0/2/")
    assert "NIP NABYWCY: 1234563218" in talk.paper
    assert opened().error("1$N1234563219|") == 4
    novitus = opened(WATER, "100;1$z1234563218|", "1;0$eJan|0/2/", profile="novitus")
    assert "NIP NABYWCY: 1234563218" in novitus.paper
    assert opened(profile="novitus").error("100;1$z1234563219|") == 1098
    assert Talk(profile="novitus").error("0;0;0;1;1$h1234563219|") == 1098
    assert Talk().error("0;0;0;1;1$h1234563218|") == 3, "the form of a Novitus"
    assert opened(profile="novitus").error("1$N1234563218|") == 1022


# -- states (6.1) ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("switch", "command", "error"),
    [
        (Switch.NO_HEADER, "0$h", 40), (Switch.MEMORY_FULL, "0$h", 40), (Switch.BATTERY, "0$h", 97),
        (Switch.JUMPER, "0$h", 98), (Switch.NO_RATES, "0$h", 18), (Switch.NO_CLOCK, "0$h", 1),
        (Switch.NO_CLOCK, "#c", 1), (Switch.NO_CLOCK, "26;7;15;10;42;0$c", 1), (Switch.NO_RATES, "0#i1/", 18),
        (Switch.MEMORY_FULL, "1;26;7;15#r", 6), (Switch.MEMORY_FULL, "7;26;7;15$p23/8/5/0/100/101/101/", 6),
        (Switch.NO_HEADER, "7;26;7;15$p23/8/5/0/100/101/101/", 12),
    ],
)  # fmt: skip
def test_conditions_on_demand(switch: Switch, command: str, error: int) -> None:
    talk = Talk()
    talk.printer.faults.switches.add(switch)
    assert talk.error(command) == error
    assert talk.say("23#s").startswith("2#X")


@pytest.mark.parametrize(("switch", "error"), [(Switch.JUMPER, 94), (Switch.REPORT_REQUIRED, 1116)])
def test_conditions_of_a_novitus(switch: Switch, error: int) -> None:
    talk = Talk(profile="novitus")
    talk.printer.faults.switches.add(switch)
    assert talk.error("0$h") == error


@pytest.mark.parametrize(("profile", "error"), [("novitus", 1116), ("posnet", 0), ("innova", 0)])
def test_a_sale_on_the_next_day_without_a_daily_report(profile: str, error: int) -> None:
    talk = Talk("2026-12-31T23:59:00+01:00", profile=profile)
    talk.sell([WATER], "1;0$e000|0/2/")
    talk.moment += timedelta(minutes=2)
    assert talk.error("0$h") == error
    if error:
        assert talk.error("1;26;12;31#r") == 7, "the date of the printer's clock"
        talk.follow("1;27;1;1#r")
        talk.sell([WATER], "1;0$e000|0/2/")
        assert talk.register.state.fiscal_memory[0].at.isoformat() == "2027-01-01T00:01:00+01:00"


def test_a_clock_that_is_set_while_clocks_are_put_back() -> None:
    """The time is local: of the two moments that it means, the printer takes the nearer one."""
    talk = Talk("2026-10-25T01:10:00+00:00")
    assert talk.say("#c") == "1#C26;10;25;2;10;0"
    talk.follow("26;10;25;2;20;0$c")
    assert talk.register.clock.now().isoformat() == "2026-10-25T02:20:00+01:00"


def test_a_full_goods_base_on_demand() -> None:
    talk = opened()
    talk.printer.faults.switches.add(Switch.GOODS_FULL)
    assert talk.error(WATER) == 92


def test_a_printer_that_is_not_fiscal() -> None:
    talk = Talk()
    talk.printer.faults.switches.add(Switch.NOT_FISCAL)
    assert talk.enq & 8 == 0
    assert talk.say("23#s").startswith("2#X0;0;0;")
    assert talk.say("24#s").startswith("3#X2000;1;1;")


@pytest.mark.parametrize(
    "command", ["0$h", "0#i1/", "0#d1/", "0#z1/", "0#t", "#pJan|1|", "#qJan|1|", "0#kI|Jan|", "1;26;7;15#r",
                "26;7;15;10;42;0$c", "7$p23/8/5/0/100/101/101/", "1$r", "26;7;1;26;7;31;0#o", "4#l"]
)  # fmt: skip
def test_service_commands_are_refused_while_a_receipt_is_open(command: str) -> None:
    talk = opened(WATER)
    assert talk.error(command) == 95
    talk.follow("1;0$e000|0/2/")


# -- programming (5.1) -----------------------------------------------------------------------------------------------


def test_rates() -> None:
    talk = Talk()
    talk.follow("7;26;7;15$p22/7/5/0/100/101/101/")
    assert talk.say("23#s").split("/")[1:8] == ["22.00", "07.00", "05.00", "00.00", "100.00", "101.00", "101.00"]
    talk.follow("2;26;7;15$p23/8/")
    assert talk.say("23#s").split("/")[1:8] == ["23.00", "08.00", "101.00", "101.00", "101.00", "101.00", "100.00"]
    talk.follow("2;26;7;15$p23/8/")
    assert talk.register.state.rate_changes == 2, "the same again are taken and not written"
    assert talk.error("7;26;7;15$p101/101/101/101/101/101/101/") == 11
    assert talk.error("7;26;7;15$p23/8/") == 3
    assert talk.error("7;26;7;15$p150/8/5/0/100/101/101/") == 11
    talk.sell([WATER], "1;0$e000|0/2/")
    assert talk.error("7;26;7;15$p22/7/5/0/100/101/101/") == 8
    assert Talk(state=RegisterState(rate_changes=30)).error("7;26;7;15$p22/7/5/0/100/101/101/") == 6


@pytest.mark.parametrize(("confirm", "rate"), [(True, "22.00"), (False, "23.00")])
def test_setting_rates_without_a_date_needs_confirmation(confirm: bool, rate: str) -> None:
    """A "no" leaves them as they were, without an error."""
    talk = Talk()
    talk.send("7$p22/7/5/0/100/101/101/")
    assert talk.receive() == []
    assert talk.printer.awaits_key
    talk.printer.press(confirm=confirm)
    assert talk.receive() == ["0#Z$p"]
    assert talk.say("23#s").split("/")[1] == rate


def test_rates_of_a_novitus() -> None:
    """Register and cashier first, the date at the end; the same again are an error."""
    talk = Talk(profile="novitus")
    talk.follow("7$p1|Jan|22/7/5/0/100/101/101/2026-07-15;")
    assert talk.error("7$p1|Jan|22/7/5/0/100/101/101/2026-07-15;") == 11


def test_no_rates_at_all() -> None:
    talk = Talk(state=RegisterState(rates=[None] * 7))
    for command, error in (("0$h", 18), ("0#i1/", 18), ("$gWoda|A/", 18)):
        assert talk.error(command) == error
    assert talk.say("#v").startswith("1#R")
    talk.follow("7;26;7;15$p22/7/5/0/100/101/101/", "0$h")


def test_the_clock() -> None:
    talk = Talk()
    assert talk.error("26;7;15;11;43;0$c") == 10, "more than an hour"
    talk.follow("25;1;1;11;42;0$c")
    assert talk.say("#c") == "1#C26;7;15;11;42;0", "the date is not looked at in fiscal mode"
    assert talk.error("26;7;15;11;43;0$c") == 5, "once between two reports"
    talk.sell([WATER], "1;0$e000|0/2/")
    assert talk.error("26;7;15;11;43;0$c") == 8
    talk.follow("1;26;7;15#r")
    assert talk.error("26;7;15;11;0;0$c") == 7, "before the last record"
    talk.follow("26;7;15;11;43;0$c")
    training = Talk(state=RegisterState(fiscal=False))
    training.follow("25;1;1;8;0;0$c")
    assert training.say("#c") == "1#C25;1;1;8;0;0"


def test_headers_that_are_refused() -> None:
    talk = Talk()
    for text, error in (
        (b"   \r", 12), (b"x" * 501, 12), (b"x" * 41 + b"\r", 12), (b"", 12),
    ):  # fmt: skip
        assert talk.raw(framed(b"0$f" + text + b"\xff")) == b"\x1bP%d#Z$f\x1b\\" % error
    assert talk.error("1$fFISKALIZACJA|") == 255, "fiscalisation is not for programs"
    talk.sell([WATER], "1;0$e000|0/2/")
    assert talk.raw(framed(b"0$fSKLEP\r\xff")) == b"\x1bP8#Z$f\x1b\\"


@pytest.mark.parametrize(("command", "error"), [("0$r", 0), ("3;1$r", 0), ("5;0;1$r", 0), ("3$r", 4), ("7;1$r", 4)])
def test_options(command: str, error: int) -> None:
    assert Talk().error(command) == error


def test_drawer_and_displays() -> None:
    talk = Talk()
    talk.follow("1$d", "1$d", "3$d", "3;1$d", "4$d", "5$dTekst", "4#l")
    assert talk.register.state.drawer_openings == 2
    talk.follow(*(f"101$dTekst {number}|" for number in range(30)), "101$dTekst 1|")
    assert talk.error("2$dJeszcze jeden") == 84
    talk.sell([WATER], "1;0$e000|0/2/")
    talk.follow("2$dJeszcze jeden")
    assert "Jeszcze jeden" not in talk.printer.memory.display, "not shown so soon after a receipt"


# -- cash and cashiers (5.7) -----------------------------------------------------------------------------------------


def test_cash() -> None:
    talk = Talk()
    talk.follow("0#i100/", "0#d40/", "0#z10/")
    assert talk.say("23#s").split("/")[16] == "50.00"
    assert talk.error("0#i0/") == 30
    assert talk.error("0#ix/") == 30
    assert talk.error("0#d50.01/") == 32
    assert talk.register.state.cash == 0
    talk.follow("0#i1/")
    assert talk.error("0#z1.01/") == 32
    assert talk.register.state.cash == 0
    talk.follow("0#i99999999.99/")
    assert talk.error("0#i5/") == 31
    assert talk.register.state.cash == 500, "the state is what was sent"
    assert talk.kinds == ["cash_in", "cash_out", "goods_return", "cash_in", "cash_in"]


def test_the_cashiers_name_is_at_the_foot() -> None:
    """POSNET prints the cashier that is sent, Novitus the one logged in (5.7)."""
    for profile, not_logged_in, both in (
        ("posnet", "#001        KIEROWNIK", "#2          Ewa"),
        ("novitus", "#0          K0", "#7          Jan"),
    ):
        talk = Talk(profile=profile)
        talk.follow("0#t")
        assert not_logged_in in talk.paper
        talk.follow("0#t2|Ewa|")
        assert "#2          Ewa" in talk.paper
        talk.follow("#pJan|7|", "0#t")
        assert "#7          Jan" in talk.paper
        talk.follow("0#t2|Ewa|")
        assert both in talk.paper
        talk.follow("#qJan|7|", "0#t")
        assert not_logged_in in talk.paper
        assert talk.error("#p|7|") == 33
        assert talk.error("#q|7|") == 33


def test_a_novitus_can_empty_the_drawer_with_its_report() -> None:
    for profile, left in (("posnet", 500), ("novitus", 0)):
        talk = Talk(profile=profile)
        talk.follow("0#i5/", "1#t")
        assert talk.register.state.cash == left


def test_a_shift_counts_from_the_last_one() -> None:
    talk = Talk()
    talk.sell([WATER], "1;0$e000|0/2/")
    talk.follow("23#kI|Jan|")
    assert "ILOŚĆ PARAGONÓW                        1" in talk.paper
    talk.follow("0#kI|Jan|")
    assert "ILOŚĆ PARAGONÓW                        1" in talk.paper
    talk.follow("0#kII|Ewa|")
    assert "ILOŚĆ PARAGONÓW                        0" in talk.paper
    talk.sell([WATER], "1;0$e000|0/2/")
    talk.follow("1;26;7;15#r", "0#kIII|Jan|")
    assert "ILOŚĆ PARAGONÓW                        0" in talk.paper
    assert talk.error("1#kI|Jan|") == 4
    assert talk.error(f"0#k{'x' * 9}|Jan|") == 33


# -- reports and counters (5.8, 7.2) ---------------------------------------------------------------------------------


def test_the_daily_report_and_what_it_clears() -> None:
    talk = Talk()
    talk.sell([WATER], "1;0$e000|0/2/")
    talk.follow("0$h", WATER, "0$e")
    assert talk.say("28#s") == "10#X26;7;15;10;42;0;1;1;1;2.00/2.00/0.00/0.00/0.00/0.00/0.00/0.00/"
    assert talk.say("50#s") == "50#X2/0/0/0/0/0/"
    assert talk.error("1;26;7;14#r") == 7
    assert talk.error("1;26;2;30#r") == 4
    assert talk.error("1#r") == 3
    talk.follow("1;26;7;15#r001|Jan|")
    assert talk.say("50#s") == "50#X3/1/0/0/0/0/"
    assert talk.say("24#s") == "3#X2024;1;1;1;1829;0;2.00/0.00/0.00/0.00/0.00/0.00/0.00/"
    status = talk.say("23#s").split("/")
    assert status[0] == "2#X0;1;0;0;1;0;26;7;15"
    assert status[8:10] == ["0", "0.00"]
    assert talk.error("1;26;7;15#r") == 36
    talk.moment = talk.moment.replace(day=16)
    assert talk.error("1;26;7;16#r") == 35


def test_numbers_of_receipts_run_on_where_a_novitus_prints_them() -> None:
    talk = Talk(profile="novitus")
    for number in ("1", "2"):
        talk.sell([WATER], "1;0$eJan|0/2/")
        assert talk.say("23#s").split("/")[8] == number
        talk.follow("1;26;7;15#r")
        assert talk.say("23#s").split("/")[8] == number
        assert talk.say("50#s").split("/")[1] == "1", "the totals are zero"


@pytest.mark.parametrize(("confirm", "error", "reports"), [(True, 0, 1), (False, 37, 0)])
def test_a_report_without_date_asks_on_the_keyboard(confirm: bool, error: int, reports: int) -> None:
    talk = Talk()
    talk.sell([WATER], "1;0$e000|0/2/")
    talk.send("0#r")
    assert talk.receive() == []
    assert talk.printer.awaits_key
    assert talk.raw(ENQ) == b"", "it waits behind the command"
    talk.printer.press(confirm=confirm)
    assert talk.receive() == [f"{error}#Z#r", "6D" if confirm else "69"]
    assert talk.register.state.reports == reports


def test_a_training_printer_keeps_its_fiscal_memory_as_it_is() -> None:
    talk = Talk(state=RegisterState(fiscal=False))
    talk.sell([WATER], "1;0$e000|0/2/")
    talk.follow("1;26;7;15#r")
    assert talk.register.state.fiscal_memory == []


def test_the_net_and_the_tax_of_a_receipt() -> None:
    talk = opened("1$lWoda|1.|A/1.23/1.23/", "2$lSok|1.|G/5/5/")
    assert talk.say("100;1#s") == "100;1;1#X6.00/1.00/0.00/0.00/0.00/0.00/0.00/5.00/0/0/0/"
    assert talk.say("100;2#s") == "100;2;1#X0.23/0.23/0.00/0.00/0.00/0.00/0.00/0.00/0/0/0/"
    talk.follow("0$e")
    assert talk.say("100#s").startswith("100;0;0#X6.23/")


def test_the_deposits_of_a_receipt_replace_the_cash() -> None:
    talk = opened("6$d3/", state=RegisterState(cash=12345))
    assert talk.say("22#s").split("/")[16] == "3.00"
    assert talk.say("23#s").split("/")[16] == "123.45"


def test_every_number_that_can_be_answered_is_in_the_table_of_errors() -> None:
    assert set(ERRORS.values()) <= set(CODES[Brand.NOVITUS])
