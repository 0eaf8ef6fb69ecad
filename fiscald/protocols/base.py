"""What a family of printers is to the rest of fiscald.

A family is pure: bytes and values in, bytes and values out; no I/O, no clock, no logging. It has three parts:

* a **session** turns commands into bytes and bytes into events (one per connection);
* **dialogues** are generators that know how a document is carried out: they yield steps, are sent the
  replies, and return what those prove. All knowledge of grammar, arithmetic and recovery is there;
* **checks** predict the printer's refusals from the document alone.

It also has **names** for people: of every frame, field and error that passes, in recordings of any origin.

Who drives a dialogue keeps this bargain. Every ``Checkpoint`` is journaled, synced, before the dialogue goes on.
A dialogue is always sent the reply to the step it yielded; when there is none (silence, lost link, killed daemon)
the dialogue is closed, nothing is sent again, and ``Family.recover`` finds out on a fresh line what happened,
with the last checkpoint.
"""

from __future__ import annotations

import datetime
from abc import ABC, abstractmethod
from collections.abc import Generator, Iterable, Sequence
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum
from typing import Any, NamedTuple, Protocol, Self, TypeVar

from pydantic import BaseModel, ConfigDict

from fiscald.model.jobs import Notice, Paper, Result
from fiscald.model.preview import Totals
from fiscald.model.printers import Condition, Counters, Identity
from fiscald.model.problems import FieldProblem, Problem
from fiscald.model.strict import Strict


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


class Expects(StrEnum):
    """Which reply a command has."""

    ONE = "one"
    """Its own."""
    NONE = "none"
    """Silence: the command is sent, and the dialogue goes on at once with ``None`` for a reply."""
    BATCH = "batch"
    """One that tells of this command and of every one since the last reply (of all those that expect ``NONE``)."""


class Resend(NamedTuple):
    """The line may send the very same bytes again: they carry a number by which the printer knows a repetition.

    It does so when the reply came damaged, or nothing came for a time. Commands without such a number have none.
    """

    after: float
    """Seconds without a byte."""
    times: int
    """At most."""


class Step(NamedTuple):
    """One command on its way to the printer."""

    command: Any
    """The family's own command object, understood by its session."""
    effect: Effect
    deadline: Deadline
    expects: Expects = Expects.ONE
    resend: Resend | None = None
    """``None``: never sent again, but for a query whose reply came damaged, as a new command."""
    ends: Ends | None = None
    """Of a command by hand: what it ends or cancels, if it does that and nothing else."""


class RawReply(NamedTuple):
    """The answer to a command that was sent by hand."""

    text: str
    """In the family's own text form."""
    refusal: str | None = None
    """What the printer's error says, in English; ``None``: it was carried out."""


class Stage(IntEnum):
    """How far a document has come. The stages are passed in this order; one may be skipped."""

    STARTED = 1
    """The next step may change something on the printer."""
    OPENED = 2
    """The printer confirmed that the document now open on it is ours: no other document can end before ours does."""
    COMMITTING = 3
    """The next step is irreversible."""


class Look(BaseModel, ABC):
    """What a printer says about itself at one moment, in the family's own names."""

    model_config = ConfigDict(frozen=True)

    @property
    @abstractmethod
    def printer_id(self) -> str:
        """The unique number."""


class Evidence(BaseModel):
    """What is kept with a job: the looks its answer rests on. Each family has its own, with typed looks.

    What an older version stored is read by a validator of the family's model.
    """

    model_config = ConfigDict(frozen=True)

    family: str
    version: int
    before: Look | None = None
    """Before anything was changed."""
    opened: Look | None = None
    """While our document was open."""
    after: Look | None = None
    """When the answer was found."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What the journal knows of a document: yielded before a dialogue goes on, and given to ``Family.recover``."""

    stage: Stage
    before: Any
    """The family's ``Look`` before anything was changed."""
    opened: Any = None
    """The one while our document was open; ``None`` where that was not confirmed, or nothing is opened."""
    counters: Counters | None = None
    """The counters in ``before``. With ``STARTED`` only, where they are compared with what the journal knows."""

    @property
    def never_opened(self) -> bool:
        """Of a document that is opened and closed: whether it was not confirmed that it is open.

        Raises ``ValueError`` where it was, for it may have been closed, and what was read then is lost.
        """
        if self.opened is None and self.stage is Stage.COMMITTING:
            raise ValueError("it may have been closed, and what was read while it was open is lost")
        return self.opened is None


class Pause(NamedTuple):
    """Let so many seconds pass; nothing is on the line meanwhile."""

    seconds: float


T = TypeVar("T")
#: Yields steps (is sent the family's reply) and the others (is sent ``None``); returns ``T``.
Dialogue = Generator[Step | Checkpoint | Pause, Any, T]


@dataclass(frozen=True, slots=True)
class Printed:
    """The printer holds the document; ``counters`` are those after it, where they were read.

    ``evidence``, of every verdict: the looks it rests on, by the names of ``Evidence``.
    """

    result: Result
    paper: Paper = Paper.PRINTED
    notices: tuple[Notice, ...] = ()
    evidence: dict[str, Look] = field(default_factory=dict)
    counters: Counters | None = None


@dataclass(frozen=True, slots=True)
class NotPrinted:
    """The printer does not hold the document. ``again``: nothing stands against carrying it out anew."""

    problem: Problem
    again: bool = False
    evidence: dict[str, Look] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Unknown:
    """The printer cannot tell; ``evidence`` is what it said afterwards."""

    problem: Problem
    evidence: dict[str, Look]


@dataclass(frozen=True, slots=True)
class Wait:
    """Not possible now, and nothing was changed; ask again when the printer is ready."""

    problem: Problem


@dataclass(frozen=True, slots=True)
class Held:
    """The printer does not hold the document, and refuses it for a condition of its own: it waits for the end of that.

    ``was_open``: ours was open on the printer, and was cancelled; every further try costs paper.
    """

    problem: Problem
    was_open: bool = False
    evidence: dict[str, Look] = field(default_factory=dict)


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
    """The printer says, unasked, that it is still working: the deadline of the command counts from now."""


Event = Answer | Damaged | Stray | Busy


class Session(Protocol):
    """The two-way codec of one connection. Holds which commands are unanswered, nothing else.

    A connection is one stream, but where the family says so (``needs_new_connection``) several in a row.
    """

    def send(self, command: Any) -> bytes:
        """The bytes of ``command``, which from now on waits for its answer."""

    def receive(self, data: bytes) -> Sequence[Event]:
        """Events in ``data``, in order; incomplete frames are kept for the next call. Never raises."""

    def forget(self) -> None:
        """Nothing waits any more; what still comes is stray."""

    def end(self) -> Sequence[Event]:
        """The other end closed the stream, in order: what that completes (an HTTP answer without a length).

        Nothing, when it is called again.
        """
        return ()

    @property
    def needs_new_connection(self) -> bool:
        """Whether the next command goes over a new stream (an HTTP server closes the old one after each answer).

        The line opens it, and uses this session on. ``False``: with the stream the connection has ended.
        """
        return False


class FamilyOptions(Strict):
    """What the configuration can say about a printer of one family, besides what it says of every printer.

    A family's own model: every option with its choices, and a default.
    """

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """The options in ``settings``, which are those of this family."""
        assert isinstance(settings.options, cls), settings
        return settings.options

    def learn(self, identity: Identity) -> Self:
        """With what a printer says about itself, where the configuration leaves that open."""
        return self


@dataclass(frozen=True, slots=True)
class Settings:
    """What the configuration says about one printer of a family, and what is known of it since."""

    name: str
    options: FamilyOptions


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


def summarize(errors: Iterable[FieldProblem]) -> tuple[str, str]:
    """One sentence for a list of field problems, in English and in Polish."""
    first, *rest = errors
    more = f" (and {len(rest)} more)" if rest else ""
    return f"{first.pointer}: {first.detail}{more}", first.detail_pl


class DialogueAborted(Exception):
    """A dialogue cannot go on, though the link is there (an answer made no sense).

    Before the first checkpoint the job goes on waiting; after it, ``Family.recover`` decides.
    """

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        super().__init__(problem.detail)
