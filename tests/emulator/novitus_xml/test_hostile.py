"""Any bytes, any elements, hostile values: the printer stays bounded, answers its status, and never raises."""

from __future__ import annotations

from random import Random
from xml.sax.saxutils import quoteattr

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fiscald.emulator.faults import Switch
from fiscald.emulator.memory import RegisterState
from fiscald.emulator.novitus_xml.device import BACKLOG, HANDLERS
from tests.drawn import drawn
from tests.emulator.novitus_xml.talking import BEGIN, CLOSE, SALE, SILENT, WATER, Talk, packet, read

INVOICE = '<invoice action="begin" nip="5260250274"><customer>Firma</customer><option id="14"/></invoice>'
#: What is open, and how it comes to that.
STATES = {
    "idle": "",
    "opened": BEGIN,
    "line": BEGIN + WATER,
    "packaging": BEGIN + '<container price="0.50"/>',
    "paid": BEGIN + WATER + '<payment type="cash" action="add" value="2.00"/>',
    "invoice": INVOICE + WATER,
    "sold": SALE,
    "reported": SALE + '<report type="daily" date="15-07-2026"/>',
}
VALUES = (
    "", " ", "?", "-1", "+1", "1_0", "0", "00", "nan", "inf", "1e30", "1e-30", "1.", ".5", ",", ".", "1.2.3", "0.000000001",
    "9999999999", "999999999.99", "99999999.99", "999999.99", "9" * 400, "1,5", "§", "Ż", "15-07-2026", "30-02-2026",
    "2026-07-15", "15-07-2026 10:42", "31-12-9999 23:59", "01-01-0001 00:00", "0%", "10%", "100%", "99.99%", "-5%", "0.001%",
    "yes", "no", "YES", "A", "G", "H", "a", "begin", "all", "@", "#", "@x", "#x", '"', "\x7f", "\t\n", "Jan", "1", "2", "2.00", "200",
    "5260250274", "5260250275", "silent", "display", "x" * 70, "x" * 600,
)  # fmt: skip
LIKELY = (
    "1",
    "1",
    "2.00",
    "2",
    "A",
    "B",
    "Woda",
    "yes",
    "no",
    "10%",
    "15-07-2026",
    "15-07-2026 10:42",
    "cash",
    "sale",
    "0.50",
    "5260250274",
)
ATTRIBUTES = (
    "name", "quantity", "quantityunit", "ptu", "price", "total", "recipe", "charge", "plu", "description", "action", "type",
    "value", "rate", "mode", "descid", "systemno", "checkout", "cashier", "nip", "id", "from", "to", "date", "kind", "number",
    "copies", "margins", "signarea", "surcharge", "pharmaceutical", "nonfiscalheader", "bold", "center", "fontid", "fontattr",
    "print_on", "text1", "index1", "align", "lasterror", "version", "paymentdate", "selldate", "port", "cutter", "daily_reports",
)  # fmt: skip
CHILDREN = ("discount", "additional", "line", "ptu", "set", "payment", "container", "customer", "option", "hats")


def element(random: Random, name: str, depth: int = 0) -> str:
    """A command with some attributes, some of them hostile."""
    tag, _, word = name.partition(" ")
    given = {random.choice(ATTRIBUTES): random.choice(VALUES if random.random() < 0.3 else LIKELY) for _ in range(8)}
    given |= {"action": word, "type": word} if word and depth == 0 else {}
    attributes = "".join(f" {key}={quoteattr(value)}" for key, value in given.items())
    inside = "".join(element(random, random.choice(CHILDREN), depth + 1) for _ in range(random.randrange(3 - depth)))
    text = "" if inside else random.choice(("", "linia", "23%", "free", "nan%", "x" * 300, "00080001FF"))
    return f"<{tag}{attributes}>{inside}{text}</{tag}>"


def works(talk: Talk) -> None:
    """It can still say how it is, and sell once nothing is open."""
    talk.printer.faults.switches.discard(Switch.MENU)
    talk.raw(packet("</x>"))
    talk.send(SILENT + '<receipt action="cancel"/>')
    assert {"online", "papererror", "printererror"} == {name for name, _ in talk.ask("<dle/>").attributes}
    for query in (
        "<enq/>", '<info action="checkout"/>', '<info action="lasttransaction"/>', '<info action="fiscalmemory"/>',
        '<header_online action="get"/>', '<taxrates action="get"/>', '<config action="get" from="1" to="200"/>',
    ):  # fmt: skip
        assert len(talk.replies(query)) == 1, query


@settings(max_examples=drawn(50))
@given(
    st.lists(
        st.binary(max_size=300)
        | st.sampled_from([packet(SALE), packet("<enq/>")[:-5], b"<packet>", b"<pakiet crc=", b"</packet>"])
    )
)
def test_any_bytes_leave_a_printer_that_works(pieces: list[bytes]) -> None:
    talk = Talk()
    for piece in pieces:
        talk.raw(piece)
    works(talk)


@settings(max_examples=drawn(50))
@given(st.sampled_from(sorted(STATES)), st.randoms(use_true_random=True), st.booleans(), st.booleans())
def test_any_values_leave_a_printer_that_works(state: str, random: Random, fiscal: bool, silent: bool) -> None:
    talk = Talk(state=RegisterState(fiscal=fiscal))
    talk.send(STATES[state] + ("" if silent else '<error action="set" value="display"/>'))
    for _ in range(15):
        talk.send(element(random, random.choice(sorted(HANDLERS))))
        while talk.printer.awaits_key:
            talk.printer.press(confirm=random.random() < 0.7)
            talk.printer.poll(0.0)
        RegisterState.model_validate_json(talk.register.state.model_dump_json())
        talk.printer.faults.switches.discard(Switch.MENU)
    works(talk)


def test_what_waits_off_line_is_bounded() -> None:
    talk = Talk()
    talk.printer.faults.switches.add(Switch.PAPER_OUT)
    data = packet("<enq/>" + " " * 4500)
    for _ in range(30):
        assert talk.raw(data) == b""
    assert talk.printer.core.last_error == 1026
    assert talk.ask("<dle/>").get("online") == "no"
    talk.printer.faults.switches.clear()
    assert len(read(talk.printer.poll(0.0))) == BACKLOG // len(data)


def test_a_byte_without_a_letter_is_answered_with_a_question_mark() -> None:
    talk = Talk(state=RegisterState(header="Sklep \u2603"))
    line = read(talk.send('<header action="get"/>'))[0].children[0]
    assert line.text == "Sklep ?"


@pytest.mark.parametrize(
    ("before", "element", "number"),
    [
        (BEGIN, '<item name="Woda" quantity="1e3" ptu="A" price="2.00"/>', 17),
        (BEGIN, '<item name="Woda" quantity="0.0000001" ptu="A" price="2.00"/>', 17),
        (BEGIN, '<item name="Woda" quantity="1" ptu="A" price="2,00"/>', 19),
        (BEGIN, '<item name="Woda" quantity="1" ptu="A" price="-2.00"/>', 19),
        (BEGIN, '<item name="Woda" quantity="1" ptu="AB" price="2.00"/>', 1003),
        (BEGIN, '<item name="Woda" quantity="999999999" ptu="A" price="999999.99"/>', 28),
        (BEGIN + WATER, '<discount value="nan%"/>', 1004),
        (BEGIN + WATER, '<discount value="2.00"/>', 20),
        (BEGIN + WATER, '<payment type="cash" action="add" value="99999999999.00"/>', 26),
        (BEGIN + WATER, '<payment type="foreign" action="add" value="1.00" rate="0.00000001" name="EUR"/>', 26),
        (BEGIN + WATER, CLOSE.replace("2.00", "2.000"), 27),
        (BEGIN + WATER, CLOSE.replace("/>", ' cashier="a&quot;b"/>'), 34),
        ("", '<clock date="31-13-2026 10:00"/>', 7),
        ("", '<report type="periodical" from="1" to="15-07-2026"/>', 1024),
        ("", '<taxrates action="set" date="15-07-2026"><ptu name="A">1e1%</ptu></taxrates>', 4),
    ],
)  # fmt: skip
def test_hostile_values_have_their_error(before: str, element: str, number: int) -> None:
    talk = Talk()
    if before:
        talk.follow(before)
    assert talk.error(element) == number
