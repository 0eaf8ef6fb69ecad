"""Hostile commands while people press keys, the power fails and conditions change: the printer keeps working."""

from __future__ import annotations

from random import Random

import pytest

from fiscald.emulator.faults import Fault, FaultKind, Switch
from fiscald.emulator.memory import RegisterState
from fiscald.protocols.posnet.frames import encode as posnet_bytes
from fiscald.protocols.thermal.frames import encode as thermal_bytes
from tests.emulator.posnet import test_hostile as posnet
from tests.emulator.posnet.talking import Talk as PosnetTalk
from tests.emulator.thermal import test_hostile as thermal
from tests.emulator.thermal.talking import Talk as ThermalTalk

ACTS = (
    FaultKind.KEYPAD_CANCEL,
    FaultKind.KEYPAD_REPORT,
    FaultKind.FOREIGN_RECEIPT,
    FaultKind.POWER_CUT_AFTER,
    FaultKind.DROP_AFTER,
)


def unrest(dice: Random, talk: PosnetTalk | ThermalTalk) -> None:
    """What happens before the next command, and how much time passes."""
    printer = talk.printer
    if dice.random() < 0.3:
        printer.faults.plan(Fault(act=dice.choice(ACTS)))
    if dice.random() < 0.1:
        printer.faults.switches ^= {dice.choice(list(Switch))}
    if dice.random() < 0.1:
        printer.disconnected()
    if not printer.powered:
        printer.power(on=True)
    talk.time += dice.choice((0, 0, 1, 30))


def settle(dice: Random, talk: PosnetTalk | ThermalTalk) -> None:
    """A person may answer the prompt on the display; no counter of the register is negative."""
    printer = talk.printer
    if printer.awaits_key and dice.random() < 0.8:
        printer.press(confirm=dice.random() < 0.7)
    printer.poll(talk.time)
    later = printer.wakeup()
    if later is not None:
        talk.time = max(talk.time, later)
        printer.poll(talk.time)
    state = talk.register.state
    for totals in (state.day.receipts, state.day.invoices, state.transaction.totals if state.transaction else [0]):
        assert min(totals) >= 0


@pytest.mark.parametrize("seed", range(60))
@pytest.mark.parametrize("profile", ["online", "old"])
def test_a_posnet_printer_survives_random_events(profile: str, seed: int) -> None:
    dice = Random(seed)
    talk = PosnetTalk(state=RegisterState(fiscal=dice.random() < 0.8), profile=profile)
    for command in posnet.STATES[dice.choice(sorted(posnet.STATES))]:
        talk.send(command)
        talk.printer.press(confirm=True)
    talk.receive()
    for _ in range(20):
        unrest(dice, talk)
        now = talk.printer.memory.state
        talk.printer.receive(posnet_bytes(posnet.hostile_frame(dice, now)), talk.time)
        settle(dice, talk)


@pytest.mark.parametrize("seed", range(40))
@pytest.mark.parametrize("profile", sorted(thermal.PROFILES))
def test_a_thermal_printer_survives_random_events(profile: str, seed: int) -> None:
    dice = Random(seed)
    talk = ThermalTalk(state=RegisterState(fiscal=dice.random() < 0.8), profile=profile)
    for command in thermal.STATES[dice.choice(sorted(thermal.STATES))]:
        talk.send(command)
    for _ in range(20):
        unrest(dice, talk)
        now = talk.printer.memory.state
        frame = thermal.hostile_frame(dice, now, thermal.PROFILES[profile])
        talk.printer.receive(thermal_bytes(frame), talk.time)
        settle(dice, talk)
