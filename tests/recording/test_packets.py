"""The header of a packet, and files that are not ours."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fiscald.protocols.decoding import Direction
from fiscald.recording import pcapng
from fiscald.recording.packets import Event, Packet, Side, read, write
from fiscald.recording.pcapng import Captured, RecordingError

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
NAMES = st.text("abż-_1", max_size=32)
PACKETS = st.builds(
    Packet,
    at=st.just(NOON),
    family=st.sampled_from(["posnet", "thermal", ""]),
    printer=NAMES,
    event=st.just(Event.DATA),
    direction=st.sampled_from(Direction),
    data=st.binary(max_size=30),
    comment=NAMES,
    side=st.sampled_from(Side),
) | st.builds(
    Packet,
    at=st.just(NOON),
    family=st.just("posnet"),
    printer=NAMES,
    event=st.sampled_from([event for event in Event if event]),
    direction=st.none(),
    data=NAMES.map(str.encode),
    side=st.sampled_from(Side),
)


def test_a_header_byte_by_byte() -> None:
    data = write([Packet(NOON, "posnet", "till1", Event.DATA, Direction.SENT, b"\x02scomm\t")])
    (captured,), _ = pcapng.read(data)
    assert captured == Captured(NOON, b"\x01\x01\x00\x06\x05posnettill1\x02scomm\t", pcapng.USER0)


def test_the_header_of_a_program_has_other_directions() -> None:
    packet = Packet(NOON, "posnet", "till1", Event.DATA, Direction.RECEIVED, b"\x03", side=Side.PROGRAM)
    (captured,), _ = pcapng.read(write([packet]))
    assert captured.data == b"\x01\x06\x00\x06\x05posnettill1\x03"


@given(st.lists(PACKETS))
def test_written_packets_are_read_back(packets: list[Packet]) -> None:
    assert read(write(packets)) == (packets, [])


@given(st.binary(), st.sampled_from([pcapng.USER0, 1]))
def test_garbage_gives_a_packet_or_one_exception_class(data: bytes, link: int) -> None:
    file = pcapng.section() + pcapng.interface("x", link) + pcapng.packet(NOON, data)
    try:
        (packet,), _ = read(file)
    except RecordingError:
        return
    assert packet.data in data


@pytest.mark.parametrize(
    ("header", "words"),
    [
        (b"", "not of a fiscal printer's line"),
        (b"\x02\x01\x00\x00\x00", "version 2, this program reads version 1"),
        (b"\x01\x03\x00\x00\x00", "header is not ours"),
        (b"\x01\x01\x05\x00\x00", "header is not ours"),
        (b"\x01\x01\x00\x06\x05posnettill", "header is not ours"),
        (b"\x01\x00\x00\x00\x00", "without direction"),
        (b"\x01\x01\x01\x00\x00", "an event with one"),
        (b"\x01\x01\x00\x01\x00\xff", "names are no text"),
        (b"\x01\x01\x00\x00\x01\xff", "names are no text"),
    ],
)
def test_a_file_of_another_format_is_refused(header: bytes, words: str) -> None:
    with pytest.raises(RecordingError, match=words):
        read(pcapng.section() + pcapng.interface("x") + pcapng.packet(NOON, header))
