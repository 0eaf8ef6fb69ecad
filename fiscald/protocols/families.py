"""The interface of a family of printers: what every family must do, and what it may leave out.

``fiscald.protocols.base`` has the rules for its dialogues.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from fiscald.model.capabilities import Capability
from fiscald.model.documents import DOCUMENTS, Document
from fiscald.model.e_receipt import EReceiptState
from fiscald.model.header import Header
from fiscald.model.printers import Condition, Snapshot
from fiscald.protocols.base import (
    Baseline,
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
    Wait,
)
from fiscald.protocols.conditions import Conditions
from fiscald.protocols.decoding import Decoder, ProtocolDoc


def nothing_to_check(_document: Any, _settings: Settings, _snapshot: Snapshot | None) -> Check:
    """The check for documents whose refusals cannot be predicted."""
    return Check()


def no_limits(_settings: Settings, _snapshot: Snapshot | None) -> Capability:
    """The capability for documents that every printer of the family takes as the API describes them."""
    return Capability()


@dataclass(frozen=True, slots=True)
class Handler:
    """How a family handles one type of document."""

    carry_out: Callable[[Any, Settings, str | None], Dialogue[Verdict]]
    """See ``Family.carry_out``."""
    recover: Callable[[Any, Settings, Checkpoint], Dialogue[Verdict]]
    """See ``Family.recover``."""
    check: Callable[[Any, Settings, Snapshot | None], Check] = nothing_to_check
    """See ``Family.check``."""
    carry_on: Callable[[Any, Settings, Any], Dialogue[Verdict]] | None = None
    """Carries the document out from the ``Baseline`` that another one left, and asks less; ``None``: it cannot."""
    ready: Callable[[Settings], Dialogue[Wait | None]] | None = None
    """Asks, before ``recover``, whether the printer is ready for it; ``None``: recovery needs no ready printer."""
    capability: Callable[[Settings, Snapshot | None], Capability] = no_limits
    """Says whether such a printer takes the document, and the limits of its fields, from the tables of ``check``."""


class Raw(NamedTuple):
    """Technicians' commands, in the family's own text form."""

    parse: Callable[[str, Settings], Step]
    """Parses a command as a technician writes it. The effect of an unknown command is ``IRREVERSIBLE``.

    Raises ``ValueError`` with a sentence that says how to write a command.
    """
    show: Callable[[Any, Settings], RawReply]
    """Writes the session's answer to such a command in the same form."""


class Decoding(NamedTuple):
    """Names for every frame, field and error, for people and for Wireshark."""

    decoder: Callable[[Settings], Decoder]
    """Makes a decoder for a new connection."""
    protocol_doc: Callable[[], ProtocolDoc]
    """The tables of the names."""


class Family(ABC):
    """A wire protocol. It has no state: one object serves all printers of the family."""

    name: str
    options: type[FamilyOptions]
    """The model of its options in the configuration."""
    evidence: type[Evidence]
    """The model of the evidence that the journal keeps with its jobs."""
    conditions: Conditions
    """The conditions that keep its printers from printing, and the documents that wait for their end."""
    handlers: Mapping[str, Handler]
    """The handlers for the documents that it can carry out, by the ``type`` of the document."""

    # -- what not every family can do -----------------------------------------------------------------

    poll: Callable[[Settings], Dialogue[Condition]] | None = None
    """Queries that the printer answers even while another command waits: whether it can print.

    ``None``: the printer must answer a command before the next one, and the line sends nothing in between.
    """
    unchanged: Callable[[Any], Dialogue[bool]] | None = None
    """Asks an idle printer, with as little as possible, whether nothing has happened since a ``Baseline``.

    ``None``: every document reads everything again.
    """
    delivery: Callable[[EReceiptState, Settings], Dialogue[EReceiptState]] | None = None
    """Asks an idle printer what became of an e-receipt. Changes nothing. ``None``: its printers send none."""
    greeting: Callable[[Settings], Dialogue[None]] | None = None
    """The dialogue before the first command of a connection: a password, a token. Changes nothing on the printer."""
    raw: Raw | None = None
    decoding: Decoding | None = None
    web: bool = False
    """Whether its printers are HTTP servers, with addresses that begin with http:// or https://."""
    status_leaves_records: bool = False
    """Whether each status read stays in the printer's memory for a while. Then the engine reads it ten times less
    often."""
    speeds: tuple[int, ...] = ()
    """The speeds of a serial line that its printers support, in bits per second, the likeliest first. Empty: its
    printers have no serial line."""

    # -- what every family does -----------------------------------------------------------------------

    @abstractmethod
    def session(self, settings: Settings) -> Session:
        """A codec for a new connection."""

    @abstractmethod
    def identify(self, settings: Settings) -> Dialogue[Identification]:
        """Ask the device what it is, only with questions that every device of the family knows and that change nothing,
        not even a mode.

        The device may belong to another program or another family, or be no printer at all.
        """

    @abstractmethod
    def read_status(self, settings: Settings) -> Dialogue[Snapshot]:
        """Read everything that the status shows, with queries only."""

    @abstractmethod
    def read_condition(self, settings: Settings) -> Dialogue[Condition]:
        """Read with a few queries whether an idle printer can print and whether a document is open. The engine drives
        this every two seconds."""

    def read_header(self, _settings: Settings) -> Dialogue[Header]:
        """Read the header that the printer prints above its documents. A family without such a query reads nothing."""
        yield from ()
        return Header(lines=None)

    def choices(self, option: str) -> tuple[str, ...]:
        """The values of an option; empty if the family lacks the option or takes any value."""
        schema = self.options.model_json_schema()["properties"].get(option, {}) if self.options.model_fields else {}
        return tuple(each for part in (schema, *schema.get("anyOf", ())) for each in part.get("enum", ()))

    # -- documents ------------------------------------------------------------------------------------

    @property
    def documents(self) -> tuple[str, ...]:
        """The ``type`` of every document that the family can carry out."""
        return tuple(self.handlers)

    def why_not(self, document_type: str, settings: Settings) -> str:
        """Why it cannot carry out documents of that type, for which it has no handler."""
        return f"no command for it is known on a {self.name} printer"

    def capabilities(self, settings: Settings, snapshot: Snapshot | None) -> dict[str, Capability]:
        """What the printer can do with every type of document. ``snapshot``: as it last reported itself, if ever."""
        return {kind: self.capability(kind, settings, snapshot) for kind in DOCUMENTS}

    def capability(self, document_type: str, settings: Settings, snapshot: Snapshot | None) -> Capability:
        """What the printer can do with one type of document."""
        if document_type not in self.handlers:
            return Capability(supported=False, why=self.why_not(document_type, settings))
        return self.handlers[document_type].capability(settings, snapshot)

    def supported(self, settings: Settings, snapshot: Snapshot | None) -> tuple[str, ...]:
        """The types of document that the printer can print, in the order of ``documents``."""
        return tuple(kind for kind in self.documents if self.capability(kind, settings, snapshot).supported)

    def check(self, document: Document, settings: Settings, snapshot: Snapshot | None) -> Check:
        """Predict the printer's refusals, from its own VAT table and limits if they are known."""
        return self.handlers[document.type].check(document, settings, snapshot)

    def carry_out(
        self, document: Document, settings: Settings, printer_id: str | None, baseline: Baseline[Any] | None = None
    ) -> Dialogue[Verdict]:
        """Carry out ``document`` on the printer with that unique number (``None``: on any printer).

        ``baseline``: what another document left on this connection; ``None``: read everything again.
        """
        handler = self.handlers[document.type]
        if baseline is not None and handler.carry_on is not None:
            return handler.carry_on(document, settings, baseline)
        return handler.carry_out(document, settings, printer_id)

    def recover(self, document: Document, settings: Settings, checkpoint: Checkpoint) -> Dialogue[Verdict]:
        """Find out what became of a document interrupted after ``checkpoint``. Cancels only our own document."""
        handler = self.handlers[document.type]
        if handler.ready is not None:
            waiting = yield from handler.ready(settings)
            if waiting is not None:
                return waiting
        return (yield from handler.recover(document, settings, checkpoint))


class CannotDecode(ValueError):
    """A family has no names for its frames; ``str`` is the sentence for the user."""


def decoding_of(family: Family) -> Decoding:
    """The names of ``family``. Raises ``CannotDecode`` if it has none."""
    if family.decoding is None:
        raise CannotDecode(f"fiscald cannot decode what passes between it and a {family.name} printer")
    return family.decoding
