"""The technician's documents on a Novitus printer: clock, VAT rates, header, display.

Each is one element, and the printer shows afterwards what was set (``proof.states``).

Source: Novitus reference, sections 5.13, 5.15 and 8.1.
"""

from __future__ import annotations

import datetime
from dataclasses import dataclass, field
from typing import Any

from fiscald.model.capabilities import Capability
from fiscald.model.header import Header
from fiscald.model.jobs import Notice, Paper, Result
from fiscald.model.printers import Snapshot
from fiscald.model.programming import SetClock, SetDisplay, SetHeader, SetVatRates
from fiscald.protocols.base import (
    Baseline,
    Check,
    Checkpoint,
    Dialogue,
    Printed,
    Settings,
    Stage,
    Verdict,
    Wait,
)
from fiscald.protocols.capabilities import limited, text
from fiscald.protocols.novitus_elements import Element, element
from fiscald.protocols.novitus_xml.commit import commit
from fiscald.protocols.novitus_xml.evidence import NovitusXmlLook
from fiscald.protocols.novitus_xml.fields import CODE_PAGE, RATE_LETTERS, moment_text, rate_text
from fiscald.protocols.novitus_xml.options import profile_of
from fiscald.protocols.novitus_xml.planner import LIMITS
from fiscald.protocols.novitus_xml.profiles import PROFILES, Profile
from fiscald.protocols.novitus_xml.queries import (
    day_open,
    query,
    read_clock,
    read_look,
    read_rates_table,
    unready_condition,
)
from fiscald.protocols.novitus_xml.status import find_profile, prepare, prepare_plan
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
from fiscald.protocols.rates import parse_rates

Programming = SetClock | SetVatRates | SetHeader
#: By how many hours a fiscal printer lets its clock be changed (5.15).
CLOCK_HOURS = 1
#: The kind of a free text in a field of the header (5.15).
_OTHER = "8"
#: Fields of a line of the header (5.15).
_FIELDS = range(1, 8)


@dataclass(slots=True)
class Plan(PlanBuilder):
    """What to send; or the errors (``errors``)."""

    command: Element | None = field(default=None)
    header: tuple[str, ...] = ()


def plan_header(document: SetHeader, profile: Profile) -> Plan:
    """The header: a line is one centred field of free text."""
    plan = Plan()
    most = LIMITS["header text"]
    if len(document.lines) > profile.header_lines:
        plan.error(
            "/document/lines",
            "header.too_long",
            f"{len(document.lines)} lines, this printer takes {profile.header_lines}; use fewer",
            f"nagłówek może mieć najwyżej wierszy: {profile.header_lines}.",
        )
    lines = []
    for index, line in enumerate(document.lines):
        pointer = f"/document/lines/{index}"
        unquoted = line.replace('"', "'")
        if unquoted != line:
            detail = f"printed as {unquoted!r}: this printer takes no quotation mark here"
            plan.notice("text.replaced", pointer, detail, f"Wydrukowano jako „{unquoted}”.")
        lines.append(plan.text(unquoted, pointer, CODE_PAGE, most, TextKind.GOODS))
    plan.header = tuple(lines)
    if not any(line.strip() for line in plan.header):
        plan.error("/document/lines", "header.empty", "the header has no text", "nagłówek jest pusty.")
    plan.command = element(profile.header, *(_line(line, profile) for line in plan.header), action="set")
    return plan


def _line(line: str, profile: Profile) -> Element:
    if profile.header == "header":
        return element("line", text=line, bold="no", align="center")
    return element("line", bold="no", inwers="no", align="center", index1=_OTHER, text1=line)


def read_header(settings: Settings) -> Dialogue[Header]:
    """The header that the printer prints above its documents."""
    profile = yield from find_profile(settings)
    lines = yield from _read_lines(profile)
    return Header(lines=lines)


def _read_lines(profile: Profile) -> Dialogue[tuple[str, ...]]:
    reply = yield from query(element(profile.header, action="get"))
    return _without_empty_end(tuple(map(_shown, reply.element.all("line"))))


def _shown(line: Element) -> str:
    """The fields of a line, or its text (older printers)."""
    fields = [line.get(f"text{place}") or "" for place in _FIELDS]
    return " ".join(filter(None, fields)) or line.get("text") or line.text.strip()


def _without_empty_end(lines: tuple[str, ...]) -> tuple[str, ...]:
    while lines and not lines[-1]:
        lines = lines[:-1]
    return lines


def check(document: Programming | SetDisplay, settings: Settings, snapshot: Snapshot | None) -> Check:
    """What the printer would refuse whenever it is asked, and what changes."""
    plan = Plan()
    match document:
        case SetHeader():
            plan = plan_header(document, profile_of(settings, snapshot))
        case SetDisplay():
            plan = _display(document)
        case SetVatRates() if snapshot is not None:
            tell_changes(document, plan, parse_rates(snapshot.rates))
    return Check(tuple(plan.errors), tuple(plan.notices))


def carry_out(document: Programming, settings: Settings, printer_id: str | None) -> Dialogue[Verdict]:
    """Send the single command, unless the printer shows already what it sets."""
    prepared = yield from prepare_plan(document.type, settings, printer_id)
    if isinstance(prepared, Wait):
        return prepared
    profile, found = prepared
    now = yield from host_time()
    before = found.look.model_copy(update={"host_time": now, "profile": profile.name})
    plan = yield from _plan(document, profile, found, now)
    if plan.errors:
        return verdicts.refused_before(plan.errors, found.look)
    proof = _Proof(before, settings, tuple(plan.notices), asks(document), document, plan.header)

    def send_it() -> Dialogue[CommitReply]:
        assert plan.command is not None, "without a command the printer shows it already"
        return (yield from commit(plan.command, document))

    shown = already(document, found.rates) if plan.command is None else None
    return (yield from proof.carry_out(found.counters, shown, send_it))


def recover(document: Programming, settings: Settings, checkpoint: Checkpoint) -> Dialogue[Verdict]:
    """Find out whether the printer shows it."""
    plan = Plan()
    if isinstance(document, SetHeader):
        plan = plan_header(document, PROFILES[checkpoint.before.profile or "online"])
    proof = _Proof(checkpoint.before, settings, tuple(plan.notices), asks(document), document, plan.header)
    return proof.verdict(None)


def _plan(
    document: Programming, profile: Profile, found: Baseline[NovitusXmlLook], now: datetime.datetime
) -> Dialogue[Plan]:
    plan = Plan()
    opened = day_open(found.look)
    if isinstance(document, SetHeader):
        plan = plan_header(document, profile)
        check_day(plan, day_open=opened)
    elif isinstance(document, SetClock):
        wanted, clock = wanted_time(document, now, now), (yield from read_clock())
        if is_near(clock, wanted):
            return plan
        check_day(plan, day_open=opened)
        if found.fiscal:
            check_clock(plan, clock, wanted, hours=CLOCK_HOURS, keeps_date=True)
        plan.command = element("clock", date=moment_text(to_the_minute(wanted)))
    elif not same_rates(document, found.rates):
        check_day(plan, day_open=opened)
        tell_changes(document, plan, found.rates)
        plan.command = yield from _rates(document)
    return plan


def _rates(document: SetVatRates) -> Dialogue[Element]:
    """Rates that are not listed go out of use (5.15). With the printer's time it asks nothing on its keyboard, as it
    does with a daily report [choice].
    """
    table = parse_rates(document.rates.by_letter)
    clock = None if document.confirm_on_printer else (yield from read_clock())
    rates = [
        element("ptu", text=rate_text(table[letter]), name=letter)
        for letter in RATE_LETTERS
        if table[letter] is not None
    ]
    return element("taxrates", *rates, action="set", date=None if clock is None else moment_text(clock))


@dataclass(frozen=True)
class _Proof(StateProof[NovitusXmlLook]):
    """``taxrates get``, ``header_online get`` and ``info date`` show what was set."""

    document: Programming
    header: tuple[str, ...]
    """The lines of the header that it sets."""

    def shown(self) -> Dialogue[Shown | None]:
        """See ``StateProof``."""
        match self.document:
            case SetHeader():
                lines = yield from _read_lines(PROFILES[self.before.profile or "online"])
                return Shown() if lines == _without_empty_end(self.header) else None
            case SetVatRates():
                rates = yield from read_rates_table()
                return Shown(rates=rates) if same_rates(self.document, rates) else None
            case SetClock():
                clock = yield from read_clock()
                now = yield from host_time()
                near = is_near(clock, wanted_time(self.document, self.before.host_time or now, now))
                return Shown(clock=clock) if near else None

    def done(self, notices: tuple[Notice, ...], shown: Shown) -> Dialogue[Printed]:
        """The printer may print a sheet about it, if anything changed."""
        unready = yield from unready_condition()
        now = yield from read_look()
        printed = Paper.PRINTED if unready is None else Paper.PENDING
        paper = printed if now.lastprintout != self.before.lastprintout else Paper.NONE
        result = Result(printer_id=self.before.uniqueno, fiscal=self.before.isfiscal)
        return Printed(result, paper, notices, {"after": now}, rates=shown.rates, clock=shown.clock)


# -- the display ----------------------------------------------------------------------------------------


def _display(document: SetDisplay) -> Plan:
    """The customer's display takes one text (5.13)."""
    plan = Plan()
    if len(document.lines) > 1:
        plan.error(
            "/document/lines",
            "display.lines",
            f"{len(document.lines)} lines, this printer's display takes 1",
            "za dużo wierszy (najwyżej 1).",
        )
    line = document.lines[0].replace('"', "'")
    shown = plan.text(line, "/document/lines/0", CODE_PAGE, LIMITS["display text"])
    # Not ``element(..., text=...)``: that would be the text between the tags.
    plan.command = Element("control", (("action", "display_external"), ("text", shown)))
    return plan


def show(document: SetDisplay, settings: Settings, printer_id: str | None) -> Dialogue[Verdict]:
    """Show the line. No question shows what is on a display; to show a line again changes nothing."""
    found = yield from prepare(document.type, settings, printer_id)
    if isinstance(found, Wait):
        return found
    plan = _display(document)
    if plan.errors:
        return verdicts.refused_before(plan.errors, found.look)
    yield Checkpoint(Stage.STARTED, found.look, counters=found.counters)
    assert plan.command is not None
    reply = yield from commit(plan.command, document)
    if reply.refusal is not None:
        return verdicts.refusal_verdict(reply, was_open=False)
    return Printed(Result(printer_id=found.printer_id, fiscal=found.fiscal), Paper.NONE, tuple(plan.notices))


def recover_display(_document: SetDisplay, _settings: Settings, checkpoint: Checkpoint) -> Dialogue[Verdict]:
    """The line may be shown or not; it is shown again."""
    yield from ()
    return verdicts.interrupted("the printer did not confirm what is on its display", checkpoint.before)


# -- what it can do -------------------------------------------------------------------------------------


def clock_capability(_settings: Settings, _snapshot: Snapshot | None) -> Capability:
    """A clock."""
    why = f"a fiscal printer: the time alone, by {CLOCK_HOURS} h at most, once a day, after a report"
    return Capability(fields={"time": limited(why=why)})


def header_capability(settings: Settings, snapshot: Snapshot | None) -> Capability:
    """A header."""
    fields: dict[str, Any] = {
        "lines": limited(max_items=profile_of(settings, snapshot).header_lines),
        "lines[]": text(LIMITS["header text"]),
    }
    return Capability(fields=fields)


def display_capability(_settings: Settings, _snapshot: Snapshot | None) -> Capability:
    """The customer's display."""
    return Capability(fields={"lines": limited(max_items=1), "lines[]": text(LIMITS["display text"])})
