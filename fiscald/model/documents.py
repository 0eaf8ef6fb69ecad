"""The documents of the API, in the words of the field.

These models check what is true for every printer: the form of values, their precision, fields that exclude each other.
The printer's family knows what one printer refuses: its limits, its rates, its arithmetic.
"""

from __future__ import annotations

import hashlib
import json
from enum import StrEnum
from types import MappingProxyType
from typing import Annotated, get_args

from pydantic import Field

from fiscald.model.about import BaseDocument
from fiscald.model.cash import CashIn, CashOut, Drawer, GoodsReturn
from fiscald.model.invoice import Invoice
from fiscald.model.packaging import PackagingDocument
from fiscald.model.printout import Printout
from fiscald.model.receipt import Receipt
from fiscald.model.reports import DailyReport
from fiscald.model.strict import Strict
from fiscald.model.times import Time

#: Any document; ``type`` says which one.
Document = Annotated[
    Receipt | Invoice | DailyReport | CashIn | CashOut | GoodsReturn | PackagingDocument | Printout | Drawer,
    Field(discriminator="type"),
]


#: Every document by its ``type``.
DOCUMENTS: MappingProxyType[str, type[BaseDocument]] = MappingProxyType(
    {kind.type_name(): kind for kind in get_args(get_args(Document)[0])}
)


class IfInterrupted(StrEnum):
    """What to do with an interrupted document that provably left nothing in the fiscal memory."""

    REPEAT = "repeat"
    """Retry it (at most twice)."""
    FAIL = "fail"


class Submission(Strict):
    """The body of ``PUT /v1/jobs/{key}``: which document on which printer, and under what conditions.

    The conditions are not content: a retry with other conditions is the same submission, and the first ones apply.
    """

    printer: Annotated[str, Field(max_length=200)]
    document: Document
    deadline: Time | None = Field(
        default=None, description="a job that has not started by then fails with job.expired; nothing was sent"
    )
    expect_last: Annotated[int, Field(strict=True, ge=0, le=2**31)] | None = Field(
        default=None,
        description="expected number of the printer's last receipt of the open day (0: none); else the job fails",
    )
    if_interrupted: IfInterrupted = IfInterrupted.REPEAT

    def canonical(self) -> str:
        """The content as text that is equal exactly when two submissions mean the same.

        Defaults are left out, so a field added later does not change the text of older submissions.
        """
        content = self.document.model_dump(mode="json", exclude_defaults=True, by_alias=True)
        content["type"] = self.document.type
        return json.dumps(
            {"printer": self.printer, "document": content},
            sort_keys=True,
            ensure_ascii=False,
            separators=(",", ":"),
        )

    def digest(self) -> bytes:
        """SHA-256 of ``canonical``."""
        return hashlib.sha256(self.canonical().encode()).digest()
