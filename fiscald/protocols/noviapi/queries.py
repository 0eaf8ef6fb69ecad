"""What fiscald asks a NoviAPI printer. Nothing here changes anything on it but the table of its jobs.

A look is four jobs: the three statuses, and the counters of the XML protocol. Each stays in the printer until the
second daily report, and the contract calls direct input and output a thing for rare use. So fiscald reads a look only
before and after a document, and for the status; in between it asks again for the last job's answer, which also has the
printer's state, and leaves nothing behind.

Source: the contract (status, queue); Novitus reference, sections 5.11, N3 and N5.
"""

from __future__ import annotations

import datetime
import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, NamedTuple

from fiscald.model.money import MAX_GROSZE
from fiscald.model.printers import Condition, Counters, Identity, PrinterState, Snapshot
from fiscald.model.problems import problem
from fiscald.model.times import POLISH_TIME
from fiscald.protocols.base import Baseline, Dialogue, DialogueAborted, Identification, Settings, Wait
from fiscald.protocols.conditions import condition_problem
from fiscald.protocols.noviapi import xml
from fiscald.protocols.noviapi.access import LOOKED, call, leaving_nothing, strange
from fiscald.protocols.noviapi.commands import ALIVE, DIRECT_IO, ID, QUEUE, STATUS, Reply, ask
from fiscald.protocols.noviapi.conditions import CONDITIONS
from fiscald.protocols.noviapi.evidence import NoviApiLook
from fiscald.protocols.noviapi.jobs import LAST_OF_A_LOOK, condition_of, free_server, run
from fiscald.protocols.noviapi.profiles import of_columns
from fiscald.protocols.novitus_elements import Element
from fiscald.protocols.proof.verdicts import reason_to_wait
from fiscald.protocols.rates import Rate, Rates, plain_rates

RATE_LETTERS = "ABCDEFG"
#: How often the memory is read until nothing happens in between.
LOOKS = 3
_AMOUNT = re.compile(r"([0-9]{1,12})(?:\.([0-9]{1,6}))?", re.ASCII)
_DATE = re.compile(r"([0-9]{2})[-/.]([0-9]{2})[-/.]([0-9]{4})(?: ([0-9]{2}):([0-9]{2}))?", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class NoviApiBaseline(Baseline[NoviApiLook]):
    """A look, and what else the printer tells with it."""

    condition: Condition
    model: str
    firmware: str
    columns: int | None
    nip: str | None
    reports_left: int | None
    date: datetime.date | None
    """By the printer's clock."""

    @property
    def day_open(self) -> bool:
        """Whether there are sales since the last daily report."""
        return self.look.receipts > 0 or self.look.invoices > 0


class _Device(NamedTuple):
    """The status ``device``."""

    name: str
    version: str
    columns: int | None
    rates: Rates
    receipts: int
    invoices: int


def identify(_settings: Settings) -> Dialogue[Identification]:
    """Only whether a NoviAPI server answers: every other question needs a token, and the printer counts tokens."""
    yield ALIVE.step
    identity = Identity(printer_id="", model="NoviAPI", fiscal=True, profile="57mm")
    return Identification(identity, Condition(state=PrinterState.READY), {}, False)


def read_status(settings: Settings) -> Dialogue[Snapshot]:
    """Everything that the status shows."""
    yield from free_server(settings)
    found, clock = yield from leaving_nothing(_read_all(settings), settings)
    look = found.look
    return Snapshot(
        identity=Identity(
            printer_id=found.printer_id, model=found.model or None, firmware=found.firmware or None,
            fiscal=found.fiscal, nip=found.nip, profile=of_columns(found.columns).name,
        ),
        condition=found.condition,
        standing=found.standing,
        counters=found.counters,
        rates=plain_rates(found.rates),
        clock=clock,
        transaction_open=found.transaction_open,
        day_open=found.day_open,
        records_free=found.reports_left,
        device={"last_jpkid": look.jpkid},
    )  # fmt: skip


def _read_all(settings: Settings) -> Dialogue[tuple[NoviApiBaseline, datetime.datetime | None]]:
    found = yield from _read(settings)
    clock = yield from read_clock(settings)
    return found, clock


def read_condition(settings: Settings) -> Dialogue[Condition]:
    """Whether an idle printer can print: the state beside the answer to the last status, which is asked for again.

    It costs no token and no job. Without such a job, only whether the server answers.
    """
    looked = settings.kept[LOOKED]
    if ID.fullmatch(looked):
        reply = yield from call(ask(STATUS, looked), settings)
        if reply.status == 200 and reply.body is not None:
            return condition_of(reply)
        settings.kept[LOOKED] = ""
    reply = yield from call(QUEUE, settings)
    if reply.number("requests_in_queue") is None:
        raise strange(QUEUE, reply)
    return Condition(state=PrinterState.READY)


def prepare(document_type: str, settings: Settings, printer_id: str | None) -> Dialogue[NoviApiBaseline | Wait]:
    """Read everything that is known before a document; ``Wait``: it cannot start now."""
    condition = yield from read_condition(settings)
    if condition.problem is not None:
        return Wait(condition.problem)
    yield from free_server(settings)
    found = yield from read_stable(settings)
    if found.condition.problem is not None:
        return Wait(found.condition.problem)
    return reason_to_wait(found, document_type, CONDITIONS, settings, printer_id) or found


def ready(settings: Settings) -> Dialogue[Wait | None]:
    """Why a recovery has to wait: without paper the document may still be in the printer."""
    condition = yield from read_condition(settings)
    return None if condition.problem is None else Wait(condition.problem)


def read_stable(settings: Settings) -> Dialogue[NoviApiBaseline]:
    """A look whose parts belong to one moment: nothing came into the memory in between.

    Otherwise the totals could be of another moment than the memory, and hide what a document is worth.
    """
    return (yield from leaving_nothing(_read_stable(settings), settings))


def _read_stable(settings: Settings) -> Dialogue[NoviApiBaseline]:
    found = yield from _read(settings)
    for _ in range(LOOKS):
        if found.look.jpkid == (yield from _memory(settings)):
            return found
        found = yield from _read(settings)
    raise DialogueAborted(problem("printer.busy", reason="its memory keeps changing: another program is printing"))


def read_clock(settings: Settings) -> Dialogue[datetime.datetime | None]:
    """The printer's time, to the minute, in Polish time."""
    reply = yield from run(DIRECT_IO, xml.packed(xml.CLOCK), settings)
    answer = xml.answer_of(reply, "info")
    return None if answer is None else _moment(answer.get("date") or "")


def read_rates(settings: Settings) -> Dialogue[Rates]:
    """The VAT table."""
    device = yield from _device(settings)
    return device.rates


def read_last_error(settings: Settings) -> Dialogue[int]:
    """The number of the last error of the XML protocol; 0: none."""
    reply = yield from run(DIRECT_IO, xml.packed(xml.LAST_ERROR), settings)
    answer = xml.answer_of(reply, "error")
    value = "" if answer is None else answer.get("value") or ""
    return int(value) if value.isascii() and value.isdigit() and len(value) < 8 else 0


def to_counters(look: NoviApiLook) -> Counters:
    """The counters for the journal."""
    return Counters(
        daily_report=look.reports + 1, last_receipt=look.lastreceipt, receipts=look.receiptcount,
        invoices=look.lastinvoice, printouts=look.lastprintout,
    )  # fmt: skip


# -- the parts of a look --------------------------------------------------------------------------------


def _read(settings: Settings) -> Dialogue[NoviApiBaseline]:
    """The memory is read first: what comes in between is then rather new than missing."""
    jpkid = yield from _memory(settings)
    device = yield from _device(settings)
    checkout = yield from _checkout(settings)
    reply = yield from run(STATUS, LAST_OF_A_LOOK, settings)
    fiscal = ("request", "response", "status", "fiscal_memory")
    unique, reports = reply.text(*fiscal, "unique_number"), reply.number(*fiscal, "daily_reports_count")
    if not unique or reports is None:
        raise _lacks("status fiscal_memory", "unique_number or daily_reports_count")
    most = reply.number(*fiscal, "max_daily_reports")
    in_fiscal_mode = checkout.get("isfiscal") != "no"
    cash = checkout.get("cash")
    look = NoviApiLook(
        unique_number=unique, reports=reports, jpkid=jpkid, receipts=device.receipts, invoices=device.invoices,
        lastreceipt=_counter(checkout, "lastreceipt"), receiptcount=_counter(checkout, "receiptcount"),
        lastinvoice=_counter(checkout, "lastinvoice"), lastprintout=_counter(checkout, "lastprintout"),
        cash=None if cash is None else amount(cash), fiscal=in_fiscal_mode,
    )  # fmt: skip
    moment = _moment(checkout.get("date") or "")
    return NoviApiBaseline(
        look=look,
        printer_id=unique,
        fiscal=in_fiscal_mode,
        transaction_open=checkout.get("receiptopen") == "yes",
        rates=device.rates,
        standing=condition_problem("no_rates") if all(rate is None for rate in device.rates.values()) else None,
        counters=to_counters(look),
        condition=condition_of(reply),
        model=device.name,
        firmware=device.version,
        columns=device.columns,
        nip=reply.text(*fiscal, "tax_id")[:20] or None,
        reports_left=None if most is None else max(0, most - reports),
        date=None if moment is None else moment.date(),
    )


def _memory(settings: Settings) -> Dialogue[int]:
    reply = yield from run(STATUS, {"type": "protected_memory"}, settings)
    found = reply.number("request", "response", "status", "protected_memory", "last_jpkid")
    if found is None:
        raise _lacks("status protected_memory", "last_jpkid")
    return found


def _device(settings: Settings) -> Dialogue[_Device]:
    reply = yield from run(STATUS, {"type": "device"}, settings)
    at = ("request", "response", "status", "device")
    rates, totals = reply.get(*at, "tax_rates"), reply.get(*at, "totals")
    if not isinstance(rates, list) or not isinstance(totals, list):
        raise _lacks("status device", "tax_rates or totals")
    table: dict[str, Rate] = dict.fromkeys(RATE_LETTERS)
    for each in rates:
        if isinstance(each, dict) and each.get("name") in table:
            table[str(each["name"])] = _rate(each.get("value"))
    return _Device(
        reply.text(*at, "name")[:60], reply.text(*at, "version")[:60], reply.number(*at, "characters_per_line"), table,
        _sum(totals, "receipt"), _sum(totals, "invoice"),
    )  # fmt: skip


def _checkout(settings: Settings) -> Dialogue[Element]:
    reply: Reply = yield from run(DIRECT_IO, xml.packed(xml.CHECKOUT), settings)
    answer = xml.answer_of(reply, "info")
    if answer is None:
        raise _lacks("info checkout (direct_io)", "the packet")
    return answer


def _counter(checkout: Element, name: str) -> int:
    value = checkout.get(name) or ""
    if not (value.isascii() and value.isdigit() and len(value) < 10):
        raise _lacks("info checkout (direct_io)", name)
    return int(value)


def _sum(totals: list[Any], name: str) -> int:
    return sum(amount(str(each.get(name))) for each in totals if isinstance(each, dict))


def amount(text: str) -> int:
    """Grosze of an amount. Raises ``DialogueAborted`` if it is none."""
    found = _AMOUNT.fullmatch(text)
    value = 0 if found is None else int(found[1]) * 100 + int(((found[2] or "") + "00")[:2])
    if found is None or value > 100 * MAX_GROSZE:
        raise _lacks("status device", f"an amount, and has {text[:20]!r}")
    return value


def _rate(value: object) -> Rate:
    """A percentage, ``ZW`` for exempt; anything else is a letter that is not in use."""
    if not isinstance(value, str):
        return None
    if value.strip().upper() == "ZW":
        return "exempt"
    found = _AMOUNT.fullmatch(value.strip().removesuffix("%"))
    return Decimal(found[0]).normalize() if found is not None and int(found[1]) < 100 else None


def _moment(text: str) -> datetime.datetime | None:
    found = _DATE.fullmatch(text.strip())
    if found is None:
        return None
    day, month, year, hour, minute = (int(part or 0) for part in found.groups())
    try:
        return datetime.datetime(year, month, day, hour, minute, tzinfo=POLISH_TIME)
    except ValueError:
        return None


def _lacks(question: str, what: str) -> DialogueAborted:
    return DialogueAborted(
        problem(
            "printer.out_of_order",
            reason=f"the printer does not answer {question}: its answer lacks {what}",
            reason_pl="niezrozumiała odpowiedź",
        )
    )
