"""E-receipts are followed after their job is done; nothing about them changes the fiscal answer."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import anyio
import pytest

from fiscald.emulator.faults import Switch
from fiscald.engine import deliveries
from fiscald.engine.deliveries import Deliveries
from fiscald.journal import Entry, Phase
from fiscald.model.e_receipt import Delivered, EReceiptState
from fiscald.model.jobs import Job, JobState
from fiscald.model.printers import PrinterState
from tests import virtual
from tests.engine.shop import RECEIPT, START, Shop, Till, shop

OURS = RECEIPT | {"e_receipt": {"customer_id": "KID-1"}}


def state_of(job: Job) -> EReceiptState:
    assert job.result is not None
    assert job.result.e_receipt is not None
    return job.result.e_receipt


def waiting_at_server(it: Shop) -> None:
    it.till.device.faults.switches.add(Switch.NO_SERVER)


def test_a_change_of_delivery_is_an_event_and_no_new_answer(tmp_path: Path) -> None:
    async def main() -> None:
        async with shop(tmp_path) as it:
            await it.until(PrinterState.READY)
            waiting_at_server(it)
            job = await it.print("FV/1", OURS)
            assert (state_of(job).registered, state_of(job).state) == (True, 2)
            events = it.journal.store.last_event()
            await anyio.sleep(60)
            assert it.journal.store.last_event() == events, "nothing has changed"
            it.till.device.faults.switches.discard(Switch.NO_SERVER)
            await anyio.sleep(120)
            later = await it.engine.job("FV/1")
            assert state_of(later).state == 1
            assert state_of(later).delivered is Delivered.UNKNOWN
            (change,) = it.journal.store.events(events)
            assert (change.state, change.job.key) == (JobState.DONE, "FV/1")
            assert later.result is not None
            assert job.result is not None
            assert later.result.model_copy(update={"e_receipt": None}) == job.result.model_copy(
                update={"e_receipt": None}
            )
            assert (await it.engine.figures()).states == {("till1", "done"): 1}

    virtual.run(main())


def test_a_started_daemon_follows_what_was_not_delivered(tmp_path: Path) -> None:
    till = Till("till1")

    async def first() -> None:
        async with shop(tmp_path, till) as it:
            await it.until(PrinterState.READY)
            waiting_at_server(it)
            assert (await it.print("FV/1", OURS)).state is JobState.DONE

    async def second() -> None:
        till.device.faults.switches.discard(Switch.NO_SERVER)
        async with shop(tmp_path, till) as it:
            await it.until(PrinterState.READY)
            await anyio.sleep(60)
            assert state_of(await it.engine.job("FV/1")).state == 1

    virtual.run(first())
    virtual.run(second())


def test_a_journal_that_cannot_be_written_delays_the_news_only(tmp_path: Path) -> None:
    async def main() -> None:
        async with shop(tmp_path) as it:
            await it.until(PrinterState.READY)
            waiting_at_server(it)
            await it.print("FV/1", OURS)
            it.till.device.faults.switches.discard(Switch.NO_SERVER)
            it.journal.fails_once = "note_delivery"
            await anyio.sleep(120)
            assert state_of(await it.engine.job("FV/1")).state == 1
            assert it.engine.printer("till1").state is PrinterState.READY

    virtual.run(main())


@pytest.mark.slow
def test_the_questions_become_rare_and_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deliveries, "FOLLOWED", timedelta(hours=2))

    async def main() -> None:
        async with shop(tmp_path) as it:
            await it.until(PrinterState.READY)
            waiting_at_server(it)
            await it.print("FV/1", OURS)
            asked: list[float] = []
            handlers = it.till.device._machine._handlers
            answer = handlers["eparagonbufferget"]

            def count(*command: Any) -> Any:
                asked.append(anyio.current_time())
                return answer(*command)

            handlers["eparagonbufferget"] = count
            await anyio.sleep(7300)
            pauses = [later - earlier for earlier, later in pairwise(asked)]
            assert pauses[0] < 20 < 500 < pauses[-2] < 620
            assert len(asked) < 25
            ended = len(asked)
            await anyio.sleep(1300)
            assert len(asked) == ended

    virtual.run(main())


def test_what_is_not_followed(tmp_path: Path) -> None:
    """A job without an e-receipt, one whose binding another document took, one that was delivered, one of last week."""

    async def main() -> None:
        async with shop(tmp_path) as it:
            await it.until(PrinterState.READY)
            job = await it.print("FV/1", OURS)
            assert job.result is not None
            followed = Deliveries(it.journal, lambda: START + timedelta(days=3), lambda _: None)
            for e_receipt in (
                None,
                EReceiptState(registered=None),
                EReceiptState(id="1", registered=True, delivered=Delivered.YES),
                state_of(job),
            ):
                result = job.result.model_copy(update={"e_receipt": e_receipt})
                followed.follow(Entry(1, Phase.DONE, job.model_copy(update={"result": result})))
            assert followed._followed == {}

    virtual.run(main())
