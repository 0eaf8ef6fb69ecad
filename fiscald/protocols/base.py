"""The contract between a family of printers and the rest of fiscald.

A family is pure: bytes and values in, bytes and values out; no I/O, no clock, no logging. It has three parts:

* a **session** turns commands into bytes and received bytes into events (one session per connection);
* **dialogues** are generators that carry out a document: they yield steps, receive the replies, and return a verdict.
  They hold everything that the family knows about grammar, arithmetic and recovery;
* **checks** predict from the document alone what the printer would refuse.

A family also has **names** for people: of every frame, field and error, for recordings from any source.

The engine drives a dialogue by these rules. It writes every ``Checkpoint`` to disk before the dialogue continues. It
sends the dialogue the reply to each step that the dialogue yields. If there is no reply (silence, a lost link, a killed
daemon), it closes the dialogue and sends nothing again. Then it connects again and calls ``Family.recover`` with the
last checkpoint, to find out what happened.

Two words: a **look** is what a printer reports about itself at one moment; the **commit step** is the irreversible
command that prints or registers the document.
"""

from __future__ import annotations

import datetime
from abc import ABC, abstractmethod
from collections.abc import Generator, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum
from typing import Any, Generic, NamedTuple, Protocol, Self, TypeVar

from pydantic import BaseModel, ConfigDict, Field, model_validator

from fiscald.model.jobs import Notice, Paper, Result
from fiscald.model.preview import Totals
from fiscald.model.printers import Condition, Counters, Identity
from fiscald.model.problems import FieldProblem, Problem
from fiscald.model.strict import Strict
from fiscald.protocols.kept import Kept as Kept
from fiscald.protocols.rates import Rates


class Effect(StrEnum):
    """What a command changes on the printer."""

    QUERY = "query"
    """Nothing. It is safe to repeat."""
    REVERSIBLE = "reversible"
    """Something that can be undone, or that registers nothing. Not repeated when the outcome is unknown."""
    IRREVERSIBLE = "irreversible"
    """A registration, or paper that stands for money. Not repeated when the outcome is unknown."""


class Deadline(StrEnum):
    """Deadline class of a command. The engine has seconds for each class; a busy printer extends them."""

    QUERY = "query"
    LINE = "line"
    CLOSE = "close"
    REPORT = "report"


class Ends(StrEnum):
    """What kind of open document a command ends or cancels. If no document is open, the command does nothing."""

    SEEN = "seen"
    """A document that the printer's status shows as open."""
    UNSEEN = "unseen"
    """Also a document that the printer's status does not show."""


class Expects(StrEnum):
    """Which reply a command expects."""

    ONE = "one"
    """One reply to this command."""
    NONE = "none"
    """No reply: the line sends the command, and the dialogue continues at once with ``None`` as the reply."""
    BATCH = "batch"
    """One reply for this command and all commands since the last reply (those that expect ``NONE``)."""


class Resend(NamedTuple):
    """Allows the line to send the same bytes again if the reply comes damaged, or if no byte comes for some time.

    Only for commands that carry a number by which the printer knows a repetition.
    """

    after: float
    """Seconds without a byte before the line sends again."""
    times: int
    """How many times at most."""


class Step(NamedTuple):
    """One command on its way to the printer."""

    command: Any
    """The family's own command object, understood by its session."""
    effect: Effect
    deadline: Deadline
    expects: Expects = Expects.ONE
    resend: Resend | None = None
    """``None``: the line never sends these bytes again. (It repeats a query with a damaged reply as a new command.)"""
    ends: Ends | None = None
    """For a technician's command: what it ends or cancels, if it does nothing else."""
    once: bool = False
    """Whether the line must not send even a query again if its answer comes damaged."""


class RawReply(NamedTuple):
    """The answer to a technician's command."""

    text: str
    """The answer in the family's text form."""
    refusal: str | None = None
    """The printer's error, in English; ``None``: the printer carried out the command."""


class Stage(IntEnum):
    """How far a document has come. The stages come in this order; a dialogue may skip one."""

    STARTED = 1
    """The next step may change something on the printer."""
    OPENED = 2
    """The printer confirmed that its open document is ours, so no other document can end before ours."""
    COMMITTING = 3
    """The next step is irreversible."""


class Look(BaseModel, ABC):
    """What a printer reports about itself at one moment, under the family's own names."""

    model_config = ConfigDict(frozen=True)

    host_time: datetime.datetime | None = Field(
        default=None, description="this computer's time, where a document needs it"
    )

    @property
    @abstractmethod
    def printer_id(self) -> str:
        """The unique number."""

    @property
    def printouts(self) -> int | None:
        """The number of the last printed document of any kind; ``None``: the family does not know it."""
        return None

    @property
    def planned_profile(self) -> str | None:
        """The profile that a receipt was planned for; ``None``: not known."""
        return getattr(self, "profile", None)

    @property
    def planned_rates(self) -> dict[str, str | None] | None:
        """The VAT table that a receipt was planned with; ``None``: not known."""
        return getattr(self, "rates", None)

    def updated(self, later: Self) -> Self:
        """This look, updated with the values that ``later`` has read."""
        return self.model_copy(update={name: getattr(later, name) for name in later.model_fields_set})


L = TypeVar("L", bound=Look)


@dataclass(frozen=True, slots=True, kw_only=True)
class Baseline(Generic[L]):
    """What a printer reports about itself before a document."""

    look: L
    """The look to compare later looks with."""
    printer_id: str
    """The unique number."""
    fiscal: bool
    """Whether the device is fiscalised. A device in training registers nothing."""
    transaction_open: bool
    """Whether a document is open, from any program."""
    rates: Mapping[str, Any]
    """The VAT table by letter."""
    standing: Problem | None
    """The condition that keeps some documents waiting, if the printer reports one."""
    counters: Counters
    """The counters for the journal."""


class Evidence(BaseModel):
    """The looks that the verdict on a job rests on. Each family has its own model, with typed looks.

    Version 1 had no version and no family, and its looks were the same. A family whose looks change counts its version
    up, and reads the older ones in a validator.
    """

    model_config = ConfigDict(frozen=True)

    family: str
    version: int
    before: Look | None = None
    """Before the first command that changes something."""
    opened: Look | None = None
    """While our document was open."""
    after: Look | None = None
    """When fiscald reached the verdict."""

    @model_validator(mode="before")
    @classmethod
    def _read_version_1(cls, stored: Any) -> Any:
        if isinstance(stored, dict) and stored.get("version", 1) == 1:
            return {**stored, "version": 2}
        return stored


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What the journal knows of a document. A dialogue yields it, and ``Family.recover`` receives it."""

    stage: Stage
    before: Any
    """The family's ``Look`` before the first command that changes something."""
    opened: Any = None
    """The ``Look`` while our document was open; ``None``: the printer did not confirm that, or nothing is opened."""
    counters: Counters | None = None
    """The counters in ``before``, only with ``STARTED``: the engine compares them with the journal."""

    @property
    def never_opened(self) -> bool:
        """For a document that opens and closes: whether the printer never confirmed that it was open.

        Raises ``ValueError`` if the journal has reached ``COMMITTING`` but lacks the look of the open document.
        """
        if self.opened is None and self.stage is Stage.COMMITTING:
            raise ValueError("it may have been closed, and the look while it was open is lost")
        return self.opened is None


class Pause(NamedTuple):
    """Let so many seconds pass. The line sends nothing meanwhile."""

    seconds: float


class HostTime(NamedTuple):
    """Asks for this computer's time. The reply is an aware ``datetime``. ``Family.identify`` may not ask."""


T = TypeVar("T")
#: Yields steps and receives the family's reply; yields checkpoints and pauses and receives ``None``; asks for the time;
#: returns ``T``.
Dialogue = Generator[Step | Checkpoint | Pause | HostTime, Any, T]


@dataclass(frozen=True, slots=True)
class Printed:
    """The printer has printed or registered the document. ``counters``: those after it, if the dialogue read them.

    ``evidence`` (of every verdict): the looks that the verdict rests on, by their names in ``Evidence``. ``baseline``:
    what is known before the next document; ``None``: that must be read again. ``just_now``: the document was printed
    just now, and the dialogue left it to the engine to say when, by the printer's clock. ``rates`` and ``clock``: what
    the printer shows now, after a document that sets it.
    """

    result: Result
    paper: Paper = Paper.PRINTED
    notices: tuple[Notice, ...] = ()
    evidence: dict[str, Look] = field(default_factory=dict)
    counters: Counters | None = None
    baseline: Baseline[Any] | None = None
    just_now: bool = False
    rates: Rates | None = None
    clock: datetime.datetime | None = None


@dataclass(frozen=True, slots=True)
class NotPrinted:
    """The printer has not printed the document. ``again``: the engine may carry it out again."""

    problem: Problem
    again: bool = False
    evidence: dict[str, Look] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Unknown:
    """The printer's reports do not show what happened. ``evidence``: what it reported afterwards."""

    problem: Problem
    evidence: dict[str, Look]


@dataclass(frozen=True, slots=True)
class Wait:
    """The document cannot start now, and nothing has changed. Try again when the printer is ready."""

    problem: Problem


@dataclass(frozen=True, slots=True)
class Held:
    """The printer has not printed the document and refuses it because of a condition. The document waits for its end.

    ``was_open``: our document was open and was cancelled, so every further try costs paper.
    """

    problem: Problem
    was_open: bool = False
    evidence: dict[str, Look] = field(default_factory=dict)


#: What a dialogue proves about its document.
Verdict = Printed | NotPrinted | Unknown | Wait | Held


# -- events: what a session reads from received bytes --------------------------------------------------


class Answer(NamedTuple):
    """The reply to ``command``."""

    command: Any
    reply: Any


class Damaged(NamedTuple):
    """Bytes that cannot be an intact answer: the line damaged it."""

    detail: str


class Stray(NamedTuple):
    """An intact answer that no command waits for: late, doubled, or another program's."""

    detail: str


class Busy(NamedTuple):
    """The printer reports by itself that it is still working. The deadline of the command starts again now."""


Event = Answer | Damaged | Stray | Busy


class Session(Protocol):
    """The two-way codec of one connection. Its only state is which commands wait for an answer.

    A connection is one stream, or several one after the other if ``needs_new_connection`` asks for that.
    """

    def send(self, command: Any) -> bytes:
        """The bytes of ``command``. From now on the command waits for its answer."""

    def receive(self, data: bytes) -> Sequence[Event]:
        """The events in ``data``, in order. Keeps an incomplete frame for the next call. Never raises."""

    def forget(self) -> None:
        """No command waits for an answer any more. Every later answer is a stray."""

    def end(self) -> Sequence[Event]:
        """The printer closed the stream properly. Returns the events that this completes (an HTTP answer without a
        length). A second call returns nothing.
        """
        return ()

    @property
    def needs_new_connection(self) -> bool:
        """Whether the next command needs a new stream (an HTTP server closes the old one after each answer).

        Then the line opens one and keeps this session. ``False``: the connection ends with its stream.
        """
        return False


class FamilyOptions(Strict):
    """The options of a printer of one family in the configuration, besides those of every printer.

    Each family has its own model: every option with its choices and a default.
    """

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """The options in ``settings``, which must be of this family."""
        assert isinstance(settings.options, cls), settings
        return settings.options

    def learn(self, identity: Identity) -> Self:
        """The options, completed with what the printer reports where the configuration says nothing."""
        return self


@dataclass(frozen=True, slots=True)
class Settings:
    """What the configuration says about one printer, and what fiscald has learned about it since."""

    name: str
    options: FamilyOptions
    kept: Kept = field(default_factory=Kept, compare=False)
    """What its family keeps for it."""


@dataclass(frozen=True, slots=True)
class Identification:
    """What a device reports about itself in answer to ``Family.identify``."""

    identity: Identity
    condition: Condition
    rates: dict[str, str | None]
    transaction_open: bool
    counters: Counters | None = None
    clock: datetime.datetime | None = None


@dataclass(frozen=True, slots=True)
class Check:
    """What fiscald knows about a document before it sends anything."""

    errors: tuple[FieldProblem, ...] = ()
    notices: tuple[Notice, ...] = ()
    totals: Totals | None = None
    """The sums of the document, if it has a value and no errors."""


def summarize(errors: Iterable[FieldProblem]) -> tuple[str, str]:
    """One sentence for a list of field problems, in English and in Polish."""
    first, *rest = errors
    more = f" (and {len(rest)} more)" if rest else ""
    return f"{first.pointer}: {first.detail}{more}", first.detail_pl


class DialogueAborted(Exception):
    """A dialogue cannot continue although the link works (an answer made no sense).

    Before the first checkpoint the job keeps waiting. After it, ``Family.recover`` decides.
    """

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        super().__init__(problem.detail)
