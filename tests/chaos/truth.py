"""What really happened in the register, from every cause: the fiscal memory that verdicts are compared with."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from fiscald.emulator.memory import DailyRecord, Transaction
from fiscald.emulator.paper import Paper, Printout
from fiscald.emulator.register import Register
from fiscald.protocols.thermal.plan_printout import BROKEN_OFF

Who = Literal["ours", "others"]


@dataclass(frozen=True)
class Sale:
    """A completed receipt or invoice."""

    job: str | None
    number: int
    daily_report: int
    total: int
    at: float
    by: Who = field(default="ours", repr=False)
    """Who closed it."""
    rates: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    """(goods, VAT rate that they were sold at)."""
    paid: tuple[int, ...] = field(default=(), repr=False)
    """Payments, without change."""


@dataclass(frozen=True)
class Slip:
    """A cash slip or goods return."""

    kind: str
    amount: int


@dataclass(frozen=True)
class Form:
    """A non-fiscal form that came out, whole or cancelled."""

    job: str | None
    whole: bool
    text: str
    by: Who


@dataclass(frozen=True)
class Report:
    """A daily report."""

    number: int
    by: Who
    at: float


@dataclass(frozen=True)
class Sheet:
    """Any sheet that came out."""

    kind: str
    text: str
    facts: dict[str, Any]
    by: Who
    at: float


@dataclass
class Truth:
    """Watches one register."""

    register: Register
    clock: Callable[[], float]
    log: Callable[[str], None]
    sales: list[Sale] = field(default_factory=list)
    slips: list[Slip] = field(default_factory=list)
    forms: list[Form] = field(default_factory=list)
    reports: list[Report] = field(default_factory=list)
    sheets: list[Sheet] = field(default_factory=list)
    cancelled: list[tuple[Who, Who, float]] = field(default_factory=list)
    """(who had opened it, who cancelled it, when)."""
    feet: list[tuple[str, str | None, str]] = field(default_factory=list)
    """(kind of sheet, job whose it is, job that its foot names)."""
    acting: Who = "ours"
    """Who makes the register do what it does right now."""
    owner: Who = "ours"
    """Who opened the document that is open."""
    opened_at: float = 0.0
    """When it was opened."""
    clock_sets: int = 0
    """How often the printer's clock was set."""
    past: int = 0
    """Daily reports that the fiscal memory held from the beginning."""

    def __post_init__(self) -> None:
        register = self.register
        self.past = len(register.state.fiscal_memory)
        watched: dict[object, tuple[str, ...]] = {
            register.sale: ("open", "close", "cancel"),
            register.ledger: ("cash_in", "cash_out", "goods_return", "daily_report"),
            register: ("emit",),
            register.clock: ("set",),
        }
        for part, names in watched.items():
            for name in names:
                setattr(part, name, getattr(self, "_" + name)(getattr(part, name)))

    def by_others(self, action: Callable[[], object]) -> None:
        """Somebody else does something on the printer."""
        before, self.acting = self.acting, "others"
        try:
            action()
        finally:
            self.acting = before

    def _open(self, real: Callable[..., None]) -> Callable[..., None]:
        def opened(*args: object, **options: object) -> None:
            real(*args, **options)
            self.owner, self.opened_at = self.acting, self.clock()

        return opened

    def _close(self, real: Callable[[int], Transaction]) -> Callable[[int], Transaction]:
        def closed(change: int) -> Transaction:
            transaction = real(change)
            names = [line.name for line in transaction.lines]
            job = next((f"job/{name.split()[1]}" for name in names if name.startswith("Towar ")), None)
            day = self.register.state.day
            table = self.register.state.rates
            number = day.last_invoice if transaction.kind == "invoice" else day.last_receipt
            sale = Sale(
                job, number, self.register.state.reports + 1, transaction.total, self.clock(), self.acting,
                tuple((line.name, f"{table[line.rate]}%") for line in transaction.lines),
                tuple(payment.amount for payment in transaction.payments if not payment.change),
            )  # fmt: skip
            self.sales.append(sale)
            self.log(f"TRUTH {sale}")
            return transaction

        return closed

    def _cancel(self, real: Callable[[], Transaction]) -> Callable[[], Transaction]:
        def cancelled() -> Transaction:
            self.cancelled.append((self.owner, self.acting, self.clock()))
            self.log(f"TRUTH cancelled: {self.owner}'s, by {self.acting}")
            return real()

        return cancelled

    def _slip(self, kind: str, real: Callable[[int], None]) -> Callable[[int], None]:
        def printed(value: int) -> None:
            real(value)
            self.slips.append(Slip(kind, value))
            self.log(f"TRUTH {self.slips[-1]}")

        return printed

    def _cash_in(self, real: Callable[[int], None]) -> Callable[[int], None]:
        return self._slip("cash_in", real)

    def _cash_out(self, real: Callable[[int], None]) -> Callable[[int], None]:
        return self._slip("cash_out", real)

    def _goods_return(self, real: Callable[[int], None]) -> Callable[[int], None]:
        return self._slip("goods_return", real)

    def _daily_report(self, real: Callable[[], DailyRecord]) -> Callable[[], DailyRecord]:
        def reported() -> DailyRecord:
            record = real()
            self.reports.append(Report(record.number, self.acting, self.clock()))
            self.log(f"TRUTH {self.reports[-1]}")
            return record

        return reported

    def _set(self, real: Callable[..., None]) -> Callable[..., None]:
        def set_clock(moment: datetime, *, hours: int) -> None:
            real(moment, hours=hours)
            self.clock_sets += 1
            self.log(f"TRUTH the clock shows {moment:%H:%M}")

        return set_clock

    def _emit(self, real: Callable[..., Printout]) -> Callable[..., Printout]:
        def emit(kind: str, paper: Paper, facts: dict[str, Any]) -> Printout:
            text = "\n".join(line.text for line in paper.lines)
            self.sheets.append(Sheet(kind, text, facts, self.acting, self.clock()))
            if kind in ("form", "cancelled_form", "nonfiscal"):
                bon = re.search(r"Bon (\d+)", text)
                # A sheet with the line BROKEN_OFF does not count as our document, whoever ended the sheet.
                whole = kind != "cancelled_form" and BROKEN_OFF not in text
                self.forms.append(Form(f"job/{bon[1]}" if bon else None, whole, text, self.acting))
                self.log(f"TRUTH {kind} of {self.forms[-1].job}, by {self.acting}")
            foot = re.search(r"SN-(\d+)-", text)
            if foot is not None:
                whose = re.search(r"Towar (\d+)", text)
                self.feet.append((kind, f"job/{whose[1]}" if whose else None, f"job/{foot[1]}"))
            return real(kind, paper, facts)

        return emit
