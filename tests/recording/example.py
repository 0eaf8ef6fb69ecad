"""The recording that ``docs/recordings.md`` shows: a receipt that ends badly, twice, and everything that can be in it.

``python -m tests.recording.example`` writes it to ``docs/wireshark/example.pcapng``.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

from fiscald.model.times import POLISH_TIME
from fiscald.protocols.decoding import Direction
from fiscald.recording.packets import Event, Packet, write
from tests.protocols.posnet.scripted import frame

PATH = Path(__file__).parents[2] / "docs" / "wireshark" / "example.pcapng"
NOON = datetime(2026, 11, 22, 12, 0, tzinfo=POLISH_TIME)


def example() -> list[Packet]:
    packets: list[Packet] = []
    now = NOON

    def add(event: Event, direction: Direction | None = None, data: bytes = b"", *, after: float = 0.004) -> None:
        nonlocal now
        now += timedelta(seconds=after)
        packets.append(Packet(now, "posnet", "till1", event, direction, data))

    def ask(command: str, *answers: bytes) -> None:
        add(Event.DATA, Direction.SENT, frame(command))
        for answer in answers:
            add(Event.DATA, Direction.RECEIVED, answer, after=0.021)

    add(Event.GAP, data=b"17 earlier packets are not kept any more", after=0)
    add(Event.OPEN, data=b"tcp://192.168.1.50:6666")
    status = frame("scomm\tfsT\ttzN\tts0\thrT\tnuEMU 0000000001\ttdN\t")
    ask("scomm\t", status[:20], status[20:])
    ask("trinit\tbm0\t", frame("trinit\t"))
    ask("trnipset\tni5260250274\t", frame("trnipset\t"))
    ask("trline\tnaŻurek\tvt1\tpr1200\til2.000\twa2400\t", frame("trline\t?2106\t"))
    add(Event.DATA, Direction.SENT, frame("prncancel\t"))
    add(Event.LOST, data=b"tcp://192.168.1.50:6666: the other end closed the connection", after=5.25)
    add(Event.OPEN, data=b"tcp://192.168.1.50:6666", after=0.2)
    ask("!sdev\t", frame("sdev\tds0\tcp1\tqe1\tpe0\t").replace(b"ds0", b"ds?"))
    add(Event.CLOSED, after=2.0)
    return packets


if __name__ == "__main__":
    PATH.write_bytes(write(example()))
