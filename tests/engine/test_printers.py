"""What is known about printers: clear states, fresh or stale, never blocked by printing."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from types import ModuleType
from typing import Any

import anyio
import pytest

from fiscald.emulator.faults import Switch
from fiscald.engine import actor
from fiscald.journal import Phase
from fiscald.model.jobs import JobState
from fiscald.model.printers import PrinterState
from fiscald.model.problems import Fate, ProblemError
from fiscald.protocols import family as find_family
from fiscald.protocols.posnet import course, receipt
from fiscald.transport import ByteStream
from tests import virtual
from tests.engine.shop import RECEIPT, Till, shop


def test_a_printer_that_is_ready(tmp_path: Path) -> None:
    async def main() -> None:
        async with shop(tmp_path) as it:
            assert it.engine.printer("till1").state is PrinterState.STARTING
            await it.until(PrinterState.READY)
            status = it.engine.printer("till1")
            assert status.identity is not None
            assert status.identity.printer_id == "EMU 0000000001"
            assert status.vat is not None
            assert status.vat["A"] == "23%"
            assert not status.stale
            assert status.age_ms is not None
            assert status.age_ms < 3000
            assert status.documents == find_family("posnet").documents

    virtual.run(main())


def test_the_status_stays_fresh_and_follows_the_counters(tmp_path: Path) -> None:
    async def main() -> None:
        async with shop(tmp_path) as it:
            await it.print("FV/1")
            await anyio.sleep(5)
            status = it.engine.printer("till1")
            assert status.counters is not None
            assert (status.counters.receipts, status.counters.last_receipt) == (1, 1)
            assert status.day_open
            it.till.device.foreign_receipt()
            await anyio.sleep(60)
            status = it.engine.printer("till1")
            assert status.counters is not None
            assert status.counters.receipts == 2
            assert status.age_ms is not None
            assert status.age_ms < 3000

    virtual.run(main())


def test_a_change_of_the_counters_is_reported_once(tmp_path: Path) -> None:
    """Listeners learn of another program's receipt, though the printer is idle before and after."""

    async def main() -> None:
        async with shop(tmp_path, shared=True) as it:
            await it.until(PrinterState.READY)
            change = it.engine.changes.next()
            assert not await change(300), "without a change there is no event"
            it.till.device.foreign_receipt()
            assert await change(actor.STATUS_INTERVAL + actor.POLL_INTERVAL)
            counters = it.engine.printer("till1").counters
            assert counters is not None
            assert counters.receipts == 1
            assert not await it.engine.changes.next()(300)

    virtual.run(main())


def test_a_printer_that_is_off(tmp_path: Path) -> None:
    async def main() -> None:
        till = Till("till1")
        till.pull()
        async with shop(tmp_path, till) as it:
            await it.until(PrinterState.OFFLINE)
            status = it.engine.printer("till1")
            assert status.stale
            assert status.age_ms is None
            assert status.problem is not None
            assert status.problem.code == "link.absent"
            assert "memory://till1" in status.problem.detail
            job = await it.submit("FV/1")
            assert job.waiting is not None
            assert job.waiting.code == "link.absent"
            assert job.waiting.document is Fate.NOT_PRINTED
            assert it.engine.printer("till1").queue == 1
            till.put_back()
            await it.until(PrinterState.READY, seconds=10)

    virtual.run(main())


def test_the_queue_is_counted_in_every_state_of_the_printer(tmp_path: Path) -> None:
    async def main() -> None:
        till = Till("till1")
        till.pull()
        async with shop(tmp_path, till) as it:
            for key in "ABCD":
                await it.submit(key)
            assert it.engine.printer("till1").queue == 4, "while it is away"
        async with shop(tmp_path, till) as it:
            await it.until(PrinterState.OFFLINE)
            assert it.engine.printer("till1").queue == 4, "of an earlier life"
            change = it.engine.changes.next()
            await it.engine.withdraw("A")
            assert it.engine.printer("till1").queue == 3
            assert await change(0), "listeners get the event"
            till.device.faults.plan(_switch("trend", Switch.PAPER_OUT))
            till.put_back()
            await it.until(PrinterState.PAPER_OUT)
            assert (it.engine.printer("till1").job, it.engine.printer("till1").queue) == ("B", 2)
            await it.submit("E")
            assert it.engine.printer("till1").queue == 3, "while a job is in the printer"
            till.device.faults.clear()
            till.server.wake()
            assert (await it.engine.wait("E", 20)).state is JobState.DONE
            assert it.engine.printer("till1").queue == 0

    virtual.run(main())


def test_the_queue_is_counted_once_the_journal_can_be_read(tmp_path: Path) -> None:
    async def main() -> None:
        till = Till("till1")
        till.pull()
        async with shop(tmp_path, till) as it:
            await it.submit("A")
        async with shop(tmp_path, till) as it:
            it.journal.fails_once = "waiting"
            await anyio.sleep(1)
            assert it.engine.printer("till1").queue == 0
            await anyio.sleep(5)
            assert it.engine.printer("till1").queue == 1

    virtual.run(main())


def test_reconnecting_never_ends_and_backs_off(tmp_path: Path) -> None:
    async def main() -> None:
        async with shop(tmp_path) as it:
            await it.until(PrinterState.READY)
            it.till.pull()
            await it.until(PrinterState.OFFLINE)
            status = it.engine.printer("till1")
            assert status.identity is not None, "the last known is kept, and marked stale"
            assert status.stale
            await anyio.sleep(3600)
            it.till.put_back()
            await it.until(PrinterState.READY, seconds=10)
            assert it.till.connections == 2

    virtual.run(main())


def test_attempts_to_connect_are_spread(tmp_path: Path) -> None:
    """Twice as far apart each time, up to five seconds; and many daemons at one terminal server do not keep step."""
    moments: list[float] = []

    class Absent(Till):
        async def open(self) -> ByteStream:
            moments.append(anyio.current_time())
            return await super().open()

    async def main() -> None:
        till = Absent("till1")
        till.pull()
        async with shop(tmp_path, till):
            await anyio.sleep(600)
        pauses = [later - earlier for earlier, later in pairwise(moments)]
        for pause, middle in zip(pauses[:5], (0.2, 0.4, 0.8, 1.6, 3.2), strict=True):
            assert 0.8 * middle - 0.001 <= pause <= 1.2 * middle + 0.001
        assert all(4 - 0.001 <= pause <= 6 + 0.001 for pause in pauses[5:])
        assert min(pauses[5:]) < 4.8
        assert max(pauses[5:]) > 5.2

    virtual.run(main())


def test_a_finished_job_has_no_reason_to_wait(tmp_path: Path) -> None:
    """In every present condition of the printer."""

    async def main() -> None:
        async with shop(tmp_path) as it:
            await it.print("A")
            it.till.pull()
            await it.until(PrinterState.OFFLINE)
            assert (await it.engine.job("A")).waiting is None
            assert (await it.submit("B")).waiting is not None

    virtual.run(main())


@pytest.mark.parametrize(
    ("switch", "state", "code"),
    [
        (Switch.PAPER_OUT, PrinterState.PAPER_OUT, "printer.paper_out"),
        (Switch.COVER, PrinterState.COVER_OPEN, "printer.cover_open"),
        (Switch.MENU, PrinterState.ATTENTION, "printer.attention"),
    ],
)
def test_a_printer_that_cannot_print_makes_jobs_wait_and_says_why(
    tmp_path: Path, switch: Switch, state: PrinterState, code: str
) -> None:
    async def main() -> None:
        async with shop(tmp_path) as it:
            await it.until(PrinterState.READY)
            it.till.device.faults.switches.add(switch)
            await it.submit("FV/1")
            await it.until(state)
            job = await it.engine.wait("FV/1", 300)
            assert job.state is JobState.ACCEPTED
            assert job.waiting is not None
            assert job.waiting.code == code
            assert job.waiting.detail_pl
            assert it.till.receipts == 0
            it.till.device.faults.clear()
            assert (await it.engine.wait("FV/1", 30)).state is JobState.DONE

    virtual.run(main())


def test_a_document_waits_without_limit_for_new_paper(tmp_path: Path) -> None:
    """The printer keeps the command and answers once paper is back; nothing is sent again (9.4 rule 5)."""

    async def main() -> None:
        async with shop(tmp_path) as it:
            await it.until(PrinterState.READY)
            commands: list[bytes] = []
            receive = it.till.device.receive

            def spy(data: bytes, now: float) -> None:
                commands.append(data)
                receive(data, now)

            it.till.device.receive = spy
            it.till.device.faults.plan(_switch("trend", Switch.PAPER_OUT))
            await it.submit("FV/1")
            await it.until(PrinterState.PAPER_OUT)
            job = await it.engine.wait("FV/1", 7200)
            assert job.state is JobState.RUNNING
            assert job.waiting is not None
            assert (job.waiting.code, job.waiting.document) == ("printer.paper_out", Fate.UNKNOWN)
            it.till.device.faults.clear()
            it.till.server.wake()
            job = await it.engine.wait("FV/1", 30)
            assert job.state is JobState.DONE
            assert sum(b"trend" in data for data in commands) == 1
            assert it.till.receipts == 1

    virtual.run(main())


def _switch(command: str, switch: Switch):  # type: ignore[no-untyped-def]  # noqa: ANN202
    from fiscald.emulator.faults import Fault, FaultKind

    return Fault(act=FaultKind.SWITCH, command=command, switch=switch)


def test_another_programs_receipt_makes_ours_wait(tmp_path: Path) -> None:
    async def main() -> None:
        async with shop(tmp_path) as it:
            await it.until(PrinterState.READY)
            it.till.device._machine.execute("trinit", {})
            await it.submit("FV/1")
            await it.until(PrinterState.BUSY)
            job = await it.engine.wait("FV/1", 60)
            assert job.waiting is not None
            assert job.waiting.code == "printer.foreign_transaction"
            assert it.till.register.state.transaction is not None, "it is never cancelled"
            it.till.device._machine.execute("prncancel", {})
            assert (await it.engine.wait("FV/1", 30)).state is JobState.DONE

    virtual.run(main())


def test_a_swapped_printer_stops_everything_until_it_is_adopted(tmp_path: Path) -> None:
    async def main() -> None:
        async with shop(tmp_path / "state", Till("till1", 1)) as it:
            await it.print("FV/1")
        new = Till("till1", 2)
        async with shop(tmp_path / "state", new) as it:
            await it.until(PrinterState.SWAPPED)
            status = it.engine.printer("till1")
            assert status.problem is not None
            assert "EMU 0000000001" in status.problem.detail
            assert "EMU 0000000002" in status.problem.detail
            await it.submit("FV/2")
            job = await it.engine.wait("FV/2", 60)
            assert job.state is JobState.ACCEPTED
            assert job.waiting is not None
            assert job.waiting.code == "printer.swapped"
            assert new.receipts == 0
            with pytest.raises(ProblemError, match="not_waiting"):
                await it.engine.adopt("till1", "EMU 0000000003")
            await it.engine.adopt("till1", "EMU 0000000002")
            assert (await it.engine.wait("FV/2", 30)).state is JobState.DONE
            assert new.receipts == 1

    virtual.run(main())


def test_an_adopted_printer_is_known_at_the_next_start(tmp_path: Path) -> None:
    """And the one that it replaced is then the stranger."""

    async def main() -> None:
        old, new = Till("till1", 1), Till("till1", 2)
        async with shop(tmp_path / "state", old) as it:
            await it.until(PrinterState.READY)
        async with shop(tmp_path / "state", new) as it:
            await it.until(PrinterState.SWAPPED)
            await it.engine.adopt("till1", "EMU 0000000002")
            await it.until(PrinterState.READY)
        async with shop(tmp_path / "state", new) as it:
            await it.until(PrinterState.READY)
            assert (await it.print("FV/1")).state is JobState.DONE
        async with shop(tmp_path / "state", old) as it:
            await it.until(PrinterState.SWAPPED)

    virtual.run(main())


@pytest.mark.parametrize("fails", ["known", "know_printer"])
def test_nothing_is_printed_before_the_printer_is_identified(tmp_path: Path, fails: str) -> None:
    """The journal fails just when it is asked which printer it should be: it is asked again before a job is taken."""

    async def main() -> None:
        old, other = Till("till1", 1), Till("till1", 2)
        async with shop(tmp_path / "state", old) as it:
            if fails == "known":
                await it.print("FV/1")
        async with shop(tmp_path / "state", other) as it:
            it.journal.fails_once = fails
            await it.submit("FV/2")
            job = await it.engine.wait("FV/2", 20)
            assert it.journal.fails_once is None
            assert job.state is (JobState.ACCEPTED if fails == "known" else JobState.DONE)
            assert other.receipts == (0 if fails == "known" else 1)
            assert it.journal.store.printer_id("till1") == f"EMU {1 if fails == 'known' else 2:010}"

    virtual.run(main())


def test_a_swapped_printer_is_not_adopted_while_a_document_is_unsettled(tmp_path: Path) -> None:
    async def main() -> None:
        old = Till("till1", 1)
        async with shop(tmp_path / "state", old) as it:
            await it.until(PrinterState.READY)
            old.device.slowness = 50
            await it.submit("FV/1")
            while it.phase("FV/1") is not Phase.COMMITTING:
                await anyio.sleep(0.01)
        new = Till("till1", 2)
        async with shop(tmp_path / "state", new) as it:
            await it.until(PrinterState.SWAPPED)
            with pytest.raises(ProblemError, match="FV/1"):
                await it.engine.adopt("till1", "EMU 0000000002")
            assert it.phase("FV/1") is Phase.COMMITTING
        old.device.slowness = 0
        async with shop(tmp_path / "state", old) as it:
            assert (await it.engine.wait("FV/1", 60)).state is JobState.DONE
            assert old.receipts == 1
            assert new.receipts == 0

    virtual.run(main())


def test_printing_resumes_when_the_original_printer_returns(tmp_path: Path) -> None:
    async def main() -> None:
        first, second = Till("till1", 1), Till("till1", 2)
        async with shop(tmp_path / "state", first) as it:
            await it.until(PrinterState.READY)
            it.till.pull()
            it.till.register, it.till.device, it.till.server = second.register, second.device, second.server
            it.till.put_back()
            await it.until(PrinterState.SWAPPED)
            it.till.pull()
            again = Till("till1", 1)
            it.till.register, it.till.device, it.till.server = again.register, again.device, again.server
            it.till.put_back()
            await it.until(PrinterState.READY, seconds=actor.POLL_INTERVAL + actor.RECONNECT[1])

    virtual.run(main())


def test_an_unknown_printer_is_named_with_the_known_ones(tmp_path: Path) -> None:
    async def main() -> None:
        async with shop(tmp_path) as it:
            with pytest.raises(ProblemError, match="till1"):
                it.engine.printer("till7")

    virtual.run(main())


def test_an_internal_error_of_one_printer_leaves_the_others_working(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async def main() -> None:
        broken, good = Till("broken"), Till("good", 2)

        async def bad_open() -> None:
            raise ZeroDivisionError

        broken.open = bad_open  # type: ignore[assignment]
        async with shop(tmp_path, broken, good) as it:
            await it.until(PrinterState.OUT_OF_ORDER, "broken")
            assert (await it.print("FV/1", RECEIPT, "good")).state is JobState.DONE

    virtual.run(main())
    assert "internal error" in caplog.text


@pytest.mark.parametrize(
    ("module", "where"), [(course, "prepare_plan"), (receipt, "plan_receipt"), (receipt, "read_paper")]
)
def test_an_internal_error_in_a_dialogue_is_reported_and_decides_nothing(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch, module: ModuleType, where: str
) -> None:
    """Before anything was sent, and after the receipt was closed."""
    sound = getattr(module, where)
    faults = iter((KeyError("a slip of ours"),))

    def slip(*args: Any, **more: Any) -> Any:
        for fault in faults:
            raise fault
        return sound(*args, **more)

    async def main() -> None:
        async with shop(tmp_path) as it:
            await it.until(PrinterState.READY)
            monkeypatch.setattr(module, where, slip)
            job = await it.print("FV/1")
            assert job.state is JobState.DONE
            assert it.till.receipts == 1

    virtual.run(main())
    assert "a slip of ours" in caplog.text
