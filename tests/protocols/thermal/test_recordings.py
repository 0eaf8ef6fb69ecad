"""The driver sends what was recorded, and understands what was answered.

For every recorded document the application's document is read back from its commands; carried out on a printer that
answers from the recording, the driver must send the very same commands, byte for byte. Documents that another program
sent otherwise than we would are no matter of the driver's: the manuals are read, not followed.
"""

from __future__ import annotations

from typing import Any

import pytest

from fiscald.model.cash import CashIn, CashOut, Drawer, GoodsReturn
from fiscald.model.documents import Document
from fiscald.model.money import from_grosze, plain
from fiscald.model.receipt import Receipt
from fiscald.model.reports import DailyReport
from fiscald.protocols.base import Effect, Printed
from fiscald.protocols.decoding import Direction
from fiscald.protocols.thermal.commands import find
from fiscald.protocols.thermal.family import FAMILY
from fiscald.protocols.thermal.fields import Dialect
from fiscald.protocols.thermal.frames import CommandDeframer, Frame
from fiscald.protocols.thermal.profiles import PROFILES, Profile
from fiscald.recording.packets import Event, Packet
from fiscald.recording.reading import Turn, entries, turns
from fiscald.recording.replay import ScriptedPrinter, recorded_profile
from tests.protocols import settings as settings_of
from tests.protocols.thermal.scripted import drive
from tests.recording.example import NOON
from tests.recordings import Dialogue, thermal_recordings
from tests.recordings.made import made_recordings

RECORDINGS = [*thermal_recordings(), *made_recordings()]
_FORMS = ["cash", "card", "cheque", "bon", "other", "credit", "account", "voucher"]
_SLIPS: dict[str, type[CashIn | CashOut | GoodsReturn]] = {"#i": CashIn, "#d": CashOut, "#z": GoodsReturn}


def turns_of(dialogue: Dialogue) -> list[list[Turn]]:
    """The recording as it is played."""
    packets = [Packet(NOON, "thermal", "till1", Event.OPEN)]
    for sent, answered in dialogue.exchanges:
        for direction, data in ((Direction.SENT, sent), (Direction.RECEIVED, answered)):
            packets.append(Packet(NOON, "thermal", "till1", Event.DATA, direction, data))
    return turns(entries(packets))


def documents(dialogue: Dialogue, profile: Profile) -> list[Document]:
    """What an application wanted, by the commands that were sent."""
    found: list[Document] = []
    content: dict[str, Any] = {}
    for frame in CommandDeframer().feed(b"".join(each.sent for each in dialogue.exchanges)):
        if not isinstance(frame, Frame):
            continue
        row = find(frame, profile.brand)
        assert row is not None, frame
        values = row.read(frame, Dialect("mazovia", profile.brand))
        match row.name:
            case "$h":
                content = {"lines": [], "payments": []} | ({"buyer": {"nip": values["id"]}} if "id" in values else {})
            case "$N 1":
                content["buyer"] = {"nip": values["nip"]}
            case "$l":
                content["lines"].append(line_of(values))
            case "$y":
                forms = zip(values["Pfx"], values["kwoty"], values["formy"], strict=True)
                cash = [{"type": "cash", "amount": from_grosze(values["wplata"])}] if values["wplata"] else []
                content["payments"] = [
                    {"type": _FORMS[form], "amount": from_grosze(amount), "name": name or None}
                    for form, amount, name in forms
                ] + cash
                content |= {"footer": values["linie"], "system_number": values["numer_systemowy"] or None}
                found.append(Receipt.model_validate(content))
            case "#r":
                found.append(DailyReport())
            case "#i" | "#d" | "#z":
                found.append(_SLIPS[row.name](amount=from_grosze(values["kwota"])))
            case "$d 1":
                found.append(Drawer())
            case name:
                assert row.effect is Effect.QUERY, f"{name} is in no document of ours"
    return found


def line_of(values: dict[str, Any]) -> dict[str, Any]:
    quantity = values["ilosc"]
    line = {
        "name": values["nazwa"],
        "price": from_grosze(values["cena"]),
        "vat": values["ptu"],
        "storno": values["Pi"] == 0,
    }
    line |= {"quantity": plain(quantity.number), "unit": quantity.unit or None, "description": values.get("opis")}
    kind = {1: "discount", 3: "surcharge"}.get(values.get("Pr") or 0)
    if kind is not None:
        line[kind] = {"amount": from_grosze(values["rabat"]), "name": values.get("nazwa_rabatu") or None}
    return line


def check_recording(dialogue: Dialogue) -> list[Printed]:
    """The driver, carrying out the documents that were recorded, sends what was recorded."""
    connections = turns_of(dialogue)
    name = recorded_profile(connections, "thermal")
    assert name is not None, "the driver asks what it has to know before anything else"
    printer = ScriptedPrinter(connections, "thermal", over=lambda: None)

    def answer(data: bytes) -> bytes:
        printer.receive(data, 0.0)
        assert printer.deviation is None, printer.deviation
        return printer.poll(0.0)

    verdicts = []
    for document in documents(dialogue, PROFILES[name]):
        verdict = drive(FAMILY.carry_out(document, settings_of.thermal(profile=name), None), answer)
        assert isinstance(verdict, Printed), verdict
        verdicts.append(verdict)
    assert printer.left == []
    return verdicts


@pytest.mark.parametrize("dialogue", RECORDINGS, ids=lambda dialogue: dialogue.name)
def test_the_driver_sends_the_recorded_commands(dialogue: Dialogue) -> None:
    assert check_recording(dialogue), "a recording without a document tests nothing"
