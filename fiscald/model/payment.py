"""A payment by the customer."""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Self

from pydantic import Field, model_validator

from fiscald.model.money import PositiveMoney, Quantity, format_money, grosze, half_up, plain
from fiscald.model.strict import Element, Strict, mistake
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
    MOBILE = "mobile"


class Currency(Strict):
    """What the customer paid in another currency."""

    code: Annotated[str, Field(pattern=r"^[A-Z]{3}$", max_length=3, examples=["EUR"])]
    rate: Quantity = Field(description="złoty for one unit of the currency", examples=["4.2500"])
    amount: PositiveMoney = Field(description="in the currency", examples=["10.00"])

    @property
    def value(self) -> int:
        """The value in grosze: amount times rate, rounded half up."""
        return half_up(Decimal(grosze(self.amount)) * self.rate)


class Payment(Element):
    """A payment by the buyer."""

    type: PaymentType
    amount: PositiveMoney = Field(description="in złoty; of another currency its value")
    name: FreeText | None = Field(
        default=None, description="printed instead of the default name of this form of payment"
    )
    currency: Currency | None = Field(
        default=None, description="cash in another currency; `amount` is its value. Not every printer takes it"
    )

    @model_validator(mode="after")
    def _worth_its_amount(self) -> Self:
        if self.currency is None:
            return self
        if self.type is not PaymentType.CASH:
            raise mistake(
                "payment.currency",
                "only a payment of type cash can be in another currency",
                "w obcej walucie można płacić tylko gotówką.",
            )
        if self.currency.code == "PLN":
            raise mistake(
                "payment.currency_own",
                "PLN is not another currency; leave currency out",
                "złoty nie jest obcą walutą.",
            )
        if grosze(self.amount) != self.currency.value:
            raise mistake(
                "payment.currency_value",
                "{foreign} at {rate} is worth {value}, not {amount}",
                "wartość waluty nie zgadza się z kwotą płatności.",
                foreign=f"{format_money(self.currency.amount)} {self.currency.code}",
                rate=plain(self.currency.rate),
                value=format_money(Decimal(self.currency.value) / 100),
                amount=format_money(self.amount),
            )
        return self
