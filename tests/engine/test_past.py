"""Is the journal the printer's true past? Other programs, replaced memories, confirmations, and the rule."""

from __future__ import annotations

from pathlib import Path

import anyio
import pytest

from fiscald.engine.past import Past, unexplained
from fiscald.journal import Doubt, Known, Phase, Store
from fiscald.model.jobs import JobState, JournalConfirmation
from fiscald.model.printers import Counters, PrinterState
from fiscald.model.problems import Fate, ProblemError, problem
from fiscald.model.raw_command import RawCommand
from tests import virtual
from tests.engine.past import ANNA, back_up, behind, prints_one, put_back, restored
from tests.engine.shop import START, Shop, Till, shop

# -- other programs, and other memories ------------------------------------------------------------------


def test_another_programs_receipt_stops_a_printer_that_is_not_shared(tmp_path: Path) -> None:
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


def test_another_programs_receipt_is_expected_on_a_shared_printer(tmp_path: Path) -> None:
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
    """Between the last poll and the first command."""

    async def main() -> None:
        async with shop(tmp_path) as it:
            await it.until(PrinterState.READY)
            it.till.device.foreign_receipt()
            await it.submit("Z2")
            await behind(it, "unknown_receipts")
            assert it.till.receipts == 1
            assert it.phase("Z2") is Phase.ACCEPTED
            await it.engine.confirm_journal("till1", ANNA)  # what was found then, though it was not viewed since
            assert (await it.engine.wait("Z2", 60)).state is JobState.DONE

    virtual.run(main())


def test_a_receipt_just_before_one_in_a_row_is_noticed_after_it(tmp_path: Path) -> None:
    """Only another program can have printed it: the journal was there all the time. Ours has the right number. fiscald
    first waits for 30 seconds, until it is certain that the open receipt is ours."""

    async def main() -> None:
        async with shop(tmp_path) as it:
            await it.print("Z1")
            await anyio.sleep(60)
            it.till.device.foreign_receipt()
            job = await it.print("Z2", seconds=40)
            assert job.result is not None
            assert (job.state, job.result.number) == (JobState.DONE, 3)
            await behind(it, "unknown_receipts")

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


def test_a_printer_that_is_not_connected_cannot_be_confirmed(tmp_path: Path) -> None:
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


def test_raw_commands_do_not_explain_earlier_documents(tmp_path: Path) -> None:
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
    (KNOWN, moved(printouts=1).model_copy(update={"invoices": 1}), "unknown_receipts", "unknown_receipts"),
    (
        KNOWN._replace(own_receipts=1, own_printouts=1),
        moved(printouts=1).model_copy(update={"invoices": 1}),
        None,
        None,
    ),
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
def test_the_rule_for_unexplained_documents(known: Known, now: Counters, first: str | None, later: str | None) -> None:
    for proven, cause in ((False, first), (True, later)):
        why = unexplained("till1", known, now, shared=False, proven=proven)
        assert (None if why is None else (why.model_extra or {})["cause"]) == cause
        if why is not None:
            assert "fiscalctl journal confirm till1" in why.detail
            assert why.document is (Fate.NOT_PRINTED if proven else Fate.UNKNOWN)
    shared = unexplained("till1", known, now, shared=True, proven=False)
    assert (shared is not None) == (known.doubt in (Doubt.OLDER, Doubt.DAMAGED))


def test_a_status_read_during_printing_is_not_stored(tmp_path: Path) -> None:
    """Only counters that two polls confirm are stored."""

    async def main() -> None:
        async with shop(tmp_path) as it:
            await it.until(PrinterState.READY)
            past = it.engine._actors["till1"].past
            known = it.journal.store.known("till1")
            torn = moved(printouts=1)
            assert not past.compare(known._replace(counters=THEN), torn)
            assert past.compare(known._replace(counters=THEN), torn)
            assert not past.compare(known._replace(counters=torn), torn), "it is there already"
            in_hand = known._replace(counters=THEN, own_receipts=1, own_printouts=1, unsettled=True)
            assert not any(past.compare(in_hand, torn) for _ in range(3)), "it may still be printed"
            moved_here = known._replace(counters=torn, doubt=Doubt.MOVED)
            assert past.compare(moved_here, torn), "the printer was seen: the doubt is over"

    virtual.run(main())


def test_stored_counters_that_cannot_be_read(tmp_path: Path) -> None:
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


def test_only_a_new_problem_is_read_a_second_time() -> None:
    """A problem that stands needs no proof, and one that came twice has it."""
    past, why = Past("till1", shared=False), problem("printer.busy", reason="x")
    assert [past.needs_second_reading(each) for each in (None, why, why, None, why)] == [
        False,
        True,
        False,
        False,
        True,
    ]
    past.problem = why
    assert not past.needs_second_reading(None)
    assert not past.needs_second_reading(why)
