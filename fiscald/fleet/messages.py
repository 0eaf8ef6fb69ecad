"""The messages between a central and its shops, as models. ``fiscald.fleet.envelope`` signs and reads them.

- ``Order``, central to shop, topic ``fiscald/v1/{shop}/orders``: print this document, once for its key.
- ``Outcome``, shop to central, ``.../outcomes``: what became of it; repeated until it is acknowledged.
- ``Acknowledgement``, central to shop, ``.../acknowledgements``: these outcomes are stored.
- ``Status``, shop to central, ``.../status``: the shop's session and state; retained, and the last will.

What a shop obeys is read strictly: an unknown member is refused, because it may be a condition. What a central reads
may have members that this version does not know: shops may be newer than their central.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Any, ClassVar, Literal

from pydantic import AfterValidator, ConfigDict, Field, StringConstraints, model_validator

from fiscald.model.documents import Document, IfInterrupted, Submission
from fiscald.model.fleet import CentralCard, CentralName, ShopCard, ShopName
from fiscald.model.jobs import Job, JobState
from fiscald.model.problems import Problem
from fiscald.model.strict import Deferred
from fiscald.model.times import Time

__all__ = [
    "FINAL", "JOURNAL_PREFIX", "MAX_ACKNOWLEDGED", "MAX_MESSAGE", "Acknowledgement", "CentralCard", "CentralName",
    "Channel", "Digest", "Message", "Order", "OrderHead", "OrderKey", "Outcome", "OutcomeState", "Refused", "Session",
    "ShopCard", "ShopName", "Status", "StatusPrinter", "Utc", "journal_key", "read_topic", "topic",
]  # fmt: skip

#: Bytes of a message as the broker carries it.
MAX_MESSAGE = 256 * 1024
#: Outcomes that one acknowledgement can name.
MAX_ACKNOWLEDGED = 100
#: Keys of the shop's journal that begin like this belong to orders of a central.
JOURNAL_PREFIX = "fleet/"

_TOPIC = re.compile(r"fiscald/v1/([A-Za-z0-9][A-Za-z0-9_-]{0,63})/([a-z]+)", re.ASCII)

#: The central's own name for an order. With the prefix and the central's name it is a key of the shop's journal.
OrderKey = Annotated[str, StringConstraints(strict=True, pattern=r"^[A-Za-z0-9._:/-]{1,80}$")]
#: One life of a shop's daemon: 16 random bytes, base64url.
Session = Annotated[str, StringConstraints(strict=True, pattern=r"^[A-Za-z0-9_-]{22}$")]
#: SHA-256 in hex.
Digest = Annotated[str, StringConstraints(strict=True, pattern=r"^[0-9a-f]{64}$")]
Version = Literal[1]


def _to_utc(moment: datetime) -> datetime:
    return moment.astimezone(UTC)


#: An aware time, in UTC.
Utc = Annotated[Time, AfterValidator(_to_utc)]


class Channel(StrEnum):
    """The last level of a topic."""

    ORDERS = "orders"
    OUTCOMES = "outcomes"
    ACKNOWLEDGEMENTS = "acknowledgements"
    STATUS = "status"


def topic(shop: str, channel: Channel) -> str:
    """The topic of one shop."""
    return f"fiscald/v1/{shop}/{channel}"


def read_topic(text: str) -> tuple[str, Channel] | None:
    """The shop and the channel of a topic; ``None``: not one of a fleet."""
    match = _TOPIC.fullmatch(text)
    return (match[1], Channel(match[2])) if match and match[2] in {each.value for each in Channel} else None


class Message(Deferred):
    """What every message says."""

    kind: ClassVar[str]
    """The ``typ`` of its signature, without ``+jwt``."""
    channel: ClassVar[Channel]

    v: Version = 1
    shop: ShopName
    issued: Utc = Field(description="when it was signed")


class OrderHead(Message):
    """What an order says about itself: enough to answer it, even if its document cannot be read."""

    model_config = ConfigDict(extra="ignore")

    kind = "fiscald-order"
    channel = Channel.ORDERS

    central: CentralName
    session: Session = Field(description="the shop's session; another one's orders are not carried out")
    key: OrderKey
    digest: Digest = Field(description="of printer and document: see Submission.digest")

    @property
    def journal_key(self) -> str:
        """The key of its job in the shop's journal."""
        return journal_key(self.central, self.key)


class Order(OrderHead):
    """Print this document: beside the head, the members of a ``Submission``."""

    model_config = ConfigDict(extra="forbid")

    printer: Annotated[str, Field(max_length=200)]
    document: Document
    deadline: Time | None = None
    expect_last: Annotated[int, Field(strict=True, ge=0, le=2**31)] | None = None
    if_interrupted: IfInterrupted = IfInterrupted.REPEAT

    @model_validator(mode="after")
    def _has_its_digest(self) -> Order:
        if self.submission.digest().hex() != self.digest:
            raise ValueError("the digest belongs to another printer or document")
        return self

    @classmethod
    def of(cls, submission: Submission, *, central: str, shop: str, session: str, key: str, issued: datetime) -> Order:
        """The order of ``submission`` for the shop's session. Raises ``ValidationError`` for bad names."""
        given = {name: getattr(submission, name) for name in Submission.model_fields}
        digest = submission.digest().hex()
        return cls(central=central, shop=shop, session=session, key=key, issued=issued, digest=digest, **given)

    @property
    def submission(self) -> Submission:
        """What is handed to the engine."""
        return Submission(**{name: getattr(self, name) for name in Submission.model_fields})


def journal_key(central: str, key: str) -> str:
    """The key of an order's job in the shop's journal: no program of the shop can submit such a key."""
    return f"{JOURNAL_PREFIX}{central}/{key}"


class OutcomeState(StrEnum):
    """What became of an order, as far as the shop knows."""

    ACCEPTED = "accepted"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    UNDECIDED = "undecided"
    WITHDRAWN = "withdrawn"
    """Withdrawn in the shop before anything was sent to the printer."""
    REFUSED = "refused"
    """Not taken into the journal: ``problem`` says why."""

    @classmethod
    def of(cls, job: Job) -> OutcomeState:
        """The state of a job."""
        if job.state is JobState.FAILED and job.error is not None and job.error.code == "job.withdrawn":
            return cls.WITHDRAWN
        return cls(job.state.value)


#: The states that never change. A refusal is final where ``final`` is true.
FINAL = frozenset((OutcomeState.DONE, OutcomeState.FAILED, OutcomeState.WITHDRAWN))


class Outcome(Message):
    """What became of an order. The last one that is final ends the order."""

    model_config = ConfigDict(extra="ignore")

    kind = "fiscald-outcome"
    channel = Channel.OUTCOMES

    central: CentralName
    session: Session = Field(description="the shop's session when this was signed")
    key: OrderKey
    digest: Digest = Field(description="of the order")
    state: OutcomeState
    final: bool = Field(strict=True, description="false: another outcome follows, or the order may be sent again")
    job: dict[str, Any] | None = Field(
        default=None,
        description="the shop's answer as GET /v1/jobs/{key} gives it, without the document; null: refused",
    )
    problem: Problem | None = Field(default=None, description="why it was refused")

    def job_with(self, document: Document) -> Job | None:
        """The job under the central's own key, with the document that the central ordered; ``None``: refused.

        Raises ``ValidationError`` if the shop is newer and its answer has members that this version does not know.
        """
        if self.job is None:
            return None
        return Job.model_validate(self.job | {"key": self.key, "document": document})


class Acknowledgement(Message):
    """The central has stored these outcomes; the shop need not repeat them."""

    kind = "fiscald-acknowledgement"
    channel = Channel.ACKNOWLEDGEMENTS

    central: CentralName
    outcomes: Annotated[tuple[Digest, ...], Field(min_length=1, max_length=MAX_ACKNOWLEDGED)] = Field(
        description="their digests: what the envelope's reader returns beside the message"
    )


class StatusPrinter(Deferred):
    """A printer of the shop."""

    model_config = ConfigDict(extra="ignore")

    name: str
    family: str
    printer_id: str | None = Field(default=None, description="its unique number, if known")
    ready: bool = Field(description="whether it could print now")
    problem: str | None = Field(default=None, description="the code of what stops it")


class Refused(Deferred):
    """One message that the shop did not obey."""

    model_config = ConfigDict(extra="ignore")

    at: Utc
    code: str
    detail: str


class Status(Message):
    """A shop's session and state. The last will is one with ``online`` false, signed before the connection began."""

    model_config = ConfigDict(extra="ignore")

    kind = "fiscald-status"
    channel = Channel.STATUS

    session: Session
    online: bool = Field(strict=True)
    connected: Utc = Field(description="when this connection to the broker began")
    version: str = Field(description="of fiscald")
    printers: tuple[StatusPrinter, ...] = ()
    licence: str = ""
    undecided: int = Field(default=0, description="printers stopped by a document that needs a decision")
    report_overdue: tuple[str, ...] = Field(default=(), description="printers that print nothing before a report")
    outcomes_waiting: int = Field(default=0, description="outcomes that are not acknowledged yet")
    refused: dict[str, int] = Field(default_factory=dict, description="messages not obeyed in this session, by code")
    recent: tuple[Refused, ...] = Field(default=(), description="the last of them")

    def replaces(self, earlier: Status) -> bool:
        """Whether this is newer than ``earlier``: brokers may deliver them late, twice or in another order."""
        if self.connected != earlier.connected:
            return self.connected > earlier.connected
        if self.online != earlier.online:
            return not self.online  # a will is signed before the connection it ends
        return self.issued > earlier.issued
