"""What will happen in one run with old programs at a gateway. Drawn from one number."""

from __future__ import annotations

import random
from enum import StrEnum
from typing import Literal

from pydantic import BaseModel, ConfigDict

from tests.chaos.schedule import PEOPLE, Fault, Order, Schedule, What, draw_fault, drawn, make_schedule, receipt

#: The gateway's faces, as ``[printers.NAME.gateway] family``.
FACES = ("posnet", "thermal")
#: The number of the first sale of a program; those before it are the application's at the API.
FIRST_SALE = 50
#: What can go wrong between a program and a TCP port.
TCP_FAULTS = (What.CUT, What.CUT, What.MUTE, What.DELAY, What.SPLIT, What.MERGE, What.KILL_TURN)
#: The same at a pseudo-terminal. It is in the program's own computer: answers arrive, and only commands are garbled.
PTY_FAULTS = (What.DELAY, What.SPLIT, What.MERGE, What.KILL_TURN, What.DROP, What.FLIP)


#: Bytes of the answers to one sale, and those before the closing answer, by face.
ANSWERS = {"posnet": (75, 62), "thermal": (120, 90)}


class Kind(StrEnum):
    """What a program does when the answer to its closing command does not come."""

    REPEATS = "repeats"
    """Connects again, cancels what is open, and sends the whole receipt again."""
    SAME_LINE = "same_line"
    """The same on the connection that it has."""
    COMPARES = "compares"
    """Reads the counter of receipts, and sends the receipt again if it is what it was before."""
    PIPELINES = "pipelines"
    """As ``REPEATS``, and sends all commands without waiting for the answers between."""
    GIVES_UP = "gives_up"
    """Goes on with the next sale."""
    CRASHES = "crashes"
    """As ``REPEATS``, and its process dies now and then."""


class Sale(BaseModel):
    """What a program sells."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    number: int
    times: int = 1
    """How often in a row: each one is a separate sale."""
    dropped: bool = False
    """Given up by the cashier before the closing command."""
    pause: float = 0.0
    """Seconds before it."""


class Program(BaseModel):
    """One program."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    peer: str
    kind: Kind
    patience: float
    """Seconds that it waits for an answer."""
    starts: float = 0.5
    sales: tuple[Sale, ...]


class GatewaySchedule(Schedule):
    """One run; ``faults`` happen behind the gateway, ``front_faults`` before it."""

    face: str = "posnet"
    front: Literal["tcp", "serial"] = "tcp"
    answer_seconds: float = 10.0
    repeat_seconds: float = 300.0
    programs: tuple[Program, ...]
    front_faults: tuple[Fault, ...] = ()


def draw_gateway(seed: int, family: str = "posnet") -> GatewaySchedule:
    """The schedule of that number."""
    rng = random.Random(f"gateway {seed}")
    front: Literal["tcp", "serial"] = rng.choice(("tcp", "tcp", "serial"))
    orders = tuple(
        Order(key=f"job/{number}", at=round(rng.uniform(0, 30), 3), document=receipt(number, rng))
        for number in range(rng.choice((0, 0, 1, 2)))
    )
    face = rng.choice(FACES)
    near = rng.choice((None, rng.randrange(1, 70)))
    kinds = tuple(what for what in drawn(family) if what is not What.SWAP)
    behind = [draw_fault(rng, near, kinds) for _ in range(rng.choice((0, 1, 1, 2, 2, 3, 4)))]
    programs = _programs(rng, front, alone=not orders and not any(fault.what in PEOPLE for fault in behind))
    plain = make_schedule(rng, seed, family, orders, tuple(behind))
    shortest = min(program.patience for program in programs)
    return GatewaySchedule(
        **{name: getattr(plain, name) for name in Schedule.model_fields},
        face=face,
        front=front,
        answer_seconds=round(shortest - rng.choice((0.2, 0.5, 1.0)), 3),
        repeat_seconds=rng.choice((300.0, 3600.0)) + 1200 * bool(plain.slowness),
        programs=programs,
        front_faults=tuple(_front_fault(rng, front, face) for _ in range(rng.choice((0, 1, 1, 2, 3, 4)))),
    )


def _programs(rng: random.Random, front: str, *, alone: bool) -> tuple[Program, ...]:
    count = 1 if front == "serial" else rng.choice((1, 1, 1, 2))
    # A program that compares counters is right only while it prints alone.
    kinds = [kind for kind in Kind if kind is not Kind.COMPARES or (alone and count == 1)]
    found = []
    apart = rng.choice((20, 20, 0))  # two programs may sell the same
    for place in range(count):
        first = FIRST_SALE + place * apart
        sales = tuple(
            Sale(
                number=first + index,
                times=rng.choice((1, 1, 1, 1, 2, 3)),
                dropped=rng.random() < 0.15,
                pause=round(rng.choice((0.0, 0.0, rng.uniform(0, 3), rng.uniform(5, 30))), 3),
            )
            for index in range(rng.randrange(1, 5))
        )
        found.append(
            Program(
                peer="serial" if front == "serial" else f"192.168.1.{5 + place}",
                kind=rng.choice(kinds),
                patience=rng.choice((2.0, 5.0, 9.0, 20.0)),
                starts=round(rng.uniform(0.5, 10), 3),
                sales=sales,
            )
        )
    return tuple(found)


def _front_fault(rng: random.Random, front: str, face: str) -> Fault:
    what = rng.choice(PTY_FAULTS if front == "serial" else TCP_FAULTS)
    seconds = round(rng.choice((0.05, 1.0, rng.uniform(0, 10), rng.uniform(5, 45))), 3)
    # The answer of a pseudo-terminal is there at once, and whole.
    direction: Literal["out", "in"] = "out"
    if front == "tcp" or what is What.KILL_TURN:
        direction = rng.choice(("out", "in"))
    at = rng.randrange(900)
    if direction == "in" and rng.random() < 0.7:  # at a closing answer, if nothing was sent again before
        what = rng.choice((what, What.DELAY)) if front == "tcp" else what
        length, before = ANSWERS[face]
        at = rng.randrange(6) * length + rng.randrange(before, length)
    return Fault(what=what, at=at, direction=direction, seconds=seconds, amount=rng.choice((1, 2, 5)))
