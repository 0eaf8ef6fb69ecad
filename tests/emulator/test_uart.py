"""Bytes at the wrong speed: garbage as a serial port makes it, and none where the speeds agree."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fiscald.emulator.running import EmulatedPrinter
from fiscald.emulator.uart import misread
from fiscald.protocols import family
from fiscald.recording.identify import Disturbed, identify
from fiscald.transport import parse_address

SPEEDS = st.sampled_from([1200, 2400, 4800, 9600, 19200, 38400, 57600, 115200])


@given(st.binary(max_size=40), SPEEDS)
def test_the_same_speed_changes_nothing(data: bytes, speed: int) -> None:
    assert misread(data, sent_at=speed, read_at=speed) == data


@given(st.binary(max_size=40), SPEEDS)
def test_a_small_clock_error_changes_no_byte(data: bytes, speed: int) -> None:
    """Serial lines stand about 4 % over a byte; half a bit in nine and a half is where it ends."""
    for wrong in (0.97, 1.03):
        assert misread(data, sent_at=round(speed * wrong), read_at=speed) == data


def test_bytes_received_at_half_and_at_twice_the_speed() -> None:
    # 0x55 is a square wave, its start and stop bit included. Read twice as fast, each bit is two: 0 0 1 1 0 0 1 1 0 and
    # a stop bit that is low; then, after the next fall, 0 0 1 1 0 0 1 1 1 and the idle line.
    assert misread(b"\x55", sent_at=9600, read_at=19200) == b"\x66\xe6"
    # Half as fast, a start bit is half a bit long, and so is none.
    assert misread(b"\xff" * 9, sent_at=19200, read_at=9600) == b""


@given(st.binary(min_size=1, max_size=40), SPEEDS, SPEEDS)
def test_any_two_speeds_give_no_more_bytes_than_the_line_can_carry(data: bytes, sent: int, read: int) -> None:
    assert len(misread(data, sent_at=sent, read_at=read)) <= len(data) * read / sent + 1


@pytest.mark.parametrize(("speed", "answers"), [(9600, True), (19200, False), (115200, False)])
async def test_a_printer_at_9600_is_only_understood_at_9600(speed: int, answers: bool) -> None:
    with EmulatedPrinter(link="pty", baud=9600) as printer:
        assert printer.address.endswith("?baud=9600")
        stream = await parse_address(printer.address.replace("9600", str(speed))).open()
        async with stream:
            if answers:
                found = await identify(stream, family("posnet"), first=5, later=5)
                assert found.identity.emulated
            else:
                with pytest.raises((TimeoutError, Disturbed)):
                    await identify(stream, family("posnet"), first=0.2, later=0.2)
        assert printer.paper == []
