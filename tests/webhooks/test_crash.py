"""The host's power goes, or the daemon is killed, at every moment: no message of a stored change is lost."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import anyio
import anyio.to_thread
import pytest

from fiscald.api.client import AsyncClient, ClientError
from fiscald.emulator.running import EmulatedPrinter
from fiscald.journal import Phase, Store
from fiscald.journal.rows import Entry
from fiscald.licence.testing import make_certificate
from tests.daemons import RECEIPT
from tests.journal import test_powercut as cuts
from tests.journal.powercut import available
from tests.webhooks.receivers import SECRET, Request, hook, reply, secret_file, web

HOOKS = (hook().subscription, hook("chain", printers=["till9"]).subscription)


def first(store: Store) -> int:
    (number,) = store._db.execute("SELECT min(id) FROM webhook_message WHERE dead_at IS NULL").fetchone()
    return int(number)


#: The way of two jobs, and what becomes of their messages.
WAY: list[Callable[[Store], object]] = [
    lambda store: store.know_webhooks(),
    lambda store: store.accept("A", cuts.CASH, (), None),
    lambda store: store.start("A", {}),
    lambda store: store.message_delivered("erp", first(store)),
    lambda store: store.message_failed("erp", first(store), 7.0, "HTTP 500", dead=False),
    lambda store: store.commit("A"),
    lambda store: store.finish("A", Phase.DONE),
    lambda store: store.message_failed("erp", first(store), 9.0, "HTTP 500", dead=True),
    lambda store: store.accept("B", cuts.CASH, (), None),
    lambda store: store.webhook_gone("erp", "410"),
    lambda store: store.give_up("erp", 2.0**40, "410"),
    lambda store: store.resend("erp", [2, 3]),
]
APART = [[step] for step in WAY]


def picture(store: Store) -> object:
    """Jobs, changes, and messages without their random ids."""
    messages = store._db.execute(
        "SELECT webhook, job, type, body, due, tries, dead_at IS NULL FROM webhook_message ORDER BY id"
    ).fetchall()
    return cuts_picture(store), messages, store._db.execute("SELECT * FROM webhook").fetchall()


cuts_picture = cuts.picture


@pytest.mark.skipif(not available, reason="this Python's sqlite3 does not use the shared library")
class TestPowerCut:
    @pytest.fixture(autouse=True)
    def with_webhooks(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(cuts, "Store", partial(Store, webhooks=HOOKS))
        monkeypatch.setattr(cuts, "picture", picture)

    @pytest.mark.slow
    def test_a_power_cut_loses_no_message_of_a_stored_change(self, place: Path) -> None:
        tried, broken = cuts.broken_promises(place, APART)
        assert not broken
        assert tried > 300

    @pytest.mark.slow
    def test_a_power_cut_with_several_changes_in_one_sync(self, place: Path) -> None:
        tried, broken = cuts.broken_promises(place, [WAY[:3], WAY[3:6], WAY[6:8], WAY[8:]])
        assert not broken
        assert tried > 150

    @pytest.mark.slow
    def test_a_power_cut_over_the_first_message(self, place: Path) -> None:
        tried, broken = cuts.broken_promises(place, [WAY[1:2]])
        assert not broken
        assert tried > 50

    @pytest.mark.slow
    def test_the_check_notices_messages_in_a_later_transaction(
        self, place: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        later: list[Callable[[], None]] = []
        written, carry_out = Store._write_messages, cuts.carry_out

        def after(store: Store, db: sqlite3.Connection, entry: Entry, event: int) -> None:
            def write() -> None:
                with store._transaction() as again:
                    written(store, again, entry, event)

            later.append(write)

        def and_then(store: Store, steps: list[Callable[[Store], object]]) -> None:
            later.clear()  # of a daemon that is dead
            carry_out(store, steps)
            while later:
                later.pop(0)()

        monkeypatch.setattr(Store, "_write_messages", after)
        monkeypatch.setattr(cuts, "carry_out", and_then)
        assert cuts.broken_promises(place, APART[:3], first=True).promises


# -- real processes --------------------------------------------------------------------------------------

CONFIG = """
socket = "fiscald.sock"
state_dir = "state"
log_level = "debug"
[licence]
test_keys = true
[printers.till1]
family = "posnet"
address = "{address}"
[webhooks.erp]
url = "{url}"
secret_file = "webhook.secret"
events = ["job.accepted", "job.running", "job.done", "job.failed", "job.undecided"]
"""


class Process:
    """A daemon that is killed and started again."""

    def __init__(self, directory: Path) -> None:
        self.config = directory / "fiscald.toml"
        self.log = directory / "log"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with self.log.open("ab") as log:
            command = [sys.executable, "-m", "fiscald.cli.fiscald", "run", "--config", str(self.config)]
            self.process = subprocess.Popen(command, stderr=log, stdout=log)

    def kill(self) -> None:
        if self.process is not None:
            os.kill(self.process.pid, signal.SIGKILL)
            self.process.wait()


@contextmanager
def process(directory: Path) -> Iterator[Process]:
    it = Process(directory)
    try:
        yield it
    finally:
        it.kill()


@pytest.mark.slow
async def test_a_daemon_killed_at_every_message_loses_none(tmp_path: Path) -> None:
    """Killed when a message arrives, in turn before and after its answer; sales go on under their keys."""
    secret_file(tmp_path)
    kills = 0
    with EmulatedPrinter() as printer, process(tmp_path) as daemon:

        def answer(_: Request) -> bytes:
            nonlocal kills
            if len(it.requests) % 3 == 1 and kills < 8:
                kills += 1
                daemon.kill()
                daemon.start()
            return reply()

        async with web(answer) as it:
            daemon.config.write_text(CONFIG.format(address=printer.address, url=it.url))
            daemon.start()
            async with AsyncClient(tmp_path / "fiscald.sock", timeout=2) as client:
                await until(client, lambda: client.install_licence(make_certificate()))
                for number in range(6):
                    await until(client, partial(client.submit, f"K{number}", "till1", RECEIPT, wait=5))
                with anyio.fail_after(60):
                    while (
                        not all(each[-1:] == ["job.done"] for each in types(it.requests).values())
                        or len(types(it.requests)) < 6
                    ):
                        await it.came.wait()
    assert kills == 8
    found = types(it.requests)
    assert set(found) == {f"K{number}" for number in range(6)}
    for key, kinds in found.items():
        assert (kinds[0], kinds[-1]) == ("job.accepted", "job.done"), key
    ids = [request.headers["webhook-id"] for request in it.requests]
    bodies = {(request.headers["webhook-id"], request.body) for request in it.requests}
    assert len(bodies) == len(set(ids)), "the same id is the same message"
    cursors: dict[str, list[int]] = defaultdict(list)
    for request in it.requests:
        cursors[request.content["data"]["key"]].append(request.content["data"]["cursor"])
    for each in cursors.values():
        assert each == sorted(each), "in order, with repetitions"
    log = daemon.log.read_text()
    assert "Żurek" not in log
    assert "/hooks/" not in log
    assert SECRET not in log
    assert not any(request.headers["webhook-signature"] in log for request in it.requests)


def types(requests: list[Request]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = defaultdict(list)
    for request in requests:
        found[request.content["data"]["key"]].append(request.content["type"])
    return found


async def until(client: AsyncClient, ask: Callable[[], object]) -> None:
    """Ask again until the daemon answers finally: it is killed now and then."""
    with anyio.fail_after(60):
        while True:
            try:
                answer = await ask()  # type: ignore[misc]
            except ClientError:
                await anyio.sleep(0.1)
                continue
            if getattr(answer, "state", "done") == "done":
                return
