"""Paper: whole sheets as they were looked at, and the same receipt through the older protocol of the same printer."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fiscald.emulator.memory import Day, RegisterState
from fiscald.emulator.paper import MARK
from fiscald.model.money import line_value
from tests.drawn import drawn
from tests.emulator.novitus_xml.talking import AT, BEGIN, SALE, WATER, Talk
from tests.emulator.thermal.talking import Talk as ThermalTalk

PAPERS = Path(__file__).parent / "papers"
#: What is printed, by the name of the file with its paper.
DOCUMENTS = {
    "receipt": BEGIN
    + '<item name="Kawa ziarnista" quantity="1" quantityunit="szt" ptu="A" price="59.99" plu="#5901234123457"/>'
    '<item name="Chleb żytni" quantity="1.5" quantityunit="kg" ptu="C" price="6.00" description="krojony">'
    '<discount value="10%" descid="8"/></item>'
    '<item name="Bilet" quantity="1" ptu="B" price="25.00"/><item name="Usługa" quantity="1" ptu="G" price="10.00"/>'
    '<item name="Bilet" quantity="1" ptu="B" price="25.00" action="storno"/>'
    '<discount value="10%" descid="4" total="78.09"/><discount value="1.00" name="bonus" ptu="A" action="markup"/>'
    '<container price="0.50" quantity="2"/><container price="1.00" type="in"/>'
    '<payment type="card" action="add" value="50.00" name="VISA"/><payment type="voucher" action="add" value="10.00"/>'
    '<payment type="bon" action="add" value="5.00"/><payment type="foreign" action="add" value="2.00" rate="4.3" name="EUR"/>'
    '<payment type="cash" action="add" value="10.00"/><payment type="cash" action="add" value="1.00" mode="rest" name="EUR"/>'
    '<receipt action="close" systemno="@F/2026/07/15-0002" checkout="02" cashier="Jan" total="71.28" nip="526-025-02-74">'
    '<discount value="2%" descid="11" action="markup"/><additional id="1" value="120"/><additional id="25" value="sama"/>'
    '<additional type="definition"><line>Dziękujemy</line><line>@https://example.com</line></additional></receipt>',
    "advances": BEGIN
    + '<rcpitemadvances action="rcpitemadvances" description="Telewizor" ptu="A" value="100"/>'
    '<rcpitemadvances action="stornorcpitemadvances" description="Telewizor" ptu="A" value="100"/>'
    '<item name="Telewizor" quantity="1" ptu="A" price="500.00"/>'
    '<rcpitemadvances action="settlementrcpitemadvances" description="Telewizor" ptu="A" value="100" surcharge="400"/>'
    '<receipt action="close" systemno="#5901234123457" total="400.00"/>',
    "cancelled": BEGIN + WATER + '<receipt action="cancel"/>',
    "packaging": BEGIN + '<container price="0.50" quantity="4"/><container price="1.00" type="in" quantity="3"/>'
    '<receipt action="close" total="0.00"/>',
    "invoice": '<invoice action="begin" number="120/2026" nip="PL5260250274" description="original" paymentname="przelew"'
    ' paymentdate="29-07-2026" selldate="14/07/2026" customernameoptions="all" sellernameoptions="none" issuer="Ewa"'
    ' paidlabel="zapłacono" additionalinfo="uwaga"><customer>Firma Sp. z o.o.</customer><customer>ul. Długa 1</customer>'
    '<option id="3"/><option id="5"/><option id="8"/><option id="10"/><option id="19"/></invoice>'
    '<item name="Towar" quantity="2" quantityunit="szt" ptu="A" price="61.50"/>'
    '<invoice action="close" total="123.00" systemno="7" checkout="1" cashier="Jan" buyer="Ala"/>',
    "nonfiscal": '<nonfiscalprintout systemno="12345678" nonfiscalheader="yes"><line>zwykła</line><line bold="yes">gruba</line>'
    '<line center="yes" fontattr="big">duża</line><line></line><line type="underline"/><line type="qrcode">NOVITUS</line>'
    '<line type="barcode">5901234123457</line><line type="barcode">12345678901234567890123456789012345</line>'
    '<line type="graphic">7</line><line print_on="copy">skryta</line><line>dwa  &#32;słowa</line></nonfiscalprintout>',
    "daily-report": SALE + '<report type="daily" date="15-07-2026" checkout="3" cashier="Jan"/>',
    "shift": '<report type="cash" begin="08:00" end="16:00" income="100.00" payin="50.00" balance="150.00" receiptcount="7"'
    ' canceledreceiptcount="1"><payment type="card" name="VISA" value="40.00"/><container type="out" value="1.50"/></report>',
    "rates": '<taxrates action="set" date="15-07-2026 10:42" checkout="1" cashier="Jan"><ptu name="A">23%</ptu>'
    '<ptu name="B">free</ptu></taxrates>',
    "header": '<header_online action="set"><line align="center" index1="1" text1="SKLEP"/><line index1="7" text1="ul. Długa"'
    ' index2="4" text2="1"/></header_online>',
    "copy": SALE + '<report type="protectedmemory" from="1" to="1" kind="receipt"/>',
    "events": '<report type="events" mode="full" daily_reports="yes"/>',
    "cash": '<cash action="payin" value="2.30" checkout="1" cashier="Jan"/>',
    "cashier": '<cashier action="login" number="7" name="Jan"/>',
    "clock": '<clock date="15-07-2026 10:45"/>',
}  # fmt: skip


def printed(name: str) -> str:
    talk = Talk(state=RegisterState(printout_count=137))
    talk.follow(DOCUMENTS[name])
    return talk.paper


@pytest.mark.parametrize("name", sorted(DOCUMENTS))
def test_the_paper_is_what_was_kept(name: str) -> None:
    assert printed(name) == (PAPERS / f"{name}.txt").read_text("utf-8")
    assert MARK in printed(name)


def test_no_other_paper_is_kept() -> None:
    assert {path.stem for path in PAPERS.iterdir()} == DOCUMENTS.keys()


def test_a_wider_paper_and_its_report() -> None:
    talk = Talk(width=64)
    talk.follow(
        SALE, '<report type="daily" date="15-07-2026"/>', '<report type="periodical" from="1" to="1" kind="full"/>'
    )
    assert {max(map(len, sheet.text.split("\n"))) for sheet in talk.register.printouts} == {64}
    assert "R A P O R T   O K R E S O W Y" in talk.paper


# -- the same receipt through the Thermal face -----------------------------------------------------------------------

QUANTITIES = st.sampled_from(["1", "2", "3", "0.333", "1.5", "0.125", "12.345"])
CHANGES = st.none() | st.tuples(st.integers(1, 4), st.integers(1, 9999), st.integers(1, 14))
LINES = st.lists(st.tuples(QUANTITIES, st.sampled_from("ABCDG"), st.integers(1, 5000), CHANGES), min_size=1, max_size=6)


def thermal_line(place: int, quantity: str, rate: str, price: int, change: tuple[int, int, int] | None) -> str:
    value = line_value(price, Decimal(quantity))
    head, tail = f"{place}", ""
    if change is not None:
        head, tail = f"{place};{change[0]};{change[2] + 1}", f"{change[1] / 100:.2f}/|"
    number = quantity if "." in quantity else f"{quantity}."
    return f"{head}$lTowar {place}|{number}|{rate}/{price / 100:.2f}/{value / 100:.2f}/{tail}"


def xml_change(change: tuple[int, int, int] | None, more: str = "") -> str:
    """1 amount off, 2 per cent off, 3 amount on, 4 per cent on; the places of descriptions differ by one."""
    if change is None:
        return ""
    kind, value, place = change
    sign = "%" if kind in (2, 4) else ""
    action = "markup" if kind > 2 else "discount"
    return f'<discount value="{value / 100:.2f}{sign}" action="{action}" descid="{place}"{more}/>'


@settings(max_examples=drawn(60))
@given(LINES, CHANGES, st.booleans())
def test_a_receipt_is_the_same_in_both_languages(
    lines: list[tuple[str, str, int, tuple[int, int, int] | None]], on_all: tuple[int, int, int] | None, paid: bool
) -> None:
    state = RegisterState(cashier="Jan", till="5")
    old, new = (
        ThermalTalk(AT, state=state.model_copy(deep=True), profile="novitus"),
        Talk(state=state.model_copy(deep=True)),
    )
    old.follow("0$h")
    new.follow(BEGIN)
    place = 1
    for quantity, rate, price, change in lines:
        element = f'<item name="Towar {place}" quantity="{quantity}" ptu="{rate}" price="{price / 100:.2f}">'
        refused = old.error(thermal_line(place, quantity, rate, price, change)) != 0
        assert (new.error(f"{element}{xml_change(change)}</item>") != 0) == refused
        place += not refused
    total = new.register.sale.transaction.total
    if on_all is not None and total:
        kind = {1: 3, 2: 1, 3: 4, 4: 2}[on_all[0]]
        refused = old.error(f"{kind};{on_all[2] + 1}$Y{total / 100:.2f}/{on_all[1] / 100:.2f}/") != 0
        assert (new.error(xml_change(on_all, f' total="{total / 100:.2f}"')) != 0) == refused
    assert new.register.sale.transaction.totals == old.register.sale.transaction.totals
    total = new.register.sale.transaction.total
    if paid:
        old.error(f"1;1$b{total / 100:.2f}/VISA|")
        new.error(f'<payment type="card" action="add" value="{total / 100:.2f}" name="VISA"/>')
    closed = old.printer.foreign_end(total)
    assert (new.error(f'<receipt action="close" total="{total / 100:.2f}"/>') == 0) == closed
    if closed:
        assert new.paper == old.paper
        assert new.register.state.day == old.register.state.day
        assert new.register.state.cash == old.register.state.cash


def test_the_method_of_percentages_can_be_chosen() -> None:
    """10 % of 0.35: what is taken off is rounded, or what is left (6.2)."""
    totals = []
    for method in ("0", "1"):
        talk = Talk()
        talk.follow(f'<config action="set"><set id="discountcalculation">{method}</set></config>')
        talk.follow(BEGIN, '<item name="Sok" quantity="1" ptu="A" price="0.35"><discount value="10%"/></item>')
        totals.append(talk.register.sale.transaction.total)
    assert totals == [31, 32]


def test_an_overflow_of_the_day_asks_for_its_report() -> None:
    talk = Talk(state=RegisterState(day=Day(receipts=[9_999_999_900, *[0] * 6])))
    talk.follow(BEGIN + WATER)
    assert talk.error('<receipt action="close"/>') == 28
