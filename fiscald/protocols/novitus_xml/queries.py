"""Asking a Novitus printer: its condition, its facts, its counters. Nothing here changes anything.

``enq`` reports whether a document is open and whether the last one was closed; ``info checkout`` the unique number, the
numbers of the last receipt, invoice and printed document, the cash, and the totals of receipts or invoices; ``info
fiscalmemory`` the daily reports. Each answer has a checksum, but they come one after the other and something
may happen in between. An old answer may also arrive late. So a look that decides is repeated until two agree.

Source: Novitus reference, sections 5.1, 5.2, 5.11 and 7.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable
from typing import Any, NamedTuple

from fiscald.model.printers import Condition, Counters, PrinterState
from fiscald.model.problems import Problem, problem
from fiscald.protocols import conditions
from fiscald.protocols.base import Baseline, Deadline, Dialogue, DialogueAborted, Effect, Step
from fiscald.protocols.novitus_elements import Element, element
from fiscald.protocols.novitus_xml.commands import SILENT as SILENT
from fiscald.protocols.novitus_xml.commands import Reply, Request, ask_for, execute, find
from fiscald.protocols.novitus_xml.evidence import NovitusXmlLook
from fiscald.protocols.novitus_xml.fields import RATE_LETTERS, read_amount, read_rates
from fiscald.protocols.queries import good_values
from fiscald.protocols.rates import Rates

#: Two looks in a row must agree after at most this many looks.
LOOKS = 4
DLE, ENQ = element("dle"), element("enq")
#: What a look needs of the counters.
_COUNTERS = ("uniqueno", "isfiscal", "resetcount", "cash", "lastreceipt", "lastinvoice", "lastprintout")


def checkout(kind: str, *fields: str) -> Element:
    """The query for counters, with the totals of receipts or invoices. Never asks for ``lasterror``: reading that
    clears it (5.2).
    """
    return element("info", action="checkout", type=kind, **dict.fromkeys(fields, "?"))


DATE = element("info", action="date", version="", date="")
VERSION = element("info", action="version")
FISCAL_MEMORY = element("info", action="fiscalmemory")
TRANSACTION = element("info", action="transaction")
LAST_TRANSACTION = element("info", action="lasttransaction")
TAX_RATES = element("taxrates", action="get")
RECEIPTS, INVOICES = checkout("receipt", *_COUNTERS), checkout("invoice")


class Confirmed(NamedTuple):
    """The printer's answers about the executing elements that were just sent."""

    number: int
    """The number of the last error; 0: none."""
    failed: bool
    """Whether the flags report that the last element failed."""
    open: bool
    closed: bool
    """Whether the last document was closed; an opening clears it."""

    @property
    def good(self) -> bool:
        """Whether the last element was executed."""
        return self.number == 0 and not self.failed


class Sums(NamedTuple):
    """The sums of the open document, in grosze, as the printer counts them."""

    kind: str
    """``receipt``, ``invoice``, ``container``; ``none``: nothing is open."""
    total: int
    by_rate: dict[str, int] | None
    """By letter; ``None``: not reported."""


def goods_name(name: str) -> str:
    """A name to compare: the printer takes names that differ in case and spaces for the same goods (5.4), and prints
    several spaces as one (3.5).
    """
    return " ".join(name.casefold().split())


class SoldItem(NamedTuple):
    """One line of the open or last document."""

    name: str
    """As ``goods_name`` makes it."""
    ptu: str
    price: str
    total: int | None


class LastTransaction(NamedTuple):
    """The open or last document that was a sale."""

    kind: str
    state: str
    """``open``, ``close`` or ``canceled``."""
    number: int | None
    printout: int | None
    total: int | None
    system_number: str
    items: tuple[SoldItem, ...]
    payments: tuple[tuple[str, int], ...]
    """Type and value of each."""
    containers: tuple[tuple[str, int], ...]
    """Quantity and value of each."""


def ask(question: Element, *needed: str) -> Dialogue[dict[str, Any]]:
    """The values of a query. Raises ``DialogueAborted`` if a needed value is missing."""
    reply = yield from query(question)
    return good_values(reply, " ".join((question.name, question.get("action") or "")).strip(), needed)


def query(question: Element) -> Dialogue[Reply]:
    """The answer to a query."""
    reply: Reply = yield Step(ask_for(question), Effect.QUERY, Deadline.QUERY)
    return reply


def send(request: Request) -> Dialogue[Confirmed]:
    """Send executing elements once, and ask what became of the last one.

    ``enq`` is asked behind it for two reasons. Its answer comes after all earlier ones, so a second answer to a packet
    that the cable doubled is not taken for the answer to the next packet. And an element that the printer does not know
    may leave no number (5.2): then only the flag says that it failed.
    """
    rows = [row for one in request.elements[:-1] if (row := find(one)) is not None]
    effect = max((row.effect for row in rows), key=list(Effect).index)
    deadline = max((row.deadline for row in rows), key=list(Deadline).index)
    # Printing takes as long as it takes, so many lines in one packet have the time of a closing.
    if len(rows) > 1 and deadline is Deadline.LINE:
        deadline = Deadline.CLOSE
    reply: Reply = yield Step(request, effect, deadline)
    flags = yield from ask(ENQ, "lastcommanderror", "intransaction", "lasttransactioncorrect")
    return Confirmed(
        reply.number or 0, flags["lastcommanderror"], flags["intransaction"], flags["lasttransactioncorrect"]
    )


# -- whether it can print -------------------------------------------------------------------------------


def poll() -> Dialogue[Condition]:
    """Ask whether the printer can print. It answers ``dle`` at any time, ``enq`` after all earlier packets (5.1)."""
    unready = yield from unready_condition()
    if unready is not None:
        return unready
    flags = yield from ask(ENQ, "intransaction")
    return Condition(state=PrinterState.READY, idle=True, document_open=flags["intransaction"])


def unready_condition() -> Dialogue[Condition | None]:
    """The condition that ``dle`` reports; ``None``: it can print."""
    dle = yield from ask(DLE, "online", "papererror", "printererror")
    if dle["papererror"]:
        name, text, text_pl = "paper_out", "no paper", "brak papieru"
    elif dle["printererror"]:
        # The document names cover, head and cutter in one breath. A cover is the likeliest, and a person sees it.
        name, text = "attention", "its cover, head or cutter reports a fault"
        text_pl = "pokrywa, głowica lub obcinacz"
    elif not dle["online"]:
        name, text = "attention", "the printer is off-line: its menu, a message, or a report that it prints"
        text_pl = "menu, komunikat lub drukowany raport"
    else:
        return None
    code = f"dle online={dle['online']:d} papererror={dle['papererror']:d} printererror={dle['printererror']:d}"
    why = conditions.condition_problem(name, text, text_pl, device_code=code)
    return Condition(state=PrinterState(name), problem=why)


def use_silent_mode() -> Dialogue[None]:
    """No error stops the printer until a person presses a key. Whether it keeps that over a power cut is not known, so
    this comes first (5.2).
    """
    yield Step(execute(SILENT), Effect.QUERY, Deadline.QUERY)


# -- looks ----------------------------------------------------------------------------------------------


def read_look() -> Dialogue[NovitusXmlLook]:
    """Flags and counters."""
    flags = yield from ask(ENQ, "intransaction", "lasttransactioncorrect")
    counters, receipts = yield from _read_totals(RECEIPTS, *_COUNTERS)
    _, invoices = yield from _read_totals(INVOICES)
    memory = yield from ask(FISCAL_MEMORY, "reportscount")
    said = {name: counters[name] for name in _COUNTERS}
    said |= {name: flags[name] for name in ("intransaction", "lasttransactioncorrect")}
    said |= {name: memory[name] for name in ("reportscount", "maxreportscount") if name in memory}
    return NovitusXmlLook(**said, receipts=receipts, invoices=invoices)


def _read_totals(question: Element, *needed: str) -> Dialogue[tuple[dict[str, Any], int]]:
    """The values of ``info checkout``, and the sum of its totals by letter."""
    reply = yield from query(question)
    values = good_values(reply, "info checkout", needed)
    return values, sum(_by_letter(reply.element, "ptu", lambda one: one.text).values())


def _by_letter(reply: Element, child: str, text: Callable[[Element], str]) -> dict[str, int]:
    """Amounts by letter. Raises ``DialogueAborted`` for one that cannot be read."""
    found = {}
    for one in reply.all(child):
        try:
            found[one.get("name", "") or ""] = read_amount(text(one))
        except ValueError:
            raise unreadable(f"{reply.name} {reply.get('action')}") from None
    return found


def unreadable(question: str) -> DialogueAborted:
    """The error for an answer with a value that is none."""
    return DialogueAborted(
        problem(
            "printer.out_of_order",
            reason=f"the printer's answer to {question} cannot be read",
            reason_pl="niezrozumiała odpowiedź",
        )
    )


def read_stable_look(first: NovitusXmlLook | None = None) -> Dialogue[NovitusXmlLook]:
    """Flags and counters of one moment: reads until two looks agree. ``first``: a look from just before."""
    before = (yield from read_look()) if first is None else first
    for _ in range(LOOKS):
        look = yield from read_look()
        if look == before:
            return look
        before = look
    raise DialogueAborted(problem("printer.busy", reason="its counters keep changing: another program is printing"))


def read_stable_last() -> Dialogue[NovitusXmlLook]:
    """The same, with the open or last document."""
    before = yield from read_stable_look()
    for _ in range(LOOKS):
        last = yield from read_last()
        look = yield from read_look()
        if look == before:
            return look.model_copy(
                update={
                    "last_state": last.state,
                    "last_type": last.kind,
                    "last_number": last.number,
                    "last_printout": last.printout,
                    "last_total": last.total,
                }
            )
        before = look
    raise DialogueAborted(problem("printer.busy", reason="its counters keep changing: another program is printing"))


def read_light(before: NovitusXmlLook) -> Dialogue[NovitusXmlLook]:
    """Flags and the counters of receipts; the rest is taken from ``before``.

    Every invoice and every daily report is a printed document too, so ``lastprintout`` shows whether there was any.
    """
    flags = yield from ask(ENQ, "intransaction", "lasttransactioncorrect")
    counters, receipts = yield from _read_totals(RECEIPTS, *_COUNTERS)
    said: dict[str, Any] = {name: counters[name] for name in _COUNTERS}
    said |= {name: flags[name] for name in ("intransaction", "lasttransactioncorrect")}
    return before.model_copy(update=said | {"receipts": receipts})


def unchanged(look: NovitusXmlLook) -> Dialogue[bool]:
    """Whether nothing has happened since that look: every printed document has a number (7)."""
    yield from use_silent_mode()
    now = yield from read_light(look)
    return not now.intransaction and (now.uniqueno, now.lastprintout) == (look.uniqueno, look.lastprintout)


def read_rates_table() -> Dialogue[Rates]:
    """The VAT table. Raises ``DialogueAborted`` for a rate that cannot be read."""
    reply = yield from query(TAX_RATES)
    by_letter = {one.get("name") or "": one.text for one in reply.element.all("ptu")}
    try:
        return read_rates({letter: text for letter, text in by_letter.items() if letter in RATE_LETTERS})
    except ValueError:
        raise unreadable("taxrates get") from None


def read_baseline() -> Dialogue[Baseline[NovitusXmlLook]]:
    """Flags, counters and rates."""
    look = yield from read_look()
    rates = yield from read_rates_table()
    return Baseline(
        look=look,
        printer_id=look.uniqueno,
        fiscal=look.isfiscal,
        transaction_open=look.intransaction,
        rates=rates,
        standing=_standing(look, rates),
        counters=to_counters(look),
    )


def _standing(look: NovitusXmlLook, rates: Rates) -> Problem | None:
    if all(rate is None for rate in rates.values()):
        return conditions.condition_problem("no_rates")
    if look.isfiscal and records_free(look) == 0:
        return conditions.condition_problem("memory_full")
    return None


def records_free(look: NovitusXmlLook) -> int | None:
    """Daily reports for which the fiscal memory has room; ``None``: the printer does not say."""
    return None if look.maxreportscount is None else max(look.maxreportscount - look.reportscount, 0)


def day_open(look: NovitusXmlLook) -> bool:
    """Whether something was sold since the last daily report."""
    return bool(look.receipts or look.invoices)


def to_counters(look: NovitusXmlLook) -> Counters:
    """The printer's counters in neutral words.

    The printer reports the number of the last receipt, and not how many the open day has. Whether numbers continue
    after the report is set when the device is made fiscal (5.15), and a recorded device continues them (7).
    """
    return Counters(
        daily_report=look.reportscount + 1,
        last_receipt=look.lastreceipt if look.receipts else 0,
        receipts=look.lastreceipt,
        invoices=look.lastinvoice,
        printouts=look.lastprintout,
    )


def read_clock() -> Dialogue[datetime.datetime | None]:
    """The printer's time without seconds. It reports Polish local time without offset: see ``times.settle``."""
    values = (yield from query(DATE)).values
    clock = values.get("date")
    return clock if isinstance(clock, datetime.datetime) else None


def read_sums() -> Dialogue[Sums]:
    """The sums of the open document."""
    reply = yield from query(TRANSACTION)
    kind = reply.element.get("type") or "none"
    if kind == "none":
        return Sums(kind, 0, None)
    values = good_values(reply, "info transaction", ("grosstotal",))
    by_rate = _by_letter(reply.element, "total", lambda one: one.get("gross") or "")
    return Sums(kind, values["grosstotal"], by_rate or None)


def read_last() -> Dialogue[LastTransaction]:
    """The open or last document that was a sale."""
    reply = yield from query(LAST_TRANSACTION)
    one, values = reply.element, reply.values
    return LastTransaction(
        one.get("type") or "",
        one.get("state") or "",
        _number(one.get("number")),
        values.get("printoutno"),
        values.get("total"),
        one.get("systemno") or "",
        tuple(
            SoldItem(
                goods_name(item.get("name") or ""),
                item.get("ptu") or "",
                item.get("price") or "",
                _grosze(item.get("total")),
            )
            for item in one.all("item")
        ),
        tuple((item.get("type") or "", _grosze(item.get("value")) or 0) for item in one.all("payment")),
        tuple((item.get("quantity") or "1", _grosze(item.get("total")) or 0) for item in one.all("container")),
    )


def _number(text: str | None) -> int | None:
    return int(text) if text is not None and text.isascii() and text.isdigit() and len(text) < 12 else None


def _grosze(text: str | None) -> int | None:
    try:
        return None if text is None else read_amount(text)
    except ValueError:
        return None
