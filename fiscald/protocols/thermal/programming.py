"""The technician's documents on a Thermal printer: clock, VAT table, header, the customer's display.

Source: Thermal reference, section 5.1 and appendix A.
"""

from __future__ import annotations

import datetime
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from fiscald.model.capabilities import Capability
from fiscald.model.header import Header
from fiscald.model.jobs import Notice, Paper, Result
from fiscald.model.printers import PrinterState, Snapshot
from fiscald.model.programming import SetClock, SetDisplay, SetHeader, SetVatRates
from fiscald.protocols.base import Baseline, Check, Checkpoint, Dialogue, Printed, Settings, Stage, Verdict, Wait
from fiscald.protocols.capabilities import cannot, limited, text
from fiscald.protocols.planning import PlanBuilder, TextKind
from fiscald.protocols.programming import (
    already,
    asks,
    check_clock,
    check_day,
    host_time,
    is_near,
    same_rates,
    tell_changes,
    to_the_minute,
    wanted_time,
)
from fiscald.protocols.proof import verdicts
from fiscald.protocols.proof.states import Shown, StateProof
from fiscald.protocols.proof.verdicts import CommitReply
from fiscald.protocols.queries import refusal
from fiscald.protocols.rates import parse_rates
from fiscald.protocols.thermal.commands import Request, request, text_limit
from fiscald.protocols.thermal.commit import brand_of, commit, refused
from fiscald.protocols.thermal.evidence import ThermalLook
from fiscald.protocols.thermal.fields import Brand
from fiscald.protocols.thermal.layouts import RATE_LETTERS
from fiscald.protocols.thermal.options import code_page, profile_of
from fiscald.protocols.thermal.profiles import Profile
from fiscald.protocols.thermal.queries import (
    ask,
    find_profile,
    is_corrupted,
    poll,
    prepare,
    query_optional,
    read_clock,
    read_counters,
    read_look,
    send,
)

Programming = SetClock | SetVatRates | SetHeader
#: Characters of a line of the header, and of all of it (5.1).
HEADER_COLUMNS, HEADER_CHARACTERS = 40, 500
#: Rates that a printer reads as exempt and as not in use (5.1, appendix A).
RESERVED = frozenset((Decimal("98.99"), Decimal("99.99")))
#: The years of its clock: two digits.
YEARS = range(2000, 2100)
#: By how many hours a fiscal printer lets its clock be changed.
CLOCK_HOURS = 1
#: The date differs from the printer's: midnight passed between the question and the command.
_OTHER_DATE = 7
_SET_ALREADY = "5"
#: The two lines of the customer's display.
_DISPLAY_LINES = ("$d 101", "$d 102")
_DISPLAY = text_limit(Brand.POSNET, "$d 101", "tekst")


@dataclass(slots=True)
class Plan(PlanBuilder):
    """What to send; or the errors (``errors``)."""

    command: Request | None = field(default=None)
    header: tuple[str, ...] = ()


def plan_header(document: SetHeader, profile: Profile, code_page: str) -> Plan:
    """The header, its lines ended by CR."""
    plan = Plan()
    if _refused(document, profile, plan):
        return plan
    plan.header = tuple(
        plan.text(line, f"/document/lines/{index}", code_page, HEADER_COLUMNS, TextKind.GOODS)
        for index, line in enumerate(document.lines)
    )
    if not any(line.strip() for line in plan.header):
        plan.error("/document/lines", "header.empty", "the header has no text", "nagłówek jest pusty.")
    elif (size := sum(len(line) + 1 for line in plan.header)) > HEADER_CHARACTERS:
        plan.error(
            "/document/lines",
            "header.too_long",
            f"the header has {size} characters, this printer takes {HEADER_CHARACTERS}; shorten it",
            f"nagłówek jest za długi (najwyżej znaków: {HEADER_CHARACTERS}).",
        )
    plan.command = request("$f 0", naglowek="".join(f"{line}\r" for line in plan.header))
    return plan


def _refused(document: Programming | SetDisplay, profile: Profile, plan: Plan) -> bool:
    """Add an error if printers of that profile cannot be set by a command that is known."""
    why = _why_not(document.type, profile)
    if why is not None:
        plan.error(
            "/document",
            "setting.unsupported",
            f"{why}; set it in the printer's menu",
            "tego ustawienia nie można zmienić poleceniem; należy użyć menu drukarki.",
        )
    return why is not None


def _why_not(document_type: str, profile: Profile) -> str | None:
    if not profile.documented:
        return profile.undocumented
    if document_type in ("set_header", "set_display") and profile.brand is Brand.NOVITUS:
        return "newer printers of this brand have another command for it, which is not openly known"
    return None


def check(document: Programming | SetDisplay, settings: Settings, snapshot: Snapshot | None) -> Check:
    """What the printer would refuse whenever it is asked, and what changes. Whether the day is open is found out when
    the document's turn comes: a daily report may be waiting before it.
    """
    plan, profile = Plan(), profile_of(settings, snapshot)
    match document:
        case SetHeader():
            plan = plan_header(document, profile, code_page(settings))
        case SetDisplay():
            plan = _display(document, profile, code_page(settings))[0]
        case SetVatRates() if not _refused(document, profile, plan):
            _check_rates(document, plan)
            if snapshot is not None:
                tell_changes(document, plan, parse_rates(snapshot.rates))
        case SetClock():
            _refused(document, profile, plan)
    return Check(tuple(plan.errors), tuple(plan.notices))


def carry_out(document: Programming, settings: Settings, printer_id: str | None) -> Dialogue[Verdict]:
    """Send the single command, unless the printer shows already what it sets."""
    profile = yield from find_profile(settings)
    found = yield from prepare(document.type, settings, printer_id)
    if isinstance(found, Wait):
        return found
    now = yield from host_time()
    before = found.look.model_copy(update={"host_time": now})
    plan = yield from _plan(document, settings, profile, found, now)
    if plan.errors:
        return verdicts.refused_before(plan.errors, found.look)
    proof = _Proof(before, settings, tuple(plan.notices), asks(document), document, plan.header)

    def send_it() -> Dialogue[CommitReply]:
        assert plan.command is not None, "without a command the printer shows it already"
        passing = (_OTHER_DATE,) if isinstance(document, SetVatRates) else ()
        reply = yield from commit(plan.command, document, passing, brand=brand_of(settings))
        return _already_set(document, reply)

    shown = already(document, found.rates) if plan.command is None else None
    return (yield from proof.carry_out(found.counters, shown, send_it))


def _already_set(document: Programming, reply: CommitReply) -> CommitReply:
    """``$c`` is refused with the error of a broken clock if it came before since the last daily report (5.1)."""
    why = reply.refusal
    if not isinstance(document, SetClock) or why is None or why.device_code != _SET_ALREADY:
        return reply
    text, text_pl = "its clock was changed already since the last daily report", "zegar był już zmieniany"
    return CommitReply(refusal("/document", text, text_pl, _SET_ALREADY))


def recover(document: Programming, settings: Settings, checkpoint: Checkpoint) -> Dialogue[Verdict]:
    """Find out whether the printer shows it."""
    plan = Plan()
    if isinstance(document, SetHeader):
        plan = plan_header(document, profile_of(settings, None), code_page(settings))
    return _Proof(checkpoint.before, settings, tuple(plan.notices), asks(document), document, plan.header).verdict(None)


def _plan(
    document: Programming,
    settings: Settings,
    profile: Profile,
    found: Baseline[ThermalLook],
    now: datetime.datetime,
) -> Dialogue[Plan]:
    plan = Plan()
    day_open = bool(found.look.tot or found.look.anul)
    if isinstance(document, SetHeader):
        plan = plan_header(document, profile, code_page(settings))
        check_day(plan, day_open=day_open)
    elif _refused(document, profile, plan):
        pass
    elif isinstance(document, SetClock):
        wanted, clock = wanted_time(document, now, now), (yield from read_clock())
        if is_near(clock, wanted):
            return plan
        check_day(plan, day_open=day_open)
        if found.fiscal:
            check_clock(plan, clock, wanted, hours=CLOCK_HOURS, keeps_date=True)
        at = to_the_minute(wanted)
        _check_year(at.year, plan)
        plan.command = request(
            "$c", Py=at.year % 100, Pm=at.month, Pd=at.day, Ph=at.hour, Pmn=at.minute, Ps=0
        )  # fmt: skip
    elif not same_rates(document, found.rates):
        _check_rates(document, plan)
        check_day(plan, day_open=day_open)
        tell_changes(document, plan, found.rates)
        plan.command = yield from _rates(document, profile)
    return plan


def _check_year(year: int, plan: Plan) -> None:
    if year not in YEARS:
        plan.error(
            "/document/time",
            "clock.year",
            f"{year}: this printer's clock has the years {YEARS.start} to {YEARS.stop - 1}",
            "drukarka nie ma takiego roku.",
        )


def _check_rates(document: SetVatRates, plan: Plan) -> None:
    """Add an error for a rate that the printer would read as something else."""
    for letter, rate in parse_rates(document.rates.by_letter).items():
        if rate in RESERVED:
            plan.error(
                f"/document/rates/{letter}",
                "rates.reserved",
                f'this printer reads {rate}% as "exempt" or as not in use; send "exempt", null or another rate',
                f"stawka {str(rate).replace('.', ',')}% ma w tej drukarce inne znaczenie.",
            )


def _rates(document: SetVatRates, profile: Profile) -> Dialogue[Request]:
    """All seven rates. With the printer's date it asks nothing on its keyboard; without a date a person confirms there
    (5.1)."""
    table = parse_rates(document.rates.by_letter)
    values: dict[str, Any] = {"Ps": len(RATE_LETTERS), "ptu": [table[letter] for letter in RATE_LETTERS]}
    if not document.confirm_on_printer:
        clock = yield from ask("#c", "Py", "Pm", "Pd")
        if profile.brand is Brand.NOVITUS:
            values["data"] = f"20{clock['Py']:02}-{clock['Pm']:02}-{clock['Pd']:02}"
        else:
            values |= {name: clock[name] for name in ("Py", "Pm", "Pd")}
    return request("$p", profile.brand, **values)


@dataclass(frozen=True)
class _Proof(StateProof[ThermalLook]):
    """``23#s``, ``#u`` and ``#c`` show what was set."""

    document: Programming
    header: tuple[str, ...]
    """The lines of the header that it sets."""

    def shown(self) -> Dialogue[Shown | None]:
        """See ``StateProof``."""
        match self.document:
            case SetHeader():
                found = yield from query_optional("#u")
                lines = _lines(found.get("naglowek", ""))
                return Shown() if lines in (self.header, (*self.header, "")) else None
            case SetVatRates():
                _, rates = yield from read_look()
                return Shown(rates=rates) if same_rates(self.document, rates) else None
            case SetClock():
                clock = yield from read_clock()
                now = yield from host_time()
                near = is_near(clock, wanted_time(self.document, self.before.host_time or now, now))
                return Shown(clock=clock) if near else None

    def done(self, notices: tuple[Notice, ...], shown: Shown) -> Dialogue[Printed]:
        """A Thermal printer prints a sheet about it, if anything changed."""
        condition = yield from poll(self.settings)
        ready = condition.state is PrinterState.READY
        now = yield from read_counters()
        printed = Paper.PRINTED if ready else Paper.PENDING
        paper = printed if now.numer != self.before.numer else Paper.NONE
        result = Result(printer_id=self.before.nr_unikatowy, fiscal=bool(self.before.Pm))
        return Printed(result, paper, notices, {"after": now}, rates=shown.rates, clock=shown.clock)


def read_header(settings: Settings) -> Dialogue[Header]:
    """The header; a Novitus has another name for the query (5.9)."""
    profile = yield from find_profile(settings)
    found = yield from query_optional("^u" if profile.brand is Brand.NOVITUS else "#u", profile.brand)
    text = found.get("naglowek")
    return Header(lines=None if text is None else _lines(text.rstrip("\r\n")))


def _lines(header: str) -> tuple[str, ...]:
    return tuple(header.replace("\n", "\r").split("\r"))


# -- the display ----------------------------------------------------------------------------------------


def _display(document: SetDisplay, profile: Profile, code_page: str) -> tuple[Plan, list[Request]]:
    plan = Plan()
    if _refused(document, profile, plan):
        return plan, []
    if len(document.lines) > len(_DISPLAY_LINES):
        plan.error(
            "/document/lines",
            "display.lines",
            f"{len(document.lines)} lines, this printer's display takes {len(_DISPLAY_LINES)}",
            f"za dużo wierszy (najwyżej {len(_DISPLAY_LINES)}).",
        )
    texts = [
        plan.text(line, f"/document/lines/{index}", code_page, _DISPLAY) for index, line in enumerate(document.lines)
    ]
    return plan, [request(name, tekst=line) for name, line in zip(_DISPLAY_LINES, texts, strict=False)]


def show(document: SetDisplay, settings: Settings, printer_id: str | None) -> Dialogue[Verdict]:
    """Show the lines. No question shows what is on a display; to show a line again changes nothing."""
    profile = yield from find_profile(settings)
    found = yield from prepare(document.type, settings, printer_id)
    if isinstance(found, Wait):
        return found
    plan, commands = _display(document, profile, code_page(settings))
    if plan.errors:
        return verdicts.refused_before(plan.errors, found.look)
    yield Checkpoint(Stage.STARTED, found.look, counters=found.counters)
    for number, command in enumerate(commands):
        reply = yield from send(command)
        if is_corrupted(reply):
            reply = yield from send(command)
        if not reply.good:
            answer = yield from refused(reply, f"/document/lines/{number}", document)
            return verdicts.refusal_verdict(answer, was_open=False)
    return Printed(Result(printer_id=found.printer_id, fiscal=found.fiscal), Paper.NONE, tuple(plan.notices))


def recover_display(_document: SetDisplay, _settings: Settings, checkpoint: Checkpoint) -> Dialogue[Verdict]:
    """The lines may be shown or not; they are shown again."""
    yield from ()
    return verdicts.interrupted("the printer did not confirm what is on its display", checkpoint.before)


# -- what it can do -------------------------------------------------------------------------------------


def clock_capability(settings: Settings, snapshot: Snapshot | None) -> Capability:
    """A clock."""
    why = f"a fiscal printer: the time alone, by {CLOCK_HOURS} h at most, once a day, after a report"
    return _capability("set_clock", settings, snapshot, time=limited(why=why))


def rates_capability(settings: Settings, snapshot: Snapshot | None) -> Capability:
    """The VAT table."""
    return _capability("set_vat_rates", settings, snapshot)


def header_capability(settings: Settings, snapshot: Snapshot | None) -> Capability:
    """A header."""
    return _capability("set_header", settings, snapshot, **{"lines[]": text(HEADER_COLUMNS)})


def display_capability(settings: Settings, snapshot: Snapshot | None) -> Capability:
    """The customer's display."""
    lines = {"lines": limited(max_items=len(_DISPLAY_LINES)), "lines[]": text(_DISPLAY)}
    return _capability("set_display", settings, snapshot, **lines)


def _capability(document_type: str, settings: Settings, snapshot: Snapshot | None, **fields: Any) -> Capability:
    why = _why_not(document_type, profile_of(settings, snapshot))
    return Capability(fields=fields) if why is None else cannot(why)
