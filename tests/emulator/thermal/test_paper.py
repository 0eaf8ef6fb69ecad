"""Paper: the sample prints of POSNET's manual, to the grosz, with the emulator's mark.

Layout, wording and amounts of the files in ``papers`` are the manual's (thermal reference, 6.3, 11.4 to 11.6); header,
number, date and time are this printer's. Where the manual shows no paper the test says only what matters.
"""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from fiscald.emulator.memory import Day, RegisterState
from fiscald.emulator.paper import MARK
from tests.emulator.thermal.talking import Talk, framed
from tests.recordings import thermal

#: The rates of the manual's prints: 22, 7, 3 and 0 %, G exempt.
RATES: list[Decimal | str | None] = [Decimal(22), Decimal(7), Decimal(3), Decimal(0), None, None, "exempt"]
PRINTS = {each.name: each.exchanges for each in thermal() if each.name.startswith("manual-print")}


def expected(name: str) -> str:
    return Path(__file__).with_name("papers").joinpath(f"{name}.txt").read_text("utf-8")


def talk_of_2004(**changes: object) -> Talk:
    seeded = RegisterState(
        unique_number="EMU 12345678", rates=RATES, printout_count=137, day=Day(receipt_count=5, last_receipt=5),
        header="P O S N E T\nD R U K A R K A   F I S K A L N A",
    )  # fmt: skip
    return Talk("2004-04-02T15:56:00+02:00", state=seeded.model_copy(update=changes))


@pytest.mark.parametrize("name", PRINTS)
def test_the_printouts_of_the_manual(name: str) -> None:
    talk = talk_of_2004()
    for sent, answered in PRINTS[name]:
        assert talk.raw(sent) == answered
    assert talk.paper == expected(name)


def test_a_discount_from_the_subtotal() -> None:
    """Subtotal 169.40 with 20 % off is 135.52."""
    talk = talk_of_2004()
    talk.follow("0$h", "1$lTowar 8|1.|A/169.40/169.40/", "1;16$Y169.40/20/niespodzianka|", "1;0$e000|0/135.52/")
    assert talk.paper == expected("subtotal")


def test_line_discounts_with_their_descriptions() -> None:
    """80.00 with 15 % "specjalny" off is 68.00; a discount of one's own name, and a description of the goods."""
    talk = talk_of_2004()
    talk.follow(
        "0$h", "1;2;1$lTowar 1|1.|A/80/80/15/", "2;1;16;1$lTowar 10|1.|B/7.50/7.50/1/zimowy|opis Towaru 10|",
        "1;0$e000|0/74.50/",
    )  # fmt: skip
    assert talk.paper == expected("lines")


def test_the_short_closing_and_its_tail() -> None:
    """1.00 with 0.10 off: 0.90 and 0.16 tax; deposits 60.00 and 59.00; to pay 1.90."""
    talk = talk_of_2004()
    talk.follow(
        "0$h", "1$lTowar 33|1.|A/1/1/", "1;0$b5/|",
        "0;3;0;0;3;1;1;0;0;0;1;0$y001|Jan|||||| 1/0/0.10/5/0/60/59/".replace(" ", ""),
        "4$z7|5.|4.00/", "4$z8|10.|4.00/", "8$z59.00/", "12$z", "20;0$z844|", "24;2$zdziękujemy|za zakupy|", "28;0$z",
    )  # fmt: skip
    assert talk.paper == expected("tail")


def test_a_cancelled_receipt() -> None:
    talk = talk_of_2004()
    talk.follow("0$h", "1$lTowar 2|1.|B/49/49/", "0$e")
    assert talk.paper == expected("cancelled")


def test_a_cancelled_receipt_of_a_novitus_has_another_word() -> None:
    talk = Talk(profile="novitus")
    talk.follow("0$h", "1$lTowar 2|1.|B/49/49/", "0$e")
    assert "P A R A G O N   A N U L O W A N Y" in talk.paper


def test_the_daily_report_of_the_manual() -> None:
    """1540.00 at each of 22, 7, 12, exempt, 1.2, 9 and 0 %: tax 688.87 of 10780.00."""
    rates: list[Decimal | str | None] = [
        Decimal(22), Decimal(7), Decimal(12), "exempt", Decimal("1.2"), Decimal(9), Decimal(0)
    ]  # fmt: skip
    day = Day(
        receipts=[154000] * 7, receipt_count=55, last_receipt=55, goods_changes=342, cancelled_count=1,
        cancelled_value=22400, positions=26,
    )  # fmt: skip
    talk = talk_of_2004(rates=rates, day=day, report_offset=3)
    assert talk.error("1;4;4;2#r") == 0
    assert talk.paper == expected("daily-report")


@pytest.mark.parametrize(
    ("command", "kind", "line"),
    [
        ("0#i2000/", "cash_in", "Wpłata do kasy                   2000,00"),
        ("0#d150/001|Jan|", "cash_out", "Wypłata z kasy                    150,00"),
        ("0#z150/", "goods_return", "Zwrot towaru:                     150,00"),
        ("0#t", "cash_report", "STAN KASY:                       2000,00"),
        ("#pk54|88|", "login", "Numer kasy                            88"),
        ("#qk54|88|", "logout", "Kasjer:                              k54"),
        ("0#kI|Jan Kowalski|001|", "shift_report", "Zmiana:                                I"),
        ("4;4;2;16;56;0$c", "clock", "Zegar po zmianie:       2004-04-02,16:56"),
        ("0$fNOWY SKLEP|\xff", "header", "               NOWY SKLEP"),
        ("7;4;4;2$p23/8/5/0/100/101/101/", "rates", "PTU C                             5,00 %"),
    ],
)
def test_slips(command: str, kind: str, line: str) -> None:
    talk = talk_of_2004(cash=200_000, day=Day())
    if kind == "cash_in":
        talk.register.state.cash = 0
    if kind == "header":
        raw = b"0$fNOWY SKLEP\r\xff"
        assert talk.raw(framed(raw)) == b"\x1bP0#Z$f\x1b\\"
    else:
        assert talk.error(command) == 0
    (sheet,) = talk.register.printouts
    assert sheet.kind == kind
    assert line in sheet.text.split("\n")
    assert sheet.text.count("N I E F I S K A L N Y") == 2
    assert MARK in sheet.text


def test_a_new_header_stands_on_the_next_sheet_and_can_be_read() -> None:
    talk = talk_of_2004(day=Day())
    talk.raw(framed(b"0$fSKLEP\nul. D\x92uga 1\r\xff"))
    assert talk.paper.startswith("              P O S N E T")
    assert talk.say("#u") == "1#USKLEP|ul. Długa 1|"
    talk.follow("0#t")
    assert talk.paper.startswith("                 SKLEP\n              ul. Długa 1\n------")


def test_a_periodic_report() -> None:
    talk = talk_of_2004(day=Day())
    talk.follow("7;4;4;2$p22/8/3/0/101/101/100/")
    talk.sell(["1$lTowar|1.|A/122/122/"], "1;0$e000|0/122/")
    talk.follow("1;4;4;2#r")
    assert talk.error("4;4;1;4;4;30;1#o") == 0
    text = talk.paper
    assert "R A P O R T   O K R E S O W Y" in text
    assert "Sprzed. opodatk. PTU A            100,00" in text
    assert "ŁĄCZNA KWOTA PTU                   22,00" in text
    assert "ŁĄCZNA NALEŻNOŚĆ                  122,00" in text
    assert text.count("ŁĄCZNA NALEŻNOŚĆ") == 1, "a summary"
    talk.follow("4;4;1;4;4;30;0#o")
    assert talk.paper.count("ŁĄCZNA NALEŻNOŚĆ") == 2
    assert "ZMIANA STAWEK PTU 2004-04-02" in talk.paper
    assert talk.error("4;5;1;4;5;30;1#o") == 4, "nothing in that range"
    assert talk.error("4;4;30;4;4;1;1#o") == 4, "the wrong way round"
    assert talk.error("4;4;1;4;4;30;9#o") == 4, "no such type"


def test_documents_of_deposits_alone_are_not_fiscal() -> None:
    talk = talk_of_2004()
    talk.follow("0$h", "6$d2.20/12|2.|", "10$l7|1.|P/3.20/0/")
    assert talk.error("1$lTowar|1.|A/1/1/") == 90
    talk.follow("0;0;0;0;0;1;1;0;0;0;0;0$y001|Jan||12|2.|7|1.|0/0/0/0/0/2.20/3.20/")
    assert talk.kinds == ["packaging"]
    assert "PARAGON" not in talk.paper.replace(" ", "").replace("NIEJESTPARAGONEM", "")
    assert "Do zapłaty                        -1,00" in talk.paper
    assert talk.register.state.day.receipt_count == 5


def test_a_training_printer_marks_its_sheets() -> None:
    talk = talk_of_2004(fiscal=False)
    talk.sell(["1$lTowar|1.|A/1/1/"], "1;0$e000|0/1/")
    assert "F I S K A L N Y\n" not in talk.paper.replace("N I E F I S K A L N Y", "")
    assert "N I E F I S K A L N Y" in talk.paper


def test_texts_of_the_day_come_out_after_the_daily_report() -> None:
    talk = talk_of_2004()
    talk.follow("2$dDzień dobry")
    talk.sell(["1$lTowar|1.|A/1/1/"], "1;0;1;0$e000|zapraszamy|0/1/")
    talk.follow("1;4;4;2#r")
    assert talk.paper.rstrip().endswith("Dzień dobry\n               zapraszamy")


def test_a_long_name_has_a_separate_line() -> None:
    talk = talk_of_2004()
    talk.sell([f"1$l{'x' * 40}|1.|A/1/1/"], "1;0$e000|0/1/")
    assert f"\n{'x' * 40}\n{'1x1,00 1,00A':>40}\n" in talk.paper


def test_a_wider_paper() -> None:
    talk = Talk(width=56)
    talk.sell(["1$lTowar|1.|A/1/1/"], "1;0$e000|0/1/")
    assert f"\n{'Towar':<44}1x1,00 1,00A\n" in talk.paper


@pytest.mark.parametrize(
    ("number", "shown"),
    [("ABC-1", "[BARCODE ABC-1]"), ("1" * 30, f"[BARCODE {'1' * 30}]"), ("1" * 29, ""), ("ab", ""), ("x" * 16, "")],
)
def test_a_system_number_in_marks_is_a_bar_code(number: str, shown: str) -> None:
    """What cannot be one is left out, and is no error (5.11)."""
    talk = talk_of_2004()
    talk.follow(f"0;1$h##{number}#|", "1$lTowar|1.|A/1/1/", "1;0$e000|0/1/")
    assert talk.paper.count("[BARCODE") == bool(shown)
    assert shown in talk.paper
    assert "Nr sys." not in talk.paper


def test_the_system_number_of_the_closing_wins_over_that_of_the_opening() -> None:
    talk = talk_of_2004()
    talk.follow("0;1$h#ABC|", "1$lTowar|1.|A/1/1/", "1;0$e000|0/1/")
    assert "Nr sys.: ABC" in talk.paper
    talk.follow("0;1$h#ABC|", "1$lTowar|1.|A/1/1/", "1;0;1;0$e000|#DEF|0/1/")
    assert "Nr sys.: DEF" in talk.paper
    assert "ABC" not in talk.paper


def test_every_sheet_carries_the_mark() -> None:
    talk = talk_of_2004(day=Day(), cash=100_000)
    talk.follow(
        "#pJan|1|", "0#i1/", "0#d1/", "0#z1/", "0#t", "0#kI|Jan|1|", "4;4;2;16;0;0$c", "0$h", "1$lTowar|1.|A/1/1/", "0$e",
        "0$h", "1$lTowar|1.|A/1/1/", "1;0$e000|0/1/", "0$h", "6$d1/", "0$e", "1;4;4;2#r", "4;4;1;4;4;30;0#o", "#qJan|1|",
    )  # fmt: skip
    assert len(talk.register.printouts) == 13
    assert all(MARK in sheet.text for sheet in talk.register.printouts)
    assert [int(sheet.text.split("2004-04-02")[1].split("\n")[0]) for sheet in talk.register.printouts] == list(
        range(138, 151)
    )
