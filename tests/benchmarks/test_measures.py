"""The instruments measure what they say: syncs, stalls, processor time, full recorders."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from benchmarks import line, processor
from benchmarks.figures import Conditions, Outcome
from benchmarks.line import added_at_115200
from benchmarks.processor import of_a_receipt
from benchmarks.recorded import FullRecorder
from benchmarks.rows import ROWS
from benchmarks.running import ROOT, processor_seconds
from benchmarks.syncs import counting

#: Syncs a file, waits for a line, and prints the milliseconds of one more sync.
SYNCING = """
import os, sys, time
file = os.open(sys.argv[1], os.O_CREAT | os.O_WRONLY)
os.fsync(file), os.fdatasync(file), os.fdatasync(file)
print(flush=True)
input()
began = time.perf_counter()
os.fdatasync(file)
print((time.perf_counter() - began) * 1000)
"""
#: A loop with a callback of 60 ms that works, and one that only sleeps.
STALLING = """
import asyncio, sys, time
from pathlib import Path
from benchmarks.watched import watch

def work():
    until = time.thread_time() + 0.06
    while time.thread_time() < until:
        pass

async def main():
    await asyncio.sleep(0.05)
    asyncio.get_running_loop().call_soon({load})
    await asyncio.sleep(0.15)

watch(Path(sys.argv[1]))
asyncio.run(main())
"""


@pytest.mark.skipif(shutil.which("cc") is None, reason="needs a C compiler")
def test_syncs_are_counted_and_delayed(tmp_path: Path) -> None:
    command = [sys.executable, "-c", SYNCING, str(tmp_path / "file")]
    with counting(tmp_path) as (environment, syncs):
        started = subprocess.Popen(
            command, env=os.environ | environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        assert started.stdout is not None
        assert started.stdout.readline() == "\n"
        assert syncs.count == 3
        syncs.delay(40)
        told, _ = started.communicate("\n", timeout=30)
        assert syncs.count == 4
    assert float(told) >= 40


@pytest.mark.parametrize(("load", "is_a_stall"), [("work", True), ("time.sleep, 0.06", False)])
def test_a_stall_is_what_the_process_itself_did(tmp_path: Path, load: str, is_a_stall: bool) -> None:
    report = tmp_path / "report"
    command = [sys.executable, "-c", STALLING.replace("{load}", load), str(report)]
    subprocess.run(command, cwd=ROOT, check=True, timeout=60)
    stalls = [json.loads(line)["stall"] for line in report.read_text().splitlines()]
    assert (max(stalls, default=0.0) > 50) is is_a_stall


def test_the_processor_time_of_a_process_is_its_own() -> None:
    before = time.process_time()
    found = processor_seconds(os.getpid())
    assert before <= found <= time.process_time()


async def test_a_full_recorder_has_dropped_something() -> None:
    recorder = FullRecorder("till0", "posnet", "tcp://x", lambda: datetime.now(UTC), keep=64 * 1024)
    assert 60 * 1024 < len(await recorder.capture()) < 70 * 1024
    assert b"earlier packets are not kept any more" in await recorder.capture()


@pytest.mark.slow
@pytest.mark.parametrize("row", [of_a_receipt, added_at_115200])
def test_a_row_about_a_receipt_measures_every_family_that_has_a_goal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, row: Callable[[Conditions], Outcome]
) -> None:
    """With one receipt in one turn: a family that joins the product must not break the rows of the others."""
    for module, name in ((processor, "RECEIPTS"), (processor, "TURNS"), (line, "TURNS")):
        monkeypatch.setattr(module, name, 1)
    outcome = row(Conditions(tmp_path, full=False))
    (goals,) = (each.goals for each in ROWS if each.measure is row)
    assert {figure.label for figure in outcome.figures} == goals.keys()
    assert outcome.missing == ""
