"""What a technician's document sets is known at once: to the next document, to the preview, and to its time."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import anyio
import pytest

from fiscald.model.jobs import JobState
from fiscald.model.printers import PrinterState
from tests import virtual
from tests.engine.shop import Till, shop

RATES = {"A": "23%", "B": "8%", "C": "5%", "D": "0%", "E": "22%", "F": None, "G": "exempt"}
PRINTERS = [("posnet", None), ("posnet", "old"), ("thermal", None), ("thermal", "novitus")]


@pytest.mark.parametrize(("family", "profile"), PRINTERS)
def test_the_next_receipt_may_have_a_rate_that_was_just_set(tmp_path: Path, family: str, profile: str | None) -> None:
    async def main() -> None:
        async with shop(tmp_path, Till("till1", 1, family, profile)) as it:
            await it.until(PrinterState.READY)
            await it.submit("rates", {"type": "set_vat_rates", "rates": dict(RATES)})
            assert (await it.engine.wait("rates", 60)).state is JobState.DONE
            assert it.engine.printer("till1").vat == RATES
            await it.submit("sale", {"type": "receipt", "lines": [{"name": "Kawa", "price": "10.00", "vat": "22%"}]})
            assert (await it.engine.wait("sale", 60)).state is JobState.DONE

    virtual.run(main())


def test_the_next_document_has_the_time_of_a_clock_that_was_just_set(tmp_path: Path) -> None:
    async def main() -> None:
        till = Till("till1", 1, "posnet")
        async with shop(tmp_path, till) as it:
            await it.until(PrinterState.READY)
            till.register.state.clock_offset = -3000.0
            await anyio.sleep(40)
            assert [each.code for each in it.engine.printer("till1").warnings] == ["printer.clock_off"]
            await it.submit("clock", {"type": "set_clock"})
            assert (await it.engine.wait("clock", 60)).state is JobState.DONE
            assert it.engine.printer("till1").warnings == ()
            await it.submit("in", {"type": "cash_in", "amount": "5.00"})
            done = await it.engine.wait("in", 60)
            assert done.result is not None
            assert done.result.printed_at is not None
            assert abs(done.result.printed_at - done.created_at) < timedelta(minutes=2)
            assert done.warnings == ()

    virtual.run(main())


@pytest.mark.parametrize("profile", ["novitus", "innova"])
def test_documents_lists_what_the_profile_supports(tmp_path: Path, profile: str) -> None:
    async def main() -> None:
        async with shop(tmp_path, Till("till1", 1, "thermal", profile)) as it:
            await it.until(PrinterState.READY)
            details = it.engine.details("till1")
            supported = tuple(name for name, each in details.capabilities.items() if each.supported)
            assert set(it.engine.printer("till1").documents) == set(supported)
            assert "set_header" not in supported

    virtual.run(main())
