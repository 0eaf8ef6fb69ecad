"""Invoices of a Novitus: opening, options, end (NOV 3.16, and the driver of one client).

The description gives the fields and their numbers, few rules. Where it is silent, what it does not name is refused and
named in a message.
"""

from __future__ import annotations

import datetime

from fiscald.emulator.layout import FOOTER_LABELS, day_text
from fiscald.emulator.layout_invoice import PAYMENTS, InvoiceTexts
from fiscald.emulator.memory import Payment
from fiscald.emulator.refusal import RegisterError
from fiscald.emulator.thermal import closing
from fiscald.emulator.thermal.closing import MAX_KEYWORDS, Closing, cash, close, code
from fiscald.emulator.thermal.machine import ExecError, Handler, Machine, Values
from fiscald.emulator.thermal.memory import ThermalDocument, document_of
from fiscald.emulator.thermal.sale import check_opening, pay
from fiscald.protocols.thermal.commands import PAYMENT_FORMS

#: The form of payment whose name is free; a form of these two names is refused (3.16.1).
_OTHER, _REFUSED_FORMS = 4, ("INNA", "INNE")
#: ``kopie``: the original alone.
_ORIGINAL_ONLY = 255
#: Labels of footers that an invoice has besides the receipt's (3.16.5).
_FOOTERS = {130: "Akcyza", 131: ""}


def begin(machine: Machine, values: Values) -> None:
    """``$h`` with ten or eleven parameters: nothing is printed yet."""
    check_opening(machine)
    if values["typ"] != 1:
        machine.unknown_command("$h of the second kind", "opening a pharmacy's invoice")
        raise ExecError(4)
    if not values["nip"]:
        # A blank stands for none.
        raise ExecError(1098)
    texts = InvoiceTexts(
        number=values["numer"], buyer=values["nabywca"], nip=values["nip"].strip(), name=values.get("nazwa") or "",
        signatures=values["podpisy"] == 0, seller_pl=values.get("PL") == 1, copies=_copies(values),
    )  # fmt: skip
    _people(texts, values)
    machine.register.sale.open("invoice", block_mode=values["Pl"] > 0)
    transaction = machine.register.sale.transaction
    transaction.facts = ThermalDocument(lines=values["Pl"], system_number=values["numer_systemowy"], invoice=texts)
    machine.finished = False
    machine.timed_out = False


def _copies(values: Values) -> int:
    """Sheets besides the original: one copy and those that were sent; 255 is the original alone."""
    more = values.get("kopie") or 0
    if more == _ORIGINAL_ONLY:
        return 0
    if more > 9:
        raise ExecError(4)
    return 1 + more


def _people(texts: InvoiceTexts, values: Values) -> None:
    """What the opening and the options both have; an empty field of the options changes nothing (our assumption)."""
    if values["forma"].strip().upper() in _REFUSED_FORMS:
        raise ExecError(4)
    texts.due = values["termin"] or texts.due
    texts.form = values["forma"] or texts.form
    texts.recipient = values["odbiorca"] or texts.recipient
    texts.issuer = values["wystawiajacy"] or texts.issuer


def _texts(machine: Machine) -> InvoiceTexts:
    texts = document_of(machine.register.sale.transaction).invoice
    if texts is None:
        # A receipt is open.
        raise ExecError(82)
    return texts


def options(machine: Machine, values: Values) -> None:
    """``@c``: how the open invoice is printed."""
    document = document_of(machine.register.sale.transaction)
    texts = _texts(machine).model_copy(deep=True)
    _people(texts, values)
    texts.copies = _copies(values)
    texts.buyer_signs, texts.seller_signs = values["opcje_kup"], values["opcje_sprz"]
    texts.options = [values.get(name) or 0 for name in ("opcje1", "opcje2", "opcje3")]
    texts.id_type = values.get("idtype") or 0
    texts.buyer_is_recipient = values.get("etykieta") == 1
    texts.name = values.get("nazwa") or texts.name
    texts.information = values.get("informacje") or texts.information
    if values["linia"]:
        texts.paid = values.get("zaplacono") or ""
    day = [values.get(name) or 0 for name in ("Py", "Pm", "Pd")]
    if any(day):
        try:
            texts.sold = day_text(datetime.date(2000 + day[0], day[1], day[2]))
        except ValueError:
            raise ExecError(4) from None
    document.system_number = values["numer_systemowy"] or document.system_number
    document.invoice = texts


def payment(machine: Machine, values: Values) -> None:
    """``1;x$b``: in an invoice only with that option of ``@c``."""
    texts = document_of(machine.register.sale.transaction).invoice
    if texts is not None and not texts.options[1] & PAYMENTS:
        raise ExecError(82)
    pay(machine, values)


def end(machine: Machine, values: Values) -> None:
    """``1;...$e`` with nine parameters. Whatever it has of a discount is ignored."""
    transaction = machine.register.sale.transaction
    texts = _texts(machine).model_copy(deep=True)
    texts.buyer_signs, texts.seller_signs = values["opcje_kup"], values["opcje_sprz"]
    texts.buyer_signature, texts.seller_signature = values["kupujacy"], values["sprzedajacy"]
    if values["linia"]:
        texts.paid = values["zaplacono"]
    who = code(machine, values["kasjer"])
    # As on a receipt, cash is printed only where it exceeds what is due.
    payments = [cash(values["wplata"])] if values["wplata"] > values["total"] else []
    if texts.form and not transaction.payments:
        # A form in the opening adds the invoice's value to the payments.
        form = next((number for number, name in PAYMENT_FORMS.items() if name.upper() == texts.form.upper()), _OTHER)
        payments.append(Payment(form=form, amount=transaction.total, name=texts.form))
    document = document_of(transaction)
    before, document.invoice = document.invoice, texts
    try:
        close(machine, Closing(values["total"], who, payments=payments, lines=values["linie"]))
    except (ExecError, RegisterError):
        document_of(machine.register.sale.transaction).invoice = before
        raise


def footer(machine: Machine, values: Values) -> None:
    """``20;x$z``: in an invoice while it is open, in a receipt after its short closing."""
    transaction = machine.register.state.transaction
    texts = None if transaction is None else document_of(transaction).invoice
    if texts is None:
        closing.keyword(machine, values)
        return
    if len(texts.footers) >= MAX_KEYWORDS:
        raise ExecError(84)
    labels = FOOTER_LABELS | _FOOTERS
    texts.footers.append((labels.get(values["Psx"], ""), values.get("tekst") or ""))


#: Handlers by command; they stand in the place of the receipt's of the same name.
HANDLERS: dict[str, Handler] = {
    "$h invoice": begin,
    "@c": options,
    "$b 1": payment,
    "$e 0 invoice": closing.cancel,
    "$e 1 invoice": end,
    "$z 20": footer,
}
