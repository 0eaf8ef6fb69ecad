"""Returnable packaging: given out or taken back for a deposit, with a sale or without one."""

from __future__ import annotations

import hashlib
from decimal import Decimal
from typing import Annotated, ClassVar, Literal, Self

from pydantic import ConfigDict, Field, model_validator

from fiscald.model.about import About, BaseDocument, Fiscal, Sheet
from fiscald.model.lists import MAX_LINES, MAX_PAYMENTS, BoundedLines, at_most
from fiscald.model.money import Money, PositiveMoney, Quantity
from fiscald.model.payment import Payment
from fiscald.model.rights import Right
from fiscald.model.strict import Element, mistake
from fiscald.model.text import FreeText

#: For the JSON schema, which does not know that one of them is needed.
_HAS_NAME_OR_NUMBER = ConfigDict(
    json_schema_extra={"not": {"properties": {"name": {"type": "null"}, "number": {"type": "null"}}}}
)


class Packaging(Element):
    """One kind of returnable packaging, given out or taken back; outside the fiscal total."""

    model_config = _HAS_NAME_OR_NUMBER

    name: FreeText | None = Field(
        default=None, description="printed where the printer has a place for it; a notice says where it has none"
    )
    number: (
        Annotated[
            str,
            Field(
                max_length=12,
                pattern=r"^[0-9]{1,12}$",
                description="the packaging's number, digits only; absent: made from the name, always the same",
            ),
        ]
        | None
    ) = None
    price: PositiveMoney = Field(description="the deposit for one piece")
    quantity: Quantity = Decimal(1)
    returned: bool = Field(default=False, strict=True, description="true: taken back, the customer gets the deposit")

    @model_validator(mode="after")
    def _named(self) -> Self:
        if self.name is None and self.number is None:
            raise mistake(
                "packaging.name",
                "send the name of the packaging, its number, or both",
                "należy podać nazwę opakowania albo jego numer.",
            )
        return self

    @property
    def kind_name(self) -> str:
        """The name without regard to case and blanks; empty without a name. Equal names are one kind."""
        return " ".join((self.name or "").casefold().split())

    def printed_number(self, highest: int) -> int:
        """Its number; or one from 1 to ``highest`` made from the name, the same for the same name on every day."""
        if self.number is not None:
            return int(self.number)
        return int.from_bytes(hashlib.sha256(self.kind_name.encode()).digest()[:8], "big") % highest + 1


class PackagingDocument(BaseDocument):
    """Returnable packaging given out or taken back without a sale. Not fiscal."""

    about: ClassVar = About(
        right=Right.PRINT,
        fiscal=Fiscal.NOTHING,
        sheet=Sheet.CONTENT,
        example={
            "items": [
                {"name": "Butelka szklana", "price": "1.00", "quantity": 6, "returned": True},
                {"name": "Puszka", "number": "12", "price": "0.50", "quantity": 4, "returned": True},
            ]
        },
    )

    type: Literal["packaging"] = "packaging"
    items: Annotated[tuple[Packaging, ...], Field(min_length=1, max_length=MAX_LINES), BoundedLines]
    payments: Annotated[tuple[Payment, ...], Field(max_length=MAX_PAYMENTS), at_most(MAX_PAYMENTS)] = Field(
        default=(), description="absent: cash for the amount due. More taken back than given out is paid out in cash"
    )
    change: Money | None = Field(
        default=None, description="cash that the customer gets back; checked if given, computed if absent"
    )
