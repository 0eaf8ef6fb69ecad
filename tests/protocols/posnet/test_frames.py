"""Frames: every example of the reference, fed in every way; and what is not a frame."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fiscald.protocols.posnet.frames import (
    MAX_FRAME,
    BadFrame,
    Deframer,
    Field,
    Frame,
    FrameFault,
    crc16,
    decode,
    encode,
)


def examples() -> list[tuple[str, str, bytes]]:
    """Direction, readable payload, bytes."""
    lines = Path(__file__).with_name("frames.txt").read_text("utf-8").splitlines()[1:]
    return [(text[0], text[2:], bytes.fromhex(data)) for text, data in zip(lines[::2], lines[1::2], strict=True)]


EXAMPLES = examples()
every_example = pytest.mark.parametrize(("text", "data"), [pytest.param(t, d, id=f"{w} {t}") for w, t, d in EXAMPLES])

# Payloads with checksums published by independent clients (POSNET reference, 3.1).
PUBLISHED = {
    "trinit|bm0|": "4825",
    "trinit|": "911D",
    "trline|naTowar A|vt0|pr9999999|": "712E",
    "trend|to9999999|": "CC47",
    "trend|to2000|": "245B",
    "trline|naPepsi 2L|vt0|pr1000|wa2000|il2|": "54D3",
    "trfvinit|": "C8BA",
    "trfvbuyer|naNazwaNabywcy#########################################_56|ninip45678901234567890|sc0|": "6E80",
    "trfvnumber|nbNumerFaktury#########################_40|sc0|": "02AF",
    "dbchkstart|ty1|": "BDD1",
    "dbchkplu|vt0|naTowar A|": "8064",
    "dbchkend|": "990F",
    "ERR|?5|": "7F84",
}


def readable(frame: Frame) -> str:
    parts = [
        "!" * frame.immediate + frame.mnemonic,
        *(f"{name}{value.decode('cp1250')}" for name, value in frame.fields),
    ]
    return "".join(f"{part}|" for part in parts).replace("\n", "<LF>")


def feed(data: bytes, size: int) -> list[Frame | BadFrame]:
    deframer = Deframer()
    return [item for start in range(0, len(data), size) for item in deframer.feed(data[start : start + size])]


def test_there_are_examples() -> None:
    assert len(EXAMPLES) > 90


@every_example
@pytest.mark.parametrize("size", [1, 3, 10_000])
def test_an_example_is_found_however_it_is_cut(text: str, data: bytes, size: int) -> None:
    (frame,) = feed(data, size)
    assert isinstance(frame, Frame)
    assert readable(frame) == text


@every_example
@pytest.mark.parametrize(
    ("before", "after"), [(b"noise\x03\x00", b""), (b"", b"#\x03tail"), (b"\x02half a frame\t", b"\x02n")]
)
def test_an_example_is_found_among_junk(text: str, data: bytes, before: bytes, after: bytes) -> None:
    frames = [item for item in feed(before + data + after, 10_000) if isinstance(item, Frame)]
    assert [readable(frame) for frame in frames] == [text]


@every_example
def test_an_example_is_built_again(text: str, data: bytes) -> None:
    (frame,) = feed(data, 10_000)
    assert isinstance(frame, Frame)
    assert encode(frame) == data


@every_example
def test_two_frames_in_one_piece(text: str, data: bytes) -> None:
    frames = feed(data + data, 10_000)
    assert [readable(frame) for frame in frames if isinstance(frame, Frame)] == [text, text]


@pytest.mark.parametrize(("payload", "crc"), PUBLISHED.items())
def test_published_checksums(payload: str, crc: str) -> None:
    assert crc16(payload.replace("|", "\t").encode()) == crc.encode()


def test_the_check_value_of_the_checksum() -> None:
    assert crc16(b"123456789") == b"31C3"


def test_lower_case_checksums_are_accepted() -> None:
    assert feed(b"\x02ERR\t?5\t#7f84\x03", 99) == [Frame("ERR", (Field("?", b"5"),))]


def test_a_hash_inside_a_value_is_not_the_checksum_mark() -> None:
    payload = b"trline\tna#Kawa #5\t"
    assert feed(b"\x02" + payload + b"#" + crc16(payload) + b"\x03", 99) == [
        Frame("trline", (Field("na", b"#Kawa #5"),))
    ]


def broken(payload: bytes, crc: bytes | None = None) -> bytes:
    return b"\x02" + payload + b"#" + (crc16(payload) if crc is None else crc) + b"\x03"


@pytest.mark.parametrize(
    ("data", "fault"),
    [
        (broken(b"scomm\t", b"0000"), FrameFault.CRC),
        (broken(b"scomm\t", b"GGGG"), FrameFault.CRC),
        (broken(b"scomm\t", b"C42"), FrameFault.CRC_LENGTH),
        (broken(b"scomm\t", b"2B"), FrameFault.CRC_LENGTH),
        (b"\x02\x03", FrameFault.SYNTAX),
        (b"\x02scomm\t\x03", FrameFault.SYNTAX),
        (broken(b"scomm"), FrameFault.SYNTAX),
        (broken(b"trinit\tbm0"), FrameFault.SYNTAX),
        (broken(b"trinit\t\tbm0\t"), FrameFault.FIELD),
        (broken(b"trinit\tb\t"), FrameFault.FIELD),
        (broken(b"\t"), FrameFault.MNEMONIC),
        (broken(b"!\t"), FrameFault.MNEMONIC),
        (broken(b"x" * 25 + b"\t"), FrameFault.MNEMONIC),
        (b"\x02" + b"x" * (MAX_FRAME + 1) + b"\x03", FrameFault.TOO_LONG),
    ],
)
def test_what_is_not_a_frame_has_its_own_error(data: bytes, fault: FrameFault) -> None:
    (item,) = feed(data, 10_000)
    assert isinstance(item, BadFrame)
    assert item.fault is fault


def test_after_a_bad_frame_the_next_good_one_is_found() -> None:
    data = broken(b"scomm\t", b"0000") + broken(b"scnt\t")
    assert [type(item) for item in feed(data, 1)] == [BadFrame, Frame]


def test_an_empty_value_is_a_value() -> None:
    assert decode(b"login\tna\tnk1\t") == Frame("login", (Field("na", b""), Field("nk", b"1")))


@pytest.mark.parametrize("value", [b"a\tb", b"a\x02", b"a\x03"])
def test_a_value_cannot_inject_a_field_or_end_the_frame(value: bytes) -> None:
    with pytest.raises(ValueError, match="would end"):
        encode(Frame("trline", (Field("na", value),)))


def test_the_buffer_is_bounded() -> None:
    deframer = Deframer()
    for _ in range(100):
        assert not list(deframer.feed(b"\x02" + b"x" * MAX_FRAME))
    assert len(deframer._frame or b"") <= MAX_FRAME


VALUES = st.binary(max_size=40).map(lambda b: bytes(x for x in b if x not in (2, 3, 9)))
FRAMES = st.builds(
    Frame,
    st.from_regex(r"[a-z]{1,24}", fullmatch=True),
    st.lists(st.builds(Field, st.from_regex(r"[a-z]{2}", fullmatch=True), VALUES), max_size=8).map(tuple),
    st.booleans(),
)


@given(FRAMES, st.integers(1, 50))
def test_what_is_encoded_is_decoded(frame: Frame, size: int) -> None:
    assert feed(encode(frame), size) == [frame]


@given(st.lists(FRAMES, max_size=4), st.data())
def test_any_cutting_of_any_stream_gives_the_same(frames: list[Frame], data: st.DataObject) -> None:
    stream = b"".join(map(encode, frames))
    deframer, found, rest = Deframer(), [], stream
    while rest:
        size = data.draw(st.integers(1, len(rest)))
        found += list(deframer.feed(rest[:size]))
        rest = rest[size:]
    assert found == frames


@given(st.binary(max_size=400))
def test_garbage_gives_frames_or_faults_and_nothing_else(data: bytes) -> None:
    assert all(isinstance(item, Frame | BadFrame) for item in feed(b"\x02" + data + b"\x03", 7))


@given(FRAMES, st.integers(min_value=0), st.integers(1, 255))
def test_no_flipped_byte_passes_as_the_same_frame(frame: Frame, place: int, flip: int) -> None:
    data = bytearray(encode(frame))
    data[place % len(data)] ^= flip
    found = [item for item in feed(bytes(data), 1000) if isinstance(item, Frame)]
    # Only a digit of the checksum changed between upper and lower case may pass.
    assert found in ([], [frame])
