"""Every request that the driver can send is valid under the vendor's contract; and its own examples are read."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fiscald.model.invoice import Invoice
from fiscald.model.packaging import Packaging
from fiscald.model.payment import PaymentType
from fiscald.model.printout import Printout
from fiscald.model.receipt import Receipt
from fiscald.protocols.noviapi.commands import ENDPOINTS, store
from fiscald.protocols.noviapi.options import NoviApiOptions
from fiscald.protocols.noviapi.plan import Plan, plan_receipt
from fiscald.protocols.noviapi.plan_invoice import plan_invoice
from fiscald.protocols.noviapi.plan_printout import plan_printout
from fiscald.protocols.noviapi.profiles import PROFILES
from fiscald.protocols.noviapi.xml import packed
from fiscald.protocols.novitus_elements import element
from fiscald.protocols.rates import parse_rates
from tests.drawn import drawn
from tests.protocols.noviapi.contract import contract, mistakes_in_request

RATES = parse_rates({"A": "23%", "B": "8%", "C": "5%", "D": "0%", "E": "exempt", "F": None, "G": None})
TEXT = st.text(st.sampled_from('abcżŁ €😀"\\\n<&>л'), min_size=1, max_size=300)
WORD = st.text(st.sampled_from("abcżŁ €<&>"), min_size=1, max_size=70).filter(str.strip)
MONEY = st.integers(1, 9_999_999).map(lambda value: f"{value // 100}.{value % 100:02d}")
QUANTITY = st.sampled_from(["1", "2", "0.755", "12.5", "0.000001", "3.123456"])
ADJUSTMENT = st.fixed_dictionaries(
    {"percent": st.sampled_from(["10", "33.33", "99.99", "0.01"])}, optional={"name": TEXT}
) | st.fixed_dictionaries({"amount": MONEY})
PAYMENT = st.fixed_dictionaries({"type": st.sampled_from([*PaymentType]), "amount": MONEY}, optional={"name": TEXT})
LINE = st.fixed_dictionaries(
    {"name": WORD, "price": MONEY, "vat": st.sampled_from(["A", "8%", "5%", "exempt", "F"])},
    optional={"quantity": QUANTITY, "unit": WORD, "description": TEXT, "discount": ADJUSTMENT, "storno": st.booleans()},
)
PACKAGING = st.fixed_dictionaries(
    {"price": MONEY, "name": WORD},
    optional={"number": st.sampled_from(["1", "9999", "10000"]), "quantity": QUANTITY, "returned": st.booleans()},
)
FOOT = {
    "cashier": TEXT, "register": WORD, "system_number": WORD, "discount": ADJUSTMENT,
    "payments": st.lists(PAYMENT, max_size=18),
}  # fmt: skip
RECEIPTS = st.fixed_dictionaries(
    {"lines": st.lists(LINE, min_size=1, max_size=6)},
    optional={
        **FOOT, "packaging": st.lists(PACKAGING, max_size=3), "buyer": st.just({"nip": "5260250274"}),
        "footer": st.lists(TEXT, max_size=60), "barcode": st.text("AB12", min_size=1, max_size=64), "qr": st.builds(lambda text: {"text": text}, TEXT),
        "invoice_reference": st.just({"ksef_number": "5265877635-20250826-0100001AF629-AF"}),
        "e_receipt": st.fixed_dictionaries({"customer_id": st.text("ABC-1", min_size=1, max_size=128).filter(lambda text: text.strip() == text)}, optional={"print": st.booleans()}),
    },
)  # fmt: skip
INVOICES = st.fixed_dictionaries(
    {
        "number": WORD, "lines": st.lists(LINE, min_size=1, max_size=4),
        "buyer": st.fixed_dictionaries({"name": WORD}, optional={"address": st.lists(WORD, max_size=8), "nip": st.just("5260250274")}),
    },
    optional={**FOOT, "sale_date": st.just("2026-11-20"), "due_date": st.dates().map(lambda day: day.replace(year=2027).isoformat()), "payment_form": WORD, "copies": st.integers(0, 9)},
)  # fmt: skip
PRINTOUT_LINE = (
    TEXT | st.just("") | st.just({"rule": True}) | st.fixed_dictionaries({"text": TEXT}, optional={"bold": st.booleans(), "align": st.sampled_from(["left", "center", "right"])})
    | st.builds(lambda text: {"qr": {"text": text}}, TEXT) | st.just({"barcode": "ABC123"}) | st.builds(lambda page: {"text": "ż", "code_page": page}, st.sampled_from(["cp1250", "latin2"]))
)  # fmt: skip
PRINTOUTS = st.fixed_dictionaries(
    {"lines": st.lists(PRINTOUT_LINE, min_size=1, max_size=12)}, optional={"title": TEXT, "barcode": st.just("12AB")}
)
OPTIONS = st.sampled_from([NoviApiOptions(), NoviApiOptions(e_document_protocol="MF")])
PROFILE = st.sampled_from([*PROFILES.values()])


def valid(endpoint: str, plan: Plan) -> None:
    if plan.errors:
        return
    body = json.loads(store(ENDPOINTS[endpoint], plan.content).body)
    assert mistakes_in_request("POST", endpoint, body) == []


@settings(max_examples=drawn(300), deadline=None)
@given(RECEIPTS, PROFILE, OPTIONS)
def test_every_receipt_is_valid(content: dict[str, Any], profile: Any, options: NoviApiOptions) -> None:
    plan = plan_receipt(_receipt(content), profile, RATES, options)
    valid("receipt", plan)
    assert len(plan.content.get("printout_lines", ())) <= 50


def _receipt(content: dict[str, Any]) -> Receipt:
    return Receipt.model_validate(content)


@settings(max_examples=drawn(200), deadline=None)
@given(INVOICES, PROFILE, OPTIONS)
def test_every_invoice_is_valid(content: dict[str, Any], profile: Any, options: NoviApiOptions) -> None:
    valid("invoice", plan_invoice(Invoice.model_validate(content), profile, RATES, options))


@settings(max_examples=drawn(200), deadline=None)
@given(PRINTOUTS, PROFILE)
def test_every_printout_is_valid(content: dict[str, Any], profile: Any) -> None:
    valid("nf_printout", plan_printout(Printout.model_validate(content), profile, NoviApiOptions()))


@given(TEXT)
def test_every_packet_is_valid(text: str) -> None:
    try:
        content = packed(element("cash", action="payin", cashier=text))
    except ValueError:
        return  # windows-1250 lacks a character; fiscald sends no text of a document like that
    assert mistakes_in_request("POST", "direct_io", {"direct_io": content}) == []


@pytest.mark.parametrize(
    ("endpoint", "content"),
    [
        ("receipt", {"items": [{"article": {"name": "x", "ptu": "A", "price": "1,00", "quantity": "1", "value": "1.00"}}], "summary": {"total": "1.00", "pay_in": "1.00"}}),
        ("receipt", {"items": [], "summary": {"total": "1.00", "pay_in": "1.00"}}),
        ("nf_printout", {"lines": [{"textline": {"text": "x"}}]}),
        ("daily_report", {"date": "2026-11-22"}),
        ("status", {"type": "paper"}),
    ],
)  # fmt: skip
def test_the_contract_is_one_that_can_be_broken(endpoint: str, content: Any) -> None:
    assert mistakes_in_request("POST", endpoint, {ENDPOINTS[endpoint].root: content})


def test_the_contract_has_every_request_of_the_command_table() -> None:
    assert {f"POST {name}" for name in ENDPOINTS} == set(contract()["requests"])
    for name, endpoint in ENDPOINTS.items():
        schema = contract()["requests"][f"POST {name}"]
        named = contract()["$defs"][schema["$ref"].rsplit("/", 1)[1]]
        assert [*named["properties"]] == [endpoint.root]


def test_a_receipt_of_the_contracts_example_is_built_like_it() -> None:
    """Its total has the advance, but not the deposit; fiscald sells no advances."""
    receipt = Receipt.model_validate(
        {"lines": [{"name": "Towar1", "unit": "szt.", "price": "10.00", "vat": "A"}], "packaging": [{"name": "Opakowanie", "number": "1234", "price": "1.00"}]}
    )  # fmt: skip
    plan = plan_receipt(receipt, PROFILES["57mm"], RATES, NoviApiOptions())
    assert plan.content["items"] == [
        {
            "article": {
                "name": "Towar1",
                "ptu": "A",
                "quantity": "1",
                "price": "10.00",
                "value": "10.00",
                "unit": "szt.",
            }
        },
        {"container": {"value": "1.00", "quantity": "1", "name": "Opakowanie", "number": 1234}},
    ]
    assert plan.content["summary"] == {"total": "10.00", "pay_in": "11.00"}


def test_a_discount_on_the_whole_receipt_stands_behind_the_total() -> None:
    lines = [{"name": "Kawa", "price": "10.00", "vat": "A"}, {"name": "Chleb", "price": "5.00", "vat": "C"}]
    plan = plan_receipt(
        _receipt({"lines": lines, "discount": {"percent": "10", "name": "Stały klient"}}),
        PROFILES["80mm"],
        RATES,
        NoviApiOptions(),
    )
    assert plan.content["summary"] == {
        "total": "15.00", "discount_markup": {"type": "value_discount", "value": "1.50", "name": "Stały klient"}, "pay_in": "13.50",
    }  # fmt: skip
    assert (plan.total, plan.due) == (1350, 1350)


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"packaging": [{"name": "x", "price": "1.00", "quantity": "0.125"}]}, "/document/packaging/0/quantity"),
        ({"packaging": [{"number": "10000", "price": "1.00"}]}, "/document/packaging/0/number"),
        ({"payments": [{"type": "cash", "amount": "0.10"}] * 17}, "/document/payments"),
        ({"payments": [{"type": "cash", "amount": "4.25", "currency": {"code": "EUR", "rate": "4.250001", "amount": "1.00"}}]}, "/document/payments/0/currency/rate"),
        ({"barcode": "A" * 31}, "/document/barcode"),
        ({"qr": {"text": "x" * 1853}}, "/document/qr/text"),
        ({"e_receipt": {"customer_id": "x" * 101}}, "/document/e_receipt/customer_id"),
        ({"lines": [{"name": "x", "price": "1.00", "vat": "A"}] * 256, "payments": []}, "/document/lines"),
        ({"system_number": "x" * 513}, "/document/system_number"),
        ({"register": "123456789"}, "/document/register"),
    ],
)  # fmt: skip
def test_limits_are_refused_with_a_pointer(change: dict[str, Any], pointer: str) -> None:
    content = {"lines": [{"name": "x", "price": "1.00", "vat": "A"}], **change}
    plan = plan_receipt(_receipt(content), PROFILES["57mm"], RATES, NoviApiOptions())
    assert pointer in {error.pointer for error in plan.errors}


def test_the_most_items_and_lines_fit() -> None:
    lines = [{"name": "x", "price": "1.00", "vat": "A"}] * 255
    plan = plan_receipt(
        _receipt({"lines": lines, "footer": ["x"] * 60, "barcode": "A"}), PROFILES["57mm"], RATES, NoviApiOptions()
    )
    assert not plan.errors
    assert len(plan.content["printout_lines"]) == 50
    assert [each.code for each in plan.notices] == ["text.left_out"] * 11
    assert plan.total == 25_500


@given(st.lists(PACKAGING, min_size=1, max_size=5))
def test_packaging_never_changes_the_fiscal_total(items: list[dict[str, Any]]) -> None:
    receipt = _receipt({"lines": [{"name": "x", "price": "9999.00", "vat": "A"}], "packaging": items})
    plan = plan_receipt(receipt, PROFILES["57mm"], RATES, NoviApiOptions())
    assert plan.content["summary"]["total"] == "9999.00"
    if not plan.errors:
        given = sum(
            (
                Packaging.model_validate(each).price
                * Decimal(each.get("quantity", "1"))
                * (-1 if each.get("returned") else 1)
                for each in items
            ),
            Decimal(0),
        )
        assert plan.due is not None
        assert abs(Decimal(plan.due) / 100 - 9999 - given) < Decimal("0.05")
