"""The rights of tokens: the matrix of the socket's rights, over the network; and tokens of some printers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import pytest

from fiscald.api.examples import EXAMPLES
from fiscald.api.routes import ROUTES
from fiscald.model.documents import DOCUMENTS
from fiscald.model.rights import Right
from tests.api.test_rights import EVERYTHING, SELLING, TAKES, denied, path_of
from tests.networked import ORIGIN, Networked, networked


class TokenDoor:
    """The same over the network: a peer's rights are those of a token."""

    def __init__(self, door: Networked) -> None:
        self.it = door.it
        self._door = door
        self._tokens: dict[frozenset[Right], str] = {}

    async def ask(self, has: set[Right], method: str, path: str, body: Any = None) -> httpx.Response:
        rights = frozenset(has)
        if rights not in self._tokens:
            self._tokens[rights] = await self._door.token(f"t{len(self._tokens)}", rights)
        return await self._door.ask(method, path, self._tokens[rights], body=body, headers={"Origin": ORIGIN})


@pytest.mark.slow
async def test_the_matrix_for_tokens(tmp_path: Path) -> None:
    async with networked(tmp_path, licensed=False) as door:
        it = TokenDoor(door)
        for has in (set[Right](), *({right} for right in Right), SELLING, EVERYTHING):
            for route in ROUTES:
                response = await it.ask(has, route.method, path_of(route), {} if route.body else None)
                may = not route.rights or bool(TAKES[route.method, route.path] & has)
                assert denied(response) is not may, f"{has}: {route.method} {route.path}"
                if not may:
                    body = response.json()
                    assert (response.status_code, body["fault"], body["retry"]) == (403, "request", "useless")
                    assert body["document"] == "not_printed"
                    assert set(body["rights"]) == TAKES[route.method, route.path]
                    assert "does not have it. Make another token: fiscalctl token create" in body["detail"]
                elif route.path.startswith("/v1/tokens"):
                    assert response.json()["code"] == "token.by_token"
                elif not route.rights:
                    assert response.status_code == 200 or response.json()["code"] in (
                        "job.unknown",
                        "licence.no_server",
                        "webhook.unknown",
                        "console.unknown_user",
                    )


@pytest.mark.slow
async def test_every_route_needs_a_token_on_the_network(tmp_path: Path) -> None:
    async with networked(tmp_path, licensed=False) as door:
        await door.it.put("K")
        for route in ROUTES:
            for method in dict.fromkeys((route.method, "HEAD" if route.method == "GET" else "PATCH")):
                response = await door.ask(method, path_of(route), body={} if route.body else None)
                assert response.status_code == 401, f"{method} {route.path}"
                if method != "HEAD":
                    body = response.json()
                    assert (body["code"], body["document"], body.get("job")) == ("token.missing", "unknown", None)
        assert (await door.ask("GET", "/v1/no/such/route")).status_code == 401


@pytest.mark.slow
async def test_the_document_decides_for_tokens(tmp_path: Path) -> None:
    async with networked(tmp_path) as door:
        it = TokenDoor(door)
        door.it.printer.switch("cover")
        for kind, document in EXAMPLES.items():
            right = DOCUMENTS[kind].about.right
            for path in (f"/v1/jobs/{kind}", "/v1/printers/till1/preview"):
                method, body = ("PUT", {"printer": "till1"}) if "jobs" in path else ("POST", {})
                response = await it.ask(EVERYTHING - {right}, method, path, body | {"document": document})
                assert denied(response), f"{kind} {path}"
                assert response.json()["document"] == "not_printed"
                response = await it.ask({right}, method, path, body | {"document": document})
                assert response.status_code in (200, 201), response.text
            assert denied(await it.ask(EVERYTHING - {right}, "DELETE", f"/v1/jobs/{kind}"))
            assert (await it.ask({right}, "DELETE", f"/v1/jobs/{kind}")).json()["state"] == "failed"


@pytest.mark.slow
async def test_a_token_of_one_printer_sees_no_other(tmp_path: Path) -> None:
    async with networked(tmp_path) as door:
        own = await door.token("own", [*Right], printers=["till1"])
        body = {"printer": "till1", "document": EXAMPLES["receipt"]}
        assert (await door.ask("PUT", "/v1/jobs/K?wait=10", own, body=body)).json()["state"] == "done"
        door.it.http.headers["accept"] = "*/*"
        unknown = await door.it.http.post("/v1/tokens", json={"name": "a", "rights": [], "printers": ["till9"]})
        assert (unknown.status_code, unknown.json()["code"]) == (404, "printer.unknown")
        for method, path in (
            ("GET", "/v1"), ("GET", "/v1/printers"), ("GET", "/v1/printers/till1"), ("GET", "/v1/jobs?printer=till1"),
            ("GET", "/v1/jobs/K"), ("GET", "/v1/events"), ("GET", "/v1/licence"), ("GET", "/v1/openapi.json"),
        ):  # fmt: skip
            assert (await door.ask(method, path, own)).status_code == 200, path
        for method, path in (
            ("GET", "/v1/printers/till9"), ("GET", "/v1/printers/till9/capture"), ("GET", "/v1/jobs"),
            ("GET", "/v1/jobs?printer=till9"), ("GET", "/metrics"), ("GET", "/v1/backup"),
            ("POST", "/v1/printers/till9/raw"), ("PUT", "/v1/jobs/L"), ("GET", "/v1/printers/till9/header"),
        ):  # fmt: skip
            given = (
                body | {"printer": "till9"} if method == "PUT" else {"command": "scomm"} if method == "POST" else None
            )
            response = await door.ask(method, path, own, body=given)
            assert (response.status_code, response.json()["code"]) == (403, "token.printer"), f"{method} {path}"


async def test_the_journal_records_the_token_of_a_receipt_and_a_command(tmp_path: Path) -> None:
    import sqlite3
    from contextlib import closing

    async with networked(tmp_path) as door:
        token = await door.token(rights=["print", "raw"])
        await door.ask("POST", "/v1/printers/till1/raw", token, body={"command": "scomm"})
        await door.ask("PUT", "/v1/jobs/K", token, body={"printer": "till1", "document": EXAMPLES["receipt"]})
    with closing(sqlite3.connect(tmp_path / "state" / "journal.db")) as db:
        assert db.execute("SELECT asked_by, asked_token FROM raw").fetchall() == [(None, "erp")]
        assert db.execute("SELECT asked_by, asked_token FROM job").fetchall() == [(None, "erp")]
