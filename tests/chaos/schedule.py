"""What will happen in one run: documents, and faults with the moment of each. Drawn from one number."""

from __future__ import annotations

import functools
import random
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from fiscald.emulator.faults import FaultKind, Switch
from fiscald.model.money import format_grosze
from fiscald.protocols import family as find_family
from tests.chaos.later import LATER_DOCUMENTS, PROFILE_OF
from tests.chaos.what import Restored as Restored
from tests.chaos.what import What as What

#: Profiles that are drawn; a family that is not named here: all it has. Innova prints no system number, by which
#: the campaign knows whose foot it sees; it takes part in the matrix. No emulated printer is an HD.
PROFILES = {"posnet": ("online", "old"), "thermal": ("posnet", "novitus"), "novitus-xml": ("online",)}
#: The profile of a NoviAPI printer is its paper's width, which an emulated one has not.
NO_PROFILES = ("noviapi",)
CABLE = (
    What.CUT, What.CUT_AND_KILL, What.MUTE, What.DROP, What.DELAY, What.DUPLICATE, What.TRUNCATE, What.FLIP, What.SPLIT, What.MERGE
)  # fmt: skip
ACTS = {
    What.ANSWER_LOST: FaultKind.DROP_AFTER, What.COMMAND_LOST: FaultKind.DROP_BEFORE, What.ANSWER_LATE: FaultKind.LATE,
    What.ANSWER_TWICE: FaultKind.DUPLICATE, What.ANSWER_BAD: FaultKind.BAD_CRC, What.ANSWER_CUT: FaultKind.TRUNCATE,
    What.NOISE: FaultKind.NOISE, What.COMMAND_BAD: FaultKind.CORRUPT_IN, What.POWER_BEFORE: FaultKind.POWER_CUT_BEFORE,
    What.POWER_AFTER: FaultKind.POWER_CUT_AFTER, What.KEYPAD_CANCEL: FaultKind.KEYPAD_CANCEL,
    What.KEYPAD_REPORT: FaultKind.KEYPAD_REPORT, What.FOREIGN: FaultKind.FOREIGN_RECEIPT,
}  # fmt: skip
#: What happens only to a printer that speaks HTTP: at a request, at its own work on a document, at a power cut.
HTTP_ACTS = {
    What.HANG_UP_BEFORE: FaultKind.HANG_UP_BEFORE, What.HANG_UP_AFTER: FaultKind.HANG_UP_AFTER,
    What.STATUS_BEFORE: FaultKind.STATUS_BEFORE, What.STATUS_AFTER: FaultKind.STATUS_AFTER,
    What.PAGE_BEFORE: FaultKind.PAGE_BEFORE, What.PAGE_AFTER: FaultKind.PAGE_AFTER,
}  # fmt: skip
WORK_ACTS = {
    What.WORK_LOST: FaultKind.DROP_BEFORE, What.WORK_UNKNOWN: FaultKind.DROP_AFTER, What.WORK_LATE: FaultKind.LATE,
    What.WORK_POWER_BEFORE: FaultKind.POWER_CUT_BEFORE, What.WORK_POWER_AFTER: FaultKind.POWER_CUT_AFTER,
}  # fmt: skip
HTTP = (*HTTP_ACTS, *WORK_ACTS, What.WORK_FAKED, What.QUEUE_LOST)
#: The statuses of refused requests, and of the pages of a proxy. No printer says 404 of a job that it knows.
STATUSES, PAGES = (401, 403, 429, 500, 503), (200, 302, 404, 502, 503)
SWITCHES = {What.PAPER_OUT: Switch.PAPER_OUT, What.COVER: Switch.COVER, What.MENU: Switch.MENU}
#: What other people do together, at a command.
OTHERS = (What.DAY_CLOSED, What.OTHER_CONTENT, What.GIVEN_UP, What.NEXT_CUSTOMER)
#: What the configuration does not announce, between two receipts, at a command.
UNEXPECTED = (What.RATES_CHANGED, What.UNKNOWN_PROGRAM)
#: Other programs that print.
FOREIGN = (What.FOREIGN, What.INTRUDER, What.FOREIGN_SLOW)
#: Faults that are addressed by a virtual second, and by a journal write.
TIMED = (What.FOREIGN_SLOW, What.DISK_FULL, What.CLOCK, What.SWAP)
#: What people and other programs do.
PEOPLE = (What.KEYPAD_CANCEL, What.KEYPAD_REPORT, *FOREIGN, *OTHERS)
#: What ``draw`` draws from. The others came later and have separate worlds (``draw_others``, ``draw_restored``, ``draw_in_a_row``): the
#: same seed is to give the same schedule for ever.
DRAWN = tuple(what for what in What if what not in (*OTHERS, *UNEXPECTED, What.JOURNAL_COPY, *HTTP))
WRITES = (What.KILL_BEFORE_WRITE, What.KILL_AFTER_WRITE, What.HOST_POWER)


class Fault(BaseModel):
    """One fault: what, at which byte, command, write, turn or second, and for how long."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    what: What
    at: int
    direction: Literal["out", "in"] = "out"
    seconds: float = 1.0
    amount: int = 1


class Order(BaseModel):
    """One document that an application submits."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    key: str
    at: float
    document: dict[str, Any]
    if_interrupted: Literal["repeat", "fail"] = "repeat"
    asked_twice: bool = False
    """By two clients at once, with the same key."""


class Schedule(BaseModel):
    """One run."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    seed: int
    family: str = "posnet"
    profile: str | None = None
    link: Literal["tcp", "serial"] = "tcp"
    slowness: float = 0.0
    start_hour: str = "10:00:00"
    orders: tuple[Order, ...]
    faults: tuple[Fault, ...] = ()

    @property
    def shared(self) -> bool:
        """Whether the configuration says that another program prints here: where one does, and nothing else is to be
        noticed by the counters."""
        return self.restored is None and any(fault.what in (*FOREIGN, *OTHERS) for fault in self.faults)

    @property
    def restored(self) -> Restored | None:
        """What is put back in this run."""
        return next((Restored(fault.amount) for fault in self.faults if fault.what is What.JOURNAL_COPY), None)


def receipt(number: int, rng: random.Random, *, twin: bool = False) -> dict[str, Any]:
    """A receipt whose first goods carry the job's number; ``twin``: of a value that others have too."""
    prices = [777 if twin else 1000 + number]
    lines = [{"name": f"Towar {number}", "price": format_grosze(prices[0]), "vat": "A"}]
    if not twin:
        for index in range(rng.randrange(4)):
            prices.append(rng.randrange(1, 5000))
            price = format_grosze(prices[-1])
            lines.append({"name": f"Inny {number} {index}", "price": price, "vat": rng.choice("ABC")})
    document: dict[str, Any] = {"type": "receipt", "lines": lines}
    if rng.random() < 0.3:
        document["payments"] = [{"type": "card", "amount": format_grosze(sum(prices))}]
    if rng.random() < 0.2:
        document["footer"] = ["Dziękujemy", f"nr {number}"]
    if rng.random() < 0.3:
        document["system_number"] = f"SN-{number}-"
    return document


def printout(number: int, rng: random.Random) -> dict[str, Any]:
    """A printout whose first line carries the job's number."""
    lines: list[Any] = [f"Bon {number}"]
    lines += [rng.choice((f"Danie {number} {index}", "", {"rule": True})) for index in range(rng.randrange(5))]
    document: dict[str, Any] = {"type": "printout", "lines": lines}
    if rng.random() < 0.3:
        document["title"] = "Kuchnia"
    if rng.random() < 0.2:
        document["barcode"] = f"BON{number}"
    return document


def draw(seed: int, family: str = "posnet") -> Schedule:
    """The schedule of that number."""
    rng = random.Random(seed)
    orders = _orders(rng, family)
    # Half of the time faults meet: what comes to nothing alone does harm within a few commands of another.
    near = rng.choice((None, rng.randrange(1, 70)))
    faults = tuple(draw_fault(rng, near, drawn(family)) for _ in range(rng.choice((1, 1, 2, 2, 3, 4, 6))))
    return make_schedule(rng, seed, family, orders, faults)


def draw_others(seed: int, family: str = "posnet") -> Schedule:
    """The schedule of that number in the worlds in which other people do several things together.

    It has a separate source of random numbers, so that ``draw`` still draws the same. In such a world a document becomes
    undecided where others close and cancel receipts of our value, or if ours is neither the first nor the last.
    """
    rng = random.Random(f"others {seed}")
    orders = _orders(rng, family)
    near = rng.randrange(1, 70)
    what = rng.choice(OTHERS)
    faults = [
        Fault(
            what=what,
            at=near + rng.randrange(6),
            seconds=round(rng.uniform(1, 20), 3),
            amount=rng.choice((300, 777, 1000, 1001, 9000)),
        )
        for _ in range(1 if what is What.NEXT_CUSTOMER else rng.choice((1, 1, 2)))
    ]
    meeting = tuple(each for each in drawn(family) if each not in PEOPLE)
    faults += [draw_fault(rng, near, meeting) for _ in range(rng.choice((0, 1, 1, 2)))]
    return make_schedule(rng, seed, family, orders, tuple(faults))


def _orders(rng: random.Random, family: str) -> tuple[Order, ...]:
    later = {"printout"} if family == "thermal" else set()  # printed there since later than the seeds
    known = set(find_family(family).documents) - later
    orders, moment = [], 0.0
    for number in range(rng.randrange(1, 5)):
        moment += rng.choice((0.0, 0.0, rng.uniform(0, 5)))
        kind = rng.random()
        document: dict[str, Any]
        if kind < 0.70:
            document = receipt(number, rng, twin=rng.random() < 0.15)
        elif kind < 0.82:
            document = {"type": "daily_report"}
        elif kind < 0.91:
            document = {"type": "cash_in", "amount": format_grosze(100_000 + number)}
        elif kind < 0.95:
            document = {"type": "goods_return", "amount": format_grosze(200_000 + number)}
        else:
            document = printout(number, rng)
        if document["type"] not in known:
            document = receipt(number, rng)
        orders.append(
            Order(
                key=f"job/{number}",
                at=round(moment, 3),
                document=document,
                if_interrupted="fail" if rng.random() < 0.15 else "repeat",
                asked_twice=rng.random() < 0.2,
            )
        )
    return tuple(orders)


def drawn(family: str) -> tuple[What, ...]:
    """The faults of printers of that family."""
    return (*DRAWN, *HTTP) if find_family(family).web else DRAWN


@functools.cache
def _profiles(family: str) -> tuple[str | None, ...]:
    if family in NO_PROFILES:
        return (None,)
    return tuple(PROFILES.get(family, find_family(family).choices("profile")))


def make_schedule(
    rng: random.Random, seed: int, family: str, orders: tuple[Order, ...], faults: tuple[Fault, ...]
) -> Schedule:
    profiles = _profiles(family)
    profile = rng.choice((*profiles[:1] * 3, *profiles))
    link: Literal["tcp", "serial"] = rng.choice(("tcp", "serial"))
    return Schedule(
        seed=seed,
        family=family,
        profile=profile,
        link="tcp" if find_family(family).web else link,
        slowness=rng.choice((0.0, 0.0, 1.0, 5.0)),
        start_hour=rng.choice(("10:00:00", "10:00:00", "23:59:55")),
        orders=orders,
        faults=faults,
    )


def draw_restored(seed: int, family: str = "posnet") -> Schedule:
    """The schedule of that number, and a journal that is replaced by an older copy in it."""
    schedule, rng = draw(seed, family), random.Random(f"restored {seed}")
    copied = Fault(
        what=What.JOURNAL_COPY,
        at=rng.randrange(0, 12),
        seconds=round(rng.choice((0.5, 2.0, rng.uniform(0, 10), rng.uniform(5, 60))), 3),
        amount=rng.choice(list(Restored)),
    )
    return schedule.model_copy(update={"faults": (*schedule.faults, copied)})


#: What may come between two receipts that are printed in a row, and may make the look at the first one worthless.
BETWEEN = (
    What.RATES_CHANGED, What.RATES_CHANGED, What.UNKNOWN_PROGRAM, What.KEYPAD_REPORT, What.KEYPAD_CANCEL, What.POWER_BEFORE,
    What.POWER_AFTER, What.ANSWER_LOST, What.COMMAND_LOST, What.ANSWER_TWICE, What.ANSWER_LATE, What.COMMAND_BAD, What.PAPER_OUT,
    What.SWAP, What.CUT, What.MUTE, What.KILL_TURN, What.KILL_AFTER_WRITE, What.HOST_POWER, What.DISK_FULL,
)  # fmt: skip


def draw_in_a_row(seed: int, family: str = "posnet") -> Schedule:
    """The schedule of that number in the worlds in which receipts follow each other, so that each one may start from
    what the one before it left. The goods name their VAT rate, so the campaign notices a sale by an old VAT table.
    """
    rng = random.Random(f"in a row {seed}")
    orders, moment = [], rng.uniform(0.5, 3.0)
    for number in range(rng.randrange(3, 7)):
        document: dict[str, Any] = receipt(number, rng, twin=rng.random() < 0.1)
        document["lines"] = [line | {"vat": rng.choice(("23%", "8%", "5%"))} for line in document["lines"]]
        if rng.random() < 0.1:
            document = rng.choice(
                ({"type": "daily_report"}, {"type": "cash_in", "amount": format_grosze(100_000 + number)})
            )
        orders.append(Order(key=f"job/{number}", at=round(moment, 3), document=document))
        moment += rng.choice((0.0, 0.0, 0.1, rng.uniform(0.2, 2.0), rng.uniform(1.0, 5.0), rng.uniform(20, 70)))
    near = rng.choice((None, rng.randrange(15, 90)))
    faults = []
    for _ in range(rng.choice((1, 1, 2, 2, 3))):
        fault = draw_fault(rng, near, BETWEEN)
        if fault.what in UNEXPECTED:
            at = rng.randrange(15, 130) if near is None else near + rng.randrange(6)
            fault = fault.model_copy(update={"at": at, "amount": rng.choice((1, 2))})
        elif fault.what is What.ANSWER_LATE:
            fault = fault.model_copy(update={"seconds": round(rng.uniform(2, 40), 3)})  # into another receipt
        faults.append(fault)
    return make_schedule(rng, seed, family, tuple(orders), tuple(faults))


def draw_fault(rng: random.Random, near: int | None, kinds: tuple[What, ...]) -> Fault:
    """``near``: the command around which those faults come that are counted by commands."""
    what = rng.choice(kinds)
    seconds = round(rng.choice((0.05, 1.0, rng.uniform(0, 10), rng.uniform(5, 45))), 3)
    if what in CABLE:
        return Fault(
            what=what,
            at=rng.randrange(4000),
            direction=rng.choice(("out", "in")),
            seconds=seconds,
            amount=rng.choice((1, 2, 5, 40)),
        )
    if what in WRITES:
        return Fault(what=what, at=rng.randrange(1, 25), seconds=seconds)
    if what is What.KILL_TURN:
        return Fault(what=what, at=rng.randrange(1, 1500), seconds=seconds)
    if what in TIMED:
        amount = rng.choice((-86_400, -60, 3600, 86_400, 400_000_000)) if what is What.CLOCK else 1
        return Fault(what=what, at=rng.randrange(0, 8), seconds=seconds, amount=amount)
    if what in (*WORK_ACTS, What.WORK_FAKED):
        return Fault(what=what, at=rng.randrange(1, 4), seconds=seconds)
    at = rng.randrange(1, 70) if near is None else near + rng.randrange(6)
    if what in HTTP_ACTS:
        pages = what in (What.PAGE_BEFORE, What.PAGE_AFTER)
        return Fault(what=what, at=at, amount=rng.choice(PAGES if pages else STATUSES))
    return Fault(what=what, at=at, seconds=seconds)


#: Commands after a lost one within which everything about it is found out.
REACH = 20
#: The documents of the exhaustive matrix.
DOCUMENTS: dict[str, dict[str, Any]] = {
    "receipt": {
        "type": "receipt",
        "lines": [{"name": "Towar 0", "price": "10.00", "vat": "A"}, {"name": "Inny", "price": "1.50", "vat": "C"}],
        "payments": [{"type": "card", "amount": "11.50"}],
    },
    "daily_report": {"type": "daily_report"},
    "cash_in": {"type": "cash_in", "amount": "1000.00"},
}


def single(document: str, family: str, *faults: Fault) -> Schedule:
    """One document, and exactly these faults."""
    return Schedule(
        seed=0,
        family=family,
        profile=PROFILE_OF.get((family, document)),
        orders=(Order(key="job/0", at=0.5, document=(DOCUMENTS | LATER_DOCUMENTS)[document]),),
        faults=faults,
    )


def matrix(family: str, document: str, size: Size) -> list[Schedule]:
    """Every single fault of the kinds that can be counted: at every byte, turn, write and command."""
    sizes: dict[Literal["out", "in"], int] = {"out": size.out, "in": size.back}
    faults = [
        Fault(what=what, at=at, direction=direction, seconds=0.0)
        for what in (What.CUT, What.CUT_AND_KILL)
        for direction, length in sizes.items()
        for at in range(length)
    ]
    faults += [Fault(what=What.KILL_TURN, at=at) for at in range(1, size.turns)]
    faults += [Fault(what=what, at=at) for what in WRITES for at in range(1, size.writes + 1)]
    once = (*ACTS, *SWITCHES, What.INTRUDER)
    faults += [Fault(what=what, at=at, seconds=12.0) for what in once for at in range(1, size.commands + 1)]
    if find_family(family).web:
        faults += [
            Fault(what=what, at=at, amount=amount)
            for what in HTTP_ACTS
            for amount in {What.STATUS_BEFORE: STATUSES, What.STATUS_AFTER: STATUSES}.get(what, (502,))
            for at in range(1, size.commands + 1)
        ]
        faults += [Fault(what=what, at=1, seconds=12.0) for what in (*WORK_ACTS, What.WORK_FAKED)]
    return [single(document, family, fault) for fault in faults]


def meetings(family: str, document: str, size: Size) -> list[Schedule]:
    """What other people do together, at every command: alone, and when a command is lost or unanswered before or at it."""
    lost = (What.ANSWER_LOST, What.COMMAND_LOST)
    return [
        single(document, family, Fault(what=what, at=at, seconds=8.0, amount=amount), *other)
        for what in OTHERS
        for amount in ((300, 1150, 9000) if what is What.GIVEN_UP else (1,))
        for at in range(1, size.commands + 1)
        for other in (
            (),
            *((Fault(what=each, at=at + later),) for each in lost for later in (-2, -1, 0, 1, 2) if at + later > 0),
        )
    ]


def pairs(family: str, document: str, size: Size) -> list[Schedule]:
    """Every command lost or unanswered, and somebody else at the printer a few commands or seconds later."""
    meddling = (What.KEYPAD_CANCEL, What.KEYPAD_REPORT, What.FOREIGN, What.INTRUDER)
    return [
        single(document, family, Fault(what=lost, at=at), second)
        for lost in (What.ANSWER_LOST, What.COMMAND_LOST)
        for at in range(1, size.commands + 1)
        for second in (
            *(Fault(what=what, at=later) for what in meddling for later in range(at + 1, at + REACH)),
            *(Fault(what=What.FOREIGN_SLOW, at=second, seconds=60.0) for second in range(1, 7)),
        )
    ]


class Size(BaseModel):
    """How much there is of an undisturbed run."""

    out: int
    back: int
    turns: int
    writes: int
    commands: int
