"""Answers of a lying server that are small on the wire and gigabytes unpacked."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

from tests.hostile_licence.liar import Said, between
from tests.hostile_licence.office import Office
from tests.hostile_licence.scene import Attack
from tests.hostile_licence.till import Till, sells, step

#: Unpacked bytes.
GIANT = 1 << 30


class PackedAnswers(Attack):
    """Exhaust a till's memory."""

    tries = f"a lying server's answer of a few kilobytes that unpacks to {GIANT >> 20} MB, packed once and twice"
    most: ClassVar[dict[str, int]] = {"MB of the till's memory": 60, "answers that counted": 0}
    processes = True

    def go(self, scene: Office, part: int) -> Iterator[None]:
        once = gzip.compress(bytes(GIANT), 9)
        yield
        with between(scene) as liar:
            till = Till(scene.folder / "till", scene, url=liar.url)
            with till.on() as client:
                assert step(client, "registration", number=scene.number()) == "active"
                step(client, "check")
                before = memory(till.process.pid)
                for how, body in (
                    ("gzip", once),
                    ("gzip, gzip", gzip.compress(once, 9)),
                    ("deflate", b""),
                    ("br", b"x"),
                ):
                    said = Said(200, {"Content-Type": "application/jose", "Content-Encoding": how}, body)
                    liar.lie = lambda _, said=said: said
                    self.attempt()
                    self.gain("answers that counted", step(client, "check") != "licence.unreachable")
                    assert sells(client) == "done"
                    yield
                self.got["MB of the till's memory"] = round(memory(till.process.pid) - before)


def memory(pid: int) -> float:
    """The most that a process has had, in MB."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM"))
