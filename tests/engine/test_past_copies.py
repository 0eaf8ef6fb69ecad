"""A journal that is put back from a copy: no sale is printed again, and documents wait for a confirmation."""

from __future__ import annotations

import shutil
from datetime import timedelta
from pathlib import Path
from typing import Any

import anyio
import pytest

from fiscald.journal import Phase
from fiscald.model.documents import Submission
from fiscald.model.jobs import JobState, Resolution
from fiscald.model.printers import PrinterState
from fiscald.model.problems import Fate, ProblemError, Retry
from tests import virtual
from tests.engine.past import ANNA, FORM, PRINT, REPORT, SLIP, back_up, behind, prints_one, put_back, restored
from tests.engine.shop import RECEIPT, START, Shop, Till, shop


@pytest.mark.parametrize(
    ("how", "cause"), [("file", "older_copy"), ("disk", "unknown_receipts"), ("directory", "unknown_receipts")]
)
def test_a_receipt_that_the_copy_has_forgotten_is_not_printed_again(tmp_path: Path, how: str, cause: str) -> None:
    async def then(it: Shop) -> None:
        job = await it.submit("Z2")
        await behind(it, cause)
        await anyio.sleep(120)
        job = await it.engine.job("Z2")
        assert (job.state, it.till.receipts) == (JobState.ACCEPTED, 2)
        assert job.waiting is not None
        assert (job.waiting.code, job.waiting.document) == ("journal.behind", Fate.UNKNOWN)
        await it.engine.confirm_journal("till1", ANNA)
        job = await it.engine.job("Z2")
        assert job.error is not None
        assert (job.state, (job.error.model_extra or {})["cause"]) == (JobState.UNDECIDED, "journal_behind")
        assert (await it.print("Z3")).state is JobState.DONE, "no document waits for the decision"
        decided = await it.engine.resolve("Z2", Resolution(verdict="printed", number=2, by="Anna"))
        assert decided.result is not None
        assert (decided.state, decided.result.number) == (JobState.DONE, 2)
        assert (await it.print("Z4")).state is JobState.DONE
        await anyio.sleep(60)
        assert it.engine.printer("till1").state is PrinterState.READY
        assert it.till.receipts == 4

    restored(tmp_path, how, prints_one, then)


@pytest.mark.parametrize("document", [SLIP, FORM, REPORT, {"type": "goods_return", "amount": "5.00"}])
def test_the_mark_counts_every_kind_of_document(tmp_path: Path, document: dict[str, Any]) -> None:
    async def lost(it: Shop) -> None:
        assert (await it.print("Z2", document)).state is JobState.DONE

    async def then(it: Shop) -> None:
        printed = it.till.register.state.printout_count
        await it.submit("Z2", document)
        await behind(it, "older_copy")
        await it.engine.confirm_journal("till1", ANNA)
        assert (await it.engine.job("Z2")).state is JobState.UNDECIDED
        assert it.till.register.state.printout_count == printed

    restored(tmp_path, "file", lost, then)


@pytest.mark.parametrize("document", [SLIP, FORM])
def test_a_copied_directory_reveals_slips_and_printouts(tmp_path: Path, document: dict[str, Any]) -> None:
    async def lost(it: Shop) -> None:
        assert (await it.print("Z2", document)).state is JobState.DONE

    async def then(it: Shop) -> None:
        await it.submit("Z2", document)
        await behind(it, "unknown_printouts")

    restored(tmp_path, "directory", lost, then)


@pytest.mark.parametrize("how", ["disk", "directory"])
@pytest.mark.parametrize("reported", ["by fiscald", "on the keypad", "while fiscald was down"])
def test_a_daily_report_hides_no_receipt(tmp_path: Path, how: str, reported: str) -> None:
    async def lost(it: Shop) -> None:
        await prints_one(it)
        if reported == "by fiscald":
            assert (await it.print("R1", REPORT)).state is JobState.DONE
        elif reported == "on the keypad":
            it.till.device.keypad_report()

    async def then(it: Shop) -> None:
        await it.submit("Z2")
        await behind(it, "unknown_printouts")
        assert it.till.receipts == 0

    down = (lambda till: till.device.keypad_report()) if reported == "while fiscald was down" else lambda _: None
    restored(tmp_path, how, lost, then, while_down=down)


@pytest.mark.parametrize("how", ["file", "disk", "directory"])
def test_a_copy_that_lost_nothing_does_not_hold_documents(tmp_path: Path, how: str) -> None:
    async def nothing(it: Shop) -> None:
        await it.until(PrinterState.READY)

    async def then(it: Shop) -> None:
        assert (await it.print("Z2")).state is JobState.DONE

    restored(tmp_path, how, nothing, then)


def test_a_job_that_the_copy_knows_as_waiting_is_not_printed_again(tmp_path: Path) -> None:
    """It was in the queue when the copy was made."""

    async def queue(it: Shop) -> None:
        it.till.pull()
        await it.until(PrinterState.OFFLINE)
        await it.submit("Z2")
        it.till.put_back()  # the shop is closed before it is found again

    async def lost(it: Shop) -> None:
        assert (await it.engine.wait("Z2", 60)).state is JobState.DONE

    async def then(it: Shop) -> None:
        await behind(it, "older_copy")
        await it.engine.confirm_journal("till1", ANNA)
        assert (await it.engine.job("Z2")).state is JobState.UNDECIDED
        assert it.till.receipts == 2

    restored(tmp_path, "file", lost, then, before=queue)


@pytest.mark.parametrize("how", ["file", "disk"])
@pytest.mark.parametrize("phase", ["started", "committing"])
def test_a_job_that_the_copy_knows_as_begun_is_not_printed_again(tmp_path: Path, how: str, phase: str) -> None:
    state, till = tmp_path / "state", Till("till1")

    async def main() -> None:
        async with shop(state, till) as it:
            await it.print("Z1")
            till.device.slowness = 20
            await it.submit("Z2")
            while it.phase("Z2") is not Phase(phase):
                await anyio.sleep(0.001)
            copy = back_up(state, it.journal.store)
            assert (await it.engine.wait("Z2", 60)).state is JobState.DONE
            assert (await it.print("Z3", seconds=60)).state is JobState.DONE
        till.device.slowness = 0
        put_back(state, copy, how=how)
        async with shop(state, till) as it:
            await behind(it, "older_copy" if how == "file" else "unknown_receipts")
            await it.submit("Z3")
            await anyio.sleep(60)
            assert it.phase("Z2") is Phase(phase), "nothing is found out, and nothing is sent"
            await it.engine.confirm_journal("till1", ANNA)
            job = await it.engine.wait("Z2", 60)
            if phase == "committing":
                assert job.result is not None
                assert (job.state, job.result.number) == (JobState.DONE, 2), "proven by what was read while it was open"
            else:
                assert job.state is JobState.UNDECIDED
            assert (await it.engine.job("Z3")).state is JobState.UNDECIDED
            assert till.receipts == 3

    virtual.run(main())


def test_waiting_documents_are_printed_after_confirmation(tmp_path: Path) -> None:
    async def then(it: Shop) -> None:
        await it.submit("Z9")
        await behind(it, "older_copy")
        await it.engine.confirm_journal("till1", PRINT)
        assert (await it.engine.wait("Z9", 60)).state is JobState.DONE
        assert it.till.receipts == 3

    restored(tmp_path, "file", prints_one, then)


def test_a_key_that_a_lost_part_may_have_known_is_unknown(tmp_path: Path) -> None:
    """Not "never accepted, nothing printed": an application would sell it again under a new key."""

    async def then(it: Shop) -> None:
        await behind(it, "older_copy")
        with pytest.raises(ProblemError) as refused:
            await it.engine.job("Z2")
        problem = refused.value.problem
        assert (problem.code, problem.document, problem.retry) == ("job.unknown", Fate.UNKNOWN, Retry.SAME_KEY)
        await it.engine.confirm_journal("till1", ANNA)
        with pytest.raises(ProblemError) as refused:
            await it.engine.job("Z2")
        assert refused.value.problem.document is Fate.NOT_PRINTED

    restored(tmp_path, "file", prints_one, then)


@pytest.mark.parametrize("how", ["file", "disk"])
def test_no_waiting_document_is_reported_as_not_printed(tmp_path: Path, how: str) -> None:
    """Neither by withdrawing it nor by its deadline: "nothing was sent" is not proved."""

    async def submit(it: Shop, key: str, **more: Any) -> None:
        submission = {"printer": "till1", "document": RECEIPT, "deadline": START + timedelta(minutes=5)}
        await it.engine.submit(key, Submission.model_validate(submission | more))

    async def lost(it: Shop) -> None:
        await submit(it, "Z2")
        assert (await it.engine.wait("Z2", 60)).state is JobState.DONE

    async def then(it: Shop) -> None:
        await it.until(PrinterState.BEHIND)
        await submit(it, "Z2")
        await anyio.sleep(600)
        assert it.phase("Z2") is Phase.ACCEPTED
        with pytest.raises(ProblemError) as refused:
            await it.engine.withdraw("Z2")
        assert (refused.value.problem.code, refused.value.problem.document) == ("journal.behind", Fate.UNKNOWN)
        await it.engine.confirm_journal("till1", ANNA)
        assert (await it.engine.job("Z2")).state is JobState.UNDECIDED

    restored(tmp_path, how, lost, then)


def test_a_deadline_that_passed_meanwhile_ends_a_confirmed_document(tmp_path: Path) -> None:
    async def then(it: Shop) -> None:
        await it.until(PrinterState.BEHIND)
        deadline = START + timedelta(minutes=5)
        submission = {"printer": "till1", "document": RECEIPT, "deadline": deadline}
        await it.engine.submit("Z3", Submission.model_validate(submission))
        await anyio.sleep(600)
        await it.engine.confirm_journal("till1", PRINT)
        job = await it.engine.wait("Z3", 60)
        assert job.error is not None
        assert (job.state, job.error.code, it.till.receipts) == (JobState.FAILED, "job.expired", 2)

    restored(tmp_path, "file", prints_one, then)


def test_an_older_copy_is_detected_before_the_printer_connects(tmp_path: Path) -> None:
    """The printer is switched off all the time; the answers in the meantime must still be true."""

    async def then(it: Shop) -> None:
        with pytest.raises(ProblemError) as refused:
            await it.engine.job("Z2")
        assert refused.value.problem.document is Fate.UNKNOWN
        submission = {"printer": "till1", "document": RECEIPT, "deadline": START + timedelta(minutes=5)}
        await it.engine.submit("Z2", Submission.model_validate(submission))
        await it.until(PrinterState.OFFLINE)
        await anyio.sleep(600)
        job = await it.engine.job("Z2")
        assert job.waiting is not None
        assert (job.waiting.code, job.waiting.document) == ("link.absent", Fate.UNKNOWN)
        assert "Dokument" not in job.waiting.detail_pl, (
            "neither that it was begun is known, nor that it will be printed"
        )
        with pytest.raises(ProblemError):
            await it.engine.withdraw("Z2")
        it.till.put_back()
        await behind(it, "older_copy")

    restored(tmp_path, "file", prints_one, then, while_down=lambda till: till.pull())


def test_the_doubt_outlives_a_restart(tmp_path: Path) -> None:
    async def then(it: Shop) -> None:
        await behind(it, "older_copy")

    restored(tmp_path, "file", prints_one, then)
    till = Till("till1")
    till.plugged = False

    async def main() -> None:
        async with shop(tmp_path / "state", till) as it:
            with pytest.raises(ProblemError, match="agree"):
                await it.engine.confirm_journal("till1", ANNA)  # it was not seen yet
            till.put_back()
            await behind(it, "older_copy")

    virtual.run(main())


def test_a_journal_brought_from_elsewhere_without_its_mark(tmp_path: Path) -> None:
    state, till = tmp_path / "state", Till("till1")

    async def main() -> None:
        async with shop(state, till) as it:
            await it.print("Z1")
        for copied, more in (("same", False), ("older", True)):
            (tmp_path / copied).mkdir(mode=0o700)
            shutil.copy(state / "journal.db", tmp_path / copied / "journal.db")
            if more:
                async with shop(tmp_path / "same", till) as it:
                    assert (await it.print("Z2", SLIP)).state is JobState.DONE
            async with shop(tmp_path / copied, till) as it:
                await it.until(PrinterState.BEHIND if more else PrinterState.READY)

    virtual.run(main())
