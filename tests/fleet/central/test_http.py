"""The central's HTTP face, as an application uses it."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import anyio
import httpx
import pytest

from fiscald.fleet.central import Database, shops, tokens
from fiscald.fleet.central.app import MAX_BODY, Face
from fiscald.model.jobs import Job
from tests.fleet.central.desk import RECEIPT, SHOP, TEA, Desk, at_once, desk, job

BODY: dict[str, Any] = {"shop": SHOP, "printer": "till1", "document": RECEIPT}


@asynccontextmanager
async def face(db: Database, *, online: bool = True) -> AsyncIterator[tuple[Desk, httpx.AsyncClient]]:
    """A central with its HTTP face, and a client that may order."""
    async with desk(db, online=online) as central:
        app = Face(db, central.dispatcher, central.clock, at_once).application()
        text = tokens.make(db, "erp", central.clock().timestamp(), may_order=True)
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        async with httpx.AsyncClient(
            transport=transport, base_url="http://central", headers={"Authorization": f"Bearer {text}"}
        ) as client:
            yield central, client


async def test_an_order_is_answered_like_a_job_of_a_shop(sqlite_db: Database) -> None:
    async with face(sqlite_db) as (central, client):
        made = await client.put("/v1/jobs/sale/1", json=BODY)
        assert made.status_code == 201
        told = made.json()
        assert (told["key"], told["shop"], told["state"], told["waiting"]) == ("sale/1", SHOP, "accepted", None)
        own = {"shop", "published"}
        Job.model_validate({name: value for name, value in told.items() if name not in own})
        assert (await client.put("/v1/jobs/sale/1", json=BODY)).status_code == 200
        refused = await client.put("/v1/jobs/sale/1", json=BODY | {"document": TEA})
        assert (refused.status_code, refused.json()["code"]) == (409, "job.conflict")
        await central.until(lambda: central.orders)
        assert len(central.orders) == 1


async def test_an_application_waits_for_the_outcome(sqlite_db: Database) -> None:
    async with face(sqlite_db) as (central, client), anyio.create_task_group() as tasks:
        answers: list[httpx.Response] = []

        async def order() -> None:
            answers.append(await client.put("/v1/jobs/a?wait=20", json=BODY))

        tasks.start_soon(order)
        await central.until(lambda: central.orders)
        central.hand(central.outcome(job=job(number=12)))
        await central.until(lambda: answers, 5)
        told = answers[0].json()
        assert (answers[0].status_code, told["state"], told["result"]["number"]) == (200, "done", 12)
        assert (await client.get("/v1/jobs/a?wait=60")).json() == told


async def test_refused_and_withdrawn_orders_are_failed_jobs(sqlite_db: Database) -> None:
    async with face(sqlite_db) as (central, client):
        why = {
            "code": "fleet.limit", "title": "t", "detail": "d", "detail_pl": "p", "fault": "request",
            "document": "not_printed", "retry": "useless",
        }  # fmt: skip
        for key in ("a", "b"):
            await client.put(f"/v1/jobs/{key}", json=BODY)
        central.hand(central.outcome("refused", problem=why, final=True))
        central.hand(central.outcome("withdrawn", key="b", job=job("failed")))
        await central.until(lambda: central.order("b").final)
        first = (await client.get("/v1/jobs/a")).json()
        assert (first["state"], first["error"]["code"]) == ("failed", "fleet.limit")
        assert (await client.get("/v1/jobs/b")).json()["state"] == "failed"
        failed = (await client.get("/v1/jobs?state=failed&order=oldest&limit=1")).json()
        assert [each["key"] for each in failed["jobs"]] == ["a"]
        rest = (await client.get(f"/v1/jobs?state=failed&order=oldest&after={failed['next']}")).json()
        assert ([each["key"] for each in rest["jobs"]], rest["next"]) == (["b"], None)


async def test_an_order_says_that_its_shop_is_away(sqlite_db: Database) -> None:
    async with face(sqlite_db, online=False) as (_, client):
        told = (await client.put("/v1/jobs/a", json=BODY)).json()
        assert told["waiting"]["code"] == "fleet.shop_away"


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "code"),
    [
        ("GET", "/v1/jobs/unknown", None, 404, "job.unknown"),
        ("GET", "/v1/nothing", None, 404, "request.route"),
        ("DELETE", "/v1/jobs/a", None, 405, "request.method"),
        ("PUT", "/v1/jobs/a%20b", BODY, 400, "request.key"),
        ("PUT", "/v1/jobs/" + "a" * 81, BODY, 400, "request.key"),
        ("PUT", "/v1/jobs/a?wait=-1", BODY, 422, "request.query"),
        ("PUT", "/v1/jobs/a?wait=nan", BODY, 422, "request.query"),
        ("GET", "/v1/jobs?colour=red", None, 422, "request.query"),
        ("GET", "/v1/jobs?limit=1000", None, 422, "request.query"),
        ("GET", "/v1/jobs?after=x", None, 422, "request.query"),
        ("PUT", "/v1/jobs/a", BODY | {"shop": "nowhere"}, 422, "fleet.shop_unknown"),
        ("PUT", "/v1/jobs/a", BODY | {"colour": 1}, 422, "request.invalid"),
        ("PUT", "/v1/jobs/a", {"printer": "till1"}, 422, "request.invalid"),
        ("GET", "/v1/shops/nowhere", None, 404, "fleet.shop_unknown"),
    ],
)
async def test_bad_requests_are_refused_in_words(
    sqlite_db: Database, method: str, path: str, body: Any, status: int, code: str
) -> None:
    async with face(sqlite_db) as (_, client):
        answer = await client.request(method, path, json=body)
        assert (answer.status_code, answer.json()["code"]) == (status, code)


async def test_bodies_are_bounded_and_json(sqlite_db: Database) -> None:
    async with face(sqlite_db) as (_, client):
        large = await client.put("/v1/jobs/a", content=b" " * (MAX_BODY + 1))
        broken = await client.put("/v1/jobs/a", content=b"{")
        assert (large.status_code, broken.status_code) == (413, 400)


async def test_only_tokens_that_count_are_answered(sqlite_db: Database) -> None:
    async with face(sqlite_db) as (central, client):
        now = central.clock().timestamp()
        reads = tokens.make(sqlite_db, "desk", now, may_order=False)
        over = tokens.make(sqlite_db, "over", now, may_order=True, expires=now)
        gone = tokens.make(sqlite_db, "gone", now, may_order=True)
        tokens.revoke(sqlite_db, "gone", now)
        for text in ("", over, gone, reads[:-1] + ("0" if reads[-1] != "0" else "1"), "fiscald_99_" + "0" * 64):
            answer = await client.get("/v1/jobs", headers={"Authorization": f"Bearer {text}"})
            assert (answer.status_code, answer.json()["code"]) == (401, "fleet.token")
        header = {"Authorization": f"Bearer {reads}"}
        assert (await client.get("/v1/jobs", headers=header)).status_code == 200
        refused = await client.put("/v1/jobs/a", json=BODY, headers=header)
        assert (refused.status_code, refused.json()["code"]) == (403, "fleet.read_only")
        assert (await client.get("/", headers={"Authorization": ""})).headers["www-authenticate"].startswith("Basic")


async def test_shops_alarms_and_metrics_are_shown(sqlite_db: Database) -> None:
    async with face(sqlite_db) as (central, client):
        central.hand(central.status(undecided=1, report_overdue=("till1",), licence="active"))
        await client.put("/v1/jobs/a", json=BODY)
        central.hand(central.outcome(key="never-ordered"))
        await central.until(lambda: central.acknowledged)
        (shop,) = (await client.get("/v1/shops")).json()["shops"]
        assert (shop["name"], shop["online"], shop["undecided"], shop["report_overdue"]) == (SHOP, True, 1, ["till1"])
        assert (shop["orders_open"], shop["licence"], shop["version"]) == (1, "active", "1.0")
        assert (await client.get(f"/v1/shops/{SHOP}")).json() == shop
        (alarm,) = (await client.get("/v1/alarms")).json()["alarms"]
        assert (alarm["kind"], alarm["key"]) == ("unknown", "never-ordered")
        text = (await client.get("/metrics")).text
        for line in (
            'fiscald_fleet_orders{state="open"} 1.0', 'fiscald_fleet_shops{state="online"} 1.0',
            "fiscald_fleet_alarms 1.0", "fiscald_fleet_undecided_printers 1.0", "fiscald_fleet_connected 1.0",
        ):  # fmt: skip
            assert line in text.splitlines()


async def test_the_page_of_the_operations_desk_escapes_what_shops_say(sqlite_db: Database) -> None:
    async with face(sqlite_db) as (central, client):
        central.hand(central.status(version="<b>1</b>", licence="active"))
        await client.put("/v1/jobs/a", json=BODY)
        await anyio.sleep(0.3)
        token = client.headers["Authorization"].removeprefix("Bearer ")
        basic = "Basic " + base64.b64encode(f"desk:{token}".encode()).decode()
        page = await client.get("/", headers={"Authorization": basic, "Accept-Language": "pl"})
        assert page.status_code == 200
        assert "&lt;b&gt;1&lt;/b&gt;" in page.text
        assert "<script" not in page.text
        assert "Najstarsze otwarte zlecenia" in page.text
        assert (await client.get("/style.css", headers={"Authorization": ""})).status_code == 200
        shops.revoke(sqlite_db, SHOP, 1)
        assert "revoked" in (await client.get("/", headers={"Accept-Language": "en"})).text
