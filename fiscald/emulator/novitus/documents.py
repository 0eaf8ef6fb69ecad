"""What a Novitus printer prints, as values, whatever protocol they come in. Money is in grosze.

A face makes these of what it was sent. Lengths and ranges are the printer's matter, not theirs.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import Literal

from fiscald.emulator.change import Change
from fiscald.emulator.layout_invoice import InvoiceTexts

PrintedAs = Literal["text", "qr", "barcode"]


class Form(StrEnum):
    """Forms of payment, by what they are and not by what a protocol calls them."""

    CASH = "cash"
    CARD = "card"
    CHEQUE = "cheque"
    COUPON = "coupon"
    """Printed as Bon."""
    OTHER = "other"
    CREDIT = "credit"
    ACCOUNT = "account"
    VOUCHER = "voucher"
    """Printed as Voucher."""
    CURRENCY = "currency"
    TRANSFER = "transfer"
    MOBILE = "mobile"


#: Number in the register and name on paper; the numbers up to 8 are those of the Thermal protocol.
FORMS: dict[Form, tuple[int, str]] = {
    Form.CASH: (0, "Gotówka"), Form.CARD: (1, "Karta płatnicza"), Form.CHEQUE: (2, "Czek"), Form.COUPON: (3, "Bon"),
    Form.OTHER: (4, "Inna"), Form.CREDIT: (5, "Kredyt"), Form.ACCOUNT: (6, "Konto klienta"),
    Form.VOUCHER: (7, "Voucher"), Form.CURRENCY: (8, "Waluta"), Form.TRANSFER: (9, "Przelew"),
    Form.MOBILE: (10, "Płatność mobilna"),
}  # fmt: skip


@dataclass(frozen=True)
class Code:
    """A number or text that may be printed as a code."""

    text: str
    printed_as: PrintedAs = "text"

    @property
    def as_sent(self) -> str:
        """With the mark that says how it is printed."""
        return {"text": "", "qr": "@", "barcode": "#"}[self.printed_as] + self.text


@dataclass(frozen=True)
class Item:
    """A line of goods, or (``storno``) what takes one back."""

    name: str
    rate: str
    """The letter."""
    price: int
    quantity: Decimal
    value: int | None = None
    """As it was sent; ``None``: the printer computes it."""
    unit: str = ""
    change: Change | None = None
    storno: bool = False
    description: str = ""
    code: Code | None = None


@dataclass(frozen=True)
class Advance:
    """An advance, or (``settlement``) what takes an earlier one off the price; ``storno`` takes either back."""

    description: str
    rate: str
    value: int
    settlement: bool = False
    storno: bool = False


@dataclass(frozen=True)
class Container:
    """Returnable packaging. The price is that of one; where there is none it follows from the value of all."""

    quantity: Decimal = Decimal(1)
    price: int | None = None
    value: int | None = None
    returned: bool = False
    storno: bool = False
    number: str = ""
    name: str = ""


@dataclass(frozen=True)
class Discount:
    """A discount or surcharge on what was sold so far, or on one rate of it."""

    change: Change
    base: int | None = None
    """What it is on, as it was sent; the printer compares it."""
    rate: str | None = None


Line = Item | Advance | Container | Discount


@dataclass(frozen=True)
class Currency:
    """A payment's amount in another currency (hundredths), and what one of it costs."""

    amount: int
    course: Decimal


@dataclass(frozen=True)
class Tender:
    """A payment; ``change``: money given back, shown in another currency."""

    form: Form
    value: int
    name: str = ""
    currency: Currency | None = None
    change: bool = False


@dataclass(frozen=True)
class PrintedLine:
    """A line of text, or something else of the width of the paper."""

    kind: Literal["text", "qr", "barcode", "rule", "empty", "receipt_number", "graphic"] = "text"
    text: str = ""
    bold: bool = False
    inverse: bool = False
    align: Literal["left", "centre", "right"] = "left"
    wide: bool = False
    copy_only: bool = False
    """Only in the electronic copy."""


@dataclass(frozen=True)
class Closing:
    """The end of a receipt or an invoice."""

    total: int | None = None
    """What was sold, before ``change``, without packaging; ``None``: not sent, and not compared."""
    change: Change | None = None
    """A discount or surcharge on everything."""
    paid: int | None = None
    """What the buyer pays, as it was sent; where there is no tender it is cash."""
    rest: int | None = None
    """Change, printed as it was sent; ``None``: as the printer computes it."""
    till: str = ""
    cashier: str = ""
    system_number: Code | None = None
    nip: str = ""
    """The buyer's, of a receipt."""
    buyer: str = ""
    """Who receives an invoice."""
    texts: tuple[tuple[int, str], ...] = ()
    """Lines with a label of the printer's table."""
    footer: tuple[PrintedLine, ...] | None = None
    """New lines of the footer; the printer takes one set from one daily report to the next."""
    lines: tuple[PrintedLine, ...] = ()
    """Lines below everything, as many and as often as a program likes."""


@dataclass(frozen=True)
class Receipt:
    """A whole receipt; of packaging alone it is not fiscal."""

    lines: tuple[Line, ...]
    tenders: tuple[Tender, ...] = ()
    closing: Closing = field(default_factory=Closing)


@dataclass(frozen=True)
class Invoice:
    """A whole invoice."""

    texts: InvoiceTexts
    lines: tuple[Item | Advance | Discount, ...]
    tenders: tuple[Tender, ...] = ()
    closing: Closing = field(default_factory=Closing)


@dataclass(frozen=True)
class NonFiscal:
    """A printout that is not fiscal."""

    lines: tuple[PrintedLine, ...]
    headed: bool = False
    """Whether its first and last words say that it is not fiscal."""
    copy_only: bool = False
    """It does not come out on paper."""
    system_number: str = ""
    till: str = ""
    cashier: str = ""


@dataclass(frozen=True)
class Issued:
    """What a document that was carried out left in the printer."""

    jpkid: int
    """Its number in the protected memory."""
    number: int | None
    """Of a receipt or an invoice; ``None``: such a document has none."""
    printout: int
    """Counter of printouts, of any kind."""
