"""What a printer may have counted without any doubt about its journal."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import anyio
import pytest

from fiscald.emulator.faults import Fault, FaultKind, Switch
from fiscald.journal import Phase
from fiscald.model.jobs import JobState, Resolution, Verdict
from fiscald.model.printers import PrinterState
from fiscald.model.raw_command import RawCommand
from tests import virtual
from tests.engine.past import FORM, REPORT, SLIP
from tests.engine.shop import RECEIPT, Shop, Till, shop


def quietly(tmp_path: Path, first: Callable[[Shop], Any], between: Callable[[Till], Any] = lambda _: None) -> None:
    """A shop without faults, closed and opened again."""
    state, till = tmp_path / "state", Till("till1")

    async def main() -> None:
        async with shop(state, till) as it:
            await it.until(PrinterState.READY)
            await first(it)
        between(till)
        async with shop(state, till) as it:
            assert (await it.print("last")).state is JobState.DONE
            assert it.engine.printer("till1").state is PrinterState.READY

    virtual.run(main())


def test_a_keypad_report_is_normal(tmp_path: Path) -> None:
    async def first(it: Shop) -> None:
        await it.print("Z1")
        await anyio.sleep(60)
        it.till.device.keypad_report()
        await anyio.sleep(60)
        assert it.engine.printer("till1").state is PrinterState.READY
        assert (await it.print("Z2")).state is JobState.DONE
        await anyio.sleep(60)

    quietly(tmp_path, first, lambda till: till.device.keypad_report())


def test_keypad_sheets_are_normal_while_fiscald_is_connected(tmp_path: Path) -> None:
    """Also with a report right after them, between two polls."""

    async def first(it: Shop) -> None:
        await it.print("Z1")
        it.till.register.ledger.slip()
        await anyio.sleep(60)
        it.till.register.ledger.slip()
        it.till.device.keypad_report()
        await anyio.sleep(60)
        assert it.engine.printer("till1").state is PrinterState.READY

    quietly(tmp_path, first, lambda till: till.device.keypad_report())


def test_the_last_counters_survive_a_restart(tmp_path: Path) -> None:
    async def first(it: Shop) -> None:
        await it.print("Z1")
        it.till.register.ledger.slip()
        await anyio.sleep(90)

    quietly(tmp_path, first, lambda till: till.device.keypad_report())


def test_our_cancelled_attempt_is_expected(tmp_path: Path) -> None:
    """Its sheet came out, and a report was made on the keypad before the next poll."""

    async def first(it: Shop) -> None:
        it.till.device.slowness = 20
        await it.submit("Z1", RECEIPT)
        while it.phase("Z1") is not Phase.STARTED or it.till.register.state.transaction is None:
            await anyio.sleep(0.001)
        await anyio.sleep(0.3)
        it.till.device.keypad_cancel()
        assert (await it.engine.wait("Z1", 60)).state is JobState.FAILED
        it.till.device.slowness = 0

    quietly(tmp_path, first, lambda till: till.device.keypad_report())


@pytest.mark.parametrize("document", [RECEIPT, SLIP, FORM, REPORT])
def test_our_running_document_is_expected(tmp_path: Path, document: dict[str, Any]) -> None:
    """The daemon is killed when the printer has it, before any answer."""
    state, till = tmp_path / "state", Till("till1")

    async def main() -> None:
        async with shop(state, till) as it:
            await it.print("Z0")
            it.journal.full_at = "finish"
            await it.submit("Z1", document)
            await it.until(PrinterState.OUT_OF_ORDER)
            assert it.phase("Z1") is Phase.COMMITTING
            printed = till.register.state.printout_count
        async with shop(state, till) as it:
            assert (await it.engine.wait("Z1", 60)).state is JobState.DONE
            assert (await it.print("Z2")).state is JobState.DONE
            assert till.register.state.printout_count == printed + 1
            assert it.engine.printer("till1").state is PrinterState.READY

    virtual.run(main())


def test_a_receipt_pending_in_the_printer_is_expected(tmp_path: Path) -> None:
    """Its closing command waits for paper while the daemon starts and polls, more than once."""
    state, till = tmp_path / "state", Till("till1")

    async def main() -> None:
        async with shop(state, till) as it:
            await it.print("Z0")
            till.device.faults.plan(Fault(act=FaultKind.SWITCH, command="trend", switch=Switch.PAPER_OUT))
            await it.submit("Z1")
            await it.until(PrinterState.PAPER_OUT)
            assert it.phase("Z1") is Phase.COMMITTING
        async with shop(state, till) as it:
            for _ in range(3):
                await it.until(PrinterState.PAPER_OUT)
                till.pull()
                await it.until(PrinterState.OFFLINE)
                till.put_back()
            await it.until(PrinterState.PAPER_OUT)
            assert till.receipts == 1
            till.device.faults.switches.clear()
            assert (await it.engine.wait("Z1", 60)).state is JobState.DONE
            await anyio.sleep(60)
            assert (it.engine.printer("till1").state, till.receipts) == (PrinterState.READY, 2)

    virtual.run(main())


@pytest.mark.parametrize("verdict", ["printed", "not_printed"])
def test_an_undecided_receipt_is_expected_after_either_decision(tmp_path: Path, verdict: Verdict) -> None:
    state, till = tmp_path / "state", Till("till1")

    async def main() -> None:
        async with shop(state, till) as it:
            it.journal.full_at = "finish"
            await it.submit("Z1")
            await it.until(PrinterState.OUT_OF_ORDER)
        till.device.keypad_report()
        async with shop(state, till) as it:
            job = await it.engine.wait("Z1", 60)
            assert job.error is not None
            assert (job.state, (job.error.model_extra or {})["cause"]) == (JobState.UNDECIDED, "report_between")
            await it.until(PrinterState.UNDECIDED)
            await it.engine.resolve("Z1", Resolution(verdict=verdict, by="Anna"))
            assert (await it.print("Z2")).state is JobState.DONE

    virtual.run(main())


@pytest.mark.parametrize("killed", [False, True])
def test_a_receipt_made_with_raw_commands_is_expected(tmp_path: Path, *, killed: bool) -> None:
    state, till = tmp_path / "state", Till("till1")
    commands = ("trinit", "trline|naKawa|vt0|pr1000", "trpayment|ty0|wa1000", "trend|to1000|fp1000")

    async def main() -> None:
        async with shop(state, till) as it:
            await it.print("Z1")
            for command in commands:
                answer = await it.engine.raw("till1", RawCommand(command=command))
                assert answer.refusal is None, answer
            if not killed:
                await anyio.sleep(90)
                assert it.engine.printer("till1").state is PrinterState.READY
        assert till.receipts == 2
        async with shop(state, till) as it:
            assert (await it.print("Z2")).state is JobState.DONE

    virtual.run(main())
