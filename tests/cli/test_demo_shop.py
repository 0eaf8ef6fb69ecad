"""The parts of the shop's demonstration: papers beside each other, a cable that is pulled."""

from __future__ import annotations

import socket
from contextlib import closing

import pytest

from fiscald.cli.demo_shop import Cable, beside

PAPERS = [("a", "123456\n1"), ("b", "x"), ("c", "y\ny")]


@pytest.mark.parametrize(
    ("width", "lines"),
    [
        (10, ["== a ==", "123456", "1", "", "== b ==", "x", "", "== c ==", "y", "y", ""]),
        (18, ["== a ==    == b ==", "123456     x", "1", "", "== c ==", "y", "y", ""]),
        (200, ["== a ==    == b ==    == c ==", "123456     x          y", "1                     y", ""]),
    ],
)
def test_papers_stand_beside_each_other_where_there_is_room(width: int, lines: list[str]) -> None:
    assert list(beside(PAPERS, width)) == lines


def test_a_pulled_cable_carries_the_end_and_no_answer() -> None:
    with socket.create_server(("127.0.0.1", 0)) as printer:
        cable = Cable("127.0.0.1", printer.getsockname()[1])
        cable.cut_behind = b"end"
        with closing(cable):
            daemon = socket.create_connection(("127.0.0.1", cable.port), timeout=20)
            inner, _ = printer.accept()
            daemon.sendall(b"begin")
            assert inner.recv(100) == b"begin"
            inner.sendall(b"yes")
            assert daemon.recv(100) == b"yes"
            daemon.sendall(b"end")
            assert inner.recv(100) == b"end"
            assert inner.recv(100) == b""
            assert daemon.recv(100) == b""
            refused = socket.create_connection(("127.0.0.1", cable.port), timeout=20)
            assert refused.recv(100) == b"", "while it is pulled"
            cable.plug()
            again = socket.create_connection(("127.0.0.1", cable.port), timeout=20)
            further, _ = printer.accept()
            again.sendall(b"end")
            assert further.recv(100) == b"end"
            for each in (daemon, inner, refused, again, further):
                each.close()
