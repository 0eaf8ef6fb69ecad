"""What a family of printers is to the rest of fiscald.

A family is pure: bytes and values in, bytes and values out; no I/O, no clock, no logging. It has three parts:

* a **session** turns commands into bytes and bytes into events (one per connection);
* **dialogues** are generators that know how a document is carried out: they yield steps, are sent the
  replies, and return what those prove. All knowledge of grammar, arithmetic and recovery is there;
* **checks** predict the printer's refusals from the document alone.

It also has **names** for people: of every frame, field and error that passes, in recordings of any origin.

Who drives a dialogue keeps this bargain. ``Started``, ``Opened`` and ``Committing`` are journaled, synced,
before the dialogue goes on. A dialogue is always sent the reply to the step it yielded; when there is none
(silence, lost link, killed daemon) the dialogue is closed, nothing is sent again, and ``Family.recover``
finds out on a fresh line what happened, with what the journal knows (``Trail``).
"""

from __future__ import annotations

import datetime
from collections.abc import Generator, Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, NamedTuple, Protocol, TypeVar

from fiscald.model.documents import Document
from fiscald.model.jobs import Notice, Paper, Result
from fiscald.model.preview import Totals
from fiscald.model.printers import Condition, Counters, Identity, Snapshot
from fiscald.model.problems import FieldProblem, Problem
from fiscald.protocols.conditions import Conditions


class Effect(StrEnum):
    """What a command leaves behind."""

    QUERY = "query"
    """Nothing; may be asked again."""
    REVERSIBLE = "reversible"
    """Something that can be taken back or that registers nothing. Never sent again on doubt."""
    IRREVERSIBLE = "irreversible"
    """A registration, or paper that stands for money. Never sent again on doubt."""


class Deadline(StrEnum):
    """Deadline class of a command; the engine gives it seconds and extends it while the printer is busy."""

    QUERY = "query"
    LINE = "line"
    CLOSE = "close"
    REPORT = "report"


class Ends(StrEnum):
    """What a command ends or cancels, where it is open; otherwise it does nothing."""

    SEEN = "seen"
    """A document of which a look shows whether it is open."""
    UNSEEN = "unseen"
    """Also one of which no look shows it."""


class Step(NamedTuple):
    """One command on its way to the printer."""

    command: Any
    """The family's own command object, understood by its session."""
    effect: Effect
    deadline: Deadline
    ends: Ends | None = None
    """Of a command by hand: what it ends or cancels, if it does that and nothing else."""


class RawReply(NamedTuple):
    """The answer to a command that was sent by hand."""

    text: str
    """In the family's own text form."""
    refusal: str | None = None
    """What the printer's error says, in English; ``None``: it was carried out."""


class Started(NamedTuple):
    """The dialogue is about to change something; ``evidence`` is what the printer said before."""

    evidence: dict[str, Any]
    counters: Counters


class Opened(NamedTuple):
    """The printer confirmed that the document now open on it is ours; ``evidence`` was read after that.

    From here on no other document can end before ours does.
    """

    evidence: dict[str, Any]


class Committing(NamedTuple):
    """The irreversible step is next."""


class Pause(NamedTuple):
    """Let so many seconds pass; nothing is on the line meanwhile."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Trail:
    """What the journal knows of an interrupted document."""

    before: dict[str, Any]
    """The evidence of ``Started``."""
    opened: dict[str, Any] | None = None
    """The evidence of ``Opened``, if it came to that."""
    committing: bool = False
    """Whether the irreversible step may have been sent."""

    @property
    def never_opened(self) -> bool:
        """Of a document that is opened and closed: whether it was not confirmed that it is open.

        Raises ``ValueError`` where it was, for it may have been closed, and what was read then is lost.
        """
        if self.opened is None and self.committing:
            raise ValueError("it may have been closed, and what was read while it was open is lost")
        return self.opened is None


T = TypeVar("T")
#: Yields steps (is sent the family's reply) and the others (is sent ``None``); returns ``T``.
Dialogue = Generator[Step | Started | Opened | Committing | Pause, Any, T]


@dataclass(frozen=True, slots=True)
class Printed:
    """The printer holds the document; ``counters`` are those after it, where they were read."""

    result: Result
    paper: Paper = Paper.PRINTED
    notices: tuple[Notice, ...] = ()
    evidence: dict[str, Any] = field(default_factory=dict)
    counters: Counters | None = None


@dataclass(frozen=True, slots=True)
class NotPrinted:
    """The printer does not hold the document. ``again``: nothing stands against carrying it out anew."""

    problem: Problem
    again: bool = False
    evidence: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Unknown:
    """The printer cannot tell; ``evidence`` is what it said afterwards."""

    problem: Problem
    evidence: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Wait:
    """Not possible now, and nothing was changed; ask again when the printer is ready."""

    problem: Problem


@dataclass(frozen=True, slots=True)
class Held:
    """The printer does not hold the document, and refuses it for a condition of its own: it waits for the end of that.

    ``begun``: ours was open on the printer, and was cancelled; every further try costs paper.
    """

    problem: Problem
    begun: bool = False
    evidence: dict[str, Any] = field(default_factory=dict)


#: What a dialogue proves about its document.
Verdict = Printed | NotPrinted | Unknown | Wait | Held


# -- what a session makes of received bytes ------------------------------------------------------------


class Answer(NamedTuple):
    """The reply to ``command``."""

    command: Any
    reply: Any


class Damaged(NamedTuple):
    """Bytes that cannot be the intact answer to anything: the line disturbed an answer."""

    detail: str


class Stray(NamedTuple):
    """An intact answer that nothing waits for: late, doubled, or another program's."""

    detail: str


class Busy(NamedTuple):
    """The printer says, unasked, that it is still working."""


Event = Answer | Damaged | Stray | Busy


class Session(Protocol):
    """The two-way codec of one connection. Holds which commands are unanswered, nothing else."""

    def send(self, command: Any) -> bytes:
        """The bytes of ``command``, which from now on waits for its answer."""

    def receive(self, data: bytes) -> Sequence[Event]:
        """Events in ``data``, in order; incomplete frames are kept for the next call. Never raises."""

    def forget(self) -> None:
        """Nothing waits any more; what still comes is stray."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What the configuration says about one printer of a family."""

    name: str
    code_page: str
    profile: str | None = None


@dataclass(frozen=True, slots=True)
class Identification:
    """What a printer says about itself when it is asked with the greatest care."""

    identity: Identity
    condition: Condition
    rates: dict[str, str | None]
    transaction_open: bool
    counters: Counters | None = None
    clock: datetime.datetime | None = None


@dataclass(frozen=True, slots=True)
class Check:
    """What is known about a document before anything is sent."""

    errors: tuple[FieldProblem, ...] = ()
    notices: tuple[Notice, ...] = ()
    totals: Totals | None = None
    """What the document comes to, where it has a value and nothing stands against it."""


# -- what people are shown of a conversation ----------------------------------------------------------


class Direction(StrEnum):
    """Which way bytes went."""

    SENT = ">"
    """To the printer."""
    RECEIVED = "<"
    """From the printer."""


class DecodedField(NamedTuple):
    """One field of a frame."""

    name: str
    """As the family's reference calls it."""
    text: str
    """As it stands on the wire."""
    value: str
    """For people: ``2.00``, ``23%``, ``yes``; the text where it cannot be read."""
    meaning: str = ""
    """English; empty where the tables know none."""
    volatile: bool = False
    """Belongs to this very printer at this very moment (its number, clock, counters, totals): another printer
    answers with another value and is right."""


class DecodedError(NamedTuple):
    """An error that a printer answered."""

    name: str
    """Number, and the vendor's symbol where there is one."""
    text: str
    """English, for developers and technicians."""
    text_pl: str
    """Polish, for the cashier."""


class DecodedFrame(NamedTuple):
    """What passed in one direction: a frame, or bytes that are none."""

    raw: bytes
    masked: bytes
    """``raw`` with personal data masked, just as long. The check is made anew where it was right before."""
    name: str = ""
    """Of the command; empty where the bytes belong to no frame."""
    meaning: str = ""
    fields: tuple[DecodedField, ...] = ()
    error: DecodedError | None = None
    damage: str | None = None
    """What is wrong with it, in a sentence; ``None`` for an intact frame."""
    text: str = ""
    """The frame as recordings of its family write it; empty for a damaged one."""
    effect: Effect | None = None
    """Of an intact command; ``None`` for answers and for unknown commands."""
    silent: bool = False
    """Of a command that a printer need not answer."""


class Decoder(Protocol):
    """Names what passes over one connection; is fed with both directions in order."""

    def feed(self, direction: Direction, data: bytes) -> Sequence[DecodedFrame]:
        """What ``data`` completes. An unfinished frame is kept for the next call. Never raises.

        The raw bytes of one direction, joined, are what was fed; how it was cut up changes no frame.
        """

    def end(self, direction: Direction) -> Sequence[DecodedFrame]:
        """What is unfinished, as damaged: nothing more comes in that direction."""


class CommandDoc(NamedTuple):
    """A command and the fields of it and of its answer, for programs in other languages."""

    name: str
    meaning: str
    fields: tuple[tuple[str, str], ...]
    """Name and meaning of each."""


class ProtocolDoc(NamedTuple):
    """A family's tables, from which the Wireshark dissector is made."""

    commands: tuple[CommandDoc, ...]
    common: tuple[tuple[str, str], ...]
    """Fields that any frame may have: name and meaning."""
    errors: dict[str, DecodedError]
    """By the key that ``lua`` makes of a frame."""
    lua: str
    """Its frames in Lua; ``fiscald.protocols.dissector`` says what it must define."""


class Family(Protocol):
    """A wire protocol. Stateless; one object serves all printers of the family."""

    name: str
    code_pages: tuple[str, ...]
    profiles: tuple[str, ...]
    documents: tuple[str, ...]
    """The ``type`` of every document it can carry out."""
    conditions: Conditions
    """What keeps its printers from printing, and which documents wait for the end of that."""
    speeds: tuple[int, ...]
    """Of a serial line, in bits per second: those that printers can be set to, the likeliest first."""

    def session(self, settings: Settings) -> Session:
        """A codec for a new connection."""

    def identify(self, settings: Settings) -> Dialogue[Identification]:
        """Who is there, by questions that every device of the family knows and that set nothing, not even a mode.

        Whoever is there may be another program's, of another family, or no printer at all.
        """

    def read_status(self, settings: Settings) -> Dialogue[Snapshot]:
        """Queries only: everything the status shows."""

    def poll(self, settings: Settings) -> Dialogue[Condition]:
        """Queries that are answered even while another command waits; whether the printer can print."""

    def read_condition(self, settings: Settings) -> Dialogue[Condition]:
        """A few queries of an idle printer, every two seconds: whether it can print, and whether a document is open."""

    def check(self, document: Document, settings: Settings, snapshot: Snapshot | None) -> Check:
        """The refusals that can be predicted, from the printer's own table and limits where known."""

    def carry_out(self, document: Document, settings: Settings, printer_id: str | None) -> Dialogue[Verdict]:
        """Carry ``document`` out on the printer with that unique number (``None``: whichever it is)."""

    def recover(self, document: Document, settings: Settings, trail: Trail) -> Dialogue[Verdict]:
        """Find out what became of an interrupted document. Cancels nothing but our own."""

    def parse_raw(self, text: str, settings: Settings) -> Step:
        """A command as a technician writes it, in the family's own text form.

        Its effect is ``IRREVERSIBLE`` where the family does not know the command. Raises ``ValueError`` with a
        sentence that says how a command is written.
        """

    def show_raw(self, reply: Any, settings: Settings) -> RawReply:
        """The session's answer to such a command, in the same form."""

    def decoder(self, settings: Settings) -> Decoder:
        """Names for what passes over a new connection."""

    def protocol_doc(self) -> ProtocolDoc:
        """The tables of the names."""


def summarize(errors: Iterable[FieldProblem]) -> tuple[str, str]:
    """One sentence for a list of field problems, in English and in Polish."""
    first, *rest = errors
    more = f" (and {len(rest)} more)" if rest else ""
    return f"{first.pointer}: {first.detail}{more}", first.detail_pl


class DialogueAborted(Exception):
    """A dialogue cannot go on, though the link is there (an answer made no sense).

    Before ``Started`` the job goes on waiting; after it, ``Family.recover`` decides.
    """

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        super().__init__(problem.detail)
