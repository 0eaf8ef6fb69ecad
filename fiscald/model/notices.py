"""Warnings about a printer that can print, and about documents that are valid."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

from fiscald.model.documents import Document
from fiscald.model.invoice import Invoice
from fiscald.model.jobs import Notice
from fiscald.model.receipt import Receipt
from fiscald.model.spans import in_words, in_words_pl

#: A larger difference of the clocks is a warning: half of what a clock is off that missed a change of summer time.
CLOCK_TOLERANCE = timedelta(minutes=30)
#: An operator can correct a printer's clock by an hour. Some printers report no seconds.
CORRECTABLE = timedelta(hours=1, minutes=1)
#: Daily reports that a fiscal memory typically holds (Thermal reference, section 7.2); how many are left at a warning.
TYPICAL_RECORDS, FEW_RECORDS = 1830, 60
#: From this day on, a receipt with a NIP up to this total is outside KSeF no longer, though it was an invoice before.
KSEF_DAY, SIMPLIFIED_INVOICE = date(2027, 1, 1), Decimal(450)


TRAINING = Notice(
    code="printer.training",
    detail="the printer is not fiscalised and prints training documents: this is not a fiscal document",
    detail_pl="Drukarka nie jest zafiskalizowana: wydruki są niefiskalne (szkoleniowe) i nie są paragonami.",
)
_INVOICE_NOT_IN_KSEF = Notice(
    code="invoice.not_in_ksef",
    pointer="/document",
    detail=f"from {KSEF_DAY} on, an invoice printed by a fiscal printer is outside KSeF no longer: send this invoice "
    "to KSeF too",
    detail_pl="Od 1 stycznia 2027 r. faktura z drukarki fiskalnej nie zastępuje faktury w KSeF. "
    "Wystaw tę fakturę także w KSeF.",
)
PAPER_LOW = Notice(
    code="printer.paper_low",
    detail="the paper is near its end; prepare a new roll",
    detail_pl="Kończy się papier. Przygotuj nową rolkę.",
)


def clock_off(apart: timedelta) -> Notice | None:
    """A warning that the printer's clock differs by ``apart`` from this computer's; ``None`` for a small difference."""
    if abs(apart) <= CLOCK_TOLERANCE:
        return None
    side, side_pl = ("ahead of", "spieszy się") if apart > timedelta() else ("behind", "spóźnia się")
    remedy = "call the printer's service: an operator can correct the clock by one hour at most"
    remedy_pl = "wezwij serwis drukarki"
    if abs(apart) <= CORRECTABLE:
        remedy = "set the printer's clock after the next daily report (it may have missed a change of summer time)"
        remedy_pl = "przestaw zegar drukarki po najbliższym raporcie dobowym (zmiana czasu letniego lub zimowego)"
    return Notice(
        code="printer.clock_off",
        detail=f"the printer's clock is {in_words(apart)} {side} this computer's, and its time is on every document; "
        f"if this computer is right, {remedy}",
        detail_pl=f"Zegar drukarki {side_pl} o {in_words_pl(apart)} względem komputera. Sprawdź datę i godzinę na "
        f"komputerze; jeśli są dobre, {remedy_pl}.",
    )


def memory_low(left: int) -> Notice | None:
    """A warning that only ``left`` more daily reports fit into the fiscal memory; ``None`` if enough are left."""
    if left > FEW_RECORDS:
        return None
    return Notice(
        code="printer.memory_low",
        detail=f"the fiscal memory has room for only about {max(left, 0)} more daily reports; order a new memory "
        "from the printer's service",
        detail_pl="Pamięć fiskalna drukarki jest prawie pełna. Zamów jej wymianę w serwisie.",
    )


def not_in_ksef(document: Document, total: Decimal | None, day: date) -> Notice | None:
    """A warning that a document printed on that ``day`` needs an invoice in KSeF; ``None`` if it does not.

    A receipt with ``invoice_reference`` has one. An invoice for a consumer, who has no number, may stay outside.
    """
    if isinstance(document, Invoice):
        return _INVOICE_NOT_IN_KSEF if day >= KSEF_DAY and (document.buyer.nip or document.buyer.vat_id) else None
    if not isinstance(document, Receipt) or document.buyer is None or document.buyer.nip is None:
        return None
    if day < KSEF_DAY or total is None or total > SIMPLIFIED_INVOICE or document.invoice_reference is not None:
        return None
    return Notice(
        code="receipt.not_in_ksef",
        pointer="/document/buyer/nip",
        detail=f"from {KSEF_DAY} on, a receipt with a NIP up to {SIMPLIFIED_INVOICE} PLN no longer replaces an invoice "
        "outside KSeF: send KSeF an invoice for this sale",
        detail_pl="Od 1 stycznia 2027 r. paragon z NIP do 450 zł nie zastępuje faktury poza KSeF. "
        "Wystaw do tej sprzedaży fakturę w KSeF.",
    )
