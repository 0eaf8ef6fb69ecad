"""What a document says about itself.

Rights, licence, journal, engine, preview, command line and the description of the API read it here; none of them keeps
a list of document types. A new document is a class in ``fiscald.model.documents`` and a handler in each family that
can print it (docs/new-document.md).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, ClassVar

from fiscald.model.rights import Right
from fiscald.model.strict import Strict

#: A document with more elements than this in its lists takes so long to read, check or show (25 us each) that other
#: requests should have a turn meanwhile.
LONG = 100


class Fiscal(StrEnum):
    """What a document leaves in the printer's fiscal memory, and so by which counter it is counted."""

    RECEIPT = "receipt"
    """A registered sale: one more receipt of the open day."""
    DAY_END = "day_end"
    """The end of the fiscal day: one more daily report. Conditions that a report ends are over after it."""
    NOTHING = "nothing"
    """Nothing: it is not fiscal, or it only prints what the memory holds already."""


class Sheet(StrEnum):
    """What paper comes out."""

    CONTENT = "content"
    """A sheet with what the document says."""
    PRINTERS_OWN = "printers_own"
    """A sheet with facts that only the printer has: it cannot be shown beforehand."""
    NONE = "none"
    """No paper."""


@dataclass(frozen=True, slots=True)
class Verb:
    """A verb of ``fiscalctl`` that prints the document; the document's required fields are its arguments."""

    words: tuple[str, ...]
    """What is typed: ``("report", "daily")``."""
    help: str
    wait: float = 60.0
    """Seconds to wait for the answer, unless the caller says otherwise."""


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """What every part of fiscald has to know of one type of document."""

    right: Right
    """The right that it takes."""
    fiscal: Fiscal
    sheet: Sheet
    example: dict[str, Any]
    """One, without its type, for the description of the API."""
    gated: bool = True
    """Whether it takes a valid licence. Nobody loses the right to close a day."""
    verb: Verb | None = None
    """``None``: it is printed from a file, by ``fiscalctl print FILE``."""


class BaseDocument(Strict):
    """A document; its ``type`` tells it from the others. A class without ``about`` raises ``TypeError``."""

    about: ClassVar[About]

    @classmethod
    def __pydantic_init_subclass__(cls, **kwargs: Any) -> None:
        """Refuse a document that says nothing about itself."""
        super().__pydantic_init_subclass__(**kwargs)
        if not isinstance(cls.__dict__.get("about"), About):
            raise TypeError(f"{cls.__name__} has no about: {About.__doc__}")

    @classmethod
    def type_name(cls) -> str:
        """The ``type`` of its documents."""
        return str(cls.model_fields["type"].default)

    @property
    def long(self) -> bool:
        """Whether others should have a turn while it is read, checked or shown."""
        values = (getattr(self, name) for name in type(self).model_fields)
        return sum(len(value) for value in values if isinstance(value, tuple)) > LONG
