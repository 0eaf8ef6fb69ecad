"""Commands beside the server: one that is stopped, or reads for long, holds up no answer for longer than it must."""

from __future__ import annotations

import os
import signal
import sqlite3
import ssl
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import anyio
import httpx
import pytest

from fiscald.licence.server import store as stores
from fiscald.licence.server.refusals import Unable
from fiscald.licence.server.store import Store
from tests.licence.server.https import vendor_server
from tests.licence.server.running import BAKERY, T0, Clock, Computer, Vendor

ROOT = Path(__file__).parents[3]
LICENCES = 1500
#: A command that says what it does, and waits for a line before it goes on.
WRITES = """
import sys
from pathlib import Path
from fiscald.licence.server.store import Store
store = Store(Path(sys.argv[1]))
with store.transaction(int(sys.argv[2]), "cli:test") as t:
    t.audit("from a command")
    print("in", flush=True)
    sys.stdin.readline()
print("out", flush=True)
store.close()
"""
READS = """
import sys
from pathlib import Path
from fiscald.licence.server import listing
from fiscald.licence.server.store import Store
store = Store(Path(sys.argv[1]))
with store.reading(int(sys.argv[2])) as t:
    t.one("SELECT count(*) FROM audit")
    print("in", flush=True)
    sys.stdin.readline()
    print(listing.verify_audit(t)[0], flush=True)
store.close()
"""


@contextmanager
def command(*words: str) -> Iterator[subprocess.Popen[str]]:
    """A process in a group of its own, as a shell starts it: Ctrl-Z would be ignored in an orphaned group."""
    process = subprocess.Popen(
        [sys.executable, *words], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT, process_group=0
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def go_on(process: subprocess.Popen[str]) -> None:
    assert process.stdin is not None
    process.stdin.write("\n")
    process.stdin.flush()


def wait_until_stopped(process: subprocess.Popen[str]) -> None:
    found = os.waitid(os.P_PID, process.pid, os.WSTOPPED | os.WEXITED | os.WNOWAIT)
    assert found is not None
    assert found.si_code == os.CLD_STOPPED, "it has ended"


def has_pending(process: subprocess.Popen[str], number: int) -> bool:
    """Whether the signal waits, and the process goes on."""
    status = Path(f"/proc/{process.pid}/status").read_text("ascii")
    fields = dict(each.split(":", 1) for each in status.splitlines())
    waiting = int(fields["ShdPnd"], 16) | int(fields["SigPnd"], 16)
    return bool(waiting >> (number - 1) & 1) and fields["State"].strip()[0] != "T"


def fill(vendor: Vendor) -> None:
    with vendor.do() as t:
        for number in range(LICENCES):
            company = f"com_{number}"
            t.do("INSERT INTO company VALUES (?, NULL, 'PL', ?, 'a', 'a', 'b', 'b', 0)", company, f"{number:010}")
            t.add_seat(t.add_licence(company, 1, "paid").id, 1, ends=None, upd="2027-01-01")


def test_ctrl_z_waits_until_the_transaction_of_a_command_is_over(vendor: Vendor) -> None:
    with command("-c", WRITES, str(vendor.path), str(vendor.clock())) as writer:
        assert line(writer) == "in"
        os.kill(writer.pid, signal.SIGTSTP)
        assert has_pending(writer, signal.SIGTSTP)
        go_on(writer)
        wait_until_stopped(writer)
        vendor.handler.healthy()
        assert vendor.audit() == ["from a command"]
        os.kill(writer.pid, signal.SIGCONT)
        assert line(writer) == "out"


def test_ctrl_z_in_a_long_list_stops_no_answer(vendor: Vendor, tmp_path: Path) -> None:
    fill(vendor)
    config = tmp_path / "vendor.toml"
    config.write_text(
        f'issuer = "x"\ndatabase = "{vendor.path}"\n[keys]\nsign_with = "x"\n[smtp]\nhost = "localhost"\n'
        'sender = "a@b.example"\n'
    )
    with command("-m", "fiscald.licence.server.cli", "--config", str(config), "licences") as lister:
        first = line(lister)
        os.kill(lister.pid, signal.SIGTSTP)
        wait_until_stopped(lister)
        assert vendor.activate(Computer(vendor.clock), vendor.number().text).status == 200
        os.kill(lister.pid, signal.SIGCONT)
        assert lister.stdout is not None
        rest = lister.stdout.read().splitlines()
    listed = {each.split()[0] for each in (first, *rest)}
    assert len(listed) in (LICENCES, LICENCES + 1)  # with the one that came meanwhile


async def test_a_stopped_command_in_a_transaction_is_a_503_and_no_hang(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with (
        vendor_server(tmp_path, clock=Clock()) as vendor,
        httpx.AsyncClient(base_url=vendor.url, verify=ssl.create_default_context(cafile=vendor.ca_file)) as client,
    ):
        monkeypatch.setattr(stores, "LOCK_TIMEOUT", 0.5)
        with command("-c", WRITES, str(tmp_path / "vendor.db"), str(T0)) as writer:
            assert await anyio.to_thread.run_sync(line, writer) == "in"
            os.kill(writer.pid, signal.SIGSTOP)
            wait_until_stopped(writer)
            answers: list[int] = []

            async def ask(path: str) -> None:
                answers.append((await client.get(path)).status_code)

            async with anyio.create_task_group() as tasks:
                tasks.start_soon(ask, "/healthz")
                tasks.start_soon(ask, "/nothing")
            assert answers == [404, 503]  # the loop answers while the database is waited for
            # One has waited. Nobody waits again: with this patience the next ones would hang.
            monkeypatch.setattr(stores, "LOCK_TIMEOUT", 3600)
            assert [(await client.get("/healthz")).status_code for _ in range(5)] == [503] * 5
            with pytest.raises(Unable, match="is a command stopped"):
                vendor.handler.healthy()
            go_on(writer)
            os.kill(writer.pid, signal.SIGCONT)
            assert await anyio.to_thread.run_sync(line, writer) == "out"
        assert (await client.get("/healthz")).status_code == 204


def test_a_long_read_of_another_process_delays_no_check(vendor: Vendor, till: Computer) -> None:
    paid = vendor.activate(till, vendor.number().text).crt
    before = len(vendor.audit())
    with command("-c", READS, str(vendor.path), str(vendor.clock())) as reader:
        assert line(reader) == "in"
        os.kill(reader.pid, signal.SIGSTOP)
        wait_until_stopped(reader)
        assert vendor.check(till, paid).verdict == "ok"
        assert vendor.activate(Computer(vendor.clock, 3), vendor.number().text, BAKERY).status == 200
        os.kill(reader.pid, signal.SIGCONT)
        go_on(reader)
        assert int(line(reader)) == before  # one state, as it was
    assert len(vendor.audit()) > before


def test_another_process_does_not_delete_the_log_of_a_second_store(vendor: Vendor) -> None:
    with closing(Store(vendor.path)), command("-c", READS, str(vendor.path), str(vendor.clock())) as reader:
        assert line(reader) == "in"
        go_on(reader)
        reader.wait()
        vendor.number()
        assert vendor.path.with_name("vendor.db-wal").exists()
        with closing(sqlite3.connect(vendor.path)) as db:
            assert db.execute("SELECT count(*) FROM number").fetchone() == (1,)


def test_a_list_in_the_server_itself_delays_no_check(vendor: Vendor, till: Computer) -> None:
    paid = vendor.activate(till, vendor.number().text).crt
    with vendor.store.reading(vendor.clock) as t:
        assert t.one("SELECT count(*) FROM licence") == (1,)
        assert vendor.check(till, paid).verdict == "ok"
