"""Bodies and answers of the API that are not documents, jobs or printers themselves."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Annotated, Any

from pydantic import AwareDatetime, ConfigDict, Field

from fiscald.model.documents import Document
from fiscald.model.jobs import Job, JobState, Key, Notice, Paper, Result
from fiscald.model.printers import PrinterStatus
from fiscald.model.problems import Problem, name_further_members
from fiscald.model.rights import Right
from fiscald.model.strict import Strict


def _may_be_absent(*names: str) -> Callable[[dict[str, Any]], None]:
    """For the schema of an answer, in which every other field is always there."""

    def change(schema: dict[str, Any]) -> None:
        schema["required"] = [name for name in schema.get("required", ()) if name not in names]

    return change


def _refusal(schema: dict[str, Any]) -> None:
    name_further_members(schema)
    _may_be_absent("job")(schema)


class LicenceName(Strict):
    """The licence in a word."""

    state: str = Field(description="docs/licence.md lists them", examples=["active"])


class Hello(Strict):
    """Who answers, and what it can do."""

    product: str = "fiscald"
    version: str
    api: str = "1"
    printers: tuple[str, ...]
    licence: LicenceName
    features: tuple[str, ...] = (
        "jobs", "events", "resolution", "adoption", "preview", "raw", "capture", "licence", "metrics", "backup",
        "journal-confirmation",
    )  # fmt: skip
    test_keys: bool = Field(description="true: a test licence; only emulated printers may be used")
    warnings: tuple[Notice, ...] = Field(
        default=(), description="what a person should know of the daemon's own place: its disk, who may look into it"
    )
    rights: tuple[Right, ...] = Field(description="the caller's rights, beyond reading")


# -- jobs ------------------------------------------------------------------------------------------------


class LicenceNotice(Strict):
    """What an application should know of the licence."""

    model_config = ConfigDict(json_schema_extra=_may_be_absent("test_keys"))

    state: str
    warnings: tuple[str, ...]
    days_left: int | None
    test_keys: bool = False


class JobAnswer(Job):
    """A job, and what the application should know of the licence (absent while all is well)."""

    model_config = ConfigDict(json_schema_extra=_may_be_absent("licence"))

    licence: LicenceNotice | None = None


class JobList(Strict):
    """A page of jobs."""

    jobs: tuple[JobAnswer, ...]
    next: str | None = Field(description="give this as `after` to get what follows; null: there is nothing more")
    previous: str | None = Field(
        default=None,
        description="give this as `after`, with the other order, to get what is before this page; null: it is empty",
    )


class KnownJob(Strict):
    """The job of the key that a refused request names, in short; `GET /v1/jobs/{key}` has all of it."""

    key: Key
    printer: str
    type: str = Field(description="of its document")
    state: JobState
    result: Result | None
    paper: Paper


class ProblemAnswer(Problem):
    """Why a request was refused (RFC 9457 with our extensions)."""

    model_config = ConfigDict(json_schema_extra=_refusal)

    type: str = Field(description="a URN made from the code", examples=["urn:fiscald:problem:request.invalid"])
    status: int = Field(description="the HTTP status")
    job: KnownJob | None = None


class JobEventData(Strict):
    """The data of a `job` event: a change of a job."""

    at: AwareDatetime
    state: JobState = Field(description="what the job changed to at that time")
    job: JobAnswer = Field(description="the job as it is now")


class CursorReset(Strict):
    """The cursor that was asked for is ahead of the daemon's journal, which was restored or replaced.

    The stream goes on after ``cursor``; what happened to jobs before that must be asked for.
    """

    cursor: int


# -- printers --------------------------------------------------------------------------------------------


class PrinterList(Strict):
    """Every configured printer."""

    printers: tuple[PrinterStatus, ...]


class Adoption(Strict):
    """A person confirms which physical printer stands behind a name from now on."""

    printer_id: Annotated[str, Field(min_length=1, max_length=64)]


class PreviewBody(Strict):
    """A document to be looked at beforehand."""

    document: Document


# -- the licence -----------------------------------------------------------------------------------------


class LicenceCompany(Strict):
    """The company that a licence belongs to."""

    name: str
    post: str = Field(description="postcode")
    cc: str = Field(description="country, ISO 3166")
    tin: str | None = Field(description="tax number; in Poland NIP")


class NewestVersion(Strict):
    """The newest version that the vendor knows."""

    latest: str
    series: str = Field(description="release date of its series")
    url: str


class LicenceState(Strict):
    """The licence of this computer. What a certificate says is absent while there is none."""

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
    prompt: str | None = Field(description="what to ask the person for")
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


class NumberMeaning(Strict):
    """What a licence number is for."""

    number: str = Field(description="as much of it as may be shown")
    kind: str
    modules: tuple[str, ...]
    issued: date
    detail: str
    detail_pl: str


class RequestFile(Strict):
    """What is taken to another computer and exchanged there for a certificate."""

    request: str


class Mailed(Strict):
    """Where a code was mailed to."""

    mail: str


class OwnCompany(Strict):
    """A company of the confirmed account."""

    name: str
    post: str
    lic: str | None = Field(description="its licence that can be moved; null: it has none")


class OwnCompanies(Strict):
    """The companies of the confirmed account."""

    companies: tuple[OwnCompany, ...]


class CheckQuestion(Strict):
    """What a check sends to the vendor, decoded."""

    aud: str
    iat: int
    nonce: str
    lic: str
    crt: str
    ver: str
