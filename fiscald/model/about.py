"""The properties of a document type.

Rights, licence, journal, engine, preview, command line and the description of the API read them here; none of them
keeps a list of document types. A new document needs a class in ``fiscald.model.documents``, and a handler in each
family that can print it (docs/new-document.md).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, ClassVar

from fiscald.model.rights import Right
from fiscald.model.strict import Strict

#: A document with more elements than this in its lists takes long to read, check or show (25 us per element): other
#: requests should run in between.
LONG = 100


class Fiscal(StrEnum):
    """What a document adds to the printer's fiscal memory, and so which counter counts it."""

    RECEIPT = "receipt"
    """A registered sale: one more receipt or invoice of the open day."""
    DAY_END = "day_end"
    """The end of the fiscal day: one more daily report. It also ends the conditions that wait for a report."""
    NOTHING = "nothing"
    """Nothing: it is not fiscal, or it only prints what the memory already contains."""


class Sheet(StrEnum):
    """What the printer prints."""

    CONTENT = "content"
    """A sheet with the content of the document."""
    PRINTERS_OWN = "printers_own"
    """A sheet with facts that only the printer has: a preview cannot show it."""
    NONE = "none"
    """No paper."""


@dataclass(frozen=True, slots=True)
class Verb:
    """A verb of ``fiscalctl`` that prints the document; the document's required fields are its arguments."""

    words: tuple[str, ...]
    """The words that the user types: ``("report", "daily")``."""
    help: str
    wait: float = 60.0
    """Seconds to wait for the answer by default."""


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """What the parts of fiscald need to know about one type of document."""

    right: Right
    """The right that the caller needs."""
    fiscal: Fiscal
    sheet: Sheet
    example: dict[str, Any]
    """An example without its type, for the description of the API."""
    gated: bool = True
    """Whether it needs a valid licence. A shop can always close its day."""
    verb: Verb | None = None
    """``None``: only ``fiscalctl print FILE`` prints it."""
    title_pl: str = ""
    """The title of a copy of its paper, if only the printer knows the content; empty: its type."""


class BaseDocument(Strict):
    """A document; ``type`` says which one. A class without ``about`` raises ``TypeError``."""

    about: ClassVar[About]

    @classmethod
    def __pydantic_init_subclass__(cls, **kwargs: Any) -> None:
        """Refuse a document class without ``about``."""
        super().__pydantic_init_subclass__(**kwargs)
        if not isinstance(cls.__dict__.get("about"), About):
            raise TypeError(f"{cls.__name__} has no about: {About.__doc__}")

    @classmethod
    def type_name(cls) -> str:
        """The ``type`` of its documents."""
        return str(cls.model_fields["type"].default)

    @property
    def long(self) -> bool:
        """Whether reading, checking or showing it takes so long that other requests should run in between."""
        values = (getattr(self, name) for name in type(self).model_fields)
        return sum(len(value) for value in values if isinstance(value, tuple)) > LONG
