"""Simulated days: the turn of the year, a missing daily report, the changes of summer time, new VAT rates.

Every family, with its printers that report local time without an offset, sells across the moment.
"""

from __future__ import annotations

from collections.abc import Coroutine
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import anyio
import pytest

from fiscald.emulator.faults import Fault, FaultKind, Switch
from fiscald.emulator.layout import day_text
from fiscald.engine import Wanted
from fiscald.model.jobs import Job, JobState, Result
from fiscald.model.printers import PrinterState
from fiscald.model.problems import ProblemError
from fiscald.model.times import POLISH_TIME, parse_day_or_time
from tests import virtual
from tests.engine.shop import RECEIPT, Shop, Till, shop

#: Families and profiles: with an offset in their time, without one, without seconds too.
PRINTERS = [("posnet", "online"), ("posnet", "old"), ("thermal", "posnet"), ("thermal", "novitus")]
every_printer = pytest.mark.parametrize(("family", "profile"), PRINTERS)
WITH_NIP = RECEIPT | {"buyer": {"nip": "5260250274"}}
NEW_YEARS_EVE = datetime(2026, 12, 31, 23, 50, tzinfo=POLISH_TIME)
#: 25 minutes before the clocks change; in autumn in the hour that they show twice.
AUTUMN = datetime(2026, 10, 25, 2, 35, tzinfo=POLISH_TIME).astimezone(UTC)
SPRING = datetime(2026, 3, 29, 1, 35, tzinfo=POLISH_TIME).astimezone(UTC)
#: Printers that refuse to sell on the next day before they have made the daily report (Thermal reference, 6.6).
STRICT = "novitus"


def till(family: str, profile: str, start: datetime) -> Till:
    found = Till("till1", family=family, profile=profile, start=start)
    found.device.auto_confirm = True  # an old POSNET asks before a daily report
    return found


def run(test: Coroutine[Any, Any, None]) -> None:
    virtual.run(test)


async def later(**passed: float) -> None:
    await anyio.sleep(timedelta(**passed).total_seconds())


def result(job: Job) -> Result:
    assert job.state is JobState.DONE, (job.state, job.error, job.waiting)
    assert job.result is not None
    return job.result


def printed_at(job: Job) -> datetime:
    found = result(job).printed_at
    assert found is not None
    return found


def codes(job: Job) -> list[str]:
    return [warning.code for warning in job.warnings]


async def sold_on(it: Shop, day: date) -> list[str]:
    """The keys of the jobs of a day, as ``GET /v1/jobs?since=DAY&until=DAY&order=oldest`` lists them."""
    since, until = (parse_day_or_time(f"{day}", end=end) for end in (False, True))
    found = await it.engine.jobs(Wanted(since=since, until=until), newest_first=False, after=0, limit=100)
    return [job.key for _, job in found]


# -- the turn of the year ------------------------------------------------------------------------------


@every_printer
def test_receipts_over_midnight_into_2027(tmp_path: Path, family: str, profile: str) -> None:
    takes_nip = (family, profile) in (("posnet", "online"), ("thermal", "novitus"))

    async def main() -> None:
        async with shop(tmp_path, till(family, profile, NEW_YEARS_EVE)) as it:
            await it.until(PrinterState.READY)
            document = WITH_NIP if takes_nip else RECEIPT
            jobs = [await it.print("31/1", document)]
            await later(minutes=9, seconds=30)
            jobs.append(await it.print("31/2", document))
            await later(minutes=1)
            if profile == STRICT:
                await it.print("report", {"type": "daily_report"}, seconds=60)
            jobs += [await it.print(key, document) for key in ("1/1", "1/2")]
            assert [result(job).number for job in jobs] == [1, 2, 3, 4], "a Novitus counts on over the report, too"
            assert [result(job).daily_report for job in jobs] == [1, 1, *((2, 2) if profile == STRICT else (1, 1))]
            moments = [printed_at(job) for job in jobs]
            assert [f"{moment:%Y-%m-%d %z}" for moment in moments] == ["2026-12-31 +0100"] * 2 + [
                "2027-01-01 +0100"
            ] * 2
            assert moments == sorted(moments)
            warned = ["receipt.not_in_ksef"] if takes_nip else []
            assert [codes(job) for job in jobs] == [[], [], warned, warned], "by the printer's date"
            assert await sold_on(it, date(2026, 12, 31)) == ["31/1", "31/2"]
            assert [key for key in await sold_on(it, date(2027, 1, 1)) if key != "report"] == ["1/1", "1/2"]

    run(main())


@every_printer
def test_yesterdays_daily_report_comes_first(tmp_path: Path, family: str, profile: str) -> None:
    """Sales wait, with the reason; the report of the old day is made on the new one, and then they are printed."""

    async def main() -> None:
        async with shop(tmp_path, till(family, profile, NEW_YEARS_EVE)) as it:
            await it.until(PrinterState.READY)
            await it.print("old")
            await later(minutes=15)
            if family == "posnet":
                # Only the error is documented, not from when on the printer wants the report.
                it.till.device.faults.switches.add(Switch.REPORT_REQUIRED)
            if profile == "posnet":
                return  # these printers sell on
            waiting = [await it.print(key, seconds=5) for key in ("A", "B")]
            assert [(job.state, job.waiting and job.waiting.code) for job in waiting] == [
                (JobState.ACCEPTED, "printer.report_due")
            ] * 2
            assert it.engine.printer("till1").state is PrinterState.REPORT_DUE
            assert (await it.print("slip", {"type": "cash_in", "amount": "5.00"}, seconds=5)).state is JobState.DONE
            report = await it.print("report", {"type": "daily_report"}, seconds=60)
            assert (result(report).number, f"{printed_at(report):%Y-%m-%d}") == (1, "2027-01-01")
            jobs = [await it.engine.wait(key, 120) for key in ("A", "B")]
            first = 2 if profile == STRICT else 1  # a Novitus counts on
            assert [(result(job).number, result(job).daily_report) for job in jobs] == [(first, 2), (first + 1, 2)]
            assert printed_at(jobs[0]) >= printed_at(report) - timedelta(minutes=1), "some printers report no seconds"
            (record,) = it.till.register.state.fiscal_memory
            assert (record.at.date(), record.day.receipt_count) == (date(2027, 1, 1), 1)

    run(main())


# -- summer time -----------------------------------------------------------------------------------------


@pytest.mark.slow
@every_printer
@pytest.mark.parametrize("start", [AUTUMN, SPRING], ids=["autumn", "spring"])
@pytest.mark.parametrize(
    "slow",
    [
        pytest.param(0, id="exact"),
        pytest.param(-240, id="slow", marks=pytest.mark.slow),
        pytest.param(240, id="fast", marks=pytest.mark.slow),
    ],
)
def test_receipts_while_the_clocks_change(
    tmp_path: Path, family: str, profile: str, start: datetime, slow: int
) -> None:
    """Each hour counts once, in order: also the one that printers show twice, and that they do not say which it is."""

    async def main() -> None:
        printer = till(family, profile, start)
        printer.register.state.clock_offset = slow
        async with shop(tmp_path, printer) as it:
            await it.until(PrinterState.READY)
            keys = [f"{number}" for number in range(6)]
            for key in keys:
                before = it.host_time() + timedelta(seconds=slow)
                job = await it.print(key)
                # Without seconds the printed minute has begun up to a minute earlier.
                assert before - timedelta(minutes=1) < printed_at(job) <= before + timedelta(seconds=20), key
                offset = printed_at(job).astimezone(POLISH_TIME).utcoffset()
                assert (printed_at(job).utcoffset(), codes(job)) == (offset, [])
                clock = it.engine.printer("till1").clock
                assert clock is not None
                assert abs(clock - before) < timedelta(minutes=2)
                await later(minutes=10)
            assert await sold_on(it, start.astimezone(POLISH_TIME).date()) == keys
            report = await it.print("report", {"type": "daily_report"}, seconds=60)
            jobs = [await it.engine.job(key) for key in keys]
            assert sorted(map(printed_at, jobs)) == [printed_at(job) for job in jobs]
            assert [result(job).number for job in jobs] == list(range(1, 7))
            assert printed_at(report) >= printed_at(jobs[-1])

    run(main())


@every_printer
@pytest.mark.parametrize(
    ("start", "off", "minutes"),
    [pytest.param(AUTUMN, 3600, 1, id="autumn"), pytest.param(SPRING, -3600, 61, id="spring", marks=pytest.mark.slow)],
)
def test_a_clock_that_missed_the_change_is_a_warning(
    tmp_path: Path, family: str, profile: str, start: datetime, off: int, minutes: int
) -> None:
    """In spring an hour later: until 3:00 it shows times that do not exist, and they tell their offset."""

    async def main() -> None:
        async with shop(tmp_path, till(family, profile, start)) as it:
            await it.until(PrinterState.READY)
            before = await it.print("before")
            await later(minutes=26)
            it.till.register.state.clock_offset = off
            await later(minutes=minutes)
            after = await it.print("after")
            assert (codes(before), codes(after)) == ([], ["printer.clock_off"])
            (warning,) = it.engine.printer("till1").warnings
            assert warning.code == "printer.clock_off"
            assert "missed a change of summer time" in warning.detail
            apart = printed_at(after) - it.host_time()
            assert abs(apart - timedelta(seconds=off)) < timedelta(minutes=2), "the time that is on the paper"

    run(main())


@every_printer
def test_a_receipt_that_is_found_after_the_repeated_hour(tmp_path: Path, family: str, profile: str) -> None:
    """It was printed soon after the journal's last entry about it, so in the first of the two hours."""
    closing = {"posnet": "trend", "novitus": "$y", "thermal": "$y"}

    async def main() -> None:
        async with shop(tmp_path, till(family, profile, AUTUMN)) as it:
            await it.until(PrinterState.READY)
            names = [closing[family], "$e 1", "$x"]
            for name in names:
                if name in it.till.device.faults.commands:
                    it.till.device.faults.plan(Fault(act=FaultKind.DROP_AFTER, command=name))
            await it.submit("A")
            await anyio.sleep(3)
            it.till.pull()
            await later(minutes=90)
            assert (await it.engine.job("A")).state is JobState.RUNNING
            it.till.put_back()
            job = await it.engine.wait("A", 60)
            assert result(job).number == 1
            found = result(job).printed_at
            if found is not None:  # Thermal reports it just after printing only
                assert (f"{found:%H:%M %z}", codes(job)) == ("02:35 +0200", []), found

    run(main())


@pytest.mark.parametrize("kind", ["daily_report", "cash_in"])
@every_printer
def test_what_is_found_later_does_not_get_the_time_of_finding(
    tmp_path: Path, family: str, profile: str, kind: str
) -> None:
    """The paper has another time, of another day."""
    commands = {"daily_report": ("dailyrep", "#r"), "cash_in": ("cash", "#i")}

    async def main() -> None:
        async with shop(tmp_path, till(family, profile, NEW_YEARS_EVE)) as it:
            await it.until(PrinterState.READY)
            await it.print("A")
            name = commands[kind][family == "thermal"]
            it.till.device.faults.plan(Fault(act=FaultKind.DROP_AFTER, command=name))
            await it.submit("B", {"type": kind} | ({"amount": "5.00"} if kind == "cash_in" else {}))
            await anyio.sleep(3)
            it.till.pull()
            await later(hours=1)
            it.till.put_back()
            job = await it.engine.wait("B", 120)
            assert result(job).printed_at is None
            assert "2026-12-31" in it.till.register.printouts[-1].text

    run(main())


# -- VAT rates -------------------------------------------------------------------------------------------

OLD = {"A": "23%", "B": "8%", "C": "5%", "D": "0%", "E": None, "F": None, "G": "exempt"}
LOWER = {"A": "22%", "B": "7%", "C": "5%", "D": "0%", "E": None, "F": None, "G": "exempt"}


def change_rates(it: Shop) -> bool:
    """A person programmes the new VAT rates on the printer; whether it takes them."""
    moment = it.till.register.clock.now()
    table = [None if rate is None else Decimal(rate.rstrip("%")) if "%" in rate else rate for rate in LOWER.values()]
    if it.till.family == "posnet":
        rates = {f"v{letter.lower()}": rate for letter, rate in zip(LOWER, table, strict=True) if rate is not None}
        return bool(it.till.device.foreign_command("vatset", rates | {"da": moment.date()}))
    dated = {"Py": moment.year % 100, "Pm": moment.month, "Pd": moment.day, "data": day_text(moment.date())}
    return bool(it.till.device.foreign_command("$p", {"ptu": table, **dated}))


@every_printer
def test_new_rates_at_midnight(tmp_path: Path, family: str, profile: str) -> None:
    """The printer takes new rates after the daily report only. No receipt is printed with an old one after that."""
    by_rate = {"type": "receipt", "lines": [{"name": "Kawa", "price": "10.00", "vat": "23%"}]}
    by_letter = {"type": "receipt", "lines": [{"name": "Herbata", "price": "10.00", "vat": "A"}]}
    new_rate = {"type": "receipt", "lines": [{"name": "Sok", "price": "10.00", "vat": "22%"}]}

    async def main() -> None:
        async with shop(tmp_path, till(family, profile, NEW_YEARS_EVE)) as it:
            await it.until(PrinterState.READY)
            assert codes(await it.print("old", by_rate)) == []
            await later(minutes=15)
            assert not change_rates(it), "the day is open"
            if profile != STRICT:
                assert result(await it.print("still open", by_rate)).number == 2
            assert it.engine.printer("till1").vat == OLD
            # Accepted with the old rates, while the report and the change of rates happen on the printer's keypad.
            it.till.device.faults.switches.add(Switch.PAPER_OUT)
            await it.submit("waits", by_rate)
            await later(seconds=5)
            it.till.device.faults.switches.discard(Switch.PAPER_OUT)
            it.till.device.keypad_report()
            assert change_rates(it), "after the report"
            waited = await it.engine.wait("waits", 60)
            assert waited.state is JobState.FAILED
            assert waited.error is not None
            assert (waited.error.document, "23%" in waited.error.detail) == ("not_printed", True), waited.error
            letter = await it.print("letter", by_letter)
            assert result(letter).daily_report == 2, "a letter is sold at its new rate"
            assert "PTU A 22" in it.till.register.printouts[-1].text
            await later(minutes=1)
            assert it.engine.printer("till1").vat == LOWER
            with pytest.raises(ProblemError) as refused:
                await it.submit("refused", by_rate)
            (error,) = refused.value.problem.errors
            assert (error.pointer, "22%" in error.detail) == ("/document/lines/0/vat", True), error
            assert result(await it.print("new", new_rate)).daily_report == 2
            assert it.till.receipts == 2

    run(main())


@every_printer
def test_new_rates_right_after_a_receipt(tmp_path: Path, family: str, profile: str) -> None:
    """The next receipt starts from what the one before it left, and still notices the report and the new rates."""
    by_rate = {"type": "receipt", "lines": [{"name": "Kawa", "price": "10.00", "vat": "23%"}]}

    async def main() -> None:
        async with shop(tmp_path, till(family, profile, NEW_YEARS_EVE)) as it:
            await it.until(PrinterState.READY)
            for key in ("A", "B", "C"):
                assert result(await it.print(key, by_rate)).number is not None
            it.till.device.keypad_report()
            assert change_rates(it)
            job = await it.print("D", by_rate, seconds=60)
            assert job.state is JobState.FAILED, "at the moment of the change"
            assert job.error is not None
            assert "23%" in job.error.detail, job.error
            assert it.till.receipts == 0

    run(main())
