"""Reports, and the readout of the fiscal memory (Novitus XML reference, 5.14 and 5.16)."""

from __future__ import annotations

import datetime
import re
from decimal import Decimal

from fiscald.emulator.layout import LETTERS
from fiscald.emulator.memory import DailyRecord, RateChange
from fiscald.emulator.novitus.refusals import BAD_AMOUNT, BAD_DATE, BAD_PARAMETER, BAD_RANGE, NovitusError
from fiscald.emulator.novitus.reports import Bound, Record, parsed_day
from fiscald.emulator.novitus_xml import values
from fiscald.emulator.novitus_xml.machine import Handler, Machine
from fiscald.emulator.novitus_xml.values import amount, choice, flag, given, money, required, shown, text
from fiscald.emulator.paper import amount as printed
from fiscald.emulator.register import tax
from fiscald.model.times import POLISH_TIME
from fiscald.protocols.novitus_elements import Element, element

_ISO = re.compile(r"(\d{4})-(\d{2})-(\d{2})", re.ASCII).fullmatch
#: Kinds of periodic reports (5.14): whether each is a summary. The document misspells one; clients write it right.
_KINDS = {
    "full": False, "salesummary": True, "monthllyfull": False, "monthlyfull": False, "monthlysummary": True,
    "billingfull": False, "billingsummary": True,
}  # fmt: skip
#: Figures of a shift report, in the order of the paper.
_SHIFT = (
    ("income", "PRZYCHODY:"), ("expense", "ROZCHODY:"), ("cash", "Sprzedaż gotówkowa:"), ("payin", "Wpłaty do kasy:"),
    ("payout", "Wypłaty z kasy:"), ("balance", "STAN KASY:"),
)  # fmt: skip
_COUNTS = (
    ("receiptcount", "ILOŚĆ PARAGONÓW"), ("canceledreceiptcount", "ILOŚĆ ANULOWANYCH PARAGONÓW"),
    ("stornocount", "Liczba stornowanych pozycji:"),
)  # fmt: skip


def daily(machine: Machine, asked: Element) -> None:
    """``report daily``: asks at the keyboard unless it comes with the date of today."""
    machine.core.reports.daily(values.day(asked, "date"), till=text(asked, "checkout"), cashier=text(asked, "cashier"))


def periodical(machine: Machine, asked: Element) -> None:
    """``report periodical``."""
    summary = choice(asked, "kind", _KINDS, "full")
    machine.core.reports.periodic(
        _bound(asked, "from"), _bound(asked, "to"), summary=summary, till=text(asked, "checkout"),
        cashier=text(asked, "cashier"),
    )  # fmt: skip


def _bound(asked: Element, name: str) -> Bound:
    """A number or a date."""
    value = required(given(asked, name))
    if value.isascii() and value.isdigit() and len(value) <= 9:
        return int(value)
    iso = _ISO(value)
    if iso is None:
        return parsed_day(value)
    try:
        return datetime.date(int(iso[1]), int(iso[2]), int(iso[3]))
    except ValueError:
        raise NovitusError(BAD_DATE) from None


def shift(machine: Machine, asked: Element) -> None:
    """``report cash``: everything on it is the program's."""
    rows = [("Zmiana:", text(asked, "begin") + " - " + text(asked, "end"))] if given(asked, "begin") else []
    for name, label in _SHIFT:
        value = amount(asked, name, BAD_AMOUNT)
        if value is not None:
            rows.append((label, printed(value)))
    for child in asked.children:
        if child.name not in ("payment", "container"):
            raise NovitusError(BAD_PARAMETER)
        value = required(amount(child, "value", BAD_AMOUNT))
        word = text(child, "name") or text(child, "type")
        rows.append((f"{'Opakowania' if child.name == 'container' else 'Płatność'} {word}".strip(), printed(value)))
    for name, label in _COUNTS:
        count = values.number(asked, name)
        if count is not None:
            rows.append((label, str(count)))
    machine.core.service.shift_report(rows, till=text(asked, "checkout"), cashier=text(asked, "cashier"))


def protected(machine: Machine, asked: Element) -> None:
    """``report protectedmemory``: documents once more, from a number or date to another."""
    words = ("receipt", "invoice", "dailyreport", "nonfiscal", "all")
    kind = choice(asked, "kind", dict(zip(words, words, strict=True)), "all")
    machine.core.reports.reprint(_bound(asked, "from"), _bound(asked, "to"), kind)


def events(machine: Machine, asked: Element) -> None:
    """``report events``: by numbers or dates, or all of some kinds."""
    rates, days = flag(asked, "tax_changes"), flag(asked, "daily_reports")
    flag(asked, "settlement_relief")
    if (given(asked, "mode") or "").lower() == "full":
        machine.core.reports.events(
            "RAPORT ZDARZEŃ",
            lambda record: not (rates or days) or (days if isinstance(record, DailyRecord) else rates),
        )
        return
    first, last = _bound(asked, "from"), _bound(asked, "to")
    numbered = {id(record): place for place, record in enumerate(machine.core.reports.records(), 1)}

    def within(record: Record) -> bool:
        if isinstance(first, int) and isinstance(last, int):
            return first <= numbered[id(record)] <= last
        day = record.at.astimezone(POLISH_TIME).date()
        return isinstance(first, datetime.date) and isinstance(last, datetime.date) and first <= day <= last

    if isinstance(first, int) is not isinstance(last, int):
        raise NovitusError(BAD_RANGE)
    machine.core.reports.events("RAPORT ZDARZEŃ", within)


def reviews(machine: Machine, _: Element) -> None:
    """``report service_review``: there were none."""
    machine.core.reports.events("PRZEGLĄDY SERWISOWE", lambda _record: False)


# -- the fiscal memory -----------------------------------------------------------------------------------------------


def first_record(machine: Machine, asked: Element) -> Element:
    """``fiscalmemory get``: the first record from a time or a number (from 1) on."""
    begin = required(given(asked, "from"))
    records = machine.core.reports.records()
    if begin.isascii() and begin.isdigit() and len(begin) <= 9:
        machine.record = max(int(begin) - 1, 0)
    else:
        moment = values.moment(begin if " " in begin else f"{begin} 00:00").replace(tzinfo=POLISH_TIME)
        machine.record = sum(record.at < moment for record in records)
    return next_record(machine, asked)


def next_record(machine: Machine, _: Element) -> Element:
    """``fiscalmemory next``: the record, and on to the next one."""
    records = machine.core.reports.records()
    if machine.record >= len(records):
        return element("fiscalmemory", type="end")
    record = records[machine.record]
    machine.record += 1
    return _rates(record) if isinstance(record, RateChange) else _report(record)


def _rates(record: RateChange) -> Element:
    rows = [
        element("ptu", text=f"{rate:f}%" if isinstance(rate, Decimal) else "Free", name=letter)
        for letter, rate in zip(LETTERS, record.rates, strict=True)
        if rate is not None
    ]
    return element("fiscalmemory", *rows, type="taxrates", time=shown(record.at, "%H:%M:%S"))


def _report(record: DailyRecord) -> Element:
    """Sales are gross; ``total``: of receipts and invoices (our assumption)."""
    day = record.day
    receipts = [tax(gross, rate) for gross, rate in zip(day.receipts, record.rates, strict=True)]
    invoices = [tax(gross, rate) for gross, rate in zip(day.invoices, record.rates, strict=True)]
    rows = [
        element(
            "ptu", name=letter, rate=f"{rate:.2f}%" if isinstance(rate, Decimal) else "free", sale=money(sold),
            tax=money(part), totaltax=money(part + other), invoicesale=money(invoiced), invoicetax=money(other),
            invoicetotaltax=money(other),
        )
        for letter, rate, sold, part, invoiced, other in zip(
            LETTERS, record.rates, day.receipts, receipts, day.invoices, invoices, strict=True
        )
        if rate is not None
    ]  # fmt: skip
    return element(
        "fiscalmemory", *rows, type="report", time=shown(record.at, "%H:%M:%S"), receiptcount=str(day.receipt_count),
        invoicecount=str(day.invoice_count), canceledreceiptcount=str(day.cancelled_count), number=str(record.number),
        lastreceipt=str(day.last_receipt), lastinvoice=str(day.last_invoice), sale=money(sum(day.receipts)),
        tax=money(sum(receipts)), totalsale=money(sum(day.receipts) + sum(day.invoices)),
        totaltax=money(sum(receipts) + sum(invoices)), invoicesale=money(sum(day.invoices)),
        invoicetax=money(sum(invoices)), invoicetotalsale=money(sum(day.invoices)),
        invoicetotaltax=money(sum(invoices)), currencyname="PLN",
    )  # fmt: skip


#: Handlers by command.
HANDLERS: dict[str, Handler] = {
    "report daily": daily,
    "report periodical": periodical,
    "report cash": shift,
    "report protectedmemory": protected,
    "report events": events,
    "report service_review": reviews,
    "fiscalmemory get": first_record,
    "fiscalmemory next": next_record,
}
