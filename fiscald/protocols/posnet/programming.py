"""The technician's documents on a POSNET printer: clock, VAT table, header, the customer's display.

Source: POSNET reference, sections 5.1 and 5.2.
"""

from __future__ import annotations

import datetime
import re
from dataclasses import dataclass, field
from typing import Any

from fiscald.model.capabilities import Capability
from fiscald.model.header import Header
from fiscald.model.jobs import Paper, Result
from fiscald.model.printers import Snapshot
from fiscald.model.programming import SetClock, SetDisplay, SetHeader, SetVatRates
from fiscald.protocols.base import (
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
from fiscald.protocols.planning import PlanBuilder, TextKind
from fiscald.protocols.posnet.commands import RATE_LETTERS, Request, request, text_limit
from fiscald.protocols.posnet.commit import commit, refused
from fiscald.protocols.posnet.evidence import PosnetLook
from fiscald.protocols.posnet.fields import Generation
from fiscald.protocols.posnet.options import code_page, profile_of
from fiscald.protocols.posnet.profiles import Profile
from fiscald.protocols.posnet.queries import (
    PosnetBaseline,
    ask,
    find_profile,
    is_corrupted,
    prepare,
    query_optional,
    read_clock,
    send,
)
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
#: Characters of a line of the header, and of all of it with its marks (4.3).
HEADER_COLUMNS, HEADER_CHARACTERS = 40, 500
#: A mark in a header; two ampersands are one (4.3).
_MARK = re.compile("&(?:(&)|[bcuhwi1-8])")
_DISPLAY = text_limit("dsptxtline", "ln", Generation.ONLINE)
#: ``id`` of the customer's display.
_CUSTOMER = 0


@dataclass(slots=True)
class Plan(PlanBuilder):
    """What to send; or the errors (``errors``)."""

    command: Request | None = field(default=None)
    header: str = ""


def plan_header(document: SetHeader, code_page: str) -> Plan:
    """The header, a line feed between its lines. An ampersand would begin a mark, so it is doubled (4.3)."""
    plan = Plan()
    lines = [
        plan.text(line, f"/document/lines/{index}", code_page, HEADER_COLUMNS, TextKind.GOODS)
        for index, line in enumerate(document.lines)
    ]
    plan.header = "\n".join(line.replace("&", "&&") for line in lines)
    if not plan.header.strip():
        plan.error("/document/lines", "header.empty", "the header has no text", "nagłówek jest pusty.")
    elif len(plan.header) > HEADER_CHARACTERS:
        plan.error(
            "/document/lines",
            "header.too_long",
            f"the header has {len(plan.header)} characters, this printer takes {HEADER_CHARACTERS}; shorten it",
            f"nagłówek jest za długi (najwyżej znaków: {HEADER_CHARACTERS}).",
        )
    plan.command = request("hdrset", tx=plan.header) if not plan.errors else None
    return plan


def check(document: Programming | SetDisplay, settings: Settings, snapshot: Snapshot | None) -> Check:
    """What the printer would refuse whenever it is asked, and what changes. Whether the day is open is found out when
    the document's turn comes: a daily report may be waiting before it.
    """
    plan = Plan()
    match document:
        case SetHeader():
            plan = plan_header(document, code_page(settings))
        case SetDisplay():
            plan = _display(document, code_page(settings))[0]
        case SetVatRates() if snapshot is not None:
            tell_changes(document, plan, parse_rates(snapshot.rates))
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
    proof = _proof(document, before, settings, plan)

    def send_it() -> Dialogue[CommitReply]:
        assert plan.command is not None, "without a command the printer shows it already"
        return commit(plan.command, document)

    shown = already(document, found.rates) if plan.command is None else None
    return (yield from proof.carry_out(found.counters, shown, send_it))


def recover(document: Programming, settings: Settings, checkpoint: Checkpoint) -> Dialogue[Verdict]:
    """Find out whether the printer shows it."""
    plan = plan_header(document, code_page(settings)) if isinstance(document, SetHeader) else Plan()
    return _proof(document, checkpoint.before, settings, plan).verdict(None)


def _plan(
    document: Programming, settings: Settings, profile: Profile, found: PosnetBaseline, now: datetime.datetime
) -> Dialogue[Plan]:
    match document:
        case SetHeader():
            return plan_header(document, code_page(settings))
        case SetVatRates():
            return (yield from _rates(document, found))
        case SetClock():
            return (yield from _clock(document, profile, found, now))


def _rates(document: SetVatRates, found: PosnetBaseline) -> Dialogue[Plan]:
    """With the printer's date it asks nothing on its keyboard; without a date a person confirms there (5.1)."""
    plan = Plan()
    if same_rates(document, found.rates):
        return plan
    check_day(plan, day_open=found.day_open)
    tell_changes(document, plan, found.rates)
    values: dict[str, Any] = {
        f"v{letter.lower()}": rate for letter, rate in parse_rates(document.rates.by_letter).items()
    }
    if not document.confirm_on_printer:
        clock = yield from ask("rtcget", "da")
        values["da"] = clock["da"].date()
    plan.command = request("vatset", **{name: value for name, value in values.items() if value is not None})
    return plan


def _clock(document: SetClock, profile: Profile, found: PosnetBaseline, now: datetime.datetime) -> Dialogue[Plan]:
    """A fiscal printer is set by an hour at most, a newer one by two (5.1)."""
    plan, wanted = Plan(), wanted_time(document, now, now)
    clock = yield from read_clock()
    if is_near(clock.moment, wanted):
        return plan
    if found.fiscal:
        check_day(plan, day_open=found.day_open)
        check_clock(plan, clock.moment, wanted, hours=profile.clock_hours, keeps_date=False)
    plan.command = request("rtcset", da=f"{to_the_minute(wanted):%Y-%m-%d;%H:%M}")
    return plan


def _proof(document: Programming, before: PosnetLook, settings: Settings, plan: Plan) -> _Proof:
    return _Proof(before, settings, tuple(plan.notices), asks(document), document, plan.header)


@dataclass(frozen=True)
class _Proof(StateProof[PosnetLook]):
    """``vatget``, ``hdrget`` and ``rtcget`` show what was set."""

    document: Programming
    header: str
    """The header that it sets."""

    def shown(self) -> Dialogue[Shown | None]:
        """See ``StateProof``."""
        match self.document:
            case SetHeader():
                found = yield from query_optional("hdrget")
                return Shown() if found.get("tx", "").rstrip("\n") == self.header.rstrip("\n") else None
            case SetVatRates():
                found = yield from ask("vatget")
                rates = {letter.upper(): found.get("v" + letter) for letter in RATE_LETTERS}
                return Shown(rates=rates) if same_rates(self.document, rates) else None
            case SetClock():
                clock = yield from read_clock()
                now = yield from host_time()
                near = is_near(clock.moment, wanted_time(self.document, self.before.host_time or now, now))
                return Shown(clock=clock.moment) if near else None

    def done(self, notices: tuple[Any, ...], shown: Shown) -> Dialogue[Printed]:
        """A POSNET printer prints nothing about it."""
        yield from ()
        result = Result(printer_id=self.before.nu, fiscal=self.before.fiscal is not False)
        return Printed(result, Paper.NONE, notices, rates=shown.rates, clock=shown.clock)


def read_header() -> Dialogue[Header]:
    """The header, without its marks."""
    found = yield from query_optional("hdrget")
    text = found.get("tx")
    if text is None:
        return Header(lines=None)
    return Header(lines=tuple(_MARK.sub(r"\1", text.rstrip("\n")).split("\n")))


# -- the display ----------------------------------------------------------------------------------------


def _display(document: SetDisplay, code_page: str) -> tuple[Plan, list[Request]]:
    plan = Plan()
    texts = [
        plan.text(line, f"/document/lines/{index}", code_page, _DISPLAY) for index, line in enumerate(document.lines)
    ]
    return plan, [request("dsptxtline", id=_CUSTOMER, no=number, ln=line) for number, line in enumerate(texts)]


def show(document: SetDisplay, settings: Settings, printer_id: str | None) -> Dialogue[Verdict]:
    """Show the lines. No question shows what is on a display; to show a line again changes nothing."""
    found = yield from prepare(document.type, settings, printer_id)
    if isinstance(found, Wait):
        return found
    plan, commands = _display(document, code_page(settings))
    yield Checkpoint(Stage.STARTED, found.look, counters=found.counters)
    for number, command in enumerate(commands):
        reply = yield from send(command)
        if is_corrupted(reply):
            reply = yield from send(command)
        if not reply.good:
            return verdicts.refusal_verdict(refused(reply, f"/document/lines/{number}", document), was_open=False)
    return Printed(Result(printer_id=found.printer_id, fiscal=found.fiscal), Paper.NONE, tuple(plan.notices))


def recover_display(_document: SetDisplay, _settings: Settings, checkpoint: Checkpoint) -> Dialogue[Verdict]:
    """The lines may be shown or not; they are shown again."""
    yield from ()
    return verdicts.interrupted("the printer did not confirm what is on its display", checkpoint.before)


# -- what it can do -------------------------------------------------------------------------------------


def clock_capability(settings: Settings, snapshot: Snapshot | None) -> Capability:
    """A clock."""
    hours = profile_of(settings, snapshot).clock_hours
    return Capability(
        fields={"time": limited(why=f"a fiscal printer: by {hours} h at most, once a day, after a report")}
    )


def header_capability(_settings: Settings, _snapshot: Snapshot | None) -> Capability:
    """A header."""
    return Capability(fields={"lines[]": text(HEADER_COLUMNS)})


def display_capability(_settings: Settings, _snapshot: Snapshot | None) -> Capability:
    """The customer's display."""
    return Capability(fields={"lines[]": text(_DISPLAY)})
