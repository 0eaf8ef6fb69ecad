"""E-receipts: a receipt that the printer sends to the customer's application, by the customer's identifier."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from fiscald.model.strict import Strict


class EReceipt(Strict):
    """To whom the printer is to send the receipt."""

    customer_id: Annotated[str, Field(max_length=128, pattern=r"^[!-~]([ -~]{0,126}[!-~])?$")] = Field(
        description="the customer's identifier (IDZ), as the customer's application shows it"
    )
    print: Annotated[bool, Field(strict=True)] | None = Field(
        default=None, description="whether it comes out on paper too; absent: as the printer is set"
    )


class Delivered(StrEnum):
    """Whether an e-receipt has reached its server."""

    YES = "yes"
    NO = "no"
    """Not yet, or never."""
    UNKNOWN = "unknown"
    """The printer reports a state whose meaning is not openly documented, or nothing."""


class EReceiptState(Strict):
    """What the printer says about an e-receipt. It may change after the job is done; the fiscal answer never does."""

    id: str | None = Field(
        default=None,
        description="the printer's id of the e-document; null: another document may have become it",
    )
    registered: bool | None = Field(
        description="whether the printer has a record of it; null: not known, because id is null"
    )
    delivered: Delivered = Delivered.UNKNOWN
    printed: bool | None = Field(default=None, description="whether it came out on paper; null: not known")
    state: int | None = Field(default=None, description="the printer's own number of the state of delivery")
