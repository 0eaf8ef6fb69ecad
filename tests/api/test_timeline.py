"""``GET /v1/jobs/{key}/events``: what happened to a job, in order and with reasons."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import anyio
import pytest

from fiscald.api.client import JobChange
from fiscald.api.routes import ROUTES
from fiscald.api.timeline import MAX_EVENTS
from tests.api.routes import problem
from tests.daemons import RECEIPT, Running, running

PATH = "/v1/jobs/FV%2F17/events"


async def phases(it: Running, key: str) -> list[tuple[str, str]]:
    found = await it.client.job_events(key)
    return [(each.phase, each.problem.code if each.problem else "") for each in found.events]


async def test_a_printed_document_has_three_events(tmp_path: Path) -> None:
    async with running(tmp_path) as it:
        job = (await it.put("FV%2F17")).json()
        await it.put("other")
        found: dict[str, Any] = (await it.http.get(PATH)).json()
        assert [(each["state"], each["phase"]) for each in found["events"]] == [
            ("accepted", "accepted"),
            ("running", "started"),
            ("done", "done"),
        ]
        assert found["next"] is None
        assert found["events"][0]["at"] == job["created_at"]
        assert found["events"][2]["at"] == job["updated_at"]
        example = next(route for route in ROUTES if route.path.endswith("/events") and "{key}" in route.path)
        told = example.examples["application/json"]
        assert told.keys() == found.keys()
        assert [each.keys() for each in told["events"]] == [each.keys() for each in found["events"]]


async def test_pages_of_events(tmp_path: Path) -> None:
    async with running(tmp_path) as it:
        await it.put("FV%2F17")
        first = (await it.http.get(PATH, params={"limit": 2})).json()
        assert [each["phase"] for each in first["events"]] == ["accepted", "started"]
        assert first["next"] == first["events"][1]["id"]
        last = (await it.http.get(PATH, params={"limit": 2, "after": first["next"]})).json()
        assert ([each["phase"] for each in last["events"]], last["next"]) == (["done"], None)
        whole = (await it.http.get(PATH, params={"limit": 3})).json()
        assert whole["next"] is None


async def test_questions_about_events_that_are_refused(tmp_path: Path) -> None:
    async with running(tmp_path) as it:
        problem(await it.http.get(PATH), 404, "job.unknown")
        problem(await it.http.get("/v1/jobs/%C5%BC/events"), 400, "request.key")
        for query in ({"limit": 0}, {"limit": MAX_EVENTS + 1}, {"after": -1}, {"after": "x"}, {"since": 1}):
            problem(await it.http.get(PATH, params=query), 422, "request.query")


async def test_a_power_cut_is_an_event_with_its_reason(tmp_path: Path) -> None:
    async with running(tmp_path) as it:
        it.printer.fault("power_cut_after", "trend")
        await it.put("A", wait=0)
        await it.until("offline")
        assert (await phases(it, "A"))[:3] == [("accepted", ""), ("started", ""), ("committing", "link.lost")]
        assert (await it.client.job("A")).paper == "unknown"
        it.printer.power(on=True)
        assert (await it.client.job("A", wait=30)).state == "done"
        assert (await phases(it, "A"))[3:] == [("done", "")]


async def test_paper_is_unknown_until_an_undecided_document_is_decided(tmp_path: Path) -> None:
    async with running(tmp_path) as it:
        it.printer.fault("bad_crc", "trend")
        it.printer.fault("keypad_report", "scomm", nth=2)
        job = (await it.put("A", wait=30)).json()
        assert (job["state"], job["paper"]) == ("undecided", "unknown")
        refused = problem(await it.put("A", RECEIPT | {"lines": RECEIPT["lines"][:1]}), 409, "job.conflict")
        assert refused["job"]["paper"] == "unknown"
        said = {"verdict": "not_printed", "by": "Anna", "note": "no paper"}
        decided = (await it.http.post("/v1/jobs/A/resolution", json=said)).json()
        assert (decided["state"], decided["paper"]) == ("failed", "none")
        found = (await it.http.get("/v1/jobs/A/events")).json()["events"]
        assert [each["phase"] for each in found][-2:] == ["undecided", "failed"]
        assert found[-2]["problem"]["cause"] == "report_between"
        assert found[-1]["resolution"] == said | {"number": None}
        assert found[-1]["problem"]["code"] == "job.resolved_not_printed"


async def test_an_interruption_wakes_those_who_listen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also in the middle of the last command, when the document stays what it is."""
    monkeypatch.setattr("fiscald.api.events.KEEPALIVE", 600.0)
    async with running(tmp_path) as it:
        it.printer.fault("power_cut_after", "trend")
        await it.put("A", wait=0)
        seen: list[int] = []
        with anyio.fail_after(60):
            async for event in it.client.events(after=0):
                if isinstance(event, JobChange):
                    seen.append(event.id)
                if len(seen) == 3:
                    break
        assert seen == [each.id for each in (await it.client.job_events("A")).events]
