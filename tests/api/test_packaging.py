"""``GET /v1/printers/{name}/packaging``: the balance of a day, as an application and a person ask for it."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from fiscald.api.routes import ROUTES
from fiscald.model.times import POLISH_TIME
from tests.api.routes import problem
from tests.daemons import RECEIPT, running

GIVEN: dict[str, Any] = RECEIPT | {"packaging": [{"name": "Butelka", "number": "7", "price": "1.00", "quantity": 6}]}
TAKEN: dict[str, Any] = {
    "type": "packaging",
    "items": [{"name": "Butelka", "number": "7", "price": "1.00", "quantity": 4, "returned": True}],
}


async def test_the_balance_of_today(tmp_path: Path) -> None:
    async with running(tmp_path) as it:
        it.printer.seed(cash=100_00)
        for key, document in (("A", GIVEN), ("B", TAKEN), ("C", RECEIPT), ("D", GIVEN)):
            assert (await it.put(key, document)).json()["state"] == "done"
        today = datetime.now(POLISH_TIME).date()
        found = (await it.http.get("/v1/printers/till1/packaging")).json()
        assert found == {
            "printer": "till1", "day": f"{today}", "left_out": 0, "documents": 3, "undated": 0, "undecided": 0,
            "given": {"quantity": "12", "value": "12.00"}, "taken": {"quantity": "4", "value": "4.00"},
            "balance": "8.00",
            "items": [
                {
                    "name": "Butelka", "number": "7", "balance": "8.00",
                    "given": {"quantity": "12", "value": "12.00"}, "taken": {"quantity": "4", "value": "4.00"},
                }
            ],
        }  # fmt: skip
        assert (await it.client.packaging("till1", day=today)).model_dump(mode="json") == found
        yesterday = await it.client.packaging("till1", day=today - timedelta(days=1))
        assert (yesterday.documents, yesterday.items) == (0, ())
        example = next(route for route in ROUTES if route.path.endswith("/packaging")).examples["application/json"]
        assert example.keys() == found.keys()


async def test_questions_that_are_refused(tmp_path: Path) -> None:
    async with running(tmp_path) as it:
        problem(await it.http.get("/v1/printers/till9/packaging"), 404, "printer.unknown")
        for day in ("", "today", "2026-13-01", "2026-11-31", "2026-11-30T10:00:00+01:00", "20261130"):
            refused = problem(
                await it.http.get("/v1/printers/till1/packaging", params={"day": day}), 422, "request.query"
            )
            assert refused["detail"] == "day is a day like 2026-11-22"
        assert (await it.http.get("/v1/printers/till1/packaging", params={"day": "2999-12-31"})).status_code == 200
