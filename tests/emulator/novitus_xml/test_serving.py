"""The printer as programs and tests meet it: over TCP and a serial line, with control commands, over a restart."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
import serial

from fiscald.emulator.memory import RegisterState
from fiscald.emulator.running import EmulatedPrinter, build
from fiscald.emulator.storage import StorageError
from fiscald.protocols.novitus_elements import Element
from tests.emulator.novitus_xml.talking import BEGIN, CLOSE, ERROR, SALE, SILENT, WATER, joined, packet, read


@pytest.fixture(autouse=True)
def registered() -> Iterator[None]:
    with joined():
        yield


def say(line: socket.socket, elements: str) -> list[Element]:
    line.sendall(packet(elements))
    data = b""
    while not data.endswith(b"</packet>"):
        data += line.recv(65536)
    return read(data)


def test_a_program_sells_over_tcp_and_the_paper_is_there() -> None:
    with EmulatedPrinter("novitus-xml") as printer, socket.create_connection((printer.host, printer.port)) as line:
        assert say(line, SILENT + SALE + ERROR)[0].get("value") == "0"
        assert "Woda" in printer.paper[-1]
        printer.fault("drop_after", "error get")
        printer.switch("paper_out")
        assert say(line, "<dle/>")[0].get("papererror") == "yes"
        printer.clear()
        printer.foreign_receipt()
        assert say(line, '<info action="checkout" lastreceipt="?"/>')[0].get("lastreceipt") == "2"
        printer.seed(cash=5000)
        assert say(line, '<cash action="read"/>')[0].get("value") == "50.00"
        assert say(line, "<hats/>" + ERROR)[0].get("value") == "1022"
        assert printer.notices == ["'hats' is no command of POINT EMU; it is refused as unknown"]


def test_a_program_sells_over_a_serial_line() -> None:
    with EmulatedPrinter("novitus-xml", link="pty") as printer, serial.Serial(printer.path, 9600, timeout=10) as line:
        line.write(packet(SALE + ERROR))
        assert read(line.read_until(b"</packet>"))[0].get("value") == "0"


def test_a_question_is_confirmed_by_control() -> None:
    with EmulatedPrinter("novitus-xml") as printer, socket.create_connection((printer.host, printer.port)) as line:
        say(line, SILENT + SALE + ERROR)
        line.sendall(packet('<report type="daily"/>'))
        while printer.display is None:
            say(line, "<dle/>")
        printer.press()
        assert say(line, ERROR)[0].get("value") == "0"
        assert [sheet.kind for sheet in printer.printouts] == ["receipt", "daily_report"]


@pytest.mark.fiscal_printer(family="novitus-xml", width=56)
def test_the_fixture_is_such_a_printer(registered: None, fiscal_printer: EmulatedPrinter) -> None:
    with socket.create_connection((fiscal_printer.host, fiscal_printer.port)) as line:
        found = say(line, '<deviceinfo action="printoutinfo"/>')[0]
    assert (found.get("printerlen"), found.get("printerlenmm")) == ("56", "80")


def test_a_restart_keeps_what_a_power_cut_keeps(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    device, storage = build("novitus-xml", storage=path)
    device.receive(packet(SILENT + SALE + BEGIN + WATER + '<receipt action="begin"/>'), 0.0)
    assert storage is not None
    storage.close()
    device, storage = build("novitus-xml", storage=path)
    device.receive(packet('<info action="lasttransaction"/><enq/>'), 0.0)
    last, enq = read(device.poll(0.0))
    assert (last.get("state"), last.get("number")) == ("canceled", None)
    assert enq.get("lasttransactioncorrect") == "no"
    assert [sheet.kind for sheet in device.register.printouts] == ["receipt", "cancelled_receipt"]
    device.receive(packet(SILENT + SALE + ERROR), 0.0)
    assert read(device.poll(0.0))[0].get("value") == "0"
    assert device.register.state.day.last_receipt == 2
    assert storage is not None
    storage.close()


@pytest.mark.parametrize(
    "state",
    ['{"face": {"hats": 2}}', '{"transaction": {"kind": "receipt", "block_mode": false, "facts": {"hats": 1}}}'],
)
def test_a_damaged_part_of_the_state_is_named(state: str, tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    _, storage = build("novitus-xml", storage=path)
    assert storage is not None
    storage.save(RegisterState.model_validate_json(state), [])
    storage.close()
    with pytest.raises(StorageError, match="is damaged"):
        build("novitus-xml", storage=path)


def test_an_unfinished_packet_of_another_connection_is_dropped() -> None:
    device, _ = build("novitus-xml")
    device.receive(packet(SALE)[:-30], 0.0)
    device.disconnected()
    device.connected(1.0)
    device.receive(packet(BEGIN + WATER + CLOSE + ERROR), 1.0)
    assert read(device.poll(1.0))[0].get("value") == "0"
    assert device.register.state.day.receipt_count == 1
