"""Non-fiscal forms (thermal reference, 5.10, 10.20 and appendix B; Novitus's description 1.12, 3.20 to 3.22)."""

from __future__ import annotations

import string
from pathlib import Path

import pytest

from fiscald.emulator.thermal.form_table import FORMS, Line
from fiscald.protocols.thermal.grammar import State
from tests.emulator.thermal.talking import DLE2, WATER, Talk

EVERY_LINE = [(number, index) for number, form in FORMS.items() for index in range(len(form.lines))]
OPEN = "0;22;2$w"


def opened(number: int = 22, heading: int = 0) -> Talk:
    talk = Talk()
    talk.follow(f"0;{number};{heading}$w")
    return talk


def filled(line: Line, more: int = 0) -> str:
    """Every field of a line, full of what it takes; the last one with so many more."""
    values = [("7" if field.kind == "n" else "x") * field.characters for field in line.fields]
    if more and values:
        values[-1] += "x" * more
    return "".join(f"{value}|" for value in values)


def test_the_predefined_forms_are_those_of_the_reference() -> None:
    assert list(FORMS) == [*range(2, 9), *range(16, 41)]
    assert (len(FORMS[4].lines), len(FORMS[22].lines), len(FORMS[28].lines)) == (80, 39, 78)
    assert FORMS[22].lines[37].text(["DOWOLNY TEKST"], 40).rstrip() == "TC:  DOWOLNY TEKST"
    assert FORMS[22].headings[2] == "Pokwitowanie"


@pytest.mark.parametrize("number", FORMS)
def test_every_heading_of_every_form(number: int) -> None:
    for heading, text in enumerate(FORMS[number].headings):
        talk = opened(number, heading)
        talk.follow(f"1;{number};0;0$w")
        assert text in talk.paper
        assert talk.paper.count("N I E F I S K A L N Y") == 2, "before and after"
    assert Talk().error(f"0;{number};{len(FORMS[number].headings)}$w") == 4


@pytest.mark.parametrize(("number", "index"), EVERY_LINE)
def test_every_line_of_every_form_takes_what_it_has_room_for(number: int, index: int) -> None:
    line = FORMS[number].lines[index]
    for spoilt in (filled(line) + "|", filled(line, more=1) if line.fields else "x|"):
        assert opened(number).error(f"{number};{index}$w{spoilt}") == 4
    talk = opened(number)
    talk.follow(f"{number};{index}$w{filled(line)}", f"1;{number};0;0$w")
    printed = [text for text in talk.paper.splitlines() if set(text) >= {"7"} or "x" in text]
    for field in line.fields:
        assert any(("7" if field.kind == "n" else "x") * field.characters in text for text in printed)
    assert all(len(text) <= 40 for text in talk.paper.splitlines())


def test_a_form_on_paper() -> None:
    talk = opened(22, 2)
    talk.follow(
        "22;14$wŻurek x 2|", "22;37$wDOWOLNY TEKST|", "22;255$w", "22;254;1$w", "22;254;0$wABC-123456|",
        "22;0$w1|Jan|", "22;25$w", "22;28$w", "1;22;1;2$wNR7|dziękujemy|za zakupy|",
    )  # fmt: skip
    assert talk.paper == Path(__file__).with_name("papers").joinpath("form.txt").read_text("utf-8")
    assert talk.kinds == ["form"]
    assert talk.register.state.printout_count == talk.register.state.day.nonfiscal == 1


def test_surplus_letters_and_digits_become_spaces() -> None:
    """``n`` takes three letters, ``l`` three digits; what stands in no manual becomes a space too (our choice)."""
    talk = opened(7)
    talk.follow("7;0$wabcdef123|", "7;1$wVISA 12345|", "1;7;0;0$w")
    assert "abc   123" in talk.paper
    assert "VISA 123" in talk.paper
    assert "12345" not in talk.paper
    talk = opened()
    talk.follow("22;14$wUwaga! 5 %|", "1;22;0;0$w")
    assert "Uwaga  5 %" in talk.paper
    signs = "".join(sorted(set(string.punctuation) - set("!|")))
    talk = opened()
    talk.follow(f"22;37$w{signs}|", "1;22;0;0$w")
    assert signs in talk.paper


@pytest.mark.parametrize(
    "command",
    [
        "22;39$wx|", "22;14$w", "22;14$wx|y|", f"22;14$w{'x' * 32}|", "23;1$wx|", "22;255$wx|", "22;254$w", "22;254;2$w",
        "22;254;0$w", "22;254;1$wx|", "22;249$wX|", "22;252$wX|", "22;253$w", "1;23;0;0$w", "1;255;0;0$w",
    ],
)  # fmt: skip
def test_a_line_that_is_refused_changes_nothing(command: str) -> None:
    talk = opened()
    before = talk.register.state.model_copy(deep=True)
    assert talk.error(command) == 4
    assert talk.register.state == before
    talk.follow("22;255$w|", "1;22;0;0$w")  # one client ends an empty line with CR


def test_what_is_illegal_while_a_form_is_open_or_none_is() -> None:
    talk = Talk()
    for command in ("22;14$wx|", "22;255$w", "1;22;0;0$w"):
        assert talk.error(command) == 82
    talk.follow(OPEN)
    for command in (OPEN, "0$h", "0#i1/", "0$e", "1;26;7;15#r"):
        assert talk.error(command) == 82
    for question in ("23#s", "24#s", "28#s", "50#s", "#c", "#v"):
        assert "#Z" not in talk.say(question)
    assert talk.enq == 0x6C, "a form is no transaction"
    talk.follow("1;22;0;0$w", "0$h", WATER)
    for command in (OPEN, "22;14$wx|", "1;22;0;0$w"):
        assert talk.error(command) == 95


def test_options_are_for_novitus() -> None:
    assert Talk().error("0;22;0;0$w") == 3
    Talk(profile="novitus").follow("0;22;0;0$w")


@pytest.mark.parametrize(
    ("profile", "command", "named"),
    [
        ("posnet", "0;9$w", "0;9$w (a form that no source describes)"), ("posnet", "0;200$w", "0;200$w"),
        ("novitus", "0;100$w", "0;100$w"), ("innova", "0;22$w", "0$w (a command of other profiles)"),
    ],
)  # fmt: skip
def test_an_unknown_form_is_refused_and_named(profile: str, command: str, named: str) -> None:
    talk = Talk(profile=profile)
    notices: list[str] = []
    talk.printer.on_notice = notices.append
    assert talk.error(command) in (4, 255)
    (notice,) = notices
    assert named in notice


def test_forms_whose_lines_have_an_order() -> None:
    """23, 24 and 39 take each line once; the line 10 of 38 may be repeated."""
    talk = opened(24)
    talk.follow("24;1$w1|", "24;4$w1|")
    assert talk.error("24;4$w1|") == talk.error("24;1$w1|") == 4
    talk = opened(38)
    talk.follow("38;9$w", "38;10$w1|2|", "38;10$w1|2|", "38;11$w1|")
    assert talk.error("38;10$w1|2|") == 4
    talk = opened(22)
    talk.follow("22;14$wa|", "22;2$w1|", "22;14$wb|")


def test_the_code_of_a_car_wash_is_wide_and_centred() -> None:
    talk = opened(35)
    talk.follow("35;3$w1234|", "1;35;0;0$w")
    (line,) = [line for line in talk.register.printouts[-1].lines if "K O D" in line.text]
    assert line.style == "wide"


def test_a_number_and_lines_for_the_next_document_that_is_not_fiscal() -> None:
    talk = Talk()
    talk.follow("1;255;1;1$wSYS7|dziękujemy|", "0$h", WATER, "1;0$e000|0/2/")
    assert "SYS7" not in talk.paper
    for there in (True, False):
        talk.follow("0#i1/")
        assert ("Nr sys.: SYS7" in talk.paper) is there
        assert ("dziękujemy" in talk.paper) is there


def test_a_form_is_lost_without_power() -> None:
    talk = opened()
    talk.follow("22;14$wx|")
    talk.printer.power(on=False)
    talk.printer.power(on=True)
    talk.raw(b"\x1bP3#e8A\x1b\\")
    assert talk.error("1;22;0;0$w") == 82
    assert talk.register.printouts == []
    assert talk.register.state.printout_count == 0


def test_a_form_survives_in_the_stored_state_only_until_the_printer_starts() -> None:
    talk = opened()
    talk.follow("22;14$wx|")
    stored = talk.register.state.model_validate_json(talk.register.state.model_dump_json())
    again = Talk(state=stored)
    assert again.printer.memory.state is State.IDLE
    assert again.printer.memory.form is None


def test_a_person_cancels_a_form_on_the_keypad() -> None:
    talk = opened()
    talk.follow("22;14$wBon|")
    talk.printer.keypad_cancel()
    assert talk.kinds == ["cancelled_form"]
    assert "WYDRUK ANULOWANY" in talk.paper
    assert talk.register.state.printout_count == 1
    talk.follow("0$h")


# -- the free form of Novitus ----------------------------------------------------------------------------------------


def novitus(opening: str = "0;200;0;0$w") -> Talk:
    talk = Talk(profile="novitus")
    talk.follow(opening)
    return talk


def test_the_free_form() -> None:
    talk = novitus()
    assert talk.raw(DLE2).split(b";")[3][4:6] == b"40"
    talk.follow(
        "200;0;0;0;0;1;0$wTEKST|", "200;0;1;0;0;1;0$wGRUBY|", "200;0$wzwykły|", "200;255$w", "200;254$w",
        "200;249$wHTTPS://SHOP.PL/17|", "200;252$wKRESKI0|", "200;4$wKOD4|", "200;6$wQR6|", "200;253$w", "1;200;0;0$w",
    )  # fmt: skip
    lines = [line.rstrip() for line in talk.paper.splitlines()]
    for text in (
        " " * 17 + "TEKST",
        " " * 17 + "GRUBY",
        "zwykły",
        "-" * 40,
        "[QR HTTPS://SHOP.PL/17]",
        "[BARCODE KRESKI0]",
    ):
        assert text in lines
    assert "[BARCODE KOD4]" in lines
    assert "[QR QR6]" in lines
    assert "Nr ostatniego paragonu: 0" in lines
    assert "WYDRUK NIEFISKALNY" in talk.paper
    (bold,) = [line for line in talk.register.printouts[-1].lines if "GRUBY" in line.text]
    assert bold.style == "bold"


@pytest.mark.parametrize(
    "command",
    [
        f"200;0$w{'x' * 41}|", f"200;1$w{'x' * 45}|", f"200;0;1;0;0;0;0$w{'x' * 21}|", f"200;0;0;0;0;0;4$w{'x' * 21}|",
        "200;8$wx|", "200;0$w", "200;0$wx|y|", "200;249$whttps|", "200;249$w", "200;250$w0|", "200;251$w", "200;252$w",
        "200;254$wx|", "22;14$wx|",
    ],
)  # fmt: skip
def test_a_line_of_the_free_form_that_is_refused(command: str) -> None:
    talk = novitus()
    assert talk.error(command) == 4
    talk.follow("200;0$wx|", "1;200;0;0$w")


def test_a_graphic_is_named() -> None:
    talk = novitus()
    notices: list[str] = []
    talk.printer.on_notice = notices.append
    assert talk.error("200;250$w0|") == 4
    assert "200;250$w (a graphic)" in notices[0]


@pytest.mark.parametrize(
    ("options", "header", "marks", "paper"),
    [(0, True, 2, True), (2, True, 2, False), (4, False, 2, True), (12, False, 0, True)],
)
def test_the_options_of_the_opening(options: int, header: bool, marks: int, paper: bool) -> None:
    talk = novitus(f"0;200;1;{options}$w")
    talk.follow("1;200;0;0$w")
    assert ("SKLEP PRZYKŁADOWY" in talk.paper) is header
    assert talk.paper.count("N I E F I S K A L N Y") == marks
    assert talk.register.printouts[-1].facts == {"form": 200, "paper": paper}
    assert "WYDRUK NIEFISKALNY" not in talk.paper, "the second heading is empty"


def test_a_transaction_id_may_come_with_the_opening() -> None:
    assert Talk(profile="novitus").error("0;200;0;0;1$wABC|") == 0
    assert Talk(profile="novitus").error("0;200;0;0;1$w") == 3
