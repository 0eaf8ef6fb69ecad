"""What a family of printers is to the rest of fiscald: what every one must do, and what some can do besides.

``fiscald.protocols.base`` says what its dialogues keep to.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from fiscald.model.documents import Document
from fiscald.model.printers import Condition, Snapshot
from fiscald.protocols.base import (
    Check,
    Checkpoint,
    Dialogue,
    Evidence,
    FamilyOptions,
    Identification,
    RawReply,
    Session,
    Settings,
    Step,
    Verdict,
)
from fiscald.protocols.conditions import Conditions
from fiscald.protocols.decoding import Decoder, ProtocolDoc


def nothing_to_check(_document: Any, _settings: Settings, _snapshot: Snapshot | None) -> Check:
    """For documents of which no refusal can be predicted."""
    return Check()


@dataclass(frozen=True, slots=True)
class Handler:
    """How a family handles one type of document."""

    carry_out: Callable[[Any, Settings, str | None], Dialogue[Verdict]]
    """See ``Family.carry_out``."""
    recover: Callable[[Any, Settings, Checkpoint], Dialogue[Verdict]]
    """See ``Family.recover``."""
    check: Callable[[Any, Settings, Snapshot | None], Check] = nothing_to_check
    """See ``Family.check``."""


class Raw(NamedTuple):
    """Commands by hand, in a text form of the family's own."""

    parse: Callable[[str, Settings], Step]
    """A command as a technician writes it. Its effect is ``IRREVERSIBLE`` where the family does not know the command.

    Raises ``ValueError`` with a sentence that says how a command is written.
    """
    show: Callable[[Any, Settings], RawReply]
    """The session's answer to such a command, in the same form."""


class Decoding(NamedTuple):
    """Names for every frame, field and error that passes, for people and for Wireshark."""

    decoder: Callable[[Settings], Decoder]
    """Names for what passes over a new connection."""
    protocol_doc: Callable[[], ProtocolDoc]
    """The tables of the names."""


class Family(ABC):
    """A wire protocol. Stateless; one object serves all printers of the family."""

    name: str
    options: type[FamilyOptions]
    """What the configuration can say about its printers."""
    evidence: type[Evidence]
    """What is kept with its jobs."""
    conditions: Conditions
    """What keeps its printers from printing, and which documents wait for the end of that."""
    handlers: Mapping[str, Handler]
    """What it can carry out, by the ``type`` of the document."""

    # -- what not every family can do -----------------------------------------------------------------

    poll: Callable[[Settings], Dialogue[Condition]] | None = None
    """Queries that are answered even while another command waits: whether the printer can print.

    ``None``: a command is answered before the next one may be sent, and the line sends nothing out of turn.
    """
    greeting: Callable[[Settings], Dialogue[None]] | None = None
    """Driven right after connecting, before the first command: a password, a token. Changes nothing on the printer."""
    raw: Raw | None = None
    decoding: Decoding | None = None
    speeds: tuple[int, ...] = ()
    """Of a serial line, in bits per second: those that printers can be set to, the likeliest first. Empty: its printers
    are on no serial line."""

    # -- what every family does -----------------------------------------------------------------------

    @abstractmethod
    def session(self, settings: Settings) -> Session:
        """A codec for a new connection."""

    @abstractmethod
    def identify(self, settings: Settings) -> Dialogue[Identification]:
        """Who is there, by questions that every device of the family knows and that set nothing, not even a mode.

        Whoever is there may be another program's, of another family, or no printer at all.
        """

    @abstractmethod
    def read_status(self, settings: Settings) -> Dialogue[Snapshot]:
        """Queries only: everything the status shows."""

    @abstractmethod
    def read_condition(self, settings: Settings) -> Dialogue[Condition]:
        """A few queries of an idle printer, every two seconds: whether it can print, and whether a document is open."""

    def choices(self, option: str) -> tuple[str, ...]:
        """What an option can be set to; none where it does not have it, or takes any value."""
        schema = self.options.model_json_schema()["properties"].get(option, {}) if self.options.model_fields else {}
        return tuple(each for part in (schema, *schema.get("anyOf", ())) for each in part.get("enum", ()))

    # -- documents ------------------------------------------------------------------------------------

    @property
    def documents(self) -> tuple[str, ...]:
        """The ``type`` of every document it can carry out."""
        return tuple(self.handlers)

    def check(self, document: Document, settings: Settings, snapshot: Snapshot | None) -> Check:
        """The refusals that can be predicted, from the printer's own table and limits where known."""
        return self.handlers[document.type].check(document, settings, snapshot)

    def carry_out(self, document: Document, settings: Settings, printer_id: str | None) -> Dialogue[Verdict]:
        """Carry ``document`` out on the printer with that unique number (``None``: whichever it is)."""
        return self.handlers[document.type].carry_out(document, settings, printer_id)

    def recover(self, document: Document, settings: Settings, checkpoint: Checkpoint) -> Dialogue[Verdict]:
        """Find out what became of a document interrupted after ``checkpoint``. Cancels nothing but our own."""
        return self.handlers[document.type].recover(document, settings, checkpoint)


class CannotDecode(ValueError):
    """A family brings no names for what passes; ``str`` says so."""


def decoding_of(family: Family) -> Decoding:
    """The names of ``family``. Raises ``CannotDecode`` where it has none."""
    if family.decoding is None:
        raise CannotDecode(f"fiscald cannot decode what passes between it and a {family.name} printer")
    return family.decoding
