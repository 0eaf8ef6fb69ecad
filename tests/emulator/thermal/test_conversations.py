"""What each command of the emulated Thermal printer does and refuses (thermal reference, sections 4 to 8)."""

from __future__ import annotations

from decimal import Decimal

import pytest

from fiscald.emulator.memory import Day, RegisterState
from fiscald.model.money import MAX_GROSZE
from tests.emulator.thermal.talking import WATER, Talk, opened, totals

# -- lines (5.2) -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "error"),
    [
        ("1$l|1.|A/2/2/", 16),
        (f"1$l{'x' * 41}|1.|A/2/2/", 16),
        ("1$lWoda||A/2/2/", 17),
        ("1$lWoda|sztuka|A/2/2/", 17),
        ("1$lWoda|0|A/2/2/", 17),
        ("1$lWoda|12345678901|A/2/2/", 17),
        ("1$lWoda|1.|F/2/2/", 18),
        ("1$lWoda|1.|H/2/2/", 18),
        ("1$lWoda|1.|P/2/2/", 18),
        ("1$lWoda|1.|A/0/0/", 19),
        ("1$lWoda|1.|A/1000000/1000000/", 19),
        ("1$lWoda|1.|A/-2/-2/", 19),
        ("1$lWoda|1.|A/2/2.01/", 20),
        ("1$lWoda|0.001|A/1/0/", 20),
        ("1;1$lWoda|1.|A/2/2/2.01/", 20),
        ("1;1$lWoda|1.|A/2/2/2/", 20),
        ("1;1$lWoda|1.|A/2/2/0/", 20),
        ("1;2$lWoda|1.|A/2/2/100/", 20),
        ("1;2$lWoda|1.|A/2/2/0/", 20),
        ("2$lWoda|1.|A/2/2/", 4),
        ("255$lWoda|1.|A/2/2/", 4),
        ("1;5$lWoda|1.|A/2/2/1/", 4),
        ("1$lWoda|1.|A/2/", 3),
        ("1;1$lWoda|1.|A/2/2/", 3),
        ("1;1;0;0;0$lWoda|1.|A/2/2/1/", 3),
        ("$lWoda|1.|A/2/2/", 3),
        ("0$lWoda|1.|A/2/2/", 22),
    ],
)
def test_a_line_that_is_refused_changes_nothing(line: str, error: int) -> None:
    talk = opened()
    assert talk.error(line) == error
    assert totals(talk) == ["0.00"] * 7
    talk.follow(WATER)


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("1$lWoda|0.333|A/10/3.33/", "3.33"),
        ("1$lWoda|0.3335|A/10/3.34/", "3.34"),
        ("1$lWoda| 1.500 szt|A/2/3/", "3.00"),
        ("1$lWoda|2.0000|A/2,5/5,00/", "5.00"),
        ("1$lWoda|2|A/05.00/10./", "10.00"),
        ("1;1$lWoda|1.|A/2/2/0.50/", "1.50"),
        ("1;2$lWoda|1.|A/80/80/15/", "68.00"),
        ("1;3$lWoda|1.|A/2/2/0.50/", "2.50"),
        ("1;4$lWoda|1.|A/2/2/150/".replace("150", "50"), "3.00"),
        ("1;0;9;1$lWoda|1.|A/2/2/0/opis|", "2.00"),
        ("1;2;0$lWoda|1.|A/0.10/0.10/5/", "0.10"),
    ],
)
def test_the_value_of_a_line(line: str, value: str) -> None:
    talk = opened(line)
    assert totals(talk)[0] == value
    assert talk.say("100;0#s") == f"100;0;1#X{value}/{value}/0.00/0.00/0.00/0.00/0.00/0.00/0/0/0/"


def test_the_two_methods_of_per_cent() -> None:
    """0.10 with 5 % off is 0.10 by the first method and 0.09 by the second (6.4)."""
    talk = Talk()
    for method, value in (("0", "0.09"), ("1", "0.10")):
        talk.follow(f"{method}$r", "0$h", "1;2$lWoda|1.|A/0.10/0.10/5/")
        assert totals(talk)[0] == value
        talk.follow("0$e")


def test_the_exempt_rate_by_its_other_names() -> None:
    talk = opened("1$lWoda|1.|Z/2/2/", "2$lWoda|1.| /3/3/")
    assert totals(talk)[6] == "5.00"
    rates: list[Decimal | str | None] = [Decimal(23), "exempt", "exempt", None, None, None, None]
    assert opened(state=RegisterState(rates=rates)).error("1$lWoda|1.|Z/2/2/") == 18


def test_a_storno_uses_a_number_and_may_not_make_a_rate_negative() -> None:
    talk = opened(WATER, "2$lSok|1.|B/3/3/", "0$lWoda|1.|A/2/2/")
    assert talk.error("3$lMleko|1.|C/1/1/") == 4
    talk.follow("4$lMleko|1.|C/1/1/")
    assert totals(talk)[:3] == ["0.00", "3.00", "1.00"]
    assert talk.error("0$lWoda|1.|A/2/2/") == 22
    assert talk.error("0$lSok|1.|B/3.01/3.01/") == 22


def test_a_receipt_with_only_stornos_is_not_a_sale() -> None:
    talk = opened(WATER, "0$lWoda|1.|A/2/2/")
    assert talk.error("1;0$e000|0/0/") == 23


def test_block_mode() -> None:
    talk = Talk()
    talk.follow("2$h", WATER)
    assert talk.error("0$lWoda|1.|A/2/2/") == 22, "no storno"
    assert talk.error("1;0$e000|0/2/") == 23, "one line of two"
    assert talk.say("100;0#s").startswith("100;0;17#X")
    talk.follow("2$lSok|1.|B/3/3/", "1;0$e000|0/5/")
    assert Talk().error("81$h") == 4
    assert Talk(profile="novitus").error("81$h") == 0


def test_totals_have_a_limit() -> None:
    talk = opened(state=RegisterState(day=Day(receipts=[MAX_GROSZE - 199, 0, 0, 0, 0, 0, 0], receipt_count=1)))
    talk.follow(WATER)
    assert talk.error("1;0$e000|0/2/") == 28
    assert talk.enq == 0x6A, "the receipt stays open"
    talk.follow("0$e", "1;26;7;15#r", "0$h", WATER, "1;0$e000|0/2/")


# -- goods and their rates (4.4) -------------------------------------------------------------------------------------


def test_a_lowered_rate_is_never_raised_again() -> None:
    talk = Talk()
    for letter in "BAD":
        assert talk.say("$gWODA|A/").startswith("1$G0/")
        talk.follow("0$h", f"1$lWoda|1.|{letter}/2/2/", "1;0$e000|0/2/")
    talk.follow("0$h")
    assert talk.error("1$lwoda|1.|B/2/2/") == 18
    assert talk.say("$gWODA|A/") == "1$G1/0.00/"
    assert talk.say("24#s").startswith("3#X2024;1;1;0;1830;1;")
    talk.follow("1$lWoda|1.|D/2/2/")


def test_the_last_rate_of_goods_is_a_value_and_on_a_novitus_a_letter() -> None:
    for profile, unknown, known in (("posnet", "1$G0/101/", "1$G0/8.00/"), ("novitus", "1$G0/101/", "1$G0/B/")):
        talk = Talk(profile=profile)
        assert talk.say("$gWoda|A/") == unknown
        talk.sell(["1$lWoda|1.|B/2/2/"], "1;0$e000|0/2/")
        assert talk.say("$gWoda|A/") == known


def test_names_are_compared_in_capitals_and_by_letters_on_a_novitus() -> None:
    for profile, other in (("posnet", "wo da%"), ("novitus", "woda")):
        talk = Talk(profile=profile)
        talk.sell([WATER], "1;0$e000|0/2/")
        assert talk.register.goods.key("Wo da%") == other.upper()
        assert len(talk.register.state.goods) == 1


def test_a_full_goods_base() -> None:
    talk = opened(state=RegisterState(goods_capacity=0))
    assert talk.error(WATER) == 92


# -- discounts of the receipt (5.4, 6.5) -----------------------------------------------------------------------------

THREE = ("1$lA|1.|A/20/20/", "2$lB|1.|B/12.99/12.99/", "3$lC|1.|C/31.50/31.50/")


@pytest.mark.parametrize(
    ("closing", "after"),
    [
        ("1;0;0;0;3;1$e000|0/64.49/5/", ["18.45", "11.98", "29.06"]),
        ("1;0;0;0;1;1$e000|0/64.49/5/", ["19.00", "12.34", "29.93"]),
        ("1;5$e000|0/64.49/", ["19.00", "12.34", "29.93"]),
        ("1;0;0;0;4;1$e000|0/64.49/5/", ["21.55", "14.00", "33.94"]),
        ("1;0;0;0;2;1$e000|0/64.49/5/", ["21.00", "13.64", "33.08"]),
        ("1;0$e000|0/64.49/", ["20.00", "12.99", "31.50"]),
    ],
)
def test_a_discount_at_the_end_over_the_rates(closing: str, after: list[str]) -> None:
    talk = opened(*THREE)
    talk.follow(closing)
    assert totals(talk, "23#s")[:3] == after


def test_a_novitus_spreads_over_lines_and_takes_per_cent_off_directly() -> None:
    talk = opened("1$lA|1.|A/0.10/0.10/", "2$lB|1.|A/0.10/0.10/", "3$lC|1.|B/0.10/0.10/", profile="novitus")
    talk.follow("1;0;0;0;1;1$eJan|0/0.30/50/")
    assert totals(talk, "23#s")[:2] == ["0.10", "0.05"]


@pytest.mark.parametrize(
    ("closing", "error"),
    [
        ("1;0;0;0;3;1$e000|0/64.49/64.49/", 19),
        ("1;0;0;0;3;1$e000|0/64.49/100/", 19),
        ("1;0;0;0;3;1$e000|0/64.49/0/", 27),
        ("1;0;0;0;1;1$e000|0/64.49/100/", 27),
        ("1;0;0;0;3;1$e000|0/59.49/5/", 27),
        ("1;0$e000|0/64.48/", 27),
        ("1;0$e00|0/64.49/", 25),
        ("1;0$e0000|0/64.49/", 25),
        ("1;0$e000|x/64.49/", 26),
        ("1;0$e000|0/", 3),
        ("1;100$e000|0/64.49/", 4),
        ("1;0;4$e000|0/64.49/", 4),
    ],
)
def test_a_closing_that_is_refused_leaves_the_receipt_as_it_was(closing: str, error: int) -> None:
    talk = opened(*THREE)
    before = talk.say("22#s").split("#X0;")[1]
    assert talk.error(closing) == error
    assert talk.say("22#s").split(f"#X{error};")[1] == before
    talk.follow("1;0$e000|0/64.49/")


def test_an_announced_discount_is_repeated_by_the_closing() -> None:
    talk = opened(*THREE, "3$nkarta|5/")
    assert talk.error("1;0$e000|0/64.49/") == 27
    assert talk.error("1;0;0;0;3;1$e000|0/64.49/4/") == 27
    assert talk.error("1;0;0;0;4;1$e000|0/64.49/5/") == 27
    talk.follow("1;0;0;0;3;1$e000|0/64.49/5/")
    assert "rabat karta" in talk.paper


def test_an_announced_discount_can_be_taken_back_with_all_payments() -> None:
    talk = opened(*THREE, "3$nkarta|5/", "1;1$b64.49/VISA|", "0$n|0/")
    talk.follow("4$lD|1.|A/1/1/", "1;0$e000|0/65.49/")


def test_no_discount_after_a_payment_and_no_line_after_a_printed_subtotal() -> None:
    talk = opened(*THREE, "1;1$b1/VISA|")
    assert talk.error("3$nkarta|5/") == 82
    assert talk.error("1$Y64.49/5/") == 82
    assert talk.error("0;1$L20/5/") == 82
    talk = opened(*THREE, "7$nkarta|5/")
    assert talk.error("4$lD|1.|A/1/1/") == 82
    talk.follow("1;0;0;0;3;1$e000|0/64.49/5/")
    assert opened(*THREE, profile="novitus").error("7$nkarta|5/") == 4


@pytest.mark.parametrize(
    ("command", "error"),
    [
        ("0;3$L19.99/4/", 26), ("0;3$L20/20/", 26), ("0;3$L20/0/", 26), ("0;1$L20/100/", 26), ("3;3$L0/1/", 26),
        ("7;3$L20/4/", 4), ("0;5$L20/4/", 4), ("3$Y64.48/1/", 26), ("3$Y64.49/64.49/", 26), ("1$Y64.49/0/", 26),
        ("9$nkarta|1/", 4), ("3$nkarta|0/", 26),
    ],
)  # fmt: skip
def test_discounts_that_are_refused(command: str, error: int) -> None:
    talk = opened(*THREE)
    assert talk.error(command) == error
    assert totals(talk)[:3] == ["20.00", "12.99", "31.50"]


def test_discounts_of_a_rate_and_of_the_subtotal_change_the_totals_at_once() -> None:
    talk = opened(*THREE, "0;3;13$L20/4/", "2;2;0$L31.50/10/", "3$Y63.64/1/", "4$lD|1.|A/1/1/")
    assert sum(Decimal(total) for total in totals(talk)) == Decimal("63.64")
    talk.follow("1;0$e000|0/63.64/")


# -- payments (5.4, 5.5) ---------------------------------------------------------------------------------------------

FULL = "0;0;0;0;0;0;0;0;{forms};0;{cash};{kinds}0$y001|Jan||{names}2/0/0/{paid}/{amounts}0/"


def full(*forms: tuple[int, str, str], cash: str = "0") -> str:
    return FULL.format(
        forms=len(forms),
        cash=int(cash != "0"),
        kinds="".join(f"{kind};" for kind, _, _ in forms),
        names="".join(f"{name}|" for _, name, _ in forms),
        paid=cash,
        amounts="".join(f"{amount}/" for _, _, amount in forms),
    )


def test_cash_is_what_is_not_paid_otherwise() -> None:
    talk = Talk()
    for closing, cash in (
        (full((1, "VISA", "2")), 0),
        (full(cash="5"), 200),
        (full((1, "VISA", "1.50"), cash="5"), 250),
        (full((3, "BON", "3")), 150),
        (full(), 350),
        ("1;0$e000|10/2/", 550),
        ("1;0$e000|1/2/", 750),
    ):
        talk.follow("0$h", WATER, closing)
        assert talk.register.state.cash == cash, closing


def test_payments_that_were_sent_before_must_be_repeated() -> None:
    talk = opened(WATER, "1;1$b1.50/VISA|", "1;0$b1/|")
    for wrong in (
        full(),
        full((1, "VISA", "1.50")),
        full((1, "VISA", "1.51"), cash="1"),
        full((2, "VISA", "1.50"), cash="1"),
    ):
        assert talk.error(wrong) == 91
    talk.follow(full((1, "VISA", "1.50"), cash="1"))
    assert "Karta płatnicza VISA               1,50" in talk.paper
    assert "Reszta                             0,50" in talk.paper


def test_after_a_payment_no_line_and_no_other_closing() -> None:
    talk = opened(WATER, "1;1$b2/VISA|")
    assert talk.error("2$lSok|1.|A/1/1/") == 91
    assert talk.error("6$d1/") == 91
    assert talk.error("1;0$e000|0/2/") == 91
    assert talk.error("5;0;0;0;0;0;0;0;0;0;0$x001|||||||||2/0/0/0/0/0/0/0/0/") == 91


def test_a_payment_is_taken_back_by_form_and_amount() -> None:
    talk = opened(WATER, "1;1$b2/VISA|")
    assert talk.error("2;1$b2.01/VISA|") == 93
    assert talk.error("2;2$b2/VISA|") == 93
    talk.follow("2;1$b2/VISA|", "2$lSok|1.|A/1/1/", "1;0$e000|0/3/")


def test_a_novitus_closes_what_was_paid_before_with_e() -> None:
    talk = opened(WATER, "1;1$b1.50/VISA|", "1;0$b1/|", profile="novitus")
    talk.follow("1;0$eJan|0/2/")
    assert talk.register.state.cash == 50


def test_a_novitus_takes_the_closing_rather_than_what_was_sent_before() -> None:
    talk = opened(WATER, "1;1$b1.50/VISA|", profile="novitus")
    talk.follow(full((2, "CZEK", "2")))
    assert "Czek CZEK" in talk.paper
    assert "VISA" not in talk.paper


@pytest.mark.parametrize(("profile", "most", "error"), [("posnet", 20, 4), ("novitus", 16, 26)])
def test_payments_have_a_limit(profile: str, most: int, error: int) -> None:
    talk = opened(WATER, *("1;1$b0.01/VISA|",) * most, profile=profile)
    assert talk.error("1;1$b0.01/VISA|") == error


@pytest.mark.parametrize(("command", "error"), [("1;1$b0/VISA|", 26), ("1;9$b1/VISA|", 4), ("1;11$b1/VISA|", 4)])
def test_payments_that_are_refused(command: str, error: int) -> None:
    assert opened(WATER).error(command) == error


def test_the_three_payments_of_x() -> None:
    talk = opened(WATER)
    assert talk.error("2;0;0;0;1;1;0;0;0;0;0$x001|a|VISA||| 2/0/1/1/0/0/0/0/0/".replace(" ", "")) == 25, (
        "one line of two"
    )
    assert talk.error("0;0;0;0;1;1;0;0;0;0;0$x01|VISA|||2/0/1/1/0/0/0/0/0/") == 25
    assert talk.error("0;0;0;0;1;1;0;0;0;0;0$x001|VISA|||2.01/0/1/1/0/0/0/0/0/") == 27
    assert talk.error("0;0;0;0;1;1;0;0;1;0;0$x001|VISA|||2/0/1/1/0/0/0.50/0/0/") == 0, (
        "deposits only here are taken as they are"
    )


def test_deposits_must_agree_with_the_closing() -> None:
    talk = opened(WATER, "6$d2/12|4.|")
    assert talk.error(full()) == 26
    assert talk.error("5;0;0;0;0;0;0;0;1;0;0$x001|||||||||2/0/0/0/0/0/1.99/0/0/") == 26
    talk.follow("5;0;0;0;0;0;0;0;1;0;0$x001|||||||||2/0/0/0/0/0/2/0/0/")
    assert talk.register.state.cash == 400


@pytest.mark.parametrize(
    ("command", "error"),
    [
        ("6$d0/", 19), ("6$d1/x|1.|", 17), ("6$d1/1|0|", 17), ("6$d1/1|x|", 17), ("7$d1/", 22), ("11$d1/", 22),
        ("6$l12|0|P/1/0/", 17), ("6$l12|1.|P/0/0/", 19), ("5$l12|1.|P/1/0/", 18),
    ],
)  # fmt: skip
def test_deposits_that_are_refused(command: str, error: int) -> None:
    assert opened(WATER).error(command) == error


@pytest.mark.parametrize(("profile", "most"), [("posnet", 9999), ("novitus", 127)])
def test_numbers_of_packaging_have_a_limit(profile: str, most: int) -> None:
    talk = opened(WATER, f"6$d1/{most}|1.|", profile=profile)
    assert talk.error(f"6$d1/{most + 1}|1.|") == 17
