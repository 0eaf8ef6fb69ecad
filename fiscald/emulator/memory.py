"""The stored state of a register: the rates, the open day, the fiscal memory, the open document.

Everything here survives a power cut. The register (``register.py``) alone changes it. Money is in grosze. Every model
is strict: a value of another type, and a field that does not exist, is an error and never a guess.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, SerializeAsAny

from fiscald.emulator.wording import shortened
from fiscald.model.money import MAX_GROSZE

RATES = 7
#: The default Polish layout (our assumption): A 23, B 8, C 5, D 0, E-F inactive, G exempt.
DEFAULT_RATES: tuple[Decimal | str | None, ...] = (
    Decimal(23), Decimal(8), Decimal(5), Decimal(0), None, None, "exempt"
)  # fmt: skip
DEFAULT_HEADER = "SKLEP PRZYKŁADOWY\nul. Testowa 1, 00-001 Warszawa\nNIP 123-456-32-18"
#: Names that fit into the goods base (our assumption).
GOODS_CAPACITY = 3000
#: Seconds that a register's clock may differ from the host's: a century. More would leave the calendar.
MAX_CLOCK_OFFSET = 100 * 366 * 24 * 3600.0

_PERCENT = re.compile(r"\d{1,2}(?:[.,]\d{1,2})?", re.ASCII)
_RATE_HELP = 'write a percentage such as "23" or "5.5", "exempt", or null for a letter that is not in use'


def _rate(value: Any) -> Decimal | str | None:
    """A rate from any form that is not ambiguous; text is a percentage, never another kind of rate."""
    if value is None or value == "exempt":
        return None if value is None else "exempt"
    text = value
    if isinstance(value, Decimal):
        text = format(value, "f")
    elif isinstance(value, int) and 0 <= value < 100 and not isinstance(value, bool):
        text = str(value)
    if not isinstance(text, str) or _PERCENT.fullmatch(text) is None:
        raise ValueError(f"{shortened(value)} is not a VAT rate; {_RATE_HELP}")
    return Decimal(text.replace(",", "."))


def _shown(moment: datetime) -> datetime:
    """A moment that a printer's clock can show in every time zone."""
    if not 1900 <= moment.year < 2200:
        raise ValueError("write a year between 1900 and 2199")
    return moment


def _printable(text: str) -> str:
    """Text without control characters; lines end with a line feed, and may begin with SO, which makes them wide."""
    if any(ord(char) < 32 and char not in "\n\x0e" for char in text):
        raise ValueError("write it without control characters; a line feed ends a line")
    return text


Rate = Annotated[Decimal | str | None, BeforeValidator(_rate)]
"""A percentage, ``"exempt"``, or ``None`` where a letter is not in use."""
RateTable = Annotated[list[Rate], Field(min_length=RATES, max_length=RATES)]
RateIndex = Annotated[int, Field(ge=0, lt=RATES)]
"""The place of a rate in the table: 0 is A."""
SignedGrosze = Annotated[int, Field(ge=-MAX_GROSZE, le=MAX_GROSZE)]
PerRate = Annotated[list[SignedGrosze], Field(min_length=RATES, max_length=RATES)]
"""Grosze by rate, of a document; negative where more was taken back than sold."""
Grosze = Annotated[int, Field(ge=0, le=MAX_GROSZE)]
DayTotals = Annotated[list[Grosze], Field(min_length=RATES, max_length=RATES)]
"""Grosze by rate, of a day."""
Printable = Annotated[str, AfterValidator(_printable)]
Count = Annotated[int, Field(ge=0, le=999_999_999)]
Moment = Annotated[AwareDatetime, AfterValidator(_shown)]
ClockOffset = Annotated[float, Field(ge=-MAX_CLOCK_OFFSET, le=MAX_CLOCK_OFFSET, allow_inf_nan=False)]


class Memory(BaseModel):
    """Base of everything that a register remembers."""

    model_config = ConfigDict(extra="forbid", strict=True)


class FamilyMemory(BaseModel):
    """The family's part of the memory; every family has subclasses.

    As it comes from a file or a test it may still be of no family. The face reads it as its own with ``of``.
    """

    model_config = ConfigDict(extra="allow", strict=True)

    @classmethod
    def of(cls, stored: FamilyMemory) -> Self:
        """``stored`` as this class: unchanged, or read from what it holds. Raises ``ValidationError``."""
        return stored if type(stored) is cls else cls.model_validate_json(stored.model_dump_json())


class Adjustment(Memory):
    """A discount (negative) or surcharge (positive) in grosze."""

    amount: int
    name: str


class Line(Memory):
    """A sale line, or the storno of one."""

    name: str
    rate: RateIndex
    price: int
    quantity: Decimal
    value: int
    storno: bool = False
    unit: str = ""
    description: str = ""
    code: tuple[Literal["text", "qr", "barcode"], str] | None = None
    """An article's code under its name, and how it is printed."""
    advance: str = ""
    """What paper calls an advance, its settlement or the storno of one; empty: goods."""
    adjustment: Adjustment | None = None
    quantity_left: Decimal = Decimal(0)
    net_left: int = 0

    @property
    def net(self) -> int:
        """Value after the line's own discount or surcharge."""
        return self.value + (self.adjustment.amount if self.adjustment else 0)


class Subtotal(Memory):
    """A discount or surcharge on the subtotal, on the bill, or on one rate."""

    subtotal: int
    adjustment: Adjustment
    rate: RateIndex | None = None
    at_close: bool = False
    """Given with the command that closes the document."""


class Payment(Memory):
    """A payment, or (``change``) money given back."""

    form: int
    amount: int
    name: str
    change: bool = False


class Pack(Memory):
    """Returnable packaging; the value of a storno is negative."""

    number: str
    name: str = ""
    price: int
    quantity: Decimal
    value: int
    returned: bool

    @property
    def label(self) -> str:
        """What paper calls it: ``Kaucja PET(8774)``; without a name its number."""
        return f"{self.name}({self.number})" if self.name else self.number


class Transaction(Memory):
    """The document being made."""

    kind: Literal["receipt", "invoice", "packaging"]
    block_mode: bool
    items: list[Line | Subtotal] = Field(default_factory=list)
    totals: PerRate = Field(default_factory=lambda: [0] * RATES)
    payments: list[Payment] = Field(default_factory=list)
    packaging: list[Pack] = Field(default_factory=list)
    buyer_nip: str = ""
    facts: SerializeAsAny[FamilyMemory] = Field(default_factory=FamilyMemory)
    """The family's part of this document (invoice texts)."""

    @property
    def total(self) -> int:
        """Fiscal value in grosze."""
        return sum(self.totals)

    @property
    def paid(self) -> int:
        """Payments, without change."""
        return sum(payment.amount for payment in self.payments if not payment.change)

    @property
    def change_given(self) -> int:
        """Change payments."""
        return sum(payment.amount for payment in self.payments if payment.change)

    @property
    def packaging_given(self) -> int:
        """Value of packaging given out."""
        return sum(pack.value for pack in self.packaging if not pack.returned)

    @property
    def packaging_taken(self) -> int:
        """Value of packaging taken back."""
        return sum(pack.value for pack in self.packaging if pack.returned)

    @property
    def due(self) -> int:
        """What the buyer owes."""
        return self.total + self.packaging_given - self.packaging_taken

    @property
    def lines(self) -> list[Line]:
        """Sale lines and stornos, without what concerns the subtotal."""
        return [item for item in self.items if isinstance(item, Line)]


class Day(Memory):
    """The open day: everything that a daily report reads and clears."""

    receipts: DayTotals = Field(default_factory=lambda: [0] * RATES)
    receipt_count: Count = 0
    invoices: DayTotals = Field(default_factory=lambda: [0] * RATES)
    invoice_count: Count = 0
    last_receipt: Count = 0
    last_invoice: Count = 0
    cancelled_value: Grosze = 0
    cancelled_count: Count = 0
    cancelled_invoices: Count = 0
    goods_changes: Count = 0
    nonfiscal: Count = 0
    positions: Count = 0
    """Lines sold on receipts; stornos count too."""
    stornos: Count = 0
    first_sale: Moment | None = None
    last_sale: Moment | None = None

    @property
    def totals_zero(self) -> bool:
        """Whether the totals of the day are zero."""
        return not (any(self.receipts) or any(self.invoices) or self.cancelled_count or self.receipt_count)


class DailyRecord(Memory):
    """A record of the fiscal memory."""

    number: Count
    at: Moment
    rates: RateTable
    day: Day


class RateChange(Memory):
    """A new table of rates, as the fiscal memory keeps it."""

    at: Moment
    rates: RateTable


class Goods(Memory):
    """The goods base's entry of a name."""

    rate: RateIndex
    lowered: bool = False
    blocked: bool = False
    """A program tried to sell it at a rate that it may no longer have."""


class LastDocument(Memory):
    """What the status answers about the open or last document."""

    kind: Literal["none", "receipt", "receipt_block", "invoice", "packaging"] = "none"
    totals: PerRate = Field(default_factory=lambda: [0] * RATES)
    packaging_given: Grosze = 0
    packaging_taken: Grosze = 0
    paid: Grosze = 0
    change: Grosze = 0


class RegisterState(Memory):
    """Everything that survives a power cut."""

    unique_number: str = Field(default="EMU 0000000001", pattern=r"^EMU ?[0-9]{1,10}$")
    """It never looks like a real printer's number."""
    fiscal: bool = True
    header: Printable = Field(default=DEFAULT_HEADER, max_length=500)
    footer: Printable = Field(default="", max_length=130)
    footer_kept: bool = False
    rates: RateTable = Field(default_factory=lambda: list(DEFAULT_RATES))
    rate_changes: Count = 0
    rate_history: list[RateChange] = Field(default_factory=list)
    ram_resets: Count = 0
    printout_count: Count = 0
    """Documents printed, of any kind; never reset."""
    cancelled_numbered: bool = True
    """Whether a cancelled receipt uses up a number. Measured on ONLINE; older devices: no (our assumption)."""
    numbers_run_on: bool = False
    """Whether receipts are numbered on after a daily report."""
    copy_offset: Count = 5
    """Place in the protected memory minus ``printout_count``; 5 on the recorded device."""
    day: Day = Field(default_factory=Day)
    fiscal_memory: list[DailyRecord] = Field(default_factory=list)
    report_offset: Count = 0
    """Daily reports made before ``fiscal_memory`` begins (a seeded register)."""
    last_record: Moment | None = None
    goods: dict[str, Goods] = Field(default_factory=dict)
    goods_capacity: Count = GOODS_CAPACITY
    cash: Grosze = 0
    drawer_openings: Count = 0
    cashier: Printable = Field(default="", max_length=32)
    till: Printable = Field(default="1", max_length=8)
    transaction: Transaction | None = None
    closing: Transaction | None = None
    """Registered, its paper not finished yet: the footer is still open."""
    last_document: LastDocument = Field(default_factory=LastDocument)
    clock_offset: ClockOffset = 0.0
    clock_set: date | None = None
    face: SerializeAsAny[FamilyMemory] = Field(default_factory=FamilyMemory)
    """The family's part of the state, which must survive too."""

    @property
    def reports(self) -> int:
        """Daily reports done."""
        return self.report_offset + len(self.fiscal_memory)

    def rate_active(self, rate: int) -> bool:
        """Whether that place of the rate table exists and is in use."""
        return 0 <= rate < RATES and self.rates[rate] is not None


class RegisterMemory:
    """What the parts of one register share: its state, which may be replaced as a whole, and whether it trains."""

    def __init__(self, state: RegisterState) -> None:
        self.state = state
        #: Whether the device trains for another reason than that its register was never fiscalised.
        self.training: Callable[[], bool] = lambda: False

    @property
    def fiscal(self) -> bool:
        """Whether documents are fiscal; otherwise (training mode) it prints NIEFISKALNY and keeps no record."""
        return self.state.fiscal and not self.training()
