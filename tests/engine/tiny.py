"""A family of a few lines, to try on the line what POSNET and Thermal do not need.

A command is ``NUMBER:TEXT`` and LF, its answer ``NUMBER=TEXT`` and LF; SYN says that the printer is busy. Over HTTP, as
it were, (``over_http``) the printer closes the stream after each answer, and that is the answer's end.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import anyio
import anyio.abc

from fiscald.model.cash import CashIn
from fiscald.model.jobs import Result
from fiscald.model.printers import Condition, Counters, Identity, PrinterState, Snapshot
from fiscald.model.problems import problem
from fiscald.protocols.base import (
    Answer,
    Busy,
    Checkpoint,
    Damaged,
    Deadline,
    Dialogue,
    DialogueAborted,
    Effect,
    Event,
    Evidence,
    Expects,
    FamilyOptions,
    Identification,
    Look,
    NotPrinted,
    Printed,
    Resend,
    Session,
    Settings,
    Stage,
    Step,
    Stray,
    Verdict,
)
from fiscald.protocols.conditions import Conditions
from fiscald.protocols.families import Family, Handler
from fiscald.transport import ByteStream, LinkLost, Unreachable, memory_line

SYN = b"\x16"


@dataclass(frozen=True, eq=False)
class Command:
    text: str


def step(
    text: str, *, effect: Effect = Effect.QUERY, expects: Expects = Expects.ONE, resend: Resend | None = None,
    deadline: Deadline = Deadline.LINE,
) -> Step:  # fmt: skip
    return Step(Command(text), effect, deadline, expects, resend)


def ask(text: str, effect: Effect = Effect.QUERY) -> Dialogue[str]:
    _, answer = yield step(text, effect=effect)
    return str(answer)


class TinySession(Session):
    """A reply is the texts of all commands that it answers, and the answer."""

    def __init__(self, *, over_http: bool = False) -> None:
        self._over_http = over_http
        self._over = False
        self._number = 0
        self._waiting: dict[int, Command] = {}
        self._kept = b""

    def send(self, command: Command) -> bytes:
        self._over = False
        self._number += 1
        self._waiting[self._number] = command
        return b"%d:%s\n" % (self._number, command.text.encode())

    def receive(self, data: bytes) -> Sequence[Event]:
        busy = [Busy() for _ in range(data.count(SYN))]
        *lines, self._kept = (self._kept + data.replace(SYN, b"")).split(b"\n")
        return [*busy, *map(self._event, lines)]

    def forget(self) -> None:
        self._waiting.clear()

    def end(self) -> Sequence[Event]:
        if not self._over_http:
            return ()
        self._over = True
        rest, self._kept = self._kept, b""
        return [self._event(rest)] if rest else []

    @property
    def needs_new_connection(self) -> bool:
        return self._over

    def _event(self, line: bytes) -> Event:
        number, mark, text = line.partition(b"=")
        if not mark:
            return Damaged("this is no answer")
        command = self._waiting.get(int(number))
        if command is None:
            self._over = self._over_http
            return Stray("nothing waits for it")
        told = [each.text for each in self._waiting.values()]
        self._waiting.clear()
        return Answer(command, (told, text.decode()))


class TinyLook(Look):
    slips: int

    @property
    def printer_id(self) -> str:
        return "TINY 1"


class TinyEvidence(Evidence):
    family: Literal["tiny"] = "tiny"
    version: Literal[2] = 2
    before: TinyLook | None = None
    opened: TinyLook | None = None
    after: TinyLook | None = None


class Tiny(Family):
    """Cash in, proven by the number of slips."""

    name = "tiny"
    options = FamilyOptions
    evidence = TinyEvidence
    conditions = Conditions("paper_out | all | |", ("cash_in",))

    def __init__(self, *, over_http: bool = False, password: str | None = None, polls: bool = False) -> None:
        self._over_http = over_http
        self._password = password
        self.handlers = {"cash_in": Handler(self._cash_in, self._recover)}
        if password is not None:
            self.greeting = self._log_in
        if polls:
            self.poll = self.read_condition

    def session(self, settings: Settings) -> Session:
        return TinySession(over_http=self._over_http)

    def identify(self, settings: Settings) -> Dialogue[Identification]:
        snapshot = yield from self.read_status(settings)
        return Identification(snapshot.identity, snapshot.condition, {}, False)

    def read_status(self, settings: Settings) -> Dialogue[Snapshot]:
        name = yield from ask("who")
        condition = yield from self.read_condition(settings)
        counters = yield from self._count()
        identity = Identity(printer_id=name, model="TINY", fiscal=True, profile="tiny")
        return Snapshot(
            identity=identity, condition=condition, counters=counters, rates={}, transaction_open=False, day_open=True
        )  # fmt: skip

    def read_condition(self, settings: Settings) -> Dialogue[Condition]:
        state = yield from ask("ready")
        return Condition(state=PrinterState.READY if state == "yes" else PrinterState.BUSY, document_open=False)

    def _log_in(self, settings: Settings) -> Dialogue[None]:
        if (yield from ask(f"password {self._password}")) != "welcome":
            raise DialogueAborted(
                problem("printer.out_of_order", reason="it does not take the password", reason_pl="hasło")
            )

    def _count(self) -> Dialogue[Counters]:
        slips = int((yield from ask("count")))
        return Counters(daily_report=1, last_receipt=0, receipts=0, printouts=slips)

    def _cash_in(self, document: CashIn, settings: Settings, printer_id: str | None) -> Dialogue[Verdict]:
        before = yield from self._count()
        look = TinyLook(slips=before.printouts)
        yield Checkpoint(Stage.STARTED, look, counters=before)
        yield Checkpoint(Stage.COMMITTING, look)
        yield from ask("pay", Effect.IRREVERSIBLE)
        return (yield from self._judge(look))

    def _recover(self, document: CashIn, settings: Settings, checkpoint: Checkpoint) -> Dialogue[Verdict]:
        return self._judge(checkpoint.before)

    def _judge(self, before: TinyLook) -> Dialogue[Verdict]:
        now = yield from self._count()
        if now.printouts == before.slips:
            return NotPrinted(problem("printer.interrupted", reason="no slip came out"), again=True)
        return Printed(Result(printer_id="TINY 1"), evidence={"after": TinyLook(slips=now.printouts)}, counters=now)


class TinyPrinter:
    """What is at the other end, and where (an ``Address``)."""

    def __init__(self, answer: Callable[[str], bytes | None] | None = None, *, closes: bool = False) -> None:
        """``answer``: to a command's text, without its number; ``None``: none. ``closes``: the stream, after each."""
        self._answer = answer or self._tell
        self._closes = closes
        self.refuses = False
        self.slips = 0
        self.sent: list[tuple[float, int, bytes]] = []
        """When, over which connection, and what."""
        self.connections = 0
        self.ends: list[ByteStream] = []
        self.tasks: anyio.abc.TaskGroup | None = None

    def __str__(self) -> str:
        return "memory://tiny"

    @property
    def texts(self) -> list[str]:
        """Of the commands that came."""
        return [line.decode().partition(":")[2].strip() for _, _, line in self.sent]

    async def open(self) -> ByteStream:
        await anyio.lowlevel.checkpoint()
        if self.refuses:
            raise Unreachable(f"{self}: connection refused")
        assert self.tasks is not None
        near, far = memory_line()
        self.connections += 1
        self.ends.append(far)
        self.tasks.start_soon(self._serve, far, self.connections)
        return near

    async def _serve(self, far: ByteStream, connection: int) -> None:
        kept = b""
        try:
            while True:
                *lines, kept = (kept + await far.receive()).split(b"\n")
                for line in lines:
                    await self._take(far, connection, line)
        except LinkLost:
            pass

    async def _take(self, far: ByteStream, connection: int, line: bytes) -> None:
        self.sent.append((anyio.current_time(), connection, line))
        number, _, text = line.partition(b":")
        told = self._answer(text.decode())
        if told is None:
            return
        # Over HTTP without a length: the answer ends with the stream.
        await far.send(told if told.startswith((SYN, b"?")) else number + b"=" + told + b"\n" * (not self._closes))
        if self._closes:
            await far.aclose()

    def _tell(self, text: str) -> bytes:
        if text == "pay":
            self.slips += 1
        return {"who": b"TINY 1", "ready": b"yes", "count": b"%d" % self.slips}.get(text, b"welcome")
