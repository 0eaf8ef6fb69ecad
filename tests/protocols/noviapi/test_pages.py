"""A proxy's page is no answer of the printer, whatever its status: fiscald believes only the contract's words."""

from __future__ import annotations

import pytest

from fiscald.protocols.base import Printed
from tests.protocols.noviapi.bench import DOCUMENTS, Bench, settle


@pytest.mark.parametrize("stride", [7, pytest.param(1, marks=pytest.mark.slow)])
@pytest.mark.parametrize("status", [200, 403, 404, 409, 429, 507])
@pytest.mark.parametrize("executed", [False, True])
@pytest.mark.parametrize("kind", ["receipt", "daily_report", "printout", "cash_in"])
def test_a_page_at_any_request_costs_no_token_and_prints_nothing_twice(
    kind: str, executed: bool, status: int, stride: int
) -> None:
    content, sheet = DOCUMENTS[kind]
    whole = Bench()
    whole.printed(content)
    assert whole.steps > 20
    # The first request is for the token: asked for again, it costs one more.
    for place in range(2 + status % stride, whole.steps + 1, stride):
        bench = Bench(page_at=place, page_status=status, executed=executed)
        verdict = settle(bench, content)
        assert isinstance(verdict, Printed), (place, verdict)
        assert bench.sheets(sheet) == 1, place
        assert bench.printer.asked.count("GET token") == 1, (place, bench.printer.asked)
