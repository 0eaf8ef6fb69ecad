"""The contract's routes on a real socket: good answers, and a problem with a pointer for every bad request."""

from __future__ import annotations

import contextlib
import json
import socket
import time
from datetime import datetime, timedelta
from decimal import Decimal
from http.client import HTTPResponse
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest

from fiscald.api.client import Client, NotReachable, Refused
from fiscald.api.routes import ROUTES
from fiscald.model.cash import CashIn
from fiscald.model.money import format_grosze
from fiscald.model.times import POLISH_TIME
from fiscald.recording.packets import read
from tests.api.routes import problem
from tests.daemons import RECEIPT, Running, running


async def test_a_receipt_as_the_contract_says(tmp_path: Path) -> None:
    async with running(tmp_path) as it:
        response = await it.put("FV%2F2026%2F11%2F0017")
        assert response.status_code == 200, "final already"
        job = response.json()
        assert (job["key"], job["printer"], job["state"], job["paper"]) == (
            "FV/2026/11/0017",
            "till1",
            "done",
            "printed",
        )
        assert job["result"]["number"] == 1
        assert job["result"]["daily_report"] == 1
        assert job["result"]["printer_id"] == "EMU 0000000001"
        assert job["result"]["total"] == "11.50"
        assert job["result"]["device"]["hn"] == 1
        assert job["document"]["lines"][0]["price"] == "10.00"
        assert job["error"] is None
        assert job["warnings"] == []
        assert job["licence"]["test_keys"] is True
        assert response.headers["fiscald-test-keys"] == "true"
        again = await it.http.get("/v1/jobs/FV/2026/11/0017")
        assert again.json() == job, "the slash may be encoded or not"


async def test_a_buyer_of_another_country(tmp_path: Path) -> None:
    async with running(tmp_path) as it:
        job = (await it.put("A", RECEIPT | {"buyer": {"vat_id": "DE 136 695 976"}})).json()
        assert (job["state"], job["warnings"]) == ("done", [])
        assert job["document"]["buyer"] == {"nip": None, "vat_id": "DE136695976"}
        assert "NIP NABYWCY: DE136695976" in it.printer.paper[-1]


async def test_a_card_that_pays_too_much_gets_a_warning(tmp_path: Path) -> None:
    async with running(tmp_path) as it:
        sale = RECEIPT | {"payments": [{"type": "card", "amount": "20.00"}]}
        job = (await it.put("A", sale)).json()
        (warning,) = job["warnings"]
        assert (job["state"], warning["code"]) == ("done", "payment.cash_leaves_drawer")
        assert (warning["pointer"], "8.50" in warning["detail"]) == ("/document/payments/0/amount", True)
        refused = problem(await it.put("B", sale | {"change": "0.00"}), 422, "document.refused")
        assert "or lower /document/payments/0/amount to 11.50" in refused["errors"][0]["detail"]


async def test_statuses_of_submitting(tmp_path: Path) -> None:
    async with running(tmp_path) as it:
        it.printer.switch("paper_out")
        first = await it.put("A", wait=0)
        assert (first.status_code, first.json()["state"]) == (201, "accepted")
        again = await it.put("A", wait=0)
        assert again.status_code == 200, "known"
        conflict = await it.put("A", RECEIPT | {"cashier": "Ewa"})
        body = problem(conflict, 409, "job.conflict")
        assert body["document"] == "unknown"
        with anyio.fail_after(5):
            while (waiting := (await it.http.get("/v1/jobs/A")).json()["waiting"]) is None:
                await anyio.sleep(0.05)
        assert waiting["code"] == "printer.paper_out"
        it.printer.clear()
        done = await it.http.get("/v1/jobs/A", params={"wait": 10})
        assert done.json()["state"] == "done"


async def test_withdrawing(tmp_path: Path) -> None:
    async with running(tmp_path) as it:
        it.printer.switch("cover")
        await it.put("A", wait=0)
        response = await it.http.delete("/v1/jobs/A")
        assert (response.status_code, response.json()["state"]) == (200, "failed")
        assert response.json()["error"]["code"] == "job.withdrawn"
        again = await it.http.delete("/v1/jobs/A")
        assert (again.status_code, again.json()) == (200, response.json()), "asked again: the first answer was lost"
        problem(await it.http.delete("/v1/jobs/B"), 404, "job.unknown")
        it.printer.clear()
        await it.put("C")
        problem(await it.http.delete("/v1/jobs/C"), 409, "job.started")


async def test_the_routes_hello_printers_and_licence(tmp_path: Path) -> None:
    async with running(tmp_path) as it:
        hello = (await it.http.get("/v1")).json()
        assert hello["product"] == "fiscald"
        assert hello["printers"] == ["till1"]
        assert hello["test_keys"] is True
        printers = (await it.http.get("/v1/printers")).json()["printers"]
        assert [printer["state"] for printer in printers] == ["ready"]
        printer = (await it.http.get("/v1/printers/till1")).json()
        assert printer["vat"]["G"] == "exempt"
        assert printer["stale"] is False
        problem(await it.http.get("/v1/printers/till2"), 404, "printer.unknown")
        licence = (await it.http.get("/v1/licence")).json()
        assert (licence["state"], licence["may_print"]) == ("active", True)


async def test_the_flight_recorder(tmp_path: Path) -> None:
    async with running(tmp_path) as it:
        await it.put("A")
        response = await it.http.get("/v1/printers/till1/capture")
        assert response.headers["content-type"] == "application/x-pcapng"
        packets, warnings = read(response.content)
        assert not warnings
        assert (packets[0].event.name, packets[0].note) == ("OPEN", it.printer.address)
        assert b"\x02trend\tto1150\tfp1150\t" in b"".join(packet.data for packet in packets)
        assert (await it.client.capture("till1"))[:200] == response.content[:200]
        with Client(it.socket) as client:
            again = await anyio.to_thread.run_sync(client.capture, "till1")
        assert read(again).packets[: len(packets)] == packets
        problem(await it.http.get("/v1/printers/till2/capture"), 404, "printer.unknown")
        with pytest.raises(Refused, match="till2"):
            await it.client.capture("till2")


async def test_the_list_of_jobs(tmp_path: Path) -> None:
    async with running(tmp_path) as it:

        async def listed(**params: Any) -> tuple[list[str], str | None, str | None]:
            page = (await it.http.get("/v1/jobs", params=params)).json()
            return [job["key"] for job in page["jobs"]], page["next"], page["previous"]

        for number in range(3):
            await it.put(f"A{number}", {"type": "cash_in", "amount": f"{number + 1}.00"})
        await it.put("R", RECEIPT)
        keys, following, before = await listed(limit=2)
        assert keys == ["R", "A2"], "the newest first"
        assert (await listed(limit=2, after=following))[:2] == (["A1", "A0"], None)
        assert await listed(limit=2, after=before, order="oldest") == ([], None, None), "nothing is newer yet"
        await it.put("B", {"type": "cash_in", "amount": "3.00"})
        assert (await listed(after=before, order="oldest"))[0] == ["B"], "what came since"
        assert (await listed(order="oldest", limit=2))[0] == ["A0", "A1"]
        assert (await listed(limit=5))[1] is None, "the last page"
        assert (await listed(total="3.00"))[0] == ["B", "A2"]
        assert (await listed(number=1))[0] == ["R"]
        assert (await listed(number=1, state="failed"))[0] == []
        assert (await listed(printer="till9"))[0] == []


async def test_the_list_of_jobs_by_time(tmp_path: Path) -> None:
    async with running(tmp_path) as it:
        job = (await it.put("A", {"type": "cash_in", "amount": "1.00"})).json()
        moment = datetime.fromisoformat(job["created_at"]).astimezone(POLISH_TIME).replace(microsecond=0)
        today, second = moment.date(), timedelta(seconds=1)
        for params, found in (
            ({"since": str(today)}, 1),
            ({"until": str(today)}, 1),
            ({"since": str(today + timedelta(days=1))}, 0),
            ({"until": str(today - timedelta(days=1))}, 0),
            ({"since": moment.isoformat()}, 1),
            ({"since": (moment + second).isoformat()}, 0),
            ({"until": moment.isoformat(), "since": moment.isoformat()}, 1),
            ({"until": (moment - second).isoformat()}, 0),
        ):
            page = (await it.http.get("/v1/jobs", params=params)).json()
            assert len(page["jobs"]) == found, params
        unencoded = await it.http.get(f"/v1/jobs?since={moment.isoformat()}")
        assert len(unencoded.json()["jobs"]) == 1, 'in an address "+" is a blank'
        mine = await it.client.jobs(since=today, until=moment, number=None, total=Decimal(1), order="oldest")
        assert [each.key for each in mine.jobs] == ["A"]
        assert (await it.client.jobs(nip="5260250274")).jobs == ()
        with pytest.raises(ValueError, match="aware"):
            await it.client.jobs(since=datetime(2026, 11, 22))  # noqa: DTZ001


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        ("state=lost", "state is one of accepted"),
        ("limit=many", "limit is a number from 1 to 1000"),
        ("limit=1001", "limit is a number from 1 to 1000"),
        ("order=newst", "order is one of newest, oldest"),
        ("since=yesterday", "since: a time is a string like"),
        ("since=2026-02-30", "since: a time is a string like"),
        ("until=2026-11-22T10:15:00", "until: this time has no offset"),
        ("number=0", "number is a number from 1"),
        ("number=1.5", "number is a number from 1"),
        ("total=12,00", 'total: an amount is written with a dot: write "12.00"'),
        ("total=-1", "total: an amount cannot be negative"),
        ("after=x", "after is a number"),
        ("nip=5260250275", "nip: this is not a Polish NIP: the check digit is wrong"),
        ("amount=12.00", "unknown query parameter 'amount'"),
    ],
)
async def test_an_invalid_query_for_the_list_is_refused(tmp_path: Path, query: str, reason: str) -> None:
    async with running(tmp_path, ready=False) as it:
        assert reason in problem(await it.http.get(f"/v1/jobs?{query}"), 422, "request.query")["detail"]


async def test_metrics(tmp_path: Path) -> None:
    async with running(tmp_path) as it:
        await it.put("A")
        response = await it.http.get("/metrics")
        assert response.headers["content-type"].startswith("text/plain")
        assert 'fiscald_jobs{printer="till1",state="done"} 1.0' in response.text
        assert 'fiscald_printer_state{printer="till1",state="ready"} 1.0' in response.text


async def test_openapi_describes_every_route(tmp_path: Path) -> None:
    async with running(tmp_path, ready=False) as it:
        description = (await it.http.get("/v1/openapi.json")).json()
        assert description["openapi"] == "3.1.0"
        described = {(method.upper(), path) for path, methods in description["paths"].items() for method in methods}
        assert described == {(route.method, route.path) for route in ROUTES}
        text = json.dumps(description)
        references = {part.split('"')[0] for part in text.split('"#/components/schemas/')[1:]}
        assert references <= set(description["components"]["schemas"]), "no reference leads nowhere"
        line = description["components"]["schemas"]["Line"]
        assert line["additionalProperties"] is False
        assert set(line["required"]) == {"name", "price", "vat"}


async def test_a_preview(tmp_path: Path) -> None:
    async with running(tmp_path) as it:
        response = await it.http.post("/v1/printers/till1/preview", json={"document": RECEIPT})
        assert response.status_code == 200
        body = response.json()
        assert body["totals"] == {
            "lines": [
                {"name": "Kawa", "quantity": "1", "price": "10.00", "vat": "A", "value": "10.00", "storno": False},
                {"name": "Bułka", "quantity": "1", "price": "1.50", "vat": "C", "value": "1.50", "storno": False},
            ],
            "rates": {"A": "10.00", "C": "1.50"},
            "subtotal": "11.50",
            "total": "11.50",
            "due": "11.50",
            "paid": "11.50",
            "change": "0.00",
        }
        assert (body["family"], body["profile"], body["code_page"], body["vat"]["B"]) == (
            "posnet",
            "online",
            "cp1250",
            "8%",
        )
        dear = {"document": RECEIPT | {"total": "1.00"}}
        refused = problem(await it.http.post("/v1/printers/till1/preview", json=dear), 422, "document.refused")
        assert refused["errors"][0]["pointer"] == "/document/total"
        problem(await it.http.post("/v1/printers/till9/preview", json={"document": RECEIPT}), 404, "printer.unknown")
        assert (await it.client.preview("till1", CashIn(amount=Decimal("5.00")))).totals is None
        assert (await it.http.get("/v1/jobs")).json()["jobs"] == []


@pytest.mark.slow
async def test_a_raw_command(tmp_path: Path) -> None:
    async with running(tmp_path) as it:
        response = await it.http.post("/v1/printers/till1/raw", json={"command": "sid"})
        assert response.status_code == 200
        assert response.json()["answer"] == "sid|nmPOSNET THERMAL XL2 ONLINE EMU|vr1.01|"
        assert (await it.client.raw("till1", "trend|to1")).refusal is not None
        body = problem(await it.http.post("/v1/printers/till1/raw", json={"command": "trline|x"}), 422, "request.raw")
        assert "two-letter name" in body["detail"]
        problem(await it.http.post("/v1/printers/till9/raw", json={"command": "sid"}), 404, "printer.unknown")
        problem(
            await it.http.post("/v1/printers/till1/raw", json={"command": "sid", "force": 1}), 422, "request.invalid"
        )
        it.printer.fault("drop_after", "stocash")
        lost = problem(
            await it.http.post("/v1/printers/till1/raw", json={"command": "stocash|kw100"}), 503, "link.unanswered"
        )
        assert (lost["document"], lost["retry"]) == ("unknown", "useless")


@pytest.mark.slow
async def test_the_flight_recorder_can_be_followed(tmp_path: Path) -> None:
    found = b""
    followed = anyio.Event()

    async def follow(it: Running) -> None:
        nonlocal found
        with contextlib.suppress(NotReachable):
            async for data in it.client.follow_capture("till1"):
                found += data
                followed.set()

    async with anyio.create_task_group() as tasks, running(tmp_path) as it:
        tasks.start_soon(follow, it)
        await followed.wait()
        await it.put("A", {"type": "cash_in", "amount": "5.00"})
        with anyio.fail_after(10):
            while b"cash\tkw500" not in found:
                await anyio.sleep(0.01)
        problem(await it.http.get("/v1/printers/till9/capture?follow=true"), 404, "printer.unknown")
        problem(await it.http.get("/v1/printers/till1/capture?follow=maybe"), 422, "request.query")
    packets, warnings = read(found)
    assert any(b"cash\tkw500" in packet.data for packet in packets)
    assert not warnings


async def test_without_a_licence(tmp_path: Path) -> None:
    async with running(tmp_path, licensed=False) as it:
        body = problem(await it.put("A"), 403, "licence.unregistered")
        assert body["prompt"] == "number"
        assert (await it.put("Z", {"type": "daily_report"})).json()["state"] == "done", "never gated"
        refused = await it.http.post("/v1/licence/certificate", json={"certificate": "rubbish"})
        assert problem(refused, 422, "licence.refused")["certificate_code"] == "CERT_FORMAT"


async def test_a_certificate_of_the_test_key_needs_the_switch(tmp_path: Path) -> None:
    from fiscald.licence.testing import make_certificate

    async with running(tmp_path, licensed=False, test_keys=False, ready=False) as it:
        refused = await it.http.post("/v1/licence/certificate", json={"certificate": make_certificate()})
        assert problem(refused, 422, "licence.refused")["certificate_code"] == "CERT_KEY_UNKNOWN"
        assert "fiscald-test-keys" not in (await it.http.get("/v1")).headers


@pytest.mark.slow
async def test_two_hundred_clients_at_once(tmp_path: Path) -> None:
    async with running(tmp_path) as it:
        answers: list[str] = []

        async def one(number: int) -> None:
            transport = httpx.AsyncHTTPTransport(uds=str(it.socket))
            async with httpx.AsyncClient(transport=transport, base_url="http://fiscald", timeout=60) as http:
                body = {"printer": "till1", "document": {"type": "cash_in", "amount": format_grosze(number + 1)}}
                response = await http.put(f"/v1/jobs/C{number % 100}", params={"wait": 60}, json=body)
                answers.append(response.json().get("state") or response.json()["code"])

        async with anyio.create_task_group() as tasks:
            for number in range(200):
                tasks.start_soon(one, number)
        # Every key came twice with other content: a hundred are printed, a hundred are conflicts.
        assert sorted(answers) == ["done"] * 100 + ["job.conflict"] * 100
        assert it.printer.register.day.nonfiscal == 100


async def test_clients_that_misbehave_leave_the_daemon_healthy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fiscald.api.server.HEAD_SECONDS", 0.2)
    async with running(tmp_path) as it:

        def connect() -> socket.socket:
            link = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            link.settimeout(5)
            link.connect(str(it.socket))
            return link

        silent, half, garbage, gone = [await anyio.to_thread.run_sync(connect) for _ in range(4)]
        half.sendall(b"PUT /v1/jobs/A HTTP/1.1\r\nHost: x\r\n")
        garbage.sendall(b"\x00\xff\x00 not http at all\r\n\r\n")
        gone.sendall(b"PUT /v1/jobs/A HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{")
        gone.close()
        assert (await anyio.to_thread.run_sync(garbage.recv, 100)).startswith(b"HTTP/1.1 400")
        assert await anyio.to_thread.run_sync(silent.recv, 100) == b"", "shown out after a while"
        assert await anyio.to_thread.run_sync(half.recv, 100) == b""
        again = await anyio.to_thread.run_sync(connect)
        again.sendall(b"GET /v1 HTTP/1.1\r\nHost: x\r\n\r\n")
        answer = HTTPResponse(again)
        await anyio.to_thread.run_sync(answer.begin)
        assert await anyio.to_thread.run_sync(answer.read)
        again.sendall(b"GET /v1 HTTP/1.1\r\n")
        assert await anyio.to_thread.run_sync(again.recv, 100) == b"", "also in the middle of a second request"
        for link in (silent, half, garbage, again):
            link.close()
        assert (await it.put("A")).json()["state"] == "done"


async def test_a_client_killed_while_waiting_changes_nothing(tmp_path: Path) -> None:
    async with running(tmp_path) as it:
        it.printer.switch("paper_out")
        with anyio.move_on_after(0.2):
            await it.put("A", wait=60)
        it.printer.clear()
        assert (await it.http.get("/v1/jobs/A", params={"wait": 10})).json()["state"] == "done"
        assert it.printer.register.day.receipt_count == 1


async def test_status_is_quick_while_printing(tmp_path: Path) -> None:
    """From memory: a printer that holds a command for seconds does not hold the status."""
    async with running(tmp_path) as it:
        it.printer.fault("switch", "trend", switch="paper_out")
        await it.put("A", wait=0)
        with anyio.fail_after(10):
            while (await it.client.printer("till1")).state != "paper_out":
                began = time.monotonic()
                await anyio.sleep(0.02)
                assert time.monotonic() - began < 1
        assert (await it.http.get("/v1/jobs/A")).json()["waiting"]["code"] == "printer.paper_out"
        it.printer.clear()
        assert (await it.http.get("/v1/jobs/A", params={"wait": 10})).json()["state"] == "done"
