"""Returnable packaging without a sale: what is due, what is refused, what stands on paper."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from fiscald.model.packaging import PackagingDocument
from fiscald.model.receipt import Receipt
from fiscald.protocols.base import Printed
from tests.conformance.bench import Bench

GLASS = {"name": "Butelka", "price": "1.00", "quantity": 3}
CAN = {"name": "Puszka", "number": "12", "price": "0.50", "quantity": 4, "returned": True}


def document(*items: dict[str, Any], **fields: Any) -> PackagingDocument:
    return PackagingDocument.model_validate({"items": list(items)} | fields)


def codes(bench: Bench, asked: PackagingDocument) -> list[tuple[str, str]]:
    return [(error.pointer, error.code) for error in bench.family.check(asked, bench.settings, None).errors]


@pytest.mark.parametrize(
    ("asked", "due", "cash"),
    [
        (document(GLASS), 300, 300),
        (document(GLASS, CAN), 100, 100),
        (document(CAN), -200, -200),
        (document(GLASS, payments=[{"type": "card", "amount": "3.00"}]), 300, 0),
        (document(GLASS, payments=[{"type": "cash", "amount": "5.00"}], change="2.00"), 300, 300),
    ],
)
@pytest.mark.parametrize("profile", ["online", "old"])
def test_posnet_prints_packaging_given_out_and_taken_back(
    profile: str, asked: PackagingDocument, due: int, cash: int
) -> None:
    bench = Bench("posnet", profile, cash=10_000)
    totals = bench.family.check(asked, bench.settings, None).totals
    assert totals is not None
    verdict = bench.carry_out(asked)
    assert isinstance(verdict, Printed)
    assert totals.due == verdict.result.due == Decimal(due).scaleb(-2)
    state = bench.device.register.state
    assert state.cash - 10_000 == cash
    assert (sum(state.day.receipts), state.day.nonfiscal) == (0, 1), "it is not fiscal"


def test_posnet_prints_the_name_beside_the_number() -> None:
    bench = Bench("posnet", cash=10_000)
    assert isinstance(bench.carry_out(document(GLASS, CAN)), Printed)
    paper = bench.device.register.printouts[-1].text
    assert "Puszka(12)" in paper
    assert "DO ZAPŁATY PLN" in paper


@pytest.mark.parametrize("family", ["posnet", "thermal"])
@pytest.mark.parametrize(
    ("name", "value"), [("payments", [{"type": "cash", "amount": "2.00"}]), ("change", "2.00"), ("change", "0.00")]
)
def test_what_is_paid_out_takes_no_payment_and_gives_no_change(family: str, name: str, value: Any) -> None:
    asked = document(CAN, **{name: value})
    assert codes(Bench(family), asked) == [(f"/document/{name}", "packaging.paid_out")]


def test_thermal_takes_packaging_back_as_one_sum() -> None:
    bench = Bench("thermal", cash=10_000)
    asked = document(CAN, CAN | {"name": None})
    verdict = bench.carry_out(asked)
    assert isinstance(verdict, Printed)
    assert verdict.result.due == Decimal("-4.00")
    assert [notice.code for notice in verdict.notices] == ["packaging.sum"]


@pytest.mark.parametrize("profile", ["posnet", "novitus", "innova"])
def test_thermal_refuses_what_it_cannot_print_and_names_the_other_way(profile: str) -> None:
    bench = Bench("thermal", profile)
    (error, *_) = bench.family.check(document(GLASS), bench.settings, None).errors
    assert error.code == ("packaging.given" if profile == "posnet" else "packaging.unsupported")
    assert "packaging of a receipt" in error.detail


def test_thermal_tells_that_two_names_have_one_number() -> None:
    bench = Bench("thermal", "posnet")
    receipt = Receipt.model_validate(
        {
            "lines": [{"name": "Kawa", "price": "10.00", "vat": "A"}],
            "packaging": [{"name": name, "price": "1.00"} for name in ("Kaucja puszka", "Paleta")],
        }
    )
    notices = bench.family.check(receipt, bench.settings, None).notices
    assert [notice.code for notice in notices] == [
        "packaging.name_not_printed",
        "packaging.name_not_printed",
        "packaging.same_number",
    ]
