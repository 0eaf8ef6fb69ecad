"""Bodies of the API that are not documents, jobs or printers themselves."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from fiscald.api.rights import Right
from fiscald.model.documents import Document
from fiscald.model.jobs import Job, Notice
from fiscald.model.printers import PrinterStatus
from fiscald.model.strict import Strict


class Hello(Strict):
    """Who answers, and what it can do."""

    product: str = "fiscald"
    version: str
    api: str = "1"
    printers: tuple[str, ...]
    licence: dict[str, Any]
    features: tuple[str, ...] = (
        "jobs", "events", "resolution", "adoption", "preview", "raw", "capture", "licence", "metrics", "backup",
        "journal-confirmation",
    )  # fmt: skip
    test_keys: bool = Field(description="true: a test licence; only emulated printers may be used")
    warnings: tuple[Notice, ...] = Field(
        default=(), description="what a person should know of the daemon's own place: its disk, who may look into it"
    )
    rights: tuple[Right, ...] = Field(description="what whoever asks may do, beyond reading")


class JobAnswer(Job):
    """A job, and what the application should know of the licence (absent while all is well)."""

    licence: dict[str, Any] | None = None


class JobList(Strict):
    """Jobs in order of acceptance."""

    jobs: tuple[JobAnswer, ...]
    next: str | None = Field(description="give this as `after` to get what follows; null: there is nothing more")


class PrinterList(Strict):
    """Every configured printer."""

    printers: tuple[PrinterStatus, ...]


class Adoption(Strict):
    """A person confirms which physical printer stands behind a name from now on."""

    printer_id: Annotated[str, Field(min_length=1, max_length=64)]


class PreviewBody(Strict):
    """A document to be looked at beforehand."""

    document: Document
