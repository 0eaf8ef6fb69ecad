"""Asking a POSNET printer: its condition, its facts, its counters. Nothing here changes anything.

Source: POSNET reference, sections 3.4 (immediate commands), 5.1, 5.3 and 7.
"""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import Any, NamedTuple

from fiscald.model.jobs import Paper, Result
from fiscald.model.money import from_grosze
from fiscald.model.printers import Condition, Counters, Identity, PrinterState, Snapshot
from fiscald.model.problems import Problem, problem
from fiscald.model.times import POLISH_TIME
from fiscald.protocols import conditions
from fiscald.protocols.base import Baseline, Dialogue, DialogueAborted, Identification, Settings, Step, Wait
from fiscald.protocols.posnet import codes
from fiscald.protocols.posnet.commands import RATE_LETTERS, Reply, Request, request
from fiscald.protocols.posnet.conditions import CONDITIONS
from fiscald.protocols.posnet.evidence import PosnetDay, PosnetLook
from fiscald.protocols.posnet.options import PosnetOptions, known_profile
from fiscald.protocols.posnet.profiles import PROFILES, Profile, detect
from fiscald.protocols.proof.verdicts import reason_to_wait
from fiscald.protocols.queries import good_values, refused_question
from fiscald.protocols.rates import Rates, plain_rates

#: ``sprn pr``: the state of the printing mechanism if it is not good.
_MECHANISM = {
    1: (PrinterState.COVER_OPEN, "the printing lever is raised", "podniesiona dźwignia"),
    2: (PrinterState.OUT_OF_ORDER, "the printing mechanism is not accessible", "brak dostępu do mechanizmu"),
    3: (PrinterState.COVER_OPEN, "the cover is open", "otwarta pokrywa"),
    4: (PrinterState.PAPER_OUT, "no paper for the copy", "brak papieru kopii"),
    5: (PrinterState.PAPER_OUT, "no paper", "brak papieru"),
    6: (PrinterState.OUT_OF_ORDER, "temperature or supply out of range", "temperatura lub zasilanie"),
    7: (PrinterState.OUT_OF_ORDER, "momentary loss of power", "chwilowy zanik zasilania"),
    8: (PrinterState.OUT_OF_ORDER, "the cutter is blocked", "zablokowany obcinacz"),
    9: (PrinterState.OUT_OF_ORDER, "power supply fault", "błąd zasilacza"),
    10: (PrinterState.COVER_OPEN, "the cover was opened while cutting", "otwarta pokrywa podczas obcinania"),
}
#: ``sdev ds``: the state of the device if it is not ready although the mechanism is.
_DEVICE = {
    1: ("the printer is in its menu", "drukarka jest w menu"),
    2: ("the printer asks something and waits for a key", "drukarka czeka na klawisz"),
    3: ("the printer shows a message and waits for its user", "drukarka wyświetla komunikat"),
}
#: The frame error of a frame without checksum or structure.
SYNTAX = 15
#: Counters and totals must agree after at most this many readings.
LOOKS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class PosnetBaseline(Baseline[PosnetLook]):
    """What a printer reports about itself before a document."""

    day_open: bool
    """Whether the printer sold something since the last daily report."""
    exact_clock: bool = False
    """Whether the printer reports its time with seconds."""
    copy_offset: int | None = None
    """The number in the protected memory minus ``hn``: constant for each device (5.3); ``None``: unknown."""


class Clock(NamedTuple):
    """The printer's time. Older firmware reports it without seconds."""

    moment: datetime.datetime | None
    exact: bool


class LastDocument(NamedTuple):
    """The open or last document, in grosze."""

    total: int
    paid: int
    change: int
    footer_open: bool
    packaging: int
    """Given out and taken back, added up."""


def send(command: Request) -> Dialogue[Reply]:
    """Send one command once and return its reply."""
    reply: Reply = yield Step(command, command.row.effect, command.row.deadline)
    return reply


def is_corrupted(reply: Reply) -> bool:
    """Whether the line corrupted our frame: it was not executed (section 8, frame errors 5, 8, 9).

    The reference calls error 15 "badly built". Our frames are well built, so a byte was lost on the way.
    """
    if not reply.frame_error or reply.error is None:
        return False
    return reply.error == SYNTAX or codes.lookup(codes.Kind.FRAME, reply.error).reaction is codes.Reaction.NOISE


def ask(mnemonic: str, *needed: str, immediate: bool = False, **values: Any) -> Dialogue[dict[str, Any]]:
    """The values of a query. Raises ``DialogueAborted`` if the answer is an error or lacks a needed value."""
    reply = yield from _ask(request(mnemonic, immediate=immediate, **values))
    if not reply.good:
        raise refused_question(mnemonic, condition_of(reply), *describe(reply))
    return good_values(reply, mnemonic, needed)


def query_optional(mnemonic: str, **values: Any) -> Dialogue[dict[str, Any]]:
    """The values of a query; empty if the device does not know it."""
    reply = yield from _ask(request(mnemonic, **values))
    return reply.values if reply.good else {}


def _ask(question: Request) -> Dialogue[Reply]:
    """The answer to a question. Asks once more if the line corrupted the question."""
    reply = yield from send(question)
    if is_corrupted(reply):
        reply = yield from send(question)
    return reply


def describe(reply: Reply) -> tuple[str, str, str]:
    """An error reply in English, in Polish, and as the vendor's number."""
    assert reply.error is not None
    code = codes.lookup(codes.Kind.FRAME if reply.frame_error else codes.Kind.EXEC, reply.error)
    param = f" (parameter {reply.param})" if reply.param else ""
    return f"{code.text}{param} ({code.name})", code.text_pl, code.name


def condition_of(reply: Reply) -> conditions.Row | None:
    """The condition that made the printer refuse; ``None``: another reason."""
    return CONDITIONS.by_error.get(f"{'frame' if reply.frame_error else ''}{reply.error}")


def poll(settings: Settings) -> Dialogue[Condition]:
    """Ask whether the printer can print. It answers even while another command waits (3.4)."""
    sdev = yield from ask("sdev", "ds", immediate=True)
    low = sdev.get("pe")
    if sdev["ds"] == 0:
        if sdev.get("qe") is not False:
            return Condition(state=PrinterState.READY, paper_low=low, idle=sdev.get("qe") is True)
        busy = conditions.condition_problem("busy", "the printer is still working on an earlier command")
        return Condition(state=PrinterState.BUSY, problem=busy, paper_low=low)
    sprn = yield from ask("sprn", "pr", immediate=True)
    if sprn["pr"] in _MECHANISM:
        state, text, text_pl = _MECHANISM[sprn["pr"]]
    else:
        state = PrinterState.ATTENTION
        text, text_pl = _DEVICE.get(sdev["ds"], (f"the printer reports state {sdev['ds']}", "nieznany stan"))
    why = conditions.condition_problem(state, text, text_pl, device_code=f"ds{sdev['ds']} pr{sprn['pr']}")
    return Condition(state=state, problem=why, paper_low=low)


def read_condition(settings: Settings) -> Dialogue[Condition]:
    """Ask whether an idle printer can print, and whether a document is open."""
    condition = yield from poll(settings)
    if condition.problem is not None:
        return condition
    scomm = yield from ask("scomm", "ts")
    return condition.model_copy(update={"document_open": bool(scomm["ts"])})


def find_profile(settings: Settings) -> Dialogue[Profile]:
    """The configured profile, or the profile of the printer's model."""
    name = PosnetOptions.of(settings).profile
    if name is not None:
        return PROFILES[name]
    sid = yield from query_optional("sid")
    return detect(sid.get("nm"))


def prepare(document_type: str, settings: Settings, printer_id: str | None) -> Dialogue[PosnetBaseline | Wait]:
    """What the printer reports before a document of that type; or why the document has to wait. Changes nothing."""
    condition = yield from poll(settings)
    if condition.problem is not None:
        return Wait(condition.problem)
    found = yield from read_baseline()
    return reason_to_wait(found, document_type, CONDITIONS, settings, printer_id) or found


def prepare_plan(
    document_type: str, settings: Settings, printer_id: str | None
) -> Dialogue[tuple[Profile, PosnetBaseline] | Wait]:
    """The same, and the profile for the plan of the document."""
    profile = yield from find_profile(settings)
    found = yield from prepare(document_type, settings, printer_id)
    return found if isinstance(found, Wait) else (profile, found)


def read_baseline() -> Dialogue[PosnetBaseline]:
    """Open transaction, counters, totals and rates."""
    scomm = yield from ask("scomm", "ts", "nu")
    last = yield from read_last_document()
    counters = yield from _read_counters()
    day, rates = yield from read_totals()
    fiscal = bool(scomm.get("fs", True))
    look = counters.model_copy(update={"day": day, "fiscal": fiscal})
    return PosnetBaseline(
        look=look,
        printer_id=look.nu,
        fiscal=fiscal,
        # ``scomm`` does not show a registered receipt whose footer is open.
        transaction_open=bool(scomm["ts"]) or last.footer_open,
        rates=rates,
        standing=_standing(scomm, rates),
        counters=to_counters(look),
        day_open=not scomm.get("tz", False),
    )


def _standing(scomm: dict[str, Any], rates: Rates) -> Problem | None:
    if not scomm.get("hr", True):
        return conditions.condition_problem("no_header", device_code="hr")
    if all(rate is None for rate in rates.values()):
        return conditions.condition_problem("no_rates")
    return None


def read_counters() -> Dialogue[PosnetLook]:
    """The counters that prove a document.

    Older devices do not count cancelled receipts there. For them this also reads the day's totals.
    """
    counters = yield from _read_counters()
    return counters if counters.bc is not None else (yield from read_stable_counters())


def read_stable_counters() -> Dialogue[PosnetLook]:
    """Counters and the day's totals of one moment: reads until nothing happens in between."""
    counters = yield from _read_counters()
    for _ in range(LOOKS):
        day = yield from read_day()
        before, counters = counters, (yield from _read_counters())
        if before == counters:
            return counters.model_copy(update={"day": day})
    raise DialogueAborted(problem("printer.busy", reason="its counters keep changing: another program is printing"))


def counters_moved(before: PosnetLook) -> Dialogue[bool]:
    """Whether anything happened since that look."""
    counters = yield from _read_counters()
    return before.updated(counters) != before


def _read_counters() -> Dialogue[PosnetLook]:
    scnt = yield from ask("scnt", "nu", "rd", "hn", "bn")
    return PosnetLook(**{name: scnt[name] for name in ("nu", "rd", "hn", "bn", "bt", "bc", "fn", "fc") if name in scnt})


def read_day() -> Dialogue[PosnetDay]:
    """The day's totals."""
    day, _ = yield from _read_totals()
    return day


def read_totals() -> Dialogue[tuple[PosnetDay, Rates]]:
    """The day's totals and the VAT table."""
    day, rates = yield from _read_totals()
    return day, _rates((yield from ask("sfsk", "nu"))) if rates is None else rates


def _read_totals() -> Dialogue[tuple[PosnetDay, Rates | None]]:
    stot = yield from query_optional("stot")
    day: dict[str, Any] = {name: stot[name] for name in ("pn", "ct", "cn", "nf") if name in stot}
    for name, prefix in (("sales", "p"), ("invoices", "f")):
        sold = [stot[prefix + letter] for letter in RATE_LETTERS if prefix + letter in stot]
        if len(sold) == len(RATE_LETTERS):
            day[name] = sum(sold)
    last = stot.get("ie") or stot.get("de")
    if last is not None:
        day["last_sale"] = last.isoformat()
    rates = _rates(stot) if all("v" + letter in stot for letter in RATE_LETTERS) else None
    return PosnetDay(**day), rates


def _rates(values: dict[str, Any]) -> Rates:
    return {letter.upper(): values.get("v" + letter) for letter in RATE_LETTERS}


def read_last_document() -> Dialogue[LastDocument]:
    """The open document, or the last one."""
    strns = yield from ask("strns", "to", "fp")
    total = sum(int(strns.get("v" + letter, 0)) for letter in RATE_LETTERS)
    packaging = int(strns.get("pp", 0)) + int(strns.get("pm", 0))
    return LastDocument(total, strns["fp"], strns.get("re", 0), bool(strns.get("fe")), packaging)


def read_clock() -> Dialogue[Clock]:
    """The printer's time. Older firmware reports Polish local time without offset (5.1): see ``times.settle``."""
    rtcget = yield from query_optional("rtcget")
    if "tm" in rtcget:
        return Clock(rtcget["tm"], exact=True)
    if "da" in rtcget:
        return Clock(rtcget["da"].replace(tzinfo=POLISH_TIME), exact=False)
    return Clock(None, exact=False)


def read_paper(settings: Settings) -> Dialogue[Paper]:
    """Whether the paper of the last document came out: without paper it is pending."""
    condition = yield from poll(settings)
    return Paper.PRINTED if condition.state is PrinterState.READY else Paper.PENDING


def result_of(
    after: PosnetLook,
    number: int | None,
    report: int,
    total: int | None,
    printed_at: datetime.datetime | None,
    *,
    fiscal: bool,
    copy: int | None = None,
    due: int | None = None,
) -> Result:
    """The result of a printed document: number, day, printer, time, counters, place in the protected memory (9.3)."""
    device: dict[str, Any] = after.model_dump(include={"hn", "bn", "bt", "rd"}, exclude_none=True)
    if copy is not None:
        device["di"] = copy
    return Result(
        number=number,
        daily_report=report,
        printer_id=after.nu,
        fiscal=fiscal,
        printed_at=printed_at,
        total=None if total is None else from_grosze(total),
        due=None if due is None else from_grosze(due),
        device=device,
    )


def read_copy() -> Dialogue[int | None]:
    """The number of the last document in the protected memory; ``None``: the device does not say."""
    last = yield from query_optional("eclastdocnoget", ty=0)
    return last.get("di")


def read_status(settings: Settings) -> Dialogue[Snapshot]:
    """Read everything that the status shows."""
    condition = yield from poll(settings)
    sid = yield from query_optional("sid")
    found = yield from read_baseline()
    clock = yield from read_clock()
    model = sid.get("nm")
    profile = known_profile(settings) or detect(model)
    return Snapshot(
        identity=Identity(
            printer_id=found.printer_id,
            model=model,
            firmware=sid.get("vr"),
            fiscal=found.fiscal,
            profile=profile.name,
        ),
        condition=condition,
        standing=found.standing,
        counters=found.counters,
        rates=plain_rates(found.rates),
        clock=clock.moment,
        clock_exact=clock.exact,
        transaction_open=found.transaction_open,
        day_open=found.day_open,
        device=found.look.model_dump(exclude={"day", "fiscal", "profile", "rates", "edocument"}, exclude_none=True),
    )


def identify(settings: Settings) -> Dialogue[Identification]:
    """Ask the device what it is. The status queries have no side effect in any state (5.1, 5.3), and the device shows
    no error on its display."""
    found = yield from read_status(settings)
    condition = conditions.worst(found.condition, found.standing)
    return Identification(found.identity, condition, found.rates, found.transaction_open, found.counters, found.clock)


def to_counters(look: PosnetLook) -> Counters:
    """The printer's counters in neutral words, with the day's totals if they were read.

    Some older registers do not reset ``bn`` with the day (5.3). For them ``stot pn`` has the receipts of the day.
    """
    day = look.day or PosnetDay()
    receipts = look.bn if look.bt is not None or day.pn is None else day.pn
    last = look.bt
    if last is None:
        last = look.bn if receipts or day.cn else 0
    return Counters(
        daily_report=look.rd + 1,
        last_receipt=last,
        receipts=receipts,
        invoices=look.fn or 0,
        cancelled=day.cn if look.bc is None else look.bc,
        printouts=look.hn,
    )
