"""The commands in the README work."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import anyio
import pytest
from pydantic import BaseModel

from fiscald.emulator.running import EmulatedPrinter
from fiscald.model.printout import Printout
from fiscald.model.receipt import Receipt
from tests.daemons import running
from tests.pages.nc import NC

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent
README = (ROOT / "README.md").read_text("utf-8")
ENVIRONMENT = os.environ | {"PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}"}


def block(text: str, containing: str) -> str:
    """The one fenced block with these words in it."""
    (found,) = [
        body for body in re.findall(r"^```\w*\n(.*?)^```", text, re.DOTALL | re.MULTILINE) if containing in body
    ]
    return str(found)


@pytest.mark.slow
def test_the_two_terminals(tmp_path: Path) -> None:
    with EmulatedPrinter() as printer:
        script = block(README, "cat > fiscald.toml").replace("tcp://127.0.0.1:6666", printer.address)
        ended = f"trap 'kill $!' EXIT\n{script}"  # the daemon in the background
        told = subprocess.run(
            ["sh", "-ec", ended], cwd=tmp_path, env=ENVIRONMENT, capture_output=True, text=True, timeout=50, check=True
        ).stdout
        assert "done, paper printed" in told
        assert "Żurek" in printer.paper[0]


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("curl") is None, reason="needs curl")
async def test_curl(tmp_path: Path) -> None:
    async with running(tmp_path) as it:
        script = block(README, "curl --unix-socket").replace("/run/fiscald/fiscald.sock", str(it.socket))
        done = await _run(["sh", "-c", script])
        assert json.loads(done)["result"]["number"] == 1
        assert "NIP NABYWCY" in it.printer.paper[0].upper()


@pytest.mark.slow
async def test_python(tmp_path: Path) -> None:
    async with running(tmp_path) as it:
        script = block(README, "from fiscald.api.client").replace("/run/fiscald/fiscald.sock", str(it.socket))
        assert (await _run([sys.executable, "-c", script])).startswith("done number=1 ")


async def _run(command: list[str]) -> str:
    done = await anyio.run_process(command, env=ENVIRONMENT)
    return done.stdout.decode()


async def test_the_printout_of_the_api_description(tmp_path: Path) -> None:
    example = json.loads(block((ROOT / "docs" / "api.md").read_text("utf-8"), "Zamówienie 17"))
    async with running(tmp_path) as it:
        answer = (await it.put("A", example)).json()
        assert (answer["state"], answer["paper"]) == ("done", "printed")
        assert "Żurek x 2" in it.printer.paper[0]


async def test_the_whole_receipt_of_the_api_description(tmp_path: Path) -> None:
    example = json.loads(block((ROOT / "docs" / "api.md").read_text("utf-8"), '"system_number"'))
    assert example.keys() <= {"type"} | {field.alias or name for name, field in Receipt.model_fields.items()}
    async with running(tmp_path) as it:
        answer = (await it.put("A", example)).json()
        assert (answer["state"], answer["result"]["total"]) == ("done", "12.00")


@pytest.mark.parametrize("document", [Receipt, Printout])
def test_every_field_of_a_document_is_described(document: type[BaseModel]) -> None:
    described = (ROOT / "docs" / "api.md").read_text("utf-8")
    for name, field in document.model_fields.items():
        assert f"`{field.alias or name}" in described


def test_every_complaint_has_a_test_that_exists() -> None:
    text = (ROOT / "docs" / "complaints.md").read_text("utf-8")
    named = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", text)
    assert len(named) == 26
    for path, name in named:
        assert re.search(rf"^(async )?def {name}\(", (ROOT / path).read_text("utf-8"), re.MULTILINE), f"{path}::{name}"


@pytest.mark.slow
def test_recordings_are_shown_as_described() -> None:
    text = (ROOT / "docs" / "recordings.md").read_text("utf-8")

    def told(command: str) -> str:
        words = [str(BIN / "fiscalctl"), *shlex.split(command)[1:]]
        return subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=True, timeout=50).stdout

    assert told(block(text, "decode docs/wireshark")) == block(text, "12:00:00.104000")
    assert "payments are too low" in told(block(text, "decode 02"))
    regression = block(text, "fiscalctl regression").replace("\\\n", " ")
    regression = regression.replace("till1.pcapng", "docs/wireshark/example.pcapng")
    assert json.loads(told(regression.replace("tests/recordings/posnet-hd-online.json", "-")))["left_out"] == 2


def test_the_pytest_fixture(pytester: pytest.Pytester) -> None:
    """The test of the README, with the smallest shop."""
    shop = """
from fiscald.api.client import Client

class Shop:
    def __init__(self, socket):
        self.client = Client(socket)
    def begin_sale(self, name, price):
        receipt = {"type": "receipt", "lines": [{"name": name, "price": price, "vat": "A"}]}
        self.client.submit("A/1", "till1", receipt, wait=0)
        return "A/1"
    def finish(self, key):
        with self.client:
            return self.client.job(key, wait=20).state
"""
    pytester.makeini("[pytest]\nasyncio_default_fixture_loop_scope = function\n")
    pytester.makepyfile(shop + block(README, "test_the_shop_survives"))
    pytester.runpytest_inprocess("-p", "no:cacheprovider").assert_outcomes(passed=1)


@pytest.mark.slow
def test_the_example_for_tests_in_another_language(tmp_path: Path) -> None:
    port = str(_free_port())
    config = block(README, "cat > fiscald.toml").partition("<<'END'\n")[2].partition("END\n")[0]
    (tmp_path / "fiscald.toml").write_text(config.replace("6666", port))
    receipt = '{"type": "receipt", "lines": [{"name": "Żurek", "price": "12.00", "vat": "8%"}]}'
    sale = f"echo '{receipt}' | fiscalctl --socket fiscald.sock print - "
    script = block(README, "--paper sheets").replace("make test-of-your-shop ", sale).replace("6666", port)
    nc = tmp_path / "bin" / "nc"
    nc.parent.mkdir()
    nc.write_text(NC.format(python=sys.executable))
    nc.chmod(0o755)
    environment = ENVIRONMENT | {"PATH": f"{nc.parent}{os.pathsep}{ENVIRONMENT['PATH']}"}
    command = ["bash", "-mc", f"trap 'kill %1 %2 2>/dev/null' EXIT\n{script}"]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=60)
    assert '"fired": [{"act": "drop_after", "command": "trend"}], "planned": []' in done.stdout, done.stderr
    assert done.stdout.count("Żurek") == 1, "on the sheet"
    assert (tmp_path / "sheets" / "0001-receipt.png").exists()


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])
