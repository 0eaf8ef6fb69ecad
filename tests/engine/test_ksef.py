"""The warning about KSeF in a job's answer goes by the printer's clock, and can be switched off."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from fiscald.config import PrinterConfig
from fiscald.daemon import _printer
from fiscald.model.printers import PrinterState
from fiscald.recording.folder import RecordingFolder
from fiscald.recording.memory import Memory
from tests import virtual
from tests.engine.shop import RECEIPT, START, Till, shop
from tests.model.test_ksef import NUMBER

WITH_NIP = RECEIPT | {"buyer": {"nip": "5260250274"}}
INVOICE = {"type": "invoice", "number": "FV/1", "lines": RECEIPT["lines"]}
WITH_REFERENCE = WITH_NIP | {"invoice_reference": {"ksef_number": NUMBER}}
#: From the start of the tests to a moment in 2027.
TO_2027 = timedelta(days=40)


@pytest.mark.parametrize(
    ("later", "document", "options", "warned"),
    [
        (timedelta(), WITH_NIP, {}, False),
        (TO_2027, WITH_NIP, {}, True),
        (TO_2027, WITH_REFERENCE, {}, False),
        (TO_2027, RECEIPT, {}, False),
        (TO_2027, WITH_NIP, {"ksef_warnings": False}, False),
        (TO_2027, INVOICE | {"buyer": {"name": "Firma", "nip": "5260250274"}}, {}, True),
        (timedelta(), INVOICE | {"buyer": {"name": "Firma", "nip": "5260250274"}}, {}, False),
        (TO_2027, INVOICE | {"buyer": {"name": "Firma", "nip": "5260250274"}}, {"ksef_warnings": False}, False),
        (TO_2027, INVOICE | {"buyer": {"name": "Anna Nowak"}}, {}, False),
    ],
)
def test_from_2027_on_by_the_printers_clock(
    tmp_path: Path, later: timedelta, document: dict[str, Any], options: dict[str, Any], warned: bool
) -> None:
    async def main() -> None:
        till = Till("till1")
        till.register.state.clock_offset = later.total_seconds()
        async with shop(tmp_path, till, **options) as it:
            await it.until(PrinterState.READY)
            job = await it.print("FV/1", document)
            assert job.result is not None
            code = f"{document['type']}.not_in_ksef"
            assert (code in [notice.code for notice in job.warnings]) == warned

    virtual.run(main())


def test_a_training_receipt_needs_no_invoice(tmp_path: Path) -> None:
    async def main() -> None:
        till = Till("till1")
        till.register.state.clock_offset = TO_2027.total_seconds()
        till.register.state.fiscal = False
        async with shop(tmp_path, till) as it:
            await it.until(PrinterState.READY)
            job = await it.print("FV/1", WITH_NIP)
            assert "receipt.not_in_ksef" not in [notice.code for notice in job.warnings]
            assert "printer.training" in [notice.code for notice in job.warnings]

    virtual.run(main())


@pytest.mark.parametrize("wanted", [True, False])
def test_the_daemon_passes_the_setting_on(tmp_path: Path, wanted: bool) -> None:
    config = PrinterConfig.model_validate({"family": "posnet", "address": "tcp://127.0.0.1:1"})
    folder = RecordingFolder(tmp_path, lambda: START, size=1 << 20, days=1)
    assert _printer("till1", config, Memory(1 << 20), folder, ksef_warnings=wanted).ksef_warnings is wanted
