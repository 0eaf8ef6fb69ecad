"""Is the journal the printer's true past? Restored copies, other programs, replaced memories, and what is normal."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import anyio
import pytest

from fiscald.emulator.faults import Fault, FaultKind, Switch
from fiscald.engine.past import unexplained
from fiscald.journal import Doubt, Known, Phase, Store
from fiscald.model.documents import Submission
from fiscald.model.jobs import JobState, JournalConfirmation, Resolution, Verdict
from fiscald.model.printers import Counters, PrinterState
from fiscald.model.problems import Fate, ProblemError, Retry
from fiscald.model.raw_command import RawCommand
from tests import virtual
from tests.engine.shop import RECEIPT, START, Shop, Till, shop

SLIP = {"type": "cash_in", "amount": "5.00"}
FORM = {"type": "printout", "lines": ["Bon 1"]}
REPORT = {"type": "daily_report"}
ANNA = JournalConfirmation(by="Anna")
PRINT = JournalConfirmation(by="Anna", waiting="print")


def back_up(state: Path) -> dict[str, bytes]:
    return {name: (state / name).read_bytes() for name in ("journal.db", "lock")}


def put_back(state: Path, copy: dict[str, bytes], *, how: str) -> None:
    """``file``: the journal alone. ``disk``: everything as it was. ``directory``: a copied directory."""
    if how == "directory":
        (state / "lock").rename(state / "was the lock")
        (state / "lock").write_bytes(b"")
        (state / "was the lock").unlink()
    for name in ("journal.db",) if how == "file" else copy:
        (state / name).write_bytes(copy[name])


def restored(
    tmp_path: Path,
    how: str,
    lost: Callable[[Shop], Any],
    then: Callable[[Shop], Any],
    before: Callable[[Shop], Any] | None = None,
    while_down: Callable[[Till], Any] = lambda _: None,
    **options: Any,
) -> None:
    """A shop whose journal is put back after ``lost``, and opened again for ``then``."""
    state, till = tmp_path / "state", Till("till1")

    async def main() -> None:
        async with shop(state, till, **options) as it:
            assert (await it.print("Z1")).state is JobState.DONE
            await anyio.sleep(60)
            if before is not None:
                await before(it)
        copy = back_up(state)
        async with shop(state, till, **options) as it:
            await lost(it)
        put_back(state, copy, how=how)
        while_down(till)
        async with shop(state, till, **options) as it:
            await then(it)

    virtual.run(main())


async def behind(it: Shop, cause: str) -> None:
    await it.until(PrinterState.BEHIND)
    problem = it.engine.printer("till1").problem
    assert problem is not None
    assert (problem.code, (problem.model_extra or {})["cause"]) == ("journal.behind", cause)


async def prints_one(it: Shop) -> None:
    assert (await it.print("Z2")).state is JobState.DONE


# -- a copy that is put back -----------------------------------------------------------------------------


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
        assert (await it.print("Z3")).state is JobState.DONE, "nobody waits for the decision"
        decided = await it.engine.resolve("Z2", Resolution(verdict="printed", number=2, by="Anna"))
        assert decided.result is not None
        assert (decided.state, decided.result.number) == (JobState.DONE, 2)
        assert (await it.print("Z4")).state is JobState.DONE
        await anyio.sleep(60)
        assert it.engine.printer("till1").state is PrinterState.READY
        assert it.till.receipts == 4

    restored(tmp_path, how, prints_one, then)


@pytest.mark.parametrize("document", [SLIP, FORM, REPORT, {"type": "goods_return", "amount": "5.00"}])
def test_the_mark_tells_of_every_kind_of_document(tmp_path: Path, document: dict[str, Any]) -> None:
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
def test_a_copied_directory_tells_of_slips_and_printouts(tmp_path: Path, document: dict[str, Any]) -> None:
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
def test_a_copy_that_has_forgotten_nothing_is_no_reason_to_wait(tmp_path: Path, how: str) -> None:
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
            copy = back_up(state)
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


def test_what_waits_is_printed_where_a_person_says_so(tmp_path: Path) -> None:
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
def test_nothing_that_waits_is_said_to_be_unprinted(tmp_path: Path, how: str) -> None:
    """Neither by withdrawing it nor by its deadline: "nothing was sent" is more than is known."""

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


def test_a_deadline_that_passed_meanwhile_ends_what_a_person_lets_be_printed(tmp_path: Path) -> None:
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


def test_an_older_copy_is_known_before_the_printer_is(tmp_path: Path) -> None:
    """The printer is switched off all the time; what is answered meanwhile must be true all the same."""

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


# -- what is normal --------------------------------------------------------------------------------------


def quietly(tmp_path: Path, first: Callable[[Shop], Any], between: Callable[[Till], Any] = lambda _: None) -> None:
    """A shop in which nothing is wrong, closed and opened again."""
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


def test_sheets_from_the_keypad_are_normal_while_fiscald_looks(tmp_path: Path) -> None:
    """Also with a report right after them, between two looks."""

    async def first(it: Shop) -> None:
        await it.print("Z1")
        it.till.register.ledger.slip()
        await anyio.sleep(60)
        it.till.register.ledger.slip()
        it.till.device.keypad_report()
        await anyio.sleep(60)
        assert it.engine.printer("till1").state is PrinterState.READY

    quietly(tmp_path, first, lambda till: till.device.keypad_report())


def test_what_was_seen_is_remembered_over_a_restart(tmp_path: Path) -> None:
    async def first(it: Shop) -> None:
        await it.print("Z1")
        it.till.register.ledger.slip()
        await anyio.sleep(90)

    quietly(tmp_path, first, lambda till: till.device.keypad_report())


def test_a_cancelled_attempt_of_ours_is_no_surprise(tmp_path: Path) -> None:
    """Its sheet came out, and a report was made on the keypad before anybody looked again."""

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
def test_our_own_document_in_hand_is_no_surprise(tmp_path: Path, document: dict[str, Any]) -> None:
    """The daemon is killed when the printer has it, and nobody was told."""
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


def test_a_receipt_that_waits_in_the_printer_is_no_surprise(tmp_path: Path) -> None:
    """Its closing command waits for paper while the daemon starts and looks, more than once."""
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
def test_an_undecided_receipt_is_no_surprise_whatever_is_decided(tmp_path: Path, verdict: Verdict) -> None:
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
def test_a_receipt_made_by_hand_is_no_surprise(tmp_path: Path, *, killed: bool) -> None:
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


# -- other programs, and other memories ------------------------------------------------------------------


def test_another_programs_receipt_stops_a_shop_that_knows_of_none(tmp_path: Path) -> None:
    async def main() -> None:
        async with shop(tmp_path) as it:
            await it.print("Z1")
            it.till.device.foreign_receipt()
            await behind(it, "unknown_receipts")
            await it.submit("Z2")
            await anyio.sleep(60)
            job = await it.engine.job("Z2")
            assert job.waiting is not None
            assert job.waiting.document is Fate.NOT_PRINTED, "the journal was there all the time"
            await it.engine.confirm_journal("till1", ANNA)
            assert (await it.engine.wait("Z2", 60)).state is JobState.DONE, "and nothing can be printed already"
            assert it.till.receipts == 3
            it.till.device.foreign_receipt()
            await behind(it, "unknown_receipts")

    virtual.run(main())


def test_another_program_is_no_surprise_on_a_shared_printer(tmp_path: Path) -> None:
    async def main() -> None:
        async with shop(tmp_path, shared=True) as it:
            await it.print("Z1")
            it.till.device.foreign_receipt()
            await anyio.sleep(60)
            assert it.engine.printer("till1").state is PrinterState.READY
            job = await it.print("Z2")
            assert job.result is not None
            assert (job.state, job.result.number) == (JobState.DONE, 3)

    virtual.run(main())


def test_an_older_copy_stops_a_shared_printer_too(tmp_path: Path) -> None:
    async def then(it: Shop) -> None:
        await it.submit("Z2")
        await behind(it, "older_copy")
        assert it.till.receipts == 2

    restored(tmp_path, "file", prints_one, then, shared=True)


def test_a_receipt_just_before_ours_is_noticed(tmp_path: Path) -> None:
    """Between the last look and the first command."""

    async def main() -> None:
        async with shop(tmp_path) as it:
            await it.print("Z1")
            await anyio.sleep(60)
            it.till.device.foreign_receipt()
            await it.submit("Z2")
            await behind(it, "unknown_receipts")
            assert it.till.receipts == 2
            assert it.phase("Z2") is Phase.ACCEPTED
            await it.engine.confirm_journal("till1", ANNA)  # what was found then, though nobody has looked since
            assert (await it.engine.wait("Z2", 60)).state is JobState.DONE

    virtual.run(main())


def test_ours_is_done_though_another_program_printed_after_it(tmp_path: Path) -> None:
    """Its own answer is given; only the next document waits."""
    till = Till("till1")

    async def main() -> None:
        async with shop(tmp_path, till) as it:
            it.journal.full_at = "finish"
            await it.submit("Z1")
            await it.until(PrinterState.OUT_OF_ORDER)
            till.device.foreign_receipt()
            it.journal.make_room()
            job = await it.engine.wait("Z1", 60)
            assert job.result is not None
            assert (job.state, job.result.number) == (JobState.DONE, 1)
            await behind(it, "unknown_receipts")

    virtual.run(main())


def test_a_memory_that_was_replaced(tmp_path: Path) -> None:
    state, old = tmp_path / "state", Till("till1")

    async def main() -> None:
        async with shop(state, old) as it:
            await it.print("Z1")
            await it.print("Z2")
        new = Till("till1")  # the same unique number, and nothing in it
        async with shop(state, new) as it:
            await behind(it, "lower_counters")
            await it.engine.confirm_journal("till1", ANNA)
            assert (await it.print("Z3")).state is JobState.DONE
            await anyio.sleep(60)
            assert it.engine.printer("till1").state is PrinterState.READY

    virtual.run(main())


@pytest.mark.parametrize("printed", [0, 3])
def test_an_adopted_printer_is_remembered_as_it_is(tmp_path: Path, printed: int) -> None:
    state, old, new = tmp_path / "state", Till("till1", 1), Till("till1", 2)

    async def main() -> None:
        async with shop(state, old) as it:
            await it.print("Z1")
        for _ in range(printed):
            new.device.foreign_receipt()
        async with shop(state, new) as it:
            await it.until(PrinterState.SWAPPED)
            await it.engine.adopt("till1", "EMU 0000000002")
            assert (await it.print("Z2")).state is JobState.DONE
        new.device.foreign_receipt()
        async with shop(state, new) as it:
            await behind(it, "unknown_receipts")

    virtual.run(main())


def test_a_printer_adopted_by_an_older_copy_is_still_in_doubt(tmp_path: Path) -> None:
    """The lost part may have printed on it."""
    state, old, new = tmp_path / "state", Till("till1", 1), Till("till1", 2)

    async def main() -> None:
        async with shop(state, old) as it:
            await it.print("Z1")
        copy = back_up(state)
        async with shop(state, new) as it:
            await it.until(PrinterState.SWAPPED)
            await it.engine.adopt("till1", "EMU 0000000002")
            await it.print("Z2")
        put_back(state, copy, how="file")
        async with shop(state, new) as it:
            await it.until(PrinterState.SWAPPED)
            with pytest.raises(ProblemError):
                await it.engine.confirm_journal("till1", ANNA)
            await it.engine.adopt("till1", "EMU 0000000002")
            await it.submit("Z2")
            await behind(it, "older_copy")
            assert new.receipts == 1

    virtual.run(main())


def test_a_first_connection_to_a_used_printer(tmp_path: Path) -> None:
    till = Till("till1")

    async def main() -> None:
        for _ in range(5):
            till.device.foreign_receipt()
        async with shop(tmp_path, till) as it:
            assert (await it.print("Z1")).state is JobState.DONE
        till.device.foreign_receipt()
        async with shop(tmp_path, till) as it:
            await behind(it, "unknown_receipts")

    virtual.run(main())


# -- confirming ------------------------------------------------------------------------------------------


def test_a_confirmation_is_recorded_and_may_be_repeated(tmp_path: Path) -> None:
    said = JournalConfirmation(by="Anna", note="compared")

    async def main() -> None:
        async with shop(tmp_path) as it:
            await it.print("Z1")
            with pytest.raises(ProblemError, match=r"journal\.nothing_to_confirm"):
                await it.engine.confirm_journal("till1", said, 1000)
            it.till.device.foreign_receipt()
            await behind(it, "unknown_receipts")
            for _ in range(2):  # the first answer may be lost
                status = await it.engine.confirm_journal("till1", said, 1000)
                assert status.state is PrinterState.READY
            with pytest.raises(ProblemError, match=r"journal\.nothing_to_confirm"):
                await it.engine.confirm_journal("till1", ANNA, 1000)
            rows = it.journal.store._db.execute("SELECT printer, confirmed_by, note, asked_by FROM confirmation")
            assert rows.fetchall() == [("till1", "Anna", "compared", 1000)]

    virtual.run(main())


def test_what_is_not_connected_cannot_be_confirmed(tmp_path: Path) -> None:
    async def main() -> None:
        async with shop(tmp_path) as it:
            await it.print("Z1")
            it.till.device.foreign_receipt()
            await behind(it, "unknown_receipts")
            it.till.pull()
            await it.until(PrinterState.OFFLINE)
            with pytest.raises(ProblemError, match="not connected"):
                await it.engine.confirm_journal("till1", ANNA)
            it.till.put_back()
            await behind(it, "unknown_receipts")

    virtual.run(main())


def test_commands_by_hand_do_not_explain_what_was_there_before(tmp_path: Path) -> None:
    async def main() -> None:
        async with shop(tmp_path) as it:
            await it.print("Z1")
            it.till.device.foreign_receipt()
            await behind(it, "unknown_receipts")
            await it.engine.raw("till1", RawCommand(command="opendrwr"))
            await anyio.sleep(60)
            await behind(it, "unknown_receipts")

    virtual.run(main())


# -- the rule --------------------------------------------------------------------------------------------

THEN = Counters(daily_report=5, last_receipt=10, receipts=10, cancelled=0, printouts=100)


def moved(receipts: int = 0, printouts: int = 0, reports: int = 0) -> Counters:
    day = receipts if reports else THEN.receipts + receipts
    return Counters(
        daily_report=5 + reports, last_receipt=day, receipts=day, cancelled=0, printouts=THEN.printouts + printouts
    )


KNOWN = Known("EMU 1", THEN)
TABLE = [
    # known, now, cause at the first look after a start, cause later
    (KNOWN, THEN, None, None),
    (KNOWN, moved(printouts=3), None, None),
    (KNOWN, moved(1, 1), "unknown_receipts", "unknown_receipts"),
    (KNOWN, moved(printouts=1, reports=1), None, None),
    (KNOWN, moved(printouts=7, reports=7), None, None),
    (KNOWN, moved(printouts=2, reports=1), "unknown_printouts", None),
    (KNOWN, moved(-1, 1), "lower_counters", "lower_counters"),
    (KNOWN, moved(printouts=-1), "lower_counters", "lower_counters"),
    (KNOWN, moved(reports=-1), "lower_counters", "lower_counters"),
    (KNOWN._replace(own_receipts=1, own_printouts=1), moved(1, 1), None, None),
    (KNOWN._replace(own_receipts=1, own_printouts=1), moved(2, 2), "unknown_receipts", "unknown_receipts"),
    (KNOWN._replace(own_printouts=1), moved(1, 1), "unknown_receipts", "unknown_receipts"),
    (KNOWN._replace(own_printouts=1), moved(printouts=2, reports=1), None, None),
    (KNOWN._replace(own_printouts=1), moved(printouts=3, reports=1), "unknown_printouts", None),
    (KNOWN._replace(by_hand=True), moved(3, 5), None, None),
    (KNOWN._replace(doubt=Doubt.OLDER), THEN, "older_copy", "older_copy"),
    (KNOWN._replace(doubt=Doubt.MOVED), THEN, None, None),
    (KNOWN._replace(doubt=Doubt.MOVED), moved(printouts=1), "unknown_printouts", None),
    (KNOWN._replace(doubt=Doubt.MOVED), moved(printouts=1, reports=1), None, None),
    (KNOWN._replace(doubt=Doubt.DAMAGED, counters=None), THEN, "unreadable", "unreadable"),
    (Known("EMU 1"), THEN, None, None),
    (Known("EMU 1", doubt=Doubt.MOVED), THEN, "nothing_remembered", "nothing_remembered"),
    (Known("EMU 1", doubt=Doubt.OLDER), THEN, "older_copy", "older_copy"),
]


@pytest.mark.parametrize(("known", "now", "first", "later"), TABLE)
def test_the_rule(known: Known, now: Counters, first: str | None, later: str | None) -> None:
    for proven, cause in ((False, first), (True, later)):
        why = unexplained("till1", known, now, shared=False, proven=proven)
        assert (None if why is None else (why.model_extra or {})["cause"]) == cause
        if why is not None:
            assert "fiscalctl journal confirm till1" in why.detail
            assert why.document is (Fate.NOT_PRINTED if proven else Fate.UNKNOWN)
    shared = unexplained("till1", known, now, shared=True, proven=False)
    assert (shared is not None) == (known.doubt in (Doubt.OLDER, Doubt.DAMAGED))


def test_a_look_taken_while_the_printer_prints_is_not_remembered(tmp_path: Path) -> None:
    """Only what two looks have told alike is."""

    async def main() -> None:
        async with shop(tmp_path) as it:
            await it.until(PrinterState.READY)
            past = it.engine._actors["till1"].past
            known = it.journal.store.known("till1")
            torn = moved(printouts=1)
            assert not past.look(known._replace(counters=THEN), torn)
            assert past.look(known._replace(counters=THEN), torn)
            assert not past.look(known._replace(counters=torn), torn), "it is there already"
            in_hand = known._replace(counters=THEN, own_receipts=1, own_printouts=1, unsettled=True)
            assert not any(past.look(in_hand, torn) for _ in range(3)), "it may still be printed"
            moved_here = known._replace(counters=torn, doubt=Doubt.MOVED)
            assert past.look(moved_here, torn), "the printer was seen: the doubt is over"

    virtual.run(main())


def test_what_is_remembered_and_cannot_be_read_any_more(tmp_path: Path) -> None:
    till = Till("till1")

    async def main() -> None:
        async with shop(tmp_path, till) as it:
            await it.print("Z1")
        store = Store(tmp_path, lambda: START)
        store._db.execute('UPDATE printer SET counters = \'{"receipts": "many"}\'')
        store.close()
        async with shop(tmp_path, till) as it:
            await behind(it, "unreadable")
            await it.engine.confirm_journal("till1", ANNA)
            assert (await it.print("Z2")).state is JobState.DONE

    virtual.run(main())
