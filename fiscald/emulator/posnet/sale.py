"""Receipts, packaging, invoices, their codes and their end (POSNET reference, 5.5 to 5.8 and section 6)."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Literal

from stdnum.pl import nip as stdnum_nip

from fiscald.emulator.device import Display
from fiscald.emulator.faults import Switch
from fiscald.emulator.memory import Adjustment, Transaction
from fiscald.emulator.paper import amount
from fiscald.emulator.posnet.machine import ExecError, Handler, Machine, NeedsConfirmation, Values
from fiscald.emulator.posnet.memory import PosnetDocument, PrintedCode, document_of
from fiscald.model.money import percent_of
from fiscald.model.qr import CAPACITY, PAPER_DOTS, Correction, modules
from fiscald.protocols.posnet.commands import PAYMENT_FORMS
from fiscald.protocols.posnet.grammar import State
from fiscald.protocols.tables import FieldFault

_MAX_FOOTER_LINES = 60
#: Levels of error correction of a QR code, by number, and dots of a module where none are said (our assumption).
CORRECTIONS: tuple[Correction, ...] = ("L", "M", "Q", "H")
SMALLEST_MODULE = 2
#: Plain digits: what else ``Decimal`` reads (``nan``, ``1e30``) is no rate of exchange.
_CURRENCY_RATE = re.compile(r"\d+(?:[.,]\d*)?", re.ASCII)


# -- receipt ---------------------------------------------------------------------------------------------------------


def _check_sale(machine: Machine) -> None:
    if machine.faults.on(Switch.UNAUTHORISED):
        raise ExecError(484)


def _open(machine: Machine, kind: Literal["receipt", "invoice", "packaging"], *, block_mode: bool = False) -> None:
    _check_sale(machine)
    if machine.faults.on(Switch.NO_HEADER):
        raise ExecError(2002)
    if machine.faults.on(Switch.NO_RATES):
        raise ExecError(2004)
    if machine.faults.on(Switch.REPORT_REQUIRED):
        raise ExecError(383)
    machine.register.sale.open(kind, block_mode=block_mode)


def trinit(machine: Machine, values: Values) -> None:
    _open(machine, "receipt", block_mode=bool(values.get("bm")))


def trpackinit(machine: Machine, _: Values) -> None:
    _open(machine, "packaging")


def trnipset(machine: Machine, values: Values) -> None:
    nip = values["ni"].replace("-", "").replace(" ", "")
    if nip.isdigit() and not stdnum_nip.is_valid(nip):
        raise ExecError(2031)
    machine.register.sale.transaction.buyer_nip = nip


def trline(machine: Machine, values: Values) -> None:
    _check_sale(machine)
    if machine.faults.on(Switch.GOODS_FULL):
        raise ExecError(2101)
    machine.register.sale.sell(
        values["na"],
        values["vt"],
        values["pr"],
        values.get("il", Decimal(1)),
        value=values.get("wa"),
        adjustment=lambda base: _adjustment(values, base, name="rn"),
        storno=bool(values.get("st")),
        unit=values.get("jm", ""),
        description=values.get("op", ""),
    )


def trdiscntsubtot(machine: Machine, values: Values) -> None:
    _needs_amount(values)
    machine.register.sale.adjust_subtotal(lambda base: _adjustment(values, base))


def trdiscntvat(machine: Machine, values: Values) -> None:
    _needs_amount(values)
    machine.register.sale.adjust_rate(values["vt"], lambda base: _adjustment(values, base))


def trdiscntpromo(machine: Machine, values: Values) -> None:
    machine.register.sale.adjust_rate(
        values["vt"], lambda _: Adjustment(amount=-values["rw"], name=values.get("na", "Promocja"))
    )


def trpayment(machine: Machine, values: Values) -> None:
    if values["ty"] not in PAYMENT_FORMS:
        raise ExecError(2705)
    machine.register.sale.pay(
        values["ty"], values["wa"], values.get("na", ""), change=bool(values.get("re")), cash=values["ty"] == 0
    )


def trpaymentcurr(machine: Machine, values: Values) -> None:
    if _CURRENCY_RATE.fullmatch(values["ra"]) is None:
        raise ExecError(3055)
    if percent_of(values["wc"], Decimal(values["ra"].replace(",", ".")) * 100) != values["wa"]:
        raise ExecError(2804)
    machine.register.sale.pay(1, values["wa"], values.get("na", "Waluta"), change=bool(values.get("re")), cash=True)


def trpack(machine: Machine, values: Values) -> None:
    if not values["na"].isdigit():
        raise FieldFault(3, "na", "is not a number")
    machine.register.sale.pack(
        values["na"],
        values["pr"],
        values["il"],
        value=values.get("wa"),
        returned=bool(values.get("ne")),
        storno=bool(values.get("st")),
        name=values.get("de", ""),
    )


def trend(machine: Machine, values: Values) -> Values:
    change = machine.register.sale.check_close(
        total=values["to"],
        packaging_given=values.get("op"),
        packaging_taken=values.get("om"),
        paid=values.get("fp"),
        change=values.get("re"),
    )
    transaction = machine.register.sale.transaction

    def go() -> Values:
        machine.register.sale.close(change)
        if values.get("fe") is False and transaction.kind != "packaging":
            machine.memory.footer = []
        else:
            _print_transaction(machine, transaction)
        return {}

    if transaction.kind == "invoice" and not machine.online:
        raise NeedsConfirmation(go, Display("Drukować fakturę?", "print the invoice?"))
    return go()


def _print_transaction(machine: Machine, transaction: Transaction) -> None:
    sheet = machine.sheet()
    facts: Values = {"total": transaction.total, "totals": list(transaction.totals)}
    if transaction.kind == "receipt":
        sheet.receipt(transaction)
        facts["number"] = machine.register.state.day.last_receipt
    elif transaction.kind == "invoice":
        sheet.invoice(transaction)
        facts["number"] = machine.register.state.day.last_invoice
        facts["copies"] = document_of(transaction).copies
    else:
        sheet.packaging(transaction)
        facts["amount"] = abs(transaction.due)
    machine.emit(transaction.kind, sheet, **facts)
    for copy in range(1, facts.get("copies", 0) + 1):
        # No counter counts copies (our assumption).
        sheet = machine.sheet()
        sheet.invoice(transaction, copy=copy)
        machine.emit("invoice_copy", sheet, copy=copy)


def trftrln(machine: Machine, values: Values) -> None:
    lines = machine.memory.footer
    if values["id"] > 99:
        raise ExecError(2702)
    if len(lines) >= _MAX_FOOTER_LINES:
        raise ExecError(2703)
    lines.append(values["na"])


def trpackprnend(machine: Machine, values: Values) -> None:
    value = amount(values.get("wa") or percent_of(values["pr"], values["il"] * 100))
    machine.memory.footer.append(f"OPAKOWANIE {values['na']}  {value}")


def trftrend(machine: Machine, _: Values) -> None:
    closing = machine.register.state.closing
    if closing is not None:
        _print_transaction(machine, closing)


def prncancel(machine: Machine, _: Values) -> None:
    state = machine.state
    if state is State.FOOT:
        # The sale is registered; only the rest of the footer can be left out (our assumption).
        trftrend(machine, {})
    elif state is State.FORM:
        heading, *lines = machine.memory.take_form()
        machine.register.ledger.slip()
        sheet = machine.sheet()
        sheet.form(heading, [*lines, "WYDRUK PRZERWANY"])
        machine.emit("cancelled_form", sheet)
    elif machine.register.state.transaction is not None:
        transaction = machine.register.sale.cancel()
        sheet = machine.sheet()
        sheet.cancelled(transaction)
        machine.emit(f"cancelled_{transaction.kind}", sheet, total=transaction.total)
    elif machine.faults.on(Switch.CANCEL_REFUSED):
        # Two programs in production send it before every receipt and expect a plain answer; a third one's model of
        # its printer has this error (6.6).
        raise ExecError(2064)


# -- codes -----------------------------------------------------------------------------------------------------------


def _content(values: Values, most: int = 2000) -> tuple[str, int]:
    """The content of a code, and its bytes."""
    text: str = values["tx"]
    size = len(text)  # code pages have one byte for each character
    if values.get("hx"):
        if len(text) % 2:
            raise ExecError(2080)
        try:
            data = bytes.fromhex(text)
        except ValueError:
            raise ExecError(2081) from None
        text, size = data.decode("utf-8", "replace"), len(data)
    if not text:
        raise ExecError(3200)
    if size > most:
        raise ExecError(3206)
    return text, size


def qrcode(machine: Machine, values: Values) -> None:
    """A code that would be wider than the paper is refused at once (choice: a device may find out when it prints)."""
    level, dots = values.get("el", 0), values.get("px", SMALLEST_MODULE)
    if level >= len(CORRECTIONS):
        raise ExecError(3209)
    correction = CORRECTIONS[level]
    text, size = _content(values, min(2000, CAPACITY[correction][-1]))
    across = modules(size, correction)
    if across is None or across * dots > PAPER_DOTS.get(machine.width, PAPER_DOTS[40]):
        raise ExecError(3201)
    machine.memory.code = PrintedCode("qr", text, correction, dots)


def azteccode(machine: Machine, values: Values) -> None:
    machine.memory.code = PrintedCode("aztec", _content(values)[0])


def dmcode(machine: Machine, values: Values) -> None:
    machine.memory.code = PrintedCode("datamatrix", _content(values)[0])


def pdf417code(machine: Machine, values: Values) -> None:
    machine.memory.code = PrintedCode("pdf417", _content(values)[0])


# -- invoices --------------------------------------------------------------------------------------------------------


def trfvinit(machine: Machine, values: Values) -> None:
    """Older devices take the whole invoice here; ONLINE devices have a command for each part of it."""
    if values.get("cc", 0) > 9:
        raise ExecError(2532)
    if not machine.online and not values.get("nb"):
        raise ExecError(2533)
    _open(machine, "invoice")
    document = PosnetDocument(copies=values.get("cc", 0))
    if machine.online:
        document.title = values.get("nm")
    else:
        document.number, document.buyer = values["nb"], values.get("na", "")
        document.nip, document.due, document.form = values.get("ni"), values.get("pd"), values.get("pt")
    machine.register.sale.transaction.facts = document


def _invoice(machine: Machine) -> PosnetDocument:
    if machine.register.sale.transaction.kind != "invoice":
        raise ExecError(2060)
    return document_of(machine.register.sale.transaction)


def trfvbuyer(machine: Machine, values: Values) -> None:
    address = values.get("ad")
    buyer = values["na"] + (f"\n{address}" if address else "")
    invoice = _invoice(machine)
    invoice.buyer, invoice.nip = buyer, values.get("ni")


def trfvnumber(machine: Machine, values: Values) -> None:
    if not values["nb"]:
        raise ExecError(2533)
    _invoice(machine).number = values["nb"]


def trfvfreedata(machine: Machine, values: Values) -> None:
    """Section 0 is above the seller, 1 above the first line; below the amount in words without one (our assumption)."""
    document, section = _invoice(machine), values.get("sc", 2)
    texts = document.texts if section > 1 else document.above.setdefault(section, [])
    texts.append(values["tx"])


def _needs_amount(values: Values) -> None:
    if "rw" not in values and "rp" not in values:
        raise FieldFault(2, "rw", "is missing")


def _adjustment(values: Values, base: int, *, name: str = "na") -> Adjustment | None:
    """The discount or surcharge of a command; a percentage beats an amount, on the value (method B, our assumption)."""
    if "rp" in values:
        size = percent_of(base, Decimal(values["rp"]) / 100)
        usual = f" {values['rp'] // 100},{values['rp'] % 100:02d}%"
    elif "rw" in values:
        size, usual = values["rw"], ""
    else:
        return None
    discount = values.get("rd", True)
    word = "Rabat" if discount else "Narzut"
    return Adjustment(amount=-size if discount else size, name=values.get(name) or word + usual)


#: Handlers by command.
HANDLERS: dict[str, Handler] = {
    "trinit": trinit,
    "trpackinit": trpackinit,
    "trnipset": trnipset,
    "trline": trline,
    "trdiscntsubtot": trdiscntsubtot,
    "trdiscntbill": trdiscntsubtot,
    "trdiscntvat": trdiscntvat,
    "trdiscntpromo": trdiscntpromo,
    "trpayment": trpayment,
    "trpaymentcurr": trpaymentcurr,
    "trpack": trpack,
    "trend": trend,
    "trftrln": trftrln,
    "trpackprnend": trpackprnend,
    "trftrend": trftrend,
    "prncancel": prncancel,
    "trcancel": prncancel,
    "qrcode": qrcode,
    "azteccode": azteccode,
    "dmcode": dmcode,
    "pdf417code": pdf417code,
    "trfvinit": trfvinit,
    "trfvbuyer": trfvbuyer,
    "trfvnumber": trfvnumber,
    "trfvfreedata": trfvfreedata,
}
