"""Which trouble comes, in which order: decided by the seed alone.

When it meets which byte cannot be repeated, because clocks, disks and the scheduler have a part in that; the same
seed gives the same order of the same troubles, and the same documents.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Trouble(StrEnum):
    """What happens to the parts."""

    KILL_DAEMON = "daemon killed"
    KILL_PRINTER = "printer process killed"
    POWER = "printer off and on"
    CUT_TO_PRINTER = "TCP cut on the way to the printer"
    CUT_FROM_PRINTER = "TCP cut on the way back"
    CHOP = "TCP delayed and in pieces"
    DROP_BEFORE = "drop_before"
    DROP_AFTER = "drop_after"
    LATE = "late"
    DUPLICATE = "duplicate"
    BAD_CRC = "bad_crc"
    TRUNCATE = "truncate"
    NOISE = "noise"
    CORRUPT_IN = "corrupt_in"
    POWER_CUT_BEFORE = "power_cut_before"
    POWER_CUT_AFTER = "power_cut_after"
    PAPER_OUT = "paper_out"
    COVER = "cover"


#: Only where there is a network.
ON_TCP: Final = (Trouble.CUT_TO_PRINTER, Trouble.CUT_FROM_PRINTER, Trouble.CHOP)
#: On every printer.
ON_PRINTER: Final = tuple(trouble for trouble in Trouble if trouble not in (*ON_TCP, Trouble.KILL_DAEMON))
#: The link stays silent after these, and the daemon has to be patient.
SILENT: Final = (Trouble.DROP_BEFORE, Trouble.DROP_AFTER, Trouble.TRUNCATE)

_OPENING = ("ftrcfg", "trinit")
_LINES = ("trline", "trpayment")
_CLOSING = ("trend", "trend", "trend", "trftrend", "cash")
_QUERIES = ("scnt", "scomm", "sfsk", "strns", "stot", "rtcget", "eclastdocnoget")
#: Commands that only a recovery sends, or sends again.
_RECOVERY = ("prncancel", "scomm", "strns", "scnt")
#: What moves paper, and so waits for it.
_PRINTING = ("trinit", "trline", "trend", "trftrend", "cash")


class Then(StrEnum):
    """What follows when a trouble has met its command."""

    NOTHING = "nothing"
    KILL_DAEMON = "daemon killed"
    POWER = "printer off and on"
    PATIENCE = "patience"
    """Nothing else happens to the printer until the daemon goes on by itself."""


@dataclass(frozen=True, slots=True)
class Action:
    """One trouble on one printer."""

    trouble: Trouble
    command: str
    nth: int
    seconds: float
    """How late, how long without paper, without power, in pieces."""
    bytes: int
    """How many pass before the cut."""
    abrupt: bool
    """The cut is a reset, not an end."""
    in_recovery: bool
    """A damaged answer comes first, so that the trouble meets the recovery from it."""
    then: Then
    pause: float
    """Seconds until the next action."""
    insist: bool = False
    """Tried again until it has happened."""


def actions(seed: int, printer: str, troubles: Sequence[Trouble], *, hasty: bool = False) -> Iterator[Action]:
    """Rounds of all ``troubles``, shuffled, for ever; ``hasty``: a single round of short ones."""
    chance = random.Random(f"{seed}/{printer}")
    for _ in range(1) if hasty else itertools.count():
        for trouble in chance.sample(troubles, len(troubles)):
            yield _hasty(trouble, chance) if hasty else _action(trouble, chance)


def _action(trouble: Trouble, chance: random.Random) -> Action:
    in_recovery = chance.random() < 0.25
    late = trouble is Trouble.LATE
    follows = [Then.NOTHING, Then.KILL_DAEMON, Then.POWER]
    return Action(
        trouble=trouble,
        command=_command(trouble, chance, in_recovery=in_recovery),
        nth=chance.choice((1, 1, 1, 2, 3)),
        # Late answers come just within patience, and just after it.
        seconds=chance.choice((0.3, 1.9, 4.9, 5.2, 14.9, 15.3)) if late else chance.uniform(0.0, 2.5),
        bytes=int(chance.expovariate(1 / 400)),
        abrupt=chance.random() < 0.5,
        in_recovery=in_recovery,
        then=chance.choice([Then.PATIENCE, *follows])
        if trouble in SILENT
        else chance.choice([*follows, *[Then.NOTHING] * 3]),
        pause=chance.expovariate(2.0),
    )


def _command(trouble: Trouble, chance: random.Random, *, in_recovery: bool) -> str:
    if trouble in (Trouble.PAPER_OUT, Trouble.COVER):
        return chance.choice(_PRINTING)
    if in_recovery:
        return chance.choice(_RECOVERY)
    return chance.choice(chance.choice((_OPENING, _LINES, _CLOSING, _CLOSING, _QUERIES)))


def _hasty(trouble: Trouble, chance: random.Random) -> Action:
    """One that is over in a second: its command comes soon, and the daemon is not left to wait in silence."""
    return Action(
        trouble=trouble,
        command="trend",
        nth=1,
        seconds=chance.uniform(0.1, 0.4),
        bytes=chance.randint(0, 400),
        abrupt=chance.random() < 0.5,
        in_recovery=False,
        then=Then.KILL_DAEMON if trouble in SILENT else Then.NOTHING,
        pause=0.0,
        insist=True,
    )


@dataclass(frozen=True, slots=True)
class Kill:
    """When the daemon is killed."""

    pause: float
    """Seconds after the last kill."""
    command: str | None
    """Then as soon as this command is sent; ``None``: whatever it does."""
    delay: float
    """And so many seconds later."""
    down: float
    """Seconds until it is started again; more than a client's own patience now and then."""


def kills(seed: int, *, hasty: bool = False) -> Iterator[Kill]:
    """The kills of the daemon; ``hasty``: they leave it time to go on.

    Recovery may watch an open receipt for seconds before it touches it, so some pauses are shorter than that and most
    longer. Now and then there is a calm in which the longest patience (a closing step: 30 seconds) ends by itself.
    """
    chance = random.Random(f"{seed}/daemon")
    while True:
        for _ in range(chance.randint(6, 12)):
            yield Kill(
                pause=chance.uniform(7.0, 9.0) if hasty else chance.choice((0.5, 1.5, 3.0, 7.0, 8.0, 10.0)),
                command=chance.choice((None, "trinit", *_LINES, *_CLOSING, "scnt")),
                delay=chance.expovariate(1 / 0.008),
                down=0.0 if hasty else chance.choice((0.0, 0.0, 0.0, 0.5, 3.0)),
            )
        yield Kill(pause=chance.uniform(25.0, 45.0), command=None, delay=0.0, down=0.0)
