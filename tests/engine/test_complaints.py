"""What users of other products complain about, and no other test shows (the list is docs/complaints.md)."""

from __future__ import annotations

from pathlib import Path

import anyio

from fiscald.emulator.faults import Fault, FaultKind, Switch
from fiscald.emulator.posnet import FACTORY
from fiscald.emulator.server import PortServer
from fiscald.model.jobs import JobState, Paper
from fiscald.model.printers import PrinterState
from tests import virtual
from tests.engine.shop import Till, shop

REPORT = {"type": "daily_report"}


def test_paper_out_after_registration_is_success_with_a_pending_sheet(tmp_path: Path) -> None:
    async def main() -> None:
        async with shop(tmp_path) as it:
            await it.until(PrinterState.READY)
            it.till.device.faults.plan(Fault(act=FaultKind.SWITCH, command="eclastdocnoget", switch=Switch.PAPER_LOW))
            it.till.device.faults.plan(Fault(act=FaultKind.SWITCH, command="scnt", nth=3, switch=Switch.PAPER_OUT))
            job = await it.print("FV/1")
            assert (job.state, job.paper) == (JobState.DONE, Paper.PENDING)
            assert job.result is not None
            assert job.result.number == 1

    virtual.run(main())


def test_a_report_that_the_cashier_cancels_on_the_keypad_ends(tmp_path: Path) -> None:
    """The printer asks, the cashier says no: the job reports it, and printing continues."""

    async def main() -> None:
        till = Till("till1")
        till.device = FACTORY(till.register, profile="old")
        till.server = PortServer(till.device)
        async with shop(tmp_path, till) as it:
            await it.until(PrinterState.READY)
            await it.print("FV/1")
            await it.submit("Z/1", REPORT)
            await it.until(PrinterState.ATTENTION)
            job = await it.engine.job("Z/1")
            assert job.waiting is not None
            assert "Drukarka czeka na obsługę" in job.waiting.detail_pl
            await anyio.sleep(1800)
            assert not (await it.engine.job("Z/1")).state.final, "a person may take his time"
            till.device.press(confirm=False)
            till.server.wake()
            job = await it.engine.wait("Z/1", 30)
            assert job.state is JobState.FAILED
            assert job.error is not None
            assert job.error.device_code is not None
            assert job.error.device_code.startswith("10 ")
            assert till.register.state.reports == 0
            assert (await it.print("FV/2")).state is JobState.DONE

    virtual.run(main())


def test_a_report_waits_when_the_paper_runs_out(tmp_path: Path) -> None:
    async def main() -> None:
        async with shop(tmp_path) as it:
            await it.print("FV/1")
            it.till.device.faults.plan(Fault(act=FaultKind.SWITCH, command="dailyrep", switch=Switch.PAPER_OUT))
            await it.submit("Z/1", REPORT)
            await it.until(PrinterState.PAPER_OUT)
            await anyio.sleep(3600)
            it.till.device.faults.clear()
            it.till.server.wake()
            job = await it.engine.wait("Z/1", 20)
            assert job.state is JobState.DONE
            assert it.till.register.state.reports == 1
            assert (await it.print("FV/2")).state is JobState.DONE

    virtual.run(main())
