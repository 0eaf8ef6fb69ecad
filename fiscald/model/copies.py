"""A copy of the paper of a printed document: what it is drawn from, and its formats."""

from __future__ import annotations

from enum import StrEnum
from typing import Any, NamedTuple

from fiscald.model.jobs import Job


class CopyFormat(StrEnum):
    """The formats of a copy, the preferred one first."""

    TEXT = "text/plain"
    SVG = "image/svg+xml"
    PNG = "image/png"


class Original(NamedTuple):
    """A printed document, and what fiscald knows about the printer that printed it."""

    job: Job
    family: str
    profile: str | None
    """``None``: not known; the family's default."""
    code_page: str | None
    """``None``: not known; the family's default."""
    vat: dict[str, str | None] | None
    """The printer's VAT table then, or as it is now; ``None``: not known."""
    printouts: int | None
    """The printer's number of the printed document; ``None``: not known."""

    @property
    def printer(self) -> str:
        """The printer's name."""
        return self.job.printer

    @property
    def document(self) -> Any:
        """The document."""
        return self.job.document


class CannotDraw(Exception):
    """There is no copy; ``str`` says why."""


class NoPictures(Exception):
    """This installation cannot draw pictures."""
