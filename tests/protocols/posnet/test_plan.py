"""From a document to its commands: what is sent, and what is refused before the first byte."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fiscald.model.documents import PaymentType, Printout, Receipt
from fiscald.model.money import format_grosze
from fiscald.model.qr import CAPACITY, PAPER_DOTS, Correction, modules
from fiscald.protocols.posnet.commands import Request
from fiscald.protocols.posnet.fields import Dialect
from fiscald.protocols.posnet.grammar import State, after, refusal
from fiscald.protocols.posnet.plan import Plan, plan_printout, plan_receipt
from fiscald.protocols.posnet.profiles import PROFILES
from fiscald.protocols.posnet.session import PosnetSession
from tests.emulator.posnet.talking import Talk, readable
from tests.found import found

ONLINE, OLD = PROFILES["online"], PROFILES["old"]
RATES: dict[str, Decimal | str | None] = {
    "A": Decimal(23), "B": Decimal(8), "C": Decimal(5), "D": Decimal(0), "E": None, "F": None, "G": "exempt"
}  # fmt: skip
LINE = {"name": "Kawa", "price": "10.00", "vat": "A"}


def planned(profile: Any = ONLINE, code_page: str = "cp1250", rates: Any = RATES, **receipt: Any) -> Plan:
    return plan_receipt(Receipt.model_validate({"lines": [LINE]} | receipt), profile, code_page, rates)


def written(request: Request) -> str:
    return readable(request.frame(Dialect("cp1250")))


def commands(plan: Plan) -> list[str]:
    assert not plan.errors, plan.errors
    assert plan.close is not None
    return [
        written(request)
        for request in (*(item.request for item in plan.items), plan.close, *(f.request for f in plan.footer))
    ]


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


def discounted(**more: Any) -> dict[str, Any]:
    return LINE | {"discount": {"amount": "2.00"}} | more


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


def test_replaced_characters_are_reported() -> None:
    plan = planned(code_page="mazovia", lines=[LINE | {"name": "Kawa „Żuk”"}])
    assert 'naKawa "Żuk"|' in commands(plan)[1]
    assert [notice.code for notice in plan.notices] == ["text.replaced"]


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


def printout(profile: Any = ONLINE, code_page: str = "cp1250", **content: Any) -> Plan:
    return plan_printout(Printout.model_validate({"lines": ["Kawa"]} | content), profile, code_page)


def test_the_printout_of_the_reference() -> None:
    """Section 5.9, with everything that a printout may carry."""
    assert commands(printout(lines=["Zażółć gęślą jaźń", {"rule": True}])) == [
        "formstart|fn200|fh75|",
        "formline|fn200|fl711|s1Zażółć gęślą jaźń|",
        "formcmd|fn200|cm1|",
        "formend|fn200|",
    ]
    assert commands(printout(title="Zamówienie 17", lines=["", "x" * 38], barcode="Z17")) == [
        "formstart|fn200|fh75|alZamówienie 17|",
        "formcmd|fn200|cm0|",
        f"formline|fn200|fl711|s1{'x' * 38}|",
        "formbarcode|fn200|bcZ17|",
        "formend|fn200|",
    ]


@pytest.mark.parametrize("profile", [ONLINE, OLD], ids=["online", "old"])
@pytest.mark.parametrize(
    ("content", "pointer", "code"),
    [
        ({"lines": ["Kawa", "x" * 39]}, "/lines/1", "text.too_long"),
        ({"lines": ["x" * 38 + "…"]}, "/lines/0", "text.too_long"),
        ({"title": "x" * 39}, "/title", "text.too_long"),
        ({"barcode": "1" * 31}, "/barcode", "text.too_long"),
    ],
)
def test_check_predicts_a_refusal_of_a_printout(profile: Any, content: dict[str, Any], pointer: str, code: str) -> None:
    """Nothing is cut: half a line of an order is another order."""
    (error,) = printout(profile, "mazovia", **content).errors
    assert (error.pointer, error.code) == (f"/document{pointer}", code)
    assert error.detail
    assert error.detail_pl
    assert error.detail_pl.endswith(".")


def test_a_line_of_a_printout_in_another_code_page() -> None:
    lines = [{"text": "Żółć", "code_page": page} for page in ("cp1250", "latin2", "mazovia")]
    items = printout(lines=lines, code_page="latin2").items
    assert [item.request.values["s1"] for item in items[1:]] == [
        "Żółć".encode(codec) for codec in ("cp1250", "iso8859_2", "mazovia")
    ]
    session = PosnetSession("latin2")
    assert b"\ts1\xa1\xa2\x92\x8d\t" in session.send(items[3].request)
    (notice,) = printout(lines=[{"text": "Ω", "code_page": "latin2"}]).notices
    assert (notice.pointer, notice.code) == ("/document/lines/0/text", "text.replaced")
    (error,) = printout(lines=[{"text": "x" * 39, "code_page": "latin2"}]).errors
    assert (error.pointer, error.code) == ("/document/lines/0/text", "text.too_long")


def test_replaced_characters_of_a_printout_are_reported() -> None:
    plan = printout(code_page="mazovia", lines=["„Żuk” × 2"], title="Sala – ogród")
    assert commands(plan)[:2] == ["formstart|fn200|fh75|alSala - ogród|", 'formline|fn200|fl711|s1"Żuk" x 2|']
    assert [notice.pointer for notice in plan.notices] == ["/document/title", "/document/lines/0"]


def test_a_line_that_its_plain_form_makes_too_long_goes_on_in_the_next_one() -> None:
    plan = printout(code_page="mazovia", lines=["x" * 37 + "…", "2"], title="y" * 37 + "…")
    assert commands(plan) == [
        f"formstart|fn200|fh75|al{'y' * 37}.|",
        f"formline|fn200|fl711|s1{'x' * 37}.|",
        "formline|fn200|fl711|s1..|",
        "formline|fn200|fl711|s12|",
        "formend|fn200|",
    ]
    assert [(notice.code, notice.pointer) for notice in plan.notices] == [
        ("text.replaced", "/document/title"), ("text.cut", "/document/title"), ("text.replaced", "/document/lines/0")
    ]  # fmt: skip
    assert printout(code_page="mazovia", lines=["👨‍👩‍👧" * 9 + "Rodzina"]).errors == [], "45 code points"


def test_a_printout_is_printed_without_what_cannot_be_printed() -> None:
    plan = printout(lines=["☕", {"rule": True}, "‍", "stolik	4"], title="🎉")
    assert commands(plan) == [
        "formstart|fn200|fh75|",
        "formcmd|fn200|cm0|",
        "formcmd|fn200|cm1|",
        "formcmd|fn200|cm0|",
        "formline|fn200|fl711|s1stolik 4|",
        "formend|fn200|",
    ]
    assert [(notice.code, notice.pointer) for notice in plan.notices] == [
        ("text.left_out", "/document/title"), ("text.left_out", "/document/lines/0"),
        ("text.left_out", "/document/lines/2"), ("text.replaced", "/document/lines/3"),
    ]  # fmt: skip


PRINTOUT_LINES = st.one_of(
    st.just({"rule": True}),
    st.text(st.characters(codec="cp1250", exclude_categories=["Cc"], exclude_characters="|<"), max_size=45),
)


@settings(max_examples=100)
@given(st.lists(PRINTOUT_LINES, min_size=1, max_size=6), st.booleans())
def test_a_printout_is_refused_or_comes_out_as_it_was_asked_for(lines: list[Any], coded: bool) -> None:
    """A plan without errors stays within the grammar, is accepted, and every text is on the paper."""
    plan = printout(lines=lines, barcode="A1" if coded else None)
    if plan.errors:
        return
    talk, state = Talk(), State.IDLE
    assert plan.close is not None
    for step in [*(item.request for item in plan.items), plan.close]:
        mnemonic = step.row.mnemonic
        assert refusal(mnemonic, state) is None
        state = after(mnemonic, state)
        assert talk.say(written(step)) == f"{mnemonic}|"
    assert state is State.IDLE
    printed = [step.request.values["s1"] for step in plan.items if step.request.row.mnemonic == "formline"]
    assert len(printed) == sum(isinstance(line, str) and bool(line.strip()) for line in lines)
    for text in printed:
        assert text in talk.paper


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


@settings(suppress_health_check=[HealthCheck.too_slow], max_examples=200)
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


@settings(suppress_health_check=[HealthCheck.too_slow], max_examples=200)
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
