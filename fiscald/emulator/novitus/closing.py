"""How receipts and invoices of a Novitus printer end: checked, registered, printed; or cancelled."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Literal

from stdnum.pl import nip as stdnum_nip

from fiscald.emulator.change import Change
from fiscald.emulator.layout import FOOTER_LABELS, Foot
from fiscald.emulator.layout_invoice import InvoiceTexts, invoice_sheets
from fiscald.emulator.memory import Payment, Transaction
from fiscald.emulator.novitus.documents import FORMS, Closing, Form, Issued
from fiscald.emulator.novitus.memory import LastTransaction, document_of
from fiscald.emulator.novitus.printed import drawn
from fiscald.emulator.novitus.refusals import (
    BAD_CASHIER,
    BAD_DISCOUNT,
    BAD_NIP,
    BAD_PAYMENT,
    BAD_TEXT,
    BAD_TOTAL,
    NO_ITEMS,
    TOO_MANY_TEXTS,
    NovitusError,
    check_conditions,
)
from fiscald.emulator.paper import amount
from fiscald.emulator.refusal import RegisterError
from fiscald.model.money import MAX_GROSZE

if TYPE_CHECKING:
    from fiscald.emulator.novitus.core import Core

Kind = Literal["receipt", "invoice", "packaging"]
MAX_TEXTS, MAX_FOOTER, MAX_TILL, MAX_CASHIER, MAX_SYSTEM_NUMBER, MAX_NIP = 20, 3, 8, 32, 512, 16
MAX_LABELLED, MAX_BUYER = 64, 60


def close(core: Core, end: Closing, adjust: Callable[[Change], None]) -> Issued:
    """Register the open document, or refuse its end and leave it as it was. Raises ``NovitusError``, ``RegisterError``.

    ``adjust`` gives a discount or surcharge on everything.
    """
    register, transaction = core.register, core.register.sale.transaction
    before = transaction.model_copy(deep=True)
    try:
        _check(core, transaction, end)
        if end.change is not None:
            if not end.change.is_allowed:
                raise NovitusError(BAD_DISCOUNT)
            adjust(end.change)
        if transaction.kind != "packaging":
            register.ledger.check_day(transaction)
        _settle(transaction, end)
        footer = _new_footer(core, end)
    except (NovitusError, RegisterError):
        register.state.transaction = before
        raise
    if footer:
        core.memory.footer = footer
    transaction.buyer_nip = end.nip
    rest = max(transaction.paid - transaction.due, 0) if transaction.payments else 0
    till, cashier = core.signed(end.till, end.cashier)
    register.sale.close(rest)
    if not transaction.payments:
        register.state.last_document.paid = transaction.due  # in cash
    core.memory.finished = True
    day = register.state.day
    number = {"receipt": day.last_receipt, "invoice": day.last_invoice}.get(transaction.kind)
    core.memory.last = LastTransaction(
        transaction=transaction, state="close", number=number, at=register.clock.now(), till=till, cashier=cashier,
        printout=register.state.printout_count, rest=rest,
        system_number="" if end.system_number is None else end.system_number.as_sent,
    )  # fmt: skip
    return _print(core, transaction, _foot(core, transaction, end), number, buyer=end.buyer)


def _check(core: Core, transaction: Transaction, end: Closing) -> None:
    check_conditions(core.faults, "close")
    if transaction.kind != "packaging" and (not transaction.lines or transaction.total <= 0):
        raise NovitusError(NO_ITEMS)
    if end.total is not None and end.total != transaction.total:
        raise NovitusError(BAD_TOTAL)
    number = end.nip.replace("-", "").replace(" ", "").upper().removeprefix("PL")
    if end.nip and (len(end.nip) > MAX_NIP or not stdnum_nip.is_valid(number)):
        raise NovitusError(BAD_NIP)
    if len(end.cashier) > MAX_CASHIER or len(end.till) > MAX_TILL:
        raise NovitusError(BAD_CASHIER)
    long = end.system_number is not None and len(end.system_number.text) > MAX_SYSTEM_NUMBER
    if long or len(end.buyer) > MAX_BUYER or any(len(text) > MAX_LABELLED for _, text in end.texts):
        raise NovitusError(BAD_TEXT)
    if len(end.texts) > MAX_TEXTS:
        raise NovitusError(TOO_MANY_TEXTS)


def _settle(transaction: Transaction, end: Closing) -> None:
    """Payments, which may be less than what is due: the rest is cash."""
    texts = document_of(transaction).invoice
    if texts is not None and texts.form and not transaction.payments:
        # A form in the opening adds the invoice's value to the payments, as in the older protocol of the same printer.
        form = next((form for form, (_, name) in FORMS.items() if name.upper() == texts.form.upper()), Form.OTHER)
        transaction.payments.append(Payment(form=FORMS[form][0], amount=transaction.total, name=texts.form))
    elif end.paid is not None:
        if transaction.payments and end.paid != transaction.paid:
            raise NovitusError(BAD_PAYMENT)
        if not transaction.payments:
            if end.paid < transaction.due or end.paid > MAX_GROSZE:
                raise NovitusError(BAD_PAYMENT)
            # Cash is printed only where it exceeds what is due.
            if end.paid > transaction.due:
                transaction.payments.append(Payment(form=0, amount=end.paid, name=FORMS[Form.CASH][1]))


def _new_footer(core: Core, end: Closing) -> list[str]:
    """New lines of the footer; between two daily reports it takes one set of them."""
    if end.footer is None:
        return []
    if len(end.footer) > MAX_FOOTER:
        raise NovitusError(TOO_MANY_TEXTS)
    footer = [line.text for line in end.footer]
    if core.memory.footer and core.memory.footer != footer:
        raise NovitusError(TOO_MANY_TEXTS)
    return footer


def _foot(core: Core, transaction: Transaction, end: Closing) -> Foot:
    rests = [(f"Reszta {name}".strip(), amount(value)) for name, value in document_of(transaction).rests]
    receipt = core.register.state.day.last_receipt
    number = end.system_number
    return Foot(
        core.who(end.till, end.cashier),
        system_number="" if number is None else number.text,
        system_number_as="text" if number is None else number.printed_as,
        texts=[*rests, *((FOOTER_LABELS.get(label, ""), text) for label, text in end.texts)],
        drawn=drawn([*(end.footer or ()), *end.lines], core.width, receipt=receipt),
        change=end.rest,
    )


def _print(core: Core, transaction: Transaction, foot: Foot, number: int | None, *, buyer: str) -> Issued:
    if transaction.kind == "invoice":
        texts = (document_of(transaction).invoice or InvoiceTexts()).model_copy(deep=True)
        texts.buyer_signature = buyer or texts.buyer_signature
        sheets = invoice_sheets(core.register, core.width, core.memory.nip, transaction, texts, foot)
        issued = [core.emit(kind, sheet, **facts) for kind, sheet, facts in list(sheets)]
        return issued[0]
    sheet = core.sheet(foot)
    facts: dict[str, Any] = {"total": transaction.total, "totals": list(transaction.totals)}
    if transaction.kind == "packaging":
        facts["amount"] = abs(transaction.due)
        sheet.packaging(transaction)
    else:
        sheet.receipt(transaction)
        facts["number"] = number
    return core.emit(transaction.kind, sheet, **facts)


def cancel(core: Core) -> None:
    """The open document is cancelled; one without lines is forgotten and not printed."""
    register, transaction = core.register, core.register.sale.transaction
    core.memory.finished = False
    if not transaction.items and not transaction.packaging:
        register.sale.discard()
        return
    register.sale.cancel()
    till, cashier = core.signed("", "")
    core.memory.last = LastTransaction(
        transaction=transaction, state="canceled", at=register.clock.now(), till=till, cashier=cashier,
        printout=register.state.printout_count,
    )  # fmt: skip
    sheet = core.sheet(Foot(core.who()))
    sheet.cancelled(transaction, "FAKTURA ANULOWANA" if transaction.kind == "invoice" else "PARAGON ANULOWANY")
    core.emit(f"cancelled_{transaction.kind}", sheet, total=transaction.total)
