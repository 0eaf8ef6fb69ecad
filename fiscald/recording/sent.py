"""What a program said to a gateway for a document, as the job keeps it, in the words of its family."""

from __future__ import annotations

from collections.abc import Iterator

from fiscald.model.programs import Program, Sending
from fiscald.protocols.decoding import Direction
from fiscald.recording.packets import Event, Packet, Side
from fiscald.recording.reading import Entry, entries


def decoded(program: Program, sending: Sending) -> list[Entry]:
    """Every frame, and a gap where bytes are left out. Raises ``RecordingError`` for a family that is not known."""
    return list(entries(_packets(program, sending), program.code_page))


def _packets(program: Program, sending: Sending) -> Iterator[Packet]:
    for each in sending.said:
        if each.left_out:
            note = f"{each.left_out} bytes are not kept".encode()
            yield Packet(each.at, program.family, program.peer, Event.GAP, None, note, "", Side.PROGRAM)
        data, direction = bytes.fromhex(each.hex), Direction(each.direction)
        yield Packet(each.at, program.family, program.peer, Event.DATA, direction, data, "", Side.PROGRAM)
