"""What a Thermal printer takes and what it refuses is known before a byte is sent."""

from __future__ import annotations

from typing import Any

import pytest

from tests.protocols.thermal.plans import (
    INNOVA,
    LINE,
    NOVITUS,
    commands,
    discounted,
    planned,
)

REFUSALS: dict[str, tuple[dict[str, Any], str, str]] = {
    "an inactive rate": ({"lines": [LINE | {"vat": "E"}]}, "/lines/0/vat", "vat.inactive"),
    "no such letter": ({"lines": [LINE | {"vat": "H"}]}, "/lines/0/vat", "vat.letter"),
    "no such rate": ({"lines": [LINE | {"vat": "7%"}]}, "/lines/0/vat", "vat.rate"),
    "a name of which nothing is left": ({"lines": [LINE | {"name": "☕ 茶"}]}, "/lines/0/name", "text.code_page"),
    "a unit of which nothing is left": ({"lines": [LINE | {"unit": "☕"}]}, "/lines/0/unit", "text.code_page"),
    "too many digits": ({"lines": [LINE | {"quantity": "123456.12345", "price": "0.01"}]}, "/lines/0/quantity", "quantity.digits"),
    "a line of nothing": ({"lines": [LINE | {"price": "0.01", "quantity": "0.001"}]}, "/lines/0", "line.zero"),
    "a line too large": ({"lines": [LINE | {"price": "999999.99", "quantity": 2}]}, "/lines/0", "line.too_large"),
    "a price too large": ({"lines": [LINE | {"price": "1000000", "quantity": "0.5"}]}, "/lines/0", "line.too_large"),
    "a discount of the whole": ({"lines": [LINE | {"discount": {"amount": "10.00"}}]}, "/lines/0/discount", "discount.too_large"),
    "a discount of nothing": ({"lines": [LINE | {"price": "0.01", "discount": {"percent": "1"}}]}, "/lines/0/discount", "adjustment.zero"),
    "a surcharge too large": ({"lines": [LINE | {"surcharge": {"amount": "1000000"}}]}, "/lines/0/surcharge", "adjustment.too_large"),
    "a storno of nothing": ({"lines": [LINE, LINE | {"name": "Piwo", "storno": True}]}, "/lines/1", "storno.no_line"),
    "a storno of a part": ({"lines": [LINE | {"quantity": 2}, LINE | {"storno": True}]}, "/lines/1", "storno.no_line"),
    "a storno twice": ({"lines": [LINE, LINE | {"storno": True}, LINE | {"storno": True}]}, "/lines/2", "storno.no_line"),
    "a storno that forgets the discount": ({"lines": [discounted(), LINE | {"storno": True}]}, "/lines/1", "storno.no_line"),
    "everything reversed": ({"lines": [LINE, LINE | {"storno": True}]}, "/lines", "receipt.zero"),
    "a receipt too large": ({"lines": [LINE | {"price": "999999.99"}, LINE]}, "/lines", "receipt.too_large"),
    "too many lines": ({"lines": [LINE] * 256}, "/lines", "lines.too_many"),
    "a wrong total": ({"total": "10.01"}, "/total", "receipt.total"),
    "a receipt discount of the whole": ({"discount": {"amount": "10.00"}}, "/discount", "discount.too_large"),
    "too little paid": ({"payments": [{"type": "card", "amount": "9.99"}]}, "/payments", "payments.short"),
    "a payment too many": (
        {"payments": [{"type": "cash", "amount": "10.00"}, {"type": "card", "amount": "1.00"}]},
        "/payments/1", "payment.superfluous",
    ),
    "sixteen cards": ({"payments": [{"type": "card", "amount": "0.62"}] * 16 + [{"type": "cash", "amount": "1"}]}, "/payments", "payments.too_many"),
    "wrong change": ({"payments": [{"type": "cash", "amount": "20.00"}], "change": "9.00"}, "/change", "receipt.change"),
    "change without payment": ({"change": "1.00"}, "/change", "receipt.change"),
    "payments too large": ({"payments": [{"type": "cash", "amount": "999999.99"}] * 2}, "/payments", "payments.too_large"),
    "a system number too long": ({"system_number": "1" * 31}, "/system_number", "text.too_long"),
    "too many letters in it": ({"system_number": "FAKTURAVATX1"}, "/system_number", "system_number.letters"),
    "a system number that is a bar code": ({"system_number": "#123"}, "/system_number", "system_number.letters"),
    "a system number that becomes a bar code": ({"system_number": "＃123"}, "/system_number", "system_number.letters"),
    "letters that become too many": ({"system_number": "ЩЩЩ1"}, "/system_number", "system_number.letters"),
    "a number and a bar code": ({"system_number": "1", "barcode": "123"}, "/barcode", "barcode.or_number"),
    "a bar code too long": ({"barcode": "A" * 16}, "/barcode", "barcode.length"),
    "a bar code too short": ({"barcode": "12"}, "/barcode", "barcode.length"),
    "a till number too long": ({"register": "x" * 9}, "/register", "text.too_long"),
    "packaging beyond all amounts": (
        {"profile": NOVITUS, "lines": [LINE | {"price": "99999999.99"}], "packaging": [{"number": "1", "price": "0.01"}]},
        "/packaging", "packaging.too_large",
    ),
    "too much packaging back": ({"packaging": [{"number": "1", "price": "11", "returned": True}]}, "/packaging", "packaging.more_than_sale"),
    "packaging of nothing": ({"packaging": [{"number": "1", "price": "0.01", "quantity": "0.1"}]}, "/packaging/0", "packaging.value"),
    "packaging with a long number": ({"packaging": [{"number": "10000", "price": "0.01"}]}, "/packaging/0/number", "packaging.number"),
    "too much of everything": ({"packaging": [{"number": "1", "price": "0.01"}] * 16}, "", "receipt.too_much"),
    "a QR code": ({"qr": {"text": "x"}}, "/qr", "qr.unsupported"),
    "the buyer on a device that lacks it": ({"printer_id": "ABC12345678", "buyer": {"nip": "5260250274"}}, "/buyer", "buyer.unsupported"),
    "novitus: a bar code": ({"profile": NOVITUS, "barcode": "ABC"}, "/barcode", "barcode.unsupported"),
    "novitus: packaging": ({"profile": NOVITUS, "packaging": [{"number": "128", "price": "0.01"}]}, "/packaging/0/number", "packaging.number"),
    "novitus: two pieces": ({"profile": NOVITUS, "packaging": [{"number": "1", "price": "0.01", "quantity": 2}]}, "/packaging/0/quantity", "packaging.quantity"),
    "innova: a line discount": ({"profile": INNOVA, "lines": [discounted()]}, "/lines/0/discount", "line.adjustment"),
    "innova: a receipt discount": ({"profile": INNOVA, "discount": {"amount": "0.01"}}, "/discount", "receipt.adjustment"),
    "innova: a transfer": ({"profile": INNOVA, "payments": [{"type": "transfer", "amount": "10"}]}, "/payments/0/type", "payment.unsupported"),
    "innova: packaging": ({"profile": INNOVA, "packaging": [{"number": "1", "price": "0.01"}]}, "/packaging", "packaging.unsupported"),
    "innova: a system number": ({"profile": INNOVA, "system_number": "1"}, "/system_number", "system_number.unsupported"),
    "innova: a long till number": ({"profile": INNOVA, "register": "12"}, "/register", "text.too_long"),
    "innova: the buyer": ({"profile": INNOVA, "buyer": {"nip": "5260250274"}}, "/buyer", "buyer.unsupported"),
}  # fmt: skip


@pytest.mark.parametrize(("receipt", "pointer", "code"), REFUSALS.values(), ids=REFUSALS)
def test_check_predicts_a_refusal(receipt: dict[str, Any], pointer: str, code: str) -> None:
    plan = planned(**receipt)
    assert (f"/document{pointer}", code) in [(error.pointer, error.code) for error in plan.errors]
    assert plan.close is None
    for error in plan.errors:
        assert error.detail
        assert error.detail_pl
        assert error.detail_pl.endswith(".")


def test_all_faults_are_reported_together() -> None:
    errors = planned(lines=[LINE | {"vat": "E"}, LINE | {"name": "☕"}], total="1.00", register="x" * 9).errors
    assert len(errors) == 4


def test_a_whole_discounted_line_can_be_reversed() -> None:
    plan = planned(lines=[discounted(), LINE | {"name": "Piwo"}, discounted(storno=True)])
    assert commands(plan)[3] == "0;1;0$lKawa|1.|A/10.00/10.00/2.00/"
    assert plan.total == 1000


#: What is just taken.
TAKEN: dict[str, dict[str, Any]] = {
    "the highest price": {"lines": [LINE | {"price": "999999.99"}]},
    "the largest line": {"lines": [LINE | {"price": "333333.33", "quantity": 3}]},
    "the largest line of a part": {"lines": [LINE | {"price": "999999.99", "quantity": "0.5"}]},
    "the largest receipt": {"lines": [LINE | {"price": "999999.98"}, LINE | {"price": "0.01"}]},
    "the largest surcharge": {"lines": [LINE | {"price": "0.01", "surcharge": {"amount": "999999.98"}}]},
    "one grosz": {"lines": [LINE | {"price": "0.01"}]},
    "all digits of a quantity": {"lines": [LINE | {"quantity": "12345.12345"}]},
    "all but a grosz off": {"lines": [LINE | {"discount": {"amount": "9.99"}}]},
    "all but a grosz off the whole": {"discount": {"amount": "9.99"}},
    "all lines": {"lines": [LINE] * 255},
    "all but a grosz reversed": {"lines": [LINE | {"price": "0.01"}, LINE, LINE | {"storno": True}]},
    "paid to the grosz": {"payments": [{"type": "card", "amount": "9.99"}, {"type": "card", "amount": "0.01"}]},
    "cash after all is paid": {"payments": [{"type": "card", "amount": "10.00"}, {"type": "cash", "amount": "0.01"}], "change": "0.01"},
    "fifteen cards": {"payments": [{"type": "card", "amount": "0.60"}] * 15 + [{"type": "cash", "amount": "1"}]},
    "the largest payments": {"payments": [{"type": "cash", "amount": "999999.98"}, {"type": "cash", "amount": "0.01"}]},
    "the longest system number": {"system_number": "1" * 30},
    "the most letters in it": {"system_number": "FAKTURAVAT1"},
    "the longest bar code": {"barcode": "A" * 15},
    "the longest bar code of digits": {"barcode": "1" * 28},
    "the shortest bar code": {"barcode": "123"},
    "the longest till number": {"register": "x" * 8},
    "packaging for the whole sale": {"packaging": [{"number": "1", "price": "10", "returned": True}]},
    "packaging of a grosz": {"packaging": [{"number": "1", "price": "0.01"}]},
    "packaging of three decimals": {"packaging": [{"number": "1", "price": "10", "quantity": "0.001"}]},
    "packaging with the highest number": {"packaging": [{"number": "9999", "price": "0.01"}]},
    "the most packaging": {"packaging": [{"number": "1", "price": "999999.99", "returned": back} for back in (False, True)]},
    "fifteen of packaging": {"packaging": [{"number": "1", "price": "0.01"}] * 15},
    "packaging and cards": {
        "packaging": [{"number": "1", "price": "0.01"}] * 10,
        "payments": [{"type": "card", "amount": "1.00"}] * 5 + [{"type": "cash", "amount": "5.10"}],
        "discount": {"amount": "0.01"}, "footer": ["a", "b", "c"],
    },
    "novitus: the highest price": {"profile": NOVITUS, "lines": [LINE | {"price": "99999999.99"}]},
    "novitus: the largest line": {"profile": NOVITUS, "lines": [LINE | {"price": "33333333.33", "quantity": 3}]},
    "novitus: the largest payments": {"profile": NOVITUS, "payments": [{"type": "cash", "amount": "99999999.99"}]},
    "novitus: many letters in the number": {"profile": NOVITUS, "system_number": "FAKTURAVATX1"},
    "novitus: packaging": {"profile": NOVITUS, "packaging": [{"number": number, "price": "0.01"} for number in ("1", "127")]},
    "novitus: the most packaging with the sale": {"profile": NOVITUS, "packaging": [{"number": "1", "price": "99999989.99"}]},
    "innova: the longest till number": {"profile": INNOVA, "register": "1", "cashier": "12"},
}  # fmt: skip


@pytest.mark.parametrize("receipt", TAKEN.values(), ids=TAKEN)
def test_what_is_just_within_the_limits_is_taken(receipt: dict[str, Any]) -> None:
    plan = planned(**receipt)
    assert commands(plan)
    assert plan.notices == []


def test_a_grosz_or_one_more_is_not_taken() -> None:
    def codes(**receipt: Any) -> list[str]:
        return [error.code for error in planned(**receipt).errors]

    assert codes(lines=[LINE | {"price": "333333.34", "quantity": 3}])[0] == "line.too_large"
    assert codes(lines=[LINE | {"price": "1000000.00", "quantity": "0.5"}]) == ["line.too_large"]
    assert codes(lines=[LINE | {"price": "999999.99"}, LINE | {"price": "0.01"}]) == ["receipt.too_large"]
    assert codes(lines=[LINE | {"price": "0.01", "surcharge": {"amount": "999999.99"}}]) == ["receipt.too_large"]
    assert codes(lines=[LINE | {"price": "0.01", "surcharge": {"amount": "1000000.00"}}])[0] == "adjustment.too_large"
    assert codes(lines=[LINE | {"price": "999999.99"}], surcharge={"amount": "0.01"}) == ["receipt.too_large"]
    assert codes(lines=[LINE | {"price": "999999.99"}, LINE], discount={"amount": "10.00"}) == ["receipt.too_large"]
    assert codes(payments=[{"type": "cash", "amount": "1000000.00"}]) == ["payments.too_large"]
    assert codes(packaging=[{"number": "0", "price": "0.01"}]) == ["packaging.number"]
    assert codes(packaging=[{"number": "1", "price": "1000000.00"}]) == ["packaging.value"]
    assert codes(
        packaging=[{"number": "1", "price": "0.01"}] * 10,
        payments=[{"type": "card", "amount": "1.00"}] * 6 + [{"type": "cash", "amount": "4.10"}],
    ) == ["receipt.too_much"]
    assert codes(profile=NOVITUS, packaging=[{"number": "1", "price": "99999990.00"}]) == ["packaging.too_large"]


@pytest.mark.parametrize(
    ("profile", "only_nip"),
    [({"printer_id": "BFP12345678"}, True), ({"printer_id": "ABC12345678"}, False), ({"profile": NOVITUS}, True)],
)
def test_no_thermal_printer_has_a_place_for_a_number_of_another_country(
    profile: dict[str, Any], only_nip: bool
) -> None:
    (error,) = planned(**profile, buyer={"vat_id": "DE136695976"}).errors
    assert (error.pointer, error.code) == ("/document/buyer/vat_id", "buyer.vat_id_unsupported")
    assert ("only a Polish NIP" in error.detail) == only_nip


def test_without_the_table_check_predicts_everything_else() -> None:
    """A printer that was never reached: its rates are not known yet."""
    assert planned(rates=None, lines=[LINE | {"vat": "E"}]).errors == []
    assert [error.code for error in planned(rates=None, total="1.00").errors] == ["receipt.total"]
