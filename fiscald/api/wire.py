"""Other bodies and answers of the API: not documents, jobs or printers."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Annotated, Any

from pydantic import AwareDatetime, ConfigDict, Field

from fiscald.model.documents import Document
from fiscald.model.jobs import Job, JobEvent, JobState, Key, Notice, Paper, Result
from fiscald.model.printers import PrinterStatus
from fiscald.model.problems import Problem, name_further_members
from fiscald.model.rights import Right
from fiscald.model.strict import Deferred


def _may_be_absent(*names: str) -> Callable[[dict[str, Any]], None]:
    """Change the schema of an answer: all other fields are required."""

    def change(schema: dict[str, Any]) -> None:
        schema["required"] = [name for name in schema.get("required", ()) if name not in names]

    return change


def _refusal(schema: dict[str, Any]) -> None:
    name_further_members(schema)
    _may_be_absent("job")(schema)


class LicenceName(Deferred):
    """The state of the licence as one word."""

    state: str = Field(description="docs/licence.md lists them", examples=["active"])


class Hello(Deferred):
    """Version, features and printers of the daemon, and the caller's rights."""

    product: str = "fiscald"
    version: str
    api: str = "1"
    printers: tuple[str, ...]
    licence: LicenceName
    features: tuple[str, ...] = (
        "jobs", "events", "resolution", "adoption", "preview", "raw", "capture", "licence", "metrics", "backup",
        "journal-confirmation", "paper", "packaging", "webhooks", "job-events",
    )  # fmt: skip
    test_keys: bool = Field(description="true: a test licence; only emulated printers may be used")
    warnings: tuple[Notice, ...] = Field(default=(), description="warnings about the daemon's disk and directory")
    rights: tuple[Right, ...] = Field(description="the caller's rights, beyond reading")


# -- jobs ------------------------------------------------------------------------------------------------


class LicenceNotice(Deferred):
    """What an application should know about the licence."""

    model_config = ConfigDict(json_schema_extra=_may_be_absent("test_keys"))

    state: str
    warnings: tuple[str, ...]
    days_left: int | None
    test_keys: bool = False


class JobAnswer(Job):
    """A job, and a notice about the licence (absent if there is nothing to report)."""

    model_config = ConfigDict(defer_build=True, json_schema_extra=_may_be_absent("licence"))

    licence: LicenceNotice | None = None


class JobList(Deferred):
    """A page of jobs."""

    jobs: tuple[JobAnswer, ...]
    next: str | None = Field(description="cursor for `after` to get the next page; null: this is the last page")
    previous: str | None = Field(
        default=None,
        description="cursor for `after`, with the other order, to get the page before; null: this page is empty",
    )


class JobEvents(Deferred):
    """What happened to a job, oldest first."""

    events: tuple[JobEvent, ...]
    next: int | None = Field(description="`after` for the next page; null: this is the last one")


class KnownJob(Deferred):
    """Short form of the job with the key of a refused request; `GET /v1/jobs/{key}` returns all of it."""

    key: Key
    printer: str
    type: str = Field(description="type of its document")
    state: JobState
    result: Result | None
    paper: Paper


class ProblemAnswer(Problem):
    """Why a request was refused (RFC 9457 with our extensions)."""

    model_config = ConfigDict(defer_build=True, json_schema_extra=_refusal)

    type: str = Field(description="a URN made from the code", examples=["urn:fiscald:problem:request.invalid"])
    status: int = Field(description="the HTTP status")
    job: KnownJob | None = None


class JobEventData(Deferred):
    """The data of a `job` event: a change of a job."""

    at: AwareDatetime
    state: JobState = Field(description="what the job changed to at that time")
    job: JobAnswer = Field(description="the job as it is now")


class CursorReset(Deferred):
    """The requested cursor is ahead of the daemon's journal, which was restored or replaced.

    The stream continues after ``cursor``; the client must ask for earlier changes of jobs.
    """

    cursor: int


# -- printers --------------------------------------------------------------------------------------------


class PrinterList(Deferred):
    """Every configured printer."""

    printers: tuple[PrinterStatus, ...]


class Adoption(Deferred):
    """A person confirms which physical printer has a name from now on."""

    printer_id: Annotated[str, Field(min_length=1, max_length=64)]


class PreviewBody(Deferred):
    """A document to preview."""

    document: Document


class ConsoleLink(Deferred):
    """A link that signs one person in to the web console, once."""

    url: str = Field(examples=["http://127.0.0.1:8443/console/sign-in?link=..."])
    seconds: int = Field(description="how long it can be used")


# -- the licence -----------------------------------------------------------------------------------------


class LicenceCompany(Deferred):
    """The company that a licence belongs to."""

    name: str
    post: str = Field(description="postcode")
    cc: str = Field(description="country, ISO 3166")
    tin: str | None = Field(description="tax number; in Poland NIP")


class NewestVersion(Deferred):
    """The newest version, as reported by the vendor."""

    latest: str
    series: str = Field(description="release date of its series")
    url: str


class LicenceState(Deferred):
    """The licence of this computer. Fields from the certificate are absent if there is none."""

    model_config = ConfigDict(
        json_schema_extra=_may_be_absent(
            "kind", "modules", "company", "number", "licence", "certificate", "end", "confirm_by", "updates_until",
            "confirmed_at", "update",
        )
    )  # fmt: skip

    state: str
    reason: str | None
    warnings: tuple[str, ...]
    days_left: int | None
    prompt: str | None = Field(description="which input to ask the person for")
    may_print: bool
    machine: str | None
    test_keys: bool
    version: str
    emergency_until: AwareDatetime | None
    kind: str | None = None
    modules: tuple[str, ...] = ()
    company: LicenceCompany | None = None
    number: str | None = None
    licence: str | None = None
    certificate: str | None = None
    end: AwareDatetime | None = None
    confirm_by: AwareDatetime | None = None
    updates_until: date | None = None
    confirmed_at: AwareDatetime | None = None
    update: NewestVersion | None = None


class NumberMeaning(Deferred):
    """What a licence number is for."""

    number: str = Field(description="the part of the number that may be shown")
    kind: str
    modules: tuple[str, ...]
    issued: date
    detail: str
    detail_pl: str


class RequestFile(Deferred):
    """A request file, to exchange for a certificate on another computer."""

    request: str


class Mailed(Deferred):
    """The address of a mailed code."""

    mail: str


class OwnSeat(Deferred):
    """A seat of a licence: the right to run on one computer."""

    seat: str
    hint: str | None = Field(description="first and last group of its number; null: a trial")
    free: bool = Field(description="whether no computer has it")
    last: date | None = Field(description="the day of its computer's last check")


class OwnCompany(Deferred):
    """A company of the confirmed account."""

    name: str
    post: str
    lic: str | None = Field(description="the licence that can be moved; null: none")
    seats: tuple[OwnSeat, ...] = Field(description="of that licence; with several, a transfer says which")


class OwnCompanies(Deferred):
    """The companies of the confirmed account."""

    companies: tuple[OwnCompany, ...]


class CheckQuestion(Deferred):
    """The content that a check sends to the vendor, decoded."""

    aud: str
    iat: int
    nonce: str
    lic: str
    crt: str
    ver: str
