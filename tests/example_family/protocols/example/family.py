"""The whole driver: session, looks, dialogue, names."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from fiscald.model.documents import CashIn
from fiscald.model.jobs import Paper, Result
from fiscald.model.money import grosze
from fiscald.model.printers import Condition, Counters, Identity, PrinterState, Snapshot
from fiscald.model.problems import problem
from fiscald.protocols.base import (
    Answer,
    Checkpoint,
    Damaged,
    Deadline,
    Dialogue,
    DialogueAborted,
    Effect,
    Event,
    Evidence,
    FamilyOptions,
    Identification,
    Look,
    NotPrinted,
    Printed,
    RawReply,
    Session,
    Settings,
    Stage,
    Step,
    Stray,
    Unknown,
    Verdict,
    Wait,
)
from fiscald.protocols.conditions import Conditions, condition_problem
from fiscald.protocols.decoding import CommandDoc, DecodedError, DecodedField, DecodedFrame, Direction, ProtocolDoc
from fiscald.protocols.example import Lines, line
from fiscald.protocols.families import Decoding, Family, Handler, Raw


@dataclass(frozen=True, eq=False)
class Request:
    """A command on its way."""

    text: str

    @property
    def step(self) -> Step:
        query = not self.text.startswith("IN")
        return Step(self, Effect.QUERY if query else Effect.IRREVERSIBLE, Deadline.QUERY if query else Deadline.CLOSE)


class ExampleSession(Session):
    def __init__(self) -> None:
        self._lines = Lines()
        self._waiting: list[Request] = []

    def send(self, command: Request) -> bytes:
        self._waiting.append(command)
        data: bytes = line(command.text)
        return data

    def receive(self, data: bytes) -> Sequence[Event]:
        return [self._event(text) for text in self._lines.feed(data)]

    def forget(self) -> None:
        self._waiting.clear()

    def _event(self, text: str | None) -> Event:
        if text is None:
            return Damaged("a line whose sum does not fit")
        name = "IN" if text.startswith("ERR") else text.split()[0]
        for command in self._waiting:
            if command.text.split()[0] == name:
                self._waiting.remove(command)
                return Answer(command, text)
        return Stray(f"answer {name}, which nothing waits for")


def ask(text: str) -> Dialogue[str]:
    answer: str = yield Request(text).step
    return answer


class ExampleLook(Look):
    id: str
    ready: bool
    reports: int
    slips: int

    @property
    def printer_id(self) -> str:
        return self.id


class ExampleEvidence(Evidence):
    family: Literal["example"] = "example"
    version: Literal[2] = 2
    before: ExampleLook | None = None
    opened: ExampleLook | None = None
    after: ExampleLook | None = None


def look() -> Dialogue[ExampleLook]:
    """Who it is, and its counters."""
    who = yield from ask("WHO")
    _, ready, reports, slips = (yield from ask("SEE")).split()
    return ExampleLook(id=who[4:], ready=ready == "1", reports=int(reports), slips=int(slips))


def to_counters(seen: ExampleLook) -> Counters:
    return Counters(daily_report=seen.reports + 1, last_receipt=0, receipts=0, printouts=seen.slips)


def carry_out(document: CashIn, settings: Settings, printer_id: str | None) -> Dialogue[Verdict]:
    before = yield from look()
    if not before.ready:
        return Wait(problem("printer.busy", reason="it is not ready"))
    if printer_id not in (None, before.id):
        raise DialogueAborted(problem("printer.busy", reason="another printer"))
    yield Checkpoint(Stage.STARTED, before, counters=to_counters(before))
    yield Checkpoint(Stage.COMMITTING, before)
    answer = yield from ask(f"IN {grosze(document.amount)}")
    return (yield from judge(document, before, refused=answer.startswith("ERR")))


def judge(document: CashIn, before: ExampleLook, *, refused: bool = False) -> Dialogue[Verdict]:
    """One more slip, or none: that is the proof."""
    now = yield from look()
    if now.id != before.id:
        return Wait(problem("printer.busy", reason="another printer"))
    moved = now.slips - before.slips
    if now.reports != before.reports or moved > 1:
        why = problem("printer.unproven", reason="a report came in between", extra={"cause": "report_between"})
        return Unknown(why, {"after": now})
    if moved == 1:
        result = Result(printer_id=now.id, total=document.amount, daily_report=now.reports + 1)
        return Printed(result, Paper.PRINTED, (), {"after": now}, to_counters(now))
    return NotPrinted(problem("printer.interrupted", reason="no slip came out"), again=not refused)


class ExampleOptions(FamilyOptions):
    width: Literal["wide", "narrow"] = "wide"


class Example(Family):
    name = "example"
    options = ExampleOptions
    conditions = Conditions("paper_out | all | | SEE 0", ("cash_in",))
    evidence = ExampleEvidence
    speeds = (9600,)

    def __init__(self) -> None:
        self.handlers = {"cash_in": Handler(carry_out, self._recover)}
        self.raw = Raw(parse_raw, lambda reply, _: RawReply(reply, "refused" if reply.startswith("ERR") else None))
        self.decoding = Decoding(lambda _: ExampleDecoder(), protocol_doc)

    def session(self, settings: Settings) -> ExampleSession:
        return ExampleSession()

    def identify(self, settings: Settings) -> Dialogue[Identification]:
        snapshot = yield from self.read_status(settings)
        return Identification(snapshot.identity, snapshot.condition, snapshot.rates, False, snapshot.counters)

    def read_status(self, settings: Settings) -> Dialogue[Snapshot]:
        seen = yield from look()
        identity = Identity(printer_id=seen.id, model="EXAMPLE", fiscal=True, profile="small")
        condition = yield from self.poll(settings)
        return Snapshot(
            identity=identity, condition=condition, counters=to_counters(seen), rates={}, transaction_open=False, day_open=True
        )  # fmt: skip

    def poll(self, settings: Settings) -> Dialogue[Condition]:
        ready = (yield from ask("SEE")).split()[1] == "1"
        if ready:
            return Condition(state=PrinterState.READY, document_open=False)
        return Condition(state=PrinterState.PAPER_OUT, problem=condition_problem("paper_out"))

    def read_condition(self, settings: Settings) -> Dialogue[Condition]:
        return self.poll(settings)

    def _recover(self, document: CashIn, settings: Settings, checkpoint: Checkpoint) -> Dialogue[Verdict]:
        condition = yield from self.poll(settings)
        if condition.problem is not None:
            return Wait(condition.problem)
        return (yield from judge(document, checkpoint.before))


def parse_raw(text: str, settings: Settings) -> Step:
    if not text.isascii() or not text.isprintable() or not text:
        raise ValueError("write WHO, SEE or IN AMOUNT")
    return Request(text).step


def protocol_doc() -> ProtocolDoc:
    return ProtocolDoc((CommandDoc("WHO", "unique number", ()), CommandDoc("IN", "cash in", ())), (), {}, LUA)


class ExampleDecoder:
    """Every line is a frame."""

    def __init__(self) -> None:
        self._kept = {Direction.SENT: b"", Direction.RECEIVED: b""}

    def feed(self, direction: Direction, data: bytes) -> Sequence[DecodedFrame]:
        *whole, self._kept[direction] = (self._kept[direction] + data).split(b"\n")
        return [self._named(piece + b"\n") for piece in whole]

    def end(self, direction: Direction) -> Sequence[DecodedFrame]:
        rest, self._kept[direction] = self._kept[direction], b""
        return [DecodedFrame(rest, rest, damage="the line has no end")] if rest else []

    def _named(self, raw: bytes) -> DecodedFrame:
        (text,) = Lines().feed(raw)
        if text is None:
            return DecodedFrame(raw, raw, damage="the sum does not fit")
        name, *rest = text.split() or [""]
        fields = tuple(DecodedField(f"f{number}", each, each, volatile=True) for number, each in enumerate(rest))
        error = DecodedError("1", "refused", "odmowa") if name == "ERR" else None
        return DecodedFrame(raw, raw, name, "a line", fields, error, text=text)


LUA = r"""
function family.cut(data)
    local pieces, at = {}, 1
    while true do
        local stop = data:find("\n", at, true)
        if not stop then
            return pieces, at
        end
        pieces[#pieces + 1] = { first = at, last = stop }
        at = stop + 1
    end
end

function family.parse(bytes)
    return { name = bytes:match("^%a+") or "?", fields = {} }
end
"""
FAMILY = Example()
