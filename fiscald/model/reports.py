"""The reports of the fiscal memory."""

from __future__ import annotations

from typing import ClassVar, Literal

from fiscald.model.about import About, BaseDocument, Fiscal, Sheet, Verb
from fiscald.model.rights import Right


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
