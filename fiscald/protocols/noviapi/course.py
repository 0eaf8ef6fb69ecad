"""A document with an id of the printer's own: how fiscald carries it out and recovers it.

The safety argument is in docs/recovery.md ("A document on NoviAPI"). In short: ``POST`` prints nothing; the id is in
the journal before ``PUT``; after that only ``GET`` decides whether ``PUT`` may be sent again; the memory decides about
an id that the printer no longer knows.

Source: the contract; Novitus reference, sections N3 and N6, additions 7 and 8.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field, replace
from typing import ClassVar, Generic, TypeVar

from fiscald.model.documents import Document
from fiscald.model.jobs import Notice
from fiscald.model.problems import problem
from fiscald.protocols.base import (
    Checkpoint,
    Dialogue,
    DialogueAborted,
    Held,
    NotPrinted,
    Pause,
    Printed,
    Settings,
    Stage,
    Unknown,
    Verdict,
    Wait,
)
from fiscald.protocols.noviapi.access import DOCUMENT, call, leaving_nothing, lost_an_id
from fiscald.protocols.noviapi.commands import LONG_POLL, Endpoint, Reply, ask, confirm, drop, store
from fiscald.protocols.noviapi.evidence import NoviApiLook
from fiscald.protocols.noviapi.jobs import BETWEEN, device_problem, new_id, removed, state_of_job
from fiscald.protocols.noviapi.options import NoviApiOptions
from fiscald.protocols.noviapi.plan import Plan
from fiscald.protocols.noviapi.profiles import PROFILES, Profile, of_columns
from fiscald.protocols.noviapi.queries import NoviApiBaseline, prepare, read_clock, read_stable
from fiscald.protocols.noviapi.refusals import refused_document, refused_request
from fiscald.protocols.proof import verdicts
from fiscald.protocols.proof.counters import STILL_SECONDS
from fiscald.protocols.proof.own_id import MemoryDelta, Next, OwnIdProof, State
from fiscald.protocols.proof.verdicts import CommitReply
from fiscald.protocols.rates import Rates, parse_rates, plain_rates

D = TypeVar("D", bound=Document)
#: How often a document that is being printed is asked for on one connection, each time for 20 seconds.
POLLS = 30
#: How often an id is asked for whose state the printer does not know, a second apart.
UNKNOWNS = 5
#: How often the memory is read until it holds what the printer reports as done: it may be written a moment later.
LOOKS = 3
#: How often all of it is asked for on one connection; and how often the memory must not have changed.
QUESTIONS, STILL_LOOKS = 60, 12


@dataclass
class Course(ABC, Generic[D]):
    """One document. A type of document adds its content and its answer."""

    document: D
    settings: Settings
    before: NoviApiLook = field(init=False)
    plan: Plan = field(init=False)
    notices: tuple[Notice, ...] = ()
    own_id: str | None = None
    confirming: bool = False
    """Whether the confirmation may have been sent."""

    endpoint: ClassVar[Endpoint]

    # -- what a type of document adds -------------------------------------------------------------------

    @abstractmethod
    def make_plan(self, profile: Profile, rates: Rates) -> Plan:
        """The content of the request."""

    @abstractmethod
    def printed(self, reply: Reply, now: NoviApiLook) -> Printed:
        """The answer. ``reply``: the printer's, about the id."""

    def value_since(self, now: NoviApiLook) -> int | None:
        """What such documents since the look before are worth, in grosze; ``None``: the totals do not show it."""
        return None

    def counted_since(self, now: NoviApiLook) -> int | None:
        """How many documents of the kind the printer has numbered since; ``None``: it does not number them."""
        return None

    @property
    def total(self) -> int | None:
        """What the memory must be able to hold, in grosze; ``None``: the document has no value."""
        return None

    def follows(
        self, proof: OwnIdProof, state: State, reply: Reply, now: NoviApiLook, *, last: bool
    ) -> Dialogue[Next | NotPrinted | Held | Unknown]:
        """The conclusion from the state of the id and the look after it. ``last``: there will be no further look."""
        new = now.jpkid - self.before.jpkid
        counted, value = self.counted_since(now), self.value_since(now)
        if counted is not None and new > 0 and (state is not State.DONE or value is None):
            # Sheets of other kinds, such as a daily report, are in the memory too.
            new = max(0, min(new, counted))
        memory = MemoryDelta(new, value, uncounted=not now.fiscal)
        if state is State.DONE and not memory.documents and not memory.uncounted and not last:
            yield Pause(1.0)
            return Next.ASK_AGAIN
        return proof.follows(state, memory, now, refused_document(reply))

    def otherwise(self, verdict: Verdict, now: NoviApiLook) -> Verdict:
        """The verdict on a document that is not done, where something else than its id can prove it."""
        return verdict

    def stored_again(self, reply: Reply) -> Dialogue[bool]:
        """Whether a refused ``POST`` may be sent again at once, after something was put in order."""
        yield from ()
        return False

    # -- carrying out -----------------------------------------------------------------------------------

    def carry_out(self, printer_id: str | None) -> Dialogue[Verdict]:
        """Print it on the printer with that unique number."""
        found = yield from prepare(self.document.type, self.settings, printer_id)
        if isinstance(found, Wait):
            return found
        profile = self._profile(found)
        self.plan = yield from self.planned(profile, found)
        if self.plan.errors:
            return verdicts.refused_before(self.plan.errors, found.look)
        self.before = found.look.model_copy(update={"profile": profile.name, "rates": plain_rates(found.rates)})
        yield Checkpoint(Stage.STARTED, self.before, counters=found.counters)
        stored = yield from self._store()
        if isinstance(stored, CommitReply):
            return verdicts.refusal_verdict(stored, was_open=False)
        opened = self.before.model_copy(update={"own_id": stored})
        yield Checkpoint(Stage.OPENED, self.before, opened)
        yield Checkpoint(Stage.COMMITTING, self.before, opened)
        self.own_id, self.confirming = stored, True
        refused = yield from self._confirm()
        return (yield from self._find_out(refused, just_now=True))

    def planned(self, profile: Profile, found: NoviApiBaseline) -> Dialogue[Plan]:
        """The plan for a printer that was just read."""
        yield from ()
        return self.make_plan(profile, found.rates)

    def _profile(self, found: NoviApiBaseline) -> Profile:
        """The configured width of the paper, or the one that the printer reports."""
        name = NoviApiOptions.of(self.settings).profile
        return PROFILES[name] if name is not None else of_columns(found.columns)

    def _store(self) -> Dialogue[str | CommitReply]:
        """The id; or the refusal."""
        request = store(self.endpoint, self.plan.content)
        reply = yield from call(request, self.settings)
        if reply.status == 409 and (yield from self.stored_again(reply)):
            reply = yield from call(request, self.settings)
        if reply.status in (400, 404, 409, 413, 507) and reply.body is not None:
            return refused_request(reply, self.document, self.plan.pointers)
        return new_id(request, reply)

    def _confirm(self) -> Dialogue[CommitReply | None]:
        """Confirm the id. A refusal is returned where the printer says why; everything else the state shows."""
        assert self.own_id is not None
        self.settings.kept[DOCUMENT] = f"{self.endpoint.name}/{self.own_id}"
        reply = yield from call(confirm(self.endpoint, self.own_id), self.settings)
        told = reply.status in (409, 507) and reply.body is not None
        return refused_request(reply, self.document) if told else None

    # -- recovery ---------------------------------------------------------------------------------------

    def recover(self, checkpoint: Checkpoint) -> Dialogue[Verdict]:
        """After silence, a lost link or a killed daemon: ask for the state of the id, then for the memory."""
        self.before = checkpoint.before
        self.own_id = None if checkpoint.opened is None else checkpoint.opened.own_id
        self.confirming = checkpoint.stage is Stage.COMMITTING
        if self.confirming and self.own_id is None:
            raise ValueError("it may have been confirmed, and its id is lost")
        profile = PROFILES[self.before.profile or "57mm"]
        self.plan = self.make_plan(profile, parse_rates(self.before.rates or {}))
        if self.own_id is None:
            lost_an_id(self.settings.kept)
        return (yield from self._find_out(None, just_now=False))

    # -- the proof --------------------------------------------------------------------------------------

    def _find_out(self, refused: CommitReply | None, *, just_now: bool) -> Dialogue[Verdict]:
        """The verdict. ``refused``: why the printer has not taken the confirmation, if it said so."""
        proof = OwnIdProof(self.own_id, self.confirming, self.total)
        if self.own_id is None:
            now = yield from self._look()
            return now if isinstance(now, Wait) else self._ended(proof.follows(State.UNKNOWN, MemoryDelta(0), now), now)
        polls = unknowns = looks = timeout = 0
        for _ in range(QUESTIONS):
            request = ask(self.endpoint, self.own_id, timeout)
            reply = yield from call(request, self.settings)
            state = state_of_job(request, reply)
            # With a timeout the printer waits for another state than it has told, also after the last one.
            timeout = LONG_POLL if state is State.OPEN else 0
            if state is State.OPEN:
                polls += 1
                yield from self._wait_for_printing(reply, polls)
                continue
            if state is State.STORED and refused is not None:
                if (yield from self._dropped()):
                    return verdicts.refusal_verdict(refused, was_open=False, now=self.before)
                continue
            if state is None and unknowns < UNKNOWNS:
                unknowns += 1
                yield Pause(1.0)
                continue
            if state is State.STORED:
                # No look: while a daily report is stored, the printer takes no other request (409, 11).
                if self.confirming:
                    refused = yield from self._confirm()
                elif (yield from self._dropped()):
                    return self._ended(verdicts.interrupted("it was never confirmed", self.before), self.before)
                continue
            lost = state is None or (state is State.UNKNOWN and self.confirming)
            now = yield from (self._still_look() if lost else self._look())
            if isinstance(now, Wait):
                return now
            if state is None:
                doubt = "the printer reports that it does not know what became of it"
                return self._ended(verdicts.unproven("id_forgotten", doubt, now), now)
            looks += 1
            match (yield from self.follows(proof, state, reply, now, last=looks >= LOOKS)):
                case Next.ASK_AGAIN | Next.CONFIRM | Next.DROP:
                    yield Pause(BETWEEN)
                case Next.ANSWER:
                    self.settings.kept[DOCUMENT] = ""
                    printed = self.printed(reply, now)
                    if not just_now:
                        return printed  # when it was printed is not known any more
                    clock = yield from leaving_nothing(read_clock(self.settings), self.settings)
                    return replace(printed, result=printed.result.model_copy(update={"printed_at": clock}))
                case NotPrinted() | Held() | Unknown() as verdict:
                    return self._ended(verdict, now)
        raise DialogueAborted(problem("printer.busy", reason="it does not say what became of the document"))

    def _ended(self, verdict: Verdict | Next, now: NoviApiLook) -> Verdict:
        assert not isinstance(verdict, Next)
        self.settings.kept[DOCUMENT] = ""
        return self.otherwise(verdict, now)

    def _wait_for_printing(self, reply: Reply, polls: int) -> Dialogue[None]:
        why = device_problem(reply)
        if why is not None:
            raise DialogueAborted(why)
        if polls > POLLS:
            raise DialogueAborted(problem("printer.busy", reason="it is still printing"))
        yield Pause(BETWEEN)

    def _dropped(self) -> Dialogue[bool]:
        """Whether the printer has removed the document, which it had not confirmed."""
        assert self.own_id is not None
        reply = yield from call(drop(self.endpoint, self.own_id), self.settings)
        gone = removed(reply)
        if gone:
            self.settings.kept[DOCUMENT] = ""
        return gone

    def _look(self, *, idle: bool = False) -> Dialogue[NoviApiLook | Wait]:
        """What the printer reports now; ``Wait``: it is another printer. ``idle``: no document may be open on it."""
        found = yield from read_stable(self.settings)
        if found.printer_id != self.before.printer_id:
            return verdicts.swapped(self.settings, found.printer_id, self.before.printer_id)
        if idle and found.transaction_open:
            raise DialogueAborted(problem("printer.busy", reason="a document is open on it"))
        return found.look

    def _still_look(self) -> Dialogue[NoviApiLook | Wait]:
        """The same, once nothing has happened for some seconds: the printer may still be finishing what it forgot."""
        now = yield from self._look(idle=True)
        for _ in range(STILL_LOOKS):
            if isinstance(now, Wait):
                return now
            yield Pause(STILL_SECONDS)
            before, now = now, (yield from self._look(idle=True))
            if before == now:
                return now
        raise DialogueAborted(problem("printer.busy", reason="its memory keeps changing: another program is printing"))
