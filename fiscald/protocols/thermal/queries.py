"""Asking a Thermal printer: its condition, its facts, its counters. Nothing here changes anything.

One question, ``23#s``, returns almost everything that proves a document, in one answer with a check byte: which
printer, whether a receipt is open, whether the last one was closed, the number of receipts, the totals of the day, the
cash. Three more return cancelled receipts (``28#s``), daily reports (``24#s``) and printed documents of any kind
(``50#s``). The check byte is weak: the loss of two equal bytes does not change it. So a look that decides is repeated
until two agree.

Source: Thermal reference, sections 3.3, 3.5, 5.9 and 7.
"""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from fiscald.model.jobs import Paper, Result, VatTotal
from fiscald.model.money import from_grosze
from fiscald.model.printers import Condition, Counters, Identity, PrinterState, Snapshot
from fiscald.model.problems import Problem, problem
from fiscald.model.times import POLISH_TIME
from fiscald.protocols import conditions
from fiscald.protocols.base import (
    Baseline,
    Deadline,
    Dialogue,
    DialogueAborted,
    Effect,
    Identification,
    Settings,
    Step,
    Wait,
)
from fiscald.protocols.proof.verdicts import reason_to_wait
from fiscald.protocols.queries import good_values, refused_question
from fiscald.protocols.rates import Rates, plain_rates
from fiscald.protocols.thermal import codes
from fiscald.protocols.thermal.commands import Poll, Reply, Request, request
from fiscald.protocols.thermal.conditions import CONDITIONS
from fiscald.protocols.thermal.evidence import ThermalLook
from fiscald.protocols.thermal.fields import Brand
from fiscald.protocols.thermal.frames import Control, Dle, Enq
from fiscald.protocols.thermal.layouts import RATE_LETTERS
from fiscald.protocols.thermal.options import ThermalOptions, known_profile
from fiscald.protocols.thermal.profiles import PROFILES, Profile, detect

#: The error mode with one answer to every command, in which no error stops the printer until a person presses a key
#: (3.4).
ERROR_MODE = 3
#: Two looks in a row must agree after at most this many looks.
LOOKS = 4
#: Where ``50#s`` has the number of the last invoice, by the number of fields after the first: in the protocol NOVITUS
#: behind the flag of zero totals, in NOVITUS ZGODNY, which has no such flag, at once.
_INVOICE_AT = {5: 1, 4: 0}
#: What ``23#s`` must report for a look.
_FLAGS = ("nr_unikatowy", "Pm", "Pt", "Px", "par_num", "cash")


class OpenReceipt(NamedTuple):
    """The open receipt, or the last one."""

    open: bool
    totals: list[int]
    """Totals by rate, in grosze, before the discount of the whole receipt."""


def send(command: Request) -> Dialogue[Reply]:
    """Send one command once and return its reply."""
    reply: Reply = yield Step(command, command.row.effect, command.row.deadline)
    return reply


def is_corrupted(reply: Reply) -> bool:
    """Whether the line corrupted our command, so that the printer did not execute it (8.3)."""
    return reply.error is not None and codes.lookup(reply.error, reply.brand).reaction is codes.Reaction.NOISE


def ask(name: str, *needed: str, **values: Any) -> Dialogue[dict[str, Any]]:
    """The values of a query. Raises ``DialogueAborted`` if the answer is an error or lacks a needed value."""
    reply = yield from _ask(request(name, **values))
    return _values_of(reply, name, needed)


def _values_of(reply: Reply, name: str, needed: Sequence[str]) -> dict[str, Any]:
    if not reply.good:
        raise refused_question(name, condition_of(reply), *describe(reply))
    return good_values(reply, name, needed)


def query_optional(name: str, brand: Brand = Brand.POSNET, **values: Any) -> Dialogue[dict[str, Any]]:
    """The values of a query; empty if the device does not know it."""
    reply = yield from _ask(request(name, brand, **values))
    return reply.values if reply.good else {}


def _ask_status(*needed: str) -> Dialogue[dict[str, Any]]:
    """The values of ``23#s``. Some devices answer with the active rates only. The letters are unknown then, so this
    counts as an answer without rates.
    """
    reply = yield from _ask(request("#s 23"))
    if len(reply.values.get("ptu", ())) != len(RATE_LETTERS):
        whole = {name: value for name, value in reply.values.items() if name not in ("ptu", "tot")}
        reply = replace(reply, values=whole)
    return _values_of(reply, "#s 23", (*needed, "ptu", "tot"))


def _ask(question: Request) -> Dialogue[Reply]:
    """The answer to a question. Asks once more if the line corrupted the question."""
    reply = yield from send(question)
    if is_corrupted(reply):
        reply = yield from send(question)
    return reply


def describe(reply: Reply) -> tuple[str, str, str]:
    """An error reply in English, in Polish, and as the vendor's number."""
    assert reply.error is not None
    code = codes.lookup(reply.error, reply.brand)
    return f"{code.text} (error {code.name})", code.text_pl, code.name


def condition_of(reply: Reply) -> conditions.Row | None:
    """The condition that made the printer refuse; ``None``: another reason."""
    found = CONDITIONS.by_error
    return found.get(f"{reply.brand.value}{reply.error}") or found.get(str(reply.error))


def poll(settings: Settings) -> Dialogue[Condition]:
    """Ask whether the printer can print. It answers DLE at any time, and ENQ after all earlier commands (3.3)."""
    unready = yield from _unready(settings)
    if unready is None:
        enq: Enq = yield Step(Poll(Control.ENQ), Effect.QUERY, Deadline.QUERY)
        return Condition(state=PrinterState.READY, idle=True, document_open=enq.open)
    return unready


def _unready(settings: Settings) -> Dialogue[Condition | None]:
    """The condition that DLE reports.

    Without paper the printer is off-line (3.5). So if it is on-line and reports "no paper or battery", it means the
    battery.
    """
    dle: Dle = yield Step(Poll(Control.DLE), Effect.QUERY, Deadline.QUERY)
    if dle.fault:
        name, text, text_pl = "out_of_order", "its mechanism or controller reports a fault", "usterka mechanizmu"
    elif dle.no_paper and not dle.online:
        name, text, text_pl = "paper_out", "no paper", "brak papieru"
    elif dle.no_paper:
        name, text, text_pl = "battery", "its battery is discharged, or there is no paper", "rozładowany akumulator"
    elif not dle.online:
        name, text = "attention", "the printer is off-line: its cover, its menu or a message"
        text_pl = "pokrywa, menu lub komunikat"
    else:
        return None
    why = conditions.condition_problem(name, text, text_pl, device_code=f"DLE {dle.byte:02X}")
    return Condition(state=PrinterState(name), problem=why)


def use_error_mode() -> Dialogue[None]:
    """Make the printer answer every command. It forgets this when it is switched off, so this comes first."""
    yield from ask("#e", Ps=ERROR_MODE)


def find_profile(settings: Settings) -> Dialogue[Profile]:
    """The configured profile, or the profile of the printer's model."""
    name = ThermalOptions.of(settings).profile
    if name is not None:
        return PROFILES[name]
    model = yield from query_optional("#v")
    return detect(model.get("typ"))


def prepare(document_type: str, settings: Settings, printer_id: str | None) -> Dialogue[Baseline[ThermalLook] | Wait]:
    """What the printer reports before a document of that type; or why it has to wait. Changes only the error mode."""
    condition = yield from poll(settings)
    if condition.problem is not None:
        return Wait(condition.problem)
    yield from use_error_mode()
    found = yield from read_baseline()
    return reason_to_wait(found, document_type, CONDITIONS, settings, printer_id) or found


def prepare_plan(
    document_type: str, settings: Settings, printer_id: str | None
) -> Dialogue[tuple[Profile, Baseline[ThermalLook]] | Wait]:
    """The same, and the profile for the plan of the document."""
    profile = yield from find_profile(settings)
    found = yield from prepare(document_type, settings, printer_id)
    return found if isinstance(found, Wait) else (profile, found)


def read_baseline() -> Dialogue[Baseline[ThermalLook]]:
    """Flags, counters and rates."""
    look, rates = yield from read_look()
    return Baseline(
        look=look,
        printer_id=look.nr_unikatowy,
        fiscal=bool(look.Pm),
        transaction_open=bool(look.Pt),
        rates=rates,
        standing=_standing(look, rates),
        counters=to_counters(look),
    )


def _standing(look: ThermalLook, rates: Rates) -> Problem | None:
    if all(rate is None for rate in rates.values()):
        return conditions.condition_problem("no_rates")
    if look.Pm and look.n_wolnych == 0:
        return conditions.condition_problem("memory_full")
    return None


def read_counters() -> Dialogue[ThermalLook]:
    """Flags and counters."""
    look, _ = yield from read_look()
    return look


def read_look() -> Dialogue[tuple[ThermalLook, Rates]]:
    """Flags, counters and the VAT table."""
    status = yield from _ask_status(*_FLAGS)
    day = yield from query_optional("#s 28")
    records = yield from ask("#s 24", "n_dobowych")
    last = yield from ask("#s 50", "numer")
    said = {name: status[name] for name in (*_FLAGS, "Pz")}
    said["faktury"] = _last_invoice(last.get("dalsze", ()))
    said |= {name: day[name] for name in ("parag", "anul", "anul_kwota") if name in day}
    said |= {name: records[name] for name in ("n_wolnych",) if name in records}
    said |= {"tot": sum(status["tot"]), "n_dobowych": records["n_dobowych"], "numer": last["numer"]}
    return ThermalLook(**said), dict(zip(RATE_LETTERS, status["ptu"], strict=True))


def _last_invoice(after_number: Sequence[int]) -> int | None:
    """The number of the last invoice in ``50#s``: the place depends on how many fields follow the first (5.9).

    POSNET has F1 there, to which no source gives a meaning; every known answer has 0. ``None``: an unknown layout.
    """
    place = _INVOICE_AT.get(len(after_number))
    return None if place is None else after_number[place]


def read_stable_counters(first: ThermalLook | None = None) -> Dialogue[ThermalLook]:
    """Flags and counters of one moment: reads until two looks agree, so that nothing happened in between and no answer
    was damaged unnoticed.

    ``first``: a look from just before.
    """
    before = (yield from read_counters()) if first is None else first
    for _ in range(LOOKS):
        look = yield from read_counters()
        if look == before:
            return look
        before = look
    raise DialogueAborted(problem("printer.busy", reason="its counters keep changing: another program is printing"))


def unchanged(look: ThermalLook) -> Dialogue[bool]:
    """Whether nothing has happened since that look: every printed document has a number (7.2), so it moves ``50#s``.

    Also makes sure of the error mode, which the printer forgets when it is switched off.
    """
    yield from use_error_mode()
    open_one, last = yield from read_last()
    return not open_one and last == look.numer


def read_last() -> Dialogue[tuple[bool, int]]:
    """Whether a receipt is open, and the number of the last printed document."""
    enq: Enq = yield Step(Poll(Control.ENQ), Effect.QUERY, Deadline.QUERY)
    last = yield from ask("#s 50", "numer")
    return enq.open, int(last["numer"])


def read_after(opened: ThermalLook) -> Dialogue[ThermalLook | None]:
    """The look after our receipt, which was open at ``opened``, if the number of the last document shows that nothing
    else was printed; otherwise ``None``. So ``28#s`` and ``24#s`` need not be asked.
    """
    status = yield from _ask_status(*_FLAGS)
    last = yield from ask("#s 50", "numer")
    if last["numer"] != opened.numer + 1:
        return None
    receipts = None if opened.parag is None else opened.parag + 1
    said = {name: status[name] for name in (*_FLAGS, "Pz")}
    return opened.model_copy(update=said | {"parag": receipts, "tot": sum(status["tot"]), "numer": last["numer"]})


def read_open() -> Dialogue[OpenReceipt]:
    """The content of the open receipt."""
    receipt = yield from ask("#s 100", "Pt", "v", Pn=0)
    return OpenReceipt(bool(receipt["Pt"]), receipt["v"])


def read_clock() -> Dialogue[datetime.datetime | None]:
    """The printer's time without seconds. It reports Polish local time without offset (5.9): see ``times.settle``."""
    reply = yield from _ask(request("#c"))
    return _clock_of(reply)


def _clock_of(reply: Reply) -> datetime.datetime | None:
    clock = reply.values if reply.good else {}
    try:
        local = datetime.datetime(
            2000 + clock["Py"], clock["Pm"], clock["Pd"], clock["Ph"], clock["Pmin"], tzinfo=POLISH_TIME
        )
    except (KeyError, ValueError):
        return None
    return local


def read_result(
    settings: Settings,
    after: ThermalLook,
    number: int | None,
    report: int,
    total: int | None,
    *,
    just_now: bool,
    due: int | None = None,
    totals: tuple[VatTotal, ...] | None = None,
) -> Dialogue[tuple[Result, Paper]]:
    """The result of a printed document: number, day, printer, time.

    And whether the paper came out: without paper it is pending.

    ``just_now``: it was printed just now, so the printer's clock gives the time. Later nothing does.
    """
    condition = yield from poll(settings)
    clock = (yield from read_clock()) if just_now else None
    result = Result(
        number=number,
        daily_report=report,
        printer_id=after.nr_unikatowy,
        fiscal=bool(after.Pm),
        printed_at=clock,
        total=None if total is None else from_grosze(total),
        totals=totals,
        due=None if due is None else from_grosze(due),
        device=after.model_dump(include={"numer", "par_num", "n_dobowych", "jpkid"}, exclude_none=True),
    )
    return result, Paper.PRINTED if condition.state is PrinterState.READY else Paper.PENDING


def read_status(settings: Settings) -> Dialogue[Snapshot]:
    """Read everything that the status shows."""
    condition = yield from poll(settings)
    yield from use_error_mode()
    model = yield from query_optional("#v")
    found = yield from read_baseline()
    clock = yield from _ask(request("#c"))
    standing = found.standing
    row = None if clock.good else condition_of(clock)
    if row is not None and row.name == "no_clock":
        text, text_pl, number = describe(clock)
        standing = conditions.condition_problem(row.name, text, text_pl, device_code=number)
    profile = known_profile(settings) or detect(model.get("typ"))
    look = found.look
    return Snapshot(
        identity=Identity(
            printer_id=found.printer_id,
            model=model.get("typ"),
            firmware=model.get("wersja"),
            fiscal=found.fiscal,
            profile=profile.name,
        ),
        condition=condition,
        standing=standing,
        counters=found.counters,
        rates=plain_rates(found.rates),
        clock=_clock_of(clock),
        transaction_open=found.transaction_open,
        day_open=bool(look.tot or look.anul),
        records_free=look.n_wolnych if found.fiscal else None,
        device=look.model_dump(exclude={"profile", "rates"}, exclude_none=True),
    )


def identify(settings: Settings) -> Dialogue[Identification]:
    """Ask the device what it is, in any error mode. In the mode after power-on, a failed or unknown command stops the
    printer until a person presses a key, and may print a slip (3.4). So this asks only what every device knows in every
    state (5.9), and not what an off-line device leaves unanswered (3.5).

    ``23#s`` clears the number of the last error, which another program may want to read (5.9).
    """
    unready = yield from _unready(settings)
    if unready is not None:
        assert unready.problem is not None
        raise DialogueAborted(unready.problem)
    status = yield from _ask_status("Pm", "Pt", "nr_unikatowy")
    model = yield from query_optional("#v")
    profile = known_profile(settings) or detect(model.get("typ"))
    return Identification(
        Identity(
            printer_id=str(status["nr_unikatowy"]),
            model=model.get("typ"),
            firmware=model.get("wersja"),
            fiscal=bool(status["Pm"]),
            profile=profile.name,
        ),
        Condition(state=PrinterState.READY),
        plain_rates(dict(zip(RATE_LETTERS, status["ptu"], strict=True))),
        bool(status["Pt"]),
    )


def to_counters(look: ThermalLook) -> Counters:
    """The printer's counters in neutral words.

    Novitus continues receipt numbers over the days (7.2), so ``28#s`` gives the receipts of the open day. We assume
    that a device without it numbers receipts by the day.
    """
    receipts = look.par_num if look.parag is None else look.parag
    return Counters(
        invoices=look.faktury or 0,
        daily_report=look.n_dobowych + 1,
        last_receipt=look.par_num if receipts else 0,
        receipts=receipts,
        cancelled=look.anul,
        printouts=look.numer,
    )
