"""What programs in production send besides the manual: other forms of the status, of a line, and unknown commands.

Source: Thermal reference, section 5.9, its index, and its additions 1 to 5.
"""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from fiscald.emulator.memory import Day, RegisterState
from tests.emulator.thermal.talking import ENQ, Talk, sequence

DAY = Day(receipts=[124, 0, 35, 0, 0, 0, 1000], receipt_count=17, last_receipt=17)
PROFILES = ["posnet", "novitus", "innova"]


def state(**changes: Any) -> RegisterState:
    values: dict[str, Any] = {
        "day": DAY.model_copy(deep=True), "last_record": datetime(2026, 7, 4, 18, tzinfo=UTC), "cash": 231015,
    }  # fmt: skip
    return RegisterState(**(values | changes))


def answer(command: str, profile: str = "posnet", **changes: Any) -> bytes:
    """The bytes that come back in the error mode after power-on, in which nothing else is sent."""
    talk = Talk(state=state(**changes), mode=None, profile=profile)
    data = talk.raw(b"\x1bP" + command.encode() + b"\x1b\\")
    assert talk.raw(ENQ), "the printer goes on"
    return data


# -- the status ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("number", ["", "0", "1", "21"])
@pytest.mark.parametrize(
    ("profile", "date", "unique"),
    [
        ("posnet", "26;7;4", "EMU00000001"),
        ("innova", "26;7;4", "EMU00000001"),
        ("novitus", "26;07;04", "EMU0000000001"),
    ],
)
def test_a_status_without_a_number_has_the_rates_in_use(number: str, profile: str, date: str, unique: str) -> None:
    """Rates of goods first, then the totals and the exempt one's; it has no check byte."""
    rates, totals = "23.00/08.00/05.00/00.00", "1.24/0.00/0.35/0.00/10.00"
    expected = f"\x1bP1#X0;1;0;0;1;0;{date}/{rates}/17/{totals}/2310.15/{unique}\x1b\\"
    assert answer(f"{number}#s", profile) == expected.encode()


def test_the_number_of_fields_follows_the_rates() -> None:
    """A printer with one rate, none of them exempt; the place of the exempt total is there all the same."""
    rates = [Decimal(23), *[None] * 6]
    assert b"/23.00/17/1.24/0.00/2310.15/" in answer("#s", rates=rates)
    everything = [Decimal(23), Decimal(8), "exempt", Decimal(5), None, Decimal("5.5"), None]
    assert b"/23.00/08.00/05.00/05.50/17/1.24/0.00/0.00/0.00/0.35/" in answer("1#s", rates=everything)


@pytest.mark.parametrize("profile", PROFILES)
def test_ninety_nine_asks_for_the_cash_in_euro(profile: str) -> None:
    zloty, euro = answer("23#s", profile), answer("99#s", profile)
    assert zloty.startswith(b"\x1bP2#X0;1;0;0;1;0;26;")
    assert b"/2310.15/EMU" in zloty
    assert euro[:-4] == zloty.replace(b"/2310.15/EMU", b"/0.00/EMU")[:-4], "all the rest is the same"


@pytest.mark.parametrize("command", ["22#s", "23#s", "99#s", "#s"])
@pytest.mark.parametrize("profile", PROFILES)
def test_rates_have_two_digits_before_the_point(command: str, profile: str) -> None:
    """Exempt and inactive have three."""
    table = [Decimal(23), Decimal(8), Decimal("5.5"), Decimal(0), None, None, "exempt"]
    body = answer(command, profile, rates=table)
    assert b"/23.00/08.00/05.50/00.00/" in body
    if command != "#s":
        assert b"/101.00/101.00/100.00/" in body


@pytest.mark.parametrize("command", ["24#s", "28#s", "50#s", "100;0#s", "100;1#s"])
def test_the_other_numbers_keep_their_meaning(command: str) -> None:
    assert answer(command).startswith(b"\x1bP" + {"24": b"3", "28": b"10", "50": b"50"}.get(command[:2], b"100"))


@pytest.mark.parametrize("command", ["#c", "0#c", "7#c", "#u", "#n", "#v"])
def test_an_ignored_parameter_is_accepted(command: str) -> None:
    checked = sequence(command)
    assert Talk(state=state(), mode=None).raw(checked).startswith(b"\x1bP1#")


def test_a_novitus_has_another_name_for_its_header() -> None:
    assert answer("^u", "novitus") == Talk(state=state(), mode=None, profile="novitus").raw(sequence("#u"))


# -- a line without a discount -------------------------------------------------------------------------


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("params", ["1", "1;0", "1;0;0"])
@pytest.mark.parametrize("amount", ["", "0/", "0.00/", "7.50/"])
def test_a_line_without_a_discount_may_have_its_amount_or_not(profile: str, params: str, amount: str) -> None:
    """One program omits it, another one sends it; it has no effect."""
    talk = Talk(profile=profile)
    talk.follow("0$h")
    error = talk.error(f"{params}$lKawa|1.|A/10.00/10.00/{amount}")
    if params == "1" and amount:
        assert error == 3, "only a line that says that it has no discount"
        return
    assert error == 0
    talk.follow("1;0$e000|0/10/")
    assert talk.register.state.day.receipts[0] == 1000
    assert "abat" not in talk.paper


@pytest.mark.parametrize(
    ("profile", "body", "description"),
    [
        ("posnet", "0/do kawy|", "do kawy"), ("posnet", "do kawy|", "do kawy"), ("posnet", "1/2 kg|", "2 kg"),
        ("posnet", "a/b|", "a/b"), ("novitus", "do kawy|", "do kawy"), ("novitus", "1/2 kg|", "1/2 kg"),
    ],
)  # fmt: skip
def test_a_description_that_looks_like_an_amount_is_read_as_the_manual_says(
    profile: str, body: str, description: str
) -> None:
    """POSNET has an amount in front of it, Novitus has none."""
    talk = Talk(profile=profile)
    talk.sell([f"1;0;0;1$lKawa|1.|A/10.00/10.00/{body}"], "1;0$e000|0/10/")
    assert f"Opis: {description}\n" in talk.paper


@pytest.mark.parametrize("profile", PROFILES)
def test_a_discount_needs_its_amount(profile: str) -> None:
    talk = Talk(profile=profile)
    talk.follow("0$h")
    assert talk.error("1;1;0$lKawa|1.|A/10.00/10.00/") == 3


def test_a_price_of_zero_is_read_and_refused() -> None:
    for profile in PROFILES:
        talk = Talk(profile=profile)
        talk.follow("0$h")
        for body in ("A/0/0/0/", "A/0/0/"):
            assert talk.error(f"1;0$lKawa|1.|{body}") == 19


# -- commands that are not built -----------------------------------------------------------------------

#: Every command of the reference's index that printers have and this one has not, as a program sends it, and what the
#: message must name.
NOT_EMULATED = {
    "8$d": "display", "9$d": "display", "12$d": "display", "13$d": "display", "0$o30/|": "authorisation",
    "1$o12345|": "authorisation",
    "1#a": "non-fiscal documents", "0#b": "goods base", "1#bKawa|A/": "goods base", "2#b": "goods base",
    "0;0;0#f": "shift report", "1;2#g": "card", "1;2#h": "card", "1#H": "copy", "#j": "texts", "0;0;0;0#m": "shift report",
    "37#s": "fiscal memory",
    "53#s": "fiscal memory", "101#s": "daily report", "90#s": "status", "200#s": "status", "211#s": "status", "@PMF1/": "protected", "0;1@PR0/": "protected",
    "0$i": "information", "$m": "Novitus", "99;5$z1/1/1/1/1/": "euro", "9^c": "options",
    "1;0;0^lKawa|1|1.|A/1/1/0/|": "goods code", "0;0?l": "receipt", "?CINDX": "query", "1;@PML0/": "copy", "0;1@e1|": "e-receipt",
    "1$f": "fiscalisation",
}  # fmt: skip


@pytest.mark.parametrize(("command", "named"), NOT_EMULATED.items(), ids=list(NOT_EMULATED))
@pytest.mark.parametrize("profile", PROFILES)
def test_a_command_that_is_not_emulated_is_refused_and_named(profile: str, command: str, named: str) -> None:
    talk = Talk(profile=profile)
    notices: list[str] = []
    talk.printer.on_notice = notices.append
    (shown, *_) = _said(talk, command)
    assert shown.startswith("1022#Z" if profile == "novitus" else "255#Z")
    (notice,) = notices
    assert named in notice
    assert "is not built into" in notice
    assert "refused as unknown" in notice
    _said(talk, command)
    assert len(notices) == 1, "once is enough"


@pytest.mark.parametrize(
    ("profile", "command", "named"),
    [
        ("innova", "28;0$z", "28$z (a command of other profiles)"), ("innova", "0;22;0$w", "0$w (a command of other profiles)"), ("posnet", "100;1$z1234563218|", "100$z (a command of other models)"),
        ("novitus", "1$N1234563218|", "1$N (a command of other models)"), ("posnet", "^u", "^u"), ("posnet", "1$q", "'1$q' is no command of POSNET"),
        ("posnet", "5$e", "'5$e' is no command of POSNET"),
    ],
)  # fmt: skip
def test_commands_of_other_models_and_of_none_are_named(profile: str, command: str, named: str) -> None:
    talk = Talk(profile=profile)
    notices: list[str] = []
    talk.printer.on_notice = notices.append
    _said(talk, command)
    (notice,) = notices
    assert named in notice


@pytest.mark.parametrize(
    ("command", "named"),
    [
        ("0;0;0;1;1;0;0;0;0;0$hFV 1|", "opening an invoice"), ("1;0;0;0;0;0;0;0$e000|0/1/", "closing an invoice"),
        ("1;8$b4.30/EUR|43000|1.00/", "payment in a currency"), ("1#p", "logged in"),
        ("0;1#i5/001|Jan|KP 1|", "cash with a numbered receipt"),
    ],
)  # fmt: skip
def test_a_form_that_is_not_emulated_is_named(command: str, named: str) -> None:
    """The command is known; the printer finds its fields wrong."""
    talk = Talk()
    notices: list[str] = []
    talk.printer.on_notice = notices.append
    if command.startswith("1;8$b"):
        talk.follow("0$h", "1$lKawa|1.|A/10.00/10.00/")
    (shown, *_) = _said(talk, command)
    assert not shown.startswith("0#Z")
    (notice,) = notices
    assert named in notice


def test_a_flood_of_unknown_commands_logs_few_lines() -> None:
    talk = Talk()
    notices: list[str] = []
    talk.printer.on_notice = notices.append
    for first in range(256):
        _said(talk, f"{first}$q")
    assert 50 < len(notices) <= 100


def _said(talk: Talk, command: str) -> list[str]:
    talk.send(command)
    return talk.receive()
