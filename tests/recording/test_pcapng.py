"""The file format: what is written is read, and anything else gives warnings or the one error."""

from __future__ import annotations

import contextlib
import struct
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from fiscald.recording import pcapng
from fiscald.recording.pcapng import USER0, Captured, Reader, RecordingError, read

NOON = datetime(2026, 11, 22, 12, 0, 0, 123456, tzinfo=UTC)
MOMENTS = st.datetimes(datetime(1970, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
PACKETS = st.lists(
    st.tuples(MOMENTS, st.binary(max_size=40), st.sampled_from([None, True, False]), st.text("ab ż", max_size=9))
)


def file(*packets: bytes) -> bytes:
    return pcapng.section() + pcapng.interface("till1") + b"".join(packets)


FILE = file(pcapng.packet(NOON, b"\x02scomm\t", outbound=True), pcapng.packet(NOON, b"\x06", outbound=False))


def test_a_file_byte_by_byte() -> None:
    assert FILE.hex(" ", 4) == (
        # section: length 44, byte order, version 1.0, length unknown, option 4 "fiscald", end of options
        "0a0d0d0a 2c000000 4d3c2b1a 01000000 ffffffff ffffffff 04000700 66697363 616c6400 00000000 2c000000 "
        # interface: length 36, link type 147, no limit, option 2 "till1"
        "01000000 24000000 93000000 00000000 02000500 74696c6c 31000000 00000000 24000000 "
        # packet: length 52, interface 0, microseconds, 7 bytes, padded, option 2 (flags) outbound
        "06000000 34000000 00000000 dc600600 40b27a37 07000000 07000000 0273636f 6d6d0900 02000400 02000000 00000000 "
        "34000000 "
        "06000000 30000000 00000000 dc600600 40b27a37 01000000 01000000 06000000 02000400 01000000 00000000 30000000"
    )


@given(PACKETS)
def test_what_is_written_is_read(packets: list[tuple[datetime, bytes, bool | None, str]]) -> None:
    data = file(*(pcapng.packet(at, body, outbound=out, comment=text) for at, body, out, text in packets))
    assert read(data) == ([Captured(at, body, USER0, text) for at, body, _, text in packets], [])


@given(st.integers(1, 40))
def test_however_it_is_cut_up(size: int) -> None:
    reader = Reader()
    found = [packet for at in range(0, len(FILE), size) for packet in reader.feed(FILE[at : at + size])]
    assert found == read(FILE)[0]
    assert reader.end() == []


@given(st.binary() | st.binary().map(lambda junk: FILE[:28] + junk))
@example(b"")
@example(pcapng.MAGIC)
def test_garbage_gives_the_one_error_or_warnings(data: bytes) -> None:
    with contextlib.suppress(RecordingError):
        read(data)


@given(st.integers(0, len(FILE) - 1), st.integers(1, 255))
def test_a_damaged_byte(place: int, change: int) -> None:
    data = bytearray(FILE)
    data[place] ^= change
    try:
        packets, _ = read(bytes(data))
    except RecordingError:
        assert place < 44, "only the first block tells what kind of file this is"
    else:
        assert len(packets) <= 2


@pytest.mark.parametrize("length", range(44, len(FILE)))
def test_a_truncated_file_gives_what_is_whole_and_a_warning(length: int) -> None:
    whole = [end for end in (44, 80, 132, len(FILE)) if end <= length]
    packets, warnings = read(FILE[:length])
    assert len(packets) == max(0, len(whole) - 2)
    assert warnings == ([] if length in whole else [f"at byte {whole[-1]}: the file ends in the middle of a block"])


@pytest.mark.parametrize("length", range(1, 53))
def test_what_is_half_written_ends_at_the_next_section(length: int) -> None:
    """A daemon was killed, and the next one wrote behind it."""
    packets, warnings = read(FILE[: 80 + length] + FILE)
    assert [packet.data for packet in packets[-2:]] == [b"\x02scomm\t", b"\x06"]
    assert len(packets) == (3 if length == 52 else 2)
    assert bool(warnings) == (length != 52)


def test_files_of_other_programs() -> None:
    """Big-endian, nanoseconds, an offset, unknown blocks and options; packets of another link type."""

    def block(kind: int, body: bytes) -> bytes:
        length = struct.pack(">I", len(body) + 12)
        return struct.pack(">I", kind) + length + body + length

    def option(code: int, value: bytes) -> bytes:
        return struct.pack(">HH", code, len(value)) + value + bytes(-len(value) % 4)

    ticks = 5 * 10**9 + 1000
    data = (
        block(0x0A0D0D0A, struct.pack(">IHHq", 0x1A2B3C4D, 1, 0, -1))
        + block(1, struct.pack(">HHI", 1, 0, 0))
        + block(0xBAD, b"what is this")
        + block(
            1,
            struct.pack(">HHI", 147, 0, 65535)
            + option(2988, b"custom")
            + option(9, b"\x09")
            + option(14, struct.pack(">q", 3600))
            + bytes(4),
        )
        + block(6, struct.pack(">IIIII", 1, ticks >> 32, ticks & 0xFFFFFFFF, 3, 3) + b"abc\0" + option(1, b"hm"))
        + block(6, struct.pack(">IIIII", 0, 0, 0, 0, 0))
    )
    packets, warnings = read(data)
    assert packets[0] == Captured(
        datetime(1970, 1, 1, 1, 0, 5, tzinfo=UTC) + timedelta(microseconds=1), b"abc", 147, "hm"
    )
    assert packets[1].link == 1
    assert not warnings


def test_a_packet_of_no_interface_is_reported() -> None:
    packets, warnings = read(pcapng.section() + pcapng.packet(NOON, b"x"))
    assert (packets, warnings) == ([], ["at byte 44: a packet of an interface that is not described"])
