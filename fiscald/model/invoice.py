"""An invoice that a fiscal printer registers and prints."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal, Self

from pydantic import ConfigDict, Field, model_validator

from fiscald.model.about import About, BaseDocument, Fiscal, Sheet
from fiscald.model.lists import MAX_LINES, MAX_PAYMENTS, BoundedLines, at_most
from fiscald.model.money import Money, PositiveMoney
from fiscald.model.payment import Payment
from fiscald.model.receipt import NOT_TWO_ADJUSTMENTS, Adjustment, Line, both, not_both
from fiscald.model.rights import Right
from fiscald.model.strict import Strict, mistake
from fiscald.model.tax import Nip, VatId
from fiscald.model.text import FreeText, Text
from fiscald.model.times import Day

#: The longest address that any printer takes, in lines; and the most copies.
MAX_ADDRESS, MAX_COPIES = 8, 9


class InvoiceBuyer(Strict):
    """The buyer on an invoice."""

    model_config = ConfigDict(json_schema_extra={"not": both("nip", "vat_id")})

    name: Text
    address: Annotated[tuple[Text, ...], Field(max_length=MAX_ADDRESS), at_most(MAX_ADDRESS)] = Field(
        default=(), description="street, postal code and town: one line each"
    )
    nip: Nip | None = None
    vat_id: VatId | None = Field(default=None, description="the number of another EU country, instead of nip")

    @model_validator(mode="after")
    def _one_number(self) -> Self:
        if self.nip is not None and self.vat_id is not None:
            raise mistake(
                "buyer.one",
                "send either nip (a Polish number) or vat_id (a number of another EU country); a consumer has neither",
                "należy podać albo NIP, albo numer VAT UE nabywcy.",
            )
        return self


class Invoice(BaseDocument):
    """An invoice. The printer registers it like a receipt, and counts it apart from receipts."""

    model_config = NOT_TWO_ADJUSTMENTS
    about: ClassVar = About(
        right=Right.PRINT,
        fiscal=Fiscal.RECEIPT,
        sheet=Sheet.CONTENT,
        example={
            "number": "FV/10/2026",
            "buyer": {
                "name": "Firma Przykładowa sp. z o.o.",
                "address": ["ul. Testowa 1", "00-001 Warszawa"],
                "nip": "5260250274",
            },
            "lines": [{"name": "Usługa serwisowa", "price": "123.00", "vat": "A"}],
            "total": "123.00",
        },
    )

    type: Literal["invoice"] = "invoice"
    number: Text = Field(description="the application's number of the invoice, as it is printed")
    buyer: InvoiceBuyer
    lines: Annotated[tuple[Line, ...], Field(min_length=1, max_length=MAX_LINES), BoundedLines]
    discount: Adjustment | None = Field(default=None, description="on the whole invoice, after the last line")
    surcharge: Adjustment | None = Field(default=None, description="on the whole invoice, after the last line")
    total: PositiveMoney | None = Field(
        default=None, description="the sum of the invoice; checked if given, computed if absent"
    )
    payments: Annotated[tuple[Payment, ...], Field(max_length=MAX_PAYMENTS), at_most(MAX_PAYMENTS)] = Field(
        default=(), description="what was paid already, in full; absent: the invoice shows no payment"
    )
    change: Money | None = Field(
        default=None, description="cash that the customer gets back; checked if given, computed if absent"
    )
    sale_date: Day | None = Field(default=None, description="if it is not the day of the invoice")
    due_date: Day | None = Field(default=None, description="the day by which the buyer has to pay")
    payment_form: Text | None = Field(default=None, description="how the buyer is to pay, as it is printed")
    copies: Annotated[int, Field(strict=True, ge=0, le=MAX_COPIES)] = Field(
        default=0, description="printed copies besides the original"
    )
    cashier: FreeText | None = None
    till: Text | None = Field(default=None, alias="register", description="number of the till")
    system_number: Text | None = Field(default=None, description="the application's own number of this sale")

    @model_validator(mode="after")
    def _one_adjustment(self) -> Self:
        not_both(self)
        return self
