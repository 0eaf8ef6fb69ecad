"""A cable that doubles a command prints a slip or a sheet twice; the answer warns of it, whatever happened in between."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from fiscald.protocols.novitus_xml import proof as novitus_xml
from fiscald.protocols.posnet import proof as posnet
from fiscald.protocols.proof import verdicts
from fiscald.protocols.proof.counters import OtherSheet, Proven
from fiscald.protocols.thermal import proof as thermal

EXPECTED: dict[str, Any] = {
    "posnet": posnet.Slip(1000, surely_counted=True),
    "thermal": thermal.Slip(1000),
    "novitus-xml": novitus_xml.Slip(1000),
    "another sheet": OtherSheet(repeatable=False),
}


def delta(slips: int, reports: int) -> Any:
    """So many slips of 10.00 and daily reports since the start. Another program sold a receipt too."""
    return SimpleNamespace(
        slips=slips, other_sheets=slips, reports=reports, completed=1, invoiced=0, hidden=False, uncounted=False,
        cash=slips * 1000, now=SimpleNamespace(cash=slips * 1000),
    )  # fmt: skip


@pytest.mark.parametrize("reports", [0, 1])
@pytest.mark.parametrize("what", EXPECTED)
def test_a_confirmed_document_that_came_out_twice_is_a_warning(what: str, reports: int) -> None:
    once, twice = (EXPECTED[what].judge(delta(slips, reports), True) for slips in (1, 2))
    assert once == Proven(())
    assert twice == Proven((verdicts.DOUBLED,))
