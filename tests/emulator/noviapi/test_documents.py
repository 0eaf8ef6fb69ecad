"""What every endpoint does on the printer."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from fiscald.emulator.faults import Switch
from fiscald.emulator.memory import RegisterState
from fiscald.emulator.noviapi.queries import KNOWN_OPTIONS
from tests.emulator.noviapi.talking import Program, Talk
from tests.emulator.noviapi.test_server import ARTICLE, RECEIPT, REPORT


@pytest.fixture
def talk() -> Talk:
    return Talk()


@pytest.fixture
def program(talk: Talk) -> Program:
    return talk.program()


def paper(talk: Talk) -> str:
    """The last sheet."""
    return talk.register.printouts[-1].text


def summary(total: str, pay_in: str | None = None, **more: Any) -> dict[str, Any]:
    return {"total": total, "pay_in": pay_in or total, **more}


# -- receipts ---------------------------------------------------------------------------------------------------------

#: What the contract's example has: goods, an advance, packaging; the packaging is in ``pay_in`` alone.
WITH_PACKAGING: dict[str, Any] = {
    "items": [
        {"article": {"ptu": "A", "name": "Towar1", "unit": "szt.", "price": "10.00", "value": "10.00", "quantity": "1"}},
        {"advance": {"description": "Zaliczka na stół", "ptu": "A", "value": "5.00"}},
        {"container": {"name": "Opakowanie", "quantity": "1", "value": "1.00", "number": 1234}},
    ],
    "summary": {"total": "15.00", "pay_in": "16.00"},
    "buyer": {"nip": "PL526-025-02-74"},
    "system_info": {"cashier_name": "Ala Nowak", "cash_number": "1", "system_number": {"print_as": "qrcode", "value": "PAR2022/01"}},
    "device_control": {"open_drawer": True, "paper_cut": "full"},
}  # fmt: skip


def test_a_receipt_with_an_advance_and_packaging_as_in_the_contract(talk: Talk, program: Program) -> None:
    assert program.do("receipt", WITH_PACKAGING) == {"status": "DONE", "jpkid": 1}
    sheet = talk.register.printouts[-1]
    assert talk.register.state.day.receipts[0] == 1500
    for words in ("Towar1", "Zaliczka na stół", "Opakowanie", "Ala Nowak", "5260250274"):
        assert words in sheet.text.replace("-", ""), words
    assert any("PAR2022/01" in str(line) for line in sheet.lines)
    assert talk.register.state.drawer_openings >= 1


def test_an_advance_that_is_returned_is_taken_off(talk: Talk, program: Program) -> None:
    items = [{"article": ARTICLE}, {"advance_return": {"description": "Zaliczka", "ptu": "A", "value": "4.00"}}]
    assert program.do("receipt", {"items": items, "summary": summary("6.00")})["status"] == "DONE"
    assert talk.register.state.day.receipts[0] == 600


def test_packaging_that_is_returned_is_paid_out_of_the_sum(talk: Talk, program: Program) -> None:
    items = [{"article": ARTICLE}, {"container_return": {"value": "1.00", "quantity": "2", "number": 7}}]
    assert program.do("receipt", {"items": items, "summary": summary("10.00", "9.00")})["status"] == "DONE"
    assert talk.register.state.day.receipts[0] == 1000
    assert talk.register.state.cash == 900


def test_discounts_payments_and_change(talk: Talk, program: Program) -> None:
    receipt = {
        "items": [
            {"article": {**ARTICLE, "quantity": "2", "value": "20.00", "discount_markup": {"type": "percent_discount", "value": "10.00", "name": "stały"}}},
            {"article": {**ARTICLE, "name": "Herbata", "discount_markup": {"type": "value_markup", "value": "1"}}},
        ],
        "payments": [
            {"card": {"name": "VISA", "value": "5.00"}},
            {"currency": {"course": "4.2500", "currency_value": "2.00", "local_value": "8.50", "is_change": False, "name": "EUR"}},
        ],
        "summary": summary("29.00", "30.00", discount_markup={"type": "value_discount", "value": "4.00"}, change="5.00"),
    }  # fmt: skip
    assert program.do("receipt", receipt)["status"] == "DONE"
    assert talk.register.state.day.receipts[0] == 2500
    text = paper(talk)
    for words in ("rabat stały 10 %", "narzut", "VISA", "EUR", "Gotówka", "16,50", "5,00"):
        assert words in text, words


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"summary": summary("10.01")}, 27),
        ({"summary": summary("10.00", "9.00")}, 26),
        ({"items": [{"article": {**ARTICLE, "value": "10.01"}}]}, 20),
        ({"items": [{"article": {**ARTICLE, "ptu": "X"}}]}, 1003),
        ({"items": [{"article": {**ARTICLE, "ptu": "F"}}]}, 18),
        ({"items": [{"article": {**ARTICLE, "name": " "}}]}, 16),
        ({"items": [{"article": {**ARTICLE, "quantity": ""}}]}, 17),
        ({"items": [{"article": {**ARTICLE, "price": "."}}]}, 19),
        ({"items": [{}]}, 1005),
        ({"buyer": {"nip": "1234567890"}}, 1098),
        ({"payments": [{"card": {"value": "11.00"}}]}, 26),
        ({"payments": [{}]}, 1005),
        ({"printout_lines": [{}]}, 1005),
    ],
)
def test_what_the_printer_refuses_has_its_number(
    talk: Talk, program: Program, change: dict[str, Any], code: int
) -> None:
    request = program.do("receipt", RECEIPT | change)
    assert (request["status"], request["error"]["code"]) == ("ERROR", code)
    assert talk.kinds == []
    assert talk.register.state.transaction is None


def test_lines_below_a_receipt(talk: Talk, program: Program) -> None:
    lines = [
        {"textline": {"text": "Dziękujemy", "masked": False, "center": True, "big": True}},
        {"special_line": {"type": "underline"}},
        {"special_line": {"type": "last_receipt_number"}},
        {"barcode": {"text": "12345", "masked": False}},
        {"qrcode": {"text": "https://example.com", "masked": True}},
        {"graphic": {"number": 3}},
        {"ascii_art": {"text": "<><"}},
        {"special_line": {"type": "emptyline"}},
    ]
    assert program.do("receipt", RECEIPT | {"printout_lines": lines})["status"] == "DONE"
    text = paper(talk)
    for words in ("Dziękujemy", "Numer paragonu: 1", "GRAFIKA 3", "<><"):
        assert words in text, words


def test_only_a_point_prints_ascii_art() -> None:
    program = Talk(profile="deon").program()
    request = program.do("nf_printout", {"lines": [{"ascii_art": {"text": "<><"}}]})
    assert request["error"]["code"] == 1022


# -- e-documents ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("mode", "with_server", "without"),
    [
        ("print_no_send", "not_printed_and_sent", "printed"),
        ("no_print_send_later", "not_printed_and_sent", "not_printed_and_added_to_db"),
        ("print_send_later", "not_printed_and_sent", "printed_and_added_to_db"),
        ("always_print_and_send_later", "printed_and_sent", "printed_and_added_to_db"),
        (None, "not_printed_and_sent", "printed_and_added_to_db"),
    ],
)
@pytest.mark.parametrize("server", [True, False])
def test_an_e_document_is_sent_or_printed(
    talk: Talk, program: Program, mode: str | None, with_server: str, without: str, server: bool
) -> None:
    talk.switch(Switch.NO_SERVER, on=not server)
    document = {"transaction_id": "K1"} | ({} if mode is None else {"print_send_mode": mode})
    request = program.do("receipt", RECEIPT | {"buyer": {"e_document": document}})
    assert request["e_document"]["status"] == (with_server if server else without)
    assert talk.register.printouts[-1].on_paper is not request["e_document"]["status"].startswith("not_printed")
    assert request["jpkid"] == 1


def test_an_e_document_of_no_customer_is_printed(talk: Talk, program: Program) -> None:
    request = program.do("receipt", RECEIPT | {"buyer": {"e_document": {"transaction_id": "0"}}})
    assert request["e_document"]["status"] == "printed_and_invalid_kid"
    assert talk.register.printouts[-1].on_paper


def test_an_id_that_is_too_long_is_refused_as_in_the_contract(talk: Talk, program: Program) -> None:
    request = program.do("receipt", RECEIPT | {"buyer": {"e_document": {"transaction_id": "K" * 65}}})
    assert request["error"] == {"code": 1521, "description": "Długość ID transakcji niepoprawna"}
    assert talk.kinds == []


# -- the other documents ----------------------------------------------------------------------------------------------

INVOICE: dict[str, Any] = {
    "info": {"number": "FV/1", "copy_count": 1, "date_of_sell": "29.11.2026", "date_of_payment": "06:12:2026", "payment_form": "Przelew", "paid": "nic"},
    "buyer": {"name": "Firma sp. z o.o.", "id": "526-025-02-74", "address": ["Prosta 1", "", "00-001 Warszawa"]},
    "recipient": {"name": "Jan Kowalski", "print_info": "name_and_place_for_signature"},
    "seller": {"name": "Anna Nowak", "print_info": "name_and_place_for_signature"},
    "options": {"print_invoice_tax_label": True, "print_position_number_invoice": True},
    "items": [{"article": ARTICLE}],
    "summary": summary("10.00"),
    "additional_info": [{"text": "Uwaga", "bold": True, "justification": "center"}],
}  # fmt: skip


def test_an_invoice_with_a_copy(talk: Talk, program: Program) -> None:
    assert program.do("invoice", INVOICE) == {"status": "DONE", "jpkid": 1}
    assert talk.kinds == ["invoice", "invoice_copy"]
    text = talk.register.printouts[0].text
    for words in (
        "FV/1",
        "Firma sp. z o.o.",
        "Prosta 1",
        "00-001 Warszawa",
        "Jan Kowalski",
        "Anna Nowak",
        "Uwaga",
        "Kawa",
    ):
        assert words in text, words
    assert talk.register.state.day.invoices[0] == 1000


def test_an_invoice_with_payments(talk: Talk, program: Program) -> None:
    plain = {key: value for key, value in INVOICE.items() if key != "info"} | {"info": {"number": "FV/2"}}
    request = program.do("invoice", plain | {"payments": [{"card": {"name": "VISA", "value": "5.00"}}]})
    assert request["status"] == "DONE", request
    assert "VISA" in paper(talk)
    assert talk.kinds == ["invoice"]


def test_a_date_that_does_not_exist_is_refused(program: Program) -> None:
    info = {"number": "1", "date_of_sell": "31/02/2026"}
    assert program.do("invoice", INVOICE | {"info": info})["error"]["code"] == 7
    assert program.do("daily_report", {"date": "31/02/2026"})["error"]["code"] == 7


@pytest.mark.parametrize(("options", "on_paper"), [({}, True), ({"copy_only": True}, False)])
def test_a_printout_that_is_not_fiscal(talk: Talk, program: Program, options: dict[str, Any], on_paper: bool) -> None:
    printout = {
        "lines": [{"textline": {"text": "Treść", "masked": False}}],
        "options": options,
        "system_info": {
            "cashier_name": "Jan",
            "cash_number": "2",
            "system_number": {"print_as": "text", "value": "P/1"},
        },
    }
    assert program.do("nf_printout", printout) == {"status": "DONE", "jpkid": 1}
    assert talk.register.printouts[-1].on_paper is on_paper
    for words in ("Treść", "Jan", "P/1"):
        assert words in paper(talk)


def test_the_longest_printout_of_the_contract_is_taken(talk: Talk, program: Program) -> None:
    printout = {"lines": [{"qrcode": {"text": "x" * 1852, "masked": False}}] * 1000}
    assert program.do("nf_printout", printout)["status"] == "DONE"


def test_a_printout_as_an_e_document(talk: Talk, program: Program) -> None:
    printout = {"lines": [{"special_line": {"type": "emptyline"}}], "e_document": {"transaction_id": "1234567890"}}
    assert program.do("nf_printout", printout)["e_document"]["status"] == "not_printed_and_sent"


def test_a_daily_report(talk: Talk, program: Program) -> None:
    program.do("receipt", RECEIPT)
    assert program.do("daily_report", REPORT) == {"status": "DONE", "jpkid": 2}
    assert talk.register.state.reports == 1
    assert program.do("daily_report", REPORT)["error"]["code"] == 35


# -- what prints nothing ----------------------------------------------------------------------------------------------


def test_the_status_of_the_device(talk: Talk, program: Program) -> None:
    program.do("receipt", RECEIPT)
    device = program.do("status", {"type": "device"})["response"]["status"]["device"]
    assert (device["name"], device["version"], device["characters_per_line"]) == ("POINT EMU", "1.01", 40)
    assert device["tax_rates"][0] == {"name": "A", "value": "23.00"}
    assert device["tax_rates"][-1] == {"name": "G", "value": "ZW"}
    assert device["totals"][0] == {"tax_rate": "A", "receipt": "10.00", "invoice": "0.00"}
    assert [rate["name"] for rate in device["tax_rates"]] == [total["tax_rate"] for total in device["totals"]]


def test_the_status_of_the_memories(talk: Talk, program: Program) -> None:
    program.do("receipt", RECEIPT)
    program.do("daily_report", REPORT)
    protected = program.do("status", {"type": "protected_memory"})["response"]["status"]["protected_memory"]
    assert (protected["last_jpkid"], protected["label"]) == ("2", "EMU0000000001.0001")
    fiscal = program.do("status", {"type": "fiscal_memory"})["response"]["status"]["fiscal_memory"]
    assert (fiscal["unique_number"], fiscal["daily_reports_count"]) == ("EMU0000000001", 1)
    assert fiscal["last_daily_report_date"].startswith("2026-11-30 12:00")


def test_settings_are_programmed_and_read(program: Program) -> None:
    options = [{"key": 1, "value": "30"}, {"key": 150, "value": "5"}]
    assert program.do("configuration", {"operation": "program", "options": options})["status"] == "DONE"
    read = program.do("configuration", {"operation": "read_array", "to_read": [150, 2, 1]})["response"]["configuration"]
    assert read == [{"key": 150, "value": "5"}, {"key": 2, "value": "0"}, {"key": 1, "value": "30"}]
    read = program.do("configuration", {"operation": "read_range", "range": {"from": 0, "to": 2}})["response"]
    assert read["configuration"] == [{"key": 0, "value": "0"}, {"key": 1, "value": "30"}, {"key": 2, "value": "0"}]
    read = program.do("configuration", {"operation": "read_all"})["response"]["configuration"]
    assert [each["key"] for each in read] == [*KNOWN_OPTIONS, 150]
    assert program.do("configuration", {"operation": "read_array", "to_read": [201]})["error"]["code"] == 4


def test_graphics_are_programmed_read_and_deleted(program: Program) -> None:
    digits = "0010" + "0002" + "FF" * 4
    encoded = base64.b64encode(digits.encode()).decode()
    assert program.do("graphic", {"operation": "get_crc", "id": 7})["error"]["code"] == 1046
    assert program.do("graphic", {"operation": "program", "id": 7, "base64": encoded})["status"] == "DONE"
    assert program.do("graphic", {"operation": "program", "id": 8, "base64": "QUJD"})["error"]["code"] == 1075
    assert program.do("graphic", {"operation": "read_indexes"})["response"] == {"graphic": {"programmed_indexes": [7]}}
    answer = program.do("graphic", {"operation": "get_crc", "id": 7})["response"]["graphic"]
    assert (answer["image_id"], answer["total_len"], len(answer["hex_crc"])) == (7, 16, 4)
    assert program.do("graphic", {"operation": "reset", "id": 7})["status"] == "DONE"
    assert program.do("graphic", {"operation": "read_indexes"})["response"] == {"graphic": {"programmed_indexes": []}}


def test_a_payment_at_the_terminal(program: Program) -> None:
    answer = program.do("eft", {"operation": "transaction", "brutto": "100.00", "cashback": "5"})["response"]["eft"]
    assert (answer["amount"], answer["cashback"], answer["code"], answer["error_code"]) == ("100.00", "5.00", 140, 0)
    assert program.do("eft", {"operation": "communication_test"})["response"]["eft"]["error_code"] == 0
    assert program.do("eft", {"operation": "transaction"})["error"]["code"] == 3


def test_only_an_infis_can_be_locked() -> None:
    assert Talk().program().do("lock", {"operation": "enable"})["error"]["code"] == 1022
    program = Talk(profile="infis").program()
    assert program.do("lock", {"operation": "enable", "display": {"main_text": "Przerwa"}})["status"] == "DONE"
    assert program.do("receipt", RECEIPT)["error"]["code"] == 1100
    assert program.do("lock", {"operation": "disable"})["status"] == "DONE"
    assert program.do("receipt", RECEIPT)["status"] == "DONE"


def test_training_is_named_on_paper() -> None:
    talk = Talk(RegisterState(fiscal=False))
    assert talk.program().do("receipt", RECEIPT)["status"] == "DONE"
    assert "NIEFISKALNY" in talk.register.printouts[-1].text
