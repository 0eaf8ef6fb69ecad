"""How receipts end: the closing commands, the tail of a short one, cancelling (thermal reference, 5.5 and 5.6)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from fiscald.emulator.change import Change
from fiscald.emulator.layout import FOOTER_LABELS, Foot
from fiscald.emulator.layout_invoice import InvoiceTexts, invoice_sheets
from fiscald.emulator.memory import Pack, Payment, Transaction
from fiscald.emulator.refusal import Refusal, RegisterError
from fiscald.emulator.thermal.change import transaction_change
from fiscald.emulator.thermal.machine import ExecError, Handler, Machine, Values
from fiscald.emulator.thermal.memory import Tail, document_of
from fiscald.emulator.thermal.sale import adjust_all, count, form_name
from fiscald.model.money import MAX_GROSZE, half_up, line_value
from fiscald.protocols.thermal.commands import PAYMENT_FORMS, SHORT_FORM

#: Different lines of text between two daily reports, and keyword lines on one receipt (4.2, 5.6).
MAX_TEXTS, MAX_KEYWORDS = 25, 20


# -- the end ---------------------------------------------------------------------------------------------------------


@dataclass
class Closing:
    """The content of any closing command."""

    total: int
    who: str
    change: Change | None = None
    payments: list[Payment] | None = None
    """``None``: it does not mention payments."""
    given: list[Pack] | None = None
    """Deposits taken; ``None``: it does not mention them."""
    taken: list[Pack] | None = None
    change_shown: int | None = None
    """The change that is printed as it was sent."""
    lines: Sequence[str] = ()
    system_number: str = ""
    small_cash_hidden: bool = False
    """Cash is not printed where it does not exceed what is due."""
    short: bool = False
    checks_payments: bool = False
    """Payments that were sent before must be repeated."""


def close(machine: Machine, closing: Closing) -> None:
    """Register the open document, or refuse its end and leave it as it was."""
    change = settle(machine, closing)
    tail = Tail(
        who=closing.who,
        system_number=closing.system_number or document_of(machine.register.sale.transaction).system_number,
        lines=_allowed_lines(machine, closing.lines),
    )
    machine.register.sale.close(change)
    machine.finished = True
    machine.memory.tail = tail
    if not closing.short:
        finish_paper(machine)


def settle(machine: Machine, closing: Closing) -> int:
    """The open document as its closing makes it; returns the change. Raises ``ExecError`` and ``RegisterError``, and
    leaves it as it was.
    """
    register, transaction = machine.register, machine.register.sale.transaction
    before = transaction.model_copy(deep=True)
    try:
        _check_sale(transaction, closing)
        _check_announced(transaction, closing.change)
        if closing.change is not None:
            _adjust_at_close(machine, closing.change)
        if transaction.kind != "packaging":
            register.ledger.check_day(transaction)
        _settle_deposits(machine, closing)
        _settle_payments(machine, closing)
    except (ExecError, RegisterError):
        register.state.transaction = before
        raise
    change = max(transaction.paid - transaction.due, 0) if transaction.payments else 0
    if closing.change_shown is not None:
        document_of(transaction).change = closing.change_shown
    return change


def _check_sale(transaction: Transaction, closing: Closing) -> None:
    if transaction.kind != "packaging":
        lines = document_of(transaction).lines
        if not transaction.lines or transaction.total <= 0 or lines not in (0, len(transaction.lines)):
            raise ExecError(23)
    if closing.total != transaction.total:
        raise ExecError(27)


def _check_announced(transaction: Transaction, change: Change | None) -> None:
    """The closing must repeat what ``$n`` announced (5.4)."""
    announced = document_of(transaction).announced
    if announced is not None and (change is None or change[:3] != announced[:3]):
        raise ExecError(27)


def _adjust_at_close(machine: Machine, change: Change) -> None:
    announced = document_of(machine.register.sale.transaction).announced
    if announced and not change.text:
        change = change._replace(text=announced.text)
    if not change.is_allowed:
        raise ExecError(27)
    try:
        adjust_all(machine, change, change.name(), at_close=True)
    except RegisterError as refused:
        raise ExecError(94 if refused.refusal is Refusal.TOTAL_RANGE else 19) from None


def _settle_deposits(machine: Machine, closing: Closing) -> None:
    """Sums must agree with what was sent; what was not sent before is taken from the closing (our assumption)."""
    transaction = machine.register.sale.transaction
    declared = [packs for packs in (closing.given, closing.taken) if packs is not None]
    if not transaction.packaging:
        transaction.packaging = [pack for packs in declared for pack in packs if pack.value]
        if max(transaction.packaging_given, transaction.packaging_taken) > MAX_GROSZE:
            raise ExecError(26)
        return
    for packs, value in ((closing.given, transaction.packaging_given), (closing.taken, transaction.packaging_taken)):
        if packs is not None and sum(pack.value for pack in packs) != value:
            raise ExecError(26)


def _settle_payments(machine: Machine, closing: Closing) -> None:
    transaction, sent = machine.register.sale.transaction, closing.payments
    if sent is None:
        return
    sent = [payment for payment in sent if payment.amount]
    if closing.checks_payments and transaction.payments:
        if _forms(sent) != _forms(transaction.payments):
            raise ExecError(91)
        return
    if machine.novitus and transaction.payments and not sent:
        return
    transaction.payments = sent
    if closing.small_cash_hidden and transaction.paid <= transaction.due:
        transaction.payments = []


def _forms(payments: Sequence[Payment]) -> Counter[tuple[int, int, str]]:
    """Cash is one sum under any name; other forms count with their names."""
    forms = Counter((payment.form, payment.amount, payment.name) for payment in payments if payment.form)
    forms[0, sum(payment.amount for payment in payments if not payment.form), ""] += 1
    return forms


def _allowed_lines(machine: Machine, lines: Sequence[str]) -> list[str]:
    """Lines of the footer, but for those that are too many between two daily reports (6.6, our assumption)."""
    known = machine.memory.lines
    allowed = []
    for text in list(lines)[:3]:
        if text and text not in known:
            if len(known) >= MAX_TEXTS:
                continue
            known.append(text)
        allowed.append(text)
    return allowed


def cash(amount: int) -> Payment:
    """A payment in cash."""
    return Payment(form=0, amount=amount, name=PAYMENT_FORMS[0])


def code(machine: Machine, kod: str) -> str:
    """POSNET: one character of the register, two of the cashier, unless a cashier is logged in; Novitus: a name."""
    if machine.novitus:
        return machine.who({"kasjer": kod, "nr_kasy": "0"} if kod else {})
    if len(kod) != 3:
        raise ExecError(25)
    if machine.register.state.cashier:
        return machine.who({})
    return f"#Kasa: {kod[0]}    Kasjer: {kod[1:]}"


def _system_number(lines: Sequence[str]) -> tuple[str, list[str]]:
    """A first line that begins with ``#`` is the system number and not printed (5.11)."""
    first, *rest = lines or [""]
    return (first[1:], rest) if first.startswith("#") else ("", list(lines))


def simple(machine: Machine, values: Values) -> Closing:
    """What ``1;...$e`` says."""
    who = code(machine, values["kod"])
    kind, percent = values.get("Px") or 0, values["Pr"]
    if machine.novitus and kind > 2:
        raise ExecError(4)
    change = None
    if kind:
        change = transaction_change(kind, values["rabat"], "")
    elif percent:
        change = transaction_change(1, percent * 100, "")
    system_number, lines = _system_number(values.get("linie", []))
    return Closing(
        values["total"], who, change, payments=[cash(values["wplata"])], lines=lines,
        system_number=system_number, small_cash_hidden=True,
    )  # fmt: skip


def three(machine: Machine, values: Values) -> Closing:
    """What ``$x`` says: cash, one card, one cheque, one voucher."""
    who = code(machine, values["kod"])
    texts = values["teksty"]
    lines, names = texts[:-3], texts[-3:]
    if len(names) < 3 or len(lines) not in (values["Pn"], 5):
        raise ExecError(25)
    if machine.novitus and values["Px"] > 2:
        raise ExecError(4)
    change = transaction_change(values["Px"], values["rabat"], "") if values["Px"] else None
    payments = [cash(values["wplata"])] if values["Pg"] else []
    for flag, form, field_, name in zip(("Pk", "Pz", "Pb"), (1, 2, 3), ("karta", "czek", "bon"), names, strict=True):
        if values[flag]:
            payments.append(Payment(form=form, amount=values[field_], name=form_name(form, name)))
    system_number, lines = _system_number(lines)
    return Closing(
        values["total"], who, change, payments=payments,
        given=_declared(values["przyjecie"], returned=False) if values["Po1"] else None,
        taken=_declared(values["wydanie"], returned=True) if values["Po2"] else None,
        change_shown=values["reszta"] if values["Pr"] else None, lines=lines[: values["Pn"]],
        system_number=system_number,
    )  # fmt: skip


def _declared(value: int, *, returned: bool) -> list[Pack]:
    """One sum of deposits."""
    return [Pack(number="", price=value, quantity=Decimal(1), value=value, returned=returned)]


def full(machine: Machine, values: Values) -> Closing:
    """What ``$y`` says: any payments, deposits one by one; with ``Pc`` 3 the sheet continues until ``28$z``."""
    short = values["Pc"] == SHORT_FORM
    change = None
    if values["Px"]:
        change = transaction_change(values["Px"], values["rabat"], values.get("opis_rabatu") or "")
    payments = [cash(values["wplata"])] if values["Pg"] else []
    for form, name, amount in zip(values["Pfx"], values["formy"], values["kwoty"], strict=True):
        if form:
            payments.append(Payment(form=form, amount=amount, name=form_name(form, name)))
    if short:
        paid = machine.register.sale.transaction.paid
        if machine.novitus and values["Pg"] and values["wplata"] != paid:
            raise ExecError(26)
    if values["Pns"]:
        system_number, lines = values["numer_systemowy"], values["linie"]
    else:
        system_number, lines = _system_number(values["linie"])
    return Closing(
        values["total"], machine.who(values), change, payments=None if short else payments,
        given=_packs(values, "pobr", returned=False), taken=_packs(values, "zwr", returned=True),
        change_shown=values["reszta"] if values["Pr"] else None, lines=lines,
        system_number=system_number, short=short, checks_payments=not machine.novitus,
    )  # fmt: skip


def _packs(values: Values, which: str, *, returned: bool) -> list[Pack]:
    packs = []
    for number, pieces, value in zip(
        values[f"nr_kaucji_{which}"], values[f"ilosc_kaucji_{which}"], values[f"kaucja_{which}"], strict=True
    ):
        quantity = count(pieces)
        price = half_up(value / quantity)
        packs.append(Pack(number=number.strip(), price=price, quantity=quantity, value=value, returned=returned))
    return packs


#: What each closing command says.
CLOSINGS: dict[str, Callable[[Machine, Values], Closing]] = {"$e 1": simple, "$x": three, "$y": full}


def _closed(said: Callable[[Machine, Values], Closing]) -> Handler:
    return lambda machine, values: close(machine, said(machine, values))


def cancel(machine: Machine, _: Values) -> None:
    """``0$e``: without a receipt it is harmless; an empty receipt is not printed."""
    machine.timed_out = False
    transaction = machine.register.state.transaction
    if transaction is None:
        return
    machine.finished = False
    if not transaction.items and not transaction.packaging:
        machine.register.sale.discard()
        return
    machine.register.sale.cancel()
    sheet = machine.sheet(Foot(machine.who({})))
    ending = "PARAGON ANULOWANY" if machine.novitus else "ANULOWANY"
    sheet.cancelled(transaction, "FAKTURA ANULOWANA" if transaction.kind == "invoice" else ending)
    machine.emit(f"cancelled_{transaction.kind}", sheet, total=transaction.total)


# -- after a short closing -------------------------------------------------------------------------------------------


def _issued(number: int) -> Handler:
    def issued(machine: Machine, values: Values) -> None:
        """``4$z``, ``8$z``: one by one the packages whose sum the closing declared."""
        returned = number == 8
        quantity = count(values.get("ilosc"))
        value = line_value(values["kwota"], quantity)
        closing = machine.register.state.closing
        assert closing is not None, "the grammar allows it after a short closing only"
        listed = document_of(closing).listed
        declared = closing.packaging_taken if returned else closing.packaging_given
        if value + sum(pack.value for pack in listed if pack.returned is returned) > declared or not value:
            raise ExecError(83)
        pack = Pack(
            number=(values.get("nr") or "").strip(), price=values["kwota"], quantity=quantity, value=value,
            returned=returned,
        )  # fmt: skip
        listed.append(pack)

    return issued


def _tail(machine: Machine) -> Tail:
    """The end of the receipt that is not printed yet."""
    tail = machine.memory.tail
    assert tail is not None, "the grammar allows it after a short closing only"
    return tail


def print_payments(machine: Machine, _: Values) -> None:
    """``12$z``: they are printed where they stand anyway."""


def keyword(machine: Machine, values: Values) -> None:
    """``20;x$z``: a label and its text."""
    texts = _tail(machine).texts
    if values["Psx"] > 34 and not machine.novitus:
        raise ExecError(4)
    if len(texts) >= MAX_KEYWORDS:
        raise ExecError(84)
    texts.append((FOOTER_LABELS.get(values["Psx"], ""), values.get("tekst") or ""))


def information(machine: Machine, values: Values) -> None:
    """``24;n$z``: the lines at the end, no more than 25 different ones between daily reports."""
    known = machine.memory.lines
    new = [text for text in values["linie"] if text and text not in known]
    if len(known) + len(new) > MAX_TEXTS:
        raise ExecError(84)
    _tail(machine).lines = _allowed_lines(machine, values["linie"])


def finish_paper(machine: Machine, _: Values | None = None) -> None:
    """``28$z``, and the end of every other closing: the sheet comes out."""
    transaction = machine.register.state.closing
    tail, machine.memory.tail = machine.memory.tail or Tail(), None
    if transaction is None:
        return
    document = document_of(transaction)
    if transaction.kind == "invoice":
        texts = document.invoice or InvoiceTexts()
        mark = tail.system_number[:1]
        foot = Foot(
            tail.who,
            tail.system_number[mark in ("#", "@") :],
            "qr" if mark == "@" else "barcode" if mark == "#" else "text",
            texts=texts.footers,
            lines=tail.lines,
            change=document.change,
        )
        for kind, page, said in invoice_sheets(
            machine.register, machine.width, machine.memory.nip, transaction, texts, foot
        ):
            machine.emit(kind, page, **said)
        return
    listed, document.listed = document.listed, []
    for returned in (False, True):
        declared = transaction.packaging_taken if returned else transaction.packaging_given
        rest = declared - sum(pack.value for pack in listed if pack.returned is returned)
        if listed and rest:
            listed += _declared(rest, returned=returned)
    if listed:
        transaction.packaging = listed
    number = tail.system_number
    coded = number.startswith("#") and number.endswith("#") and len(number) > 2
    sheet = machine.sheet(
        Foot(
            tail.who,
            system_number=_barcode(number[1:-1]) if coded else number,
            system_number_as="barcode" if coded else "text",
            texts=tail.texts,
            lines=tail.lines,
            change=document.change,
        )
    )
    facts: Values = {"total": transaction.total, "totals": list(transaction.totals)}
    if transaction.kind == "packaging":
        sheet.packaging(transaction)
    else:
        sheet.receipt(transaction)
        facts["number"] = machine.register.state.day.last_receipt
    machine.emit(transaction.kind, sheet, **facts)


def _barcode(text: str) -> str:
    """3 to 15 characters, or up to 30 digits but 29 of them; anything else is left out without an error (5.11)."""
    fits = (len(text) <= 30 and len(text) != 29) if text.isdigit() else 3 <= len(text) <= 15
    return text if fits else ""


#: Handlers by command.
HANDLERS: dict[str, Handler] = {
    "$e 0": cancel,
    **{name: _closed(said) for name, said in CLOSINGS.items()},
    "$z 4": _issued(4),
    "$z 8": _issued(8),
    "$z 12": print_payments,
    "$z 20": keyword,
    "$z 24": information,
    "$z 28": finish_paper,
}
