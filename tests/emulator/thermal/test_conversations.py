"""What each command of the emulated Thermal printer does and refuses (thermal reference, sections 4 to 8)."""

from __future__ import annotations

from decimal import Decimal

import pytest

from fiscald.emulator.faults import Switch
from fiscald.emulator.memory import Day, RegisterState
from fiscald.emulator.thermal.machine import ERRORS
from fiscald.model.money import MAX_GROSZE
from fiscald.protocols.thermal.codes import CODES
from fiscald.protocols.thermal.fields import Brand
from tests.emulator.thermal.talking import ENQ, Talk, framed

WATER = "1$lWoda|1.|A/2/2/"


def opened(*commands: str, **options: object) -> Talk:
    talk = Talk(**options)  # type: ignore[arg-type]
    talk.follow("0$h", *commands)
    return talk


def totals(talk: Talk, query: str = "22#s") -> list[str]:
    return talk.say(query).split("/")[9:16]


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
def test_what_a_line_is_worth(line: str, value: str) -> None:
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


def test_a_receipt_that_was_taken_back_whole_is_no_sale() -> None:
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


def test_names_are_compared_in_capitals_and_on_a_novitus_by_letters_and_digits() -> None:
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
def test_nothing_of_this_while_a_receipt_is_open(command: str) -> None:
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
def test_rates_without_the_date_are_asked_about(confirm: bool, rate: str) -> None:
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


def test_whose_name_stands_at_the_foot() -> None:
    """POSNET prints who is sent, Novitus who is logged in (5.7)."""
    for profile, nobody, both in (
        ("posnet", "#001        KIEROWNIK", "#2          Ewa"),
        ("novitus", "#0          K0", "#7          Jan"),
    ):
        talk = Talk(profile=profile)
        talk.follow("0#t")
        assert nobody in talk.paper
        talk.follow("0#t2|Ewa|")
        assert "#2          Ewa" in talk.paper
        talk.follow("#pJan|7|", "0#t")
        assert "#7          Jan" in talk.paper
        talk.follow("0#t2|Ewa|")
        assert both in talk.paper
        talk.follow("#qJan|7|", "0#t")
        assert nobody in talk.paper
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


def test_the_deposits_of_a_receipt_stand_in_the_place_of_cash() -> None:
    talk = opened("6$d3/", state=RegisterState(cash=12345))
    assert talk.say("22#s").split("/")[16] == "3.00"
    assert talk.say("23#s").split("/")[16] == "123.45"


def test_every_number_that_can_be_answered_is_in_the_table_of_errors() -> None:
    assert set(ERRORS.values()) <= set(CODES[Brand.NOVITUS])
