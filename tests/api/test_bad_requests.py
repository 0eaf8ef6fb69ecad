"""A problem with a pointer for every bad request, on a real socket."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import anyio
import pytest

from fiscald.api import handlers, metrics
from fiscald.api.routes import ROUTES
from fiscald.model.jobs import JobState
from tests.api.routes import PROBLEM, problem
from tests.daemons import RECEIPT, running
from tests.found import found


@pytest.mark.parametrize(
    ("document", "pointer", "code", "hint"),
    [
        (RECEIPT | {"total": 11.5}, "/document/total", "money.number", 'write "11.50"'),
        (RECEIPT | {"payment": []}, "/document/payment", "field.unknown", "'payments'"),
        (RECEIPT | {"lines": [{"nam": "X", "price": "1", "vat": "A"}]}, "/document/lines/0/nam", "field.unknown", "'name'"),
        (RECEIPT | {"lines": [{"price": "1", "vat": "A"}]}, "/document/lines/0/name", "field.missing", "missing"),
        (RECEIPT | {"lines": [{"name": "X", "price": "1", "vat": "A", "discount": {"percnt": "1"}}]}, "/document/lines/0/discount/percnt", "field.unknown", "'percent'"),
        (RECEIPT | {"xyzzy": 1}, "/document/xyzzy", "field.unknown", "known here"),
        (RECEIPT | {"buyer": {"nip": "123"}}, "/document/buyer/nip", "buyer.nip", "NIP"),
        ({"type": "recipt"}, "/document", "field.invalid", "receipt"),
        ({}, "/document", "field.invalid", "type"),
        ("x", "/document", "field.invalid", "object"),
        ({"type": "cash_in", "amount": "-5"}, "/document/amount", "money.negative", "cash_out"),
        ({"type": "printout", "lines": []}, "/document/lines", "field.invalid", "at least 1"),
        (RECEIPT | {"lines": [{"name": " \n", "price": "1", "vat": "A"}]}, "/document/lines/0/name", "text.empty", "at least one"),
        ({"type": "printout", "lines": ["Kawa", 5]}, "/document/lines/1", "field.invalid", "string"),
        ({"type": "printout", "lines": [{"rul": True}]}, "/document/lines/0/rul", "field.unknown", "'rule'"),
        ({"type": "printout", "lines": [{"rule": False}]}, "/document/lines/0/rule", "rule.false", "leave the line out"),
        ({"type": "printout", "lines": ["x"], "tytle": "x"}, "/document/tytle", "field.unknown", "'title'"),
        ({"type": "drawer", "amount": "5"}, "/document/amount", "field.unknown", "known here: type"),
    ],
)  # fmt: skip
async def test_a_bad_field_has_a_pointer_and_a_hint(
    tmp_path: Path, document: Any, pointer: str, code: str, hint: str
) -> None:
    async with running(tmp_path, ready=False) as it:
        body = problem(await it.put("A", document), 422, "request.invalid")
        found = {error["pointer"]: error for error in body["errors"]}
        assert pointer in found, body["errors"]
        assert found[pointer]["code"] == code
        assert hint in found[pointer]["detail"]
        problem(await it.http.get("/v1/jobs/A"), 404, "job.unknown")


async def test_a_document_the_printer_would_refuse_is_refused_at_once(tmp_path: Path) -> None:
    async with running(tmp_path) as it:
        document = {"type": "receipt", "lines": [{"name": "Wódka", "price": "10.00", "vat": "7%"}], "total": "11.00"}
        body = problem(await it.put("A", document), 422, "document.refused")
        assert {error["pointer"] for error in body["errors"]} == {"/document/lines/0/vat", "/document/total"}
        assert "A = 23%" in body["detail"]
        assert body["detail_pl"].startswith("Drukarka odrzuciłaby")
        assert body["document"] == "not_printed"
        assert it.printer.paper == []


@pytest.mark.parametrize(
    ("content", "hint"),
    [
        (b"", "it is empty"), (b" \n", "it is empty"), (b"{", "line 1, column 2"), (b"{}{}", "after the end"),
        (b'{"printer": "\\ud800"}', "/document: this field is missing"), (b"[" + b"1" * 5000, "digits"), (b'{"printer": "a", "printer": "b"}', "twice"), (b"\xff", "UTF-8"),
        (b'{"printer": NaN}', "NaN"), (b"[" * 100_000, "too deep"), (b"null", ""), (b"[]", ""), (b"1", ""),
    ],
)  # fmt: skip
async def test_a_body_that_is_not_json_is_refused(tmp_path: Path, content: bytes, hint: str) -> None:
    async with running(tmp_path, ready=False) as it:
        response = await it.http.put("/v1/jobs/A", content=content)
        assert response.status_code in (400, 422)
        assert hint in response.json()["detail"]
        assert response.headers["content-type"] == PROBLEM


@pytest.mark.parametrize("key", ["a b", "ż", "a" * 129, "a?b", "%00", "a\\b"])
async def test_an_invalid_key_is_refused(tmp_path: Path, key: str) -> None:
    from urllib.parse import quote

    async with running(tmp_path, ready=False) as it:
        response = await it.http.get(f"/v1/jobs/{quote(key, safe='')}")
        problem(response, 400, "request.key")


async def test_routes_and_methods_that_do_not_exist(tmp_path: Path) -> None:
    async with running(tmp_path, ready=False) as it:
        problem(await it.http.get("/v2"), 404, "request.route")
        problem(await it.http.get("/v1/printers/"), 404, "request.route")
        problem(await it.http.post("/v1/printers"), 405, "request.method")
        assert "openapi.json" in problem(await it.http.get("/v1/job/A"), 404, "request.route")["detail"]


async def test_a_method_that_a_route_does_not_have(tmp_path: Path) -> None:
    async with running(tmp_path, ready=False) as it:
        for path in {route.path for route in ROUTES}:
            methods = [route.method for route in ROUTES if route.path == path]
            for method in ("GET", "PUT", "POST", "DELETE", "PATCH", "OPTIONS", "BREW"):
                if method in methods:
                    continue
                address = path.replace("{key}", "A").replace("{name}", "till1")
                answer = await it.http.request(method, address)
                body = problem(answer, 405, "request.method")
                allowed = answer.headers["allow"].split(", ")
                assert sorted(allowed) == sorted(methods + ["HEAD"] * ("GET" in methods)) == sorted(body["allow"])
                assert f"has no {method}; use {' or '.join(methods)}" in body["detail"]
        body = problem(await it.http.post("/v1/jobs", json={"document": RECEIPT}), 405, "request.method")
        assert "a document is submitted with PUT /v1/jobs/{key}" in body["detail"]


async def test_a_byte_order_mark_is_accepted(tmp_path: Path) -> None:
    async with running(tmp_path) as it:
        content = b"\xef\xbb\xbf" + json.dumps({"printer": "till1", "document": RECEIPT}).encode()
        answer = await it.http.put("/v1/jobs/A?wait=10", content=content)
        assert (answer.status_code, answer.json()["state"]) == (200, "done")


async def test_a_large_body(tmp_path: Path) -> None:
    async with running(tmp_path, ready=False) as it:
        problem(await it.http.put("/v1/jobs/A", content=b" " * (handlers.MAX_BODY + 1)), 413, "request.too_large")


async def test_a_slow_body(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(handlers, "BODY_SECONDS", 0.1)

    async def drip() -> Any:
        yield b"{"
        await anyio.sleep(0.3)
        yield b"}"

    async with running(tmp_path, ready=False) as it:
        problem(await it.http.put("/v1/jobs/A", content=drip()), 408, "request.slow")


async def test_the_wait_must_be_a_number(tmp_path: Path) -> None:
    async with running(tmp_path, ready=False) as it:
        response = await it.http.put(
            "/v1/jobs/A", params={"wait": "soon"}, json={"printer": "till1", "document": RECEIPT}
        )
        assert problem(response, 422, "request.query")["document"] == "not_printed", "the journal knows of no such sale"


async def test_the_answer_names_the_conditions(tmp_path: Path) -> None:
    async with running(tmp_path) as it:
        failed = await it.client.submit("A", "till1", RECEIPT, wait=10, expect_last=5)
        assert failed.error is not None
        assert (failed.error.code, failed.error.model_extra) == ("job.unexpected_last", {"expected": 5, "found": 0})
        late = await it.client.submit("B", "till1", RECEIPT, wait=10, deadline=datetime(2020, 1, 1, tzinfo=UTC))
        assert late.error is not None
        assert (late.state, late.error.code) == (JobState.FAILED, "job.expired")
        done = await it.client.submit("C", "till1", RECEIPT, wait=10, expect_last=0, if_interrupted="fail")
        assert (done.state, done.if_interrupted) == (JobState.DONE, "fail")
        naive = {"printer": "till1", "document": RECEIPT, "deadline": "2026-11-22T10:15:00"}
        body = problem(await it.http.put("/v1/jobs/D", json=naive), 422, "request.invalid")
        assert '"2026-11-22T10:15:00+01:00"' in body["errors"][0]["detail"]


async def test_the_wait_may_be_any_fraction(tmp_path: Path) -> None:
    async with running(tmp_path) as it:
        for number, wait in enumerate((1 / 3, 1e-7, 10)):
            job = await it.client.submit(f"A/{number}", "till1", RECEIPT, wait=wait)
            assert (await it.client.job(job.key, wait=20 / 3)).state is JobState.DONE
        response = await it.http.get("/v1/jobs/A%2F0", params={"wait": "0." + "3" * 40})
        assert response.status_code == 200


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("/v1/jobs?pritner=till1", "did you mean 'printer'?"),
        ("/v1/jobs/A?wiat=5", "did you mean 'wait'?"),
        ("/v1/printers?state=ready", "known here: none"),
        ("/v1/jobs?limit=0", "limit is a number from 1 to 1000"),
        ("/v1/jobs?state=printed", "state is one of accepted"),
        # What is over the bound that OpenAPI names is refused, not cut down to it in silence.
        ("/v1/jobs?limit=5000", "limit is a number from 1 to 1000"),
        ("/v1/jobs?limit=2.5", "limit is a number from 1 to 1000, without decimals"),
        ("/v1/jobs?after=1.5", "after is a number from 0"),
        ("/v1/jobs?after=999999999999999999999", "after is a number from 0"),
        ("/v1/jobs?limit=1&limit=2", "limit appears twice"),
        ("/v1/jobs/A?wait=3600", "wait is a number from 0 to 600"),
        ("/v1/jobs/A?wait=600.5", "wait is a number from 0 to 600"),
        ("/v1/events?after=-1", "the cursor is the id of an earlier event"),
    ],
)
async def test_a_bad_query(tmp_path: Path, path: str, reason: str) -> None:
    async with running(tmp_path, ready=False) as it:
        assert reason in problem(await it.http.get(path), 422, "request.query")["detail"]


def outside(schema: dict[str, Any]) -> list[str]:
    """Values that the schema of a parameter does not allow, one for each of its rules."""
    values = ["x" * (schema["maxLength"] + 1)] if "maxLength" in schema else []
    values += [str(schema["minimum"] - 1)] if "minimum" in schema else []
    values += [str(schema["maximum"] + 1)] if "maximum" in schema else []
    values += ["\u00a7"] if "pattern" in schema or "enum" in schema or schema["type"] != "string" else []
    return values


async def test_every_parameter_refuses_what_its_schema_does_not_allow(tmp_path: Path) -> None:
    cases = [
        (route, query, value)
        for route in ROUTES
        for query in route.query
        if query.where == "query"
        for value in found(outside(query.schema))
    ]
    assert len(cases) > 15
    async with running(tmp_path, ready=False) as it:
        for route, query, value in cases:
            path = route.path.replace("{key}", "A").replace("{name}", "till1").replace("{webhook}", "erp")
            response = await it.http.request(route.method, path, params={query.name: value})
            assert response.status_code == 422, (route.path, query.name, value, response.text)
            assert query.name in response.json()["detail"]


async def test_an_internal_error_is_reported_and_does_not_end_the_daemon(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with running(tmp_path, ready=False) as it:
        with monkeypatch.context() as patch:
            patch.setattr(metrics, "render", lambda *_: 1 / 0)
            body = problem(await it.http.get("/metrics"), 500, "daemon.internal")
            assert "ZeroDivisionError" in body["detail"]
        assert (await it.http.get("/metrics")).status_code == 200
