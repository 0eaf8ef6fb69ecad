"""The emulated Thermal printer in the world: port, socket, fixture, command; and the register under any treatment."""

from __future__ import annotations

import signal
import socket
from pathlib import Path
from typing import Any

import pytest
import serial
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from fiscald.cli.fiscald import main
from fiscald.emulator import emulator_factory
from fiscald.emulator.faults import Fault, FaultKind, Switch
from fiscald.emulator.paper import MARK
from fiscald.emulator.running import EmulatedPrinter
from fiscald.model.text import CODE_PAGES
from fiscald.protocols import FAMILIES
from tests.drawn import drawn
from tests.emulator.processes import emulator
from tests.emulator.thermal.talking import DLE, ENQ, Talk, sequence

ROOT = Path(__file__).parents[3]
SALE = ("3#e", "0$h", "1$lŻurek|1.|B/12/12/", "1;0$e000|20/12/")
ANSWERS = b"".join(b"\x1bP0#Z%b\x1b\\" % name for name in (b"#e", b"$h", b"$l", b"$e"))


def test_every_family_can_be_emulated() -> None:
    assert all(emulator_factory(family).profiles for family in FAMILIES)
    assert emulator_factory("thermal").profiles == ("posnet", "novitus", "innova")
    assert set(emulator_factory("thermal").code_pages) == set(CODE_PAGES)
    with pytest.raises(KeyError):
        emulator_factory("abacus")


@pytest.mark.parametrize("link", ["tcp", "pty"])
@pytest.mark.parametrize("profile", ["posnet", "novitus", "innova"])
def test_a_foreign_program_prints_a_receipt(link: Any, profile: str) -> None:
    with EmulatedPrinter("thermal", link=link, profile=profile) as printer:
        if link == "tcp":
            host: Any = socket.create_connection((printer.host, printer.port), timeout=5)
            send, read = host.sendall, host.makefile("rb").read
        else:
            host = serial.Serial(printer.path, 9600, timeout=5)
            send, read = host.write, host.read
        send(DLE + b"".join(map(sequence, SALE)) + ENQ)
        assert read(1 + len(ANSWERS) + 1) == b"\x74" + ANSWERS + b"\x6d"
        host.close()
        (sheet,) = printer.printouts
        assert sheet.facts["total"] == 1200
        assert "Żurek" in sheet.text
        assert MARK in sheet.text


@pytest.mark.fiscal_printer(family="thermal", profile="novitus", code_page="cp1250", width=56)
def test_the_fixture(fiscal_printer: EmulatedPrinter) -> None:
    fiscal_printer.switch(Switch.PAPER_OUT)
    with socket.create_connection((fiscal_printer.host, fiscal_printer.port), timeout=5) as host:
        host.sendall(DLE)
        assert host.recv(1) == b"\x72"
    assert fiscal_printer.register.unique_number == "EMU0000000001"


@pytest.mark.slow
def test_the_command(tmp_path: Path) -> None:
    """``fiscald emulate thermal``: killed in the middle of a receipt and started again, it has given it up."""
    arguments = (
        "thermal",
        "--profile",
        "novitus",
        "--tcp",
        "127.0.0.1:0",
        "--state",
        tmp_path / "state",
        "--seed",
        "6",
    )
    for run in (1, 2):
        # Both times nothing is open and the last receipt was not completed: at first there is none.
        with emulator(*arguments) as it:
            assert "NOVITUS HD ONLINE EMU, EMU0000000007" in it.ready
            with socket.create_connection(("127.0.0.1", it.port), timeout=5) as host:
                host.sendall(ENQ + b"".join(map(sequence, (*SALE, "0$h", SALE[2]))) + ENQ)
                expected = b"\x6c" + ANSWERS + ANSWERS[9:27] + b"\x6e"
                assert host.makefile("rb").read(len(expected)) == expected
            if run == 2:
                assert it.end(signal.SIGINT) == 0, it.err
    assert "P A R A G O N   A N U L O W A N Y" in it.out
    assert "Traceback" not in it.err


@pytest.mark.parametrize(
    ("arguments", "hint"), [(["--profile", "online"], "posnet, novitus, innova"), (["--code-page", "utf8"], "mazovia")]
)
def test_wrong_usage_is_one_sentence(arguments: list[str], hint: str) -> None:
    result = CliRunner().invoke(main, ["emulate", "thermal", "--tcp", "127.0.0.1:0", *arguments])
    assert result.exit_code == 2
    assert hint in result.output


# -- the register under any treatment --------------------------------------------------------------------------------

COMMANDS = (
    "0$h", "1$lA|1.|A/1.23/1.23/", "2$lB|3.|B/0.37/1.11/", "0$lA|1.|A/1.23/1.23/", "3;1;9$lC|1.|C/5/5/1/",
    "6$d0.50/", "10$d0.30/", "1;1$b1/VISA|", "2;1$b1/VISA|", "0;3$L1.23/0.10/", "3$Y2.34/0.01/", "3$nkarta|0.02/",
    "1;0$e000|0/1.23/", "1;0$e000|0/2.34/", "1;0;0;0;3;1$e000|5/1.23/0.05/", "0$e", "1;26;7;15#r", "0#i5/", "0#d3/",
    "0;0;0;0;0;0;0;0;0;0;0;0$y001|Jan||1.23/0/0/0/0/", "0;3;0;0;0;0;0;0;0;0;0;0$y001|Jan||1.23/0/0/0/0/", "28;0$z",
    "20;0$z1|", "4$z1/", "23#s", "0#t",
)  # fmt: skip
PEOPLE = ("foreign_begin", "foreign_receipt", "keypad_cancel", "keypad_report", "off", "on", "wait")
FAULTS = (
    FaultKind.DROP_BEFORE, FaultKind.DROP_AFTER, FaultKind.POWER_CUT_BEFORE, FaultKind.POWER_CUT_AFTER, FaultKind.FOREIGN_RECEIPT, FaultKind.KEYPAD_CANCEL,
    FaultKind.KEYPAD_REPORT, FaultKind.CORRUPT_IN,
)  # fmt: skip
EVENTS = st.lists(st.sampled_from((*COMMANDS, *COMMANDS[:3], *PEOPLE, *FAULTS)), max_size=40)


@settings(max_examples=drawn(60))
@given(EVENTS, st.sampled_from(["posnet", "novitus", "innova"]), st.sampled_from([1, 3]))
def test_register_paper_and_flags_always_agree(events: list[Any], profile: str, mode: int) -> None:
    talk = Talk(profile=profile, mode=mode)
    printer, state = talk.printer, talk.register.state
    for event in events:
        if isinstance(event, FaultKind):
            printer.faults.plan(Fault(act=event))
        elif event in ("off", "on"):
            printer.power(on=event == "on")
        elif event == "wait":
            talk.time += 1900.0
            printer.poll(talk.time)
        elif event in PEOPLE:
            getattr(printer, event)()
        else:
            talk.raw(sequence(event))
        if not printer.powered or printer.awaits_key:
            printer.power(on=False)
            printer.power(on=True)
            talk.raw(sequence(f"{mode}#e"))
        _consistent(talk)
    printer.faults.clear()
    printer.power(on=False)
    printer.power(on=True)
    assert state.transaction is None
    assert state.closing is None
    assert len([kind for kind in talk.kinds if kind == "receipt"]) == _sold(talk)
    _consistent(talk)
    assert talk.raw(sequence("0$h") + ENQ)[-1:] == b"\x6e"


def _sold(talk: Talk) -> int:
    state = talk.register.state
    return state.day.receipt_count + sum(record.day.receipt_count for record in state.fiscal_memory)


def _consistent(talk: Talk) -> None:
    state = talk.register.state
    known = talk.printer.memory.state
    assert (state.transaction is not None) == (known in ("lines", "pay"))
    assert (state.closing is not None) == (known == "tail")
    assert (known == "pay") <= bool(state.transaction and state.transaction.payments)
    assert state.cash >= 0
    assert state.transaction is None or not talk.printer.memory.finished
    receipts = [sheet for sheet in talk.register.printouts if sheet.kind == "receipt"]
    waiting = [state.closing] if state.closing is not None and state.closing.kind == "receipt" else []
    printed = sum(int(str(sheet.facts["total"])) for sheet in receipts) + sum(each.total for each in waiting)
    days = [*(record.day for record in state.fiscal_memory), state.day]
    assert sum(sum(day.receipts) for day in days) == printed
    assert len(receipts) + len(waiting) == _sold(talk)
    cancelled = sum(sheet.kind == "cancelled_receipt" for sheet in talk.register.printouts)
    assert sum(day.cancelled_count for day in days) == cancelled
    assert state.printout_count == len(talk.register.printouts) + len(waiting) + (
        state.closing is not None and not waiting
    )
