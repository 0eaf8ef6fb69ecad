"""Doubt: silence, lost links, noise, power cuts, a killed daemon. Never sent twice, never claimed unknown as known."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import anyio
import pytest

from fiscald.emulator.faults import Fault, FaultKind
from fiscald.emulator.memory import Goods
from fiscald.engine.line import SECONDS
from fiscald.journal import Phase
from fiscald.model.jobs import Job, JobState
from fiscald.model.printers import PrinterState
from fiscald.protocols.base import Deadline
from tests import virtual
from tests.engine.shop import RECEIPT, Shop, Till, shop

REPORT: dict[str, Any] = {"type": "daily_report"}
CASH: dict[str, Any] = {"type": "cash_in", "amount": "5.00"}
PRINTOUT: dict[str, Any] = {"type": "printout", "lines": ["Żurek x 2", {"rule": True}]}
COMMANDS = ["trinit", "trline", "trpayment", "trend"]


def agrees(it: Shop, job: Job) -> None:
    """The verdict agrees with the register, which holds nothing twice."""
    assert job.state in (JobState.DONE, JobState.FAILED)
    assert it.till.receipts == (job.state is JobState.DONE)
    if job.result is not None:
        sheet = next(s for s in it.till.register.printouts if s.kind == "receipt")
        assert job.result.number == sheet.facts["number"]


@pytest.mark.parametrize(
    "act",
    [
        FaultKind.DROP_BEFORE,
        FaultKind.DROP_AFTER,
        FaultKind.BAD_CRC,
        FaultKind.TRUNCATE,
        FaultKind.DUPLICATE,
        FaultKind.NOISE,
        FaultKind.CORRUPT_IN,
    ],
)
@pytest.mark.parametrize("command", [*COMMANDS, "scnt", "sfsk", "scomm", "strns", "sdev", "rtcget", "eclastdocnoget"])
def test_every_single_disturbed_command_is_recovered(tmp_path: Path, command: str, act: FaultKind) -> None:
    async def main() -> None:
        async with shop(tmp_path) as it:
            await it.until(PrinterState.READY)
            it.till.device.faults.plan(Fault(act=act, command=command))
            job = await it.print("FV/1")
            agrees(it, job)
            assert job.state is JobState.DONE, job.error

    virtual.run(main())


@pytest.mark.parametrize("act", [FaultKind.POWER_CUT_BEFORE, FaultKind.POWER_CUT_AFTER])
@pytest.mark.parametrize("command", COMMANDS)
def test_a_power_cut_of_the_printer(tmp_path: Path, command: str, act: FaultKind) -> None:
    async def main() -> None:
        async with shop(tmp_path) as it:
            await it.until(PrinterState.READY)
            it.till.device.faults.plan(Fault(act=act, command=command))
            await it.submit("FV/1")
            await it.until(PrinterState.OFFLINE)
            job = await it.engine.wait("FV/1", 60)
            assert not job.state.final, "the outcome is unknown while the printer is off"
            it.till.device.power(on=True)
            job = await it.engine.wait("FV/1", 20)
            agrees(it, job)
            assert job.state is JobState.DONE

    virtual.run(main())


@pytest.mark.parametrize("document", [RECEIPT, REPORT, CASH, PRINTOUT], ids=lambda d: d["type"])
@pytest.mark.parametrize("killed", [False, True], ids=["reconnect", "restart"])
def test_the_cable_is_pulled_at_every_command(tmp_path: Path, document: dict[str, Any], *, killed: bool) -> None:
    """Before and after every command of the document; then the daemon reconnects, or is killed and started."""

    async def count() -> int:
        async with shop(tmp_path / "count") as it:
            await it.until(PrinterState.READY)
            return await watch(it, document, cut_at=None)

    async def main(cut_at: int, *, executed: bool, directory: Path) -> None:
        till = Till("till1")
        async with shop(directory, till) as it:
            await it.until(PrinterState.READY)
            await watch(it, document, cut_at=cut_at, executed=executed)
            if not killed:
                await anyio.sleep(5)
                till.put_back()
                await judge(it, till)
                return
        till.put_back()
        async with shop(directory, till) as it:
            await judge(it, till)

    async def judge(it: Shop, till: Till) -> None:
        job = await it.engine.wait("X", 20)
        assert job.state is JobState.DONE, (job.state, job.error)
        kinds = [sheet.kind for sheet in till.register.printouts if not sheet.kind.startswith("cancelled")]
        assert kinds == ["form" if document is PRINTOUT else document["type"]]

    async def watch(it: Shop, document: dict[str, Any], *, cut_at: int | None, executed: bool = False) -> int:
        """Submit; at the ``cut_at``-th command pull the cable before or after the printer executes it."""
        seen = 0
        receive = it.till.device.receive

        def spy(data: bytes, now: float) -> None:
            nonlocal seen
            seen += 1
            if seen != cut_at:
                receive(data, now)
                return
            if executed:
                receive(data, now)
            it.till.pull()

        it.till.device.receive = spy
        await it.submit("X", document)
        if cut_at is None:
            await it.engine.wait("X", 20)
        else:
            await it.until(PrinterState.OFFLINE)
        it.till.device.receive = receive
        return seen

    commands = virtual.run(count())
    assert commands > 8
    for cut_at in range(1, commands + 1):
        for executed in (False, True):
            virtual.run(main(cut_at, executed=executed, directory=tmp_path / f"{cut_at}-{executed}"))


def test_a_killed_daemon_recovers_the_outcome(tmp_path: Path) -> None:
    async def main() -> None:
        till = Till("till1")
        till.device.slowness = 10.0
        async with shop(tmp_path, till) as it:
            await it.until(PrinterState.READY)
            await it.submit("FV/1")
            while it.phase("FV/1") is not Phase.COMMITTING:
                await anyio.sleep(0.01)
        async with shop(tmp_path, till) as it:
            assert (await it.engine.job("FV/1")).state is JobState.RUNNING
            job = await it.engine.wait("FV/1", 20)
            assert job.state is JobState.DONE
            assert job.result is not None
            assert job.result.number == 1
            assert till.receipts == 1

    virtual.run(main())


def test_a_job_that_never_succeeds_fails_in_the_end(tmp_path: Path) -> None:
    """DialogueAborted again and again, each time provably not printed."""

    async def main() -> None:
        async with shop(tmp_path) as it:
            await it.until(PrinterState.READY)
            for nth in (1, 2, 3):
                it.till.device.faults.plan(Fault(act=FaultKind.DROP_BEFORE, command="trend", nth=nth))
            job = await it.print("FV/1", seconds=30)
            assert job.state is JobState.FAILED
            assert job.attempts == 3
            assert job.error is not None
            assert job.error.code == "printer.interrupted"
            assert it.till.receipts == 0
            assert it.till.register.state.transaction is None

    virtual.run(main())


def test_a_refusal_by_the_printer_is_a_definite_answer(tmp_path: Path) -> None:
    async def main() -> None:
        async with shop(tmp_path) as it:
            await it.until(PrinterState.READY)
            it.till.register.state.goods["kawa"] = Goods(rate=2, lowered=True)
            job = await it.print("FV/1")
            assert job.state is JobState.FAILED
            assert job.error is not None
            assert job.error.device_code == "2106 ERR_DF_DB_LOCKED"
            assert job.attempts == 1
            assert (await it.engine.job("FV/1")).error == job.error

    virtual.run(main())


def test_a_silent_printer_is_offline_without_a_verdict(tmp_path: Path) -> None:
    async def main() -> None:
        async with shop(tmp_path) as it:
            await it.until(PrinterState.READY)
            receive = it.till.device.receive
            it.till.device.receive = lambda data, now: None
            await it.submit("FV/1")
            await it.until(PrinterState.OFFLINE, seconds=SECONDS[Deadline.QUERY] + 1)
            status = it.engine.printer("till1")
            assert status.problem is not None
            assert status.problem.code == "link.silent"
            assert (await it.engine.job("FV/1")).state is JobState.ACCEPTED
            it.till.device.receive = receive
            assert (await it.engine.wait("FV/1", 20)).state is JobState.DONE

    virtual.run(main())
