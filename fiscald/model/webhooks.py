"""Webhooks: the messages that receivers get, and what is known about the receivers."""

from __future__ import annotations

import json
from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, Field

from fiscald.model.jobs import Job, JobState, Key, Paper, Result
from fiscald.model.problems import Problem
from fiscald.model.strict import Deferred

#: Characters of a problem's text in a message. The whole problem is in the job.
MAX_TEXT = 500


class WebhookEvent(StrEnum):
    """What a message reports."""

    ACCEPTED = "job.accepted"
    RUNNING = "job.running"
    DONE = "job.done"
    FAILED = "job.failed"
    UNDECIDED = "job.undecided"


#: What a webhook reports if its section does not say: the final states.
DEFAULT_EVENTS = (WebhookEvent.DONE, WebhookEvent.FAILED, WebhookEvent.UNDECIDED)
#: The message of ``fiscalctl webhook test``.
TEST_EVENT = "webhook.test"


class WebhookData(Deferred):
    """The job that has changed."""

    key: Key
    printer: str
    document: str = Field(description="its type", examples=["receipt"])
    state: JobState
    paper: Paper
    result: Result | None = Field(description="as in the job; `device` is empty")
    error: Problem | None = Field(description="as in the job; its texts are cut after 500 characters")
    cursor: int = Field(description="id of the same change in `GET /v1/events`: a higher one is newer")


class WebhookMessage(Deferred):
    """The body of a message: a change of a job."""

    type: WebhookEvent
    timestamp: AwareDatetime = Field(description="when the job changed")
    data: WebhookData


class WebhookTestData(Deferred):
    """The webhook that is tested."""

    webhook: str


class WebhookTestMessage(Deferred):
    """The body of a test message. Nothing has changed."""

    type: Literal["webhook.test"] = "webhook.test"
    timestamp: AwareDatetime
    data: WebhookTestData


def event_of(state: JobState) -> WebhookEvent:
    """What a message about a job in that state reports."""
    return WebhookEvent(f"job.{state}")


def message_body(job: Job, cursor: int) -> str:
    """The body of the message about a job that has just changed. Also for a damaged job; never raises."""
    error = None
    if job.error is not None:
        known = job.error.model_dump(mode="json", include=set(Problem.model_fields), exclude={"errors"})
        error = {name: value[:MAX_TEXT] if isinstance(value, str) else value for name, value in known.items()}
        error["errors"] = []
    result = None
    if job.result is not None:
        result = job.result.model_dump(mode="json", exclude={"device"}) | {"device": {}}
    data: dict[str, Any] = {
        "key": job.key,
        "printer": job.printer,
        "document": job.document.type,
        "state": job.state,
        "paper": job.paper,
        "result": result,
        "error": error,
        "cursor": cursor,
    }
    message = {"type": event_of(job.state), "timestamp": job.updated_at.isoformat(), "data": data}
    return json.dumps(message, separators=(",", ":"), default=str)


class WebhookState(StrEnum):
    """Whether messages reach a receiver."""

    ACTIVE = "active"
    FAILING = "failing"
    """The last try failed; fiscald tries again."""
    NO_SECRET = "no_secret"
    """Its secret file cannot be used, so nothing is sent; messages wait."""
    GONE = "gone"
    """The receiver answered 410 Gone: messages become dead letters until a test succeeds."""


class WebhookStatus(Deferred):
    """One webhook."""

    name: str
    receiver: str = Field(description="scheme and host of its URL; the rest may be a secret")
    events: tuple[WebhookEvent, ...]
    printers: tuple[str, ...] | None = Field(description="null: all")
    state: WebhookState
    reason: str | None = Field(description="why it is not active")
    waiting: int = Field(description="messages that are not delivered yet")
    oldest: AwareDatetime | None = Field(description="time of the oldest of them")
    dead: int = Field(description="messages that were given up")
    failing_since: AwareDatetime | None
    failures: int = Field(description="failed tries since the last good answer")
    delivered_at: AwareDatetime | None = Field(description="time of the last good answer")


class WebhookChange(Deferred):
    """The data of a `webhook` event: messages reach a receiver again, or no longer, or were given up."""

    name: str
    state: WebhookState
    reason: str | None
    dead: int


class WebhookList(Deferred):
    """All webhooks."""

    webhooks: tuple[WebhookStatus, ...]


class DeadLetter(Deferred):
    """A message that was given up."""

    id: int
    message_id: str = Field(description="the header `webhook-id`: the same when it is sent again")
    key: str = Field(description="key of its job")
    type: WebhookEvent
    since: AwareDatetime
    dead_at: AwareDatetime
    tries: int
    reason: str


class DeadLetters(Deferred):
    """A page of dead letters, oldest first."""

    dead: tuple[DeadLetter, ...]
    next: int | None = Field(description="`after` for the next page; null: this is the last one")


class Resend(Deferred):
    """Which dead letters to send again."""

    ids: tuple[Annotated[int, Field(strict=True, ge=1, le=10**15 - 1)], ...] | None = Field(
        default=None, min_length=1, max_length=1000, description="null: all"
    )


class Resent(Deferred):
    """How many dead letters are sent again."""

    resent: int


class WebhookTest(Deferred):
    """The outcome of a test."""

    delivered: bool
    status: int | None = Field(description="HTTP status of the answer; null: none")
    reason: str | None = Field(description="what is wrong, and what to do; null: nothing")
