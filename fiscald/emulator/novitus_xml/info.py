"""Queries: status, errors, sales, the last transaction, the device (Novitus XML reference, 5.1, 5.2, 5.11, 5.12)."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from fiscald.emulator.faults import Switch
from fiscald.emulator.layout import LETTERS
from fiscald.emulator.memory import Line, Pack, Payment, Subtotal, Transaction
from fiscald.emulator.novitus.documents import FORMS, Form
from fiscald.emulator.novitus.memory import MAX_CURRENCY_CHANGES, MAX_RATE_CHANGES, MAX_REPORTS, MAX_RESETS, document_of
from fiscald.emulator.novitus_xml import sale
from fiscald.emulator.novitus_xml.machine import FIRMWARE, MODEL, OFFLINE, Handler, Machine
from fiscald.emulator.novitus_xml.values import choice, money, shown, yes
from fiscald.emulator.register import tax
from fiscald.model.money import plain
from fiscald.protocols.novitus_elements import Element, element

#: Size of the fiscal memory, and of one record, in bytes; records that it takes (the document's samples).
_SIZE, _RECORD, _RECORDS = 1048576, 940, 2144
_WORDS = {form: word for word, form in sale.FORMS.items()}
_KIND = {"receipt": "receipt", "invoice": "invoice", "packaging": "container"}


# -- status ----------------------------------------------------------------------------------------------------------


def dle(machine: Machine, _: Element, *, ready: bool = True) -> Element:
    """``dle``; ``ready``: no message is on the display and no report runs."""
    on = machine.faults.on
    fault = on(Switch.MECHANISM) or on(Switch.COVER) or on(Switch.LEVER)
    online = ready and not machine.faults.any_on(OFFLINE)
    return element("dle", online=yes(online), papererror=yes(on(Switch.PAPER_OUT)), printererror=yes(fault))


def enq(machine: Machine, _: Element) -> Element:
    """``enq``: ``lastcommanderror`` is ``yes`` after a command that failed."""
    core = machine.core
    return element(
        "enq", fiscal=yes(core.fiscal), lastcommanderror=yes(core.failed), intransaction=yes(core.transaction),
        lasttransactioncorrect=yes(core.finished),
    )  # fmt: skip


def get_error(machine: Machine, _: Element) -> Element:
    """``error get``: reading clears the number, and not ``lastcommanderror``.

    The tests of a client find 0 on a device after ``dle``, ``enq`` and the reading of an earlier error.
    """
    number, machine.core.last_error = machine.core.last_error, 0
    return element("error", action="get", value=str(number))


def set_error(machine: Machine, asked: Element) -> None:
    """``error set``."""
    machine.silent = choice(asked, "value", {"silent": True, "display": False}, "")


# -- info ------------------------------------------------------------------------------------------------------------


def date(machine: Machine, asked: Element) -> Element:
    """``info date``: what else was asked for comes back empty."""
    now = machine.core.register.clock.now()
    version = None if asked.get("version") is None else ""
    return element("info", action="date", version=version, date=shown(now, "%H:%M"))


def version(_: Machine, asked: Element) -> Element:
    """``info version``: model and version of the program in one text."""
    date = None if asked.get("date") is None else ""
    return element("info", action="version", version=f"{MODEL} {FIRMWARE}", date=date)


def checkout(machine: Machine, asked: Element) -> Element:
    """``info checkout``: the fields that were asked for, all where none was; reading the last error clears it."""
    core = machine.core
    state = core.register.state
    kind = choice(asked, "type", {"receipt": "receipt", "invoice": "invoice"}, "receipt")
    fields: dict[str, Callable[[], str]] = {
        "lasterror": lambda: str(core.last_error),
        "isfiscal": lambda: yes(core.fiscal),
        "receiptopen": lambda: yes(core.transaction),
        "lastreceipterror": lambda: yes(core.memory.last is not None and not core.finished),
        "resetcount": lambda: str(state.ram_resets),
        "date": lambda: shown(core.register.clock.now()),
        # The one recorded device counts receipts over all days, as its numbers do.
        "receiptcount": lambda: str(state.day.last_receipt),
        "cash": lambda: money(state.cash),
        "uniqueno": lambda: core.unique_number,
        "lastreceipt": lambda: str(state.day.last_receipt),
        "lastinvoice": lambda: str(state.day.last_invoice),
        "lastprintout": lambda: str(state.printout_count),
    }
    wanted = [name for name in fields if asked.get(name) is not None] or list(fields)
    return element(
        "info",
        *_by_rate(machine, core.totals(invoices=kind == "invoice")),
        action="checkout", type=kind, **{name: fields[name]() for name in wanted},
    )  # fmt: skip


def _by_rate(machine: Machine, totals: list[int]) -> list[Element]:
    return [element("ptu", text=money(totals[LETTERS.index(letter)]), name=letter) for letter, _ in machine.core.rates]


def fiscal_memory(machine: Machine, _: Element) -> Element:
    """``info fiscalmemory``."""
    core = machine.core
    state = core.register.state
    records = state.reports + state.rate_changes
    return element(
        "info", *_by_rate(machine, core.totals()), action="fiscalmemory", fiscalmemorysize=str(_SIZE),
        recordsize=str(_RECORD), fiscal="1" if core.fiscal else "0", uniqueno=core.unique_number, nip=core.memory.nip,
        maxrecordscount=str(_RECORDS), recordscount=str(records), maxreportscount=str(MAX_REPORTS),
        reportscount=str(state.reports), resetmaxcount=str(MAX_RESETS), resetcount=str(state.ram_resets),
        taxratesprglimit=str(MAX_RATE_CHANGES), taxratesprg=str(state.rate_changes),
        currencychangeprglimit=str(MAX_CURRENCY_CHANGES), currencychangeprg="0",
        fiscalstartdate=f"{shown(core.memory.fiscalised)} 00:00:00", fiscalstopdate="00-00-2000 00:00:00",
        currencyname="PLN",
    )  # fmt: skip


def sd_card(machine: Machine, asked: Element) -> Element:
    """``info sdcard``: the medium of the electronic copy; sizes are our assumption."""
    choice(asked, "type", {"external": "external"}, "external")
    state = machine.core.register.state
    last = None if state.last_record is None else shown(state.last_record, "%H:%M")
    return element(
        "info", action="sdcard", type="external", state="error" if machine.faults.on(Switch.COPY_BLOCKED) else "open",
        size="4000000000", free="3900000000", reportscount=str(state.reports), lastreport=str(state.reports),
        lastaccess=last or f"{shown(machine.core.memory.fiscalised)} 00:00",
    )  # fmt: skip


def transaction(machine: Machine, _: Element) -> Element:
    """``info transaction``: the sums of the open document by rate."""
    found = machine.core.transaction
    if found is None:
        return element("info", action="transaction", type="none")
    rates = machine.core.register.state.rates
    rows, net = [], 0
    for letter, rate, gross in zip(LETTERS, rates, found.totals, strict=True):
        part = tax(gross, rate)
        net += gross - part
        if gross:
            rows.append(element("total", name=letter, tax=money(part), net=money(gross - part), gross=money(gross)))
    mode = ("offline" if document_of(found).buffered else "online") if found.kind == "receipt" else None
    return element(
        "info", *rows, action="transaction", nettotal=money(net), grosstotal=money(found.total), type=_KIND[found.kind],
        mode=mode,
    )  # fmt: skip


def last_transaction(machine: Machine, _: Element) -> Element:
    """``info lasttransaction``: the open document, or the last one."""
    core = machine.core
    found, last = core.transaction, core.memory.last
    if found is not None:
        kind = "container" if found.kind == "packaging" else "receipt"
        return element(
            "info", *_contents(found), action="lasttransaction", total=money(found.total), type=kind, state="open"
        )
    if last is None:
        return element("info", action="lasttransaction", type="none")
    kind = "container" if last.transaction.kind == "packaging" else "receipt"
    return element(
        "info", *_contents(last.transaction), action="lasttransaction", total=money(last.transaction.total), type=kind,
        state=last.state, number=None if last.number is None else str(last.number), date=shown(last.at, "%H:%M"),
        printoutno=str(last.printout), checkout=last.till, cashier=last.cashier, systemno=last.system_number,
        rest=money(last.rest) if last.rest else None,
    )  # fmt: skip


def _contents(found: Transaction) -> list[Element]:
    lines = [_item(line) for line in found.lines]
    packs = [_pack(pack) for pack in found.packaging]
    payments = [_payment(payment) for payment in found.payments]
    changes = [_discount(item) for item in found.items if isinstance(item, Subtotal)]
    return [*lines, *packs, *payments, *changes]


def _item(line: Line) -> Element:
    sign = -1 if line.storno else 1
    children = []
    after = None
    if line.adjustment is not None:
        amount = line.adjustment.amount
        kind = "discount" if amount < 0 else "markup"
        children.append(element("discount", value=money(abs(amount)), name=line.adjustment.name, type=kind))
        after = money(sign * line.net)
    return element(
        "item", *children, name=line.name, code="" if line.code is None else line.code[1],
        quantity=plain(line.quantity), ptu=LETTERS[line.rate], price=money(line.price), total=money(sign * line.value),
        totalafterdiscount=after,
    )  # fmt: skip


def _pack(pack: Pack) -> Element:
    value = -pack.value if pack.returned else pack.value
    return element(
        "container", code=pack.number, quantity=plain(pack.quantity), price=money(pack.price), total=money(value)
    )


def _payment(payment: Payment) -> Element:
    form, label = next(
        ((form, label) for form, (number, label) in FORMS.items() if number == payment.form), (Form.OTHER, "")
    )
    name = payment.name.removeprefix(label).strip()
    return element("payment", name=name, type=_WORDS[form], value=money(payment.amount))


def _discount(item: Subtotal) -> Element:
    amount = item.adjustment.amount
    kind = "discount" if amount < 0 else "markup"
    return element(
        "discount", value=money(abs(amount)), name=item.adjustment.name, total=money(item.subtotal + amount), type=kind
    )


def drawer(machine: Machine, _: Element) -> Element:
    """``info drawer``."""
    return element("info", action="drawer", state="open" if machine.core.drawer_open else "close")


def port(_: Machine, _asked: Element) -> Element:
    """``info port``: the port that the request came through."""
    return element("info", action="port", value="PC1")


def repository(machine: Machine, _: Element) -> Element:
    """``info repository``: what the tax office's repository has got."""
    memory = machine.core.memory
    day = "" if memory.sent_on is None else shown(memory.sent_on)
    return element(
        "info", action="repository", date_send=day, date_send_correct=day,
        jpk_send_count=str(memory.jpkid - memory.sent), jpk_actual_send_no=str(memory.sent),
    )  # fmt: skip


# -- deviceinfo ------------------------------------------------------------------------------------------------------


def general(_: Machine, _asked: Element) -> Element:
    """``deviceinfo general``."""
    return element(
        "deviceinfo", action="general", devicename=MODEL, version=FIRMWARE, moduleprinterversion="EMU",
        systemname="EMU", systemversion="1.00", displaycount="2", displaylen="64", ecopy="1", fiscalsize=str(_SIZE),
    )  # fmt: skip


def details(machine: Machine, _: Element) -> Element:
    """``deviceinfo detailfiscalmemoryinfo``."""
    core = machine.core
    state = core.register.state
    return element(
        "deviceinfo", action="detailfiscalmemoryinfo", fiscalsize=str(_SIZE), recordlen=str(_RECORD),
        mode="1" if core.fiscal else "0", uniqueno=core.unique_number, nip=core.memory.nip, eventlen="2108",
        recordcount=str(state.reports + state.rate_changes), maxdailyreportcount=str(MAX_REPORTS),
        dailyreportcount=str(state.reports), resetsmaxcount=str(MAX_RESETS), resetscount=str(state.ram_resets),
        maxtaxratescount=str(MAX_RATE_CHANGES), taxratescount=str(state.rate_changes), currency_change_max_count="20",
        currency_change_count="0", fiscalizationdate=f"{core.memory.fiscalised:%Y-%m-%d} 00:00:00",
        fiscalmodeclosedate="2000-00-00 00:00:00", currencyname="PLN",
    )  # fmt: skip


def battery(machine: Machine, _: Element) -> Element:
    """``deviceinfo batteryinfo``; the voltages are our assumption."""
    powered = not machine.faults.on(Switch.NO_POWER)
    return element(
        "deviceinfo", action="batteryinfo", powersupply=yes(powered), powersupplyvoltage="24000" if powered else "0",
        poweraccumulatorvoltage="7400", powerbatteryvoltage="0" if machine.faults.on(Switch.BATTERY) else "3000",
    )  # fmt: skip


def power(machine: Machine, _: Element) -> Element:
    """``deviceinfo powerinfo``; the voltages are our assumption."""
    powered = not machine.faults.on(Switch.NO_POWER)
    flat = machine.faults.on(Switch.BATTERY)
    return element(
        "deviceinfo", action="powerinfo", powermode="1" if powered else "0",
        powersupplyvoltage="24000" if powered else "0", poweraccumulatorvoltage="7400",
        powerbatteryvoltage="0" if flat else "3000", acumulatorstate="2", batterystate="0" if flat else "2",
        chargelevelakumulator="100",
    )  # fmt: skip


def printout(machine: Machine, _: Element) -> Element:
    """``deviceinfo printoutinfo``: the width of the paper in characters, and how much there is."""
    width = machine.core.width
    paper = "0" if machine.faults.on(Switch.PAPER_LOW) or machine.faults.on(Switch.PAPER_OUT) else "1"
    return element(
        "deviceinfo", action="printoutinfo", printermoduleversion="EMU", printerlen=str(width),
        printerlenmm="80" if width >= 48 else "57", font="normal", cutter="yes", papercount=paper,
    )  # fmt: skip


def drawer_state(machine: Machine, _: Element) -> Element:
    """``deviceinfo drawer_state``."""
    state = "drawer_open" if machine.core.drawer_open else "drawer_close"
    return element("deviceinfo", action="drawer_state", drawer_state=state)


def articles(machine: Machine, _: Element) -> Element:
    """``deviceinfo db_article_state``: names that the printer remembers with their rates (our assumption)."""
    count = str(len(machine.core.register.state.goods))
    return element("deviceinfo", action="db_article_state", db_article_state=count)


def get_rates(machine: Machine, _: Element) -> Element:
    """``taxrates get``: letters that are not programmed are absent."""
    rows = [
        element("ptu", text=f"{rate:.2f}%" if isinstance(rate, Decimal) else "free", name=letter)
        for letter, rate in machine.core.rates
    ]
    return element("taxrates", *rows, action="get")


#: Handlers by command.
HANDLERS: dict[str, Handler] = {
    "dle": dle,
    "enq": enq,
    "error get": get_error,
    "error set": set_error,
    "info date": date,
    "info version": version,
    "info checkout": checkout,
    "info fiscalmemory": fiscal_memory,
    "info sdcard": sd_card,
    "info transaction": transaction,
    "info lasttransaction": last_transaction,
    "info drawer": drawer,
    "info port": port,
    "info repository": repository,
    "deviceinfo general": general,
    "deviceinfo detailfiscalmemoryinfo": details,
    "deviceinfo batteryinfo": battery,
    "deviceinfo powerinfo": power,
    "deviceinfo printoutinfo": printout,
    "deviceinfo drawer_state": drawer_state,
    "deviceinfo db_article_state": articles,
    "taxrates get": get_rates,
}
