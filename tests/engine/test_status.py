"""The status of a printer: another program's document at once and steadily, each part with its own age, and
whatever a person should know also in the answers.
"""

from __future__ import annotations

import logging
from datetime import timedelta
from pathlib import Path

import anyio
import pytest

from fiscald.emulator.faults import Fault, FaultKind, Switch
from fiscald.engine import Engine
from fiscald.model.documents import Submission
from fiscald.model.jobs import Job, JobState
from fiscald.model.printers import PrinterState
from fiscald.model.spans import in_words, in_words_pl
from tests import virtual
from tests.engine.shop import RECEIPT, Shop, Till, shop

PRINTERS = [("posnet", None), ("posnet", "old"), ("thermal", None), ("thermal", "novitus"), ("thermal", "innova")]


def till(family: str, profile: str | None) -> Till:
    return Till("till1", 1, family, profile)


async def confirm(it: Shop) -> None:
    """A person confirms the prompt, if there is one (older POSNET printers do)."""
    await anyio.sleep(1)
    if it.till.device.awaits_key:
        it.till.device.press(confirm=True)
        it.till.server.wake()


async def report(it: Shop, key: str) -> None:
    await it.submit(key, {"type": "daily_report"})
    await confirm(it)
    assert (await it.engine.wait(key, 60)).state is JobState.DONE


@pytest.mark.parametrize(("family", "profile"), PRINTERS)
def test_another_programs_receipt_is_reported_within_two_seconds(
    tmp_path: Path, family: str, profile: str | None, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)

    async def main() -> None:
        async with shop(tmp_path, till(family, profile), shared=True) as it:
            await it.until(PrinterState.READY)
            await anyio.sleep(100)
            caplog.clear()
            assert it.till.device.foreign_begin()
            await it.until(PrinterState.BUSY, seconds=2)
            status = it.engine.printer("till1")
            assert status.problem is not None
            assert status.problem.code == "printer.foreign_transaction"
            change = it.engine.changes.next()
            with anyio.move_on_after(200):
                while True:
                    assert it.engine.printer("till1").state is PrinterState.BUSY
                    await anyio.sleep(0.1)
            assert not await change(0), "nothing has changed, so there is no event"
            it.till.device.foreign_sell("Obcy", 777)
            it.till.device.foreign_end(777)
            await it.until(PrinterState.READY, seconds=2)
            lines = [record.getMessage() for record in caplog.records]
            assert len(lines) == 2, lines

    virtual.run(main())


def test_a_footer_another_program_left_open_keeps_the_printer_busy(tmp_path: Path) -> None:
    """Only the full status shows it (POSNET)."""

    async def main() -> None:
        async with shop(tmp_path, shared=True) as it:
            await it.until(PrinterState.READY)
            machine = it.till.device._machine
            machine.execute("trinit", {})
            machine.execute("trline", {"na": "Obcy", "vt": 0, "pr": 100})
            machine.execute("trend", {"to": 100, "fe": False})
            await it.until(PrinterState.BUSY, seconds=40)
            with anyio.move_on_after(100):
                while True:
                    assert it.engine.printer("till1").state is PrinterState.BUSY
                    await anyio.sleep(0.1)
            machine.execute("trftrend", {})
            await it.until(PrinterState.READY, seconds=3)

    virtual.run(main())


def test_a_warning_is_reported_when_it_starts_and_when_it_ends(tmp_path: Path) -> None:
    async def main() -> None:
        async with shop(tmp_path) as it:
            it.host_clock_off = timedelta(minutes=90, seconds=20)
            await it.until(PrinterState.READY)
            changes = it.engine.changes.numbers["till1"]
            for second in range(100):
                it.host_clock_off = timedelta(minutes=90, seconds=second)
                await anyio.sleep(1)
            assert it.engine.changes.numbers["till1"] == changes, "it is off by a minute more or less at every look"
            for switch in (it.till.device.faults.switches.add, it.till.device.faults.switches.discard):
                switch(Switch.PAPER_LOW)
                await anyio.sleep(3)
                assert it.engine.changes.numbers["till1"] == (changes := changes + 1)

    virtual.run(main())


def test_our_own_open_receipt_is_not_reported_as_foreign(tmp_path: Path) -> None:
    async def main() -> None:
        async with shop(tmp_path) as it:
            await it.until(PrinterState.READY)
            it.till.device.faults.plan(Fault(act=FaultKind.SWITCH, command="trend", switch=Switch.PAPER_OUT))
            await it.submit("FV/1")
            await it.until(PrinterState.PAPER_OUT)
            with anyio.move_on_after(60):
                while True:
                    assert it.engine.printer("till1").state is PrinterState.PAPER_OUT
                    await anyio.sleep(0.1)

    virtual.run(main())


@pytest.mark.parametrize(("family", "profile"), PRINTERS)
def test_counters_of_the_open_day_are_of_the_open_day(tmp_path: Path, family: str, profile: str | None) -> None:
    """As the model defines them, whether or not the printer numbers its receipts on over the days."""

    async def main() -> None:
        async with shop(tmp_path, till(family, profile)) as it:
            day, numbers = 1, []
            for receipts in (3, 0, 2):
                for count in range(receipts):
                    job = await it.print(f"FV/{day}/{count}")
                    assert job.result is not None
                    numbers.append(job.result.number)
                    await anyio.sleep(1)
                    await check(it, day, count + 1, numbers[-1])
                if receipts == 0:
                    it.till.device.foreign_begin()
                    it.till.device.foreign_sell("Obcy", 777)
                    it.till.device.keypad_cancel()
                    await anyio.sleep(40)
                    counters = it.engine.printer("till1").counters
                    assert counters is not None
                    assert counters.receipts == 0, "one that is cancelled is not completed"
                    assert counters.cancelled in (1, None)
                await report(it, f"Z/{day}")
                day += 1
                await anyio.sleep(40)
                await check(it, day, 0, 0)

    async def check(it: Shop, day: int, receipts: int, last: int | None) -> None:
        counters = it.engine.printer("till1").counters
        assert counters is not None
        assert (counters.daily_report, counters.receipts, counters.last_receipt) == (day, receipts, last)

    virtual.run(main())


@pytest.mark.parametrize(("family", "profile"), PRINTERS)
def test_the_first_receipt_of_a_day_expects_none_before_it(tmp_path: Path, family: str, profile: str | None) -> None:
    async def main() -> None:
        async with shop(tmp_path, till(family, profile)) as it:
            last = 0
            for day in (1, 2):
                for number in range(3):
                    submission = {"printer": "till1", "document": RECEIPT, "expect_last": last}
                    job = await submitted(it, f"FV/{day}/{number}", submission)
                    assert job.state is JobState.DONE, job.error
                    assert job.result is not None
                    last = job.result.number or 0
                wrong = await submitted(it, f"FV/{day}/x", {"printer": "till1", "document": RECEIPT, "expect_last": 99})
                assert wrong.error is not None
                assert wrong.error.code == "job.unexpected_last"
                await report(it, f"Z/{day}")
                last = 0

    virtual.run(main())


async def submitted(it: Shop, key: str, content: dict[str, object]) -> Job:
    await it.engine.submit(key, Submission.model_validate(content))
    return await it.engine.wait(key, 60)


def test_each_part_of_the_status_has_its_age(tmp_path: Path) -> None:
    async def main() -> None:
        async with shop(tmp_path, shared=True) as it:
            assert set(it.engine.printer("till1").ages.model_dump().values()) == {None}
            await it.until(PrinterState.READY)
            await anyio.sleep(21)
            status = it.engine.printer("till1")
            ages = status.ages.model_dump()
            assert status.age_ms is not None
            assert status.age_ms <= 1600
            assert ages.pop("state") <= 1600
            assert ages.pop("paper_low") <= 1600
            assert all(20_000 <= age <= 22_000 for age in ages.values()), ages
            it.till.device.foreign_receipt()
            await anyio.sleep(1)
            status = it.engine.printer("till1")
            assert status.counters is not None
            assert status.counters.receipts == 0
            assert (status.ages.counters or 0) >= 21_000, "which says that this may have changed"
            await it.print("FV/1")
            status = it.engine.printer("till1")
            assert status.counters is not None
            assert status.counters.receipts == 2
            assert (status.ages.counters or 0) < 1000
            it.till.pull()
            await anyio.sleep(50)
            assert (it.engine.printer("till1").ages.state or 0) > 48_000

    virtual.run(main())


def test_adopting_answers_with_the_new_state(tmp_path: Path) -> None:
    async def main() -> None:
        first, second = Till("till1", 1), Till("till1", 2)
        async with shop(tmp_path / "state", first) as it:
            await it.until(PrinterState.READY)
            it.till.pull()
            it.till.register, it.till.device, it.till.server = second.register, second.device, second.server
            it.till.put_back()
            await it.until(PrinterState.SWAPPED)
            status = await it.engine.adopt("till1", "EMU 0000000002")
            assert (status.state, status.problem) == (PrinterState.READY, None)
            assert status.identity is not None
            assert status.identity.printer_id == "EMU 0000000002"

    virtual.run(main())


def test_adopting_a_printer_without_paper_reports_it(tmp_path: Path) -> None:
    async def main() -> None:
        first, second = Till("till1", 1), Till("till1", 2)
        second.device.faults.switches.add(Switch.PAPER_OUT)
        async with shop(tmp_path / "state", first) as it:
            await it.until(PrinterState.READY)
            it.till.pull()
            it.till.register, it.till.device, it.till.server = second.register, second.device, second.server
            it.till.put_back()
            await it.until(PrinterState.SWAPPED)
            assert (await it.engine.adopt("till1", "EMU 0000000002")).state is PrinterState.PAPER_OUT

    virtual.run(main())


KINDS = [
    RECEIPT, {"type": "daily_report"}, {"type": "cash_in", "amount": "5.00"}, {"type": "cash_out", "amount": "1.00"},
    {"type": "goods_return", "amount": "1.00"}, {"type": "drawer"},
]  # fmt: skip


@pytest.mark.parametrize(("family", "profile"), PRINTERS)
def test_training_is_shown_in_every_answer_and_in_the_status(tmp_path: Path, family: str, profile: str | None) -> None:
    async def main() -> None:
        async with shop(tmp_path, till(family, profile)) as it:
            it.till.device.faults.switches.add(Switch.NOT_FISCAL)
            await it.until(PrinterState.READY)
            status = it.engine.printer("till1")
            assert [warning.code for warning in status.warnings] == ["printer.training"]
            assert status.identity is not None
            assert not status.identity.fiscal
            it.till.register.state.cash = 1000
            for document in KINDS:
                await it.submit(document["type"], document)
                if document["type"] == "daily_report":
                    await confirm(it)
                job = await it.engine.wait(document["type"], 60)
                assert job.state is JobState.DONE, job
                assert job.result is not None
                assert not job.result.fiscal
                assert [warning.code for warning in job.warnings] == ["printer.training"]
                assert "niefiskalne" in job.warnings[0].detail_pl
            it.till.device.faults.clear()
            await anyio.sleep(40)
            assert it.engine.printer("till1").warnings == ()
            job = await it.print("FV/2")
            assert job.result is not None
            assert (job.result.fiscal, job.warnings) == (True, ())

    virtual.run(main())


@pytest.mark.parametrize(("family", "profile"), [("posnet", None), ("thermal", "novitus")])
@pytest.mark.parametrize(
    ("off", "words", "words_pl"),
    [
        (timedelta(minutes=29), "", ""),
        (timedelta(hours=1), "60 minutes ahead of", "spieszy się o 60 minut"),
        (-timedelta(hours=1), "60 minutes behind", "spóźnia się o 60 minut"),
        (timedelta(hours=3), "3 hours ahead of", "spieszy się o 3 godziny"),
        (-timedelta(days=26 * 365 + 7), "26 years behind", "spóźnia się o 26 lat"),
        (timedelta(days=73 * 365 + 18), "73 years ahead of", "spieszy się o 73 lata"),
    ],
)
def test_a_wrong_clock_is_shown_in_the_answer_and_in_the_status(
    tmp_path: Path, family: str, profile: str | None, off: timedelta, words: str, words_pl: str
) -> None:
    async def main() -> None:
        async with shop(tmp_path, till(family, profile)) as it:
            it.till.register.state.clock_offset = off.total_seconds()
            await it.until(PrinterState.READY)
            job = await it.print("FV/1")
            for warnings in (job.warnings, it.engine.printer("till1").warnings):
                assert [warning.code for warning in warnings] == (["printer.clock_off"] if words else [])
                for warning in warnings:
                    assert words in warning.detail
                    assert words_pl in warning.detail_pl
                    service = abs(off) > timedelta(hours=1)
                    assert ("by one hour at most" in warning.detail) == service
                    assert ("wezwij serwis" in warning.detail_pl) == service
                    assert ("after the next daily report" in warning.detail) == (not service)

    virtual.run(main())


@pytest.mark.parametrize(("family", "profile"), [("posnet", None), ("thermal", None), ("thermal", "novitus")])
@pytest.mark.parametrize("off", [timedelta(days=-9500), timedelta(hours=-2), timedelta(hours=2)])
def test_a_clock_that_changed_between_polls_is_shown_in_the_answer(
    tmp_path: Path, family: str, profile: str | None, off: timedelta
) -> None:
    async def main() -> None:
        async with shop(tmp_path, till(family, profile)) as it:
            await it.until(PrinterState.READY)
            it.till.register.state.clock_offset = off.total_seconds()
            job = await it.print("FV/1")
            assert [warning.code for warning in job.warnings] == ["printer.clock_off"]

    virtual.run(main())


@pytest.mark.parametrize(("reports", "codes"), [(1769, []), (1770, ["printer.memory_low"])])
def test_a_memory_that_takes_sixty_more_reports_is_near_its_end(tmp_path: Path, reports: int, codes: list[str]) -> None:
    """Of 1830, where the printer does not tell how many are left."""

    async def main() -> None:
        async with shop(tmp_path, till("posnet", None)) as it:
            it.till.register.state.report_offset = reports
            await it.until(PrinterState.READY)
            assert [warning.code for warning in it.engine.printer("till1").warnings] == codes

    virtual.run(main())


def test_everything_is_read_again_soon_after_a_document(tmp_path: Path) -> None:
    async def main() -> None:
        async with shop(tmp_path) as it:
            await it.until(PrinterState.READY)
            await anyio.sleep(10)
            assert (it.engine.printer("till1").ages.identity or 0) > 5000
            await it.print("A")
            await anyio.sleep(0.75)
            assert it.engine.printer("till1").ages.identity in range(600)

    virtual.run(main())


def test_paper_near_its_end_and_a_memory_near_its_end_are_warnings(tmp_path: Path) -> None:
    async def main() -> None:
        async with shop(tmp_path / "a", till("posnet", None)) as it:
            it.till.device.faults.switches.add(Switch.PAPER_LOW)
            it.till.register.state.report_offset = 1800
            await it.until(PrinterState.READY)
            codes = [warning.code for warning in it.engine.printer("till1").warnings]
            assert codes == ["printer.paper_low", "printer.memory_low"]
        async with shop(tmp_path / "b", till("thermal", None)) as it:
            it.till.device.memory.records = 40
            await it.until(PrinterState.READY)
            (warning,) = it.engine.printer("till1").warnings
            assert "only about 40 more daily reports" in warning.detail

    virtual.run(main())


@pytest.mark.parametrize(
    ("span", "english", "polish"),
    [
        (timedelta(minutes=1), "1 minute", "1 minutę"), (timedelta(minutes=2), "2 minutes", "2 minuty"),
        (timedelta(minutes=12), "12 minutes", "12 minut"), (timedelta(minutes=22), "22 minutes", "22 minuty"),
        (timedelta(minutes=119), "119 minutes", "119 minut"), (timedelta(hours=2), "2 hours", "2 godziny"),
        (-timedelta(hours=5), "5 hours", "5 godzin"), (timedelta(hours=47), "47 hours", "47 godzin"),
        (timedelta(days=2), "2 days", "2 dni"), (timedelta(days=700), "700 days", "700 dni"),
        (timedelta(days=731), "2 years", "2 lata"), (timedelta(days=26 * 365.25), "26 years", "26 lat"),
        (timedelta(days=112 * 365.25), "112 years", "112 lat"), (timedelta(), "0 minutes", "0 minut"),
    ],
)  # fmt: skip
def test_durations_are_shown_in_a_readable_unit(span: timedelta, english: str, polish: str) -> None:
    assert (in_words(span), in_words_pl(span)) == (english, polish)


def test_the_engine_has_a_default_clock(tmp_path: Path) -> None:
    """``datetime.now`` is aware there: the comparison with a printer's would fail otherwise."""

    async def main() -> None:
        async with shop(tmp_path) as it:
            printers = [actor.printer for actor in it.engine._actors.values()]
            assert Engine(printers, it.journal, it.gate).printer("till1").state is PrinterState.STARTING

    virtual.run(main())


@pytest.mark.parametrize(("family", "profile"), [("posnet", None), ("thermal", None)])
def test_texts_mention_a_started_document_only_if_there_is_one(
    tmp_path: Path, family: str, profile: str | None
) -> None:
    started, waits = "Stan rozpoczętego dokumentu zostanie ustalony.", "Dokument czeka i zostanie wydrukowany"

    async def main() -> None:
        async with shop(tmp_path, till(family, profile)) as it:
            await it.until(PrinterState.READY)
            await it.print("FV/0")
            closing = "trend" if family == "posnet" else "$y"
            receive = it.till.device.receive
            it.till.device.faults.plan(Fault(act=FaultKind.DROP_BEFORE, command=closing))
            await it.submit("FV/1")
            await it.submit("FV/2")
            while it.till.register.state.transaction is None:
                await anyio.sleep(0.001)
            await anyio.sleep(1)
            it.till.device.receive = lambda data, now: None
            await it.until(PrinterState.OFFLINE, seconds=200)
            status = it.engine.printer("till1")
            first, second = await it.engine.job("FV/1"), await it.engine.job("FV/2")
            assert (first.state, second.state) == (JobState.RUNNING, JobState.ACCEPTED)
            assert first.waiting is not None
            assert second.waiting is not None
            assert status.problem is not None
            assert started in first.waiting.detail_pl
            assert waits not in first.waiting.detail_pl
            assert waits in second.waiting.detail_pl
            assert started not in second.waiting.detail_pl
            assert started not in status.problem.detail_pl
            assert (first.waiting.document, second.waiting.document) == ("unknown", "not_printed")
            it.till.device.receive = receive
            for key in ("FV/1", "FV/2"):
                assert (await it.engine.wait(key, 60)).state is JobState.DONE

    virtual.run(main())
