"""What an application can ask for, in the words of the field: the documents of the public contract.

These models hold what is true on every printer: shapes, exactness, what excludes what. What one printer
refuses (its limits, its rates, its arithmetic) is known to its family.
"""

from __future__ import annotations

import hashlib
import json
from decimal import Decimal
from enum import StrEnum
from types import MappingProxyType
from typing import Annotated, Any, ClassVar, Literal, Self, get_args

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Discriminator, Field, Tag, model_validator
from pydantic_core import PydanticKnownError

from fiscald.model.about import About, BaseDocument, Fiscal, Sheet, Verb
from fiscald.model.money import Money, Percent, PositiveMoney, Quantity, plain
from fiscald.model.rights import Right
from fiscald.model.strict import Element, Strict, mistake, nearest
from fiscald.model.tax import Nip, Vat, VatId
from fiscald.model.text import FreeText, Text
from fiscald.model.times import Time


def _neither(one: str, other: str) -> dict[str, Any]:
    return {"properties": {one: {"type": "null"}, other: {"type": "null"}}}


def _both(one: str, other: str) -> dict[str, Any]:
    given = {"not": {"type": "null"}}
    return {"properties": {one: given, other: given}, "required": [one, other]}


#: For the JSON schema, which cannot say by itself what excludes what.
_NOT_TWO_ADJUSTMENTS = ConfigDict(json_schema_extra={"not": _both("discount", "surcharge")})


def _one_of(one: str, other: str) -> ConfigDict:
    return ConfigDict(json_schema_extra={"not": {"anyOf": [_both(one, other), _neither(one, other)]}})


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


def _not_both(holder: Line | Receipt) -> None:
    if holder.discount and holder.surcharge:
        raise mistake(
            "adjustment.both",
            "send a discount or a surcharge, not both",
            "nie można podać jednocześnie rabatu i narzutu.",
        )


class Line(Element):
    """One sale line, or (``storno``) the reversal of a line sold earlier on the same receipt."""

    model_config = _NOT_TWO_ADJUSTMENTS

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
        _not_both(self)
        return self


class PaymentType(StrEnum):
    """Forms of payment, by UnifiedPOS-like names."""

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
    """What the buyer gave."""

    type: PaymentType
    amount: PositiveMoney
    name: FreeText | None = Field(default=None, description="printed instead of the usual name of this form")


class Buyer(Strict):
    """The buyer, as far as a receipt names one."""

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


class Packaging(Element):
    """Returnable packaging given out or taken back with the sale; outside the fiscal total."""

    number: Annotated[
        str, Field(max_length=12, pattern=r"^[0-9]{1,12}$", description="the packaging's number, digits only")
    ]
    price: PositiveMoney
    quantity: Quantity = Decimal(1)
    returned: bool = Field(default=False, strict=True)


class QrCode(Strict):
    """A QR code under the receipt."""

    text: Annotated[str, Field(min_length=1, max_length=2000)]
    size: Annotated[int, Field(strict=True, ge=2, le=8, description="printer dots per module")] = 4
    correction: Literal["L", "M", "Q", "H"] = "M"


#: A one-dimensional code.
Barcode = Annotated[str, Field(max_length=64, pattern=r"^[A-Za-z0-9]{1,64}$", description="one-dimensional code")]


#: The longest list of lines, of any kind, and of payments; no printer takes as many.
MAX_LINES, MAX_PAYMENTS = 1000, 100


def _at_most(most: int) -> BeforeValidator:
    """Counted before the first is looked at: a list without end is one mistake, not as many as it has elements."""

    def count(value: Any) -> Any:
        if isinstance(value, list | tuple) and len(value) > most:
            raise PydanticKnownError(
                "too_long", {"field_type": "List", "max_length": most, "actual_length": len(value)}
            )
        return value

    return BeforeValidator(count)


#: Bounds a list of lines.
_Bounded = _at_most(MAX_LINES)


class Receipt(BaseDocument):
    """A fiscal receipt."""

    model_config = _NOT_TWO_ADJUSTMENTS
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
    lines: Annotated[tuple[Line, ...], Field(min_length=1, max_length=MAX_LINES), _Bounded]
    discount: Adjustment | None = Field(default=None, description="on the whole receipt, after the last line")
    surcharge: Adjustment | None = Field(default=None, description="on the whole receipt, after the last line")
    total: PositiveMoney | None = Field(default=None, description="what the lines come to; checked, computed if absent")
    packaging: Annotated[tuple[Packaging, ...], Field(max_length=MAX_LINES), _Bounded] = ()
    payments: Annotated[tuple[Payment, ...], Field(max_length=MAX_PAYMENTS), _at_most(MAX_PAYMENTS)] = Field(
        default=(), description="absent: cash for the amount due"
    )
    change: Money | None = Field(default=None, description="given back in cash; checked, computed if absent")
    buyer: Buyer | None = None
    cashier: FreeText | None = None
    till: Text | None = Field(default=None, alias="register", description="number of the till")
    system_number: Text | None = Field(default=None, description="the application's own number of this sale")
    footer: Annotated[tuple[FreeText, ...], Field(max_length=MAX_LINES), _Bounded] = Field(
        default=(), description="lines under the receipt, not fiscal"
    )
    barcode: Barcode | None = None
    qr: QrCode | None = None

    @model_validator(mode="after")
    def _one_adjustment(self) -> Self:
        _not_both(self)
        return self


class DailyReport(BaseDocument):
    """The fiscal daily report. Its date is the printer's own."""

    about: ClassVar = About(
        right=Right.REPORT,
        fiscal=Fiscal.DAY_END,
        sheet=Sheet.PRINTERS_OWN,
        gated=False,
        verb=Verb(("report", "daily"), "Print the fiscal daily report.", wait=180.0),
        example={},
    )

    type: Literal["daily_report"] = "daily_report"


class CashIn(BaseDocument):
    """Cash put into the drawer."""

    about: ClassVar = About(
        right=Right.PRINT,
        fiscal=Fiscal.NOTHING,
        sheet=Sheet.CONTENT,
        verb=Verb(("cash", "in"), "Put AMOUNT (like 50.00) into the drawer, with a slip."),
        example={"amount": "200.00"},
    )

    type: Literal["cash_in"] = "cash_in"
    amount: PositiveMoney


class CashOut(BaseDocument):
    """Cash taken from the drawer."""

    about: ClassVar = About(
        right=Right.PRINT,
        fiscal=Fiscal.NOTHING,
        sheet=Sheet.CONTENT,
        verb=Verb(("cash", "out"), "Take AMOUNT (like 50.00) out of the drawer, with a slip."),
        example={"amount": "50.00"},
    )

    type: Literal["cash_out"] = "cash_out"
    amount: PositiveMoney


class GoodsReturn(BaseDocument):
    """A slip for money paid back for returned goods. Not a fiscal document in Poland."""

    about: ClassVar = About(
        right=Right.PRINT,
        fiscal=Fiscal.NOTHING,
        sheet=Sheet.CONTENT,
        verb=Verb(("return",), "Print a slip for AMOUNT paid back for returned goods."),
        example={"amount": "12.00"},
    )

    type: Literal["goods_return"] = "goods_return"
    amount: PositiveMoney


def _only_true(value: bool) -> bool:
    if not value:
        raise mistake(
            "rule.false",
            'a separator is {"rule": true}; leave the line out if you want none',
            "wiersz z linią jest niepotrzebny.",
        )
    return value


class Rule(Element):
    """A separator across the paper."""

    rule: Annotated[bool, Field(strict=True, json_schema_extra={"const": True}), AfterValidator(_only_true)]


class InCodePage(Strict):
    """A line in its own code page, for a test page: readable on paper where the printer is set to that one."""

    text: Text
    code_page: Literal["cp1250", "latin2", "mazovia"]


def _line_kind(value: Any) -> str:
    if isinstance(value, InCodePage) or (isinstance(value, dict) and "code_page" in value):
        return "InCodePage"
    return "Rule" if isinstance(value, dict | Rule) else "text"


def _no_other_object(value: Any) -> Any:
    """An object that is no separator, nor a misspelt one."""
    if isinstance(value, dict) and not any(nearest(name, ["rule", "code_page"]) for name in value):
        raise mistake(
            "printout.line",
            'a line is a string, or {"rule": true} for a separator{advice}',
            "wiersz wydruku ma niewłaściwą postać.",
            advice="; send the text itself as the string" if "text" in value else "",
        )
    return value


#: A line of a printout: text (``""``: an empty line), a separator, or text in another code page.
PrintoutLine = Annotated[
    Annotated[FreeText, Tag("text")] | Annotated[Rule, Tag("Rule")] | Annotated[InCodePage, Tag("InCodePage")],
    Discriminator(_line_kind),
    BeforeValidator(_no_other_object),
]


class Printout(BaseDocument):
    """A non-fiscal print: an order slip, a confirmation."""

    about: ClassVar = About(
        right=Right.PRINT,
        fiscal=Fiscal.NOTHING,
        sheet=Sheet.CONTENT,
        example={"title": "Zamówienie 17", "lines": ["Żurek x 2", "Kawa x 1", "", {"rule": True}, "stolik 4"]},
    )

    type: Literal["printout"] = "printout"
    title: FreeText | None = None
    lines: Annotated[tuple[PrintoutLine, ...], Field(min_length=1, max_length=MAX_LINES), _Bounded]
    barcode: Barcode | None = None


class Drawer(BaseDocument):
    """Open the cash drawer."""

    about: ClassVar = About(
        right=Right.PRINT,
        fiscal=Fiscal.NOTHING,
        sheet=Sheet.NONE,
        verb=Verb(("drawer",), "Open the cash drawer."),
        example={},
    )

    type: Literal["drawer"] = "drawer"


#: Any document, told apart by its ``type``.
Document = Annotated[
    Receipt | DailyReport | CashIn | CashOut | GoodsReturn | Printout | Drawer, Field(discriminator="type")
]


#: Every document by its ``type``.
DOCUMENTS: MappingProxyType[str, type[BaseDocument]] = MappingProxyType(
    {kind.type_name(): kind for kind in get_args(get_args(Document)[0])}
)


class IfInterrupted(StrEnum):
    """What to do with a document that was begun, interrupted, and provably left nothing in the fiscal memory."""

    REPEAT = "repeat"
    """Retry it (at most twice)."""
    FAIL = "fail"


class Submission(Strict):
    """The body of ``PUT /v1/jobs/{key}``: which document on which printer, and under what conditions.

    The conditions are not content: asking again with others is the same submission, and the first ones hold.
    """

    printer: Annotated[str, Field(max_length=200)]
    document: Document
    deadline: Time | None = Field(
        default=None, description="if it has not begun by then, it fails with job.expired; nothing was sent"
    )
    expect_last: Annotated[int, Field(strict=True, ge=0, le=2**31)] | None = Field(
        default=None,
        description="number of the printer's last receipt of the open day (0: none); another one fails the job",
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


def describe_adjustment(adjustment: Adjustment, word: str) -> str:
    """The printed name of a discount or surcharge: its own, or ``word`` with the percentage."""
    if adjustment.name:
        return adjustment.name
    if adjustment.percent is None:
        return word
    whole, _, fraction = plain(adjustment.percent).partition(".")
    return f"{word} {whole},{fraction.ljust(2, '0')}%"
