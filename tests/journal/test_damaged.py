"""One unreadable stored value damages its job, and no other."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fiscald.journal import Entry, Phase, Store, WrongPhase
from fiscald.journal.rows import NAMES, entry
from fiscald.model.documents import Submission
from fiscald.model.jobs import DamagedDocument, JobState, Paper, Resolution, Result
from fiscald.model.problems import problem
from fiscald.model.times import POLISH_TIME
from tests import virtual
from tests.daemons import running
from tests.drawn import drawn
from tests.engine.shop import RECEIPT, Till, shop

NOW = datetime(2026, 11, 22, 10, 0, tzinfo=POLISH_TIME)
SALE = Submission.model_validate({"printer": "till1", "document": RECEIPT, "deadline": "2030-01-01T00:00:00+01:00"})
PHASES = tuple(Phase)
#: Every column that holds something that must be read to be understood, and something that cannot be.
COLUMNS = ("document", "deadline", "if_interrupted", "evidence", "result", "paper", "warnings", "error", "resolution",
           "created_at", "updated_at")  # fmt: skip
JUNK = ('{"type": "receipt", "lines": [{"name": "Kawa", "price": "1.00", "vat": "23%%"}]}', "", "{", "null", "[1]",
        "[" * 100_000, '"x"', "2026-11-22T10:00:00")  # fmt: skip


def filled(store: Store) -> None:
    """A job in every phase, and a good one behind each."""
    why = problem("printer.unproven", reason="?")
    for phase in PHASES:
        for key in (phase.value, f"good-{phase.value}"):
            store.accept(key, SALE, (), None)
            if phase is Phase.ACCEPTED:
                continue
            store.start(key, {"before": {"bn": 1}})
            if phase is not Phase.STARTED:
                store.commit(key)
            if phase is Phase.DONE:
                result = Result(number=5, printer_id="EMU 1")
                store.finish(key, phase, result=result, paper=Paper.PRINTED, evidence={"after": {}})
            elif phase in (Phase.FAILED, Phase.UNDECIDED):
                store.finish(key, phase, error=why)


@pytest.fixture(scope="module")
def pattern(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pattern")
    store = Store(folder, lambda: NOW)
    filled(store)
    store.close()
    return folder / "journal.db"


@pytest.fixture
def store(tmp_path: Path, pattern: Path) -> Iterator[Store]:
    shutil.copy(pattern, tmp_path / "journal.db")
    opened = Store(tmp_path, lambda: NOW)
    opened._db.execute("PRAGMA synchronous = OFF")
    yield opened
    opened.close()


def spoil(store: Store, key: str, column: str, value: str | bytes) -> None:
    if isinstance(value, bytes):
        store._db.execute(f"UPDATE job SET {column} = CAST(? AS TEXT) WHERE key = ?", (value, key))
    else:
        store._db.execute(f"UPDATE job SET {column} = ? WHERE key = ?", (value, key))


def told(found: Entry) -> dict[str, Any]:
    assert found.job.error is not None
    return found.job.error.model_extra or {}


@pytest.mark.parametrize("junk", ["[1]", "{", b'{"type": "drawer", "x": "\xff\xfe"}'])
@pytest.mark.parametrize("column", COLUMNS)
@pytest.mark.parametrize("phase", PHASES)
def test_a_damaged_value(store: Store, phase: Phase, column: str, junk: str | bytes) -> None:
    before = {each.job.key: each for each in store.jobs()}
    spoil(store, phase, column, junk)
    found = store.job(phase)
    assert found is not None
    assert set(found.damage) == {column}
    raw = found.damage[column]
    assert raw == junk if isinstance(junk, str) else "\\xff\\xfe" in raw
    if phase in (Phase.DONE, Phase.FAILED):
        assert found.job.state is phase.state, "an answer given to a client stays true"
        assert any(notice.code == "journal.damaged" and raw[:20] in notice.detail for notice in found.job.warnings)
    else:
        assert found.job.state is JobState.UNDECIDED
        assert (told(found)["cause"], told(found)["stored"]) == ("damaged", {column: raw})
    if column == "document":
        assert found.job.document == DamagedDocument(text=raw)
    # Every list and every other job is as before.
    assert [each.job.key for each in store.jobs()] == list(before)
    assert {each.job.key: each for each in store.jobs() if each.job.key != phase} == {
        key: each for key, each in before.items() if key != phase
    }
    assert {event.job.key for event in store.events(0, 1000)} == set(before)
    assert json.loads(found.job.model_dump_json(by_alias=True))["key"] == phase
    store.expire(lambda _: problem("job.withdrawn"))
    store.prune(30)
    store.next_accepted("till1", ["receipt"])
    store.counts()


def test_a_long_damaged_value_is_shown_in_part(store: Store) -> None:
    spoil(store, "accepted", "document", "{" * 3999)
    spoil(store, "started", "document", "{" * 4001)
    for key, length in (("accepted", 3999), ("started", 4000)):
        found = store.job(key)
        assert found is not None
        assert len(found.damage["document"]) == length
        assert found.job.document == DamagedDocument(text="{" * length)


@pytest.mark.parametrize("phase", [Phase.ACCEPTED, Phase.STARTED, Phase.COMMITTING])
@pytest.mark.parametrize("column", ["document", "evidence"])
def test_a_damaged_running_job_needs_a_manual_decision(store: Store, phase: Phase, column: str) -> None:
    spoil(store, phase, column, "{")
    given_up = store.give_up_damaged(phase)
    assert (given_up.phase, told(given_up)["cause"]) == (Phase.UNDECIDED, "damaged")
    with pytest.raises(WrongPhase):
        store.give_up_damaged(phase)
    said = Resolution(verdict="not_printed", by="Anna")
    ended = store.resolve(phase, said, Phase.FAILED, paper=Paper.NONE, error=problem("job.withdrawn"))
    assert (ended.phase, ended.job.state, ended.job.resolution) == (Phase.FAILED, JobState.FAILED, said)


def test_a_damaged_job_not_given_up_yet_can_be_decided(store: Store) -> None:
    """Its printer is no longer configured, so no actor handles it."""
    spoil(store, "accepted", "document", "{")
    with pytest.raises(WrongPhase):
        store.withdraw("accepted", problem("job.withdrawn"))
    said = Resolution(verdict="not_printed", by="Anna")
    assert store.resolve("accepted", said, Phase.FAILED, paper=Paper.NONE).job.state is JobState.FAILED


def test_an_unreadable_deadline_ends_no_other_job(tmp_path: Path) -> None:
    moment = [NOW]
    store = Store(tmp_path, lambda: moment[0])
    for key in ("A", "B"):
        store.accept(key, SALE.model_copy(update={"deadline": NOW + timedelta(minutes=1)}), (), None)
    spoil(store, "A", "deadline", "soon")
    moment[0] += timedelta(minutes=2)
    ended, _ = store.expire(lambda _: problem("job.withdrawn"))
    assert [each.job.key for each in ended] == ["B"]
    store.close()


@given(st.data())
@settings(max_examples=drawn(300), deadline=None)
def test_any_damaged_row_can_be_shown(data: st.DataObject) -> None:
    value = st.none() | st.text(max_size=30) | st.sampled_from(JUNK)
    row: dict[str, Any] = {name: data.draw(value, label=name) for name in NAMES}
    row |= {
        "id": 1, "phase": data.draw(st.sampled_from(PHASES)), "attempts": data.draw(st.integers()),
        "expect_last": data.draw(st.none() | st.integers()), "key": data.draw(st.text()), "printer": "till1",
    }  # fmt: skip
    for name in ("document", "if_interrupted", "paper", "warnings", "created_at", "updated_at"):
        row[name] = row[name] or ""  # NOT NULL
    found = entry(tuple(row[name] for name in NAMES))
    assert found.damage
    json.loads(found.job.model_dump_json(by_alias=True, warnings=False))


# -- in a running daemon ---------------------------------------------------------------------------------


@pytest.mark.parametrize("phase", ["accepted", "started", "committing"])
@pytest.mark.parametrize("column", ["document", "evidence", "warnings"])
def test_the_intact_job_behind_a_damaged_one_is_printed(tmp_path: Path, phase: str, column: str) -> None:
    till = Till("till1")

    async def main() -> None:
        async with shop(tmp_path, till) as it:
            await it.print("Z0")
            it.journal.full_at = {"accepted": "start", "started": "commit", "committing": "finish"}[phase]
            await it.submit("Z1")
            await anyio.sleep(60)
            assert it.phase("Z1") is Phase(phase)
        store = Store(tmp_path, lambda: NOW)
        spoil(store, "Z1", column, "{")
        store.close()
        async with shop(tmp_path, till) as it:
            await it.submit("Z2")
            job = await it.engine.wait("Z1", 60)
            assert job.error is not None
            assert (job.state, (job.error.model_extra or {})["cause"]) == (JobState.UNDECIDED, "damaged")
            if phase == "accepted":
                assert (await it.engine.wait("Z2", 60)).state is JobState.DONE, "nothing of Z1 can be open"
            await anyio.sleep(60)
            assert it.phase("Z1") is Phase.UNDECIDED, "written down"
            assert it.engine.printer("till1").queue == (0 if phase == "accepted" else 1)
            decided = await it.engine.resolve("Z1", Resolution(verdict="printed", number=9, by="Anna"))
            assert decided.state is JobState.DONE
            till.device.keypad_cancel()  # what Z1 had opened, if anything
            await it.engine.wait("Z2", 600)
            assert it.engine.printer("till1").problem is None or phase == "started"

    virtual.run(main())


@pytest.mark.slow
@pytest.mark.parametrize(
    "broken",
    [
        {},
        {"before": {}},
        {"before": "x"},
        {"before": {"nu": "EMU 0000000001"}},
        {"family": "posnet", "version": 3, "before": {"nu": "EMU 0000000001", "rd": 0, "hn": 0, "bn": 0}},
        {"family": "thermal", "version": 2, "before": {"nu": "EMU 0000000001", "rd": 0, "hn": 0, "bn": 0}},
    ],
)
def test_evidence_that_cannot_be_used(tmp_path: Path, broken: dict[str, Any]) -> None:
    """It can be read, and is of no use: asked again and again it would keep all others waiting."""
    till = Till("till1")

    async def main() -> None:
        async with shop(tmp_path, till) as it:
            it.journal.full_at = "finish"
            await it.submit("Z1")
            await anyio.sleep(60)
        store = Store(tmp_path, lambda: NOW)
        spoil(store, "Z1", "evidence", json.dumps(broken))
        store.close()
        async with shop(tmp_path, till) as it:
            job = await it.engine.wait("Z1", 60)
            assert job.error is not None
            assert (job.state, (job.error.model_extra or {})["cause"]) == (JobState.UNDECIDED, "damaged")
            await it.engine.resolve("Z1", Resolution(verdict="printed", number=1, by="Anna"))
            assert (await it.print("Z2")).state is JobState.DONE
            assert till.receipts == 2

    virtual.run(main())


@pytest.mark.slow
async def test_every_answer_of_a_daemon_with_a_damaged_job(tmp_path: Path) -> None:
    async with running(tmp_path) as it:
        it.printer.switch("cover")
        for key in ("Z1", "Z2"):
            assert (await it.put(key, wait=0)).status_code == 201
    store = Store(tmp_path / "state", lambda: NOW)
    spoil(store, "Z1", "document", JUNK[0])
    store.close()
    async with running(tmp_path) as it:
        for key in ("Z1", "Z2"):
            assert (await it.http.get(f"/v1/jobs/{key}?wait=5")).status_code == 200
        with anyio.fail_after(20):
            while (await it.client.job("Z2")).state is not JobState.DONE:
                await anyio.sleep(0.05)

        def is_damaged(response: httpx.Response) -> bool:
            job = response.json()
            assert (job["state"], job["error"]["cause"]) == ("undecided", "damaged")
            assert job["document"] == {"type": "damaged", "text": JUNK[0]}
            return True

        assert is_damaged(await it.http.get("/v1/jobs/Z1"))
        listed = (await it.http.get("/v1/jobs")).json()["jobs"]
        assert {job["key"]: job["state"] for job in listed} == {"Z1": "undecided", "Z2": "done"}
        assert (await it.http.delete("/v1/jobs/Z1")).status_code == 409
        assert (await it.put("Z1")).status_code == 200, "known, whatever stands there"
        async for event in it.client.events(after=0):
            if getattr(event, "id", 0) and event.job.key == "Z1":  # type: ignore[union-attr]
                break
        assert it.printer.register.day.receipt_count == 1
        resolution = {"verdict": "not_printed", "by": "Anna"}
        assert (await it.http.post("/v1/jobs/Z1/resolution", json=resolution)).json()["state"] == "failed"
