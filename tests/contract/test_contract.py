"""The command itself: its bridge, its failures, and its message when a tool is absent."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import anyio
import httpx
import pytest

from tests.contract import __main__ as command
from tests.contract import checks, tools
from tests.contract.checks import CHECKS, count_of_cases, lint_verdict, printed
from tests.contract.running import Wanted, bridge, shop
from tests.contract.tools import Failed, Skipped
from tests.daemons import RECEIPT


async def test_the_bridge_carries_both_directions_and_ends_with_either_side(tmp_path: Path) -> None:
    ended = anyio.Event()

    async def echo(stream: Any) -> None:
        async with stream:
            while (data := await stream.receive()) != b"bye":
                await stream.send(data.upper())
        ended.set()

    path = tmp_path / "socket"
    async with await anyio.create_unix_listener(path) as listener, anyio.create_task_group() as tasks:
        tasks.start_soon(listener.serve, echo)
        async with bridge(path) as port, await anyio.connect_tcp("127.0.0.1", port) as client:
            await client.send(b"receipt")
            assert await client.receive() == b"RECEIPT"
            await client.send(b"bye")
            with pytest.raises(anyio.EndOfStream):
                await client.receive()
            await ended.wait()
        tasks.cancel_scope.cancel()


def test_a_shop_prints_through_its_bridge(tmp_path: Path) -> None:
    with shop(tmp_path) as it:
        sale = RECEIPT | {"lines": [{"name": "Chleb razowy", "quantity": "2", "price": "3.50", "vat": "5%"}]}
        answer = httpx.put(f"{it.url}/v1/jobs/A?wait=20", json={"printer": "till1", "document": sale}).json()
        told = {"state": answer["state"], "number": answer["result"]["number"], "total": answer["result"]["total"]}
        assert printed(it, told) == "receipt 1 is printed"
        for wrong in ({"state": "accepted"}, {"number": 2}, {"total": "7"}, {"total": None}):
            with pytest.raises(Failed, match="the program says"):
                printed(it, told | wrong)


PROBLEM = {"severity": "warn", "ruleId": "info-license", "message": "there is none"}


@pytest.mark.parametrize("totals", [{"errors": 1, "warnings": 0}, {"errors": 0, "warnings": 1}, {"errors": 0, "warnings": 0, "ignored": 1}])  # fmt: skip
def test_a_warning_of_the_linter_is_a_failure(totals: dict[str, int]) -> None:
    with pytest.raises(Failed, match="info-license: there is none"):
        lint_verdict({"totals": totals, "problems": [PROBLEM]})
    assert (
        lint_verdict({"totals": {"errors": 0, "warnings": 0, "ignored": 0}, "problems": []}) == "no error, no warning"
    )


def test_a_fuzzer_that_tried_nothing_is_a_failure() -> None:
    assert count_of_cases("Test cases:\n  1,071 generated, 1,071 passed\n") == 1071
    for told in ("", "Test cases:\n  0 generated\n"):
        with pytest.raises(Failed, match="tried nothing"):
            count_of_cases(told)


def test_without_node_its_checks_are_skipped(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("shutil.which", lambda _: None)
    for name in ("redocly", "openapi-typescript", "hey-api"):
        with pytest.raises(Skipped, match="no node"):
            CHECKS[name](SimpleNamespace(url="http://x"), tmp_path, SimpleNamespace())  # type: ignore[arg-type]


def test_a_registry_that_cannot_be_reached_is_a_reason(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def fail(*_: Any, **__: Any) -> str:
        raise Failed("npm ends with 1\nnpm error network request to the registry failed")

    monkeypatch.setattr(tools, "CACHE", tmp_path)
    monkeypatch.setattr("shutil.which", lambda _: "/usr/bin/node")
    monkeypatch.setattr(tools, "run", fail)
    with pytest.raises(Skipped, match="npm cannot install the tools: npm error network"):
        tools.node()


def test_the_output_of_a_failed_program_is_shown() -> None:
    with pytest.raises(Failed, match="ends with 3\nout\nerr"):
        tools.run("sh", "-c", "echo out; echo err >&2; exit 3")
    with pytest.raises(Failed, match="takes longer than"):
        tools.run("sleep", "5", seconds=0.1)
    assert tools.run("sh", "-c", "echo $COLOUR", COLOUR="blue") == "blue\n"


def test_the_exit_code_shows_the_result_of_the_checks(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    outcomes: dict[str, Any] = {"good": "fine", "bad": Failed("2 warnings"), "absent": Skipped("there is no node")}

    def run(name: str, *_: Any) -> str:
        if isinstance(outcomes[name], Exception):
            raise outcomes[name]
        return str(outcomes[name])

    monkeypatch.setattr(command, "CHECKS", outcomes)
    monkeypatch.setattr(command, "check", run)
    assert command.main([]) == 1
    assert "FAILED\n2 warnings" in capsys.readouterr().out
    assert command.main(["good", "absent"]) == 0
    assert "SKIPPED: there is no node" in capsys.readouterr().out
    assert command.main(["good", "absent", "--require-all"]) == 1
    with pytest.raises(SystemExit):
        command.main(["gold"])


def test_a_check_reads_the_description_of_the_running_daemon(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Any] = []

    def look(shop: Any, description: Path, wanted: Any) -> str:
        seen.append(json.loads(description.read_text("utf-8")))
        raise Failed("found something")

    monkeypatch.setitem(checks.CHECKS, "look", look)
    with pytest.raises(Failed, match="found something"):
        command.check("look", Wanted(1, 1))
    assert seen[0]["openapi"] == "3.1.0"
