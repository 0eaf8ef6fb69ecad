"""docs/backup.md, carried out with the installed commands: backup, restore, a lost journal, another computer."""

from __future__ import annotations

import os
import re
import shutil
import sqlite3
import stat
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from fiscald.api.client import Client
from fiscald.cli.fiscalctl import main as fiscalctl
from fiscald.cli.fiscald import main as fiscald
from fiscald.emulator.running import EmulatedPrinter
from fiscald.journal import Store
from fiscald.licence.testing import make_certificate
from fiscald.model.jobs import JobState
from fiscald.model.printers import PrinterState
from tests.daemons import RECEIPT
from tests.end_to_end.test_processes import BIN, configuration
from tests.waiting import start_daemon, until

pytestmark = pytest.mark.slow
ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "backup.md").read_text("utf-8")
DIALECTS = [("posnet", {}), ("thermal", {}), ("thermal", {"profile": "novitus"})]


@pytest.fixture
def printer(request: pytest.FixtureRequest) -> Iterator[EmulatedPrinter]:
    family, options = getattr(request, "param", ("posnet", {}))
    with EmulatedPrinter(family=family, **options) as started:
        yield started


@contextmanager
def open_shop(path: Path, *options: str) -> Iterator[Client]:
    """The daemon as a process, stopped in the end as systemd stops it; a licensed client."""
    command = [str(BIN / "fiscald"), "run", "--config", str(path), *options]
    with (path.parent / "log").open("a") as log:
        process = start_daemon(command, path.parent, stderr=log)
    try:
        with Client(path.parent / "fiscald.sock") as client:
            if client.licence()["state"] == "unregistered":
                client.install_licence(make_certificate())
            yield client
    finally:
        process.terminate()
        assert process.wait(40) == 0


def ctl(path: Path, *arguments: str) -> str:
    command = [str(BIN / "fiscalctl"), "--socket", str(path.parent / "fiscald.sock"), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, stdin=subprocess.DEVNULL)
    assert done.returncode == 0, done.stderr + done.stdout
    return done.stdout


def put_in_place(path: Path, backup: Path) -> None:
    """As the page says under Restoring."""
    state = path.parent / "state"
    if (state / "journal.db").exists():
        (state / "journal.db").rename(state / "journal.db.old")
    for name in ("journal.db-wal", "journal.db-journal"):
        (state / name).unlink(missing_ok=True)
    state.mkdir(mode=0o700, exist_ok=True)
    shutil.copy(backup, state / "journal.db")
    (state / "journal.db").chmod(0o600)


def sell(client: Client, key: str, wait: float = 20) -> JobState:
    return client.submit(key, "till1", RECEIPT, wait=wait).state


def receipts(printer: EmulatedPrinter) -> int:
    register = printer.register
    return sum(day.receipt_count for day in (register.day, *(record.day for record in register.fiscal_memory)))


@pytest.mark.parametrize("printer", DIALECTS, ids=["posnet", "thermal", "novitus"], indirect=True)
def test_a_restored_copy_prints_no_sale_again(tmp_path: Path, printer: EmulatedPrinter) -> None:
    path, copy = configuration(tmp_path, printer), tmp_path / "copy.db"
    with open_shop(path) as client:
        assert sell(client, "Z1") is JobState.DONE
        ctl(path, "backup", str(copy))
        assert sell(client, "Z2") is JobState.DONE
    put_in_place(path, copy)
    with open_shop(path) as client:
        until(client, PrinterState.BEHIND)
        assert sell(client, "Z2", wait=3) is JobState.ACCEPTED
        assert client.job("Z1").state is JobState.DONE, "what it knows it answers"
        assert "journal.behind" in ctl(path, "status")
        assert "NOTHING NEW WILL BE PRINTED" in (tmp_path / "log").read_text()
        told = ctl(path, "journal", "confirm", "till1")
        assert "needs a decision" in told
        assert "Z2" in told
        assert client.job("Z2").state is JobState.UNDECIDED
        ctl(path, "resolve", "Z2", "printed", "--number", "2", "--by", "Anna")
        assert sell(client, "Z2") is JobState.DONE
        assert sell(client, "Z3") is JobState.DONE
        until(client, PrinterState.READY)
    assert receipts(printer) == 3
    with open_shop(path) as client:
        assert sell(client, "Z4") is JobState.DONE, "and all is well from then on"


def test_a_copy_that_is_not_older_keeps_printing(tmp_path: Path, printer: EmulatedPrinter) -> None:
    """Restored in its place, and on another computer."""
    path, copy = configuration(tmp_path, printer), tmp_path / "copy.db"
    with open_shop(path) as client:
        assert sell(client, "Z1") is JobState.DONE
        ctl(path, "backup", str(copy))
    put_in_place(path, copy)
    with open_shop(path) as client:
        assert sell(client, "Z2") is JobState.DONE
        ctl(path, "backup", "--force", str(copy))
    (tmp_path / "other computer").mkdir()
    moved = configuration(tmp_path / "other computer", printer)
    put_in_place(moved, copy)
    with open_shop(moved) as client:
        assert sell(client, "Z2") is JobState.DONE
        assert sell(client, "Z3") is JobState.DONE
    assert receipts(printer) == 3


@pytest.mark.parametrize("printer", DIALECTS[1:2], ids=["thermal"], indirect=True)
def test_an_older_backup_on_another_computer(tmp_path: Path, printer: EmulatedPrinter) -> None:
    path, copy = configuration(tmp_path, printer), tmp_path / "copy.db"
    with open_shop(path) as client:
        assert sell(client, "Z1") is JobState.DONE
        ctl(path, "backup", str(copy))
        assert sell(client, "Z2") is JobState.DONE
        assert client.submit("R1", "till1", {"type": "daily_report"}).state is JobState.DONE
    (tmp_path / "other computer").mkdir()
    moved = configuration(tmp_path / "other computer", printer)
    put_in_place(moved, copy)
    with open_shop(moved) as client:
        assert sell(client, "Z2", wait=3) is JobState.ACCEPTED
        until(client, PrinterState.BEHIND)
    assert receipts(printer) == 2


def test_a_lost_journal(tmp_path: Path) -> None:
    with EmulatedPrinter() as printer:
        path = configuration(tmp_path, printer)
        with open_shop(path) as client:
            assert sell(client, "Z1") is JobState.DONE
        (tmp_path / "state" / "journal.db").unlink()
        for _ in range(2):
            command = [str(BIN / "fiscald"), "run", "--config", str(path)]
            done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
            assert done.returncode == 78
            assert "CRITICAL" in done.stderr
            assert "fiscald run --new-journal" in done.stderr
        assert not (tmp_path / "state" / "journal.db").exists()
        with open_shop(path, "--new-journal") as client:
            until(client, PrinterState.READY)
        with open_shop(path) as client:
            assert sell(client, "Z9") is JobState.DONE
        done = subprocess.run([*command, "--new-journal"], capture_output=True, text=True, timeout=30, check=False)
        assert done.returncode == 78, "there is one now"


@pytest.mark.parametrize("umask", [0o000, 0o022])
def test_every_file_of_a_daemon_is_private_to_its_user(tmp_path: Path, umask: int) -> None:
    tmp_path.chmod(0o755)
    former = os.umask(umask)
    try:
        with EmulatedPrinter() as printer:
            path = configuration(tmp_path, printer, "record = true")
            with open_shop(path) as client:
                assert sell(client, "Z1") is JobState.DONE
                ctl(path, "backup", str(tmp_path / "copy.db"))
                ctl(path, "capture", "till1", "-o", str(tmp_path / "till1.pcapng"))
                ctl(path, "bugreport", "-o", str(tmp_path / "report.tar.gz"), "--config", str(path))
        state = tmp_path / "state"
        found = {each: stat.S_IMODE(each.stat().st_mode) for each in (state, *state.rglob("*"))}
        assert {each.name for each in found} >= {"journal.db", "lock", "licence", "certificate", "recordings"}
        assert {each: mode for each, mode in found.items() if mode != (0o700 if each.is_dir() else 0o600)} == {}
        for name in ("copy.db", "till1.pcapng", "report.tar.gz"):
            assert stat.S_IMODE((tmp_path / name).stat().st_mode) == 0o600
    finally:
        os.umask(former)


@pytest.mark.parametrize("umask", [0o000, 0o022])
def test_the_memory_of_an_emulated_printer_is_private_too(tmp_path: Path, umask: int) -> None:
    command = [str(BIN / "fiscald"), "emulate", "posnet", "--tcp", "127.0.0.1:0", "--state", str(tmp_path / "state")]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, umask=umask)
    try:
        assert process.stderr is not None
        assert "EMU" in process.stderr.readline()
        found = {path.name: stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()}
        assert found["state"] == 0o600
        assert set(found.values()) == {0o600}
    finally:
        process.kill()
        process.communicate()


def test_a_state_directory_that_others_may_write_to(tmp_path: Path) -> None:
    with EmulatedPrinter() as printer:
        path = configuration(tmp_path, printer)
        (tmp_path / "state").mkdir(mode=0o700)
        (tmp_path / "state").chmod(0o777)
        command = [str(BIN / "fiscald"), "run", "--config", str(path)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
        assert done.returncode == 78
        assert "chmod 700" in done.stderr
        (tmp_path / "state").chmod(0o755)
        with open_shop(path) as client:
            assert [each["code"] for each in client.hello()["warnings"]] == ["state.readable"]
            assert "chmod 700" in ctl(path, "status")
            assert "other users can read" in (tmp_path / "log").read_text()


def test_an_upgrade_and_a_downgrade(tmp_path: Path) -> None:
    """The journal of an older version is brought up to date; an older version refuses a newer one."""
    with EmulatedPrinter() as printer:
        path = configuration(tmp_path, printer)
        with open_shop(path) as client:
            assert sell(client, "Z1") is JobState.DONE
            ctl(path, "backup", str(tmp_path / "before-upgrade.db"))
        with closing(sqlite3.connect(tmp_path / "state" / "journal.db")) as db:
            db.execute("PRAGMA user_version = 999")
        command = [str(BIN / "fiscald"), "run", "--config", str(path)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
        assert done.returncode == 1
        assert "newer fiscald" in done.stderr
        put_in_place(path, tmp_path / "before-upgrade.db")
        with open_shop(path) as client:
            assert sell(client, "Z1") is JobState.DONE
    assert receipts(printer) == 1


def test_documents_print_while_a_large_journal_is_copied(tmp_path: Path) -> None:
    with EmulatedPrinter() as printer:
        path = configuration(tmp_path, printer)
        with open_shop(path) as client:
            assert sell(client, "Z0") is JobState.DONE
        with closing(sqlite3.connect(tmp_path / "state" / "journal.db")) as db:
            blob = os.urandom(1 << 20)
            db.executemany(
                "INSERT INTO raw (printer, forced, command, effect, sent, sent_at) VALUES ('x', 0, '', '', ?, '')",
                ((blob,) for _ in range(100)),
            )
            db.commit()
        with open_shop(path) as client:
            until(client, PrinterState.READY)
            copied: list[str] = []
            copying = threading.Thread(target=lambda: copied.append(ctl(path, "backup", str(tmp_path / "copy.db"))))
            copying.start()
            sold: list[str] = []
            slowest = 0.0
            while copying.is_alive():
                began = time.monotonic()
                sold.append(f"Z{len(sold) + 1}")
                assert sell(client, sold[-1]) is JobState.DONE
                slowest = max(slowest, time.monotonic() - began)
            copying.join()
            assert copied
        assert len(sold) > 1
        assert slowest < 5
    folder = tmp_path / "opened"
    folder.mkdir(mode=0o700)
    shutil.copy(tmp_path / "copy.db", folder / "journal.db")
    store = Store(folder, lambda: datetime.now(UTC))
    known = [key for key in sold if store.job(key) is not None]
    assert known == sold[: len(known)], "a moment, and everything before it"
    store.close()


def test_the_page_names_only_existing_commands() -> None:
    blocks = re.findall(r"^```\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)
    found = re.findall(r"\b(fiscald|fiscalctl) ([a-z-]+)(?: ([a-z_-]+))?", "\n".join(blocks) + PAGE)
    assert len(found) > 10
    for program, verb, more in found:
        command = {"fiscald": fiscald, "fiscalctl": fiscalctl}[program].commands.get(verb)
        if program == "fiscald" and verb not in fiscald.commands:
            continue  # the name of the program in a sentence
        assert command is not None, f"{program} {verb}"
        if hasattr(command, "commands"):
            assert more in command.commands, f"{program} {verb} {more}"
    for option in re.findall(r"--[a-z][a-z-]+", PAGE):
        assert option in ("--new-journal", "--number", "--by", "--state", "--force", "--now"), option
