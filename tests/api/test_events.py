"""The event stream on a real socket: cursors, resets, clients that are slow or many."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path

import anyio
import pytest

from fiscald.api.client import Client, CursorReset, JobChange, NotReachable, Refused
from fiscald.journal import JournalError, Store
from fiscald.model.cash import CashIn
from fiscald.model.jobs import JobState, Resolution
from fiscald.model.printers import PrinterStatus
from tests.api.routes import problem
from tests.daemons import RECEIPT, running


async def test_every_change_is_an_event_with_a_cursor(tmp_path: Path) -> None:
    async with running(tmp_path) as it:
        seen: list[JobChange] = []
        printers: list[PrinterStatus] = []

        async def listen() -> None:
            async for event in it.client.events():
                if isinstance(event, PrinterStatus):
                    printers.append(event)
                    continue
                assert isinstance(event, JobChange)
                seen.append(event)
                if event.job.key == "A" and event.state is JobState.DONE:
                    return

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(listen)
            with anyio.fail_after(5):
                while not printers:
                    await anyio.sleep(0.01)
            await it.put("A")
        assert [change.state for change in seen] == ["accepted", "running", "done"]
        assert printers[0].name == "till1", "a stream begins with the present state of every printer"
        assert any(status.state == "printing" for status in printers)

        again = []
        async for event in it.client.events(after=seen[0].id):
            if isinstance(event, JobChange):
                again.append(event.id)
                if len(again) == 2:
                    break
        assert again == [seen[1].id, seen[2].id], "resumed without gap and without double"


async def test_a_bad_cursor(tmp_path: Path) -> None:
    async with running(tmp_path, ready=False) as it:
        response = await it.http.get("/v1/events", headers={"Last-Event-ID": "yesterday"})
        problem(response, 422, "request.query")


@pytest.mark.parametrize("header", [True, False])
async def test_a_cursor_that_is_ahead_of_the_journal_is_reset(tmp_path: Path, header: bool) -> None:
    """The journal was restored from a copy: the events that follow would be lost without a word."""
    async with running(tmp_path) as it:
        await it.put("A")
        headers = {"Last-Event-ID": "99999999"} if header else {}
        params = {} if header else {"after": "99999999"}
        async with it.http.stream("GET", "/v1/events", headers=headers, params=params) as response:
            lines = response.aiter_lines()
            with anyio.fail_after(10):
                while await anext(lines) != "id: 3":
                    pass
                assert (await anext(lines), await anext(lines)) == ("event: reset", 'data: {"cursor":3}')
                await it.put("B")
                while await anext(lines) != "id: 6":
                    pass
                assert (await anext(lines), json.loads((await anext(lines))[6:])["state"]) == ("event: job", "done")


async def test_the_clients_report_a_cursor_that_was_reset(tmp_path: Path) -> None:
    async with running(tmp_path, ready=False) as it:

        def first() -> object:
            with Client(it.socket) as client:
                return next(event for event in client.events(after=5) if not isinstance(event, PrinterStatus))

        assert await anyio.to_thread.run_sync(first) == CursorReset(cursor=0)
        async for event in it.client.events(after=5):
            if not isinstance(event, PrinterStatus):
                assert event == CursorReset(cursor=0)
                break


async def test_a_cursor_of_this_journal_is_not_reset(tmp_path: Path) -> None:
    async with running(tmp_path) as it:
        await it.put("A")
        for after in (0, 2, 3):
            async with it.http.stream("GET", "/v1/events", params={"after": after}) as response:
                await it.put(f"B{after}")
                lines = response.aiter_lines()
                with anyio.fail_after(10):
                    while (line := await anext(lines)) != f"id: {after + 1}":
                        assert line != "event: reset"


async def test_a_list_after_a_cursor_ahead_of_the_journal_is_410(tmp_path: Path) -> None:
    async with running(tmp_path, ready=False) as it:
        body = problem(await it.http.get("/v1/jobs?after=99999999"), 410, "request.cursor")
        assert "ahead of the newest job, 0" in body["detail"]
        assert (await it.http.get("/v1/jobs?after=0")).json() == {"jobs": [], "next": None, "previous": None}


async def test_events_of_printers_continue_without_the_journal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It fails under a stream that is open; missed events are sent once it can be read."""
    monkeypatch.setattr("fiscald.api.events.READ_AGAIN", 0.05)
    sound = Store.events
    async with running(tmp_path) as it:
        seen: list[str] = []

        async def listen() -> None:
            async for event in it.client.events():
                assert not isinstance(event, CursorReset)
                seen.append(event.state if isinstance(event, PrinterStatus) else f"job {event.state}")
                if seen[-1] == "job done":
                    return

        async def told(state: str) -> None:
            with anyio.fail_after(10):
                while state not in seen:
                    await anyio.sleep(0.01)

        def failing(*_: object) -> list[object]:
            raise JournalError("disk I/O error")

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(listen)
            await told("ready")
            monkeypatch.setattr(Store, "events", failing)
            assert (await it.put("A")).json()["state"] == "done"
            await told("printing")
            it.printer.switch("paper_out")
            await told("paper_out")
            monkeypatch.setattr(Store, "events", sound)
            await told("job done")
        assert [each for each in seen if each.startswith("job")] == ["job accepted", "job running", "job done"]


async def test_events_of_printers_with_a_damaged_journal(tmp_path: Path) -> None:
    (tmp_path / "state").mkdir()
    (tmp_path / "state" / "journal.db").write_bytes(b"not a database" * 500)
    async with running(tmp_path, ready=False) as it:
        with anyio.fail_after(10):
            async for event in it.client.events():
                if not isinstance(event, PrinterStatus) or event.problem is None:
                    continue
                if event.problem.code == "journal.reading":
                    continue  # the journal was not looked into yet
                assert (event.state, event.problem.code) == ("out_of_order", "daemon.journal")
                break
            else:
                pytest.fail("the events ended")


async def test_events_after_a_restart(tmp_path: Path) -> None:
    async with running(tmp_path) as it:
        await it.put("A")
    async with running(tmp_path, ready=False) as it:
        states = []
        async for event in it.client.events(after=0):
            if isinstance(event, JobChange):
                states.append(event.state)
                if event.state is JobState.DONE:
                    break
        assert states[0] == "accepted"


async def test_both_clients(tmp_path: Path) -> None:
    async with running(tmp_path) as it:
        job = await it.client.submit("async", "till1", CashIn(amount=Decimal("5.00")))
        assert job.state is JobState.DONE
        assert await it.client.job("async") == job
        assert (await it.client.hello())["product"] == "fiscald"
        assert [printer.name for printer in await it.client.printers()] == ["till1"]
        assert (await it.client.jobs(limit=5)).jobs[0].key == "async"
        with pytest.raises(Refused, match=r"job\.started") as caught:
            await it.client.withdraw("async")
        assert caught.value.status == 409
        with pytest.raises(Refused, match="not_undecided"):
            await it.client.resolve("async", Resolution(verdict="printed", by="A"))
        with pytest.raises(Refused, match="not_waiting"):
            await it.client.adopt("till1", "EMU 9")
        assert (await it.client.licence())["state"] == "active"

        def synchronous() -> None:
            with Client(it.socket) as client:
                assert client.submit("sync", "till1", RECEIPT).result is not None
                assert client.job("sync").state is JobState.DONE
                assert client.printer("till1").name == "till1"
                assert len(client.jobs().jobs) == 2
                assert client.hello()["api"] == "1"
                assert client.licence()["may_print"]
                changes = client.events(after=0)
                assert any(isinstance(next(changes), JobChange) for _ in range(3))
                changes.close()  # type: ignore[attr-defined]
                for call in (
                    lambda: client.withdraw("none"),
                    lambda: client.resolve("none", Resolution(verdict="printed", by="A")),
                    lambda: client.adopt("none", "x"),
                ):
                    with pytest.raises(Refused):
                        call()

        await anyio.to_thread.run_sync(synchronous)


def test_a_daemon_that_does_not_run_is_not_reachable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fiscald.api.client._PAUSES", (0.0, None))
    with Client(tmp_path / "none.sock") as client, pytest.raises(NotReachable, match=r"none\.sock"):
        client.hello()
