"""The journal in trouble: only stored jobs are accepted, nothing is printed, and the status works."""

from __future__ import annotations

from pathlib import Path

import anyio
import pytest

from fiscald.emulator.faults import Fault, FaultKind
from fiscald.engine import Engine, Printer
from fiscald.journal import JournalDamaged, Phase, UnusableJournal
from fiscald.model.documents import Submission
from fiscald.model.jobs import JobState
from fiscald.model.printers import PrinterState
from fiscald.model.problems import ProblemError, problem
from fiscald.protocols import family
from tests import virtual
from tests.engine.shop import RECEIPT, OpenGate, Till, shop
from tests.protocols import settings as settings_of

SUBMISSION = Submission.model_validate({"printer": "till1", "document": RECEIPT})


@pytest.mark.parametrize(
    ("trouble", "mended", "says"),
    [
        ("PRAGMA query_only = ON", "PRAGMA query_only = OFF", "make the directory writable"),
        ("PRAGMA max_page_count = 1", "PRAGMA max_page_count = 1000000", "free disk space"),
    ],
    ids=["read-only", "full"],
)
def test_a_job_that_cannot_be_written_is_refused_until_the_disk_recovers(
    tmp_path: Path, trouble: str, mended: str, says: str
) -> None:
    async def main() -> None:
        async with shop(tmp_path) as it:
            await it.until(PrinterState.READY)
            big = {
                "type": "receipt",
                "lines": [{"name": f"Towar {n}", "price": "1.00", "vat": "A"} for n in range(400)],
            }
            db = it.journal.store._db
            db.execute(trouble)
            with pytest.raises(ProblemError) as refused:
                await it.submit("FV/1", big)
            assert refused.value.problem.code == "daemon.journal"
            assert says in refused.value.problem.detail
            assert it.engine.printer("till1").state in (PrinterState.READY, PrinterState.OUT_OF_ORDER)
            db.execute(mended)
            assert (await it.print("FV/2")).state is JobState.DONE
            assert it.till.receipts == 1

    virtual.run(main())


def test_a_journal_error_is_in_the_log_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async def main() -> None:
        async with shop(tmp_path) as it:
            await it.until(PrinterState.READY)
            for key in "ABC":
                it.journal.fails_once = "accept"
                with pytest.raises(ProblemError):
                    await it.submit(key)
                if key == "B":
                    assert caplog.text.count("disk I/O error") == 1
                    await it.engine.figures()
            assert caplog.text.count("disk I/O error") == 2, "it has worked in between"

    virtual.run(main())


@pytest.mark.slow
def test_a_disk_that_fills_up_in_the_middle_of_a_receipt(tmp_path: Path) -> None:
    """At each write: the receipt is finished by the truth once there is room, and printed once."""

    async def main(name: str) -> None:
        async with shop(tmp_path / name) as it:
            await it.until(PrinterState.READY)
            it.journal.full_at = name
            await it.submit("FV/1")
            await it.until(PrinterState.OUT_OF_ORDER)
            status = it.engine.printer("till1")
            assert status.problem is not None
            assert status.problem.code == "daemon.journal"
            assert not status.stale, "the printer is still looked at"
            await anyio.sleep(300)
            assert not it.engine.printer("till1").stale
            it.journal.make_room()
            job = await it.engine.wait("FV/1", 20)
            assert job.state is JobState.DONE
            assert it.till.receipts == 1

    for name in ("start", "opened", "commit", "finish"):
        virtual.run(main(name))


def test_a_damaged_journal_stops_printing_and_not_the_status(tmp_path: Path) -> None:
    async def main() -> None:
        till = Till("till1")
        error = JournalDamaged("journal.db: database disk image is malformed")
        journal = UnusableJournal(tmp_path, error)
        printer = Printer("till1", family("posnet"), till, settings_of.posnet())
        engine = Engine([printer], journal, OpenGate())
        async with anyio.create_task_group() as tasks:
            till.tasks = tasks
            tasks.start_soon(engine.run)
            await anyio.sleep(30)
            status = engine.printer("till1")
            assert status.state is PrinterState.OUT_OF_ORDER
            assert status.problem is not None
            assert "malformed" in status.problem.detail
            assert status.identity is not None
            assert status.counters is not None
            assert not status.stale
            with pytest.raises(ProblemError, match=r"daemon\.journal"):
                await engine.submit("FV/1", SUBMISSION)
            with pytest.raises(ProblemError, match=r"daemon\.journal"):
                await engine.job("FV/1")
            assert till.receipts == 0
            tasks.cancel_scope.cancel()
        journal.close()

    virtual.run(main())


def test_a_journal_that_is_damaged_while_it_is_used(tmp_path: Path) -> None:
    async def main() -> None:
        async with shop(tmp_path) as it:
            assert (await it.print("FV/1")).state is JobState.DONE
            path = tmp_path / "journal.db"
            assert it.journal.store.checkpoint()
            size = path.stat().st_size
            with path.open("r+b") as file:
                file.seek(4096)
                file.write(b"\xa5" * (size - 4096))
            it.journal.store._db.execute("PRAGMA shrink_memory")
            it.journal.store._db.execute("PRAGMA cache_size = 0")
            with pytest.raises(ProblemError) as refused:
                await it.submit("FV/2")
            assert "malformed" in refused.value.problem.detail
            assert "compare the last documents" in refused.value.problem.detail
            receipts = it.till.receipts
            await anyio.sleep(60)
            assert it.till.receipts == receipts
            assert not it.engine.printer("till1").stale

    virtual.run(main())


# -- conditions of a submission --------------------------------------------------------------------------


def test_old_jobs_that_cannot_be_deleted_are_tried_again_the_next_day(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async def main() -> None:
        async with shop(tmp_path) as it:
            it.journal.fails_once = "prune"
            await anyio.sleep(60)
            assert it.journal.log.count("prune") == 1
            assert "old jobs cannot be deleted: disk I/O error" in caplog.text

    virtual.run(main())


def test_a_journal_that_cannot_be_read_shows_in_the_status_at_once(tmp_path: Path) -> None:
    async def main() -> None:
        async with shop(tmp_path) as it:
            await it.until(PrinterState.READY)
            await anyio.sleep(2)
            it.journal.fails_once = "next_job"
            await it.submit("A")
            await it.until(PrinterState.OUT_OF_ORDER, seconds=0.3)
            why = it.engine.printer("till1").problem
            assert why is not None
            assert why.code == "daemon.journal"
            assert (await it.engine.wait("A", 10)).state is JobState.DONE

    virtual.run(main())


def test_no_document_is_called_foreign_while_the_journal_is_unreadable(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The receipt that is open is ours, begun before the restart."""
    till = Till("till1")

    async def main() -> None:
        async with shop(tmp_path, till) as it:
            till.device.faults.plan(Fault(act=FaultKind.LATE, command="trline", seconds=60.0))
            await it.submit("A")
            await it.until(PrinterState.PRINTING)
            await anyio.sleep(1)
            assert it.phase("A") is Phase.STARTED
        async with shop(tmp_path, till) as it:
            it.journal.fails_once = "next_job"
            assert (await it.engine.wait("A", 120)).state is JobState.DONE
            assert it.journal.fails_once is None
            foreign = problem("printer.foreign_transaction", printer="till1")
            assert foreign.detail not in caplog.text, "not even for a moment"

    virtual.run(main())


def test_a_deadline_ends_what_has_not_begun(tmp_path: Path) -> None:
    async def main() -> None:
        till = Till("till1")
        till.pull()
        async with shop(tmp_path, till) as it:
            body = {"printer": "till1", "document": RECEIPT, "deadline": "2026-11-22T10:01:00+01:00"}
            await it.engine.submit("FV/1", Submission.model_validate(body))
            before = anyio.current_time()
            job = await it.engine.wait("FV/1", 600)
            assert 55 < anyio.current_time() - before < 65
            assert job.state is JobState.FAILED
            assert job.error is not None
            assert job.error.code == "job.expired"
            till.put_back()
            assert (await it.print("FV/2")).state is JobState.DONE
            assert till.receipts == 1
            again, new = await it.engine.submit("FV/1", SUBMISSION)
            assert (again.state, new) == (JobState.FAILED, False), "the same content; the first conditions hold"

    virtual.run(main())


def test_a_deadline_does_not_stop_what_has_begun(tmp_path: Path) -> None:
    async def main() -> None:
        async with shop(tmp_path) as it:
            await it.until(PrinterState.READY)
            it.till.device.slowness = 100
            body = {"printer": "till1", "document": RECEIPT, "deadline": "2026-11-22T10:00:05+01:00"}
            await it.engine.submit("FV/1", Submission.model_validate(body))
            assert (await it.engine.wait("FV/1", 600)).state is JobState.DONE

    virtual.run(main())


@pytest.mark.parametrize(("expected", "state"), [(0, JobState.DONE), (1, JobState.FAILED)])
def test_the_optimistic_lock(tmp_path: Path, expected: int, state: JobState) -> None:
    async def main() -> None:
        async with shop(tmp_path) as it:
            body = {"printer": "till1", "document": RECEIPT, "expect_last": expected}
            await it.engine.submit("FV/1", Submission.model_validate(body))
            job = await it.engine.wait("FV/1", 20)
            assert job.state is state
            if job.error is not None:
                assert job.error.code == "job.unexpected_last"
                assert job.error.model_extra == {"expected": 1, "found": 0}
                assert it.till.receipts == 0
                assert it.phase("FV/1") is Phase.FAILED

    virtual.run(main())


def test_the_optimistic_lock_does_not_count_our_own_first_attempt(tmp_path: Path) -> None:
    async def main() -> None:
        async with shop(tmp_path) as it:
            await it.until(PrinterState.READY)
            it.till.device.faults.plan(Fault(act=FaultKind.DROP_BEFORE, command="trend"))
            body = {"printer": "till1", "document": RECEIPT, "expect_last": 0}
            await it.engine.submit("FV/1", Submission.model_validate(body))
            job = await it.engine.wait("FV/1", 20)
            assert (job.state, job.attempts) == (JobState.DONE, 2)
            assert job.result is not None
            assert job.result.number == 2, "the first attempt was cancelled and has number 1"

    virtual.run(main())


def test_a_document_that_must_not_be_repeated(tmp_path: Path) -> None:
    async def main() -> None:
        async with shop(tmp_path) as it:
            await it.until(PrinterState.READY)
            it.till.device.faults.plan(Fault(act=FaultKind.DROP_BEFORE, command="trend"))
            body = {"printer": "till1", "document": RECEIPT, "if_interrupted": "fail"}
            await it.engine.submit("FV/1", Submission.model_validate(body))
            job = await it.engine.wait("FV/1", 20)
            assert (job.state, job.attempts) == (JobState.FAILED, 1)
            assert job.error is not None
            assert (job.error.code, job.error.document) == ("printer.interrupted", "not_printed")
            assert it.till.receipts == 0
            assert it.till.register.state.transaction is None

    virtual.run(main())


def test_a_lost_reply_of_an_idle_printer_is_not_waited_for(tmp_path: Path) -> None:
    async def main() -> None:
        async with shop(tmp_path) as it:
            await it.until(PrinterState.READY)
            it.till.device.faults.plan(Fault(act=FaultKind.DROP_AFTER, command="trend"))
            before = anyio.current_time()
            assert (await it.print("FV/1")).state is JobState.DONE
            assert anyio.current_time() - before < 10

    virtual.run(main())
