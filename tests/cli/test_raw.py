"""``fiscalctl raw``: the printer's answer, its refusal, and what is refused before anything is sent."""

from __future__ import annotations

import httpx
import pytest

from fiscald.api.client import Client
from tests.cli.conftest import RECEIPT, Counter


def test_raw_sends_a_query(counter: Counter) -> None:
    result = counter.run("raw", "scomm")
    assert result.exit_code == 0, result.output
    assert result.stdout.startswith("scomm|fsT|tzT|ts0|")
    told = counter.json("raw", "!sdev", "--printer", "till1")
    assert (told["answer"], told["effect"], told["id"]) == ("sdev|ds0|cp1|qe1|pe0|", "query", 2)
    assert bytes.fromhex(told["sent"]) == b"\x02!sdev\t#5392\x03"


def test_raw_shows_the_printers_refusal(counter: Counter) -> None:
    result = counter.run("raw", "trend|to100")
    assert result.exit_code == 1
    assert result.stdout.splitlines()[0] == "trend|?2005|"
    assert result.stdout.splitlines()[1].startswith("refused: ")


def test_raw_refuses_an_invalid_command(counter: Counter) -> None:
    result = counter.run("raw", "trline|x")
    assert result.exit_code == 1, "not sent"
    assert "trline|naKawa|vt0|pr1000" in result.stderr
    assert counter.run("raw", "scomm", "--printer", "till9").exit_code == 2


def test_an_undecided_document_blocks_raw_without_force(counter: Counter) -> None:
    counter.printer.fault("bad_crc", "trend")
    counter.printer.fault("keypad_report", "scomm", nth=2)
    assert counter.run("print", counter.file(RECEIPT), "--key", "X").exit_code == 3
    result = counter.run("raw", "scnt")
    assert result.exit_code == 1, "nothing was sent"
    assert "'X' is undecided" in result.stderr
    assert counter.run("raw", "scnt", "--force").stdout.startswith("scnt|rd1|")


def test_a_raw_command_that_may_have_arrived_is_not_repeated(counter: Counter, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def lose(_: httpx.Client, method: str, path: str, **__: object) -> httpx.Response:
        asked.append((method, path))
        raise httpx.ReadError("the connection broke")

    with Client(counter.socket) as client:
        monkeypatch.setattr(httpx.Client, "request", lose)
        with pytest.raises(Exception, match="cannot be reached"):
            client.raw("till1", "opendrwr")
    assert asked == [("POST", "/v1/printers/till1/raw")]
