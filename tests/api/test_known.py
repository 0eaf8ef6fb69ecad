"""Every refusal that names a key includes the journal's state of that key."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest

from fiscald.api import handlers, rights
from fiscald.api.known import tell_of_key
from fiscald.api.rights import Peer
from fiscald.engine import Engine
from fiscald.journal import JournalError, Store
from fiscald.model.jobs import Job, JobState
from fiscald.model.problems import CATALOGUE, Fate, ProblemError, problem
from fiscald.model.reports import DailyReport
from fiscald.model.times import POLISH_TIME
from tests.daemons import RECEIPT, Running, running

NOTHING = "Nic nie wydrukowano."
FLOAT = RECEIPT | {"lines": [{"name": "Kawa", "price": 1.5, "vat": "A"}]}


async def drip() -> Any:
    yield b"{"
    await anyio.sleep(0.3)
    yield b"}"


def body(document: Any) -> dict[str, Any]:
    return {"printer": "till1", "document": document}


#: Every way to ask about a key that is refused before the key is looked at: method, what follows the key, and the rest.
REFUSED: dict[str, tuple[str, str, dict[str, Any], int]] = {
    "a float": ("PUT", "", {"json": body(FLOAT)}, 422),
    "a number": ("PUT", "", {"json": body({"type": "cash_in", "amount": 12})}, 422),
    "an unknown field": ("PUT", "", {"json": body(RECEIPT | {"payment": []})}, 422),
    "no such kind of document": ("PUT", "", {"json": body({"type": "recipt"})}, 422),
    "broken JSON": ("PUT", "", {"content": b"{"}, 400),
    "an empty body": ("PUT", "", {"content": b""}, 400),
    "too large": ("PUT", "", {"content": b" " * (handlers.MAX_BODY + 1)}, 413),
    "too slow": ("PUT", "", {"content": drip}, 408),
    "a wrong wait": ("PUT", "", {"params": {"wait": "soon"}, "json": body(RECEIPT)}, 422),
    "an unknown query parameter": ("PUT", "", {"params": {"wiat": "5"}, "json": body(RECEIPT)}, 422),
    "asked with a wrong wait": ("GET", "", {"params": {"wait": "-1"}}, 422),
    "asked with an unknown parameter": ("GET", "", {"params": {"limit": "1"}}, 422),
    "withdrawn with a parameter": ("DELETE", "", {"params": {"force": "1"}}, 422),
    "posted": ("POST", "", {"json": body(RECEIPT)}, 405),
    "patched": ("PATCH", "", {}, 405),
    "asked for a resolution": ("GET", "/resolution", {}, 405),
    "decided without a verdict": ("POST", "/resolution", {"json": {}}, 422),
    "decided in broken JSON": ("POST", "/resolution", {"content": b"{"}, 400),
    "decided with PUT": ("PUT", "/resolution", {"json": body(FLOAT)}, 405),
}


async def ask(it: Running, key: str, name: str) -> httpx.Response:
    method, suffix, more, _ = REFUSED[name]
    content = more.get("content")
    more = more | ({"content": content()} if callable(content) else {})
    return await it.http.request(method, f"/v1/jobs/{key}{suffix}", **more)


async def settle(it: Running, key: str) -> Fate:
    """A job in one of the states, by its key; the expected answer."""
    match key:
        case "DONE":
            assert (await it.put(key)).json()["state"] == "done"
            return Fate.PRINTED
        case "FAILED":
            it.printer.switch("cover")
            await it.put(key, wait=0)
            assert (await it.http.delete(f"/v1/jobs/{key}")).json()["state"] == "failed"
            return Fate.NOT_PRINTED
        case "ACCEPTED":
            it.printer.switch("paper_out")
            assert (await it.put(key, wait=0)).json()["state"] == "accepted"
            return Fate.UNKNOWN
        case _:
            return Fate.NOT_PRINTED


@pytest.mark.parametrize("key", ["DONE", "FAILED", "ACCEPTED", "NEVER"])
async def test_every_refusal_includes_the_state_of_the_key(
    tmp_path: Path, key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(handlers, "BODY_SECONDS", 0.1)
    async with running(tmp_path) as it:
        fate = await settle(it, key)
        for name, (_, _, _, status) in REFUSED.items():
            answer = await ask(it, key, name)
            told = answer.json()
            assert (answer.status_code, told["document"]) == (status, fate), name
            assert (NOTHING in told["detail_pl"]) == (fate is Fate.NOT_PRINTED), name
            assert told["retry"] != "safe" or fate is Fate.NOT_PRINTED, name
            assert ("job" in told) == (key != "NEVER"), name
            if key != "NEVER":
                assert (told["job"]["key"], told["job"]["state"]) == (key, key.lower()), name
                assert f"the job of this key is {key.lower()}" in told["detail"], name
            if key == "DONE":
                assert told["job"]["result"]["number"] == 1, name
                assert "number 1" in told["detail"], name
        assert len(it.printer.paper) <= 1, "nothing was printed again"


async def test_a_key_may_end_like_a_route(tmp_path: Path) -> None:
    async with running(tmp_path) as it:
        assert (await it.client.submit("FV1/resolution", "till1", RECEIPT, wait=10)).state is JobState.DONE
        assert (await it.client.job("FV1/resolution")).key == "FV1/resolution"
        assert (await it.http.get("/v1/jobs/FV1%2Fresolution")).json()["key"] == "FV1/resolution"
        assert (await it.http.get("/v1/jobs/FV1/resolution")).status_code == 405
        decided = await it.http.post("/v1/jobs/FV1%2Fresolution/resolution", json={"verdict": "printed", "by": "A"})
        assert (decided.status_code, decided.json()["job"]["key"]) == (409, "FV1/resolution")


async def test_a_refused_resolution_includes_the_state_of_the_key(tmp_path: Path) -> None:
    async with running(tmp_path) as it:
        await settle(it, "DONE")
        decided = await ask(it, "DONE", "decided without a verdict")
        assert (decided.status_code, decided.json()["document"]) == (422, "printed")
        late = await it.http.post("/v1/jobs/DONE/resolution", json={"verdict": "not_printed", "by": "Anna"})
        assert (late.status_code, late.json()["document"]) == (409, "printed")
        withdrawn = await it.http.delete("/v1/jobs/DONE")
        assert (withdrawn.status_code, withdrawn.json()["document"]) == (409, "printed")


async def test_a_conflict_names_the_job_and_does_not_claim_this_sale(tmp_path: Path) -> None:
    async with running(tmp_path) as it:
        await settle(it, "DONE")
        told = (await it.put("DONE", RECEIPT | {"cashier": "Ewa"})).json()
        assert (told["code"], told["document"]) == ("job.conflict", "unknown")
        assert told["job"]["state"] == "done"


async def test_a_denied_request_includes_the_state_of_its_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    peer: list[Peer | None] = [Peer(1, 0, 0)]
    monkeypatch.setattr(rights, "peer_of", lambda _: peer[0])
    async with running(tmp_path) as it:
        await settle(it, "DONE")
        peer[0] = Peer(1, 5_000, 5_000)
        async with httpx.AsyncClient(
            transport=httpx.AsyncHTTPTransport(uds=str(it.socket)), base_url="http://f"
        ) as http:
            for key, fate in (("DONE", "printed"), ("NEVER", "not_printed")):
                denied = await http.put(f"/v1/jobs/{key}", json=body(RECEIPT))
                assert (denied.status_code, denied.json()["document"]) == (403, fate)
            not_mine = await http.post("/v1/jobs/DONE/resolution", json={})
            assert (not_mine.status_code, not_mine.json()["document"]) == (403, "printed")


async def test_while_the_journal_cannot_be_read_nothing_is_known(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(handlers, "BODY_SECONDS", 0.1)

    def broken(*_: Any) -> Any:
        raise JournalError("disk I/O error")

    async with running(tmp_path) as it:
        await settle(it, "DONE")
        monkeypatch.setattr(Store, "job", broken)
        for name in REFUSED:
            told = (await ask(it, "DONE", name)).json()
            assert told["document"] == "unknown", name
            assert NOTHING not in told["detail_pl"], name
        asked = await it.http.get("/v1/jobs/DONE")
        assert (asked.status_code, asked.json()["document"]) == (503, "unknown")


NOW = datetime(2026, 11, 22, 10, tzinfo=POLISH_TIME)


class JournalOf(Engine):
    """An engine with one job, or with a reason why there is none."""

    def __init__(self, found: JobState | str) -> None:
        self._found = found

    async def job(self, key: str) -> Job:
        if isinstance(self._found, JobState):
            state = self._found
            return Job(key=key, printer="till1", state=state, document=DailyReport(), created_at=NOW, updated_at=NOW)
        raise ProblemError(problem(self._found, key=key, reason="it is full"))


FATES: dict[JobState | str, Fate] = {
    JobState.ACCEPTED: Fate.UNKNOWN,
    JobState.RUNNING: Fate.UNKNOWN,
    JobState.DONE: Fate.PRINTED,
    JobState.FAILED: Fate.NOT_PRINTED,
    JobState.UNDECIDED: Fate.UNKNOWN,
    "job.unknown": Fate.NOT_PRINTED,
    "daemon.journal": Fate.UNKNOWN,
}
assert set(JobState) < set(FATES)


def any_problem(code: str) -> Any:
    class Anything(dict[str, str]):
        def __missing__(self, name: str) -> str:
            return "x"

    row = CATALOGUE[code]
    make: Callable[..., Any] = problem
    names = {part.split("}")[0].split("!")[0] for part in (row.detail + row.detail_pl).split("{")[1:]}
    return make(code, **dict.fromkeys(names, "x"))


class DoubtfulJournal(Engine):
    """An engine whose journal may be an older copy: what it does not know may have been printed."""

    def __init__(self) -> None:
        """It needs nothing."""

    async def job(self, key: str) -> Job:
        raise ProblemError(problem("job.unknown", fate=Fate.UNKNOWN, key=key))


async def test_a_journal_that_may_be_older_says_nothing_of_an_unknown_key() -> None:
    told = await tell_of_key(DoubtfulJournal(), "FV1", problem("request.json", reason="x"))
    assert told.document is Fate.UNKNOWN
    assert NOTHING not in told.detail_pl


@pytest.mark.parametrize(("code", "found"), [*itertools.product(CATALOGUE, FATES)])
async def test_every_problem_shows_the_state_from_the_journal(code: str, found: JobState | str) -> None:
    told = await tell_of_key(JournalOf(found), "FV1", any_problem(code))
    assert told.document is (Fate.UNKNOWN if code == "job.conflict" else FATES[found])
    if told.document is not Fate.NOT_PRINTED:
        assert told.retry != "safe"
    assert told.code == code
