"""A capture becomes a regression test: header, masked, and taken up by the tests of driver and emulator."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from fiscald.emulator.memory import RegisterState
from fiscald.emulator.running import build
from fiscald.model.documents import Document
from fiscald.model.receipt import Receipt
from fiscald.protocols import family
from fiscald.protocols.base import Printed
from fiscald.protocols.decoding import Direction
from fiscald.recording.packets import Event, Packet
from fiscald.recording.pcapng import RecordingError
from fiscald.recording.regression import regression
from tests.emulator.posnet import test_recordings as emulator
from tests.protocols import settings as settings_of
from tests.protocols.posnet import test_recordings as driver
from tests.protocols.posnet.scripted import SETTINGS, drive, sales
from tests.recording.example import NOON, example
from tests.recording.test_replay import line
from tests.recordings import Conversation, files, header, read

POSNET = family("posnet")
ABOUT = {"model": "POSNET THERMAL HD ONLINE", "firmware": "1.02", "provenance": "a shop in Łódź, with its consent"}
RECEIPT = Receipt.model_validate(
    {
        "lines": [{"name": "Kawa", "price": "10.00", "vat": "A"}, {"name": "Bułka", "price": "1.50", "vat": "5%"}],
        "payments": [{"type": "card", "amount": "11.50", "name": "Karta"}],
        "buyer": {"nip": "5260250274"},
    }
)


def capture(*documents: Document, looks: int = 3) -> list[Packet]:
    """What the flight recorder keeps of a daemon that looks, prints, and looks again."""
    state = RegisterState(unique_number="EMU 0000000007")
    device, _ = build("posnet", state=state, clock=lambda: NOON)
    packets = line()

    def answer(data: bytes) -> bytes:
        device.receive(data, 0.0)
        got = device.poll(0.0)
        for direction, each in ((Direction.SENT, data), (Direction.RECEIVED, got)):
            packets.append(
                Packet(NOON + timedelta(seconds=len(packets)), "posnet", "till1", Event.DATA, direction, each)
            )
        return got

    settings = settings_of.posnet()
    drive(POSNET.read_status(settings), answer)
    for document in documents:
        for _ in range(looks):
            drive(POSNET.read_condition(settings), answer)
        assert isinstance(drive(POSNET.carry_out(document, SETTINGS, None), answer), Printed)
    drive(POSNET.read_status(settings), answer)
    return packets


def saved(tmp_path: Path, content: dict[str, Any]) -> list[Conversation]:
    path = tmp_path / "posnet-thermal-hd.json"
    path.write_text(json.dumps(content), "utf-8")
    return read(path)


def test_the_header_describes_the_recording() -> None:
    content = regression(capture(RECEIPT), **ABOUT)
    assert {name: value for name, value in content.items() if name != "conversations"} == ABOUT | {
        "family": "posnet",
        "recorded": "2026-11-22",
        "left_out": 0,
    }


def test_a_regression_recording_is_masked() -> None:
    text = json.dumps(regression(capture(RECEIPT), **ABOUT))
    assert "5260250274" not in text
    assert "trnipset\\tni0000000000\\t" in text


def test_repeated_idle_queries_appear_once() -> None:
    once, often = (regression(capture(RECEIPT, looks=looks), **ABOUT)["conversations"] for looks in (1, 50))
    assert once == often
    ((conversation),) = once
    commands = [command for command, _ in conversation["exchanges"]]
    assert commands.count("trend\tto1150\tfp1150\t") == 1
    assert commands.count("scnt\t") > 1, "asked again after a change"


def test_commands_without_an_intact_answer_are_left_out_and_counted() -> None:
    content = regression(example(), **ABOUT)
    assert content["left_out"] == 2
    (conversation,) = content["conversations"]
    assert [command for command, _ in conversation["exchanges"]][-1].startswith("trline\tnaŻurek\t")
    with pytest.raises(RecordingError, match="no command in it has an intact answer"):
        regression(line(("scomm\t", "")), **ABOUT)


def test_every_recording_here_has_its_header() -> None:
    assert files("posnet")
    for path in Path(files("posnet")[0]).parent.glob("*.json"):
        assert {"family", "model", "firmware", "recorded", "provenance", "conversations"} <= header(path).keys(), path


def test_driver_and_emulator_are_tested_with_it(tmp_path: Path) -> None:
    """The same checks as for every file in ``tests/recordings``."""
    (conversation,) = saved(tmp_path, regression(capture(RECEIPT), **ABOUT))
    emulator.check(conversation, emulator.seeded(conversation))
    ((closing, exchanges),) = sales(conversation)
    verdict = driver.check(closing, exchanges)
    assert (verdict.result.number, verdict.result.printer_id) == (1, "EMU 0000000007")


def test_a_driver_or_an_emulator_that_changed_is_noticed(tmp_path: Path) -> None:
    content = json.dumps(regression(capture(RECEIPT), **ABOUT))
    (other,) = saved(tmp_path, json.loads(content.replace("trend\\tto1150\\tfp1150", "trend\\tto1150\\tfp1160")))
    ((closing, exchanges),) = sales(other)
    with pytest.raises(AssertionError):
        driver.check(closing, exchanges)
    (other,) = saved(tmp_path, json.loads(content.replace("\\tbt1\\t", "\\tbt2\\t")))
    with pytest.raises(AssertionError):
        emulator.check(other, emulator.seeded(other))
