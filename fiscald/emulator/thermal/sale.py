"""Receipts, deposits, payments and their end (thermal reference, 5.2 to 5.6 and section 6)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import NamedTuple

from stdnum.pl import nip as stdnum_nip

from fiscald.emulator.faults import Switch
from fiscald.emulator.memory import Adjustment, Pack, Payment, Transaction
from fiscald.emulator.register import Refusal, RegisterError
from fiscald.emulator.spread import Spread, by_size, over_lines, percent_of_each, percentage
from fiscald.emulator.thermal.layout import Foot
from fiscald.emulator.thermal.machine import ExecError, Handler, Machine, Values
from fiscald.model.money import half_up, line_value, plain
from fiscald.protocols.thermal.commands import DESCRIPTIONS, OWN_DESCRIPTION, PAYMENT_FORMS, SHORT_FORM

#: Most forms of payment on one receipt (5.4).
MAX_PAYMENTS_POSNET, MAX_PAYMENTS_NOVITUS = 20, 16
#: Different lines of text between two daily reports, and keyword lines on one receipt (4.2, 5.6).
MAX_TEXTS, MAX_KEYWORDS = 25, 20
#: Labels of ``20;x$z`` (5.6); what is not here is printed without one (choice).
KEYWORDS = {
    0: "Nr transakcji", 1: "Punkty", 2: "Suma punktów", 3: "Nr rejestracyjny", 4: "Nazwisko", 5: "Karta",
    6: "Numer karty", 7: "Ważna do", 8: "Kasjer", 9: "Nazw. kasjera", 10: "Zaliczka", 11: "Waluta",
    12: "Przelicznik", 13: "Nr zamówienia", 14: "Nr pracownika", 15: "Nazw. pracownika", 16: "Konto przed tr.",
    17: "Przyznano", 18: "Wykorzystano", 19: "Konto po trans.", 20: "Klient stały", 21: "Voucher",
    22: "Wartość Voucher", 23: "Zapłata Voucher", 26: "Ilość sprzedanych towarów", 27: "Numer pracownika",
    28: "Numer klienta", 29: "Udzielono łącznie rabatu", 30: "Numer", 31: "Kod", 32: "Nazwa", 33: "Opis",
    34: "Liczba",
}  # fmt: skip


class Change(NamedTuple):
    """A discount or surcharge as it is sent: per cent in hundredths, or grosze."""

    value: int
    percent: bool
    surcharge: bool
    text: str

    @property
    def rate(self) -> Decimal:
        """Per cent."""
        return Decimal(self.value) / 100

    @property
    def sensible(self) -> bool:
        """Whether there is one; per cent go from 0.01 to 99.99 (4.1)."""
        return 0 < self.value < 10_000 if self.percent else self.value > 0

    def name(self, colon: str = "", equals: str = "") -> str:
        """As it is printed: ``rabat specjalny 15 %``."""
        words = [("narzut" if self.surcharge else "rabat") + colon, self.text]
        if self.percent:
            words.append(f"{plain(self.rate).replace('.', ',')} %{equals}")
        return " ".join(word for word in words if word)

    def of(self, base: int, *, of_remainder: bool) -> int:
        """The signed change it makes to ``base``; see ``percentage`` for the two methods (6.4)."""
        if not self.percent:
            return self.value if self.surcharge else -self.value
        return percentage(base, self.rate, surcharge=self.surcharge, of_remainder=of_remainder)


def _transaction_change(kind: int, value: int, text: str) -> Change:
    """``Px``: 1 per cent off, 2 per cent on, 3 amount off, 4 amount on; 5 to 8 the same."""
    kind = (kind - 1) % 4 + 1
    return Change(value, kind <= 2, kind in (2, 4), text)


def _text(values: Values, name: str) -> str:
    po = values.get("Po") or 0
    return values.get(name) or "" if po == OWN_DESCRIPTION else values.get(name) or DESCRIPTIONS[po]


def _transaction(machine: Machine) -> Transaction:
    return machine.register.transaction


# -- opening and lines -----------------------------------------------------------------------------------------------


def begin(machine: Machine, values: Values) -> None:
    """``$h``: nothing is printed yet."""
    for switch, number in (
        (Switch.NO_HEADER, 40), (Switch.MEMORY_FULL, 40), (Switch.BATTERY, 97),
        (Switch.JUMPER, 94 if machine.novitus else 98),
    ):  # fmt: skip
        if machine.faults.on(switch):
            raise ExecError(number)
    if machine.faults.on(Switch.REPORT_REQUIRED) and machine.novitus:
        raise ExecError(1116)
    lines = values.get("Pl") or 0
    if lines > 80 and not machine.novitus:
        raise ExecError(4)
    nip = values.get("id", "") if values.get("idtype") == 1 else ""
    if values.get("idtype") and not machine.novitus:
        raise ExecError(3)
    if nip:
        _check_nip(machine, nip)
    machine.register.open("receipt", block_mode=lines > 0)
    transaction = _transaction(machine)
    transaction.buyer_nip = nip
    transaction.facts |= {"next": 1, "lines": lines}
    first = next(iter(values.get("linie", ())), "")
    if first.startswith("#"):
        transaction.facts["system_number"] = first[1:]
    machine.finished = False
    machine.timed_out = False


def _check_nip(machine: Machine, nip: str) -> None:
    if not stdnum_nip.is_valid(nip.replace("-", "").replace(" ", "")):
        raise ExecError(1098 if machine.novitus else 4)


def buyer(machine: Machine, values: Values) -> None:
    """``1$N`` on newer POSNET printers, ``100;1$z`` on Novitus: the buyer's NIP."""
    number = values.get("nip") or values["id"]
    if "nip" in values or values.get("idtype") in (None, 1):
        _check_nip(machine, number)
        _transaction(machine).buyer_nip = number


def line(machine: Machine, values: Values) -> None:
    """``$l``: a line, a storno, or (with ``P`` for the rate) a deposit."""
    if values["ptu"] == "P":
        _deposit_line(machine, values)
        return
    register, transaction = machine.register, _transaction(machine)
    number, quantity = values["Pi"], values["ilosc"].number
    if transaction.kind == "packaging":
        raise ExecError(90)
    if transaction.facts.get("no_more_lines"):
        raise ExecError(82)
    if quantity <= 0:
        raise ExecError(17)
    rate = machine.rate(values["ptu"])
    register.check_line(rate, values["cena"], quantity, values["brutto"])
    change = _line_change(values)
    if change is not None and not change.sensible:
        raise ExecError(20)
    storno = number == 0
    if not storno and number != transaction.facts["next"]:
        raise ExecError(4)
    if storno and transaction.block_mode:
        raise ExecError(22)
    if machine.faults.on(Switch.GOODS_FULL):
        raise ExecError(92)

    def adjustment(base: int) -> Adjustment | None:
        amount = 0 if change is None else change.of(base, of_remainder=machine.of_remainder)
        # Per cent that come to nothing are taken; an amount is never nothing.
        return Adjustment(amount=amount, name=change.name(equals=" =")) if change and amount else None

    description = values.get("opis") or ""
    if not values.get("Pr"):
        description = " ".join(filter(None, (DESCRIPTIONS.get(values.get("Po") or 0), description)))
    try:
        register.sell(
            values["nazwa"], rate, values["cena"], quantity, adjustment=adjustment, storno=storno, matched=False,
            unit=values["ilosc"].unit, description="" if transaction.block_mode else description,
        )  # fmt: skip
    except RegisterError as refused:
        if refused.refusal is Refusal.GOODS_LOCKED:
            register.state.goods[register.goods_key(values["nazwa"])].blocked = True
        raise
    transaction.facts["next"] += 1


def _line_change(values: Values) -> Change | None:
    """``Pr``: 1 amount off, 2 per cent off, 3 amount on, 4 per cent on."""
    kind = values.get("Pr") or 0
    return Change(values["rabat"], kind in (2, 4), kind > 2, _text(values, "nazwa_rabatu")) if kind else None


def _pack(
    machine: Machine, number: int, name: str, quantity: Decimal, *, value: int | None = None, price: int | None = None
) -> None:
    """6 takes a deposit, 10 pays one out, 7 and 11 take these back (5.3)."""
    transaction = _transaction(machine)
    name = name.strip()
    if name and not (name.isdigit() and int(name) <= (127 if machine.novitus else 9999)):
        raise ExecError(17)
    if number in (6, 10) and len(transaction.packaging) >= (32 if machine.novitus else 20) * 2:
        raise ExecError(17)
    first = not transaction.items and not transaction.packaging
    machine.register.pack(
        name, price, quantity, value=value, returned=number in (10, 11), storno=number in (7, 11), matched=False
    )
    if first:
        # What begins with a deposit is not fiscal and takes no goods.
        transaction.kind = "packaging"


def _deposit_line(machine: Machine, values: Values) -> None:
    """``6$l`` to ``11$l``: the price is that of one; what the value says is ignored."""
    if values["Pi"] not in (6, 7, 10, 11):
        raise ExecError(18)
    _pack(machine, values["Pi"], values["nazwa"], values["ilosc"].number, price=values["cena"])


def _deposit(number: int) -> Handler:
    def deposit(machine: Machine, values: Values) -> None:
        """``6$d`` to ``11$d``: the amount is that of all."""
        _pack(machine, number, values.get("nr") or "", _count(values.get("ilosc")), value=values["kwota"])

    return deposit


def _count(text: str | None) -> Decimal:
    """A quantity of packaging; one if none is told."""
    if not text:
        return Decimal(1)
    try:
        number = Decimal(text.split()[0])
    except (InvalidOperation, IndexError):
        raise ExecError(17) from None
    if not (number.is_finite() and 0 < number < 10**6):
        raise ExecError(17)
    return number


# -- discounts of all that was sold ----------------------------------------------------------------------------------


def _adjust_all(machine: Machine, change: Change, name: str, *, at_close: bool = False) -> None:
    """POSNET changes the totals of the rates, Novitus the lines, and there always by the second method (6.4, 6.5)."""
    before = _transaction(machine).totals
    spread: Spread = over_lines if machine.novitus else by_size
    if machine.novitus or not change.percent:
        amount = change.of(sum(before), of_remainder=False)
    else:
        after = percent_of_each(before, change.rate, surcharge=change.surcharge, of_remainder=machine.of_remainder)
        amount = sum(after) - sum(before)
        spread = lambda _transaction, _change: after  # noqa: E731
    # Per cent that come to nothing are taken, as on a line.
    if amount:
        machine.register.adjust_subtotal(
            lambda _: Adjustment(amount=amount, name=name), spread=spread, at_close=at_close
        )


def _as_26(change: Change, adjust: Callable[[], None]) -> None:
    """``$L`` and ``$Y`` have one number for every value that does not fit."""
    if not change.sensible:
        raise ExecError(26)
    try:
        adjust()
    except RegisterError as refused:
        raise ExecError(94 if refused.refusal is Refusal.TOTAL_RANGE else 26) from None


def adjust_rate(machine: Machine, values: Values) -> None:
    """``$L``: everything at one rate, at once."""
    transaction, rate = _transaction(machine), values["Ps"]
    if values["total_w_stawce"] != transaction.totals[rate] or not transaction.totals[rate]:
        raise ExecError(26)
    change = _transaction_change(values["Px"], values["wartosc"], _text(values, "nazwa"))
    amount = change.of(transaction.totals[rate], of_remainder=machine.of_remainder)
    adjustment = Adjustment(amount=amount, name=change.name(colon=":", equals=" ="))
    _as_26(change, lambda: machine.register.adjust_rate(rate, lambda _: adjustment))


def adjust_subtotal(machine: Machine, values: Values) -> None:
    """``$Y``: everything sold so far, at once; lines may follow."""
    if values["podsuma"] != _transaction(machine).total or not values["podsuma"]:
        raise ExecError(26)
    change = _transaction_change(values["Px"], values["wartosc"], _text(values, "nazwa"))
    _as_26(change, lambda: _adjust_all(machine, change, change.name(colon=":", equals=" =")))


def announce(machine: Machine, values: Values) -> None:
    """``$n``: the discount that the closing command will repeat; 0 takes it back, and all payments with it."""
    transaction, kind = _transaction(machine), values["Px"]
    if kind == 0:
        transaction.facts.pop("announced", None)
        transaction.payments.clear()
        return
    if transaction.payments or (machine.novitus and "announced" in transaction.facts):
        raise ExecError(82)
    if kind > 4 and machine.novitus:
        raise ExecError(4)
    change = _transaction_change(kind, values["wartosc"], values["nazwa"])
    if not change.sensible:
        raise ExecError(26)
    transaction.facts["announced"] = list(change)
    if kind > 4:
        transaction.facts["no_more_lines"] = True


# -- payments --------------------------------------------------------------------------------------------------------


def pay(machine: Machine, values: Values) -> None:
    """``1;x$b``."""
    transaction = _transaction(machine)
    if not machine.novitus and values["Pfx"] > 8:
        raise ExecError(4)
    if machine.novitus and len(transaction.payments) >= MAX_PAYMENTS_NOVITUS:
        raise ExecError(26)
    if len(transaction.payments) >= MAX_PAYMENTS_POSNET:
        raise ExecError(4)
    machine.register.pay(values["Pfx"], values["kwota"], _form(values["Pfx"], values["nazwa"]), cash=True)


def take_back(machine: Machine, values: Values) -> None:
    """``2;x$b``: form and amount must be those of a payment."""
    machine.register.take_back_payment(values["Pfx"], values["kwota"])


def _form(form: int, name: str) -> str:
    return f"{PAYMENT_FORMS.get(form, 'Inna')} {name}".strip()


# -- the end ---------------------------------------------------------------------------------------------------------


@dataclass
class Closing:
    """What a closing command says, whichever it is."""

    total: int
    who: str
    change: Change | None = None
    payments: list[Payment] | None = None
    """``None``: it says nothing about payments."""
    given: list[Pack] | None = None
    """Deposits taken; ``None``: it says nothing about them."""
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


def _close(machine: Machine, closing: Closing) -> None:
    register, transaction = machine.register, _transaction(machine)
    before = transaction.model_copy(deep=True)
    try:
        _check_sale(transaction, closing)
        _check_announced(transaction, closing.change)
        if closing.change is not None:
            _adjust_at_close(machine, closing.change)
        if transaction.kind == "receipt":
            register.check_day()
        _settle_deposits(machine, closing)
        _settle_payments(machine, closing)
    except (ExecError, RegisterError):
        register.state.transaction = before
        raise
    change = max(transaction.paid - transaction.due, 0) if transaction.payments else 0
    if closing.change_shown is not None:
        transaction.facts["change"] = closing.change_shown
    foot = {
        "who": closing.who,
        "system_number": closing.system_number or transaction.facts.get("system_number", ""),
        "lines": _allowed_lines(machine, closing.lines),
        "texts": [],
    }
    register.close(change)
    machine.finished = True
    machine.memory["tail"] = foot
    if not closing.short:
        finish_paper(machine)


def _check_sale(transaction: Transaction, closing: Closing) -> None:
    if transaction.kind == "receipt":
        lines = transaction.facts["lines"]
        if not transaction.lines or transaction.total <= 0 or lines not in (0, len(transaction.lines)):
            raise ExecError(23)
    elif not transaction.packaging:
        raise ExecError(23)
    if closing.total != transaction.total:
        raise ExecError(27)


def _check_announced(transaction: Transaction, change: Change | None) -> None:
    """The closing must repeat what ``$n`` announced (5.4)."""
    announced = transaction.facts.get("announced")
    if announced is None:
        return
    known = Change(*announced)
    if change is None or change[:3] != known[:3]:
        raise ExecError(27)


def _adjust_at_close(machine: Machine, change: Change) -> None:
    announced = _transaction(machine).facts.get("announced")
    if announced and not change.text:
        change = change._replace(text=announced[3])
    if not change.sensible:
        raise ExecError(27)
    try:
        _adjust_all(machine, change, change.name(), at_close=True)
    except RegisterError as refused:
        raise ExecError(94 if refused.refusal is Refusal.TOTAL_RANGE else 19) from None


def _settle_deposits(machine: Machine, closing: Closing) -> None:
    """Sums must agree with what was sent; what was not sent before is taken from the closing (choice)."""
    transaction = _transaction(machine)
    declared = [packs for packs in (closing.given, closing.taken) if packs is not None]
    if not transaction.packaging:
        transaction.packaging = [pack for packs in declared for pack in packs if pack.value]
        return
    for packs, value in ((closing.given, transaction.packaging_given), (closing.taken, transaction.packaging_taken)):
        if packs is not None and sum(pack.value for pack in packs) != value:
            raise ExecError(26)


def _settle_payments(machine: Machine, closing: Closing) -> None:
    transaction, sent = _transaction(machine), closing.payments
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
    """Cash is one sum, whatever it is called; other forms count with their names."""
    forms = Counter((payment.form, payment.amount, payment.name) for payment in payments if payment.form)
    forms[0, sum(payment.amount for payment in payments if not payment.form), ""] += 1
    return forms


def _allowed_lines(machine: Machine, lines: Sequence[str]) -> list[str]:
    """Lines of the footer, but for those that are too many between two daily reports (6.6, choice)."""
    known: list[str] = machine.memory.setdefault("lines", [])
    allowed = []
    for text in list(lines)[:3]:
        if text and text not in known:
            if len(known) >= MAX_TEXTS:
                continue
            known.append(text)
        allowed.append(text)
    return allowed


def _cash(amount: int) -> Payment:
    return Payment(form=0, amount=amount, name=PAYMENT_FORMS[0])


def _code(machine: Machine, kod: str) -> str:
    """POSNET: one character of the register, two of the cashier, unless somebody is logged in; Novitus: a name."""
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


def close_simple(machine: Machine, values: Values) -> None:
    """``1;...$e``."""
    who = _code(machine, values["kod"])
    kind, percent = values.get("Px") or 0, values["Pr"]
    if machine.novitus and kind > 2:
        raise ExecError(4)
    change = None
    if kind:
        change = _transaction_change(kind, values["rabat"], "")
    elif percent:
        change = _transaction_change(1, percent * 100, "")
    system_number, lines = _system_number(values.get("linie", []))
    _close(
        machine,
        Closing(
            values["total"], who, change, payments=[_cash(values["wplata"])], lines=lines,
            system_number=system_number, small_cash_hidden=True,
        ),
    )  # fmt: skip


def close_three(machine: Machine, values: Values) -> None:
    """``$x``: cash, one card, one cheque, one voucher."""
    who = _code(machine, values["kod"])
    texts = values["teksty"]
    lines, names = texts[:-3], texts[-3:]
    if len(names) < 3 or len(lines) not in (values["Pn"], 5):
        raise ExecError(25)
    if machine.novitus and values["Px"] > 2:
        raise ExecError(4)
    change = _transaction_change(values["Px"], values["rabat"], "") if values["Px"] else None
    payments = [_cash(values["wplata"])] if values["Pg"] else []
    for flag, form, field_, name in zip(("Pk", "Pz", "Pb"), (1, 2, 3), ("karta", "czek", "bon"), names, strict=True):
        if values[flag]:
            payments.append(Payment(form=form, amount=values[field_], name=_form(form, name)))
    system_number, lines = _system_number(lines)
    _close(
        machine,
        Closing(
            values["total"], who, change, payments=payments,
            given=_declared(values["przyjecie"], returned=False) if values["Po1"] else None,
            taken=_declared(values["wydanie"], returned=True) if values["Po2"] else None,
            change_shown=values["reszta"] if values["Pr"] else None, lines=lines[: values["Pn"]],
            system_number=system_number,
        ),
    )  # fmt: skip


def _declared(value: int, *, returned: bool) -> list[Pack]:
    """One sum of deposits."""
    return [Pack(number="", price=value, quantity=Decimal(1), value=value, returned=returned)]


def close_full(machine: Machine, values: Values) -> None:
    """``$y``: any payments, deposits one by one; with ``Pc`` 3 the sheet goes on until ``28$z``."""
    short = values["Pc"] == SHORT_FORM
    change = None
    if values["Px"]:
        change = _transaction_change(values["Px"], values["rabat"], values.get("opis_rabatu") or "")
    payments = [_cash(values["wplata"])] if values["Pg"] else []
    for form, name, amount in zip(values["Pfx"], values["formy"], values["kwoty"], strict=True):
        if form:
            payments.append(Payment(form=form, amount=amount, name=_form(form, name)))
    if short:
        paid = _transaction(machine).paid
        if machine.novitus and values["Pg"] and values["wplata"] != paid:
            raise ExecError(26)
    if values["Pns"]:
        system_number, lines = values["numer_systemowy"], values["linie"]
    else:
        system_number, lines = _system_number(values["linie"])
    _close(
        machine,
        Closing(
            values["total"], machine.who(values), change, payments=None if short else payments,
            given=_packs(values, "pobr", returned=False), taken=_packs(values, "zwr", returned=True),
            change_shown=values["reszta"] if values["Pr"] else None, lines=lines,
            system_number=system_number, short=short, checks_payments=not machine.novitus,
        ),
    )  # fmt: skip


def _packs(values: Values, which: str, *, returned: bool) -> list[Pack]:
    packs = []
    for number, count, value in zip(
        values[f"nr_kaucji_{which}"], values[f"ilosc_kaucji_{which}"], values[f"kaucja_{which}"], strict=True
    ):
        quantity = _count(count)
        price = half_up(value / quantity)
        packs.append(Pack(number=number.strip(), price=price, quantity=quantity, value=value, returned=returned))
    return packs


def cancel(machine: Machine, _: Values) -> None:
    """``0$e``: of nothing it is harmless; of a receipt without anything in it nothing is printed."""
    machine.timed_out = False
    transaction = machine.register.state.transaction
    if transaction is None:
        return
    machine.finished = False
    if not transaction.items and not transaction.packaging:
        machine.register.give_up()
        return
    machine.register.cancel()
    sheet = machine.sheet(Foot(machine.who({})))
    sheet.cancelled(transaction, "PARAGON ANULOWANY" if machine.novitus else "ANULOWANY")
    machine.put_out(f"cancelled_{transaction.kind}", sheet, total=transaction.total)


# -- after a short closing -------------------------------------------------------------------------------------------


def _issued(number: int) -> Handler:
    def issued(machine: Machine, values: Values) -> None:
        """``4$z``, ``8$z``: one by one the packages whose sum the closing declared."""
        returned = number == 8
        quantity = _count(values.get("ilosc"))
        value = line_value(values["kwota"], quantity)
        closing = machine.register.state.closing
        assert closing is not None, "the grammar allows it after a short closing only"
        listed = closing.facts.setdefault("listed", [])
        declared = closing.packaging_taken if returned else closing.packaging_given
        if value + sum(pack["value"] for pack in listed if pack["returned"] is returned) > declared or not value:
            raise ExecError(83)
        pack = Pack(
            number=(values.get("nr") or "").strip(), price=values["kwota"], quantity=quantity, value=value,
            returned=returned,
        )  # fmt: skip
        listed.append(pack.model_dump())

    return issued


def print_payments(machine: Machine, _: Values) -> None:
    """``12$z``: they are printed where they stand anyway."""


def keyword(machine: Machine, values: Values) -> None:
    """``20;x$z``: a label and what it says."""
    texts = machine.memory["tail"]["texts"]
    if values["Psx"] > 34 and not machine.novitus:
        raise ExecError(4)
    if len(texts) >= MAX_KEYWORDS:
        raise ExecError(84)
    texts.append([KEYWORDS.get(values["Psx"], ""), values.get("tekst") or ""])


def information(machine: Machine, values: Values) -> None:
    """``24;n$z``: the lines at the end, no more than 25 different ones between daily reports."""
    known = machine.memory.setdefault("lines", [])
    new = [text for text in values["linie"] if text and text not in known]
    if len(known) + len(new) > MAX_TEXTS:
        raise ExecError(84)
    machine.memory["tail"]["lines"] = _allowed_lines(machine, values["linie"])


def finish_paper(machine: Machine, _: Values | None = None) -> None:
    """``28$z``, and the end of every other closing: the sheet comes out."""
    transaction = machine.register.state.closing
    foot = machine.memory.pop("tail", {})
    if transaction is None:
        return
    listed = [Pack.model_validate(pack) for pack in transaction.facts.pop("listed", [])]
    for returned in (False, True):
        declared = transaction.packaging_taken if returned else transaction.packaging_given
        rest = declared - sum(pack.value for pack in listed if pack.returned is returned)
        if listed and rest:
            listed += _declared(rest, returned=returned)
    if listed:
        transaction.packaging = listed
    number = foot.get("system_number", "")
    coded = number.startswith("#") and number.endswith("#") and len(number) > 2
    sheet = machine.sheet(
        Foot(
            foot.get("who", ""),
            system_number="" if coded else number,
            barcode=_barcode(number[1:-1]) if coded else "",
            texts=[(label, value) for label, value in foot.get("texts", ())],
            lines=foot.get("lines", ()),
        )
    )
    facts: Values = {"total": transaction.total, "totals": list(transaction.totals)}
    if transaction.kind == "packaging":
        sheet.packaging(transaction)
    else:
        sheet.receipt(transaction)
        facts["number"] = machine.register.state.day.last_receipt
    machine.put_out(transaction.kind, sheet, **facts)


def _barcode(text: str) -> str:
    """3 to 15 characters, or up to 30 digits but 29 of them; anything else is left out without an error (5.11)."""
    fits = (len(text) <= 30 and len(text) != 29) if text.isdigit() else 3 <= len(text) <= 15
    return text if fits else ""


#: Handlers by command.
HANDLERS: dict[str, Handler] = {
    "$h": begin,
    "$N 1": buyer,
    "$z 100": buyer,
    "$l": line,
    **{f"$d {number}": _deposit(number) for number in (6, 7, 10, 11)},
    "$L": adjust_rate,
    "$Y": adjust_subtotal,
    "$n": announce,
    "$b 1": pay,
    "$b 2": take_back,
    "$e 0": cancel,
    "$e 1": close_simple,
    "$x": close_three,
    "$y": close_full,
    "$z 4": _issued(4),
    "$z 8": _issued(8),
    "$z 12": print_payments,
    "$z 20": keyword,
    "$z 24": information,
    "$z 28": finish_paper,
}
