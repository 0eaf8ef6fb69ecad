"""The memory of the flight recorders: one bound for all of them, shared fairly, and nothing of a packet is lost."""

from __future__ import annotations

from collections import deque
from datetime import datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from fiscald.model.times import POLISH_TIME
from fiscald.protocols.decoding import Direction
from fiscald.recording.memory import Line, Memory
from fiscald.recording.packets import Event

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=POLISH_TIME)
#: Bytes that a packet takes beside its own.
HEAD = 14


def in_file(direction: Direction | None, length: int) -> int:
    return 40 + length + (12 if direction else 0)


def talk(line: Line, *lengths: int) -> None:
    for length in lengths:
        line.add(NOON, Event.DATA, Direction.SENT, bytes(length))


def kept(line: Line) -> list[tuple[datetime, int, str | None, bytes]]:
    place = line.first
    found: list[tuple[datetime, int, str | None, bytes]] = []
    while place.number < line.end.number:
        packet, place = line.read(place)
        found.append((packet.at, int(packet.event), packet.direction, packet.data))
    assert place == line.end
    return found


packets = st.tuples(
    st.integers(0, 3 * 10**12).map(lambda ticks: NOON + timedelta(microseconds=ticks)),
    st.sampled_from([*Event]),
    st.sampled_from([None, *Direction]),
    st.binary(max_size=200),
)


@given(st.lists(packets, max_size=60), st.integers(0, 3000))
def test_the_latest_packets_are_kept_as_they_came(said: list[tuple[datetime, Event, Direction | None, bytes]], keep: int) -> None:  # fmt: skip
    line = Memory().line(keep, in_file)
    expected: deque[tuple[datetime, int, str | None, bytes]] = deque()
    for at, event, direction, data in said:
        line.add(at, event, direction, data)
        expected.append((at, int(event), direction, data))
        while sum(in_file(None if way is None else Direction(way), len(each)) for _, _, way, each in expected) > keep:
            expected.popleft()
        assert kept(line) == list(expected)
    assert line.end.number == len(said)
    assert line.used == sum(HEAD + len(each) for *_, each in expected)


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 400)), max_size=200))
def test_all_lines_together_stay_within_the_bound(said: list[tuple[int, int]]) -> None:
    memory = Memory(4000)
    lines = [memory.line(1 << 30, in_file) for _ in range(5)]
    for number, length in said:
        before = [line.first for line in lines]
        most = max(line.used for line in lines)
        talk(lines[number], length)
        assert sum(line.used for line in lines) <= 4000
        for line, first in zip(lines, before, strict=True):
            if line.first != first:
                assert line.used >= min(most, 800) - 414, "only the line that had most loses packets"


def test_a_busy_line_uses_what_is_left_and_a_quiet_one_keeps_its_share() -> None:
    memory = Memory(100_000)
    quiet, busy, later = (memory.line(1 << 30, in_file) for _ in range(3))
    talk(quiet, *[86] * 10)
    talk(busy, *[86] * 5000)
    assert quiet.used == 1000
    assert 97_000 < busy.used <= 99_000
    talk(later, *[86] * 5000)
    assert quiet.used == 1000, "it had less than its share"
    assert abs(busy.used - later.used) < 3000, "the others have the rest in equal parts"


def test_a_packet_larger_than_everything() -> None:
    memory = Memory(1000)
    line = memory.line(1 << 30, in_file)
    talk(line, 10, 2000, 20)
    assert [len(data) for *_, data in kept(line)] == [20]
