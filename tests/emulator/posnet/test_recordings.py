"""The emulator answers every recorded command as the real printer did.

The register is put into the state that the first queries of a conversation show; where a conversation asks
only at its end, the state before is computed back with the documented movements of the counters. The unique
number and the model are the emulator's own, ``le`` is unexplained and ignored; everything else must be equal, times
included.
"""

from __future__ import annotations

import re
from datetime import datetime
from decimal import Decimal

import pytest

from fiscald.emulator.goods import goods_key
from fiscald.emulator.memory import Day, Goods, RegisterState
from fiscald.emulator.posnet import FACTORY
from fiscald.emulator.register import Register
from fiscald.protocols.posnet.fields import RATE, Dialect
from fiscald.protocols.posnet.frames import ETX, MARK, STX, Deframer, Frame, crc16, encode
from tests.recordings import XL2, Conversation, Exchange, posnet

EMULATED_NUMBER = "EMU 2101002392"
REGISTERING = ("trend", "stocash", "dailyrep")
LETTERS = "abcdefg"


def first(exchanges: list[Exchange], mnemonic: str) -> tuple[int, dict[str, str]] | None:
    for index, exchange in enumerate(exchanges):
        if exchange.mnemonic == mnemonic:
            return index, exchange.answered
    return None


def seeded(conversation: Conversation) -> RegisterState:
    """The register as it was before the first command."""
    exchanges = conversation.exchanges
    state = RegisterState(unique_number=EMULATED_NUMBER, rates=rates(exchanges))
    day = state.day
    if (found := first(exchanges, "scnt")) is not None:
        index, counters = found
        before = exchanges[:index]
        receipts = sum(e.mnemonic == "trend" for e in before)
        slips = sum(e.mnemonic == "stocash" for e in before)
        state.report_offset = int(counters["rd"])
        state.printout_count = int(counters["hn"]) - receipts - slips
        day.receipt_count = int(counters["bn"]) - receipts
        day.last_receipt = int(counters["bt"]) - receipts
    if (found := first(exchanges, "stot")) is not None:
        index, totals = found
        before = exchanges[:index]
        for place, letter in enumerate(LETTERS):
            sold = sum(value_at(e, place) for e in before)
            day.receipts[place] = int(totals["p" + letter]) - sold
        day.nonfiscal = int(totals["nf"]) - sum(e.mnemonic == "stocash" for e in before)
        day.goods_changes = int(totals["cc"])
        if int(totals["pn"]):
            day.first_sale = datetime.fromisoformat(totals["is"])
            day.last_sale = datetime.fromisoformat(totals["ie"])
    elif not day.receipt_count:
        # Nothing told about the day: what scomm says of the totals decides.
        found = first(exchanges, "scomm")
        if found is not None and found[1]["tz"] == "N":
            state.day = Day(receipts=[100, 0, 0, 0, 0, 0, 0], receipt_count=1, last_receipt=1)
    if (found := first(exchanges, "sfsk")) is not None:
        state.last_record = datetime.fromisoformat(found[1]["tm"])
        state.report_offset = int(found[1]["rd"])
    if (found := first(exchanges, "scomm")) is not None:
        state.fiscal = found[1]["fs"] == "T"
    state.goods = known_goods(conversation)
    return state


def rates(exchanges: list[Exchange]) -> list[Decimal | str | None]:
    """The table that some answer shows; else that of the first recording."""
    found = first(exchanges, "vatget") or first(exchanges, "sfsk") or first(exchanges, "stot")
    answered = found[1] if found else {}
    known = zip(LETTERS, ("23", "8", "5", "0", "101", "101", "101"), strict=True)
    table = [answered.get(f"v{letter}", usual).encode() for letter, usual in known]
    return [RATE.decode(raw, Dialect("cp1250")) for raw in table]


def value_at(exchange: Exchange, place: int) -> int:
    """What a recorded sale line added to a rate (the seeded conversations have no discounts before ``stot``)."""
    if exchange.mnemonic != "trline" or int(exchange.sent["vt"]) != place:
        return 0
    return int(exchange.sent.get("wa", exchange.sent["pr"]))


def known_goods(conversation: Conversation) -> dict[str, Goods]:
    """Names that the conversation treats as known: their count of changes ``cc`` does not move."""
    changes = [int(e.answered["cc"]) for e in conversation.exchanges if e.mnemonic == "stot"]
    lines = [e.sent for e in conversation.exchanges if e.mnemonic == "trline" and "st" not in e.sent]
    names = {line["na"]: int(line["vt"]) for line in lines}
    reported = any(e.mnemonic == "dailyrep" for e in conversation.exchanges)
    moved = 0 if reported or len(changes) < 2 else changes[-1] - changes[0]
    if moved == 0:
        return {goods_key(name): Goods(rate=rate) for name, rate in names.items()}
    assert moved == len(names), "all of them are new, or moved from another rate"
    # Two names were sold at 8 % in another conversation and then at 23 %: a raise that the printer accepted.
    elsewhere = {e.sent["na"]: int(e.sent["vt"]) for c in posnet() for e in c.exchanges if e.mnemonic == "trline"}
    others = {name: rate for name, rate in elsewhere.items() if name in names and rate != names[name]}
    return {goods_key(name): Goods(rate=rate) for name, rate in others.items()}


class Clock:
    """Shows the recorded time of each moment."""

    def __init__(self, exchanges: list[Exchange]) -> None:
        self.exchanges = exchanges
        self.now = datetime.fromisoformat("2026-09-08T12:00:00+02:00")

    def __call__(self) -> datetime:
        return self.now

    def advance(self, index: int) -> None:
        exchange = self.exchanges[index]
        if exchange.mnemonic == "rtcget":
            self.now = datetime.fromisoformat(exchange.answered["tm"])
        elif exchange.mnemonic == "dailyrep":
            self.now = datetime.fromisoformat(f"{exchange.sent['da']}T18:00:00+02:00")
        elif exchange.mnemonic == "trend":
            later = self.exchanges[index + 1 :]
            last_sale = first(later, "stot")
            if last_sale is not None:
                self.now = datetime.fromisoformat(last_sale[1]["ie"])


def frame(payload: str) -> bytes:
    data = payload.encode("cp1250")
    return STX + data + MARK + crc16(data) + ETX


CONVERSATIONS = posnet()


def comparable(payload: str) -> str:
    """A reply without the volatile values."""
    if payload.startswith("sid\t"):
        return "sid"
    return re.sub(r"\tnu[^\t]*", f"\tnu{EMULATED_NUMBER}", payload).replace("\tle2\t", "\tle0\t")


def check(conversation: Conversation, state: RegisterState) -> None:
    clock = Clock(conversation.exchanges)
    printer = FACTORY(Register(state, clock=clock))
    for index, exchange in enumerate(conversation.exchanges):
        clock.advance(index)
        printer.receive(frame(exchange.command), 0.0)
        (answer,) = Deframer().feed(printer.poll(0.0))
        assert isinstance(answer, Frame)
        answered = encode(answer)[1:-6].decode("cp1250")
        assert comparable(answered) == comparable(exchange.response), f"exchange {index}: {exchange.command!r}"


def test_every_recording_exists() -> None:
    known = [conversation for conversation in CONVERSATIONS if conversation.recording == XL2]
    assert len(known) == 21
    assert sum(len(conversation.exchanges) for conversation in known) == 194


@pytest.mark.parametrize("conversation", CONVERSATIONS, ids=lambda c: c.name)
def test_every_answer_equals_the_recorded_one(conversation: Conversation) -> None:
    check(conversation, seeded(conversation))


def test_a_wrong_answer_would_be_noticed() -> None:
    """The comparison can fail: a register that is one receipt ahead answers differently."""
    conversation = next(c for c in CONVERSATIONS if c.name == "usb-fiscal: plain cash sale")
    state = seeded(conversation)
    state.day.receipt_count += 1
    with pytest.raises(AssertionError, match="scnt"):
        check(conversation, state)
