"""Asking a Thermal printer: its condition, its facts, its counters. Nothing here changes anything.

One question, ``23#s``, tells nearly all that proves a document, in one answer with a check byte: whose printer, is
a receipt open, was the last one closed, how many there were, the totals of the day, the cash. Three more tell
cancelled receipts (``28#s``), daily reports (``24#s``) and printed sheets of any kind (``50#s``). The check byte
is weak - two equal bytes that are lost together leave it as it was - so looks that decide are taken until two
agree.

Source: Thermal reference, sections 3.3, 3.5, 5.9 and 7.
"""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from fiscald.model.jobs import Result
from fiscald.model.money import from_grosze
from fiscald.model.printers import Condition, Counters, Identity, PrinterState, Snapshot
from fiscald.model.problems import Problem, problem
from fiscald.model.times import POLISH_TIME
from fiscald.protocols import conditions
from fiscald.protocols.base import Deadline, Dialogue, DialogueAborted, Effect, Identification, Settings, Step
from fiscald.protocols.queries import ask_again, good_values, refused_question
from fiscald.protocols.rates import Rates, plain_rates
from fiscald.protocols.thermal import codes
from fiscald.protocols.thermal.commands import RATE_LETTERS, Poll, Reply, Request, request
from fiscald.protocols.thermal.conditions import CONDITIONS
from fiscald.protocols.thermal.frames import Control, Dle, Enq
from fiscald.protocols.thermal.profiles import PROFILES, Profile, detect

#: One answer to every command, and no error that stops the printer until somebody presses a key (3.4).
ERROR_MODE = 3
#: How often a look is taken before two in a row must agree.
LOOKS = 4
#: What is compared of a look: everything but who it is and which flags are up.
_COUNTERS = ("n_dobowych", "par_num", "anul", "anul_kwota", "numer", "tot", "cash", "Pz")


@dataclass(frozen=True, slots=True)
class Baseline:
    """What a printer says about itself before a document."""

    evidence: dict[str, Any]
    """A look, to be compared with later ones."""
    rates: Rates
    """The VAT table by letter."""

    @property
    def printer_id(self) -> str:
        """The unique number."""
        return str(self.evidence["nr_unikatowy"])

    @property
    def transaction_open(self) -> bool:
        """Whether a receipt of anybody is open."""
        return bool(self.evidence["Pt"])

    @property
    def fiscal(self) -> bool:
        """Whether the device is fiscalised."""
        return bool(self.evidence["Pm"])

    @property
    def standing(self) -> Problem | None:
        """The condition that keeps some documents waiting, where one shows in what the printer says."""
        if all(rate is None for rate in self.rates.values()):
            return conditions.told("no_rates")
        if self.fiscal and self.evidence.get("n_wolnych") == 0:
            return conditions.told("memory_full")
        return None


#: Receipts are numbered from 0 to 9999 (5.9).
RECEIPT_NUMBERS = 10_000


@dataclass(frozen=True, slots=True)
class CounterDelta:
    """What happened on the printer between two looks (sections 7 and 9.3)."""

    then: dict[str, Any]
    now: dict[str, Any]

    def _by(self, name: str) -> int:
        """By how much a counter moved; 0 where the device does not tell it."""
        if name not in self.now or name not in self.then:
            return 0
        return int(self.now[name]) - int(self.then[name])

    @property
    def reports(self) -> int:
        """Daily reports; after one, every counter of the day has begun anew.

        A device in training stores no record: that its numbers began anew tells the report (choice).
        """
        training = not self.then["Pm"] and self.completed < 0
        return self._by("n_dobowych") or int(training)

    @property
    def completed(self) -> int:
        """Completed receipts (of the same day, where the daily report begins their numbers anew).

        Novitus counts on for years, up to 9999 (5.9): then the number begins anew though no report was made.
        """
        by = self._by("par_num")
        over = by < -RECEIPT_NUMBERS // 2 and not self._by("n_dobowych") and self.printouts > 0 and self._by("tot") >= 0
        return by + RECEIPT_NUMBERS if over else by

    @property
    def cancelled(self) -> int:
        """Cancelled receipts of the same day; one without any line need not be counted (5.5)."""
        if "anul" in self.now and "anul" in self.then:
            return self._by("anul")
        return max(self.printouts - self.completed, 0)

    @property
    def printouts(self) -> int:
        """Printed documents of any kind."""
        return self._by("numer")

    @property
    def sales(self) -> int:
        """Value of completed receipts of the same day, in grosze."""
        return self._by("tot")

    @property
    def cancelled_value(self) -> int | None:
        """Value of cancelled receipts of the same day, in grosze; not every device tells it."""
        known = "anul_kwota" in self.then and "anul_kwota" in self.now
        return self._by("anul_kwota") if known else None

    @property
    def cash(self) -> int:
        """What came into the drawer, in grosze; by slips and by sales."""
        return self._by("cash")

    @property
    def slips(self) -> int:
        """Printouts that are neither receipts nor daily reports; after a report, what is beside the reports."""
        fiscal = 0 if self.reports else self.completed + self.cancelled
        return self.printouts - self.reports - fiscal

    @property
    def any_change(self) -> bool:
        """Whether any receipt ended or any report was made. (The number of printouts may move at an opening.)"""
        return bool(self.reports or self.completed or self.cancelled)

    @property
    def went_backwards(self) -> bool:
        """Whether a counter is lower than it can be, or the memory was reset: another memory than before."""
        if self.reports < 0 or self.printouts < 0 or self._by("Pz"):
            return True
        names = ("anul", "tot", "anul_kwota")
        return self.reports == 0 and (self.completed < 0 or any(self._by(name) < 0 for name in names))

    @property
    def fiscal(self) -> bool:
        """Whether the device was fiscalised."""
        return bool(self.then["Pm"])

    @property
    def uncounted(self) -> bool:
        """A training device, whose counters need not move, and did not."""
        return not self.then["Pm"] and not self.any_change and self.printouts == 0


class OpenReceipt(NamedTuple):
    """The receipt that is open, or was last."""

    open: bool
    totals: list[int]
    """By rate, in grosze; before the discount of the whole receipt."""


def send(command: Request) -> Dialogue[Reply]:
    """One command, once, and its reply."""
    reply: Reply = yield Step(command, command.row.effect, command.row.deadline)
    return reply


def is_corrupted(reply: Reply) -> bool:
    """Whether the line is_corrupted our command: it was not executed (8.3)."""
    return reply.error is not None and codes.lookup(reply.error, reply.brand).reaction is codes.Reaction.NOISE


def ask(name: str, *needed: str, **values: Any) -> Dialogue[dict[str, Any]]:
    """The values of a query. Raises ``DialogueAborted`` where the answer is an error or lacks what is needed."""
    reply = yield from _ask(name, **values)
    return _values_of(reply, name, needed)


def _values_of(reply: Reply, name: str, needed: Sequence[str]) -> dict[str, Any]:
    if not reply.good:
        raise refused_question(name, condition_of(reply), *describe(reply))
    return good_values(reply, name, needed)


def query_optional(name: str, **values: Any) -> Dialogue[dict[str, Any]]:
    """The values of a query that not every device knows; empty where it does not."""
    reply = yield from _ask(name, **values)
    return reply.values if reply.good else {}


def _ask_status(*needed: str) -> Dialogue[dict[str, Any]]:
    """The values of ``23#s``. Some devices answer with the rates in use only: whose they are cannot be told, so such an
    answer counts as one that lacks them.
    """
    reply = yield from _ask("#s 23")
    if len(reply.values.get("ptu", ())) != len(RATE_LETTERS):
        whole = {name: value for name, value in reply.values.items() if name not in ("ptu", "tot")}
        reply = replace(reply, values=whole)
    return _values_of(reply, "#s 23", (*needed, "ptu", "tot"))


def _ask(name: str, **values: Any) -> Dialogue[Reply]:
    return ask_again(request(name, **values), send, is_corrupted)


def describe(reply: Reply) -> tuple[str, str, str]:
    """An error reply in English, in Polish, and as the vendor's number."""
    assert reply.error is not None
    code = codes.lookup(reply.error, reply.brand)
    return f"{code.text} (error {code.name})", code.text_pl, code.name


def condition_of(reply: Reply) -> conditions.Row | None:
    """The condition of the printer for which it refuses, if it is one."""
    found = CONDITIONS.by_error
    return found.get(f"{reply.brand.value}{reply.error}") or found.get(str(reply.error))


def poll(settings: Settings) -> Dialogue[Condition]:
    """Whether the printer can print; DLE is answered at any time, ENQ when no earlier command is left (3.3)."""
    unready = yield from _unready(settings)
    if unready is None:
        enq: Enq = yield Step(Poll(Control.ENQ), Effect.QUERY, Deadline.QUERY)
        return Condition(state=PrinterState.READY, idle=True, document_open=enq.open)
    return unready


def _unready(settings: Settings) -> Dialogue[Condition | None]:
    """What DLE says to keep it from printing.

    Without paper it is off-line (3.5); so one that is on-line and says "no paper or battery" means the battery.
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
    why = conditions.told(name, text, text_pl, device_code=f"DLE {dle.byte:02X}")
    return Condition(state=PrinterState(name), problem=why)


def use_error_mode() -> Dialogue[None]:
    """Have every command answered. Forgotten by a printer that is switched off, so it comes before everything."""
    yield from ask("#e", Ps=ERROR_MODE)


def find_profile(settings: Settings) -> Dialogue[Profile]:
    """The configured profile, or the one that the model's name tells."""
    if settings.profile:
        return PROFILES[settings.profile]
    model = yield from query_optional("#v")
    return detect(model.get("typ"))


def _look() -> Dialogue[tuple[dict[str, Any], Rates]]:
    status = yield from _ask_status("Pm", "Pt", "Px", "par_num", "cash", "nr_unikatowy")
    day = yield from query_optional("#s 28")
    records = yield from ask("#s 24", "n_dobowych")
    last = yield from ask("#s 50", "numer")
    look = {name: status[name] for name in ("nr_unikatowy", "Pm", "Pt", "Px", "Pz", "par_num", "cash")}
    look |= {name: day[name] for name in ("parag", "anul", "anul_kwota") if name in day}
    look |= {name: records[name] for name in ("n_wolnych",) if name in records}
    look |= {"tot": sum(status["tot"]), "n_dobowych": records["n_dobowych"], "numer": last["numer"]}
    return look, dict(zip(RATE_LETTERS, status["ptu"], strict=True))


def read_counters() -> Dialogue[dict[str, Any]]:
    """Flags and counters, in the printer's own names."""
    look, _ = yield from _look()
    return look


def read_stable_counters(first: dict[str, Any] | None = None) -> Dialogue[dict[str, Any]]:
    """The same, as it was at one moment: taken until nothing happens in between and no answer is damaged unseen.

    ``first``: a look that was just taken.
    """
    before = (yield from read_counters()) if first is None else first
    for _ in range(LOOKS):
        look = yield from read_counters()
        if look == before:
            return look
        before = look
    raise DialogueAborted(
        problem("printer.busy", reason="its counters do not stand still: another program is printing")
    )


def same_counters(then: dict[str, Any], now: dict[str, Any]) -> bool:
    """Whether nothing happened between two looks, but for a receipt that was opened."""
    return all(then.get(name) == now.get(name) for name in _COUNTERS)


def read_facts() -> Dialogue[Baseline]:
    """Flags, counters and rates."""
    look, rates = yield from _look()
    return Baseline(look, rates)


def read_open() -> Dialogue[OpenReceipt]:
    """What is on the open receipt."""
    receipt = yield from ask("#s 100", "Pt", "v", Pn=0)
    return OpenReceipt(bool(receipt["Pt"]), receipt["v"])


def read_clock() -> Dialogue[datetime.datetime | None]:
    """The printer's time, without seconds; Polish local time without offset (5.9)."""
    reply = yield from _ask("#c")
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
    after: dict[str, Any], number: int | None, report: int, total: int | None, *, just_now: bool
) -> Dialogue[Result]:
    """The anchors of a printed document: number, day, printer, time.

    ``just_now``: the printer's clock tells when it was printed; found out later, nothing does.
    """
    clock = (yield from read_clock()) if just_now else None
    return Result(
        number=number,
        daily_report=report,
        printer_id=after["nr_unikatowy"],
        fiscal=bool(after["Pm"]),
        printed_at=clock,
        total=None if total is None else from_grosze(total),
        device={name: after[name] for name in ("numer", "par_num", "n_dobowych")},
    )


def read_status(settings: Settings) -> Dialogue[Snapshot]:
    """Everything the status shows."""
    condition = yield from poll(settings)
    yield from use_error_mode()
    model = yield from query_optional("#v")
    facts = yield from read_facts()
    clock = yield from _ask("#c")
    standing = facts.standing
    row = None if clock.good else condition_of(clock)
    if row is not None and row.name == "no_clock":
        text, text_pl, number = describe(clock)
        standing = conditions.told(row.name, text, text_pl, device_code=number)
    profile = PROFILES[settings.profile] if settings.profile else detect(model.get("typ"))
    look = facts.evidence
    return Snapshot(
        identity=Identity(
            printer_id=facts.printer_id,
            model=model.get("typ"),
            firmware=model.get("wersja"),
            fiscal=facts.fiscal,
            profile=profile.name,
        ),
        condition=condition,
        standing=standing,
        counters=to_counters(look),
        rates=plain_rates(facts.rates),
        clock=_clock_of(clock),
        transaction_open=facts.transaction_open,
        day_open=bool(look["tot"] or look.get("anul")),
        records_free=look.get("n_wolnych") if facts.fiscal else None,
        device=look,
    )


def identify(settings: Settings) -> Dialogue[Identification]:
    """Who is there, in whatever error mode: in the one after power-on, a command that fails or is not known stops the
    printer until somebody presses a key, and may print a slip (3.4). So only what every device knows in every state
    is asked (5.9), and what does not answer while it is off-line (3.5) not even then.

    ``23#s`` clears the number of the last error, which another program may want to read (5.9).
    """
    unready = yield from _unready(settings)
    if unready is not None:
        assert unready.problem is not None
        raise DialogueAborted(unready.problem)
    status = yield from _ask_status("Pm", "Pt", "nr_unikatowy")
    model = yield from query_optional("#v")
    profile = PROFILES[settings.profile] if settings.profile else detect(model.get("typ"))
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


def to_counters(look: dict[str, Any]) -> Counters:
    """The printer's counters in to_counters words.

    Novitus numbers receipts on over the days (7.2): how many the open day has tells ``28#s``. A device without it is
    taken for one that numbers them by the day.
    """
    receipts = look.get("parag", look["par_num"])
    return Counters(
        daily_report=look["n_dobowych"] + 1,
        last_receipt=look["par_num"] if receipts else 0,
        receipts=receipts,
        cancelled=look.get("anul"),
        printouts=look["numer"],
    )
