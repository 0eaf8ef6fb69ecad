"""The whole driver: session, looks, dialogue, names."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from fiscald.model.cash import CashIn
from fiscald.model.jobs import Result
from fiscald.model.money import grosze
from fiscald.model.printers import Condition, Counters, Identity, PrinterState, Snapshot
from fiscald.model.problems import problem
from fiscald.protocols.base import (
    Answer,
    Checkpoint,
    Damaged,
    Deadline,
    Dialogue,
    Effect,
    Event,
    Evidence,
    FamilyOptions,
    Identification,
    Look,
    Printed,
    RawReply,
    Session,
    Settings,
    Stage,
    Step,
    Stray,
    Verdict,
    Wait,
)
from fiscald.protocols.conditions import Conditions, condition_problem
from fiscald.protocols.decoding import CommandDoc, DecodedError, DecodedField, DecodedFrame, Direction, ProtocolDoc
from fiscald.protocols.example import Lines, line
from fiscald.protocols.families import Decoding, Family, Handler, Raw
from fiscald.protocols.proof import verdicts
from fiscald.protocols.proof.verdicts import CommitReply


@dataclass(frozen=True, eq=False)
class Request:
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
        name = "IN" if text.startswith("ERR") else text.partition(" ")[0]
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
    cash: int

    @property
    def printer_id(self) -> str:
        return self.id

    @property
    def counters(self) -> Counters:
        return Counters(daily_report=self.reports + 1, last_receipt=0, receipts=0, printouts=self.slips)


class ExampleEvidence(Evidence):
    family: Literal["example"] = "example"
    version: Literal[2] = 2
    before: ExampleLook | None = None
    opened: ExampleLook | None = None
    after: ExampleLook | None = None


def look() -> Dialogue[ExampleLook]:
    """Who it is, and its counters."""
    who = yield from ask("WHO")
    _, ready, reports, slips, cash = (yield from ask("SEE")).split()
    return ExampleLook(id=who[4:], ready=ready == "1", reports=int(reports), slips=int(slips), cash=int(cash))


def carry_out(document: CashIn, settings: Settings, printer_id: str | None) -> Dialogue[Verdict]:
    before = yield from look()
    if printer_id not in (None, before.id):
        return verdicts.swapped(settings, before.id, str(printer_id))
    if not before.ready:
        return Wait(condition_problem("paper_out"))
    yield Checkpoint(Stage.STARTED, before, counters=before.counters)
    yield Checkpoint(Stage.COMMITTING, before)
    answer = yield from ask(f"IN {grosze(document.amount)}")
    refusal = problem("printer.refused", reason=answer, reason_pl="odmowa", device_code=answer)
    return (yield from judge(document, settings, before, CommitReply(refusal if answer.startswith("ERR") else None)))


def recover(document: CashIn, settings: Settings, checkpoint: Checkpoint) -> Dialogue[Verdict]:
    return (yield from judge(document, settings, checkpoint.before))


def judge(
    document: CashIn, settings: Settings, before: ExampleLook, reply: CommitReply | None = None
) -> Dialogue[Verdict]:
    """One more slip, of our amount, or none: that is the proof."""
    now = yield from look()
    slips = now.slips - before.slips
    if now.id != before.id:
        return verdicts.swapped(settings, now.id, before.id)
    if reply is None and not now.ready:
        return Wait(condition_problem("paper_out"))
    if now.reports != before.reports:
        return verdicts.report_between(now)
    if slips < 0:
        return verdicts.unproven("counters_restored", "it counts fewer slips than before", now)
    if slips == 0:
        return verdicts.not_executed(reply, "no slip came out", now, was_open=False)
    if slips > 1 or now.cash - before.cash != grosze(document.amount):
        return verdicts.unproven("changed", "it paid in another amount than ours", now)
    result = Result(printer_id=now.id, total=document.amount, daily_report=now.reports + 1)
    return Printed(result, evidence={"after": now}, counters=now.counters)


class ExampleOptions(FamilyOptions):
    width: Literal["wide", "narrow"] = "wide"


class Example(Family):
    name = "example"
    options = ExampleOptions
    conditions = Conditions("paper_out | all | | SEE 0", ("cash_in",))
    evidence = ExampleEvidence
    speeds = (9600,)

    def __init__(self) -> None:
        self.handlers = {"cash_in": Handler(carry_out, recover)}
        self.poll = self.read_condition
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
        condition = yield from self.read_condition(settings)
        return Snapshot(
            identity=identity, condition=condition, counters=seen.counters, rates={}, transaction_open=False, day_open=True
        )  # fmt: skip

    def read_condition(self, settings: Settings) -> Dialogue[Condition]:
        ready = (yield from ask("SEE")).split()[1] == "1"
        if ready:
            return Condition(state=PrinterState.READY, document_open=False)
        return Condition(state=PrinterState.PAPER_OUT, problem=condition_problem("paper_out"))


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
