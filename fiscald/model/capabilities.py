"""What a printer can do with a document and its fields, so that an application need not learn it from refusals."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field

from fiscald.model.printers import PrinterStatus
from fiscald.model.strict import Strict


class FieldCapability(Strict):
    """One field of a document on one printer."""

    supported: bool = True
    why: str | None = Field(default=None, description="why it is not supported, or what happens with it")
    max_length: int | None = Field(default=None, description="characters that the printer takes")
    max_bytes: int | None = Field(default=None, description="bytes of UTF-8 that the printer takes")
    max_items: int | None = Field(default=None, description="elements of the list that the printer takes")
    max_decimals: int | None = Field(default=None, description="decimals of the number that the printer takes")
    highest: int | None = Field(default=None, description="the largest number that the printer takes")
    kinds: tuple[str, ...] | None = Field(default=None, description="the kinds of value that the printer takes")
    values: tuple[str, ...] | None = Field(default=None, description="the values that the printer takes")
    beyond: Literal["refused", "cut", "left_out"] | None = Field(
        default=None,
        description="what happens beyond the limit, or to a field that is not supported: the document is refused; the "
        "text is cut, with a warning; the field or element is left out, with a warning",
    )


class Capability(Strict):
    """One type of document on one printer."""

    supported: bool = True
    why: str | None = Field(default=None, description="why the printer cannot print it")
    fields: dict[str, FieldCapability] = Field(
        default_factory=dict,
        description="the fields that this printer limits, by their path: `lines[].name`. A field that is absent here "
        "has no limit but that of this description of the API",
    )


class PrinterDetails(PrinterStatus):
    """A printer's status, and what it can do."""

    capabilities: dict[str, Capability] = Field(
        description="every type of document; while the printer has never answered, as most printers of its family"
    )

    @classmethod
    def of(cls, status: PrinterStatus, capabilities: dict[str, Capability]) -> Self:
        """The status with the capabilities."""
        return cls(**{name: getattr(status, name) for name in PrinterStatus.model_fields}, capabilities=capabilities)
