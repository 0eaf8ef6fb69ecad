"""The reports of the fiscal memory, and of a shift."""

from __future__ import annotations

import datetime
import re
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import BeforeValidator, ConfigDict, Field, PlainSerializer, WithJsonSchema, model_validator

from fiscald.model.about import About, BaseDocument, Fiscal, Sheet, Verb
from fiscald.model.rights import Right
from fiscald.model.strict import mistake
from fiscald.model.text import FreeText, Text

#: Seconds that ``fiscalctl`` waits: a report of a month prints for minutes.
LONG_WAIT = 600.0
_MONTH = r"2[0-9]{3}-(0[1-9]|1[0-2])"
_DAY = r"2[0-9]{3}-[0-9]{2}-[0-9]{2}"


class DailyReport(BaseDocument):
    """The fiscal daily report. The printer sets its date."""

    about: ClassVar = About(
        right=Right.REPORT,
        fiscal=Fiscal.DAY_END,
        sheet=Sheet.PRINTERS_OWN,
        gated=False,
        verb=Verb(("report", "daily"), "Print the fiscal daily report.", wait=180.0),
        title_pl="RAPORT FISKALNY DOBOWY",
        example={},
    )

    type: Literal["daily_report"] = "daily_report"


class ShiftReport(BaseDocument):
    """What was sold and paid since the last shift report. Not fiscal."""

    about: ClassVar = About(
        right=Right.REPORT,
        fiscal=Fiscal.NOTHING,
        sheet=Sheet.PRINTERS_OWN,
        gated=False,
        verb=Verb(("report", "shift"), "Print the report of the shift SHIFT (like I) and begin a new one.", wait=180.0),
        title_pl="RAPORT ZMIANOWY",
        example={"shift": "I"},
    )

    type: Literal["shift_report"] = "shift_report"
    shift: Text = Field(description="name of the shift, as it is printed")
    cashier: FreeText | None = Field(default=None, description="printed where the printer has a place for it")
    reset: Annotated[bool, Field(strict=True)] = Field(
        default=True, description="true: a new shift begins; false: the report only reads"
    )


def _month(value: Any) -> str:
    if not isinstance(value, str) or len(value) > 7 or re.fullmatch(_MONTH, value, re.ASCII) is None:
        raise mistake("report.month", 'a month is a string like "2026-10"', "nieprawidłowy zapis miesiąca.")
    return value


class MonthlyReport(BaseDocument):
    """The daily reports of one month, from the fiscal memory. The month must be over."""

    about: ClassVar = About(
        right=Right.REPORT,
        fiscal=Fiscal.NOTHING,
        sheet=Sheet.PRINTERS_OWN,
        gated=False,
        verb=Verb(("report", "monthly"), "Print the report of MONTH (like 2026-10).", wait=LONG_WAIT),
        title_pl="RAPORT FISKALNY MIESIĘCZNY",
        example={"month": "2026-10", "summary": True},
    )

    type: Literal["monthly_report"] = "monthly_report"
    month: Annotated[
        str,
        BeforeValidator(_month),
        WithJsonSchema({"type": "string", "pattern": f"^{_MONTH}$", "maxLength": 7, "examples": ["2026-10"]}),
    ]
    summary: Annotated[bool, Field(strict=True)] = Field(
        default=False, description="true: the sums only, without the single daily reports"
    )

    @property
    def days(self) -> tuple[datetime.date, datetime.date]:
        """Its first and its last day."""
        first = datetime.date.fromisoformat(f"{self.month}-01")
        return first, (first + datetime.timedelta(days=31)).replace(day=1) - datetime.timedelta(days=1)


def _end(value: Any) -> datetime.date | int:
    if isinstance(value, datetime.date) and not isinstance(value, datetime.datetime):
        return value
    if isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= 9999:
        return value
    if isinstance(value, str) and len(value) <= 10 and re.fullmatch(_DAY, value, re.ASCII):
        try:
            return datetime.date.fromisoformat(value)
        except ValueError:
            pass
    raise mistake(
        "report.end",
        'send a day like "2026-10-01", or the number of a daily report from 1 to 9999',
        "należy podać dzień albo numer raportu dobowego.",
    )


#: Where a periodic report begins or ends: a day of the printer's calendar, or the number of a daily report.
End = Annotated[
    datetime.date | int,
    BeforeValidator(_end),
    PlainSerializer(lambda value: value if isinstance(value, int) else value.isoformat()),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "string", "format": "date", "pattern": f"^{_DAY}$", "maxLength": 10},
                {"type": "integer", "minimum": 1, "maximum": 9999},
            ],
            "examples": ["2026-10-01", 117],
        }
    ),
]


class PeriodicReport(BaseDocument):
    """The daily reports from one day or number to another, from the fiscal memory."""

    model_config = ConfigDict(populate_by_name=False)
    about: ClassVar = About(
        right=Right.REPORT,
        fiscal=Fiscal.NOTHING,
        sheet=Sheet.PRINTERS_OWN,
        gated=False,
        verb=Verb(
            ("report", "periodic"), "Print the daily reports FROM one day (like 2026-10-01) or number TO another.",
            wait=LONG_WAIT,
        ),
        title_pl="RAPORT FISKALNY OKRESOWY",
        example={"from": "2026-10-01", "to": "2026-10-15", "summary": False},
    )  # fmt: skip

    type: Literal["periodic_report"] = "periodic_report"
    start: End = Field(alias="from", description="the first day, or the number of the first daily report")
    end: End = Field(alias="to", description="the last day, or the number of the last daily report; both included")
    summary: Annotated[bool, Field(strict=True)] = Field(
        default=False, description="true: the sums only, without the single daily reports"
    )

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        match self.start, self.end:
            case int() as first, int() as last:
                ordered = first <= last
            case datetime.date() as first, datetime.date() as last:
                ordered = first <= last
            case _:
                raise mistake(
                    "report.ends",
                    "send two days or two numbers, not one of each",
                    "należy podać dwa dni albo dwa numery raportów.",
                )
        if not ordered:
            raise mistake(
                "report.order", "from is later than to; exchange them", "początek jest późniejszy niż koniec."
            )
        return self
