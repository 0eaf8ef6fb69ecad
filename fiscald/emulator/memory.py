"""What a register remembers: the rates, the open day, the fiscal memory, the document in hand.

Everything here survives a power cut. The register (``register.py``) alone changes it. Money is in grosze.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, BaseModel, Field

RATES = 7
#: The default Polish layout (choice): A 23, B 8, C 5, D 0, E-F inactive, G exempt.
DEFAULT_RATES: tuple[Decimal | str | None, ...] = (
    Decimal(23), Decimal(8), Decimal(5), Decimal(0), None, None, "exempt"
)  # fmt: skip
DEFAULT_HEADER = "SKLEP PRZYKŁADOWY\nul. Testowa 1, 00-001 Warszawa\nNIP 123-456-32-18"
#: Names that fit into the goods base (choice).
GOODS_CAPACITY = 3000
#: Seconds that a register's clock may differ from the host's: a century. With more, its time could not be told.
MAX_CLOCK_OFFSET = 100 * 366 * 24 * 3600.0

RateTable = Annotated[list[Decimal | str | None], Field(min_length=RATES, max_length=RATES)]
"""Percentages, ``"exempt"``, or ``None`` where a letter is not in use."""
PerRate = Annotated[list[int], Field(min_length=RATES, max_length=RATES)]
"""Grosze by rate."""
ClockOffset = Annotated[float, Field(ge=-MAX_CLOCK_OFFSET, le=MAX_CLOCK_OFFSET, allow_inf_nan=False)]


class Adjustment(BaseModel):
    """A discount (negative) or surcharge (positive) in grosze."""

    amount: int
    name: str


class Line(BaseModel):
    """A sale line, or the storno of one."""

    name: str
    rate: int
    price: int
    quantity: Decimal
    value: int
    storno: bool = False
    unit: str = ""
    description: str = ""
    adjustment: Adjustment | None = None
    quantity_left: Decimal = Decimal(0)
    net_left: int = 0

    @property
    def net(self) -> int:
        """Value after the line's own discount or surcharge."""
        return self.value + (self.adjustment.amount if self.adjustment else 0)


class Subtotal(BaseModel):
    """A discount or surcharge on the subtotal, on the bill, or on one rate."""

    subtotal: int
    adjustment: Adjustment
    rate: int | None = None
    at_close: bool = False
    """Given with the command that closes the document."""


class Payment(BaseModel):
    """A payment, or (``change``) money given back."""

    form: int
    amount: int
    name: str
    change: bool = False


class Pack(BaseModel):
    """Returnable packaging; the value of a storno is negative."""

    number: str
    price: int
    quantity: Decimal
    value: int
    returned: bool


class Transaction(BaseModel):
    """The document being made."""

    kind: Literal["receipt", "invoice", "packaging"]
    block_mode: bool = False
    items: list[Line | Subtotal] = Field(default_factory=list)
    totals: PerRate = Field(default_factory=lambda: [0] * RATES)
    payments: list[Payment] = Field(default_factory=list)
    packaging: list[Pack] = Field(default_factory=list)
    buyer_nip: str = ""
    facts: dict[str, Any] = Field(default_factory=dict)
    """What only the family's face needs (invoice texts)."""

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


class Day(BaseModel):
    """The open day: everything that a daily report reads and clears."""

    receipts: PerRate = Field(default_factory=lambda: [0] * RATES)
    receipt_count: int = 0
    invoices: PerRate = Field(default_factory=lambda: [0] * RATES)
    invoice_count: int = 0
    last_receipt: int = 0
    last_invoice: int = 0
    cancelled_value: int = 0
    cancelled_count: int = 0
    cancelled_invoices: int = 0
    goods_changes: int = 0
    nonfiscal: int = 0
    positions: int = 0
    """Lines sold on receipts; stornos count too."""
    stornos: int = 0
    first_sale: AwareDatetime | None = None
    last_sale: AwareDatetime | None = None


class DailyRecord(BaseModel):
    """A record of the fiscal memory."""

    number: int
    at: AwareDatetime
    rates: RateTable
    day: Day


class RateChange(BaseModel):
    """A new table of rates, as the fiscal memory keeps it."""

    at: AwareDatetime
    rates: RateTable


class Goods(BaseModel):
    """What the goods base remembers of a name."""

    rate: int
    lowered: bool = False
    blocked: bool = False
    """Somebody tried to sell it at a rate that it may not have any more."""


class LastDocument(BaseModel):
    """What the status tells of the current or last document."""

    kind: Literal["none", "receipt", "receipt_block", "invoice", "packaging"] = "none"
    totals: PerRate = Field(default_factory=lambda: [0] * RATES)
    packaging_given: int = 0
    packaging_taken: int = 0
    paid: int = 0
    change: int = 0


class RegisterState(BaseModel):
    """Everything that survives a power cut."""

    unique_number: str = Field(default="EMU 0000000001", pattern="^EMU")
    """It can never look like a real printer's."""
    fiscal: bool = True
    header: str = DEFAULT_HEADER
    footer: str = ""
    footer_kept: bool = False
    rates: RateTable = Field(default_factory=lambda: list(DEFAULT_RATES))
    rate_changes: int = 0
    rate_history: list[RateChange] = Field(default_factory=list)
    ram_resets: int = 0
    headers: int = 0
    """Documents printed, of any kind; never reset."""
    cancelled_numbered: bool = True
    """Whether a cancelled receipt uses up a number. Measured on ONLINE; older devices: choice, no."""
    numbers_run_on: bool = False
    """Whether receipts are numbered on after a daily report."""
    copy_offset: int = 5
    """Place in the protected memory minus ``headers``; 5 on the recorded device."""
    day: Day = Field(default_factory=Day)
    fiscal_memory: list[DailyRecord] = Field(default_factory=list)
    report_offset: int = 0
    """Daily reports made before ``fiscal_memory`` begins (a seeded register)."""
    last_record: AwareDatetime | None = None
    goods: dict[str, Goods] = Field(default_factory=dict)
    goods_capacity: int = GOODS_CAPACITY
    cash: int = 0
    drawer_openings: int = 0
    cashier: str = ""
    till: str = "1"
    transaction: Transaction | None = None
    closing: Transaction | None = None
    """Registered, its paper not finished yet: the footer is still open."""
    last_document: LastDocument = Field(default_factory=LastDocument)
    clock_offset: ClockOffset = 0.0
    clock_set: date | None = None
    face: dict[str, Any] = Field(default_factory=dict)
    """What only the family's face knows and must survive too."""

    @property
    def reports(self) -> int:
        """Daily reports done."""
        return self.report_offset + len(self.fiscal_memory)
