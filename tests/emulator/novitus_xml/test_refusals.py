"""What the printer refuses, with its numbers: one element for every rule, and every condition."""

from __future__ import annotations

from typing import Any

import pytest

from fiscald.emulator.faults import Switch
from fiscald.emulator.memory import Day, RegisterState
from fiscald.emulator.novitus.refusals import CONDITIONS, ERRORS
from fiscald.protocols.novitus_errors import CODES
from tests.emulator.novitus_xml.talking import BEGIN, CLOSE, SALE, WATER, Talk

OPEN = BEGIN + WATER
INVOICE = '<invoice action="begin" number="1" nip="5260250274"/>'
SOLD: dict[str, Any] = {"day": Day(receipts=[100, *[0] * 6], receipt_count=1, last_receipt=1)}
LINE = '<item name="{}" quantity="{}" ptu="{}" price="{}"{}/>'
PAY = '<payment type="card" action="add" value="{}"{}/>'
END = '<receipt action="close" {}/>'
REPORT = '<report type="daily" date="15-07-2026"/>'
TEXTS = "".join('<additional id="1" value="1"/>' for _ in range(21))
FOOTER = '<receipt action="close"><additional type="definition"><line>{}</line></additional></receipt>'

Rule = tuple[str, str, int, dict[str, Any], Switch | None]


def line(name: str = "Sok", quantity: str = "1", rate: str = "A", price: str = "2.00", more: str = "") -> str:
    return LINE.format(name, quantity, rate, price, more)


RULES: list[Rule] = [
    # elements
    ("", "<hats/>", 1022, {}, None), ("", '<receipt action="hats"/>', 4, {}, None), ("", "<receipt/>", 4, {}, None),
    ("", '<fiscalization action="fiscalization"/>', 1022, {}, None), ("", '<error action="set" value="loud"/>', 4, {}, None),
    ("", '<receipt action="begin" mode="later"/>', 4, {}, None), ("", '<receipt action="begin" pharmaceutical="yes"/>', 4, {}, None),
    # states
    (OPEN, BEGIN, 1002, {}, None), (OPEN, INVOICE, 1002, {}, None), ("", WATER, 21, {}, None), ("", CLOSE, 21, {}, None),
    ("", PAY.format("1", ""), 21, {}, None), ("", '<discount value="1%"/>', 21, {}, None), ("", '<container price="1"/>', 21, {}, None),
    ("", '<rcpitemadvances action="rcpitemadvances" description="a" ptu="A" value="1"/>', 21, {}, None),
    (OPEN, '<invoice action="close"/>', 1031, {}, None), (INVOICE + WATER, CLOSE, 1031, {}, None), (INVOICE + WATER, '<container price="1"/>', 1031, {}, None),
    (INVOICE + WATER, PAY.format("1", ""), 1031, {}, None), (OPEN, REPORT, 1031, {}, None), (OPEN, '<cash action="payin" value="1"/>', 1031, {}, None),
    (OPEN, "<nonfiscalprintout/>", 1031, {}, None), (OPEN, '<clock date="15-07-2026 10:42"/>', 1031, {}, None), (OPEN, '<config action="set"/>', 1031, {}, None),
    (OPEN + PAY.format("1", ""), line(), 82, {}, None), (OPEN + PAY.format("1", ""), '<discount value="1%"/>', 82, {}, None),
    (BEGIN + '<container price="1"/>', line(), 82, {}, None),
    # lines
    (BEGIN, line(name=""), 16, {}, None), (BEGIN, line(name="x" * 61), 16, {}, None), (BEGIN, line(quantity="0"), 17, {}, None), (BEGIN, line(quantity="x"), 17, {}, None),
    (BEGIN, line(rate="E"), 18, {}, None), (BEGIN, line(rate="Z"), 1003, {}, None), (BEGIN, line(price="0"), 19, {}, None), (BEGIN, line(price="1.005"), 19, {}, None),
    (BEGIN, line(more=' total="2.01"'), 20, {}, None), (BEGIN, line(more=' quantityunit="sztuk"'), 34, {}, None), (BEGIN, line(more=f' description="{"x" * 178}"'), 34, {}, None),
    (BEGIN, '<item name="a" ptu="A" price="1"/>', 3, {}, None), (BEGIN, line(quantity="0.001", price="0.01"), 20, {}, None),
    (BEGIN, '<item name="a" quantity="1" ptu="A" price="1"><discount value="1"/></item>', 20, {}, None), (BEGIN, '<item name="a" quantity="1" ptu="A" price="1"><discount value="0"/></item>', 1004, {}, None),
    (BEGIN, '<item name="a" quantity="1" ptu="A" price="1"><discount value="100%"/></item>', 1004, {}, None), (BEGIN, '<item name="a" quantity="1" ptu="A" price="1"><discount value="1%" descid="15"/></item>', 1004, {}, None),
    (BEGIN, '<item name="a" quantity="1" ptu="A" price="1"><discount/></item>', 3, {}, None), (BEGIN, '<item name="a" quantity="1" ptu="A" price="1"><hats/></item>', 4, {}, None),
    (BEGIN, '<item name="a" quantity="1" ptu="A" price="1"><discount value="1%"/><discount value="1%"/></item>', 1004, {}, None),
    (OPEN, line(more=' action="storno"'), 22, {}, None), (OPEN, '<item name="Woda" quantity="2" ptu="A" price="2.00" action="storno"/>', 22, {}, None),
    (BEGIN, line(), 1029, {}, Switch.GOODS_FULL), (BEGIN + line() * 255, line(), 23, {}, None), ('<receipt action="begin" mode="offline"/>' + line() * 80, line(), 58, {}, None),
    (BEGIN, '<container price="0"/>', 83, {}, None), (BEGIN, '<container price="1" quantity="10000"/>', 83, {}, None), (BEGIN, '<container price="1" action="storno"/>', 83, {}, None),
    (OPEN, '<rcpitemadvances action="stornorcpitemadvances" description="a" ptu="A" value="1"/>', 22, {}, None),
    (OPEN, '<rcpitemadvances action="settlementrcpitemadvances" description="a" ptu="A" value="3"/>', 22, {}, None),
    # discounts and payments
    (OPEN, '<discount value="1%" total="3.00"/>', 27, {}, None), (BEGIN, '<discount value="1%"/>', 1092, {}, None), (OPEN, '<discount value="2.00"/>', 20, {}, None),
    (OPEN, '<discount value="1.00" ptu="B"/>', 1004, {}, None), (OPEN, '<discount value="0.00%"/>', 1004, {}, None), (OPEN, '<discount/>', 3, {}, None),
    (OPEN, PAY.format("0", ""), 26, {}, None), (OPEN, PAY.format("x", ""), 26, {}, None), (OPEN, PAY.format("1", f' name="{"x" * 25}"'), 34, {}, None),
    (OPEN, '<payment type="hats" action="add" value="1"/>', 4, {}, None), (OPEN, PAY.format("1", ' rate="4.3"'), 26, {}, None),
    (OPEN + PAY.format("0.10", "") * 16, PAY.format("0.10", ""), 26, {}, None), (OPEN + PAY.format("1", ""), '<payment type="card" action="clear" value="2"/>', 26, {}, None),
    # the end
    (BEGIN, END.format(""), 1092, {}, None), (OPEN, END.format('total="3.00"'), 27, {}, None), (OPEN, END.format('nip="5260250275"'), 1098, {}, None), (OPEN, END.format(f'cashier="{"x" * 33}"'), 25, {}, None),
    (OPEN, END.format(f'checkout="{"x" * 9}"'), 25, {}, None), (OPEN, END.format(f'systemno="{"x" * 513}"'), 34, {}, None), (OPEN, f'<receipt action="close">{TEXTS}</receipt>', 84, {}, None),
    (OPEN, '<receipt action="close"><additional id="35" value="1"/></receipt>', 4, {}, None), (OPEN, '<receipt action="close"><hats/></receipt>', 4, {}, None),
    (OPEN, '<receipt action="close"><discount value="2.00"/></receipt>', 20, {}, None), (OPEN + FOOTER.format("a") + OPEN, FOOTER.format("b"), 84, {}, None),
    (OPEN, CLOSE, 28, {}, Switch.TOTALS_FULL),
    # invoices
    ("", f'<invoice action="begin" number="{"x" * 57}"/>', 1109, {}, None), ("", '<invoice action="begin" copies="11"/>', 4, {}, None), ("", '<invoice action="begin"><option id="20"/></invoice>', 4, {}, None),
    ("", '<invoice action="begin" invoicetype="pharmacy"/>', 4, {}, None), ("", '<invoice action="begin" selldate="31-02-2026"/>', 7, {}, None), ("", '<invoice action="begin"><hats/></invoice>', 4, {}, None),
    ("", f'<invoice action="begin" issuer="{"x" * 61}"/>', 34, {}, None),
    # the rest
    ("", '<cash action="payin" value="0"/>', 51, {}, None), ("", '<cash action="payout" value="1.00"/>', 32, {}, None), ("", '<cash action="payin"/>', 3, {}, None), ("", '<cashier action="login" number="1"/>', 25, {}, None),
    ("", '<cashier action="logoff"/>', 25, {}, None), ("", '<clock date="15-07-2026 12:00"/>', 7, {}, None), ("", '<clock date="15-07-2026"/>', 7, {}, None), ("", '<clock date="15-07-2026 10:42"/>', 8, SOLD, None),
    ('<clock date="15-07-2026 10:42"/>', '<clock date="15-07-2026 10:42"/>', 5, {}, None), ("", '<taxrates action="set" date="15-07-2026 10:42"/>', 11, {}, None),
    ("", '<taxrates action="set" date="15-07-2026"><ptu name="A">23%</ptu></taxrates>', 8, SOLD, None), ("", '<taxrates action="set" date="15-07-2026"><ptu name="A">23%</ptu></taxrates>', 1029, {"rate_changes": 30}, None),
    ("", '<taxrates action="set" date="15-07-2026"><ptu name="H">23%</ptu></taxrates>', 11, {}, None), ("", '<taxrates action="set" date="15-07-2026"><ptu name="A">230%</ptu></taxrates>', 4, {}, None),
    ("", '<taxrates action="set" date="15-07-2026"><ptu name="A">23%</ptu><ptu name="B">8%</ptu><ptu name="C">5%</ptu><ptu name="D">0%</ptu><ptu name="G">free</ptu></taxrates>', 1020, {}, None),
    ("", '<header_online action="set"/>', 12, {}, None), ("", f'<header_online action="set"><line text1="{"x" * 41}"/></header_online>', 12, {}, None), ("", '<header_online action="set"><line text1="x"/></header_online>', 8, SOLD, None),
    ("", '<config action="set"><set id="201">1</set></config>', 4, {}, None), ("", '<config action="get" from="1" to="201"/>', 4, {}, None), ("", '<config action="set"><set id="discountcalculation">2</set></config>', 4, {}, None),
    ("", '<nonfiscalprintout><line type="hats">a</line></nonfiscalprintout>', 4, {}, None), ("", '<nonfiscalprintout><line fontid="3">a</line></nonfiscalprintout>', 4, {}, None), ("", '<nonfiscalprintout><hats/></nonfiscalprintout>', 4, {}, None),
    ("", '<graphic action="programm" id="1">0008000</graphic>', 1075, {}, None), ("", '<graphic action="programm" id="51">00080001FF</graphic>', 4, {}, None), ("", '<graphic action="programm" id="1">00080002FF</graphic>', 1075, {}, None),
    ('<graphic action="programm" id="1">00080001FF</graphic>', '<graphic action="programm" id="1">00080001FF</graphic>', 1076, {}, None), ("", '<graphic action="readcrc" id="1"/>', 1046, {}, None),
    # reports
    ("", REPORT, 35, {"report_offset": 1}, None), ("", REPORT, 1008, {}, Switch.MEMORY_FULL), ("", '<report type="daily" date="32-07-2026"/>', 7, {}, None), ("", '<report type="hats"/>', 4, {}, None),
    ("", '<report type="periodical" from="2" to="1"/>', 1024, {}, None), ("", '<report type="periodical" from="1" to="9"/>', 1025, {}, None), ("", '<report type="periodical" from="1"/>', 3, {}, None),
    ("", '<report type="protectedmemory" from="1" to="1" kind="receipt"/>', 1025, {}, None), (SALE * 6, '<report type="protectedmemory" from="1" to="2026-07-15" kind="all"/>', 1024, {}, None),
]  # fmt: skip


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: f"{rule[1][:60]} {rule[2]}")
def test_the_printer_refuses(rule: Rule) -> None:
    """No document is printed, and the open document stays open as it was."""
    before, element, number, state, condition = rule
    talk = Talk(state=RegisterState(**state).model_copy(deep=True))
    while before:
        part, before = before[:3000], before[3000:]
        cut = part.rfind("><") + 1 if before else len(part)
        talk.follow(part[:cut])
        before = part[cut:] + before
    if condition is not None:
        talk.printer.faults.switches.add(condition)
    sheets, opened = len(talk.register.printouts), talk.register.state.transaction
    kept = None if opened is None else opened.model_copy(deep=True)
    assert talk.error(element) == number
    assert len(talk.register.printouts) == sheets
    assert talk.register.state.transaction == kept


#: What each kind of action is, for the conditions that refuse it.
ACTIONS = {
    "open": BEGIN,
    "close": CLOSE,
    "slip": '<cash action="payin" value="1"/>',
    "report": REPORT,
    "program": '<config action="set"/>',
}


@pytest.mark.parametrize("switch", sorted(CONDITIONS))
def test_conditions_refuse_what_they_concern_and_nothing_else(switch: Switch) -> None:
    number, actions = CONDITIONS[switch]
    for action, element in ACTIONS.items():
        talk = Talk()
        talk.follow(SALE)
        if action == "close":
            talk.follow(OPEN)
        talk.printer.faults.switches.add(switch)
        if switch is Switch.REPORT_REQUIRED and action == "report":
            talk.follow(element, BEGIN)
            continue
        assert talk.error(element) == (number if action in actions else 0), (action, element)


def test_every_number_is_one_of_the_printer() -> None:
    numbers = {*ERRORS.values(), *(number for number, _ in CONDITIONS.values()), *(rule[2] for rule in RULES)}
    assert not numbers - {code.number for code in CODES.values()} - {0}


def test_sales_of_yesterday_need_their_report_first() -> None:
    talk = Talk()
    talk.follow(SALE)
    talk.moment = talk.moment.replace(day=16)
    assert talk.error(BEGIN) == 1116
    talk.follow('<report type="daily" date="16-07-2026"/>', SALE)


def test_a_rate_may_not_be_raised_again_once_it_was_lowered() -> None:
    talk = Talk()
    for rate in ("A", "B", "A"):
        talk.send(BEGIN)
        number = talk.error(line(rate=rate))
        talk.send('<receipt action="close"/><receipt action="cancel"/>')
    assert number == 18


def test_every_refusal_of_training_is_that_of_fiscal_mode() -> None:
    talk = Talk(state=RegisterState(fiscal=False))
    talk.follow(SALE, REPORT, REPORT)
    assert talk.enq["fiscal"] == "no"
    assert talk.register.state.fiscal_memory == []
    assert "N I E F I S K A L N Y" in talk.register.printouts[0].text
