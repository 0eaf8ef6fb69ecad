"""The examples of the reference: what the printer answers to each request, byte by byte.

Values that say which printer it is are replaced by the emulator's own; state is seeded. What was recorded on a device
or is printed in the vendor's document must agree; the few differences to what was built from the rules have a reason.
"""

from __future__ import annotations

import json
import re
import zlib
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

import tests.protocols.novitus_xml
from fiscald.emulator.memory import Day, FamilyMemory, RegisterState
from tests.emulator.novitus_xml.talking import BEGIN, SALE, Talk, packet, read
from tests.found import found

SCENARIOS: dict[str, dict[str, Any]] = {
    each["name"]: each
    for each in json.loads(Path(tests.protocols.novitus_xml.__file__).with_name("exchanges.json").read_text("utf-8"))
}
#: Rates A to E, the last one exempt, as most examples have them.
TO_E: list[Decimal | str | None] = [Decimal(23), Decimal(8), Decimal(5), Decimal(0), "exempt", None, None]
TO_D: list[Decimal | str | None] = [*TO_E[:4], None, None, None]
OCTOBER = "2019-10-15T10:36:00+02:00"
#: Which printer it is, and what the emulator says there.
IDENTITY = {
    "KEB0500000011": "EMU0000000001", "ABC12345678": "EMU0000000001", "POINT 1.01": "POINT EMU 1.01",
    "DEON ONLINE 3.10": "POINT EMU 1.01", "HD Online": "POINT EMU", 'version="1.00" module': 'version="1.01" module',
    "CITIZ": "EMU", "OES": "EMU",
}  # fmt: skip


@dataclass
class Seed:
    """What a scenario begins with."""

    at: str = "2026-07-15T10:42:00+02:00"
    state: dict[str, Any] = field(default_factory=dict)
    before: str = ""
    options: dict[str, Any] = field(default_factory=dict)


def day(**changes: Any) -> Day:
    return Day(**changes)


def open_receipt(total: str) -> str:
    return f'{BEGIN}<item name="Towar" quantity="1" ptu="A" price="{total}"/>'


FINISHED = {"face": FamilyMemory.model_validate({"finished": True})}
ELEVEN = {
    "rates": TO_E, "printout_count": 47, "day": day(last_receipt=11, last_invoice=1, receipts=[1250, *[0] * 6]),
}  # fmt: skip
SEEDS: dict[str, Seed] = {
    "recorded-taxrates-polish": Seed(state={"rates": TO_E}),
    "taxrates-get": Seed(state={"rates": TO_E}),
    "recorded-checkout-english": Seed(
        "2022-05-23T12:00:00+02:00",
        {
            "rates": TO_D, "cash": 4264300, "printout_count": 5135,
            "day": day(last_receipt=4926, receipts=[836500, 0, 79000, 135500, 0, 0, 0]),
        },
    ),
    "info-checkout": Seed("2013-10-08T11:13:00+02:00", ELEVEN | {"cash": 44476, "rates": RegisterState().rates}),
    "info-date": Seed("2013-10-08T11:13:00+02:00"),
    "info-transaction-open": Seed(before=open_receipt("123.00")),
    "info-drawer": Seed(before='<control action="drawer"/>'),
    "info-repository": Seed(
        state={"face": FamilyMemory.model_validate({"jpkid": 101, "sent": 1, "sent_on": "2018-06-20"})}
    ),
    "deviceinfo-printout": Seed(options={"width": 64}),
    "server-address": Seed(before='<serweraddr action="set" value="https://esb-te.mf.gov.pl:5062" type="1"/>'),
    "enq": Seed(state=FINISHED),
    "daily-report": Seed("2004-06-04T12:00:00+02:00", ELEVEN),
    "clock-set": Seed("2019-10-15T10:30:00+02:00"),
    "taxrates-set": Seed("2013-10-10T10:00:00+02:00"),
    "protected-memory-print": Seed(before=SALE + SALE),
    "session-start": Seed(OCTOBER, ELEVEN | FINISHED),
    "sale-cash-one-packet": Seed(OCTOBER, ELEVEN),
    "sale-nip-discounts-rates-card-cash-change": Seed(OCTOBER, ELEVEN),
    "daily-report-with-ack": Seed(
        OCTOBER, {"rates": TO_E, "cash": 44476, "printout_count": 51, "day": day(last_receipt=14, receipts=[100, *[0] * 6])}
    ),
    "recovery-after-timeout-on-close": Seed(
        "2019-10-15T10:41:00+02:00", {"rates": TO_E, "printout_count": 52, "day": day(last_receipt=14)},
        open_receipt("16.00"),
    ),
}  # fmt: skip
#: Replies that differ, and why; none of them was recorded or is printed in the document.
DIFFERENT = {
    ("crc-polish-dialect", 0): "the client's test has no reply",
    ("recovery-after-timeout-on-close", 0): "the reply was lost on the way",
    ("recovery-after-timeout-on-close", 3): "the built example leaves the lines out",
}
#: Errors that the examples of the document meet here, because nothing is in their range of 2004 to 2006.
ERRORS = {"periodical-report": 1025}
#: A language of other printers, for Kenya.
FOREIGN = "recorded-last-receipt-kenya"


def of_emulator(reply: str) -> bytes:
    """An expected reply with the emulator's name and number, and the checksum of that."""
    for theirs, ours in IDENTITY.items():
        reply = reply.replace(theirs, ours)
    parts = re.fullmatch(r'(<\w+) crc="\w+">(.*)(</\w+>)', reply, re.DOTALL)
    assert parts is not None
    body = parts[2].encode("cp1250")
    return b'%s crc="%08X">%s%s' % (parts[1].encode(), zlib.crc32(body), body, parts[3].encode())


@pytest.mark.parametrize("name", sorted(SCENARIOS.keys() - {FOREIGN}))
def test_the_printer_answers_as_in_the_reference(name: str) -> None:
    scenario, seed = SCENARIOS[name], SEEDS.get(name, Seed())
    talk = Talk(seed.at, state=RegisterState(**seed.state).model_copy(deep=True), **seed.options)
    if seed.before:
        talk.follow(seed.before)
    for index, (request, reply) in enumerate(found(scenario["exchanges"])):
        answered = talk.raw(request.encode("cp1250"))
        if (name, index) in DIFFERENT:
            assert scenario["mark"] in ("client", "inferred")
            if reply:
                assert read(answered)[0].attributes == read(reply.encode("cp1250"))[0].attributes
        elif reply:
            assert answered == of_emulator(reply)
        else:
            assert answered == b""
            if not name.startswith("error-"):
                assert talk.printer.core.last_error == ERRORS.get(name, 0)


def test_a_language_for_other_printers_is_named_and_refused() -> None:
    talk = Talk()
    notices: list[str] = []
    talk.printer.on_notice = notices.append
    assert talk.raw(SCENARIOS[FOREIGN]["exchanges"][0][0].encode()) == b""
    assert talk.error() == 1022
    assert notices == [
        "info last_receipt (the last receipt, on printers for Kenya) is not built into POINT EMU; it is refused as unknown"
    ]


#: Totals that the document prints, and those that follow from them, by scenario: the day's totals by rate.
TOTALS = {
    "receipt-final-discount-percent": [1280], "receipt-final-markup-amount": [2100], "receipt-all-discount-levels": [810],
    "receipt-subtotal-markup-then-final-discount": [39955], "receipt-storno-after-subtotal-discount": [3600],
    "receipt-rate-discount-percent": [2400, 6000, 9000, 12000], "receipt-rate-markup-amount": [3000, 6000, 10000, 12000],
    "receipt-item-discount-amount": [600], "receipt-item-markup-percent": [1710], "advance-settlement": [40000],
    "sale-nip-discounts-rates-card-cash-change": [5399, 2250, 729, 0, 900],
}  # fmt: skip


@pytest.mark.parametrize("name", sorted(TOTALS))
def test_the_totals_are_those_of_the_reference(name: str) -> None:
    talk = Talk(OCTOBER, state=RegisterState(rates=TO_E))
    talk.raw(SCENARIOS[name]["exchanges"][0][0].encode("cp1250"))
    assert [*TOTALS[name], *[0] * 7][:7] == talk.register.state.day.receipts


def test_several_queries_in_one_packet_have_a_reply_each() -> None:
    talk = Talk()
    assert [reply.name for reply in talk.replies('<enq/><dle/><info action="date"/>')] == ["enq", "dle", "info"]
    assert talk.send("<enq/>") == talk.raw(packet("<enq/>", crc=False))
