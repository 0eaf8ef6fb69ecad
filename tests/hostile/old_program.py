"""An old program of the shop, which sells at a gateway and speaks POSNET: ``... PORT SECONDS``.

What it found is written to standard output as JSON.
"""

from __future__ import annotations

import json
import socket
import sys
import time
from collections.abc import Iterator
from typing import NamedTuple

import click

from fiscald.protocols.posnet.frames import Deframer, Frame
from tests.emulator.posnet.talking import frame, readable
from tests.hostile.reach import NEIGHBOUR

#: Seconds between two receipts, and for an answer.
SELL_EVERY, PATIENCE = 1.0, 10.0
RECEIPT = ("prncancel|", "trinit|bm0|", "trline|naKawa|vt0|pr1000|", "trend|to1000|")


class Sold(NamedTuple):
    """What the program sold."""

    sold: int
    done: int
    longest: float
    """Of a whole receipt, in seconds."""
    failures: list[str]


def sell(port: int, seconds: float) -> Sold:
    """Sell a receipt a second, on one connection; connect again if it is lost."""
    began = time.monotonic()
    sold = done = 0
    longest = 0.0
    failures: list[str] = []
    link: socket.socket | None = None
    while (now := time.monotonic()) < began + seconds:
        sold += 1
        try:
            link = link or socket.create_connection(("127.0.0.1", port), PATIENCE, (NEIGHBOUR, 0))
            for command in RECEIPT:
                answer = _say(link, command)
                if "?" in answer:
                    raise OSError(f"{command} {answer}")
            done += 1
        except OSError as error:
            failures.append(f"{type(error).__name__}: {error}")
            if link is not None:
                link.close()
            link = None
        longest = max(longest, time.monotonic() - now)
        time.sleep(max(0.0, SELL_EVERY - (time.monotonic() - now)))
    if link is not None:
        link.close()
    return Sold(sold, done, longest, failures)


def _say(link: socket.socket, command: str) -> str:
    link.sendall(frame(command))
    return readable(next(_frames(link)))


def _frames(link: socket.socket) -> Iterator[Frame]:
    deframer = Deframer()
    while True:
        data = link.recv(4096)
        if not data:
            raise ConnectionError("the gateway closed the connection")
        yield from (each for each in deframer.feed(data) if isinstance(each, Frame))


if __name__ == "__main__":
    click.echo(json.dumps(sell(int(sys.argv[1]), float(sys.argv[2]))._asdict()))
