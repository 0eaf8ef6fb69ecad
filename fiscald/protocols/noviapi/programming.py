"""The technician's documents: the clock and the VAT table, set with XML through ``direct_io``, and read back.

Source: Novitus reference, sections 5.15 and 6.3.
"""

from __future__ import annotations

import datetime
from dataclasses import dataclass, field
from typing import Any

from fiscald.model.capabilities import Capability
from fiscald.model.header import Header
from fiscald.model.jobs import Paper, Result
from fiscald.model.printers import Snapshot
from fiscald.model.programming import SetClock, SetVatRates
from fiscald.protocols.base import Check, Checkpoint, Dialogue, Printed, Settings, Verdict, Wait
from fiscald.protocols.capabilities import limited, refused
from fiscald.protocols.noviapi import xml
from fiscald.protocols.noviapi.commands import DIRECT_IO
from fiscald.protocols.noviapi.direct import execute
from fiscald.protocols.noviapi.evidence import NoviApiLook
from fiscald.protocols.noviapi.jobs import run
from fiscald.protocols.noviapi.queries import NoviApiBaseline, prepare, read_clock, read_rates
from fiscald.protocols.novitus_elements import Element, element
from fiscald.protocols.planning import PlanBuilder
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

Programming = SetClock | SetVatRates
#: Hours by which a fiscal printer's clock may be set: the older description has one (5.15), and no source a later one.
CLOCK_HOURS = 1
NOT_ASKED = "the command has no question on the printer's keypad"
#: What the header says about each of its texts, in the order of its lines.
_HEADER = element("header_online", action="get")
_FIELDS = 7


@dataclass(slots=True)
class Plan(PlanBuilder):
    """What to send; or the errors (``errors``)."""

    command: Element | None = field(default=None)


def check(document: Programming, settings: Settings, snapshot: Snapshot | None) -> Check:
    """What the printer would refuse whenever it is asked, and what changes."""
    plan = Plan()
    if isinstance(document, SetVatRates):
        _check_question(document, plan)
        if snapshot is not None:
            tell_changes(document, plan, parse_rates(snapshot.rates))
    return Check(tuple(plan.errors), tuple(plan.notices))


def _check_question(document: SetVatRates, plan: Plan) -> None:
    if document.confirm_on_printer:
        plan.error(
            "/document/confirm_on_printer", "rates.confirm", f"{NOT_ASKED}; leave confirm_on_printer out",
            "ta drukarka nie pyta o potwierdzenie stawek.",
        )  # fmt: skip


def carry_out(document: Programming, settings: Settings, printer_id: str | None) -> Dialogue[Verdict]:
    """Send the single command, unless the printer shows already what it sets."""
    found = yield from prepare(document.type, settings, printer_id)
    if isinstance(found, Wait):
        return found
    now = yield from host_time()
    before = found.look.model_copy(update={"host_time": now})
    plan = Plan()
    if isinstance(document, SetClock):
        yield from _clock(document, plan, found, now, settings)
    else:
        yield from _rates(document, plan, found, settings)
    if plan.errors:
        return verdicts.refused_before(plan.errors, found.look)

    def send_it() -> Dialogue[CommitReply]:
        assert plan.command is not None, "without a command the printer shows it already"
        return execute(plan.command, document, settings)

    shown = already(document, found.rates) if plan.command is None else None
    return (yield from _proof(document, before, settings, plan).carry_out(found.counters, shown, send_it))


def recover(document: Programming, settings: Settings, checkpoint: Checkpoint) -> Dialogue[Verdict]:
    """Find out whether the printer shows it."""
    return _proof(document, checkpoint.before, settings, Plan()).verdict(None)


def _rates(document: SetVatRates, plan: Plan, found: NoviApiBaseline, settings: Settings) -> Dialogue[None]:
    """Rates that are not in the command become inactive (5.15). With the printer's time it asks nothing."""
    if same_rates(document, found.rates):
        return
    _check_question(document, plan)
    check_day(plan, day_open=found.day_open)
    tell_changes(document, plan, found.rates)
    children = (
        element("ptu", text="free" if rate == "exempt" else rate, name=letter)
        for letter, rate in document.rates.by_letter.items()
        if rate is not None
    )
    clock = yield from read_clock(settings)
    date = None if clock is None else f"{clock:%d-%m-%Y %H:%M}"
    plan.command = element("taxrates", *children, action="set", date=date)


def _clock(
    document: SetClock, plan: Plan, found: NoviApiBaseline, now: datetime.datetime, settings: Settings
) -> Dialogue[None]:
    wanted = wanted_time(document, now, now)
    clock = yield from read_clock(settings)
    if is_near(clock, wanted):
        return
    if found.fiscal:
        check_day(plan, day_open=found.day_open)
        check_clock(plan, clock, wanted, hours=CLOCK_HOURS, keeps_date=False)
    plan.command = element("clock", date=f"{to_the_minute(wanted):%d-%m-%Y %H:%M}")


def _proof(document: Programming, before: NoviApiLook, settings: Settings, plan: Plan) -> _Proof:
    return _Proof(before, settings, tuple(plan.notices), asks(document), document)


@dataclass(frozen=True)
class _Proof(StateProof[NoviApiLook]):
    """The status and ``info date`` show what was set."""

    document: Programming

    def shown(self) -> Dialogue[Shown | None]:
        """See ``StateProof``."""
        if isinstance(self.document, SetVatRates):
            rates = yield from read_rates(self.settings)
            return Shown(rates=rates) if same_rates(self.document, rates) else None
        clock = yield from read_clock(self.settings)
        now = yield from host_time()
        near = is_near(clock, wanted_time(self.document, self.before.host_time or now, now))
        return Shown(clock=clock) if near else None

    def done(self, notices: tuple[Any, ...], shown: Shown) -> Dialogue[Printed]:
        """See ``StateProof``. Whether the printer prints a slip about it is not known."""
        yield from ()
        result = Result(printer_id=self.before.unique_number, fiscal=self.before.fiscal)
        return Printed(result, Paper.NONE, notices, rates=shown.rates, clock=shown.clock)


def read_header(settings: Settings) -> Dialogue[Header]:
    """The header: eight lines of up to seven texts each (5.15)."""
    reply = yield from run(DIRECT_IO, xml.packed(_HEADER), settings)
    answer = xml.answer_of(reply, "header_online")
    if answer is None:
        return Header(lines=None)
    lines = [
        " ".join(filter(None, (line.get(f"text{place}") for place in range(1, _FIELDS + 1))))
        for line in answer.all("line")
    ]
    while lines and not lines[-1]:
        lines.pop()
    return Header(lines=tuple(lines))


def clock_capability(_settings: Settings, _snapshot: Snapshot | None) -> Capability:
    """A clock."""
    return Capability(
        fields={"time": limited(why=f"a fiscal printer: by {CLOCK_HOURS} h at most, once a day, after a report")}
    )


def rates_capability(_settings: Settings, _snapshot: Snapshot | None) -> Capability:
    """A VAT table."""
    return Capability(fields={"confirm_on_printer": refused(NOT_ASKED)})
