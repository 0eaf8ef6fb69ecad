"""Stopping the daemon, and a journal that fails."""

from __future__ import annotations

from pathlib import Path

import anyio
import pytest

from fiscald.journal import Phase
from fiscald.model.documents import Submission
from fiscald.model.jobs import JobState
from fiscald.model.printers import PrinterState
from fiscald.model.problems import problem
from tests import virtual
from tests.engine.shop import RECEIPT, Till, refusal, shop


def test_stopping_finishes_the_running_document_and_starts_no_other(tmp_path: Path) -> None:
    async def main() -> None:
        till = Till("till1")
        till.device.slowness = 5.0
        async with shop(tmp_path, till) as it:
            await it.until(PrinterState.READY)
            await it.submit("FV/1")
            await it.submit("FV/2")
            while it.phase("FV/1") is not Phase.COMMITTING:
                await anyio.sleep(0.01)
            await it.engine.stop(60)
            assert it.phase("FV/1") is Phase.DONE
            assert it.phase("FV/2") is Phase.ACCEPTED
            with refusal("daemon.stopping"):
                await it.submit("FV/3")

    virtual.run(main())


@pytest.mark.parametrize("swapped", [False, True], ids=["undecided", "swapped"])
def test_stopping_does_not_wait_for_manual_action(tmp_path: Path, *, swapped: bool) -> None:
    async def main() -> None:
        known = Till("till1")
        async with shop(tmp_path, known) as it:
            await it.print("FV/1")
            await it.engine.stop(60)
        async with shop(tmp_path, Till("till1", 2) if swapped else known) as it:
            store = it.journal.store
            submission = Submission.model_validate({"printer": "till1", "document": RECEIPT})
            store.accept("FV/2", submission, (), None)
            store.start("FV/2", {})
            if not swapped:
                store.finish("FV/2", Phase.UNDECIDED, error=problem("printer.unproven", reason="?", cause="vanished"))
            await it.until(PrinterState.SWAPPED if swapped else PrinterState.UNDECIDED)
            began = anyio.current_time()
            await it.engine.stop(60)
            assert anyio.current_time() - began < 1

    virtual.run(main())


def test_a_job_is_accepted_only_when_durable(tmp_path: Path) -> None:
    async def main() -> None:
        async with shop(tmp_path) as it:
            await it.until(PrinterState.READY)
            it.journal.full_at = "accept"
            with refusal("daemon.journal"):
                await it.submit("FV/1")
            it.journal.make_room()
            with refusal("job.unknown"):
                await it.engine.job("FV/1")

    virtual.run(main())


@pytest.mark.parametrize("transaction", ["start", "commit", "finish"])
def test_a_full_disk_during_a_document_loses_and_doubles_nothing(tmp_path: Path, transaction: str) -> None:
    async def main() -> None:
        async with shop(tmp_path) as it:
            await it.until(PrinterState.READY)
            it.journal.full_at = transaction
            await it.submit("FV/1")
            await anyio.sleep(30)
            assert not (await it.engine.job("FV/1")).state.final
            assert it.engine.printer("till1").state is PrinterState.OUT_OF_ORDER
            assert it.till.receipts == (1 if transaction == "finish" else 0)
            it.journal.make_room()
            job = await it.engine.wait("FV/1", 20)
            assert job.state is JobState.DONE
            assert it.till.receipts == 1

    virtual.run(main())
