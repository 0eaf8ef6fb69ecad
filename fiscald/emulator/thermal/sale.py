"""Receipts, their lines, deposits, discounts and payments (thermal reference, 5.2 to 5.4 and section 6)."""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal

from stdnum.pl import nip as stdnum_nip

from fiscald.emulator.change import Change
from fiscald.emulator.faults import Switch
from fiscald.emulator.memory import Adjustment
from fiscald.emulator.refusal import Refusal, RegisterError
from fiscald.emulator.spread import Spread, by_size, over_lines, percent_of_each
from fiscald.emulator.thermal.change import transaction_change
from fiscald.emulator.thermal.machine import ExecError, Handler, Machine, Values
from fiscald.emulator.thermal.memory import ThermalDocument, document_of
from fiscald.model.times import POLISH_TIME
from fiscald.protocols.thermal.commands import DESCRIPTIONS, OWN_DESCRIPTION, PAYMENT_FORMS
from fiscald.protocols.thermal.fields import Quantity

#: Most forms of payment on one receipt (5.4).
MAX_PAYMENTS_POSNET, MAX_PAYMENTS_NOVITUS = 20, 16
#: A quantity of packaging: digits and a dot (4.1). What else ``Decimal`` reads (``nan``, ``1e-30``) is none.
_PIECES = re.compile(r"\d+\.?\d*|\.\d+", re.ASCII)


def _text(values: Values, name: str) -> str:
    po = values.get("Po") or 0
    return values.get(name) or "" if po == OWN_DESCRIPTION else values.get(name) or DESCRIPTIONS[po]


# -- opening and lines -----------------------------------------------------------------------------------------------


def _report_overdue(machine: Machine) -> bool:
    """Whether the day has sales of an earlier date: its report comes before the next sale (6.6)."""
    first = machine.register.state.day.first_sale
    today = machine.register.clock.now().date()
    return machine.fiscal and first is not None and first.astimezone(POLISH_TIME).date() < today


def check_opening(machine: Machine) -> None:
    """Raises ``ExecError`` where nothing may be sold now."""
    for switch, number in (
        (Switch.NO_HEADER, 40), (Switch.MEMORY_FULL, 40), (Switch.BATTERY, 97),
        (Switch.JUMPER, 94 if machine.novitus else 98),
    ):  # fmt: skip
        if machine.faults.on(switch):
            raise ExecError(number)
    if machine.novitus and (machine.faults.on(Switch.REPORT_REQUIRED) or _report_overdue(machine)):
        raise ExecError(1116)


def begin(machine: Machine, values: Values) -> None:
    """``$h``: nothing is printed yet."""
    check_opening(machine)
    lines = values.get("Pl") or 0
    if lines > 80 and not machine.novitus:
        raise ExecError(4)
    nip = values.get("id", "") if values.get("idtype") == 1 else ""
    if values.get("idtype") and not machine.novitus:
        raise ExecError(3)
    if nip:
        _check_nip(machine, nip)
    machine.register.sale.open("receipt", block_mode=lines > 0)
    transaction = machine.register.sale.transaction
    transaction.buyer_nip = nip
    document = transaction.facts = ThermalDocument(lines=lines)
    first = next(iter(values.get("linie", ())), "")
    if first.startswith("#"):
        document.system_number = first[1:]
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
        machine.register.sale.transaction.buyer_nip = number


def line(machine: Machine, values: Values) -> None:
    """``$l``: a line, a storno, or (with ``P`` for the rate) a deposit."""
    if values["ptu"] == "P":
        _deposit_line(machine, values)
        return
    register, transaction = machine.register, machine.register.sale.transaction
    document = document_of(transaction)
    number, quantity = values["Pi"], values["ilosc"].number
    if transaction.kind == "packaging":
        raise ExecError(90)
    if document.no_more_lines:
        raise ExecError(82)
    if quantity <= 0:
        raise ExecError(17)
    rate = machine.rate(values["ptu"])
    register.sale.check_line(rate, values["cena"], quantity, values["brutto"])
    change = _line_change(values)
    if change is not None and not change.is_allowed:
        raise ExecError(20)
    storno = number == 0
    if not storno and number != document.next:
        raise ExecError(4)
    if storno and transaction.block_mode:
        raise ExecError(22)
    if machine.faults.on(Switch.GOODS_FULL):
        raise ExecError(92)

    def adjustment(base: int) -> Adjustment | None:
        amount = 0 if change is None else change.of(base, of_remainder=machine.of_remainder)
        # A percentage that comes to 0.00 is accepted; an amount must not be zero.
        return Adjustment(amount=amount, name=change.name(equals=" =")) if change and amount else None

    description = values.get("opis") or ""
    if not values.get("Pr"):
        description = " ".join(filter(None, (DESCRIPTIONS.get(values.get("Po") or 0), description)))
    try:
        register.sale.sell(
            values["nazwa"], rate, values["cena"], quantity, adjustment=adjustment, storno=storno, matched=False,
            unit=values["ilosc"].unit, description="" if transaction.block_mode else description,
        )  # fmt: skip
    except RegisterError as refused:
        if refused.refusal is Refusal.GOODS_LOCKED:
            register.state.goods[register.goods.key(values["nazwa"])].blocked = True
        raise
    document.next += 1


def _line_change(values: Values) -> Change | None:
    """``Pr``: 1 amount off, 2 per cent off, 3 amount on, 4 per cent on."""
    kind = values.get("Pr") or 0
    return Change(values["rabat"], kind in (2, 4), kind > 2, _text(values, "nazwa_rabatu")) if kind else None


def _pack(
    machine: Machine, number: int, name: str, quantity: Decimal, *, value: int | None = None, price: int | None = None
) -> None:
    """6 takes a deposit, 10 pays one out, 7 and 11 take these back (5.3)."""
    transaction = machine.register.sale.transaction
    name = name.strip()
    if name and not (name.isdigit() and int(name) <= (127 if machine.novitus else 9999)):
        raise ExecError(17)
    if number in (6, 10) and len(transaction.packaging) >= (32 if machine.novitus else 20) * 2:
        raise ExecError(17)
    first = not transaction.items and not transaction.packaging
    machine.register.sale.pack(
        name, price, quantity, value=value, returned=number in (10, 11), storno=number in (7, 11), matched=False
    )
    if first:
        # What begins with a deposit is not fiscal and takes no goods.
        transaction.kind = "packaging"


def _deposit_line(machine: Machine, values: Values) -> None:
    """``6$l`` to ``11$l``: the price is that of one piece; the value is ignored."""
    if values["Pi"] not in (6, 7, 10, 11) or machine.register.sale.transaction.kind == "invoice":
        raise ExecError(18)
    _pack(machine, values["Pi"], values["nazwa"], values["ilosc"].number, price=values["cena"])


def _deposit(number: int) -> Handler:
    def deposit(machine: Machine, values: Values) -> None:
        """``6$d`` to ``11$d``: the amount is that of all."""
        _pack(machine, number, values.get("nr") or "", count(values.get("ilosc")), value=values["kwota"])

    return deposit


def count(text: str | None) -> Decimal:
    """A quantity of packaging; one if none was sent."""
    if not text:
        return Decimal(1)
    number, *_ = text.split() or [""]
    plain_digits = _PIECES.fullmatch(number) is not None and sum(map(str.isdigit, number)) <= Quantity.DIGITS
    if not plain_digits or not 0 < Decimal(number) < 10**6:
        raise ExecError(17)
    return Decimal(number)


# -- discounts of all that was sold ----------------------------------------------------------------------------------


def adjust_all(machine: Machine, change: Change, name: str, *, at_close: bool = False) -> None:
    """POSNET changes the totals of the rates, Novitus the lines, and there always by the second method (6.4, 6.5)."""
    before = machine.register.sale.transaction.totals
    spread: Spread = over_lines if machine.novitus else by_size
    if machine.novitus or not change.percent:
        amount = change.of(sum(before), of_remainder=False)
    else:
        after = percent_of_each(before, change.rate, surcharge=change.surcharge, of_remainder=machine.of_remainder)
        amount = sum(after) - sum(before)
        spread = lambda _transaction, _change: after  # noqa: E731
    # A percentage that comes to 0.00 is accepted, as on a line.
    if amount:
        machine.register.sale.adjust_subtotal(
            lambda _: Adjustment(amount=amount, name=name), spread=spread, at_close=at_close
        )


def _as_26(change: Change, adjust: Callable[[], None]) -> None:
    """``$L`` and ``$Y`` have one number for every value that does not fit."""
    if not change.is_allowed:
        raise ExecError(26)
    try:
        adjust()
    except RegisterError as refused:
        raise ExecError(94 if refused.refusal is Refusal.TOTAL_RANGE else 26) from None


def adjust_rate(machine: Machine, values: Values) -> None:
    """``$L``: everything at one rate, at once."""
    transaction, rate = machine.register.sale.transaction, values["Ps"]
    if values["total_w_stawce"] != transaction.totals[rate] or not transaction.totals[rate]:
        raise ExecError(26)
    change = transaction_change(values["Px"], values["wartosc"], _text(values, "nazwa"))
    amount = change.of(transaction.totals[rate], of_remainder=machine.of_remainder)
    adjustment = Adjustment(amount=amount, name=change.name(colon=":", equals=" ="))
    _as_26(change, lambda: machine.register.sale.adjust_rate(rate, lambda _: adjustment))


def adjust_subtotal(machine: Machine, values: Values) -> None:
    """``$Y``: everything sold so far, at once; lines may follow."""
    if values["podsuma"] != machine.register.sale.transaction.total or not values["podsuma"]:
        raise ExecError(26)
    change = transaction_change(values["Px"], values["wartosc"], _text(values, "nazwa"))
    _as_26(change, lambda: adjust_all(machine, change, change.name(colon=":", equals=" =")))


def announce(machine: Machine, values: Values) -> None:
    """``$n``: the discount that the closing command will repeat; 0 takes it back, and all payments with it."""
    transaction, kind = machine.register.sale.transaction, values["Px"]
    document = document_of(transaction)
    if kind == 0:
        document.announced = None
        transaction.payments.clear()
        return
    if transaction.payments or (machine.novitus and document.announced is not None):
        raise ExecError(82)
    if kind > 4 and machine.novitus:
        raise ExecError(4)
    change = transaction_change(kind, values["wartosc"], values["nazwa"])
    if not change.is_allowed:
        raise ExecError(26)
    document.announced = change
    if kind > 4:
        document.no_more_lines = True


# -- payments --------------------------------------------------------------------------------------------------------


def pay(machine: Machine, values: Values) -> None:
    """``1;x$b``."""
    transaction = machine.register.sale.transaction
    if not machine.novitus and values["Pfx"] > 8:
        raise ExecError(4)
    if machine.novitus and len(transaction.payments) >= MAX_PAYMENTS_NOVITUS:
        raise ExecError(26)
    if len(transaction.payments) >= MAX_PAYMENTS_POSNET:
        raise ExecError(4)
    machine.register.sale.pay(values["Pfx"], values["kwota"], form_name(values["Pfx"], values["nazwa"]), cash=True)


def take_back(machine: Machine, values: Values) -> None:
    """``2;x$b``: form and amount must be those of a payment."""
    machine.register.sale.take_back_payment(values["Pfx"], values["kwota"])


def form_name(form: int, name: str) -> str:
    """A payment as it is printed."""
    return f"{PAYMENT_FORMS.get(form, 'Inna')} {name}".strip()


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
}
