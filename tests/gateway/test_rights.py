"""What the programs of one gateway may print: every document against every right, in each protocol."""

from __future__ import annotations

from pathlib import Path

import pytest

from fiscald.config_gateway import PRINTED
from tests import virtual
from tests.gateway.counter import counter
from tests.gateway.thermal import program, thermal_counter

#: The command of each protocol that needs the right, by the document. POSNET; Thermal, without those that it has not.
POSNET = {
    "receipt": "trinit|bm0|",
    "packaging": "trpackinit|",
    "printout": "formstart|fn200|fh1|",
    "cash_in": "cash|kw5000|wp1|",
    "cash_out": "cash|kw100|wp0|",
    "goods_return": "stocash|kw700|",
    "drawer": "opendrwr|",
    "daily_report": "dailyrep|da2026-11-22|",
    "shift_report": "shiftrep|shI|zr1|",
    "monthly_report": "monthlyrep|da2026-10-01|",
    "periodic_report": "periodicrepbydates|fd2026-11-01|td2026-11-22|su0|",
}
THERMAL = {
    "receipt": "0$h",
    "packaging": "#w2.50|",
    "printout": "0;22;2$w",
    "cash_in": "0#i50/",
    "cash_out": "0#d1/",
    "goods_return": "0#z7/",
    "drawer": "1$d",
    "daily_report": "#r",
    "shift_report": "0#kI|Anna|",
    "monthly_report": "26;10;1;26;10;31;6#o",
    "periodic_report": "26;11;1;26;11;22;1#o",
}
#: The number of a command that the settings of the printer lock, or that it does not know.
LOCKED, UNKNOWN = "?323|", 255


def test_the_matrix_has_every_document() -> None:
    assert set(POSNET) == set(THERMAL) == set(PRINTED) - {"invoice"}  # no protocol of a gateway passes invoices on


@pytest.mark.parametrize("given", POSNET)
def test_a_posnet_program_prints_what_its_gateway_may(tmp_path: Path, given: str) -> None:
    async def main() -> None:
        async with counter(tmp_path, documents=frozenset((given,))) as it:
            talk = it.program()
            refused = set()
            for document, command in POSNET.items():
                if (await talk.say(command)).endswith(LOCKED):
                    refused.add(document)
                await talk.say("prncancel|")
            assert refused == set(POSNET) - {given}
            assert {job.document.type for job in await it.jobs()} <= {given}

    virtual.run(main())


@pytest.mark.parametrize("given", THERMAL)
def test_a_thermal_program_prints_what_its_gateway_may(tmp_path: Path, given: str) -> None:
    async def main() -> None:
        async with thermal_counter(tmp_path, documents=frozenset((given,))) as it:
            talk = await program(it)
            refused = set()
            for document, command in THERMAL.items():
                if await talk.error(command) == UNKNOWN:
                    refused.add(document)
                await talk.error("0$e")
                await talk.error("1;22;0;0$w")
            assert refused == set(THERMAL) - {given}
            assert {job.document.type for job in await it.jobs()} <= {given}

    virtual.run(main())


def test_a_refused_document_leaves_nothing_and_the_log_is_short(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async def main() -> None:
        async with counter(tmp_path, documents=frozenset(("receipt",))) as it:
            talk = it.program()
            for _ in range(20):
                assert await talk.say("opendrwr|") == "opendrwr|?323|"
            assert await talk.sell("trline|naKawa|vt0|pr500|", end="trend|to500|") == "trend|"
            assert [job.document.type for job in await it.jobs()] == ["receipt"]
            assert await talk.say("scomm|") != ""

    virtual.run(main())
    lines = [record.message for record in caplog.records if "drawer" in record.message]
    assert lines == [
        "till1: the gateway refused a document drawer of serial: documents in the configuration does not name it"
    ]
