"""Receipts of few grosze, whole: planned by the driver and printed by the emulated printer, in every profile."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fiscald.emulator.memory import DEFAULT_RATES, RegisterState
from fiscald.emulator.running import build
from fiscald.model.money import format_grosze, grosze
from fiscald.model.preview import Preview
from fiscald.model.receipt import Receipt
from fiscald.paper.emulated import carry_out, emulated_options
from fiscald.protocols import FAMILIES, family
from fiscald.protocols.rates import plain_rates
from tests.protocols import settings as settings_of

PROFILES = [(name, profile) for name in FAMILIES for profile in family(name).choices("profile")]
RATES = plain_rates(dict(zip("ABCDEFG", DEFAULT_RATES, strict=True)))

MONEY = st.integers(1, 4).map(format_grosze)
ADJUSTMENT = st.one_of(
    st.builds(lambda percent: {"percent": percent}, st.sampled_from(["0.01", "10", "33.33", "50", "66.67", "99.99"])),
    st.builds(lambda amount: {"amount": amount}, MONEY),
)
ADJUSTED = {"discount": ADJUSTMENT, "surcharge": ADJUSTMENT}
LINES = st.fixed_dictionaries(
    {"name": st.sampled_from(["Kawa", "½ m²", "Щи"]), "price": MONEY, "vat": st.sampled_from("ABCDG")},
    optional={"quantity": st.sampled_from(["1", "2", "3", "0.5", "0.333", "1.5"]), "storno": st.booleans(), **ADJUSTED},
)
RECEIPTS = st.fixed_dictionaries(
    {"lines": st.lists(LINES, min_size=1, max_size=5)},
    optional={
        **ADJUSTED,
        "payments": st.lists(
            st.fixed_dictionaries({"type": st.sampled_from(["cash", "card"]), "amount": MONEY}), min_size=1, max_size=3
        ),
        "packaging": st.lists(
            st.fixed_dictionaries({"number": st.just("1"), "price": MONEY, "returned": st.booleans()}), max_size=2
        ),
    },
)


def printed_total(name: str, profile: str, document: Receipt) -> int | None:
    """What the emulated printer registers; ``None`` where the driver refuses the receipt."""
    settings = settings_of.of(name, profile)
    code_page = settings.options.model_dump().get("code_page")
    check = family(name).check(document, settings, None)
    if check.errors:
        return None
    found = Preview(
        printer="till1", family=name, profile=profile, code_page=code_page, vat=RATES, document=document,
        totals=check.totals, warnings=check.notices,
    )  # fmt: skip
    device, _ = build(name, **emulated_options(found), state=RegisterState(cash=100_000))
    verdict = carry_out(device, found)
    assert check.totals is not None
    assert verdict.result.total == check.totals.total
    assert sum(device.register.state.day.receipts) == grosze(check.totals.total)
    assert min(device.register.state.day.receipts) >= 0
    return grosze(check.totals.total)


@settings(suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])
@given(RECEIPTS)
@pytest.mark.parametrize(("name", "profile"), PROFILES, ids=[f"{name}-{profile}" for name, profile in PROFILES])
def test_a_receipt_of_few_grosze_is_refused_or_printed_as_planned(
    name: str, profile: str, content: dict[str, Any]
) -> None:
    if {"discount", "surcharge"} <= content.keys():
        del content["surcharge"]
    for line in content["lines"]:
        if {"discount", "surcharge"} <= line.keys():
            del line["surcharge"]
    printed_total(name, profile, Receipt.model_validate(content))


def line(price: str, vat: str = "A", **more: Any) -> dict[str, Any]:
    return {"name": f"Towar {vat}", "price": price, "vat": vat} | more


@pytest.mark.parametrize(("name", "profile"), PROFILES, ids=[f"{name}-{profile}" for name, profile in PROFILES])
@pytest.mark.parametrize(
    ("content", "total"),
    [
        ({"lines": [line("0.01"), line("0.01", "B")], "discount": {"percent": "50"}}, 1),
        ({"lines": [line("10.00"), line("10.00", "B")], "discount": {"amount": "19.99"}}, 1),
        ({"lines": [line("0.01"), line("0.01"), line("0.01")], "discount": {"amount": "0.02"}}, 1),
        ({"lines": [line("0.01", letter) for letter in "ABCDG"], "discount": {"amount": "0.04"}}, 1),
        ({"lines": [line("0.01", letter) for letter in "ABCDG"], "surcharge": {"percent": "10"}}, 6),
    ],
)
def test_a_discount_that_leaves_one_grosz(name: str, profile: str, content: dict[str, Any], total: int) -> None:
    printed = printed_total(name, profile, Receipt.model_validate(content))
    assert printed == (None if profile == "innova" else total)
