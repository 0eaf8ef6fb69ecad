"""Recordings of the other family: played again, and made into regression tests."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from fiscald.emulator.running import EmulatedPrinter
from fiscald.model.cash import CashIn
from fiscald.protocols.base import Printed
from fiscald.recording.reading import Turn, entries, redact, turns
from fiscald.recording.regression import regression
from fiscald.recording.replay import Report, ScriptedPrinter, play_host, recorded_profile
from fiscald.transport import parse_address
from tests.emulator.thermal import test_recordings as emulator
from tests.protocols import settings as settings_of
from tests.protocols.thermal import test_recordings as driver
from tests.protocols.thermal.scripted import drive
from tests.protocols.thermal.test_decoder import framed
from tests.recordings import Dialogue, dialogues
from tests.recordings.made import RECEIPT, THERMAL, capture, line

ABOUT = {"model": "POSNET THERMAL HS", "firmware": "4.01", "provenance": "a shop in Łódź, with its consent"}
PROFILES = pytest.mark.parametrize("profile", ["posnet", "novitus"])


async def play(connections: list[list[Turn]], printer: EmulatedPrinter, seconds: float = 5.0) -> Report:
    return await play_host(connections, "thermal", parse_address(printer.address), seconds=seconds)


# -- the host's side -------------------------------------------------------------------------------------


@PROFILES
async def test_the_same_printer_answers_the_same(profile: str) -> None:
    recorded = turns(entries(capture(profile, RECEIPT, CashIn(amount=Decimal("50.00")))))
    with EmulatedPrinter("thermal", profile=profile) as printer:
        report = await play(recorded, printer)
        assert report.differences == []
        assert report.played == sum(map(len, recorded))
        assert printer.register.day.receipt_count == 1
        again = await play(recorded, printer)
        assert again.differences == []
    assert any("par_num" in own for own in again.own)


@PROFILES
def test_the_profile_comes_from_the_recorded_printer(profile: str) -> None:
    assert recorded_profile(turns(entries(capture(profile))), "thermal") == profile
    assert recorded_profile(turns(entries(line((framed("0$h"), b"")))), "thermal") is None


async def test_a_different_answer_of_another_model_is_a_difference() -> None:
    recorded = turns(entries(capture("novitus", RECEIPT)))
    with EmulatedPrinter("thermal", profile="posnet") as printer:
        report = await play(recorded, printer)
    assert "#s 23: not recorded; now #Z Pe=0 rozkaz=#s" in report.differences


async def test_the_replay_does_not_wait_for_commands_without_an_answer() -> None:
    """In error mode 1 only the questions are answered; a DLE may lie inside of a command."""
    quiet = line(
        (b"\x18", b""), (framed("1#e"), b""), (framed("0$h"), b""), (b"\x05", b"\x6e"),
        (framed("1$lKawa|1.|A/1.00/1.00/")[:9] + b"\x10", b"\x74"), (framed("1$lKawa|1.|A/1.00/1.00/")[9:], b""),
        (b"\x05", b"\x6e"), (framed("0$e"), b""), (b"\x05", b"\x6c"),
    )  # fmt: skip
    recorded = turns(entries(quiet))
    assert [turn.name for turn in recorded[0]] == ["CAN", "#e", "$h", "ENQ", "DLE", "$l", "ENQ", "$e 0", "ENQ"]
    with EmulatedPrinter("thermal") as printer:
        report = await play(recorded, printer)
    assert (report.played, report.differences, report.own) == (9, [], [])
    with EmulatedPrinter("thermal") as printer:
        report = await play(
            turns(entries(line((framed("1#e"), b""), (framed("0$h"), b""), (b"\x05", b"\x68")))), printer
        )
    assert len(report.differences) == 2, "CMD and PAR"


# -- the printer's side ----------------------------------------------------------------------------------


@PROFILES
def test_a_driver_that_sends_the_same_gets_the_same_verdict(profile: str) -> None:
    printer = ScriptedPrinter(turns(entries(capture(profile, RECEIPT))), "thermal", over=lambda: None)

    def answer(data: bytes) -> bytes:
        printer.receive(data, 0.0)
        return printer.poll(0.0)

    verdict = drive(THERMAL.carry_out(RECEIPT, settings_of.thermal(profile=profile), None), answer)
    assert isinstance(verdict, Printed)
    assert verdict.result.number == 1
    assert (printer.deviation, printer.left) == (None, [])


def test_clearing_the_line_first_is_no_deviation() -> None:
    printer = ScriptedPrinter(turns(entries(line((b"\x10", b"\x74")))), "thermal", over=lambda: None)
    printer.receive(b"\x18\x10\x07", 0.0)
    assert (printer.poll(0.0), printer.deviation) == (b"\x74", None)
    printer.receive(b"\x05", 0.0)
    assert printer.deviation == "ENQ was sent, and the recording has no answer to it"


# -- a regression test -----------------------------------------------------------------------------------


def saved(tmp_path: Path, content: dict[str, Any]) -> list[Dialogue]:
    path = tmp_path / "posnet-thermal-hs.json"
    path.write_text(json.dumps(content), "utf-8")
    return dialogues(path)


@PROFILES
def test_driver_and_emulator_are_tested_with_it(profile: str, tmp_path: Path) -> None:
    """The same checks as for every file in ``tests/recordings``."""
    documents = (RECEIPT, CashIn(amount=Decimal("50.00")), RECEIPT)
    content = regression(capture(profile, *documents), **ABOUT)
    assert (content["family"], content["left_out"]) == ("thermal", 0)
    (dialogue,) = saved(tmp_path, content)
    emulator.check_recording(dialogue)
    verdicts = driver.check_recording(dialogue)
    assert [verdict.result.number for verdict in verdicts] == [1, None, 2]


def test_a_driver_or_an_emulator_that_changed_is_noticed(tmp_path: Path) -> None:
    content = json.dumps(regression(capture("posnet", RECEIPT), **ABOUT))
    sold, dearer = (framed(f"1$lKawa|1.|A/{price}/{price}/").hex().upper() for price in ("10.00", "11.00"))
    assert sold in content
    (other,) = saved(tmp_path, json.loads(content.replace(sold, dearer)))
    with pytest.raises(AssertionError):
        driver.check_recording(other)
    with pytest.raises(AssertionError):
        emulator.check_recording(other)


def test_repeated_queries_appear_once_and_personal_data_are_masked() -> None:
    once, often = (regression(capture("posnet", RECEIPT, looks=looks), **ABOUT)["conversations"] for looks in (1, 50))
    assert once == often
    ((conversation),) = once
    sent = b"".join(bytes.fromhex(command) for command, *_ in conversation["exchanges"])
    assert b"526-025" not in sent
    assert b"NIP: 000-000-00-00" in sent


def test_commands_without_an_answer_are_kept_and_lost_answers_are_not() -> None:
    quiet = line((framed("1#e"), b""), (framed("0$h"), b""), (b"\x05", b"\x6e"))
    content = regression(quiet, **ABOUT)
    assert content["left_out"] == 0
    assert [len(each) for each in content["conversations"][0]["exchanges"]] == [1, 1, 2]
    spoken = line((framed("3#e"), framed("0#Z#e", checked=False)), (framed("0$h"), b""), (framed("23#s"), b""))
    assert regression(spoken, **ABOUT)["left_out"] == 2


def test_masking_keeps_data_that_is_not_personal() -> None:
    packets = capture("posnet", CashIn(amount=Decimal("1.00")))
    assert redact(packets) == packets
