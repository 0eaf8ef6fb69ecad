"""The planner: what it writes for the examples of the reference, and what it refuses or changes."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from fiscald.model.documents import Document
from fiscald.protocols.novitus_elements import Element, read_elements, write_elements
from fiscald.protocols.novitus_packets import Deframer, Packet, encode_packet
from fiscald.protocols.novitus_xml.commands import ERROR_GET, execute
from fiscald.protocols.novitus_xml.family import FAMILY
from fiscald.protocols.novitus_xml.fields import read_rates
from fiscald.protocols.novitus_xml.one_step import check_cash
from fiscald.protocols.novitus_xml.options import NovitusXmlOptions
from fiscald.protocols.novitus_xml.plan import plan_receipt
from fiscald.protocols.novitus_xml.plan_invoice import plan_invoice
from fiscald.protocols.novitus_xml.plan_printout import plan_printout
from fiscald.protocols.novitus_xml.planner import Plan
from fiscald.protocols.novitus_xml.profiles import PROFILES
from fiscald.protocols.novitus_xml.programming import plan_header
from fiscald.protocols.novitus_xml.queries import DATE, DLE, ENQ, LAST_TRANSACTION, SILENT, TAX_RATES, TRANSACTION
from fiscald.protocols.novitus_xml.reports import plan_report
from tests.protocols.novitus_xml.bench import document, settings
from tests.protocols.novitus_xml.exchanges import EXCHANGES
from tests.protocols.novitus_xml.printer import RATES

OPTIONS = NovitusXmlOptions()
TABLE = read_rates(RATES)
BY_NAME = {each.name: each for each in EXCHANGES}


def elements_of(data: bytes) -> tuple[Element, ...]:
    (packet,) = Deframer().feed(data)
    assert isinstance(packet, Packet)
    return read_elements(packet.body)


def receipt(**content: Any) -> Document:
    return document(type="receipt", **content)


def plan_of(doc: Document, **options: Any) -> Plan:
    known = NovitusXmlOptions.model_validate(options)
    return plan_invoice(doc, known, TABLE) if doc.type == "invoice" else plan_receipt(doc, known, TABLE)  # type: ignore[arg-type]


def sent(plan: Plan) -> list[Element]:
    assert plan.errors == []
    assert plan.opening is not None
    assert plan.close is not None
    return [plan.opening, *(each.request for each in (*plan.items, *plan.after)), plan.close]


def without(one: Element, *names: str) -> Element:
    """Without attributes that only one of the two sides writes, and in any order."""
    return one._replace(
        attributes=tuple(sorted(pair for pair in one.attributes if pair[0] not in names and pair[1])),
        children=tuple(without(child, *names) for child in one.children),
    )


# -- the examples of the reference ----------------------------------------------------------------------


def test_a_query_is_the_packet_of_the_reference() -> None:
    wanted = {
        "dle-compact": DLE, "session-start-1": DLE, "session-start-2": ENQ, "session-start-4": TAX_RATES,
        "info-date": DATE, "sale-cash-one-packet-1": LAST_TRANSACTION, "sale-step-by-step-5": TRANSACTION,
    }  # fmt: skip
    for name, question in wanted.items():
        assert encode_packet(write_elements([question])) == BY_NAME[name].request, name
    assert encode_packet(write_elements([SILENT])) == BY_NAME["error-mode-silent"].request


#: Written with line breaks, in Polish, without a checksum, or with a wrong one.
OTHERWISE = ("crc-", "error-bad-crc", "recorded", "official")
OURS = [pytest.param(each.request, id=each.name) for each in EXCHANGES if not each.name.startswith(OTHERWISE)]


@pytest.mark.parametrize("request_bytes", OURS)
def test_our_encoder_writes_every_request_of_the_reference(request_bytes: bytes) -> None:
    assert encode_packet(write_elements(elements_of(request_bytes))) == request_bytes


CASH = receipt(
    lines=[
        {"name": "Bułka żytnia", "quantity": "2", "unit": "szt", "price": "4.00", "vat": "A"},
        {"name": "Masło", "unit": "szt", "price": "8.00", "vat": "A"},
    ],
    payments=[{"type": "cash", "amount": "20.00"}],
    system_number="F/2019/10/15-0001",
    register="02",
    cashier="Adam Adam",
)


def test_a_receipt_has_the_bytes_of_the_reference() -> None:
    request = execute(*sent(plan_of(CASH)))
    assert encode_packet(request.body()) == BY_NAME["sale-cash-one-packet"].request
    assert len(encode_packet(request.body())) == 479


def test_a_long_receipt_says_what_the_reference_says() -> None:
    """Four rates, discounts, a NIP, card and cash, change: our discounts are amounts instead of percentages."""
    doc = receipt(
        lines=[
            {"name": "Kawa ziarnista", "unit": "szt", "price": "59.99", "vat": "A"},
            {
                "name": "Chleb żytni",
                "quantity": "2",
                "unit": "szt",
                "price": "4.50",
                "vat": "C",
                "discount": {"percent": 10},
            },
            {"name": "Bilet", "unit": "szt", "price": "25.00", "vat": "B"},
            {"name": "Usługa zwolniona", "unit": "usł", "price": "10.00", "vat": "E"},
        ],
        discount={"percent": 10},
        payments=[{"type": "card", "amount": "50.00", "name": "VISA"}, {"type": "cash", "amount": "50.00"}],
        buyer={"nip": "5260250274"},
        register="02",
        cashier="Adam Adam",
        qr={"text": "F/2019/10/15-0002"},
    )
    ours = [without(one, "descid", "name" if one.name == "discount" else "") for one in sent(plan_of(doc))]
    theirs = [
        without(one, "descid") for one in elements_of(BY_NAME["sale-nip-discounts-rates-card-cash-change"].request)
    ]
    shown = {"0.90": "10%", "10.31": "10%"}

    def in_percent(one: Element) -> Element:
        return one._replace(
            attributes=tuple((name, shown.get(value, value) if one.name == "discount" and name == "value" else value)
                             for name, value in one.attributes if not (one.name == "discount" and name == "name")),
            children=tuple(map(in_percent, one.children)),
        )  # fmt: skip

    assert [in_percent(one) for one in ours] == theirs[:-1]
    assert theirs[-1] == without(ERROR_GET)


def line(name: str, price: str, **more: Any) -> dict[str, Any]:
    return {"name": name, "price": price, "vat": "A", **more}


FOUR = [line(f"Towar {n + 1}", f"{(n % 4 + 1) * 10}.00") for n in range(12)]
BUYER = {"name": "dane odbiorcy 1", "nip": "5260250274"}
INVOICE = {
    "number": "120/2012",
    "due_date": "2013-10-10",
    "sale_date": "2013-10-10",
    "payment_form": "gotówka",
    "copies": 1,
}
#: Examples of the reference, as an application would ask for them, and attributes that differ.
ASKED: dict[str, tuple[Document, tuple[str, ...]]] = {
    "receipt-simple": (receipt(lines=[line("Chleb", "1.00", unit="szt")], register="02", cashier="Adam Adam"), ()),
    "receipt-cash-change": (
        receipt(lines=[line("Chleb", "1.00", unit="szt")], payments=[{"type": "cash", "amount": "10.00"}], register="02",
                cashier="Adam Adam"), (),
    ),
    "receipt-four-payments": (
        receipt(lines=FOUR, payments=[{"type": "card", "amount": "20.00", "name": "card"},
                                      {"type": "cheque", "amount": "30.00", "name": "cheque"},
                                      {"type": "credit", "amount": "50.00", "name": "credit"},
                                      {"type": "mobile", "amount": "200.00", "name": "mobil"}],
                register="02", cashier="Adam Adam", system_number="123456"), ("value",),
    ),
    "receipt-deposit-out": (
        receipt(lines=[line("Woda gazowana", "5.00", unit="szt")], packaging=[{"name": "x", "price": "0.40", "quantity": 2}],
                register="02", cashier="Adam Adam", system_number="123456"), (),
    ),
    "receipt-storno": (
        receipt(lines=[line("Sok", "1.00", unit="szt"), line("Piwo", "2.00", unit="szt"), line("Sok", "1.00", unit="szt", storno=True)],
                register="02", cashier="Adam Adam", system_number="123456"), (),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", ASKED)
def test_an_example_is_sent_as_the_reference_has_it(name: str) -> None:
    doc, apart = ASKED[name]
    ours = [without(one, "total" if one.name == "item" else "", *apart) for one in sent(plan_of(doc))]
    theirs = [without(one, "total" if one.name == "item" else "", *apart) for one in elements_of(BY_NAME[name].request)]
    assert ours == theirs


def test_an_invoice_says_what_the_reference_says() -> None:
    doc = document(
        type="invoice", buyer=BUYER, lines=[line("Towar 1", "20.00", unit="szt")], register="1", cashier="Adam Adam",
        system_number="123", payments=[{"type": "card", "amount": "20.00", "name": "VISA"}], **INVOICE,
    )  # fmt: skip
    ours = sent(plan_of(doc))
    theirs = elements_of(BY_NAME["invoice-payments"].request)
    options = ("recipient", "issuer", "margins", "signarea", "customernameoptions", "paidlabel", "buyer", "nip")
    assert without(ours[0], *options, "sellernameoptions") == without(theirs[0], *options, "sellernameoptions")
    assert without(ours[-1], *options) == without(theirs[-1], *options)
    assert ours[0].get("nip") == "5260250274"


@pytest.mark.parametrize(
    ("copies", "description", "number"), [(0, "original", "255"), (1, "both", "0"), (3, "both", "2")]
)
def test_copies_of_an_invoice(copies: int, description: str, number: str) -> None:
    doc = document(type="invoice", number="1", buyer=BUYER, lines=[line("A", "1.00")], copies=copies)
    opening = sent(plan_of(doc))[0]
    assert (opening.get("description"), opening.get("copies")) == (description, number)


def test_other_commands_are_those_of_the_reference() -> None:
    cash = elements_of(BY_NAME["cash-in"].request)[0]
    assert without(cash, "checkout", "cashier").attributes == (("action", "payin"), ("value", "2.30"))
    report = plan_report(document(type="periodic_report", **{"from": "2004-06-04", "to": "2006-06-06"}), None)  # type: ignore[arg-type]
    assert report.command is not None
    assert encode_packet(write_elements([report.command])) == BY_NAME["periodical-report"].request
    summary = plan_report(document(type="monthly_report", month="2026-02", summary=True), None)  # type: ignore[arg-type]
    assert summary.command is not None
    assert dict(summary.command.attributes) == {
        "type": "periodical", "from": "01-02-2026", "to": "28-02-2026", "kind": "monthlysummary"
    }  # fmt: skip


def test_a_printout_is_one_element() -> None:
    doc = document(
        type="printout",
        title="Tytuł",
        lines=["a   b", "", {"rule": True}, {"text": "wąsko", "bold": True, "align": "center"}, {"qr": {"text": "NOVITUS"}},
               {"barcode": "NOVITUS"}, {"text": "ąę", "code_page": "latin2"}],
    )  # fmt: skip
    plan = plan_printout(doc, OPTIONS)  # type: ignore[arg-type]
    assert plan.errors == []
    assert plan.command is not None
    body = write_elements([plan.command])
    assert body.decode("cp1250") == (
        '<nonfiscalprintout nonfiscalheader="yes"><line type="line" bold="yes" center="yes" fontid="1">Tytuł</line>'
        '<line type="line" fontid="1">a &#32;&#32;b</line><line type="line" fontid="1"/><line type="underline"/>'
        '<line type="line" bold="yes" center="yes" fontid="1">wąsko</line><line type="qrcode" center="yes">NOVITUS</line>'
        '<line type="barcode" center="yes">NOVITUS</line><line type="line" fontid="1">±ę</line></nonfiscalprintout>'
    )


# -- what is refused or changed -------------------------------------------------------------------------

BAD: dict[str, tuple[dict[str, Any], str]] = {
    "rate": ({"lines": [line("A", "1.00", vat="F")]}, "/document/lines/0/vat"),
    "decimals": ({"lines": [line("A", "1.00", quantity="0.1234")]}, "/document/lines/0/quantity"),
    "line too large": ({"lines": [line("A", "1000000.00")]}, "/document/lines/0"),
    "total too large": ({"lines": [line("A", "900000.00"), line("B", "900000.00")]}, "/document/lines"),
    "too many lines": ({"lines": [line("A", "1.00")] * 256}, "/document/lines"),
    "unit": ({"lines": [line("A", "1.00", unit="漢")]}, "/document/lines/0/unit"),
    "discount": ({"lines": [line("A", "1.00", discount={"amount": "1.00"})]}, "/document/lines/0/discount"),
    "whole discount": ({"lines": [line("A", "1.00")], "discount": {"amount": "1.00"}}, "/document/discount"),
    "total": ({"lines": [line("A", "1.00")], "total": "2.00"}, "/document/total"),
    "no line to reverse": ({"lines": [line("A", "1.00"), line("B", "1.00", storno=True)]}, "/document/lines/1"),
    "reversed twice": ({"lines": [line("A", "1.00"), line("B", "1.00"), *[line("A", "1.00", storno=True)] * 2]}, "/document/lines/3"),
    "reversed too much": ({"lines": [line("A", "1.00"), line("B", "9.00"), line("A", "1.00", storno=True, quantity="2")]}, "/document/lines/2/quantity"),
    "reversed with a discount": (
        {"lines": [line("A", "2.00", discount={"amount": "1.00"}), line("B", "9.00"), line("A", "2.00", storno=True, discount={"amount": "1.00"})]},
        "/document/lines/2",
    ),
    "other payment": ({"lines": [line("A", "1.00")], "payments": [{"type": "other", "amount": "1.00"}]}, "/document/payments/0/type"),
    "short": ({"lines": [line("A", "2.00")], "payments": [{"type": "cash", "amount": "1.00"}]}, "/document/payments"),
    "too many payments": ({"lines": [line("A", "99.00")], "payments": [{"type": "cash", "amount": "9.00"}] * 17}, "/document/payments"),
    "vat id": ({"lines": [line("A", "1.00")], "buyer": {"vat_id": "DE123456788"}}, "/document/buyer/vat_id"),
    "e-receipt": ({"lines": [line("A", "1.00")], "e_receipt": {"customer_id": "123"}}, "/document/e_receipt"),
    "system number": ({"lines": [line("A", "1.00")], "system_number": "@1"}, "/document/system_number"),
    "long system number": ({"lines": [line("A", "1.00")], "system_number": "x" * 31}, "/document/system_number"),
    "number and code": ({"lines": [line("A", "1.00")], "system_number": "1", "barcode": "1"}, "/document/barcode"),
    "long code": ({"lines": [line("A", "1.00")], "barcode": "1" * 30}, "/document/barcode"),
    "long qr": ({"lines": [line("A", "1.00")], "qr": {"text": "x" * 30}}, "/document/qr/text"),
    "register": ({"lines": [line("A", "1.00")], "register": "123456789"}, "/document/register"),
    "pieces": ({"lines": [line("A", "1.00")], "packaging": [{"name": "x", "price": "1.00", "quantity": "1.5"}]}, "/document/packaging/0/quantity"),
    "more taken back": ({"lines": [line("A", "1.00")], "packaging": [{"name": "x", "price": "2.00", "returned": True}]}, "/document/packaging"),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_what_the_printer_would_refuse_is_refused_with_its_place(name: str) -> None:
    content, pointer = BAD[name]
    plan = plan_of(receipt(**content))
    assert pointer in [error.pointer for error in plan.errors]
    assert all(error.detail and error.detail_pl for error in plan.errors)
    assert plan.totals is None


@pytest.mark.parametrize(
    ("content", "pointer"),
    [
        ({"number": "x" * 57}, "/document/number"),
        ({"buyer": {"name": "x" * 45}}, "/document/buyer/name"),
        ({"buyer": {"name": "x", "address": ["x"] * 8}}, "/document/buyer/address"),
        ({"buyer": {"name": "x", "vat_id": "DE123456788"}}, "/document/buyer/vat_id"),
        ({"payment_form": "x" * 21}, "/document/payment_form"),
        ({"change": "1.00"}, "/document/change"),
    ],
)
def test_what_no_invoice_has_is_refused_with_its_place(content: dict[str, Any], pointer: str) -> None:
    usual = {"number": "1", "buyer": BUYER, "lines": [line("A", "1.00")]}
    plan = plan_of(document(type="invoice", **{**usual, **content}))
    assert [error.pointer for error in plan.errors] == [pointer]


def test_an_older_printer_prints_no_invoice() -> None:
    doc = document(type="invoice", number="1", buyer=BUYER, lines=[line("A", "1.00")])
    known = settings(profile="hd")
    assert [error.code for error in FAMILY.check(doc, known, None).errors] == ["invoice.unsupported"]
    assert not FAMILY.capability("invoice", known, None).supported
    assert FAMILY.check(doc, settings(), None).errors == ()


def test_texts_are_cut_or_replaced_with_a_notice() -> None:
    plan = plan_of(
        receipt(
            lines=[line('Sok "Tymbark" ' + "x" * 40, "1.00", description="y" * 40)],
            cashier="Anna Maria Kowalska-Nowak",
            footer=["Dziękujemy", "", "z" * 30],
            payments=[{"type": "card", "amount": "1.00", "name": "Visa Electron Gold"}],
        )
    )
    assert plan.errors == []
    assert {notice.code for notice in plan.notices} == {"text.cut", "text.replaced", "footer.label"}
    item, close = plan.items[0].request, plan.close
    assert close is not None
    assert (item.get("name") or "").startswith("Sok 'Tymbark' x")
    assert len(item.get("name") or "") == 40
    assert len(item.get("description") or "") == 35
    assert len(close.get("cashier") or "") == 17
    assert [each.get("value") for each in close.children] == ["Dziękujemy", "z" * 25]
    assert {each.get("id") for each in close.children} == {"33"}
    assert (
        len(plan_of(receipt(lines=[line("x" * 60, "1.00")]), name_length=60).items[0].request.get("name") or "") == 60
    )


def test_a_number_of_an_invoice_takes_two_lines() -> None:
    plan = plan_of(
        receipt(lines=[line("A", "1.00")], invoice_reference={"ksef_number": "5265877635-20250826-0100001AF629-AF"})
    )
    assert plan.close is not None
    assert (
        "".join(each.get("value") or "" for each in plan.close.children) == "KSeF 5265877635-20250826-0100001AF629-AF"
    )
    assert all(len(each.get("value") or "") <= 25 for each in plan.close.children)


def test_every_form_of_payment_has_its_printed_name() -> None:
    """``voucher`` is printed "Bon", ``bon`` is printed "Voucher" (5.5)."""
    kinds = ["cash", "card", "cheque", "bon", "credit", "voucher", "account", "transfer", "mobile"]
    plan = plan_of(receipt(lines=[line("A", "9.00")], payments=[{"type": kind, "amount": "1.00"} for kind in kinds]))
    assert [each.request.get("type") for each in plan.after] == [
        "cash", "card", "cheque", "voucher", "credit", "bon", "account", "transfer", "mobile"
    ]  # fmt: skip


def test_another_currency_is_sent_with_its_rate() -> None:
    plan = plan_of(
        receipt(
            lines=[line("A", "42.50")],
            payments=[
                {"type": "cash", "amount": "42.50", "currency": {"code": "EUR", "rate": "4.25", "amount": "10.00"}}
            ],
        )
    )
    assert [dict(each.request.attributes) for each in plan.after] == [
        {"type": "foreign", "action": "add", "value": "10.00", "rate": "4.25", "name": "EUR"}
    ]


def test_packaging_has_neither_name_nor_number() -> None:
    plan = plan_of(
        receipt(
            lines=[line("A", "5.00")],
            packaging=[
                {"name": "Butelka", "price": "0.50", "quantity": 4},
                {"number": "7", "price": "1.00", "returned": True},
            ],
        )
    )
    assert [dict(each.request.attributes) for each in plan.after] == [
        {"action": "sale", "price": "0.50", "type": "out", "quantity": "4"},
        {"action": "sale", "price": "1.00", "type": "in", "quantity": "1"},
    ]
    assert [notice.pointer for notice in plan.notices] == ["/document/packaging/0/name", "/document/packaging/1/number"]
    assert plan.totals is not None
    assert plan.totals.due == Decimal("6.00")


@pytest.mark.parametrize(
    ("content", "pointer"),
    [
        ({"lines": ["x" * 41]}, "/document/lines/0"),
        ({"lines": [{"barcode": "1" * 31}]}, "/document/lines/0/barcode"),
        ({"lines": [{"qr": {"text": "漢"}}]}, "/document/lines/0/qr/text"),
        ({"lines": ["x" * 40] * 60}, "/document/lines"),
    ],
)
def test_a_printout_that_does_not_fit_is_refused(content: dict[str, Any], pointer: str) -> None:
    plan = plan_printout(document(type="printout", **content), OPTIONS)  # type: ignore[arg-type]
    assert [error.pointer for error in plan.errors] == [pointer]


def test_styles_that_do_not_fit_get_a_notice() -> None:
    doc = document(type="printout", lines=[{"text": "x" * 21, "bold": True}, {"text": "y", "align": "right"}])
    plan = plan_printout(doc, OPTIONS)  # type: ignore[arg-type]
    assert [notice.code for notice in plan.notices] == ["text.plain", "text.plain"]
    wide = plan_printout(doc, NovitusXmlOptions(columns=64))  # type: ignore[arg-type]
    assert [notice.pointer for notice in wide.notices] == ["/document/lines/1"]


def test_a_header_has_the_lines_of_its_generation() -> None:
    doc = document(type="set_header", lines=['SKLEP "U ANI"', "NIP 123-456-32-18"])
    online = plan_header(doc, PROFILES["online"])  # type: ignore[arg-type]
    assert online.command is not None
    assert write_elements([online.command]).decode("cp1250") == (
        '<header_online action="set"><line bold="no" inwers="no" align="center" index1="8" text1="SKLEP \'U ANI\'"/>'
        '<line bold="no" inwers="no" align="center" index1="8" text1="NIP 123-456-32-18"/></header_online>'
    )
    older = plan_header(doc, PROFILES["hd"])  # type: ignore[arg-type]
    assert older.command is not None
    assert older.command.name == "header"
    five = document(type="set_header", lines=["a"] * 5)
    assert [error.code for error in plan_header(five, PROFILES["hd"]).errors] == ["header.too_long"]  # type: ignore[arg-type]
    assert plan_header(five, PROFILES["online"]).errors == []  # type: ignore[arg-type]


def test_amounts_beyond_the_printer_are_refused() -> None:
    assert [error.code for error in check_cash(document(type="cash_in", amount="1000000.00"))] == ["amount.too_large"]  # type: ignore[arg-type]
    assert check_cash(document(type="cash_out", amount="999999.99")) == []  # type: ignore[arg-type]
