"""The naive program sends a legal receipt: the printer prints the same paper as for fiscald."""

from __future__ import annotations

import socket
import time
from datetime import UTC, datetime, timedelta

import pytest

from benchmarks.light import Line, Printer, State
from benchmarks.line import STAGES, stages
from benchmarks.receipt import conversation, greeting, naive, receipt
from fiscald.emulator.device import Device
from fiscald.emulator.running import build
from fiscald.protocols.decoding import Direction
from fiscald.recording.packets import Event, Packet

NOON = datetime(2026, 11, 30, 12, tzinfo=UTC)


def printer(family: str) -> Device:
    return build(family, clock=lambda: NOON)[0]


#: The families that the benchmarks measure.
MEASURED = ("posnet", "thermal")


@pytest.mark.parametrize("family", MEASURED)
@pytest.mark.parametrize("lines", [1, 10])
def test_the_naive_program_prints_the_same_paper(family: str, lines: int) -> None:
    ours, theirs = printer(family), printer(family)
    conversation(family, receipt(lines), ours)
    frames = naive(family, receipt(lines))
    for exchange in greeting(family) + frames:
        theirs.receive(exchange.sent, 0.0)
        assert theirs.poll(0.0) == exchange.answer
    papers = [[sheet.text for sheet in each.register.printouts] for each in (ours, theirs)]
    assert len(papers[0]) == 1
    assert papers[0] == papers[1]
    assert len(frames) < len(conversation(family, receipt(lines)))


@pytest.mark.parametrize("family", MEASURED)
def test_every_exchange_of_a_receipt_has_its_stage(family: str) -> None:
    at, packets = NOON, []
    for exchange in conversation(family, receipt()):
        for direction, data in ((Direction.SENT, exchange.sent), (Direction.RECEIVED, exchange.answer)):
            at += timedelta(milliseconds=10)
            packets.append(Packet(at, family, "till0", Event.DATA, direction, data))
    found = {each["stage"]: each for each in stages(packets, naive(family, receipt()), NOON, at)}
    assert tuple(found) == STAGES
    assert (found["opening"]["exchanges"], found["lines"]["exchanges"]) == (1, 10)
    assert all(each["exchanges"] and each["bytes"] for each in found.values())
    assert sum(each["bytes"] for each in found.values()) == sum(len(packet.data) for packet in packets)
    assert sum(each["seconds"] for each in found.values()) == pytest.approx(0.01 * (len(packets) - 1))


def test_a_light_printer_answers_like_the_emulated_one() -> None:
    """Two light printers share what is remembered; each answers as an emulated printer with its number."""
    start = State(printer("posnet"))
    for number in (1, 7):
        light = Printer(b"EMU %010d" % number, start)
        real = build("posnet", seed=number - 1, clock=lambda: NOON)[0]
        for exchange in conversation("posnet", receipt()) * 2:
            answer, light.state = light.state.answer(exchange.sent)
            real.receive(exchange.sent, 0.0)
            assert light.own(answer) == real.poll(0.0)


def test_the_answer_of_a_light_printer_takes_the_time_of_the_line() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        light = Printer(b"EMU 0000000001", State(printer("posnet")), theirs)
        line = Line(9600, 0.0)
        exchange = conversation("posnet", receipt())[1]
        began = time.monotonic()
        line.receive(light, exchange.sent)
        while (wait := line.deliver()) is not None:
            time.sleep(wait)
        assert ours.recv(4096) == exchange.answer
        assert time.monotonic() - began >= (len(exchange.sent) + len(exchange.answer)) * 10 / 9600
