"""Asking a POSNET printer: its condition, its facts, its counters. Nothing here changes anything.

Source: POSNET reference, sections 3.4 (immediate commands), 5.1, 5.3 and 7.
"""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import Any, NamedTuple

from fiscald.model.jobs import Result
from fiscald.model.money import from_grosze
from fiscald.model.printers import Condition, Counters, Identity, PrinterState, Snapshot
from fiscald.model.problems import Problem, problem
from fiscald.model.times import POLISH_TIME
from fiscald.protocols import conditions
from fiscald.protocols.base import Dialogue, DialogueAborted, Identification, Settings, Step
from fiscald.protocols.posnet import codes
from fiscald.protocols.posnet.commands import RATE_LETTERS, Reply, Request, request
from fiscald.protocols.posnet.conditions import CONDITIONS
from fiscald.protocols.posnet.profiles import PROFILES, Profile, detect
from fiscald.protocols.queries import ask_again, good_values, refused_question
from fiscald.protocols.rates import Rates, plain_rates

#: ``sprn pr``: the printing mechanism, when it is not all right.
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
#: ``sdev ds``: the device, when it is not ready though the mechanism is.
_DEVICE = {
    1: ("the printer is in its menu", "drukarka jest w menu"),
    2: ("the printer asks something and waits for a key", "drukarka czeka na klawisz"),
    3: ("the printer shows a message and waits for its user", "drukarka wyświetla komunikat"),
}
#: The frame error of a frame without checksum or structure.
SYNTAX = 15
#: How often counters and totals are read before they must agree.
LOOKS = 3


@dataclass(frozen=True, slots=True)
class Baseline:
    """What a printer says about itself before a document."""

    scomm: dict[str, Any]
    footer_open: bool
    """A registered receipt whose printout is not finished; ``scomm`` does not tell it."""
    counters: dict[str, Any]
    day: dict[str, Any]
    rates: Rates
    """The VAT table by letter."""

    @property
    def printer_id(self) -> str:
        """The unique number."""
        return str(self.counters["nu"])

    @property
    def transaction_open(self) -> bool:
        """Whether a document of anybody is open."""
        return bool(self.scomm["ts"]) or self.footer_open

    @property
    def fiscal(self) -> bool:
        """Whether the device is fiscalised; a training device registers nothing."""
        return bool(self.scomm.get("fs", True))

    @property
    def evidence(self) -> dict[str, Any]:
        """What is kept, to be compared with later looks."""
        return self.counters | self.day | {"fiscal": self.fiscal}

    @property
    def standing(self) -> Problem | None:
        """The condition that keeps some documents waiting, where one shows in what the printer says."""
        if not self.scomm.get("hr", True):
            return conditions.told("no_header", device_code="hr")
        if all(rate is None for rate in self.rates.values()):
            return conditions.told("no_rates")
        return None


@dataclass(frozen=True, slots=True)
class CounterDelta:
    """What happened on the printer between two looks (sections 7 and 9.3)."""

    then: dict[str, Any]
    now: dict[str, Any]

    def _by(self, name: str) -> int:
        """By how much a counter moved; 0 where the device does not tell it."""
        return int(self.now.get(name, 0)) - int(self.then.get(name, 0))

    def _day_by(self, name: str) -> int | None:
        then, now = self.then.get("day", {}), self.now.get("day", {})
        return int(now[name]) - int(then[name]) if name in then and name in now else None

    @property
    def reports(self) -> int:
        """Daily reports; after one, every counter of the day has begun anew."""
        return self._by("rd")

    @property
    def completed(self) -> int:
        """Completed receipts of the same day.

        Older devices call ``bn`` the number of the last receipt; whether a cancelled one has a number of its own
        there is not published, so the day's count is taken where they tell it.
        """
        counted = self._day_by("pn") if "bc" not in self.now else None
        return self._by("bn") if counted is None else counted

    @property
    def cancelled(self) -> int:
        """Cancelled receipts of the same day."""
        if "bc" in self.now:
            return self._by("bc")
        counted = self._day_by("cn")
        return counted if counted is not None else max(self.printouts - self.completed, 0)

    @property
    def printouts(self) -> int:
        """Printed documents of any kind."""
        return self._by("hn")

    @property
    def sales(self) -> int | None:
        """Value of completed receipts of the same day, in grosze; not every older device tells it."""
        return self._day_by("sales")

    @property
    def cancelled_value(self) -> int | None:
        """Value of cancelled receipts of the same day, in grosze; not every older device tells it."""
        return self._day_by("ct")

    @property
    def slips(self) -> int:
        """Non-fiscal printouts; after a daily report, whatever was printed beside the reports."""
        counted = None if self.reports else self._day_by("nf")
        if counted is not None:
            return counted
        fiscal = 0 if self.reports else sum(self._by(name) for name in ("bn", "bc", "fn", "fc"))
        return self.printouts - self.reports - fiscal

    @property
    def any_change(self) -> bool:
        """Whether any receipt ended or any report was made. (``hn`` may move when a receipt is opened.)"""
        return bool(self.reports or self.completed or self.cancelled)

    @property
    def went_backwards(self) -> bool:
        """Whether a counter is lower than it can be: another memory than before."""
        if self.reports < 0 or self.printouts < 0:
            return True
        return self.reports == 0 and any(self._by(name) < 0 for name in ("bn", "bt", "bc"))

    @property
    def fiscal(self) -> bool:
        """Whether the device was fiscalised."""
        return self.then.get("fiscal") is not False

    @property
    def uncounted(self) -> bool:
        """A training device, whose counters need not move (5.3, not documented), and did not."""
        return self.then.get("fiscal") is False and not self.any_change and self.printouts == 0


class LastDocument(NamedTuple):
    """The open or last document, in grosze."""

    total: int
    paid: int
    change: int
    footer_open: bool


def send(command: Request) -> Dialogue[Reply]:
    """One command, once, and its reply."""
    reply: Reply = yield Step(command, command.row.effect, command.row.deadline)
    return reply


def is_corrupted(reply: Reply) -> bool:
    """Whether the line is_corrupted our frame: it was not executed (section 8, frame errors 5, 8, 9).

    Error 15 is "badly built" to the reference; ours are well built, so a byte was lost on the way.
    """
    if not reply.frame_error or reply.error is None:
        return False
    return reply.error == SYNTAX or codes.lookup(codes.Kind.FRAME, reply.error).reaction is codes.Reaction.NOISE


def ask(mnemonic: str, *needed: str, immediate: bool = False, **values: Any) -> Dialogue[dict[str, Any]]:
    """The values of a query. Raises ``DialogueAborted`` where the answer is an error or lacks what is needed."""
    reply = yield from _ask(mnemonic, immediate=immediate, **values)
    if not reply.good:
        raise refused_question(mnemonic, condition_of(reply), *describe(reply))
    return good_values(reply, mnemonic, needed)


def query_optional(mnemonic: str, **values: Any) -> Dialogue[dict[str, Any]]:
    """The values of a query that not every device knows; empty where it does not."""
    reply = yield from _ask(mnemonic, **values)
    return reply.values if reply.good else {}


def _ask(mnemonic: str, *, immediate: bool = False, **values: Any) -> Dialogue[Reply]:
    return ask_again(request(mnemonic, immediate=immediate, **values), send, is_corrupted)


def describe(reply: Reply) -> tuple[str, str, str]:
    """An error reply in English, in Polish, and as the vendor's number."""
    assert reply.error is not None
    code = codes.lookup(codes.Kind.FRAME if reply.frame_error else codes.Kind.EXEC, reply.error)
    param = f" (parameter {reply.param})" if reply.param else ""
    return f"{code.text}{param} ({code.name})", code.text_pl, code.name


def condition_of(reply: Reply) -> conditions.Row | None:
    """The condition of the printer for which it refuses, if it is one."""
    return CONDITIONS.by_error.get(f"{'frame' if reply.frame_error else ''}{reply.error}")


def poll(settings: Settings) -> Dialogue[Condition]:
    """Whether the printer can print; answered even while another command waits (3.4)."""
    sdev = yield from ask("sdev", "ds", immediate=True)
    low = sdev.get("pe")
    if sdev["ds"] == 0:
        if sdev.get("qe") is not False:
            return Condition(state=PrinterState.READY, paper_low=low, idle=sdev.get("qe") is True)
        busy = conditions.told("busy", "the printer is still working on an earlier command")
        return Condition(state=PrinterState.BUSY, problem=busy, paper_low=low)
    sprn = yield from ask("sprn", "pr", immediate=True)
    if sprn["pr"] in _MECHANISM:
        state, text, text_pl = _MECHANISM[sprn["pr"]]
    else:
        state = PrinterState.ATTENTION
        text, text_pl = _DEVICE.get(sdev["ds"], (f"the printer reports state {sdev['ds']}", "nieznany stan"))
    why = conditions.told(state, text, text_pl, device_code=f"ds{sdev['ds']} pr{sprn['pr']}")
    return Condition(state=state, problem=why, paper_low=low)


def read_condition(settings: Settings) -> Dialogue[Condition]:
    """Whether an idle printer can print, and whether a document is open on it."""
    condition = yield from poll(settings)
    if condition.problem is not None:
        return condition
    scomm = yield from ask("scomm", "ts")
    return condition.model_copy(update={"document_open": bool(scomm["ts"])})


def find_profile(settings: Settings) -> Dialogue[Profile]:
    """The configured profile, or the one that the model's name tells."""
    if settings.profile:
        return PROFILES[settings.profile]
    sid = yield from query_optional("sid")
    return detect(sid.get("nm"))


def read_counters() -> Dialogue[dict[str, Any]]:
    """The counters that prove a document, in the printer's own names.

    Older devices do not count cancelled receipts there; then the day's totals are read too.
    """
    counters = yield from _read_counters()
    return counters if "bc" in counters else (yield from read_all())


def read_all() -> Dialogue[dict[str, Any]]:
    """Counters and the day's totals, as they were at one moment: asked until nothing happens in between."""
    counters = yield from _read_counters()
    for _ in range(LOOKS):
        day = yield from read_day()
        before, counters = counters, (yield from _read_counters())
        if before == counters:
            return counters | day
    raise DialogueAborted(
        problem("printer.busy", reason="its counters do not stand still: another program is printing")
    )


def counters_moved(before: dict[str, Any]) -> Dialogue[bool]:
    """Whether anything happened since that look."""
    return (yield from _read_counters()) != before


def _read_counters() -> Dialogue[dict[str, Any]]:
    scnt = yield from ask("scnt", "nu", "rd", "hn", "bn")
    return {name: scnt[name] for name in ("nu", "rd", "hn", "bn", "bt", "bc", "fn", "fc") if name in scnt}


def read_day() -> Dialogue[dict[str, Any]]:
    """The day's totals under ``day``: sales (``pn``), cancelled (``ct``, ``cn``), non-fiscal printouts (``nf``)."""
    day, _ = yield from _read_totals()
    return day


def _read_totals() -> Dialogue[tuple[dict[str, Any], Rates | None]]:
    stot = yield from query_optional("stot")
    day: dict[str, Any] = {name: stot[name] for name in ("pn", "ct", "cn", "nf") if name in stot}
    sold = [stot["p" + letter] for letter in RATE_LETTERS if "p" + letter in stot]
    if len(sold) == len(RATE_LETTERS):
        day["sales"] = sum(sold)
    last = stot.get("ie") or stot.get("de")
    if last is not None:
        day["last_sale"] = (last if last.tzinfo else last.replace(tzinfo=POLISH_TIME)).isoformat()
    rates = _rates(stot) if all("v" + letter in stot for letter in RATE_LETTERS) else None
    return {"day": day}, rates


def _rates(values: dict[str, Any]) -> Rates:
    return {letter.upper(): values.get("v" + letter) for letter in RATE_LETTERS}


def read_facts() -> Dialogue[Baseline]:
    """Open transaction, counters, totals and rates."""
    scomm = yield from ask("scomm", "ts", "nu")
    last = yield from read_last_document()
    counters = yield from _read_counters()
    day, rates = yield from _read_totals()
    if rates is None:
        rates = _rates((yield from ask("sfsk", "nu")))
    return Baseline(scomm, last.footer_open, counters, day, rates)


def read_last_document() -> Dialogue[LastDocument]:
    """What is open, or what ended last."""
    strns = yield from ask("strns", "to", "fp")
    total = sum(int(strns.get("v" + letter, 0)) for letter in RATE_LETTERS)
    return LastDocument(total, strns["fp"], strns.get("re", 0), bool(strns.get("fe")))


def read_clock() -> Dialogue[datetime.datetime | None]:
    """The printer's time; older firmware gives Polish local time without offset (5.1)."""
    rtcget = yield from query_optional("rtcget")
    if "tm" in rtcget:
        moment: datetime.datetime = rtcget["tm"]
        return moment
    if "da" in rtcget:
        local: datetime.datetime = rtcget["da"]
        return local.replace(tzinfo=POLISH_TIME)
    return None


def read_result(
    after: dict[str, Any],
    number: int | None,
    report: int,
    total: int | None,
    printed_at: str | None = None,
    *,
    fiscal: bool,
) -> Dialogue[Result]:
    """The anchors of a printed document: number, day, printer, time, place in the protected memory (9.3).

    ``printed_at``: when, if that is known better than "just now".
    """
    device: dict[str, Any] = {name: after[name] for name in ("hn", "bn", "bt", "rd") if name in after}
    copy = yield from query_optional("eclastdocnoget", ty=0)
    if "di" in copy:
        device["di"] = copy["di"]
    clock = datetime.datetime.fromisoformat(printed_at) if printed_at else (yield from read_clock())
    return Result(
        number=number,
        daily_report=report,
        printer_id=after["nu"],
        fiscal=fiscal,
        printed_at=clock,
        total=None if total is None else from_grosze(total),
        device=device,
    )


def read_status(settings: Settings) -> Dialogue[Snapshot]:
    """Everything the status shows."""
    condition = yield from poll(settings)
    sid = yield from query_optional("sid")
    facts = yield from read_facts()
    clock = yield from read_clock()
    model = sid.get("nm")
    profile = PROFILES[settings.profile] if settings.profile else detect(model)
    counters = facts.counters
    return Snapshot(
        identity=Identity(
            printer_id=facts.printer_id,
            model=model,
            firmware=sid.get("vr"),
            fiscal=facts.fiscal,
            profile=profile.name,
        ),
        condition=condition,
        standing=facts.standing,
        counters=to_counters(counters | facts.day),
        rates=plain_rates(facts.rates),
        clock=clock,
        transaction_open=facts.transaction_open,
        day_open=not facts.scomm.get("tz", False),
        device=counters,
    )


def identify(settings: Settings) -> Dialogue[Identification]:
    """Who is there: what is asked for the status has no side effect in any state (5.1, 5.3), nor is an error of it
    shown to anybody."""
    found = yield from read_status(settings)
    condition = conditions.worst(found.condition, found.standing)
    return Identification(found.identity, condition, found.rates, found.transaction_open, found.counters, found.clock)


def to_counters(counters: dict[str, Any]) -> Counters:
    """The printer's counters in to_counters words. The day's totals (``day``) count too, where they were read.

    Some older registers do not begin ``bn`` anew with the day (5.3); what they sold in it tells ``stot pn``.
    """
    day = counters.get("day", {})
    receipts = counters["bn"] if "bt" in counters else day.get("pn", counters["bn"])
    last = counters.get("bt", counters["bn"] if receipts or day.get("cn") else 0)
    return Counters(
        daily_report=counters["rd"] + 1,
        last_receipt=last,
        receipts=receipts,
        cancelled=counters.get("bc", day.get("cn")),
        printouts=counters["hn"],
    )
