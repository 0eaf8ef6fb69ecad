"""Receipts in a row: when one may start from what the one before it left, and when everything is read again."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import anyio
import pytest

from fiscald.emulator.faults import Switch
from fiscald.engine.baseline import FRESH, MAX_AGE, KeptBaseline
from fiscald.model.documents import Submission
from fiscald.model.jobs import JobState, JournalConfirmation
from fiscald.model.printers import Counters
from fiscald.model.raw_command import RawCommand
from fiscald.protocols.base import Baseline
from tests import virtual
from tests.engine.shop import RECEIPT, START, Shop, Till, shop

FAMILIES = pytest.mark.parametrize("family", ["posnet", "thermal"])


def watch(it: Shop) -> list[str]:
    """The names of the commands that the printer carries out from now on."""
    faults, sent = it.till.device.faults, []
    real = faults.next_faults

    def next_faults(command: str) -> Any:
        sent.append(command)
        return real(command)

    faults.next_faults = next_faults
    return sent


def read_whole(sent: list[str]) -> bool:
    """Whether more was asked than a receipt in a row asks: the totals, or more than ``50#s``, ``23#s``, ``50#s``."""
    return "stot" in sent or sent.count("#s") > 3


@FAMILIES
def test_the_second_receipt_asks_only_what_can_have_changed(tmp_path: Path, family: str) -> None:
    async def main() -> None:
        async with shop(tmp_path, Till("till1", family=family)) as it:
            await it.print("Z1")
            sent = watch(it)
            job = await it.print("Z2")
            assert (job.state, read_whole(sent)) == (JobState.DONE, False)
            assert job.result is not None
            assert job.result.number == 2

    virtual.run(main())


@FAMILIES
def test_the_polls_of_an_idle_printer_keep_the_baseline(tmp_path: Path, family: str) -> None:
    async def main() -> None:
        async with shop(tmp_path, Till("till1", family=family)) as it:
            await it.print("Z1")
            await anyio.sleep(600.2)
            sent = watch(it)
            assert (await it.print("Z2")).state is JobState.DONE
            assert not read_whole(sent)

    virtual.run(main())


async def _slip(it: Shop) -> None:
    job = await it.engine.submit(
        "W1", Submission.model_validate({"printer": "till1", "document": {"type": "cash_in", "amount": "5.00"}})
    )
    assert job[1]
    assert (await it.engine.wait("W1", 60)).state is JobState.DONE


async def _raw(it: Shop) -> None:
    await it.engine.raw("till1", RawCommand(command="scnt" if it.till.family == "posnet" else "23#s"))


async def _power_cut(it: Shop) -> None:
    it.till.device.power(on=False)
    it.till.pull()
    await anyio.sleep(20)
    it.till.device.power(on=True)
    it.till.plugged = True
    await anyio.sleep(20)


async def _keypad_report(it: Shop) -> None:
    it.till.device.keypad_report()
    await anyio.sleep(5)


async def _other_program(it: Shop) -> None:
    it.till.device.foreign_receipt()
    await anyio.sleep(5)
    await it.engine.confirm_journal("till1", JournalConfirmation(by="Anna"))


@FAMILIES
@pytest.mark.parametrize("happens", [_slip, _raw, _power_cut, _keypad_report, _other_program])
def test_everything_is_read_again_after(tmp_path: Path, family: str, happens: Callable[[Shop], Any]) -> None:
    async def main() -> None:
        async with shop(tmp_path, Till("till1", family=family)) as it:
            await it.print("Z1")
            await happens(it)
            sent = watch(it)
            await it.submit("Z2")
            job = await it.engine.wait("Z2", 60)
            assert job.state is JobState.DONE, job
            assert read_whole(sent)
            sent.clear()
            assert (await it.print("Z3")).state is JobState.DONE
            assert not read_whole(sent)

    virtual.run(main())


@FAMILIES
def test_expect_last_reads_everything_again(tmp_path: Path, family: str) -> None:
    async def main() -> None:
        async with shop(tmp_path, Till("till1", family=family)) as it:
            await it.print("Z1")
            sent = watch(it)
            submission = {"printer": "till1", "document": RECEIPT, "expect_last": 1}
            await it.engine.submit("Z2", Submission.model_validate(submission))
            assert (await it.engine.wait("Z2", 60)).state is JobState.DONE
            assert read_whole(sent)

    virtual.run(main())


@FAMILIES
def test_everything_is_read_again_on_a_shared_printer(tmp_path: Path, family: str) -> None:
    async def main() -> None:
        async with shop(tmp_path, Till("till1", family=family), shared=True) as it:
            await it.print("Z1")
            sent = watch(it)
            assert (await it.print("Z2")).state is JobState.DONE
            assert read_whole(sent)

    virtual.run(main())


@FAMILIES
def test_a_receipt_whose_paper_did_not_come_out_leaves_nothing(tmp_path: Path, family: str) -> None:
    async def main() -> None:
        async with shop(tmp_path, Till("till1", family=family)) as it:
            await it.print("Z1")
            actor = it.engine._actors["till1"]
            it.till.device.faults.switches.add(Switch.PAPER_OUT)
            await it.submit("Z2")
            await anyio.sleep(5)
            assert actor._runner.baseline.kept(anyio.current_time()) is None
            it.till.device.faults.switches.clear()
            assert (await it.engine.wait("Z2", 60)).state is JobState.DONE

    virtual.run(main())


def test_the_time_of_a_receipt_follows_the_printers_clock(tmp_path: Path) -> None:
    """A printer that reports seconds is not asked for each receipt; the host's clock plays no part."""

    async def main() -> None:
        async with shop(tmp_path) as it:
            await it.print("Z1")
            await anyio.sleep(75.5)
            it.host_clock_off = timedelta(hours=3)
            sent = watch(it)
            job = await it.print("Z2")
            assert "rtcget" not in sent
            assert job.result is not None
            assert job.result.printed_at is not None
            now = START + timedelta(seconds=anyio.current_time())
            assert timedelta(0) <= now - job.result.printed_at < timedelta(seconds=2)
            assert job.result.printed_at.microsecond == 0

    virtual.run(main())


# -- the rule itself -------------------------------------------------------------------------------------

COUNTERS = Counters(daily_report=1, last_receipt=1, receipts=1, cancelled=0, printouts=1)
LEFT: Baseline[Any] = Baseline(
    look=None, printer_id="EMU 1", fiscal=True, transaction_open=False, rates={}, standing=None, counters=COUNTERS
)


def test_a_baseline_serves_for_a_moment_and_is_kept_for_a_minute() -> None:
    kept = KeptBaseline()
    assert kept.kept(0.0) is None
    kept.keep(LEFT, 10.0, read_again=True)
    assert kept.usable(10.0 + FRESH) is LEFT
    assert kept.usable(10.1 + FRESH) is None
    assert kept.kept(10.0 + MAX_AGE) is LEFT
    kept.still_holds(40.0)
    assert kept.usable(40.0 + FRESH) is LEFT
    kept.keep(LEFT, 60.0, read_again=False)
    assert kept.usable(60.1) is LEFT
    assert kept.usable(10.1 + MAX_AGE) is None, "a row of receipts does not make old values new"
    kept.keep(LEFT, 80.0, read_again=True)
    kept.forget()
    assert kept.kept(80.0) is None


def test_a_status_read_keeps_a_baseline_that_it_confirms(tmp_path: Path) -> None:
    async def main() -> None:
        async with shop(tmp_path) as it:
            await it.print("Z1")
            actor = it.engine._actors["till1"]
            baseline = actor._runner.baseline.kept(anyio.current_time())
            assert baseline is not None
            await anyio.sleep(60)
            snapshot = actor.snapshot
            assert snapshot is not None
            for change in (
                {"counters": COUNTERS.model_copy(update={"printouts": 9})},
                {"rates": snapshot.rates | {"A": "22%"}},
                {"transaction_open": True},
                {"identity": snapshot.identity.model_copy(update={"printer_id": "EMU 2"})},
            ):
                kept = KeptBaseline()
                kept.keep(baseline, 0.0, read_again=True)
                kept.compare(snapshot, 50.0)
                assert kept.kept(100.0) is baseline
                kept.compare(snapshot.model_copy(update=change), 60.0)
                assert kept.kept(60.0) is None, change

    virtual.run(main())
