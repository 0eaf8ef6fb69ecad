"""Receipts, invoices and their lines as elements (Novitus XML reference, 5.3 to 5.10)."""

from __future__ import annotations

from decimal import Decimal

from fiscald.emulator.layout import day_text
from fiscald.emulator.layout_invoice import InvoiceTexts, packed
from fiscald.emulator.novitus.documents import (
    Advance,
    Closing,
    Container,
    Currency,
    Discount,
    Form,
    Item,
    PrintedLine,
    Tender,
)
from fiscald.emulator.novitus.refusals import (
    BAD_DISCOUNT,
    BAD_INVOICE_NUMBER,
    BAD_PACKAGING,
    BAD_PARAMETER,
    BAD_PAYMENT,
    BAD_PRICE,
    BAD_QUANTITY,
    BAD_TEXT,
    BAD_TOTAL,
    NovitusError,
)
from fiscald.emulator.novitus_xml import values
from fiscald.emulator.novitus_xml.machine import Handler, Machine
from fiscald.emulator.novitus_xml.values import amount, choice, flag, given, required, text
from fiscald.model.money import half_up
from fiscald.protocols.novitus_elements import Element

#: Types of payment; two are printed under each other's name (5.5). ``other`` is a later one.
FORMS = {
    "card": Form.CARD, "cheque": Form.CHEQUE, "voucher": Form.COUPON, "credit": Form.CREDIT,
    "transfer": Form.TRANSFER, "account": Form.ACCOUNT, "foreign": Form.CURRENCY, "cash": Form.CASH,
    "mobile": Form.MOBILE, "bon": Form.VOUCHER, "other": Form.OTHER,
}  # fmt: skip
_ADVANCES = {
    "rcpitemadvances": (False, False), "settlementrcpitemadvances": (True, False),
    "stornorcpitemadvances": (False, True), "stornosettlementrcpitemadvances": (True, True),
}  # fmt: skip
#: Places in the table of the labels at the end of a receipt (5.7), and options of an invoice (5.10).
_LABELS, _OPTIONS = 34, 19
#: Copies: what means none (the second as a client sends it to devices), the most; characters of an invoice's number.
_NO_COPY, _MAX_COPIES, _MAX_NUMBER = ("255", "-1"), 10, 56
_SIGNATURES = {"info": 0, "all": 1, "none": 2}


def _children(element: Element, *names: str) -> None:
    """Raises ``NovitusError`` for a child of another name."""
    if any(child.name not in names for child in element.children):
        raise NovitusError(BAD_PARAMETER)


def begin_receipt(machine: Machine, element: Element) -> None:
    """``receipt begin``."""
    if flag(element, "pharmaceutical"):
        raise machine.not_built("receipt begin with pharmaceutical", "a pharmacy's receipt")
    buffered = choice(element, "mode", {"online": False, "offline": True}, "online")
    machine.core.sales.begin_receipt(buffered=buffered)


def cancel(machine: Machine, _: Element) -> None:
    """``receipt cancel``, ``invoice cancel``: whichever is open; without one nothing happens."""
    machine.core.sales.cancel()


def item(machine: Machine, element: Element) -> None:
    """``item``."""
    _children(element, "discount")
    discounts = element.all("discount")
    if len(discounts) > 1:
        raise NovitusError(BAD_DISCOUNT)
    storno = choice(element, "action", {"sale": False, "storno": True}, "sale")
    machine.core.sales.item(
        Item(
            name=text(element, "name"),
            rate=text(element, "ptu"),
            price=required(amount(element, "price", BAD_PRICE)),
            quantity=required(values.decimal(element, "quantity", BAD_QUANTITY)),
            value=amount(element, "total", 20),
            unit=text(element, "quantityunit"),
            change=values.change(discounts[0]) if discounts else None,
            storno=storno,
            description=text(element, "description"),
            code=values.code(element, "plu"),
        )
    )


def advance(machine: Machine, element: Element) -> None:
    """``rcpitemadvances``; what remains to pay (``surcharge``) is not compared (our assumption)."""
    settlement, storno = choice(element, "action", _ADVANCES, "")
    amount(element, "surcharge", BAD_PRICE)
    value = required(amount(element, "value", BAD_PRICE))
    machine.core.sales.advance(
        Advance(text(element, "description"), text(element, "ptu"), value, settlement=settlement, storno=storno)
    )


def container(machine: Machine, element: Element) -> None:
    """``container``: ``out`` is handed out and its deposit taken."""
    quantity = values.decimal(element, "quantity", BAD_PACKAGING)
    machine.core.sales.container(
        Container(
            Decimal(1) if quantity is None else quantity,
            price=required(amount(element, "price", BAD_PACKAGING)),
            returned=choice(element, "type", {"out": False, "in": True}, "out"),
            storno=choice(element, "action", {"sale": False, "storno": True}, "sale"),
        )
    )


def discount(machine: Machine, element: Element) -> None:
    """``discount`` beside the lines; ``intransaction`` is only shown on the display."""
    shown = choice(element, "type", {"subtotal": False, "intransaction": True}, "subtotal")
    if shown:
        none = (given(element, "action") or "").lower() == "none"
        machine.core.sales.announce(None if none else values.change(element))
        return
    change = values.change(element)
    base = amount(element, "total", BAD_TOTAL)
    machine.core.sales.discount(Discount(change, base, given(element, "ptu")))


def payment(machine: Machine, element: Element) -> None:
    """``payment``: in another currency where its course is not one."""
    form = choice(element, "type", FORMS, "")
    takes_back = choice(element, "action", {"add": False, "clear": True}, "add")
    rest = choice(element, "mode", {"payment": False, "rest": True}, "payment")
    value = required(amount(element, "value", BAD_PAYMENT))
    course = values.decimal(element, "rate", BAD_PAYMENT)
    currency = None
    if course is not None and course != 1:
        currency = Currency(value, course)
        value = half_up(value * course)
    tender = Tender(form, value, text(element, "name"), currency, change=rest)
    if takes_back:
        machine.core.sales.take_back(tender)
    else:
        machine.core.sales.pay(tender)


# -- invoices --------------------------------------------------------------------------------------------------------


def begin_invoice(machine: Machine, element: Element) -> None:
    """``invoice begin``."""
    _children(element, "customer", "option")
    if choice(element, "invoicetype", {"invoice": False, "pharmacy": True}, "invoice"):
        raise machine.not_built("invoice begin of the type pharmacy", "a pharmacy's invoice")
    number = text(element, "number")
    if len(number) > _MAX_NUMBER:
        raise NovitusError(BAD_INVOICE_NUMBER)
    customers = [values.plain(customer.text) for customer in element.all("customer")]
    due, sold = values.day(element, "paymentdate"), values.day(element, "selldate")
    texts = InvoiceTexts(
        number=number,
        nip=text(element, "nip"),
        name=customers[0] if customers else "",
        buyer=customers[1:],
        due="" if due is None else day_text(due),
        sold="" if sold is None else day_text(sold),
        form=text(element, "paymentname"),
        recipient=text(element, "recipient"),
        issuer=text(element, "issuer"),
        information=text(element, "additionalinfo"),
        paid=text(element, "paidlabel") or None,
        buyer_signs=choice(element, "customernameoptions", _SIGNATURES, "all"),
        seller_signs=choice(element, "sellernameoptions", _SIGNATURES, "all"),
        signatures=flag(element, "signarea", default=True),
        copies=_copies(element),
        options=_options(element),
        buyer_is_recipient=choice(element, "buyerlabel", {"buyer": False, "recivier": True, "receiver": True}, "buyer"),
    )
    flag(element, "margins")
    long = len(texts.name) > 256 or len(customers) > 9 or any(len(line) > 64 for line in customers[1:])
    if long or max(map(len, (texts.recipient, texts.issuer))) > 60 or len(texts.nip) > 16 or len(texts.form) > 20:
        raise NovitusError(BAD_TEXT)
    machine.core.sales.begin_invoice(texts)


def _copies(element: Element) -> int:
    """Sheets besides the original."""
    both = choice(element, "description", {"both": True, "original": False, "orginal": False}, "both")
    if given(element, "copies") in _NO_COPY:
        return 0
    copies = values.number(element, "copies") or 0
    if copies > _MAX_COPIES:
        raise NovitusError(BAD_PARAMETER)
    return copies + both


def _options(element: Element) -> list[int]:
    options = [required(values.number(option, "id")) for option in element.all("option")]
    if not all(1 <= option <= _OPTIONS for option in options):
        raise NovitusError(BAD_PARAMETER)
    return packed(options)


# -- the end ---------------------------------------------------------------------------------------------------------


def close_receipt(machine: Machine, element: Element) -> None:
    """``receipt close``."""
    machine.core.sales.close(_closing(element), invoice=False)


def close_invoice(machine: Machine, element: Element) -> None:
    """``invoice close``."""
    machine.core.sales.close(_closing(element), invoice=True)


def _closing(element: Element) -> Closing:
    """What both ends say. ``charge`` is a pharmacy's, and only read."""
    _children(element, "discount", "additional")
    discounts = element.all("discount")
    if len(discounts) > 1:
        raise NovitusError(BAD_DISCOUNT)
    amount(element, "charge", BAD_PAYMENT)
    texts: list[tuple[int, str]] = []
    footer: tuple[PrintedLine, ...] | None = None
    for additional in element.all("additional"):
        if choice(additional, "type", {"line": True, "definition": False}, "line"):
            label = required(values.number(additional, "id"))
            if label > _LABELS:
                raise NovitusError(BAD_PARAMETER)
            texts.append((label, text(additional, "value")))
        else:
            footer = (footer or ()) + tuple(_footer_line(line) for line in additional.all("line"))
    return Closing(
        total=amount(element, "total", BAD_TOTAL),
        change=values.change(discounts[0]) if discounts else None,
        till=text(element, "checkout"),
        cashier=text(element, "cashier"),
        system_number=values.code(element, "systemno"),
        nip=text(element, "nip") if element.name == "receipt" else "",
        buyer=text(element, "buyer"),
        texts=tuple(texts),
        footer=footer,
    )


def _footer_line(line: Element) -> PrintedLine:
    """A line that begins with ``@`` is printed as a QR code."""
    content = values.plain(line.text)
    if len(content) > 64:
        raise NovitusError(BAD_TEXT)
    if content.startswith("@") and len(content) > 1:
        return PrintedLine("qr", content[1:])
    return PrintedLine(text=content, align="centre")


#: Handlers by command.
HANDLERS: dict[str, Handler] = {
    "receipt begin": begin_receipt,
    "receipt cancel": cancel,
    "receipt close": close_receipt,
    "invoice begin": begin_invoice,
    "invoice cancel": cancel,
    "invoice close": close_invoice,
    "item": item,
    "rcpitemadvances": advance,
    "container": container,
    "discount": discount,
    "payment": payment,
}
