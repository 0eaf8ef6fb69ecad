"""The technician's documents: what is set on the printer itself."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, ClassVar, Final, Literal, Self

from pydantic import BeforeValidator, Field, WithJsonSchema, model_serializer, model_validator

from fiscald.model.about import About, BaseDocument, Fiscal, Sheet, Verb
from fiscald.model.lists import at_most
from fiscald.model.rights import Right
from fiscald.model.strict import Strict, mistake
from fiscald.model.tax import LONGEST, parse_vat
from fiscald.model.text import FreeText
from fiscald.model.times import LONGEST as LONGEST_TIME
from fiscald.model.times import TIME, parse_time

#: The longest header: 500 characters hold twelve full lines (POSNET and Thermal).
MAX_HEADER, MAX_DISPLAY = 12, 4
RATE = "^([0-9]{1,2}([.,][0-9]{1,2})?%|exempt)$"
HOST: Final = "host"


def _time(value: Any) -> datetime | str:
    return HOST if value == HOST else parse_time(value)


class SetClock(BaseDocument):
    """Set the printer's clock. A fiscal printer allows it only with zero totals, by an hour or two, once a day."""

    about: ClassVar = About(
        right=Right.CONFIGURE,
        fiscal=Fiscal.NOTHING,
        sheet=Sheet.PRINTERS_OWN,
        verb=Verb(("clock", "set"), "Set the printer's clock to the time of the computer on which the daemon runs."),
        title_pl="PROGRAMOWANIE ZEGARA",
        example={"time": HOST},
    )

    type: Literal["set_clock"] = "set_clock"
    time: Annotated[
        datetime | Literal["host"],
        BeforeValidator(_time),
        WithJsonSchema(
            {
                "type": "string",
                "pattern": f"^(host|{TIME})$",
                "maxLength": LONGEST_TIME,
                "examples": [HOST, "2026-11-22T10:15:00+01:00"],
            }
        ),
    ] = Field(default=HOST, description="host: the time of the computer on which the daemon runs, when it is set")


def _rate(value: Any) -> str | None:
    """A percentage or ``exempt``; ``None``: the letter is not in use."""
    if value is None:
        return None
    found = parse_vat(value)
    if len(found) == 1:
        raise mistake(
            "rates.value",
            'a rate is a percentage ("23%"), "exempt", or null for a letter that is not in use',
            "stawka to procent, zwolnienie albo brak.",
        )
    return found


_Rate = Annotated[
    str | None,
    BeforeValidator(_rate),
    WithJsonSchema({"anyOf": [{"type": "string", "pattern": RATE, "maxLength": LONGEST}, {"type": "null"}]}),
]


class VatTable(Strict):
    """A VAT table: every letter, in the form of ``vat`` of a printer's status."""

    A: _Rate
    B: _Rate
    C: _Rate
    D: _Rate
    E: _Rate
    F: _Rate
    G: _Rate

    @model_validator(mode="after")
    def _some_active(self) -> Self:
        if not any(self.by_letter.values()):
            raise mistake(
                "rates.inactive", "at least one rate must be in use", "co najmniej jedna stawka musi być używana."
            )
        return self

    @model_serializer
    def _every_letter(self) -> dict[str, str | None]:
        """With the letters that are not in use, which ``exclude_none`` would leave out."""
        return self.by_letter

    @property
    def by_letter(self) -> dict[str, str | None]:
        """Every letter with its rate; ``None``: not in use."""
        return {letter: getattr(self, letter) for letter in type(self).model_fields}


class SetVatRates(BaseDocument):
    """Programme the VAT table. Printers allow it only with zero totals, about thirty times in their life."""

    about: ClassVar = About(
        right=Right.CONFIGURE,
        fiscal=Fiscal.NOTHING,
        sheet=Sheet.PRINTERS_OWN,
        verb=Verb(("rates", "set"), "Programme the VAT table: A=23% B=8% C=5% D=0% E= F= G=exempt."),
        title_pl="PROGRAMOWANIE STAWEK PTU",
        example={"rates": {"A": "23%", "B": "8%", "C": "5%", "D": "0%", "E": None, "F": None, "G": "exempt"}},
    )

    type: Literal["set_vat_rates"] = "set_vat_rates"
    rates: VatTable
    confirm_on_printer: Annotated[bool, Field(strict=True)] = Field(
        default=False, description="true: the printer asks a person to confirm with its keys; false: it does not ask"
    )


class SetHeader(BaseDocument):
    """Set the header that stands on top of every document."""

    about: ClassVar = About(
        right=Right.CONFIGURE,
        fiscal=Fiscal.NOTHING,
        sheet=Sheet.PRINTERS_OWN,
        verb=Verb(("header", "set"), "Set the header that stands on top of every document, a LINES argument for each."),
        title_pl="PROGRAMOWANIE NAGŁÓWKA",
        example={"lines": ["SKLEP PRZYKŁADOWY", "ul. Testowa 1, 00-001 Warszawa", "NIP 123-456-32-18"]},
    )

    type: Literal["set_header"] = "set_header"
    lines: Annotated[tuple[FreeText, ...], Field(min_length=1, max_length=MAX_HEADER), at_most(MAX_HEADER)]


class SetDisplay(BaseDocument):
    """Show text on the customer's display until the next sale."""

    about: ClassVar = About(
        right=Right.CONFIGURE,
        fiscal=Fiscal.NOTHING,
        sheet=Sheet.NONE,
        verb=Verb(("display", "set"), "Show text on the customer's display, a LINES argument for each line."),
        example={"lines": ["Witamy", "Dziękujemy"]},
    )

    type: Literal["set_display"] = "set_display"
    lines: Annotated[tuple[FreeText, ...], Field(min_length=1, max_length=MAX_DISPLAY), at_most(MAX_DISPLAY)]
