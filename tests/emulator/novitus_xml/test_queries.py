"""Queries, settings, counters and the fiscal memory: what the reference names, with values that can be followed."""

from __future__ import annotations

import pytest

from fiscald.emulator.faults import Switch
from fiscald.emulator.novitus_xml.device import HANDLERS
from fiscald.protocols.novitus_elements import Element
from tests.emulator.novitus_xml.talking import BEGIN, SALE, WATER, Talk

LAST = '<info action="lasttransaction"/>'
REPORT = '<report type="daily" date="15-07-2026"/>'
INVOICE = '<invoice action="begin" nip="5260250274"/>' + WATER + '<invoice action="close" systemno="F1" total="2.00"/>'


def given(element: Element, *names: str) -> list[str | None]:
    return [element.get(name) for name in names]


def test_the_last_transaction_has_everything_that_was_sold() -> None:
    talk = Talk()
    talk.follow(
        BEGIN + '<item name="Sok" quantity="2" ptu="A" price="5.00" plu="77"><discount value="1.00" name="x"/></item>'
        '<container price="0.50" quantity="2"/><discount value="10%"/>'
        '<payment type="card" action="add" value="5.00" name="VISA"/><payment type="cash" action="add" value="5.00"/>'
        '<receipt action="close" systemno="#ABC" checkout="02" cashier="Jan" total="8.10"/>'
    )
    found = talk.ask(LAST)
    assert given(found, "total", "type", "state", "number", "date", "printoutno", "checkout", "cashier", "systemno", "rest") == [
        "8.10", "receipt", "close", "1", "15-07-2026 10:42", "1", "02", "Jan", "#ABC", "0.90",
    ]  # fmt: skip
    assert [child.name for child in found.children] == ["item", "container", "payment", "payment", "discount"]
    item = found.children[0]
    assert given(item, "name", "code", "quantity", "ptu", "price", "total", "totalafterdiscount") == [
        "Sok",
        "77",
        "2",
        "A",
        "5.00",
        "10.00",
        "9.00",
    ]
    assert given(item.children[0], "value", "type") == ["1.00", "discount"]
    assert given(found.children[2], "name", "type", "value") == ["VISA", "card", "5.00"]


def test_the_last_transaction_is_the_open_one_first() -> None:
    talk = Talk()
    assert talk.ask(LAST).get("type") == "none"
    talk.follow(SALE, BEGIN + WATER)
    assert given(talk.ask(LAST), "state", "number", "total") == ["open", None, "2.00"]
    talk.follow('<receipt action="cancel"/>')
    assert given(talk.ask(LAST), "state", "number", "systemno") == ["canceled", None, ""]
    talk.follow(BEGIN, '<receipt action="cancel"/>', INVOICE)
    assert given(talk.ask(LAST), "type", "state", "number", "systemno") == ["receipt", "close", "1", "F1"]
    talk.follow(BEGIN + '<container price="1.00"/><receipt action="close"/>')
    assert given(talk.ask(LAST), "type", "number") == ["container", None]


@pytest.mark.parametrize(
    ("before", "kind", "mode"),
    [
        (BEGIN, "receipt", "online"),
        ('<receipt action="begin" mode="offline"/>', "receipt", "offline"),
        ('<invoice action="begin"/>', "invoice", None),
        (BEGIN + '<container price="1"/>', "container", None),
    ],
)
def test_the_open_transaction(before: str, kind: str, mode: str | None) -> None:
    talk = Talk()
    talk.follow(before)
    assert given(talk.ask('<info action="transaction"/>'), "type", "mode", "grosstotal") == [kind, mode, "0.00"]


def test_counters_and_totals() -> None:
    talk = Talk()
    talk.follow(SALE, INVOICE, '<cash action="payin" value="10.00"/>', "<nonfiscalprintout/>")
    found = talk.ask('<info action="checkout"/>')
    names = (
        "lastreceipt",
        "lastinvoice",
        "lastprintout",
        "receiptcount",
        "cash",
        "uniqueno",
        "resetcount",
        "receiptopen",
    )
    # Two sheets of the invoice are one printout.
    assert given(found, *names) == ["1", "1", "4", "1", "14.00", "EMU0000000001", "0", "no"]
    assert [child.text for child in found.children] == ["2.00", "0.00", "0.00", "0.00", "0.00"]
    invoices = talk.ask('<info action="checkout" type="invoice" cash="?"/>')
    assert next(child.text for child in invoices.children) == "2.00"
    talk.follow(REPORT)
    after = talk.ask('<info action="checkout" lastreceipt="?" receiptcount="?" cash="?"/>')
    assert given(after, "lastreceipt", "receiptcount", "cash") == ["1", "1", "14.00"]
    assert {child.text for child in after.children} == {"0.00"}
    memory = talk.ask('<info action="fiscalmemory"/>')
    assert given(memory, "fiscal", "reportscount", "maxreportscount", "nip") == ["1", "1", "2195", "1234563218"]
    assert talk.ask('<deviceinfo action="detailfiscalmemoryinfo"/>').get("dailyreportcount") == "1"


def test_the_fiscal_memory_is_read_record_by_record() -> None:
    talk = Talk()
    talk.follow(
        SALE,
        REPORT,
        '<taxrates action="set" date="15-07-2026"><ptu name="A">8%</ptu><ptu name="B">free</ptu></taxrates>',
    )
    records = [talk.ask('<fiscalmemory action="get" from="1"/>')]
    while records[-1].get("type") != "end":
        records.append(talk.ask('<fiscalmemory action="next"/>'))
    assert [record.get("type") for record in records] == ["report", "taxrates", "end"]
    assert given(records[0], "number", "receiptcount", "sale", "tax", "totalsale") == ["1", "1", "2.00", "0.37", "2.00"]
    assert given(records[0].children[0], "name", "rate", "sale", "tax") == ["A", "23.00%", "2.00", "0.37"]
    assert [child.text for child in records[1].children] == ["8%", "Free"]
    assert talk.ask('<fiscalmemory action="get" from="16-07-2026 00:00"/>').get("type") == "end"
    assert talk.ask('<fiscalmemory action="get" from="15-07-2026"/>').get("type") == "report"


def test_documents_come_out_of_the_protected_memory_again() -> None:
    talk = Talk()
    talk.follow(SALE, INVOICE, SALE, REPORT)
    talk.follow('<report type="protectedmemory" from="2" to="2" kind="receipt"/>')
    talk.follow('<report type="protectedmemory" from="15-07-2026" to="15-07-2026" kind="invoice"/>')
    talk.follow('<report type="protectedmemory" from="3" to="4" kind="all"/>')
    assert talk.kinds == ["receipt", "invoice", "invoice_copy", "receipt", "daily_report", *["copy"] * 4]
    assert [sheet.facts.get("of") for sheet in talk.register.printouts[-4:]] == [3, 2, 3, 4]
    assert all("KOPIA - DOKUMENT NIEFISKALNY" in sheet.text for sheet in talk.register.printouts[-4:])


def test_the_repository_gets_documents_while_it_is_reached() -> None:
    talk = Talk()
    talk.follow(SALE)
    talk.printer.faults.switches.add(Switch.NO_SERVER)
    talk.follow(SALE, SALE)
    found = talk.ask('<info action="repository"/>')
    assert given(found, "date_send", "jpk_send_count", "jpk_actual_send_no") == ["15-07-2026", "2", "1"]


def test_the_drawer_is_open_until_the_next_receipt() -> None:
    talk = Talk()
    talk.follow('<control action="drawer"/>', '<control action="drawer"/>')
    assert talk.ask('<info action="drawer"/>').get("state") == "open"
    assert talk.ask('<drawercounter action="read"/>').get("value") == "2"
    talk.follow('<drawercounter action="reset"/>', SALE)
    assert talk.ask('<info action="drawer"/>').get("state") == "close"
    assert talk.ask('<drawercounter action="read"/>').get("value") == "0"


def test_settings_are_kept_and_read() -> None:
    talk = Talk()
    talk.follow('<config action="set"><set id="66">2</set><set id="discountcalculation">1</set></config>')
    found = talk.ask('<config action="get"><set id="66"/><set id="discountcalculation"/><set id="5"/></config>')
    assert [(child.get("id"), child.text) for child in found.children] == [
        ("66", "2"),
        ("discountcalculation", "1"),
        ("5", "0"),
    ]
    assert len(talk.ask('<config action="get" from="1" to="200"/>').children) == 200
    talk.follow('<usb action="set" usb_modem_pid="1A2B"/>', '<serweraddr action="set" value="https://a" type="2"/>')
    assert talk.ask('<usb action="get"/>').get("usb_modem_pid") == "1A2B"
    assert talk.ask('<serweraddr action="get" type="2"/>').get("value") == "https://a"
    assert talk.ask('<serweraddr action="get" type="1"/>').get("value") == ""


def test_the_header_is_read_line_by_line() -> None:
    talk = Talk()
    assert [child.get("text1") for child in talk.ask('<header_online action="get"/>').children][:3] == [
        "SKLEP PRZYKŁADOWY", "ul. Testowa 1, 00-001 Warszawa", "NIP 123-456-32-18",
    ]  # fmt: skip
    talk.follow('<header action="set"><line bold="yes">NOWY</line><line>ul. B 1</line></header>')
    assert [child.text for child in talk.ask('<header action="get"/>').children] == ["NOWY", "ul. B 1", "", ""]
    talk.follow(SALE)
    assert talk.paper.split("\n")[0].strip() == "NOWY"


def test_a_picture_arrives_and_is_read_in_pieces() -> None:
    talk = Talk()
    digits = "012C003C" + "F0" * (60 * 38)
    talk.follow(f'<graphic action="programm" id="7" type="begin">{digits[:4400]}</graphic>')
    talk.follow(f'<graphic action="programm" id="7" type="end">{digits[4400:]}</graphic>')
    pieces = [talk.ask('<graphic action="read" id="7" type="begin"/>')]
    while pieces[-1].get("type") == "data":
        pieces.append(talk.ask('<graphic action="read" type="next"/>'))
    assert "".join(piece.text for piece in pieces) == digits
    assert talk.ask('<graphic action="read" type="repeat"/>') == pieces[-1]
    assert len(talk.ask('<graphic action="readcrc" id="7"/>').get("crc") or "") == 4
    talk.follow('<graphic action="delete" id="7"/>')
    assert talk.error('<graphic action="read" id="7" type="begin"/>') == 1046


def test_a_cashier_is_logged_in_and_signs_the_receipts() -> None:
    talk = Talk()
    talk.follow('<cashier action="login" number="7" name="Jan"/>')
    assert given(talk.ask('<cashier action="state"/>'), "number", "name") == ["7", "Jan"]
    talk.follow(SALE)
    assert "#7          Jan" in talk.paper
    talk.follow('<cashier action="logoff"/>')
    assert given(talk.ask('<cashier action="state"/>'), "number", "name") == ["", ""]


def test_paper_that_was_printed_is_counted() -> None:
    talk = Talk()
    talk.follow(SALE)
    assert talk.ask('<paper action="read"/>').get("value") == str(len(talk.register.printouts[0].lines))
    talk.follow('<paper action="reset"/>')
    assert talk.ask('<paper action="read"/>').get("value") == "0"


#: Queries that no other test here asks, with an attribute of their replies.
OTHERS = {
    '<info action="sdcard" type="external"/>': ("state", "open"), '<info action="port"/>': ("value", "PC1"),
    '<deviceinfo action="batteryinfo"/>': ("powersupply", "yes"), '<deviceinfo action="powerinfo"/>': ("powermode", "1"),
    '<deviceinfo action="db_article_state"/>': ("db_article_state", "0"), '<updatelog action="begin"/>': ("action", "end"),
    '<processlog action="next"/>': ("action", "end"), '<log action="read"/>': ("port", "com1"), '<cash action="read"/>': ("value", "0.00"),
}  # fmt: skip


@pytest.mark.parametrize("query", sorted(OTHERS))
def test_other_queries_are_answered(query: str) -> None:
    name, value = OTHERS[query]
    assert Talk().ask(query).get(name) == value


def test_mains_and_batteries_are_reported() -> None:
    talk = Talk()
    talk.printer.faults.switches |= {Switch.NO_POWER, Switch.BATTERY, Switch.PAPER_LOW}
    assert given(talk.ask('<deviceinfo action="powerinfo"/>'), "powermode", "batterystate") == ["0", "0"]
    assert talk.ask('<deviceinfo action="printoutinfo"/>').get("papercount") == "0"


@pytest.mark.parametrize("name", sorted(name for name in HANDLERS if name.startswith("control ")))
def test_controls_print_nothing(name: str) -> None:
    talk = Talk()
    talk.send(f'<control action="{name.removeprefix("control ")}" value="6" cutter="yes" line1="a" text="b"/>')
    assert talk.printer.core.last_error == 0
    assert talk.kinds == []
    online = talk.ask("<dle/>").get("online")
    assert online == ("no" if "menu" in name else "yes")
