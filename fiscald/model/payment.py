"""A payment by the customer."""

from __future__ import annotations

from enum import StrEnum

from pydantic import Field

from fiscald.model.money import PositiveMoney
from fiscald.model.strict import Element
from fiscald.model.text import FreeText


class PaymentType(StrEnum):
    """Forms of payment, with names like those of UnifiedPOS."""

    CASH = "cash"
    CARD = "card"
    CHEQUE = "cheque"
    BON = "bon"
    CREDIT = "credit"
    OTHER = "other"
    VOUCHER = "voucher"
    ACCOUNT = "account"
    TRANSFER = "transfer"


class Payment(Element):
    """A payment by the buyer."""

    type: PaymentType
    amount: PositiveMoney
    name: FreeText | None = Field(
        default=None, description="printed instead of the default name of this form of payment"
    )
