"""Recordings of the emulated Thermal printer, as the flight recorder of a daemon makes them.

There is no recording of a real printer yet. Until then these keep the tests at work that every recording goes
through; they prove that driver and emulator agree with each other, not with a printer.
"""

from __future__ import annotations

from decimal import Decimal

from fiscald.emulator.memory import RegisterState
from fiscald.emulator.running import build
from fiscald.model.cash import CashIn, GoodsReturn
from fiscald.model.documents import Document
from fiscald.model.receipt import Receipt
from fiscald.model.reports import DailyReport
from fiscald.protocols import family
from fiscald.protocols.base import Printed
from fiscald.protocols.decoding import Direction
from fiscald.recording.packets import Event, Packet
from tests.protocols import settings as settings_of
from tests.protocols.thermal.scripted import drive
from tests.recording.example import NOON
from tests.recordings import Bytes, Dialogue

THERMAL = family("thermal")
RECEIPT = Receipt.model_validate(
    {
        "lines": [
            {"name": "Kawa", "price": "10.00", "vat": "A"},
            {"name": "Bułka", "price": "1.50", "vat": "5%", "quantity": "3", "discount": {"amount": "0.50"}},
        ],
        "payments": [{"type": "card", "amount": "10.00", "name": "VISA"}, {"type": "cash", "amount": "5.00"}],
        "system_number": "2026/17",
        "footer": ["NIP: 526-025-02-74"],
    }
)


def line(*exchanges: tuple[bytes, bytes]) -> list[Packet]:
    packets = [Packet(NOON, "thermal", "till1", Event.OPEN)]
    for sent, answered in exchanges:
        packets.append(Packet(NOON, "thermal", "till1", Event.DATA, Direction.SENT, sent))
        if answered:
            packets.append(Packet(NOON, "thermal", "till1", Event.DATA, Direction.RECEIVED, answered))
    return packets


def capture(profile: str, *documents: Document, looks: int = 2) -> list[Packet]:
    """What the flight recorder keeps of a daemon that looks, prints, and looks again."""
    device, _ = build(
        "thermal", profile=profile, state=RegisterState(unique_number="EMU 0000000007"), clock=lambda: NOON
    )
    exchanges = []

    def answer(data: bytes) -> bytes:
        device.receive(data, 0.0)
        exchanges.append((data, device.poll(0.0)))
        return exchanges[-1][1]

    settings = settings_of.thermal(profile=profile)
    drive(THERMAL.read_status(settings), answer)
    for document in documents:
        for _ in range(looks):
            drive(THERMAL.read_condition(settings), answer)
        assert isinstance(drive(THERMAL.carry_out(document, settings, None), answer), Printed)
    drive(THERMAL.read_status(settings), answer)
    return line(*exchanges)


def made_recordings() -> list[Dialogue]:
    """A day with every document that the driver knows, on each profile that has a system number."""
    documents = (RECEIPT, CashIn(amount=Decimal("50.00")), RECEIPT, GoodsReturn(amount=Decimal("1.00")), DailyReport())
    found = []
    for profile in ("posnet", "novitus"):
        exchanges: list[Bytes] = []
        for packet in capture(profile, *documents):
            if packet.direction is Direction.SENT:
                exchanges.append(Bytes(packet.data, b""))
            elif packet.direction is Direction.RECEIVED:
                exchanges[-1] = Bytes(exchanges[-1].sent, packet.data)
        found.append(Dialogue(f"emulated {profile}", exchanges))
    return found
