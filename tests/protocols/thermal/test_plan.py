"""From a receipt to its commands: what is sent, and what is refused before the first byte."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fiscald.model.money import format_grosze
from fiscald.model.payment import PaymentType
from fiscald.model.receipt import Receipt
from fiscald.protocols.tables import FieldFault
from fiscald.protocols.thermal.fields import Dialect
from fiscald.protocols.thermal.grammar import State, after, refusal
from fiscald.protocols.thermal.plan import plan_receipt
from fiscald.protocols.thermal.planner import Plan
from fiscald.protocols.thermal.profiles import Profile
from tests.protocols.thermal.examples import examples
from tests.protocols.thermal.plans import (
    INNOVA,
    LINE,
    NOVITUS,
    OLD_RATES,
    POSNET,
    commands,
    planned,
)
from tests.protocols.thermal.scripted import RATES, Till

EXAMPLES = [example.data[2:-4] for example in examples() if example.to_printer and example.sequence]


def in_reference(plan: Plan) -> list[bool]:
    """Which of the commands stand, byte for byte, in the reference."""
    assert plan.close is not None
    requests = [*(item.request for item in plan.items), plan.close]
    return [r.frame(Dialect("mazovia", r.brand)).payload in EXAMPLES for r in requests]


def test_a_cash_receipt_of_the_reference() -> None:
    """Section 10.3. The change is declared, where the reference leaves it to the printer."""
    plan = planned(
        lines=[
            {"name": "Kawa mielona", "quantity": 2, "price": "12.34", "vat": "A"},
            {"name": "Bułka kajzerka", "quantity": 3, "unit": "szt", "price": "0.55", "vat": "C"},
        ],
        payments=[{"type": "cash", "amount": "30.00"}], cashier="Jan", register="001",
    )  # fmt: skip
    assert in_reference(plan) == [True, True, True, False]
    assert commands(plan)[-1] == "0;0;0;1;0;0;0;0;0;0;1;0$y001|Jan||26.33/3.67/0/30.00/3.67/"
    assert (plan.total, plan.paid, plan.change) == (2633, 3000, 367)


def test_a_receipt_with_discounts_and_two_payments_of_the_reference() -> None:
    """Section 10.5; the percentage became an amount with a name."""
    plan = planned(
        printer_id="BFJ12345678",
        lines=[
            {"name": "Ser żółty", "quantity": "0.350", "unit": "kg", "price": "32.00", "vat": "5%", "discount": {"percent": "10"}},
            {"name": "Odkurzacz", "price": "249.99", "vat": "23%", "discount": {"amount": "20.00", "name": "gazetka"}},
            {"name": "Książka", "quantity": 2, "price": "27.50", "vat": "C"},
        ],
        buyer={"nip": "1234563218"},
        payments=[{"type": "card", "amount": "200.00", "name": "VISA"}, {"type": "cash", "amount": "100.00"}],
        cashier="Jan", register="001", system_number="2026/000123", footer=["dziękujemy", "za", "zakupy"],
    )  # fmt: skip
    assert in_reference(plan) == [True, True, False, True, True, False]
    assert commands(plan) == [
        "0$h",
        "1$N1234563218|",
        "1;1;16$lSer żółty|0.350 kg|C/32.00/11.20/1.12/10,00%|",
        "2;1;16$lOdkurzacz|1.|A/249.99/249.99/20.00/gazetka|",
        "3$lKsiążka|2.|C/27.50/55.00/",
        "3;0;0;1;0;0;0;1;1;0;1;1;0$y001|Jan|2026/000123|dziękujemy|za|zakupy|VISA|295.07/4.93/0/100.00/200.00/4.93/",
    ]
    assert (plan.total, plan.change) == (29507, 493)
    assert plan.running == [
        [0] * 7,
        [0, 0, 1008, 0, 0, 0, 0],
        [22999, 0, 1008, 0, 0, 0, 0],
        [22999, 0, 6508, 0, 0, 0, 0],
    ]


def test_a_storno_of_the_reference() -> None:
    """Section 10.8: the storno uses up a number."""
    roll = {"name": "Bułka kajzerka", "quantity": 3, "price": "0.55", "vat": "C"}
    plan = planned(
        lines=[
            {"name": "Kawa mielona", "price": "12.34", "vat": "A"},
            roll,
            roll | {"storno": True},
            {"name": "Mleko", "price": "3.49", "vat": "C"},
        ]
    )
    assert in_reference(plan)[:5] == [True] * 5
    assert plan.total == 1583
    assert plan.running[-2:] == [[1234, 0, 0, 0, 0, 0, 0], [1234, 0, 349, 0, 0, 0, 0]]


def test_deposits_of_the_reference() -> None:
    """Section 10.19, without its storno: the amount is for all pieces, and the closing repeats it."""
    plan = planned(
        lines=[{"name": "Piwo", "quantity": 4, "price": "3.00", "vat": "A"}],
        packaging=[
            {"number": "12", "price": "0.50", "quantity": 4},
            {"number": "0012", "price": "0.50", "quantity": 2, "returned": True},
        ],
    )
    assert in_reference(plan)[:4] == [True] * 4
    assert commands(plan)[-1] == "0;0;0;0;0;1;1;0;0;0;1;0$y|||12|4.|12|2.|12.00/0/0/13.00/0/2.00/1.00/"
    assert (plan.total, plan.paid) == (1200, 1300)


# Printouts of the manual, to the grosz (6.3): lines, discount or surcharge, payments, and TOTAL, value, change.
PRINTOUTS: dict[str, tuple[dict[str, Any], int, int, int]] = {
    "62: an amount off a receipt": (
        {
            "lines": [{"name": "Towar 2", "price": "49.00", "vat": "B"}],
            "discount": {"amount": "10.00"},
            "payments": [{"type": "cash", "amount": "50.00"}],
        },
        4900, 3900, 1100,
    ),
    "77: 5 % off, with deposits": (
        {
            "lines": [{"name": "Towar 3", "price": "100", "vat": "A"}, {"name": "Towar 4", "price": "11", "vat": "B"}],
            "discount": {"percent": "5"},
            "packaging": [{"number": "1", "price": "2.20"}, {"number": "1", "price": "3.20", "returned": True}],
            "payments": [
                {"type": "cash", "amount": "20"}, {"type": "card", "amount": "40"}, {"type": "cheque", "amount": "30"},
                {"type": "bon", "amount": "20"},
            ],
        },
        11100, 10545, 555,
    ),
    "138: a surcharge of 1.00": (
        {
            "lines": [
                {"name": "Towar 30", "price": "1000", "vat": "exempt"}, {"name": "Towar 31", "price": "700", "vat": "7%"},
                {"name": "Towar 32", "price": "53", "vat": "3%"},
            ],
            "surcharge": {"amount": "1.00", "name": "nocny"},
            "packaging": [{"number": "432", "price": "1"}, {"number": "133", "price": "1", "returned": True}],
            "payments": [{"type": "cash", "amount": "1000"}, {"type": "credit", "amount": "754", "name": "Maestro"}],
        },
        175300, 175400, 0,
    ),
    "a line with 15 % off": (
        {"lines": [{"name": "Towar 1", "price": "80.00", "vat": "A", "discount": {"percent": "15"}}]},
        6800, 6800, 0,
    ),
    "0.10 off 1.00, with deposits": (
        {
            "lines": [{"name": "Towar", "price": "1.00", "vat": "A"}], "discount": {"amount": "0.10"},
            "packaging": [{"number": "1", "price": "60"}, {"number": "1", "price": "59", "returned": True}],
        },
        100, 90, 0,
    ),
}  # fmt: skip


@pytest.mark.parametrize(("receipt", "total", "value", "change"), PRINTOUTS.values(), ids=PRINTOUTS)
def test_a_printout_of_the_manual(receipt: dict[str, Any], total: int, value: int, change: int) -> None:
    plan = planned(rates=OLD_RATES, **receipt)
    assert not plan.errors
    assert plan.close is not None
    assert plan.close.values["total"] == total, "TOTAL is before the discount of the receipt"
    assert (plan.total, plan.change) == (value, change)


def test_the_name_of_a_receipts_discount() -> None:
    """POSNET has it in the closing command, Novitus in an announcement before it."""
    named = {"amount": "1.00", "name": "stały klient"}
    assert commands(planned(discount=named))[-1] == "0;0;0;0;3;0;0;0;0;0;1;1$y|||stały klient|10.00/0/1.00/9.00/0/"
    assert commands(planned(NOVITUS, discount=named))[-2:] == [
        "3$nstały klient|1.00/",
        "0;0;0;0;3;0;0;0;0;0;1;0$y|||10.00/0/1.00/9.00/0/",
    ]
    assert (
        commands(planned(surcharge={"percent": "10"}))[-1] == "0;0;0;0;4;0;0;0;0;0;1;1$y|||10,00%|10.00/0/1.00/11.00/0/"
    )


def test_the_forms_of_a_line() -> None:
    described = LINE | {"description": "z mlekiem"}
    off = described | {"discount": {"amount": "1.00"}}
    assert commands(planned(lines=[described]))[1] == "1;0;0;1$lKawa|1.|A/10.00/10.00/0/z mlekiem|"
    assert commands(planned(NOVITUS, lines=[described]))[1] == "1;0;0;1$lKawa|1.|A/10.00/10.00/z mlekiem|"
    assert commands(planned(lines=[off]))[1] == "1;1;0;1$lKawa|1.|A/10.00/10.00/1.00/z mlekiem|"
    assert commands(planned(NOVITUS, lines=[off]))[1] == "1;1;0;1$lKawa|1.|A/10.00/10.00/1.00/|z mlekiem|"
    more = off | {"discount": None, "surcharge": {"percent": "5", "name": "obsługa"}}
    assert commands(planned(lines=[more]))[1] == "1;3;16;1$lKawa|1.|A/10.00/10.00/0.50/obsługa|z mlekiem|"


def test_the_buyer_on_a_novitus() -> None:
    """The third form of the opening, as a client's paper tests have it (10.7)."""
    assert commands(planned(NOVITUS, buyer={"nip": "6220006775"}))[0] == "0;0;0;1;1$h6220006775|"


def test_a_bar_code_stands_in_the_place_of_the_system_number() -> None:
    assert commands(planned(barcode="ABC123"))[-1].startswith("0;0;0;0;0;0;0;1;0;0;1;0$y||#ABC123#|")


def test_innova_is_closed_as_its_client_does_it() -> None:
    """Section 10.4 and the choice of 5.5: five lines, whatever the counter says."""
    plan = planned(
        INNOVA,
        lines=[LINE, {"name": "Bułka", "price": "16.33", "vat": "C"}],
        footer=["linia 1", "linia 2", "linia 3"], register="0", cashier="03",
        payments=[{"type": "card", "amount": "20", "name": "VISA"}, {"type": "cash", "amount": "10"}],
    )  # fmt: skip
    assert commands(plan)[-1] == (
        "5;0;0;0;1;1;0;0;0;0;0$x003|linia 1|linia 2|linia 3|||VISA|||26.33/0/10.00/20.00/0/0/0/0/3.67/"
    )
    assert commands(planned(INNOVA))[-1] == "5;0;0;0;1;0;0;0;0;0;0$x000|||||||||10.00/0/10.00/0/0/0/0/0/0/"


@pytest.mark.parametrize(
    ("form", "number", "name"),
    [
        (PaymentType.CARD, 1, ""), (PaymentType.CHEQUE, 2, ""), (PaymentType.BON, 3, ""), (PaymentType.OTHER, 4, ""),
        (PaymentType.CREDIT, 5, ""), (PaymentType.ACCOUNT, 6, ""), (PaymentType.VOUCHER, 7, ""), (PaymentType.TRANSFER, 4, "Przelew"),
    ],
)  # fmt: skip
def test_every_form_of_payment(form: PaymentType, number: int, name: str) -> None:
    plan = planned(payments=[{"type": form, "amount": "10"}])
    assert commands(plan)[-1] == f"0;0;0;0;0;0;0;0;1;0;0;{number};0$y|||{name}|10.00/0/0/0/10.00/0/"


def test_a_novitus_is_never_sent_the_forms_that_depend_on_its_setting() -> None:
    plan = planned(NOVITUS, payments=[{"type": "voucher", "amount": "10"}])
    assert commands(plan)[-1] == "0;0;0;0;0;0;0;0;1;0;0;4;0$y|||Voucher|10.00/0/0/0/10.00/0/"


#: Section 5.4: the number of each form on POSNET and Novitus, and what is printed behind the printer's own word.
FORMS = """
card     1         1
cheque   2         2
bon      3         3
other    4         4
credit   5         5
account  6         6
voucher  7         4|Voucher
transfer 4|Przelew 4|Przelew
"""


@pytest.mark.parametrize("row", FORMS.split("\n")[1:-1])
def test_the_number_of_each_form_of_payment(row: str) -> None:
    kind, *forms = row.split()
    for profile, form in zip((POSNET, NOVITUS), forms, strict=True):
        number, _, name = form.partition("|")
        closing = commands(planned(profile, payments=[{"type": kind, "amount": "10.00"}]))[-1]
        parameters, _, texts = closing.partition("$y")
        assert parameters.split(";")[8] == "1"
        assert parameters.split(";")[11] == number
        assert texts.startswith(f"|||{name}|10.00/")


@pytest.mark.parametrize(("kind", "place"), [("card", 1), ("cheque", 2), ("bon", 3), ("voucher", 3)])
def test_the_three_forms_of_the_short_closing(kind: str, place: int) -> None:
    closing = commands(planned(INNOVA, payments=[{"type": kind, "amount": "10.00", "name": "x"}]))[-1]
    parameters, _, texts = closing.partition("$x")
    assert [int(each) for each in parameters.split(";")[4:8]] == [0, *(int(place == each) for each in (1, 2, 3))]
    assert [text == "x" for text in texts.split("|")[6:9]] == [place == each for each in (1, 2, 3)]
    assert texts.split("|")[9].split("/")[3:6] == ["10.00" if place == each else "0" for each in (1, 2, 3)]


def test_a_device_of_the_list_prints_the_buyer() -> None:
    assert not planned(printer_id="BFP12345678", buyer={"nip": "5260250274"}).errors
    assert not planned(buyer={"nip": "5260250274"}).errors, "not told before the printer is known"


def test_long_names_are_cut_and_told() -> None:
    plan = planned(lines=[LINE | {"name": "Chleb razowy na zakwasie 750 g krojony w kromki"}])
    assert "Chleb razowy na zakwasie 750 g krojony w|" in commands(plan)[1]
    (notice,) = plan.notices
    assert (notice.code, notice.pointer) == ("text.cut", "/document/lines/0/name")


def test_replaced_characters_are_reported() -> None:
    plan = planned(lines=[LINE | {"name": "Kawa „Żuk”"}])
    assert '$lKawa "Żuk"|' in commands(plan)[1]
    assert [notice.code for notice in plan.notices] == ["text.replaced"]


def test_what_an_open_receipt_may_hold() -> None:
    plan = planned(lines=[LINE, LINE | {"vat": "B"}], discount={"amount": "1.00"})
    assert plan.holds([0] * 7)
    assert plan.holds([1000, 0, 0, 0, 0, 0, 0])
    assert plan.holds([1000, 1000, 0, 0, 0, 0, 0])
    assert plan.holds([950, 950, 0, 0, 0, 0, 0]), "after the discount, however it was spread"
    assert not plan.holds([0, 1000, 0, 0, 0, 0, 0])
    assert not plan.holds([777, 0, 0, 0, 0, 0, 0])


NAMES = st.sampled_from(["Kawa", "Herbata", "Żurek", "Sok # 5", "Woda 0,5l/szt"])
ADJUSTMENT = st.one_of(
    st.builds(lambda p: {"percent": p}, st.decimals("0.01", "99.99", places=2).map(str)),
    st.builds(lambda a, n: {"amount": format_grosze(a), "name": n}, st.integers(1, 3000), NAMES),
)
LINES = st.fixed_dictionaries(
    {
        "name": NAMES,
        "price": st.integers(1, 20_000).map(format_grosze),
        "vat": st.sampled_from(["A", "23%", "B", "C", "D", "exempt", "E"]),
    },
    optional={
        "quantity": st.decimals("0.001", "40", places=3).map(lambda d: f"{d:f}"),
        "unit": st.sampled_from(["kg", "szt", "m²", "opak."]),
        "discount": ADJUSTMENT,
        "description": NAMES,
        "storno": st.booleans(),
    },
)
RECEIPTS = st.fixed_dictionaries(
    {"lines": st.lists(LINES, min_size=1, max_size=8)},
    optional={
        "discount": ADJUSTMENT,
        "payments": st.lists(
            st.fixed_dictionaries({"type": st.sampled_from(PaymentType), "amount": st.integers(1, 200_000).map(format_grosze)}), max_size=3
        ),
        "packaging": st.lists(
            st.fixed_dictionaries({"number": st.just("7"), "price": st.integers(1, 500).map(format_grosze), "returned": st.booleans()}), max_size=2
        ),
        "footer": st.lists(st.sampled_from(["Dziękujemy", "nr 1"]), max_size=3),
        "buyer": st.just({"nip": "5260250274"}),
        "cashier": st.sampled_from(["Anna", "1"]),
        "system_number": st.just("2026/1"),
    },
)  # fmt: skip


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(RECEIPTS, st.sampled_from([POSNET, NOVITUS, INNOVA]))
def test_what_is_planned_is_legal_and_accepted(content: dict[str, Any], profile: Profile) -> None:
    """A plan without errors stays within the grammar, and a printer agrees with every sum of it."""
    plan = plan_receipt(Receipt.model_validate(content), profile, "mazovia", RATES, "BFJ12345678")
    if plan.errors:
        return
    till, state = Till(profile, mode=3), State.IDLE
    assert plan.close is not None
    for step in [*(item.request for item in plan.items), plan.close]:
        assert refusal(step.row.name, state, profile.brand) is None
        state = after(step.row.name, state, profile.brand)
        frame = step.frame(Dialect("mazovia", profile.brand))
        assert till.say(frame.payload + frame.digits) == b"\x1bP0#Z" + step.row.id.encode() + b"\x1b\\"
        if step is not plan.close:
            assert plan.holds(till.receipt)
    assert state is State.IDLE
    assert sum(till.totals) == plan.total
    due = plan.total + till.deposits[0] - till.deposits[1]
    assert (sum(till.paid.values()), plan.paid - due) == (plan.paid, plan.change)


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(RECEIPTS, st.integers(0, 5), st.sampled_from([POSNET, NOVITUS, INNOVA]))
def test_planning_never_raises(content: dict[str, Any], spoil: int, profile: Profile) -> None:
    if spoil and content["lines"]:
        content["lines"][0]["name"] = "\u2615" * spoil
    plan = plan_receipt(Receipt.model_validate(content), profile, "mazovia", RATES if spoil % 2 else None)
    assert spoil == 0 or plan.errors


#: Texts that are not fiscal, in every place that has one; none of them is a reason to refuse a sale.
NOT_FISCAL = (
    "☕",
    "茶",
    "\u200d",
    "\ud83d",
    "a\tb\nc\x1b",
    "x" * 900,
    "Олена",
    "#1",
    "＃ ",
    "",
    "  ",
    "e\u0301q\u0301",
    "\u202e",
)


@pytest.mark.parametrize("profile", [POSNET, NOVITUS, INNOVA], ids=["posnet", "novitus", "innova"])
@pytest.mark.parametrize("text", NOT_FISCAL)
def test_a_text_that_is_not_fiscal_never_stops_a_sale(profile: Profile, text: str) -> None:
    cards = [{"type": "card", "amount": "2.00", "name": name} for name in (text, "Visa", "")]
    adjusted: dict[str, Any] = {} if profile is INNOVA else {"discount": {"amount": "2.00", "name": text}}
    plan = planned(
        profile=profile,
        lines=[LINE | adjusted | {"description": text, "price": "20.00"}],
        payments=[*cards, {"type": "cash", "amount": "20.00", "name": text}],
        cashier=text,
        footer=[text] * 9,
        **adjusted,
    )
    assert plan.errors == []
    assert plan.close is not None
    codec = Dialect("mazovia", profile.brand)
    for step in [*(item.request for item in plan.items), plan.close]:
        step.frame(codec)


def test_a_first_footer_line_that_would_be_a_system_number_loses_its_sign() -> None:
    plan = planned(footer=["＃1", "#2"])
    assert commands(plan)[-1].split("|")[3:5] == ["1", "#2"]
    assert [(notice.code, notice.pointer) for notice in plan.notices] == [
        ("text.replaced", "/document/footer/0"), ("text.replaced", "/document/footer/0")
    ]  # fmt: skip
    assert "system number" in plan.notices[1].detail
    plan = planned(footer=["##", "Dziękujemy"])
    assert plan.notices[0].code == "text.left_out"
    assert commands(plan)[-1].split("|")[3] == "Dziękujemy"


def test_innova_prints_no_line_under_the_goods() -> None:
    plan = planned(profile=INNOVA, lines=[LINE | {"description": "bezglutenowy"}])
    assert [(notice.code, notice.pointer) for notice in plan.notices] == [
        ("text.left_out", "/document/lines/0/description")
    ]


def test_innova_prints_two_characters_of_the_cashier_in_its_code_page() -> None:
    plan = planned(profile=INNOVA, cashier="Øle", register="№")
    assert [error.code for error in plan.errors] == ["text.too_long"]
    plan = planned(profile=INNOVA, cashier="Øle", register="７")
    assert commands(plan)[-1].partition("$x")[2].startswith("7Ol|")
    assert {notice.code for notice in plan.notices} == {"text.replaced", "text.cut"}


@pytest.mark.parametrize("forms", [[], [1], [1, 2, 3]])
def test_a_closing_with_other_forms_than_announced_is_not_written(forms: list[int]) -> None:
    close = planned(payments=[{"type": "card", "amount": "5.00"}, {"type": "cheque", "amount": "5.00"}]).close
    assert close is not None
    assert (close.values["Pfn"], close.values["Pfx"]) == (2, [1, 2])
    with pytest.raises(FieldFault, match="Pfx: is missing, or not as many as announced"):
        replace(close, values=close.values | {"Pfx": forms}).frame(Dialect("mazovia", close.brand))
