"""Sequences and status bytes: every example of the reference, fed in every way; and what is none."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fiscald.protocols.thermal.frames import (
    MAX_FRAME,
    MAX_LONG_FRAME,
    AnswerDeframer,
    BadFrame,
    CommandDeframer,
    Control,
    Dle,
    Enq,
    Frame,
    FrameFault,
    check,
    decode,
    encode,
    status_byte,
)
from tests.protocols.thermal.examples import Example, examples

EXAMPLES = [example for example in examples() if example.sequence]
every_example = pytest.mark.parametrize("example", [pytest.param(e, id=e.text[:60]) for e in EXAMPLES])
#: The one example that is damaged on purpose.
WRONG_CHECK = b"\x1bP0$h02\x1b\\"
#: Kinds that have no check byte in the reference.
UNCHECKED = ("#Z", "#E", "#R", "#C", "$G")

Item = Frame | BadFrame | Control | Enq | Dle


def feed(data: bytes, size: int = 10_000, *, to_printer: bool = True) -> list[Item]:
    deframer = CommandDeframer() if to_printer else AnswerDeframer()
    return [item for start in range(0, len(data), size) for item in deframer.feed(data[start : start + size])]


def frames(items: list[Item]) -> list[Frame]:
    return [item for item in items if isinstance(item, Frame)]


def test_there_are_examples() -> None:
    assert sum(e.to_printer for e in EXAMPLES) > 100
    assert sum(not e.to_printer for e in EXAMPLES) > 40


@every_example
@pytest.mark.parametrize("size", [1, 3, 10_000])
def test_an_example_is_found_however_it_is_cut(example: Example, size: int) -> None:
    (frame,) = feed(example.data, size, to_printer=example.to_printer)
    assert isinstance(frame, Frame)
    assert encode(frame) == example.data


@every_example
@pytest.mark.parametrize(
    ("before", "after"),
    [(b"noise\x00", b""), (b"", b"\\tail\x1b"), (b"\x1bP1;2$lhalf a line\r", b"\x1bPn"), (b"\x1b\x1b", b"\x1b\\")],
)
def test_an_example_is_found_among_junk(example: Example, before: bytes, after: bytes) -> None:
    (alone,) = feed(example.data, to_printer=example.to_printer)
    found = frames(feed(before + example.data + after, to_printer=example.to_printer))
    assert found == [alone]


@every_example
def test_two_sequences_in_one_piece(example: Example) -> None:
    first, second = feed(example.data * 2, to_printer=example.to_printer)
    assert first == second


@every_example
def test_the_check_byte_of_an_example_is_right(example: Example) -> None:
    (frame,) = feed(example.data, to_printer=example.to_printer)
    assert isinstance(frame, Frame)
    optional = frame.name in ("#s", "#v", "#c", "#n") and example.to_printer
    if example.data == WRONG_CHECK:
        assert (frame.body, frame.digits) == (b"02", b"")
    elif not optional and frame.name not in UNCHECKED:
        assert frame.digits == check(example.data[2:-4]) == example.data[-4:-2]


def test_worked_examples_of_the_manuals() -> None:
    assert check(b"1#e") == b"88"
    assert check(b"0#i100/") == b"9B"
    assert check(b"113#X0/\r0/") == b"BA"
    assert encode(Frame((1,), "#e").checked) == bytes.fromhex("1B50312365 38381B5C")


def test_lower_case_digits_are_accepted() -> None:
    assert feed(b"\x1bP0$e8e\x1b\\") == [Frame((0,), "$e", b"", b"8e")]


def test_digits_that_fit_by_chance_can_be_given_back() -> None:
    (frame,) = feed(b"\x1bP1#E199\x1b\\", to_printer=False)
    assert isinstance(frame, Frame)
    assert (frame.body, frame.digits) == (b"1", b"99")
    assert frame.unchecked == Frame((1,), "#E", b"199")


def test_a_control_byte_in_front_of_the_number_is_passed_over() -> None:
    (frame,) = feed(b"\x1bP\x1f21#Z$l\x1b\\", to_printer=False)
    assert isinstance(frame, Frame)
    assert (frame.params, frame.name, frame.body) == ((21,), "#Z", b"$l")


def test_an_empty_last_parameter_is_none() -> None:
    assert decode(b"1;2;$y") == Frame((1, 2, None), "$y")


@pytest.mark.parametrize("payload", [b"", b"12", b"1;2", b"$", b"1$1", b"a$l", b"12345#e", b"1,2#e", b"-1#e"])
def test_what_is_no_sequence_has_its_own_fault(payload: bytes) -> None:
    assert feed(b"\x1bP" + payload + b"\x1b\\") == [BadFrame(FrameFault.SYNTAX)]


def test_another_escape_inside_spoils_the_sequence_up_to_its_end() -> None:
    data = b"\x1bP1$lKawa\x1bX\r1.\r\x1b\\" + b"\x1bP3#e8A\x1b\\"
    assert feed(data, 1) == [BadFrame(FrameFault.SYNTAX), Frame((3,), "#e", b"", b"8A")]


def test_a_new_beginning_inside_gives_up_what_was_collected() -> None:
    assert feed(b"\x1bP1$lKawa\x1bP3#e8A\x1b\\", 1) == [Frame((3,), "#e", b"", b"8A")]


def test_dle_is_recognised_at_any_position_and_is_no_data() -> None:
    found = feed(b"\x1bP0$\x10h83\x1b\\", 1)
    assert found == [Control.DLE, Frame((0,), "$h", b"", b"83")]


def test_can_ends_a_sequence() -> None:
    assert feed(b"\x1bP0$h\x1883\x1b\\\x05", 1) == [Control.CAN, Control.ENQ]


def test_enq_and_bel_inside_a_sequence_are_not_recognised() -> None:
    (frame,) = feed(b"\x1bP1$lKa\x05w\x07a\r\x1b\\", 1)
    assert isinstance(frame, Frame)
    assert frame.body == b"Ka\x05w\x07a\r"


def test_single_bytes_outside_are_recognised() -> None:
    assert feed(b"\x05\x07\x10\x18\x1ax", 1) == [
        Control.ENQ, Control.BEL, Control.DLE, Control.CAN, Control.DLE2,
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("byte", "status"),
    [
        (0x6C, Enq(fiscal=True, done=True, open=False, finished=False)),
        (0x6D, Enq(fiscal=True, done=True, open=False, finished=True)),
        (0x6E, Enq(fiscal=True, done=True, open=True, finished=False)),
        (0x6A, Enq(fiscal=True, done=False, open=True, finished=False)),
        (0x65, Enq(fiscal=False, done=True, open=False, finished=True)),
        (0x74, Dle(online=True, no_paper=False, fault=False)),
        (0x76, Dle(online=True, no_paper=True, fault=False)),
        (0x71, Dle(online=False, no_paper=False, fault=True)),
    ],
)
def test_status_bytes_mean_what_the_reference_says(byte: int, status: Enq | Dle) -> None:
    assert feed(bytes([byte]), to_printer=False) == [status]
    assert status.byte == byte


@pytest.mark.parametrize("byte", range(0x60, 0x78))
def test_every_bit_of_a_status_byte_has_its_own_meaning(byte: int) -> None:
    status = status_byte(byte)
    assert status is not None
    assert status.byte == byte


def test_other_bytes_are_no_status() -> None:
    assert [byte for byte in range(256) if status_byte(byte) is not None] == list(range(0x60, 0x78))


def test_letters_inside_an_answer_are_no_status_bytes() -> None:
    (frame,) = feed(b"\x1bP1#RPOSNET Thermal/2.02\x1b\\", 1, to_printer=False)
    assert isinstance(frame, Frame)


@pytest.mark.parametrize("body", [b"a\x1bb", b"a\x10", b"a\x18b", b"\x05"])
def test_a_value_cannot_end_the_sequence(body: bytes) -> None:
    with pytest.raises(ValueError, match="would end"):
        encode(Frame((1,), "$l", body))


def test_the_buffer_is_bounded() -> None:
    deframer = CommandDeframer()
    for _ in range(50):
        assert not list(deframer.feed(b"x" * MAX_FRAME if deframer.inside else b"\x1bP" + b"x" * MAX_FRAME))
    assert len(deframer._frame or b"") <= MAX_FRAME
    assert list(deframer.feed(b"\x1b\\")) == [BadFrame(FrameFault.TOO_LONG)]


def test_only_a_document_of_the_protected_memory_may_be_longer() -> None:
    long = Frame((), "@PMD", b"x" * 30_000).checked
    for size in (1, 7, 5000):
        assert feed(encode(long), size, to_printer=False) == [long]
    assert feed(encode(long), 999, to_printer=True) == [BadFrame(FrameFault.TOO_LONG)]
    other = Frame((), "@PMR", b"x" * 30_000).checked
    assert feed(encode(other), 999, to_printer=False) == [BadFrame(FrameFault.TOO_LONG)]
    deframer = AnswerDeframer()
    assert not list(deframer.feed(b"\x1bP@PMD" + b"x" * 100_000))
    assert len(deframer._frame or b"") <= MAX_LONG_FRAME
    assert list(deframer.feed(b"\x1b\\")) == [BadFrame(FrameFault.TOO_LONG)]


BODIES = st.binary(max_size=40).map(lambda b: bytes(x for x in b if x not in (0x1B, *Control)))
FRAMES = (
    st.builds(
        Frame,
        st.lists(st.integers(0, 9999), max_size=13).map(tuple),
        st.from_regex(r"@PM[A-Z]|[$#^@!?][A-Za-z]", fullmatch=True),
        BODIES,
    )
    .map(lambda frame: frame.checked)
    .filter(lambda frame: frame.name != "@P" or not frame.body.startswith(b"M"))
)


@given(FRAMES, st.integers(1, 50), st.booleans())
def test_what_is_encoded_is_decoded(frame: Frame, size: int, to_printer: bool) -> None:
    assert feed(encode(frame), size, to_printer=to_printer) == [frame]


@given(st.lists(FRAMES, max_size=4), st.data())
def test_any_cutting_of_any_stream_gives_the_same(sent: list[Frame], data: st.DataObject) -> None:
    stream = b"".join(map(encode, sent))
    deframer, found, rest = AnswerDeframer(), [], stream
    while rest:
        size = data.draw(st.integers(1, len(rest)))
        found += list(deframer.feed(rest[:size]))
        rest = rest[size:]
    assert found == sent


@given(st.binary(max_size=400), st.booleans())
def test_garbage_gives_items_and_nothing_else(data: bytes, to_printer: bool) -> None:
    items = feed(b"\x1bP" + data + b"\x1b\\", 7, to_printer=to_printer)
    assert all(isinstance(item, Frame | BadFrame | Control | Enq | Dle) for item in items)


@given(FRAMES, st.integers(min_value=0), st.integers(0, 7))
def test_no_flipped_bit_passes_as_the_same_kind_of_checked_sequence(frame: Frame, place: int, bit: int) -> None:
    data = bytearray(encode(frame))
    data[place % len(data)] ^= 1 << bit
    found = [item for item in feed(bytes(data), to_printer=False) if isinstance(item, Frame) and item.digits]
    # Only a digit changed between upper and lower case may pass.
    assert all(item._replace(digits=item.digits.upper()) == frame for item in found)


# -- runs of bytes --------------------------------------------------------------------------------------


class ByteByByte:
    """The rules of 3.1 as the reference has them, a byte at a time: what reading in runs must come to."""

    def __init__(self, *, to_printer: bool) -> None:
        self.to_printer = to_printer
        self.frame: list[int] | None = None
        self.escape = False
        self.fault: FrameFault | None = None

    def reset(self) -> None:
        self.frame, self.escape, self.fault = None, False, None

    def take(self, byte: int) -> Item | None:
        if self.to_printer and byte in (Control.DLE, Control.DLE2, Control.CAN):
            if byte == Control.CAN:
                self.reset()
            return Control(byte)
        if self.to_printer and byte in (Control.ENQ, Control.BEL) and self.frame is None:
            self.reset()
            return Control(byte)
        if not self.to_printer and self.frame is None and not self.escape and byte != 0x1B:
            return status_byte(byte)
        if self.escape:
            return self.escaped(byte)
        if byte == 0x1B:
            self.escape = True
        elif self.frame is not None and self.fault is None:
            self.frame.append(byte)
            if len(self.frame) > MAX_FRAME:
                self.fault = FrameFault.TOO_LONG
        return None

    def escaped(self, byte: int) -> Item | None:
        self.escape = byte == 0x1B
        if byte == ord("P"):
            self.frame, self.fault = [], None
        elif self.frame is None or self.escape:
            return None
        elif byte == ord("\\"):
            frame, fault = bytes(self.frame), self.fault
            self.reset()
            return decode(frame) if fault is None else BadFrame(fault)
        else:
            self.fault = self.fault or FrameFault.SYNTAX
        return None


PIECES = st.lists(
    st.sampled_from([b"\x1b", b"P", b"\\", b"\x1bP", b"\x1b\\", b"0#X", b"abc", b"x" * MAX_FRAME, b"\x00", b"\x7f"])
    | st.sampled_from([bytes([byte]) for byte in (*Control, 0x5F, 0x60, 0x6F, 0x70, 0x77, 0x78)])
    | st.binary(max_size=8),
    max_size=30,
)


@given(PIECES, st.booleans(), st.data())
def test_reading_in_runs_comes_to_the_same_as_byte_by_byte(
    pieces: list[bytes], to_printer: bool, data: st.DataObject
) -> None:
    stream, reference = b"".join(pieces), ByteByByte(to_printer=to_printer)
    wanted = [item for byte in stream if (item := reference.take(byte)) is not None]
    deframer = CommandDeframer() if to_printer else AnswerDeframer()
    found: list[Item] = []
    while stream:
        size = data.draw(st.integers(1, len(stream)))
        found += deframer.feed(stream[:size])
        stream = stream[size:]
    assert found == wanted
    assert (deframer.inside, deframer.escaped) == (reference.frame is not None, reference.escape)
