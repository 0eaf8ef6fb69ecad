"""A fiscal receipt and its parts."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any, ClassVar, Literal, Protocol, Self

from pydantic import ConfigDict, Field, model_validator

from fiscald.model.about import About, BaseDocument, Fiscal, Sheet
from fiscald.model.barcodes import Barcode, QrCode
from fiscald.model.e_receipt import EReceipt
from fiscald.model.ksef import InvoiceReference
from fiscald.model.lists import MAX_LINES, MAX_PAYMENTS, BoundedLines, at_most
from fiscald.model.money import Money, Percent, PositiveMoney, Quantity, plain
from fiscald.model.packaging import Packaging
from fiscald.model.payment import Payment
from fiscald.model.rights import Right
from fiscald.model.strict import Element, Strict, mistake
from fiscald.model.tax import Nip, Vat, VatId
from fiscald.model.text import FreeText, Text


def _neither(one: str, other: str) -> dict[str, Any]:
    return {"properties": {one: {"type": "null"}, other: {"type": "null"}}}


def both(one: str, other: str) -> dict[str, Any]:
    """For a JSON schema: both fields are there."""
    given = {"not": {"type": "null"}}
    return {"properties": {one: given, other: given}, "required": [one, other]}


#: For the JSON schema, which does not know which fields exclude each other.
NOT_TWO_ADJUSTMENTS = ConfigDict(json_schema_extra={"not": both("discount", "surcharge")})


def _one_of(one: str, other: str) -> ConfigDict:
    return ConfigDict(json_schema_extra={"not": {"anyOf": [both(one, other), _neither(one, other)]}})


class Adjustment(Strict):
    """A discount or a surcharge: by percentage or by amount."""

    model_config = _one_of("percent", "amount")

    percent: Percent | None = None
    amount: PositiveMoney | None = None
    name: FreeText | None = Field(default=None, description="printed beside the amount")

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if (self.percent is None) == (self.amount is None):
            raise mistake(
                "adjustment.one",
                "send either percent or amount",
                "rabat lub narzut podaje się albo w procentach, albo kwotą.",
            )
        return self


class Adjusted(Protocol):
    """What may have a discount or a surcharge."""

    @property
    def discount(self) -> Adjustment | None:
        """At most one of the two."""

    @property
    def surcharge(self) -> Adjustment | None:
        """At most one of the two."""


def not_both(holder: Adjusted) -> None:
    """Raises ``PydanticCustomError`` for a discount beside a surcharge."""
    if holder.discount and holder.surcharge:
        raise mistake(
            "adjustment.both",
            "send a discount or a surcharge, not both",
            "nie można podać jednocześnie rabatu i narzutu.",
        )


class Line(Element):
    """One sale line, or (``storno``) the reversal of a line sold earlier on the same receipt."""

    model_config = NOT_TWO_ADJUSTMENTS

    name: Text
    quantity: Quantity = Decimal(1)
    unit: Text | None = None
    price: PositiveMoney = Field(description="gross unit price")
    vat: Vat
    discount: Adjustment | None = None
    surcharge: Adjustment | None = None
    storno: bool = Field(default=False, strict=True)
    description: FreeText | None = Field(default=None, description="a further line under the name")

    @model_validator(mode="after")
    def _one_adjustment(self) -> Self:
        not_both(self)
        return self


class Buyer(Strict):
    """The buyer's number on a receipt."""

    model_config = _one_of("nip", "vat_id")

    nip: Nip | None = None
    vat_id: VatId | None = Field(default=None, description="instead of nip; not every printer prints it")

    @model_validator(mode="after")
    def _one_number(self) -> Self:
        if (self.nip is None) == (self.vat_id is None):
            raise mistake(
                "buyer.one",
                "send either nip (a Polish number) or vat_id (a number of another EU country)",
                "należy podać albo NIP, albo numer VAT UE nabywcy.",
            )
        return self


class Receipt(BaseDocument):
    """A fiscal receipt."""

    model_config = NOT_TWO_ADJUSTMENTS
    about: ClassVar = About(
        right=Right.PRINT,
        fiscal=Fiscal.RECEIPT,
        sheet=Sheet.CONTENT,
        example={
            "lines": [
                {"name": "Chleb razowy", "quantity": "2", "unit": "szt", "price": "3.50", "vat": "5%"},
                {"name": "Kawa", "price": "12.00", "vat": "A", "discount": {"percent": "10"}},
            ],
            "total": "17.80",
            "payments": [{"type": "card", "amount": "10.00"}, {"type": "cash", "amount": "10.00"}],
            "change": "2.20",
            "buyer": {"nip": "5260250274"},
            "cashier": "Anna",
        },
    )

    type: Literal["receipt"] = "receipt"
    lines: Annotated[tuple[Line, ...], Field(min_length=1, max_length=MAX_LINES), BoundedLines]
    discount: Adjustment | None = Field(default=None, description="on the whole receipt, after the last line")
    surcharge: Adjustment | None = Field(default=None, description="on the whole receipt, after the last line")
    total: PositiveMoney | None = Field(
        default=None, description="the sum of the receipt; checked if given, computed if absent"
    )
    packaging: Annotated[tuple[Packaging, ...], Field(max_length=MAX_LINES), BoundedLines] = ()
    payments: Annotated[tuple[Payment, ...], Field(max_length=MAX_PAYMENTS), at_most(MAX_PAYMENTS)] = Field(
        default=(), description="absent: cash for the amount due"
    )
    change: Money | None = Field(
        default=None, description="cash that the customer gets back; checked if given, computed if absent"
    )
    buyer: Buyer | None = None
    cashier: FreeText | None = None
    till: Text | None = Field(default=None, alias="register", description="number of the till")
    system_number: Text | None = Field(default=None, description="the application's own number of this sale")
    footer: Annotated[tuple[FreeText, ...], Field(max_length=MAX_LINES), BoundedLines] = Field(
        default=(), description="lines under the receipt, not fiscal"
    )
    barcode: Barcode | None = None
    qr: QrCode | None = None
    invoice_reference: InvoiceReference | None = Field(
        default=None, description="the invoice in KSeF that belongs to this receipt"
    )
    e_receipt: EReceipt | None = Field(default=None, description="send the receipt to the customer's application")

    @model_validator(mode="after")
    def _one_adjustment(self) -> Self:
        not_both(self)
        return self


def describe_adjustment(adjustment: Adjustment, word: str) -> str:
    """The printed name of a discount or surcharge: its own, or ``word`` with the percentage."""
    if adjustment.name:
        return adjustment.name
    if adjustment.percent is None:
        return word
    whole, _, fraction = plain(adjustment.percent).partition(".")
    return f"{word} {whole},{fraction.ljust(2, '0')}%"
