"""Probing changes nothing: in every family, on every model, in every situation."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import anyio
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fiscald.diagnostics.candidates import candidates
from fiscald.diagnostics.host import Host
from fiscald.diagnostics.probing import probe
from fiscald.emulator import emulator_factory
from fiscald.emulator.device import Device
from fiscald.emulator.faults import Switch
from fiscald.emulator.running import EmulatedPrinter, build
from fiscald.model.times import POLISH_TIME
from fiscald.protocols import FAMILIES, family
from fiscald.protocols.base import Answer, DialogueAborted, Settings, Step
from fiscald.protocols.driving import drive_sync
from tests.drawn import drawn
from tests.protocols.driving import NotAnswered

#: Every printer there is.
PRINTERS = [(name, profile) for name in FAMILIES for profile in emulator_factory(name).profiles]


NOON = datetime(2026, 11, 22, 12, 0, tzinfo=POLISH_TIME)


def open_receipt(device: Device) -> None:
    assert device.foreign_begin()
    assert device.foreign_sell("Kawa", 1000)


def empty_receipt(device: Device) -> None:
    assert device.foreign_begin()


def closed_day(device: Device) -> None:
    device.foreign_receipt()
    device.keypad_report()


SITUATIONS: dict[str, Callable[[Device], None]] = {
    "a fresh one": lambda device: None,
    "a receipt is open": open_receipt,
    "an empty receipt is open": empty_receipt,
    "in the middle of a day": lambda device: device.foreign_receipt(),
    "after a daily report": closed_day,
}


def talk(asker: str, device: Device, *, slow: bool = False) -> bool:
    """Say hello to ``device`` as ``asker`` would, byte by byte if ``slow``; whether it answered to the end."""
    known = family(asker)
    setting = Settings("till1", known.options())
    session = known.session(setting)
    now = 0.0

    def exchange(step: Step) -> Any:
        nonlocal now
        data = session.send(step.command)
        for piece in [data[at : at + 1] for at in range(len(data))] if slow else [data]:
            device.receive(piece, now)
        answers = []
        for _ in range(200):
            now += 0.05
            events = session.receive(device.poll(now))
            answers += [event for event in events if isinstance(event, Answer) and event.command is step.command]
        if not answers:
            raise NotAnswered(step)
        return answers[0].reply

    try:
        drive_sync(known.identify(setting), exchange)
    except (NotAnswered, DialogueAborted):
        return False
    return True


def prepared(name: str, profile: str, situation: str, switches: frozenset[Switch] = frozenset()) -> Device:
    device, _ = build(name, profile=profile, clock=lambda: NOON)
    SITUATIONS[situation](device)
    device.register.commit()
    device.faults.switches |= switches
    return device


def state(device: Device) -> tuple[bytes, int]:
    """Everything that the printer remembers, and its paper."""
    return device.register.state.model_dump_json().encode(), len(device.register.printouts)


@pytest.mark.parametrize("situation", SITUATIONS)
@pytest.mark.parametrize(("name", "profile"), PRINTERS)
def test_the_probe_of_the_right_family_changes_nothing(name: str, profile: str, situation: str) -> None:
    device = prepared(name, profile, situation)
    before = state(device)
    assert talk(name, device)
    assert state(device) == before


@settings(max_examples=drawn(20))
@given(
    asker=st.sampled_from(FAMILIES),
    printer=st.sampled_from(PRINTERS),
    situation=st.sampled_from(list(SITUATIONS)),
    switches=st.frozensets(st.sampled_from(Switch), max_size=3),
    slow=st.booleans(),
)
def test_every_probe_leaves_every_printer_unchanged(
    asker: str, printer: tuple[str, str], situation: str, switches: frozenset[Switch], slow: bool
) -> None:
    if printer[0] == "thermal":
        # Without a clock it refuses to say its model (Thermal reference, 6.1), and in the error mode after power-on it
        # prints a slip about that. Which printer has lost its clock cannot be asked without asking.
        switches -= {Switch.NO_CLOCK}
    device = prepared(*printer, situation, switches)
    before = state(device)
    talk(asker, device, slow=slow)
    assert state(device) == before
    # And the next receipt is the same as on a printer that was never asked.
    twin = prepared(*printer, situation, switches)
    for each in (device, twin):
        with contextlib.suppress(Exception):
            each.foreign_receipt()
    assert device.register.state == twin.register.state


@pytest.mark.parametrize("asker", FAMILIES)
@pytest.mark.parametrize("name", FAMILIES)
def test_a_probe_of_one_family_leaves_a_printer_of_each_other_as_it_is(asker: str, name: str) -> None:
    device = prepared(name, emulator_factory(name).profiles[0], "a receipt is open")
    before = state(device)
    assert talk(asker, device) is (asker == name)
    assert state(device) == before


@pytest.mark.parametrize("name", [name for name in FAMILIES if family(name).web])
def test_a_probe_of_a_web_printer_spends_no_token(name: str) -> None:
    """A printer gives ten in an hour, and the eleventh request deletes the token of the program that works."""
    asked = []
    known = family(name)
    setting = Settings("till1", known.options())
    session = known.session(setting)
    device, _ = build(name)

    def exchange(step: Step) -> Any:
        data = session.send(step.command)
        asked.append(data)
        device.receive(data, 0.0)
        (event,) = session.receive(device.poll(0.0))
        assert isinstance(event, Answer)
        return event.reply

    assert known.greeting is None
    drive_sync(known.identify(setting), exchange)
    (request,) = asked
    assert request.startswith(b"GET /api/v1 HTTP/1.1\r\n")
    assert b"authorization" not in request.lower()


#: The families whose printers have serial lines.
SERIAL = [name for name in FAMILIES if family(name).speeds]


@pytest.mark.slow
@pytest.mark.parametrize("name", SERIAL)
def test_a_full_scan_at_every_speed_changes_nothing(name: str, tmp_path: Path) -> None:
    """Also what a printer takes the questions for that come at the wrong speed."""
    with EmulatedPrinter(name, link="pty", baud=family(name).speeds[2]) as printer:
        printer.foreign_receipt()
        before = printer.register
        (candidate,) = [each for each in candidates(Host(), named=[printer.path]) if each.named]
        result = anyio.run(probe, candidate, Host())
        assert result.answer is not None
        assert result.answer.family == name
        assert str(result.answer.address) == printer.address
        assert printer.register == before
        assert len(printer.paper) == 1
