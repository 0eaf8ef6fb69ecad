"""From a document to its commands: what is sent, and what is refused before the first byte."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fiscald.model.money import format_grosze
from fiscald.model.payment import PaymentType
from fiscald.model.receipt import Receipt
from fiscald.protocols.posnet.fields import Dialect
from fiscald.protocols.posnet.grammar import State, after, refusal
from fiscald.protocols.posnet.plan import plan_receipt
from tests.emulator.posnet.talking import Talk
from tests.protocols.posnet.plans import LINE, OLD, ONLINE, RATES, commands, planned, written


def test_the_receipt_of_the_reference() -> None:
    """Section 10.4, from the application's side; but the foot is configured when ours is open."""
    plan = planned(
        lines=[
            {"name": "Mysz bezprzewodowa", "quantity": 2, "price": "10.00", "vat": "23%"},
            {"name": "Gazeta", "price": "12.99", "vat": "8%"},
            {"name": "Chleb razowy na zakwasie 750 g krojony", "price": "4.50", "vat": "5%"},
            {"name": "Książka", "price": "30.00", "vat": "C", "discount": {"percent": "10"}},
        ],
        discount={"amount": "5.00", "name": "Rabat stały klient"},
        payments=[{"type": "card", "amount": "50.00", "name": "Karta płatnicza"}, {"type": "cash", "amount": "20.00"}],
        buyer={"nip": "526-025-02-74"}, cashier="ANNA", register="1", system_number="FV/2026/10/15",
    )  # fmt: skip
    assert commands(plan) == [
        "trinit|bm0|",
        "ftrcfg|ccANNA|cn1|snFV/2026/10/15|",
        "trnipset|ni5260250274|",
        "trline|naMysz bezprzewodowa|vt0|pr1000|il2.000|wa2000|",
        "trline|naGazeta|vt1|pr1299|",
        "trline|naChleb razowy na zakwasie 750 g krojony|vt2|pr450|",
        "trline|naKsiążka|vt2|pr3000|wa3000|rd1|rnRabat 10,00%|rw300|",
        "trdiscntsubtot|naRabat stały klient|rd1|rw500|",
        "trpayment|ty2|wa5000|naKarta płatnicza|re0|",
        "trpayment|ty0|wa2000|naGotówka|re0|",
        "trpayment|ty0|wa1051|naReszta|re1|",
        "trend|to5949|re1051|fp7000|",
    ]
    assert (plan.total, plan.paid, plan.change) == (5949, 7000, 1051)


def test_codes_and_footer() -> None:
    """Section 10.8."""
    plan = planned(
        lines=[{"name": "Woda", "price": "2.00", "vat": "A"}],
        qr={"text": "https://x", "size": 3, "correction": "M"},
        barcode="ABC123",
        footer=["Dziękujemy!", "Zapraszamy ponownie"],
    )
    assert commands(plan) == [
        "trinit|bm0|",
        "qrcode|px3|el1|hx1|tx68747470733A2F2F78|",
        "ftrcfg|bcABC123|bb1|",
        "trline|naWoda|vt0|pr200|",
        "trpayment|ty0|wa200|naGotówka|re0|",
        "trend|to200|fp200|fe0|",
        "trftrln|id25|naDziękujemy!|",
        "trftrln|id25|naZapraszamy ponownie|",
    ]


def test_packaging() -> None:
    """Section 10.9."""
    plan = planned(
        lines=[{"name": "Sok 1 l", "price": "10.00", "vat": "A"}],
        packaging=[
            {"number": "12", "price": "5.00"},
            {"number": "7", "price": "0.50", "quantity": 2, "returned": True},
        ],
    )
    assert commands(plan) == [
        "trinit|bm0|",
        "trline|naSok 1 l|vt0|pr1000|",
        "trpack|na12|ne0|pr500|il1.000|",
        "trpack|na7|ne1|pr50|il2.000|",
        "trpayment|ty0|wa1400|naGotówka|re0|",
        "trend|to1000|op500|om100|fp1400|",
    ]


def test_surcharges_units_and_descriptions() -> None:
    plan = planned(
        lines=[{"name": "Śruby", "price": "2.00", "quantity": "0.5", "unit": "kg", "vat": "A", "description": "ocynk", "surcharge": {"amount": "0.10"}}],
        surcharge={"percent": "10", "name": "Dowóz"},
    )  # fmt: skip
    assert commands(plan)[1:3] == [
        "trline|naŚruby|vt0|pr200|il0.500|wa100|jmkg|opocynk|rd0|rnNarzut|rw10|",
        "trdiscntsubtot|naDowóz|rd0|rw11|",
    ]
    assert plan.total == 121


@pytest.mark.parametrize(
    ("form", "number", "name"),
    [
        (PaymentType.CASH, 0, "Gotówka"), (PaymentType.CARD, 2, "Karta"), (PaymentType.CHEQUE, 3, "Czek"),
        (PaymentType.BON, 4, "Bon"), (PaymentType.CREDIT, 5, "Kredyt"), (PaymentType.OTHER, 6, "Inna"),
        (PaymentType.VOUCHER, 7, "Voucher"), (PaymentType.ACCOUNT, 8, "Konto klienta"), (PaymentType.TRANSFER, 8, "Przelew"),
    ],
)  # fmt: skip
def test_every_form_of_payment(form: PaymentType, number: int, name: str) -> None:
    assert f"trpayment|ty{number}|wa1000|na{name}|re0|" in commands(planned(payments=[{"type": form, "amount": "10"}]))


def test_replaced_characters_are_reported() -> None:
    plan = planned(code_page="mazovia", lines=[LINE | {"name": "Kawa „Żuk”"}])
    assert 'naKawa "Żuk"|' in commands(plan)[1]
    assert [notice.code for notice in plan.notices] == ["text.replaced"]


NAMES = st.sampled_from(["Kawa", "Herbata", "Żurek", "Sok # 5", "Woda 0,5l"])
ADJUSTMENT = st.one_of(
    st.builds(lambda p: {"percent": p}, st.decimals("0.01", "99.99", places=2).map(str)),
    st.builds(lambda a: {"amount": format_grosze(a)}, st.integers(1, 3000)),
)
LINES = st.fixed_dictionaries(
    {
        "name": NAMES,
        "price": st.integers(1, 20_000).map(format_grosze),
        "vat": st.sampled_from(["A", "23%", "B", "C", "D", "exempt", "E"]),
    },
    optional={
        "quantity": st.decimals("0.001", "40", places=3).map(lambda d: f"{d:f}"),
        "discount": ADJUSTMENT,
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
        "footer": st.lists(st.sampled_from(["Dziękujemy", "#1"]), max_size=2),
        "buyer": st.just({"nip": "5260250274"}),
    },
)  # fmt: skip


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(RECEIPTS)
def test_what_is_planned_is_legal_and_accepted(content: dict[str, Any]) -> None:
    """A plan without errors stays within the grammar, and the printer agrees with every sum of it."""
    plan = plan_receipt(Receipt.model_validate(content), ONLINE, "cp1250", RATES)
    if plan.errors:
        return
    talk, state = Talk(), State.IDLE
    assert plan.close is not None
    footer = [item.request for item in plan.footer]
    for step in [*(item.request for item in plan.items), plan.close, *footer]:
        mnemonic = step.row.mnemonic
        assert refusal(mnemonic, state, storno=bool(step.values.get("st"))) is None
        state = after(mnemonic, state, footer_kept=step.values.get("fe") is False)
        assert talk.say(written(step)) == f"{mnemonic}|"
    last = talk.register.state.last_document
    assert (sum(last.totals), last.paid) == (plan.total, plan.paid)
    assert talk.register.state.last_document.change == plan.change
    assert sum(talk.register.state.day.receipts) == plan.total


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(RECEIPTS, st.integers(0, 5))
def test_planning_never_raises(content: dict[str, Any], spoil: int) -> None:
    if spoil and content["lines"]:
        content["lines"][0]["name"] = "\u2615" * spoil
    plan = plan_receipt(Receipt.model_validate(content), OLD, "mazovia", RATES if spoil % 2 else None)
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
    "",
    "  ",
    "e\u0301q\u0301",
    "\u202e",
)


@pytest.mark.parametrize("profile", [ONLINE, OLD], ids=["online", "old"])
@pytest.mark.parametrize("text", NOT_FISCAL)
def test_a_text_that_is_not_fiscal_never_stops_a_sale(profile: Any, text: str) -> None:
    plan = planned(
        profile=profile,
        lines=[LINE | {"description": text, "discount": {"amount": "1.00", "name": text}}],
        discount={"amount": "1.00", "name": text},
        payments=[{"type": "card", "amount": "2.00", "name": text}, {"type": "cash", "amount": "20.00", "name": text}],
        cashier=text,
        footer=[text] * 70,
    )
    assert plan.errors == []
    assert plan.close is not None
    dialect = Dialect("cp1250", profile.generation)
    for step in [*(item.request for item in plan.items), plan.close, *(item.request for item in plan.footer)]:
        step.frame(dialect)
    for item in plan.items:
        for name, value in item.request.values.items():
            assert value != "", f"{item.request.row.mnemonic} {name} is empty"


def test_what_a_plain_form_brings_stays_inside_its_field() -> None:
    """Fullwidth and small forms of what a frame is made of."""
    plan = planned(lines=[LINE | {"name": "A\tB｜C／D＃E＠F\x02G\x03H\u2028I"}])
    assert "naA B|C/D#E@FGH I|" in commands(plan)[1].replace("\t", "<TAB>")
