"""What a POSNET printer takes and what it refuses is known before a byte is sent."""

from __future__ import annotations

from typing import Any

import pytest

from fiscald.model.qr import CAPACITY, PAPER_DOTS, Correction, modules
from tests.emulator.posnet.talking import Talk
from tests.found import found
from tests.protocols.posnet.plans import LINE, OLD, commands, discounted, planned

REFUSALS = {
    "an inactive rate": ({"lines": [LINE | {"vat": "E"}]}, "/lines/0/vat", "vat.inactive"),
    "no such letter": ({"lines": [LINE | {"vat": "H"}]}, "/lines/0/vat", "vat.letter"),
    "no such rate": ({"lines": [LINE | {"vat": "7%"}]}, "/lines/0/vat", "vat.rate"),
    "a name of which nothing is left": ({"lines": [LINE | {"name": "☕ 茶"}]}, "/lines/0/name", "text.code_page"),
    "a unit of which nothing is left": ({"lines": [LINE | {"unit": "☕"}]}, "/lines/0/unit", "text.code_page"),
    "four decimals": ({"lines": [LINE | {"quantity": "0.1234"}]}, "/lines/0/quantity", "quantity.decimals"),
    "a line of nothing": ({"lines": [LINE | {"price": "0.01", "quantity": "0.001"}]}, "/lines/0", "line.zero"),
    "a line too large": ({"lines": [LINE | {"price": "99999999.99", "quantity": 2}]}, "/lines/0", "line.too_large"),
    "a discount of the whole": ({"lines": [LINE | {"discount": {"amount": "10.00"}}]}, "/lines/0/discount", "discount.too_large"),
    "a discount of nothing": ({"lines": [LINE | {"price": "0.01", "discount": {"percent": "1"}}]}, "/lines/0/discount", "adjustment.zero"),
    "a storno of nothing": ({"lines": [LINE, LINE | {"name": "Piwo", "storno": True}]}, "/lines/1", "storno.no_line"),
    "a storno at another price": ({"lines": [LINE, LINE | {"price": "9.00", "storno": True}]}, "/lines/1", "storno.no_line"),
    "a storno at another rate": ({"lines": [LINE, LINE | {"vat": "B", "storno": True}]}, "/lines/1", "storno.no_line"),
    "a storno of too much": ({"lines": [LINE, LINE | {"quantity": 2, "storno": True}]}, "/lines/1/quantity", "storno.quantity"),
    "a storno twice": ({"lines": [LINE, LINE | {"storno": True}, LINE | {"storno": True}]}, "/lines/2", "storno.no_line"),
    "a storno that forgets the discount": ({"lines": [discounted(), LINE | {"storno": True}]}, "/lines/1", "storno.adjustment"),
    "half a discounted line": (
        {"lines": [discounted(quantity=2), discounted(quantity=1, storno=True)]}, "/lines/1", "storno.adjustment"
    ),
    "everything reversed": ({"lines": [LINE, LINE | {"storno": True}]}, "/lines", "receipt.zero"),
    "a receipt too large": (
        {"lines": [LINE | {"price": "99999999.99"}, LINE]}, "/lines", "receipt.too_large"
    ),
    "a wrong total": ({"total": "10.01"}, "/total", "receipt.total"),
    "a subtotal discount of the whole": ({"discount": {"amount": "10.00"}}, "/discount", "discount.too_large"),
    "too little paid": ({"payments": [{"type": "card", "amount": "9.99"}]}, "/payments", "payments.short"),
    "a payment too many": (
        {"payments": [{"type": "cash", "amount": "10.00"}, {"type": "card", "amount": "1.00"}]},
        "/payments/1", "payment.superfluous",
    ),
    "wrong change": ({"payments": [{"type": "cash", "amount": "20.00"}], "change": "9.00"}, "/change", "receipt.change"),
    "change without payment": ({"change": "1.00"}, "/change", "receipt.change"),
    "payments too large": (
        {"payments": [{"type": "cash", "amount": "99999999.99"}, {"type": "cash", "amount": "1"}]},
        "/payments", "payments.too_large",
    ),
    "a system number too long": ({"system_number": "x" * 31}, "/system_number", "text.too_long"),
    "a till number too long": ({"register": "x" * 9}, "/register", "text.too_long"),
    "a bar code too long": ({"barcode": "1" * 31}, "/barcode", "text.too_long"),
    "too much packaging back": ({"packaging": [{"number": "1", "price": "11", "returned": True}]}, "/packaging", "packaging.more_than_sale"),
    "packaging of nothing": ({"packaging": [{"number": "1", "price": "0.01", "quantity": "0.1"}]}, "/packaging/0", "packaging.value"),
    "packaging of too much": ({"packaging": [{"number": "1", "price": "90000000.00", "quantity": "2"}]}, "/packaging/0", "packaging.value"),
    "too much packaging in all": (
        {"packaging": [{"number": "1", "price": "60000000.00", "returned": back} for back in (False, True, False, True)]},
        "/packaging/2", "packaging.value",
    ),
    "a QR code of many bytes": ({"qr": {"text": "ż" * 1001, "size": 2}}, "/qr/text", "qr.too_long"),
    "a QR code of 1274 bytes with H": ({"qr": {"text": "x" * 1274, "size": 2, "correction": "H"}}, "/qr/text", "qr.too_long"),
    "a QR code of 1664 bytes with Q": ({"qr": {"text": "x" * 1664, "size": 2, "correction": "Q"}}, "/qr/text", "qr.too_long"),
    "a QR code wider than the paper": ({"qr": {"text": "x" * 400, "size": 8}}, "/qr/size", "qr.too_wide"),
    "a QR code wider than the paper by one dot a module": ({"qr": {"text": "x" * 500, "size": 5}}, "/qr/size", "qr.too_wide"),
}  # fmt: skip


@pytest.mark.parametrize(("receipt", "pointer", "code"), REFUSALS.values(), ids=REFUSALS)
def test_check_predicts_a_refusal(receipt: dict[str, Any], pointer: str, code: str) -> None:
    errors = planned(**receipt).errors
    assert (f"/document{pointer}", code) in [(error.pointer, error.code) for error in errors]
    for error in errors:
        assert error.detail
        assert error.detail_pl
        assert error.detail_pl.endswith(".")


#: What is just taken.
TAKEN: dict[str, dict[str, Any]] = {
    "the highest price": {"lines": [LINE | {"price": "99999999.99"}]},
    "the largest line": {"lines": [LINE | {"price": "33333333.33", "quantity": 3}]},
    "the largest line after its discount": {"lines": [LINE | {"price": "99999999.99", "discount": {"amount": "0.01"}}, LINE | {"price": "0.01"}]},
    "the largest receipt": {"lines": [LINE | {"price": "99999999.98"}, LINE | {"price": "0.01"}]},
    "one grosz": {"lines": [LINE | {"price": "0.01"}]},
    "three decimals": {"lines": [LINE | {"quantity": "0.001"}]},
    "all but a grosz off": {"lines": [LINE | {"discount": {"amount": "9.99"}}]},
    "all but a grosz off the whole": {"discount": {"amount": "9.99"}},
    "a storno of all there was": {"lines": [LINE, LINE | {"name": "Piwo", "quantity": 2}, LINE | {"name": "Piwo", "quantity": 2, "storno": True}]},
    "a storno in two parts": {"lines": [LINE, LINE | {"name": "Piwo", "quantity": 2}, *[LINE | {"name": "Piwo", "storno": True}] * 2]},
    "all but a grosz reversed": {"lines": [LINE | {"price": "0.01"}, LINE, LINE | {"storno": True}]},
    "paid to the grosz": {"payments": [{"type": "card", "amount": "9.99"}, {"type": "card", "amount": "0.01"}]},
    "cash after all is paid": {"payments": [{"type": "card", "amount": "10.00"}, {"type": "cash", "amount": "0.01"}], "change": "0.01"},
    "the largest payments": {"payments": [{"type": "cash", "amount": "99999999.98"}, {"type": "cash", "amount": "0.01"}]},
    "the longest system number": {"system_number": "x" * 30},
    "the longest till number": {"register": "x" * 8},
    "the longest bar code": {"barcode": "1" * 30},
    "packaging for the whole sale": {"packaging": [{"number": "1", "price": "10", "returned": True}]},
    "packaging of a grosz": {"packaging": [{"number": "1", "price": "0.01"}]},
    "packaging of three decimals": {"packaging": [{"number": "1", "price": "10", "quantity": "0.001"}]},
    "the most packaging": {"packaging": [{"number": "1", "price": "99999999.99", "returned": back} for back in (False, True)]},
    "the most packaging in all": {"packaging": [{"number": "1", "price": price, "returned": back} for price in ("99999999.98", "0.01") for back in (False, True)]},
    "the most packaging with the sale": {"packaging": [{"number": "1", "price": "99999989.99"}]},
}  # fmt: skip


@pytest.mark.parametrize("receipt", TAKEN.values(), ids=TAKEN)
def test_what_is_just_within_the_limits_is_taken(receipt: dict[str, Any]) -> None:
    plan = planned(**receipt)
    assert commands(plan)
    assert plan.notices == []


def test_a_grosz_more_is_not_taken() -> None:
    def codes(**receipt: Any) -> list[str]:
        return [error.code for error in planned(**receipt).errors]

    assert codes(lines=[LINE | {"price": "33333333.34", "quantity": 3}])[0] == "line.too_large"
    assert codes(lines=[LINE | {"price": "99999999.99"}, LINE | {"price": "0.01"}]) == ["receipt.too_large"]
    assert codes(payments=[{"type": "cash", "amount": "99999999.99"}, {"type": "cash", "amount": "0.01"}]) == [
        "payments.too_large"
    ]
    assert codes(packaging=[{"number": "1", "price": "99999990.00"}]) == ["packaging.too_large"]
    packaging = [
        {"number": "1", "price": price, "returned": back} for price in ("99999999.99", "0.01") for back in (False, True)
    ]
    assert codes(packaging=packaging) == ["packaging.value", "packaging.value"]


@pytest.mark.parametrize(
    ("adjustment", "sent"),
    [
        ({"discount": {"amount": "0.01"}}, "wa1000|rd1|rnRabat|rw1|"),
        ({"surcharge": {"amount": "0.01"}}, "wa1000|rd0|rnNarzut|rw1|"),
    ],
)
def test_a_discount_and_a_surcharge_of_one_grosz(adjustment: dict[str, Any], sent: str) -> None:
    assert commands(planned(lines=[LINE | adjustment]))[1] == f"trline|naKawa|vt0|pr1000|{sent}"
    bill = "rd1|rw1|" if "discount" in adjustment else "rd0|rw1|"
    (subtotal,) = [line for line in commands(planned(**adjustment)) if line.startswith("trdiscntsubtot|")]
    assert subtotal.endswith(bill)


def test_as_many_lines_under_a_receipt_as_the_printer_takes() -> None:
    lines = [f"wiersz {number}" for number in range(60)]
    plan = planned(footer=lines)
    assert [item.request.values["na"] for item in plan.footer] == lines
    assert plan.notices == []
    plan = planned(footer=[*lines, "za dużo"])
    assert [item.request.values["na"] for item in plan.footer] == lines
    assert [(notice.code, notice.pointer) for notice in plan.notices] == [("text.left_out", "/document/footer/60")]


def test_all_faults_are_reported_together() -> None:
    errors = planned(lines=[LINE | {"vat": "E"}, LINE | {"name": "☕"}], total="1.00", register="x" * 9).errors
    assert len(errors) == 4


def test_a_whole_discounted_line_can_be_reversed() -> None:
    plan = planned(lines=[discounted(), LINE | {"name": "Piwo"}, discounted(storno=True)])
    assert commands(plan)[3] == "trline|naKawa|vt0|pr1000|st1|wa1000|rd1|rnRabat|rw200|"
    assert plan.total == 1000


@pytest.mark.parametrize("buyer", [{"nip": "5260250274"}, {"vat_id": "DE136695976"}])
def test_a_device_without_nip_is_reported(buyer: dict[str, str]) -> None:
    errors = planned(profile=OLD, buyer=buyer).errors
    assert [error.code for error in errors] == ["buyer.unsupported"]


@pytest.mark.parametrize(("vat_id", "codes"), [("DE136695976", []), ("DE123456789", ["buyer.vat_id_check_digit"])])
def test_the_number_of_a_buyer_of_another_country(vat_id: str, codes: list[str]) -> None:
    plan = planned(buyer={"vat_id": vat_id})
    assert f"trnipset|ni{vat_id}|" in commands(plan)
    assert [notice.code for notice in plan.notices] == codes


def test_an_older_device_takes_shorter_names() -> None:
    name = "Chleb razowy na zakwasie 750 g krojony w kromki"
    assert planned(lines=[LINE | {"name": name}]).notices == []
    plan = planned(profile=OLD, lines=[LINE | {"name": name}])
    assert "naChleb razowy na zakwasie 750 g krojony w|" in commands(plan)[1]
    (notice,) = plan.notices
    assert (notice.code, notice.pointer) == ("text.cut", "/document/lines/0/name")


def test_without_the_table_check_predicts_everything_else() -> None:
    """A printer that was never reached: its rates are not known yet."""
    assert planned(rates=None, lines=[LINE | {"vat": "E"}]).errors == []
    assert [error.code for error in planned(rates=None, total="1.00").errors] == ["receipt.total"]


def most_bytes(correction: Correction, size: int, columns: int) -> int:
    """What the largest code of modules of ``size`` dots holds that the paper has room for."""
    fitting = [
        most for most in CAPACITY[correction] if (modules(most, correction) or 999) * size <= PAPER_DOTS[columns]
    ]
    return min(2000, fitting[-1])


@pytest.mark.parametrize("correction", CAPACITY)
@pytest.mark.parametrize("size", range(2, 9))
@pytest.mark.parametrize("columns", PAPER_DOTS)
def test_the_largest_qr_code_is_printed_and_the_next_one_is_refused(
    correction: Correction, size: int, columns: int
) -> None:
    """By the plan before anything is sent; and by the printer, whose paper may be wider."""
    talk = Talk(width=columns)
    narrow, paper = most_bytes(correction, size, 40), most_bytes(correction, size, columns)
    for length in found({length for most in (narrow, paper) for length in (most, most + 1) if length <= 2000}):
        errors = planned(qr={"text": "x" * length, "size": size, "correction": correction}).errors
        assert bool(errors) == (length > narrow)
        assert {error.pointer for error in errors} <= {"/document/qr/text", "/document/qr/size"}
        answer = talk.say(f"qrcode|px{size}|el{'LMQH'.index(correction)}|hx1|tx{'78' * length}|")
        assert (answer == "qrcode|") == (length <= paper), answer
