"""The driver: looks, the dialogue of a document, and the proof by the printer's own id of it."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import SecretStr, ValidationError

from fiscald.model.cash import CashIn
from fiscald.model.jobs import Result
from fiscald.model.money import grosze
from fiscald.model.printers import Condition, Counters, Identity, PrinterState, Snapshot
from fiscald.model.problems import problem
from fiscald.protocols.base import (
    Checkpoint,
    Dialogue,
    DialogueAborted,
    Evidence,
    FamilyOptions,
    Identification,
    Look,
    NotPrinted,
    Pause,
    Printed,
    Settings,
    Stage,
    Verdict,
    Wait,
)
from fiscald.protocols.conditions import Conditions, condition_problem
from fiscald.protocols.example_http.session import HttpSession, Reply, Request
from fiscald.protocols.families import Family, Handler
from fiscald.protocols.proof import verdicts
from fiscald.protocols.proof.own_id import MemoryDelta, Next, OwnIdProof, State
from fiscald.protocols.proof.verdicts import CommitReply

#: How often the id is asked for before the job waits for a new connection.
LOOKS = 3


class HttpLook(Look):
    id: str
    ready: bool
    reports: int
    documents: int
    value: int
    own_id: str | None = None

    @property
    def printer_id(self) -> str:
        return self.id

    @property
    def counters(self) -> Counters:
        return Counters(daily_report=self.reports + 1, last_receipt=0, receipts=0, printouts=self.documents)


class HttpEvidence(Evidence):
    family: Literal["example_http"] = "example_http"
    version: Literal[2] = 2
    before: HttpLook | None = None
    opened: HttpLook | None = None
    after: HttpLook | None = None


class HttpOptions(FamilyOptions):
    pin: SecretStr = SecretStr("0000")


def odd(what: str) -> DialogueAborted:
    return DialogueAborted(problem("printer.busy", reason=what))


def ask(method: str, path: str, expected: tuple[int, ...] = (200,), **body: Any) -> Dialogue[Reply]:
    reply: Reply = yield Request(method, path, body).step
    if reply.status not in expected:
        raise odd(f"it answered {method} {path} with {reply.status}")
    return reply


def look(own_id: str | None = None) -> Dialogue[HttpLook]:
    reply = yield from ask("GET", "/printer")
    try:
        return HttpLook.model_validate(reply.body | {"own_id": own_id})
    except ValidationError:
        raise odd("what it says of itself makes no sense") from None


def carry_out(document: CashIn, settings: Settings, printer_id: str | None) -> Dialogue[Verdict]:
    before = yield from look()
    if printer_id not in (None, before.id):
        return verdicts.swapped(settings, before.id, str(printer_id))
    if not before.ready:
        return Wait(condition_problem("paper_out"))
    yield Checkpoint(Stage.STARTED, before, counters=before.counters)
    stored = yield from ask("POST", "/documents", (201, 422), cash_in=grosze(document.amount))
    if stored.status == 422:
        return NotPrinted(refusal(str(stored.body.get("why"))).refusal or problem("printer.cancelled"))
    opened = yield from look(str(stored.body.get("id")))
    if opened.id != before.id:
        raise odd("another printer is there now")
    yield Checkpoint(Stage.OPENED, before, opened)
    yield Checkpoint(Stage.COMMITTING, before, opened)
    yield from ask("PUT", f"/documents/{opened.own_id}", (200, 400, 404))
    return (yield from find_out(document, settings, Checkpoint(Stage.COMMITTING, before, opened)))


def recover(document: CashIn, settings: Settings, checkpoint: Checkpoint) -> Dialogue[Verdict]:
    if not (yield from look()).ready:
        return Wait(condition_problem("paper_out"))
    return (yield from find_out(document, settings, checkpoint))


def find_out(document: CashIn, settings: Settings, checkpoint: Checkpoint) -> Dialogue[Verdict]:
    before: HttpLook = checkpoint.before
    own_id = None if checkpoint.opened is None else checkpoint.opened.own_id
    proof = OwnIdProof(own_id, checkpoint.stage is Stage.COMMITTING, grosze(document.amount))
    path = f"/documents/{own_id}"
    for _ in range(LOOKS):
        # The id first: what the memory holds more is then not younger than the answer.
        reply = Reply(404, {}) if own_id is None else (yield from ask("GET", path, (200, 404)))
        now = yield from look(own_id)
        if now.id != before.id:
            return verdicts.swapped(settings, now.id, before.id)
        memory = MemoryDelta(now.documents - before.documents, now.value - before.value)
        match proof.follows(state_of(reply), memory, now, refusal(str(reply.body.get("why")))):
            case Next.DROP:
                yield from ask("DELETE", path, (200, 404))
            case Next.CONFIRM:
                yield from ask("PUT", path, (200, 400, 404))
            case Next.ASK_AGAIN if not now.ready:
                raise DialogueAborted(condition_problem("paper_out"))
            case Next.ASK_AGAIN:
                yield Pause(1.0)
            case Next.ANSWER:
                result = Result(printer_id=now.id, total=document.amount, daily_report=now.reports + 1)
                return Printed(result, evidence={"after": now}, counters=now.counters)
            case verdict:
                return verdict
    raise odd("it does not say what became of the document")


def state_of(reply: Reply) -> State:
    said = "unknown" if reply.status == 404 else str(reply.body.get("state"))
    if said.upper() not in State.__members__:
        raise odd(f"it says that the document is {said!r}")
    return State[said.upper()]


def refusal(why: str) -> CommitReply:
    if why == "report_due":
        return CommitReply(condition_problem("report_due"), waits=True)
    return CommitReply(problem("printer.refused", reason=why, reason_pl="odmowa", device_code=why))


class ExampleHttp(Family):
    name = "example_http"
    web = True
    options = HttpOptions
    evidence = HttpEvidence
    conditions = Conditions("paper_out | all | | ready\nreport_due | all | |", ("cash_in",))

    def __init__(self) -> None:
        self.handlers = {"cash_in": Handler(carry_out, recover)}
        self.greeting = self._greeting

    def _greeting(self, settings: Settings) -> Dialogue[None]:
        yield from ask("POST", "/token", pin=HttpOptions.of(settings).pin.get_secret_value())

    def session(self, settings: Settings) -> HttpSession:
        return HttpSession()

    def identify(self, settings: Settings) -> Dialogue[Identification]:
        snapshot = yield from self.read_status(settings)
        return Identification(snapshot.identity, snapshot.condition, snapshot.rates, False, snapshot.counters)

    def read_status(self, settings: Settings) -> Dialogue[Snapshot]:
        now = yield from look()
        identity = Identity(printer_id=now.id, model="EXAMPLE HTTP", fiscal=True, profile="small")
        return Snapshot(
            identity=identity, condition=condition_of(now), counters=now.counters, rates={}, transaction_open=False, day_open=True
        )  # fmt: skip

    def read_condition(self, settings: Settings) -> Dialogue[Condition]:
        return condition_of((yield from look()))


def condition_of(now: HttpLook) -> Condition:
    if now.ready:
        return Condition(state=PrinterState.READY, document_open=False)
    return Condition(state=PrinterState.PAPER_OUT, problem=condition_problem("paper_out"))


FAMILY = ExampleHttp()
