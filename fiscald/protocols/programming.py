"""The parts of the technician's documents that all families share: limits of the clock, changes of the VAT table."""

from __future__ import annotations

import datetime

from fiscald.model.about import BaseDocument
from fiscald.model.programming import SetClock, SetVatRates
from fiscald.model.times import POLISH_TIME, settle
from fiscald.protocols.base import Dialogue, HostTime
from fiscald.protocols.planning import PlanBuilder
from fiscald.protocols.proof.states import Shown
from fiscald.protocols.rates import Rates, parse_rates, plain_rates

#: How far the printer's clock may be from the wanted time. Printers are set to the minute.
TOLERANCE = datetime.timedelta(seconds=90)


def host_time() -> Dialogue[datetime.datetime]:
    """This computer's time."""
    now: datetime.datetime = yield HostTime()
    return now


def wanted_time(document: SetClock, sent: datetime.datetime, now: datetime.datetime) -> datetime.datetime:
    """What the printer's clock should show ``now``, if the document was carried out at ``sent``; both are this
    computer's times.
    """
    return document.time + (now - sent) if isinstance(document.time, datetime.datetime) else now


def to_the_minute(moment: datetime.datetime) -> datetime.datetime:
    """The nearest whole minute, in Polish time."""
    return (moment + datetime.timedelta(seconds=30)).astimezone(POLISH_TIME).replace(second=0, microsecond=0)


def is_near(clock: datetime.datetime | None, wanted: datetime.datetime) -> bool:
    """Whether the printer's clock shows the wanted time."""
    return clock is not None and abs(settle(clock, wanted) - wanted) <= TOLERANCE


def check_day(plan: PlanBuilder, *, day_open: bool) -> None:
    """Add an error if there are sales that no daily report has closed."""
    if day_open:
        plan.error(
            "/document",
            "setting.day_open",
            "the printer changes this only with zero totals; print the daily report first",
            "najpierw należy wydrukować raport dobowy.",
        )


def check_clock(
    plan: PlanBuilder, clock: datetime.datetime | None, wanted: datetime.datetime, *, hours: int, keeps_date: bool
) -> None:
    """Add an error for a time to which a fiscal printer does not set its clock."""
    if clock is None:
        return
    if keeps_date and clock.astimezone(POLISH_TIME).date() != wanted.astimezone(POLISH_TIME).date():
        plan.error(
            "/document/time",
            "clock.date",
            f"a fiscal printer keeps its date ({clock.date()}); only its service can change it",
            "datę w drukarce może zmienić tylko serwis.",
        )
    elif abs(settle(clock, wanted) - wanted) > datetime.timedelta(hours=hours):
        plan.error(
            "/document/time",
            "clock.too_far",
            f"its clock shows {clock:%H:%M} and may be changed by {hours} h at most; its service can change it by more",
            f"zegar drukarki można zmienić najwyżej o {hours} godz.",
        )


def tell_changes(document: SetVatRates, plan: PlanBuilder, rates: Rates) -> None:
    """Add a notice for every letter that changes."""
    before = plain_rates(rates)
    for letter, new in document.rates.by_letter.items():
        old = before.get(letter)
        if old != new:
            plan.notice(
                "rates.change",
                f"/document/rates/{letter}",
                f"{letter}: {old or 'not in use'} becomes {new or 'not in use'}",
                f"Stawka {letter}: {old or 'nieużywana'}, nowa: {new or 'nieużywana'}.",
            )


def asks(document: BaseDocument) -> bool:
    """Whether the printer asks a person on its keypad before it sets this."""
    return isinstance(document, SetVatRates) and document.confirm_on_printer


def already(document: BaseDocument, rates: Rates) -> Shown:
    """What a printer with these rates shows, if it needs no command because it shows already what the document sets."""
    return Shown(rates=rates) if isinstance(document, SetVatRates) else Shown()


def same_rates(document: SetVatRates, rates: Rates) -> bool:
    """Whether that table is the printer's."""
    return parse_rates(document.rates.by_letter) == dict(rates)
