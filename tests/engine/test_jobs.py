"""Jobs through the engine: accepted durably, executed once, always answered the same."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import anyio
import pytest

from fiscald.engine import Wanted
from fiscald.journal import Phase
from fiscald.model.documents import Submission
from fiscald.model.jobs import DamagedDocument, JobState, Paper, Resolution, Verdict
from fiscald.model.printers import PrinterState
from fiscald.model.problems import ProblemError, problem
from tests import virtual
from tests.emulator.records import october
from tests.engine.shop import RECEIPT, Till, refusal, shop


def test_a_receipt_is_printed_and_answered(tmp_path: Path) -> None:
    async def main() -> None:
        async with shop(tmp_path) as it:
            job = await it.print("FV/1")
            assert job.state is JobState.DONE
            assert job.result is not None
            assert (job.result.number, job.result.total, job.result.printer_id) == (
                1,
                Decimal("11.50"),
                "EMU 0000000001",
            )
            assert job.paper is Paper.PRINTED
            assert job.evidence is not None
            assert job.evidence["before"]["bn"] == 0
            assert it.till.receipts == 1
            counters = it.engine.printer("till1").counters
            assert counters is not None
            assert (counters.receipts, counters.last_receipt) == (1, 1), "told with the answer, not at the next look"

    virtual.run(main())


def test_the_journal_is_written_in_the_right_order(tmp_path: Path) -> None:
    """Accepted before the answer, evidence before the first change, committing before the closing step."""

    async def main() -> None:
        async with shop(tmp_path) as it:
            await it.until(PrinterState.READY)
            it.journal.log.clear()
            seen: dict[str, Phase] = {}
            receive = it.till.device.receive

            def spy(data: bytes, now: float) -> None:
                for name in (b"trinit", b"trline", b"trend"):
                    if name in data:
                        seen.setdefault(name.decode(), it.phase("FV/1"))
                receive(data, now)

            it.till.device.receive = spy
            await it.print("FV/1")
            assert seen == {"trinit": Phase.STARTED, "trline": Phase.STARTED, "trend": Phase.COMMITTING}
            writes = [name for name in it.journal.log if name in ("accept", "start", "commit", "finish")]
            assert writes == ["accept", "start", "commit", "finish"]

    virtual.run(main())


def test_the_same_key_and_content_get_the_same_answer(tmp_path: Path) -> None:
    async def main() -> None:
        async with shop(tmp_path) as it:
            first = await it.print("FV/1")
            again = await it.print("FV/1")
            assert first == again
            assert it.till.receipts == 1
            with pytest.raises(ProblemError) as caught:
                await it.submit("FV/1", RECEIPT | {"cashier": "Ewa"})
            assert caught.value.problem.code == "job.conflict"

    virtual.run(main())


def test_the_answer_survives_the_daemon(tmp_path: Path) -> None:
    async def main() -> None:
        till = Till("till1")
        async with shop(tmp_path, till) as it:
            first = await it.print("FV/1")
        async with shop(tmp_path, till) as it:
            assert await it.print("FV/1") == first
            assert till.receipts == 1

    virtual.run(main())


def test_an_accepted_job_survives_the_daemon(tmp_path: Path) -> None:
    async def main() -> None:
        till = Till("till1")
        till.pull()
        async with shop(tmp_path, till) as it:
            assert (await it.submit("FV/1")).state is JobState.ACCEPTED
        till.put_back()
        async with shop(tmp_path, till) as it:
            assert (await it.engine.wait("FV/1", 20)).state is JobState.DONE
            assert till.receipts == 1

    virtual.run(main())


def test_jobs_are_done_in_order_and_printers_do_not_wait_for_each_other(tmp_path: Path) -> None:
    async def main() -> None:
        slow, quick = Till("slow"), Till("quick", 2)
        slow.device.slowness = 100.0
        async with shop(tmp_path, slow, quick) as it:
            for number in range(5):
                await it.submit(f"slow/{number}", printer="slow")
                await it.submit(f"quick/{number}", printer="quick")
            began = anyio.current_time()
            await it.engine.wait("quick/4", 3600)
            assert anyio.current_time() - began < 1
            await it.engine.wait("slow/4", 36000)
            done = [
                e.job.key
                for e in await it.engine.events(0, 1000)
                if e.state is JobState.DONE and e.job.printer == "slow"
            ]
            assert done == [f"slow/{number}" for number in range(5)]

    virtual.run(main())


@pytest.mark.parametrize(
    "document",
    [
        {"type": "daily_report"}, {"type": "cash_in", "amount": "5.00"}, {"type": "goods_return", "amount": "5.00"},
        {"type": "printout", "lines": ["Żurek x 2", "", {"rule": True}]}, {"type": "drawer"},
    ],
    ids=lambda d: d["type"],
)  # fmt: skip
def test_other_documents(tmp_path: Path, document: dict[str, Any]) -> None:
    async def main() -> None:
        async with shop(tmp_path) as it:
            job = await it.print("X", document)
            assert job.state is JobState.DONE

    virtual.run(main())


def test_a_refused_document_is_not_stored(tmp_path: Path) -> None:
    async def main() -> None:
        async with shop(tmp_path) as it:
            await it.until(PrinterState.READY)
            bad = RECEIPT | {"lines": [{"name": "Kawa", "price": "10.00", "vat": "E"}]}
            with refusal("document.refused") as caught:
                await it.submit("FV/1", bad)
            assert caught.value.problem.errors[0].pointer == "/document/lines/0/vat"
            with refusal("job.unknown"):
                await it.engine.job("FV/1")
            assert (await it.print("FV/1")).state is JobState.DONE, "the key is free for the corrected document"

    virtual.run(main())


def test_an_unknown_printer(tmp_path: Path) -> None:
    async def main() -> None:
        async with shop(tmp_path) as it:
            with refusal("printer.unknown"):
                await it.submit("X", printer="till9")

    virtual.run(main())


def test_a_conflict_with_the_printers_rates_fails_before_the_first_byte(tmp_path: Path) -> None:
    async def main() -> None:
        till = Till("till1")
        till.pull()
        async with shop(tmp_path, till) as it:
            await it.submit("FV/1", RECEIPT | {"lines": [{"name": "Kawa", "price": "10.00", "vat": "7%"}]})
            till.put_back()
            job = await it.engine.wait("FV/1", 20)
            assert job.state is JobState.FAILED
            assert job.error is not None
            assert job.error.code == "document.refused"
            assert job.error.errors[0].code == "vat.rate"
            assert till.register.state.printout_count == 0

    virtual.run(main())


def test_the_licence_is_checked_for_documents_and_not_for_the_report(tmp_path: Path) -> None:
    async def main() -> None:
        async with shop(tmp_path) as it:
            it.gate.problem = problem("licence.module_missing", module="fiscal", modules="app")
            with refusal("licence.module_missing"):
                await it.submit("FV/1")
            assert (await it.print("Z/1", {"type": "daily_report"})).state is JobState.DONE

    virtual.run(main())


def test_a_job_waits_when_the_licence_ends_after_acceptance(tmp_path: Path) -> None:
    async def main() -> None:
        till = Till("till1")
        till.pull()
        async with shop(tmp_path, till) as it:
            await it.submit("FV/1")
            it.gate.problem = problem("licence.module_missing", module="fiscal", modules="app")
            till.put_back()
            await it.until(PrinterState.READY)
            job = await it.engine.wait("FV/1", 30)
            assert job.state is JobState.ACCEPTED
            assert job.waiting is not None
            assert job.waiting.code == "licence.module_missing"
            it.gate.problem = None
            it.engine.licence_changed()
            assert (await it.engine.wait("FV/1", 30)).state is JobState.DONE

    virtual.run(main())


def test_the_daily_report_passes_jobs_that_wait_for_a_licence(tmp_path: Path) -> None:
    async def main() -> None:
        till = Till("till1")
        till.pull()
        async with shop(tmp_path, till) as it:
            await it.submit("FV/1")
            await it.submit("Z/1", {"type": "daily_report"})
            await it.submit("FV/2")
            it.gate.problem = problem("licence.module_missing", module="fiscal", modules="app")
            till.put_back()
            assert (await it.engine.wait("Z/1", 20)).state is JobState.DONE
            job = await it.engine.wait("FV/1", 30)
            assert job.state is JobState.ACCEPTED
            assert job.waiting is not None
            assert job.waiting.code == "licence.module_missing"
            assert till.receipts == 0
            it.gate.problem = None
            it.engine.licence_changed()
            assert (await it.engine.wait("FV/2", 30)).state is JobState.DONE
            assert till.receipts == 2, "of the new day"

    virtual.run(main())


# -- withdrawing and resolving ---------------------------------------------------------------------------


def test_an_accepted_job_can_be_withdrawn(tmp_path: Path) -> None:
    async def main() -> None:
        till = Till("till1")
        till.pull()
        async with shop(tmp_path, till) as it:
            await it.submit("FV/1")
            job = await it.engine.withdraw("FV/1")
            assert job.state is JobState.FAILED
            assert job.error is not None
            assert job.error.code == "job.withdrawn"
            till.put_back()
            await it.until(PrinterState.READY)
            await anyio.sleep(10)
            assert till.register.state.printout_count == 0
            assert await it.engine.withdraw("FV/1") == job, "asked again, the same answer"
            with refusal("job.unknown"):
                await it.engine.withdraw("FV/2")

    virtual.run(main())


def test_a_finished_job_cannot_be_withdrawn_or_resolved(tmp_path: Path) -> None:
    async def main() -> None:
        async with shop(tmp_path) as it:
            await it.print("FV/1")
            with refusal("job.started"):
                await it.engine.withdraw("FV/1")
            with refusal("job.not_undecided"):
                await it.engine.resolve("FV/1", Resolution(verdict="printed", by="Anna"))

    virtual.run(main())


@pytest.mark.parametrize(("verdict", "state"), [("printed", JobState.DONE), ("not_printed", JobState.FAILED)])
def test_an_undecided_job_stops_the_printer_until_a_person_decides(
    tmp_path: Path, verdict: Verdict, state: JobState
) -> None:
    async def main() -> None:
        till, other = Till("till1"), Till("till2", 2)
        async with shop(tmp_path, till, other) as it:
            await it.until(PrinterState.READY)
            till.device.faults.plan(_fault("drop_after", "trend"))
            await it.submit("FV/1")
            while it.phase("FV/1") is not Phase.COMMITTING:
                await anyio.sleep(0.01)
            till.pull()
            till.device._machine.execute(
                "dailyrep", {"da": "2026-11-22"}
            )  # a person closes the day while we cannot look
            till.put_back()
            job = await it.engine.wait("FV/1", 20)
            assert job.state is JobState.UNDECIDED
            assert job.error is not None
            assert job.evidence is not None
            assert job.evidence["after"]["rd"] == 1
            assert job.error.model_extra == {"cause": "report_between"}
            await it.submit("FV/2")
            await it.until(PrinterState.UNDECIDED)
            waiting = (await it.engine.wait("FV/2", 30)).waiting
            assert waiting is not None
            assert waiting.code == "printer.undecided"
            assert (await it.print("FV/3", printer="till2")).state is JobState.DONE, "other printers go on"
            decided = await it.engine.resolve(
                "FV/1", Resolution(verdict=verdict, number=1, by="Anna", note="widziałam")
            )
            assert decided.state is state
            assert decided.resolution is not None
            assert decided.resolution.by == "Anna"
            again = Resolution(verdict=verdict, number=1, by="Anna", note="widziałam")
            assert await it.engine.resolve("FV/1", again) == decided, "asked again: the first answer was lost"
            with refusal("job.not_undecided"):
                await it.engine.resolve("FV/1", Resolution(verdict="not_printed", by="Ola"))
            assert (await it.engine.job("FV/1")).resolution == decided.resolution, "the first decision stands"
            assert (await it.engine.wait("FV/2", 20)).state is JobState.DONE
            assert till.receipts == 1, "of the new day"

    virtual.run(main())


def _fault(act: str, command: str, **more: object):  # type: ignore[no-untyped-def]  # noqa: ANN202
    from fiscald.emulator.faults import Fault

    return Fault.model_validate({"act": act, "command": command} | more)


# -- lists and events ------------------------------------------------------------------------------------


def test_lists_and_events_have_cursors(tmp_path: Path) -> None:
    async def main() -> None:
        async with shop(tmp_path) as it:
            for number in range(5):
                await it.print(f"FV/{number}")
            page = await it.engine.jobs(Wanted(), newest_first=False, after=0, limit=3)
            assert [job.key for _, job in page] == ["FV/0", "FV/1", "FV/2"]
            done = Wanted(printer="till1", state=JobState.DONE)
            rest = await it.engine.jobs(done, newest_first=False, after=page[-1][0], limit=10)
            assert [job.key for _, job in rest] == ["FV/3", "FV/4"]
            assert await it.engine.jobs(Wanted(printer="till2"), newest_first=True, after=0, limit=10) == []
            events = await it.engine.events(0, 1000)
            assert [event.state for event in events if event.job.key == "FV/0"] == [
                "accepted",
                "running",
                "done",
            ]
            assert await it.engine.events(events[-1].id) == []
            assert await it.engine.last_event() == events[-1].id
            assert (await it.engine.figures()).states == {("till1", "done"): 5}

    virtual.run(main())


def test_waiting_ends_in_time(tmp_path: Path) -> None:
    async def main() -> None:
        till = Till("till1")
        till.pull()
        async with shop(tmp_path, till) as it:
            await it.submit("FV/1")
            began = anyio.current_time()
            job = await it.engine.wait("FV/1", 7)
            assert job.state is JobState.ACCEPTED
            assert anyio.current_time() - began == pytest.approx(7, abs=0.1)

    virtual.run(main())


def test_a_submission_keeps_its_canonical_content(tmp_path: Path) -> None:
    async def main() -> None:
        async with shop(tmp_path) as it:
            document = RECEIPT | {"register": "01", "total": "11.50"}
            job = await it.print("FV/1", document)
            assert not isinstance(job.document, DamagedDocument)
            assert (
                Submission(printer="till1", document=job.document).digest()
                == Submission.model_validate({"printer": "till1", "document": document}).digest()
            )

    virtual.run(main())


def test_a_report_that_prints_for_minutes_is_waited_for(tmp_path: Path) -> None:
    async def main() -> None:
        till = Till("till1")
        till.register.state.fiscal_memory = october()
        async with shop(tmp_path, till) as it:
            await it.until(PrinterState.READY)
            till.device.slowness = 100.0
            await it.submit("REPORT", {"type": "monthly_report", "month": "2026-10"})
            waiting = None
            while waiting is None:
                await anyio.sleep(10)
                waiting = (await it.engine.job("REPORT")).waiting
            assert waiting.code == "printer.busy"
            assert waiting.model_extra is not None
            assert 0 < waiting.model_extra["seconds"] < 60
            assert (await it.engine.wait("REPORT", 36000)).state is JobState.DONE
            assert anyio.current_time() > 200
            assert (await it.engine.job("REPORT")).waiting is None

    virtual.run(main())
