"""Recordings read by names, and given away without personal data."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fiscald.protocols import FAMILIES
from fiscald.protocols.decoding import Direction
from fiscald.recording.packets import Event, Packet, Side, read, write
from fiscald.recording.pcapng import RecordingError
from fiscald.recording.reading import entries, redact, turns
from fiscald.recording.reading import of_printer as of_printer_only
from tests.protocols.posnet.scripted import frame
from tests.recording.example import NOON, example

SENT, RECEIVED = Direction.SENT, Direction.RECEIVED
PIECES = st.sampled_from([frame("trnipset\tni5260250274\t"), frame("scomm\t"), b"\x02", b"\x03", b"5260250274", b"\t"])
LINES = st.lists(st.tuples(st.sampled_from(Direction), st.lists(PIECES | st.binary(max_size=9)).map(b"".join)))


def packet(data: bytes, direction: Direction | None = SENT, printer: str = "till1", family: str = "posnet") -> Packet:
    event = Event.OPEN if direction is None else Event.DATA
    return Packet(NOON, family, printer, event, direction, data)


def cut(data: bytes, size: int) -> list[Packet]:
    return [packet(data[at : at + size]) for at in range(0, len(data), size)]


def joined(packets: list[Packet]) -> bytes:
    return b"".join(each.data for each in packets)


def test_a_frame_over_several_packets_has_the_time_of_its_end() -> None:
    found = list(entries(example()))
    status = found[3]
    assert status.frame is not None
    assert (status.frame.name, status.at - NOON) == ("scomm", timedelta(milliseconds=50))
    assert [entry.note for entry in found if entry.event is Event.LOST] == [
        "tcp://192.168.1.50:6666: the other end closed the connection"
    ]


def test_a_new_connection_or_a_gap_ends_an_unfinished_frame() -> None:
    half = frame("scomm\t")[:5]
    found = list(entries([packet(half), packet(b"", None), packet(frame("scomm\t")), packet(half)]))
    kinds = [entry.frame.damage or entry.frame.name if entry.frame else entry.event.name for entry in found]
    assert kinds == ["the frame has no end", "OPEN", "scomm", "the frame has no end"]


def test_printers_do_not_mix() -> None:
    data = frame("scomm\t")
    found = entries([packet(data[:4]), packet(frame("sid\t"), printer="till2"), packet(data[4:])])
    assert [(entry.printer, entry.frame and entry.frame.name) for entry in found] == [
        ("till2", "sid"),
        ("till1", "scomm"),
    ]


def test_a_program_and_the_printer_do_not_mix() -> None:
    """Not even where both speak one protocol."""
    of_printer, of_program = frame("scomm\t"), frame("trline\tnaŻurek\t")
    packets = []
    for place in range(0, 40, 5):
        packets.append(packet(of_printer[place : place + 5]))
        packets.append(packet(of_program[place : place + 5])._replace(side=Side.PROGRAM))
    packets = [each for each in packets if each.data]
    found = [(entry.side, entry.frame and entry.frame.name) for entry in entries(packets)]
    assert found == [(Side.PRINTER, "scomm"), (Side.PROGRAM, "trline")]
    assert [[turn.name for turn in each] for each in turns(entries(packets))] == [["scomm"]]
    assert of_printer_only(packets) == [each for each in packets if each.side is Side.PRINTER]
    with pytest.raises(RecordingError, match="no command"):
        of_printer_only(each for each in packets if each.side is Side.PROGRAM)


def test_a_nip_of_a_program_is_masked_beside_another_line() -> None:
    secret = frame("trnipset\tni5260250274\t")
    packets = [each for piece in cut(secret, 7) for each in (piece, piece._replace(side=Side.PROGRAM))]
    masked = redact(packets)
    for side in Side:
        assert joined([each for each in masked if each.side is side]) == frame("trnipset\tni0000000000\t")


def test_a_family_or_code_page_of_another_version() -> None:
    with pytest.raises(RecordingError, match=f"no family 'tremol'; known: {', '.join(FAMILIES)}"):
        list(entries([packet(b"", family="tremol")]))
    with pytest.raises(RecordingError, match="no code page 'utf-8', but cp1250"):
        list(entries([packet(b"")], "utf-8"))


@pytest.mark.parametrize("size", [1, 2, 7, 100])
def test_a_nip_is_masked_across_packets(size: int) -> None:
    masked = redact(cut(frame("trnipset\tni5260250274\t"), size))
    assert joined(masked) == frame("trnipset\tni0000000000\t")
    assert {each.comment for each in masked} >= {"personal data masked"}
    assert max(len(each.data) for each in masked) <= size


def test_packets_without_personal_data_stay_unchanged() -> None:
    packets = [each for each in example() if b"trnipset\tni" not in each.data]
    assert redact(packets) == packets
    assert [each.data for each in redact(example()) if each.comment] == [frame("trnipset\tni0000000000\t")]


@given(LINES)
def test_masking_changes_no_length_no_order_and_no_frame(line: list[tuple[Direction, bytes]]) -> None:
    packets = [packet(data, direction) for direction, data in line]
    masked = redact(packets)
    assert [(each.direction, len(each.data)) for each in masked] == [(way, len(data)) for way, data in line]
    before, after = list(entries(packets)), list(entries(masked))
    assert [entry.frame and (entry.frame.name, entry.frame.damage) for entry in before] == [
        entry.frame and (entry.frame.name, entry.frame.damage) for entry in after
    ]
    assert [each.data for each in redact(masked)] == [each.data for each in masked], "once is enough"
    for entry in after:
        assert entry.frame is not None
        assert entry.frame.damage or entry.frame.name != "trnipset" or b"5260250274" not in entry.frame.raw
    assert read(write(masked)).packets == masked
